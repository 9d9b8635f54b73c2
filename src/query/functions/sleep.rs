//! `pg_sleep`, `pg_sleep_for` and `pg_sleep_until` (PostgreSQL 15, section 9.9.5).
//!
//! They wait as a task does, without a thread, so that a statement that sleeps can be stopped at once and thousands may sleep.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringViewArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, FieldRef, Float64Type, IntervalMonthDayNanoType, TimestampMicrosecondType};
use datafusion::common::Result;
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::SessionFacts;
use crate::query::errors::wrap;
use crate::value::{ColumnBuilder, SqlType};

/// The longest sleep, in seconds: beyond it clocks overflow.
const SECONDS_MAX: f64 = 1e9;

/// What the one argument says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Until {
    Seconds,
    Interval,
    Instant,
}

/// The function of this name.
pub(super) fn function(name: &str, facts: &Arc<SessionFacts>) -> Option<Arc<ScalarUDF>> {
    let until = match name {
        "pg_sleep" => Until::Seconds,
        "pg_sleep_for" => Until::Interval,
        "pg_sleep_until" => Until::Instant,
        _ => return None,
    };
    let sleep = Sleep { until, facts: facts.clone(), signature: Signature::any(1, Volatility::Volatile) };
    Some(Arc::new(AsyncScalarUDF::new(Arc::new(sleep)).into_scalar_udf()))
}

#[derive(Debug)]
struct Sleep {
    until: Until,
    facts: Arc<SessionFacts>,
    signature: Signature,
}

impl PartialEq for Sleep {
    fn eq(&self, other: &Self) -> bool {
        self.until == other.until && Arc::ptr_eq(&self.facts, &other.facts)
    }
}

impl Eq for Sleep {}

impl Hash for Sleep {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.until.hash(state);
    }
}

impl ScalarUDFImpl for Sleep {
    fn name(&self) -> &str {
        match self.until {
            Until::Seconds => "pg_sleep",
            Until::Interval => "pg_sleep_for",
            Until::Instant => "pg_sleep_until",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(SqlType::Text.arrow())
    }

    /// PostgreSQL's return void, which is written as the empty text.
    fn return_field_from_args(&self, _args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        Ok(Arc::new(SqlType::Text.field(self.name(), true)))
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        datafusion::common::internal_err!("{} is only called to be waited for", self.name())
    }
}

#[async_trait]
impl AsyncScalarUDFImpl for Sleep {
    async fn invoke_async_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let argument = args.args.first().map_or_else(
            || datafusion::common::internal_err!("{} takes one argument", self.name()),
            |argument| argument.to_array(args.number_rows),
        )?;
        let seconds = self.seconds(&argument)?;
        let mut slept = Vec::with_capacity(seconds.len());
        for seconds in seconds {
            if let Some(seconds) = seconds
                && seconds > 0.0
            {
                tokio::time::sleep(Duration::from_secs_f64(seconds.min(SECONDS_MAX))).await;
            }
            slept.push(seconds.map(|_| ""));
        }
        Ok(ColumnarValue::Array(Arc::new(StringViewArray::from(slept))))
    }
}

impl Sleep {
    /// How long each row sleeps; `None` for NULL, which does not.
    fn seconds(&self, argument: &ArrayRef) -> Result<Vec<Option<f64>>> {
        let sql_type = match self.until {
            Until::Seconds => SqlType::Float8,
            Until::Interval => SqlType::Interval,
            Until::Instant => SqlType::Timestamptz,
        };
        let values = self.typed(argument, &sql_type)?;
        // Times are far below 2^53 microseconds.
        #[allow(clippy::cast_precision_loss)]
        let of_micros = |micros: i64| micros as f64 / 1e6;
        let now = self.facts.effects.clock.now_us();
        Ok((0..values.len())
            .map(|row| {
                values.is_valid(row).then(|| match self.until {
                    Until::Seconds => values.as_primitive::<Float64Type>().value(row),
                    Until::Interval => {
                        let interval = values.as_primitive::<IntervalMonthDayNanoType>().value(row);
                        let days = f64::from(interval.months) * 30.0 + f64::from(interval.days);
                        days * 86_400.0 + of_micros(interval.nanoseconds / 1_000)
                    }
                    Until::Instant => of_micros(values.as_primitive::<TimestampMicrosecondType>().value(row).saturating_sub(now)),
                })
            })
            .collect())
    }

    /// The argument in its type; a text is read as a literal of it.
    fn typed(&self, argument: &ArrayRef, sql_type: &SqlType) -> Result<ArrayRef> {
        if !argument.data_type().is_string() {
            return Ok(cast(argument, &sql_type.arrow())?);
        }
        let texts = cast(argument, &DataType::Utf8View)?;
        let texts = texts.as_string_view();
        let mut builder = ColumnBuilder::new(sql_type, texts.len());
        for text in texts {
            match text {
                Some(text) => builder.append_text(text, &self.facts.style).map_err(wrap)?,
                None => builder.append_null(),
            }
        }
        Ok(builder.finish())
    }
}
