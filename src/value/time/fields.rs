//! The fields of a date and time as they are found one after the other, and the rules that decide which number is which field.
//!
//! The rules are PostgreSQL's (version 15, appendix B.1 and B.2): a number's place, its length, the session's `DateStyle` order and
//! a month given as a word decide whether it is a year, a month or a day.

use crate::value::style::DateOrder;
use crate::value::time::calendar::{Day, US_PER_DAY, civil_from_days, days_from_civil, days_in_month};
use crate::value::time::fault::Fault;
use crate::value::time::keyword::{Keyword, keyword};

/// Which fields have been found, one bit each.
pub(crate) type Mask = u32;
pub(crate) const YEAR: Mask = 1;
pub(crate) const MONTH: Mask = 1 << 1;
pub(crate) const DAY: Mask = 1 << 2;
pub(crate) const TIME: Mask = 1 << 3;
pub(crate) const ZONE: Mask = 1 << 4;
pub(crate) const DAY_OF_YEAR: Mask = 1 << 5;
pub(crate) const MERIDIAN: Mask = 1 << 6;
pub(crate) const ERA: Mask = 1 << 7;
pub(crate) const WEEKDAY: Mask = 1 << 8;
pub(crate) const DAYLIGHT: Mask = 1 << 9;
pub(crate) const RESERVED: Mask = 1 << 10;
/// A whole date.
pub(crate) const DATE: Mask = YEAR | MONTH | DAY;

/// The fields found so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct DateFields {
    pub(crate) order: DateOrder,
    pub(crate) mask: Mask,
    pub(crate) year: i32,
    pub(crate) month: i32,
    pub(crate) day: i32,
    pub(crate) day_of_year: i32,
    pub(crate) hour: i32,
    pub(crate) minute: i32,
    pub(crate) second: i32,
    pub(crate) micros: i64,
    /// The year was written with one or two digits.
    pub(crate) short_year: bool,
    /// The month was a word.
    pub(crate) word_month: bool,
    /// The date came as a Julian day, so its year is final.
    pub(crate) julian: bool,
}

/// The integer at the start of a text, 0 where there is none, and what follows it.
pub(crate) fn leading_int(text: &str) -> Result<(i32, &str), Fault> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    if number.is_empty() {
        return Ok((0, rest));
    }
    number.parse().map(|number| (number, rest)).map_err(|_| Fault::Overflow)
}

/// The value of `.ddd`; a bare point is 0.
pub(crate) fn fraction(text: &str) -> Result<f64, Fault> {
    match text.strip_prefix('.') {
        Some("") => Ok(0.0),
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().map_err(|_| Fault::Format),
        _ => Err(Fault::Format),
    }
}

/// `.ddd` of a second in whole microseconds, rounded to the nearest.
#[allow(clippy::cast_possible_truncation)]
pub(crate) fn fraction_micros(text: &str) -> Result<i64, Fault> {
    // At most 1,000,000, so the conversion is exact.
    Ok((fraction(text)? * 1_000_000.0).round_ties_even() as i64)
}

impl DateFields {
    /// Adds what a token gave; the same field twice is no valid date.
    pub(crate) fn add(&mut self, found: Mask) -> Result<(), Fault> {
        if self.mask & found != 0 {
            return Err(Fault::Format);
        }
        self.mask |= found;
        Ok(())
    }

    /// Reads a date whose fields are joined by punctuation, and answers which fields it gave.
    pub(crate) fn joined_date(&mut self, text: &str) -> Result<Mask, Fault> {
        let parts = split_fields(text)?;
        let mut mask = self.mask;
        let mut numbers = Vec::new();
        for part in parts {
            if !part.starts_with(|first: char| first.is_ascii_alphabetic()) {
                numbers.push(part);
                continue;
            }
            match keyword(part) {
                Keyword::Filler => {}
                Keyword::Month(month) if mask & MONTH == 0 => {
                    self.month = month;
                    self.word_month = true;
                    mask |= MONTH;
                }
                _ => return Err(Fault::Format),
            }
        }
        // Within one token only its own word decides, not a month that stood before it.
        let word_month = mask & !self.mask & MONTH != 0;
        for number in numbers {
            let found = self.number(number, word_month, mask)?;
            if mask & found != 0 {
                return Err(Fault::Format);
            }
            mask |= found;
        }
        if mask & !(DAY_OF_YEAR | ZONE) & (DATE | TIME) != DATE || mask & (MERIDIAN | ERA | WEEKDAY | DAYLIGHT | RESERVED) != 0 {
            return Err(Fault::Format);
        }
        Ok(mask & !self.mask)
    }

    /// Reads a number whose place decides what it is, and answers which fields it gave.
    pub(crate) fn number(&mut self, text: &str, word_month: bool, mask: Mask) -> Result<Mask, Fault> {
        let (value, rest) = leading_int(text)?;
        let digits = text.len() - rest.len();
        if digits == 0 {
            return Err(Fault::Format);
        }
        if rest.starts_with('.') {
            if digits > 2 {
                return self.run_together(text, mask | DATE);
            }
            self.micros = fraction_micros(rest)?;
        } else if !rest.is_empty() {
            return Err(Fault::Format);
        }
        if text.len() == 3 && mask & DATE == YEAR && (1..=366).contains(&value) {
            self.day_of_year = value;
            return Ok(DAY_OF_YEAR | MONTH | DAY);
        }
        let long = text.len() >= 3;
        let found = match mask & DATE {
            0 if long || self.order == DateOrder::Ymd => YEAR,
            0 if self.order == DateOrder::Dmy => DAY,
            0 => MONTH,
            MONTH if word_month && (long || self.order == DateOrder::Ymd) => YEAR,
            YEAR | DAY => MONTH,
            MONTH => DAY,
            YEAR_MONTH if word_month && long && self.short_year => {
                // The first number was the day after all, as in 5-Jan-2024 read as YMD.
                self.day = self.year;
                self.year = value;
                self.short_year = false;
                return Ok(DAY);
            }
            YEAR_MONTH => DAY,
            MONTH_DAY => YEAR,
            DATE => return self.run_together(text, mask),
            _ => return Err(Fault::Format),
        };
        match found {
            YEAR => {
                self.year = value;
                self.short_year = text.len() <= 2;
            }
            MONTH => self.month = value,
            _ => self.day = value,
        }
        Ok(found)
    }

    /// Reads digits without separators: `yyyymmdd`, `yymmdd`, `hhmmss`, `hhmm`, perhaps with a fraction of a second.
    pub(crate) fn run_together(&mut self, text: &str, mask: Mask) -> Result<Mask, Fault> {
        let (digits, fraction) = match text.find('.') {
            Some(point) => text.split_at(point),
            None => (text, ""),
        };
        if !fraction.is_empty() {
            self.micros = fraction_micros(fraction)?;
        } else if mask & DATE != DATE && digits.len() >= 6 {
            let (rest, day) = digits.split_at(digits.len() - 2);
            let (year, month) = rest.split_at(rest.len() - 2);
            self.day = leading_int(day)?.0;
            self.month = leading_int(month)?.0;
            self.year = leading_int(year)?.0;
            self.short_year = year.len() == 2;
            return Ok(DATE);
        }
        if mask & TIME != 0 {
            return Err(Fault::Format);
        }
        let (hour, minute, second) = match digits.len() {
            6 => (digits.get(..2), digits.get(2..4), digits.get(4..)),
            4 => (digits.get(..2), digits.get(2..), Some("")),
            _ => return Err(Fault::Format),
        };
        self.hour = leading_int(hour.unwrap_or_default())?.0;
        self.minute = leading_int(minute.unwrap_or_default())?.0;
        self.second = leading_int(second.unwrap_or_default())?.0;
        Ok(TIME)
    }

    /// Reads `hh:mm`, `hh:mm:ss` or either with a fraction; `mm:ss.fff` is minutes and seconds.
    pub(crate) fn time(&mut self, text: &str) -> Result<Mask, Fault> {
        let (hour, minute, second, micros) = clock(text)?;
        self.hour = i32::try_from(hour).map_err(|_| Fault::Overflow)?;
        self.minute = minute;
        self.second = second;
        self.micros = micros;
        self.check_time()?;
        Ok(TIME)
    }

    /// Refuses a time of day beyond 24:00:00.
    pub(crate) fn check_time(&self) -> Result<(), Fault> {
        let fits = (0..=24).contains(&self.hour)
            && (0..=59).contains(&self.minute)
            && (0..=60).contains(&self.second)
            && (0..=1_000_000).contains(&self.micros)
            && self.time_us() <= US_PER_DAY;
        if fits { Ok(()) } else { Err(Fault::Overflow) }
    }

    /// The time of day in microseconds.
    pub(crate) fn time_us(&self) -> i64 {
        ((i64::from(self.hour) * 60 + i64::from(self.minute)) * 60 + i64::from(self.second)) * 1_000_000 + self.micros
    }

    /// Completes the date once all fields are known: the century of a short year, the era, the day of the year.
    pub(crate) fn complete_date(&mut self, before_christ: bool) -> Result<(), Fault> {
        if self.mask & YEAR != 0 && !self.julian {
            match (before_christ, self.short_year) {
                (true, _) if self.year <= 0 => return Err(Fault::Overflow),
                (true, _) => self.year = -(self.year - 1),
                (false, true) if self.year < 70 => self.year += 2000,
                (false, true) if self.year < 100 => self.year += 1900,
                (false, true) => {}
                (false, false) if self.year <= 0 => return Err(Fault::Overflow),
                (false, false) => {}
            }
        }
        if self.mask & DAY_OF_YEAR != 0 {
            let day = civil_from_days(days_from_civil(self.year, 1, 1) + i64::from(self.day_of_year) - 1);
            self.set_day(day);
        }
        if self.mask & MONTH != 0 && !(1..=12).contains(&self.month) {
            return Err(Fault::DateOrder);
        }
        if self.mask & DAY != 0 && !(1..=31).contains(&self.day) {
            return Err(Fault::DateOrder);
        }
        if self.mask & DATE == DATE && self.day.unsigned_abs() > days_in_month(self.year, self.month.unsigned_abs()) {
            return Err(Fault::Overflow);
        }
        Ok(())
    }

    /// Sets year, month and day from a calendar day.
    pub(crate) fn set_day(&mut self, day: Day) {
        self.year = day.year;
        self.month = i32::try_from(day.month).unwrap_or(1);
        self.day = i32::try_from(day.day).unwrap_or(1);
    }

    /// Days since 1970 of a completed date.
    pub(crate) fn days(&self) -> i64 {
        days_from_civil(self.year, self.month.unsigned_abs(), self.day.unsigned_abs())
    }
}

const YEAR_MONTH: Mask = YEAR | MONTH;
const MONTH_DAY: Mask = MONTH | DAY;

/// The runs of letters or of digits in a joined date.
fn split_fields(text: &str) -> Result<Vec<&str>, Fault> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        rest = rest.trim_start_matches(|letter: char| !letter.is_ascii_alphanumeric());
        let Some(first) = rest.bytes().next() else { return Err(Fault::Format) };
        let length =
            rest.bytes().take_while(|byte| byte.is_ascii_digit() == first.is_ascii_digit() && byte.is_ascii_alphanumeric());
        let (part, after) = rest.split_at(length.count());
        parts.push(part);
        // The byte after a part separates it from the next, or is the next part's first and is lost, as in PostgreSQL.
        rest = after.get(1..).unwrap_or_default();
    }
    Ok(parts)
}

/// Hours, minutes, seconds and microseconds of a time; the hours are not checked, because an interval may have any number.
pub(crate) fn clock(text: &str) -> Result<(i64, i32, i32, i64), Fault> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (hour, rest) = text.split_at(digits);
    let hour: i64 = if hour.is_empty() { 0 } else { hour.parse().map_err(|_| Fault::Overflow)? };
    let Some(rest) = rest.strip_prefix(':') else { return Err(Fault::Format) };
    let (minute, rest) = leading_int(rest)?;
    let (hour, minute, second, micros) = if rest.is_empty() {
        (hour, minute, 0, 0)
    } else if rest.starts_with('.') {
        let minutes = i32::try_from(hour).map_err(|_| Fault::Overflow)?;
        (0, minutes, minute, fraction_micros(rest)?)
    } else if let Some(rest) = rest.strip_prefix(':') {
        let (second, rest) = leading_int(rest)?;
        (hour, minute, second, if rest.is_empty() { 0 } else { fraction_micros(rest)? })
    } else {
        return Err(Fault::Format);
    };
    if minute > 59 || second > 60 {
        return Err(Fault::Overflow);
    }
    Ok((hour, minute, second, micros))
}
