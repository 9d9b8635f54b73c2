//! PostgreSQL's functions and operators on `json` and `jsonb`.
//!
//! A value is its text: `jsonb` in PostgreSQL's canonical form, `json` as it was written. A part of a canonical text is canonical, so
//! reading is cutting; what builds a `jsonb` canonicalises what it has built.

mod aggregate;
mod assign;
mod build;
mod contain;
mod edit;
mod get;
mod inspect;
mod order;
mod path;
mod record;
mod redact;
mod sets;

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, StringViewArray, StringViewBuilder};
use datafusion::logical_expr::ScalarUDF;

pub(super) use aggregate::aggregates;
pub(in crate::query) use aggregate::bind as bind_aggregate;
pub(in crate::query) use assign::ASSIGNED;
pub(in crate::query) use get::SUBSCRIPT;
pub(in crate::query) use order::SORT_KEY;
pub(super) use path::operator as path_matches;
pub(in crate::query) use record::{ROW_OF_FIELDS, WHOLE_ROW, row};
pub(in crate::query) use sets::{EACH_KEYS, EACH_VALUES, ORDINALS, RECORD_COLUMN};

use super::scalar::{Argument, Arguments, Definition};
use crate::error::{Error, Result};
use crate::value::{self, SqlType};

/// Every definition of this room.
pub(super) fn definitions() -> impl Iterator<Item = &'static Definition> {
    get::DEFINITIONS
        .iter()
        .chain(build::DEFINITIONS.iter())
        .chain(inspect::DEFINITIONS.iter())
        .chain(contain::DEFINITIONS.iter())
        .chain(edit::DEFINITIONS.iter())
        .chain(assign::DEFINITIONS.iter())
        .chain(order::DEFINITIONS.iter())
        .chain(path::DEFINITIONS.iter())
        .chain(record::DEFINITIONS.iter())
        .chain(redact::DEFINITIONS.iter())
        .chain(sets::DEFINITIONS.iter())
        .chain(sets::EACH.iter().flatten())
        .chain(aggregate::DEFINITIONS.iter())
}

/// The functions that are no definitions, since what they answer with is no SQL type.
pub(super) fn functions() -> Vec<ScalarUDF> {
    vec![record::function()]
}

/// Whether an argument is this JSON type, or a literal that becomes it.
fn json_type(argument: &Argument, wanted: &SqlType) -> bool {
    argument.is(wanted)
}

/// The documents of an argument: a literal's text is read as the type that the function takes, anything else is JSON text already.
fn documents(given: &Arguments, at: usize) -> Result<StringViewArray> {
    match given.types.get(at) {
        Some(Argument::Unknown) => {
            let wanted = if given.name.starts_with("json_") { SqlType::Json } else { SqlType::Jsonb };
            let read = given.as_type(at, &wanted)?;
            value::to_text(&read, &SqlType::Text, &given.style)
        }
        Some(Argument::Of(_)) | None => given.texts(at),
    }
}

/// Applies a function of one document to each row; NULL stays NULL.
fn each(given: &Arguments, apply: impl Fn(&str) -> Result<Option<String>>) -> Result<ArrayRef> {
    let documents = documents(given, 0)?;
    let mut out = StringViewBuilder::with_capacity(documents.len());
    for document in &documents {
        match document.map(&apply).transpose()?.flatten() {
            Some(text) => out.append_value(text),
            None => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

/// Bytes that one of the writers made, which are text.
fn text_of(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|_| Error::internal("JSON that was built is not UTF-8"))
}
