//! The journal: small records that must survive the death of the process at once, and that of the machine a moment later.
//!
//! A record is handed to the operating system before its writer goes on, and nobody waits for a disk. Soon after, its owner commits
//! many records as rows of one table, which is durable, and the journal forgets them. What is found in it at a start are the records of
//! the last moment: which of them are rows already, the number of rows that the table has had tells, because nobody else adds any.
//!
//! Two files take turns, `<data>/journal/0` and `1`: while the records of one are committed, the other takes new ones. Both are filled
//! with zeros to their size when they are made, so that a disk that fills up later does not keep a record out. They are filled in small
//! pieces: the operating system caches a file in pieces as large as it was written in, and on ext4 each later write into one costs in
//! proportion to it, 4.3 microseconds for a record in a piece of two megabytes and 0.2 in one of four kilobytes.
//!
//! | bytes | content                                                        |
//! |-------|----------------------------------------------------------------|
//! | 4     | magic, `AnQJ`                                                  |
//! | 8     | generation: grows by one with each turn                        |
//! | 8     | how many rows the table has had before the first record        |
//! | 8     | the generation from which on records count                     |
//! | 4     | CRC-32C of all that                                            |
//!
//! Behind it stand records: length (4), CRC-32C of generation, length and body (4), body. The first that does not fit ends the file.
//! Numbers are little-endian.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};

const MAGIC: [u8; 4] = *b"AnQJ";
const HEADER: usize = 32;
const RECORD_HEADER: usize = 8;
/// Bytes of one file that are there for certain. Larger takes longer bursts, and twice as much of the disk.
const FILE_BYTES: usize = 2 << 20;
/// How much of a file is filled at a time: a page, which is the least that is cached.
const FILL_BYTES: usize = 4096;
/// A file grows up to this while the other cannot be committed; past it records are refused.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// What one file of an earlier process holds.
#[derive(Debug)]
struct Left {
    generation: u64,
    first_row: u64,
    /// Files of earlier generations hold nothing that this one does not.
    since: u64,
    records: Vec<Vec<u8>>,
}

/// Both files, of which one takes records.
#[derive(Debug)]
pub struct Journal {
    files: [JournalFile; 2],
    current: usize,
    generation: u64,
    /// How many rows the table has had before the current file's first record.
    first_row: u64,
    /// The records of the current file, as they stand in it, and their number.
    records: Vec<u8>,
    count: u64,
}

/// Records that were taken off the journal to become rows.
#[derive(Debug)]
pub struct Taken {
    records: Vec<u8>,
}

#[derive(Debug)]
struct JournalFile {
    file: File,
    path: PathBuf,
    /// Where the next record goes; 0 while the file is at rest.
    used: u64,
}

/// The records of an earlier process in a data folder that are no rows yet, in the order in which they were written. The table has had
/// `rows` rows.
///
/// # Errors
/// `IoError` when a file cannot be read.
pub fn left(data: &Path, rows: u64) -> Result<Vec<Vec<u8>>> {
    let files = files_left(data)?;
    let since = files.iter().map(|left| left.since).max().unwrap_or(0);
    let waiting = files.into_iter().filter(|left| left.generation >= since).flat_map(|left| {
        let known = usize::try_from(rows.saturating_sub(left.first_row)).unwrap_or(usize::MAX);
        left.records.into_iter().skip(known)
    });
    Ok(waiting.collect())
}

fn files_left(data: &Path) -> Result<Vec<Left>> {
    let mut found = Vec::new();
    for path in paths(data) {
        match fs::read(&path) {
            Ok(bytes) => found.extend(read(&bytes)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => return Err(Error::io("read the journal", &path, &cause)),
        }
    }
    found.sort_by_key(|left| left.generation);
    Ok(found)
}

fn paths(data: &Path) -> [PathBuf; 2] {
    ["0", "1"].map(|name| data.join("journal").join(name))
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

fn read(bytes: &[u8]) -> Option<Left> {
    let crc = u32::from_le_bytes(number(bytes, HEADER - 4)?);
    if bytes.get(..4)? != MAGIC || crc32c::crc32c(bytes.get(..HEADER - 4)?) != crc {
        return None;
    }
    let generation = u64::from_le_bytes(number(bytes, 4)?);
    let first_row = u64::from_le_bytes(number(bytes, 12)?);
    let since = u64::from_le_bytes(number(bytes, 20)?);
    let mut records = Vec::new();
    let mut at = HEADER;
    while let Some((record, end)) = one_record(bytes, at, generation) {
        records.push(record.to_vec());
        at = end;
    }
    Some(Left { generation, first_row, since, records })
}

fn one_record(bytes: &[u8], at: usize, generation: u64) -> Option<(&[u8], usize)> {
    let length = number::<4>(bytes, at)?;
    let crc = u32::from_le_bytes(number(bytes, at + 4)?);
    let end = (at + RECORD_HEADER).checked_add(usize::try_from(u32::from_le_bytes(length)).ok()?)?;
    let body = bytes.get(at + RECORD_HEADER..end)?;
    (!body.is_empty() && checksum(generation, length, body) == crc).then_some((body, end))
}

fn checksum(generation: u64, length: [u8; 4], body: &[u8]) -> u32 {
    let head = crc32c::crc32c_append(crc32c::crc32c(&generation.to_le_bytes()), &length);
    crc32c::crc32c_append(head, body)
}

/// The head of a file.
fn header(generation: u64, first_row: u64, since: u64) -> Vec<u8> {
    let mut header = Vec::with_capacity(HEADER);
    header.extend_from_slice(&MAGIC);
    for number in [generation, first_row, since] {
        header.extend_from_slice(&number.to_le_bytes());
    }
    let crc = crc32c::crc32c(&header);
    header.extend_from_slice(&crc.to_le_bytes());
    header
}

/// Records on their way into the journal, of which several are written at once. They stand as in a file, but for their checksums.
#[derive(Debug, Default)]
pub struct Records {
    bytes: Vec<u8>,
    count: u64,
}

impl Records {
    /// Adds the record that `write` appends to what it is given.
    ///
    /// # Errors
    /// `InternalError` for one that is too long.
    pub fn add(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; RECORD_HEADER]);
        write(&mut self.bytes);
        let Ok(length) = u32::try_from(self.bytes.len() - start - RECORD_HEADER) else {
            self.bytes.truncate(start);
            return Err(Error::internal("a record is too long for the journal"));
        };
        self.bytes[start..start + 4].copy_from_slice(&length.to_le_bytes());
        self.count += 1;
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Forgets them, and keeps the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.count = 0;
    }
}

/// Gives records the checksums that they have in a file of this generation.
fn seal(generation: u64, mut records: &mut [u8]) {
    while let Some((head, rest)) = records.split_first_chunk_mut::<RECORD_HEADER>() {
        let [a, b, c, d, ..] = *head;
        let length = [a, b, c, d];
        let end = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX).min(rest.len());
        let (body, behind) = rest.split_at_mut(end);
        head[4..].copy_from_slice(&checksum(generation, length, body).to_le_bytes());
        records = behind;
    }
}

impl Taken {
    /// The records, in the order in which they were written.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.records.as_slice();
        std::iter::from_fn(move || {
            let length = usize::try_from(u32::from_le_bytes(number(rest, 0)?)).ok()?;
            let (record, behind) = rest.get(RECORD_HEADER..)?.split_at_checked(length)?;
            rest = behind;
            Some(record)
        })
    }
}

impl Journal {
    /// Begins anew with the records that are left and no rows yet, of a table that has had `rows` rows. There is no moment at which a
    /// death would lose them.
    ///
    /// # Errors
    /// `IoError` and `DiskFull` when the files cannot be made.
    pub fn begin(data: &Path, rows: u64, left: &[Vec<u8>]) -> Result<Journal> {
        let dir = data.join("journal");
        fs::create_dir_all(&dir).map_err(|cause| Error::io("create", &dir, &cause))?;
        let generation = files_left(data)?.last().map_or(0, |left| left.generation) + 1;
        let mut records = Records::default();
        for record in left {
            records.add(|into| into.extend_from_slice(record))?;
        }
        let Records { bytes: mut records, count } = records;
        seal(generation, &mut records);
        let bytes = [header(generation, rows, generation), records.clone()].concat();
        let [one, other] = paths(data);
        // The new file has its name at once, and from then on the old ones no longer count.
        let first = JournalFile::make(one.with_extension("new"), &bytes)?;
        fs::rename(&first.path, &one).map_err(|cause| Error::io("prepare the journal", &one, &cause))?;
        let files = [JournalFile { path: one, ..first }, JournalFile::make(other, &[])?];
        Ok(Journal { files, current: 0, generation, first_row: rows, records, count })
    }

    /// Removes the files: there is nothing left in them.
    ///
    /// # Errors
    /// `IoError` when they cannot be removed.
    pub fn remove(data: &Path) -> Result<()> {
        let dir = data.join("journal");
        match fs::remove_dir_all(&dir) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", &dir, &cause)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Writes records. When this returns the operating system has all of them, or none counts.
    ///
    /// # Errors
    /// `DiskFull` when more waits to be committed than may; `IoError` when the system refuses.
    pub fn append(&mut self, records: &Records) -> Result<()> {
        let start = self.records.len();
        self.records.extend_from_slice(&records.bytes);
        seal(self.generation, &mut self.records[start..]);
        let appended = self.files[self.current].append(&self.records[start..]);
        match appended {
            Ok(()) => self.count += records.count,
            Err(_) => self.records.truncate(start),
        }
        appended
    }

    /// Whether nothing has been written since the last turn.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes the records of the current file to become rows, and lets the other file take those that come from now on. The caller has
    /// released that.
    ///
    /// # Errors
    /// `IoError` when the system refuses; records go on into the same file then, and none is taken.
    pub fn turn(&mut self) -> Result<Taken> {
        let (generation, first_row) = (self.generation + 1, self.first_row + self.count);
        // Both files count until this one's records are rows, too.
        let header = header(generation, first_row, 0);
        let other = 1 - self.current;
        let file = &mut self.files[other];
        file.file.write_all_at(&header, 0).map_err(|cause| Error::io("write the journal", &file.path, &cause))?;
        file.used = HEADER as u64;
        (self.current, self.generation, self.first_row, self.count) = (other, generation, first_row, 0);
        let room = Vec::with_capacity(self.records.len());
        Ok(Taken { records: std::mem::replace(&mut self.records, room) })
    }

    /// Forgets the records of the file that does not take any now: they are rows. What they said is overwritten.
    pub fn release(&mut self) {
        let file = &mut self.files[1 - self.current];
        // What cannot be overwritten is found again at the next start, and known as rows by their number.
        if let Err(cause) = file.wipe() {
            tracing::warn!(path = %file.path.display(), %cause, "could not overwrite what the journal no longer needs");
        }
        file.used = 0;
    }
}

/// Writes a file from its beginning, a page at a time.
fn fill(file: &File, bytes: &[u8]) -> io::Result<()> {
    let mut at = 0;
    for page in bytes.chunks(FILL_BYTES) {
        file.write_all_at(page, at)?;
        at += page.len() as u64;
    }
    Ok(())
}

impl JournalFile {
    /// A file that begins with these bytes.
    fn make(path: PathBuf, bytes: &[u8]) -> Result<JournalFile> {
        let mut whole = bytes.to_vec();
        whole.resize(bytes.len().max(FILE_BYTES), 0);
        let make = || {
            let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
            fill(&file, &whole)?;
            Ok(file)
        };
        let file = make().map_err(|cause: io::Error| Error::io("prepare the journal", &path, &cause))?;
        Ok(JournalFile { file, path, used: bytes.len() as u64 })
    }

    fn append(&mut self, records: &[u8]) -> Result<()> {
        if self.used + records.len() as u64 > FILE_BYTES_MAX {
            return Err(Error::new(Kind::DiskFull, format!("the journal \"{}\" is full", self.path.display())));
        }
        if let Err(cause) = self.file.write_all_at(records, self.used) {
            // Some may have been written all the same. A start must not find them, and if they cannot be taken back it records more
            // than was answered, never less.
            let _ = self.file.write_all_at(&vec![0; records.len()], self.used);
            return Err(Error::io("write the journal", &self.path, &cause));
        }
        self.used += records.len() as u64;
        Ok(())
    }

    fn wipe(&self) -> io::Result<()> {
        let used = usize::try_from(self.used).unwrap_or(FILE_BYTES).min(FILE_BYTES);
        fill(&self.file, &vec![0; used])?;
        if self.used > FILE_BYTES as u64 { self.file.set_len(FILE_BYTES as u64) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(all: &[&[u8]]) -> Records {
        let mut records = Records::default();
        for record in all {
            records.add(|into| into.extend_from_slice(record)).unwrap();
        }
        records
    }

    fn texts(records: &[&str]) -> Vec<Vec<u8>> {
        records.iter().map(|record| record.as_bytes().to_vec()).collect()
    }

    #[test]
    fn records_are_found_after_the_process_has_gone_and_forgotten_when_they_are_rows() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        assert_eq!(left(data, 7).unwrap(), texts(&[]));
        let mut journal = Journal::begin(data, 7, &[]).unwrap();
        journal.append(&records(&[b"one", b"two"])).unwrap();
        assert_eq!(left(data, 7).unwrap(), texts(&["one", "two"]));
        let taken = journal.turn().unwrap();
        assert_eq!(taken.iter().collect::<Vec<_>>(), [b"one", b"two"]);
        assert!(journal.is_empty());
        journal.append(&records(&[b"three"])).unwrap();
        assert_eq!(left(data, 7).unwrap(), texts(&["one", "two", "three"]));
        assert_eq!(left(data, 9).unwrap(), texts(&["three"]), "the first two are rows already");
        journal.release();
        assert_eq!(left(data, 9).unwrap(), texts(&["three"]));
        let bytes = paths(data).map(|path| fs::read(path).unwrap()).concat();
        assert!(!bytes.windows(3).any(|window| window == b"two"), "what was forgotten is overwritten");
        journal.turn().unwrap();
        journal.append(&records(&[b"four"])).unwrap();
        // The process dies, and the next one as well before it has committed anything.
        let carried = left(data, 9).unwrap();
        assert_eq!(carried, texts(&["three", "four"]));
        let mut next = Journal::begin(data, 9, &carried).unwrap();
        assert_eq!(left(data, 9).unwrap(), carried);
        next.append(&records(&[b"five"])).unwrap();
        assert_eq!(left(data, 9).unwrap(), texts(&["three", "four", "five"]));
        assert_eq!(left(data, 12).unwrap(), texts(&[]));
        Journal::remove(data).unwrap();
        assert_eq!(left(data, 9).unwrap(), texts(&[]));
    }

    #[test]
    fn a_death_while_records_are_carried_over_leaves_each_once() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        let mut journal = Journal::begin(data, 0, &[]).unwrap();
        journal.append(&records(&[b"one"])).unwrap();
        journal.turn().unwrap();
        journal.append(&records(&[b"two"])).unwrap();
        let behind = fs::read(&paths(data)[1]).unwrap();
        Journal::begin(data, 0, &left(data, 0).unwrap()).unwrap();
        // The first file has its name, and the second is still the old one.
        fs::write(&paths(data)[1], behind).unwrap();
        assert_eq!(left(data, 0).unwrap(), texts(&["one", "two"]));
    }

    #[test]
    fn a_record_that_was_cut_off_ends_the_file_and_older_ones_behind_it_stay_dead() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        let mut journal = Journal::begin(data, 0, &[]).unwrap();
        journal.append(&records(&[b"whole"])).unwrap();
        journal.append(&records(&[b"behind"])).unwrap();
        let path = paths(data)[0].clone();
        let mut bytes = fs::read(&path).unwrap();
        let torn = HEADER + RECORD_HEADER + 2;
        bytes[torn] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert_eq!(left(data, 0).unwrap(), texts(&[]));
        bytes[torn] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert_eq!(left(data, 0).unwrap(), texts(&["whole", "behind"]));
        bytes[5] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert_eq!(left(data, 0).unwrap(), texts(&[]), "a header that was not written whole begins nothing");
    }

    #[test]
    fn a_journal_that_cannot_be_emptied_refuses_in_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        let mut journal = Journal::begin(data, 0, &[]).unwrap();
        let large = vec![1; 1 << 20];
        let refused = (0..20).find_map(|_| journal.append(&records(&[&large])).err()).expect("it has an end");
        assert_eq!(refused.kind(), Kind::DiskFull);
        journal.turn().unwrap();
        journal.release();
        let length = |path: &PathBuf| fs::metadata(path).unwrap().len();
        assert!(paths(data).iter().all(|path| length(path) == FILE_BYTES as u64));
    }
}
