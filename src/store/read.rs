//! Reading segments whole: for rewrites, for the catalog at start, for reference tables, for tests. Queries scan elsewhere.

use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::{SortColumn, SortOptions, concat_batches, lexsort_to_indices, take_record_batch};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowFilter,
};
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::statistics::Statistics;

use super::physical;
use super::segment::Segment;
use super::snapshot::TableState;
use super::spec::LEAF_COLUMN;
use super::tail::leaf_values;
use crate::error::{Error, Kind, Result};

const BATCH_ROWS: usize = 8192;

/// Opens a Parquet file of ours with its strings as views.
pub(crate) fn open_segment(path: &Path, batch_rows: usize) -> Result<ParquetRecordBatchReader> {
    open(path, batch_rows, None)
}

/// The rows of a segment with only the columns of a part of the stored schema, of which the file must have one.
///
/// # Errors
/// `DataCorrupted` naming the file, as the batches' own.
pub fn read_columns(segment: &Segment, part: &SchemaRef) -> Result<impl Iterator<Item = Result<RecordBatch>> + use<>> {
    let (path, part) = (segment.file(), part.clone());
    let batches = open(&path, BATCH_ROWS, Some(&part))?;
    Ok(batches.map(move |batch| physical::to_stored(&batch.map_err(|cause| damaged(&path, &cause))?, &part)))
}

/// The rows of some leaf indexes in a Parquet file, in the stored schema. Only row groups that can hold one are read, and of their
/// other columns only the pages that do.
///
/// # Errors
/// `DataCorrupted` naming the file, as the batches' own.
pub(crate) fn read_leaves(
    path: &Path,
    schema: &SchemaRef,
    wanted: &Range<u64>,
) -> Result<impl Iterator<Item = Result<RecordBatch>> + use<>> {
    let broken = |cause: &dyn std::fmt::Display| damaged(path, cause);
    let reader = builder(path, PageIndexPolicy::Optional)?.with_batch_size(BATCH_ROWS);
    let columns = reader.parquet_schema();
    let at = columns.root_schema().get_fields().iter().position(|root| root.name() == LEAF_COLUMN);
    let at = at.ok_or_else(|| broken(&"it has no leaf indexes"))?;
    let leaf_only = ProjectionMask::roots(columns, [at]);
    let leaf_column = (0..columns.num_columns()).find(|column| columns.get_column_root_idx(*column) == at).unwrap_or(at);
    let range = i64::try_from(wanted.start).unwrap_or(i64::MAX)..i64::try_from(wanted.end).unwrap_or(i64::MAX);
    let groups =
        reader.metadata().row_groups().iter().enumerate().filter(|(_, group)| match group.column(leaf_column).statistics() {
            Some(Statistics::Int64(bounds)) => {
                bounds.min_opt().is_none_or(|min| *min < range.end) && bounds.max_opt().is_none_or(|max| *max >= range.start)
            }
            _ => true,
        });
    let groups = groups.map(|(group, _)| group).collect();
    let filter = ArrowPredicateFn::new(leaf_only, move |batch: RecordBatch| {
        let leaves = leaf_values(&batch).map_err(|cause| ArrowError::ExternalError(Box::new(cause)))?;
        Ok(leaves.iter().map(|leaf| Some(range.contains(leaf))).collect::<BooleanArray>())
    });
    let reader = reader.with_row_groups(groups).with_row_filter(RowFilter::new(vec![Box::new(filter)]));
    let batches = reader.build().map_err(|cause| broken(&cause))?;
    let (path, schema) = (path.to_owned(), schema.clone());
    Ok(batches.map(move |batch| physical::to_stored(&batch.map_err(|cause| damaged(&path, &cause))?, &schema)))
}

/// The leaf indexes of the rows of a table of which a text column has this value, ascending. Row groups whose bounds or bloom filters
/// exclude it are not read, and of the others that column alone, with the leaf indexes of what it finds.
///
/// # Errors
/// `DataCorrupted` for a damaged segment.
pub(crate) fn find_leaves(state: &TableState, column: &str, value: &str) -> Result<Vec<u64>> {
    let mut found = Vec::new();
    for segment in state.segments.iter() {
        found.extend(find_in(&segment.file(), column, value)?);
    }
    for tail in state.tail.iter() {
        let Some(texts) = tail.batch.column_by_name(column).and_then(|array| array.as_string_view_opt()) else { continue };
        let leaves = leaf_values(&tail.batch)?.iter().zip(texts);
        found.extend(leaves.filter(|(_, text)| *text == Some(value)).map(|(leaf, _)| *leaf));
    }
    found.sort_unstable();
    Ok(found.into_iter().filter_map(|leaf| u64::try_from(leaf).ok()).collect())
}

fn find_in(path: &Path, column: &str, value: &str) -> Result<Vec<i64>> {
    let broken = |cause: &dyn std::fmt::Display| damaged(path, cause);
    let reader = builder(path, PageIndexPolicy::Optional)?.with_batch_size(BATCH_ROWS);
    let roots = reader.parquet_schema().root_schema().get_fields();
    let root = |name: &str| roots.iter().position(|root| root.name() == name);
    let Some((at, leaves)) = root(column).zip(root(LEAF_COLUMN)) else { return Ok(vec![]) };
    let leaf = (0..reader.parquet_schema().num_columns()).find(|leaf| reader.parquet_schema().get_column_root_idx(*leaf) == at);
    let Some(leaf) = leaf else { return Ok(vec![]) };
    let mut groups = Vec::new();
    for (group, metadata) in reader.metadata().row_groups().iter().enumerate() {
        let bounded = match metadata.column(leaf).statistics() {
            Some(Statistics::ByteArray(bounds)) => {
                let exact = |bound: &[u8]| bound.len() >= value.len();
                bounds.min_opt().is_none_or(|min| !exact(min.data()) || min.data() <= value.as_bytes())
                    && bounds.max_opt().is_none_or(|max| !exact(max.data()) || max.data() >= value.as_bytes())
            }
            _ => true,
        };
        let filter =
            if bounded { reader.get_row_group_column_bloom_filter(group, leaf).map_err(|cause| broken(&cause))? } else { None };
        if bounded && filter.is_none_or(|filter| filter.check(&value)) {
            groups.push(group);
        }
    }
    let (text_only, both) =
        (ProjectionMask::roots(reader.parquet_schema(), [at]), ProjectionMask::roots(reader.parquet_schema(), [leaves]));
    let wanted = value.to_owned();
    let filter = ArrowPredicateFn::new(text_only, move |batch: RecordBatch| {
        let texts = batch.column(0).as_string_view();
        Ok(texts.iter().map(|text| Some(text == Some(wanted.as_str()))).collect::<BooleanArray>())
    });
    let reader = reader.with_row_groups(groups).with_projection(both).with_row_filter(RowFilter::new(vec![Box::new(filter)]));
    let mut found = Vec::new();
    for batch in reader.build().map_err(|cause| broken(&cause))? {
        let batch = batch.map_err(|cause| broken(&cause))?;
        found.extend_from_slice(leaf_values(&batch)?);
    }
    Ok(found)
}

/// What a verifier asks a Parquet file before it reads it: the names of its columns, and for each row group how many rows it has and,
/// if it says so, between which leaf indexes.
///
/// # Errors
/// `DataCorrupted` naming the file.
pub(crate) fn inspect(path: &Path) -> Result<Inspected> {
    let reader = builder(path, PageIndexPolicy::Skip)?;
    let roots = reader.parquet_schema().root_schema().get_fields();
    let columns: Vec<String> = roots.iter().map(|root| root.name().to_owned()).collect();
    let leaves = reader.parquet_schema().columns().iter().position(|column| column.path().string() == LEAF_COLUMN);
    let group = |group: &parquet::file::metadata::RowGroupMetaData| {
        let bounds = leaves.and_then(|leaves| match group.column(leaves).statistics() {
            Some(Statistics::Int64(bounds)) => Some((*bounds.min_opt()?, *bounds.max_opt()?)),
            _ => None,
        });
        (group.num_rows(), bounds)
    };
    Ok(Inspected { columns, groups: reader.metadata().row_groups().iter().map(group).collect() })
}

/// A Parquet file from outside.
pub(crate) struct Inspected {
    pub columns: Vec<String>,
    pub groups: Vec<(i64, Option<(i64, i64)>)>,
}

/// One row group of a Parquet file in the stored schema.
///
/// # Errors
/// `DataCorrupted` naming the file, as the batches' own.
pub(crate) fn read_group(
    path: &Path,
    schema: &SchemaRef,
    group: usize,
) -> Result<impl Iterator<Item = Result<RecordBatch>> + use<>> {
    let reader = builder(path, PageIndexPolicy::Skip)?.with_batch_size(BATCH_ROWS).with_row_groups(vec![group]);
    let batches = reader.build().map_err(|cause| damaged(path, &cause))?;
    let (path, schema) = (path.to_owned(), schema.clone());
    Ok(batches.map(move |batch| physical::to_stored(&batch.map_err(|cause| damaged(&path, &cause))?, &schema)))
}

fn builder(path: &Path, pages: PageIndexPolicy) -> Result<ParquetRecordBatchReaderBuilder<File>> {
    let (file, metadata) = metadata(path, pages)?;
    Ok(ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata))
}

/// A Parquet file of ours and its footer, with its strings as views.
pub(super) fn metadata(path: &Path, pages: PageIndexPolicy) -> Result<(File, ArrowReaderMetadata)> {
    let broken = |cause: &dyn std::fmt::Display| damaged(path, cause);
    let file = File::open(path).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::NotFound => broken(&"the file is missing"),
        _ => Error::io("open segment", path, &cause),
    })?;
    let options = ArrowReaderOptions::new().with_page_index_policy(pages);
    let metadata = ArrowReaderMetadata::load(&file, options).map_err(|cause| broken(&cause))?;
    let options = ArrowReaderOptions::new().with_page_index_policy(pages).with_schema(with_views(metadata.schema()));
    let metadata = ArrowReaderMetadata::try_new(metadata.metadata().clone(), options).map_err(|cause| broken(&cause))?;
    Ok((file, metadata))
}

fn open(path: &Path, batch_rows: usize, part: Option<&SchemaRef>) -> Result<ParquetRecordBatchReader> {
    let broken = |cause: &dyn std::fmt::Display| damaged(path, cause);
    let mut reader = builder(path, PageIndexPolicy::Skip)?.with_batch_size(batch_rows);
    if let Some(part) = part {
        // By whole names: one with a dot in it is no path.
        let roots = reader.parquet_schema().root_schema().get_fields().iter().enumerate();
        let wanted: Vec<usize> = roots.filter(|(_, root)| part.index_of(root.name()).is_ok()).map(|(at, _)| at).collect();
        let columns = ProjectionMask::roots(reader.parquet_schema(), wanted);
        reader = reader.with_projection(columns);
    }
    reader.build().map_err(|cause| broken(&cause))
}

/// The error of a segment that cannot be read.
pub fn damaged(path: &Path, cause: &dyn std::fmt::Display) -> Error {
    Error::new(Kind::DataCorrupted, format!("segment \"{}\" cannot be read: {cause}", path.display()))
        .with_hint("restore the file from a backup; other tables are not affected")
}

fn with_views(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 => Arc::new(Field::clone(field).with_data_type(DataType::Utf8View)),
        _ => field.clone(),
    });
    Arc::new(Schema::new(fields.collect::<Vec<FieldRef>>()))
}

/// A segment's rows in the stored schema.
pub(crate) fn read_segment(segment: &Segment, schema: &SchemaRef) -> Result<Vec<RecordBatch>> {
    let path = segment.file();
    let mut batches = Vec::new();
    for batch in open_segment(&path, BATCH_ROWS)? {
        let batch = batch.map_err(|cause| damaged(&path, &cause))?;
        batches.push(physical::to_stored(&batch, schema)?);
    }
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    if rows as u64 != segment.rows {
        return Err(damaged(&path, &format!("it holds {rows} rows instead of {}", segment.rows)));
    }
    Ok(batches)
}

/// Every row of segments in order of leaf indexes, in the stored schema.
pub(crate) fn read_in_order(segments: &[Arc<Segment>], schema: &SchemaRef) -> Result<Vec<RecordBatch>> {
    let mut batches = Vec::new();
    for segment in segments {
        batches.extend(read_segment(segment, schema)?);
    }
    in_order(&batches, schema)
}

fn in_order(batches: &[RecordBatch], schema: &SchemaRef) -> Result<Vec<RecordBatch>> {
    let failed = |cause| Error::internal(format!("could not put rows in order: {cause}"));
    let all = concat_batches(schema, batches).map_err(failed)?;
    if all.num_rows() == 0 {
        return Ok(Vec::new());
    }
    if leaf_values(&all)?.is_sorted() {
        return Ok(vec![all]);
    }
    let leaves =
        all.column_by_name(LEAF_COLUMN).cloned().ok_or_else(|| Error::internal("a stored batch lacks its leaf indexes"))?;
    let by_leaf = SortColumn { values: leaves, options: Some(SortOptions { descending: false, nulls_first: false }) };
    let order = lexsort_to_indices(&[by_leaf], None).map_err(failed)?;
    Ok(vec![take_record_batch(&all, &order).map_err(failed)?])
}

/// Every row of a table in order of leaf indexes, in the stored schema. Holds the table in memory.
pub(crate) fn read_table(state: &TableState) -> Result<Vec<RecordBatch>> {
    state.check()?;
    let mut batches = Vec::new();
    for segment in state.segments.iter() {
        batches.extend(read_segment(segment, &state.stored_schema)?);
    }
    batches.extend(state.tail.iter().map(|batch| batch.batch.clone()));
    in_order(&batches, &state.stored_schema)
}
