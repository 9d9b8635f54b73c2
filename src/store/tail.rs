//! The tail: rows that are durable in the log and stand in no segment yet, as Arrow batches in order of acknowledgement.
//!
//! Many small commits would make a tail of many tiny batches. Neighbours are therefore merged as in a counter to the base of eight: so
//! many of one size become one of the next, so that a row is copied at most four times and a tail holds few small batches.

use std::sync::Arc;
use std::time::Instant;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, RecordBatchOptions, StringViewArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Int64Type, SchemaRef, TimestampMicrosecondType};
use arrow::error::ArrowError;

use super::physical;
use super::spec::{INGEST_COLUMN, LEAF_COLUMN, TableSpec};
use crate::clock::Micros;
use crate::error::{Error, Result};

/// So many batches of a size become one: fewer would copy rows more often, more would leave more batches to read.
const FAN: usize = 8;
/// Batches are merged up to so many rows.
const MERGE_ROWS: usize = 8192;
/// Batches are merged up to so many bytes.
const MERGE_BYTES: usize = 4 * 1024 * 1024;

/// One batch of a tail.
#[derive(Debug)]
pub struct TailBatch {
    /// In the table's stored schema.
    pub batch: RecordBatch,
    /// The smallest and the largest value of the time column, both contained.
    pub time_min: Micros,
    pub time_max: Micros,
    /// Bytes of memory held.
    pub bytes: usize,
    /// The first and the last commit with rows in it.
    pub(crate) sequence_min: u64,
    pub(crate) sequence_max: u64,
    /// When its oldest row was published.
    pub(crate) born: Instant,
}

impl TailBatch {
    /// Wraps a batch in the table's stored schema; it must hold a row.
    pub(crate) fn new(spec: &TableSpec, batch: RecordBatch, sequence: u64) -> Result<Self> {
        let (time_min, time_max) = bounds(time_values(&batch, spec)?)?;
        let bytes = batch.get_array_memory_size();
        Ok(TailBatch { batch, time_min, time_max, bytes, sequence_min: sequence, sequence_max: sequence, born: Instant::now() })
    }

    /// Neighbours as one batch.
    fn merged(run: &[Arc<TailBatch>]) -> Result<TailBatch> {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            return Err(Error::internal("no tail batches to merge"));
        };
        let merged = concat_batches(&first.batch.schema(), run.iter().map(|batch| &batch.batch))
            .and_then(|batch| compact(&batch))
            .map_err(|cause| Error::internal(format!("could not merge tail batches: {cause}")))?;
        Ok(TailBatch {
            bytes: merged.get_array_memory_size(),
            batch: merged,
            time_min: run.iter().map(|batch| batch.time_min).min().unwrap_or(first.time_min),
            time_max: run.iter().map(|batch| batch.time_max).max().unwrap_or(first.time_max),
            sequence_min: first.sequence_min,
            sequence_max: last.sequence_max,
            born: first.born,
        })
    }

    /// How often [`FAN`] goes into its rows.
    fn level(&self) -> u32 {
        self.batch.num_rows().max(1).ilog(FAN)
    }

    /// The same rows in a schema that came later.
    pub(crate) fn adapted(&self, schema: &SchemaRef) -> Result<TailBatch> {
        let batch = physical::reshape(&self.batch, schema, "a tail batch does not fit its table's new schema")?;
        Ok(TailBatch { bytes: batch.get_array_memory_size(), batch, ..*self })
    }
}

/// Appends to a tail. The first `frozen` batches belong to a flush that runs and are left as they are.
pub(crate) fn push(tail: &mut Vec<Arc<TailBatch>>, frozen: usize, next: TailBatch) -> Result<()> {
    tail.push(Arc::new(next));
    while let Some(from) = mergeable(tail.get(frozen..).unwrap_or_default()) {
        let merged = TailBatch::merged(&tail[frozen + from..])?;
        tail.truncate(frozen + from);
        tail.push(Arc::new(merged));
    }
    Ok(())
}

/// Where the batches begin that are to become one: the last [`FAN`] or more of one level, or lower ones between them.
fn mergeable(tail: &[Arc<TailBatch>]) -> Option<usize> {
    let lowest = tail.last()?.level();
    (lowest..=MERGE_ROWS.ilog(FAN)).find_map(|level| {
        let run = tail.iter().rev().take_while(|batch| batch.level() <= level).count();
        let run = &tail[tail.len() - run..];
        let rows: usize = run.iter().map(|batch| batch.batch.num_rows()).sum();
        let bytes: usize = run.iter().map(|batch| batch.bytes).sum();
        (run.len() >= FAN && rows <= MERGE_ROWS && bytes <= MERGE_BYTES).then_some(tail.len() - run.len())
    })
}

/// The time column of a stored batch, in microseconds.
pub(crate) fn time_values<'a>(batch: &'a RecordBatch, spec: &TableSpec) -> Result<&'a [Micros]> {
    batch
        .column_by_name(spec.time_column_name())
        .and_then(|array| array.as_primitive_opt::<TimestampMicrosecondType>())
        .map(|array| array.values().as_ref())
        .ok_or_else(|| Error::internal(format!("a batch of table {} lacks its time column", spec.label)))
}

/// The leaf indexes of a stored batch.
pub(crate) fn leaf_values(batch: &RecordBatch) -> Result<&[i64]> {
    batch
        .column_by_name(LEAF_COLUMN)
        .and_then(|array| array.as_primitive_opt::<Int64Type>())
        .map(|array| array.values().as_ref())
        .ok_or_else(|| Error::internal("a stored batch lacks its leaf indexes"))
}

/// The ingest times of a stored batch, in microseconds.
pub(crate) fn ingest_values(batch: &RecordBatch) -> Result<&[Micros]> {
    batch
        .column_by_name(INGEST_COLUMN)
        .and_then(|array| array.as_primitive_opt::<TimestampMicrosecondType>())
        .map(|array| array.values().as_ref())
        .ok_or_else(|| Error::internal("a stored batch lacks its ingest times"))
}

/// The smallest and the largest of some values.
pub(crate) fn bounds(values: &[i64]) -> Result<(i64, i64)> {
    match (values.iter().min(), values.iter().max()) {
        (Some(min), Some(max)) => Ok((*min, *max)),
        _ => Err(Error::internal("an empty batch has no bounds")),
    }
}

/// Copies string columns that hold on to much more memory than their rows need, as slices and merged batches do.
pub(crate) fn compact(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let mut changed = false;
    let columns = batch
        .columns()
        .iter()
        .map(|array| match compact_array(array) {
            Some(copy) => {
                changed = true;
                copy
            }
            None => array.clone(),
        })
        .collect();
    if !changed {
        return Ok(batch.clone());
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(batch.schema(), columns, &options)
}

fn compact_array(array: &ArrayRef) -> Option<ArrayRef> {
    match array.data_type() {
        DataType::Utf8View => {
            let strings = array.as_string_view();
            is_loose(strings).then(|| Arc::new(strings.gc()) as ArrayRef)
        }
        DataType::List(item) if item.data_type() == &DataType::Utf8View => {
            let list = array.as_list::<i32>();
            let strings = list.values().as_string_view();
            if !is_loose(strings) {
                return None;
            }
            let values = Arc::new(strings.gc()) as ArrayRef;
            let list = ListArray::try_new(item.clone(), list.offsets().clone(), values, list.nulls().cloned()).ok()?;
            Some(Arc::new(list))
        }
        _ => None,
    }
}

/// Whether most of the memory behind the views is not theirs, or it lies in many pieces.
fn is_loose(strings: &StringViewArray) -> bool {
    const PIECES: usize = 8;
    const SLACK: usize = 4096;
    let buffers = strings.data_buffers();
    if buffers.is_empty() {
        return false;
    }
    let held: usize = buffers.iter().map(|buffer| buffer.len()).sum();
    buffers.len() > PIECES || held > 2 * strings.total_buffer_bytes_used() + SLACK
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::samples;

    #[test]
    fn many_single_rows_make_a_short_tail() {
        let spec = samples::log_spec("public.t");
        let mut tail = Vec::new();
        for row in 0..20_000 {
            let batch = samples::stored(&spec, &samples::log_batch(&spec, row, 1), row + 1, 7);
            push(&mut tail, 0, TailBatch::new(&spec, batch, row as u64).unwrap()).unwrap();
        }
        assert!(tail.len() < 4 * FAN, "{} batches", tail.len());
        let mut next = 1;
        for batch in &tail {
            for leaf in leaf_values(&batch.batch).unwrap() {
                assert_eq!(*leaf, next);
                next += 1;
            }
            assert!(batch.batch.column_by_name("message").unwrap().as_string_view().data_buffers().len() <= 8);
        }
        assert_eq!(next, 20_001);
        assert_eq!((tail[0].sequence_min, tail[tail.len() - 1].sequence_max), (0, 19_999));
    }

    #[test]
    fn batches_of_a_running_flush_are_left_alone() {
        let spec = samples::log_spec("public.t");
        let mut tail = Vec::new();
        for row in 0..=FAN as i64 {
            let batch = samples::stored(&spec, &samples::log_batch(&spec, row, 1), row + 1, 7);
            push(&mut tail, 1, TailBatch::new(&spec, batch, 1).unwrap()).unwrap();
        }
        assert_eq!(tail[0].batch.num_rows(), 1);
        assert_eq!(tail.len(), 2);
    }

    #[test]
    fn a_slice_does_not_keep_the_whole() {
        let spec = samples::log_spec("public.t");
        let whole = samples::log_batch(&spec, 0, 5000);
        let slice = compact(&whole.slice(10, 3)).unwrap();
        assert_eq!(slice, whole.slice(10, 3));
        let strings = slice.column_by_name("message").unwrap().as_string_view();
        assert!(strings.data_buffers().iter().map(|buffer| buffer.len()).sum::<usize>() < 4096);
    }
}
