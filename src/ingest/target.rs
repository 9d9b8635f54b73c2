//! A table ready to take rows: defaults filled in, NOT NULL, CHECK and the time column's limits applied.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, StringViewBuilder, TimestampMicrosecondArray,
    new_null_array,
};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::kernels::zip::zip;
use datafusion::arrow::datatypes::{Schema, SchemaRef, TimestampMicrosecondType};
use uuid::{ContextV7, Timestamp, Uuid};

use crate::catalog::{Column, Default, Table};
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::guard::{RowChecks, Sieve};
use crate::ingest::{FUTURE_US_MAX, ROW_BYTES_MAX};
use crate::value::{ColumnBuilder, SqlType, Style, to_text};

/// Says of each row of a batch whether it passes.
pub(super) type Test = dyn Fn(&RecordBatch) -> Result<BooleanArray> + Send + Sync;

/// A CHECK constraint compiled to a function over rows of the table.
#[derive(Clone)]
pub struct Check {
    pub name: String,
    /// True or NULL for a row that may be stored.
    pub test: Arc<Test>,
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a statement gives for one column.
#[derive(Debug, Clone)]
pub enum Given {
    /// Nothing: the column's default applies.
    Absent,
    Values(ArrayRef),
    /// Values, but for the rows marked true the default applies.
    Partly {
        values: ArrayRef,
        absent: BooleanBuffer,
    },
}

/// Where the rows of a batch stand, as an error must say.
#[derive(Debug, Clone, Copy)]
pub enum Origin<'a> {
    /// In a statement, numbered from 1.
    Statement { first_row: u64 },
    /// On these lines of a COPY's data.
    Lines(&'a [u64]),
}

/// A table with its checks compiled.
#[derive(Debug, Clone)]
pub struct Target {
    pub table: Arc<Table>,
    checks: Arc<[Check]>,
    /// What says that a row has come too late to be kept; `None` if every row is kept.
    retention: Option<Arc<Sieve>>,
    /// What row policies want of each row that the role writes.
    row_checks: Arc<[RowChecks]>,
    /// The table's columns under their stored names.
    schema: SchemaRef,
    /// How the session reads and writes: a default may become a text, or the day that it is there.
    style: Style,
}

impl Target {
    pub fn new(table: Arc<Table>, checks: Arc<[Check]>, style: Style) -> Self {
        let fields: Vec<_> = table.spec.columns.iter().map(|column| column.field.clone()).collect();
        Target { table, checks, retention: None, row_checks: Arc::default(), schema: Arc::new(Schema::new(fields)), style }
    }

    /// The same, refusing rows that have expired by these rules.
    #[must_use]
    pub fn with_retention(self, retention: Option<Arc<Sieve>>) -> Self {
        Target { retention, ..self }
    }

    /// The same, refusing rows that row policies do not allow.
    #[must_use]
    pub fn with_row_checks(self, row_checks: Arc<[RowChecks]>) -> Self {
        Target { row_checks, ..self }
    }

    /// Completes rows: `given[i]` belongs to the table's i-th column, `now` is the start of the transaction, `origin` says where each
    /// row stands, for messages.
    ///
    /// The batch has the table's columns in order, under their stored names.
    ///
    /// # Errors
    /// 23502, 23514, 42501 for a row that a policy refuses, 22008 for a time too far ahead, 54000 for a row over [`ROW_BYTES_MAX`].
    pub fn complete(&self, rows: usize, given: Vec<Given>, now: Micros, origin: Origin<'_>) -> Result<RecordBatch> {
        let mut columns = Vec::with_capacity(given.len());
        for (column, given) in self.table.columns.iter().zip(given) {
            let values = match given {
                Given::Values(values) => values,
                Given::Absent => fill(column, rows, &self.style.clone().at(now))?,
                Given::Partly { values, absent } => {
                    let fallback = fill(column, rows, &self.style.clone().at(now))?;
                    zip(&BooleanArray::new(absent, None), &fallback, &values).map_err(arrow)?
                }
            };
            if column.not_null && values.null_count() > 0 {
                return Err(self.null_refused(column, &values, origin));
            }
            columns.push(values);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options).map_err(arrow)?;
        self.check_rows(&batch, origin)?;
        self.check_time(&batch, now, origin)?;
        self.check_retention(&batch, now, origin)?;
        self.check_constraints(&batch, origin)?;
        self.check_size(&batch, origin)?;
        Ok(batch)
    }

    /// Says which row an error is about.
    fn located(&self, error: Error, origin: Origin<'_>, at: usize) -> Error {
        match origin {
            Origin::Statement { first_row } => error.with_detail(format!("It is row {} of the statement.", first_row + at as u64)),
            Origin::Lines(lines) => match lines.get(at) {
                Some(line) => error.with_context(format!("COPY {}, line {line}", self.table.name.name)),
                None => error,
            },
        }
    }

    fn null_refused(&self, column: &Column, values: &ArrayRef, origin: Origin<'_>) -> Error {
        let at = (0..values.len()).find(|row| values.is_null(*row)).unwrap_or(0);
        let name = &self.table.name;
        let error = Error::new(
            Kind::NotNullViolation,
            format!("null value in column \"{}\" of relation \"{}\" violates not-null constraint", column.name, name.name),
        )
        .with_table(&name.schema, &name.name)
        .with_column(&column.name);
        self.located(error, origin, at)
    }

    /// Refuses a row that no policy lets the role write.
    fn check_rows(&self, batch: &RecordBatch, origin: Origin<'_>) -> Result<()> {
        for checks in self.row_checks.iter() {
            let refused = checks.first_refused(batch).map_err(|error| Error::internal(format!("a row policy failed: {error}")))?;
            if let Some((at, policy)) = refused {
                return Err(self.located(refused_by_policy(&self.table, policy), origin, at));
            }
        }
        Ok(())
    }

    /// An event cannot have happened in the future; clocks that drift a little are forgiven.
    fn check_time(&self, batch: &RecordBatch, now: Micros, origin: Origin<'_>) -> Result<()> {
        let Some((place, column)) = self.table.time_column().and_then(|name| self.table.column(name)) else {
            return Ok(());
        };
        let times = batch.column(place).as_primitive::<TimestampMicrosecondType>();
        let latest = now.saturating_add(FUTURE_US_MAX);
        match times.values().iter().position(|time| *time > latest) {
            None => Ok(()),
            Some(at) => {
                let error = Error::new(
                    Kind::DatetimeFieldOverflow,
                    format!("the time in \"{}\" lies more than 10 minutes in the future", column.name),
                )
                .with_hint("Events are recorded after they happened; check the sender's clock and time zone.")
                .with_table(&self.table.name.schema, &self.table.name.name)
                .with_column(&column.name);
                Err(self.located(error, origin, at))
            }
        }
    }

    /// An event that would be gone as soon as it is there is refused, not silently dropped.
    fn check_retention(&self, batch: &RecordBatch, now: Micros, origin: Origin<'_>) -> Result<()> {
        // A table without a column for it takes the time of ingest, which has not expired.
        let (Some(retention), Some(column)) = (&self.retention, self.table.time_column()) else { return Ok(()) };
        let expired =
            retention.first_expired(batch, now).map_err(|error| Error::internal(format!("a retention policy failed: {error}")))?;
        let Some((at, policy, keep)) = expired else { return Ok(()) };
        let error = Error::new(
            Kind::DatetimeFieldOverflow,
            format!("the time in \"{column}\" lies further back than events are kept: retention policy \"{policy}\" keeps {keep}"),
        )
        .with_hint("The event would never be seen; send it without delay, or let the policy keep more.")
        .with_table(&self.table.name.schema, &self.table.name.name)
        .with_column(column);
        Err(self.located(error, origin, at))
    }

    fn check_constraints(&self, batch: &RecordBatch, origin: Origin<'_>) -> Result<()> {
        for check in self.checks.iter() {
            let passed = (check.test)(batch)?;
            let refused = (0..passed.len()).find(|row| passed.is_valid(*row) && !passed.value(*row));
            if let Some(at) = refused {
                let name = &self.table.name;
                let error = Error::new(
                    Kind::CheckViolation,
                    format!("new row for relation \"{}\" violates check constraint \"{}\"", name.name, check.name),
                )
                .with_table(&name.schema, &name.name)
                .with_constraint(&check.name);
                return Err(self.located(error, origin, at));
            }
        }
        Ok(())
    }

    /// Refuses a batch in which one row is oversized. Rows are weighed one by one only when the batch could hold such a row.
    fn check_size(&self, batch: &RecordBatch, origin: Origin<'_>) -> Result<()> {
        if batch.get_array_memory_size() <= ROW_BYTES_MAX {
            return Ok(());
        }
        let weights = weights(batch);
        match weights.iter().position(|weight| *weight > ROW_BYTES_MAX) {
            None => Ok(()),
            Some(at) => {
                let error = Error::new(
                    Kind::ProgramLimitExceeded,
                    format!("a row is {} bytes; the limit is {ROW_BYTES_MAX} bytes (16 MiB)", weights[at]),
                )
                .with_hint("Keep large payloads elsewhere and log a reference to them.");
                Err(self.located(error, origin, at))
            }
        }
    }
}

/// The error for a row that a role may not write, with the restrictive policy that says so, if one does.
pub(crate) fn refused_by_policy(table: &Table, policy: Option<&str>) -> Error {
    let policy = policy.map_or(String::new(), |policy| format!(" \"{policy}\""));
    let message = format!("new row violates row-level security policy{policy} for table \"{}\"", table.name.name);
    Error::new(Kind::InsufficientPrivilege, message)
}

/// The bytes of each row's texts and payloads.
fn weights(batch: &RecordBatch) -> Vec<usize> {
    let mut weights = vec![0_usize; batch.num_rows()];
    for column in batch.columns() {
        if let Some(strings) = column.as_string_view_opt() {
            for (weight, length) in weights.iter_mut().zip(strings.lengths()) {
                *weight += length as usize;
            }
        } else if let Some(bytes) = column.as_binary_opt::<i32>() {
            for (weight, ends) in weights.iter_mut().zip(bytes.value_offsets().windows(2)) {
                *weight += usize::try_from(ends[1] - ends[0]).unwrap_or(0);
            }
        }
    }
    weights
}

/// A column of defaults, in a style that knows the time.
fn fill(column: &Column, rows: usize, style: &Style) -> Result<ArrayRef> {
    let Some(default) = &column.default else {
        return Ok(new_null_array(&column.sql_type.arrow(), rows));
    };
    match default {
        Default::UuidV7 => Ok(uuids(rows, || new_uuid_v7(style.now.us()))),
        Default::UuidV4 => Ok(uuids(rows, Uuid::new_v4)),
        Default::Now => match &column.sql_type {
            SqlType::Text | SqlType::Varchar(_) | SqlType::Name => {
                let now: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![style.now.us()]).with_timezone("UTC"));
                let written = to_text(&now, &SqlType::Timestamptz, style)?;
                constant(column, written.value(0), rows, style)
            }
            _ => constant(column, "now", rows, style),
        },
        // It was read when the table was made, and stands in the one form that has a single meaning.
        Default::Constant(literal) => constant(column, &unquoted(literal), rows, &Style::default().at(style.now.unasked_us())),
    }
}

fn constant(column: &Column, text: &str, rows: usize, style: &Style) -> Result<ArrayRef> {
    let mut builder = ColumnBuilder::new(&column.sql_type, rows);
    for _ in 0..rows {
        builder.append_text(text, style)?;
    }
    Ok(builder.finish())
}

/// The text inside a SQL literal.
fn unquoted(literal: &str) -> String {
    match literal.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        Some(inner) => inner.replace("''", "'"),
        None => literal.to_owned(),
    }
}

fn uuids(rows: usize, mut next: impl FnMut() -> Uuid) -> ArrayRef {
    let mut builder = StringViewBuilder::with_capacity(rows);
    let mut buffer = Uuid::encode_buffer();
    for _ in 0..rows {
        builder.append_value(&*next().hyphenated().encode_lower(&mut buffer));
    }
    Arc::new(builder.finish())
}

/// A UUID of version 7 for this time (RFC 9562, section 5.7), rising within a millisecond by the shared counter.
pub fn new_uuid_v7(now: Micros) -> Uuid {
    static CONTEXT: std::sync::LazyLock<std::sync::Mutex<ContextV7>> =
        std::sync::LazyLock::new(|| std::sync::Mutex::new(ContextV7::new()));
    let seconds = u64::try_from(now.div_euclid(1_000_000)).unwrap_or(0);
    let nanos = u32::try_from(now.rem_euclid(1_000_000)).unwrap_or(0) * 1_000;
    match CONTEXT.lock() {
        Ok(context) => Uuid::new_v7(Timestamp::from_unix(&*context, seconds, nanos)),
        Err(_) => Uuid::new_v7(Timestamp::from_unix(uuid::NoContext, seconds, nanos)),
    }
}

pub(crate) fn arrow(error: datafusion::arrow::error::ArrowError) -> Error {
    Error::internal(format!("could not build a record batch: {error}"))
}
