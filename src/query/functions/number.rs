//! Functions on numbers where DataFusion's differ from PostgreSQL's or are not there: `ceil`, `floor`, `trunc`, `mod`.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Decimal128Array, Float64Array};
use datafusion::arrow::compute::kernels::numeric::rem;
use datafusion::arrow::datatypes::{Decimal128Type, Float64Type, Int64Type};
use datafusion::arrow::error::ArrowError;

pub(super) mod exact;
pub(super) mod float;

use super::scalar::{Argument, Arguments, Definition, immutable};
use crate::error::{Error, Kind, Result};
use crate::value::{BARE_NUMERIC, SqlType};

pub(super) static DEFINITIONS: [Definition; 5] = [
    immutable("ceil", whole_result, |given| whole(given, Towards::Above)),
    immutable("ceiling", whole_result, |given| whole(given, Towards::Above)),
    immutable("floor", whole_result, |given| whole(given, Towards::Below)),
    immutable("trunc", trunc_result, trunc),
    immutable("mod", remainder_result, remainder),
];

/// Where the whole number lies that a number becomes.
#[derive(Debug, Clone, Copy)]
enum Towards {
    Above,
    Below,
    Zero,
}

fn whole_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [Argument::Of(SqlType::Numeric(_, _))] => Some(SqlType::Numeric(38, 0)),
        [number] if number.is_integer() => Some(SqlType::Float8),
        [Argument::Of(SqlType::Float4 | SqlType::Float8)] => Some(SqlType::Float8),
        _ => None,
    }
}

fn whole(given: &Arguments, towards: Towards) -> Result<ArrayRef> {
    if let SqlType::Numeric(_, scale) = given.sql_type(0) {
        let unit = 10_i128.pow(u32::try_from(scale).unwrap_or(0));
        let numbers = given.as_type(0, &SqlType::Numeric(38, scale))?;
        let whole = numbers.as_primitive::<Decimal128Type>().iter().map(|number| {
            number.map(|number| match towards {
                Towards::Above => number.div_euclid(unit) + i128::from(number.rem_euclid(unit) != 0),
                Towards::Below => number.div_euclid(unit),
                Towards::Zero => number / unit,
            })
        });
        let whole: Decimal128Array = whole.collect();
        return Ok(Arc::new(whole.with_data_type(SqlType::Numeric(38, 0).arrow())));
    }
    let numbers = given.as_type(0, &SqlType::Float8)?;
    let whole: Float64Array = numbers
        .as_primitive::<Float64Type>()
        .iter()
        .map(|number| {
            number.map(|number| match towards {
                Towards::Above => number.ceil(),
                Towards::Below => number.floor(),
                Towards::Zero => number.trunc(),
            })
        })
        .collect();
    Ok(Arc::new(whole))
}

fn trunc_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [_] => whole_result(types),
        [Argument::Of(SqlType::Numeric(_, _)), places] if places.is_integer() => {
            Some(SqlType::Numeric(BARE_NUMERIC.0, BARE_NUMERIC.1))
        }
        _ => None,
    }
}

/// Cuts off all digits behind the point, or those behind a number of places.
fn trunc(given: &Arguments) -> Result<ArrayRef> {
    if given.arrays.len() == 1 {
        return whole(given, Towards::Zero);
    }
    // Ten digits behind the point, or as many as are kept, are looked at before the rest is cut off.
    let (SqlType::Numeric(_, scale), SqlType::Numeric(_, kept)) = (given.sql_type(0), &given.result) else {
        return Err(Error::internal("trunc to places answers numeric"));
    };
    let numbers = given.as_type(0, &SqlType::Numeric(38, scale))?;
    let places = given.as_type(1, &SqlType::Int8)?;
    let cut: Decimal128Array = numbers
        .as_primitive::<Decimal128Type>()
        .iter()
        .zip(places.as_primitive::<Int64Type>())
        .map(|(number, places)| {
            let (number, places) = number.zip(places)?;
            let dropped = (i64::from(scale) - places).clamp(0, 38);
            let unit = 10_i128.pow(u32::try_from(dropped).unwrap_or(0));
            let cut = number / unit * unit;
            let power = |scale: i8| 10_i128.checked_pow(u32::try_from(scale).unwrap_or(0));
            if *kept >= scale { cut.checked_mul(power(kept - scale)?) } else { Some(cut / power(scale - kept)?) }
        })
        .collect();
    Ok(Arc::new(cut.with_data_type(given.result.arrow())))
}

/// Integers give the wider of their types, `numeric` the larger scale.
fn remainder_result(types: &[Argument]) -> Option<SqlType> {
    let [left, right] = types else { return None };
    if left.is_integer() && right.is_integer() {
        let rank = |side: &Argument| match side {
            Argument::Of(SqlType::Int2) => 0,
            Argument::Unknown | Argument::Of(SqlType::Int4) => 1,
            Argument::Of(_) => 2,
        };
        return Some([SqlType::Int2, SqlType::Int4, SqlType::Int8][rank(left).max(rank(right))].clone());
    }
    let scale = |side: &Argument| match side {
        Argument::Of(SqlType::Numeric(_, scale)) => Some(*scale),
        side if side.is_integer() => Some(0),
        _ => None,
    };
    Some(SqlType::Numeric(38, scale(left)?.max(scale(right)?)))
}

fn remainder(given: &Arguments) -> Result<ArrayRef> {
    let left = given.as_type(0, &given.result)?;
    let right = given.as_type(1, &given.result)?;
    let result = rem(&left, &right).map_err(|cause| match cause {
        ArrowError::DivideByZero => Error::new(Kind::DivisionByZero, "division by zero"),
        other => Error::new(Kind::NumericValueOutOfRange, other.to_string()),
    })?;
    if *result.data_type() == given.result.arrow() {
        return Ok(result);
    }
    datafusion::arrow::compute::cast(&result, &given.result.arrow())
        .map_err(|cause| Error::new(Kind::NumericValueOutOfRange, cause.to_string()))
}
