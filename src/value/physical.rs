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
use crate::value::SqlType;
use crate::value::cast::cast_text;
use crate::value::json::string::write_string;
use crate::value::output::Formatter;
use crate::value::style::Style;
use crate::value::time::calendar::US_PER_DAY;

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
        DataType::Duration(_) if *sql_type == SqlType::Interval => Ok((durations(array)?, SqlType::Interval)),
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
        SqlType::Numeric(_, wanted) if *wanted == scale => match array.data_type() {
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
    debug_assert!(matches!(SqlType::Interval.arrow(), DataType::Interval(IntervalUnit::MonthDayNano)));
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
        SqlType::Array(element) | SqlType::Vector(element) => (**element).clone(),
        _ => SqlType::of_field(&item),
    };
    let (elements, element) = canonical(lists.values(), &wanted, style)?;
    let field = Arc::new(Field::new("item", elements.data_type().clone(), true));
    let rebuilt = ListArray::try_new(field, lists.offsets().clone(), elements, lists.nulls().cloned())
        .map_err(|cause| Error::internal(format!("rebuilding a list: {cause}")))?;
    let element = Box::new(element);
    let sql_type = if matches!(sql_type, SqlType::Vector(_)) { SqlType::Vector(element) } else { SqlType::Array(element) };
    Ok((Arc::new(rebuilt), sql_type))
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
    Map { array: MapArray, keys: Box<Formatter>, values: Box<JsonWriter> },
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
            let keys = Box::new(Formatter::new(maps.keys(), &key_type, style)?);
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

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::*;
    use arrow::buffer::{OffsetBuffer, ScalarBuffer};
    use arrow::datatypes::*;

    fn shown(array: ArrayRef, sql_type: &SqlType) -> Vec<Option<String>> {
        let formatter = Formatter::new(&array, sql_type, &Style::default()).unwrap();
        let text = |row| {
            let mut out = Vec::new();
            formatter.write_text(row, &mut out);
            String::from_utf8(out).unwrap()
        };
        (0..array.len()).map(|row| (!formatter.is_null(row)).then(|| text(row))).collect()
    }

    /// What an array is written as by the type that is nearest to it.
    fn first(array: ArrayRef) -> String {
        let sql_type = SqlType::of_arrow(array.data_type());
        shown(array, &sql_type)[0].clone().unwrap()
    }

    #[test]
    fn every_physical_form_of_a_scalar_is_written() {
        assert_eq!(first(Arc::new(Int8Array::from(vec![-5]))), "-5");
        assert_eq!(first(Arc::new(UInt8Array::from(vec![255]))), "255");
        assert_eq!(first(Arc::new(UInt16Array::from(vec![65_535]))), "65535");
        assert_eq!(first(Arc::new(UInt32Array::from(vec![u32::MAX]))), "4294967295");
        assert_eq!(first(Arc::new(UInt64Array::from(vec![7]))), "7");
        assert_eq!(first(Arc::new(StringArray::from(vec!["a"]))), "a");
        assert_eq!(first(Arc::new(LargeStringArray::from(vec!["a"]))), "a");
        assert_eq!(first(Arc::new(BinaryViewArray::from(vec![&b"\x01"[..]]))), "\\x01");
        assert_eq!(first(Arc::new(LargeBinaryArray::from(vec![&b"\x01"[..]]))), "\\x01");
        let fixed = FixedSizeBinaryArray::try_from_iter([[1_u8, 0xff]].into_iter()).unwrap();
        assert_eq!(first(Arc::new(fixed)), "\\x01ff");
        assert_eq!(first(Arc::new(Date64Array::from(vec![86_400_000]))), "1970-01-02");
        assert_eq!(first(Arc::new(Time32SecondArray::from(vec![61]))), "00:01:01");
        assert_eq!(first(Arc::new(Time64NanosecondArray::from(vec![1_500]))), "00:00:00.000001");
        assert_eq!(first(Arc::new(TimestampSecondArray::from(vec![1]))), "1970-01-01 00:00:01");
        assert_eq!(
            first(Arc::new(TimestampNanosecondArray::from(vec![1_000]).with_timezone("Europe/Berlin"))),
            "1970-01-01 00:00:00.000001+00"
        );
        assert_eq!(
            first(Arc::new(TimestampMicrosecondArray::from(vec![1]).with_timezone("+02:00"))),
            "1970-01-01 00:00:00.000001+00"
        );
        assert_eq!(first(Arc::new(IntervalYearMonthArray::from(vec![14]))), "1 year 2 mons");
        assert_eq!(first(Arc::new(IntervalDayTimeArray::from(vec![IntervalDayTime::new(1, 1_500)]))), "1 day 00:00:01.5");
        assert_eq!(first(Arc::new(DurationSecondArray::from(vec![-90_000]))), "-1 days -01:00:00");
        assert_eq!(
            first(Arc::new(Decimal256Array::from(vec![i256::from_i128(-1_250)]).with_precision_and_scale(60, 3).unwrap())),
            "-1.250"
        );
        assert_eq!(first(Arc::new(Decimal32Array::from(vec![5]).with_precision_and_scale(9, 2).unwrap())), "0.05");
        assert_eq!(first(Arc::new(Decimal128Array::from(vec![15_000_000_000]).with_precision_and_scale(38, 10).unwrap())), "1.5");
        assert_eq!(first(Arc::new(vec![Some("x")].into_iter().collect::<DictionaryArray<Int32Type>>())), "x");
        assert_eq!(shown(Arc::new(NullArray::new(2)), &SqlType::Int4), [None, None]);
    }

    #[test]
    fn a_type_that_the_array_is_not_of_is_reached_where_it_can_be() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("2024-01-05T10:00:00Z"), None]));
        assert_eq!(shown(texts.clone(), &SqlType::Timestamptz), [Some("2024-01-05 10:00:00+00".to_owned()), None]);
        assert_eq!(Formatter::new(&texts, &SqlType::Int4, &Style::default()).err().unwrap().sqlstate(), "22P02");
        assert_eq!(shown(Arc::new(Int64Array::from(vec![5])), &SqlType::Text), [Some("5".to_owned())]);
        assert_eq!(shown(Arc::new(Int64Array::from(vec![5])), &SqlType::Int4), [Some("5".to_owned())]);
        let large: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX]));
        assert_eq!(Formatter::new(&large, &SqlType::Int8, &Style::default()).err().unwrap().sqlstate(), "22003");
    }

    #[test]
    fn lists_of_every_kind_are_arrays() {
        let lists = || ListArray::from_iter_primitive::<Int64Type, _, _>(vec![Some(vec![Some(1), None]), None, Some(vec![])]);
        let expected = [Some("{1,NULL}".to_owned()), None, Some("{}".to_owned())];
        let list_type = SqlType::Array(Box::new(SqlType::Int8));
        assert_eq!(shown(Arc::new(lists()), &list_type), expected);
        let large =
            arrow::compute::cast(&lists(), &DataType::LargeList(Arc::new(Field::new("item", DataType::Int64, true)))).unwrap();
        assert_eq!(shown(large, &list_type), expected);
        let nested = ListArray::new(
            Arc::new(Field::new("item", lists().data_type().clone(), true)),
            OffsetBuffer::from_lengths([3]),
            Arc::new(lists()),
            None,
        );
        assert_eq!(first(Arc::new(nested)), "{{1,NULL},NULL,{}}");
    }

    #[test]
    fn structs_and_maps_are_json() {
        let structs = StructArray::from(vec![
            (Arc::new(Field::new("a", DataType::Int32, true)), Arc::new(Int32Array::from(vec![Some(1), None])) as ArrayRef),
            (Arc::new(Field::new("b\"", DataType::Utf8, true)), Arc::new(StringArray::from(vec![Some("x\n"), None])) as ArrayRef),
        ]);
        let expected = [Some("{\"a\":1,\"b\\\"\":\"x\\n\"}".to_owned()), Some("{\"a\":null,\"b\\\"\":null}".to_owned())];
        assert_eq!(shown(Arc::new(structs), &SqlType::Json), expected);
        let mut map = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
        map.keys().append_value("k");
        map.values().append_value(5);
        map.append(true).unwrap();
        map.append(false).unwrap();
        assert_eq!(shown(Arc::new(map.finish()), &SqlType::Json), [Some("{\"k\":5}".to_owned()), None]);
    }

    #[test]
    fn the_union_of_the_json_functions_is_json() {
        let types =
            [DataType::Null, DataType::Boolean, DataType::Int64, DataType::Float64, DataType::Utf8, DataType::Utf8, DataType::Utf8];
        let fields: UnionFields =
            JSON_UNION.iter().zip(types).zip(0_i8..).map(|((name, of), id)| (id, Arc::new(Field::new(*name, of, true)))).collect();
        let text = |at: usize, text: &str| {
            let values: Vec<Option<&str>> = (0..7).map(|row| (row == at).then_some(text)).collect();
            Arc::new(StringArray::from(values)) as ArrayRef
        };
        let children: Vec<ArrayRef> = vec![
            Arc::new(NullArray::new(7)),
            Arc::new(BooleanArray::from(vec![true; 7])),
            Arc::new(Int64Array::from(vec![-5; 7])),
            Arc::new(Float64Array::from(vec![1.5; 7])),
            text(4, "a\"b"),
            text(5, "[1, \"x\"]"),
            text(6, "{\"k\": null}"),
        ];
        let union = UnionArray::try_new(fields, ScalarBuffer::from((0..7).collect::<Vec<i8>>()), None, children).unwrap();
        let expected: Vec<Option<String>> =
            [None, Some("true"), Some("-5"), Some("1.5"), Some("\"a\\\"b\""), Some("[1, \"x\"]"), Some("{\"k\": null}")]
                .map(|text| text.map(str::to_owned))
                .to_vec();
        assert_eq!(shown(Arc::new(union), &SqlType::Json), expected);
    }
}
