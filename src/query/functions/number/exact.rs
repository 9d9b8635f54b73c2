//! Functions on integers and `numeric`: `round`, `sign`, `abs`, `div`, `gcd`, `lcm`, `factorial`, scales, `width_bucket`, sizes.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Float64Array};
use datafusion::arrow::datatypes::{Decimal128Type, Float64Type};

use crate::error::{Error, Kind, Result};
use crate::query::functions::scalar::{Argument, Arguments, Definition, immutable, int, ints_of, takes, text};
use crate::value::{BARE_NUMERIC, SqlType};

const WHOLE: SqlType = SqlType::Numeric(38, 0);

pub(in crate::query::functions) static DEFINITIONS: [Definition; 14] = [
    immutable("round", round_result, round),
    immutable("sign", sign_result, sign),
    immutable("abs", abs_result, abs),
    immutable("div", |types| matches!(types, [left, right] if exact(left) && exact(right)).then_some(WHOLE), div),
    immutable("gcd", common_result, |given| common(given, false)),
    immutable("lcm", common_result, |given| common(given, true)),
    immutable("factorial", |types| matches!(types, [only] if only.is_integer()).then_some(WHOLE), factorial),
    immutable("scale", scale_result, |given| scales(given, false)),
    immutable("min_scale", scale_result, |given| scales(given, true)),
    immutable(
        "trim_scale",
        |types| matches!(types, [only] if exact(only)).then_some(SqlType::Numeric(BARE_NUMERIC.0, BARE_NUMERIC.1)),
        |given| given.as_type(0, &given.result),
    ),
    immutable("width_bucket", bucket_result, width_bucket),
    immutable("num_nulls", |types| (!types.is_empty()).then_some(SqlType::Int4), |given| nulls(given, true)),
    immutable("num_nonnulls", |types| (!types.is_empty()).then_some(SqlType::Int4), |given| nulls(given, false)),
    immutable("pg_size_bytes", |types| takes(types, &[SqlType::Text]).then_some(SqlType::Int8), size_bytes),
];

/// An integer or a `numeric`.
fn exact(argument: &Argument) -> bool {
    argument.is_integer() || argument.is_numeric()
}

fn scale_of(argument: &Argument) -> i8 {
    match argument {
        Argument::Of(SqlType::Numeric(_, scale)) => *scale,
        _ => 0,
    }
}

fn unit(scale: i8) -> i128 {
    10_i128.checked_pow(u32::try_from(scale.max(0)).unwrap_or(0)).unwrap_or(i128::MAX)
}

fn out_of_range(what: &str) -> Error {
    Error::new(Kind::NumericValueOutOfRange, format!("{what} out of range"))
}

/// An argument's exact numbers with their scale.
fn decimals(given: &Arguments, at: usize) -> Result<(Decimal128Array, i8)> {
    let scale = given.types.get(at).map_or(0, scale_of);
    let array = given.as_type(at, &SqlType::Numeric(38, scale))?;
    Ok((array.as_primitive::<Decimal128Type>().clone(), scale))
}

fn decimals_of(given: &Arguments, values: impl Iterator<Item = Result<Option<i128>>>) -> Result<ArrayRef> {
    let array = values.collect::<Result<Decimal128Array>>()?;
    Ok(Arc::new(array.with_data_type(given.result.arrow())))
}

/// The result's scale where a literal says how many digits are kept, so that they are all written.
pub(in crate::query::functions) fn kept_scale(name: &str, types: &[Argument], places: Option<i64>) -> Option<SqlType> {
    match (name, types) {
        ("round" | "trunc", [number, _]) if exact(number) => {
            let kept = i8::try_from(places?.clamp(0, 28)).ok()?;
            Some(SqlType::Numeric(38, kept))
        }
        _ => None,
    }
}

fn round_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [number] if number.is_numeric() => Some(WHOLE),
        [number] if number.is_number() => Some(SqlType::Float8),
        [number, places] if exact(number) && *number != Argument::Unknown && places.is_integer() => {
            Some(SqlType::Numeric(BARE_NUMERIC.0, BARE_NUMERIC.1))
        }
        _ => None,
    }
}

/// Exact numbers half away from zero, floating point half to even.
fn round(given: &Arguments) -> Result<ArrayRef> {
    if given.result == SqlType::Float8 {
        let numbers = given.floats(0)?;
        return Ok(Arc::new(numbers.iter().map(|number| number.map(f64::round_ties_even)).collect::<Float64Array>()));
    }
    let (numbers, scale) = decimals(given, 0)?;
    let places = if given.arrays.len() > 1 { Some(given.ints(1)?) } else { None };
    let wanted = match given.result {
        SqlType::Numeric(_, wanted) => wanted,
        _ => 0,
    };
    decimals_of(
        given,
        (0..given.rows).map(|row| {
            let places = match &places {
                None => Some(0),
                Some(places) => int(places, row),
            };
            let (true, Some(places)) = (numbers.is_valid(row), places) else { return Ok(None) };
            let dropped = i64::from(scale) - places;
            let value = numbers.value(row);
            let rounded = match u32::try_from(dropped) {
                Ok(dropped @ 0..=37) => {
                    let unit = 10_i128.pow(dropped);
                    (value.abs() + unit / 2) / unit * unit * value.signum()
                }
                Ok(_) => 0,
                Err(_) => value,
            };
            rescaled(rounded, scale, wanted).map(Some).ok_or_else(|| out_of_range("numeric"))
        }),
    )
}

fn rescaled(value: i128, from: i8, to: i8) -> Option<i128> {
    if to >= from { value.checked_mul(unit(to - from)) } else { Some(value / unit(from - to)) }
}

fn sign_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [number] if number.is_numeric() => Some(WHOLE),
        [number] if number.is_number() => Some(SqlType::Float8),
        _ => None,
    }
}

fn sign(given: &Arguments) -> Result<ArrayRef> {
    if given.result == SqlType::Float8 {
        let numbers = given.floats(0)?;
        let signs = numbers
            .iter()
            .map(|number| number.map(|number| if number == 0.0 || number.is_nan() { number.abs() } else { number.signum() }));
        return Ok(Arc::new(signs.collect::<Float64Array>()));
    }
    let (numbers, _) = decimals(given, 0)?;
    decimals_of(given, numbers.iter().map(|number| Ok(number.map(i128::signum))))
}

fn abs_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [Argument::Unknown] => Some(SqlType::Float8),
        [Argument::Of(own)] if types[0].is_number() => Some(own.clone()),
        _ => None,
    }
}

fn abs(given: &Arguments) -> Result<ArrayRef> {
    let array = given.as_type(0, &given.result)?;
    match &given.result {
        SqlType::Float4 | SqlType::Float8 => {
            let numbers = given.floats(0)?;
            let array: ArrayRef = Arc::new(numbers.iter().map(|number| number.map(f64::abs)).collect::<Float64Array>());
            cast(&array, &given.result)
        }
        SqlType::Numeric(_, _) => {
            decimals_of(given, array.as_primitive::<Decimal128Type>().iter().map(|number| Ok(number.map(i128::abs))))
        }
        own => {
            let numbers = given.ints(0)?;
            let absolute = numbers
                .iter()
                .map(|number| number.map(|number| number.checked_abs().ok_or_else(|| out_of_range(&own.to_string()))).transpose());
            integers(absolute.collect::<Result<Vec<_>>>()?, own)
        }
    }
}

fn cast(array: &ArrayRef, to: &SqlType) -> Result<ArrayRef> {
    datafusion::arrow::compute::cast(array, &to.arrow()).map_err(|_| out_of_range(&to.to_string()))
}

/// Whole numbers as a type that they must fit.
fn integers(values: Vec<Option<i64>>, to: &SqlType) -> Result<ArrayRef> {
    let fits = |value: i64| match to {
        SqlType::Int2 => i16::try_from(value).is_ok(),
        SqlType::Int4 => i32::try_from(value).is_ok(),
        _ => true,
    };
    if values.iter().flatten().any(|value| !fits(*value)) {
        return Err(out_of_range(&to.to_string()));
    }
    let array: ArrayRef = Arc::new(datafusion::arrow::array::Int64Array::from(values));
    cast(&array, to)
}

/// Two numbers of each row; `None` where one is NULL.
type Pairs = Vec<Option<(i128, i128)>>;

/// Two arguments at the larger of their scales.
fn pairs(given: &Arguments) -> Result<Pairs> {
    let ((left, left_scale), (right, right_scale)) = (decimals(given, 0)?, decimals(given, 1)?);
    let scale = left_scale.max(right_scale);
    let pairs = left.iter().zip(&right).map(|pair| match pair {
        (Some(left), Some(right)) => {
            let both = rescaled(left, left_scale, scale).zip(rescaled(right, right_scale, scale));
            both.map(Some).ok_or_else(|| out_of_range("numeric"))
        }
        _ => Ok(None),
    });
    pairs.collect()
}

fn div(given: &Arguments) -> Result<ArrayRef> {
    let pairs = pairs(given)?;
    let quotients = pairs.into_iter().map(|pair| match pair {
        Some((_, 0)) => Err(Error::new(Kind::DivisionByZero, "division by zero")),
        pair => Ok(pair.map(|(left, right)| left / right)),
    });
    decimals_of(given, quotients)
}

/// Integers give the wider of their types, `numeric` the larger scale.
fn common_result(types: &[Argument]) -> Option<SqlType> {
    let [left, right] = types else { return None };
    if !exact(left) || !exact(right) {
        return None;
    }
    if left.is_numeric() || right.is_numeric() {
        return Some(SqlType::Numeric(38, scale_of(left).max(scale_of(right))));
    }
    let long = types.contains(&Argument::Of(SqlType::Int8));
    Some(if long { SqlType::Int8 } else { SqlType::Int4 })
}

fn divisor(left: i128, right: i128) -> i128 {
    let (mut left, mut right) = (left.abs(), right.abs());
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

fn common(given: &Arguments, multiple: bool) -> Result<ArrayRef> {
    let pairs = pairs(given)?;
    let what = given.result.to_string();
    let values = pairs
        .into_iter()
        .map(|pair| match pair {
            None => Ok(None),
            Some((left, right)) => {
                let divisor = divisor(left, right);
                if !multiple {
                    return Ok(Some(divisor));
                }
                if divisor == 0 {
                    return Ok(Some(0));
                }
                (left / divisor).checked_mul(right).map(|value| Some(value.abs())).ok_or_else(|| out_of_range(&what))
            }
        })
        .collect::<Result<Vec<Option<i128>>>>()?;
    if matches!(given.result, SqlType::Numeric(_, _)) {
        return decimals_of(given, values.into_iter().map(Ok));
    }
    let narrow =
        values.into_iter().map(|value| value.map(|value| i64::try_from(value).map_err(|_| out_of_range(&what))).transpose());
    integers(narrow.collect::<Result<_>>()?, &given.result)
}

fn factorial(given: &Arguments) -> Result<ArrayRef> {
    let numbers = given.ints(0)?;
    decimals_of(
        given,
        numbers.iter().map(|number| match number {
            None => Ok(None),
            Some(number) if number < 0 => {
                Err(Error::new(Kind::NumericValueOutOfRange, "factorial of a negative number is undefined"))
            }
            Some(number) => {
                // The largest that 38 digits hold is 33!.
                let value = if number > 33 { None } else { Some((1..=i128::from(number)).product()) };
                value.map(Some).ok_or_else(|| Error::new(Kind::NumericValueOutOfRange, "value overflows numeric format"))
            }
        }),
    )
}

fn scale_result(types: &[Argument]) -> Option<SqlType> {
    matches!(types, [only] if exact(only)).then_some(SqlType::Int4)
}

/// Digits behind the point: those that the type keeps, or those that say something. A `numeric` without a scale knows the latter only.
fn scales(given: &Arguments, fewest: bool) -> Result<ArrayRef> {
    let (numbers, scale) = decimals(given, 0)?;
    let bare = matches!(given.types.first(), Some(Argument::Of(SqlType::Numeric(precision, scale))) if (*precision, *scale) == BARE_NUMERIC);
    ints_of(given.rows, |row| {
        Ok(numbers.is_valid(row).then(|| {
            let mut value = numbers.value(row);
            let mut scale = i32::from(scale);
            while (fewest || bare) && scale > 0 && value % 10 == 0 {
                value /= 10;
                scale -= 1;
            }
            scale
        }))
    })
}

fn bucket_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [operand, low, high, count] if operand.is_number() && low.is_number() && high.is_number() && count.is_integer() => {
            Some(SqlType::Int4)
        }
        [operand, Argument::Of(SqlType::Array(element))]
            if operand.fits(element) || Argument::Of((**element).clone()).is_number() && operand.is_number() =>
        {
            Some(SqlType::Int4)
        }
        _ => None,
    }
}

fn width_bucket(given: &Arguments) -> Result<ArrayRef> {
    if given.arrays.len() == 2 {
        return bucket_of_thresholds(given);
    }
    let columns = [given.floats(0)?, given.floats(1)?, given.floats(2)?];
    let counts = given.ints(3)?;
    let bad = |message: &str| Error::new(Kind::InvalidArgumentForWidthBucket, message);
    ints_of(given.rows, |row| {
        let Some(count) = int(&counts, row) else { return Ok(None) };
        if columns.iter().any(|column| column.is_null(row)) {
            return Ok(None);
        }
        let [operand, low, high] = [columns[0].value(row), columns[1].value(row), columns[2].value(row)];
        if count <= 0 {
            return Err(bad("count must be greater than zero"));
        }
        if operand.is_nan() || low.is_nan() || high.is_nan() {
            return Err(bad("operand, lower bound, and upper bound cannot be NaN"));
        }
        if low.is_infinite() || high.is_infinite() {
            return Err(bad("lower and upper bounds must be finite"));
        }
        if low == high {
            return Err(bad("lower bound cannot equal upper bound"));
        }
        let (before, beyond) = if low < high { (operand < low, operand >= high) } else { (operand > low, operand <= high) };
        let bucket = if before {
            0
        } else if beyond {
            count + 1
        } else {
            #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
            let within = ((operand - low) / (high - low) * count as f64).floor() as i64;
            within.min(count - 1) + 1
        };
        i32::try_from(bucket).map(Some).map_err(|_| out_of_range("integer"))
    })
}

/// How many of the sorted thresholds are not above the operand.
fn bucket_of_thresholds(given: &Arguments) -> Result<ArrayRef> {
    let thresholds = given.array(1)?;
    let Some(lists) = thresholds.as_list_opt::<i32>() else { return Err(Error::internal("thresholds are no array")) };
    let element = match given.sql_type(1) {
        SqlType::Array(element) => *element,
        other => other,
    };
    // Everything with an order is compared as numbers or by its Arrow values.
    let number = Argument::Of(element.clone()).is_number();
    let wanted = if number { SqlType::Float8 } else { element };
    let operands = given.as_type(0, &wanted)?;
    let values = cast(lists.values(), &wanted)?;
    let compare = datafusion::arrow::array::make_comparator(&operands, &values, Default::default())
        .map_err(|cause| Error::internal(format!("width_bucket: {cause}")))?;
    debug_assert!(!number || values.as_primitive_opt::<Float64Type>().is_some());
    ints_of(given.rows, |row| {
        if operands.is_null(row) || lists.is_null(row) {
            return Ok(None);
        }
        let offsets = lists.value_offsets();
        let range = usize::try_from(offsets[row]).unwrap_or(0)..usize::try_from(offsets[row + 1]).unwrap_or(0);
        if range.clone().any(|at| values.is_null(at)) {
            return Err(Error::new(Kind::NullValueNotAllowed, "thresholds array must not contain NULLs"));
        }
        let below = range.filter(|at| compare(row, *at).is_ge()).count();
        Ok(Some(i32::try_from(below).unwrap_or(i32::MAX)))
    })
}

fn nulls(given: &Arguments, null: bool) -> Result<ArrayRef> {
    let arrays = (0..given.arrays.len()).map(|at| given.array(at)).collect::<Result<Vec<_>>>()?;
    ints_of(given.rows, |row| {
        let count = arrays.iter().filter(|array| array.is_logically_null(row) == null).count();
        Ok(Some(i32::try_from(count).unwrap_or(i32::MAX)))
    })
}

/// Whether a row is NULL, also in an array of nothing but NULLs.
trait LogicallyNull {
    fn is_logically_null(&self, row: usize) -> bool;
}

impl LogicallyNull for ArrayRef {
    fn is_logically_null(&self, row: usize) -> bool {
        *self.data_type() == datafusion::arrow::datatypes::DataType::Null || self.is_null(row)
    }
}

fn size_bytes(given: &Arguments) -> Result<ArrayRef> {
    let texts = given.texts(0)?;
    let sizes = (0..given.rows).map(|row| text(&texts, row).map(bytes_of_size).transpose());
    Ok(Arc::new(sizes.collect::<Result<datafusion::arrow::array::Int64Array>>()?))
}

/// `1.5 MB` in bytes; the units are powers of 1024.
#[allow(clippy::cast_possible_truncation)]
fn bytes_of_size(text: &str) -> Result<i64> {
    let bad = || Error::new(Kind::InvalidParameterValue, format!("invalid size: \"{text}\""));
    let trimmed = text.trim();
    let digits = trimmed
        .char_indices()
        .find(|(at, letter)| !(letter.is_ascii_digit() || *letter == '.' || (*at == 0 && matches!(letter, '+' | '-'))))
        .map_or(trimmed.len(), |(at, _)| at);
    let (number, unit) = trimmed.split_at(digits);
    let value: f64 = number.parse().map_err(|_| bad())?;
    let factor: f64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" | "bytes" => 1.0,
        "kb" => 1_024.0,
        "mb" => 1_048_576.0,
        "gb" => 1_073_741_824.0,
        "tb" => 1_099_511_627_776.0,
        "pb" => 1_125_899_906_842_624.0,
        other => {
            return Err(bad()
                .with_detail(format!("Invalid size unit: \"{}\".", unit.trim()).replace(other, unit.trim()))
                .with_hint("Valid units are \"bytes\", \"B\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\"."));
        }
    };
    let bytes = (value * factor).round();
    if bytes.abs() >= 9.3e18 { Err(out_of_range("bigint")) } else { Ok(bytes as i64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_powers_of_1024() {
        assert_eq!(bytes_of_size(" 1.5 MB ").unwrap(), 1_572_864);
        assert_eq!(bytes_of_size("10").unwrap(), 10);
        assert_eq!(bytes_of_size("1 XB").unwrap_err().sqlstate(), "22023");
    }

    #[test]
    fn divisors_are_positive() {
        assert_eq!(divisor(-12, 18), 6);
        assert_eq!(divisor(0, 0), 0);
    }
}
