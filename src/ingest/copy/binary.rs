//! Reads COPY's binary format (PostgreSQL 15, section on COPY, "Binary Format").

use crate::error::{Error, Kind, Result};
use crate::ingest::copy::batch::Rows;
use crate::ingest::copy::reader::{at_line, check_row};

/// What binary data starts with.
pub(super) const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
/// The flag of an obsolete form with object ids.
const WITH_OIDS: u32 = 1 << 16;
/// Flags that a reader must know.
const CRITICAL: u32 = 0xffff_0000;
/// The longest header extension; none is defined.
const EXTENSION_BYTES_MAX: usize = 1 << 20;

/// The state of reading binary data.
pub(super) struct BinaryParser {
    header_done: bool,
    /// Whether the trailer was met.
    ended: bool,
    /// The number of the current row, from 1.
    row: u64,
}

fn malformed(message: impl Into<String>) -> Error {
    Error::new(Kind::BadCopyFileFormat, message)
}

fn cut_off() -> Error {
    malformed("unexpected EOF in COPY data")
}

/// What stands where a row is expected.
enum Tuple {
    /// A row of this many bytes.
    Row(usize),
    Trailer,
    Incomplete,
}

impl BinaryParser {
    pub(super) fn new() -> Self {
        BinaryParser { header_done: false, ended: false, row: 1 }
    }

    /// Reads the whole rows at the start of some bytes and answers how many bytes they took.
    pub(super) fn read(&mut self, bytes: &[u8], last: bool, rows: &mut Rows, table: &str) -> Result<usize> {
        let mut used = 0;
        if !self.header_done {
            match header(bytes, last)? {
                Some(length) => used = length,
                None => return Ok(0),
            }
            self.header_done = true;
        }
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(used);
            }
            let with_row = |error: Error| error.with_context(at_line(table, self.row));
            if self.ended {
                return Err(with_row(malformed("received copy data after EOF marker")));
            }
            match tuple(rest, rows.columns.len()).map_err(with_row)? {
                Tuple::Incomplete if last => return Err(with_row(cut_off())),
                Tuple::Incomplete => {
                    check_row(rest.len(), table, self.row)?;
                    return Ok(used);
                }
                Tuple::Trailer => {
                    self.ended = true;
                    used += 2;
                }
                Tuple::Row(length) => {
                    check_row(length, table, self.row)?;
                    append(rest, rows, table, self.row)?;
                    rows.end_row(self.row);
                    self.row += 1;
                    used += length;
                }
            }
        }
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).map(u32::from_be_bytes)
}

/// Checks the header and answers how many bytes it takes; `None` where it is not there yet.
fn header(bytes: &[u8], last: bool) -> Result<Option<usize>> {
    let start = bytes.get(..SIGNATURE.len().min(bytes.len())).unwrap_or_default();
    if !SIGNATURE.starts_with(start) || (last && start.len() < SIGNATURE.len()) {
        return Err(malformed("COPY file signature not recognized"));
    }
    let missing = |what: &str| {
        if last { Err(malformed(format!("invalid COPY file header ({what})"))) } else { Ok(None) }
    };
    let Some(flags) = word(bytes, SIGNATURE.len()) else { return missing("missing flags") };
    if flags & WITH_OIDS != 0 {
        return Err(malformed("invalid COPY file header (WITH OIDS)"));
    }
    if flags & CRITICAL != 0 {
        return Err(malformed("unrecognized critical flags in COPY file header"));
    }
    let Some(length) = word(bytes, SIGNATURE.len() + 4) else { return missing("missing length") };
    let length = match usize::try_from(length) {
        Ok(length) if length <= EXTENSION_BYTES_MAX => length,
        _ => return Err(malformed("invalid COPY file header (wrong length)")),
    };
    let end = SIGNATURE.len() + 8 + length;
    if bytes.len() < end { missing("wrong length") } else { Ok(Some(end)) }
}

/// A field of a row.
struct Field<'a> {
    /// `None` is NULL.
    value: Option<&'a [u8]>,
    /// Where the next field begins.
    next: usize,
}

/// The field at an index; `None` where it is not there yet.
fn field(bytes: &[u8], at: usize) -> Result<Option<Field<'_>>> {
    let Some(size) = word(bytes, at) else { return Ok(None) };
    match size.cast_signed() {
        -1 => Ok(Some(Field { value: None, next: at + 4 })),
        size => {
            let size = usize::try_from(size).map_err(|_| malformed("invalid field size"))?;
            let next = at + 4 + size;
            Ok(bytes.get(at + 4..next).map(|value| Field { value: Some(value), next }))
        }
    }
}

/// Finds the end of the row that starts at the first of these bytes.
fn tuple(bytes: &[u8], columns: usize) -> Result<Tuple> {
    let [high, low, ..] = bytes else { return Ok(Tuple::Incomplete) };
    let count = i16::from_be_bytes([*high, *low]);
    if count == -1 {
        return Ok(Tuple::Trailer);
    }
    if usize::try_from(count) != Ok(columns) {
        return Err(malformed(format!("row field count is {count}, expected {columns}")));
    }
    let mut at = 2;
    for _ in 0..columns {
        match field(bytes, at)? {
            Some(field) => at = field.next,
            None => return Ok(Tuple::Incomplete),
        }
    }
    Ok(Tuple::Row(at))
}

/// Appends the values of a whole row.
fn append(bytes: &[u8], rows: &mut Rows, table: &str, row: u64) -> Result<()> {
    let mut at = 2;
    for column in 0..rows.columns.len() {
        let Some(field) = field(bytes, at)? else { return Err(cut_off()) };
        at = field.next;
        match field.value {
            None => rows.append_null(column)?,
            Some(value) => {
                let read = rows.values(column).and_then(|(values, _)| values.append_binary(value));
                read.map_err(|error| {
                    let name = rows.columns.get(column).map(|column| column.name.as_str()).unwrap_or_default();
                    error.with_context(format!("COPY {table}, line {row}, column {name}"))
                })?;
            }
        }
    }
    Ok(())
}
