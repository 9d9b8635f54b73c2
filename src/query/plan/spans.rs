//! `interval '…'` with fields behind it (PostgreSQL 15, section 8.5.4): what a number without a unit counts, and which fields are kept.

use datafusion::sql::sqlparser::ast::{DateTimeField, Interval};

use crate::error::{Error, Kind, Result};
use crate::value::Style;
use crate::value::time::calendar::{US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND};
use crate::value::time::interval::{Span, interval};

/// Digits behind the point of seconds, as they are kept.
const DIGITS: u64 = 6;

/// The fields that an interval can be kept to, from the largest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

fn field(written: &DateTimeField) -> Option<Field> {
    Some(match written {
        DateTimeField::Year | DateTimeField::Years => Field::Year,
        DateTimeField::Month | DateTimeField::Months => Field::Month,
        DateTimeField::Day | DateTimeField::Days => Field::Day,
        DateTimeField::Hour | DateTimeField::Hours => Field::Hour,
        DateTimeField::Minute | DateTimeField::Minutes => Field::Minute,
        DateTimeField::Second | DateTimeField::Seconds => Field::Second,
        _ => return None,
    })
}

/// The text of an interval literal with its fields and its precision applied.
///
/// # Errors
/// As the input function's; 42601 for fields that do not belong together.
pub(super) fn of_literal(text: &str, literal: &Interval) -> Result<String> {
    let digits = literal.fractional_seconds_precision.or(literal.leading_precision);
    let Some(leading) = &literal.leading_field else {
        return match digits {
            None => Ok(text.to_owned()),
            Some(digits) => Ok(written(rounded(interval(text, &Style::default())?, digits))),
        };
    };
    let last = literal.last_field.as_ref().unwrap_or(leading);
    let (Some(first), Some(last)) = (field(leading), field(last)) else {
        return Err(Error::new(Kind::SyntaxError, format!("syntax error at or near \"{leading}\"")));
    };
    let years = |field: Field| field <= Field::Month;
    if first > last || years(first) != years(last) {
        return Err(Error::new(Kind::SyntaxError, format!("syntax error at or near \"{last:?}\"").to_lowercase()));
    }
    let span = kept(interval(&with_units(text, first, last), &Style::default())?, last);
    Ok(written(digits.map_or(span, |digits| rounded(span, digits))))
}

/// A number without a unit counts the last field, and one before it, or before a time of day, days.
fn with_units(text: &str, first: Field, last: Field) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let number = |word: &str| word.parse::<f64>().is_ok();
    let unit = match last {
        Field::Year => "years",
        Field::Month => "months",
        Field::Day => "days",
        Field::Hour => "hours",
        Field::Minute => "minutes",
        Field::Second => "seconds",
    };
    match &words[..] {
        [only] if number(only) => format!("{only} {unit}"),
        [days, rest] if number(days) && number(rest) && last >= Field::Hour => format!("{days} days {rest} {unit}"),
        // Two parts of a time are minutes and seconds where those are asked for.
        [only] if first == Field::Minute && last == Field::Second && only.matches(':').count() == 1 => format!("0:{only}"),
        _ => text.to_owned(),
    }
}

/// The span without the fields behind the last one (`AdjustIntervalForTypmod` in PostgreSQL's `timestamp.c`).
fn kept(span: Span, last: Field) -> Span {
    let Span { months, days, micros } = span;
    match last {
        Field::Year => Span { months: months / 12 * 12, days: 0, micros: 0 },
        Field::Month => Span { months, days: 0, micros: 0 },
        Field::Day => Span { months, days, micros: 0 },
        Field::Hour => Span { months, days, micros: micros / US_PER_HOUR * US_PER_HOUR },
        Field::Minute => Span { months, days, micros: micros / US_PER_MINUTE * US_PER_MINUTE },
        Field::Second => span,
    }
}

/// The span with so many digits behind the point of its seconds.
fn rounded(span: Span, digits: u64) -> Span {
    let Some(dropped) = DIGITS.checked_sub(digits).and_then(|dropped| u32::try_from(dropped).ok()) else { return span };
    let unit = 10_i64.pow(dropped);
    let half = if span.micros < 0 { -unit / 2 } else { unit / 2 };
    Span { micros: span.micros.saturating_add(half) / unit * unit, ..span }
}

fn written(span: Span) -> String {
    let Span { months, days, micros } = span;
    let sign = if micros < 0 { "-" } else { "" };
    let (seconds, parts) =
        (micros.unsigned_abs() / US_PER_SECOND.unsigned_abs(), micros.unsigned_abs() % US_PER_SECOND.unsigned_abs());
    format!("{months} months {days} days {sign}{seconds}.{parts:06} seconds")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_behind_the_last_are_left_out() {
        let of = |text: &str, last| written(kept(interval(text, &Style::default()).unwrap(), last));
        assert_eq!(of("1 year 2 months", Field::Year), "12 months 0 days 0.000000 seconds");
        assert_eq!(of("5 days -3:59", Field::Hour), "0 months 5 days -10800.000000 seconds");
    }
}
