//! PostgreSQL's operators on numbers and spans of time: which pairs of types there are, what type each gives, and that a result which
//! does not fit is refused and never wrapped round (PostgreSQL 15, sections 9.3 and 9.9).
//!
//! The planner writes them as calls of functions that are named as the operator is. Comparisons are not here: DataFusion's are
//! PostgreSQL's once both sides have one type.

mod float;
mod integer;
mod numeric;
mod span;

pub(super) use integer::inverted;
pub(super) use span::divided as divided_interval;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::error::ArrowError;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;

use super::scalar::{Argument, Arguments, Definition, Given, immutable};
use crate::error::{Error, Kind, Result};
use crate::query::errors::unwrap;
use crate::value::{BARE_NUMERIC, SqlType, Style};

pub(super) static DEFINITIONS: [Definition; 19] = [
    immutable("+", plus_result, |given| run(given, Operation::Add)),
    immutable("-", minus_result, |given| run(given, Operation::Subtract)),
    immutable("*", times_result, |given| run(given, Operation::Multiply)),
    immutable("/", divide_result, |given| run(given, Operation::Divide)),
    immutable("%", remainder_result, |given| run(given, Operation::Remainder)),
    immutable("^", power_result, |given| run(given, Operation::Power)),
    immutable("&", bits_result, |given| run(given, Operation::And)),
    immutable("|", bits_result, |given| run(given, Operation::Or)),
    immutable("#", bits_result, |given| run(given, Operation::Xor)),
    immutable("<<", shift_result, |given| run(given, Operation::ShiftLeft)),
    immutable(">>", shift_result, |given| run(given, Operation::ShiftRight)),
    immutable("@", absolute_result, |given| run(given, Operation::Absolute)),
    immutable("|/", root_result, float::square_root),
    immutable("||/", root_result, float::cube_root),
    immutable(ARRAY_LIKE, array_result, |given| given.as_type(0, &given.result)),
    immutable(VALUE_LIKE, value_result, |given| given.as_type(0, &given.result)),
    immutable(CAST_AS, cast_result, |_| Err(Error::internal("a written cast was not lowered"))),
    immutable(ARRAY_OF, elements_result, |_| Err(Error::internal("an array of values was not lowered"))),
    immutable(LENGTH_OF_INTERVAL, length_result, span::length),
];

/// The function that stands for an array of no type of its own, with a value of its elements' type behind it.
pub(crate) const ARRAY_LIKE: &str = "array like";

/// The function that stands for a value of no type of its own, with a value of its type behind it.
pub(crate) const VALUE_LIKE: &str = "value like";

/// The function that stands around a written cast with the type's name behind it: DataFusion's names of expressions leave casts out, and
/// so took `sum(x)` and `sum(x::numeric)`, or `GROUP BY t, t::date`, for one column twice.
pub(crate) const CAST_AS: &str = "cast as";

/// The function that stands for `ARRAY[…]`: DataFusion plans what is written so without the columns and queries around it.
pub(crate) const ARRAY_OF: &str = "array of values";

/// The function of an interval that its comparisons compare.
pub(crate) const LENGTH_OF_INTERVAL: &str = "length of interval";

/// What is done to two operands, or to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Add,
    /// With one operand, its negative.
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
    And,
    Or,
    Xor,
    ShiftLeft,
    ShiftRight,
    Absolute,
}

/// The scale to which a quotient of columns is worked out: a common one for all rows, where PostgreSQL chooses row by row to keep
/// sixteen significant digits.
const QUOTIENT_SCALE: i8 = 16;
/// The largest scale of a product.
const PRODUCT_SCALE_MAX: i8 = 20;

/// The two operand types, one of no type taking the other's; the same type twice for one operand.
fn pair(types: &[Argument]) -> Option<(&SqlType, &SqlType)> {
    match types {
        [Argument::Of(left), Argument::Of(right)] => Some((left, right)),
        [Argument::Of(known), Argument::Unknown] | [Argument::Unknown, Argument::Of(known)] | [Argument::Of(known)] => {
            Some((known, known))
        }
        _ => None,
    }
}

/// How wide a number's type is; `None` for what is no number.
fn rank(sql_type: &SqlType) -> Option<u8> {
    match sql_type {
        SqlType::Int2 => Some(1),
        SqlType::Int4 => Some(2),
        SqlType::Int8 => Some(3),
        SqlType::Numeric(_, _) => Some(4),
        SqlType::Float4 => Some(5),
        SqlType::Float8 => Some(6),
        _ => None,
    }
}

/// The type in which two numbers meet; numerics without their scale.
pub(crate) fn meeting(left: &SqlType, right: &SqlType) -> Option<SqlType> {
    let (left_rank, right_rank) = (rank(left)?, rank(right)?);
    // Only `real` with `real` stays `real`: there is no operator for it and another type.
    let mixed = (left_rank == 5 || right_rank == 5) && left_rank != right_rank;
    Some(if mixed {
        SqlType::Float8
    } else if left_rank >= right_rank {
        left.clone()
    } else {
        right.clone()
    })
}

/// Digits after the point of a number's type.
pub(super) fn scale_of(sql_type: &SqlType) -> i8 {
    match sql_type {
        SqlType::Numeric(_, scale) => *scale,
        _ => 0,
    }
}

/// A worked-out numeric of this scale. That of a bare `numeric` stays bare, so that it is written as one.
fn worked_out(scale: i8, types: &[Argument]) -> SqlType {
    let bare = SqlType::Numeric(BARE_NUMERIC.0, BARE_NUMERIC.1);
    if scale == BARE_NUMERIC.1 && types.iter().any(|argument| *argument == Argument::Of(bare.clone())) {
        return bare;
    }
    SqlType::Numeric(37, scale)
}

fn scaled(types: &[Argument], scale: impl Fn(i8, i8) -> i8) -> Option<SqlType> {
    let (left, right) = pair(types)?;
    match meeting(left, right)? {
        SqlType::Numeric(_, _) => Some(worked_out(scale(scale_of(left), scale_of(right)), types)),
        other => Some(other),
    }
}

fn plus_result(types: &[Argument]) -> Option<SqlType> {
    use SqlType as T;
    match pair(types)? {
        (T::Interval, T::Interval) => Some(T::Interval),
        (T::Time, T::Interval) | (T::Interval, T::Time) if types.len() == 2 => Some(T::Time),
        (T::Date, T::Time) | (T::Time, T::Date) => Some(T::Timestamp),
        _ => scaled(types, i8::max),
    }
}

fn minus_result(types: &[Argument]) -> Option<SqlType> {
    use SqlType as T;
    match pair(types)? {
        (T::Interval, T::Interval) => Some(T::Interval),
        (T::Time, T::Time) if types.len() == 2 => Some(T::Interval),
        (T::Time, T::Interval) => Some(T::Time),
        _ => scaled(types, i8::max),
    }
}

fn times_result(types: &[Argument]) -> Option<SqlType> {
    if types.len() != 2 {
        return None;
    }
    match pair(types)? {
        (SqlType::Interval, number) | (number, SqlType::Interval) if rank(number).is_some() => Some(SqlType::Interval),
        _ => scaled(types, |left, right| left.saturating_add(right).min(PRODUCT_SCALE_MAX.max(left).max(right))),
    }
}

fn divide_result(types: &[Argument]) -> Option<SqlType> {
    if types.len() != 2 {
        return None;
    }
    match pair(types)? {
        (SqlType::Interval, number) if rank(number).is_some() => Some(SqlType::Interval),
        (left, right) => match meeting(left, right)? {
            SqlType::Numeric(_, _) => Some(SqlType::Numeric(37, QUOTIENT_SCALE.max(scale_of(left)).max(scale_of(right)))),
            other => Some(other),
        },
    }
}

fn remainder_result(types: &[Argument]) -> Option<SqlType> {
    match scaled(types, i8::max)? {
        SqlType::Float4 | SqlType::Float8 => None,
        other if types.len() == 2 => Some(other),
        _ => None,
    }
}

fn power_result(types: &[Argument]) -> Option<SqlType> {
    match (scaled(types, i8::max)?, types.len()) {
        (SqlType::Numeric(_, scale), 2) => Some(SqlType::Numeric(37, QUOTIENT_SCALE.max(scale))),
        (_, 2) => Some(SqlType::Float8),
        _ => None,
    }
}

fn bits_result(types: &[Argument]) -> Option<SqlType> {
    let (left, right) = pair(types)?;
    let met = meeting(left, right)?;
    (types.len() == 2 && matches!(met, SqlType::Int2 | SqlType::Int4 | SqlType::Int8)).then_some(met)
}

/// The distance of a shift is an `integer`.
fn shift_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [Argument::Of(of @ (SqlType::Int2 | SqlType::Int4 | SqlType::Int8)), distance] => {
            (distance.is(&SqlType::Int4) || distance.is(&SqlType::Int2)).then(|| of.clone())
        }
        _ => None,
    }
}

pub(super) fn inverted_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [Argument::Of(of @ (SqlType::Int2 | SqlType::Int4 | SqlType::Int8))] => Some(of.clone()),
        _ => None,
    }
}

fn absolute_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [Argument::Of(number)] if rank(number).is_some() => Some(number.clone()),
        _ => None,
    }
}

fn root_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [Argument::Of(number)] if rank(number).is_some() => Some(SqlType::Float8),
        [Argument::Unknown] => Some(SqlType::Float8),
        _ => None,
    }
}

fn array_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [_, Argument::Of(element)] => Some(SqlType::Array(Box::new(element.clone()))),
        [_, Argument::Unknown] => Some(SqlType::Array(Box::new(SqlType::Text))),
        _ => None,
    }
}

fn value_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [_, Argument::Of(own)] => Some(own.clone()),
        [_, Argument::Unknown] => Some(SqlType::Text),
        _ => None,
    }
}

fn cast_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [Argument::Of(own), _] => Some(own.clone()),
        [Argument::Unknown, _] => Some(SqlType::Text),
        _ => None,
    }
}

/// The likely type of an array; lowering finds the certain one.
fn elements_result(types: &[Argument]) -> Option<SqlType> {
    let known = types.iter().filter_map(|argument| match argument {
        Argument::Unknown => None,
        Argument::Of(own) => Some(own.clone()),
    });
    let element = known.reduce(|chosen, next| meeting(&chosen, &next).unwrap_or(chosen)).unwrap_or(SqlType::Text);
    Some(SqlType::Array(Box::new(element)))
}

fn length_result(types: &[Argument]) -> Option<SqlType> {
    matches!(types, [Argument::Of(SqlType::Interval)]).then_some(SqlType::Numeric(38, 0))
}

fn run(given: &Arguments, operation: Operation) -> Result<ArrayRef> {
    match &given.result {
        SqlType::Int2 | SqlType::Int4 | SqlType::Int8 => integer::run(given, operation),
        SqlType::Float4 | SqlType::Float8 => float::run(given, operation),
        SqlType::Numeric(_, scale) => numeric::run(given, operation, *scale),
        _ => span::run(given, operation),
    }
}

/// A call of an operator on constants, worked out; `None` where it is none, or fails, which is for the running statement to say.
///
/// Besides saving time this gives a quotient of constants the scale that PostgreSQL gives it.
pub(crate) fn folded(name: &str, args: &[Expr], style: &Style) -> Option<Expr> {
    let definition = DEFINITIONS.iter().find(|definition| definition.name == name)?;
    let mut types = Vec::with_capacity(args.len());
    let mut arrays = Vec::with_capacity(args.len());
    for arg in args {
        let Expr::Literal(value, metadata) = arg else { return None };
        if value.is_null() {
            return None;
        }
        let mut field = datafusion::arrow::datatypes::Field::new("", value.data_type(), true);
        if let Some(metadata) = metadata {
            field = metadata.add_to_field(field);
        }
        types.push(Argument::Of(SqlType::of_field(&field)));
        arrays.push(value.to_array().ok()?);
    }
    let mut result = (definition.result)(&types)?;
    if let (SqlType::Numeric(precision, _), "/") = (&result, name) {
        result = SqlType::Numeric(*precision, numeric::quotient_scale(&types, &arrays)?);
    }
    let arrays = arrays.into_iter().map(Given::from).collect();
    let given = Arguments { name: definition.name, types, arrays, rows: 1, style: style.clone(), result: result.clone() };
    let output = (definition.run)(&given).ok()?;
    let value = ScalarValue::try_from_array(&output, 0).map_err(unwrap).ok()?;
    let metadata = datafusion::common::metadata::FieldMetadata::from(&result.field("", true));
    Some(Expr::Literal(value, Some(metadata)))
}

fn out_of_range(sql_type: &SqlType) -> Error {
    Error::new(Kind::NumericValueOutOfRange, format!("{sql_type} out of range"))
}

fn division_by_zero() -> Error {
    Error::new(Kind::DivisionByZero, "division by zero")
}

/// Carries an error through one of Arrow's loops.
fn carried(error: Error) -> ArrowError {
    ArrowError::ExternalError(Box::new(error))
}

/// The error that came through one of Arrow's loops.
fn arrived(error: ArrowError) -> Error {
    unwrap(datafusion::common::DataFusionError::ArrowError(Box::new(error), None))
}
