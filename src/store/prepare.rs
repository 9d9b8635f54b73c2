//! What a commit must be like: its definitions can stand, and its rows fit their tables.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::Int16Type;

use super::spec::{OP_COLUMN, TableId, TableKind, TableSpec};
use super::wal::rows::Encoded;
use super::wal::writer::PreparedRows;
use super::workers::Workers;
use super::{Commit, OP_PUT, OP_REMOVE, Snapshot, definition, physical, wal};
use crate::error::{Error, Kind, Result};

/// A commit that was checked and encoded.
pub(super) struct Checked {
    pub define: Vec<Arc<TableSpec>>,
    pub drop: Vec<TableId>,
    pub rows: Vec<PreparedRows>,
}

/// Rows of a commit before and after they were encoded.
struct Encoding {
    table: TableId,
    spec: Arc<TableSpec>,
    /// Gone when it is encoded.
    batch: Option<RecordBatch>,
    pieces: Result<Vec<Encoded>>,
}

/// Checks a commit against the state its caller sees, encodes its rows, several batches at a time, and counts their memory.
pub(super) fn prepare(commit: Commit, snapshot: &Snapshot, workers: &Workers) -> Result<(Checked, usize)> {
    let mut define: Vec<Arc<TableSpec>> = Vec::with_capacity(commit.define.len());
    let mut defined = HashSet::new();
    for spec in commit.define {
        definition::check(&spec)?;
        if !defined.insert(spec.id) {
            return Err(Error::internal(format!("table {} is defined twice in one commit", spec.label)));
        }
        define.push(Arc::new(spec));
    }
    let mut encoding = Vec::with_capacity(commit.rows.len());
    for (table, batch) in commit.rows {
        if commit.drop.contains(&table) {
            continue;
        }
        let spec = match define.iter().find(|spec| spec.id == table) {
            Some(spec) => spec.clone(),
            None => {
                let state = snapshot.table(table);
                let state = state.ok_or_else(|| Error::new(Kind::UndefinedTable, format!("table {table} does not exist")))?;
                state.check()?;
                state.spec.clone()
            }
        };
        let batch = Some(fit(&batch, &spec)?);
        encoding.push(Encoding { table, spec, batch, pieces: Ok(Vec::new()) });
    }
    workers.each(&mut encoding, |rows| rows.pieces = rows.batch.take().map_or(Ok(Vec::new()), |batch| wal::rows::encode(&batch)));
    let mut rows = Vec::with_capacity(encoding.len());
    let mut bytes = 0;
    for Encoding { table, spec, pieces, .. } in encoding {
        let pieces = pieces?;
        bytes += pieces.iter().map(|piece| piece.batch.get_array_memory_size() + piece.message.len()).sum::<usize>();
        rows.push(PreparedRows { table, spec, pieces });
    }
    Ok((Checked { define, drop: commit.drop, rows }, bytes))
}

/// The batch under its table's own fields, which also proves that nothing is null that must not be. Columns that the table got after
/// the batch was made, which are its last ones, are null.
pub(super) fn fit(batch: &RecordBatch, spec: &TableSpec) -> Result<RecordBatch> {
    let schema = spec.commit_schema();
    let given = batch.schema_ref().fields();
    let fits = given.len() <= schema.fields().len()
        && given.iter().zip(schema.fields()).all(|(a, b)| a.name() == b.name() && a.data_type().equals_datatype(b.data_type()));
    if !fits {
        let names = |fields: &arrow::datatypes::Fields| {
            fields.iter().map(|field| format!("{} {}", field.name(), field.data_type())).collect::<Vec<_>>().join(", ")
        };
        return Err(Error::new(Kind::DatatypeMismatch, format!("rows for table {} do not have its columns", spec.label))
            .with_detail(format!("given: {}; expected: {}", names(given), names(schema.fields()))));
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let batch = physical_columns(batch, &schema)?;
    let batch = RecordBatch::try_new_with_options(schema, batch, &options)
        .map_err(|cause| Error::new(Kind::NotNullViolation, format!("rows for table {} cannot be stored: {cause}", spec.label)))?;
    if spec.kind == TableKind::Reference {
        let ops = batch.column_by_name(OP_COLUMN).and_then(|array| array.as_primitive_opt::<Int16Type>());
        if !ops.is_some_and(|ops| ops.values().iter().all(|op| [OP_PUT, OP_REMOVE].contains(op))) {
            return Err(Error::internal(format!("rows for reference table {} carry an unknown operation", spec.label)));
        }
    }
    Ok(batch)
}

/// The columns with nested fields named as the table names them, which an equal type does not promise, and with those that are missing.
fn physical_columns(batch: &RecordBatch, schema: &arrow::datatypes::SchemaRef) -> Result<Vec<arrow::array::ArrayRef>> {
    let whole = batch.num_columns() == schema.fields().len();
    if whole && batch.columns().iter().zip(schema.fields()).all(|(array, field)| array.data_type() == field.data_type()) {
        return Ok(batch.columns().to_vec());
    }
    Ok(physical::reshape(batch, schema, "rows do not fit their table")?.columns().to_vec())
}
