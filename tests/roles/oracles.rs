//! The attacks that aim at rows and values: what is hidden is asked about in every way that could answer by an error, a number, a plan or
//! a side effect.
//!
//! The hidden rows hold values on which each expression here fails. Somebody who sees them gets that error, so each attack is one; who
//! does not see them gets an answer about the rest.

use std::time::Duration;

use tokio_postgres::{AsyncMessage, NoTls};

use crate::harness::{PASSWORD, Scene, count, failure, sqlstate, state, table, told};

/// Twenty rows that `mallory` sees, five that only `sid` does, in files and in memory.
const DEFINITIONS: &str = "
    CREATE ROLE support_eu; CREATE ROLE watchers;
    CREATE ROLE mallory LOGIN PASSWORD 'only-for-tests' IN ROLE support_eu;
    CREATE ROLE sid LOGIN PASSWORD 'only-for-tests' IN ROLE watchers;
    CREATE ROLE zoe LOGIN PASSWORD 'only-for-tests';
    CREATE TABLE events (occurred_at timestamptz NOT NULL DEFAULT now(), id integer, region text, level text, user_email text,
        amount integer, msg text, attrs jsonb);
    INSERT INTO events (id, region, level, user_email, amount, msg, attrs)
        SELECT n, 'eu', (n % 3)::text, 'u' || n || '@example.com', n, n::text, jsonb_build_object('n', n::text, 'list', jsonb_build_array(n))
        FROM generate_series(1, 15) AS n;
    INSERT INTO events (id, region, level, user_email, amount, msg, attrs)
        SELECT 9000 + n, 'us', 'hidden-level', 'vip@example.com', 100000, 'planted-text', '{\"n\": \"no number\", \"list\": {}}'
        FROM generate_series(1, 3) AS n;
    CHECKPOINT;
    INSERT INTO events (id, region, level, user_email, amount, msg, attrs)
        SELECT n, 'eu', (n % 3)::text, 'u' || n || '@example.com', n, n::text, jsonb_build_object('n', n::text, 'list', jsonb_build_array(n))
        FROM generate_series(16, 20) AS n;
    INSERT INTO events (id, region, level, user_email, amount, msg, attrs)
        SELECT 9003 + n, 'us', 'hidden-level', 'vip@example.com', 100000, 'planted-text', '{\"n\": \"no number\", \"list\": {}}'
        FROM generate_series(1, 2) AS n;
    ALTER TABLE events ENABLE ROW LEVEL SECURITY;
    GRANT SELECT ON events TO support_eu, watchers, zoe;
    CREATE POLICY p_eu ON events TO support_eu USING (region = 'eu');
    CREATE POLICY p_all ON events TO watchers USING (true);
    CREATE MASKING POLICY m_email ON events (user_email) TO support_eu USING (mask_all())";

/// Expressions that fail on the hidden rows alone.
const FALLIBLE: [&str; 40] = [
    "1 / (amount - 100000)",
    "1 % (amount - 100000)",
    "1 / (CASE WHEN msg LIKE '%planted%' THEN 0 ELSE 1 END)",
    "msg::integer",
    "msg::bigint",
    "CAST(msg AS smallint)",
    "msg::numeric",
    "msg::float8",
    "msg::real",
    "msg::jsonb",
    "msg::json",
    "msg::interval",
    "('2024-01-' || msg)::date",
    "('2024-01-' || msg)::timestamp",
    "('2024-01-' || msg || ' 00:00+00')::timestamptz",
    "('00:' || msg)::time",
    "('00000000-0000-0000-0000-' || lpad(msg, 12, '0'))::uuid",
    "('{' || level || '}')::integer[]",
    "level::integer",
    "(attrs ->> 'n')::integer",
    "jsonb_array_length(attrs -> 'list')",
    "(attrs -> 'n' #>> '{}')::numeric",
    "decode(lpad(msg, 2, '0'), 'hex')",
    "chr(amount * 100)",
    "amount + 2147400000",
    "amount * 100000",
    "amount::smallint",
    "sqrt(50 - amount)",
    "ln(50 - amount)",
    "power(0, 50 - amount)",
    "repeat(msg, CASE WHEN region = 'us' THEN 1000000000 ELSE 1 END)",
    "lpad(msg, CASE WHEN region = 'us' THEN 1000000000 ELSE 3 END)",
    "substr(msg, 1, 50 - amount)",
    "split_part(msg, 'x', amount - 100000)",
    "make_date(2024, 1, amount)",
    "date_trunc(CASE WHEN region = 'us' THEN 'nothing' ELSE 'day' END, occurred_at)",
    "regexp_replace(msg, CASE WHEN region = 'us' THEN '(' ELSE 'x' END, '')",
    "format(CASE WHEN region = 'us' THEN '%' ELSE '%%' END)",
    "encode(msg::bytea, CASE WHEN region = 'us' THEN 'nothing' ELSE 'hex' END)",
    "to_char(amount * 30000, '9') || (amount * 30000)::text",
];

/// Where an expression can stand, and what is answered of the twenty rows.
const PLACES: [(&str, &str); 8] = [
    ("SELECT count(*) FROM events WHERE (EXPR)::text IS NOT NULL", "20"),
    ("SELECT count(*) FROM events WHERE region = 'us' AND (EXPR)::text IS NOT NULL", "0"),
    ("SELECT count(*) FROM (SELECT DISTINCT id, (EXPR)::text FROM events) AS t", "20"),
    ("SELECT count((EXPR)::text) FILTER (WHERE region <> 'us') FROM events", "20"),
    ("SELECT count(*) FROM (SELECT id FROM events ORDER BY (EXPR)::text LIMIT 100) AS t", "20"),
    ("SELECT count(*) FROM (VALUES (1)) AS v (x) JOIN events e ON e.id > v.x - 9 AND (EXPR)::text IS NOT NULL", "20"),
    ("SELECT count(*) FROM (VALUES (1)) AS v (x) LEFT JOIN events e ON (EXPR)::text IS NOT NULL", "20"),
    ("SELECT count(*) FROM events WHERE id IN (SELECT id FROM events GROUP BY id, (EXPR)::text)", "20"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a01_a02_a04_a07_a08_a09_no_expression_is_worked_out_on_a_hidden_row() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let (mallory, sid) = (scene.log_in("mallory").await, scene.log_in("sid").await);
    let mut wrong = Vec::new();
    for expression in FALLIBLE {
        for (place, expected) in PLACES {
            let sql = place.replace("EXPR", expression);
            let answer = told(&mallory, &sql).await;
            if answer != [expected] {
                wrong.push(format!("{sql}: {answer:?}"));
            }
        }
        let sees = told(&sid, &format!("SELECT count(*) FROM events WHERE ({expression})::text IS NOT NULL")).await;
        if sees.len() != 1 || sees[0].len() != 5 {
            wrong.push(format!("{expression} does not fail for who sees the rows: {sees:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What an error quotes is what the role sees.
    let (_, message) = failure(&mallory, "SELECT user_email::integer FROM events WHERE id = 3").await;
    assert!(message.contains("\"***\""), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a05_a12_a75_a_call_is_made_for_the_rows_that_are_seen_alone() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let mallory = scene.log_in("mallory").await;
    assert_eq!(count(&mallory, "SELECT count(*) FROM events WHERE random() < 2").await, 20);
    assert_eq!(count(&mallory, "SELECT count(*) FROM events WHERE (SELECT count(*) FROM events) = 20").await, 20);
    mallory.batch_execute("SET statement_timeout = '60s'").await.unwrap();
    let slow = "SELECT count(pg_sleep(CASE WHEN region = 'us' THEN 3600 ELSE 0 END)) FROM events";
    assert_eq!(count(&mallory, slow).await, 20);
    // Each call of pg_notify that is made is heard.
    let mut config = tokio_postgres::Config::new();
    config.host("127.0.0.1").port(scene.server.address().port()).user("annals").dbname("annals").password(PASSWORD);
    let (listener, mut wire) = config.connect(NoTls).await.unwrap();
    let (say, mut hear) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(Ok(message)) = std::future::poll_fn(|context| wire.poll_message(context)).await {
            if let AsyncMessage::Notification(heard) = message {
                say.send(heard.payload().to_owned()).ok();
            }
        }
    });
    listener.batch_execute("LISTEN heard").await.unwrap();
    assert_eq!(count(&mallory, "SELECT count(*) FROM events WHERE pg_notify('heard', random()::text) IS NOT NULL").await, 20);
    assert_eq!(count(&mallory, "SELECT count(pg_notify('heard', user_email || id)) FROM events").await, 20);
    mallory.batch_execute("NOTIFY heard, 'end'").await.unwrap();
    let mut heard = Vec::new();
    while heard.last().is_none_or(|last| last != "end") {
        heard.push(tokio::time::timeout(Duration::from_secs(60), hear.recv()).await.unwrap().unwrap());
    }
    assert_eq!(heard.len(), 41, "{heard:?}");
    assert!(heard.iter().all(|payload| !payload.contains("vip") && !payload.contains('@')), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a11_a80_a_setting_moves_nothing_below_the_guard() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let mallory = scene.log_in("mallory").await;
    let attack = "SELECT count(*) FROM events WHERE msg::integer > 0 AND 1 / (amount - 100000) = 0";
    let plan = "EXPLAIN VERBOSE SELECT id FROM events WHERE msg::integer > 0";
    let before = told(&mallory, plan).await;
    for setting in [
        "datafusion.execution.parquet.pushdown_filters = 'true'",
        "datafusion.execution.parquet.reorder_filters = 'true'",
        "datafusion.optimizer.filter_null_join_keys = 'true'",
        "datafusion.optimizer.max_passes = '0'",
        "datafusion.explain.show_statistics = 'true'",
        "datafusion.runtime.temp_directory = '/srv/www'",
        "datafusion.runtime.memory_limit = '0'",
        "datafusion.catalog.location = '/srv/www'",
        "datafusion.execution.target_partitions = '1'",
    ] {
        mallory.batch_execute(&format!("SET {setting}")).await.unwrap();
        assert_eq!(told(&mallory, attack).await, ["20"], "{setting}");
        assert_eq!(told(&mallory, plan).await, before, "{setting}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a15_a_row_that_was_changed_is_judged_as_it_is_now() {
    let scene = Scene::set(&[
        DEFINITIONS,
        "CREATE TABLE latest (key text PRIMARY KEY, region text, word text) USING reference;
         INSERT INTO latest VALUES ('k', 'eu', 'seen'), ('l', 'us', 'planted');
         ALTER TABLE latest ENABLE ROW LEVEL SECURITY; GRANT SELECT ON latest TO support_eu;
         CREATE POLICY p_eu ON latest TO support_eu USING (region = 'eu')",
    ])
    .await;
    let mallory = scene.log_in("mallory").await;
    let all = "SELECT key, word FROM latest ORDER BY key";
    assert_eq!(told(&mallory, all).await, ["k|seen"]);
    scene.run("UPDATE latest SET region = 'us', word = 'gone' WHERE key = 'k'").await;
    for when in ["in memory", "in segments"] {
        assert_eq!(told(&mallory, all).await, Vec::<String>::new(), "{when}");
        assert_eq!(told(&mallory, "SELECT word FROM latest WHERE key = 'k'").await, Vec::<String>::new(), "{when}");
        scene.run("CHECKPOINT").await;
    }
    scene.run("UPDATE latest SET region = 'eu' WHERE key = 'l'").await;
    assert_eq!(told(&mallory, all).await, ["l|planted"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a17_a22_numbers_are_of_the_rows_that_are_seen() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let mallory = scene.log_in("mallory").await;
    for (sql, expected) in [
        ("SELECT count(*) FROM events", "20"),
        ("SELECT count(*), count(amount), min(amount), max(amount), sum(amount) FROM events", "20|20|1|20|210"),
        ("SELECT max(level), max(msg), max(region), count(DISTINCT level) FROM events", "2|9|eu|3"),
        ("SELECT count(DISTINCT user_email) FROM events", "1"),
        ("SELECT reltuples, relpages FROM pg_class WHERE relname = 'events'", "-1|0"),
        ("SELECT pg_relation_size('events'), pg_total_relation_size('events'), pg_table_size('events')", "0|0|0"),
        ("SELECT count(*) FROM pg_stats WHERE tablename = 'events'", "0"),
    ] {
        assert_eq!(told(&mallory, sql).await, [expected], "{sql}");
    }
    let statistics = "SELECT n_live_tup, n_tup_ins, seq_tup_read FROM pg_stat_user_tables WHERE relname = 'events'";
    let shown = told(&mallory, statistics).await;
    assert!(shown.iter().all(|row| row.split('|').all(|cell| cell == "0" || cell == "NULL")), "{shown:?}");
    for hidden in ["SELECT * FROM pg_statistic", "SELECT * FROM pg_statistic_ext_data"] {
        let answer = told(&mallory, hidden).await;
        assert!(answer.is_empty() || ["42501", "42P01"].contains(&answer[0].as_str()), "{hidden}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a16_a_pruned_file_is_not_told_of() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let mallory = scene.log_in("mallory").await;
    // One of these values is in a file and one is nowhere: the answer, its tag and the plan with its numbers are the same.
    let plan =
        |id: i32| format!("EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) SELECT msg FROM events WHERE id = {id} AND region = 'us'");
    let mut plans = Vec::new();
    for id in [9001, 7777] {
        let lines = told(&mallory, &plan(id)).await.join("\n").replace(&id.to_string(), "ID");
        let untimed = lines.lines().filter(|line| !line.contains("Time")).map(|line| match line.split_once(", metrics=[") {
            Some((node, measured)) => {
                let rows = measured.split([',', ']']).find(|metric| metric.trim_start().starts_with("output_rows="));
                format!("{node} {}", rows.unwrap_or_default())
            }
            None => line.to_owned(),
        });
        plans.push(untimed.collect::<Vec<_>>());
    }
    assert_eq!(plans[0], plans[1]);
    assert!(!plans[0].is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a26_what_policies_and_masks_say_is_for_those_who_may_change_them() {
    let scene =
        Scene::set(&[DEFINITIONS, "CREATE RETENTION POLICY kept ON events WHERE (region = 'us') KEEP INTERVAL '9 days'"]).await;
    let policies = told(&scene.chief, "SELECT polname FROM pg_policy WHERE polrelid = 'events'::regclass").await;
    for policy in &policies {
        scene.run(&format!("COMMENT ON POLICY {policy} ON events IS 'about VIPs'")).await;
    }
    scene.run("COMMENT ON RETENTION POLICY kept ON events IS 'about VIPs'").await;
    let about = "SELECT count(*) FROM pg_description WHERE description = 'about VIPs'";
    assert_eq!(told(&scene.chief, about).await, ["2"]);
    let oids = told(&scene.chief, "SELECT oid FROM pg_policy WHERE polrelid = 'events'::regclass").await;
    for role in ["mallory", "sid", "zoe"] {
        let client = scene.log_in(role).await;
        for sql in [
            "SELECT * FROM pg_policy",
            "SELECT * FROM pg_policies",
            "SELECT * FROM annals.masking_policies WHERE tablename = 'events'",
            "SELECT * FROM annals.retention_status WHERE tablename = 'events'",
            "SELECT * FROM annals.legal_holds",
        ] {
            let answer = told(&client, sql).await;
            assert!(answer.is_empty() || answer == ["42501"], "{role}: {sql}: {answer:?}");
        }
        assert_eq!(state(&client, "EXPLAIN RETENTION events").await, "42501", "{role}");
        assert_eq!(told(&client, about).await, ["0"], "{role}");
        for oid in &oids {
            assert_eq!(told(&client, &format!("SELECT obj_description({oid}, 'pg_policy')")).await, ["NULL"], "{role}");
        }
        let comments = told(&client, "SELECT comment FROM annals.retention_policies WHERE tablename = 'events'").await;
        assert!(comments.iter().all(|comment| comment == "NULL"), "{role}: {comments:?}");
    }
    assert_eq!(count(&scene.chief, "SELECT count(*) FROM pg_policies WHERE tablename = 'events'").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a32_a_tag_or_a_description_counts_nothing_hidden() {
    let scene = Scene::set(&[
        DEFINITIONS,
        "CREATE TABLE keyed (id integer PRIMARY KEY, owner text) USING reference; INSERT INTO keyed VALUES (1, 'sid'), (2, 'mallory');
         ALTER TABLE keyed ENABLE ROW LEVEL SECURITY; GRANT ALL ON keyed TO PUBLIC;
         CREATE POLICY own ON keyed USING (owner = current_user); CREATE TABLE secret (a integer)",
    ])
    .await;
    let mallory = scene.log_in("mallory").await;
    let changed = |sql: &'static str| {
        let mallory = &mallory;
        async move { mallory.execute(sql, &[]).await.unwrap() }
    };
    assert_eq!(changed("UPDATE keyed SET owner = owner").await, 1);
    assert_eq!(changed("UPDATE keyed SET owner = owner WHERE id = 1").await, 0);
    assert_eq!(changed("DELETE FROM keyed WHERE owner = 'sid'").await, 0);
    assert_eq!(sqlstate(&mallory.prepare("SELECT * FROM secret").await.unwrap_err()), "42501");
    let described = mallory.prepare("SELECT * FROM events").await.unwrap();
    assert_eq!(described.columns().len(), 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a47_a70_no_policy_is_no_row_and_a_policy_reads_what_was_recorded() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let zoe = scene.log_in("zoe").await;
    assert_eq!(count(&zoe, "SELECT count(*) FROM events").await, 0);
    scene.run("ALTER POLICY p_eu ON events USING (user_email LIKE 'u1%' OR user_email LIKE 'vip%')").await;
    let mallory = scene.log_in("mallory").await;
    assert_eq!(count(&mallory, "SELECT count(*) FROM events").await, 16);
    assert_eq!(count(&mallory, "SELECT count(*) FROM events WHERE user_email LIKE 'u1%'").await, 0);
    assert_eq!(told(&mallory, "SELECT DISTINCT user_email FROM events").await, ["***"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a49_policies_that_read_each_other_are_refused_and_end() {
    let scene = Scene::set(&[
        DEFINITIONS,
        "CREATE TABLE one (a integer) USING reference; CREATE TABLE two (a integer) USING reference;
         INSERT INTO one VALUES (1); INSERT INTO two VALUES (1); GRANT SELECT ON one, two TO PUBLIC;
         CREATE ROLE keeper LOGIN PASSWORD 'only-for-tests'; ALTER TABLE one OWNER TO keeper; ALTER TABLE two OWNER TO keeper;
         ALTER TABLE one ENABLE ROW LEVEL SECURITY; ALTER TABLE two ENABLE ROW LEVEL SECURITY;
         ALTER TABLE one FORCE ROW LEVEL SECURITY; ALTER TABLE two FORCE ROW LEVEL SECURITY",
    ])
    .await;
    let (keeper, mallory) = (scene.log_in("keeper").await, scene.log_in("mallory").await);
    for itself in ["public.one", "one", "one o", "two WHERE a IN (SELECT a FROM one)"] {
        let sql = format!("CREATE POLICY p ON one USING (a IN (SELECT a FROM {itself}))");
        assert_eq!(state(&keeper, &sql).await, "42P17", "{sql}");
    }
    // Whichever of the two is refused, the definition or the statement, it is by name and the server goes on.
    let mut states = vec![told(&keeper, "CREATE POLICY p ON one USING (a IN (SELECT a FROM two))").await];
    states.push(told(&keeper, "CREATE POLICY p ON two USING (a IN (SELECT a FROM one))").await);
    for sql in ["SELECT * FROM one", "SELECT * FROM two", "SELECT count(*) FROM one JOIN two USING (a)"] {
        states.push(told(&mallory, sql).await);
    }
    assert!(states.iter().flatten().any(|state| state == "42P17"), "{states:?}");
    assert!(states.iter().flatten().all(|state| state.is_empty() || state == "42P17"), "{states:?}");
    assert_eq!(count(&mallory, "SELECT count(*) FROM events").await, 20);
}

/// What a policy calls may become another than it was made with; then nothing is shown, whatever else the statement asks for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_or_mask_that_has_become_invalid_shows_nothing() {
    let scene = Scene::set(&[
        DEFINITIONS,
        "CREATE TABLE known (word text PRIMARY KEY) USING reference; INSERT INTO known VALUES ('eu');
         CREATE FUNCTION regions_known() RETURNS TABLE (word text) LANGUAGE sql AS 'SELECT word FROM known';
         ALTER POLICY p_eu ON events USING (region IN (SELECT word FROM regions_known()))",
    ])
    .await;
    let mallory = scene.log_in("mallory").await;
    let seen = count(&mallory, "SELECT count(*) FROM events").await;
    assert!(seen > 0);
    let broken = "CREATE OR REPLACE FUNCTION regions_known() RETURNS TABLE (word text) LANGUAGE sql
                  AS 'SELECT word || 1 / (length(word) - 2) FROM known'";
    scene.run(broken).await;
    for sql in ["SELECT id FROM events", "SELECT count(*) FROM events", "SELECT 1 FROM events LIMIT 1"] {
        assert_eq!(state(&mallory, sql).await, "22012", "{sql}");
    }
    assert_eq!(sqlstate(&super::copied(&mallory, "COPY events TO STDOUT").await.unwrap_err()), "22012");
    scene
        .run(
            "ALTER POLICY p_eu ON events USING (region = 'eu');
             CREATE MASKING POLICY broken ON events (region) TO mallory USING ((SELECT max(word) FROM regions_known()))",
        )
        .await;
    assert_eq!(state(&mallory, "SELECT region FROM events").await, "22012");
    assert_eq!(count(&mallory, "SELECT count(id) FROM events").await, seen, "what does not show the column needs no mask");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a54_what_is_copied_is_what_is_seen() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let mallory = scene.log_in("mallory").await;
    for sql in [
        "CREATE TABLE mine AS SELECT * FROM events",
        "SELECT * INTO mine FROM events",
        "CREATE TABLE mallory.mine AS SELECT * FROM events",
        "CREATE MATERIALIZED VIEW mallory.mine AS SELECT * FROM events",
        "CREATE VIEW public.mine AS SELECT * FROM events",
    ] {
        let refused = state(&mallory, sql).await;
        assert!(refused == "42501" || refused == "0A000" && sql.contains("MATERIALIZED"), "{sql}: {refused}");
    }
    scene.run("CREATE SCHEMA lab; GRANT ALL ON SCHEMA lab TO mallory").await;
    mallory
        .batch_execute("CREATE TABLE lab.mine AS SELECT * FROM events; INSERT INTO lab.mine SELECT * FROM events")
        .await
        .unwrap();
    assert_eq!(
        told(&scene.chief, "SELECT count(*), max(region), min(user_email), max(user_email) FROM lab.mine").await,
        ["40|eu|***|***"]
    );
    // A view of its own, shared, shows each reader what that one may see.
    mallory.batch_execute("CREATE VIEW seen AS SELECT id, user_email FROM events; GRANT USAGE ON SCHEMA mallory TO zoe, sid; GRANT SELECT ON seen TO zoe, sid").await.unwrap();
    assert_eq!(count(&scene.log_in("zoe").await, "SELECT count(*) FROM mallory.seen").await, 0);
    assert_eq!(count(&scene.log_in("sid").await, "SELECT count(*) FROM mallory.seen WHERE user_email LIKE '%@%'").await, 25);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a56_a57_a85_what_would_switch_a_policy_off_is_refused() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let mallory = scene.log_in("mallory").await;
    mallory.batch_execute("SET row_security = off").await.unwrap();
    for sql in
        ["SELECT * FROM events", "SELECT count(*) FROM events", "COPY events TO STDOUT", "EXPLAIN ANALYZE SELECT * FROM events"]
    {
        let refused = match sql.starts_with("COPY") {
            true => super::copied(&mallory, sql).await.map(|_| ()),
            false => table(&mallory, sql).await.map(|_| ()),
        };
        assert_eq!(sqlstate(&refused.unwrap_err()), "42501", "{sql}");
    }
    mallory.batch_execute("RESET row_security").await.unwrap();
    for (policy, expected) in [
        ("USING (1)", "42804"),
        ("USING ('yes'::text)", "42804"),
        ("USING (nothing = 1)", "42703"),
        ("USING (region = nosuch(1))", "42883"),
        ("USING (count(*) > 1)", "42803"),
        ("USING (region = current_setting('app.tenant'))", "42P17"),
        ("USING (region = current_setting('search_path'))", "42P17"),
        ("USING (random() < 0.5)", "42P17"),
        ("TO suport_eu USING (true)", "42704"),
    ] {
        assert_eq!(state(&scene.chief, &format!("CREATE POLICY p ON events {policy}")).await, expected, "{policy}");
    }
    // A predicate in the wrong case of letters lets nothing through, and what it names cannot be taken from under it.
    scene.run("ALTER POLICY p_eu ON events USING (region = 'EU')").await;
    assert_eq!(count(&mallory, "SELECT count(*) FROM events").await, 0);
    let dropped = state(&scene.chief, "ALTER TABLE events DROP COLUMN region").await;
    assert!(["0A000", "2BP01"].contains(&dropped.as_str()), "{dropped}");
    assert_eq!(state(&scene.chief, "ALTER TABLE events RENAME COLUMN region TO area").await, "2BP01");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a53_a_key_that_is_taken_is_told_as_postgresql_tells_it() {
    let scene = Scene::set(&[
        DEFINITIONS,
        "GRANT INSERT ON events TO support_eu; CREATE POLICY add ON events FOR INSERT TO support_eu WITH CHECK (true)",
    ])
    .await;
    let mallory = scene.log_in("mallory").await;
    // A log has no keys: whether an event with this id is there already, seen or not, changes nothing.
    for id in [1, 9001, 55_555] {
        assert_eq!(mallory.execute(&format!("INSERT INTO events (id, region) VALUES ({id}, 'us')"), &[]).await.unwrap(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a41_a28_another_sessions_answers_and_texts_are_its_own() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let (mallory, sid) = (scene.log_in("mallory").await, scene.log_in("sid").await);
    let sql = "SELECT count(*), max(user_email) FROM events";
    for _ in 0..3 {
        assert_eq!(told(&sid, sql).await, ["25|vip@example.com"]);
        assert_eq!(told(&mallory, sql).await, ["20|***"]);
    }
    sid.batch_execute("SELECT 'planted-literal'").await.unwrap();
    let asked = "SELECT count(*) FROM annals.query_log WHERE login_role <> 'mallory' OR statement LIKE '%planted-literal%'";
    assert_eq!(count(&mallory, asked).await, 0);
    let divided = "SELECT count(*) FROM annals.query_log WHERE 1 / length(replace(login_role, 'sid', '')) >= 0";
    assert_eq!(told(&mallory, divided).await.first().map(String::len).filter(|length| *length == 5), None);
}
