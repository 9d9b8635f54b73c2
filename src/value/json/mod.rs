//! JSON text: is it valid, what is its canonical `jsonb` form, and how is it laid out to be read by people?
//!
//! Words: an *event* is one step of a document's structure, as a reader meets it. The *canonical form* is the text that
//! PostgreSQL writes for a `jsonb`: keys sorted by length and then by bytes, the last of equal keys kept, one blank after each colon
//! and comma, numbers as `numeric` writes them, strings with the fewest escapes. Nothing here recurses, so the nesting of a document
//! costs no stack; it is limited all the same ([`DEPTH_MAX`]), because other readers of the same text do recurse.

mod canonical;
mod lexer;
pub mod path;
mod pretty;
pub(crate) mod reader;
pub(crate) mod scan;
pub(crate) mod string;

pub(crate) use canonical::Canonicaliser;
pub use canonical::canonicalise;
pub use pretty::pretty;

use crate::error::Result;
use reader::{Event, Reader, Strictness};

/// The deepest nesting of arrays and objects. PostgreSQL's limit follows from its stack and is some thousands.
pub const DEPTH_MAX: usize = 1_000;

/// The longest canonical text, in bytes: a number such as `1e131000` takes few bytes until it is written out.
pub const CANONICAL_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Checks that a text is a valid `json`, as PostgreSQL does: escapes need only look right, so `\u0000` and lone surrogates pass.
///
/// # Errors
/// 22P02 with the offending token as detail and its line as context; 54001 beyond [`DEPTH_MAX`].
pub fn validate(text: &str) -> Result<()> {
    let mut reader = Reader::new(text, Strictness::Json);
    while reader.next_event()? != Event::End {}
    Ok(())
}

#[cfg(test)]
mod tests;
