//! Brings an array in whatever physical form a computation gave it into the Arrow form of its SQL type.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, IntervalMonthDayNanoBuilder, ListArray, MapArray, StringViewArray, StringViewBuilder, StructArray,
    UnionArray,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, DurationMicrosecondType, Field, IntervalMonthDayNano, IntervalUnit, TimeUnit};
use arrow::util::display::FormatOptions;

use crate::error::{Error, Kind, Result};
use crate::value::calendar::US_PER_DAY;
use crate::value::cast::cast_text;
use crate::value::json::string::write_string;
use crate::value::output::Formatter;
use crate::value::style::Style;
use crate::value::{SqlType, SqlType as T};

/// The members by which the union of the JSON functions is known; the last two hold JSON text.
const JSON_UNION: [&str; 7] = ["null", "bool", "int", "float", "str", "array", "object"];

/// The array in the Arrow form of a type, and that type; where the array cannot be of the type, the type nearest to the array.
pub(crate) fn canonical(array: &ArrayRef, sql_type: &SqlType, style: &Style) -> Result<(ArrayRef, SqlType)> {
    let own = sql_type.arrow();
    if *array.data_type() == own {
        return Ok((array.clone(), sql_type.clone()));
    }
    match array.data_type() {
        DataType::Null => Ok((array.clone(), sql_type.clone())),
        DataType::Dictionary(_, value) => canonical(&cast(array, value)?, sql_type, style),
        DataType::RunEndEncoded(_, value) => canonical(&cast(array, value.data_type())?, sql_type, style),
        DataType::Struct(_) | DataType::Map(_, _) | DataType::Union(_, _) => {
            let text: ArrayRef = Arc::new(json_text(array, style)?);
            match own {
                DataType::Utf8View => Ok((text, sql_type.clone())),
                _ => Ok((text, SqlType::Json)),
            }
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => match own {
            DataType::Utf8View => Ok((cast(array, &own)?, sql_type.clone())),
            _ => Ok((cast_text(array, sql_type, style)?, sql_type.clone())),
        },
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale) => decimal(array, *scale, sql_type, &own),
        DataType::Duration(_) if *sql_type == T::Interval => Ok((durations(array)?, T::Interval)),
        DataType::List(_)
        | DataType::LargeList(_)
        | DataType::FixedSizeList(_, _)
        | DataType::ListView(_)
        | DataType::LargeListView(_) => list(array, sql_type, style),
        other if matches!(own, DataType::Utf8View) => {
            // A number that is declared as text, say: it is written as its own type would be.
            canonical(array, &SqlType::of_arrow(other), style)
        }
        _ => Ok((cast(array, &own)?, sql_type.clone())),
    }
}

fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let options = CastOptions { safe: false, format_options: FormatOptions::default() };
    cast_with_options(array, to, &options)
        .map_err(|cause| Error::new(Kind::NumericValueOutOfRange, format!("value does not fit its type: {cause}")))
}

/// Decimals keep their own scale where the type is only the nearest name for them.
fn decimal(array: &ArrayRef, scale: i8, sql_type: &SqlType, own: &DataType) -> Result<(ArrayRef, SqlType)> {
    match sql_type {
        T::Numeric(_, wanted) if *wanted == scale => match array.data_type() {
            DataType::Decimal128(_, _) | DataType::Decimal256(_, _) => Ok((array.clone(), sql_type.clone())),
            _ => Ok((cast(array, &DataType::Decimal128(38, scale))?, sql_type.clone())),
        },
        _ if matches!(own, DataType::Utf8View) => {
            let nearest = SqlType::of_arrow(array.data_type());
            decimal(array, scale, &nearest, &nearest.arrow())
        }
        _ => Ok((cast(array, own)?, sql_type.clone())),
    }
}

/// A duration is what the difference of two timestamps gives; PostgreSQL's interval has its whole days apart.
fn durations(array: &ArrayRef) -> Result<ArrayRef> {
    let micros = cast(array, &DataType::Duration(TimeUnit::Microsecond))?;
    let micros = micros.as_primitive::<DurationMicrosecondType>();
    let mut spans = IntervalMonthDayNanoBuilder::with_capacity(micros.len());
    for value in micros {
        match value {
            None => spans.append_null(),
            Some(us) => {
                let days =
                    i32::try_from(us / US_PER_DAY).map_err(|_| Error::new(Kind::DatetimeFieldOverflow, "interval out of range"))?;
                spans.append_value(IntervalMonthDayNano::new(0, days, us % US_PER_DAY * 1_000));
            }
        }
    }
    debug_assert!(matches!(T::Interval.arrow(), DataType::Interval(IntervalUnit::MonthDayNano)));
    Ok(Arc::new(spans.finish()))
}

/// Lists of any kind as lists whose elements are of the element type's form.
fn list(array: &ArrayRef, sql_type: &SqlType, style: &Style) -> Result<(ArrayRef, SqlType)> {
    let item = match array.data_type() {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => item.clone(),
        other => return Err(Error::internal(format!("{other} is no list"))),
    };
    let lists = match array.data_type() {
        DataType::List(_) => array.clone(),
        _ => cast(array, &DataType::List(item.clone()))?,
    };
    let lists: &ListArray = lists.as_list();
    let wanted = match sql_type {
        T::Array(element) => (**element).clone(),
        _ => SqlType::of_field(&item),
    };
    let (elements, element) = canonical(lists.values(), &wanted, style)?;
    let field = Arc::new(Field::new("item", elements.data_type().clone(), true));
    let rebuilt = ListArray::try_new(field, lists.offsets().clone(), elements, lists.nulls().cloned())
        .map_err(|cause| Error::internal(format!("rebuilding a list: {cause}")))?;
    Ok((Arc::new(rebuilt), T::Array(Box::new(element))))
}

/// Structs, maps and unions as JSON text.
fn json_text(array: &ArrayRef, style: &Style) -> Result<StringViewArray> {
    let writer = JsonWriter::new(array, style)?;
    let mut texts = StringViewBuilder::with_capacity(array.len());
    let mut text = Vec::new();
    for row in 0..array.len() {
        if array.is_null(row) || writer.is_null(row) {
            texts.append_null();
            continue;
        }
        text.clear();
        writer.write(row, &mut text);
        texts.append_value(std::str::from_utf8(&text).map_err(|_| Error::internal("JSON text is not UTF-8"))?);
    }
    Ok(texts.finish())
}

/// Writes the rows of a nested array as JSON.
enum JsonWriter {
    Struct { array: StructArray, fields: Vec<(String, JsonWriter)> },
    Map { array: MapArray, keys: Formatter, values: Box<JsonWriter> },
    Union { array: UnionArray, members: Vec<(i8, JsonWriter)> },
    Plain(Formatter),
}

impl JsonWriter {
    fn new(array: &ArrayRef, style: &Style) -> Result<JsonWriter> {
        if let Some(structs) = array.as_struct_opt() {
            let mut fields = Vec::new();
            for (field, column) in structs.fields().iter().zip(structs.columns()) {
                fields.push((field.name().clone(), JsonWriter::of_field(field, column, style)?));
            }
            return Ok(JsonWriter::Struct { array: structs.clone(), fields });
        }
        if let Some(maps) = array.as_map_opt() {
            let key_type = SqlType::of_arrow(maps.keys().data_type());
            let keys = Formatter::new(maps.keys(), &key_type, style)?;
            let values = Box::new(JsonWriter::new(maps.values(), style)?);
            return Ok(JsonWriter::Map { array: maps.clone(), keys, values });
        }
        if let (DataType::Union(fields, _), Some(union)) = (array.data_type(), array.as_any().downcast_ref::<UnionArray>()) {
            let is_json = fields.len() == JSON_UNION.len() && fields.iter().zip(JSON_UNION).all(|((_, f), name)| f.name() == name);
            let mut members = Vec::new();
            for (id, field) in fields.iter() {
                let child = union.child(id);
                let writer = if is_json && matches!(field.name().as_str(), "array" | "object") {
                    JsonWriter::Plain(Formatter::new(child, &SqlType::Json, style)?)
                } else {
                    JsonWriter::of_field(field, child, style)?
                };
                members.push((id, writer));
            }
            return Ok(JsonWriter::Union { array: union.clone(), members });
        }
        Ok(JsonWriter::Plain(Formatter::new(array, &SqlType::of_arrow(array.data_type()), style)?))
    }

    fn of_field(field: &Field, array: &ArrayRef, style: &Style) -> Result<JsonWriter> {
        match array.data_type() {
            DataType::Struct(_) | DataType::Map(_, _) | DataType::Union(_, _) => JsonWriter::new(array, style),
            _ => Ok(JsonWriter::Plain(Formatter::new(array, &SqlType::of_field(field), style)?)),
        }
    }

    /// Whether a row is NULL, which in a union is the chosen member's affair.
    fn is_null(&self, row: usize) -> bool {
        match self {
            JsonWriter::Struct { array, .. } => array.is_null(row),
            JsonWriter::Map { array, .. } => array.is_null(row),
            JsonWriter::Union { array, members } => {
                let id = array.type_id(row);
                members.iter().find(|(member, _)| *member == id).is_none_or(|(_, member)| member.is_null(array.value_offset(row)))
            }
            JsonWriter::Plain(formatter) => formatter.is_null(row),
        }
    }

    fn write(&self, row: usize, out: &mut Vec<u8>) {
        if self.is_null(row) {
            out.extend_from_slice(b"null");
            return;
        }
        match self {
            JsonWriter::Struct { fields, .. } => {
                out.push(b'{');
                for (at, (name, field)) in fields.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    write_string(name, out);
                    out.push(b':');
                    field.write(row, out);
                }
                out.push(b'}');
            }
            JsonWriter::Map { array, keys, values } => {
                let offsets = array.value_offsets();
                let at = |row: usize| offsets.get(row).and_then(|offset| usize::try_from(*offset).ok()).unwrap_or(0);
                out.push(b'{');
                for entry in at(row)..at(row + 1) {
                    if entry > at(row) {
                        out.push(b',');
                    }
                    let mut key = Vec::new();
                    keys.write_text(entry, &mut key);
                    write_string(std::str::from_utf8(&key).unwrap_or_default(), out);
                    out.push(b':');
                    values.write(entry, out);
                }
                out.push(b'}');
            }
            JsonWriter::Union { array, members } => {
                let id = array.type_id(row);
                if let Some((_, member)) = members.iter().find(|(member, _)| *member == id) {
                    member.write(array.value_offset(row), out);
                }
            }
            JsonWriter::Plain(formatter) => formatter.write_json(row, out),
        }
    }
}
