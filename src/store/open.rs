//! Opening a folder: the Delta logs say what stands in segments, the write-ahead log holds what came after; together they give every
//! table as it was when the last commit was acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use futures::{StreamExt, stream};
use tokio::sync::mpsc::UnboundedSender;
use uuid::Uuid;

use super::core::Tables;
use super::definition::Definition;
use super::delta::{self, DeltaLog, Position, SetAside};
use super::home::{Chore, TableHome, remove_folder};
use super::index;
use super::read::read_in_order;
use super::segment::{Segment, SegmentFacts};
use super::snapshot::{TableState, newest_first};
use super::spec::{TableId, TableSpec};
use super::tail::{self, TailBatch, compact};
use super::wal::frame::{Frame, FrameKind};
use super::wal::replay::{Replayed, Told, replay};
use super::wal::rows::{RowsDecoder, read_prefix, stored};
use super::wal::writer::LoadFrame;
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::metrics::Metrics;

/// A folder's tables, and where its log goes on.
pub(crate) struct Opened {
    pub tables: Tables,
    pub definitions: Vec<Definition>,
    pub replayed: Replayed,
}

/// What a table's folder holds, before the log is read.
struct Stored {
    log: Option<DeltaLog>,
    position: Position,
    segments: Vec<SegmentFacts>,
    set_aside: Option<SetAside>,
    damage: Option<Error>,
}

impl Stored {
    fn nothing() -> Self {
        Stored { log: None, position: Position::START, segments: Vec::new(), set_aside: None, damage: None }
    }

    async fn read(id: TableId, dir: PathBuf) -> Self {
        let mut stored = Stored::nothing();
        match DeltaLog::open(id, &dir).await {
            Ok((log, set_aside)) => {
                stored.set_aside = set_aside;
                if let Some(log) = log {
                    stored.position = log.position();
                    match log.segments() {
                        Ok(segments) => stored.segments = segments,
                        Err(error) => stored.damage = Some(error),
                    }
                    stored.log = Some(log);
                }
                stored.damage = stored.damage.take().or_else(|| stored.missing(&dir));
            }
            Err(error) => stored.damage = Some(error),
        }
        stored
    }

    /// What the log names and the folder lacks.
    fn missing(&self, dir: &Path) -> Option<Error> {
        if let Some(damage) = missing_file(dir, &self.segments) {
            return Some(damage);
        }
        let rows: u64 = self.segments.iter().map(|facts| facts.rows).sum();
        (rows != self.position.rows).then(|| {
            let log = dir.join("_delta_log");
            let message = format!("the Delta log \"{}\" names {rows} rows instead of {}", log.display(), self.position.rows);
            Error::new(Kind::DataCorrupted, message).with_hint(RESTORE_TABLE)
        })
    }
}

const RESTORE_TABLE: &str = "restore the table's folder from a backup; other tables are not affected";
/// Small batches from the log are put together up to so many rows.
const GATHER_ROWS: usize = 4096;

/// The first of some segments whose file is not there as it was written.
fn missing_file(dir: &Path, segments: &[SegmentFacts]) -> Option<Error> {
    segments.iter().find_map(|facts| {
        let path = dir.join(&facts.name);
        let message = match fs::metadata(&path) {
            Ok(found) if found.len() == facts.bytes => return None,
            Ok(found) => format!("segment \"{}\" has {} bytes instead of {}", path.display(), found.len(), facts.bytes),
            Err(cause) => format!("segment \"{}\" is missing: {cause}", path.display()),
        };
        Some(Error::new(Kind::DataCorrupted, message).with_hint(RESTORE_TABLE))
    })
}

/// A table while the log is read.
struct Recovering {
    spec: Arc<TableSpec>,
    position: Position,
    next_leaf: i64,
    last_ingest: Micros,
    tail: Vec<Arc<TailBatch>>,
    /// Small batches that are put together before they join the tail, and the first and last commit among them.
    small: Vec<RecordBatch>,
    small_rows: usize,
    small_commits: Option<(u64, u64)>,
    loads: Vec<(u64, LoadFrame)>,
    stored_schema: SchemaRef,
    decoder: RowsDecoder,
    damage: Option<Error>,
    /// The first commit with rows that are not in segments, if the table is damaged.
    kept_from: Option<u64>,
}

/// Builds the tables up from what the log tells.
struct Recovery {
    positions: BTreeMap<TableId, (Position, Option<Error>)>,
    tables: BTreeMap<TableId, Recovering>,
    dropped: BTreeSet<TableId>,
}

impl Recovery {
    fn hear(&mut self, told: Told) -> Result<()> {
        match told {
            Told::Head(definitions) => definitions.into_iter().try_for_each(|definition| self.define(definition)),
            Told::Run { sequence, frames } => frames.into_iter().try_for_each(|frame| self.apply(sequence, frame)),
        }
    }

    fn apply(&mut self, sequence: u64, frame: Frame) -> Result<()> {
        match frame.kind {
            FrameKind::Define => self.define(Definition::decode(&frame.payload)?),
            FrameKind::Drop => {
                self.tables.remove(&frame.table);
                self.dropped.insert(frame.table);
                Ok(())
            }
            FrameKind::Rows => {
                let table = self.tables.get_mut(&frame.table).ok_or_else(|| {
                    Error::new(
                        Kind::DataCorrupted,
                        format!("commit {sequence} holds rows of table {}, which is not defined", frame.table),
                    )
                })?;
                table.rows(sequence, &frame)
            }
            FrameKind::Load => {
                let table = self.tables.get_mut(&frame.table).ok_or_else(|| {
                    Error::new(Kind::DataCorrupted, format!("commit {sequence} loads table {}, which is not defined", frame.table))
                })?;
                table.load(sequence, &frame)
            }
            FrameKind::Commit | FrameKind::Head => Ok(()),
        }
    }

    fn define(&mut self, definition: Definition) -> Result<()> {
        let id = definition.spec.id;
        match self.tables.get_mut(&id) {
            Some(table) => table.redefine(definition.spec),
            None => {
                let (position, damage) = self.positions.get(&id).cloned().unwrap_or((Position::START, None));
                self.tables.insert(id, Recovering::new(definition, position, damage)?);
                Ok(())
            }
        }
    }
}

impl Recovering {
    fn new(definition: Definition, position: Position, damage: Option<Error>) -> Result<Self> {
        let decoder = RowsDecoder::new(&definition.spec.commit_schema())?;
        let stored_schema = definition.spec.stored_schema();
        let mut table = Recovering {
            spec: definition.spec,
            position,
            next_leaf: position.next_leaf,
            last_ingest: position.last_ingest.max(definition.last_ingest),
            tail: Vec::new(),
            small: Vec::new(),
            small_rows: 0,
            small_commits: None,
            loads: Vec::new(),
            stored_schema,
            decoder,
            damage,
            kept_from: None,
        };
        if definition.next_leaf > table.next_leaf {
            table.lost(definition.next_leaf);
        }
        Ok(table)
    }

    fn redefine(&mut self, spec: Arc<TableSpec>) -> Result<()> {
        self.gather()?;
        let schema = spec.stored_schema();
        self.stored_schema = schema.clone();
        self.tail = self.tail.iter().map(|batch| batch.adapted(&schema).map(Arc::new)).collect::<Result<_>>()?;
        self.decoder = RowsDecoder::new(&spec.commit_schema())?;
        self.spec = spec;
        Ok(())
    }

    /// Notes that rows before `next` are neither in segments nor in the log, and goes on after them.
    fn lost(&mut self, next: i64) {
        let (due, label, id) = (self.next_leaf, &self.spec.label, self.spec.id);
        let message = if next > due {
            format!("rows {due} to {} of table {label} ({id}) are neither in its segments nor in the write-ahead log", next - 1)
        } else {
            format!(
                "the write-ahead log goes on at row {next} of table {label} ({id}), whose segments already end before row {due}"
            )
        };
        let error = Error::new(Kind::DataCorrupted, message)
            .with_hint("restore the table's folder, or the whole data folder, from a backup; other tables are not affected");
        self.damage.get_or_insert(error);
        self.next_leaf = next;
    }

    fn rows(&mut self, sequence: u64, frame: &Frame) -> Result<()> {
        let cut = || Error::new(Kind::DataCorrupted, format!("rows of commit {sequence} are cut short"));
        if sequence <= self.position.sequence {
            return Ok(());
        }
        let prefix = read_prefix(&frame.payload).ok_or_else(cut)?;
        if prefix.first_leaf != self.next_leaf {
            self.lost(prefix.first_leaf);
        }
        self.next_leaf = prefix.first_leaf.saturating_add(i64::from(prefix.rows));
        self.last_ingest = self.last_ingest.max(prefix.ingest);
        if self.damage.is_some() {
            self.kept_from.get_or_insert(sequence);
            return Ok(());
        }
        let (prefix, batch) = self.decoder.decode(&frame.payload)?;
        let batch = stored(&self.spec, &self.stored_schema, &batch, prefix.first_leaf, prefix.ingest)?;
        self.small_rows += batch.num_rows();
        self.small.push(batch);
        self.small_commits = Some((self.small_commits.map_or(sequence, |(first, _)| first), sequence));
        if self.small_rows >= GATHER_ROWS { self.gather() } else { Ok(()) }
    }

    /// Moves the small batches into the tail as one.
    fn gather(&mut self) -> Result<()> {
        let batches = std::mem::take(&mut self.small);
        self.small_rows = 0;
        let Some((first, last)) = self.small_commits.take() else { return Ok(()) };
        let batch = match batches.as_slice() {
            [one] => one.clone(),
            many => concat_batches(&self.stored_schema, many)
                .and_then(|batch| compact(&batch))
                .map_err(|cause| Error::internal(format!("could not put rows of table {} together: {cause}", self.spec.label)))?,
        };
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let batch = TailBatch { sequence_max: last, ..TailBatch::new(&self.spec, batch, first)? };
        tail::push(&mut self.tail, 0, batch)
    }

    fn load(&mut self, sequence: u64, frame: &Frame) -> Result<()> {
        if sequence <= self.position.sequence {
            return Ok(());
        }
        let load: LoadFrame = serde_json::from_slice(&frame.payload).map_err(|cause| {
            Error::new(Kind::DataCorrupted, format!("the bulk load of commit {sequence} cannot be read: {cause}"))
        })?;
        if load.first_leaf != self.next_leaf {
            self.lost(load.first_leaf);
        }
        self.next_leaf = load.first_leaf.saturating_add(load.rows);
        self.last_ingest = self.last_ingest.max(load.ingest);
        if self.damage.is_some() {
            self.kept_from.get_or_insert(sequence);
        }
        self.loads.push((sequence, load));
        Ok(())
    }

    /// Lets go of what cannot be shown, once the table is known to be damaged.
    fn spoil(&mut self, damage: Error) {
        let tail = self.tail.first().map(|batch| batch.sequence_min);
        let load = self.loads.first().map(|(sequence, _)| *sequence);
        self.kept_from = [self.kept_from, tail, load].into_iter().flatten().min();
        self.tail.clear();
        self.loads.clear();
        self.damage = Some(damage);
    }
}

/// Reads a folder whose lock is held.
pub(crate) async fn open_folder(dir: &Path, janitor: &UnboundedSender<Chore>, metrics: &Arc<Metrics>) -> Result<Opened> {
    let (wal_dir, tables_dir) = (dir.join("wal"), dir.join("tables"));
    for folder in [&wal_dir, &tables_dir] {
        super::durable::make_dirs(folder).map_err(|cause| Error::io("make the folder", folder, &cause))?;
    }
    let mut stored = read_tables(&tables_dir).await?;
    if !stored.is_empty() && super::wal::list(&wal_dir)?.is_empty() {
        return Err(Error::new(
            Kind::DataCorrupted,
            format!("the write-ahead log in \"{}\" is missing beside its tables", wal_dir.display()),
        )
        .with_hint("restore the folder from the same backup as the tables"));
    }
    let positions = stored.iter().map(|(id, stored)| (*id, (stored.position, stored.damage.clone()))).collect();
    let mut recovery = Recovery { positions, tables: BTreeMap::new(), dropped: BTreeSet::new() };
    let (recovery, replayed) = tokio::task::spawn_blocking(move || -> Result<_> {
        let replayed = replay(&wal_dir, |told| recovery.hear(told))?;
        recovery.tables.values_mut().try_for_each(Recovering::gather)?;
        Ok((recovery, replayed))
    })
    .await
    .map_err(|cause| Error::internal(format!("reading the write-ahead log ended early: {cause}")))??;
    check_end(&stored, &replayed, dir)?;
    remove_dropped(&tables_dir, &recovery, &mut stored)?;
    let mut tables = Tables::new();
    let mut definitions = Vec::new();
    for (id, table) in recovery.tables {
        let stored = stored.remove(&id).unwrap_or_else(Stored::nothing);
        definitions.push(Definition { spec: table.spec.clone(), next_leaf: table.next_leaf, last_ingest: table.last_ingest });
        tables.insert(id, Arc::new(finish_table(table, stored, &tables_dir, janitor, metrics).await?));
    }
    for id in stored.keys() {
        tracing::warn!(folder = %tables_dir.join(id.to_string()).display(), "a folder belongs to no table; it is left as it is");
    }
    Ok(Opened { tables, definitions, replayed })
}

/// How many Delta logs are read at once. The library holds a thread of the runtime's blocking pool for each and waits in it for
/// another: if all of the pool's 512 threads wait, none is left for them to wait for.
const READ_AT_ONCE: usize = 16;

/// Reads every table folder's Delta log, some of them at once.
async fn read_tables(tables_dir: &Path) -> Result<BTreeMap<TableId, Stored>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(tables_dir).map_err(|cause| Error::io("list", tables_dir, &cause))? {
        let path = entry.map_err(|cause| Error::io("list", tables_dir, &cause))?.path();
        let id = path.file_name().and_then(|name| name.to_str()).and_then(|name| Uuid::parse_str(name).ok()).map(TableId);
        folders.extend(id.map(|id| (id, path)));
    }
    let reading = stream::iter(folders).map(|(id, path)| async move {
        let read = tokio::spawn(Stored::read(id, path)).await.unwrap_or_else(|cause| {
            let damage = Error::new(Kind::DataCorrupted, format!("the Delta log of table {id} cannot be read: {cause}"));
            Stored { damage: Some(damage), ..Stored::nothing() }
        });
        (id, read)
    });
    Ok(reading.buffer_unordered(READ_AT_ONCE).collect().await)
}

/// No table can be ahead of the log, unless the end of the log was lost.
fn check_end(stored: &BTreeMap<TableId, Stored>, replayed: &Replayed, dir: &Path) -> Result<()> {
    let ahead = stored.iter().max_by_key(|(_, stored)| stored.position.sequence);
    match ahead {
        Some((id, stored)) if stored.position.sequence > replayed.last_sequence => {
            let (last, found) = (replayed.last_sequence, stored.position.sequence);
            let wal = dir.join("wal");
            Err(Error::new(
                Kind::DataCorrupted,
                format!(
                    "the write-ahead log in \"{}\" ends at commit {last}, but table {id} already holds commit {found}",
                    wal.display()
                ),
            )
            .with_hint("restore the write-ahead log and the tables from the same backup"))
        }
        _ => Ok(()),
    }
}

fn remove_dropped(tables_dir: &Path, recovery: &Recovery, stored: &mut BTreeMap<TableId, Stored>) -> Result<()> {
    for id in &recovery.dropped {
        stored.remove(id);
        let path = tables_dir.join(id.to_string());
        if path.exists() {
            remove_folder(&path).map_err(|cause| Error::io("remove the folder of a dropped table", &path, &cause))?;
        }
    }
    Ok(())
}

async fn finish_table(
    mut table: Recovering,
    stored: Stored,
    tables_dir: &Path,
    janitor: &UnboundedSender<Chore>,
    metrics: &Arc<Metrics>,
) -> Result<TableState> {
    let id = table.spec.id;
    let damage = match (table.damage.take().or(stored.damage), &stored.set_aside) {
        // What the damaged last commit held is nowhere else: it was no torn commit, and the file is evidence.
        (Some(_), Some(set_aside)) => {
            set_aside.restore()?;
            Some(
                Error::new(
                    Kind::DataCorrupted,
                    format!("the Delta commit \"{}\" of table {id} is damaged", set_aside.path().display()),
                )
                .with_hint("restore the file from a backup; other tables are not affected"),
            )
        }
        (damage, _) => damage,
    };
    let home = Arc::new(TableHome::new(id, tables_dir, stored.log, janitor.clone(), metrics.clone()));
    let loaded: Vec<SegmentFacts> = table.loads.iter().flat_map(|(_, load)| load.segments.iter().cloned()).collect();
    let damage = damage.or_else(|| missing_file(&home.dir, &loaded));
    if damage.is_none() {
        remove_orphans(&home.dir, stored.segments.iter().chain(&loaded))?;
    }
    let segments: Vec<Arc<Segment>> = stored.segments.iter().map(|facts| Arc::new(Segment::new(facts, home.clone()))).collect();
    let mut state = TableState::new(table.spec.clone(), home);
    state.flushed = table.position.sequence;
    match damage {
        Some(damage) => table.spoil(damage),
        None => {
            if let Err(damage) = fold(&mut state, &segments, &table.tail, &table.spec).await {
                table.spoil(damage);
            }
        }
    }
    if let Some(damage) = &table.damage {
        tracing::error!(table = %table.spec.label, %damage, "a table is damaged; it can be neither read nor written");
    } else {
        state.segments = newest_first(segments);
        for (sequence, load) in &table.loads {
            super::core::load(&mut state, load, *sequence);
        }
    }
    state.next_leaf = table.next_leaf;
    state.last_ingest = table.last_ingest;
    state.tail = Arc::from(table.tail);
    state.damage = table.damage;
    state.kept_from = table.kept_from;
    Ok(state)
}

/// Folds a reference table's rows, from segments first.
async fn fold(state: &mut TableState, segments: &[Arc<Segment>], tail: &[Arc<TailBatch>], spec: &TableSpec) -> Result<()> {
    let Some(latest) = state.latest.clone() else { return Ok(()) };
    let (segments, schema) = (segments.to_vec(), spec.stored_schema());
    let read = tokio::task::spawn_blocking(move || read_in_order(&segments, &schema));
    let mut batches: Vec<RecordBatch> =
        read.await.map_err(|cause| Error::internal(format!("reading a reference table ended early: {cause}")))??;
    batches.extend(tail.iter().map(|batch| batch.batch.clone()));
    state.latest = Some(Arc::new(latest.folded(&batches)?));
    Ok(())
}

fn remove_orphans<'a>(dir: &Path, segments: impl Iterator<Item = &'a SegmentFacts>) -> Result<()> {
    let segments: Vec<&SegmentFacts> = segments.collect();
    for path in delta::orphans(dir, segments.iter().copied())? {
        tracing::info!(file = %path.display(), "removed a file that no commit names");
        fs::remove_file(&path).map_err(|cause| Error::io("remove", &path, &cause))?;
    }
    index::remove_orphans(dir, segments.iter().map(|facts| facts.name.as_str()))
}
