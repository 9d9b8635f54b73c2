//! What fails or was damaged is named, loses nothing that was acknowledged, and leaves the rest working.

use super::*;

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
