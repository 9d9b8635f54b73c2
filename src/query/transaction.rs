//! A transaction: what it would commit, the catalog as it sees it, and the locks it holds until its end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use datafusion::arrow::array::RecordBatch;
use tokio::sync::OwnedMutexGuard;

use crate::catalog::{Catalog, Table};
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::query::catalog_log;
use crate::query::define::Defined;
use crate::query::engine::Engine;
use crate::query::notify::Place;
use crate::query::settings::{Settings, Timeout};
use crate::store::spec::{TableId, TableKind, TableSpec};
use crate::store::{Commit, Load, Snapshot, View};

/// What a transaction holds in memory before its rows go to segments, in bytes: larger keeps more statements off the disk until
/// COMMIT, and every session may hold as much.
const HELD_BYTES: usize = 64 * 1024 * 1024;

/// What a session has begun and not yet ended.
pub(super) struct Transaction {
    /// Its start, which `now()` answers.
    pub now: Micros,
    /// BEGIN was said; without it the transaction ends with its statement.
    pub explicit: bool,
    /// It is that of several statements in one text.
    pub several: bool,
    /// A statement of its pipeline has run before.
    pub pipelined: bool,
    pub failed: bool,
    /// Where its isolation stands.
    settings: Settings,
    commit: Commit,
    /// Rows whose number outgrew memory, on their way to segments, with the number of savepoints there were when that began.
    loads: BTreeMap<TableId, (usize, Load)>,
    bytes: usize,
    /// Tables that it dropped, whose rows are nobody's any more.
    dropped: Vec<TableId>,
    /// The catalog with the transaction's own definitions.
    catalog: Option<Arc<Catalog>>,
    /// What a transaction of one snapshot sees of others, from its first statement on.
    pinned: OnceLock<Pinned>,
    definitions: Option<OwnedMutexGuard<()>>,
    tables: BTreeMap<TableId, OwnedMutexGuard<()>>,
    marks: Vec<Mark>,
}

/// All that was committed at one instant.
struct Pinned {
    catalog: Arc<Catalog>,
    snapshot: Arc<Snapshot>,
}

/// A savepoint: what the transaction was when it was set.
struct Mark {
    name: String,
    rows: usize,
    define: Vec<TableSpec>,
    drop: Vec<TableId>,
    dropped: usize,
    bytes: usize,
    catalog: Option<Arc<Catalog>>,
    defines: bool,
    tables: BTreeSet<TableId>,
    notify: Place,
    portals: u64,
}

/// What a session goes back to with a savepoint.
pub(super) struct Reached {
    /// The savepoint's number.
    pub at: usize,
    pub notify: Place,
    pub portals: u64,
}

impl Transaction {
    pub(super) fn new(now: Micros, settings: Settings) -> Self {
        Transaction {
            now,
            explicit: false,
            several: false,
            pipelined: false,
            failed: false,
            settings,
            commit: Commit::default(),
            loads: BTreeMap::new(),
            bytes: 0,
            dropped: vec![],
            catalog: None,
            pinned: OnceLock::new(),
            definitions: None,
            tables: BTreeMap::new(),
            marks: vec![],
        }
    }

    /// What others had committed when the transaction looked first, if that is what it goes on to see.
    fn pinned(&self, engine: &Engine) -> Option<&Pinned> {
        if !self.settings.query().is_one_snapshot() {
            return None;
        }
        // The catalog first: a snapshot that is newer holds all of its tables.
        let pin = || {
            let catalog = engine.catalog();
            Pinned { catalog, snapshot: engine.store.snapshot() }
        };
        Some(self.pinned.get_or_init(pin))
    }

    /// The catalog as this transaction sees it.
    pub(super) fn catalog(&self, engine: &Engine) -> Arc<Catalog> {
        match (&self.catalog, self.pinned(engine)) {
            (Some(own), _) => own.clone(),
            (None, Some(pinned)) => pinned.catalog.clone(),
            (None, None) => engine.catalog(),
        }
    }

    /// The catalog with its own definitions, if it has made any.
    pub(super) fn own_catalog(&self) -> Option<Arc<Catalog>> {
        self.catalog.clone()
    }

    /// The snapshot that the transaction reads, with its own rows on top.
    pub(super) fn view(&self, engine: &Engine) -> View {
        let snapshot = self.pinned(engine).map_or_else(|| engine.store.snapshot(), |pinned| pinned.snapshot.clone());
        View::new(snapshot, self.commit.rows.clone())
    }

    /// Whether it would commit nothing.
    pub(super) fn is_empty(&self) -> bool {
        let Commit { define, drop, rows, loads } = &self.commit;
        let committed = define.is_empty() && drop.is_empty() && rows.is_empty() && loads.is_empty();
        committed && self.loads.is_empty() && self.catalog.is_none()
    }

    /// Sets a savepoint.
    pub(super) fn mark(&mut self, name: &str, notify: Place, portals: u64) {
        self.marks.push(Mark {
            name: name.to_owned(),
            rows: self.commit.rows.len(),
            define: self.commit.define.clone(),
            drop: self.commit.drop.clone(),
            dropped: self.dropped.len(),
            bytes: self.bytes,
            catalog: self.catalog.clone(),
            defines: self.definitions.is_some(),
            tables: self.tables.keys().copied().collect(),
            notify,
            portals,
        });
    }

    /// Undoes everything behind a savepoint, which stays; a failed transaction has not failed then.
    ///
    /// # Errors
    /// 3B001 when there is none of this name.
    pub(super) fn back_to(&mut self, name: &str) -> Result<Reached> {
        let at = self.place_of(name)?;
        self.marks.truncate(at + 1);
        let Some(mark) = self.marks.get(at) else { return Err(no_savepoint(name)) };
        self.commit.rows.truncate(mark.rows);
        self.commit.define.clone_from(&mark.define);
        self.commit.drop.clone_from(&mark.drop);
        self.dropped.truncate(mark.dropped);
        self.bytes = mark.bytes;
        self.catalog.clone_from(&mark.catalog);
        if !mark.defines {
            self.definitions = None;
        }
        self.tables.retain(|table, _| mark.tables.contains(table));
        self.loads.retain(|_, (marks, _)| *marks <= at);
        self.failed = false;
        Ok(Reached { at, notify: mark.notify, portals: mark.portals })
    }

    /// Forgets a savepoint and those behind it; gives its number.
    ///
    /// # Errors
    /// 3B001 when there is none of this name.
    pub(super) fn release(&mut self, name: &str) -> Result<usize> {
        let at = self.place_of(name)?;
        self.marks.truncate(at);
        for (marks, _) in self.loads.values_mut() {
            *marks = (*marks).min(at);
        }
        Ok(at)
    }

    fn place_of(&self, name: &str) -> Result<usize> {
        self.marks.iter().rposition(|mark| mark.name == name).ok_or_else(|| no_savepoint(name))
    }

    /// Whether it has defined something, or is about to.
    pub(super) fn defines(&self) -> bool {
        self.definitions.is_some()
    }

    /// Waits until no other transaction defines anything, and keeps others waiting until this one ends.
    ///
    /// # Errors
    /// 55P03 when `lock_timeout` passes; 40001 when something was defined since the snapshot that the transaction reads.
    pub(super) async fn lock_definitions(&mut self, engine: &Engine) -> Result<()> {
        if self.definitions.is_none() {
            let held = self.lock(engine.definitions.clone().lock_owned()).await?;
            if let Some(pinned) = self.pinned(engine)
                && pinned.catalog.epoch != engine.catalog().epoch
            {
                return Err(changed_meanwhile());
            }
            self.definitions = Some(held);
        }
        Ok(())
    }

    /// Waits until no other transaction changes the reference table, and keeps others waiting until this one ends.
    ///
    /// # Errors
    /// 55P03 when `lock_timeout` passes; 40001 when the table was changed since the snapshot that the transaction reads, because a
    /// change is made to the latest rows.
    pub(super) async fn lock_table(&mut self, engine: &Engine, table: TableId) -> Result<()> {
        if self.tables.contains_key(&table) {
            return Ok(());
        }
        let held = self.lock(engine.store.lock_table(table)).await?;
        self.hold(engine, table, held)
    }

    /// As [`Transaction::lock_table`], without waiting for another transaction.
    ///
    /// # Errors
    /// 55P03 when another holds the lock, naming the table; 40001 as there.
    pub(super) async fn lock_table_at_once(&mut self, engine: &Engine, table: TableId, name: &str) -> Result<()> {
        if self.tables.contains_key(&table) {
            return Ok(());
        }
        let held = tokio::time::timeout(Duration::ZERO, engine.store.lock_table(table)).await.map_err(|_| {
            Error::new(Kind::LockNotAvailable, format!("could not obtain lock on row in relation \"{name}\""))
                .with_hint("A lock is that of the whole table; SKIP LOCKED finds no other rows in it.")
        })?;
        self.hold(engine, table, held)
    }

    fn hold(&mut self, engine: &Engine, table: TableId, held: OwnedMutexGuard<()>) -> Result<()> {
        if let Some(pinned) = self.pinned(engine) {
            let rows = |snapshot: &Snapshot| snapshot.table(table).map(|state| state.next_leaf);
            if rows(&pinned.snapshot) != rows(&engine.store.snapshot()) {
                return Err(changed_meanwhile());
            }
        }
        self.tables.insert(table, held);
        Ok(())
    }

    async fn lock(&self, lock: impl Future<Output = OwnedMutexGuard<()>>) -> Result<OwnedMutexGuard<()>> {
        match self.settings.milliseconds(Timeout::Lock) {
            None => Ok(lock.await),
            Some(limit) => tokio::time::timeout(Duration::from_millis(limit), lock)
                .await
                .map_err(|_| Error::new(Kind::LockNotAvailable, "canceling statement due to lock timeout")),
        }
    }

    /// Takes a definition in, with its record.
    pub(super) fn define(&mut self, defined: Defined, engine: &Engine, role: &str) -> Result<()> {
        let record = catalog_log::record(&defined, role, self.now)?;
        let mut catalog = self.catalog(engine).as_ref().clone();
        for change in defined.changes {
            catalog = catalog.apply(change)?;
        }
        self.catalog = Some(Arc::new(catalog));
        for spec in defined.specs {
            self.commit.define.retain(|earlier| earlier.id != spec.id);
            self.commit.define.push(spec);
        }
        for id in defined.drops {
            self.dropped.push(id);
            let was_new = self.commit.define.iter().any(|spec| spec.id == id) && !engine.store.snapshot().tables.contains_key(&id);
            self.commit.define.retain(|spec| spec.id != id);
            if !was_new {
                self.commit.drop.push(id);
            }
        }
        self.commit.rows.push((catalog_log::ID, record));
        Ok(())
    }

    /// Takes rows in. Past [`HELD_BYTES`] the rows of a log table go to segments while they come, unseen by anybody until COMMIT,
    /// this transaction included.
    ///
    /// # Errors
    /// 54000 when rows that must wait in memory are more than may; the store's when segments cannot be written.
    pub(super) async fn add_rows(&mut self, table: &Table, batch: RecordBatch, engine: &Engine) -> Result<()> {
        let id = table.store_id();
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let marks = self.marks.len();
        // A table that was changed meanwhile gets rows of more columns than the load takes.
        if let Some((begun, load)) = self.loads.get_mut(&id)
            && *begun == marks
            && load.spec().columns == table.spec.columns
        {
            return load.push(batch).await;
        }
        self.bytes += batch.get_array_memory_size();
        self.commit.rows.push((id, batch));
        if self.bytes <= HELD_BYTES {
            return Ok(());
        }
        // A savepoint's rows cannot be taken out of a load again that began before it, so they wait in memory.
        if table.kind() == TableKind::Log && self.loads.contains_key(&id) {
            return self.refuse_more(
                table,
                engine,
                "Release the savepoint, or load the rows without one and with no ALTER TABLE between.",
            );
        }
        let changed_here = self.commit.define.iter().any(|spec| spec.id == id);
        if table.kind() == TableKind::Log && !changed_here {
            return self.start_load(id, engine).await;
        }
        self.refuse_more(table, engine, "Create the table in a transaction of its own, or load the rows in several transactions.")
    }

    fn refuse_more(&self, table: &Table, engine: &Engine, hint: &str) -> Result<()> {
        let limit = engine.options.transaction_bytes_max;
        if self.bytes > limit {
            return Err(Error::new(
                Kind::ProgramLimitExceeded,
                format!("the transaction holds more than {} MiB of rows of \"{}\"", limit / (1024 * 1024), table.name.name),
            )
            .with_hint(hint));
        }
        Ok(())
    }

    /// Moves a table's rows that wait since the last savepoint into a bulk load, which takes what follows.
    async fn start_load(&mut self, id: TableId, engine: &Engine) -> Result<()> {
        let mut load = engine.store.load(id)?;
        let since = self.marks.last().map_or(0, |mark| mark.rows);
        for (table, batch) in self.commit.rows.split_off(since) {
            if table != id {
                self.commit.rows.push((table, batch));
                continue;
            }
            self.bytes = self.bytes.saturating_sub(batch.get_array_memory_size());
            load.push(batch).await?;
        }
        self.loads.insert(id, (self.marks.len(), load));
        Ok(())
    }

    /// Makes it durable and visible; the locks go with it.
    ///
    /// # Errors
    /// The store's, when nothing of it was kept.
    pub(super) async fn commit(self, engine: &Engine) -> Result<()> {
        let Transaction { mut commit, loads, dropped, catalog, definitions, tables, .. } = self;
        commit.rows.retain(|(table, _)| !dropped.contains(table));
        commit.loads = loads.into_values().map(|(_, load)| load).filter(|load| !dropped.contains(&load.table())).collect();
        let empty = commit.loads.is_empty() && commit.define.is_empty() && commit.drop.is_empty() && commit.rows.is_empty();
        // Rows are not removed by what was, between what is committed here and its being known.
        let decides = catalog.is_some() || !tables.is_empty();
        let _deciding = if decides { Some(engine.removal.read().await) } else { None };
        if !empty {
            Box::pin(engine.store.commit(commit)).await?;
        }
        if let Some(catalog) = catalog {
            engine.catalog.store(catalog);
            engine.answers.let_go(&engine.catalog, &engine.store);
        }
        drop((definitions, tables));
        Ok(())
    }
}

fn no_savepoint(name: &str) -> Error {
    Error::new(Kind::InvalidSavepointSpecification, format!("savepoint \"{name}\" does not exist"))
}

fn changed_meanwhile() -> Error {
    Error::new(Kind::SerializationFailure, "could not serialize access due to concurrent update")
        .with_hint("Roll the transaction back and run it again.")
}
