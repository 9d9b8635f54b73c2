//! Counts what leaves the guard for one statement, and ends it when its role's number is passed.
//!
//! Only what leaves is counted, so that the error says nothing of rows that the role may not see.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::arrow::array::RecordBatch;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterDescription, FilterPushdownPhase, FilterPushdownPropagation,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::StreamExt;

use crate::error::{Error, Kind};
use crate::policy::Limits;

/// What has left the guard for one statement, and how much may.
#[derive(Debug)]
pub(super) struct Meter {
    rows_max: Option<u64>,
    bytes_max: Option<u64>,
    rows: AtomicU64,
    bytes: AtomicU64,
}

impl Meter {
    /// `None` for a role that is held to no number.
    pub(super) fn of(limits: &Limits) -> Option<Meter> {
        if limits.rows.is_none() && limits.scan_bytes.is_none() {
            return None;
        }
        let (rows, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
        Some(Meter { rows_max: limits.rows, bytes_max: limits.scan_bytes, rows, bytes })
    }

    fn count(&self, batch: &RecordBatch) -> crate::error::Result<()> {
        let over = |counter: &AtomicU64, more: usize, most: Option<u64>| {
            let more = u64::try_from(more).unwrap_or(u64::MAX);
            let now = counter.fetch_add(more, Ordering::Relaxed).saturating_add(more);
            most.filter(|most| now > *most)
        };
        if let Some(most) = over(&self.rows, batch.num_rows(), self.rows_max) {
            return Err(passed(format!("the statement reads more than {most} rows, which is this role's limit"), "max_rows"));
        }
        if let Some(most) = over(&self.bytes, batch_bytes(batch), self.bytes_max) {
            let message = format!("the statement reads more than {} kB, which is this role's limit", most / 1024);
            return Err(passed(message, "max_scan_bytes"));
        }
        Ok(())
    }
}

/// Bytes of the rows themselves, and not of buffers that they share with others.
fn batch_bytes(batch: &RecordBatch) -> usize {
    batch
        .columns()
        .iter()
        .map(|column| column.to_data().get_slice_memory_size().unwrap_or_else(|_| column.get_array_memory_size()))
        .sum()
}

fn passed(message: String, setting: &str) -> Error {
    Error::new(Kind::ConfigurationLimitExceeded, message)
        .with_hint(format!("Narrow the statement, for instance by time; an administrator can raise the role's {setting}."))
}

/// A scan whose rows are counted. It changes nothing about them, so that everything may be pushed through it.
pub(super) struct MeterExec {
    input: Arc<dyn ExecutionPlan>,
    meter: Arc<Meter>,
}

impl MeterExec {
    pub(super) fn new(input: Arc<dyn ExecutionPlan>, meter: Arc<Meter>) -> Self {
        MeterExec { input, meter }
    }
}

impl fmt::Debug for MeterExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeterExec").finish_non_exhaustive()
    }
}

impl DisplayAs for MeterExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MeterExec")
    }
}

impl ExecutionPlan for MeterExec {
    fn name(&self) -> &str {
        "MeterExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
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
            Ok([input]) => Ok(Arc::new(MeterExec::new(input, self.meter.clone()))),
            Err(_) => internal_err!("a meter has one input"),
        }
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, context)?;
        let (schema, meter) = (input.schema(), self.meter.clone());
        let counted = input.map(move |batch| {
            let batch = batch?;
            meter.count(&batch).map_err(|error| DataFusionError::External(Box::new(error)))?;
            Ok(batch)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, counted)))
    }

    fn supports_limit_pushdown(&self) -> bool {
        true
    }

    fn gather_filters_for_pushdown(
        &self,
        _phase: FilterPushdownPhase,
        parent_filters: Vec<Arc<dyn PhysicalExpr>>,
        _config: &ConfigOptions,
    ) -> Result<FilterDescription> {
        FilterDescription::from_children(parent_filters, &self.children())
    }

    fn handle_child_pushdown_result(
        &self,
        _phase: FilterPushdownPhase,
        child_pushdown_result: ChildPushdownResult,
        _config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        Ok(FilterPushdownPropagation::if_all(child_pushdown_result))
    }
}
