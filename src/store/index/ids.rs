//! Which rows of a segment have a value in a column: a table of the values' hashes with lists of row numbers.
//!
//! ```text
//! header     magic, version, widths, the segment that it is of, the smallest and the largest place of its values, CRC-32C
//! directory  where each bucket begins, u32le, and where the last ends
//! buckets    for each: entries ascending by fingerprint, in bits, and a CRC-32C
//!   entry    fingerprint (Golomb-Rice, from the one before) · how many rows (gamma) · the first (fixed width)
//!            · of the others, if there are any, the distances (5 bits of width, Golomb-Rice)
//! ```
//!
//! The high bits of a hash say the bucket, 21 more are the fingerprint, so that about one look-up in five thousand finds a row that has
//! another value: whoever asks compares. The directory stays in memory while the index is open, four bytes for some hundreds of values, so that
//! a look-up is one small read, wherever the value stands. A value that occurs once costs about 37 bits: 13 of fingerprint and 22 of row
//! number. Values that come again cost a few bits for each row.
//!
//! A value's place is where its first eight bytes put it among others. Ids that are made in order of time, like UUIDs of version 7, have
//! places between those of a segment's first and last row, and so most segments are ruled out by what is in memory.
//!
//! A Bloom filter for each row group would take 10 bits a value, and says only which 131,072 rows to read; a B-tree keeps the values
//! themselves, 36 bytes of each id.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Date32Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType};
use twox_hash::XxHash64;

use super::Origin;
use super::bits::{BitReader, BitWriter};
use crate::error::{Error, Kind, Result};
use crate::store::expect::expect;

const MAGIC: [u8; 8] = *b"ANNALIDS";
const VERSION: u16 = 2;
const HEADER_BYTES: usize = 56;
/// Where in the header the places begin.
const PLACES_AT: usize = 32;
/// Bits of a hash that are kept while an index is built, and bits of a row's number beside them.
const HASH_BITS: u32 = 38;
const ROW_BITS: u32 = 26;
/// The most rows that a segment may have to be indexed.
pub(super) const ROWS_MAX: u64 = 1 << ROW_BITS;
const FINGERPRINT_BITS: u32 = 21;
/// Values that share a bucket, about: a look-up reads one bucket, and each costs four bytes of the directory and four of checksum.
const BUCKET_VALUES: u64 = 384;
const BUCKET_BITS_MAX: u32 = 16;

/// Whether values of this type can be looked up.
pub fn is_indexable(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8View | DataType::Int16 | DataType::Int32 | DataType::Int64 | DataType::Date32 => true,
        DataType::Timestamp(unit, _) => *unit == arrow::datatypes::TimeUnit::Microsecond,
        _ => false,
    }
}

/// What is known of a value.
#[derive(Debug, Clone, Copy)]
struct Key {
    hash: u64,
    place: u64,
}

impl Key {
    fn of_text(text: &str) -> Key {
        let mut first = [0; 8];
        let bytes = text.as_bytes();
        let length = bytes.len().min(first.len());
        first[..length].copy_from_slice(&bytes[..length]);
        Key { hash: XxHash64::oneshot(0, bytes), place: u64::from_be_bytes(first) }
    }

    fn of_number(value: i64) -> Key {
        Key { hash: XxHash64::oneshot(0, &value.to_le_bytes()), place: value.cast_unsigned() ^ 1 << 63 }
    }
}

/// Calls `note` with each value's key, or `None` for a NULL; `false` if there are none of this type. The hash is XXH64 with seed 0 of a
/// text's bytes, or of a number's eight as little-endian two's complement.
fn keys(column: &dyn Array, mut note: impl FnMut(Option<Key>)) -> bool {
    match column.data_type() {
        DataType::Utf8View => column.as_string_view().iter().for_each(|text| note(text.map(Key::of_text))),
        DataType::Int16 => {
            column.as_primitive::<Int16Type>().iter().for_each(|value| note(value.map(|value| Key::of_number(value.into()))));
        }
        DataType::Int32 => {
            column.as_primitive::<Int32Type>().iter().for_each(|value| note(value.map(|value| Key::of_number(value.into()))));
        }
        DataType::Int64 => column.as_primitive::<Int64Type>().iter().for_each(|value| note(value.map(Key::of_number))),
        DataType::Date32 => {
            column.as_primitive::<Date32Type>().iter().for_each(|value| note(value.map(|value| Key::of_number(value.into()))));
        }
        DataType::Timestamp(_, _) => {
            let Some(times) = column.as_primitive_opt::<TimestampMicrosecondType>() else { return false };
            times.iter().for_each(|value| note(value.map(Key::of_number)));
        }
        _ => return false,
    }
    true
}

/// The smallest and the largest place of some values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Places {
    first: u64,
    last: u64,
}

impl Places {
    /// Of no value.
    const NONE: Places = Places { first: u64::MAX, last: 0 };

    fn with(self, place: u64) -> Places {
        Places { first: self.first.min(place), last: self.last.max(place) }
    }

    fn have(self, place: u64) -> bool {
        self.first <= place && place <= self.last
    }
}

/// Gathers a column's values, in the order of a segment's rows. Eight bytes a row until it is finished.
#[derive(Debug)]
pub(super) struct IdsBuilder {
    /// The high bits of the hash, then the row's number.
    entries: Vec<u64>,
    rows: u64,
    places: Places,
}

impl IdsBuilder {
    pub(super) fn new(rows_expected: u64) -> Self {
        IdsBuilder {
            entries: Vec::with_capacity(usize::try_from(rows_expected.min(ROWS_MAX)).unwrap_or(0)),
            rows: 0,
            places: Places::NONE,
        }
    }

    pub(super) fn add(&mut self, column: &ArrayRef) -> Result<()> {
        let (entries, rows, places) = (&mut self.entries, &mut self.rows, &mut self.places);
        let known = keys(column.as_ref(), |key| {
            if let Some(Key { hash, place }) = key.filter(|_| *rows < ROWS_MAX) {
                entries.push(hash >> (64 - HASH_BITS) << ROW_BITS | *rows);
                *places = places.with(place);
            }
            *rows += 1;
        });
        if known { Ok(()) } else { Err(Error::internal(format!("values of type {} cannot be indexed", column.data_type()))) }
    }

    /// The index as its file holds it; `None` of a segment with more rows than an index can name.
    pub(super) fn finish(mut self, of: Origin) -> Option<Vec<u8>> {
        if self.rows > ROWS_MAX {
            return None;
        }
        self.entries.sort_unstable();
        let mut values = 0u64;
        let mut last = None;
        for entry in &self.entries {
            let hash = entry >> ROW_BITS;
            values += u64::from(last != Some(hash));
            last = Some(hash);
        }
        let bucket_bits = (values / BUCKET_VALUES).max(1).ilog2().min(BUCKET_BITS_MAX);
        let spread = (1u64 << FINGERPRINT_BITS) / (values >> bucket_bits).max(1);
        let widths = Widths {
            row: self.rows.max(2).next_power_of_two().ilog2(),
            bucket: bucket_bits,
            fingerprint_low: spread.max(1).ilog2(),
        };
        let mut bytes = header(of, widths, self.places);
        let directory = bytes.len();
        let buckets = 1usize << bucket_bits;
        bytes.resize(directory + 4 * (buckets + 1), 0);
        let blocks = bytes.len();
        let mut rest = self.entries.as_slice();
        for bucket in 0..buckets {
            let within = rest.partition_point(|entry| widths.split(entry >> ROW_BITS).0 <= bucket as u64);
            let (own, others) = rest.split_at(within);
            rest = others;
            let block = encode(own, widths);
            let crc = checksum(bucket, &block);
            bytes.extend_from_slice(&block);
            bytes.extend_from_slice(&crc.to_le_bytes());
            let end = u32::try_from(bytes.len() - blocks).ok()?;
            bytes[directory + 4 * (bucket + 1)..][..4].copy_from_slice(&end.to_le_bytes());
        }
        Some(bytes)
    }
}

/// How wide the numbers of an index are, in bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Widths {
    row: u32,
    bucket: u32,
    /// The low part of a distance between fingerprints.
    fingerprint_low: u32,
}

impl Widths {
    /// Bucket and fingerprint of the kept bits of a hash.
    fn split(self, hash: u64) -> (u64, u64) {
        let below = HASH_BITS - self.bucket;
        (hash >> below, (hash & ((1 << below) - 1)) >> below.saturating_sub(FINGERPRINT_BITS))
    }
}

fn header(of: Origin, widths: Widths, places: Places) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    for width in [widths.row, widths.bucket, widths.fingerprint_low] {
        bytes.push(u8::try_from(width).unwrap_or(0));
    }
    bytes.resize(16, 0);
    bytes.extend_from_slice(&of.rows.to_le_bytes());
    bytes.extend_from_slice(&of.crc32c.to_le_bytes());
    bytes.resize(PLACES_AT, 0);
    bytes.extend_from_slice(&places.first.to_le_bytes());
    bytes.extend_from_slice(&places.last.to_le_bytes());
    bytes.resize(HEADER_BYTES - 4, 0);
    let crc = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}

/// A block's checksum is of its number as well, so that a directory that leads to another one is found out.
fn checksum(bucket: usize, block: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&(bucket as u64).to_le_bytes()), block)
}

fn encode(entries: &[u64], widths: Widths) -> Vec<u8> {
    let fingerprint = |entry: &u64| widths.split(entry >> ROW_BITS).1;
    let mut bits = BitWriter::default();
    let groups = || entries.chunk_by(|a, b| fingerprint(a) == fingerprint(b));
    bits.gamma(groups().count() as u64);
    let mut next = 0;
    for group in groups() {
        let own = fingerprint(&group[0]);
        bits.rice(own - next, widths.fingerprint_low);
        next = own + 1;
        let mut rows: Vec<u64> = group.iter().map(|entry| entry & (ROWS_MAX - 1)).collect();
        // Values that share a fingerprint lie one after the other here, and their rows do not.
        rows.sort_unstable();
        bits.gamma(rows.len() as u64 - 1);
        bits.bits(rows[0], widths.row);
        if let [first, .., last] = rows.as_slice() {
            let low = ((last - first) / (rows.len() as u64 - 1)).max(1).ilog2();
            bits.bits(low.into(), 5);
            rows.windows(2).for_each(|pair| bits.rice(pair[1] - pair[0] - 1, low));
        }
    }
    bits.finish()
}

/// An index that is open for look-ups.
#[derive(Debug)]
pub(super) struct IdsIndex {
    file: File,
    path: PathBuf,
    /// Where each bucket begins, and where the last ends, from the first on: a hundredth of the index.
    directory: Box<[u32]>,
    /// Where the first bucket begins, and the file ends.
    blocks: Range<u64>,
    widths: Widths,
    places: Places,
    rows: u64,
}

impl IdsIndex {
    /// Opens an index if it is one, whole at its beginning, and of this segment.
    pub(super) fn open(path: &Path, of: Origin) -> Result<Self> {
        let failed = |cause: &std::io::Error| Error::io("read index", path, cause);
        let mut file = File::open(path).map_err(|cause| failed(&cause))?;
        let mut bytes = [0; HEADER_BYTES];
        file.read_exact(&mut bytes).map_err(|cause| failed(&cause))?;
        let widths = Widths { row: bytes[10].into(), bucket: bytes[11].into(), fingerprint_low: bytes[12].into() };
        let number = |at: usize| bytes[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let places = Places { first: number(PLACES_AT), last: number(PLACES_AT + 8) };
        if bytes.starts_with(&MAGIC) && bytes[8..10] != VERSION.to_le_bytes() {
            return Err(damaged(path, "another version of the program has made it"));
        }
        if bytes[..] != header(of, widths, places) {
            return Err(damaged(path, "it is not an index of this segment"));
        }
        if widths.bucket > BUCKET_BITS_MAX {
            return Err(damaged(path, "its directory is too large"));
        }
        let mut directory = vec![0; 4 * ((1usize << widths.bucket) + 1)];
        file.read_exact(&mut directory).map_err(|cause| failed(&cause))?;
        let start = (HEADER_BYTES + directory.len()) as u64;
        let (ends, _) = directory.as_chunks::<4>();
        let directory = ends.iter().map(|end| u32::from_le_bytes(*end)).collect();
        let end = file.metadata().map_err(|cause| failed(&cause))?.len();
        Ok(IdsIndex { file, path: path.to_owned(), directory, blocks: start..end, widths, places, rows: of.rows })
    }

    /// The hash of a value, if rows can have it by its place.
    fn possible(&self, key: Option<Key>) -> Option<u64> {
        key.filter(|key| self.places.have(key.place)).map(|key| key.hash)
    }

    /// Tells the operating system what [`rows`](IdsIndex::rows) of these values will read.
    pub(super) fn expect(&self, values: &ArrayRef) {
        let mut buckets = Vec::with_capacity(values.len());
        keys(values.as_ref(), |key| buckets.extend(self.possible(key).map(|hash| self.widths.split(hash >> (64 - HASH_BITS)).0)));
        buckets.sort_unstable();
        buckets.dedup();
        let places = buckets.into_iter().filter_map(|bucket| self.place(usize::try_from(bucket).ok()?));
        expect(&self.file, places);
    }

    /// The rows that have one of some values, ascending, and perhaps a few others; `None` if the values are of a type that has no hashes.
    ///
    /// # Errors
    /// `DataCorrupted` where what is read is not what was written.
    pub(super) fn rows(&self, values: &ArrayRef) -> Result<Option<Vec<u32>>> {
        let mut hashes_of = Vec::with_capacity(values.len());
        if !keys(values.as_ref(), |key| hashes_of.extend(self.possible(key))) {
            return Ok(None);
        }
        hashes_of.sort_unstable();
        hashes_of.dedup();
        let mut rows = Vec::new();
        for hash in hashes_of {
            self.look_up(hash >> (64 - HASH_BITS), &mut rows)?;
        }
        rows.sort_unstable();
        rows.dedup();
        Ok(Some(rows))
    }

    fn look_up(&self, hash: u64, rows: &mut Vec<u32>) -> Result<()> {
        let (bucket, fingerprint) = self.widths.split(hash);
        let bucket = usize::try_from(bucket).unwrap_or(0);
        let broken = || damaged(&self.path, "it is not what was written");
        let block = self.block(bucket)?;
        let mut bits = BitReader::new(&block);
        let entries = bits.gamma().ok_or_else(broken)?;
        let mut next = 0;
        for _ in 0..entries {
            let own = next + bits.rice(self.widths.fingerprint_low).ok_or_else(broken)?;
            if own > fingerprint {
                break;
            }
            next = own + 1;
            let known = rows.len();
            read_rows(&mut bits, self.widths.row, rows).ok_or_else(broken)?;
            if own == fingerprint {
                let real = |row: &u32| u64::from(*row) < self.rows;
                return if rows[known..].iter().all(real) { Ok(()) } else { Err(broken()) };
            }
            rows.truncate(known);
        }
        Ok(())
    }

    /// Where a bucket stands; `None` where the directory is not what was written.
    fn place(&self, bucket: usize) -> Option<Range<u64>> {
        let (start, end) = (*self.directory.get(bucket)?, *self.directory.get(bucket + 1)?);
        let place = self.blocks.start + u64::from(start)..self.blocks.start + u64::from(end);
        (place.start + 4 <= place.end && place.end <= self.blocks.end).then_some(place)
    }

    fn block(&self, bucket: usize) -> Result<Vec<u8>> {
        let failed = |cause: &std::io::Error| Error::io("read index", &self.path, cause);
        let size = |place: &Range<u64>| usize::try_from(place.end - place.start).ok();
        let Some((place, size)) = self.place(bucket).and_then(|place| size(&place).map(|size| (place, size))) else {
            return Err(damaged(&self.path, "its directory is not what was written"));
        };
        let mut block = vec![0; size];
        self.file.read_exact_at(&mut block, place.start).map_err(|cause| failed(&cause))?;
        let crc = block.split_off(size - 4);
        if crc != checksum(bucket, &block).to_le_bytes() {
            return Err(damaged(&self.path, "a checksum is wrong"));
        }
        Ok(block)
    }
}

fn read_rows(bits: &mut BitReader<'_>, row_bits: u32, rows: &mut Vec<u32>) -> Option<()> {
    let others = bits.gamma()?;
    let mut row = bits.bits(row_bits)?;
    rows.push(u32::try_from(row).ok()?);
    if others > 0 {
        let low = u32::try_from(bits.bits(5)?).ok()?;
        for _ in 0..others {
            row = row.checked_add(bits.rice(low)? + 1)?;
            rows.push(u32::try_from(row).ok()?);
        }
    }
    Some(())
}

fn damaged(path: &Path, why: &str) -> Error {
    Error::new(Kind::DataCorrupted, format!("index \"{}\" cannot be used: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringViewArray};

    use super::*;

    fn index(columns: &[ArrayRef], dir: &Path) -> (IdsIndex, usize) {
        let mut builder = IdsBuilder::new(0);
        columns.iter().for_each(|column| builder.add(column).unwrap());
        let of = Origin { rows: columns.iter().map(|column| column.len() as u64).sum(), crc32c: 7 };
        let bytes = builder.finish(of).unwrap();
        let path = dir.join("x.ids");
        std::fs::write(&path, &bytes).unwrap();
        (IdsIndex::open(&path, of).unwrap(), bytes.len())
    }

    fn texts(values: impl Iterator<Item = Option<String>>) -> ArrayRef {
        Arc::new(StringViewArray::from_iter(values))
    }

    #[test]
    fn every_value_is_found_where_it_stands() {
        let dir = tempfile::tempdir().unwrap();
        // Some values once, some often, some NULL, over two batches.
        let value = |row: u64| match row % 7 {
            0 => None,
            1 | 2 => Some(format!("often {}", row % 13)),
            3 => Some(format!("some {}", row / 40)),
            _ => Some(format!("once {row}")),
        };
        let (index, _) = index(&[texts((0..5000).map(value)), texts((5000..20_000).map(value))], dir.path());
        let mut places: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for row in 0..20_000 {
            if let Some(text) = value(row) {
                places.entry(text).or_default().push(row as u32);
            }
        }
        for (text, rows) in &places {
            let found = index.rows(&texts(std::iter::once(Some(text.clone())))).unwrap().unwrap();
            assert!(rows.iter().all(|row| found.binary_search(row).is_ok()), "{text}");
            assert!(found.len() <= rows.len() + 2, "{text}: {found:?}");
        }
        let missed = (0..2000).map(|n| index.rows(&texts(std::iter::once(Some(format!("absent {n}"))))).unwrap().unwrap().len());
        assert!(missed.sum::<usize>() < 20);
        let both = index.rows(&texts(["once 5", "once 11", "absent"].map(|text| Some(text.to_owned())).into_iter())).unwrap();
        assert!(both.is_some_and(|rows| rows.contains(&5) && rows.contains(&11)));
    }

    #[test]
    fn what_lies_beside_all_values_is_ruled_out_without_reading() {
        let dir = tempfile::tempdir().unwrap();
        let number = |value: i64| Arc::new(Int64Array::from_iter_values([value])) as ArrayRef;
        let text = |value: &str| texts(std::iter::once(Some(value.to_owned())));
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter([Some(-5), None, Some(7), Some(300)]));
        let words = texts(["b", "bus stop 12", "bus stop 3", ""].iter().map(|word| (!word.is_empty()).then(|| (*word).to_owned())));
        let cases = [
            (numbers, [-5, 7, 300].map(number).to_vec(), [i64::MIN, -6, 301, i64::MAX].map(number).to_vec()),
            (
                words,
                ["b", "bus stop 12", "bus stop 3"].map(text).to_vec(),
                ["", "a", "ab", "bus stoq", "bv", "日本"].map(text).to_vec(),
            ),
        ];
        for (column, within, beside) in cases {
            let (index, _) = index(std::slice::from_ref(&column), dir.path());
            for value in &within {
                assert!(!index.rows(value).unwrap().unwrap().is_empty(), "{value:?}");
            }
            // Without its buckets it knows of the others still, and of these no more.
            std::fs::OpenOptions::new().write(true).open(&index.path).unwrap().set_len(index.blocks.start).unwrap();
            for value in &beside {
                assert_eq!(index.rows(value).unwrap(), Some(vec![]), "{value:?}");
            }
            for value in &within {
                assert!(index.rows(value).is_err(), "{value:?}");
            }
        }
    }

    #[test]
    fn an_id_costs_few_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let rows = 200_000u64;
        let unique: ArrayRef = Arc::new(Int64Array::from_iter_values((0..rows as i64).map(|row| row * 7919)));
        let repeated: ArrayRef = Arc::new(Int64Array::from_iter_values((0..rows as i64).map(|row| row * 31 % 16_384)));
        for (column, most) in [(unique, 4.9), (repeated, 2.2)] {
            let (index, bytes) = index(&[column], dir.path());
            assert_eq!(index.widths.row, 18);
            assert!((bytes as f64) < most * rows as f64, "{bytes}");
        }
    }

    #[test]
    fn a_column_without_values_has_an_index() {
        let dir = tempfile::tempdir().unwrap();
        for column in [texts(std::iter::empty()), texts(std::iter::repeat_n(None, 100))] {
            let (index, _) = index(&[column], dir.path());
            assert_eq!(index.rows(&texts(std::iter::once(Some("x".to_owned())))).unwrap(), Some(vec![]));
        }
    }

    #[test]
    fn a_turned_bit_is_noticed_and_gives_no_answer() {
        let dir = tempfile::tempdir().unwrap();
        let value = |row: u64| Some(format!("value {row}"));
        let (built, _) = index(&[texts((0..3000).map(value))], dir.path());
        let (path, of) = (built.path.clone(), Origin { rows: 3000, crc32c: 7 });
        let bytes = std::fs::read(&path).unwrap();
        for at in (0..bytes.len()).step_by(37) {
            let mut turned = bytes.clone();
            turned[at] ^= 1 << (at % 8);
            std::fs::write(&path, &turned).unwrap();
            let Ok(index) = IdsIndex::open(&path, of) else { continue };
            for row in 0..3000 {
                match index.rows(&texts(std::iter::once(value(row)))) {
                    Ok(found) => assert!(found.unwrap().contains(&(row as u32)), "byte {at} hid row {row}"),
                    Err(error) => assert!(matches!(error.kind(), Kind::DataCorrupted | Kind::IoError), "{error}"),
                }
            }
        }
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        let cut = IdsIndex::open(&path, of).unwrap();
        assert!((0..3000).any(|row| cut.rows(&texts(std::iter::once(value(row)))).is_err()));
        assert!(IdsIndex::open(&path, Origin { crc32c: 8, ..of }).is_err());
    }
}
