//! Tables and rows for the tests of this room.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int16Array, Int32Array,
    Int64Array, IntervalMonthDayNanoArray, ListBuilder, RecordBatch, StringViewArray, StringViewBuilder, Time64MicrosecondArray,
    TimestampMicrosecondArray, UInt32Array,
};
use arrow::datatypes::{DataType, Int64Type, IntervalMonthDayNano};
use uuid::Uuid;

use super::options::StoreOptions;
use super::spec::{ColumnSpec, ROW_COLUMN, TableId, TableKind, TableSpec};
use super::wal::rows::stored as with_leaves;
use crate::clock::Clock;
use crate::store::crash::Faults;
use crate::value::SqlType;

pub(crate) const HOUR: i64 = 3_600_000_000;
/// 2026-01-31 12:00:00 UTC.
pub(crate) const NOON: i64 = 1_769_860_800_000_000;

/// Options for a folder that a test turns by hand.
pub(crate) fn options(dir: &std::path::Path) -> StoreOptions {
    StoreOptions { clock: Clock::manual(NOON), background: false, faults: Faults::planned(), ..StoreOptions::new(dir) }
}

fn column(id: u32, sql: SqlType, name: &str, nullable: bool, bloom: bool) -> ColumnSpec {
    ColumnSpec { id, field: Arc::new(sql.field(name, nullable)), bloom }
}

fn spec(kind: TableKind, label: &str, columns: Vec<ColumnSpec>, time_column: Option<u32>) -> TableSpec {
    TableSpec {
        id: TableId(Uuid::new_v4()),
        kind,
        label: label.to_owned(),
        columns,
        time_column,
        indexes: BTreeSet::new(),
        paths: BTreeMap::new(),
    }
}

/// event_id, occurred_at, message, n.
pub(crate) fn log_spec(label: &str) -> TableSpec {
    let columns = vec![
        column(1, SqlType::Uuid, "event_id", false, true),
        column(2, SqlType::Timestamptz, "occurred_at", false, false),
        column(3, SqlType::Text, "message", true, false),
        column(4, SqlType::Int8, "n", true, false),
    ];
    spec(TableKind::Log, label, columns, Some(2))
}

/// Rows numbered from `first`; each number falls on a time of its own, an hour apart in a scrambled order over some days.
pub(crate) fn log_batch(spec: &TableSpec, first: i64, rows: usize) -> RecordBatch {
    let numbers: Vec<i64> = (first..first + rows as i64).collect();
    let ids = StringViewArray::from_iter_values(numbers.iter().map(|n| Uuid::from_u128(*n as u128 * 7919).to_string()));
    let times =
        TimestampMicrosecondArray::from_iter_values(numbers.iter().map(|n| NOON - (n * 37 % 72) * HOUR + n)).with_timezone("UTC");
    let messages =
        numbers.iter().map(|n| (n % 5 != 0).then(|| format!("message number {n} of the log, long enough to be no inline view")));
    let messages = StringViewArray::from_iter(messages);
    let columns: Vec<ArrayRef> = vec![Arc::new(ids), Arc::new(times), Arc::new(messages), Arc::new(Int64Array::from(numbers))];
    RecordBatch::try_new(spec.commit_schema(), columns).unwrap()
}

/// Rows of a log table with a message of so many bytes each.
pub(crate) fn wide_batch(spec: &TableSpec, rows: usize, bytes: usize) -> RecordBatch {
    // Random hexadecimal digits, so that compression does not make them small.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut text = || {
        let mut text = String::with_capacity(bytes + 16);
        while text.len() < bytes {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            text.extend(state.to_le_bytes().iter().map(|byte| char::from(b' ' + byte % 95)));
        }
        text.truncate(bytes);
        text
    };
    let narrow = log_batch(spec, 0, rows);
    let mut columns = narrow.columns().to_vec();
    columns[2] = Arc::new(StringViewArray::from_iter_values((0..rows).map(|_| text())));
    RecordBatch::try_new(spec.commit_schema(), columns).unwrap()
}

/// A table with a column of every type.
pub(crate) fn every_type_spec() -> TableSpec {
    let types = [
        ("b", SqlType::Bool),
        ("i2", SqlType::Int2),
        ("i4", SqlType::Int4),
        ("i8", SqlType::Int8),
        ("f4", SqlType::Float4),
        ("f8", SqlType::Float8),
        ("num", SqlType::Numeric(38, 10)),
        ("small_num", SqlType::Numeric(9, 2)),
        ("t", SqlType::Text),
        ("raw", SqlType::Bytea),
        ("u", SqlType::Uuid),
        ("d", SqlType::Date),
        ("tm", SqlType::Time),
        ("ts", SqlType::Timestamp),
        ("iv", SqlType::Interval),
        ("j", SqlType::Jsonb),
        ("o", SqlType::Oid),
        ("tags", SqlType::Array(Box::new(SqlType::Text))),
    ];
    let mut columns = vec![column(1, SqlType::Timestamptz, "at", false, false)];
    columns.extend(types.into_iter().zip(2..).map(|((name, sql), id)| column(id, sql, name, true, id % 2 == 0)));
    spec(TableKind::Log, "public.everything", columns, Some(1))
}

fn some<T>(row: usize, of: usize, value: T) -> Option<T> {
    (row % of != of - 1).then_some(value)
}

/// Rows of [`every_type_spec`], nulls among them.
pub(crate) fn every_type_batch(spec: &TableSpec, rows: usize) -> RecordBatch {
    let range = || 0..rows;
    let text = |of: usize| {
        StringViewArray::from_iter(range().map(|row| some(row, of, format!("text {row}, somewhat longer than twelve bytes"))))
    };
    let intervals = range()
        .map(|row| some(row, 4, IntervalMonthDayNano::new(row as i32 - 3, 5 - row as i32, (row as i64 - 7) * 1_500_000_000)));
    let mut tags = ListBuilder::new(StringViewBuilder::new()).with_field(match spec.columns[18].field.data_type() {
        DataType::List(item) => item.clone(),
        other => panic!("{other}"),
    });
    for row in range() {
        for tag in 0..row % 3 {
            tags.values().append_option(some(tag, 2, format!("tag {tag} of row number {row}")));
        }
        tags.append(row % 4 != 3);
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(TimestampMicrosecondArray::from_iter_values(range().map(|row| NOON - row as i64 * HOUR)).with_timezone("UTC")),
        Arc::new(BooleanArray::from_iter(range().map(|row| some(row, 3, row % 2 == 0)))),
        Arc::new(Int16Array::from_iter(range().map(|row| some(row, 4, row as i16 - 9)))),
        Arc::new(Int32Array::from_iter(range().map(|row| some(row, 5, i32::MAX - row as i32)))),
        Arc::new(Int64Array::from_iter(range().map(|row| some(row, 6, i64::MIN + row as i64)))),
        Arc::new(Float32Array::from_iter(range().map(|row| some(row, 3, row as f32 * 0.1)))),
        Arc::new(Float64Array::from_iter(
            range().map(|row| some(row, 4, if row == 1 { f64::INFINITY } else { row as f64 * -0.3 })),
        )),
        Arc::new(decimals(range().map(|row| some(row, 5, row as i128 * 10i128.pow(30) - 7)), 38, 10)),
        Arc::new(decimals(range().map(|row| some(row, 5, row as i128 - 4)), 9, 2)),
        Arc::new(text(7)),
        Arc::new(BinaryArray::from_iter(range().map(|row| some(row, 3, vec![0u8, 255, row as u8])))),
        Arc::new(StringViewArray::from_iter(range().map(|row| some(row, 4, Uuid::from_u128(row as u128).to_string())))),
        Arc::new(Date32Array::from_iter(range().map(|row| some(row, 5, row as i32 * 100 - 1000)))),
        Arc::new(Time64MicrosecondArray::from_iter(range().map(|row| some(row, 3, row as i64 * 1_000_001)))),
        Arc::new(TimestampMicrosecondArray::from_iter(range().map(|row| some(row, 4, NOON + row as i64)))),
        Arc::new(IntervalMonthDayNanoArray::from_iter(intervals)),
        Arc::new(StringViewArray::from_iter(range().map(|row| some(row, 5, format!("{{\"row\": {row}}}"))))),
        Arc::new(UInt32Array::from_iter(range().map(|row| some(row, 3, u32::MAX - row as u32)))),
        Arc::new(tags.finish()),
    ];
    RecordBatch::try_new(spec.commit_schema(), columns).unwrap()
}

fn decimals(values: impl Iterator<Item = Option<i128>>, precision: u8, scale: i8) -> Decimal128Array {
    Decimal128Array::from_iter(values).with_precision_and_scale(precision, scale).unwrap()
}

/// A committed batch as the store keeps it.
pub(crate) fn stored(spec: &TableSpec, batch: &RecordBatch, first_leaf: i64, ingest: i64) -> RecordBatch {
    with_leaves(spec, &spec.stored_schema(), batch, first_leaf, ingest).unwrap()
}

/// A reference table with one text column, `name`.
pub(crate) fn reference_spec(label: &str) -> TableSpec {
    spec(TableKind::Reference, label, vec![column(1, SqlType::Text, "name", true, false)], None)
}

/// Changes of a reference table: operation, row number, name.
pub(crate) fn changes(spec: &TableSpec, changes: &[(i16, i64, &str)]) -> RecordBatch {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int16Array::from_iter_values(changes.iter().map(|change| change.0))),
        Arc::new(Int64Array::from_iter_values(changes.iter().map(|change| change.1))),
        Arc::new(StringViewArray::from_iter_values(changes.iter().map(|change| change.2))),
    ];
    RecordBatch::try_new(spec.commit_schema(), columns).unwrap()
}

/// The rows of a reference table's latest state.
pub(crate) fn names(batch: &RecordBatch) -> Vec<(i64, String)> {
    let rows = batch.column_by_name(ROW_COLUMN).unwrap().as_primitive::<Int64Type>();
    let names = batch.column_by_name("name").unwrap().as_string_view();
    (0..batch.num_rows()).map(|row| (rows.value(row), names.value(row).to_owned())).collect()
}

/// The column `n` of some batches.
pub(crate) fn numbers(batches: &[RecordBatch]) -> Vec<i64> {
    let column = |batch: &RecordBatch| batch.column_by_name("n").unwrap().as_primitive::<Int64Type>().values().to_vec();
    batches.iter().flat_map(column).collect()
}

/// The leaf indexes of some batches.
pub(crate) fn leaves(batches: &[RecordBatch]) -> Vec<i64> {
    batches.iter().flat_map(|batch| super::tail::leaf_values(batch).unwrap().to_vec()).collect()
}
