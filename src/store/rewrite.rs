//! A rewrite: many small segments of one day become one, with the same rows in the same order of time.
//!
//! Inputs are sorted, so they are merged as streams: memory is bounded by the number of inputs, not by their size. The Delta commit
//! says that no data changed. Replaced files go when their last reader has left.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::compute::interleave_record_batch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use tokio_util::sync::CancellationToken;

use super::core::Core;
use super::crash;
use super::delta::CommitFailure;
use super::home::TableHome;
use super::physical;
use super::read::{damaged, open_segment};
use super::segment::{Segment, SegmentFacts, SegmentShape, SegmentWriter};
use super::snapshot::newest_first;
use super::spec::TableId;
use super::tail::{leaf_values, time_values};
use crate::clock::Micros;
use crate::error::{Error, Result};

/// Segments merged at once; each holds a few pages of every column in memory.
const INPUTS_MAX: usize = 16;
/// The background compactor leaves a day alone until so many segments can be merged.
const INPUTS_MIN: usize = 4;
/// A segment joins smaller ones when it is at most so many times their sum, so that rows are rewritten a few times only.
const GROWTH: u64 = 3;
/// A table with so many segments is compacted even under load.
const SEGMENTS_MAX: usize = 512;
/// Segments up to this size join any others.
const TINY_ROWS: u64 = 16_384;
const INPUT_BATCH_ROWS: usize = 4096;
const OUTPUT_BATCH_ROWS: usize = 8192;

/// Chooses segments of one day to merge, or none. `force` merges whatever is small.
pub(crate) fn choose(segments: &[Arc<Segment>], target_rows: usize, force: bool) -> Option<Vec<Arc<Segment>>> {
    let target = target_rows as u64;
    let mut days: BTreeMap<i32, Vec<&Arc<Segment>>> = BTreeMap::new();
    for segment in segments.iter().filter(|segment| segment.rows < target / 2) {
        days.entry(segment.day).or_default().push(segment);
    }
    let least = if force { 2 } else { INPUTS_MIN };
    for small in days.values_mut() {
        small.sort_by_key(|segment| segment.rows);
        let mut rows = 0;
        let mut chosen = Vec::new();
        for segment in small.iter() {
            let fits = rows + segment.rows <= target && chosen.len() < INPUTS_MAX;
            let pays = force || segment.rows <= TINY_ROWS.max(rows.saturating_mul(GROWTH)) || chosen.len() < INPUTS_MIN - 1;
            if !fits || !pays {
                break;
            }
            rows += segment.rows;
            chosen.push(Arc::clone(segment));
        }
        if chosen.len() >= least {
            return Some(chosen);
        }
    }
    None
}

/// Whether what these become is likely to be left alone: it is as large as a segment gets, or its day is over, as rows of later ones show.
fn stays(inputs: &[Arc<Segment>], all: &[Arc<Segment>], target_rows: usize) -> bool {
    let rows: u64 = inputs.iter().map(|segment| segment.rows).sum();
    let day = inputs.iter().map(|segment| segment.day).max();
    rows >= target_rows as u64 / 2 || all.iter().map(|segment| segment.day).max() > day
}

impl Core {
    /// Merges a table's small segments until none of those that it had is left to merge; says how many rewrites that took. Segments that
    /// come meanwhile are left to the next time, or a table under load would keep the caller waiting for ever.
    pub(crate) async fn rewrite_table(self: &Arc<Self>, id: TableId, force: bool) -> Result<u64> {
        let core = self.clone();
        let work = tokio::spawn(async move { core.rewrite_to_the_end(id, force).await });
        work.await.map_err(|cause| Error::internal(format!("a rewrite of table {id} ended early: {cause}")))?
    }

    async fn rewrite_to_the_end(self: &Arc<Self>, id: TableId, force: bool) -> Result<u64> {
        let Some(home) = self.snapshot().table(id).map(|state| state.home.clone()) else { return Ok(0) };
        let _rewriting = home.rewriting.lock().await;
        let mut rewrites = 0;
        let mut known: Option<HashSet<String>> = None;
        loop {
            let Some(state) = self.snapshot().table(id).cloned() else { return Ok(rewrites) };
            state.check()?;
            let known = known.get_or_insert_with(|| state.segments.iter().map(|segment| segment.name.clone()).collect());
            // Segments of a bulk load are no business of a rewrite before the Delta log names them.
            let unnamed = |segment: &Arc<Segment>| state.loaded.iter().any(|loaded| Arc::ptr_eq(&loaded.segment, segment));
            let named = state.segments.iter().filter(|segment| known.contains(&segment.name) && !unnamed(segment));
            let named: Vec<Arc<Segment>> = named.cloned().collect();
            let Some(inputs) = choose(&named, self.options().compaction_rows, force) else { return Ok(rewrites) };
            // Who forces it waits for it.
            let workers = if force { self.workers.clone() } else { self.workers.at_leisure() };
            let stays = force || stays(&inputs, &state.segments, self.options().compaction_rows);
            let shape = SegmentShape { stays, ..self.segment_shape(&state.spec, workers) };
            let sources = inputs.clone();
            let stop = self.stop.clone();
            let turn = self.merges.acquire().await.map_err(|_| Core::closed())?;
            let facts = self
                .background
                .run(move || merge(&shape, &sources, &stop))
                .await
                .map_err(|cause| Error::internal(format!("merging segments ended early: {cause}")))??;
            drop(turn);
            if let Err(CommitFailure { error, certain }) = self.commit_rewrite(id, &home, &inputs, &facts).await {
                if certain {
                    home.discard(&facts.name);
                }
                return Err(error);
            }
            known.insert(facts.name);
            rewrites += 1;
        }
    }

    async fn commit_rewrite(
        &self,
        id: TableId,
        home: &Arc<TableHome>,
        inputs: &[Arc<Segment>],
        output: &SegmentFacts,
    ) -> Result<(), CommitFailure> {
        let point = |name| self.options().faults.point(name).map_err(|cause| Error::io("rewrite segments in", &home.dir, &cause));
        point(crash::COMPACTION_BEFORE_COMMIT)?;
        let mut delta = home.delta.lock().await;
        let log = delta.as_mut().ok_or_else(|| Error::internal(format!("table {id} has segments and no Delta log")))?;
        let removed: Vec<SegmentFacts> = inputs.iter().map(|segment| segment.facts()).collect();
        log.replace(&removed, std::slice::from_ref(output), self.options().clock.now_us()).await?;
        let published = self.publish(|tables| {
            let Some(state) = tables.get_mut(&id) else { return Ok(()) };
            let state = Arc::make_mut(state);
            let replaced = |segment: &Arc<Segment>| inputs.iter().any(|input| Arc::ptr_eq(input, segment));
            let mut segments: Vec<_> = state.segments.iter().filter(|segment| !replaced(segment)).cloned().collect();
            segments.push(Arc::new(Segment::new(output, home.clone())));
            state.segments = newest_first(segments);
            Ok(())
        });
        if let Err(error) = published {
            tracing::error!(%error, "a rewrite was committed and could not be published");
        }
        // From here on the rewrite has happened: a fault only leaves files for the next start to remove.
        if point(crash::COMPACTION_AFTER_COMMIT).is_ok() {
            for segment in inputs {
                segment.retire();
            }
        }
        Ok(())
    }
}

/// One input of a merge, standing at its next row.
struct Input {
    path: std::path::PathBuf,
    reader: ParquetRecordBatchReader,
    /// The batch in hand: its place among those held, its keys, the next row.
    held: usize,
    times: Vec<Micros>,
    leaves: Vec<i64>,
    row: usize,
}

impl Input {
    /// Takes the next batch that has rows, in the output's schema.
    fn advance(&mut self, shape: &SegmentShape, held: &mut Vec<RecordBatch>) -> Result<bool> {
        for batch in self.reader.by_ref() {
            let batch = batch.map_err(|cause| damaged(&self.path, &cause))?;
            if batch.num_rows() == 0 {
                continue;
            }
            let batch = physical::to_file(&batch, &shape.file_schema)?;
            self.times = time_values(&batch, &shape.spec)?.to_vec();
            self.leaves = leaf_values(&batch)?.to_vec();
            self.row = 0;
            self.held = held.len();
            held.push(batch);
            return Ok(true);
        }
        Ok(false)
    }
}

#[derive(PartialEq, Eq)]
struct Next {
    time: Micros,
    leaf: i64,
    input: usize,
}

impl Ord for Next {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.time, self.leaf).cmp(&(other.time, other.leaf))
    }
}

impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Merges segments of one day, newest first, into one.
fn merge(shape: &SegmentShape, sources: &[Arc<Segment>], stop: &CancellationToken) -> Result<SegmentFacts> {
    let expected: u64 = sources.iter().map(|segment| segment.rows).sum();
    let day = sources.first().map(|segment| segment.day).ok_or_else(|| Error::internal("nothing to merge"))?;
    let mut held = Vec::new();
    let mut inputs = Vec::with_capacity(sources.len());
    let mut heap = BinaryHeap::with_capacity(sources.len());
    for segment in sources {
        let path = segment.file();
        let reader = open_segment(&path, INPUT_BATCH_ROWS)?;
        let mut input = Input { path, reader, held: 0, times: Vec::new(), leaves: Vec::new(), row: 0 };
        if input.advance(shape, &mut held)? {
            heap.push(Next { time: input.times[0], leaf: input.leaves[0], input: inputs.len() });
        }
        inputs.push(input);
    }
    let mut writer: Option<SegmentWriter<'_>> = None;
    let mut places = Vec::with_capacity(OUTPUT_BATCH_ROWS);
    let mut rows = 0u64;
    while let Some(next) = heap.pop() {
        let input = &mut inputs[next.input];
        places.push((input.held, input.row));
        rows += 1;
        input.row += 1;
        if input.row < input.times.len() || input.advance(shape, &mut held)? {
            heap.push(Next { time: input.times[input.row], leaf: input.leaves[input.row], input: next.input });
        }
        if places.len() == OUTPUT_BATCH_ROWS || heap.is_empty() {
            if stop.is_cancelled() {
                return Err(Core::closed());
            }
            let batch = gather(shape, &held, &places)?;
            let writer = match &mut writer {
                Some(writer) => writer,
                None => writer.insert(SegmentWriter::create(shape, day, &batch, expected)?),
            };
            writer.write(&batch)?;
            places.clear();
            release(&mut held, &mut inputs);
        }
    }
    if rows != expected {
        return Err(Error::internal(format!("a merge of table {} met {rows} rows instead of {expected}", shape.spec.label)));
    }
    writer.ok_or_else(|| Error::internal("a merge met no rows"))?.finish()
}

fn gather(shape: &SegmentShape, held: &[RecordBatch], places: &[(usize, usize)]) -> Result<RecordBatch> {
    let batches: Vec<&RecordBatch> = held.iter().collect();
    interleave_record_batch(&batches, places)
        .map_err(|cause| Error::internal(format!("could not merge rows of table {}: {cause}", shape.spec.label)))
}

/// Lets go of the batches that no input stands in any more.
fn release(held: &mut Vec<RecordBatch>, inputs: &mut [Input]) {
    let mut kept = Vec::with_capacity(inputs.len());
    for input in inputs.iter_mut().filter(|input| input.row < input.times.len()) {
        kept.push(held[input.held].clone());
        input.held = kept.len() - 1;
    }
    *held = kept;
}

/// Compacts and tidies tables until the store stops; a table that fails is left alone for a while.
pub(crate) async fn run_compactor(core: Weak<Core>, stop: CancellationToken) {
    const PAUSE: Duration = Duration::from_secs(600);
    let mut resting: HashMap<TableId, Instant> = HashMap::new();
    loop {
        let Some(interval) = core.upgrade().map(|core| core.options().compaction_interval) else { return };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(interval) => {}
        }
        let Some(core) = core.upgrade() else { return };
        resting.retain(|_, until| Instant::now() < *until);
        for (id, state) in &core.snapshot().tables {
            if stop.is_cancelled() {
                return;
            }
            if state.damage.is_some() || resting.contains_key(id) {
                continue;
            }
            // Under load the cores belong to ingest and queries; small segments wait for a quieter moment, but not for ever.
            let wait = core.is_busy() && state.segments.len() < SEGMENTS_MAX;
            let done = async {
                if !wait {
                    core.rewrite_table(*id, false).await?;
                }
                core.tidy_table(&state.home, core.options().delta_checkpoint_commits).await
            };
            if let Err(error) = done.await
                && !stop.is_cancelled()
            {
                tracing::warn!(table = %state.spec.label, %error, "could not compact; the next try is in ten minutes");
                resting.insert(*id, Instant::now() + PAUSE);
            }
        }
    }
}

impl Core {
    /// Whether ingest is using much of the memory it may use.
    fn is_busy(&self) -> bool {
        self.is_starved() || self.tail_bytes() > self.options().memory_bytes / 4
    }

    /// Writes a Delta checkpoint after so many commits, and removes expired log files.
    pub(crate) async fn tidy_table(&self, home: &TableHome, after_commits: u64) -> Result<bool> {
        let options = self.options();
        let retention = i64::try_from(options.delta_log_retention.as_micros()).unwrap_or(i64::MAX);
        let cutoff = options.clock.now_us().saturating_sub(retention);
        let due = home.delta.lock().await.as_mut().and_then(|log| log.checkpoint_due(after_commits));
        match due {
            Some(checkpoint) => checkpoint.write(cutoff).await.map(|()| true),
            None => Ok(false),
        }
    }
}
