//! The proleptic Gregorian calendar by arithmetic: days since 1970 to year, month and day, and back.
//!
//! Years are astronomical: 0 is 1 BC, -1 is 2 BC. The algorithms are the "days from civil" pair that counts years from 1 March, so
//! that the leap day comes last (Howard Hinnant, "chrono-compatible low-level date algorithms").

use crate::clock::Micros;

pub(crate) const US_PER_SECOND: i64 = 1_000_000;
pub(crate) const US_PER_MINUTE: i64 = 60 * US_PER_SECOND;
pub(crate) const US_PER_HOUR: i64 = 60 * US_PER_MINUTE;
pub(crate) const US_PER_DAY: i64 = 24 * US_PER_HOUR;
/// Days from 1970-01-01 to 2000-01-01, PostgreSQL's epoch.
pub(crate) const DAYS_TO_2000: i64 = 10_957;
/// Microseconds from 1970-01-01 to 2000-01-01, PostgreSQL's epoch.
pub(crate) const US_TO_2000: i64 = DAYS_TO_2000 * US_PER_DAY;
/// The first day of PostgreSQL's dates and timestamps: 4714-11-24 BC, Julian day 0.
pub(crate) const FIRST_DAY: i64 = -2_440_588;
/// The last day of PostgreSQL's `date`: 5874897-12-31.
pub(crate) const LAST_DATE: i64 = 2_145_042_905;
/// The first instant of PostgreSQL's timestamps.
pub(crate) const FIRST_TIMESTAMP: Micros = FIRST_DAY * US_PER_DAY;
/// `infinity` and `-infinity` as a `date`.
pub(crate) const DATE_INFINITY: i32 = i32::MAX;
pub(crate) const DATE_MINUS_INFINITY: i32 = i32::MIN;
/// `infinity` and `-infinity` as a timestamp.
pub(crate) const TIMESTAMP_INFINITY: Micros = i64::MAX;
pub(crate) const TIMESTAMP_MINUS_INFINITY: Micros = i64::MIN;
/// The last instant that a timestamp can be.
pub(crate) const LAST_TIMESTAMP: Micros = TIMESTAMP_INFINITY - 1;

/// A calendar day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Day {
    pub(crate) year: i32,
    pub(crate) month: u32,
    pub(crate) day: u32,
}

/// Days since 1970-01-01. The month must be 1 to 12; a day past the month's end counts on into the next.
pub(crate) fn days_from_civil(year: i32, month: u32, day: u32) -> i64 {
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (i64::from(month) + if month > 2 { -3 } else { 9 }) + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The calendar day that is this many days after 1970-01-01; any day that PostgreSQL's `date` can hold.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(crate) fn civil_from_days(days: i64) -> Day {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * shifted + 2) / 5 + 1) as u32;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 } as u32;
    let year = (year_of_era + era * 400 + i64::from(month <= 2)) as i32;
    Day { year, month, day }
}

pub(crate) fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// How many days a month has; the month must be 1 to 12.
pub(crate) fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Splits microseconds since 1970 into whole days and the microseconds of the day, which are never negative.
pub(crate) fn split_micros(us: Micros) -> (i64, i64) {
    (us.div_euclid(US_PER_DAY), us.rem_euclid(US_PER_DAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days() {
        assert_eq!(days_from_civil(1970, 1, 1), 0);
        assert_eq!(days_from_civil(2000, 1, 1), DAYS_TO_2000);
        assert_eq!(days_from_civil(-4713, 11, 24), FIRST_DAY);
        assert_eq!(days_from_civil(5_874_897, 12, 31), LAST_DATE);
        assert_eq!(days_from_civil(2024, 2, 29) + 1, days_from_civil(2024, 3, 1));
    }

    #[test]
    fn every_day_of_four_centuries_reads_back() {
        let mut expected = Day { year: 1800, month: 1, day: 1 };
        for days in days_from_civil(1800, 1, 1)..days_from_civil(2200, 1, 1) {
            assert_eq!(civil_from_days(days), expected);
            assert_eq!(days_from_civil(expected.year, expected.month, expected.day), days);
            expected.day += 1;
            if expected.day > days_in_month(expected.year, expected.month) {
                expected.day = 1;
                expected.month += 1;
            }
            if expected.month > 12 {
                expected.month = 1;
                expected.year += 1;
            }
        }
    }
}
