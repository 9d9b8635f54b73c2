//! What one reader sees: a snapshot, and on top of it the rows that the reader's own transaction has not committed yet.

use std::sync::Arc;

use arrow::array::RecordBatch;

use super::reference::Latest;
use super::segment::Segment;
use super::snapshot::Snapshot;
use super::spec::{TableId, TableKind, TableSpec};
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

    fn pending_of(&self, id: TableId) -> impl Iterator<Item = &RecordBatch> {
        self.pending.iter().filter(move |(table, _)| *table == id).map(|(_, batch)| batch)
    }
}
