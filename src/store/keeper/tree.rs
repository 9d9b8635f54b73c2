//! The tree of one table: how far it has come, and what of it is kept on the disk.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use uuid::Uuid;

use super::files::Layout;
use super::rows::{Seeds, TableHasher, visit};
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::ledger::note::random;
use crate::ledger::record::{Column, Run, contains};
use crate::ledger::row::{absent_leaf, genesis};
use crate::ledger::salt::{ChunkSeeds, place};
use crate::ledger::tree::{Frontier, TILE, Tiles, root_of};
use crate::ledger::{Hash, record};
use crate::store::crash;
use crate::store::durable;
use crate::store::snapshot::TableState;
use crate::store::spec::{TableId, TableSpec};
use crate::store::workers::Workers;
use crate::value::SqlType;

/// How many leaves are hashed before they are written: 8 MiB of hashes.
pub(crate) const WINDOW: u64 = 1 << 18;
const HASH_BYTES: u64 = 32;
/// Bytes of an entry in the file of removed rows.
const REMOVED_BYTES: usize = 40;
/// Tiles with removed rows are looked for together unless so many tiles lie between them.
const GAP: u64 = 64;

/// The tree of one table.
#[derive(Debug)]
pub(crate) struct TableTree {
    id: TableId,
    layout: Layout,
    /// Leaf 0.
    genesis: Hash,
    /// The complete tiles.
    tiles: Frontier,
    /// The leaves after them; `None` after a start, until they are needed.
    rest: Option<Vec<Hash>>,
    /// How many leaves, the genesis counted, and their root: what was recorded last.
    size: u64,
    root: Hash,
    seeds: Seeds,
    pub columns: Vec<Column>,
    /// The definition that they are of.
    pub spec: Arc<TableSpec>,
    hasher: TableHasher,
    /// When the genesis was made.
    pub made: Micros,
    /// Rows that were gone before the ledger knew the table.
    pub absent: Vec<Run>,
    /// Purges that were not given up.
    pub purges: Vec<Uuid>,
    /// Legal holds in force, by what tells them apart: a name and the time of its making.
    pub holds: BTreeMap<String, Uuid>,
    /// How far the rows were last compared with what was recorded, and when.
    pub verified: Option<(u64, Micros)>,
    /// Why it does not go on.
    pub failure: Option<Error>,
}

/// A batch on its way to leaves.
struct Hashing {
    batch: RecordBatch,
    leaves: Result<Vec<(u64, Hash)>>,
}

impl Hashing {
    fn run(&mut self, hasher: &TableHasher, seeds: &Seeds, wanted: &Range<u64>) {
        let mut leaves = Vec::with_capacity(self.batch.num_rows());
        let hashed = hasher.leaves(&self.batch, seeds, wanted, &mut |leaf, hash| {
            leaves.push((leaf, hash));
            Ok(())
        });
        self.leaves = hashed.map(|()| leaves);
    }
}

/// A table's columns as the control log writes them.
pub(crate) fn columns_of(spec: &TableSpec) -> Vec<Column> {
    let columns = super::rows::hashed_columns(spec).into_iter();
    columns.map(|(id, field)| Column { id, name: field.name().clone(), r#type: SqlType::of_field(&field).to_string() }).collect()
}

impl TableTree {
    /// The tree of a new table.
    ///
    /// # Errors
    /// `FeatureNotSupported` for a type that is not stored.
    pub(crate) fn new(layout: &Layout, spec: &Arc<TableSpec>, origin: &str, made: Micros) -> Result<Self> {
        let genesis = genesis(spec.id.0, origin, made);
        Ok(TableTree {
            id: spec.id,
            layout: layout.clone(),
            genesis,
            tiles: Frontier::default(),
            rest: Some(vec![genesis]),
            size: 1,
            root: genesis,
            seeds: Seeds::new(),
            columns: columns_of(spec),
            spec: spec.clone(),
            hasher: TableHasher::new(spec)?,
            made,
            absent: vec![],
            purges: vec![],
            holds: BTreeMap::new(),
            verified: None,
            failure: None,
        })
    }

    /// The tree as it was recorded last.
    ///
    /// # Errors
    /// `DataCorrupted` if what is kept of it does not reach so far.
    pub(crate) fn reopen(mut self, size: u64, root: Hash) -> Result<Self> {
        (self.size, self.root) = (size, root);
        self.seeds = read_seeds(&self.layout, self.id)?;
        if size <= 1 {
            return Ok(self);
        }
        let tiles = read_tiles(&self.layout, self.id)?;
        let whole = usize::try_from(size / TILE).unwrap_or(usize::MAX);
        let tiles = tiles.get(..whole).ok_or_else(|| {
            let path = self.layout.tiles(self.id);
            Error::new(Kind::DataCorrupted, format!("\"{}\" holds {} tiles instead of {whole}", path.display(), tiles.len()))
                .with_hint("restore the folder \"ledger\" from the same backup as the tables")
        })?;
        self.tiles = Frontier::of_tiles(tiles);
        self.rest = None;
        Ok(self)
    }

    /// How many leaves were recorded, the genesis counted.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn root(&self) -> Hash {
        self.root
    }

    /// Takes the table's columns as they are from now on.
    ///
    /// # Errors
    /// `FeatureNotSupported` for a type that is not stored.
    pub(crate) fn redefine(&mut self, spec: &Arc<TableSpec>) -> Result<()> {
        self.hasher = TableHasher::new(spec)?;
        self.columns = columns_of(spec);
        self.spec = spec.clone();
        Ok(())
    }

    /// The leaves of a range as far as they can be found: rows that are there, and removed ones whose hash is kept.
    fn find(&self, state: &TableState, range: &Range<u64>, workers: &Workers) -> Result<Vec<Option<Hash>>> {
        let mut found = vec![None; usize::try_from(range.end - range.start).unwrap_or(0)];
        let at = |leaf: u64| usize::try_from(leaf - range.start).unwrap_or(usize::MAX);
        if range.start == 0
            && let Some(first) = found.first_mut()
        {
            *first = Some(self.genesis);
        }
        // As many batches are hashed at a time as threads are there, and no more are held.
        let mut held: Vec<Hashing> = Vec::new();
        let mut hash = |held: &mut Vec<Hashing>| -> Result<()> {
            workers.each(held, |hashing| hashing.run(&self.hasher, &self.seeds, range));
            for (leaf, hash) in held.drain(..).map(|hashing| hashing.leaves).collect::<Result<Vec<_>>>()?.into_iter().flatten() {
                match found.get_mut(at(leaf)) {
                    Some(slot @ None) => *slot = Some(hash),
                    _ => {
                        let message = format!("row {leaf} of table {} is there twice", state.spec.label);
                        return Err(Error::new(Kind::DataCorrupted, message));
                    }
                }
            }
            Ok(())
        };
        visit(state, range, |batch| {
            held.push(Hashing { batch: batch.clone(), leaves: Ok(vec![]) });
            if held.len() < workers.threads() { Ok(()) } else { hash(&mut held) }
        })?;
        hash(&mut held)?;
        if found.iter().any(Option::is_none) {
            for (leaf, hash) in read_removed(&self.layout, self.id)?.range(range.clone()) {
                found[at(*leaf)].get_or_insert(*hash);
            }
        }
        Ok(found)
    }

    /// All leaves of a range.
    fn all(&self, state: &TableState, range: &Range<u64>) -> Result<Vec<Hash>> {
        let found = self.find(state, range, &Workers::none())?;
        found.iter().zip(range.clone()).map(|(hash, leaf)| hash.ok_or_else(|| missing(state, leaf))).collect()
    }

    /// The leaves after the complete tiles. After a start they are made from the rows, and must be those that were recorded.
    fn rest(&mut self, state: &TableState) -> Result<Vec<Hash>> {
        if let Some(rest) = &self.rest {
            return Ok(rest.clone());
        }
        let rest = self.all(state, &(self.tiles.size()..self.size))?;
        if with_rest(&self.tiles, &rest).root() != self.root {
            let (first, last) = (self.tiles.size(), self.size - 1);
            let message = format!("rows {first} to {last} of table {} are not what the ledger has recorded", state.spec.label);
            return Err(Error::new(Kind::DataCorrupted, message).with_hint("annals verify says more"));
        }
        Ok(self.rest.insert(rest).clone())
    }

    /// Takes in the rows up to a leaf index, at most [`WINDOW`] of them, and makes durable what is kept of them. Gives the rows that were
    /// gone before they came into the ledger, which is no fault if the table was there before the ledger.
    ///
    /// # Errors
    /// `DataCorrupted` if a row is missing or there twice, or earlier ones have changed; `IoError`. Then nothing has changed.
    pub(crate) fn advance(&mut self, state: &TableState, end: u64, adopting: bool, workers: &Workers) -> Result<Vec<Run>> {
        let mut rest = self.rest(state)?;
        let end = end.min(self.size + WINDOW);
        if end <= self.size {
            return Ok(vec![]);
        }
        self.make_seeds(self.size..end)?;
        let found = self.find(state, &(self.size..end), workers)?;
        let mut absent = Vec::new();
        let mut tiles = self.tiles.clone();
        let mut roots = Vec::new();
        for (leaf, hash) in (self.size..end).zip(found) {
            let hash = match hash {
                Some(hash) => hash,
                None if adopting => {
                    absent.push(leaf);
                    absent_leaf(leaf)
                }
                None => return Err(missing(state, leaf)),
            };
            rest.push(hash);
            if rest.len() as u64 == TILE {
                let root = root_of(&rest);
                roots.push(root);
                tiles.push_tile(root);
                rest.clear();
            }
        }
        if !absent.is_empty() {
            let absents = absent.iter().map(|leaf| (*leaf, absent_leaf(*leaf)));
            let mut removed = read_removed(&self.layout, self.id)?;
            removed.extend(absents);
            write_removed(&self.layout, self.id, &removed)?;
        }
        if !roots.is_empty() {
            let points = [crash::LEDGER_BEFORE_TILES, crash::LEDGER_MID_TILES];
            let at = self.tiles.size() / TILE * HASH_BYTES;
            self.layout.write_at(points, &self.layout.tiles(self.id), at, &roots.concat())?;
        }
        self.root = with_rest(&tiles, &rest).root();
        (self.tiles, self.rest, self.size) = (tiles, Some(rest), end);
        let absent = record::runs_of(absent);
        self.absent.extend(&absent);
        Ok(absent)
    }

    /// Makes and keeps the seeds of the chunks of a range that have none.
    fn make_seeds(&mut self, range: Range<u64>) -> Result<()> {
        let missing: Vec<u64> =
            (place(range.start).0..=place(range.end - 1).0).filter(|chunk| !self.seeds.contains_key(chunk)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        for chunk in &missing {
            let mut seed = [0; 32];
            random(&mut seed)?;
            self.seeds.insert(*chunk, ChunkSeeds::new(seed));
        }
        // What is not durable is not known: rows are hashed with no salt that the next start does not find.
        write_seeds(&self.layout, self.id, &self.seeds)
            .inspect_err(|_| missing.iter().for_each(|chunk| drop(self.seeds.remove(chunk))))
    }

    /// Keeps what the tree needs of rows that are about to go: the hashes of those whose tile keeps other rows.
    ///
    /// # Errors
    /// `DataCorrupted` if one of them is not there; `IoError`.
    pub(crate) fn keep_hashes(&mut self, state: &TableState, gone: &[Run]) -> Result<()> {
        let mut removed = read_removed(&self.layout, self.id)?;
        let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
        for Run(first, last) in gone {
            for tile in first / TILE..=last / TILE {
                let inside = (*last).min(tile * TILE + TILE - 1) - (*first).max(tile * TILE) + 1;
                *counts.entry(tile).or_default() += inside;
            }
        }
        let is_gone = |leaf: u64| contains(gone, leaf);
        let before = |tile: u64| removed.range(tile * TILE..(tile + 1) * TILE).filter(|(leaf, _)| !is_gone(**leaf)).count() as u64;
        counts.retain(|tile, count| *count + before(*tile) < TILE);
        let (mut expected, mut found) = (0, 0);
        let tiles: Vec<u64> = counts.keys().copied().collect();
        for near in tiles.chunk_by(|a, b| b - a <= GAP) {
            let (Some(first), Some(last)) = (near.first(), near.last()) else { continue };
            let range = first * TILE..(last + 1) * TILE;
            expected += near.iter().filter_map(|tile| counts.get(tile)).sum::<u64>();
            visit(state, &range, |batch| {
                self.hasher.leaves(batch, &self.seeds, &range, &mut |leaf, hash| {
                    if counts.contains_key(&(leaf / TILE)) && is_gone(leaf) {
                        removed.insert(leaf, hash);
                        found += 1;
                    }
                    Ok(())
                })
            })?;
        }
        if found != expected {
            let label = &state.spec.label;
            return Err(Error::internal(format!("{found} of {expected} rows of table {label} that are to be removed were found")));
        }
        write_removed(&self.layout, self.id, &removed)
    }

    /// Takes back what was kept of rows that stay after all.
    ///
    /// # Errors
    /// `IoError`.
    pub(crate) fn take_back(&mut self, stay: &[Run]) -> Result<()> {
        let mut removed = read_removed(&self.layout, self.id)?;
        removed.retain(|leaf, _| !contains(stay, *leaf));
        write_removed(&self.layout, self.id, &removed)
    }

    /// Forgets what belongs to rows that are gone: their salts, and the hashes of tiles of which nothing is left.
    ///
    /// # Errors
    /// `IoError`.
    pub(crate) fn forget(&mut self, gone: &[Run]) -> Result<()> {
        let mut places: BTreeMap<u64, Vec<u16>> = BTreeMap::new();
        for leaf in gone.iter().flat_map(|Run(first, last)| *first..=*last) {
            let (chunk, at) = place(leaf);
            places.entry(chunk).or_default().push(at);
        }
        for (chunk, places) in places {
            if let Some(seeds) = self.seeds.get_mut(&chunk) {
                seeds.puncture(&places);
            }
        }
        write_seeds(&self.layout, self.id, &self.seeds)?;
        let mut removed = read_removed(&self.layout, self.id)?;
        let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
        removed.keys().for_each(|leaf| *counts.entry(leaf / TILE).or_default() += 1);
        for Run(first, last) in gone {
            // Where a tile went whole, its rows were not kept, but those that went before them were.
            for tile in first / TILE..=last / TILE {
                let inside = (*last).min(tile * TILE + TILE - 1) - (*first).max(tile * TILE) + 1;
                if !removed.contains_key(first.max(&(tile * TILE))) {
                    *counts.entry(tile).or_default() += inside;
                }
            }
        }
        removed.retain(|leaf, _| counts.get(&(leaf / TILE)).is_some_and(|count| *count < TILE));
        write_removed(&self.layout, self.id, &removed)
    }

    /// The tree at its recorded size, with the leaves of one tile.
    ///
    /// # Errors
    /// `DataCorrupted` if they are not all there.
    pub(crate) fn opened(&mut self, state: &TableState, tile: u64) -> Result<Tiles> {
        let rest = self.rest(state)?;
        let mut roots = read_tiles(&self.layout, self.id)?;
        roots.truncate(usize::try_from(self.tiles.size() / TILE).unwrap_or(usize::MAX));
        let complete = tile < roots.len() as u64;
        let opened = complete.then(|| self.all(state, &(tile * TILE..(tile + 1) * TILE)).map(|leaves| (tile, leaves)));
        Ok(Tiles { roots, rest, opened: opened.transpose()? })
    }

    pub(crate) fn seeds(&self) -> &Seeds {
        &self.seeds
    }

    pub(crate) fn hasher(&self) -> &TableHasher {
        &self.hasher
    }
}

fn with_rest(tiles: &Frontier, rest: &[Hash]) -> Frontier {
    let mut whole = tiles.clone();
    rest.iter().for_each(|leaf| whole.push(*leaf));
    whole
}

fn missing(state: &TableState, leaf: u64) -> Error {
    Error::new(Kind::DataCorrupted, format!("row {leaf} of table {} is missing", state.spec.label))
        .with_hint("annals verify says more; restore the table's folder from a backup")
}

fn damaged(path: &std::path::Path) -> Error {
    Error::new(Kind::DataCorrupted, format!("\"{}\" cannot be read", path.display()))
        .with_hint("restore the folder \"ledger\" from the same backup as the tables")
}

/// The roots of a table's complete tiles, in order.
pub(crate) fn read_tiles(layout: &Layout, id: TableId) -> Result<Vec<Hash>> {
    let bytes = durable::read(&layout.tiles(id))?.unwrap_or_default();
    Ok(bytes.chunks_exact(32).filter_map(|hash| hash.try_into().ok()).collect())
}

/// The seeds of a table's salts: for each chunk its number u64be, the length u32be of what follows, and the seeds.
pub(crate) fn read_seeds(layout: &Layout, id: TableId) -> Result<Seeds> {
    let path = layout.salts(id);
    let bytes = durable::read(&path)?.unwrap_or_default();
    let mut seeds = Seeds::new();
    let mut left = bytes.as_slice();
    while !left.is_empty() {
        let (chunk, rest) = left.split_first_chunk::<8>().ok_or_else(|| damaged(&path))?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(|| damaged(&path))?;
        let length = u32::from_be_bytes(*length) as usize;
        let (nodes, rest) = rest.split_at_checked(length).ok_or_else(|| damaged(&path))?;
        seeds.insert(u64::from_be_bytes(*chunk), ChunkSeeds::decode(nodes).ok_or_else(|| damaged(&path))?);
        left = rest;
    }
    Ok(seeds)
}

fn write_seeds(layout: &Layout, id: TableId, seeds: &Seeds) -> Result<()> {
    let mut bytes = Vec::new();
    for (chunk, seeds) in seeds {
        let nodes = seeds.encode();
        bytes.extend_from_slice(&chunk.to_be_bytes());
        bytes.extend_from_slice(&u32::try_from(nodes.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(&nodes);
    }
    layout.replace(crash::LEDGER_BEFORE_SALTS, &layout.salts(id), &bytes)
}

/// The leaf hashes that are kept of removed rows.
pub(crate) fn read_removed(layout: &Layout, id: TableId) -> Result<BTreeMap<u64, Hash>> {
    let path = layout.removed(id);
    let bytes = durable::read(&path)?.unwrap_or_default();
    let mut removed = BTreeMap::new();
    for entry in bytes.chunks(REMOVED_BYTES) {
        let (leaf, hash) = entry.split_first_chunk::<8>().ok_or_else(|| damaged(&path))?;
        removed.insert(u64::from_be_bytes(*leaf), hash.try_into().map_err(|_| damaged(&path))?);
    }
    Ok(removed)
}

fn write_removed(layout: &Layout, id: TableId, removed: &BTreeMap<u64, Hash>) -> Result<()> {
    let path = layout.removed(id);
    if removed.is_empty() {
        return if path.exists() { layout.remove(crash::LEDGER_BEFORE_REMOVED, &path) } else { Ok(()) };
    }
    let bytes: Vec<u8> = removed.iter().flat_map(|(leaf, hash)| leaf.to_be_bytes().into_iter().chain(*hash)).collect();
    layout.replace(crash::LEDGER_BEFORE_REMOVED, &path, &bytes)
}
