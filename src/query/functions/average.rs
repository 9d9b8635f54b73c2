//! What stands around the aggregate `avg`: the average of integers and of `numeric` is a `numeric` with sixteen digits behind the
//! point, and not a binary fraction.
//!
//! PostgreSQL writes more digits for averages below 1 and fewer from 10,000 on; the value is the same.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Decimal128Array};
use datafusion::arrow::datatypes::Decimal128Type;

use super::scalar::{Argument, Arguments, Definition, immutable};
use crate::error::{Error, Kind, Result};
use crate::value::SqlType;

/// The function around the argument, which nobody types.
pub(in crate::query) const AVERAGE_INPUT: &str = "input of avg";
/// The function around the aggregate, which nobody types.
pub(in crate::query) const AVERAGE_OUTPUT: &str = "output of avg";

/// What is summed: 21 digits before the point.
const INPUT: SqlType = SqlType::Numeric(34, 13);
/// What the aggregate makes of it, cut off behind one digit more than is kept.
const CUT: SqlType = SqlType::Numeric(38, 17);
const OUTPUT: SqlType = SqlType::Numeric(38, 16);

pub(super) static DEFINITIONS: [Definition; 2] = [
    immutable(AVERAGE_INPUT, |types| around(types, &INPUT), input),
    immutable(AVERAGE_OUTPUT, |types| around(types, &OUTPUT), output),
];

/// Exact numbers get the digits; everything else stays what it is.
fn around(types: &[Argument], exact: &SqlType) -> Option<SqlType> {
    match types {
        [Argument::Of(SqlType::Int2 | SqlType::Int4 | SqlType::Int8 | SqlType::Numeric(_, _))] => Some(exact.clone()),
        [Argument::Of(SqlType::Float4)] => Some(SqlType::Float8),
        [Argument::Of(own @ SqlType::Float8)] => Some(own.clone()),
        _ => None,
    }
}

fn input(given: &Arguments) -> Result<ArrayRef> {
    given.as_type(0, &given.result)
}

fn output(given: &Arguments) -> Result<ArrayRef> {
    if given.result != OUTPUT {
        return given.as_type(0, &given.result);
    }
    let cut = given.as_type(0, &CUT)?;
    let rounded = cut.as_primitive::<Decimal128Type>().iter().map(|value| value.map(|value| (value + 5 * value.signum()) / 10));
    let rounded: Decimal128Array = rounded.collect();
    rounded.validate_decimal_precision(38).map_err(|_| Error::new(Kind::NumericValueOutOfRange, "numeric field overflow"))?;
    Ok(Arc::new(rounded.with_data_type(OUTPUT.arrow())))
}
