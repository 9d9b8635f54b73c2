//! Makes rows of lines of text and CSV data, and checks their header.

use crate::error::{Error, Kind, Result};
use crate::ingest::copy::batch::Rows;
use crate::ingest::copy::csv;
use crate::ingest::copy::line::{Found, LineScanner};
use crate::ingest::copy::options::{CopyOptions, Format, Header};
use crate::ingest::copy::reader::{LineFormat, at_column, at_text};
use crate::ingest::copy::text::{self, Field, Fields};

/// The state of reading text or CSV data.
pub(super) struct FieldParser {
    options: CopyOptions,
    lines: LineScanner,
    fields: Fields,
    /// For each column, whether its unquoted values are never NULL.
    force_not_null: Vec<bool>,
    /// For each column, whether its quoted values may be NULL.
    force_null: Vec<bool>,
    header_pending: bool,
}

impl FieldParser {
    pub(super) fn new(options: CopyOptions, force_not_null: Vec<bool>, force_null: Vec<bool>) -> Self {
        FieldParser {
            lines: LineScanner::new(&options),
            fields: Fields::default(),
            force_not_null,
            force_null,
            header_pending: options.header != Header::No,
            options,
        }
    }

    fn split(&mut self, line: &str) -> Result<()> {
        match self.options.format {
            Format::Csv => csv::split(line, &self.options, &mut self.fields),
            Format::Text | Format::Binary | Format::Json => {
                text::split(line, self.options.delimiter, &self.options.null, &mut self.fields);
                Ok(())
            }
        }
    }

    /// Checks that a header that must match was there at all.
    pub(super) fn finish(&mut self, rows: &mut Rows, table: &str) -> Result<()> {
        if self.header_pending { self.read("", rows, table) } else { Ok(()) }
    }

    /// Compares the header with the columns.
    fn check_header(&mut self, line: &str, rows: &Rows) -> Result<()> {
        self.split(line)?;
        let wrong = |message| Err(Error::new(Kind::BadCopyFileFormat, message));
        let (found, expected) = (self.fields.list.len(), rows.columns.len());
        if found != expected {
            return wrong(format!("wrong number of fields in header line: got {found}, expected {expected}"));
        }
        for (at, (field, column)) in self.fields.list.iter().zip(&rows.columns).enumerate() {
            let name = &column.name;
            let number = at + 1;
            match self.fields.text(line, field)? {
                Some(found) if found == name => {}
                Some(found) => {
                    return wrong(format!(
                        "column name mismatch in header line field {number}: got \"{found}\", expected \"{name}\""
                    ));
                }
                None => {
                    let null = &self.options.null;
                    return wrong(format!(
                        "column name mismatch in header line field {number}: got null value (\"{null}\"), expected \"{name}\""
                    ));
                }
            }
        }
        Ok(())
    }
}

/// A value's text once the options that force NULL or not have been heard; `None` is NULL.
fn forced<'a>(text: Option<&'a str>, null: &'a str, never: bool, also_quoted: bool) -> Option<&'a str> {
    match text {
        None if never => Some(null),
        Some(text) if also_quoted && text == null => None,
        other => other,
    }
}

impl LineFormat for FieldParser {
    fn find(&mut self, bytes: &[u8], last: bool) -> Result<Found> {
        self.lines.find(bytes, last)
    }

    fn line(&self) -> u64 {
        self.lines.line
    }

    fn next_line(&mut self) {
        self.lines.line += 1;
    }

    fn read(&mut self, line: &str, rows: &mut Rows, table: &str) -> Result<()> {
        let number = self.lines.line;
        let with_line = |error: Error| error.with_context(at_text(table, number, line));
        if std::mem::replace(&mut self.header_pending, false) {
            return match self.options.header {
                Header::Match => self.check_header(line, rows).map_err(with_line),
                Header::Yes | Header::No => Ok(()),
            };
        }
        self.split(line).map_err(with_line)?;
        let columns = rows.columns.len();
        let extra = match self.fields.list.as_slice() {
            // A table without columns has empty lines for rows.
            [Field::Plain(range)] if columns == 0 => !range.is_empty(),
            [Field::Null] if columns == 0 => !line.is_empty(),
            fields => fields.len() > columns,
        };
        if extra {
            return Err(with_line(Error::new(Kind::BadCopyFileFormat, "extra data after last expected column")));
        }
        for column in 0..columns {
            let Some(field) = self.fields.list.get(column) else {
                let name = rows.columns.get(column).map(|column| column.name.as_str()).unwrap_or_default();
                let message = format!("missing data for column \"{name}\"");
                return Err(with_line(Error::new(Kind::BadCopyFileFormat, message).with_column(name)));
            };
            let text = self.fields.text(line, field).map_err(with_line)?;
            let never = self.force_not_null.get(column).copied().unwrap_or(false);
            let also_quoted = self.force_null.get(column).copied().unwrap_or(false);
            match forced(text, &self.options.null, never, also_quoted) {
                None => rows.append_null(column)?,
                Some(text) => rows.append_text(column, text).map_err(|error| {
                    let name = rows.columns.get(column).map(|column| column.name.as_str()).unwrap_or_default();
                    error.with_context(at_column(table, number, name, Some(text)))
                })?,
            }
        }
        rows.end_row(number);
        Ok(())
    }
}
