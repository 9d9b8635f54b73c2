//! Making JSON from values: `jsonb_build_object`, `jsonb_build_array`, `to_jsonb`, and the same for `json`.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringViewArray, StringViewBuilder};
use datafusion::logical_expr::Volatility;

use super::text_of;
use crate::error::{Error, Kind, Result};
use crate::query::functions::scalar::{Argument, Arguments, Definition, immutable};
use crate::value::json::canonicalise;
use crate::value::json::scan::{Shape, elements, members};
use crate::value::json::string::write_string;
use crate::value::{Formatter, SqlType};

pub(super) static DEFINITIONS: [Definition; 10] = [
    Definition {
        name: "jsonb_build_object",
        volatility: Volatility::Stable,
        result: |_| Some(SqlType::Jsonb),
        run: |given| object(given, ": "),
    },
    Definition {
        name: "json_build_object",
        volatility: Volatility::Stable,
        result: |_| Some(SqlType::Json),
        run: |given| object(given, " : "),
    },
    Definition { name: "jsonb_build_array", volatility: Volatility::Stable, result: |_| Some(SqlType::Jsonb), run: array },
    Definition { name: "json_build_array", volatility: Volatility::Stable, result: |_| Some(SqlType::Json), run: array },
    Definition { name: "to_jsonb", volatility: Volatility::Stable, result: |types| one(types, SqlType::Jsonb), run: value },
    Definition { name: "to_json", volatility: Volatility::Stable, result: |types| one(types, SqlType::Json), run: value },
    immutable("jsonb_object", |types| pairs_result(types, SqlType::Jsonb), pairs),
    immutable("json_object", |types| pairs_result(types, SqlType::Json), pairs),
    Definition {
        name: "array_to_json",
        volatility: Volatility::Stable,
        result: |types| match types {
            [Argument::Of(SqlType::Array(_))] => Some(SqlType::Json),
            [Argument::Of(SqlType::Array(_)), pretty] if pretty.is(&SqlType::Bool) => Some(SqlType::Json),
            _ => None,
        },
        run: value,
    },
    Definition {
        name: "row_to_json",
        volatility: Volatility::Stable,
        result: |types| match types {
            [Argument::Of(SqlType::Record(_))] => Some(SqlType::Json),
            [Argument::Of(SqlType::Record(_)), pretty] if pretty.is(&SqlType::Bool) => Some(SqlType::Json),
            _ => None,
        },
        run: value,
    },
];

fn one(types: &[Argument], result: SqlType) -> Option<SqlType> {
    (types.len() == 1).then_some(result)
}

/// Appends a JSON text that was built: `jsonb` in its canonical form.
fn append(given: &Arguments, built: Vec<u8>, out: &mut StringViewBuilder) -> Result<()> {
    let built = text_of(built)?;
    if given.result == SqlType::Jsonb {
        let mut canonical = String::with_capacity(built.len());
        canonicalise(&built, &mut canonical)?;
        out.append_value(canonical);
    } else {
        out.append_value(built);
    }
    Ok(())
}

fn pairs_result(types: &[Argument], result: SqlType) -> Option<SqlType> {
    match types {
        [pairs] if pairs.is_text_array() => Some(result),
        [keys, values] if keys.is_text_array() && values.is_text_array() => Some(result),
        _ => None,
    }
}

fn object(given: &Arguments, colon: &str) -> Result<ArrayRef> {
    if !given.arrays.len().is_multiple_of(2) {
        return Err(Error::new(Kind::InvalidParameterValue, "argument list must have even number of elements")
            .with_hint(format!("The arguments of {}() must consist of alternating keys and values.", given.name)));
    }
    let composite = |argument: &Argument| match argument {
        Argument::Of(SqlType::Array(_) | SqlType::Json | SqlType::Jsonb) => true,
        Argument::Of(_) | Argument::Unknown => false,
    };
    let no_scalar_key = given.types.iter().step_by(2).any(composite);
    if no_scalar_key && given.rows > 0 {
        return Err(Error::new(Kind::InvalidParameterValue, "key value must be scalar, not array, composite, or json"));
    }
    let keys: Vec<StringViewArray> = (0..given.arrays.len()).step_by(2).map(|at| given.texts(at)).collect::<Result<_>>()?;
    let values: Vec<Formatter> = (1..given.arrays.len()).step_by(2).map(|at| given.formatter(at)).collect::<Result<_>>()?;
    let mut out = StringViewBuilder::with_capacity(given.rows);
    for row in 0..given.rows {
        let mut built = vec![b'{'];
        for (at, (keys, values)) in keys.iter().zip(&values).enumerate() {
            if keys.is_null(row) {
                return Err(Error::new(Kind::InvalidParameterValue, format!("argument {}: key must not be null", at * 2 + 1)));
            }
            if at > 0 {
                built.extend_from_slice(b", ");
            }
            write_string(keys.value(row), &mut built);
            built.extend_from_slice(colon.as_bytes());
            values.write_json(row, &mut built);
        }
        built.push(b'}');
        append(given, built, &mut out)?;
    }
    Ok(Arc::new(out.finish()))
}

fn array(given: &Arguments) -> Result<ArrayRef> {
    let values: Vec<Formatter> = (0..given.arrays.len()).map(|at| given.formatter(at)).collect::<Result<_>>()?;
    let mut out = StringViewBuilder::with_capacity(given.rows);
    for row in 0..given.rows {
        let mut built = vec![b'['];
        for (at, values) in values.iter().enumerate() {
            if at > 0 {
                built.extend_from_slice(b", ");
            }
            values.write_json(row, &mut built);
        }
        built.push(b']');
        append(given, built, &mut out)?;
    }
    Ok(Arc::new(out.finish()))
}

fn value(given: &Arguments) -> Result<ArrayRef> {
    if given.types.first() == Some(&Argument::Unknown) && given.array(0)?.null_count() == 0 {
        // A literal could be of any type.
        return Err(Error::new(Kind::DatatypeMismatch, "could not determine polymorphic type because input has type unknown"));
    }
    let values = given.formatter(0)?;
    let pretty = if given.arrays.len() > 1 { Some(given.as_type(1, &SqlType::Bool)?) } else { None };
    let mut out = StringViewBuilder::with_capacity(given.rows);
    for row in 0..given.rows {
        if values.is_null(row) || pretty.as_ref().is_some_and(|pretty| pretty.is_null(row)) {
            out.append_null();
            continue;
        }
        let mut built = Vec::new();
        values.write_json(row, &mut built);
        if pretty.as_ref().is_some_and(|pretty| pretty.as_boolean().value(row)) {
            built = in_lines(&text_of(built)?).into_bytes();
        }
        append(given, built, &mut out)?;
    }
    Ok(Arc::new(out.finish()))
}

/// Each element or member of the outermost value on a line of its own.
fn in_lines(document: &str) -> String {
    match Shape::of(document) {
        Shape::Array => format!("[{}]", elements(document).collect::<Vec<_>>().join(",\n ")),
        Shape::Object => {
            let members: Vec<String> = members(document).map(|(key, value)| format!("{key}:{value}")).collect();
            format!("{{{}}}", members.join(",\n "))
        }
        Shape::String | Shape::Number | Shape::Bool | Shape::Null => document.to_owned(),
    }
}

/// `jsonb_object('{key, value, …}')`, or of an array of keys and one of values.
fn pairs(given: &Arguments) -> Result<ArrayRef> {
    let mut out = StringViewBuilder::with_capacity(given.rows);
    let colon: &[u8] = if given.result == SqlType::Jsonb { b": " } else { b" : " };
    let values = if given.arrays.len() > 1 { Some(super::get::paths(given, 1)?) } else { None };
    for (row, keys) in super::get::paths(given, 0)?.into_iter().enumerate() {
        let values = values.as_ref().map(|values| values.get(row).and_then(Option::as_ref));
        let members: Vec<(Option<String>, Option<String>)> = match (keys, values) {
            (None, _) | (_, Some(None)) => {
                out.append_null();
                continue;
            }
            (Some(keys), Some(Some(values))) => {
                if keys.len() != values.len() {
                    return Err(Error::new(Kind::ArraySubscriptError, "mismatched array dimensions"));
                }
                keys.into_iter().zip(values.iter().cloned()).collect()
            }
            (Some(all), None) => {
                if !all.len().is_multiple_of(2) {
                    return Err(Error::new(Kind::ArraySubscriptError, "array must have even number of elements"));
                }
                all.chunks(2).filter_map(|pair| Some((pair.first()?.clone(), pair.last()?.clone()))).collect()
            }
        };
        let mut built = vec![b'{'];
        for (at, (key, value)) in members.iter().enumerate() {
            let Some(key) = key else {
                return Err(Error::new(Kind::NullValueNotAllowed, "null value not allowed for object key"));
            };
            if at > 0 {
                built.extend_from_slice(b", ");
            }
            write_string(key, &mut built);
            built.extend_from_slice(colon);
            match value {
                Some(value) => write_string(value, &mut built),
                None => built.extend_from_slice(b"null"),
            }
        }
        built.push(b'}');
        append(given, built, &mut out)?;
    }
    Ok(Arc::new(out.finish()))
}
