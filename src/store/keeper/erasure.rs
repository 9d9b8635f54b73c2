//! The end of an erasure in the ledger: it is told once, and proved by a receipt.
//!
//! How many rows went is read from the control log itself, which is gone through for it: erasures are rare, and what the log says is
//! what counts after a crash.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::Keeper;
use super::control::Entries;
use crate::error::{Error, Kind, Result};
use crate::ledger::proof::EntryProof;
use crate::ledger::record::{Cause, Record, entry_leaf};
use crate::ledger::tree::{TILE, Tiles, root_of};
use crate::store::Store;
use crate::store::spec::TableId;

/// What the control log says of one erasure.
#[derive(Default)]
struct Told {
    /// The rows of its purges that were not given up.
    purges: BTreeMap<Uuid, u64>,
    /// How many rows it was concluded with.
    concluded: Option<u64>,
}

impl Told {
    fn read(entries: Entries, erasure: Uuid) -> Result<Told> {
        let (mut told, id) = (Told::default(), erasure.to_string());
        for text in entries {
            let text = text?;
            // Most entries say nothing of it, and are not taken apart.
            let about = text.contains(&id) || !told.purges.is_empty() && text.contains("\"kept\"");
            if !about {
                continue;
            }
            match Record::decode(&text)? {
                Record::Purge { purge, cause, rows, .. } if cause.erasure() == Some(erasure) => {
                    told.purges.insert(purge, rows);
                }
                Record::Kept { purge, .. } => {
                    told.purges.remove(&purge);
                }
                Record::Erased { rows, cause, .. } if cause.erasure() == Some(erasure) => told.concluded = Some(rows),
                _ => {}
            }
        }
        Ok(told)
    }
}

impl Keeper {
    /// Tells that an erasure has come to its end, unless it was told before; gives how many rows went. Blocks.
    fn conclude_erasure(&self, table: TableId, label: &str, cause: &Cause) -> Result<u64> {
        let erasure = cause.erasure().ok_or_else(|| Error::internal("what is concluded is no erasure"))?;
        let control = self.with(|books| Ok(books.layout.control()))?;
        let told = Told::read(Entries::open(&control)?, erasure)?;
        if let Some(rows) = told.concluded {
            return Ok(rows);
        }
        let rows = told.purges.values().sum();
        self.with(|books| {
            let at = self.clock.now_us();
            books.pending.push(Record::Erased { at, table: table.0, label: label.to_owned(), rows, cause: cause.clone() });
            books.write().inspect_err(|_| {
                // It is looked for in the log before it is told again.
                books.pending.retain(|record| !matches!(record, Record::Erased { .. }));
            })?;
            Ok(rows)
        })
    }

    /// The proof that an erasure has come to its end, for the newest checkpoint. Blocks.
    fn erasure_receipt(&self, erasure: Uuid) -> Result<EntryProof> {
        let unknown = || Error::new(Kind::UndefinedObject, format!("the ledger has not recorded the end of erasure {erasure}"));
        let (control, checkpoint) =
            self.with(|books| Ok((books.layout.control(), books.checkpoints.back().cloned().ok_or_else(unknown)?)))?;
        let id = erasure.to_string();
        let mut found: Option<(u64, String)> = None;
        let (mut tree, mut index) = (Tiles::default(), 0);
        for text in Entries::open(&control)? {
            if index == checkpoint.size {
                break;
            }
            let text = text?;
            tree.rest.push(entry_leaf(&text));
            if text.contains(&id)
                && let Record::Erased { cause, .. } = Record::decode(&text)?
                && cause.erasure() == Some(erasure)
            {
                found = Some((index, text));
            }
            index += 1;
            if index.is_multiple_of(TILE) {
                let tile = std::mem::take(&mut tree.rest);
                tree.roots.push(root_of(&tile));
                let number = index / TILE - 1;
                if found.as_ref().is_some_and(|(at, _)| at / TILE == number) {
                    tree.opened = Some((number, tile));
                }
            }
        }
        let (index, entry) = found.ok_or_else(unknown)?;
        if (tree.size(), tree.root()) != (checkpoint.size, checkpoint.root) {
            return Err(
                Error::new(Kind::DataCorrupted, "the control log is not what was signed").with_hint("annals verify says more")
            );
        }
        let path = tree.inclusion(index).ok_or_else(unknown)?;
        Ok(EntryProof { index, entry, secret: None, path, note: checkpoint.note.clone() })
    }
}

impl Store {
    /// Tells the ledger that an erasure has come to its end, unless it was told before; gives how many rows went, `None` if no ledger is
    /// kept.
    ///
    /// # Errors
    /// Why the ledger does not go on.
    pub async fn conclude_erasure(&self, table: TableId, label: &str, cause: Cause) -> Result<Option<u64>> {
        let Some(keeper) = self.core.keeper().cloned() else { return Ok(None) };
        // What became of a purge that was cut short is found out first.
        self.keep_ledger().await?;
        let label = label.to_owned();
        tokio::task::spawn_blocking(move || keeper.conclude_erasure(table, &label, &cause).map(Some))
            .await
            .map_err(|cause| Error::internal(format!("concluding an erasure ended early: {cause}")))?
    }

    /// The proof that an erasure has come to its end.
    ///
    /// # Errors
    /// `UndefinedObject` if it has not, `ObjectNotInPrerequisiteState` if no ledger is kept, `DataCorrupted` if the control log was changed.
    pub async fn erasure_receipt(&self, erasure: Uuid) -> Result<EntryProof> {
        let keeper = self.core.keeper().cloned();
        let keeper = keeper.ok_or_else(|| Error::new(Kind::ObjectNotInPrerequisiteState, "no ledger is kept"))?;
        tokio::task::spawn_blocking(move || keeper.erasure_receipt(erasure))
            .await
            .map_err(|cause| Error::internal(format!("a receipt ended early: {cause}")))?
    }
}
