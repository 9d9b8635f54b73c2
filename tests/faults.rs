//! A disk that fails, fills up or lies never costs an acknowledged row, and never gives a wrong answer: the error names the file, and
//! tables that are not concerned go on.

mod damage;

use std::path::Path;

use tokio_postgres::{Client, Error};

use crate::harness::{CAN_PLANT, Chance, Launch, Mounted, Server, copy_in, count, folder, skipped, sqlstate};

/// SQLSTATEs of a disk that refuses: I/O error and disk full.
const IO_ERROR: &str = "58030";
const DISK_FULL: &str = "53100";

const CREATE: &str = "CREATE TABLE ledger_of_rows (occurred_at timestamptz NOT NULL DEFAULT now(), n bigint NOT NULL, filler text);
    CREATE TABLE bystander (occurred_at timestamptz NOT NULL DEFAULT now(), n bigint NOT NULL);
    INSERT INTO bystander (n) VALUES (1), (2), (3)";

/// A store with both tables and `rows` acknowledged rows, of which some are in segments and some in the WAL only.
async fn prepare(data: &Path, rows: i64) {
    let server = Server::start(data);
    let client = server.connect().await;
    client.batch_execute(CREATE).await.unwrap();
    insert(&client, 0..rows / 2).await.unwrap();
    client.batch_execute("CHECKPOINT").await.unwrap();
    insert(&client, rows / 2..rows).await.unwrap();
    server.kill9();
}

/// Inserts these numbers in one COPY, all on one day, so that a compaction finds files to merge.
async fn insert(client: &Client, numbers: std::ops::Range<i64>) -> Result<u64, Error> {
    let text: String = numbers.map(|n| format!("2025-02-01 10:00:{:02}+00\t{n}\tfiller {}\n", n % 60, n % 7)).collect();
    copy_in(client, "COPY ledger_of_rows (occurred_at, n, filler) FROM STDIN", text).await
}

/// Whether faults can be planted in this build; prints a line when they cannot.
fn can_plant() -> bool {
    if !CAN_PLANT {
        skipped("planted faults", "the build has no debug assertions");
    }
    CAN_PLANT
}

/// Asserts that exactly the numbers from 0 up to `rows` are there, each once.
async fn expect_rows(client: &Client, rows: i64, when: &str) {
    let sql = "SELECT count(*) FROM ledger_of_rows";
    assert_eq!(count(client, sql).await, rows, "{when}");
    let sql = "SELECT count(DISTINCT n) FROM ledger_of_rows WHERE n BETWEEN 0 AND ";
    assert_eq!(count(client, &format!("{sql}{}", rows - 1)).await, rows, "{when}");
    assert_eq!(count(client, "SELECT count(*) FROM bystander").await, 3, "{when}");
}

/// Asserts that the disk was blamed, by SQLSTATE and with the name of a file of this kind.
fn expect_blame(error: &Error, file: &str) {
    let report = error.as_db_error().unwrap_or_else(|| panic!("the server did not answer: {error:?}"));
    assert_eq!(report.code().code(), IO_ERROR, "{report:?}");
    assert!(report.message().contains(file), "the message names no {file}: {report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wal_that_cannot_be_synced_takes_nothing_and_loses_nothing() {
    if !can_plant() {
        return;
    }
    let folder = folder();
    prepare(folder.path(), 1000).await;
    let server = Launch::on(folder.path()).fault_at("wal-before-sync").start();
    let client = server.connect().await;
    expect_rows(&client, 1000, "what was acknowledged before is there").await;
    expect_blame(&insert(&client, 1000..1100).await.unwrap_err(), ".wal");
    expect_rows(&client, 1000, "what was refused is not seen, and reading goes on").await;
    expect_blame(&client.batch_execute("CREATE TABLE never (occurred_at timestamptz NOT NULL)").await.unwrap_err(), ".wal");
    server.kill9();

    let server = Server::start(folder.path());
    let client = server.connect().await;
    // The refused rows reached the file and may be there; then all of them are, and for good.
    let found = count(&client, "SELECT count(*) FROM ledger_of_rows").await;
    assert!(found == 1000 || found == 1100, "half of a refused statement is there: {found} rows");
    insert(&client, found..found + 10).await.unwrap();
    expect_rows(&client, found + 10, "a healthy disk takes rows again").await;
}

/// Where a flush or a rewrite can fail, the statement that makes it happen, and the file that the message names.
const BACKSTAGE: [(&str, &str, &str); 3] = [
    ("mid-segment", "CHECKPOINT", ".parquet"),
    ("after-parquet", "CHECKPOINT", ""),
    ("compaction-before-commit", "VACUUM ledger_of_rows", ""),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flush_or_rewrite_that_fails_costs_no_row_and_repeats_none() {
    if !can_plant() {
        return;
    }
    for (point, sql, file) in BACKSTAGE {
        let folder = folder();
        prepare(folder.path(), 1000).await;
        let server = Launch::on(folder.path()).fault_at(point).start();
        let client = server.connect().await;
        let error = client.batch_execute(sql).await.expect_err(point);
        expect_blame(&error, file);
        expect_rows(&client, 1000, point).await;
        assert_eq!(insert(&client, 1000..1100).await.unwrap(), 100, "{point}: the WAL takes rows still");
        expect_rows(&client, 1100, point).await;
        server.kill9();

        let server = Server::start(folder.path());
        let client = server.connect().await;
        expect_rows(&client, 1100, &format!("{point}, after a restart")).await;
        client.batch_execute("CHECKPOINT").await.unwrap();
        client.batch_execute("VACUUM").await.unwrap();
        expect_rows(&client, 1100, &format!("{point}, after a healthy VACUUM")).await;
        assert!(server.terminate().success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_definition_that_fails_half_way_is_not_there() {
    if !can_plant() {
        return;
    }
    let folder = folder();
    prepare(folder.path(), 100).await;
    let server = Launch::on(folder.path()).fault_at("mid-ddl").start();
    let client = server.connect().await;
    let sql = "CREATE TABLE half (occurred_at timestamptz NOT NULL)";
    expect_blame(&client.batch_execute(sql).await.unwrap_err(), "");
    let error = client.batch_execute("SELECT * FROM half").await.unwrap_err();
    assert_eq!(sqlstate(&error), "42P01");
    expect_rows(&client, 100, "the other tables are as they were").await;
    server.kill9();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client.batch_execute(sql).await.unwrap();
    expect_rows(&client, 100, "the name is free and the store whole").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_and_forgiven() {
    let Some(disk) = Mounted::new("size=96m,mode=0755") else { return };
    let data = disk.path().join("data");
    let server = Server::start(&data);
    let client = server.connect().await;
    client.batch_execute(CREATE).await.unwrap();
    // Rows that no codec makes small, a few megabytes a statement, until the disk is full.
    let mut chance = Chance::new(96);
    let mut acknowledged = 0;
    let refused = loop {
        let text: String =
            (acknowledged..acknowledged + 2000).map(|n| format!("{n}\t{}\n", incompressible(&mut chance, 1500))).collect();
        match copy_in(&client, "COPY ledger_of_rows (n, filler) FROM STDIN", text).await {
            Ok(rows) => {
                assert_eq!(rows, 2000);
                acknowledged += 2000;
            }
            Err(error) => break error,
        }
        assert!(acknowledged < 400_000, "the disk of 96 MiB took {acknowledged} rows of 1.5 kB and is not full");
    };
    let report = refused.as_db_error().unwrap_or_else(|| panic!("the server did not answer: {refused:?}"));
    assert_eq!(report.code().code(), DISK_FULL, "{report:?}");
    assert!(report.message().contains(disk.path().to_str().unwrap()), "the message names the file: {report:?}");
    assert!(acknowledged > 0, "the disk was full before it took a row");
    expect_rows(&client, acknowledged, "reading goes on on a full disk").await;
    server.kill9();

    // With room again everything acknowledged is there. What was refused is there whole or not at all, and it is not: it was told so.
    disk.remount("size=1g");
    let server = Server::start(&data);
    let client = server.connect().await;
    expect_rows(&client, acknowledged, "after a restart with room").await;
    assert_eq!(insert(&client, acknowledged..acknowledged + 10).await.unwrap(), 10);
    client.batch_execute("CHECKPOINT").await.unwrap();
    expect_rows(&client, acknowledged + 10, "and it takes rows again").await;
    assert!(server.terminate().success());
}

/// Letters that no codec makes much smaller.
fn incompressible(chance: &mut Chance, length: usize) -> String {
    (0..length / 8).map(|_| format!("{:08x}", chance.next() & 0xffff_ffff)).collect()
}
