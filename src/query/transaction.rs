//! A transaction: what it would commit, the catalog as it sees it, and the locks it holds until its end.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use tokio::sync::OwnedMutexGuard;

use crate::catalog::Catalog;
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::query::define::Defined;
use crate::query::engine::Engine;
use crate::query::catalog_log;
use crate::store::spec::TableId;
use crate::store::{Commit, View};

/// What a session has begun and not yet ended.
pub(super) struct Transaction {
    /// Its start, which `now()` answers.
    pub now: Micros,
    /// BEGIN was said; without it the transaction ends with its statement.
    pub explicit: bool,
    pub read_only: bool,
    pub failed: bool,
    commit: Commit,
    bytes: usize,
    /// The catalog with the transaction's own definitions.
    catalog: Option<Arc<Catalog>>,
    definitions: Option<OwnedMutexGuard<()>>,
    tables: BTreeMap<TableId, OwnedMutexGuard<()>>,
}

impl Transaction {
    pub fn new(now: Micros, explicit: bool, read_only: bool) -> Self {
        Transaction {
            now,
            explicit,
            read_only,
            failed: false,
            commit: Commit::default(),
            bytes: 0,
            catalog: None,
            definitions: None,
            tables: BTreeMap::new(),
        }
    }

    /// The catalog as this transaction sees it.
    pub fn catalog(&self, engine: &Engine) -> Arc<Catalog> {
        self.catalog.clone().unwrap_or_else(|| engine.catalog())
    }

    /// The newest snapshot with this transaction's own rows on top.
    pub fn view(&self, engine: &Engine) -> View {
        View::new(engine.store.snapshot(), self.commit.rows.clone())
    }

    /// Waits until no other transaction defines anything, and keeps others waiting until this one ends.
    pub async fn lock_definitions(&mut self, engine: &Engine) {
        if self.definitions.is_none() {
            self.definitions = Some(engine.definitions.clone().lock_owned().await);
        }
    }

    /// Waits until no other transaction changes the reference table, and keeps others waiting until this one ends.
    pub async fn lock_table(&mut self, engine: &Engine, table: TableId) {
        if !self.tables.contains_key(&table) {
            self.tables.insert(table, engine.store.lock_table(table).await);
        }
    }

    /// Takes a definition in, with its record.
    pub fn define(&mut self, defined: Defined, engine: &Engine, role: &str) -> Result<()> {
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

    /// Takes rows in.
    ///
    /// # Errors
    /// 54000 when the transaction would hold back more than it may.
    pub fn add_rows(&mut self, table: TableId, batch: RecordBatch, engine: &Engine) -> Result<()> {
        self.bytes += batch.get_array_memory_size();
        let limit = engine.options.transaction_bytes_max;
        if self.bytes > limit {
            return Err(Error::new(
                Kind::ProgramLimitExceeded,
                format!("the transaction holds more than {} MiB of rows", limit / (1024 * 1024)),
            )
            .with_hint("Rows appear to others all at once, so they are held back until COMMIT; load them in several statements, or with `annals ingest`."));
        }
        if batch.num_rows() > 0 {
            self.commit.rows.push((table, batch));
        }
        Ok(())
    }

    /// Makes it durable and visible; the locks go with it.
    ///
    /// # Errors
    /// The store's, when nothing of it was kept.
    pub async fn commit(self, engine: &Engine) -> Result<()> {
        let Transaction { commit, catalog, definitions, tables, .. } = self;
        let empty = commit.define.is_empty() && commit.drop.is_empty() && commit.rows.is_empty();
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
