//! Where do the bytes live, and how do they survive? The store keeps rows of tables in one folder and never loses what it has
//! acknowledged. It must never know SQL text, roles or queries.
//!
//! Words: a *commit* is a set of table definitions, drops and rows that becomes durable and visible at once. The *WAL* holds
//! commits until their rows stand in segments. The *tail* of a table is its rows that no segment holds yet. A *segment* is one
//! Parquet file. A *flush* moves tails into segments with one Delta commit a table; a *rewrite* replaces many segments by few.
//! A [`Snapshot`] is everything published at one instant.
//!
//! The folder:
//!
//! ```text
//! FORMAT                        the layout's number
//! lock                          held by the one process that has the store open; says who
//! wal/<first commit>.wal        the write-ahead log
//! tables/<table id>/            a Delta table: _delta_log/ and _day=<date>/<uuid>.parquet, and _index/ (`index`)
//! journal/                      records that become rows in a moment (`journal`)
//! purges                        when each table was purged last (`purges`)
//! ledger/                       what proves that nothing was changed (`keeper`)
//! ```
//!
//! Life of a commit: [`Store::commit`] checks and encodes it in the caller's task and waits for memory; the log's writer gives it a
//! sequence number, its rows leaf indexes and an ingest time, writes and syncs it together with all others that wait
//! (`wal::writer`), publishes one snapshot for all (`core`) and answers. The flusher turns tails into segments (`flush`), the
//! compactor merges those (`rewrite`), the janitor removes what nobody reads any more (`home`). [`Store::open`] puts segments and
//! log together again (`open`).

pub mod audit;
mod codes;
mod core;
pub mod crash;
mod definition;
mod delta;
pub(crate) mod durable;
mod encode;
mod expect;
mod flush;
pub mod foreign;
mod home;
mod index;
pub mod journal;
mod keeper;
mod load;
mod lock;
mod open;
mod options;
mod pages;
mod physical;
mod pick;
mod prepare;
mod purge;
mod purges;
mod ranges;
mod read;
mod reference;
mod rewrite;
#[cfg(test)]
pub(crate) mod samples;
mod segment;
mod snapshot;
pub mod spec;
mod tail;
#[cfg(test)]
mod tests;
mod texts;
mod view;
mod wal;
mod workers;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex};

use arrow::array::RecordBatch;
use object_store::ObjectStore;
use tokio::sync::{OwnedMutexGuard, mpsc, oneshot};

use self::codes::Codebook;
use self::core::{Core, Found, locked};
use self::durable::DurableStore;
use self::home::{Chore, Yard, run_janitor};
use self::load::StagedLoad;
use self::lock::FolderLock;
use self::prepare::{Checked, prepare};
use self::spec::{TableId, TableSpec};
use self::wal::writer::{Answer, Prepared, Request, WalWriter};
use self::workers::Workers;
use crate::background::Background;
use crate::error::{Error, Kind, Result};
use crate::ledger::proof::RowProof;
use crate::metrics::Metrics;

pub use self::codes::{Ahead, CodeRows, Codes, Minute, is_codable};
pub use self::index::{is_indexable, texts_at};
pub use self::keeper::{HeldRows, LedgerOptions, LedgerStatus, SignedCheckpoint, TableLedger, public_key, rotate_key};
pub use self::load::Load;
pub use self::lock::{owner_of, server_of};
pub use self::options::StoreOptions;
pub use self::physical::{file_schema, to_stored};
pub use self::pick::{Filter, Most};
pub use self::purge::{Assurance, Judge, Part, PurgeReport};
pub use self::ranges::RowRanges;
pub use self::read::{damaged, read_columns};
pub use self::reference::{Latest, OP_PUT, OP_REMOVE};
pub use self::segment::{PAGE_ROWS, Segment, day_of};
pub use self::snapshot::{Snapshot, TableState};
pub use self::tail::TailBatch;
pub use self::view::{Mark, TableView, View};

/// What becomes durable and visible at once. Definitions come first, then drops, then loads, then rows; rows of a table that the
/// same commit drops are left out.
#[derive(Debug, Default)]
pub struct Commit {
    /// New tables, or new specs of tables that exist.
    pub define: Vec<TableSpec>,
    pub drop: Vec<TableId>,
    /// Batches in their tables' commit schema, that of now or an earlier one: equal types and names; a field's metadata is taken from the
    /// spec.
    pub rows: Vec<(TableId, RecordBatch)>,
    /// Bulk loads, at most one a table: see [`Store::load`].
    pub loads: Vec<Load>,
}

/// The acknowledgement of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Receipt {
    /// Grows by one from commit to commit.
    pub sequence: u64,
}

/// What a [`Store::vacuum`] has done, summed over its tables.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VacuumReport {
    pub segments_before: u64,
    pub segments_after: u64,
    pub bytes_before: u64,
    pub bytes_after: u64,
    /// Segments that were written anew.
    pub rewrites: u64,
    /// Rows that moved from tails into segments.
    pub rows_flushed: u64,
}

/// One open data folder.
pub struct Store {
    core: Arc<Core>,
    /// The way to the log's writer; gone when the store is closed.
    wal: Mutex<Option<mpsc::Sender<Request>>>,
    writer: Mutex<Option<std::thread::JoinHandle<()>>>,
    tasks: Mutex<Vec<tokio::task::JoinHandle<()>>>,
    row_locks: Mutex<HashMap<TableId, Arc<tokio::sync::Mutex<()>>>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("dir", &self.core.options().dir).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens a folder, making it if need be, and brings back everything that was ever acknowledged. Needs a tokio runtime.
    ///
    /// # Errors
    /// `ObjectInUse` when another process has it open, `FeatureNotSupported` for a folder of a newer format, `DataCorrupted` naming
    /// file and remedy when the write-ahead log is damaged anywhere but at its torn end, `IoError` when the folder cannot be used.
    /// A damaged table does not keep the folder from opening: see [`TableState::check`].
    pub async fn open(options: StoreOptions) -> Result<Arc<Store>> {
        let lock = FolderLock::take(&options.dir, &options.owner_note)?;
        let dir = options.dir.canonicalize().map_err(|cause| Error::io("find", &options.dir, &cause))?;
        #[expect(
            clippy::disallowed_methods,
            reason = "a chore is sent from `drop`, which cannot wait; there is one for each file that goes"
        )]
        let (janitor, chores) = mpsc::unbounded_channel();
        let tables_dir = dir.join("tables");
        let codebook = Arc::new(Codebook::new(options.codes_bytes));
        let yard = Yard { tables: tables_dir.clone(), janitor, codebook, metrics: Arc::default() };
        let opened = open::open_folder(&dir, &yard).await?;
        let objects = DurableStore::folder(&tables_dir)
            .map_err(|cause| Error::new(Kind::IoError, format!("could not open \"{}\": {cause}", tables_dir.display())))?;
        let found = Found { tables: opened.tables, wal_files: opened.replayed.files };
        let core = Arc::new(Core::new(options, dir, Arc::new(objects), lock, yard, found)?);
        let writer = WalWriter::begin(core.clone(), opened.replayed.last_sequence, opened.definitions)?;
        core.cut_wal()?;
        let opening = core.clone();
        tokio::task::spawn_blocking(move || opening.open_ledger())
            .await
            .map_err(|cause| Error::internal(format!("opening the ledger ended early: {cause}")))?;
        let (wal, requests) = mpsc::channel(core.options().commit_queue.max(1));
        let writer = std::thread::Builder::new()
            .name("annals-wal".to_owned())
            .spawn(move || writer.run(requests))
            .map_err(|cause| Error::internal(format!("could not start the thread of the write-ahead log: {cause}")))?;
        let stop = core.stop.clone();
        let mut tasks = Vec::new();
        tokio::spawn(run_janitor(chores, Arc::downgrade(&core)));
        if core.options().background {
            tasks.push(tokio::spawn(flush::run_flusher(Arc::downgrade(&core), stop.clone())));
            tasks.push(tokio::spawn(rewrite::run_compactor(Arc::downgrade(&core), stop.clone())));
            tasks.push(tokio::spawn(index::run_indexer(Arc::downgrade(&core), stop.clone())));
            if let Some(ledger) = &core.options().ledger {
                tasks.push(tokio::spawn(keeper::run_keeper(Arc::downgrade(&core), ledger.interval, stop.clone())));
                tasks.push(tokio::spawn(keeper::run_scrub(Arc::downgrade(&core), ledger.clone(), stop.clone())));
            }
        }
        Ok(Arc::new(Store {
            core,
            wal: Mutex::new(Some(wal)),
            writer: Mutex::new(Some(writer)),
            tasks: Mutex::new(tasks),
            row_locks: Mutex::default(),
        }))
    }

    /// Everything published, at this instant. Cheap; holding it keeps files that were replaced since.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.core.snapshot()
    }

    /// What is counted.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.core.yard.metrics
    }

    /// Makes a commit durable and visible. Waits while the store's memory is full. If the caller stops waiting, the commit may
    /// happen or not, but only whole.
    ///
    /// # Errors
    /// `UndefinedTable`, `InvalidTableDefinition` and `DatatypeMismatch` for a commit that cannot be; `DataCorrupted` for rows of a
    /// damaged table; `IoError` and `DiskFull` when the log cannot be written, of which nothing remains then.
    pub async fn commit(&self, commit: Commit) -> Result<Receipt> {
        let mut commit = commit;
        let mut loads = Vec::with_capacity(commit.loads.len());
        for load in std::mem::take(&mut commit.loads) {
            if loads.iter().any(|other: &StagedLoad| other.table() == load.table()) {
                return Err(Error::internal(format!("two bulk loads of table {} in one commit", load.table())));
            }
            loads.push(load.finish().await?);
        }
        let (checked, bytes) = self.prepare(commit).await?;
        let pending = self.core.admit(bytes).await?;
        let mut prepared = Box::new(Prepared { define: checked.define, drop: checked.drop, rows: checked.rows, loads, pending });
        let mut alone = false;
        loop {
            let gates = self.gates(&prepared, alone).await;
            if alone {
                let mut loads = Vec::with_capacity(prepared.loads.len());
                for load in std::mem::take(&mut prepared.loads) {
                    loads.push(load.rebased(&self.core).await?);
                }
                prepared.loads = loads;
            }
            let (reply, answer) = oneshot::channel();
            self.wal()?.send(Request::Commit(prepared, reply)).await.map_err(|_| Core::closed())?;
            let answer = answer.await.map_err(|_| Core::closed())?;
            drop(gates);
            match answer {
                Answer::Done(sequence) => return Ok(Receipt { sequence }),
                Answer::Failed(error) => return Err(error),
                Answer::Moved(back) => (prepared, alone) = (back, true),
            }
        }
    }

    /// Checks and encodes a commit, large ones where they do not hold up the runtime.
    async fn prepare(&self, commit: Commit) -> Result<(Checked, usize)> {
        const INLINE_BYTES: usize = 256 * 1024;
        let snapshot = self.snapshot();
        let bytes: usize = commit.rows.iter().map(|(_, batch)| batch.get_array_memory_size()).sum();
        if bytes <= INLINE_BYTES {
            return prepare(commit, &snapshot, &Workers::none());
        }
        let workers = self.core.workers.clone();
        tokio::task::spawn_blocking(move || prepare(commit, &snapshot, &workers))
            .await
            .map_err(|cause| Error::internal(format!("encoding rows ended early: {cause}")))?
    }

    /// Takes the gates of all tables with rows, in order of their ids; those of bulk loads alone, if they are to be written again.
    async fn gates(&self, prepared: &Prepared, alone: bool) -> Vec<Gate> {
        let snapshot = self.snapshot();
        let mut tables: BTreeMap<TableId, bool> = prepared.rows.iter().map(|rows| (rows.table, false)).collect();
        tables.extend(prepared.loads.iter().map(|load| (load.table(), alone)));
        let mut gates = Vec::with_capacity(tables.len());
        for (table, alone) in tables {
            let Some(gate) = snapshot.table(table).map(|state| state.home.gate.clone()) else { continue };
            gates.push(if alone { Gate::Alone(gate.write_owned().await) } else { Gate::Shared(gate.read_owned().await) });
        }
        gates
    }

    /// Begins a bulk load: for a statement with more rows than should wait in memory. Nothing of it is visible before it is part of
    /// a [`Commit`]; dropped, it leaves nothing. The table must exist, and not be a reference table.
    pub fn load(&self, table: TableId) -> Result<Load> {
        Load::begin(&self.core, table)
    }

    /// Serialises read-modify-write on a reference table: whoever holds the guard reads the latest state and commits changes to it.
    pub async fn lock_table(&self, table: TableId) -> OwnedMutexGuard<()> {
        let lock = locked(&self.row_locks).entry(table).or_default().clone();
        lock.lock_owned().await
    }

    /// Flushes every tail and cuts the log.
    ///
    /// # Errors
    /// The first table's that could not be flushed; its rows stay in the log, the others are flushed all the same.
    pub async fn checkpoint(&self) -> Result<()> {
        // What is committed meanwhile goes into a file of its own, so that it does not keep the older ones from being cut.
        let (reply, answer) = oneshot::channel();
        self.wal()?.send(Request::Rotate(reply)).await.map_err(|_| Core::closed())?;
        let mut first_error = answer.await.map_err(|_| Core::closed())?.err();
        let ids: Vec<TableId> =
            self.snapshot().tables.values().filter(|state| state.damage.is_none()).map(|state| state.spec.id).collect();
        for id in ids {
            match self.core.flush_table(id).await {
                Ok(true) => self
                    .core
                    .options()
                    .faults
                    .point(crash::MID_CHECKPOINT)
                    .map_err(|cause| Error::io("checkpoint", &self.core.options().dir, &cause))?,
                Ok(false) => {}
                Err(error) => {
                    first_error.get_or_insert(error);
                }
            }
        }
        match first_error {
            Some(error) => Err(error),
            None => self.core.cut_wal(),
        }
    }

    /// Flushes one table or all, merges small segments, builds the indexes that are missing, waits for replaced files to go as far as readers allow, and tidies the Delta
    /// logs.
    pub async fn vacuum(&self, table: Option<TableId>) -> Result<VacuumReport> {
        let mut report = VacuumReport::default();
        let snapshot = self.snapshot();
        let chosen = snapshot.tables.iter().filter(|(id, _)| table.is_none_or(|table| table == **id));
        let ids: Vec<TableId> = chosen.map(|(id, _)| *id).collect();
        drop(snapshot);
        for id in ids {
            let Some(before) = self.snapshot().table(id).cloned() else { continue };
            if table.is_some() {
                before.check()?;
            } else if before.damage.is_some() {
                continue;
            }
            report.segments_before += before.segments.len() as u64;
            report.bytes_before += before.segment_bytes();
            report.rows_flushed += before.tail.iter().map(|batch| batch.batch.num_rows() as u64).sum::<u64>();
            let home = before.home.clone();
            drop(before);
            self.core.flush_table(id).await?;
            report.rewrites += self.core.rewrite_table(id, true).await?;
            self.core.index_table(id).await?;
            self.core.tidy_table(&home, 1).await?;
            if let Some(after) = self.snapshot().table(id) {
                report.segments_after += after.segments.len() as u64;
                report.bytes_after += after.segment_bytes();
            }
        }
        self.await_janitor().await;
        Ok(report)
    }

    /// The threads that give way, for statements too.
    pub fn background(&self) -> &Background {
        &self.core.background
    }

    /// The files of all tables; [`Segment::path`] is relative to it. Its writes are synced.
    pub fn object_store(&self) -> Arc<dyn ObjectStore> {
        self.core.store.clone()
    }

    /// The folder that [`Store::object_store`] shows.
    pub fn tables_dir(&self) -> std::path::PathBuf {
        self.core.tables_dir()
    }

    /// Every row of a table in order of leaf indexes, in the stored schema. Holds the table in memory: for the catalog, whose log is
    /// small, and for tests.
    pub async fn scan_all(&self, table: TableId) -> Result<Vec<RecordBatch>> {
        let state = self.snapshot().table(table).cloned();
        let state = state.ok_or_else(|| Error::new(Kind::UndefinedTable, format!("table {table} does not exist")))?;
        tokio::task::spawn_blocking(move || read::read_table(&state))
            .await
            .map_err(|cause| Error::internal(format!("reading table {table} ended early: {cause}")))?
    }

    /// The ledger as of its last pass; `None` if none is kept.
    pub fn ledger(&self) -> Option<Arc<LedgerStatus>> {
        self.core.keeper().map(|keeper| keeper.status())
    }

    /// Tells when a checkpoint was published, by the size of the control log; `None` if no ledger is kept.
    pub fn watch_ledger(&self) -> Option<tokio::sync::watch::Receiver<u64>> {
        self.core.keeper().map(|keeper| keeper.watch())
    }

    /// Takes everything acknowledged until now into the ledger and signs it.
    ///
    /// # Errors
    /// Why the ledger does not go on.
    pub async fn keep_ledger(&self) -> Result<()> {
        self.core.keep_ledger().await
    }

    /// The legal holds of a table that the ledger knows, by [`HeldRows::name`]; none if no ledger is kept.
    ///
    /// # Errors
    /// Why the ledger does not go on.
    pub fn ledger_holds(&self, table: TableId) -> Result<std::collections::BTreeSet<String>> {
        match self.core.keeper().zip(self.snapshot().table(table)) {
            Some((keeper, state)) => keeper.holds(state),
            None => Ok(std::collections::BTreeSet::new()),
        }
    }

    /// Writes into the ledger that legal holds of a table have begun and that others have ended.
    ///
    /// # Errors
    /// `DataCorrupted` for a damaged segment, what a hold's condition fails with, and why the ledger does not go on.
    pub async fn note_holds(&self, table: TableId, begun: Vec<Box<dyn HeldRows>>, ended: Vec<String>) -> Result<()> {
        let Some(keeper) = self.core.keeper().cloned() else { return Ok(()) };
        let Some(state) = self.snapshot().table(table).cloned() else { return Ok(()) };
        tokio::task::spawn_blocking(move || keeper.note_holds(&state, &begun, &ended))
            .await
            .map_err(|cause| Error::internal(format!("noting holds ended early: {cause}")))?
    }

    /// Compares every row of a table with what the ledger has recorded of it.
    ///
    /// # Errors
    /// `UndefinedTable`, `ObjectNotInPrerequisiteState` if no ledger is kept of it, and why the ledger does not go on.
    pub async fn verify_table(&self, table: TableId) -> Result<(audit::TableReport, Vec<audit::Finding>)> {
        self.core.verify_table(table, 1.0).await
    }

    /// The leaf indexes of the rows of which a text column has this value, ascending.
    ///
    /// # Errors
    /// `UndefinedTable`, `DataCorrupted` for a damaged segment.
    pub async fn find_leaves(&self, table: TableId, column: &str, value: &str) -> Result<Vec<u64>> {
        let state = self.snapshot().table(table).cloned();
        let state = state.ok_or_else(|| Error::new(Kind::UndefinedTable, format!("table {table} does not exist")))?;
        state.check()?;
        let (column, value) = (column.to_owned(), value.to_owned());
        tokio::task::spawn_blocking(move || read::find_leaves(&state, &column, &value))
            .await
            .map_err(|cause| Error::internal(format!("a search ended early: {cause}")))?
    }

    /// The proof that a row is in its table's tree.
    ///
    /// # Errors
    /// `UndefinedTable`; `DataCorrupted` if rows near it are not what was recorded; `UndefinedObject` if it is not there.
    pub async fn prove(&self, table: TableId, leaf: u64) -> Result<RowProof> {
        let keeper = self.core.keeper().cloned();
        let keeper = keeper.ok_or_else(|| Error::new(Kind::ObjectNotInPrerequisiteState, "no ledger is kept"))?;
        self.keep_ledger().await?;
        let state = self.snapshot().table(table).cloned();
        let state = state.ok_or_else(|| Error::new(Kind::UndefinedTable, format!("table {table} does not exist")))?;
        tokio::task::spawn_blocking(move || keeper.prove(&state, leaf))
            .await
            .map_err(|cause| Error::internal(format!("a proof ended early: {cause}")))?
    }

    /// Writes into the lock file what a second opener is told beside the process id, for example the listening address.
    pub fn announce(&self, text: &str) -> Result<()> {
        match locked(&self.core.lock).as_mut() {
            Some(lock) => lock.announce(text),
            None => Err(Core::closed()),
        }
    }

    /// The data folder.
    pub fn dir(&self) -> &Path {
        &self.core.options().dir
    }

    /// Flushes everything, stops the background work and releases the folder, even if something could not be flushed: what could not
    /// stays in the log for the next start.
    pub async fn close(&self) -> Result<()> {
        self.core.stop.cancel();
        let tasks = std::mem::take(&mut *locked(&self.tasks));
        for task in tasks {
            // A background task that panicked has nothing left to say.
            let _ = task.await;
        }
        let flushed = match self.wal() {
            Ok(_) => self.checkpoint().await,
            Err(_) => Ok(()),
        };
        if let Err(error) = self.core.keep_ledger().await {
            tracing::warn!(%error, "the ledger does not cover the last rows; they are taken in at the next start");
        }
        self.release().await;
        flushed
    }

    /// Stops the writer and lets go of the folder.
    async fn release(&self) {
        drop(locked(&self.wal).take());
        let writer = locked(&self.writer).take();
        if let Some(writer) = writer {
            let _ = tokio::task::spawn_blocking(move || writer.join()).await;
        }
        self.await_janitor().await;
        drop(locked(&self.core.lock).take());
    }

    /// Ends as a killed process would, without flushing, and waits until nothing touches the folder any more.
    #[cfg(test)]
    pub(crate) async fn kill(&self) {
        self.core.stop.cancel();
        let tasks = std::mem::take(&mut *locked(&self.tasks));
        for task in tasks {
            let _ = task.await;
        }
        self.release().await;
    }

    fn wal(&self) -> Result<mpsc::Sender<Request>> {
        locked(&self.wal).clone().ok_or_else(Core::closed)
    }

    /// Waits until the janitor has done everything it was asked for so far.
    async fn await_janitor(&self) {
        let (reply, done) = oneshot::channel();
        if self.core.yard.janitor.send(Chore::Done(reply)).is_ok() {
            let _ = done.await;
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.core.stop.cancel();
    }
}

/// A hold on a table's gate, for as long as a commit is under way.
#[allow(dead_code)]
enum Gate {
    Shared(tokio::sync::OwnedRwLockReadGuard<()>),
    Alone(tokio::sync::OwnedRwLockWriteGuard<()>),
}
