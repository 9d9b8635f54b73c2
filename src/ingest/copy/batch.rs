//! The rows that a reader has read and not yet handed out.

use arrow::array::ArrayRef;
use arrow::buffer::BooleanBuffer;

use crate::error::{Error, Result};
use crate::value::{ColumnBuilder, SqlType, Style};

/// Rows as columns, in the order of the columns that the reader was made for.
#[derive(Debug)]
pub struct CopyBatch {
    pub columns: Vec<ArrayRef>,
    pub rows: usize,
    /// For each column, the rows that said nothing about it (true), which are NULL in the column and may take its default; `None` where
    /// every row said something.
    pub absent: Vec<Option<BooleanBuffer>>,
    /// The line of the stream on which each row stands (for binary data the number of the row), for messages about it.
    pub lines: Vec<u64>,
}

/// Columns that are being filled.
pub(super) struct Rows {
    pub(super) columns: Vec<Column>,
    lines: Vec<u64>,
    style: Style,
}

/// A column that is being filled.
pub(super) struct Column {
    pub(super) name: String,
    pub(super) values: ColumnBuilder,
    /// Rows that said nothing about it, ascending.
    absent: Vec<usize>,
}

impl Rows {
    pub(super) fn new(columns: Vec<(String, SqlType)>, style: Style) -> Self {
        let column = |(name, sql_type): (String, SqlType)| {
            let values = ColumnBuilder::new(&sql_type, 0);
            Column { name, values, absent: Vec::new() }
        };
        Rows { columns: columns.into_iter().map(column).collect(), lines: Vec::new(), style }
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Counts a row whose values have all been appended.
    pub(super) fn end_row(&mut self, line: u64) {
        self.lines.push(line);
    }

    pub(super) fn append_text(&mut self, column: usize, text: &str) -> Result<()> {
        let style = &self.style;
        match self.columns.get_mut(column) {
            Some(column) => column.values.append_text(text, style),
            None => Err(no_column(column)),
        }
    }

    pub(super) fn append_null(&mut self, column: usize) -> Result<()> {
        match self.columns.get_mut(column) {
            Some(column) => column.values.append_null(),
            None => return Err(no_column(column)),
        }
        Ok(())
    }

    /// Appends a NULL for a column that the row says nothing about.
    pub(super) fn append_absent(&mut self, column: usize) -> Result<()> {
        let row = self.lines.len();
        match self.columns.get_mut(column) {
            Some(column) => {
                column.absent.push(row);
                column.values.append_null();
                Ok(())
            }
            None => Err(no_column(column)),
        }
    }

    /// The column's builder and the style to read texts by.
    pub(super) fn values(&mut self, column: usize) -> Result<(&mut ColumnBuilder, &Style)> {
        match self.columns.get_mut(column) {
            Some(column) => Ok((&mut column.values, &self.style)),
            None => Err(no_column(column)),
        }
    }

    /// Hands the rows out and begins anew.
    pub(super) fn take(&mut self) -> CopyBatch {
        let lines = std::mem::take(&mut self.lines);
        let rows = lines.len();
        let mut columns = Vec::with_capacity(self.columns.len());
        let mut absent = Vec::with_capacity(self.columns.len());
        for column in &mut self.columns {
            columns.push(column.values.take());
            let missing = std::mem::take(&mut column.absent);
            absent.push(if missing.is_empty() {
                None
            } else {
                let mut marks = vec![false; rows];
                for row in missing {
                    if let Some(mark) = marks.get_mut(row) {
                        *mark = true;
                    }
                }
                Some(BooleanBuffer::from(marks))
            });
        }
        CopyBatch { columns, rows, absent, lines }
    }
}

fn no_column(column: usize) -> Error {
    Error::internal(format!("there is no column {column} to copy into"))
}
