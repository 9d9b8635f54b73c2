//! Bad input refuses the whole statement, says where and why, and leaves nothing of it behind.
//!
//! Where PostgreSQL is installed, every case that PostgreSQL knows is put to it too, and the SQLSTATEs must agree.

mod depth;
mod fuzz;
mod ingest;
mod protocol;
mod wire;

use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, pin_mut};
use tokio_postgres::Client;

use crate::harness::{Peer, Server, copy_in, count, folder, sqlstate, table};

/// A table with something to violate in every way. PostgreSQL takes the same text.
const TABLE: &str =
    "CREATE TABLE inbox (occurred_at timestamptz NOT NULL DEFAULT now(), n integer, amount numeric(6,2), id uuid, doc jsonb,
    day date, flag boolean, raw bytea, note text NOT NULL, CONSTRAINT positive CHECK (n > 0))";

const ROWS: &str = "SELECT count(*) FROM inbox";

/// A COPY that must fail.
struct BadCopy {
    /// What is wrong with it.
    name: &'static str,
    sql: &'static str,
    bytes: &'static [u8],
    sqlstate: &'static str,
    /// What the context of the error names, as PostgreSQL does: line and, where there is one, column.
    place: &'static str,
}

const COPIES: [BadCopy; 17] = [
    BadCopy {
        name: "a word where a number belongs",
        sql: "COPY inbox (n, note) FROM STDIN",
        bytes: b"1\ta\n2\tb\nx\tc\n4\td\n",
        sqlstate: "22P02",
        place: "line 3, column n",
    },
    BadCopy {
        name: "a number that does not fit",
        sql: "COPY inbox (n, note) FROM STDIN",
        bytes: b"99999999999\ta\n",
        sqlstate: "22003",
        place: "line 1, column n",
    },
    BadCopy {
        name: "a numeric with too many digits",
        sql: "COPY inbox (amount, note) FROM STDIN",
        bytes: b"1.25\ta\n123456.7\tb\n",
        sqlstate: "22003",
        place: "line 2, column amount",
    },
    BadCopy {
        name: "half a uuid",
        sql: "COPY inbox (id, note) FROM STDIN",
        bytes: b"0198c0de-0000\ta\n",
        sqlstate: "22P02",
        place: "line 1, column id",
    },
    BadCopy {
        name: "JSON that is not closed",
        sql: "COPY inbox (doc, note) FROM STDIN",
        bytes: b"{\"a\": 1}\ta\n{\"a\": [1, 2\tb\n",
        sqlstate: "22P02",
        place: "line 2, column doc",
    },
    BadCopy {
        name: "a day that is no day",
        sql: "COPY inbox (day, note) FROM STDIN",
        bytes: b"2025-02-30\ta\n",
        sqlstate: "22008",
        place: "line 1, column day",
    },
    BadCopy {
        name: "a time in words",
        sql: "COPY inbox (occurred_at, note) FROM STDIN",
        bytes: b"2025-02-01 10:00:00+00\ta\nnot long ago\tb\n",
        sqlstate: "22007",
        place: "line 2, column occurred_at",
    },
    BadCopy {
        name: "a truth value that is none",
        sql: "COPY inbox (flag, note) FROM STDIN",
        bytes: b"perhaps\ta\n",
        sqlstate: "22P02",
        place: "line 1, column flag",
    },
    BadCopy {
        name: "bytes in bad hex",
        sql: "COPY inbox (raw, note) FROM STDIN",
        bytes: b"\\\\xabcg\ta\n",
        sqlstate: "22023",
        place: "line 1, column raw",
    },
    BadCopy {
        name: "NULL where none may be",
        sql: "COPY inbox (n, note) FROM STDIN",
        bytes: b"1\ta\n2\t\\N\n",
        sqlstate: "23502",
        place: "line 2",
    },
    BadCopy {
        name: "a row against CHECK",
        sql: "COPY inbox (n, note) FROM STDIN",
        bytes: b"1\ta\n2\tb\n0\tc\n",
        sqlstate: "23514",
        place: "line 3",
    },
    BadCopy {
        name: "bytes that are no UTF-8",
        sql: "COPY inbox (note) FROM STDIN",
        bytes: b"good\nbad \xff\xfe\n",
        sqlstate: "22021",
        place: "line 2",
    },
    BadCopy {
        name: "a line with too few columns",
        sql: "COPY inbox (n, note) FROM STDIN",
        bytes: b"1\ta\n2\n",
        sqlstate: "22P04",
        place: "line 2",
    },
    BadCopy {
        name: "a line with too many columns",
        sql: "COPY inbox (n, note) FROM STDIN",
        bytes: b"1\ta\tb\n",
        sqlstate: "22P04",
        place: "line 1",
    },
    BadCopy {
        name: "CSV whose quote is never closed",
        sql: "COPY inbox (n, note) FROM STDIN (FORMAT csv)",
        bytes: b"1,\"a\"\n2,\"b\n",
        sqlstate: "22P04",
        place: "line ",
    },
    BadCopy {
        name: "CSV whose header names other columns",
        sql: "COPY inbox (n, note) FROM STDIN (FORMAT csv, HEADER match)",
        bytes: b"n,text\n1,a\n",
        sqlstate: "22P04",
        place: "line 1",
    },
    BadCopy {
        name: "binary without its signature",
        sql: "COPY inbox (n, note) FROM STDIN (FORMAT binary)",
        bytes: b"1\ta\nand something long enough for a header\n",
        sqlstate: "22P04",
        place: "",
    },
];

/// Statements that must fail, with PostgreSQL's reason.
const STATEMENTS: [(&str, &str); 14] = [
    ("INSERT INTO inbox (n, note) VALUES (1, 'a'), (2, 'b'), (0, 'c')", "23514"),
    ("INSERT INTO inbox (n, note) VALUES (1, 'a'), (2, NULL)", "23502"),
    ("INSERT INTO inbox (n) VALUES (1)", "23502"),
    ("INSERT INTO inbox (n, note) VALUES ('x', 'a')", "22P02"),
    ("INSERT INTO inbox (n, note) VALUES (1, 'a'), (99999999999, 'b')", "22003"),
    ("INSERT INTO inbox (amount, note) VALUES (123456, 'a')", "22003"),
    ("INSERT INTO inbox (id, note) VALUES ('0198c0de', 'a')", "22P02"),
    ("INSERT INTO inbox (doc, note) VALUES ('{\"a\": }', 'a')", "22P02"),
    ("INSERT INTO inbox (day, note) VALUES ('2025-13-01', 'a')", "22008"),
    ("INSERT INTO inbox (occurred_at, note) VALUES ('soon', 'a')", "22007"),
    ("INSERT INTO inbox (n, note) VALUES (1)", "42601"),
    ("INSERT INTO inbox (n, nothing) VALUES (1, 'a')", "42703"),
    ("INSERT INTO outbox (n) VALUES (1)", "42P01"),
    ("INSERT INTO inbox (n, note) SELECT 10/(3 - x), 'a' FROM (VALUES (1), (2), (3)) AS v(x)", "22012"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_copy_is_refused_whole_and_says_where() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client.batch_execute(TABLE).await.unwrap();
    for bad in COPIES {
        let error = copy_in(&client, bad.sql, bad.bytes).await.unwrap_err();
        assert_eq!(sqlstate(&error), bad.sqlstate, "{}: {error:?}", bad.name);
        let report = error.as_db_error().unwrap();
        let place = report.where_().unwrap_or_default();
        assert!(place.contains(bad.place), "{}: the context is \"{place}\" and does not name {}", bad.name, bad.place);
        assert_eq!(count(&client, ROWS).await, 0, "{}: something of it was stored", bad.name);
    }
    // What the report names apart from its text.
    let error = copy_in(&client, "COPY inbox (n, note) FROM STDIN", &b"0\ta\n"[..]).await.unwrap_err();
    assert_eq!(error.as_db_error().unwrap().constraint(), Some("positive"));
    let error = copy_in(&client, "COPY inbox (n, note) FROM STDIN", &b"1\t\\N\n"[..]).await.unwrap_err();
    assert_eq!(error.as_db_error().unwrap().column(), Some("note"));
    // And the connection is as good as before.
    assert_eq!(copy_in(&client, "COPY inbox (n, note) FROM STDIN", &b"1\ta\n"[..]).await.unwrap(), 1);
    assert_eq!(count(&client, ROWS).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_statement_stores_nothing() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client.batch_execute(TABLE).await.unwrap();
    for (sql, expected) in STATEMENTS {
        let error = client.batch_execute(sql).await.unwrap_err();
        assert_eq!(sqlstate(&error), expected, "{sql}: {error:?}");
        assert_eq!(count(&client, ROWS).await, 0, "{sql}: something of it was stored");
    }
    // A good statement before a bad one, in one transaction and in one message, goes with it.
    let sql = "INSERT INTO inbox (note) VALUES ('good'); INSERT INTO inbox (n, note) VALUES (0, 'bad')";
    assert_eq!(sqlstate(&client.batch_execute(sql).await.unwrap_err()), "23514");
    client.batch_execute("BEGIN; INSERT INTO inbox (note) VALUES ('good')").await.unwrap();
    assert_eq!(sqlstate(&client.batch_execute("INSERT INTO inbox (note) VALUES (NULL)").await.unwrap_err()), "23502");
    client.batch_execute("COMMIT").await.unwrap();
    assert_eq!(count(&client, ROWS).await, 0);
    // Parameters are judged as literals are.
    let prepared = client.prepare("INSERT INTO inbox (n, note) VALUES ($1, $2)").await.unwrap();
    let none: Option<&str> = None;
    assert_eq!(sqlstate(&client.execute(&prepared, &[&1_i32, &none]).await.unwrap_err()), "23502");
    assert_eq!(sqlstate(&client.execute(&prepared, &[&-1_i32, &"a"]).await.unwrap_err()), "23514");
    assert_eq!(client.execute(&prepared, &[&1_i32, &"a"]).await.unwrap(), 1);
    assert_eq!(count(&client, ROWS).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_refuses_the_same_for_the_same_reasons() {
    let Some(peer) = Peer::start().await else { return };
    let client = peer.connect().await;
    client.batch_execute(TABLE).await.unwrap();
    for bad in COPIES {
        let error = copy_in(&client, bad.sql, bad.bytes).await.unwrap_err();
        assert_eq!(sqlstate(&error), bad.sqlstate, "{}: {error:?}", bad.name);
        let place = error.as_db_error().unwrap().where_().unwrap_or_default();
        assert!(place.contains(bad.place), "{}: PostgreSQL says \"{place}\"", bad.name);
    }
    for (sql, expected) in STATEMENTS {
        let error = client.batch_execute(sql).await.unwrap_err();
        assert_eq!(sqlstate(&error), expected, "{sql}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_too_large_is_told_the_limit() {
    const MIB: usize = 1024 * 1024;
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client.batch_execute(TABLE).await.unwrap();
    let line = |size: usize| [b"1\t".to_vec(), vec![b'x'; size], b"\n".to_vec()].concat();
    let sql = "COPY inbox (n, note) FROM STDIN";

    let mut bytes = line(10);
    bytes.extend(line(17 * MIB));
    let error = copy_in(&client, sql, bytes).await.unwrap_err();
    let report = error.as_db_error().unwrap_or_else(|| panic!("{error:?}"));
    assert_eq!(report.code().code(), "54000", "{report:?}");
    assert!(format!("{report:?}").contains("16 MiB"), "the limit is told: {report:?}");
    assert!(report.where_().is_some_and(|place| place.contains("line 2")), "{report:?}");
    assert_eq!(count(&client, ROWS).await, 0);

    let error = client.batch_execute(&format!("INSERT INTO inbox (note) VALUES (repeat('x', {}))", 17 * MIB)).await.unwrap_err();
    assert_eq!(sqlstate(&error), "54000", "{error:?}");
    assert_eq!(count(&client, ROWS).await, 0);

    assert_eq!(copy_in(&client, sql, line(15 * MIB)).await.unwrap(), 1, "a row below the limit goes in");
    assert_eq!(count(&client, "SELECT max(length(note)) FROM inbox").await, 15 * 1024 * 1024);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_is_cut_off_leaves_nothing() {
    let folder = folder();
    let server = Server::start(folder.path());
    let watcher = server.connect().await;
    watcher.batch_execute(TABLE).await.unwrap();

    // The client thinks better of it.
    let client = server.connect().await;
    send_half(&client).await;
    assert_eq!(count(&client, ROWS).await, 0, "the connection goes on, and nothing was stored");

    // The wire is cut in the middle of the data.
    let (client, wire) = server.connect_to_cut().await;
    let sink = client.copy_in("COPY inbox (n, note) FROM STDIN").await.unwrap();
    pin_mut!(sink);
    sink.send(Bytes::from("1\ta\n".repeat(50_000))).await.unwrap();
    wire.abort();
    assert!(sink.finish().await.is_err());
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(count(&watcher, ROWS).await, 0);

    // The data ends in the middle of a line, which is a line all the same, and in the middle of a binary row, which is none.
    let error =
        copy_in(&watcher, "COPY inbox (n, note) FROM STDIN (FORMAT binary)", binary_row()[..25].to_vec()).await.unwrap_err();
    assert_eq!(sqlstate(&error), "22P04", "{error:?}");
    assert_eq!(count(&watcher, ROWS).await, 0);

    server.kill9();
    let server = Server::start(folder.path());
    assert_eq!(count(&server.connect().await, ROWS).await, 0, "nothing comes back after a restart either");
}

/// Begins a COPY, sends a part and drops it, upon which the driver sends CopyFail.
async fn send_half(client: &Client) {
    let sink = client.copy_in("COPY inbox (n, note) FROM STDIN").await.unwrap();
    pin_mut!(sink);
    sink.send(Bytes::from("1\ta\n".repeat(50_000))).await.unwrap();
}

/// A whole binary COPY of one row (PostgreSQL 15, reference page COPY, "Binary Format").
fn binary_row() -> Vec<u8> {
    let mut bytes = b"PGCOPY\n\xff\r\n\0".to_vec();
    bytes.extend([0; 8]);
    bytes.extend(2_i16.to_be_bytes());
    bytes.extend(4_i32.to_be_bytes());
    bytes.extend(7_i32.to_be_bytes());
    bytes.extend(1_i32.to_be_bytes());
    bytes.push(b'a');
    bytes.extend((-1_i16).to_be_bytes());
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_binary_row_that_is_cut_above_is_good_when_whole() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client.batch_execute(TABLE).await.unwrap();
    assert_eq!(copy_in(&client, "COPY inbox (n, note) FROM STDIN (FORMAT binary)", binary_row()).await.unwrap(), 1);
    let found = table(&client, "SELECT n, note FROM inbox").await.unwrap().rows;
    assert_eq!(found, [[Some("7".to_owned()), Some("a".to_owned())]]);
}
