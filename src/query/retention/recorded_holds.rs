//! Legal holds and the ledger: what begins and ends in the catalog is written down there before anything is purged.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::array::{BooleanArray, RecordBatch};
use datafusion::arrow::datatypes::Schema;

use crate::catalog::{Relation, Table};
use crate::error::{Error, Result};
use crate::guard::Holds;
use crate::query::errors::unwrap;
use crate::query::rules;
use crate::query::session::Session;
use crate::store::HeldRows;

/// One hold over the stored rows of its table.
struct Recorded {
    name: String,
    table: Arc<Table>,
    holds: Holds,
}

impl HeldRows for Recorded {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn held(&self, batch: &RecordBatch) -> Result<BooleanArray> {
        let place = |name: &str| batch.schema_ref().index_of(name).map_err(|error| Error::internal(error.to_string()));
        let places = self.table.spec.columns.iter().map(|column| place(column.field.name())).collect::<Result<Vec<usize>>>()?;
        let rows = batch.project(&places).map_err(|error| Error::internal(error.to_string()))?;
        self.holds.held(&rows).map_err(unwrap)
    }
}

/// Writes the holds of every table down that the ledger does not know, and the end of those that are no more.
///
/// # Errors
/// Whatever is wrong with a predicate by now, and why the ledger does not go on.
pub(super) async fn of_all(session: &Session) -> Result<()> {
    let catalog = session.catalog();
    for relation in catalog.relations() {
        if let Relation::Table(table) = relation {
            of_table(session, table).await?;
        }
    }
    Ok(())
}

/// The same for one table.
///
/// # Errors
/// As [`of_all`].
pub(super) async fn of_table(session: &Session, table: &Arc<Table>) -> Result<()> {
    let (engine, id) = (&session.engine, table.store_id());
    if engine.store.ledger().is_none() {
        return Ok(());
    }
    let known = engine.store.ledger_holds(id)?;
    let named = |at: usize| table.holds.get(at).map(|hold| format!("{} since {}", hold.name, hold.since)).unwrap_or_default();
    let there: BTreeSet<String> = (0..table.holds.len()).map(named).collect();
    let ended: Vec<String> = known.difference(&there).cloned().collect();
    if ended.is_empty() && there.is_subset(&known) {
        return Ok(());
    }
    let (compiled, guard) = {
        let planner = session.planner();
        (rules::holds(table, &planner)?, planner.guard.of_owner(table.oid))
    };
    let fields: Vec<_> = table.columns.iter().map(|column| column.sql_type.field(column.name.clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let mut begun: Vec<Box<dyn HeldRows>> = Vec::new();
    for (at, rule) in compiled.iter().enumerate() {
        let name = named(at);
        if !known.contains(&name) {
            let holds = Holds::new([rule], &engine.state, &guard, &schema).await.map_err(unwrap)?;
            begun.push(Box::new(Recorded { name, table: table.clone(), holds }));
        }
    }
    engine.store.note_holds(id, begun, ended).await
}
