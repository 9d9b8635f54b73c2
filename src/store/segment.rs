//! A segment: one Parquet file of rows of one day, newest first, and how it is written.
//!
//! Row groups of 131,072 rows, pages of 4,096, zstd level 3. Times and leaf indexes are delta-encoded; a dictionary is used where a
//! sample of the rows repeats; both are left as they are where compression would gain next to nothing, and long texts of segments that
//! stay are compressed by LZ4 (`texts`). Payload columns (json, jsonb, bytea) carry no statistics, text statistics are cut at 64 bytes.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Field, Int16Type, Int32Type, Int64Type, SchemaRef, TimestampMicrosecondType};
use chrono::{DateTime, Datelike, NaiveDate};
use object_store::ObjectStore;
use object_store::path::Path;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use super::crash::{self, Faults};
use super::durable::checksum;
use super::encode::{Encoder, Upload};
use super::home::TableHome;
use super::index::{self, Builders, IndexBuilder, Indexes, Origin};
use super::physical;
use super::read::damaged;
use super::spec::{DAY_COLUMN, TableSpec};
use super::tail::{bounds, leaf_values, time_values};
use super::workers::Workers;
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};

pub(crate) const ROW_GROUP_ROWS: usize = 131_072;
/// Rows of a page, but for those of long texts and the last of a row group.
pub const PAGE_ROWS: usize = 4096;
const MICROS_PER_DAY: i64 = 86_400_000_000;
/// 0001-01-01 and 9999-12-31, the days that every Delta reader knows, in days since 1970.
const FIRST_DAY: i64 = -719_162;
const LAST_DAY: i64 = 2_932_896;

/// The partition of a time: its UTC day in days since 1970; times beyond the years 1 to 9999 share the first or the last day.
pub fn day_of(time: Micros) -> i32 {
    let day = time.div_euclid(MICROS_PER_DAY).clamp(FIRST_DAY, LAST_DAY);
    i32::try_from(day).unwrap_or(0)
}

/// A day as the partition's name has it.
pub(crate) fn day_text(day: i32) -> String {
    let date = day.checked_add(719_163).and_then(NaiveDate::from_num_days_from_ce_opt).unwrap_or_default();
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

/// What is known of a segment without opening it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SegmentFacts {
    /// `_day=2026-01-31/<uuid>.parquet`, relative to the table's folder.
    pub name: String,
    pub bytes: u64,
    pub rows: u64,
    pub time_min: Micros,
    pub time_max: Micros,
    pub leaf_min: i64,
    pub leaf_max: i64,
    pub day: i32,
    /// CRC-32C of the whole file.
    pub crc32c: u32,
    /// Whether this process wrote it, or has read it whole and found it right.
    pub fresh: bool,
    /// Delta's statistics: a JSON object with `numRecords`, `minValues`, `maxValues`, `nullCount`, never of text.
    pub statistics: String,
}

/// One Parquet file of a table.
pub struct Segment {
    /// Relative to the store's [`object_store`](super::Store::object_store).
    pub path: Path,
    /// Size of the file.
    pub bytes: u64,
    pub rows: u64,
    /// The smallest and largest value of the time column, both contained.
    pub time_min: Micros,
    pub time_max: Micros,
    /// The smallest and largest leaf index; between them others may stand in other segments.
    pub leaf_min: i64,
    pub leaf_max: i64,
    /// The UTC day in days since 1970.
    pub day: i32,
    /// CRC-32C of the whole file, as it was written.
    pub crc32c: u32,
    pub(crate) name: String,
    retired: AtomicBool,
    /// Whether its content was found to be what was written, by this process; true from the start for a segment it wrote.
    verified: AtomicBool,
    pub(super) indexes: Indexes,
    pub(super) home: Arc<TableHome>,
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segment").field("path", &self.path).field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl Segment {
    pub(crate) fn new(facts: &SegmentFacts, home: Arc<TableHome>) -> Self {
        Segment {
            path: Path::from(format!("{}/{}", home.id, facts.name)),
            bytes: facts.bytes,
            rows: facts.rows,
            time_min: facts.time_min,
            time_max: facts.time_max,
            leaf_min: facts.leaf_min,
            leaf_max: facts.leaf_max,
            day: facts.day,
            crc32c: facts.crc32c,
            name: facts.name.clone(),
            retired: AtomicBool::new(false),
            verified: AtomicBool::new(facts.fresh),
            indexes: Indexes::default(),
            home,
        }
    }

    /// Its file's name below the table's folder, which no other segment of the table ever has.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the file is on this machine.
    pub fn file(&self) -> PathBuf {
        self.home.dir.join(&self.name)
    }

    /// Reads the whole file and compares it with what was written. Blocks.
    ///
    /// # Errors
    /// `DataCorrupted` naming the file if a single bit is different.
    pub fn verify(&self) -> Result<()> {
        let path = self.file();
        let mut file = File::open(&path).map_err(|cause| damaged(&path, &cause))?;
        let (bytes, crc) = checksum(&mut file).map_err(|cause| Error::io("read segment", &path, &cause))?;
        if (bytes, crc) == (self.bytes, self.crc32c) { Ok(()) } else { Err(damaged(&path, &"its checksum is wrong")) }
    }

    /// Verifies the file unless this process has done so, or has written it. Blocks for the time of reading it once.
    ///
    /// # Errors
    /// As [`Segment::verify`].
    pub fn ensure_verified(&self) -> Result<()> {
        if !self.verified.load(Ordering::Relaxed) {
            self.verify()?;
            self.verified.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Whether [`Segment::ensure_verified`] would return at once.
    pub fn is_verified(&self) -> bool {
        self.verified.load(Ordering::Relaxed)
    }

    /// What the Delta log needs to know to remove it.
    pub(crate) fn facts(&self) -> SegmentFacts {
        SegmentFacts {
            fresh: self.is_verified(),
            name: self.name.clone(),
            bytes: self.bytes,
            rows: self.rows,
            time_min: self.time_min,
            time_max: self.time_max,
            leaf_min: self.leaf_min,
            leaf_max: self.leaf_max,
            day: self.day,
            crc32c: self.crc32c,
            statistics: String::new(),
        }
    }

    /// Lets the file go once the last reader has left.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::SeqCst)
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        if *self.retired.get_mut() {
            self.home.discard(&self.name);
        }
    }
}

/// What every segment of a table is written with.
#[derive(Clone)]
pub(crate) struct SegmentShape {
    pub spec: Arc<TableSpec>,
    pub file_schema: SchemaRef,
    /// The table's folder.
    pub dir: PathBuf,
    /// Segments with fewer rows get no index.
    pub index_rows_min: u64,
    /// Whether the file is likely to be the last that its rows move to, so that time spent on it pays ([`super::texts`]).
    pub stays: bool,
    /// Rooted at the folder of tables.
    pub store: Arc<dyn ObjectStore>,
    pub runtime: Handle,
    /// Who helps to encode.
    pub workers: Workers,
    pub faults: Faults,
}

/// Writes one segment, batch by batch, on a thread that may block.
pub(crate) struct SegmentWriter<'a> {
    shape: &'a SegmentShape,
    file: Encoder,
    name: String,
    day: i32,
    rows: u64,
    rows_expected: u64,
    times: Option<(Micros, Micros)>,
    leaves: Option<(i64, i64)>,
    statistics: Vec<ColumnStatistics>,
    indexes: Builders,
}

/// What is left to do when all rows are written.
enum Ending<'a> {
    File(&'a mut Upload, io::Result<()>),
    Index(Option<Box<IndexBuilder>>, Result<()>),
}

#[derive(Default)]
struct ColumnStatistics {
    nulls: u64,
    bounds: Option<(i64, i64)>,
}

impl<'a> SegmentWriter<'a> {
    /// Opens a file for about `rows_expected` rows of a day; `sample` decides where dictionaries pay.
    pub(crate) fn create(shape: &'a SegmentShape, day: i32, sample: &RecordBatch, rows_expected: u64) -> Result<Self> {
        let name = format!("{DAY_COLUMN}={}/{}.parquet", day_text(day), uuid::Uuid::new_v4());
        let path = Path::from(format!("{}/{name}", shape.spec.id));
        let file = Encoder::create(shape, &path, sample, rows_expected).map_err(|cause| unwritten(&name, shape, &cause))?;
        Ok(SegmentWriter {
            shape,
            file,
            name,
            day,
            rows: 0,
            rows_expected,
            times: None,
            leaves: None,
            statistics: shape.file_schema.fields().iter().map(|_| ColumnStatistics::default()).collect(),
            indexes: Builders::new(&shape.spec, &shape.spec.indexes, &shape.file_schema, rows_expected, shape.index_rows_min),
        })
    }

    /// Appends rows, which must come newest first; the batch is in the file's schema.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        self.times = Some(widen(self.times, bounds(time_values(batch, &self.shape.spec)?)?));
        self.leaves = Some(widen(self.leaves, bounds(leaf_values(batch)?)?));
        for (statistics, column) in self.statistics.iter_mut().zip(batch.columns()) {
            statistics.nulls += column.null_count() as u64;
            if let Some(bounds) = numeric_bounds(column) {
                statistics.bounds = Some(widen(statistics.bounds, bounds));
            }
        }
        let before = self.rows;
        self.rows += batch.num_rows() as u64;
        self.file.write(batch, &mut self.indexes).map_err(|cause| unwritten(&self.name, self.shape, &cause))?;
        let half = self.rows_expected / 2;
        if before <= half && self.rows > half {
            self.shape.faults.point(crash::MID_SEGMENT).map_err(|cause| unwritten(&self.name, self.shape, &cause))?;
        }
        Ok(())
    }

    /// Completes the file and makes it durable; its indexes are finished meanwhile.
    pub(crate) fn finish(mut self) -> Result<SegmentFacts> {
        let statistics = self.statistics_json();
        let upload = self.file.finish().map_err(|cause| unwritten(&self.name, self.shape, &cause))?;
        let (bytes, crc32c) = (upload.bytes, upload.crc32c);
        let origin = Origin { rows: self.rows, crc32c };
        let folder = index::folder(&self.shape.dir, &self.name);
        let mut endings = vec![Ending::File(upload, Ok(()))];
        endings.extend(self.indexes.into_iter().map(|builder| Ending::Index(Some(Box::new(builder)), Ok(()))));
        self.shape.workers.each(&mut endings, |ending| match ending {
            Ending::File(upload, done) => *done = upload.complete(),
            Ending::Index(builder, done) => *done = builder.take().map_or(Ok(()), |builder| builder.write(&folder, origin)),
        });
        for ending in endings {
            match ending {
                Ending::File(_, Ok(())) | Ending::Index(_, Ok(())) => {}
                Ending::File(_, Err(cause)) => {
                    index::discard_folder(&folder);
                    return Err(unwritten(&self.name, self.shape, &cause));
                }
                Ending::Index(_, Err(error)) => {
                    tracing::warn!(%error, "a segment was written without one of its indexes; it is built later");
                }
            }
        }
        let empty = || Error::internal("a segment without rows was written");
        let (time_min, time_max) = self.times.ok_or_else(empty)?;
        let (leaf_min, leaf_max) = self.leaves.ok_or_else(empty)?;
        Ok(SegmentFacts {
            fresh: true,
            name: self.name,
            bytes,
            rows: self.rows,
            time_min,
            time_max,
            leaf_min,
            leaf_max,
            day: self.day,
            crc32c,
            statistics,
        })
    }

    fn statistics_json(&self) -> String {
        let mut nulls = serde_json::Map::new();
        let mut min = serde_json::Map::new();
        let mut max = serde_json::Map::new();
        for (field, statistics) in self.shape.file_schema.fields().iter().zip(&self.statistics) {
            if !matches!(field.data_type(), DataType::List(_)) {
                nulls.insert(field.name().clone(), statistics.nulls.into());
            }
            if let Some((low, high)) = statistics.bounds
                && let (Some(low), Some(high)) = (bound_json(field, low), bound_json(field, high))
            {
                min.insert(field.name().clone(), low);
                max.insert(field.name().clone(), high);
            }
        }
        serde_json::json!({ "numRecords": self.rows, "minValues": min, "maxValues": max, "nullCount": nulls }).to_string()
    }
}

fn unwritten(name: &str, shape: &SegmentShape, cause: &(dyn std::error::Error + 'static)) -> Error {
    let kind = if is_disk_full(cause) { Kind::DiskFull } else { Kind::IoError };
    Error::new(kind, format!("could not write segment \"{name}\" of table {}: {cause}", shape.spec.label))
}

/// Whether a full disk is somewhere among an error's causes.
pub(crate) fn is_disk_full(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>()
            && matches!(io.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        {
            return true;
        }
        cause = error.source();
    }
    false
}

fn widen(known: Option<(i64, i64)>, (low, high): (i64, i64)) -> (i64, i64) {
    known.map_or((low, high), |(min, max)| (min.min(low), max.max(high)))
}

fn numeric_bounds(column: &ArrayRef) -> Option<(i64, i64)> {
    match column.data_type() {
        DataType::Int16 => {
            let values = column.as_primitive::<Int16Type>();
            arrow::compute::min(values).zip(arrow::compute::max(values)).map(|(low, high)| (low.into(), high.into()))
        }
        DataType::Int32 => {
            let values = column.as_primitive::<Int32Type>();
            arrow::compute::min(values).zip(arrow::compute::max(values)).map(|(low, high)| (low.into(), high.into()))
        }
        DataType::Date32 => {
            let values = column.as_primitive::<Date32Type>();
            arrow::compute::min(values).zip(arrow::compute::max(values)).map(|(low, high)| (low.into(), high.into()))
        }
        DataType::Int64 => {
            let values = column.as_primitive::<Int64Type>();
            arrow::compute::min(values).zip(arrow::compute::max(values))
        }
        DataType::Timestamp(_, _) => {
            let values = column.as_primitive_opt::<TimestampMicrosecondType>()?;
            arrow::compute::min(values).zip(arrow::compute::max(values))
        }
        _ => None,
    }
}

/// A bound as Delta writes it (Delta protocol, "Per-file Statistics"); `None` where its form cannot say it.
fn bound_json(field: &Field, value: i64) -> Option<serde_json::Value> {
    match field.data_type() {
        DataType::Timestamp(_, _) => {
            let time = DateTime::from_timestamp_micros(value)?;
            (1..=9999).contains(&time.year()).then(|| time.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string().into())
        }
        DataType::Date32 => {
            let day = i32::try_from(value).ok()?;
            (FIRST_DAY..=LAST_DAY).contains(&value).then(|| day_text(day).into())
        }
        _ => Some(value.into()),
    }
}

/// Writes the rows of stored batches, sorted newest first, into one segment a day. After an error, `written` names what was made.
pub(crate) fn write_by_day(shape: &SegmentShape, batches: &[&RecordBatch], written: &mut Vec<SegmentFacts>) -> Result<()> {
    const CHUNK: usize = 8192;
    let order = newest_first(shape, batches)?;
    for rows in order.chunk_by(|a, b| day_of(a.time) == day_of(b.time)) {
        let mut writer: Option<SegmentWriter<'_>> = None;
        for chunk in rows.chunks(CHUNK) {
            let places: Vec<(usize, usize)> = chunk.iter().map(|row| (row.batch as usize, row.row as usize)).collect();
            let stored = arrow::compute::interleave_record_batch(batches, &places)
                .map_err(|cause| Error::internal(format!("could not sort rows of table {}: {cause}", shape.spec.label)))?;
            let batch = physical::to_file(&stored, &shape.file_schema)?;
            let writer = match &mut writer {
                Some(writer) => writer,
                None => writer.insert(SegmentWriter::create(shape, day_of(rows[0].time), &batch, rows.len() as u64)?),
            };
            writer.write(&batch)?;
        }
        if let Some(writer) = writer {
            written.push(writer.finish()?);
        }
    }
    Ok(())
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct RowPlace {
    time: Micros,
    leaf: i64,
    batch: u32,
    row: u32,
}

fn newest_first(shape: &SegmentShape, batches: &[&RecordBatch]) -> Result<Vec<RowPlace>> {
    let mut order = Vec::with_capacity(batches.iter().map(|batch| batch.num_rows()).sum());
    for (index, batch) in batches.iter().enumerate() {
        let times = time_values(batch, &shape.spec)?;
        let leaves = leaf_values(batch)?;
        let number = |value: usize| u32::try_from(value).map_err(|_| Error::internal("too many rows in one flush"));
        for (row, (time, leaf)) in times.iter().zip(leaves).enumerate() {
            order.push(RowPlace { time: *time, leaf: *leaf, batch: number(index)?, row: number(row)? });
        }
    }
    order.sort_unstable_by(|a, b| b.cmp(a));
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_utc_days_and_stay_within_the_calendar() {
        assert_eq!(day_of(0), 0);
        assert_eq!(day_of(-1), -1);
        assert_eq!(day_text(0), "1970-01-01");
        assert_eq!(day_text(day_of(i64::MAX)), "9999-12-31");
        assert_eq!(day_text(day_of(i64::MIN)), "0001-01-01");
        assert_eq!(day_text(20_000), "2024-10-04");
    }
}
