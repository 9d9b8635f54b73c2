//! Finds where lines end in text and CSV data that arrives in chunks, as PostgreSQL's COPY does.
//!
//! The first line's end decides how all lines must end: `\n`, `\r\n` or `\r`. In text data a backslash makes the next byte data, so a
//! backslash before a line feed keeps the line going; in CSV data line ends inside quotes belong to the value. A line `\.` ends the data.

use crate::error::{Error, Kind, Result};
use crate::ingest::copy::options::{CopyOptions, Format};
use crate::value::scan::find_any;

/// How the lines of the data end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Unknown,
    LineFeed,
    CarriageReturn,
    Both,
}

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A line of this many bytes; the next begins at `next`.
    Line { length: usize, next: usize },
    /// The mark of the end, with this many bytes of a last line before it.
    End { length: usize },
    /// More bytes are needed.
    Incomplete,
}

/// The state of looking for the end of the current line.
pub(super) struct LineScanner {
    csv: bool,
    quote: u8,
    /// CSV's escape where it is another byte than the quote, which then simply toggles.
    escape: Option<u8>,
    ending: Ending,
    /// How many bytes of the current line have been looked at.
    at: usize,
    in_quotes: bool,
    after_escape: bool,
    /// The number of the current line, from 1; a CSV line with line ends in its values counts as several.
    pub(super) line: u64,
}

impl LineScanner {
    pub(super) fn new(options: &CopyOptions) -> Self {
        LineScanner {
            csv: options.format == Format::Csv,
            quote: options.quote,
            escape: Some(options.escape).filter(|escape| *escape != options.quote),
            ending: Ending::Unknown,
            at: 0,
            in_quotes: false,
            after_escape: false,
            line: 1,
        }
    }

    /// Looks for the end of the line that starts at the first of these bytes. `last` says that no more bytes will come.
    pub(super) fn find(&mut self, bytes: &[u8], last: bool) -> Result<Found> {
        loop {
            self.skip_plain(bytes);
            let Some(byte) = bytes.get(self.at).copied() else { break };
            let next = bytes.get(self.at + 1).copied();
            if next.is_none() && !last && matches!(byte, b'\\' | b'\r') {
                // What follows decides what this byte means.
                return Ok(Found::Incomplete);
            }
            if self.csv {
                self.track_quotes(byte);
            }
            let ends = !self.csv || !self.in_quotes;
            match byte {
                b'\r' if ends => return self.carriage_return(next),
                b'\n' if ends => return self.line_feed(),
                b'\\' if next == Some(b'.') && (!self.csv || self.at == 0) => match self.end_mark(bytes, last)? {
                    Some(found) => return Ok(found),
                    None => self.at += 1,
                },
                b'\\' if !self.csv => self.at += 2,
                _ => self.at += 1,
            }
        }
        if last && !bytes.is_empty() {
            let length = bytes.len();
            return Ok(self.end_line(length, length));
        }
        Ok(Found::Incomplete)
    }

    /// Moves over bytes that cannot matter, which are nearly all.
    fn skip_plain(&mut self, bytes: &[u8]) {
        let rest = bytes.get(self.at..).unwrap_or_default();
        let plain = if self.csv {
            let (quote, escape) = (self.quote, self.escape.unwrap_or(self.quote));
            // The bytes before may have set a state that the next byte ends.
            if self.after_escape {
                return;
            }
            find_any(rest, [b'\n', b'\r', b'\\', quote, escape])
        } else {
            find_any(rest, [b'\n', b'\r', b'\\'])
        };
        self.at += plain.unwrap_or(rest.len());
    }

    /// Keeps account of quotes in CSV data.
    fn track_quotes(&mut self, byte: u8) {
        if self.in_quotes && Some(byte) == self.escape {
            self.after_escape = !self.after_escape;
        }
        if byte == self.quote && !self.after_escape {
            self.in_quotes = !self.in_quotes;
        }
        if Some(byte) != self.escape {
            self.after_escape = false;
        }
        let counts = if self.ending == Ending::LineFeed { b'\n' } else { b'\r' };
        if self.in_quotes && byte == counts {
            self.line += 1;
        }
    }

    fn end_line(&mut self, length: usize, next: usize) -> Found {
        self.at = 0;
        self.in_quotes = false;
        self.after_escape = false;
        Found::Line { length, next }
    }

    fn carriage_return(&mut self, next: Option<u8>) -> Result<Found> {
        let length = self.at;
        match self.ending {
            Ending::Unknown | Ending::Both if next == Some(b'\n') => {
                self.ending = Ending::Both;
                Ok(self.end_line(length, length + 2))
            }
            Ending::Unknown | Ending::CarriageReturn => {
                self.ending = Ending::CarriageReturn;
                Ok(self.end_line(length, length + 1))
            }
            Ending::Both | Ending::LineFeed => Err(self.literal("carriage return", "\\r")),
        }
    }

    fn line_feed(&mut self) -> Result<Found> {
        let length = self.at;
        match self.ending {
            Ending::Unknown | Ending::LineFeed => {
                self.ending = Ending::LineFeed;
                Ok(self.end_line(length, length + 1))
            }
            Ending::Both | Ending::CarriageReturn => Err(self.literal("newline", "\\n")),
        }
    }

    fn literal(&self, name: &str, escape: &str) -> Error {
        let (kind, hint) = if self.csv {
            ("unquoted", format!("Use quoted CSV field to represent {name}."))
        } else {
            ("literal", format!("Use \"{escape}\" to represent {name}."))
        };
        Error::new(Kind::BadCopyFileFormat, format!("{kind} {name} found in data")).with_hint(hint)
    }

    /// Reads `\.` and the line end behind it. `None` says that it is data, as CSV takes whatever is not a whole mark.
    fn end_mark(&mut self, bytes: &[u8], last: bool) -> Result<Option<Found>> {
        let wrong = |message: &str| {
            if self.csv { Ok(None) } else { Err(Error::new(Kind::BadCopyFileFormat, message)) }
        };
        const CORRUPT: &str = "end-of-copy marker corrupt";
        const MISMATCH: &str = "end-of-copy marker does not match previous newline style";
        let mut after = bytes.get(self.at + 2..).unwrap_or_default().iter().copied();
        let mut end = after.next();
        if end.is_none() && !last {
            return Ok(Some(Found::Incomplete));
        }
        if self.ending == Ending::Both {
            match end {
                Some(b'\n') => return wrong(MISMATCH),
                Some(b'\r') => {}
                _ => return wrong(CORRUPT),
            }
            end = after.next();
            if end.is_none() && !last {
                return Ok(Some(Found::Incomplete));
            }
        }
        let fits = match (self.ending, end) {
            (_, None) => return wrong(CORRUPT),
            (Ending::Unknown, Some(b'\n' | b'\r')) => true,
            (Ending::LineFeed | Ending::Both, Some(b'\n')) => true,
            (Ending::CarriageReturn, Some(b'\r')) => true,
            (_, Some(b'\n' | b'\r')) => false,
            (_, Some(_)) => return wrong(CORRUPT),
        };
        if !fits {
            return Err(Error::new(Kind::BadCopyFileFormat, MISMATCH));
        }
        let length = self.at;
        self.at = 0;
        Ok(Some(Found::End { length }))
    }
}
