//! The attacks that aim at roles, one test each: nobody becomes, sees, stops or learns of what it has no right to.

use tokio_postgres::Client;

use crate::harness::{PASSWORD, Scene, count, failure, sqlstate, state, table};

/// Two roles that may log in, and a table that only `ann` may read.
const DEFINITIONS: &str = "
    CREATE ROLE readers; CREATE ROLE ann LOGIN PASSWORD 'only-for-tests' IN ROLE readers;
    CREATE ROLE mallory LOGIN PASSWORD 'only-for-tests';
    CREATE SCHEMA hr; CREATE TABLE hr.salaries (name text, amount integer);
    INSERT INTO hr.salaries VALUES ('ann', 10), ('bob', 20);
    CREATE TABLE events (region text, amount integer);
    INSERT INTO events VALUES ('eu', 1), ('us', 2);
    GRANT SELECT ON events TO readers";

/// What EXPLAIN says, in one text.
async fn explained(client: &Client, options: &str, query: &str) -> String {
    let sql = format!("EXPLAIN {options} {query}");
    let answer = table(client, &sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    answer.rows.into_iter().flatten().flatten().collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a19_a20_explain_ends_where_rows_leave_the_guard() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    scene
        .run(
            "CREATE TABLE seen (occurred_at timestamptz NOT NULL, region text, amount integer);
             INSERT INTO seen SELECT now() - interval '3 days', 'planted-region', n FROM generate_series(1, 4242) AS n;
             INSERT INTO seen SELECT now(), 'eu', n FROM generate_series(1, 3) AS n;
             CREATE RETENTION POLICY kept ON seen WHERE (region = 'planted-region') KEEP INTERVAL '2 days';
             GRANT SELECT (region, amount) ON seen TO mallory; GRANT SELECT ON seen TO ann",
        )
        .await;
    scene.run("CHECKPOINT").await;
    let queries = [
        "SELECT region, amount FROM seen",
        "SELECT count(*) FROM seen",
        "SELECT region FROM seen WHERE amount > 2 ORDER BY amount LIMIT 3",
        "SELECT s.amount FROM seen s JOIN events e USING (amount) WHERE e.region = 'eu'",
        "SELECT region, (SELECT max(amount) FROM events e WHERE e.amount > s.amount) FROM seen s",
        "WITH w AS (SELECT DISTINCT region FROM seen) SELECT count(*) FROM w",
    ];
    let (ann, mallory) = (scene.log_in("ann").await, scene.log_in("mallory").await);
    scene.run("GRANT readers TO mallory").await;
    let below = [
        "planted-region",
        "parquet",
        "DataSource",
        "file_groups",
        "Sieve",
        "predicate=occurred",
        "4242",
        "4245",
        "partition_sizes",
        "Counted",
        "counted by",
    ];
    for options in ["", "VERBOSE", "ANALYZE", "ANALYZE VERBOSE", "(FORMAT JSON)", "(ANALYZE, VERBOSE, FORMAT JSON)"] {
        for query in queries {
            for reader in [&ann, &mallory] {
                let told = explained(reader, options, query).await;
                assert!(told.contains("Guarded"), "{options} {query}: {told}");
                let leaked = below.iter().find(|word| told.contains(**word));
                assert_eq!(leaked, None, "{options} {query}: {told}");
            }
            // Its owner sees what is read.
            let told = explained(&scene.chief, options, query).await;
            assert!(told.contains("parquet") || told.contains("counted by"), "{options} {query}: {told}");
        }
    }
    // What is counted of everybody's reading leaves out the rows that were hidden.
    let returned = "SELECT tup_returned FROM pg_stat_database WHERE datname = current_database()";
    let before = count(&scene.chief, returned).await;
    assert_eq!(count(&ann, "SELECT count(amount) FROM seen").await, 3);
    let after = count(&scene.chief, returned).await;
    assert!(after - before < 4242, "{before} and then {after}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a24_whether_an_object_exists_is_not_told() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let mallory = scene.log_in("mallory").await;
    for statement in [
        "SELECT * FROM hr.NAME",
        "SELECT count(*) FROM hr.NAME",
        "INSERT INTO hr.NAME VALUES ('x', 1)",
        "UPDATE hr.NAME SET amount = 1",
        "DELETE FROM hr.NAME",
        "TRUNCATE hr.NAME",
        "COPY hr.NAME TO STDOUT",
        "COPY hr.NAME FROM STDIN",
        "EXPLAIN SELECT * FROM hr.NAME",
        "DROP TABLE hr.NAME",
        "DROP VIEW hr.NAME",
        "ALTER TABLE hr.NAME ADD COLUMN b text",
        "ALTER TABLE hr.NAME OWNER TO mallory",
        "COMMENT ON TABLE hr.NAME IS 'x'",
        "COMMENT ON COLUMN hr.NAME.name IS 'x'",
        "GRANT SELECT ON hr.NAME TO mallory",
        "VACUUM hr.NAME",
        "PREPARE p AS SELECT * FROM hr.NAME",
        "SELECT has_table_privilege('hr.NAME', 'SELECT')",
        "CREATE VIEW mallory.v AS SELECT * FROM hr.NAME",
        "CREATE TABLE hr.NAME (a integer)",
        "CREATE TABLE IF NOT EXISTS hr.NAME (a integer)",
        "SELECT * FROM hr.NAME(1)",
        "DROP FUNCTION hr.NAME(integer)",
    ] {
        let there = failure(&mallory, &statement.replace("NAME", "salaries")).await;
        let not_there = failure(&mallory, &statement.replace("NAME", "salarios")).await;
        assert_eq!(there, not_there, "{statement}");
        assert_eq!(there, ("42501".to_owned(), "permission denied for schema hr".to_owned()), "{statement}");
    }
    let described = mallory.prepare("SELECT * FROM hr.salaries").await.unwrap_err();
    assert_eq!(sqlstate(&described), "42501", "not even its columns are told");
    for name in ["'hr.salaries'::regclass", "'hr.salarios'::regclass"] {
        assert_eq!(state(&mallory, &format!("SELECT {name}")).await, "42P01", "{name}");
    }
    scene.run("GRANT USAGE ON SCHEMA hr TO mallory").await;
    assert_eq!(state(&mallory, "SELECT * FROM hr.salaries").await, "42501");
    assert_eq!(state(&mallory, "SELECT * FROM hr.salarios").await, "42P01");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a25_the_catalog_lists_what_one_may_know() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    scene.run("CREATE VIEW hr.view_of_salaries AS SELECT * FROM hr.salaries").await;
    scene.run("CREATE FUNCTION hr.f() RETURNS TABLE (a text) LANGUAGE sql AS 'SELECT name FROM hr.salaries'").await;
    let mallory = scene.log_in("mallory").await;
    for sql in [
        "SELECT count(*) FROM pg_class WHERE relname LIKE '%salaries%' OR relname = 'events'",
        "SELECT count(*) FROM pg_attribute WHERE attname IN ('amount', 'region')",
        "SELECT count(*) FROM pg_tables WHERE schemaname = 'hr'",
        "SELECT count(*) FROM pg_views WHERE definition LIKE '%salaries%'",
        "SELECT count(*) FROM pg_proc WHERE prosrc LIKE '%salaries%'",
        "SELECT count(*) FROM pg_namespace WHERE nspname = 'hr'",
        "SELECT count(*) FROM pg_description WHERE objoid = (SELECT oid FROM pg_class WHERE relname = 'salaries')",
        "SELECT count(*) FROM pg_stat_user_tables WHERE relname IN ('salaries', 'events')",
        "SELECT count(*) FROM information_schema.columns WHERE table_name IN ('salaries', 'events')",
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'hr'",
        "SELECT count(*) FROM information_schema.table_privileges WHERE table_schema = 'hr'",
        "SELECT count(*) FROM information_schema.schemata WHERE schema_name = 'hr'",
    ] {
        assert_eq!(count(&mallory, sql).await, 0, "{sql}");
    }
    let ann = scene.log_in("ann").await;
    assert_eq!(count(&ann, "SELECT count(*) FROM pg_class WHERE relname IN ('salaries', 'events')").await, 1);
    // How much there is of a table is told to its owner and to those who watch over the server.
    let told = table(&ann, "SELECT reltuples, relpages FROM pg_class WHERE relname = 'events'").await.unwrap();
    assert_eq!(told.rows[0], ["-1", "0"].map(|text| Some(text.to_owned())));
    assert_eq!(count(&ann, "SELECT pg_relation_size('events')").await, 0);
    scene.run("GRANT pg_monitor TO ann").await;
    assert_eq!(count(&ann, "SELECT reltuples::bigint FROM pg_class WHERE relname = 'events'").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a28_what_other_sessions_do_is_not_told() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let ann = scene.log_in("ann").await;
    let mallory = scene.log_in("mallory").await;
    table(&ann, "SELECT 'planted text'").await.unwrap();
    let seen = "SELECT usename, query, client_addr FROM pg_stat_activity WHERE usename = 'ann'";
    let told = table(&mallory, seen).await.unwrap();
    assert_eq!(told.rows, [[Some("ann".to_owned()), Some("<insufficient privilege>".to_owned()), None]]);
    let pid = count(&ann, "SELECT pg_backend_pid()").await;
    for stop in ["pg_cancel_backend", "pg_terminate_backend"] {
        assert_eq!(state(&mallory, &format!("SELECT {stop}({pid})")).await, "42501");
    }
    assert_eq!(state(&mallory, "SELECT * FROM annals.catalog_log").await, "42501");
    scene.run("GRANT pg_read_all_data TO mallory").await;
    assert_eq!(state(&mallory, "SELECT * FROM annals.catalog_log").await, "42501", "it holds verifiers");
    scene.run("GRANT ann TO mallory").await;
    assert!(format!("{:?}", table(&mallory, seen).await.unwrap()).contains("pg_backend_pid"));
    assert_eq!(table(&mallory, &format!("SELECT pg_cancel_backend({pid})")).await.unwrap().rows[0][0].as_deref(), Some("t"));
    let chiefs = count(&scene.chief, "SELECT pg_backend_pid()").await;
    scene.run("GRANT pg_signal_backend TO mallory").await;
    assert_eq!(state(&mallory, &format!("SELECT pg_terminate_backend({chiefs})")).await, "42501", "the superuser's is not for it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a38_a_kept_plan_is_not_run_with_the_rights_it_was_made_with() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    scene.run("CREATE VIEW shown AS SELECT region FROM events; GRANT SELECT ON shown TO ann").await;
    scene.run("CREATE FUNCTION f() RETURNS TABLE (region text) LANGUAGE sql AS 'SELECT region FROM events'").await;
    for query in [
        "SELECT region FROM events",
        "WITH c AS (SELECT * FROM events) SELECT * FROM c",
        "SELECT (SELECT max(region) FROM events)",
        "SELECT * FROM shown",
        "SELECT * FROM f()",
        "SELECT region FROM events WHERE amount > 0 UNION SELECT 'x'",
    ] {
        let session = scene.server.connect().await;
        let parsed = session.prepare(query).await.unwrap();
        session.query(&parsed, &[]).await.unwrap();
        session.batch_execute(&format!("PREPARE q AS {query}; EXECUTE q; SET ROLE mallory")).await.unwrap();
        assert_eq!(state(&session, "EXECUTE q").await, "42501", "{query}");
        let error = session.query(&parsed, &[]).await.unwrap_err();
        assert_eq!(sqlstate(&error), "42501", "{query}: parsed as one role and run as another");
        session.batch_execute("RESET ROLE; EXECUTE q").await.unwrap();
        session.query(&parsed, &[]).await.unwrap();
    }
    // A right that is taken away is gone for the next run, in an open transaction of one snapshot too.
    let ann = scene.log_in("ann").await;
    ann.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ").await.unwrap();
    let kept = ann.prepare("SELECT region FROM events").await.unwrap();
    assert_eq!(ann.query(&kept, &[]).await.unwrap().len(), 2);
    scene.run("REVOKE SELECT ON events FROM readers").await;
    assert_eq!(sqlstate(&ann.query(&kept, &[]).await.unwrap_err()), "42501");
    ann.batch_execute("ROLLBACK").await.unwrap();
    scene.run("GRANT SELECT (region) ON events TO readers").await;
    assert_eq!(ann.query(&kept, &[]).await.unwrap().len(), 2);
    scene.run("REVOKE SELECT ON events FROM readers; GRANT SELECT (amount) ON events TO readers").await;
    assert_eq!(sqlstate(&ann.query(&kept, &[]).await.unwrap_err()), "42501", "the column that it reads");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a39_named_statements_are_of_one_session() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    scene.run("PREPARE p AS SELECT * FROM events; EXECUTE p").await;
    let mallory = scene.log_in("mallory").await;
    assert_eq!(state(&mallory, "EXECUTE p").await, "26000");
    assert_eq!(count(&mallory, "SELECT count(*) FROM pg_prepared_statements").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a41_nothing_that_is_kept_is_shared_between_roles() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let (ann, mallory) = (scene.log_in("ann").await, scene.log_in("mallory").await);
    let queries = ["SELECT count(*) FROM events", "SELECT relname FROM pg_class WHERE relname = 'events'"];
    for _ in 0..3 {
        assert_eq!(count(&ann, queries[0]).await, 2);
        assert_eq!(state(&mallory, queries[0]).await, "42501");
        assert_eq!(table(&ann, queries[1]).await.unwrap().rows.len(), 1);
        assert_eq!(table(&mallory, queries[1]).await.unwrap().rows.len(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a42_current_user_and_session_user_are_told_apart() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let ann = scene.log_in("ann").await;
    let who = "SELECT current_user, session_user, current_role";
    let kept = ann.prepare(who).await.unwrap();
    let names = |row: &tokio_postgres::Row| [row.get::<_, String>(0), row.get(1), row.get(2)];
    assert_eq!(names(&ann.query_one(&kept, &[]).await.unwrap()), ["ann", "ann", "ann"]);
    ann.batch_execute("SET ROLE readers").await.unwrap();
    assert_eq!(names(&ann.query_one(&kept, &[]).await.unwrap()), ["readers", "ann", "readers"], "it is found at each run");
    assert_eq!(state(&ann, "SET SESSION AUTHORIZATION annals").await, "42501");
    assert_eq!(state(&ann, "CREATE TABLE \"current_user\" (a integer)").await, "42501");
    scene.run("SET SESSION AUTHORIZATION ann").await;
    assert_eq!(state(&scene.chief, "SET ROLE annals").await, "42501");
    scene.run("RESET SESSION AUTHORIZATION; SELECT * FROM hr.salaries").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a43_nobody_takes_on_more_than_it_was_given() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let mallory = scene.log_in("mallory").await;
    for sql in [
        "SET ROLE readers",
        "SET ROLE annals",
        "SET LOCAL ROLE annals",
        "SET role = 'annals'",
        "SELECT set_config('role', 'annals', false)",
        "SELECT set_config('ROLE', 'readers', true)",
        "SELECT set_config('session_authorization', 'annals', false)",
        "GRANT readers TO mallory",
        "GRANT annals TO mallory",
        "GRANT pg_read_all_data TO mallory",
        "ALTER ROLE mallory BYPASSRLS",
        "ALTER ROLE mallory SUPERUSER",
        "ALTER ROLE mallory CREATEROLE",
        "ALTER ROLE mallory VALID UNTIL 'infinity'",
        "ALTER ROLE mallory CONNECTION LIMIT -1",
        "ALTER ROLE annals PASSWORD 'x'",
        "CREATE ROLE eve",
        "CREATE USER eve SUPERUSER",
        "DROP ROLE ann",
        "REASSIGN OWNED BY annals TO mallory",
        "DROP OWNED BY annals",
        "ALTER SCHEMA hr OWNER TO mallory",
        "ALTER DEFAULT PRIVILEGES FOR ROLE annals GRANT ALL ON TABLES TO mallory",
        "CHECKPOINT",
        "VACUUM",
        "VACUUM events",
        "COMMENT ON ROLE ann IS 'x'",
    ] {
        assert_eq!(state(&mallory, sql).await, "42501", "{sql}");
    }
    for sql in
        ["SET is_superuser = on", "SELECT set_config('is_superuser', 'on', false)", "ALTER ROLE mallory SET is_superuser = on"]
    {
        assert_eq!(state(&mallory, sql).await, "55P02", "{sql}");
    }
    assert_eq!(state(&mallory, "ALTER ROLE mallory SET role = 'annals'").await, "0A000");
    let mut config = tokio_postgres::Config::new();
    config.host("127.0.0.1").port(scene.server.address().port()).user("mallory").dbname("annals").password(PASSWORD);
    for options in ["-c role=annals", "-c session_authorization=annals", "-c is_superuser=on"] {
        assert!(config.clone().options(options).connect(tokio_postgres::NoTls).await.is_err(), "{options}");
    }
    // What a role has taken on it keeps only while it is a member.
    scene.run("GRANT readers TO mallory").await;
    mallory.batch_execute("SET ROLE readers").await.unwrap();
    assert_eq!(count(&mallory, "SELECT count(*) FROM events").await, 2);
    assert_eq!(state(&mallory, "SET ROLE annals").await, "42501");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a44_a_role_made_again_under_an_old_name_starts_empty() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    scene.run("GRANT SELECT ON events TO ann; GRANT ann TO mallory; ALTER ROLE ann SET max_rows = 1").await;
    let old = scene.log_in("ann").await;
    assert_eq!(count(&old, "SELECT amount FROM events LIMIT 1").await, 1);
    let kept = scene.chief.batch_execute("DROP ROLE ann").await.unwrap_err();
    let told = kept.as_db_error().unwrap();
    assert_eq!((told.code().code(), told.detail()), ("2BP01", Some("privileges for table events")));
    scene.run("DROP OWNED BY ann; DROP ROLE ann").await;
    scene.run(&format!("CREATE ROLE ann LOGIN PASSWORD '{PASSWORD}'")).await;
    let new = scene.log_in("ann").await;
    for session in [&old, &new] {
        assert_eq!(state(session, "SELECT * FROM events").await, "42501");
        assert_eq!(state(session, "SET ROLE readers").await, "42501");
    }
    let mallory = scene.log_in("mallory").await;
    assert_eq!(state(&mallory, "SET ROLE ann").await, "42501");
    scene.run("GRANT SELECT ON events TO ann").await;
    assert_eq!(count(&new, "SELECT count(*) FROM events").await, 2);
    assert_eq!(state(&old, "SELECT * FROM events").await, "42501", "the old session is not the new role's");
    assert_eq!(count(&new, "SELECT count(*) FROM pg_namespace WHERE nspname = 'ann'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a84_only_known_settings_are_taken() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let mallory = scene.log_in("mallory").await;
    for sql in [
        "SET datafusion.optimizer.max_passes = 0",
        "SET datafusion.execution.parquet.pushdown_filters = true",
        "SET no_such_setting = 1",
        "SELECT set_config('no_such_setting', '1', false)",
    ] {
        let answer = table(&mallory, sql).await;
        match answer {
            // A dotted name is a setting of the user's own, which nothing of the server's reads.
            Ok(_) => assert!(sql.contains("datafusion."), "{sql}"),
            Err(error) => assert_eq!(sqlstate(&error), "42704", "{sql}"),
        }
    }
    mallory.batch_execute("RESET ALL").await.unwrap();
    mallory.batch_execute("DISCARD ALL").await.unwrap();
    assert_eq!(table(&mallory, "SELECT current_user").await.unwrap().rows[0][0].as_deref(), Some("mallory"));
    scene.run("GRANT readers TO mallory").await;
    mallory.batch_execute("SET ROLE readers; RESET ALL").await.unwrap();
    assert_eq!(table(&mallory, "SELECT current_user").await.unwrap().rows[0][0].as_deref(), Some("readers"));
    mallory.batch_execute("DISCARD ALL").await.unwrap();
    assert_eq!(table(&mallory, "SELECT current_user").await.unwrap().rows[0][0].as_deref(), Some("mallory"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a86_what_a_role_makes_shadows_nothing_of_others() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    scene.run("CREATE VIEW regions AS SELECT region FROM events; GRANT SELECT ON regions TO PUBLIC").await;
    scene.run("GRANT SELECT ON events TO mallory").await;
    let mallory = scene.log_in("mallory").await;
    for sql in [
        "CREATE TABLE events (region text)",
        "CREATE TABLE mallory.events (region text)",
        "CREATE TABLE public.lower (a text)",
        "CREATE FUNCTION lower(a text) RETURNS TABLE (b text) LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION mallory.f() RETURNS TABLE (b integer) LANGUAGE sql AS 'SELECT 1'",
        "CREATE VIEW public.mine AS SELECT 1 AS a",
        "CREATE VIEW pg_catalog.mine AS SELECT 1 AS a",
        "CREATE SCHEMA other",
        "ALTER SCHEMA mallory OWNER TO ann",
    ] {
        let state = state(&mallory, sql).await;
        assert!(state == "42501" || sql.contains("ALTER SCHEMA") && state == "0A000", "{sql}: {state}");
    }
    // A view of its own in its own schema is what a role may make, and it is nobody else's `events`.
    mallory.batch_execute("CREATE VIEW events AS SELECT 'forged' AS region, 0 AS amount").await.unwrap();
    assert_eq!(table(&mallory, "SELECT DISTINCT region FROM events").await.unwrap().rows[0][0].as_deref(), Some("forged"));
    assert_eq!(count(&mallory, "SELECT count(*) FROM regions WHERE region = 'forged'").await, 0);
    scene.run("SET search_path = mallory, public").await;
    assert_eq!(count(&scene.chief, "SELECT count(*) FROM regions WHERE region = 'forged'").await, 0);
    // It is shared by a grant, and goes with the role.
    mallory.batch_execute("GRANT USAGE ON SCHEMA mallory TO ann; GRANT SELECT ON mallory.events TO ann").await.unwrap();
    let ann = scene.log_in("ann").await;
    assert_eq!(count(&ann, "SELECT count(*) FROM mallory.events").await, 1);
    let kept = scene.chief.batch_execute("DROP ROLE mallory").await.unwrap_err();
    assert_eq!(sqlstate(&kept), "2BP01");
    drop(mallory);
    scene.run("DROP OWNED BY mallory; DROP ROLE mallory").await;
    assert_eq!(count(&scene.chief, "SELECT count(*) FROM pg_namespace WHERE nspname = 'mallory'").await, 0);
}

/// What a statement may do is found when it starts: another session's REVOKE counts from the next one on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_that_is_taken_away_is_gone_for_the_next_statement() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let ann = scene.log_in("ann").await;
    assert_eq!(count(&ann, "SELECT count(*) FROM events").await, 2);
    scene.run("BEGIN; REVOKE readers FROM ann").await;
    assert_eq!(count(&ann, "SELECT count(*) FROM events").await, 2, "it is not committed yet");
    scene.run("COMMIT").await;
    assert_eq!(state(&ann, "SELECT count(*) FROM events").await, "42501");
    scene.run("GRANT readers TO ann").await;
    scene.run("BEGIN; REVOKE readers FROM ann; ROLLBACK").await;
    assert_eq!(count(&ann, "SELECT count(*) FROM events").await, 2);
    scene.run("ALTER ROLE ann NOINHERIT").await;
    assert_eq!(state(&ann, "SELECT count(*) FROM events").await, "42501");
}

/// A statement that goes on for long is asked again, before each batch, whether its role may still see what it reads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a109_a_cursor_ends_when_what_its_role_may_see_changes() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    scene
        .run(
            "CREATE TABLE long (n integer, word text, mail text); CREATE RETENTION POLICY old ON long KEEP INTERVAL '90 years'; GRANT SELECT (n, word) ON long TO readers; GRANT SELECT ON long TO mallory;
             INSERT INTO long SELECT g, 'w' || g, 'm' FROM generate_series(1, 60000) g; CHECKPOINT",
        )
        .await;
    let ann = scene.log_in("ann").await;
    let begin = "BEGIN; DECLARE c CURSOR FOR SELECT n, word FROM long; FETCH 5 FROM c";
    for (change, back, ends) in [
        ("GRANT SELECT (mail) ON long TO readers", "REVOKE SELECT (mail) ON long FROM readers", false),
        ("CREATE TABLE unrelated (a integer)", "DROP TABLE unrelated", false),
        ("COMMENT ON RETENTION POLICY old ON long IS 'x'", "COMMENT ON RETENTION POLICY old ON long IS NULL", false),
        ("REVOKE SELECT (word) ON long FROM readers", "GRANT SELECT (word) ON long TO readers", true),
        ("REVOKE readers FROM ann", "GRANT readers TO ann", true),
        ("ALTER TABLE long ENABLE ROW LEVEL SECURITY", "ALTER TABLE long DISABLE ROW LEVEL SECURITY", true),
        ("CREATE MASKING POLICY m ON long (word) USING (mask_all())", "DROP MASKING POLICY m ON long", true),
        ("CREATE RETENTION POLICY r ON long KEEP INTERVAL '1 day'", "DROP RETENTION POLICY r ON long", true),
    ] {
        ann.batch_execute(begin).await.unwrap();
        scene.run(change).await;
        let rest = ann.batch_execute("FETCH ALL FROM c").await;
        match (ends, rest) {
            (true, Err(error)) => assert_eq!(sqlstate(&error), "40001", "{change}"),
            (false, Ok(())) => {}
            (_, rest) => panic!("{change}: {rest:?}"),
        }
        ann.batch_execute("ROLLBACK").await.unwrap();
        scene.run(back).await;
    }
}
