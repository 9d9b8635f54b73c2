//! A prepared statement answers each time as if it had been sent anew: it keeps what was planned and never what was read.

use std::time::Duration;

use tokio_postgres::Client;

use crate::harness::{Server, folder, lake, sqlstate};

async fn number(client: &Client, statement: &tokio_postgres::Statement) -> i64 {
    client.query_one(statement, &[]).await.unwrap().get(0)
}

async fn created(client: &Client) {
    let sql = "CREATE TABLE prepared_log (event_id uuid NOT NULL DEFAULT uuidv7(), occurred_at timestamptz NOT NULL DEFAULT now(),
                                          note text CHECK (note <> 'bad'));
               CREATE TABLE prepared_reference (id int PRIMARY KEY, note text) USING reference;
               CREATE VIEW prepared_view AS SELECT note FROM prepared_log";
    client.batch_execute(sql).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prepared_query_reads_what_is_there_when_it_runs() {
    let folder = folder();
    let server = Server::start(folder.path());
    let (client, other) = (server.connect().await, server.connect().await);
    created(&client).await;
    let log = client.prepare("SELECT count(*) FROM prepared_log").await.unwrap();
    let nested = client
        .prepare("SELECT count(*) FROM prepared_view WHERE note IN (SELECT note FROM prepared_reference WHERE id > 0)")
        .await
        .unwrap();
    assert_eq!((number(&client, &log).await, number(&client, &nested).await), (0, 0));
    other.batch_execute("INSERT INTO prepared_log (note) VALUES ('a'), ('b')").await.unwrap();
    assert_eq!((number(&client, &log).await, number(&client, &nested).await), (2, 0));
    other.batch_execute("INSERT INTO prepared_reference VALUES (1, 'a')").await.unwrap();
    assert_eq!(number(&client, &nested).await, 1);
    other.batch_execute("UPDATE prepared_reference SET note = 'z'; CHECKPOINT").await.unwrap();
    assert_eq!((number(&client, &log).await, number(&client, &nested).await), (2, 0));
    client.batch_execute("BEGIN; INSERT INTO prepared_log (note) VALUES ('z')").await.unwrap();
    assert_eq!((number(&client, &log).await, number(&client, &nested).await), (3, 1));
    client.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!((number(&client, &log).await, number(&client, &nested).await), (2, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prepared_statement_follows_definitions_and_settings() {
    let folder = folder();
    let server = Server::start(folder.path());
    let (client, other) = (server.connect().await, server.connect().await);
    created(&client).await;
    let insert = client.prepare("INSERT INTO prepared_log (note) VALUES ($1)").await.unwrap();
    client.execute(&insert, &[&"a"]).await.unwrap();
    assert_eq!(sqlstate(&client.execute(&insert, &[&"bad"]).await.unwrap_err()), "23514");
    let sum = client.prepare("SELECT count(*) + 0 FROM prepared_view").await.unwrap();
    assert_eq!(number(&client, &sum).await, 1);
    other
        .batch_execute(
            "ALTER TABLE prepared_log ADD COLUMN level int DEFAULT 7;
             CREATE OR REPLACE VIEW prepared_view AS SELECT note FROM prepared_log WHERE level = 7",
        )
        .await
        .unwrap();
    client.execute(&insert, &[&"b"]).await.unwrap();
    assert_eq!(number(&client, &sum).await, 1, "the row from before has no level");
    other.batch_execute("DROP VIEW prepared_view").await.unwrap();
    assert_eq!(sqlstate(&client.query(&sum, &[]).await.unwrap_err()), "42P01");

    let local = client.prepare("SELECT timestamptz '2025-03-01 00:00:00+00'::text").await.unwrap();
    let shown = || async { client.query_one(&local, &[]).await.unwrap().get::<_, String>(0) };
    assert_eq!(shown().await, "2025-03-01 00:00:00+00");
    client.batch_execute("SET TimeZone = 'Asia/Tokyo'").await.unwrap();
    assert_eq!(shown().await, "2025-03-01 09:00:00+09");

    let clock = client.prepare("SELECT (extract(epoch FROM now()) * 1000000)::bigint").await.unwrap();
    let first = number(&client, &clock).await;
    assert!(number(&client, &clock).await > first, "now() is the time of the execution");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parameters_take_part_each_time() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    created(&client).await;
    let rows = client
        .prepare("INSERT INTO prepared_log (note) SELECT $1::text || n FROM generate_series(1, 9) AS s (n) WHERE n <= $2::int")
        .await
        .unwrap();
    for (note, count) in [("x", 2), ("y", 3)] {
        assert_eq!(client.execute(&rows, &[&note, &count]).await.unwrap(), count as u64);
    }
    let some = client.prepare("SELECT count(*) FROM prepared_log WHERE note LIKE $1 AND note > $2 || '1'").await.unwrap();
    for (pattern, above, expected) in [("x%", "x", 1_i64), ("y%", "y", 2), ("%", "x", 4)] {
        assert_eq!(client.query_one(&some, &[&pattern, &above]).await.unwrap().get::<_, i64>(0), expected);
    }
    assert_eq!(sqlstate(&client.simple_query("SELECT $1::int").await.unwrap_err()), "42P02");
    assert_eq!(sqlstate(&client.simple_query("INSERT INTO prepared_log (note) VALUES ($1)").await.unwrap_err()), "42P02");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_session_keeps_no_replaced_file() {
    let folder = folder();
    let server = Server::start(folder.path());
    let (client, other) = (server.connect().await, server.connect().await);
    created(&client).await;
    for sql in ["INSERT INTO prepared_log (note) VALUES ('a')", "CHECKPOINT"].repeat(2) {
        other.batch_execute(sql).await.unwrap();
    }
    // Kept plans of a query, of a statement of SQL's own PREPARE, and of an INSERT that reads.
    let query = client.prepare("SELECT count(*) FROM prepared_log").await.unwrap();
    let insert = client.prepare("INSERT INTO prepared_log (note) SELECT note FROM prepared_log WHERE note = $1").await.unwrap();
    client.batch_execute("PREPARE counted AS SELECT count(*) FROM prepared_log; EXECUTE counted").await.unwrap();
    assert_eq!(number(&client, &query).await, 2);
    assert_eq!(client.execute(&insert, &[&"none"]).await.unwrap(), 0);
    let home = lake::delta_folder(folder.path(), "public.prepared_log");
    assert_eq!(lake::segments(&home).len(), 2);
    other.batch_execute("VACUUM prepared_log").await.unwrap();
    // The ledger may be reading one of them for a moment.
    for _ in 0..100 {
        if lake::segments(&home).len() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(lake::segments(&home).len(), 1, "the files that VACUUM replaced are gone");
    assert_eq!(number(&client, &query).await, 2);
    assert_eq!(client.execute(&insert, &[&"a"]).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_insert_answers_with_what_it_stored() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    created(&client).await;
    let insert = client
        .prepare(
            "INSERT INTO prepared_log AS l (note) VALUES ($1), ('second') RETURNING event_id, upper(l.note) AS loud, $2::int + 1",
        )
        .await
        .unwrap();
    let names: Vec<&str> = insert.columns().iter().map(|column| column.name()).collect();
    assert_eq!(names, ["event_id", "loud", "?column?"]);
    for _ in 0..2 {
        let rows = client.query(&insert, &[&"first", &41]).await.unwrap();
        let told: Vec<(String, i32)> = rows.iter().map(|row| (row.get(1), row.get(2))).collect();
        assert_eq!(told, [("FIRST".to_owned(), 42), ("SECOND".to_owned(), 42)]);
    }
    let stored = "SELECT count(DISTINCT event_id) FROM prepared_log WHERE note = 'first'";
    assert_eq!(client.query_one(stored, &[]).await.unwrap().get::<_, i64>(0), 2);
    for (sql, code) in [
        ("INSERT INTO prepared_log (note) VALUES ('x') RETURNING count(*)", "42803"),
        ("INSERT INTO prepared_log (note) VALUES ('x') RETURNING nothing", "42703"),
        ("INSERT INTO prepared_log (note) VALUES ('x') RETURNING 1/0", "22012"),
        ("INSERT INTO prepared_log (note) VALUES ('x') ON CONFLICT DO NOTHING", "0A000"),
        ("INSERT INTO prepared_log (note) VALUES ('x') ON CONFLICT (event_id) DO NOTHING", "42P10"),
    ] {
        assert_eq!(sqlstate(&client.batch_execute(sql).await.unwrap_err()), code, "{sql}");
    }
    assert_eq!(
        client.query_one("SELECT count(*) FROM prepared_log", &[]).await.unwrap().get::<_, i64>(0),
        4,
        "what failed left nothing"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_key_is_passed_over_or_updated() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    created(&client).await;
    let table = async |sql: &str, params: &[&(dyn tokio_postgres::types::ToSql + Sync)]| -> Vec<(i32, Option<String>)> {
        let rows = client.query(sql, params).await.unwrap();
        rows.iter().map(|row| (row.get("id"), row.get("note"))).collect()
    };
    let row = |id: i32, note: &str| (id, Some(note.to_owned()));
    let nothing = "INSERT INTO prepared_reference VALUES (1, 'a'), (2, $1), (2, 'c') ON CONFLICT DO NOTHING RETURNING *";
    assert_eq!(table(nothing, &[&"b"]).await, [row(1, "a"), row(2, "b")]);
    assert_eq!(table(nothing, &[&"z"]).await, []);
    let update = "INSERT INTO prepared_reference AS r VALUES (3, 'new'), (2, 'x'), (1, 'kept') ON CONFLICT (id)
                  DO UPDATE SET note = r.note || excluded.note || $1 WHERE r.id > 1 RETURNING *";
    assert_eq!(table(update, &[&"!"]).await, [row(3, "new"), row(2, "bx!")]);
    assert_eq!(table("SELECT * FROM prepared_reference ORDER BY id", &[]).await, [row(1, "a"), row(2, "bx!"), row(3, "new")]);
    let count =
        client.execute("INSERT INTO prepared_reference VALUES (3, 'n'), (4, 'm') ON CONFLICT (id) DO UPDATE SET note = 'u'", &[]);
    assert_eq!(count.await.unwrap(), 2);
    for (sql, code) in [
        ("INSERT INTO prepared_reference VALUES (9, 'a'), (9, 'b') ON CONFLICT (id) DO UPDATE SET note = 'u'", "21000"),
        ("INSERT INTO prepared_reference VALUES (9, 'a') ON CONFLICT (note) DO NOTHING", "42P10"),
        ("INSERT INTO prepared_reference VALUES (9, 'a') ON CONFLICT ON CONSTRAINT nobody DO NOTHING", "42704"),
        ("INSERT INTO prepared_reference VALUES (9, 'a') ON CONFLICT DO UPDATE SET note = 'u'", "42601"),
        ("INSERT INTO prepared_reference VALUES (1, 'a') ON CONFLICT (id) DO UPDATE SET id = 2", "23505"),
        ("INSERT INTO prepared_reference VALUES (1, 'a') ON CONFLICT (id) DO UPDATE SET note = note", "42702"),
    ] {
        assert_eq!(sqlstate(&client.batch_execute(sql).await.unwrap_err()), code, "{sql}");
    }
    assert_eq!(number(&client, &client.prepare("SELECT count(*) FROM prepared_reference").await.unwrap()).await, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parameter_keeps_the_type_that_the_client_declared() {
    use tokio_postgres::types::Type;
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    created(&client).await;
    let types = [Type::INT8, Type::VARCHAR];
    let insert = client.prepare_typed("INSERT INTO prepared_reference VALUES ($1, $2)", &types).await.unwrap();
    assert_eq!(insert.params(), types);
    client.execute(&insert, &[&7_i64, &"seven"]).await.unwrap();
    assert_eq!(sqlstate(&client.execute(&insert, &[&(1_i64 << 40), &"large"]).await.unwrap_err()), "22003");
    let row = client.query_one("SELECT id, note FROM prepared_reference", &[]).await.unwrap();
    assert_eq!((row.get::<_, i32>(0), row.get::<_, &str>(1)), (7, "seven"));
}
