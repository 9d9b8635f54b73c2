//! The table of a run: each statement's median by reader, its ratio to the owner's, and what the ratio should be.

use std::io::Write as _;
use std::time::Duration;

use crate::common::Result;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    Interaction,
    Newest,
    Facets,
    Aggregate,
}

impl Question {
    pub(crate) const ALL: [Question; 4] = [Question::Interaction, Question::Newest, Question::Facets, Question::Aggregate];

    pub(crate) fn sql(self, interaction: &str) -> String {
        match self {
            Question::Interaction => {
                format!("SELECT occurred_at, event, status, details FROM measured WHERE interaction_id = '{interaction}'")
            }
            Question::Newest => "SELECT event, status, details FROM measured ORDER BY occurred_at DESC LIMIT 100".to_owned(),
            Question::Facets => "SELECT status, object_name, count(*) FROM measured \
                WHERE occurred_at > now() - interval '24 hours' GROUP BY 1, 2"
                .to_owned(),
            Question::Aggregate => {
                "SELECT date_trunc('day', occurred_at), status, count(*), count(DISTINCT person_id) FROM measured \
                GROUP BY 1, 2"
                    .to_owned()
            }
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Question::Interaction => "the rows of one interaction",
            Question::Newest => "the newest 100",
            Question::Facets => "facets of 24 hours",
            Question::Aggregate => "an aggregate of 14 days",
        }
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    Owner,
    /// Under a policy that lists workspaces, and a mask.
    Listed,
    /// Under a policy that looks workspaces up, and a mask that looks keys up.
    LookedUp,
    /// The owner and the first of these again, with many more policies in the catalog.
    CrowdedOwner,
    Crowded,
}

impl Reader {
    /// What a reader's figure is compared with, what the ratio should be at most, and what the reader is.
    const COMPARED: [(Reader, Reader, f64, &'static str); 3] = [
        (Reader::Listed, Reader::Owner, 1.2, "`workspace_id IN (…)` and a mask"),
        (Reader::LookedUp, Reader::Owner, 1.5, "`workspace_id IN (SELECT …)` and a mask"),
        (Reader::Crowded, Reader::CrowdedOwner, 1.2, "the first again, with many policies in the catalog"),
    ];
}

/// The one in the middle.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// A purge beside reading and writing its rows once, and a reader's times without and with it.
#[derive(Debug, Clone, Copy)]
struct Purge {
    rows: u64,
    took: Duration,
    once: Duration,
    alone: Duration,
    meanwhile: Duration,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    figures: Vec<(Question, Reader, Duration)>,
    purge: Option<Purge>,
    notes: Vec<String>,
}

impl Report {
    pub(crate) fn put(&mut self, question: Question, reader: Reader, took: Duration) {
        self.figures.push((question, reader, took));
    }

    pub(crate) fn purged(&mut self, rows: u64, took: Duration, once: Duration, alone: Duration, meanwhile: Duration) {
        self.purge = Some(Purge { rows, took, once, alone, meanwhile });
    }

    /// A sentence below the table.
    pub(crate) fn note(&mut self, line: String) {
        self.notes.push(line);
    }

    fn figure(&self, question: Question, reader: Reader) -> Option<f64> {
        let found = self.figures.iter().find(|(other, whose, _)| *other == question && *whose == reader);
        found.map(|(_, _, took)| took.as_secs_f64() * 1000.0)
    }

    /// The table in Markdown, on the standard output.
    pub(crate) fn print(&self) -> Result<()> {
        let mut out = std::io::stdout().lock();
        let cell = |ms: Option<f64>| ms.map_or_else(|| "not measured".to_owned(), |ms| format!("{ms:.1} ms"));
        writeln!(out, "| reader | statement | owner | reader | ratio | target |\n|---|---|--:|--:|--:|---|")?;
        for (reader, owner, most, words) in Reader::COMPARED {
            for question in Question::ALL {
                let (own, other) = (self.figure(question, reader), self.figure(question, owner));
                writeln!(
                    out,
                    "| {words} | {} | {} | {} | {} |",
                    question.words(),
                    cell(other),
                    cell(own),
                    verdict(own, other, most)
                )?;
            }
        }
        if let Some(purge) = self.purge {
            let ms = |time: Duration| time.as_secs_f64() * 1000.0;
            let (took, once) = (ms(purge.took), ms(purge.once));
            let told = verdict(Some(took), Some(once), 1.0);
            writeln!(
                out,
                "| purge of a day of {} rows | against reading and writing it once | {once:.0} ms | {took:.0} ms | {told} |",
                purge.rows
            )?;
            let (alone, meanwhile) = (ms(purge.alone), ms(purge.meanwhile));
            writeln!(
                out,
                "| the newest 100 under the list | while the purge runs, against before | {alone:.1} ms | {meanwhile:.1} ms | {:.2} | |",
                meanwhile / alone
            )?;
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

/// A ratio, and whether it is what it should be.
fn verdict(own: Option<f64>, other: Option<f64>, most: f64) -> String {
    match own.zip(other).map(|(own, other)| own / other) {
        Some(ratio) => format!("{ratio:.2} | at most {most:.1}: {}", if ratio <= most { "met" } else { "**missed**" }),
        None => format!("— | at most {most:.1}: not measured"),
    }
}
