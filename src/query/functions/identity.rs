//! Functions that make identifiers: `uuidv7()`, `gen_random_uuid()`.

use std::sync::Arc;

use datafusion::arrow::array::StringViewBuilder;
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use uuid::Uuid;

use crate::clock::Clock;
use crate::ingest::new_uuid_v7;
use crate::value::SqlType;

pub(super) fn functions() -> Vec<ScalarUDF> {
    [Version::Seven, Version::Four]
        .into_iter()
        .map(|version| ScalarUDF::new_from_impl(NewUuid { version, signature: Signature::nullary(Volatility::Volatile) }))
        .collect()
}

/// Which kind of UUID is made (RFC 9562).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Version {
    Four,
    Seven,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct NewUuid {
    version: Version,
    signature: Signature,
}

impl ScalarUDFImpl for NewUuid {
    fn name(&self) -> &str {
        match self.version {
            Version::Four => "gen_random_uuid",
            Version::Seven => "uuidv7",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(SqlType::Uuid.arrow())
    }

    fn return_field_from_args(&self, _args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        Ok(Arc::new(SqlType::Uuid.field(self.name(), false)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let now = Clock::System.now_us();
        let mut builder = StringViewBuilder::with_capacity(args.number_rows);
        let mut buffer = Uuid::encode_buffer();
        for _ in 0..args.number_rows {
            let uuid = match self.version {
                Version::Four => Uuid::new_v4(),
                Version::Seven => new_uuid_v7(now),
            };
            builder.append_value(&*uuid.hyphenated().encode_lower(&mut buffer));
        }
        Ok(ColumnarValue::Array(Arc::new(builder.finish())))
    }
}
