//! CHECKPOINT, VACUUM and ANALYZE.

use datafusion::sql::sqlparser::ast::{Ident, ObjectName};

use crate::catalog::role::CHECKPOINT;
use crate::error::{Error, Kind, Result};
use crate::policy::Action;
use crate::query::plan::names;
use crate::query::retention;
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

/// Removes what has expired, compacts one table or all, and removes what compaction replaced.
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
    // What has expired goes first, so that it is not merged with what stays.
    for expiring in retention::tables(session).iter().filter(|expiring| table.is_none_or(|table| table == expiring.store_id())) {
        retention::purge(session, expiring).await?;
    }
    session.engine.store.vacuum(table).await?;
    done("VACUUM")
}

/// Looks that tables and columns exist. There is nothing to gather: the planner goes by the exact statistics of files.
pub(super) fn analyze(session: &mut Session, tables: &[(ObjectName, Vec<Ident>)]) -> Result<Outcome> {
    session.open_transaction();
    let catalog = session.catalog();
    for (name, columns) in tables {
        let name = session.planner().named(name)?;
        let table = catalog.expect_table(&name)?;
        session.guard().permit(Action::Maintain, table)?;
        for column in columns {
            let column = names::fold(column);
            if table.column(&column).is_none() {
                let message = format!("column \"{column}\" of relation \"{}\" does not exist", table.name.name);
                return Err(Error::new(Kind::UndefinedColumn, message));
            }
        }
    }
    done("ANALYZE")
}
