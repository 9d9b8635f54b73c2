//! Columns of segments in which few values repeat, held in memory as codes. Whoever counts rows by such values reads these and no file.
//!
//! A column is coded when it is first asked for, and stays in memory while there is room: so many bytes for all tables of a store, of which
//! what was not asked for the longest goes first. A column with more than [`VALUES_MAX`] different values in a segment has no codes, which is
//! remembered as well. Beside columns stand *minutes*: at which row of a segment each minute begins, so that a stretch of time is a range of rows.

use std::collections::HashMap;
use std::fs::File;
use std::sync::{Arc, Mutex};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, DictionaryArray, Int16Array, Int32Array, Int64Array, StringViewArray,
    new_null_array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef, Int32Type, Int64Type, Schema, TimestampMicrosecondType};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use super::core::locked;
use super::ranges::RowRanges;
use super::read::damaged;
use super::segment::Segment;
use crate::clock::Micros;
use crate::error::Result;

/// Different values of a column in a segment that has codes, NULL among them.
pub(super) const VALUES_MAX: usize = 65_536;
const BATCH_ROWS: usize = 32_768;
const MICROS_PER_MINUTE: i64 = 60_000_000;

/// One column of a segment.
#[derive(Debug)]
pub struct Codes {
    /// The different values, in the type that the store keeps; one of them may be NULL.
    pub values: ArrayRef,
    /// For each row of the segment, in the order of the file, which of the values it has.
    pub rows: CodeRows,
}

/// The codes of rows, in as few bytes as will do.
#[derive(Debug)]
pub enum CodeRows {
    Bytes(Vec<u8>),
    Words(Vec<u16>),
}

/// A minute since 1970, and the first row of a segment that lies in it. The newest minute comes first.
pub type Minute = (i64, usize);

/// What is kept of a column of a segment.
#[derive(Debug, Clone)]
enum Known {
    Codes(Arc<Codes>),
    /// It has too many values, or a type that has no codes.
    Uncoded,
    Minutes(Arc<[Minute]>),
}

impl Known {
    /// Bytes of memory.
    fn bytes(&self) -> usize {
        const ENTRY: usize = 128;
        ENTRY
            + match self {
                Known::Codes(codes) => {
                    let rows = match &codes.rows {
                        CodeRows::Bytes(rows) => rows.len(),
                        CodeRows::Words(rows) => 2 * rows.len(),
                    };
                    rows + codes.values.get_array_memory_size()
                }
                Known::Uncoded => 0,
                Known::Minutes(minutes) => size_of_val(minutes.as_ref()),
            }
    }
}

/// All codes that a store keeps.
#[derive(Debug)]
pub(crate) struct Codebook {
    bytes_max: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// By segment and column, with the turn in which they were asked for.
    known: HashMap<(String, String), (Known, u64)>,
    bytes: usize,
    turn: u64,
}

impl Codebook {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Codebook { bytes_max, kept: Mutex::default() }
    }

    fn get(&self, key: &(String, String)) -> Option<Known> {
        let mut kept = locked(&self.kept);
        kept.turn += 1;
        let turn = kept.turn;
        let (known, asked) = kept.known.get_mut(key)?;
        *asked = turn;
        Some(known.clone())
    }

    fn put(&self, key: (String, String), known: Known) {
        let mut kept = locked(&self.kept);
        kept.turn += 1;
        let turn = kept.turn;
        kept.bytes += known.bytes();
        if let Some((before, _)) = kept.known.insert(key, (known, turn)) {
            kept.bytes -= before.bytes();
        }
        if kept.bytes > self.bytes_max {
            // A part at once, so that not each newcomer has to look through all.
            kept.shrink(self.bytes_max / 8 * 7);
        }
    }

    /// Lets go of what is kept of a segment that is gone.
    pub(super) fn forget(&self, segment: &str) {
        let mut kept = locked(&self.kept);
        let mut freed = 0;
        kept.known.retain(|(of, _), (known, _)| {
            let stays = of != segment;
            freed += if stays { 0 } else { known.bytes() };
            stays
        });
        kept.bytes -= freed;
    }
}

impl Kept {
    /// Lets go of what was asked for the longest ago until the rest fits.
    fn shrink(&mut self, bytes: usize) {
        let mut by_age: Vec<(u64, (String, String))> = self.known.iter().map(|(key, (_, asked))| (*asked, key.clone())).collect();
        by_age.sort_unstable();
        for (_, key) in by_age {
            if self.bytes <= bytes {
                break;
            }
            if let Some((known, _)) = self.known.remove(&key) {
                self.bytes -= known.bytes();
            }
        }
    }
}

/// Whether columns of a stored type can have codes.
pub fn is_codable(kind: &DataType) -> bool {
    matches!(kind, DataType::Utf8View | DataType::Boolean | DataType::Int16 | DataType::Int32 | DataType::Int64 | DataType::Date32)
}

impl Segment {
    /// A column's codes; `None` where it has none. Reads the column when it is asked for the first time, and blocks for that.
    ///
    /// # Errors
    /// `DataCorrupted` naming the file.
    pub fn codes(&self, column: &FieldRef) -> Result<Option<Arc<Codes>>> {
        if let Some(codes) = self.kept_codes(column.name()) {
            return Ok(codes);
        }
        let codes = self.read_codes(column)?.map(Arc::new);
        self.keep_codes(column.name().clone(), codes.clone());
        Ok(codes)
    }

    /// What is kept under a name: codes, or that there are none.
    pub(super) fn kept_codes(&self, name: &str) -> Option<Option<Arc<Codes>>> {
        match self.home.codebook.get(&(self.name.clone(), name.to_owned()))? {
            Known::Codes(codes) => Some(Some(codes)),
            Known::Uncoded => Some(None),
            Known::Minutes(_) => None,
        }
    }

    pub(super) fn keep_codes(&self, name: String, codes: Option<Arc<Codes>>) {
        self.home.codebook.put((self.name.clone(), name), codes.map_or(Known::Uncoded, Known::Codes));
    }

    /// Whether it is known that a column has no codes here. Reads nothing.
    pub fn lacks_codes(&self, column: &str) -> bool {
        matches!(self.kept_codes(column), Some(None))
    }

    /// Whether a column has a chance to have codes here: a text that hardly repeats was written without a dictionary. Reads the footer when
    /// that is asked for the first time.
    pub fn may_have_codes(&self, column: &FieldRef) -> bool {
        if *column.data_type() != DataType::Utf8View {
            return is_codable(column.data_type());
        }
        let Ok(footer) = self.home.footers.get(self) else { return false };
        let columns = footer.parquet_schema();
        let leaf = (0..columns.num_columns()).find(|leaf| columns.get_column_root(*leaf).name() == column.name());
        // A column that is younger than the file is NULL there.
        leaf.is_none_or(|leaf| {
            footer.metadata().row_groups().iter().all(|group| group.column(leaf).dictionary_page_offset().is_some())
        })
    }

    fn read_codes(&self, column: &FieldRef) -> Result<Option<Codes>> {
        if !self.may_have_codes(column) {
            return Ok(None);
        }
        let path = self.file();
        let broken = |cause: &dyn std::fmt::Display| damaged(&path, cause);
        let footer = self.home.footers.get(self)?;
        let rows = usize::try_from(self.rows).unwrap_or(usize::MAX);
        let roots = footer.parquet_schema().root_schema().get_fields();
        let Some(root) = roots.iter().position(|root| root.name() == column.name()) else {
            // The column is younger than the file.
            return Ok(Some(Codes { values: new_null_array(column.data_type(), 1), rows: CodeRows::Bytes(vec![0; rows]) }));
        };
        let texts = *column.data_type() == DataType::Utf8View;
        let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let fields = footer.schema().fields().iter().map(|field| match texts && field.name() == column.name() {
            true => Arc::new(field.as_ref().clone().with_data_type(coded.clone())),
            false => field.clone(),
        });
        let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields.collect::<Vec<_>>())));
        let coded = ArrowReaderMetadata::try_new(footer.metadata().clone(), options).map_err(|cause| broken(&cause))?;
        let file = File::open(&path).map_err(|cause| broken(&cause))?;
        let batches = ParquetRecordBatchReaderBuilder::new_with_metadata(file, coded)
            .with_batch_size(BATCH_ROWS)
            .with_projection(ProjectionMask::roots(footer.parquet_schema(), [root]))
            .build()
            .map_err(|cause| broken(&cause))?;
        let mut coder = Coder::new(rows);
        for batch in batches {
            let batch = batch.map_err(|cause| broken(&cause))?;
            if !coder.add(batch.column(0)).map_err(|cause| broken(&cause))? {
                return Ok(None);
            }
        }
        Ok(coder.finish(column.data_type()))
    }

    /// Where the minutes of a column of times begin, by which the rows stand in order, newest first. Reads the column when it is asked for the
    /// first time, and blocks for that.
    ///
    /// # Errors
    /// `DataCorrupted` naming the file.
    pub fn minutes(&self, time: &FieldRef) -> Result<Arc<[Minute]>> {
        // No column has a name like this.
        let key = (self.name.clone(), format!("{}\u{0}", time.name()));
        if let Some(Known::Minutes(minutes)) = self.home.codebook.get(&key) {
            return Ok(minutes);
        }
        let mut minutes: Vec<Minute> = Vec::new();
        for (row, time) in self.times(time, &RowRanges::all(usize::try_from(self.rows).unwrap_or(usize::MAX)))?.iter().enumerate() {
            let minute = time.div_euclid(MICROS_PER_MINUTE);
            if minutes.last().is_none_or(|(last, _)| *last != minute) {
                minutes.push((minute, row));
            }
        }
        let minutes: Arc<[Minute]> = minutes.into();
        self.home.codebook.put(key, Known::Minutes(minutes.clone()));
        Ok(minutes)
    }

    /// How many rows are not older than each of some times. Reads a page for each, and blocks for that.
    ///
    /// # Errors
    /// `DataCorrupted` naming the file.
    pub fn rows_since(&self, time: &FieldRef, since: &[Micros]) -> Result<Vec<usize>> {
        let rows = usize::try_from(self.rows).unwrap_or(usize::MAX);
        let mut pages = self.time_pages(time.name())?;
        if pages.is_empty() {
            pages.push((0..rows, self.time_min, self.time_max));
        }
        let position = |since: &Micros| -> Result<usize> {
            let page = pages.partition_point(|(_, min, _)| min >= since);
            let Some((range, _, max)) = pages.get(page) else { return Ok(rows) };
            if max < since {
                return Ok(range.start);
            }
            let times = self.times(time, &std::iter::once(range.clone()).collect())?;
            Ok(range.start + times.partition_point(|time| time >= since))
        };
        since.iter().map(position).collect()
    }

    fn times(&self, time: &FieldRef, rows: &RowRanges) -> Result<Vec<Micros>> {
        let mut times = Vec::with_capacity(rows.rows());
        for batch in self.pick(&Arc::new(Schema::new(vec![time.clone()])), rows, None, BATCH_ROWS)? {
            let column = batch.column(0).as_primitive_opt::<TimestampMicrosecondType>();
            times.extend_from_slice(column.ok_or_else(|| damaged(&self.file(), &"its times are none"))?.values());
        }
        Ok(times)
    }
}

/// Gives the values of a column codes in the order of their coming.
pub(super) struct Coder {
    texts: HashMap<Box<str>, u16>,
    numbers: HashMap<i64, u16>,
    null: Option<u16>,
    values: usize,
    rows: Vec<u16>,
}

impl Coder {
    pub(super) fn new(rows: usize) -> Self {
        Coder { texts: HashMap::new(), numbers: HashMap::new(), null: None, values: 0, rows: Vec::with_capacity(rows) }
    }

    /// Takes rows; `false` once there are too many values, or they are of a type that has no codes.
    pub(super) fn add(&mut self, column: &dyn Array) -> std::result::Result<bool, arrow::error::ArrowError> {
        if let Some(coded) = column.as_dictionary_opt::<Int32Type>() {
            return Ok(self.add_coded(coded).is_some());
        }
        if let Some(texts) = column.as_string_view_opt() {
            return Ok(texts.iter().try_for_each(|text| self.add_text(text)).is_some());
        }
        let numbers = match column.data_type() {
            DataType::Date32 => cast(&cast(column, &DataType::Int32)?, &DataType::Int64)?,
            _ => cast(column, &DataType::Int64)?,
        };
        let numbers = numbers.as_primitive::<Int64Type>();
        Ok(numbers.iter().try_for_each(|number| self.add_number(number)).is_some())
    }

    fn add_coded(&mut self, coded: &DictionaryArray<Int32Type>) -> Option<()> {
        let texts = coded.values().as_string_opt::<i32>()?;
        // A value of the file's dictionary may belong to other rows than these.
        let mut known: Vec<Option<u16>> = vec![None; texts.len()];
        for key in coded.keys() {
            let Some(key) = key.and_then(|key| usize::try_from(key).ok()).filter(|key| texts.is_valid(*key)) else {
                self.add_text(None)?;
                continue;
            };
            match known[key] {
                Some(code) => self.rows.push(code),
                None => {
                    self.add_text(Some(texts.value(key)))?;
                    known[key] = self.rows.last().copied();
                }
            }
        }
        Some(())
    }

    fn add_text(&mut self, text: Option<&str>) -> Option<()> {
        let code = match text {
            None => self.of_null(),
            Some(text) => match self.texts.get(text) {
                Some(code) => Some(*code),
                None => self.next().inspect(|code| _ = self.texts.insert(text.into(), *code)),
            },
        };
        code.map(|code| self.rows.push(code))
    }

    fn add_number(&mut self, number: Option<i64>) -> Option<()> {
        let code = match number {
            None => self.of_null(),
            Some(number) => match self.numbers.get(&number) {
                Some(code) => Some(*code),
                None => self.next().inspect(|code| _ = self.numbers.insert(number, *code)),
            },
        };
        code.map(|code| self.rows.push(code))
    }

    fn of_null(&mut self) -> Option<u16> {
        if self.null.is_none() {
            self.null = self.next();
        }
        self.null
    }

    fn next(&mut self) -> Option<u16> {
        let code = (self.values < VALUES_MAX).then(|| u16::try_from(self.values).ok()).flatten()?;
        self.values += 1;
        Some(code)
    }

    /// The codes of what was taken, with values of a stored type that has codes.
    pub(super) fn finish(self, kind: &DataType) -> Option<Codes> {
        let mut texts: Vec<Option<&str>> = vec![None; self.values];
        let mut numbers: Vec<Option<i64>> = vec![None; self.values];
        self.texts.iter().for_each(|(text, code)| texts[usize::from(*code)] = Some(text));
        self.numbers.iter().for_each(|(number, code)| numbers[usize::from(*code)] = Some(*number));
        let small = |number: &Option<i64>| number.and_then(|number| i32::try_from(number).ok());
        let values: ArrayRef = match kind {
            DataType::Utf8View => Arc::new(StringViewArray::from_iter(texts)),
            DataType::Int64 => Arc::new(Int64Array::from(numbers)),
            DataType::Int32 => Arc::new(numbers.iter().map(small).collect::<Int32Array>()),
            DataType::Date32 => Arc::new(numbers.iter().map(small).collect::<Date32Array>()),
            DataType::Int16 => {
                Arc::new(numbers.iter().map(|number| number.and_then(|number| i16::try_from(number).ok())).collect::<Int16Array>())
            }
            DataType::Boolean => Arc::new(numbers.iter().map(|number| number.map(|number| number != 0)).collect::<BooleanArray>()),
            _ => return None,
        };
        let rows = if self.values <= 256 {
            CodeRows::Bytes(self.rows.iter().map(|code| code.to_le_bytes()[0]).collect())
        } else {
            CodeRows::Words(self.rows)
        };
        Some(Codes { values, rows })
    }
}
