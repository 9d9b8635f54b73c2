//! Asking what a `jsonb` holds: `@>`, `<@`, `?`, `?|`, `?&`.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanBuilder};

use super::documents;
use super::get::paths;
use crate::error::Result;
use crate::query::functions::scalar::{Argument, Arguments, Definition, immutable, takes};
use crate::value::SqlType;
use crate::value::json::path::{as_text, key_is};
use crate::value::json::scan::{Shape, elements, members};

pub(super) static DEFINITIONS: [Definition; 10] = [
    immutable("@>", both, |given| pairs(given, contains)),
    immutable("<@", both, |given| pairs(given, |a, b| contains(b, a))),
    immutable(
        "?",
        |types| match types {
            [Argument::Of(SqlType::Jsonb), key] if key.is_text() => Some(SqlType::Bool),
            _ => None,
        },
        key,
    ),
    immutable("?|", keys_result, |given| keys(given, |document, keys| keys.iter().flatten().any(|key| exists(document, key)))),
    immutable("?&", keys_result, |given| keys(given, |document, keys| keys.iter().flatten().all(|key| exists(document, key)))),
    // The functions behind these operators, under their names.
    immutable("jsonb_contains", |types| takes(types, &[J, J]).then_some(SqlType::Bool), |given| pairs(given, contains)),
    immutable(
        "jsonb_contained",
        |types| takes(types, &[J, J]).then_some(SqlType::Bool),
        |given| pairs(given, |a, b| contains(b, a)),
    ),
    immutable("jsonb_exists", |types| takes(types, &[J, SqlType::Text]).then_some(SqlType::Bool), key),
    immutable("jsonb_exists_any", named_keys_result, |given| {
        keys(given, |document, keys| keys.iter().flatten().any(|key| exists(document, key)))
    }),
    immutable("jsonb_exists_all", named_keys_result, |given| {
        keys(given, |document, keys| keys.iter().flatten().all(|key| exists(document, key)))
    }),
];

const J: SqlType = SqlType::Jsonb;

fn named_keys_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [document, keys] if document.is(&J) && keys.is_text_array() => Some(SqlType::Bool),
        _ => None,
    }
}

fn both(types: &[Argument]) -> Option<SqlType> {
    match types {
        [left, right] if left.is(&SqlType::Jsonb) && right.is(&SqlType::Jsonb) && left != right => Some(SqlType::Bool),
        [Argument::Of(SqlType::Jsonb), Argument::Of(SqlType::Jsonb)] => Some(SqlType::Bool),
        _ => None,
    }
}

fn keys_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [Argument::Of(SqlType::Jsonb), keys] if keys.is_text_array() => Some(SqlType::Bool),
        _ => None,
    }
}

fn pairs(given: &Arguments, decide: impl Fn(&str, &str) -> bool) -> Result<ArrayRef> {
    let left = documents(given, 0)?;
    let right = documents(given, 1)?;
    let mut out = BooleanBuilder::with_capacity(given.rows);
    for pair in left.iter().zip(&right) {
        out.append_option(match pair {
            (Some(left), Some(right)) => Some(decide(left, right)),
            _ => None,
        });
    }
    Ok(Arc::new(out.finish()))
}

fn key(given: &Arguments) -> Result<ArrayRef> {
    let documents = documents(given, 0)?;
    let keys = given.texts(1)?;
    let mut out = BooleanBuilder::with_capacity(given.rows);
    for pair in documents.iter().zip(&keys) {
        out.append_option(match pair {
            (Some(document), Some(key)) => Some(exists(document, key)),
            _ => None,
        });
    }
    Ok(Arc::new(out.finish()))
}

fn keys(given: &Arguments, decide: impl Fn(&str, &[Option<String>]) -> bool) -> Result<ArrayRef> {
    let documents = documents(given, 0)?;
    let mut out = BooleanBuilder::with_capacity(given.rows);
    for (document, keys) in documents.iter().zip(paths(given, 1)?) {
        out.append_option(document.zip(keys).map(|(document, keys)| decide(document, &keys)));
    }
    Ok(Arc::new(out.finish()))
}

/// Whether a text is a key of the object, an element of the array, or the string itself.
fn exists(document: &str, key: &str) -> bool {
    match Shape::of(document) {
        Shape::Object => members(document).any(|(written, _)| key_is(written, key)),
        Shape::Array => elements(document).any(|element| Shape::of(element) == Shape::String && key_is(element, key)),
        Shape::String => key_is(document.trim(), key),
        Shape::Number | Shape::Bool | Shape::Null => false,
    }
}

/// Whether the first value contains the second (PostgreSQL 15, section 8.14.3): an array contains a scalar only at the top.
fn contains(whole: &str, part: &str) -> bool {
    match (Shape::of(whole), Shape::of(part)) {
        (Shape::Array, Shape::Object | Shape::Array) | (Shape::Object, _) => within(whole, part),
        (Shape::Array, _) => elements(whole).any(|element| equal(element, part)),
        _ => equal(whole, part),
    }
}

fn within(whole: &str, part: &str) -> bool {
    match (Shape::of(whole), Shape::of(part)) {
        (Shape::Object, Shape::Object) => {
            members(part).all(|(key, wanted)| members(whole).any(|(own, value)| own == key && within(value, wanted)))
        }
        (Shape::Array, Shape::Array) => elements(part).all(|wanted| match Shape::of(wanted) {
            Shape::Object | Shape::Array => elements(whole).any(|element| within(element, wanted)),
            Shape::String | Shape::Number | Shape::Bool | Shape::Null => elements(whole).any(|element| equal(element, wanted)),
        }),
        (Shape::Object | Shape::Array, _) | (_, Shape::Object | Shape::Array) => false,
        _ => equal(whole, part),
    }
}

/// Whether two canonical texts are one value.
fn equal(left: &str, right: &str) -> bool {
    if left == right {
        return true;
    }
    match (Shape::of(left), Shape::of(right)) {
        (Shape::Number, Shape::Number) => plain_number(left) == plain_number(right),
        (Shape::String, Shape::String) => as_text(left) == as_text(right),
        (Shape::Object, Shape::Object) => {
            members(left).count() == members(right).count()
                && members(left).zip(members(right)).all(|((key, value), (other, wanted))| key == other && equal(value, wanted))
        }
        (Shape::Array, Shape::Array) => {
            elements(left).count() == elements(right).count()
                && elements(left).zip(elements(right)).all(|(value, wanted)| equal(value, wanted))
        }
        _ => false,
    }
}

/// A canonical number without the zeros behind its point that say nothing.
fn plain_number(number: &str) -> &str {
    let number = number.trim();
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containment_is_as_the_manual_tells_it() {
        assert!(contains(r#""foo""#, r#""foo""#));
        assert!(contains("[1, 2, 3]", "[1, 3]"));
        assert!(contains("[1, 2, 3]", "[3, 1, 3]"));
        assert!(contains("[1, 2.0]", "[2]"));
        assert!(contains(r#"{"product": "x", "version": 9.4, "jsonb": true}"#, r#"{"version": 9.40}"#));
        assert!(!contains("[1, 2, [1, 3]]", "[3]"));
        assert!(contains("[1, 2, [1, 3]]", "[[1, 3]]"));
        assert!(!contains(r#"{"foo": {"bar": "baz"}}"#, r#"{"bar": "baz"}"#));
        assert!(contains(r#"{"foo": {"bar": "baz"}}"#, r#"{"foo": {}}"#));
        assert!(contains(r#"["foo", "bar"]"#, r#""bar""#));
        assert!(!contains(r#""bar""#, r#"["bar"]"#));
    }
}
