//! Writes the values of a column as PostgreSQL's output functions do: as text, in the wire form, or as JSON.

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Decimal256Array, Float32Array, Float64Array,
    Int16Array, Int32Array, Int64Array, IntervalMonthDayNanoArray, ListArray, StringViewArray, StructArray, Time64MicrosecondArray,
    TimestampMicrosecondArray, UInt32Array,
};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    IntervalMonthDayNano, IntervalMonthDayNanoType, Time64MicrosecondType, TimestampMicrosecondType, UInt32Type,
};

use crate::error::{Error, Result};
use crate::value::binary::JSONB_VERSION;
use crate::value::float::{write_f32, write_f64};
use crate::value::json::string::write_string;
use crate::value::numeric::{size_digits, write_decimal, write_integer};
use crate::value::physical::canonical;
use crate::value::style::Style;
use crate::value::time::calendar::{
    DATE_INFINITY, DATE_MINUS_INFINITY, DAYS_TO_2000, TIMESTAMP_INFINITY, TIMESTAMP_MINUS_INFINITY, US_TO_2000,
};
use crate::value::time::datetime_output::{Form, write_date, write_time, write_timestamp, write_timestamptz};
use crate::value::time::interval::Span;
use crate::value::time::interval_output::write_interval;
use crate::value::{BARE_NUMERIC, Reg, SqlType, array, bytea, inet, numeric, scalar, words};

/// Writes the values of one array. Made once a batch and column; it takes any of the physical forms that a computed column may have.
///
/// A `numeric` without a precision is stored with ten digits after the point and does not know how many of them were given, so its
/// trailing zeros are not written: `1.50` comes back as `1.5`. A `numeric(p,s)` keeps its s digits.
pub struct Formatter {
    sql_type: SqlType,
    column: Column,
    style: Style,
}

/// How text is sent in the wire form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextKind {
    Plain,
    Char,
    Uuid,
    Json,
    Jsonb,
    Jsonpath,
    Tsvector,
    Tsquery,
    Inet,
}

enum Column {
    /// No value at all, whatever the type.
    Null,
    Bool(BooleanArray),
    Int2(Int16Array),
    Int4(Int32Array),
    Int8(Int64Array),
    Oid(UInt32Array),
    Reg {
        values: UInt32Array,
        kind: Reg,
    },
    Float4(Float32Array),
    Float8(Float64Array),
    Numeric {
        values: Decimal128Array,
        scale: i8,
        trim: bool,
    },
    WideNumeric {
        values: Decimal256Array,
        scale: i8,
        trim: bool,
    },
    Text {
        values: StringViewArray,
        kind: TextKind,
    },
    Bytea(BinaryArray),
    Date(Date32Array),
    Time(Time64MicrosecondArray),
    Timestamp(TimestampMicrosecondArray),
    Timestamptz(TimestampMicrosecondArray),
    Interval(IntervalMonthDayNanoArray),
    /// Text that is filled up with blanks to a length in letters.
    Padded {
        values: StringViewArray,
        length: usize,
    },
    Record {
        rows: StructArray,
        fields: Vec<(String, Formatter)>,
    },
    List {
        lists: ListArray,
        elements: Box<Formatter>,
        /// Whether they are counted from 0 and written without braces.
        vector: bool,
    },
}

impl Formatter {
    /// Prepares to write an array's values as this SQL type.
    ///
    /// # Errors
    /// 22003 for unsigned integers beyond `bigint`; else only for arrays that cannot be of the type.
    pub fn new(array: &ArrayRef, sql_type: &SqlType, style: &Style) -> Result<Formatter> {
        let (array, sql_type) = canonical(array, sql_type, style)?;
        let column = Column::new(&array, &sql_type, style)?;
        Ok(Formatter { sql_type, column, style: style.clone() })
    }

    /// The type the values are written as.
    pub fn sql_type(&self) -> &SqlType {
        &self.sql_type
    }

    /// Whether a row is NULL.
    pub fn is_null(&self, row: usize) -> bool {
        match &self.column {
            Column::Null => true,
            Column::Bool(values) => values.is_null(row),
            Column::Int2(values) => values.is_null(row),
            Column::Int4(values) => values.is_null(row),
            Column::Int8(values) => values.is_null(row),
            Column::Oid(values) | Column::Reg { values, .. } => values.is_null(row),
            Column::Float4(values) => values.is_null(row),
            Column::Float8(values) => values.is_null(row),
            Column::Numeric { values, .. } => values.is_null(row),
            Column::WideNumeric { values, .. } => values.is_null(row),
            Column::Text { values, .. } => values.is_null(row),
            Column::Bytea(values) => values.is_null(row),
            Column::Date(values) => values.is_null(row),
            Column::Time(values) => values.is_null(row),
            Column::Timestamp(values) | Column::Timestamptz(values) => values.is_null(row),
            Column::Interval(values) => values.is_null(row),
            Column::Padded { values, .. } => values.is_null(row),
            Column::Record { rows, .. } => rows.is_null(row),
            Column::List { lists, .. } => lists.is_null(row),
        }
    }

    /// Appends a row's value as PostgreSQL's output function writes it. The row must not be NULL.
    pub fn write_text(&self, row: usize, out: &mut Vec<u8>) {
        match &self.column {
            Column::Null => {}
            Column::Bool(values) => out.push(if values.value(row) { b't' } else { b'f' }),
            Column::Int2(values) => write_integer(i64::from(values.value(row)), out),
            Column::Int4(values) => write_integer(i64::from(values.value(row)), out),
            Column::Int8(values) => write_integer(values.value(row), out),
            Column::Oid(values) => write_integer(i64::from(values.value(row)), out),
            Column::Reg { values, kind } => out.extend_from_slice(self.style.names.write(*kind, values.value(row)).as_bytes()),
            Column::Float4(values) => write_f32(values.value(row), self.style.extra_float_digits, out),
            Column::Float8(values) => write_f64(values.value(row), self.style.extra_float_digits, out),
            Column::Numeric { values, scale, trim } => {
                let value = values.value(row);
                write_decimal(value < 0, size_digits(value.unsigned_abs(), &mut [0; 39]), *scale, *trim, out);
            }
            Column::WideNumeric { values, scale, trim } => {
                let value = values.value(row).to_string();
                let digits = value.trim_start_matches('-');
                write_decimal(value.starts_with('-'), digits.as_bytes(), *scale, *trim, out);
            }
            Column::Text { values, .. } => out.extend_from_slice(values.value(row).as_bytes()),
            Column::Bytea(values) => bytea::write_bytea(values.value(row), self.style.bytea_output, out),
            Column::Date(values) => write_date(values.value(row), Form::of(&self.style), out),
            Column::Time(values) => write_time(values.value(row), out),
            Column::Timestamp(values) => write_timestamp(values.value(row), Form::of(&self.style), out),
            Column::Timestamptz(values) => {
                write_timestamptz(values.value(row), self.style.timezone, Form::of(&self.style), out);
            }
            Column::Interval(values) => write_interval(span(values.value(row)), self.style.interval_style, out),
            Column::Padded { values, length } => write_padded(values.value(row), *length, out),
            Column::Record { fields, .. } => write_record(fields, row, out),
            Column::List { lists, elements, vector: true } => write_vector(lists, elements, row, out),
            Column::List { lists, elements, vector: false } => write_list(lists, elements, row, out),
        }
    }

    /// Appends a row's value in the wire form, as PostgreSQL's send function does. The row must not be NULL.
    pub fn write_binary(&self, row: usize, out: &mut Vec<u8>) {
        match &self.column {
            Column::Null => {}
            Column::Bool(values) => out.push(u8::from(values.value(row))),
            Column::Int2(values) => out.extend_from_slice(&values.value(row).to_be_bytes()),
            Column::Int4(values) => out.extend_from_slice(&values.value(row).to_be_bytes()),
            Column::Int8(values) => out.extend_from_slice(&values.value(row).to_be_bytes()),
            Column::Oid(values) | Column::Reg { values, .. } => out.extend_from_slice(&values.value(row).to_be_bytes()),
            Column::Float4(values) => out.extend_from_slice(&values.value(row).to_be_bytes()),
            Column::Float8(values) => out.extend_from_slice(&values.value(row).to_be_bytes()),
            Column::Numeric { .. } | Column::WideNumeric { .. } => {
                let mut text = Vec::with_capacity(44);
                self.write_text(row, &mut text);
                numeric::write_binary(&text, out);
            }
            Column::Text { values, kind } => write_text_binary(values.value(row), *kind, out),
            Column::Bytea(values) => out.extend_from_slice(values.value(row)),
            Column::Date(values) => out.extend_from_slice(&wire_date(values.value(row)).to_be_bytes()),
            Column::Time(values) => out.extend_from_slice(&values.value(row).to_be_bytes()),
            Column::Timestamp(values) | Column::Timestamptz(values) => {
                out.extend_from_slice(&wire_timestamp(values.value(row)).to_be_bytes());
            }
            Column::Interval(values) => {
                let span = span(values.value(row));
                out.extend_from_slice(&span.micros.to_be_bytes());
                out.extend_from_slice(&span.days.to_be_bytes());
                out.extend_from_slice(&span.months.to_be_bytes());
            }
            Column::Padded { values, length } => write_padded(values.value(row), *length, out),
            Column::Record { fields, .. } => {
                out.extend_from_slice(&i32::try_from(fields.len()).unwrap_or(i32::MAX).to_be_bytes());
                for (_, field) in fields {
                    out.extend_from_slice(&field.sql_type.oid().to_be_bytes());
                    write_binary_with_length(field, row, out);
                }
            }
            Column::List { lists, elements, vector } => write_list_binary(lists, elements, row, i32::from(!vector), out),
        }
    }

    /// Appends a row's value as PostgreSQL's `to_json` writes it; NULL is `null`.
    pub fn write_json(&self, row: usize, out: &mut Vec<u8>) {
        if self.is_null(row) {
            out.extend_from_slice(b"null");
            return;
        }
        match &self.column {
            Column::Null => {}
            Column::Bool(values) => out.extend_from_slice(if values.value(row) { b"true" } else { b"false" }),
            Column::Int2(_) | Column::Int4(_) | Column::Int8(_) | Column::Numeric { .. } | Column::WideNumeric { .. } => {
                self.write_text(row, out);
            }
            Column::Float4(values) if values.value(row).is_finite() => self.write_text(row, out),
            Column::Float8(values) if values.value(row).is_finite() => self.write_text(row, out),
            Column::Text { values, kind: TextKind::Json | TextKind::Jsonb } => {
                out.extend_from_slice(values.value(row).as_bytes());
            }
            Column::Text { values, .. } => write_string(values.value(row), out),
            Column::Padded { values, length } => {
                let mut text = Vec::new();
                write_padded(values.value(row), *length, &mut text);
                write_string(std::str::from_utf8(&text).unwrap_or_default(), out);
            }
            Column::Record { fields, .. } => {
                out.push(b'{');
                for (at, (name, field)) in fields.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    write_string(name, out);
                    out.push(b':');
                    field.write_json(row, out);
                }
                out.push(b'}');
            }
            Column::Date(values) => {
                out.push(b'"');
                write_date(values.value(row), Form::Json, out);
                out.push(b'"');
            }
            Column::Timestamp(values) => {
                out.push(b'"');
                write_timestamp(values.value(row), Form::Json, out);
                out.push(b'"');
            }
            Column::Timestamptz(values) => {
                out.push(b'"');
                write_timestamptz(values.value(row), self.style.timezone, Form::Json, out);
                out.push(b'"');
            }
            Column::List { lists, elements, .. } => {
                out.push(b'[');
                for (at, element) in element_rows(lists, row).enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    elements.write_json(element, out);
                }
                out.push(b']');
            }
            Column::Reg { values, kind } => write_string(&self.style.names.write(*kind, values.value(row)), out),
            Column::Oid(_) | Column::Float4(_) | Column::Float8(_) | Column::Bytea(_) | Column::Time(_) | Column::Interval(_) => {
                let mut text = Vec::new();
                self.write_text(row, &mut text);
                // Every output function writes ASCII for these types.
                write_string(std::str::from_utf8(&text).unwrap_or_default(), out);
            }
        }
    }
}

impl Column {
    /// Takes an array that has the type's canonical Arrow form.
    fn new(array: &ArrayRef, sql_type: &SqlType, style: &Style) -> Result<Column> {
        if *array.data_type() == DataType::Null {
            return Ok(Column::Null);
        }
        let text = |kind| array.as_string_view_opt().map(|values| Column::Text { values: values.clone(), kind });
        let column = match sql_type {
            SqlType::Bool => array.as_boolean_opt().cloned().map(Column::Bool),
            SqlType::Int2 => array.as_primitive_opt::<Int16Type>().cloned().map(Column::Int2),
            SqlType::Int4 => array.as_primitive_opt::<Int32Type>().cloned().map(Column::Int4),
            SqlType::Int8 => array.as_primitive_opt::<Int64Type>().cloned().map(Column::Int8),
            SqlType::Oid => array.as_primitive_opt::<UInt32Type>().cloned().map(Column::Oid),
            SqlType::Reg(kind) => {
                array.as_primitive_opt::<UInt32Type>().map(|values| Column::Reg { values: values.clone(), kind: *kind })
            }
            SqlType::Float4 => array.as_primitive_opt::<Float32Type>().cloned().map(Column::Float4),
            SqlType::Float8 => array.as_primitive_opt::<Float64Type>().cloned().map(Column::Float8),
            SqlType::Numeric(precision, scale) => {
                let trim = (*precision, *scale) == BARE_NUMERIC;
                let narrow = array.as_primitive_opt::<Decimal128Type>().cloned();
                let wide = array.as_primitive_opt::<Decimal256Type>().cloned();
                match (narrow, wide) {
                    (Some(values), _) => Some(Column::Numeric { scale: values.scale(), values, trim }),
                    (None, Some(values)) => Some(Column::WideNumeric { scale: values.scale(), values, trim }),
                    (None, None) => None,
                }
            }
            SqlType::Text | SqlType::Varchar(_) | SqlType::Name | SqlType::Bpchar(None) => text(TextKind::Plain),
            SqlType::Bpchar(Some(length)) => array
                .as_string_view_opt()
                .map(|values| Column::Padded { values: values.clone(), length: usize::try_from(*length).unwrap_or(usize::MAX) }),
            SqlType::Record(fields) => match array.as_struct_opt() {
                Some(rows) => {
                    let made = fields.iter().zip(rows.columns());
                    let made = made.map(|((name, own), column)| Ok((name.clone(), Formatter::new(column, own, style)?)));
                    Some(Column::Record { rows: rows.clone(), fields: made.collect::<Result<_>>()? })
                }
                None => None,
            },
            SqlType::Char => text(TextKind::Char),
            SqlType::Uuid => text(TextKind::Uuid),
            SqlType::Json => text(TextKind::Json),
            SqlType::Jsonb => text(TextKind::Jsonb),
            SqlType::Jsonpath => text(TextKind::Jsonpath),
            SqlType::Tsvector => text(TextKind::Tsvector),
            SqlType::Tsquery => text(TextKind::Tsquery),
            SqlType::Inet => text(TextKind::Inet),
            SqlType::Bytea => array.as_binary_opt::<i32>().cloned().map(Column::Bytea),
            SqlType::Date => array.as_primitive_opt::<Date32Type>().cloned().map(Column::Date),
            SqlType::Time => array.as_primitive_opt::<Time64MicrosecondType>().cloned().map(Column::Time),
            SqlType::Timestamp => array.as_primitive_opt::<TimestampMicrosecondType>().cloned().map(Column::Timestamp),
            SqlType::Timestamptz => array.as_primitive_opt::<TimestampMicrosecondType>().cloned().map(Column::Timestamptz),
            SqlType::Interval => array.as_primitive_opt::<IntervalMonthDayNanoType>().cloned().map(Column::Interval),
            SqlType::Array(element) | SqlType::Vector(element) => match array.as_list_opt::<i32>() {
                Some(lists) => {
                    let elements = Box::new(Formatter::new(lists.values(), element, style)?);
                    Some(Column::List { lists: lists.clone(), elements, vector: matches!(sql_type, SqlType::Vector(_)) })
                }
                None => None,
            },
        };
        column.ok_or_else(|| Error::internal(format!("an array of {} is not a column of type {sql_type}", array.data_type())))
    }
}

/// PostgreSQL's parts of an interval; it has no nanoseconds.
fn span(value: IntervalMonthDayNano) -> Span {
    Span { months: value.months, days: value.days, micros: value.nanoseconds / 1_000 }
}

/// Days since 2000, which the wire counts.
fn wire_date(days: i32) -> i32 {
    match days {
        DATE_INFINITY | DATE_MINUS_INFINITY => days,
        _ => days.saturating_sub(i32::try_from(DAYS_TO_2000).unwrap_or(0)),
    }
}

/// Microseconds since 2000, which the wire counts.
fn wire_timestamp(us: i64) -> i64 {
    match us {
        TIMESTAMP_INFINITY | TIMESTAMP_MINUS_INFINITY => us,
        _ => us.saturating_sub(US_TO_2000),
    }
}

/// Text in the wire form of its type. A text that is no value of its type, which only a computed column can have, is sent as it is.
fn write_text_binary(text: &str, kind: TextKind, out: &mut Vec<u8>) {
    match kind {
        TextKind::Plain | TextKind::Json => out.extend_from_slice(text.as_bytes()),
        // Both begin with the version of their wire form, which is the same.
        TextKind::Jsonb | TextKind::Jsonpath => {
            out.push(JSONB_VERSION);
            out.extend_from_slice(text.as_bytes());
        }
        TextKind::Tsvector => match words::Vector::parse(text) {
            Ok(vector) => vector.write_binary(out),
            Err(_) => out.extend_from_slice(text.as_bytes()),
        },
        TextKind::Tsquery => match words::Query::parse(text) {
            Ok(query) => query.write_binary(out),
            Err(_) => out.extend_from_slice(text.as_bytes()),
        },
        TextKind::Uuid => match scalar::uuid(text) {
            Ok(bytes) => out.extend_from_slice(&bytes),
            Err(_) => out.extend_from_slice(text.as_bytes()),
        },
        TextKind::Inet => match inet::inet(text) {
            Ok(address) => address.write_binary(out),
            Err(_) => out.extend_from_slice(text.as_bytes()),
        },
        TextKind::Char => out.push(match text.as_bytes() {
            [] => 0,
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7'] => ((a - b'0') << 6) | ((b - b'0') << 3) | (c - b'0'),
            [first, ..] => *first,
        }),
    }
}

fn write_padded(text: &str, length: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(text.as_bytes());
    out.resize(out.len() + length.saturating_sub(text.chars().count()), b' ');
}

/// How long one row's text may become: each row in a row doubles the quotes of those inside. What is longer is cut off.
const ROW_BYTES_MAX: usize = 16 << 20;

/// A row as PostgreSQL writes it out (section 8.16.6).
fn write_record(fields: &[(String, Formatter)], row: usize, out: &mut Vec<u8>) {
    out.push(b'(');
    for (at, (_, field)) in fields.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        if field.is_null(row) {
            continue;
        }
        let start = out.len();
        field.write_text(row, out);
        let special = |byte: &u8| b"\"\\(),".contains(byte) || byte.is_ascii_whitespace() || *byte == 0x0b;
        let text = out.get(start..).unwrap_or_default();
        if (text.is_empty() || text.iter().any(special)) && out.len() < ROW_BYTES_MAX {
            let text = out.split_off(start);
            out.push(b'"');
            for byte in text {
                if matches!(byte, b'"' | b'\\') {
                    out.push(byte);
                }
                out.push(byte);
            }
            out.push(b'"');
        }
    }
    out.push(b')');
}

/// A value in the wire form behind its length, or the length of NULL.
fn write_binary_with_length(values: &Formatter, row: usize, out: &mut Vec<u8>) {
    if values.is_null(row) {
        out.extend_from_slice(&(-1_i32).to_be_bytes());
        return;
    }
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    values.write_binary(row, out);
    let length = i32::try_from(out.len() - at - 4).unwrap_or(i32::MAX);
    if let Some(slot) = out.get_mut(at..at + 4) {
        slot.copy_from_slice(&length.to_be_bytes());
    }
}

/// Which rows of the elements belong to a row of lists.
fn element_rows(lists: &ListArray, row: usize) -> std::ops::Range<usize> {
    let offsets = lists.value_offsets();
    let at = |row: usize| offsets.get(row).and_then(|offset| usize::try_from(*offset).ok()).unwrap_or(0);
    at(row)..at(row + 1)
}

fn write_list(lists: &ListArray, elements: &Formatter, row: usize, out: &mut Vec<u8>) {
    out.push(b'{');
    for (at, element) in element_rows(lists, row).enumerate() {
        if at > 0 {
            out.push(b',');
        }
        if elements.is_null(element) {
            out.extend_from_slice(b"NULL");
        } else if let Column::List { .. } = elements.column {
            elements.write_text(element, out);
        } else {
            let start = out.len();
            elements.write_text(element, out);
            if array::needs_quotes(out.get(start..).unwrap_or_default()) {
                let text = out.split_off(start);
                array::write_quoted(&text, out);
            }
        }
    }
    out.push(b'}');
}

/// The elements with a space between them, as `oidvector` is written.
fn write_vector(lists: &ListArray, elements: &Formatter, row: usize, out: &mut Vec<u8>) {
    for (at, element) in element_rows(lists, row).enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        elements.write_text(element, out);
    }
}

/// Dimensions, whether there are NULLs, the element's type, length and lower bound of each dimension, then each element with its length.
fn write_list_binary(lists: &ListArray, elements: &Formatter, row: usize, lowest: i32, out: &mut Vec<u8>) {
    let mut rows = element_rows(lists, row);
    let mut elements = elements;
    let mut lengths = if rows.is_empty() { vec![] } else { vec![rows.len()] };
    // The elements of the arrays in an array stand in a row.
    while let Column::List { lists, elements: inner, vector: false } = &elements.column {
        let (first, last) = (rows.start, rows.end);
        lengths.extend((first < last).then(|| element_rows(lists, first).len()));
        rows = element_rows(lists, first).start..element_rows(lists, last.max(first + 1) - 1).end;
        elements = inner.as_ref();
    }
    let nulls = i32::from(rows.clone().any(|element| elements.is_null(element)));
    out.extend_from_slice(&i32::try_from(lengths.len()).unwrap_or(i32::MAX).to_be_bytes());
    out.extend_from_slice(&nulls.to_be_bytes());
    out.extend_from_slice(&elements.sql_type.oid().to_be_bytes());
    for length in lengths {
        out.extend_from_slice(&i32::try_from(length).unwrap_or(i32::MAX).to_be_bytes());
        out.extend_from_slice(&lowest.to_be_bytes());
    }
    rows.for_each(|element| write_binary_with_length(elements, element, out));
}
