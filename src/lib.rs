//! Annals keeps the logs of conversational and automation platforms and answers SQL over the PostgreSQL wire protocol.
#![forbid(unsafe_code)]

pub mod catalog;
pub mod clock;
pub mod command;
pub mod config;
pub mod demo;
pub mod error;
pub mod guard;
pub mod ingest;
pub mod pack;
pub mod pg;
pub mod policy;
pub mod query;
pub mod scan;
pub mod server;
pub mod store;
pub mod value;
