//! The order of `jsonb` values: a text whose bytes compare as PostgreSQL compares the values (its `compareJsonbContainers`).
//!
//! A value is stored as its canonical text, whose order says nothing. The planner puts this key in the place of every `jsonb` that is
//! compared, sorted, grouped or joined by, so that the engine's own comparisons, sorts and hash tables do the rest, and nothing about
//! storage had to change. Two values are equal exactly if their keys are: `1` and `1.0` are, and their texts are not.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, StringViewBuilder};

use super::documents;
use crate::error::Result;
use crate::query::functions::scalar::{Argument, Arguments, Definition, immutable};
use crate::value::SqlType;
use crate::value::json::scan::{Shape, elements, members};
use crate::value::json::string::unescape;

/// The function's name, which nobody types.
pub(in crate::query) const SORT_KEY: &str = "jsonb sort key";

pub(super) static DEFINITIONS: [Definition; 1] = [immutable(
    SORT_KEY,
    |types| match types {
        [Argument::Of(SqlType::Jsonb)] => Some(SqlType::Text),
        _ => None,
    },
    keys,
)];

/// An empty array at the top comes before everything, for historical reasons (PostgreSQL 15, section 8.14.4).
const EMPTY_AT_TOP: char = '0';
const NULL: char = '1';
const STRING: char = '2';
const NUMBER: char = '3';
const BOOL: char = '4';
const ARRAY: char = '5';
const OBJECT: char = '6';

/// First letters of numbers: below zero, zero, above.
const NEGATIVE: char = '1';
const ZERO: char = '2';
const POSITIVE: char = '3';

/// Ends a text, and the digits of a number above zero; no text holds it.
const END: char = '\0';
/// Ends the digits of a number below zero, whose digits are turned round: fewer of them are more.
const END_BELOW_ZERO: char = '~';

/// Added to where a number's first digit stands, so that it is never negative.
const PLACE_BIAS: i64 = 1_000_000;

fn keys(given: &Arguments) -> Result<ArrayRef> {
    let documents = documents(given, 0)?;
    let mut out = StringViewBuilder::with_capacity(documents.len());
    let mut key = String::new();
    for document in &documents {
        match document {
            Some(document) => {
                key.clear();
                sort_key(document, &mut key);
                out.append_value(&key);
            }
            None => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

/// Appends the key of a canonical document.
pub(super) fn sort_key(document: &str, out: &mut String) {
    if Shape::of(document) == Shape::Array && elements(document).next().is_none() {
        out.push(EMPTY_AT_TOP);
    } else {
        value(document, out);
    }
}

fn value(text: &str, out: &mut String) {
    match Shape::of(text) {
        Shape::Null => out.push(NULL),
        Shape::String => {
            out.push(STRING);
            string(text, out);
        }
        Shape::Number => {
            out.push(NUMBER);
            number(text, out);
        }
        Shape::Bool => {
            out.push(BOOL);
            out.push(if text.starts_with('t') { '1' } else { '0' });
        }
        Shape::Array => {
            out.push(ARRAY);
            count(elements(text).count(), out);
            elements(text).for_each(|element| value(element, out));
        }
        Shape::Object => {
            out.push(OBJECT);
            count(members(text).count(), out);
            for (key, member) in members(text) {
                string(key, out);
                value(member, out);
            }
        }
    }
}

/// How many parts follow: fewer come first.
fn count(parts: usize, out: &mut String) {
    out.push_str(&format!("{parts:010}"));
}

/// A text and its end.
fn string(quoted: &str, out: &mut String) {
    if quoted.contains('\\') {
        unescape(quoted, out);
    } else {
        out.push_str(quoted.get(1..quoted.len() - 1).unwrap_or_default());
    }
    out.push(END);
}

/// The sign, where the first digit stands, and the digits without zeros at their ends; all turned round below zero.
fn number(text: &str, out: &mut String) {
    let (negative, size) = match text.strip_prefix('-') {
        Some(size) => (true, size),
        None => (false, text),
    };
    let (whole, part) = size.split_once('.').unwrap_or((size, ""));
    let digits: Vec<u8> = whole.bytes().chain(part.bytes()).collect();
    let Some(first) = digits.iter().position(|digit| *digit != b'0') else {
        out.push(ZERO);
        return;
    };
    let last = digits.iter().rposition(|digit| *digit != b'0').unwrap_or(first);
    // A number has at most some hundred thousand digits, so both conversions are exact.
    let place = i64::try_from(whole.len()).unwrap_or(0) - i64::try_from(first).unwrap_or(0);
    let place = format!("{:07}", place + PLACE_BIAS);
    let written = place.bytes().chain(digits.get(first..=last).unwrap_or_default().iter().copied());
    if negative {
        out.push(NEGATIVE);
        out.extend(written.map(|digit| char::from(b'9' - (digit - b'0'))));
        out.push(END_BELOW_ZERO);
    } else {
        out.push(POSITIVE);
        out.extend(written.map(char::from));
        out.push(END);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(document: &str) -> String {
        let mut key = String::new();
        sort_key(document, &mut key);
        key
    }

    #[test]
    fn keys_are_ordered_as_postgresql_orders_values() {
        let ordered = [
            "[]",
            "null",
            r#""""#,
            r#""B""#,
            r#""a""#,
            r#""ab""#,
            r#""b""#,
            "-100",
            "-10.5",
            "-10",
            "-0.5",
            "0",
            "0.05",
            "0.5",
            "1",
            "1.05",
            "1.1",
            "9",
            "10",
            "99.9",
            "100",
            "false",
            "true",
            "[null]",
            "[[]]",
            "[{}]",
            "[1, 2]",
            "[1, 3]",
            "[2, 1]",
            "[1, 1, 1]",
            "{}",
            r#"{"a": 1}"#,
            r#"{"a": 2}"#,
            r#"{"aa": 0}"#,
            r#"{"b": 1}"#,
            r#"{"a": 0, "b": 0}"#,
        ];
        for pair in ordered.windows(2) {
            assert!(key(pair[0]) < key(pair[1]), "{} is not before {}", pair[0], pair[1]);
        }
    }

    #[test]
    fn equal_values_have_equal_keys() {
        for (left, right) in [("1", "1.00"), ("0", "0.0"), ("[1.50]", "[1.5]"), (r#""\n""#, r#""\n""#)] {
            assert_eq!(key(left), key(right));
        }
        assert_ne!(key("1"), key("\"1\""));
    }
}
