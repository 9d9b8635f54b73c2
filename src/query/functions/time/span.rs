//! Functions on intervals: `justify_*`, products and quotients, and moments moved by an interval.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, IntervalMonthDayNanoArray, Time64MicrosecondArray, TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{IntervalMonthDayNano, IntervalMonthDayNanoType, Time64MicrosecondType};

use super::{Argument, Arguments, US_PER_DAY, is_infinite, moments, out_of_range, timestamptz, to_local, to_utc};
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::value::time::calendar::{US_PER_SECOND, civil_from_days, days_from_civil, days_in_month, split_micros};
use crate::value::{SqlType, Zone};

const SECONDS_PER_DAY: f64 = 86_400.0;

fn interval_out_of_range() -> Error {
    Error::new(Kind::DatetimeFieldOverflow, "interval out of range")
}

/// An interval's parts with microseconds, as PostgreSQL has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::query::functions) struct Parts {
    pub(super) months: i64,
    pub(super) days: i64,
    pub(super) micros: i64,
}

impl Parts {
    pub(in crate::query::functions) fn of(span: IntervalMonthDayNano) -> Parts {
        Parts { months: span.months.into(), days: span.days.into(), micros: span.nanoseconds / 1_000 }
    }

    pub(in crate::query::functions) fn arrow(self) -> Result<IntervalMonthDayNano> {
        let narrow = |value: i64| i32::try_from(value).map_err(|_| interval_out_of_range());
        let nanos = self.micros.checked_mul(1_000).ok_or_else(interval_out_of_range)?;
        Ok(IntervalMonthDayNano::new(narrow(self.months)?, narrow(self.days)?, nanos))
    }

    /// What lies between this and another, at a part of the way.
    pub(in crate::query::functions) fn towards(self, other: Parts, part: f64) -> Result<Parts> {
        let way = Parts { months: other.months - self.months, days: other.days - self.days, micros: other.micros - self.micros };
        let way = scaled(way, part)?;
        Ok(Parts { months: self.months + way.months, days: self.days + way.days, micros: self.micros + way.micros })
    }

    /// Microseconds, a month being 30 days.
    pub(in crate::query::functions) fn length(self) -> i128 {
        (i128::from(self.months) * 30 + i128::from(self.days)) * i128::from(US_PER_DAY) + i128::from(self.micros)
    }
}

pub(in crate::query::functions) fn spans(given: &Arguments, at: usize) -> Result<IntervalMonthDayNanoArray> {
    if given.sql_type(at) == SqlType::Time {
        let times = given.as_type(at, &SqlType::Time)?;
        let spans =
            times.as_primitive::<Time64MicrosecondType>().iter().map(|us| us.map(|us| IntervalMonthDayNano::new(0, 0, us * 1_000)));
        return Ok(spans.collect());
    }
    Ok(given.as_type(at, &SqlType::Interval)?.as_primitive::<IntervalMonthDayNanoType>().clone())
}

/// A column of intervals, each made from its row's.
fn each(given: &Arguments, with: impl Fn(Parts) -> Result<Parts>) -> Result<ArrayRef> {
    let spans = spans(given, 0)?;
    let made = spans.iter().map(|span| span.map(|span| with(Parts::of(span))?.arrow()).transpose());
    Ok(Arc::new(made.collect::<Result<IntervalMonthDayNanoArray>>()?))
}

pub(super) fn justify_hours(given: &Arguments) -> Result<ArrayRef> {
    each(given, |mut span| {
        span.days += span.micros / US_PER_DAY;
        span.micros %= US_PER_DAY;
        Ok(same_sign_below_days(span))
    })
}

fn same_sign_below_days(mut span: Parts) -> Parts {
    if span.days > 0 && span.micros < 0 {
        (span.days, span.micros) = (span.days - 1, span.micros + US_PER_DAY);
    } else if span.days < 0 && span.micros > 0 {
        (span.days, span.micros) = (span.days + 1, span.micros - US_PER_DAY);
    }
    span
}

pub(super) fn justify_days(given: &Arguments) -> Result<ArrayRef> {
    each(given, |mut span| {
        span.months += span.days / 30;
        span.days %= 30;
        if span.months > 0 && span.days < 0 {
            (span.months, span.days) = (span.months - 1, span.days + 30);
        } else if span.months < 0 && span.days > 0 {
            (span.months, span.days) = (span.months + 1, span.days - 30);
        }
        Ok(span)
    })
}

pub(super) fn justify_interval(given: &Arguments) -> Result<ArrayRef> {
    each(given, |mut span| {
        span.days += span.micros / US_PER_DAY;
        span.micros %= US_PER_DAY;
        span.months += span.days / 30;
        span.days %= 30;
        if span.months > 0 && (span.days < 0 || (span.days == 0 && span.micros < 0)) {
            (span.months, span.days) = (span.months - 1, span.days + 30);
        } else if span.months < 0 && (span.days > 0 || (span.days == 0 && span.micros > 0)) {
            (span.months, span.days) = (span.months + 1, span.days - 30);
        }
        Ok(same_sign_below_days(span))
    })
}

/// An interval times a number, whose fractions go down to days and seconds.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
fn scaled(span: Parts, factor: f64) -> Result<Parts> {
    let rounded = |value: f64| (value * 1e6).round_ties_even() / 1e6;
    let months = span.months as f64 * factor;
    let days = span.days as f64 * factor;
    let fits = |value: f64| value.is_finite() && value.abs() < 2_147_483_648.0;
    if !fits(months) || !fits(days) {
        return Err(interval_out_of_range());
    }
    let of_months = rounded((months - months.trunc()) * 30.0);
    let mut seconds = rounded((days - days.trunc() + of_months - of_months.trunc()) * SECONDS_PER_DAY);
    let mut whole_days = days.trunc();
    if seconds.abs() >= SECONDS_PER_DAY {
        let more = (seconds / SECONDS_PER_DAY).trunc();
        whole_days += more;
        seconds -= more * SECONDS_PER_DAY;
    }
    whole_days += of_months.trunc();
    let micros = (span.micros as f64 * factor + seconds * 1e6).round_ties_even();
    if micros.is_nan() || micros.abs() >= 9.2e18 {
        return Err(interval_out_of_range());
    }
    Ok(Parts { months: months.trunc() as i64, days: whole_days as i64, micros: micros as i64 })
}

/// A local time moved by months and days, which keep its time of day.
fn moved_date(us: Micros, months: i64, days: i64) -> Result<Micros> {
    let (day, of_day) = split_micros(us);
    let date = civil_from_days(day);
    let mut days_moved = day;
    if months != 0 {
        let month = i64::from(date.year) * 12 + i64::from(date.month) - 1 + months;
        let year = i32::try_from(month.div_euclid(12)).map_err(|_| out_of_range())?;
        let month = u32::try_from(month.rem_euclid(12) + 1).map_err(|_| out_of_range())?;
        days_moved = days_from_civil(year, month, date.day.min(days_in_month(year, month)));
    }
    days_moved
        .checked_add(days)
        .and_then(|days| days.checked_mul(US_PER_DAY))
        .and_then(|us| us.checked_add(of_day))
        .ok_or_else(out_of_range)
}

/// A moment plus an interval; months and days are counted on the clocks of a zone where the moment has one.
pub(in crate::query::functions) fn moved(us: Micros, span: Parts, zone: Option<Zone>) -> Result<Micros> {
    if is_infinite(us) {
        return Ok(us);
    }
    let dated = match zone {
        _ if span.months == 0 && span.days == 0 => us,
        None => moved_date(us, span.months, span.days)?,
        Some(zone) => to_utc(moved_date(to_local(us, zone), span.months, span.days)?, zone),
    };
    dated.checked_add(span.micros).filter(|us| !is_infinite(*us)).ok_or_else(out_of_range)
}

/// The moment that a sum is of, and the type that it has.
pub(super) fn moved_result(types: &[Argument]) -> Option<SqlType> {
    let sum = |moment: &Argument, span: &Argument| match (moment, span) {
        (Argument::Of(SqlType::Date), Argument::Of(SqlType::Interval | SqlType::Time)) => Some(SqlType::Timestamp),
        (Argument::Of(own @ (SqlType::Timestamp | SqlType::Timestamptz | SqlType::Time)), Argument::Of(SqlType::Interval)) => {
            Some(own.clone())
        }
        _ => None,
    };
    match types {
        [left, right] => sum(left, right).or_else(|| sum(right, left)),
        _ => None,
    }
}

pub(super) fn move_by(given: &Arguments, backwards: bool) -> Result<ArrayRef> {
    let first_is_span =
        given.sql_type(0) == SqlType::Interval || (given.sql_type(0) == SqlType::Time && given.sql_type(1) == SqlType::Date);
    let (moment, span) = if first_is_span { (1, 0) } else { (0, 1) };
    let spans = spans(given, span)?;
    let directed = |span: IntervalMonthDayNano| {
        let span = Parts::of(span);
        if backwards { Parts { months: -span.months, days: -span.days, micros: -span.micros } } else { span }
    };
    if given.result == SqlType::Time {
        let times = given.as_type(moment, &SqlType::Time)?;
        let times = times.as_primitive::<Time64MicrosecondType>();
        let moved = times.iter().zip(&spans).map(|pair| match pair {
            (Some(us), Some(span)) => Some((us + directed(span).micros % US_PER_DAY).rem_euclid(US_PER_DAY)),
            _ => None,
        });
        return Ok(Arc::new(moved.collect::<Time64MicrosecondArray>()));
    }
    let zoned = given.result == SqlType::Timestamptz;
    let values = moments(given, moment, &given.result)?
        .into_iter()
        .zip(&spans)
        .map(|pair| match pair {
            (Some(us), Some(span)) => moved(us, directed(span), zoned.then_some(given.style.timezone)).map(Some),
            _ => Ok(None),
        })
        .collect::<Result<Vec<_>>>()?;
    if zoned { Ok(timestamptz(values)) } else { Ok(Arc::new(TimestampMicrosecondArray::from(values))) }
}

/// `date_bin`: the start of the step, counted from an origin, that a moment lies in.
pub(super) fn bin(given: &Arguments) -> Result<ArrayRef> {
    let strides = spans(given, 0)?;
    let sources = moments(given, 1, &given.result)?;
    let origins = moments(given, 2, &given.result)?;
    let mut values = Vec::with_capacity(given.rows);
    for (row, pair) in sources.into_iter().zip(origins).enumerate() {
        let (Some(source), Some(origin)) = pair else {
            values.push(None);
            continue;
        };
        if strides.is_null(row) {
            values.push(None);
            continue;
        }
        if is_infinite(source) {
            values.push(Some(source));
            continue;
        }
        if is_infinite(origin) {
            return Err(Error::new(Kind::DatetimeFieldOverflow, "origin out of range"));
        }
        let stride = Parts::of(strides.value(row));
        if stride.months != 0 {
            return Err(Error::new(
                Kind::FeatureNotSupported,
                "timestamps cannot be binned into intervals containing months or years",
            ));
        }
        let step =
            stride.days.checked_mul(US_PER_DAY).and_then(|us| us.checked_add(stride.micros)).ok_or_else(interval_out_of_range)?;
        if step <= 0 {
            return Err(Error::new(Kind::DatetimeFieldOverflow, "stride must be greater than zero"));
        }
        let distance = source.checked_sub(origin).ok_or_else(interval_out_of_range)?;
        values.push(Some(origin + distance.div_euclid(step) * step));
    }
    if given.result == SqlType::Timestamptz {
        Ok(timestamptz(values))
    } else {
        Ok(Arc::new(TimestampMicrosecondArray::from(values)))
    }
}

/// The offset in seconds east that an interval names as a time zone.
pub(super) fn zone_of(span: IntervalMonthDayNano, shown: &str) -> Result<Zone> {
    let span = Parts::of(span);
    if span.months != 0 || span.days != 0 {
        return Err(Error::new(
            Kind::InvalidParameterValue,
            format!("interval time zone \"{shown}\" must not include months or days"),
        ));
    }
    i32::try_from(span.micros / US_PER_SECOND).map(Zone::Fixed).map_err(|_| interval_out_of_range())
}
