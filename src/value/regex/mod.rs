//! PostgreSQL's regular expressions.
//!
//! The engine is our own, because PostgreSQL's matches are not those of the `regex` crate: it takes the longest alternative and not the
//! first, has back references and look-around, and escapes of its own.

mod class;
mod matcher;
mod node;
mod syntax;

pub(crate) use matcher::{Pattern, Span};
pub(crate) use syntax::Flags;
