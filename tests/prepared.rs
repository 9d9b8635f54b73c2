//! A prepared statement answers each time as if it had been sent anew: it keeps what was planned and never what was read.

use tokio_postgres::Client;

use crate::harness::{Server, folder, sqlstate};

async fn number(client: &Client, statement: &tokio_postgres::Statement) -> i64 {
    client.query_one(statement, &[]).await.unwrap().get(0)
}

async fn created(client: &Client) {
    let sql = "CREATE TABLE prepared_log (event_id uuid NOT NULL DEFAULT uuidv7(), occurred_at timestamptz NOT NULL DEFAULT now(),
                                          note text CHECK (note <> 'bad'));
               CREATE TABLE prepared_reference (id int PRIMARY KEY, note text) USING reference;
               CREATE VIEW prepared_view AS SELECT note FROM prepared_log";
    client.batch_execute(sql).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prepared_query_reads_what_is_there_when_it_runs() {
    let folder = folder();
    let server = Server::start(folder.path());
    let (client, other) = (server.connect().await, server.connect().await);
    created(&client).await;
    let log = client.prepare("SELECT count(*) FROM prepared_log").await.unwrap();
    let nested = client
        .prepare("SELECT count(*) FROM prepared_view WHERE note IN (SELECT note FROM prepared_reference WHERE id > 0)")
        .await
        .unwrap();
    assert_eq!((number(&client, &log).await, number(&client, &nested).await), (0, 0));
    other.batch_execute("INSERT INTO prepared_log (note) VALUES ('a'), ('b')").await.unwrap();
    assert_eq!((number(&client, &log).await, number(&client, &nested).await), (2, 0));
    other.batch_execute("INSERT INTO prepared_reference VALUES (1, 'a')").await.unwrap();
    assert_eq!(number(&client, &nested).await, 1);
    other.batch_execute("UPDATE prepared_reference SET note = 'z'; CHECKPOINT").await.unwrap();
    assert_eq!((number(&client, &log).await, number(&client, &nested).await), (2, 0));
    client.batch_execute("BEGIN; INSERT INTO prepared_log (note) VALUES ('z')").await.unwrap();
    assert_eq!((number(&client, &log).await, number(&client, &nested).await), (3, 1));
    client.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!((number(&client, &log).await, number(&client, &nested).await), (2, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prepared_statement_follows_definitions_and_settings() {
    let folder = folder();
    let server = Server::start(folder.path());
    let (client, other) = (server.connect().await, server.connect().await);
    created(&client).await;
    let insert = client.prepare("INSERT INTO prepared_log (note) VALUES ($1)").await.unwrap();
    client.execute(&insert, &[&"a"]).await.unwrap();
    assert_eq!(sqlstate(&client.execute(&insert, &[&"bad"]).await.unwrap_err()), "23514");
    let sum = client.prepare("SELECT count(*) + 0 FROM prepared_view").await.unwrap();
    assert_eq!(number(&client, &sum).await, 1);
    other
        .batch_execute(
            "ALTER TABLE prepared_log ADD COLUMN level int DEFAULT 7;
             CREATE OR REPLACE VIEW prepared_view AS SELECT note FROM prepared_log WHERE level = 7",
        )
        .await
        .unwrap();
    client.execute(&insert, &[&"b"]).await.unwrap();
    assert_eq!(number(&client, &sum).await, 1, "the row from before has no level");
    other.batch_execute("DROP VIEW prepared_view").await.unwrap();
    assert_eq!(sqlstate(&client.query(&sum, &[]).await.unwrap_err()), "42P01");

    let local = client.prepare("SELECT timestamptz '2025-03-01 00:00:00+00'::text").await.unwrap();
    let shown = || async { client.query_one(&local, &[]).await.unwrap().get::<_, String>(0) };
    assert_eq!(shown().await, "2025-03-01 00:00:00+00");
    client.batch_execute("SET TimeZone = 'Asia/Tokyo'").await.unwrap();
    assert_eq!(shown().await, "2025-03-01 09:00:00+09");

    let clock = client.prepare("SELECT (extract(epoch FROM now()) * 1000000)::bigint").await.unwrap();
    let first = number(&client, &clock).await;
    assert!(number(&client, &clock).await > first, "now() is the time of the execution");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parameters_take_part_each_time() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    created(&client).await;
    let rows = client
        .prepare("INSERT INTO prepared_log (note) SELECT $1::text || n FROM generate_series(1, 9) AS s (n) WHERE n <= $2::int")
        .await
        .unwrap();
    for (note, count) in [("x", 2), ("y", 3)] {
        assert_eq!(client.execute(&rows, &[&note, &count]).await.unwrap(), count as u64);
    }
    let some = client.prepare("SELECT count(*) FROM prepared_log WHERE note LIKE $1 AND note > $2 || '1'").await.unwrap();
    for (pattern, above, expected) in [("x%", "x", 1_i64), ("y%", "y", 2), ("%", "x", 4)] {
        assert_eq!(client.query_one(&some, &[&pattern, &above]).await.unwrap().get::<_, i64>(0), expected);
    }
    assert_eq!(sqlstate(&client.simple_query("SELECT $1::int").await.unwrap_err()), "42P02");
    assert_eq!(sqlstate(&client.simple_query("INSERT INTO prepared_log (note) VALUES ($1)").await.unwrap_err()), "42P02");
}
