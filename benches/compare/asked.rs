//! The driver in Python: its plan, its run, and what it found.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use crate::common::Result;
use crate::common::load::PASSWORD;
use crate::common::process::{Ending, Process, output};
use crate::common::python::{interpreter, script};
use crate::peers::Samples;
use crate::{Bench, System};

/// The longest that the driver may take.
const PATIENCE: Duration = Duration::from_secs(6 * 3_600);
/// Statements of each kind for the mixed load.
const STATEMENTS: u64 = 500;
/// What the generator makes ends here, and begins so long before (thirteen and a half days).
const SPAN_US: i64 = 27 * 12 * 3_600 * 1_000_000;

/// Where a system is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Server(SocketAddr),
    Library(PathBuf),
}

/// What the driver found.
#[derive(Debug, Deserialize)]
pub(crate) struct Found {
    pub(crate) queries: Vec<Asked>,
    pub(crate) disagreements: Vec<String>,
    /// Highest resident memory of the libraries' processes, in bytes.
    pub(crate) memory: BTreeMap<String, u64>,
    /// Statements for the mixed load, by group.
    pub(crate) statements: BTreeMap<String, Vec<String>>,
}

/// One query, and how long each system took.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) group: String,
    /// How many times as long as the peer, or as `columnar` or `best`, ours may take.
    pub(crate) targets: BTreeMap<String, f64>,
    /// Rows of an answer, the median.
    pub(crate) rows: u64,
    peers: BTreeMap<String, Answer>,
}

/// What a system answered to one query: its median time, or why there is none.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Why {
    Unsupported(String),
    Failed(String),
    /// After so many seconds.
    TooLong(f64),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Answer {
    Took { ms: f64 },
    Without(Why),
}

impl Asked {
    /// The median in milliseconds, or why there is none; `None` for who was not asked.
    pub(crate) fn of(&self, system: System) -> Option<std::result::Result<f64, Why>> {
        match self.peers.get(system.key())? {
            Answer::Took { ms } => Some(Ok(*ms)),
            Answer::Without(why) => Some(Err(why.clone())),
        }
    }

    pub(crate) fn ms(&self, system: System) -> Option<f64> {
        self.of(system)?.ok()
    }
}

/// Asks these systems, and reads what came of it.
pub(crate) async fn ask(bench: &Bench, samples: &Samples, places: &[(System, Place)], queries: &[String]) -> Result<Found> {
    let peers: BTreeMap<&str, serde_json::Value> = places
        .iter()
        .map(|(system, place)| {
            let place = match place {
                Place::Server(address) => json!({"host": address.ip().to_string(), "port": address.port()}),
                Place::Library(path) => json!({"path": path}),
            };
            (system.key(), place)
        })
        .collect();
    let flags = &bench.flags;
    let (plan, out) = (bench.path("plan.json"), found_file(bench));
    let told = json!({
        "seed": flags.seed, "rounds": flags.rounds, "patience": flags.patience, "limit": flags.limit,
        "start_us": bench.end_us - SPAN_US, "end_us": bench.end_us, "samples": samples.file,
        "queries": queries, "peers": peers, "statements": STATEMENTS, "out": out,
    });
    fs::write(&plan, told.to_string())?;
    let mut command = Command::new(interpreter());
    command.arg(script("benches/compare/driver.py")).arg(&plan);
    command.env("PGPASSWORD", PASSWORD).env("PYTHONDONTWRITEBYTECODE", "1");
    command.stdout(Stdio::null());
    let mut process = Process::spawn(&mut command, Ending::Kill)?;
    if !process.wait(PATIENCE).await?.success() {
        return Err("the driver failed; its complaint stands above".into());
    }
    so_far(bench)
}

/// What the driver has found so far; it writes after each query.
pub(crate) fn so_far(bench: &Bench) -> Result<Found> {
    Ok(serde_json::from_reader(File::open(found_file(bench))?)?)
}

/// Draws what the driver found last.
pub(crate) fn draw(bench: &Bench, plot: &Path) -> Result<()> {
    output(Command::new(interpreter()).arg(script("benches/compare/plot.py")).arg(found_file(bench)).arg(plot)).map(|_| ())
}

fn found_file(bench: &Bench) -> PathBuf {
    bench.path("found.json")
}
