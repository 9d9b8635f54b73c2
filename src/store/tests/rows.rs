//! Rows come back as they were given: before and after a flush, a restart, a rewrite; in every type, for every reader.

use super::*;

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
    // Rows that were made before the column was have none of it.
    append(&store, &old, 21, 10).await;
    let with_extra = |first, count| {
        let mut columns = log_batch(&old, first, count).columns().to_vec();
        columns.push(Arc::new(arrow::array::StringViewArray::from(vec!["{}"; count])));
        RecordBatch::try_new(new.commit_schema(), columns).unwrap()
    };
    store.commit(rows(&new, with_extra(31, 10))).await.unwrap();
    assert_whole(&store, old.id, 40).await;
    store.kill().await;
    let store = Store::open(options(dir.path())).await.unwrap();
    assert_whole(&store, old.id, 40).await;
    store.vacuum(None).await.unwrap();
    assert_whole(&store, old.id, 40).await;
    store.close().await.unwrap();
    let store = Store::open(options(dir.path())).await.unwrap();
    let all = concat_batches(&new.stored_schema(), &store.scan_all(old.id).await.unwrap()).unwrap();
    assert_eq!(all.column_by_name("extra").unwrap().null_count(), 30);
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
    let narrow = log_batch(&spec, 1, 1).project(&[1, 2, 3]).unwrap();
    assert_eq!(store.commit(rows(&spec, narrow)).await.unwrap_err().kind(), Kind::DatatypeMismatch);
    let empty = store.commit(rows(&spec, log_batch(&spec, 1, 0))).await.unwrap();
    append(&store, &spec, 1, 1).await;
    assert_eq!(store.commit(Commit::default()).await.unwrap().sequence, empty.sequence + 2);
    assert_whole(&store, spec.id, 1).await;
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
