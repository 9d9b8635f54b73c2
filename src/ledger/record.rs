//! What stands in the control log: one JSON text a leaf, in the order in which things happened. The leaf is the text's bytes as they
//! were written, without the new line that ends them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Hash;
use super::tree::leaf_hash;
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};

/// One entry of the control log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Record {
    /// The first entry. Tables whose rows up to a leaf index were there before the ledger stand in it.
    Begin { at: Micros, origin: String, public_key: String, before: Vec<(Uuid, u64)> },
    /// A table is new, or its columns are others from the next sizes on.
    Table {
        at: Micros,
        table: Uuid,
        /// When its genesis leaf was made.
        made: Micros,
        label: String,
        columns: Vec<Column>,
        /// The table's definition as the store writes it.
        definition: String,
    },
    /// How far the trees of some tables have come.
    Sizes { at: Micros, tables: Vec<Size> },
    /// A table was dropped; its rows are gone.
    Drop { at: Micros, table: Uuid },
    /// Rows were gone before the ledger knew the table.
    Absent { at: Micros, table: Uuid, runs: Vec<Run> },
    /// Rows are about to be removed.
    Purge {
        at: Micros,
        purge: Uuid,
        table: Uuid,
        cause: Cause,
        /// How many rows.
        rows: u64,
        /// SHA-256, in base64, of the file that lists their leaf indexes.
        runs: String,
        /// The tree that they are in.
        size: u64,
        root: String,
        /// The legal holds in force, none of which keeps one of them.
        holds: Vec<String>,
    },
    /// The rows of a purge are gone.
    Purged { at: Micros, purge: Uuid },
    /// A purge was given up; its rows are there.
    Kept { at: Micros, purge: Uuid },
    /// An erasure has come to its end: so many rows of a table went by its purges. The proof of this entry is its receipt.
    Erased { at: Micros, table: Uuid, label: String, rows: u64, cause: Cause },
    /// A legal hold keeps rows of a table: those listed, and later ones that it is about.
    Hold {
        at: Micros,
        table: Uuid,
        hold: Uuid,
        name: String,
        /// How many rows there were.
        rows: u64,
        /// SHA-256, in base64, of the file that lists their leaf indexes.
        runs: String,
    },
    /// A legal hold has ended.
    Released { at: Micros, table: Uuid, hold: Uuid },
    /// From here on another key signs. The note is the checkpoint of all entries before this one, signed by both keys.
    Key { at: Micros, public_key: String, note: String },
    /// Nothing has happened.
    Heartbeat { at: Micros },
}

/// A column as the ledger hashes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    pub id: u32,
    /// Its name in files.
    pub name: String,
    pub r#type: String,
}

/// The tree of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    pub table: Uuid,
    /// How many leaves, the genesis counted.
    pub size: u64,
    pub root: String,
}

/// Leaf indexes from the first to the last, both contained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run(pub u64, pub u64);

/// Why rows are removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Cause {
    /// They have expired; the policies are those in force.
    Retention { policies: Vec<String> },
    /// A lawful erasure, asked for by one and approved by another.
    Erasure {
        erasure: Uuid,
        requested_by: String,
        approved_by: String,
        reason: String,
        /// SHA-256, in base64, of a secret and the predicate, which may hold what is to be erased.
        predicate: String,
    },
}

impl Cause {
    /// The erasure that it is.
    pub fn erasure(&self) -> Option<Uuid> {
        match self {
            Cause::Erasure { erasure, .. } => Some(*erasure),
            Cause::Retention { .. } => None,
        }
    }
}

impl Record {
    /// The text of the leaf.
    ///
    /// # Errors
    /// An internal error.
    pub fn encode(&self) -> Result<String> {
        serde_json::to_string(self)
            .map_err(|cause| Error::internal(format!("could not write an entry of the control log: {cause}")))
    }

    /// Reads the text of a leaf.
    ///
    /// # Errors
    /// `DataCorrupted`.
    pub fn decode(text: &str) -> Result<Self> {
        serde_json::from_str(text)
            .map_err(|cause| Error::new(Kind::DataCorrupted, format!("an entry of the control log cannot be read: {cause}")))
    }

    /// When it happened, by the server's clock.
    pub fn at(&self) -> Micros {
        match self {
            Record::Begin { at, .. }
            | Record::Table { at, .. }
            | Record::Sizes { at, .. }
            | Record::Drop { at, .. }
            | Record::Absent { at, .. }
            | Record::Purge { at, .. }
            | Record::Purged { at, .. }
            | Record::Kept { at, .. }
            | Record::Erased { at, .. }
            | Record::Hold { at, .. }
            | Record::Released { at, .. }
            | Record::Key { at, .. }
            | Record::Heartbeat { at } => *at,
        }
    }
}

/// The hash of an entry's leaf.
pub fn entry_leaf(text: &str) -> Hash {
    leaf_hash(text.as_bytes())
}

/// Runs of leaf indexes as a file lists them: first and last of each, u64be, ascending.
pub fn encode_runs(runs: &[Run]) -> Vec<u8> {
    runs.iter().flat_map(|Run(first, last)| [first.to_be_bytes(), last.to_be_bytes()]).flatten().collect()
}

/// Reads [`encode_runs`] back.
///
/// # Errors
/// `DataCorrupted` for other bytes.
pub fn decode_runs(bytes: &[u8]) -> Result<Vec<Run>> {
    let wrong = || Error::new(Kind::DataCorrupted, "a list of removed rows cannot be read");
    let mut runs: Vec<Run> = Vec::with_capacity(bytes.len() / 16);
    for pair in bytes.chunks(16) {
        let number = |at: usize| Some(u64::from_be_bytes(pair.get(at..at + 8)?.try_into().ok()?));
        let run = Run(number(0).ok_or_else(wrong)?, number(8).ok_or_else(wrong)?);
        if run.0 > run.1 || runs.last().is_some_and(|last| last.1 >= run.0) {
            return Err(wrong());
        }
        runs.push(run);
    }
    Ok(runs)
}

/// Whether a leaf index is in one of some runs, which are in order.
pub fn contains(runs: &[Run], leaf: u64) -> bool {
    let at = runs.partition_point(|run| run.1 < leaf);
    runs.get(at).is_some_and(|run| run.0 <= leaf)
}

/// Ascending leaf indexes as runs.
pub fn runs_of(leaves: impl IntoIterator<Item = u64>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for leaf in leaves {
        match runs.last_mut() {
            Some(last) if last.1 + 1 == leaf => last.1 = leaf,
            _ => runs.push(Run(leaf, leaf)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_back_and_strange_ones_refused() {
        let purge = Record::Purge {
            at: 5,
            purge: Uuid::nil(),
            table: Uuid::nil(),
            cause: Cause::Retention { policies: vec!["short".into()] },
            rows: 3,
            runs: "AA==".into(),
            size: 10,
            root: "AA==".into(),
            holds: vec![],
        };
        for record in [purge, Record::Heartbeat { at: -1 }, Record::Absent { at: 0, table: Uuid::nil(), runs: vec![Run(1, 2)] }] {
            let text = record.encode().unwrap();
            assert!(!text.contains('\n'));
            assert_eq!(Record::decode(&text).unwrap(), record);
        }
        assert_eq!(Record::Heartbeat { at: 7 }.encode().unwrap(), r#"{"kind":"heartbeat","at":7}"#);
        for wrong in ["", "{}", r#"{"kind":"heartbeat"}"#, r#"{"kind":"party","at":1}"#] {
            assert_eq!(Record::decode(wrong).unwrap_err().kind(), Kind::DataCorrupted);
        }
    }

    #[test]
    fn runs_are_short_and_in_order() {
        let runs = runs_of([1, 2, 3, 7, 9, 10]);
        assert_eq!(runs, [Run(1, 3), Run(7, 7), Run(9, 10)]);
        assert_eq!(decode_runs(&encode_runs(&runs)).unwrap(), runs);
        assert_eq!([0, 1, 3, 4, 7, 10, 11].map(|leaf| contains(&runs, leaf)), [false, true, true, false, true, true, false]);
        assert!(decode_runs(&[0; 15]).is_err());
        assert!(decode_runs(&encode_runs(&[Run(3, 2)])).is_err());
        assert!(decode_runs(&encode_runs(&[Run(1, 5), Run(5, 6)])).is_err());
    }
}
