//! How does text become rows? SQL in, Arrow out: parse, plan, define, execute.
//!
//! The room must never know sockets or message formats. A [`Session`](session::Session) is one connection's state; the way of a
//! statement through it is told in `lib.rs`.

pub mod answers;
mod assignment;
pub mod backends;
mod breath;
mod catalog_log;
mod checks;
pub mod copy;
mod counters;
mod create_as;
mod define;
mod early;
pub mod engine;
pub(crate) mod errors;
mod execute;
mod explain;
mod functions;
mod holds;
mod insert;
mod kept;
mod locks;
mod maintain;
mod memory;
mod mutate;
pub mod notify;
pub mod parse;
pub mod plan;
mod priority;
mod protection;
pub mod record;
pub mod retention;
pub mod rules;
pub mod session;
mod settings;
mod system;
mod time_order;
mod together;
mod transaction;
mod usage;
