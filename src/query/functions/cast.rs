//! Casts to and from text by PostgreSQL's input and output functions.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::query::errors::wrap;
use crate::value::{self, SqlType, Style};

/// Whether a cast between these types must go through text forms, which DataFusion would write or read differently.
pub fn needs_function(source: &SqlType, arrow: &DataType, target: &SqlType) -> bool {
    let source_text = is_string(source);
    match (source_text, is_string(target)) {
        (true, true) => source != target && !plain_text(target) || matches!(target, SqlType::Varchar(Some(_))),
        // A NULL of no type needs no reading.
        (true, false) => *arrow != DataType::Null,
        (false, true) => true,
        (false, false) => false,
    }
}

/// Types that Arrow holds as strings.
fn is_string(sql_type: &SqlType) -> bool {
    sql_type.arrow() == DataType::Utf8View
}

/// String types that take any text as it is.
fn plain_text(sql_type: &SqlType) -> bool {
    matches!(sql_type, SqlType::Text | SqlType::Varchar(None))
}

/// The cast as an expression.
pub fn call(input: Expr, source: SqlType, target: SqlType, style: &Style) -> Expr {
    let function = CastFunction {
        source,
        target,
        style: style.clone(),
        signature: Signature::any(1, Volatility::Stable),
    };
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
        "cast"
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
        let output = if is_string(&self.target) && !is_string(&self.source) {
            let text = value::to_text(&input, &self.source, &self.style).map_err(wrap)?;
            if plain_text(&self.target) {
                Arc::new(text)
            } else {
                value::cast_text(&(Arc::new(text) as _), &self.target, &self.style).map_err(wrap)?
            }
        } else {
            value::cast_text(&input, &self.target, &self.style).map_err(wrap)?
        };
        if scalar { Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&output, 0)?)) } else { Ok(ColumnarValue::Array(output)) }
    }
}
