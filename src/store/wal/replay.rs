//! Reading the log back: whole runs in order, from the first file that is left to the end of the last.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::frame::{self, CommitMark, Found, Frame, FrameKind};
use super::{WalFile, list, named};
use crate::error::{Error, Kind, Result};
use crate::store::definition::Definition;
use crate::store::durable::sync_dir;

/// What a log tells, in order.
#[derive(Debug)]
pub(crate) enum Told {
    /// The head of the first file: every table in force before its first commit.
    Head(Vec<Definition>),
    /// One whole commit without its mark.
    Run { sequence: u64, frames: Vec<Frame> },
}

/// What is known after a log was read.
#[derive(Debug)]
pub(crate) struct Replayed {
    pub files: Vec<WalFile>,
    /// The last whole commit, 0 if there never was one.
    pub last_sequence: u64,
}

/// Reads a folder's log and hands on what it tells; cuts off a torn end.
///
/// # Errors
/// `DataCorrupted` naming file, offset and remedy when anything but the end of the last file is damaged.
pub(crate) fn replay(dir: &Path, listener: impl FnMut(Told) -> Result<()>) -> Result<Replayed> {
    read(dir, list(dir)?, true, listener)
}

/// As [`replay`], without writing anything: a torn end is left as it is.
///
/// # Errors
/// As there.
pub(crate) fn look(dir: &Path, listener: impl FnMut(Told) -> Result<()>) -> Result<Replayed> {
    read(dir, named(dir)?.0, false, listener)
}

fn read(dir: &Path, files: Vec<WalFile>, mend: bool, mut listener: impl FnMut(Told) -> Result<()>) -> Result<Replayed> {
    let mut expected: Option<u64> = None;
    for (index, file) in files.iter().enumerate() {
        if let Some(expected) = expected
            && file.first_sequence != expected
        {
            let missing = dir.join(super::file_name(expected));
            return Err(Error::new(
                Kind::DataCorrupted,
                format!("the write-ahead log lacks the file \"{}\" before \"{}\"", missing.display(), file.path.display()),
            )
            .with_hint("restore the missing file from a backup"));
        }
        let last = index + 1 == files.len();
        let next = FileReader::open(file, index == 0, last, mend)?.run(&mut listener)?;
        expected = Some(next);
    }
    Ok(Replayed { last_sequence: expected.map_or(0, |next| next - 1), files })
}

struct FileReader<'a> {
    file: &'a WalFile,
    reader: BufReader<File>,
    first: bool,
    last: bool,
    /// Whether a torn end is cut off.
    mend: bool,
    /// Where the next frame begins.
    offset: u64,
}

impl<'a> FileReader<'a> {
    fn open(file: &'a WalFile, first: bool, last: bool, mend: bool) -> Result<Self> {
        let opened = File::open(&file.path).map_err(|cause| Error::io("open", &file.path, &cause))?;
        Ok(FileReader { file, reader: BufReader::with_capacity(1 << 20, opened), first, last, mend, offset: 0 })
    }

    fn next(&mut self) -> Result<Found> {
        let found = frame::read(&mut self.reader).map_err(|cause| Error::io("read", &self.file.path, &cause))?;
        if let Found::Frame(_, length) = &found {
            self.offset += length;
        }
        Ok(found)
    }

    fn damaged(&self, offset: u64, what: &str) -> Error {
        Error::new(
            Kind::DataCorrupted,
            format!("the write-ahead log file \"{}\" is damaged at byte {offset}: {what}", self.file.path.display()),
        )
        .with_hint("restore the file from a backup; commits from there on cannot be read")
    }

    /// Reads the whole file and says which commit comes next.
    fn run(mut self, listener: &mut impl FnMut(Told) -> Result<()>) -> Result<u64> {
        let definitions = self.head()?;
        if self.first {
            listener(Told::Head(definitions))?;
        }
        let mut sequence = self.file.first_sequence;
        loop {
            let start = self.offset;
            match self.one_run(sequence)? {
                RunFound::Run(frames) => {
                    listener(Told::Run { sequence, frames }).map_err(|error| {
                        error.with_context(format!("the write-ahead log file \"{}\", byte {start}", self.file.path.display()))
                    })?;
                    sequence += 1;
                }
                RunFound::End => return Ok(sequence),
                RunFound::Bad { at, what } => {
                    self.cut_or_refuse(start, at, what)?;
                    return Ok(sequence);
                }
            }
        }
    }

    fn head(&mut self) -> Result<Vec<Definition>> {
        let mut definitions = Vec::new();
        loop {
            let at = self.offset;
            match self.next()? {
                Found::Frame(frame, _) if frame.sequence.checked_add(1) != Some(self.file.first_sequence) => {
                    return Err(self.damaged(at, "its head belongs to another file"));
                }
                Found::Frame(frame, _) => match frame.kind {
                    FrameKind::Define => definitions.push(Definition::decode(&frame.payload)?),
                    FrameKind::Head => return Ok(definitions),
                    FrameKind::Drop | FrameKind::Rows | FrameKind::Load | FrameKind::Commit => {
                        return Err(self.damaged(at, "its head is not closed"));
                    }
                },
                Found::End => return Err(self.damaged(at, "its head is cut short")),
                Found::Bad(what) => return Err(self.damaged(at, what)),
            }
        }
    }

    fn one_run(&mut self, sequence: u64) -> Result<RunFound> {
        let mut frames = Vec::new();
        loop {
            let at = self.offset;
            let frame = match self.next()? {
                Found::Frame(frame, _) => frame,
                Found::End if frames.is_empty() => return Ok(RunFound::End),
                Found::End => return Ok(RunFound::Bad { at, what: "a commit is not closed" }),
                Found::Bad(what) => return Ok(RunFound::Bad { at, what }),
            };
            if frame.sequence != sequence {
                return Err(self.damaged(at, &format!("commit {} stands where {sequence} is due", frame.sequence)));
            }
            match frame.kind {
                FrameKind::Define | FrameKind::Drop | FrameKind::Rows | FrameKind::Load => frames.push(frame),
                FrameKind::Commit => {
                    let mark = CommitMark::decode(&frame.payload);
                    if mark.map(|mark| mark.frames as usize) != Some(frames.len()) {
                        return Err(self.damaged(at, "a commit mark does not fit its frames"));
                    }
                    return Ok(RunFound::Run(frames));
                }
                FrameKind::Head => return Err(self.damaged(at, "a head stands among commits")),
            }
        }
    }

    /// A bad end of the last file that nobody was told of is cut off; anything else is refused.
    fn cut_or_refuse(&mut self, start: u64, at: u64, what: &'static str) -> Result<()> {
        if !self.last {
            return Err(self.damaged(at, what));
        }
        let path = &self.file.path;
        let rest = (|| {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(at))?;
            let mut rest = Vec::new();
            file.read_to_end(&mut rest)?;
            Ok(rest)
        })()
        .map_err(|cause| Error::io("read", path, &cause))?;
        if frame::vouched(&rest).is_some_and(|durable| durable > start) {
            return Err(self.damaged(at, &format!("{what}, though it was once durable")));
        }
        if !self.mend {
            return Ok(());
        }
        tracing::warn!(
            file = %path.display(),
            offset = start,
            bytes = at - start + rest.len() as u64,
            reason = what,
            "cut off the torn end of the write-ahead log; no commit in it was acknowledged"
        );
        let cut = || {
            let file = File::options().write(true).open(path)?;
            file.set_len(start)?;
            file.sync_all()?;
            path.parent().map_or(Ok(()), sync_dir)
        };
        cut().map_err(|cause| Error::io("cut the torn end of", path, &cause))
    }
}

enum RunFound {
    Run(Vec<Frame>),
    End,
    Bad { at: u64, what: &'static str },
}
