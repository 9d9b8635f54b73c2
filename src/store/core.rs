//! What all parts of an open store share: the published snapshot, the files of the log, the memory in use, who waits for whom.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arc_swap::ArcSwap;
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use object_store::ObjectStore;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

use super::durable::sync_dir;
use super::home::{TableHome, Yard};
use super::keeper::Keeper;
use super::lock::FolderLock;
use super::options::StoreOptions;
use super::purges::Purges;
use super::segment::Segment;
use super::snapshot::{Loaded, Snapshot, TableState, newest_first};
use super::spec::{TableId, TableSpec};
use super::tail::{self, TailBatch, compact};
use super::wal::WalFile;
use super::wal::writer::{Change, LoadFrame};
use super::workers::Workers;
use crate::background::Background;
use crate::error::{Error, Kind, Result};

/// Tables while they are being edited for the next snapshot.
pub(crate) type Tables = BTreeMap<TableId, Arc<TableState>>;

/// Merges of segments at a time, of all tables together.
const MERGES_MAX: usize = 2;

/// The shared state of an open store.
pub(crate) struct Core {
    options: StoreOptions,
    /// The absolute data folder.
    dir: PathBuf,
    snapshot: ArcSwap<Snapshot>,
    /// Held while a snapshot is made from the one before.
    publishing: Mutex<()>,
    pub(crate) store: Arc<dyn ObjectStore>,
    /// Who helps to encode.
    pub(crate) workers: Workers,
    /// Where work runs that gives way to statements.
    pub(crate) background: Background,
    /// Merges of segments that may still begin, which bounds what their pages and indexes take.
    pub(crate) merges: Semaphore,
    pub(crate) lock: Mutex<Option<FolderLock>>,
    wal_files: Mutex<Vec<WalFile>>,
    /// Dropped tables whose folder still stands, with the commit that dropped them: the log keeps it until then.
    dropping: Mutex<BTreeMap<TableId, u64>>,
    gate: Arc<Gate>,
    /// Told when a flush may be due.
    pub(crate) wake: Arc<Notify>,
    flush_failure: Mutex<Option<Error>>,
    pub(crate) yard: Yard,
    /// The ledger, once it is open; never if it is off.
    keeper: OnceLock<Arc<Keeper>>,
    pub(crate) purges: Purges,
    /// Cancelled when the store stops; long background work looks at it.
    pub(crate) stop: CancellationToken,
}

/// Memory in use by rows that are not in segments.
#[derive(Debug, Default)]
struct Gate {
    tail_bytes: AtomicUsize,
    pending_bytes: AtomicUsize,
    /// Commits that wait for memory.
    starved: AtomicUsize,
    room: Notify,
}

/// The memory of one commit on its way into the log; given back when it ends.
#[derive(Debug)]
pub(crate) struct Pending {
    bytes: usize,
    gate: Arc<Gate>,
}

impl Pending {
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.gate.pending_bytes.fetch_sub(self.bytes, Ordering::SeqCst);
        self.gate.room.notify_waiters();
    }
}

/// A lock whose holder cannot leave a half-made state behind is usable after a panic.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What an opening store has found.
pub(crate) struct Found {
    pub tables: Tables,
    pub wal_files: Vec<WalFile>,
}

impl Core {
    pub(crate) fn new(
        options: StoreOptions,
        dir: PathBuf,
        store: Arc<dyn ObjectStore>,
        lock: FolderLock,
        yard: Yard,
        found: Found,
    ) -> Result<Self> {
        let purges = Purges::open(&dir);
        let core = Core {
            workers: Workers::new(options.encode_threads),
            background: Background::start(options.encode_threads)?,
            merges: Semaphore::new(MERGES_MAX),
            options,
            dir,
            snapshot: ArcSwap::from_pointee(Snapshot { version: 1, tables: found.tables }),
            publishing: Mutex::new(()),
            store,
            lock: Mutex::new(Some(lock)),
            wal_files: Mutex::new(found.wal_files),
            dropping: Mutex::new(BTreeMap::new()),
            gate: Arc::default(),
            wake: Arc::default(),
            flush_failure: Mutex::new(None),
            yard,
            keeper: OnceLock::new(),
            purges,
            stop: CancellationToken::new(),
        };
        core.measure();
        Ok(core)
    }

    pub(crate) fn options(&self) -> &StoreOptions {
        &self.options
    }

    /// The ledger, if it is kept.
    pub(crate) fn keeper(&self) -> Option<&Arc<Keeper>> {
        self.keeper.get()
    }

    /// Opens the ledger, if it is to be kept.
    pub(crate) fn open_ledger(&self) {
        if let Some(options) = &self.options.ledger {
            self.keeper.get_or_init(|| Arc::new(Keeper::open(self, options)));
        }
    }

    pub(crate) fn wal_dir(&self) -> PathBuf {
        self.dir.join("wal")
    }

    pub(crate) fn tables_dir(&self) -> PathBuf {
        self.yard.tables.clone()
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Makes the next snapshot from the present one. A failed edit publishes nothing.
    pub(crate) fn publish<T>(&self, edit: impl FnOnce(&mut Tables) -> Result<T>) -> Result<T> {
        let result = {
            let _publishing = locked(&self.publishing);
            let current = self.snapshot.load_full();
            let mut tables = current.tables.clone();
            let result = edit(&mut tables)?;
            self.snapshot.store(Arc::new(Snapshot { version: current.version + 1, tables }));
            result
        };
        self.measure();
        Ok(result)
    }

    /// Publishes what a group of durable commits changes, all at once.
    pub(crate) fn publish_commits(&self, changes: Vec<Change>) -> Result<()> {
        self.publish(|tables| {
            let mut appended: BTreeMap<TableId, Vec<(RecordBatch, u64)>> = BTreeMap::new();
            let unpublished = |table| Error::internal(format!("rows for table {table}, which is not published"));
            for change in changes {
                match change {
                    Change::Define(spec) => self.define(tables, spec)?,
                    Change::Drop { table, sequence } => {
                        appended.remove(&table);
                        if let Some(state) = tables.remove(&table) {
                            locked(&self.dropping).insert(table, sequence);
                            state.home.drop_at(sequence);
                        }
                    }
                    Change::Append { table, batch, sequence } => appended.entry(table).or_default().push((batch, sequence)),
                    Change::Load { table, frame, sequence } => {
                        let state = tables.get_mut(&table).ok_or_else(|| unpublished(table))?;
                        load(Arc::make_mut(state), &frame, sequence);
                    }
                }
            }
            for (table, batches) in appended {
                let state = tables.get_mut(&table).ok_or_else(|| unpublished(table))?;
                append(Arc::make_mut(state), batches)?;
            }
            Ok(())
        })
    }

    fn define(&self, tables: &mut Tables, spec: Arc<TableSpec>) -> Result<()> {
        match tables.get_mut(&spec.id) {
            Some(state) => redefine(Arc::make_mut(state), spec),
            None => {
                let home = TableHome::new(spec.id, None, &self.yard);
                tables.insert(spec.id, Arc::new(TableState::new(spec, Arc::new(home))));
                Ok(())
            }
        }
    }

    /// Counts the memory of all tails, and lets those go on who waited for less.
    fn measure(&self) {
        let snapshot = self.snapshot.load();
        let bytes = snapshot.tables.values().map(|state| state.tail_bytes()).sum();
        self.gate.tail_bytes.store(bytes, Ordering::SeqCst);
        self.gate.room.notify_waiters();
    }

    pub(crate) fn tail_bytes(&self) -> usize {
        self.gate.tail_bytes.load(Ordering::SeqCst)
    }

    /// Whether commits wait for memory.
    pub(crate) fn is_starved(&self) -> bool {
        self.gate.starved.load(Ordering::SeqCst) > 0
    }

    /// Wakes the flusher if a group of commits has made a flush due.
    pub(crate) fn commits_published(&self) {
        let due = self.tail_bytes() > self.options.memory_bytes / 2
            || self
                .snapshot
                .load()
                .tables
                .values()
                .any(|state| !state.loaded.is_empty() || state.tail_bytes() >= self.options.flush_bytes);
        if due {
            self.wake.notify_one();
        }
    }

    /// Memory for a commit, if there is some at once.
    pub(crate) fn try_admit(&self, bytes: usize) -> Option<Pending> {
        let held = self.tail_bytes() + self.gate.pending_bytes.load(Ordering::SeqCst);
        let free = bytes == 0 || held == 0 || held + bytes <= self.options.memory_bytes || !self.options.background;
        free.then(|| {
            self.gate.pending_bytes.fetch_add(bytes, Ordering::SeqCst);
            Pending { bytes, gate: self.gate.clone() }
        })
    }

    /// Waits until the store has memory for a commit.
    ///
    /// # Errors
    /// Why tails cannot be flushed, if they cannot: waiting would not help then.
    pub(crate) async fn admit(&self, bytes: usize) -> Result<Pending> {
        let mut waiting = None;
        loop {
            let room = self.gate.room.notified();
            tokio::pin!(room);
            room.as_mut().enable();
            if let Some(pending) = self.try_admit(bytes) {
                return Ok(pending);
            }
            if let Some(failure) = locked(&self.flush_failure).clone() {
                let kind = failure.kind();
                return Err(Error::new(kind, "no memory is left for more rows, because those held cannot be written to segments")
                    .with_detail(failure.to_string())
                    .with_hint("free or repair the disk; the store goes on by itself then"));
            }
            waiting.get_or_insert_with(|| Starved::new(self.gate.clone()));
            self.wake.notify_one();
            room.await;
        }
    }

    /// Notes how the last flush went; who waits for memory learns of a failure.
    pub(crate) fn flushed(&self, failure: Option<Error>) {
        *locked(&self.flush_failure) = failure;
        self.gate.room.notify_waiters();
    }

    pub(crate) fn wal_file_begun(&self, file: WalFile) {
        let mut files = locked(&self.wal_files);
        files.retain(|known| known.first_sequence != file.first_sequence);
        files.push(file);
    }

    pub(crate) fn folder_removed(&self, table: TableId) {
        locked(&self.dropping).remove(&table);
    }

    /// Removes the log's files of which every commit is in segments. The file being written always stays.
    pub(crate) fn cut_wal(&self) -> Result<()> {
        let snapshot = self.snapshot();
        let unflushed = snapshot.tables.values().filter_map(|state| state.oldest_unflushed()).min();
        let dropping = locked(&self.dropping).values().min().copied();
        let keep_from = unflushed.unwrap_or(u64::MAX).min(dropping.unwrap_or(u64::MAX));
        let mut files = locked(&self.wal_files);
        let mut removed = false;
        while files.len() >= 2 && files[1].first_sequence <= keep_from {
            match fs::remove_file(&files[0].path) {
                Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io("remove the write-ahead log file", &files[0].path, &cause));
                }
                Ok(()) | Err(_) => {}
            }
            files.remove(0);
            removed = true;
        }
        if removed {
            // The order of removals matters: a file must not come back while a later one is gone.
            let dir = self.wal_dir();
            sync_dir(&dir).map_err(|cause| Error::io("sync", &dir, &cause))?;
        }
        Ok(())
    }

    /// The error of a store that was closed.
    pub(crate) fn closed() -> Error {
        Error::new(Kind::AdminShutdown, "the store is closed")
    }
}

/// One commit that waits for memory.
struct Starved(Arc<Gate>);

impl Starved {
    fn new(gate: Arc<Gate>) -> Self {
        gate.starved.fetch_add(1, Ordering::SeqCst);
        Starved(gate)
    }
}

impl Drop for Starved {
    fn drop(&mut self) {
        self.0.starved.fetch_sub(1, Ordering::SeqCst);
    }
}

fn redefine(state: &mut TableState, spec: Arc<TableSpec>) -> Result<()> {
    if spec.columns != state.spec.columns {
        let schema = spec.stored_schema();
        state.stored_schema = schema.clone();
        state.tail = state.tail.iter().map(|batch| batch.adapted(&schema).map(Arc::new)).collect::<Result<_>>()?;
        if let Some(latest) = &state.latest {
            state.latest = Some(Arc::new(latest.adapted(&spec.commit_schema())?));
        }
    }
    state.spec = spec;
    Ok(())
}

/// Publishes the segments of a bulk load, which the next flush makes known to the Delta log.
pub(crate) fn load(state: &mut TableState, frame: &LoadFrame, sequence: u64) {
    let loaded = frame.segments.iter().map(|facts| Loaded {
        segment: Arc::new(Segment::new(facts, state.home.clone())),
        facts: facts.clone(),
        sequence,
    });
    let loaded: Vec<Loaded> = loaded.collect();
    let mut segments = state.segments.to_vec();
    segments.extend(loaded.iter().map(|loaded| loaded.segment.clone()));
    state.segments = newest_first(segments);
    state.loaded = state.loaded.iter().cloned().chain(loaded).collect();
    state.next_leaf = state.next_leaf.max(frame.first_leaf + frame.rows);
    state.last_ingest = state.last_ingest.max(frame.ingest);
}

fn append(state: &mut TableState, batches: Vec<(RecordBatch, u64)>) -> Result<()> {
    let schema = state.stored_schema.clone();
    let what = "rows do not fit the table they were committed to";
    let mut adapted = Vec::with_capacity(batches.len());
    for (batch, sequence) in batches {
        adapted.push((super::physical::reshape(&batch, &schema, what)?, sequence));
    }
    if let Some(latest) = &state.latest {
        state.latest = Some(Arc::new(latest.folded(adapted.iter().map(|(batch, _)| batch))?));
    }
    let mut tail = state.tail.to_vec();
    for group in adapted.chunk_by(|a, b| a.0.num_rows() + b.0.num_rows() <= SMALL_ROWS) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let mut next = if group.len() == 1 {
            TailBatch::new(&state.spec, first.0.clone(), first.1)?
        } else {
            let merged = concat_batches(&schema, group.iter().map(|(batch, _)| batch))
                .and_then(|batch| compact(&batch))
                .map_err(|cause| Error::internal(format!("could not merge the rows of a group of commits: {cause}")))?;
            TailBatch::new(&state.spec, merged, first.1)?
        };
        next.sequence_max = last.1;
        tail::push(&mut tail, state.frozen, next)?;
    }
    let last = tail.last().map(|batch| (batch.batch.clone(), batch.batch.num_rows()));
    if let Some((batch, rows)) = last
        && rows > 0
    {
        let leaves = tail::leaf_values(&batch)?;
        state.next_leaf = state.next_leaf.max(leaves[rows - 1] + 1);
        state.last_ingest = tail::ingest_values(&batch)?[rows - 1];
    }
    state.tail = Arc::from(tail);
    Ok(())
}

/// Neighbouring batches of a group are put together at once while a pair has no more rows than this.
const SMALL_ROWS: usize = 512;
