//! Makes rows of JSON Lines: one object a line, its fields by the columns' names.

use std::collections::HashMap;
use std::ops::Range;

use crate::error::{Error, Kind, Result};
use crate::ingest::copy::batch::Rows;
use crate::ingest::copy::details::{details_column, merge};
use crate::ingest::copy::line::Found;
use crate::ingest::copy::reader::{LineFormat, at_column, at_line};
use crate::value::json::reader::{Event, Reader, Strictness};
use crate::value::json::string::unescape;
use crate::value::scan::find_any;
use crate::value::{ColumnBuilder, SqlType, Style};

/// What a byte order mark looks like in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What a field's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Null,
    String {
        escaped: bool,
    },
    /// A number, true or false.
    Plain,
    Array,
    Object,
}

/// A field's value, and where it stands in the line.
#[derive(Debug, Clone, Copy)]
struct Value {
    shape: Shape,
    start: usize,
    end: usize,
}

impl Value {
    fn text(self, line: &str) -> &str {
        line.get(self.start..self.end).unwrap_or_default()
    }
}

/// What the object of a line gives; its buffers are used again for the next line.
#[derive(Default)]
struct Given {
    /// For each column its value, `None` where the object says nothing about it.
    values: Vec<Option<Value>>,
    /// Where the fields that are no columns stand: key and value, as written.
    unknown: Vec<(Range<usize>, Range<usize>)>,
    /// What becomes of them with the details.
    object: String,
}

/// The state of reading JSON Lines.
pub(super) struct JsonParser {
    /// Columns by name.
    columns: HashMap<String, usize>,
    details: Option<usize>,
    /// Each line is one value of the only column.
    whole: bool,
    /// The fields of the line before, as written, with their columns: most lines have the same in the same order.
    known: Vec<(String, Option<usize>)>,
    started: bool,
    line: u64,
    /// How many bytes of the current line have been looked at.
    scanned: usize,
    given: Given,
    scratch: String,
}

impl JsonParser {
    pub(super) fn new(columns: &[(String, SqlType)], whole: bool) -> Self {
        JsonParser {
            columns: columns.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect(),
            details: details_column(columns),
            whole,
            known: Vec::new(),
            started: false,
            line: 1,
            scanned: 0,
            given: Given::default(),
            scratch: String::new(),
        }
    }

    /// Where the first line starts among the first bytes, behind a byte order mark; `None` where more bytes must decide.
    pub(super) fn start(&mut self, bytes: &[u8], last: bool) -> Option<usize> {
        if self.started {
            return Some(0);
        }
        if !last && bytes.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(bytes) {
            return None;
        }
        self.started = true;
        Some(if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 })
    }

    /// The column of a key, given as written with its quotes; `None` where there is no such column.
    fn column(&mut self, position: usize, key: &str, escaped: bool) -> Result<Option<usize>> {
        if let Some((known, column)) = self.known.get(position)
            && known == key
        {
            return Ok(*column);
        }
        self.scratch.clear();
        unescaped(key, escaped, &mut self.scratch)?;
        let column = self.columns.get(&self.scratch).copied();
        self.known.truncate(position);
        self.known.push((key.to_owned(), column));
        Ok(column)
    }

    /// Reads the object of a line into [`Given`]: each column's value, and the fields that are no columns.
    fn object(&mut self, line: &str, columns: usize) -> Result<()> {
        self.given.values.clear();
        self.given.values.resize(columns, None);
        self.given.unknown.clear();
        let mut reader = Reader::new(line, Strictness::Json);
        if reader.next_event()? != Event::ObjectStart {
            return Err(Error::new(Kind::BadCopyFileFormat, "a line of JSON data must hold one object")
                .with_hint("write one object a line, with the columns' names as keys"));
        }
        let mut position = 0;
        loop {
            match reader.next_event()? {
                Event::Key { text, escaped } => {
                    let key = reader.key_start()..reader.key_start() + text.len();
                    let column = self.column(position, text, escaped)?;
                    let value = value(&mut reader)?;
                    match column.and_then(|column| self.given.values.get_mut(column)) {
                        // As in a jsonb object, the last of equal keys counts.
                        Some(slot) => *slot = Some(value),
                        None => self.given.unknown.push((key, value.start..value.end)),
                    }
                    position += 1;
                }
                Event::ObjectEnd => {}
                Event::End => return Ok(()),
                Event::ObjectStart
                | Event::ArrayStart
                | Event::ArrayEnd
                | Event::String { .. }
                | Event::Number(_)
                | Event::Bool(_)
                | Event::Null => return Err(Error::internal("a JSON object has a value without a key")),
            }
        }
    }

    fn row(&mut self, line: &str, rows: &mut Rows, table: &str) -> Result<()> {
        let number = self.line;
        let with_line = |error: Error| error.with_context(at_line(table, number));
        self.object(line, rows.columns.len()).map_err(with_line)?;
        if let (Some((key, _)), None) = (self.given.unknown.first(), self.details) {
            let mut name = String::new();
            unescape(line.get(key.clone()).unwrap_or_default(), &mut name);
            return Err(with_line(
                Error::new(Kind::UndefinedColumn, format!("column \"{name}\" of relation \"{table}\" does not exist"))
                    .with_column(&name)
                    .with_hint("add the column, or a jsonb column called details, which takes the fields that are no columns"),
            ));
        }
        for at in 0..rows.columns.len() {
            let value = self.given.values.get(at).copied().flatten();
            let appended = if self.details == Some(at) && !self.given.unknown.is_empty() {
                self.append_details(at, value, line, rows)
            } else {
                match value {
                    None => rows.append_absent(at),
                    Some(value) => self.append(at, value, line, rows),
                }
            };
            appended.map_err(|error| {
                let name = rows.columns.get(at).map(|column| column.name.as_str()).unwrap_or_default();
                error.with_context(at_column(table, number, name, Some(value.map_or("", |value| value.text(line)))))
            })?;
        }
        rows.end_row(number);
        Ok(())
    }

    /// Appends the object of the fields that are no columns, with what is given for the column itself.
    fn append_details(&mut self, column: usize, value: Option<Value>, line: &str, rows: &mut Rows) -> Result<()> {
        let Given { unknown, object, .. } = &mut self.given;
        let given = value.filter(|value| value.shape != Shape::Null).map(|value| value.text(line));
        let text = |range: &Range<usize>| line.get(range.clone()).unwrap_or_default();
        let unknown = unknown.iter().map(|(key, value)| (text(key), text(value)));
        let name = rows.columns.get(column).map(|column| column.name.as_str()).unwrap_or_default();
        object.clear();
        merge(unknown, given, name, object)?;
        rows.append_text(column, object)
    }

    /// Appends a field's value: JSON as it stands for JSON columns, else strings without their quotes and everything else as text.
    fn append(&mut self, column: usize, value: Value, line: &str, rows: &mut Rows) -> Result<()> {
        let (values, style) = rows.values(column)?;
        let text = value.text(line);
        match (values.sql_type(), value.shape) {
            (_, Shape::Null) => {
                values.append_null();
                Ok(())
            }
            (SqlType::Json | SqlType::Jsonb, _) => values.append_text(text, style),
            (SqlType::Array(_), Shape::Array) => append_elements(text, values, style, &mut self.scratch),
            (_, Shape::String { escaped: false }) => values.append_text(text.get(1..text.len() - 1).unwrap_or_default(), style),
            (_, Shape::String { escaped: true }) => {
                self.scratch.clear();
                unescaped(text, true, &mut self.scratch)?;
                values.append_text(&self.scratch, style)
            }
            (_, Shape::Plain | Shape::Array | Shape::Object) => values.append_text(text, style),
        }
    }
}

impl LineFormat for JsonParser {
    fn find(&mut self, bytes: &[u8], last: bool) -> Result<Found> {
        let rest = bytes.get(self.scanned..).unwrap_or_default();
        let end = find_any(rest, [b'\n']).map(|at| self.scanned + at);
        let (length, next) = match end {
            Some(end) => (end, end + 1),
            None if last && !bytes.is_empty() => (bytes.len(), bytes.len()),
            None => {
                self.scanned = bytes.len();
                return Ok(Found::Incomplete);
            }
        };
        self.scanned = 0;
        Ok(Found::Line { length, next })
    }

    fn line(&self) -> u64 {
        self.line
    }

    fn next_line(&mut self) {
        self.line += 1;
    }

    fn read(&mut self, line: &str, rows: &mut Rows, table: &str) -> Result<()> {
        if line.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r')) {
            return Ok(());
        }
        if !self.whole {
            return self.row(line, rows, table);
        }
        rows.append_text(0, line).map_err(|error| error.with_context(at_line(table, self.line)))?;
        rows.end_row(self.line);
        Ok(())
    }
}

/// Reads the value that follows and answers where it stands.
fn value(reader: &mut Reader<'_>) -> Result<Value> {
    let depth = reader.depth();
    let first = reader.next_event()?;
    let (start, mut end) = reader.span();
    let shape = match first {
        Event::Null => Shape::Null,
        Event::String { escaped, .. } => Shape::String { escaped },
        Event::Number(_) | Event::Bool(_) => Shape::Plain,
        Event::ArrayStart => Shape::Array,
        Event::ObjectStart => Shape::Object,
        Event::Key { .. } | Event::ObjectEnd | Event::ArrayEnd | Event::End => {
            return Err(Error::internal("a JSON key has no value"));
        }
    };
    while reader.depth() > depth {
        reader.next_event()?;
        end = reader.span().1;
    }
    Ok(Value { shape, start, end })
}

/// Appends what a JSON string stands for, having checked that it stands for a text.
fn unescaped(quoted: &str, escaped: bool, out: &mut String) -> Result<()> {
    if escaped {
        Reader::new(quoted, Strictness::Jsonb).next_event()?;
    }
    unescape(quoted, out);
    Ok(())
}

/// Appends a JSON array to a column of arrays, element by element.
fn append_elements(text: &str, values: &mut ColumnBuilder, style: &Style, scratch: &mut String) -> Result<()> {
    let mut reader = Reader::new(text, Strictness::Json);
    reader.next_event()?;
    let as_json = matches!(values.sql_type(), SqlType::Array(element) if matches!(**element, SqlType::Json | SqlType::Jsonb));
    let mut list = values.begin_list()?;
    loop {
        let depth = reader.depth();
        let event = reader.next_event()?;
        let (start, mut end) = reader.span();
        match event {
            Event::ArrayEnd | Event::End => break,
            Event::Null => list.append_null(),
            Event::String { text, escaped } if !as_json => {
                scratch.clear();
                unescaped(text, escaped, scratch)?;
                list.append_text(scratch, style)?;
            }
            Event::String { .. }
            | Event::Number(_)
            | Event::Bool(_)
            | Event::ArrayStart
            | Event::ObjectStart
            | Event::ObjectEnd
            | Event::Key { .. } => {
                while reader.depth() > depth {
                    reader.next_event()?;
                    end = reader.span().1;
                }
                list.append_text(text.get(start..end).unwrap_or_default(), style)?;
            }
        }
    }
    list.end()
}
