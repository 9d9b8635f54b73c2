//! `redact_keys`: a payload without what stands under certain keys, wherever they are.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringViewBuilder};

use super::documents;
use super::scan::{string_end, value_end};
use crate::error::Result;
use crate::query::functions::scalar::{Arguments, Definition, immutable};
use crate::value::json::string::unescape;
use crate::value::{SqlType, to_text};

/// What stands in the place of a redacted value.
const REDACTED: &str = "\"***\"";

pub(super) static DEFINITIONS: [Definition; 1] = [immutable(
    "redact_keys",
    |types| match types {
        [document, keys] if document.is(&SqlType::Jsonb) && keys.is_text_array() => Some(SqlType::Jsonb),
        _ => None,
    },
    redact_keys,
)];

/// `redact_keys(jsonb, text[])`: the value of each member with one of these keys becomes `"***"`, at every depth. Letters' case does not
/// matter, nor whether `-` or `_` is written. In a list of headers, `{"name": "Authorization", "value": …}`, the value goes as well.
fn redact_keys(given: &Arguments) -> Result<ArrayRef> {
    let documents = documents(given, 0)?;
    let lists = given.as_type(1, &SqlType::Array(Box::new(SqlType::Text)))?;
    let lists = lists.as_list::<i32>();
    let mut out = StringViewBuilder::with_capacity(given.rows);
    // Mostly the keys are the same for all rows.
    let mut known: Option<(ArrayRef, Vec<String>)> = None;
    for (row, document) in documents.iter().enumerate() {
        let Some(document) = document.filter(|_| lists.is_valid(row)) else {
            out.append_null();
            continue;
        };
        let list = lists.value(row);
        if !known.as_ref().is_some_and(|(known, _)| known.as_ref() == list.as_ref()) {
            let keys = to_text(&list, &SqlType::Text, &given.style)?;
            known = Some((list, keys.iter().flatten().map(folded).collect()));
        }
        out.append_value(redacted(document, known.as_ref().map_or(&[], |(_, keys)| keys.as_slice())));
    }
    Ok(Arc::new(out.finish()))
}

/// A key as keys are compared.
fn folded(key: &str) -> String {
    key.to_lowercase().replace('-', "_")
}

/// The text of a string with its quotes, as keys are compared.
fn folded_string(written: &str) -> String {
    let inner = written.get(1..written.len().saturating_sub(1)).unwrap_or_default();
    if !inner.contains('\\') {
        return folded(inner);
    }
    let mut plain = String::with_capacity(written.len());
    unescape(written, &mut plain);
    folded(&plain)
}

/// One pass over canonical text. In an object that is canonical `key` and `name` stand before `value`, since shorter keys come first.
fn redacted(document: &str, keys: &[String]) -> String {
    let bytes = document.as_bytes();
    let mut out = String::with_capacity(document.len());
    // Whether each object around the place has told by its name that its value is to go.
    let mut named: Vec<bool> = Vec::new();
    let (mut at, mut copied) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' => named.push(false),
            b'}' | b']' => {
                named.pop();
            }
            b'"' => {
                let end = string_end(bytes, at);
                if bytes.get(end) == Some(&b':') {
                    let key = folded_string(&document[at..end]);
                    let value = end + 1 + usize::from(bytes.get(end + 1) == Some(&b' '));
                    let secret = keys.contains(&key) || key == "value" && named.last() == Some(&true);
                    if secret {
                        out.push_str(&document[copied..value]);
                        out.push_str(REDACTED);
                        at = value_end(bytes, value);
                        copied = at;
                        continue;
                    }
                    if (key == "name" || key == "key") && bytes.get(value) == Some(&b'"') {
                        let name = folded_string(&document[value..string_end(bytes, value)]);
                        if let Some(named) = named.last_mut() {
                            *named = keys.contains(&name);
                        }
                    }
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    out.push_str(&document[copied..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(document: &str) -> String {
        redacted(document, &["authorization".to_owned(), "api_key".to_owned()])
    }

    #[test]
    fn values_of_keys_go_at_every_depth() {
        assert_eq!(of(r#"{"a": 1}"#), r#"{"a": 1}"#);
        assert_eq!(
            of(r#"{"API-Key": "x", "b": [{"api_key": {"deep": [1, "}"]}}, 2]}"#),
            r#"{"API-Key": "***", "b": [{"api_key": "***"}, 2]}"#
        );
        assert_eq!(of(r#""api_key""#), r#""api_key""#);
        assert_eq!(of(r#"["api_key", "x"]"#), r#"["api_key", "x"]"#);
    }

    #[test]
    fn a_key_is_read_before_it_is_compared() {
        assert_eq!(of(r#"{"api\u005fkey": 1, "c": "\"api_key\": 2"}"#), r#"{"api\u005fkey": "***", "c": "\"api_key\": 2"}"#);
    }

    #[test]
    fn a_header_in_a_list_is_known_by_its_name() {
        assert_eq!(
            of(r#"[{"name": "Authorization", "value": "Bearer x"}, {"name": "Accept", "value": "*"}]"#),
            r#"[{"name": "Authorization", "value": "***"}, {"name": "Accept", "value": "*"}]"#
        );
    }
}
