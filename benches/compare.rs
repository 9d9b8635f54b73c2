//! Is one store enough? What users of logs ask, put to us, PostgreSQL, DuckDB and ClickHouse in turn, over the same rows.
//!
//! `cargo bench --bench compare -- [--rows N] [--rounds N] [--seed N] [--only SYSTEM] [--without SYSTEM] [--queries WORDS] [--extra WHAT]
//! [--growth N,N,…] [--markdown FILE] [--plot FILE] [--server PATH] [--keep]`
//!
//! # Life of a run
//!
//! 1. [`peers`] loads the same rows into everybody, whose indexes are those that its users would make, and brings each into the state that it has
//!    after a night: VACUUM, ANALYZE, OPTIMIZE.
//! 2. [`asked`] runs `compare/driver.py`, which asks everybody the same questions with fresh parameters in turn, compares the answers and writes
//!    down how long each took.
//! 3. [`extra`] measures what is no query: COPY with all indexes, single INSERTs, look-ups while rows arrive.
//! 4. [`growth`], instead of all this, loads our own system at several sizes and asks the look-ups and pages.
//! 5. [`report::Report`] prints the tables in Markdown, and `compare/plot.py` draws them.
//!
//! Progress goes to the standard error, the tables to the standard output. `benches/README.md` says what each line means and where the
//! comparison is not fair.

#[path = "compare/asked.rs"]
mod asked;
mod common;
#[path = "compare/extra.rs"]
mod extra;
#[path = "compare/growth.rs"]
mod growth;
#[path = "compare/peers.rs"]
mod peers;
#[path = "compare/report.rs"]
mod report;

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use annals::clock::Clock;
use clap::{Parser, ValueEnum};
use tempfile::TempDir;

use common::Result;
use common::process::{say, to_the_end, unless_stopped};
use common::rows::Rows;
use peers::{Annals, Postgresql, Samples};
use report::Report;

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum System {
    Annals,
    Postgres,
    Duckdb,
    Clickhouse,
}

impl System {
    pub(crate) const ALL: [System; 4] = [System::Annals, System::Postgres, System::Duckdb, System::Clickhouse];

    /// As the driver calls it.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            System::Annals => "annals",
            System::Postgres => "postgres",
            System::Duckdb => "duckdb",
            System::Clickhouse => "clickhouse",
        }
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            System::Annals => "Annals",
            System::Postgres => "PostgreSQL",
            System::Duckdb => "DuckDB",
            System::Clickhouse => "ClickHouse",
        })
    }
}

/// What is measured beside the queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Extra {
    /// COPY into a table with all indexes.
    Copy,
    /// Single INSERTs into it.
    Insert,
    /// Look-ups, pages and dashboards while rows arrive.
    Mixed,
    /// Nothing.
    None,
}

/// Measures what users ask, beside PostgreSQL, DuckDB and ClickHouse.
#[derive(Debug, Clone, Parser)]
#[command(name = "compare")]
pub(crate) struct Flags {
    /// Rows of the table.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(10_000..))]
    pub(crate) rows: u64,
    /// Turns of each query, of which the median counts; one more warms up.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    /// What the rows and the parameters are made from.
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
    /// Measures only these.
    #[arg(long, value_name = "SYSTEM", value_delimiter = ',')]
    only: Vec<System>,
    /// Leaves these out.
    #[arg(long, value_name = "SYSTEM", value_delimiter = ',')]
    without: Vec<System>,
    /// Asks only the queries with one of these in their name or as their group.
    #[arg(long, value_name = "WORDS", value_delimiter = ',')]
    pub(crate) queries: Vec<String>,
    /// What is measured beside the queries.
    #[arg(long, value_name = "WHAT", value_delimiter = ',', default_values = ["copy", "insert", "mixed"])]
    pub(crate) extra: Vec<Extra>,
    /// Rows of the COPY with all indexes, at most as many as the table has.
    #[arg(long, default_value_t = 1_000_000, value_name = "ROWS")]
    pub(crate) copy_rows: u64,
    /// Seconds of each round of single INSERTs, and a third of those of the mixed load.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seconds: u64,
    /// Milliseconds that a client of the mixed load rests after each answer.
    #[arg(long, default_value_t = 100, value_name = "MILLISECONDS")]
    pub(crate) rest: u64,
    /// Seconds after which a system takes only two turns of a query.
    #[arg(long, default_value_t = 5.0, value_name = "SECONDS")]
    pub(crate) patience: f64,
    /// Seconds after which a statement is given up.
    #[arg(long, default_value_t = 120.0, value_name = "SECONDS")]
    pub(crate) limit: f64,
    /// Loads only our own system, once with each of these numbers of rows, and asks the look-ups and pages.
    #[arg(long, value_name = "ROWS", value_delimiter = ',')]
    pub(crate) growth: Vec<u64>,
    /// Writes the tables into this file too.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Draws the queries into this file, as SVG.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// The server under test.
    #[arg(long, value_name = "PATH", default_value = env!("CARGO_BIN_EXE_annals"))]
    pub(crate) server: PathBuf,
    /// Leaves the temporary folder behind.
    #[arg(long)]
    keep: bool,
    /// What `cargo bench` adds by itself.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What all steps share.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) flags: Flags,
    pub(crate) folder: PathBuf,
    pub(crate) end_us: i64,
}

impl Bench {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The rows of the table; the same ones each time.
    pub(crate) fn rows(&self, rows: u64) -> Rows {
        Rows::new(self.flags.seed, self.end_us, rows)
    }

    fn measures(&self, system: System) -> bool {
        (self.flags.only.is_empty() || self.flags.only.contains(&system)) && !self.flags.without.contains(&system)
    }

    fn wants(&self, extra: Extra) -> bool {
        self.flags.extra.contains(&extra)
    }
}

fn main() -> ExitCode {
    let flags = Flags::parse();
    to_the_end(run(flags))
}

/// Measures everything and prints the tables, also when some of it failed; false then.
async fn run(flags: Flags) -> Result<bool> {
    let folder = TempDir::with_prefix("annals-bench-")?;
    let bench = Bench { folder: folder.path().to_owned(), end_us: Clock::System.now_us(), flags };
    let mut report = Report::new(&bench.flags);
    say(&format!("in {}", bench.folder.display()));
    let stopped = || Err("stopped by a signal".into());
    let outcome = if bench.flags.growth.is_empty() {
        unless_stopped(steps(&bench, &mut report)).await?.unwrap_or_else(stopped)
    } else {
        unless_stopped(growth::sizes(&bench, &mut report)).await?.unwrap_or_else(stopped)
    };
    if let Err(error) = &outcome {
        if let Ok(found) = asked::so_far(&bench)
            && bench.flags.growth.is_empty()
        {
            report.asked(&found);
        }
        report.wrong(format!("The run failed: {error}"));
    }
    report.print(&bench.folder, bench.flags.markdown.as_deref())?;
    if let Some(plot) = &bench.flags.plot
        && asked::so_far(&bench).is_ok()
    {
        asked::draw(&bench, plot)?;
    }
    if bench.flags.keep {
        say(&format!("kept {}", folder.keep().display()));
    }
    Ok(report.all_well())
}

/// Loads everybody, asks everybody, and measures the rest.
async fn steps(bench: &Bench, report: &mut Report) -> Result<()> {
    let samples = Samples::take(bench, bench.flags.rows, report).await?;
    let libraries = peers::libraries(bench, &samples, report).await?;
    let annals = if bench.measures(System::Annals) { Some(Annals::load(bench, &samples, report).await?) } else { None };
    let postgres = if bench.measures(System::Postgres) { Postgresql::load(bench, &samples, report).await? } else { None };
    let mut places = libraries;
    places.extend(annals.iter().map(|annals| (System::Annals, asked::Place::Server(annals.address()))));
    places.extend(postgres.iter().map(|postgres| (System::Postgres, asked::Place::Server(postgres.address()))));
    if places.is_empty() {
        return Err("nobody is there to be asked".into());
    }
    let found = asked::ask(bench, &samples, &places, &bench.flags.queries).await?;
    report.asked(&found);
    if bench.wants(Extra::Copy) || bench.wants(Extra::Insert) {
        extra::writes(bench, annals.as_ref(), postgres.as_ref(), report).await?;
    }
    if bench.wants(Extra::Mixed)
        && let Some(annals) = &annals
    {
        extra::mixed(bench, annals.address(), &found.statements, report).await?;
    }
    if let Some(annals) = annals {
        annals.stop(report).await?;
    }
    if let Some(postgres) = postgres {
        postgres.stop(report).await?;
    }
    Ok(())
}
