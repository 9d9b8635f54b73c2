//! Dates and times inside paths: what `.datetime()` reads without a template, how it is written, and how moments compare.

use std::cmp::Ordering;
use std::fmt;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Timelike};

use crate::value::Zone;

/// The longest displacement of a zone that is read, in seconds.
const ZONE_SECONDS_MAX: i64 = 15 * 3_600 + 59 * 60 + 59;

/// A date, a time or both, with the displacement in seconds east of UTC that it was written with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Moment {
    Date(NaiveDate),
    Time(NaiveTime),
    Timetz(NaiveTime, i64),
    Timestamp(NaiveDateTime),
    Timestamptz(NaiveDateTime, i64),
}

impl Moment {
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Moment::Date(_) => "date",
            Moment::Time(_) => "time without time zone",
            Moment::Timetz(..) => "time with time zone",
            Moment::Timestamp(_) => "timestamp without time zone",
            Moment::Timestamptz(..) => "timestamp with time zone",
        }
    }

    /// As PostgreSQL's messages call it.
    fn short_name(&self) -> &'static str {
        match self {
            Moment::Date(_) => "date",
            Moment::Time(_) => "time",
            Moment::Timetz(..) => "timetz",
            Moment::Timestamp(_) => "timestamp",
            Moment::Timestamptz(..) => "timestamptz",
        }
    }

    /// Reads one of the ISO forms; `None` for anything else.
    pub(super) fn parse(text: &str) -> Option<Moment> {
        let mut reader = Reader(text.trim_matches(' '));
        if let Some(time) = reader.time() {
            return match reader.zone()? {
                Some(zone) => Some(Moment::Timetz(time, zone)),
                None => Some(Moment::Time(time)),
            };
        }
        let date = reader.date()?;
        if reader.0.is_empty() {
            return Some(Moment::Date(date));
        }
        reader.0 = match reader.0.strip_prefix('T') {
            Some(rest) => rest,
            None => reader.0.strip_prefix(' ')?.trim_start_matches(' '),
        };
        let time = reader.time()?;
        match reader.zone()? {
            Some(zone) => Some(Moment::Timestamptz(date.and_time(time), zone)),
            None => Some(Moment::Timestamp(date.and_time(time))),
        }
    }

    /// How two moments compare: `Ok(None)` where they cannot be compared at all.
    ///
    /// # Errors
    /// The names of the two types where comparing them takes the session's time zone and `zone` is not given.
    pub(super) fn compare(&self, other: &Moment, zone: Option<Zone>) -> Result<Option<Ordering>, (&'static str, &'static str)> {
        use Moment::{Date, Time, Timestamp, Timestamptz, Timetz};
        let midnight = |date: &NaiveDate| date.and_time(NaiveTime::MIN);
        let utc = |local: &NaiveDateTime| {
            let local = local.and_utc().timestamp_micros();
            zone.map(|zone| local - i64::from(zone.offset_of_local(local)) * 1_000_000)
        };
        let zoned = |local: &NaiveDateTime, offset: &i64| local.and_utc().timestamp_micros() - offset * 1_000_000;
        let needs_zone = |from: &Moment, to: &Moment| (from.short_name(), to.short_name());
        let instant = |local: NaiveDateTime, from: &Moment, to: &Moment| utc(&local).ok_or_else(|| needs_zone(from, to));
        Ok(match (self, other) {
            (Date(a), Date(b)) => Some(a.cmp(b)),
            (Date(a), Timestamp(b)) => Some(midnight(a).cmp(b)),
            (Timestamp(a), Date(b)) => Some(a.cmp(&midnight(b))),
            (Timestamp(a), Timestamp(b)) => Some(a.cmp(b)),
            (Date(a), Timestamptz(b, offset)) => Some(instant(midnight(a), self, other)?.cmp(&zoned(b, offset))),
            (Timestamptz(a, offset), Date(b)) => Some(zoned(a, offset).cmp(&instant(midnight(b), other, self)?)),
            (Timestamp(a), Timestamptz(b, offset)) => Some(instant(*a, self, other)?.cmp(&zoned(b, offset))),
            (Timestamptz(a, offset), Timestamp(b)) => Some(zoned(a, offset).cmp(&instant(*b, other, self)?)),
            (Timestamptz(a, x), Timestamptz(b, y)) => Some(zoned(a, x).cmp(&zoned(b, y))),
            (Time(a), Time(b)) => Some(a.cmp(b)),
            (Time(a), Timetz(b, offset)) => Some(timetz_order((*a, session(zone, self, other)?), (*b, *offset))),
            (Timetz(a, offset), Time(b)) => Some(timetz_order((*a, *offset), (*b, session(zone, other, self)?))),
            (Timetz(a, x), Timetz(b, y)) => Some(timetz_order((*a, *x), (*b, *y))),
            (Date(_) | Timestamp(_) | Timestamptz(..), Time(_) | Timetz(..))
            | (Time(_) | Timetz(..), Date(_) | Timestamp(_) | Timestamptz(..)) => None,
        })
    }
}

/// The session's displacement, which a time without one is given.
fn session(zone: Option<Zone>, from: &Moment, to: &Moment) -> Result<i64, (&'static str, &'static str)> {
    let zone = zone.ok_or_else(|| (from.short_name(), to.short_name()))?;
    Ok(i64::from(zone.offset_of_local(0)))
}

/// Times with zones are ordered by their instant, then by their displacement, the most eastern first.
fn timetz_order(a: (NaiveTime, i64), b: (NaiveTime, i64)) -> Ordering {
    let instant = |(time, offset): (NaiveTime, i64)| {
        i64::from(time.num_seconds_from_midnight()) * 1_000_000 + i64::from(time.nanosecond() / 1_000) - offset * 1_000_000
    };
    instant(a).cmp(&instant(b)).then_with(|| b.1.cmp(&a.1))
}

struct Reader<'a>(&'a str);

impl Reader<'_> {
    fn digits(&mut self, most: usize) -> Option<i64> {
        let count = self.0.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        digits.parse().ok()
    }

    fn eat(&mut self, letter: char) -> Option<()> {
        self.0 = self.0.strip_prefix(letter)?;
        Some(())
    }

    fn date(&mut self) -> Option<NaiveDate> {
        let year = self.digits(4)?;
        self.eat('-')?;
        let month = self.digits(2)?;
        self.eat('-')?;
        let day = self.digits(2)?;
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
    }

    /// A time of day; what was read stays where it is when there is none.
    fn time(&mut self) -> Option<NaiveTime> {
        let before = self.0;
        let read = self.clock();
        if read.is_none() {
            self.0 = before;
        }
        read
    }

    fn clock(&mut self) -> Option<NaiveTime> {
        let hour = self.digits(2)?;
        self.eat(':')?;
        let minute = self.digits(2)?;
        self.eat(':')?;
        let second = self.digits(2)?;
        let mut micros = 0;
        if self.0.starts_with('.') {
            self.eat('.')?;
            let before = self.0.len();
            let fraction = self.digits(6)?;
            let digits = before - self.0.len();
            micros = fraction * 10_i64.pow(u32::try_from(6 - digits).ok()?);
        }
        let part = |value: i64| u32::try_from(value).ok();
        NaiveTime::from_hms_micro_opt(part(hour)?, part(minute)?, part(second)?, part(micros)?)
    }

    /// `+3`, `-03:30` or nothing, which must be the end; the outer `None` is anything else.
    #[allow(clippy::option_option)]
    fn zone(&mut self) -> Option<Option<i64>> {
        self.0 = self.0.trim_start_matches(' ');
        if self.0.is_empty() {
            return Some(None);
        }
        let sign = if self.eat('+').is_some() {
            1
        } else {
            self.eat('-')?;
            -1
        };
        let hours = self.digits(2)?;
        let minutes = if self.eat(':').is_some() { self.digits(2)? } else { 0 };
        let seconds = hours * 3_600 + minutes * 60;
        (self.0.is_empty() && minutes < 60 && seconds <= ZONE_SECONDS_MAX).then_some(Some(sign * seconds))
    }
}

impl fmt::Display for Moment {
    /// ISO 8601, as `to_jsonb` writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = |offset: i64| {
            let sign = if offset < 0 { '-' } else { '+' };
            format!("{sign}{:02}:{:02}", offset.abs() / 3_600, offset.abs() / 60 % 60)
        };
        match self {
            Moment::Date(date) => write!(f, "{date}"),
            Moment::Time(time) => write!(f, "{}", clock(*time)),
            Moment::Timetz(time, zone) => write!(f, "{}{}", clock(*time), offset(*zone)),
            Moment::Timestamp(at) => write!(f, "{}T{}", at.date(), clock(at.time())),
            Moment::Timestamptz(at, zone) => write!(f, "{}T{}{}", at.date(), clock(at.time()), offset(*zone)),
        }
    }
}

fn clock(time: NaiveTime) -> String {
    let whole = time.format("%H:%M:%S").to_string();
    match time.nanosecond() / 1_000 {
        0 => whole,
        micros => format!("{whole}.{}", format!("{micros:06}").trim_end_matches('0')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_forms_are_read_and_nothing_else() {
        for (text, written) in [
            ("2017-03-10", "2017-03-10"),
            ("  2017-3-1 ", "2017-03-01"),
            ("12:34:56", "12:34:56"),
            ("12:34:56 +3:10", "12:34:56+03:10"),
            ("2017-03-10T12:34:56.789", "2017-03-10T12:34:56.789"),
            ("2017-03-10 12:34:56-03", "2017-03-10T12:34:56-03:00"),
        ] {
            assert_eq!(Moment::parse(text).unwrap().to_string(), written, "{text}");
        }
        for text in ["2017-13-1", "2017-02-30", "12:34", "2017-03-10T12:34:56Z", "2017-03-10t12:34:56", "bogus", ""] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }
}
