//! Writes floats as PostgreSQL does: the fewest digits that read back the same, with an exponent where the number is very large or
//! very small (PostgreSQL 15, section 8.1.3).

use std::io::Write;

/// How many digits after the shortest ones decide that nothing but zeros follows.
const EXACT_DIGITS: usize = 60;

/// A float type's names for its limits.
trait Digits: Copy + PartialEq + std::fmt::LowerExp {
    /// The digits that every number of the type keeps (`FLT_DIG`, `DBL_DIG`).
    const SURE: i32;
    /// Reads digits back.
    fn read(text: &str) -> Option<Self>;
    /// The number without its sign.
    fn size(self) -> Self;
    /// The number as a whole one over a small power of ten, `(m, k)` for m / 10ᵏ without zeros at the end of m, if it is one of few digits.
    fn over_power_of_ten(self) -> Option<(u64, i32)>;
    /// Between which sizes a decimal can lie exactly half-way between two neighbours and be the shortest for one of them.
    fn may_tie(self) -> bool;
}

impl Digits for f32 {
    const SURE: i32 = 6;
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
    fn size(self) -> Self {
        self.abs()
    }
    fn over_power_of_ten(self) -> Option<(u64, i32)> {
        None
    }
    fn may_tie(self) -> bool {
        (2_097_152.0..1e21).contains(&self.abs())
    }
}

impl Digits for f64 {
    const SURE: i32 = 15;
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
    fn size(self) -> Self {
        self.abs()
    }
    fn over_power_of_ten(self) -> Option<(u64, i32)> {
        let size = self.abs();
        if size >= 1e9 || size == 0.0 {
            return None;
        }
        [1.0, 10.0, 100.0, 1e3, 1e4].into_iter().zip(0..).find_map(|(power, places)| {
            let whole = (size * power).round();
            // Both are exact, so the quotient is what the decimal reads back as; and no other decimal of up to 15 digits does.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            (whole / power == size).then_some((whole as u64, places))
        })
    }
    fn may_tie(self) -> bool {
        (1e15..1e42).contains(&self.abs())
    }
}

/// Writes a `real`.
pub(crate) fn write_f32(value: f32, extra_digits: i32, out: &mut Vec<u8>) {
    if value.is_finite() {
        write_finite(value, extra_digits, out);
    } else {
        write_special(value.is_nan(), value > 0.0, out);
    }
}

/// Writes a `double precision`.
pub(crate) fn write_f64(value: f64, extra_digits: i32, out: &mut Vec<u8>) {
    if value.is_finite() {
        write_finite(value, extra_digits, out);
    } else {
        write_special(value.is_nan(), value > 0.0, out);
    }
}

fn write_special(nan: bool, positive: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(match (nan, positive) {
        (true, _) => b"NaN",
        (false, true) => b"Infinity",
        (false, false) => b"-Infinity",
    });
}

fn write_finite<F: Digits>(value: F, extra_digits: i32, out: &mut Vec<u8>) {
    if extra_digits > 0
        && let Some((whole, places)) = value.over_power_of_ten()
    {
        return write_decimal(value != value.size(), whole, places, out);
    }
    let mut text = Vec::with_capacity(32);
    // Writing to a vector cannot fail.
    let exponent_from = if extra_digits > 0 {
        let _ = write!(text, "{value:e}");
        if value.may_tie() && !strictly_nearest(value, &text) {
            text = next_shortest(value);
        }
        F::SURE
    } else {
        let digits = (F::SURE + extra_digits).max(1);
        let _ = write!(text, "{value:.*e}", usize::try_from(digits - 1).unwrap_or(0));
        digits
    };
    let Some((negative, mut digits, exponent)) = parts(&text) else { return };
    if extra_digits > 0 {
        prefer_even(value, exponent, &mut digits);
    }
    lay_out(negative, &digits, exponent, exponent_from, out);
}

/// Writes `[-]whole / 10^places`, which has up to nine digits before its point.
fn write_decimal(negative: bool, whole: u64, places: i32, out: &mut Vec<u8>) {
    let mut reversed = Vec::with_capacity(20);
    let mut rest = whole;
    let places = usize::try_from(places).unwrap_or(0);
    while rest > 0 || reversed.len() <= places {
        if places > 0 && reversed.len() == places {
            reversed.push(b'.');
        }
        reversed.push(b'0' + u8::try_from(rest % 10).unwrap_or(0));
        rest /= 10;
    }
    if negative {
        out.push(b'-');
    }
    out.extend(reversed.iter().rev());
}

/// Takes the even of two shortest decimals that are equally near to the value; the standard library takes the greater.
fn prefer_even<F: Digits>(value: F, exponent: i32, digits: &mut [u8]) {
    // Decimals of so few digits are all different floats, so no two of them are near to one.
    if i32::try_from(digits.len()).is_ok_and(|count| count <= F::SURE) {
        return;
    }
    let Some(last) = digits.last().copied().filter(|last| matches!(last, b'1' | b'3' | b'5' | b'7' | b'9')) else { return };
    let one_more = format!("{value:.*e}", digits.len());
    if one_more.split('e').next().is_none_or(|mantissa| !mantissa.ends_with('5')) {
        return;
    }
    // The value lies exactly between the two if nothing but zeros follows the five.
    let exact = format!("{value:.*e}", digits.len() + EXACT_DIGITS);
    let Some((_, exact, _)) = parts(exact.as_bytes()) else { return };
    let mut lower = digits.to_vec();
    if let Some(digit) = lower.last_mut() {
        *digit = last - 1;
    }
    if exact.len() != digits.len() + 1 || !exact.starts_with(&lower) {
        return;
    }
    // Below a power of two the floats are denser, so the lower decimal may be a neighbour's.
    let (first, rest) = lower.split_at(1);
    let text = [first, b".", rest, format!("e{exponent}").as_bytes()].concat();
    let size = std::str::from_utf8(&text).ok().and_then(F::read);
    if size.is_some_and(|size| size == value.size()) && strictly_nearest(value.size(), &text) {
        digits.copy_from_slice(&lower);
    }
}

/// Splits `[-]d[.ddd]e[-]dd` into sign, digits without trailing zeros, and exponent.
fn parts(text: &[u8]) -> Option<(bool, Vec<u8>, i32)> {
    let text = std::str::from_utf8(text).ok()?;
    let (mantissa, exponent) = text.split_once('e')?;
    let negative = mantissa.starts_with('-');
    let mut digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
    while digits.len() > 1 && digits.last() == Some(&b'0') {
        digits.pop();
    }
    Some((negative, digits, exponent.parse().ok()?))
}

/// Whether a decimal lies inside the range that reads back as the value, and not just on its edge.
///
/// A decimal half-way between two floats reads back as the even one. PostgreSQL does not rely on readers to know that and writes
/// another decimal then: 1e23 is written as 9.999999999999999e+22.
fn strictly_nearest<F: Digits>(value: F, text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return true };
    let Some((mantissa, exponent)) = text.split_once('e') else { return true };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let above = format!("{whole}.{part}0000000000000000000000001e{exponent}");
    // The decimal just below: one unit less in the last digit, then nines.
    let digits: String = format!("{}{part}", whole.trim_start_matches('-'));
    let Some(lower) = digits.parse::<u64>().ok().and_then(|digits| digits.checked_sub(1)) else { return true };
    let sign = if whole.starts_with('-') { "-" } else { "" };
    let shift = i32::try_from(part.len()).unwrap_or(0);
    let scale = exponent.parse::<i32>().unwrap_or(0) - shift;
    let below = format!("{sign}{lower}.9999999999999999999999999e{scale}");
    F::read(&above) == Some(value) && F::read(&below) == Some(value)
}

/// The shortest decimal with more digits than the shortest of all that lies inside the range.
fn next_shortest<F: Digits>(value: F) -> Vec<u8> {
    let mut text = Vec::new();
    for digits in 0..17 {
        text.clear();
        let _ = write!(text, "{value:.digits$e}");
        let reads_back = std::str::from_utf8(&text).ok().and_then(F::read) == Some(value);
        if reads_back && strictly_nearest(value, &text) {
            break;
        }
    }
    text
}

/// Writes digits as a plain number, or with an exponent of at least two digits below -4 and from `exponent_from` on.
fn lay_out(negative: bool, digits: &[u8], exponent: i32, exponent_from: i32, out: &mut Vec<u8>) {
    if negative {
        out.push(b'-');
    }
    let (first, rest) = digits.split_at(1.min(digits.len()));
    if exponent < -4 || exponent >= exponent_from {
        out.extend_from_slice(first);
        if !rest.is_empty() {
            out.push(b'.');
            out.extend_from_slice(rest);
        }
        // Writing to a vector cannot fail.
        let _ = write!(out, "e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.unsigned_abs());
        return;
    }
    let Ok(whole) = usize::try_from(exponent + 1) else {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + usize::try_from(-exponent - 1).unwrap_or(0), b'0');
        out.extend_from_slice(digits);
        return;
    };
    if whole == 0 {
        out.extend_from_slice(b"0.");
        out.extend_from_slice(digits);
    } else if digits.len() <= whole {
        out.extend_from_slice(digits);
        out.resize(out.len() + whole - digits.len(), b'0');
    } else {
        let (whole, part) = digits.split_at(whole);
        out.extend_from_slice(whole);
        out.push(b'.');
        out.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: f64, extra_digits: i32) -> String {
        let mut out = Vec::new();
        write_f64(value, extra_digits, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn shown_real(value: f32, extra_digits: i32) -> String {
        let mut out = Vec::new();
        write_f32(value, extra_digits, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn doubles_as_postgresql_writes_them() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (0.1, "0.1"),
            (0.0001, "0.0001"),
            (0.00003, "3e-05"),
            (123_456_789_012_345.0, "123456789012345"),
            (1e15, "1e+15"),
            (1e23, "9.999999999999999e+22"),
            (9_007_199_254_740_993.0, "9.007199254740992e+15"),
            (2e22, "2e+22"),
            (1e100, "1e+100"),
            (5e-324, "5e-324"),
            (2.0_f64.powi(-25), "2.9802322387695312e-08"),
            (2.0_f64.powi(-24), "5.960464477539063e-08"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(shown(value, 1), text);
        }
        assert_eq!(shown(0.1 + 0.2, 1), "0.30000000000000004");
        assert_eq!(shown(0.1 + 0.2, 0), "0.3");
        assert_eq!(shown(1234.5, -13), "1.2e+03");
    }

    #[test]
    #[allow(clippy::cast_precision_loss)]
    fn numbers_of_few_digits_are_what_the_standard_library_shows() {
        let mut whole = 7_u64;
        for round in 0..20_000 {
            whole = whole.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let value = (whole >> (20 + round % 40)) as f64 / [1.0, 8.0, 10.0, 100.0, 1e3, 1e4, 1e5][round % 7];
            if (1e-4..1e15).contains(&value) && !value.may_tie() {
                assert_eq!(shown(value, 1), value.to_string());
                assert_eq!(shown(-value, 1), (-value).to_string());
            }
        }
    }

    #[test]
    #[allow(clippy::excessive_precision)]
    fn reals_as_postgresql_writes_them() {
        for (value, text) in [
            (0.1, "0.1"),
            (405_822.125, "405822.12"),
            (166_750.375, "166750.38"),
            (123_456.0, "123456"),
            (1e6, "1e+06"),
            (16_777_216.0, "1.6777216e+07"),
            (33_554_432.0, "3.3554432e+07"),
        ] {
            assert_eq!(shown_real(value, 1), text);
        }
        assert_eq!(shown_real(0.3, 0), "0.3");
    }
}
