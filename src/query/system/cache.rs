//! What all sessions share of the system relations: which functions can be called, and the rows that were built before.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::RecordBatch;

use crate::catalog::{Catalog, Oid};
use crate::error::Result;
use crate::policy::{self, Standing};

/// How many built relations are kept; past it all are let go. One role that looks everywhere needs about two hundred.
const ENTRIES_MAX: usize = 1_000;

/// What all sessions share of the system relations.
pub(crate) struct Shared {
    /// Names of the functions that a statement can call.
    pub callable: BTreeSet<String>,
    /// When the server started, in microseconds since 1970 UTC.
    pub started_us: i64,
    built: Mutex<HashMap<Key, Entry>>,
    /// What each role may know.
    visible: Mutex<HashMap<Oid, Cut>>,
}

/// A catalog, and the part of it that a role may know.
struct Cut {
    whole: Arc<Catalog>,
    part: Arc<Catalog>,
}

/// One relation as one role sees it.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    relation: Oid,
    role: Oid,
}

struct Entry {
    /// The snapshot it was built from. It is held, so that no other one can take its address.
    catalog: Arc<Catalog>,
    /// The store's version, for relations that tell of it.
    version: u64,
    batch: RecordBatch,
}

impl Shared {
    pub(crate) fn new(callable: BTreeSet<String>, started_us: i64) -> Self {
        Shared { callable, started_us, built: Mutex::new(HashMap::new()), visible: Mutex::default() }
    }

    /// The rows of a relation from this snapshot, built now unless they were before. An open transaction's own snapshot is another
    /// one than that in force, although both may count the same epoch: what decides is the snapshot itself.
    ///
    /// # Errors
    /// The builder's.
    pub(super) fn rows(
        &self,
        relation: Oid,
        role: Oid,
        catalog: &Arc<Catalog>,
        version: u64,
        build: impl FnOnce() -> Result<RecordBatch>,
    ) -> Result<RecordBatch> {
        let key = Key { relation, role };
        if let Some(found) = self.lock().get(&key)
            && Arc::ptr_eq(&found.catalog, catalog)
            && found.version == version
        {
            return Ok(found.batch.clone());
        }
        let batch = build()?;
        let mut built = self.lock();
        if built.len() >= ENTRIES_MAX {
            built.clear();
        }
        built.insert(key, Entry { catalog: catalog.clone(), version, batch: batch.clone() });
        Ok(batch)
    }

    /// The part of a catalog that a role may know of: what it owns or has some privilege on, in schemas that it may look into.
    pub(crate) fn visible(&self, catalog: &Arc<Catalog>, standing: &Standing) -> Arc<Catalog> {
        if standing.superuser {
            return catalog.clone();
        }
        let mut cut = self.visible.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = cut.get(&standing.role)
            && Arc::ptr_eq(&known.whole, catalog)
        {
            return known.part.clone();
        }
        let part = Arc::new(catalog.narrowed(|object| policy::may_know(standing, catalog, object)));
        if cut.len() >= ENTRIES_MAX {
            cut.clear();
        }
        cut.insert(standing.role, Cut { whole: catalog.clone(), part: part.clone() });
        part
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Entry>> {
        // What is cached is whole batches, so a panic elsewhere leaves nothing half done.
        self.built.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("callable", &self.callable.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use datafusion::arrow::array::RecordBatch;
    use datafusion::arrow::datatypes::Schema;

    use super::*;

    #[test]
    fn rows_are_built_once_for_a_snapshot_a_version_and_a_role() {
        let shared = Shared::new(BTreeSet::new(), 0);
        let one = Arc::new(Catalog::new(vec![]));
        let other = Arc::new(Catalog::new(vec![]));
        let builds = Cell::new(0);
        let ask = |catalog: &Arc<Catalog>, version, role| {
            let build = || {
                builds.set(builds.get() + 1);
                Ok(RecordBatch::new_empty(Arc::new(Schema::empty())))
            };
            shared.rows(1259, role, catalog, version, build).unwrap();
            builds.get()
        };
        assert_eq!([ask(&one, 0, 1), ask(&one, 0, 1)], [1, 1]);
        assert_eq!(ask(&one, 0, 2), 2);
        assert_eq!(ask(&one, 1, 1), 3);
        // The same epoch and another snapshot.
        assert_eq!(ask(&other, 1, 1), 4);
    }
}
