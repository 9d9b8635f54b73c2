//! The key that signs: shown, and replaced.

use std::path::Path;

use super::files::{self, Layout};
use super::{Books, Told};
use crate::clock::Clock;
use crate::error::{Error, Kind, Result};
use crate::ledger::note::{SignerKey, VerifierKey};
use crate::ledger::record::Record;
use crate::store::crash::{self, Faults};
use crate::store::lock::FolderLock;

/// The public key of a folder's ledger.
///
/// # Errors
/// `InvalidParameterValue` if the folder has no ledger, `DataCorrupted` if the key cannot be read.
pub fn public_key(data: &Path, signer: Option<&Path>) -> Result<VerifierKey> {
    let layout = Layout::new(data, signer);
    let text = files::read_text(&layout.key())?.ok_or_else(|| {
        Error::new(Kind::InvalidParameterValue, format!("there is no key of a ledger in \"{}\"", layout.signer.display()))
            .with_hint("a server makes the key at its first start; give its data folder with --data")
    })?;
    Ok(SignerKey::parse(&text)?.verifier())
}

/// Lets a new key take over from the old one, which signs for it; the old one is destroyed. No server may have the folder open.
///
/// # Errors
/// `ObjectInUse` if one has, `InvalidParameterValue` if there is no ledger, and why the ledger does not go on.
pub fn rotate_key(data: &Path, signer: Option<&Path>, clock: &Clock) -> Result<VerifierKey> {
    rotate_key_by_plan(data, signer, clock, &Faults::from_env())
}

/// The same, passing the points of a plan.
///
/// # Errors
/// As [`rotate_key`].
pub(crate) fn rotate_key_by_plan(data: &Path, signer: Option<&Path>, clock: &Clock, faults: &Faults) -> Result<VerifierKey> {
    public_key(data, signer)?;
    let _lock = FolderLock::take(data, "rotates the ledger's key")?;
    let layout = Layout::new(data, signer).with_faults(faults);
    let mut books = Books::read(layout)?;
    let next = SignerKey::generate(&books.control_name())?;
    // From here on a crash leaves both keys; which is the ledger's, its last entry says.
    books.layout.replace(crash::KEYS_BEFORE_NEXT, &books.layout.next_key(), format!("{}\n", next.text()).as_bytes())?;
    let note = books.signer.sign(&[&books.key, &next]);
    let public_key = next.verifier();
    books.pending.push(Record::Key { at: clock.now_us(), public_key: public_key.to_string(), note });
    books.key = next;
    books.write()?;
    take_over(&books.layout, &books.key)?;
    Ok(public_key)
}

fn take_over(layout: &Layout, key: &SignerKey) -> Result<()> {
    layout.replace(crash::KEYS_BEFORE_KEY, &layout.key(), format!("{}\n", key.text()).as_bytes())?;
    layout.remove(crash::KEYS_BEFORE_DONE, &layout.next_key())
}

/// The key that the control log names, after a rotation that may have ended in the middle.
pub(super) fn current(layout: &Layout, key: SignerKey, told: &Told) -> Result<SignerKey> {
    let named = told.public_key.as_deref().map(VerifierKey::parse).transpose()?;
    let next = files::read_text(&layout.next_key())?.map(|text| SignerKey::parse(&text)).transpose()?;
    match (named, next) {
        (Some(named), _) if named == key.verifier() => {
            if layout.next_key().exists() {
                layout.remove(crash::KEYS_BEFORE_DONE, &layout.next_key())?;
            }
            Ok(key)
        }
        (Some(named), Some(next)) if named == next.verifier() => {
            take_over(layout, &next)?;
            Ok(next)
        }
        _ => Err(Error::new(Kind::DataCorrupted, format!("the key in \"{}\" is not the ledger's", layout.key().display()))
            .with_hint("put the key back that belongs to this folder")),
    }
}
