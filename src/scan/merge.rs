//! The merge of runs that are each sorted, of which most do not overlap: no run is opened before one of its rows may be the next.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::interleave_record_batch;
use datafusion::common::Result;

use super::in_order::{Counts, End, Reading};
use super::runs::{MemoryRun, Run, SegmentRun, ranks};

/// Rows of a batch that leaves, at most.
const BATCH_ROWS: usize = 8_192;

/// A run on its way.
struct Input {
    run: Run,
    batch: Option<RecordBatch>,
    /// Of the batch's rows.
    ranks: Vec<i64>,
    row: usize,
    /// Where the batch stands among those that the next rows are gathered from.
    held: Option<usize>,
}

/// Rows of all runs, in order.
pub(super) struct Merge {
    reading: Arc<Reading>,
    end: End,
    /// Runs that were not made yet because what was wrong with them is told when they are asked for.
    failed: Option<datafusion::common::DataFusionError>,
    inputs: Vec<Input>,
    /// For each run that is not at its end, what its next row's rank can be at most.
    next: BinaryHeap<(i64, Reverse<usize>)>,
    /// Runs of segments that begin to load before they are needed, the last of them first; none where few rows are enough.
    early: Vec<usize>,
    held: Vec<RecordBatch>,
    places: Vec<(usize, usize)>,
    counts: Counts,
}

impl Merge {
    pub(super) fn new(reading: &Arc<Reading>, end: End, few: Option<usize>, ahead: usize, counts: Counts) -> Self {
        let segments = 0..reading.found.len();
        let mut runs: Vec<Run> =
            segments.map(|place| Run::Segment(SegmentRun::new(reading, place, (end, few), ahead, counts.clone()))).collect();
        let mut early: Vec<usize> = match (few, end) {
            (Some(_), _) => vec![],
            (None, End::Newest) => (0..runs.len()).rev().collect(),
            (None, End::Oldest) => (0..runs.len()).collect(),
        };
        let mut failed = None;
        for batch in reading.memory.iter().filter(|batch| batch.num_rows() > 0) {
            match MemoryRun::new(reading, end, batch) {
                Ok(run) => runs.push(Run::Memory(run)),
                Err(error) => failed = Some(error),
            }
        }
        for place in early.split_off(early.len().saturating_sub(ahead)) {
            runs[place].begin();
        }
        let next = runs.iter().enumerate().map(|(place, run)| (run.rank(), Reverse(place))).collect();
        let input = |run| Input { run, batch: None, ranks: vec![], row: 0, held: None };
        Merge {
            reading: reading.clone(),
            end,
            failed,
            inputs: runs.into_iter().map(input).collect(),
            next,
            early,
            held: vec![],
            places: vec![],
            counts,
        }
    }

    /// The next rows; those that are at hand before more are loaded.
    pub(super) async fn next(&mut self) -> Result<Option<RecordBatch>> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        while let Some((_, Reverse(place))) = self.next.peek().copied() {
            let input = &mut self.inputs[place];
            if input.batch.is_none() {
                if !self.places.is_empty() {
                    return self.gathered().map(Some);
                }
                self.next.pop();
                if let Some(batch) = input.run.load().await? {
                    input.ranks = ranks(&batch, self.reading.time, self.end)?;
                    (input.row, input.held, input.batch) = (0, None, Some(batch));
                    self.next.push((input.ranks[0], Reverse(place)));
                } else if let Some(early) = self.early.pop() {
                    self.inputs[early].run.begin();
                }
                continue;
            }
            self.next.pop();
            let bound = self.next.peek().map_or(i64::MIN, |(rank, _)| *rank);
            self.take(place, bound);
            if self.places.len() >= BATCH_ROWS {
                return self.gathered().map(Some);
            }
        }
        if self.places.is_empty() { Ok(None) } else { self.gathered().map(Some) }
    }

    /// Takes rows of a run down to a rank, at least one, and puts the run back in its place.
    fn take(&mut self, place: usize, bound: i64) {
        let room = BATCH_ROWS - self.places.len();
        let input = &mut self.inputs[place];
        let Some(batch) = &input.batch else { return };
        let rest = &input.ranks[input.row..];
        let rows = rest.partition_point(|rank| *rank >= bound).clamp(1, room.min(rest.len()).max(1));
        let held = *input.held.get_or_insert_with(|| {
            self.held.push(batch.clone());
            self.held.len() - 1
        });
        self.places.extend((input.row..input.row + rows).map(|row| (held, row)));
        input.row += rows;
        let last = input.ranks[input.row - 1];
        if input.row == input.ranks.len() {
            input.batch = None;
        }
        let next = input.ranks.get(input.row).copied().unwrap_or(last);
        self.next.push((next, Reverse(place)));
    }

    /// The rows that were gathered, as they leave.
    fn gathered(&mut self) -> Result<RecordBatch> {
        let places = std::mem::take(&mut self.places);
        let held = std::mem::take(&mut self.held);
        self.inputs.iter_mut().for_each(|input| input.held = None);
        let rows = match held.as_slice() {
            [only] => only.slice(places[0].1, places.len()),
            many => interleave_record_batch(&many.iter().collect::<Vec<_>>(), &places)?,
        };
        self.counts.output.add(rows.num_rows());
        let shown = self.reading.shown.fields().len();
        let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        Ok(RecordBatch::try_new_with_options(self.reading.shown.clone(), rows.columns()[..shown].to_vec(), &options)?)
    }
}
