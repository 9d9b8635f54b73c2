//! `to_char`, `to_timestamp`, `to_date` and `to_number` (PostgreSQL 15, section 9.8).

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Date32Array, Float64Array};
use datafusion::arrow::datatypes::Float64Type;
use datafusion::logical_expr::Volatility;

use super::scalar::{Argument, Arguments, Definition, takes, text, texts_of};
use super::time;
use crate::error::{Error, Kind, Result};
use crate::value::template::field::{Piece, pieces};
use crate::value::template::moment::Parts;
use crate::value::template::number::Template;
use crate::value::template::reader::{self, Moment};
use crate::value::time::calendar::{LAST_DATE, US_PER_DAY, US_PER_SECOND};
use crate::value::time::interval::Span;
use crate::value::{BARE_NUMERIC, ColumnBuilder, SqlType};

/// Digits that every `double precision` keeps.
const FLOAT_DIGITS: usize = 15;

pub(super) static DEFINITIONS: [Definition; 4] = [
    Definition { name: "to_char", volatility: Volatility::Stable, result: to_char_result, run: to_char },
    Definition {
        name: "to_timestamp",
        volatility: Volatility::Stable,
        result: |types| match types {
            [number] if number.is_number() => Some(SqlType::Timestamptz),
            _ => takes(types, &[SqlType::Text, SqlType::Text]).then_some(SqlType::Timestamptz),
        },
        run: |given| if given.arrays.len() == 1 { time::of_seconds(given) } else { to_timestamp(given) },
    },
    Definition {
        name: "to_date",
        volatility: Volatility::Stable,
        result: |types| takes(types, &[SqlType::Text, SqlType::Text]).then_some(SqlType::Date),
        run: to_date,
    },
    Definition {
        name: "to_number",
        volatility: Volatility::Stable,
        result: |types| takes(types, &[SqlType::Text, SqlType::Text]).then_some(SqlType::Numeric(BARE_NUMERIC.0, BARE_NUMERIC.1)),
        run: to_number,
    },
];

fn to_char_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [
            Argument::Of(
                SqlType::Date
                | SqlType::Timestamp
                | SqlType::Timestamptz
                | SqlType::Interval
                | SqlType::Time
                | SqlType::Int2
                | SqlType::Int4
                | SqlType::Int8
                | SqlType::Float4
                | SqlType::Float8
                | SqlType::Numeric(_, _),
            ),
            template,
        ] if template.is_text() => Some(SqlType::Text),
        _ => None,
    }
}

fn to_char(given: &Arguments) -> Result<ArrayRef> {
    match given.sql_type(0) {
        SqlType::Date | SqlType::Timestamp | SqlType::Timestamptz | SqlType::Interval | SqlType::Time => moments(given),
        _ => numbers(given),
    }
}

/// The template of a row, read once where all rows have the same.
struct Templates<T> {
    texts: datafusion::arrow::array::StringViewArray,
    last: Option<(String, T)>,
}

impl<T> Templates<T> {
    fn new(given: &Arguments) -> Result<Templates<T>> {
        Ok(Templates { texts: given.texts(1)?, last: None })
    }

    fn row(&mut self, row: usize, parse: impl Fn(&str) -> Result<T>) -> Result<Option<&T>> {
        let Some(template) = text(&self.texts, row) else { return Ok(None) };
        if self.last.as_ref().is_none_or(|(text, _)| text != template) {
            self.last = Some((template.to_owned(), parse(template)?));
        }
        Ok(self.last.as_ref().map(|(_, parsed)| parsed))
    }
}

fn moments(given: &Arguments) -> Result<ArrayRef> {
    let mut templates: Templates<Vec<Piece>> = Templates::new(given)?;
    let zone = given.style.timezone;
    let own = given.sql_type(0);
    let spans = matches!(own, SqlType::Interval | SqlType::Time).then(|| time::spans(given, 0)).transpose()?;
    // A date is the instant at which it begins.
    let wanted = if own == SqlType::Timestamp { SqlType::Timestamp } else { SqlType::Timestamptz };
    let moments = if spans.is_none() { time::moments(given, 0, &wanted)? } else { vec![] };
    texts_of(given.rows, |row| {
        let parts = match &spans {
            Some(spans) if spans.is_null(row) => None,
            Some(spans) => {
                let span = spans.value(row);
                Some(Parts::of_interval(Span { months: span.months, days: span.days, micros: span.nanoseconds / 1_000 }))
            }
            None => moments[row].and_then(|us| {
                if wanted == SqlType::Timestamp { Parts::of_timestamp(us) } else { Parts::of_timestamptz(us, zone) }
            }),
        };
        let (Some(parts), Some(pieces)) = (parts, templates.row(row, |template| Ok(pieces(template)))?) else { return Ok(None) };
        if pieces.is_empty() { Ok(None) } else { parts.write(pieces, &given.style).map(Some) }
    })
}

fn numbers(given: &Arguments) -> Result<ArrayRef> {
    let mut templates: Templates<Option<Template>> = Templates::new(given)?;
    let parse = |template: &str| if template.is_empty() { Ok(None) } else { Template::parse(template).map(Some) };
    let floating = matches!(given.sql_type(0), SqlType::Float4 | SqlType::Float8);
    let single = given.sql_type(0) == SqlType::Float4;
    let floats: Option<Float64Array> =
        if floating { Some(given.as_type(0, &SqlType::Float8)?.as_primitive::<Float64Type>().clone()) } else { None };
    let texts = given.texts(0)?;
    texts_of(given.rows, |row| {
        let Some(number) = text(&texts, row) else { return Ok(None) };
        let Some(template) = templates.row(row, parse)? else { return Ok(None) };
        // An empty template writes nothing.
        let Some(template) = template else { return Ok(Some(String::new())) };
        Ok(Some(match &floats {
            Some(floats) => float(floats.value(row), single, template),
            None => decimal(number, template),
        }))
    })
}

fn decimal(number: &str, template: &Template) -> String {
    if template.is_roman() {
        return template.write_roman(rounded(number, 0, 0).parse().ok());
    }
    if template.is_scientific() {
        return template.write_scientific(&scientific(number, template.scale()));
    }
    template.write(&rounded(number, template.shift(), template.scale()))
}

fn float(number: f64, single: bool, template: &Template) -> String {
    if template.is_roman() {
        return template.write_roman(format!("{:.0}", number.round_ties_even()).parse().ok());
    }
    if template.is_scientific() {
        if !number.is_finite() {
            return template.no_scientific();
        }
        let text = format!("{number:.*e}", template.scale());
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        return template.write_scientific(&format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs()));
    }
    let shifted = number * 10_f64.powi(i32::try_from(template.shift()).unwrap_or(0));
    if !shifted.is_finite() {
        return template.write(if shifted.is_nan() {
            "NaN"
        } else if shifted < 0.0 {
            "-Infinity"
        } else {
            "Infinity"
        });
    }
    let digits = if single { 6 } else { FLOAT_DIGITS };
    let whole = format!("{:.0}", shifted.abs()).len();
    let scale = if whole >= digits { 0 } else { template.scale().min(digits - whole) };
    template.write(&format!("{shifted:.scale$}"))
}

/// A decimal number with its point moved to the right, rounded half away from zero to a scale.
fn rounded(number: &str, shift: usize, scale: usize) -> String {
    let negative = number.starts_with('-');
    let digits = number.trim_start_matches('-');
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let mut digits: Vec<u8> = whole.bytes().chain(part.bytes()).collect();
    let point = whole.len() + shift;
    let end = point + scale;
    let up = digits.get(end).is_some_and(|digit| *digit >= b'5');
    digits.resize(end, b'0');
    if up {
        let mut carried = true;
        for digit in digits.iter_mut().rev() {
            if *digit == b'9' {
                *digit = b'0';
            } else {
                *digit += 1;
                carried = false;
                break;
            }
        }
        if carried {
            digits.insert(0, b'1');
        }
    }
    let point = digits.len() - scale;
    let text = String::from_utf8_lossy(&digits);
    let (whole, part) = text.split_at(point);
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if negative && digits.iter().any(|digit| *digit != b'0') { "-" } else { "" };
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

/// A decimal number with one digit before the point and an exponent of at least two.
fn scientific(number: &str, scale: usize) -> String {
    let negative = number.starts_with('-');
    let digits = number.trim_start_matches('-');
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all: String = format!("{whole}{part}");
    let Some(first) = all.bytes().position(|digit| digit != b'0') else {
        return if scale == 0 { "0e+00".to_owned() } else { format!("0.{}e+00", "0".repeat(scale)) };
    };
    let signed = |at: usize| i64::try_from(at).unwrap_or(0);
    let mut exponent = signed(whole.len()) - signed(first) - 1;
    let mantissa = all.get(first..).unwrap_or_default();
    let mut text = rounded(&format!("{}.{}", &mantissa[..1], &mantissa[1..]), 0, scale);
    if text.starts_with("10") {
        exponent += 1;
        text = rounded("1.0", 0, scale);
    }
    format!("{}{text}e{}{:02}", if negative { "-" } else { "" }, if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

fn read_moments(given: &Arguments, mut with: impl FnMut(Option<(Moment, &str)>) -> Result<()>) -> Result<()> {
    let texts = given.texts(0)?;
    let mut templates: Templates<Vec<Piece>> = Templates::new(given)?;
    for row in 0..given.rows {
        match (text(&texts, row), templates.row(row, |template| Ok(pieces(template)))?) {
            (Some(text), Some(pieces)) => with(Some((reader::read(text, pieces)?, text)))?,
            _ => with(None)?,
        }
    }
    Ok(())
}

fn to_timestamp(given: &Arguments) -> Result<ArrayRef> {
    let zone = given.style.timezone;
    let mut values = Vec::with_capacity(given.rows);
    read_moments(given, |read| {
        values.push(match read {
            None => None,
            Some((moment, text)) => {
                let bad = || Error::new(Kind::DatetimeFieldOverflow, format!("timestamp out of range: \"{text}\""));
                let local = moment.days.checked_mul(US_PER_DAY).and_then(|us| us.checked_add(moment.of_day)).ok_or_else(bad)?;
                Some(match moment.offset {
                    Some(offset) => local - offset * US_PER_SECOND,
                    None => time::to_utc(local, zone),
                })
            }
        });
        Ok(())
    })?;
    Ok(time::timestamptz(values))
}

fn to_date(given: &Arguments) -> Result<ArrayRef> {
    let mut values = Vec::with_capacity(given.rows);
    read_moments(given, |read| {
        values.push(match read {
            None => None,
            Some((moment, _)) if moment.days <= LAST_DATE && moment.days >= -2_440_588 => i32::try_from(moment.days).ok(),
            Some((_, text)) => {
                return Err(Error::new(Kind::DatetimeFieldOverflow, format!("date out of range: \"{text}\"")));
            }
        });
        Ok(())
    })?;
    Ok(Arc::new(Date32Array::from(values)))
}

fn to_number(given: &Arguments) -> Result<ArrayRef> {
    let texts = given.texts(0)?;
    let mut templates: Templates<Option<Template>> = Templates::new(given)?;
    let parse = |template: &str| if template.is_empty() { Ok(None) } else { Template::parse(template).map(Some) };
    let mut out = ColumnBuilder::new(&given.result, given.rows);
    for row in 0..given.rows {
        match (text(&texts, row), templates.row(row, parse)?) {
            (Some(text), Some(Some(template))) => {
                let number = template.read(text)?;
                let shift = template.shift();
                let number = if shift == 0 { number } else { format!("{}e-{shift}", number.trim()) };
                out.append_text(&number, &given.style)?;
            }
            _ => out.append_null(),
        }
    }
    Ok(out.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_rounded_as_text() {
        for (number, shift, scale, text) in [
            ("1234.5", 0, 2, "1234.50"),
            ("1.995", 0, 2, "2.00"),
            ("-0.001", 0, 2, "0.00"),
            ("12.4", 3, 0, "12400"),
            ("99.95", 0, 1, "100.0"),
            ("0", 0, 0, "0"),
        ] {
            assert_eq!(rounded(number, shift, scale), text, "{number}");
        }
        assert_eq!(scientific("0.0004859", 2), "4.86e-04");
        assert_eq!(scientific("-12345.678", 3), "-1.235e+04");
        assert_eq!(scientific("9.99", 1), "1.0e+01");
    }
}
