//! What the entries of the control log come to: a fold over them from the first to the last, at a start as well as while they are written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::ledger::record::{Record, Run, Size};
use crate::ledger::{Hash, hash_from_base64};
use crate::store::spec::TableId;

/// What the control log tells of tables, purges and holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Told {
    pub tables: BTreeMap<TableId, Recorded>,
    /// Tables whose rows up to some size came before the ledger.
    pub adopted: BTreeMap<TableId, u64>,
    /// Purges that were announced and not told to be done.
    pub unfinished: BTreeMap<Uuid, TableId>,
    /// The key that was named last.
    pub public_key: Option<String>,
    /// When the last entry was written.
    pub last_entry: Micros,
}

/// What the control log says of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recorded {
    pub made: Micros,
    pub definition: String,
    pub size: u64,
    /// In base64, as it was recorded; `None` if no size was.
    root: Option<String>,
    pub absent: Vec<Run>,
    pub purges: Vec<Uuid>,
    /// Legal holds in force by their names.
    pub holds: BTreeMap<String, Uuid>,
}

impl Recorded {
    /// The root at the size that was recorded last.
    pub(super) fn root(&self) -> Option<Hash> {
        self.root.as_deref().and_then(hash_from_base64)
    }
}

impl Told {
    /// Takes in the next entry.
    ///
    /// # Errors
    /// `DataCorrupted` if it tells of a table that no entry before it has introduced.
    pub(super) fn hear(&mut self, record: Record) -> Result<()> {
        self.last_entry = record.at();
        match record {
            Record::Begin { before, public_key, .. } => {
                self.adopted = before.into_iter().map(|(table, size)| (TableId(table), size)).collect();
                self.public_key = Some(public_key);
            }
            Record::Key { public_key, .. } => self.public_key = Some(public_key),
            Record::Table { table, made, definition, .. } => match self.tables.get_mut(&TableId(table)) {
                Some(recorded) => recorded.definition = definition,
                None => {
                    self.tables.insert(
                        TableId(table),
                        Recorded { made, definition, size: 1, root: None, absent: vec![], purges: vec![], holds: BTreeMap::new() },
                    );
                }
            },
            Record::Sizes { tables, .. } => {
                for Size { table, size, root } in tables {
                    self.grown(table, size, root)?;
                }
            }
            Record::Drop { table, .. } => {
                self.tables.remove(&TableId(table));
            }
            Record::Purge { purge, table, size, root, .. } => {
                self.grown(table, size, root)?.purges.push(purge);
                self.unfinished.insert(purge, TableId(table));
            }
            Record::Purged { purge, .. } => {
                self.unfinished.remove(&purge);
            }
            Record::Kept { purge, .. } => {
                self.unfinished.remove(&purge);
                self.tables.values_mut().for_each(|table| table.purges.retain(|known| *known != purge));
            }
            Record::Absent { table, runs, .. } => {
                if let Some(table) = self.tables.get_mut(&TableId(table)) {
                    table.absent.extend(runs);
                }
            }
            Record::Hold { table, hold, name, .. } => {
                self.table(table)?.holds.insert(name, hold);
            }
            Record::Released { table, hold, .. } => self.table(table)?.holds.retain(|_, known| *known != hold),
            Record::Heartbeat { .. } => {}
        }
        Ok(())
    }

    fn table(&mut self, table: Uuid) -> Result<&mut Recorded> {
        let strange =
            || Error::new(Kind::DataCorrupted, format!("the control log tells of table {table}, which it has not introduced"));
        self.tables.get_mut(&TableId(table)).ok_or_else(strange)
    }

    fn grown(&mut self, table: Uuid, size: u64, root: String) -> Result<&mut Recorded> {
        let recorded = self.table(table)?;
        (recorded.size, recorded.root) = (size, Some(root));
        Ok(recorded)
    }
}
