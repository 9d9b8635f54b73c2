//! Making JSON from values: `jsonb_build_object`, `jsonb_build_array`, `to_jsonb`, and the same for `json`.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, StringViewArray, StringViewBuilder};
use datafusion::logical_expr::Volatility;

use super::text_of;
use crate::error::{Error, Kind, Result};
use crate::query::functions::scalar::{Argument, Arguments, Definition};
use crate::value::json::canonicalise;
use crate::value::json::string::write_string;
use crate::value::{Formatter, SqlType};

pub(super) static DEFINITIONS: [Definition; 7] = [
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
    Definition {
        name: "jsonb_object",
        volatility: Volatility::Immutable,
        result: |types| match types {
            [pairs] if pairs.is_text_array() => Some(SqlType::Jsonb),
            _ => None,
        },
        run: pairs,
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

fn object(given: &Arguments, colon: &str) -> Result<ArrayRef> {
    if !given.arrays.len().is_multiple_of(2) {
        return Err(Error::new(Kind::InvalidParameterValue, "argument list must have even number of elements")
            .with_hint(format!("The arguments of {}() must consist of alternating keys and values.", given.name)));
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
    let mut out = StringViewBuilder::with_capacity(given.rows);
    for row in 0..given.rows {
        if values.is_null(row) {
            out.append_null();
            continue;
        }
        let mut built = Vec::new();
        values.write_json(row, &mut built);
        append(given, built, &mut out)?;
    }
    Ok(Arc::new(out.finish()))
}

/// `jsonb_object('{key, value, …}')`.
fn pairs(given: &Arguments) -> Result<ArrayRef> {
    let mut out = StringViewBuilder::with_capacity(given.rows);
    for row in super::get::paths(given, 0)? {
        let Some(row) = row else {
            out.append_null();
            continue;
        };
        if !row.len().is_multiple_of(2) {
            return Err(Error::new(Kind::DataException, "array must have even number of elements"));
        }
        let mut built = vec![b'{'];
        for (at, pair) in row.chunks(2).enumerate() {
            let [Some(key), value] = pair else {
                return Err(Error::new(Kind::DataException, "null value not allowed for object key"));
            };
            if at > 0 {
                built.extend_from_slice(b", ");
            }
            write_string(key, &mut built);
            built.extend_from_slice(b": ");
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
