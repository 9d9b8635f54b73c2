//! The latest state of a reference table: its row changes folded in order of their leaf indexes.
//!
//! Reference tables are small (workspaces, memberships, link templates): the state is copied where it changes, which costs time in
//! proportion to the live rows once a published group of commits.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::{Int16Type, Int64Type, SchemaRef};

use super::physical;
use super::spec::{OP_COLUMN, ROW_COLUMN};
use crate::error::{Error, Result};

/// The value of `_op` that puts a row's latest state.
pub const OP_PUT: i16 = 0;
/// The value of `_op` that removes a row.
pub const OP_REMOVE: i16 = 1;

/// Sources are gathered into one batch when there are more of them, or when most of their rows are superseded.
const SOURCES: usize = 64;
const SUPERSEDED_ROWS: usize = 4096;

/// The live rows of a reference table at one instant.
#[derive(Clone)]
pub struct Latest {
    schema: SchemaRef,
    sources: Vec<RecordBatch>,
    /// Row number -> (source, row in it).
    live: BTreeMap<i64, (usize, usize)>,
    next_row: i64,
    gathered: OnceLock<RecordBatch>,
}

impl fmt::Debug for Latest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latest").field("rows", &self.live.len()).field("next_row", &self.next_row).finish_non_exhaustive()
    }
}

impl Latest {
    /// No rows, of a table with this commit schema.
    pub(crate) fn empty(schema: SchemaRef) -> Self {
        Latest { schema, sources: Vec::new(), live: BTreeMap::new(), next_row: 1, gathered: OnceLock::new() }
    }

    /// The state after more changes, given in order; each batch holds at least the commit schema's columns.
    pub(crate) fn folded<'a>(&self, batches: impl IntoIterator<Item = &'a RecordBatch>) -> Result<Latest> {
        let mut latest = Latest { gathered: OnceLock::new(), ..self.clone() };
        let mut rows = latest.sources.iter().map(RecordBatch::num_rows).sum::<usize>();
        for batch in batches {
            latest.fold(batch)?;
            rows += batch.num_rows();
        }
        if latest.sources.len() > SOURCES || rows > 2 * latest.live.len() + SUPERSEDED_ROWS {
            latest.gather()?;
        }
        Ok(latest)
    }

    fn fold(&mut self, batch: &RecordBatch) -> Result<()> {
        let batch = physical::reshape(batch, &self.schema, "a change does not fit its reference table")?;
        let missing = || Error::internal("a change of a reference table lacks _op or _row");
        let ops = batch.column_by_name(OP_COLUMN).and_then(|array| array.as_primitive_opt::<Int16Type>()).ok_or_else(missing)?;
        let rows = batch.column_by_name(ROW_COLUMN).and_then(|array| array.as_primitive_opt::<Int64Type>()).ok_or_else(missing)?;
        let source = self.sources.len();
        for index in 0..batch.num_rows() {
            let row = rows.value(index);
            self.next_row = self.next_row.max(row.saturating_add(1));
            match ops.value(index) {
                OP_PUT => {
                    self.live.insert(row, (source, index));
                }
                OP_REMOVE => {
                    self.live.remove(&row);
                }
                other => return Err(Error::internal(format!("{other} is no operation on a reference table's row"))),
            }
        }
        self.sources.push(batch);
        Ok(())
    }

    /// Copies the live rows into one batch and lets go of the rest.
    fn gather(&mut self) -> Result<()> {
        let batch = self.collect()?;
        for (index, place) in self.live.values_mut().enumerate() {
            *place = (0, index);
        }
        self.sources = vec![batch.clone()];
        self.gathered = OnceLock::from(batch);
        Ok(())
    }

    fn collect(&self) -> Result<RecordBatch> {
        if self.live.is_empty() {
            return Ok(RecordBatch::new_empty(self.schema.clone()));
        }
        let places: Vec<(usize, usize)> = self.live.values().copied().collect();
        let sources: Vec<&RecordBatch> = self.sources.iter().collect();
        interleave_record_batch(&sources, &places)
            .map_err(|cause| Error::internal(format!("could not gather a reference table's rows: {cause}")))
    }

    /// The state in a schema that came later.
    pub(crate) fn adapted(&self, schema: &SchemaRef) -> Result<Latest> {
        let what = "a reference table's rows do not fit its new schema";
        let sources = self.sources.iter().map(|batch| physical::reshape(batch, schema, what)).collect::<Result<_>>()?;
        Ok(Latest { schema: schema.clone(), sources, gathered: OnceLock::new(), ..self.clone() })
    }

    /// The live rows in the commit schema (with `_op` and `_row`), ascending by `_row`. Gathered once, then shared.
    ///
    /// # Errors
    /// `InternalError` when the rows do not fit one batch (2 GiB in one binary column).
    pub fn batch(&self) -> Result<RecordBatch> {
        if let Some(batch) = self.gathered.get() {
            return Ok(batch.clone());
        }
        let batch = self.collect()?;
        Ok(self.gathered.get_or_init(|| batch).clone())
    }

    /// The number that the next new row gets; numbers are never reused.
    pub fn next_row(&self) -> i64 {
        self.next_row
    }

    /// How many rows are live.
    pub fn len(&self) -> usize {
        self.live.len()
    }

    pub fn is_empty(&self) -> bool {
        self.live.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::samples;

    #[test]
    fn put_replaces_and_remove_removes() {
        let spec = samples::reference_spec("public.r");
        let latest = Latest::empty(spec.commit_schema());
        let latest = latest.folded([&samples::changes(&spec, &[(OP_PUT, 1, "a"), (OP_PUT, 2, "b"), (OP_PUT, 3, "c")])]).unwrap();
        let before = latest.clone();
        let latest = latest.folded([&samples::changes(&spec, &[(OP_REMOVE, 2, "b"), (OP_PUT, 1, "z")])]).unwrap();
        assert_eq!(samples::names(&latest.batch().unwrap()), [(1, "z".to_owned()), (3, "c".to_owned())]);
        assert_eq!(latest.next_row(), 4);
        assert_eq!(samples::names(&before.batch().unwrap()).len(), 3);
    }

    #[test]
    fn many_changes_do_not_pile_up() {
        let spec = samples::reference_spec("public.r");
        let mut latest = Latest::empty(spec.commit_schema());
        for turn in 0..1000 {
            latest = latest.folded([&samples::changes(&spec, &[(OP_PUT, turn % 5 + 1, &format!("v{turn}"))])]).unwrap();
        }
        assert!(latest.sources.len() <= SOURCES + 1);
        let expected: Vec<_> = (1..=5).map(|row| (row, format!("v{}", 994 + row))).collect();
        assert_eq!(samples::names(&latest.batch().unwrap()), expected);
    }
}
