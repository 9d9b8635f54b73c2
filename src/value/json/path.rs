//! Ways into a document: what PostgreSQL's `->`, `->>`, `#>` and `#>>` find in text that is known to be valid.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringViewArray};
use serde::{Deserialize, Serialize};

use super::scan::{Shape, elements, members};
use super::string::unescape;
use crate::value::{SqlType, Style, cast_text};

/// One step into a `jsonb`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// `-> 'key'`: a member of an object.
    Key(String),
    /// `-> 0`: an element of an array, counted from its end where it is negative.
    Element(i32),
    /// A step of `#>`: a member of an object, or an element of an array.
    Either(String),
}

impl Step {
    /// The text of what it leads to.
    pub fn of<'a>(&self, document: &'a str) -> Option<&'a str> {
        match self {
            Step::Key(key) => member(document, key),
            Step::Element(index) => element_of(document, i64::from(*index)),
            Step::Either(key) => step(document, key),
        }
    }
}

/// The steps that the text of an array means, as `{error,code}` behind `#>>`; `None` if it is no array of keys, or an empty one.
pub fn listed(text: &str) -> Option<Vec<Step>> {
    let text: ArrayRef = Arc::new(StringViewArray::from_iter_values([text]));
    let read = cast_text(&text, &SqlType::Array(Box::new(SqlType::Text)), &Style::default()).ok()?;
    let keys = read.as_list_opt::<i32>()?.value(0);
    let steps: Option<Vec<Step>> = keys.as_string_view_opt()?.iter().map(|key| Some(Step::Either(key?.to_owned()))).collect();
    steps.filter(|steps| !steps.is_empty())
}

/// Steps as operators behind a document are written, as `-> 'error' ->> 'code'`.
pub fn shown_path(steps: &[Step]) -> String {
    let mut shown = String::new();
    for (at, step) in steps.iter().enumerate() {
        let text = if at + 1 == steps.len() { ">" } else { "" };
        let quoted = |key: &str| format!("'{}'", key.replace('\'', "''"));
        let step = match step {
            Step::Key(key) => format!("->{text} {}", quoted(key)),
            Step::Element(index) => format!("->{text} {index}"),
            Step::Either(key) => format!("#>{text} ARRAY[{}]", quoted(key)),
        };
        let blank = if at == 0 { "" } else { " " };
        shown.push_str(blank);
        shown.push_str(&step);
    }
    shown
}

/// What some steps lead to, as `->>` and `#>>` answer it: the text that a value stands for, of which `null` has none.
pub fn text_at<'a>(document: &'a str, steps: &[Step]) -> Option<Cow<'a, str>> {
    steps.iter().try_fold(document, |value, step| step.of(value)).and_then(as_text)
}

/// The text that a value stands for.
pub(crate) fn as_text(value: &str) -> Option<Cow<'_, str>> {
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
pub(crate) fn member<'a>(document: &'a str, key: &str) -> Option<&'a str> {
    members(document).filter(|(written, _)| key_is(written, key)).last().map(|(_, value)| value)
}

/// Whether a key as written, with its quotes, is this one.
pub(crate) fn key_is(written: &str, key: &str) -> bool {
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
pub(crate) fn element(document: &str, index: i64) -> Option<&str> {
    let index = if index < 0 {
        let count = i64::try_from(elements(document).count()).ok()?;
        count.checked_add(index).filter(|index| *index >= 0)?
    } else {
        index
    };
    elements(document).nth(usize::try_from(index).ok()?)
}

/// The element of a `jsonb` at an index; one that is a scalar is kept as an array of one.
pub(crate) fn element_of(document: &str, index: i64) -> Option<&str> {
    match Shape::of(document) {
        Shape::String | Shape::Number | Shape::Bool | Shape::Null if matches!(index, 0 | -1) => Some(document),
        _ => element(document, index),
    }
}

/// One step of a path: a key of an object, an index of an array.
pub(crate) fn step<'a>(document: &'a str, step: &str) -> Option<&'a str> {
    match Shape::of(document) {
        Shape::Object => member(document, step),
        Shape::Array => element(document, index(step)?),
        Shape::String | Shape::Number | Shape::Bool | Shape::Null => None,
    }
}

/// The index that a step of a path means, as `strtoint` reads it.
pub(crate) fn index(step: &str) -> Option<i64> {
    step.trim_start().parse::<i32>().ok().map(i64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_lead_where_the_operators_do() {
        let document = r#"{"a": {"b": [10, {"c": "x\ny"}, null]}, "1": true}"#;
        let key = |key: &str| Step::Key(key.to_owned());
        let either = |key: &str| Step::Either(key.to_owned());
        for (steps, found) in [
            (vec![key("a"), key("b"), Step::Element(0)], Some("10")),
            (vec![key("a"), key("b"), Step::Element(-2), key("c")], Some("x\ny")),
            (vec![key("a"), key("b"), Step::Element(2)], None),
            (vec![either("a"), either("b"), either("1"), either("c")], Some("x\ny")),
            (vec![key("1")], Some("true")),
            (vec![either("1")], Some("true")),
            (vec![Step::Element(1)], None),
            (vec![key("a"), key("0")], None),
        ] {
            assert_eq!(text_at(document, &steps).as_deref(), found, "{steps:?}");
        }
        assert_eq!(text_at("7", &[Step::Element(-1)]).as_deref(), Some("7"), "a scalar is an array of one");
    }
}
