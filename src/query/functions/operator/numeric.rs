//! `numeric`: exact, in 256 bits on the way and at most 38 digits at the end.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Decimal128Array};
use datafusion::arrow::compute::{try_binary, try_unary};
use datafusion::arrow::datatypes::{Decimal128Type, i256};

use super::{Operation, arrived, carried, division_by_zero, float, scale_of};
use crate::error::{Error, Kind, Result};
use crate::query::functions::scalar::{Argument, Arguments};
use crate::value::SqlType;

/// The digits that the type holds.
const DIGITS_MAX: u32 = 38;

pub(super) fn run(given: &Arguments, operation: Operation, scale: i8) -> Result<ArrayRef> {
    let (left_scale, left) = operand(given, 0)?;
    let left = left.as_primitive::<Decimal128Type>();
    let SqlType::Numeric(precision, _) = given.result else {
        return Err(Error::internal("a numeric operator gives a numeric"));
    };
    let output: Decimal128Array = if given.arrays.len() == 1 {
        try_unary(left, |value| {
            Ok(match operation {
                Operation::Subtract => -value,
                Operation::Absolute => value.abs(),
                _ => value,
            })
        })
    } else {
        let (right_scale, right) = operand(given, 1)?;
        try_binary(left, right.as_primitive::<Decimal128Type>(), |left, right| {
            let operands = Operands { left, left_scale, right, right_scale };
            operands.compute(operation, scale).map_err(carried)
        })
    }
    .map_err(arrived)?;
    let output = output.with_precision_and_scale(precision, scale).map_err(arrived)?;
    Ok(Arc::new(output))
}

/// The scale and values of an operand; one of no type is like the other.
fn operand(given: &Arguments, at: usize) -> Result<(i8, ArrayRef)> {
    let of = match given.types.get(at) {
        Some(Argument::Of(sql_type)) => sql_type.clone(),
        Some(Argument::Unknown) | None => given.sql_type(1 - at.min(1)),
    };
    let scale = scale_of(&of);
    Ok((scale, given.as_type(at, &SqlType::Numeric(38, scale))?))
}

struct Operands {
    left: i128,
    left_scale: i8,
    right: i128,
    right_scale: i8,
}

impl Operands {
    fn compute(&self, operation: Operation, scale: i8) -> Result<i128> {
        let (left, right) = (i256::from_i128(self.left), i256::from_i128(self.right));
        let common = self.left_scale.max(self.right_scale);
        let aligned = || Some((raised(left, common - self.left_scale)?, raised(right, common - self.right_scale)?));
        let zero_divides = self.right == 0;
        let (result, result_scale) = match operation {
            Operation::Add => (aligned().and_then(|(left, right)| left.checked_add(right)), common),
            Operation::Subtract => (aligned().and_then(|(left, right)| left.checked_sub(right)), common),
            Operation::Multiply => (left.checked_mul(right), self.left_scale + self.right_scale),
            Operation::Divide | Operation::Remainder if zero_divides => return Err(division_by_zero()),
            Operation::Remainder => (aligned().and_then(|(left, right)| left.checked_rem(right)), common),
            Operation::Divide => {
                // One digit more than wanted, to round by.
                let raise = scale + 1 + self.right_scale - self.left_scale;
                (raised(left, raise).and_then(|left| left.checked_div(right)), scale + 1)
            }
            Operation::Power => return self.power(scale),
            _ => return Err(Error::internal("numeric has no such operator")),
        };
        result.and_then(|result| rescaled(result, result_scale, scale)).and_then(fitting).ok_or_else(overflow)
    }

    /// A whole exponent is multiplied out; any other goes by way of floating point, with fifteen digits.
    fn power(&self, scale: i8) -> Result<i128> {
        let unit = 10_i128.pow(u32::from(self.right_scale.unsigned_abs()));
        if self.right % unit == 0
            && let Ok(exponent @ 0..=1000) = u32::try_from(self.right / unit)
        {
            let base = rescaled(i256::from_i128(self.left), self.left_scale, scale);
            let one = raised(i256::ONE, scale);
            let product = base.zip(one).and_then(|(base, one)| {
                (0..exponent).try_fold(one, |product, _| rescaled(product.checked_mul(base)?, scale.checked_mul(2)?, scale))
            });
            return product.and_then(fitting).ok_or_else(overflow);
        }
        let result = float::power(as_float(self.left, self.left_scale), as_float(self.right, self.right_scale))?;
        let text = format!("{result:.*}", usize::from(scale.unsigned_abs()));
        text.replace('.', "").parse::<i128>().map_err(|_| overflow())
    }
}

#[allow(clippy::cast_precision_loss)]
fn as_float(value: i128, scale: i8) -> f64 {
    value as f64 / 10_f64.powi(i32::from(scale))
}

/// Times ten to this power; a negative one divides.
fn raised(value: i256, by: i8) -> Option<i256> {
    let unit = i256::from_i128(10).checked_pow(u32::from(by.unsigned_abs()))?;
    if by >= 0 { value.checked_mul(unit) } else { value.checked_div(unit) }
}

/// At another scale, rounded half away from zero.
fn rescaled(value: i256, from: i8, to: i8) -> Option<i256> {
    if from <= to {
        return raised(value, to - from);
    }
    let unit = i256::from_i128(10).checked_pow(u32::from((from - to).unsigned_abs()))?;
    let half = unit.checked_div(i256::from_i128(2))?;
    let away = if value.is_negative() { value.checked_sub(half)? } else { value.checked_add(half)? };
    away.checked_div(unit)
}

/// As 128 bits, if it has no more digits than the type.
fn fitting(value: i256) -> Option<i128> {
    value.to_i128().filter(|value| value.unsigned_abs() < 10_u128.pow(DIGITS_MAX))
}

fn overflow() -> Error {
    Error::new(Kind::NumericValueOutOfRange, "value overflows numeric format")
        .with_detail(format!("A numeric holds at most {DIGITS_MAX} digits here."))
}

/// The scale of a quotient of two constants: at least sixteen significant digits, in steps of four (`select_div_scale` of PostgreSQL's
/// `numeric.c`).
pub(super) fn quotient_scale(types: &[Argument], arrays: &[ArrayRef]) -> Option<i8> {
    let mut weights = Vec::with_capacity(2);
    let mut scale = 0;
    for (argument, array) in types.iter().zip(arrays) {
        let Argument::Of(sql_type) = argument else { return None };
        let own = scale_of(sql_type);
        scale = scale.max(own);
        let numbers = datafusion::arrow::compute::cast(array, &SqlType::Numeric(38, own).arrow()).ok()?;
        weights.push(weight(numbers.as_primitive::<Decimal128Type>().value(0), own));
    }
    let [(left_weight, left_digit), (right_weight, right_digit)] = weights[..] else { return None };
    let quotient = left_weight - right_weight - i32::from(left_digit <= right_digit);
    let wanted = i8::try_from((16 - quotient * 4).clamp(0, 37)).ok()?;
    Some(scale.max(wanted))
}

/// Place and value of the first digit to the base of 10,000.
fn weight(value: i128, scale: i8) -> (i32, u32) {
    if value == 0 {
        return (0, 0);
    }
    let digits = value.unsigned_abs().to_string();
    let exponent = i32::try_from(digits.len()).unwrap_or(0) - i32::from(scale) - 1;
    let place = exponent.div_euclid(4);
    let leading = usize::try_from(exponent - place * 4 + 1).unwrap_or(1);
    let first: String = digits.chars().chain(std::iter::repeat('0')).take(leading).collect();
    (place, first.parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quotient(left: i128, left_scale: i8, right: i128, right_scale: i8, scale: i8) -> i128 {
        Operands { left, left_scale, right, right_scale }.compute(Operation::Divide, scale).unwrap()
    }

    #[test]
    fn quotients_are_rounded_half_away_from_zero() {
        assert_eq!(quotient(2, 0, 3, 0, 4), 6667);
        assert_eq!(quotient(-2, 0, 3, 0, 4), -6667);
        assert_eq!(quotient(10, 1, 25, 2, 0), 4);
    }

    #[test]
    fn a_weight_counts_in_ten_thousands() {
        assert_eq!(weight(1, 0), (0, 1));
        assert_eq!(weight(12345, 0), (1, 1));
        assert_eq!(weight(5, 1), (-1, 5000));
        assert_eq!(weight(0, 3), (0, 0));
    }

    #[test]
    fn too_many_digits_are_refused() {
        let huge = Operands { left: 10_i128.pow(37), left_scale: 0, right: 100, right_scale: 0 };
        assert_eq!(huge.compute(Operation::Multiply, 0).unwrap_err().sqlstate(), "22003");
    }
}
