//! The control log as a file: entries are appended, and read back at a start or by a verifier.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::files::Layout;
use crate::error::{Error, Kind, Result};
use crate::ledger::Hash;
use crate::ledger::record::{Record, entry_leaf};
use crate::ledger::tree::Frontier;
use crate::store::crash;

/// The end of the control log.
#[derive(Debug)]
pub(crate) struct ControlLog {
    path: PathBuf,
    /// Bytes of the entries that are durable.
    length: u64,
    pub frontier: Frontier,
}

/// Reads the entries of a control log one by one. A last line that is not closed was never signed and is left out.
pub(crate) struct Entries {
    reader: Option<BufReader<File>>,
    path: PathBuf,
    /// Bytes of whole entries so far.
    pub length: u64,
}

impl Entries {
    /// A log that is not there has no entries.
    ///
    /// # Errors
    /// `IoError`.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        Self::from(path, 0)
    }

    /// The entries behind the first so many bytes.
    fn from(path: &Path, length: u64) -> Result<Self> {
        let opened = File::open(path).and_then(|mut file| file.seek(SeekFrom::Start(length)).map(|_| file));
        let reader = match opened {
            Ok(file) => Some(BufReader::with_capacity(1 << 20, file)),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => None,
            Err(cause) => return Err(Error::io("read", path, &cause)),
        };
        Ok(Entries { reader, path: path.to_owned(), length })
    }

    fn line(&mut self) -> Result<Option<String>> {
        let Some(reader) = &mut self.reader else { return Ok(None) };
        let mut line = Vec::new();
        let read = reader.read_until(b'\n', &mut line).map_err(|cause| Error::io("read", &self.path, &cause))?;
        if line.pop() != Some(b'\n') {
            return Ok(None);
        }
        self.length += read as u64;
        let broken = |_| Error::new(Kind::DataCorrupted, format!("the control log \"{}\" is no text", self.path.display()));
        String::from_utf8(line).map(Some).map_err(broken)
    }
}

impl Iterator for Entries {
    /// The text of an entry.
    type Item = Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        self.line().transpose()
    }
}

impl ControlLog {
    /// A log of which nothing was read yet.
    pub(crate) fn new(path: &Path) -> Self {
        Self::at(path, 0, Frontier::default())
    }

    /// A log whose first entries have so many bytes, and this tree.
    pub(crate) fn at(path: &Path, length: u64, frontier: Frontier) -> Self {
        ControlLog { path: path.to_owned(), length, frontier }
    }

    /// Bytes of its entries.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Reads the entries that were not read yet, and hands on each with its leaf and the tree up to it. What stands after the last whole
    /// entry is cut off with the next append.
    ///
    /// # Errors
    /// `DataCorrupted` for an entry that cannot be read, `IoError`, and what `hear` fails with.
    pub(crate) fn read_on(&mut self, mut hear: impl FnMut(Record, Hash, &Frontier) -> Result<()>) -> Result<()> {
        let mut entries = Entries::from(&self.path, self.length)?;
        while let Some(text) = entries.line()? {
            let leaf = entry_leaf(&text);
            self.frontier.push(leaf);
            hear(Record::decode(&text)?, leaf, &self.frontier)?;
        }
        self.length = entries.length;
        Ok(())
    }

    /// Appends entries and makes them durable; gives their leaves.
    ///
    /// # Errors
    /// `IoError`, `DiskFull`; then nothing was appended.
    pub(crate) fn append(&mut self, layout: &Layout, records: &[Record]) -> Result<Vec<Hash>> {
        let mut bytes = Vec::new();
        let mut leaves = Vec::with_capacity(records.len());
        for record in records {
            let text = record.encode()?;
            leaves.push(entry_leaf(&text));
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(b'\n');
        }
        layout.write_at([crash::LEDGER_BEFORE_ENTRY, crash::LEDGER_MID_ENTRY], &self.path, self.length, &bytes)?;
        self.length += bytes.len() as u64;
        leaves.iter().for_each(|leaf| self.frontier.push(*leaf));
        Ok(leaves)
    }
}
