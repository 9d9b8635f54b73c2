//! What one reader sees: a snapshot, and on top of it the rows that the reader's own transaction has not committed yet.

use std::sync::{Arc, Weak};

use arrow::array::RecordBatch;

use super::reference::Latest;
use super::segment::Segment;
use super::snapshot::{Snapshot, TableState};
use super::spec::{TableId, TableKind, TableSpec};
use crate::clock::Micros;
use crate::error::Result;

/// A snapshot with one transaction's own rows.
#[derive(Debug, Clone)]
pub struct View {
    snapshot: Arc<Snapshot>,
    /// In the tables' commit schemas, in order.
    pending: Arc<[(TableId, RecordBatch)]>,
}

/// One table of a [`View`]: each row stands in exactly one segment or one batch.
#[derive(Debug, Clone)]
pub struct TableView {
    pub spec: Arc<TableSpec>,
    /// Newest first; empty for a reference table, whose rows of today are all in memory.
    pub segments: Arc<[Arc<Segment>]>,
    /// Rows in memory. Columns may be missing that the table got later.
    pub batches: Vec<RecordBatch>,
}

/// Which committed state of a table a view shows. It keeps nothing of that state in memory, and is equal to the mark of no other one.
#[derive(Debug, Clone)]
pub struct Mark(Option<Weak<TableState>>);

impl PartialEq for Mark {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(own), Some(other)) => own.ptr_eq(other),
            (own, other) => own.is_none() && other.is_none(),
        }
    }
}

impl View {
    pub fn new(snapshot: Arc<Snapshot>, pending: Vec<(TableId, RecordBatch)>) -> Self {
        View { snapshot, pending: Arc::from(pending) }
    }

    /// One table as this view shows it. A table that only the transaction itself knows has nothing but its pending rows.
    ///
    /// # Errors
    /// `DataCorrupted` for a damaged table.
    pub fn table(&self, spec: &Arc<TableSpec>) -> Result<TableView> {
        let spec = spec.clone();
        match spec.kind {
            TableKind::Reference => {
                let batches = vec![self.latest(&spec)?.batch()?];
                Ok(TableView { spec, segments: Arc::from([]), batches })
            }
            TableKind::Log => {
                let (segments, mut batches) = match self.snapshot.table(spec.id) {
                    Some(state) => {
                        state.check()?;
                        (state.segments.clone(), state.tail.iter().map(|tail| tail.batch.clone()).collect())
                    }
                    None => (Arc::from([]), vec![]),
                };
                batches.extend(self.pending_of(spec.id).cloned());
                Ok(TableView { spec, segments, batches })
            }
        }
    }

    /// The live rows of a reference table.
    ///
    /// # Errors
    /// `DataCorrupted` for a damaged table.
    pub fn latest(&self, spec: &TableSpec) -> Result<Latest> {
        let committed = match self.snapshot.table(spec.id) {
            Some(state) => {
                state.check()?;
                state.latest.as_deref().map(|latest| latest.adapted(&spec.commit_schema())).transpose()?
            }
            None => None,
        };
        let committed = committed.unwrap_or_else(|| Latest::empty(spec.commit_schema()));
        committed.folded(self.pending_of(spec.id))
    }

    /// The state of a table; `None` if there are rows of the reader's own transaction on top of it.
    pub fn mark(&self, table: TableId) -> Option<Mark> {
        let committed = || Mark(self.snapshot.table(table).map(Arc::downgrade));
        self.pending_of(table).next().is_none().then(committed)
    }

    /// The earliest time of a row of a log in what was committed; the end of time if it has none.
    pub fn earliest(&self, table: TableId) -> Micros {
        let Some(state) = self.snapshot.table(table) else { return Micros::MAX };
        let segments = state.segments.iter().map(|segment| segment.time_min);
        segments.chain(state.tail.iter().map(|batch| batch.time_min)).min().unwrap_or(Micros::MAX)
    }

    fn pending_of(&self, id: TableId) -> impl Iterator<Item = &RecordBatch> {
        self.pending.iter().filter(move |(table, _)| *table == id).map(|(_, batch)| batch)
    }
}
