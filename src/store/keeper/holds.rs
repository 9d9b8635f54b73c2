//! Legal holds in the ledger: which rows there were when each was made, so that a purge of one of them is seen to be under hold.

use std::collections::BTreeSet;

use arrow::array::{BooleanArray, RecordBatch};
use uuid::Uuid;

use super::Keeper;
use crate::error::{Error, Result};
use crate::ledger::record::{Record, encode_runs, runs_of};
use crate::ledger::{base64_of, sha256};
use crate::store::crash;
use crate::store::read::open_segment;
use crate::store::snapshot::TableState;
use crate::store::tail::leaf_values;
use crate::store::{damaged, to_stored};

/// A legal hold, as the ledger asks it.
pub trait HeldRows: Send + Sync + 'static {
    /// What tells it from every other hold of its table, also from one that had its name before.
    fn name(&self) -> String;

    /// Which rows of a batch in the table's stored schema it keeps.
    ///
    /// # Errors
    /// Whatever its condition fails with.
    fn held(&self, batch: &RecordBatch) -> Result<BooleanArray>;
}

const BATCH_ROWS: usize = 8192;

impl Keeper {
    /// The holds of a table that the ledger knows.
    pub(crate) fn holds(&self, state: &TableState) -> Result<BTreeSet<String>> {
        self.with(|books| {
            let tree = books.trees.get(&state.spec.id);
            Ok(tree.map(|tree| tree.holds.keys().cloned().collect()).unwrap_or_default())
        })
    }

    /// Writes down that holds of a table have begun, with the rows that they keep now, and that others have ended. Blocks.
    ///
    /// # Errors
    /// `DataCorrupted` for a damaged segment, what a condition fails with, and `IoError`.
    pub(crate) fn note_holds(&self, state: &TableState, begun: &[Box<dyn HeldRows>], ended: &[String]) -> Result<()> {
        let mut lists = Vec::with_capacity(begun.len());
        for hold in begun {
            lists.push((hold.name(), runs_of(held_leaves(state, hold.as_ref())?)));
        }
        self.with(|books| {
            let (id, at) = (state.spec.id, self.clock.now_us());
            books.defined(state, at)?;
            for name in ended {
                let tree = books.trees.get_mut(&id).ok_or_else(|| Error::internal(format!("table {id} has no tree")))?;
                if let Some(hold) = tree.holds.remove(name) {
                    books.pending.push(Record::Released { at, table: id.0, hold });
                }
            }
            for (name, runs) in lists {
                let hold = Uuid::new_v4();
                let list = encode_runs(&runs);
                books.layout.replace(crash::LEDGER_BEFORE_HOLD, &books.layout.hold(hold), &list)?;
                let rows = runs.iter().map(|run| run.1 - run.0 + 1).sum();
                let tree = books.trees.get_mut(&id).ok_or_else(|| Error::internal(format!("table {id} has no tree")))?;
                tree.holds.insert(name.clone(), hold);
                books.pending.push(Record::Hold { at, table: id.0, hold, name, rows, runs: base64_of(&sha256(&list)) });
            }
            books.write()
        })
    }
}

/// The leaf indexes of the rows that a hold keeps.
fn held_leaves(state: &TableState, hold: &dyn HeldRows) -> Result<BTreeSet<u64>> {
    let mut held = BTreeSet::new();
    let mut look = |batch: &RecordBatch| -> Result<()> {
        let rows = hold.held(batch)?;
        let leaves = leaf_values(batch)?.iter().zip(rows.iter());
        held.extend(leaves.filter(|(_, held)| *held == Some(true)).filter_map(|(leaf, _)| u64::try_from(*leaf).ok()));
        Ok(())
    };
    for segment in state.segments.iter() {
        let path = segment.file();
        for batch in open_segment(&path, BATCH_ROWS)? {
            let batch = batch.map_err(|cause| damaged(&path, &cause))?;
            look(&to_stored(&batch, &state.stored_schema)?)?;
        }
    }
    state.tail.iter().try_for_each(|tail| look(&tail.batch))?;
    Ok(held)
}
