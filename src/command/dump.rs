//! `annals dump`: the definitions that users made, as one script that an empty store can load.

use crate::command::client::{self, of_client};
use crate::command::say;
use crate::config::Config;
use crate::error::Result;

/// Prints the script to the standard output.
pub(super) async fn dump(config: &Config) -> Result<()> {
    let connection = client::connect(config).await?;
    let rows = connection
        .client
        .query("SELECT statement FROM annals.catalog_log WHERE role <> 'system' AND statement <> '' ORDER BY event_id", &[])
        .await
        .map_err(|error| of_client(&error))?;
    say("-- Definitions of an Annals store, to be run by psql on a store that has none but the built-in ones.");
    say("BEGIN;");
    for row in rows {
        let statement: String = row.try_get(0).map_err(|error| of_client(&error))?;
        say(&format!("{statement};"));
    }
    say("COMMIT;");
    connection.close().await
}
