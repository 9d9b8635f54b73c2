//! Annals keeps the logs of conversational and automation platforms and answers SQL over the PostgreSQL wire protocol.
//!
//! # Life of a statement
//!
//! 1. `pg::connection` cuts a message from the socket and hands its text to [`query::session::Session::parse`].
//! 2. `query::parse` reads it into one [`query::parse::Statement`]; what is not on that list is refused.
//! 3. [`query::session::Session::run`] dispatches it. A query is planned by [`query::plan::Planner`], which asks the
//!    [`guard::Guard`] for every table that it names: a role gets the guarded table or an error, never the scan itself.
//! 4. DataFusion optimises the plan; [`scan::TableScan`] prunes one store snapshot by time and yields Parquet and tail sources.
//! 5. `query::execute` starts the stream; rows are made as they are asked for.
//! 6. `pg::rows` encodes batches as they arrive and waits when the client does.
//!
//! # Life of a row
//!
//! 1. A door or a statement gives values: COPY through [`ingest::copy`], INSERT through `query::insert`.
//! 2. [`ingest::Target::complete`] fills in defaults and checks NOT NULL, CHECK, the time and the size.
//! 3. The session's transaction holds it until COMMIT; past 64 MiB it goes to unseen segments as it comes.
//! 4. [`store::Store::commit`] writes it to the WAL with all others that wait, syncs once, then answers: it is durable and visible.
//! 5. It stands in its table's tail until a flush moves it into a segment, one Delta commit a table.
//! 6. A rewrite later merges its segment with others of its day.
//!
//! `ARCHITECTURE.md` shows the floors: a file imports only from lower ones.
#![forbid(unsafe_code)]

pub mod background;
pub mod catalog;
pub mod clock;
pub mod command;
pub mod config;
pub mod demo;
pub mod error;
pub mod guard;
pub mod ingest;
pub mod ledger;
pub mod metrics;
pub mod pack;
pub mod pg;
pub mod policy;
pub mod query;
pub mod scan;
pub mod server;
pub mod store;
pub mod value;
