//! A scan of which it is not decided yet in which order its rows come: the planner's first rule decides, before any other looks at it.

use std::fmt;
use std::sync::Arc;

use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::ExecutionPlan;

use super::in_order::{End, Reading, TimeOrderExec};
use super::through::{Passage, Through, ThroughExec};

/// The other way in which the plan below could be read.
#[derive(Clone)]
struct Undecided(Arc<Reading>);

impl fmt::Debug for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Undecided").finish_non_exhaustive()
    }
}

impl Through for Undecided {
    const NAME: &'static str = "UndecidedExec";

    fn passage(&self) -> Passage {
        Passage::Open
    }

    fn run(&self, input: SendableRecordBatchStream, _partition: usize) -> SendableRecordBatchStream {
        input
    }
}

/// A scan that can go either way; `any` reads the rows in the order that is the quickest for all of them.
pub(super) fn either(any: Arc<dyn ExecutionPlan>, reading: Arc<Reading>) -> Arc<dyn ExecutionPlan> {
    ThroughExec::over(any, Undecided(reading))
}

/// How rows of a scan shall come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All of them, in any order.
    All,
    /// In the order of time; so many of the first, if not all.
    InTime { end: End, first: Option<usize> },
}

/// The scan as it shall run, if this node is one that can still be decided.
pub fn decided(plan: &dyn ExecutionPlan, wanted: Wanted) -> Option<Arc<dyn ExecutionPlan>> {
    match wanted {
        Wanted::InTime { end, first } => {
            let reading = reading(plan)?;
            let few = first.filter(|first| (*first as u64) < reading.rows_left());
            Some(Arc::new(TimeOrderExec::new(reading.clone(), end, few)))
        }
        Wanted::All => plan.downcast_ref::<ThroughExec<Undecided>>()?.children().first().map(|any| Arc::clone(any)),
    }
}

/// The place of the column by which the rows of this node can come in order, if it is a scan that can do so.
pub fn time_place(plan: &dyn ExecutionPlan) -> Option<usize> {
    reading(plan)?.order()
}

fn reading(plan: &dyn ExecutionPlan) -> Option<&Arc<Reading>> {
    let undecided = plan.downcast_ref::<ThroughExec<Undecided>>().map(|undecided| &undecided.what().0);
    undecided.or_else(|| plan.downcast_ref::<TimeOrderExec>().map(TimeOrderExec::reading))
}
