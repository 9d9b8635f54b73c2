//! Rows as values: `ROW(…)` and whole rows of a table become structs, whose fields remember their SQL types.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, StructArray};
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::error::Error;
use crate::query::functions::cast::conformed;
use crate::query::functions::scalar::Definition;
use crate::value::SqlType;

/// A row of its arguments under the names that PostgreSQL gives to fields without one: `f1`, `f2`, …. Nobody types these names.
pub(in crate::query) const ROW_OF_FIELDS: &str = "row of fields";
/// All columns of a table in FROM, until lowering knows which they are.
pub(in crate::query) const WHOLE_ROW: &str = "whole row";

pub(super) static DEFINITIONS: [Definition; 1] = [Definition {
    name: WHOLE_ROW,
    volatility: Volatility::Immutable,
    result: |_| Some(SqlType::Record(vec![])),
    run: |_| Err(Error::internal("a whole row was not lowered to its columns")),
}];

/// The function behind `ROW(…)`, and `(…)` where it is a value.
pub(super) fn function() -> ScalarUDF {
    ScalarUDF::new_from_impl(Row { names: vec![], signature: signature() })
}

fn signature() -> Signature {
    use datafusion::logical_expr::TypeSignature;
    Signature::one_of(vec![TypeSignature::Nullary, TypeSignature::VariadicAny], Volatility::Immutable)
}

/// A row of these values under these names.
pub(in crate::query) fn row(names: Vec<String>, values: Vec<Expr>) -> Expr {
    ScalarUDF::new_from_impl(Row { names, signature: signature() }).call(values)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Row {
    /// The fields' names; none for `f1`, `f2`, ….
    names: Vec<String>,
    signature: Signature,
}

impl Row {
    /// The type of a row of these fields. A literal of no type is text.
    fn record(&self, fields: &[FieldRef]) -> SqlType {
        let name = |at: usize| self.names.get(at).cloned().unwrap_or_else(|| format!("f{}", at + 1));
        SqlType::Record(fields.iter().enumerate().map(|(at, field)| (name(at), SqlType::of_field(field))).collect())
    }
}

impl ScalarUDFImpl for Row {
    fn name(&self) -> &'static str {
        ROW_OF_FIELDS
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        datafusion::common::internal_err!("a row tells its type by its field")
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        Ok(Arc::new(self.record(args.arg_fields).field("row", true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let DataType::Struct(fields) = args.return_field.data_type().clone() else {
            return datafusion::common::internal_err!("a row is a struct");
        };
        let scalar = !args.args.is_empty() && args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if scalar { 1 } else { args.number_rows };
        let columns = args.args.iter().zip(&fields).map(|(arg, field)| Ok(conformed(&arg.to_array(rows)?, field.data_type())?));
        let columns: Vec<ArrayRef> = columns.collect::<Result<_>>()?;
        let output: ArrayRef = Arc::new(if columns.is_empty() {
            StructArray::new_empty_fields(rows, None)
        } else {
            StructArray::try_new(fields, columns, None)?
        });
        if scalar { Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&output, 0)?)) } else { Ok(ColumnarValue::Array(output)) }
    }
}
