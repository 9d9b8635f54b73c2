//! The attacks that look for another way to the rows: files, functions of the engine's and the server's, old versions, channels, logs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tokio_postgres::Client;

use crate::harness::{PASSWORD, Scene, count, sqlstate, state, table, told};

const DEFINITIONS: &str = "
    CREATE ROLE mallory LOGIN PASSWORD 'only-for-tests'; CREATE ROLE ann LOGIN PASSWORD 'only-for-tests';
    CREATE TABLE events (occurred_at timestamptz NOT NULL DEFAULT now(), region text, amount integer);
    INSERT INTO events (region, amount) SELECT CASE n % 2 WHEN 0 THEN 'eu' ELSE 'planted' END, n FROM generate_series(1, 20) AS n;
    CHECKPOINT;
    ALTER TABLE events ENABLE ROW LEVEL SECURITY; GRANT SELECT ON events TO mallory;
    CREATE POLICY p_eu ON events TO mallory USING (region = 'eu')";

/// Each is refused for this role and for the superuser, with one of these SQLSTATEs.
async fn refused(clients: [&Client; 2], statements: &[&str], states: &[&str]) {
    for sql in statements {
        for client in clients {
            let refused = match table(client, sql).await {
                Ok(answer) => panic!("{sql}: answered {answer:?}"),
                Err(error) => sqlstate(&error).to_owned(),
            };
            assert!(states.contains(&refused.as_str()), "{sql}: {refused}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a13_what_a_role_makes_is_run_on_what_it_sees() {
    let scene = Scene::set(&[DEFINITIONS, "CREATE SCHEMA lab; GRANT ALL ON SCHEMA lab TO mallory"]).await;
    let mallory = scene.log_in("mallory").await;
    for (sql, expected) in [
        ("CREATE FUNCTION leak(t text) RETURNS boolean LANGUAGE sql COST 0.0000001 AS 'SELECT true'", ["42501", "0A000"]),
        ("CREATE FUNCTION mallory.leak(t text) RETURNS TABLE (a text) LANGUAGE sql AS 'SELECT t'", ["42501", "42501"]),
        ("CREATE OPERATOR <<< (LEFTARG = text, RIGHTARG = text, FUNCTION = leak)", ["42501", "0A000"]),
        (
            "CREATE FUNCTION lab.leak(t text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', t; END'",
            ["42704", "0A000"],
        ),
        ("CREATE AGGREGATE lab.leak(text) (SFUNC = textcat, STYPE = text)", ["42501", "0A000"]),
        ("CREATE CAST (text AS integer) WITH INOUT", ["42501", "0A000"]),
        ("DO 'BEGIN RAISE NOTICE ''x''; END'", ["42704", "0A000"]),
    ] {
        let refused = state(&mallory, sql).await;
        assert!(expected.contains(&refused.as_str()) || refused == "42601", "{sql}: {refused}");
    }
    // A function that it may make, in a schema where it may, reads with its rights.
    mallory.batch_execute("CREATE FUNCTION lab.f(n integer) RETURNS TABLE (region text) LANGUAGE sql AS 'SELECT region FROM events WHERE 1 / (amount - n) >= 0'").await.unwrap();
    assert_eq!(told(&mallory, "SELECT DISTINCT region FROM lab.f(19)").await, ["eu"]);
    assert_eq!(state(&mallory, "SELECT * FROM lab.f(20)").await, "22012");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a21_a29_a83_functions_that_look_below_are_not_there() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let mallory = scene.log_in("mallory").await;
    refused(
        [&mallory, &scene.chief],
        &[
            "SELECT input_file_name() FROM events",
            "SELECT file_row_index() FROM events",
            "SELECT file_path() FROM events",
            "SELECT * FROM parquet_metadata('events')",
            "SELECT * FROM metadata_cache()",
            "SELECT * FROM statistics_cache()",
            "SELECT * FROM list_files_cache()",
            "SELECT * FROM delta_history('events')",
            "SELECT * FROM index_terms('events', 'region')",
            "SELECT * FROM tlog_leaf_hashes('events')",
            "SELECT tlog_inclusion_proof('events', 3)",
            "SELECT pg_read_file('PG_VERSION')",
            "SELECT pg_read_binary_file('PG_VERSION')",
            "SELECT pg_ls_dir('.')",
            "SELECT * FROM pg_ls_waldir()",
            "SELECT pg_stat_file('PG_VERSION')",
            "SELECT lo_import('/etc/passwd')",
            "SELECT lo_get(1)",
            "SELECT dblink('host=127.0.0.1', 'SELECT 1')",
            "SELECT query_to_xml('SELECT * FROM events', true, true, '')",
            "SELECT raise_error('x')",
            "SELECT * FROM pg_logical_slot_peek_changes('s', NULL, NULL)",
            "SELECT pg_reload_conf()",
            "SELECT arrow_cast(region, 'Binary') FROM events",
            "SELECT arrow_typeof(region) FROM events",
            "SELECT arrow_metadata(region) FROM events",
        ],
        &["42883"],
    )
    .await;
    for sql in ["SELECT version()", "SELECT inet_server_addr()", "SELECT current_setting('data_directory')"] {
        let answer = told(&mallory, sql).await.join("");
        assert!(!answer.contains(scene.server.data().to_str().unwrap()), "{sql}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a36_a37_a79_files_and_parts_of_a_table_have_no_names() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let mallory = scene.log_in("mallory").await;
    let parquet = first_segment(&scene.server.data().join("tables")).expect("the table has a segment");
    let folder = Path::new(&parquet).parent().and_then(Path::parent).unwrap().display().to_string();
    let id = folder.rsplit('/').next().unwrap().to_owned();
    for name in [
        format!("'{parquet}'"),
        format!("\"{parquet}\""),
        format!("\"file://{parquet}\""),
        format!("\"{folder}\""),
        format!("\"{id}\""),
        "\"events$parts\"".to_owned(),
        "\"events$snapshots\"".to_owned(),
        "_internal.events".to_owned(),
        "datafusion.public.events".to_owned(),
        format!("read_parquet('{parquet}')"),
        format!("delta_scan('{folder}')"),
        "glob('/*')".to_owned(),
        "information_schema.df_settings".to_owned(),
    ] {
        for client in [&mallory, &scene.chief] {
            let refused = state(client, &format!("SELECT * FROM {name}")).await;
            assert!(["42P01", "42601", "42883", "3F000", "0A000"].contains(&refused.as_str()), "{name}: {refused}");
        }
    }
    refused([&mallory, &scene.chief], &["CREATE MATERIALIZED VIEW hourly AS SELECT count(*) FROM events"], &["0A000"]).await;
}

/// A Parquet file below a folder.
fn first_segment(folder: &Path) -> Option<String> {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let found = if path.is_dir() {
            first_segment(&path)
        } else {
            Some(path.display().to_string()).filter(|path| path.ends_with(".parquet"))
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a77_a78_nothing_is_read_from_or_written_to_places_of_the_reader() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let mallory = scene.log_in("mallory").await;
    let target = scene.server.data().with_file_name("stolen");
    let to_file = format!("COPY (SELECT * FROM events) TO '{}'", target.display());
    refused(
        [&mallory, &scene.chief],
        &[
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
            "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION 'http://169.254.169.254/latest'",
            "CREATE FOREIGN TABLE t (a text) SERVER s",
            "CREATE SERVER s FOREIGN DATA WRAPPER file_fdw",
            "CREATE EXTENSION file_fdw",
            "CREATE TABLESPACE t LOCATION '/srv'",
            "LOAD '/srv/x.so'",
            "COPY events FROM '/etc/shadow'",
            "COPY events FROM PROGRAM 'id'",
            "COPY (SELECT * FROM events) TO PROGRAM 'cat'",
            "COPY (SELECT * FROM events) TO 's3://elsewhere/x.parquet'",
            "COPY events TO '/srv/x.parquet' STORED AS PARQUET",
            "INSERT OVERWRITE DIRECTORY '/srv' SELECT * FROM events",
            &to_file,
        ],
        &["42501", "0A000", "42601"],
    )
    .await;
    assert!(!target.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a81_what_is_spilled_lies_where_nobody_else_looks() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let data = scene.server.data().to_owned();
    let mode = fs::metadata(data.join("spill")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "the folder is the server's alone");
    // What a killed server left behind goes when the next one starts.
    let left = data.join("spill").join("left-behind");
    fs::write(&left, "planted").unwrap();
    let restarted = scene.restarted().await;
    assert!(!left.exists());
    assert_eq!(count(&restarted.chief, "SELECT count(*) FROM events").await, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a72_a103_there_is_no_second_way_to_follow_a_table() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let mallory = scene.log_in("mallory").await;
    refused(
        [&mallory, &scene.chief],
        &[
            "SUBSCRIBE (SELECT * FROM events)",
            "SUBSCRIBE TO events",
            "TAIL events",
            "CREATE PUBLICATION p FOR TABLE events",
            "CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1' PUBLICATION p",
            "START_REPLICATION SLOT s LOGICAL 0/0",
        ],
        &["42601", "0A000"],
    )
    .await;
    // The door speaks no replication.
    let mut config = tokio_postgres::Config::new();
    config.host("127.0.0.1").port(scene.server.address().port()).user("mallory").dbname("annals").password(PASSWORD);
    assert!(config.options("-c replication=database").connect(tokio_postgres::NoTls).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a75_nobody_speaks_on_the_servers_channels_and_nobody_lists_others() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let (ann, mallory) = (scene.log_in("ann").await, scene.log_in("mallory").await);
    ann.batch_execute("LISTEN alerts; LISTEN annals_events").await.unwrap();
    for client in [&mallory, &scene.chief] {
        for sql in [
            "NOTIFY annals_events, 'forged'",
            "NOTIFY annals_",
            "NOTIFY ANNALS_Events",
            "SELECT pg_notify('annals_events', 'forged')",
            "SELECT pg_notify('annals_' || region, '') FROM events",
        ] {
            assert_eq!(state(client, sql).await, "42501", "{sql}");
        }
    }
    mallory.batch_execute("NOTIFY annals, 'x'; NOTIFY \"Annals_\", 'x'").await.unwrap();
    // Who listens to what is each session's own.
    assert_eq!(told(&mallory, "SELECT * FROM pg_listening_channels()").await, Vec::<String>::new());
    assert_eq!(told(&ann, "SELECT * FROM pg_listening_channels()").await, ["alerts", "annals_events"]);
    for pattern in ["LISTEN *", "LISTEN 'alerts'", "LISTEN a.b"] {
        assert_eq!(state(&mallory, pattern).await, "42601", "{pattern}");
    }
    // A refused word takes back what was said before it.
    mallory.batch_execute("BEGIN; NOTIFY alerts, 'first'").await.unwrap();
    assert_eq!(state(&mallory, "NOTIFY annals_events").await, "42501");
    mallory.batch_execute("ROLLBACK").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a108_there_is_no_reading_of_old_versions() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let mallory = scene.log_in("mallory").await;
    refused(
        [&mallory, &scene.chief],
        &[
            "SELECT * FROM events FOR SYSTEM_TIME AS OF '2020-01-01'",
            "SELECT * FROM events FOR VERSION AS OF 0",
            "SELECT * FROM events VERSION AS OF 0",
            "SELECT * FROM events TIMESTAMP AS OF '2020-01-01'",
            "SELECT * FROM events AT (VERSION => 0)",
            "SELECT * FROM events@v1",
            "SELECT * FROM \"events@v1\"",
            "RESTORE TABLE events TO VERSION AS OF 0",
            "BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '00000003-0000001B-1'",
            "SELECT pg_export_snapshot()",
        ],
        &["42601", "42P01", "0A000", "42883", "25P02", "22023"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a64_a_value_that_is_repeated_elsewhere_is_masked_there_by_a_mask_of_its_own() {
    let scene = Scene::set(&[
        DEFINITIONS,
        "CREATE TABLE mails (sender text, body text, details jsonb); GRANT SELECT ON mails TO mallory;
         INSERT INTO mails VALUES ('vip@example.com', 'from vip@example.com', '{\"from\": {\"mail\": \"vip@example.com\"}}');
         CREATE MASKING POLICY m1 ON mails (sender) TO mallory USING (mask_all())",
    ])
    .await;
    let mallory = scene.log_in("mallory").await;
    // There is no raw copy of an event beside its columns: hidden columns hold numbers and times, and nobody reads them.
    for column in ["_raw", "_li", "_ingest_ts", "_row", "ctid", "xmin"] {
        assert_eq!(state(&mallory, &format!("SELECT {column} FROM mails")).await, "42703", "{column}");
    }
    let leaks = "SELECT count(*) FROM mails m WHERE concat_ws(' ', m.sender, m.body, m.details::text) LIKE '%vip%'";
    assert_eq!(count(&mallory, leaks).await, 1, "the other columns are columns of their own");
    scene.run("CREATE MASKING POLICY m2 ON mails (details -> 'from' ->> 'mail') TO mallory USING (mask_all()); CREATE MASKING POLICY m3 ON mails (body) TO mallory USING (NULL)").await;
    assert_eq!(count(&mallory, leaks).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a130_what_a_client_says_forges_no_line_of_the_log() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let mut config = tokio_postgres::Config::new();
    config.host("127.0.0.1").port(scene.server.address().port()).user("mallory").dbname("annals").password(PASSWORD);
    config.application_name("x\nFORGED application\u{1b}[31m");
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(async move { drop(connection.await) });
    assert_eq!(state(&client, "SELECT 'x\nFORGED statement'::integer").await, "22P02");
    config.user("nobody\nFORGED name").application_name("y");
    assert!(config.connect(tokio_postgres::NoTls).await.is_err());
    scene.run("CREATE TABLE bad (a integer CHECK (a > 0))").await;
    assert_eq!(state(&scene.chief, "SELECT 1 / 0 AS \"x\nFORGED column\"").await, "22012");
    let said = scene.server.said();
    assert!(said.lines().all(|line| !line.starts_with("FORGED")), "{said}");
    assert!(!said.contains('\u{1b}'), "{said}");
}
