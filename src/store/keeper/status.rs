//! What can be asked of the ledger while the store is open.

use std::sync::Arc;

use uuid::Uuid;

use super::files::Layout;
use super::rows::Seeds;
use super::{Books, Keeper};
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::ledger::Hash;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::proof::RowProof;
use crate::ledger::record::Run;
use crate::ledger::row::commitment;
use crate::ledger::salt::place;
use crate::ledger::tree::TILE;
use crate::store::core::Core;
use crate::store::keeper::rows::visit;
use crate::store::snapshot::TableState;
use crate::store::spec::TableId;
use crate::store::tail::{ingest_values, leaf_values};

/// One published checkpoint of the control log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    pub at: Micros,
    pub size: u64,
    pub root: Hash,
    /// The signed note, which an auditor keeps.
    pub note: String,
}

/// The tree of one table.
#[derive(Debug, Clone)]
pub struct TableLedger {
    pub table: TableId,
    /// How many leaves were recorded, the genesis counted.
    pub size: u64,
    pub root: Hash,
    /// How far the rows were last compared with what was recorded, and when.
    pub verified: Option<(u64, Micros)>,
    /// Why it does not go on.
    pub failure: Option<Error>,
}

/// What the rows of one table are compared with.
pub(crate) struct Evidence {
    pub state: Arc<TableState>,
    pub layout: Layout,
    pub origin: String,
    pub made: Micros,
    pub size: u64,
    pub root: Hash,
    pub seeds: Seeds,
    pub absent: Vec<Run>,
    pub purges: Vec<Uuid>,
}

/// The ledger as of its last pass.
#[derive(Debug, Clone, Default)]
pub struct LedgerStatus {
    /// The public key that verifies the checkpoints.
    pub public_key: String,
    pub tables: Vec<TableLedger>,
    /// The newest last.
    pub checkpoints: Vec<Arc<SignedCheckpoint>>,
    /// Why the whole ledger does not go on.
    pub failure: Option<Error>,
}

impl LedgerStatus {
    pub(super) fn failed(failure: Error) -> Self {
        LedgerStatus { failure: Some(failure), ..LedgerStatus::default() }
    }
}

impl Books {
    pub(super) fn status(&self) -> LedgerStatus {
        let tables = self.trees.iter().map(|(id, tree)| TableLedger {
            table: *id,
            size: tree.size(),
            root: tree.root(),
            verified: tree.verified,
            failure: tree.failure.clone(),
        });
        LedgerStatus {
            public_key: self.key.verifier().to_string(),
            tables: tables.collect(),
            checkpoints: self.checkpoints.iter().cloned().collect(),
            failure: None,
        }
    }
}

impl Keeper {
    /// What the rows of a table are compared with, as of one instant. Blocks.
    ///
    /// # Errors
    /// `UndefinedTable` if there is no such table, `ObjectNotInPrerequisiteState` if its ledger has not begun.
    pub(crate) fn evidence(&self, core: &Core, table: TableId) -> Result<Evidence> {
        self.with(|books| {
            // A purge forgets salts after the rows have left the snapshot, and waits for the books meanwhile.
            let state = core.snapshot().table(table).cloned();
            let state = state.ok_or_else(|| Error::new(Kind::UndefinedTable, format!("table {table} does not exist")))?;
            let not_yet = || {
                Error::new(
                    Kind::ObjectNotInPrerequisiteState,
                    format!("the ledger has not taken in table {} yet", state.spec.label),
                )
            };
            let tree = books.trees.get(&table).ok_or_else(not_yet)?;
            Ok(Evidence {
                layout: books.layout.clone(),
                origin: books.control_name(),
                made: tree.made,
                size: tree.size(),
                root: tree.root(),
                seeds: tree.seeds().clone(),
                absent: tree.absent.clone(),
                purges: tree.purges.clone(),
                state,
            })
        })
    }

    /// Notes how far the rows of a table were found to be what was recorded.
    pub(crate) fn verified(&self, table: TableId, size: u64) -> Result<()> {
        let now = self.clock.now_us();
        self.with(|books| {
            if let Some(tree) = books.trees.get_mut(&table) {
                tree.verified = Some((size, now));
            }
            Ok(())
        })
    }

    /// The proof that a row is in its table's tree, which must have been recorded with it. Blocks.
    ///
    /// # Errors
    /// `DataCorrupted` if rows near it are not what was recorded, `ObjectNotInPrerequisiteState` if the row is not recorded yet,
    /// `UndefinedObject` if it is not there.
    pub(crate) fn prove(&self, state: &TableState, leaf: u64) -> Result<RowProof> {
        self.with(|books| {
            let origin = books.table_name(state.spec.id);
            let key = books.key.named(&origin)?;
            let unknown = || {
                Error::new(
                    Kind::ObjectNotInPrerequisiteState,
                    format!("the ledger has not taken in row {leaf} of table {} yet", state.spec.label),
                )
            };
            let tree = books.trees.get_mut(&state.spec.id).filter(|tree| leaf < tree.size()).ok_or_else(unknown)?;
            let mut found = None;
            let (chunk, at) = place(leaf);
            let salt = tree.seeds().get(&chunk).and_then(|seeds| seeds.salts().at(at));
            visit(state, &(leaf..leaf + 1), |batch| {
                let leaves = leaf_values(batch)?;
                if let Some(row) = leaves.iter().position(|found| u64::try_from(*found) == Ok(leaf)) {
                    let payload = tree.hasher().with_rows(batch, |rows| rows.payload(row).map(<[u8]>::to_vec))?;
                    found = Some((payload, ingest_values(batch)?[row]));
                }
                Ok(())
            })?;
            let gone = || Error::new(Kind::UndefinedObject, format!("row {leaf} of table {} is not there", state.spec.label));
            let ((payload, ingest), salt) = found.zip(salt).ok_or_else(gone)?;
            let tiles = tree.opened(state, leaf / TILE)?;
            let checkpoint = Checkpoint { origin, size: tiles.size(), root: tiles.root() };
            if checkpoint.size != tree.size() || checkpoint.root != tree.root() {
                return Err(Error::new(
                    Kind::DataCorrupted,
                    format!("the tiles of table {} are not what the ledger has recorded", state.spec.label),
                )
                .with_hint("annals verify says more"));
            }
            let path = tiles.inclusion(leaf).ok_or_else(unknown)?;
            let note = checkpoint.signed(&[&key]);
            let commitment = commitment(state.spec.id.0, &salt, &payload);
            Ok(RowProof { leaf, ingest, commitment, opening: Some((salt, payload)), path, note })
        })
    }
}
