//! What is known of a segment's rows beside the bounds of its columns: for each indexed column a file that says which rows can have a
//! value.
//!
//! An index prunes and never decides. A segment may have none, because it is small, because the index was declared later and is not built
//! yet, or because its file was lost or damaged: rows are then found by reading, and the answer is the same. So an index is written
//! without syncing, each part of it has a checksum, and what is not there is built in the background.
//!
//! An index's file stands in the table's folder under `_index/<segment>/<column>.ids` or `.text`, where other readers of the Delta table do
//! not look, and goes with its segment.

mod bits;
mod build;
mod column;
mod ids;
mod text;
mod values;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::Schema;

use self::column::{Builder, Index};
use super::codes::Codes;
use super::core::locked;
use super::ranges::RowRanges;
use super::segment::Segment;
use super::spec::{IndexKind, IndexSpec, TableSpec};
use super::workers::Workers;
use crate::error::{Error, Kind, Result};
use crate::metrics::LookupCounts;
use crate::value::json::path::Step;
use crate::value::words::TextProbe;

pub(crate) use self::build::run_indexer;
pub use self::ids::is_indexable;
pub use self::values::texts_at;

/// The folder of a table's indexes.
pub(crate) const INDEX_DIR: &str = "_index";

/// Which segment an index is of: its rows and the checksum of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    pub rows: u64,
    pub crc32c: u32,
}

/// The folder of the indexes of a segment of this name.
pub(crate) fn folder(table: &Path, segment: &str) -> PathBuf {
    let file = segment.rsplit('/').next().unwrap_or(segment);
    table.join(INDEX_DIR).join(file.strip_suffix(".parquet").unwrap_or(file))
}

/// The file of one index.
fn file(folder: &Path, index: IndexSpec) -> PathBuf {
    let kind = match index.kind {
        IndexKind::Ids => "ids",
        IndexKind::Text => "text",
        IndexKind::PathIds(path) => return folder.join(format!("{}.{path:016x}.ids", index.column)),
        IndexKind::PathValues(path) => return folder.join(format!("{}.{path:016x}.values", index.column)),
    };
    folder.join(format!("{}.{kind}", index.column))
}

/// Gathers what the indexes of a segment are made of while its rows are written or read.
pub(crate) struct Builders(Vec<IndexBuilder>);

/// One index of a segment, on its way.
pub(crate) struct IndexBuilder {
    index: IndexSpec,
    /// Where its column stands in a batch.
    place: usize,
    /// Where in the column's documents its values stand; none for one of the column itself.
    steps: Vec<Step>,
    builder: Builder,
}

impl Builders {
    /// For so many rows of this schema; none for fewer than `least`.
    pub(crate) fn new(spec: &TableSpec, wanted: &BTreeSet<IndexSpec>, schema: &Schema, rows: u64, least: u64) -> Self {
        let texts = wanted.iter().filter(|index| index.kind == IndexKind::Text).count();
        let builder = |index: &IndexSpec| {
            let column = spec.columns.iter().find(|column| column.id == index.column)?;
            let place = schema.index_of(column.field.name()).ok()?;
            let steps = match index.kind {
                IndexKind::Ids | IndexKind::Text => vec![],
                IndexKind::PathIds(path) | IndexKind::PathValues(path) => spec.paths.get(&path)?.clone(),
            };
            Some(IndexBuilder { index: *index, place, steps, builder: Builder::new(index.kind, column, rows, texts)? })
        };
        Builders(wanted.iter().filter(|_| rows >= least).filter_map(builder).collect())
    }

    /// None at all.
    pub(crate) fn none() -> Self {
        Builders(vec![])
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter_mut(&mut self) -> std::slice::IterMut<'_, IndexBuilder> {
        self.0.iter_mut()
    }

    /// Takes the next rows in.
    pub(crate) fn add(&mut self, batch: &RecordBatch, workers: &Workers) -> Result<()> {
        let mut parts: Vec<(&mut IndexBuilder, Result<()>)> = self.0.iter_mut().map(|builder| (builder, Ok(()))).collect();
        workers.each(&mut parts, |(builder, done)| *done = builder.add(batch));
        parts.into_iter().try_for_each(|(_, done)| done)
    }
}

impl IntoIterator for Builders {
    type Item = IndexBuilder;
    type IntoIter = std::vec::IntoIter<IndexBuilder>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl IndexBuilder {
    /// Whether it is one of words, which takes much longer than one of ids.
    pub(crate) fn is_text(&self) -> bool {
        self.index.kind == IndexKind::Text
    }

    /// Takes the next rows in.
    pub(crate) fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let column = batch.column(self.place);
        if self.steps.is_empty() { self.builder.add(column) } else { self.builder.add(&values::extracted(column, &self.steps)?) }
    }

    /// Writes its file into the segment's folder of indexes.
    pub(crate) fn write(self, folder: &Path, of: Origin) -> Result<()> {
        fs::create_dir_all(folder).map_err(|cause| Error::io("make the folder", folder, &cause))?;
        let path = file(folder, self.index);
        // Under another name first: nobody takes a half for the whole, and what a crash leaves is written anew.
        let part = path.with_extension(format!("{}.part", path.extension().unwrap_or_default().display()));
        let failed = |cause: &io::Error| Error::io("write index", &path, cause);
        let mut out = BufWriter::new(fs::File::create(&part).map_err(|cause| failed(&cause))?);
        let written = self.builder.finish(of, &mut out).and_then(|whole| match out.flush() {
            Ok(()) if whole => fs::rename(&part, &path).map(|()| true).map_err(|cause| failed(&cause)),
            Ok(()) => Ok(false),
            Err(cause) => Err(failed(&cause)),
        });
        if !matches!(written, Ok(true)) {
            discard(&part);
        }
        written.map(|_whole| ())
    }
}

/// The indexes of one segment that were asked for: open, or known not to be there.
#[derive(Debug, Default)]
pub(crate) struct Indexes(Mutex<BTreeMap<IndexSpec, Option<Arc<Index>>>>);

impl Segment {
    fn origin(&self) -> Origin {
        Origin { rows: self.rows, crc32c: self.crc32c }
    }

    /// Where its indexes are.
    pub(crate) fn index_folder(&self) -> PathBuf {
        folder(&self.home.dir, &self.name)
    }

    fn open_index(&self, index: IndexSpec) -> Option<Arc<Index>> {
        let mut known = locked(&self.indexes.0);
        known.entry(index).or_insert_with(|| self.opened(index)).clone()
    }

    fn opened(&self, index: IndexSpec) -> Option<Arc<Index>> {
        let path = file(&self.index_folder(), index);
        match Index::open(index.kind, &path, self.origin()) {
            Ok(index) => Some(Arc::new(index)),
            Err(error) => {
                if path.exists() {
                    tracing::warn!(%error, "an index is not used; it is built anew");
                    self.home.metrics.indexes_damaged.add(1);
                    discard(&path);
                }
                None
            }
        }
    }

    /// Takes down what an index of its table has told of several segments.
    pub fn note_lookup(&self, index: IndexSpec, asked: usize, ruled_out: usize, found: usize) {
        for counts in [&*self.home.uses.of(index), self.all_lookups(index)] {
            counts.add(asked, ruled_out, found);
        }
    }

    /// Takes down that rows were read of what an index alone has told.
    pub fn note_fetched(&self, index: IndexSpec, rows: usize) {
        for counts in [&*self.home.uses.of(index), self.all_lookups(index)] {
            counts.fetched.add(rows);
        }
    }

    fn all_lookups(&self, index: IndexSpec) -> &LookupCounts {
        match index.kind {
            IndexKind::Ids | IndexKind::PathIds(_) | IndexKind::PathValues(_) => &self.home.metrics.ids,
            IndexKind::Text => &self.home.metrics.texts,
        }
    }

    /// Bytes of an index's file; 0 without one. Asks the operating system.
    pub fn index_bytes(&self, index: IndexSpec) -> u64 {
        fs::metadata(file(&self.index_folder(), index)).map_or(0, |file| file.len())
    }

    /// Tells the operating system what [`rows_with`](Segment::rows_with) of these values will read, so that several segments are read at the
    /// same time.
    pub fn expect_rows_with(&self, index: IndexSpec, values: &ArrayRef) {
        if let Some(index) = self.open_index(index) {
            index.expect(values);
        }
    }

    /// The rows, counted from 0 in the order of the file, that can have one of some values, ascending; `None` if that is not known. Reads
    /// once for each value, and blocks meanwhile.
    pub fn rows_with(&self, index: IndexSpec, values: &ArrayRef) -> Option<Vec<u32>> {
        let told = self.open_index(index)?.rows(values);
        self.believed(index, told)
    }

    /// The rows of those pages that can hold what is looked for in a text; `None` if that is not known. Reads for each word, and blocks
    /// meanwhile.
    pub fn pages_with(&self, index: IndexSpec, probe: &TextProbe) -> Option<RowRanges> {
        let told = self.open_index(index)?.pages(probe, usize::try_from(self.rows).unwrap_or(usize::MAX));
        self.believed(index, told)
    }

    /// Whether it is known that a path has no codes here, or that they are not built yet.
    pub fn lacks_path(&self, index: IndexSpec) -> bool {
        matches!(self.kept_codes(&path_name(index)), Some(None)) || self.lacks(index)
    }

    /// Whether the codes of what a path leads to have been asked for. Nothing stays the longer for this question.
    pub fn knows_path(&self, index: IndexSpec) -> bool {
        self.knows_codes(&path_name(index))
    }

    /// The codes of what a path leads to, if they are at hand. Nothing stays the longer for this question.
    pub fn path_codes_at_hand(&self, index: IndexSpec) -> Option<Arc<Codes>> {
        self.codes_at_hand(&path_name(index))
    }

    /// The codes of what a path leads to, if they are known; `Some(None)` where it leads to too many values. Reads the index's file when that is
    /// asked for the first time, and blocks for that.
    pub fn path_codes(&self, index: IndexSpec) -> Option<Option<Arc<Codes>>> {
        let key = path_name(index);
        if let Some(codes) = self.kept_codes(&key) {
            return Some(codes);
        }
        let told = self.open_index(index)?.codes();
        let codes = self.believed(index, told)?.map(Arc::new);
        self.keep_codes(key, codes.clone());
        Some(codes)
    }

    /// What an index has told, if it is whole. One that is not is removed.
    fn believed<T>(&self, index: IndexSpec, told: Result<Option<T>>) -> Option<T> {
        match told {
            Ok(told) => told,
            Err(error) => {
                tracing::warn!(%error, "an index is not used any more; it is built anew");
                self.home.metrics.indexes_damaged.add(1);
                discard(&file(&self.index_folder(), index));
                locked(&self.indexes.0).insert(index, None);
                None
            }
        }
    }

    /// Whether it should have an index and has not.
    fn lacks(&self, index: IndexSpec) -> bool {
        self.open_index(index).is_none()
    }

    /// Takes indexes that were built of its rows.
    fn index(&self, builders: Builders) -> Result<()> {
        let built: Vec<IndexSpec> = builders.0.iter().map(|builder| builder.index).collect();
        let folder = self.index_folder();
        builders.into_iter().try_for_each(|builder| builder.write(&folder, self.origin()))?;
        if self.is_retired() {
            // It was replaced meanwhile, and what is written from now on nobody would remove.
            discard_folder(&folder);
        }
        self.home.metrics.indexes_built.add(built.len());
        let mut known = locked(&self.indexes.0);
        built.iter().for_each(|index| drop(known.remove(index)));
        Ok(())
    }

    /// Lets go of indexes that its table does not declare any more.
    fn keep_indexes(&self, spec: &TableSpec) {
        let folder = self.index_folder();
        let declared: HashSet<PathBuf> = spec.indexes.iter().map(|index| file(&folder, *index)).collect();
        if let Ok(found) = entries(&folder) {
            found.filter(|path| !declared.contains(path)).for_each(|path| discard(&path));
        }
        locked(&self.indexes.0).retain(|index, _| spec.indexes.contains(index));
    }
}

/// What the codes of a path are kept under; no column has a name like this.
fn path_name(index: IndexSpec) -> String {
    format!("{}\u{0}{:?}", index.column, index.kind)
}

fn discard(path: &Path) {
    if let Err(cause) = fs::remove_file(path)
        && cause.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %cause, "could not remove an index that is of no use");
    }
}

/// Removes the folders of indexes whose segment is not among these.
///
/// # Errors
/// `IoError` when the folder cannot be listed.
pub(crate) fn remove_orphans<'a>(table: &Path, segments: impl Iterator<Item = &'a str>) -> Result<()> {
    let kept: HashSet<PathBuf> = segments.map(|segment| folder(table, segment)).collect();
    for path in entries(&table.join(INDEX_DIR))?.filter(|path| !kept.contains(path)) {
        tracing::info!(folder = %path.display(), "removed indexes of a segment that is gone");
        fs::remove_dir_all(&path).map_err(|cause| Error::io("remove", &path, &cause))?;
    }
    Ok(())
}

/// Removes the indexes of a segment that is gone.
pub(crate) fn discard_folder(folder: &Path) {
    if let Err(cause) = fs::remove_dir_all(folder)
        && cause.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(path = %folder.display(), %cause, "could not remove indexes that are of no use; the next start tries again");
    }
}

fn entries(dir: &Path) -> Result<impl Iterator<Item = PathBuf>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => vec![],
        Err(cause) => return Err(Error::new(Kind::IoError, format!("could not list \"{}\": {cause}", dir.display()))),
    };
    Ok(entries.into_iter())
}
