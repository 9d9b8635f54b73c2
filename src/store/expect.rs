//! Reads of which the operating system is told before they are done.
//!
//! A look-up reads a bucket of the index of each segment, and then a page of each of ten columns. Where they are not in memory, a disk that is
//! asked for one after the other is waited for as often; told of all at once it reads them at the same time.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use rustix::buffer::spare_capacity;
use rustix::io::Errno;

/// More than so many bytes at once are not told of: reading on, the system reads ahead by itself.
const BYTES_MAX: u64 = 16 << 20;

/// Tells of bytes that will be read soon, in ascending order; neighbours are told of as one. Costs about a microsecond each where they are in
/// memory already.
pub(super) fn expect(file: &File, ranges: impl Iterator<Item = Range<u64>>) {
    let mut left = BYTES_MAX;
    let mut told = |range: &Range<u64>| {
        let bytes = (range.end - range.start).min(left);
        left -= bytes;
        advise(file, range.start, bytes);
    };
    let mut last: Option<Range<u64>> = None;
    for range in ranges.filter(|range| range.start < range.end) {
        match &mut last {
            Some(last) if last.end == range.start => last.end = range.end,
            Some(before) => {
                told(before);
                *before = range;
            }
            None => last = Some(range),
        }
    }
    last.iter().for_each(&mut told);
}

#[cfg(target_os = "linux")]
fn advise(file: &File, start: u64, bytes: u64) {
    if let Some(bytes) = std::num::NonZeroU64::new(bytes) {
        // Who does not take advice reads all the same.
        let _unheard = rustix::fs::fadvise(file, start, Some(bytes), rustix::fs::Advice::WillNeed);
    }
}

#[cfg(not(target_os = "linux"))]
fn advise(_file: &File, _start: u64, _bytes: u64) {}

/// A file that is read at places by several readers, none of which moves the others, as duplicates of a [`File`] would.
#[derive(Debug, Clone)]
pub(super) struct Places {
    file: Arc<File>,
    bytes: u64,
}

impl Places {
    pub(super) fn of(file: File) -> io::Result<Places> {
        let bytes = file.metadata()?.len();
        Ok(Places { file: Arc::new(file), bytes })
    }

    pub(super) fn expect(&self, ranges: impl Iterator<Item = Range<u64>>) {
        expect(&self.file, ranges);
    }
}

impl Length for Places {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for Places {
    type T = BufReader<Onward>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::new(Onward { file: self.file.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.bytes) {
            return Err(ParquetError::EOF(format!("{length} bytes at {start} of a file of {}", self.bytes)));
        }
        // Room that nobody fills with zeros first.
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            let at = start + bytes.len() as u64;
            match rustix::io::pread(&self.file, spare_capacity(&mut bytes), at) {
                Ok(0) => return Err(ParquetError::EOF(format!("a file ends before {at}"))),
                Ok(_) | Err(Errno::INTR) => {}
                Err(cause) => return Err(io::Error::from(cause).into()),
            }
        }
        bytes.truncate(length);
        Ok(bytes.into())
    }
}

/// Reads a file from a place on.
#[derive(Debug)]
pub(super) struct Onward {
    file: Arc<File>,
    at: u64,
}

impl Read for Onward {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(into, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_at_its_places_and_not_past_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        std::fs::write(&path, (0..100u8).collect::<Vec<_>>()).unwrap();
        let places = Places::of(File::open(&path).unwrap()).unwrap();
        // Neighbours, a gap, nothing, and more than there is.
        places.expect([0..10, 10..20, 30..40, 50..50, 90..1_000_000_000].into_iter());
        assert_eq!(places.len(), 100);
        let (mut one, mut other) = (places.get_read(10).unwrap(), places.get_read(90).unwrap());
        let mut two = [0; 2];
        one.read_exact(&mut two).unwrap();
        assert_eq!(two, [10, 11]);
        let mut rest = Vec::new();
        other.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, (90..100).collect::<Vec<u8>>());
        one.read_exact(&mut two).unwrap();
        assert_eq!(two, [12, 13], "the other reader does not move this one");
        assert_eq!(places.get_bytes(98, 2).unwrap()[..], [98, 99]);
        assert!(places.get_bytes(98, 3).is_err() && places.get_bytes(u64::MAX, 3).is_err());
    }
}
