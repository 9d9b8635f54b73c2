//! Files that were cut or in which a bit has turned, while no server ran: found, named, and never answered from.

use std::fs;
use std::path::{Path, PathBuf};

use tokio_postgres::Client;

use super::{expect_rows, insert, prepare};
use crate::harness::{Chance, Launch, Server, Table, count, folder, lake, table};

/// A store whose WAL holds everything: ten acknowledged statements of a hundred rows, never flushed.
async fn ten_statements(data: &Path) -> PathBuf {
    let server = Server::start(data);
    let client = server.connect().await;
    client.batch_execute(super::CREATE).await.unwrap();
    for statement in 0..10 {
        insert(&client, statement * 100..(statement + 1) * 100).await.unwrap();
    }
    server.kill9();
    lake::wal(data).pop().expect("there is a WAL file")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_torn_end_of_the_wal_is_cut_off_and_reported() {
    // What a write leaves that never came to its end: nobody was told that it was durable.
    for torn in 0..3 {
        let folder = folder();
        let data = folder.path().join("data");
        let wal = ten_statements(&data).await;
        let whole = fs::read(&wal).unwrap();
        let third = whole.len() / 3;
        let torn = [&[0; 16][..], &whole[third..third + 100], &[0xff; 5000]][torn];
        fs::write(&wal, [&whole[..], torn].concat()).unwrap();
        let server = Server::start(&data);
        let said = server.said();
        assert!(said.contains(lake::file_name(&wal)), "what was cut off is reported with its file: {said}");
        expect_rows(&server.connect().await, 1000, "nothing acknowledged is cut off").await;
        server.kill9();
    }

    let folder = folder();
    let data = folder.path().join("data");
    let wal = ten_statements(&data).await;
    let whole = fs::read(&wal).unwrap();
    // The end of the last statement is missing. A file cannot tell this from a torn write, so the statement goes whole.
    fs::write(&wal, &whole[..whole.len() - 7]).unwrap();
    let server = Server::start(&data);
    let client = server.connect().await;
    expect_rows(&client, 900, "the last statement goes, and goes whole").await;
    insert(&client, 900..1000).await.unwrap();
    server.kill9();
    expect_rows(&Server::start(&data).connect().await, 1000, "rows written after the cut are read back").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bit_that_turned_in_the_wal_stops_the_start_and_is_named() {
    let folder = folder();
    let data = folder.path().join("data");
    let wal = ten_statements(&data).await;
    let whole = fs::read(&wal).unwrap();
    let mut chance = Chance::new(1);
    // In the first nine tenths durable commits follow the damage, so that it cannot be a torn end.
    for _ in 0..12 {
        let at = usize::try_from(chance.below(whole.len() as u64 * 9 / 10)).unwrap();
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << chance.below(8);
        fs::write(&wal, &bytes).unwrap();
        let Err(ended) = Launch::on(&data).try_start() else {
            panic!("a bit had turned at byte {at} of {} in the WAL, and the server started", whole.len());
        };
        let said = ended.refused();
        assert!(said.contains(lake::file_name(&wal)) && said.contains("byte"), "file and place are named: {said}");
        assert!(!said.contains("panicked"), "{said}");
        assert_eq!(fs::read(&wal).unwrap(), bytes, "a refused start leaves the file as it was");
    }
    fs::write(&wal, &whole).unwrap();
    expect_rows(&Server::start(&data).connect().await, 1000, "the file as it was is read as ever").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wal_file_that_is_missing_is_named() {
    let folder = folder();
    let data = folder.path().join("data");
    let wal = ten_statements(&data).await;
    let bytes = fs::read(&wal).unwrap();
    fs::write(&wal, &bytes[..20]).unwrap();
    let said = match Launch::on(&data).try_start() {
        Ok(_) => panic!("the server started on a WAL of twenty bytes"),
        Err(ended) => ended.refused(),
    };
    assert!(said.contains(lake::file_name(&wal)), "{said}");
}

const WHOLE: &str = "SELECT n, filler, occurred_at FROM ledger_of_rows ORDER BY n";

/// A clean store whose rows are all in segments; gives the table's folder and its content.
async fn flushed(data: &Path) -> (PathBuf, Table) {
    prepare(data, 1000).await;
    let server = Server::start(data);
    let client = server.connect().await;
    client.batch_execute("CHECKPOINT").await.unwrap();
    let content = table(&client, WHOLE).await.unwrap();
    assert!(server.terminate().success());
    (lake::delta_folder(data, "public.ledger_of_rows"), content)
}

/// Starts a server over a damaged file of `ledger_of_rows` and looks at what it says of it and of the bystander.
async fn look(data: &Path, damaged: &Path, content: &Table, may_be_harmless: bool) {
    let server = Server::start(data);
    let client = server.connect().await;
    assert_eq!(count(&client, "SELECT sum(n) FROM bystander").await, 6, "a healthy table is read");
    let answered = table(&client, WHOLE).await;
    match &answered {
        Ok(found) => {
            assert!(may_be_harmless, "{} was damaged and the rows were given all the same", damaged.display());
            assert!(found == content, "{} was damaged and other rows came back", damaged.display());
        }
        Err(error) => {
            let report = error.as_db_error().unwrap_or_else(|| panic!("the server did not answer: {error:?}"));
            assert!(["XX001", "58030"].contains(&report.code().code()), "{report:?}");
            assert!(report.message().contains(lake::file_name(damaged)), "the message names the file: {report:?}");
        }
    }
    bystander_goes_on(&client).await;
    server.kill9();
}

/// A healthy table takes rows too, beside a damaged one.
async fn bystander_goes_on(client: &Client) {
    client.batch_execute("BEGIN; INSERT INTO bystander (n) VALUES (0); ROLLBACK").await.unwrap();
    assert_eq!(count(client, "SELECT count(*) FROM bystander").await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_segment_is_named_and_never_answered_from() {
    let folder = folder();
    let data = folder.path().join("data");
    let (home, content) = flushed(&data).await;
    let segment = lake::segments(&home).pop().expect("there is a segment");
    let whole = fs::read(&segment).unwrap();

    for length in [0, 3, whole.len() / 2, whole.len() - 1] {
        fs::write(&segment, &whole[..length]).unwrap();
        look(&data, &segment, &content, false).await;
    }
    fs::remove_file(&segment).unwrap();
    look(&data, &segment, &content, false).await;

    // A turned bit may fall where nothing is read from, such as a bloom filter; then the rows must be the right ones.
    let mut chance = Chance::new(2);
    for _ in 0..10 {
        let mut bytes = whole.clone();
        let at = usize::try_from(chance.below(whole.len() as u64)).unwrap();
        bytes[at] ^= 1 << chance.below(8);
        fs::write(&segment, &bytes).unwrap();
        look(&data, &segment, &content, true).await;
    }
    fs::write(&segment, &whole).unwrap();
    let server = Server::start(&data);
    assert_eq!(table(&server.connect().await, WHOLE).await.unwrap(), content);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_delta_commit_is_named() {
    let folder = folder();
    let data = folder.path().join("data");
    let (home, content) = flushed(&data).await;
    let commit = lake::commits(&home).pop().expect("there is a commit");
    let whole = fs::read(&commit).unwrap();
    let text = String::from_utf8(whole.clone()).unwrap();

    // Cut in the middle, and a bit turned in the JSON around an action.
    fs::write(&commit, &whole[..whole.len() / 2]).unwrap();
    look(&data, &commit, &content, false).await;
    let brace = text.rfind("{\"add\"").or_else(|| text.find('{')).expect("a commit is JSON");
    let mut bytes = whole.clone();
    bytes[brace] ^= 4;
    fs::write(&commit, &bytes).unwrap();
    look(&data, &commit, &content, false).await;

    fs::write(&commit, &whole).unwrap();
    let server = Server::start(&data);
    assert_eq!(table(&server.connect().await, WHOLE).await.unwrap(), content);
}
