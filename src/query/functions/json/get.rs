//! Reading parts of a JSON value: `->`, `->>`, `#>`, `#>>`, and the functions of the same meaning.

use std::borrow::Cow;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringViewArray, StringViewBuilder};
use datafusion::arrow::datatypes::Int64Type;

use super::scan::{Shape, elements, members};
use super::{documents, json_type};
use crate::error::Result;
use crate::query::functions::scalar::{Argument, Arguments, Definition, immutable};
use crate::value::SqlType;
use crate::value::json::reader::{Event, Reader, Strictness};
use crate::value::json::string::unescape;

/// `document['key']`; nobody types this name.
pub(in crate::query) const SUBSCRIPT: &str = "jsonb subscript";

pub(super) static DEFINITIONS: [Definition; 9] = [
    immutable("->", |types| child(types, false), |given| run(given, false)),
    immutable("->>", |types| child(types, true), |given| run(given, true)),
    immutable("#>", |types| path(types, false), |given| run_path(given, false)),
    immutable("#>>", |types| path(types, true), |given| run_path(given, true)),
    immutable(
        SUBSCRIPT,
        |types| match types {
            [Argument::Of(SqlType::Jsonb), key] if key.is_text() || key.is_integer() => Some(SqlType::Jsonb),
            _ => None,
        },
        |given| run_steps(given, false),
    ),
    immutable("jsonb_extract_path", |types| steps(types, &SqlType::Jsonb, false), |given| run_steps(given, false)),
    immutable("jsonb_extract_path_text", |types| steps(types, &SqlType::Jsonb, true), |given| run_steps(given, true)),
    immutable("json_extract_path", |types| steps(types, &SqlType::Json, false), |given| run_steps(given, false)),
    immutable("json_extract_path_text", |types| steps(types, &SqlType::Json, true), |given| run_steps(given, true)),
];

fn child(types: &[Argument], text: bool) -> Option<SqlType> {
    match types {
        [Argument::Of(document @ (SqlType::Json | SqlType::Jsonb)), key] if key.is_text() || key.is_integer() => {
            Some(if text { SqlType::Text } else { document.clone() })
        }
        _ => None,
    }
}

fn path(types: &[Argument], text: bool) -> Option<SqlType> {
    match types {
        [Argument::Of(document @ (SqlType::Json | SqlType::Jsonb)), path] if path.is_text_array() => {
            Some(if text { SqlType::Text } else { document.clone() })
        }
        _ => None,
    }
}

fn steps(types: &[Argument], document: &SqlType, text: bool) -> Option<SqlType> {
    let (first, path) = types.split_first()?;
    let fits = json_type(first, document) && !path.is_empty() && path.iter().all(Argument::is_text);
    fits.then(|| if text { SqlType::Text } else { document.clone() })
}

/// What a found value is answered as: its JSON text, or the text it stands for, of which `null` has none.
fn answer(found: Option<&str>, text: bool, out: &mut StringViewBuilder) {
    match found {
        Some(value) if text => match as_text(value) {
            Some(text) => out.append_value(text),
            None => out.append_null(),
        },
        Some(value) => out.append_value(value),
        None => out.append_null(),
    }
}

/// Checks a `json` that is looked into: it can hold escapes that stand for no text, and PostgreSQL reads all of it.
///
/// # Errors
/// 22P05 and 22P02 for such an escape.
fn check_escapes(given: &Arguments, documents: &StringViewArray) -> Result<()> {
    let json = match given.types.first() {
        Some(Argument::Of(of)) => *of == SqlType::Json,
        Some(Argument::Unknown) => given.name.starts_with("json_"),
        None => false,
    };
    if !json {
        return Ok(());
    }
    for document in documents.iter().flatten().filter(|document| document.contains("\\u")) {
        let mut reader = Reader::new(document, Strictness::Jsonb);
        while reader.next_event()? != Event::End {}
    }
    Ok(())
}

/// The text that a value stands for.
pub(super) fn as_text(value: &str) -> Option<Cow<'_, str>> {
    match Shape::of(value) {
        Shape::Null => None,
        Shape::String => {
            let mut text = String::with_capacity(value.len());
            unescape(value.trim(), &mut text);
            Some(Cow::Owned(text))
        }
        Shape::Object | Shape::Array | Shape::Number | Shape::Bool => Some(Cow::Borrowed(value)),
    }
}

/// The member of this key; `json` may hold it more than once, and the last counts.
pub(super) fn member<'a>(document: &'a str, key: &str) -> Option<&'a str> {
    members(document).filter(|(written, _)| key_is(written, key)).last().map(|(_, value)| value)
}

/// Whether a key as written, with its quotes, is this one.
pub(super) fn key_is(written: &str, key: &str) -> bool {
    let inner = written.get(1..written.len().saturating_sub(1)).unwrap_or_default();
    if inner.contains('\\') {
        let mut plain = String::with_capacity(written.len());
        unescape(written, &mut plain);
        plain == key
    } else {
        inner == key
    }
}

/// The element at an index, counted from the end where it is negative.
pub(super) fn element(document: &str, index: i64) -> Option<&str> {
    let index = if index < 0 {
        let count = i64::try_from(elements(document).count()).ok()?;
        count.checked_add(index).filter(|index| *index >= 0)?
    } else {
        index
    };
    elements(document).nth(usize::try_from(index).ok()?)
}

/// One step of a path: a key of an object, an index of an array.
fn step<'a>(document: &'a str, step: &str) -> Option<&'a str> {
    match Shape::of(document) {
        Shape::Object => member(document, step),
        Shape::Array => element(document, index(step)?),
        Shape::String | Shape::Number | Shape::Bool | Shape::Null => None,
    }
}

/// The index that a step of a path means, as `strtoint` reads it.
pub(super) fn index(step: &str) -> Option<i64> {
    step.trim_start().parse::<i32>().ok().map(i64::from)
}

fn run(given: &Arguments, text: bool) -> Result<ArrayRef> {
    let documents = documents(given, 0)?;
    check_escapes(given, &documents)?;
    let mut out = StringViewBuilder::with_capacity(given.rows);
    if given.types.get(1).is_some_and(Argument::is_text) {
        let keys = given.texts(1)?;
        for (document, key) in documents.iter().zip(&keys) {
            let found = document.zip(key).and_then(|(document, key)| member(document, key));
            answer(found, text, &mut out);
        }
    } else {
        let indexes = given.as_type(1, &SqlType::Int8)?;
        let indexes = indexes.as_primitive::<Int64Type>();
        let jsonb = given.types.first().is_some_and(|document| document.is(&SqlType::Jsonb));
        for (document, index) in documents.iter().zip(indexes) {
            let found = document.zip(index).and_then(|(document, index)| match Shape::of(document) {
                // A scalar `jsonb` is kept as an array of one.
                Shape::String | Shape::Number | Shape::Bool | Shape::Null if jsonb && matches!(index, 0 | -1) => Some(document),
                _ => element(document, index),
            });
            answer(found, text, &mut out);
        }
    }
    Ok(Arc::new(out.finish()))
}

fn run_path(given: &Arguments, text: bool) -> Result<ArrayRef> {
    let documents = documents(given, 0)?;
    check_escapes(given, &documents)?;
    let paths = paths(given, 1)?;
    let mut out = StringViewBuilder::with_capacity(given.rows);
    for (document, path) in documents.iter().zip(paths) {
        let found = document.zip(path).and_then(|(document, path)| {
            path.iter().try_fold(document, |value, key| key.as_deref().and_then(|key| step(value, key)))
        });
        answer(found, text, &mut out);
    }
    Ok(Arc::new(out.finish()))
}

/// A column of text arrays, row by row.
pub(super) fn paths(given: &Arguments, at: usize) -> Result<Vec<Option<Vec<Option<String>>>>> {
    let lists = given.as_type(at, &SqlType::Array(Box::new(SqlType::Text)))?;
    let lists = lists.as_list::<i32>();
    (0..lists.len())
        .map(|row| {
            if lists.is_null(row) {
                return Ok(None);
            }
            let keys = crate::value::to_text(&lists.value(row), &SqlType::Text, &given.style)?;
            Ok(Some(keys.iter().map(|key| key.map(str::to_owned)).collect()))
        })
        .collect()
}

fn run_steps(given: &Arguments, text: bool) -> Result<ArrayRef> {
    let documents = documents(given, 0)?;
    check_escapes(given, &documents)?;
    let keys: Vec<StringViewArray> = (1..given.arrays.len()).map(|at| given.texts(at)).collect::<Result<_>>()?;
    let mut out = StringViewBuilder::with_capacity(given.rows);
    for (row, document) in documents.iter().enumerate() {
        let found = document.and_then(|document| {
            keys.iter().try_fold(document, |value, keys| if keys.is_null(row) { None } else { step(value, keys.value(row)) })
        });
        answer(found, text, &mut out);
    }
    Ok(Arc::new(out.finish()))
}
