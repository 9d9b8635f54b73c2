//! Expressions answer as PostgreSQL's do: the same column names and types, the same values as text, and where there is no answer the
//! same SQLSTATE at the same place.
//!
//! Every statement of the files in `expressions/` is put to both servers, a file a topic. What differs, and why it must, stands in
//! `expressions/differences.txt`; an entry that no longer differs fails the test, so the list only tells the truth. Without PostgreSQL
//! each statement must still be answered or refused by something other than an internal error.

use std::collections::{HashMap, HashSet};

use tokio_postgres::Client;
use tokio_postgres::error::ErrorPosition;

use crate::harness::{Peer, Server, Table, folder, sqlstate, table};

/// One statement a line; `--` begins a remark.
const TOPICS: [&str; 14] = [
    include_str!("expressions/aggregates.sql"),
    include_str!("expressions/catalog.sql"),
    include_str!("expressions/statements.sql"),
    include_str!("expressions/forms.sql"),
    include_str!("expressions/json.sql"),
    include_str!("expressions/kinds.sql"),
    include_str!("expressions/queries.sql"),
    include_str!("expressions/rows.sql"),
    include_str!("expressions/sessions.sql"),
    include_str!("expressions/text.sql"),
    include_str!("expressions/time.sql"),
    include_str!("expressions/typing.sql"),
    include_str!("expressions/values.sql"),
    include_str!("expressions/words.sql"),
];

/// A reason behind `#`, then the statements that it excuses.
const DIFFERENCES: &str = include_str!("expressions/differences.txt");

/// Mistakes whose place in the text PostgreSQL tells: syntax, and names that stand for nothing.
const PLACED: [&str; 6] = ["42601", "42P01", "42703", "42702", "42883", "42704"];

fn statements() -> Vec<&'static str> {
    TOPICS
        .iter()
        .flat_map(|topic| topic.lines())
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("--"))
        .collect()
}

/// The statements that may differ, each with its reason.
fn differences() -> HashMap<&'static str, &'static str> {
    let mut reason = "";
    let mut excused = HashMap::new();
    for line in DIFFERENCES.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.strip_prefix("# ") {
            Some(because) => reason = because,
            None => {
                assert!(!reason.is_empty(), "no reason stands above: {line}");
                assert!(excused.insert(line, reason).is_none(), "listed twice: {line}");
            }
        }
    }
    excused
}

/// What a server says to a statement.
#[derive(Debug, PartialEq)]
enum Answer {
    /// The types of the columns, then names and values.
    Rows { types: Vec<String>, table: Table },
    /// The place is told for mistakes in [`PLACED`].
    Refused { sqlstate: String, position: Option<u32> },
}

impl Answer {
    fn refused(error: &tokio_postgres::Error) -> Answer {
        let sqlstate = sqlstate(error).to_owned();
        let position = match error.as_db_error().and_then(|error| error.position()) {
            Some(ErrorPosition::Original(position)) if PLACED.contains(&sqlstate.as_str()) => Some(*position),
            Some(ErrorPosition::Original(_) | ErrorPosition::Internal { .. }) | None => None,
        };
        Answer::Refused { sqlstate, position }
    }

    fn is_internal_error(&self) -> bool {
        matches!(self, Answer::Refused { sqlstate, .. } if sqlstate == "XX000")
    }
}

/// Describes and runs one statement.
async fn answer(client: &Client, sql: &str) -> Answer {
    let types = match client.prepare(sql).await {
        Ok(prepared) => prepared.columns().iter().map(|column| column.type_().name().to_owned()).collect(),
        Err(error) => return Answer::refused(&error),
    };
    match table(client, sql).await {
        Ok(table) => Answer::Rows { types, table },
        Err(error) => Answer::refused(&error),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expressions_answer_as_in_postgresql() {
    let statements = statements();
    let excused = differences();
    assert!(statements.len() >= 400, "only {} statements are listed", statements.len());
    let known: HashSet<&str> = statements.iter().copied().collect();
    let mut different: Vec<String> =
        excused.keys().filter(|sql| !known.contains(**sql)).map(|sql| format!("{sql}\n  is excused and in no topic")).collect();
    let folder = folder();
    let server = Server::start(folder.path());
    let ours = server.connect().await;
    let peer = Peer::start().await;
    let theirs = match &peer {
        Some(peer) => Some(peer.connect().await),
        None => None,
    };
    for sql in &statements {
        let (own, expected) = match &theirs {
            Some(theirs) => {
                let (own, expected) = tokio::join!(answer(&ours, sql), answer(theirs, sql));
                (own, Some(expected))
            }
            None => (answer(&ours, sql).await, None),
        };
        if own.is_internal_error() {
            different.push(format!("{sql}\n  is an internal error"));
        }
        match (expected, excused.get(sql)) {
            (Some(expected), None) if own != expected => {
                different.push(format!("{sql}\n  here:       {own:?}\n  PostgreSQL: {expected:?}"));
            }
            (Some(expected), Some(reason)) if own == expected => {
                different.push(format!("{sql}\n  no longer differs; it was excused because: {reason}"));
            }
            (Some(_) | None, _) => {}
        }
    }
    assert!(different.is_empty(), "{} of {} differ:\n{}", different.len(), statements.len(), different.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parameters_take_the_type_of_their_place() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let peer = Peer::start().await;
    let theirs = match &peer {
        Some(peer) => Some(peer.connect().await),
        None => None,
    };
    for (sql, expected) in [
        ("SELECT '{}'::jsonb ->> $1", "text"),
        ("SELECT '{}'::jsonb #> $1", "_text"),
        ("SELECT 1 WHERE now() > $1", "timestamptz"),
        ("SELECT $1::uuid", "uuid"),
        ("SELECT 1 LIMIT $1", "int8"),
        ("SELECT 1 WHERE (now(), 1) < ($1, 2)", "timestamptz"),
        ("SELECT $1", "text"),
        ("SELECT $1 + 1", "int4"),
        ("SELECT 2::bigint * $1", "int8"),
        ("SELECT 1.5 + $1", "numeric"),
        ("SELECT 1 = $1", "int4"),
        ("SELECT $1 || 'a'", "text"),
        ("SELECT 'abc' LIKE $1", "text"),
        ("SELECT 1 WHERE $1", "bool"),
        ("SELECT NOT $1", "bool"),
        ("SELECT CASE WHEN $1 THEN 1 END", "bool"),
        ("SELECT COALESCE($1, 1)", "int4"),
        ("SELECT CASE WHEN true THEN $1 ELSE 1.5 END", "numeric"),
        ("SELECT 1 IN (2, $1)", "int4"),
        ("SELECT 1 BETWEEN $1 AND 5", "int4"),
        ("SELECT 5 = ANY ($1)", "_int4"),
        ("SELECT now() + $1", "interval"),
    ] {
        let prepared = client.prepare(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        assert_eq!(prepared.params()[0].name(), expected, "{sql}");
        if let Some(theirs) = &theirs {
            assert_eq!(theirs.prepare(sql).await.unwrap().params()[0].name(), expected, "PostgreSQL: {sql}");
        }
    }
}

/// PostgreSQL shows the row of either side, as it has planned; here it is always that of the left one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_equal_rows_a_set_operation_shows_those_of_its_left_side() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    for operation in ["INTERSECT", "INTERSECT ALL", "UNION"] {
        let sql = format!(
            "SELECT count(*), count(*) FILTER (WHERE j::text LIKE '%.0') FROM (
                SELECT (n || '.0')::jsonb AS j FROM generate_series(1, 5000) n
                {operation} SELECT n::text::jsonb FROM generate_series(1, 5000) n
            ) t"
        );
        let row = client.query_one(&sql, &[]).await.unwrap();
        assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (5000, 5000), "{operation}");
    }
}
