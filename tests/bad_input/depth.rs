//! Statements that are too large or too deep: an answer or 54001, never the end of the server.
//!
//! A stack that overflows cannot be caught: it aborts the process and with it everybody's connections. So each shape that a parser,
//! a planner or a destructor could follow to the end of its stack is sent here, far beyond what people write.

use std::time::Duration;

use tokio_postgres::Client;

use crate::harness::{Peer, Server, count, folder, sqlstate, table};

/// What a deep statement may end in besides an answer: too complex, too many of something, or PostgreSQL's own word for a regular
/// expression that it gives up on.
const REFUSALS: [&str; 4] = ["54001", "54000", "54011", "2201B"];

/// `open` so many times, `middle`, and `close` so many times.
fn nested(open: &str, middle: &str, close: &str, times: usize) -> String {
    format!("SELECT {}{middle}{}", open.repeat(times), close.repeat(times))
}

/// Shapes by name, each as large as asked for.
fn shapes(times: usize) -> Vec<(&'static str, String)> {
    let chain = |operator: &str| format!("SELECT 1 {}", format!("{operator} 1 ").repeat(times));
    let terms = |operator: &str| {
        format!("SELECT count(*) FROM deep WHERE n = 0{}", (1..=times).map(|n| format!(" {operator} n = {n}")).collect::<String>())
    };
    vec![
        ("a chain of OR", terms("OR")),
        ("a chain of AND", terms("AND")),
        ("a chain of plus", chain("+")),
        ("a chain of minus", chain("-")),
        ("a chain of concatenations", format!("SELECT 'a' {}", "|| 'a' ".repeat(times))),
        ("a chain of casts", format!("SELECT 1{}", "::int".repeat(times))),
        ("a chain of subscripts", format!("SELECT (ARRAY[1]){}", "[1]".repeat(times))),
        ("a chain of arrows", format!("SELECT '{{}}'::jsonb{}", " -> 'a'".repeat(times))),
        ("a chain of IS NULL", format!("SELECT 1{}", " IS NULL".repeat(times))),
        ("a chain of COLLATE", format!("SELECT 'a'{}", " COLLATE \"C\"".repeat(times))),
        ("a chain of AT TIME ZONE", format!("SELECT '2024-01-01 00:00:00+00'::timestamptz{}", " AT TIME ZONE 'UTC'".repeat(times))),
        ("a chain of UNION ALL", format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(times))),
        (
            "a chain of joins",
            format!("SELECT 1 FROM deep a0{}", (1..=times).map(|n| format!(" CROSS JOIN deep a{n}")).collect::<String>()),
        ),
        ("parentheses", nested("(", "1", ")", times)),
        ("parentheses of queries", nested("(SELECT ", "1", ")", times)),
        ("derived tables", format!("{}1{}", "SELECT * FROM (SELECT ".repeat(times), ") AS t".repeat(times))),
        ("WITH in WITH", format!("{}SELECT 1{}", "WITH w AS (".repeat(times), ") SELECT * FROM w".repeat(times))),
        ("NOT", nested("NOT ", "true", "", times)),
        ("minus signs", nested("- ", "1", "", times)),
        ("bitwise NOT", nested("~ ", "1", "", times)),
        ("function calls", nested("abs(", "1", ")", times)),
        ("CASE in CASE", nested("CASE WHEN true THEN ", "1", " END", times)),
        ("CASE in WHEN", nested("CASE WHEN ", "true", " THEN true END", times)),
        ("arrays", nested("ARRAY[", "1", "]", times)),
        ("rows", nested("ROW(", "1", ")", times)),
        ("EXISTS", nested("EXISTS (SELECT 1 WHERE ", "true", ")", times)),
        ("IN", nested("1 IN (SELECT 1 WHERE ", "true", ")", times)),
        ("casts", nested("CAST(", "1", " AS int)", times)),
        ("EXPLAIN", format!("{}SELECT 1", "EXPLAIN ".repeat(times))),
        ("a nested comment", format!("SELECT 1 {}{}", "/*".repeat(times), "*/".repeat(times))),
        ("json", format!("SELECT '{}{}'::jsonb IS NOT NULL", "[".repeat(times), "]".repeat(times))),
        ("an array literal", format!("SELECT '{}{}'::int[]", "{".repeat(times), "}".repeat(times))),
        ("a regular expression", format!("SELECT 'a' ~ '{}a{}'", "(".repeat(times), ")".repeat(times))),
        ("a path of jsonb", format!("SELECT jsonb_path_query('1', '{}1{}')", "(".repeat(times), ")".repeat(times))),
        ("a VALUES list", format!("SELECT count(*) FROM (VALUES (1){}) AS v(n)", ", (1)".repeat(times))),
        (
            "an IN list",
            format!("SELECT count(*) FROM deep WHERE n IN (0{})", (1..=times).map(|n| format!(", {n}")).collect::<String>()),
        ),
        ("many columns", format!("SELECT 1{}", ", 1".repeat(times))),
    ]
}

/// After so long a statement hangs. Those that follow would wait for the threads that it keeps, so the test ends.
const PATIENCE: Duration = Duration::from_secs(60);

/// What one statement ended in: its first cell, or a SQLSTATE. A lost connection fails the test.
async fn ended(client: &Client, name: &str, sql: &str) -> Result<Option<String>, String> {
    let ended = tokio::time::timeout(PATIENCE, table(client, sql)).await;
    match ended.unwrap_or_else(|_| panic!("{name} hangs: {}", sql.chars().take(120).collect::<String>())) {
        Ok(answer) => Ok(answer.rows.first().and_then(|row| row.first()).cloned().flatten()),
        Err(error) if error.code().is_some() => Err(sqlstate(&error).to_owned()),
        Err(error) => panic!("{name}: the connection was lost: {error:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deep_statements_are_answered_or_refused() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client.batch_execute("CREATE TABLE deep (n integer)").await.unwrap();
    client.batch_execute("SET statement_timeout = '20s'").await.unwrap();
    let mut strange = Vec::new();
    // As deep as limits of the parser just allow, and far beyond them.
    for times in [20, 90, 120, 300, 900, 20_000] {
        for (name, sql) in shapes(times) {
            let state = ended(&client, name, &sql).await;
            if let Err(state) = &state
                && ["XX000", "57014"].contains(&state.as_str())
            {
                strange.push(format!("{name}, {times} times: {state}"));
            }
            if times == 20_000
                && let Err(state) = &state
                && !REFUSALS.contains(&state.as_str())
            {
                strange.push(format!("{name}, {times} times: {state}"));
            }
        }
        assert_eq!(count(&client, "SELECT 1").await, 1);
    }
    assert!(strange.is_empty(), "{}", strange.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_write_is_answered_as_postgresql_answers_it() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client.batch_execute("CREATE TABLE deep (n integer)").await.unwrap();
    let mut ours = Vec::new();
    for (name, sql) in shapes(15) {
        ours.push((name, ended(&client, name, &sql).await));
    }
    let Some(peer) = Peer::start().await else { return };
    let client = peer.connect().await;
    client.batch_execute("CREATE TABLE deep (n integer)").await.unwrap();
    for ((name, sql), ours) in shapes(15).into_iter().zip(ours) {
        // What a plan looks like is each server's own business.
        if name != "EXPLAIN" {
            assert_eq!((name, ended(&client, name, &sql).await), ours, "{sql}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_named_sizes_have_the_right_error() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client.batch_execute("CREATE TABLE deep (n integer)").await.unwrap();
    let state = |answer: Result<Option<String>, String>| answer.unwrap_err();
    let or_chain = format!("SELECT count(*) FROM deep WHERE n = 0{}", " OR n = 1".repeat(20_000));
    assert_eq!(state(ended(&client, "OR", &or_chain).await), "54001");
    let parentheses = nested("(", "1", ")", 10_000);
    assert_eq!(state(ended(&client, "parentheses", &parentheses).await), "54001");
    // A large statement is no error by itself: one literal of 63 MiB comes back whole, and a comment of as much is skipped.
    const LARGE: usize = 63 << 20;
    let literal = format!("SELECT length('{}')", "x".repeat(LARGE));
    assert_eq!(ended(&client, "literal", &literal).await, Ok(Some(LARGE.to_string())));
    let comment = format!("SELECT 1 /* {} */", "x".repeat(LARGE));
    assert_eq!(ended(&client, "comment", &comment).await, Ok(Some("1".to_owned())));
    // Over 64 MiB the message itself is refused, and where the next one would begin is not known any more.
    let over = format!("SELECT 1 /* {} */", "x".repeat(65 << 20));
    let lost = client.batch_execute(&over).await.unwrap_err();
    assert!(lost.code().is_none_or(|code| code.code() == "08P01"), "{lost:?}");
    assert_eq!(count(&server.connect().await, "SELECT 1").await, 1, "the server is up");
}
