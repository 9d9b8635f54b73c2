//! `annals dump`: the definitions that users made, as one script that an empty store can load.

use crate::command::client::{self, of_client};
use crate::command::say;
use crate::config::Config;
use crate::error::Result;
use crate::policy::SUPERUSER;
use crate::query::parse::quoted;

/// Prints the script to the standard output.
pub(super) async fn dump(config: &Config) -> Result<()> {
    let connection = client::connect(config).await?;
    let recorded = "SELECT role, statement FROM annals.catalog_log WHERE role <> 'system' AND statement <> '' ORDER BY event_id";
    let rows = connection.client.query(recorded, &[]).await.map_err(|error| of_client(&error))?;
    say("-- Definitions of an Annals store, to be run by psql as its superuser on a store that has none but the built-in ones.");
    say("BEGIN;");
    let mut role = SUPERUSER.to_owned();
    for row in rows {
        // Who defines owns, and who grants is named: each statement is run as the role that it was run as.
        let by: String = row.try_get(0).map_err(|error| of_client(&error))?;
        if by != role {
            say(&match by.as_str() {
                SUPERUSER => "RESET SESSION AUTHORIZATION;".to_owned(),
                other => format!("SET SESSION AUTHORIZATION {};", quoted(other)),
            });
            role = by;
        }
        let statement: String = row.try_get(1).map_err(|error| of_client(&error))?;
        say(&format!("{statement};"));
    }
    if role != SUPERUSER {
        say("RESET SESSION AUTHORIZATION;");
    }
    say("COMMIT;");
    connection.close().await
}
