//! `generate_series` and `generate_subscripts` as arrays, each element of which is a row.

mod stream;

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Int64Array, ListArray, TimestampMicrosecondArray};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Decimal128Type};
use datafusion::logical_expr::Volatility;

pub(in crate::query) use stream::of_moments;

use super::scalar::{Argument, Arguments, Definition, immutable, int};
use super::time::{self, Parts, moved};
use crate::error::{Error, Kind, Result};
use crate::value::SqlType;

/// How many elements one series may have; a longer one of whole numbers that are literals is streamed by the table function.
const ELEMENTS_MAX: usize = 20_000_000;

pub(super) static DEFINITIONS: [Definition; 2] = [
    Definition {
        name: "generate_series",
        volatility: Volatility::Stable,
        result: |types| element(types).map(|element| SqlType::Array(Box::new(element))),
        run: series,
    },
    immutable(
        "generate_subscripts",
        |types| {
            matches!(types, [Argument::Of(SqlType::Array(_) | SqlType::Vector(_)), dimension] if dimension.is_integer())
                .then(|| SqlType::Array(Box::new(SqlType::Int4)))
        },
        subscripts,
    ),
];

fn element(types: &[Argument]) -> Option<SqlType> {
    let [start, stop, step @ ..] = types else { return None };
    if step.len() > 1 {
        return None;
    }
    let all = |test: &dyn Fn(&Argument) -> bool| types.iter().all(test);
    if all(&|argument| argument.is_integer()) && types.iter().any(|argument| *argument != Argument::Unknown) {
        let long = types.contains(&Argument::Of(SqlType::Int8));
        return Some(if long { SqlType::Int8 } else { SqlType::Int4 });
    }
    let exact = |argument: &Argument| argument.is_integer() || argument.is_numeric();
    if all(&exact) && types.iter().any(Argument::is_numeric) {
        let scale = types.iter().map(|argument| match argument {
            Argument::Of(SqlType::Numeric(_, scale)) => *scale,
            _ => 0,
        });
        return Some(SqlType::Numeric(38, scale.max().unwrap_or(0)));
    }
    let spanned = matches!(step, [step] if step.fits(&SqlType::Interval));
    let both = |wanted: &SqlType| start.fits(wanted) && stop.fits(wanted);
    let named = [start, stop].into_iter().any(|argument| *argument == Argument::Of(SqlType::Timestamp));
    match spanned {
        true if named && both(&SqlType::Timestamp) => Some(SqlType::Timestamp),
        true if both(&SqlType::Timestamptz) => Some(SqlType::Timestamptz),
        _ => None,
    }
}

/// The lists, from what each row's series adds to the elements.
fn lists(given: &Arguments, lengths: Vec<usize>, valid: Vec<bool>, elements: &ArrayRef) -> Result<ArrayRef> {
    let DataType::List(item) = given.result.arrow() else { return Err(Error::internal("a series is no array")) };
    let elements = datafusion::arrow::compute::cast(elements, item.data_type())
        .map_err(|_| Error::new(Kind::NumericValueOutOfRange, "integer out of range"))?;
    Ok(Arc::new(ListArray::new(item, OffsetBuffer::from_lengths(lengths), elements, Some(NullBuffer::from(valid)))))
}

fn zero_step() -> Error {
    Error::new(Kind::InvalidParameterValue, "step size cannot equal zero")
}

fn too_many() -> Error {
    Error::new(Kind::ProgramLimitExceeded, format!("a series has more than {ELEMENTS_MAX} elements"))
}

fn series(given: &Arguments) -> Result<ArrayRef> {
    match &given.result {
        SqlType::Array(element) => match element.as_ref() {
            SqlType::Timestamp | SqlType::Timestamptz => moments(given, element),
            SqlType::Numeric(_, _) => numbers(given, element),
            _ => numbers(given, &SqlType::Numeric(38, 0)),
        },
        other => Err(Error::internal(format!("a series is no {other}"))),
    }
}

fn numbers(given: &Arguments, element: &SqlType) -> Result<ArrayRef> {
    let SqlType::Numeric(_, scale) = element else { return Err(Error::internal("a series of numbers has a scale")) };
    let column =
        |at: usize| -> Result<Decimal128Array> { Ok(given.as_type(at, element)?.as_primitive::<Decimal128Type>().clone()) };
    let (starts, stops) = (column(0)?, column(1)?);
    let steps = if given.arrays.len() > 2 { Some(column(2)?) } else { None };
    let one = 10_i128.pow(u32::try_from(*scale).unwrap_or(0));
    let (mut lengths, mut valid, mut elements) = (vec![], vec![], vec![]);
    for row in 0..given.rows {
        let before = elements.len();
        let step = match &steps {
            None => Some(one),
            Some(steps) => steps.is_valid(row).then(|| steps.value(row)),
        };
        let known = starts.is_valid(row) && stops.is_valid(row);
        valid.push(known && step.is_some());
        if let Some(step) = step.filter(|_| known) {
            if step == 0 {
                return Err(zero_step());
            }
            let (mut at, stop) = (starts.value(row), stops.value(row));
            while if step > 0 { at <= stop } else { at >= stop } {
                if elements.len() >= ELEMENTS_MAX {
                    return Err(too_many());
                }
                elements.push(at);
                match at.checked_add(step) {
                    Some(next) => at = next,
                    None => break,
                }
            }
        }
        lengths.push(elements.len() - before);
    }
    let elements: ArrayRef = Arc::new(Decimal128Array::from(elements).with_data_type(element.arrow()));
    lists(given, lengths, valid, &elements)
}

fn moments(given: &Arguments, element: &SqlType) -> Result<ArrayRef> {
    let (starts, stops) = (time::moments(given, 0, element)?, time::moments(given, 1, element)?);
    let steps = time::spans(given, 2)?;
    let zone = (*element == SqlType::Timestamptz).then_some(given.style.timezone);
    let (mut lengths, mut valid, mut elements) = (vec![], vec![], vec![]);
    for row in 0..given.rows {
        let before = elements.len();
        let known = starts[row].zip(stops[row]).filter(|_| steps.is_valid(row));
        valid.push(known.is_some());
        if let Some((start, stop)) = known {
            let step = Parts::of(steps.value(row));
            let direction = step.length().signum();
            if direction == 0 {
                return Err(zero_step());
            }
            let mut at = start;
            while if direction > 0 { at <= stop } else { at >= stop } {
                if elements.len() >= ELEMENTS_MAX {
                    return Err(too_many());
                }
                elements.push(at);
                at = moved(at, step, zone)?;
            }
        }
        lengths.push(elements.len() - before);
    }
    let elements: ArrayRef = match zone {
        Some(_) => time::timestamptz(elements.into_iter().map(Some).collect()),
        None => Arc::new(TimestampMicrosecondArray::from(elements)),
    };
    lists(given, lengths, valid, &elements)
}

fn subscripts(given: &Arguments) -> Result<ArrayRef> {
    let array = given.array(0)?;
    let dimensions = given.ints(1)?;
    let (mut lengths, mut elements) = (vec![], vec![]);
    for row in 0..given.rows {
        let length = array.as_list_opt::<i32>().filter(|lists| lists.is_valid(row)).map_or(0, |lists| lists.value_length(row));
        let length = if int(&dimensions, row) == Some(1) { i64::from(length) } else { 0 };
        elements.extend(1..=length);
        lengths.push(usize::try_from(length).unwrap_or(0));
    }
    let elements: ArrayRef = Arc::new(Int64Array::from(elements));
    let valid = vec![true; lengths.len()];
    lists(given, lengths, valid, &elements)
}
