//! The one writer of the log: it drains the queue, writes every waiting commit, syncs once, publishes once, then answers everybody.
//!
//! It runs on a thread of its own, because it blocks in `fdatasync`, and alone decides sequence numbers, leaf indexes and ingest times.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::frame::{self, CommitMark, FrameKind};
use super::rows::{self, Encoded};
use super::{WalFile, file_name};
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::store::core::{Core, Pending};
use crate::store::crash;
use crate::store::definition::{self, Definition};
use crate::store::durable::sync_dir;
use crate::store::load::StagedLoad;
use crate::store::physical;
use crate::store::segment::SegmentFacts;
use crate::store::spec::{TableId, TableSpec};

/// A group holds at most so many commits and, but for its last commit, so many bytes.
const GROUP_COMMITS: usize = 1024;
const GROUP_BYTES: usize = 32 * 1024 * 1024;
/// Frames are handed to the operating system in pieces of about this size.
const BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// A commit as it waits for the writer: checked and encoded against the snapshot its caller saw.
pub(crate) struct Prepared {
    pub define: Vec<Arc<TableSpec>>,
    pub drop: Vec<TableId>,
    pub rows: Vec<PreparedRows>,
    pub loads: Vec<StagedLoad>,
    /// Memory that counts against the store's limit until the commit is published.
    pub pending: Pending,
}

/// Rows of one table in its commit schema.
pub(crate) struct PreparedRows {
    pub table: TableId,
    /// The spec they were encoded under; the writer encodes again if another is in force by then.
    pub spec: Arc<TableSpec>,
    pub pieces: Vec<Encoded>,
}

/// What becomes of a commit.
pub(crate) enum Answer {
    /// Durable and visible under this sequence number.
    Done(u64),
    Failed(Error),
    /// A bulk load was written under leaf indexes or a spec that have moved since; nothing has happened.
    Moved(Box<Prepared>),
}

/// The frame of a bulk load.
#[derive(Serialize, Deserialize)]
pub(crate) struct LoadFrame {
    pub first_leaf: i64,
    pub rows: i64,
    pub ingest: Micros,
    pub segments: Vec<SegmentFacts>,
}

/// What the writer is asked for.
pub(crate) enum Request {
    Commit(Box<Prepared>, oneshot::Sender<Answer>),
    /// Begin a new file, so that the one before can be cut.
    Rotate(oneshot::Sender<Result<()>>),
}

/// What a durable commit changes in the published state.
pub(crate) enum Change {
    Define(Arc<TableSpec>),
    Drop {
        table: TableId,
        sequence: u64,
    },
    /// A batch in the stored schema of the spec in force at the end of the group or earlier.
    Append {
        table: TableId,
        batch: RecordBatch,
        sequence: u64,
    },
    Load {
        table: TableId,
        frame: LoadFrame,
        sequence: u64,
    },
}

/// What the writer knows of a table.
#[derive(Clone)]
struct Known {
    definition: Definition,
    stored_schema: SchemaRef,
}

impl Known {
    fn new(definition: Definition) -> Self {
        let stored_schema = definition.spec.stored_schema();
        Known { definition, stored_schema }
    }
}

/// The state of the log's end.
pub(crate) struct WalWriter {
    core: Arc<Core>,
    dir: PathBuf,
    known: BTreeMap<TableId, Known>,
    next_sequence: u64,
    file: File,
    path: PathBuf,
    /// How long the file is with everything that was synced.
    durable: u64,
    /// How much of it is written, synced or not.
    written: u64,
    buffer: Vec<u8>,
    /// The file holds a commit.
    has_commits: bool,
    /// Begin a new file before the next group, because a sync of this one failed.
    suspect: bool,
    /// Why nothing can be written any more.
    failure: Option<Error>,
}

/// A commit that is written and not yet answered.
struct Waiting {
    reply: oneshot::Sender<Answer>,
    sequence: u64,
    loads: Vec<StagedLoad>,
    pending: Pending,
}

impl WalWriter {
    /// Begins a new file after the last commit of a log.
    pub(crate) fn begin(core: Arc<Core>, last_sequence: u64, definitions: Vec<Definition>) -> Result<Self> {
        let dir = core.wal_dir();
        let known = definitions.into_iter().map(|definition| (definition.spec.id, Known::new(definition))).collect();
        let next_sequence = last_sequence + 1;
        let (file, path, length) = begin_file(&dir, next_sequence, &known)?;
        core.wal_file_begun(WalFile { first_sequence: next_sequence, path: path.clone() });
        Ok(WalWriter {
            core,
            dir,
            known,
            next_sequence,
            file,
            path,
            durable: length,
            written: length,
            buffer: Vec::new(),
            has_commits: false,
            suspect: false,
            failure: None,
        })
    }

    /// Serves requests until every sender is gone.
    pub(crate) fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        while let Some(first) = requests.blocking_recv() {
            let mut group = Vec::new();
            let mut rotations = Vec::new();
            let mut bytes = 0;
            let mut next = Some(first);
            while let Some(request) = next {
                match request {
                    Request::Commit(prepared, reply) => {
                        bytes += prepared.pending.bytes();
                        group.push((prepared, reply));
                    }
                    Request::Rotate(reply) => rotations.push(reply),
                }
                let full = group.len() >= GROUP_COMMITS || bytes >= GROUP_BYTES;
                next = if full { None } else { requests.try_recv().ok() };
            }
            self.commit_group(group);
            if !rotations.is_empty() {
                let result = self.rotate();
                for reply in rotations {
                    let _ = reply.send(result.clone());
                }
            }
        }
    }

    fn commit_group(&mut self, group: Vec<(Box<Prepared>, oneshot::Sender<Answer>)>) {
        if group.is_empty() {
            return;
        }
        if let Err(error) = self.ready() {
            for (_, reply) in group {
                let _ = reply.send(Answer::Failed(error.clone()));
            }
            return;
        }
        let before = (self.known.clone(), self.next_sequence);
        let mut changes = Vec::new();
        let mut waiting: Vec<Waiting> = Vec::new();
        let mut failed = None;
        for (prepared, reply) in group {
            if let Some(error) = &failed {
                let _ = reply.send(Answer::Failed(Error::clone(error)));
                continue;
            }
            match self.validate(prepared) {
                Err(answer) => {
                    let _ = reply.send(answer);
                }
                Ok(prepared) => {
                    let sequence = self.next_sequence;
                    match self.write_run(sequence, &prepared, &mut changes) {
                        Ok(()) => self.next_sequence += 1,
                        Err(error) => failed = Some(error),
                    }
                    waiting.push(Waiting { reply, sequence, loads: prepared.loads, pending: prepared.pending });
                }
            }
        }
        let result = match failed {
            Some(error) => Err(error),
            None if waiting.is_empty() => return,
            None => self.sync(),
        };
        let result = match result {
            Ok(()) => self.core.publish_commits(changes).inspect_err(|error| {
                // Durable but not visible: only a restart, which reads the log again, can mend that.
                self.failure = Some(error.clone());
            }),
            Err(error) => {
                (self.known, self.next_sequence) = before;
                self.cut_back(&error);
                Err(error)
            }
        };
        let named = result.is_ok() || self.failure.is_some();
        for Waiting { reply, sequence, mut loads, pending } in waiting {
            if named {
                // After a failure that could not be taken back, the log may name them all the same.
                loads.iter_mut().for_each(|load| load.written.keep());
            }
            drop((loads, pending));
            let _ = reply.send(match &result {
                Ok(()) => Answer::Done(sequence),
                Err(error) => Answer::Failed(error.clone()),
            });
        }
        self.core.commits_published();
    }

    /// Whether a group can be written: the log is not poisoned, and there is a file with room.
    fn ready(&mut self) -> Result<()> {
        if let Some(failure) = &self.failure {
            return Err(poisoned(failure));
        }
        let full = self.has_commits && self.written >= self.core.options().wal_file_bytes;
        if full || self.suspect {
            self.rotate()?;
        }
        Ok(())
    }

    /// Checks a commit against the definitions now in force, and encodes rows again whose table changed meanwhile.
    fn validate(&self, prepared: Box<Prepared>) -> Result<Box<Prepared>, Answer> {
        let prepared = self.checked(prepared).map_err(Answer::Failed)?;
        let moved = |load: &StagedLoad| {
            self.known.get(&load.table()).is_some_and(|known| {
                known.definition.next_leaf != load.first_leaf || known.definition.spec.columns != load.spec.columns
            })
        };
        if prepared.loads.iter().any(moved) { Err(Answer::Moved(prepared)) } else { Ok(prepared) }
    }

    fn checked(&self, mut prepared: Box<Prepared>) -> Result<Box<Prepared>> {
        let mut specs: BTreeMap<TableId, Arc<TableSpec>> = BTreeMap::new();
        for spec in &prepared.define {
            if let Some(known) = self.known.get(&spec.id) {
                definition::check_change(&known.definition.spec, spec, known.definition.next_leaf > 1)?;
            }
            specs.insert(spec.id, spec.clone());
        }
        for table in &prepared.drop {
            if !self.known.contains_key(table) && !specs.contains_key(table) {
                return Err(gone(*table));
            }
        }
        let dropped = &prepared.drop;
        prepared.rows.retain(|rows| !dropped.contains(&rows.table));
        prepared.loads.retain(|load| !dropped.contains(&load.table()));
        if let Some(load) = prepared.loads.iter().find(|load| !self.known.contains_key(&load.table())) {
            return Err(gone(load.table()));
        }
        for rows in &mut prepared.rows {
            let known = || self.known.get(&rows.table).map(|known| &known.definition.spec);
            let spec = specs.get(&rows.table).or_else(known).ok_or_else(|| gone(rows.table))?.clone();
            if !Arc::ptr_eq(&spec, &rows.spec) && spec.columns != rows.spec.columns {
                let schema = spec.commit_schema();
                let mut pieces = Vec::new();
                for piece in &rows.pieces {
                    let batch =
                        physical::reshape(&piece.batch, &schema, "rows do not fit their table, which has changed meanwhile")?;
                    pieces.extend(rows::encode(&batch)?);
                }
                rows.pieces = pieces;
            }
            rows.spec = spec;
        }
        Ok(prepared)
    }

    /// Writes one commit's frames and notes what it changes; nothing is durable yet.
    fn write_run(&mut self, sequence: u64, prepared: &Prepared, changes: &mut Vec<Change>) -> Result<()> {
        let now = self.core.options().clock.now_us();
        let mut frames = 0u32;
        for spec in &prepared.define {
            let (next_leaf, last_ingest) = self.counters(spec.id);
            let definition = Definition { spec: spec.clone(), next_leaf, last_ingest };
            self.frame(sequence, FrameKind::Define, spec.id, &[&definition.encode()?])?;
            self.known.insert(spec.id, Known::new(definition));
            changes.push(Change::Define(spec.clone()));
            frames += 1;
        }
        for table in &prepared.drop {
            self.frame(sequence, FrameKind::Drop, *table, &[])?;
            self.known.remove(table);
            changes.push(Change::Drop { table: *table, sequence });
            frames += 1;
        }
        if frames > 0 {
            self.write_buffer()?;
            self.point(crash::MID_DDL)?;
        }
        for load in &prepared.loads {
            frames += self.write_load(sequence, load, changes)?;
        }
        for rows in &prepared.rows {
            for piece in &rows.pieces {
                let known = self.known.get_mut(&rows.table).ok_or_else(|| gone(rows.table))?;
                let counters = &mut known.definition;
                let first_leaf = counters.next_leaf;
                let ingest = now.max(counters.last_ingest);
                let batch = rows::stored(&counters.spec, &known.stored_schema, &piece.batch, first_leaf, ingest)?;
                counters.next_leaf += i64::try_from(batch.num_rows()).unwrap_or(i64::MAX);
                counters.last_ingest = ingest;
                let prefix = rows::prefix(first_leaf, ingest, batch.num_rows())?;
                self.frame(sequence, FrameKind::Rows, rows.table, &[&prefix, &piece.message])?;
                changes.push(Change::Append { table: rows.table, batch, sequence });
                frames += 1;
            }
        }
        let mark = CommitMark { frames, durable: self.durable };
        self.frame(sequence, FrameKind::Commit, TableId(Uuid::nil()), &[&mark.encode()])
    }

    /// Names a load's segments; says how many frames that took.
    fn write_load(&mut self, sequence: u64, load: &StagedLoad, changes: &mut Vec<Change>) -> Result<u32> {
        self.point(crash::LOAD_BEFORE_COMMIT)?;
        if load.rows == 0 {
            return Ok(0);
        }
        let table = load.table();
        let counters = &mut self.known.get_mut(&table).ok_or_else(|| gone(table))?.definition;
        counters.next_leaf += load.rows;
        counters.last_ingest = load.ingest;
        let segments = load.written.facts.clone();
        let frame = LoadFrame { first_leaf: load.first_leaf, rows: load.rows, ingest: load.ingest, segments };
        let text = serde_json::to_vec(&frame).map_err(|cause| Error::internal(format!("could not encode a bulk load: {cause}")))?;
        self.frame(sequence, FrameKind::Load, table, &[&text])?;
        changes.push(Change::Load { table, frame, sequence });
        Ok(1)
    }

    fn counters(&self, table: TableId) -> (i64, i64) {
        self.known.get(&table).map_or((1, i64::MIN), |known| (known.definition.next_leaf, known.definition.last_ingest))
    }

    fn frame(&mut self, sequence: u64, kind: FrameKind, table: TableId, payload: &[&[u8]]) -> Result<()> {
        frame::append(&mut self.buffer, sequence, kind, table, payload).map_err(|cause| self.io("write", &cause))?;
        if self.buffer.len() >= BUFFER_BYTES { self.write_buffer() } else { Ok(()) }
    }

    fn write_buffer(&mut self) -> Result<()> {
        let result = self.file.write_all(&self.buffer);
        result.map_err(|cause| self.io("write", &cause))?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        self.buffer.shrink_to(2 * BUFFER_BYTES);
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        self.write_buffer()?;
        self.point(crash::WAL_BEFORE_SYNC)?;
        if let Err(cause) = self.file.sync_data() {
            self.suspect = true;
            return Err(self.io("sync", &cause));
        }
        self.point(crash::WAL_AFTER_SYNC)?;
        self.durable = self.written;
        self.has_commits = true;
        Ok(())
    }

    fn point(&mut self, name: &'static str) -> Result<()> {
        self.core.options().faults.point(name).map_err(|cause| self.io("sync", &cause))
    }

    fn io(&self, doing: &str, cause: &io::Error) -> Error {
        Error::io(format!("{doing} the write-ahead log"), &self.path, cause)
            .with_hint("nothing of this commit was stored; free or repair the disk and try again")
    }

    /// Takes back what a failed group has written. If that cannot be made sure, nothing is written any more.
    fn cut_back(&mut self, reason: &Error) {
        self.buffer.clear();
        let cut = self
            .file
            .set_len(self.durable)
            .and_then(|()| self.file.seek(SeekFrom::Start(self.durable)))
            .and_then(|_| self.file.sync_all());
        match cut {
            Ok(()) => self.written = self.durable,
            Err(cause) => {
                tracing::error!(file = %self.path.display(), %cause, %reason, "the write-ahead log could not be cut back; writing stops");
                self.failure = Some(reason.clone());
            }
        }
    }

    /// Begins a new file. The old one ends in a whole, synced commit.
    fn rotate(&mut self) -> Result<()> {
        if let Some(failure) = &self.failure {
            return Err(poisoned(failure));
        }
        if !self.has_commits && !self.suspect {
            return Ok(());
        }
        if self.suspect && !self.has_commits {
            // A file of the same name would replace this one, which may hold nothing; its head was durable, so it stays in use.
            self.suspect = false;
            return Ok(());
        }
        let (file, path, length) = begin_file(&self.dir, self.next_sequence, &self.known)?;
        self.core.wal_file_begun(WalFile { first_sequence: self.next_sequence, path: path.clone() });
        self.file = file;
        self.path = path;
        (self.durable, self.written) = (length, length);
        (self.has_commits, self.suspect) = (false, false);
        Ok(())
    }
}

fn gone(table: TableId) -> Error {
    Error::new(Kind::UndefinedTable, format!("table {table} no longer exists"))
}

fn poisoned(failure: &Error) -> Error {
    Error::new(Kind::IoError, "the store no longer accepts writes, because its write-ahead log failed")
        .with_detail(failure.to_string())
        .with_hint("repair the disk and restart the server; reading goes on meanwhile")
}

/// Makes a file with a head, durable before it has its name.
fn begin_file(dir: &std::path::Path, first_sequence: u64, known: &BTreeMap<TableId, Known>) -> Result<(File, PathBuf, u64)> {
    let path = dir.join(file_name(first_sequence));
    let made = path.with_extension("wal.new");
    let mut head = Vec::new();
    let before = first_sequence - 1;
    let write = |head: &[u8]| -> io::Result<File> {
        let mut file = File::options().write(true).create(true).truncate(true).open(&made)?;
        file.write_all(head)?;
        file.sync_all()?;
        fs::rename(&made, &path)?;
        sync_dir(dir)?;
        Ok(file)
    };
    let failed = |cause: &io::Error| Error::io("begin the write-ahead log file", &path, cause);
    for (id, known) in known {
        frame::append(&mut head, before, FrameKind::Define, *id, &[&known.definition.encode()?]).map_err(|cause| failed(&cause))?;
    }
    frame::append(&mut head, before, FrameKind::Head, TableId(Uuid::nil()), &[]).map_err(|cause| failed(&cause))?;
    let file = write(&head).map_err(|cause| {
        // A file without its name is of no use; if it stays, the next start removes it.
        let _ = fs::remove_file(&made);
        failed(&cause)
    })?;
    Ok((file, path, head.len() as u64))
}
