//! From a table's rows to the hashes of their leaves, wherever the rows stand.

use std::collections::BTreeMap;
use std::ops::Range;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::Field;

use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::ledger::Hash;
use crate::ledger::row::{OP_ID, ROW_ID, RowHasher, Rows};
use crate::ledger::salt::{ChunkSeeds, Salts, place};
use crate::store::read::read_leaves;
use crate::store::snapshot::TableState;
use crate::store::spec::{OP_COLUMN, ROW_COLUMN, TableSpec};
use crate::store::tail::{ingest_values, leaf_values};

/// The seeds of a table's salts, by chunk.
pub(crate) type Seeds = BTreeMap<u64, ChunkSeeds>;

/// How the rows of one table are hashed.
#[derive(Debug, Clone)]
pub(crate) struct TableHasher {
    hasher: RowHasher,
    /// The names of the columns that are hashed, in the hasher's order.
    names: Vec<String>,
}

/// The columns that the ledger hashes, with their ids, ascending.
pub(crate) fn hashed_columns(spec: &TableSpec) -> Vec<(u32, std::sync::Arc<Field>)> {
    let id_of = |name: &str| match name {
        OP_COLUMN => Some(OP_ID),
        ROW_COLUMN => Some(ROW_ID),
        _ => None,
    };
    let leading = spec.lead_fields().into_iter().filter_map(|field| Some((id_of(field.name())?, field)));
    spec.columns.iter().map(|column| (column.id, column.field.clone())).chain(leading).collect()
}

impl TableHasher {
    /// # Errors
    /// `FeatureNotSupported` for a type that is not stored.
    pub(crate) fn new(spec: &TableSpec) -> Result<Self> {
        let columns = hashed_columns(spec);
        let hasher = RowHasher::new(spec.id.0, columns.iter().map(|(id, field)| (*id, field.as_ref())))?;
        Ok(TableHasher { hasher, names: columns.iter().map(|(_, field)| field.name().clone()).collect() })
    }

    /// Hands the leaf of each row of a batch in the stored schema to `take`, if its index is wanted.
    ///
    /// # Errors
    /// `DataCorrupted` for a row whose salt is gone or whose text is not what its type promises.
    pub(crate) fn leaves(
        &self,
        batch: &RecordBatch,
        seeds: &Seeds,
        wanted: &Range<u64>,
        take: &mut impl FnMut(u64, Hash) -> Result<()>,
    ) -> Result<()> {
        self.salted_leaves(batch, seeds, wanted, &mut |leaf, _, hash| take(leaf, hash.ok_or_else(|| no_salt(leaf))?))
    }

    /// As [`TableHasher::leaves`], with each row's time of ingest, and without a hash for a row whose salt is gone.
    ///
    /// # Errors
    /// `DataCorrupted` for a text that is not what its type promises.
    pub(crate) fn salted_leaves(
        &self,
        batch: &RecordBatch,
        seeds: &Seeds,
        wanted: &Range<u64>,
        take: &mut impl FnMut(u64, Micros, Option<Hash>) -> Result<()>,
    ) -> Result<()> {
        let columns = self.columns(batch)?;
        let mut rows = self.hasher.rows(&columns)?;
        let (indexes, ingests) = (leaf_values(batch)?, ingest_values(batch)?);
        let mut salts: Option<(u64, Salts<'_>)> = None;
        for (row, (index, ingest)) in indexes.iter().zip(ingests).enumerate() {
            let Some(leaf) = u64::try_from(*index).ok().filter(|leaf| wanted.contains(leaf)) else { continue };
            let (chunk, at) = place(leaf);
            if salts.as_ref().is_none_or(|(of, _)| *of != chunk) {
                salts = seeds.get(&chunk).map(|seeds| (chunk, seeds.salts()));
            }
            let salt = salts.as_mut().and_then(|(_, salts)| salts.at(at));
            let hash = salt.map(|salt| rows.leaf(row, leaf, *ingest, &salt)).transpose()?;
            take(leaf, *ingest, hash)?;
        }
        Ok(())
    }

    fn columns(&self, batch: &RecordBatch) -> Result<Vec<ArrayRef>> {
        let column = |name: &String| {
            batch.column_by_name(name).cloned().ok_or_else(|| Error::internal(format!("a batch lacks its column \"{name}\"")))
        };
        self.names.iter().map(column).collect()
    }

    /// The rows of a batch, to open a commitment.
    pub(crate) fn with_rows<T>(&self, batch: &RecordBatch, look: impl FnOnce(&mut Rows<'_>) -> Result<T>) -> Result<T> {
        let columns = self.columns(batch)?;
        look(&mut self.hasher.rows(&columns)?)
    }
}

fn no_salt(leaf: u64) -> Error {
    Error::new(Kind::DataCorrupted, format!("the salt of row {leaf} is gone, and the row is there"))
}

/// Shows each batch of a table that holds a row of some leaf indexes, in the stored schema; batches of the tail as they are, those of
/// segments cut down to these rows.
///
/// # Errors
/// `DataCorrupted` for a damaged segment, and what `look` fails with.
pub(crate) fn visit(state: &TableState, wanted: &Range<u64>, mut look: impl FnMut(&RecordBatch) -> Result<()>) -> Result<()> {
    let overlaps = |min: i64, max: i64| {
        let (min, max) = (u64::try_from(min).unwrap_or(0), u64::try_from(max).unwrap_or(0));
        min < wanted.end && max >= wanted.start
    };
    for segment in state.segments.iter().filter(|segment| overlaps(segment.leaf_min, segment.leaf_max)) {
        for batch in read_leaves(&segment.file(), &state.stored_schema, wanted)? {
            look(&batch?)?;
        }
    }
    for tail in state.tail.iter() {
        let leaves = leaf_values(&tail.batch)?;
        if let (Some(first), Some(last)) = (leaves.first(), leaves.last())
            && overlaps(*first, *last)
        {
            look(&tail.batch)?;
        }
    }
    Ok(())
}
