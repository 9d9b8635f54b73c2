//! `generate_series` as an array, for FROM and SELECT lists to unnest (PostgreSQL 15, section 9.25).

use std::sync::Arc;

use chrono::{DateTime, Months, NaiveDateTime, TimeDelta};
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{
    Decimal128Type, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, TimestampMicrosecondType,
};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Volatility;

use super::operator;
use super::scalar::{Argument, Arguments, Definition};
use super::time::{to_local, to_utc};
use crate::error::{Error, Kind, Result};
use crate::query::errors::unwrap;
use crate::value::SqlType;

pub(super) static DEFINITIONS: [Definition; 1] =
    [Definition { name: "generate_series", volatility: Volatility::Stable, result, run }];

/// Elements of one series that is held in memory.
const ELEMENTS_MAX: usize = 10_000_000;

fn result(types: &[Argument]) -> Option<SqlType> {
    element(types).map(|element| SqlType::Array(Box::new(element)))
}

/// The type of the elements.
fn element(types: &[Argument]) -> Option<SqlType> {
    let known = |argument: &Argument| match argument {
        Argument::Of(sql_type) => Some(sql_type.clone()),
        Argument::Unknown => None,
    };
    let moment = |argument: &Argument| {
        matches!(argument, Argument::Unknown | Argument::Of(SqlType::Date | SqlType::Timestamp | SqlType::Timestamptz))
    };
    if let [from, to, step] = types
        && moment(from)
        && moment(to)
        && step.is(&SqlType::Interval)
        && (known(from).is_some() || known(to).is_some())
    {
        // A date becomes the preferred of the two types.
        let zoned = [from, to].into_iter().filter_map(known).any(|own| own != SqlType::Timestamp);
        return Some(if zoned { SqlType::Timestamptz } else { SqlType::Timestamp });
    }
    if !(2..=3).contains(&types.len()) {
        return None;
    }
    let met = types.iter().filter_map(known).try_fold(None::<SqlType>, |met, next| {
        Some(Some(match met {
            Some(met) => {
                let scale = operator::scale_of(&met).max(operator::scale_of(&next));
                match operator::meeting(&met, &next)? {
                    SqlType::Numeric(_, _) => SqlType::Numeric(37, scale),
                    other => other,
                }
            }
            None => next,
        }))
    })??;
    match met {
        SqlType::Int2 | SqlType::Int4 => Some(SqlType::Int4),
        SqlType::Int8 | SqlType::Numeric(_, _) => Some(met),
        _ => None,
    }
}

fn run(given: &Arguments) -> Result<ArrayRef> {
    let SqlType::Array(element) = &given.result else {
        return Err(Error::internal("generate_series gives an array"));
    };
    let lists = (0..given.rows)
        .map(|row| {
            let elements = match element.as_ref() {
                SqlType::Timestamp | SqlType::Timestamptz => moments(given, row, element)?,
                SqlType::Numeric(precision, scale) => numbers(
                    given,
                    row,
                    element,
                    |array| array.as_primitive::<Decimal128Type>().value(row),
                    10_i128.pow(u32::from(scale.unsigned_abs())),
                )?
                .map(|values| values.into_iter().map(|value| ScalarValue::Decimal128(Some(value), *precision, *scale)).collect()),
                _ => numbers(given, row, &SqlType::Int8, |array| i128::from(array.as_primitive::<Int64Type>().value(row)), 1)?
                    .map(|values| values.into_iter().map(|value| whole(value, element)).collect()),
            };
            Ok(elements.map(|elements: Vec<ScalarValue>| ScalarValue::new_list(&elements, &element.arrow(), true)))
        })
        .collect::<Result<Vec<_>>>()?;
    let none = ScalarValue::try_from(&given.result.arrow()).map_err(unwrap)?;
    let scalars: Vec<ScalarValue> = lists.into_iter().map(|list| list.map_or_else(|| none.clone(), ScalarValue::List)).collect();
    let array = if scalars.is_empty() {
        datafusion::arrow::array::new_empty_array(&given.result.arrow())
    } else {
        ScalarValue::iter_to_array(scalars).map_err(unwrap)?
    };
    super::cast::conformed(&array, &given.result.arrow())
        .map_err(|cause| Error::internal(format!("a series did not become a list: {cause}")))
}

#[allow(clippy::cast_possible_truncation)]
fn whole(value: i128, element: &SqlType) -> ScalarValue {
    // Between two bounds of the element's type there is nothing outside it.
    if *element == SqlType::Int4 { ScalarValue::Int32(Some(value as i32)) } else { ScalarValue::Int64(Some(value as i64)) }
}

/// The numbers of one row's series; `None` for a NULL bound or step.
fn numbers(
    given: &Arguments,
    row: usize,
    as_type: &SqlType,
    read: impl Fn(&ArrayRef) -> i128,
    unit: i128,
) -> Result<Option<Vec<i128>>> {
    let mut bounds = Vec::with_capacity(3);
    for at in 0..given.arrays.len() {
        let array = given.as_type(at, as_type)?;
        if array.is_null(row) {
            return Ok(None);
        }
        bounds.push(read(&array));
    }
    let (from, to, step) = (bounds[0], bounds[1], bounds.get(2).copied().unwrap_or(unit));
    if step == 0 {
        return Err(no_step());
    }
    let mut values = Vec::new();
    let mut next = from;
    while if step > 0 { next <= to } else { next >= to } {
        bounded(values.len())?;
        values.push(next);
        next += step;
    }
    Ok(Some(values))
}

fn bounded(elements: usize) -> Result<()> {
    if elements < ELEMENTS_MAX {
        return Ok(());
    }
    Err(Error::new(Kind::ProgramLimitExceeded, format!("a series of more than {ELEMENTS_MAX} elements does not fit into memory"))
        .with_hint("Whole numbers with constant bounds in FROM are not bounded so."))
}

fn no_step() -> Error {
    Error::new(Kind::InvalidParameterValue, "step size cannot equal zero")
}

fn moments(given: &Arguments, row: usize, element: &SqlType) -> Result<Option<Vec<ScalarValue>>> {
    let (from, to, steps) = (given.as_type(0, element)?, given.as_type(1, element)?, given.as_type(2, &SqlType::Interval)?);
    if from.is_null(row) || to.is_null(row) || steps.is_null(row) {
        return Ok(None);
    }
    let moment = |array: &ArrayRef| array.as_primitive::<TimestampMicrosecondType>().value(row);
    let step = steps.as_primitive::<IntervalMonthDayNanoType>().value(row);
    let (from, to) = (moment(&from), moment(&to));
    let sign = (i64::from(step.months) * 30 + i64::from(step.days)) * 86_400_000_000 + step.nanoseconds / 1_000;
    if sign == 0 {
        return Err(no_step());
    }
    let zone: Option<Arc<str>> = (*element == SqlType::Timestamptz).then(|| Arc::from("UTC"));
    let mut values = Vec::new();
    let mut next = from;
    while if sign > 0 { next <= to } else { next >= to } {
        bounded(values.len())?;
        values.push(ScalarValue::TimestampMicrosecond(Some(next), zone.clone()));
        // Days and months are those of the session's zone.
        let moved = match zone {
            Some(_) => moved(to_local(next, given.style.timezone), step).map(|local| to_utc(local, given.style.timezone)),
            None => moved(next, step),
        };
        next = moved.ok_or_else(|| Error::new(Kind::DatetimeFieldOverflow, "timestamp out of range"))?;
    }
    Ok(Some(values))
}

/// A moment moved by months, then days, then time.
fn moved(moment: i64, by: IntervalMonthDayNano) -> Option<i64> {
    let start: NaiveDateTime = DateTime::from_timestamp_micros(moment)?.naive_utc();
    let months = Months::new(by.months.unsigned_abs());
    let start = if by.months < 0 { start.checked_sub_months(months)? } else { start.checked_add_months(months)? };
    let moved = start.checked_add_signed(TimeDelta::try_days(i64::from(by.days))?)?;
    Some(moved.checked_add_signed(TimeDelta::nanoseconds(by.nanoseconds))?.and_utc().timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_as_long_as_they_are() {
        let january = DateTime::parse_from_rfc3339("2024-01-31T12:00:00Z").unwrap().timestamp_micros();
        let february = DateTime::parse_from_rfc3339("2024-02-29T12:00:00Z").unwrap().timestamp_micros();
        assert_eq!(moved(january, IntervalMonthDayNano::new(1, 0, 0)), Some(february));
    }

    #[test]
    fn the_elements_have_the_type_of_the_bounds() {
        let of = |types: &[SqlType]| element(&types.iter().cloned().map(Argument::Of).collect::<Vec<_>>());
        assert_eq!(of(&[SqlType::Int4, SqlType::Int8]), Some(SqlType::Int8));
        assert_eq!(of(&[SqlType::Int4, SqlType::Numeric(2, 1)]), Some(SqlType::Numeric(37, 1)));
        assert_eq!(of(&[SqlType::Timestamp, SqlType::Timestamp, SqlType::Interval]), Some(SqlType::Timestamp));
        assert_eq!(of(&[SqlType::Text, SqlType::Text]), None);
    }
}
