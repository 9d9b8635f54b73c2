//! Statements that may read much run on the threads that give way ([`background`](crate::background)), others where they were asked.

use std::sync::Arc;

use datafusion::common::stats::Precision;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::joins::{CrossJoinExec, NestedLoopJoinExec};
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::StreamExt;

use crate::background::Background;
use crate::error::Result;
use crate::query::errors::unwrap;
use crate::scan;

/// Rows that a source may have for its statement to count as one that reads little: a thread is done with them in a few milliseconds.
const FEW_ROWS: usize = 65_536;
/// Batches that wait for a statement's reader.
const BATCHES_WAITING: usize = 1;

/// Starts a plan where it belongs. What runs elsewhere ends when the stream is dropped.
///
/// # Errors
/// What the plan's nodes refuse before the first row.
pub(super) fn execute(
    plan: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
    background: &Background,
) -> Result<SendableRecordBatchStream> {
    if reads_little(&plan) {
        return execute_stream(plan, context).map_err(unwrap);
    }
    let mut rows = RecordBatchReceiverStreamBuilder::new(plan.schema(), BATCHES_WAITING);
    let reader = rows.tx();
    let work = async move {
        let mut batches = execute_stream(plan, context)?;
        while let Some(batch) = batches.next().await {
            let failed = batch.is_err();
            if reader.send(batch).await.is_err() || failed {
                break;
            }
        }
        Ok(())
    };
    rows.spawn_on(work, background.handle());
    Ok(rows.build())
}

/// Whether all sources of a plan are few rows, or stop after a few, and no join compares each with each.
fn reads_little(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let children = plan.children();
    if !children.is_empty() {
        let quadratic = plan.downcast_ref::<NestedLoopJoinExec>().is_some() || plan.downcast_ref::<CrossJoinExec>().is_some();
        return !quadratic && children.into_iter().all(reads_little);
    }
    if let Some(few) = scan::reads_few(plan.as_ref()) {
        return few;
    }
    let known = StatisticsContext::new().compute(plan.as_ref(), &StatisticsArgs::new()).map(|known| known.num_rows);
    matches!(known, Ok(Precision::Exact(rows)) if rows <= FEW_ROWS)
}
