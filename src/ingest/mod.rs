//! How does a row get in? The only way for rows of any door: formats are read, defaults and checks applied, then the store commits.
//!
//! The room must never know sockets or plans.

pub mod copy;
