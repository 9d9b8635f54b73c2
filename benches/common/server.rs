//! Annals as a child process, reached over the wire only, and its folder seen from outside.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;

use crate::common::Result;
use crate::common::load::PASSWORD;
use crate::common::process::{Ending, Process, output};

/// What the server prints when it accepts connections.
const READY: &str = "annals: listening on ";
/// How long a start or stop may take before the run is given up; the table says how long it should take.
const PATIENCE: Duration = Duration::from_secs(600);

/// A running server; dropping it kills it.
pub(crate) struct Server {
    process: Process,
    address: SocketAddr,
}

impl Server {
    /// Starts it on this folder, with the default settings unless a file of settings is given; returns when it accepts connections.
    pub(crate) async fn start(program: &Path, data: &Path, config: Option<&Path>, log: &Path) -> Result<Server> {
        let log_file = File::options().create(true).append(true).open(log)?;
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
        for setting in ["ANNALS_CONFIG", "ANNALS_DATA", "ANNALS_LISTEN", "ANNALS_CRASH_AT", "ANNALS_FAULT_AT"] {
            command.env_remove(setting);
        }
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }
        command.env("ANNALS_PASSWORD", PASSWORD).stdout(Stdio::piped()).stderr(log_file);
        let mut process = Process::spawn(&mut command, Ending::Kill)?;
        let stdout = process.child().stdout.take().ok_or("the server has no standard output")?;
        let (send, ready) = oneshot::channel::<SocketAddr>();
        // Reads to the end, so that the server never waits for a reader; the channel closes when the server ends.
        std::thread::spawn(move || {
            let mut send = Some(send);
            for line in BufReader::new(stdout).lines().map_while(std::result::Result::ok) {
                if let Some(address) = line.strip_prefix(READY).and_then(|address| address.parse().ok())
                    && let Some(send) = send.take()
                {
                    let _given_up = send.send(address);
                }
            }
        });
        match tokio::time::timeout(PATIENCE, ready).await {
            Ok(Ok(address)) => Ok(Server { process, address }),
            Ok(Err(_)) => Err(format!("the server did not start: {}", last_complaint(log)).into()),
            Err(_) => Err(format!("the server was not ready within {} s", PATIENCE.as_secs()).into()),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn process(&self) -> u32 {
        self.process.id()
    }

    /// Bytes of one of the memory figures of the operating system: `VmHWM` is the peak, `VmRSS` is now (Linux, proc(5)).
    pub(crate) fn memory(&self, figure: &str) -> Result<u64> {
        let path = format!("/proc/{}/status", self.process.id());
        let status = fs::read_to_string(&path).map_err(|cause| format!("could not read {path}: {cause}"))?;
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix(figure)?.strip_prefix(':')?.trim().strip_suffix("kB"))
            .ok_or_else(|| format!("{path} says nothing of {figure}"))?;
        Ok(kib.trim().parse::<u64>()? * 1024)
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) async fn terminate(mut self) -> Result<()> {
        self.process.signal("TERM")?;
        let status = self.process.wait(PATIENCE).await?;
        if status.success() { Ok(()) } else { Err(format!("the server stopped with {status}").into()) }
    }

    /// Ends it as a power failure would, as far as a process can be ended.
    pub(crate) async fn kill(mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait(PATIENCE).await.map(|_| ())
    }
}

/// What the program says that it is.
pub(crate) fn version(program: &Path) -> Result<String> {
    Ok(output(Command::new(program).arg("version"))?.trim_start_matches("annals ").to_owned())
}

/// The folder of a table's segments, known by the label in its Delta metadata, for example `public.orders`.
pub(crate) fn table_folder(data: &Path, label: &str) -> Result<PathBuf> {
    let wanted = format!("\"{label}\"");
    for entry in fs::read_dir(data.join("tables"))? {
        let folder = entry?.path();
        let Ok(commits) = fs::read_dir(folder.join("_delta_log")) else { continue };
        for commit in commits {
            let commit = commit?.path();
            let names_it = |text: String| text.lines().any(|line| line.contains("metaData") && line.contains(&wanted));
            if commit.extension().is_some_and(|extension| extension == "json") && fs::read_to_string(&commit).is_ok_and(names_it) {
                return Ok(folder);
            }
        }
    }
    Err(format!("no Delta table under {} says that it is {label}", data.display()).into())
}

/// How many rows of a table stand in segments, by the statistics of its Delta log (Delta protocol, "Add File and Remove File").
///
/// A table that was never flushed has no Delta log. The log must hold every commit since the first, as that of a young table does.
pub(crate) fn rows_in_segments(data: &Path, label: &str) -> Result<u64> {
    let Ok(folder) = table_folder(data, label) else { return Ok(0) };
    let mut commits: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder.join("_delta_log"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            commits.push(path);
        }
    }
    commits.sort();
    let mut rows: HashMap<String, u64> = HashMap::new();
    for commit in commits {
        for line in fs::read_to_string(&commit)?.lines() {
            let action: Value = serde_json::from_str(line)?;
            if let Some(path) = action["add"]["path"].as_str() {
                let stats: Value = serde_json::from_str(action["add"]["stats"].as_str().unwrap_or("null"))?;
                let records = stats["numRecords"].as_u64().ok_or_else(|| format!("{path} has no count of its rows"))?;
                rows.insert(path.to_owned(), records);
            } else if let Some(path) = action["remove"]["path"].as_str() {
                rows.remove(path);
            }
        }
    }
    Ok(rows.values().sum())
}

/// What the server complained about last; the line of its own that begins with its name says more than what may follow it.
fn last_complaint(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let complaint = text.lines().rev().find(|line| line.starts_with("annals: ")).or_else(|| text.lines().last());
    complaint.unwrap_or("it said nothing").to_owned()
}
