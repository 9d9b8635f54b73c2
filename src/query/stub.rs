//! Stands in for COPY's formats while their room is being built: one column as text or binary.

use arrow::array::RecordBatch;

use crate::error::Result;
use crate::value::{Formatter, SqlType, Style};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyFormat {
    Text,
    Csv,
    Binary,
    Json,
}

#[derive(Debug, Clone)]
pub struct CopyOptions {
    pub format: CopyFormat,
}

pub struct CopyWriter {
    binary: bool,
    types: Vec<(String, SqlType)>,
    style: Style,
}

impl CopyWriter {
    pub fn new(options: CopyOptions, types: Vec<(String, SqlType)>, style: Style) -> Result<Self> {
        Ok(CopyWriter { binary: options.format == CopyFormat::Binary, types, style })
    }

    pub fn begin(&mut self, into: &mut Vec<u8>) -> Result<()> {
        if self.binary {
            into.extend_from_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
        }
        Ok(())
    }

    pub fn row(&mut self, batch: &RecordBatch, row: usize, into: &mut Vec<u8>) -> Result<()> {
        let formatter = Formatter::new(batch.column(0), &self.types[0].1, &self.style)?;
        if self.binary {
            into.extend_from_slice(&1_i16.to_be_bytes());
            into.extend_from_slice(&8_i32.to_be_bytes());
            formatter.write_binary(row, into);
        } else {
            formatter.write_text(row, into);
            into.push(b'\n');
        }
        Ok(())
    }

    pub fn end(&mut self, into: &mut Vec<u8>) -> Result<()> {
        if self.binary {
            into.extend_from_slice(&(-1_i16).to_be_bytes());
        }
        Ok(())
    }
}
