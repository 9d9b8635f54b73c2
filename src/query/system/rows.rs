//! Rows of a system relation as a builder gives them: only the columns that say something, the rest by default.

use datafusion::arrow::array::{ArrayRef, RecordBatch};

use super::shape::Shape;
use crate::error::{Error, Result};
use crate::value::{ColumnBuilder, SqlType, Style};

/// One value on its way into a column or out of a function.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    /// A time in microseconds since 1970 UTC.
    Micros(i64),
    /// The elements of an array, each as text.
    List(Vec<String>),
}

impl From<bool> for Cell {
    fn from(value: bool) -> Self {
        Cell::Bool(value)
    }
}

impl From<i32> for Cell {
    fn from(value: i32) -> Self {
        Cell::Int(value.into())
    }
}

impl From<i64> for Cell {
    fn from(value: i64) -> Self {
        Cell::Int(value)
    }
}

impl From<u32> for Cell {
    fn from(value: u32) -> Self {
        Cell::Int(value.into())
    }
}

impl From<usize> for Cell {
    fn from(value: usize) -> Self {
        i64::try_from(value).map_or(Cell::Null, Cell::Int)
    }
}

impl From<&str> for Cell {
    fn from(value: &str) -> Self {
        Cell::Text(value.to_owned())
    }
}

impl From<String> for Cell {
    fn from(value: String) -> Self {
        Cell::Text(value)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Cell::Null, Into::into)
    }
}

impl Cell {
    /// An array of the elements' texts.
    pub(crate) fn list<T: ToString>(elements: impl IntoIterator<Item = T>) -> Cell {
        Cell::List(elements.into_iter().map(|element| element.to_string()).collect())
    }

    /// Appends the value by the type's input function.
    ///
    /// # Errors
    /// The input function's, when the value is none of the type.
    pub(crate) fn append(&self, column: &mut ColumnBuilder, style: &Style) -> Result<()> {
        match self {
            Cell::Null => {
                column.append_null();
                Ok(())
            }
            Cell::Bool(value) => column.append_text(if *value { "t" } else { "f" }, style),
            Cell::Int(value) => column.append_text(&value.to_string(), style),
            Cell::Text(value) => column.append_text(value, style),
            Cell::Micros(micros) => match chrono::DateTime::from_timestamp_micros(*micros) {
                Some(time) => column.append_text(&time.format("%Y-%m-%d %H:%M:%S%.6f+00").to_string(), style),
                None => {
                    column.append_null();
                    Ok(())
                }
            },
            Cell::List(elements) => {
                let mut list = column.begin_list()?;
                for element in elements {
                    list.append_text(element, style)?;
                }
                list.end()
            }
        }
    }
}

/// The growing rows of one relation.
pub(crate) struct Rows<'a> {
    shape: &'a Shape,
    columns: Vec<ColumnBuilder>,
    style: Style,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(shape: &'a Shape) -> Self {
        let columns = shape.columns.iter().map(|column| ColumnBuilder::new(&column.sql_type, 64)).collect();
        Rows { shape, columns, style: Style::default() }
    }

    /// Adds a row. Columns that are not named get NULL, or zero, false and nothing where PostgreSQL declares NOT NULL.
    ///
    /// # Errors
    /// XX000 for a column that the relation has not or a value that is none of its type: a builder's mistake.
    pub(crate) fn add(&mut self, cells: &[(&str, Cell)]) -> Result<()> {
        let mut used = 0;
        for (column, declared) in self.columns.iter_mut().zip(&self.shape.columns) {
            match cells.iter().find(|(name, _)| *name == declared.name) {
                Some((_, cell)) => {
                    used += 1;
                    cell.append(column, &self.style)
                        .map_err(|error| Error::internal(format!("{}.{}: {}", self.shape.name, declared.name, error.message())))?;
                }
                None if declared.not_null => by_default(&declared.sql_type).append(column, &self.style)?,
                None => column.append_null(),
            }
        }
        if used != cells.len() {
            let known = |name: &str| self.shape.columns.iter().any(|column| column.name == name);
            let stray: Vec<&str> = cells.iter().map(|(name, _)| *name).filter(|name| !known(name)).collect();
            return Err(Error::internal(format!("{} has no columns {stray:?}", self.shape.name)));
        }
        Ok(())
    }

    /// All rows as one batch.
    ///
    /// # Errors
    /// XX000 when the columns do not make a batch.
    pub(crate) fn finish(mut self) -> Result<RecordBatch> {
        let arrays: Vec<ArrayRef> = self.columns.iter_mut().map(ColumnBuilder::finish).collect();
        RecordBatch::try_new(self.shape.schema(), arrays).map_err(|error| Error::internal(format!("{}: {error}", self.shape.name)))
    }
}

/// What a NOT NULL column holds when there is nothing to say.
fn by_default(sql_type: &SqlType) -> Cell {
    match sql_type {
        SqlType::Bool => Cell::Bool(false),
        SqlType::Int2
        | SqlType::Int4
        | SqlType::Int8
        | SqlType::Float4
        | SqlType::Float8
        | SqlType::Numeric(_, _)
        | SqlType::Oid
        | SqlType::Reg(_) => Cell::Int(0),
        SqlType::Text | SqlType::Varchar(_) | SqlType::Bpchar(_) | SqlType::Name | SqlType::Char => Cell::Text(String::new()),
        SqlType::Array(_) | SqlType::Vector(_) => Cell::List(vec![]),
        SqlType::Bytea
        | SqlType::Uuid
        | SqlType::Date
        | SqlType::Time
        | SqlType::Timestamp
        | SqlType::Timestamptz
        | SqlType::Interval
        | SqlType::Json
        | SqlType::Jsonb
        | SqlType::Jsonpath
        | SqlType::Tsvector
        | SqlType::Tsquery
        | SqlType::Inet
        | SqlType::Record(_) => Cell::Null,
    }
}
