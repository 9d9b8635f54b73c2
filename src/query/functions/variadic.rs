//! Functions of any number of arguments, called with an array in the place of the last ones: `concat(VARIADIC array)`.
//!
//! Every row may have another number of elements, so the function behind the name is run for each row with the elements as arguments.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, new_null_array};
use datafusion::arrow::compute::concat;
use datafusion::logical_expr::Volatility;

use super::scalar::{Argument, Arguments, Definition, Given};
use crate::error::{Error, Kind, Result};
use crate::value::SqlType;

macro_rules! variadic {
    ($name:literal, $fixed:literal, $result:ident) => {
        Definition {
            name: concat!($name, " variadic"),
            volatility: Volatility::Stable,
            // The array stands in the place of all that may be many, and of nothing else.
            result: |types| (types.len() == $fixed + 1).then_some(SqlType::$result),
            run: |given| run(given, $name),
        }
    };
}

/// Nobody types these names.
pub(super) static DEFINITIONS: [Definition; 13] = [
    variadic!("concat", 0, Text),
    variadic!("concat_ws", 1, Text),
    variadic!("format", 1, Text),
    variadic!("json_build_array", 0, Json),
    variadic!("json_build_object", 0, Json),
    variadic!("jsonb_build_array", 0, Jsonb),
    variadic!("jsonb_build_object", 0, Jsonb),
    variadic!("json_extract_path", 1, Json),
    variadic!("json_extract_path_text", 1, Text),
    variadic!("jsonb_extract_path", 1, Jsonb),
    variadic!("jsonb_extract_path_text", 1, Text),
    variadic!("num_nonnulls", 0, Int4),
    variadic!("num_nulls", 0, Int4),
];

/// The function that is called in the place of one whose last argument is such an array.
pub(in crate::query) fn of_array(name: &str) -> Option<&'static str> {
    let own = |known: &&'static str| known.strip_suffix(" variadic") == Some(name);
    DEFINITIONS.iter().map(|definition| definition.name).find(own)
}

/// The only one of them that answers when there is no array: with its other arguments alone.
const WITHOUT_ARRAY: &str = "format";

fn run(given: &Arguments, name: &'static str) -> Result<ArrayRef> {
    let not_found = || Error::internal(format!("{name} is not defined"));
    let definition = super::defined(name).ok_or_else(not_found)?;
    let (Some(own), Some(leading)) = (given.types.last(), given.arrays.len().checked_sub(1)) else { return Err(not_found()) };
    let mut array = given.array(leading)?.clone();
    let element = match own {
        Argument::Of(SqlType::Array(element)) => Argument::Of((**element).clone()),
        // Only a path has elements of one type.
        Argument::Unknown if name.contains("extract_path") => {
            array = given.as_type(leading, &SqlType::Array(Box::new(SqlType::Text)))?;
            Argument::Of(SqlType::Text)
        }
        Argument::Unknown if array.logical_null_count() == array.len() => Argument::Unknown,
        Argument::Of(_) | Argument::Unknown => {
            return Err(Error::new(Kind::DatatypeMismatch, "VARIADIC argument must be an array"));
        }
    };
    let mut rows: Vec<ArrayRef> = Vec::with_capacity(given.rows);
    for row in 0..given.rows {
        let list = array.as_list_opt::<i32>().filter(|list| list.is_valid(row)).map(|list| list.value(row));
        if list.is_none() && name != WITHOUT_ARRAY {
            rows.push(new_null_array(&given.result.arrow(), 1));
            continue;
        }
        let leading_values = (0..leading).map(|at| Ok(given.array(at)?.slice(row, 1).into()));
        let mut arrays = leading_values.collect::<Result<Vec<Given>>>()?;
        let elements = list.map_or(0, |list| {
            arrays.extend((0..list.len()).map(|at| Given::from(list.slice(at, 1))));
            list.len()
        });
        let mut types = given.types[..leading].to_vec();
        types.extend(std::iter::repeat_n(element.clone(), elements));
        let one = Arguments { name, types, arrays, rows: 1, style: given.style.clone(), result: given.result.clone() };
        rows.push((definition.run)(&one)?);
    }
    if rows.is_empty() {
        return Ok(new_null_array(&given.result.arrow(), 0));
    }
    let rows: Vec<&dyn Array> = rows.iter().map(AsRef::as_ref).collect();
    Ok(Arc::new(concat(&rows).map_err(|error| Error::internal(format!("answers of {name}: {error}")))?))
}
