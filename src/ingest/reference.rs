//! Changes of a reference table's rows. The caller holds the table's lock from reading the latest state to the commit.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int16Array, Int64Array, RecordBatch};
use datafusion::arrow::row::{Row, RowConverter, Rows, SortField};

use crate::catalog::Table;
use crate::error::{Error, Kind, Result};
use crate::ingest::target::arrow;
use crate::store::{Latest, OP_PUT, OP_REMOVE};

/// Row changes in the shape that the store commits: `_op`, `_row`, then the table's columns.
pub type Changes = RecordBatch;

/// Puts new rows behind the latest ones.
///
/// # Errors
/// 23505 when a key is taken already, or twice among the new rows.
pub fn insert_rows(table: &Table, latest: &Latest, rows: &RecordBatch) -> Result<Changes> {
    let first = latest.next_row();
    let count = i64::try_from(rows.num_rows()).unwrap_or(i64::MAX);
    let numbers = Int64Array::from_iter_values(first..first.saturating_add(count));
    require_unique(table, latest, &numbers, rows)?;
    changes(table, OP_PUT, numbers, rows)
}

/// Replaces the rows of these numbers.
///
/// # Errors
/// 23505 when the changed rows would share a key with others.
pub fn update_rows(table: &Table, latest: &Latest, numbers: Int64Array, rows: &RecordBatch) -> Result<Changes> {
    require_unique(table, latest, &numbers, rows)?;
    changes(table, OP_PUT, numbers, rows)
}

/// Removes the rows of these numbers; what they last held is recorded with the removal.
///
/// # Errors
/// Only when the batch does not fit the table.
pub fn delete_rows(table: &Table, numbers: Int64Array, rows: &RecordBatch) -> Result<Changes> {
    changes(table, OP_REMOVE, numbers, rows)
}

fn changes(table: &Table, op: i16, numbers: Int64Array, rows: &RecordBatch) -> Result<Changes> {
    let mut columns: Vec<ArrayRef> = vec![Arc::new(Int16Array::from_value(op, rows.num_rows())), Arc::new(numbers)];
    columns.extend(rows.columns().iter().cloned());
    RecordBatch::try_new(table.spec.commit_schema(), columns).map_err(arrow)
}

/// How a new row's PRIMARY KEY meets the ones that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meeting {
    /// Nobody has it.
    Free,
    /// A row of the table has it.
    Taken,
    /// A row before it among the new ones has it, whether or not one of the table's has.
    Repeated,
}

/// Tells of each new row how its key meets the others; in a table without a key all are free.
///
/// # Errors
/// Only when the batch does not fit the table.
pub fn meetings(table: &Table, latest: &Latest, rows: &RecordBatch) -> Result<Vec<Meeting>> {
    if table.primary_key.is_empty() {
        return Ok(vec![Meeting::Free; rows.num_rows()]);
    }
    let keys = Keys::of(table, rows)?;
    let (old, new) = (keys.of_state(&latest.batch()?)?, keys.of_rows(rows)?);
    let taken: HashSet<&[u8]> = old.iter().map(|key| key.data()).collect();
    let mut seen: HashSet<&[u8]> = HashSet::with_capacity(rows.num_rows());
    let met = |key: Row<'_>, first: bool| match (taken.contains(key.data()), first) {
        (_, false) => Meeting::Repeated,
        (true, true) => Meeting::Taken,
        (false, true) => Meeting::Free,
    };
    Ok((0..rows.num_rows()).map(|row| met(new.row(row), seen.insert(new.row(row).data()))).collect())
}

/// What makes comparable keys of the PRIMARY KEY's columns.
struct Keys {
    places: Vec<usize>,
    converter: RowConverter,
}

impl Keys {
    fn of(table: &Table, rows: &RecordBatch) -> Result<Keys> {
        let columns = table.spec.columns.iter().enumerate();
        let places: Vec<usize> = columns.filter(|(_, column)| table.primary_key.contains(&column.id)).map(|(at, _)| at).collect();
        let sort_fields = places.iter().map(|at| SortField::new(rows.column(*at).data_type().clone())).collect();
        Ok(Keys { places, converter: RowConverter::new(sort_fields).map_err(arrow)? })
    }

    /// The keys of rows that have the table's columns.
    fn of_rows(&self, rows: &RecordBatch) -> Result<Rows> {
        self.columns(rows, 0)
    }

    /// The keys of the latest state, where `_op` and `_row` stand in front of the table's columns.
    fn of_state(&self, state: &RecordBatch) -> Result<Rows> {
        self.columns(state, 2)
    }

    fn columns(&self, batch: &RecordBatch, before: usize) -> Result<Rows> {
        let columns: Vec<ArrayRef> = self.places.iter().map(|at| batch.column(at + before).clone()).collect();
        self.converter.convert_columns(&columns).map_err(arrow)
    }
}

/// Refuses rows whose PRIMARY KEY another row has. `numbers` are the rows being put, which do not clash with their own old state.
fn require_unique(table: &Table, latest: &Latest, numbers: &Int64Array, rows: &RecordBatch) -> Result<()> {
    if table.primary_key.is_empty() {
        return Ok(());
    }
    let keys = Keys::of(table, rows)?;
    let state = latest.batch()?;
    let old_keys = keys.of_state(&state)?;
    let old_numbers = state.column(1).clone();
    let old_numbers =
        old_numbers.as_any().downcast_ref::<Int64Array>().ok_or_else(|| Error::internal("row numbers are not bigint"))?;
    let mut holder: HashMap<Vec<u8>, i64> = HashMap::with_capacity(state.num_rows());
    let replaced: HashSet<i64> = numbers.values().iter().copied().collect();
    for (row, key) in old_keys.iter().enumerate() {
        if !replaced.contains(&old_numbers.value(row)) {
            holder.insert(key.as_ref().to_vec(), old_numbers.value(row));
        }
    }
    let new_keys = keys.of_rows(rows)?;
    for (row, key) in new_keys.iter().enumerate() {
        if holder.insert(key.as_ref().to_vec(), numbers.value(row)).is_some() {
            let name = &table.name;
            let names: Vec<&str> = keys.places.iter().map(|at| table.columns[*at].name.as_str()).collect();
            return Err(Error::new(
                Kind::UniqueViolation,
                format!("duplicate key value violates unique constraint \"{}_pkey\"", name.name),
            )
            .with_detail(format!("A row with this key ({}) already exists.", names.join(", ")))
            .with_table(&name.schema, &name.name)
            .with_constraint(format!("{}_pkey", name.name)));
        }
    }
    Ok(())
}
