//! The node between a statement's plan and the rows of a table that has rules: rows that the rules hide do not pass it.
//!
//! Nothing that a statement asks for is worked out below it, but for comparisons that cannot fail: those may prune. No count of rows
//! below it is told, and its batches are cut anew, so that their sizes say nothing of what was left out. Nor does it tell how many files
//! were read: it has as many partitions as the statement has threads.
//!
//! Masks are put on last, on rows that are about to leave. Where there are masks, those same comparisons rule rows out before them, and the
//! first batches are small: the newest hundred rows are a hundred or two to mask, not all that were read to find them.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::{BatchCoalescer, concat_batches, filter_record_batch};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::{Column, DynamicFilterPhysicalExpr};
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::filter_pushdown::{
    ChildFilterDescription, ChildPushdownResult, FilterDescription, FilterPushdownPhase, FilterPushdownPropagation,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
};
use futures::{StreamExt, stream};

use super::protection::{Screen, truths};
use crate::clock::Clock;
use crate::scan::is_harmless;

/// Rows of a batch that leaves.
const BATCH_ROWS: usize = 8_192;

/// Rows of the first batch that leaves under masks; each one after it has twice as many, up to [`BATCH_ROWS`].
const FIRST_ROWS: usize = 128;

/// A scan whose rows pass a table's rules.
pub(super) struct SieveExec {
    input: Arc<dyn ExecutionPlan>,
    screen: Arc<Screen>,
    /// Comparisons with columns that are shown as they were recorded, which rule rows out before masks are put on.
    asked: Vec<Arc<dyn PhysicalExpr>>,
    /// Rows expire while a long statement runs, so each batch is judged by its own instant.
    clock: Clock,
    /// How many partitions it has, whatever the input has.
    partitions: usize,
    properties: Arc<PlanProperties>,
}

impl SieveExec {
    pub(super) fn try_new(input: Arc<dyn ExecutionPlan>, screen: Arc<Screen>, clock: Clock, partitions: usize) -> Result<Self> {
        let mut known = EquivalenceProperties::new(screen.shown_schema()?);
        let mut partitions = partitions;
        if let Some(order) = kept_order(&input, &screen) {
            known.add_ordering([order]);
            partitions = 1;
        }
        let properties = PlanProperties::new(
            known,
            Partitioning::UnknownPartitioning(partitions),
            input.pipeline_behavior(),
            input.boundedness(),
        );
        Ok(SieveExec { input, screen, asked: vec![], clock, partitions, properties: Arc::new(properties) })
    }

    /// Whether a column shows what stands below, so that rows that come in its order leave in its order.
    pub(super) fn shows(&self, place: usize) -> bool {
        place < self.properties.eq_properties.schema().fields().len() && !self.screen.masked_places().contains(&place)
    }

    /// The same over another input, with other comparisons.
    fn again(&self, input: Arc<dyn ExecutionPlan>, asked: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn ExecutionPlan>> {
        let again = SieveExec::try_new(input, self.screen.clone(), self.clock.clone(), self.partitions)?;
        Ok(Arc::new(SieveExec { asked, ..again }))
    }

    /// Whether working a filter out below masks and rules means the same as above them, and can neither fail nor show.
    fn may_sink(&self, filter: &Arc<dyn PhysicalExpr>) -> bool {
        // Where a column is masked below means what was recorded.
        let masked = self.screen.masked_places();
        is_harmless(filter) && collect_columns(filter).iter().all(|column| !masked.contains(&column.index()))
    }
}

/// The first column of the order in which rows come, if they come in one line and what it shows is what stands below.
fn kept_order(input: &Arc<dyn ExecutionPlan>, screen: &Screen) -> Option<PhysicalSortExpr> {
    if input.output_partitioning().partition_count() != 1 {
        return None;
    }
    let first = input.output_ordering()?.first().clone();
    let place = first.expr.downcast_ref::<Column>()?.index();
    let shown = screen.shown_schema().ok()?;
    (place < shown.fields().len() && !screen.masked_places().contains(&place)).then(|| {
        let column = Arc::new(Column::new(shown.field(place).name(), place));
        PhysicalSortExpr { expr: column, options: first.options }
    })
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
            Ok([input]) => self.again(input, self.asked.clone()),
            Err(_) => internal_err!("a sieve has one input"),
        }
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn reset_state(self: Arc<Self>) -> Result<Arc<dyn ExecutionPlan>> {
        // What a sort has learned in one run is not so in the next.
        let lasting = |filter: &&Arc<dyn PhysicalExpr>| filter.downcast_ref::<DynamicFilterPhysicalExpr>().is_none();
        self.again(self.input.clone(), self.asked.iter().filter(lasting).cloned().collect())
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
            asked: self.asked.clone(),
            clock: self.clock.clone(),
            gathered: BatchCoalescer::new(self.screen.passed_schema()?, BATCH_ROWS),
            waiting: Waiting::default(),
            portion: if self.screen.is_masked() { FIRST_ROWS } else { BATCH_ROWS },
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
        let harmless = parent_filters.iter().filter(|filter| self.may_sink(filter)).cloned().collect();
        let below = ChildFilterDescription::all_unsupported(&parent_filters).with_self_filters(harmless);
        Ok(FilterDescription::new().with_child(below))
    }

    fn handle_child_pushdown_result(
        &self,
        _phase: FilterPushdownPhase,
        result: ChildPushdownResult,
        _config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        let harmless = result.parent_filters.iter().map(|pushed| &pushed.filter).filter(|filter| self.may_sink(filter));
        let more: Vec<_> = if self.screen.is_masked() { harmless.cloned().collect() } else { vec![] };
        // Whoever asks filters again.
        let told = FilterPushdownPropagation::all_unsupported(result);
        if more.is_empty() {
            return Ok(told);
        }
        let asked = self.asked.iter().cloned().chain(more).collect();
        Ok(told.with_updated_node(self.again(self.input.clone(), asked)?))
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
    asked: Vec<Arc<dyn PhysicalExpr>>,
    clock: Clock,
    gathered: BatchCoalescer,
    waiting: Waiting,
    /// How many rows are to leave next.
    portion: usize,
    ended: bool,
}

impl Passing {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            while let Some(batch) = self.gathered.next_completed_batch() {
                self.waiting.push(batch);
            }
            if self.waiting.rows >= self.portion || self.ended {
                let Some(rows) = self.waiting.cut(self.portion)? else { return Ok(None) };
                if self.screen.is_masked() {
                    self.portion = (2 * self.portion).min(BATCH_ROWS);
                }
                let rows = self.still_asked(rows)?;
                if rows.num_rows() > 0 {
                    return self.screen.masked(&rows).map(Some);
                }
            } else if self.waiting.rows + self.gathered.get_buffered_rows() >= self.portion {
                self.gathered.finish_buffered_batch()?;
            } else {
                match self.read().await? {
                    // Rows are copied once, on their way to where they are gathered.
                    Some(batch) => match self.screen.passing(&batch, self.clock.now_us())? {
                        (_, Some(passing)) if passing.true_count() == 0 => {}
                        (rows, Some(passing)) => self.gathered.push_batch_with_filter(rows, &passing)?,
                        (rows, None) => self.gathered.push_batch(rows)?,
                    },
                    None => {
                        self.ended = true;
                        self.gathered.finish_buffered_batch()?;
                    }
                }
            }
        }
    }

    /// The rows that nobody above has ruled out by now.
    fn still_asked(&self, mut rows: RecordBatch) -> Result<RecordBatch> {
        for filter in &self.asked {
            let kept = truths(filter, &rows)?;
            if kept.true_count() < kept.len() {
                rows = filter_record_batch(&rows, &kept)?;
            }
        }
        Ok(rows)
    }
}

/// Rows that have passed and have not left.
#[derive(Default)]
struct Waiting {
    batches: VecDeque<RecordBatch>,
    rows: usize,
}

impl Waiting {
    fn push(&mut self, batch: RecordBatch) {
        self.rows += batch.num_rows();
        self.batches.push_back(batch);
    }

    /// Takes so many rows from the front, or all if there are fewer; `None` if there is none.
    fn cut(&mut self, rows: usize) -> Result<Option<RecordBatch>> {
        let mut taken: Vec<RecordBatch> = Vec::new();
        let mut wanted = rows;
        while wanted > 0
            && let Some(first) = self.batches.pop_front()
        {
            let here = first.num_rows().min(wanted);
            if here < first.num_rows() {
                self.batches.push_front(first.slice(here, first.num_rows() - here));
            }
            taken.push(first.slice(0, here));
            wanted -= here;
            self.rows -= here;
        }
        match taken.as_slice() {
            [] => Ok(None),
            [only] => Ok(Some(only.clone())),
            [first, ..] => Ok(Some(concat_batches(&first.schema(), &taken)?)),
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

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::Int64Array;

    use super::*;

    #[test]
    fn rows_leave_in_portions_whatever_batches_they_came_in() {
        let batch = |from: i64, to: i64| {
            let values = Arc::new(Int64Array::from_iter_values(from..to)) as _;
            RecordBatch::try_from_iter([("a", values)]).unwrap()
        };
        let mut waiting = Waiting::default();
        for (from, to) in [(0, 3), (3, 4), (4, 10)] {
            waiting.push(batch(from, to));
        }
        for (portion, from, to) in [(2, 0, 2), (4, 2, 6), (1, 6, 7), (9, 7, 10)] {
            assert_eq!(waiting.cut(portion).unwrap().unwrap(), batch(from, to));
        }
        assert!(waiting.cut(1).unwrap().is_none() && waiting.rows == 0);
    }
}
