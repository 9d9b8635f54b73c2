//! What all sessions have done since the server started, as `pg_stat_database` counts it.

use std::sync::atomic::{AtomicI64, Ordering};

/// A number that only grows.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicI64);

impl Counter {
    pub(super) fn add(&self, more: usize) {
        // Nothing else follows from a count, so its order among other memory does not matter.
        self.0.fetch_add(i64::try_from(more).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One number for each thing that is counted.
#[derive(Debug, Default)]
pub(super) struct Counters {
    /// Sessions that doors have let in.
    pub sessions: Counter,
    /// Transactions that ended by COMMIT, statements outside of blocks among them.
    pub committed: Counter,
    pub rolled_back: Counter,
    /// Rows that scans of tables have read.
    pub returned: Counter,
    pub inserted: Counter,
    pub updated: Counter,
    pub deleted: Counter,
}
