//! Writes JSON text in the canonical form of PostgreSQL's `jsonb`.
//!
//! Each value is written as it is read. Only when an object ends and its keys were not in order is what it wrote put in order, so
//! text that is canonical already is copied once.

use std::cmp::Ordering;
use std::ops::Range;

use crate::error::{Error, Kind, Result};
use crate::value::json::CANONICAL_BYTES_MAX;
use crate::value::json::reader::{Event, Reader, Strictness};
use crate::value::json::string::{unescape, write_string};

/// The most digits that PostgreSQL's `numeric` holds before and after the point.
const WHOLE_DIGITS_MAX: i64 = 131_072;
const FRACTION_DIGITS_MAX: i64 = 16_383;

/// Appends the canonical form of a JSON text to `out`, which is left as it was on an error.
///
/// # Errors
/// 22P02 with the offending token as detail, 22P05 for `\u0000`, 22003 for a number beyond `numeric`, 54001 beyond the greatest depth,
/// 54000 where the result would be longer than [`CANONICAL_BYTES_MAX`].
pub fn canonicalise(text: &str, out: &mut String) -> Result<()> {
    Canonicaliser::default().append(text, out)
}

/// The buffers of writing canonical forms, kept from one document to the next.
#[derive(Default)]
pub(crate) struct Canonicaliser {
    open: Vec<Open>,
    /// The members of all open objects, the innermost last.
    members: Vec<Member>,
    /// The keys of `members`, unescaped, one after the other.
    keys: String,
    /// What an object wrote before it is put in order.
    body: String,
}

impl Canonicaliser {
    /// As [`canonicalise`].
    pub(crate) fn append(&mut self, text: &str, out: &mut String) -> Result<()> {
        let before = out.len();
        self.open.clear();
        self.members.clear();
        self.keys.clear();
        let written = Writer { out, limit: before + CANONICAL_BYTES_MAX, buffers: self }.document(text);
        if written.is_err() {
            out.truncate(before);
        }
        written
    }
}

/// A key of an object and what was written for it.
struct Member {
    /// Where the key stands in the buffer of keys.
    key: Range<usize>,
    /// Where `"key": value` stands in the output.
    written: Range<usize>,
}

/// An array or object that is being written.
enum Open {
    Array { empty: bool },
    Object { first_member: usize, keys_start: usize, body_start: usize },
}

struct Writer<'o> {
    out: &'o mut String,
    limit: usize,
    buffers: &'o mut Canonicaliser,
}

impl Writer<'_> {
    fn document(&mut self, text: &str) -> Result<()> {
        let mut reader = Reader::new(text, Strictness::Jsonb);
        loop {
            match reader.next_event()? {
                Event::Key { text, escaped } => {
                    self.key(text, escaped);
                    continue;
                }
                Event::ObjectStart => {
                    self.begin_value();
                    self.out.push('{');
                    self.buffers.open.push(Open::Object {
                        first_member: self.buffers.members.len(),
                        keys_start: self.buffers.keys.len(),
                        body_start: self.out.len(),
                    });
                    continue;
                }
                Event::ArrayStart => {
                    self.begin_value();
                    self.out.push('[');
                    self.buffers.open.push(Open::Array { empty: true });
                    continue;
                }
                Event::ObjectEnd => self.end_object(),
                Event::ArrayEnd => {
                    self.buffers.open.pop();
                    self.out.push(']');
                }
                Event::String { text, escaped } => {
                    self.begin_value();
                    if escaped {
                        let mut plain = String::with_capacity(text.len());
                        unescape(text, &mut plain);
                        write_string(&plain, self.out);
                    } else {
                        self.out.push_str(text);
                    }
                }
                Event::Number(text) => {
                    self.begin_value();
                    write_number(text, self.out)?;
                }
                Event::Bool(value) => {
                    self.begin_value();
                    self.out.push_str(if value { "true" } else { "false" });
                }
                Event::Null => {
                    self.begin_value();
                    self.out.push_str("null");
                }
                Event::End => return Ok(()),
            }
            self.end_value()?;
        }
    }

    /// Separates an array's element from the one before.
    fn begin_value(&mut self) {
        if let Some(Open::Array { empty }) = self.buffers.open.last_mut()
            && !std::mem::replace(empty, false)
        {
            self.out.push_str(", ");
        }
    }

    /// Completes the member that a value belongs to.
    fn end_value(&mut self) -> Result<()> {
        if let (Some(Open::Object { .. }), Some(member)) = (self.buffers.open.last(), self.buffers.members.last_mut()) {
            member.written.end = self.out.len();
        }
        if self.out.len() > self.limit {
            return Err(Error::new(
                Kind::ProgramLimitExceeded,
                format!("canonical form of a jsonb value exceeds {CANONICAL_BYTES_MAX} bytes"),
            ));
        }
        Ok(())
    }

    fn key(&mut self, text: &str, escaped: bool) {
        if let Some(Open::Object { first_member, .. }) = self.buffers.open.last()
            && self.buffers.members.len() > *first_member
        {
            self.out.push_str(", ");
        }
        let start = self.buffers.keys.len();
        let written = self.out.len();
        if escaped {
            unescape(text, &mut self.buffers.keys);
            write_string(self.buffers.keys.get(start..).unwrap_or_default(), self.out);
        } else {
            self.buffers.keys.push_str(text.get(1..text.len() - 1).unwrap_or_default());
            self.out.push_str(text);
        }
        self.out.push_str(": ");
        self.buffers.members.push(Member { key: start..self.buffers.keys.len(), written: written..written });
    }

    fn end_object(&mut self) {
        if let Some(Open::Object { first_member, keys_start, body_start }) = self.buffers.open.pop() {
            let keys = self.buffers.keys.as_bytes();
            let members = self.buffers.members.get_mut(first_member..).unwrap_or_default();
            if !members.windows(2).all(|pair| compare(pair[0].key(keys), pair[1].key(keys)) == Ordering::Less) {
                // The sort is stable, so the last of equal keys is the last one written.
                members.sort_by(|a, b| compare(a.key(keys), b.key(keys)));
                self.buffers.body.clear();
                self.buffers.body.push_str(self.out.get(body_start..).unwrap_or_default());
                self.out.truncate(body_start);
                write_members(members, keys, &self.buffers.body, body_start, self.out);
            }
            self.buffers.members.truncate(first_member);
            self.buffers.keys.truncate(keys_start);
        }
        self.out.push('}');
    }
}

impl Member {
    fn key<'k>(&self, keys: &'k [u8]) -> &'k [u8] {
        keys.get(self.key.clone()).unwrap_or_default()
    }
}

/// Writes members that are in order, but only the last of equal keys. `body` is what was written for them from `body_start` on.
fn write_members(members: &[Member], keys: &[u8], body: &str, body_start: usize, out: &mut String) {
    let mut first = true;
    for (at, member) in members.iter().enumerate() {
        if members.get(at + 1).is_some_and(|next| next.key(keys) == member.key(keys)) {
            continue;
        }
        if !first {
            out.push_str(", ");
        }
        first = false;
        let range = member.written.start - body_start..member.written.end - body_start;
        out.push_str(body.get(range).unwrap_or_default());
    }
}

/// The order of `jsonb` keys: the shorter first, then by bytes.
fn compare(a: &[u8], b: &[u8]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// Appends a number as `numeric` writes it: without exponent, its trailing zeros kept, never a negative zero.
fn write_number(text: &str, out: &mut String) -> Result<()> {
    let (negative, size) = match text.strip_prefix('-') {
        Some(size) => (true, size),
        None => (false, text),
    };
    let (mantissa, exponent) = match size.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)),
        None => (size, 0),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let zero = !mantissa.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    let length = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
    // Where the point stands among the digits, once the exponent has moved it.
    let point = length(whole).saturating_add(exponent);
    let fraction_digits = length(part).saturating_sub(exponent).max(0);
    let leading_zeros = mantissa.bytes().filter(|byte| *byte != b'.').take_while(|byte| *byte == b'0').count();
    let whole_digits = if zero { 0 } else { point.saturating_sub(i64::try_from(leading_zeros).unwrap_or(i64::MAX)) };
    if whole_digits > WHOLE_DIGITS_MAX || fraction_digits > FRACTION_DIGITS_MAX {
        return Err(Error::new(Kind::NumericValueOutOfRange, "value overflows numeric format"));
    }
    if negative && !zero {
        out.push('-');
    }
    if exponent == 0 {
        out.push_str(mantissa);
        return Ok(());
    }
    let digits = || whole.chars().chain(part.chars());
    let size = |count: i64| usize::try_from(count).unwrap_or(0);
    if whole_digits <= 0 {
        out.push('0');
    } else {
        out.extend(digits().chain(std::iter::repeat('0')).take(size(point)).skip(leading_zeros.min(size(point))));
    }
    if fraction_digits > 0 {
        out.push('.');
        if zero {
            out.extend(std::iter::repeat_n('0', size(fraction_digits)));
        } else {
            out.extend(std::iter::repeat_n('0', size(-point)));
            out.extend(digits().skip(size(point)));
        }
    }
    Ok(())
}

/// An exponent, held at a size that every number overflows or vanishes at.
fn parse_exponent(text: &str) -> i64 {
    let (negative, digits) = match text.as_bytes() {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let size = digits.iter().fold(0_i64, |size, digit| (size * 10 + i64::from(digit - b'0')).min(1_000_000_000));
    if negative { -size } else { size }
}
