//! The order of `jsonb` values: a key whose bytes compare as PostgreSQL compares the values (its `compareJsonbContainers`).
//!
//! A value is stored as its canonical text, whose order says nothing. The planner puts this key in the place of every `jsonb` that is
//! compared, sorted, grouped or joined by, so that the engine's own comparisons, sorts and hash tables do the rest, and nothing about
//! storage had to change. Two values are equal exactly if their keys are: `1` and `1.0` are, and their texts are not.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, BinaryBuilder};
use datafusion::logical_expr::Volatility;

use super::documents;
use super::scan::{Shape, elements, members};
use crate::error::Result;
use crate::query::functions::scalar::{Argument, Arguments, Definition};
use crate::value::SqlType;
use crate::value::json::string::unescape;

/// The function's name, which nobody types.
pub(in crate::query) const SORT_KEY: &str = "jsonb sort key";

pub(super) static DEFINITIONS: [Definition; 1] = [Definition {
    name: SORT_KEY,
    volatility: Volatility::Immutable,
    result: |types| match types {
        [Argument::Of(SqlType::Jsonb)] => Some(SqlType::Bytea),
        _ => None,
    },
    run: keys,
}];

/// An empty array at the top comes before everything, for historical reasons (PostgreSQL 15, section 8.14.4).
const EMPTY_AT_TOP: u8 = 0;
const NULL: u8 = 1;
const STRING: u8 = 2;
const NUMBER: u8 = 3;
const BOOL: u8 = 4;
const ARRAY: u8 = 5;
const OBJECT: u8 = 6;

/// First bytes of numbers: below zero, zero, above.
const NEGATIVE: u8 = 1;
const ZERO: u8 = 2;
const POSITIVE: u8 = 3;

fn keys(given: &Arguments) -> Result<ArrayRef> {
    let documents = documents(given, 0)?;
    let mut out = BinaryBuilder::with_capacity(documents.len(), 0);
    let mut key = Vec::new();
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
pub(super) fn sort_key(document: &str, out: &mut Vec<u8>) {
    if Shape::of(document) == Shape::Array && elements(document).next().is_none() {
        out.push(EMPTY_AT_TOP);
    } else {
        value(document, out);
    }
}

fn value(text: &str, out: &mut Vec<u8>) {
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
        Shape::Bool => out.extend_from_slice(&[BOOL, u8::from(text.starts_with('t'))]),
        Shape::Array => {
            out.push(ARRAY);
            counted(out, |out| elements(text).map(|element| value(element, out)).fold(0, |count, ()| count + 1));
        }
        Shape::Object => {
            out.push(OBJECT);
            counted(out, |out| {
                members(text)
                    .map(|(key, member)| {
                        string(key, out);
                        value(member, out);
                    })
                    .fold(0, |count, ()| count + 1)
            });
        }
    }
}

/// Writes parts behind their number: fewer come first.
fn counted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> u32) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    let count = write(out);
    if let Some(place) = out.get_mut(at..at + 4) {
        place.copy_from_slice(&count.to_be_bytes());
    }
}

/// A text, ended by a zero, which none holds.
fn string(quoted: &str, out: &mut Vec<u8>) {
    if quoted.contains('\\') {
        let mut plain = String::with_capacity(quoted.len());
        unescape(quoted, &mut plain);
        out.extend_from_slice(plain.as_bytes());
    } else {
        out.extend_from_slice(quoted.as_bytes().get(1..quoted.len() - 1).unwrap_or_default());
    }
    out.push(0);
}

/// The sign, where the first digit stands, and the digits without zeros at their ends; all turned round below zero.
fn number(text: &str, out: &mut Vec<u8>) {
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
    let place = i32::try_from(whole.len()).unwrap_or(i32::MAX) - i32::try_from(first).unwrap_or(0);
    out.push(if negative { NEGATIVE } else { POSITIVE });
    let at = out.len();
    out.extend_from_slice(&(place.cast_unsigned() ^ (1 << 31)).to_be_bytes());
    out.extend_from_slice(digits.get(first..=last).unwrap_or_default());
    out.push(0);
    if negative {
        out.iter_mut().skip(at).for_each(|byte| *byte = !*byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(document: &str) -> Vec<u8> {
        let mut key = Vec::new();
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
