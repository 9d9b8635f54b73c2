//! `UPDATE t SET j['a'][0] = …`: a value put at a path of a `jsonb`, which makes what lies on the way (`jsonb_set_element` in PostgreSQL's
//! `jsonfuncs.c`).

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, StringViewBuilder};

use super::documents;
use super::edit::canonical;
use super::get::paths;
use crate::error::{Error, Kind, Result};
use crate::query::functions::scalar::{Argument, Arguments, Definition, immutable};
use crate::value::SqlType;
use crate::value::json::path::{index, key_is};
use crate::value::json::scan::{Shape, elements, members};
use crate::value::json::string::write_string;

/// Of a document, a path, a value and the first subscript, whose type says what a NULL document becomes. Nobody types this name.
pub(in crate::query) const ASSIGNED: &str = "assigned by subscripts";

pub(super) static DEFINITIONS: [Definition; 1] = [immutable(
    ASSIGNED,
    |types| match types {
        [document, path, value, _] if document.is(&SqlType::Jsonb) && path.is_text_array() && value.is(&SqlType::Jsonb) => {
            Some(SqlType::Jsonb)
        }
        _ => None,
    },
    assigned,
)];

fn assigned(given: &Arguments) -> Result<ArrayRef> {
    let documents_of = documents(given, 0)?;
    let values = documents(given, 2)?;
    let nothing = match given.types.get(3) {
        Some(first @ Argument::Of(_)) if first.is_integer() => "[]",
        Some(_) | None => "{}",
    };
    let mut out = StringViewBuilder::with_capacity(given.rows);
    for (row, path) in paths(given, 1)?.into_iter().enumerate() {
        let path: Option<Vec<String>> = path.and_then(|path| path.into_iter().collect());
        let path = path.ok_or_else(|| Error::new(Kind::NullValueNotAllowed, "jsonb subscript in assignment must not be null"))?;
        let document = if documents_of.is_null(row) { nothing } else { documents_of.value(row) };
        let value = if values.is_null(row) { "null" } else { values.value(row) };
        out.append_value(canonical(&put(document, &path, 0, value)?)?);
    }
    Ok(Arc::new(out.finish()))
}

/// The document with the value at the path; `level` steps of the path have been taken.
fn put(document: &str, path: &[String], level: usize, value: &str) -> Result<String> {
    let Some(step) = path.get(level) else { return Ok(value.to_owned()) };
    match Shape::of(document) {
        Shape::Object => put_member(document, step, path, level, value),
        Shape::Array => put_element(document, step, path, level, value),
        Shape::String | Shape::Number | Shape::Bool | Shape::Null => {
            Err(Error::new(Kind::InvalidParameterValue, "cannot replace existing key")
                .with_detail("The path assumes key is a composite object, but it is a scalar value."))
        }
    }
}

fn put_member(document: &str, step: &str, path: &[String], level: usize, value: &str) -> Result<String> {
    let mut parts = Vec::new();
    let mut found = false;
    for (key, own) in members(document) {
        if key_is(key, step) {
            found = true;
            parts.push(format!("{key}: {}", put(own, path, level + 1, value)?));
        } else {
            parts.push(format!("{key}: {own}"));
        }
    }
    if !found {
        parts.push(member(step, &grown(path.get(level + 1..).unwrap_or_default(), value)));
    }
    Ok(format!("{{{}}}", parts.join(", ")))
}

fn put_element(document: &str, step: &str, path: &[String], level: usize, value: &str) -> Result<String> {
    let index = index(step).ok_or_else(|| {
        let message = format!("path element at position {} is not an integer: \"{step}\"", level + 1);
        Error::new(Kind::InvalidTextRepresentation, message)
    })?;
    let mut parts: Vec<String> = elements(document).map(str::to_owned).collect();
    let count = i64::try_from(parts.len()).unwrap_or(i64::MAX);
    let at = usize::try_from(if index < 0 { index + count } else { index }).map_err(|_| {
        let message = format!("path element at position {} is out of range: {index}", level + 1);
        Error::new(Kind::InvalidParameterValue, message)
    })?;
    match parts.get_mut(at) {
        Some(part) => *part = put(part, path, level + 1, value)?,
        None => {
            require_room(at)?;
            parts.resize(at, "null".to_owned());
            parts.push(grown(path.get(level + 1..).unwrap_or_default(), value));
        }
    }
    Ok(format!("[{}]", parts.join(", ")))
}

/// The value inside the objects and arrays that a path wants which is not there: a whole number is a place in an array.
fn grown(path: &[String], value: &str) -> String {
    path.iter().rev().fold(value.to_owned(), |inner, step| match index(step) {
        Some(at) => {
            let gap = "null, ".repeat(usize::try_from(at).unwrap_or(0).min(ELEMENTS_MAX));
            format!("[{gap}{inner}]")
        }
        None => format!("{{{}}}", member(step, &inner)),
    })
}

fn member(key: &str, value: &str) -> String {
    let mut quoted = String::new();
    write_string(key, &mut quoted);
    format!("{quoted}: {value}")
}

/// The most elements that a gap may have: a row holds no more text.
const ELEMENTS_MAX: usize = 4_000_000;

fn require_room(at: usize) -> Result<()> {
    if at <= ELEMENTS_MAX {
        return Ok(());
    }
    Err(Error::new(Kind::ProgramLimitExceeded, format!("a jsonb array of {at} elements is larger than a row may be")))
}
