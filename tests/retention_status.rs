//! `annals.retention_status` says what is still there of what has expired, and counts it without reading more than it must.

use std::fs;
use std::path::{Path, PathBuf};

use tokio_postgres::Client;

use crate::harness::{Server, count, folder, table, told};
use crate::holds::{DEFINITIONS, refused};

/// One line of the status as text, without the times.
async fn lines(client: &Client) -> Vec<String> {
    let columns =
        "concat_ws(' ', tablename, policyname, keep, rows_expired, bytes_expired > 0, rows_held, lag > interval '1 day', problem)";
    let sql = format!(
        "SELECT {columns} FROM annals.retention_status WHERE tablename IN ('flat', 'notes') ORDER BY tablename, policyname"
    );
    table(client, &sql).await.unwrap().rows.into_iter().map(|row| row[0].clone().unwrap_or_default()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_status_counts_what_is_there() {
    let data = folder();
    let server = Server::start(data.path());
    let chief = server.connect().await;
    chief.batch_execute(DEFINITIONS).await.unwrap();
    chief
        .batch_execute(
            "CREATE ROLE abby LOGIN PASSWORD 'only-for-tests' IN ROLE auditor;
             ALTER TABLE notes OWNER TO olga; GRANT SELECT ON cases TO olga;
             CREATE TABLE flat (occurred_at timestamptz NOT NULL, n int);
             INSERT INTO flat SELECT now() - n * interval '1 hour', n FROM generate_series(1, 1000) AS s(n);
             CHECKPOINT",
        )
        .await
        .unwrap();
    assert_eq!(lines(&chief).await, Vec::<String>::new());
    // Counted by hand before anything is hidden.
    let by_hand = |condition: &str| format!("SELECT count(*) FROM notes WHERE {condition}");
    let old = "occurred_at <= now() - interval '30 days'";
    let open = count(&chief, &by_hand(&format!("{old} AND tenant IN ('beta')"))).await;
    let rest = count(&chief, &by_hand("occurred_at <= now() - interval '100 days' AND tenant <> 'beta'")).await;
    let held = count(&chief, &by_hand("occurred_at <= now() - interval '100 days' AND tenant = 'alpha'")).await;
    let flat = count(&chief, "SELECT count(*) FROM flat WHERE occurred_at <= now() - interval '10 days'").await;
    assert_eq!((open, rest, held, flat), (2, 3, 2, 761));
    chief
        .batch_execute(
            "CREATE RETENTION POLICY a_open ON notes WHERE (tenant IN (SELECT id FROM cases WHERE open)) KEEP INTERVAL '30 days';
             CREATE RETENTION POLICY b_rest ON notes KEEP INTERVAL '100 days';
             CREATE LEGAL HOLD h ON notes WHERE (tenant = 'alpha') REASON 'case 1';
             CREATE RETENTION POLICY all_of_it ON flat KEEP INTERVAL '10 days'",
        )
        .await
        .unwrap();
    let of_notes = [format!("notes a_open 30 days {open} t 0 t"), format!("notes b_rest 100 days {} t {held} t", rest - held)];
    let mut expected = vec![format!("flat all_of_it 10 days {flat} t 0 t")];
    expected.extend(of_notes.clone());
    for round in ["read", "remembered"] {
        assert_eq!(lines(&chief).await, expected, "{round}");
    }
    assert_eq!(lines(&server.log_in("abby").await).await, expected);
    assert_eq!(lines(&server.log_in("olga").await).await, of_notes);
    assert_eq!(lines(&server.log_in("carl").await).await, Vec::<String>::new());
    // What waits in memory counts as well, and what is remembered of segments is not what is not true any more.
    chief.batch_execute("UPDATE cases SET open = false WHERE id = 'beta'").await.unwrap();
    let changed = [expected[0].clone(), "notes a_open 30 days 0 f 0".to_owned(), format!("notes b_rest 100 days 2 t {held} t")];
    assert_eq!(lines(&chief).await, changed);
    let times = "SELECT count(*) FROM annals.retention_status WHERE tablename IN ('flat', 'notes') AND last_purge IS NULL AND next_purge > now() AND horizon < now()";
    assert_eq!(count(&chief, times).await, 3);
    // The oldest of those to be removed is 400 days and a minute old, and should have been gone 300 days ago.
    let lag = "SELECT extract(epoch FROM lag)::bigint / 60 FROM annals.retention_status WHERE policyname = 'b_rest'";
    let minutes = count(&chief, lag).await;
    assert!((300 * 24 * 60..=300 * 24 * 60 + 60).contains(&minutes), "{minutes}");
    chief.batch_execute("VACUUM").await.unwrap();
    let done = ["flat all_of_it 10 days 0 f 0", "notes a_open 30 days 0 f 0", "notes b_rest 100 days 0 f 2"];
    assert_eq!(lines(&chief).await, done);
    assert_eq!(
        count(&chief, "SELECT count(*) FROM annals.retention_status WHERE tablename IN ('flat', 'notes') AND last_purge <= now() + interval '1 second'").await,
        3
    );
    // When that was is known also after a crash, and told of the tables that are there.
    let times = "SELECT policyname, last_purge FROM annals.retention_status WHERE tablename IN ('flat', 'notes') ORDER BY 1, 2";
    let purged = told(&chief, times).await;
    drop(chief);
    server.kill9();
    let server = Server::start(data.path());
    let chief = server.connect().await;
    assert_eq!(told(&chief, times).await, purged);
    // One table that cannot be counted is told of, and hides nothing of the others.
    chief.batch_execute("CREATE RETENTION POLICY a_broken ON flat WHERE (1 / (n - 230) > 0) KEEP INTERVAL '9 days'").await.unwrap();
    // Why may hold a part of a value, which an auditor may see masked.
    let to_abby = lines(&server.log_in("abby").await).await;
    assert!(to_abby[0].ends_with("a predicate fails for a row; the table's owner is told more"), "{to_abby:?}");
    let lines = lines(&chief).await;
    assert_eq!(lines.len(), 4);
    assert!(lines[0].ends_with("division by zero"), "{lines:?}");
    assert_eq!(lines[2..], done[1..]);
    refused(&chief, "VACUUM flat", "22012").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_found_in_a_segment_is_not_looked_for_again() {
    let data = folder();
    let server = Server::start(data.path());
    let chief = server.connect().await;
    chief
        .batch_execute(
            "CREATE TABLE marks (occurred_at timestamptz NOT NULL, kind text, n int);
             INSERT INTO marks SELECT now() - interval '40 days', CASE WHEN n % 10 = 0 THEN 'short' ELSE 'long' END, n
             FROM generate_series(1, 1000) AS s(n);
             CREATE RETENTION POLICY short ON marks WHERE (kind = 'short') KEEP INTERVAL '30 days';
             CREATE RETENTION POLICY the_rest ON marks KEEP INTERVAL '1 year'",
        )
        .await
        .unwrap();
    chief.batch_execute("VACUUM marks").await.unwrap();
    let counted = "SELECT string_agg(rows_expired::text, ' ' ORDER BY policyname) FROM annals.retention_status WHERE tablename = 'marks' AND problem IS NULL";
    let shown = || async { table(&chief, counted).await.unwrap().rows[0][0].clone() };
    assert_eq!(shown().await.as_deref(), Some("0 0"));
    // A file that cannot be read shows who reads it.
    let mut segments = files_below(data.path(), "parquet");
    segments
        .retain(|path| fs::metadata(path).is_ok_and(|file| file.len() > 2_000) && !path.to_string_lossy().contains("_delta_log"));
    for segment in &segments {
        fs::OpenOptions::new().write(true).open(segment).unwrap().set_len(100).unwrap();
    }
    assert!(!segments.is_empty());
    assert_eq!(shown().await.as_deref(), Some("0 0"), "it is remembered");
    chief.batch_execute("VACUUM marks").await.unwrap();
    refused(&chief, "SELECT count(kind) FROM marks", "XX001").await;
    chief.batch_execute("ALTER RETENTION POLICY short ON marks KEEP INTERVAL '20 days'").await.unwrap();
    assert_eq!(shown().await, None, "by other rules it is looked for again");
    refused(&chief, "VACUUM marks", "XX001").await;
}

/// Files below a folder whose names end so.
fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_below(&path, ending));
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    found
}
