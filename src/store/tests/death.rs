//! A process that dies, at a named point or killed at random, loses nothing that it acknowledged.

#![expect(clippy::disallowed_methods, reason = "a child process is told by its environment what to do")]

use super::*;

/// Each task of a child numbers its rows from a multiple of this.
const TASK: i64 = 1_000_000;

/// What a child process does until a crash point ends it: every acknowledgement is written down before the next commit.
async fn child_under_load(dir: &Path, told: &Path) {
    let spec = child_spec();
    let small = StoreOptions {
        // Few pieces of a load, so that some segments further one is committed.
        flush_bytes: 120_000,
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
                .args(["store::tests::death::crash_child", "--exact"])
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
            .args(["store::tests::death::kill_child", "--exact"])
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
