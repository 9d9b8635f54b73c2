//! A legal hold keeps rows from everything that removes rows, whatever happens meanwhile, and shows what it keeps to those alone whom it
//! names.

use tokio_postgres::Client;

use crate::harness::{CAN_PLANT, Launch, Server, copy_in, count, folder, run, sqlstate, table};
use crate::retention::{bodies, found_below};

/// A log with events of several ages of three tenants, all of which expire after thirty days, and some who look at it. The word in one
/// of the oldest events is nowhere else.
pub(crate) const DEFINITIONS: &str = "
    CREATE ROLE lawyer;
    CREATE ROLE clerk;
    CREATE ROLE lena LOGIN PASSWORD 'only-for-tests' IN ROLE lawyer;
    CREATE ROLE carl LOGIN PASSWORD 'only-for-tests' IN ROLE clerk;
    CREATE ROLE nora LOGIN NOINHERIT PASSWORD 'only-for-tests' IN ROLE lawyer;
    CREATE ROLE olga LOGIN PASSWORD 'only-for-tests';
    CREATE TABLE cases (id text PRIMARY KEY, open boolean) USING reference;
    INSERT INTO cases VALUES ('beta', true), ('gamma', false);
    CREATE TABLE notes (event_id uuid DEFAULT uuidv7(), occurred_at timestamptz NOT NULL, tenant text, body text);
    INSERT INTO notes (occurred_at, tenant, body)
        SELECT now() - (age || ' days')::interval - interval '1 minute', tenant, tenant || ' of ' || age
        FROM (VALUES ('1'), ('20'), ('50'), ('400')) AS ages (age), (VALUES ('alpha'), ('beta'), ('gamma')) AS tenants (tenant);
    INSERT INTO notes (occurred_at, tenant, body) VALUES (now() - interval '200 days', 'alpha', 'planted-token-91be');
    GRANT SELECT ON notes TO PUBLIC";

const EXPIRES: &str = "CREATE RETENTION POLICY month ON notes KEEP INTERVAL '30 days'";

/// What has not expired, for everybody.
const FRESH: [&str; 6] = ["alpha of 1", "alpha of 20", "beta of 1", "beta of 20", "gamma of 1", "gamma of 20"];

/// What has not expired, and these.
fn fresh_and(others: &[&str]) -> Vec<String> {
    let mut all: Vec<String> = FRESH.iter().chain(others).map(|body| (*body).to_owned()).collect();
    all.sort();
    all
}

pub(crate) async fn refused(client: &Client, sql: &str, state: &str) -> tokio_postgres::Error {
    let error = client.batch_execute(sql).await.expect_err(sql);
    assert_eq!(sqlstate(&error), state, "{sql}: {error:?}");
    error
}

fn detail(error: &tokio_postgres::Error) -> &str {
    error.as_db_error().and_then(tokio_postgres::error::DbError::detail).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_hold_keeps_is_seen_by_whom_it_names() {
    let data = folder();
    let server = Server::start(data.path());
    let chief = server.connect().await;
    chief.batch_execute(DEFINITIONS).await.unwrap();
    chief.batch_execute(EXPIRES).await.unwrap();
    let (lena, carl, nora, olga) =
        (server.log_in("lena").await, server.log_in("carl").await, server.log_in("nora").await, server.log_in("olga").await);
    let prepared = lena.prepare("SELECT count(*) FROM notes WHERE tenant = $1").await.unwrap();
    assert_eq!(lena.query_one(&prepared, &[&"alpha"]).await.unwrap().get::<_, i64>(0), 2);
    chief.batch_execute("CREATE LEGAL HOLD a ON notes WHERE (tenant = 'alpha') REASON 'case 1' TO lawyer").await.unwrap();
    let held = fresh_and(&["alpha of 50", "alpha of 400", "planted-token-91be"]);
    for when in ["in memory", "in segments"] {
        assert_eq!(bodies(&lena).await, held, "{when}");
        for (client, who) in
            [(&chief, "superuser and owner"), (&carl, "another"), (&nora, "one without inheritance"), (&olga, "a third")]
        {
            assert_eq!(bodies(client).await, fresh_and(&[]), "{when}: {who}");
            for (sql, answer) in [
                ("SELECT count(*) FROM notes", 6),
                ("SELECT count(*) FROM notes WHERE body = 'planted-token-91be'", 0),
                ("SELECT count(*) FROM notes WHERE occurred_at < now() - interval '30 days'", 0),
                ("SELECT length(max(body)) FROM notes", 11),
                // It fails for the planted row alone.
                ("SELECT count(*) FROM notes WHERE 1 / (length(body) - 18) IS NOT NULL", 6),
            ] {
                assert_eq!(count(client, sql).await, answer, "{when}: {who}: {sql}");
            }
        }
        for (sql, answer) in [
            ("SELECT count(*) FROM notes", 9),
            ("SELECT count(occurred_at) FROM notes WHERE occurred_at < now() - interval '30 days'", 3),
            ("SELECT count(*) FROM notes AS a JOIN notes AS b USING (event_id)", 9),
            ("SELECT count(*) FROM (SELECT body FROM notes ORDER BY occurred_at LIMIT 1) AS oldest WHERE body = 'alpha of 400'", 1),
        ] {
            assert_eq!(count(&lena, sql).await, answer, "{when}: {sql}");
        }
        assert_eq!(lena.query_one(&prepared, &[&"alpha"]).await.unwrap().get::<_, i64>(0), 5, "{when}: a prepared statement");
        chief.batch_execute("CHECKPOINT").await.unwrap();
    }
    // Whoever becomes the role sees it as the role does.
    for client in [&nora, &chief] {
        client.batch_execute("SET ROLE lawyer").await.unwrap();
        assert_eq!(bodies(client).await, held);
        client.batch_execute("RESET ROLE").await.unwrap();
        assert_eq!(bodies(client).await, fresh_and(&[]));
    }
    chief.batch_execute("CREATE VIEW seen AS SELECT * FROM notes; GRANT SELECT ON seen TO PUBLIC").await.unwrap();
    assert_eq!((count(&lena, "SELECT count(*) FROM seen").await, count(&chief, "SELECT count(*) FROM seen").await), (9, 6));
    // A view that reads with the rights of one whom the hold names does not give to others what it keeps.
    chief
        .batch_execute(
            "CREATE VIEW lent WITH (security_invoker = false) AS SELECT * FROM notes; ALTER VIEW lent OWNER TO lena;
             GRANT SELECT ON lent TO PUBLIC",
        )
        .await
        .unwrap();
    assert_eq!(count(&lena, "SELECT count(*) FROM lent").await, 9);
    for client in [&carl, &olga, &chief] {
        assert_eq!(count(client, "SELECT count(*) FROM lent").await, 6);
    }
    // The role and not its name.
    chief.batch_execute("ALTER ROLE lawyer RENAME TO counsel; CREATE ROLE lawyer; GRANT lawyer TO olga").await.unwrap();
    assert_eq!((bodies(&lena).await, bodies(&olga).await), (held.clone(), fresh_and(&[])));
    // Holds overlap: each shows to its own roles what it keeps.
    chief
        .batch_execute(
            "CREATE LEGAL HOLD b ON notes WHERE (body LIKE 'planted%' OR tenant = 'beta') REASON 'case 2' TO clerk;
             CREATE LEGAL HOLD c ON notes WHERE (tenant = 'gamma') REASON 'case 3'",
        )
        .await
        .unwrap();
    assert_eq!(bodies(&lena).await, held);
    let second = fresh_and(&["beta of 50", "beta of 400", "planted-token-91be"]);
    assert_eq!(bodies(&carl).await, second);
    chief.batch_execute("GRANT clerk TO lena").await.unwrap();
    assert_eq!(count(&lena, "SELECT count(*) FROM notes").await, 11, "the union of both");
    chief.batch_execute("REVOKE clerk FROM lena").await.unwrap();
    // Without TO it is for nobody.
    for client in [&chief, &lena, &carl, &olga] {
        assert_eq!(count(client, "SELECT count(*) FROM notes WHERE tenant = 'gamma'").await, 2);
    }
    // A hold that goes takes its sight with it, in an open transaction of one snapshot too when that looks first.
    chief.batch_execute("BEGIN; DROP LEGAL HOLD a ON notes").await.unwrap();
    assert_eq!(bodies(&lena).await, held, "not before it is committed");
    chief.batch_execute("COMMIT").await.unwrap();
    assert_eq!((bodies(&lena).await, bodies(&carl).await), (fresh_and(&[]), second));
    assert_eq!(lena.query_one(&prepared, &[&"alpha"]).await.unwrap().get::<_, i64>(0), 2);
}

/// What the status says of the one policy: rows to be removed, rows held, whether it has a lag.
async fn status(client: &Client) -> (i64, i64, bool) {
    let answer = table(
        client,
        "SELECT rows_expired, rows_held, lag IS NOT NULL, problem FROM annals.retention_status WHERE tablename = 'notes'",
    );
    let rows = answer.await.unwrap().rows;
    assert_eq!(rows.len(), 1, "{rows:?}");
    let cell = |at: usize| rows[0][at].clone();
    assert_eq!(cell(3), None);
    let number = |at: usize| cell(at).unwrap().parse().unwrap();
    (number(0), number(1), cell(2).as_deref() == Some("t"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn held_rows_stay_until_the_last_hold_is_gone() {
    let data = folder();
    let server = Server::start(data.path());
    let chief = server.connect().await;
    chief.batch_execute(DEFINITIONS).await.unwrap();
    chief
        .batch_execute(
            "CREATE LEGAL HOLD a ON notes WHERE (tenant = 'alpha') REASON 'case 1' TO lawyer;
             CREATE LEGAL HOLD b ON notes WHERE (tenant IN (SELECT id FROM cases WHERE open) OR body LIKE 'planted%') REASON 'case 2' TO lawyer",
        )
        .await
        .unwrap();
    chief.batch_execute(EXPIRES).await.unwrap();
    assert_eq!(status(&chief).await, (2, 5, true));
    let explained = table(&chief, "EXPLAIN RETENTION notes").await.unwrap().rows;
    assert_eq!(explained[0][4..].iter().flatten().collect::<Vec<_>>(), ["6", "2", "5"]);
    chief.batch_execute("VACUUM notes").await.unwrap();
    assert_eq!(status(&chief).await, (0, 5, false));
    let held = fresh_and(&["alpha of 50", "alpha of 400", "planted-token-91be", "beta of 50", "beta of 400"]);
    assert_eq!(bodies(&server.log_in("lena").await).await, held);
    server.kill9();
    let server = Server::start(data.path());
    let chief = server.connect().await;
    assert_eq!(status(&chief).await, (0, 5, false));
    assert_eq!(bodies(&server.log_in("lena").await).await, held);
    assert_eq!(bodies(&chief).await, fresh_and(&[]));
    // A look-up is done anew for each purge: a case that is closed holds nothing.
    chief.batch_execute("UPDATE cases SET open = false WHERE id = 'beta'").await.unwrap();
    assert_eq!(status(&chief).await, (2, 3, true));
    chief.batch_execute("DROP LEGAL HOLD a ON notes").await.unwrap();
    chief.batch_execute("VACUUM notes").await.unwrap();
    assert_eq!(status(&chief).await, (0, 1, false), "the other hold is on one row still");
    assert_eq!(bodies(&server.log_in("lena").await).await, fresh_and(&["planted-token-91be"]));
    // Without the policy there is nothing to hold it against.
    chief.batch_execute("DROP RETENTION POLICY month ON notes").await.unwrap();
    assert_eq!(bodies(&chief).await, fresh_and(&["planted-token-91be"]));
    chief.batch_execute(EXPIRES).await.unwrap();
    chief.batch_execute("DROP LEGAL HOLD b ON notes").await.unwrap();
    assert_eq!(status(&chief).await, (1, 0, true));
    chief.batch_execute("VACUUM notes").await.unwrap();
    chief.batch_execute("DROP RETENTION POLICY month ON notes").await.unwrap();
    assert_eq!(bodies(&chief).await, fresh_and(&[]));
    assert_eq!(found_below(data.path(), "planted-token-91be"), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_that_was_acknowledged_binds_a_purge_that_runs() {
    let data = folder();
    let server = Server::start(data.path());
    let (chief, mut other) = (server.connect().await, server.connect().await);
    chief
        .batch_execute(
            "CREATE ROLE lawyer; GRANT lawyer TO annals;
             CREATE TABLE days (occurred_at timestamptz NOT NULL, n int);
             CREATE RETENTION POLICY month ON days WHERE (n % 4 > 0) KEEP INTERVAL '30 days'",
        )
        .await
        .unwrap();
    for delay_ms in [20, 150, 400] {
        // Fifty days make fifty files, each to be written anew, which takes a while.
        chief
            .batch_execute(
                "BEGIN; DROP RETENTION POLICY month ON days;
                 INSERT INTO days SELECT now() - interval '40 days' - n * interval '6 hours', n FROM generate_series(1, 200) AS s(n);
                 CREATE RETENTION POLICY month ON days WHERE (n % 4 > 0) KEEP INTERVAL '30 days'; COMMIT; CHECKPOINT",
            )
            .await
            .unwrap();
        let purge = tokio::spawn(async move {
            other.batch_execute("VACUUM days").await.unwrap();
            other
        });
        tokio::time::sleep(std::time::Duration::from_millis(delay_ms)).await;
        chief.batch_execute("CREATE LEGAL HOLD h ON days WHERE (n % 2 = 0) REASON 'in time' TO lawyer").await.unwrap();
        let held = count(&chief, "SELECT count(*) FROM days").await;
        other = purge.await.unwrap();
        assert_eq!(count(&chief, "SELECT count(*) FROM days").await, held, "after {delay_ms} ms, {held} rows were held");
        chief.batch_execute("VACUUM days").await.unwrap();
        assert_eq!(count(&chief, "SELECT count(*) FROM days").await, held, "after {delay_ms} ms");
        chief.batch_execute("DROP LEGAL HOLD h ON days").await.unwrap();
        chief.batch_execute("VACUUM days").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purge_that_is_cut_off_loses_nothing_that_is_held() {
    if !CAN_PLANT {
        return;
    }
    for point in ["purge-before-commit", "purge-lifted", "purge-after-commit"] {
        let data = folder();
        let server = Server::start(data.path());
        let chief = server.connect().await;
        chief.batch_execute(DEFINITIONS).await.unwrap();
        chief.batch_execute("CREATE LEGAL HOLD a ON notes WHERE (tenant = 'alpha') REASON 'case 1' TO lawyer").await.unwrap();
        chief.batch_execute(EXPIRES).await.unwrap();
        chief.batch_execute("CHECKPOINT").await.unwrap();
        server.kill9();
        let mut server = Launch::on(data.path()).crash_at(point).start();
        server.connect().await.batch_execute("VACUUM notes").await.unwrap_err();
        assert!(server.dies().is_some(), "{point} was not reached");
        let server = Server::start(data.path());
        let held = fresh_and(&["alpha of 50", "alpha of 400", "planted-token-91be"]);
        let lena = server.log_in("lena").await;
        assert_eq!(bodies(&lena).await, held, "{point}");
        server.connect().await.batch_execute("VACUUM notes").await.unwrap();
        assert_eq!(bodies(&lena).await, held, "{point}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_is_taken_in_however_late_it_comes() {
    let data = folder();
    let server = Server::start(data.path());
    let chief = server.connect().await;
    chief.batch_execute(DEFINITIONS).await.unwrap();
    chief.batch_execute(EXPIRES).await.unwrap();
    let late = |tenant: &str| format!("INSERT INTO notes (occurred_at, tenant, body) VALUES ('2020-01-01', '{tenant}', 'late')");
    refused(&chief, &late("alpha"), "22008").await;
    chief.batch_execute("CREATE LEGAL HOLD a ON notes WHERE (tenant = 'alpha') REASON 'case 1' TO lawyer").await.unwrap();
    chief.batch_execute(&late("alpha")).await.unwrap();
    refused(&chief, &late("beta"), "22008").await;
    let both = "2020-01-01 00:00:00+00\talpha\tlate\n2020-01-01 00:00:00+00\tbeta\tlate\n";
    let error = copy_in(&chief, "COPY notes (occurred_at, tenant, body) FROM STDIN", both).await.unwrap_err();
    assert_eq!(sqlstate(&error), "22008");
    assert_eq!(error.as_db_error().unwrap().where_(), Some("COPY notes, line 2"));
    let first = both.split_inclusive('\n').next().unwrap();
    assert_eq!(copy_in(&chief, "COPY notes (occurred_at, tenant, body) FROM STDIN", first).await.unwrap(), 1);
    chief.batch_execute("VACUUM notes").await.unwrap();
    assert_eq!(count(&chief, "SELECT count(*) FROM notes WHERE body = 'late'").await, 0);
    assert_eq!(count(&server.log_in("lena").await, "SELECT count(*) FROM notes WHERE body = 'late'").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn held_rows_of_a_reference_table_do_not_change() {
    let data = folder();
    let server = Server::start(data.path());
    let (chief, other) = (server.connect().await, server.connect().await);
    chief
        .batch_execute(
            "CREATE TABLE people (id int PRIMARY KEY, name text, city text) USING reference;
             INSERT INTO people VALUES (1, 'ann', 'Oslo'), (2, 'bob', 'Rome'), (3, 'eve', NULL);
             CREATE LEGAL HOLD h ON people WHERE (name = 'ann') REASON 'case 1'",
        )
        .await
        .unwrap();
    for sql in [
        "DELETE FROM people WHERE id = 1",
        "DELETE FROM people",
        "DELETE FROM people USING people AS p WHERE people.id = p.id",
        "UPDATE people SET city = 'Bergen' WHERE id = 1",
        "UPDATE people SET name = 'nobody'",
        "TRUNCATE people",
        "INSERT INTO people VALUES (1, 'ann', 'Bergen') ON CONFLICT (id) DO UPDATE SET city = excluded.city",
    ] {
        let error = refused(&chief, sql, "42501").await;
        assert!(error.as_db_error().unwrap().message().contains("legal hold"), "{sql}: {error:?}");
    }
    refused(&chief, "DROP TABLE people", "2BP01").await;
    chief.batch_execute("UPDATE people SET city = 'Milan' WHERE id > 1; DELETE FROM people WHERE id = 3").await.unwrap();
    chief.batch_execute("INSERT INTO people VALUES (1, 'x', 'y') ON CONFLICT DO NOTHING").await.unwrap();
    let rows = table(&chief, "SELECT * FROM people ORDER BY id").await.unwrap().rows;
    let rows: Vec<Vec<String>> = rows.into_iter().map(|row| row.into_iter().flatten().collect()).collect();
    assert_eq!(rows, [["1", "ann", "Oslo"], ["2", "bob", "Milan"]]);
    // It is seen by everybody as before: rows of a reference table do not expire.
    // A change that came first is waited for, and one that comes after meets the hold, whatever the transaction sees of the catalog.
    other.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM people").await.unwrap();
    chief.batch_execute("CREATE LEGAL HOLD g ON people WHERE (name = 'bob') REASON 'case 2'").await.unwrap();
    refused(&other, "DELETE FROM people WHERE id = 2", "42501").await;
    other
        .batch_execute(
            "ROLLBACK; BEGIN; INSERT INTO people VALUES (4, 'dan', 'Bonn'); UPDATE people SET city = 'Kiel' WHERE id = 4",
        )
        .await
        .unwrap();
    chief.batch_execute("SET lock_timeout = '200ms'").await.unwrap();
    refused(&chief, "CREATE LEGAL HOLD f ON people REASON 'case 3'", "55P03").await;
    other.batch_execute("COMMIT").await.unwrap();
    chief.batch_execute("CREATE LEGAL HOLD f ON people REASON 'case 3'").await.unwrap();
    refused(&other, "DELETE FROM people WHERE id = 4", "42501").await;
    server.kill9();
    let server = Server::start(data.path());
    let chief = server.connect().await;
    refused(&chief, "DELETE FROM people WHERE id = 4", "42501").await;
    chief.batch_execute("DROP LEGAL HOLD f ON people; DELETE FROM people WHERE id = 4").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_a_hold_is_refused() {
    let data = folder();
    let server = Server::start(data.path());
    let chief = server.connect().await;
    chief.batch_execute(DEFINITIONS).await.unwrap();
    chief.batch_execute("CREATE VIEW seen AS SELECT * FROM notes; CREATE LEGAL HOLD k ON notes REASON 'all of it'").await.unwrap();
    for (sql, state) in [
        ("CREATE LEGAL HOLD h ON notes WHERE (length(body)) REASON 'r'", "42804"),
        ("CREATE LEGAL HOLD h ON notes WHERE (nosuch = 1) REASON 'r'", "42703"),
        ("CREATE LEGAL HOLD h ON notes WHERE (tenant IN (SELECT id FROM nosuch)) REASON 'r'", "42P01"),
        ("CREATE LEGAL HOLD h ON notes WHERE (tenant IN (SELECT tenant FROM notes)) REASON 'r'", "0A000"),
        ("CREATE LEGAL HOLD h ON notes WHERE (occurred_at < now()) REASON 'r'", "42P17"),
        ("CREATE LEGAL HOLD h ON notes WHERE (tenant = current_user) REASON 'r'", "42P17"),
        ("CREATE LEGAL HOLD h ON notes WHERE (tenant = $1) REASON 'r'", "42P02"),
        ("CREATE LEGAL HOLD h ON notes REASON ''", "22023"),
        ("CREATE LEGAL HOLD h ON notes REASON '  '", "22023"),
        ("CREATE LEGAL HOLD h ON notes", "42601"),
        ("CREATE LEGAL HOLD h ON notes REASON", "42601"),
        ("CREATE LEGAL HOLD h ON notes REASON 'r' TO", "42601"),
        ("CREATE LEGAL HOLD h ON notes WHERE tenant = 'x' REASON 'r'", "42601"),
        ("CREATE LEGAL HOLD h ON notes REASON 'r' TO nosuch", "42704"),
        ("CREATE LEGAL HOLD h ON notes REASON 'r' TO PUBLIC", "42704"),
        ("CREATE LEGAL HOLD h ON seen REASON 'r'", "42809"),
        ("CREATE LEGAL HOLD h ON nosuch REASON 'r'", "42P01"),
        ("CREATE LEGAL HOLD h ON annals.catalog_log REASON 'r'", "42501"),
        ("CREATE LEGAL HOLD h ON annals.legal_holds REASON 'r'", "42P01"),
        ("CREATE LEGAL HOLD k ON notes REASON 'r'", "42710"),
        ("DROP LEGAL HOLD h ON notes", "42704"),
        ("DROP LEGAL HOLD h ON nosuch", "42P01"),
        ("DELETE FROM annals.legal_holds", "42501"),
        ("INSERT INTO annals.retention_status (tablename) VALUES ('x')", "42501"),
        ("CREATE VIEW annals.legal_holds AS SELECT 1 AS one", "42501"),
        ("DROP TABLE notes", "2BP01"),
        ("DROP TABLE notes CASCADE", "2BP01"),
        ("TRUNCATE notes", "42501"),
        ("ALTER TABLE notes DROP COLUMN body", "0A000"),
    ] {
        refused(&chief, sql, state).await;
    }
    // Nobody but the table's owner has a say.
    let olga = server.log_in("olga").await;
    for sql in
        ["CREATE LEGAL HOLD h ON notes REASON 'r'", "DROP LEGAL HOLD k ON notes", "DROP LEGAL HOLD IF EXISTS nosuch ON notes"]
    {
        refused(&olga, sql, "42501").await;
    }
    chief
        .batch_execute(
            "CREATE LEGAL HOLD IF NOT EXISTS k ON notes REASON 'another reason';
             DROP LEGAL HOLD IF EXISTS h ON notes;
             DROP LEGAL HOLD k ON notes",
        )
        .await
        .unwrap();
    // What a hold looks into, and what it names, stays and keeps its name.
    chief.batch_execute("DROP VIEW seen").await.unwrap();
    chief
        .batch_execute(
            "CREATE LEGAL HOLD h ON notes WHERE (tenant IN (SELECT id FROM cases WHERE open)) REASON 'it''s open' TO lawyer, clerk",
        )
        .await
        .unwrap();
    for sql in [
        "DROP TABLE cases",
        "ALTER TABLE cases RENAME TO files",
        "ALTER TABLE cases RENAME COLUMN open TO is_open",
        "ALTER TABLE notes RENAME COLUMN tenant TO customer",
        "DROP ROLE lawyer",
    ] {
        let error = refused(&chief, sql, "2BP01").await;
        assert!(detail(&error).contains("legal hold h on"), "{sql}: {error:?}");
    }
    let error = refused(&chief, "DROP ROLE clerk", "2BP01").await;
    assert_eq!(detail(&error), "target of legal hold h on table notes");
    chief
        .batch_execute("ALTER TABLE notes RENAME COLUMN body TO text; ALTER TABLE notes RENAME COLUMN text TO body")
        .await
        .unwrap();
    chief.batch_execute("DROP OWNED BY clerk; DROP ROLE clerk").await.unwrap();
    let roles = table(&chief, "SELECT roles FROM annals.legal_holds").await.unwrap().rows;
    assert_eq!(roles, [[Some("{lawyer}".to_owned())]]);
    // A schema does not take a held table with it, and neither does its owner.
    chief
        .batch_execute(
            "CREATE ROLE maker LOGIN PASSWORD 'only-for-tests'; CREATE SCHEMA s AUTHORIZATION maker;
             SET ROLE maker; CREATE TABLE s.t (n int); CREATE LEGAL HOLD h ON s.t REASON 'r'; RESET ROLE",
        )
        .await
        .unwrap();
    refused(&chief, "DROP SCHEMA s CASCADE", "2BP01").await;
    refused(&chief, "DROP OWNED BY maker CASCADE", "2BP01").await;
    server.log_in("maker").await.batch_execute("DROP LEGAL HOLD h ON s.t; DROP TABLE s.t").await.unwrap();
}

/// What `annals.legal_holds` shows, but for the time.
async fn holds(client: &Client) -> Vec<Vec<Option<String>>> {
    let columns =
        "schemaname, tablename, holdname, predicate, reason, roles, made_by, since <= now() AND since > now() - interval '1 hour'";
    table(client, &format!("SELECT {columns} FROM annals.legal_holds ORDER BY holdname")).await.unwrap().rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holds_are_shown_dumped_and_restored() {
    let data = folder();
    let server = Server::start(data.path());
    let chief = server.connect().await;
    chief.batch_execute(DEFINITIONS).await.unwrap();
    chief
        .batch_execute(
            "CREATE ROLE abby LOGIN PASSWORD 'only-for-tests' IN ROLE auditor;
             ALTER TABLE notes OWNER TO olga; GRANT SELECT ON cases TO olga;
             SET ROLE olga;
             CREATE LEGAL HOLD \"One\" ON notes WHERE (tenant IN (SELECT id FROM public.cases WHERE open)) REASON 'it''s open' TO lawyer, carl;
             CREATE LEGAL HOLD two ON notes REASON 'all of it';
             RESET ROLE",
        )
        .await
        .unwrap();
    let some = |texts: [&str; 8]| texts.map(|text| Some(text.to_owned())).to_vec();
    let one = some([
        "public",
        "notes",
        "One",
        "tenant IN (SELECT id FROM public.cases WHERE open)",
        "it's open",
        "{lawyer,carl}",
        "olga",
        "t",
    ]);
    let mut two = some(["public", "notes", "two", "", "all of it", "{}", "olga", "t"]);
    two[3] = None;
    let both = vec![one.clone(), two];
    for who in ["olga", "abby"] {
        assert_eq!(holds(&server.log_in(who).await).await, both, "{who}");
    }
    for who in ["carl", "lena"] {
        assert_eq!(holds(&server.log_in(who).await).await, std::slice::from_ref(&one), "{who}");
    }
    assert_eq!(holds(&server.log_in("nora").await).await, Vec::<Vec<Option<String>>>::new());
    let script = run(&["dump", "--data", data.path().to_str().unwrap()]).succeeded();
    server.kill9();
    let server = Server::start(data.path());
    assert_eq!(holds(&server.connect().await).await, both);
    let copy = folder();
    let restored = Server::start(copy.path());
    restored.connect().await.batch_execute(&script).await.unwrap();
    assert_eq!(holds(&restored.connect().await).await, both);
    restored.kill9();
    let restored = Server::start(copy.path());
    assert_eq!(holds(&restored.connect().await).await, both);
    drop(server);
}
