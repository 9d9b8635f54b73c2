//! Functions on times where DataFusion's differ from PostgreSQL's: the clock of the transaction, time zones, differences,
//! `date_trunc`, `extract`, `age`.

use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDateTime};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Int32Builder, IntervalMonthDayNanoBuilder, Time64MicrosecondArray,
    TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{Date32Type, Int64Type, IntervalMonthDayNano, TimestampMicrosecondType};
use datafusion::logical_expr::Volatility;

mod make;
pub(crate) mod moment;
mod parts;
pub(super) mod precision;
mod span;

pub(super) use make::of_seconds;
pub(super) use span::{Parts, moved, spans};

use super::scalar::{Argument, Arguments, Definition, immutable, takes};
use crate::clock::{Clock, Micros};
use crate::error::{Error, Kind, Result};
use crate::value::time::abbreviation::{Abbreviation, abbreviation};
use crate::value::{SqlType, Zone};

const US_PER_SECOND: i64 = 1_000_000;
const US_PER_DAY: i64 = 86_400 * US_PER_SECOND;

const STABLE: Volatility = Volatility::Stable;

pub(super) static DEFINITIONS: [Definition; 34] = [
    Definition { name: "now", volatility: STABLE, result: |types| nullary(types, SqlType::Timestamptz), run: now },
    Definition { name: "current_timestamp", volatility: STABLE, result: |types| clock(types, SqlType::Timestamptz), run: now },
    Definition {
        name: "transaction_timestamp",
        volatility: STABLE,
        result: |types| nullary(types, SqlType::Timestamptz),
        run: now,
    },
    Definition { name: "statement_timestamp", volatility: STABLE, result: |types| nullary(types, SqlType::Timestamptz), run: now },
    Definition {
        name: "clock_timestamp",
        volatility: Volatility::Volatile,
        result: |types| nullary(types, SqlType::Timestamptz),
        run: |given| Ok(timestamptz(vec![Some(Clock::System.now_us()); given.rows])),
    },
    Definition { name: "localtimestamp", volatility: STABLE, result: |types| clock(types, SqlType::Timestamp), run: now },
    Definition { name: "localtime", volatility: STABLE, result: |types| clock(types, SqlType::Time), run: time_of_day },
    Definition {
        name: "timeofday",
        volatility: Volatility::Volatile,
        result: |types| nullary(types, SqlType::Text),
        run: time_of_day_text,
    },
    immutable("make_date", make::date_result, make::date),
    immutable("make_time", make::time_result, make::time),
    immutable("make_timestamp", make::timestamp_result, make::timestamp),
    Definition { name: "make_timestamptz", volatility: STABLE, result: make::timestamptz_result, run: make::timestamp },
    immutable("make_interval", make::interval_result, make::interval),
    immutable("isfinite", make::is_finite_result, make::is_finite),
    Definition { name: "overlaps", volatility: STABLE, result: make::overlaps_result, run: make::overlaps },
    immutable("justify_days", interval_result, span::justify_days),
    immutable("justify_hours", interval_result, span::justify_hours),
    immutable("justify_interval", interval_result, span::justify_interval),
    Definition {
        name: "timestamp_pl_interval",
        volatility: STABLE,
        result: span::moved_result,
        run: |given| span::move_by(given, false),
    },
    Definition {
        name: "timestamp_mi_interval",
        volatility: STABLE,
        result: span::moved_result,
        run: |given| span::move_by(given, true),
    },
    Definition { name: "date_bin", volatility: STABLE, result: bin_result, run: span::bin },
    Definition { name: "current_date", volatility: STABLE, result: |types| nullary(types, SqlType::Date), run: today },
    Definition { name: "timezone", volatility: STABLE, result: timezone_result, run: timezone },
    Definition {
        name: "timestamp_mi",
        volatility: STABLE,
        result: |types| match types {
            [left, right] if is_moment(left) && is_moment(right) => Some(SqlType::Interval),
            _ => None,
        },
        run: difference,
    },
    immutable(
        "date_mi",
        |types| match types {
            [left, right] if left.is(&SqlType::Date) && right.is(&SqlType::Date) => Some(SqlType::Int4),
            _ => None,
        },
        date_difference,
    ),
    immutable("date_mii", date_and_integer, |given| date_shifted(given, 0, 1, -1)),
    immutable("date_pli", date_and_integer, |given| date_shifted(given, 0, 1, 1)),
    immutable(
        "integer_pl_date",
        |types| match types {
            [days, date] => date_and_integer(&[date.clone(), days.clone()]),
            _ => None,
        },
        |given| date_shifted(given, 1, 0, 1),
    ),
    Definition { name: "date_trunc", volatility: STABLE, result: parts::trunc_result, run: parts::trunc },
    Definition {
        name: "extract",
        volatility: STABLE,
        result: |types| parts::parts(types, SqlType::Numeric(38, 0)),
        run: parts::extract,
    },
    Definition {
        name: "extract_milliseconds",
        volatility: STABLE,
        result: |types| parts::parts(types, SqlType::Numeric(38, 3)),
        run: parts::extract,
    },
    Definition {
        name: "extract_seconds",
        volatility: STABLE,
        result: |types| parts::parts(types, SqlType::Numeric(38, 6)),
        run: parts::extract,
    },
    Definition { name: "date_part", volatility: STABLE, result: |types| parts::parts(types, SqlType::Float8), run: parts::extract },
    Definition {
        name: "age",
        volatility: STABLE,
        result: |types| match types {
            [only] if is_moment(only) => Some(SqlType::Interval),
            [left, right] if is_moment(left) && is_moment(right) => Some(SqlType::Interval),
            _ => None,
        },
        run: age,
    },
];

fn interval_result(types: &[Argument]) -> Option<SqlType> {
    takes(types, &[SqlType::Interval]).then_some(SqlType::Interval)
}

fn bin_result(types: &[Argument]) -> Option<SqlType> {
    let [stride, source, origin] = types else { return None };
    if !stride.fits(&SqlType::Interval) {
        return None;
    }
    let both = |wanted: &SqlType| source.fits(wanted) && origin.fits(wanted);
    let named = |wanted: &SqlType| [source, origin].into_iter().any(|argument| *argument == Argument::Of(wanted.clone()));
    let plain = both(&SqlType::Timestamp) && named(&SqlType::Timestamp);
    if plain { Some(SqlType::Timestamp) } else { both(&SqlType::Timestamptz).then_some(SqlType::Timestamptz) }
}

/// The time of day at the start of the transaction.
fn time_of_day(given: &Arguments) -> Result<ArrayRef> {
    let local = to_local(now_us(given)?, given.style.timezone).rem_euclid(US_PER_DAY);
    Ok(Arc::new(Time64MicrosecondArray::from(vec![local; given.rows])))
}

/// The clock as `timeofday` writes it: `Wed Feb 26 10:00:00.123456 2020 UTC`.
fn time_of_day_text(given: &Arguments) -> Result<ArrayRef> {
    let template = crate::value::template::field::pieces("Dy Mon DD HH24:MI:SS.US YYYY TZ");
    super::scalar::texts_of(given.rows, |_| {
        let parts = crate::value::template::moment::Parts::of_timestamptz(Clock::System.now_us(), given.style.timezone);
        parts.map(|parts| parts.write(&template, &given.style)).transpose()
    })
}

fn nullary(types: &[Argument], result: SqlType) -> Option<SqlType> {
    types.is_empty().then_some(result)
}

/// A clock that may be given how many digits of a second it shows.
fn clock(types: &[Argument], result: SqlType) -> Option<SqlType> {
    match types {
        [] => Some(result),
        [digits] if digits.is_integer() => Some(result),
        _ => None,
    }
}

/// The start of the transaction, rounded where digits are given.
fn now_us(given: &Arguments) -> Result<Micros> {
    let now = given.style.now.us();
    if given.arrays.is_empty() {
        return Ok(now);
    }
    let digits = given.ints(0)?.iter().next().flatten().unwrap_or(6).clamp(0, 6);
    let unit = 10_i64.pow(u32::try_from(6 - digits).unwrap_or(0));
    Ok((now + unit / 2).div_euclid(unit) * unit)
}

fn is_moment(argument: &Argument) -> bool {
    matches!(argument, Argument::Unknown | Argument::Of(SqlType::Date | SqlType::Timestamp | SqlType::Timestamptz))
}

pub(super) fn timestamptz(values: Vec<Option<Micros>>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC"))
}

fn out_of_range() -> Error {
    Error::new(Kind::DatetimeFieldOverflow, "timestamp out of range")
}

/// The start of the transaction, in the session's zone where the result has none of its own.
fn now(given: &Arguments) -> Result<ArrayRef> {
    let now = now_us(given)?;
    Ok(match given.result {
        SqlType::Timestamp => Arc::new(TimestampMicrosecondArray::from(vec![to_local(now, given.style.timezone); given.rows])),
        _ => timestamptz(vec![Some(now); given.rows]),
    })
}

fn today(given: &Arguments) -> Result<ArrayRef> {
    let local = to_local(given.style.now.us(), given.style.timezone);
    let day = i32::try_from(local.div_euclid(US_PER_DAY)).map_err(|_| out_of_range())?;
    Ok(Arc::new(Date32Array::from(vec![day; given.rows])))
}

fn naive(us: Micros) -> Result<NaiveDateTime> {
    DateTime::from_timestamp_micros(us).map(|moment| moment.naive_utc()).ok_or_else(out_of_range)
}

/// Infinite moments have no zone.
fn is_infinite(us: Micros) -> bool {
    us == i64::MAX || us == i64::MIN
}

pub(super) fn to_local(utc: Micros, zone: Zone) -> Micros {
    if is_infinite(utc) { utc } else { utc.saturating_add(i64::from(zone.offset_at(utc)) * US_PER_SECOND) }
}

pub(super) fn to_utc(local: Micros, zone: Zone) -> Micros {
    if is_infinite(local) { local } else { local.saturating_sub(i64::from(zone.offset_of_local(local)) * US_PER_SECOND) }
}

fn timezone_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [zone, Argument::Of(SqlType::Timestamp)] if zone.is_text() || zone.is(&SqlType::Interval) => Some(SqlType::Timestamptz),
        [zone, moment] if (zone.is_text() || zone.is(&SqlType::Interval)) && is_moment(moment) => Some(SqlType::Timestamp),
        _ => None,
    }
}

fn timezone(given: &Arguments) -> Result<ArrayRef> {
    let zones = given.texts(0)?;
    let local = given.result == SqlType::Timestamptz;
    let moments = moments(given, 1, if local { &SqlType::Timestamp } else { &SqlType::Timestamptz })?;
    let offsets = if given.sql_type(0) == SqlType::Interval { Some(span::spans(given, 0)?) } else { None };
    let mut known: Option<(String, Zone)> = None;
    let mut values = Vec::with_capacity(given.rows);
    for (row, (name, moment)) in zones.iter().zip(moments).enumerate() {
        let (Some(name), Some(moment)) = (name, moment) else {
            values.push(None);
            continue;
        };
        let zone = match &known {
            Some((same, zone)) if same == name => *zone,
            _ => {
                let zone = match &offsets {
                    Some(offsets) if offsets.is_valid(row) => span::zone_of(offsets.value(row), name)?,
                    _ => named_zone(name)?,
                };
                known = Some((name.to_owned(), zone));
                zone
            }
        };
        values.push(Some(if local { to_utc(moment, zone) } else { to_local(moment, zone) }));
    }
    if local { Ok(timestamptz(values)) } else { Ok(Arc::new(TimestampMicrosecondArray::from(values))) }
}

/// A zone by its name, by an abbreviation, or by an offset, whose sign counts west as POSIX has it.
fn named_zone(name: &str) -> Result<Zone> {
    let unknown = || Error::new(Kind::InvalidParameterValue, format!("time zone \"{name}\" not recognized"));
    match abbreviation(&name.to_ascii_lowercase()) {
        Some(Abbreviation::Offset(east)) => return Ok(Zone::Fixed(east)),
        Some(Abbreviation::Zone(_, zone)) => return Zone::named(zone).ok_or_else(unknown),
        None => {}
    }
    if name.starts_with(['+', '-']) {
        return Zone::named(&format!("UTC{name}")).ok_or_else(unknown);
    }
    Zone::named(name).ok_or_else(unknown)
}

/// The moments of an argument: in UTC where the wanted type has a zone, else as its own clock showed them.
pub(super) fn moments(given: &Arguments, at: usize, wanted: &SqlType) -> Result<Vec<Option<Micros>>> {
    let own = match given.types.get(at) {
        Some(Argument::Of(own)) => own.clone(),
        Some(Argument::Unknown) | None => wanted.clone(),
    };
    let zone = given.style.timezone;
    let read = |array: &ArrayRef| -> Vec<Option<Micros>> { array.as_primitive::<TimestampMicrosecondType>().iter().collect() };
    let values = match &own {
        SqlType::Date => {
            let days = given.as_type(at, &SqlType::Date)?;
            days.as_primitive::<Date32Type>()
                .iter()
                .map(|day| {
                    day.map(|day| match day {
                        i32::MAX => i64::MAX,
                        i32::MIN => i64::MIN,
                        day => i64::from(day) * US_PER_DAY,
                    })
                })
                .collect()
        }
        _ => read(&given.as_type(at, &own)?),
    };
    Ok(match (&own, wanted) {
        (SqlType::Timestamptz, SqlType::Timestamp) => values.into_iter().map(|us| us.map(|us| to_local(us, zone))).collect(),
        (SqlType::Timestamp | SqlType::Date, SqlType::Timestamptz) => {
            values.into_iter().map(|us| us.map(|us| to_utc(us, zone))).collect()
        }
        _ => values,
    })
}

/// The type in which moments of different types are compared: with a zone if one of them has one.
fn common(given: &Arguments) -> SqlType {
    let zoned = given.types.contains(&Argument::Of(SqlType::Timestamptz));
    let typed = given.types.iter().any(|argument| matches!(argument, Argument::Of(SqlType::Timestamp)));
    if zoned || !typed { SqlType::Timestamptz } else { SqlType::Timestamp }
}

/// The difference of two moments in days and what is left of a day.
fn difference(given: &Arguments) -> Result<ArrayRef> {
    let common = common(given);
    let left = moments(given, 0, &common)?;
    let right = moments(given, 1, &common)?;
    let mut out = IntervalMonthDayNanoBuilder::with_capacity(given.rows);
    for pair in left.into_iter().zip(right) {
        let (Some(left), Some(right)) = pair else {
            out.append_null();
            continue;
        };
        if is_infinite(left) || is_infinite(right) {
            return Err(Error::new(Kind::DatetimeFieldOverflow, "cannot subtract infinite timestamps"));
        }
        let us = left.checked_sub(right).ok_or_else(|| Error::new(Kind::DatetimeFieldOverflow, "interval out of range"))?;
        let days = i32::try_from(us / US_PER_DAY).map_err(|_| out_of_range())?;
        out.append_value(IntervalMonthDayNano::new(0, days, us % US_PER_DAY * 1_000));
    }
    Ok(Arc::new(out.finish()))
}

fn date_difference(given: &Arguments) -> Result<ArrayRef> {
    let left = given.as_type(0, &SqlType::Date)?;
    let right = given.as_type(1, &SqlType::Date)?;
    let mut out = Int32Builder::with_capacity(given.rows);
    for pair in left.as_primitive::<Date32Type>().iter().zip(right.as_primitive::<Date32Type>()) {
        match pair {
            (Some(left), Some(right)) if is_infinite_day(left) || is_infinite_day(right) => {
                return Err(Error::new(Kind::DatetimeFieldOverflow, "cannot subtract infinite dates"));
            }
            (Some(left), Some(right)) => out.append_value(left - right),
            _ => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

fn is_infinite_day(day: i32) -> bool {
    day == i32::MAX || day == i32::MIN
}

fn date_and_integer(types: &[Argument]) -> Option<SqlType> {
    match types {
        [Argument::Of(SqlType::Date), days] if days.is_integer() => Some(SqlType::Date),
        _ => None,
    }
}

fn date_shifted(given: &Arguments, date: usize, days: usize, sign: i64) -> Result<ArrayRef> {
    let dates = given.as_type(date, &SqlType::Date)?;
    let days = given.as_type(days, &SqlType::Int8)?;
    let shifted = dates
        .as_primitive::<Date32Type>()
        .iter()
        .zip(days.as_primitive::<Int64Type>())
        .map(|pair| match pair {
            (Some(date), Some(_)) if is_infinite_day(date) => Ok(Some(date)),
            (Some(date), Some(days)) => days
                .checked_mul(sign)
                .and_then(|days| i64::from(date).checked_add(days))
                .and_then(|day| i32::try_from(day).ok())
                .map(Some)
                .ok_or_else(|| Error::new(Kind::DatetimeFieldOverflow, "date out of range")),
            _ => Ok(None),
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(Date32Array::from(shifted)))
}

/// The difference in years, months and days, as people count an age; of one moment, up to today's midnight.
fn age(given: &Arguments) -> Result<ArrayRef> {
    let zone = given.style.timezone;
    let (left, right) = if given.arrays.len() == 1 {
        let midnight = to_local(given.style.now.us(), zone).div_euclid(US_PER_DAY) * US_PER_DAY;
        (vec![Some(midnight); given.rows], moments(given, 0, &SqlType::Timestamp)?)
    } else {
        (moments(given, 0, &SqlType::Timestamp)?, moments(given, 1, &SqlType::Timestamp)?)
    };
    let mut out = IntervalMonthDayNanoBuilder::with_capacity(given.rows);
    for pair in left.into_iter().zip(right) {
        match pair {
            (Some(left), Some(right)) => out.append_value(symbolic_difference(left, right)?),
            _ => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

fn symbolic_difference(left: Micros, right: Micros) -> Result<IntervalMonthDayNano> {
    let sign = if left < right { -1 } else { 1 };
    let (later, earlier) = if sign < 0 { (right, left) } else { (left, right) };
    let (to, from) = (naive(later)?, naive(earlier)?);
    let mut us = later.rem_euclid(US_PER_DAY) - earlier.rem_euclid(US_PER_DAY);
    let mut days = i64::from(to.day()) - i64::from(from.day());
    let mut months = (i64::from(to.year()) * 12 + i64::from(to.month())) - (i64::from(from.year()) * 12 + i64::from(from.month()));
    if us < 0 {
        us += US_PER_DAY;
        days -= 1;
    }
    if days < 0 {
        // The days of the earlier moment's month are lent.
        days += i64::from(from.num_days_in_month());
        months -= 1;
    }
    let narrow = |value: i64| i32::try_from(value * sign).map_err(|_| out_of_range());
    Ok(IntervalMonthDayNano::new(narrow(months)?, narrow(days)?, us * sign * 1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Micros {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").unwrap().and_utc().timestamp_micros()
    }

    #[test]
    fn an_age_is_counted_in_years_months_and_days() {
        let age = |left: &str, right: &str| symbolic_difference(at(left), at(right)).unwrap();
        // PostgreSQL: age('2001-04-10', '1957-06-13') is 43 years 9 mons 27 days.
        assert_eq!(age("2001-04-10 00:00:00", "1957-06-13 00:00:00"), IntervalMonthDayNano::new(43 * 12 + 9, 27, 0));
        assert_eq!(age("2024-03-01 00:00:00", "2024-02-28 12:00:00"), IntervalMonthDayNano::new(0, 1, 43_200_000_000_000));
        assert_eq!(age("2024-01-01 00:00:00", "2024-01-02 00:00:00"), IntervalMonthDayNano::new(0, -1, 0));
    }
}
