//! Changing a `jsonb`: `||`, `-`, `#-`, `jsonb_set`, `jsonb_set_lax`, `jsonb_insert`.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringViewBuilder};
use datafusion::arrow::datatypes::Int64Type;

use super::documents;
use super::get::paths;
use crate::error::{Error, Kind, Result};
use crate::query::functions::scalar::{Argument, Arguments, Definition, immutable, text, texts_of};
use crate::value::SqlType;
use crate::value::json::canonicalise;
use crate::value::json::path::{index, key_is};
use crate::value::json::scan::{Shape, elements, members};
use crate::value::json::string::write_string;

pub(super) static DEFINITIONS: [Definition; 7] = [
    immutable(
        "jsonb_concat",
        |types| match types {
            [left, right] if left.is(&SqlType::Jsonb) && right.is(&SqlType::Jsonb) => Some(SqlType::Jsonb),
            _ => None,
        },
        concat,
    ),
    immutable(
        "jsonb_delete",
        |types| match types {
            [Argument::Of(SqlType::Jsonb), key] if key.is_text() || key.is_integer() || key.is_text_array() => Some(SqlType::Jsonb),
            _ => None,
        },
        delete,
    ),
    immutable(
        "#-",
        |types| match types {
            [Argument::Of(SqlType::Jsonb), path] if path.is_text_array() => Some(SqlType::Jsonb),
            _ => None,
        },
        delete_path,
    ),
    immutable(
        "jsonb_delete_path",
        |types| match types {
            [document, path] if document.is(&SqlType::Jsonb) && path.is_text_array() => Some(SqlType::Jsonb),
            _ => None,
        },
        delete_path,
    ),
    immutable("jsonb_set", set_result, |given| set(given, Change::Set { create: true })),
    immutable("jsonb_insert", set_result, |given| set(given, Change::Insert { after: false })),
    immutable(
        "jsonb_set_lax",
        |types| match types {
            [first @ .., treatment] if first.len() == 4 && treatment.is_text() => set_result(first),
            other => set_result(other),
        },
        set_lax,
    ),
];

/// The canonical form of what was put together.
pub(super) fn canonical(built: &str) -> Result<String> {
    let mut out = String::with_capacity(built.len());
    canonicalise(built, &mut out)?;
    Ok(out)
}

fn array_of(parts: &[&str]) -> String {
    format!("[{}]", parts.join(", "))
}

fn object_of(parts: &[(&str, &str)]) -> String {
    let members: Vec<String> = parts.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{{}}}", members.join(", "))
}

fn concat(given: &Arguments) -> Result<ArrayRef> {
    let left = documents(given, 0)?;
    let right = documents(given, 1)?;
    texts_of(given.rows, |row| match (text(&left, row), text(&right, row)) {
        (Some(left), Some(right)) => concatenated(left, right).map(Some),
        (None, _) | (_, None) => Ok(None),
    })
}

/// Objects are merged, the right one's members last; anything else is joined as arrays.
fn concatenated(left: &str, right: &str) -> Result<String> {
    if (Shape::of(left), Shape::of(right)) == (Shape::Object, Shape::Object) {
        let parts: Vec<_> = members(left).chain(members(right)).collect();
        return canonical(&object_of(&parts));
    }
    let parts = |value| -> Vec<&str> { if Shape::of(value) == Shape::Array { elements(value).collect() } else { vec![value] } };
    Ok(array_of(&[parts(left), parts(right)].concat()))
}

fn delete(given: &Arguments) -> Result<ArrayRef> {
    let documents = documents(given, 0)?;
    let mut out = StringViewBuilder::with_capacity(given.rows);
    let wanted = given.types.get(1);
    if wanted.is_some_and(Argument::is_text) {
        let keys = given.texts(1)?;
        for pair in documents.iter().zip(&keys) {
            match pair {
                (Some(document), Some(key)) => out.append_value(without_keys(document, &[key])?),
                _ => out.append_null(),
            }
        }
    } else if wanted.is_some_and(Argument::is_integer) {
        let indexes = given.as_type(1, &SqlType::Int8)?;
        for pair in documents.iter().zip(indexes.as_primitive::<Int64Type>()) {
            match pair {
                (Some(document), Some(index)) => out.append_value(without_index(document, index)?),
                _ => out.append_null(),
            }
        }
    } else {
        for pair in documents.iter().zip(paths(given, 1)?) {
            match pair {
                (Some(document), Some(keys)) => {
                    let keys: Vec<&str> = keys.iter().flatten().map(String::as_str).collect();
                    out.append_value(without_keys(document, &keys)?);
                }
                _ => out.append_null(),
            }
        }
    }
    Ok(Arc::new(out.finish()))
}

fn without_keys(document: &str, keys: &[&str]) -> Result<String> {
    match Shape::of(document) {
        Shape::Object => {
            let kept: Vec<_> = members(document).filter(|(own, _)| !keys.iter().any(|key| key_is(own, key))).collect();
            Ok(object_of(&kept))
        }
        Shape::Array => {
            let gone = |element: &&str| Shape::of(element) == Shape::String && keys.iter().any(|key| key_is(element, key));
            let kept: Vec<&str> = elements(document).filter(|element| !gone(element)).collect();
            Ok(array_of(&kept))
        }
        Shape::String | Shape::Number | Shape::Bool | Shape::Null => {
            Err(Error::new(Kind::InvalidParameterValue, "cannot delete from scalar"))
        }
    }
}

/// The place that an index means among `count` elements.
fn place(index: i64, count: usize) -> Option<usize> {
    let at = if index < 0 { index + i64::try_from(count).unwrap_or(i64::MAX) } else { index };
    usize::try_from(at).ok().filter(|at| *at < count)
}

fn without_index(document: &str, index: i64) -> Result<String> {
    match Shape::of(document) {
        Shape::Array => {
            let mut parts: Vec<&str> = elements(document).collect();
            if let Some(at) = place(index, parts.len()) {
                parts.remove(at);
            }
            Ok(array_of(&parts))
        }
        Shape::Object => Err(Error::new(Kind::InvalidParameterValue, "cannot delete from object using integer index")),
        Shape::String | Shape::Number | Shape::Bool | Shape::Null => {
            Err(Error::new(Kind::InvalidParameterValue, "cannot delete from scalar"))
        }
    }
}

/// A document, a path, a new value, and perhaps a flag.
fn set_result(types: &[Argument]) -> Option<SqlType> {
    let fits = match types {
        [document, path, new] => document.is(&SqlType::Jsonb) && path.is_text_array() && new.is(&SqlType::Jsonb),
        [document, path, new, flag] => {
            document.is(&SqlType::Jsonb) && path.is_text_array() && new.is(&SqlType::Jsonb) && flag.is(&SqlType::Bool)
        }
        _ => false,
    };
    fits.then_some(SqlType::Jsonb)
}

/// What happens at the end of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Delete,
    /// Replaces what is there; `create` adds what is not.
    Set {
        create: bool,
    },
    /// Adds an element before or after the one that is there, or a member that is not.
    Insert {
        after: bool,
    },
}

impl Change {
    fn adds(self) -> bool {
        matches!(self, Change::Set { create: true } | Change::Insert { .. })
    }

    fn done_in_scalar(self) -> &'static str {
        match self {
            Change::Delete => "cannot delete path in scalar",
            Change::Set { .. } | Change::Insert { .. } => "cannot set path in scalar",
        }
    }
}

fn delete_path(given: &Arguments) -> Result<ArrayRef> {
    let documents = documents(given, 0)?;
    let mut out = StringViewBuilder::with_capacity(given.rows);
    for pair in documents.iter().zip(paths(given, 1)?) {
        match pair {
            (Some(document), Some(path)) => out.append_value(changed_whole(document, &path, "null", Change::Delete)?),
            _ => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

/// The flag of a row; `None` where it is NULL.
fn flag(flags: Option<&ArrayRef>, row: usize, otherwise: bool) -> Option<bool> {
    match flags {
        Some(flags) if flags.is_null(row) => None,
        Some(flags) => Some(flags.as_boolean().value(row)),
        None => Some(otherwise),
    }
}

fn flags(given: &Arguments) -> Result<Option<ArrayRef>> {
    if given.arrays.len() > 3 { given.as_type(3, &SqlType::Bool).map(Some) } else { Ok(None) }
}

fn set(given: &Arguments, change: Change) -> Result<ArrayRef> {
    let documents_of = documents(given, 0)?;
    let new = documents(given, 2)?;
    let flags = flags(given)?;
    let mut out = StringViewBuilder::with_capacity(given.rows);
    for (row, ((document, path), new)) in documents_of.iter().zip(paths(given, 1)?).zip(&new).enumerate() {
        let change = match change {
            Change::Set { create } => flag(flags.as_ref(), row, create).map(|create| Change::Set { create }),
            Change::Insert { after } => flag(flags.as_ref(), row, after).map(|after| Change::Insert { after }),
            Change::Delete => Some(Change::Delete),
        };
        match (document, path, new, change) {
            (Some(document), Some(path), Some(new), Some(change)) => {
                out.append_value(changed_whole(document, &path, new, change)?);
            }
            _ => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

/// `jsonb_set` whose new value may be NULL, and a word that says what then.
fn set_lax(given: &Arguments) -> Result<ArrayRef> {
    let documents_of = documents(given, 0)?;
    let new = documents(given, 2)?;
    let flags = flags(given)?;
    let treatments = if given.arrays.len() > 4 { Some(given.texts(4)?) } else { None };
    let mut out = StringViewBuilder::with_capacity(given.rows);
    for (row, (document, path)) in documents_of.iter().zip(paths(given, 1)?).enumerate() {
        let (Some(document), Some(path), Some(create)) = (document, path, flag(flags.as_ref(), row, true)) else {
            out.append_null();
            continue;
        };
        let treatment = match &treatments {
            Some(treatments) if treatments.is_null(row) => "",
            Some(treatments) => treatments.value(row),
            None => "use_json_null",
        };
        if treatment.is_empty() {
            return Err(unknown_treatment());
        }
        if !new.is_null(row) {
            out.append_value(changed_whole(document, &path, new.value(row), Change::Set { create })?);
            continue;
        }
        match treatment {
            "raise_exception" => {
                return Err(Error::new(Kind::NullValueNotAllowed, "JSON value must not be null")
                    .with_detail("Exception was raised because null_value_treatment is \"raise_exception\".")
                    .with_hint(
                        "To avoid, either change the null_value_treatment argument or ensure that an SQL NULL is not passed.",
                    ));
            }
            "use_json_null" => out.append_value(changed_whole(document, &path, "null", Change::Set { create })?),
            "delete_key" => out.append_value(changed_whole(document, &path, "null", Change::Delete)?),
            "return_target" => out.append_value(document),
            _ => return Err(unknown_treatment()),
        }
    }
    Ok(Arc::new(out.finish()))
}

fn unknown_treatment() -> Error {
    Error::new(
        Kind::InvalidParameterValue,
        "null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \"raise_exception\"",
    )
}

fn changed_whole(document: &str, path: &[Option<String>], new: &str, change: Change) -> Result<String> {
    if !matches!(Shape::of(document), Shape::Object | Shape::Array) {
        return Err(Error::new(Kind::InvalidParameterValue, change.done_in_scalar()));
    }
    if !change.adds() && members(document).next().is_none() && elements(document).next().is_none() {
        return Ok(document.to_owned());
    }
    canonical(&changed(document, path, 0, new, change)?)
}

/// The document with what stands at the path changed; `level` steps of the path have been taken.
fn changed(document: &str, path: &[Option<String>], level: usize, new: &str, change: Change) -> Result<String> {
    let Some(step) = path.get(level) else {
        return Ok(document.to_owned());
    };
    let shape = Shape::of(document);
    let Some(step) = step else {
        return Err(Error::new(Kind::NullValueNotAllowed, format!("path element at position {} is null", level + 1)));
    };
    match shape {
        Shape::Object => changed_object(document, step, path, level, new, change),
        Shape::Array => changed_array(document, step, path, level, new, change),
        Shape::String | Shape::Number | Shape::Bool | Shape::Null => Ok(document.to_owned()),
    }
}

fn changed_object(document: &str, step: &str, path: &[Option<String>], level: usize, new: &str, change: Change) -> Result<String> {
    let last = level + 1 == path.len();
    let mut parts = Vec::new();
    let mut found = false;
    for (key, value) in members(document) {
        if !key_is(key, step) {
            parts.push(format!("{key}: {value}"));
            continue;
        }
        found = true;
        match (last, change) {
            (true, Change::Insert { .. }) => {
                return Err(Error::new(Kind::InvalidParameterValue, "cannot replace existing key")
                    .with_hint("Try using the function jsonb_set to replace key value."));
            }
            (true, Change::Set { .. }) => parts.push(format!("{key}: {new}")),
            (true, Change::Delete) => {}
            (false, _) => parts.push(format!("{key}: {}", changed(value, path, level + 1, new, change)?)),
        }
    }
    if last && !found && change.adds() {
        let mut key = String::new();
        write_string(step, &mut key);
        parts.push(format!("{key}: {new}"));
    }
    Ok(format!("{{{}}}", parts.join(", ")))
}

fn changed_array(document: &str, step: &str, path: &[Option<String>], level: usize, new: &str, change: Change) -> Result<String> {
    let Some(index) = index(step) else {
        let message = format!("path element at position {} is not an integer: \"{step}\"", level + 1);
        return Err(Error::new(Kind::InvalidTextRepresentation, message));
    };
    let last = level + 1 == path.len();
    let mut parts: Vec<String> = elements(document).map(str::to_owned).collect();
    match (place(index, parts.len()), change) {
        (Some(at), _) if !last => parts[at] = changed(&parts[at], path, level + 1, new, change)?,
        (Some(at), Change::Set { .. }) => parts[at] = new.to_owned(),
        (Some(at), Change::Insert { after }) => parts.insert(at + usize::from(after), new.to_owned()),
        (Some(at), Change::Delete) => {
            parts.remove(at);
        }
        (None, change) if last && change.adds() => {
            let at = if index < 0 { 0 } else { parts.len() };
            parts.insert(at, new.to_owned());
        }
        (None, _) => {}
    }
    Ok(format!("[{}]", parts.join(", ")))
}
