//! What legal holds come to outside of reading and purging: rows of a reference table that are held are neither changed nor removed.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::{AsArray, BooleanArray, Int64Array};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::{Int64Type, Schema};

use crate::catalog::{Relation, Table};
use crate::error::{Error, Kind, Result};
use crate::guard::Holds;
use crate::policy::Action;
use crate::query::errors::unwrap;
use crate::query::parse::LegalHold;
use crate::query::rules;
use crate::query::session::Session;
use crate::store::spec::TableKind;

/// Waits until no transaction changes the reference table that a hold is about to be put on: what one of them has removed already
/// would be gone after the hold was made.
///
/// # Errors
/// As [`crate::query::transaction::Transaction::lock_table`]'s.
pub(super) async fn settle(session: &mut Session, hold: &LegalHold) -> Result<()> {
    let LegalHold::Create { table, .. } = hold else { return Ok(()) };
    let table = {
        let planner = session.planner();
        let name = planner.named(table)?;
        match planner.catalog.relation(&name) {
            Some(Relation::Table(table)) if table.kind() == TableKind::Reference => table.clone(),
            // A log's rows are removed by purges alone, which look for holds themselves.
            Some(Relation::Table(_) | Relation::View(_)) | None => return Ok(()),
        }
    };
    session.guard().permit(Action::Define, &table)?;
    let engine = session.engine.clone();
    let transaction = session.open_transaction();
    if transaction.defines() {
        // Another one may hold the table and wait for this one to have defined what it does.
        transaction.lock_table_at_once(&engine, table.store_id(), &table.name.name).await
    } else {
        transaction.lock_table(&engine, table.store_id()).await
    }
}

/// Refuses to change or remove rows of a reference table, named by their numbers, that are held. The table is locked, so that no hold
/// can come after this.
///
/// # Errors
/// 42501 when a row is held; whatever is wrong with a predicate by now.
pub(super) async fn refuse_held(session: &mut Session, table: &Table, numbers: &Int64Array) -> Result<()> {
    let engine = session.engine.clone();
    // By the newest catalog, whatever an older one the transaction reads.
    let rights = session.rights();
    let Some(Relation::Table(table)) = rights.relation_by_oid(table.oid) else { return Ok(()) };
    if table.holds.is_empty() || numbers.is_empty() {
        return Ok(());
    }
    let (compiled, guard) = {
        let planner = session.planner();
        (rules::holds(table, &planner)?, planner.guard.of_owner(table.oid))
    };
    let fields: Vec<_> = table.columns.iter().map(|column| column.sql_type.field(column.name.clone(), true)).collect();
    let holds = Holds::new(&compiled, &engine.state, &guard, &Arc::new(Schema::new(fields))).await.map_err(unwrap)?;
    let all = session.open_transaction().view(&engine).latest(&table.spec)?.batch()?;
    let wanted: HashSet<i64> = numbers.values().iter().copied().collect();
    let own = all.column(1).as_primitive::<Int64Type>();
    let concerned: BooleanArray = own.values().iter().map(|number| Some(wanted.contains(number))).collect();
    let places: Vec<usize> = (2..all.num_columns()).collect();
    let rows = all.project(&places).and_then(|rows| filter_record_batch(&rows, &concerned));
    let rows = rows.map_err(|error| Error::internal(error.to_string()))?;
    if holds.held(&rows).map_err(unwrap)?.true_count() == 0 {
        return Ok(());
    }
    let name = &table.name.name;
    let message = format!("rows of table \"{name}\" that are under legal hold cannot be changed or deleted");
    Err(Error::new(Kind::InsufficientPrivilege, message)
        .with_hint("The table's owner finds its holds in annals.legal_holds.")
        .with_table(&table.name.schema, name))
}
