//! Random histories, compared with a plain model at every step; and readers beside a store at work.

use super::*;

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

#[test]
fn more_tables_than_there_are_threads_to_wait_in_are_opened() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).max_blocking_threads(24).enable_all().build().unwrap();
    runtime.block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(options(dir.path())).await.unwrap();
        let specs: Vec<TableSpec> = (0..40).map(|at| log_spec(&format!("public.t{at}"))).collect();
        store.commit(Commit { define: specs.clone(), ..Commit::default() }).await.unwrap();
        let batches = specs.iter().map(|spec| (spec.id, log_batch(spec, 1, 1)));
        store.commit(Commit { rows: batches.collect(), ..Commit::default() }).await.unwrap();
        store.checkpoint().await.unwrap();
        store.close().await.unwrap();
        let store = Store::open(options(dir.path())).await.unwrap();
        for spec in &specs {
            assert_whole(&store, spec.id, 1).await;
        }
    });
}
