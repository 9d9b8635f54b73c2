//! The node between a statement's plan and the rows of a table that has rules: rows that the rules hide do not pass it.
//!
//! Nothing that a statement asks for is worked out below it, but for comparisons that cannot fail: those may prune. No count of rows
//! below it is told, and its batches are cut anew, so that their sizes say nothing of what was left out. Nor does it tell how many files
//! were read: it has as many partitions as the statement has threads.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::BatchCoalescer;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{
    BinaryExpr, Column, DynamicFilterPhysicalExpr, InListExpr, IsNotNullExpr, IsNullExpr, Literal,
};
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::filter_pushdown::{ChildFilterDescription, FilterDescription, FilterPushdownPhase};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
};
use futures::{StreamExt, stream};

use super::protection::Screen;
use crate::clock::Clock;

/// Rows of a batch that leaves.
const BATCH_ROWS: usize = 8_192;

/// A scan whose rows pass a table's rules.
pub(super) struct SieveExec {
    input: Arc<dyn ExecutionPlan>,
    screen: Arc<Screen>,
    /// How many of the input's columns were asked for; those behind them are for the rules alone.
    shown: usize,
    /// Rows expire while a long statement runs, so each batch is judged by its own instant.
    clock: Clock,
    /// How many partitions it has, whatever the input has.
    partitions: usize,
    properties: Arc<PlanProperties>,
}

impl SieveExec {
    pub(super) fn try_new(
        input: Arc<dyn ExecutionPlan>,
        screen: Arc<Screen>,
        shown: usize,
        clock: Clock,
        partitions: usize,
    ) -> Result<Self> {
        let columns: Vec<usize> = (0..shown).collect();
        let schema: SchemaRef = Arc::new(input.schema().project(&columns)?);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(partitions),
            input.pipeline_behavior(),
            input.boundedness(),
        );
        Ok(SieveExec { input, screen, shown, clock, partitions, properties: Arc::new(properties) })
    }
}

impl fmt::Debug for SieveExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SieveExec").finish_non_exhaustive()
    }
}

impl DisplayAs for SieveExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SieveExec")
    }
}

impl ExecutionPlan for SieveExec {
    fn name(&self) -> &str {
        "SieveExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        // It does, and says that it does not: a sort would be pushed below it otherwise, where hidden rows take part.
        vec![false]
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
            Ok([input]) => {
                let (screen, clock) = (self.screen.clone(), self.clock.clone());
                Ok(Arc::new(SieveExec::try_new(input, screen, self.shown, clock, self.partitions)?))
            }
            Err(_) => internal_err!("a sieve has one input"),
        }
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let sources = (partition..self.input.output_partitioning().partition_count()).step_by(self.partitions);
        let schema = self.properties.eq_properties.schema().clone();
        let passing = Passing {
            below: self.input.clone(),
            context,
            sources: sources.collect(),
            input: None,
            screen: self.screen.clone(),
            shown: self.shown,
            clock: self.clock.clone(),
            gathered: BatchCoalescer::new(schema.clone(), BATCH_ROWS),
            ready: VecDeque::new(),
            ended: false,
        };
        let rows =
            stream::try_unfold(passing, |mut passing| async move { Ok(passing.next().await?.map(|batch| (batch, passing))) });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }

    fn gather_filters_for_pushdown(
        &self,
        _phase: FilterPushdownPhase,
        parent_filters: Vec<Arc<dyn PhysicalExpr>>,
        _config: &ConfigOptions,
    ) -> Result<FilterDescription> {
        // The columns that were asked for come first below as well, so that a filter above means the same there.
        // Where a column is masked below means what was recorded.
        let masked = self.screen.masked();
        let harmless = |filter: &&Arc<dyn PhysicalExpr>| {
            is_harmless(filter) && collect_columns(filter).iter().all(|column| !masked.contains(&column.index()))
        };
        let harmless = parent_filters.iter().filter(harmless).cloned().collect();
        let below = ChildFilterDescription::all_unsupported(&parent_filters).with_self_filters(harmless);
        Ok(FilterDescription::new().with_child(below))
    }
}

/// A stream of what passes.
struct Passing {
    below: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
    /// The input's partitions that are still to be read, one after the other.
    sources: VecDeque<usize>,
    input: Option<SendableRecordBatchStream>,
    screen: Arc<Screen>,
    shown: usize,
    clock: Clock,
    gathered: BatchCoalescer,
    ready: VecDeque<RecordBatch>,
    ended: bool,
}

impl Passing {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Ok(Some(batch));
            }
            if self.ended {
                return Ok(None);
            }
            match self.read().await? {
                Some(batch) => {
                    let passed = self.screen.shown(&batch, self.shown, self.clock.now_us())?;
                    if passed.num_rows() > 0 {
                        self.gathered.push_batch(passed)?;
                    }
                }
                None => {
                    self.ended = true;
                    self.gathered.finish_buffered_batch()?;
                }
            }
            while let Some(batch) = self.gathered.next_completed_batch() {
                self.ready.push_back(batch);
            }
        }
    }
}

impl Passing {
    /// The next batch from below.
    async fn read(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(input) = &mut self.input
                && let Some(batch) = input.next().await.transpose()?
            {
                return Ok(Some(batch));
            }
            let Some(source) = self.sources.pop_front() else { return Ok(None) };
            self.input = Some(self.below.execute(source, self.context.clone())?);
        }
    }
}

/// Whether working a filter out on a hidden row can neither fail nor show: a column compared with a constant of its own type, or with
/// what a join or a sort has learned from rows that it was shown.
fn is_harmless(filter: &Arc<dyn PhysicalExpr>) -> bool {
    let is_column = |expr: &Arc<dyn PhysicalExpr>| expr.downcast_ref::<Column>().is_some();
    let is_literal = |expr: &Arc<dyn PhysicalExpr>| expr.downcast_ref::<Literal>().is_some();
    if let Some(dynamic) = filter.downcast_ref::<DynamicFilterPhysicalExpr>() {
        return dynamic.children().into_iter().all(is_column);
    }
    if let Some(binary) = filter.downcast_ref::<BinaryExpr>() {
        return match binary.op() {
            Operator::And | Operator::Or => is_harmless(binary.left()) && is_harmless(binary.right()),
            Operator::Eq | Operator::NotEq | Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq => {
                is_column(binary.left()) && is_literal(binary.right()) || is_literal(binary.left()) && is_column(binary.right())
            }
            _ => false,
        };
    }
    if let Some(list) = filter.downcast_ref::<InListExpr>() {
        return is_column(list.expr()) && list.list().iter().all(is_literal);
    }
    let tested = filter
        .downcast_ref::<IsNullExpr>()
        .map(IsNullExpr::arg)
        .or_else(|| filter.downcast_ref::<IsNotNullExpr>().map(IsNotNullExpr::arg));
    tested.is_some_and(is_column)
}
