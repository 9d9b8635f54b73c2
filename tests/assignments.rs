//! What is assigned to a column's part, or by a default of another type, is what PostgreSQL makes of it: the same rows, and the same
//! SQLSTATE where it is refused. One statement follows the other on both servers.

use tokio_postgres::{Client, SimpleQueryMessage};

use crate::harness::{Peer, Server, folder, sqlstate};

const STATEMENTS: &str = r#"
SET default_table_access_method = reference
CREATE TABLE docs (id int PRIMARY KEY, j jsonb, n int)
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
CREATE TABLE written (id int PRIMARY KEY, at text DEFAULT (now()), short varchar(10) DEFAULT now(), day date DEFAULT now())
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
async fn parts_of_columns_and_defaults_become_what_postgresql_makes_of_them() {
    let folder = folder();
    let server = Server::start(folder.path());
    let ours = server.connect().await;
    let Some(peer) = Peer::start().await else { return };
    let theirs = peer.connect().await;
    let mut different = Vec::new();
    for sql in STATEMENTS.lines().filter(|line| !line.is_empty()) {
        // PostgreSQL has no such tables.
        let own = said(&ours, sql).await;
        let expected = said(&theirs, &sql.replace("access_method = reference", "access_method = heap")).await;
        if own != expected {
            different.push(format!("{sql}\n  here:       {own:?}\n  PostgreSQL: {expected:?}"));
        }
    }
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
}
