//! Changes of a reference table's rows. The caller holds the table's lock from reading the latest state to the commit.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int16Array, Int64Array, RecordBatch};
use datafusion::arrow::row::{RowConverter, SortField};

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

/// Refuses rows whose PRIMARY KEY another row has. `numbers` are the rows being put, which do not clash with their own old state.
fn require_unique(table: &Table, latest: &Latest, numbers: &Int64Array, rows: &RecordBatch) -> Result<()> {
    if table.primary_key.is_empty() {
        return Ok(());
    }
    let places: Vec<usize> = table
        .spec
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| table.primary_key.contains(&column.id))
        .map(|(at, _)| at)
        .collect();
    let sort_fields = places.iter().map(|at| SortField::new(rows.column(*at).data_type().clone())).collect();
    let converter = RowConverter::new(sort_fields).map_err(arrow)?;
    let state = latest.batch()?;
    // `_op` and `_row` stand in front of the table's columns.
    let old_columns: Vec<ArrayRef> = places.iter().map(|at| state.column(at + 2).clone()).collect();
    let old_keys = converter.convert_columns(&old_columns).map_err(arrow)?;
    let old_numbers = state.column(1).clone();
    let old_numbers =
        old_numbers.as_any().downcast_ref::<Int64Array>().ok_or_else(|| Error::internal("row numbers are not bigint"))?;
    let mut holder: HashMap<Vec<u8>, i64> = HashMap::with_capacity(state.num_rows());
    let replaced: std::collections::HashSet<i64> = numbers.values().iter().copied().collect();
    for (row, key) in old_keys.iter().enumerate() {
        if !replaced.contains(&old_numbers.value(row)) {
            holder.insert(key.as_ref().to_vec(), old_numbers.value(row));
        }
    }
    let new_columns: Vec<ArrayRef> = places.iter().map(|at| rows.column(*at).clone()).collect();
    let new_keys = converter.convert_columns(&new_columns).map_err(arrow)?;
    for (row, key) in new_keys.iter().enumerate() {
        if holder.insert(key.as_ref().to_vec(), numbers.value(row)).is_some() {
            let name = &table.name;
            let names: Vec<&str> = places.iter().map(|at| table.columns[*at].name.as_str()).collect();
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
