//! Functions over arrays that DataFusion lacks or answers otherwise: what `ARRAY(SELECT …)` answers, and how long an array is.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int32Array, ListArray, StructArray, UInt64Array};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::{ArrowNativeType, DataType, Field, FieldRef, Fields};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::scalar::{
    Argument, Arguments, Definition, TEXT_BYTES_MAX, immutable, int, ints_of, only_value, text, texts_of, too_long,
};
use crate::error::Error;
use crate::query::errors::wrap;
use crate::value::{Formatter, SqlType};

/// The function's name, which nobody types.
pub(in crate::query) const ARRAY_OF_ROWS: &str = "array of rows";

pub(super) fn functions() -> Vec<ScalarUDF> {
    vec![
        ScalarUDF::new_from_impl(ArrayOfRows { signature: Signature::any(1, Volatility::Immutable) }),
        ScalarUDF::new_from_impl(Numbered { signature: Signature::any(1, Volatility::Immutable) }),
        ScalarUDF::new_from_impl(RowsOfLists { signature: Signature::variadic_any(Volatility::Immutable) }),
    ]
}

/// DataFusion's functions that make longer arrays.
const LENGTHENING: [&str; 3] = ["array_append", "array_concat", "array_prepend"];

/// The function in the place of one of DataFusion's that makes longer arrays; `None` for any other.
pub(in crate::query) fn bounded(function: &Arc<ScalarUDF>) -> Option<Arc<ScalarUDF>> {
    let lengthens = LENGTHENING.contains(&function.name()) && function.inner().downcast_ref::<Bounded>().is_none();
    lengthens.then(|| Arc::new(ScalarUDF::new_from_impl(Bounded { inner: function.clone() })))
}

/// A function of DataFusion's, held to what the values of a batch may take together: its answer is as large as they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Bounded {
    inner: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(arg_types)
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arg_types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.inner.return_field_from_args(args)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let mut bytes = 0_usize;
        for arg in &args.args {
            bytes = bytes.saturating_add(match arg {
                ColumnarValue::Array(array) => slice_bytes(array),
                ColumnarValue::Scalar(value) => slice_bytes(&value.to_array()?).saturating_mul(args.number_rows),
            });
        }
        if bytes > TEXT_BYTES_MAX {
            return Err(wrap(too_long()));
        }
        self.inner.invoke_with_args(args)
    }
}

/// What the values of an array take, without those that lie beside it in the same memory. Texts are counted as the views that are copied.
fn slice_bytes(array: &ArrayRef) -> usize {
    let bytes = |array: &ArrayRef| array.to_data().get_slice_memory_size().unwrap_or_else(|_| array.get_array_memory_size());
    let Some(lists) = array.as_list_opt::<i32>() else { return bytes(array) };
    let offset = |at: Option<&i32>| at.and_then(|at| usize::try_from(*at).ok()).unwrap_or(0);
    let (first, end) = (offset(lists.value_offsets().first()), offset(lists.value_offsets().last()));
    bytes(&lists.values().slice(first, end - first))
}

/// The name of the function that numbers an array's elements, which nobody types.
pub(in crate::query) const NUMBERED: &str = "numbered elements";

/// The elements of an array as pairs `x`, the element, and `n`, its number from 1 on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Numbered {
    signature: Signature,
}

fn pairs(list: &DataType) -> Result<Fields> {
    let DataType::List(item) = list else {
        return datafusion::common::plan_err!("_pg_expandarray takes an array");
    };
    Ok(Fields::from(vec![item.as_ref().clone().with_name("x"), SqlType::Int4.field("n", false)]))
}

impl ScalarUDFImpl for Numbered {
    fn name(&self) -> &'static str {
        NUMBERED
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        let fields = pairs(arg_types.first().unwrap_or(&DataType::Null))?;
        Ok(DataType::List(Arc::new(Field::new("item", DataType::Struct(fields), true))))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(input) = ColumnarValue::values_to_arrays(&args.args)?.pop() else {
            return datafusion::common::internal_err!("numbering takes one argument");
        };
        let Some(lists) = input.as_list_opt::<i32>() else {
            return datafusion::common::internal_err!("numbering takes an array");
        };
        let fields = pairs(input.data_type())?;
        let first = usize::try_from(lists.value_offsets().first().copied().unwrap_or(0)).unwrap_or(0);
        let count = lists.value_offsets().last().copied().unwrap_or(0);
        let elements = lists.values().slice(first, usize::try_from(count).unwrap_or(0) - first);
        let numbers: Int32Array = (0..lists.len()).flat_map(|row| 1..=lists.value_length(row)).collect::<Vec<i32>>().into();
        let offsets = OffsetBuffer::from_lengths((0..lists.len()).map(|row| usize::try_from(lists.value_length(row)).unwrap_or(0)));
        let structs = StructArray::new(fields.clone(), vec![elements, Arc::new(numbers)], None);
        let field = Arc::new(Field::new("item", DataType::Struct(fields), true));
        Ok(ColumnarValue::Array(Arc::new(ListArray::new(field, offsets, Arc::new(structs), lists.nulls().cloned()))))
    }
}

/// The name of the function that makes rows of lists side by side, which nobody types.
pub(in crate::query) const ROWS_OF_LISTS: &str = "rows of lists";

/// Lists of one length as a list of rows. The arguments are each column's name and its list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct RowsOfLists {
    signature: Signature,
}

impl ScalarUDFImpl for RowsOfLists {
    fn name(&self) -> &'static str {
        ROWS_OF_LISTS
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        datafusion::common::internal_err!("the names of the columns say what the rows are")
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let mut columns = Vec::new();
        for (names, lists) in args.scalar_arguments.chunks(2).zip(args.arg_fields.chunks(2)) {
            let ([Some(ScalarValue::Utf8(Some(name)) | ScalarValue::Utf8View(Some(name))), _], [_, list]) = (names, lists) else {
                return datafusion::common::internal_err!("rows are made of names and lists");
            };
            let SqlType::Array(element) = SqlType::of_field(list) else {
                return datafusion::common::internal_err!("rows are made of lists");
            };
            columns.push(element.field(name.as_str(), true));
        }
        let rows = Field::new("item", DataType::Struct(Fields::from(columns)), true);
        Ok(Arc::new(Field::new(ROWS_OF_LISTS, DataType::List(Arc::new(rows)), true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let DataType::List(item) = args.return_field.data_type() else {
            return datafusion::common::internal_err!("rows of lists are a list");
        };
        let DataType::Struct(fields) = item.data_type() else {
            return datafusion::common::internal_err!("rows of lists are rows");
        };
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let lists: Vec<&ListArray> = arrays.chunks(2).filter_map(|pair| pair.last()?.as_list_opt::<i32>()).collect();
        let Some(first) = lists.first() else {
            return datafusion::common::internal_err!("rows are made of lists");
        };
        let columns = lists.iter().map(|list| {
            let (from, to) = (list.value_offsets().first().copied(), list.value_offsets().last().copied());
            let place = |offset: Option<i32>| usize::try_from(offset.unwrap_or(0)).unwrap_or(0);
            list.values().slice(place(from), place(to) - place(from))
        });
        let rows = StructArray::try_new(fields.clone(), columns.collect(), None)?;
        let lengths = (0..first.len()).map(|row| usize::try_from(first.value_length(row)).unwrap_or(0));
        let offsets = OffsetBuffer::from_lengths(lengths);
        Ok(ColumnarValue::Array(Arc::new(ListArray::try_new(item.clone(), offsets, Arc::new(rows), first.nulls().cloned())?)))
    }
}

/// Functions on how long an array is and what it looks like. Arrays have one dimension, counted from 1; an empty one has none.
pub(super) static DEFINITIONS: [Definition; 9] = [
    Definition {
        name: "array_to_string",
        // What elements look like depends on the session's settings.
        volatility: Volatility::Stable,
        result: |types| match types {
            [Argument::Of(SqlType::Array(_) | SqlType::Vector(_)), between @ ..] if (1..=2).contains(&between.len()) => {
                between.iter().all(Argument::is_text).then_some(SqlType::Text)
            }
            _ => None,
        },
        run: joined,
    },
    immutable("array_upper", takes_dimension, |given| of_dimension(given, |length| length)),
    immutable("array_lower", takes_dimension, |given| of_dimension(given, |_| 1)),
    immutable("array_length", takes_dimension, |given| of_dimension(given, |length| length)),
    immutable(ITEM, item_result, item),
    immutable(SECTION, section_result, section),
    immutable(
        "array_ndims",
        |types| is_array(types).then_some(SqlType::Int4),
        |given| ints_of(given.rows, |row| Ok(length(given, row)?.filter(|length| *length > 0).map(|_| 1))),
    ),
    immutable(
        "cardinality",
        |types| is_array(types).then_some(SqlType::Int4),
        |given| ints_of(given.rows, |row| length(given, row)),
    ),
    immutable(
        "array_dims",
        |types| is_array(types).then_some(SqlType::Text),
        |given| {
            texts_of(given.rows, |row| Ok(length(given, row)?.filter(|length| *length > 0).map(|length| format!("[1:{length}]"))))
        },
    ),
];

/// The element of an array at a place, and the elements from one place to another: what subscripts ask for. Nobody types the names.
pub(in crate::query) const ITEM: &str = "array item";
pub(in crate::query) const SECTION: &str = "array section";

fn item_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [Argument::Of(SqlType::Array(element)), at] if at.is_integer() => Some(element.as_ref().clone()),
        _ => None,
    }
}

/// NULL where there is no such place; places are counted from 1.
fn item(given: &Arguments) -> crate::error::Result<ArrayRef> {
    let (lists, places) = (lists(given)?, given.ints(1)?);
    let indices = (0..given.rows).map(|row| {
        let place = usize::try_from(int(&places, row)?).ok()?.checked_sub(1)?;
        let found = lists.is_valid(row) && place < lists.value_length(row).as_usize();
        found.then(|| u64::try_from(lists.value_offsets()[row].as_usize() + place).ok()).flatten()
    });
    let indices: UInt64Array = indices.collect();
    take(lists.values(), &indices, None).map_err(|error| Error::internal(format!("an element cannot be taken: {error}")))
}

fn section_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [Argument::Of(array @ SqlType::Array(_)), from, to] if from.is_integer() && to.is_integer() => Some(array.clone()),
        _ => None,
    }
}

/// The places that there are between two, both included; NULL where one of them is.
fn section(given: &Arguments) -> crate::error::Result<ArrayRef> {
    let (lists, from, to) = (lists(given)?, given.ints(1)?, given.ints(2)?);
    let mut indices: Vec<u64> = Vec::new();
    let (mut lengths, mut valid) = (Vec::with_capacity(given.rows), Vec::with_capacity(given.rows));
    for row in 0..given.rows {
        let bounds = int(&from, row).zip(int(&to, row)).filter(|_| lists.is_valid(row));
        valid.push(bounds.is_some());
        let (from, to) = bounds.unwrap_or((1, 0));
        let (from, to) = (from.max(1), to.min(i64::from(lists.value_length(row))));
        let first = lists.value_offsets()[row].as_usize();
        let before = indices.len();
        indices.extend((from..=to).filter_map(|place| u64::try_from(place - 1).ok()).map(|place| first as u64 + place));
        lengths.push(indices.len() - before);
    }
    let values = take(lists.values(), &UInt64Array::from(indices), None)
        .map_err(|error| Error::internal(format!("elements cannot be taken: {error}")))?;
    let DataType::List(field) = lists.data_type() else { return Err(Error::internal("an array is held as a list")) };
    let nulls = Some(datafusion::arrow::buffer::NullBuffer::from(valid));
    Ok(Arc::new(ListArray::new(field.clone(), OffsetBuffer::from_lengths(lengths), values, nulls)))
}

fn lists(given: &Arguments) -> crate::error::Result<&ListArray> {
    given.array(0)?.as_list_opt::<i32>().ok_or_else(|| Error::internal("an array is held as a list"))
}

fn is_array(types: &[Argument]) -> bool {
    matches!(types, [Argument::Of(SqlType::Array(_) | SqlType::Vector(_))])
}

fn takes_dimension(types: &[Argument]) -> Option<SqlType> {
    matches!(types, [Argument::Of(SqlType::Array(_) | SqlType::Vector(_)), dimension] if dimension.is_integer())
        .then_some(SqlType::Int4)
}

/// The elements as their output function writes them, with a separator between; a NULL is left out or stands as a third argument.
fn joined(given: &Arguments) -> crate::error::Result<ArrayRef> {
    let (SqlType::Array(element) | SqlType::Vector(element)) = given.sql_type(0) else {
        return Err(Error::internal("what is joined to a string is no array"));
    };
    let arrays = given.array(0)?.as_list_opt::<i32>().ok_or_else(|| Error::internal("an array is held as a list"))?;
    let elements = Formatter::new(arrays.values(), &element, &given.style)?;
    let separators = given.texts(1)?;
    let stand_ins = if given.arrays.len() > 2 { Some(given.texts(2)?) } else { None };
    texts_of(given.rows, |row| {
        let Some(separator) = text(&separators, row).filter(|_| arrays.is_valid(row)) else { return Ok(None) };
        let stand_in = stand_ins.as_ref().and_then(|stand_ins| text(stand_ins, row));
        let mut joined = Vec::new();
        let mut first = true;
        let offsets = arrays.value_offsets();
        for at in offsets[row].as_usize()..offsets[row + 1].as_usize() {
            if elements.is_null(at) && stand_in.is_none() {
                continue;
            }
            if !first {
                joined.extend_from_slice(separator.as_bytes());
            }
            first = false;
            match stand_in.filter(|_| elements.is_null(at)) {
                Some(stand_in) => joined.extend_from_slice(stand_in.as_bytes()),
                None => elements.write_text(at, &mut joined),
            }
        }
        String::from_utf8(joined).map(Some).map_err(|_| Error::internal("an output function wrote what is no text"))
    })
}

/// How many elements a row's array has.
fn length(given: &Arguments, row: usize) -> crate::error::Result<Option<i32>> {
    let array = given.array(0)?;
    Ok(array.as_list_opt::<i32>().filter(|lists| lists.is_valid(row)).map(|lists| lists.value_length(row)))
}

fn of_dimension(given: &Arguments, with: impl Fn(i32) -> i32) -> crate::error::Result<ArrayRef> {
    let dimensions = given.ints(1)?;
    ints_of(given.rows, |row| {
        let first = int(&dimensions, row) == Some(1);
        Ok(length(given, row)?.filter(|length| first && *length > 0).map(&with))
    })
}

/// The values of a sub-query's rows, and an empty array where `array_agg` answers NULL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct ArrayOfRows {
    signature: Signature,
}

impl ScalarUDFImpl for ArrayOfRows {
    fn name(&self) -> &'static str {
        ARRAY_OF_ROWS
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        Ok(arg_types.first().cloned().unwrap_or(DataType::Null))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        match args.arg_fields.first() {
            Some(field) => Ok(Arc::new(field.as_ref().clone().with_name("array"))),
            None => datafusion::common::internal_err!("an array of rows has one argument"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let scalar = matches!(args.args.first(), Some(ColumnarValue::Scalar(_)));
        let Some(input) = ColumnarValue::values_to_arrays(&args.args)?.pop() else {
            return datafusion::common::internal_err!("an array of rows has one argument");
        };
        let output = without_nulls(&input);
        if scalar { Ok(ColumnarValue::Scalar(only_value(&output)?)) } else { Ok(ColumnarValue::Array(output)) }
    }
}

/// The same lists, with empty ones in the place of NULLs.
fn without_nulls(input: &ArrayRef) -> ArrayRef {
    let Some(lists) = input.as_list_opt::<i32>().filter(|lists| lists.null_count() > 0) else { return input.clone() };
    let DataType::List(item) = lists.data_type() else { return input.clone() };
    // What a NULL row spans must not become its elements.
    let rows: Vec<ArrayRef> = (0..lists.len()).filter(|row| lists.is_valid(*row)).map(|row| lists.value(row)).collect();
    let lengths = (0..lists.len()).map(|row| if lists.is_valid(row) { lists.value(row).len() } else { 0 });
    let parts: Vec<&dyn Array> = rows.iter().map(AsRef::as_ref).collect();
    let values = if parts.is_empty() {
        Ok(datafusion::arrow::array::new_empty_array(item.data_type()))
    } else {
        datafusion::arrow::compute::concat(&parts)
    };
    match values {
        Ok(values) => Arc::new(ListArray::new(item.clone(), OffsetBuffer::from_lengths(lengths), values, None)),
        Err(_) => input.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::Int32Builder;
    use datafusion::arrow::array::ListBuilder;

    #[test]
    fn nothing_becomes_an_empty_array() {
        let mut lists = ListBuilder::new(Int32Builder::new());
        lists.append_value([Some(1), None]);
        lists.append_null();
        let output = without_nulls(&(Arc::new(lists.finish()) as ArrayRef));
        let output = output.as_list::<i32>();
        assert_eq!(output.null_count(), 0);
        assert_eq!((output.value(0).len(), output.value(1).len()), (2, 0));
    }
}
