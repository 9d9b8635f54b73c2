//! Where do the bytes live, and how do they survive? The store keeps rows of tables in one folder and never loses what it has
//! acknowledged. It must never know SQL text, roles or queries.
//!
//! Words: a *commit* is a set of table definitions, drops and rows that becomes durable and visible at once. The *WAL* holds
//! commits until their rows stand in segments. The *tail* of a table is its rows that no segment holds yet. A *segment* is one
//! Parquet file. A *flush* moves tails into segments with one Delta commit a table; a *rewrite* replaces many segments by few.
//! A [`Snapshot`] is everything published at one instant.

pub mod spec;
