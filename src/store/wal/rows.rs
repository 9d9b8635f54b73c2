//! The payload of a frame with rows: where they begin in the table, when they came, and one Arrow IPC record batch message, compressed
//! with LZ4 unless it is small. The schema is that of the table's definition in force; it stands in the log once, in the definition.

use arrow::array::{ArrayRef, Int64Array, RecordBatch, TimestampMicrosecondArray};
use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::StreamDecoder;
use arrow::ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteOptions, write_message};
use arrow::ipc::{CompressionType, MetadataVersion};
use bytes::Bytes;
use std::sync::Arc;

use super::frame::BODY_MAX;
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::store::spec::TableSpec;
use crate::store::tail::compact;

/// Batches that hold more memory than this are split before they are encoded.
const SPLIT_BYTES: usize = 24 * 1024 * 1024;
/// Batches that hold less memory than this are written as they are: to set a compressor up for each buffer of a single row costs more
/// than the bytes it saves, and the log is cut at the next flush.
const COMPRESS_BYTES: usize = 32 * 1024;
const PREFIX: usize = 20;

/// Rows on their way into the log: a batch in the table's commit schema, and its encoded form.
#[derive(Debug, Clone)]
pub(crate) struct Encoded {
    pub batch: RecordBatch,
    pub message: Bytes,
}

/// Splits a batch in the commit schema into pieces that fit a frame each, and encodes them.
///
/// # Errors
/// `ProgramLimitExceeded` when one row alone does not fit.
pub(crate) fn encode(batch: &RecordBatch) -> Result<Vec<Encoded>> {
    let mut pieces = Vec::new();
    encode_into(batch, &mut pieces)?;
    Ok(pieces)
}

fn encode_into(batch: &RecordBatch, pieces: &mut Vec<Encoded>) -> Result<()> {
    if batch.num_rows() == 0 {
        return Ok(());
    }
    let broken = |cause| Error::internal(format!("could not encode rows: {cause}"));
    let batch = compact(batch).map_err(broken)?;
    let half = batch.num_rows() / 2;
    if half > 0 && batch.get_array_memory_size() > SPLIT_BYTES {
        let owned = |part: RecordBatch| own(&part).map_err(broken);
        encode_into(&owned(batch.slice(0, half))?, pieces)?;
        return encode_into(&owned(batch.slice(half, batch.num_rows() - half))?, pieces);
    }
    let message = encode_message(&batch).map_err(broken)?;
    if message.len() + 64 > BODY_MAX {
        if half == 0 {
            return Err(Error::new(
                Kind::ProgramLimitExceeded,
                format!("a row of {} bytes is too large to be stored", message.len()),
            ));
        }
        encode_into(&batch.slice(0, half), pieces)?;
        return encode_into(&batch.slice(half, batch.num_rows() - half), pieces);
    }
    pieces.push(Encoded { batch, message: Bytes::from(message) });
    Ok(())
}

/// A copy of a slice that does not hold on to the whole.
fn own(slice: &RecordBatch) -> Result<RecordBatch, arrow::error::ArrowError> {
    let every = Int64Array::from_iter_values(0..i64::try_from(slice.num_rows()).unwrap_or(0));
    compact(&arrow::compute::take_record_batch(slice, &every)?)
}

fn options(bytes: usize) -> Result<IpcWriteOptions, arrow::error::ArrowError> {
    if bytes >= COMPRESS_BYTES {
        return IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME));
    }
    // The default pads each buffer to 64 bytes, which would make most of a single row's frame.
    IpcWriteOptions::try_new(8, false, MetadataVersion::V5)
}

fn encode_message(batch: &RecordBatch) -> Result<Vec<u8>, arrow::error::ArrowError> {
    let options = options(batch.get_array_memory_size())?;
    let mut dictionaries = DictionaryTracker::new(true);
    let (_, message) = IpcDataGenerator::default().encode(batch, &mut dictionaries, &options, &mut Default::default())?;
    let mut bytes = Vec::with_capacity(message.arrow_data.len() + message.ipc_message.len() + 64);
    write_message(&mut bytes, message, &options)?;
    Ok(bytes)
}

/// The bytes of a frame before the message: first leaf index, ingest time, number of rows.
pub(crate) fn prefix(first_leaf: i64, ingest: Micros, rows: usize) -> Result<[u8; PREFIX]> {
    let rows = u32::try_from(rows).map_err(|_| Error::internal("a frame cannot hold so many rows"))?;
    let mut bytes = [0; PREFIX];
    bytes[..8].copy_from_slice(&first_leaf.to_le_bytes());
    bytes[8..16].copy_from_slice(&ingest.to_le_bytes());
    bytes[16..].copy_from_slice(&rows.to_le_bytes());
    Ok(bytes)
}

/// What stands before the rows of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowsPrefix {
    pub first_leaf: i64,
    pub ingest: Micros,
    pub rows: u32,
}

/// Reads [`prefix`] back.
pub(crate) fn read_prefix(payload: &[u8]) -> Option<RowsPrefix> {
    Some(RowsPrefix {
        first_leaf: i64::from_le_bytes(payload.get(..8)?.try_into().ok()?),
        ingest: i64::from_le_bytes(payload.get(8..16)?.try_into().ok()?),
        rows: u32::from_le_bytes(payload.get(16..PREFIX)?.try_into().ok()?),
    })
}

/// Decodes the rows of frames that were written under one definition.
pub(crate) struct RowsDecoder {
    decoder: StreamDecoder,
}

impl RowsDecoder {
    pub(crate) fn new(schema: &SchemaRef) -> Result<Self> {
        let broken = |cause| Error::internal(format!("could not encode a schema: {cause}"));
        let options = IpcWriteOptions::default();
        let mut dictionaries = DictionaryTracker::new(true);
        let message = IpcDataGenerator::default().schema_to_bytes_with_dictionary_tracker(schema, &mut dictionaries, &options);
        let mut bytes = Vec::new();
        write_message(&mut bytes, message, &options).map_err(broken)?;
        let mut decoder = StreamDecoder::new();
        decoder.decode(&mut Buffer::from_vec(bytes)).map_err(broken)?;
        Ok(RowsDecoder { decoder })
    }

    /// The rows of a payload in the commit schema.
    pub(crate) fn decode(&mut self, payload: &Buffer) -> Result<(RowsPrefix, RecordBatch)> {
        let broken = |cause: String| Error::new(Kind::DataCorrupted, format!("a frame's rows cannot be read: {cause}"));
        let prefix = read_prefix(payload).ok_or_else(|| broken("it is too short".into()))?;
        // The message is copied to an aligned place, so that its buffers can be used as they are.
        let mut message = Buffer::from_slice_ref(&payload[PREFIX..]);
        let batch = self
            .decoder
            .decode(&mut message)
            .map_err(|cause| broken(cause.to_string()))?
            .ok_or_else(|| broken("it holds no batch".into()))?;
        if batch.num_rows() != prefix.rows as usize {
            return Err(broken(format!("{} rows instead of {}", batch.num_rows(), prefix.rows)));
        }
        Ok((prefix, batch))
    }
}

/// A batch in the stored schema: the committed columns, then leaf indexes and ingest time.
pub(crate) fn stored(
    spec: &TableSpec,
    schema: &SchemaRef,
    batch: &RecordBatch,
    first_leaf: i64,
    ingest: Micros,
) -> Result<RecordBatch> {
    let rows = batch.num_rows();
    let end = i64::try_from(rows).ok().and_then(|rows| first_leaf.checked_add(rows));
    let end = end.ok_or_else(|| Error::internal(format!("leaf indexes of table {} are used up", spec.label)))?;
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    columns.push(Arc::new(Int64Array::from_iter_values(first_leaf..end)));
    columns.push(Arc::new(TimestampMicrosecondArray::from_value(ingest, rows).with_timezone("UTC")));
    RecordBatch::try_new(schema.clone(), columns)
        .map_err(|cause| Error::internal(format!("a batch does not fit table {}: {cause}", spec.label)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::samples;

    fn payload(encoded: &Encoded, first_leaf: i64) -> Buffer {
        let mut bytes = prefix(first_leaf, 99, encoded.batch.num_rows()).unwrap().to_vec();
        bytes.extend_from_slice(&encoded.message);
        Buffer::from_vec(bytes)
    }

    #[test]
    fn rows_of_every_type_come_back() {
        let spec = samples::every_type_spec();
        let mut decoder = RowsDecoder::new(&spec.commit_schema()).unwrap();
        for rows in [1, 7, 300] {
            let batch = samples::every_type_batch(&spec, rows);
            for encoded in encode(&batch).unwrap() {
                let (prefix, back) = decoder.decode(&payload(&encoded, 5)).unwrap();
                assert_eq!(prefix, RowsPrefix { first_leaf: 5, ingest: 99, rows: rows as u32 });
                assert_eq!(back, batch);
            }
        }
    }

    #[test]
    fn a_large_batch_is_split_and_nothing_is_lost() {
        let spec = samples::log_spec("public.t");
        let batch = samples::wide_batch(&spec, 40, 2 * 1024 * 1024);
        let pieces = encode(&batch).unwrap();
        assert!(pieces.len() >= 3, "{} pieces", pieces.len());
        assert!(pieces.iter().all(|piece| piece.message.len() < BODY_MAX));
        let schema = spec.commit_schema();
        let back = arrow::compute::concat_batches(&schema, pieces.iter().map(|piece| &piece.batch)).unwrap();
        assert_eq!(back, batch);
    }

    #[test]
    fn a_row_larger_than_a_frame_is_refused() {
        let spec = samples::log_spec("public.t");
        let batch = samples::wide_batch(&spec, 1, BODY_MAX + 1);
        assert_eq!(encode(&batch).unwrap_err().kind(), Kind::ProgramLimitExceeded);
    }
}
