//! What the store must know of a table to keep its rows: identity, columns with ids that are never reused, and the time column.
//!
//! A spec is plain data. It stands in the WAL when a table is defined or changed, at the head of every WAL file, and in the Delta
//! table's metadata, so that the folder explains itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use serde::{Deserialize, Serialize};
use twox_hash::XxHash64;
use uuid::Uuid;

use crate::value::json::path::Step;

/// The leaf index of a row: dense from 1 in order of acknowledgement (0 is the ledger's genesis leaf). `Int64`.
pub const LEAF_COLUMN: &str = "_li";
/// The server's time when the row was acknowledged, never decreasing in `_li`. `Timestamp(us, UTC)`.
pub const INGEST_COLUMN: &str = "_ingest_ts";
/// The UTC day of the time column, the partition of the Delta table. Stands in folder names, not in files.
pub const DAY_COLUMN: &str = "_day";
/// On reference tables: 0 puts the row's latest state, 1 removes it. `Int16`.
pub const OP_COLUMN: &str = "_op";
/// On reference tables: which row a change is about, dense from 1, never reused. `Int64`.
pub const ROW_COLUMN: &str = "_row";

/// A table's identity for ever, whatever it is called; the name of its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TableId(pub Uuid);

impl fmt::Display for TableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a table's rows behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TableKind {
    /// Append-only events.
    Log,
    /// A log of row changes whose latest state is kept in memory.
    Reference,
}

/// One stored column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSpec {
    /// Unique in the table for ever; what the ledger hashes a value under.
    pub id: u32,
    /// The Arrow field as stored. Its name is the physical name, fixed when the column is added: RENAME changes only the SQL name.
    pub field: FieldRef,
    /// Whether segments carry a bloom filter on it.
    pub bloom: bool,
}

/// How rows are found by the values of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IndexKind {
    /// By the whole value: which rows of a segment have it.
    Ids,
    /// By words and parts of a text: which pages of a segment can hold them.
    Text,
    /// By what a path of this number leads to in a document, whole: which rows of a segment have it there.
    PathIds(u64),
    /// What a path of this number leads to in each row of a segment, in codes.
    PathValues(u64),
}

/// The number of a path into a column's documents, which no other path has.
pub fn path_number(column: u32, steps: &[Step]) -> u64 {
    XxHash64::oneshot(u64::from(column), format!("{steps:?}").as_bytes())
}

/// An index that every segment of a table gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IndexSpec {
    /// The column's id.
    pub column: u32,
    pub kind: IndexKind,
}

/// Everything the store knows about one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSpec {
    pub id: TableId,
    pub kind: TableKind,
    /// `schema.name` when the spec was made, for messages and the Delta table's description only.
    pub label: String,
    /// Ascending by id; the order of a batch's columns after the leading hidden ones.
    pub columns: Vec<ColumnSpec>,
    /// The id of the column that says when an event happened; `None` uses the time of ingest.
    pub time_column: Option<u32>,
    /// What prunes segments beside their bounds; of no meaning for a reference table, whose rows are in memory.
    pub indexes: BTreeSet<IndexSpec>,
    /// Where the paths of indexes lead, by their numbers.
    pub paths: BTreeMap<u64, Vec<Step>>,
}

impl TableSpec {
    /// The hidden columns that the writer of a batch supplies: none for a log, `_op` and `_row` for a reference table.
    pub fn lead_fields(&self) -> Vec<FieldRef> {
        match self.kind {
            TableKind::Log => vec![],
            TableKind::Reference => vec![
                Arc::new(Field::new(OP_COLUMN, DataType::Int16, false)),
                Arc::new(Field::new(ROW_COLUMN, DataType::Int64, false)),
            ],
        }
    }

    /// The schema of a batch handed to `Store::commit`: the lead fields, then the columns ascending by id.
    pub fn commit_schema(&self) -> SchemaRef {
        let mut fields = self.lead_fields();
        fields.extend(self.columns.iter().map(|column| column.field.clone()));
        Arc::new(Schema::new(fields))
    }

    /// The schema of a stored batch, in tail and segments: the columns of [`TableSpec::commit_schema`], then `_li` and `_ingest_ts`.
    pub fn stored_schema(&self) -> SchemaRef {
        let mut fields: Vec<FieldRef> = self.commit_schema().fields().iter().cloned().collect();
        fields.push(Arc::new(Field::new(LEAF_COLUMN, DataType::Int64, false)));
        fields.push(Arc::new(Field::new(INGEST_COLUMN, DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC"))), false)));
        Arc::new(Schema::new(fields))
    }

    /// The physical name of the column that orders and partitions rows.
    pub fn time_column_name(&self) -> &str {
        self.time_column
            .and_then(|id| self.columns.iter().find(|column| column.id == id))
            .map_or(INGEST_COLUMN, |column| column.field.name())
    }
}
