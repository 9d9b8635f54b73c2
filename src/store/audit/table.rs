//! One table under verification: its rows become leaves, and leaves fold up to the recorded roots.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Instant;

use super::Progress;
use super::control::TableRecord;
use super::report::{Class, Finding, TableReport};
use super::sources::{FoundRow, SourceFile, Sources, TableSources};
use crate::clock::Micros;
use crate::error::Result;
use crate::ledger::Hash;
use crate::ledger::record::{Run, contains, runs_of};
use crate::ledger::row::{absent_leaf, genesis};
use crate::ledger::tree::{Frontier, TILE, root_of};
use crate::store::keeper::files::Layout;
use crate::store::keeper::rows::{Seeds, TableHasher};
use crate::store::keeper::tree::{read_removed, read_tiles};
use crate::store::read::read_group;
use crate::store::spec::TableId;

/// Leaves that are held at once: 320 MiB of hashes and times.
const WINDOW: u64 = 1 << 23;
/// So many places of one kind of finding are told of one table; one more says where the others lie.
const TOLD_MAX: usize = 1000;

/// Leaves of tiles from which rows are missing, with the root that each tile should have.
pub(super) type MissingTiles = BTreeMap<u64, (Vec<Option<Hash>>, Hash)>;

/// What is known of a place in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Empty,
    Row,
    /// A row whose salt is gone.
    Saltless,
    /// A row of a file whose columns are a finding already.
    Excused,
}

/// Some leaves in a line, as they are found.
struct Window {
    range: Range<u64>,
    hashes: Vec<Hash>,
    ingests: Vec<Micros>,
    slots: Vec<Slot>,
    /// The roots of tiles of which every row was found, once it is full.
    roots: Vec<Option<Hash>>,
}

impl Window {
    fn new(range: Range<u64>) -> Self {
        let length = usize::try_from(range.end - range.start).unwrap_or(0);
        Window { range, hashes: vec![[0; 32]; length], ingests: vec![0; length], slots: vec![Slot::Empty; length], roots: vec![] }
    }

    /// Makes the roots of tiles of which every row was found, with several threads.
    fn fold(&mut self, threads: usize) {
        let tile = usize::try_from(TILE).unwrap_or(usize::MAX);
        let (hashes, slots) = (&self.hashes, &self.slots);
        let mut roots = vec![None; slots.len() / tile];
        let share = roots.len().div_ceil(threads.max(1)).max(1);
        std::thread::scope(|scope| {
            for (part, roots) in roots.chunks_mut(share).enumerate() {
                scope.spawn(move || {
                    for (at, root) in roots.iter_mut().enumerate() {
                        let places = (part * share + at) * tile..(part * share + at + 1) * tile;
                        if slots[places.clone()].iter().all(|slot| *slot == Slot::Row) {
                            *root = Some(root_of(&hashes[places]));
                        }
                    }
                });
            }
        });
        self.roots = roots;
    }

    /// The root of a tile, if it was made.
    fn root(&self, tile: &Range<u64>) -> Option<Hash> {
        let at = tile.start.checked_sub(self.range.start)? / TILE;
        self.roots.get(usize::try_from(at).ok()?).copied().flatten()
    }

    fn at(&self, leaf: u64) -> Option<usize> {
        self.range.contains(&leaf).then(|| usize::try_from(leaf - self.range.start).unwrap_or(usize::MAX))
    }

    fn slot(&self, leaf: u64) -> Slot {
        self.at(leaf).map_or(Slot::Empty, |at| self.slots[at])
    }

    /// Puts a row at its place; `false` if one is there.
    fn put(&mut self, (leaf, ingest, hash): FoundRow, excused: bool) -> bool {
        let Some(at) = self.at(leaf) else { return true };
        if self.slots[at] != Slot::Empty {
            return false;
        }
        self.slots[at] = match hash {
            _ if excused => Slot::Excused,
            Some(hash) => {
                self.hashes[at] = hash;
                Slot::Row
            }
            None => Slot::Saltless,
        };
        self.ingests[at] = ingest;
        true
    }
}

/// Rows of findings, by what is said of them and in which file.
#[derive(Default)]
struct Told(BTreeMap<(Class, String, Option<String>), BTreeSet<u64>>);

impl Told {
    fn add(&mut self, class: Class, message: &str, file: Option<&str>, leaf: u64) {
        self.0.entry((class, message.to_owned(), file.map(ToOwned::to_owned))).or_default().insert(leaf);
    }

    fn findings(self, label: &str, findings: &mut Vec<Finding>) {
        for ((class, message, file), leaves) in self.0 {
            let runs = runs_of(leaves);
            let (told, more) = runs.split_at(runs.len().min(TOLD_MAX));
            let mut tell = |message: String, run: Run| {
                let finding = Finding::new(class, message).of(label).at(run);
                findings.push(match &file {
                    Some(file) => finding.inside(file),
                    None => finding,
                });
            };
            told.iter().for_each(|run| tell(message.clone(), *run));
            if let (Some(first), Some(last)) = (more.first(), more.last()) {
                tell(format!("{message}, in {} more places", more.len()), Run(first.0, last.1));
            }
        }
    }
}

/// The table as it is folded up.
struct Fold<'a> {
    table: &'a TableRecord,
    genesis: Hash,
    tiles: Vec<Hash>,
    removed: BTreeMap<u64, Hash>,
    /// Rows that purges have removed, and of which they may.
    gone: Vec<Run>,
    may_go: Vec<Run>,
    absent: Vec<Run>,
    /// By the kept roots of tiles, and by those that the rows give.
    kept: Frontier,
    made: Frontier,
    /// Recorded sizes that are to be compared, the next first.
    sizes: std::iter::Peekable<std::slice::Iter<'a, (u64, Hash)>>,
    good_until: u64,
    bad_from: Option<u64>,
    changed: BTreeSet<u64>,
    told: Told,
    missing: MissingTiles,
    last_ingest: Micros,
    rows: u64,
    removed_rows: u64,
}

/// Verifies one table.
///
/// # Errors
/// `IoError`, and what is wrong with the program; what is wrong with the table is a finding.
pub(super) fn check(
    table: &TableRecord,
    layout: &Layout,
    sources: &Sources,
    reading: &Reading<'_>,
    findings: &mut Vec<Finding>,
    missing: &mut BTreeMap<TableId, MissingTiles>,
) -> Result<TableReport> {
    let (id, label, size) = (table.spec.id, &table.spec.label, table.size());
    let places = sources.of(id)?;
    let removed = read_removed(layout, id).unwrap_or_else(|error| {
        findings.push(Finding::new(Class::Tree, error.message()).of(label));
        BTreeMap::new()
    });
    let mut fold = Fold::new(table, read_tiles(layout, id)?, removed);
    let reader = Reader { table, hasher: TableHasher::new(&table.spec)?, seeds: &places.seeds, reading };
    let mut uncovered = BTreeMap::new();
    let mut counted = BTreeSet::new();
    let mut start = 0;
    while start < size {
        let mut window = Window::new(start..size.min(start + WINDOW));
        reader.fill(&places.named, &mut window, &mut fold.told, &mut uncovered, &mut counted, findings)?;
        for row in rows_between(&places.wal, &window.range) {
            window.put(*row, false);
        }
        fold.look_elsewhere(places, &reader, &mut window)?;
        window.fold(reading.threads);
        fold.window(&window);
        start = window.range.end;
    }
    if size <= 1 {
        let mut window = Window::new(0..0);
        reader.fill(&places.named, &mut window, &mut fold.told, &mut uncovered, &mut counted, findings)?;
    }
    uncovered.extend(places.wal.iter().filter(|row| row.0 >= size).map(|row| (row.0, row.1)));
    fold.newer(&uncovered);
    let report = TableReport {
        table: label.clone(),
        id: id.to_string(),
        size,
        rows: fold.rows,
        removed: fold.removed_rows,
        uncovered: uncovered.len() as u64,
    };
    missing.insert(id, fold.finish(findings));
    Ok(report)
}

fn rows_between<'a>(rows: &'a [FoundRow], range: &Range<u64>) -> &'a [FoundRow] {
    let from = rows.partition_point(|row| row.0 < range.start);
    let to = rows.partition_point(|row| row.0 < range.end);
    &rows[from..to]
}

/// Runs in order; where two have a row in common, they stay two.
fn sorted(runs: impl Iterator<Item = Run>) -> Vec<Run> {
    let mut runs: Vec<Run> = runs.collect();
    runs.sort_by_key(|run| (run.0, run.1));
    let mut joined: Vec<Run> = Vec::with_capacity(runs.len());
    for run in runs {
        match joined.last_mut() {
            Some(last) if last.1 + 1 >= run.0 => last.1 = last.1.max(run.1),
            _ => joined.push(run),
        }
    }
    joined
}

/// How much of the machine is taken, and who watches.
pub(super) struct Reading<'a> {
    pub threads: usize,
    /// Of the time of each thread.
    pub share: f64,
    pub progress: &'a Progress,
}

impl Reading<'_> {
    /// Rests after some work, so that no more than the share is taken.
    #[expect(clippy::disallowed_methods, reason = "a thread of its own rests here, and no worker of the runtime")]
    fn rest(&self, begun: Instant) {
        if self.share < 1.0 {
            std::thread::sleep(begun.elapsed().mul_f64((1.0 / self.share.max(0.001) - 1.0).min(1000.0)));
        }
    }
}

/// Reads and hashes files.
pub(super) struct Reader<'a> {
    pub table: &'a TableRecord,
    pub hasher: TableHasher,
    pub seeds: &'a Seeds,
    pub reading: &'a Reading<'a>,
}

impl Reader<'_> {
    /// Puts the rows of some files into the window, several row groups at once.
    fn fill(
        &self,
        files: &[SourceFile],
        window: &mut Window,
        told: &mut Told,
        uncovered: &mut BTreeMap<u64, Micros>,
        counted: &mut BTreeSet<(usize, usize)>,
        findings: &mut Vec<Finding>,
    ) -> Result<()> {
        let last = window.range.end >= self.table.size();
        let overlaps = |bounds: &Option<(i64, i64)>| {
            bounds.is_none_or(|(min, max)| {
                let number = |value: i64| u64::try_from(value).unwrap_or(0);
                number(min) < window.range.end && number(max) >= window.range.start || last && number(max) >= window.range.end
            })
        };
        let work: Vec<(usize, usize)> = files
            .iter()
            .enumerate()
            .flat_map(|(file, source)| {
                source.groups.iter().enumerate().filter(|(_, bounds)| overlaps(bounds)).map(move |(group, _)| (file, group))
            })
            .collect();
        let next = AtomicUsize::new(0);
        let (sender, found) = sync_channel::<(usize, Result<Vec<FoundRow>>)>(2 * self.reading.threads.max(1));
        std::thread::scope(|scope| {
            for _ in 0..self.reading.threads.max(1) {
                let (sender, next, work) = (sender.clone(), &next, &work);
                scope.spawn(move || {
                    while let Some((file, group)) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let sent = self.group(&files[*file], *group, &mut |rows| sender.send((*file, Ok(rows))).is_ok());
                        if let Err(error) = sent
                            && sender.send((*file, Err(error))).is_err()
                        {
                            return;
                        }
                    }
                });
            }
            drop(sender);
            for (file, rows) in found {
                let source = &files[file];
                match rows {
                    Ok(rows) => {
                        for row in rows {
                            if row.0 >= self.table.size() {
                                uncovered.insert(row.0, row.1);
                            } else if !window.put(row, source.strange) {
                                told.add(Class::Extra, "a row is there twice", Some(&source.name), row.0);
                            }
                        }
                    }
                    Err(error) => {
                        findings.push(Finding::new(Class::Files, error.message()).of(&self.table.spec.label).inside(&source.name));
                    }
                }
            }
        });
        for (file, group) in work {
            if counted.insert((file, group)) {
                self.reading.progress.advance(files[file].bytes / files[file].groups.len().max(1) as u64);
            }
        }
        Ok(())
    }

    /// Hands on the rows of a row group, batch by batch, until nobody takes them.
    pub(super) fn group(&self, file: &SourceFile, group: usize, take: &mut impl FnMut(Vec<FoundRow>) -> bool) -> Result<()> {
        let mut begun = Instant::now();
        for batch in read_group(&file.path, &self.table.spec.stored_schema(), group)? {
            self.reading.rest(std::mem::replace(&mut begun, Instant::now()));
            begun = Instant::now();
            let batch = batch?;
            let mut rows = Vec::with_capacity(batch.num_rows());
            self.hasher.salted_leaves(&batch, self.seeds, &(0..u64::MAX), &mut |leaf, ingest, hash| {
                rows.push((leaf, ingest, hash));
                Ok(())
            })?;
            if !take(rows) {
                break;
            }
        }
        Ok(())
    }
}

impl<'a> Fold<'a> {
    fn new(table: &'a TableRecord, tiles: Vec<Hash>, removed: BTreeMap<u64, Hash>) -> Self {
        let runs =
            |done: bool| table.purges.iter().filter(move |purge| !done || purge.done).flat_map(|purge| purge.runs.iter().copied());
        Fold {
            table,
            genesis: genesis(table.spec.id.0, &table.origin, table.made),
            tiles,
            removed,
            gone: sorted(runs(true)),
            may_go: sorted(runs(false)),
            absent: sorted(table.absent.iter().copied()),
            kept: Frontier::default(),
            made: Frontier::default(),
            sizes: table.sizes.iter().peekable(),
            good_until: 0,
            bad_from: None,
            changed: BTreeSet::new(),
            told: Told::default(),
            missing: MissingTiles::new(),
            last_ingest: Micros::MIN,
            rows: 0,
            removed_rows: 0,
        }
    }

    /// Looks for rows that are missing in files that nothing names.
    fn look_elsewhere(&mut self, places: &TableSources, reader: &Reader<'_>, window: &mut Window) -> Result<()> {
        let lacks = |leaf: u64| {
            leaf > 0 && window.slot(leaf) == Slot::Empty && !contains(&self.may_go, leaf) && !contains(&self.absent, leaf)
        };
        if places.others.is_empty() || !window.range.clone().any(lacks) {
            return Ok(());
        }
        for file in &places.others {
            for group in 0..file.groups.len() {
                // What cannot be read there is not evidence of anything: nothing names the file.
                let _ = reader.group(file, group, &mut |rows| {
                    for row in rows {
                        let wanted = window.at(row.0).is_some() && !contains(&self.may_go, row.0);
                        if wanted && row.0 < self.table.size() && window.put(row, false) {
                            self.told.add(
                                Class::Files,
                                "rows stand in a file that the table's log does not name",
                                Some(&file.name),
                                row.0,
                            );
                        }
                    }
                    true
                });
            }
        }
        Ok(())
    }

    fn window(&mut self, window: &Window) {
        let mut start = window.range.start;
        while start < window.range.end {
            let end = (start + TILE).min(window.range.end);
            self.tile(window, start..end);
            start = end;
        }
    }

    /// Rows that no checkpoint covers yet must follow those that one does.
    fn newer(&mut self, rows: &BTreeMap<u64, Micros>) {
        let mut due = self.table.size();
        for (leaf, ingest) in rows {
            if *ingest < self.last_ingest {
                self.told.add(Class::Order, "a row was taken in before the one before it", None, *leaf);
            }
            if *leaf != due {
                self.told.add(Class::Extra, "a row was never taken in: those before it are not there", None, *leaf);
            }
            self.last_ingest = self.last_ingest.max(*ingest);
            due = leaf + 1;
        }
    }

    /// The leaf at a place, and what is to be said of it.
    fn leaf(&mut self, window: &Window, leaf: u64) -> Leaf {
        if leaf == 0 {
            return Leaf::Known(self.genesis);
        }
        let (Some(at), slot) = (window.at(leaf), window.slot(leaf)) else { return Leaf::Unknown };
        if slot != Slot::Empty {
            if window.ingests[at] < self.last_ingest {
                self.told.add(Class::Order, "a row was taken in before the one before it", None, leaf);
            }
            self.last_ingest = self.last_ingest.max(window.ingests[at]);
            if !self.gone.is_empty() && contains(&self.gone, leaf) {
                self.told.add(Class::Purge, "a row is there that a purge has removed", None, leaf);
                return self.removed.get(&leaf).map_or(Leaf::Removed, |hash| Leaf::Known(*hash));
            }
        }
        match slot {
            Slot::Row => {
                self.rows += 1;
                Leaf::Known(window.hashes[at])
            }
            Slot::Saltless => {
                self.told.add(Class::Changed, "the salt of a row is gone, and the row is there", None, leaf);
                Leaf::Unknown
            }
            Slot::Excused => Leaf::Unknown,
            Slot::Empty if contains(&self.absent, leaf) => {
                self.removed_rows += 1;
                Leaf::Known(absent_leaf(leaf))
            }
            Slot::Empty if contains(&self.may_go, leaf) => {
                self.removed_rows += 1;
                self.removed.get(&leaf).map_or(Leaf::Removed, |hash| Leaf::Known(*hash))
            }
            Slot::Empty => {
                self.told.add(Class::Missing, "a row is missing, and no purge accounts for it", None, leaf);
                Leaf::Missing
            }
        }
    }

    fn tile(&mut self, window: &Window, range: Range<u64>) {
        let leaves: Vec<Leaf> = range.clone().map(|leaf| self.leaf(window, leaf)).collect();
        let known: Option<Vec<Hash>> = leaves.iter().map(Leaf::hash).collect();
        let tile = range.start / TILE;
        let kept = usize::try_from(tile).ok().and_then(|tile| self.tiles.get(tile)).copied();
        let complete = range.end - range.start == TILE;
        // A row that is there although it was removed is not what its tile is made of.
        let folded = window.root(&range).filter(|_| self.gone.is_empty());
        let made = folded.or_else(|| known.as_deref().map(root_of));
        if complete {
            match (made, kept) {
                (Some(made), Some(kept)) if made != kept => drop(self.changed.insert(tile)),
                (None, Some(kept)) => self.note_missing(tile, &leaves, kept),
                (_, None) => {
                    let message = "the root of a tile is not kept";
                    range.clone().for_each(|leaf| self.told.add(Class::Tree, message, None, leaf));
                }
                (Some(_), Some(_)) => {}
            }
            let removed = leaves.iter().filter(|leaf| matches!(leaf, Leaf::Removed)).count() as u64;
            if removed > 0 && removed < TILE {
                let message = "the hash of a removed row is not kept, and others of its tile are there";
                let lacking = range.clone().zip(&leaves).filter(|(_, leaf)| matches!(leaf, Leaf::Removed)).map(|(leaf, _)| leaf);
                lacking.for_each(|leaf| self.told.add(Class::Purge, message, None, leaf));
            }
        }
        self.compare_inside(&range, known.as_deref(), complete);
        if complete {
            let kept = kept.or(made).unwrap_or_default();
            self.kept.push_tile(kept);
            self.made.push_tile(made.unwrap_or(kept));
        } else if let Some(known) = &known {
            known.iter().for_each(|leaf| {
                self.kept.push(*leaf);
                self.made.push(*leaf);
            });
        }
        self.compare(range.end, known.is_some() || complete);
    }

    fn note_missing(&mut self, tile: u64, leaves: &[Leaf], root: Hash) {
        if leaves.iter().any(|leaf| matches!(leaf, Leaf::Missing)) {
            self.missing.insert(tile, (leaves.iter().map(Leaf::hash).collect(), root));
        }
    }

    /// Compares the roots that were recorded for sizes inside of a tile.
    fn compare_inside(&mut self, range: &Range<u64>, known: Option<&[Hash]>, complete: bool) {
        let sound = known.filter(|_| !complete || !self.changed.contains(&(range.start / TILE)));
        while let Some((size, root)) = self.sizes.next_if(|(size, _)| *size < range.end) {
            let Some(leaves) = sound else { continue };
            let mut tree = self.kept.clone();
            let upto = usize::try_from(size.saturating_sub(range.start)).unwrap_or(0);
            leaves.iter().take(upto).for_each(|leaf| tree.push(*leaf));
            self.mark(*size, tree.size() == *size && tree.root() == *root);
        }
    }

    /// Compares the root that was recorded for a size, if one was.
    fn compare(&mut self, size: u64, sound: bool) {
        while let Some((_, root)) = self.sizes.next_if(|(recorded, _)| *recorded == size) {
            if sound {
                self.mark(size, self.kept.root() == *root);
            }
        }
    }

    fn mark(&mut self, size: u64, good: bool) {
        if good && self.bad_from.is_none() {
            self.good_until = size;
        } else if !good {
            self.bad_from.get_or_insert(size);
        }
    }

    /// Says what was found, and gives the tiles from which rows are missing.
    fn finish(mut self, findings: &mut Vec<Finding>) -> MissingTiles {
        let label = self.table.spec.label.clone();
        let recorded = self.table.sizes.last().map_or(self.genesis, |(_, root)| *root);
        let whole = self.kept.size() == self.table.size();
        let rows_are_right = whole && self.made.root() == recorded && self.missing.is_empty();
        if let Some(bad) = self.bad_from {
            let from = self.good_until.max(1);
            let last_tile = self.table.size() / TILE * TILE;
            if rows_are_right {
                let message = "the kept roots of tiles were edited; the rows are what was recorded";
                let tiles = self.changed.iter().flat_map(|tile| [tile * TILE, tile * TILE + TILE - 1]);
                let (first, last) = tiles.fold((u64::MAX, 0), |(first, last), leaf| (first.min(leaf), last.max(leaf)));
                findings.push(Finding::new(Class::Tree, message).of(&label).at(Run(first.min(last), last)));
                self.changed.clear();
            } else if from >= last_tile || (self.changed.is_empty() && bad > last_tile && self.gone.is_empty()) {
                let message = "rows are not what was recorded, in a tile that is not full yet";
                findings.push(Finding::new(Class::Changed, message).of(&label).at(Run(from.max(last_tile).min(bad - 1), bad - 1)));
            } else {
                let message = "the tree has another root than was recorded, and had the recorded one before these rows";
                findings.push(Finding::new(Class::Tree, message).of(&label).at(Run(from.min(bad - 1), bad - 1)));
            }
        }
        for tile in std::mem::take(&mut self.changed) {
            let message = "a row of this tile is not what was recorded";
            (tile * TILE..(tile + 1) * TILE).for_each(|leaf| self.told.add(Class::Changed, message, None, leaf));
        }
        self.told.findings(&label, findings);
        self.missing
    }
}

/// What is known of one leaf.
enum Leaf {
    Known(Hash),
    /// Removed by a purge, and its hash is not kept.
    Removed,
    Missing,
    /// There, and not to be hashed.
    Unknown,
}

impl Leaf {
    fn hash(&self) -> Option<Hash> {
        match self {
            Leaf::Known(hash) => Some(*hash),
            Leaf::Removed | Leaf::Missing | Leaf::Unknown => None,
        }
    }
}
