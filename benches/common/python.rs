//! The Python that runs other people's clients, and how it finds a server.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::common::Result;
use crate::common::load::PASSWORD;
use crate::common::process::{Ending, Process};

/// The longest that a step of a script may take.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// What a step of a script did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Done {
    pub(crate) rows: u64,
    pub(crate) seconds: f64,
    /// The highest resident memory, in bytes.
    pub(crate) peak: u64,
}

/// The Python named by `ANNALS_TEST_PYTHON`, else `python3`.
#[expect(
    clippy::disallowed_methods,
    reason = "a measurement has no configuration but its flags, and the tests name their Python so"
)]
pub(crate) fn interpreter() -> PathBuf {
    std::env::var_os("ANNALS_TEST_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from)
}

/// The environment by which libpq finds a server.
pub(crate) fn at(command: &mut Command, server: SocketAddr) -> &mut Command {
    command
        .env("PGHOST", server.ip().to_string())
        .env("PGPORT", server.port().to_string())
        .env("PGUSER", "annals")
        .env("PGDATABASE", "annals")
        .env("PGPASSWORD", PASSWORD)
        .env("PGSSLMODE", "disable")
}

/// One of the scripts beside these programs.
pub(crate) fn script(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Runs a script that prints rows, seconds and bytes of memory; what it says goes into files whose names begin with `files`.
pub(crate) async fn done(command: &mut Command, files: &Path, name: &str) -> Result<Done> {
    let (said, complaints) = (files.with_extension("out"), files.with_extension("err"));
    command.env("PYTHONDONTWRITEBYTECODE", "1").stdout(Stdio::from(File::create(&said)?)).stderr(File::create(&complaints)?);
    let mut process = Process::spawn(command, Ending::Kill)?;
    if !process.wait(PATIENCE).await?.success() {
        let text = fs::read_to_string(&complaints)?;
        return Err(format!("{name} failed: {}", text.trim().lines().last().unwrap_or("without a word")).into());
    }
    let text = fs::read_to_string(&said)?;
    let figures: Vec<&str> = text.split_whitespace().collect();
    match figures[..] {
        [rows, seconds, peak] => Ok(Done { rows: rows.parse()?, seconds: seconds.parse()?, peak: peak.parse()? }),
        _ => Err(format!("{name}'s script printed {text:?} instead of rows, seconds and bytes").into()),
    }
}
