//! How do rows get in? The only way: values become complete rows here, are checked, and go to the store as one commit.
//!
//! Words: a [`Target`] is a table with its checks compiled, ready to take rows; what a statement gives for a column is a [`Given`].
//! The room must never parse SQL: checks reach it as functions over record batches.

pub mod copy;
mod reference;
mod target;

pub use reference::{Changes, Meeting, delete_rows, insert_rows, meetings, update_rows};
pub(crate) use target::refused_by_policy;
pub use target::{Check, Given, Origin, Target, new_uuid_v7};

/// A row may weigh this much at the most, in bytes: one row must never decide the memory of the server.
pub const ROW_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How far ahead of the server's clock an event's time may lie, in microseconds: ten minutes of drifting clocks.
pub const FUTURE_US_MAX: i64 = 10 * 60 * 1_000_000;
