//! A transaction: what it would commit, the catalog as it sees it, and the locks it holds until its end.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use tokio::sync::OwnedMutexGuard;

use crate::catalog::{Catalog, Table};
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::query::catalog_log;
use crate::query::define::Defined;
use crate::query::engine::Engine;
use crate::store::spec::{TableId, TableKind};
use crate::store::{Commit, Load, View};

/// What a transaction holds in memory before its rows go to segments, in bytes: larger keeps more statements off the disk until
/// COMMIT, and every session may hold as much.
const HELD_BYTES: usize = 64 * 1024 * 1024;

/// What a session has begun and not yet ended.
pub(super) struct Transaction {
    /// Its start, which `now()` answers.
    pub now: Micros,
    /// BEGIN was said; without it the transaction ends with its statement.
    pub explicit: bool,
    pub read_only: bool,
    pub failed: bool,
    commit: Commit,
    /// Rows whose number outgrew memory, on their way to segments.
    loads: BTreeMap<TableId, Load>,
    bytes: usize,
    /// The catalog with the transaction's own definitions.
    catalog: Option<Arc<Catalog>>,
    definitions: Option<OwnedMutexGuard<()>>,
    tables: BTreeMap<TableId, OwnedMutexGuard<()>>,
}

impl Transaction {
    pub(super) fn new(now: Micros, explicit: bool, read_only: bool) -> Self {
        Transaction {
            now,
            explicit,
            read_only,
            failed: false,
            commit: Commit::default(),
            loads: BTreeMap::new(),
            bytes: 0,
            catalog: None,
            definitions: None,
            tables: BTreeMap::new(),
        }
    }

    /// The catalog as this transaction sees it.
    pub(super) fn catalog(&self, engine: &Engine) -> Arc<Catalog> {
        self.catalog.clone().unwrap_or_else(|| engine.catalog())
    }

    /// The newest snapshot with this transaction's own rows on top.
    pub(super) fn view(&self, engine: &Engine) -> View {
        View::new(engine.store.snapshot(), self.commit.rows.clone())
    }

    /// Waits until no other transaction defines anything, and keeps others waiting until this one ends.
    pub(super) async fn lock_definitions(&mut self, engine: &Engine) {
        if self.definitions.is_none() {
            self.definitions = Some(engine.definitions.clone().lock_owned().await);
        }
    }

    /// Waits until no other transaction changes the reference table, and keeps others waiting until this one ends.
    pub(super) async fn lock_table(&mut self, engine: &Engine, table: TableId) {
        if let std::collections::btree_map::Entry::Vacant(e) = self.tables.entry(table) {
            e.insert(engine.store.lock_table(table).await);
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
            self.commit.rows.retain(|(table, _)| *table != id);
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
        if let Some(load) = self.loads.get_mut(&id) {
            return load.push(batch).await;
        }
        self.bytes += batch.get_array_memory_size();
        self.commit.rows.push((id, batch));
        if self.bytes <= HELD_BYTES {
            return Ok(());
        }
        let changed_here = self.commit.define.iter().any(|spec| spec.id == id);
        if table.kind() == TableKind::Log && !changed_here {
            return self.start_load(id, engine).await;
        }
        let limit = engine.options.transaction_bytes_max;
        if self.bytes > limit {
            return Err(Error::new(
                Kind::ProgramLimitExceeded,
                format!("the transaction holds more than {} MiB of rows of \"{}\"", limit / (1024 * 1024), table.name.name),
            )
            .with_hint("Create the table in a transaction of its own, or load the rows in several transactions."));
        }
        Ok(())
    }

    /// Moves a table's waiting rows into a bulk load, which takes what follows.
    async fn start_load(&mut self, id: TableId, engine: &Engine) -> Result<()> {
        let mut load = engine.store.load(id)?;
        let (waiting, others) = std::mem::take(&mut self.commit.rows).into_iter().partition(|(table, _)| *table == id);
        self.commit.rows = others;
        let waiting: Vec<(TableId, RecordBatch)> = waiting;
        for (_, batch) in waiting {
            self.bytes = self.bytes.saturating_sub(batch.get_array_memory_size());
            load.push(batch).await?;
        }
        self.loads.insert(id, load);
        Ok(())
    }

    /// Makes it durable and visible; the locks go with it.
    ///
    /// # Errors
    /// The store's, when nothing of it was kept.
    pub(super) async fn commit(self, engine: &Engine) -> Result<()> {
        let Transaction { mut commit, loads, catalog, definitions, tables, .. } = self;
        commit.loads = loads.into_values().collect();
        let empty = commit.loads.is_empty() && commit.define.is_empty() && commit.drop.is_empty() && commit.rows.is_empty();
        if !empty {
            engine.store.commit(commit).await?;
        }
        if let Some(catalog) = catalog {
            engine.catalog.store(catalog);
        }
        drop((definitions, tables));
        Ok(())
    }
}
