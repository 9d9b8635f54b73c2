//! Every statement of every login is an event of `annals.query_log`, with true values and without its literals; none that was answered is
//! lost when the process dies, and none is answered that could not be recorded.

mod durable;
mod secret;

use std::time::{Duration, Instant};

use tokio_postgres::{Client, NoTls};

use crate::harness::{Launch, PATIENCE, Server, connect_as, copy_in, count, folder, run, sqlstate, table};

/// A role that reads one table and writes another, under the name and password `dana`.
const ROLES: &str = "
    CREATE TABLE notes (occurred_at timestamptz NOT NULL DEFAULT now(), n int, body text);
    INSERT INTO notes (n, body) SELECT n, 'note ' || n FROM generate_series(1, 10) AS numbers (n);
    CREATE VIEW small_notes AS SELECT n, body FROM notes WHERE n < 4;
    CREATE TABLE drafts (id int PRIMARY KEY, body text) USING reference;
    CREATE TABLE closed (occurred_at timestamptz NOT NULL DEFAULT now(), n int);
    CREATE ROLE helpdesk;
    GRANT SELECT ON notes, small_notes TO helpdesk;
    GRANT SELECT, INSERT, UPDATE, DELETE ON drafts TO helpdesk;
    CREATE ROLE dana LOGIN PASSWORD 'dana' IN ROLE helpdesk";

async fn dana(server: &Server) -> Client {
    connect_as(server.address(), "dana", "dana").await.unwrap()
}

/// Waits until everything that was answered so far can be read in the log.
async fn settled(observer: &Client) {
    let mark = format!("mark_{}", count(observer, "SELECT count(*) FROM annals.query_log").await);
    observer.batch_execute(&format!("SELECT 1 AS {mark}")).await.unwrap();
    let deadline = Instant::now() + PATIENCE;
    let marks = format!("SELECT count(*) FROM annals.query_log WHERE statement LIKE '%{mark}'");
    while count(observer, &marks).await == 0 {
        assert!(Instant::now() < deadline, "a statement does not reach the log");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What the log tells of a role's statements, in order: statement, tables, rows, outcome, whether it was refused.
async fn told(observer: &Client, role: &str) -> Vec<String> {
    settled(observer).await;
    let sql = format!(
        "SELECT concat_ws(' | ', statement, array_to_string(tables, ' '), rows_returned, outcome, CASE WHEN refused THEN 'refused' END)
         FROM annals.query_log WHERE login_role = '{role}' ORDER BY occurred_at, event_id"
    );
    table(observer, &sql).await.unwrap().rows.into_iter().map(|row| row[0].clone().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_of_the_simple_protocol_are_told_truly() {
    let data = folder();
    let server = Server::start(data.path());
    let observer = server.connect().await;
    assert_eq!(count(&observer, "SELECT count(*) FROM annals.query_log").await, 0, "the server's own work is not recorded");
    observer.batch_execute(ROLES).await.unwrap();
    let client = dana(&server).await;
    let statements = [
        ("SELECT n FROM notes WHERE n > 3", "SELECT n FROM notes WHERE n > $1 | public.notes | 7 | ok"),
        ("SELECT body FROM small_notes", "SELECT body FROM small_notes | public.small_notes public.notes | 3 | ok"),
        ("select 'x' as a, 2 as b -- and more", "select $1 as a, $2 as b |  | 1 | ok"),
        ("SELECT n FROM closed", "SELECT n FROM closed | public.closed | 0 | 42501 | refused"),
        ("SELECT n FROM missing", "SELECT n FROM missing |  | 0 | 42P01"),
        ("SELECT 1 / (n - 10) FROM notes", "SELECT $1 / (n - $2) FROM notes | public.notes | 0 | 22012"),
        ("EXPLAIN (COSTS false) SELECT 1", "EXPLAIN (COSTS false) SELECT $1 |  | 2 | ok"),
        ("INSERT INTO drafts VALUES (1, 'a'), (2, 'b')", "INSERT INTO drafts VALUES ($1, $2), ($3, $4) | public.drafts | 0 | ok"),
        ("UPDATE drafts SET body = 'c' WHERE id = 1", "UPDATE drafts SET body = $1 WHERE id = $2 | public.drafts | 0 | ok"),
        (
            "INSERT INTO drafts VALUES (3, 'a') RETURNING id",
            "INSERT INTO drafts VALUES ($1, $2) RETURNING id | public.drafts | 1 | ok",
        ),
        ("INSERT INTO drafts VALUES (1, 'a')", "INSERT INTO drafts VALUES ($1, $2) | public.drafts | 0 | 23505"),
        ("DELETE FROM notes", "DELETE FROM notes | public.notes | 0 | 42501 | refused"),
        ("CREATE TABLE t (n int)", "CREATE TABLE t (n int) |  | 0 | 42501 | refused"),
        ("SET work_mem = '8MB'", "SET work_mem = $1 |  | 0 | ok"),
        ("SHOW work_mem", "SHOW work_mem |  | 1 | ok"),
        ("SELEC 1", "? $1 … |  | 0 | 42601"),
        (
            "PREPARE p (int) AS SELECT n FROM notes WHERE n = $1",
            "PREPARE p (int) AS SELECT n FROM notes WHERE n = $1 | public.notes | 0 | ok",
        ),
        ("EXECUTE p (3)", "EXECUTE p ($1) /* PREPARE p (int) AS SELECT n FROM notes WHERE n = $1 */ | public.notes | 1 | ok"),
        ("BEGIN", "BEGIN |  | 0 | ok"),
        ("DECLARE c CURSOR FOR SELECT n FROM notes", "DECLARE c CURSOR FOR SELECT n FROM notes | public.notes | 0 | ok"),
        ("FETCH 4 FROM c", "FETCH $1 FROM c /* DECLARE c CURSOR FOR SELECT n FROM notes */ | public.notes | 4 | ok"),
        ("INSERT INTO drafts VALUES (9, 'z')", "INSERT INTO drafts VALUES ($1, $2) | public.drafts | 0 | ok"),
        ("SELECT nonsense", "SELECT nonsense |  | 0 | 42703"),
        ("SELECT 1", "SELECT $1 |  | 0 | 25P02"),
        ("ROLLBACK", "ROLLBACK |  | 0 | ok"),
    ];
    for (sql, _) in statements {
        // Those that fail are told with their SQLSTATE.
        drop(client.simple_query(sql).await);
    }
    // One text of several statements has an entry for each, up to the one that fails.
    client.batch_execute("SELECT 1; SELECT 2 / 0; SELECT 3").await.unwrap_err();
    let mut expected: Vec<&str> = statements.iter().map(|(_, expected)| *expected).collect();
    expected.extend(["SELECT $1 |  | 1 | ok", "SELECT $1 / $2 |  | 0 | 22012"]);
    let told = told(&observer, "dana").await;
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    for (told, expected) in told.iter().zip(&expected) {
        assert_eq!(told, expected);
    }
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    assert_eq!(count(&observer, "SELECT count(*) FROM drafts WHERE id = 9").await, 0, "the transaction is gone, not its record");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_of_the_extended_protocol_are_told_truly() {
    let data = folder();
    let server = Server::start(data.path());
    let observer = server.connect().await;
    observer.batch_execute(ROLES).await.unwrap();
    let mut client = dana(&server).await;
    let prepared = client.prepare("SELECT n FROM notes WHERE n > $1").await.unwrap();
    for least in [3, 8] {
        client.query(&prepared, &[&least]).await.unwrap();
    }
    client.prepare("SELECT n FROM closed").await.unwrap_err();
    client.prepare("SELECT 'a' FORM notes").await.unwrap_err();
    let divided = client.prepare("SELECT 1 / $1::int").await.unwrap();
    client.query(&divided, &[&0]).await.unwrap_err();
    let transaction = client.transaction().await.unwrap();
    let portal = transaction.bind(&prepared, &[&0]).await.unwrap();
    for _ in 0..3 {
        transaction.query_portal(&portal, 4).await.unwrap();
    }
    transaction.rollback().await.unwrap();
    copied_out(&client, "COPY (SELECT n FROM notes WHERE n < 6) TO STDOUT").await;
    copy_in(&client, "COPY drafts FROM STDIN", "7\tseven\n").await.unwrap();
    copy_in(&client, "COPY drafts FROM STDIN", "8\n").await.unwrap_err();
    let notes = "SELECT n FROM notes WHERE n > $1 | public.notes";
    let told = told(&observer, "dana").await;
    let of_notes = |rows: u64| format!("{notes} | {rows} | ok");
    let expected = [
        of_notes(7),
        of_notes(2),
        "SELECT n FROM closed | public.closed | 0 | 42501 | refused".to_owned(),
        "SELECT $1 … |  | 0 | 42601".to_owned(),
        "SELECT $2 / $1::int |  | 0 | 22012".to_owned(),
        "START TRANSACTION |  | 0 | ok".to_owned(),
        of_notes(4),
        of_notes(4),
        of_notes(2),
        "ROLLBACK |  | 0 | ok".to_owned(),
        "COPY (SELECT n FROM notes WHERE n < $1) TO STDOUT | public.notes | 5 | ok".to_owned(),
        "COPY drafts FROM STDIN | public.drafts | 0 | ok".to_owned(),
        "COPY drafts FROM STDIN | public.drafts | 0 | 22P04".to_owned(),
    ];
    assert_eq!(told, expected);
}

/// The number of bytes that a COPY gives.
async fn copied_out(client: &Client, sql: &str) -> usize {
    use futures::TryStreamExt;
    let bytes: Vec<bytes::Bytes> = client.copy_out(sql).await.unwrap().try_collect().await.unwrap();
    bytes.concat().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_and_how_long_are_told_and_what_was_stopped() {
    let data = folder();
    let server = Server::start(data.path());
    let observer = server.connect().await;
    observer.batch_execute(ROLES).await.unwrap();
    let client = dana(&server).await;
    client.batch_execute("SET application_name = 'viewer'").await.unwrap();
    client.batch_execute("SET ROLE helpdesk").await.unwrap();
    client.batch_execute("SELECT pg_sleep(0.2)").await.unwrap();
    client.batch_execute("SET statement_timeout = '50ms'").await.unwrap();
    let timed_out = client.batch_execute("SELECT pg_sleep(60)").await.unwrap_err();
    assert_eq!(sqlstate(&timed_out), "57014");
    client.batch_execute("RESET statement_timeout").await.unwrap();
    let cancel = client.cancel_token();
    let waits = client.batch_execute("SELECT pg_sleep(60), 2");
    let (canceled, ()) = tokio::join!(waits, async {
        loop {
            // A request that comes before its statement is meant for nothing.
            let running = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'dana' AND query LIKE '%, 2' AND state = 'active'";
            if count(&observer, running).await == 1 {
                return cancel.cancel_query(NoTls).await.unwrap();
            }
        }
    });
    assert_eq!(sqlstate(&canceled.unwrap_err()), "57014");
    settled(&observer).await;
    let sql = "SELECT statement, effective_role, host(client_address), application_name, outcome, duration_ms >= 200
               FROM annals.query_log WHERE login_role = 'dana' AND statement LIKE 'SELECT pg_sleep%' ORDER BY occurred_at";
    let cells = table(&observer, sql).await.unwrap().rows;
    let row = |cells: [&str; 6]| cells.map(|cell| Some(cell.to_owned())).to_vec();
    assert_eq!(cells[0], row(["SELECT pg_sleep($1)", "helpdesk", "127.0.0.1", "viewer", "ok", "t"]));
    assert_eq!(cells[1][4].as_deref(), Some("57014"));
    assert_eq!((cells[2][0].as_deref(), cells[2][4].as_deref()), (Some("SELECT pg_sleep($1), $2"), Some("57014")));
    // A client that goes before its answer is complete has taken rows all the same.
    let (leaving, wire) = server.connect_to_cut().await;
    let endless =
        tokio::spawn(
            async move { leaving.batch_execute("SELECT n AS endless FROM generate_series(1, 1000000000) AS a (n)").await },
        );
    let running =
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%AS endless%' AND state = 'active' AND pid <> pg_backend_pid()";
    while count(&observer, running).await == 0 {}
    wire.abort();
    drop(endless.await);
    while count(&observer, running).await > 0 {}
    settled(&observer).await;
    let sql = "SELECT count(*) FROM annals.query_log WHERE statement LIKE 'SELECT n AS endless%' AND outcome = '08006' AND rows_returned > 0";
    assert_eq!(count(&observer, sql).await, 1);
    // Who comes with a wrong password, or with none at all.
    for (role, password) in [("dana", "wrong"), ("nobody", "dana"), ("helpdesk", "helpdesk")] {
        connect_as(server.address(), role, password).await.map(drop).unwrap_err();
    }
    settled(&observer).await;
    let sql =
        "SELECT login_role, outcome, statement, host(client_address) FROM annals.query_log WHERE refused ORDER BY occurred_at";
    let refused = table(&observer, sql).await.unwrap().rows;
    let login = |role: &str| vec![Some(role.to_owned()), Some("28P01".to_owned()), None, Some("127.0.0.1".to_owned())];
    assert_eq!(refused, [login("dana"), login("nobody"), login("helpdesk")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_read_by_those_to_whom_it_is_granted_and_changed_by_nobody() {
    let data = folder();
    let server = Server::start(data.path());
    let observer = server.connect().await;
    observer.batch_execute(ROLES).await.unwrap();
    let client = dana(&server).await;
    let (own, all) = ("SELECT count(*) FROM annals.query_log WHERE login_role = 'dana'", "SELECT count(*) FROM annals.query_log");
    client.batch_execute("SELECT 'asked'").await.unwrap();
    settled(&observer).await;
    assert!(count(&client, own).await > 0);
    assert_eq!(count(&client, &format!("{all} WHERE login_role <> 'dana'")).await, 0, "what others ask is theirs");
    observer.batch_execute("GRANT pg_read_all_data TO dana").await.unwrap();
    assert_eq!(count(&client, &format!("{all} WHERE login_role <> 'dana'")).await, 0, "whatever tables it reads");
    observer.batch_execute("GRANT auditor TO dana").await.unwrap();
    assert!(count(&client, &format!("{all} WHERE login_role <> 'dana'")).await > 0);
    observer.batch_execute("REVOKE auditor FROM dana; REVOKE SELECT ON annals.query_log FROM PUBLIC").await.unwrap();
    assert_eq!(sqlstate(&client.batch_execute(own).await.unwrap_err()), "42501", "the superuser may close it");
    assert_eq!(sqlstate(&client.batch_execute("GRANT SELECT ON annals.query_log TO dana").await.unwrap_err()), "42501");
    observer.batch_execute("GRANT ALL ON annals.query_log TO helpdesk").await.unwrap();
    assert!(count(&client, own).await > 0);
    let insert = "INSERT INTO annals.query_log SELECT * FROM annals.query_log LIMIT 1";
    for sql in [
        insert,
        "DELETE FROM annals.query_log",
        "UPDATE annals.query_log SET refused = false",
        "TRUNCATE annals.query_log",
        "DROP TABLE annals.query_log",
        "ALTER TABLE annals.query_log ADD COLUMN more text",
        "ALTER TABLE annals.query_log OWNER TO dana",
        "ALTER TABLE annals.query_log RENAME TO forgotten",
        "COPY annals.query_log FROM STDIN",
    ] {
        for by in [&client, &observer] {
            assert_eq!(sqlstate(&by.batch_execute(sql).await.unwrap_err()), "42501", "{sql}");
        }
    }
    for sql in [
        "CREATE RETENTION POLICY p ON annals.query_log KEEP INTERVAL '1 day'",
        "ALTER RETENTION POLICY ninety_days ON annals.query_log KEEP INTERVAL '1 day'",
        "DROP RETENTION POLICY ninety_days ON annals.query_log",
        "CREATE LEGAL HOLD h ON annals.query_log REASON 'a case'",
        "VACUUM annals.query_log",
    ] {
        assert_eq!(sqlstate(&client.batch_execute(sql).await.unwrap_err()), "42501", "{sql}");
    }
    observer
        .batch_execute(
            "REVOKE ALL ON annals.query_log FROM helpdesk; REVOKE ALL (login_role, statement) ON annals.query_log FROM helpdesk",
        )
        .await
        .unwrap();
    assert_eq!(sqlstate(&client.batch_execute(own).await.unwrap_err()), "42501");
    // How long it is kept is the superuser's to say, for good.
    observer
        .batch_execute("CREATE LEGAL HOLD h ON annals.query_log REASON 'a case'; DROP LEGAL HOLD h ON annals.query_log")
        .await
        .unwrap();
    let kept = table(&observer, "EXPLAIN RETENTION annals.query_log").await.unwrap().rows;
    assert_eq!((kept[0][0].as_deref(), kept[0][2].as_deref()), (Some("ninety_days"), Some("90 days")));
    observer.batch_execute("ALTER RETENTION POLICY ninety_days ON annals.query_log KEEP INTERVAL '1 microsecond'").await.unwrap();
    settled_by_force(&observer).await;
    assert_eq!(count(&observer, "SELECT count(*) FROM annals.query_log").await, 0, "what has expired is seen by nobody");
    observer.batch_execute("VACUUM annals.query_log").await.unwrap();
    server.kill9();
    let server = Server::start(data.path());
    let observer = server.connect().await;
    let kept = table(&observer, "EXPLAIN RETENTION annals.query_log").await.unwrap().rows;
    assert_eq!(kept[0][2].as_deref(), Some("00:00:00.000001"));
    observer.batch_execute("ALTER RETENTION POLICY ninety_days ON annals.query_log KEEP INTERVAL '1 day'").await.unwrap();
    settled(&observer).await;
    assert_eq!(
        count(&observer, "SELECT count(*) FROM annals.query_log WHERE statement LIKE 'CREATE ROLE%'").await,
        0,
        "it is gone"
    );
}

/// Lets the log commit what was answered, where nothing of it can be seen.
async fn settled_by_force(observer: &Client) {
    observer.batch_execute("SELECT pg_sleep(0.3)").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recording_is_switched_off_for_all_or_nobody() {
    let data = folder();
    let place = folder();
    let file = place.path().join("annals.toml");
    std::fs::write(&file, "query_log = false\n").unwrap();
    let server = Launch::on(data.path()).configured(&file).start();
    let observer = server.connect().await;
    observer.batch_execute("SELECT 1; SELECT 2").await.unwrap();
    observer.batch_execute("CHECKPOINT").await.unwrap();
    assert_eq!(count(&observer, "SELECT count(*) FROM annals.query_log").await, 0);
    let error = observer.batch_execute("SET query_log = off").await.unwrap_err();
    assert_eq!(sqlstate(&error), "42704", "no session can switch it");
    assert!(server.terminate().success());
    let server = Server::start(data.path());
    let observer = server.connect().await;
    settled(&observer).await;
    assert!(count(&observer, "SELECT count(*) FROM annals.query_log").await > 0);
    // Other programs of ours log in as anybody does.
    let dump = run(&["dump", "--data", data.path().to_str().unwrap()]);
    assert!(dump.status.success() && !dump.stdout.contains("query_log"), "{}", dump.stdout);
}
