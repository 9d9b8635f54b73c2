//! What the integration tests share: Annals as a child process, other people's tools, a real PostgreSQL, and repeatable chance.
//!
//! A test talks to the product as its users do: over the wire, by the command line and by reading its files. A tool that is absent
//! prints one line that says so, and the test that wanted it returns.

mod certificate;
mod chance;
pub(crate) mod lake;
mod mount;
mod peer;
mod process;
mod rows;
mod scene;
mod server;
mod tools;

pub(crate) use certificate::certificate;
pub(crate) use chance::Chance;
pub(crate) use mount::Mounted;
pub(crate) use peer::Peer;
pub(crate) use process::{Ended, PATIENCE, run_to_end, wait};
pub(crate) use rows::{Table, copy_in, count, sqlstate, table};
pub(crate) use scene::{Scene, failure, state, told};
pub(crate) use server::{CAN_PLANT, Launch, Server, annals, connect_as, run};
pub(crate) use tools::{interpreter, psql, python};

use tempfile::TempDir;

/// The password of the superuser `annals` on every server that a test starts.
pub(crate) const PASSWORD: &str = "only-for-tests";

/// A folder that goes with the value.
pub(crate) fn folder() -> TempDir {
    tempfile::Builder::new().prefix("annals-test-").tempdir().expect("tests need a place for temporary files")
}

/// Says in one line that a test, or a part of one, did not run.
pub(crate) fn skipped(what: &str, because: &str) {
    println!("skipped: {what}: {because}");
}
