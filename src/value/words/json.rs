//! The words of a JSON document: those of its values, and not of its keys.

use std::ops::ControlFlow;

use super::each;
use crate::value::json::scan::string_end;
use crate::value::json::string::unescape;

/// Which values of a document are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    /// Strings, as PostgreSQL's `to_tsvector` takes them.
    Strings,
    /// Strings, numbers and booleans.
    Scalars,
}

/// As [`each`], of the values of a valid document. Between two values that have words one position is left out, so that no phrase
/// reaches from one into the other.
pub(crate) fn each_of_json<B>(
    document: &str,
    values: Values,
    position: &mut u32,
    visit: &mut impl FnMut(&str, u32) -> ControlFlow<B>,
) -> ControlFlow<B> {
    each_text(document, values, &mut |text| {
        let before = *position;
        each(text, position, visit)?;
        if *position > before {
            *position += 1;
        }
        ControlFlow::Continue(())
    })
}

/// Calls `visit` with each value as text.
pub(crate) fn each_text<B>(document: &str, values: Values, visit: &mut impl FnMut(&str) -> ControlFlow<B>) -> ControlFlow<B> {
    let mut text = String::new();
    each_value(document, values, &mut |value| match value.strip_prefix('"') {
        Some(_) if value.contains('\\') => {
            text.clear();
            unescape(value, &mut text);
            visit(&text)
        }
        Some(inner) => visit(inner.strip_suffix('"').unwrap_or(inner)),
        None => visit(value),
    })
}

/// Calls `visit` with each object and array that is a member of a valid document, as it is written; not with those inside of these.
pub(super) fn each_part(document: &str, visit: &mut impl FnMut(&str)) {
    let bytes = document.as_bytes();
    let (mut at, mut depth, mut start) = (0, 0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string_end(bytes, at);
                continue;
            }
            b'{' | b'[' => {
                if depth == 1 {
                    start = at;
                }
                depth += 1;
            }
            b'}' | b']' => {
                depth -= 1;
                if depth == 1
                    && let Some(part) = document.get(start..=at)
                {
                    visit(part);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// Calls `visit` with each value as it is written, strings with their quotes.
fn each_value<B>(document: &str, values: Values, visit: &mut impl FnMut(&str) -> ControlFlow<B>) -> ControlFlow<B> {
    let bytes = document.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let end = string_end(bytes, at);
                let key = bytes.get(end..).unwrap_or_default().iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
                if !key && let Some(value) = document.get(at..end) {
                    visit(value)?;
                }
                at = end;
            }
            b'-' | b'0'..=b'9' | b't' | b'f' => {
                let rest = bytes.get(at..).unwrap_or_default();
                let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b'}' | b']');
                let end = at + rest.iter().position(is_end).unwrap_or(rest.len());
                if values == Values::Scalars
                    && let Some(value) = document.get(at..end)
                {
                    visit(value)?;
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    ControlFlow::Continue(())
}
