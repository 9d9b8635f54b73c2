//! Writes rows as COPY data: text, CSV, binary, or JSON.

use std::ops::Range;

use arrow::array::RecordBatch;

use crate::error::{Error, Kind, Result};
use crate::ingest::copy::binary::SIGNATURE;
use crate::ingest::copy::options::{CopyOptions, ForceQuote, Format, Header};
use crate::value::json::string::write_string;
use crate::value::{Formatter, SqlType, Style};

/// Writes the rows of one COPY: [`CopyWriter::header`] first, then batches, then [`CopyWriter::trailer`].
pub struct CopyWriter {
    options: CopyOptions,
    columns: Vec<OutColumn>,
    style: Style,
    /// How many rows were written.
    rows: u64,
    scratch: Vec<u8>,
}

struct OutColumn {
    name: String,
    sql_type: SqlType,
    /// Whether CSV quotes it whatever it holds.
    quoted: bool,
    /// `"name":` as a member of a JSON object.
    key: Vec<u8>,
}

impl CopyWriter {
    /// A writer of rows with these columns.
    ///
    /// # Errors
    /// 42P10 where an option names a column that is not among them.
    pub fn new(options: CopyOptions, columns: &[(String, SqlType)], style: Style) -> Result<CopyWriter> {
        if let ForceQuote::Columns(names) = &options.force_quote
            && let Some(name) = names.iter().find(|name| !columns.iter().any(|(column, _)| column == *name))
        {
            let message = format!("FORCE_QUOTE column \"{name}\" not referenced by COPY");
            return Err(Error::new(Kind::InvalidColumnReference, message).with_column(name));
        }
        let columns = columns.iter().map(|(name, sql_type)| {
            let mut key = Vec::with_capacity(name.len() + 3);
            write_string(name, &mut key);
            key.push(b':');
            let quoted = match &options.force_quote {
                ForceQuote::None => false,
                ForceQuote::All => true,
                ForceQuote::Columns(names) => names.contains(name),
            };
            OutColumn { name: name.clone(), sql_type: sql_type.clone(), quoted, key }
        });
        Ok(CopyWriter { columns: columns.collect(), options, style, rows: 0, scratch: Vec::new() })
    }

    /// How many rows were written.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Appends what stands before the rows.
    pub fn header(&mut self, out: &mut Vec<u8>) {
        match self.options.format {
            Format::Binary => {
                out.extend_from_slice(SIGNATURE);
                // No flags, and a header extension of no bytes.
                out.extend_from_slice(&[0; 8]);
            }
            Format::Json => {
                if self.options.force_array {
                    out.extend_from_slice(b"[\n");
                }
            }
            Format::Text | Format::Csv if self.options.header == Header::No => {}
            Format::Text | Format::Csv => {
                for (at, column) in self.columns.iter().enumerate() {
                    if at > 0 {
                        out.push(self.options.delimiter);
                    }
                    let start = out.len();
                    out.extend_from_slice(column.name.as_bytes());
                    if self.options.format == Format::Csv {
                        quote_csv(start, false, self.columns.len() == 1, &self.options, &mut self.scratch, out);
                    } else {
                        escape_text(start, self.options.delimiter, &mut self.scratch, out);
                    }
                }
                out.push(b'\n');
            }
        }
    }

    /// Appends the rows of a batch, whose columns stand in the order given to [`CopyWriter::new`].
    ///
    /// # Errors
    /// Those of [`Formatter::new`]; an internal error where the batch has another number of columns.
    pub fn write_batch(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<()> {
        if batch.num_columns() != self.columns.len() {
            return Err(Error::internal(format!("COPY of {} columns got {}", self.columns.len(), batch.num_columns())));
        }
        let formatters = self.formatters(batch)?;
        for row in 0..batch.num_rows() {
            self.write_row(&formatters, row, out)?;
        }
        Ok(())
    }

    /// The columns of a batch made ready, for [`CopyWriter::write_row`].
    ///
    /// # Errors
    /// Those of [`Formatter::new`].
    pub fn formatters(&self, batch: &RecordBatch) -> Result<Vec<Formatter>> {
        let pairs = self.columns.iter().zip(batch.columns());
        pairs.map(|(column, array)| Formatter::new(array, &column.sql_type, &self.style)).collect()
    }

    /// Appends one row, as for clients that take each in a message of its own.
    ///
    /// # Errors
    /// 54000 for a row that the binary format cannot hold.
    pub fn write_row(&mut self, formatters: &[Formatter], row: usize, out: &mut Vec<u8>) -> Result<()> {
        match self.options.format {
            Format::Text => self.text_row(formatters, row, out),
            Format::Csv => self.csv_row(formatters, row, out),
            Format::Binary => self.binary_row(formatters, row, out)?,
            Format::Json => self.json_row(formatters, row, out),
        }
        self.rows += 1;
        Ok(())
    }

    /// Appends what stands behind the rows.
    pub fn trailer(&mut self, out: &mut Vec<u8>) {
        match self.options.format {
            Format::Text | Format::Csv => {}
            Format::Binary => out.extend_from_slice(&(-1_i16).to_be_bytes()),
            Format::Json => {
                if self.options.force_array {
                    out.extend_from_slice(b"]\n");
                }
            }
        }
    }

    fn text_row(&mut self, formatters: &[Formatter], row: usize, out: &mut Vec<u8>) {
        for (at, formatter) in formatters.iter().enumerate() {
            if at > 0 {
                out.push(self.options.delimiter);
            }
            if formatter.is_null(row) {
                out.extend_from_slice(self.options.null.as_bytes());
                continue;
            }
            let start = out.len();
            formatter.write_text(row, out);
            escape_text(start, self.options.delimiter, &mut self.scratch, out);
        }
        out.push(b'\n');
    }

    fn csv_row(&mut self, formatters: &[Formatter], row: usize, out: &mut Vec<u8>) {
        for (at, (formatter, column)) in formatters.iter().zip(&self.columns).enumerate() {
            if at > 0 {
                out.push(self.options.delimiter);
            }
            if formatter.is_null(row) {
                out.extend_from_slice(self.options.null.as_bytes());
                continue;
            }
            let start = out.len();
            formatter.write_text(row, out);
            quote_csv(start, column.quoted, formatters.len() == 1, &self.options, &mut self.scratch, out);
        }
        out.push(b'\n');
    }

    fn binary_row(&mut self, formatters: &[Formatter], row: usize, out: &mut Vec<u8>) -> Result<()> {
        let too_much = |_| Error::new(Kind::ProgramLimitExceeded, "a row is too large for COPY's binary format");
        out.extend_from_slice(&i16::try_from(formatters.len()).map_err(too_much)?.to_be_bytes());
        for formatter in formatters {
            if formatter.is_null(row) {
                out.extend_from_slice(&(-1_i32).to_be_bytes());
                continue;
            }
            let at = out.len();
            out.extend_from_slice(&[0; 4]);
            formatter.write_binary(row, out);
            let length = i32::try_from(out.len() - at - 4).map_err(too_much)?;
            if let Some(slot) = out.get_mut(at..at + 4) {
                slot.copy_from_slice(&length.to_be_bytes());
            }
        }
        Ok(())
    }

    /// As `row_to_json` writes a row, no blanks and NULL as null, but always on one line.
    fn json_row(&mut self, formatters: &[Formatter], row: usize, out: &mut Vec<u8>) {
        if self.options.force_array {
            out.push(if self.rows == 0 { b' ' } else { b',' });
        }
        out.push(b'{');
        for (at, (formatter, column)) in formatters.iter().zip(&self.columns).enumerate() {
            if at > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&column.key);
            let start = out.len();
            formatter.write_json(row, out);
            if may_hold_lines(formatter.sql_type()) {
                // In JSON a line end is only ever white space between tokens: inside strings it is escaped.
                for byte in out.iter_mut().skip(start).filter(|byte| matches!(byte, b'\n' | b'\r')) {
                    *byte = b' ';
                }
            }
        }
        out.extend_from_slice(b"}\n");
    }
}

/// Whether the JSON of a type may hold line ends: `json` is kept as it was written.
fn may_hold_lines(sql_type: &SqlType) -> bool {
    match sql_type {
        SqlType::Json => true,
        SqlType::Array(element) | SqlType::Vector(element) => may_hold_lines(element),
        _ => false,
    }
}

/// The letter that stands for a byte behind a backslash.
fn escape_letter(byte: u8, delimiter: u8) -> Option<u8> {
    match byte {
        8 => Some(b'b'),
        9 => Some(b't'),
        10 => Some(b'n'),
        11 => Some(b'v'),
        12 => Some(b'f'),
        13 => Some(b'r'),
        b'\\' => Some(b'\\'),
        _ if byte == delimiter => Some(byte),
        _ => None,
    }
}

/// Escapes what stands in `out` from `start` on.
fn escape_text(start: usize, delimiter: u8, scratch: &mut Vec<u8>, out: &mut Vec<u8>) {
    let written = out.get(start..).unwrap_or_default();
    // Without a way out of the loop all bytes are looked at, many at once.
    let special = |byte: u8| byte < b' ' || byte == b'\\' || byte == delimiter;
    if !written.iter().fold(false, |found, byte| found | special(*byte)) {
        return;
    }
    let Some(first) = written.iter().position(|byte| escape_letter(*byte, delimiter).is_some()) else { return };
    take_back(start + first..out.len(), scratch, out);
    for byte in scratch.iter() {
        if let Some(letter) = escape_letter(*byte, delimiter) {
            out.extend_from_slice(&[b'\\', letter]);
        } else {
            out.push(*byte);
        }
    }
}

/// Quotes what stands in `out` from `start` on where it must be or is forced to be.
fn quote_csv(start: usize, forced: bool, alone: bool, options: &CopyOptions, scratch: &mut Vec<u8>, out: &mut Vec<u8>) {
    let written = out.get(start..).unwrap_or_default();
    let special = |byte: &u8| *byte == options.delimiter || *byte == options.quote || matches!(byte, b'\n' | b'\r');
    // A value that looks like NULL, or alone on its line like the mark of the end, would be read back as that.
    let needed = written == options.null.as_bytes() || (alone && written == b"\\.") || written.iter().any(special);
    if !needed && !forced {
        return;
    }
    take_back(start..out.len(), scratch, out);
    out.push(options.quote);
    for byte in scratch.iter() {
        if *byte == options.quote || *byte == options.escape {
            out.push(options.escape);
        }
        out.push(*byte);
    }
    out.push(options.quote);
}

/// Moves the end of the output into the scratch buffer.
fn take_back(range: Range<usize>, scratch: &mut Vec<u8>, out: &mut Vec<u8>) {
    scratch.clear();
    scratch.extend_from_slice(out.get(range.clone()).unwrap_or_default());
    out.truncate(range.start);
}
