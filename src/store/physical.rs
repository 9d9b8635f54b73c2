//! How a stored batch looks inside a segment: Delta's reader 1 / writer 2 knows fewer types than SQL.
//!
//! | stored                     | in Parquet and Delta                                            |
//! |----------------------------|------------------------------------------------------------------|
//! | `Timestamp(us)`            | `timestamp`, to be read as UTC                                   |
//! | `Time64(us)`               | `long`, microseconds since midnight                              |
//! | `Interval(MonthDayNano)`   | `string`, `1 mons 2 days 3.000004 secs` (PostgreSQL reads it)    |
//! | `UInt32`                   | `long`                                                           |
//! | `List(item)`               | `array`, its element named `element`                             |
//!
//! Everything else keeps its type. The SQL type stands in the field's metadata.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StringViewBuilder, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, IntervalMonthDayNanoType, IntervalUnit, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;

use super::spec::TableSpec;
use crate::error::{Error, Kind, Result};

/// The Arrow schema of a table's segments; readers ask for its string columns as views and cast the rest to the stored schema.
pub fn file_schema(spec: &TableSpec) -> SchemaRef {
    let stored = spec.stored_schema();
    Arc::new(Schema::new(stored.fields().iter().map(file_field).collect::<Vec<FieldRef>>()))
}

fn file_field(field: &FieldRef) -> FieldRef {
    let kind = file_type(field.data_type());
    if kind == *field.data_type() { field.clone() } else { Arc::new(field.as_ref().clone().with_data_type(kind)) }
}

fn file_type(stored: &DataType) -> DataType {
    match stored {
        DataType::Timestamp(TimeUnit::Microsecond, None) => DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC"))),
        DataType::Time64(TimeUnit::Microsecond) | DataType::UInt32 => DataType::Int64,
        DataType::Interval(IntervalUnit::MonthDayNano) => DataType::Utf8View,
        DataType::List(item) => DataType::List(Arc::new(Field::new("element", file_type(item.data_type()), item.is_nullable()))),
        other => other.clone(),
    }
}

/// Whether a column of this type can be stored.
pub(crate) fn check_type(field: &Field) -> Result<()> {
    fn known(kind: &DataType) -> bool {
        match kind {
            DataType::Boolean
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt32
            | DataType::Float32
            | DataType::Float64
            | DataType::Utf8View
            | DataType::Binary
            | DataType::Date32
            | DataType::Time64(TimeUnit::Microsecond)
            | DataType::Timestamp(TimeUnit::Microsecond, None)
            | DataType::Interval(IntervalUnit::MonthDayNano) => true,
            DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) => zone.as_ref() == "UTC",
            DataType::Decimal128(precision, scale) => *scale >= 0 && i16::from(*scale) <= i16::from(*precision),
            _ => false,
        }
    }
    let stored = match field.data_type() {
        DataType::List(item) => known(item.data_type()),
        other => known(other),
    };
    if stored {
        Ok(())
    } else {
        Err(Error::new(
            Kind::FeatureNotSupported,
            format!("column \"{}\" of type {} cannot be stored", field.name(), field.data_type()),
        ))
    }
}

fn unreadable(what: &str, cause: &ArrowError) -> Error {
    Error::new(Kind::DataCorrupted, format!("{what}: {cause}"))
}

/// A stored batch as a segment holds it.
pub(crate) fn to_file(batch: &RecordBatch, target: &SchemaRef) -> Result<RecordBatch> {
    reshape(batch, target, "a batch does not fit its segment's schema")
}

/// A segment's batch as the rest of the program knows it. Columns that the segment lacks are null.
pub fn to_stored(batch: &RecordBatch, target: &SchemaRef) -> Result<RecordBatch> {
    reshape(batch, target, "a segment's batch does not fit its table's schema")
}

/// The columns of `target` by name, cast where their types differ and null where they are missing.
pub(crate) fn reshape(batch: &RecordBatch, target: &SchemaRef, what: &str) -> Result<RecordBatch> {
    if batch.schema_ref() == target {
        return Ok(batch.clone());
    }
    let mut columns = Vec::with_capacity(target.fields().len());
    for field in target.fields() {
        columns.push(match batch.column_by_name(field.name()) {
            Some(array) => convert(array, field.data_type()).map_err(|cause| unreadable(what, &cause))?,
            None => new_null_array(field.data_type(), batch.num_rows()),
        });
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(target.clone(), columns, &options).map_err(|cause| unreadable(what, &cause))
}

fn convert(array: &ArrayRef, target: &DataType) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == target {
        return Ok(array.clone());
    }
    match (array.data_type(), target) {
        (DataType::Interval(IntervalUnit::MonthDayNano), DataType::Utf8View) => Ok(interval_text(array)),
        (DataType::List(_), DataType::List(item)) => {
            let list = array.as_list::<i32>();
            let values = convert(list.values(), item.data_type())?;
            let list = arrow::array::ListArray::try_new(item.clone(), list.offsets().clone(), values, list.nulls().cloned())?;
            Ok(Arc::new(list))
        }
        _ => cast_with_options(array, target, &CastOptions { safe: false, ..CastOptions::default() }),
    }
}

fn interval_text(array: &ArrayRef) -> ArrayRef {
    let values = array.as_primitive::<IntervalMonthDayNanoType>();
    let mut text = StringViewBuilder::with_capacity(values.len());
    for value in values {
        match value {
            Some(value) => text.append_value(format_interval(value.months, value.days, value.nanoseconds)),
            None => text.append_null(),
        }
    }
    Arc::new(text.finish())
}

/// `1 mons 2 days 3.000004 secs`: each part with its own sign, parts of zero left out, `0 secs` for nothing.
fn format_interval(months: i32, days: i32, nanoseconds: i64) -> String {
    let mut parts = Vec::with_capacity(3);
    if months != 0 {
        parts.push(format!("{months} mons"));
    }
    if days != 0 {
        parts.push(format!("{days} days"));
    }
    if nanoseconds != 0 || parts.is_empty() {
        const PER_SECOND: u64 = 1_000_000_000;
        let sign = if nanoseconds < 0 { "-" } else { "" };
        let total = nanoseconds.unsigned_abs();
        let (whole, fraction) = (total / PER_SECOND, total % PER_SECOND);
        if fraction == 0 {
            parts.push(format!("{sign}{whole} secs"));
        } else {
            let digits = format!("{fraction:09}");
            parts.push(format!("{sign}{whole}.{} secs", digits.trim_end_matches('0')));
        }
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::samples;
    use arrow::array::{IntervalMonthDayNanoArray, StringViewArray};
    use arrow::datatypes::IntervalMonthDayNano;

    #[test]
    fn intervals_come_back_exactly() {
        let cases = [
            (0, 0, 0),
            (1, 2, 3_000_004_000),
            (-1, 2, -500_000_000),
            (i32::MAX, i32::MIN, i64::MAX),
            (0, 0, -1),
            (i32::MIN, i32::MAX, -i64::MAX),
            (0, 5, 0),
            (14, 0, 60_000_000_000),
        ];
        let values: Vec<_> = cases.iter().map(|(m, d, n)| IntervalMonthDayNano::new(*m, *d, *n)).collect();
        let array: ArrayRef = Arc::new(IntervalMonthDayNanoArray::from(values));
        let text = convert(&array, &DataType::Utf8View).unwrap();
        assert_eq!(text.as_string_view().value(1), "1 mons 2 days 3.000004 secs");
        assert_eq!(text.as_string_view().value(0), "0 secs");
        let back = convert(&text, array.data_type()).unwrap();
        assert_eq!(&back, &array);
    }

    #[test]
    fn every_type_survives_the_way_to_a_file_and_back() {
        let spec = samples::every_type_spec();
        let batch = samples::every_type_batch(&spec, 50);
        let stored = samples::stored(&spec, &batch, 1, 9);
        let there = to_file(&stored, &file_schema(&spec)).unwrap();
        let back = to_stored(&there, &spec.stored_schema()).unwrap();
        assert_eq!(back, stored);
    }

    #[test]
    fn text_that_is_no_interval_is_an_error_and_not_null() {
        let text: ArrayRef = Arc::new(StringViewArray::from(vec!["nonsense"]));
        assert!(convert(&text, &DataType::Interval(IntervalUnit::MonthDayNano)).is_err());
    }
}
