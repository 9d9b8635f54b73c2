//! `annals ingest`: files into a table, in transactions that each record how far the file has been loaded.
//!
//! Whatever the format, records travel as JSON Lines in `COPY … FROM STDIN (FORMAT json)`, so a file means the same as the same
//! records sent by any other client. A run that was cut off goes on behind the last transaction that the server acknowledged.

mod source;

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use futures::SinkExt;
use indicatif::{ProgressBar, ProgressStyle};
use tokio_postgres::Client;

use crate::command::client::{self, of_client};
use crate::command::{IngestArgs, say};
use crate::error::{Error, Kind, Result};
use source::Source;

/// Bytes of one COPY message.
const MESSAGE_BYTES: usize = 256 * 1024;

/// Loads every file, one after another.
pub(super) async fn ingest(args: IngestArgs) -> Result<()> {
    if args.batch == 0 {
        return Err(Error::new(Kind::InvalidParameterValue, "--batch must be at least 1"));
    }
    let table = quoted_table(&args.table)?;
    for file in &args.files {
        Source::check(file)?;
    }
    let connection = client::connect(&args.place.config()?).await?;
    let mut outcome = Ok(());
    for file in &args.files {
        outcome = load(&connection.client, &table, file, &args).await;
        if outcome.is_err() {
            break;
        }
    }
    connection.close().await.and(outcome)
}

/// `table` or `schema.table`, each part taken as it is typed.
fn quoted_table(name: &str) -> Result<String> {
    let parts: Vec<String> = name.split('.').map(|part| format!("\"{}\"", part.replace('"', "\"\""))).collect();
    if parts.len() > 2 || name.split('.').any(str::is_empty) {
        return Err(Error::new(Kind::SyntaxError, format!("\"{name}\" is not a table's name"))
            .with_hint("Write the table, or schema.table."));
    }
    Ok(parts.join("."))
}

/// Loads one file behind what earlier runs have loaded of it.
async fn load(client: &Client, table: &str, file: &Path, args: &IngestArgs) -> Result<()> {
    let identity = source::identity(file)?;
    client.batch_execute(&format!("SELECT * FROM {table} LIMIT 0")).await.map_err(|error| of_client(&error))?;
    let done = rows_done(client, table, &identity).await?;
    let mut source = Source::open(file)?;
    let bar = progress_bar(file, source.bytes_total())?;
    let skipped = source.skip(done)?;
    if skipped < done {
        return Err(Error::new(Kind::DataException, format!("\"{}\" has fewer records than were loaded of it", file.display())));
    }
    if done > 0 {
        bar.println(format!("{}: {done} records were loaded before; going on behind them", file.display()));
    }
    let mut rows = 0_u64;
    loop {
        let batch = source.next_batch(args.batch)?;
        if batch.records == 0 {
            break;
        }
        send(client, table, args.map.as_deref(), &batch, file, &identity, done + rows + batch.records).await?;
        rows += batch.records;
        bar.set_position(source.bytes_read());
        bar.set_message(format!("{} rows, {:.0} rows/s", done + rows, rows as f64 / bar.elapsed().as_secs_f64().max(0.001)));
    }
    let seconds = bar.elapsed().as_secs_f64();
    bar.finish_and_clear();
    say(&format!(
        "{}: {rows} rows into {} in {seconds:.1} s ({:.0} rows/s)",
        file.display(),
        args.table,
        rows as f64 / seconds.max(0.001)
    ));
    Ok(())
}

/// One transaction: the rows, and how far the file has been loaded with them.
async fn send(
    client: &Client,
    table: &str,
    map: Option<&str>,
    batch: &source::Batch,
    file: &Path,
    identity: &str,
    done: u64,
) -> Result<()> {
    let execute = |sql: String| async move { client.batch_execute(&sql).await.map_err(|error| of_client(&error)) };
    execute("BEGIN".to_owned()).await?;
    let sent = async {
        let map = map.map_or(String::new(), |map| format!(", MAP {}", literal(map)));
        let copy = format!("COPY {table} FROM STDIN (FORMAT json{map})");
        let sink = client.copy_in::<_, Bytes>(&copy).await.map_err(|error| of_client(&error))?;
        futures::pin_mut!(sink);
        for message in batch.lines.chunks(MESSAGE_BYTES) {
            sink.send(Bytes::copy_from_slice(message)).await.map_err(|error| of_client(&error))?;
        }
        sink.finish().await.map_err(|error| located(of_client(&error), batch, file))?;
        execute(format!(
            "DELETE FROM annals.ingest_progress WHERE table_name = {0} AND file_identity = {1};
             INSERT INTO annals.ingest_progress (table_name, file_identity, file_name, rows_done, updated_at)
             VALUES ({0}, {1}, {2}, {done}, now())",
            literal(table),
            literal(identity),
            literal(&file.display().to_string()),
        ))
        .await?;
        execute("COMMIT".to_owned()).await
    };
    let result = sent.await;
    if result.is_err() {
        // The rows of the batch are dropped with the transaction; its own failure would hide the first one.
        let _dropped = execute("ROLLBACK".to_owned()).await;
    }
    result
}

async fn rows_done(client: &Client, table: &str, identity: &str) -> Result<u64> {
    let sql = format!(
        "SELECT rows_done FROM annals.ingest_progress WHERE table_name = {} AND file_identity = {}",
        literal(table),
        literal(identity)
    );
    let row = client.query_opt(&sql, &[]).await.map_err(|error| of_client(&error))?;
    let done: i64 = row.map_or(Ok(0), |row| row.try_get(0)).map_err(|error| of_client(&error))?;
    Ok(u64::try_from(done).unwrap_or(0))
}

/// Adds the file, and turns the line within the batch into the line of the file.
fn located(error: Error, batch: &source::Batch, file: &Path) -> Error {
    let context = error.report().context.clone().unwrap_or_default();
    let line = context
        .split("line ")
        .nth(1)
        .and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next())
        .and_then(|digits| digits.parse::<u64>().ok());
    match line {
        Some(line) => error.with_context(format!("record {} of \"{}\"", batch.first_record + line - 1, file.display())),
        None => error.with_context(format!("\"{}\"", file.display())),
    }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn progress_bar(file: &Path, bytes: u64) -> Result<ProgressBar> {
    let bar = ProgressBar::new(bytes);
    let style = ProgressStyle::with_template("{prefix} [{bar:30}] {bytes}/{total_bytes} {msg}, {eta} left")
        .map_err(|error| Error::internal(error.to_string()))?;
    bar.set_style(style.progress_chars("=> "));
    bar.set_prefix(file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()));
    bar.enable_steady_tick(Duration::from_millis(250));
    Ok(bar)
}
