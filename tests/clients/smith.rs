//! sqlsmith: random queries over everything that the catalogs tell of, against a demonstration store. None may end the server, make
//! an internal error or hang. Most of them are refused, by PostgreSQL too; refusing is fine.

use std::env;
use std::process::Command;
use std::time::Duration;

use super::present;
use crate::harness::{Launch, PASSWORD, count, wait};

/// How many queries; `ANNALS_SQLSMITH_QUERIES` asks for more.
const QUERIES: u32 = 500;
/// Which ones; `ANNALS_SQLSMITH_SEED` asks for others.
const SEED: u32 = 1;
/// For one query, when the server has been told to stop each after a second.
const PATIENCE_A_QUERY: Duration = Duration::from_secs(10);

fn setting(name: &str, default: u32) -> u32 {
    env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not \"{text}\"")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_queries_end_neither_the_server_nor_in_an_internal_error() {
    if !present("sqlsmith", &["--version"]) {
        return;
    }
    let server = Launch::demo(&["--events", "2000"]).start();
    let (queries, seed) = (setting("ANNALS_SQLSMITH_QUERIES", QUERIES), setting("ANNALS_SQLSMITH_SEED", SEED));
    println!("sqlsmith: {queries} queries of seed {seed}");
    let client = server.connect().await;
    let mut command = Command::new("sqlsmith");
    command.args([
        format!("--target=host=127.0.0.1 port={} user=annals password={PASSWORD} dbname=annals", server.address().port()),
        format!("--max-queries={queries}"),
        format!("--seed={seed}"),
    ]);
    let mut child = command.spawn().unwrap();
    let status = wait(&mut child, PATIENCE_A_QUERY * queries);
    if status.is_none() {
        child.kill().ok();
        child.wait().ok();
    }
    assert!(status.is_some(), "sqlsmith hangs; the server said: {}", server.said());
    assert_eq!(count(&client, "SELECT 1").await, 1, "the server lives, and an old connection with it");
    let said = server.said();
    let internal: Vec<&str> = said.lines().filter(|line| line.contains("internal error") || line.contains("panicked")).collect();
    assert!(internal.is_empty(), "{} internal errors, the first: {:#?}", internal.len(), &internal[..internal.len().min(10)]);
}
