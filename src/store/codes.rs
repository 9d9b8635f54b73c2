//! Columns of segments in which values repeat, held in memory as codes. Whoever counts rows by such values reads these and no file.
//!
//! A column is coded when it is first asked for, and stays in memory while there is room: so many bytes for all tables of a store. What saves
//! the least work for its bytes goes first, as GreedyDual-Size has it (Cao and Irani, USENIX Symposium on Internet Technologies and Systems 1997),
//! and of equals what was not asked for the longest. A column with too many different values in a segment ([`values_max`]) has no codes, which is
//! remembered as well; one with many has some only while nothing else has to go for them. Beside columns stand *minutes*: at which row of a
//! segment each minute begins, so that a stretch of time is a range of rows.

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
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::core::locked;
use super::ranges::RowRanges;
use super::read::damaged;
use super::segment::Segment;
use crate::clock::Micros;
use crate::error::Result;

/// Different values, NULL among them, that are few: others go out of memory for them.
pub(super) const FEW_VALUES: usize = 65_536;
/// So many values have codes however seldom they repeat.
const FEWEST_VALUES: usize = 256;
/// Bytes that the texts of its different values may have for each row of a segment, or there are no codes.
const TEXT_BYTES: usize = 16;
/// Times of which it is kept how many rows are not older.
const SINCE_MAX: usize = 1_024;
/// Parts of statements that may wait to read codes ahead: a dashboard asks for a handful of columns at once.
const AHEAD_MAX: usize = 16;
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
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
}

impl CodeRows {
    fn len(&self) -> usize {
        match self {
            CodeRows::U8(rows) => rows.len(),
            CodeRows::U16(rows) => rows.len(),
            CodeRows::U32(rows) => rows.len(),
        }
    }

    /// The highest code; `None` without rows.
    pub(super) fn highest(&self) -> Option<u32> {
        match self {
            CodeRows::U8(rows) => rows.iter().copied().max().map(u32::from),
            CodeRows::U16(rows) => rows.iter().copied().max().map(u32::from),
            CodeRows::U32(rows) => rows.iter().copied().max(),
        }
    }
}

/// Different values, NULL among them, of a column in a segment of so many rows that has codes: few come twice on the average, more four times.
fn values_max(rows: usize) -> usize {
    FEWEST_VALUES.max(FEW_VALUES.min(rows / 2)).max(rows / 4)
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
                        CodeRows::U8(rows) => rows.len(),
                        CodeRows::U16(rows) => 2 * rows.len(),
                        CodeRows::U32(rows) => 4 * rows.len(),
                    };
                    rows + codes.values.get_array_memory_size()
                }
                Known::Uncoded => 0,
                Known::Minutes(minutes) => size_of_val(minutes.as_ref()),
            }
    }

    /// Rows that need not be read again, for each KiB.
    fn worth(&self) -> u64 {
        const KIB: usize = 1024;
        match self {
            Known::Codes(codes) => (codes.rows.len() * KIB / self.bytes()) as u64,
            // These take hardly any.
            Known::Uncoded | Known::Minutes(_) => KIB as u64,
        }
    }
}

/// All codes that a store keeps.
#[derive(Debug)]
pub(crate) struct Codebook {
    bytes_max: usize,
    kept: Mutex<Kept>,
    /// How many rows of a segment are not older than a time, of the times that were last asked for: the parts of one statement ask alike.
    since: Mutex<HashMap<(String, String, Micros), usize>>,
    /// Places in the queue of those that read codes ahead, of whom one at a time reads.
    places: Arc<Semaphore>,
    reading: tokio::sync::Mutex<()>,
}

/// A place in the queue of those that read codes before they are asked for.
#[derive(Debug)]
pub struct Ahead {
    codebook: Arc<Codebook>,
    _place: OwnedSemaphorePermit,
}

impl Ahead {
    /// Waits for the turn to read, of which a store has one.
    pub async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.codebook.reading.lock().await
    }

    /// Whether there is room for more without letting others go.
    pub fn has_room(&self) -> bool {
        locked(&self.codebook.kept).bytes < self.codebook.bytes_max / 8 * 7
    }
}

#[derive(Debug, Default)]
struct Kept {
    /// By segment and column.
    known: HashMap<(String, String), Entry>,
    bytes: usize,
    turn: u64,
    /// The rank of what was let go last, from which that of what is asked for counts: so it sinks, the longer nobody asks again.
    sunk: u64,
}

#[derive(Debug)]
struct Entry {
    known: Known,
    /// What has the lowest goes first.
    rank: u64,
    /// The turn in which it was asked for.
    asked: u64,
}

impl Codebook {
    pub(crate) fn new(bytes_max: usize) -> Self {
        let places = Arc::new(Semaphore::new(AHEAD_MAX));
        Codebook { bytes_max, kept: Mutex::default(), since: Mutex::default(), places, reading: tokio::sync::Mutex::default() }
    }

    fn get(&self, key: &(String, String)) -> Option<Known> {
        let mut kept = locked(&self.kept);
        kept.turn += 1;
        let (turn, sunk) = (kept.turn, kept.sunk);
        let entry = kept.known.get_mut(key)?;
        entry.rank = sunk + entry.known.worth();
        entry.asked = turn;
        Some(entry.known.clone())
    }

    fn put(&self, key: (String, String), known: Known) {
        let mut kept = locked(&self.kept);
        kept.turn += 1;
        kept.bytes += known.bytes();
        let entry = Entry { rank: kept.sunk + known.worth(), asked: kept.turn, known };
        if let Some(before) = kept.known.insert(key, entry) {
            kept.bytes -= before.known.bytes();
        }
        if kept.bytes > self.bytes_max {
            // A part at once, so that not each newcomer has to look through all.
            kept.shrink(self.bytes_max / 8 * 7);
        }
    }

    /// Whether codes can be kept without letting others go.
    fn has_room(&self, codes: &Arc<Codes>) -> bool {
        locked(&self.kept).bytes + Known::Codes(codes.clone()).bytes() <= self.bytes_max
    }

    /// Lets go of what is kept of a segment that is gone.
    pub(super) fn forget(&self, segment: &str) {
        let mut kept = locked(&self.kept);
        let mut freed = 0;
        kept.known.retain(|(of, _), entry| {
            let stays = of != segment;
            freed += if stays { 0 } else { entry.known.bytes() };
            stays
        });
        kept.bytes -= freed;
    }
}

impl Kept {
    /// Lets go of what ranks lowest until the rest fits.
    fn shrink(&mut self, bytes: usize) {
        let ranked = self.known.iter().map(|(key, entry)| (entry.rank, entry.asked, key.clone()));
        let mut ranked: Vec<(u64, u64, (String, String))> = ranked.collect();
        ranked.sort_unstable();
        for (rank, _, key) in ranked {
            if self.bytes <= bytes {
                break;
            }
            if let Some(entry) = self.known.remove(&key) {
                self.bytes -= entry.known.bytes();
                self.sunk = rank;
            }
        }
    }
}

/// The name under which the minutes of a column of times are kept, which no column has.
fn minutes_of(time: &FieldRef) -> String {
    format!("{}\u{0}", time.name())
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
        let codes = codes.filter(|codes| codes.values.len() <= FEW_VALUES || self.home.codebook.has_room(codes));
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

    /// A place among those that read codes of the store before they are asked for; `None` if all are taken.
    pub fn ahead(&self) -> Option<Ahead> {
        let codebook = self.home.codebook.clone();
        codebook.places.clone().try_acquire_owned().ok().map(|_place| Ahead { codebook, _place })
    }

    /// Whether it is known what codes a column has, or what else is kept under this name. Nothing stays the longer for this question.
    pub fn knows_codes(&self, column: &str) -> bool {
        locked(&self.home.codebook.kept).known.contains_key(&(self.name.clone(), column.to_owned()))
    }

    /// The codes of a column, if they are at hand. Nothing stays the longer for this question.
    pub fn codes_at_hand(&self, column: &str) -> Option<Arc<Codes>> {
        match locked(&self.home.codebook.kept).known.get(&(self.name.clone(), column.to_owned())) {
            Some(Entry { known: Known::Codes(codes), .. }) => Some(codes.clone()),
            Some(Entry { known: Known::Uncoded | Known::Minutes(_), .. }) | None => None,
        }
    }

    /// Whether it is known where minutes begin. Nothing stays the longer for this question.
    pub fn knows_minutes(&self, time: &FieldRef) -> bool {
        self.knows_codes(&minutes_of(time))
    }

    pub(super) fn keep_codes(&self, name: String, codes: Option<Arc<Codes>>) {
        self.home.codebook.put((self.name.clone(), name), codes.map_or(Known::Uncoded, Known::Codes));
    }

    /// Whether it is known that a column has no codes here. Reads nothing.
    pub fn lacks_codes(&self, column: &str) -> bool {
        matches!(self.kept_codes(column), Some(None))
    }

    fn read_codes(&self, column: &FieldRef) -> Result<Option<Codes>> {
        if !is_codable(column.data_type()) {
            return Ok(None);
        }
        let path = self.file();
        let broken = |cause: &dyn std::fmt::Display| damaged(&path, cause);
        let footer = self.home.footers.get(self)?;
        let rows = usize::try_from(self.rows).unwrap_or(usize::MAX);
        let roots = footer.parquet_schema().root_schema().get_fields();
        let Some(root) = roots.iter().position(|root| root.name() == column.name()) else {
            // The column is younger than the file.
            return Ok(Some(Codes { values: new_null_array(column.data_type(), 1), rows: CodeRows::U8(vec![0; rows]) }));
        };
        // Texts that seldom repeat were written without a dictionary.
        let leaves = footer.parquet_schema();
        let leaf = (0..leaves.num_columns()).find(|leaf| leaves.get_column_root_idx(*leaf) == root);
        let mut groups = footer.metadata().row_groups().iter();
        let listed = leaf.is_some_and(|leaf| groups.all(|group| group.column(leaf).dictionary_page_offset().is_some()));
        let listed = listed && *column.data_type() == DataType::Utf8View;
        let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let fields = footer.schema().fields().iter().map(|field| match listed && field.name() == column.name() {
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
        let mut coder = Coder::new(rows, values_max(rows));
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
        let key = (self.name.clone(), minutes_of(time));
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

    /// How many rows are not older than a time. Reads a page when that is asked for the first time, and blocks for that.
    ///
    /// # Errors
    /// `DataCorrupted` naming the file.
    pub fn rows_since(&self, time: &FieldRef, since: Micros) -> Result<usize> {
        let key = (self.name.clone(), time.name().clone(), since);
        let kept = &self.home.codebook.since;
        if let Some(rows) = locked(kept).get(&key) {
            return Ok(*rows);
        }
        let rows = self.find_since(time, since)?;
        let mut kept = locked(kept);
        if kept.len() >= SINCE_MAX {
            kept.clear();
        }
        kept.insert(key, rows);
        Ok(rows)
    }

    fn find_since(&self, time: &FieldRef, since: Micros) -> Result<usize> {
        let rows = usize::try_from(self.rows).unwrap_or(usize::MAX);
        let mut pages = self.time_pages(time.name())?;
        if pages.is_empty() {
            pages.push((0..rows, self.time_min, self.time_max));
        }
        let page = pages.partition_point(|(_, min, _)| *min >= since);
        let Some((range, _, max)) = pages.get(page) else { return Ok(rows) };
        if *max < since {
            return Ok(range.start);
        }
        let times = self.times(time, &std::iter::once(range.clone()).collect())?;
        Ok(range.start + times.partition_point(|time| *time >= since))
    }

    fn times(&self, time: &FieldRef, rows: &RowRanges) -> Result<Vec<Micros>> {
        let mut times = Vec::with_capacity(rows.rows());
        for batch in self.pick(&Arc::new(Schema::new(vec![time.clone()])), rows, &[], BATCH_ROWS)? {
            let column = batch.column(0).as_primitive_opt::<TimestampMicrosecondType>();
            times.extend_from_slice(column.ok_or_else(|| damaged(&self.file(), &"its times are none"))?.values());
        }
        Ok(times)
    }
}

/// Gives the values of a column codes in the order of their coming.
pub(super) struct Coder {
    texts: HashMap<Box<str>, u32>,
    numbers: HashMap<i64, u32>,
    null: Option<u32>,
    values: usize,
    values_max: usize,
    /// Bytes that different texts may still have.
    room: usize,
    rows: Vec<u32>,
}

impl Coder {
    /// For so many rows of so many different values at most.
    pub(super) fn new(rows: usize, values_max: usize) -> Self {
        let room = TEXT_BYTES * rows.max(FEW_VALUES);
        let (texts, numbers) = (HashMap::new(), HashMap::new());
        Coder { texts, numbers, null: None, values: 0, values_max, room, rows: Vec::with_capacity(rows) }
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
        let mut known: Vec<Option<u32>> = vec![None; texts.len()];
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
                None => {
                    self.room = self.room.checked_sub(text.len())?;
                    self.next().inspect(|code| _ = self.texts.insert(text.into(), *code))
                }
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

    fn of_null(&mut self) -> Option<u32> {
        if self.null.is_none() {
            self.null = self.next();
        }
        self.null
    }

    fn next(&mut self) -> Option<u32> {
        let code = (self.values < self.values_max).then(|| u32::try_from(self.values).ok()).flatten()?;
        self.values += 1;
        Some(code)
    }

    /// The codes of what was taken, with values of a stored type that has codes.
    pub(super) fn finish(self, kind: &DataType) -> Option<Codes> {
        let mut texts: Vec<Option<&str>> = vec![None; self.values];
        let mut numbers: Vec<Option<i64>> = vec![None; self.values];
        self.texts.iter().for_each(|(text, code)| texts[*code as usize] = Some(text));
        self.numbers.iter().for_each(|(number, code)| numbers[*code as usize] = Some(*number));
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
        let rows = match self.values {
            0..=256 => CodeRows::U8(self.rows.iter().map(|code| *code as u8).collect()),
            257..=FEW_VALUES => CodeRows::U16(self.rows.iter().map(|code| *code as u16).collect()),
            _ => CodeRows::U32(self.rows),
        };
        Some(Codes { values, rows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values that codes stand for, in the order of the rows.
    fn told(codes: &Codes) -> Vec<Option<String>> {
        let texts = codes.values.as_string_view();
        let value = |code: usize| texts.is_valid(code).then(|| texts.value(code).to_owned());
        match &codes.rows {
            CodeRows::U8(rows) => rows.iter().map(|code| value(usize::from(*code))).collect(),
            CodeRows::U16(rows) => rows.iter().map(|code| value(usize::from(*code))).collect(),
            CodeRows::U32(rows) => rows.iter().map(|code| value(*code as usize)).collect(),
        }
    }

    fn coded(rows: usize, different: usize, long: usize) -> Option<Codes> {
        let text = |row: usize| (!row.is_multiple_of(different)).then(|| format!("{:long$}", row % different));
        let texts = StringViewArray::from_iter((0..rows).map(text));
        let mut coder = Coder::new(rows, values_max(rows));
        for from in (0..rows).step_by(10_000) {
            if !coder.add(&texts.slice(from, 10_000.min(rows - from))).unwrap() {
                return None;
            }
        }
        let codes = coder.finish(&DataType::Utf8View)?;
        assert_eq!(codes.values.len(), different.min(rows));
        assert_eq!(told(&codes), (0..rows).map(text).collect::<Vec<_>>());
        Some(codes)
    }

    #[test]
    fn values_that_repeat_have_codes_of_as_few_bytes_as_will_do() {
        assert!(matches!(coded(1_000, 256, 3), Some(Codes { rows: CodeRows::U8(_), .. })));
        assert!(matches!(coded(1_000, 257, 3), Some(Codes { rows: CodeRows::U16(_), .. })));
        assert!(matches!(coded(2 * FEW_VALUES, FEW_VALUES, 8), Some(Codes { rows: CodeRows::U16(_), .. })));
        assert!(matches!(coded(4 * FEW_VALUES + 4, FEW_VALUES + 1, 8), Some(Codes { rows: CodeRows::U32(_), .. })));
        assert!(coded(4 * FEW_VALUES, FEW_VALUES + 1, 8).is_none(), "more than one value for four rows");
        assert!(coded(1_000, 501, 3).is_none(), "more than one value for two rows");
        assert!(coded(1_000, 1_000, 2_000).is_none(), "documents rather than values");
    }

    #[test]
    fn many_values_drive_nothing_out_of_memory() {
        let few = || Arc::new(coded(1_000, 10, 1).unwrap());
        let size = Known::Codes(few()).bytes();
        let book = Codebook::new(8 * size);
        let key = |name: usize| (name.to_string(), String::new());
        for name in 0..7 {
            book.put(key(name), Known::Codes(few()));
        }
        let many = Arc::new(coded(10_000, 10, 1).unwrap());
        assert!(book.has_room(&few()) && !book.has_room(&many));
        for name in 7..9 {
            book.put(key(name), Known::Codes(few()));
        }
        assert!(book.get(&key(0)).is_none(), "what was asked for the longest ago goes");
        assert!(book.get(&key(8)).is_some());
    }

    #[test]
    fn what_saves_little_for_its_bytes_goes_first_and_what_nobody_asks_for_in_the_end() {
        let few = || Known::Codes(Arc::new(coded(1_000, 10, 1).unwrap()));
        let costly = || Known::Codes(Arc::new(coded(1_000, 400, 20).unwrap()));
        assert!(costly().worth() < few().worth() / 4);
        let book = Codebook::new(2 * costly().bytes());
        let key = |name: &str| (name.to_owned(), String::new());
        for name in ["asked for", "forgotten"] {
            book.put(key(name), few());
        }
        book.put(key("costly"), costly());
        book.put(key("costly too"), costly());
        assert!(book.get(&key("costly")).is_none(), "others that are older save more");
        for round in 0..4 {
            assert!(book.get(&key("asked for")).is_some());
            assert!(locked(&book.kept).known.contains_key(&key("forgotten")), "after {round}");
            book.put(key(&round.to_string()), costly());
        }
        for round in 4..100 {
            assert!(book.get(&key("asked for")).is_some());
            book.put(key(&round.to_string()), costly());
        }
        assert!(book.get(&key("forgotten")).is_none());
    }
}
