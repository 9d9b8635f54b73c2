//! What a verification has found, as data, text and JSON.

use std::fmt::{self, Write as _};

use serde::Serialize;

use crate::clock::Micros;
use crate::ledger::record::Run;

/// Kinds of findings, the gravest first. Each has an exit code of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A checkpoint is not signed by a key that is believed: it was edited, or the key is another or an old one.
    Signature,
    /// The control log does not continue an older checkpoint: history was written anew.
    Forked,
    /// The control log ends before a checkpoint: the folder was put back to an earlier state, or its end was cut off.
    RolledBack,
    /// An entry of the control log was changed or left out.
    Control,
    /// The tree of a table is not what was recorded.
    Tree,
    /// Rows of one table stand in another.
    Moved,
    /// Rows are missing, and no purge accounts for them.
    Missing,
    /// Rows are not what was recorded.
    Changed,
    /// Rows are there that were never recorded, or twice.
    Extra,
    /// Times of ingest run backwards.
    Order,
    /// A file's columns are not those that were recorded.
    Schema,
    /// A purge is not what was recorded.
    Purge,
    /// A purge removed rows that a legal hold keeps.
    Hold,
    /// A file cannot be read, or is not the one that its table's log names, or is left out there.
    Files,
}

impl Class {
    /// All of them, the gravest first.
    pub const ALL: [Class; 14] = [
        Class::Signature,
        Class::Forked,
        Class::RolledBack,
        Class::Control,
        Class::Tree,
        Class::Moved,
        Class::Missing,
        Class::Changed,
        Class::Extra,
        Class::Order,
        Class::Schema,
        Class::Purge,
        Class::Hold,
        Class::Files,
    ];

    /// What `annals verify` exits with when this is the gravest finding.
    pub fn exit_code(self) -> u8 {
        match self {
            Class::Signature => 10,
            Class::Forked => 11,
            Class::RolledBack => 12,
            Class::Control => 13,
            Class::Tree => 14,
            Class::Missing => 15,
            Class::Changed => 16,
            Class::Extra => 17,
            Class::Moved => 18,
            Class::Order => 19,
            Class::Schema => 20,
            Class::Purge => 21,
            Class::Hold => 22,
            Class::Files => 23,
        }
    }

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Class::Signature => "signature",
            Class::Forked => "forked history",
            Class::RolledBack => "rolled back",
            Class::Control => "control log",
            Class::Tree => "tree",
            Class::Missing => "missing rows",
            Class::Changed => "changed rows",
            Class::Extra => "extra rows",
            Class::Moved => "moved rows",
            Class::Order => "order",
            Class::Schema => "schema",
            Class::Purge => "purge",
            Class::Hold => "purge under hold",
            Class::Files => "files",
        }
    }
}

/// One thing that is not as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub class: Class,
    /// The table's `schema.name` when it was recorded last.
    pub table: Option<String>,
    /// The first and the last leaf index that it is about.
    pub rows: Option<(u64, u64)>,
    /// The file that it was found in.
    pub file: Option<String>,
    pub message: String,
}

impl Finding {
    pub(super) fn new(class: Class, message: impl Into<String>) -> Self {
        Finding { class, table: None, rows: None, file: None, message: message.into() }
    }

    pub(super) fn of(mut self, label: &str) -> Self {
        self.table = Some(label.to_owned());
        self
    }

    pub(super) fn at(mut self, run: Run) -> Self {
        self.rows = Some((run.0, run.1));
        self
    }

    pub(super) fn inside(mut self, file: &str) -> Self {
        self.file = Some(file.to_owned());
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.class.name())?;
        if let Some(table) = &self.table {
            write!(f, " in {table}")?;
        }
        match self.rows {
            Some((first, last)) if first == last => write!(f, ", row {first}")?,
            Some((first, last)) => write!(f, ", rows {first} to {last}")?,
            None => {}
        }
        write!(f, ": {}", self.message)?;
        if let Some(file) = &self.file {
            write!(f, " ({file})")?;
        }
        Ok(())
    }
}

/// What was verified of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableReport {
    pub table: String,
    pub id: String,
    /// Leaves of the recorded tree, the genesis counted.
    pub size: u64,
    /// Rows that are there and were compared.
    pub rows: u64,
    /// Rows that purges account for.
    pub removed: u64,
    /// Rows that are there and that no checkpoint covers yet.
    pub uncovered: u64,
}

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What the control log is called.
    pub origin: String,
    /// The key that signs now.
    pub public_key: String,
    /// Whether the key was given from outside.
    pub pinned: bool,
    /// Entries of the control log.
    pub entries: u64,
    /// Entries that the newest checkpoint covers.
    pub checkpoint: u64,
    /// When the newest entry was written, in microseconds since 1970 UTC.
    pub newest: Micros,
    /// Entries that the older checkpoint covers, if one was given.
    pub old_checkpoint: Option<u64>,
    pub tables: Vec<TableReport>,
    /// The gravest first.
    pub findings: Vec<Finding>,
}

impl Report {
    /// 0, or the code of the gravest finding's class.
    pub fn exit_code(&self) -> u8 {
        self.findings.iter().map(|finding| finding.class).min().map_or(0, Class::exit_code)
    }

    /// The report for people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let moment = chrono::DateTime::from_timestamp_micros(self.newest).unwrap_or_default();
        let rows: u64 = self.tables.iter().map(|table| table.rows).sum();
        let removed: u64 = self.tables.iter().map(|table| table.removed).sum();
        let uncovered: u64 = self.tables.iter().map(|table| table.uncovered).sum();
        let _ = writeln!(text, "ledger      {}", self.origin);
        let trust = if self.pinned { "given" } else { "from the folder itself: give --public-key to believe no one but yourself" };
        let _ = writeln!(text, "public key  {} ({trust})", self.public_key);
        let _ = writeln!(
            text,
            "checkpoint  {} of {} entries, the newest of {}",
            self.checkpoint,
            self.entries,
            moment.format("%Y-%m-%d %H:%M:%S UTC")
        );
        match self.old_checkpoint {
            Some(size) => {
                let _ = writeln!(text, "compared    with a checkpoint of {size} entries");
            }
            None => {
                let _ = writeln!(
                    text,
                    "compared    with no older checkpoint: give --checkpoint to see that history was not written anew"
                );
            }
        }
        let _ = writeln!(
            text,
            "tables      {}, {rows} rows compared, {removed} removed by recorded purges, {uncovered} not covered yet",
            self.tables.len()
        );
        if self.findings.is_empty() {
            let _ = writeln!(text, "\nNothing was changed.");
        } else {
            let _ = writeln!(text, "\n{} findings:", self.findings.len());
            for finding in &self.findings {
                let _ = writeln!(text, "  {finding}");
            }
        }
        text
    }
}
