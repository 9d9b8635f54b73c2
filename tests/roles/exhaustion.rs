//! The attacks that aim at the server's time, memory and disk: one role cannot take it from the others.

use std::time::Duration;

use futures::future::join_all;

use crate::harness::{Scene, copy_in, count, sqlstate, state, table};

/// What a role that is not trusted with the machine is held to.
const DEFINITIONS: &str = "
    CREATE ROLE mallory LOGIN PASSWORD 'only-for-tests'; CREATE ROLE ann LOGIN PASSWORD 'only-for-tests';
    CREATE TABLE events (id integer, msg text, attrs jsonb);
    INSERT INTO events SELECT n, 'message ' || n, '{\"a\": 1}' FROM generate_series(1, 3000) AS n;
    GRANT SELECT, INSERT ON events TO mallory, ann;
    ALTER ROLE mallory SET statement_timeout = '2s'; ALTER ROLE mallory SET work_mem = '16MB'";

/// Held to time or memory, whichever it meets first.
const STOPPED: [&str; 2] = ["57014", "53200"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a89_a91_a104_what_never_ends_is_ended_while_others_are_served() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let ann = scene.log_in("ann").await;
    let endless = [
        "SELECT count(*) FROM events a, events b, events c WHERE a.id + b.id + c.id = -1",
        "SELECT sum(a.id * b.id) FROM events a CROSS JOIN events b CROSS JOIN events c",
        "SELECT count(*) FROM generate_series(1, 1000000000000) AS g",
        "SELECT * FROM generate_series(1, 1000000000000) AS g ORDER BY g DESC LIMIT 1",
        "SELECT count(*) FROM generate_series(now(), now() + interval '90000 years', interval '1 second') AS g",
        "SELECT count(*) FROM pg_attribute a, pg_attribute b, pg_attribute c, pg_attribute d WHERE a.attnum + b.attnum + c.attnum = d.attnum",
        "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
        "SELECT pg_sleep(3600)",
    ];
    for sql in endless {
        let mallory = scene.log_in("mallory").await;
        let (refused, _) = tokio::join!(state(&mallory, sql), async {
            // Meanwhile others get their answers.
            for _ in 0..5 {
                assert_eq!(count(&ann, "SELECT count(*) FROM events WHERE id = 7").await, 1);
            }
        });
        assert!(STOPPED.contains(&refused.as_str()) || refused == "54000" || refused == "0A000", "{sql}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a92_a_value_cannot_grow_past_its_bound() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let mallory = scene.log_in("mallory").await;
    for sql in [
        "SELECT length(repeat('x', 2000000000))",
        "SELECT length(repeat(repeat('x', 1000000), 2000))",
        "SELECT length(lpad('x', 2000000000, 'y'))",
        "SELECT length(rpad('x', 2000000000, 'y'))",
        "SELECT length(string_agg(repeat(msg, 100000), '')) FROM events",
        "SELECT array_length(array_fill(1, ARRAY[1000000000]), 1)",
        "SELECT length(format('%2000000000s', 'x'))",
        "SELECT count(*) FROM events WHERE length(repeat(msg, 1000000)) > 0",
        "SELECT count(*) FROM events WHERE length(lpad(msg, 1000000)) > 0",
        "SELECT count(*) FROM events WHERE length(format('%1000000s', msg)) > 0",
        "SELECT length(replace(repeat('a', 1000000), 'a', repeat('b', 1000000)))",
        "SELECT length(regexp_replace(repeat('a', 3000), 'a', repeat('b', 1000000), 'g'))",
        "WITH a AS MATERIALIZED (SELECT repeat('x', 300000000) AS t) SELECT length(concat(t, t, t, t, t, t)) FROM a",
        "SELECT length(repeat(repeat(repeat('x', 10000), 10000), 10000))",
        "SELECT length((repeat('9', 100000) || 'e131000')::numeric::text)",
        "WITH a AS MATERIALIZED (SELECT repeat('x', 600000000) AS t) SELECT length(t || t) FROM a",
        "SELECT count(*) FROM events WHERE length(repeat(msg, 20000) || repeat(msg, 20000)) > 0",
        "SELECT count(*) FROM events WHERE length(id || repeat('x', 1000000)) > 0",
        "SELECT count(*) FROM events WHERE length(repeat('x', 1000000)::bytea || convert_to(msg, 'UTF8')) > 0",
        "SELECT count(*) FROM events WHERE length((attrs || jsonb_build_object('b', repeat(msg, 100000)))::text) > 0",
        "SELECT count(*) FROM events WHERE cardinality(ARRAY(SELECT g FROM generate_series(1, 200000) g) || id) > 0",
        "SELECT count(*) FROM events WHERE cardinality(id::bigint || ARRAY(SELECT g FROM generate_series(1, 200000) g)) > 0",
        "SELECT count(*) FROM events WHERE cardinality(array_cat(ARRAY(SELECT g FROM generate_series(1, 200000) g), ARRAY[id])) > 0",
    ] {
        let refused = state(&mallory, sql).await;
        assert!(
            ["54000", "53200", "57014", "22001", "22003", "42883", "53400", "22023"].contains(&refused.as_str()),
            "{sql}: {refused}"
        );
    }
    assert_eq!(count(&scene.log_in("ann").await, "SELECT count(*) FROM events").await, 3000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a93_a_pattern_costs_what_it_may() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let mallory = scene.log_in("mallory").await;
    for (sql, may_answer) in [
        ("SELECT count(*) FROM events WHERE msg ~ '(a{255}){255}'", false),
        ("SELECT count(*) FROM events WHERE msg ~ '((a{200}){200}){200}'", false),
        ("SELECT count(*) FROM events WHERE repeat('a', 5000) ~ '(a*)*(a*)*(a*)*(a*)*b'", true),
        ("SELECT count(*) FROM events WHERE repeat('a', 3000) ~ '^(a|aa)+$' AND repeat('a', 3000) ~ '(x+x+)+y'", true),
        ("SELECT count(*) FROM events WHERE 'x' ~ msg", true),
        ("SELECT count(regexp_replace(msg, msg || '{0,99}', 'x', 'g')) FROM events", true),
        ("SELECT count(*) FROM events WHERE repeat('a', 20000) LIKE '%a%a%a%a%a%a%a%a%a%b'", true),
    ] {
        match table(&mallory, sql).await {
            Ok(_) => assert!(may_answer, "{sql}"),
            Err(error) => {
                let refused = sqlstate(&error);
                assert!(STOPPED.contains(&refused) || ["2201B", "54000"].contains(&refused), "{sql}: {refused}");
            }
        }
    }
    assert_eq!(count(&scene.log_in("ann").await, "SELECT count(*) FROM events WHERE msg ~ '7$'").await, 300);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a105_what_comes_in_is_bounded_row_by_row() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let mallory = scene.log_in("mallory").await;
    let deep = format!("1\tx\t{}1{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let refused = copy_in(&mallory, "COPY events FROM STDIN", deep).await.unwrap_err();
    assert!(["54001", "22P02", "54000"].contains(&sqlstate(&refused)), "{refused:?}");
    let long = format!("1\t{}\t{{}}\n", "x".repeat(40 << 20));
    let refused = copy_in(&mallory, "COPY events FROM STDIN", long).await.unwrap_err();
    assert!(["54000", "53200", "22001"].contains(&sqlstate(&refused)), "{refused:?}");
    // A document of very many keys is one value, taken in or refused whole.
    let keys: Vec<String> = (0..200_000).map(|key| format!("\"k{key}\": 1")).collect();
    let wide = format!("4000\tx\t{{{}}}\n", keys.join(", "));
    scene.run("ALTER ROLE mallory RESET statement_timeout").await;
    match copy_in(&mallory, "COPY events FROM STDIN", wide).await {
        Ok(rows) => assert_eq!(rows, 1),
        Err(error) => assert!(["54000", "53200"].contains(&sqlstate(&error)), "{error:?}"),
    }
    assert_eq!(count(&scene.chief, "SELECT count(*) FROM events WHERE id <= 3000").await, 3000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a106_spilling_is_bounded_and_leaves_nothing() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    scene.run("ALTER ROLE mallory SET statement_timeout = '20s'").await;
    let sort = "SELECT count(*) FROM (SELECT a.msg || b.id AS m FROM events a, (SELECT id FROM events LIMIT 300) AS b ORDER BY m DESC OFFSET 1) AS t";
    let sessions = join_all((0..3).map(|_| scene.log_in("mallory"))).await;
    for answer in join_all(sessions.iter().map(|session| table(session, sort))).await {
        if let Err(error) = answer {
            assert!(STOPPED.contains(&sqlstate(&error)) || sqlstate(&error) == "53100", "{error:?}");
        }
    }
    drop(sessions);
    let left = || std::fs::read_dir(scene.server.data().join("spill")).unwrap().count();
    for _ in 0..600 {
        if left() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // DataFusion keeps one empty folder for as long as the process lives.
    assert!(left() <= 1, "{} left", left());
    assert_eq!(count(&scene.log_in("ann").await, "SELECT count(*) FROM events").await, 3000);
}
