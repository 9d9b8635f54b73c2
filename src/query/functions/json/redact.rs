//! `redact_keys`: a payload without what stands under certain keys, wherever they are.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringViewBuilder};

use super::documents;
use crate::error::Result;
use crate::query::functions::scalar::{Arguments, Definition, immutable};
use crate::value::json::scan::{string_end, value_end};
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
    let wanted = SqlType::Array(Box::new(SqlType::Text));
    let mut out = StringViewBuilder::with_capacity(given.rows);
    let mut buffer = String::new();
    if let Some(list) = given.constant_as(1, &wanted)? {
        // Mostly the keys are the same for all rows.
        let list = list.as_list::<i32>();
        let keys = if list.is_valid(0) { Some(Keys::of(&list.value(0), given)?) } else { None };
        for document in &documents {
            out.append_option(document.zip(keys.as_ref()).map(|(document, keys)| redacted(document, keys, &mut buffer)));
        }
        return Ok(Arc::new(out.finish()));
    }
    let lists = given.as_type(1, &wanted)?;
    let lists = lists.as_list::<i32>();
    for (row, document) in documents.iter().enumerate() {
        let keys = if lists.is_valid(row) { Some(Keys::of(&lists.value(row), given)?) } else { None };
        out.append_option(document.zip(keys.as_ref()).map(|(document, keys)| redacted(document, keys, &mut buffer)));
    }
    Ok(Arc::new(out.finish()))
}

/// Keys as they are compared.
struct Keys {
    folded: Vec<String>,
    /// A bit for each length in bytes that one of them has; the last is for all that are longer.
    lengths: u64,
}

impl Keys {
    fn of(list: &ArrayRef, given: &Arguments) -> Result<Keys> {
        let keys = to_text(list, &SqlType::Text, &given.style)?;
        Ok(keys.iter().flatten().map(folded).collect::<Vec<_>>().into())
    }

    fn contain(&self, key: &Key<'_>) -> bool {
        let found = |key: &str| self.lengths & length_bit(key.len()) != 0 && self.folded.iter().any(|own| Key::Plain(key).is(own));
        match key {
            Key::Plain(key) => found(key),
            Key::Folded(key) => found(key),
        }
    }
}

impl From<Vec<String>> for Keys {
    fn from(folded: Vec<String>) -> Self {
        let lengths = folded.iter().fold(0, |lengths, key| lengths | length_bit(key.len()));
        Keys { folded, lengths }
    }
}

fn length_bit(bytes: usize) -> u64 {
    1 << bytes.min(63)
}

/// A key as keys are compared.
fn folded(key: &str) -> String {
    key.to_lowercase().replace('-', "_")
}

/// A key in a document.
enum Key<'a> {
    /// As it is written, which takes no more than a look at each byte to compare.
    Plain(&'a str),
    Folded(String),
}

impl<'a> Key<'a> {
    /// The text of a string with its quotes.
    fn of(written: &'a str) -> Key<'a> {
        let inner = written.get(1..written.len().saturating_sub(1)).unwrap_or_default();
        if inner.contains('\\') {
            let mut plain = String::with_capacity(written.len());
            unescape(written, &mut plain);
            return Key::Folded(folded(&plain));
        }
        // Beyond ASCII a letter in lower case may be written with more bytes, or in ASCII.
        if inner.is_ascii() { Key::Plain(inner) } else { Key::Folded(folded(inner)) }
    }

    /// Whether it is this one, which is folded.
    fn is(&self, other: &str) -> bool {
        let fold = |byte: u8| if byte == b'-' { b'_' } else { byte.to_ascii_lowercase() };
        match self {
            Key::Plain(key) => key.len() == other.len() && key.bytes().map(fold).eq(other.bytes()),
            Key::Folded(key) => key == other,
        }
    }
}

/// One pass over canonical text, which is handed back as it is where nothing is to go. In an object that is canonical `key` and `name`
/// stand before `value`, since shorter keys come first.
fn redacted<'a>(document: &'a str, keys: &Keys, buffer: &'a mut String) -> &'a str {
    let bytes = document.as_bytes();
    buffer.clear();
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
                    let key = Key::of(&document[at..end]);
                    let value = end + 1 + usize::from(bytes.get(end + 1) == Some(&b' '));
                    let secret = keys.contain(&key) || named.last() == Some(&true) && key.is("value");
                    if secret {
                        buffer.push_str(&document[copied..value]);
                        buffer.push_str(REDACTED);
                        at = value_end(bytes, value);
                        copied = at;
                        continue;
                    }
                    if bytes.get(value) == Some(&b'"') && (key.is("name") || key.is("key")) {
                        let name = Key::of(&document[value..string_end(bytes, value)]);
                        if let Some(named) = named.last_mut() {
                            *named = keys.contain(&name);
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
    if copied == 0 {
        return document;
    }
    buffer.push_str(&document[copied..]);
    buffer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(document: &str) -> String {
        let keys = vec!["authorization".to_owned(), "api_key".to_owned(), "straße".to_owned(), "k".repeat(70)].into();
        redacted(document, &keys, &mut String::new()).to_owned()
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
    fn letters_beyond_ascii_are_folded_as_well() {
        assert_eq!(of(r#"{"STRAẞE": 1, "Strasse": 2, "\u212a": 3}"#), r#"{"STRAẞE": "***", "Strasse": 2, "\u212a": 3}"#);
        // The Kelvin sign is a k in lower case.
        let kelvin = "\u{212a}".repeat(70);
        assert_eq!(of(&format!(r#"{{"{kelvin}": 1}}"#)), format!(r#"{{"{kelvin}": "***"}}"#));
    }

    #[test]
    fn a_header_in_a_list_is_known_by_its_name() {
        assert_eq!(
            of(r#"[{"name": "Authorization", "value": "Bearer x"}, {"name": "Accept", "value": "*"}]"#),
            r#"[{"name": "Authorization", "value": "***"}, {"name": "Accept", "value": "*"}]"#
        );
    }
}
