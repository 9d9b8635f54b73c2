//! The promises of the store as a whole: what was acknowledged is there exactly once, whatever happened in between.

#![expect(clippy::disallowed_methods, reason = "a child process is told by its environment what to do")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;

use super::samples::{self, NOON, leaves, log_batch, log_spec, numbers, options};
use super::spec::{ColumnSpec, TableId, TableSpec};
use super::*;
use crate::value::SqlType;

fn define(spec: &TableSpec) -> Commit {
    Commit { define: vec![spec.clone()], ..Commit::default() }
}

fn rows(spec: &TableSpec, batch: RecordBatch) -> Commit {
    Commit { rows: vec![(spec.id, batch)], ..Commit::default() }
}

async fn append(store: &Store, spec: &TableSpec, first: i64, count: usize) {
    store.commit(rows(spec, log_batch(spec, first, count))).await.unwrap();
}

/// Rows are numbered like leaves from 1, so that one list says everything: nothing lost, nothing twice, order kept.
async fn assert_whole(store: &Store, table: TableId, count: i64) {
    let batches = store.scan_all(table).await.unwrap();
    let expected: Vec<i64> = (1..=count).collect();
    assert_eq!(leaves(&batches), expected);
    assert_eq!(numbers(&batches), expected);
    let state = store.snapshot().table(table).cloned().unwrap();
    assert_eq!(state.next_leaf, count + 1);
    assert_eq!(state.rows(), count as u64);
}

fn state(store: &Store, spec: &TableSpec) -> Arc<TableState> {
    store.snapshot().table(spec.id).cloned().unwrap()
}

fn files(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Parquet files of rows, without those of Delta checkpoints.
fn segment_files(dir: &Path) -> Vec<PathBuf> {
    files(dir, ".parquet").into_iter().filter(|path| !path.to_string_lossy().contains("_delta_log")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_type_is_the_same_before_and_after_flush_and_reopen() {
    let dir = tempfile::tempdir().unwrap();
    let spec = samples::every_type_spec();
    let batch = samples::every_type_batch(&spec, 60);
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    store.commit(rows(&spec, batch.clone())).await.unwrap();
    let expected = samples::stored(&spec, &batch, 1, NOON);
    let whole = |batches: Vec<RecordBatch>| concat_batches(&spec.stored_schema(), &batches).unwrap();
    assert_eq!(whole(store.scan_all(spec.id).await.unwrap()), expected);
    store.kill().await;
    let store = Store::open(options(dir.path())).await.unwrap();
    assert_eq!(whole(store.scan_all(spec.id).await.unwrap()), expected);
    store.checkpoint().await.unwrap();
    assert!(state(&store, &spec).tail.is_empty());
    assert_eq!(state(&store, &spec).segments.len(), 3);
    assert_eq!(whole(store.scan_all(spec.id).await.unwrap()), expected);
    store.close().await.unwrap();
    let store = Store::open(options(dir.path())).await.unwrap();
    assert_eq!(*state(&store, &spec).spec, spec);
    assert_eq!(whole(store.scan_all(spec.id).await.unwrap()), expected);
    assert_eq!(state(&store, &spec).next_leaf, 61);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_writers_get_dense_leaves_and_survive_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let (store, spec) = (store.clone(), spec.clone());
            tokio::spawn(async move {
                for turn in 0..25 {
                    append(&store, &spec, task * 1000 + turn, 1).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let expected: Vec<i64> = (1..=400).collect();
    let before = store.scan_all(spec.id).await.unwrap();
    assert_eq!(leaves(&before), expected);
    let mut distinct = numbers(&before);
    distinct.sort_unstable();
    assert_eq!(distinct, (0..16).flat_map(|task| (0..25).map(move |turn| task * 1000 + turn)).collect::<Vec<i64>>());
    store.kill().await;
    let store = Store::open(options(dir.path())).await.unwrap();
    let after = store.scan_all(spec.id).await.unwrap();
    assert_eq!(numbers(&after), numbers(&before));
    assert_eq!(leaves(&after), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_sees_each_row_once_whatever_happens_later() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    append(&store, &spec, 1, 100).await;
    let held = state(&store, &spec);
    store.checkpoint().await.unwrap();
    let flushed = state(&store, &spec);
    for first in [101, 201, 301] {
        append(&store, &spec, first, 100).await;
        store.checkpoint().await.unwrap();
    }
    let report = store.vacuum(Some(spec.id)).await.unwrap();
    assert!(report.segments_after < report.segments_before, "{report:?}");
    let count = |state: &TableState| numbers(&read::read_table(state).unwrap());
    assert_eq!(count(&held), (1..=100).collect::<Vec<_>>());
    assert_eq!(count(&flushed), (1..=100).collect::<Vec<_>>());
    assert_whole(&store, spec.id, 400).await;
    let with_readers = segment_files(dir.path()).len();
    drop((held, flushed));
    store.await_janitor().await;
    let without = segment_files(dir.path()).len();
    assert!(without < with_readers);
    assert_eq!(without as u64, report.segments_after);
    store.close().await.unwrap();
    let store = Store::open(options(dir.path())).await.unwrap();
    assert_whole(&store, spec.id, 400).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn columns_may_come_later() {
    let dir = tempfile::tempdir().unwrap();
    let old = log_spec("public.t");
    let mut new = old.clone();
    new.columns.push(ColumnSpec { id: 9, field: Arc::new(SqlType::Jsonb.field("extra", true)), bloom: false });
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&old)).await.unwrap();
    append(&store, &old, 1, 10).await;
    store.checkpoint().await.unwrap();
    append(&store, &old, 11, 10).await;
    store.commit(define(&new)).await.unwrap();
    assert!(store.commit(rows(&old, log_batch(&old, 21, 10))).await.is_err(), "rows of the old shape are refused");
    let with_extra = |first, count| {
        let mut columns = log_batch(&old, first, count).columns().to_vec();
        columns.push(Arc::new(arrow::array::StringViewArray::from(vec!["{}"; count])));
        RecordBatch::try_new(new.commit_schema(), columns).unwrap()
    };
    store.commit(rows(&new, with_extra(21, 10))).await.unwrap();
    assert_whole(&store, old.id, 30).await;
    store.kill().await;
    let store = Store::open(options(dir.path())).await.unwrap();
    assert_whole(&store, old.id, 30).await;
    store.vacuum(None).await.unwrap();
    assert_whole(&store, old.id, 30).await;
    store.close().await.unwrap();
    let store = Store::open(options(dir.path())).await.unwrap();
    let all = concat_batches(&new.stored_schema(), &store.scan_all(old.id).await.unwrap()).unwrap();
    assert_eq!(all.column_by_name("extra").unwrap().null_count(), 20);
    let mut not_null = new.clone();
    not_null.columns.push(ColumnSpec { id: 10, field: Arc::new(SqlType::Int4.field("must", false)), bloom: false });
    assert_eq!(store.commit(define(&not_null)).await.unwrap_err().kind(), Kind::NotNullViolation);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_table_goes_when_its_readers_have_left() {
    let dir = tempfile::tempdir().unwrap();
    let (spec, other) = (log_spec("public.t"), log_spec("public.other"));
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(Commit { define: vec![spec.clone(), other.clone()], ..Commit::default() }).await.unwrap();
    append(&store, &spec, 1, 50).await;
    append(&store, &other, 1, 5).await;
    store.checkpoint().await.unwrap();
    let held = state(&store, &spec);
    store.commit(Commit { drop: vec![spec.id], ..Commit::default() }).await.unwrap();
    assert!(store.snapshot().table(spec.id).is_none());
    assert_eq!(store.commit(rows(&spec, log_batch(&spec, 51, 1))).await.unwrap_err().kind(), Kind::UndefinedTable);
    assert_eq!(read::read_table(&held).unwrap()[0].num_rows(), 50);
    let folder = dir.path().join("tables").join(spec.id.to_string());
    store.checkpoint().await.unwrap();
    assert!(folder.exists());
    drop(held);
    store.await_janitor().await;
    assert!(!folder.exists());
    store.kill().await;
    let store = Store::open(options(dir.path())).await.unwrap();
    assert!(store.snapshot().table(spec.id).is_none());
    assert_whole(&store, other.id, 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drop_cut_short_is_finished_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    append(&store, &spec, 1, 50).await;
    store.checkpoint().await.unwrap();
    let held = state(&store, &spec);
    store.commit(Commit { drop: vec![spec.id], ..Commit::default() }).await.unwrap();
    store.checkpoint().await.unwrap();
    store.kill().await;
    let folder = dir.path().join("tables").join(spec.id.to_string());
    assert!(folder.exists(), "a reader holds it");
    let _store = Store::open(options(dir.path())).await.unwrap();
    assert!(!folder.exists());
    drop(held);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reference_table_keeps_its_latest_state() {
    let dir = tempfile::tempdir().unwrap();
    let spec = samples::reference_spec("public.r");
    let expected = [(1, "z".to_owned()), (3, "c".to_owned()), (4, "d".to_owned())];
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    let first = [(OP_PUT, 1, "a"), (OP_PUT, 2, "b"), (OP_PUT, 3, "c")];
    store.commit(rows(&spec, samples::changes(&spec, &first))).await.unwrap();
    store.checkpoint().await.unwrap();
    store.commit(rows(&spec, samples::changes(&spec, &[(OP_REMOVE, 2, "b"), (OP_PUT, 1, "z")]))).await.unwrap();
    store.checkpoint().await.unwrap();
    store.commit(rows(&spec, samples::changes(&spec, &[(OP_PUT, 4, "d")]))).await.unwrap();
    let latest = |store: &Store| state(store, &spec).latest.clone().unwrap();
    assert_eq!(samples::names(&latest(&store).batch().unwrap()), expected);
    store.kill().await;
    let store = Store::open(options(dir.path())).await.unwrap();
    assert_eq!(samples::names(&latest(&store).batch().unwrap()), expected);
    store.vacuum(None).await.unwrap();
    store.close().await.unwrap();
    let store = Store::open(options(dir.path())).await.unwrap();
    assert_eq!(samples::names(&latest(&store).batch().unwrap()), expected);
    assert_eq!(latest(&store).next_row(), 5);
    let wrong = samples::changes(&spec, &[(9, 4, "d")]);
    assert!(store.commit(rows(&spec, wrong)).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_torn_end_is_cut_off_at_every_byte() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    append(&store, &spec, 1, 3).await;
    let wal = files(&dir.path().join("wal"), ".wal").pop().unwrap();
    let acknowledged = fs::metadata(&wal).unwrap().len();
    append(&store, &spec, 4, 2).await;
    store.kill().await;
    let whole = fs::read(&wal).unwrap();
    for cut in (acknowledged as usize..whole.len()).step_by(13) {
        let copy = tempfile::tempdir().unwrap();
        fs::create_dir(copy.path().join("wal")).unwrap();
        fs::write(copy.path().join("FORMAT"), "1\n").unwrap();
        fs::write(copy.path().join("wal").join(wal.file_name().unwrap()), &whole[..cut]).unwrap();
        let store = Store::open(options(copy.path())).await.unwrap();
        assert_whole(&store, spec.id, 3).await;
        append(&store, &spec, 4, 1).await;
        store.kill().await;
        let store = Store::open(options(copy.path())).await.unwrap();
        assert_whole(&store, spec.id, 4).await;
        store.kill().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_before_the_torn_end_is_refused_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    append(&store, &spec, 1, 3).await;
    let wal = files(&dir.path().join("wal"), ".wal").pop().unwrap();
    let place = fs::metadata(&wal).unwrap().len() as usize - 100;
    append(&store, &spec, 4, 2).await;
    store.kill().await;
    let whole = fs::read(&wal).unwrap();
    let mut flipped = whole.clone();
    flipped[place] ^= 4;
    fs::write(&wal, &flipped).unwrap();
    let refused = Store::open(options(dir.path())).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::DataCorrupted);
    assert!(refused.message().contains(&*wal.to_string_lossy()) && refused.message().contains("at byte"), "{refused}");
    assert_eq!(fs::read(&wal).unwrap(), flipped, "nothing was cut");
    fs::write(&wal, &whole).unwrap();
    let store = Store::open(options(dir.path())).await.unwrap();
    assert_whole(&store, spec.id, 5).await;
    store.kill().await;
    // The file that was the last is now followed by another: its end may no longer be torn.
    let store = Store::open(options(dir.path())).await.unwrap();
    append(&store, &spec, 6, 1).await;
    store.kill().await;
    fs::write(&wal, &whole[..whole.len() - 3]).unwrap();
    assert_eq!(Store::open(options(dir.path())).await.unwrap_err().kind(), Kind::DataCorrupted);
    fs::remove_file(&wal).unwrap();
    let refused = Store::open(options(dir.path())).await;
    let damaged = match refused {
        // The file was the first: what is missing shows in the leaf indexes.
        Ok(store) => state(&store, &spec).check().unwrap_err(),
        Err(error) => error,
    };
    assert_eq!(damaged.kind(), Kind::DataCorrupted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_write_leaves_nothing_and_the_log_goes_on() {
    for point in [crash::WAL_BEFORE_SYNC, crash::WAL_AFTER_SYNC, crash::MID_DDL] {
        let dir = tempfile::tempdir().unwrap();
        let (spec, other) = (log_spec("public.t"), log_spec("public.u"));
        let options = options(dir.path());
        let faults = options.faults.clone();
        let store = Store::open(options.clone()).await.unwrap();
        store.commit(define(&spec)).await.unwrap();
        append(&store, &spec, 1, 3).await;
        faults.fail_at(Some(point));
        let both = Commit { define: vec![other.clone()], rows: vec![(spec.id, log_batch(&spec, 99, 2))], ..Commit::default() };
        let failed = store.commit(both).await.unwrap_err();
        assert_eq!(failed.kind(), Kind::IoError, "{point}");
        assert!(store.snapshot().table(other.id).is_none());
        assert_whole(&store, spec.id, 3).await;
        faults.fail_at(None);
        append(&store, &spec, 4, 2).await;
        assert_whole(&store, spec.id, 5).await;
        store.kill().await;
        let store = Store::open(options).await.unwrap();
        assert!(store.snapshot().table(other.id).is_none(), "{point}");
        assert_whole(&store, spec.id, 5).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_flush_leaves_the_rows_in_the_log() {
    for point in [crash::MID_SEGMENT, crash::AFTER_PARQUET, crash::BEFORE_WAL_CUT] {
        let dir = tempfile::tempdir().unwrap();
        let spec = log_spec("public.t");
        let options = options(dir.path());
        let faults = options.faults.clone();
        let store = Store::open(options.clone()).await.unwrap();
        store.commit(define(&spec)).await.unwrap();
        append(&store, &spec, 1, 300).await;
        faults.fail_at(Some(point));
        store.checkpoint().await.unwrap_err();
        assert_whole(&store, spec.id, 300).await;
        store.kill().await;
        faults.fail_at(None);
        let store = Store::open(options.clone()).await.unwrap();
        assert_whole(&store, spec.id, 300).await;
        append(&store, &spec, 301, 3).await;
        store.checkpoint().await.unwrap();
        assert_whole(&store, spec.id, 303).await;
        let on_disk = segment_files(dir.path()).len();
        assert_eq!(on_disk, state(&store, &spec).segments.len(), "no orphan stays after {point}");
        store.close().await.unwrap();
        assert_whole(&Store::open(options).await.unwrap(), spec.id, 303).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_rewrite_changes_nothing() {
    for point in [crash::COMPACTION_BEFORE_COMMIT, crash::COMPACTION_AFTER_COMMIT] {
        let dir = tempfile::tempdir().unwrap();
        let spec = log_spec("public.t");
        let options = options(dir.path());
        let faults = options.faults.clone();
        let store = Store::open(options.clone()).await.unwrap();
        store.commit(define(&spec)).await.unwrap();
        for turn in 0..4 {
            append(&store, &spec, turn * 100 + 1, 100).await;
            store.checkpoint().await.unwrap();
        }
        faults.fail_at(Some(point));
        let _ = store.vacuum(None).await;
        assert_whole(&store, spec.id, 400).await;
        store.kill().await;
        faults.fail_at(None);
        let store = Store::open(options.clone()).await.unwrap();
        assert_whole(&store, spec.id, 400).await;
        assert_eq!(segment_files(dir.path()).len(), state(&store, &spec).segments.len(), "{point}");
        store.vacuum(None).await.unwrap();
        assert_whole(&store, spec.id, 400).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_segment_is_an_ordinary_parquet_file_newest_first() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    append(&store, &spec, 1, 500).await;
    store.checkpoint().await.unwrap();
    for segment in state(&store, &spec).segments.iter() {
        let foreign = foreign::read_parquet(&segment.file(), 64).unwrap();
        assert_eq!(foreign.rows(), segment.rows);
        let names: Vec<_> = foreign.schema().fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(names, ["event_id", "occurred_at", "message", "n", "_li", "_ingest_ts"]);
        let mut times = Vec::new();
        for batch in foreign {
            times.extend_from_slice(tail::time_values(&batch.unwrap(), &spec).unwrap());
        }
        assert!(times.is_sorted_by(|a, b| a >= b));
        assert_eq!((times[0], times[times.len() - 1]), (segment.time_max, segment.time_min));
        assert!(times.iter().all(|time| day_of(*time) == segment.day));
    }
}

/// Copies a folder as a crash would leave it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { fs::copy(&path, &target).map(drop).unwrap() }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreadable_last_delta_commit_is_flushed_again() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let options = options(dir.path());
    let faults = options.faults.clone();
    let store = Store::open(options.clone()).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    append(&store, &spec, 1, 100).await;
    store.checkpoint().await.unwrap();
    append(&store, &spec, 101, 100).await;
    faults.fail_at(Some(crash::BEFORE_WAL_CUT));
    store.checkpoint().await.unwrap_err();
    store.kill().await;
    faults.fail_at(None);
    let table = dir.path().join("tables").join(spec.id.to_string());
    let last = files(&table.join("_delta_log"), ".json").pop().unwrap();
    for damage in ["", "{\"commitInfo\":{\"times"] {
        let crashed = tempfile::tempdir().unwrap();
        copy(dir.path(), crashed.path());
        let last = crashed.path().join(last.strip_prefix(dir.path()).unwrap());
        fs::write(&last, damage).unwrap();
        let store = Store::open(samples::options(crashed.path())).await.unwrap();
        assert_whole(&store, spec.id, 200).await;
        store.checkpoint().await.unwrap();
        assert_whole(&store, spec.id, 200).await;
        store.close().await.unwrap();
        let store = Store::open(samples::options(crashed.path())).await.unwrap();
        assert_whole(&store, spec.id, 200).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_to_one_table_is_named_and_leaves_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let (spec, other) = (log_spec("public.t"), log_spec("public.other"));
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(Commit { define: vec![spec.clone(), other.clone()], ..Commit::default() }).await.unwrap();
    for turn in 0..3 {
        append(&store, &spec, turn * 10 + 1, 10).await;
        append(&store, &other, turn * 10 + 1, 10).await;
        store.checkpoint().await.unwrap();
    }
    store.close().await.unwrap();
    let table = dir.path().join("tables").join(spec.id.to_string());
    let commits = files(&table.join("_delta_log"), ".json");
    let segment = segment_files(&table).pop().unwrap();
    type Harm = Box<dyn Fn(&Path)>;
    let cut = |path: PathBuf| -> Harm {
        Box::new(move |root| {
            let path = root.join(&path);
            let bytes = fs::read(&path).unwrap();
            fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        })
    };
    let inside = |path: &Path| path.strip_prefix(dir.path()).unwrap().to_owned();
    let gone = inside(&segment);
    let cases: Vec<(PathBuf, Harm)> = vec![
        (inside(&commits[1]), cut(inside(&commits[1]))),
        (inside(&commits[3]), cut(inside(&commits[3]))),
        (inside(&segment), cut(inside(&segment))),
        (inside(&segment), Box::new(move |root| fs::remove_file(root.join(&gone)).unwrap())),
    ];
    for (named, harm) in cases {
        let harmed = tempfile::tempdir().unwrap();
        copy(dir.path(), harmed.path());
        harm(harmed.path());
        let store = Store::open(options(harmed.path())).await.unwrap();
        let damage = store.scan_all(spec.id).await.unwrap_err();
        assert_eq!(damage.kind(), Kind::DataCorrupted);
        assert!(damage.message().contains(&*named.to_string_lossy()), "{damage} does not name {}", named.display());
        assert_eq!(store.commit(rows(&spec, log_batch(&spec, 31, 1))).await.unwrap_err().kind(), Kind::DataCorrupted);
        assert_whole(&store, other.id, 30).await;
        append(&store, &other, 31, 1).await;
        store.checkpoint().await.unwrap();
        assert_whole(&store, other.id, 31).await;
        store.close().await.unwrap();
        assert!(harmed.path().join(&named).exists() || !named.ends_with("json"), "the evidence stays in its place");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_cut_after_a_flush_and_explains_itself() {
    let dir = tempfile::tempdir().unwrap();
    let (spec, quiet) = (log_spec("public.t"), log_spec("public.quiet"));
    let small = StoreOptions { wal_file_bytes: 4096, ..options(dir.path()) };
    let store = Store::open(small.clone()).await.unwrap();
    store.commit(Commit { define: vec![spec.clone(), quiet.clone()], ..Commit::default() }).await.unwrap();
    for turn in 0..40 {
        append(&store, &spec, turn * 20 + 1, 20).await;
    }
    let wal = dir.path().join("wal");
    assert!(files(&wal, ".wal").len() > 5);
    store.checkpoint().await.unwrap();
    assert_eq!(files(&wal, ".wal").len(), 1);
    append(&store, &spec, 801, 20).await;
    store.kill().await;
    let store = Store::open(small).await.unwrap();
    assert_whole(&store, spec.id, 820).await;
    assert_eq!(*state(&store, &quiet).spec, quiet);
    append(&store, &quiet, 1, 1).await;
    store.close().await.unwrap();
    assert_eq!(files(&wal, ".wal").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ingest_times_never_go_back() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let options = options(dir.path());
    let store = Store::open(options.clone()).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    append(&store, &spec, 1, 1).await;
    options.clock.set(NOON - 5);
    append(&store, &spec, 2, 1).await;
    store.close().await.unwrap();
    let store = Store::open(options).await.unwrap();
    append(&store, &spec, 3, 1).await;
    let batches = store.scan_all(spec.id).await.unwrap();
    let times: Vec<i64> = batches.iter().flat_map(|batch| tail::ingest_values(batch).unwrap().to_vec()).collect();
    assert_eq!(times, [NOON, NOON, NOON]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_wait_for_memory_and_the_flusher_makes_room() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let tight = StoreOptions { background: true, memory_bytes: 200_000, flush_bytes: 100_000, ..options(dir.path()) };
    let store = Store::open(tight).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    for turn in 0..60 {
        append(&store, &spec, turn * 200 + 1, 200).await;
        assert!(state(&store, &spec).tail_bytes() <= 300_000);
    }
    assert_whole(&store, spec.id, 12_000).await;
    store.close().await.unwrap();
    assert_eq!(store.commit(define(&log_spec("public.late"))).await.unwrap_err().kind(), Kind::AdminShutdown);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delta_checkpoint_keeps_everything() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let often = StoreOptions { delta_checkpoint_commits: 3, delta_log_retention: std::time::Duration::ZERO, ..options(dir.path()) };
    let store = Store::open(often.clone()).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    for turn in 0..5 {
        append(&store, &spec, turn * 10 + 1, 10).await;
        store.checkpoint().await.unwrap();
    }
    store.vacuum(None).await.unwrap();
    assert_eq!(files(dir.path(), ".checkpoint.parquet").len(), 1);
    let again = store.vacuum(None).await.unwrap();
    assert_eq!((again.rewrites, files(dir.path(), ".checkpoint.parquet").len()), (0, 1));
    let before: Vec<_> = state(&store, &spec).segments.iter().map(|segment| segment.facts()).collect();
    store.close().await.unwrap();
    let store = Store::open(often).await.unwrap();
    // What another process wrote is believed once it is read; everything else about it is the same.
    state(&store, &spec).segments.iter().for_each(|segment| segment.ensure_verified().unwrap());
    let after: Vec<_> = state(&store, &spec).segments.iter().map(|segment| segment.facts()).collect();
    assert_eq!(after, before);
    assert_whole(&store, spec.id, 50).await;
    append(&store, &spec, 51, 1).await;
    store.checkpoint().await.unwrap();
    assert_whole(&store, spec.id, 51).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_do_not_fit_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let store = Store::open(options(dir.path())).await.unwrap();
    assert_eq!(store.commit(rows(&spec, log_batch(&spec, 1, 1))).await.unwrap_err().kind(), Kind::UndefinedTable);
    store.commit(define(&spec)).await.unwrap();
    let narrow = log_batch(&spec, 1, 1).project(&[0, 1]).unwrap();
    assert_eq!(store.commit(rows(&spec, narrow)).await.unwrap_err().kind(), Kind::DatatypeMismatch);
    let empty = store.commit(rows(&spec, log_batch(&spec, 1, 0))).await.unwrap();
    append(&store, &spec, 1, 1).await;
    assert_eq!(store.commit(Commit::default()).await.unwrap().sequence, empty.sequence + 2);
    assert_whole(&store, spec.id, 1).await;
}

async fn loaded(store: &Store, spec: &TableSpec, first: i64, batches: usize, count: usize) -> Load {
    let mut load = store.load(spec.id).unwrap();
    for turn in 0..batches {
        load.push(log_batch(spec, first + (turn * count) as i64, count)).await.unwrap();
    }
    load
}

fn load_of(load: Load) -> Commit {
    Commit { loads: vec![load], ..Commit::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_load_is_visible_whole_at_its_commit_and_survives_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let small = StoreOptions { flush_bytes: 100_000, ..options(dir.path()) };
    let store = Store::open(small.clone()).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    append(&store, &spec, 1, 10).await;
    let load = loaded(&store, &spec, 11, 9, 500).await;
    assert_eq!(load.rows(), 4500);
    assert!(segment_files(dir.path()).len() > 3, "rows do not wait in memory");
    assert_whole(&store, spec.id, 10).await;
    let both = Commit { rows: vec![(spec.id, log_batch(&spec, 4511, 5))], ..load_of(load) };
    store.commit(both).await.unwrap();
    assert_whole(&store, spec.id, 4515).await;
    let wal: u64 = files(&dir.path().join("wal"), ".wal").iter().map(|file| fs::metadata(file).unwrap().len()).sum();
    assert!(wal < 100_000, "the rows are not in the log");
    store.kill().await;
    let store = Store::open(small.clone()).await.unwrap();
    assert_whole(&store, spec.id, 4515).await;
    append(&store, &spec, 4516, 1).await;
    store.checkpoint().await.unwrap();
    assert_whole(&store, spec.id, 4516).await;
    store.vacuum(None).await.unwrap();
    store.close().await.unwrap();
    let store = Store::open(small).await.unwrap();
    assert_whole(&store, spec.id, 4516).await;
    assert_eq!(segment_files(dir.path()).len(), state(&store, &spec).segments.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_load_overtaken_by_other_commits_moves_behind_them() {
    let dir = tempfile::tempdir().unwrap();
    let old = log_spec("public.t");
    let mut new = old.clone();
    new.columns.push(ColumnSpec { id: 9, field: Arc::new(SqlType::Text.field("extra", true)), bloom: false });
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&old)).await.unwrap();
    let load = loaded(&store, &old, 101, 4, 100).await;
    append(&store, &old, 1, 100).await;
    store.commit(load_of(load)).await.unwrap();
    assert_whole(&store, old.id, 500).await;
    let load = loaded(&store, &old, 501, 1, 100).await;
    store.commit(define(&new)).await.unwrap();
    store.commit(load_of(load)).await.unwrap();
    assert_whole(&store, old.id, 600).await;
    store.kill().await;
    let store = Store::open(options(dir.path())).await.unwrap();
    assert_whole(&store, old.id, 600).await;
    assert_eq!(segment_files(dir.path()).len(), state(&store, &old).segments.len());
    store.checkpoint().await.unwrap();
    assert_whole(&store, old.id, 600).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_load_that_is_dropped_or_fails_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let small = StoreOptions { flush_bytes: 50_000, ..options(dir.path()) };
    let store = Store::open(small.clone()).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    drop(loaded(&store, &spec, 1, 5, 500).await);
    small.faults.fail_at(Some(crash::LOAD_BEFORE_COMMIT));
    let load = loaded(&store, &spec, 1, 5, 500).await;
    store.commit(load_of(load)).await.unwrap_err();
    small.faults.fail_at(Some(crash::MID_SEGMENT));
    let load = loaded(&store, &spec, 1, 1, 500).await;
    store.commit(load_of(load)).await.unwrap_err();
    small.faults.fail_at(None);
    let load = loaded(&store, &spec, 1, 1, 500).await;
    store.commit(Commit { drop: vec![spec.id], ..Commit::default() }).await.unwrap();
    assert_eq!(store.commit(load_of(load)).await.unwrap_err().kind(), Kind::UndefinedTable);
    store.close().await.unwrap();
    assert_eq!(segment_files(dir.path()), Vec::<PathBuf>::new());
}

/// What a child process does until a crash point ends it: every acknowledgement is written down before the next commit.
async fn child_under_load(dir: &Path, told: &Path) {
    let spec = child_spec();
    let small = StoreOptions {
        flush_bytes: 60_000,
        wal_file_bytes: 20_000,
        faults: crash::Faults::from_env(),
        ..options(&dir.join("data"))
    };
    let store = Store::open(small).await.unwrap();
    if store.snapshot().table(spec.id).is_none() {
        store.commit(define(&spec)).await.unwrap();
    }
    for turn in 0.. {
        let next = state(&store, &spec).next_leaf;
        let acknowledged = match turn % 5 {
            0 => {
                let load = loaded(&store, &spec, next, 2, 50).await;
                store.commit(load_of(load)).await.unwrap();
                next + 99
            }
            1 => {
                let both = Commit { define: vec![spec.clone()], ..rows(&spec, log_batch(&spec, next, 7)) };
                store.commit(both).await.unwrap();
                next + 6
            }
            _ => {
                append(&store, &spec, next, 40).await;
                next + 39
            }
        };
        fs::write(told.with_extension("new"), acknowledged.to_string()).unwrap();
        fs::rename(told.with_extension("new"), told).unwrap();
        if turn % 4 == 3 {
            store.checkpoint().await.unwrap();
        }
        if turn % 16 == 15 {
            store.vacuum(None).await.unwrap();
        }
        assert!(turn < 200, "the crash point was never passed");
    }
}

fn child_spec() -> TableSpec {
    TableSpec { id: TableId(uuid::Uuid::from_u128(0xA11A15)), ..log_spec("public.crash") }
}

/// Runs in a child process of the test below and ends by its crash.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crash_child() {
    if let Ok(dir) = std::env::var("ANNALS_CRASH_CHILD") {
        child_under_load(Path::new(&dir), &Path::new(&dir).join("told")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_dies_at_any_point_loses_nothing_it_acknowledged() {
    let spec = child_spec();
    for point in crash::POINTS {
        let dir = tempfile::tempdir().unwrap();
        let mut whole = 0;
        for passing in [1, 6] {
            let died = std::process::Command::new(std::env::current_exe().unwrap())
                .args(["store::tests::crash_child", "--exact"])
                .env("ANNALS_CRASH_CHILD", dir.path())
                .env("ANNALS_CRASH_AT", format!("{point}:{passing}"))
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .status()
                .unwrap();
            #[cfg(unix)]
            assert_eq!(std::os::unix::process::ExitStatusExt::signal(&died), Some(6), "{point}");
            assert!(!died.success());
            let told = fs::read_to_string(dir.path().join("told")).map_or(0, |text| text.parse().unwrap());
            let store = Store::open(options(&dir.path().join("data"))).await.unwrap();
            if let Some(table) = store.snapshot().table(spec.id) {
                whole = table.next_leaf - 1;
                assert_whole(&store, spec.id, whole).await;
                let segments = table.segments.len();
                assert_eq!(segment_files(dir.path()).len(), segments, "no orphan stays after {point}");
            }
            assert!(whole >= told, "{point}: {whole} rows of {told} acknowledged");
            store.kill().await;
        }
        assert!(whole > 0, "{point}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_as_such_and_passes() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let options = options(dir.path());
    let store = Store::open(options.clone()).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    for (fault, first) in [("wal-before-sync=28", 1), ("mid-segment=28", 11)] {
        options.faults.fail_at(Some(fault));
        let commit = store.commit(rows(&spec, log_batch(&spec, first, 10))).await;
        let failed = match commit {
            Ok(_) => store.checkpoint().await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(failed.kind(), Kind::DiskFull, "{fault}: {failed}");
        options.faults.fail_at(None);
        if first == 1 {
            append(&store, &spec, 1, 10).await;
        }
        assert_whole(&store, spec.id, first + 9).await;
    }
    store.checkpoint().await.unwrap();
    assert_whole(&store, spec.id, 20).await;
    assert_eq!(segment_files(dir.path()).len(), state(&store, &spec).segments.len(), "what was half written is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit_in_a_segment_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    append(&store, &spec, 1, 50).await;
    store.checkpoint().await.unwrap();
    let state = state(&store, &spec);
    state.segments.iter().for_each(|segment| segment.verify().unwrap());
    let path = state.segments[0].file();
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let damage = state.segments[0].verify().unwrap_err();
    assert_eq!(damage.kind(), Kind::DataCorrupted);
    assert!(damage.message().contains(&*path.to_string_lossy()));
}

#[tokio::test]
async fn a_folder_with_blanks_and_umlauts_serves_on_one_thread() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let path = dir.path().join("Protokolle für #1 100%");
    let store = Store::open(options(&path)).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    for first in [1, 11] {
        append(&store, &spec, first, 10).await;
        store.checkpoint().await.unwrap();
    }
    store.vacuum(None).await.unwrap();
    store.close().await.unwrap();
    let store = Store::open(options(&path)).await.unwrap();
    assert_whole(&store, spec.id, 20).await;
    assert_eq!(Store::open(options(&path)).await.unwrap_err().kind(), Kind::ObjectInUse);
}

/// A small generator of numbers, so that a failing run can be repeated by its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Random commits, loads, flushes, rewrites, faults and kills; after each kill the store is as the last acknowledgement left it.
async fn random_life(seed: u64) {
    let dir = tempfile::tempdir().unwrap();
    let mut dice = Dice(seed);
    let mut spec = log_spec("public.t");
    let options = StoreOptions { flush_bytes: 40_000, wal_file_bytes: 30_000, delta_checkpoint_commits: 4, ..options(dir.path()) };
    let mut store = Store::open(options.clone()).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    let mut count = 0i64;
    for step in 0..120 {
        let size = 1 + dice.roll(60) as usize;
        let faulty = dice.roll(5) == 0;
        if faulty {
            let point = crash::POINTS[dice.roll(crash::POINTS.len() as u64) as usize];
            options.faults.fail_at(Some(&format!("{point}:{}!", 1 + dice.roll(3))));
        }
        let plain = |count| {
            let width = spec.commit_schema().fields().len();
            let mut columns = log_batch(&samples::log_spec("x"), count + 1, size).columns().to_vec();
            columns.extend((4..width).map(|_| Arc::new(arrow::array::StringViewArray::from(vec!["later"; size])) as _));
            RecordBatch::try_new(spec.commit_schema(), columns).unwrap()
        };
        let done = match dice.roll(12) {
            0..5 => store.commit(rows(&spec, plain(count))).await.map(|_| count += size as i64),
            5 => {
                let mut load = store.load(spec.id).unwrap();
                match load.push(plain(count)).await {
                    Ok(()) => store.commit(load_of(load)).await.map(|_| count += size as i64),
                    Err(error) => Err(error),
                }
            }
            6 if spec.columns.len() < 8 => {
                let id = 10 + spec.columns.len() as u32;
                let mut wider = spec.clone();
                wider.columns.push(ColumnSpec { id, field: Arc::new(SqlType::Text.field(format!("c{id}"), true)), bloom: true });
                let defined = store.commit(define(&wider)).await.map(drop);
                if defined.is_ok() {
                    spec = wider;
                }
                defined
            }
            6..9 => store.checkpoint().await,
            9 => store.vacuum(None).await.map(drop),
            _ => {
                store.kill().await;
                drop(store);
                options.faults.fail_at(None);
                store = Store::open(options.clone()).await.unwrap();
                Ok(())
            }
        };
        assert!(done.is_ok() || faulty, "seed {seed}, step {step}: {done:?}");
        if let Err(error) = done {
            assert_eq!(error.kind(), Kind::IoError, "seed {seed}, step {step}: {error}");
        }
        options.faults.fail_at(None);
        assert_whole(&store, spec.id, count).await;
        assert_eq!(*state(&store, &spec).spec, spec);
    }
    store.close().await.unwrap();
    let store = Store::open(options).await.unwrap();
    assert_whole(&store, spec.id, count).await;
    assert_eq!(segment_files(dir.path()).len(), state(&store, &spec).segments.len(), "seed {seed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_lives_lose_nothing() {
    for seed in 1..=4 {
        random_life(seed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_see_whole_prefixes_while_everything_runs() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let busy = StoreOptions {
        background: true,
        flush_bytes: 60_000,
        memory_bytes: 400_000,
        flush_interval: std::time::Duration::from_millis(20),
        compaction_interval: std::time::Duration::from_millis(30),
        delta_checkpoint_commits: 5,
        wal_file_bytes: 50_000,
        ..options(dir.path())
    };
    let store = Store::open(busy.clone()).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    let writers: Vec<_> = (0..4)
        .map(|task| {
            let (store, spec) = (store.clone(), spec.clone());
            tokio::spawn(async move {
                for turn in 0..40 {
                    if turn % 13 == 12 {
                        let load = loaded(&store, &spec, task * 100_000 + turn * 50, 1, 50).await;
                        store.commit(load_of(load)).await.unwrap();
                    } else {
                        append(&store, &spec, task * 100_000 + turn * 50, 50).await;
                    }
                }
            })
        })
        .collect();
    let done = tokio_util::sync::CancellationToken::new();
    let reader = tokio::spawn({
        let (store, spec, done) = (store.clone(), spec.clone(), done.clone());
        async move {
            let mut seen = 0;
            while !done.is_cancelled() {
                let leaves = leaves(&store.scan_all(spec.id).await.unwrap());
                assert!(leaves.iter().copied().eq(1..=leaves.len() as i64), "each row once, none missing");
                assert!(leaves.len() >= seen);
                seen = leaves.len();
            }
        }
    });
    for writer in writers {
        writer.await.unwrap();
    }
    store.vacuum(None).await.unwrap();
    done.cancel();
    reader.await.unwrap();
    let check = |batches: Vec<RecordBatch>| {
        assert!(leaves(&batches).into_iter().eq(1..=8000));
        let mut numbers = numbers(&batches);
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq((0..4).flat_map(|task| task * 100_000..task * 100_000 + 2000)));
    };
    check(store.scan_all(spec.id).await.unwrap());
    store.close().await.unwrap();
    let store = Store::open(busy).await.unwrap();
    check(store.scan_all(spec.id).await.unwrap());
}

/// What a child process does until it is killed: several tasks commit, flushes and rewrites run by themselves, and each task writes
/// down what was acknowledged to it.
async fn child_at_work(dir: &Path) {
    let spec = child_spec();
    let busy = StoreOptions {
        background: true,
        flush_bytes: 50_000,
        memory_bytes: 400_000,
        flush_interval: std::time::Duration::from_millis(30),
        compaction_interval: std::time::Duration::from_millis(40),
        delta_checkpoint_commits: 6,
        wal_file_bytes: 40_000,
        faults: crash::Faults::default(),
        ..options(&dir.join("data"))
    };
    let store = Store::open(busy).await.unwrap();
    if store.snapshot().table(spec.id).is_none() {
        store.commit(define(&spec)).await.unwrap();
    }
    let so_far = numbers(&store.scan_all(spec.id).await.unwrap());
    let tasks: Vec<_> = (0..4)
        .map(|task| {
            let (store, spec, told) = (store.clone(), spec.clone(), dir.join(format!("told-{task}")));
            let mut next = so_far.iter().copied().filter(|n| n / TASK == task).max().map_or(task * TASK, |last| last + 1);
            tokio::spawn(async move {
                for turn in 0.. {
                    if turn % 7 == 6 {
                        let load = loaded(&store, &spec, next, 1, 20).await;
                        store.commit(load_of(load)).await.unwrap();
                    } else {
                        append(&store, &spec, next, 20).await;
                    }
                    next += 20;
                    fs::write(told.with_extension("new"), next.to_string()).unwrap();
                    fs::rename(told.with_extension("new"), &told).unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// Each task of a child numbers its rows from a multiple of this.
const TASK: i64 = 1_000_000;

/// Runs in a child process of the test below and ends by its signal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_child() {
    if let Ok(dir) = std::env::var("ANNALS_KILL_CHILD") {
        child_at_work(Path::new(&dir)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_at_random_loses_nothing_it_acknowledged() {
    let rounds: u64 = std::env::var("ANNALS_KILL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(6);
    let spec = child_spec();
    let dir = tempfile::tempdir().unwrap();
    let mut dice = Dice(rounds);
    let mut rows_before = 0;
    for round in 0..rounds {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["store::tests::kill_child", "--exact"])
            .env("ANNALS_KILL_CHILD", dir.path())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // The first child is given the time it needs to get as far as a commit; the others are hit anywhere, also while opening.
        for _ in 0..600 {
            if round > 0 || dir.path().join("told-0").exists() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(dice.roll(700))).await;
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success());
        let store = Store::open(options(&dir.path().join("data"))).await.unwrap();
        if store.snapshot().table(spec.id).is_some() {
            let batches = store.scan_all(spec.id).await.unwrap();
            let leaves = leaves(&batches);
            assert!(leaves.iter().copied().eq(1..=leaves.len() as i64), "round {round}");
            assert!(leaves.len() >= rows_before);
            rows_before = leaves.len();
            let numbers = numbers(&batches);
            for task in 0..4 {
                let of_task: Vec<i64> = numbers.iter().copied().filter(|n| n / TASK == task).collect();
                let told =
                    fs::read_to_string(dir.path().join(format!("told-{task}"))).map_or(task * TASK, |text| text.parse().unwrap());
                let end = task * TASK + of_task.len() as i64;
                assert!(of_task.iter().copied().eq(task * TASK..end), "round {round}: each row once and in order");
                assert_eq!(of_task.len() % 20, 0, "round {round}: commits are whole");
                assert!(end >= told, "round {round}: {end} of {told}");
            }
        }
        store.kill().await;
    }
    assert!(rows_before > 0, "the child never got as far as a commit");
}
