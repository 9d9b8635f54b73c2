//! The Parquet file of a segment while it is written: its columns are encoded by several threads at a time, then put one behind the other.
//!
//! What comes out is the same, byte for byte, whatever the number of threads.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringViewArray};
use arrow::datatypes::{DataType, Field, FieldRef, Int16Type, Int32Type, Int64Type, SchemaRef};
use bytes::Bytes;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStoreExt};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, ArrowWriterOptions, compute_leaves,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnDescPtr, ColumnPath};
use tokio::runtime::Handle;

use super::index::{Builders, IndexBuilder};
use super::segment::{PAGE_ROWS, ROW_GROUP_ROWS, SegmentShape};
use super::spec::{INGEST_COLUMN, LEAF_COLUMN, TableSpec};
use super::texts::{TextsChunk, TextsWriter};
use super::workers::Workers;
use crate::error::Result as OwnResult;
use crate::value::SqlType;

/// Long texts fill a page with fewer rows than others: who looks up a row decompresses all of its page. With 128 KiB a column of payloads
/// takes 4 % more, with 8 MiB 5 % less.
const PAGE_BYTES: usize = 256 * 1024;
/// The same of ids, which hardly compress, so that small pages cost nothing.
const ID_PAGE_BYTES: usize = 32 * 1024;
const PART_BYTES: usize = 8 * 1024 * 1024;
const TEXT_STATISTICS_BYTES: usize = 64;
const BLOOM_FPP: f64 = 0.01;
/// Texts of so many bytes in the mean are long. Shorter ones, like ids, LZ4 leaves nearly as they are.
const LONG_TEXT_BYTES: usize = 128;
/// Fewer rows than this are encoded before helpers have come.
const ALONE_ROWS: usize = 1024;

/// Encodes batches into a file.
pub(super) struct Encoder {
    writer: SerializedFileWriter<Upload>,
    factory: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    /// Columns that [`TextsWriter`] encodes.
    texts: HashSet<String>,
    /// Those of the row group that is being encoded; none between two.
    columns: Vec<ColumnWriter>,
    /// Its rows.
    rows: usize,
    workers: Workers,
}

/// Encodes one column of a row group.
enum ColumnWriter {
    Library(ArrowColumnWriter),
    Texts(TextsWriter),
}

/// A column of a row group that is encoded.
enum ColumnChunk {
    Library(ArrowColumnChunk),
    Texts(TextsChunk),
}

impl ColumnWriter {
    fn write(&mut self, field: &Field, array: &ArrayRef) -> Result<()> {
        match self {
            ColumnWriter::Library(writer) => compute_leaves(field, array)?.iter().try_for_each(|leaf| writer.write(leaf)),
            ColumnWriter::Texts(column) => column.write(array.as_string_view()),
        }
    }

    fn close(self) -> Result<ColumnChunk> {
        match self {
            ColumnWriter::Library(writer) => writer.close().map(ColumnChunk::Library),
            ColumnWriter::Texts(column) => column.close().map(ColumnChunk::Texts),
        }
    }
}

/// What one thread does at a time with a batch.
enum Part<'a> {
    Column { writer: &'a mut ColumnWriter, field: &'a Field, array: &'a ArrayRef, done: Result<()> },
    Index { builder: &'a mut IndexBuilder, done: OwnResult<()> },
}

impl Part<'_> {
    /// Parts are begun in this order, the long ones first, so that none of them is left over at the end.
    fn order(&self) -> u8 {
        match self {
            Part::Index { builder, .. } if builder.is_text() => 0,
            Part::Column { writer: ColumnWriter::Texts(_), .. } => 0,
            Part::Column { array, .. } => match array.data_type() {
                DataType::Utf8View | DataType::Binary | DataType::List(_) => 1,
                _ => 3,
            },
            Part::Index { .. } => 2,
        }
    }
}

impl Encoder {
    /// Opens a file for about so many rows; `sample` decides where dictionaries pay.
    pub(super) fn create(shape: &SegmentShape, path: &Path, sample: &RecordBatch, rows_expected: u64) -> Result<Self> {
        let upload =
            shape.runtime.block_on(shape.store.put_multipart(path)).map_err(|cause| ParquetError::External(cause.into()))?;
        let upload = Upload { upload, buffer: Vec::new(), runtime: shape.runtime.clone(), bytes: 0, crc32c: 0 };
        let texts = if shape.stays { long_texts(sample) } else { HashSet::new() };
        let options = ArrowWriterOptions::new()
            .with_properties(properties(&shape.spec, &shape.file_schema, sample, rows_expected, &texts)?)
            .with_skip_arrow_metadata(true);
        let schema = shape.file_schema.clone();
        let (writer, factory) = ArrowWriter::try_new_with_options(upload, schema.clone(), options)?.into_serialized_writer()?;
        Ok(Encoder { writer, factory, schema, texts, columns: Vec::new(), rows: 0, workers: shape.workers.clone() })
    }

    /// Appends rows to the file, and to its indexes, which are given up if one of them fails.
    pub(super) fn write(&mut self, batch: &RecordBatch, indexes: &mut Builders) -> Result<()> {
        let mut from = 0;
        while from < batch.num_rows() {
            let rows = (ROW_GROUP_ROWS - self.rows).min(batch.num_rows() - from);
            self.encode(&batch.slice(from, rows), indexes)?;
            from += rows;
            if self.rows == ROW_GROUP_ROWS {
                self.end_row_group()?;
            }
        }
        Ok(())
    }

    /// Encodes rows of one row group.
    fn encode(&mut self, batch: &RecordBatch, indexes: &mut Builders) -> Result<()> {
        if self.columns.is_empty() {
            self.columns = self.column_writers()?;
        }
        if self.columns.len() != batch.num_columns() {
            return Err(ParquetError::General(format!("{} columns for {} of a batch", self.columns.len(), batch.num_columns())));
        }
        self.rows += batch.num_rows();
        let columns = self.columns.iter_mut().zip(self.schema.fields()).zip(batch.columns());
        let columns = columns.map(|((writer, field), array)| Part::Column { writer, field, array, done: Ok(()) });
        let mut parts: Vec<Part<'_>> = columns.collect();
        parts.extend(indexes.iter_mut().map(|builder| Part::Index { builder, done: Ok(()) }));
        parts.sort_by_key(Part::order);
        let alone = Workers::none();
        let workers = if batch.num_rows() < ALONE_ROWS { &alone } else { &self.workers };
        workers.each(&mut parts, |part| match part {
            Part::Column { writer, field, array, done } => *done = writer.write(field, array),
            Part::Index { builder, done } => *done = builder.add(batch),
        });
        let mut failed = None;
        for part in parts {
            match part {
                Part::Column { done, .. } => done?,
                Part::Index { done, .. } => failed = failed.or(done.err()),
            }
        }
        if let Some(error) = failed {
            tracing::warn!(%error, "a segment is written without its indexes; they are built later");
            *indexes = Builders::none();
        }
        Ok(())
    }

    /// New ones for the next row group.
    fn column_writers(&self) -> Result<Vec<ColumnWriter>> {
        let writers = self.factory.create_column_writers(self.writer.flushed_row_groups().len())?;
        let (columns, properties) = (self.writer.schema_descr().columns(), self.writer.properties());
        let writers = writers.into_iter().zip(self.schema.fields()).zip(columns);
        let writer =
            |((writer, field), column): ((ArrowColumnWriter, &FieldRef), &ColumnDescPtr)| match self.texts.contains(field.name()) {
                true => ColumnWriter::Texts(TextsWriter::new(column.clone(), properties.clone())),
                false => ColumnWriter::Library(writer),
            };
        Ok(writers.map(writer).collect())
    }

    fn end_row_group(&mut self) -> Result<()> {
        let columns = std::mem::take(&mut self.columns);
        if columns.is_empty() {
            return Ok(());
        }
        let alone = Workers::none();
        let workers = if self.rows < ALONE_ROWS { &alone } else { &self.workers };
        self.rows = 0;
        let mut ending: Vec<(Option<ColumnWriter>, Option<Result<ColumnChunk>>)> =
            columns.into_iter().map(|column| (Some(column), None)).collect();
        workers.each(&mut ending, |(column, chunk)| *chunk = column.take().map(ColumnWriter::close));
        let mut row_group = self.writer.next_row_group()?;
        for chunk in ending.into_iter().filter_map(|(_, chunk)| chunk) {
            match chunk? {
                ColumnChunk::Library(chunk) => chunk.append_to_row_group(&mut row_group)?,
                ColumnChunk::Texts(chunk) => chunk.append_to_row_group(&mut row_group)?,
            }
        }
        row_group.close()?;
        Ok(())
    }

    /// Writes the end of the file, which is durable when [`Upload::complete`] has answered.
    pub(super) fn finish(&mut self) -> Result<&mut Upload> {
        self.end_row_group()?;
        self.writer.finish()?;
        Ok(self.writer.inner_mut())
    }
}

fn properties(
    spec: &TableSpec,
    schema: &SchemaRef,
    sample: &RecordBatch,
    rows: u64,
    texts: &HashSet<String>,
) -> Result<WriterProperties> {
    let level = ZstdLevel::try_new(3)?;
    let mut builder = WriterProperties::builder()
        .set_created_by(format!("annals {}", env!("CARGO_PKG_VERSION")))
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_data_page_size_limit(PAGE_BYTES)
        .set_write_batch_size(1024)
        .set_statistics_truncate_length(Some(TEXT_STATISTICS_BYTES))
        .set_column_index_truncate_length(Some(TEXT_STATISTICS_BYTES))
        .set_sorting_columns(sorting(spec, schema));
    for field in schema.fields() {
        let array = sample.column_by_name(field.name());
        builder = column_properties(builder, spec, field, array, rows);
        if texts.contains(field.name()) {
            builder = builder.set_column_compression(ColumnPath::from(field.name().as_str()), Compression::UNCOMPRESSED);
        }
    }
    Ok(builder.build())
}

/// Time descending, then leaf index descending.
fn sorting(spec: &TableSpec, schema: &SchemaRef) -> Option<Vec<SortingColumn>> {
    // Positions count leaf columns; every column, a list too, has exactly one leaf.
    let place = |name: &str| schema.index_of(name).ok().and_then(|index| i32::try_from(index).ok());
    let by = |name: &str| place(name).map(|column_idx| SortingColumn { column_idx, descending: true, nulls_first: false });
    Some(vec![by(spec.time_column_name())?, by(LEAF_COLUMN)?])
}

fn column_properties(
    builder: WriterPropertiesBuilder,
    spec: &TableSpec,
    field: &Field,
    sample: Option<&ArrayRef>,
    rows: u64,
) -> WriterPropertiesBuilder {
    let path = match field.data_type() {
        DataType::List(item) => ColumnPath::from(vec![field.name().clone(), "list".to_owned(), item.name().clone()]),
        _ => ColumnPath::from(vec![field.name().clone()]),
    };
    let mut builder = builder;
    let column = spec.columns.iter().find(|column| column.field.name() == field.name());
    let sql = column.map(|column| SqlType::of_field(&column.field));
    if matches!(sql, Some(SqlType::Json | SqlType::Jsonb | SqlType::Bytea)) {
        builder = builder.set_column_statistics_enabled(path.clone(), EnabledStatistics::None);
    }
    let packed =
        matches!(field.data_type(), DataType::Timestamp(_, _)) || [LEAF_COLUMN, INGEST_COLUMN].contains(&field.name().as_str());
    if packed {
        builder = builder
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path.clone(), Encoding::DELTA_BINARY_PACKED)
            .set_column_compression(path.clone(), Compression::UNCOMPRESSED);
    } else {
        match sample.map_or(Variety::Different, variety) {
            Variety::Few => builder = builder.set_column_compression(path.clone(), Compression::UNCOMPRESSED),
            Variety::Repeated => {}
            Variety::Different => {
                builder = builder.set_column_dictionary_enabled(path.clone(), false);
                if column.is_some_and(|column| column.bloom) {
                    builder = builder.set_column_data_page_size_limit(path.clone(), ID_PAGE_BYTES);
                }
                // Ids made in order of time share long prefixes with their neighbours.
                if sql == Some(SqlType::Uuid) {
                    builder = builder.set_column_encoding(path.clone(), Encoding::DELTA_BYTE_ARRAY);
                }
            }
        }
    }
    if column.is_some_and(|column| column.bloom) {
        builder = builder
            .set_column_bloom_filter_enabled(path.clone(), true)
            .set_column_bloom_filter_fpp(path.clone(), BLOOM_FPP)
            .set_column_bloom_filter_max_ndv(path, rows.clamp(1, ROW_GROUP_ROWS as u64));
    }
    builder
}

/// Columns whose texts are long and are different ones, by a sample.
fn long_texts(sample: &RecordBatch) -> HashSet<String> {
    let schema = sample.schema();
    let columns = schema.fields().iter().zip(sample.columns());
    let long = columns.filter(|(_, array)| array.as_string_view_opt().is_some_and(is_long) && variety(array) == Variety::Different);
    long.map(|(field, _)| field.name().clone()).collect()
}

fn is_long(texts: &StringViewArray) -> bool {
    texts.iter().flatten().map(str::len).sum::<usize>() >= LONG_TEXT_BYTES * (texts.len() - texts.null_count()).max(1)
}

/// How many different values a column has, which decides how it is encoded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Variety {
    /// A byte tells them apart, and a dictionary of them is small: what is encoded so is packed as well as it is compressed.
    Few,
    /// A dictionary pays.
    Repeated,
    /// It does not: half of the values or more are different ones.
    Different,
}

/// Judges by a sample.
fn variety(array: &ArrayRef) -> Variety {
    const SAMPLE: usize = 2048;
    const FEW: usize = 256;
    const FEW_BYTES: usize = 16 * 1024;
    let rows = array.len().min(SAMPLE);
    if rows < 16 {
        return Variety::Repeated;
    }
    let step = array.len() / rows;
    // How long each value is, by its hash.
    let mut seen: HashMap<u64, usize> = HashMap::with_capacity(rows);
    let mut values = 0usize;
    let mut note = |hash: u64, bytes: usize| {
        values += 1;
        seen.insert(hash, bytes);
    };
    let hash_of = |bytes: &[u8]| {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        hasher.finish()
    };
    for row in (0..array.len()).step_by(step.max(1)) {
        if array.is_null(row) {
            continue;
        }
        match array.data_type() {
            DataType::Utf8View => {
                let text = array.as_string_view().value(row);
                note(hash_of(text.as_bytes()), text.len());
            }
            DataType::Binary => {
                let bytes = array.as_binary::<i32>().value(row);
                note(hash_of(bytes), bytes.len());
            }
            DataType::Int16 => note(array.as_primitive::<Int16Type>().value(row) as u64, size_of::<i16>()),
            DataType::Int32 => note(array.as_primitive::<Int32Type>().value(row) as u64, size_of::<i32>()),
            DataType::Int64 => note(array.as_primitive::<Int64Type>().value(row) as u64, size_of::<i64>()),
            // Few bytes a value: the writer's own limit on dictionaries is decision enough.
            _ => return Variety::Repeated,
        }
    }
    if values < 16 {
        // So little is known that what follows may be long and different.
        Variety::Repeated
    } else if seen.len() * 2 > values {
        Variety::Different
    } else if seen.len() <= FEW && seen.values().sum::<usize>() <= FEW_BYTES {
        Variety::Few
    } else {
        Variety::Repeated
    }
}

/// Collects what the Parquet writer writes into the parts of an upload.
pub(super) struct Upload {
    upload: Box<dyn MultipartUpload>,
    buffer: Vec<u8>,
    runtime: Handle,
    pub bytes: u64,
    /// CRC-32C of all bytes.
    pub crc32c: u32,
}

impl Upload {
    fn send(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let part = Bytes::from(std::mem::take(&mut self.buffer));
        self.runtime.block_on(self.upload.put_part(part.into())).map_err(io::Error::other)
    }

    /// Makes the file durable under its name.
    pub(super) fn complete(&mut self) -> io::Result<()> {
        self.send()?;
        self.runtime.block_on(self.upload.complete()).map_err(io::Error::other)?;
        Ok(())
    }
}

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.crc32c = crc32c::crc32c_append(self.crc32c, bytes);
        self.bytes += bytes.len() as u64;
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PART_BYTES {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
