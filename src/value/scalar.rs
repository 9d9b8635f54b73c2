//! Reads the small types as PostgreSQL's input functions do: booleans, integers, object ids, floats, UUIDs, `"char"`, `name`.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Kind, Result};
use crate::value::time::token::space;

/// The longest identifier, in bytes (`NAMEDATALEN` - 1).
const NAME_BYTES_MAX: usize = 63;

/// A text that is no value of the type.
pub(crate) fn invalid(type_name: impl fmt::Display, text: &str) -> Error {
    Error::new(Kind::InvalidTextRepresentation, format!("invalid input syntax for type {type_name}: \"{text}\""))
}

/// A text without the white space that C's `isspace` sees at its ends.
pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(|letter: char| u8::try_from(letter).is_ok_and(space))
}

/// Reads any unique beginning of `true`, `false`, `yes`, `no`, `on`, `off`, or `1`, `0`.
pub(crate) fn boolean(text: &str) -> Result<bool> {
    let word = trimmed(text);
    let begins = |whole: &str, least: usize| {
        word.len() >= least && whole.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    if begins("true", 1) || begins("yes", 1) || begins("on", 2) || word == "1" {
        Ok(true)
    } else if begins("false", 1) || begins("no", 1) || begins("off", 2) || word == "0" {
        Ok(false)
    } else {
        Err(invalid("boolean", text))
    }
}

/// An integer type of PostgreSQL.
pub(crate) trait Integer: TryFrom<i64> {
    const NAME: &'static str;
}

impl Integer for i16 {
    const NAME: &'static str = "smallint";
}

impl Integer for i32 {
    const NAME: &'static str = "integer";
}

impl Integer for i64 {
    const NAME: &'static str = "bigint";
}

/// Reads an integer: white space, a sign, digits, white space.
pub(crate) fn integer<T: Integer>(text: &str) -> Result<T> {
    // Up to eighteen digits cannot overflow, which is nearly every integer there is.
    let bytes = text.as_bytes();
    let (negative, digits) = match bytes {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if !digits.is_empty() && digits.len() <= 18 && digits.iter().all(u8::is_ascii_digit) {
        let size = digits.iter().fold(0_i64, |size, digit| size * 10 + i64::from(digit - b'0'));
        return T::try_from(if negative { -size } else { size }).map_err(|_| out_of_range::<T>(text));
    }
    let number = trimmed(text);
    let digits = number.strip_prefix(['+', '-']).unwrap_or(number);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(invalid(T::NAME, text));
    }
    i64::from_str(number).ok().and_then(|value| T::try_from(value).ok()).ok_or_else(|| out_of_range::<T>(text))
}

fn out_of_range<T: Integer>(text: &str) -> Error {
    Error::new(Kind::NumericValueOutOfRange, format!("value \"{text}\" is out of range for type {}", T::NAME))
}

/// Reads an object id; a negative number wraps round, as it does in PostgreSQL.
pub(crate) fn oid(text: &str) -> Result<u32> {
    let number = trimmed(text);
    let digits = number.strip_prefix(['+', '-']).unwrap_or(number);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(invalid("oid", text));
    }
    let out_of_range = || Error::new(Kind::NumericValueOutOfRange, format!("value \"{text}\" is out of range for type oid"));
    let value = i64::from_str(number).map_err(|_| out_of_range())?;
    let wrapped = u32::try_from(value).or_else(|_| i32::try_from(value).map(i32::cast_unsigned));
    wrapped.map_err(|_| out_of_range())
}

/// A floating-point type of PostgreSQL.
pub(crate) trait Float: FromStr + Copy {
    const NAME: &'static str;
    fn is_infinite(self) -> bool;
    fn is_zero(self) -> bool;
}

impl Float for f32 {
    const NAME: &'static str = "real";
    fn is_infinite(self) -> bool {
        f32::is_infinite(self)
    }
    fn is_zero(self) -> bool {
        self == 0.0
    }
}

impl Float for f64 {
    const NAME: &'static str = "double precision";
    fn is_infinite(self) -> bool {
        f64::is_infinite(self)
    }
    fn is_zero(self) -> bool {
        self == 0.0
    }
}

/// Reads a float: a decimal number with or without an exponent, `NaN`, `Infinity`, `inf`. A number that would become 0 or infinite
/// is refused.
pub(crate) fn float<T: Float>(text: &str) -> Result<T> {
    let number = trimmed(text);
    let value = number.parse::<T>().map_err(|_| invalid(T::NAME, text))?;
    let spelled = number.bytes().any(|byte| matches!(byte, b'n' | b'N'));
    let significant = || number.bytes().take_while(|byte| !matches!(byte, b'e' | b'E')).any(|byte| matches!(byte, b'1'..=b'9'));
    if (value.is_infinite() && !spelled) || (value.is_zero() && significant()) {
        return Err(Error::new(Kind::NumericValueOutOfRange, format!("\"{number}\" is out of range for type {}", T::NAME)));
    }
    Ok(value)
}

/// Reads a UUID into its sixteen bytes: digits of any case, braces round it, a hyphen after every fourth digit or none.
pub(crate) fn uuid(text: &str) -> Result<[u8; 16]> {
    read_uuid(text.as_bytes()).ok_or_else(|| invalid("uuid", text))
}

fn read_uuid(text: &[u8]) -> Option<[u8; 16]> {
    let mut digits = match text {
        [b'{', inside @ .., b'}'] => inside,
        [b'{', ..] => return None,
        plain => plain,
    };
    let mut bytes = [0; 16];
    for (at, byte) in bytes.iter_mut().enumerate() {
        if at > 0
            && at % 2 == 0
            && let [b'-', rest @ ..] = digits
        {
            digits = rest;
        }
        let [high, low, rest @ ..] = digits else { return None };
        *byte = (hex_digit(*high)? << 4) | hex_digit(*low)?;
        digits = rest;
    }
    digits.is_empty().then_some(bytes)
}

/// Whether a text is a UUID in its canonical spelling already, as nearly all are.
pub(crate) fn is_canonical_uuid(text: &str) -> bool {
    let Ok(bytes) = <&[u8; 36]>::try_from(text.as_bytes()) else { return false };
    bytes.iter().enumerate().fold(true, |canonical, (at, byte)| {
        let fits = if matches!(at, 8 | 13 | 18 | 23) { *byte == b'-' } else { matches!(byte, b'0'..=b'9' | b'a'..=b'f') };
        canonical & fits
    })
}

/// The value of a hexadecimal digit.
pub(crate) fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// The lower-case digits of a byte.
pub(crate) fn hex_digits(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}

/// A UUID's canonical spelling: lower case, hyphens after 8, 12, 16 and 20 digits.
pub(crate) fn uuid_text(bytes: [u8; 16]) -> [u8; 36] {
    let mut text = [b'-'; 36];
    let mut at = 0;
    for (index, byte) in bytes.into_iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            at += 1;
        }
        let [high, low] = hex_digits(byte);
        text[at] = high;
        text[at + 1] = low;
        at += 2;
    }
    text
}

/// Reads a `"char"`: the first byte of the text, a byte beyond ASCII as `\ooo`.
pub(crate) fn single_char(text: &str) -> String {
    match text.as_bytes() {
        [] => String::new(),
        [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7'] => char_text(((a - b'0') << 6) | ((b - b'0') << 3) | (c - b'0')),
        [first, ..] => char_text(*first),
    }
}

/// A `"char"` as it is written: nothing for 0, `\ooo` beyond ASCII.
pub(crate) fn char_text(byte: u8) -> String {
    match byte {
        0 => String::new(),
        1..=0x7f => char::from(byte).to_string(),
        0x80.. => format!("\\{byte:03o}"),
    }
}

/// Cuts an identifier to PostgreSQL's longest, on a character boundary.
pub(crate) fn name(text: &str) -> &str {
    if text.len() <= NAME_BYTES_MAX {
        return text;
    }
    let end = (0..=NAME_BYTES_MAX).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or(text)
}

/// Checks a text against `varchar(n)`: blanks beyond the limit are cut, anything else is refused.
pub(crate) fn varchar(text: &str, limit: u32) -> Result<&str> {
    let limit_chars = usize::try_from(limit).unwrap_or(usize::MAX);
    if text.len() <= limit_chars {
        return Ok(text);
    }
    let Some((end, _)) = text.char_indices().nth(limit_chars) else { return Ok(text) };
    let (kept, cut) = text.split_at(end);
    if cut.bytes().all(|byte| byte == b' ') {
        return Ok(kept);
    }
    Err(Error::new(Kind::StringDataRightTruncation, format!("value too long for type character varying({limit})")))
}

/// A text as `char(n)` keeps it: without the blanks at its end, and refused where it is longer.
pub(crate) fn bpchar(text: &str, limit: Option<u32>) -> Result<&str> {
    let kept = text.trim_end_matches(' ');
    match limit {
        Some(limit) if kept.len() > usize::try_from(limit).unwrap_or(usize::MAX) => {
            let letters = kept.chars().count();
            if letters > usize::try_from(limit).unwrap_or(usize::MAX) {
                let message = format!("value too long for type character({limit})");
                return Err(Error::new(Kind::StringDataRightTruncation, message));
            }
            Ok(kept)
        }
        Some(_) | None => Ok(kept),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_are_read_by_their_beginning() {
        for (text, value) in [("t", true), (" TRUE ", true), ("y", true), ("on", true), ("1", true), ("of", false), ("n", false)] {
            assert_eq!(boolean(text).unwrap(), value, "{text}");
        }
        for text in ["o", "", "truex", "2", "10"] {
            let error = boolean(text).unwrap_err();
            assert_eq!(error.message(), format!("invalid input syntax for type boolean: \"{text}\""));
            assert_eq!(error.sqlstate(), "22P02");
        }
    }

    #[test]
    fn integers_and_their_errors() {
        assert_eq!(integer::<i32>(" +12 ").unwrap(), 12);
        assert_eq!(integer::<i64>("-9223372036854775808").unwrap(), i64::MIN);
        assert_eq!(integer::<i16>("-32768").unwrap(), i16::MIN);
        let error = integer::<i32>("99999999999").unwrap_err();
        assert_eq!((error.sqlstate(), error.message()), ("22003", "value \"99999999999\" is out of range for type integer"));
        let error = integer::<i64>("1.5").unwrap_err();
        assert_eq!((error.sqlstate(), error.message()), ("22P02", "invalid input syntax for type bigint: \"1.5\""));
        for text in ["", "-", "+-1", "1 2", "0x10"] {
            assert_eq!(integer::<i64>(text).unwrap_err().sqlstate(), "22P02", "{text}");
        }
        assert_eq!(oid("-1").unwrap(), u32::MAX);
        assert_eq!(oid("4294967296").unwrap_err().sqlstate(), "22003");
    }

    #[test]
    fn floats_and_their_errors() {
        assert!(float::<f64>("nan").unwrap().is_nan());
        assert_eq!(float::<f64>("-Infinity").unwrap(), f64::NEG_INFINITY);
        assert_eq!(float::<f64>(" .5e1 ").unwrap(), 5.0);
        assert_eq!(float::<f64>("0e-999").unwrap(), 0.0);
        for text in ["1e400", "1e-400"] {
            let error = float::<f64>(text).unwrap_err();
            assert_eq!(error.message(), format!("\"{text}\" is out of range for type double precision"));
            assert_eq!(error.sqlstate(), "22003");
        }
        assert_eq!(float::<f32>("1e50").unwrap_err().sqlstate(), "22003");
        assert_eq!(float::<f64>("1e").unwrap_err().sqlstate(), "22P02");
    }

    #[test]
    fn every_spelling_of_a_uuid() {
        let canonical = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
        for text in [
            canonical,
            "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
            "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}",
            "a0eebc999c0b4ef8bb6d6bb9bd380a11",
            "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11",
        ] {
            assert_eq!(std::str::from_utf8(&uuid_text(uuid(text).unwrap())).unwrap(), canonical);
            assert_eq!(is_canonical_uuid(text), text == canonical);
        }
        for text in [
            "",
            "a0eebc99",
            "{a0eebc999c0b4ef8bb6d6bb9bd380a11",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11-",
            "g0eebc999c0b4ef8bb6d6bb9bd380a11",
        ] {
            assert_eq!(uuid(text).unwrap_err().sqlstate(), "22P02", "{text}");
        }
    }

    #[test]
    fn varchar_counts_characters_and_forgives_blanks() {
        assert_eq!(varchar("äöü", 3).unwrap(), "äöü");
        assert_eq!(varchar("abc   ", 3).unwrap(), "abc");
        let error = varchar("abcd", 3).unwrap_err();
        assert_eq!((error.sqlstate(), error.message()), ("22001", "value too long for type character varying(3)"));
    }
}
