//! Other people's programs: `psql`, and a Python with the packages of `tests/python/requirements.txt`.

use std::env;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::process::{Ended, run_to_end};
use super::{PASSWORD, skipped};

/// What `psql` prints for this text, unaligned and without headings; `None`, after a line that says so, when there is none.
pub(crate) fn psql(server: SocketAddr, sql: &str) -> Option<Ended> {
    if !Command::new("psql").arg("--version").output().is_ok_and(|output| output.status.success()) {
        skipped("psql", "it is not on the PATH");
        return None;
    }
    let mut command = Command::new("psql");
    command
        .args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "annals", "-d", "annals", "-c", sql])
        .args(["-h", &server.ip().to_string(), "-p", &server.port().to_string()])
        .env("PGPASSWORD", PASSWORD)
        .env("PGCONNECT_TIMEOUT", "30");
    Some(run_to_end(&mut command))
}

/// The Python that has the packages of the tests; `None`, after a line that says so, when `ANNALS_TEST_PYTHON` names none.
pub(crate) fn interpreter(wanted_by: &str) -> Option<OsString> {
    let found = env::var_os("ANNALS_TEST_PYTHON");
    if found.is_none() {
        skipped(wanted_by, "ANNALS_TEST_PYTHON names no Python that has tests/python/requirements.txt");
    }
    found
}

/// What a script of `tests/python` prints; `None`, after a line that says so, when `ANNALS_TEST_PYTHON` names no Python.
///
/// The script finds the server in the variables that libpq reads. A script that fails fails the test.
pub(crate) fn python(script: &str, server: SocketAddr, arguments: &[&Path]) -> Option<String> {
    let interpreter = interpreter(script)?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python").join(script);
    let mut command = Command::new(interpreter);
    command
        .arg(path)
        .args(arguments)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PGHOST", server.ip().to_string())
        .env("PGPORT", server.port().to_string())
        .env("PGUSER", "annals")
        .env("PGDATABASE", "annals")
        .env("PGPASSWORD", PASSWORD);
    Some(run_to_end(&mut command).succeeded())
}
