//! Other people's clients that measure: pgbench, and a Python with psycopg.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::Result;
use crate::common::process::{output, say};
use crate::common::python::{at, interpreter};

/// How pgbench connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Connecting {
    Once,
    ForEachTransaction,
}

/// `SELECT 1` as a prepared statement for some seconds; transactions a second, the time to connect in them or not.
pub(crate) async fn pgbench(server: SocketAddr, folder: &Path, clients: u32, seconds: u64, connecting: Connecting) -> Result<f64> {
    let script = folder.join("select.sql");
    std::fs::write(&script, "SELECT 1;\n")?;
    let program = installed("pgbench");
    let mut command = Command::new(program);
    at(&mut command, server).args(["-n", "-M", "prepared", "-f"]).arg(&script);
    command.args(["-c", &clients.to_string(), "-j", &clients.min(2).to_string(), "-T", &seconds.to_string()]);
    if connecting == Connecting::ForEachTransaction {
        command.arg("-C");
    }
    let said = tokio::task::spawn_blocking(move || output(&mut command)).await??;
    let tps = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split_whitespace().next()?.parse().ok());
    let tps: f64 = tps.ok_or_else(|| format!("pgbench told no transactions a second: {said}"))?;
    say(&format!("pgbench, {clients} clients, {connecting:?}: {tps:.0} a second"));
    Ok(tps)
}

/// Beside PostgreSQL's own programs, or on the `PATH`.
fn installed(program: &str) -> PathBuf {
    let beside = Path::new("/usr/lib/postgresql/15/bin").join(program);
    if beside.is_file() { beside } else { PathBuf::from(program) }
}

/// What a psycopg script has read: rows or bytes, and seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fetched {
    pub(crate) amount: u64,
    pub(crate) seconds: f64,
}

/// Reads the measured table by `text`, `binary` or `copy`.
pub(crate) async fn fetch(server: SocketAddr, way: &'static str) -> Result<Fetched> {
    let mut command = Command::new(interpreter());
    at(&mut command, server).arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/protocol/fetch.py")).arg(way);
    let said = tokio::task::spawn_blocking(move || output(&mut command)).await??;
    say(&format!("psycopg, {way}: {said}"));
    let (amount, seconds) = said.split_once(' ').ok_or_else(|| format!("the script told nothing: {said}"))?;
    Ok(Fetched { amount: amount.parse()?, seconds: seconds.parse()? })
}
