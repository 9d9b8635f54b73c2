//! Whole numbers: every result is checked against its type.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use datafusion::arrow::compute::{try_binary, try_unary, unary};
use datafusion::arrow::datatypes::{Int16Type, Int32Type, Int64Type};

use super::{Operation, arrived, carried, division_by_zero, out_of_range};
use crate::error::{Error, Result};
use crate::query::functions::scalar::Arguments;
use crate::value::SqlType;

/// Works in 64 bits and narrows: what fits into the type of the result has not overflowed before.
trait Whole: ArrowPrimitiveType {
    const SQL: SqlType;
    const BITS: u32;
    fn wide(value: Self::Native) -> i64;
    fn narrow(value: i64) -> Option<Self::Native>;
}

impl Whole for Int16Type {
    const SQL: SqlType = SqlType::Int2;
    const BITS: u32 = 16;
    fn wide(value: i16) -> i64 {
        i64::from(value)
    }
    fn narrow(value: i64) -> Option<i16> {
        i16::try_from(value).ok()
    }
}

impl Whole for Int32Type {
    const SQL: SqlType = SqlType::Int4;
    const BITS: u32 = 32;
    fn wide(value: i32) -> i64 {
        i64::from(value)
    }
    fn narrow(value: i64) -> Option<i32> {
        i32::try_from(value).ok()
    }
}

impl Whole for Int64Type {
    const SQL: SqlType = SqlType::Int8;
    const BITS: u32 = 64;
    fn wide(value: i64) -> i64 {
        value
    }
    fn narrow(value: i64) -> Option<i64> {
        Some(value)
    }
}

pub(super) fn run(given: &Arguments, operation: Operation) -> Result<ArrayRef> {
    match given.result {
        SqlType::Int2 => typed::<Int16Type>(given, operation),
        SqlType::Int4 => typed::<Int32Type>(given, operation),
        _ => typed::<Int64Type>(given, operation),
    }
}

fn typed<T: Whole>(given: &Arguments, operation: Operation) -> Result<ArrayRef> {
    let left = given.as_type(0, &T::SQL)?;
    let left = left.as_primitive::<T>();
    let narrow = |value: Option<i64>| value.and_then(T::narrow).ok_or_else(|| out_of_range(&T::SQL));
    if given.arrays.len() == 1 {
        let output: PrimitiveArray<T> = try_unary(left, |value| {
            let value = T::wide(value);
            let result = match operation {
                Operation::Subtract => value.checked_neg(),
                Operation::Absolute => value.checked_abs(),
                _ => Some(value),
            };
            narrow(result).map_err(carried)
        })
        .map_err(arrived)?;
        return Ok(Arc::new(output));
    }
    let right = given.as_type(1, &T::SQL)?;
    let output: PrimitiveArray<T> = try_binary(left, right.as_primitive::<T>(), |left, right| {
        compute(T::wide(left), operation, T::wide(right), T::BITS).and_then(narrow).map_err(carried)
    })
    .map_err(arrived)?;
    Ok(Arc::new(output))
}

/// `None` is an overflow of 64 bits.
fn compute(left: i64, operation: Operation, right: i64, bits: u32) -> Result<Option<i64>> {
    let zero_divides = right == 0;
    Ok(match operation {
        Operation::Add => left.checked_add(right),
        Operation::Subtract => left.checked_sub(right),
        Operation::Multiply => left.checked_mul(right),
        Operation::Divide | Operation::Remainder if zero_divides => return Err(division_by_zero()),
        Operation::Divide => left.checked_div(right),
        // The remainder of the smallest number by -1 is 0, although the quotient does not fit.
        Operation::Remainder => Some(left.wrapping_rem(right)),
        Operation::And => Some(left & right),
        Operation::Or => Some(left | right),
        Operation::Xor => Some(left ^ right),
        Operation::ShiftLeft => Some(shifted_left(left, right, bits)),
        Operation::ShiftRight => Some(left >> distance(right, bits)),
        Operation::Power | Operation::Absolute => return Err(Error::internal("whole numbers have no such operator")),
    })
}

/// As the processors do that PostgreSQL runs on: the distance counts within the width, `smallint` within 32 bits.
fn distance(by: i64, bits: u32) -> u32 {
    u32::try_from(by.rem_euclid(i64::from(bits.max(32)))).unwrap_or(0)
}

#[allow(clippy::cast_possible_truncation)]
fn shifted_left(value: i64, by: i64, bits: u32) -> i64 {
    let wide = value.wrapping_shl(distance(by, bits));
    match bits {
        16 => i64::from(wide as i16),
        32 => i64::from(wide as i32),
        _ => wide,
    }
}

pub(in crate::query::functions) fn inverted(given: &Arguments) -> Result<ArrayRef> {
    let array = given.as_type(0, &given.result)?;
    Ok(match given.result {
        SqlType::Int2 => Arc::new(unary::<_, _, Int16Type>(array.as_primitive::<Int16Type>(), |value| !value)),
        SqlType::Int4 => Arc::new(unary::<_, _, Int32Type>(array.as_primitive::<Int32Type>(), |value| !value)),
        _ => Arc::new(unary::<_, _, Int64Type>(array.as_primitive::<Int64Type>(), |value| !value)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_that_do_not_fit_are_none() {
        assert_eq!(compute(i64::MAX, Operation::Add, 1, 64).unwrap(), None);
        assert_eq!(compute(i64::MIN, Operation::Divide, -1, 64).unwrap(), None);
        assert_eq!(compute(i64::MIN, Operation::Remainder, -1, 64).unwrap(), Some(0));
        assert_eq!(compute(1, Operation::Divide, 0, 32).unwrap_err().sqlstate(), "22012");
        assert_eq!(compute(1, Operation::ShiftLeft, 31, 32).unwrap(), Some(i64::from(i32::MIN)));
        assert_eq!(compute(1, Operation::ShiftLeft, 33, 32).unwrap(), Some(2));
    }
}
