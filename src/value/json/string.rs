//! Strings of JSON: escapes undone, and text written as a string with PostgreSQL's escapes.

use crate::value::scan::find_json_special;

/// What text can be appended to.
pub(crate) trait Sink {
    fn append(&mut self, text: &str);
}

impl Sink for String {
    fn append(&mut self, text: &str) {
        self.push_str(text);
    }
}

impl Sink for Vec<u8> {
    fn append(&mut self, text: &str) {
        self.extend_from_slice(text.as_bytes());
    }
}

/// Appends a text as a JSON string with its quotes: `"`, `\`, and control characters escaped, everything else as it is.
pub(crate) fn write_string(text: &str, out: &mut impl Sink) {
    out.append("\"");
    let mut rest = text;
    while let Some(at) = find_json_special(rest.as_bytes()) {
        let (plain, special) = rest.split_at(at);
        out.append(plain);
        match special.bytes().next() {
            Some(b'"') => out.append("\\\""),
            Some(b'\\') => out.append("\\\\"),
            Some(8) => out.append("\\b"),
            Some(9) => out.append("\\t"),
            Some(10) => out.append("\\n"),
            Some(12) => out.append("\\f"),
            Some(13) => out.append("\\r"),
            Some(control) => out.append(&format!("\\u{control:04x}")),
            None => {}
        }
        rest = special.get(1..).unwrap_or_default();
    }
    out.append(rest);
    out.append("\"");
}

/// Appends what a JSON string, given with its quotes, stands for. Its escapes must have been checked; a surrogate without its
/// partner becomes U+FFFD.
pub(crate) fn unescape(quoted: &str, out: &mut String) {
    let mut rest = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        let mut letters = escape.chars();
        match letters.next() {
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('u') => {
                rest = code_point(letters.as_str(), out);
                continue;
            }
            Some(other) => out.push(other),
            None => {}
        }
        rest = letters.as_str();
    }
    out.push_str(rest);
}

/// Appends the character whose escape's digits the text starts with, and answers what follows.
fn code_point<'a>(text: &'a str, out: &mut String) -> &'a str {
    let unit = |text: &str| text.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let rest = text.get(4..).unwrap_or_default();
    let Some(high) = unit(text) else { return rest };
    if (0xd800..0xdc00).contains(&high)
        && let Some(after) = rest.strip_prefix("\\u")
        && let Some(low) = unit(after).filter(|low| (0xdc00..0xe000).contains(low))
    {
        out.push(char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)).unwrap_or(char::REPLACEMENT_CHARACTER));
        return after.get(4..).unwrap_or_default();
    }
    out.push(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
    rest
}
