//! A retention policy hides a row from everybody the moment it expires, however the row is asked for, keeps late events out, and lets
//! VACUUM remove every trace of it, whatever happens meanwhile.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio_postgres::Client;

use crate::harness::{CAN_PLANT, Launch, Server, copy_in, count, folder, run, sqlstate, table};

/// Two workspaces, one with a plan, and a log of theirs with events of several ages. The word in the oldest is nowhere else.
const DEFINITIONS: &str = "
    CREATE TABLE tenants (id text PRIMARY KEY, plan text) USING reference;
    INSERT INTO tenants VALUES ('small', 'starter'), ('large', 'growth'), ('free', NULL);
    CREATE TABLE notes (event_id uuid DEFAULT uuidv7(), occurred_at timestamptz NOT NULL, tenant text, kind text, body text);
    INSERT INTO notes (occurred_at, tenant, kind, body)
        SELECT now() - (age || ' days')::interval - interval '1 minute', tenant, 'message', tenant || ' of ' || age
        FROM (VALUES ('1'), ('20'), ('50'), ('100'), ('400')) AS ages (age), (VALUES ('small'), ('large'), ('free')) AS tenants (tenant);
    INSERT INTO notes (occurred_at, tenant, kind, body) VALUES (now() - interval '200 days', 'small', 'message', 'planted-token-7c1f')";

const BY_PLAN: &str = "
    CREATE RETENTION POLICY b_starter ON notes WHERE (tenant IN (SELECT id FROM tenants WHERE plan = 'starter')) KEEP INTERVAL '30 days';
    CREATE RETENTION POLICY c_growth ON notes WHERE (tenant IN (SELECT id FROM tenants WHERE plan = 'growth')) KEEP INTERVAL '90 days'";

/// What stands in the notes.
pub(crate) async fn bodies(client: &Client) -> Vec<String> {
    let rows = table(client, "SELECT body FROM notes ORDER BY body").await.unwrap().rows;
    rows.into_iter().map(|row| row[0].clone().unwrap_or_default()).collect()
}

/// What is left under [`BY_PLAN`].
fn by_plan() -> Vec<String> {
    let mut left: Vec<String> =
        [("free", &["1", "100", "20", "400", "50"][..]), ("large", &["1", "20", "50"]), ("small", &["1", "20"])]
            .iter()
            .flat_map(|(tenant, ages)| ages.iter().map(move |age| format!("{tenant} of {age}")))
            .collect();
    left.sort();
    left
}

/// Whether these bytes stand in any file below a folder.
pub(crate) fn found_below(folder: &Path, token: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(found_below(&path, token));
        } else if fs::read(&path).is_ok_and(|bytes| bytes.windows(token.len()).any(|window| window == token.as_bytes())) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_rows_are_seen_on_no_path() {
    let data = folder();
    let server = Server::start(data.path());
    let client = server.connect().await;
    client.batch_execute(DEFINITIONS).await.unwrap();
    let prepared = client.prepare("SELECT count(*) FROM notes WHERE tenant = $1").await.unwrap();
    assert_eq!(client.query_one(&prepared, &[&"small"]).await.unwrap().get::<_, i64>(0), 6);
    client.batch_execute("CREATE VIEW every_note AS SELECT * FROM notes").await.unwrap();
    client.batch_execute("CHECKPOINT").await.unwrap();
    client.batch_execute(BY_PLAN).await.unwrap();
    hidden_everywhere(&client, "in segments").await;
    assert_eq!(client.query_one(&prepared, &[&"small"]).await.unwrap().get::<_, i64>(0), 2, "a prepared statement");
    assert_eq!(copied_out(&client).await.lines().count(), 10);
    client.batch_execute("BEGIN; DECLARE c CURSOR FOR SELECT body FROM notes").await.unwrap();
    assert_eq!(table(&client, "FETCH ALL c").await.unwrap().rows.len(), 10);
    client.batch_execute("COMMIT").await.unwrap();
    server.kill9();
    let server = Server::start(data.path());
    hidden_everywhere(&server.connect().await, "after a restart").await;
}

async fn hidden_everywhere(client: &Client, when: &str) {
    assert_eq!(bodies(client).await, by_plan(), "{when}");
    for (sql, answer) in [
        ("SELECT count(*) FROM notes", 10),
        ("SELECT count(occurred_at) FROM every_note", 10),
        ("SELECT count(*) FROM notes WHERE body = 'planted-token-7c1f'", 0),
        ("SELECT count(*) FROM notes WHERE occurred_at < now() - interval '150 days'", 1),
        ("SELECT count(*) FROM (SELECT body FROM notes ORDER BY occurred_at LIMIT 3) AS oldest WHERE body LIKE 'small%'", 0),
        ("SELECT count(*) FROM notes AS a JOIN notes AS b USING (event_id)", 10),
        ("SELECT count(*) FROM tenants WHERE EXISTS (SELECT 1 FROM notes WHERE tenant = id AND body LIKE '%100')", 1),
        ("SELECT count(*) FROM notes TABLESAMPLE SYSTEM (100)", 10),
        ("SELECT length(max(body)) FROM notes WHERE tenant = 'small'", 11),
        ("WITH all_of_them AS MATERIALIZED (SELECT * FROM notes) SELECT count(*) FROM all_of_them", 10),
        // It fails for the planted row alone.
        ("SELECT count(*) FROM notes WHERE 1 / (length(body) - 18) IS NOT NULL", 10),
        ("SELECT extract(day FROM now() - min(occurred_at))::int FROM notes WHERE tenant = 'large'", 50),
    ] {
        assert_eq!(count(client, sql).await, answer, "{when}: {sql}");
    }
}

/// What COPY gives.
async fn copied_out(client: &Client) -> String {
    use futures::TryStreamExt;
    let stream = client.copy_out("COPY notes (body) TO STDOUT").await.unwrap();
    let bytes: Vec<bytes::Bytes> = stream.try_collect().await.unwrap();
    String::from_utf8(bytes.concat()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_policy_that_fits_decides() {
    let data = folder();
    let server = Server::start(data.path());
    let client = server.connect().await;
    client.batch_execute(DEFINITIONS).await.unwrap();
    client.batch_execute(BY_PLAN).await.unwrap();
    assert_eq!(bodies(&client).await, by_plan());
    // A plan that changes is looked up by the next statement.
    client.batch_execute("UPDATE tenants SET plan = 'growth' WHERE id = 'small'").await.unwrap();
    assert_eq!(count(&client, "SELECT count(*) FROM notes WHERE tenant = 'small'").await, 3);
    client.batch_execute("UPDATE tenants SET plan = NULL WHERE id = 'small'").await.unwrap();
    assert_eq!(count(&client, "SELECT count(*) FROM notes WHERE tenant = 'small'").await, 6, "without a plan everything is kept");
    client.batch_execute("UPDATE tenants SET plan = 'starter' WHERE id = 'small'").await.unwrap();
    // One that comes first in order of name decides, also when it keeps longer.
    client
        .batch_execute("CREATE RETENTION POLICY a_evidence ON notes WHERE (body LIKE 'planted%') KEEP INTERVAL '1 year'")
        .await
        .unwrap();
    assert_eq!(count(&client, "SELECT count(*) FROM notes WHERE body LIKE 'planted%'").await, 1);
    client.batch_execute("ALTER RETENTION POLICY a_evidence ON notes KEEP INTERVAL '6 months'").await.unwrap();
    assert_eq!(count(&client, "SELECT count(*) FROM notes WHERE body LIKE 'planted%'").await, 0);
    // The last of them is about everything that is left.
    client.batch_execute("CREATE RETENTION POLICY d_rest ON notes KEEP INTERVAL '60 days'").await.unwrap();
    assert_eq!(count(&client, "SELECT count(*) FROM notes WHERE tenant = 'free'").await, 3);
    let explained = table(&client, "EXPLAIN RETENTION notes").await.unwrap();
    assert_eq!(explained.columns, ["policy", "predicate", "keep", "horizon", "rows_kept", "rows_expired", "rows_held"]);
    let numbers: Vec<Vec<&str>> =
        explained.rows.iter().map(|row| [0, 2, 4, 5].iter().map(|at| row[*at].as_deref().unwrap_or_default()).collect()).collect();
    assert_eq!(
        numbers,
        [
            ["a_evidence", "6 mons", "0", "1"],
            ["b_starter", "30 days", "2", "3"],
            ["c_growth", "90 days", "3", "2"],
            ["d_rest", "60 days", "3", "2"]
        ]
    );
    client.batch_execute("DROP RETENTION POLICY d_rest ON notes; DROP RETENTION POLICY IF EXISTS d_rest ON notes").await.unwrap();
    assert_eq!(count(&client, "SELECT count(*) FROM notes WHERE tenant = 'free'").await, 5, "nothing was purged yet");
    // All of it takes part in transactions.
    client.batch_execute("BEGIN; CREATE RETENTION POLICY d_rest ON notes KEEP INTERVAL '60 days'").await.unwrap();
    assert_eq!(count(&client, "SELECT count(*) FROM notes WHERE tenant = 'free'").await, 3);
    client.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(count(&client, "SELECT count(*) FROM notes WHERE tenant = 'free'").await, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_expires_by_itself_and_a_late_one_is_refused() {
    let data = folder();
    let server = Server::start(data.path());
    let client = server.connect().await;
    client
        .batch_execute(
            "CREATE TABLE flashes (occurred_at timestamptz NOT NULL, n int);
             CREATE TABLE timeless (n int);
             CREATE RETENTION POLICY short ON flashes KEEP INTERVAL '4 seconds';
             CREATE RETENTION POLICY short ON timeless KEEP INTERVAL '4 seconds';
             INSERT INTO flashes VALUES (now(), 1), (now() + interval '5 minutes', 2);
             INSERT INTO timeless VALUES (1)",
        )
        .await
        .unwrap();
    for (log, before, after) in [("flashes", 2, 1), ("timeless", 1, 0)] {
        assert!(count(&client, &format!("SELECT count(*) FROM {log}")).await <= before);
        let gone = format!("SELECT count(*) FROM {log}");
        for _ in 0..200 {
            if count(&client, &gone).await == after {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(count(&client, &gone).await, after, "{log}");
    }
    client.batch_execute("BEGIN; INSERT INTO timeless VALUES (2)").await.unwrap();
    assert_eq!(count(&client, "SELECT count(*) FROM timeless").await, 1, "a transaction sees its own rows, which have no time yet");
    client.batch_execute("ROLLBACK").await.unwrap();
    let late = client.batch_execute("INSERT INTO flashes VALUES (now(), 3), (now() - interval '1 hour', 4)").await.unwrap_err();
    let report = late.as_db_error().unwrap();
    assert_eq!(report.code().code(), "22008");
    assert!(report.message().contains("retention policy \"short\" keeps 00:00:04"), "{report:?}");
    assert_eq!(report.detail(), Some("It is row 2 of the statement."));
    let late = copy_in(&client, "COPY flashes FROM STDIN", "2020-01-01 00:00:00+00\t5\n").await.unwrap_err();
    assert_eq!(sqlstate(&late), "22008");
    assert_eq!(late.as_db_error().unwrap().where_(), Some("COPY flashes, line 1"));
    assert_eq!(count(&client, "SELECT count(*) FROM flashes WHERE n > 2").await, 0, "nothing of the statements was stored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vacuum_leaves_nothing_of_expired_rows() {
    let data = folder();
    let server = Server::start(data.path());
    let client = server.connect().await;
    client.batch_execute(DEFINITIONS).await.unwrap();
    client.batch_execute("CHECKPOINT; INSERT INTO notes (occurred_at, tenant, body) VALUES (now() - interval '70 days', 'small', 'planted-token-7c1f again')").await.unwrap();
    // Compression hides a word in a file, so the count below is what proves that it is gone from there; the WAL shows it.
    assert!(!found_below(data.path(), "planted-token-7c1f").is_empty(), "the log shows the word before it is purged");
    client.batch_execute(BY_PLAN).await.unwrap();
    let left = by_plan();
    assert_eq!(bodies(&client).await, left);
    client.batch_execute("VACUUM notes").await.unwrap();
    assert_eq!(bodies(&client).await, left);
    assert_eq!(found_below(data.path(), "planted-token-7c1f"), Vec::<String>::new());
    // Without the policies, what was purged does not come back.
    client.batch_execute("DROP RETENTION POLICY b_starter ON notes; DROP RETENTION POLICY c_growth ON notes").await.unwrap();
    assert_eq!(bodies(&client).await, left);
    assert_eq!(append_only(data.path()), ["true", "false", "true"], "the Delta log says that rows were removed");
    client.batch_execute("VACUUM notes").await.unwrap();
    server.kill9();
    let server = Server::start(data.path());
    assert_eq!(bodies(&server.connect().await).await, left);
}

/// What the commits of the log with the most of them say of being append-only.
fn append_only(data: &Path) -> Vec<String> {
    let mut longest = Vec::new();
    for table in fs::read_dir(data.join("tables")).unwrap().flatten() {
        let mut commits: Vec<_> = fs::read_dir(table.path().join("_delta_log")).into_iter().flatten().flatten().collect();
        commits.retain(|commit| commit.path().extension().is_some_and(|extension| extension == "json"));
        commits.sort_by_key(|commit| commit.file_name());
        let texts = commits.iter().map(|commit| fs::read_to_string(commit.path()).unwrap() + "\n").collect::<String>();
        let said: Vec<String> = texts
            .lines()
            .filter_map(|line| {
                let line: serde_json::Value = serde_json::from_str(line).ok()?;
                Some(line.pointer("/metaData/configuration/delta.appendOnly")?.as_str()?.to_owned())
            })
            .collect();
        if said.len() > longest.len() {
            longest = said;
        }
    }
    longest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purge_that_is_cut_off_loses_nothing_else() {
    if !CAN_PLANT {
        return;
    }
    for point in ["purge-before-commit", "purge-lifted", "purge-after-commit"] {
        let data = folder();
        let server = Server::start(data.path());
        let client = server.connect().await;
        client.batch_execute(DEFINITIONS).await.unwrap();
        client.batch_execute("CHECKPOINT").await.unwrap();
        client.batch_execute(BY_PLAN).await.unwrap();
        server.kill9();
        let mut server = Launch::on(data.path()).crash_at(point).start();
        let client = server.connect().await;
        client.batch_execute("VACUUM notes").await.unwrap_err();
        assert!(server.dies().is_some(), "{point} was not reached");
        let server = Server::start(data.path());
        let client = server.connect().await;
        assert_eq!(bodies(&client).await, by_plan(), "{point}");
        assert_eq!(append_only(data.path()).last().map(String::as_str), Some("true"), "{point}");
        client.batch_execute("VACUUM notes").await.unwrap();
        client.batch_execute("DROP RETENTION POLICY b_starter ON notes; DROP RETENTION POLICY c_growth ON notes").await.unwrap();
        assert_eq!(bodies(&client).await, by_plan(), "{point}: the next purge removes what the first did not");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_a_policy_is_refused_when_it_is_made() {
    let data = folder();
    let server = Server::start(data.path());
    let client = server.connect().await;
    client.batch_execute(DEFINITIONS).await.unwrap();
    client
        .batch_execute("CREATE VIEW seen AS SELECT * FROM notes; CREATE RETENTION POLICY k ON notes KEEP INTERVAL '1 year'")
        .await
        .unwrap();
    for (sql, state) in [
        ("CREATE RETENTION POLICY p ON notes WHERE (length(body)) KEEP INTERVAL '1 day'", "42804"),
        ("CREATE RETENTION POLICY p ON notes WHERE (1) KEEP INTERVAL '1 day'", "42804"),
        ("CREATE RETENTION POLICY p ON notes WHERE (nosuch = 1) KEEP INTERVAL '1 day'", "42703"),
        ("CREATE RETENTION POLICY p ON notes WHERE (tenant IN (SELECT id FROM nosuch)) KEEP INTERVAL '1 day'", "42P01"),
        ("CREATE RETENTION POLICY p ON notes WHERE (tenant IN (SELECT tenant FROM notes)) KEEP INTERVAL '1 day'", "0A000"),
        ("CREATE RETENTION POLICY p ON notes WHERE (tenant IN (SELECT tenant FROM seen)) KEEP INTERVAL '1 day'", "0A000"),
        (
            "CREATE RETENTION POLICY p ON notes WHERE (EXISTS (SELECT 1 FROM tenants WHERE id > tenant)) KEEP INTERVAL '1 day'",
            "0A000",
        ),
        ("CREATE RETENTION POLICY p ON notes WHERE (occurred_at < now()) KEEP INTERVAL '1 day'", "42P17"),
        ("CREATE RETENTION POLICY p ON notes WHERE (tenant = current_user) KEEP INTERVAL '1 day'", "42P17"),
        ("CREATE RETENTION POLICY p ON notes WHERE (tenant = $1) KEEP INTERVAL '1 day'", "42P02"),
        ("CREATE RETENTION POLICY p ON notes KEEP INTERVAL '-1 day'", "22023"),
        ("CREATE RETENTION POLICY p ON notes KEEP INTERVAL '0'", "22023"),
        ("CREATE RETENTION POLICY p ON notes KEEP INTERVAL 'soon'", "22007"),
        ("CREATE RETENTION POLICY p ON notes KEEP", "42601"),
        ("CREATE RETENTION POLICY p ON notes", "42601"),
        ("CREATE RETENTION POLICY p ON tenants KEEP INTERVAL '1 day'", "42809"),
        ("CREATE RETENTION POLICY p ON seen KEEP INTERVAL '1 day'", "42809"),
        ("CREATE RETENTION POLICY p ON nosuch KEEP INTERVAL '1 day'", "42P01"),
        ("CREATE RETENTION POLICY p ON annals.catalog_log KEEP INTERVAL '1 day'", "42501"),
        ("CREATE RETENTION POLICY k ON notes KEEP INTERVAL '1 day'", "42710"),
        ("ALTER RETENTION POLICY p ON notes KEEP INTERVAL '1 day'", "42704"),
        ("DROP RETENTION POLICY p ON notes", "42704"),
        ("EXPLAIN RETENTION nosuch", "42P01"),
    ] {
        let error = client.batch_execute(sql).await.expect_err(sql);
        assert_eq!(sqlstate(&error), state, "{sql}: {error:?}");
    }
    client.batch_execute(BY_PLAN).await.unwrap();
    let needed = client.batch_execute("DROP TABLE tenants").await.unwrap_err();
    assert_eq!(sqlstate(&needed), "2BP01");
    assert!(needed.as_db_error().unwrap().detail().unwrap().contains("retention policy b_starter on public.notes"), "{needed:?}");
    // A dumped store keeps what this one keeps.
    let script = run(&["dump", "--data", data.path().to_str().unwrap()]).succeeded();
    let copy = folder();
    let server = Server::start(copy.path());
    server.connect().await.batch_execute(&script).await.unwrap();
    let client = server.connect().await;
    let explained = table(&client, "EXPLAIN RETENTION notes").await.unwrap();
    let names: Vec<&str> = explained.rows.iter().filter_map(|row| row[0].as_deref()).collect();
    assert_eq!(names, ["b_starter", "c_growth", "k"]);
}
