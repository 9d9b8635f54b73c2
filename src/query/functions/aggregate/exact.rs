//! Sums, averages and deviations of integers and of `numeric`, exact to the last digit (`numeric.c` in PostgreSQL).
//!
//! A sum is one 128-bit integer a group. The digits behind the point of an average or a deviation are the same for all groups, where
//! PostgreSQL chooses for each.

use datafusion::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, Decimal128Array, Decimal256Array, Int64Array, PrimitiveArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Int16Type, Int32Type, Int64Type, i256};
use datafusion::common::Result;

use super::fold::{Fold, Rows, column, shared};
use crate::error::{Error, Kind};
use crate::query::errors::wrap;
use crate::value::SqlType;

/// Digits that a `numeric` holds.
const DIGITS_MAX: u32 = 38;
/// What a sum is that no longer fits: it stays so, whatever is added.
const OVERFLOWN: i128 = i128::MAX;
/// The sum of nothing.
const NOTHING: i128 = i128::MIN;

const UNITS: DataType = DataType::Decimal128(38, 0);
const SQUARES: DataType = DataType::Decimal256(76, 0);

/// Hands on the whole numbers of a column, or a numeric's digits.
fn scan(columns: &[ArrayRef], rows: &Rows, mut sink: impl FnMut(usize, i128)) -> Result<()> {
    fn each<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>, rows: &Rows, mut sink: impl FnMut(usize, i128))
    where
        T::Native: Into<i128>,
    {
        let values = array.values();
        rows.visit(|row| sink(row, values[row].into()));
    }
    let Some(array) = columns.first() else { return Ok(()) };
    match array.data_type() {
        DataType::Int16 => each(array.as_primitive::<Int16Type>(), rows, sink),
        DataType::Int32 => each(array.as_primitive::<Int32Type>(), rows, sink),
        DataType::Int64 => each(array.as_primitive::<Int64Type>(), rows, sink),
        DataType::Decimal128(_, _) => each(array.as_primitive::<Decimal128Type>(), rows, sink),
        _ => each(cast(array, &DataType::Int64)?.as_primitive::<Int64Type>(), rows, &mut sink),
    }
    Ok(())
}

fn plus(sum: i128, value: i128) -> i128 {
    if sum == OVERFLOWN { OVERFLOWN } else { sum.checked_add(value).unwrap_or(OVERFLOWN) }
}

fn overflow() -> Error {
    Error::new(Kind::NumericValueOutOfRange, "value overflows numeric format")
        .with_hint(format!("A numeric holds at most {DIGITS_MAX} digits here; double precision holds larger numbers, rounded."))
}

fn fitting(value: Option<i128>) -> Result<i128> {
    value.filter(|value| value.unsigned_abs() < 10_u128.pow(DIGITS_MAX)).ok_or_else(|| wrap(overflow()))
}

fn decimals(values: impl Iterator<Item = Result<Option<i128>>>, result: &SqlType) -> Result<ArrayRef> {
    let array = values.collect::<Result<Decimal128Array>>()?;
    Ok(shared(array.with_data_type(result.arrow())))
}

fn units(values: impl Iterator<Item = Option<i128>>) -> ArrayRef {
    shared(values.collect::<Decimal128Array>().with_data_type(UNITS))
}

/// `sum`.
#[derive(Debug, Clone)]
pub(super) struct Sum {
    pub(super) result: SqlType,
}

/// A sum; [`NOTHING`] until a value has come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Total(i128);

impl Default for Total {
    fn default() -> Self {
        Total(NOTHING)
    }
}

impl Fold for Sum {
    type Input = i128;
    type State = Total;
    const INVERTIBLE: bool = true;

    fn scan(&self, columns: &[ArrayRef], rows: &Rows, sink: impl FnMut(usize, i128)) -> Result<()> {
        scan(columns, rows, sink)
    }

    fn add(state: &mut Total, input: i128) {
        state.0 = if state.0 == NOTHING { input } else { plus(state.0, input) };
    }

    fn remove(state: &mut Total, input: i128) {
        state.0 = plus(state.0, -input);
    }

    fn merge(state: &mut Total, other: &Total) {
        if other.0 != NOTHING {
            Self::add(state, other.0);
        }
    }

    fn state_types() -> Vec<DataType> {
        vec![UNITS]
    }

    fn write(states: &[Total]) -> Result<Vec<ArrayRef>> {
        Ok(vec![units(states.iter().map(|state| (state.0 != NOTHING).then_some(state.0)))])
    }

    fn read(columns: &[ArrayRef], mut sink: impl FnMut(usize, Total)) -> Result<()> {
        let sums: Decimal128Array = column(columns, 0)?;
        for (row, sum) in sums.iter().enumerate() {
            sink(row, sum.map_or_else(Total::default, Total));
        }
        Ok(())
    }

    fn finish(&self, states: &[Total]) -> Result<ArrayRef> {
        let sums = states.iter().map(|state| (state.0 != NOTHING).then_some(state.0));
        if self.result == SqlType::Int8 {
            let narrow =
                |sum: i128| i64::try_from(sum).map_err(|_| wrap(Error::new(Kind::NumericValueOutOfRange, "bigint out of range")));
            return Ok(shared(sums.map(|sum| sum.map(narrow).transpose()).collect::<Result<Int64Array>>()?));
        }
        decimals(sums.map(|sum| sum.map(|sum| fitting(Some(sum))).transpose()), &self.result)
    }
}

/// `avg`.
#[derive(Debug, Clone)]
pub(super) struct Average {
    /// Digits behind the point of what is averaged.
    pub(super) scale: i8,
    pub(super) result: SqlType,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counted {
    sum: i128,
    count: i64,
}

impl Fold for Average {
    type Input = i128;
    type State = Counted;
    const INVERTIBLE: bool = true;

    fn scan(&self, columns: &[ArrayRef], rows: &Rows, sink: impl FnMut(usize, i128)) -> Result<()> {
        scan(columns, rows, sink)
    }

    fn add(state: &mut Counted, input: i128) {
        *state = Counted { sum: plus(state.sum, input), count: state.count + 1 };
    }

    fn remove(state: &mut Counted, input: i128) {
        *state = Counted { sum: plus(state.sum, -input), count: state.count - 1 };
    }

    fn merge(state: &mut Counted, other: &Counted) {
        *state = Counted { sum: plus(state.sum, other.sum), count: state.count + other.count };
    }

    fn state_types() -> Vec<DataType> {
        vec![UNITS, DataType::Int64]
    }

    fn write(states: &[Counted]) -> Result<Vec<ArrayRef>> {
        let counts = Int64Array::from_iter_values(states.iter().map(|state| state.count));
        Ok(vec![units(states.iter().map(|state| Some(state.sum))), shared(counts)])
    }

    fn read(columns: &[ArrayRef], mut sink: impl FnMut(usize, Counted)) -> Result<()> {
        let (sums, counts): (Decimal128Array, Int64Array) = (column(columns, 0)?, column(columns, 1)?);
        for (row, (sum, count)) in sums.values().iter().zip(counts.values()).enumerate() {
            sink(row, Counted { sum: *sum, count: *count });
        }
        Ok(())
    }

    fn finish(&self, states: &[Counted]) -> Result<ArrayRef> {
        let shift = scale_of(&self.result) - self.scale;
        let average = |state: &Counted| {
            if state.count == 0 {
                return Ok(None);
            }
            let sum = (state.sum != OVERFLOWN).then(|| i256::from_i128(state.sum));
            let average = sum.and_then(|sum| quotient(sum, i256::from(state.count), shift)).and_then(i256::to_i128);
            fitting(average).map(Some)
        };
        decimals(states.iter().map(average), &self.result)
    }
}

fn scale_of(sql_type: &SqlType) -> i8 {
    match sql_type {
        SqlType::Numeric(_, scale) => *scale,
        _ => 0,
    }
}

/// A quotient with this many digits more than the numerator has, rounded half away from zero.
fn quotient(numerator: i256, denominator: i256, shift: i8) -> Option<i256> {
    let power = i256::from_i128(10).checked_pow(u32::from(shift.unsigned_abs()))?;
    let (numerator, denominator) =
        if shift >= 0 { (numerator.checked_mul(power)?, denominator) } else { (numerator, denominator.checked_mul(power)?) };
    let whole = numerator.checked_div(denominator)?;
    let rest = numerator.checked_rem(denominator)?;
    let rounds = rest.wrapping_abs() >= denominator.wrapping_sub(rest.wrapping_abs());
    match (rounds, numerator.is_negative()) {
        (false, _) => Some(whole),
        (true, false) => whole.checked_add(i256::ONE),
        (true, true) => whole.checked_sub(i256::ONE),
    }
}

/// The whole part of a square root, by Newton's way.
fn root(value: i256) -> Option<i256> {
    if value <= i256::ZERO {
        return Some(i256::ZERO);
    }
    let two = i256::from_i128(2);
    // A start that is not too small: two to the power of half the bits, rounded up.
    let mut bits = 0;
    let mut rest = value;
    while rest > i256::ZERO {
        rest = rest.checked_div(two)?;
        bits += 1;
    }
    let mut guess = two.checked_pow(u32::div_ceil(bits, 2))?;
    loop {
        let next = guess.checked_add(value.checked_div(guess)?)?.checked_div(two)?;
        if next >= guess {
            return Some(guess);
        }
        guess = next;
    }
}

/// `variance`, `stddev` and their like.
#[derive(Debug, Clone)]
pub(super) struct Spread {
    pub(super) scale: i8,
    /// Of a whole population, and not of a sample.
    pub(super) population: bool,
    /// The deviation, and not its square.
    pub(super) root: bool,
    pub(super) result: SqlType,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Squares {
    sum: i128,
    /// `None` where they no longer fit.
    squares: Option<i256>,
    count: i64,
}

impl Default for Squares {
    fn default() -> Self {
        Squares { sum: 0, squares: Some(i256::ZERO), count: 0 }
    }
}

fn square(value: i128) -> Option<i256> {
    i256::from_i128(value).checked_mul(i256::from_i128(value))
}

impl Fold for Spread {
    type Input = i128;
    type State = Squares;
    const INVERTIBLE: bool = true;

    fn scan(&self, columns: &[ArrayRef], rows: &Rows, sink: impl FnMut(usize, i128)) -> Result<()> {
        scan(columns, rows, sink)
    }

    fn add(state: &mut Squares, input: i128) {
        let squares = state.squares.and_then(|squares| squares.checked_add(square(input)?));
        *state = Squares { sum: plus(state.sum, input), squares, count: state.count + 1 };
    }

    fn remove(state: &mut Squares, input: i128) {
        let squares = state.squares.and_then(|squares| squares.checked_sub(square(input)?));
        *state = Squares { sum: plus(state.sum, -input), squares, count: state.count - 1 };
    }

    fn merge(state: &mut Squares, other: &Squares) {
        let squares = state.squares.zip(other.squares).and_then(|(own, other)| own.checked_add(other));
        *state = Squares { sum: plus(state.sum, other.sum), squares, count: state.count + other.count };
    }

    fn state_types() -> Vec<DataType> {
        vec![UNITS, SQUARES, DataType::Int64]
    }

    fn write(states: &[Squares]) -> Result<Vec<ArrayRef>> {
        let squares = states.iter().map(|state| state.squares).collect::<Decimal256Array>().with_data_type(SQUARES);
        let counts = Int64Array::from_iter_values(states.iter().map(|state| state.count));
        Ok(vec![units(states.iter().map(|state| Some(state.sum))), shared(squares), shared(counts)])
    }

    fn read(columns: &[ArrayRef], mut sink: impl FnMut(usize, Squares)) -> Result<()> {
        let (sums, squares): (Decimal128Array, Decimal256Array) = (column(columns, 0)?, column(columns, 1)?);
        let counts: Int64Array = column(columns, 2)?;
        for (row, (sum, count)) in sums.values().iter().zip(counts.values()).enumerate() {
            let squares = squares.is_valid(row).then(|| squares.value(row));
            sink(row, Squares { sum: *sum, squares, count: *count });
        }
        Ok(())
    }

    fn finish(&self, states: &[Squares]) -> Result<ArrayRef> {
        let spread = |state: &Squares| {
            if state.count == 0 || (!self.population && state.count == 1) {
                return Ok(None);
            }
            fitting(self.of(state).and_then(i256::to_i128)).map(Some)
        };
        decimals(states.iter().map(spread), &self.result)
    }
}

impl Spread {
    fn of(&self, state: &Squares) -> Option<i256> {
        if state.sum == OVERFLOWN {
            return None;
        }
        let count = i256::from(state.count);
        let numerator = count.checked_mul(state.squares?)?.checked_sub(square(state.sum)?)?;
        let others = if self.population { count } else { count.checked_sub(i256::ONE)? };
        let denominator = count.checked_mul(others)?;
        let scale = scale_of(&self.result);
        // The numerator has twice the digits behind its point.
        let variance = quotient(numerator, denominator, scale - 2 * self.scale)?;
        if !self.root {
            return Some(variance);
        }
        // One digit more than is kept, to round by.
        let power = i256::from_i128(10).checked_pow(u32::from(scale.unsigned_abs()) + 2)?;
        let deviation = root(variance.checked_mul(power)?)?;
        deviation.checked_add(i256::from_i128(5))?.checked_div(i256::from_i128(10))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_whole_parts() {
        for (value, expected) in [(0, 0), (1, 1), (3, 1), (4, 2), (99, 9), (100, 10), (1_000_000, 1_000)] {
            assert_eq!(root(i256::from_i128(value)), Some(i256::from_i128(expected)), "{value}");
        }
    }

    #[test]
    fn quotients_are_rounded_half_away_from_zero() {
        for (value, by, shift, expected) in [(2, 3, 4, 6667), (-2, 3, 4, -6667), (1, 8, 2, 13), (-1, 8, 2, -13), (149, 1, -2, 1)] {
            let quotient = quotient(i256::from_i128(value), i256::from_i128(by), shift);
            assert_eq!(quotient, Some(i256::from_i128(expected)), "{value} / {by}");
        }
    }

    #[test]
    fn a_sum_that_does_not_fit_stays_so() {
        let mut state = Total::default();
        Sum::add(&mut state, i128::MAX - 1);
        Sum::add(&mut state, 5);
        Sum::add(&mut state, -20);
        let sum = Sum { result: SqlType::Numeric(37, 0) };
        assert!(sum.finish(&[state]).is_err());
        assert!(sum.finish(&[Total::default()]).unwrap().is_null(0));
    }
}
