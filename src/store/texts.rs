//! Columns of long texts in segments that stay: LZ4 compresses their pages, at its slow setting.
//!
//! Who looks a row up, or searches texts that no index knows, mostly waits for pages to be decompressed. LZ4 does that at about three times
//! the speed of zstd, and its slow setting ("high compression") makes payloads a sixth larger than zstd does, not the half of its fast one; but
//! it takes eight times as long to write, so flushes and loads go on with zstd. The Parquet library compresses by the fast setting
//! only, so here it is asked for pages as they are, and these are compressed on their way into the file. What comes out is a column of
//! codec `LZ4_RAW` like any other (Parquet format, "Compression").

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use arrow::array::StringViewArray;
use bytes::Bytes;
use lz4::block::{CompressionMode, compress};
use parquet::basic::Compression;
use parquet::column::page::{CompressedPage, Page, PageWriteSpec, PageWriter};
use parquet::column::writer::{ColumnCloseResult, ColumnWriterImpl, get_column_writer, get_typed_column_writer};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::WriterPropertiesPtr;
use parquet::file::writer::{SerializedPageWriter, SerializedRowGroupWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use super::core::locked;

/// Of 1 to 12: what is above makes payloads another hundredth or two smaller, and takes two or three times as long.
const LEVEL: i32 = 9;

/// Encodes such a column of one row group.
pub(super) struct TextsWriter {
    writer: ColumnWriterImpl<'static, ByteArrayType>,
    pages: Chunk,
}

/// The column's pages when all is encoded.
pub(super) struct TextsChunk {
    pages: Bytes,
    close: ColumnCloseResult,
}

impl TextsWriter {
    /// The properties must leave the column uncompressed.
    pub(super) fn new(column: ColumnDescPtr, properties: WriterPropertiesPtr) -> TextsWriter {
        let pages = Chunk::default();
        let into = Compressing { file: TrackedWrite::new(pages.clone()) };
        TextsWriter { writer: get_typed_column_writer(get_column_writer(column, properties, Box::new(into))), pages }
    }

    /// Appends texts.
    pub(super) fn write(&mut self, texts: &StringViewArray) -> Result<()> {
        let length = texts.iter().flatten().map(str::len).sum();
        let mut bytes = Vec::with_capacity(length);
        texts.iter().flatten().for_each(|text| bytes.extend_from_slice(text.as_bytes()));
        let bytes = Bytes::from(bytes);
        let mut end = 0;
        let value = |text: &str| {
            let start = end;
            end += text.len();
            ByteArray::from(bytes.slice(start..end))
        };
        let values: Vec<ByteArray> = texts.iter().flatten().map(value).collect();
        let is_nullable = self.writer.get_descriptor().max_def_level() > 0;
        let levels: Option<Vec<i16>> = is_nullable.then(|| texts.iter().map(|text| i16::from(text.is_some())).collect());
        self.writer.write_batch(&values, levels.as_deref(), None).map(|_| ())
    }

    /// Ends the row group's column.
    pub(super) fn close(self) -> Result<TextsChunk> {
        let mut close = self.writer.close()?;
        close.metadata = close.metadata.into_builder().set_compression(Compression::LZ4_RAW).build()?;
        let pages = Bytes::from(std::mem::take(&mut *locked(&self.pages.0)));
        Ok(TextsChunk { pages, close })
    }
}

impl TextsChunk {
    /// Puts the column behind those that the row group has.
    pub(super) fn append_to_row_group<W: Write + Send>(self, row_group: &mut SerializedRowGroupWriter<'_, W>) -> Result<()> {
        row_group.append_column(&self.pages, self.close)
    }
}

/// Bytes that the library's writer fills and we take.
#[derive(Clone, Default)]
struct Chunk(Arc<Mutex<Vec<u8>>>);

impl Write for Chunk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        locked(&self.0).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Compresses each page that the library has encoded.
struct Compressing {
    file: TrackedWrite<Chunk>,
}

impl PageWriter for Compressing {
    fn write_page(&mut self, page: CompressedPage) -> Result<PageWriteSpec> {
        let length = page.uncompressed_size();
        let mut inner = page.compressed_page().clone();
        match &mut inner {
            Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. } => {
                *buf = compress(buf, Some(CompressionMode::HIGHCOMPRESSION(LEVEL)), false)?.into();
            }
            // Its levels would have to stay as they are, and the writer makes none.
            Page::DataPageV2 { .. } => return Err(ParquetError::NYI("a page of format 2 in a segment".to_owned())),
        }
        SerializedPageWriter::new(&mut self.file).write_page(CompressedPage::new(inner, length))
    }

    fn close(&mut self) -> Result<()> {
        self.file.flush().map_err(Into::into)
    }
}
