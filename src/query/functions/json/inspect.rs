//! Asking what a JSON value is, and laying it out: `jsonb_typeof`, `jsonb_array_length`, `jsonb_pretty`, `jsonb_strip_nulls`.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, Int32Builder};
use datafusion::logical_expr::Volatility;

use super::{documents, each, json_type};
use crate::error::{Error, Kind, Result};
use crate::query::functions::scalar::{Argument, Arguments, Definition, immutable};
use crate::value::SqlType;
use crate::value::json::pretty;
use crate::value::json::scan::{Shape, elements, members};

pub(super) static DEFINITIONS: [Definition; 7] = [
    immutable(
        "jsonb_pretty",
        |types| of(types, &SqlType::Jsonb, SqlType::Text),
        |given| each(given, |document| pretty(document).map(Some)),
    ),
    immutable("jsonb_typeof", |types| of(types, &SqlType::Jsonb, SqlType::Text), type_name),
    immutable("json_typeof", |types| of(types, &SqlType::Json, SqlType::Text), type_name),
    immutable("jsonb_array_length", |types| of(types, &SqlType::Jsonb, SqlType::Int4), length),
    immutable("json_array_length", |types| of(types, &SqlType::Json, SqlType::Int4), length),
    immutable(
        "jsonb_strip_nulls",
        |types| of(types, &SqlType::Jsonb, SqlType::Jsonb),
        |given| each(given, |document| Ok(Some(stripped(document, (": ", ", "))))),
    ),
    Definition {
        name: "json_strip_nulls",
        volatility: Volatility::Immutable,
        result: |types| of(types, &SqlType::Json, SqlType::Json),
        // What is built anew is written without blanks.
        run: |given| each(given, |document| Ok(Some(stripped(document, (":", ","))))),
    },
];

fn of(types: &[Argument], document: &SqlType, result: SqlType) -> Option<SqlType> {
    match types {
        [only] if json_type(only, document) => Some(result),
        _ => None,
    }
}

fn type_name(given: &Arguments) -> Result<ArrayRef> {
    each(given, |document| Ok(Some(Shape::of(document).name().to_owned())))
}

fn length(given: &Arguments) -> Result<ArrayRef> {
    let documents = documents(given, 0)?;
    let mut out = Int32Builder::with_capacity(documents.len());
    for document in &documents {
        let Some(document) = document else {
            out.append_null();
            continue;
        };
        match Shape::of(document) {
            Shape::Array => out.append_value(i32::try_from(elements(document).count()).unwrap_or(i32::MAX)),
            Shape::Object => {
                return Err(Error::new(Kind::InvalidParameterValue, "cannot get array length of a non-array"));
            }
            Shape::String | Shape::Number | Shape::Bool | Shape::Null => {
                return Err(Error::new(Kind::InvalidParameterValue, "cannot get array length of a scalar"));
            }
        }
    }
    Ok(Arc::new(out.finish()))
}

/// The value without the members that are null, at any depth. Depth is bounded by what `jsonb` accepts.
fn stripped(document: &str, signs: (&str, &str)) -> String {
    let (colon, comma) = signs;
    match Shape::of(document) {
        Shape::Object => {
            let kept: Vec<String> = members(document)
                .filter(|(_, value)| Shape::of(value) != Shape::Null)
                .map(|(key, value)| format!("{key}{colon}{}", stripped(value, signs)))
                .collect();
            format!("{{{}}}", kept.join(comma))
        }
        Shape::Array => {
            let kept: Vec<String> = elements(document).map(|element| stripped(element, signs)).collect();
            format!("[{}]", kept.join(comma))
        }
        Shape::String | Shape::Number | Shape::Bool | Shape::Null => document.trim().to_owned(),
    }
}
