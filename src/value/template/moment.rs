//! Writes moments and intervals by a template.

use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::value::style::Style;
use crate::value::template::field::{Case, Field, Piece, Place};
use crate::value::template::ordinal;
use crate::value::time::calendar::{
    TIMESTAMP_INFINITY, TIMESTAMP_MINUS_INFINITY, US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND, civil_from_days, days_from_civil,
    split_micros,
};
use crate::value::time::interval::Span;
use crate::value::time::zone::Zone;

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const ROMAN_MONTHS: [&str; 12] = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];

/// Days from PostgreSQL's Julian day 0 to 1970.
const JULIAN_1970: i64 = 2_440_588;

pub(super) fn months() -> [&'static str; 12] {
    MONTHS
}

pub(super) fn weekdays() -> [&'static str; 7] {
    DAYS
}

pub(super) fn roman_months() -> [&'static str; 12] {
    ROMAN_MONTHS
}

/// The first day, in days since 1970, of a week of an ISO year.
pub(super) fn iso_week_start(year: i32, week: i64) -> i64 {
    let fourth = days_from_civil(year, 1, 4);
    fourth - (fourth + 3).rem_euclid(7) + (week - 1) * 7
}

/// The ISO year and week of a day.
fn iso_week(days: i64, year: i32) -> (i32, i64) {
    let year = if days >= iso_week_start(year + 1, 1) {
        year + 1
    } else if days >= iso_week_start(year, 1) {
        year
    } else {
        year - 1
    };
    (year, (days - iso_week_start(year, 1)) / 7 + 1)
}

/// The fields of a moment or an interval.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    interval: bool,
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    micros: i64,
    day_of_year: i64,
    /// Days since 1970.
    days: i64,
    /// The zone's offset in seconds and its abbreviation, of a moment that has one.
    zone: Option<(i64, String)>,
}

impl Parts {
    /// Of a moment as its own clock shows it; `None` for an infinite one.
    pub(crate) fn of_timestamp(us: Micros) -> Option<Parts> {
        if us == TIMESTAMP_INFINITY || us == TIMESTAMP_MINUS_INFINITY {
            return None;
        }
        let (days, of_day) = split_micros(us);
        let date = civil_from_days(days);
        Some(Parts {
            interval: false,
            year: i64::from(date.year),
            month: i64::from(date.month),
            day: i64::from(date.day),
            hour: of_day / US_PER_HOUR,
            minute: of_day / US_PER_MINUTE % 60,
            second: of_day / US_PER_SECOND % 60,
            micros: of_day % US_PER_SECOND,
            day_of_year: days - days_from_civil(date.year, 1, 1) + 1,
            days,
            zone: None,
        })
    }

    /// Of an instant, as the clocks of a zone show it.
    pub(crate) fn of_timestamptz(us: Micros, zone: Zone) -> Option<Parts> {
        let offset = i64::from(zone.offset_at(us));
        let mut parts = Parts::of_timestamp(if us == TIMESTAMP_INFINITY || us == TIMESTAMP_MINUS_INFINITY {
            us
        } else {
            us.saturating_add(offset * US_PER_SECOND)
        })?;
        parts.zone = Some((offset, zone.abbreviation_at(us)));
        Some(parts)
    }

    pub(crate) fn of_interval(span: Span) -> Parts {
        let (months, days) = (i64::from(span.months), i64::from(span.days));
        Parts {
            interval: true,
            year: months / 12,
            month: months % 12,
            day: days,
            hour: span.micros / US_PER_HOUR,
            minute: span.micros / US_PER_MINUTE % 60,
            second: span.micros / US_PER_SECOND % 60,
            micros: span.micros % US_PER_SECOND,
            day_of_year: months * 30 + days,
            days: days - JULIAN_1970,
            zone: None,
        }
    }

    /// Writes by a template.
    ///
    /// # Errors
    /// 22007 for fields that an interval has not.
    pub(crate) fn write(&self, pieces: &[Piece], _style: &Style) -> Result<String> {
        let mut out = String::new();
        for piece in pieces {
            match piece {
                Piece::Separator(letter) | Piece::Space(letter) | Piece::Text(letter) => out.push(*letter),
                Piece::Field(place) => self.write_field(place, &mut out)?,
            }
        }
        Ok(out)
    }

    fn write_field(&self, place: &Place, out: &mut String) -> Result<()> {
        if self.interval && of_calendar(place.field) {
            return Err(Error::new(Kind::InvalidDatetimeFormat, "invalid format specification for an interval value")
                .with_hint("Intervals are not tied to specific calendar dates."));
        }
        let number = |out: &mut String, value: i64, width: usize| put(out, place, value, width);
        match place.field {
            Field::Fixed => {}
            Field::Meridian { dots } => {
                let after = self.hour.rem_euclid(24) >= 12;
                out.push_str(&cased(["A.M.", "P.M.", "AM", "PM"][usize::from(after) + if dots { 0 } else { 2 }], place.case));
            }
            Field::Era { dots } => {
                let before = self.year <= 0;
                out.push_str(&cased(["A.D.", "B.C.", "AD", "BC"][usize::from(before) + if dots { 0 } else { 2 }], place.case));
            }
            Field::Hour12 => number(out, if self.hour % 12 == 0 { 12 } else { self.hour % 12 }, 2),
            Field::Hour24 => number(out, self.hour, 2),
            Field::Minute => number(out, self.minute, 2),
            Field::Second => number(out, self.second, 2),
            Field::Fraction(digits) => {
                let unit = 10_i64.pow(u32::try_from(6 - digits).unwrap_or(0));
                exactly(out, place, self.micros / unit, digits);
            }
            Field::Milliseconds => exactly(out, place, self.micros / 1_000, 3),
            Field::Microseconds => exactly(out, place, self.micros, 6),
            Field::SecondsOfDay => number(out, self.hour * 3_600 + self.minute * 60 + self.second, 0),
            Field::Zone | Field::Offset | Field::ZoneHours | Field::ZoneMinutes => self.write_zone(place, out),
            Field::MonthName | Field::MonthShort => {
                if let Some(name) = usize::try_from(self.month - 1).ok().and_then(|at| MONTHS.get(at)) {
                    let name = if place.field == Field::MonthName { name } else { name.get(..3).unwrap_or(name) };
                    put_name(out, name, place, if place.field == Field::MonthName { 9 } else { 0 });
                }
            }
            Field::Month => number(out, self.month, 2),
            Field::DayName => put_name(out, DAYS[self.weekday()], place, 9),
            Field::DayShort => put_name(out, DAYS[self.weekday()].get(..3).unwrap_or_default(), place, 0),
            Field::DayOfYear => number(out, self.day_of_year, 3),
            Field::IsoDayOfYear => number(out, self.days - iso_week_start(self.iso().0, 1) + 1, 3),
            Field::DayOfMonth => exactly(out, place, self.day, if place.fill { 0 } else { 2 }),
            Field::DayOfWeek => number(out, i64::try_from(self.weekday()).unwrap_or(0) + 1, 0),
            Field::IsoDayOfWeek => number(out, (self.days + 3).rem_euclid(7) + 1, 0),
            Field::Week => number(out, (self.day_of_year - 1) / 7 + 1, 2),
            Field::IsoWeek => number(out, self.iso().1, 2),
            Field::Quarter => {
                if self.month != 0 {
                    number(out, (self.month - 1) / 3 + 1, 0);
                }
            }
            Field::Century => {
                let century = match (self.interval, self.year > 0) {
                    (true, _) => self.year / 100,
                    (false, true) => (self.year - 1) / 100 + 1,
                    (false, false) => self.year / 100 - 1,
                };
                number(out, century, if century.abs() <= 99 { 2 } else { 0 });
            }
            Field::YearWithComma => {
                let year = self.shown_year(self.year);
                let text = format!("{},{:03}", year / 1_000, year % 1_000);
                out.push_str(&text);
                put_ordinal(out, place, &text);
            }
            Field::Year(digits) => year(out, place, self.shown_year(self.year), digits),
            Field::IsoYear(digits) => year(out, place, self.shown_year(i64::from(self.iso().0)), digits),
            Field::RomanMonth => self.write_roman(place, out),
            Field::WeekOfMonth => number(out, (self.day - 1) / 7 + 1, 0),
            Field::Julian => number(out, self.days + JULIAN_1970, 0),
        }
        Ok(())
    }

    fn write_zone(&self, place: &Place, out: &mut String) {
        let (offset, name) = match &self.zone {
            Some((offset, name)) => (*offset, name.as_str()),
            None => (0, ""),
        };
        let sign = if offset < 0 { '-' } else { '+' };
        let (hours, minutes) = (offset.abs() / 3_600, offset.abs() / 60 % 60);
        match place.field {
            Field::Zone => out.push_str(&cased(name, place.case)),
            Field::ZoneHours => out.push_str(&format!("{sign}{hours:02}")),
            Field::ZoneMinutes => out.push_str(&format!("{minutes:02}")),
            _ => {
                out.push(sign);
                out.push_str(&if place.fill { hours.to_string() } else { format!("{hours:02}") });
                if minutes != 0 {
                    out.push_str(&format!(":{minutes:02}"));
                }
            }
        }
    }

    fn write_roman(&self, place: &Place, out: &mut String) {
        if self.month == 0 && self.year == 0 {
            return;
        }
        // An interval's months may be none, or count backwards.
        let at = match self.month {
            0 if self.year >= 0 => 12,
            0 => 1,
            below if below < 0 => 13 + below,
            above => above,
        };
        let name = usize::try_from(at - 1).ok().and_then(|at| ROMAN_MONTHS.get(at)).copied().unwrap_or_default();
        put_name(out, name, place, 4);
    }

    fn weekday(&self) -> usize {
        usize::try_from((self.days + 4).rem_euclid(7)).unwrap_or(0)
    }

    fn iso(&self) -> (i32, i64) {
        iso_week(self.days, i32::try_from(self.year).unwrap_or(0))
    }

    /// A year before Christ is counted backwards.
    fn shown_year(&self, year: i64) -> i64 {
        if self.interval || year > 0 { year } else { 1 - year }
    }
}

/// Fields that only a day of the calendar has.
fn of_calendar(field: Field) -> bool {
    matches!(
        field,
        Field::Era { .. }
            | Field::Zone
            | Field::Offset
            | Field::ZoneHours
            | Field::ZoneMinutes
            | Field::MonthName
            | Field::MonthShort
            | Field::DayName
            | Field::DayShort
            | Field::DayOfWeek
            | Field::IsoDayOfWeek
    )
}

/// A number with zeros in front up to a width, which a sign does not count in.
fn put(out: &mut String, place: &Place, value: i64, width: usize) {
    let width = if place.fill { 0 } else { width + usize::from(value < 0 && width > 0) };
    let text = format!("{value:0width$}");
    out.push_str(&text);
    put_ordinal(out, place, &text);
}

/// A number of so many digits, whatever `FM` says.
fn exactly(out: &mut String, place: &Place, value: i64, width: usize) {
    let text = format!("{value:0width$}");
    out.push_str(&text);
    put_ordinal(out, place, &text);
}

fn put_ordinal(out: &mut String, place: &Place, digits: &str) {
    if let Some(upper) = place.ordinal {
        out.push_str(ordinal(digits, upper));
    }
}

fn year(out: &mut String, place: &Place, year: i64, digits: usize) {
    let value = if digits == 4 { year } else { year % 10_i64.pow(u32::try_from(digits).unwrap_or(0)) };
    put(out, place, value, digits);
}

fn put_name(out: &mut String, name: &str, place: &Place, width: usize) {
    let name = cased(name, place.case);
    let width = if place.fill || place.localised { 0 } else { width };
    out.push_str(&format!("{name:<width$}"));
}

fn cased(name: &str, case: Case) -> String {
    match case {
        Case::Upper => name.to_ascii_uppercase(),
        Case::Capital => name.to_owned(),
        Case::Lower => name.to_ascii_lowercase(),
    }
}
