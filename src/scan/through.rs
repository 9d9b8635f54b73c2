//! A node of a plan that hands batches on and lets what stands above it know the rows below: all that such nodes have in common.

use std::fmt;
use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::filter_pushdown::{FilterDescription, FilterPushdownPhase};
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::sort_pushdown::SortOrderPushdownResult;
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};

/// What is done to batches on their way.
pub trait Through: fmt::Debug + Clone + Send + Sync + 'static {
    /// The kind of node, as a word in a plan.
    const NAME: &'static str;

    /// What a plan says of the node.
    fn line(&self) -> String {
        Self::NAME.to_owned()
    }

    /// What may be done below it that stands above it.
    fn passage(&self) -> Passage;

    fn run(&self, input: SendableRecordBatchStream, partition: usize) -> SendableRecordBatchStream;

    fn metrics(&self) -> Option<MetricsSet> {
        None
    }
}

/// How much of the work above a node may go below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// All of it, as if the node were not there: filters, limits, orders, expressions, and answers from statistics.
    Open,
    /// Filters and limits: rows must come through to be seen, each as a whole.
    Rows,
    /// Filters, if the node below takes them.
    Filters,
    Nothing,
}

/// The node.
#[derive(Debug)]
pub struct ThroughExec<T> {
    input: Arc<dyn ExecutionPlan>,
    what: T,
}

impl<T: Through> ThroughExec<T> {
    pub fn over(input: Arc<dyn ExecutionPlan>, what: T) -> Arc<dyn ExecutionPlan> {
        Arc::new(ThroughExec { input, what })
    }

    pub fn what(&self) -> &T {
        &self.what
    }

    fn again(&self, input: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
        ThroughExec::over(input, self.what.clone())
    }
}

impl<T: Through> DisplayAs for ThroughExec<T> {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what.line())
    }
}

impl<T: Through> ExecutionPlan for ThroughExec<T> {
    fn name(&self) -> &str {
        T::NAME
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
            Ok([input]) => Ok(self.again(input)),
            Err(_) => internal_err!("{} has one input", T::NAME),
        }
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        Ok(self.what.run(self.input.execute(partition, context)?, partition))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        self.what.metrics()
    }

    fn repartitioned(&self, target_partitions: usize, config: &ConfigOptions) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        match self.what.passage() {
            Passage::Open | Passage::Rows => {
                Ok(self.input.repartitioned(target_partitions, config)?.map(|input| self.again(input)))
            }
            Passage::Filters | Passage::Nothing => Ok(None),
        }
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        match self.what.passage() {
            Passage::Open => vec![ChildStats::At(partition)],
            Passage::Rows | Passage::Filters | Passage::Nothing => vec![ChildStats::Skip],
        }
    }

    fn statistics_from_inputs(&self, input_stats: &[Arc<Statistics>], _args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        match (self.what.passage(), input_stats) {
            (Passage::Open, [only]) => Ok(only.clone()),
            _ => Ok(Arc::new(Statistics::new_unknown(&self.schema()))),
        }
    }

    fn supports_limit_pushdown(&self) -> bool {
        matches!(self.what.passage(), Passage::Open | Passage::Rows)
    }

    fn try_swapping_with_projection(&self, projection: &ProjectionExec) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        match self.what.passage() {
            Passage::Open => {
                // As if it stood on the node below: one that cannot be merged is handed back as it is, this node and all.
                let below = ProjectionExec::try_new(projection.expr().to_vec(), self.input.clone())?;
                Ok(self.input.try_swapping_with_projection(&below)?.map(|input| self.again(input)))
            }
            Passage::Rows | Passage::Filters | Passage::Nothing => Ok(None),
        }
    }

    fn try_pushdown_sort(&self, order: &[PhysicalSortExpr]) -> Result<SortOrderPushdownResult<Arc<dyn ExecutionPlan>>> {
        match self.what.passage() {
            Passage::Open => Ok(self.input.try_pushdown_sort(order)?.map(|input| self.again(input))),
            Passage::Rows | Passage::Filters | Passage::Nothing => Ok(SortOrderPushdownResult::Unsupported),
        }
    }

    fn gather_filters_for_pushdown(
        &self,
        _phase: FilterPushdownPhase,
        parent_filters: Vec<Arc<dyn PhysicalExpr>>,
        _config: &ConfigOptions,
    ) -> Result<FilterDescription> {
        match self.what.passage() {
            Passage::Open | Passage::Rows | Passage::Filters => FilterDescription::from_children(parent_filters, &self.children()),
            Passage::Nothing => Ok(FilterDescription::all_unsupported(&parent_filters, &self.children())),
        }
    }
}
