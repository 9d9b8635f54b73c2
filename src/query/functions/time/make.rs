//! Moments and intervals made of their parts: `make_*`, `to_timestamp(seconds)`; and tests on them: `isfinite`, `overlaps`.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, IntervalMonthDayNanoBuilder, Time64MicrosecondArray, TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::Date32Type;

use super::span::{Parts, moved, spans};
use super::{
    Argument, Arguments, US_PER_DAY, is_infinite, is_infinite_day, moments, named_zone, out_of_range, timestamptz, to_utc,
};
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::query::functions::scalar::{bools_of, int, takes, takes_some, text};
use crate::value::time::calendar::{US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND, days_from_civil, days_in_month};
use crate::value::{SqlType, Zone};

const N: SqlType = SqlType::Int4;
const F: SqlType = SqlType::Float8;

pub(super) fn date_result(types: &[Argument]) -> Option<SqlType> {
    takes(types, &[N, N, N]).then_some(SqlType::Date)
}

pub(super) fn time_result(types: &[Argument]) -> Option<SqlType> {
    takes(types, &[N, N, F]).then_some(SqlType::Time)
}

pub(super) fn timestamp_result(types: &[Argument]) -> Option<SqlType> {
    takes(types, &[N, N, N, N, N, F]).then_some(SqlType::Timestamp)
}

pub(super) fn timestamptz_result(types: &[Argument]) -> Option<SqlType> {
    takes_some(types, &[N, N, N, N, N, F, SqlType::Text], 6).then_some(SqlType::Timestamptz)
}

pub(super) fn interval_result(types: &[Argument]) -> Option<SqlType> {
    takes_some(types, &[N, N, N, N, N, N, F], 0).then_some(SqlType::Interval)
}

fn field_error(shown: String) -> Error {
    Error::new(Kind::DatetimeFieldOverflow, shown)
}

/// Days since 1970; a negative year is before Christ, and there is no year 0.
fn days(year: i64, month: i64, day: i64) -> Result<i64> {
    let bad = || field_error(format!("date field value out of range: {year}-{month:02}-{day:02}"));
    let astronomical = i32::try_from(if year < 0 { year + 1 } else { year }).map_err(|_| bad())?;
    let (Ok(month), Ok(day)) = (u32::try_from(month), u32::try_from(day)) else { return Err(bad()) };
    if year == 0 || !(1..=12).contains(&month) || day == 0 || day > days_in_month(astronomical, month) || astronomical > 5_874_897 {
        return Err(bad());
    }
    Ok(days_from_civil(astronomical, month, day))
}

#[allow(clippy::cast_possible_truncation)]
fn time_of_day(hour: i64, minute: i64, second: f64) -> Result<Micros> {
    let micros = (second * 1e6).round_ties_even();
    let whole = !micros.is_nan() && micros.abs() < 1e9;
    let us = hour * US_PER_HOUR + minute * US_PER_MINUTE + if whole { micros as i64 } else { 0 };
    let valid =
        whole && (0..=24).contains(&hour) && (0..60).contains(&minute) && (0.0..=60.0).contains(&second) && us <= US_PER_DAY;
    if valid {
        return Ok(us);
    }
    let shown = if second == second.trunc() { format!("{second:02}") } else { second.to_string() };
    Err(field_error(format!("time field value out of range: {hour}:{minute:02}:{shown}")))
}

/// The whole numbers of a row's arguments; `None` where one is NULL.
fn numbers(columns: &[datafusion::arrow::array::Int64Array], row: usize) -> Option<Vec<i64>> {
    columns.iter().map(|column| int(column, row)).collect()
}

fn columns(given: &Arguments, count: usize) -> Result<Vec<datafusion::arrow::array::Int64Array>> {
    (0..count.min(given.arrays.len())).map(|at| given.ints(at)).collect()
}

pub(super) fn date(given: &Arguments) -> Result<ArrayRef> {
    let columns = columns(given, 3)?;
    let made = (0..given.rows).map(|row| match numbers(&columns, row).as_deref() {
        Some([year, month, day]) => i32::try_from(days(*year, *month, *day)?).map(Some).map_err(|_| out_of_range()),
        _ => Ok(None),
    });
    Ok(Arc::new(made.collect::<Result<Date32Array>>()?))
}

pub(super) fn time(given: &Arguments) -> Result<ArrayRef> {
    let columns = columns(given, 2)?;
    let seconds = given.floats(2)?;
    let made = (0..given.rows).map(|row| match numbers(&columns, row).as_deref() {
        Some([hour, minute]) if seconds.is_valid(row) => time_of_day(*hour, *minute, seconds.value(row)).map(Some),
        _ => Ok(None),
    });
    Ok(Arc::new(made.collect::<Result<Time64MicrosecondArray>>()?))
}

pub(super) fn timestamp(given: &Arguments) -> Result<ArrayRef> {
    let columns = columns(given, 5)?;
    let seconds = given.floats(5)?;
    let zones = if given.arrays.len() > 6 { Some(given.texts(6)?) } else { None };
    let zoned = given.result == SqlType::Timestamptz;
    let mut values = Vec::with_capacity(given.rows);
    for row in 0..given.rows {
        let zone = match &zones {
            None => Some(given.style.timezone),
            Some(zones) => text(zones, row).map(zone).transpose()?,
        };
        values.push(match (numbers(&columns, row).as_deref(), zone) {
            (Some([year, month, day, hour, minute]), Some(zone)) if seconds.is_valid(row) => {
                let local = days(*year, *month, *day)?
                    .checked_mul(US_PER_DAY)
                    .ok_or_else(out_of_range)?
                    .checked_add(time_of_day(*hour, *minute, seconds.value(row))?)
                    .ok_or_else(out_of_range)?;
                Some(if zoned { to_utc(local, zone) } else { local })
            }
            _ => None,
        });
    }
    if zoned { Ok(timestamptz(values)) } else { Ok(Arc::new(TimestampMicrosecondArray::from(values))) }
}

/// `make_interval(years, months, weeks, days, hours, mins, secs)`; those left out are 0.
#[allow(clippy::cast_possible_truncation)]
pub(super) fn interval(given: &Arguments) -> Result<ArrayRef> {
    let columns = columns(given, 6)?;
    let seconds = if given.arrays.len() > 6 { Some(given.floats(6)?) } else { None };
    let bad = || Error::new(Kind::DatetimeFieldOverflow, "interval out of range");
    let mut out = IntervalMonthDayNanoBuilder::with_capacity(given.rows);
    for row in 0..given.rows {
        let second = match &seconds {
            None => Some(0.0),
            Some(seconds) => seconds.is_valid(row).then(|| seconds.value(row)),
        };
        let (Some(mut numbers), Some(second)) = (numbers(&columns, row), second) else {
            out.append_null();
            continue;
        };
        numbers.resize(6, 0);
        let micros = (second * 1e6).round_ties_even();
        if micros.is_nan() || micros.abs() > 9.2e18 {
            return Err(bad());
        }
        let micros =
            (numbers[4] * US_PER_HOUR).checked_add(numbers[5] * US_PER_MINUTE).and_then(|us| us.checked_add(micros as i64));
        let parts =
            Parts { months: numbers[0] * 12 + numbers[1], days: numbers[2] * 7 + numbers[3], micros: micros.ok_or_else(bad)? };
        out.append_value(parts.arrow()?);
    }
    Ok(Arc::new(out.finish()))
}

/// A moment by its seconds since 1970.
#[allow(clippy::cast_possible_truncation)]
pub(in crate::query::functions) fn of_seconds(given: &Arguments) -> Result<ArrayRef> {
    let values = given
        .floats(0)?
        .iter()
        .map(|seconds| {
            seconds
                .map(|seconds| {
                    if seconds.is_nan() {
                        return Err(Error::new(Kind::DatetimeFieldOverflow, "timestamp cannot be NaN"));
                    }
                    if seconds.is_infinite() {
                        return Ok(if seconds > 0.0 { i64::MAX } else { i64::MIN });
                    }
                    if seconds.abs() > 9.2e12 {
                        return Err(Error::new(Kind::DatetimeFieldOverflow, format!("timestamp out of range: \"{seconds}\"")));
                    }
                    // PostgreSQL counts from 2000, which decides how the fraction is rounded.
                    const TO_2000: f64 = 946_684_800.0;
                    Ok(((seconds - TO_2000) * 1e6).round_ties_even() as i64 + TO_2000 as i64 * US_PER_SECOND)
                })
                .transpose()
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(timestamptz(values))
}

pub(super) fn is_finite_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [Argument::Of(SqlType::Date | SqlType::Timestamp | SqlType::Timestamptz | SqlType::Interval)] => Some(SqlType::Bool),
        _ => None,
    }
}

pub(super) fn is_finite(given: &Arguments) -> Result<ArrayRef> {
    let array = given.array(0)?;
    match given.sql_type(0) {
        SqlType::Date => {
            let dates = given.as_type(0, &SqlType::Date)?;
            let dates = dates.as_primitive::<Date32Type>().clone();
            bools_of(given.rows, |row| Ok(dates.is_valid(row).then(|| !is_infinite_day(dates.value(row)))))
        }
        SqlType::Interval => bools_of(given.rows, |row| Ok(array.is_valid(row).then_some(true))),
        own => {
            let values = moments(given, 0, &own)?;
            bools_of(given.rows, |row| Ok(values[row].map(|us| !is_infinite(us))))
        }
    }
}

pub(super) fn overlaps_result(types: &[Argument]) -> Option<SqlType> {
    let [start, end, other_start, other_end] = types else { return None };
    let span = |argument: &Argument| matches!(argument, Argument::Of(SqlType::Interval));
    let moment = super::is_moment;
    let times = [start, other_start].iter().all(|start| start.is(&SqlType::Time))
        && [end, other_end].iter().all(|end| end.is(&SqlType::Time) || span(end));
    let fits = moment(start) && moment(other_start) && [end, other_end].into_iter().all(|end| moment(end) || span(end));
    (times || fits).then_some(SqlType::Bool)
}

/// Whether two stretches of time have a moment in common; each is two moments in any order, or a moment and an interval.
pub(super) fn overlaps(given: &Arguments) -> Result<ArrayRef> {
    let common = if given.types.contains(&Argument::Of(SqlType::Timestamptz)) { SqlType::Timestamptz } else { SqlType::Timestamp };
    let times = given.types.contains(&Argument::Of(SqlType::Time));
    let zone = (common == SqlType::Timestamptz).then_some(given.style.timezone);
    let points = |at: usize| -> Result<Vec<Option<Micros>>> {
        if times {
            let of_day = |at: usize| -> Result<Vec<Option<Micros>>> {
                Ok(spans(given, at)?.iter().map(|span| span.map(|span| span.nanoseconds / 1_000)).collect())
            };
            if given.sql_type(at) != SqlType::Interval {
                return of_day(at);
            }
            // A time of day goes round at midnight.
            let ends = of_day(at - 1)?.into_iter().zip(of_day(at)?);
            return Ok(ends
                .map(|(start, span)| start.zip(span).map(|(start, span)| (start + span).rem_euclid(US_PER_DAY)))
                .collect());
        }
        if given.sql_type(at) == SqlType::Interval {
            let starts = moments(given, at - 1, &common)?;
            return starts
                .into_iter()
                .zip(&spans(given, at)?)
                .map(|(start, span)| start.zip(span).map(|(start, span)| moved(start, Parts::of(span), zone)).transpose())
                .collect();
        }
        moments(given, at, &common)
    };
    let columns = [points(0)?, points(1)?, points(2)?, points(3)?];
    bools_of(given.rows, |row| Ok(overlap([columns[0][row], columns[1][row]], [columns[2][row], columns[3][row]])))
}

/// As SQL has it with NULLs: they are unknown ends, and the answer is known where it does not depend on them.
fn overlap(one: [Option<Micros>; 2], other: [Option<Micros>; 2]) -> Option<bool> {
    let ordered = |[start, end]: [Option<Micros>; 2]| match (start, end) {
        (Some(start), Some(end)) => Some((start.min(end), Some(start.max(end)))),
        (Some(only), None) | (None, Some(only)) => Some((only, None)),
        (None, None) => None,
    };
    let ((start, end), (other_start, other_end)) = (ordered(one)?, ordered(other)?);
    let (early_end, late_start, late_end, same) = match start.cmp(&other_start) {
        std::cmp::Ordering::Greater => (other_end, start, end, false),
        std::cmp::Ordering::Less => (end, other_start, other_end, false),
        std::cmp::Ordering::Equal => (end, start, other_end, true),
    };
    if same {
        return if early_end.is_none() || late_end.is_none() { None } else { Some(true) };
    }
    match early_end {
        None => None,
        Some(early_end) if late_start < early_end => Some(true),
        Some(_) if late_end.is_none() => None,
        Some(_) => Some(false),
    }
}
/// The zone of an instant that is put together: an offset counts hours east (`parse_sane_timezone` in PostgreSQL's `timestamp.c`).
fn zone(text: &str) -> Result<Zone> {
    if text.starts_with(|letter: char| letter.is_ascii_digit()) {
        return Err(Error::new(
            Kind::InvalidParameterValue,
            format!("invalid input syntax for type numeric time zone: \"{text}\""),
        )
        .with_hint("Numeric time zones must have \"-\" or \"+\" as first character."));
    }
    let (sign, digits) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(digits), _) => (1, digits),
        (None, Some(digits)) => (-1, digits),
        (None, None) => return named_zone(text),
    };
    let number = |part: &str| if part.is_empty() { Some(0) } else { part.parse::<i32>().ok().filter(|number| *number >= 0) };
    let parts: Option<Vec<i32>> = digits.split(':').map(number).collect();
    let (hours, minutes, seconds) = match parts.as_deref() {
        Some([together]) if text.len() > 3 => (together / 100, together % 100, 0),
        Some([hours]) => (*hours, 0, 0),
        Some([hours, minutes]) => (*hours, *minutes, 0),
        Some([hours, minutes, seconds]) => (*hours, *minutes, *seconds),
        Some(_) | None => return named_zone(text),
    };
    if hours > 15 || minutes > 59 || seconds > 59 {
        return Err(Error::new(Kind::InvalidParameterValue, format!("numeric time zone \"{text}\" out of range")));
    }
    Ok(Zone::Fixed(sign * (hours * 3_600 + minutes * 60 + seconds)))
}
