//! Reads COPY data that arrives in chunks and makes columns of it.

use crate::error::{Error, Kind, Result};
use crate::ingest::ROW_BYTES_MAX;
use crate::ingest::copy::batch::{CopyBatch, Rows};
use crate::ingest::copy::binary::BinaryParser;
use crate::ingest::copy::fields::FieldParser;
use crate::ingest::copy::json_lines::JsonParser;
use crate::ingest::copy::line::Found;
use crate::ingest::copy::options::{CopyOptions, Format};
use crate::value::{SqlType, Style, checked_text};

/// How many bytes of a line or value an error message shows.
const SHOWN_BYTES: usize = 100;

/// How many bytes a row that was cut is joined with at first, and then as many as there are of it.
const JOINED_BYTES: usize = 1024;

/// Reads the rows of one COPY. Bytes go in with [`CopyReader::push`], cut anywhere; batches come out with [`CopyReader::take_batch`]
/// and, at the end, [`CopyReader::finish`]. After an error the reader is of no more use.
pub struct CopyReader {
    table: String,
    parser: Parser,
    rows: Rows,
    /// Bytes that belong to no finished row yet.
    pending: Vec<u8>,
    /// Bytes read since the last batch was taken.
    batch_bytes: usize,
    /// Whether the mark of the end was met; what follows it is ignored.
    ended: bool,
}

enum Parser {
    /// Text and CSV.
    Fields(FieldParser),
    Json(JsonParser),
    Binary(BinaryParser),
}

/// A format of lines.
pub(super) trait LineFormat {
    /// Looks for the end of the line that starts at the first of these bytes. `last` says that no more bytes will come.
    fn find(&mut self, bytes: &[u8], last: bool) -> Result<Found>;

    /// The number of the current line, from 1.
    fn line(&self) -> u64;

    /// Goes on to the next line.
    fn next_line(&mut self);

    /// Reads a line. Its errors say where in the line they are, and on which line of which table.
    fn read(&mut self, line: &str, rows: &mut Rows, table: &str) -> Result<()>;
}

impl CopyReader {
    /// A reader of rows for these columns, in the order of the data. `table` is the table's name for messages. Where the options have a
    /// `map`, the columns are replaced by one `jsonb` column called `record`.
    ///
    /// # Errors
    /// 42P10 where an option names a column that is not among the columns.
    pub fn new(options: CopyOptions, columns: Vec<(String, SqlType)>, table: String, style: Style) -> Result<CopyReader> {
        let columns = if options.map.is_some() { vec![("record".to_owned(), SqlType::Jsonb)] } else { columns };
        let marked = |names: &[String], option: &str| -> Result<Vec<bool>> {
            if let Some(name) = names.iter().find(|name| !columns.iter().any(|(column, _)| column == *name)) {
                let message = format!("{option} column \"{name}\" not referenced by COPY");
                return Err(Error::new(Kind::InvalidColumnReference, message).with_column(name));
            }
            Ok(columns.iter().map(|(column, _)| names.contains(column)).collect())
        };
        let force_not_null = marked(&options.force_not_null, "FORCE_NOT_NULL")?;
        let force_null = marked(&options.force_null, "FORCE_NULL")?;
        let parser = match options.format {
            Format::Text | Format::Csv => Parser::Fields(FieldParser::new(options, force_not_null, force_null)),
            Format::Json => Parser::Json(JsonParser::new(&columns, options.map.is_some())),
            Format::Binary => Parser::Binary(BinaryParser::new()),
        };
        let rows = Rows::new(columns, style);
        Ok(CopyReader { table, parser, rows, pending: Vec::new(), batch_bytes: 0, ended: false })
    }

    /// Reads what the bytes complete.
    ///
    /// # Errors
    /// PostgreSQL's, with the table, line and column as context: 22P04 for data of the wrong shape, 22021 for bytes that are no UTF-8,
    /// 42703 for JSON fields that have no place, 54000 for a row longer than [`ROW_BYTES_MAX`], and those of the columns' types.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        if self.ended {
            return Ok(());
        }
        self.batch_bytes += bytes.len();
        let rest = if self.pending.is_empty() { bytes } else { self.complete(bytes)? };
        if self.pending.is_empty() && !self.ended {
            // Whole rows are read where they are; only an unfinished one is kept.
            let used = self.read(rest, false)?;
            self.pending.extend_from_slice(rest.get(used..).unwrap_or_default());
        }
        Ok(())
    }

    /// Reads the row that is pending, with as few of the next bytes as that takes, and answers those that are left. Where it needs more,
    /// it stays pending with all of them.
    fn complete<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8]> {
        let mut pending = std::mem::take(&mut self.pending);
        let mut taken = 0;
        while taken < bytes.len() && !self.ended {
            let more = bytes.get(taken..).unwrap_or_default();
            let more = more.get(..JOINED_BYTES.max(pending.len()).min(more.len())).unwrap_or_default();
            pending.extend_from_slice(more);
            taken += more.len();
            let used = self.read(&pending, false)?;
            let left = pending.len() - used;
            if used > 0 && left <= taken {
                pending.clear();
                self.pending = pending;
                return Ok(bytes.get(taken - left..).unwrap_or_default());
            }
            pending.drain(..used);
        }
        self.pending = pending;
        Ok(&[])
    }

    /// How many rows are ready.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// How many bytes were pushed since the last batch was taken, as a measure of what the rows that are ready take.
    pub fn batch_bytes(&self) -> usize {
        self.batch_bytes
    }

    /// The rows that are ready, if there are at least this many and at least one.
    pub fn take_batch(&mut self, rows_min: usize) -> Option<CopyBatch> {
        if self.rows.len() < rows_min.max(1) {
            return None;
        }
        self.batch_bytes = 0;
        Some(self.rows.take())
    }

    /// Reads what is left, once no more bytes will come, and hands out the last rows, of which there may be none.
    ///
    /// # Errors
    /// As [`CopyReader::push`].
    pub fn finish(&mut self) -> Result<CopyBatch> {
        if !self.ended {
            let pending = std::mem::take(&mut self.pending);
            self.read(&pending, true)?;
            if let Parser::Fields(parser) = &mut self.parser {
                parser.finish(&mut self.rows, &self.table)?;
            }
        }
        self.batch_bytes = 0;
        Ok(self.rows.take())
    }

    /// Reads the whole rows at the start of some bytes and answers how many bytes they took.
    fn read(&mut self, bytes: &[u8], last: bool) -> Result<usize> {
        let (rows, table) = (&mut self.rows, self.table.as_str());
        let (used, ended) = match &mut self.parser {
            Parser::Binary(parser) => (parser.read(bytes, last, rows, table)?, false),
            Parser::Fields(parser) => read_lines(parser, bytes, last, rows, table)?,
            Parser::Json(parser) => {
                let Some(start) = parser.start(bytes, last) else { return Ok(0) };
                let (used, ended) = read_lines(parser, bytes.get(start..).unwrap_or_default(), last, rows, table)?;
                (start + used, ended)
            }
        };
        self.ended |= ended;
        Ok(if ended { bytes.len() } else { used })
    }
}

/// Reads the whole lines at the start of some bytes, and answers how many bytes they took and whether they hold the mark of the end.
fn read_lines(format: &mut impl LineFormat, bytes: &[u8], last: bool, rows: &mut Rows, table: &str) -> Result<(usize, bool)> {
    let mut used = 0;
    loop {
        let rest = bytes.get(used..).unwrap_or_default();
        let found = format.find(rest, last).map_err(|error| error.with_context(at_line(table, format.line())))?;
        let (length, next, ended) = match found {
            Found::Line { length, next } => (length, next, false),
            Found::End { length: 0 } => return Ok((used, true)),
            Found::End { length } => (length, length, true),
            Found::Incomplete => {
                check_row(rest.len(), table, format.line())?;
                return Ok((used, false));
            }
        };
        check_row(length, table, format.line())?;
        let line = match checked_text(rest.get(..length).unwrap_or_default()) {
            Ok(line) => line,
            Err(error) => {
                // Where the line ends within a character, the message shows what stands in the character's place.
                let error = checked_text(rest.get(..next).unwrap_or_default()).err().unwrap_or(error);
                return Err(error.with_context(at_line(table, format.line())));
            }
        };
        format.read(line, rows, table)?;
        format.next_line();
        used += next;
        if ended {
            return Ok((used, true));
        }
    }
}

/// Refuses rows that would take too much memory.
pub(super) fn check_row(length: usize, table: &str, line: u64) -> Result<()> {
    if length <= ROW_BYTES_MAX {
        return Ok(());
    }
    Err(Error::new(Kind::ProgramLimitExceeded, format!("row of COPY data exceeds the limit of {ROW_BYTES_MAX} bytes (16 MiB)"))
        .with_hint("split the row, or keep the large value elsewhere and store a reference")
        .with_context(at_line(table, line)))
}

/// Where an error is: a line of a COPY.
pub(super) fn at_line(table: &str, line: u64) -> String {
    format!("COPY {table}, line {line}")
}

/// Where an error is: a line of a COPY and what it holds.
pub(super) fn at_text(table: &str, line: u64, text: &str) -> String {
    format!("COPY {table}, line {line}: \"{}\"", shown(text))
}

/// Where an error is: a column on a line of a COPY and its value.
pub(super) fn at_column(table: &str, line: u64, column: &str, value: Option<&str>) -> String {
    match value {
        Some(value) => format!("COPY {table}, line {line}, column {column}: \"{}\"", shown(value)),
        None => format!("COPY {table}, line {line}, column {column}: null input"),
    }
}

/// As much of a text as an error message shows.
fn shown(text: &str) -> std::borrow::Cow<'_, str> {
    if text.len() <= SHOWN_BYTES {
        return text.into();
    }
    let end = (0..=SHOWN_BYTES).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}...", text.get(..end).unwrap_or_default()).into()
}
