//! Statements that change tables answer as PostgreSQL's: the same rows and counts, and where one is refused the same SQLSTATE.

use tokio_postgres::{Client, SimpleQueryMessage};

use crate::harness::{Peer, Server, folder, sqlstate, table};

/// What follows on each other, of one table's making and changing. A line with `+` in front makes a table, which is a reference table here.
const STATEMENTS: &str = "
+CREATE TABLE r (id int PRIMARY KEY, name text, n int)
+CREATE TABLE s (id int PRIMARY KEY, name text)
INSERT INTO r VALUES (1, 'a', 10), (2, 'b', 20), (3, 'c', NULL)
INSERT INTO s VALUES (1, 'x'), (2, 'y')
UPDATE r SET n = n + 1 WHERE id = 1 RETURNING *
UPDATE r SET n = n + 1 WHERE id = 1 RETURNING id, n * 2 AS twice, upper(name), (SELECT max(id) FROM s)
UPDATE r AS q SET n = n + 1 WHERE id = 99 RETURNING q.id, q.*
UPDATE r AS q SET n = 3 WHERE id = 2 RETURNING r.id
UPDATE r SET (name, n) = ('z', 7) WHERE id = 3 RETURNING name, n
UPDATE r SET (name, n) = ('z', 7, 8) WHERE id = 3
UPDATE r SET name = s.name FROM s WHERE s.id = r.id RETURNING r.id, r.name
UPDATE r SET name = s.name || r.name FROM s WHERE s.id = r.id
UPDATE r SET name = 'u' FROM s s1, s s2 WHERE r.id = 1
UPDATE r SET n = x.m FROM (SELECT id, id * 100 AS m FROM s) x WHERE x.id = r.id RETURNING r.n
UPDATE r SET n = id FROM s WHERE s.id = r.id
UPDATE r SET n = 1 FROM r WHERE true
UPDATE r SET n = q.id + 5 FROM r q WHERE q.id = r.id - 1 AND r.id = 2 RETURNING r.id, r.n
SELECT * FROM r ORDER BY id
UPDATE r SET n = 1 RETURNING sum(n)
UPDATE r SET n = 1 RETURNING nosuch
DELETE FROM r WHERE id = 3 RETURNING id, name
DELETE FROM r USING s WHERE s.id = r.id AND s.name = 'y' RETURNING r.*
DELETE FROM r USING s, s s2 WHERE s.id = r.id
DELETE FROM r RETURNING *
SELECT count(*) FROM r
CREATE TABLE m1 AS SELECT id, name, id * 2 AS x, now() IS NULL AS b, NULL AS nothing FROM s
SELECT * FROM m1 ORDER BY id
SELECT attname, atttypid::regtype FROM pg_attribute WHERE attrelid = 'm1'::regclass AND attnum > 0 ORDER BY attnum
CREATE TABLE m1 AS SELECT 1
CREATE TABLE IF NOT EXISTS m1 AS SELECT 1
CREATE TABLE m2 (a, b) AS SELECT id, name FROM s WITH NO DATA
SELECT * FROM m2
CREATE TABLE m3 (a, b, c) AS SELECT id, name FROM s
CREATE TABLE m3 AS SELECT 1 AS a, 2 AS a
CREATE TABLE m3 AS SELECT nosuch FROM s
CREATE TABLE m3 (a) AS SELECT id, name FROM s ORDER BY id WITH DATA
SELECT * FROM m3 ORDER BY a
CREATE TABLE m4 AS TABLE m3
SELECT count(*) FROM m4
SELECT id, name INTO m5 FROM s WHERE id > 1
SELECT * FROM m5
SELECT 1 AS a INTO m6 UNION SELECT 2
SELECT * FROM m6 ORDER BY 1
SELECT * FROM (SELECT 1 AS a INTO m7) t
WITH w AS (SELECT 5 AS v) SELECT v INTO m7 FROM w
CREATE TABLE m8 AS VALUES (1, 'a'), (2, NULL)
SELECT * FROM m8 ORDER BY 1
BEGIN
CREATE TABLE m9 AS SELECT g FROM generate_series(1, 5) g
SELECT sum(g) FROM m9
ROLLBACK
SELECT 1 FROM m9
BEGIN
SAVEPOINT a
SELECT 1 AS n INTO m9
ROLLBACK TO a
COMMIT
SELECT 1 FROM m9
BEGIN READ ONLY
CREATE TABLE m9 AS SELECT 1
ROLLBACK
+CREATE TABLE g (id int PRIMARY KEY)
BEGIN
INSERT INTO g VALUES (1), (2)
ALTER TABLE g ADD COLUMN name text
SELECT * FROM g ORDER BY id
UPDATE g SET name = 'a' WHERE id = 1 RETURNING *
DELETE FROM g WHERE id = 2
SAVEPOINT s
INSERT INTO g VALUES (3, 'c')
ALTER TABLE g ADD COLUMN n int
INSERT INTO g VALUES (4, 'd', 4)
UPDATE g SET n = id
SELECT * FROM g ORDER BY id
ROLLBACK TO s
INSERT INTO g VALUES (5, 'e')
COMMIT
SELECT * FROM g ORDER BY id
SELECT id FROM s ORDER BY id FOR UPDATE
SELECT id FROM s ORDER BY id FOR SHARE OF s NOWAIT
SELECT id FROM s FOR UPDATE OF nosuch
SELECT count(*) FROM s FOR UPDATE
SELECT DISTINCT id FROM s FOR SHARE
SELECT id FROM s GROUP BY id FOR UPDATE
SELECT id FROM s UNION SELECT 1 FOR UPDATE
SELECT id, row_number() OVER () FROM s FOR UPDATE
SELECT id FROM s ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
SELECT id FROM s ORDER BY id LIMIT 1 FOR KEY SHARE
BEGIN READ ONLY
SELECT id FROM s FOR UPDATE
ROLLBACK
";

/// What is assigned to a part of a column, or by a default of another type than the column's, and what settings make of that.
const ASSIGNMENTS: &str = r#"
+CREATE TABLE docs (id int PRIMARY KEY, j jsonb, n int)
INSERT INTO docs VALUES (1, '{}', 7), (2, '{"k": [1, {"x": 2}]}', 8), (3, NULL, 9), (4, '[0]', 1), (5, '5', 0)
UPDATE docs SET j['a'] = '1' WHERE id IN (1, 2, 3)
UPDATE docs SET j['k'][1]['x'] = '"new"' WHERE id = 2
UPDATE docs SET j['b'][2]['c'] = '{"d": true}', j['a'] = '2', n = n + 1 WHERE id = 1
UPDATE docs SET j[3] = '3' WHERE id = 4
UPDATE docs SET j[-1] = '"last"' WHERE id = 4
UPDATE docs SET j['n'] = NULL WHERE id = 2
SELECT * FROM docs ORDER BY id
UPDATE docs SET j[-9] = '1' WHERE id = 4
UPDATE docs SET j['x'] = '1' WHERE id = 4
UPDATE docs SET j['x'] = '1' WHERE id = 5
UPDATE docs SET j[NULL] = '1' WHERE id = 1
UPDATE docs SET nosuch['x'] = '1'
UPDATE docs SET j['a'] = '1', j = '{}'
UPDATE docs SET j[id] = to_jsonb(n), n = (ARRAY[n, 2])[1] WHERE id IN (1, 4)
UPDATE docs SET j['q'] = '1' WHERE j['k'][0] = '1'
INSERT INTO docs VALUES (2, '{}', 0) ON CONFLICT (id) DO UPDATE SET j['seen'] = 'true', n = excluded.n
SELECT * FROM docs ORDER BY id
UPDATE docs SET j = NULL WHERE id < 3
UPDATE docs SET j[2] = '1' WHERE id = 1
UPDATE docs SET j['2'] = '1' WHERE id = 2
SELECT * FROM docs ORDER BY id
ANALYZE docs
ANALYZE VERBOSE docs (id, j), docs
ANALYZE (VERBOSE, SKIP_LOCKED) docs
ANALYZE docs (nosuch)
ANALYZE nosuch
SET TimeZone = 'Asia/Tokyo'
+CREATE TABLE written (id int PRIMARY KEY, at text DEFAULT (now()), short varchar(10) DEFAULT now(), day date DEFAULT now())
INSERT INTO written (id, short) VALUES (1, 'x')
SELECT at = now()::text OR at::timestamptz > now() - interval '1 minute', right(at, 3), day = at::timestamptz::date, short FROM written
INSERT INTO written (id) VALUES (2)
SET TimeZone = 'CST7CDT,M4.1.0,M10.5.0'
SHOW TimeZone
SELECT timestamptz '2005-04-03 12:00-06', timestamptz '2005-04-02 12:00-07' + interval '1 day', timestamptz '2005-04-02 12:00-07' + interval '24 hours'
SET TimeZone = '+02:00'
SELECT timestamptz '2024-07-01 00:00+00', to_char(timestamptz '2024-07-01 00:00+00', 'TZH:TZM OF')
SET TimeZone = 'foo8bar'
SHOW TimeZone
SELECT timestamptz '2006-04-01 12:00+00', timestamptz '2006-12-01 12:00+00', timestamp '2006-03-12 02:30'::timestamptz
SET max_stack_depth = '100kB'
SHOW max_stack_depth
RESET max_stack_depth
SET log_min_duration_statement = '2s'
SHOW log_min_duration_statement
"#;

/// What one statement answers: each row's texts, and the number of rows of its tag.
async fn said(client: &Client, sql: &str) -> Result<Vec<String>, String> {
    let messages = client.simple_query(sql).await.map_err(|error| sqlstate(&error).to_owned())?;
    let shown = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(format!("{:?}", (0..row.len()).map(|at| row.get(at)).collect::<Vec<_>>())),
        SimpleQueryMessage::CommandComplete(rows) => Some(format!("{rows} rows")),
        _ => None,
    });
    Ok(shown.collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_answer_as_in_postgresql() {
    compare(STATEMENTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_of_columns_and_defaults_become_what_postgresql_makes_of_them() {
    compare(ASSIGNMENTS).await;
}

/// Puts statements to this server and to PostgreSQL, one after the other.
async fn compare(statements: &str) {
    let folder = folder();
    let server = Server::start(folder.path());
    let ours = server.connect().await;
    let Some(peer) = Peer::start().await else { return };
    let theirs = peer.connect().await;
    let mut different = Vec::new();
    for line in statements.lines().filter(|line| !line.is_empty()) {
        let sql = line.trim_start_matches('+');
        let own = if line.starts_with('+') { format!("{sql} USING reference") } else { sql.to_owned() };
        let (own, expected) = tokio::join!(said(&ours, &own), said(&theirs, sql));
        if own != expected {
            different.push(format!("{sql}\n  here:       {own:?}\n  PostgreSQL: {expected:?}"));
        }
    }
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_made_of_a_query_outlives_the_server() {
    let folder = folder();
    {
        let server = Server::start(folder.path());
        let client = server.connect().await;
        client.batch_execute("CREATE TABLE kept USING reference AS SELECT 1 AS id, 'a' AS name").await.unwrap();
        client.batch_execute("CREATE TABLE numbers AS SELECT g, g / 7.0 AS part FROM generate_series(1, 1000) g").await.unwrap();
        assert_eq!(said(&client, "UPDATE kept SET name = 'b' RETURNING name").await.unwrap(), ["[Some(\"b\")]", "1 rows"]);
        assert_eq!(said(&client, "DELETE FROM numbers").await.unwrap_err(), "42501");
    }
    let server = Server::start(folder.path());
    let client = server.connect().await;
    assert_eq!(said(&client, "SELECT * FROM kept").await.unwrap(), ["[Some(\"1\"), Some(\"b\")]", "1 rows"]);
    assert_eq!(said(&client, "SELECT count(*), max(part) > 142 FROM numbers").await.unwrap()[0], "[Some(\"1000\"), Some(\"t\")]");
}

/// What a transaction has inserted is kept when another has given the table a column meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_grows_meanwhile_takes_what_was_inserted_before() {
    let folder = folder();
    let expected = ["[Some(\"1\"), None]", "[Some(\"2\"), Some(\"b\")]", "2 rows"];
    {
        let server = Server::start(folder.path());
        let (one, other) = (server.connect().await, server.connect().await);
        for kind in ["log", "reference"] {
            one.batch_execute(&format!("CREATE TABLE {kind} (id int) USING {kind}")).await.unwrap();
            one.batch_execute(&format!("BEGIN; INSERT INTO {kind} VALUES (1)")).await.unwrap();
            if kind == "log" {
                other.batch_execute("ALTER TABLE log ADD COLUMN name text").await.unwrap();
            } else {
                one.batch_execute("ALTER TABLE reference ADD COLUMN name text").await.unwrap();
            }
            one.batch_execute(&format!("INSERT INTO {kind} VALUES (2, 'b'); COMMIT")).await.unwrap();
            assert_eq!(said(&one, &format!("SELECT * FROM {kind} ORDER BY id")).await.unwrap(), expected, "{kind}");
        }
        server.kill9();
    }
    let server = Server::start(folder.path());
    let client = server.connect().await;
    for kind in ["log", "reference"] {
        assert_eq!(said(&client, &format!("SELECT * FROM {kind} ORDER BY id")).await.unwrap(), expected, "{kind}, after a kill");
    }
}

/// A row that is selected FOR UPDATE is not changed by others until the transaction ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn selecting_for_update_keeps_others_waiting() {
    let folder = folder();
    let server = Server::start(folder.path());
    let (one, other) = (server.connect().await, server.connect().await);
    one.batch_execute("CREATE TABLE r (id int PRIMARY KEY, n int) USING reference; INSERT INTO r VALUES (1, 1)").await.unwrap();
    one.batch_execute("BEGIN; SELECT n FROM r FOR UPDATE").await.unwrap();
    let refused = other.batch_execute("SET lock_timeout = 50; UPDATE r SET n = 5").await.unwrap_err();
    assert_eq!(sqlstate(&refused), "55P03");
    let refused = other.simple_query("SELECT n FROM r FOR UPDATE NOWAIT").await.unwrap_err();
    assert_eq!(sqlstate(&refused), "55P03");
    one.batch_execute("UPDATE r SET n = n + 1; COMMIT").await.unwrap();
    other.batch_execute("UPDATE r SET n = n + 1").await.unwrap();
    assert_eq!(said(&other, "SELECT n FROM r").await.unwrap()[0], "[Some(\"3\")]");
}

/// Files that lack a column, or know it under its first name, are read through a projection of their own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_has_grown_is_read_with_expressions() {
    let data = folder();
    let server = Server::start(data.path());
    let client = server.connect().await;
    for sql in [
        "CREATE TABLE grown (a integer, b text); INSERT INTO grown VALUES (1, 'x'), (2, 'y'); CHECKPOINT",
        "ALTER TABLE grown ADD COLUMN c integer; ALTER TABLE grown RENAME COLUMN b TO d",
        "INSERT INTO grown VALUES (3, 'z', 7)",
    ] {
        client.batch_execute(sql).await.unwrap();
    }
    let rows = table(&client, "SELECT d || '!' AS e, a + coalesce(c, 0) AS f, c::text FROM grown ORDER BY a").await.unwrap().rows;
    let shown: Vec<String> =
        rows.into_iter().map(|row| row.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>().join("|")).collect();
    assert_eq!(shown, ["x!|1|", "y!|2|", "z!|10|7"]);
}
