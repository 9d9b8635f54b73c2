//! Indexes are defined, shown and dropped as in PostgreSQL, last as long as their tables, and are nobody's to see who does not see these.

use crate::harness::{Launch, Peer, Scene, Server, failure, folder, lake, psql, run, state, table, told};
use crate::sessions::printed;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn definitions_of_indexes_are_answered_as_by_postgresql() {
    let script = include_str!("indexes/answers.sql");
    let folder = folder();
    let server = Server::start(folder.path());
    if psql(server.address(), "SELECT 1").is_none() {
        return;
    }
    let Some(peer) = Peer::start().await else { return };
    let ours = printed(server.address(), &script.replace("{reference}", " USING reference"));
    let theirs = printed(peer.address(), &script.replace("{reference}", ""));
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs, "ours and PostgreSQL's");
    }
    assert_eq!(ours.len(), theirs.len());
}

/// What the store has no index for, and what PostgreSQL has that is ours otherwise.
const REFUSED: [(&str, &str, &str); 27] = [
    ("CREATE UNIQUE INDEX ON t (a)", "0A000", "a UNIQUE index is not supported"),
    ("CREATE INDEX ON t (a) INCLUDE (b)", "0A000", "INCLUDE in an index is not supported"),
    ("CREATE INDEX ON t (a) WHERE b > 3", "0A000", "an index with WHERE is not supported"),
    ("CREATE INDEX ON t (a) NULLS NOT DISTINCT", "0A000", "NULLS NOT DISTINCT is not supported"),
    ("CREATE INDEX ON t USING brin (ts)", "0A000", "access method \"brin\" is not supported"),
    ("CREATE INDEX ON t USING gist (a)", "0A000", "access method \"gist\" is not supported"),
    ("CREATE INDEX ON t (lower(a))", "0A000", "an index on lower(a) is not supported"),
    ("CREATE INDEX ON t ((j -> 'a'))", "0A000", "an index on j -> 'a' is not supported"),
    ("CREATE INDEX ON t ((js ->> 'a'))", "0A000", "an index on a path into \"js\" of type json is not supported"),
    ("CREATE INDEX ON t ((j ->> a))", "0A000", "an index on j ->> a is not supported"),
    ("ALTER TABLE t DEMOTE (j ->> 'a')", "42704", "no index of table \"t\" is on this path alone"),
    ("CREATE INDEX ON t (to_tsvector('simple', a))", "0A000", "an index on to_tsvector('simple', a) is not supported"),
    ("CREATE INDEX ON t USING gin (to_tsvector('english', a))", "0A000", "an index on to_tsvector('english', a) is not supported"),
    ("CREATE INDEX ON t (f)", "0A000", "an index on \"f\" of type double precision is not supported"),
    ("CREATE INDEX ON t (j)", "0A000", "an index on \"j\" of type jsonb is not supported"),
    ("CREATE INDEX ON t USING hash (n)", "0A000", "an index on \"n\" of type numeric(10,2) is not supported"),
    ("CREATE INDEX ON t USING gin (l)", "0A000", "an index on \"l\" of type text[] is not supported"),
    ("CREATE INDEX ON t USING gin (a)", "42704", "data type text has no default operator class for access method \"gin\""),
    ("CREATE INDEX ON t USING gin (b gin_trgm_ops)", "42804", "operator class \"gin_trgm_ops\" does not accept data type integer"),
    ("CREATE INDEX ON t (a COLLATE \"de_DE\")", "42704", "collation \"de_DE\" for encoding \"UTF8\" does not exist"),
    ("DROP INDEX places_pkey", "2BP01", "cannot drop index places_pkey because constraint places_pkey on table places requires it"),
    ("ALTER INDEX places_pkey RENAME TO z", "0A000", "ALTER INDEX of a primary key is not supported"),
    ("COMMENT ON INDEX places_pkey IS 'x'", "0A000", "COMMENT ON INDEX of a primary key is not supported"),
    ("ALTER INDEX known OWNER TO annals", "0A000", "ALTER INDEX ... OWNER TO is not supported"),
    ("ALTER INDEX known SET (fillfactor = 70)", "0A000", "ALTER INDEX ... SET is not supported"),
    (
        "CREATE INDEX ON annals.query_log (statement)",
        "42501",
        "\"query_log\" is written by the server itself and cannot be changed by statements",
    ),
    ("REINDEX TABLE t", "0A000", "REINDEX is not supported"),
];

const TABLES: &str = "
    CREATE TABLE t (id uuid, ts timestamptz NOT NULL, a text, b int, j jsonb, js json, f float8, n numeric(10,2), l text[]);
    CREATE TABLE places (id text PRIMARY KEY, name text, at float8) USING reference;
    CREATE INDEX known ON t (a)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_index_can_be_of_is_refused_with_what_to_do() {
    let scene = Scene::set(&[TABLES]).await;
    for (sql, expected, message) in REFUSED {
        let error = scene.chief.batch_execute(sql).await.expect_err(sql);
        let told = error.as_db_error().unwrap_or_else(|| panic!("{sql}: {error:?}"));
        assert_eq!((told.code().code(), told.message()), (expected, message), "{sql}");
        assert!(told.hint().is_some() || expected == "42804" || expected == "42501", "{sql} leaves its reader without a hint");
    }
    assert_eq!(told(&scene.chief, "SELECT indexname FROM pg_indexes WHERE tablename = 't'").await, ["known"], "nothing was made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_changes_nothing_is_accepted_and_says_so() {
    let folder = folder();
    let server = Server::start(folder.path());
    server.connect().await.batch_execute(TABLES).await.unwrap();
    for (sql, notice) in [
        ("CREATE INDEX ON t (ts)", Some("index \"t_ts_idx\" changes nothing: rows of \"t\" are in order of their time anyway")),
        ("CREATE INDEX ON t (ts DESC, b)", None),
        (
            "CREATE INDEX ON places (name, at)",
            Some("\"places_name_at_idx\" changes nothing: rows of the reference table \"places\""),
        ),
        ("CREATE INDEX ON t (b)", None),
        ("CREATE INDEX ON t USING gin (a gin_trgm_ops, js gin_trgm_ops, to_tsvector(j))", None),
    ] {
        let Some(ended) = server.psql(sql) else { return };
        assert!(!ended.stderr.contains("ERROR"), "{sql}: {}", ended.stderr);
        match notice {
            Some(notice) => assert!(ended.stderr.contains("NOTICE") && ended.stderr.contains(notice), "{sql}: {}", ended.stderr),
            None => assert_eq!(ended.stderr, "", "{sql}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn indexes_outlive_the_server_and_a_dump_makes_them_again() {
    let mut scene = Scene::set(&[
        TABLES,
        "
        CREATE INDEX ON t (id, b DESC);
        CREATE INDEX \"Words of it\" ON t USING gin (to_tsvector('simple', a), j jsonb_path_ops) WITH (fastupdate = off);
        CREATE INDEX IF NOT EXISTS maybe ON places (name);
        COMMENT ON INDEX \"Words of it\" IS 'it''s for the search';
        CREATE INDEX passing ON t (b);
        ALTER INDEX passing RENAME TO renamed;
        ALTER TABLE t RENAME COLUMN b TO bb;
        CREATE SCHEMA s;
        ALTER TABLE t SET SCHEMA s;
        DROP INDEX s.known;
        CREATE INDEX interaction_logs_element_idx ON interaction_logs (element)",
        "BEGIN; CREATE INDEX gone ON s.t (a); ROLLBACK",
    ])
    .await;
    let listed = "SELECT n.nspname, c.relname, pg_get_indexdef(c.oid), obj_description(c.oid, 'pg_class')
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'i' ORDER BY 1, 2";
    let before = table(&scene.chief, listed).await.unwrap();
    let expected = "CREATE INDEX \"Words of it\" ON s.t USING gin (to_tsvector('simple'::regconfig, a), j jsonb_path_ops) WITH (fastupdate=off)";
    assert!(before.rows.iter().any(|row| row[2].as_deref() == Some(expected)), "{before:?}");
    assert!(before.rows.iter().any(|row| row[2].as_deref() == Some("CREATE INDEX t_id_b_idx ON s.t USING btree (id, bb DESC)")));
    let number = "SELECT 's.renamed'::regclass::oid";
    let oid = told(&scene.chief, number).await;
    scene = scene.restarted().await;
    assert_eq!(table(&scene.chief, listed).await.unwrap(), before, "after a kill");
    assert_eq!(told(&scene.chief, number).await, oid);
    scene.run("CREATE INDEX another ON s.t (a); DROP INDEX s.another").await;

    let script = run(&["dump", "--data", scene.server.data().to_str().unwrap()]).succeeded();
    assert!(script.contains("CREATE INDEX IF NOT EXISTS maybe ON public.places USING btree (name);"), "{script}");
    let other = folder();
    let server = Server::start(other.path());
    let client = server.connect().await;
    // The other store has one of them already.
    client.batch_execute(&script).await.unwrap_or_else(|error| panic!("{error:?}\n{script}"));
    assert_eq!(table(&client, listed).await.unwrap(), before, "from a dump");
}

/// What the store keeps for a table, as the newest of its definitions says.
fn kept(server: &Server, label: &str) -> Vec<String> {
    lake::indexes(server.data(), label)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_keeps_what_the_indexes_of_a_table_come_to() {
    let scene = Scene::set(&[TABLES]).await;
    for (sql, expected) in [
        ("CHECKPOINT", &["3 ids"][..]),
        ("CREATE INDEX second ON t USING hash (a)", &["3 ids"]),
        ("DROP INDEX known", &["3 ids"]),
        ("CREATE INDEX both ON t (ts, id, b)", &["1 ids", "3 ids", "4 ids"]),
        ("CREATE INDEX words ON t USING gin (to_tsvector('simple', a), j)", &["1 ids", "3 ids", "3 text", "4 ids", "5 text"]),
        ("BEGIN; DROP INDEX words; ROLLBACK", &["1 ids", "3 ids", "3 text", "4 ids", "5 text"]),
        ("BEGIN; SAVEPOINT a; DROP INDEX both; ROLLBACK TO a; DROP INDEX words; COMMIT", &["1 ids", "3 ids", "4 ids"]),
        ("ALTER TABLE t ADD COLUMN extra text", &["1 ids", "3 ids", "4 ids"]),
        ("DROP INDEX second, both", &[]),
    ] {
        scene.run(sql).await;
        assert_eq!(kept(&scene.server, "public.t"), expected, "after {sql}");
    }
    scene.run("CREATE INDEX idle ON places (name)").await;
    assert_eq!(kept(&scene.server, "public.places"), Vec::<String>::new());
}

const PEOPLE: &str = "
    CREATE ROLE owner LOGIN PASSWORD 'only-for-tests';
    CREATE ROLE reader LOGIN PASSWORD 'only-for-tests';
    CREATE ROLE outsider LOGIN PASSWORD 'only-for-tests';
    CREATE SCHEMA house AUTHORIZATION owner;
    CREATE SCHEMA closed;
    CREATE TABLE house.plans (ts timestamptz NOT NULL, planted_column text);
    ALTER TABLE house.plans OWNER TO owner;
    CREATE INDEX planted_index ON house.plans (planted_column);
    COMMENT ON INDEX house.planted_index IS 'planted words';
    CREATE TABLE closed.box (ts timestamptz NOT NULL, a text);
    CREATE INDEX planted_too ON closed.box (a);
    GRANT USAGE ON SCHEMA house TO reader, outsider;
    GRANT SELECT ON house.plans TO reader";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_is_seen_by_who_sees_its_table_and_changed_by_its_owner() {
    let scene = Scene::set(&[PEOPLE]).await;
    let (owner, reader, outsider) = (scene.log_in("owner").await, scene.log_in("reader").await, scene.log_in("outsider").await);
    let lists = [
        "SELECT relname FROM pg_class WHERE relname LIKE 'planted%'",
        "SELECT indexname FROM pg_indexes WHERE indexname LIKE 'planted%'",
        "SELECT indexrelname FROM pg_stat_all_indexes WHERE indexrelname LIKE 'planted%'",
        "SELECT c.relname FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE c.relname LIKE 'planted%'",
        "SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid WHERE attname = 'planted_column' AND relkind = 'i'",
    ];
    for list in lists {
        assert_eq!(told(&owner, list).await, ["planted_index"], "{list}");
        assert_eq!(told(&reader, list).await, ["planted_index"], "{list}");
        assert!(told(&outsider, list).await.is_empty(), "{list}");
    }
    let oid = told(&scene.chief, "SELECT 'house.planted_index'::regclass::oid").await.remove(0);
    for hidden in [
        format!("SELECT pg_get_indexdef({oid})"),
        format!("SELECT obj_description({oid}, 'pg_class')"),
        format!("SELECT pg_relation_size({oid}::regclass)"),
        format!("SELECT pg_table_is_visible({oid})"),
        "SELECT to_regclass('house.planted_index')".to_owned(),
        format!("SELECT (SELECT description FROM pg_description WHERE objoid = {oid})"),
        format!("SELECT (SELECT max(refobjid) FROM pg_depend WHERE objid = {oid})"),
    ] {
        assert_eq!(told(&outsider, &hidden).await, ["NULL"], "{hidden}");
    }
    for (sql, expected) in [
        ("CREATE INDEX ON house.plans (planted_column)", "42501"),
        ("CREATE INDEX ON closed.box (a)", "42501"),
        ("CREATE INDEX ON closed.nothing (a)", "42501"),
        ("DROP INDEX house.planted_index", "42501"),
        ("DROP INDEX closed.planted_too", "42501"),
        ("DROP INDEX closed.nothing", "42501"),
        ("ALTER INDEX house.planted_index RENAME TO mine", "42501"),
        ("COMMENT ON INDEX house.planted_index IS 'mine'", "42501"),
        ("COMMENT ON INDEX closed.planted_too IS 'mine'", "42501"),
        ("CREATE INDEX ON interaction_logs (element)", "42501"),
    ] {
        for client in [&reader, &outsider] {
            assert_eq!(state(client, sql).await, expected, "{sql}");
        }
    }
    assert_eq!(failure(&reader, "DROP INDEX house.planted_index").await.1, "must be owner of index planted_index");
    for sql in [
        "CREATE INDEX ON house.plans (planted_column)",
        "ALTER INDEX house.planted_index RENAME TO planted_by_owner",
        "COMMENT ON INDEX house.planted_by_owner IS 'mine'",
        "DROP INDEX house.planted_by_owner",
        "DROP INDEX house.plans_planted_column_idx",
    ] {
        owner.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
    // Whose the schema is may drop what stands in it, as in PostgreSQL, and not change it.
    scene.run("CREATE TABLE house.other (ts timestamptz NOT NULL, a text); CREATE INDEX others ON house.other (a)").await;
    assert_eq!(failure(&owner, "ALTER INDEX house.others RENAME TO mine").await.1, "must be owner of index others");
    owner.batch_execute("DROP INDEX house.others").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_logs_are_indexed_by_what_identifies_things() {
    let folder = folder();
    let server = Launch::on(folder.path()).start();
    let client = server.connect().await;
    let missing = told(
        &client,
        "SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relname LIKE '%\\_logs' AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attname LIKE '%\\_id'
           AND a.attname NOT IN ('workspace_id', 'version_id')
           AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indkey[0] = a.attnum)",
    )
    .await;
    assert_eq!(missing, Vec::<String>::new());
    // A store of before gets them by the same script.
    client.batch_execute(include_str!("../sql/08_indexes.sql")).await.unwrap();
    client.batch_execute("DROP INDEX interaction_logs_person_id_idx").await.unwrap();
    client.batch_execute(include_str!("../sql/08_indexes.sql")).await.unwrap();
    let again = told(&client, "SELECT indexdef FROM pg_indexes WHERE indexname = 'interaction_logs_person_id_idx'").await;
    assert_eq!(again, ["CREATE INDEX interaction_logs_person_id_idx ON public.interaction_logs USING btree (person_id)"]);
}
