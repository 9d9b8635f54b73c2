//! Joins that compare every row with every other come up for air, so that they can be stopped.
//!
//! A statement is stopped by dropping it, which happens only where it waits. DataFusion's leaves wait now and then, but a nested
//! loop that finds no match can work for minutes on one batch of its inner side without asking for the next one. Here its inner
//! side is handed over in slices that take about [`SLICE`] each, and between two slices, or two batches of its answer, the statement
//! yields when it has worked for [`BREATH`].

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Result, internal_err};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::joins::{CrossJoinExec, HashJoinExec, NestedLoopJoinExec};
use futures::{Stream, StreamExt};
use tokio::time::Instant;

use crate::scan::through::{Passage, Through, ThroughExec};

/// How long a statement works before it yields. Shorter stops sooner and costs more.
const BREATH: Duration = Duration::from_millis(5);
/// How long the work on one slice shall take: within a factor of two of it the size of slices stays.
const SLICE: Duration = Duration::from_millis(10);
/// Rows of the first slice.
const FIRST_ROWS: usize = 64;
const MOST_ROWS: usize = 8_192;

/// Puts the pauses into a finished plan.
#[derive(Debug)]
pub(super) struct Pauses;

impl PhysicalOptimizerRule for Pauses {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            let quadratic = node.downcast_ref::<NestedLoopJoinExec>().is_some() || node.downcast_ref::<CrossJoinExec>().is_some();
            if quadratic {
                let children: Vec<Arc<dyn ExecutionPlan>> = node.children().into_iter().cloned().collect();
                let [left, right] = children.as_slice() else { return internal_err!("a join has two sides") };
                let children = vec![left.clone(), Pause::over(right.clone(), true)];
                let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
                return Ok(Transformed::yes(Pause::over(node.replace_children(children, options)?, false)));
            }
            // One row of a hash join may match as many rows as there are.
            let multiplies = node.downcast_ref::<HashJoinExec>().is_some();
            Ok(if multiplies { Transformed::yes(Pause::over(node, false)) } else { Transformed::no(node) })
        })
        .data()
    }

    fn name(&self) -> &str {
        "pauses"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Passes batches through, yielding between them.
#[derive(Debug, Clone)]
struct Pause {
    /// It also cuts batches into slices that are worked on for a short time each.
    slices: bool,
}

impl Pause {
    fn over(input: Arc<dyn ExecutionPlan>, slices: bool) -> Arc<dyn ExecutionPlan> {
        ThroughExec::over(input, Pause { slices })
    }
}

impl Through for Pause {
    const NAME: &'static str = "Pause";

    /// The plan is finished when pauses are put into it.
    fn passage(&self) -> Passage {
        Passage::Nothing
    }

    fn run(&self, input: SendableRecordBatchStream, _partition: usize) -> SendableRecordBatchStream {
        Box::pin(Paused { input, slices: self.slices.then_some(FIRST_ROWS), left: None, given: None, began: None })
    }
}

struct Paused {
    input: SendableRecordBatchStream,
    /// Rows of the next slice, if batches are cut.
    slices: Option<usize>,
    left: Option<RecordBatch>,
    /// When the last slice was handed over.
    given: Option<Instant>,
    /// When the work since the last pause began.
    began: Option<Instant>,
}

impl Paused {
    /// Chooses the size of the next slice by how long the work on the last one took.
    fn measure(&mut self, now: Instant) {
        if let (Some(rows), Some(given)) = (self.slices, self.given.take()) {
            let took = now.duration_since(given);
            self.slices = Some(if took > SLICE * 2 {
                (rows / 2).max(1)
            } else if took < SLICE / 2 {
                (rows * 2).min(MOST_ROWS)
            } else {
                rows
            });
        }
    }

    fn cut(&mut self, batch: RecordBatch, now: Instant) -> RecordBatch {
        self.given = Some(now);
        match self.slices {
            Some(rows) if rows < batch.num_rows() => {
                self.left = Some(batch.slice(rows, batch.num_rows() - rows));
                batch.slice(0, rows)
            }
            Some(_) | None => batch,
        }
    }
}

impl Stream for Paused {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let now = Instant::now();
        self.measure(now);
        let began = *self.began.get_or_insert(now);
        if now.duration_since(began) >= BREATH {
            self.began = None;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(batch) = self.left.take() {
            return Poll::Ready(Some(Ok(self.cut(batch, now))));
        }
        match self.input.poll_next_unpin(cx) {
            Poll::Ready(Some(Ok(batch))) => {
                let now = if self.slices.is_some() { Instant::now() } else { now };
                Poll::Ready(Some(Ok(self.cut(batch, now))))
            }
            Poll::Ready(other) => Poll::Ready(other),
            Poll::Pending => {
                self.began = None;
                Poll::Pending
            }
        }
    }
}

impl RecordBatchStream for Paused {
    fn schema(&self) -> SchemaRef {
        self.input.schema()
    }
}
