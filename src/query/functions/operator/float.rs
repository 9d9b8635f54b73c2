//! Floating point: infinities and zeros that operands did not have are refused, as PostgreSQL does.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Float64Array};
use datafusion::arrow::compute::{cast, try_binary, try_unary};
use datafusion::arrow::datatypes::{DataType, Float64Type};

use super::{Operation, arrived, carried, division_by_zero};
use crate::error::{Error, Kind, Result};
use crate::query::functions::scalar::Arguments;
use crate::value::SqlType;

pub(super) fn run(given: &Arguments, operation: Operation) -> Result<ArrayRef> {
    let single = given.result == SqlType::Float4;
    let left = given.as_type(0, &SqlType::Float8)?;
    let left = left.as_primitive::<Float64Type>();
    let output: Float64Array = if given.arrays.len() == 1 {
        try_unary(left, |value| {
            Ok(match operation {
                Operation::Subtract => -value,
                Operation::Absolute => value.abs(),
                _ => value,
            })
        })
    } else {
        let right = given.as_type(1, &SqlType::Float8)?;
        try_binary(left, right.as_primitive::<Float64Type>(), |left, right| {
            compute(left, operation, right, single).map_err(carried)
        })
    }
    .map_err(arrived)?;
    let output: ArrayRef = Arc::new(output);
    if single { cast(&output, &DataType::Float32).map_err(arrived) } else { Ok(output) }
}

/// What two doubles give; rounded to a `real` where that is the type.
///
/// A sum, product or quotient of two floats of 24 bits is exact enough in 53 for one rounding to be right.
#[allow(clippy::cast_possible_truncation)]
fn compute(left: f64, operation: Operation, right: f64, single: bool) -> Result<f64> {
    let result = match operation {
        Operation::Add => left + right,
        Operation::Subtract => left - right,
        Operation::Multiply => left * right,
        Operation::Divide if right == 0.0 && !left.is_nan() => return Err(division_by_zero()),
        Operation::Divide => left / right,
        Operation::Power => return power(left, right),
        _ => return Err(Error::internal("floating point has no such operator")),
    };
    let result = if single { f64::from(result as f32) } else { result };
    if result.is_infinite() && !left.is_infinite() && !right.is_infinite() {
        return Err(overflow());
    }
    let vanished = match operation {
        Operation::Multiply => left != 0.0 && right != 0.0,
        Operation::Divide => left != 0.0 && !right.is_infinite(),
        _ => false,
    };
    if result == 0.0 && vanished {
        return Err(Error::new(Kind::NumericValueOutOfRange, "value out of range: underflow"));
    }
    Ok(result)
}

/// `left ^ right`.
pub(super) fn power(left: f64, right: f64) -> Result<f64> {
    if left == 0.0 && right < 0.0 {
        return Err(Error::new(Kind::InvalidArgumentForPower, "zero raised to a negative power is undefined"));
    }
    if left < 0.0 && right.is_finite() && right.fract() != 0.0 {
        let message = "a negative number raised to a non-integer power yields a complex result";
        return Err(Error::new(Kind::InvalidArgumentForPower, message));
    }
    let result = left.powf(right);
    if result.is_infinite() && left.is_finite() && right.is_finite() {
        return Err(overflow());
    }
    if result == 0.0 && left != 0.0 && left.is_finite() && right.is_finite() {
        return Err(Error::new(Kind::NumericValueOutOfRange, "value out of range: underflow"));
    }
    Ok(result)
}

fn overflow() -> Error {
    Error::new(Kind::NumericValueOutOfRange, "value out of range: overflow")
}

pub(super) fn square_root(given: &Arguments) -> Result<ArrayRef> {
    let array = given.as_type(0, &SqlType::Float8)?;
    let output: Float64Array = try_unary(array.as_primitive::<Float64Type>(), |value| {
        if value < 0.0 {
            let message = "cannot take square root of a negative number";
            return Err(carried(Error::new(Kind::InvalidArgumentForPower, message)));
        }
        Ok(value.sqrt())
    })
    .map_err(arrived)?;
    Ok(Arc::new(output))
}

pub(super) fn cube_root(given: &Arguments) -> Result<ArrayRef> {
    let array = given.as_type(0, &SqlType::Float8)?;
    let output: Float64Array = try_unary(array.as_primitive::<Float64Type>(), |value| Ok(value.cbrt())).map_err(arrived)?;
    Ok(Arc::new(output))
}
