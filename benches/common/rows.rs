//! The rows of the measurement, and the table that takes them in each dialect.

use std::fs::File;
use std::io::Write;
use std::iter::Peekable;
use std::path::Path;

use annals::demo::Bulk;
use annals::pack;

use crate::common::Result;
use crate::common::process::Pace;

/// Chunks of interaction logs in COPY's text format.
pub(crate) type Rows = Bulk;

/// Whose CREATE TABLE it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Annals,
    Postgres,
    Duckdb,
}

/// The statement that makes a table like `interaction_logs` of the pack: the same columns, NOT NULL and CHECK for everybody, no index.
pub(crate) fn definition(table: &str, dialect: Dialect) -> Result<String> {
    let columns = pack::FILES
        .iter()
        .find_map(|(_, text)| text.split_once("CREATE TABLE interaction_logs ("))
        .and_then(|(_, rest)| rest.split_once("\n);"))
        .map(|(columns, _)| columns)
        .ok_or("the pack no longer defines interaction_logs as \"CREATE TABLE interaction_logs (…);\"")?;
    let columns = match dialect {
        Dialect::Annals => columns.to_owned(),
        // PostgreSQL 15 has no uuidv7(); every row brings its identity, so that the default is never used.
        Dialect::Postgres => columns.replace("uuidv7()", "gen_random_uuid()"),
        Dialect::Duckdb => columns.replace("uuidv7()", "gen_random_uuid()").replace("jsonb", "json"),
    };
    Ok(format!("CREATE TABLE {table} ({columns}\n)"))
}

/// Writes rows into a file until it has `rows_max`, to the end of a chunk: tabs between values, `\N` for NULL. Gives how many.
pub(crate) async fn write_file(chunks: &mut Peekable<Rows>, rows_max: u64, path: &Path) -> Result<u64> {
    let mut file = File::create(path)?;
    let mut pace = Pace::new("written to a file");
    let mut rows = 0;
    while rows < rows_max {
        let Some(chunk) = chunks.next() else { break };
        file.write_all(&chunk.lines)?;
        rows += chunk.rows;
        pace.add(chunk.rows);
        // Lets a signal be noticed.
        tokio::task::yield_now().await;
    }
    file.sync_all()?;
    pace.end();
    Ok(rows)
}
