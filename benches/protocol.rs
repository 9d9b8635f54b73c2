//! What does the wire cost? Small statements, connections, large results and idle clients, with PostgreSQL beside us in the same run.
//!
//! `cargo bench --bench protocol -- [--rows N] [--seconds N] [--idle N] [--server PATH] [--only annals|postgres]`
//!
//! # Life of a run
//!
//! 1. Each server in turn gets the same rows by COPY.
//! 2. Stock clients measure: pgbench runs `SELECT 1` and connects; psycopg copies and fetches the rows.
//! 3. Connections are opened and left idle, and a reader takes twice the rows slowly, while the server's memory is watched.
//! 4. [`report::Report`] prints the table with the ratios.
//!
//! `benches/README.md` says what each line means and where the comparison is not fair.

mod common;
#[path = "protocol/report.rs"]
mod report;
#[path = "protocol/tools.rs"]
mod tools;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{Command, ExitCode};
use std::time::Duration;

use bytes::Bytes;
use clap::Parser;
use futures::{SinkExt as _, TryStreamExt as _};
use tempfile::TempDir;

use common::Result;
use common::load::{PASSWORD, connect, count, explained, run_sql};
use common::memory::family;
use common::postgres::Postgres;
use common::process::{say, to_the_end, unless_stopped};
use common::server::{Server, version};
use report::{Report, System, What};
use tools::{Connecting, fetch, pgbench};

const MIB: f64 = 1024.0 * 1024.0;
/// Rows of one COPY.
const STATEMENT_ROWS: u64 = 200_000;
/// PostgreSQL's default configuration lets in 100.
const POSTGRES_IDLE: usize = 80;
/// How long memory may settle before it is looked at.
const SETTLE: Duration = Duration::from_secs(2);
/// A slow reader rests for so long after each of its portions.
const REST: Duration = Duration::from_millis(20);
const PORTION: u64 = 20_000;
/// Marks a run whose limit of open files has been raised.
const RAISED: &str = "ANNALS_BENCH_FILES_RAISED";

/// Measures what the wire costs, beside PostgreSQL.
#[derive(Debug, Parser)]
#[command(name = "protocol")]
struct Flags {
    /// Rows that are copied and fetched; the slow reader takes twice as many.
    #[arg(long, default_value_t = 5_000_000, value_parser = clap::value_parser!(u64).range(10..))]
    rows: u64,
    /// Length of each round of pgbench.
    #[arg(long, default_value_t = 15, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Connections that are left idle.
    #[arg(long, default_value_t = 2_000)]
    idle: usize,
    /// The server under test.
    #[arg(long, value_name = "PATH", default_value = env!("CARGO_BIN_EXE_annals"))]
    server: PathBuf,
    /// Measures only this one.
    #[arg(long, value_name = "SYSTEM", value_parser = ["annals", "postgres"])]
    only: Option<String>,
    /// What `cargo bench` adds by itself.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let flags = Flags::parse();
    if let Err(error) = raise_the_limit_of_files() {
        say(&format!("the limit of open files stays as it is: {error}"));
    }
    to_the_end(run(flags))
}

/// Starts itself again with as many open files as the system allows, for two thousand connections at both ends of the loopback.
#[expect(clippy::disallowed_methods, reason = "the mark has to survive the program's own replacement")]
fn raise_the_limit_of_files() -> Result<()> {
    if std::env::var_os(RAISED).is_some() {
        return Ok(());
    }
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -n \"$(ulimit -Hn)\"; exec \"$@\"", "sh"])
        .arg(std::env::current_exe()?)
        .args(std::env::args_os().skip(1));
    Err(command.env(RAISED, "yes").exec().into())
}

/// Measures everything and prints the table, also when some of it failed; false then.
async fn run(flags: Flags) -> Result<bool> {
    let folder = TempDir::with_prefix("annals-bench-")?;
    let mut report = Report::default();
    let well = unless_stopped(steps(&flags, folder.path(), &mut report)).await?.unwrap_or(false);
    report.note(format!("{} rows, pgbench for {} s a round, {} idle connections.", flags.rows, flags.seconds, flags.idle));
    report.print()?;
    Ok(well)
}

async fn steps(flags: &Flags, folder: &Path, report: &mut Report) -> bool {
    let mut well = true;
    for (name, system) in [("postgres", System::Postgres), ("annals", System::Annals)] {
        if flags.only.as_deref().is_some_and(|only| only != name) {
            continue;
        }
        say(&format!("-- {name}"));
        let outcome = match system {
            System::Postgres => postgres_steps(flags, folder, report).await,
            System::Annals => annals_steps(flags, folder, report).await,
        };
        if let Err(error) = outcome {
            report.note(format!("{name} failed: {error}"));
            well = false;
        }
    }
    well
}

async fn postgres_steps(flags: &Flags, folder: &Path, report: &mut Report) -> Result<()> {
    let Some(postgres) = Postgres::start(&folder.join("postgres"), &[]).await? else {
        report.note("PostgreSQL is absent.".to_owned());
        return Ok(());
    };
    report.note(format!("PostgreSQL {}.", postgres.version()));
    let process = postgres.process();
    measure(flags, folder, report, System::Postgres, postgres.address(), process).await?;
    idle_connections(flags.idle.min(POSTGRES_IDLE), report, System::Postgres, postgres.address(), process).await?;
    postgres.stop().await
}

async fn annals_steps(flags: &Flags, folder: &Path, report: &mut Report) -> Result<()> {
    let data = folder.join("annals");
    let server = Server::start(&flags.server, &data, None, &folder.join("annals.log")).await?;
    report.note(format!("Annals {}.", version(&flags.server)?));
    measure(flags, folder, report, System::Annals, server.address(), server.process()).await?;
    server.terminate().await?;
    // A server that has done nothing yet: what a connection costs is not hidden in memory that others have given back.
    let settings = folder.join("annals.toml");
    std::fs::write(&settings, format!("max_connections = {}\n", flags.idle + 100))?;
    let server = Server::start(&flags.server, &data, Some(&settings), &folder.join("annals.log")).await?;
    idle_connections(flags.idle, report, System::Annals, server.address(), server.process()).await?;
    server.terminate().await
}

/// All lines but that of the idle connections.
async fn measure(
    flags: &Flags,
    folder: &Path,
    report: &mut Report,
    system: System,
    server: SocketAddr,
    process: u32,
) -> Result<()> {
    for (what, clients, connecting) in [
        (What::SelectByOne, 1, Connecting::Once),
        (What::SelectBySixteen, 16, Connecting::Once),
        (What::Connect, 1, Connecting::ForEachTransaction),
    ] {
        report.put(what, system, pgbench(server, folder, clients, flags.seconds, connecting).await?);
    }
    if system == System::Postgres {
        // The client works off the iterations of the verifier: 4,096 in PostgreSQL 15, 10,000 here.
        let verifier = annals::pg::scram_verifier(PASSWORD)?;
        run_sql(&connect(server).await?, &format!("ALTER ROLE annals PASSWORD '{verifier}'")).await?;
    }
    let connected = pgbench(server, folder, 1, flags.seconds, Connecting::ForEachTransaction).await?;
    report.put(What::ConnectAlike, system, connected);
    fill(server, flags.rows).await?;
    let copied = fetch(server, "copy").await?;
    report.put(What::Copy, system, copied.amount as f64 / MIB / copied.seconds);
    for (what, way) in [(What::FetchText, "text"), (What::FetchBinary, "binary")] {
        let fetched = fetch(server, way).await?;
        if fetched.amount != flags.rows {
            return Err(format!("psycopg fetched {} of {} rows", fetched.amount, flags.rows).into());
        }
        report.put(what, system, fetched.amount as f64 / fetched.seconds);
    }
    report.put(What::SlowReader, system, slow_reader(server, process, 2 * flags.rows).await? / MIB);
    Ok(())
}

/// Fills the table that is read: about 60 bytes a row, the same on either server.
async fn fill(server: SocketAddr, rows: u64) -> Result<()> {
    let client = connect(server).await?;
    run_sql(&client, "CREATE TABLE fetched (occurred_at timestamptz NOT NULL, n bigint, ratio double precision, label text)")
        .await?;
    let mut next = 0;
    while next < rows {
        let end = (next + STATEMENT_ROWS).min(rows);
        let mut sink = pin!(client.copy_in::<_, Bytes>("COPY fetched FROM STDIN").await.map_err(explained)?);
        let mut lines = String::new();
        for n in next..end {
            // A row each second of 2024 and on, so that no two servers could prune differently.
            writeln!(lines, "2024-01-01 00:00:00.{:06}+00\t{n}\t{}.25\tlabel number {}", n % 1_000_000, n % 1_000, n % 10_000)?;
            if lines.len() > 60_000 {
                sink.send(Bytes::from(std::mem::take(&mut lines))).await.map_err(explained)?;
            }
        }
        sink.send(Bytes::from(lines)).await.map_err(explained)?;
        sink.finish().await.map_err(explained)?;
        next = end;
    }
    run_sql(&client, "CHECKPOINT").await?;
    let found = count(&client, "fetched").await?;
    if found == rows { Ok(()) } else { Err(format!("{found} rows are there, {rows} were acknowledged").into()) }
}

/// Bytes that a server's memory grows after the first tenth, while a client that rests reads all rows.
async fn slow_reader(server: SocketAddr, process: u32, rows: u64) -> Result<f64> {
    let client = connect(server).await?;
    let sql = "SELECT occurred_at, n, ratio, label FROM fetched UNION ALL SELECT occurred_at, n, ratio, label FROM fetched";
    let mut stream = pin!(client.query_raw(sql, Vec::<i64>::new()).await.map_err(explained)?);
    let (mut read, mut early, mut most) = (0, None, 0);
    while stream.try_next().await.map_err(explained)?.is_some() {
        read += 1;
        if read % PORTION == 0 {
            tokio::time::sleep(REST).await;
        }
        if read % (rows / 10) == 0 {
            let now = family(process)?;
            say(&format!("{read} rows read slowly, {} MiB", now as f64 / MIB));
            let first = *early.get_or_insert(now);
            most = now.max(most).max(first);
        }
    }
    if read != rows {
        return Err(format!("the slow reader got {read} of {rows} rows").into());
    }
    Ok(most.saturating_sub(early.unwrap_or(most)) as f64)
}

/// KiB that each idle connection costs after its login and one statement.
async fn idle_connections(number: usize, report: &mut Report, system: System, server: SocketAddr, process: u32) -> Result<()> {
    // The first connections build what all share.
    for _ in 0..10 {
        connect(server).await?.query_one("SELECT 1", &[]).await.map_err(explained)?;
    }
    tokio::time::sleep(SETTLE).await;
    let before = family(process)?;
    let mut clients = Vec::with_capacity(number);
    for _ in 0..number {
        let client = connect(server).await?;
        client.query_one("SELECT 1", &[]).await.map_err(explained)?;
        clients.push(client);
    }
    tokio::time::sleep(SETTLE).await;
    let held = family(process)?.saturating_sub(before);
    report.put(What::Idle, system, held as f64 / 1024.0 / number.max(1) as f64);
    if clients.iter().any(tokio_postgres::Client::is_closed) {
        return Err("a connection was closed while it was idle".into());
    }
    Ok(())
}
