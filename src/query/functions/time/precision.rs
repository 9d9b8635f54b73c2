//! Times with fewer than six digits behind the second: `x::timestamp(0)` (PostgreSQL's `AdjustTimestampForTypmod` and its like).

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, IntervalMonthDayNanoArray, Time64MicrosecondArray, TimestampMicrosecondArray};
use datafusion::arrow::datatypes::{
    IntervalMonthDayNano, IntervalMonthDayNanoType, Time64MicrosecondType, TimestampMicrosecondType,
};

use super::{is_infinite, timestamptz};
use crate::error::Result;
use crate::query::functions::scalar::{Argument, Arguments, Definition, immutable};
use crate::value::SqlType;

/// The function around a written cast to a type of times with a precision, which nobody types.
pub(in crate::query) const ROUNDED: &str = "rounded to digits";

/// Digits behind the second that are kept.
const DIGITS: i64 = 6;

pub(in crate::query::functions) static DEFINITIONS: [Definition; 1] = [immutable(ROUNDED, result, run)];

fn result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [Argument::Of(own @ (SqlType::Time | SqlType::Timestamp | SqlType::Timestamptz | SqlType::Interval)), _] => {
            Some(own.clone())
        }
        [Argument::Unknown, _] => Some(SqlType::Timestamp),
        _ => None,
    }
}

/// Half away from zero, to a multiple of a unit.
fn rounded(value: i64, unit: i64) -> i64 {
    let away = if value < 0 { value.saturating_sub(unit / 2) } else { value.saturating_add(unit / 2) };
    away / unit * unit
}

fn run(given: &Arguments) -> Result<ArrayRef> {
    let digits = given.ints(1)?;
    let digits = if digits.is_empty() { DIGITS } else { digits.value(0).clamp(0, DIGITS) };
    let unit = 10_i64.pow(u32::try_from(DIGITS - digits).unwrap_or(0));
    let values = given.as_type(0, &given.result)?;
    let moment = |us: i64| if is_infinite(us) { us } else { rounded(us, unit) };
    Ok(match given.result {
        SqlType::Time => {
            let times = values.as_primitive::<Time64MicrosecondType>().iter().map(|us| us.map(|us| rounded(us, unit)));
            Arc::new(times.collect::<Time64MicrosecondArray>())
        }
        SqlType::Interval => {
            let nanos = unit * 1_000;
            let spans = values.as_primitive::<IntervalMonthDayNanoType>().iter();
            let spans = spans
                .map(|span| span.map(|span| IntervalMonthDayNano::new(span.months, span.days, rounded(span.nanoseconds, nanos))));
            Arc::new(spans.collect::<IntervalMonthDayNanoArray>())
        }
        SqlType::Timestamptz => {
            timestamptz(values.as_primitive::<TimestampMicrosecondType>().iter().map(|us| us.map(moment)).collect())
        }
        _ => {
            let moments = values.as_primitive::<TimestampMicrosecondType>().iter().map(|us| us.map(moment));
            Arc::new(moments.collect::<TimestampMicrosecondArray>())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_away_from_zero() {
        for (value, unit, expected) in [(1_500_000, 1_000_000, 2_000_000), (-1_500_000, 1_000_000, -2_000_000), (149, 100, 100)] {
            assert_eq!(rounded(value, unit), expected, "{value}");
        }
    }
}
