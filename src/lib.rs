//! Annals keeps the logs of conversational and automation platforms and answers SQL over the PostgreSQL wire protocol.
#![forbid(unsafe_code)]

pub mod clock;
pub mod error;
pub mod ingest;
pub mod query;
pub mod store;
pub mod value;
