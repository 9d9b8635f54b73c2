//! Three hundred generated queries give the same rows here, whether the events are in memory, in fresh segments or in compacted ones,
//! and in DuckDB on the same files.
//!
//! `ANNALS_QUERIES_SEED` repeats the queries of a run.

mod generate;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use tokio_postgres::Client;

use crate::harness::{Chance, Server, Table, copy_in, folder, lake, python, table};
use generate::{Dialect, Query};

const QUERIES: usize = 300;
const ROWS: u64 = 12_000;

const TABLE: &str =
    "CREATE TABLE answers (event_id text NOT NULL, occurred_at timestamptz NOT NULL, kind text, person text NOT NULL,
    n bigint, small integer NOT NULL, ratio double precision, ok boolean, note text)";

/// Events whose numbers are exact in every engine: fractions are quarters, sums stay small.
fn events(chance: &mut Chance) -> String {
    const KINDS: [&str; 7] = ["sent", "delivered", "read", "failed", "Failed", "retried", "\\N"];
    const WORDS: [&str; 10] = ["timeout", "queue", "Agent", "node", "retry", "zürich", "100%", "under_score", "quote's", "end"];
    let mut text = String::new();
    for id in 0..ROWS {
        let at = chance.below(9 * 24 * 3600);
        let (day, hour, minute, second) = (1 + at / 86_400, at / 3600 % 24, at / 60 % 60, at % 60);
        let words: Vec<&str> = (0..chance.below(6)).map(|_| *chance.pick(&WORDS)).collect();
        let n = if chance.one_in(9) { "\\N".to_owned() } else { (i64::try_from(chance.below(2000)).unwrap() - 500).to_string() };
        let ratio = if chance.one_in(7) {
            "\\N".to_owned()
        } else {
            format!("{}", f64::from(u32::try_from(chance.below(4000)).unwrap()) / 4.0)
        };
        let ok = *chance.pick(&["t", "f", "\\N"]);
        let note = if chance.one_in(8) { "\\N".to_owned() } else { words.join(" ") };
        writeln!(
            text,
            "e{id:06}\t2025-01-{day:02} {hour:02}:{minute:02}:{second:02}+00\t{}\tp{}\t{n}\t{}\t{ratio}\t{ok}\t{note}",
            chance.pick(&KINDS),
            chance.below(150),
            chance.below(100),
        )
        .expect("a String takes everything");
    }
    text
}

/// Runs every query and gives the answers, those without a total order sorted.
async fn ask(client: &Client, queries: &[Query]) -> Vec<Table> {
    let mut answers = Vec::new();
    for query in queries {
        let sql = query.text(Dialect::Annals);
        let answer = table(client, &sql).await.unwrap_or_else(|error| panic!("{sql}\n{error:?}"));
        answers.push(if query.is_ordered() { answer } else { answer.sorted() });
    }
    answers
}

/// Asserts that two runs gave the same rows, and shows the first query where they did not.
fn compare(queries: &[Query], first: &[Table], second: &[Table], between: &str) {
    for ((query, first), second) in queries.iter().zip(first).zip(second) {
        let same = first.rows.len() == second.rows.len() && first.rows.iter().zip(&second.rows).all(|(a, b)| same_row(a, b));
        if !same {
            let differing = first.rows.iter().zip(&second.rows).find(|(a, b)| !same_row(a, b));
            panic!(
                "{between}: {} rows and {} rows, first difference {differing:?}\n{}",
                first.rows.len(),
                second.rows.len(),
                query.text(Dialect::Annals)
            );
        }
    }
}

/// Cells are the same when their texts are, or the numbers that they write: engines differ in `12` and `12.0`.
fn same_row(first: &[Option<String>], second: &[Option<String>]) -> bool {
    let number = |cell: &str| cell.parse::<f64>().ok().filter(|number| number.is_finite());
    first.len() == second.len()
        && first.iter().zip(second).all(|cells| match cells {
            (None, None) => true,
            (Some(a), Some(b)) => a == b || matches!((number(a), number(b)), (Some(a), Some(b)) if a.to_bits() == b.to_bits()),
            (None, Some(_)) | (Some(_), None) => false,
        })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_do_not_depend_on_where_the_rows_are_or_on_the_engine() {
    let (seed, mut chance) = Chance::from_environment("ANNALS_QUERIES_SEED", 20_260_202);
    println!("same answers: {QUERIES} queries, ANNALS_QUERIES_SEED={seed}");
    let queries: Vec<Query> = (0..QUERIES).map(|_| Query::generate(&mut chance)).collect();

    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client.batch_execute(TABLE).await.unwrap();
    // A third at a time, two of them flushed: then "before a flush" means rows in segments and in the tail at once.
    let text = events(&mut chance);
    let lines: Vec<&str> = text.lines().collect();
    let sql = "COPY answers (event_id, occurred_at, kind, person, n, small, ratio, ok, note) FROM STDIN";
    for (part, lines) in lines.chunks(lines.len() / 3).enumerate() {
        copy_in(&client, sql, lines.join("\n") + "\n").await.unwrap();
        if part < 2 {
            client.batch_execute("CHECKPOINT").await.unwrap();
        }
    }
    let before = ask(&client, &queries).await;
    let rows: usize = before.iter().map(|answer| answer.rows.len()).sum();
    let empty = before.iter().filter(|answer| answer.rows.is_empty()).count();
    assert!(rows > 10 * QUERIES && empty < QUERIES / 4, "the queries ask for too little: {rows} rows, {empty} empty answers");

    client.batch_execute("CHECKPOINT").await.unwrap();
    compare(&queries, &before, &ask(&client, &queries).await, "before and after the flush");
    let home = lake::delta_folder(folder.path(), "public.answers");
    duckdb_agrees(&server, &home, &queries, &before, "segments");

    client.batch_execute("VACUUM answers").await.unwrap();
    compare(&queries, &before, &ask(&client, &queries).await, "before the flush and after the compaction");
    duckdb_agrees(&server, &home, &queries, &before, "compacted segments");

    // And from the files alone.
    server.kill9();
    let server = Server::start(folder.path());
    compare(&queries, &before, &ask(&server.connect().await, &queries).await, "before the flush and after a restart");
}

/// Puts the queries to DuckDB over the files that the Delta log lists, where there is a Python to do it.
fn duckdb_agrees(server: &Server, home: &Path, queries: &[Query], expected: &[Table], files: &str) {
    let folder = folder();
    let (asked, answered) = (folder.path().join("queries.json"), folder.path().join("answers.json"));
    let texts: Vec<String> = queries.iter().map(|query| query.text(Dialect::DuckDb)).collect();
    fs::write(&asked, serde_json::to_vec(&texts).unwrap()).unwrap();
    if python("same_answers.py", server.address(), &[home, &asked, &answered]).is_none() {
        return;
    }
    let rows: Vec<Vec<Vec<Option<String>>>> = serde_json::from_slice(&fs::read(&answered).unwrap()).unwrap();
    assert_eq!(rows.len(), queries.len());
    let answers: Vec<Table> = rows
        .into_iter()
        .zip(queries)
        .map(|(rows, query)| {
            let answer = Table { columns: vec![], rows };
            if query.is_ordered() { answer } else { answer.sorted() }
        })
        .collect();
    compare(queries, expected, &answers, &format!("Annals and DuckDB on {files}"));
}

#[test]
fn a_difference_is_seen() {
    let cell = |text: &str| Some(text.to_owned());
    assert!(same_row(&[cell("12"), None], &[cell("12.0"), None]));
    assert!(!same_row(&[cell("12")], &[cell("12.25")]));
    assert!(!same_row(&[cell("a")], &[None]));
    assert!(!same_row(&[cell("a")], &[cell("b")]));
    let queries: Vec<Query> = vec![Query::generate(&mut Chance::new(1))];
    let (one, other) = (Table { columns: vec![], rows: vec![vec![cell("1")]] }, Table { columns: vec![], rows: vec![] });
    let outcome = std::panic::catch_unwind(|| compare(&queries, &[one], &[other], "planted"));
    assert!(outcome.is_err());
}
