//! An answer is given again while nothing can have changed it, and each way in which it could is tried.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use tempfile::TempDir;

use super::AnswerOptions;
use crate::catalog::SUPERUSER_OID;
use crate::clock::{Clock, Micros};
use crate::error::Result;
use crate::query::engine::{Engine, EngineOptions, PseudonymSecret};
use crate::query::session::{Login, Outcome, Prepared, Session};
use crate::store::{Store, StoreOptions};
use crate::value;

/// Noon of 2026-02-01 UTC.
const NOON: Micros = 1_769_947_200_000_000;
const HOUR: Micros = 3_600_000_000;
const DAY: Micros = 24 * HOUR;

const OPTIONS: AnswerOptions = AnswerOptions { bytes_max: 1 << 20, answer_bytes_max: 64 << 10, least: Duration::ZERO };

const DEFINITIONS: &str = "
    CREATE ROLE reader LOGIN; CREATE ROLE staff; CREATE ROLE held LOGIN; CREATE SCHEMA other;
    CREATE TABLE t (occurred_at timestamptz NOT NULL, who text, n integer);
    CREATE TABLE allowed (who text PRIMARY KEY) USING reference;
    CREATE TABLE other.t (occurred_at timestamptz NOT NULL, who text, n integer);
    CREATE TABLE expiring (occurred_at timestamptz NOT NULL, who text, n integer);
    CREATE RETENTION POLICY k ON expiring KEEP INTERVAL '2 days';
    INSERT INTO t SELECT now() - n * interval '1 hour', 'w' || n % 3, n FROM generate_series(1, 30) AS n;
    INSERT INTO other.t VALUES (now(), 'elsewhere', 1);
    INSERT INTO expiring SELECT now() - n * interval '1 hour', 'w' || n % 3, n FROM generate_series(1, 30) AS n;
    INSERT INTO allowed VALUES ('w0'), ('w1');
    CREATE VIEW v AS SELECT who, n FROM t WHERE n > 10;
    CREATE FUNCTION f(least integer) RETURNS TABLE (who text, n integer) LANGUAGE sql AS 'SELECT who, n FROM t WHERE n > least';
    CREATE VIEW of_owner WITH (security_invoker = false) AS SELECT who, n FROM t WHERE n > 10;
    GRANT SELECT ON t, other.t, expiring, v, of_owner, allowed TO reader, held; GRANT USAGE ON SCHEMA other TO reader;
    GRANT EXECUTE ON FUNCTION f TO reader";

/// What most of the tests ask.
const GROUPED: &str = "SELECT who, count(*), sum(n) FROM t GROUP BY who ORDER BY who";

struct House {
    engine: Arc<Engine>,
    clock: Clock,
    chief: Session,
    folder: TempDir,
}

/// An answer, and whether it was given again.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    rows: Vec<String>,
    again: bool,
}

impl House {
    async fn build() -> House {
        House::with(OPTIONS).await
    }

    async fn with(answers: AnswerOptions) -> House {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(NOON);
        let options = StoreOptions { background: false, clock: clock.clone(), ..StoreOptions::new(folder.path()) };
        let store = Store::open(options).await.unwrap();
        let options = EngineOptions {
            query_memory_bytes: 64 << 20,
            spill_dir: folder.path().join("spill"),
            spill_bytes_max: 64 << 20,
            parallelism: 2,
            transaction_bytes_max: 64 << 20,
            mask_secret: PseudonymSecret([7; 32]),
            answers,
        };
        let engine = Engine::open(store, clock.clone(), options).await.unwrap();
        let chief = Session::new(engine.clone(), Login::new("annals", SUPERUSER_OID, "test", "local", 1));
        let mut house = House { engine, clock, chief, folder };
        house.run(DEFINITIONS).await;
        house
    }

    fn log_in(&self, role: &str) -> Session {
        let oid = self.engine.catalog().role_named(role).unwrap().oid;
        Session::new(self.engine.clone(), Login::new(role, oid, "dashboard", "local", 2))
    }

    /// What the superuser does; it must succeed.
    async fn run(&mut self, sql: &str) {
        run(&mut self.chief, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    fn hits(&self) -> i64 {
        self.engine.store.metrics().answers.hits.get()
    }

    fn kept(&self) -> i64 {
        self.engine.store.metrics().answers.answers.get()
    }

    async fn ask(&self, session: &mut Session, sql: &str) -> Told {
        let before = self.hits();
        let rows = run(session, sql).await.unwrap_or_else(|error| vec![error.sqlstate().to_owned()]);
        Told { rows, again: self.hits() > before }
    }

    /// What a session is told, for the first time or again.
    async fn rows(&self, session: &mut Session, sql: &str, again: bool) -> Vec<String> {
        let told = self.ask(session, sql).await;
        assert_eq!(told.again, again, "{sql}: {:?}", told.rows);
        told.rows
    }

    /// What is true now: the same in another text, which nobody has asked before.
    async fn truth(&self, session: &mut Session, sql: &str) -> Vec<String> {
        let blanks = " ".repeat(usize::try_from(self.engine.store.metrics().answers.misses.get()).unwrap() + 1);
        let sql = sql.replacen("SELECT ", &format!("SELECT {blanks}"), 1);
        self.rows(session, &sql, false).await
    }

    /// Asks until it is told again, makes a change, and asks anew: that must be the truth of then.
    async fn changed(&mut self, reader: &mut Session, sql: &str, change: &str) -> (Vec<String>, Vec<String>) {
        self.ask(reader, sql).await;
        let before = self.rows(reader, sql, true).await;
        self.run(change).await;
        let after = self.rows(reader, sql, false).await;
        assert_eq!(after, self.truth(reader, sql).await, "{change}");
        (before, after)
    }
}

/// The rows of the last statement of a text, columns apart by bars.
async fn run(session: &mut Session, sql: &str) -> Result<Vec<String>> {
    let mut told = Vec::new();
    for parsed in session.parse(sql)? {
        told.clear();
        let Outcome::Rows { columns, mut rows, .. } = session.run(&Prepared::unplanned(&parsed), &[]).await? else { continue };
        let style = session.style();
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(crate::query::errors::unwrap)?;
            let texts: Vec<_> = batch
                .columns()
                .iter()
                .zip(&columns)
                .map(|(column, told)| value::to_text(column, &told.sql_type, &style).unwrap())
                .collect();
            told.extend((0..batch.num_rows()).map(|row| {
                let cells: Vec<&str> = texts.iter().map(|text| if text.is_null(row) { "NULL" } else { text.value(row) }).collect();
                cells.join("|")
            }));
        }
    }
    Ok(told)
}

use datafusion::arrow::array::Array as _;

#[tokio::test]
async fn what_is_asked_again_is_answered_again() {
    let house = House::build().await;
    let (mut one, mut other) = (house.log_in("reader"), house.log_in("reader"));
    for sql in [
        GROUPED,
        "SELECT * FROM t WHERE who = 'w1' ORDER BY occurred_at DESC LIMIT 5",
        "SELECT date_trunc('day', occurred_at) AS day, count(*) FROM t WHERE occurred_at > '2026-01-31' GROUP BY 1 ORDER BY 1",
        "SELECT to_char(occurred_at, 'HH24'), jsonb_agg(n ORDER BY n) FROM v JOIN t USING (who, n) GROUP BY 1 ORDER BY 1",
        "SELECT who, n, rank() OVER (PARTITION BY who ORDER BY n) FROM f(20) ORDER BY 1, 2",
        "SELECT count(*) FROM of_owner",
        "SELECT count(*) FROM t WHERE who IN (SELECT who FROM allowed) AND n > (SELECT avg(n) FROM v)",
        "SELECT current_user, count(*) FROM t",
        "SELECT count(*) FROM t WHERE false",
        "SELECT * FROM t WHERE n < 0",
    ] {
        let first = house.rows(&mut one, sql, false).await;
        assert_eq!(first, house.rows(&mut one, sql, true).await);
        assert_eq!(first, house.rows(&mut other, sql, true).await);
        assert_eq!(first, house.truth(&mut other, sql).await);
    }
    // What no answer depends on may differ.
    run(&mut other, "SET application_name = 'another'; SET statement_timeout = '1min'").await.unwrap();
    house.rows(&mut other, GROUPED, true).await;
}

#[tokio::test]
async fn what_more_than_its_footing_decides_is_asked_anew() {
    let mut house = House::build().await;
    house.run("CREATE TABLE moments (occurred_at timestamptz NOT NULL, at text); INSERT INTO moments VALUES (now(), 'now'); GRANT SELECT ON moments TO reader").await;
    let mut reader = house.log_in("reader");
    for sql in [
        "SELECT count(*) FROM t WHERE occurred_at > now() - interval '3 hours'",
        "SELECT count(*) FROM t WHERE occurred_at < current_timestamp",
        "SELECT count(*) FROM t WHERE occurred_at::date = current_date",
        "SELECT count(*) FROM t WHERE occurred_at::date = 'today'",
        "SELECT count(*), 'tomorrow'::date FROM t",
        "SELECT max(age(occurred_at)) FROM t",
        "SELECT max(at::timestamptz) FROM moments",
        "SELECT clock_timestamp() > max(occurred_at) FROM t",
        "SELECT count(*) FROM t WHERE random() < 0.5",
        "SELECT gen_random_uuid(), n FROM t LIMIT 1",
        "SELECT count(*), pg_backend_pid() FROM t",
        "SELECT count(*), current_setting('application_name') FROM t",
        "SELECT count(*), pg_relation_size('t') FROM t",
        "SELECT count(*), has_table_privilege('t', 'SELECT') FROM t",
        "SELECT count(*) FROM t, pg_class",
        "SELECT count(*) FROM t, generate_series(1, 3)",
        "SELECT count(*) FROM t, generate_series(1.5, extract(epoch FROM now()), 100000000)",
        "SELECT count(*) FROM pg_class",
        "SELECT 1",
        "SELECT (SELECT max(b.n) FROM t b WHERE b.n < a.n AND b.who <> a.who) FROM t a",
        "EXPLAIN SELECT count(*) FROM t",
        "EXPLAIN ANALYZE SELECT count(*) FROM t",
        "SELECT count(*) FROM missing",
        "SELECT sum(1 / (n - 1)) FROM t",
    ] {
        house.ask(&mut reader, sql).await;
        let told = house.ask(&mut reader, sql).await;
        assert!(!told.again, "{sql}: {:?}", told.rows);
    }
    assert_eq!(house.kept(), 0);
}

#[tokio::test]
async fn every_change_of_rows_is_seen_at_once() {
    let mut house = House::build().await;
    let mut reader = house.log_in("reader");
    let (before, after) = house.changed(&mut reader, GROUPED, "INSERT INTO t VALUES (now(), 'new', 1)").await;
    assert_eq!(after.len(), before.len() + 1);
    for change in ["CHECKPOINT", "INSERT INTO t VALUES (now(), 'x', 1)", "VACUUM t"] {
        house.changed(&mut reader, GROUPED, change).await;
    }
    let joined = "SELECT count(*) FROM t JOIN allowed USING (who)";
    for change in [
        "INSERT INTO allowed VALUES ('w2')",
        "DELETE FROM allowed WHERE who = 'w0'",
        "UPDATE allowed SET who = 'none' WHERE who = 'w1'",
    ] {
        let (before, after) = house.changed(&mut reader, joined, change).await;
        assert_ne!(before, after, "{change}");
    }
    // Rows of another table change nothing.
    house.ask(&mut reader, GROUPED).await;
    house.run("INSERT INTO other.t VALUES (now(), 'x', 1)").await;
    house.rows(&mut reader, GROUPED, true).await;
    // COPY, which is seen when it is complete.
    let parsed = house.chief.parse("COPY t FROM STDIN (FORMAT csv)").unwrap().remove(0);
    let Outcome::CopyIn(mut copy) = house.chief.run(&Prepared::unplanned(&parsed), &[]).await.unwrap() else { panic!("no COPY") };
    house.chief.push_copy(&mut copy, Bytes::from_static(b"2026-02-01 11:00:00+00,copied,5\n")).await.unwrap();
    house.rows(&mut reader, GROUPED, true).await;
    house.chief.finish_copy(copy).await.unwrap();
    assert!(house.rows(&mut reader, GROUPED, false).await.contains(&"copied|1|5".to_owned()));
}

#[tokio::test]
async fn every_change_of_what_a_role_may_see_is_seen_at_once() {
    let mut house = House::build().await;
    let mut reader = house.log_in("reader");
    for (change, differs) in [
        ("ALTER TABLE t ENABLE ROW LEVEL SECURITY", true),
        ("CREATE POLICY p ON t TO reader USING (who = 'w1')", true),
        ("ALTER POLICY p ON t USING (who IN (SELECT who FROM allowed))", true),
        ("DELETE FROM allowed WHERE who = 'w0'", true),
        ("CREATE POLICY s ON t TO staff USING (n > 20)", false),
        ("GRANT staff TO reader", true),
        ("REVOKE staff FROM reader", true),
        ("CREATE MASKING POLICY m ON t (who) TO reader USING ('***')", true),
        ("DROP MASKING POLICY m ON t", true),
        ("CREATE MASKING POLICY m ON t (n) TO PUBLIC EXCEPT staff USING (0)", true),
        ("ALTER ROLE reader BYPASSRLS", true),
    ] {
        let (before, after) = house.changed(&mut reader, GROUPED, change).await;
        assert_eq!(before != after, differs, "{change}");
    }
    house.ask(&mut reader, GROUPED).await;
    house.run("REVOKE SELECT ON t FROM reader").await;
    assert_eq!(house.rows(&mut reader, GROUPED, false).await, ["42501"]);
    house.run("GRANT SELECT (who) ON t TO reader").await;
    assert_eq!(house.rows(&mut reader, GROUPED, false).await, ["42501"]);
}

#[tokio::test]
async fn every_change_of_what_a_name_means_is_seen_at_once() {
    let mut house = House::build().await;
    let mut reader = house.log_in("reader");
    for (sql, change) in [
        ("SELECT count(*) FROM v", "CREATE OR REPLACE VIEW v AS SELECT who, n FROM t WHERE n > 20"),
        ("SELECT count(*) FROM v", "DROP VIEW v; CREATE VIEW v AS SELECT who, n FROM t WHERE n > 25; GRANT SELECT ON v TO reader"),
        (
            "SELECT count(*) FROM of_owner",
            "DROP VIEW of_owner; CREATE VIEW of_owner WITH (security_invoker = false) AS SELECT who, n FROM t; GRANT SELECT ON of_owner TO reader",
        ),
        (
            "SELECT count(*) FROM f(5)",
            "CREATE OR REPLACE FUNCTION f(least integer) RETURNS TABLE (who text, n integer) LANGUAGE sql AS 'SELECT who, n FROM t WHERE n < least'",
        ),
        (
            "SELECT count(*) FROM t",
            "DROP TABLE t CASCADE; CREATE TABLE t (occurred_at timestamptz NOT NULL); GRANT SELECT ON t TO reader",
        ),
    ] {
        let (before, after) = house.changed(&mut reader, sql, change).await;
        assert_ne!(before, after, "{change}");
    }
}

#[tokio::test]
async fn another_reader_or_another_setting_is_another_question() {
    let mut house = House::build().await;
    house.run("GRANT staff TO reader; GRANT SELECT ON t TO staff; ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY r ON t TO reader USING (n > 5); CREATE POLICY s ON t TO staff USING (n > 20)").await;
    let mut reader = house.log_in("reader");
    let by_hour = "SELECT date_trunc('day', occurred_at)::text, count(*) FROM t GROUP BY 1 ORDER BY 1";
    let own = house.rows(&mut reader, by_hour, false).await;
    for (setting, differs) in [
        ("SET TimeZone = 'Asia/Tokyo'", true),
        ("SET search_path = other, public", true),
        ("SET DateStyle = 'German'", true),
        ("SET row_security = off", true),
        ("SET ROLE staff", true),
        ("SET my.own = '1'", false),
    ] {
        run(&mut reader, setting).await.unwrap();
        let set = house.rows(&mut reader, by_hour, false).await;
        assert_eq!(set, house.truth(&mut reader, by_hour).await, "{setting}");
        assert_eq!(set != own, differs, "{setting}");
        run(&mut reader, "RESET ROLE; RESET ALL").await.unwrap();
        assert_eq!(house.rows(&mut reader, by_hour, true).await, own, "after {setting}");
    }
    // The superuser sees more, by the same words.
    let mut chief = house.log_in("annals");
    assert_ne!(house.rows(&mut chief, by_hour, false).await, own);
    run(&mut chief, "SET SESSION AUTHORIZATION reader").await.unwrap();
    assert_eq!(house.rows(&mut chief, by_hour, true).await, own, "as whom it asks, it is answered");
}

#[tokio::test]
async fn parameters_are_a_part_of_the_question() {
    use datafusion::arrow::array::{ArrayRef, Int32Array};
    let house = House::build().await;
    let mut reader = house.log_in("reader");
    let parsed = reader.parse("SELECT count(*) FROM t WHERE n > $1").unwrap().remove(0);
    let prepared = reader.prepare(&parsed, &[]).await.unwrap();
    let mut counts = Vec::new();
    for (least, hits) in [(5, 0), (5, 1), (20, 1), (5, 2), (20, 3)] {
        let parameter: ArrayRef = Arc::new(Int32Array::from(vec![least]));
        let Outcome::Rows { mut rows, .. } = reader.run(&prepared, &[parameter]).await.unwrap() else { panic!("no rows") };
        let batch = rows.next().await.unwrap().unwrap();
        assert!(rows.next().await.is_none());
        counts.push(format!("{:?}", batch.column(0)));
        assert_eq!(house.hits(), hits, "{least}");
    }
    assert!(counts[0] == counts[1] && counts[0] == counts[3] && counts[2] == counts[4] && counts[0] != counts[2]);
    // What `today` was when it was prepared is no answer to who says it now.
    let sql = "SELECT count(*) FROM t WHERE occurred_at >= 'today'";
    let parsed = reader.parse(sql).unwrap().remove(0);
    let prepared = reader.prepare(&parsed, &[]).await.unwrap();
    for _ in 0..2 {
        let Outcome::Rows { mut rows, .. } = reader.run(&prepared, &[]).await.unwrap() else { panic!("no rows") };
        while rows.next().await.is_some() {}
    }
    house.clock.set(NOON + DAY);
    assert_eq!(house.rows(&mut reader, sql, false).await, ["0"]);
}

#[tokio::test]
async fn a_row_that_expires_is_missed_at_once() {
    let mut house = House::build().await;
    let mut reader = house.log_in("reader");
    let count = "SELECT count(*), min(n) FROM expiring";
    house.rows(&mut reader, count, false).await;
    assert_eq!(house.rows(&mut reader, count, true).await, ["30|1"]);
    // The oldest row is 30 hours old, and two days is what is kept.
    house.clock.set(NOON + 18 * HOUR - 1);
    assert_eq!(house.rows(&mut reader, count, true).await, ["30|1"]);
    house.clock.set(NOON + 18 * HOUR);
    assert_eq!(house.rows(&mut reader, count, false).await, ["29|1"]);
    assert_eq!(house.rows(&mut reader, count, false).await, ["29|1"], "a row is near its horizon at any time");
    // What asks for rows that are kept for long is answered, whatever becomes of others.
    let newest = "SELECT count(*) FROM expiring WHERE occurred_at >= '2026-02-01 06:00+00' AND n > 0";
    house.rows(&mut reader, newest, false).await;
    assert_eq!(house.rows(&mut reader, newest, true).await, ["6"]);
    house.clock.set(NOON + 42 * HOUR - 1);
    assert_eq!(house.rows(&mut reader, newest, true).await, ["6"]);
    house.clock.set(NOON + 42 * HOUR);
    assert_eq!(house.rows(&mut reader, newest, false).await, ["5"]);
    // Where the time is shown as something else, a filter by it says nothing of when rows expire.
    house.run("CREATE MASKING POLICY m ON expiring (occurred_at) TO reader USING ('2026-03-01')").await;
    house.rows(&mut reader, newest, false).await;
    house.rows(&mut reader, newest, false).await;
}

#[tokio::test]
async fn rows_that_are_purged_or_held_change_the_answer() {
    let mut house = House::build().await;
    let mut reader = house.log_in("reader");
    let count = "SELECT count(*) FROM expiring";
    house.changed(&mut reader, count, "CREATE LEGAL HOLD h ON expiring WHERE (n = 30) REASON 'case 1' TO reader").await;
    house.clock.set(NOON + 20 * HOUR);
    assert_eq!(house.rows(&mut reader, count, false).await, ["28"], "one of three that have expired is held");
    house.run("DROP LEGAL HOLD h ON expiring").await;
    assert_eq!(house.rows(&mut reader, count, false).await, ["27"]);
    // Nothing is left of an answer whose rows a purge has removed.
    let newest = "SELECT * FROM expiring WHERE occurred_at >= '2026-02-01 06:00+00'";
    house.rows(&mut reader, newest, false).await;
    house.rows(&mut reader, newest, true).await;
    assert_eq!(house.kept(), 1);
    house.run("VACUUM expiring").await;
    assert_eq!(house.kept(), 0);
    house.rows(&mut reader, newest, false).await;
    house.rows(&mut reader, newest, true).await;
    house.run("CREATE ROLE somebody").await;
    assert_eq!(house.kept(), 0, "nor of one by definitions that are past");
}

#[tokio::test]
async fn a_transaction_sees_its_own_state() {
    let mut house = House::build().await;
    let (mut reader, mut other, mut old) = (house.log_in("reader"), house.log_in("reader"), house.log_in("reader"));
    house.run("GRANT INSERT ON t TO reader").await;
    let before = house.rows(&mut reader, GROUPED, false).await;
    house.rows(&mut other, GROUPED, true).await;
    run(&mut old, "BEGIN ISOLATION LEVEL REPEATABLE READ").await.unwrap();
    assert_eq!(house.rows(&mut old, GROUPED, true).await, before);
    // Its own rows, which nobody else sees and which are no answer afterwards.
    run(&mut reader, "BEGIN; INSERT INTO t VALUES (now(), 'own', 1)").await.unwrap();
    let own = house.rows(&mut reader, GROUPED, false).await;
    assert_eq!(own.len(), before.len() + 1);
    assert_eq!(house.rows(&mut other, GROUPED, true).await, before);
    run(&mut reader, "ROLLBACK").await.unwrap();
    assert_eq!(house.rows(&mut reader, GROUPED, true).await, before);
    // Its own definitions.
    run(&mut house.chief, "BEGIN; CREATE OR REPLACE VIEW v AS SELECT who, n FROM t WHERE n > 29").await.unwrap();
    let sql = "SELECT count(*) FROM v";
    let mut chief = house.log_in("annals");
    assert_eq!(house.rows(&mut chief, sql, false).await, ["20"]);
    let inside = run(&mut house.chief, sql).await.unwrap();
    assert_eq!(inside, ["1"]);
    run(&mut house.chief, "ROLLBACK").await.unwrap();
    let told = run(&mut house.chief, sql).await.unwrap();
    assert_eq!(told, ["20"]);
    // The old snapshot goes on, and neither answers for the other.
    house.run("INSERT INTO t VALUES (now(), 'new', 1)").await;
    let after = house.rows(&mut other, GROUPED, false).await;
    assert_ne!(after, before);
    assert_eq!(house.rows(&mut old, GROUPED, false).await, before);
    assert_eq!(house.rows(&mut other, GROUPED, true).await, after);
    assert_eq!(house.rows(&mut old, GROUPED, false).await, before);
    run(&mut old, "COMMIT").await.unwrap();
    assert_eq!(house.rows(&mut old, GROUPED, true).await, after);
}

#[tokio::test]
async fn only_whole_answers_of_those_who_are_not_counted_are_kept() {
    let mut house = House::build().await;
    let mut reader = house.log_in("reader");
    // Half of an answer is none.
    let parsed = reader.parse("SELECT * FROM t").unwrap().remove(0);
    let Outcome::Rows { rows, .. } = reader.run(&Prepared::unplanned(&parsed), &[]).await.unwrap() else { panic!("no rows") };
    drop(rows);
    assert_eq!(house.kept(), 0);
    // A role that is held to a number of rows has them counted each time.
    house.run("ALTER ROLE held SET max_rows = 1000").await;
    let mut held = house.log_in("held");
    for _ in 0..3 {
        house.rows(&mut held, GROUPED, false).await;
    }
    house.run("ALTER ROLE held SET max_rows = 10").await;
    assert_eq!(house.rows(&mut held, GROUPED, false).await, ["53400"]);
    // Who counts rows counts the same for an answer that is given again.
    let counted = |house: &House| house.engine.backends.counted.returned.get();
    let start = counted(&house);
    house.rows(&mut reader, GROUPED, false).await;
    let once = counted(&house) - start;
    house.rows(&mut reader, GROUPED, true).await;
    assert_eq!(counted(&house) - start, 2 * once);
    assert!(once > 0);
}

#[tokio::test]
async fn memory_is_bounded_and_goes_to_what_was_asked_last() {
    let house = House::with(AnswerOptions { bytes_max: 64 << 10, answer_bytes_max: 8 << 10, ..OPTIONS }).await;
    let mut reader = house.log_in("reader");
    let bytes = || house.engine.store.metrics().answers.bytes.get();
    let sql = |n: usize| format!("SELECT count(*) FROM t WHERE n > {n}");
    house.rows(&mut reader, &sql(0), false).await;
    let one = usize::try_from(bytes()).unwrap();
    let room = (64 << 10) / one;
    for n in 1..=room {
        house.rows(&mut reader, &sql(n), false).await;
        if n < room {
            house.rows(&mut reader, &sql(0), true).await;
        }
    }
    assert!(bytes() <= 64 << 10 && house.kept() >= 2, "{} answers, {} bytes", house.kept(), bytes());
    house.rows(&mut reader, &sql(0), true).await;
    house.rows(&mut reader, &sql(1), false).await;
    // An answer that is larger than one may be.
    let mut large = "SELECT who".to_owned();
    for n in 0..40 {
        write!(large, ", who || '{}' AS c{n}", "x".repeat(100)).unwrap();
    }
    let large = format!("{large} FROM t");
    house.rows(&mut reader, &large, false).await;
    house.rows(&mut reader, &large, false).await;
    // And none at all.
    let house = House::with(AnswerOptions { bytes_max: 0, ..OPTIONS }).await;
    let mut reader = house.log_in("reader");
    house.rows(&mut reader, GROUPED, false).await;
    house.rows(&mut reader, GROUPED, false).await;
    assert_eq!((house.kept(), house.engine.store.metrics().answers.misses.get()), (0, 0));
}

#[tokio::test]
async fn what_is_quick_is_run_again() {
    let house = House::with(AnswerOptions { least: Duration::from_secs(3_600), ..OPTIONS }).await;
    let mut reader = house.log_in("reader");
    house.rows(&mut reader, GROUPED, false).await;
    house.rows(&mut reader, GROUPED, false).await;
    assert_eq!(house.kept(), 0);
    drop(house.folder);
}
