//! What a moment or interval consists of: `date_trunc`, `extract`, `date_part` and the units that they know.

use std::sync::Arc;

use chrono::{Datelike, NaiveDate, NaiveTime, Timelike};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Builder, Float64Builder, IntervalMonthDayNanoBuilder, StringViewArray,
    TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{IntervalMonthDayNano, IntervalMonthDayNanoType, Time64MicrosecondType};

use super::{
    US_PER_DAY, US_PER_SECOND, is_infinite, is_moment, moments, naive, named_zone, out_of_range, timestamptz, to_local, to_utc,
};
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::query::functions::scalar::{Argument, Arguments};
use crate::value::{SpanUnit, SqlType, Zone, span_unit};

/// The Julian day number of 1970-01-01.
const JULIAN_DAY_OF_1970: i64 = 2_440_588;

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
    Julian,
    Epoch,
    Timezone,
    TimezoneHour,
    TimezoneMinute,
}

impl Unit {
    fn named(name: &str, of: &SqlType) -> Result<Unit> {
        let lower = name.to_ascii_lowercase();
        // The units of an interval, and those that only a moment has.
        let known = span_unit(&lower).and_then(Unit::of_span).or(match lower.as_str() {
            "dow" => Some(Unit::Dow),
            "isodow" => Some(Unit::Isodow),
            "doy" => Some(Unit::Doy),
            "isoyear" => Some(Unit::Isoyear),
            "julian" => Some(Unit::Julian),
            "epoch" => Some(Unit::Epoch),
            "timezone" => Some(Unit::Timezone),
            "timezone_hour" | "timezone_h" => Some(Unit::TimezoneHour),
            "timezone_minute" | "timezone_m" => Some(Unit::TimezoneMinute),
            _ => None,
        });
        known.ok_or_else(|| Error::new(Kind::InvalidParameterValue, format!("unit \"{name}\" not recognized for type {of}")))
    }

    /// A unit of intervals; `ago` is none.
    fn of_span(unit: SpanUnit) -> Option<Unit> {
        Some(match unit {
            SpanUnit::Microsecond => Unit::Microseconds,
            SpanUnit::Millisecond => Unit::Milliseconds,
            SpanUnit::Second => Unit::Second,
            SpanUnit::Minute => Unit::Minute,
            SpanUnit::Hour => Unit::Hour,
            SpanUnit::Day => Unit::Day,
            SpanUnit::Week => Unit::Week,
            SpanUnit::Month => Unit::Month,
            SpanUnit::Quarter => Unit::Quarter,
            SpanUnit::Year => Unit::Year,
            SpanUnit::Decade => Unit::Decade,
            SpanUnit::Century => Unit::Century,
            SpanUnit::Millennium => Unit::Millennium,
            SpanUnit::Ago => return None,
        })
    }
}

/// Why a moment is not cut to a unit: those that only `extract` knows are no units here.
fn not_cut_to(unit: &str, of: &SqlType) -> Error {
    match Unit::named(unit, of) {
        Ok(Unit::Dow | Unit::Isodow | Unit::Doy | Unit::Isoyear | Unit::Julian | Unit::Epoch) => {
            let unit = unit.to_ascii_lowercase();
            Error::new(Kind::InvalidParameterValue, format!("unit \"{unit}\" not recognized for type {of}"))
        }
        Ok(_) => not_supported(unit, of),
        Err(error) => error,
    }
}

fn not_supported(unit: &str, of: &SqlType) -> Error {
    Error::new(Kind::FeatureNotSupported, format!("unit \"{}\" not supported for type {of}", unit.to_ascii_lowercase()))
}

pub(super) fn trunc_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [unit, Argument::Of(SqlType::Timestamp)] if unit.is_text() => Some(SqlType::Timestamp),
        [unit, Argument::Of(SqlType::Interval | SqlType::Time)] if unit.is_text() => Some(SqlType::Interval),
        [unit, moment] if unit.is_text() && is_moment(moment) => Some(SqlType::Timestamptz),
        [unit, moment, zone] if unit.is_text() && zone.is_text() && is_moment(moment) => Some(SqlType::Timestamptz),
        _ => None,
    }
}

pub(super) fn trunc(given: &Arguments) -> Result<ArrayRef> {
    let units = given.texts(0)?;
    if given.result == SqlType::Interval {
        let spans = super::spans(given, 1)?;
        let mut out = IntervalMonthDayNanoBuilder::with_capacity(given.rows);
        for (unit, span) in units.iter().zip(&spans) {
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
        let unit_of = Unit::named(unit, &given.result)?;
        let start = truncated(local, unit_of).ok_or_else(|| not_cut_to(unit, &given.result))??;
        values.push(Some(match unit_of {
            _ if !zoned => start,
            // Within an hour the clock's offset stays what it is, also in the hour that comes twice.
            Unit::Microseconds | Unit::Milliseconds | Unit::Second | Unit::Minute | Unit::Hour => moment - (local - start),
            _ => to_utc(start, zone),
        }));
    }
    if zoned { Ok(timestamptz(values)) } else { Ok(Arc::new(TimestampMicrosecondArray::from(values))) }
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
        | Unit::Julian
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
        | Unit::Julian
        | Unit::Epoch
        | Unit::Timezone
        | Unit::TimezoneHour
        | Unit::TimezoneMinute => Err(not_supported(unit, &SqlType::Interval)),
    }
}

pub(super) fn parts(types: &[Argument], result: SqlType) -> Option<SqlType> {
    match types {
        [unit, Argument::Of(SqlType::Interval | SqlType::Time)] if unit.is_text() => Some(result),
        [unit, moment] if unit.is_text() && is_moment(moment) => Some(result),
        _ => None,
    }
}

/// `extract` and `date_part`: the value in millionths, put into the result's form.
pub(super) fn extract(given: &Arguments) -> Result<ArrayRef> {
    let units = given.texts(0)?;
    let own = match given.types.get(1) {
        Some(Argument::Of(own)) => own.clone(),
        Some(Argument::Unknown) | None => SqlType::Timestamptz,
    };
    if given.result == SqlType::Float8 && !matches!(own, SqlType::Interval | SqlType::Time) {
        return moment_parts(given, &units, &own);
    }
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
            let plain = own == SqlType::Date;
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
                out.append_option(value.map(of_millionths));
            }
            Ok(Arc::new(out.finish()))
        }
    }
}

fn of_millionths(value: i128) -> f64 {
    // Below 2^53 millionths, as every date in use is, the quotient is exact to the microsecond.
    #[allow(clippy::cast_precision_loss)]
    let value = value as f64 / 1e6;
    value
}

/// `date_part` of moments: what only floating point can hold as well, which are parts of infinity and of a Julian day.
fn moment_parts(given: &Arguments, units: &StringViewArray, own: &SqlType) -> Result<ArrayRef> {
    let mut out = Float64Builder::with_capacity(given.rows);
    for (unit, moment) in units.iter().zip(moments(given, 1, own)?) {
        let Some((name, moment)) = unit.zip(moment) else {
            out.append_null();
            continue;
        };
        let rises = || {
            use Unit::{Century, Decade, Epoch, Isoyear, Julian, Millennium, Year};
            Ok::<bool, Error>(matches!(Unit::named(name, own)?, Year | Decade | Century | Millennium | Isoyear | Julian | Epoch))
        };
        out.append_option(match is_infinite(moment) {
            true if !rises()? => None,
            true => Some(if moment < 0 { f64::NEG_INFINITY } else { f64::INFINITY }),
            false if Unit::named(name, own)? == Unit::Julian => {
                let local = if *own == SqlType::Timestamptz { to_local(moment, given.style.timezone) } else { moment };
                let day = whole(local.div_euclid(US_PER_DAY) + JULIAN_DAY_OF_1970);
                let of_day = of_millionths(local.rem_euclid(US_PER_DAY).into());
                Some(of_millionths(day) + of_day / 86_400.0)
            }
            false => Some(of_millionths(moment_field(name, moment, own, false, given.style.timezone)?)),
        });
    }
    Ok(Arc::new(out.finish()))
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
        Unit::Isoyear => match moment.iso_week().year() {
            year @ ..=0 => i64::from(year) - 1,
            year => i64::from(year),
        },
        Unit::Julian if !date_only => return Err(not_supported(name, of)),
        Unit::Julian => us.div_euclid(US_PER_DAY) + JULIAN_DAY_OF_1970,
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
        | Unit::Julian
        | Unit::Timezone
        | Unit::TimezoneHour
        | Unit::TimezoneMinute => Err(not_supported(name, &SqlType::Interval)),
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDateTime;

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
}
