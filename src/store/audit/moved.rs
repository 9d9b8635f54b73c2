//! Rows that are missing in one table and stand in another.

use std::collections::BTreeMap;

use super::Progress;
use super::control::TableRecord;
use super::report::{Class, Finding};
use super::sources::Sources;
use super::table::{MissingTiles, Reader, Reading};
use crate::error::Result;
use crate::ledger::Hash;
use crate::ledger::record::runs_of;
use crate::ledger::tree::{TILE, root_of};
use crate::store::keeper::rows::TableHasher;
use crate::store::spec::TableId;

/// Looks for missing rows in the files of other tables, and says so where they make a tile whole.
///
/// # Errors
/// What is wrong with the program.
pub(super) fn name_moved(
    tables: &[&TableRecord],
    sources: &Sources,
    missing: &BTreeMap<TableId, MissingTiles>,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    for table in tables {
        let Some(tiles) = missing.get(&table.spec.id).filter(|tiles| !tiles.is_empty()) else { continue };
        let progress = Progress::default();
        let seeds = &sources.of(table.spec.id)?.seeds;
        let reader = Reader {
            table,
            hasher: TableHasher::new(&table.spec)?,
            seeds,
            reading: &Reading { threads: 1, share: 1.0, progress: &progress },
        };
        for other in tables.iter().filter(|other| other.spec.id != table.spec.id) {
            for file in &sources.of(other.spec.id)?.named {
                let mut tiles = tiles.clone();
                let mut taken: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
                for group in 0..file.groups.len() {
                    let _ = reader.group(file, group, &mut |rows| {
                        for (leaf, _, hash) in rows {
                            let at = usize::try_from(leaf % TILE).unwrap_or(0);
                            if let Some((leaves, _)) = tiles.get_mut(&(leaf / TILE))
                                && leaves[at].is_none()
                                && hash.is_some()
                            {
                                leaves[at] = hash;
                                taken.entry(leaf / TILE).or_default().push(leaf);
                            }
                        }
                        true
                    });
                }
                for (tile, rows) in taken {
                    let Some((leaves, root)) = tiles.get(&tile) else { continue };
                    let whole: Option<Vec<Hash>> = leaves.iter().copied().collect();
                    if whole.is_some_and(|leaves| root_of(&leaves) == *root) {
                        for run in runs_of(rows) {
                            let message = format!("rows stand among those of {}", other.spec.label);
                            findings.push(Finding::new(Class::Moved, message).of(&table.spec.label).at(run).inside(&file.name));
                        }
                    }
                }
            }
        }
    }
    Ok(())
}
