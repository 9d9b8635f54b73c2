//! `interval`: months, days and microseconds, read from PostgreSQL's verbose, SQL and ISO 8601 forms (version 15, section 8.5.4).

use crate::error::Result;
use crate::value::style::{IntervalStyle, Style};
use crate::value::time::calendar::{US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND};
use crate::value::time::fault::Fault;
use crate::value::time::fields::{clock, fraction};
use crate::value::time::keyword::{Unit, unit};
use crate::value::time::token::{Shape, Token, tokens};

const MONTHS_PER_YEAR: i64 = 12;
const DAYS_PER_MONTH: f64 = 30.0;

/// A span of time in the three units that cannot be converted into one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    pub(crate) months: i32,
    pub(crate) days: i32,
    pub(crate) micros: i64,
}

/// Reads an `interval`.
///
/// # Errors
/// 22007 for what is no interval, 22015 for a field out of range, 22008 for what no interval can hold.
pub(crate) fn interval(text: &str, style: &Style) -> Result<Span> {
    let read = tokens(text).and_then(|tokens| verbose(&tokens, style.interval_style));
    let read = match read {
        Err(Fault::Format) => crate::value::time::interval_iso::iso(text),
        other => other,
    };
    let in_range = |parts: Parts| {
        let months = parts.years.checked_mul(MONTHS_PER_YEAR).and_then(|months| months.checked_add(parts.months));
        let months = months.and_then(|months| i32::try_from(months).ok()).ok_or(Fault::Range)?;
        // Arrow counts nanoseconds, so a thousandth of PostgreSQL's range is left: about 292 years of hours.
        parts.micros.checked_mul(1_000).ok_or(Fault::Range)?;
        Ok(Span { months, days: i32::try_from(parts.days).map_err(|_| Fault::Range)?, micros: parts.micros })
    };
    read.map_err(|fault| match fault {
        Fault::Overflow => Fault::Interval,
        other => other,
    })
    .and_then(in_range)
    .map_err(|fault| fault.error("interval", text))
}

/// An interval while it is being read; every sum is checked.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Parts {
    years: i64,
    months: i64,
    days: i64,
    micros: i64,
}

/// The whole part of a number, truncated towards zero, for fractions far within the integer's range.
#[allow(clippy::cast_possible_truncation)]
fn whole(value: f64) -> i64 {
    value as i64
}

impl Parts {
    pub(crate) fn add_micros(&mut self, value: i64, part: f64, scale: i64) -> Result<(), Fault> {
        let micros = value.checked_mul(scale).and_then(|micros| self.micros.checked_add(micros));
        self.micros = micros.ok_or(Fault::Overflow)?;
        // The scale is at most one day of microseconds, which a float holds exactly.
        #[allow(clippy::cast_precision_loss)]
        self.add_part_micros(part, scale as f64)
    }

    pub(crate) fn add_part_micros(&mut self, part: f64, scale: f64) -> Result<(), Fault> {
        if part == 0.0 {
            return Ok(());
        }
        let scaled = part * scale;
        let mut micros = whole(scaled);
        let rest = scaled - scaled.trunc();
        if rest > 0.5 {
            micros += 1;
        } else if rest < -0.5 {
            micros -= 1;
        }
        self.micros = self.micros.checked_add(micros).ok_or(Fault::Overflow)?;
        Ok(())
    }

    pub(crate) fn add_days(&mut self, value: i64, scale: i64) -> Result<(), Fault> {
        let days = value.checked_mul(scale).and_then(|days| self.days.checked_add(days));
        self.days = days.filter(|days| i32::try_from(*days).is_ok()).ok_or(Fault::Overflow)?;
        Ok(())
    }

    pub(crate) fn add_part_days(&mut self, part: f64, scale: f64) -> Result<(), Fault> {
        let days = part * scale;
        self.add_days(whole(days), 1)?;
        self.add_part_micros(days - days.trunc(), US_PER_DAY_F)
    }

    pub(crate) fn add_months(&mut self, value: i64) -> Result<(), Fault> {
        let months = self.months.checked_add(value).filter(|months| i32::try_from(*months).is_ok());
        self.months = months.ok_or(Fault::Overflow)?;
        Ok(())
    }

    pub(crate) fn add_part_months(&mut self, part: f64) -> Result<(), Fault> {
        self.add_part_days(part, DAYS_PER_MONTH)
    }

    pub(crate) fn add_years(&mut self, value: i64, part: f64, scale: i64) -> Result<(), Fault> {
        let years = value.checked_mul(scale).and_then(|years| self.years.checked_add(years));
        self.years = years.filter(|years| i32::try_from(*years).is_ok()).ok_or(Fault::Overflow)?;
        // Scale and months are small enough for a float.
        #[allow(clippy::cast_precision_loss)]
        let months = (part * scale as f64 * MONTHS_PER_YEAR as f64).round_ties_even();
        self.add_months(whole(months))
    }

    fn negate(&mut self) -> Result<(), Fault> {
        self.years = -self.years;
        self.months = -self.months;
        self.days = -self.days;
        self.micros = self.micros.checked_neg().ok_or(Fault::Overflow)?;
        Ok(())
    }
}

/// A day's microseconds, which a float holds exactly.
pub(crate) const US_PER_DAY_F: f64 = 86_400_000_000.0;

/// Which fields have been found: each may come once.
type Found = u16;
const MICROSECOND: Found = 1;
const MILLISECOND: Found = 1 << 1;
const SECOND: Found = 1 << 2;
const MINUTE: Found = 1 << 3;
const HOUR: Found = 1 << 4;
const DAY: Found = 1 << 5;
const WEEK: Found = 1 << 6;
const MONTH: Found = 1 << 7;
const YEAR: Found = 1 << 8;
const DECADE: Found = 1 << 9;
const CENTURY: Found = 1 << 10;
const MILLENNIUM: Found = 1 << 11;
const SUBSECONDS: Found = MICROSECOND | MILLISECOND | SECOND;
const TIME: Found = SECOND | MINUTE | HOUR;

/// Reads the verbose and SQL forms. Units follow their numbers, so the tokens are read from the last to the first.
fn verbose(tokens: &[Token], style: IntervalStyle) -> Result<Parts, Fault> {
    let mut parts = Parts::default();
    let mut found: Found = 0;
    let mut pending: Option<Unit> = None;
    let mut ago = false;
    let all_negative = style == IntervalStyle::SqlStandard && leading_minus_alone(tokens);
    for token in tokens.iter().rev() {
        let text = token.text.as_str();
        let new = match token.shape {
            Shape::Time => {
                parts.add_clock(text, all_negative)?;
                pending = Some(Unit::Day);
                TIME
            }
            Shape::Signed if text.contains(':') && clock(text.get(1..).unwrap_or_default()).is_ok() => {
                parts.add_clock(text.get(1..).unwrap_or_default(), text.starts_with('-'))?;
                pending = Some(Unit::Day);
                TIME
            }
            Shape::Signed | Shape::Date | Shape::Number => {
                let (new, next) = parts.add_number(text, pending.unwrap_or(Unit::Second), all_negative)?;
                pending = Some(next);
                new
            }
            Shape::Word | Shape::Special => match unit(text).ok_or(Fault::Format)? {
                Unit::Ago => {
                    ago = true;
                    pending = Some(Unit::Ago);
                    0
                }
                known => {
                    pending = Some(known);
                    0
                }
            },
        };
        if found & new != 0 {
            return Err(Fault::Format);
        }
        found |= new;
    }
    if found == 0 {
        return Err(Fault::Format);
    }
    if ago {
        parts.negate()?;
    }
    Ok(parts)
}

/// Whether the SQL standard's reading applies, by which one leading minus turns every field round: no other token has a sign.
fn leading_minus_alone(tokens: &[Token]) -> bool {
    let signed = |token: &Token| token.text.starts_with(['+', '-']);
    match tokens.split_first() {
        Some((first, rest)) => first.text.starts_with('-') && !rest.iter().any(signed),
        None => false,
    }
}

impl Parts {
    fn add_clock(&mut self, text: &str, negative: bool) -> Result<(), Fault> {
        let (hours, minutes, seconds, micros) = clock(text)?;
        let rest = i64::from(minutes) * US_PER_MINUTE + i64::from(seconds) * US_PER_SECOND + micros;
        let time = hours.checked_mul(US_PER_HOUR).and_then(|time| time.checked_add(rest)).ok_or(Fault::Overflow)?;
        self.micros = self.micros.checked_add(if negative { -time } else { time }).ok_or(Fault::Overflow)?;
        Ok(())
    }

    /// Adds a number with its unit, and answers which field it was and which unit a number before it has if it names none.
    fn add_number(&mut self, text: &str, unit: Unit, all_negative: bool) -> Result<(Found, Unit), Fault> {
        let (sign, digits) = match text.as_bytes().first() {
            Some(b'-') => (-1, text.get(1..).unwrap_or_default()),
            Some(b'+') => (1, text.get(1..).unwrap_or_default()),
            _ => (if all_negative { -1 } else { 1 }, text),
        };
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = digits.split_at(length);
        let mut value: i64 = if number.is_empty() { 0 } else { number.parse().map_err(|_| Fault::Overflow)? };
        let mut part = 0.0;
        let mut unit = unit;
        if let Some(months) = rest.strip_prefix('-') {
            // SQL's years-months.
            let (months, rest) = crate::value::time::fields::leading_int(months)?;
            if i64::from(months) >= MONTHS_PER_YEAR {
                return Err(Fault::Overflow);
            }
            if !rest.is_empty() {
                return Err(Fault::Format);
            }
            unit = Unit::Month;
            value = value.checked_mul(MONTHS_PER_YEAR).and_then(|all| all.checked_add(i64::from(months))).ok_or(Fault::Overflow)?;
        } else if rest.starts_with('.') {
            part = fraction(rest)?;
        } else if !rest.is_empty() {
            return Err(Fault::Format);
        }
        value *= sign;
        if sign < 0 {
            part = -part;
        }
        self.add_unit(value, part, unit)
    }

    fn add_unit(&mut self, value: i64, part: f64, unit: Unit) -> Result<(Found, Unit), Fault> {
        let found = match unit {
            Unit::Microsecond => self.add_micros(value, part, 1).map(|()| MICROSECOND),
            Unit::Millisecond => self.add_micros(value, part, 1_000).map(|()| MILLISECOND),
            Unit::Second => self.add_micros(value, part, US_PER_SECOND).map(|()| if part == 0.0 { SECOND } else { SUBSECONDS }),
            Unit::Minute => self.add_micros(value, part, US_PER_MINUTE).map(|()| MINUTE),
            Unit::Hour => return self.add_micros(value, part, US_PER_HOUR).map(|()| (HOUR, Unit::Day)),
            Unit::Day => self.add_days(value, 1).and_then(|()| self.add_part_micros(part, US_PER_DAY_F)).map(|()| DAY),
            Unit::Week => self.add_days(value, 7).and_then(|()| self.add_part_days(part, 7.0)).map(|()| WEEK),
            Unit::Month => self.add_months(value).and_then(|()| self.add_part_months(part)).map(|()| MONTH),
            Unit::Year => self.add_years(value, part, 1).map(|()| YEAR),
            Unit::Decade => self.add_years(value, part, 10).map(|()| DECADE),
            Unit::Century => self.add_years(value, part, 100).map(|()| CENTURY),
            Unit::Millennium => self.add_years(value, part, 1_000).map(|()| MILLENNIUM),
            Unit::Quarter | Unit::Ago => Err(Fault::Format),
        };
        found.map(|found| (found, unit))
    }
}

/// The hours, minutes, seconds and microseconds of a time, all of one sign.
pub(crate) struct Clock {
    pub(crate) negative: bool,
    pub(crate) hours: u64,
    pub(crate) minutes: u64,
    pub(crate) seconds: u64,
    pub(crate) micros: u64,
}

impl Clock {
    pub(crate) fn of(micros: i64) -> Clock {
        let size = micros.unsigned_abs();
        let unit = |us: i64| us.unsigned_abs();
        Clock {
            negative: micros < 0,
            hours: size / unit(US_PER_HOUR),
            minutes: size % unit(US_PER_HOUR) / unit(US_PER_MINUTE),
            seconds: size % unit(US_PER_MINUTE) / unit(US_PER_SECOND),
            micros: size % unit(US_PER_SECOND),
        }
    }
}

const _: () = assert!(US_PER_DAY == 86_400_000_000);
