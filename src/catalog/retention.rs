//! Retention policies: for how long a log keeps which of its rows.

use std::fmt;

use crate::catalog::Oid;
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::value::time::calendar::{civil_from_days, days_from_civil, days_in_month, split_micros};
use crate::value::time::interval::{Span, interval};
use crate::value::time::interval_output::write_interval;
use crate::value::{IntervalStyle, Style};

/// A policy of one table. Of several the first in order of name whose predicate is true decides about a row; a row that none is
/// about is kept for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    pub name: String,
    /// The predicate's SQL text over the table's columns; `None` is true for every row.
    pub predicate: Option<String>,
    pub keep: Keep,
    /// Oids of the reference tables that the predicate looks into.
    pub reads: Vec<Oid>,
    pub comment: Option<String>,
}

/// How long a row is kept, counted from the time in the table's time column, by the calendar of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep(Span);

impl Keep {
    /// Not at all: at the end of time every row has expired.
    pub const NOTHING: Keep = Keep(Span { months: 0, days: 0, micros: 0 });

    /// Reads an interval.
    ///
    /// # Errors
    /// 22007 for what is no interval, 22023 for one that is not longer than nothing.
    pub fn parse(text: &str) -> Result<Keep> {
        let span = interval(text, &Style::default())?;
        let parts = [i64::from(span.months), i64::from(span.days), span.micros];
        if parts.iter().any(|part| *part < 0) || parts.iter().all(|part| *part == 0) {
            return Err(Error::new(
                Kind::InvalidParameterValue,
                format!("a retention period must be longer than nothing: \"{text}\""),
            )
            .with_hint("Write for instance KEEP INTERVAL '30 days'."));
        }
        Ok(Keep(span))
    }

    /// The time up to which rows have expired now.
    pub fn horizon(self, now: Micros) -> Micros {
        let (days, of_day) = split_micros(now);
        let day = civil_from_days(days);
        let months = i64::from(day.year) * 12 + i64::from(day.month) - 1 - i64::from(self.0.months);
        let year = i32::try_from(months.div_euclid(12)).unwrap_or(i32::MIN / 2);
        let month = u32::try_from(months.rem_euclid(12)).unwrap_or(0) + 1;
        let days = days_from_civil(year, month, day.day.min(days_in_month(year, month))) - i64::from(self.0.days);
        days.saturating_mul(86_400_000_000).saturating_add(of_day).saturating_sub(self.0.micros)
    }
}

impl Keep {
    /// A time that no horizon has passed so far: that of now or, because at the end of a month several days go back to the same one, the end
    /// of the day behind it.
    ///
    /// The day to which months lead back is never an earlier one on a later day, and only the time of day begins anew at midnight.
    pub fn horizon_so_far(self, now: Micros) -> Micros {
        let horizon = self.horizon(now);
        if self.0.months == 0 { horizon } else { horizon.saturating_add(86_400_000_000) }
    }
}

impl fmt::Display for Keep {
    /// As PostgreSQL writes an interval.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        write_interval(self.0, IntervalStyle::Postgres, &mut text);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Micros = 86_400_000_000;

    #[test]
    fn horizons_go_by_the_calendar() {
        // 2024-03-31 12:00 less a month is the last of February.
        let now = days_from_civil(2024, 3, 31) * DAY + DAY / 2;
        let horizon = |text: &str| Keep::parse(text).unwrap().horizon(now);
        assert_eq!(horizon("1 month"), days_from_civil(2024, 2, 29) * DAY + DAY / 2);
        assert_eq!(horizon("14 days"), days_from_civil(2024, 3, 17) * DAY + DAY / 2);
        assert_eq!(horizon("1 year 1 day 12:00"), days_from_civil(2023, 3, 30) * DAY);
        assert_eq!(horizon("2 seconds"), now - 2_000_000);
        assert!(Keep::NOTHING.horizon(Micros::MAX) > days_from_civil(9999, 12, 31) * DAY);
    }

    #[test]
    fn no_horizon_was_behind_the_one_so_far() {
        for text in ["1 month", "14 days", "1 year 1 day 12:00", "2 seconds", "13 months"] {
            let keep = Keep::parse(text).unwrap();
            let mut furthest = Micros::MIN;
            // Every five hours from the end of 2022 to that of 2024, which has a day more.
            for now in (days_from_civil(2022, 12, 1)..days_from_civil(2024, 12, 31))
                .flat_map(|day| (0..5).map(move |part| day * DAY + part * (DAY / 5)))
            {
                furthest = furthest.max(keep.horizon(now));
                assert!(furthest <= keep.horizon_so_far(now), "{text} at {now}");
            }
        }
    }

    #[test]
    fn a_period_is_longer_than_nothing() {
        for text in ["0", "-1 day", "1 month -40 days"] {
            assert_eq!(Keep::parse(text).unwrap_err().sqlstate(), "22023", "{text}");
        }
        assert_eq!(Keep::parse("soon").unwrap_err().sqlstate(), "22007");
        assert_eq!(Keep::parse("1 mon 30 days").unwrap().to_string(), "1 mon 30 days");
    }
}
