//! Where fields of a JSON row go that are no columns: into the object of the table's details column.

use crate::error::{Error, Kind, Result};
use crate::value::SqlType;
use crate::value::json::reader::{Event, Reader, Strictness};

/// The names by which a details column is known, the first that is there.
const NAMES: [&str; 3] = ["details", "metadata", "payload"];

/// The column that takes unknown fields: the `jsonb` column called `details`, else `metadata`, else `payload`, else the only `jsonb`
/// column there is.
pub(super) fn details_column(columns: &[(String, SqlType)]) -> Option<usize> {
    let jsonb = |column: &&(usize, &(String, SqlType))| column.1.1 == SqlType::Jsonb;
    let all: Vec<(usize, &(String, SqlType))> = columns.iter().enumerate().collect();
    for name in NAMES {
        if let Some((at, _)) = all.iter().filter(jsonb).find(|(_, (column, _))| column == name) {
            return Some(*at);
        }
    }
    let mut rest = all.iter().filter(jsonb);
    match (rest.next(), rest.next()) {
        (Some((at, _)), None) => Some(*at),
        _ => None,
    }
}

/// Appends the object that holds the unknown fields, given as key and value in JSON, and what the row gives for the column itself, which
/// wins where both name a key.
///
/// # Errors
/// 22P02 where the row gives something else than an object for the column.
pub(super) fn merge<'a>(
    unknown: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    given: Option<&str>,
    column: &str,
    object: &mut String,
) -> Result<()> {
    let members = match given {
        None => "",
        Some(text) => object_members(text)?.ok_or_else(|| {
            let fields: Vec<&str> = unknown.clone().map(|(key, _)| key).collect();
            Error::new(Kind::InvalidTextRepresentation, format!("column \"{column}\" must be given an object or nothing"))
                .with_detail(format!("The row has fields that are no columns and belong into it: {}.", fields.join(", ")))
        })?,
    };
    object.push('{');
    for (at, (key, value)) in unknown.enumerate() {
        if at > 0 {
            object.push(',');
        }
        object.push_str(key);
        object.push(':');
        object.push_str(value);
    }
    if !members.is_empty() {
        object.push(',');
        object.push_str(members);
    }
    object.push('}');
    Ok(())
}

/// What stands between an object's braces; `None` where the text is no object.
fn object_members(text: &str) -> Result<Option<&str>> {
    let mut reader = Reader::new(text, Strictness::Json);
    if reader.next_event()? != Event::ObjectStart {
        return Ok(None);
    }
    let inside = text.trim_matches([' ', '\t', '\r', '\n']);
    let members = inside.get(1..inside.len().saturating_sub(1)).unwrap_or_default();
    Ok(Some(members.trim_matches([' ', '\t', '\r', '\n'])))
}
