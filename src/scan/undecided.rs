//! A scan of which it is not decided yet in which order its rows come: the planner's first rule decides, before any other looks at it.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};

use super::in_order::{End, Reading, TimeOrderExec};

/// A scan that can go either way.
pub(super) struct UndecidedExec {
    any: Arc<dyn ExecutionPlan>,
    reading: Arc<Reading>,
}

impl UndecidedExec {
    /// `any` reads the rows in the order that is the quickest for all of them.
    pub(super) fn new(any: Arc<dyn ExecutionPlan>, reading: Arc<Reading>) -> Self {
        UndecidedExec { any, reading }
    }
}

/// How rows of a scan shall come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All of them, in any order.
    All,
    /// In the order of time; not all may be asked for.
    InTime { end: End, few: bool },
}

/// The scan as it shall run, if this node is one that can still be decided.
pub fn decided(plan: &dyn ExecutionPlan, wanted: Wanted) -> Option<Arc<dyn ExecutionPlan>> {
    if let Some(scan) = plan.downcast_ref::<UndecidedExec>() {
        return Some(match wanted {
            Wanted::InTime { end, few } => Arc::new(TimeOrderExec::new(scan.reading.clone(), end, few)),
            Wanted::All => scan.any.clone(),
        });
    }
    let scan = plan.downcast_ref::<TimeOrderExec>()?;
    match wanted {
        Wanted::InTime { end, few } => Some(Arc::new(TimeOrderExec::new(scan.reading().clone(), end, few))),
        Wanted::All => None,
    }
}

/// The place of the column by which the rows of this node can come in order, if it is a scan that can do so.
pub fn time_place(plan: &dyn ExecutionPlan) -> Option<usize> {
    let undecided = plan.downcast_ref::<UndecidedExec>().map(|scan| &scan.reading);
    undecided.or_else(|| plan.downcast_ref::<TimeOrderExec>().map(TimeOrderExec::reading)).and_then(|reading| reading.order())
}

impl fmt::Debug for UndecidedExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UndecidedExec").finish_non_exhaustive()
    }
}

impl DisplayAs for UndecidedExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Undecided")
    }
}

impl ExecutionPlan for UndecidedExec {
    fn name(&self) -> &str {
        "UndecidedExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.any.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.any]
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match <[_; 1]>::try_from(children) {
            Ok([any]) => Ok(Arc::new(UndecidedExec { any, reading: self.reading.clone() })),
            Err(_) => internal_err!("a scan has one way of reading everything"),
        }
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.any.execute(partition, context)
    }
}
