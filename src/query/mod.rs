//! How does text become rows? SQL in, Arrow out: parse, plan, define, execute.
//!
//! The room must never know sockets or message formats. A [`Session`](session::Session) is one connection's state; the way of a
//! statement through it is told in `lib.rs`.

pub mod errors;
pub mod session;
pub mod stub;
