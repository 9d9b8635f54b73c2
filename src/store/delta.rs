//! A table's Delta log: what it says of the table, which segments are in force, and how a commit adds to it.
//!
//! Protocol reader 1 / writer 2, append-only, partitioned by `_day`. A flush carries its position in the write-ahead log as an
//! application transaction, so that it happens exactly once; so do the next leaf index and the number of rows, by which an opening
//! store notices what is missing. Exact bounds of a segment stand in its `tags`.

mod removal;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::{DataType as ArrowType, Field};
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties, TableReference};
use deltalake_core::kernel::{
    Action, Add, ArrayType, DataType, MetadataExt, MetadataValue, PrimitiveType, Remove, StructField, StructType, Transaction,
};
use deltalake_core::logstore::{LogStoreRef, StorageConfig, logstore_with};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::{DeltaTable, DeltaTableError, checkpoints, ensure_table_uri};

use super::durable::{DurableStore, make_dirs, sync_dir};
use super::physical;
use super::segment::{SegmentFacts, is_disk_full};
use super::spec::{DAY_COLUMN, LEAF_COLUMN, TableId, TableSpec};
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::value::SqlType;

const LOG_FOLDER: &str = "_delta_log";
/// Application transactions: the last flushed commit, the next leaf index, the last ingest time, the number of rows.
const WAL: &str = "annals.wal";
const LEAF: &str = "annals.leaf";
const INGEST: &str = "annals.ingest";
const ROWS: &str = "annals.rows";

/// How far a table's segments have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    /// Every row of this and earlier commits stands in a segment.
    pub sequence: u64,
    pub next_leaf: i64,
    pub last_ingest: Micros,
    /// Rows in all segments.
    pub rows: u64,
}

impl Position {
    /// Nothing was ever flushed.
    pub(crate) const START: Position = Position { sequence: 0, next_leaf: 1, last_ingest: Micros::MIN, rows: 0 };

    fn transactions(&self) -> Vec<Transaction> {
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        vec![
            Transaction::new(WAL, number(self.sequence)),
            Transaction::new(LEAF, self.next_leaf),
            Transaction::new(INGEST, self.last_ingest),
            Transaction::new(ROWS, number(self.rows)),
        ]
    }
}

/// A commit file that was damaged at the end of a log, and where it was put.
#[derive(Debug)]
pub(crate) struct SetAside {
    from: PathBuf,
    to: PathBuf,
}

impl SetAside {
    /// Puts the file back, because what it held is nowhere else.
    pub(crate) fn restore(&self) -> Result<()> {
        fs::rename(&self.to, &self.from).map_err(|cause| Error::io("put back", &self.from, &cause))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.from
    }
}

/// An open Delta log. Whoever holds it commits alone: there is one a table.
pub(crate) struct DeltaLog {
    table: DeltaTable,
    id: TableId,
    dir: PathBuf,
    position: Position,
    commits_since_checkpoint: u64,
    /// Why it is not known whether the last commit happened; nothing is committed until a restart reads the log again.
    unclear: Option<Error>,
}

/// Why a commit failed, and whether it is certain that it did not happen.
#[derive(Debug)]
pub(crate) struct CommitFailure {
    pub error: Error,
    pub certain: bool,
}

impl From<Error> for CommitFailure {
    fn from(error: Error) -> Self {
        CommitFailure { error, certain: true }
    }
}

impl std::fmt::Debug for DeltaLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeltaLog").field("id", &self.id).field("position", &self.position).finish_non_exhaustive()
    }
}

impl DeltaLog {
    /// Opens the log in a table's folder, if it has one. A last commit that a crash left unreadable is set aside.
    ///
    /// # Errors
    /// `DataCorrupted` naming the file when an earlier commit is damaged.
    pub(crate) async fn open(id: TableId, dir: &Path) -> Result<(Option<Self>, Option<SetAside>)> {
        let folder = dir.join(LOG_FOLDER);
        if !folder.is_dir() {
            return Ok((None, None));
        }
        let set_aside = set_bad_end_aside(dir, &folder)?;
        let commits = commit_files(&folder)?;
        if commits.is_empty() && last_checkpoint(&folder)?.is_none() {
            return Ok((None, set_aside));
        }
        let mut table = DeltaTable::new(log_store(dir)?);
        if let Err(cause) = table.load().await {
            return Err(name_damage(id, dir, &commits, &cause));
        }
        let mut log =
            DeltaLog { table, id, dir: dir.to_owned(), position: Position::START, commits_since_checkpoint: 0, unclear: None };
        log.position = log.read_position().await?;
        log.commits_since_checkpoint = commits_since_checkpoint(&folder, &commits)?;
        log.mend_append_only().await?;
        Ok((Some(log), set_aside))
    }

    /// The files that a table's Delta log names, without mending anything: each with its size and, if Annals wrote it, its checksum.
    ///
    /// # Errors
    /// `DataCorrupted` if the log cannot be read.
    pub(crate) async fn look(id: TableId, dir: &Path) -> Result<Vec<(String, i64, Option<u32>)>> {
        let folder = dir.join(LOG_FOLDER);
        if !folder.is_dir() {
            return Ok(vec![]);
        }
        let mut table = DeltaTable::new(log_store(dir)?);
        let broken =
            |cause| Error::new(Kind::DataCorrupted, format!("the Delta log \"{}\" cannot be read: {cause}", folder.display()));
        table.load().await.map_err(broken)?;
        let state = table.snapshot().map_err(|cause| failed("read the Delta log", id, cause))?;
        let files = state.snapshot().try_log_data().map_err(|cause| failed("read the Delta log", id, cause))?;
        let look = files.iter().map(|file| {
            // The tags are given out by no other means.
            #[allow(deprecated)]
            let add = file.add_action();
            (add.path.clone(), add.size, facts(&add).map(|facts| facts.crc32c))
        });
        Ok(look.collect())
    }

    /// Makes the log of a table at its first flush.
    pub(crate) async fn create(spec: &TableSpec, dir: &Path) -> Result<Self> {
        make_dirs(dir).map_err(|cause| Error::io("make the table folder", dir, &cause))?;
        let schema = delta_schema(spec)?;
        let mut configuration = vec![
            ("delta.appendOnly".to_owned(), Some("true".to_owned())),
            ("delta.logRetentionDuration".to_owned(), Some("interval 1 days".to_owned())),
            ("annals.table".to_owned(), Some(spec.id.to_string())),
            ("annals.kind".to_owned(), Some(format!("{:?}", spec.kind).to_lowercase())),
            ("annals.timeColumn".to_owned(), Some(spec.time_column_name().to_owned())),
        ];
        if spec.time_column_name().chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            let columns = format!("{},{LEAF_COLUMN}", spec.time_column_name());
            configuration.push(("delta.dataSkippingStatsColumns".to_owned(), Some(columns)));
        }
        let table = CreateBuilder::new()
            .with_log_store(log_store(dir)?)
            .with_table_name(spec.label.clone())
            .with_comment(description(spec))
            .with_columns(schema.fields().cloned())
            .with_partition_columns([DAY_COLUMN])
            .with_configuration(configuration)
            .with_raise_if_key_not_exists(false)
            .with_save_mode(SaveMode::Ignore)
            .await
            .map_err(|cause| failed("create the Delta log", spec.id, cause))?;
        Ok(DeltaLog {
            table,
            id: spec.id,
            dir: dir.to_owned(),
            position: Position::START,
            commits_since_checkpoint: 0,
            unclear: None,
        })
    }

    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// Every segment in force.
    pub(crate) fn segments(&self) -> Result<Vec<SegmentFacts>> {
        let state = self.table.snapshot().map_err(|cause| failed("read the Delta log", self.id, cause))?;
        let files = state.snapshot().try_log_data().map_err(|cause| failed("read the Delta log", self.id, cause))?;
        files
            .iter()
            .map(|file| {
                // The tags are given out by no other means.
                #[allow(deprecated)]
                let add = file.add_action();
                facts(&add).ok_or_else(|| {
                    Error::new(
                        Kind::DataCorrupted,
                        format!("the Delta log of table {} names \"{}\", which Annals did not write", self.id, add.path),
                    )
                    .with_hint("only Annals may write to its tables; restore the table's folder from a backup")
                })
            })
            .collect()
    }

    async fn read_position(&self) -> Result<Position> {
        let state = self.table.snapshot().map_err(|cause| failed("read the Delta log", self.id, cause))?;
        let store = self.table.log_store();
        let mut values = [None; 4];
        for (value, app) in values.iter_mut().zip([WAL, LEAF, INGEST, ROWS]) {
            *value = state
                .transaction_version(store.as_ref(), app)
                .await
                .map_err(|cause| failed("read the Delta log", self.id, cause))?;
        }
        let number = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
        let [sequence, next_leaf, last_ingest, rows] = values;
        Ok(Position {
            sequence: number(sequence).unwrap_or(Position::START.sequence),
            next_leaf: next_leaf.unwrap_or(Position::START.next_leaf),
            last_ingest: last_ingest.unwrap_or(Position::START.last_ingest),
            rows: number(rows).unwrap_or(Position::START.rows),
        })
    }

    /// Adds the segments of a flush. After a failure the log is read again, so that a commit that happened counts as one.
    pub(crate) async fn append(
        &mut self,
        spec: &TableSpec,
        added: &[SegmentFacts],
        position: Position,
        now: Micros,
    ) -> Result<(), CommitFailure> {
        let mut actions: Vec<Action> = Vec::new();
        let state = self.table.snapshot().map_err(|cause| failed("read the Delta log", self.id, cause))?;
        let schema = delta_schema(spec)?;
        if state.schema().as_ref() != &schema {
            let broken = |cause: deltalake_core::kernel::Error| failed("change the Delta schema", spec.id, cause.into());
            let metadata = state.metadata().clone().with_schema(&schema).map_err(broken)?;
            let metadata = metadata.with_name(spec.label.clone()).map_err(broken)?;
            actions.push(Action::Metadata(metadata.with_description(description(spec)).map_err(broken)?));
        }
        actions.extend(added.iter().map(|facts| Action::Add(add(facts, true, now))));
        let operation =
            DeltaOperation::Write { mode: SaveMode::Append, partition_by: Some(vec![DAY_COLUMN.to_owned()]), predicate: None };
        let properties = properties().with_application_transactions(position.transactions());
        self.commit(actions, operation, properties, added, &[]).await?;
        self.position = position;
        Ok(())
    }

    /// Replaces segments by others with the same rows.
    pub(crate) async fn replace(
        &mut self,
        removed: &[SegmentFacts],
        added: &[SegmentFacts],
        now: Micros,
    ) -> Result<(), CommitFailure> {
        let mut actions: Vec<Action> = removed.iter().map(|facts| Action::Remove(remove(facts, now))).collect();
        actions.extend(added.iter().map(|facts| Action::Add(add(facts, false, now))));
        let target_size = added.iter().map(|facts| i64::try_from(facts.bytes).unwrap_or(i64::MAX)).max().unwrap_or(0);
        let operation = DeltaOperation::Optimize { predicate: None, target_size };
        self.commit(actions, operation, properties(), added, removed).await
    }

    async fn commit(
        &mut self,
        actions: Vec<Action>,
        operation: DeltaOperation,
        properties: CommitProperties,
        added: &[SegmentFacts],
        removed: &[SegmentFacts],
    ) -> Result<(), CommitFailure> {
        if let Some(unclear) = &self.unclear {
            return Err(CommitFailure { error: unclear.clone(), certain: true });
        }
        let broken = |cause| failed("commit to the Delta log", self.id, cause);
        let state = self.table.snapshot().map_err(broken)?;
        let committed = CommitBuilder::from(properties)
            .with_actions(actions)
            .build(Some(state as &dyn TableReference), self.table.log_store(), operation)
            .await;
        match committed {
            Ok(committed) => self.table.state = Some(committed.snapshot()),
            Err(cause) => {
                let error = broken(cause);
                match self.happened(added, removed).await {
                    Ok(true) => {}
                    Ok(false) => return Err(CommitFailure { error, certain: true }),
                    Err(again) => {
                        let error =
                            error.with_detail(again.to_string()).with_hint("restart the server, which reads the Delta log again");
                        self.unclear = Some(error.clone());
                        return Err(CommitFailure { error, certain: false });
                    }
                }
            }
        }
        self.commits_since_checkpoint += 1;
        Ok(())
    }

    /// Whether a commit whose answer was an error is in the log all the same, and durable.
    async fn happened(&mut self, added: &[SegmentFacts], removed: &[SegmentFacts]) -> Result<bool> {
        self.reload().await?;
        let known = self.segments()?;
        let is_known = |facts: &SegmentFacts| known.iter().any(|segment| segment.name == facts.name);
        if !added.iter().all(is_known) || removed.iter().any(is_known) {
            return Ok(false);
        }
        let folder = self.dir.join(LOG_FOLDER);
        let sync = || -> std::io::Result<()> {
            for file in fs::read_dir(&folder)? {
                fs::File::open(file?.path())?.sync_all()?;
            }
            sync_dir(&folder)
        };
        sync().map_err(|cause| Error::io("sync", &folder, &cause))?;
        Ok(true)
    }

    async fn reload(&mut self) -> Result<()> {
        self.table.update_state().await.map_err(|cause| failed("read the Delta log again", self.id, cause))?;
        self.position = self.read_position().await?;
        Ok(())
    }

    /// What a checkpoint needs, if enough commits came since the last; the log may be committed to meanwhile.
    pub(crate) fn checkpoint_due(&mut self, after_commits: u64) -> Option<Checkpoint> {
        if self.commits_since_checkpoint < after_commits.max(1) {
            return None;
        }
        self.commits_since_checkpoint = 0;
        Some(Checkpoint { table: self.table.clone(), id: self.id })
    }
}

/// A Delta checkpoint that is to be written.
pub(crate) struct Checkpoint {
    table: DeltaTable,
    id: TableId,
}

impl Checkpoint {
    /// Writes it and removes log files that expired before `cutoff`.
    pub(crate) async fn write(self, cutoff: Micros) -> Result<()> {
        let Checkpoint { table, id } = self;
        let (reply, done) = tokio::sync::oneshot::channel();
        // The library writes a checkpoint synchronously inside its future; a thread of its own keeps that away from everybody.
        let work = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(DeltaTableError::from);
            let result = runtime.and_then(|runtime| {
                runtime.block_on(async {
                    checkpoints::create_checkpoint(&table, None).await?;
                    let version = table.snapshot()?.version();
                    checkpoints::cleanup_expired_logs_for(version, table.log_store().as_ref(), cutoff.div_euclid(1000), None).await
                })
            });
            let _ = reply.send(result);
        };
        std::thread::Builder::new()
            .name("annals-checkpoint".to_owned())
            .spawn(work)
            .map_err(|cause| Error::internal(format!("could not start a thread: {cause}")))?;
        let result = done.await.map_err(|_| Error::internal("the thread that writes a Delta checkpoint ended early"))?;
        result.map_err(|cause| failed("write a Delta checkpoint", id, cause)).map(drop)
    }
}

fn properties() -> CommitProperties {
    CommitProperties::default().with_create_checkpoint(false).with_cleanup_expired_logs(Some(false))
}

fn log_store(dir: &Path) -> Result<LogStoreRef> {
    let broken = |cause: DeltaTableError| {
        Error::new(Kind::IoError, format!("could not open the Delta log in \"{}\": {cause}", dir.display()))
    };
    let url = ensure_table_uri(dir.to_string_lossy()).map_err(broken)?;
    logstore_with(Arc::new(DurableStore::everything()), &url, StorageConfig::default()).map_err(broken)
}

fn failed(doing: &str, id: TableId, cause: DeltaTableError) -> Error {
    let kind = if is_disk_full(&cause) { Kind::DiskFull } else { Kind::IoError };
    Error::new(kind, format!("could not {doing} of table {id}: {cause}"))
}

fn description(spec: &TableSpec) -> String {
    format!("Annals table {} ({}), time column {}", spec.label, format!("{:?}", spec.kind).to_lowercase(), spec.time_column_name())
}

/// The Delta schema of a table: its segments' columns, then the partition.
fn delta_schema(spec: &TableSpec) -> Result<StructType> {
    let file = physical::file_schema(spec);
    let mut fields = Vec::with_capacity(file.fields().len() + 1);
    for field in file.fields() {
        let mut metadata: Vec<(String, MetadataValue)> = Vec::new();
        if let Some(column) = spec.columns.iter().find(|column| column.field.name() == field.name()) {
            metadata.push(("annals.id".to_owned(), MetadataValue::Number(i64::from(column.id))));
            metadata.push(("annals.type".to_owned(), MetadataValue::String(SqlType::of_field(&column.field).to_string())));
        }
        fields.push(StructField::new(field.name().clone(), delta_type(field)?, field.is_nullable()).with_metadata(metadata));
    }
    fields.push(StructField::new(DAY_COLUMN, DataType::Primitive(PrimitiveType::Date), true));
    StructType::try_new(fields).map_err(|cause| Error::new(Kind::InvalidTableDefinition, format!("table {}: {cause}", spec.label)))
}

fn delta_type(field: &Field) -> Result<DataType> {
    let unknown = || Error::internal(format!("column \"{}\" of type {} has no Delta type", field.name(), field.data_type()));
    Ok(match field.data_type() {
        ArrowType::Boolean => DataType::Primitive(PrimitiveType::Boolean),
        ArrowType::Int16 => DataType::Primitive(PrimitiveType::Short),
        ArrowType::Int32 => DataType::Primitive(PrimitiveType::Integer),
        ArrowType::Int64 => DataType::Primitive(PrimitiveType::Long),
        ArrowType::Float32 => DataType::Primitive(PrimitiveType::Float),
        ArrowType::Float64 => DataType::Primitive(PrimitiveType::Double),
        ArrowType::Utf8View | ArrowType::Utf8 => DataType::Primitive(PrimitiveType::String),
        ArrowType::Binary => DataType::Primitive(PrimitiveType::Binary),
        ArrowType::Date32 => DataType::Primitive(PrimitiveType::Date),
        ArrowType::Timestamp(_, Some(_)) => DataType::Primitive(PrimitiveType::Timestamp),
        ArrowType::Decimal128(precision, scale) => {
            let scale = u8::try_from(*scale).map_err(|_| unknown())?;
            DataType::decimal(*precision, scale).map_err(|_| unknown())?
        }
        ArrowType::List(item) => DataType::from(ArrayType::new(delta_type(item)?, item.is_nullable())),
        _ => return Err(unknown()),
    })
}

fn add(facts: &SegmentFacts, data_change: bool, now: Micros) -> Add {
    let tag = |name: &str, value: i64| (format!("annals.{name}"), Some(value.to_string()));
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    Add {
        path: facts.name.clone(),
        partition_values: partition(facts),
        size: number(facts.bytes),
        modification_time: now.div_euclid(1000),
        data_change,
        stats: Some(facts.statistics.clone()),
        tags: Some(HashMap::from([
            tag("rows", number(facts.rows)),
            tag("timeMin", facts.time_min),
            tag("timeMax", facts.time_max),
            tag("leafMin", facts.leaf_min),
            tag("leafMax", facts.leaf_max),
            tag("day", i64::from(facts.day)),
            tag("crc32c", i64::from(facts.crc32c)),
        ])),
        ..Add::default()
    }
}

fn partition(facts: &SegmentFacts) -> HashMap<String, Option<String>> {
    HashMap::from([(DAY_COLUMN.to_owned(), Some(super::segment::day_text(facts.day)))])
}

fn remove(facts: &SegmentFacts, now: Micros) -> Remove {
    Remove {
        path: facts.name.clone(),
        data_change: false,
        deletion_timestamp: Some(now.div_euclid(1000)),
        extended_file_metadata: Some(true),
        partition_values: Some(partition(facts)),
        size: i64::try_from(facts.bytes).ok(),
        ..Remove::default()
    }
}

/// A segment's facts from its tags; `None` if Annals did not write them.
fn facts(add: &Add) -> Option<SegmentFacts> {
    let tags = add.tags.as_ref()?;
    let tag = |name: &str| tags.get(&format!("annals.{name}"))?.as_ref()?.parse::<i64>().ok();
    Some(SegmentFacts {
        fresh: false,
        name: add.path.clone(),
        bytes: u64::try_from(add.size).ok()?,
        rows: u64::try_from(tag("rows")?).ok()?,
        time_min: tag("timeMin")?,
        time_max: tag("timeMax")?,
        leaf_min: tag("leafMin")?,
        leaf_max: tag("leafMax")?,
        day: i32::try_from(tag("day")?).ok()?,
        crc32c: u32::try_from(tag("crc32c")?).ok()?,
        statistics: add.stats.clone().unwrap_or_default(),
    })
}

/// The commit files of a log in order. Staged files that never got their name are removed.
fn commit_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|cause| Error::io("list", folder, &cause))? {
        let path = entry.map_err(|cause| Error::io("list", folder, &cause))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.contains('#') {
            fs::remove_file(&path).map_err(|cause| Error::io("remove", &path, &cause))?;
        } else if name
            .strip_suffix(".json")
            .is_some_and(|digits| digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit()))
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The version of the last checkpoint, as the digits of its name.
fn last_checkpoint(folder: &Path) -> Result<Option<String>> {
    let names = entries(folder)?.into_iter().map(|(name, _)| name);
    Ok(names.filter_map(|name| name.split_once(".checkpoint.").map(|(version, _)| version.to_owned())).max())
}

fn commits_since_checkpoint(folder: &Path, commits: &[PathBuf]) -> Result<u64> {
    let last = last_checkpoint(folder)?.unwrap_or_default();
    let later = |path: &&PathBuf| path.file_stem().is_some_and(|stem| *stem.to_string_lossy() > *last);
    Ok(commits.iter().filter(later).count() as u64)
}

/// Whether a commit file holds whole JSON objects, one a line.
fn is_whole(path: &Path) -> Result<bool> {
    let bytes = fs::read(path).map_err(|cause| Error::io("read", path, &cause))?;
    let mut lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).peekable();
    let any = lines.peek().is_some();
    Ok(any && lines.all(|line| serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(line).is_ok()))
}

fn set_bad_end_aside(dir: &Path, folder: &Path) -> Result<Option<SetAside>> {
    let files = commit_files(folder)?;
    let Some(last) = files.last() else { return Ok(None) };
    if is_whole(last)? {
        return Ok(None);
    }
    let aside = dir.join("_damaged");
    make_dirs(&aside).map_err(|cause| Error::io("make the folder", &aside, &cause))?;
    let name = last.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let to = (0..).map(|n| aside.join(format!("{name}.{n}"))).find(|path| !path.exists()).unwrap_or_else(|| aside.join(&name));
    fs::rename(last, &to).map_err(|cause| Error::io("set aside", last, &cause))?;
    sync_dir(folder).map_err(|cause| Error::io("sync", folder, &cause))?;
    tracing::warn!(file = %last.display(), moved_to = %to.display(), "set aside a Delta commit that a crash left unreadable; its rows are flushed again from the write-ahead log");
    Ok(Some(SetAside { from: last.clone(), to }))
}

/// Names the damaged file where it can be told, else the folder.
fn name_damage(id: TableId, dir: &Path, commits: &[PathBuf], cause: &DeltaTableError) -> Error {
    let damaged = commits.iter().find(|path| !is_whole(path).unwrap_or(false));
    let what = match damaged {
        Some(file) => format!("the Delta commit \"{}\" of table {id} is damaged", file.display()),
        None => format!("the Delta log in \"{}\" of table {id} cannot be read: {cause}", dir.join(LOG_FOLDER).display()),
    };
    Error::new(Kind::DataCorrupted, what).with_hint("restore the file from a backup; other tables are not affected")
}

/// Files in a table's folder that its log does not name: left by a crash before their commit, or after they were replaced.
pub(crate) fn orphans<'a>(dir: &Path, segments: impl Iterator<Item = &'a SegmentFacts>) -> Result<Vec<PathBuf>> {
    let named: std::collections::HashSet<PathBuf> = segments.map(|facts| dir.join(&facts.name)).collect();
    let mut orphans = Vec::new();
    for (_, day) in entries(dir)?.into_iter().filter(|(name, _)| name.starts_with(&format!("{DAY_COLUMN}="))) {
        for (name, path) in entries(&day)? {
            let ours = name.ends_with(".parquet") || name.contains(".parquet#");
            if ours && !named.contains(&path) {
                orphans.push(path);
            }
        }
    }
    Ok(orphans)
}

fn entries(dir: &Path) -> Result<Vec<(String, PathBuf)>> {
    match fs::read_dir(dir) {
        Ok(entries) => {
            Ok(entries.flatten().map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path())).collect())
        }
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(cause) => Err(Error::io("list", dir, &cause)),
    }
}
