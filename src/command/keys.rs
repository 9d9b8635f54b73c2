//! `annals keys`: the key that signs the ledger's checkpoints.

use super::{KeysAction, say};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::store::{public_key, rotate_key};

/// Shows the public key, or replaces the key.
pub(super) async fn keys(action: KeysAction) -> Result<()> {
    let work = move || match action {
        KeysAction::Show(place) => {
            let config = place.place.config()?;
            public_key(&config.data, config.ledger_signer.as_deref())
        }
        KeysAction::Rotate(place) => {
            let config = place.place.config()?;
            rotate_key(&config.data, config.ledger_signer.as_deref(), &Clock::System)
        }
    };
    let key = tokio::task::spawn_blocking(work).await.map_err(|cause| Error::internal(format!("it ended early: {cause}")))??;
    say(&key.to_string());
    Ok(())
}
