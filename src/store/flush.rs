//! A flush: one table's tail becomes segments with one Delta commit, then the log is cut.
//!
//! The order makes it happen exactly once: segments durable, Delta commit durable (with the position in the log), snapshot published,
//! log cut. A crash before the commit leaves files nobody names; a crash after it leaves rows in the log that the position skips.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use tokio_util::sync::CancellationToken;

use super::core::Core;
use super::crash;
use super::delta::{CommitFailure, DeltaLog, Position};
use super::home::TableHome;
use super::physical;
use super::segment::{Segment, SegmentFacts, SegmentShape, write_by_day};
use super::snapshot::{Loaded, newest_first};
use super::spec::{TableId, TableSpec};
use super::tail::TailBatch;
use super::workers::Workers;
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};

/// The part of a tail that a flush writes; later rows are appended behind it meanwhile.
struct Frozen {
    spec: Arc<TableSpec>,
    batches: Vec<Arc<TailBatch>>,
    /// Segments of bulk loads, which exist and are only made known.
    loaded: Vec<Loaded>,
    next_leaf: i64,
    last_ingest: Micros,
}

impl Frozen {
    /// Where the table's segments stand once this is committed.
    fn position_after(&self, before: Position) -> Position {
        let tail = self.batches.iter().map(|batch| (batch.sequence_max, batch.batch.num_rows() as u64));
        let loaded = self.loaded.iter().map(|loaded| (loaded.sequence, loaded.facts.rows));
        let (sequence, rows) = tail
            .chain(loaded)
            .fold((before.sequence, before.rows), |(last, sum), (sequence, rows)| (last.max(sequence), sum + rows));
        Position { sequence, rows, next_leaf: self.next_leaf, last_ingest: self.last_ingest }
    }
}

impl Core {
    /// Flushes one table's tail; `false` if there was nothing to do. Goes on to its end even if the caller stops waiting.
    pub(crate) async fn flush_table(self: &Arc<Self>, id: TableId) -> Result<bool> {
        let core = self.clone();
        let work = tokio::spawn(async move {
            let result = core.flush_to_the_end(id).await;
            core.flushed(result.as_ref().err().cloned());
            result
        });
        work.await.map_err(|cause| Error::internal(format!("a flush of table {id} ended early: {cause}")))?
    }

    async fn flush_to_the_end(self: &Arc<Self>, id: TableId) -> Result<bool> {
        let Some(home) = self.snapshot().table(id).map(|state| state.home.clone()) else { return Ok(false) };
        let mut delta = home.delta.lock().await;
        let Some(frozen) = self.freeze(id)? else { return Ok(false) };
        let flushed = self.write_frozen(&home, &mut delta, &frozen).await;
        let (facts, position) = match flushed {
            Ok(written) => written,
            Err(error) => {
                self.publish(|tables| {
                    if let Some(state) = tables.get_mut(&id) {
                        Arc::make_mut(state).frozen = 0;
                    }
                    Ok(())
                })?;
                return Err(error);
            }
        };
        self.publish(|tables| {
            let Some(state) = tables.get_mut(&id) else { return Ok(()) };
            let state = Arc::make_mut(state);
            state.tail = Arc::from(&state.tail[state.frozen..]);
            state.frozen = 0;
            state.loaded = Arc::from(&state.loaded[frozen.loaded.len()..]);
            state.flushed = position.sequence;
            let mut segments = state.segments.to_vec();
            segments.extend(facts.iter().map(|facts| Arc::new(Segment::new(facts, home.clone()))));
            state.segments = newest_first(segments);
            Ok(())
        })?;
        drop(delta);
        self.options().faults.point(crash::BEFORE_WAL_CUT).map_err(|cause| Error::io("cut", &self.wal_dir(), &cause))?;
        self.cut_wal()?;
        Ok(true)
    }

    fn freeze(&self, id: TableId) -> Result<Option<Frozen>> {
        self.publish(|tables| {
            let Some(state) = tables.get_mut(&id) else { return Ok(None) };
            if state.tail.is_empty() && state.loaded.is_empty() {
                return Ok(None);
            }
            state.check()?;
            let state = Arc::make_mut(state);
            state.frozen = state.tail.len();
            Ok(Some(Frozen {
                spec: state.spec.clone(),
                batches: state.tail.to_vec(),
                loaded: state.loaded.to_vec(),
                next_leaf: state.next_leaf,
                last_ingest: state.last_ingest,
            }))
        })
    }

    async fn write_frozen(
        &self,
        home: &TableHome,
        delta: &mut Option<DeltaLog>,
        frozen: &Frozen,
    ) -> Result<(Vec<SegmentFacts>, Position)> {
        let log = match delta {
            Some(log) => log,
            None => delta.insert(DeltaLog::create(&frozen.spec, &home.dir).await?),
        };
        let position = frozen.position_after(log.position());
        // Statements get the cores unless commits wait for the memory that this frees.
        let pressed = self.is_pressed();
        let workers = if pressed { self.workers.clone() } else { self.workers.at_leisure() };
        let shape = self.segment_shape(&frozen.spec, workers);
        let batches = frozen.batches.clone();
        let work = move || {
            let batches: Vec<&RecordBatch> = batches.iter().map(|batch| &batch.batch).collect();
            let mut written = Vec::new();
            let result = write_by_day(&shape, &batches, &mut written);
            (result, written)
        };
        let done = if pressed { tokio::task::spawn_blocking(work).await } else { self.background.run(work).await };
        let (result, written) = done.map_err(|cause| Error::internal(format!("writing segments ended early: {cause}")))?;
        let committed = async {
            result?;
            self.options().faults.point(crash::AFTER_PARQUET).map_err(|cause| Error::io("commit to", &home.dir, &cause))?;
            let loaded = frozen.loaded.iter().map(|loaded| loaded.facts.clone());
            let added: Vec<SegmentFacts> = loaded.chain(written.iter().cloned()).collect();
            log.append(&frozen.spec, &added, position, self.options().clock.now_us()).await
        };
        if let Err(CommitFailure { error, certain }) = committed.await {
            for facts in written.iter().filter(|_| certain) {
                home.discard(&facts.name);
            }
            return Err(error);
        }
        Ok((written, position))
    }

    /// Whether memory must become free.
    fn is_pressed(&self) -> bool {
        self.is_starved() || self.tail_bytes() > self.options().memory_bytes / 2
    }

    pub(crate) fn segment_shape(&self, spec: &Arc<TableSpec>, workers: Workers) -> SegmentShape {
        SegmentShape {
            spec: spec.clone(),
            file_schema: physical::file_schema(spec),
            dir: self.tables_dir().join(spec.id.to_string()),
            index_rows_min: self.options().index_rows_min,
            stays: false,
            store: self.store.clone(),
            runtime: tokio::runtime::Handle::current(),
            workers,
            faults: self.options().faults.clone(),
        }
    }

    /// Flushes every table that is due, the largest first. One that fails does not keep the others waiting.
    async fn flush_due(self: &Arc<Self>) -> Result<()> {
        let mut failed = BTreeSet::new();
        let mut first_error = None;
        while let Some(id) = self.most_due(&failed) {
            if let Err(error) = self.flush_table(id).await {
                failed.insert(id);
                first_error.get_or_insert(error);
            }
        }
        first_error.map_or(Ok(()), Err)
    }

    fn most_due(&self, failed: &BTreeSet<TableId>) -> Option<TableId> {
        let options = self.options();
        let pressed = self.is_pressed();
        let snapshot = self.snapshot();
        let due =
            snapshot.tables.iter().filter(|(id, state)| state.damage.is_none() && !failed.contains(id)).filter(|(_, state)| {
                let tail = state.tail.first().map(|batch| batch.born);
                let waits = |born: Instant| born.elapsed() >= options.flush_interval;
                tail.is_some_and(|born| pressed || state.tail_bytes() >= options.flush_bytes || waits(born))
                    || !state.loaded.is_empty()
            });
        due.max_by_key(|(_, state)| state.tail_bytes()).map(|(id, _)| *id)
    }
}

/// Flushes what is due until the store stops. After a failure it tries again, ever more slowly up to half a minute.
pub(crate) async fn run_flusher(core: Weak<Core>, stop: CancellationToken) {
    const TICK: Duration = Duration::from_millis(500);
    const PAUSE_MAX: Duration = Duration::from_secs(30);
    let Some(wake) = core.upgrade().map(|core| core.wake.clone()) else { return };
    let mut pause = Duration::ZERO;
    let mut not_before = Instant::now();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = wake.notified() => {}
            () = tokio::time::sleep(TICK) => {}
        }
        let Some(core) = core.upgrade() else { return };
        if Instant::now() < not_before {
            continue;
        }
        match core.flush_due().await {
            Ok(()) => pause = Duration::ZERO,
            Err(error) => {
                pause = (pause * 2).clamp(Duration::from_secs(1), PAUSE_MAX);
                not_before = Instant::now() + pause;
                let full = error.kind() == Kind::DiskFull;
                tracing::error!(%error, full, retry_s = pause.as_secs(), "could not flush; the rows stay in the write-ahead log");
            }
        }
    }
}
