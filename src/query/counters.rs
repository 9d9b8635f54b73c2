//! What all sessions have done since the server started, as `pg_stat_database` counts it.

use crate::metrics::Counter;

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
