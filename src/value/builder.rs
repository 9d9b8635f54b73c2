//! Builds one column from values given as text or in PostgreSQL's wire form.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float32Builder, Float64Builder,
    Int16Builder, Int32Builder, Int64Builder, IntervalMonthDayNanoBuilder, ListArray, StringViewBuilder, Time64MicrosecondBuilder,
    TimestampMicrosecondBuilder, UInt32Builder,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::IntervalMonthDayNano;

use crate::error::{Error, Kind, Result};
use crate::value::style::Style;
use crate::value::time::interval::Span;
use crate::value::time::{datetime, interval};
use crate::value::{Reg, SqlType, array, bytea, inet, json, jsonpath, numeric, scalar, words};

/// How many bytes the `bytea` values or elements of one column may have together; Arrow's offsets are 32 bits wide.
const COLUMN_BYTES_MAX: usize = 1 << 30;

/// Columns of fewer values than this take no more memory for their texts than these need.
const FEW: u32 = 64;

/// Blocks of the texts of a column whose size is known from others. Smaller ones would be very many where texts become longer.
const BLOCK_BYTES_MIN: u32 = 16 * 1024;
const BLOCK_BYTES_MAX: u32 = 2 * 1024 * 1024;

/// A column that is being filled, value by value. After an append has failed the column is incomplete and must be dropped.
pub struct ColumnBuilder {
    sql_type: SqlType,
    pub(crate) values: Values,
    /// For values that are put together before they are appended.
    pub(crate) scratch: String,
}

/// The Arrow builder behind each SQL type.
pub(crate) enum Values {
    Bool(BooleanBuilder),
    Int2(Int16Builder),
    Int4(Int32Builder),
    Int8(Int64Builder),
    Float4(Float32Builder),
    Float8(Float64Builder),
    Numeric {
        values: Decimal128Builder,
        precision: u8,
        scale: i8,
    },
    /// `text`, and `varchar` without a limit.
    Text(StringViewBuilder),
    Varchar {
        values: StringViewBuilder,
        limit: u32,
    },
    Bpchar {
        values: StringViewBuilder,
        limit: Option<u32>,
    },
    Name(StringViewBuilder),
    Char(StringViewBuilder),
    Uuid(StringViewBuilder),
    Json(StringViewBuilder),
    Jsonb {
        values: StringViewBuilder,
        canonical: Box<json::Canonicaliser>,
    },
    Jsonpath(StringViewBuilder),
    Tsvector(StringViewBuilder),
    Tsquery(StringViewBuilder),
    Inet(StringViewBuilder),
    Bytea {
        values: BinaryBuilder,
        scratch: Vec<u8>,
    },
    Date(Date32Builder),
    Time(Time64MicrosecondBuilder),
    Timestamp(TimestampMicrosecondBuilder),
    Timestamptz(TimestampMicrosecondBuilder),
    Interval(IntervalMonthDayNanoBuilder),
    Oid(UInt32Builder),
    Reg {
        values: UInt32Builder,
        kind: Reg,
    },
    Array(Box<Lists>),
}

/// A column of arrays: the elements of all rows, where each row's end, and which rows are NULL.
pub(crate) struct Lists {
    /// Whether they are counted from 0 and written without braces.
    pub(crate) vector: bool,
    pub(crate) element: SqlType,
    pub(crate) elements: ColumnBuilder,
    pub(crate) ends: Vec<i32>,
    pub(crate) valid: Vec<bool>,
}

impl ColumnBuilder {
    /// An empty column of a type, with room for `capacity` values.
    pub fn new(sql_type: &SqlType, capacity: usize) -> Self {
        let block = match u32::try_from(capacity) {
            // Arrow's first block is 8 KiB, which a few parameters of a statement would each take and hardly use.
            Ok(few) if (1..FEW).contains(&few) => Some(16 * few),
            // Where it is not known how many values will come, blocks must grow.
            Ok(_) | Err(_) => None,
        };
        ColumnBuilder::with_room(sql_type, capacity, block)
    }

    /// An empty column with room for so many values, its texts in blocks of so many bytes, or in blocks that grow.
    fn with_room(sql_type: &SqlType, capacity: usize, block: Option<u32>) -> Self {
        let strings = || match block {
            Some(bytes) => StringViewBuilder::with_capacity(capacity).with_fixed_block_size(bytes),
            None => StringViewBuilder::with_capacity(capacity),
        };
        let values = match sql_type {
            SqlType::Bool => Values::Bool(BooleanBuilder::with_capacity(capacity)),
            SqlType::Int2 => Values::Int2(Int16Builder::with_capacity(capacity)),
            SqlType::Int4 => Values::Int4(Int32Builder::with_capacity(capacity)),
            SqlType::Int8 => Values::Int8(Int64Builder::with_capacity(capacity)),
            SqlType::Float4 => Values::Float4(Float32Builder::with_capacity(capacity)),
            SqlType::Float8 => Values::Float8(Float64Builder::with_capacity(capacity)),
            SqlType::Numeric(precision, scale) => Values::Numeric {
                values: Decimal128Builder::with_capacity(capacity).with_data_type(sql_type.arrow()),
                precision: *precision,
                scale: *scale,
            },
            SqlType::Text | SqlType::Varchar(None) => Values::Text(strings()),
            SqlType::Varchar(Some(limit)) => Values::Varchar { values: strings(), limit: *limit },
            SqlType::Bpchar(limit) => Values::Bpchar { values: strings(), limit: *limit },
            // A row is made of columns and never read; as text it can at least be NULL.
            SqlType::Record(_) => Values::Text(strings()),
            SqlType::Name => Values::Name(strings()),
            SqlType::Char => Values::Char(strings()),
            SqlType::Uuid => Values::Uuid(strings()),
            SqlType::Json => Values::Json(strings()),
            SqlType::Jsonb => Values::Jsonb { values: strings(), canonical: Box::default() },
            SqlType::Jsonpath => Values::Jsonpath(strings()),
            SqlType::Tsvector => Values::Tsvector(strings()),
            SqlType::Tsquery => Values::Tsquery(strings()),
            SqlType::Inet => Values::Inet(strings()),
            SqlType::Bytea => Values::Bytea { values: BinaryBuilder::with_capacity(capacity, 0), scratch: Vec::new() },
            SqlType::Date => Values::Date(Date32Builder::with_capacity(capacity)),
            SqlType::Time => Values::Time(Time64MicrosecondBuilder::with_capacity(capacity)),
            SqlType::Timestamp => Values::Timestamp(TimestampMicrosecondBuilder::with_capacity(capacity)),
            SqlType::Timestamptz => {
                Values::Timestamptz(TimestampMicrosecondBuilder::with_capacity(capacity).with_data_type(sql_type.arrow()))
            }
            SqlType::Interval => Values::Interval(IntervalMonthDayNanoBuilder::with_capacity(capacity)),
            SqlType::Oid => Values::Oid(UInt32Builder::with_capacity(capacity)),
            SqlType::Reg(kind) => Values::Reg { values: UInt32Builder::with_capacity(capacity), kind: *kind },
            SqlType::Array(element) | SqlType::Vector(element) => Values::Array(Box::new(Lists {
                vector: matches!(sql_type, SqlType::Vector(_)),
                element: (**element).clone(),
                // How many elements a row has is not known.
                elements: ColumnBuilder::new(element, 0),
                ends: Vec::with_capacity(capacity),
                valid: Vec::with_capacity(capacity),
            })),
        };
        ColumnBuilder { sql_type: sql_type.clone(), values, scratch: String::new() }
    }

    /// The type it builds.
    pub fn sql_type(&self) -> &SqlType {
        &self.sql_type
    }

    /// Appends a NULL.
    pub fn append_null(&mut self) {
        match &mut self.values {
            Values::Bool(values) => values.append_null(),
            Values::Int2(values) => values.append_null(),
            Values::Int4(values) => values.append_null(),
            Values::Int8(values) => values.append_null(),
            Values::Float4(values) => values.append_null(),
            Values::Float8(values) => values.append_null(),
            Values::Numeric { values, .. } => values.append_null(),
            Values::Text(values)
            | Values::Varchar { values, .. }
            | Values::Bpchar { values, .. }
            | Values::Name(values)
            | Values::Char(values)
            | Values::Uuid(values)
            | Values::Json(values)
            | Values::Jsonb { values, .. }
            | Values::Jsonpath(values)
            | Values::Tsvector(values)
            | Values::Tsquery(values)
            | Values::Inet(values) => values.append_null(),
            Values::Bytea { values, .. } => values.append_null(),
            Values::Date(values) => values.append_null(),
            Values::Time(values) => values.append_null(),
            Values::Timestamp(values) | Values::Timestamptz(values) => values.append_null(),
            Values::Interval(values) => values.append_null(),
            Values::Oid(values) | Values::Reg { values, .. } => values.append_null(),
            Values::Array(lists) => lists.end_row(false),
        }
    }

    /// Appends a value given as text, as the type's input function reads it.
    ///
    /// # Errors
    /// PostgreSQL's: 22P02 for text that is no value of the type, 22003, 22007, 22008, 22015 and 22001 for values that do not fit,
    /// 22P05 for JSON with `\u0000`, 0A000 for values that Annals cannot hold.
    pub fn append_text(&mut self, text: &str, style: &Style) -> Result<()> {
        match &mut self.values {
            Values::Text(values) => values.append_value(text),
            Values::Bool(values) => values.append_value(scalar::boolean(text)?),
            Values::Int2(values) => values.append_value(scalar::integer(text)?),
            Values::Int4(values) => values.append_value(scalar::integer(text)?),
            Values::Int8(values) => values.append_value(scalar::integer(text)?),
            Values::Float4(values) => values.append_value(scalar::float(text)?),
            Values::Float8(values) => values.append_value(scalar::float(text)?),
            Values::Numeric { values, precision, scale } => values.append_value(numeric::numeric(text, *precision, *scale)?),
            Values::Varchar { values, limit } => values.append_value(scalar::varchar(text, *limit)?),
            Values::Bpchar { values, limit } => values.append_value(scalar::bpchar(text, *limit)?),
            Values::Name(values) => values.append_value(scalar::name(text)),
            Values::Char(values) => values.append_value(scalar::single_char(text)),
            Values::Uuid(values) if scalar::is_canonical_uuid(text) => values.append_value(text),
            Values::Uuid(values) => append_uuid(values, scalar::uuid(text)?),
            Values::Json(values) => {
                json::validate(text)?;
                values.append_value(text);
            }
            Values::Jsonb { values, canonical } => {
                self.scratch.clear();
                canonical.append(text, &mut self.scratch)?;
                values.append_value(&self.scratch);
            }
            Values::Jsonpath(values) => values.append_value(jsonpath::parse(text)?.to_string()),
            Values::Tsvector(values) => values.append_value(words::Vector::parse(text)?.to_string()),
            Values::Tsquery(values) => values.append_value(words::Query::parse(text)?.to_string()),
            Values::Inet(values) => values.append_value(inet::inet(text)?.text()),
            Values::Bytea { values, scratch } => {
                scratch.clear();
                bytea::bytea(text, scratch)?;
                append_bytes(values, scratch)?;
            }
            Values::Date(values) => values.append_value(datetime::date(text, style)?),
            Values::Time(values) => values.append_value(datetime::time(text, style)?),
            Values::Timestamp(values) => values.append_value(datetime::timestamp(text, style)?),
            Values::Timestamptz(values) => values.append_value(datetime::timestamptz(text, style)?),
            Values::Interval(values) => values.append_value(month_day_nano(interval::interval(text, style)?)),
            Values::Oid(values) => values.append_value(scalar::oid(text)?),
            Values::Reg { values, kind } => values.append_value(style.names.read(*kind, text)?),
            Values::Array(lists) => lists.append_text(text, style)?,
        }
        Ok(())
    }

    /// Begins an array, whose elements are appended one by one to what this answers.
    ///
    /// # Errors
    /// 42804 where the column is not one of arrays.
    pub fn begin_list(&mut self) -> Result<ListBuilder<'_>> {
        match &mut self.values {
            Values::Array(lists) => Ok(ListBuilder(lists)),
            _ => Err(Error::new(Kind::DatatypeMismatch, format!("column of type {} holds no arrays", self.sql_type))),
        }
    }

    /// Whether all arrays from a row on are of one length, and not empty.
    fn is_even(&self, first: usize) -> bool {
        let Values::Array(lists) = &self.values else { return true };
        let start = |row: usize| row.checked_sub(1).and_then(|row| lists.ends.get(row)).copied().unwrap_or(0);
        let mut lengths = (first..lists.ends.len()).map(|row| start(row + 1) - start(row));
        let one = lengths.next();
        one.is_none_or(|length| length > 0) && lengths.all(|length| Some(length) == one)
    }

    /// How many values it has.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Bool(values) => length(values),
            Values::Int2(values) => length(values),
            Values::Int4(values) => length(values),
            Values::Int8(values) => length(values),
            Values::Float4(values) => length(values),
            Values::Float8(values) => length(values),
            Values::Numeric { values, .. } => length(values),
            Values::Text(values)
            | Values::Varchar { values, .. }
            | Values::Bpchar { values, .. }
            | Values::Name(values)
            | Values::Char(values)
            | Values::Uuid(values)
            | Values::Json(values)
            | Values::Jsonb { values, .. }
            | Values::Jsonpath(values)
            | Values::Tsvector(values)
            | Values::Tsquery(values)
            | Values::Inet(values) => length(values),
            Values::Bytea { values, .. } => length(values),
            Values::Date(values) => length(values),
            Values::Time(values) => length(values),
            Values::Timestamp(values) | Values::Timestamptz(values) => length(values),
            Values::Interval(values) => length(values),
            Values::Oid(values) | Values::Reg { values, .. } => length(values),
            Values::Array(lists) => lists.ends.len(),
        }
    }

    /// Whether it has no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The column so far, as [`ColumnBuilder::finish`], for who goes on with values like these: the builder has room for as many again.
    /// Arrow's own blocks never become smaller, so that after a few batches each column of each would hold 2 MiB, whatever it needs.
    pub fn take(&mut self) -> ArrayRef {
        let column = self.finish();
        let bytes = column.as_string_view_opt().map_or(0, |texts| texts.data_buffers().iter().map(|buffer| buffer.len()).sum());
        let block = u32::try_from(bytes + bytes / 8).unwrap_or(BLOCK_BYTES_MAX).clamp(BLOCK_BYTES_MIN, BLOCK_BYTES_MAX);
        let block = (bytes > 0).then_some(block);
        *self = ColumnBuilder::with_room(&self.sql_type, column.len(), block);
        column
    }

    /// The column, of the Arrow type [`SqlType::arrow`]; the builder is empty afterwards.
    pub fn finish(&mut self) -> ArrayRef {
        match &mut self.values {
            Values::Bool(values) => Arc::new(values.finish()),
            Values::Int2(values) => Arc::new(values.finish()),
            Values::Int4(values) => Arc::new(values.finish()),
            Values::Int8(values) => Arc::new(values.finish()),
            Values::Float4(values) => Arc::new(values.finish()),
            Values::Float8(values) => Arc::new(values.finish()),
            Values::Numeric { values, .. } => Arc::new(values.finish()),
            Values::Text(values)
            | Values::Varchar { values, .. }
            | Values::Bpchar { values, .. }
            | Values::Name(values)
            | Values::Char(values)
            | Values::Uuid(values)
            | Values::Json(values)
            | Values::Jsonb { values, .. }
            | Values::Jsonpath(values)
            | Values::Tsvector(values)
            | Values::Tsquery(values)
            | Values::Inet(values) => Arc::new(values.finish()),
            Values::Bytea { values, .. } => Arc::new(values.finish()),
            Values::Date(values) => Arc::new(values.finish()),
            Values::Time(values) => Arc::new(values.finish()),
            Values::Timestamp(values) | Values::Timestamptz(values) => Arc::new(values.finish()),
            Values::Interval(values) => Arc::new(values.finish()),
            Values::Oid(values) | Values::Reg { values, .. } => Arc::new(values.finish()),
            Values::Array(lists) => lists.finish(),
        }
    }
}

fn length(builder: &impl arrow::array::ArrayBuilder) -> usize {
    builder.len()
}

/// Appends a UUID in its canonical spelling.
pub(crate) fn append_uuid(values: &mut StringViewBuilder, bytes: [u8; 16]) {
    let text = scalar::uuid_text(bytes);
    values.append_value(std::str::from_utf8(&text).unwrap_or_default());
}

/// Appends bytes while Arrow's offsets reach.
pub(crate) fn append_bytes(values: &mut BinaryBuilder, bytes: &[u8]) -> Result<()> {
    if values.values_slice().len() + bytes.len() > COLUMN_BYTES_MAX {
        return Err(Error::new(Kind::ProgramLimitExceeded, format!("a batch of bytea values exceeds {COLUMN_BYTES_MAX} bytes")));
    }
    values.append_value(bytes);
    Ok(())
}

/// Arrow's form of an interval; reading has made sure that the nanoseconds fit.
pub(crate) fn month_day_nano(span: Span) -> IntervalMonthDayNano {
    IntervalMonthDayNano::new(span.months, span.days, span.micros.saturating_mul(1_000))
}

/// An array whose elements are being appended.
pub struct ListBuilder<'a>(&'a mut Lists);

impl ListBuilder<'_> {
    /// Appends a NULL element.
    pub fn append_null(&mut self) {
        self.0.elements.append_null();
    }

    /// Appends an element given as text.
    ///
    /// # Errors
    /// Those of [`ColumnBuilder::append_text`].
    pub fn append_text(&mut self, text: &str, style: &Style) -> Result<()> {
        self.0.elements.append_text(text, style)
    }

    /// Ends the array.
    ///
    /// # Errors
    /// 54000 where the column has too many elements.
    pub fn end(self) -> Result<()> {
        self.0.check_room()?;
        self.0.end_row(true);
        Ok(())
    }
}

impl Lists {
    fn append_text(&mut self, text: &str, style: &Style) -> Result<()> {
        if self.vector {
            for element in text.split_ascii_whitespace() {
                self.elements.append_text(element, style)?;
            }
            self.check_room()?;
            self.end_row(true);
            return Ok(());
        }
        let elements = &mut self.elements;
        let nested = matches!(self.element, SqlType::Array(_));
        let first = elements.len();
        let read = array::elements(text, nested, |element| match element {
            None => {
                elements.append_null();
                Ok(())
            }
            Some(element) => elements.append_text(element, style),
        });
        if read.is_err() {
            // A fault in the literal itself comes before one in an element.
            array::elements(text, nested, |_| Ok(()))?;
        }
        read?;
        if nested && !self.elements.is_even(first) {
            let detail = "Multidimensional arrays must have sub-arrays with matching dimensions.";
            let message = format!("malformed array literal: \"{text}\"");
            return Err(Error::new(Kind::InvalidTextRepresentation, message).with_detail(detail));
        }
        self.check_room()?;
        self.end_row(true);
        Ok(())
    }

    /// Refuses more elements than Arrow's offsets reach.
    pub(crate) fn check_room(&self) -> Result<()> {
        if self.elements.len() > COLUMN_BYTES_MAX {
            return Err(Error::new(Kind::ProgramLimitExceeded, format!("a batch of arrays exceeds {COLUMN_BYTES_MAX} elements")));
        }
        Ok(())
    }

    /// Ends a row after its elements were appended.
    pub(crate) fn end_row(&mut self, valid: bool) {
        self.ends.push(i32::try_from(self.elements.len()).unwrap_or(i32::MAX));
        self.valid.push(valid);
    }

    fn finish(&mut self) -> ArrayRef {
        let elements = self.elements.finish();
        let mut offsets = Vec::with_capacity(self.ends.len() + 1);
        offsets.push(0);
        offsets.append(&mut self.ends);
        let valid = std::mem::take(&mut self.valid);
        let nulls = valid.contains(&false).then(|| NullBuffer::from(valid));
        let field = self.element.item();
        Arc::new(ListArray::new(field, OffsetBuffer::new(offsets.into()), elements, nulls))
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Array;

    use super::*;

    #[test]
    fn batch_after_batch_takes_the_memory_that_its_texts_need() {
        let mut column = ColumnBuilder::new(&SqlType::Text, 0);
        for batch in 0..20 {
            for row in 0..2_000 {
                column.append_text(&format!("text {row} of batch {batch}, as long as the others"), &Style::default()).unwrap();
            }
            let texts = column.take();
            assert_eq!(texts.len(), 2_000);
            assert_eq!(texts.as_string_view().value(7), format!("text 7 of batch {batch}, as long as the others"));
            let needed = 2_000 * 16 + texts.as_string_view().total_buffer_bytes_used();
            // The first batch does not know yet how many will come.
            let most = if batch == 0 { 3 * needed } else { needed + needed / 4 };
            assert!(texts.get_array_memory_size() <= most, "batch {batch}: {} bytes for {needed}", texts.get_array_memory_size());
        }
    }

    #[test]
    fn a_column_goes_on_as_the_type_it_was() {
        for (name, texts) in
            [("numeric(9,2)", ["1.25", "-3"]), ("timestamptz", ["2026-01-31 12:00+00", "infinity"]), ("text[]", ["{a,b}", "{}"])]
        {
            let sql_type = SqlType::parse(name).unwrap();
            let mut column = ColumnBuilder::new(&sql_type, 0);
            let mut batch = || {
                texts.iter().for_each(|text| column.append_text(text, &Style::default()).unwrap());
                column.append_null();
                column.take()
            };
            let (first, second) = (batch(), batch());
            assert_eq!(&first, &second, "{name}");
            assert_eq!((first.data_type(), first.null_count()), (&sql_type.arrow(), 1));
        }
    }
}
