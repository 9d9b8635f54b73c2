//! The index of one column of a segment, of either kind: how it is built row by row, and how its file is opened and asked.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, AsArray};
use bytes::Bytes;

use super::Origin;
use super::ids::{self, IdsBuilder, IdsIndex};
use super::text::{self, Content, TextBuilder, TextIndex};
use super::values::{ValuesBuilder, ValuesFile};
use crate::error::{Error, Kind, Result};
use crate::store::codes::Codes;
use crate::store::ranges::RowRanges;
use crate::store::segment::PAGE_ROWS;
use crate::store::spec::{ColumnSpec, IndexKind};
use crate::value::SqlType;
use crate::value::words::TextProbe;

const TEXT_MAGIC: [u8; 8] = *b"ANNALTXT";
pub(super) const HEADER_BYTES: usize = 24;

/// Gathers what an index is made of.
pub(super) enum Builder {
    Ids(IdsBuilder),
    Text(TextColumn),
    Values(ValuesBuilder),
}

impl Builder {
    /// For a column of a segment of so many rows, or for where a path leads in it, and so many text indexes, which share the memory for words;
    /// `None` if there is no index of this kind for such a column or so many.
    pub(super) fn new(kind: IndexKind, column: &ColumnSpec, rows: u64, texts: usize) -> Option<Self> {
        match kind {
            IndexKind::Ids => {
                let fits = super::is_indexable(column.field.data_type()) && rows <= ids::ROWS_MAX;
                fits.then(|| Builder::Ids(IdsBuilder::new(rows)))
            }
            IndexKind::Text => {
                let fits = rows <= (text::PAGES_MAX * PAGE_ROWS) as u64;
                let content = content(column).filter(|_| fits)?;
                let builder = TextBuilder::new(content, text::POSTINGS_MAX / texts.max(1));
                Some(Builder::Text(TextColumn { builder, page: Vec::new(), rows: 0 }))
            }
            IndexKind::PathIds(_) => (rows <= ids::ROWS_MAX).then(|| Builder::Ids(IdsBuilder::new(rows))),
            IndexKind::PathValues(_) => Some(Builder::Values(ValuesBuilder::new(rows))),
        }
    }

    pub(super) fn add(&mut self, column: &ArrayRef) -> Result<()> {
        match self {
            Builder::Ids(ids) => ids.add(column),
            Builder::Text(text) => text.add(column),
            Builder::Values(values) => values.add(column),
        }
    }

    /// Writes the index as its file holds it; `false` of a segment that is too large for one.
    pub(super) fn finish(self, of: Origin, out: &mut impl Write) -> Result<bool> {
        match self {
            Builder::Ids(ids) => match ids.finish(of) {
                Some(bytes) => out.write_all(&bytes).map(|()| true).map_err(|cause| unwritten(&cause)),
                None => Ok(false),
            },
            Builder::Text(text) => text.finish(of, out).map(|()| true),
            Builder::Values(values) => out.write_all(&values.finish(of)?).map(|()| true).map_err(|cause| unwritten(&cause)),
        }
    }
}

/// What a column of text holds; `None` for a column of anything else.
pub(super) fn content(column: &ColumnSpec) -> Option<Content> {
    match SqlType::of_field(&column.field) {
        SqlType::Json | SqlType::Jsonb => Some(Content::Document),
        SqlType::Text | SqlType::Varchar(_) | SqlType::Bpchar(_) | SqlType::Name => Some(Content::Text),
        _ => None,
    }
}

/// A column of text, of which whole pages are taken in.
pub(super) struct TextColumn {
    builder: TextBuilder,
    /// Rows of the page that is not full yet.
    page: Vec<ArrayRef>,
    rows: usize,
}

impl TextColumn {
    fn add(&mut self, column: &ArrayRef) -> Result<()> {
        let mut from = 0;
        while from < column.len() {
            let taken = (PAGE_ROWS - self.rows).min(column.len() - from);
            self.page.push(column.slice(from, taken));
            self.rows += taken;
            from += taken;
            if self.rows == PAGE_ROWS {
                self.end_page()?;
            }
        }
        Ok(())
    }

    fn end_page(&mut self) -> Result<()> {
        let page = std::mem::take(&mut self.page);
        self.rows = 0;
        let texts = page.iter().map(|part| part.as_string_view_opt());
        let texts = texts.collect::<Option<Vec<_>>>().ok_or_else(|| Error::internal("a column of text holds something else"))?;
        self.builder.page(texts.into_iter().flatten())
    }

    fn finish(mut self, of: Origin, out: &mut impl Write) -> Result<()> {
        if self.rows > 0 {
            self.end_page()?;
        }
        out.write_all(&header(TEXT_MAGIC, of)).map_err(|cause| unwritten(&cause))?;
        self.builder.finish(out).map(|_length| ())
    }
}

fn unwritten(cause: &std::io::Error) -> Error {
    Error::new(Kind::IoError, format!("writing an index: {cause}"))
}

/// The beginning of an index's file: what it is, the segment that it is of, CRC-32C.
pub(super) fn header(magic: [u8; 8], of: Origin) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(&magic);
    header[8..16].copy_from_slice(&of.rows.to_le_bytes());
    header[16..20].copy_from_slice(&of.crc32c.to_le_bytes());
    let crc = crc32c::crc32c(&header[..20]);
    header[20..].copy_from_slice(&crc.to_le_bytes());
    header
}

/// An index that is open.
#[derive(Debug)]
pub(super) enum Index {
    Ids(IdsIndex),
    Text(TextFile),
    Values(ValuesFile),
}

/// The file of an index of text.
#[derive(Debug)]
pub(super) struct TextFile {
    index: TextIndex,
    file: File,
    path: PathBuf,
}

impl Index {
    pub(super) fn open(kind: IndexKind, path: &Path, of: Origin) -> Result<Self> {
        match kind {
            IndexKind::Ids | IndexKind::PathIds(_) => IdsIndex::open(path, of).map(Index::Ids),
            IndexKind::Text => TextFile::open(path, of).map(Index::Text),
            IndexKind::PathValues(_) => ValuesFile::open(path, of).map(Index::Values),
        }
    }

    /// The rows that have one of some values, and perhaps a few others; `None` if this index does not know.
    pub(super) fn rows(&self, values: &ArrayRef) -> Result<Option<Vec<u32>>> {
        match self {
            Index::Ids(ids) => ids.rows(values),
            Index::Text(_) | Index::Values(_) => Ok(None),
        }
    }

    /// Tells the operating system what asking for the rows of these values will read.
    pub(super) fn expect(&self, values: &ArrayRef) {
        match self {
            Index::Ids(ids) => ids.expect(values),
            Index::Text(_) | Index::Values(_) => {}
        }
    }

    /// The codes of all rows, or `None` inside where there are too many values; `None` if this index does not know.
    pub(super) fn codes(&self) -> Result<Option<Option<Codes>>> {
        match self {
            Index::Values(values) => values.codes().map(Some),
            Index::Ids(_) | Index::Text(_) => Ok(None),
        }
    }

    /// The rows of the pages that can hold what is looked for; `None` if this index does not know.
    pub(super) fn pages(&self, probe: &TextProbe, rows: usize) -> Result<Option<RowRanges>> {
        match self {
            Index::Ids(_) | Index::Values(_) => Ok(None),
            Index::Text(text) => {
                let pages = text.index.find(probe, &|at, length| read_at(&text.file, &text.path, at, length))?;
                let page = |page: u32| page as usize * PAGE_ROWS..(page as usize * PAGE_ROWS + PAGE_ROWS).min(rows);
                Ok(Some(pages.iter().map(page).collect()))
            }
        }
    }
}

impl TextFile {
    fn open(path: &Path, of: Origin) -> Result<Self> {
        let failed = |cause: &std::io::Error| Error::io("read index", path, cause);
        let mut file = File::open(path).map_err(|cause| failed(&cause))?;
        let mut found = [0; HEADER_BYTES];
        file.read_exact(&mut found).map_err(|cause| failed(&cause))?;
        if found != header(TEXT_MAGIC, of) {
            let message = format!("index \"{}\" cannot be used: it is not an index of this segment", path.display());
            return Err(Error::new(Kind::DataCorrupted, message));
        }
        let length = file.metadata().map_err(|cause| failed(&cause))?.len() - HEADER_BYTES as u64;
        let index = TextIndex::open(length, &|at, length| read_at(&file, path, at, length))?;
        if u64::from(index.pages()) != of.rows.div_ceil(PAGE_ROWS as u64) {
            let message = format!("index \"{}\" cannot be used: it has {} pages", path.display(), index.pages());
            return Err(Error::new(Kind::DataCorrupted, message));
        }
        Ok(TextFile { index, file, path: path.to_owned() })
    }
}

fn read_at(file: &File, path: &Path, at: u64, length: usize) -> Result<Bytes> {
    let failed = |cause: &std::io::Error| Error::io("read index", path, cause);
    let held = file.metadata().map_err(|cause| failed(&cause))?.len();
    let at = at.saturating_add(HEADER_BYTES as u64);
    if at.saturating_add(length as u64) > held {
        return Err(Error::new(Kind::DataCorrupted, format!("index \"{}\" cannot be used: it is cut short", path.display())));
    }
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, at).map_err(|cause| failed(&cause))?;
    Ok(Bytes::from(bytes))
}
