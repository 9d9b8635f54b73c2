//! A purge: rows that shall be kept no longer leave the disk, and nothing of them stays behind.
//!
//! Tails are flushed first and the write-ahead log is cut, so that the rows stand in segments only. A segment that holds rows to
//! remove is written anew without them, or goes as a whole; the old file goes when its last reader has left. Which rows go is the
//! caller's to say, by a plain function.

use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;

use super::Store;
use super::core::Core;
use super::crash;
use super::delta::CommitFailure;
use super::home::TableHome;
use super::physical;
use super::read::{damaged, open_segment};
use super::segment::{Segment, SegmentFacts, SegmentShape, SegmentWriter};
use super::snapshot::{TableState, newest_first};
use super::spec::TableId;
use super::tail::time_values;
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};

/// Says of each row of a batch in the table's stored schema whether it stays.
pub type Stays = dyn Fn(&RecordBatch) -> Result<BooleanArray> + Send + Sync;

const BATCH_ROWS: usize = 8192;

/// What a purge has removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PurgeReport {
    pub rows: u64,
    /// By which the segments have become smaller.
    pub bytes: u64,
    /// Segments that were written anew or went as a whole.
    pub segments: u64,
}

/// What became of one segment.
struct Purged {
    source: Arc<Segment>,
    left: Option<SegmentFacts>,
}

impl Store {
    /// Removes rows of a log table. Only segments whose earliest row is not after `until` are looked at.
    ///
    /// # Errors
    /// `UndefinedTable`, `DataCorrupted`, and what `stays` or the disk fails with; then nothing has gone.
    pub async fn purge(&self, table: TableId, until: Micros, stays: Arc<Stays>) -> Result<PurgeReport> {
        let state = self.snapshot().table(table).cloned().ok_or_else(|| unknown(table))?;
        state.check()?;
        if !reaches_back(&state, until)? {
            return Ok(PurgeReport::default());
        }
        drop(state);
        self.checkpoint().await?;
        let core = self.core.clone();
        let work = tokio::spawn(async move { core.purge_to_the_end(table, until, stays).await });
        let report = work.await.map_err(|cause| Error::internal(format!("a purge of table {table} ended early: {cause}")))?;
        self.await_janitor().await;
        report
    }

    /// Shows every row of a log table that is not after `until` to `look`, batch by batch in the stored schema, and some that are.
    ///
    /// # Errors
    /// As [`Store::purge`]'s.
    pub async fn review(
        &self,
        table: TableId,
        until: Micros,
        mut look: impl FnMut(&RecordBatch) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        let state = self.snapshot().table(table).cloned().ok_or_else(|| unknown(table))?;
        state.check()?;
        let reading = move || {
            for segment in state.segments.iter().filter(|segment| segment.time_min <= until) {
                for batch in open_segment(&segment.file(), BATCH_ROWS)? {
                    let batch = batch.map_err(|cause| damaged(&segment.file(), &cause))?;
                    look(&physical::to_stored(&batch, &state.stored_schema)?)?;
                }
            }
            state.tail.iter().try_for_each(|tail| look(&tail.batch))
        };
        tokio::task::spawn_blocking(reading)
            .await
            .map_err(|cause| Error::internal(format!("looking through table {table} ended early: {cause}")))?
    }
}

/// Whether a table has any row that is not after `until`.
fn reaches_back(state: &TableState, until: Micros) -> Result<bool> {
    if state.segments.iter().any(|segment| segment.time_min <= until) {
        return Ok(true);
    }
    for tail in state.tail.iter() {
        if time_values(&tail.batch, &state.spec)?.iter().any(|time| *time <= until) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn unknown(table: TableId) -> Error {
    Error::new(Kind::UndefinedTable, format!("table {table} does not exist"))
}

impl Core {
    async fn purge_to_the_end(self: &Arc<Self>, id: TableId, until: Micros, stays: Arc<Stays>) -> Result<PurgeReport> {
        let home = self.snapshot().table(id).map(|state| state.home.clone()).ok_or_else(|| unknown(id))?;
        let _rewriting = home.rewriting.lock().await;
        let state = self.snapshot().table(id).cloned().ok_or_else(|| unknown(id))?;
        state.check()?;
        let shape = self.segment_shape(&state.spec);
        let (purged, report) = {
            let stays = stays.clone();
            let stop = self.stop.clone();
            let work = move || {
                let mut purged = Vec::new();
                let mut report = PurgeReport::default();
                for segment in state.segments.iter().filter(|segment| segment.time_min <= until && is_named(&state, segment)) {
                    if stop.is_cancelled() {
                        return Err(Core::closed());
                    }
                    let Some((left, gone)) = sifted(&shape, &state, segment, stays.as_ref())? else { continue };
                    report.rows += gone;
                    report.segments += 1;
                    report.bytes += segment.bytes.saturating_sub(left.as_ref().map_or(0, |left| left.bytes));
                    purged.push(Purged { source: segment.clone(), left });
                }
                Ok((purged, report))
            };
            tokio::task::spawn_blocking(work)
                .await
                .map_err(|cause| Error::internal(format!("purging table {id} ended early: {cause}")))??
        };
        if purged.is_empty() {
            return Ok(report);
        }
        if let Err(CommitFailure { error, certain }) = self.commit_purge(id, &home, &purged).await {
            for left in purged.iter().filter(|_| certain).filter_map(|purged| purged.left.as_ref()) {
                home.discard(home.dir.join(&left.name));
            }
            return Err(error);
        }
        Ok(report)
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

/// What is left of a segment, and how many rows are gone; `None` if all of them stay.
fn sifted(
    shape: &SegmentShape,
    state: &TableState,
    segment: &Segment,
    stays: &Stays,
) -> Result<Option<(Option<SegmentFacts>, u64)>> {
    let path = segment.file();
    let mut gone = 0;
    for batch in open_segment(&path, BATCH_ROWS)? {
        let batch = physical::to_stored(&batch.map_err(|cause| damaged(&path, &cause))?, &state.stored_schema)?;
        gone += (batch.num_rows() - stays(&batch)?.true_count()) as u64;
    }
    if gone == 0 {
        return Ok(None);
    }
    let expected = segment.rows.saturating_sub(gone);
    let mut writer: Option<SegmentWriter<'_>> = None;
    if expected > 0 {
        for batch in open_segment(&path, BATCH_ROWS)? {
            let batch = batch.map_err(|cause| damaged(&path, &cause))?;
            let kept = stays(&physical::to_stored(&batch, &state.stored_schema)?)?;
            let batch = physical::to_file(&batch, &shape.file_schema)?;
            let batch =
                filter_record_batch(&batch, &kept).map_err(|cause| Error::internal(format!("could not sift rows: {cause}")))?;
            if batch.num_rows() == 0 {
                continue;
            }
            let writer = match &mut writer {
                Some(writer) => writer,
                None => writer.insert(SegmentWriter::create(shape, segment.day, &batch, expected)?),
            };
            writer.write(&batch)?;
        }
    }
    let left = writer.map(SegmentWriter::finish).transpose()?;
    // Rows are judged twice, by two readings of one file; they must be judged alike.
    let kept = left.as_ref().map_or(0, |left| left.rows);
    if kept + gone != segment.rows {
        return Err(Error::internal(format!("a purge of table {} kept {kept} rows instead of {expected}", shape.spec.label)));
    }
    Ok(Some((left, gone)))
}
