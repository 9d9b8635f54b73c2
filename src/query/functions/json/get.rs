//! Reading parts of a JSON value: `->`, `->>`, `#>`, `#>>`, and the functions of the same meaning.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringViewArray, StringViewBuilder};
use datafusion::arrow::datatypes::Int64Type;

use super::{documents, json_type};
use crate::error::Result;
use crate::query::functions::scalar::{Argument, Arguments, Definition, immutable};
use crate::value::SqlType;
use crate::value::json::path::{as_text, element, element_of, member, step};
use crate::value::json::reader::{Event, Reader, Strictness};

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
            let found = document.zip(index);
            let found =
                found.and_then(|(document, index)| if jsonb { element_of(document, index) } else { element(document, index) });
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
