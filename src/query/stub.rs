//! Stands in for rooms that are being built: values in and out, and COPY's formats, for integers and text only.

use arrow::array::{Array, ArrayRef, AsArray, Int32Builder, Int64Builder, RecordBatch, StringViewBuilder};
use arrow::datatypes::{DataType, Int32Type, Int64Type};

use crate::error::{Error, Kind, Result};
use crate::value::SqlType;

#[derive(Debug, Clone, Default)]
pub struct Style;

pub struct Formatter<'a> {
    array: &'a ArrayRef,
}

impl<'a> Formatter<'a> {
    pub fn new(array: &'a ArrayRef, _: &SqlType, _: &Style) -> Result<Self> {
        Ok(Formatter { array })
    }

    pub fn is_null(&self, row: usize) -> bool {
        self.array.is_null(row)
    }

    pub fn text(&self, row: usize, into: &mut Vec<u8>) -> Result<()> {
        match self.array.data_type() {
            DataType::Int32 => into.extend_from_slice(self.array.as_primitive::<Int32Type>().value(row).to_string().as_bytes()),
            DataType::Int64 => into.extend_from_slice(self.array.as_primitive::<Int64Type>().value(row).to_string().as_bytes()),
            DataType::Utf8View => into.extend_from_slice(self.array.as_string_view().value(row).as_bytes()),
            other => return Err(Error::internal(other.to_string())),
        }
        Ok(())
    }

    pub fn binary(&self, row: usize, into: &mut Vec<u8>) -> Result<()> {
        match self.array.data_type() {
            DataType::Int32 => into.extend_from_slice(&self.array.as_primitive::<Int32Type>().value(row).to_be_bytes()),
            DataType::Int64 => into.extend_from_slice(&self.array.as_primitive::<Int64Type>().value(row).to_be_bytes()),
            _ => self.text(row, into)?,
        }
        Ok(())
    }
}

pub enum ColumnBuilder {
    Int4(Int32Builder),
    Int8(Int64Builder),
    Text(StringViewBuilder),
}

impl ColumnBuilder {
    pub fn new(sql_type: &SqlType, _: usize) -> Self {
        match sql_type {
            SqlType::Int4 => ColumnBuilder::Int4(Int32Builder::new()),
            SqlType::Int8 => ColumnBuilder::Int8(Int64Builder::new()),
            _ => ColumnBuilder::Text(StringViewBuilder::new()),
        }
    }

    pub fn push_null(&mut self) {
        match self {
            ColumnBuilder::Int4(own) => own.append_null(),
            ColumnBuilder::Int8(own) => own.append_null(),
            ColumnBuilder::Text(own) => own.append_null(),
        }
    }

    pub fn push_text(&mut self, text: &str, _: &Style) -> Result<()> {
        let bad = |_| Error::new(Kind::InvalidTextRepresentation, format!("invalid input syntax for type integer: \"{text}\""));
        match self {
            ColumnBuilder::Int4(own) => own.append_value(text.parse().map_err(bad)?),
            ColumnBuilder::Int8(own) => own.append_value(text.parse().map_err(bad)?),
            ColumnBuilder::Text(own) => own.append_value(text),
        }
        Ok(())
    }

    pub fn push_binary(&mut self, bytes: &[u8]) -> Result<()> {
        let bad = |_| Error::new(Kind::InvalidBinaryRepresentation, "incorrect binary data format");
        match self {
            ColumnBuilder::Int4(own) => own.append_value(i32::from_be_bytes(bytes.try_into().map_err(bad)?)),
            ColumnBuilder::Int8(own) => own.append_value(i64::from_be_bytes(bytes.try_into().map_err(bad)?)),
            ColumnBuilder::Text(own) => own.append_value(String::from_utf8_lossy(bytes)),
        }
        Ok(())
    }

    pub fn finish(self) -> ArrayRef {
        use std::sync::Arc;
        match self {
            ColumnBuilder::Int4(mut own) => Arc::new(own.finish()),
            ColumnBuilder::Int8(mut own) => Arc::new(own.finish()),
            ColumnBuilder::Text(mut own) => Arc::new(own.finish()),
        }
    }
}

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
}

impl CopyWriter {
    pub fn new(options: CopyOptions, types: Vec<(String, SqlType)>, _: Style) -> Result<Self> {
        Ok(CopyWriter { binary: options.format == CopyFormat::Binary, types })
    }

    pub fn begin(&mut self, into: &mut Vec<u8>) -> Result<()> {
        if self.binary {
            into.extend_from_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
        }
        Ok(())
    }

    pub fn row(&mut self, batch: &RecordBatch, row: usize, into: &mut Vec<u8>) -> Result<()> {
        let style = Style;
        if self.binary {
            into.extend_from_slice(&1_i16.to_be_bytes());
            into.extend_from_slice(&8_i32.to_be_bytes());
            return Formatter::new(batch.column(0), &self.types[0].1, &style)?.binary(row, into);
        }
        Formatter::new(batch.column(0), &self.types[0].1, &style)?.text(row, into)?;
        into.push(b'\n');
        Ok(())
    }

    pub fn end(&mut self, into: &mut Vec<u8>) -> Result<()> {
        if self.binary {
            into.extend_from_slice(&(-1_i16).to_be_bytes());
        }
        Ok(())
    }
}
