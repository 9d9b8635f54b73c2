//! CHECKPOINT and VACUUM.

use datafusion::sql::sqlparser::ast::ObjectName;

use crate::error::{Error, Kind, Result};
use crate::policy::Action;
use crate::query::plan::names;
use crate::query::session::{Outcome, Session, done};

/// Moves every tail into segments, as PostgreSQL's CHECKPOINT moves its buffers.
pub(super) async fn checkpoint(session: &Session) -> Result<Outcome> {
    if !session.identity.superuser {
        return Err(Error::new(Kind::InsufficientPrivilege, "must be superuser to do CHECKPOINT"));
    }
    session.engine.store.checkpoint().await?;
    done("CHECKPOINT")
}

/// Compacts one table or all, and removes what compaction replaced.
pub(super) async fn vacuum(session: &Session, table: Option<&ObjectName>) -> Result<Outcome> {
    let catalog = session.catalog();
    let table = match table {
        Some(name) => {
            let path = session.settings.search_path(&session.identity.role);
            let table = catalog.expect_table(&names::of_relation(name, &catalog, &path)?)?;
            // The guard holds a snapshot; kept while the rewrite runs, it would keep the files that the rewrite replaces.
            session.guard().permit(Action::Maintain, table)?;
            Some(table.store_id())
        }
        None if session.identity.superuser => None,
        None => return Err(Error::new(Kind::InsufficientPrivilege, "must be superuser to VACUUM every table")),
    };
    session.engine.store.vacuum(table).await?;
    done("VACUUM")
}
