//! Named points at which a test lets the process die or an operation fail, so that recovery is proved step by step.
//!
//! `ANNALS_CRASH_AT=name` aborts the process at the first passing of the point, `name:3` at the third. `ANNALS_FAULT_AT` makes the
//! point return an input/output error (EIO) instead, from that passing on; with a trailing `!` only once, and with a trailing `=28`
//! another error number (28 is a full disk). Both are read once, when a store opens, and exist in builds with debug assertions only:
//! a release build passes every point without looking.

use std::io;
use std::sync::Arc;
#[cfg(debug_assertions)]
use std::sync::atomic::{AtomicU64, Ordering};

/// Before the write-ahead log is synced: the commit is written and not yet durable.
pub const WAL_BEFORE_SYNC: &str = "wal-before-sync";
/// After the write-ahead log is synced: the commit is durable and nobody was told.
pub const WAL_AFTER_SYNC: &str = "wal-after-sync";
/// Between the frames that define or drop tables and the frames with rows of one commit.
pub const MID_DDL: &str = "mid-ddl";
/// Half of a segment's rows are written.
pub const MID_SEGMENT: &str = "mid-segment";
/// All segments of a flush are durable, their Delta commit is not yet written.
pub const AFTER_PARQUET: &str = "after-parquet";
/// The Delta commit of a flush is durable, the write-ahead log not yet cut.
pub const BEFORE_WAL_CUT: &str = "before-wal-cut";
/// A rewrite's new segment is durable, its Delta commit is not yet written.
pub const COMPACTION_BEFORE_COMMIT: &str = "compaction-before-commit";
/// A rewrite's Delta commit is durable, the replaced segments still stand.
pub const COMPACTION_AFTER_COMMIT: &str = "compaction-after-commit";
/// `checkpoint` has flushed at least one table and not yet all.
pub const MID_CHECKPOINT: &str = "mid-checkpoint";

/// A bulk load's segments are durable, its commit is not yet in the log.
pub const LOAD_BEFORE_COMMIT: &str = "load-before-commit";

/// What is left of a purge's segments is durable, its Delta commits are not yet written.
pub const PURGE_BEFORE_COMMIT: &str = "purge-before-commit";
/// The table is not append-only for a moment, and its rows are all there yet.
pub const PURGE_LIFTED: &str = "purge-lifted";
/// A purge's Delta commits are durable, the replaced segments still stand.
pub const PURGE_AFTER_COMMIT: &str = "purge-after-commit";

/// The points of a purge.
pub const PURGE_POINTS: [&str; 3] = [PURGE_BEFORE_COMMIT, PURGE_LIFTED, PURGE_AFTER_COMMIT];

/// The salts of new rows, or those that a purge leaves, are not written yet.
pub const LEDGER_BEFORE_SALTS: &str = "ledger-before-salts";
/// Rows are hashed, and the roots of their tiles are not written yet.
pub const LEDGER_BEFORE_TILES: &str = "ledger-before-tiles";
/// Half of the roots of tiles is written.
pub const LEDGER_MID_TILES: &str = "ledger-mid-tiles";
/// The hashes that are kept of removed rows are not written yet, or not forgotten.
pub const LEDGER_BEFORE_REMOVED: &str = "ledger-before-removed";
/// Nothing is written of a legal hold.
pub const LEDGER_BEFORE_HOLD: &str = "ledger-before-hold";
/// Nothing is written of a purge.
pub const LEDGER_BEFORE_LIST: &str = "ledger-before-list";
/// Rows are hashed, and no entry of the ledger says so yet.
pub const LEDGER_BEFORE_ENTRY: &str = "ledger-before-entry";
/// Half of an entry is written.
pub const LEDGER_MID_ENTRY: &str = "ledger-mid-entry";
/// Entries of the ledger are durable and not signed.
pub const LEDGER_BEFORE_SIGNED: &str = "ledger-before-signed";
/// The signer knows what it is about to sign, and the checkpoint is not published.
pub const LEDGER_BEFORE_CHECKPOINT: &str = "ledger-before-checkpoint";
/// A checkpoint is published, and where the next start goes on is not written.
pub const LEDGER_BEFORE_RESUME: &str = "ledger-before-resume";
/// A purge's rows and their salts are gone, and the ledger does not say so yet.
pub const LEDGER_BEFORE_PURGED: &str = "ledger-before-purged";
/// A table is gone, and the ledger still has its tree.
pub const LEDGER_BEFORE_DROP: &str = "ledger-before-drop";
/// A ledger is about to begin.
pub const LEDGER_BEFORE_KEY: &str = "ledger-before-key";
/// A ledger has all its files but the one that says that it has begun.
pub const LEDGER_BEFORE_ORIGIN: &str = "ledger-before-origin";
/// A new key is made and not written.
pub const KEYS_BEFORE_NEXT: &str = "keys-before-next";
/// The ledger says that a new key signs, and it is not in its place.
pub const KEYS_BEFORE_KEY: &str = "keys-before-key";
/// A new key is in its place, and is still there as one that is to come.
pub const KEYS_BEFORE_DONE: &str = "keys-before-done";

/// The points of a ledger at work, in the order of a row's life.
pub const LEDGER_POINTS: [&str; 13] = [
    LEDGER_BEFORE_SALTS,
    LEDGER_BEFORE_TILES,
    LEDGER_MID_TILES,
    LEDGER_BEFORE_ENTRY,
    LEDGER_MID_ENTRY,
    LEDGER_BEFORE_SIGNED,
    LEDGER_BEFORE_CHECKPOINT,
    LEDGER_BEFORE_RESUME,
    LEDGER_BEFORE_HOLD,
    LEDGER_BEFORE_LIST,
    LEDGER_BEFORE_REMOVED,
    LEDGER_BEFORE_PURGED,
    LEDGER_BEFORE_DROP,
];
/// The points of a ledger that begins.
pub const LEDGER_BEGIN_POINTS: [&str; 6] = [
    LEDGER_BEFORE_KEY,
    LEDGER_BEFORE_ENTRY,
    LEDGER_MID_ENTRY,
    LEDGER_BEFORE_SIGNED,
    LEDGER_BEFORE_CHECKPOINT,
    LEDGER_BEFORE_ORIGIN,
];
/// The points of a key that takes over.
pub const KEYS_POINTS: [&str; 7] = [
    KEYS_BEFORE_NEXT,
    LEDGER_BEFORE_ENTRY,
    LEDGER_MID_ENTRY,
    LEDGER_BEFORE_SIGNED,
    LEDGER_BEFORE_CHECKPOINT,
    KEYS_BEFORE_KEY,
    KEYS_BEFORE_DONE,
];

/// Every point that writing and compacting pass, for tests that visit them all.
pub const POINTS: [&str; 10] = [
    WAL_BEFORE_SYNC,
    WAL_AFTER_SYNC,
    MID_DDL,
    MID_SEGMENT,
    AFTER_PARQUET,
    BEFORE_WAL_CUT,
    COMPACTION_BEFORE_COMMIT,
    COMPACTION_AFTER_COMMIT,
    MID_CHECKPOINT,
    LOAD_BEFORE_COMMIT,
];

/// What one store does at its points. Cloning shares the counters.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    #[cfg(debug_assertions)]
    plan: Option<Arc<Plan>>,
    #[cfg(not(debug_assertions))]
    plan: Option<Arc<()>>,
}

#[cfg(debug_assertions)]
#[derive(Debug, Default)]
struct Plan {
    crash: Option<Trigger>,
    fault: std::sync::Mutex<Option<Trigger>>,
}

#[cfg(debug_assertions)]
#[derive(Debug)]
struct Trigger {
    name: String,
    at: u64,
    once: bool,
    error: i32,
    passed: AtomicU64,
}

#[cfg(debug_assertions)]
impl Trigger {
    fn parse(text: &str) -> Self {
        const EIO: i32 = 5;
        let (text, error) = text.split_once('=').map_or((text, EIO), |(rest, error)| (rest, error.parse().unwrap_or(EIO)));
        let (text, once) = text.strip_suffix('!').map_or((text, false), |rest| (rest, true));
        let (name, at) = match text.split_once(':') {
            Some((name, at)) => (name, at.parse().unwrap_or(1)),
            None => (text, 1),
        };
        Trigger { name: name.to_owned(), at, once, error, passed: AtomicU64::new(0) }
    }

    /// Counts a passing and says whether the trigger fires on it.
    fn fires(&self, name: &str) -> bool {
        if self.name != name {
            return false;
        }
        let passing = self.passed.fetch_add(1, Ordering::SeqCst) + 1;
        if self.once { passing == self.at } else { passing >= self.at }
    }
}

impl Faults {
    /// What the environment asks for.
    #[cfg_attr(debug_assertions, expect(clippy::disallowed_methods, reason = "a test plans the crash of the process it starts"))]
    pub fn from_env() -> Self {
        #[cfg(debug_assertions)]
        {
            let crash = std::env::var("ANNALS_CRASH_AT").ok().map(|text| Trigger::parse(&text));
            let fault = std::env::var("ANNALS_FAULT_AT").ok().map(|text| Trigger::parse(&text));
            if crash.is_some() || fault.is_some() {
                return Faults { plan: Some(Arc::new(Plan { crash, fault: std::sync::Mutex::new(fault) })) };
            }
        }
        Faults::default()
    }

    /// A plan without faults yet, for a test inside the process; see [`Faults::fail_at`].
    #[cfg(test)]
    pub(crate) fn planned() -> Self {
        Faults { plan: Some(Arc::new(Plan::default())) }
    }

    /// Lets the points named fail from now on; `None` heals them.
    #[cfg(test)]
    pub(crate) fn fail_at(&self, text: Option<&str>) {
        if let Some(plan) = &self.plan {
            *plan.fault.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = text.map(Trigger::parse);
        }
    }

    /// Passes the point: dies, fails or goes on as planned.
    #[inline]
    pub(crate) fn point(&self, name: &'static str) -> io::Result<()> {
        #[cfg(debug_assertions)]
        if let Some(plan) = &self.plan {
            return plan.pass(name);
        }
        #[cfg(not(debug_assertions))]
        let _ = (&self.plan, name);
        Ok(())
    }
}

#[cfg(debug_assertions)]
impl Plan {
    fn pass(&self, name: &'static str) -> io::Result<()> {
        if self.crash.as_ref().is_some_and(|crash| crash.fires(name)) {
            std::process::abort();
        }
        let fault = self.fault.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match fault.as_ref() {
            Some(fault) if fault.fires(name) => Err(io::Error::from_raw_os_error(fault.error)),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_fires_from_its_passing_on_or_once() {
        let faults = Faults::planned();
        faults.fail_at(Some("mid-segment:2"));
        assert!(faults.point(MID_SEGMENT).is_ok());
        assert!(faults.point(AFTER_PARQUET).is_ok());
        assert_eq!(faults.point(MID_SEGMENT).unwrap_err().raw_os_error(), Some(5));
        assert!(faults.point(MID_SEGMENT).is_err());
        faults.fail_at(Some("mid-segment!=28"));
        assert_eq!(faults.point(MID_SEGMENT).unwrap_err().kind(), io::ErrorKind::StorageFull);
        faults.fail_at(Some("mid-segment!"));
        assert!(faults.point(MID_SEGMENT).is_err());
        assert!(faults.point(MID_SEGMENT).is_ok());
    }
}
