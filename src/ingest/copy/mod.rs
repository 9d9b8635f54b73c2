//! Which rows does a stream of COPY data hold, and how are rows written as one? PostgreSQL's text, CSV and binary formats byte for
//! byte (PostgreSQL 15, section on COPY), and JSON Lines.
//!
//! Words: a *reader* is pushed bytes in chunks cut anywhere and hands out *batches* of columns. A *line* is one row of a format of
//! text, and where it stands in the stream is what error messages name. A value is *absent* when its row says nothing about the column,
//! which only JSON rows can; it is then NULL in the column and marked, so that a default may take its place. The room-part knows
//! nothing of tables: columns, their types and the table's name for messages are given.

mod batch;
mod binary;
mod csv;
mod details;
mod fields;
mod json_lines;
mod line;
mod options;
mod reader;
#[cfg(test)]
mod tests;
mod text;
mod writer;

pub use batch::CopyBatch;
pub use options::{CopyOptions, Direction, ForceQuote, Format, Header, OptionValue};
pub use reader::CopyReader;
pub use writer::CopyWriter;
