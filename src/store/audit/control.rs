//! The control log under verification: its entries, the signatures over them, and what they say.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::Audit;
use super::report::{Class, Finding, Report, TableReport};
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::note::{Note, VerifierKey};
use crate::ledger::record::{Record, Run, Size, decode_runs, entry_leaf};
use crate::ledger::tree::Frontier;
use crate::ledger::{Hash, base64_of, hash_from_base64, sha256};
use crate::store::definition::Definition;
use crate::store::keeper::control::Entries;
use crate::store::keeper::files::{self, Layout};
use crate::store::spec::{ColumnSpec, TableId, TableSpec};

/// What the control log says of one table that was not dropped.
#[derive(Debug)]
pub(super) struct TableRecord {
    pub spec: Arc<TableSpec>,
    pub made: Micros,
    /// What its tree is bound to.
    pub origin: String,
    /// Each recorded size with its root.
    pub sizes: Vec<(u64, Hash)>,
    pub purges: Vec<PurgeRecord>,
    pub absent: Vec<Run>,
    pub holds: Vec<HoldRecord>,
}

/// A legal hold, in force or released.
#[derive(Debug)]
pub(super) struct HoldRecord {
    hold: Uuid,
    name: String,
    list: Option<Hash>,
    released: bool,
}

/// A purge that was not given up.
#[derive(Debug)]
pub(super) struct PurgeRecord {
    pub purge: Uuid,
    pub rows: u64,
    /// SHA-256 of the list of rows.
    pub list: Option<Hash>,
    /// It was told to be done.
    pub done: bool,
    pub runs: Vec<Run>,
    /// Holds in force when it was announced, by their place among the table's.
    pub under: Vec<usize>,
}

/// The control log as far as it can be read.
#[derive(Debug)]
pub(super) struct Control {
    origin: String,
    keys: Vec<VerifierKey>,
    /// The entry that names the newest key.
    newest_key: u64,
    entries: u64,
    newest: Micros,
    checkpoint: u64,
    old: Option<u64>,
    pub tables: BTreeMap<TableId, TableRecord>,
}

/// The roots that are compared, by size.
struct Marks {
    signed: Option<Checkpoint>,
    old: Option<Checkpoint>,
    signed_root: Option<Hash>,
    old_root: Option<Hash>,
}

impl Control {
    /// Reads the control log and compares it with what was signed.
    ///
    /// # Errors
    /// `InvalidParameterValue` if there is no ledger, or the old checkpoint is none.
    pub(super) fn read(layout: &Layout, audit: &Audit, findings: &mut Vec<Finding>) -> Result<Control> {
        let no_ledger = || {
            Error::new(Kind::InvalidParameterValue, format!("there is no ledger in \"{}\"", audit.data.display()))
                .with_hint("give the data folder of a store with --data")
        };
        if !layout.control().exists() {
            return Err(no_ledger());
        }
        let signed_text = files::read_text(&layout.checkpoint())?;
        let old_note = audit.checkpoint.as_deref();
        let parsed = |text: &str| Note::parse(text).and_then(|note| Checkpoint::parse(note.text()));
        let signed = match &signed_text {
            None => {
                findings.push(Finding::new(Class::Signature, "the folder has no checkpoint"));
                None
            }
            Some(text) => parsed(text)
                .inspect_err(|error| {
                    findings.push(Finding::new(Class::Signature, format!("the folder's checkpoint: {}", error.message())))
                })
                .ok(),
        };
        let old = match old_note.map(parsed).transpose() {
            Ok(old) => old,
            Err(error) => {
                return Err(
                    Error::new(Kind::InvalidParameterValue, "the checkpoint given is none").with_detail(error.message().to_owned())
                );
            }
        };
        let mut control = Control {
            origin: String::new(),
            keys: vec![],
            newest_key: 0,
            entries: 0,
            newest: Micros::MIN,
            checkpoint: signed.as_ref().map_or(0, |signed| signed.size),
            old: old.as_ref().map(|old| old.size),
            tables: BTreeMap::new(),
        };
        let mut marks = Marks { signed, old, signed_root: None, old_root: None };
        control.replay(layout, &mut marks, findings)?;
        control.believe(audit, signed_text.as_deref(), &marks, findings);
        for table in control.tables.values_mut() {
            table.read_lists(layout, findings)?;
        }
        Ok(control)
    }

    fn replay(&mut self, layout: &Layout, marks: &mut Marks, findings: &mut Vec<Finding>) -> Result<()> {
        let mut tree = Frontier::default();
        for text in Entries::open(&layout.control())? {
            let text = match text {
                Ok(text) => text,
                Err(error) => {
                    findings.push(Finding::new(Class::Control, error.message()));
                    break;
                }
            };
            let before = tree.root();
            let at = tree.size();
            tree.push(entry_leaf(&text));
            let mark = |checkpoint: &Option<Checkpoint>, root: &mut Option<Hash>| {
                if checkpoint.as_ref().is_some_and(|checkpoint| checkpoint.size == tree.size()) {
                    *root = Some(tree.root());
                }
            };
            mark(&marks.signed, &mut marks.signed_root);
            mark(&marks.old, &mut marks.old_root);
            let heard = Record::decode(&text).and_then(|record| self.hear(record, at, before));
            if let Err(error) = heard {
                findings.push(Finding::new(Class::Control, format!("entry {at}: {}", error.message())));
            }
        }
        self.entries = tree.size();
        Ok(())
    }

    fn table(&mut self, table: Uuid) -> Result<&mut TableRecord> {
        let strange = || Error::new(Kind::DataCorrupted, format!("it tells of table {table}, which was not introduced"));
        self.tables.get_mut(&TableId(table)).ok_or_else(strange)
    }

    /// Takes in one entry; `before` is the root of those before it.
    fn hear(&mut self, record: Record, at: u64, before: Hash) -> Result<()> {
        let wrong = |what: &str| Error::new(Kind::DataCorrupted, what);
        self.newest = self.newest.max(record.at());
        match record {
            Record::Begin { origin, public_key, .. } => {
                if at != 0 {
                    return Err(wrong("the log begins once more"));
                }
                self.keys.push(VerifierKey::parse(&public_key)?);
                self.origin = origin;
            }
            Record::Key { public_key, note, .. } => {
                let key = VerifierKey::parse(&public_key)?;
                let note = Note::parse(&note)?;
                let checkpoint = Checkpoint::parse(note.text())?;
                let by_old = self.keys.last().is_some_and(|old| note.is_signed_by(old));
                if !by_old || !note.is_signed_by(&key) || (checkpoint.size, checkpoint.root) != (at, before) {
                    return Err(wrong("a key takes over that the key before it has not signed for"));
                }
                self.keys.push(key);
                self.newest_key = at;
            }
            Record::Table { table, made, definition, .. } => {
                let spec = Definition::decode(definition.as_bytes())?.spec;
                if let Some(known) = self.tables.get_mut(&TableId(table)) {
                    known.spec = spec;
                    return Ok(());
                }
                let origin = self.origin.clone();
                let new = TableRecord { spec, made, origin, sizes: vec![], purges: vec![], absent: vec![], holds: vec![] };
                self.tables.insert(TableId(table), new);
            }
            Record::Sizes { tables, .. } => {
                for Size { table, size, root } in tables {
                    self.table(table)?.grown(size, &root)?;
                }
            }
            Record::Drop { table, .. } => {
                self.table(table)?;
                self.tables.remove(&TableId(table));
            }
            Record::Absent { table, runs, .. } => self.table(table)?.absent.extend(runs),
            Record::Purge { purge, table, rows, runs, size, root, .. } => {
                let table = self.table(table)?;
                table.grown(size, &root)?;
                let under = table.holds.iter().enumerate().filter(|(_, hold)| !hold.released).map(|(at, _)| at).collect();
                table.purges.push(PurgeRecord { purge, rows, list: hash_from_base64(&runs), done: false, runs: vec![], under });
            }
            Record::Purged { purge, .. } => {
                let mut purges = self.tables.values_mut().flat_map(|table| &mut table.purges);
                if let Some(found) = purges.find(|found| found.purge == purge) {
                    found.done = true;
                }
            }
            Record::Kept { purge, .. } => {
                self.tables.values_mut().for_each(|table| table.purges.retain(|found| found.purge != purge));
            }
            Record::Hold { table, hold, name, runs, .. } => {
                self.table(table)?.holds.push(HoldRecord { hold, name, list: hash_from_base64(&runs), released: false });
            }
            Record::Released { table, hold, .. } => {
                self.table(table)?.holds.iter_mut().filter(|known| known.hold == hold).for_each(|known| known.released = true);
            }
            Record::Heartbeat { .. } => {}
        }
        Ok(())
    }

    /// Compares signatures and roots.
    fn believe(&self, audit: &Audit, signed_text: Option<&str>, marks: &Marks, findings: &mut Vec<Finding>) {
        let mut find = |class, message: String| findings.push(Finding::new(class, message));
        let control_key = |key: &VerifierKey| key.named(&self.origin);
        if let Some(pinned) = &audit.public_key
            && !self.keys.iter().any(|key| control_key(key) == control_key(pinned))
        {
            find(
                Class::Signature,
                format!(
                    "the ledger is not signed by the key given; it names {}",
                    self.keys.last().map_or_else(String::new, ToString::to_string)
                ),
            );
        }
        if let (Some(signed), Some(text)) = (&marks.signed, signed_text) {
            let note = Note::parse(text).ok();
            let by = |key: &VerifierKey| note.as_ref().is_some_and(|note| note.is_signed_by(key));
            // A process that ended after the entry of a new key and before its first signature leaves the checkpoint of the old one.
            let taking_over = self.newest_key + 1 == self.entries && signed.size == self.newest_key;
            let in_force = self.keys.iter().nth_back(usize::from(taking_over)).map(control_key);
            if !in_force.as_ref().is_some_and(by) {
                let stale = self.keys.iter().map(control_key).any(|key| by(&key));
                let what = if stale { "is signed by a key that was replaced" } else { "is not signed by the ledger's key" };
                find(Class::Signature, format!("the folder's checkpoint of {} entries {what}", signed.size));
            } else if signed.size > self.entries {
                find(Class::RolledBack, format!("the control log has {} entries, and {} were signed", self.entries, signed.size));
            } else if marks.signed_root != Some(signed.root) {
                find(
                    Class::Control,
                    format!("the first {} entries of the control log are not those that were signed", signed.size),
                );
            }
        }
        let (Some(old), Some(text)) = (&marks.old, audit.checkpoint.as_deref()) else { return };
        if old.origin != self.origin {
            find(
                Class::Signature,
                format!("the checkpoint given is of \"{}\", and this ledger is \"{}\"", old.origin, self.origin),
            );
            return;
        }
        let trusted: Vec<VerifierKey> = self.keys.iter().chain(&audit.public_key).map(control_key).collect();
        if let Err(error) = Checkpoint::verified(text, &trusted) {
            find(Class::Signature, format!("the checkpoint given: {}", error.message()));
        } else if old.size > self.entries {
            find(
                Class::RolledBack,
                format!("the control log has {} entries, and the checkpoint given covers {}", self.entries, old.size),
            );
        } else if old.size > 0 && marks.old_root != Some(old.root) {
            find(Class::Forked, format!("the first {} entries of the control log are not those of the checkpoint given", old.size));
        }
    }

    pub(super) fn report(self, tables: Vec<TableReport>, findings: Vec<Finding>, audit: &Audit) -> Report {
        Report {
            public_key: self.keys.last().map_or_else(String::new, ToString::to_string),
            pinned: audit.public_key.is_some(),
            origin: self.origin,
            entries: self.entries,
            checkpoint: self.checkpoint,
            newest: self.newest,
            old_checkpoint: self.old,
            tables,
            findings,
        }
    }
}

impl TableRecord {
    fn grown(&mut self, size: u64, root: &str) -> Result<()> {
        let root = hash_from_base64(root).ok_or_else(|| Error::new(Kind::DataCorrupted, "a root is no hash"))?;
        match self.sizes.last() {
            Some((last, known)) if *last > size || (*last == size && *known != root) => {
                Err(Error::new(Kind::DataCorrupted, format!("the tree of table {} becomes smaller or another", self.spec.label)))
            }
            Some((last, _)) if *last == size => Ok(()),
            _ => {
                self.sizes.push((size, root));
                Ok(())
            }
        }
    }

    /// Takes in columns that were added in the last second and are not recorded yet. They are hashed as all others: in rows that were
    /// recorded before they must be NULL.
    pub(super) fn widen(&mut self, spec: &Arc<TableSpec>) {
        let same = |(known, now): (&ColumnSpec, &ColumnSpec)| known.id == now.id && known.field == now.field;
        let known = &self.spec.columns;
        if spec.kind == self.spec.kind && spec.columns.len() > known.len() && known.iter().zip(&spec.columns).all(same) {
            self.spec = spec.clone();
        }
    }

    /// How many leaves were recorded, the genesis counted.
    pub(super) fn size(&self) -> u64 {
        self.sizes.last().map_or(1, |(size, _)| *size)
    }

    /// Reads which rows the purges removed.
    fn read_lists(&mut self, layout: &Layout, findings: &mut Vec<Finding>) -> Result<()> {
        let label = self.spec.label.clone();
        for purge in &mut self.purges {
            let bytes = files::read(&layout.purge(purge.purge))?;
            let same = bytes.as_ref().is_some_and(|bytes| Some(sha256(bytes)) == purge.list);
            let runs = bytes.filter(|_| same).and_then(|bytes| decode_runs(&bytes).ok());
            let Some(runs) = runs else {
                let list = purge.list.map_or_else(String::new, |list| base64_of(&list));
                let message =
                    format!("the list of the rows that purge {} removed is missing or was edited; its hash is {list}", purge.purge);
                findings.push(Finding::new(Class::Purge, message).of(&label));
                continue;
            };
            let rows: u64 = runs.iter().map(|run| run.1 - run.0 + 1).sum();
            if rows != purge.rows {
                let message = format!("purge {} lists {rows} rows and was recorded with {}", purge.purge, purge.rows);
                findings.push(Finding::new(Class::Purge, message).of(&label));
            }
            purge.runs = runs;
        }
        self.compare_holds(layout, findings)
    }

    /// Compares what purges removed with what holds kept.
    fn compare_holds(&self, layout: &Layout, findings: &mut Vec<Finding>) -> Result<()> {
        let label = &self.spec.label;
        for (at, hold) in self.holds.iter().enumerate() {
            let bytes = files::read(&layout.hold(hold.hold))?;
            let same = bytes.as_ref().is_some_and(|bytes| Some(sha256(bytes)) == hold.list);
            let Some(held) = bytes.filter(|_| same).and_then(|bytes| decode_runs(&bytes).ok()) else {
                let message = format!("the list of the rows that legal hold {} keeps is missing or was edited", hold.name);
                findings.push(Finding::new(Class::Hold, message).of(label));
                continue;
            };
            for purge in self.purges.iter().filter(|purge| purge.under.contains(&at)) {
                for Run(first, last) in common(&held, &purge.runs) {
                    let message = format!("purge {} removed rows that legal hold {} keeps", purge.purge, hold.name);
                    findings.push(Finding::new(Class::Hold, message).of(label).at(Run(first, last)));
                }
            }
        }
        Ok(())
    }
}

/// What two lists of runs have in common.
fn common(one: &[Run], other: &[Run]) -> Vec<Run> {
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    let mut common = Vec::new();
    while let (Some(a), Some(b)) = (one.peek(), other.peek()) {
        if a.0.max(b.0) <= a.1.min(b.1) {
            common.push(Run(a.0.max(b.0), a.1.min(b.1)));
        }
        if a.1 < b.1 {
            one.next()
        } else {
            other.next()
        };
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_have_their_overlaps_in_common() {
        let (one, other) = ([Run(1, 5), Run(10, 20), Run(30, 30)], [Run(4, 11), Run(15, 15), Run(20, 40)]);
        assert_eq!(common(&one, &other), [Run(4, 5), Run(10, 11), Run(15, 15), Run(20, 20), Run(30, 30)]);
        assert_eq!(common(&one, &[]), []);
    }
}
