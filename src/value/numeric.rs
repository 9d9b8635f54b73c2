//! `numeric`: read from text and from PostgreSQL's base-10000 wire form into a scaled integer, and written back.

use std::fmt::Write as _;

use crate::error::{Error, Kind, Result};
use crate::value::BARE_NUMERIC;
use crate::value::scalar::{invalid, trimmed};

/// The most digits a value may have (`Decimal128`).
const DIGITS_MAX: i64 = 38;
/// Signs of the wire form.
const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
const NOT_A_NUMBER: u16 = 0xC000;
const INFINITY: u16 = 0xD000;
const MINUS_INFINITY: u16 = 0xF000;

/// A decimal number as written: sign, digits without leading zeros, and how many of them stand before the point.
struct Decimal<'a> {
    negative: bool,
    whole: &'a [u8],
    part: &'a [u8],
    exponent: i64,
}

/// Reads a `numeric(precision, scale)` into an integer of that scale, rounding half away from zero.
///
/// # Errors
/// 22P02 for what is no number, 22003 for what does not fit, 0A000 for `NaN` and the infinities, which a scaled integer cannot hold.
pub(crate) fn numeric(text: &str, precision: u8, scale: i8) -> Result<i128> {
    let number = trimmed(text);
    if ["nan", "infinity", "+infinity", "-infinity", "inf", "+inf", "-inf"].iter().any(|word| number.eq_ignore_ascii_case(word)) {
        return Err(Error::new(Kind::FeatureNotSupported, format!("numeric cannot hold \"{number}\""))
            .with_hint("use double precision for values that may not be finite"));
    }
    let decimal = split(number).ok_or_else(|| invalid("numeric", text))?;
    scaled(&decimal, precision, scale).ok_or_else(|| overflow(precision, scale))
}

/// Splits `[+-]digits[.digits][e[+-]digits]`; there must be a digit before the exponent.
fn split(number: &str) -> Option<Decimal<'_>> {
    let (negative, rest) = match number.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let whole_length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (whole, rest) = rest.split_at_checked(whole_length)?;
    let (part, rest) = match rest {
        [b'.', rest @ ..] => rest.split_at_checked(rest.iter().take_while(|byte| byte.is_ascii_digit()).count())?,
        rest => (&[][..], rest),
    };
    if whole.is_empty() && part.is_empty() {
        return None;
    }
    let exponent = match rest {
        [] => 0,
        [b'e' | b'E', rest @ ..] => exponent(rest)?,
        _ => return None,
    };
    Some(Decimal { negative, whole, part, exponent })
}

/// An exponent with its sign, held at a size that no type reaches.
fn exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = digits.iter().fold(0_i64, |size, digit| (size * 10 + i64::from(digit - b'0')).min(1_000_000_000));
    Some(if negative { -size } else { size })
}

/// The number times ten to the scale, rounded; `None` where it has more digits than the precision.
fn scaled(decimal: &Decimal<'_>, precision: u8, scale: i8) -> Option<i128> {
    let mut digits = decimal.whole.iter().chain(decimal.part).copied();
    // How many of the digits are left of the point once the number is scaled.
    let mut left = i64::try_from(decimal.whole.len()).ok()? + decimal.exponent + i64::from(scale);
    let mut value: i128 = 0;
    let mut significant = 0;
    let mut exhausted = false;
    while left > 0 {
        let digit = digits.next().unwrap_or_else(|| {
            exhausted = true;
            b'0'
        });
        if exhausted && value == 0 {
            return Some(0);
        }
        significant += i64::from(significant > 0 || digit != b'0');
        if significant > DIGITS_MAX {
            return None;
        }
        value = value * 10 + i128::from(digit - b'0');
        left -= 1;
    }
    if left == 0 && digits.next().is_some_and(|digit| digit >= b'5') {
        value += 1;
    }
    if value >= 10_i128.checked_pow(u32::from(precision))? {
        return None;
    }
    Some(if decimal.negative { -value } else { value })
}

/// A number that the type cannot hold.
pub(crate) fn overflow(precision: u8, scale: i8) -> Error {
    let error = Error::new(Kind::NumericValueOutOfRange, "numeric field overflow");
    if (precision, scale) == BARE_NUMERIC {
        return error
            .with_detail("A numeric without a precision holds 28 digits before the point and 10 after it.")
            .with_hint("declare the column as numeric(precision, scale) or double precision");
    }
    let whole = i32::from(precision) - i32::from(scale);
    let limit = if whole > 0 { format!("10^{whole}") } else { "1".to_owned() };
    error.with_detail(format!(
        "A field with precision {precision}, scale {scale} must round to an absolute value less than {limit}."
    ))
}

/// The decimal digits of a number's size, and how many of them there are, in a buffer filled from its end.
pub(crate) fn size_digits(mut size: u128, buffer: &mut [u8; 39]) -> &[u8] {
    let mut at = buffer.len();
    // Division of 128 bits is slow, so take nineteen digits at a time.
    const CHUNK: u128 = 10_000_000_000_000_000_000;
    loop {
        let (rest, chunk) = if size < CHUNK { (0, size) } else { (size / CHUNK, size % CHUNK) };
        // A remainder below 10^19 fits 64 bits.
        let mut chunk = u64::try_from(chunk).unwrap_or(0);
        let stop = if rest == 0 { at } else { at - 19 };
        loop {
            at -= 1;
            buffer[at] = b'0' + u8::try_from(chunk % 10).unwrap_or(0);
            chunk /= 10;
            if chunk == 0 && (rest == 0 || at == stop) {
                break;
            }
        }
        if rest == 0 {
            return &buffer[at..];
        }
        size = rest;
    }
}

/// Writes an integer.
pub(crate) fn write_integer(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(size_digits(u128::from(value.unsigned_abs()), &mut [0; 39]));
}

/// Writes digits with a decimal point before the last `scale` of them; `trim` drops zeros at the end of the fraction.
pub(crate) fn write_decimal(negative: bool, digits: &[u8], scale: i8, trim: bool, out: &mut Vec<u8>) {
    if negative {
        out.push(b'-');
    }
    let Ok(scale) = usize::try_from(scale) else {
        // A negative scale stands for zeros before the point.
        out.extend_from_slice(digits);
        if digits != b"0" {
            out.resize(out.len() + usize::from(scale.unsigned_abs()), b'0');
        }
        return;
    };
    let (whole, part) = digits.split_at(digits.len().saturating_sub(scale));
    out.extend_from_slice(if whole.is_empty() { b"0" } else { whole });
    let zeros = scale - part.len();
    let kept = if trim { part.iter().rposition(|digit| *digit != b'0').map_or(0, |at| at + 1) } else { part.len() };
    if scale == 0 || (trim && kept == 0) {
        return;
    }
    out.push(b'.');
    out.resize(out.len() + zeros, b'0');
    out.extend_from_slice(part.get(..kept).unwrap_or(part));
}

/// Writes the wire form of a number given as text `[-]digits[.digits]`: groups of four digits from the point outwards.
#[allow(clippy::cast_possible_truncation)]
pub(crate) fn write_binary(text: &[u8], out: &mut Vec<u8>) {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let point = text.iter().position(|byte| *byte == b'.').unwrap_or(text.len());
    let whole = text.get(..point).unwrap_or_default();
    let part = text.get(point + 1..).unwrap_or_default();
    let value = |digits: &[u8]| digits.iter().fold(0_u16, |value, digit| value * 10 + u16::from(digit - b'0'));
    let mut groups: Vec<u16> = whole.rchunks(4).rev().map(value).collect();
    // Group i stands for 10000^(weight - i). A decimal of at most 76 digits has few groups, so the conversions below are exact.
    let mut weight = groups.len() as i16 - 1;
    for chunk in part.chunks(4) {
        let mut padded = [b'0'; 4];
        padded[..chunk.len()].copy_from_slice(chunk);
        groups.push(value(&padded));
    }
    let leading = groups.iter().take_while(|group| **group == 0).count();
    let used = groups.iter().rposition(|group| *group != 0).map_or(0, |at| at + 1);
    let groups = groups.get(leading..used).unwrap_or_default();
    weight = if groups.is_empty() { 0 } else { weight - leading as i16 };
    out.extend_from_slice(&(groups.len() as i16).to_be_bytes());
    out.extend_from_slice(&weight.to_be_bytes());
    let sign = if negative && !groups.is_empty() { NEGATIVE } else { POSITIVE };
    out.extend_from_slice(&sign.to_be_bytes());
    out.extend_from_slice(&(part.len() as i16).to_be_bytes());
    for group in groups {
        out.extend_from_slice(&group.to_be_bytes());
    }
}

/// Whether a numeric's wire form ends before the digits that it announces.
pub(crate) fn is_cut_off(bytes: &[u8]) -> bool {
    bytes.split_first_chunk::<2>().is_none_or(|(count, _)| bytes.len() < 8 + 2 * usize::from(u16::from_be_bytes(*count)))
}

/// Appends the wire form as text, from which [`numeric`] rounds it to the column's scale; `None` where it is malformed.
pub(crate) fn text_of_binary(bytes: &[u8], text: &mut String) -> Option<()> {
    let word = |at: usize| Some(u16::from_be_bytes([*bytes.get(2 * at)?, *bytes.get(2 * at + 1)?]));
    let count = usize::from(word(0)?);
    let weight = i64::from(word(1)?.cast_signed());
    let sign = word(2)?;
    word(3)?;
    if bytes.len() != 8 + 2 * count {
        return None;
    }
    let special = match sign {
        POSITIVE => "",
        NEGATIVE => "-",
        NOT_A_NUMBER => "NaN",
        INFINITY => "Infinity",
        MINUS_INFINITY => "-Infinity",
        _ => return None,
    };
    text.push_str(special);
    if !matches!(sign, POSITIVE | NEGATIVE) {
        return Some(());
    }
    text.push('0');
    for at in 0..count {
        let group = word(4 + at)?;
        if group > 9_999 {
            return None;
        }
        text.extend([1_000, 100, 10, 1].map(|place| char::from(b'0' + (group / place % 10) as u8)));
    }
    // The digits are an integer of groups; the exponent puts the point where it belongs. Writing to a string cannot fail.
    let exponent = (weight + 1 - i64::try_from(count).ok()?) * 4;
    let _ = write!(text, "e{exponent}");
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: i128, scale: i8, trim: bool) -> String {
        let mut out = Vec::new();
        write_decimal(value < 0, size_digits(value.unsigned_abs(), &mut [0; 39]), scale, trim, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_rounded_to_their_scale() {
        for (text, value) in [
            ("1.005", 101),
            ("-1.005", -101),
            (" 12 ", 1200),
            (".5", 50),
            ("5.", 500),
            ("1.5e1", 1500),
            ("15e-1", 150),
            ("0.004", 0),
            ("0.0049e0", 0),
            ("1e-400", 0),
            ("0e999999999999", 0),
            ("000000000000000000000000000000000000000000000001", 100),
        ] {
            assert_eq!(numeric(text, 10, 2).unwrap(), value, "{text}");
        }
        assert_eq!(numeric("99999999999999999999999999999999999999", 38, 0).unwrap(), 10_i128.pow(38) - 1);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for text in ["100000000", "99999999.995", "1e9", "1e999999999999"] {
            let error = numeric(text, 10, 2).unwrap_err();
            assert_eq!((error.sqlstate(), error.message()), ("22003", "numeric field overflow"), "{text}");
            assert_eq!(
                error.report().detail.as_deref(),
                Some("A field with precision 10, scale 2 must round to an absolute value less than 10^8.")
            );
        }
        for text in ["", ".", "1e", "1.2.3", "abc", "1 2", "- 1", "e5", "0x1"] {
            assert_eq!(numeric(text, 10, 2).unwrap_err().sqlstate(), "22P02", "{text}");
        }
        assert_eq!(numeric("NaN", 10, 2).unwrap_err().sqlstate(), "0A000");
    }

    #[test]
    fn written_with_or_without_trailing_zeros() {
        assert_eq!(shown(15_000_000_000, 10, true), "1.5");
        assert_eq!(shown(10_000_000_000, 10, true), "1");
        assert_eq!(shown(-1, 10, true), "-0.0000000001");
        assert_eq!(shown(150, 2, false), "1.50");
        assert_eq!(shown(0, 2, false), "0.00");
        assert_eq!(shown(5, -2, false), "500");
        assert_eq!(shown(i128::MAX, 0, false), i128::MAX.to_string());
        assert_eq!(shown(10_i128.pow(19), 0, false), "10000000000000000000");
        assert_eq!(shown(10_i128.pow(38) + 7, 0, false), "100000000000000000000000000000000000007");
    }

    #[test]
    fn the_wire_form_reads_back() {
        for (text, expected) in [
            ("0", vec![0, 0, 0, 0, 0, 0, 0, 0]),
            ("1.50", vec![0, 2, 0, 0, 0, 0, 0, 2, 0, 1, 0x13, 0x88]),
            ("-10000", vec![0, 1, 0, 1, 0x40, 0, 0, 0, 0, 1]),
            ("0.0001", vec![0, 1, 0xff, 0xff, 0, 0, 0, 4, 0, 1]),
        ] {
            let mut out = Vec::new();
            write_binary(text.as_bytes(), &mut out);
            assert_eq!(out, expected, "{text}");
            let mut back = String::new();
            text_of_binary(&out, &mut back).unwrap();
            assert_eq!(numeric(&back, 20, 4).unwrap(), numeric(text, 20, 4).unwrap(), "{text}");
        }
        assert_eq!(text_of_binary(&[0, 1, 0, 0, 0, 0, 0, 0], &mut String::new()), None);
        assert_eq!(text_of_binary(&[0, 1, 0, 0, 0, 0, 0, 0, 0x27, 0x10], &mut String::new()), None);
    }
}
