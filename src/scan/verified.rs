//! Segments are compared with their checksums, each once in the life of the process, before rows of them are answered.

use std::sync::Arc;

use datafusion::common::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{TryStreamExt, stream};

use super::through::{Passage, Through, ThroughExec};
use crate::store::Segment;

/// Segments that nobody has compared yet.
#[derive(Debug, Clone)]
struct Unverified(Arc<[Arc<Segment>]>);

/// A plan that reads segments whole, with the comparison before it if one of them needs it.
pub(super) fn before(plan: Arc<dyn ExecutionPlan>, segments: &[Arc<Segment>]) -> Arc<dyn ExecutionPlan> {
    let unverified: Arc<[Arc<Segment>]> = segments.iter().filter(|segment| !segment.is_verified()).cloned().collect();
    if unverified.is_empty() { plan } else { ThroughExec::over(plan, Unverified(unverified)) }
}

impl Through for Unverified {
    const NAME: &'static str = "VerifyExec";

    fn passage(&self) -> Passage {
        Passage::Open
    }

    fn run(&self, input: SendableRecordBatchStream, _partition: usize) -> SendableRecordBatchStream {
        let (schema, segments) = (input.schema(), self.0.clone());
        let comparing = async move {
            let work = move || segments.iter().try_for_each(|segment| segment.ensure_verified());
            match tokio::task::spawn_blocking(work).await {
                Ok(Ok(())) => Ok(input),
                Ok(Err(error)) => Err(DataFusionError::External(Box::new(error))),
                Err(error) => Err(DataFusionError::External(Box::new(error))),
            }
        };
        Box::pin(RecordBatchStreamAdapter::new(schema, stream::once(comparing).try_flatten()))
    }
}
