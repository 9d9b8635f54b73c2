//! Runs: rows of one segment or one batch of the tail in the order of time, loaded piece by piece.

use std::collections::VecDeque;
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, RecordBatch, UInt32Array};
use datafusion::arrow::compute::{filter_record_batch, take_record_batch};
use datafusion::arrow::datatypes::TimestampMicrosecondType;
use datafusion::common::{DataFusionError, Result, internal_err};
use tokio_util::task::AbortOnDropHandle;

use super::in_order::{Counts, End, Reading};
use crate::clock::Micros;
use crate::store::{Most, PAGE_ROWS, RowRanges, Segment};

/// Rows that are read first where few may be enough, at least.
const FIRST_ROWS: usize = 256;
/// So many more are read than are likely to be asked for: who sorts by more than the time has to see that the time goes on.
pub const SPARE_ROWS: usize = 64;
/// Where the rows that were likely to be enough are not, so many times as many are read next.
const MORE: usize = 4;
/// Pages that are read in one piece, at most; each piece has twice as many as the one before it.
const PAGES_MAX: usize = 8;
/// The same of rows that an index has found, which are few: a piece reads the dictionaries of its row groups anew, and a row group has as
/// many pages.
const FOUND_PAGES_MAX: usize = 32;
/// Of so many rows that an index has found it is not asked again, before their other columns are read, whether they match: nearly all do,
/// and the columns that would tell have to be read for that alone.
const FOUND_ROWS: usize = 16_384;
const BATCH_ROWS: usize = 8_192;

/// Rows of one run.
pub(super) enum Run {
    Segment(SegmentRun),
    Memory(MemoryRun),
}

impl Run {
    /// What the rank of its first row can be at most.
    pub(super) fn rank(&self) -> i64 {
        match self {
            Run::Segment(run) => match run.end {
                End::Newest => run.end.rank(run.segment.time_max),
                End::Oldest => run.end.rank(run.segment.time_min),
            },
            Run::Memory(run) => run.rank,
        }
    }

    /// Begins to load before rows are asked for.
    pub(super) fn begin(&mut self) {
        match self {
            Run::Segment(run) => run.begin(),
            Run::Memory(_) => {}
        }
    }

    /// The next rows, at least one; `None` behind the last.
    pub(super) async fn load(&mut self) -> Result<Option<RecordBatch>> {
        match self {
            Run::Segment(run) => run.load().await,
            Run::Memory(run) => run.load(),
        }
    }
}

type Loading<T> = AbortOnDropHandle<Result<T>>;

/// What was read of a piece: rows, and among which of it those stand that were left out as more than are likely to be asked for.
type Picked = (Vec<RecordBatch>, RowRanges);

/// A segment that was opened: what was read of it first, what is being read beside that, and which rows come next.
struct Opened {
    first: Picked,
    beside: Vec<Loading<Picked>>,
    rest: RowRanges,
}

/// Rows of a segment. Its files are read where it does not hold up the runtime.
pub(super) struct SegmentRun {
    reading: Arc<Reading>,
    end: End,
    segment: Arc<Segment>,
    /// What an index has found.
    found: Option<RowRanges>,
    opening: Option<Loading<Opened>>,
    /// The rows that nobody has begun to read; `None` before it was opened.
    rest: Option<RowRanges>,
    piece: Piece,
    /// How many rows of a piece are read that filters leave.
    most: Most,
    /// Rows before all that is being loaded, which nobody has begun to read.
    left: RowRanges,
    /// Whether an index has told which rows to read.
    by_index: bool,
    /// Whether the reading's filters are asked.
    filtered: bool,
    loading: VecDeque<Loading<Picked>>,
    /// How many pieces are read at the same time, once they have grown.
    ahead: usize,
    ready: VecDeque<RecordBatch>,
    counts: Counts,
}

/// How much is read at once.
#[derive(Debug, Clone, Copy)]
struct Piece {
    pages: usize,
    pages_max: usize,
    rows: usize,
}

impl Piece {
    fn take(&mut self, rest: &mut RowRanges, end: End) -> RowRanges {
        let taken = match end {
            End::Newest => rest.take_front(self.pages, PAGE_ROWS, self.rows),
            End::Oldest => rest.take_back(self.pages, PAGE_ROWS, self.rows),
        };
        // The rest of the first page is a piece of its own.
        if self.rows < usize::MAX {
            self.rows = usize::MAX;
        } else {
            self.pages = (2 * self.pages).min(self.pages_max);
        }
        taken
    }
}

impl SegmentRun {
    pub(super) fn new(
        reading: &Arc<Reading>,
        place: usize,
        (end, few): (End, Option<usize>),
        ahead: usize,
        counts: Counts,
    ) -> Self {
        let found = &reading.found[place];
        let scattered = found.rows.as_ref().is_some_and(|rows| rows.rows() <= FOUND_ROWS);
        let few = few.map(|first| first.saturating_add(SPARE_ROWS));
        SegmentRun {
            reading: reading.clone(),
            end,
            segment: found.segment.clone(),
            found: found.rows.clone(),
            opening: None,
            rest: None,
            most: match (few, end) {
                (Some(first), End::Newest) if !scattered && !reading.filters.is_empty() => Most::First(first),
                (Some(first), End::Oldest) if !scattered && !reading.filters.is_empty() => Most::Last(first),
                (_, _) => Most::All,
            },
            piece: match (few, scattered) {
                // What a filter looks at is read by whole pages all the same.
                (Some(_), false) if !reading.filters.is_empty() => Piece { pages: 1, pages_max: PAGES_MAX, rows: usize::MAX },
                (Some(first), false) => Piece { pages: 1, pages_max: PAGES_MAX, rows: first.max(FIRST_ROWS) },
                (Some(_), true) => Piece { pages: 4, pages_max: FOUND_PAGES_MAX, rows: usize::MAX },
                (None, _) => {
                    let pages = if found.rows.is_some() { FOUND_PAGES_MAX } else { PAGES_MAX };
                    Piece { pages, pages_max: pages, rows: usize::MAX }
                }
            },
            left: RowRanges::default(),
            by_index: found.rows.is_some(),
            filtered: !scattered,
            loading: VecDeque::new(),
            ahead,
            ready: VecDeque::new(),
            counts,
        }
    }

    /// A task that reads a piece.
    fn picking(&self) -> impl FnOnce(RowRanges) -> Result<Picked> + Clone + Send + 'static {
        let (reading, segment, counts) = (self.reading.clone(), self.segment.clone(), self.counts.clone());
        let (end, most) = (self.end, self.most);
        let (filtered, by_index) = (self.filtered, self.by_index);
        move |rows| {
            counts.pages.add(rows.pages(PAGE_ROWS));
            counts.rows.add(rows.rows());
            segment.metrics().pages_read.add(rows.pages(PAGE_ROWS));
            segment.metrics().rows_read.add(rows.rows());
            if let ([told], true) = (&reading.told[..], by_index) {
                segment.note_fetched(told.index, rows.rows());
            }
            let filters = if filtered { &reading.filters[..] } else { &[] };
            let picked = segment.pick_most(&reading.part, &rows, filters, BATCH_ROWS, most);
            let (picked, left) = picked.map_err(|error| DataFusionError::External(Box::new(error)))?;
            let turned = match end {
                End::Newest => picked,
                End::Oldest => picked.iter().rev().map(turned).collect::<Result<_>>()?,
            };
            Ok((turned, left))
        }
    }

    fn begin(&mut self) {
        if self.rest.is_some() || self.opening.is_some() {
            return;
        }
        self.counts.segments.add(1);
        self.segment.metrics().segments_read.add(1);
        let (reading, segment, found) = (self.reading.clone(), self.segment.clone(), self.found.take());
        let (mut piece, end, ahead, picking) = (self.piece, self.end, self.ahead, self.picking());
        let opening = move || {
            segment.ensure_verified().map_err(|error| DataFusionError::External(Box::new(error)))?;
            let mut rest = reading.by_time.rows(&segment)?;
            if let Some(found) = found {
                rest = rest.and(&found);
            }
            let mut pieces = parts(piece.take(&mut rest, end), ahead, end).into_iter();
            let first = pieces.next().unwrap_or_default();
            let beside = pieces.map(|rows| reading_of(picking.clone(), rows)).collect();
            Ok(Opened { first: picking(first)?, beside, rest })
        };
        let _ = self.piece.take(&mut RowRanges::default(), end);
        self.opening = Some(AbortOnDropHandle::new(tokio::task::spawn_blocking(opening)));
    }

    async fn load(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Ok(Some(batch));
            }
            self.begin();
            if let Some(opening) = self.opening.take() {
                let opened = opening.await.map_err(|error| DataFusionError::External(Box::new(error)))??;
                self.rest = Some(opened.rest);
                self.loading.extend(opened.beside);
                self.take_in(opened.first);
                continue;
            }
            if !self.left.is_empty() {
                // What stands above lets little through, as a policy does: the same pages are not looked at again for a few rows each time.
                self.most = self.most.times(MORE);
                let left = std::mem::take(&mut self.left);
                self.loading.push_front(reading_of(self.picking(), left));
            }
            let Some(rest) = &mut self.rest else { return internal_err!("a segment was not opened") };
            let mut pieces = Vec::new();
            if self.piece.pages < PAGES_MAX {
                // Nothing more is begun while these may be enough.
                if self.loading.is_empty() {
                    pieces = parts(self.piece.take(rest, self.end), self.ahead, self.end);
                }
            } else {
                while self.loading.len() + pieces.len() < self.ahead.max(1) && !rest.is_empty() {
                    pieces.push(self.piece.take(rest, self.end));
                }
            }
            for rows in pieces {
                self.loading.push_back(reading_of(self.picking(), rows));
            }
            let Some(loading) = self.loading.pop_front() else { return Ok(None) };
            let picked = loading.await.map_err(|error| DataFusionError::External(Box::new(error)))??;
            self.take_in(picked);
        }
    }

    fn take_in(&mut self, (batches, left): Picked) {
        self.ready.extend(batches.into_iter().filter(|batch| batch.num_rows() > 0));
        self.left = left;
    }
}

/// Rows that are read where nobody is held up.
fn reading_of(picking: impl FnOnce(RowRanges) -> Result<Picked> + Send + 'static, rows: RowRanges) -> Loading<Picked> {
    AbortOnDropHandle::new(tokio::task::spawn_blocking(move || picking(rows)))
}

/// A piece as so many, as nearly as pages allow, that are read at the same time.
fn parts(mut piece: RowRanges, number: usize, end: End) -> Vec<RowRanges> {
    let pages = piece.pages(PAGE_ROWS).div_ceil(number.max(1));
    let mut parts = Vec::new();
    while !piece.is_empty() {
        parts.push(match end {
            End::Newest => piece.take_front(pages, PAGE_ROWS, usize::MAX),
            End::Oldest => piece.take_back(pages, PAGE_ROWS, usize::MAX),
        });
    }
    parts
}

/// Rows of a batch in memory. They are put in order when they are asked for.
pub(super) struct MemoryRun {
    reading: Arc<Reading>,
    end: End,
    batch: RecordBatch,
    /// Of the first row.
    rank: i64,
    /// The rows that have not been asked for, in order; `None` before any was.
    order: Option<VecDeque<u32>>,
    rows: usize,
}

impl MemoryRun {
    pub(super) fn new(reading: &Arc<Reading>, end: End, batch: &RecordBatch) -> Result<Self> {
        let rank = ranks(batch, reading.time, end)?.into_iter().max().unwrap_or(i64::MIN);
        Ok(MemoryRun { reading: reading.clone(), end, batch: batch.clone(), rank, order: None, rows: FIRST_ROWS })
    }

    fn load(&mut self) -> Result<Option<RecordBatch>> {
        if self.order.is_none() {
            for filter in &self.reading.filters {
                let places = filter.columns.fields().iter().map(|field| self.batch.schema_ref().index_of(field.name()));
                // A filter's columns that were not asked for are not at hand; it is asked again above.
                if let Ok(places) = places.collect::<std::result::Result<Vec<_>, _>>() {
                    let kept = (filter.keeps)(&self.batch.project(&places)?)?;
                    self.batch = filter_record_batch(&self.batch, &kept)?;
                }
            }
            let ranks = ranks(&self.batch, self.reading.time, self.end)?;
            let mut order: Vec<u32> = (0..u32::try_from(ranks.len()).unwrap_or(u32::MAX)).collect();
            order.sort_by_key(|row| std::cmp::Reverse(ranks[*row as usize]));
            self.order = Some(VecDeque::from(order));
        }
        let Some(order) = &mut self.order else { return internal_err!("a batch was not put in order") };
        let rows: UInt32Array = order.drain(..self.rows.min(order.len())).collect::<Vec<_>>().into();
        self.rows = (4 * self.rows).min(BATCH_ROWS);
        if rows.is_empty() { Ok(None) } else { Ok(Some(take_record_batch(&self.batch, &rows)?)) }
    }
}

/// A batch from its last row on.
fn turned(batch: &RecordBatch) -> Result<RecordBatch> {
    let rows = u32::try_from(batch.num_rows()).unwrap_or(u32::MAX);
    Ok(take_record_batch(batch, &UInt32Array::from_iter_values((0..rows).rev()))?)
}

/// The ranks of a batch's rows. The times of those that are not recorded yet are not known, and later than any.
pub(super) fn ranks(batch: &RecordBatch, place: usize, end: End) -> Result<Vec<i64>> {
    let Some(times) = batch.column(place).as_primitive_opt::<TimestampMicrosecondType>() else {
        return internal_err!("the time of a table is no timestamp");
    };
    Ok(match times.null_count() {
        0 => times.values().iter().map(|time| end.rank(*time)).collect(),
        _ => times.iter().map(|time| end.rank(time.unwrap_or(Micros::MAX))).collect(),
    })
}
