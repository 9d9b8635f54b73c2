//! DuckDB beside us, through the Python package: its own load, and the same rows written once as zstd Parquet.

use std::path::{Path, PathBuf};
use std::process::Command;

use annals::demo::Log;

use crate::common::Result;
use crate::common::process::{output, say};
use crate::common::python::{Done, done, interpreter, script};

/// A Python that has the package `duckdb`.
pub(crate) struct Duck {
    interpreter: PathBuf,
    version: String,
    folder: PathBuf,
}

impl Duck {
    /// The Python named by `ANNALS_TEST_PYTHON`, else `python3`; `None`, after a line that says why, when it has no DuckDB.
    pub(crate) async fn find(folder: &Path) -> Result<Option<Duck>> {
        let interpreter = interpreter();
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

    /// Runs the definition, then loads the file into the table in one statement and a checkpoint.
    pub(crate) async fn load(&self, file: &Path, database: &Path, table: &str, definition: &str) -> Result<Done> {
        let columns = Log::Interactions.columns();
        self.run(&["load".as_ref(), file, database, table.as_ref(), definition.as_ref(), columns.as_ref()]).await
    }

    /// Writes the rows of all segments of a table into one Parquet file, newest first; with or without the store's hidden columns.
    pub(crate) async fn write_parquet(&self, segments: &Path, file: &Path, hidden: bool) -> Result<Done> {
        let which = if hidden { "all" } else { "users" };
        self.run(&["parquet".as_ref(), segments, file, which.as_ref()]).await
    }

    /// Runs the script with these arguments.
    async fn run(&self, arguments: &[&Path]) -> Result<Done> {
        let mut command = Command::new(&self.interpreter);
        command.arg(script("benches/common/duckdb_peer.py")).arg(self.folder.join("duckdb-spill")).args(arguments);
        done(&mut command, &self.folder.join("duckdb"), "DuckDB").await
    }
}
