//! A bulk load is one commit: whole or nothing, whoever else writes meanwhile.

use super::*;

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
