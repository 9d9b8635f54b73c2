//! Every number and choice that a store is opened with.

use std::path::PathBuf;
use std::time::Duration;

use super::crash::Faults;
use super::keeper::LedgerOptions;
use crate::clock::Clock;

const MIB: usize = 1024 * 1024;

/// How a store behaves. Sizes are bytes of Arrow memory unless said otherwise.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// The data folder; made with mode 0700 if missing.
    pub dir: PathBuf,
    /// Where ingest times come from.
    pub clock: Clock,
    /// A table's tail is flushed when it holds this much. Larger means fewer, better sorted segments and more memory. 96 MiB.
    pub flush_bytes: usize,
    /// A table's tail is flushed when its oldest row waits this long. Shorter means a shorter replay and more small segments. 30 s.
    pub flush_interval: Duration,
    /// Commits wait while the rows in all tails and on their way into the log hold this much; a commit is never refused for its own
    /// size alone. 384 MiB.
    pub memory_bytes: usize,
    /// Threads that encode rows and build indexes for one piece of work, and beside those that flush, load or rewrite for all together,
    /// one less. More make a bulk load and a flush that memory waits for shorter, and leave less to statements meanwhile; what nobody waits
    /// for takes half of them. The number of cores, at most 8.
    pub encode_threads: usize,
    /// A write-ahead log file is followed by a new one at this size on disk. Smaller files are cut sooner. 128 MiB.
    pub wal_file_bytes: u64,
    /// Commits that may wait for the log's writer; further callers wait for a place. 1024.
    pub commit_queue: usize,
    /// Rows of a fully compacted segment; segments under half of it are candidates for compaction. 3 million.
    pub compaction_rows: usize,
    /// Segments with fewer rows get no indexes: reading two pages is as quick as looking something up in a file beside. More means fewer
    /// small files, and small segments that are read for every needle. 8192.
    pub index_rows_min: u64,
    /// Memory for columns whose values repeat, as codes, all tables together. More means fewer columns that are read again before rows are
    /// counted by them. 512 MiB.
    pub codes_bytes: usize,
    /// How often the compactor looks for work. 60 s.
    pub compaction_interval: Duration,
    /// A Delta checkpoint is written after so many commits of a table. 100.
    pub delta_checkpoint_commits: u64,
    /// Delta log files older than this, and older than a checkpoint, are removed. 1 day.
    pub delta_log_retention: Duration,
    /// How the ledger is kept; `None` keeps none.
    pub ledger: Option<LedgerOptions>,
    /// Whether flushes, compaction and housekeeping run by themselves; tests turn them by hand.
    pub background: bool,
    /// Written into the lock file beside the process id, for whoever finds the folder locked.
    pub owner_note: String,
    /// Planned crashes and faults, from the environment by default; without effect in release builds.
    pub faults: Faults,
}

impl StoreOptions {
    /// The defaults for a folder.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        StoreOptions {
            dir: dir.into(),
            clock: Clock::System,
            flush_bytes: 96 * MIB,
            flush_interval: Duration::from_secs(30),
            memory_bytes: 384 * MIB,
            encode_threads: std::thread::available_parallelism().map_or(1, |cores| cores.get().min(8)),
            wal_file_bytes: 128 * MIB as u64,
            commit_queue: 1024,
            compaction_rows: 3_000_000,
            index_rows_min: 8192,
            codes_bytes: 512 * MIB,
            compaction_interval: Duration::from_secs(60),
            delta_checkpoint_commits: 100,
            delta_log_retention: Duration::from_secs(24 * 60 * 60),
            ledger: Some(LedgerOptions::default()),
            background: true,
            owner_note: String::new(),
            faults: Faults::from_env(),
        }
    }
}
