//! The table of a run: what was found for either server, their ratio, and what the ratio should be.

use std::io::Write as _;

use crate::common::Result;

/// Whose figure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    Annals,
    Postgres,
}

/// What a line should come to.
#[derive(Debug, Clone, Copy)]
enum Target {
    /// Ours over PostgreSQL's.
    Ratio(f64),
    /// Ours alone.
    AtMost(f64),
}

/// A line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    SelectByOne,
    SelectBySixteen,
    Connect,
    ConnectAlike,
    Copy,
    FetchText,
    FetchBinary,
    Idle,
    SlowReader,
}

impl What {
    const ALL: [What; 9] = [
        What::SelectByOne,
        What::SelectBySixteen,
        What::Connect,
        What::ConnectAlike,
        What::Copy,
        What::FetchText,
        What::FetchBinary,
        What::Idle,
        What::SlowReader,
    ];

    const fn words(self) -> (&'static str, &'static str) {
        match self {
            What::SelectByOne => ("`SELECT 1`, prepared, 1 client", "a second"),
            What::SelectBySixteen => ("`SELECT 1`, prepared, 16 clients", "a second"),
            What::Connect => ("connection with SCRAM, `SELECT 1`, goodbye", "a second"),
            What::ConnectAlike => ("the same with a verifier of 10,000 iterations on both", "a second"),
            What::Copy => ("COPY out, psycopg", "MiB/s"),
            What::FetchText => ("fetch by a server-side cursor, psycopg, text", "rows/s"),
            What::FetchBinary => ("fetch by a server-side cursor, psycopg, binary", "rows/s"),
            What::Idle => ("an idle connection", "KiB"),
            What::SlowReader => ("memory that a slow reader adds after its first tenth", "MiB"),
        }
    }

    const fn target(self) -> Target {
        match self {
            What::SelectByOne | What::SelectBySixteen => Target::Ratio(0.9),
            What::Connect | What::ConnectAlike => Target::Ratio(0.8),
            What::Copy | What::FetchText | What::FetchBinary => Target::Ratio(1.0),
            What::Idle => Target::AtMost(100.0),
            What::SlowReader => Target::AtMost(64.0),
        }
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    figures: Vec<(What, System, f64)>,
    notes: Vec<String>,
}

impl Report {
    pub(crate) fn put(&mut self, what: What, system: System, figure: f64) {
        self.figures.push((what, system, figure));
    }

    /// A sentence below the table.
    pub(crate) fn note(&mut self, line: String) {
        self.notes.push(line);
    }

    fn figure(&self, what: What, system: System) -> Option<f64> {
        self.figures.iter().find(|(other, whose, _)| *other == what && *whose == system).map(|(_, _, figure)| *figure)
    }

    /// The table in Markdown, on the standard output.
    pub(crate) fn print(&self) -> Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "| measure | Annals | PostgreSQL | ratio | target |\n|---|--:|--:|--:|---|")?;
        for what in What::ALL {
            let (own, other) = (self.figure(what, System::Annals), self.figure(what, System::Postgres));
            let (words, unit) = what.words();
            let cell =
                |figure: Option<f64>| figure.map_or_else(|| "not measured".to_owned(), |figure| format!("{figure:.1} {unit}"));
            let ratio = own.zip(other).map(|(own, other)| own / other);
            let (told, met) = match what.target() {
                Target::Ratio(least) => (format!("at least {least:.1} × PostgreSQL"), ratio.map(|ratio| ratio >= least)),
                Target::AtMost(most) => (format!("at most {most:.0} {unit}"), own.map(|own| own <= most)),
            };
            let verdict = met.map_or("not measured", |met| if met { "met" } else { "**missed**" });
            let ratio = ratio.map_or_else(|| "—".to_owned(), |ratio| format!("{ratio:.2}"));
            writeln!(out, "| {words} | {} | {} | {ratio} | {told}: {verdict} |", cell(own), cell(other))?;
        }
        writeln!(out)?;
        for note in &self.notes {
            writeln!(out, "{note}")?;
        }
        if cfg!(debug_assertions) {
            writeln!(out, "This is a build without optimisation: its figures say nothing.")?;
        }
        Ok(())
    }
}
