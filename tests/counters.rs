//! What indexes are used for is counted, as PostgreSQL counts it for each and as a whole, and told to whom it tells nothing hidden.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::harness::{Launch, Scene, count, folder, state, told};

const ROWS: i64 = 20_000;

const TABLES: &str = "
    CREATE ROLE owner LOGIN PASSWORD 'only-for-tests';
    CREATE ROLE reader LOGIN PASSWORD 'only-for-tests';
    CREATE ROLE watcher LOGIN PASSWORD 'only-for-tests' IN ROLE pg_read_all_stats;
    CREATE TABLE t (occurred_at timestamptz NOT NULL, id integer, word text, n integer);
    ALTER TABLE t OWNER TO owner;
    CREATE INDEX t_id ON t (id);
    CREATE INDEX t_both ON t (n, id);
    CREATE INDEX t_words ON t USING gin (word gin_trgm_ops);
    CREATE INDEX t_time ON t (occurred_at);
    CREATE TABLE r (id integer PRIMARY KEY) USING reference;
    ALTER TABLE t ENABLE ROW LEVEL SECURITY;
    CREATE POLICY p ON t TO reader USING (n < 5);
    GRANT SELECT ON t, r TO reader, watcher";

async fn scene() -> Scene {
    let config = folder();
    let file = config.path().join("annals.toml");
    fs::write(&file, "index_min_rows = 1\nresult_cache_mib = 0\n").unwrap();
    let rows = format!(
        "INSERT INTO t SELECT date_trunc('day', now()) - n * interval '1 millisecond', n, 'w' || n, n % 1000
         FROM generate_series(1, {ROWS}) AS n"
    );
    Scene::launched(|data| Launch::on(data).configured(&file), &[TABLES, &rows, "CHECKPOINT"]).await
}

async fn counted(scene: &Scene, name: &str) -> i64 {
    count(&scene.chief, &format!("SELECT value FROM annals.metrics WHERE name = '{name}'")).await
}

/// The files of indexes below a folder.
fn indexes(folder: &Path, kind: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(indexes(&path, kind));
        } else if path.extension().is_some_and(|own| own == kind) {
            found.push(path);
        }
    }
    found
}

const USES: &str =
    "SELECT indexrelname, idx_scan, idx_tup_read, idx_tup_fetch FROM pg_stat_user_indexes WHERE relname = 't' ORDER BY 1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_each_index_was_used_for_is_counted() {
    let scene = scene().await;
    assert_eq!(told(&scene.chief, USES).await, ["t_both|0|0|0", "t_id|0|0|0", "t_time|NULL|NULL|NULL", "t_words|0|0|0"]);
    assert_eq!(count(&scene.chief, "SELECT count(*) FROM t WHERE id = 4711").await, 1);
    assert_eq!(told(&scene.chief, USES).await, ["t_both|1|1|1", "t_id|1|1|1", "t_time|NULL|NULL|NULL", "t_words|0|0|0"]);
    // One that rules out all that there is, and one that finds pages.
    assert_eq!(count(&scene.chief, "SELECT count(*) FROM t WHERE id = -1").await, 0);
    assert_eq!(told(&scene.chief, "SELECT id FROM t WHERE word LIKE '%w19999%'").await, ["19999"]);
    let uses = told(&scene.chief, USES).await;
    assert_eq!(uses[..3], ["t_both|2|1|1", "t_id|2|1|1", "t_time|NULL|NULL|NULL"]);
    assert!(uses[3].starts_with("t_words|1|") && uses[3] != "t_words|1|0|0", "{uses:?}");
    let whole = "SELECT idx_scan, idx_tup_fetch > 0 FROM pg_stat_user_tables WHERE relname = 't'";
    assert_eq!(told(&scene.chief, whole).await, ["3|t"]);
    assert_eq!(
        told(&scene.chief, "SELECT pg_stat_get_numscans('t_id'::regclass), pg_stat_get_numscans('r_pkey'::regclass)").await,
        ["2|NULL"]
    );
    for (name, value) in [
        ("annals_id_lookups_total", 2),
        ("annals_id_segments_asked_total", 2),
        ("annals_id_segments_ruled_out_total", 1),
        ("annals_id_rows_found_total", 1),
        ("annals_id_rows_fetched_total", 1),
        ("annals_text_lookups_total", 1),
        ("annals_text_segments_ruled_out_total", 0),
        ("annals_indexes_damaged_total", 0),
    ] {
        assert_eq!(counted(&scene, name).await, value, "{name}");
    }
    assert!(counted(&scene, "annals_pages_read_total").await >= 1 && counted(&scene, "annals_rows_read_total").await >= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_are_told_to_whom_they_tell_nothing_hidden() {
    let scene = scene().await;
    let (owner, reader, watcher) = (scene.log_in("owner").await, scene.log_in("reader").await, scene.log_in("watcher").await);
    assert_eq!(told(&reader, "SELECT id, n FROM t WHERE id = 4003").await, ["4003|3"]);
    assert!(told(&reader, "SELECT id FROM t WHERE id = 4711").await.is_empty());
    let expected = ["t_both|2|2|2", "t_id|2|2|2", "t_time|NULL|NULL|NULL", "t_words|0|0|0"];
    for who in [&owner, &watcher, &scene.chief] {
        assert_eq!(told(who, USES).await, expected);
    }
    let nothing = ["t_both", "t_id", "t_time", "t_words"].map(|name| format!("{name}|NULL|NULL|NULL"));
    assert_eq!(told(&reader, USES).await, nothing, "a look-up that found a row which the policy hides would be counted");
    assert_eq!(told(&reader, "SELECT idx_scan, idx_tup_fetch FROM pg_stat_all_tables WHERE relname = 't'").await, ["NULL|NULL"]);
    let sizes = "SELECT pg_relation_size('t_id'), pg_indexes_size('t'), pg_total_relation_size('t'), pg_stat_get_numscans('t_id'::regclass)";
    assert_eq!(told(&reader, sizes).await, ["0|0|0|NULL"]);
    assert_eq!(state(&reader, "SELECT * FROM annals.metrics").await, "42501");
    assert_eq!(state(&owner, "SELECT * FROM annals.metrics").await, "42501", "other tables' counts are not its owner's to know");
    assert!(count(&watcher, "SELECT value FROM annals.metrics WHERE name = 'annals_id_lookups_total'").await >= 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_is_as_large_as_its_files() {
    let scene = scene().await;
    let bytes = |kind: &str, start: &str| -> u64 {
        let tables = scene.server.data().join("tables");
        let own = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(start);
        let found = indexes(&tables, kind).into_iter().filter(own);
        found.map(|path| fs::metadata(path).unwrap().len()).sum()
    };
    let size = |sql: &'static str| count(&scene.chief, sql);
    let (ids, words) = (bytes("ids", ""), bytes("text", ""));
    assert!(ids > 0 && words > 0);
    assert_eq!(
        size("SELECT pg_relation_size('t_both')").await as u64,
        ids,
        "it has two columns, which are all that are indexed by values"
    );
    assert_eq!(size("SELECT pg_relation_size('t_id')").await as u64, bytes("ids", "2."));
    assert_eq!(size("SELECT pg_relation_size('t_words')").await as u64, words);
    assert_eq!(size("SELECT pg_indexes_size('t')").await as u64, ids + words);
    assert_eq!(size("SELECT pg_relation_size('t_time') + pg_relation_size('r_pkey') + pg_indexes_size('r')").await, 0);
    assert_eq!(size("SELECT pg_total_relation_size('t') - pg_relation_size('t') - pg_indexes_size('t')").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_is_damaged_is_counted_and_built_anew() {
    let scene = scene().await;
    let file = indexes(&scene.server.data().join("tables"), "ids").remove(0);
    let mut bytes = fs::read(&file).unwrap();
    bytes.iter_mut().for_each(|byte| *byte ^= 0x55);
    fs::write(&file, bytes).unwrap();
    assert_eq!(count(&scene.chief, "SELECT count(*) FROM t WHERE id = 4711 AND n = 711").await, 1);
    for _ in 0..200 {
        if counted(&scene, "annals_indexes_built_total").await > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(counted(&scene, "annals_indexes_damaged_total").await, 1);
    assert_eq!(counted(&scene, "annals_indexes_built_total").await, 1);
}
