//! Literals are nowhere: not in the log, not in any file of the folder.

use std::fs;
use std::path::Path;

use super::{ROLES, dana, settled};
use crate::harness::{Server, copy_in, count, folder, run};

/// In no other text of the tests or the product.
const TOKEN: &str = "zq7planted";

/// The files below a folder in which the token stands.
fn found_below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(found_below(&path));
        } else if fs::read(&path).is_ok_and(|bytes| bytes.windows(TOKEN.len()).any(|window| window == TOKEN.as_bytes())) {
            found.push(path.display().to_string());
        }
    }
    found
}

/// Statements that hold the token in every place in which a text can stand, and keep it nowhere of their own accord.
const STATEMENTS: [&str; 26] = [
    "SELECT '{}'",
    "SELECT E'{}\\n', $${}$$, $tag$ {} $tag$, U&'{}', N'{}'",
    "SELECT 1 /* {} */ -- {}",
    "SELECT n FROM notes WHERE body = '{}' OR body LIKE '%{}%'",
    "SELECT n FROM missing WHERE body = '{}'",
    "SELECT '{}'::int",
    "EXPLAIN SELECT * FROM notes WHERE body = '{}'",
    "SELECT * FORM notes WHERE body = '{}'",
    "SELEC '{}' FROM notes",
    "SELECT 'it's {}'",
    "SELECT 'o'{} {}",
    "SELECT '{}",
    "SELECT $tag$ {}",
    "SELECT /* {}",
    "{} SELECT 1",
    "COPY drafts FROM STDIN;\n1\t{}\n\\.",
    "CREATE ROLE somebody LOGIN PASSWORD '{}' {}",
    "CREATE ROLE secretive LOGIN PASSWORD '{}'",
    "ALTER ROLE secretive PASSWORD '{}'",
    "ALTER ROLE secretive PASSWORD {}",
    "ALTER USER secretive WITH ENCRYPTED PASSWORD '{}' VALID UNTIL '{}'",
    "SET my.setting = '{}'",
    "NOTIFY channel, '{}'",
    "PREPARE p AS SELECT '{}' WHERE '{}' = $1; EXECUTE p ('{}')",
    "BEGIN; INSERT INTO drafts VALUES (1, '{}'); DECLARE c CURSOR FOR SELECT '{}'; FETCH c; ROLLBACK",
    "SELECT query_to_xml('{}')",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn literals_are_in_no_file() {
    let data = folder();
    let server = Server::start(data.path());
    let observer = server.connect().await;
    observer.batch_execute(ROLES).await.unwrap();
    let before = count(&observer, "SELECT count(*) FROM annals.query_log").await;
    for statement in STATEMENTS {
        // Whether it fails does not matter.
        drop(observer.simple_query(&statement.replace("{}", TOKEN)).await);
        drop(observer.prepare(&statement.replace("{}", TOKEN)).await);
    }
    let client = dana(&server).await;
    client.query("SELECT n FROM notes WHERE body = $1", &[&TOKEN]).await.unwrap();
    client.query("SELECT 1 / (length($1) - 10)", &[&TOKEN]).await.unwrap_err();
    copy_in(&client, "COPY drafts FROM STDIN", format!("{TOKEN}\t{TOKEN}\n")).await.unwrap_err();
    observer.batch_execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'dana'").await.unwrap();
    settled(&observer).await;
    let entries = count(&observer, "SELECT count(*) FROM annals.query_log").await - before;
    assert!(entries > STATEMENTS.len() as i64, "only {entries} entries");
    let entry = "concat_ws(' ', login_role, effective_role, application_name, statement, array_to_string(tables, ' '), outcome)";
    let leaked = format!("SELECT count(*) FROM annals.query_log WHERE {entry} LIKE '%{TOKEN}%'");
    assert_eq!(count(&observer, &leaked).await, 0);
    server.kill9();
    assert_eq!(found_below(data.path()), [""; 0]);
    let server = Server::start(data.path());
    let observer = server.connect().await;
    settled(&observer).await;
    assert_eq!(count(&observer, &leaked).await, 0);
    let dumped = run(&["dump", "--data", data.path().to_str().unwrap()]);
    assert!(!dumped.stdout.contains(TOKEN), "{}", dumped.stdout);
}
