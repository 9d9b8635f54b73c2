//! Functions that answer with many rows, as lists: the planner puts an `unnest` round them.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Builder, ListBuilder};
use datafusion::logical_expr::Volatility;

use super::documents;
use crate::error::{Error, Kind, Result};
use crate::query::functions::scalar::{Argument, Arguments, Definition, immutable};
use crate::value::json::path::as_text;
use crate::value::json::scan::{Shape, elements, members};
use crate::value::{ColumnBuilder, SqlType};

/// The values of `jsonb_each` and its kin; their keys are [`EACH_KEYS`] of the same function. Nobody types these names.
pub(in crate::query) const EACH_KEYS: &str = " keys";
pub(in crate::query) const EACH_VALUES: &str = " values";
/// The numbers of a list's elements, for WITH ORDINALITY.
pub(in crate::query) const ORDINALS: &str = "ordinals of list";
/// One column of `jsonb_to_recordset`, as text: of which document, which member, whether of one object, and whether as JSON.
pub(in crate::query) const RECORD_COLUMN: &str = "column of records";

macro_rules! each_functions {
    ($name:literal, $document:ident, $value:ident) => {
        [
            immutable(
                $name,
                |types| of(types, &SqlType::$document, SqlType::Text),
                |given| list(given, |document, row| pairs(document, row, $name)),
            ),
            Definition {
                name: concat!($name, " keys"),
                volatility: Volatility::Immutable,
                result: |types| of(types, &SqlType::$document, SqlType::Text),
                run: |given| list(given, |document, row| keys(document, row, $name)),
            },
            Definition {
                name: concat!($name, " values"),
                volatility: Volatility::Immutable,
                result: |types| of(types, &SqlType::$document, SqlType::$value),
                run: |given| list(given, |document, row| values(document, row, $name)),
            },
        ]
    };
}

macro_rules! list_function {
    ($name:literal, $document:ident, $value:ident, $run:expr) => {
        immutable(
            $name,
            |types| of(types, &SqlType::$document, SqlType::$value),
            |given| list(given, |document, row| $run(document, row, $name)),
        )
    };
}

pub(super) static EACH: [[Definition; 3]; 4] = [
    each_functions!("jsonb_each", Jsonb, Jsonb),
    each_functions!("jsonb_each_text", Jsonb, Text),
    each_functions!("json_each", Json, Json),
    each_functions!("json_each_text", Json, Text),
];

pub(super) static DEFINITIONS: [Definition; 8] = [
    list_function!("jsonb_array_elements", Jsonb, Jsonb, parts),
    list_function!("jsonb_array_elements_text", Jsonb, Text, parts),
    list_function!("json_array_elements", Json, Json, parts),
    list_function!("json_array_elements_text", Json, Text, parts),
    list_function!("jsonb_object_keys", Jsonb, Text, keys),
    list_function!("json_object_keys", Json, Text, keys),
    immutable(ORDINALS, |_| Some(list_of(SqlType::Int8)), ordinals),
    immutable(
        RECORD_COLUMN,
        |types| match types {
            [Argument::Unknown | Argument::Of(SqlType::Json | SqlType::Jsonb), name, one, json]
                if name.is_text() && one.is(&SqlType::Bool) && json.is(&SqlType::Bool) =>
            {
                Some(list_of(SqlType::Text))
            }
            _ => None,
        },
        record_column,
    ),
];

fn list_of(element: SqlType) -> SqlType {
    SqlType::Array(Box::new(element))
}

fn of(types: &[Argument], document: &SqlType, element: SqlType) -> Option<SqlType> {
    match types {
        [only] if only.is(document) => Some(list_of(element)),
        _ => None,
    }
}

/// The elements of one row's list, gathered.
type Row = Vec<Option<String>>;

/// A list for each document.
fn list(given: &Arguments, gather: impl Fn(&str, &mut Row) -> Result<()>) -> Result<ArrayRef> {
    let documents = documents(given, 0)?;
    let mut out = ColumnBuilder::new(&given.result, given.rows);
    let text = given.result == list_of(SqlType::Text);
    let plain = given.name.ends_with(EACH_KEYS)
        || given.name.ends_with("_keys")
        || (!given.name.contains(' ') && given.name.contains("_each"));
    let mut row = Vec::new();
    for document in &documents {
        let Some(document) = document else {
            out.append_null();
            continue;
        };
        row.clear();
        gather(document, &mut row)?;
        let mut builder = out.begin_list()?;
        for element in &row {
            match element {
                // What is text already is not JSON that stands for a text.
                Some(value) if !text || plain => builder.append_text(value, &given.style)?,
                Some(json) => match as_text(json) {
                    Some(plain) => builder.append_text(&plain, &given.style)?,
                    None => builder.append_null(),
                },
                None => builder.append_null(),
            }
        }
        builder.end()?;
    }
    Ok(out.finish())
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(Kind::InvalidParameterValue, message)
}

fn parts(document: &str, row: &mut Row, name: &str) -> Result<()> {
    match (Shape::of(document), name.starts_with("jsonb")) {
        (Shape::Array, _) => {
            row.extend(elements(document).map(|element| Some(element.to_owned())));
            Ok(())
        }
        (Shape::Object, true) => Err(invalid("cannot extract elements from an object")),
        (_, true) => Err(invalid("cannot extract elements from a scalar")),
        (Shape::Object, false) => Err(invalid(format!("cannot call {name} on a non-array"))),
        (_, false) => Err(invalid(format!("cannot call {name} on a scalar"))),
    }
}

fn require_object(document: &str, name: &str) -> Result<()> {
    match (Shape::of(document), name) {
        (Shape::Object, _) => Ok(()),
        (Shape::Array, "jsonb_object_keys" | "json_object_keys") => Err(invalid(format!("cannot call {name} on an array"))),
        (_, "jsonb_object_keys" | "json_object_keys") => Err(invalid(format!("cannot call {name} on a scalar"))),
        (_, jsonb) if jsonb.starts_with("jsonb") => Err(invalid(format!("cannot call {name} on a non-object"))),
        (Shape::Array, _) => Err(invalid("cannot deconstruct an array as an object")),
        (_, _) => Err(invalid("cannot deconstruct a scalar")),
    }
}

fn keys(document: &str, row: &mut Row, name: &str) -> Result<()> {
    require_object(document, name)?;
    row.extend(members(document).map(|(key, _)| as_text(key).map(std::borrow::Cow::into_owned)));
    Ok(())
}

fn values(document: &str, row: &mut Row, name: &str) -> Result<()> {
    require_object(document, name)?;
    row.extend(members(document).map(|(_, value)| Some(value.to_owned())));
    Ok(())
}

/// Key and value as the text of a row, which a SELECT list shows.
fn pairs(document: &str, row: &mut Row, name: &str) -> Result<()> {
    require_object(document, name)?;
    for (key, value) in members(document) {
        let key = as_text(key).unwrap_or_default();
        let value = if name.ends_with("_text") { as_text(value) } else { Some(value.into()) };
        let value = value.map_or_else(String::new, |value| record_field(&value));
        row.push(Some(format!("({},{value})", record_field(&key))));
    }
    Ok(())
}

/// A field in a row's text, quoted where it must be.
fn record_field(text: &str) -> String {
    let special =
        |letter: char| matches!(letter, '"' | '\\' | '(' | ')' | ',') || letter.is_ascii_whitespace() || letter == '\u{b}';
    if !text.is_empty() && !text.contains(special) {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\"\""))
}

fn ordinals(given: &Arguments) -> Result<ArrayRef> {
    let lists = given.array(0)?;
    let lists = lists.as_list_opt::<i32>().ok_or_else(|| Error::internal("ordinals are those of a list"))?;
    let field = SqlType::Int8.item();
    let mut out = ListBuilder::new(Int64Builder::new()).with_field(field);
    for row in 0..lists.len() {
        let count = if lists.is_null(row) { 0 } else { i64::from(lists.value_length(row)) };
        for number in 1..=count {
            out.values().append_value(number);
        }
        out.append(true);
    }
    Ok(Arc::new(out.finish()))
}

/// What the members of this name are in each object of an array (or in one object), as the input functions want to read them.
fn record_column(given: &Arguments) -> Result<ArrayRef> {
    let documents = documents(given, 0)?;
    let names = given.texts(1)?;
    let one = given.as_type(2, &SqlType::Bool)?;
    let json = given.as_type(3, &SqlType::Bool)?;
    let mut out = ColumnBuilder::new(&given.result, given.rows);
    for (row, (document, name)) in documents.iter().zip(&names).enumerate() {
        let (Some(document), Some(name)) = (document, name) else {
            out.append_null();
            continue;
        };
        let single = one.as_boolean().value(row);
        let records: Vec<&str> = if single { vec![document] } else { elements(document).collect() };
        let function = if single { "jsonb_to_record" } else { "jsonb_to_recordset" };
        match (Shape::of(document), single) {
            (Shape::Object, true) | (Shape::Array, false) => {}
            (Shape::Array, true) => return Err(invalid(format!("cannot call {function} on an array"))),
            (Shape::Object, false) => return Err(invalid(format!("cannot call {function} on an object"))),
            (_, true) => return Err(invalid(format!("cannot call {function} on a scalar"))),
            (_, false) => return Err(invalid(format!("cannot call {function} on a non-array"))),
        }
        let mut list = out.begin_list()?;
        for record in records {
            if Shape::of(record) != Shape::Object {
                return Err(invalid(format!("argument of {function} must be an array of objects")));
            }
            match crate::value::json::path::member(record, name) {
                Some(value) if json.as_boolean().value(row) => list.append_text(value, &given.style)?,
                Some(value) => match as_text(value) {
                    Some(text) => list.append_text(&text, &given.style)?,
                    None => list.append_null(),
                },
                None => list.append_null(),
            }
        }
        list.end()?;
    }
    Ok(out.finish())
}
