//! DuckDB beside us, through the Python package: its own load, and the same rows written once as zstd Parquet.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use annals::demo::Log;

use crate::Result;
use crate::process::{Ending, Process, output, say};

/// The longest that one of its steps may take.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// A Python that has the package `duckdb`.
pub(crate) struct Duck {
    interpreter: PathBuf,
    version: String,
    folder: PathBuf,
}

/// What a step of it did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Done {
    pub(crate) rows: u64,
    pub(crate) seconds: f64,
}

impl Duck {
    /// The Python named by `ANNALS_TEST_PYTHON`, else `python3`; `None`, after a line that says why, when it has no DuckDB.
    #[expect(
        clippy::disallowed_methods,
        reason = "a measurement has no configuration but its flags and this one variable of the tests"
    )]
    pub(crate) async fn find(folder: &Path) -> Result<Option<Duck>> {
        let interpreter = std::env::var_os("ANNALS_TEST_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from);
        match output(Command::new(&interpreter).args(["-c", "import duckdb; print(duckdb.__version__)"])) {
            Ok(version) => Ok(Some(Duck { interpreter, version, folder: folder.to_owned() })),
            Err(error) => {
                say(&format!("DuckDB is absent: {error}"));
                Ok(None)
            }
        }
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Loads the file into a new database in one statement and a checkpoint.
    pub(crate) async fn load(&self, file: &Path, database: &Path, definition: &str) -> Result<Done> {
        self.run(&["load".as_ref(), file, database, definition.as_ref(), Log::Interactions.columns().as_ref()]).await
    }

    /// Writes the rows of all segments of a table into one Parquet file, newest first; with or without the store's hidden columns.
    pub(crate) async fn write_parquet(&self, segments: &Path, file: &Path, hidden: bool) -> Result<Done> {
        let which = if hidden { "all" } else { "users" };
        self.run(&["parquet".as_ref(), segments, file, which.as_ref()]).await
    }

    /// Runs the script with these arguments; it prints rows and seconds.
    async fn run(&self, arguments: &[&Path]) -> Result<Done> {
        let (said, complaints) = (self.folder.join("duckdb.out"), self.folder.join("duckdb.err"));
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/ingest/duckdb_peer.py");
        let mut command = Command::new(&self.interpreter);
        command.arg(script).arg(self.folder.join("duckdb-spill")).args(arguments).env("PYTHONDONTWRITEBYTECODE", "1");
        command.stdout(Stdio::from(fs::File::create(&said)?)).stderr(fs::File::create(&complaints)?);
        let mut process = Process::spawn(&mut command, Ending::Kill)?;
        if !process.wait(PATIENCE).await?.success() {
            let text = fs::read_to_string(&complaints)?;
            return Err(format!("DuckDB failed: {}", text.trim().lines().last().unwrap_or("without a word")).into());
        }
        let text = fs::read_to_string(&said)?;
        let mut figures = text.split_whitespace();
        match (figures.next().map(str::parse), figures.next().map(str::parse)) {
            (Some(Ok(rows)), Some(Ok(seconds))) => Ok(Done { rows, seconds }),
            _ => Err(format!("DuckDB's script printed {text:?} instead of rows and seconds").into()),
        }
    }
}
