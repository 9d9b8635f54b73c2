//! pgbench in its three modes: its own reading and writing transactions on reference tables, and a script over a log table.

use std::net::SocketAddr;
use std::process::Command;

use super::{annals, at, present, programs};
use crate::harness::{count, folder, run_to_end};

/// pgbench's tables (`pgbench -i`, initialization step t), mutable ones as reference tables: a log table's rows are never changed.
const TABLES: &str = "
    CREATE TABLE pgbench_branches (bid integer PRIMARY KEY, bbalance integer, filler text) USING reference;
    CREATE TABLE pgbench_tellers (tid integer PRIMARY KEY, bid integer, tbalance integer, filler text) USING reference;
    CREATE TABLE pgbench_accounts (aid integer PRIMARY KEY, bid integer, abalance integer, filler text) USING reference;
    CREATE TABLE pgbench_history (tid integer, bid integer, aid integer, delta integer, mtime timestamp, filler text);
    INSERT INTO pgbench_branches (bid, bbalance) VALUES (1, 0);
    INSERT INTO pgbench_tellers (tid, bid, tbalance) SELECT g, 1, 0 FROM generate_series(1, 10) AS g;
    INSERT INTO pgbench_accounts (aid, bid, abalance) SELECT g, 1, 0 FROM generate_series(1, 1000) AS g";

/// The transactions that pgbench reports as done.
fn pgbench(server: SocketAddr, arguments: &[&str]) -> String {
    let mut command = Command::new("pgbench");
    at(&mut command, server, true).arg("-n").args(arguments);
    let ended = run_to_end(&mut command);
    let said = format!("{}{}", ended.stdout, ended.stderr);
    ended.succeeded();
    let done = said.lines().find_map(|line| line.strip_prefix("number of transactions actually processed: "));
    done.unwrap_or_else(|| panic!("{said}")).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pgbench_runs_in_all_modes() {
    if !present("pgbench", &["--version"]) {
        return;
    }
    let data = folder();
    let server = annals(data.path()).await;
    let client = server.connect().await;
    client.batch_execute(TABLES).await.unwrap();
    let script = programs().join("pgbench.sql");
    for (round, mode) in [(1, "simple"), (2, "extended"), (3, "prepared")] {
        assert_eq!(
            pgbench(server.address(), &["-M", mode, "-c", "4", "-j", "2", "-t", "10", "-f", script.to_str().unwrap()]),
            "40/40"
        );
        assert_eq!(count(&client, "SELECT count(*) FROM client_notes").await, 40 * round, "{mode}");
    }
    let accounts = ["-D", "scale=1", "-M", "prepared", "-c", "1"];
    let own = programs().join("tpcb.sql");
    let arguments = [&accounts[..], &["-t", "20", "-f", own.to_str().unwrap()]].concat();
    assert_eq!(pgbench(server.address(), &arguments), "20/20");
    assert_eq!(count(&client, "SELECT count(*) FROM pgbench_history").await, 20);
    let sums = "SELECT count(*) FROM (SELECT (SELECT sum(abalance) FROM pgbench_accounts) AS a, (SELECT sum(tbalance) FROM pgbench_tellers) AS t,
        (SELECT sum(delta) FROM pgbench_history) AS h) AS sums WHERE a = t AND t = h";
    assert_eq!(count(&client, sums).await, 1, "every transaction is whole");
}
