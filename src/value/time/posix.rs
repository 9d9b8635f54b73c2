//! Time zones in POSIX's form: `EST5EDT,M3.2.0,M11.1.0`, `<+03>-3`, `+02:00` (PostgreSQL 15, appendix B.5). Offsets count hours west.

use std::fmt;

use crate::clock::Micros;
use crate::value::time::calendar::{
    US_PER_DAY, US_PER_SECOND, civil_from_days, days_from_civil, days_in_month, is_leap, split_micros,
};

/// The longest abbreviation, in bytes.
const NAME_MAX: usize = 15;
/// The most hours that an offset may have.
const HOURS_MAX: i32 = 24 * 7 - 1;
/// When summer time begins and ends where a zone says nothing of it, as in the United States.
const USUAL_RULES: &str = ",M3.2.0,M11.1.0";

/// A zone whose whole definition stands in its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posix {
    standard: Period,
    summer: Option<Summer>,
}

/// A time of the year with one offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Period {
    name: [u8; NAME_MAX],
    length: usize,
    /// Seconds east of UTC.
    east: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Summer {
    period: Period,
    begin: Change,
    end: Change,
}

/// A change of the clocks: a day of each year, and seconds into it by the clock before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Change {
    day: Day,
    seconds: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Day {
    /// `Jn`, from 1, without 29 February.
    Julian(i32),
    /// `n`, from 0.
    OfYear(i32),
    /// `Mm.w.d`: week 5 is the month's last.
    OfMonth { month: u32, week: i32, weekday: i64 },
}

impl Posix {
    /// Reads a zone; `None` for any other text.
    pub(super) fn parse(text: &str) -> Option<Posix> {
        let text = text.to_ascii_uppercase();
        let mut rest = Rest(&text);
        let name = rest.name()?;
        let standard = Period::new(name, -rest.offset()?)?;
        if rest.0.is_empty() {
            return Some(Posix { standard, summer: None });
        }
        let name = rest.name().filter(|name| !name.is_empty())?;
        let own = if matches!(rest.0.bytes().next(), None | Some(b',')) { standard.east + 3_600 } else { -rest.offset()? };
        let period = Period::new(name, own)?;
        let mut rules = if rest.0.is_empty() { Rest(USUAL_RULES) } else { rest };
        let (begin, end) = (rules.change()?, rules.change()?);
        rules.0.is_empty().then_some(Posix { standard, summer: Some(Summer { period, begin, end }) })
    }

    /// Whether the text gives the zone a name of its own.
    pub(super) fn is_named(&self) -> bool {
        self.standard.length > 0
    }

    /// Seconds east of UTC at an instant.
    pub(super) fn offset_at(&self, utc_us: Micros) -> i32 {
        self.at(utc_us).east
    }

    pub(super) fn abbreviation_at(&self, utc_us: Micros) -> String {
        String::from_utf8_lossy(self.at(utc_us).name()).into_owned()
    }

    fn at(&self, utc_us: Micros) -> &Period {
        let Some(summer) = &self.summer else { return &self.standard };
        let seconds = utc_us.div_euclid(US_PER_SECOND);
        let (days, _) = split_micros(utc_us.saturating_add(i64::from(self.standard.east) * US_PER_SECOND));
        let year = civil_from_days(days).year;
        let begin = summer.begin.seconds_in(year) - i64::from(self.standard.east);
        let end = summer.end.seconds_in(year) - i64::from(summer.period.east);
        // South of the equator summer goes over the turn of the year.
        let is_summer = if begin < end { (begin..end).contains(&seconds) } else { !(end..begin).contains(&seconds) };
        if is_summer { &summer.period } else { &self.standard }
    }
}

impl Period {
    fn new(text: &str, east: i32) -> Option<Period> {
        let mut name = [0; NAME_MAX];
        name.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Period { name, length: text.len(), east })
    }

    fn name(&self) -> &[u8] {
        self.name.get(..self.length).unwrap_or_default()
    }
}

impl Change {
    /// Seconds from 1970 to the change, as its own clock shows them.
    fn seconds_in(&self, year: i32) -> i64 {
        let first = days_from_civil(year, 1, 1);
        let day = match self.day {
            Day::Julian(day) => first + i64::from(day) - i64::from(day < 60 || !is_leap(year)),
            Day::OfYear(day) => first + i64::from(day),
            Day::OfMonth { month, week, weekday } => {
                let start = days_from_civil(year, month, 1);
                // 1 January 1970 was a Thursday.
                let first = start + (weekday - (start + 4)).rem_euclid(7);
                let wanted = first + i64::from(week - 1) * 7;
                if wanted >= start + i64::from(days_in_month(year, month)) { wanted - 7 } else { wanted }
            }
        };
        day * (US_PER_DAY / US_PER_SECOND) + i64::from(self.seconds)
    }
}

/// What has not been read yet.
struct Rest<'t>(&'t str);

impl<'t> Rest<'t> {
    fn take(&mut self, length: usize) -> &'t str {
        let (taken, rest) = self.0.split_at_checked(length).unwrap_or((self.0, ""));
        self.0 = rest;
        taken
    }

    fn eat(&mut self, letter: char) -> bool {
        match self.0.strip_prefix(letter) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    /// An abbreviation, which may be empty.
    fn name(&mut self) -> Option<&'t str> {
        if self.eat('<') {
            let length = self.0.find('>')?;
            let name = self.take(length);
            self.take(1);
            return Some(name);
        }
        let ends = |letter: char| letter.is_ascii_digit() || matches!(letter, ',' | '-' | '+');
        let length = self.0.find(ends).unwrap_or(self.0.len());
        Some(self.take(length))
    }

    fn number(&mut self, low: i32, high: i32) -> Option<i32> {
        let length = self.0.bytes().take_while(u8::is_ascii_digit).count();
        self.take(length).parse().ok().filter(|number| (low..=high).contains(number))
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    fn offset(&mut self) -> Option<i32> {
        let negative = self.eat('-') || {
            self.eat('+');
            false
        };
        let mut seconds = self.number(0, HOURS_MAX)? * 3_600;
        if self.eat(':') {
            seconds += self.number(0, 59)? * 60;
            if self.eat(':') {
                seconds += self.number(0, 60)?;
            }
        }
        Some(if negative { -seconds } else { seconds })
    }

    fn change(&mut self) -> Option<Change> {
        if !self.eat(',') {
            return None;
        }
        let day = if self.eat('J') {
            Day::Julian(self.number(1, 365)?)
        } else if self.eat('M') {
            let month = u32::try_from(self.number(1, 12)?).ok()?;
            let week = self.eat('.').then(|| self.number(1, 5))??;
            let weekday = self.eat('.').then(|| self.number(0, 6))??;
            Day::OfMonth { month, week, weekday: weekday.into() }
        } else {
            Day::OfYear(self.number(0, 365)?)
        };
        let seconds = if self.eat('/') { self.offset()? } else { 2 * 3_600 };
        Some(Change { day, seconds })
    }
}

impl fmt::Display for Posix {
    /// The zone in its own form, with all that may be left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let period = |f: &mut fmt::Formatter<'_>, period: &Period| {
            let name = String::from_utf8_lossy(period.name());
            let size = period.east.unsigned_abs();
            let sign = if period.east > 0 { "-" } else { "" };
            write!(f, "<{name}>{sign}{:02}:{:02}:{:02}", size / 3_600, size / 60 % 60, size % 60)
        };
        let change = |f: &mut fmt::Formatter<'_>, change: &Change| {
            match change.day {
                Day::Julian(day) => write!(f, ",J{day}")?,
                Day::OfYear(day) => write!(f, ",{day}")?,
                Day::OfMonth { month, week, weekday } => write!(f, ",M{month}.{week}.{weekday}")?,
            }
            let size = change.seconds.unsigned_abs();
            let sign = if change.seconds < 0 { "-" } else { "" };
            write!(f, "/{sign}{:02}:{:02}:{:02}", size / 3_600, size / 60 % 60, size % 60)
        };
        period(f, &self.standard)?;
        if let Some(summer) = &self.summer {
            period(f, &summer.period)?;
            change(f, &summer.begin)?;
            change(f, &summer.end)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(year: i32, month: u32, day: u32, hour: i64) -> Micros {
        days_from_civil(year, month, day) * US_PER_DAY + hour * 3_600 * US_PER_SECOND
    }

    #[test]
    fn rules_say_when_summer_is() {
        for text in ["CST7CDT,M4.1.0,M10.5.0", "<CST>7<CDT>6,M4.1.0/2,M10.5.0/2:00"] {
            let zone = Posix::parse(text).unwrap();
            // The first Sunday of April 2005 was the 3rd, the last of October the 30th.
            assert_eq!(zone.offset_at(at(2005, 4, 3, 8)), -7 * 3_600);
            assert_eq!(zone.offset_at(at(2005, 4, 3, 9)), -6 * 3_600);
            assert_eq!(zone.offset_at(at(2005, 10, 30, 7)), -6 * 3_600);
            assert_eq!(zone.offset_at(at(2005, 10, 30, 8)), -7 * 3_600);
            assert_eq!(zone.abbreviation_at(at(2005, 7, 1, 0)), "CDT");
            assert_eq!(Posix::parse(&zone.to_string()), Some(zone));
        }
        let southern = Posix::parse("NZST-12NZDT,M9.5.0,M4.1.0/3").unwrap();
        assert_eq!(southern.offset_at(at(2024, 1, 1, 0)), 13 * 3_600);
        assert_eq!(southern.offset_at(at(2024, 7, 1, 0)), 12 * 3_600);
        let usual = Posix::parse("foo8bar").unwrap();
        assert_eq!(usual.offset_at(at(2006, 4, 1, 12)), -7 * 3_600);
        let by_day = Posix::parse("AAA0BBB,J60/0,J61/0").unwrap();
        assert_eq!(by_day.offset_at(at(2024, 3, 1, 0)), 3_600);
        assert_eq!(by_day.offset_at(at(2023, 3, 1, 0)), 3_600);
        assert_eq!(by_day.offset_at(at(2024, 2, 29, 0)), 0);
    }

    #[test]
    fn only_the_form_is_read() {
        for (text, east) in [("+02:00", -7_200), ("-00:30", 1_800), ("<+03>-3", 10_800), ("EST5", -18_000), ("00:30", -1_800)] {
            assert_eq!(Posix::parse(text).unwrap().offset_at(0), east, "{text}");
        }
        for text in ["", "EST", "Mars/Olympus", "EST168", "EST5EDT,M4", "EST5EDT,M4.1.0", "EST5:99", "EST5EDT,M4.1.0,M13.1.0"] {
            assert_eq!(Posix::parse(text), None, "{text}");
        }
    }
}
