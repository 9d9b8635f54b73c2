//! A function that there is not: it has a place in a plan until the types of its arguments are known, and is refused with them then.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use super::scalar::{Argument, argument, field_of, missing};
use crate::error::Result;
use crate::query::errors::wrap;

/// A function that there is not, planned so that it can be refused with the types of its arguments, as PostgreSQL does.
pub(super) fn missing_function(name: &str) -> ScalarUDF {
    let any = TypeSignature::VariadicAny;
    let signature = Signature::one_of(vec![any, TypeSignature::Nullary], Volatility::Volatile);
    ScalarUDF::new_from_impl(Missing { name: name.to_owned(), signature })
}

/// Refuses a call of a function that there is not.
///
/// # Errors
/// 42883.
pub(crate) fn refuse_missing(call: &ScalarFunction, schema: &DFSchema) -> Result<()> {
    let Some(absent) = call.func.inner().downcast_ref::<Missing>() else { return Ok(()) };
    let types = call
        .args
        .iter()
        .map(|arg| match field_of(arg, schema) {
            Ok(field) => argument(&field, matches!(arg, Expr::Literal(..))),
            Err(_) => Argument::Unknown,
        })
        .collect::<Vec<_>>();
    Err(missing(&absent.name, &types))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Missing {
    name: String,
    signature: Signature,
}

impl ScalarUDFImpl for Missing {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> datafusion::common::Result<DataType> {
        Ok(DataType::Null)
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> datafusion::common::Result<ColumnarValue> {
        Err(wrap(missing(&self.name, &[])))
    }
}
