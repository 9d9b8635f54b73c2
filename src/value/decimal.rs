//! Decimal numbers of any length, with the arithmetic of PostgreSQL's `numeric` (its `numeric.c`): how many digits a result shows
//! behind its point follows from what went in. A number in a JSON document is one.

use std::cmp::Ordering;

use crate::error::{Error, Kind, Result};

/// The most digits that a `numeric` has before its point, and behind it.
const WHOLE_DIGITS_MAX: usize = 131_072;
const SCALE_MAX: usize = 16_383;
/// A quotient has at least so many significant digits, and shows at most so many behind its point.
const QUOTIENT_DIGITS: i64 = 16;
const QUOTIENT_SCALE_MAX: i64 = 1_000;
/// PostgreSQL keeps four decimal digits in one of its own, which decides how exact a quotient is.
const GROUP: i64 = 4;

/// A finite decimal number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal {
    negative: bool,
    /// Digits 0 to 9, the most significant first, without zeros in front; none for zero.
    digits: Vec<u8>,
    /// How many of the digits stand behind the point.
    scale: usize,
}

impl Decimal {
    /// Reads `[-]digits[.digits]`, which is how a canonical `jsonb` writes a number; `None` for anything else.
    pub(crate) fn parse(text: &str) -> Option<Decimal> {
        let (negative, size) = match text.strip_prefix('-') {
            Some(size) => (true, size),
            None => (false, text),
        };
        let (whole, part) = size.split_once('.').unwrap_or((size, ""));
        if !whole.bytes().chain(part.bytes()).all(|byte| byte.is_ascii_digit()) || whole.is_empty() {
            return None;
        }
        let digits = whole.bytes().chain(part.bytes()).map(|byte| byte - b'0').collect();
        Some(Decimal::new(negative, digits, part.len()))
    }

    pub(crate) fn from_integer(value: i64) -> Decimal {
        let digits = value.unsigned_abs().to_string().bytes().map(|byte| byte - b'0').collect();
        Decimal::new(value < 0, digits, 0)
    }

    fn new(negative: bool, digits: Vec<u8>, scale: usize) -> Decimal {
        let zeros = digits.iter().take_while(|digit| **digit == 0).count();
        let digits = if zeros == 0 { digits } else { digits.get(zeros..).unwrap_or_default().to_vec() };
        Decimal { negative: negative && !digits.is_empty(), digits, scale }
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    pub(crate) fn negated(mut self) -> Decimal {
        self.negative = !self.negative && !self.is_zero();
        self
    }

    pub(crate) fn absolute(mut self) -> Decimal {
        self.negative = false;
        self
    }

    /// The digits with so many behind the point, which must not be fewer than there are.
    fn at_scale(&self, scale: usize) -> Vec<u8> {
        let mut digits = self.digits.clone();
        if !digits.is_empty() {
            digits.resize(digits.len() + scale - self.scale, 0);
        }
        digits
    }

    pub(crate) fn add(&self, other: &Decimal) -> Result<Decimal> {
        let scale = self.scale.max(other.scale);
        let (left, right) = (self.at_scale(scale), other.at_scale(scale));
        let sum = if self.negative == other.negative {
            Decimal::new(self.negative, added(&left, &right), scale)
        } else if compared(&left, &right) == Ordering::Less {
            Decimal::new(other.negative, subtracted(&right, &left), scale)
        } else {
            Decimal::new(self.negative, subtracted(&left, &right), scale)
        };
        sum.checked()
    }

    pub(crate) fn subtract(&self, other: &Decimal) -> Result<Decimal> {
        self.add(&other.clone().negated())
    }

    pub(crate) fn multiply(&self, other: &Decimal) -> Result<Decimal> {
        let mut places = vec![0_u32; self.digits.len() + other.digits.len()];
        for (i, left) in self.digits.iter().enumerate().rev() {
            let mut carry = 0;
            for (j, right) in other.digits.iter().enumerate().rev() {
                let place = &mut places[i + j + 1];
                let value = *place + u32::from(*left) * u32::from(*right) + carry;
                *place = value % 10;
                carry = value / 10;
            }
            places[i] += carry;
        }
        let digits = places.into_iter().map(|place| u8::try_from(place).unwrap_or(0)).collect();
        let product = Decimal::new(self.negative != other.negative, digits, self.scale + other.scale);
        let product = if product.scale > SCALE_MAX { product.rounded(SCALE_MAX) } else { product };
        product.checked()
    }

    /// # Errors
    /// 22012 for a divisor of zero.
    pub(crate) fn divide(&self, other: &Decimal) -> Result<Decimal> {
        if other.is_zero() {
            return Err(division_by_zero());
        }
        let scale = self.quotient_scale(other);
        // One digit more than is shown, to round by.
        let shift = scale + 1 + other.scale;
        let mut numerator = self.digits.clone();
        let mut denominator = other.digits.clone();
        if shift >= self.scale {
            numerator.resize(numerator.len() + shift - self.scale, 0);
        } else {
            denominator.resize(denominator.len() + self.scale - shift, 0);
        }
        let (quotient, _) = divided(&numerator, &denominator);
        Decimal::new(self.negative != other.negative, quotient, scale + 1).rounded(scale).checked()
    }

    /// # Errors
    /// 22012 for a divisor of zero.
    pub(crate) fn modulo(&self, other: &Decimal) -> Result<Decimal> {
        if other.is_zero() {
            return Err(division_by_zero());
        }
        let scale = self.scale.max(other.scale);
        let (_, rest) = divided(&self.at_scale(scale), &other.at_scale(scale));
        Ok(Decimal::new(self.negative, rest, scale))
    }

    /// How many digits a quotient shows behind its point (`select_div_scale`).
    fn quotient_scale(&self, other: &Decimal) -> usize {
        let (left_weight, left_first) = self.leading_group();
        let (right_weight, right_first) = other.leading_group();
        let weight = left_weight - right_weight - i64::from(left_first <= right_first);
        let scale = |decimal: &Decimal| i64::try_from(decimal.scale).unwrap_or(i64::MAX);
        let wanted = (QUOTIENT_DIGITS - weight * GROUP).max(scale(self)).max(scale(other)).clamp(0, QUOTIENT_SCALE_MAX);
        usize::try_from(wanted).unwrap_or(0)
    }

    /// Which power of 10,000 the first group of four digits counts, and the group.
    fn leading_group(&self) -> (i64, u32) {
        let Some(length) = i64::try_from(self.digits.len()).ok().filter(|length| *length > 0) else { return (0, 0) };
        // The place of the first digit: 0 for units.
        let place = length - 1 - i64::try_from(self.scale).unwrap_or(0);
        let weight = place.div_euclid(GROUP);
        let count = usize::try_from(place.rem_euclid(GROUP) + 1).unwrap_or(1);
        let group = (0..count).fold(0, |value, at| value * 10 + u32::from(self.digits.get(at).copied().unwrap_or(0)));
        (weight, group)
    }

    /// With fewer digits behind the point, half away from zero.
    fn rounded(&self, scale: usize) -> Decimal {
        if scale >= self.scale {
            return Decimal::new(self.negative, self.at_scale(scale), scale);
        }
        let drop = self.scale - scale;
        if drop > self.digits.len() {
            return Decimal::new(false, vec![], scale);
        }
        let (kept, dropped) = self.digits.split_at(self.digits.len() - drop);
        let mut digits = kept.to_vec();
        if dropped.first().is_some_and(|digit| *digit >= 5) {
            digits = added(&digits, &[1]);
        }
        Decimal::new(self.negative, digits, scale)
    }

    /// Without what stands behind the point, and whether that was anything.
    fn truncated(&self) -> (Decimal, bool) {
        let kept = self.digits.len().saturating_sub(self.scale);
        let (whole, part) = self.digits.split_at(kept);
        (Decimal::new(self.negative, whole.to_vec(), 0), part.iter().any(|digit| *digit != 0))
    }

    pub(crate) fn floor(&self) -> Result<Decimal> {
        let (whole, cut) = self.truncated();
        if cut && self.negative { whole.add(&Decimal::from_integer(-1)) } else { Ok(whole) }
    }

    pub(crate) fn ceiling(&self) -> Result<Decimal> {
        let (whole, cut) = self.truncated();
        if cut && !self.negative { whole.add(&Decimal::from_integer(1)) } else { Ok(whole) }
    }

    /// The whole part as a 32-bit integer, if it is one.
    pub(crate) fn to_i32(&self) -> Option<i32> {
        let (whole, _) = self.truncated();
        if whole.is_zero() {
            return Some(0);
        }
        whole.to_string().parse().ok()
    }

    fn checked(self) -> Result<Decimal> {
        if self.digits.len().saturating_sub(self.scale) > WHOLE_DIGITS_MAX {
            return Err(Error::new(Kind::NumericValueOutOfRange, "value overflows numeric format"));
        }
        Ok(self)
    }
}

fn division_by_zero() -> Error {
    Error::new(Kind::DivisionByZero, "division by zero")
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.compare(other))
    }
}

impl Decimal {
    /// The order of values: zeros behind the point say nothing.
    pub(crate) fn compare(&self, other: &Decimal) -> Ordering {
        let scale = self.scale.max(other.scale);
        let size = || compared(&self.at_scale(scale), &other.at_scale(scale));
        match (self.negative, other.negative) {
            (false, false) => size(),
            (true, true) => size().reverse(),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::with_capacity(self.digits.len() + 3);
        if self.negative {
            text.push('-');
        }
        let whole = self.digits.len().saturating_sub(self.scale);
        if whole == 0 {
            text.push('0');
        }
        let digit = |digit: &u8| char::from(b'0' + digit);
        text.extend(self.digits.iter().take(whole).map(digit));
        if self.scale > 0 {
            text.push('.');
            text.extend(std::iter::repeat_n('0', self.scale.saturating_sub(self.digits.len())));
            text.extend(self.digits.iter().skip(whole).map(digit));
        }
        f.write_str(&text)
    }
}

fn plain(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    digits.get(zeros..).unwrap_or_default()
}

fn compared(left: &[u8], right: &[u8]) -> Ordering {
    let (left, right) = (plain(left), plain(right));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

fn added(left: &[u8], right: &[u8]) -> Vec<u8> {
    let length = left.len().max(right.len()) + 1;
    let mut out = vec![0; length];
    let mut carry = 0;
    for at in 0..length {
        let digit = |digits: &[u8]| digits.len().checked_sub(at + 1).and_then(|place| digits.get(place)).copied().unwrap_or(0);
        let sum = digit(left) + digit(right) + carry;
        out[length - 1 - at] = sum % 10;
        carry = sum / 10;
    }
    out
}

/// The difference of two sizes, the first of which is not the smaller.
fn subtracted(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut out = left.to_vec();
    let mut borrow = 0;
    for at in 0..left.len() {
        let taken = right.len().checked_sub(at + 1).and_then(|place| right.get(place)).copied().unwrap_or(0) + borrow;
        let place = left.len() - 1 - at;
        borrow = u8::from(out[place] < taken);
        out[place] = out[place] + borrow * 10 - taken;
    }
    out
}

/// Quotient and rest of two sizes, digit by digit.
fn divided(numerator: &[u8], denominator: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut quotient = Vec::with_capacity(numerator.len());
    let mut rest: Vec<u8> = Vec::with_capacity(denominator.len() + 1);
    for digit in numerator {
        rest.push(*digit);
        let mut count = 0;
        while compared(&rest, denominator) != Ordering::Less {
            rest = subtracted(&rest, denominator);
            count += 1;
        }
        rest = plain(&rest).to_vec();
        quotient.push(count);
    }
    (quotient, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn arithmetic_is_that_of_numeric() {
        let shown = |result: Result<Decimal>| result.unwrap().to_string();
        assert_eq!(shown(decimal("1.10").add(&decimal("2"))), "3.10");
        assert_eq!(shown(decimal("1.10").subtract(&decimal("2"))), "-0.90");
        assert_eq!(shown(decimal("1.10").multiply(&decimal("-2.0"))), "-2.200");
        assert_eq!(shown(decimal("1").divide(&decimal("3"))), "0.33333333333333333333");
        assert_eq!(shown(decimal("10").divide(&decimal("4"))), "2.5000000000000000");
        assert_eq!(shown(decimal("100000").divide(&decimal("3"))), "33333.333333333333");
        assert_eq!(shown(decimal("-7.5").modulo(&decimal("2"))), "-1.5");
        assert_eq!(shown(decimal("-1.5").floor()), "-2");
        assert_eq!(shown(decimal("-1.5").ceiling()), "-1");
        assert_eq!(shown(decimal("0.05").ceiling()), "1");
        assert_eq!(decimal("0.050").to_string(), "0.050");
        assert_eq!(decimal("-0.0").to_string(), "0.0");
        assert_eq!(decimal("1").divide(&decimal("0.00")).unwrap_err().sqlstate(), "22012");
        assert_eq!(decimal("1.0").compare(&decimal("1")), Ordering::Equal);
        assert_eq!(decimal("-2").compare(&decimal("1")), Ordering::Less);
        assert_eq!(decimal("-2.5").to_i32(), Some(-2));
        assert_eq!(decimal("3000000000").to_i32(), None);
    }
}
