//! Reads moments by a template, as `to_timestamp` and `to_date` do.

use crate::error::{Error, Kind, Result};
use crate::value::template::field::{Field, Piece, Place, is_separator};
use crate::value::template::moment::{iso_week_start, months, roman_months, weekdays};
use crate::value::time::calendar::{
    US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND, civil_from_days, days_from_civil, days_in_month, is_leap,
};

/// What was read: days since 1970, microseconds of the day, and the offset in seconds east where one was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) days: i64,
    pub(crate) of_day: i64,
    pub(crate) offset: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Convention {
    Gregorian,
    IsoWeek,
}

/// The fields as they were read; 0 is a field that was not, as in PostgreSQL.
#[derive(Debug, Default)]
struct Read {
    convention: Option<Convention>,
    hour: i64,
    twelve: bool,
    afternoon: i64,
    minute: i64,
    second: i64,
    second_of_day: i64,
    weekday: i64,
    day: i64,
    day_of_year: i64,
    month: i64,
    milliseconds: i64,
    year: i64,
    before_christ: i64,
    week: i64,
    week_of_month: i64,
    century: i64,
    julian: i64,
    microseconds: i64,
    year_digits: usize,
    zone_sign: i64,
    zone_hours: i64,
    zone_minutes: i64,
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// Whether the text must follow the template to the letter, as SQL's standard has it.
    strict: bool,
    /// How many characters were passed over that the template did not name.
    skipped: i64,
    fixed: bool,
    read: Read,
}

const FIXED_HINT: &str = "If your source string is not fixed-width, try using the \"FM\" modifier.";

fn format_error(message: impl Into<String>) -> Error {
    Error::new(Kind::InvalidDatetimeFormat, message)
}

/// Reads a text.
///
/// # Errors
/// 22007 for what does not follow the template, 22008 for fields out of range, 0A000 for fields that are only written.
pub(crate) fn read(text: &str, pieces: &[Piece]) -> Result<Moment> {
    read_in(text, pieces, false)
}

/// Reads a text that must follow the template to the letter and to its end, as `.datetime()` of SQL/JSON paths does.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_strictly(text: &str, pieces: &[Piece]) -> Result<Moment> {
    read_in(text, pieces, true)
}

fn read_in(text: &str, pieces: &[Piece], strict: bool) -> Result<Moment> {
    let mut reader = Reader { text, at: 0, strict, skipped: 0, fixed: strict, read: Read::default() };
    let mut taken = 0;
    for (at, piece) in pieces.iter().enumerate() {
        if reader.rest().is_empty() {
            break;
        }
        taken = at + 1;
        let field = matches!(piece, Piece::Field(_));
        let switch = matches!(piece, Piece::Field(Place { field: Field::Fixed, .. }));
        if !reader.fixed && !switch && (field || at == 0) {
            reader.skip_spaces();
        }
        match piece {
            Piece::Separator(letter) | Piece::Space(letter) => reader.between(*letter)?,
            Piece::Text(letter) => {
                if strict && reader.peek() != Some(*letter) {
                    return Err(format_error(format!("unmatched format character \"{letter}\"")));
                }
                if !reader.fixed && reader.skipped > 0 {
                    reader.skipped -= 1;
                } else {
                    reader.advance();
                }
            }
            Piece::Field(place) => {
                let digits_follow = match pieces.get(at + 1) {
                    None => false,
                    Some(Piece::Field(next)) => next.field.is_digit(),
                    Some(Piece::Separator(letter) | Piece::Space(letter) | Piece::Text(letter)) => letter.is_ascii_digit(),
                };
                reader.field(place, place.fill || place.ordinal.is_some() || !digits_follow)?;
                if !reader.fixed {
                    reader.skipped = 0;
                    reader.skip_spaces();
                }
            }
        }
    }
    if strict {
        if taken < pieces.len() {
            return Err(format_error("input string is too short for datetime format"));
        }
        reader.skip_spaces();
        if !reader.rest().is_empty() {
            return Err(format_error("trailing characters remain in input string after datetime format"));
        }
    }
    finish(reader.read, text)
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn advance(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(|letter| letter.is_ascii_whitespace()) {
            self.at += 1;
            self.skipped += 1;
        }
    }

    /// A separator or blank of the template: it takes one of the text, if there is one.
    fn between(&mut self, letter: char) -> Result<()> {
        if self.strict && self.peek() != Some(letter) {
            return Err(format_error(format!("unmatched format separator \"{letter}\"")));
        }
        if self.fixed {
            self.advance();
            return Ok(());
        }
        self.skipped -= 1;
        if self.peek().is_some_and(|letter| letter.is_ascii_whitespace() || is_separator(letter)) {
            self.at += 1;
            self.skipped += 1;
        }
        Ok(())
    }

    /// Reads a number of so many digits, or of all there are; answers it and how many characters it took.
    fn number(&mut self, place: &Place, length: usize, open: bool) -> Result<(i64, usize)> {
        let start = self.at;
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(|letter: char| letter.is_ascii_whitespace()).len();
        let rest = self.rest();
        let (value, used) = if open {
            leading_number(rest)
        } else {
            let field: String = rest.chars().take(length).collect();
            let given = field.chars().count();
            if given < length {
                return Err(format_error(format!("source string too short for \"{}\" formatting field", place.typed))
                    .with_detail(format!("Field requires {length} characters, but only {given} remain."))
                    .with_hint(FIXED_HINT));
            }
            let (value, used) = leading_number(&field);
            if used > 0 && used < length {
                return Err(format_error(format!("invalid value \"{field}\" for \"{}\"", place.typed))
                    .with_detail(format!("Field requires {length} characters, but only {used} could be parsed."))
                    .with_hint(FIXED_HINT));
            }
            (value, used)
        };
        if used == 0 {
            let shown: String = rest.chars().take(length).collect();
            return Err(
                format_error(format!("invalid value \"{shown}\" for \"{}\"", place.typed)).with_detail("Value must be an integer.")
            );
        }
        let value = value.filter(|value| i32::try_from(*value).is_ok()).ok_or_else(|| {
            Error::new(Kind::DatetimeFieldOverflow, format!("value for \"{}\" in source string is out of range", place.typed))
                .with_detail(format!("Value must be in the range {} to {}.", i32::MIN, i32::MAX))
        })?;
        self.at += used;
        Ok((value, self.at - start))
    }

    /// The first of the words that the text goes on with, in any case of letters.
    fn word(&mut self, place: &Place, words: &[&str]) -> Result<i64> {
        let rest = self.rest();
        let found = words.iter().position(|word| rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)));
        match found {
            Some(found) => {
                self.at += words[found].len();
                Ok(i64::try_from(found).unwrap_or(0))
            }
            None => {
                let shown = rest.split(|letter: char| letter.is_ascii_whitespace()).next().unwrap_or_default();
                Err(format_error(format!("invalid value \"{shown}\" for \"{}\"", place.typed))
                    .with_detail("The given value did not match any of the allowed values for this field."))
            }
        }
    }

    fn set_convention(&mut self, field: Field) -> Result<()> {
        let own = match field {
            Field::DayOfYear
            | Field::DayOfMonth
            | Field::DayOfWeek
            | Field::Month
            | Field::MonthName
            | Field::MonthShort
            | Field::RomanMonth
            | Field::Week
            | Field::WeekOfMonth
            | Field::YearWithComma
            | Field::Year(_) => Convention::Gregorian,
            Field::IsoDayOfYear | Field::IsoDayOfWeek | Field::IsoWeek | Field::IsoYear(_) => Convention::IsoWeek,
            _ => return Ok(()),
        };
        match self.read.convention {
            Some(other) if other != own => Err(format_error("invalid combination of date conventions")
                .with_hint("Do not mix Gregorian and ISO week date conventions in a formatting template.")),
            _ => {
                self.read.convention = Some(own);
                Ok(())
            }
        }
    }

    #[allow(clippy::too_many_lines)]
    fn field(&mut self, place: &Place, open: bool) -> Result<()> {
        self.set_convention(place.field)?;
        match place.field {
            Field::Fixed => self.fixed = true,
            Field::Meridian { dots } => {
                let words = if dots { ["a.m.", "p.m."] } else { ["am", "pm"] };
                let value = self.word(place, &words)?;
                set(&mut self.read.afternoon, value, place)?;
                self.read.twelve = true;
            }
            Field::Era { dots } => {
                let words = if dots { ["a.d.", "b.c."] } else { ["ad", "bc"] };
                let value = self.word(place, &words)?;
                set(&mut self.read.before_christ, value, place)?;
            }
            Field::Hour12 => {
                let (value, _) = self.number(place, 2, open)?;
                set(&mut self.read.hour, value, place)?;
                self.read.twelve = true;
            }
            Field::Hour24 => self.plain(place, 2, open, |read| &mut read.hour)?,
            Field::Minute => self.plain(place, 2, open, |read| &mut read.minute)?,
            Field::Second => self.plain(place, 2, open, |read| &mut read.second)?,
            Field::Milliseconds => self.fraction(place, 3, open, |read| &mut read.milliseconds)?,
            // What stands after the digits wanted counts as more of them.
            Field::Fraction(digits) => self.fraction_of(place, digits, open)?,
            Field::Microseconds => self.fraction_of(place, 6, open)?,
            Field::SecondsOfDay => self.plain(place, place.typed.len(), open, |read| &mut read.second_of_day)?,
            Field::Zone | Field::Offset => {
                let message = format!("formatting field \"{}\" is only supported in to_char", place.typed);
                return Err(Error::new(Kind::FeatureNotSupported, message));
            }
            Field::ZoneHours => self.zone_hours(place, open)?,
            Field::ZoneMinutes => {
                if self.read.zone_sign == 0 {
                    self.read.zone_sign = 1;
                }
                self.plain(place, 2, open, |read| &mut read.zone_minutes)?;
            }
            Field::MonthName | Field::MonthShort => {
                let names = months();
                let short = names.map(|name| name.get(..3).unwrap_or(name));
                let value = self.word(place, if place.field == Field::MonthName { &names } else { &short })?;
                set(&mut self.read.month, value + 1, place)?;
            }
            Field::RomanMonth => {
                // Longer numbers first, since they begin with shorter ones.
                let mut names: Vec<(i64, &str)> = (1..).zip(roman_months()).collect();
                names.sort_by_key(|(_, name)| std::cmp::Reverse(name.len()));
                let words: Vec<&str> = names.iter().map(|(_, name)| *name).collect();
                let found = usize::try_from(self.word(place, &words)?).unwrap_or(0);
                set(&mut self.read.month, names[found].0, place)?;
            }
            Field::Month => self.plain(place, 2, open, |read| &mut read.month)?,
            Field::DayName | Field::DayShort => {
                let names = weekdays();
                let short = names.map(|name| name.get(..3).unwrap_or(name));
                let value = self.word(place, if place.field == Field::DayName { &names } else { &short })?;
                set(&mut self.read.weekday, value + 1, place)?;
            }
            Field::DayOfYear | Field::IsoDayOfYear => self.plain(place, 3, open, |read| &mut read.day_of_year)?,
            Field::DayOfMonth => self.plain(place, 2, open, |read| &mut read.day)?,
            Field::DayOfWeek => self.plain(place, 1, open, |read| &mut read.weekday)?,
            Field::IsoDayOfWeek => {
                let (value, _) = self.number(place, 1, open)?;
                // Counted from Sunday.
                set(&mut self.read.weekday, if value + 1 > 7 { 1 } else { value + 1 }, place)?;
            }
            Field::Week | Field::IsoWeek => self.plain(place, 2, open, |read| &mut read.week)?,
            // Which day of a quarter it would be is unclear, so it is read and not used.
            Field::Quarter => {
                self.number(place, 1, open)?;
            }
            Field::Century => self.plain(place, 2, open, |read| &mut read.century)?,
            Field::YearWithComma => self.year_with_comma(place)?,
            Field::Year(digits) | Field::IsoYear(digits) => {
                let (value, used) = self.number(place, digits, open)?;
                let value = if digits < 4 && used < 4 { near_2020(value) } else { value };
                set(&mut self.read.year, value, place)?;
                self.read.year_digits = digits;
            }
            Field::WeekOfMonth => self.plain(place, 1, open, |read| &mut read.week_of_month)?,
            Field::Julian => self.plain(place, 1, open, |read| &mut read.julian)?,
        }
        if place.ordinal.is_some() {
            self.advance();
            self.advance();
        }
        Ok(())
    }

    fn plain(&mut self, place: &Place, length: usize, open: bool, slot: fn(&mut Read) -> &mut i64) -> Result<()> {
        let (value, _) = self.number(place, length, open)?;
        set(slot(&mut self.read), value, place)
    }

    /// Digits behind a point: 25 is a quarter as 250 is.
    fn fraction(&mut self, place: &Place, digits: usize, open: bool, slot: fn(&mut Read) -> &mut i64) -> Result<()> {
        let (value, used) = self.number(place, digits, open)?;
        let missing = if (1..digits).contains(&used) { digits - used } else { 0 };
        set(slot(&mut self.read), value, place)?;
        *slot(&mut self.read) = value * 10_i64.pow(u32::try_from(missing).unwrap_or(0));
        Ok(())
    }

    fn fraction_of(&mut self, place: &Place, digits: usize, open: bool) -> Result<()> {
        let (value, used) = self.number(place, digits, open)?;
        let missing = if (1..6).contains(&used) { 6 - used } else { 0 };
        set(&mut self.read.microseconds, value, place)?;
        self.read.microseconds = value * 10_i64.pow(u32::try_from(missing).unwrap_or(0));
        Ok(())
    }

    fn zone_hours(&mut self, place: &Place, open: bool) -> Result<()> {
        self.read.zone_sign = match self.peek() {
            Some('-') => -1,
            Some('+' | ' ') => 1,
            // The sign may have been passed over as a separator.
            _ if self.skipped > 0 && self.text.get(..self.at).is_some_and(|before| before.ends_with('-')) => -1,
            _ => 1,
        };
        if matches!(self.peek(), Some('-' | '+' | ' ')) {
            self.at += 1;
        }
        self.plain(place, 2, open, |read| &mut read.zone_hours)
    }

    fn year_with_comma(&mut self, place: &Place) -> Result<()> {
        let bad = || format_error("invalid input string for \"Y,YYY\"");
        let (thousands, used) = leading_number(self.rest());
        let after = self.rest().get(used..).unwrap_or_default().strip_prefix(',').ok_or_else(bad)?;
        let digits = after.bytes().take(3).take_while(u8::is_ascii_digit).count();
        let years: i64 = after.get(..digits).and_then(|years| years.parse().ok()).ok_or_else(bad)?;
        let thousands = thousands.filter(|_| used > 0).ok_or_else(bad)?;
        self.at += used + 1 + digits;
        set(&mut self.read.year, thousands * 1_000 + years, place)?;
        self.read.year_digits = 4;
        Ok(())
    }
}

/// The integer at the start of a text, after blanks, and how many bytes it takes; `None` beyond 64 bits.
fn leading_number(text: &str) -> (Option<i64>, usize) {
    let blanks = text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_whitespace()).len();
    let rest = text.get(blanks..).unwrap_or_default();
    let sign = usize::from(rest.starts_with(['-', '+']));
    let digits = rest.bytes().skip(sign).take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return (Some(0), 0);
    }
    (rest.get(..sign + digits).and_then(|number| number.parse().ok()), blanks + sign + digits)
}

fn set(slot: &mut i64, value: i64, place: &Place) -> Result<()> {
    if *slot != 0 && *slot != value {
        return Err(format_error(format!("conflicting values for \"{}\" field in formatting string", place.typed))
            .with_detail("This value contradicts a previous setting for the same field type."));
    }
    *slot = value;
    Ok(())
}

/// A year of fewer than four digits is the one nearest to 2020.
fn near_2020(year: i64) -> i64 {
    match year {
        ..70 => year + 2_000,
        70..100 => year + 1_900,
        100..520 => year + 2_000,
        520..1_000 => year + 1_000,
        _ => year,
    }
}

fn finish(mut read: Read, text: &str) -> Result<Moment> {
    let out_of_range = || Error::new(Kind::DatetimeFieldOverflow, format!("date/time field value out of range: \"{text}\""));
    let mut hour = read.second_of_day / 3_600;
    let mut minute = read.second_of_day / 60 % 60;
    let mut second = read.second_of_day % 60;
    for (own, slot) in [(read.second, &mut second), (read.minute, &mut minute), (read.hour, &mut hour)] {
        if own != 0 {
            *slot = own;
        }
    }
    if read.twelve {
        if !(1..=12).contains(&hour) {
            return Err(format_error(format!("hour \"{hour}\" is invalid for the 12-hour clock"))
                .with_hint("Use the 24-hour clock, or give an hour between 1 and 12."));
        }
        hour = hour % 12 + if read.afternoon != 0 { 12 } else { 0 };
    }
    let days = date(&mut read, &out_of_range)?;
    let micros = read.milliseconds * 1_000 + read.microseconds;
    let in_range =
        (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second) && (0..US_PER_SECOND).contains(&micros);
    if !in_range {
        return Err(out_of_range());
    }
    let offset = if read.zone_sign == 0 {
        None
    } else if (0..=15).contains(&read.zone_hours) && (0..60).contains(&read.zone_minutes) {
        Some(read.zone_sign * (read.zone_hours * 3_600 + read.zone_minutes * 60))
    } else {
        return Err(Error::new(Kind::InvalidTimeZoneDisplacement, format!("time zone displacement out of range: \"{text}\"")));
    };
    Ok(Moment { days, of_day: hour * US_PER_HOUR + minute * US_PER_MINUTE + second * US_PER_SECOND + micros, offset })
}

/// The year that year, century and era mean, and whether any was given.
fn year(read: &Read) -> (i64, bool) {
    let century = if read.before_christ != 0 { -read.century } else { read.century };
    if read.year != 0 {
        if read.century != 0 && read.year_digits <= 2 {
            let of_century = read.year % 100;
            let year = match (of_century, century >= 0) {
                (0, true) => century * 100,
                (0, false) => century * 100 + 1,
                (_, true) => (century - 1) * 100 + of_century,
                (_, false) => (century + 1) * 100 - of_century + 1,
            };
            return (year, true);
        }
        let year = if read.before_christ != 0 { -read.year } else { read.year };
        return (if year < 0 { year + 1 } else { year }, true);
    }
    if read.century != 0 {
        return (if century >= 0 { (century - 1) * 100 + 1 } else { century * 100 + 1 }, true);
    }
    (0, false)
}

fn date(read: &mut Read, out_of_range: &dyn Fn() -> Error) -> Result<i64> {
    let (year, year_given) = year(read);
    let mut year = i32::try_from(year).map_err(|_| out_of_range())?;
    let (mut month, mut day) = (1, 1);
    let (mut checked, mut whole) = (year_given, false);
    let mut set_days = |days: i64, year: &mut i32, month: &mut i64, day: &mut i64| {
        let date = civil_from_days(days);
        (*year, *month, *day) = (date.year, i64::from(date.month), i64::from(date.day));
        (checked, whole) = (true, true);
    };
    if read.julian != 0 {
        set_days(read.julian - 2_440_588, &mut year, &mut month, &mut day);
    }
    if read.week != 0 {
        if read.convention == Some(Convention::IsoWeek) {
            let monday = iso_week_start(year, read.week);
            let days = match read.weekday {
                0 => monday,
                1 => monday + 6,
                weekday => monday + weekday - 2,
            };
            set_days(days, &mut year, &mut month, &mut day);
        } else {
            read.day_of_year = (read.week - 1) * 7 + 1;
        }
    }
    if read.week_of_month != 0 {
        read.day = (read.week_of_month - 1) * 7 + 1;
    }
    let (day_given, month_given) = (read.day != 0, read.month != 0);
    if day_given {
        day = read.day;
    }
    if month_given {
        month = read.month;
    }
    let mut by_day_of_year = false;
    if read.day_of_year != 0 && (month <= 1 || day <= 1) {
        if year == 0 && read.before_christ == 0 {
            return Err(format_error("cannot calculate day of year without year information"));
        }
        if read.convention == Some(Convention::IsoWeek) {
            set_days(iso_week_start(year, 1) - 1 + read.day_of_year, &mut year, &mut month, &mut day);
        } else {
            by_day_of_year = true;
            let length = if is_leap(year) { 366 } else { 365 };
            if !(1..=length).contains(&read.day_of_year) {
                return Err(out_of_range());
            }
            let date = civil_from_days(days_from_civil(year, 1, 1) + read.day_of_year - 1);
            if month <= 1 {
                month = i64::from(date.month);
            }
            if day <= 1 {
                day = i64::from(date.day);
            }
        }
    }
    let checked = checked || day_given || month_given || by_day_of_year;
    let whole = whole || (year_given && (by_day_of_year || (day_given && month_given)));
    let (Ok(month), Ok(day)) = (u32::try_from(month), u32::try_from(day)) else { return Err(out_of_range()) };
    if !(1..=12).contains(&month) || (checked && !(1..=31).contains(&day)) || (whole && day > days_in_month(year, month)) {
        return Err(out_of_range());
    }
    Ok(days_from_civil(year, month, day))
}
