//! The journal: small records that must survive the death of the process at once, and that of the machine a moment later.
//!
//! A record is handed to the operating system before its writer goes on, and nobody waits for a disk. Soon after, its owner commits
//! many records as rows of one table, which is durable, and the journal forgets them. What is found in it at a start are the records of
//! the last moment: which of them are rows already, the number of rows that the table has had tells, because nobody else adds any.
//!
//! Two files take turns, `<data>/journal/0` and `1`: while the records of one are committed, the other takes new ones. Both are filled
//! with zeros to their size when they are made, so that a disk that fills up later does not keep a record out.
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
    buffer: Vec<u8>,
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

/// Appends a record as a file of this generation has it.
fn put(generation: u64, record: &[u8], into: &mut Vec<u8>) -> Result<()> {
    let length = u32::try_from(record.len()).map_err(|_| Error::internal("a record is too long for the journal"))?.to_le_bytes();
    into.extend_from_slice(&length);
    into.extend_from_slice(&checksum(generation, length, record).to_le_bytes());
    into.extend_from_slice(record);
    Ok(())
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
        let mut bytes = header(generation, rows, generation);
        for record in left {
            put(generation, record, &mut bytes)?;
        }
        let [one, other] = paths(data);
        // The new file has its name at once, and from then on the old ones no longer count.
        let first = JournalFile::make(one.with_extension("new"), &bytes)?;
        fs::rename(&first.path, &one).map_err(|cause| Error::io("prepare the journal", &one, &cause))?;
        let files = [JournalFile { path: one, ..first }, JournalFile::make(other, &[])?];
        Ok(Journal { files, current: 0, generation, buffer: Vec::new() })
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

    /// Writes a record. When this returns the operating system has it.
    ///
    /// # Errors
    /// `DiskFull` when more waits to be committed than may; `IoError` when the system refuses.
    pub fn append(&mut self, record: &[u8]) -> Result<()> {
        let file = &mut self.files[self.current];
        if file.used + record.len() as u64 > FILE_BYTES_MAX {
            return Err(Error::new(Kind::DiskFull, format!("the journal \"{}\" is full", file.path.display())));
        }
        self.buffer.clear();
        put(self.generation, record, &mut self.buffer)?;
        let written = file.file.write_all_at(&self.buffer, file.used);
        written.map_err(|cause| Error::io("write the journal", &file.path, &cause))?;
        file.used += self.buffer.len() as u64;
        Ok(())
    }

    /// Lets the other file take the records from now on, the first of which will be the table's row after these. The caller has
    /// released it.
    ///
    /// # Errors
    /// `IoError` when the system refuses; records go on into the same file then.
    pub fn turn(&mut self, first_row: u64) -> Result<()> {
        let generation = self.generation + 1;
        // Both files count until this one's records are rows, too.
        let header = header(generation, first_row, 0);
        let other = 1 - self.current;
        let file = &mut self.files[other];
        file.file.write_all_at(&header, 0).map_err(|cause| Error::io("write the journal", &file.path, &cause))?;
        file.used = HEADER as u64;
        (self.current, self.generation) = (other, generation);
        Ok(())
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

impl JournalFile {
    /// A file that begins with these bytes.
    fn make(path: PathBuf, bytes: &[u8]) -> Result<JournalFile> {
        let mut whole = bytes.to_vec();
        whole.resize(bytes.len().max(FILE_BYTES), 0);
        let make = || {
            let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
            file.write_all_at(&whole, 0)?;
            Ok(file)
        };
        let file = make().map_err(|cause: io::Error| Error::io("prepare the journal", &path, &cause))?;
        Ok(JournalFile { file, path, used: bytes.len() as u64 })
    }

    fn wipe(&self) -> io::Result<()> {
        let used = usize::try_from(self.used).unwrap_or(FILE_BYTES).min(FILE_BYTES);
        self.file.write_all_at(&vec![0; used], 0)?;
        if self.used > FILE_BYTES as u64 { self.file.set_len(FILE_BYTES as u64) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(records: &[&str]) -> Vec<Vec<u8>> {
        records.iter().map(|record| record.as_bytes().to_vec()).collect()
    }

    #[test]
    fn records_are_found_after_the_process_has_gone_and_forgotten_when_they_are_rows() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        assert_eq!(left(data, 7).unwrap(), texts(&[]));
        let mut journal = Journal::begin(data, 7, &[]).unwrap();
        journal.append(b"one").unwrap();
        journal.append(b"two").unwrap();
        assert_eq!(left(data, 7).unwrap(), texts(&["one", "two"]));
        journal.turn(9).unwrap();
        journal.append(b"three").unwrap();
        assert_eq!(left(data, 7).unwrap(), texts(&["one", "two", "three"]));
        assert_eq!(left(data, 9).unwrap(), texts(&["three"]), "the first two are rows already");
        journal.release();
        assert_eq!(left(data, 9).unwrap(), texts(&["three"]));
        let bytes = paths(data).map(|path| fs::read(path).unwrap()).concat();
        assert!(!bytes.windows(3).any(|window| window == b"two"), "what was forgotten is overwritten");
        journal.turn(10).unwrap();
        journal.append(b"four").unwrap();
        // The process dies, and the next one as well before it has committed anything.
        let carried = left(data, 9).unwrap();
        assert_eq!(carried, texts(&["three", "four"]));
        let mut next = Journal::begin(data, 9, &carried).unwrap();
        assert_eq!(left(data, 9).unwrap(), carried);
        next.append(b"five").unwrap();
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
        journal.append(b"one").unwrap();
        journal.turn(1).unwrap();
        journal.append(b"two").unwrap();
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
        journal.append(b"whole").unwrap();
        journal.append(b"behind").unwrap();
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
        let record = vec![1; 1 << 20];
        let refused = (0..20).find_map(|_| journal.append(&record).err()).expect("it has an end");
        assert_eq!(refused.kind(), Kind::DiskFull);
        journal.turn(16).unwrap();
        journal.release();
        let length = |path: &PathBuf| fs::metadata(path).unwrap().len();
        assert!(paths(data).iter().all(|path| length(path) == FILE_BYTES as u64));
    }
}
