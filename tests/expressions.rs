//! Expressions answer as PostgreSQL's do: the same column names, the same values as text, the same SQLSTATE where there is none.
//!
//! Every statement of the files in `expressions/` is put to both servers, a file a topic. Without PostgreSQL each must still be
//! answered or refused by something other than an internal error.

use tokio_postgres::Client;

use crate::harness::{Peer, Server, Table, folder, sqlstate, table};

/// One statement a line; `--` begins a remark.
const TOPICS: [&str; 7] = [
    include_str!("expressions/statements.sql"),
    include_str!("expressions/json.sql"),
    include_str!("expressions/queries.sql"),
    include_str!("expressions/sessions.sql"),
    include_str!("expressions/text.sql"),
    include_str!("expressions/time.sql"),
    include_str!("expressions/values.sql"),
];

fn statements() -> Vec<&'static str> {
    TOPICS
        .iter()
        .flat_map(|topic| topic.lines())
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("--"))
        .collect()
}

/// The answer of a statement, or the SQLSTATE of its refusal.
async fn answer(client: &Client, sql: &str) -> Result<Table, String> {
    table(client, sql).await.map_err(|error| sqlstate(&error).to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expressions_answer_as_in_postgresql() {
    let statements = statements();
    assert!(statements.len() >= 200, "only {} statements are listed", statements.len());
    let folder = folder();
    let server = Server::start(folder.path());
    let ours = server.connect().await;
    let peer = Peer::start().await;
    let theirs = match &peer {
        Some(peer) => Some(peer.connect().await),
        None => None,
    };
    let mut different = Vec::new();
    for sql in &statements {
        let own = answer(&ours, sql).await;
        if own == Err("XX000".to_owned()) {
            different.push(format!("{sql}\n  is an internal error"));
        }
        if let Some(theirs) = &theirs {
            let expected = answer(theirs, sql).await;
            if own != expected {
                different.push(format!("{sql}\n  here:       {own:?}\n  PostgreSQL: {expected:?}"));
            }
        }
    }
    assert!(different.is_empty(), "{} of {} differ:\n{}", different.len(), statements.len(), different.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn computed_columns_have_the_types_of_postgresql() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    for (sql, expected) in [
        ("SELECT 1", "int4"),
        ("SELECT 5000000000", "int8"),
        ("SELECT count(*) FROM (SELECT 1) t", "int8"),
        ("SELECT sum(n) FROM (VALUES (1::int)) v (n)", "int8"),
        ("SELECT now() - now()", "interval"),
        ("SELECT now()", "timestamptz"),
        ("SELECT date_trunc('day', now())", "timestamptz"),
        ("SELECT now() AT TIME ZONE 'UTC'", "timestamp"),
        ("SELECT current_date", "date"),
        ("SELECT current_date - current_date", "int4"),
        ("SELECT '{}'::jsonb -> 'a'", "jsonb"),
        ("SELECT '{}'::json -> 'a'", "json"),
        ("SELECT '{}'::jsonb ->> 'a'", "text"),
        ("SELECT jsonb_build_object('a', 1)", "jsonb"),
        ("SELECT CASE WHEN true THEN jsonb_build_object('a', 1) END", "jsonb"),
        ("SELECT COALESCE(NULL, uuidv7())", "uuid"),
        ("SELECT x FROM (SELECT uuidv7() AS x UNION ALL SELECT NULL::uuid) t", "uuid"),
        ("SELECT convert_to('a', 'UTF8')", "bytea"),
        ("SELECT jsonb_array_length('[]')", "int4"),
        ("SELECT date_part('year', now())", "float8"),
        ("SELECT extract(year FROM now())", "numeric"),
        ("SELECT ('5'::text)::int", "int4"),
        ("SELECT '{}'::jsonb ? 'a'", "bool"),
    ] {
        let prepared = client.prepare(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        assert_eq!(prepared.columns()[0].type_().name(), expected, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parameters_take_the_type_of_their_place() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    for (sql, expected) in [
        ("SELECT '{}'::jsonb ->> $1", "text"),
        ("SELECT '{}'::jsonb #> $1", "_text"),
        ("SELECT 1 WHERE now() > $1", "timestamptz"),
        ("SELECT $1::uuid", "uuid"),
        ("SELECT 1 LIMIT $1", "int8"),
        ("SELECT 1 WHERE (now(), 1) < ($1, 2)", "timestamptz"),
    ] {
        let prepared = client.prepare(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        assert_eq!(prepared.params()[0].name(), expected, "{sql}");
    }
}
