//! The relation `annals.retention_status`: for each policy what has expired and is still on the disk.
//!
//! It is counted when the relation is read, from the bounds of segments where these say it, from what was found before where that
//! still holds, and else from the few columns that the policies look at.

use std::fmt;
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::DataFusionError;
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::logical_expr::{Expr, TableSource, TableType};
use datafusion::physical_plan::ExecutionPlan;

use super::judgement::{Depth, Found, Judgement, Memory};
use crate::catalog::{Name, Object, Relation, SYSTEM_SCHEMA, Table};
use crate::clock::Micros;
use crate::error::{Error, Result};
use crate::guard::{Guard, Rules};
use crate::policy;
use crate::query::engine::Engine;
use crate::query::errors::wrap;
use crate::query::plan::Planner;
use crate::query::rules;
use crate::query::system::rows::{Cell, Rows};
use crate::query::system::shape::{self, Shape};
use crate::store::Snapshot;

const DAY_US: Micros = 86_400_000_000;

/// Whether a name is this relation's.
pub(in crate::query) fn is_name(name: &Name) -> bool {
    name.schema == SYSTEM_SCHEMA && name.name == "retention_status"
}

/// The relation over the tables that the role oversees.
///
/// # Errors
/// XX000 when the relation has no shape.
pub(in crate::query) fn source(planner: &Planner<'_>) -> Result<Arc<dyn TableSource>> {
    let shape = shape::find(&Name::new(SYSTEM_SCHEMA, "retention_status"))
        .ok_or_else(|| Error::internal("annals.retention_status has no shape"))?;
    let standing = &planner.guard.identity().standing;
    let tables = planner.catalog.relations().filter_map(|relation| match relation {
        Relation::Table(table) if !table.retention.is_empty() => Some(table),
        Relation::Table(_) | Relation::View(_) => None,
    });
    let overseen = tables.filter(|table| policy::oversees(standing, &planner.catalog, table.oid));
    let tables = overseen.map(|table| (table.clone(), rules::of(table, planner))).collect();
    Ok(provider_as_source(Arc::new(RetentionStatus {
        shape,
        schema: shape.schema(),
        tables,
        guard: planner.guard.clone(),
        snapshot: planner.facts.snapshot.clone(),
        memory: planner.facts.retention.clone(),
        engine: planner.facts.engine.clone(),
    })))
}

struct RetentionStatus {
    shape: &'static Shape,
    schema: SchemaRef,
    /// Each with its rules, or with what is wrong with them by now.
    tables: Vec<(Arc<Table>, Result<Arc<Rules>>)>,
    guard: Guard,
    snapshot: Arc<Snapshot>,
    memory: Arc<Memory>,
    /// Whose store knows when tables were purged last. Plans are kept by the engine, so that they must not keep it.
    engine: Weak<Engine>,
}

impl fmt::Debug for RetentionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetentionStatus").field("tables", &self.tables.len()).finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for RetentionStatus {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        let now = self.guard.now_us();
        let mut counted = Vec::with_capacity(self.tables.len());
        for (table, rules) in &self.tables {
            // What is wrong with one table is told of it, and hides nothing of the others.
            counted.push((table, self.count(state, table, rules.as_ref(), now).await));
        }
        let batch = self.rows(&counted, now).map_err(wrap)?;
        MemTable::try_new(self.schema.clone(), vec![vec![batch]])?.scan(state, projection, filters, limit).await
    }
}

impl RetentionStatus {
    async fn count(
        &self,
        state: &dyn Session,
        table: &Arc<Table>,
        rules: Result<&Arc<Rules>, &Error>,
        now: Micros,
    ) -> Result<Vec<Found>> {
        let rules = rules.map_err(Error::clone)?;
        // A table that only the transaction knows has nothing on the disk.
        let Some(stored) = self.snapshot.table(table.store_id()) else { return Ok(vec![Found::default(); table.retention.len()]) };
        let judgement = Judgement::new(table, rules, state, &self.guard.of_owner(table.oid), &self.memory, now).await?;
        judgement.review(stored, Depth::Expired).await
    }

    fn rows(&self, counted: &[(&Arc<Table>, Result<Vec<Found>>)], now: Micros) -> Result<datafusion::arrow::array::RecordBatch> {
        let mut rows = Rows::new(self.shape);
        let engine = self.engine.upgrade();
        let purged = |table: &Table| engine.as_ref().and_then(|engine| engine.store.last_purge(table.store_id()));
        for (table, found) in counted {
            for (at, policy) in table.retention.iter().enumerate() {
                let horizon = policy.keep.horizon(now);
                let mut cells: Vec<(&str, Cell)> = vec![
                    ("schemaname", table.name.schema.as_str().into()),
                    ("tablename", table.name.name.as_str().into()),
                    ("policyname", policy.name.as_str().into()),
                    ("predicate", policy.predicate.as_deref().into()),
                    ("keep", policy.keep.to_string().into()),
                    ("horizon", Cell::Micros(horizon)),
                    ("last_purge", purged(table).map_or(Cell::Null, Cell::Micros)),
                    ("next_purge", self.memory.next().map_or(Cell::Null, Cell::Micros)),
                ];
                match found {
                    Ok(found) => {
                        let Found { tally, bytes } = found.get(at).copied().unwrap_or_default();
                        let lag = (tally.expired > 0).then(|| interval(horizon.saturating_sub(tally.oldest)));
                        cells.extend([
                            ("rows_expired", count(tally.expired)),
                            ("bytes_expired", count(bytes)),
                            ("rows_held", count(tally.held)),
                            ("lag", lag.into()),
                        ]);
                    }
                    Err(error) => cells.push(("problem", self.told(table, error).into())),
                }
                rows.add(&cells)?;
            }
        }
        rows.finish()
    }
}

impl RetentionStatus {
    /// What is wrong with a table's policies. What a predicate fails with may tell of a row, which its owner sees and an auditor may see
    /// masked.
    fn told<'a>(&self, table: &Table, error: &'a Error) -> &'a str {
        let owns = policy::owns(&self.guard.identity().standing, self.guard.rights(), Object::Relation(table.oid));
        if owns || !error.tells_of_value() {
            error.message()
        } else {
            "a predicate fails for a row; the table's owner is told more"
        }
    }
}

fn count(of: u64) -> Cell {
    i64::try_from(of).unwrap_or(i64::MAX).into()
}

/// A time that has passed, in words that an interval is read from.
fn interval(us: Micros) -> String {
    let (days, rest) = (us / DAY_US, us % DAY_US);
    format!("{days} days {}.{:06} secs", rest / 1_000_000, rest % 1_000_000)
}
