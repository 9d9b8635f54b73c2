//! DataFusion's functions that answer arrays, held to what they promised: given constants they forget what the elements' field says,
//! and what was promised of a column is compared to the letter.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature};

use super::cast::conformed;
use super::scalar::only_value;

/// Those that build arrays out of arrays.
const BUILDERS: [&str; 6] =
    ["array_append", "array_concat", "array_prepend", "array_remove_all", "array_replace_all", "array_slice"];

/// The call with its function held, and whether that changed anything.
pub(crate) fn held(call: ScalarFunction) -> (ScalarFunction, bool) {
    if !BUILDERS.contains(&call.name()) || call.func.inner().as_ref().is::<Held>() {
        return (call, false);
    }
    let func = Arc::new(ScalarUDF::new_from_impl(Held { inner: call.func }));
    (ScalarFunction { func, args: call.args }, true)
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Held {
    inner: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for Held {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arg_types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.inner.return_field_from_args(args)
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(arg_types)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let promised = args.return_field.data_type().clone();
        // The function behind DataFusion's own wrapper, which would refuse the answer before it is mended.
        match self.inner.inner().invoke_with_args(args)? {
            ColumnarValue::Array(array) => Ok(ColumnarValue::Array(conformed(&array, &promised)?)),
            ColumnarValue::Scalar(value) => Ok(ColumnarValue::Scalar(only_value(&conformed(&value.to_array()?, &promised)?)?)),
        }
    }
}
