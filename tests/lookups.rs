//! What policies look up is kept from one statement to the next, and nobody can tell: each statement, whatever its transaction, sees the
//! rows that the reference tables of its own snapshot let it see, and their masks.

use tokio_postgres::Client;

use crate::harness::{Scene, state, told};

/// A log whose rows belong to rooms, who is in which room, and which keys are hidden. `mia` may write memberships, and is held to
/// policies as everybody.
const DEFINITIONS: &str = "
    CREATE ROLE desk;
    CREATE ROLE sue LOGIN PASSWORD 'only-for-tests' IN ROLE desk;
    CREATE ROLE sam LOGIN PASSWORD 'only-for-tests' IN ROLE desk;
    CREATE ROLE mia LOGIN PASSWORD 'only-for-tests' IN ROLE desk;
    CREATE TABLE members (room text, member text) USING reference;
    CREATE TABLE hidden (key text) USING reference;
    CREATE TABLE events (room text, at timestamptz NOT NULL DEFAULT now(), details jsonb);
    INSERT INTO hidden VALUES ('a');
    INSERT INTO events (room, details) VALUES ('1', '{\"a\": 1, \"b\": 1}'), ('2', '{\"a\": 2, \"b\": 2}'), ('3', '{\"a\": 3, \"b\": 3}');
    GRANT SELECT ON events TO desk;
    GRANT SELECT, INSERT, UPDATE, DELETE ON members TO mia;
    ALTER TABLE events ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON events FOR SELECT USING (room IN (SELECT room FROM members WHERE member = session_user));
    CREATE MASKING POLICY keys ON events (details) TO desk USING (redact_keys(details, (SELECT array_agg(key) FROM hidden)))";

const ROOMS: &str = "SELECT string_agg(room, ' ' ORDER BY room) FROM events";

/// The one value that a statement answers with; NULL is nothing.
async fn one(client: &Client, sql: &str) -> String {
    told(client, sql).await.concat().replace("NULL", "")
}

async fn rooms(client: &Client) -> String {
    one(client, ROOMS).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_membership_counts_for_the_next_statement_of_its_reader_alone() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let (sue, sam) = (scene.log_in("sue").await, scene.log_in("sam").await);
    let prepared = sue.prepare(ROOMS).await.unwrap();
    let asked = async || sue.query_one(&prepared, &[]).await.unwrap().get::<_, Option<String>>(0).unwrap_or_default();
    for (sql, of_sue, of_sam) in [
        ("SELECT 1", "", ""),
        ("INSERT INTO members VALUES ('1', 'sue'), ('2', 'sam')", "1", "2"),
        ("INSERT INTO members VALUES ('3', 'sue')", "1 3", "2"),
        ("BEGIN; INSERT INTO members VALUES ('3', 'sam'); ROLLBACK", "1 3", "2"),
        ("UPDATE members SET member = 'sam' WHERE room = '3'", "1", "2 3"),
        ("CHECKPOINT", "1", "2 3"),
        ("DELETE FROM members WHERE member = 'sue'", "", "2 3"),
        ("INSERT INTO members SELECT 'x' || i, 'sue' FROM generate_series(1, 2000) AS g(i)", "", "2 3"),
        ("INSERT INTO members VALUES ('2', 'sue')", "2", "2 3"),
        ("ALTER POLICY own ON events USING (room NOT IN (SELECT room FROM members WHERE member = session_user))", "1 3", "1"),
        ("ALTER POLICY own ON events USING (room = (SELECT max(room) FROM members WHERE room < '9'))", "3", "3"),
        ("DELETE FROM members WHERE room = '3'", "2", "2"),
    ] {
        scene.run(sql).await;
        // Twice, so that the second may answer with what is kept.
        for time in ["first", "second"] {
            assert_eq!(rooms(&sue).await, of_sue, "{sql}, sue, {time}");
            assert_eq!(rooms(&sam).await, of_sam, "{sql}, sam, {time}");
            assert_eq!(asked().await, of_sue, "{sql}, sue, prepared, {time}");
        }
    }
    assert_eq!(rooms(&scene.chief).await, "1 2 3");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_transaction_writes_is_looked_up_by_it_and_by_nobody_else() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    scene.run("INSERT INTO members VALUES ('1', 'mia')").await;
    let (writer, other) = (scene.log_in("mia").await, scene.log_in("mia").await);
    for client in [&writer, &other, &writer, &other] {
        assert_eq!(rooms(client).await, "1");
    }
    writer.batch_execute("BEGIN; INSERT INTO members VALUES ('2', 'mia')").await.unwrap();
    assert_eq!((rooms(&writer).await, rooms(&other).await), ("1 2".to_owned(), "1".to_owned()));
    writer.batch_execute("SAVEPOINT s; DELETE FROM members WHERE room = '1'").await.unwrap();
    assert_eq!((rooms(&writer).await, rooms(&other).await), ("2".to_owned(), "1".to_owned()));
    writer.batch_execute("ROLLBACK TO s").await.unwrap();
    assert_eq!((rooms(&writer).await, rooms(&other).await), ("1 2".to_owned(), "1".to_owned()));
    writer.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!((rooms(&writer).await, rooms(&other).await), ("1".to_owned(), "1".to_owned()));
    writer.batch_execute("BEGIN; INSERT INTO members VALUES ('3', 'mia'); COMMIT").await.unwrap();
    assert_eq!((rooms(&other).await, rooms(&writer).await), ("1 3".to_owned(), "1 3".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_of_one_snapshot_looks_values_up_in_it() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    scene.run("INSERT INTO members VALUES ('1', 'sue')").await;
    let (old, new) = (scene.log_in("sue").await, scene.log_in("sue").await);
    assert_eq!(rooms(&new).await, "1");
    old.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ").await.unwrap();
    assert_eq!(rooms(&old).await, "1");
    scene.run("INSERT INTO members VALUES ('2', 'sue'); DELETE FROM members WHERE room = '1'").await;
    for _ in 0..2 {
        assert_eq!((rooms(&new).await, rooms(&old).await), ("2".to_owned(), "1".to_owned()));
    }
    old.batch_execute("COMMIT").await.unwrap();
    assert_eq!(rooms(&old).await, "2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_becomes_another_looks_up_anew() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    scene.run("INSERT INTO members VALUES ('1', 'sue'), ('2', 'sam')").await;
    let changing = scene.server.connect().await;
    for (role, seen) in [("sue", "1"), ("sam", "2"), ("sue", "1"), ("mia", "")] {
        changing.batch_execute(&format!("RESET SESSION AUTHORIZATION; SET SESSION AUTHORIZATION {role}")).await.unwrap();
        assert_eq!(rooms(&changing).await, seen, "{role}");
        assert_eq!(rooms(&scene.log_in("sue").await).await, "1");
    }
    // The role is another, the login is not: nobody is in a room by that name.
    changing.batch_execute("RESET SESSION AUTHORIZATION; SET ROLE sue").await.unwrap();
    assert_eq!(rooms(&changing).await, "");
    // A session that wants no rows left out hears of it, whatever is kept.
    let strict = scene.log_in("sue").await;
    assert_eq!(rooms(&strict).await, "1");
    strict.batch_execute("SET row_security = off").await.unwrap();
    assert_eq!(state(&strict, ROOMS).await, "42501");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_mask_looks_up_counts_for_the_next_statement() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    scene.run("INSERT INTO members VALUES ('1', 'sue')").await;
    let sue = scene.log_in("sue").await;
    for (sql, shown) in [
        ("SELECT 1", "{\"a\": \"***\", \"b\": 1}"),
        ("INSERT INTO hidden VALUES ('b')", "{\"a\": \"***\", \"b\": \"***\"}"),
        ("DELETE FROM hidden WHERE key = 'a'", "{\"a\": 1, \"b\": \"***\"}"),
        ("BEGIN; DELETE FROM hidden; ROLLBACK", "{\"a\": 1, \"b\": \"***\"}"),
        ("DELETE FROM hidden", ""),
    ] {
        scene.run(sql).await;
        for _ in 0..2 {
            assert_eq!(one(&sue, "SELECT details FROM events").await, shown, "{sql}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_looked_up_table_s_own_policies_look_up_counts_as_well() {
    let scene = Scene::set(&[DEFINITIONS]).await;
    scene
        .run(
            "CREATE ROLE ed; CREATE TABLE open_rooms (room text) USING reference;
         INSERT INTO members VALUES ('1', 'sue'), ('2', 'sue');
         INSERT INTO open_rooms VALUES ('1');
         ALTER TABLE members ENABLE ROW LEVEL SECURITY;
         CREATE POLICY opened ON members TO ed USING (room IN (SELECT room FROM open_rooms));
         GRANT SELECT ON members, hidden TO ed;
         ALTER TABLE events OWNER TO ed",
        )
        .await;
    let sue = scene.log_in("sue").await;
    for (sql, seen) in [
        ("SELECT 1", "1"),
        ("INSERT INTO open_rooms VALUES ('2')", "1 2"),
        ("DELETE FROM open_rooms WHERE room = '1'", "2"),
        ("DROP POLICY opened ON members", ""),
        ("ALTER TABLE members DISABLE ROW LEVEL SECURITY", "1 2"),
    ] {
        scene.run(sql).await;
        for _ in 0..2 {
            assert_eq!(rooms(&sue).await, seen, "{sql}");
        }
    }
}
