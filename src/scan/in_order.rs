//! A scan whose rows come in the order of time, from either end, and which reads no further than it is asked to.
//!
//! Segments and batches of the tail are *runs*: each is sorted, and its bounds are known. A run is opened when the merge comes to its first
//! row (`runs`, `merge`), so a statement that stops after a hundred rows has read a page or two of one file. What a filter above would rule
//! out is ruled out before the columns that it does not look at are read; it is asked again above.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{BooleanArray, RecordBatch};
use datafusion::arrow::compute::SortOptions;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::utils::{collect_columns, conjunction_opt, reassign_expr_columns, split_conjunction};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_expr_common::physical_expr::is_volatile;
use datafusion::physical_plan::execution_plan::{Boundedness, ChildrenPropertiesMode, EmissionType, ReplaceChildrenOptions};
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::stream;

use super::harmless::is_harmless;
use super::lookup::{Found, Told};
use super::merge::Merge;
use super::prune::ByTime;
use crate::clock::Micros;
use crate::store::Filter;

/// From which end of time rows come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Newest,
    Oldest,
}

impl End {
    /// What rows come by: the greatest first.
    pub(super) fn rank(self, time: Micros) -> i64 {
        match self {
            End::Newest => time,
            End::Oldest => !time,
        }
    }
}

/// What is read of one table.
pub(super) struct Reading {
    /// The columns that were asked for, as SQL knows them.
    pub shown: SchemaRef,
    /// The same as the store knows them, and behind them the time, if it is not among them.
    pub part: SchemaRef,
    /// The place of the time in `part`.
    pub time: usize,
    /// Whether rows can come in order: the time is a column that was asked for and never is NULL.
    pub ordered: bool,
    /// Whether indexes have left so few rows that they are picked out of their pages.
    pub sparse: bool,
    /// Newest first.
    pub found: Vec<Found>,
    /// Rows in memory, with the columns of `part`.
    pub memory: Vec<RecordBatch>,
    pub by_time: ByTime,
    pub filters: Vec<Filter>,
    /// What indexes have said.
    pub told: Vec<Told>,
    /// All segments of the table, and their rows.
    pub segments: usize,
    pub rows: u64,
}

impl Reading {
    /// The place among the columns that were asked for of the one by which rows can come in order.
    pub(super) fn order(&self) -> Option<usize> {
        self.ordered.then_some(self.time)
    }

    /// How many rows of segments neither time nor an index rules out.
    pub(super) fn rows_left(&self) -> u64 {
        self.found.iter().map(Found::rows_left).sum()
    }
}

/// What of a predicate over stored names rules rows out before their other columns are read: comparisons, then all else that says the same
/// whenever it is asked. Of a table with rules nothing but comparisons gets so far.
pub(super) fn filters(predicate: &Arc<dyn PhysicalExpr>, stored: &SchemaRef) -> Result<Vec<Filter>> {
    let (quick, slow): (Vec<_>, Vec<_>) = split_conjunction(predicate).into_iter().cloned().partition(is_harmless);
    let slow = slow.into_iter().filter(|conjunct| !is_volatile(conjunct) && !collect_columns(conjunct).is_empty());
    [conjunction_opt(quick), conjunction_opt(slow)].into_iter().flatten().map(|filter| of(filter, stored)).collect()
}

fn of(filter: Arc<dyn PhysicalExpr>, stored: &SchemaRef) -> Result<Filter> {
    let mut places: Vec<usize> = collect_columns(&filter).iter().map(Column::index).collect();
    places.sort_unstable();
    let columns = Arc::new(stored.project(&places)?);
    let filter = reassign_expr_columns(filter, &columns)?;
    let keeps = move |batch: &RecordBatch| {
        let kept = filter.evaluate(batch).and_then(|value| value.into_array(batch.num_rows()));
        // What fails is told above, of rows that are left there.
        let all = || BooleanArray::from(vec![true; batch.num_rows()]);
        Ok(kept.ok().and_then(|kept| kept.as_any().downcast_ref::<BooleanArray>().cloned()).unwrap_or_else(all))
    };
    Ok(Filter { columns, keeps: Arc::new(keeps) })
}

/// What a run of the scan counts.
#[derive(Debug, Clone)]
pub(super) struct Counts {
    pub segments: Count,
    pub pages: Count,
    pub rows: Count,
    pub output: Count,
}

/// The node.
pub(super) struct TimeOrderExec {
    reading: Arc<Reading>,
    end: End,
    /// How many rows are likely to be asked for, if not all.
    few: Option<usize>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl TimeOrderExec {
    pub(super) fn new(reading: Arc<Reading>, end: End, few: Option<usize>) -> Self {
        let mut known = EquivalenceProperties::new(reading.shown.clone());
        if let Some(place) = reading.order() {
            let time = Arc::new(Column::new(reading.shown.field(place).name(), place));
            let descending = end == End::Newest;
            known.add_ordering([PhysicalSortExpr::new(time, SortOptions { descending, nulls_first: descending })]);
        }
        let properties =
            PlanProperties::new(known, Partitioning::UnknownPartitioning(1), EmissionType::Incremental, Boundedness::Bounded);
        TimeOrderExec { reading, end, few, properties: Arc::new(properties), metrics: ExecutionPlanMetricsSet::new() }
    }

    pub(super) fn reading(&self) -> &Arc<Reading> {
        &self.reading
    }

    /// Whether it is likely that a few rows are read: those that an index has found, or the first.
    pub(super) fn reads_few(&self) -> bool {
        self.few.is_some() || self.reading.sparse
    }
}

impl fmt::Debug for TimeOrderExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimeOrderExec").finish_non_exhaustive()
    }
}

impl DisplayAs for TimeOrderExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Reading { found, told, segments, rows, filters, .. } = self.reading.as_ref();
        let left = self.reading.rows_left();
        let from = match self.end {
            End::Newest => "newest",
            End::Oldest => "oldest",
        };
        write!(f, "TimeOrderExec: {from} first, segments={}/{segments}", found.len())?;
        write!(f, ", rows={left}/{rows}")?;
        for Told { column, asked, ruled_out, rows, .. } in told {
            write!(f, ", index on {column}: {rows} rows, {ruled_out} of {asked} segments ruled out")?;
        }
        if !filters.is_empty() {
            let columns = filters.iter().flat_map(|filter| filter.columns.fields());
            let names: BTreeSet<&str> = columns.map(|field| field.name().as_str()).collect();
            write!(f, ", filtered by [{}]", Vec::from_iter(names).join(", "))?;
        }
        Ok(())
    }
}

impl ExecutionPlan for TimeOrderExec {
    fn name(&self) -> &str {
        "TimeOrderExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![]
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
        if children.is_empty() { Ok(self) } else { internal_err!("a scan has no input") }
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        if partition != 0 {
            return internal_err!("a scan in order has one partition");
        }
        let counts = Counts {
            segments: MetricBuilder::new(&self.metrics).counter("segments_read", partition),
            pages: MetricBuilder::new(&self.metrics).counter("pages_read", partition),
            rows: MetricBuilder::new(&self.metrics).counter("rows_read", partition),
            output: MetricBuilder::new(&self.metrics).output_rows(partition),
        };
        let ahead = context.session_config().target_partitions();
        let merge = Merge::new(&self.reading, self.end, self.few, ahead, counts);
        let rows = stream::try_unfold(merge, |mut merge| async move { Ok(merge.next().await?.map(|batch| (batch, merge))) });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.reading.shown.clone(), rows)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::{DataType, Field, Schema, TimeUnit};
    use datafusion::physical_plan::ExecutionPlanProperties;
    use datafusion::physical_plan::empty::EmptyExec;

    use super::*;
    use crate::scan::{Wanted, decided, is_raw, time_place, undecided};

    #[test]
    fn a_scan_in_order_is_known_for_what_it_is_however_it_was_decided() {
        let time = Field::new("at", DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC"))), false);
        let part: SchemaRef = Arc::new(Schema::new(vec![time]));
        let reading = |ordered| {
            Arc::new(Reading {
                shown: part.clone(),
                part: part.clone(),
                time: 0,
                ordered,
                sparse: false,
                found: vec![],
                memory: vec![],
                by_time: ByTime::new(None, &part, "at"),
                filters: vec![],
                told: vec![],
                segments: 0,
                rows: 0,
            })
        };
        let any: Arc<dyn ExecutionPlan> = Arc::new(EmptyExec::new(part.clone()));
        let either = undecided::either(any.clone(), reading(true));
        assert_eq!(time_place(either.as_ref()), Some(0));
        assert_eq!(time_place(undecided::either(any.clone(), reading(false)).as_ref()), None);
        assert!(Arc::ptr_eq(&decided(either.as_ref(), Wanted::All).unwrap(), &any));
        for end in [End::Newest, End::Oldest] {
            let ordered = decided(either.as_ref(), Wanted::InTime { end, first: Some(100) }).unwrap();
            assert!(is_raw(ordered.as_ref()) && ordered.output_ordering().is_some());
            assert!(decided(ordered.as_ref(), Wanted::All).is_none(), "it stays as it is");
        }
    }
}
