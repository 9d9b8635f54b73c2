//! Dates and times inside paths: what `.datetime()` reads, by a template or by SQL's own, how it is written, and how moments compare.

use std::cmp::Ordering;
use std::fmt;
use std::sync::LazyLock;

use crate::error::{Error, Kind, Result as Checked};
use crate::value::Zone;
use crate::value::template::field::{Field, Piece, pieces};
use crate::value::template::reader;
use crate::value::time::calendar::{
    FIRST_DAY, FIRST_TIMESTAMP, LAST_DATE, LAST_TIMESTAMP, US_PER_DAY, US_PER_SECOND, civil_from_days,
};

/// What may stand between a template's fields.
const SEPARATORS: &str = "-./,':; ";

/// The templates that are tried where none is given (`executeDateTimeMethod` in PostgreSQL's `jsonpath_exec.c`).
const FORMS: [&str; 15] = [
    "yyyy-mm-dd",
    "HH24:MI:SS.USTZH:TZM",
    "HH24:MI:SS.USTZH",
    "HH24:MI:SSTZH:TZM",
    "HH24:MI:SSTZH",
    "HH24:MI:SS.US",
    "HH24:MI:SS",
    "yyyy-mm-dd HH24:MI:SS.USTZH:TZM",
    "yyyy-mm-dd HH24:MI:SS.USTZH",
    "yyyy-mm-dd HH24:MI:SSTZH:TZM",
    "yyyy-mm-dd HH24:MI:SSTZH",
    "yyyy-mm-dd HH24:MI:SS.US",
    "yyyy-mm-dd HH24:MI:SS",
    "yyyy-mm-dd\"T\"HH24:MI:SS.USTZH:TZM",
    "yyyy-mm-dd\"T\"HH24:MI:SS.USTZH",
];

static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(|| {
    let more = ["SSTZH:TZM", "SSTZH", "SS.US", "SS"].map(|rest| format!("yyyy-mm-dd\"T\"HH24:MI:{rest}"));
    FORMS.into_iter().chain(more.iter().map(String::as_str)).filter_map(|form| Template::new(form).ok()).collect()
});

/// A template that is followed to the letter, and what it makes.
pub(super) struct Template {
    pieces: Vec<Piece>,
    dated: bool,
    timed: bool,
    zoned: bool,
}

impl Template {
    /// # Errors
    /// 22007 for what cannot stand in a template, 0A000 for fields that are only written.
    pub(super) fn new(text: &str) -> Checked<Template> {
        let own = pieces(text);
        for piece in pieces(&without_quoted(text)) {
            match piece {
                Piece::Text(letter) => return Err(bad_separator(letter)),
                Piece::Separator(letter) | Piece::Space(letter) if !SEPARATORS.contains(letter) => {
                    return Err(bad_separator(letter));
                }
                Piece::Separator(_) | Piece::Space(_) | Piece::Field(_) => {}
            }
        }
        let mut template = Template { pieces: vec![], dated: false, timed: false, zoned: false };
        for piece in &own {
            match piece {
                Piece::Text(_) | Piece::Separator(_) | Piece::Space(_) => {}
                Piece::Field(place) => match place.field {
                    Field::Fixed => {}
                    Field::Meridian { .. }
                    | Field::Hour12
                    | Field::Hour24
                    | Field::Minute
                    | Field::Second
                    | Field::Milliseconds
                    | Field::Microseconds
                    | Field::Fraction(_)
                    | Field::SecondsOfDay => template.timed = true,
                    Field::Zone | Field::Offset => {
                        return Err(Error::new(
                            Kind::FeatureNotSupported,
                            format!("formatting field \"{}\" is only supported in to_char", place.typed),
                        ));
                    }
                    Field::ZoneHours | Field::ZoneMinutes => template.zoned = true,
                    Field::Era { .. }
                    | Field::Century
                    | Field::DayName
                    | Field::DayShort
                    | Field::DayOfYear
                    | Field::DayOfMonth
                    | Field::DayOfWeek
                    | Field::IsoDayOfYear
                    | Field::IsoDayOfWeek
                    | Field::IsoWeek
                    | Field::IsoYear(_)
                    | Field::Julian
                    | Field::Month
                    | Field::MonthName
                    | Field::MonthShort
                    | Field::Quarter
                    | Field::RomanMonth
                    | Field::Week
                    | Field::WeekOfMonth
                    | Field::YearWithComma
                    | Field::Year(_) => template.dated = true,
                },
            }
        }
        template.pieces = own;
        Ok(template)
    }
}

/// A template with a blank in the place of each quoted part, in which anything may stand.
fn without_quoted(template: &str) -> String {
    let mut out = String::with_capacity(template.len());
    let mut letters = template.chars();
    let mut inside = false;
    while let Some(letter) = letters.next() {
        match (inside, letter) {
            (true, '\\') => {
                letters.next();
            }
            (_, '"') => {
                inside = !inside;
                out.extend((!inside).then_some(' '));
            }
            (true, _) => {}
            (false, other) => out.push(other),
        }
    }
    out
}

fn bad_separator(letter: char) -> Error {
    Error::new(Kind::InvalidDatetimeFormat, format!("invalid datetime format separator: \"{letter}\""))
}

/// A date in days since 1970, a time in microseconds or both, with the displacement in seconds east of UTC that it was written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    Date(i64),
    Time(i64),
    Timetz(i64, i64),
    Timestamp(i64),
    /// In local time.
    Timestamptz(i64, i64),
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

    /// Reads a text by one of SQL's own templates; `None` for anything else.
    pub(super) fn parse(text: &str) -> Option<Moment> {
        TEMPLATES.iter().find_map(|template| Moment::read(text, template).ok())
    }

    /// Reads a text by a template.
    ///
    /// # Errors
    /// 22007 for a text that does not follow it, 22008 for fields out of range.
    pub(super) fn read(text: &str, template: &Template) -> Checked<Moment> {
        let read = reader::read_strictly(text, &template.pieces)?;
        let bad = |what: &str| Err(Error::new(Kind::InvalidDatetimeFormat, what.to_owned()));
        let offset = || {
            read.offset
                .ok_or_else(|| Error::new(Kind::InvalidDatetimeFormat, "missing time zone in input string for type timestamptz"))
        };
        let local = || {
            let local = read.days.checked_mul(US_PER_DAY).and_then(|us| us.checked_add(read.of_day));
            let local = local.filter(|us| (FIRST_TIMESTAMP..=LAST_TIMESTAMP).contains(us));
            local.ok_or_else(|| Error::new(Kind::DatetimeFieldOverflow, "timestamp out of range"))
        };
        match (template.dated, template.timed, template.zoned) {
            (true, true, true) => Ok(Moment::Timestamptz(local()?, offset()?)),
            (true, true, false) => Ok(Moment::Timestamp(local()?)),
            (true, false, true) => bad("datetime format is zoned but not timed"),
            (true, false, false) if !(FIRST_DAY..=LAST_DATE).contains(&read.days) => {
                Err(Error::new(Kind::DatetimeFieldOverflow, format!("date out of range: \"{text}\"")))
            }
            (true, false, false) => Ok(Moment::Date(read.days)),
            (false, true, true) => Ok(Moment::Timetz(read.of_day, offset()?)),
            (false, true, false) => Ok(Moment::Time(read.of_day)),
            (false, false, _) => bad("datetime format is not dated and not timed"),
        }
    }

    /// How two moments compare: `Ok(None)` where they cannot be compared at all.
    ///
    /// # Errors
    /// The names of the two types where comparing them takes the session's time zone and `zone` is not given.
    pub(super) fn compare(&self, other: &Moment, zone: Option<Zone>) -> Result<Option<Ordering>, (&'static str, &'static str)> {
        use Moment::{Date, Time, Timestamp, Timestamptz, Timetz};
        // A date may lie beyond all timestamps, so what is compared has room for more.
        let midnight = |days: i64| i128::from(days) * i128::from(US_PER_DAY);
        let zoned = |local: i64, offset: i64| i128::from(local) - i128::from(offset * US_PER_SECOND);
        let instant = |local: i128, from: &Moment, to: &Moment| {
            let zone = zone.ok_or_else(|| (from.short_name(), to.short_name()))?;
            let near = i64::try_from(local).unwrap_or(if local < 0 { FIRST_TIMESTAMP } else { LAST_TIMESTAMP });
            Ok::<i128, (&str, &str)>(local - i128::from(i64::from(zone.offset_of_local(near)) * US_PER_SECOND))
        };
        Ok(match (*self, *other) {
            (Date(a), Date(b)) => Some(a.cmp(&b)),
            (Date(a), Timestamp(b)) => Some(midnight(a).cmp(&i128::from(b))),
            (Timestamp(a), Date(b)) => Some(i128::from(a).cmp(&midnight(b))),
            (Timestamp(a), Timestamp(b)) => Some(a.cmp(&b)),
            (Date(a), Timestamptz(b, offset)) => Some(instant(midnight(a), self, other)?.cmp(&zoned(b, offset))),
            (Timestamptz(a, offset), Date(b)) => Some(zoned(a, offset).cmp(&instant(midnight(b), other, self)?)),
            (Timestamp(a), Timestamptz(b, offset)) => Some(instant(a.into(), self, other)?.cmp(&zoned(b, offset))),
            (Timestamptz(a, offset), Timestamp(b)) => Some(zoned(a, offset).cmp(&instant(b.into(), other, self)?)),
            (Timestamptz(a, x), Timestamptz(b, y)) => Some(zoned(a, x).cmp(&zoned(b, y))),
            (Time(a), Time(b)) => Some(a.cmp(&b)),
            (Time(a), Timetz(b, offset)) => Some(timetz_order((a, session(zone, self, other)?), (b, offset))),
            (Timetz(a, offset), Time(b)) => Some(timetz_order((a, offset), (b, session(zone, other, self)?))),
            (Timetz(a, x), Timetz(b, y)) => Some(timetz_order((a, x), (b, y))),
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
fn timetz_order(a: (i64, i64), b: (i64, i64)) -> Ordering {
    let instant = |(time, offset): (i64, i64)| time - offset * US_PER_SECOND;
    instant(a).cmp(&instant(b)).then_with(|| b.1.cmp(&a.1))
}

impl fmt::Display for Moment {
    /// ISO 8601, as `to_jsonb` writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = |offset: i64| {
            let sign = if offset < 0 { '-' } else { '+' };
            format!("{sign}{:02}:{:02}", offset.abs() / 3_600, offset.abs() / 60 % 60)
        };
        match *self {
            Moment::Date(days) => {
                let (date, era) = date(days);
                write!(f, "{date}{era}")
            }
            Moment::Time(time) => write!(f, "{}", clock(time)),
            Moment::Timetz(time, zone) => write!(f, "{}{}", clock(time), offset(zone)),
            Moment::Timestamp(at) => {
                let (date, era) = date(at.div_euclid(US_PER_DAY));
                write!(f, "{date}T{}{era}", clock(at.rem_euclid(US_PER_DAY)))
            }
            Moment::Timestamptz(at, zone) => {
                let (date, era) = date(at.div_euclid(US_PER_DAY));
                write!(f, "{date}T{}{}{era}", clock(at.rem_euclid(US_PER_DAY)), offset(zone))
            }
        }
    }
}

/// A date, and what stands behind the whole when it lies before our era.
fn date(days: i64) -> (String, &'static str) {
    let day = civil_from_days(days);
    let (year, era) = if day.year > 0 { (day.year, "") } else { (1 - day.year, " BC") };
    (format!("{year:04}-{:02}-{:02}", day.month, day.day), era)
}

fn clock(time: i64) -> String {
    let (seconds, micros) = (time / US_PER_SECOND, time % US_PER_SECOND);
    let whole = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match micros {
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
