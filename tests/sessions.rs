//! Sessions are PostgreSQL's: transactions, savepoints, cursors, settings, notifications, and statements that can be stopped.
//!
//! The scripts in `sessions/` are put to both servers by `psql`, which prints every value, tag, notice and error with its SQLSTATE;
//! what it prints must be the same. What needs several sessions, or the server's process, is tested here one by one.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use tokio_postgres::{AsyncMessage, Client, NoTls, SimpleQueryMessage};

use crate::harness::{PASSWORD, Peer, Server, folder, psql, run_to_end, skipped, sqlstate};

/// Longer than anything here takes, so that a hang is a failure.
const PATIENCE: Duration = Duration::from_secs(60);

const SCRIPTS: [(&str, &str); 4] = [
    ("blocks", include_str!("sessions/blocks.sql")),
    ("names", include_str!("sessions/names.sql")),
    ("notices", include_str!("sessions/notices.sql")),
    ("settings", include_str!("sessions/settings.sql")),
];

/// What psql prints for a script, without what tells of the server's own making.
pub(crate) fn printed(address: SocketAddr, script: &str) -> Vec<String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, script.as_bytes()).unwrap();
    // One stream for both outputs keeps their order.
    let shell = format!("psql -X -U annals -d annals -v VERBOSITY=verbose -f {} 2>&1", file.path().display());
    let mut command = Command::new("sh");
    command.args(["-c", &shell]).env("PGHOST", address.ip().to_string()).env("PGPORT", address.port().to_string());
    command.env("PGPASSWORD", PASSWORD).env("PGCONNECT_TIMEOUT", "30").env("PGTZ", "UTC");
    let output = run_to_end(&mut command).stdout;
    let mut lines = Vec::new();
    let mut source = false;
    for line in output.lines() {
        // The line of the statement comes with a caret below it.
        let caret = source;
        source = line.starts_with("LINE ") || line.contains(": LINE ");
        if caret || source {
            continue;
        }
        if line.starts_with("LOCATION:") || line.starts_with("DETAIL:  Expected: ") {
            continue;
        }
        let line = line.strip_prefix(&format!("psql:{}:", file.path().display())).unwrap_or(line);
        match line.split_once("with PID ") {
            Some((before, _)) => lines.push(before.to_owned()),
            None => lines.push(line.to_owned()),
        }
    }
    lines
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_print_what_they_print_in_postgresql() {
    let folder = folder();
    let server = Server::start(folder.path());
    if psql(server.address(), "SELECT 1").is_none() {
        return;
    }
    let Some(peer) = Peer::start().await else { return };
    let mut different = Vec::new();
    for (name, script) in SCRIPTS {
        let (own, expected) = (printed(server.address(), script), printed(peer.address(), script));
        assert!(expected.len() > 20, "{name}: {expected:?}");
        let at = own.iter().zip(&expected).position(|(own, expected)| own != expected);
        if let Some(at) = at.or((own.len() != expected.len()).then(|| own.len().min(expected.len()))) {
            let show = |lines: &[String]| lines[at.saturating_sub(3)..(at + 3).min(lines.len())].join("\n    ");
            different.push(format!("{name}:\n  here:\n    {}\n  PostgreSQL:\n    {}", show(&own), show(&expected)));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// The first column of every row of a text.
async fn column(client: &Client, sql: &str) -> Vec<String> {
    let messages = client.simple_query(sql).await.unwrap();
    let value = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("NULL").to_owned()),
        _ => None,
    };
    messages.iter().filter_map(value).collect()
}

async fn refusal(client: &Client, sql: &str) -> String {
    sqlstate(&client.batch_execute(sql).await.unwrap_err()).to_owned()
}

const TABLES: &str = "CREATE TABLE log (a int, occurred_at timestamptz NOT NULL DEFAULT now());
                      CREATE TABLE ref (id int PRIMARY KEY, note text) USING reference;
                      INSERT INTO ref VALUES (1, 'one')";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeatable_read_reads_one_snapshot() {
    let folder = folder();
    let server = Server::start(folder.path());
    let (one, other) = (server.connect().await, server.connect().await);
    one.batch_execute(TABLES).await.unwrap();
    one.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ").await.unwrap();
    // Its snapshot is taken by its first statement, and not by BEGIN.
    other.batch_execute("INSERT INTO log VALUES (1)").await.unwrap();
    assert_eq!(column(&one, "SELECT count(*) FROM log").await, ["1"]);
    let sql = "INSERT INTO log VALUES (2); INSERT INTO ref VALUES (2, 'two'); CREATE TABLE later (a int); CHECKPOINT";
    for statement in sql.split("; ") {
        other.batch_execute(statement).await.unwrap();
    }
    assert_eq!(column(&one, "SELECT count(*) FROM log; SELECT count(*) FROM ref").await, ["1", "1"]);
    one.batch_execute("INSERT INTO log VALUES (3)").await.unwrap();
    assert_eq!(column(&one, "SELECT a FROM log ORDER BY a").await, ["1", "3"]);
    one.batch_execute("SAVEPOINT s").await.unwrap();
    assert_eq!(refusal(&one, "SELECT * FROM later").await, "42P01");
    one.batch_execute("ROLLBACK TO s").await.unwrap();
    assert_eq!(refusal(&one, "UPDATE ref SET note = 'x'").await, "40001");
    one.batch_execute("ROLLBACK TO s").await.unwrap();
    assert_eq!(refusal(&one, "CREATE TABLE mine (a int)").await, "40001");
    one.batch_execute("ROLLBACK TO s; COMMIT").await.unwrap();
    assert_eq!(column(&one, "SELECT a FROM log ORDER BY a").await, ["1", "2", "3"]);
    one.batch_execute("BEGIN; INSERT INTO log VALUES (4)").await.unwrap();
    assert_eq!(column(&other, "SELECT count(*) FROM log").await, ["3"]);
    other.batch_execute("INSERT INTO log VALUES (5)").await.unwrap();
    assert_eq!(column(&one, "SELECT count(*) FROM log; COMMIT").await, ["5"], "READ COMMITTED reads anew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn savepoints_take_back_rows_and_definitions() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client.batch_execute(TABLES).await.unwrap();
    client.batch_execute("BEGIN; INSERT INTO log VALUES (1); UPDATE ref SET note = 'kept'; SAVEPOINT s").await.unwrap();
    client
        .batch_execute("INSERT INTO log VALUES (2); UPDATE ref SET note = 'gone'; DROP TABLE log; CREATE TABLE new (a int)")
        .await
        .unwrap();
    assert_eq!(refusal(&client, "SELECT * FROM log").await, "42P01");
    client.batch_execute("ROLLBACK TO s; INSERT INTO log VALUES (3)").await.unwrap();
    assert_eq!(refusal(&client, "SELECT * FROM new").await, "42P01");
    client.batch_execute("ROLLBACK TO s; INSERT INTO log VALUES (4); COMMIT").await.unwrap();
    let shown = "SELECT a::text FROM log UNION ALL SELECT note FROM ref ORDER BY 1";
    assert_eq!(column(&client, shown).await, ["1", "4", "kept"]);
    drop(client);
    server.terminate();
    let server = Server::start(folder.path());
    assert_eq!(column(&server.connect().await, shown).await, ["1", "4", "kept"], "after a restart");
}

/// A session with what it is told beside its results.
async fn listener(server: &Server) -> (Client, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let mut config = tokio_postgres::Config::new();
    config.user("annals").dbname("annals").password(PASSWORD);
    config.host(server.address().ip().to_string()).port(server.address().port());
    let (client, mut connection) = config.connect(NoTls).await.unwrap();
    let (send, told) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut messages = futures::stream::poll_fn(move |cx| connection.poll_message(cx));
        while let Some(Ok(message)) = messages.next().await {
            if let AsyncMessage::Notification(said) = message {
                send.send(format!("{} {}", said.channel(), said.payload())).ok();
            }
        }
    });
    (client, told)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notifications_reach_idle_sessions_when_they_are_committed() {
    let folder = folder();
    let server = Server::start(folder.path());
    let (one, mut told) = listener(&server).await;
    let other = server.connect().await;
    one.batch_execute("LISTEN news").await.unwrap();
    other.batch_execute("BEGIN; NOTIFY news, 'dropped'; ROLLBACK; NOTIFY olds, 'unheard'; NOTIFY news, 'first'").await.unwrap();
    let next = tokio::time::timeout(PATIENCE, told.recv()).await.expect("an idle session is told");
    assert_eq!(next.unwrap(), "news first");
    // In a transaction it is told at the end.
    one.batch_execute("BEGIN").await.unwrap();
    other.batch_execute("BEGIN; NOTIFY news, 'a'; SELECT pg_notify('news', 'b'); NOTIFY news, 'a'; COMMIT").await.unwrap();
    one.batch_execute("SELECT 1").await.unwrap();
    assert!(told.try_recv().is_err());
    one.batch_execute("COMMIT").await.unwrap();
    for expected in ["news a", "news b"] {
        let next = tokio::time::timeout(PATIENCE, told.recv()).await.expect("told at the end of the transaction");
        assert_eq!(next.unwrap(), expected);
    }
    assert_eq!(column(&one, "SELECT * FROM pg_listening_channels()").await, ["news"]);
}

/// Seconds of work that the server's process has done, in hundredths; `None` where that cannot be read.
fn worked(server: &Server) -> Option<u64> {
    let lock = std::fs::read_to_string(server.data().join("lock")).ok()?;
    let pid = lock.lines().find_map(|line| line.strip_prefix("pid "))?;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
}

/// Waits until the process rests, which a statement that goes on would keep it from for hours.
async fn rests(server: &Server, after: &str) {
    let begun = Instant::now();
    while let Some(before) = worked(server) {
        tokio::time::sleep(Duration::from_millis(300)).await;
        if worked(server).is_some_and(|now| now - before <= 3) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "the server goes on working after {after}");
    }
    skipped("the server's own work", "there is no /proc");
}

/// Statements that run for hours, each in its own way.
const ENDLESS: [&str; 10] = [
    "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b",
    "SELECT count(*) FROM generate_series(1, 100000) a(x), generate_series(1, 100000) b(y) WHERE x * y = -1",
    "SELECT count(*) FROM generate_series(1, 100000) a(x) LEFT JOIN generate_series(1, 100000) b(y) ON x + y < 0",
    "SELECT g FROM generate_series(1, 1000000000) g ORDER BY -g LIMIT 3",
    "SELECT g % 7, count(*), max(g::text) FROM generate_series(1, 100000000000) g GROUP BY 1",
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
    "SELECT pg_sleep(10000)",
    "EXPLAIN ANALYZE SELECT count(*) FROM generate_series(1, 100000000000)",
    "INSERT INTO log SELECT 1 FROM generate_series(1, 100000000000) g WHERE g < 0",
    "BEGIN; DECLARE c CURSOR FOR SELECT * FROM generate_series(1, 100000000000); MOVE ALL IN c",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_statement_does_no_more_work() {
    let folder = folder();
    let server = Server::start(folder.path());
    let (client, other) = (Arc::new(server.connect().await), server.connect().await);
    client.batch_execute(TABLES).await.unwrap();
    let pid = column(&client, "SELECT pg_backend_pid()").await.remove(0);
    for sql in ENDLESS {
        let running = tokio::spawn({
            let client = client.clone();
            async move { refusal(&client, sql).await }
        });
        let active = format!("SELECT state FROM pg_stat_activity WHERE pid = {pid} AND query <> ''");
        while column(&other, &active).await != ["active"] {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(column(&other, &format!("SELECT pg_cancel_backend({pid})")).await, ["t"]);
        let refused = tokio::time::timeout(PATIENCE, running).await.expect("it is stopped").unwrap();
        assert_eq!(refused, "57014", "{sql}");
        client.batch_execute("ROLLBACK").await.unwrap();
        rests(&server, sql).await;
    }
    client.batch_execute("SET statement_timeout = 50").await.unwrap();
    assert_eq!(refusal(&client, ENDLESS[1]).await, "57014");
    rests(&server, "a time limit").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_are_ended_by_others_and_by_their_silence() {
    let folder = folder();
    let server = Server::start(folder.path());
    let other = server.connect().await;
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid()";
    let idle = server.connect().await;
    let busy = Arc::new(server.connect().await);
    let sleeping = tokio::spawn({
        let busy = busy.clone();
        async move { refusal(&busy, "BEGIN; SELECT pg_sleep(10000)").await }
    });
    while column(&other, "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'").await.is_empty()
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(column(&other, sessions).await, ["2"]);
    let ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()";
    assert_eq!(column(&other, ended).await, ["t", "t"]);
    assert_eq!(tokio::time::timeout(PATIENCE, sleeping).await.unwrap().unwrap(), "57P01");
    let quiet = server.connect().await;
    quiet.batch_execute("SET idle_in_transaction_session_timeout = 20; BEGIN").await.unwrap();
    let begun = Instant::now();
    while column(&other, sessions).await != ["0"] || !idle.is_closed() {
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert!(begun.elapsed() < PATIENCE, "a session was not ended");
    }
    assert!(quiet.batch_execute("SELECT 1").await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_are_shared_by_sql_and_the_protocol() {
    let folder = folder();
    let server = Server::start(folder.path());
    let mut client = server.connect().await;
    let statement = client.prepare("SELECT $1::int + 1").await.unwrap();
    let name = column(&client, "SELECT name FROM pg_prepared_statements WHERE NOT from_sql").await.remove(0);
    assert_eq!(column(&client, &format!("EXECUTE {name}(41)")).await, ["42"]);
    assert_eq!(refusal(&client, &format!("PREPARE {name} AS SELECT 1")).await, "42P05");
    client.batch_execute("DEALLOCATE ALL").await.unwrap();
    assert_eq!(sqlstate(&client.query(&statement, &[&1]).await.unwrap_err()), "26000");
    let transaction = client.transaction().await.unwrap();
    let portal = transaction.bind("SELECT g::int FROM generate_series(1, 100000) g", &[]).await.unwrap();
    let first: Vec<i32> = transaction.query_portal(&portal, 3).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(first, [1, 2, 3]);
    transaction.batch_execute("DECLARE c NO SCROLL CURSOR FOR SELECT g::int FROM generate_series(1, 1000000) g").await.unwrap();
    let fetched = transaction.query("FETCH 2 FROM c", &[]).await.unwrap();
    assert_eq!(fetched.iter().map(|row| row.get(0)).collect::<Vec<i32>>(), [1, 2]);
    let next: Vec<i32> = transaction.query_portal(&portal, 2).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(next, [4, 5]);
    transaction.commit().await.unwrap();
    assert_eq!(refusal(&client, "FETCH c").await, "34000");
}
