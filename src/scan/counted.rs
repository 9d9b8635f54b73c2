//! A scan that gives rows which nothing above it can tell apart as one row, and beside it how many there are.
//!
//! What a dashboard counts by, few values of few columns and stretches of time, is counted here from codes in memory ([`Codes`]) and from the
//! order of rows in time, without looking at a row. Whoever asks for it says at which times expressions above change their minds
//! ([`Together`]): rows on both sides of such a time are never taken together, and all that are share the time of the beginning of their
//! stretch. So filters, policies and masks above judge one row in the place of many, and judge them all alike.
//!
//! Rows of segments whose columns have too many values, of times that must be told apart, and those in memory come one by one.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, AsArray, Int64Array, RecordBatch, RecordBatchOptions, TimestampMicrosecondArray, UInt32Array,
};
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, ChildrenPropertiesMode, EmissionType, ReplaceChildrenOptions};
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::stream;
use tokio_util::task::AbortOnDropHandle;

use super::ahead;
use super::combinations::{Combinations, Counter};
use super::prune::ByTime;
use crate::clock::Micros;
use crate::error::Error;
use crate::store::spec::IndexSpec;
use crate::store::{Codes, Filter, PAGE_ROWS, RowRanges, Segment, texts_at};
use crate::value::json::path::{Step, shown_path};

/// Pages whose rows are read at once where they come one by one.
const PAGES: usize = 16;
const BATCH_ROWS: usize = 8_192;
/// So many rows of a segment are few.
const SMALL: usize = 4_096;
/// Steps of time in a segment, for a guess: a day has so many hours.
const STEPS: usize = 24;
const MICROS_PER_MINUTE: i64 = 60_000_000;
/// 1980-01-01. Before it there were time zones whose offset from UTC had seconds.
const EVEN_ZONES_SINCE: Micros = 315_532_800_000_000;

/// Which rows may be taken together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Together {
    /// Times in microseconds since 1970 at which an expression changes its mind: it is the same for all times between two of them.
    pub cuts: Vec<Micros>,
    /// So many minutes, counted from 1970, in each of which every other expression stays the same.
    pub step: Option<i64>,
}

/// Rows that must come one by one whatever else is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Apart {
    #[default]
    None,
    /// Of these times.
    Times(Vec<Range<Micros>>),
    All,
}

/// Where a column that is shown comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The codes of a column or of a path, by its place among those that are coded, and the place of the column in `part`.
    Coded { code: usize, part: usize },
    /// The time, by its place in `part`.
    Time { part: usize },
    /// The number of rows that are taken together.
    Rows,
}

/// What rows are counted by.
#[derive(Debug, Clone)]
pub(super) enum Coded {
    /// A column, as the store knows it.
    Column(FieldRef),
    /// What a path leads to.
    Path { index: IndexSpec, steps: Vec<Step> },
}

impl Coded {
    /// Whether it is known what codes a segment's rows have.
    pub(super) fn is_known(&self, segment: &Segment) -> bool {
        match self {
            Coded::Column(column) => segment.knows_codes(column.name()),
            Coded::Path { index, .. } => segment.knows_path(*index),
        }
    }

    /// The codes of a segment's rows; `None` where it has none.
    pub(super) fn codes(&self, segment: &Segment) -> Result<Option<Arc<Codes>>> {
        match self {
            Coded::Column(column) => segment.codes(column).map_err(external),
            Coded::Path { index, .. } => Ok(segment.path_codes(*index).flatten()),
        }
    }
}

/// What is counted of one table.
#[derive(Clone)]
pub(super) struct Counting {
    pub shown: SchemaRef,
    /// For each column that is shown.
    pub sources: Vec<Source>,
    /// What is read as codes.
    pub coded: Vec<Coded>,
    /// All columns that are read, as the store knows them.
    pub part: SchemaRef,
    /// The column that tells the time, if it is among them.
    pub time: Option<FieldRef>,
    pub segments: Vec<Arc<Segment>>,
    /// Those of other times.
    pub others: Vec<Arc<Segment>>,
    /// Rows in memory, with the columns of `part`.
    pub memory: Vec<RecordBatch>,
    pub by_time: ByTime,
    pub filters: Vec<Filter>,
    pub together: Together,
    pub apart: Apart,
}

/// Rows of a segment between two times.
struct Stretch {
    rows: Range<usize>,
    /// The earliest and the latest time that they can have.
    low: Micros,
    high: Micros,
}

impl Counting {
    /// Whether so few rows are known to come that it takes longer to share them out than to go on with them.
    fn is_small(&self) -> bool {
        let values = |segment: &Arc<Segment>| {
            let steps = self.minuted().map_or(1, |_| STEPS);
            let known = |coded: &Coded| match coded {
                Coded::Column(column) => segment.codes_at_hand(column.name()),
                Coded::Path { index, .. } => segment.path_codes_at_hand(*index),
            };
            self.coded.iter().try_fold(steps, |product, coded| product.checked_mul(known(coded)?.values.len()))
        };
        let rows = |segment: &Arc<Segment>| values(segment).filter(|rows| *rows <= SMALL);
        self.apart == Apart::None && self.segments.iter().all(|segment| rows(segment).is_some())
    }

    /// What a segment comes to, and the rows of it that have to be read one by one. Columns are noted that had to be read for it. Blocks.
    fn count(&self, segment: &Segment, columns_read: &Count) -> Result<(Vec<RecordBatch>, RowRanges)> {
        segment.ensure_verified().map_err(external)?;
        let one_by_one = || Ok((vec![], self.by_time.rows(segment)?));
        if self.apart == Apart::All || self.minuted().is_some() && segment.time_min < EVEN_ZONES_SINCE {
            return one_by_one();
        }
        let mut codes = Vec::with_capacity(self.coded.len());
        for column in &self.coded {
            columns_read.add(usize::from(!column.is_known(segment)));
            match column.codes(segment)? {
                Some(known) => codes.push(known),
                None => return one_by_one(),
            }
        }
        let Some(mut counter) = Counter::new(&codes) else { return one_by_one() };
        let stretches = self.stretches(segment)?;
        let bounds = stretches.iter().map(|stretch| (stretch.low, stretch.high, stretch.rows.len() as u64)).collect();
        let kept = self.by_time.stretches(bounds)?;
        let mut counted = Combinations::of(codes.len());
        let mut times = Vec::new();
        let mut apart = Vec::new();
        for (stretch, _) in stretches.into_iter().zip(kept).filter(|(_, kept)| *kept) {
            if self.is_apart(stretch.low) {
                apart.push(stretch.rows);
            } else {
                counter.count(stretch.rows, &mut counted);
                times.resize(counted.len(), stretch.low);
            }
        }
        let batch = self.batch(&codes, counted, times)?;
        let pieces = (0..batch.num_rows()).step_by(BATCH_ROWS);
        let batches = pieces.map(|from| batch.slice(from, BATCH_ROWS.min(batch.num_rows() - from))).collect();
        Ok((batches, apart.into_iter().collect()))
    }

    /// The time, where minutes of it are told apart.
    pub(super) fn minuted(&self) -> Option<&FieldRef> {
        self.time.as_ref().filter(|_| self.together.step.is_some())
    }

    fn is_apart(&self, time: Micros) -> bool {
        match &self.apart {
            Apart::None => false,
            Apart::Times(ranges) => ranges.iter().any(|range| range.contains(&time)),
            Apart::All => true,
        }
    }

    /// The stretches of a segment whose rows may be taken together, newest first.
    fn stretches(&self, segment: &Segment) -> Result<Vec<Stretch>> {
        let rows = usize::try_from(segment.rows).unwrap_or(usize::MAX);
        // Times at which a stretch begins, each with the number of rows since then.
        let mut begins: Vec<(Micros, usize)> = Vec::new();
        if let Some(time) = &self.time {
            let mut cuts = self.together.cuts.clone();
            if let Apart::Times(ranges) = &self.apart {
                cuts.extend(ranges.iter().flat_map(|range| [range.start, range.end]));
            }
            cuts.retain(|cut| segment.time_min < *cut && *cut <= segment.time_max);
            for cut in cuts {
                begins.push((cut, segment.rows_since(time, cut).map_err(external)?));
            }
            if let Some(step) = self.together.step {
                let minutes = segment.minutes(time).map_err(external)?;
                let steps = minutes.windows(2).filter_map(|pair| {
                    let (newer, older) = (pair[0].0.div_euclid(step), pair[1].0.div_euclid(step));
                    (newer != older).then_some((newer * step * MICROS_PER_MINUTE, pair[1].1))
                });
                begins.extend(steps);
            }
        }
        begins.sort_unstable_by_key(|(time, _)| std::cmp::Reverse(*time));
        begins.push((segment.time_min, rows));
        let (mut from, mut high) = (0, segment.time_max);
        let mut stretches = Vec::with_capacity(begins.len());
        for (low, to) in begins {
            if from < to {
                stretches.push(Stretch { rows: from..to, low, high });
                from = to;
            }
            high = high.min(low.saturating_sub(1));
        }
        Ok(stretches)
    }

    /// Combinations as rows that are shown.
    fn batch(&self, codes: &[Arc<Codes>], counted: Combinations, times: Vec<Micros>) -> Result<RecordBatch> {
        let rows = counted.len();
        let mut coded: Vec<ArrayRef> = Vec::with_capacity(codes.len());
        for (column, codes) in codes.iter().zip(counted.codes) {
            coded.push(take(&column.values, &UInt32Array::from(codes), None)?);
        }
        let counts: ArrayRef = Arc::new(Int64Array::from(counted.rows));
        let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from(times));
        let column = |(source, field): (&Source, &FieldRef)| -> Result<ArrayRef> {
            Ok(match source {
                Source::Coded { code, .. } => coded[*code].clone(),
                Source::Time { .. } => datafusion::arrow::compute::cast(&times, field.data_type())?,
                Source::Rows => counts.clone(),
            })
        };
        let columns = self.sources.iter().zip(self.shown.fields()).map(column).collect::<Result<_>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(self.shown.clone(), columns, &options)?)
    }

    /// Rows one by one, as they are shown.
    fn single(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let column = |source: &Source| -> Result<ArrayRef> {
            Ok(match source {
                Source::Coded { code, part } => match &self.coded[*code] {
                    Coded::Column(_) => batch.column(*part).clone(),
                    Coded::Path { steps, .. } => match batch.column(*part).as_string_view_opt() {
                        Some(documents) => Arc::new(texts_at(documents, steps)),
                        None => return internal_err!("a path leads into something else than documents"),
                    },
                },
                Source::Time { part } => batch.column(*part).clone(),
                Source::Rows => Arc::new(Int64Array::from(vec![1; batch.num_rows()])),
            })
        };
        let columns = self.sources.iter().map(column).collect::<Result<_>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(self.shown.clone(), columns, &options)?)
    }

    /// Rows of a segment one by one. Blocks.
    fn read(&self, segment: &Segment, rows: &RowRanges) -> Result<Vec<RecordBatch>> {
        let picked = segment.pick(&self.part, rows, &self.filters, BATCH_ROWS).map_err(external)?;
        picked.iter().filter(|batch| batch.num_rows() > 0).map(|batch| self.single(batch)).collect()
    }
}

pub(super) fn external(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// The node.
pub(super) struct CountedExec {
    counting: Arc<Counting>,
    /// Which segments each partition counts.
    partitions: Vec<Vec<Arc<Segment>>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl CountedExec {
    /// With so many partitions at most.
    pub(super) fn new(counting: Counting, partitions: usize) -> Self {
        let partitions = if counting.is_small() { 1 } else { partitions };
        let mut largest_first = counting.segments.clone();
        largest_first.sort_by_key(|segment| std::cmp::Reverse(segment.rows));
        let mut dealt: Vec<(u64, Vec<Arc<Segment>>)> = vec![(0, vec![]); partitions.clamp(1, largest_first.len().max(1))];
        for segment in largest_first {
            if let Some((rows, segments)) = dealt.iter_mut().min_by_key(|(rows, _)| *rows) {
                *rows += segment.rows;
                segments.push(segment);
            }
        }
        let properties = PlanProperties::new(
            EquivalenceProperties::new(counting.shown.clone()),
            Partitioning::UnknownPartitioning(dealt.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        CountedExec {
            counting: Arc::new(counting),
            partitions: dealt.into_iter().map(|(_, segments)| segments).collect(),
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }
}

/// The same plan, in which no row stands for another.
///
/// # Errors
/// None that a user can cause.
pub fn one_by_one(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let singly = |node: Arc<dyn ExecutionPlan>| {
        Ok(match node.downcast_ref::<CountedExec>() {
            Some(counted) => {
                let counting = Counting { apart: Apart::All, ..counted.counting.as_ref().clone() };
                Transformed::yes(Arc::new(CountedExec::new(counting, counted.partitions.len())) as Arc<dyn ExecutionPlan>)
            }
            None => Transformed::no(node),
        })
    };
    plan.transform_up(singly).data()
}

impl fmt::Debug for CountedExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountedExec").finish_non_exhaustive()
    }
}

impl DisplayAs for CountedExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counting { coded, segments, others, together, .. } = self.counting.as_ref();
        let name = |coded: &Coded| match coded {
            Coded::Column(column) => column.name().clone(),
            Coded::Path { steps, .. } => shown_path(steps),
        };
        let names: Vec<String> = coded.iter().map(name).collect();
        let all = segments.len() + others.len();
        write!(f, "CountedExec: segments={}/{all}, counted by [{}]", segments.len(), names.join(", "))?;
        if let Some(step) = together.step {
            write!(f, ", steps of {step} min")?;
        }
        Ok(())
    }
}

impl ExecutionPlan for CountedExec {
    fn name(&self) -> &str {
        "CountedExec"
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
        let Some(segments) = self.partitions.get(partition) else {
            return internal_err!("a counted scan has no partition {partition}");
        };
        if partition == 0 {
            ahead::read(&self.counting);
        }
        let counter = |name| MetricBuilder::new(&self.metrics).counter(name, partition);
        let work = Work {
            counting: self.counting.clone(),
            segments: segments.iter().cloned().collect(),
            running: VecDeque::new(),
            at_once: context.session_config().target_partitions().div_ceil(self.partitions.len()),
            rest: None,
            ready: VecDeque::new(),
            memory: if partition == 0 { self.counting.memory.clone() } else { vec![] },
            counted: counter("segments_counted"),
            columns_read: counter("columns_read"),
            read: counter("rows_read"),
            output: MetricBuilder::new(&self.metrics).output_rows(partition),
        };
        let rows = stream::try_unfold(work, |mut work| async move { Ok(work.next().await?.map(|batch| (batch, work))) });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.counting.shown.clone(), rows)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// A segment, what it comes to, and its rows that have to be read one by one.
type CountedSegment = (Arc<Segment>, Vec<RecordBatch>, RowRanges);

/// One partition at work.
struct Work {
    counting: Arc<Counting>,
    /// Those that nobody has begun to count.
    segments: VecDeque<Arc<Segment>>,
    running: VecDeque<AbortOnDropHandle<Result<CountedSegment>>>,
    /// How many segments are counted at the same time.
    at_once: usize,
    /// Rows of a segment that are read one by one.
    rest: Option<(Arc<Segment>, RowRanges)>,
    ready: VecDeque<RecordBatch>,
    memory: Vec<RecordBatch>,
    counted: Count,
    columns_read: Count,
    read: Count,
    output: Count,
}

impl Work {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                self.output.add(batch.num_rows());
                return Ok(Some(batch));
            }
            let counting = self.counting.clone();
            if let Some((segment, rest)) = self.rest.as_mut().filter(|(_, rest)| !rest.is_empty()) {
                let (segment, rows) = (segment.clone(), rest.take_front(PAGES, PAGE_ROWS, usize::MAX));
                self.read.add(rows.rows());
                self.ready.extend(blocking(move || counting.read(&segment, &rows)).await?);
                continue;
            }
            while self.running.len() < self.at_once
                && let Some(segment) = self.segments.pop_front()
            {
                self.counted.add(1);
                let (counting, columns_read) = (counting.clone(), self.columns_read.clone());
                let count = move || counting.count(&segment, &columns_read).map(|(batches, rest)| (segment, batches, rest));
                self.running.push_back(AbortOnDropHandle::new(tokio::task::spawn_blocking(count)));
            }
            if let Some(running) = self.running.pop_front() {
                let (segment, batches, rest) = running.await.map_err(|error| DataFusionError::External(Box::new(error)))??;
                self.ready.extend(batches);
                self.rest = Some((segment, rest));
            } else if let Some(batch) = self.memory.pop() {
                self.read.add(batch.num_rows());
                self.ready.push_back(counting.single(&batch)?);
            } else {
                return Ok(None);
            }
        }
    }
}

/// Does what blocks where it holds nobody up.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| DataFusionError::External(Box::new(error)))?
}
