//! Statements that sqlsmith makes up, put to both worlds.

use std::process::Command;

use super::generate::Act;
use super::world::World;
use crate::clients::present;
use crate::harness::{Chance, PASSWORD, run_to_end};

/// How many statements; `ANNALS_SQLSMITH_QUERIES` asks for more.
const QUERIES: u64 = 300;

/// What answers otherwise in every world and at any time: who the session is, where its server stands, and what it was asked before.
const OWN: [&str; 9] = [
    "pg_stat_activity",
    "pg_settings",
    "pg_file_settings",
    "query_log",
    "pg_backend_pid",
    "pg_postmaster_start_time",
    "pg_prepared_statements",
    "checkpoint",
    "server_port",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_sqlsmith_asks_is_answered_alike() {
    if !present("sqlsmith", &["--version"]) {
        return;
    }
    let queries = std::env::var("ANNALS_SQLSMITH_QUERIES").map_or(QUERIES, |text| text.parse().expect("a number of queries"));
    let (seed, _) = Chance::from_environment("ANNALS_SQLSMITH_SEED", 1);
    let (left, right) = tokio::join!(World::left(), World::right());
    let mut command = Command::new("sqlsmith");
    command.args([
        format!("--target=host=127.0.0.1 port={} user=reader password={PASSWORD} dbname=annals", left.port()),
        format!("--max-queries={queries}"),
        format!("--seed={seed}"),
        "--dry-run".to_owned(),
    ]);
    let made_up = run_to_end(&mut command).succeeded();
    let (mut left, mut right) = (left.enter("reader").await, right.enter("reader").await);
    for visit in [&mut left, &mut right] {
        visit.answer(&Act::simple("SET statement_timeout = '5s'")).await;
    }
    let (mut sent, mut answered) = (0_u64, 0_u64);
    let statements = made_up.split(';').map(str::trim).filter(|sql| !sql.is_empty() && !OWN.iter().any(|own| sql.contains(own)));
    for sql in statements {
        let act = Act::simple(sql);
        let (one, other) = tokio::join!(left.answer(&act), right.answer(&act));
        sent += 1;
        answered += u64::from(one.error.is_none());
        // What says something else each time it is asked says nothing about the worlds.
        if one != other && one == left.answer(&act).await && other == right.answer(&act).await {
            panic!("ANNALS_SQLSMITH_SEED={seed}\n{sql}\n  one world:   {one:?}\n  the other:   {other:?}");
        }
    }
    println!("{answered} of {sent} statements of sqlsmith were answered without an error");
    assert!(sent > queries / 3, "sqlsmith made up {sent} statements of {queries}");
}
