//! The table: what was measured of whom, against which target, on which machine.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use crate::common::Result;
use crate::common::machine::{commit, machine, thousands};
use crate::common::process::say;

const MIB: f64 = 1024.0 * 1024.0;

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum System {
    Annals,
    Postgres,
    Duckdb,
}

/// What is measured; a line of the table each, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    Copy,
    CopyOnce,
    Insert,
    Checkpoint,
    Vacuum,
    Disk,
    ParquetWithHidden,
    ParquetTime,
    Stop,
    CleanRestart,
    WalAtKill,
    WaitingAtKill,
    KilledRestart,
    IdleMemory,
    PeakMemory,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Rows,
    RowsASecond,
    Seconds,
    Bytes,
}

/// What a figure of ours must be.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Target {
    AtLeast(f64),
    Under(f64),
    /// So many times the other system's.
    TimesAtLeast(System, f64),
    TimesAtMost(System, f64),
}

impl What {
    const ALL: [What; 15] = [
        What::Copy,
        What::CopyOnce,
        What::Insert,
        What::Checkpoint,
        What::Vacuum,
        What::Disk,
        What::ParquetWithHidden,
        What::ParquetTime,
        What::Stop,
        What::CleanRestart,
        What::WalAtKill,
        What::WaitingAtKill,
        What::KilledRestart,
        What::IdleMemory,
        What::PeakMemory,
    ];

    const fn unit(self) -> Unit {
        match self {
            What::WaitingAtKill => Unit::Rows,
            What::Copy | What::CopyOnce | What::Insert => Unit::RowsASecond,
            What::Checkpoint | What::Vacuum | What::ParquetTime | What::Stop | What::CleanRestart | What::KilledRestart => {
                Unit::Seconds
            }
            What::Disk | What::ParquetWithHidden | What::WalAtKill | What::IdleMemory | What::PeakMemory => Unit::Bytes,
        }
    }

    /// Who has a figure here; the ratio is ours to the second's.
    const fn systems(self) -> &'static [System] {
        match self {
            What::Copy => &[System::Annals, System::Postgres, System::Duckdb],
            // The same rows as Parquet are what counts; PostgreSQL's table is there to look at.
            What::Disk => &[System::Annals, System::Duckdb, System::Postgres],
            What::CopyOnce | What::Insert => &[System::Annals, System::Postgres],
            What::ParquetWithHidden | What::ParquetTime => &[System::Duckdb],
            What::Checkpoint
            | What::Vacuum
            | What::Stop
            | What::CleanRestart
            | What::WalAtKill
            | What::WaitingAtKill
            | What::KilledRestart
            | What::IdleMemory
            | What::PeakMemory => &[System::Annals],
        }
    }

    const fn targets(self) -> &'static [Target] {
        match self {
            What::Copy => &[Target::AtLeast(100_000.0), Target::TimesAtLeast(System::Postgres, 1.5)],
            What::Insert => &[Target::TimesAtLeast(System::Postgres, 1.0)],
            What::Disk => &[Target::TimesAtMost(System::Duckdb, 1.3)],
            What::CleanRestart => &[Target::Under(2.0)],
            What::KilledRestart => &[Target::Under(15.0)],
            What::IdleMemory => &[Target::Under(150.0 * MIB)],
            What::PeakMemory => &[Target::Under(2_048.0 * MIB)],
            What::CopyOnce
            | What::Checkpoint
            | What::Vacuum
            | What::ParquetWithHidden
            | What::ParquetTime
            | What::Stop
            | What::WalAtKill
            | What::WaitingAtKill => &[],
        }
    }
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Unit::Rows => format!("{} rows", thousands(value)),
            Unit::RowsASecond => format!("{} rows/s", thousands(value)),
            Unit::Seconds => format!("{value:.2} s"),
            Unit::Bytes => format!("{} MiB", thousands(value / MIB)),
        }
    }
}

/// Why a system has no figures.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Missing {
    Absent,
    LeftOut,
    Failed(String),
}

/// Everything that was found.
pub(crate) struct Report {
    rows: u64,
    statement_rows: u64,
    once_rows: u64,
    figures: BTreeMap<(What, System), f64>,
    missing: BTreeMap<System, Missing>,
    versions: BTreeMap<System, String>,
    generator: String,
}

impl Report {
    pub(crate) fn new(rows: u64, statement_rows: u64, once_rows: u64) -> Report {
        let (figures, missing, versions) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Report { rows, statement_rows, once_rows, figures, missing, versions, generator: String::new() }
    }

    pub(crate) fn put(&mut self, what: What, system: System, value: f64) {
        self.figures.insert((what, system), value);
    }

    pub(crate) fn absent(&mut self, system: System) {
        self.missing.insert(system, Missing::Absent);
    }

    pub(crate) fn left_out(&mut self, system: System) {
        self.missing.insert(system, Missing::LeftOut);
    }

    pub(crate) fn failed(&mut self, system: System, error: &str) {
        self.missing.insert(system, Missing::Failed(error.to_owned()));
    }

    pub(crate) fn version(&mut self, system: System, version: String) {
        self.versions.insert(system, version);
    }

    pub(crate) fn generator(&mut self, rows: u64, bytes: u64, took: Duration) {
        let rate = rows as f64 / took.as_secs_f64();
        self.generator = format!("{} bytes a row, {} alone", bytes / rows.max(1), Unit::RowsASecond.show(rate));
        say(&format!("generator: {}", self.generator));
    }

    /// Prints the table, then the machine and the commit.
    pub(crate) fn print(&self, folder: &Path) -> Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "\n| measure | {} | {} | {} | ratio | target |",
            self.heading(System::Annals),
            self.heading(System::Postgres),
            self.heading(System::Duckdb)
        )?;
        writeln!(out, "|---|--:|--:|--:|--:|---|")?;
        for what in What::ALL {
            let cells = [System::Annals, System::Postgres, System::Duckdb].map(|system| self.cell(what, system));
            writeln!(out, "| {} | {} | {} | {} |", self.measure(what), cells.join(" | "), self.ratio(what), self.target(what))?;
        }
        writeln!(out)?;
        for (system, missing) in &self.missing {
            if let Missing::Failed(error) = missing {
                writeln!(out, "{system} failed: {error}")?;
            }
        }
        if cfg!(debug_assertions) {
            writeln!(out, "This is a build without optimisation: its figures say nothing.")?;
        }
        writeln!(out, "Generator: {}.", self.generator)?;
        writeln!(out, "Machine: {}.", machine(folder))?;
        writeln!(out, "Commit: {}.", commit())?;
        Ok(())
    }

    fn heading(&self, system: System) -> String {
        match self.versions.get(&system) {
            Some(version) => format!("{system} {version}"),
            None => system.to_string(),
        }
    }

    fn measure(&self, what: What) -> String {
        match what {
            What::Copy => format!(
                "COPY of {} rows, {} a statement (DuckDB: from a file)",
                thousands(self.rows as f64),
                thousands(self.statement_rows as f64)
            ),
            What::CopyOnce => format!("COPY of {} rows in one statement", thousands(self.once_rows as f64)),
            What::Insert => "INSERT of single rows, 16 connections".to_owned(),
            What::Checkpoint => "CHECKPOINT after the COPY".to_owned(),
            What::Vacuum => "VACUUM after it".to_owned(),
            What::Disk => "disk after VACUUM (PostgreSQL: the table; DuckDB: the rows once as zstd Parquet)".to_owned(),
            What::ParquetWithHidden => "the same Parquet with the store's hidden columns".to_owned(),
            What::ParquetTime => "time to write that Parquet from our segments".to_owned(),
            What::Stop => "clean stop".to_owned(),
            What::CleanRestart => "start to first answers after a clean stop".to_owned(),
            What::WalAtKill => "write-ahead log when killed".to_owned(),
            What::WaitingAtKill => "acknowledged rows in no segment when killed".to_owned(),
            What::KilledRestart => "start to first answers after kill -9".to_owned(),
            What::IdleMemory => "memory of an idle server on these rows".to_owned(),
            What::PeakMemory => "peak memory, all steps".to_owned(),
        }
    }

    fn cell(&self, what: What, system: System) -> String {
        if !what.systems().contains(&system) {
            return "—".to_owned();
        }
        match (self.figures.get(&(what, system)), self.missing.get(&system)) {
            (Some(value), _) => what.unit().show(*value),
            (None, Some(Missing::Absent)) => "absent".to_owned(),
            (None, Some(Missing::LeftOut)) => "left out".to_owned(),
            (None, Some(Missing::Failed(_))) => "failed".to_owned(),
            (None, None) => "not measured".to_owned(),
        }
    }

    /// Ours to the first other one's.
    fn ratio(&self, what: What) -> String {
        let &[System::Annals, other, ..] = what.systems() else { return "—".to_owned() };
        match self.times(what, other) {
            Some(times) => format!("{times:.2} × {other}"),
            None => "—".to_owned(),
        }
    }

    fn times(&self, what: What, other: System) -> Option<f64> {
        Some(self.figures.get(&(what, System::Annals))? / self.figures.get(&(what, other))?)
    }

    fn target(&self, what: What) -> String {
        let own = self.figures.get(&(what, System::Annals)).copied();
        let told: Vec<String> = what
            .targets()
            .iter()
            .map(|target| {
                let (words, met) = match *target {
                    Target::AtLeast(least) => (format!("at least {}", what.unit().show(least)), own.map(|own| own >= least)),
                    Target::Under(most) => (format!("under {}", what.unit().show(most)), own.map(|own| own < most)),
                    Target::TimesAtLeast(other, least) => {
                        (format!("at least {least} × {other}"), self.times(what, other).map(|times| times >= least))
                    }
                    Target::TimesAtMost(other, most) => {
                        (format!("at most {most} × {other}"), self.times(what, other).map(|times| times <= most))
                    }
                };
                match met {
                    Some(true) => format!("{words}: met"),
                    Some(false) => format!("{words}: **missed**"),
                    None => format!("{words}: not measured"),
                }
            })
            .collect();
        if told.is_empty() { "—".to_owned() } else { told.join("; ") }
    }
}
