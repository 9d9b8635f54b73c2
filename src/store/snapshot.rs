//! Everything published at one instant: who holds a [`Snapshot`] sees each row exactly once, whatever is flushed or rewritten later.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;

use super::home::TableHome;
use super::reference::Latest;
use super::segment::{Segment, SegmentFacts};
use super::spec::{IndexSpec, TableId, TableSpec};
use super::tail::TailBatch;
use crate::clock::Micros;
use crate::error::{Error, Result};
use crate::metrics::LookupCounts;

/// All tables at one instant.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Grows with every publication.
    pub version: u64,
    pub tables: BTreeMap<TableId, Arc<TableState>>,
}

impl Snapshot {
    /// One table's state, if it exists.
    pub fn table(&self, id: TableId) -> Option<&Arc<TableState>> {
        self.tables.get(&id)
    }
}

/// One table at one instant: each of its rows stands in exactly one segment or one tail batch.
#[derive(Debug, Clone)]
pub struct TableState {
    pub spec: Arc<TableSpec>,
    /// What the spec's `stored_schema` gives, made once.
    pub stored_schema: SchemaRef,
    /// Newest `time_max` first.
    pub segments: Arc<[Arc<Segment>]>,
    /// In order of acknowledgement.
    pub tail: Arc<[Arc<TailBatch>]>,
    /// The leaf index that the next row gets; the table has had `next_leaf - 1` rows.
    pub next_leaf: i64,
    /// The live rows, for reference tables only.
    pub latest: Option<Arc<Latest>>,
    /// The ingest time of the last row.
    pub(crate) last_ingest: Micros,
    /// The last commit of which every row of this table stands in a segment.
    pub(crate) flushed: u64,
    /// How many tail batches belong to a flush that runs.
    pub(crate) frozen: usize,
    /// Segments in force that the Delta log does not name yet, in order of their commits.
    pub(crate) loaded: Arc<[Loaded]>,
    /// Why the table can be neither read nor written, if its files are damaged.
    pub(crate) damage: Option<Error>,
    /// Commits that the write-ahead log must keep for it although no tail holds them: those of a damaged table.
    pub(crate) kept_from: Option<u64>,
    pub(crate) home: Arc<TableHome>,
}

impl TableState {
    /// A table without rows.
    pub(crate) fn new(spec: Arc<TableSpec>, home: Arc<TableHome>) -> Self {
        let latest = match spec.kind {
            super::spec::TableKind::Log => None,
            super::spec::TableKind::Reference => Some(Arc::new(Latest::empty(spec.commit_schema()))),
        };
        TableState {
            stored_schema: spec.stored_schema(),
            spec,
            loaded: Arc::from([]),
            segments: Arc::from([]),
            tail: Arc::from([]),
            next_leaf: 1,
            latest,
            last_ingest: Micros::MIN,
            flushed: 0,
            frozen: 0,
            damage: None,
            kept_from: None,
            home,
        }
    }

    /// Whether the table's files are whole; a reader asks before it reads.
    ///
    /// # Errors
    /// `DataCorrupted`, naming the file and the remedy.
    pub fn check(&self) -> Result<()> {
        match &self.damage {
            Some(damage) => Err(damage.clone()),
            None => Ok(()),
        }
    }

    /// Rows in segments and tail.
    pub fn rows(&self) -> u64 {
        let segments: u64 = self.segments.iter().map(|segment| segment.rows).sum();
        let tail: usize = self.tail.iter().map(|batch| batch.batch.num_rows()).sum();
        segments + tail as u64
    }

    /// Bytes of memory that the tail holds.
    pub fn tail_bytes(&self) -> usize {
        self.tail.iter().map(|batch| batch.bytes).sum()
    }

    /// Bytes on disk in segments.
    pub fn segment_bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// What an index was used for since the server started.
    pub fn uses(&self, index: IndexSpec) -> Arc<LookupCounts> {
        self.home.uses.of(index)
    }

    /// Bytes on disk of an index. Asks the operating system of each segment's.
    pub fn index_bytes(&self, index: IndexSpec) -> u64 {
        self.segments.iter().map(|segment| segment.index_bytes(index)).sum()
    }

    /// The earliest commit that only the write-ahead log still holds for this table.
    pub(crate) fn oldest_unflushed(&self) -> Option<u64> {
        let tail = self.tail.first().map(|batch| batch.sequence_min);
        let loaded = self.loaded.first().map(|loaded| loaded.sequence);
        [tail, loaded, self.kept_from].into_iter().flatten().min()
    }
}

/// A segment that a bulk load wrote and the next flush makes known to the Delta log.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    pub segment: Arc<Segment>,
    pub facts: SegmentFacts,
    pub sequence: u64,
}

/// Puts segments in the order in which they are published.
pub(crate) fn newest_first(mut segments: Vec<Arc<Segment>>) -> Arc<[Arc<Segment>]> {
    segments.sort_by_key(|segment| std::cmp::Reverse((segment.time_max, segment.leaf_max)));
    Arc::from(segments)
}
