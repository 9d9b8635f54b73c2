//! Splits a line of text data into its fields and undoes their escapes.

use std::ops::Range;

use crate::error::Result;
use crate::value::checked_text;
use crate::value::scan::find_any;

/// One field of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    Null,
    /// Bytes of the line itself.
    Plain(Range<usize>),
    /// Bytes of the buffer of values that had escapes or quotes.
    Unescaped(Range<usize>),
}

/// The fields of one line, in buffers that are used again for the next.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) list: Vec<Field>,
    unescaped: Vec<u8>,
}

impl Fields {
    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.unescaped.clear();
    }

    /// A field's text; `None` is NULL.
    pub(super) fn text<'a>(&'a self, line: &'a str, field: &Field) -> Result<Option<&'a str>> {
        match field {
            Field::Null => Ok(None),
            Field::Plain(range) => Ok(Some(line.get(range.clone()).unwrap_or_default())),
            Field::Unescaped(range) => checked_text(self.unescaped.get(range.clone()).unwrap_or_default()).map(Some),
        }
    }

    pub(super) fn push(&mut self, byte: u8) {
        self.unescaped.push(byte);
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.unescaped.extend_from_slice(bytes);
    }

    /// Where the next unescaped field begins.
    pub(super) fn mark(&self) -> usize {
        self.unescaped.len()
    }

    /// The field that began at a mark.
    pub(super) fn since(&self, mark: usize) -> Field {
        Field::Unescaped(mark..self.unescaped.len())
    }
}

/// Splits a line at its delimiters.
pub(super) fn split(line: &str, delimiter: u8, null: &str, fields: &mut Fields) {
    fields.clear();
    let bytes = line.as_bytes();
    let mut start = 0;
    loop {
        let rest = bytes.get(start..).unwrap_or_default();
        let stop = find_any(rest, [delimiter, b'\\']).map_or(bytes.len(), |at| start + at);
        if bytes.get(stop) == Some(&b'\\') {
            let end = escaped(bytes, start, stop, delimiter, null, fields);
            match end {
                Some(next) => start = next,
                None => return,
            }
            continue;
        }
        let raw = bytes.get(start..stop).unwrap_or_default();
        fields.list.push(if raw == null.as_bytes() { Field::Null } else { Field::Plain(start..stop) });
        if stop == bytes.len() {
            return;
        }
        start = stop + 1;
    }
}

/// Reads a field that has escapes, the first at `at`, and answers where the next field begins; `None` at the end of the line.
fn escaped(bytes: &[u8], start: usize, mut at: usize, delimiter: u8, null: &str, fields: &mut Fields) -> Option<usize> {
    let mark = fields.mark();
    fields.extend(bytes.get(start..at).unwrap_or_default());
    let mut next = None;
    let mut end = bytes.len();
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let plain = find_any(rest, [delimiter, b'\\']).unwrap_or(rest.len());
        fields.extend(rest.get(..plain).unwrap_or_default());
        at += plain;
        let Some(byte) = bytes.get(at).copied() else { break };
        if byte == delimiter {
            end = at;
            next = Some(at + 1);
            break;
        }
        at += 1;
        // A backslash at the end of the line stands for nothing, and is no part of a NULL before it either.
        let Some(letter) = bytes.get(at).copied() else {
            end = at - 1;
            break;
        };
        at += 1;
        match letter {
            b'0'..=b'7' => {
                let digits = digits(bytes, at, 2, |byte| matches!(byte, b'0'..=b'7'));
                let more = bytes.get(at..at + digits).unwrap_or_default();
                let value = more.iter().fold(u32::from(letter - b'0'), |value, digit| (value << 3) | u32::from(digit - b'0'));
                // Like PostgreSQL, three digits beyond a byte keep its low bits.
                fields.push(u8::try_from(value & 0xff).unwrap_or(0));
                at += digits;
            }
            b'x' => {
                let digits = digits(bytes, at, 2, |byte| byte.is_ascii_hexdigit());
                if digits == 0 {
                    fields.push(b'x');
                } else {
                    let more = bytes.get(at..at + digits).unwrap_or_default();
                    let value = more.iter().fold(0_u32, |value, digit| value * 16 + char::from(*digit).to_digit(16).unwrap_or(0));
                    fields.push(u8::try_from(value).unwrap_or(0));
                    at += digits;
                }
            }
            b'b' => fields.push(8),
            b'f' => fields.push(12),
            b'n' => fields.push(b'\n'),
            b'r' => fields.push(b'\r'),
            b't' => fields.push(b'\t'),
            b'v' => fields.push(11),
            other => fields.push(other),
        }
    }
    let raw = bytes.get(start..end).unwrap_or_default();
    let field = if raw == null.as_bytes() { Field::Null } else { fields.since(mark) };
    fields.list.push(field);
    next
}

/// How many bytes of a class follow, at most `most`.
fn digits(bytes: &[u8], at: usize, most: usize, class: impl Fn(&u8) -> bool) -> usize {
    bytes.get(at..).unwrap_or_default().iter().take(most).take_while(|byte| class(byte)).count()
}
