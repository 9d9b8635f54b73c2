//! What does the ledger cost, and how long does a verification take?
//!
//! `cargo bench --bench ledger -- [--rows N] [--server PATH] [--rounds N] [--keep]`
//!
//! # Life of a run
//!
//! 1. [`rounds`] copies the same rows into a new server with the ledger and into one without, in turn, and waits each time until the
//!    ledger has taken them in; then the folders are compared.
//! 2. [`proofs`] asks the server with the ledger for proofs of single rows.
//! 3. [`verification`] stops it, reads every column of every segment with as many threads as there are cores, which is the floor for
//!    anybody who looks at each row, and runs `annals verify` beside that, in turn.
//!
//! Progress goes to the standard error, the table to the standard output. `benches/README.md` says what each line means.

mod common;

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use annals::clock::Clock;
use clap::Parser;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use common::Result;
use common::load::{connect, copy, run_sql};
use common::process::{Ending, Process, disk_bytes, say, to_the_end, unless_stopped};
use common::rows::Rows;
use common::server::{Server, table_folder};

const SEED: u64 = 7;
const STATEMENT_ROWS: u64 = 200_000;
/// Proofs of which the median counts.
const PROOFS: usize = 20;
/// Verifications and readings of which the median counts.
const VERIFICATIONS: usize = 3;
const TICK: Duration = Duration::from_millis(10);

/// Measures what the ledger costs.
#[derive(Debug, Parser)]
#[command(name = "ledger")]
struct Flags {
    /// Rows of each load.
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    rows: u64,
    /// The server under test.
    #[arg(long, value_name = "PATH", default_value = env!("CARGO_BIN_EXE_annals"))]
    server: PathBuf,
    /// Loads of each kind, of which the median counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// Leaves the temporary folder behind.
    #[arg(long)]
    keep: bool,
    /// What `cargo bench` adds by itself.
    #[arg(long, hide = true)]
    bench: bool,
}

/// One load: rows a second until the last statement was answered, seconds until the ledger had everything, bytes of the table's folder
/// and of the ledger's.
struct Load {
    pace: f64,
    taken_in: f64,
    table: u64,
    ledger: u64,
}

fn main() -> ExitCode {
    let flags = Flags::parse();
    to_the_end(async { Ok(unless_stopped(run(&flags)).await?.transpose()?.is_some()) })
}

async fn run(flags: &Flags) -> Result<()> {
    let mut folder = tempfile::tempdir()?;
    folder.disable_cleanup(flags.keep);
    let off = folder.path().join("off.toml");
    std::fs::write(&off, "ledger = false\nquery_log = false\n")?;
    let on = folder.path().join("on.toml");
    std::fs::write(&on, "query_log = false\n")?;
    let end_us = Clock::System.now_us();
    let (mut with, mut without) = (Vec::new(), Vec::new());
    let kept = folder.path().join("with");
    for round in 0..flags.rounds {
        for (config, loads, name) in [(&on, &mut with, "with"), (&off, &mut without, "without")] {
            say(&format!("round {} of {}, {name} the ledger", round + 1, flags.rounds));
            let data = folder.path().join(name);
            if data.exists() {
                std::fs::remove_dir_all(&data)?;
            }
            loads.push(load(flags, config, &data, end_us).await?);
        }
    }
    tell(&format!("{} rows, {} rounds, medians", flags.rows, flags.rounds));
    let (pace_on, pace_off) = (median(with.iter().map(|load| load.pace)), median(without.iter().map(|load| load.pace)));
    tell(&format!("COPY, with the ledger           {pace_on:>12.0} rows/s"));
    tell(&format!("COPY, without                   {pace_off:>12.0} rows/s"));
    tell(&format!("ratio                           {:>12.3}  (target: at least 0.9)", pace_on / pace_off));
    tell(&format!(
        "until everything is signed      {:>12.2} s after the last answer",
        median(with.iter().map(|load| load.taken_in))
    ));
    let bytes = |load: &Load| (load.table + load.ledger) as f64;
    let more = (median(with.iter().map(bytes)) - median(without.iter().map(bytes))) / flags.rows as f64;
    let ledger = median(with.iter().map(|load| load.ledger as f64)) / flags.rows as f64;
    tell(&format!(
        "storage                         {more:>12.3} bytes a row more (target: at most 1.5), {ledger:.3} of them in the ledger's folder"
    ));
    proofs(flags, &on, &kept).await?;
    verification(flags, &kept).await
}

async fn load(flags: &Flags, config: &Path, data: &Path, end_us: i64) -> Result<Load> {
    let log = data.with_extension("log");
    let server = Server::start(&flags.server, data, Some(config), &log).await?;
    let client = connect(server.address()).await?;
    let pace = copy(&client, "interaction_logs", Rows::new(SEED, end_us, flags.rows), STATEMENT_ROWS).await?;
    let begun = Instant::now();
    let behind = "SELECT count(*) FROM annals.ledger_status WHERE tablename = 'interaction_logs' AND size <= ";
    while client.query_one(&format!("{behind}{}", flags.rows), &[]).await?.get::<_, i64>(0) > 0 {
        let known = client.query_one("SELECT count(*) FROM annals.ledger_status WHERE size IS NOT NULL", &[]).await?;
        if known.get::<_, i64>(0) == 0 {
            break;
        }
        tokio::time::sleep(TICK).await;
    }
    let taken_in = begun.elapsed().as_secs_f64();
    run_sql(&client, "CHECKPOINT").await?;
    run_sql(&client, "VACUUM interaction_logs").await?;
    drop(client);
    server.terminate().await?;
    let ledger = data.join("ledger");
    let ledger = if ledger.exists() { disk_bytes(&ledger)? } else { 0 };
    Ok(Load { pace, taken_in, table: disk_bytes(&table_folder(data, "public.interaction_logs")?)?, ledger })
}

async fn proofs(flags: &Flags, config: &Path, data: &Path) -> Result<()> {
    let server = Server::start(&flags.server, data, Some(config), &data.with_extension("log")).await?;
    let client = connect(server.address()).await?;
    let mut ids: Vec<String> = Vec::new();
    for message in client
        .simple_query(&format!("SELECT event_id FROM interaction_logs TABLESAMPLE BERNOULLI (1) LIMIT {}", PROOFS + 1))
        .await?
    {
        if let tokio_postgres::SimpleQueryMessage::Row(row) = message {
            ids.extend(row.get(0).map(str::to_owned));
        }
    }
    let mut times = Vec::new();
    for id in &ids {
        let begun = Instant::now();
        client.simple_query(&format!("SELECT annals.prove('interaction_logs', '{id}')")).await?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    // The first reads what the others find in memory.
    tell(&format!("proof of one row                {:>12.1} ms (target: under 50)", median(times.iter().skip(1).copied())));
    drop(client);
    server.terminate().await
}

async fn verification(flags: &Flags, data: &Path) -> Result<()> {
    let segments = parquet_files(&table_folder(data, "public.interaction_logs")?)?;
    let (mut read, mut verified, mut peak) = (Vec::new(), Vec::new(), 0);
    for _ in 0..VERIFICATIONS {
        let begun = Instant::now();
        let rows = read_all(&segments)?;
        read.push(begun.elapsed().as_secs_f64());
        if rows as u64 != flags.rows {
            return Err(format!("the segments hold {rows} rows").into());
        }
        let begun = Instant::now();
        let mut command = Command::new(&flags.server);
        let mut process = Process::spawn(command.args(["verify", "--data"]).arg(data).stdout(Stdio::null()), Ending::Kill)?;
        let status = loop {
            if let Ok(text) = std::fs::read_to_string(format!("/proc/{}/status", process.id())) {
                let line = text
                    .lines()
                    .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
                peak = peak.max(line.unwrap_or(0) * 1024);
            }
            match process.child().try_wait()? {
                Some(status) => break status,
                None => tokio::time::sleep(TICK).await,
            }
        };
        if !status.success() {
            return Err(format!("annals verify ended with {status}").into());
        }
        verified.push(begun.elapsed().as_secs_f64());
    }
    let (read, verified) = (median(read.into_iter()), median(verified.into_iter()));
    tell(&format!("every column decoded            {read:>12.2} s"));
    tell(&format!("annals verify                   {verified:>12.2} s, ratio {:.2} (target: at most 2)", verified / read));
    tell(&format!("its memory at the highest       {:>12} MiB (target: at most 1024)", peak / (1024 * 1024)));
    Ok(())
}

fn parquet_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "_delta_log") {
            found.extend(parquet_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "parquet") {
            found.push(path);
        }
    }
    Ok(found)
}

/// Decodes every column of some files, and counts the rows.
fn read_all(files: &[PathBuf]) -> Result<usize> {
    let next = AtomicUsize::new(0);
    let rows = AtomicUsize::new(0);
    let work = || -> Result<()> {
        while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            for batch in ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.with_batch_size(8192).build()? {
                rows.fetch_add(batch?.num_rows(), Ordering::Relaxed);
            }
        }
        Ok(())
    };
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a reader died")?)
    })?;
    Ok(rows.into_inner())
}

/// Prints a line of the table; a closed pipe is the reader's decision.
fn tell(line: &str) {
    let _closed = writeln!(std::io::stdout().lock(), "{line}");
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
