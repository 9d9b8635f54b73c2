//! What a role is held to it cannot lift: time, memory, rows, bytes, statements in a minute and at once.

use tokio_postgres::Client;

use crate::harness::{PASSWORD, Server, connect_as, count, folder, sqlstate, state, table};

async fn run(client: &Client, sql: &str) {
    client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

async fn shown(client: &Client, setting: &str) -> String {
    table(client, &format!("SHOW {setting}")).await.unwrap().rows[0][0].clone().unwrap()
}

/// A server with a table of 20,000 rows that `ann` may read.
async fn scene(folder: &tempfile::TempDir) -> (Server, Client) {
    let server = Server::start(folder.path());
    let chief = server.connect().await;
    run(&chief, &format!("CREATE ROLE ann LOGIN PASSWORD '{PASSWORD}'; CREATE TABLE events (id bigint, body text)")).await;
    run(&chief, "INSERT INTO events SELECT i, repeat('x', 100) FROM generate_series(1, 20000) AS g(i)").await;
    run(&chief, "GRANT SELECT ON events TO ann").await;
    (server, chief)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a88_limits_are_the_smaller_of_what_is_set_and_what_the_role_is_held_to() {
    let folder = folder();
    let (server, chief) = scene(&folder).await;
    run(&chief, "ALTER ROLE ann SET statement_timeout = '300ms'; ALTER ROLE ann SET work_mem = '1MB'").await;
    let ann = connect_as(server.address(), "ann", PASSWORD).await.unwrap();
    assert_eq!(shown(&ann, "statement_timeout").await, "300ms");
    for sql in ["SET statement_timeout = 0", "SET statement_timeout = '1h'", "RESET statement_timeout", "RESET ALL", "DISCARD ALL"]
    {
        run(&ann, sql).await;
        assert_eq!(shown(&ann, "statement_timeout").await, "300ms", "{sql}");
    }
    assert_eq!(state(&ann, "SELECT pg_sleep(30)").await, "57014");
    run(&ann, "SET statement_timeout = '100ms'").await;
    assert_eq!(shown(&ann, "statement_timeout").await, "100ms", "less is its own to choose");
    run(&ann, "RESET statement_timeout; SET work_mem = '100GB'").await;
    assert_eq!(shown(&ann, "work_mem").await, "1MB");
    for sql in ["ALTER ROLE ann SET statement_timeout = 0", "ALTER ROLE ann RESET work_mem", "ALTER ROLE ann RESET ALL"] {
        assert_eq!(state(&ann, sql).await, "42501", "{sql}");
    }
    run(&ann, "ALTER ROLE ann SET search_path = public").await;
    run(&chief, "ALTER ROLE ann RESET statement_timeout").await;
    assert_eq!(shown(&ann, "statement_timeout").await, "0", "a change holds for the next statement");
    run(&ann, "SET statement_timeout = '1h'").await;
    assert_eq!(shown(&ann, "statement_timeout").await, "1h");
    run(&chief, "ALTER ROLE ann SET work_mem = '64MB'").await;
    run(&ann, "RESET work_mem").await;
    assert_eq!(shown(&ann, "work_mem").await, "64MB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_is_held_to() {
    let folder = folder();
    let (server, chief) = scene(&folder).await;
    run(&chief, "ALTER ROLE ann SET work_mem = '64kB'").await;
    let ann = connect_as(server.address(), "ann", PASSWORD).await.unwrap();
    let heavy = "SELECT count(*) FROM (SELECT body || id::text AS b, count(*) FROM events GROUP BY 1 ORDER BY 1) AS t";
    assert_eq!(state(&ann, heavy).await, "53200");
    assert_eq!(count(&ann, "SELECT count(*) FROM events").await, 20_000);
    assert_eq!(count(&chief, heavy).await, 20_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_and_bytes_are_counted_where_they_leave_the_guard() {
    let folder = folder();
    let (server, chief) = scene(&folder).await;
    run(&chief, "ALTER ROLE ann SET max_rows = 10000").await;
    let ann = connect_as(server.address(), "ann", PASSWORD).await.unwrap();
    for sql in ["SELECT * FROM events", "SELECT count(*) FROM events", "COPY events TO STDOUT", "SELECT * FROM events a, events b"]
    {
        let refused = match sql.starts_with("COPY") {
            true => super::copied(&ann, sql).await.map(|_| ()),
            false => table(&ann, sql).await.map(|_| ()),
        };
        assert_eq!(sqlstate(&refused.unwrap_err()), "53400", "{sql}");
    }
    run(&ann, "SET max_rows = 0").await;
    assert_eq!(shown(&ann, "max_rows").await, "10000");
    assert_eq!(table(&ann, "SELECT id FROM events LIMIT 10").await.unwrap().rows.len(), 10);
    run(&chief, "ALTER ROLE ann SET max_rows = 30000; ALTER ROLE ann SET max_scan_bytes = '100kB'").await;
    assert_eq!(state(&ann, "SELECT body FROM events").await, "53400");
    run(&chief, "ALTER ROLE ann SET max_scan_bytes = '10MB'").await;
    assert_eq!(table(&ann, "SELECT body FROM events").await.unwrap().rows.len(), 20_000);
    assert_eq!(table(&chief, "SELECT body FROM events").await.unwrap().rows.len(), 20_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_are_counted() {
    let folder = folder();
    let (server, chief) = scene(&folder).await;
    run(&chief, "ALTER ROLE ann SET max_queries_per_minute = 3").await;
    let ann = connect_as(server.address(), "ann", PASSWORD).await.unwrap();
    for _ in 0..3 {
        assert_eq!(count(&ann, "SELECT 1").await, 1);
    }
    assert_eq!(state(&ann, "SELECT 1").await, "53400");
    run(&ann, "BEGIN; ROLLBACK; SET search_path = public").await;
    run(&chief, "ALTER ROLE ann RESET max_queries_per_minute; ALTER ROLE ann SET max_concurrent_queries = 1").await;
    let other = connect_as(server.address(), "ann", PASSWORD).await.unwrap();
    let waiting = tokio::spawn(async move {
        // It may be this one that has no turn at first, and then it asks again.
        while sqlstate(&table(&other, "SELECT pg_sleep(60)").await.unwrap_err()) == "53400" {}
    });
    // As soon as the other one runs, this session has no turn.
    let refused = loop {
        if let Err(error) = table(&ann, "SELECT 1").await {
            break error;
        }
    };
    assert_eq!(sqlstate(&refused), "53400");
    let pid = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)'";
    assert_eq!(table(&chief, pid).await.unwrap().rows.len(), 1);
    waiting.await.unwrap();
    while table(&ann, "SELECT 1").await.is_err() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a103_channels_are_counted_over_the_sessions_of_a_role() {
    let folder = folder();
    let (server, chief) = scene(&folder).await;
    run(&chief, "ALTER ROLE ann SET max_subscriptions = 3").await;
    let one = connect_as(server.address(), "ann", PASSWORD).await.unwrap();
    let two = connect_as(server.address(), "ann", PASSWORD).await.unwrap();
    run(&one, "LISTEN a; LISTEN b; LISTEN a").await;
    run(&two, "LISTEN a").await;
    let refused = table(&two, "LISTEN b").await.unwrap_err();
    assert_eq!(sqlstate(&refused), "53400");
    let told = refused.as_db_error().unwrap();
    assert_eq!(told.message(), "too many channels: the sessions of this role may listen to 3 together");
    run(&two, "LISTEN a").await;
    run(&two, "SET max_subscriptions = 100").await;
    assert_eq!(shown(&two, "max_subscriptions").await, "3");
    assert_eq!(state(&two, "LISTEN b").await, "53400");
    // A block that fails asks for nothing.
    assert_eq!(state(&two, "BEGIN; UNLISTEN *; LISTEN b; LISTEN c").await, "53400");
    run(&two, "ROLLBACK").await;
    run(&chief, "LISTEN a; LISTEN b; LISTEN c; LISTEN d").await;
    run(&one, "UNLISTEN b").await;
    run(&two, "LISTEN b").await;
    drop(one);
    // The session's end gives its channels back, as soon as the server has seen it.
    while state_of(&two, "LISTEN c").await.is_some() {}
    assert_eq!(count(&two, "SELECT count(*) FROM pg_listening_channels()").await, 3);
}

/// The SQLSTATE of a statement that may be refused.
async fn state_of(client: &Client, sql: &str) -> Option<String> {
    table(client, sql).await.err().map(|error| sqlstate(&error).to_owned())
}
