//! Where rows may be: the files that a table's Delta log or the write-ahead log names, the rows of the write-ahead log itself, and
//! files that nothing names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::control::TableRecord;
use super::report::{Class, Finding};
use crate::clock::Micros;
use crate::error::{Error, Result};
use crate::ledger::Hash;
use crate::store::definition::Definition;
use crate::store::delta::DeltaLog;
use crate::store::durable::checksum;
use crate::store::keeper::files::Layout;
use crate::store::keeper::rows::{Seeds, TableHasher};
use crate::store::keeper::tree::read_seeds;
use crate::store::physical;
use crate::store::read::inspect;
use crate::store::segment::Segment;
use crate::store::spec::{INGEST_COLUMN, LEAF_COLUMN, TableId, TableSpec};
use crate::store::wal::frame::{Frame, FrameKind};
use crate::store::wal::replay::{Told, look};
use crate::store::wal::rows::{RowsDecoder, stored};
use crate::store::wal::writer::LoadFrame;

/// A row as it was found: its leaf index, its time of ingest, and its leaf, if its salt is known.
pub(super) type FoundRow = (u64, Micros, Option<Hash>);

/// One Parquet file.
#[derive(Debug)]
pub(super) struct SourceFile {
    pub path: PathBuf,
    /// Relative to its table's folder.
    pub name: String,
    pub bytes: u64,
    /// Its columns are not those that were recorded, which is a finding already.
    pub strange: bool,
    /// Between which leaf indexes each row group has its rows, if it says so.
    pub groups: Vec<Option<(i64, i64)>>,
}

/// Where the rows of one table may be.
#[derive(Debug, Default)]
pub(super) struct TableSources {
    pub named: Vec<SourceFile>,
    /// Files that nothing names.
    pub others: Vec<SourceFile>,
    /// In order of leaf indexes.
    pub wal: Vec<FoundRow>,
    pub seeds: Seeds,
}

/// Where the rows of all chosen tables may be.
#[derive(Debug)]
pub(super) struct Sources {
    tables: BTreeMap<TableId, TableSources>,
}

impl Sources {
    pub(super) fn of(&self, table: TableId) -> Result<&TableSources> {
        self.tables.get(&table).ok_or_else(|| Error::internal(format!("nothing was looked for of table {table}")))
    }

    /// Where the rows of one table may be.
    pub(super) fn only(table: TableId, sources: TableSources) -> Self {
        Sources { tables: BTreeMap::from([(table, sources)]) }
    }

    /// Bytes of all files that are named.
    pub(super) fn bytes(&self) -> u64 {
        self.tables.values().flat_map(|table| &table.named).map(|file| file.bytes).sum()
    }

    /// Looks through a folder.
    ///
    /// # Errors
    /// `IoError`; what is damaged is a finding.
    pub(super) fn find(data: &Path, layout: &Layout, tables: &[&TableRecord], findings: &mut Vec<Finding>) -> Result<Self> {
        let mut wal = WalRows { tables: BTreeMap::new(), decoders: BTreeMap::new() };
        for table in tables {
            let seeds = read_seeds(layout, table.spec.id).unwrap_or_else(|error| {
                findings.push(Finding::new(Class::Tree, error.message()).of(&table.spec.label));
                Seeds::new()
            });
            let hasher = TableHasher::new(&table.spec)?;
            wal.tables.insert(table.spec.id, WalTable { record: table, hasher, seeds, rows: vec![], loaded: BTreeSet::new() });
        }
        if let Err(error) = look(&data.join("wal"), |told| wal.hear(told)) {
            findings.push(Finding::new(Class::Files, error.message()));
        }
        let mut found = BTreeMap::new();
        for (id, WalTable { record, seeds, mut rows, loaded, .. }) in wal.tables {
            let dir = data.join("tables").join(id.to_string());
            rows.sort_by_key(|row| row.0);
            let mut sources = TableSources { wal: rows, seeds, ..TableSources::default() };
            let delta = tokio::runtime::Handle::current().block_on(DeltaLog::look(id, &dir)).unwrap_or_else(|error| {
                findings.push(Finding::new(Class::Files, error.message()).of(&record.spec.label));
                vec![]
            });
            let mut names: BTreeMap<String, Option<(i64, Option<u32>)>> =
                delta.into_iter().map(|(name, bytes, crc)| (name, Some((bytes, crc)))).collect();
            for name in loaded {
                names.entry(name).or_insert(None);
            }
            for (name, facts) in &names {
                sources.named.extend(named_file(&dir, name, *facts, record, findings));
            }
            for name in parquet_files(&dir)?.into_iter().filter(|name| !names.contains_key(name)) {
                sources.others.extend(source_file(&dir, &name, record).unwrap_or(None).filter(|file| !file.strange));
            }
            found.insert(id, sources);
        }
        Ok(Sources { tables: found })
    }
}

/// The tables as the write-ahead log defines them last, as far as it can be read; what is wrong with it is found where its rows are.
pub(super) fn defined(data: &Path) -> BTreeMap<TableId, Arc<TableSpec>> {
    let mut defined = BTreeMap::new();
    let mut take = |definition: Definition| drop(defined.insert(definition.spec.id, definition.spec));
    let _ = look(&data.join("wal"), |told| {
        match told {
            Told::Head(definitions) => definitions.into_iter().for_each(&mut take),
            Told::Run { frames, .. } => {
                for frame in frames.iter().filter(|frame| frame.kind == FrameKind::Define) {
                    take(Definition::decode(&frame.payload)?);
                }
            }
        }
        Ok(())
    });
    defined
}

/// A segment of an open store.
pub(super) fn segment_file(segment: &Segment, table: &TableRecord, findings: &mut Vec<Finding>) -> Option<SourceFile> {
    let dir = segment.file().ancestors().nth(2).map(Path::to_owned)?;
    named_file(&dir, segment.name(), Some((0, Some(segment.crc32c))), table, findings)
}

/// A file that a log names, with what is wrong with it.
fn named_file(
    dir: &Path,
    name: &str,
    facts: Option<(i64, Option<u32>)>,
    table: &TableRecord,
    findings: &mut Vec<Finding>,
) -> Option<SourceFile> {
    let label = &table.spec.label;
    let mut find = |class, message: String| findings.push(Finding::new(class, message).of(label).inside(name));
    let found = match fs::File::open(dir.join(name)).and_then(|mut file| checksum(&mut file)) {
        Ok((_, found)) => found,
        Err(cause) => {
            find(Class::Files, format!("a file that the table's log names cannot be read: {cause}"));
            return None;
        }
    };
    match facts {
        Some((_, Some(crc))) if found != crc => {
            find(Class::Files, "a file is not the one that the table's log names: its checksum is another".to_owned());
        }
        Some((_, None)) => find(Class::Files, "a file was put into the table's log by another program".to_owned()),
        Some(_) | None => {}
    }
    match source_file(dir, name, table) {
        Ok(Some(file)) => {
            if file.strange {
                find(Class::Schema, "a file has columns that were not recorded, or lacks its leaf indexes".to_owned());
            }
            Some(file)
        }
        Ok(None) => {
            find(Class::Schema, "a file has no leaf indexes".to_owned());
            None
        }
        Err(error) => {
            find(Class::Files, error.message().to_owned());
            None
        }
    }
}

/// What a file says of itself; `None` if it has no leaf indexes.
fn source_file(dir: &Path, name: &str, table: &TableRecord) -> Result<Option<SourceFile>> {
    let path = dir.join(name);
    let inspected = inspect(&path)?;
    let schema = table.spec.stored_schema();
    let strange = inspected.columns.iter().any(|column| schema.index_of(column).is_err())
        || !inspected.columns.iter().any(|column| column == INGEST_COLUMN);
    if !inspected.columns.iter().any(|column| column == LEAF_COLUMN) {
        return Ok(None);
    }
    let bytes = fs::metadata(&path).map_err(|cause| Error::io("read", &path, &cause))?.len();
    let groups = inspected.groups.into_iter().map(|(_, bounds)| bounds).collect();
    Ok(Some(SourceFile { path, name: name.to_owned(), bytes, strange, groups }))
}

/// Every Parquet file of a table's folder but those of its Delta log, relative to it.
fn parquet_files(dir: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.map_err(|cause| Error::io("list", &folder, &cause))?.path();
            let Some(name) = path.strip_prefix(dir).ok().and_then(Path::to_str) else { continue };
            if path.is_dir() && name != "_delta_log" {
                folders.push(path);
            } else if name.ends_with(".parquet") {
                found.push(name.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The rows of the write-ahead log, as they come.
struct WalRows<'a> {
    tables: BTreeMap<TableId, WalTable<'a>>,
    decoders: BTreeMap<TableId, (Definition, RowsDecoder)>,
}

struct WalTable<'a> {
    record: &'a TableRecord,
    hasher: TableHasher,
    seeds: Seeds,
    rows: Vec<FoundRow>,
    /// Files that bulk loads have named.
    loaded: BTreeSet<String>,
}

impl WalRows<'_> {
    fn hear(&mut self, told: Told) -> Result<()> {
        match told {
            Told::Head(definitions) => definitions.into_iter().try_for_each(|definition| self.define(definition)),
            Told::Run { frames, .. } => frames.iter().try_for_each(|frame| self.frame(frame)),
        }
    }

    fn define(&mut self, definition: Definition) -> Result<()> {
        let decoder = RowsDecoder::new(&definition.spec.commit_schema())?;
        self.decoders.insert(definition.spec.id, (definition, decoder));
        Ok(())
    }

    fn frame(&mut self, frame: &Frame) -> Result<()> {
        match frame.kind {
            FrameKind::Define => self.define(Definition::decode(&frame.payload)?),
            FrameKind::Rows => {
                let (Some(table), Some((definition, decoder))) =
                    (self.tables.get_mut(&frame.table), self.decoders.get_mut(&frame.table))
                else {
                    return Ok(());
                };
                let (prefix, batch) = decoder.decode(&frame.payload)?;
                let schema = definition.spec.stored_schema();
                let batch = stored(&definition.spec, &schema, &batch, prefix.first_leaf, prefix.ingest)?;
                let batch = physical::to_stored(&batch, &table.record.spec.stored_schema())?;
                let rows = &mut table.rows;
                table.hasher.salted_leaves(&batch, &table.seeds, &(0..u64::MAX), &mut |leaf, ingest, hash| {
                    rows.push((leaf, ingest, hash));
                    Ok(())
                })
            }
            FrameKind::Load => {
                if let Some(table) = self.tables.get_mut(&frame.table)
                    && let Ok(load) = serde_json::from_slice::<LoadFrame>(&frame.payload)
                {
                    table.loaded.extend(load.segments.into_iter().map(|facts| facts.name));
                }
                Ok(())
            }
            FrameKind::Drop | FrameKind::Commit | FrameKind::Head => Ok(()),
        }
    }
}
