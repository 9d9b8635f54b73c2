//! The pages of some row groups of a segment, as the Parquet library asks for them to make batches of.
//!
//! The library's own reader makes a new decompressor, and a compressor that nobody uses, for every column of every row group, which is a
//! tenth of a look-up; and it decompresses a page once for the filter that asks about it and once more for those rows that the filter leaves. Here a
//! thread has one decompressor, and what a filter has looked at is kept until its rows are read.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, RowGroups};
use parquet::basic::Compression;
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::page_index::offset_index::PageLocation;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::schema::types::ColumnDescPtr;
use zstd::bulk::Decompressor;
use zstd::zstd_safe::get_frame_content_size;

use super::core::locked;
use super::expect::Places;
use super::ranges::RowRanges;

/// No page of ours is larger when it is decompressed: a row may have 16 MiB, and a page of such rows has one.
const PAGE_BYTES_MAX: u64 = 1 << 30;

thread_local! {
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Pages of some row groups of one file.
pub(super) struct Pages {
    file: Arc<Places>,
    footer: ArrowReaderMetadata,
    groups: Vec<usize>,
    /// The columns of which pages are kept.
    keeps: ProjectionMask,
    kept: Arc<Mutex<HashMap<i64, Page>>>,
}

impl Pages {
    /// Pages of these columns are kept, decompressed, as long as this is.
    pub(super) fn new(file: Places, footer: ArrowReaderMetadata, groups: Vec<usize>, keeps: ProjectionMask) -> Pages {
        Pages { file: Arc::new(file), footer, groups, keeps, kept: Arc::default() }
    }

    /// The file's columns.
    pub(super) fn schema(&self) -> &SchemaRef {
        self.footer.schema()
    }

    /// Tells the operating system that the pages of some columns that hold some rows will be read, and the dictionaries before them.
    pub(super) fn expect(&self, columns: &ProjectionMask, rows: &RowRanges) {
        let metadata = self.footer.metadata();
        let mut ranges = Vec::new();
        let mut first = 0;
        for (group, meta) in metadata.row_groups().iter().enumerate() {
            let size = rows_of(meta);
            let own = rows.and(&std::iter::once(first..first + size).collect());
            first += size;
            if own.is_empty() {
                continue;
            }
            for column in (0..meta.num_columns()).filter(|column| columns.leaf_included(*column)) {
                let Ok(chunk) = Chunk::of(metadata, group, column) else { continue };
                ranges.extend(chunk.dictionary.iter().map(bytes_of));
                let mut own = own.iter().peekable();
                for page in 0..chunk.pages.len() {
                    let held = chunk.rows(page);
                    let (from, to) = (held.start + first - size, held.end + first - size);
                    while own.next_if(|range| range.end <= from).is_some() {}
                    if own.peek().is_some_and(|range| range.start < to) {
                        ranges.push(bytes_of(&chunk.pages[page]));
                    }
                }
            }
        }
        self.file.expect(ranges.into_iter());
    }
}

impl RowGroups for Pages {
    fn num_rows(&self) -> usize {
        self.row_groups().map(rows_of).sum()
    }

    fn column_chunks(&self, column: usize) -> Result<Box<dyn PageIterator>> {
        let kept = self.keeps.leaf_included(column).then(|| self.kept.clone());
        let groups = self.groups.clone().into_iter();
        Ok(Box::new(Chunks { file: self.file.clone(), footer: self.footer.clone(), groups, column, kept }))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(self.groups.iter().map(|group| self.footer.metadata().row_group(*group)))
    }

    fn metadata(&self) -> &ParquetMetaData {
        self.footer.metadata()
    }
}

fn rows_of(group: &RowGroupMetaData) -> usize {
    usize::try_from(group.num_rows()).unwrap_or(0)
}

fn bytes_of(page: &PageLocation) -> Range<u64> {
    let start = u64::try_from(page.offset).unwrap_or(0);
    start..start + u64::try_from(page.compressed_page_size).unwrap_or(0)
}

/// One column of the row groups, one after the other.
struct Chunks {
    file: Arc<Places>,
    footer: ArrowReaderMetadata,
    groups: std::vec::IntoIter<usize>,
    column: usize,
    kept: Option<Arc<Mutex<HashMap<i64, Page>>>>,
}

impl Iterator for Chunks {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        let group = self.groups.next()?;
        Some(Chunk::of(self.footer.metadata(), group, self.column).map(|chunk| {
            let meta = self.footer.metadata().row_group(group).column(self.column);
            let (file, kept) = (self.file.clone(), self.kept.clone());
            let (compression, column) = (meta.compression(), meta.column_descr_ptr());
            let reader = ChunkReader { file, compression, column, chunk, next: 0, kept };
            Box::new(reader) as Box<dyn PageReader>
        }))
    }
}

impl PageIterator for Chunks {}

/// Where the pages of one column of one row group stand.
struct Chunk {
    dictionary: Option<PageLocation>,
    pages: Vec<PageLocation>,
    rows: usize,
}

impl Chunk {
    fn of(metadata: &ParquetMetaData, group: usize, column: usize) -> Result<Chunk> {
        let missing = || ParquetError::General(format!("there is no list of the pages of column {column}"));
        let places = metadata.offset_index().and_then(|groups| groups.get(group)?.get(column)).ok_or_else(missing)?;
        let meta = metadata.row_group(group);
        let pages = places.page_locations();
        let (start, _) = meta.column(column).byte_range();
        // What stands before the first page of values is the dictionary.
        let dictionary = pages.first().and_then(|first| {
            let start = i64::try_from(start).ok()?;
            let compressed_page_size = i32::try_from(first.offset - start).ok().filter(|bytes| *bytes > 0)?;
            Some(PageLocation { offset: start, compressed_page_size, first_row_index: 0 })
        });
        Ok(Chunk { dictionary, pages: pages.clone(), rows: rows_of(meta) })
    }

    /// The rows of a page, counted from the beginning of the row group.
    fn rows(&self, page: usize) -> Range<usize> {
        let first = |page: &PageLocation| usize::try_from(page.first_row_index).unwrap_or(0);
        self.pages.get(page).map_or(0, first)..self.pages.get(page + 1).map_or(self.rows, first)
    }
}

/// Reads the pages of one column of one row group.
struct ChunkReader {
    file: Arc<Places>,
    compression: Compression,
    column: ColumnDescPtr,
    chunk: Chunk,
    /// The next page of values.
    next: usize,
    kept: Option<Arc<Mutex<HashMap<i64, Page>>>>,
}

impl ChunkReader {
    fn page(&self, place: &PageLocation, is_dictionary: bool) -> Result<Page> {
        if let Some(kept) = &self.kept
            && let Some(page) = locked(kept).get(&place.offset)
        {
            return Ok(page.clone());
        }
        let page = self.read(place, is_dictionary)?;
        if let Some(kept) = &self.kept {
            locked(kept).insert(place.offset, page.clone());
        }
        Ok(page)
    }

    /// Has the library read one page; what zstd has compressed it reads as if nothing was, and it is decompressed here.
    fn read(&self, place: &PageLocation, is_dictionary: bool) -> Result<Page> {
        let broken = || ParquetError::General(format!("there is no page at {}", place.offset));
        let by_library = match self.compression {
            Compression::UNCOMPRESSED | Compression::ZSTD(_) => Compression::UNCOMPRESSED,
            Compression::LZ4_RAW => Compression::LZ4_RAW,
            other => return Err(ParquetError::General(format!("a page is compressed by {other}"))),
        };
        let alone = ColumnChunkMetaData::builder(self.column.clone())
            .set_data_page_offset(place.offset)
            .set_total_compressed_size(place.compressed_page_size.into())
            .set_compression(by_library)
            .build()?;
        // The library takes what stands before the first of the pages that it is told of for the dictionary.
        let told = match is_dictionary {
            true => self.chunk.pages.first().cloned().into_iter().collect(),
            false => vec![place.clone()],
        };
        let page = SerializedPageReader::new(self.file.clone(), &alone, self.chunk.rows, Some(told))?.get_next_page()?;
        let page = page.ok_or_else(broken)?;
        if matches!(self.compression, Compression::ZSTD(_)) { decompressed(page) } else { Ok(page) }
    }
}

impl Iterator for ChunkReader {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for ChunkReader {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        if let Some(dictionary) = self.chunk.dictionary.take() {
            return self.page(&dictionary, true).map(Some);
        }
        let Some(place) = self.chunk.pages.get(self.next) else { return Ok(None) };
        let page = self.page(place, false)?;
        self.next += 1;
        Ok(Some(page))
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        if self.chunk.dictionary.is_some() {
            return Ok(Some(PageMetadata { num_rows: None, num_levels: None, is_dict: true }));
        }
        let rows = self.chunk.rows(self.next);
        let is_there = self.next < self.chunk.pages.len();
        Ok(is_there.then(|| PageMetadata { num_rows: Some(rows.end - rows.start), num_levels: None, is_dict: false }))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        if self.chunk.dictionary.take().is_none() {
            self.next += 1;
        }
        Ok(())
    }

    /// Pages that the list tells of begin with a row.
    fn at_record_boundary(&mut self) -> Result<bool> {
        Ok(true)
    }
}

/// A page with its bytes as they were before they were compressed.
fn decompressed(page: Page) -> Result<Page> {
    Ok(match page {
        Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, statistics } => {
            let buf = plain(&buf, 0)?;
            Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, statistics }
        }
        Page::DictionaryPage { buf, num_values, encoding, is_sorted } => {
            Page::DictionaryPage { buf: plain(&buf, 0)?, num_values, encoding, is_sorted }
        }
        Page::DataPageV2 { is_compressed: false, .. } => page,
        Page::DataPageV2 {
            buf,
            num_values,
            encoding,
            num_nulls,
            num_rows,
            def_levels_byte_len,
            rep_levels_byte_len,
            is_compressed: true,
            statistics,
        } => {
            // Levels are not compressed there.
            let levels = usize::try_from(def_levels_byte_len + rep_levels_byte_len)?;
            Page::DataPageV2 {
                buf: plain(&buf, levels)?,
                num_values,
                encoding,
                num_nulls,
                num_rows,
                def_levels_byte_len,
                rep_levels_byte_len,
                is_compressed: false,
                statistics,
            }
        }
    })
}

/// Bytes of which so many at the beginning are as they were, and the others a frame of zstd, which says how long they are.
fn plain(bytes: &Bytes, before: usize) -> Result<Bytes> {
    let broken = |cause: &str| ParquetError::General(format!("a page does not decompress: {cause}"));
    let (own, frame) = bytes.split_at_checked(before).ok_or_else(|| broken("it is too short"))?;
    if frame.is_empty() {
        return Ok(bytes.clone());
    }
    let length = get_frame_content_size(frame).ok().flatten().filter(|length| *length <= PAGE_BYTES_MAX);
    let length =
        length.and_then(|length| usize::try_from(length).ok()).ok_or_else(|| broken("it is no frame of a known length"))?;
    let mut plain = Vec::with_capacity(before + length);
    plain.extend_from_slice(own);
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = match kept {
            Some(decompressor) => decompressor,
            None => kept.insert(Decompressor::new()?),
        };
        let mut behind = std::io::Cursor::new(&mut plain);
        behind.set_position(before as u64);
        decompressor.decompress_to_buffer(frame, &mut behind).map_err(|cause| broken(&cause.to_string()))
    })?;
    if plain.len() != before + length { Err(broken("it is shorter than it says")) } else { Ok(plain.into()) }
}
