//! Spans of time and times of day: sums, differences, and multiples (PostgreSQL's `interval_mul`, `interval_div`, `time_pl_interval`).

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Date32Array, Decimal128Array, IntervalMonthDayNanoArray, PrimitiveArray};
use datafusion::arrow::compute::{try_binary, try_unary, unary};
use datafusion::arrow::datatypes::{
    Date32Type, Float64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, Time64MicrosecondType, TimestampMicrosecondType,
};

use super::{Operation, arrived, carried, division_by_zero};
use crate::error::{Error, Kind, Result};
use crate::query::functions::scalar::Arguments;
use crate::value::SqlType;

const DAY_US: i64 = 86_400_000_000;
const NANOS_A_MICRO: i64 = 1_000;

pub(super) fn run(given: &Arguments, operation: Operation) -> Result<ArrayRef> {
    let of = |at: usize| given.sql_type(at.min(given.types.len().saturating_sub(1)));
    match (&given.result, of(0), of(1)) {
        (SqlType::Interval, SqlType::Time, _) => difference_of_times(given),
        (SqlType::Interval, _, _) if given.arrays.len() == 1 => negated(given, operation),
        (SqlType::Interval, _, _) if matches!(operation, Operation::Add | Operation::Subtract) => sum(given, operation),
        (SqlType::Interval, left, _) => {
            let (span, number) = if left == SqlType::Interval { (0, 1) } else { (1, 0) };
            multiple(given, span, number, operation)
        }
        (SqlType::Time, left, _) => {
            let (time, span) = if left == SqlType::Interval { (1, 0) } else { (0, 1) };
            moved_time(given, time, span, operation)
        }
        (SqlType::Timestamp, left, _) => {
            let (date, time) = if left == SqlType::Time { (1, 0) } else { (0, 1) };
            moment(given, date, time)
        }
        _ => Err(Error::internal(format!("no such operator gives {}", given.result))),
    }
}

fn overflow() -> Error {
    Error::new(Kind::DatetimeFieldOverflow, "interval out of range")
}

fn spans(given: &Arguments, at: usize) -> Result<IntervalMonthDayNanoArray> {
    Ok(given.as_type(at, &SqlType::Interval)?.as_primitive::<IntervalMonthDayNanoType>().clone())
}

fn negated(given: &Arguments, operation: Operation) -> Result<ArrayRef> {
    let output: IntervalMonthDayNanoArray = try_unary(&spans(given, 0)?, |span: IntervalMonthDayNano| {
        if operation != Operation::Subtract {
            return Ok(span);
        }
        negative(span).ok_or_else(|| carried(overflow()))
    })
    .map_err(arrived)?;
    Ok(Arc::new(output))
}

fn negative(span: IntervalMonthDayNano) -> Option<IntervalMonthDayNano> {
    Some(IntervalMonthDayNano::new(span.months.checked_neg()?, span.days.checked_neg()?, span.nanoseconds.checked_neg()?))
}

fn sum(given: &Arguments, operation: Operation) -> Result<ArrayRef> {
    let output: IntervalMonthDayNanoArray = try_binary(&spans(given, 0)?, &spans(given, 1)?, |left, right| {
        let added = || {
            let right = if operation == Operation::Subtract { negative(right)? } else { right };
            Some(IntervalMonthDayNano::new(
                left.months.checked_add(right.months)?,
                left.days.checked_add(right.days)?,
                left.nanoseconds.checked_add(right.nanoseconds)?,
            ))
        };
        added().ok_or_else(|| carried(overflow()))
    })
    .map_err(arrived)?;
    Ok(Arc::new(output))
}

fn multiple(given: &Arguments, span: usize, number: usize, operation: Operation) -> Result<ArrayRef> {
    let spans = spans(given, span)?;
    let factors = given.as_type(number, &SqlType::Float8)?;
    let output: IntervalMonthDayNanoArray = try_binary(&spans, factors.as_primitive::<Float64Type>(), |span, factor| {
        if operation == Operation::Divide && factor == 0.0 {
            return Err(carried(division_by_zero()));
        }
        let apply = |value: f64| if operation == Operation::Divide { value / factor } else { value * factor };
        cascaded(span, apply).ok_or_else(|| carried(overflow()))
    })
    .map_err(arrived)?;
    Ok(Arc::new(output))
}

/// An interval divided by a number, which is not 0; `None` where it does not fit.
pub(in crate::query::functions) fn divided(span: IntervalMonthDayNano, by: f64) -> Option<IntervalMonthDayNano> {
    cascaded(span, |value| value / by)
}

/// What is left of a month goes to the days, a month being thirty of them, and what is left of a day to the time of day.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
fn cascaded(span: IntervalMonthDayNano, apply: impl Fn(f64) -> f64) -> Option<IntervalMonthDayNano> {
    // PostgreSQL rounds what is left to microseconds before it goes on (`TSROUND`).
    let rounded = |value: f64| (value * 1e6).round_ties_even() / 1e6;
    let months = apply(f64::from(span.months));
    let days = apply(f64::from(span.days));
    let micros = apply((span.nanoseconds / NANOS_A_MICRO) as f64);
    let fits = |value: f64| value.is_finite() && value.abs() <= f64::from(i32::MAX);
    if !fits(months) || !fits(days) {
        return None;
    }
    let mut month_days = rounded(months.fract() * 30.0);
    let mut seconds = rounded((days.fract() + month_days.fract()) * 86_400.0);
    let mut whole_days = days.trunc();
    if seconds.abs() >= 86_400.0 {
        let carried = (seconds / 86_400.0).trunc();
        whole_days += carried;
        seconds -= carried * 86_400.0;
    }
    month_days = month_days.trunc();
    let total_days = whole_days + month_days;
    let total = (micros + seconds * 1e6).round_ties_even();
    if !fits(total_days) || total.abs() >= (i64::MAX / NANOS_A_MICRO) as f64 {
        return None;
    }
    Some(IntervalMonthDayNano::new(months.trunc() as i32, total_days as i32, total as i64 * NANOS_A_MICRO))
}

/// The microseconds of an interval, a month being thirty days of twenty-four hours.
pub(super) fn length(given: &Arguments) -> Result<ArrayRef> {
    let output: Decimal128Array = unary(&spans(given, 0)?, |span: IntervalMonthDayNano| {
        let days = i128::from(span.months) * 30 + i128::from(span.days);
        days * i128::from(DAY_US) + i128::from(span.nanoseconds / NANOS_A_MICRO)
    });
    Ok(Arc::new(output.with_precision_and_scale(38, 0).map_err(arrived)?))
}

fn times(given: &Arguments, at: usize) -> Result<PrimitiveArray<Time64MicrosecondType>> {
    Ok(given.as_type(at, &SqlType::Time)?.as_primitive::<Time64MicrosecondType>().clone())
}

/// A time of day moved goes round the clock; months and days do not move it.
fn moved_time(given: &Arguments, time: usize, span: usize, operation: Operation) -> Result<ArrayRef> {
    let output: PrimitiveArray<Time64MicrosecondType> =
        try_binary(&times(given, time)?, &spans(given, span)?, |time: i64, span: IntervalMonthDayNano| {
            let by = span.nanoseconds / NANOS_A_MICRO;
            let moved = if operation == Operation::Subtract { time.checked_sub(by) } else { time.checked_add(by) };
            moved.map(|moved| moved.rem_euclid(DAY_US)).ok_or_else(|| carried(overflow()))
        })
        .map_err(arrived)?;
    Ok(Arc::new(output))
}

fn difference_of_times(given: &Arguments) -> Result<ArrayRef> {
    let output: IntervalMonthDayNanoArray = try_binary(&times(given, 0)?, &times(given, 1)?, |left: i64, right: i64| {
        Ok(IntervalMonthDayNano::new(0, 0, (left - right) * NANOS_A_MICRO))
    })
    .map_err(arrived)?;
    Ok(Arc::new(output))
}

/// A day and a time of day as a moment.
fn moment(given: &Arguments, date: usize, time: usize) -> Result<ArrayRef> {
    let dates: Date32Array = given.as_type(date, &SqlType::Date)?.as_primitive::<Date32Type>().clone();
    let output: PrimitiveArray<TimestampMicrosecondType> = try_binary(&dates, &times(given, time)?, |day: i32, time: i64| {
        let moment = i64::from(day).checked_mul(DAY_US).and_then(|day| day.checked_add(time));
        moment.ok_or_else(|| carried(Error::new(Kind::DatetimeFieldOverflow, "timestamp out of range")))
    })
    .map_err(arrived)?;
    Ok(Arc::new(output))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_month_becomes_days_and_hours() {
        let month = IntervalMonthDayNano::new(1, 0, 0);
        assert_eq!(cascaded(month, |value| value * 1.5), Some(IntervalMonthDayNano::new(1, 15, 0)));
        let day = IntervalMonthDayNano::new(0, 1, 0);
        assert_eq!(cascaded(day, |value| value / 2.0), Some(IntervalMonthDayNano::new(0, 0, 43_200_000_000_000)));
        assert_eq!(cascaded(day, |value| value * 1e300), None);
    }
}
