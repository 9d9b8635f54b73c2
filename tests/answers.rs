//! Answers that are given again, over the wire: what was asked is recorded as ever, and nothing that was erased is told.

use std::fs;

use crate::harness::{Launch, Scene, count, folder, table, told};

/// The number that the server counts under a name.
async fn counted(scene: &Scene, name: &str) -> i64 {
    let row = scene.chief.query_one("SELECT value FROM annals.metrics WHERE name = $1", &[&name]).await;
    row.unwrap_or_else(|error| panic!("{name}: {error:?}")).get(0)
}

/// A server that keeps every answer, however quick its statement was.
async fn keeping(scripts: &[&str]) -> Scene {
    let config = folder();
    let file = config.path().join("annals.toml");
    fs::write(&file, "result_cache_min_ms = 0\n").unwrap();
    Scene::launched(|data| Launch::on(data).configured(&file), scripts).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_is_answered_again_is_recorded_as_any_other() {
    let scene = keeping(&["
        CREATE ROLE reader LOGIN PASSWORD 'only-for-tests';
        CREATE TABLE t (occurred_at timestamptz NOT NULL, who text);
        INSERT INTO t SELECT now(), 'w' || n % 3 FROM generate_series(1, 9) AS n;
        CREATE VIEW v AS SELECT who FROM t;
        GRANT SELECT ON t, v TO reader"])
    .await;
    let reader = scene.log_in("reader").await;
    let sql = "SELECT who, count(*) FROM v GROUP BY who ORDER BY who";
    for round in 0..3 {
        assert_eq!(told(&reader, sql).await, ["w0|3", "w1|3", "w2|3"]);
        assert_eq!(counted(&scene, "annals_result_cache_hits_total").await, round);
    }
    // The extended protocol asks the same question in its own way.
    for _ in 0..2 {
        assert_eq!(reader.query("SELECT who FROM v WHERE who = $1", &[&"w1"]).await.unwrap().len(), 3);
    }
    assert_eq!(counted(&scene, "annals_result_cache_hits_total").await, 3);
    let recorded = "SELECT statement, tables, rows_returned, outcome FROM annals.query_log
        WHERE login_role = 'reader' AND statement LIKE 'SELECT who%' ORDER BY occurred_at";
    let mut entries = told(&scene.chief, recorded).await;
    for _ in 0..100 {
        if entries.len() == 5 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        entries = told(&scene.chief, recorded).await;
    }
    assert_eq!(entries.len(), 5, "{entries:?}");
    assert!(entries[0] == entries[1] && entries[1] == entries[2] && entries[3] == entries[4], "{entries:?}");
    assert!(entries[0].contains("public.v") && entries[0].contains("public.t") && entries[0].contains("|3|"), "{entries:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_erased_is_told_by_no_answer() {
    let scene = keeping(&["
        CREATE ROLE ada LOGIN PASSWORD 'only-for-tests' IN ROLE auditor;
        CREATE TABLE log (event_id uuid NOT NULL DEFAULT uuidv7(), occurred_at timestamptz NOT NULL, person text);
        INSERT INTO log (occurred_at, person) SELECT now(), 'p' || n % 10 FROM generate_series(1, 100) AS n"])
    .await;
    let (ada, sql) = (scene.log_in("ada").await, "SELECT person, count(*) FROM log GROUP BY person ORDER BY person LIMIT 3");
    for _ in 0..2 {
        assert_eq!(told(&scene.chief, sql).await, ["p0|10", "p1|10", "p2|10"]);
    }
    assert_eq!(counted(&scene, "annals_result_cache_hits_total").await, 1);
    let asked = table(&scene.chief, "SELECT annals.erase('log', $$person = 'p1'$$, 'request 1')").await.unwrap();
    let id = asked.rows[0][0].clone().unwrap();
    ada.batch_execute(&format!("SELECT annals.approve_erasure('{id}')")).await.unwrap();
    for _ in 0..200 {
        if count(&scene.chief, "SELECT count(*) FROM log WHERE person = 'p1' AND random() >= 0").await == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(counted(&scene, "annals_result_cache_answers").await, 0, "nothing of it is left in memory");
    assert_eq!(told(&scene.chief, sql).await, ["p0|10", "p2|10", "p3|10"]);
}
