//! A bulk load: rows of one statement that are too many for memory and for the write-ahead log.
//!
//! They are written to segments while they come, under the leaf indexes that are next at that moment; nobody sees them. The commit
//! puts one frame into the log that names the segments, which makes them durable and visible at once; the Delta commit follows with
//! the table's next flush. If other rows were committed to the table meanwhile, the leaf indexes have moved: the segments are then
//! written again under the right ones, while the table's other commits wait. A load that is dropped leaves nothing.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, TimestampMicrosecondArray};
use tokio::task::JoinHandle;

use super::core::{Core, Pending};
use super::home::TableHome;
use super::physical;
use super::prepare::fit;
use super::read::{damaged, open_segment};
use super::segment::{SegmentFacts, SegmentShape, SegmentWriter, day_of, write_by_day};
use super::spec::{INGEST_COLUMN, LEAF_COLUMN, TableId, TableKind, TableSpec};
use super::tail::{compact, leaf_values};
use super::wal::rows::stored;
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};

/// Segments that no commit names yet; they are removed unless one does.
pub(crate) struct Written {
    home: Arc<TableHome>,
    pub facts: Vec<SegmentFacts>,
}

impl Written {
    fn new(home: Arc<TableHome>) -> Self {
        Written { home, facts: Vec::new() }
    }

    fn take_over(&mut self, mut other: Written) {
        self.facts.append(&mut other.facts);
    }

    /// A commit names them now, or may.
    pub(crate) fn keep(&mut self) {
        self.facts.clear();
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        for facts in &self.facts {
            self.home.discard(&facts.name);
        }
    }
}

/// Rows of one table on their way into segments. Made by [`Store::load`](super::Store::load), committed in
/// [`Commit::loads`](super::Commit::loads).
pub struct Load {
    core: Arc<Core>,
    home: Arc<TableHome>,
    shape: SegmentShape,
    first_leaf: i64,
    ingest: Micros,
    rows: i64,
    /// Rows that are not being written yet, in the commit schema, with the memory they hold.
    buffer: Vec<RecordBatch>,
    buffer_bytes: usize,
    pending: Vec<Pending>,
    writing: Option<JoinHandle<Result<Written>>>,
    written: Written,
}

impl std::fmt::Debug for Load {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Load").field("table", &self.home.id).field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl Load {
    pub(crate) fn begin(core: &Arc<Core>, table: TableId) -> Result<Self> {
        let state = core.snapshot().table(table).cloned();
        let state = state.ok_or_else(|| Error::new(Kind::UndefinedTable, format!("table {table} does not exist")))?;
        state.check()?;
        if state.spec.kind == TableKind::Reference {
            return Err(Error::internal(format!("reference table {} takes no bulk load", state.spec.label)));
        }
        Ok(Load {
            core: core.clone(),
            home: state.home.clone(),
            shape: core.segment_shape(&state.spec, core.workers.clone()),
            first_leaf: state.next_leaf,
            ingest: core.options().clock.now_us().max(state.last_ingest),
            rows: 0,
            buffer: Vec::new(),
            buffer_bytes: 0,
            pending: Vec::new(),
            writing: None,
            written: Written::new(state.home.clone()),
        })
    }

    /// The table that the rows are for.
    pub fn table(&self) -> TableId {
        self.home.id
    }

    /// What the table was when the load began.
    pub fn spec(&self) -> &TableSpec {
        &self.shape.spec
    }

    /// The rows pushed so far.
    pub fn rows(&self) -> u64 {
        self.rows.unsigned_abs()
    }

    /// Takes a batch in the commit schema that the table had when the load began. Waits while the store's memory is full.
    ///
    /// # Errors
    /// As [`Store::commit`](super::Store::commit) for rows that do not fit; `IoError` and `DiskFull` when segments cannot be written.
    /// The load is of no use after an error.
    pub async fn push(&mut self, batch: RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let batch =
            compact(&fit(&batch, &self.shape.spec)?).map_err(|cause| Error::internal(format!("could not copy rows: {cause}")))?;
        let bytes = batch.get_array_memory_size();
        let pending = match self.core.try_admit(bytes) {
            Some(pending) => pending,
            None => {
                // Who waits must not hold what others wait for.
                self.write_out().await?;
                self.join().await?;
                self.core.admit(bytes).await?
            }
        };
        self.rows += i64::try_from(batch.num_rows()).unwrap_or(0);
        self.buffer_bytes += bytes;
        self.buffer.push(batch);
        self.pending.push(pending);
        // Rows are read and encoded at the same time: a thread that has nothing to do is not kept waiting for a whole piece.
        let idle = self.writing.as_ref().is_none_or(JoinHandle::is_finished);
        let whole = self.core.options().flush_bytes;
        if self.buffer_bytes >= if idle { whole / 2 } else { whole } {
            self.write_out().await?;
        }
        Ok(())
    }

    /// Hands the buffer to a thread that sorts and writes it, after the one before has ended.
    async fn write_out(&mut self) -> Result<()> {
        self.join().await?;
        if self.buffer.is_empty() {
            return Ok(());
        }
        let batches = std::mem::take(&mut self.buffer);
        let pending = std::mem::take(&mut self.pending);
        self.buffer_bytes = 0;
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let first_leaf = self.first_leaf + self.rows - i64::try_from(rows).unwrap_or(0);
        let (shape, ingest, mut written) = (self.shape.clone(), self.ingest, Written::new(self.home.clone()));
        self.writing = Some(tokio::task::spawn_blocking(move || {
            let schema = shape.spec.stored_schema();
            let mut next = first_leaf;
            let mut rows = Vec::with_capacity(batches.len());
            for batch in &batches {
                rows.push(stored(&shape.spec, &schema, batch, next, ingest)?);
                next += i64::try_from(batch.num_rows()).unwrap_or(0);
            }
            write_by_day(&shape, &rows.iter().collect::<Vec<_>>(), &mut written.facts)?;
            drop((batches, rows, pending));
            Ok(written)
        }));
        Ok(())
    }

    async fn join(&mut self) -> Result<()> {
        if let Some(writing) = self.writing.take() {
            let written = writing.await.map_err(|cause| Error::internal(format!("writing segments ended early: {cause}")))??;
            self.written.take_over(written);
        }
        Ok(())
    }

    /// Writes what is left and makes the load ready for its commit.
    pub(crate) async fn finish(mut self) -> Result<StagedLoad> {
        self.write_out().await?;
        self.join().await?;
        let mut written = Written::new(self.home.clone());
        written.facts.append(&mut self.written.facts);
        Ok(StagedLoad {
            home: self.home.clone(),
            spec: self.shape.spec.clone(),
            first_leaf: self.first_leaf,
            rows: self.rows,
            ingest: self.ingest,
            written,
        })
    }
}

/// A load whose rows all stand in segments, and what they were written under.
pub(crate) struct StagedLoad {
    pub home: Arc<TableHome>,
    pub spec: Arc<TableSpec>,
    pub first_leaf: i64,
    pub rows: i64,
    pub ingest: Micros,
    pub written: Written,
}

impl StagedLoad {
    pub(crate) fn table(&self) -> TableId {
        self.home.id
    }

    /// Writes the segments again if their leaf indexes or their table's spec have moved. The caller keeps other commits of the table
    /// away.
    pub(crate) async fn rebased(self, core: &Core) -> Result<Self> {
        let state = core.snapshot().table(self.table()).cloned();
        let state = state.ok_or_else(|| Error::new(Kind::UndefinedTable, format!("table {} no longer exists", self.table())))?;
        if state.next_leaf == self.first_leaf && state.spec.columns == self.spec.columns {
            return Ok(self);
        }
        let shape = core.segment_shape(&state.spec, core.workers.clone());
        let (first_leaf, ingest) = (state.next_leaf, core.options().clock.now_us().max(state.last_ingest));
        let work = move || -> Result<StagedLoad> {
            let mut written = Written::new(self.home.clone());
            for facts in &self.written.facts {
                written.facts.push(rewrite(&shape, &self.home, facts, first_leaf - self.first_leaf, ingest)?);
            }
            Ok(StagedLoad { home: self.home.clone(), spec: shape.spec, first_leaf, rows: self.rows, ingest, written })
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|cause| Error::internal(format!("writing segments ended early: {cause}")))?
    }
}

/// Copies a segment with its leaf indexes moved and another ingest time; the order of its rows stays.
fn rewrite(shape: &SegmentShape, home: &TableHome, facts: &SegmentFacts, moved: i64, ingest: Micros) -> Result<SegmentFacts> {
    const BATCH_ROWS: usize = 8192;
    let path = home.dir.join(&facts.name);
    let day = if shape.spec.time_column.is_some() { facts.day } else { day_of(ingest) };
    let mut writer: Option<SegmentWriter<'_>> = None;
    for batch in open_segment(&path, BATCH_ROWS)? {
        let batch = batch.map_err(|cause| damaged(&path, &cause))?;
        let batch = physical::to_file(&batch, &shape.file_schema)?;
        let leaves = Int64Array::from_iter_values(leaf_values(&batch)?.iter().map(|leaf| leaf + moved));
        let times = TimestampMicrosecondArray::from_value(ingest, batch.num_rows()).with_timezone("UTC");
        let mut columns = batch.columns().to_vec();
        for (name, column) in [(LEAF_COLUMN, Arc::new(leaves) as ArrayRef), (INGEST_COLUMN, Arc::new(times))] {
            let index = shape.file_schema.index_of(name).map_err(|cause| Error::internal(cause.to_string()))?;
            columns[index] = column;
        }
        let batch = RecordBatch::try_new(shape.file_schema.clone(), columns).map_err(|cause| Error::internal(cause.to_string()))?;
        let writer = match &mut writer {
            Some(writer) => writer,
            None => writer.insert(SegmentWriter::create(shape, day, &batch, facts.rows)?),
        };
        writer.write(&batch)?;
    }
    writer.ok_or_else(|| damaged(&path, &"it holds no rows"))?.finish()
}
