//! A purge in the ledger: it is announced, signed, before anything goes, and told to be done when it is.

use std::collections::BTreeMap;
use std::ops::Range;

use uuid::Uuid;

use super::{Books, Keeper, size_of};
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::ledger::record::{Cause, Record, Run, Size, decode_runs, encode_runs};
use crate::ledger::{base64_of, sha256};
use crate::store::crash;
use crate::store::durable;
use crate::store::keeper::rows::visit;
use crate::store::snapshot::{Snapshot, TableState};
use crate::store::spec::TableId;
use crate::store::tail::leaf_values;

/// A purge that was announced.
#[derive(Debug)]
pub(crate) struct Announced {
    purge: Uuid,
    table: TableId,
    runs: Vec<Run>,
}

impl Keeper {
    /// Announces that rows of a table are about to go. Blocks.
    ///
    /// # Errors
    /// Why the ledger of the table does not go on, and `IoError`; then nothing may go.
    pub(crate) fn announce(&self, state: &TableState, runs: Vec<Run>, cause: Cause, holds: Vec<String>) -> Result<Announced> {
        self.with(|books| {
            let (id, at) = (state.spec.id, self.clock.now_us());
            books.defined(state, at)?;
            books.catch_up(state, at)?;
            let purge = Uuid::new_v4();
            let list = encode_runs(&runs);
            books.layout.replace(crash::LEDGER_BEFORE_LIST, &books.layout.purge(purge), &list)?;
            let tree = books.trees.get_mut(&id).ok_or_else(|| Error::internal(format!("table {id} has no tree")))?;
            books.pending.push(Record::Purge {
                at,
                purge,
                table: id.0,
                cause,
                rows: runs.iter().map(|run| run.1 - run.0 + 1).sum(),
                runs: base64_of(&sha256(&list)),
                size: tree.size(),
                root: base64_of(&tree.root()),
                holds,
            });
            // The hashes follow the entry: whatever becomes of them, the next start finds the entry and what to take back.
            let written = books.write().and_then(|()| match books.trees.get_mut(&id) {
                Some(tree) => tree.keep_hashes(state, &runs),
                None => Err(Error::internal(format!("table {id} has no tree"))),
            });
            if let Err(error) = written {
                // Whether the entry is in the log or not, nothing goes.
                books.pending.retain(|record| !matches!(record, Record::Purge { purge: other, .. } if *other == purge));
                books.unfinished.insert(purge, id);
                return Err(error);
            }
            if let Some(tree) = books.trees.get_mut(&id) {
                tree.purges.push(purge);
            }
            Ok(Announced { purge, table: id, runs })
        })
    }

    /// Tells that the announced rows are gone, and forgets what would lead back to them; or that the purge was given up. Blocks.
    ///
    /// # Errors
    /// `IoError`; a later start tells it then.
    pub(crate) fn conclude(&self, announced: Announced, gone: bool) -> Result<()> {
        self.with(|books| {
            let at = self.clock.now_us();
            let Announced { purge, table, runs } = announced;
            let record = if gone { books.purged(purge, table, &runs, at)? } else { books.kept(purge, table, &runs, at)? };
            books.layout.point(crash::LEDGER_BEFORE_PURGED)?;
            books.pending.push(record);
            books.write()
        })
    }
}

impl Books {
    /// Takes in all rows of one table.
    fn catch_up(&mut self, state: &TableState, at: Micros) -> Result<()> {
        let (id, end) = (state.spec.id, size_of(state));
        let adopted = self.adopted.get(&id).copied().unwrap_or(0);
        let tree = self.trees.get_mut(&id).ok_or_else(|| Error::internal(format!("table {id} has no tree")))?;
        if let Some(failure) = &tree.failure {
            return Err(Error::new(
                Kind::ObjectNotInPrerequisiteState,
                format!("nothing is removed from table {}, because its ledger cannot go on", state.spec.label),
            )
            .with_detail(failure.to_string())
            .with_hint("annals verify says what is wrong"));
        }
        if tree.size() >= end {
            return Ok(());
        }
        while tree.size() < end {
            let adopting = adopted > tree.size();
            let absent = tree.advance(state, if adopting { adopted.min(end) } else { end }, adopting, &self.workers)?;
            if !absent.is_empty() {
                self.pending.push(Record::Absent { at, table: id.0, runs: absent });
            }
        }
        self.pending
            .push(Record::Sizes { at, tables: vec![Size { table: id.0, size: tree.size(), root: base64_of(&tree.root()) }] });
        Ok(())
    }

    fn purged(&mut self, purge: Uuid, table: TableId, runs: &[Run], at: Micros) -> Result<Record> {
        if let Some(tree) = self.trees.get_mut(&table) {
            tree.forget(runs)?;
        }
        Ok(Record::Purged { at, purge })
    }

    fn kept(&mut self, purge: Uuid, table: TableId, runs: &[Run], at: Micros) -> Result<Record> {
        if let Some(tree) = self.trees.get_mut(&table) {
            tree.take_back(runs)?;
            tree.purges.retain(|known| *known != purge);
        }
        // Its list stays: a crash before the entry is written asks for it again.
        Ok(Record::Kept { at, purge })
    }

    /// Finds out what became of purges whose process ended in the middle.
    pub(super) fn settle(&mut self, snapshot: &Snapshot, at: Micros) -> Result<()> {
        for (purge, table) in self.unfinished.clone() {
            let list = durable::read(&self.layout.purge(purge))?.unwrap_or_default();
            let runs = decode_runs(&list)?;
            let there = match snapshot.table(table) {
                Some(state) if state.damage.is_some() => continue,
                Some(state) => any_there(state, &runs)?,
                None => false,
            };
            let record = if there { self.kept(purge, table, &runs, at)? } else { self.purged(purge, table, &runs, at)? };
            self.unfinished.remove(&purge);
            self.pending.push(record);
        }
        Ok(())
    }
}

/// Whether one of some rows is there. A purge removes all of them or none, so the first run tells.
fn any_there(state: &TableState, runs: &[Run]) -> Result<bool> {
    let Some(Run(first, last)) = runs.first() else { return Ok(false) };
    let wanted: Range<u64> = *first..*last + 1;
    let mut there = false;
    visit(state, &wanted, |batch| {
        there |= leaf_values(batch)?.iter().any(|leaf| u64::try_from(*leaf).is_ok_and(|leaf| wanted.contains(&leaf)));
        Ok(())
    })?;
    Ok(there)
}

/// Runs of several lists as one list; they have no row in common.
pub(crate) fn joined(lists: impl IntoIterator<Item = Vec<Run>>) -> Vec<Run> {
    let by_first: BTreeMap<u64, u64> = lists.into_iter().flatten().map(|Run(first, last)| (first, last)).collect();
    let mut joined: Vec<Run> = Vec::new();
    for (first, last) in by_first {
        match joined.last_mut() {
            Some(before) if before.1 + 1 == first => before.1 = last,
            _ => joined.push(Run(first, last)),
        }
    }
    joined
}
