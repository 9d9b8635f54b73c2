//! Every integration test of Annals in one binary, because each further one would link the query engine again.
//!
//! A module is named after the promise that it proves. `harness` holds what they share: a server as a child process, the tools of
//! other people that read from it, and a real PostgreSQL beside it. Tests whose tools are absent say so in one line and return.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so by ending")]
#![expect(clippy::disallowed_methods, reason = "tests read the environment, and wait on the wall clock for a child process")]
#![expect(clippy::print_stdout, reason = "a test reports what it skipped and which seed it ran on its own output")]

mod answers;
mod bad_input;
mod changes;
mod clients;
mod clients_recorded;
mod commands;
mod counters;
mod crash;
mod erasure;
mod expressions;
mod faults;
mod harness;
mod holds;
mod immutability;
mod indexes;
mod investigation;
mod ledger;
mod lookups;
mod masks;
mod noninterference;
mod open_format;
mod owners;
mod pack_access;
mod prepared;
mod psql;
mod query_log;
mod real_data;
mod regression;
mod retention;
mod retention_status;
mod roles;
mod same_answers;
mod sessions;
mod tidy;
mod time_order;
mod together;
mod values;
mod words;
