//! How fast do rows come in, what do they cost, and how soon is the server back? One table, with PostgreSQL and DuckDB beside us.
//!
//! `cargo bench --bench ingest -- [--rows N] [--server PATH] [--only annals|postgres|duckdb] [--statement-rows N] [--keep]`
//!
//! # Life of a run
//!
//! 1. [`postgres_steps`] takes the rows with PostgreSQL: a new cluster with the default configuration, the same columns without an
//!    index, COPY and single INSERTs by the same client.
//! 2. [`annals_steps`] takes them with the server under test, over the same protocol: COPY, CHECKPOINT, VACUUM, disk, restarts after a
//!    clean stop, memory, single INSERTs, and a restart after SIGKILL with a long write-ahead log.
//! 3. [`duckdb_steps`] loads them into DuckDB from a file, and writes the rows of our segments once as zstd Parquet, against which our
//!    disk is measured.
//! 4. [`report::Report`] prints what was found against its targets, the machine and the commit.
//!
//! Progress goes to the standard error, the table to the standard output. Systems run one after the other, never at the same time.
//! Whatever was started is stopped, and temporary folders go, on every way out: also after an error, SIGINT or SIGTERM.
//! `benches/README.md` says what each line means and where the comparison is not fair.

mod common;
#[path = "ingest/report.rs"]
mod report;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use annals::clock::Clock;
use clap::{Parser, ValueEnum};
use tempfile::TempDir;

use common::Result;
use common::duck::Duck;
use common::load::{INSERT_ROUNDS, connect, copy, copy_statement, count, explained, insert_for_a_while, run_sql};
use common::machine::median;
use common::postgres::Postgres;
use common::process::{disk_bytes, say, settle, to_the_end, unless_stopped};
use common::rows::{Dialect, Rows, definition, write_file};
use common::server::{Server, rows_in_segments, table_folder, version};
use report::{Report, System, What};

/// Rows of the COPY that is one statement.
const ONE_STATEMENT_ROWS: u64 = 1_000_000;
/// Rows of a statement that is small enough to go through the write-ahead log.
const LOGGED_ROWS: u64 = 20_000;
/// The write-ahead log that a killed server is to leave behind.
const WAL_BYTES: u64 = 1024 * 1024 * 1024;
/// Statements after which the log is as long as it will be.
const LOGGED_STATEMENTS_MAX: u64 = 600;
/// Restarts after a clean stop, of which the median counts.
const RESTARTS: usize = 3;
/// How long a server is left alone before its memory is looked at.
const IDLE: Duration = Duration::from_secs(5);
const SEED: u64 = 7;
const MIB: u64 = 1024 * 1024;

/// Measures how rows come in, beside PostgreSQL and DuckDB.
#[derive(Debug, Parser)]
#[command(name = "ingest")]
struct Flags {
    /// Rows of the large COPY.
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    rows: u64,
    /// The server under test.
    #[arg(long, value_name = "PATH", default_value = env!("CARGO_BIN_EXE_annals"))]
    server: PathBuf,
    /// Measures only this one.
    #[arg(long, value_name = "SYSTEM")]
    only: Option<System>,
    /// Leaves the temporary folder behind.
    #[arg(long)]
    keep: bool,
    /// Rows of one COPY of the large load; a statement ends with the chunk of the generator that reaches it.
    #[arg(long, default_value_t = 200_000, value_name = "ROWS", value_parser = clap::value_parser!(u64).range(1..))]
    statement_rows: u64,
    /// Seconds of each round of single INSERTs.
    #[arg(long, default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    insert_seconds: u64,
    /// What `cargo bench` adds by itself.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Flags {
    /// The rows of a load; the same ones for the same seed and number.
    fn rows_of(&self, end_us: i64, seed: u64, rows: u64) -> Rows {
        Rows::new(seed, end_us, rows)
    }

    fn measures(&self, system: System) -> bool {
        self.only.is_none_or(|only| only == system)
    }

    /// A smoke test with few rows keeps the other steps small too.
    fn one_statement_rows(&self) -> u64 {
        ONE_STATEMENT_ROWS.min(self.rows)
    }

    /// The log of a full run is 1 GiB; that of a run with few rows is as much shorter.
    fn wal_bytes(&self) -> u64 {
        if self.rows >= ONE_STATEMENT_ROWS { WAL_BYTES } else { (self.rows * 200).max(MIB) }
    }
}

/// What all steps share.
struct Bench {
    flags: Flags,
    folder: PathBuf,
    end_us: i64,
}

impl Bench {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn main() -> ExitCode {
    let flags = Flags::parse();
    to_the_end(run(flags))
}

/// Measures everything and prints the table, also when some of it failed; false then.
async fn run(flags: Flags) -> Result<bool> {
    let folder = TempDir::with_prefix("annals-bench-")?;
    let mut report = Report::new(flags.rows, flags.statement_rows, flags.one_statement_rows());
    let bench = Bench { folder: folder.path().to_owned(), end_us: Clock::System.now_us(), flags };
    say(&format!("{} rows, in {}", bench.flags.rows, bench.folder.display()));
    let finished = unless_stopped(steps(&bench, &mut report)).await?;
    report.print(&bench.folder)?;
    if bench.flags.keep {
        say(&format!("kept {}", folder.keep().display()));
    }
    if finished.is_none() {
        say("stopped by a signal");
    }
    Ok(finished == Some(true))
}

/// One system after the other; one that fails leaves the others their turn.
async fn steps(bench: &Bench, report: &mut Report) -> bool {
    generator_alone(bench, report).await;
    let mut all_well = true;
    for system in [System::Postgres, System::Annals, System::Duckdb] {
        if !bench.flags.measures(system) {
            report.left_out(system);
            continue;
        }
        say(&format!("-- {system}"));
        let outcome = match system {
            System::Postgres => postgres_steps(bench, report).await,
            System::Annals => annals_steps(bench, report).await,
            System::Duckdb => duckdb_steps(bench, report).await,
        };
        if let Err(error) = outcome {
            say(&format!("{system} failed: {error}"));
            report.failed(system, &error.to_string());
            all_well = false;
        }
        settle().await;
    }
    all_well
}

/// How fast the client could be at most.
async fn generator_alone(bench: &Bench, report: &mut Report) {
    let begun = Instant::now();
    let (mut rows, mut bytes) = (0, 0);
    for chunk in bench.flags.rows_of(bench.end_us, SEED, bench.flags.one_statement_rows()) {
        rows += chunk.rows;
        bytes += chunk.lines.len();
        tokio::task::yield_now().await;
    }
    report.generator(rows, bytes as u64, begun.elapsed());
}

async fn postgres_steps(bench: &Bench, report: &mut Report) -> Result<()> {
    let Some(postgres) = Postgres::start(&bench.path("postgres"), &[]).await? else {
        report.absent(System::Postgres);
        return Ok(());
    };
    report.version(System::Postgres, postgres.version());
    let client = connect(postgres.address()).await?;
    for table in ["interaction_logs", "interaction_once", "interaction_singles"] {
        run_sql(&client, &definition(table, Dialect::Postgres)?).await?;
    }
    let flags = &bench.flags;
    let rate = copy(&client, "interaction_logs", flags.rows_of(bench.end_us, SEED, flags.rows), flags.statement_rows).await?;
    report.put(What::Copy, System::Postgres, rate);
    expect_rows(count(&client, "interaction_logs").await?, flags.rows)?;
    let size = client.query_one("SELECT pg_table_size('interaction_logs')", &[]).await.map_err(explained)?;
    report.put(What::Disk, System::Postgres, size.try_get::<_, i64>(0)? as f64);
    let one = flags.one_statement_rows();
    let rate = copy(&client, "interaction_once", flags.rows_of(bench.end_us, SEED + 1, one), one).await?;
    report.put(What::CopyOnce, System::Postgres, rate);
    expect_rows(count(&client, "interaction_once").await?, one)?;
    timed("CHECKPOINT", run_sql(&client, "CHECKPOINT")).await?;
    report.put(What::Insert, System::Postgres, inserts(bench, postgres.address()).await?);
    drop(client);
    postgres.stop().await?;
    remove(bench, &bench.path("postgres"))
}

async fn annals_steps(bench: &Bench, report: &mut Report) -> Result<()> {
    let data = bench.path("annals");
    let mut peak = 0;
    let loaded = annals_load(bench, report, &data, &mut peak).await;
    let rest = match loaded {
        Ok(()) => annals_restarts(bench, report, &data, &mut peak).await,
        Err(error) => Err(error),
    };
    if peak > 0 {
        report.put(What::PeakMemory, System::Annals, peak as f64);
    }
    rest
}

/// COPY, CHECKPOINT, VACUUM, disk; ends with a clean stop.
async fn annals_load(bench: &Bench, report: &mut Report, data: &Path, peak: &mut u64) -> Result<()> {
    let flags = &bench.flags;
    let server = Server::start(&flags.server, data, None, &bench.path("annals.log")).await?;
    report.version(System::Annals, version(&flags.server)?);
    let client = connect(server.address()).await?;
    let rate = copy(&client, "interaction_logs", flags.rows_of(bench.end_us, SEED, flags.rows), flags.statement_rows).await?;
    report.put(What::Copy, System::Annals, rate);
    report.put(What::Checkpoint, System::Annals, timed("CHECKPOINT", run_sql(&client, "CHECKPOINT")).await?);
    report.put(What::Vacuum, System::Annals, timed("VACUUM", run_sql(&client, "VACUUM")).await?);
    report.put(What::Disk, System::Annals, disk_bytes(data)? as f64);
    expect_rows(count(&client, "interaction_logs").await?, flags.rows)?;
    run_sql(&client, &definition("interaction_once", Dialect::Annals)?).await?;
    let one = flags.one_statement_rows();
    let rate = copy(&client, "interaction_once", flags.rows_of(bench.end_us, SEED + 1, one), one).await?;
    report.put(What::CopyOnce, System::Annals, rate);
    expect_rows(count(&client, "interaction_once").await?, one)?;
    drop(client);
    *peak = (*peak).max(server.memory("VmHWM")?);
    say(&format!("peak memory so far {} MiB", *peak / MIB));
    report.put(What::Stop, System::Annals, timed("clean stop", server.terminate()).await?);
    Ok(())
}

/// Restarts after a clean stop, an idle server, single INSERTs, and the restart after SIGKILL.
async fn annals_restarts(bench: &Bench, report: &mut Report, data: &Path, peak: &mut u64) -> Result<()> {
    let log = bench.path("annals.log");
    let mut restarts = Vec::new();
    for _ in 0..RESTARTS {
        let (server, seconds) = answering(bench, data, bench.flags.rows).await?;
        say(&format!("answered {seconds:.2} s after a clean stop"));
        restarts.push(seconds);
        *peak = (*peak).max(server.memory("VmHWM")?);
        server.terminate().await?;
    }
    report.put(What::CleanRestart, System::Annals, median(&mut restarts));

    let server = Server::start(&bench.flags.server, data, None, &log).await?;
    tokio::time::sleep(IDLE).await;
    let idle = server.memory("VmRSS")?;
    say(&format!("idle memory {} MiB", idle / MIB));
    report.put(What::IdleMemory, System::Annals, idle as f64);
    let client = connect(server.address()).await?;
    run_sql(&client, &definition("interaction_singles", Dialect::Annals)?).await?;
    report.put(What::Insert, System::Annals, inserts(bench, server.address()).await?);
    *peak = (*peak).max(server.memory("VmHWM")?);
    server.terminate().await?;

    let logged = fill_the_log(bench, report, data, peak).await?;
    let (server, seconds) = answering(bench, data, bench.flags.rows).await?;
    say(&format!("answered {seconds:.2} s after SIGKILL"));
    report.put(What::KilledRestart, System::Annals, seconds);
    expect_rows(count(&connect(server.address()).await?, "interaction_killed").await?, logged)?;
    *peak = (*peak).max(server.memory("VmHWM")?);
    server.terminate().await?;
    Ok(())
}

/// Writes small statements until the write-ahead log is long, then kills the server; gives how many rows were acknowledged.
///
/// The store flushes when its memory is half full, whatever the settings say, and then removes the files of the log that no table
/// needs any more. One waiting row of a second table keeps them: the longest log that a real mixture of busy and quiet tables can leave.
/// The kill comes when nearly as many rows as ever stand in no segment yet, so that the restart has as much as possible to take back.
async fn fill_the_log(bench: &Bench, report: &mut Report, data: &Path, peak: &mut u64) -> Result<u64> {
    let config = bench.path("never-flush.toml");
    std::fs::write(&config, "flush_mib = 65536\nflush_seconds = 1000000\n")?;
    let flags = &bench.flags;
    let server = Server::start(&flags.server, data, Some(&config), &bench.path("annals.log")).await?;
    let client = connect(server.address()).await?;
    run_sql(&client, &definition("interaction_killed", Dialect::Annals)?).await?;
    run_sql(&client, "CREATE TABLE interaction_waiting (occurred_at timestamptz NOT NULL)").await?;
    let wal = data.join("wal");
    let (mut logged, mut waiting_max) = (0, 0);
    let begun = Instant::now();
    for statement in 0..LOGGED_STATEMENTS_MAX {
        // Once a statement, because a flush under pressure may take the waiting row with it.
        run_sql(&client, "INSERT INTO interaction_waiting VALUES (now())").await?;
        let rows = flags.rows_of(bench.end_us, SEED + 100 + statement, LOGGED_ROWS.min(flags.rows));
        logged += copy_statement(&client, "interaction_killed", &mut rows.peekable(), u64::MAX).await?;
        let (held, waiting) = (disk_bytes(&wal)?, logged - rows_in_segments(data, "public.interaction_killed")?);
        waiting_max = waiting_max.max(waiting);
        if statement % 10 == 9 {
            let seconds = begun.elapsed().as_secs_f64();
            say(&format!("{logged} rows logged, {waiting} in no segment, write-ahead log {} MiB, {seconds:.0} s", held / MIB));
        }
        if held >= flags.wal_bytes() && waiting * 10 >= waiting_max * 9 {
            break;
        }
    }
    *peak = (*peak).max(server.memory("VmHWM")?);
    server.kill().await?;
    let (held, waiting) = (disk_bytes(&wal)?, logged - rows_in_segments(data, "public.interaction_killed")?);
    say(&format!("killed with {} MiB of write-ahead log, {waiting} rows in no segment", held / MIB));
    report.put(What::WalAtKill, System::Annals, held as f64);
    report.put(What::WaitingAtKill, System::Annals, waiting as f64);
    Ok(logged)
}

/// Starts the server; gives it and the seconds until it had answered `SELECT 1` and the count of the large table.
async fn answering(bench: &Bench, data: &Path, rows: u64) -> Result<(Server, f64)> {
    let begun = Instant::now();
    let server = Server::start(&bench.flags.server, data, None, &bench.path("annals.log")).await?;
    let client = connect(server.address()).await?;
    client.query_one("SELECT 1", &[]).await.map_err(explained)?;
    let counted = count(&client, "interaction_logs").await?;
    let seconds = begun.elapsed().as_secs_f64();
    expect_rows(counted, rows)?;
    Ok((server, seconds))
}

async fn duckdb_steps(bench: &Bench, report: &mut Report) -> Result<()> {
    let Some(duck) = Duck::find(&bench.folder).await? else {
        report.absent(System::Duckdb);
        return Ok(());
    };
    report.version(System::Duckdb, duck.version().to_owned());
    duckdb_load(bench, report, &duck).await?;
    if bench.path("annals").is_dir() {
        parquet_once(bench, report, &duck).await
    } else {
        say("there are no segments of ours to write as Parquet");
        Ok(())
    }
}

/// DuckDB's own load, from a file of the same rows.
async fn duckdb_load(bench: &Bench, report: &mut Report, duck: &Duck) -> Result<()> {
    let flags = &bench.flags;
    let (file, database) = (bench.path("rows.tsv"), bench.path("rows.duckdb"));
    write_file(&mut flags.rows_of(bench.end_us, SEED, flags.rows).peekable(), u64::MAX, &file).await?;
    settle().await;
    let loaded = duck.load(&file, &database, "interaction_logs", &definition("interaction_logs", Dialect::Duckdb)?).await?;
    expect_rows(loaded.rows, flags.rows)?;
    let rate = loaded.rows as f64 / loaded.seconds;
    say(&format!("DuckDB loaded {} rows in {:.1} s: {rate:.0} rows/s", loaded.rows, loaded.seconds));
    report.put(What::Copy, System::Duckdb, rate);
    remove(bench, &file)?;
    remove(bench, &database)
}

/// The rows of our segments as one file of zstd Parquet: what they take at least, written by somebody else.
async fn parquet_once(bench: &Bench, report: &mut Report, duck: &Duck) -> Result<()> {
    let segments = table_folder(&bench.path("annals"), "public.interaction_logs")?;
    let file = bench.path("once.parquet");
    for (what, hidden) in [(What::Disk, false), (What::ParquetWithHidden, true)] {
        let written = duck.write_parquet(&segments, &file, hidden).await?;
        expect_rows(written.rows, bench.flags.rows)?;
        settle().await;
        let bytes = disk_bytes(&file)?;
        say(&format!("zstd Parquet, hidden columns {hidden}: {} MiB in {:.1} s", bytes / MIB, written.seconds));
        report.put(what, System::Duckdb, bytes as f64);
        if !hidden {
            report.put(What::ParquetTime, System::Duckdb, written.seconds);
        }
    }
    remove(bench, &file)
}

/// Rounds of single INSERTs; the median of their rates, after counting that every row is there.
async fn inserts(bench: &Bench, address: std::net::SocketAddr) -> Result<f64> {
    let mut rates = Vec::new();
    let mut acknowledged = 0;
    for round in 0..INSERT_ROUNDS {
        let length = Duration::from_secs(bench.flags.insert_seconds);
        let (rows, rate) = insert_for_a_while(address, "interaction_singles", round, bench.end_us, length).await?;
        say(&format!("single INSERTs: {rows} rows, {rate:.0} rows/s"));
        acknowledged += rows;
        rates.push(rate);
    }
    expect_rows(count(&connect(address).await?, "interaction_singles").await?, acknowledged)?;
    Ok(median(&mut rates))
}

/// Runs a step and gives its seconds.
async fn timed<T>(name: &str, step: impl Future<Output = Result<T>>) -> Result<f64> {
    let begun = Instant::now();
    step.await?;
    let seconds = begun.elapsed().as_secs_f64();
    say(&format!("{name}: {seconds:.2} s"));
    Ok(seconds)
}

/// A fast server that loses rows is not fast.
fn expect_rows(found: u64, expected: u64) -> Result<()> {
    if found == expected { Ok(()) } else { Err(format!("{found} rows are there, {expected} were acknowledged").into()) }
}

/// Frees the disk for the next system, unless the folder is to be kept.
fn remove(bench: &Bench, path: &Path) -> Result<()> {
    if bench.flags.keep {
        Ok(())
    } else if path.is_dir() {
        Ok(std::fs::remove_dir_all(path)?)
    } else {
        Ok(std::fs::remove_file(path)?)
    }
}

impl std::fmt::Display for System {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            System::Annals => "Annals",
            System::Postgres => "PostgreSQL",
            System::Duckdb => "DuckDB",
        })
    }
}

impl ValueEnum for System {
    fn value_variants<'a>() -> &'a [Self] {
        &[System::Annals, System::Postgres, System::Duckdb]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(match self {
            System::Annals => "annals",
            System::Postgres => "postgres",
            System::Duckdb => "duckdb",
        }))
    }
}
