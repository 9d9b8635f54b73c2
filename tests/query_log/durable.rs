//! What was answered is in the log after any death of the process, once; what cannot be recorded is not answered.

use std::collections::HashSet;
use std::time::Duration;

use super::{ROLES, dana, settled, told};
use crate::harness::{CAN_PLANT, Launch, Server, count, folder, skipped, sqlstate};

/// How often each marked statement is in the log.
async fn marked(server: &Server, mark: &str) -> Vec<(String, i64)> {
    let observer = server.connect().await;
    settled(&observer).await;
    let sql = format!(
        "SELECT statement, count(*) FROM annals.query_log WHERE statement LIKE 'SELECT $1 AS {mark}%' GROUP BY statement ORDER BY 1"
    );
    let rows = crate::harness::table(&observer, &sql).await.unwrap().rows;
    rows.into_iter().map(|row| (row[0].clone().unwrap(), row[1].as_ref().unwrap().parse().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_is_recorded_once_after_a_kill() {
    let data = folder();
    for (round, pause_ms) in [0, 20, 48, 55, 70, 120].into_iter().enumerate() {
        let server = Server::start(data.path());
        let client = server.connect().await;
        for at in 0..5 {
            client.batch_execute(&format!("SELECT 1 AS r{round}_{at}")).await.unwrap();
            if at == 3 {
                // The last one is answered a moment before the end, and those before it are somewhere on their way.
                tokio::time::sleep(Duration::from_millis(pause_ms)).await;
            }
        }
        server.kill9();
        let server = Server::start(data.path());
        let expected: Vec<(String, i64)> = (0..5).map(|at| (format!("SELECT $1 AS r{round}_{at}"), 1)).collect();
        assert_eq!(marked(&server, &format!("r{round}")).await, expected, "round {round}");
        server.kill9();
    }
    let server = Server::start(data.path());
    assert_eq!(marked(&server, "r").await.len(), 30);
    assert!(server.terminate().success());
    let server = Server::start(data.path());
    assert!(marked(&server, "r").await.iter().all(|(_, times)| *times == 1), "also after a stop in peace");
}

/// Sessions that are busy at the same time write their entries together, and each waits for its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_many_were_answered_at_once_is_recorded_once_after_a_kill() {
    const CLIENTS: usize = 12;
    let data = folder();
    for (round, pause_ms) in [40, 150, 260].into_iter().enumerate() {
        let server = Server::start(data.path());
        let mut busy = Vec::new();
        for who in 0..CLIENTS {
            let client = server.connect().await;
            busy.push(tokio::spawn(async move {
                let mut answered = 0;
                while client.batch_execute(&format!("SELECT 1 AS m{round}_{who}_{answered}_")).await.is_ok() {
                    answered += 1;
                }
                answered
            }));
        }
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        server.kill9();
        let mut expected = Vec::new();
        for (who, ended) in busy.into_iter().enumerate() {
            expected.extend((0..ended.await.unwrap()).map(|at| format!("SELECT $1 AS m{round}_{who}_{at}_")));
        }
        assert!(expected.len() > CLIENTS, "they were busy: {}", expected.len());
        let server = Server::start(data.path());
        let found = marked(&server, &format!("m{round}")).await;
        assert!(found.iter().all(|(_, times)| *times == 1), "round {round}: {found:?}");
        assert!(found.len() <= expected.len() + CLIENTS, "what was not answered may be there, one statement of each");
        let found: HashSet<String> = found.into_iter().map(|(statement, _)| statement).collect();
        let missing: Vec<&String> = expected.iter().filter(|statement| !found.contains(*statement)).collect();
        assert!(missing.is_empty(), "round {round}: of {} answered these are missing: {missing:?}", expected.len());
        server.kill9();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_death_between_the_commit_and_its_end_repeats_nothing() {
    if !CAN_PLANT {
        return skipped("planted crashes", "the build has no debug assertions");
    }
    for point in ["wal-before-sync", "wal-after-sync"] {
        let data = folder();
        Server::start(data.path()).kill9();
        let mut server = Launch::on(data.path()).crash_at(point).start();
        let client = server.connect().await;
        client.batch_execute("SELECT 1 AS last_words").await.unwrap();
        server.dies().expect("the commit of the log reaches the point");
        let server = Server::start(data.path());
        assert_eq!(marked(&server, "last_words").await, [("SELECT $1 AS last_words".to_owned(), 1)], "{point}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_recorded_is_refused_to_all_but_superusers() {
    if !CAN_PLANT {
        return skipped("planted faults", "the build has no debug assertions");
    }
    let data = folder();
    {
        let server = Server::start(data.path());
        server.connect().await.batch_execute(ROLES).await.unwrap();
        server.kill9();
    }
    // 28 is a full disk.
    let server = Launch::on(data.path()).fault_at("wal-before-sync=28").start();
    let client = dana(&server).await;
    client.batch_execute("BEGIN; DECLARE c CURSOR FOR SELECT n FROM notes; SELECT 1 AS before_it").await.unwrap();
    let refused = loop {
        if let Err(error) = client.batch_execute("FETCH 1 FROM c").await {
            break error;
        }
    };
    let report = refused.as_db_error().unwrap();
    assert_eq!((report.code().code(), report.message().contains("query log")), ("53100", true), "{report:?}");
    client.batch_execute("ROLLBACK").await.unwrap();
    for sql in ["SELECT n FROM notes", "INSERT INTO drafts VALUES (1, 'a')", "PREPARE q AS SELECT 1; EXECUTE q"] {
        assert_eq!(sqlstate(&client.batch_execute(sql).await.unwrap_err()), "53100", "{sql}");
    }
    assert_eq!(sqlstate(&client.query("SELECT n FROM notes", &[]).await.unwrap_err()), "53100");
    let superuser = server.connect().await;
    assert_eq!(count(&superuser, "SELECT count(*) FROM notes").await, 10, "somebody must be able to mend it");
    server.kill9();

    // What the journal holds comes back, and a disk that has got better serves everybody.
    let server = Launch::on(data.path()).fault_at("wal-before-sync:2!").start();
    let observer = server.connect().await;
    let entries = told(&observer, "dana").await;
    assert!(entries.iter().any(|entry| entry.starts_with("SELECT $1 AS before_it")), "{entries:?}");
    assert!(entries.iter().any(|entry| entry.ends_with("53100")), "refusals are recorded as well: {entries:?}");
    let client = dana(&server).await;
    while client.batch_execute("SELECT n FROM notes").await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    settled(&observer).await;
    let twice = "SELECT count(*) FROM (SELECT event_id FROM annals.query_log GROUP BY event_id HAVING count(*) > 1) AS twice";
    assert_eq!(count(&observer, twice).await, 0);
}
