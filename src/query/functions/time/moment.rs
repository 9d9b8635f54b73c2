//! Casts among `date`, `timestamp`, `timestamptz` and `time`: what has a zone is shown, and what has none is read, by the clock of the
//! session's time zone (PostgreSQL 15, section 8.5.3).

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, AsArray, Date32Array, IntervalMonthDayNanoArray, Time64MicrosecondArray, TimestampMicrosecondArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    Date32Type, IntervalMonthDayNano, IntervalMonthDayNanoType, Time64MicrosecondType, TimestampMicrosecondType,
};

use super::{is_infinite, timestamptz, to_local, to_utc};
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::value::SqlType;
use crate::value::Zone;
use crate::value::time::calendar::{DATE_INFINITY, DATE_MINUS_INFINITY, US_PER_DAY};

/// Whether a cast between these types is one of [`moment`]'s.
pub(crate) fn is_of_moments(source: &SqlType, target: &SqlType) -> bool {
    use SqlType as T;
    let moment = |sql_type: &T| matches!(sql_type, T::Date | T::Timestamp | T::Timestamptz);
    let between =
        matches!((source, target), (T::Timestamp | T::Timestamptz, T::Time) | (T::Time, T::Interval) | (T::Interval, T::Time));
    moment(source) && moment(target) && source != target || between
}

/// The values as the other type.
///
/// # Errors
/// 22008 for a day that a timestamp cannot hold.
pub(crate) fn moment(input: &ArrayRef, source: &SqlType, target: &SqlType, zone: Zone) -> Result<ArrayRef> {
    let input = cast(input, &source.arrow()).map_err(|cause| Error::internal(format!("reading a {source}: {cause}")))?;
    match (source, target) {
        (SqlType::Time, SqlType::Interval) => {
            let times = input.as_primitive::<Time64MicrosecondType>().iter();
            let spans = times.map(|us| us.map(|us| IntervalMonthDayNano::new(0, 0, us * 1_000)));
            return Ok(Arc::new(spans.collect::<IntervalMonthDayNanoArray>()));
        }
        (SqlType::Interval, SqlType::Time) => {
            let spans = input.as_primitive::<IntervalMonthDayNanoType>().iter();
            let times = spans.map(|span| span.map(|span| (span.nanoseconds / 1_000).rem_euclid(US_PER_DAY)));
            return Ok(Arc::new(times.collect::<Time64MicrosecondArray>()));
        }
        _ => {}
    }
    let moments: Vec<Option<Micros>> = match source {
        SqlType::Date => {
            let days = input.as_primitive::<Date32Type>().iter();
            days.map(|day| day.map(start_of).transpose()).collect::<Result<_>>()?
        }
        _ => input.as_primitive::<TimestampMicrosecondType>().iter().collect(),
    };
    let shifted = moments.into_iter().map(|moment| {
        moment.map(|us| match (source, target) {
            (SqlType::Timestamptz, _) => to_local(us, zone),
            (_, SqlType::Timestamptz) => to_utc(us, zone),
            _ => us,
        })
    });
    Ok(match target {
        SqlType::Date => Arc::new(shifted.map(|us| us.map(day_of)).collect::<Date32Array>()),
        // There is no time of day at the end of time.
        SqlType::Time => {
            let of_day = |us: Micros| (!is_infinite(us)).then(|| us.rem_euclid(US_PER_DAY));
            Arc::new(shifted.map(|us| us.and_then(of_day)).collect::<Time64MicrosecondArray>())
        }
        SqlType::Timestamptz => timestamptz(shifted.collect()),
        _ => Arc::new(shifted.collect::<TimestampMicrosecondArray>()),
    })
}

fn start_of(day: i32) -> Result<Micros> {
    match day {
        DATE_INFINITY => Ok(Micros::MAX),
        DATE_MINUS_INFINITY => Ok(Micros::MIN),
        day => i64::from(day)
            .checked_mul(US_PER_DAY)
            .ok_or_else(|| Error::new(Kind::DatetimeFieldOverflow, "date out of range for timestamp")),
    }
}

fn day_of(us: Micros) -> i32 {
    match us {
        Micros::MAX => DATE_INFINITY,
        Micros::MIN => DATE_MINUS_INFINITY,
        // Microseconds of 64 bits reach no further than a hundred million days.
        us => i32::try_from(us.div_euclid(US_PER_DAY)).unwrap_or(DATE_INFINITY),
    }
}
