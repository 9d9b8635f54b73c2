//! Casts to and from text by PostgreSQL's input and output functions.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray, StringViewArray, UInt32Array};
use datafusion::arrow::compute::cast as arrow_cast;
use datafusion::arrow::datatypes::{DataType, Decimal128Type, FieldRef, Float64Type, Int64Type};
use datafusion::arrow::error::ArrowError;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::scalar::{Argument, Definition, only_value};
use super::time::moment::{is_of_moments, moment};
use crate::error::{Error, Kind};
use crate::query::errors::wrap;
use crate::value::{self, ColumnBuilder, Reg, SqlType, Style};

/// `pg_typeof`, which knows the type without a look at the values.
pub(super) static DEFINITIONS: [Definition; 1] = [Definition {
    name: TYPEOF,
    volatility: Volatility::Stable,
    result: |types| (types.len() == 1).then_some(SqlType::Reg(Reg::Type)),
    run: |given| {
        /// The id of the type of a literal that has none of its own.
        const UNKNOWN: u32 = 705;
        let oid = match given.types.first() {
            Some(Argument::Of(sql_type)) => sql_type.oid(),
            Some(Argument::Unknown) | None => UNKNOWN,
        };
        Ok(Arc::new(UInt32Array::from(vec![oid; given.rows])))
    },
}];

/// The function that tells a type: a parameter that nothing else gives a type has none to tell.
pub(super) const TYPEOF: &str = "pg_typeof";

/// Whether a cast between these types must go through text forms, which DataFusion would write or read differently.
pub(crate) fn needs_function(source: &SqlType, arrow: &DataType, target: &SqlType) -> bool {
    let source_text = is_string(source);
    match (source_text, is_string(target)) {
        (true, true) => match (source, target) {
            (_, SqlType::Varchar(Some(_))) => true,
            (SqlType::Inet, _) => source != target,
            _ => source != target && !plain_text(target),
        },
        // A NULL of no type needs no reading.
        (true, false) => *arrow != DataType::Null,
        (false, true) => true,
        (false, false) => *arrow != DataType::Null && (is_narrowing(source, target) || is_of_moments(source, target)),
    }
}

/// Whether a number must be rounded or may be too large.
fn is_narrowing(source: &SqlType, target: &SqlType) -> bool {
    match target {
        SqlType::Int2 => matches!(source, SqlType::Int4 | SqlType::Int8) || is_fractional(source),
        SqlType::Int4 => *source == SqlType::Int8 || is_fractional(source),
        SqlType::Int8 => is_fractional(source),
        _ => false,
    }
}

fn is_fractional(sql_type: &SqlType) -> bool {
    matches!(sql_type, SqlType::Float4 | SqlType::Float8 | SqlType::Numeric(_, _))
}

/// Types that Arrow holds as strings.
fn is_string(sql_type: &SqlType) -> bool {
    sql_type.arrow() == DataType::Utf8View
}

/// String types that take any text as it is.
fn plain_text(sql_type: &SqlType) -> bool {
    matches!(sql_type, SqlType::Text | SqlType::Varchar(None))
}

/// What a cast is called in a plan.
pub(super) const NAME: &str = "cast";

/// Whether a function is a cast that reads moments from text, where `now` may be written.
pub(super) fn reads_moments(function: &ScalarUDF) -> bool {
    let inner: &dyn ScalarUDFImpl = function.inner().as_ref();
    inner.downcast_ref::<CastFunction>().is_some_and(|cast| {
        let moment = matches!(cast.target, SqlType::Date | SqlType::Time | SqlType::Timestamp | SqlType::Timestamptz);
        moment && is_string(&cast.source)
    })
}

/// The cast as an expression.
pub(crate) fn call(input: Expr, source: SqlType, target: SqlType, style: &Style) -> Expr {
    let function = CastFunction { source, target, style: style.clone(), signature: Signature::any(1, Volatility::Stable) };
    ScalarUDF::new_from_impl(function).call(vec![input])
}

#[derive(Debug, Clone)]
struct CastFunction {
    source: SqlType,
    target: SqlType,
    style: Style,
    signature: Signature,
}

impl PartialEq for CastFunction {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source && self.target == other.target && self.style == other.style
    }
}

impl Eq for CastFunction {}

impl Hash for CastFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.source.hash(state);
        self.target.hash(state);
    }
}

impl ScalarUDFImpl for CastFunction {
    fn name(&self) -> &'static str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(self.target.arrow())
    }

    fn return_field_from_args(&self, _args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        Ok(Arc::new(self.target.field(self.name(), true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let scalar = matches!(args.args.first(), Some(ColumnarValue::Scalar(_)));
        let mut arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let Some(input) = arrays.pop() else {
            return datafusion::common::internal_err!("cast takes one argument");
        };
        let output = if is_narrowing(&self.source, &self.target) {
            narrowed(&input, &self.source, &self.target).map_err(wrap)?
        } else if is_of_moments(&self.source, &self.target) {
            moment(&input, &self.source, &self.target, self.style.timezone).map_err(wrap)?
        } else if self.source == SqlType::Jsonb && !is_string(&self.target) {
            jsonb_scalars(&input, &self.target, &self.style).map_err(wrap)?
        } else if self.source == SqlType::Inet && plain_text(&self.target) {
            Arc::new(with_widths(&input).map_err(wrap)?)
        } else if is_string(&self.target) && !is_string(&self.source) {
            let text = value::to_text(&input, &self.source, &self.style).map_err(wrap)?;
            if plain_text(&self.target) {
                Arc::new(text)
            } else {
                value::cast_text(&(Arc::new(text) as _), &self.target, &self.style).map_err(wrap)?
            }
        } else {
            value::cast_text(&input, &self.target, &self.style).map_err(wrap)?
        };
        if scalar { Ok(ColumnarValue::Scalar(only_value(&output)?)) } else { Ok(ColumnarValue::Array(output)) }
    }
}

/// Addresses as text, which tells the width of a network also where output leaves it out.
fn with_widths(input: &ArrayRef) -> crate::error::Result<StringViewArray> {
    let addresses = value::to_text(input, &SqlType::Inet, &Style::default())?;
    let widened = addresses.iter().map(|address| {
        let address = address?;
        let width = if address.contains('/') {
            ""
        } else if address.contains(':') {
            "/128"
        } else {
            "/32"
        };
        Some(format!("{address}{width}"))
    });
    Ok(widened.collect())
}

/// Numbers as a narrower integer type: `numeric` rounded half away from zero, floating point half to even.
fn narrowed(input: &ArrayRef, source: &SqlType, target: &SqlType) -> crate::error::Result<ArrayRef> {
    let convert = |to: &DataType| arrow_cast(input, to).map_err(|cause| Error::internal(format!("casting to {target}: {cause}")));
    let out_of_range = || Error::new(Kind::NumericValueOutOfRange, format!("{target} out of range"));
    let whole: Vec<Option<i64>> = match source {
        SqlType::Float4 | SqlType::Float8 => convert(&DataType::Float64)?
            .as_primitive::<Float64Type>()
            .iter()
            .map(|value| value.map(|value| whole_of(value).ok_or_else(out_of_range)).transpose())
            .collect::<crate::error::Result<_>>()?,
        SqlType::Numeric(_, scale) => {
            let unit = 10_i128.pow(u32::try_from(*scale).unwrap_or(0));
            convert(&DataType::Decimal128(38, *scale))?
                .as_primitive::<Decimal128Type>()
                .iter()
                .map(|value| {
                    let rounded = value.map(|value| (value.abs() + unit / 2) / unit * value.signum());
                    rounded.map(|value| i64::try_from(value).map_err(|_| out_of_range())).transpose()
                })
                .collect::<crate::error::Result<_>>()?
        }
        _ => convert(&DataType::Int64)?.as_primitive::<Int64Type>().iter().collect(),
    };
    let fits = |value: i64| match target {
        SqlType::Int2 => i16::try_from(value).is_ok(),
        SqlType::Int4 => i32::try_from(value).is_ok(),
        _ => true,
    };
    if whole.iter().flatten().any(|value| !fits(*value)) {
        return Err(out_of_range());
    }
    let whole: ArrayRef = Arc::new(Int64Array::from(whole));
    arrow_cast(&whole, &target.arrow()).map_err(|cause| Error::internal(format!("casting to {target}: {cause}")))
}

/// The nearest whole number, if it is a 64-bit one.
#[allow(clippy::cast_possible_truncation)]
fn whole_of(value: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    let rounded = value.round_ties_even();
    (-LIMIT..LIMIT).contains(&rounded).then_some(rounded as i64)
}

/// Numbers and booleans out of `jsonb`; a number with a fraction is rounded to an integer.
fn jsonb_scalars(input: &ArrayRef, target: &SqlType, style: &Style) -> crate::error::Result<ArrayRef> {
    let documents = value::to_text(input, &SqlType::Jsonb, style)?;
    let mut out = ColumnBuilder::new(target, documents.len());
    for document in &documents {
        let Some(document) = document else {
            out.append_null();
            continue;
        };
        let shape = match document.as_bytes().first() {
            Some(b'{') => "object",
            Some(b'[') => "array",
            Some(b'"') => "string",
            Some(b't' | b'f') => "boolean",
            Some(b'n') | None => "null",
            Some(_) => "numeric",
        };
        let fits = match target {
            SqlType::Bool => shape == "boolean",
            SqlType::Int2 | SqlType::Int4 | SqlType::Int8 | SqlType::Float4 | SqlType::Float8 | SqlType::Numeric(_, _) => {
                shape == "numeric"
            }
            _ => false,
        };
        if !fits {
            let message = format!("cannot cast jsonb {shape} to type {target}");
            return Err(Error::new(Kind::InvalidParameterValue, message));
        }
        match target {
            SqlType::Int2 | SqlType::Int4 | SqlType::Int8 => out.append_text(&rounded(document), style)?,
            _ => out.append_text(document, style)?,
        }
    }
    Ok(out.finish())
}

/// A decimal number rounded half away from zero, as text.
fn rounded(number: &str) -> String {
    let Some((whole, fraction)) = number.split_once('.') else { return number.to_owned() };
    if !fraction.starts_with(|digit: char| digit >= '5') {
        return whole.to_owned();
    }
    let up = if number.starts_with('-') { -1 } else { 1 };
    // A number beyond every integer type fails as it is.
    whole.parse::<i128>().map_or_else(|_| whole.to_owned(), |whole| (whole + up).to_string())
}

/// An array as exactly this Arrow type. Arrow's own cast leaves the metadata of a list's elements as it is, and what was promised of a
/// column is compared to the letter.
pub(crate) fn conformed(array: &ArrayRef, to: &DataType) -> std::result::Result<ArrayRef, ArrowError> {
    if array.data_type() == to {
        return Ok(array.clone());
    }
    match (array.data_type(), to) {
        (DataType::List(_), DataType::List(field)) => {
            let (_, offsets, values, nulls) = array.as_list::<i32>().clone().into_parts();
            let values = conformed(&values, field.data_type())?;
            Ok(Arc::new(ListArray::try_new(field.clone(), offsets, values, nulls)?))
        }
        _ => arrow_cast(array, to),
    }
}

/// Gives an expression its SQL type back where DataFusion drops it, as CASE and COALESCE do.
pub(crate) fn typed(expr: Expr, target: SqlType) -> Expr {
    if let Some(inner) = typed_as(&expr)
        && *inner == target
    {
        return expr;
    }
    ScalarUDF::new_from_impl(Typed { target, signature: Signature::any(1, Volatility::Immutable) }).call(vec![expr])
}

/// The type that [`typed`] gave an expression.
pub(crate) fn typed_as(expr: &Expr) -> Option<&SqlType> {
    match expr {
        Expr::ScalarFunction(call) => call.func.inner().downcast_ref::<Typed>().map(|typed| &typed.target),
        _ => None,
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Typed {
    target: SqlType,
    signature: Signature,
}

impl ScalarUDFImpl for Typed {
    fn name(&self) -> &'static str {
        "typed"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(self.target.arrow())
    }

    fn return_field_from_args(&self, _args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        Ok(Arc::new(self.target.field(self.name(), true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.first() {
            Some(ColumnarValue::Array(array)) => Ok(ColumnarValue::Array(conformed(array, &self.target.arrow())?)),
            Some(value @ ColumnarValue::Scalar(scalar)) => match self.target {
                SqlType::Array(_) => {
                    let array = conformed(&scalar.to_array()?, &self.target.arrow())?;
                    Ok(ColumnarValue::Scalar(ScalarValue::List(Arc::new(array.as_list::<i32>().clone()))))
                }
                _ => value.cast_to(&self.target.arrow(), None),
            },
            None => datafusion::common::internal_err!("typed takes one argument"),
        }
    }
}

/// The name of [`value`], which none can be typed as.
pub(crate) const VALUE: &str = "value of a list";

/// A value of a VALUES list while its type is open: DataFusion asks that all rows carry the same metadata, which their types do not.
/// Lowering takes it off.
pub(super) fn value() -> ScalarUDF {
    ScalarUDF::new_from_impl(Value { signature: Signature::any(1, Volatility::Immutable) })
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Value {
    signature: Signature,
}

impl ScalarUDFImpl for Value {
    fn name(&self) -> &'static str {
        VALUE
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        Ok(arg_types.first().cloned().unwrap_or(DataType::Null))
    }

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.pop() {
            Some(value) => Ok(value),
            None => datafusion::common::internal_err!("{VALUE} takes one argument"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_narrowed_or_refused() {
        let floats: ArrayRef = Arc::new(datafusion::arrow::array::Float64Array::from(vec![Some(2.5), Some(3.5), None]));
        let whole = narrowed(&floats, &SqlType::Float8, &SqlType::Int4).unwrap();
        assert_eq!(
            whole.as_primitive::<datafusion::arrow::datatypes::Int32Type>().iter().collect::<Vec<_>>(),
            [Some(2), Some(4), None]
        );
        let large: ArrayRef = Arc::new(Int64Array::from(vec![40_000]));
        assert_eq!(narrowed(&large, &SqlType::Int8, &SqlType::Int2).unwrap_err().sqlstate(), "22003");
        assert_eq!(whole_of(f64::NAN), None);
        assert_eq!(whole_of(9.3e18), None);
    }

    #[test]
    fn a_fraction_is_rounded_half_away_from_zero() {
        for (number, whole) in [("1.5", "2"), ("-1.5", "-2"), ("1.49", "1"), ("7", "7"), ("-0.5", "-1"), ("0.4", "0")] {
            assert_eq!(rounded(number), whole, "{number}");
        }
    }
}
