//! Functions on times where DataFusion's differ from PostgreSQL's: the clock of the transaction, time zones, differences,
//! `date_trunc`, `extract`, `age`.

use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Decimal128Builder, Float64Builder, Int32Builder, IntervalMonthDayNanoBuilder,
    TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{
    Date32Type, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, Time64MicrosecondType, TimestampMicrosecondType,
};
use datafusion::logical_expr::Volatility;

use super::scalar::{Argument, Arguments, Definition};
use crate::clock::{Clock, Micros};
use crate::error::{Error, Kind, Result};
use crate::value::{SqlType, Zone};

const US_PER_SECOND: i64 = 1_000_000;
const US_PER_DAY: i64 = 86_400 * US_PER_SECOND;

const STABLE: Volatility = Volatility::Stable;

pub(super) static DEFINITIONS: [Definition; 19] = [
    Definition { name: "now", volatility: STABLE, result: |types| nullary(types, SqlType::Timestamptz), run: now },
    Definition { name: "current_timestamp", volatility: STABLE, result: |types| nullary(types, SqlType::Timestamptz), run: now },
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
    Definition { name: "localtimestamp", volatility: STABLE, result: |types| nullary(types, SqlType::Timestamp), run: now },
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
    Definition {
        name: "date_mi",
        volatility: Volatility::Immutable,
        result: |types| match types {
            [left, right] if left.is(&SqlType::Date) && right.is(&SqlType::Date) => Some(SqlType::Int4),
            _ => None,
        },
        run: date_difference,
    },
    Definition {
        name: "date_mii",
        volatility: Volatility::Immutable,
        result: date_and_integer,
        run: |given| date_shifted(given, 0, 1, -1),
    },
    Definition {
        name: "date_pli",
        volatility: Volatility::Immutable,
        result: date_and_integer,
        run: |given| date_shifted(given, 0, 1, 1),
    },
    Definition {
        name: "integer_pl_date",
        volatility: Volatility::Immutable,
        result: |types| match types {
            [days, date] => date_and_integer(&[date.clone(), days.clone()]),
            _ => None,
        },
        run: |given| date_shifted(given, 1, 0, 1),
    },
    Definition { name: "date_trunc", volatility: STABLE, result: trunc_result, run: trunc },
    Definition { name: "extract", volatility: STABLE, result: |types| parts(types, SqlType::Numeric(38, 0)), run: extract },
    Definition {
        name: "extract_milliseconds",
        volatility: STABLE,
        result: |types| parts(types, SqlType::Numeric(38, 3)),
        run: extract,
    },
    Definition { name: "extract_seconds", volatility: STABLE, result: |types| parts(types, SqlType::Numeric(38, 6)), run: extract },
    Definition { name: "date_part", volatility: STABLE, result: |types| parts(types, SqlType::Float8), run: extract },
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

fn nullary(types: &[Argument], result: SqlType) -> Option<SqlType> {
    types.is_empty().then_some(result)
}

fn is_moment(argument: &Argument) -> bool {
    matches!(argument, Argument::Unknown | Argument::Of(SqlType::Date | SqlType::Timestamp | SqlType::Timestamptz))
}

fn timestamptz(values: Vec<Option<Micros>>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC"))
}

fn out_of_range() -> Error {
    Error::new(Kind::DatetimeFieldOverflow, "timestamp out of range")
}

/// The start of the transaction, in the session's zone where the result has none of its own.
fn now(given: &Arguments) -> Result<ArrayRef> {
    let now = given.style.now_us;
    Ok(match given.result {
        SqlType::Timestamp => Arc::new(TimestampMicrosecondArray::from(vec![to_local(now, given.style.timezone); given.rows])),
        _ => timestamptz(vec![Some(now); given.rows]),
    })
}

fn today(given: &Arguments) -> Result<ArrayRef> {
    let local = to_local(given.style.now_us, given.style.timezone);
    let day = i32::try_from(local.div_euclid(US_PER_DAY)).map_err(|_| out_of_range())?;
    Ok(Arc::new(Date32Array::from(vec![day; given.rows])))
}

/// Infinite moments have no zone.
fn is_infinite(us: Micros) -> bool {
    us == i64::MAX || us == i64::MIN
}

fn to_local(utc: Micros, zone: Zone) -> Micros {
    if is_infinite(utc) { utc } else { utc.saturating_add(i64::from(zone.offset_at(utc)) * US_PER_SECOND) }
}

fn to_utc(local: Micros, zone: Zone) -> Micros {
    if is_infinite(local) { local } else { local.saturating_sub(i64::from(zone.offset_of_local(local)) * US_PER_SECOND) }
}

fn timezone_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [zone, Argument::Of(SqlType::Timestamp)] if zone.is_text() => Some(SqlType::Timestamptz),
        [zone, moment] if zone.is_text() && is_moment(moment) => Some(SqlType::Timestamp),
        _ => None,
    }
}

fn timezone(given: &Arguments) -> Result<ArrayRef> {
    let zones = given.texts(0)?;
    let local = given.result == SqlType::Timestamptz;
    let moments = moments(given, 1, if local { &SqlType::Timestamp } else { &SqlType::Timestamptz })?;
    let mut known: Option<(String, Zone)> = None;
    let mut values = Vec::with_capacity(given.rows);
    for (name, moment) in zones.iter().zip(moments) {
        let (Some(name), Some(moment)) = (name, moment) else {
            values.push(None);
            continue;
        };
        let zone = match &known {
            Some((same, zone)) if same == name => *zone,
            _ => {
                let zone = named_zone(name)?;
                known = Some((name.to_owned(), zone));
                zone
            }
        };
        values.push(Some(if local { to_utc(moment, zone) } else { to_local(moment, zone) }));
    }
    if local { Ok(timestamptz(values)) } else { Ok(Arc::new(TimestampMicrosecondArray::from(values))) }
}

fn named_zone(name: &str) -> Result<Zone> {
    Zone::named(name).ok_or_else(|| Error::new(Kind::InvalidParameterValue, format!("time zone \"{name}\" not recognized")))
}

/// The moments of an argument: in UTC where the wanted type has a zone, else as its own clock showed them.
fn moments(given: &Arguments, at: usize, wanted: &SqlType) -> Result<Vec<Option<Micros>>> {
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

/// The units of `date_trunc` and `extract`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Microseconds,
    Milliseconds,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    Decade,
    Century,
    Millennium,
    Dow,
    Isodow,
    Doy,
    Isoyear,
    Epoch,
    Timezone,
    TimezoneHour,
    TimezoneMinute,
}

impl Unit {
    fn named(name: &str, of: &SqlType) -> Result<Unit> {
        let unit = match name.to_ascii_lowercase().as_str() {
            "microsecond" | "microseconds" | "usec" | "usecs" | "us" => Unit::Microseconds,
            "millisecond" | "milliseconds" | "msec" | "msecs" | "ms" => Unit::Milliseconds,
            "second" | "seconds" | "sec" | "secs" | "s" => Unit::Second,
            "minute" | "minutes" | "min" | "mins" | "m" => Unit::Minute,
            "hour" | "hours" | "hr" | "hrs" | "h" => Unit::Hour,
            "day" | "days" | "d" => Unit::Day,
            "week" | "weeks" | "w" => Unit::Week,
            "month" | "months" | "mon" | "mons" => Unit::Month,
            "quarter" | "qtr" => Unit::Quarter,
            "year" | "years" | "yr" | "yrs" | "y" => Unit::Year,
            "decade" | "decades" | "dec" | "decs" => Unit::Decade,
            "century" | "centuries" | "cent" | "c" => Unit::Century,
            "millennium" | "millennia" | "mil" | "mils" => Unit::Millennium,
            "dow" => Unit::Dow,
            "isodow" => Unit::Isodow,
            "doy" => Unit::Doy,
            "isoyear" => Unit::Isoyear,
            "epoch" => Unit::Epoch,
            "timezone" => Unit::Timezone,
            "timezone_hour" | "timezone_h" => Unit::TimezoneHour,
            "timezone_minute" | "timezone_m" => Unit::TimezoneMinute,
            _ => return Err(Error::new(Kind::InvalidParameterValue, format!("unit \"{name}\" not recognized for type {of}"))),
        };
        Ok(unit)
    }
}

fn not_supported(unit: &str, of: &SqlType) -> Error {
    Error::new(Kind::FeatureNotSupported, format!("unit \"{}\" not supported for type {of}", unit.to_ascii_lowercase()))
}

fn trunc_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [unit, Argument::Of(SqlType::Timestamp)] if unit.is_text() => Some(SqlType::Timestamp),
        [unit, Argument::Of(SqlType::Interval)] if unit.is_text() => Some(SqlType::Interval),
        [unit, moment] if unit.is_text() && is_moment(moment) => Some(SqlType::Timestamptz),
        [unit, moment, zone] if unit.is_text() && zone.is_text() && is_moment(moment) => Some(SqlType::Timestamptz),
        _ => None,
    }
}

fn trunc(given: &Arguments) -> Result<ArrayRef> {
    let units = given.texts(0)?;
    if given.result == SqlType::Interval {
        let spans = given.as_type(1, &SqlType::Interval)?;
        let mut out = IntervalMonthDayNanoBuilder::with_capacity(given.rows);
        for (unit, span) in units.iter().zip(spans.as_primitive::<IntervalMonthDayNanoType>()) {
            match (unit, span) {
                (Some(unit), Some(span)) => out.append_value(truncated_span(span, unit)?),
                _ => out.append_null(),
            }
        }
        return Ok(Arc::new(out.finish()));
    }
    let zones = if given.arrays.len() == 3 { Some(given.texts(2)?) } else { None };
    let zoned = given.result == SqlType::Timestamptz;
    let moments = moments(given, 1, &given.result)?;
    let mut values = Vec::with_capacity(given.rows);
    for (row, (unit, moment)) in units.iter().zip(moments).enumerate() {
        let zone = match &zones {
            Some(zones) if zones.is_null(row) => None,
            Some(zones) => Some(named_zone(zones.value(row))?),
            None => Some(given.style.timezone),
        };
        let (Some(unit), Some(moment), Some(zone)) = (unit, moment, zone) else {
            values.push(None);
            continue;
        };
        if is_infinite(moment) {
            values.push(Some(moment));
            continue;
        }
        let local = if zoned { to_local(moment, zone) } else { moment };
        let start = truncated(local, Unit::named(unit, &given.result)?).ok_or_else(|| not_supported(unit, &given.result))??;
        values.push(Some(if zoned { to_utc(start, zone) } else { start }));
    }
    if zoned { Ok(timestamptz(values)) } else { Ok(Arc::new(TimestampMicrosecondArray::from(values))) }
}

fn naive(us: Micros) -> Result<NaiveDateTime> {
    DateTime::from_timestamp_micros(us).map(|moment| moment.naive_utc()).ok_or_else(out_of_range)
}

/// The start of the unit that a moment lies in; `None` for a unit that moments are not cut to.
fn truncated(us: Micros, unit: Unit) -> Option<Result<Micros>> {
    let step = |length: i64| Some(Ok(us.div_euclid(length) * length));
    match unit {
        Unit::Microseconds => Some(Ok(us)),
        Unit::Milliseconds => step(1_000),
        Unit::Second => step(US_PER_SECOND),
        Unit::Minute => step(60 * US_PER_SECOND),
        Unit::Hour => step(3_600 * US_PER_SECOND),
        Unit::Day => step(US_PER_DAY),
        Unit::Week | Unit::Month | Unit::Quarter | Unit::Year | Unit::Decade | Unit::Century | Unit::Millennium => {
            Some(naive(us).and_then(|moment| {
                let date = moment.date();
                let year = date.year();
                let start = match unit {
                    Unit::Week => date.checked_sub_days(chrono::Days::new(u64::from(date.weekday().num_days_from_monday()))),
                    Unit::Month => date.with_day(1),
                    Unit::Quarter => NaiveDate::from_ymd_opt(year, (date.month0() / 3) * 3 + 1, 1),
                    Unit::Decade => NaiveDate::from_ymd_opt(year.div_euclid(10) * 10, 1, 1),
                    Unit::Century => NaiveDate::from_ymd_opt((year - 1).div_euclid(100) * 100 + 1, 1, 1),
                    Unit::Millennium => NaiveDate::from_ymd_opt((year - 1).div_euclid(1_000) * 1_000 + 1, 1, 1),
                    _ => NaiveDate::from_ymd_opt(year, 1, 1),
                };
                let start = start.ok_or_else(out_of_range)?;
                Ok(start.and_time(NaiveTime::MIN).and_utc().timestamp_micros())
            }))
        }
        Unit::Dow
        | Unit::Isodow
        | Unit::Doy
        | Unit::Isoyear
        | Unit::Epoch
        | Unit::Timezone
        | Unit::TimezoneHour
        | Unit::TimezoneMinute => None,
    }
}

fn truncated_span(span: IntervalMonthDayNano, unit: &str) -> Result<IntervalMonthDayNano> {
    let months = |count: i32| Ok(IntervalMonthDayNano::new(span.months / count * count, 0, 0));
    let nanos = |length: i64| Ok(IntervalMonthDayNano::new(span.months, span.days, span.nanoseconds / length * length));
    match Unit::named(unit, &SqlType::Interval)? {
        Unit::Microseconds => nanos(1_000),
        Unit::Milliseconds => nanos(1_000_000),
        Unit::Second => nanos(1_000_000_000),
        Unit::Minute => nanos(60_000_000_000),
        Unit::Hour => nanos(3_600_000_000_000),
        Unit::Day => Ok(IntervalMonthDayNano::new(span.months, span.days, 0)),
        Unit::Month => months(1),
        Unit::Quarter => months(3),
        Unit::Year => months(12),
        Unit::Decade => months(120),
        Unit::Century => months(1_200),
        Unit::Millennium => months(12_000),
        Unit::Week
        | Unit::Dow
        | Unit::Isodow
        | Unit::Doy
        | Unit::Isoyear
        | Unit::Epoch
        | Unit::Timezone
        | Unit::TimezoneHour
        | Unit::TimezoneMinute => Err(not_supported(unit, &SqlType::Interval)),
    }
}

fn parts(types: &[Argument], result: SqlType) -> Option<SqlType> {
    match types {
        [unit, Argument::Of(SqlType::Interval | SqlType::Time)] if unit.is_text() => Some(result),
        [unit, moment] if unit.is_text() && is_moment(moment) => Some(result),
        _ => None,
    }
}

/// `extract` and `date_part`: the value in millionths, put into the result's form.
fn extract(given: &Arguments) -> Result<ArrayRef> {
    let units = given.texts(0)?;
    let own = match given.types.get(1) {
        Some(Argument::Of(own)) => own.clone(),
        Some(Argument::Unknown) | None => SqlType::Timestamptz,
    };
    let mut values: Vec<Option<i128>> = Vec::with_capacity(given.rows);
    match &own {
        SqlType::Interval => {
            let spans = given.as_type(1, &own)?;
            for (unit, span) in units.iter().zip(spans.as_primitive::<IntervalMonthDayNanoType>()) {
                values.push(unit.zip(span).map(|(unit, span)| span_field(unit, span)).transpose()?);
            }
        }
        SqlType::Time => {
            let times = given.as_type(1, &own)?;
            for (unit, time) in units.iter().zip(times.as_primitive::<Time64MicrosecondType>()) {
                values.push(unit.zip(time).map(|(unit, time)| time_field(unit, time, &own)).transpose()?);
            }
        }
        _ => {
            let plain = given.name != "date_part" && own == SqlType::Date;
            for (unit, moment) in units.iter().zip(moments(given, 1, &own)?) {
                values.push(match unit.zip(moment).filter(|(_, moment)| !is_infinite(*moment)) {
                    Some((unit, moment)) => Some(moment_field(unit, moment, &own, plain, given.style.timezone)?),
                    None => None,
                });
            }
        }
    }
    match &given.result {
        SqlType::Numeric(precision, scale) => {
            let unit = 10_i128.pow(u32::try_from(6 - i32::from(*scale)).unwrap_or(0));
            let mut out = Decimal128Builder::with_capacity(given.rows).with_data_type(SqlType::Numeric(*precision, *scale).arrow());
            for value in values {
                out.append_option(value.map(|value| value / unit));
            }
            Ok(Arc::new(out.finish()))
        }
        _ => {
            let mut out = Float64Builder::with_capacity(given.rows);
            for value in values {
                // Below 2^53 millionths, as every date in use is, the quotient is exact to the microsecond.
                #[allow(clippy::cast_precision_loss)]
                out.append_option(value.map(|value| value as f64 / 1e6));
            }
            Ok(Arc::new(out.finish()))
        }
    }
}

/// Whole numbers in millionths.
fn whole(value: impl Into<i128>) -> i128 {
    value.into() * 1_000_000
}

fn time_field(name: &str, us: Micros, of: &SqlType) -> Result<i128> {
    let us_of_minute = us % (60 * US_PER_SECOND);
    match Unit::named(name, of)? {
        Unit::Microseconds => Ok(whole(us_of_minute)),
        Unit::Milliseconds => Ok(i128::from(us_of_minute) * 1_000),
        Unit::Second => Ok(i128::from(us_of_minute)),
        Unit::Minute => Ok(whole(us / (60 * US_PER_SECOND) % 60)),
        Unit::Hour => Ok(whole(us / (3_600 * US_PER_SECOND))),
        Unit::Epoch => Ok(i128::from(us)),
        _ => Err(not_supported(name, of)),
    }
}

fn moment_field(name: &str, us: Micros, of: &SqlType, date_only: bool, zone: Zone) -> Result<i128> {
    let unit = Unit::named(name, of)?;
    let zoned = *of == SqlType::Timestamptz;
    let offset = if zoned { zone.offset_at(us) } else { 0 };
    let local = if zoned { to_local(us, zone) } else { us };
    let moment = naive(local)?;
    let time_of_day = local.rem_euclid(US_PER_DAY);
    // No year 0: the year before 1 is -1.
    let year = if moment.year() > 0 { moment.year() } else { moment.year() - 1 };
    let of_years = |count: i32| if year > 0 { (year + count - 1) / count } else { -((count - 1 - year) / count) };
    let value = match unit {
        Unit::Microseconds | Unit::Milliseconds | Unit::Second | Unit::Minute | Unit::Hour if date_only => {
            return Err(not_supported(name, of));
        }
        Unit::Microseconds | Unit::Milliseconds | Unit::Second | Unit::Minute => return time_field(name, time_of_day, of),
        Unit::Hour => moment.hour().into(),
        Unit::Day => moment.day().into(),
        Unit::Week => moment.iso_week().week().into(),
        Unit::Month => moment.month().into(),
        Unit::Quarter => (moment.month0() / 3 + 1).into(),
        Unit::Year => i64::from(year),
        Unit::Decade => i64::from(moment.year().div_euclid(10)),
        Unit::Century => i64::from(of_years(100)),
        Unit::Millennium => i64::from(of_years(1_000)),
        Unit::Dow => moment.weekday().num_days_from_sunday().into(),
        Unit::Isodow => moment.weekday().number_from_monday().into(),
        Unit::Doy => moment.ordinal().into(),
        Unit::Isoyear => i64::from(moment.iso_week().year()),
        Unit::Epoch => return Ok(i128::from(us)),
        Unit::Timezone | Unit::TimezoneHour | Unit::TimezoneMinute if !zoned => return Err(not_supported(name, of)),
        Unit::Timezone => i64::from(offset),
        Unit::TimezoneHour => i64::from(offset / 3_600),
        Unit::TimezoneMinute => i64::from(offset % 3_600 / 60),
    };
    Ok(whole(value))
}

fn span_field(name: &str, span: IntervalMonthDayNano) -> Result<i128> {
    let us = span.nanoseconds / 1_000;
    let years = span.months / 12;
    match Unit::named(name, &SqlType::Interval)? {
        Unit::Microseconds | Unit::Milliseconds | Unit::Second | Unit::Minute => time_field(name, us, &SqlType::Interval),
        Unit::Hour => Ok(whole(us / (3_600 * US_PER_SECOND))),
        Unit::Day => Ok(whole(span.days)),
        Unit::Month => Ok(whole(span.months % 12)),
        Unit::Quarter => Ok(whole(span.months % 12 / 3 + 1)),
        Unit::Year => Ok(whole(years)),
        Unit::Decade => Ok(whole(years / 10)),
        Unit::Century => Ok(whole(years / 100)),
        Unit::Millennium => Ok(whole(years / 1_000)),
        // A year is 365.25 days and a month 30.
        Unit::Epoch => {
            let days = i128::from(years) * 1_461 * i128::from(US_PER_DAY) / 4
                + (i128::from(span.months % 12) * 30 + i128::from(span.days)) * i128::from(US_PER_DAY);
            Ok(days + i128::from(us))
        }
        Unit::Week
        | Unit::Dow
        | Unit::Isodow
        | Unit::Doy
        | Unit::Isoyear
        | Unit::Timezone
        | Unit::TimezoneHour
        | Unit::TimezoneMinute => Err(not_supported(name, &SqlType::Interval)),
    }
}

/// The difference in years, months and days, as people count an age; of one moment, up to today's midnight.
fn age(given: &Arguments) -> Result<ArrayRef> {
    let zone = given.style.timezone;
    let (left, right) = if given.arrays.len() == 1 {
        let midnight = to_local(given.style.now_us, zone).div_euclid(US_PER_DAY) * US_PER_DAY;
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
    fn moments_are_cut_to_the_start_of_their_unit() {
        let moment = at("2024-02-29 13:14:15.678901");
        for (unit, start) in [
            (Unit::Millennium, "2001-01-01 00:00:00"),
            (Unit::Century, "2001-01-01 00:00:00"),
            (Unit::Decade, "2020-01-01 00:00:00"),
            (Unit::Year, "2024-01-01 00:00:00"),
            (Unit::Quarter, "2024-01-01 00:00:00"),
            (Unit::Month, "2024-02-01 00:00:00"),
            (Unit::Week, "2024-02-26 00:00:00"),
            (Unit::Day, "2024-02-29 00:00:00"),
            (Unit::Hour, "2024-02-29 13:00:00"),
            (Unit::Milliseconds, "2024-02-29 13:14:15.678"),
        ] {
            assert_eq!(truncated(moment, unit).unwrap().unwrap(), at(start), "{unit:?}");
        }
        assert!(truncated(moment, Unit::Dow).is_none());
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
