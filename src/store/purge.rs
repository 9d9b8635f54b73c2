//! A purge: rows that shall be kept no longer leave the disk, and nothing of them stays behind.
//!
//! Tails are flushed first and the write-ahead log is cut, so that the rows stand in segments only. A segment that holds rows to
//! remove is written anew without them, or goes as a whole; the old file goes when its last reader has left. Which rows go is the
//! caller's to say, a [`Judge`], who is asked once more when all is written and nothing has gone.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use futures::future::BoxFuture;

use super::Store;
use super::core::Core;
use super::crash;
use super::delta::CommitFailure;
use super::home::TableHome;
use super::keeper::{Announced, joined};
use super::physical;
use super::read::{damaged, open_segment, read_columns};
use super::segment::{Segment, SegmentFacts, SegmentShape, SegmentWriter};
use super::snapshot::{TableState, newest_first};
use super::spec::{LEAF_COLUMN, TableId, TableSpec};
use super::tail::{TailBatch, leaf_values};
use crate::error::{Error, Kind, Result};
use crate::ledger::record::{Cause, Run, runs_of};

/// Who says which rows of a table go. All but the last word is asked on a thread that may block.
pub trait Judge: Send + Sync + 'static {
    /// How many rows of a segment have to go.
    ///
    /// # Errors
    /// Whatever judging them fails with; then nothing goes.
    fn doomed(&self, segment: &Segment) -> Result<u64>;

    /// Says of each row of a batch in the table's stored schema whether it stays.
    ///
    /// # Errors
    /// As [`Judge::doomed`].
    fn stays(&self, batch: &RecordBatch) -> Result<BooleanArray>;

    /// Why they go, and the legal holds in force, of which none keeps one of them: what the ledger says of it.
    fn cause(&self) -> (Cause, Vec<String>);

    /// The last word before rows go: `None` if what was said holds no longer. What it gives makes sure that it goes on to hold, and is
    /// kept until the rows have gone.
    fn confirm(&self) -> BoxFuture<'_, Result<Option<Assurance>>>;
}

/// Something that is held on to.
pub type Assurance = Box<dyn Send>;

const BATCH_ROWS: usize = 8192;

/// Segments are replaced in one commit until they have so many bytes together: the work of more is not risked at once, and a disk
/// need not hold more of them twice.
const GROUP_BYTES: u64 = 256 * 1024 * 1024;

/// What a purge has removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PurgeReport {
    pub rows: u64,
    /// By which the segments have become smaller.
    pub bytes: u64,
    /// Segments that were written anew or went as a whole.
    pub segments: u64,
    /// What decides about the rows has changed meanwhile, and a part of them was left.
    pub overtaken: bool,
}

impl std::ops::AddAssign for PurgeReport {
    fn add_assign(&mut self, other: PurgeReport) {
        self.rows += other.rows;
        self.bytes += other.bytes;
        self.segments += other.segments;
        self.overtaken |= other.overtaken;
    }
}

/// A part of a table's rows.
pub enum Part<'a> {
    Segment(&'a Segment),
    Tail(&'a TailBatch),
}

/// What became of one segment.
struct Purged {
    source: Arc<Segment>,
    left: Option<SegmentFacts>,
    /// The leaf indexes of the rows that go.
    gone: Vec<Run>,
}

impl Store {
    /// Removes the rows of a log table that have to go.
    ///
    /// # Errors
    /// `UndefinedTable`, `DataCorrupted`, and what the judge or the disk fails with; then nothing has gone but what was committed before.
    pub async fn purge(&self, table: TableId, judge: Arc<dyn Judge>) -> Result<PurgeReport> {
        self.snapshot().table(table).ok_or_else(|| unknown(table))?.check()?;
        self.checkpoint().await?;
        let core = self.core.clone();
        let work = tokio::spawn(async move { core.purge_to_the_end(table, judge).await });
        let report = work.await.map_err(|cause| Error::internal(format!("a purge of table {table} ended early: {cause}")))?;
        self.await_janitor().await;
        report
    }

    /// Shows the parts of a log table to `look`, the newest segment first, the tail last.
    ///
    /// # Errors
    /// `UndefinedTable`, `DataCorrupted`, and what `look` fails with.
    pub async fn review(&self, table: TableId, look: impl FnMut(Part<'_>) -> Result<()> + Send + 'static) -> Result<()> {
        let state = self.snapshot().table(table).cloned().ok_or_else(|| unknown(table))?;
        state.review(look).await
    }
}

impl TableState {
    /// As [`Store::review`], at this instant.
    ///
    /// # Errors
    /// As there.
    pub async fn review(self: Arc<Self>, mut look: impl FnMut(Part<'_>) -> Result<()> + Send + 'static) -> Result<()> {
        self.check()?;
        let id = self.spec.id;
        let reading = move || {
            self.segments.iter().try_for_each(|segment| look(Part::Segment(segment)))?;
            self.tail.iter().try_for_each(|tail| look(Part::Tail(tail)))
        };
        tokio::task::spawn_blocking(reading)
            .await
            .map_err(|cause| Error::internal(format!("looking through table {id} ended early: {cause}")))?
    }
}

fn unknown(table: TableId) -> Error {
    Error::new(Kind::UndefinedTable, format!("table {table} does not exist"))
}

/// Segments that are replaced in one commit.
struct Group {
    purged: Vec<Purged>,
    report: PurgeReport,
    /// Those that were not looked at yet.
    pending: VecDeque<Arc<Segment>>,
    /// Why it is not whole.
    failure: Option<Error>,
}

impl Core {
    async fn purge_to_the_end(self: &Arc<Self>, id: TableId, judge: Arc<dyn Judge>) -> Result<PurgeReport> {
        let home = self.snapshot().table(id).map(|state| state.home.clone()).ok_or_else(|| unknown(id))?;
        let _rewriting = home.rewriting.lock().await;
        let state = self.snapshot().table(id).cloned().ok_or_else(|| unknown(id))?;
        state.check()?;
        let shape = SegmentShape { stays: true, ..self.segment_shape(&state.spec, self.workers.at_leisure()) };
        let mut pending: VecDeque<Arc<Segment>> =
            state.segments.iter().filter(|segment| is_named(&state, segment)).cloned().collect();
        drop(state);
        let all = pending.len();
        let label = shape.spec.label.clone();
        let mut report = PurgeReport::default();
        while !pending.is_empty() {
            let (shape, sifted_by, stop) = (shape.clone(), judge.clone(), self.stop.clone());
            let work = move || sift(&shape, pending, sifted_by.as_ref(), || stop.is_cancelled());
            let group = self
                .background
                .run(work)
                .await
                .map_err(|cause| Error::internal(format!("purging table {id} ended early: {cause}")))?;
            let discard =
                || group.purged.iter().filter_map(|purged| purged.left.as_ref()).for_each(|left| home.discard(&left.name));
            if let Some(failure) = group.failure {
                discard();
                return Err(failure);
            }
            if !group.purged.is_empty() {
                let assurance = judge.confirm().await.inspect_err(|_| discard())?;
                let Some(assurance) = assurance else {
                    discard();
                    report.overtaken = true;
                    return Ok(report);
                };
                let announced = self.announce(id, &group.purged, judge.as_ref()).await.inspect_err(|_| discard())?;
                if let Err(CommitFailure { error, certain }) = self.commit_purge(id, &home, &group.purged).await {
                    if certain {
                        discard();
                        self.conclude(announced, false).await?;
                    }
                    return Err(error);
                }
                drop(assurance);
                self.conclude(announced, true).await?;
                report += group.report;
            }
            pending = group.pending;
            if !pending.is_empty() {
                let done = all - pending.len();
                tracing::info!(table = %label, rows = report.rows, "purging: {done} of {all} segments are done");
            }
        }
        Ok(report)
    }

    /// Tells the ledger what is about to go.
    async fn announce(self: &Arc<Self>, id: TableId, purged: &[Purged], judge: &dyn Judge) -> Result<Option<Announced>> {
        let Some(keeper) = self.keeper().cloned() else { return Ok(None) };
        // What became of a purge that was cut short is found out first.
        self.keep_ledger().await?;
        let state = self.snapshot().table(id).cloned().ok_or_else(|| unknown(id))?;
        let runs = joined(purged.iter().map(|purged| purged.gone.clone()));
        let (cause, holds) = judge.cause();
        tokio::task::spawn_blocking(move || keeper.announce(&state, runs, cause, holds).map(Some))
            .await
            .map_err(|cause| Error::internal(format!("announcing a purge ended early: {cause}")))?
    }

    async fn conclude(&self, announced: Option<Announced>, gone: bool) -> Result<()> {
        let Some((keeper, announced)) = self.keeper().cloned().zip(announced) else { return Ok(()) };
        tokio::task::spawn_blocking(move || keeper.conclude(announced, gone))
            .await
            .map_err(|cause| Error::internal(format!("concluding a purge ended early: {cause}")))?
    }

    async fn commit_purge(&self, id: TableId, home: &Arc<TableHome>, purged: &[Purged]) -> Result<(), CommitFailure> {
        let options = self.options();
        let point = |name| options.faults.point(name).map_err(|cause| Error::io("purge", &home.dir, &cause));
        point(crash::PURGE_BEFORE_COMMIT)?;
        let mut delta = home.delta.lock().await;
        let log = delta.as_mut().ok_or_else(|| Error::internal(format!("table {id} has segments and no Delta log")))?;
        let removed: Vec<SegmentFacts> = purged.iter().map(|purged| purged.source.facts()).collect();
        let added: Vec<SegmentFacts> = purged.iter().filter_map(|purged| purged.left.clone()).collect();
        log.purge(&removed, &added, options.clock.now_us(), &options.faults).await?;
        let published = self.publish(|tables| {
            let Some(state) = tables.get_mut(&id) else { return Ok(()) };
            let state = Arc::make_mut(state);
            let gone = |segment: &Arc<Segment>| purged.iter().any(|purged| Arc::ptr_eq(&purged.source, segment));
            let mut segments: Vec<_> = state.segments.iter().filter(|segment| !gone(segment)).cloned().collect();
            segments.extend(added.iter().map(|facts| Arc::new(Segment::new(facts, home.clone()))));
            state.segments = newest_first(segments);
            Ok(())
        });
        if let Err(error) = published {
            tracing::error!(%error, "a purge was committed and could not be published");
        }
        // From here on the purge has happened: a fault only leaves files for the next start to remove.
        if point(crash::PURGE_AFTER_COMMIT).is_ok() {
            purged.iter().for_each(|purged| purged.source.retire());
        }
        Ok(())
    }
}

/// Whether the Delta log knows a segment already; those of a bulk load it learns with the next flush.
fn is_named(state: &TableState, segment: &Arc<Segment>) -> bool {
    !state.loaded.iter().any(|loaded| Arc::ptr_eq(&loaded.segment, segment))
}

/// Writes segments anew without what has to go, until there are enough for one commit.
fn sift(shape: &SegmentShape, pending: VecDeque<Arc<Segment>>, judge: &dyn Judge, stopped: impl Fn() -> bool) -> Group {
    let mut group = Group { purged: vec![], report: PurgeReport::default(), pending, failure: None };
    let mut bytes = 0;
    while bytes < GROUP_BYTES
        && let Some(segment) = group.pending.pop_front()
    {
        if stopped() {
            group.failure = Some(Core::closed());
            break;
        }
        let doomed = match judge.doomed(&segment) {
            Ok(0) => continue,
            Ok(doomed) => doomed,
            Err(error) => {
                group.failure = Some(error);
                break;
            }
        };
        match sifted(shape, &segment, doomed, judge) {
            Ok((left, gone)) => {
                bytes += segment.bytes;
                group.report.rows += doomed;
                group.report.segments += 1;
                group.report.bytes += segment.bytes.saturating_sub(left.as_ref().map_or(0, |left| left.bytes));
                group.purged.push(Purged { source: segment, left, gone });
            }
            Err(error) => {
                group.failure = Some(error);
                break;
            }
        }
    }
    group
}

/// What is left of a segment of which so many rows have to go, `None` if that is all of them; and which go.
fn sifted(shape: &SegmentShape, segment: &Segment, doomed: u64, judge: &dyn Judge) -> Result<(Option<SegmentFacts>, Vec<Run>)> {
    let expected = segment.rows.saturating_sub(doomed);
    if expected == 0 {
        return Ok((None, all_of(segment, &shape.spec)?));
    }
    // What is written anew is thought whole from then on.
    segment.ensure_verified()?;
    let path = segment.file();
    let stored = shape.spec.stored_schema();
    let mut writer: Option<SegmentWriter<'_>> = None;
    let mut gone = Vec::new();
    for batch in open_segment(&path, BATCH_ROWS)? {
        let batch = batch.map_err(|cause| damaged(&path, &cause))?;
        let stays = judge.stays(&physical::to_stored(&batch, &stored)?)?;
        let batch = physical::to_file(&batch, &shape.file_schema)?;
        let leaves = leaf_values(&batch)?.iter().zip(stays.iter());
        gone.extend(leaves.filter(|(_, stays)| *stays != Some(true)).map(|(leaf, _)| leaf_index(*leaf)));
        let batch =
            filter_record_batch(&batch, &stays).map_err(|cause| Error::internal(format!("could not sift rows: {cause}")))?;
        if batch.num_rows() == 0 {
            continue;
        }
        let writer = match &mut writer {
            Some(writer) => writer,
            None => writer.insert(SegmentWriter::create(shape, segment.day, &batch, expected)?),
        };
        writer.write(&batch)?;
    }
    let left = writer.map(SegmentWriter::finish).transpose()?;
    // Rows are judged twice, by two readings of one file; they must be judged alike.
    let kept = left.as_ref().map_or(0, |left| left.rows);
    if kept != expected {
        return Err(Error::internal(format!("a purge of table {} kept {kept} rows instead of {expected}", shape.spec.label)));
    }
    gone.sort_unstable();
    Ok((left, runs_of(gone)))
}

/// The leaf indexes of all rows of a segment.
fn all_of(segment: &Segment, spec: &TableSpec) -> Result<Vec<Run>> {
    let (first, last) = (leaf_index(segment.leaf_min), leaf_index(segment.leaf_max));
    if last - first + 1 == segment.rows {
        return Ok(vec![Run(first, last)]);
    }
    let stored = spec.stored_schema();
    let part = stored.index_of(LEAF_COLUMN).and_then(|at| stored.project(&[at]));
    let part = part.map_err(|cause| Error::internal(format!("a table has no leaf indexes: {cause}")))?;
    let mut leaves = Vec::new();
    for batch in read_columns(segment, &Arc::new(part))? {
        leaves.extend(leaf_values(&batch?)?.iter().map(|leaf| leaf_index(*leaf)));
    }
    leaves.sort_unstable();
    Ok(runs_of(leaves))
}

fn leaf_index(leaf: i64) -> u64 {
    u64::try_from(leaf).unwrap_or(0)
}
