//! What a table's rules say of its stored rows at one instant, segment by segment, and what is remembered of that.
//!
//! What was found in a segment stays true until the next of its rows expires, the rules change, or something that they looked up does:
//! until then it is not read again.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::Session as PlanState;
use tokio_util::sync::CancellationToken;

use crate::catalog::Table;
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::guard::{Guard, Layout, Rules, Sieve, Tally, Viewer};
use crate::query::errors::unwrap;
use crate::store::spec::{INGEST_COLUMN, TableId};
use crate::store::{Part, Segment, TableState, read_columns};

/// What was found in segments, by their names: a tally for each policy.
type Known = Mutex<HashMap<String, Arc<[Tally]>>>;

/// What is remembered of purges, for as long as the server runs.
#[derive(Debug, Default)]
pub(in crate::query) struct Memory {
    tables: Mutex<HashMap<TableId, Record>>,
    /// When tables are purged next; 0 while nobody has said.
    next: AtomicI64,
}

#[derive(Debug, Default, Clone)]
struct Record {
    /// By what the segments were judged.
    judged: Option<(Arc<Sieve>, Arc<Known>)>,
}

impl Memory {
    /// What is known of a table's segments by rules that say the same as these.
    fn known(&self, table: TableId, sieve: &Arc<Sieve>) -> Arc<Known> {
        let mut tables = locked(&self.tables);
        let record = tables.entry(table).or_default();
        match &record.judged {
            Some((by, known)) if by.is(sieve) => known.clone(),
            Some(_) | None => {
                let known = Arc::default();
                record.judged = Some((sieve.clone(), Arc::clone(&known)));
                known
            }
        }
    }

    /// Forgets tables that are gone.
    pub(super) fn keep(&self, there: impl Fn(TableId) -> bool) {
        locked(&self.tables).retain(|table, _| there(*table));
    }

    /// Every table is purged again at this time.
    pub(super) fn announce(&self, next: Micros) {
        self.next.store(next, Ordering::Relaxed);
    }

    pub(super) fn next(&self) -> Option<Micros> {
        Some(self.next.load(Ordering::Relaxed)).filter(|next| *next != 0)
    }
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is remembered is whole at any time.
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A table's columns in order, or some of them, and the time of ingest behind them if there is no other time. Beside it the same
/// columns as the store has them.
pub(super) fn layout(table: &Table, only: Option<&BTreeSet<String>>) -> Result<(Layout, SchemaRef)> {
    let stored = table.spec.stored_schema();
    let lacking = |name: &str| Error::internal(format!("table {} has no stored column {name}", table.name));
    let time_name = table.time_column();
    let (mut fields, mut part, mut time) = (Vec::new(), Vec::new(), None);
    for (column, spec) in table.columns.iter().zip(&table.spec.columns) {
        let tells_time = time_name == Some(column.name.as_str());
        if only.is_some_and(|only| !only.contains(&column.name)) && !tells_time {
            continue;
        }
        if tells_time {
            time = Some(fields.len());
        }
        fields.push(column.sql_type.field(column.name.clone(), true));
        let name = spec.field.name();
        part.push(stored.field_with_name(name).map_err(|_| lacking(name))?.clone());
    }
    let time = match time {
        Some(time) => time,
        None => {
            let ingested = stored.field_with_name(INGEST_COLUMN).map_err(|_| lacking(INGEST_COLUMN))?;
            fields.push(Field::new(INGEST_COLUMN, ingested.data_type().clone(), true));
            part.push(ingested.clone());
            fields.len() - 1
        }
    };
    Ok((Layout { schema: Arc::new(Schema::new(fields)), time }, Arc::new(Schema::new(part))))
}

/// A table's rules over its stored rows at one instant.
#[derive(Clone)]
pub(super) struct Judgement {
    pub table: Arc<Table>,
    pub sieve: Arc<Sieve>,
    /// The stored columns that the sieve looks at, in its order.
    part: SchemaRef,
    pub now: Micros,
    known: Arc<Known>,
}

/// How much of a table is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// What has expired; segments whose bounds say that nothing has are not read, and what is kept is not counted.
    Expired,
    /// Every row.
    Whole,
}

/// What was found of one policy.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Found {
    pub tally: Tally,
    /// Of the rows to be removed, by the size of a row on the average of its segment.
    pub bytes: u64,
}

impl Judgement {
    /// The look-ups are done by the guard, with the rights of the table's owner.
    ///
    /// # Errors
    /// Whatever a look-up fails with.
    pub(super) async fn new(
        table: &Arc<Table>,
        rules: &Rules,
        state: &dyn PlanState,
        guard: &Guard,
        memory: &Memory,
        now: Micros,
    ) -> Result<Judgement> {
        let (layout, part) = layout(table, Some(&rules.columns(Viewer::Store)))?;
        let sieve = Arc::new(rules.sieve(state, guard, &layout, Viewer::Store).await.map_err(unwrap)?);
        let known = memory.known(table.store_id(), &sieve);
        Ok(Judgement { table: table.clone(), sieve, part, now, known })
    }

    /// The columns of a stored batch that the sieve looks at.
    pub(super) fn laid_out(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let failed = |error| Error::internal(format!("rows of {} do not fit their table: {error}", self.table.name));
        let places = self.part.fields().iter().map(|field| batch.schema_ref().index_of(field.name()).map_err(failed));
        batch.project(&places.collect::<Result<Vec<usize>>>()?).map_err(failed)
    }

    fn none(&self) -> Vec<Tally> {
        vec![Tally::default(); self.sieve.policies()]
    }

    /// What each policy says of the rows of a segment.
    ///
    /// # Errors
    /// `DataCorrupted` for a damaged segment, 57014 when it was told to stop, and whatever a condition fails with.
    pub(super) fn of_segment(&self, segment: &Segment, depth: Depth, stop: &CancellationToken) -> Result<Arc<[Tally]>> {
        if depth == Depth::Expired && segment.time_min > self.sieve.kept_after(self.now) {
            return Ok(self.none().into());
        }
        if let Some(tallies) = self.sieve.tally_of(segment.rows, (segment.time_min, segment.time_max), self.now) {
            return Ok(tallies.into());
        }
        let known = locked(&self.known).get(segment.name()).cloned();
        if let Some(known) = known.filter(|known| self.sieve.holds_good(known, self.now)) {
            return Ok(known);
        }
        let mut tallies = self.none();
        for batch in read_columns(segment, &self.part)? {
            if stop.is_cancelled() {
                return Err(Error::new(Kind::QueryCanceled, "nobody waits for the answer any more"));
            }
            self.sieve.tally(&batch?, self.now, &mut tallies).map_err(unwrap)?;
        }
        let tallies: Arc<[Tally]> = tallies.into();
        locked(&self.known).insert(segment.name().to_owned(), tallies.clone());
        Ok(tallies)
    }

    /// What each policy says of the rows of a table. It is done by another thread, which stops when the answer is no longer waited for.
    ///
    /// # Errors
    /// As [`Judgement::of_segment`].
    pub(super) async fn review(&self, state: &Arc<TableState>, depth: Depth) -> Result<Vec<Found>> {
        let stop = CancellationToken::new();
        let _stops = stop.clone().drop_guard();
        let found = Arc::new(Mutex::new(vec![Found::default(); self.sieve.policies()]));
        let (judgement, into) = (self.clone(), found.clone());
        let looked = state.clone().review(move |part| {
            let (tallies, rows, bytes) = match part {
                Part::Segment(segment) => (judgement.of_segment(segment, depth, &stop)?, segment.rows, segment.bytes),
                Part::Tail(tail) => {
                    let mut tallies = judgement.none();
                    judgement.sieve.tally(&judgement.laid_out(&tail.batch)?, judgement.now, &mut tallies).map_err(unwrap)?;
                    (tallies.into(), tail.batch.num_rows() as u64, tail.bytes as u64)
                }
            };
            for (found, tally) in locked(&into).iter_mut().zip(tallies.iter()) {
                let part = u128::from(bytes) * u128::from(tally.expired) / u128::from(rows.max(1));
                found.bytes += u64::try_from(part).unwrap_or(u64::MAX);
                found.tally += *tally;
            }
            Ok(())
        });
        looked.await?;
        let there: HashSet<&str> = state.segments.iter().map(|segment| segment.name()).collect();
        locked(&self.known).retain(|name, _| there.contains(name.as_str()));
        let found = locked(&found).clone();
        Ok(found)
    }
}
