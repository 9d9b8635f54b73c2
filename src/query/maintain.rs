//! CHECKPOINT and VACUUM.

use datafusion::sql::sqlparser::ast::ObjectName;

use crate::catalog::role::CHECKPOINT;
use crate::error::{Error, Kind, Result};
use crate::policy::Action;
use crate::query::session::{Outcome, Session, done};

/// Moves every tail into segments, as PostgreSQL's CHECKPOINT moves its buffers.
pub(super) async fn checkpoint(session: &Session) -> Result<Outcome> {
    if !session.identity.standing.has_rights_of(CHECKPOINT) {
        return Err(Error::new(
            Kind::InsufficientPrivilege,
            "must be superuser or have privileges of pg_checkpoint to do CHECKPOINT",
        ));
    }
    session.engine.store.checkpoint().await?;
    done("CHECKPOINT")
}

/// Compacts one table or all, and removes what compaction replaced.
pub(super) async fn vacuum(session: &Session, table: Option<&ObjectName>) -> Result<Outcome> {
    let catalog = session.catalog();
    let table = match table {
        Some(name) => {
            let name = session.planner().named(name)?;
            let table = catalog.expect_table(&name)?;
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
