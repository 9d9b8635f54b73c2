//! Reading some rows of a segment: no more pages than hold them, and of the pages of most columns no more than what a filter leaves.

use std::collections::HashMap;
use std::fs::File;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use arrow::array::{Array, BooleanArray, RecordBatch};
use arrow::compute::prep_null_mask_filter;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReader, RowGroups, RowSelection};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::page_index::column_index::ColumnIndexMetaData;

use super::core::locked;
use super::expect::Places;
use super::pages::Pages;
use super::physical;
use super::ranges::RowRanges;
use super::read::{damaged, metadata};
use super::segment::Segment;
use crate::clock::Micros;
use crate::error::Result;
use crate::metrics::Metrics;

/// Bytes that the footers of a table's segments may take in memory, about; those that were not asked for the longest go first.
const FOOTERS_BYTES: usize = 64 * 1024 * 1024;

/// Says which rows of a batch stay; NULL is no.
type Keeps = dyn Fn(&RecordBatch) -> Result<BooleanArray, ArrowError> + Send + Sync;

/// A filter over some columns of the stored schema.
#[derive(Clone)]
pub struct Filter {
    pub columns: SchemaRef,
    /// Asked of batches of these columns.
    pub keeps: Arc<Keeps>,
}

/// How many rows are wanted of those that filters leave, and from which end.
#[derive(Debug, Clone, Copy)]
pub enum Most {
    All,
    First(usize),
    Last(usize),
}

impl Most {
    /// So many times as many.
    #[must_use]
    pub fn times(self, times: usize) -> Most {
        match self {
            Most::All => Most::All,
            Most::First(rows) => Most::First(rows.saturating_mul(times)),
            Most::Last(rows) => Most::Last(rows.saturating_mul(times)),
        }
    }
}

/// The footers of a table's segments, read once.
#[derive(Debug, Default)]
pub(crate) struct Footers(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    footers: HashMap<String, (ArrowReaderMetadata, u64)>,
    bytes: usize,
    asked: u64,
}

impl Footers {
    pub(super) fn get(&self, segment: &Segment) -> Result<ArrowReaderMetadata> {
        {
            let mut kept = locked(&self.0);
            kept.asked += 1;
            let now = kept.asked;
            if let Some((footer, asked)) = kept.footers.get_mut(&segment.name) {
                *asked = now;
                return Ok(footer.clone());
            }
        }
        // Two that ask at once both read.
        let footer = metadata(&segment.file(), PageIndexPolicy::Optional)?.1;
        let mut kept = locked(&self.0);
        let now = kept.asked;
        kept.bytes += footer.metadata().memory_size();
        if let Some((before, _)) = kept.footers.insert(segment.name.clone(), (footer.clone(), now)) {
            kept.bytes -= before.metadata().memory_size();
        }
        while kept.bytes > FOOTERS_BYTES
            && kept.footers.len() > 1
            && let Some(oldest) = kept.footers.iter().min_by_key(|(_, (_, asked))| *asked).map(|(name, _)| name.clone())
        {
            kept.forget(&oldest);
        }
        Ok(footer)
    }

    /// Lets go of what is kept of a segment that is gone.
    pub(super) fn forget(&self, segment: &str) {
        locked(&self.0).forget(segment);
    }
}

impl Kept {
    fn forget(&mut self, segment: &str) {
        if let Some((footer, _)) = self.footers.remove(segment) {
            self.bytes -= footer.metadata().memory_size();
        }
    }
}

impl Segment {
    /// What the store counts of its being read.
    pub fn metrics(&self) -> &Metrics {
        &self.home.metrics
    }

    /// The bounds of a timestamp column by pages, in order of rows: which rows, the smallest and the largest time. Empty if the file has
    /// none. Blocks when it is asked for the first time.
    ///
    /// # Errors
    /// `DataCorrupted` naming the file.
    pub fn time_pages(&self, column: &str) -> Result<Vec<(Range<usize>, Micros, Micros)>> {
        let footer = self.home.footers.get(self)?;
        let metadata = footer.metadata();
        let at = footer.parquet_schema().columns().iter().position(|leaf| leaf.path().string() == column);
        let Some(((bounds, places), at)) = metadata.column_index().zip(metadata.offset_index()).zip(at) else { return Ok(vec![]) };
        let mut pages = Vec::new();
        let mut first = 0;
        for (group, meta) in metadata.row_groups().iter().enumerate() {
            let rows = usize::try_from(meta.num_rows()).unwrap_or(0);
            let (Some(ColumnIndexMetaData::INT64(bounds)), Some(places)) =
                (bounds.get(group).and_then(|columns| columns.get(at)), places.get(group).and_then(|columns| columns.get(at)))
            else {
                return Ok(vec![]);
            };
            let starts: Vec<usize> = places
                .page_locations()
                .iter()
                .map(|page| usize::try_from(page.first_row_index).unwrap_or(0))
                .chain(std::iter::once(rows))
                .collect();
            for (page, range) in starts.windows(2).enumerate() {
                let (Some(min), Some(max)) = (bounds.min_value(page), bounds.max_value(page)) else { return Ok(vec![]) };
                pages.push((first + range[0]..first + range[1], *min, *max));
            }
            first += rows;
        }
        Ok(pages)
    }

    /// Rows with the columns of a part of the stored schema, in their order; those that all filters leave, of which each is asked of what
    /// those before it have left. Blocks.
    ///
    /// # Errors
    /// `DataCorrupted` naming the file.
    pub fn pick(&self, part: &SchemaRef, rows: &RowRanges, filters: &[Filter], batch_rows: usize) -> Result<Vec<RecordBatch>> {
        Ok(self.pick_most(part, rows, filters, batch_rows, Most::All)?.0)
    }

    /// No more of the same than are wanted, and the rows among which the others stand. Blocks.
    ///
    /// # Errors
    /// `DataCorrupted` naming the file.
    pub fn pick_most(
        &self,
        part: &SchemaRef,
        rows: &RowRanges,
        filters: &[Filter],
        batch_rows: usize,
        most: Most,
    ) -> Result<(Vec<RecordBatch>, RowRanges)> {
        let path = self.file();
        let broken = |cause: &dyn std::fmt::Display| damaged(&path, cause);
        let footer = self.home.footers.get(self)?;
        let (groups, mut left) = selected(&footer, rows);
        let shown = projection(&footer, part);
        let asked: Vec<ProjectionMask> = filters.iter().map(|filter| projection(&footer, &filter.columns)).collect();
        let file = File::open(&path).and_then(Places::of).map_err(|cause| broken(&cause))?;
        let pages = Pages::new(file, footer.clone(), groups.clone(), looked_at_again(&footer, &shown, &asked));
        // Of the other columns no more is read than what the first filter leaves.
        pages.expect(asked.first().unwrap_or(&shown), rows);
        for (filter, columns) in filters.iter().zip(asked) {
            if !left.selects_any() {
                return Ok((vec![], RowRanges::default()));
            }
            let mut kept = Vec::new();
            for batch in batches(&pages, columns, batch_rows, left.clone()).map_err(|cause| broken(&cause))? {
                let batch = physical::to_stored(&batch.map_err(|cause| broken(&cause))?, &filter.columns)?;
                let keeps = (filter.keeps)(&batch).map_err(|cause| broken(&cause))?;
                kept.push(if keeps.null_count() > 0 { prep_null_mask_filter(&keeps) } else { keeps });
            }
            left = left.and_then(&RowSelection::from_filters(&kept));
        }
        let (left, others) = cut(left, most);
        let others = rows.and(&rows_at(&footer, &groups, others));
        let picked = batches(&pages, shown, batch_rows, left).map_err(|cause| broken(&cause))?;
        let picked = picked.map(|batch| physical::to_stored(&batch.map_err(|cause| broken(&cause))?, part));
        Ok((picked.collect::<Result<_>>()?, others))
    }
}

/// Batches of some columns of the rows that are selected.
fn batches(
    pages: &Pages,
    columns: ProjectionMask,
    batch_rows: usize,
    selection: RowSelection,
) -> parquet::errors::Result<ParquetRecordBatchReader> {
    let schema = pages.schema();
    let levels = parquet_to_arrow_field_levels(pages.metadata().file_metadata().schema_descr(), columns, Some(schema.fields()))?;
    // Room is made for whole batches, also where one row is read.
    let batch_rows = batch_rows.min(selection.row_count()).max(1);
    ParquetRecordBatchReader::try_new_with_row_groups(&levels, pages, batch_rows, Some(selection))
}

/// The columns that are read more than once: by two filters, or by a filter and for its rows.
fn looked_at_again(footer: &ArrowReaderMetadata, shown: &ProjectionMask, asked: &[ProjectionMask]) -> ProjectionMask {
    let readers = |leaf: usize| asked.iter().chain([shown]).filter(|columns| columns.leaf_included(leaf)).count();
    let schema = footer.parquet_schema();
    ProjectionMask::leaves(schema, (0..schema.num_columns()).filter(|leaf| readers(*leaf) > 1))
}

/// The columns of a file that a part of the stored schema names, by whole names: one with a dot in it is no path.
fn projection(footer: &ArrowReaderMetadata, part: &SchemaRef) -> ProjectionMask {
    let roots = footer.parquet_schema().root_schema().get_fields().iter().enumerate();
    let wanted: Vec<usize> = roots.filter(|(_, root)| part.index_of(root.name()).is_ok()).map(|(at, _)| at).collect();
    ProjectionMask::roots(footer.parquet_schema(), wanted)
}

/// No more of a selection than is wanted, and the places of all that stands behind it, or before it.
fn cut(selection: RowSelection, most: Most) -> (RowSelection, Range<usize>) {
    let mut all = 0;
    let selected = selection.iter().filter_map(|selector| {
        all += selector.row_count;
        (!selector.skip).then_some(all - selector.row_count..all)
    });
    let mut spans: RowRanges = selected.collect();
    let (taken, others) = match most {
        Most::All => return (selection, 0..0),
        Most::First(rows) => {
            let taken = spans.take_front(usize::MAX, usize::MAX, rows);
            let border = spans.iter().next().map_or(all, |span| span.start);
            (taken, border..all)
        }
        Most::Last(rows) => {
            let taken = spans.take_back(usize::MAX, usize::MAX, rows);
            let border = spans.iter().last().map_or(0, |span| span.end);
            (taken, 0..border)
        }
    };
    (RowSelection::from_consecutive_ranges(taken.iter(), all), others)
}

/// The rows that stand at some places of row groups put one behind the other.
fn rows_at(footer: &ArrowReaderMetadata, groups: &[usize], places: Range<usize>) -> RowRanges {
    let (mut first, mut before) = (0, 0);
    let mut rows = Vec::new();
    for (group, meta) in footer.metadata().row_groups().iter().enumerate() {
        let size = usize::try_from(meta.num_rows()).unwrap_or(0);
        if groups.contains(&group) {
            let (from, to) = (places.start.clamp(before, before + size), places.end.clamp(before, before + size));
            rows.push(first + from - before..first + to - before);
            before += size;
        }
        first += size;
    }
    rows.into_iter().collect()
}

/// The row groups that hold some rows, and which of their rows they are.
fn selected(footer: &ArrowReaderMetadata, rows: &RowRanges) -> (Vec<usize>, RowSelection) {
    let mut groups = Vec::new();
    let mut within: Vec<Range<usize>> = Vec::new();
    let (mut first, mut before) = (0, 0);
    for (group, meta) in footer.metadata().row_groups().iter().enumerate() {
        let size = usize::try_from(meta.num_rows()).unwrap_or(0);
        let own = rows.and(&std::iter::once(first..first + size).collect());
        if !own.is_empty() {
            groups.push(group);
            within.extend(own.iter().map(|range| range.start - first + before..range.end - first + before));
            before += size;
        }
        first += size;
    }
    (groups, RowSelection::from_consecutive_ranges(within.into_iter(), before))
}
