//! Reads an `interval` in ISO 8601's two forms: with designators (`P1Y2M3DT4H5M6S`) and alternative (`P0001-02-03T04:05:06`).

use crate::value::time::calendar::{US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND};
use crate::value::time::fault::Fault;
use crate::value::time::interval::{Parts, US_PER_DAY_F};

/// No field may be larger, so that floats hold it exactly.
const FIELD_MAX: f64 = 1e15;

/// A number of the form `[-]ddd[.ddd]`.
struct Number {
    whole: i64,
    part: f64,
    /// How many digits stand before the point.
    width: usize,
}

/// Reads an interval that starts with `P`.
pub(crate) fn iso(text: &str) -> Result<Parts, Fault> {
    let Some(mut rest) = text.strip_prefix('P').filter(|rest| !rest.is_empty()) else { return Err(Fault::Format) };
    let mut parts = Parts::default();
    let mut in_date = true;
    // Whether this half has a field already; then the alternative form is over.
    let mut begun = false;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('T') {
            in_date = false;
            begun = false;
            rest = after;
            continue;
        }
        let (number, after) = number(rest)?;
        let unit = after.chars().next();
        let next = after.get(unit.map_or(0, char::len_utf8)..).unwrap_or_default();
        if in_date {
            match designated_date(&mut parts, &number, unit)? {
                true => rest = next,
                false => {
                    if begun {
                        return Err(Fault::Format);
                    }
                    rest = alternative_date(&mut parts, &number, after)?;
                    in_date = false;
                    begun = false;
                    continue;
                }
            }
        } else if designated_time(&mut parts, &number, unit)? {
            rest = next;
        } else if begun {
            return Err(Fault::Format);
        } else {
            alternative_time(&mut parts, &number, after)?;
            return Ok(parts);
        }
        begun = true;
    }
    Ok(parts)
}

/// Adds a date field with its designator; false where it has none.
fn designated_date(parts: &mut Parts, number: &Number, unit: Option<char>) -> Result<bool, Fault> {
    match unit {
        Some('Y') => parts.add_years(number.whole, number.part, 1)?,
        Some('M') => {
            parts.add_months(number.whole)?;
            parts.add_part_months(number.part)?;
        }
        Some('W') => {
            parts.add_days(number.whole, 7)?;
            parts.add_part_days(number.part, 7.0)?;
        }
        Some('D') => add_days(parts, number)?,
        Some('T' | '-') | None => return Ok(false),
        Some(_) => return Err(Fault::Format),
    }
    Ok(true)
}

fn add_days(parts: &mut Parts, number: &Number) -> Result<(), Fault> {
    parts.add_days(number.whole, 1)?;
    parts.add_part_micros(number.part, US_PER_DAY_F)
}

/// Reads `yyyymmdd` or `yyyy-mm-dd`, whose first number has been read, and answers what follows its `T`.
fn alternative_date<'a>(parts: &mut Parts, first: &Number, after: &'a str) -> Result<&'a str, Fault> {
    let end = |after: &'a str| match after.strip_prefix('T') {
        Some(rest) => Some(rest),
        None => after.is_empty().then_some(""),
    };
    if first.width == 8 && !after.starts_with('-') {
        parts.add_years(first.whole / 10_000, 0.0, 1)?;
        parts.add_months(first.whole / 100 % 100)?;
        parts.add_days(first.whole % 100, 1)?;
        parts.add_part_micros(first.part, US_PER_DAY_F)?;
        return end(after).ok_or(Fault::Format);
    }
    parts.add_years(first.whole, first.part, 1)?;
    if let Some(rest) = end(after) {
        return Ok(rest);
    }
    let (month, after) = number(after.get(1..).unwrap_or_default())?;
    parts.add_months(month.whole)?;
    parts.add_part_months(month.part)?;
    if let Some(rest) = end(after) {
        return Ok(rest);
    }
    let (day, after) = number(after.strip_prefix('-').ok_or(Fault::Format)?)?;
    add_days(parts, &day)?;
    end(after).ok_or(Fault::Format)
}

/// Adds a time field with its designator; false where it has none.
fn designated_time(parts: &mut Parts, number: &Number, unit: Option<char>) -> Result<bool, Fault> {
    let scale = match unit {
        Some('H') => US_PER_HOUR,
        Some('M') => US_PER_MINUTE,
        Some('S') => US_PER_SECOND,
        Some(':') | None => return Ok(false),
        Some(_) => return Err(Fault::Format),
    };
    parts.add_micros(number.whole, number.part, scale)?;
    Ok(true)
}

/// Reads `hhmmss` or `hh:mm:ss`, whose first number has been read, to the end.
fn alternative_time(parts: &mut Parts, first: &Number, after: &str) -> Result<(), Fault> {
    if first.width == 6 && after.is_empty() {
        parts.add_micros(first.whole / 10_000, 0.0, US_PER_HOUR)?;
        parts.add_micros(first.whole / 100 % 100, 0.0, US_PER_MINUTE)?;
        parts.add_micros(first.whole % 100, first.part, US_PER_SECOND)?;
        return Ok(());
    }
    parts.add_micros(first.whole, first.part, US_PER_HOUR)?;
    let Some(after) = after.strip_prefix(':') else { return Ok(()) };
    let (minutes, after) = number(after)?;
    parts.add_micros(minutes.whole, minutes.part, US_PER_MINUTE)?;
    if after.is_empty() {
        return Ok(());
    }
    let (seconds, after) = number(after.strip_prefix(':').ok_or(Fault::Format)?)?;
    parts.add_micros(seconds.whole, seconds.part, US_PER_SECOND)?;
    if after.is_empty() { Ok(()) } else { Err(Fault::Format) }
}

/// The number at the start of a text and what follows it.
#[allow(clippy::cast_possible_truncation)]
fn number(text: &str) -> Result<(Number, &str), Fault> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let width = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    let mut length = text.len() - unsigned.len() + width;
    if unsigned.as_bytes().get(width) == Some(&b'.') {
        length += 1 + unsigned.bytes().skip(width + 1).take_while(u8::is_ascii_digit).count();
    }
    let (number, rest) = text.split_at(length);
    let value: f64 = number.parse().map_err(|_| Fault::Format)?;
    if !(-FIELD_MAX..=FIELD_MAX).contains(&value) {
        return Err(Fault::Overflow);
    }
    Ok((Number { whole: value.trunc() as i64, part: value.fract(), width }, rest))
}
