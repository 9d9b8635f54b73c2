//! Rows on their way out: record batches become DataRow messages as they arrive, written at once when enough has gathered.
//!
//! No row is held as a message of its own: a portion of rows is formatted straight into bytes, and the next portion only after the
//! client has taken this one.

use arrow::array::RecordBatch;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use pgwire::messages::data::{FieldDescription, MESSAGE_TYPE_BYTE_DATA_ROW, RowDescription};

use super::cancel::Interrupt;
use super::error::Failure;
use super::wire::{FLUSH_BYTES, Wire};
use crate::error::{Error, Kind, Result};
use crate::query::errors;
use crate::query::session::Column;
use crate::value::{Formatter, SqlType, Style};

/// Columns that a result may have, as in PostgreSQL.
const COLUMNS_MAX: usize = 1664;

/// How values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text,
    Binary,
}

impl Format {
    /// # Errors
    /// 22023 for anything but 0 and 1.
    pub(super) fn of_code(code: i16) -> Result<Self> {
        match code {
            0 => Ok(Format::Text),
            1 => Ok(Format::Binary),
            _ => Err(Error::new(Kind::InvalidParameterValue, format!("unsupported format code: {code}"))),
        }
    }

    pub(super) fn code(self) -> i16 {
        match self {
            Format::Text => 0,
            Format::Binary => 1,
        }
    }
}

/// The format of each column, from what a client sent: nothing for text, one code for all columns, or one for each.
///
/// # Errors
/// 08P01 for another number of codes.
pub(super) fn result_formats(codes: &[i16], columns: usize) -> Result<Vec<Format>> {
    match codes {
        [] => Ok(vec![Format::Text; columns]),
        [code] => Ok(vec![Format::of_code(*code)?; columns]),
        codes if codes.len() == columns => codes.iter().map(|code| Format::of_code(*code)).collect(),
        codes => Err(Error::new(
            Kind::ProtocolViolation,
            format!("bind message has {} result formats but query has {columns} columns", codes.len()),
        )),
    }
}

/// # Errors
/// 54000 for more columns than the protocol's clients expect.
pub(super) fn row_description(columns: &[Column], formats: &[Format]) -> Result<RowDescription> {
    if columns.len() > COLUMNS_MAX {
        return Err(Error::new(Kind::ProgramLimitExceeded, format!("a result can have at most {COLUMNS_MAX} columns")));
    }
    let field = |(column, format): (&Column, &Format)| {
        FieldDescription::new(
            column.name.replace('\0', ""),
            column.table_oid.cast_signed(),
            column.attribute,
            column.sql_type.oid(),
            column.sql_type.length(),
            column.sql_type.modifier(),
            format.code(),
        )
    };
    Ok(RowDescription::new(columns.iter().zip(formats).map(field).collect()))
}

/// A result on its way to the client.
pub(super) struct RowSource {
    rows: SendableRecordBatchStream,
    shape: Shape,
    tag: &'static str,
}

/// How rows are written.
struct Shape {
    columns: Vec<(SqlType, Format)>,
    style: Style,
}

/// Appends the rows of a batch as they go to a client, each a DataRow message, for who measures that without a client.
///
/// # Errors
/// Those of [`Formatter::new`]; 54000 for a row that is larger than a message can be.
pub fn data_rows(batch: &RecordBatch, types: &[SqlType], format: Format, style: &Style, into: &mut Vec<u8>) -> Result<()> {
    let shape = Shape { columns: types.iter().map(|sql_type| (sql_type.clone(), format)).collect(), style: style.clone() };
    let mut cells = shape.cells(batch)?;
    while cells.at < cells.rows {
        cells.data_row(into)?;
        cells.at += 1;
    }
    Ok(())
}

/// One batch's values, ready to be written.
struct Cells {
    columns: Vec<(Formatter, Format)>,
    rows: usize,
    /// Rows that have been sent.
    at: usize,
}

impl RowSource {
    pub(super) fn new(
        columns: &[Column],
        formats: Vec<Format>,
        rows: SendableRecordBatchStream,
        tag: &'static str,
        style: Style,
    ) -> Self {
        let columns = columns.iter().map(|column| column.sql_type.clone()).zip(formats).collect();
        RowSource { rows, shape: Shape { columns, style }, tag }
    }

    /// The command's tag after so many rows.
    pub(super) fn tag(&self, rows: u64) -> String {
        match self.tag {
            tag @ ("EXPLAIN" | "SHOW") => tag.to_owned(),
            tag => format!("{tag} {rows}"),
        }
    }

    /// Sends all rows; gives their number.
    pub(super) async fn send(&mut self, wire: &mut Wire, interrupt: &Interrupt) -> Result<u64, Failure> {
        let mut sent = 0;
        let mut portion = Vec::new();
        while let Some(batch) = next_batch(&mut self.rows, wire, interrupt).await? {
            let mut cells = self.shape.cells(&batch)?;
            while cells.at < cells.rows {
                cells.write(&mut portion)?;
                // Only whole messages reach the outbox, whatever goes wrong in a value.
                wire.outbox().extend_from_slice(&portion);
                portion.clear();
                wire.flush_if_full().await?;
                interrupt.check()?;
            }
            sent += count(cells.rows);
        }
        Ok(sent)
    }
}

impl Shape {
    fn cells(&self, batch: &RecordBatch) -> Result<Cells> {
        let (own, given) = (self.columns.len(), batch.num_columns());
        if own != given {
            return Err(Error::internal(format!("a batch has {given} columns where the result has {own}")));
        }
        let columns = batch
            .columns()
            .iter()
            .zip(&self.columns)
            .map(|(array, (sql_type, format))| Ok((Formatter::new(array, sql_type, &self.style)?, *format)))
            .collect::<Result<_>>()?;
        Ok(Cells { columns, rows: batch.num_rows(), at: 0 })
    }
}

impl Cells {
    /// Appends the rows that are left, or fewer if they are enough for one write.
    fn write(&mut self, into: &mut Vec<u8>) -> Result<()> {
        while self.at < self.rows && into.len() < FLUSH_BYTES {
            self.data_row(into)?;
            self.at += 1;
        }
        Ok(())
    }

    /// Appends one DataRow.
    fn data_row(&self, into: &mut Vec<u8>) -> Result<()> {
        into.push(MESSAGE_TYPE_BYTE_DATA_ROW);
        let start = into.len();
        into.extend_from_slice(&[0; 4]);
        let columns = i16::try_from(self.columns.len()).map_err(|_| Error::internal("a result has too many columns"))?;
        into.extend_from_slice(&columns.to_be_bytes());
        for (cell, format) in &self.columns {
            if cell.is_null(self.at) {
                into.extend_from_slice(&(-1_i32).to_be_bytes());
                continue;
            }
            let at = into.len();
            into.extend_from_slice(&[0; 4]);
            match format {
                Format::Text => cell.write_text(self.at, into),
                Format::Binary => cell.write_binary(self.at, into),
            }
            let length = into.len() - at - 4;
            patch_length(into, at, length)?;
        }
        let length = into.len() - start;
        patch_length(into, start, length)
    }
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}

/// The next batch that has rows.
pub(super) async fn next_batch(
    rows: &mut SendableRecordBatchStream,
    wire: &mut Wire,
    interrupt: &Interrupt,
) -> Result<Option<RecordBatch>, Failure> {
    loop {
        interrupt.check()?;
        let next = interrupt.attend(wire, async { rows.next().await.transpose().map_err(errors::unwrap) }).await?;
        match next {
            Some(batch) if batch.num_rows() == 0 => {}
            other => return Ok(other),
        }
    }
}

/// Writes a length that was not known yet into the four bytes that were left for it.
pub(super) fn patch_length(bytes: &mut [u8], at: usize, length: usize) -> Result<()> {
    let length = i32::try_from(length)
        .map_err(|_| Error::new(Kind::ProgramLimitExceeded, "a row is larger than the protocol can carry (2 GiB)"))?;
    bytes[at..at + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_none_one_or_all() {
        assert_eq!(result_formats(&[], 2).unwrap(), vec![Format::Text; 2]);
        assert_eq!(result_formats(&[1], 2).unwrap(), vec![Format::Binary; 2]);
        assert_eq!(result_formats(&[0, 1], 2).unwrap(), vec![Format::Text, Format::Binary]);
        assert_eq!(result_formats(&[0, 1], 3).unwrap_err().sqlstate(), "08P01");
        assert_eq!(result_formats(&[2], 3).unwrap_err().sqlstate(), "22023");
        assert_eq!(result_formats(&[-1, 0], 2).unwrap_err().sqlstate(), "22023");
    }
}
