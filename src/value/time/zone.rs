//! A session's time zone: which offset from UTC holds at an instant, and which instant a local time means.

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::{OffsetName, TZ_VARIANTS, Tz};

use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::value::time::calendar::{US_PER_DAY, US_PER_SECOND, civil_from_days, days_from_civil, is_leap, split_micros};
use crate::value::time::posix::Posix;

/// The last year up to which the zone tables are spelled out; later years are looked up in a year of the same shape before it.
const LAST_TABLE_YEAR: i32 = 2099;

/// When the United States had their first rules of summer time, 1 January 1918.
const FIRST_RULES: Micros = -18_993 * US_PER_DAY;

/// For how many four-week steps an abbreviation is looked for: about a century.
const PROBES: i64 = 1_300;

/// A time zone: a fixed offset, a zone of the IANA database, or one that says its own rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// Seconds east of UTC.
    Fixed(i32),
    /// A zone whose offset depends on the instant.
    Named(Tz),
    /// A zone in POSIX's form.
    Posix(Posix),
}

impl Zone {
    /// Coordinated Universal Time.
    pub const UTC: Zone = Zone::Named(Tz::UTC);

    /// Reads what `SET TimeZone` accepts: a zone's name in any case, hours east of UTC (`2`, `-3.5`), or POSIX's form (`UTC+2`,
    /// `<+02>-02`, `+02:00`), which counts hours west.
    ///
    /// # Errors
    /// 22023 for anything else.
    pub fn parse(text: &str) -> Result<Zone> {
        let text = text.trim();
        if let Ok(hours) = text.parse::<f64>()
            && hours.abs() <= 167.0
        {
            // The product is at most 601,200.
            #[allow(clippy::cast_possible_truncation)]
            return Ok(Zone::Fixed((hours * 3600.0).round() as i32));
        }
        Zone::named(text).or_else(|| Posix::parse(text).map(Zone::Posix)).ok_or_else(|| {
            Error::new(Kind::InvalidParameterValue, format!("invalid value for parameter \"TimeZone\": \"{text}\""))
                .with_hint("give a name such as Europe/Berlin, or an offset such as +02")
        })
    }

    /// A zone by its IANA name in any case, or in POSIX's form with a name in front.
    pub(crate) fn named(name: &str) -> Option<Zone> {
        static NAMES: OnceLock<HashMap<String, Tz>> = OnceLock::new();
        let names = NAMES.get_or_init(|| TZ_VARIANTS.iter().map(|zone| (zone.name().to_ascii_lowercase(), *zone)).collect());
        match names.get(&name.to_ascii_lowercase()) {
            Some(zone) => Some(Zone::Named(*zone)),
            None => Posix::parse(name).filter(Posix::is_named).map(Zone::Posix),
        }
    }

    /// Whether its time always is UTC.
    pub(crate) fn is_utc(self) -> bool {
        matches!(self, Zone::Fixed(0) | Zone::Named(Tz::UTC | Tz::Etc__UTC | Tz::GMT))
    }

    /// Seconds east of UTC at an instant.
    pub(crate) fn offset_at(self, utc_us: Micros) -> i32 {
        match self {
            Zone::Fixed(east) => east,
            Zone::Posix(posix) => posix.offset_at(utc_us),
            zone if zone.is_utc() => 0,
            Zone::Named(zone) if let Some((east, _)) = before_rules(zone, utc_us) => east,
            Zone::Named(zone) => {
                let seconds = within_tables(utc_us).div_euclid(US_PER_SECOND);
                DateTime::from_timestamp(seconds, 0)
                    .map_or(0, |instant| zone.offset_from_utc_datetime(&instant.naive_utc()).fix().local_minus_utc())
            }
        }
    }

    /// What the zone's time is called at an instant; an offset where it has no letters.
    pub(crate) fn abbreviation_at(self, utc_us: Micros) -> String {
        let named = match self {
            Zone::Fixed(_) => None,
            Zone::Posix(posix) => return posix.abbreviation_at(utc_us),
            Zone::Named(zone) if let Some((_, name)) = before_rules(zone, utc_us) => Some(name.to_owned()),
            Zone::Named(zone) => DateTime::from_timestamp(within_tables(utc_us).div_euclid(US_PER_SECOND), 0)
                .and_then(|instant| zone.offset_from_utc_datetime(&instant.naive_utc()).abbreviation().map(str::to_owned)),
        };
        named.unwrap_or_else(|| {
            let east = self.offset_at(utc_us);
            let sign = if east < 0 { '-' } else { '+' };
            let (hours, minutes) = (east.unsigned_abs() / 3_600, east.unsigned_abs() / 60 % 60);
            // The database of zones writes its offsets together, PostgreSQL those that a session asked for apart.
            let between = if matches!(self, Zone::Named(_)) { "" } else { ":" };
            if minutes == 0 { format!("{sign}{hours:02}") } else { format!("{sign}{hours:02}{between}{minutes:02}") }
        })
    }

    /// Seconds east of UTC that hold at a local time, given in microseconds as if it were UTC.
    ///
    /// A local time that a change of the clocks skips is read by the offset before the change, one that it repeats by the offset
    /// after it, as PostgreSQL does: both are standard time.
    pub(crate) fn offset_of_local(self, local_us: Micros) -> i32 {
        if let Zone::Fixed(east) = self {
            return east;
        }
        let before = self.offset_at(local_us.saturating_sub(US_PER_DAY));
        let after = self.offset_at(local_us.saturating_add(US_PER_DAY));
        if before == after {
            return before;
        }
        let holds = |offset: i32| self.offset_at(local_us.saturating_sub(i64::from(offset) * US_PER_SECOND)) == offset;
        match (holds(before), holds(after)) {
            (true, false) | (false, false) => before,
            (false, true) | (true, true) => after,
        }
    }
}

impl Zone {
    /// Seconds east of UTC that an abbreviation of this zone meant at a local time, or when it was last in use before, or else first
    /// after; the zone's own offset where it never was.
    pub(crate) fn offset_of_abbreviation(self, local_us: Micros, abbreviation: &str) -> i32 {
        let own = self.offset_of_local(local_us);
        let Zone::Named(zone) = self else { return own };
        let meaning = |utc_us: Micros| {
            let instant = DateTime::from_timestamp(within_tables(utc_us).div_euclid(US_PER_SECOND), 0)?;
            let offset = zone.offset_from_utc_datetime(&instant.naive_utc());
            offset.abbreviation()?.eq_ignore_ascii_case(abbreviation).then(|| offset.fix().local_minus_utc())
        };
        let utc_us = local_us.saturating_sub(i64::from(own) * US_PER_SECOND);
        // No period of summer or standard time is shorter than a month.
        let months = |count: i64| utc_us.saturating_add(count * 28 * US_PER_DAY);
        (0..PROBES).map(|back| months(-back)).chain((1..PROBES).map(months)).find_map(meaning).unwrap_or(own)
    }
}

impl fmt::Display for Zone {
    /// As `SHOW TimeZone` writes it; a fixed offset in POSIX form, whose second number counts west.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Zone::Named(zone) => f.write_str(zone.name()),
            Zone::Posix(posix) => posix.fmt(f),
            Zone::Fixed(east) => {
                let clock = |f: &mut fmt::Formatter<'_>, positive: char, negative: char| {
                    let size = east.unsigned_abs();
                    write!(f, "{}{:02}", if *east < 0 { negative } else { positive }, size / 3600)?;
                    if size % 3600 != 0 {
                        write!(f, ":{:02}", size / 60 % 60)?;
                    }
                    if size % 60 != 0 {
                        write!(f, ":{:02}", size % 60)?;
                    }
                    Ok(())
                };
                f.write_str("<")?;
                clock(f, '+', '-')?;
                f.write_str(">")?;
                clock(f, '-', '+')
            }
        }
    }
}

/// What the zones that are rules and no places had before the first of them: standard time, and not the local mean time of the places
/// that the newer database makes them other names of.
fn before_rules(zone: Tz, utc_us: Micros) -> Option<(i32, &'static str)> {
    if utc_us >= FIRST_RULES {
        return None;
    }
    match zone {
        Tz::EST5EDT => Some((-5 * 3_600, "EST")),
        Tz::CST6CDT => Some((-6 * 3_600, "CST")),
        Tz::MST7MDT => Some((-7 * 3_600, "MST")),
        Tz::PST8PDT => Some((-8 * 3_600, "PST")),
        _ => None,
    }
}

/// An instant at which a zone's rules give the same offset and which the tables cover.
///
/// Rules are of the form "last Sunday of March", so a year with the same first weekday and the same length has the same changes.
fn within_tables(us: Micros) -> Micros {
    let (days, of_day) = split_micros(us);
    let year = civil_from_days(days).year;
    if year <= LAST_TABLE_YEAR {
        return us;
    }
    let first = days_from_civil(year, 1, 1);
    let twin = (LAST_TABLE_YEAR - 27..=LAST_TABLE_YEAR)
        .map(|candidate| (candidate, days_from_civil(candidate, 1, 1)))
        .find(|(candidate, start)| is_leap(*candidate) == is_leap(year) && (first - start) % 7 == 0);
    // Twenty-eight years in a row hold every shape of year.
    twin.map_or(us, |(_, start)| (start + days - first) * US_PER_DAY + of_day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(year: i32, month: u32, day: u32, hour: i64, minute: i64) -> Micros {
        days_from_civil(year, month, day) * US_PER_DAY + (hour * 60 + minute) * 60 * US_PER_SECOND
    }

    #[test]
    fn zones_are_read_in_every_form() {
        for (text, shown) in [
            ("utc", "UTC"),
            ("europe/berlin", "Europe/Berlin"),
            ("2", "<+02>-02"),
            ("+2", "<+02>-02"),
            ("-3.5", "<-03:30>+03:30"),
            ("UTC+2", "<UTC>02:00:00"),
            ("<+02>-02", "<+02>-02:00:00"),
            ("EST5EDT", "EST5EDT"),
        ] {
            assert_eq!(Zone::parse(text).unwrap().to_string(), shown, "{text}");
        }
        assert_eq!(Zone::parse("Mars/Olympus").unwrap_err().sqlstate(), "22023");
    }

    #[test]
    fn skipped_and_repeated_hours_are_read_as_standard_time() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        assert_eq!(berlin.offset_of_local(local(2024, 3, 31, 2, 30)), 3600);
        assert_eq!(berlin.offset_of_local(local(2024, 3, 31, 3, 30)), 7200);
        assert_eq!(berlin.offset_of_local(local(2024, 10, 27, 1, 59)), 7200);
        assert_eq!(berlin.offset_of_local(local(2024, 10, 27, 2, 30)), 3600);
        assert_eq!(berlin.offset_of_local(local(2024, 10, 27, 3, 0)), 3600);
    }

    #[test]
    fn summer_time_goes_on_after_the_tables_end() {
        let new_york = Zone::parse("America/New_York").unwrap();
        assert_eq!(new_york.offset_at(local(2150, 7, 1, 12, 0)), -4 * 3600);
        assert_eq!(new_york.offset_at(local(2150, 1, 1, 12, 0)), -5 * 3600);
        // The second Sunday of March 2150 is the 8th.
        assert_eq!(new_york.offset_at(local(2150, 3, 8, 6, 59)), -5 * 3600);
        assert_eq!(new_york.offset_at(local(2150, 3, 8, 7, 0)), -4 * 3600);
    }
}
