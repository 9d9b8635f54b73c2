//! What the measurements share: systems as child processes, the client that loads them, the rows, and the words about the machine.
#![allow(dead_code, reason = "each program uses its own part")]

pub(crate) mod duck;
pub(crate) mod load;
pub(crate) mod machine;
pub(crate) mod memory;
pub(crate) mod postgres;
pub(crate) mod process;
pub(crate) mod python;
pub(crate) mod rows;
pub(crate) mod server;

/// What everything here fails with: a sentence for the person at the terminal.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
