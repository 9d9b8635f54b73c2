//! After any crash every acknowledged row is there exactly once, and every other statement is there whole or not at all.
//!
//! A server under continuous load from several connections is ended by SIGKILL, at random or where it reaches a named point of its
//! code, started again on the same folder, and compared with what it had acknowledged. Definitions and the latest state of a
//! reference table are held to the same promise.
//!
//! `ANNALS_CRASH_ROUNDS` says how often (25), `ANNALS_CRASH_SEED` repeats the choices of a run.

mod definitions;
mod ledger;
mod load;
mod memory;

use std::env;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::harness::{CAN_PLANT, Chance, Launch, Server, folder};
use load::Load;
use memory::Memory;

/// Every place where the store promises to survive its own death, in the order of a row's life.
const POINTS: [&str; 10] = [
    "wal-before-sync",
    "wal-after-sync",
    BULK,
    "mid-ddl",
    "mid-segment",
    "after-parquet",
    "before-wal-cut",
    "mid-checkpoint",
    "compaction-before-commit",
    "compaction-after-commit",
];

/// Where a COPY that outgrew memory has written its segments and not yet its commit: only such a COPY comes by.
const BULK: &str = "load-before-commit";

/// Rounds on one folder before a fresh one, so that a run of a thousand compares each time with what it can hold in its head.
const ROUNDS_PER_STORE: u64 = 25;

/// How a round ends.
#[derive(Debug, Clone, Copy)]
enum End {
    /// SIGKILL after this many milliseconds of load.
    Killed(u64),
    /// Where this point is first reached.
    At(&'static str),
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_acknowledged_survives_every_crash() {
    let rounds: u64 = match env::var("ANNALS_CRASH_ROUNDS") {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("ANNALS_CRASH_ROUNDS must be a number, not \"{text}\"")),
        Err(_) => 25,
    };
    let (seed, mut chance) = Chance::from_environment("ANNALS_CRASH_SEED", 20_260_201);
    println!("crash: {rounds} rounds, ANNALS_CRASH_SEED={seed}");
    let mut done = 0;
    while done < rounds {
        let part = ROUNDS_PER_STORE.min(rounds - done);
        crash_one_store(done, part, &mut chance).await;
        done += part;
    }
}

/// Crashes one store `rounds` times, comparing after each; `first` numbers the rounds of the whole run.
async fn crash_one_store(first: u64, rounds: u64, chance: &mut Chance) {
    let folder = folder();
    let data = folder.path().join("data");
    let memory = Arc::new(Memory::default());
    {
        let server = Server::start(&data);
        load::create_tables(&server.connect().await).await;
        server.kill9();
    }
    for round in first..first + rounds {
        let end = if CAN_PLANT && round.is_multiple_of(2) {
            End::At(POINTS[usize::try_from(round / 2).unwrap() % POINTS.len()])
        } else {
            End::Killed(100 + chance.below(1400))
        };
        let before = memory.acknowledged();
        crash_once(&data, round, end, &memory, chance).await;
        // A crash while the last one is being recovered from is a crash like any other.
        if chance.one_in(4) {
            Launch::on(&data).interrupted(Duration::from_millis(chance.below(400)));
        }
        let server = Server::start(&data);
        let settled = memory.compare(&server, round).await;
        println!("crash: round {round} {end:?}: {} acknowledged, {settled}", memory.acknowledged() - before);
        if chance.one_in(3) {
            server.connect().await.batch_execute("CHECKPOINT").await.unwrap();
            memory.compare(&server, round).await;
        }
        server.kill9();
    }
    let server = Server::start(&data);
    server.connect().await.batch_execute("VACUUM").await.unwrap();
    memory.compare(&server, first + rounds).await;
    memory.compare_every_definition(&server).await;
    load::compare_ballast(&server.connect().await).await;
    assert!(memory.acknowledged() > rounds, "the load was too thin to prove anything: {} statements", memory.acknowledged());
    assert!(server.terminate().success(), "a store that has crashed so often still stops cleanly");
}

/// One life: start, load, death.
async fn crash_once(data: &Path, round: u64, end: End, memory: &Arc<Memory>, chance: &mut Chance) {
    let launch = Launch::on(data);
    let started = match end {
        End::Killed(_) => Ok(launch.start()),
        End::At(point) => launch.crash_at(point).try_start(),
    };
    let mut server = match started {
        Ok(server) => server,
        // Recovery itself may pass the point, since it flushes and writes; then there was no load to compare.
        Err(ended) => {
            assert!(!ended.status.success(), "a server told to crash ended in peace: {}", ended.stderr);
            println!("crash: round {round} {end:?} died while starting");
            return;
        }
    };
    let with_bulk = matches!(end, End::At(BULK)) || chance.one_in(6);
    let load = Load::start(&server, round, with_bulk, memory, chance).await;
    match end {
        End::Killed(after_ms) => {
            tokio::time::sleep(Duration::from_millis(after_ms)).await;
            server.kill9();
        }
        End::At(point) => {
            let status = server.dies().unwrap_or_else(|| panic!("no load reached the crash point \"{point}\""));
            assert!(!status.success(), "the server ended in peace at \"{point}\"");
        }
    }
    load.ended().await;
}
