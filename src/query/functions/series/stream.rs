//! A series of moments between constants in FROM, whose rows come as they are asked for: it may have no end.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, TimestampMicrosecondArray};
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;

use super::zero_step;
use crate::clock::Micros;
use crate::error::Result;
use crate::query::errors::{unwrap, wrap};
use crate::query::functions::scalar;
use crate::query::functions::time::{self, Parts, moved};
use crate::value::{SqlType, Zone};

/// How many rows are made at once.
const ROWS: usize = 8_192;

/// The series that a call with these values of its arguments is, as a table of one column; `None` for one that is not of moments.
///
/// # Errors
/// 22023 for a step of nothing.
pub(in crate::query) fn of_moments(call: &ScalarFunction, values: Vec<ArrayRef>) -> Result<Option<Arc<dyn TableProvider>>> {
    let Some(given) = scalar::given(call, values) else { return Ok(None) };
    let SqlType::Array(element) = &given.result else { return Ok(None) };
    if !matches!(**element, SqlType::Timestamp | SqlType::Timestamptz) {
        return Ok(None);
    }
    let (starts, stops) = (time::moments(&given, 0, element)?, time::moments(&given, 1, element)?);
    let steps = time::spans(&given, 2)?;
    let zone = (**element == SqlType::Timestamptz).then_some(given.style.timezone);
    let bounds = starts.first().copied().flatten().zip(stops.first().copied().flatten());
    let known = bounds.zip(steps.iter().next().flatten());
    let schema = Arc::new(Schema::new(vec![element.field("value", true)]));
    let (next, stop, step) = match known {
        Some(((start, stop), step)) => (Some(start), stop, Parts::of(step)),
        None => (None, 0, Parts::of(datafusion::arrow::datatypes::IntervalMonthDayNano::ZERO)),
    };
    let direction = step.length().signum();
    if known.is_some() && direction == 0 {
        return Err(zero_step());
    }
    let moments = Moments { schema: schema.clone(), next, stop, step, forward: direction > 0, zone };
    Ok(Some(Arc::new(StreamingTable::try_new(schema, vec![Arc::new(moments)]).map_err(unwrap)?)))
}

/// What is still to come.
#[derive(Debug, Clone)]
struct Moments {
    schema: SchemaRef,
    /// `None` behind the end.
    next: Option<Micros>,
    stop: Micros,
    step: Parts,
    forward: bool,
    zone: Option<Zone>,
}

impl Moments {
    /// The next rows; an error comes behind those that stand before it.
    fn batch(&mut self, failed: &mut Option<DataFusionError>) -> Option<datafusion::common::Result<RecordBatch>> {
        if let Some(error) = failed.take() {
            return Some(Err(error));
        }
        let mut values = Vec::new();
        while let Some(at) = self.next.filter(|_| values.len() < ROWS) {
            if if self.forward { at > self.stop } else { at < self.stop } {
                self.next = None;
                break;
            }
            values.push(at);
            match moved(at, self.step, self.zone) {
                Ok(next) => self.next = Some(next),
                Err(error) => {
                    self.next = None;
                    *failed = Some(wrap(error));
                }
            }
        }
        if values.is_empty() {
            return None;
        }
        let column: ArrayRef = match self.zone {
            Some(_) => time::timestamptz(values.into_iter().map(Some).collect()),
            None => Arc::new(TimestampMicrosecondArray::from(values)),
        };
        Some(RecordBatch::try_new(self.schema.clone(), vec![column]).map_err(Into::into))
    }
}

impl PartitionStream for Moments {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _ctx: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (mut moments, mut failed) = (self.clone(), None);
        let batches = std::iter::from_fn(move || moments.batch(&mut failed));
        Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), futures::stream::iter(batches)))
    }
}
