//! No statement, however it is sent, changes or removes an event that a log table holds.

use tokio_postgres::Client;

use crate::harness::{Server, count, folder, sqlstate, table};

/// The six logs of the pack, and one made by hand.
const LOGS: [&str; 7] =
    ["interaction_logs", "conversation_logs", "audit_logs", "event_logs", "activity_logs", "bot_logs", "own_log"];

/// The four statements that must say why they are refused, for a table with these columns.
fn refused(log: &str) -> [String; 4] {
    [
        format!("UPDATE {log} SET occurred_at = now()"),
        format!("DELETE FROM {log}"),
        format!("TRUNCATE {log}"),
        format!("MERGE INTO {log} AS t USING own_log AS s ON t.event_id = s.event_id WHEN MATCHED THEN DELETE"),
    ]
}

async fn create(client: &Client) {
    let sql = "CREATE TABLE own_log (event_id uuid NOT NULL DEFAULT uuidv7(), occurred_at timestamptz NOT NULL, note text);
               CREATE TABLE own_reference (id text PRIMARY KEY, note text) USING reference;
               INSERT INTO own_log (occurred_at, note) VALUES ('2025-03-01 12:00:00+00', 'first'), ('2025-03-01 12:00:01+00', 'second');
               INSERT INTO own_reference VALUES ('a', 'old'), ('b', 'old')";
    client.batch_execute(sql).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_cannot_be_changed_by_any_statement() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    create(&client).await;
    let before = table(&client, "SELECT * FROM own_log ORDER BY event_id").await.unwrap();
    for log in LOGS {
        for sql in refused(log) {
            let error = client.batch_execute(&sql).await.unwrap_err();
            let report = error.as_db_error().unwrap_or_else(|| panic!("{sql}: {error:?}"));
            assert_eq!(report.code().code(), "42501", "{sql}: {report:?}");
            assert!(report.message().contains("immutable"), "{sql}: {report:?}");
            assert!(report.hint().is_some_and(|hint| hint.contains("etention")), "{sql}: the hint speaks of retention: {report:?}");
        }
    }
    assert_eq!(table(&client, "SELECT * FROM own_log ORDER BY event_id").await.unwrap(), before);

    // What was in the tail is immutable in a segment as well, and after a restart.
    client.batch_execute("CHECKPOINT").await.unwrap();
    assert_eq!(sqlstate(&client.batch_execute("DELETE FROM own_log").await.unwrap_err()), "42501");
    server.kill9();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    assert_eq!(sqlstate(&client.batch_execute("UPDATE own_log SET note = 'changed'").await.unwrap_err()), "42501");
    assert_eq!(table(&client, "SELECT * FROM own_log ORDER BY event_id").await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_cannot_be_changed_by_side_doors() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    create(&client).await;
    let before = table(&client, "SELECT * FROM own_log ORDER BY event_id").await.unwrap();

    // Prepared, where only Parse and Describe have run before Execute.
    for sql in ["UPDATE own_log SET note = $1", "DELETE FROM own_log WHERE note = $1"] {
        let outcome = match client.prepare(sql).await {
            Ok(prepared) => client.execute(&prepared, &[&"first"]).await,
            Err(error) => Err(error),
        };
        assert_eq!(sqlstate(&outcome.unwrap_err()), "42501", "{sql}");
    }
    // Inside other statements, where it must fail in whatever way and change nothing.
    for sql in [
        "WITH gone AS (DELETE FROM own_log RETURNING *) SELECT * FROM gone",
        "COPY (DELETE FROM own_log RETURNING *) TO STDOUT",
        "EXPLAIN ANALYZE DELETE FROM own_log",
        "PREPARE p AS DELETE FROM own_log; EXECUTE p",
        "INSERT INTO own_log (event_id, occurred_at) SELECT event_id, now() FROM own_log ON CONFLICT (event_id) DO UPDATE SET note = 'x'",
        "DO $$ BEGIN DELETE FROM own_log; END $$",
        "DELETE FROM own_log_view",
    ] {
        assert!(client.batch_execute(sql).await.is_err(), "{sql} was accepted");
    }
    // In a transaction that has already written, which then cannot commit.
    client.batch_execute("BEGIN; INSERT INTO own_log (occurred_at, note) VALUES (now(), 'third')").await.unwrap();
    assert_eq!(sqlstate(&client.batch_execute("TRUNCATE own_log").await.unwrap_err()), "42501");
    assert_eq!(sqlstate(&client.batch_execute("SELECT 1").await.unwrap_err()), "25P02");
    client.batch_execute("COMMIT").await.unwrap();
    assert_eq!(table(&client, "SELECT * FROM own_log ORDER BY event_id").await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reference_table_is_the_one_that_changes() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    create(&client).await;
    client
        .batch_execute("UPDATE own_reference SET note = 'new' WHERE id = 'a'; DELETE FROM own_reference WHERE id = 'b'")
        .await
        .unwrap();
    server.kill9();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    assert_eq!(count(&client, "SELECT count(*) FROM own_reference").await, 1);
    assert_eq!(count(&client, "SELECT count(*) FROM own_reference WHERE id = 'a' AND note = 'new'").await, 1);
    assert_eq!(sqlstate(&client.batch_execute("INSERT INTO own_reference VALUES ('a', 'again')").await.unwrap_err()), "23505");
}
