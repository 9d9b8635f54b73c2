//! Row policies and masks where rows are written: what may not be stored is refused, and RETURNING answers as a SELECT would.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;

use crate::catalog::{PolicyCommand, Table};
use crate::error::Result;
use crate::guard::{Guard, Layout, RowChecks, Rules};
use crate::ingest::{Target, refused_by_policy};
use crate::query::errors::unwrap;
use crate::query::insert::returning::named;
use crate::query::session::Session;
use crate::query::{retention, rules};

/// What must allow a row that was changed: a role must not lose sight of it by changing it.
pub(super) const CHANGED: [PolicyCommand; 2] = [PolicyCommand::Update, PolicyCommand::Select];

/// A place for rows that refuses those which have expired already, and those which the policies for any of these commands do not let the
/// role write.
///
/// # Errors
/// Whatever is wrong with a predicate by now.
pub(super) async fn guarded(session: &Session, target: Target, commands: &[PolicyCommand]) -> Result<Target> {
    let target = retention::guarded(session, target).await?;
    let mut checks = Vec::new();
    for command in commands {
        checks.extend(row_checks(session, &target.table, *command).await?);
    }
    Ok(target.with_row_checks(checks.into()))
}

/// Rows that were stored, in the table's order of columns, as the role would read them.
///
/// # Errors
/// 42501 for a row that it could not; whatever is wrong with a predicate by now.
pub(super) async fn answered(session: &Session, table: &Arc<Table>, stored: Vec<RecordBatch>) -> Result<Vec<RecordBatch>> {
    let (rules, owner) = rules_of(session, table)?;
    if let Some(checks) = row_checks(session, table, PolicyCommand::Select).await? {
        for batch in &stored {
            if let Some((_, policy)) = checks.first_refused(batch).map_err(unwrap)? {
                return Err(refused_by_policy(table, policy));
            }
        }
    }
    rules.masked(&session.engine.state, &owner, &layout(table), stored).await.map_err(unwrap)
}

/// What rows must be like that a command writes; `None` where row policies are not about the role.
async fn row_checks(session: &Session, table: &Arc<Table>, command: PolicyCommand) -> Result<Option<RowChecks>> {
    let (rules, owner) = rules_of(session, table)?;
    rules.checks(command, &session.engine.state, &owner, &layout(table)).await.map_err(unwrap)
}

/// A table's columns in order, as rows are written; policies on written rows do not look at their time.
fn layout(table: &Table) -> Layout {
    Layout { schema: named(table), time: 0 }
}

/// A table's rules for the role, and the way to what they look up.
fn rules_of(session: &Session, table: &Arc<Table>) -> Result<(Arc<Rules>, Guard)> {
    let planner = session.planner();
    Ok((rules::of(table, &planner)?, planner.guard.of_owner(table.oid)))
}
