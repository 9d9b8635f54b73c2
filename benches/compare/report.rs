//! The tables of a run in Markdown: queries with their ratios and targets, what the load cost, growth, and where it was measured.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use crate::asked::{Asked, Found, Why};
use crate::common::Result;
use crate::common::machine::{commit, machine, median, thousands};
use crate::common::process::say;
use crate::extra::{ARRIVING, Mixed};
use crate::growth::Size;
use crate::{Flags, System};

const MIB: f64 = 1024.0 * 1024.0;
/// Look-ups of a mixed load may take so many times what they take alone, at their 99th percentile.
const MIXED_TIMES: f64 = 10.0;
/// Our disk to plain Parquet.
const PARQUET_TIMES: f64 = 1.4;
/// From one size to the next.
const GROWTH_TIMES: f64 = 1.5;
const MEMORY_MAX: f64 = 3.0 * 1024.0 * MIB;

/// A line of the second table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Line {
    Load,
    Settle,
    Disk,
    Memory,
    Copy,
    Insert,
}

impl Line {
    const ALL: [Line; 6] = [Line::Load, Line::Settle, Line::Disk, Line::Memory, Line::Copy, Line::Insert];

    const fn words(self) -> &'static str {
        match self {
            Line::Load => "load (PostgreSQL: before its indexes)",
            Line::Settle => "CHECKPOINT, VACUUM; PostgreSQL: indexes and VACUUM ANALYZE; ClickHouse: OPTIMIZE FINAL",
            Line::Disk => "disk after that (PostgreSQL: table and indexes, without its log)",
            Line::Memory => "peak memory",
            Line::Copy => "durable COPY into a table with all its indexes",
            Line::Insert => "single INSERTs into it, 16 connections",
        }
    }

    fn show(self, value: f64) -> String {
        match self {
            Line::Load | Line::Copy | Line::Insert => format!("{} rows/s", thousands(value)),
            Line::Settle => format!("{value:.1} s"),
            Line::Disk | Line::Memory => format!("{} MiB", thousands(value / MIB)),
        }
    }

    /// How many times PostgreSQL's figure ours must be.
    const fn times_postgres(self) -> Option<f64> {
        match self {
            Line::Copy => Some(3.0),
            Line::Insert => Some(1.0),
            Line::Load | Line::Settle | Line::Disk | Line::Memory => None,
        }
    }
}

/// Everything that was found.
pub(crate) struct Report {
    flags: Flags,
    figures: BTreeMap<(Line, System), f64>,
    versions: BTreeMap<System, String>,
    absent: BTreeSet<System>,
    queries: Vec<Asked>,
    parquet: Option<f64>,
    /// Rows a second that the client could send at most.
    generator: f64,
    mixed: Option<Mixed>,
    sizes: Vec<Size>,
    notes: Vec<String>,
    wrong: Vec<String>,
}

impl Report {
    pub(crate) fn new(flags: &Flags) -> Report {
        Report {
            flags: flags.clone(),
            figures: BTreeMap::new(),
            versions: BTreeMap::new(),
            absent: BTreeSet::new(),
            queries: Vec::new(),
            parquet: None,
            generator: f64::NAN,
            mixed: None,
            sizes: Vec::new(),
            notes: Vec::new(),
            wrong: Vec::new(),
        }
    }

    pub(crate) fn put(&mut self, line: Line, system: System, value: f64) {
        say(&format!("{system}, {}: {}", line.words(), line.show(value)));
        self.figures.insert((line, system), value);
    }

    /// Keeps the highest of several figures.
    pub(crate) fn at_least(&mut self, line: Line, system: System, value: f64) {
        let highest = self.figures.entry((line, system)).or_insert(value);
        *highest = highest.max(value);
    }

    pub(crate) fn version(&mut self, system: System, version: String) {
        self.versions.insert(system, version);
    }

    pub(crate) fn absent(&mut self, system: System) {
        self.absent.insert(system);
    }

    pub(crate) fn parquet(&mut self, bytes: f64) {
        self.parquet = Some(bytes);
    }

    pub(crate) fn mixed(&mut self, mixed: Mixed) {
        self.wrong.extend(mixed.failures.iter().take(3).map(|failure| format!("A query of the mixed load failed: {failure}.")));
        self.mixed = Some(mixed);
    }

    pub(crate) fn size(&mut self, size: Size) {
        self.told_wrong(&size.found);
        self.sizes.push(size);
    }

    /// Our last load: rows a second, bytes.
    pub(crate) fn loaded(&self) -> (f64, f64) {
        let of = |line| self.figures.get(&(line, System::Annals)).copied().unwrap_or(f64::NAN);
        (of(Line::Load), of(Line::Disk))
    }

    pub(crate) fn generator(&mut self, rows: u64, took: Duration) {
        self.generator = rows as f64 / took.as_secs_f64();
    }

    /// A sentence below the tables.
    pub(crate) fn note_once(&mut self, note: String) {
        if !self.notes.contains(&note) {
            say(&note);
            self.notes.push(note);
        }
    }

    /// A sentence below the tables that makes the run a failed one.
    pub(crate) fn wrong(&mut self, what: String) {
        say(&what);
        self.wrong.push(what);
    }

    pub(crate) fn all_well(&self) -> bool {
        self.wrong.is_empty()
    }

    /// The queries; once, because a run that fails later tells again what it had found by then.
    pub(crate) fn asked(&mut self, found: &Found) {
        if !self.queries.is_empty() {
            return;
        }
        self.queries.clone_from(&found.queries);
        for system in System::ALL {
            if let Some(&bytes) = found.memory.get(system.key()) {
                self.at_least(Line::Memory, system, bytes as f64);
            }
        }
        self.told_wrong(found);
    }

    fn told_wrong(&mut self, found: &Found) {
        self.wrong.extend(found.disagreements.iter().map(|words| format!("Answers differ: {words}")));
        for asked in &found.queries {
            for system in System::ALL {
                if let Some(Err(Why::Failed(said))) = asked.of(system) {
                    self.wrong.push(format!("{system} failed in \"{}\": {said}", asked.name));
                }
            }
        }
    }

    /// Prints the tables, and writes them into the file.
    pub(crate) fn print(&self, folder: &Path, file: Option<&Path>) -> Result<()> {
        let mut text = String::new();
        if self.flags.growth.is_empty() {
            self.queries_table(&mut text)?;
            self.lines_table(&mut text)?;
            self.mixed_lines(&mut text)?;
        } else {
            self.growth_table(&mut text)?;
        }
        self.notes(&mut text, folder)?;
        if let Some(file) = file {
            std::fs::write(file, &text)?;
        }
        Ok(std::io::stdout().lock().write_all(text.as_bytes())?)
    }

    /// Who was asked, ours first.
    fn systems(&self) -> Vec<System> {
        System::ALL.into_iter().filter(|system| self.queries.iter().any(|asked| asked.of(*system).is_some())).collect()
    }

    fn heading(&self, system: System) -> String {
        self.versions.get(&system).map_or_else(|| system.to_string(), |version| format!("{system} {version}"))
    }

    fn queries_table(&self, text: &mut String) -> Result<()> {
        let systems = self.systems();
        let others: Vec<System> = systems.iter().copied().filter(|system| *system != System::Annals).collect();
        let mut head = String::from("| median ms | rows |");
        let mut rule = String::from("|---|--:|");
        for system in &systems {
            write!(head, " {} |", self.heading(*system))?;
            rule.push_str("--:|");
        }
        for other in &others {
            write!(head, " ÷ {other} |")?;
            rule.push_str("--:|");
        }
        writeln!(text, "## {} rows\n\n{head} target |\n{rule}---|", thousands(self.flags.rows as f64))?;
        let mut group = "";
        for asked in &self.queries {
            if group != asked.group {
                group = &asked.group;
                writeln!(text, "| **{group}** |{}", " |".repeat(2 + systems.len() + others.len()))?;
            }
            write!(text, "| {} | {} |", asked.name, thousands(asked.rows as f64))?;
            for system in &systems {
                write!(text, " {} |", self.cell(asked, *system))?;
            }
            for other in &others {
                let ratio = times(asked.ms(System::Annals), asked.ms(*other));
                write!(text, " {} |", ratio.map_or_else(|| "—".to_owned(), shown))?;
            }
            writeln!(text, " {} |", verdict(asked))?;
        }
        Ok(())
    }

    fn cell(&self, asked: &Asked, system: System) -> String {
        match asked.of(system) {
            Some(Ok(ms)) => shown(ms),
            Some(Err(Why::Unsupported(said))) => format!("not supported: {}", said.replace('|', "\\|")),
            Some(Err(Why::Failed(_))) => "**failed**".to_owned(),
            Some(Err(Why::TooLong(seconds))) => format!("over {seconds} s"),
            None => "—".to_owned(),
        }
    }

    fn lines_table(&self, text: &mut String) -> Result<()> {
        write!(text, "\n| measure |")?;
        for system in System::ALL {
            write!(text, " {system} |")?;
        }
        writeln!(text, " target |\n|---|--:|--:|--:|--:|---|")?;
        for line in Line::ALL {
            if !System::ALL.iter().any(|system| self.figures.contains_key(&(line, *system))) {
                continue;
            }
            write!(text, "| {} |", line.words())?;
            for system in System::ALL {
                let cell = match self.figures.get(&(line, system)) {
                    Some(value) => line.show(*value),
                    None if self.absent.contains(&system) => "absent".to_owned(),
                    None => "—".to_owned(),
                };
                write!(text, " {cell} |")?;
            }
            writeln!(text, " {} |", self.line_target(line))?;
        }
        if let Some(parquet) = self.parquet {
            let ratio = times(self.figures.get(&(Line::Disk, System::Annals)).copied(), Some(parquet));
            let told = ratio
                .map_or_else(|| "not measured".to_owned(), |ratio| format!("{ratio:.2} × it; {}", met(ratio <= PARQUET_TIMES)));
            let bytes = Line::Disk.show(parquet);
            writeln!(text, "| the same rows once as plain zstd(3) Parquet | {bytes} | | | | at most {PARQUET_TIMES} ×: {told} |")?;
        }
        Ok(())
    }

    fn line_target(&self, line: Line) -> String {
        let of = |system| self.figures.get(&(line, system)).copied();
        match (line.times_postgres(), times(of(System::Annals), of(System::Postgres))) {
            (Some(least), Some(ratio)) => format!("at least {least} × PostgreSQL: {ratio:.2} ×, {}", met(ratio >= least)),
            (Some(least), None) => format!("at least {least} × PostgreSQL: not measured"),
            (None, _) if line == Line::Memory => match of(System::Annals) {
                Some(bytes) => format!("under {}: {}", line.show(MEMORY_MAX), met(bytes < MEMORY_MAX)),
                None => "—".to_owned(),
            },
            (None, _) => "—".to_owned(),
        }
    }

    fn mixed_lines(&self, text: &mut String) -> Result<()> {
        let Some(mixed) = &self.mixed else { return Ok(()) };
        writeln!(text, "\n| 16 clients while rows arrive | statements | median ms | p99 ms | target |\n|---|--:|--:|--:|---|")?;
        for (group, (statements, middle, ninety_ninth)) in &mixed.groups {
            let target = if *group == "look-up" {
                let ratio = ninety_ninth / mixed.idle_ms;
                format!(
                    "p99 under {MIXED_TIMES} × the {} ms of one idle client: {ratio:.1} ×, {}",
                    shown(mixed.idle_ms),
                    met(ratio < MIXED_TIMES)
                )
            } else {
                "—".to_owned()
            };
            writeln!(text, "| {group} | {statements} | {} | {} | {target} |", shown(*middle), shown(*ninety_ninth))?;
        }
        writeln!(
            text,
            "\n{} of {} rows a second arrived: {}. {} queries failed: {}.",
            thousands(mixed.arrived),
            thousands(ARRIVING as f64),
            // A client that waits for its turn is late by a chunk.
            met(mixed.arrived >= 0.95 * ARRIVING as f64),
            mixed.failures.len(),
            met(mixed.failures.is_empty())
        )?;
        Ok(())
    }

    fn growth_table(&self, text: &mut String) -> Result<()> {
        let Some(first) = self.sizes.first() else { return Ok(()) };
        let mut head = String::from("| median ms |");
        let mut rule = String::from("|---|");
        for (place, size) in self.sizes.iter().enumerate() {
            write!(head, " {} rows |", thousands(size.rows as f64))?;
            rule.push_str("--:|");
            if place > 0 {
                head.push_str(" × |");
                rule.push_str("--:|");
            }
        }
        writeln!(text, "{head} target |\n{rule}---|")?;
        for (place, asked) in first.found.queries.iter().enumerate() {
            let of = |size: &Size| size.found.queries.get(place).cloned();
            write!(text, "| {} |", asked.name)?;
            let mut before = None;
            let mut last = None;
            for (number, size) in self.sizes.iter().enumerate() {
                let asked = of(size);
                let ms = asked.as_ref().and_then(|asked| asked.ms(System::Annals));
                write!(text, " {} |", asked.map_or_else(|| "—".to_owned(), |asked| self.cell(&asked, System::Annals)))?;
                if number > 0 {
                    last = times(ms, before);
                    write!(text, " {} |", last.map_or_else(|| "—".to_owned(), shown))?;
                }
                before = ms;
            }
            // The issue speaks of the last step, and of those that are measured beside PostgreSQL.
            let needle = asked.targets.contains_key("postgres");
            let target = match last {
                Some(ratio) if needle => format!("last step at most {GROWTH_TIMES} ×: {}", met(ratio <= GROWTH_TIMES)),
                Some(_) | None => "—".to_owned(),
            };
            writeln!(text, " {target} |")?;
        }
        for (words, line) in [("load", Line::Load), ("disk", Line::Disk), ("peak memory", Line::Memory)] {
            write!(text, "| {words} |")?;
            for (number, size) in self.sizes.iter().enumerate() {
                write!(text, " {} |{}", line.show(size.figure(line)), if number > 0 { " |" } else { "" })?;
            }
            match self.sizes.last() {
                Some(last) if line == Line::Memory => {
                    writeln!(text, " under {}: {} |", line.show(MEMORY_MAX), met(last.peak < MEMORY_MAX))?;
                }
                Some(_) | None => writeln!(text, " — |")?,
            }
        }
        Ok(())
    }

    fn notes(&self, text: &mut String, folder: &Path) -> Result<()> {
        writeln!(text, "\nMedians of {} turns, seed {}.", self.flags.rounds, self.flags.seed)?;
        writeln!(text, "The generator alone makes {} rows/s.", thousands(self.generator))?;
        for other in [System::Postgres, System::Duckdb, System::Clickhouse] {
            let mut ratios: Vec<f64> =
                self.queries.iter().filter_map(|asked| times(asked.ms(System::Annals), asked.ms(other))).collect();
            if !ratios.is_empty() {
                let all = ratios.len();
                let faster = ratios.iter().filter(|ratio| **ratio < 1.0).count();
                writeln!(
                    text,
                    "Ours took {} × {other}'s time in the median; less of it in {faster} of {all} queries.",
                    shown(median(&mut ratios))
                )?;
            }
        }
        for note in self.notes.iter().chain(&self.wrong) {
            writeln!(text, "{note}")?;
        }
        if cfg!(debug_assertions) {
            writeln!(text, "This is a build without optimisation: its figures say nothing.")?;
        }
        writeln!(text, "Machine: {}.\nCommit: {}.", machine(folder), commit())?;
        Ok(())
    }
}

fn met(so: bool) -> &'static str {
    if so { "met" } else { "**missed**" }
}

fn times(own: Option<f64>, other: Option<f64>) -> Option<f64> {
    Some(own? / other?)
}

/// Three digits that count.
fn shown(value: f64) -> String {
    if value < 1.0 {
        format!("{value:.2}")
    } else if value < 100.0 {
        format!("{value:.1}")
    } else {
        thousands(value)
    }
}

/// What our time must be by the issue, and whether it is.
fn verdict(asked: &Asked) -> String {
    let of = |peer: &str| match peer {
        "postgres" => asked.ms(System::Postgres),
        "duckdb" => asked.ms(System::Duckdb),
        "clickhouse" => asked.ms(System::Clickhouse),
        "columnar" => best(asked, &[System::Duckdb, System::Clickhouse]),
        "best" => best(asked, &[System::Postgres, System::Duckdb, System::Clickhouse]),
        _ => None,
    };
    let told: Vec<String> = asked
        .targets
        .iter()
        .map(|(peer, most)| {
            let said = times(asked.ms(System::Annals), of(peer)).map_or("not measured", |ratio| met(ratio <= *most));
            let whom = match peer.as_str() {
                "columnar" => "the better of DuckDB and ClickHouse",
                "best" => "the best peer",
                "postgres" => "PostgreSQL",
                "duckdb" => "DuckDB",
                "clickhouse" => "ClickHouse",
                other => other,
            };
            format!("at most {most} × {whom}: {said}")
        })
        .collect();
    if told.is_empty() { "—".to_owned() } else { told.join("; ") }
}

/// The shortest time of those that have one.
fn best(asked: &Asked, systems: &[System]) -> Option<f64> {
    systems.iter().filter_map(|system| asked.ms(*system)).min_by(f64::total_cmp)
}
