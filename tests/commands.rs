//! The command line keeps its word: one line that says what to do when it cannot start, exit code 0 when it was asked to stop, and a
//! dump that an empty store takes back.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use crate::harness::{Mounted, PASSWORD, Server, copy_in, count, folder, lake, run, table};

/// Runs a `serve` that must not come up; gives the line that it leaves with.
fn last_words(data: &Path, address: &str) -> String {
    let said = run(&["serve", "--data", data.to_str().unwrap(), "--listen", address]).refused();
    assert!(!said.contains("panicked"), "{said}");
    said.trim_end().lines().last().unwrap_or_else(|| panic!("it left without a word")).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_server_on_the_folder_is_told_who_has_it() {
    let folder = folder();
    let server = Server::start(folder.path());
    let said = last_words(folder.path(), "127.0.0.1:0");
    assert!(said.contains("in use") && said.contains(folder.path().to_str().unwrap()), "{said}");
    assert!(said.contains(&server.address().to_string()), "it says where that server listens: {said}");
    assert_eq!(count(&server.connect().await, "SELECT 7").await, 7, "the first server goes on");
    server.kill9();
    assert!(Server::start(folder.path()).terminate().success(), "a lock whose holder was killed holds nobody up");
}

#[test]
fn a_port_in_use_is_named() {
    let folder = folder();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = last_words(folder.path(), &address);
    assert!(said.contains(&address) && said.contains("--listen"), "{said}");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "a file, not a folder").unwrap();
    let below = file.join("data");
    let said = last_words(&below, "127.0.0.1:0");
    assert!(said.contains(below.to_str().unwrap()) && said.contains("--data"), "{said}");

    let Some(mount) = Mounted::new("ro,size=1m") else { return };
    let said = last_words(mount.path(), "127.0.0.1:0");
    assert!(said.contains(mount.path().to_str().unwrap()) && said.contains("--data"), "{said}");
}

#[test]
fn a_folder_of_a_newer_format_is_left_alone() {
    let folder = folder();
    assert!(Server::start(folder.path()).terminate().success());
    let format = folder.path().join("FORMAT");
    let ours: u32 = fs::read_to_string(&format).unwrap().trim().parse().unwrap();
    fs::write(&format, format!("{}\n", ours + 1)).unwrap();
    let said = last_words(folder.path(), "127.0.0.1:0");
    assert!(said.contains(&format!("format {}", ours + 1)) && said.contains("newer"), "{said}");
    fs::write(&format, format!("{ours}\n")).unwrap();
    assert!(Server::start(folder.path()).terminate().success(), "the refused start changed nothing");
}

#[test]
fn what_is_mistyped_is_said_and_help_is_there() {
    let said = run(&["serve", "--dta", "x"]).refused();
    assert!(said.contains("--dta") && said.contains("--data"), "{said}");
    let help = run(&["--help"]).succeeded();
    for command in ["serve", "demo", "ingest", "dump", "version"] {
        assert!(help.contains(command), "{command} is not in the help: {help}");
    }
    assert!(run(&["version"]).succeeded().contains(env!("CARGO_PKG_VERSION")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_stops_in_peace_and_keeps_what_was_acknowledged() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client.batch_execute("CREATE TABLE kept (occurred_at timestamptz NOT NULL DEFAULT now(), n bigint)").await.unwrap();
    let text: String = (0..5000).map(|n| format!("{n}\n")).collect();
    assert_eq!(copy_in(&client, "COPY kept (n) FROM STDIN", text).await.unwrap(), 5000);
    // One connection is idle in a transaction that never commits, one has an open COPY; neither may hold the server up.
    let idle = server.connect().await;
    idle.batch_execute("BEGIN; INSERT INTO kept (n) VALUES (-1)").await.unwrap();
    let copying = server.connect().await;
    let _open = copying.copy_in::<_, bytes::Bytes>("COPY kept (n) FROM STDIN").await.unwrap();
    let data = server.data().to_owned();
    let status = server.terminate();
    assert_eq!(status.code(), Some(0), "{status}");
    // A clean stop leaves everything in the tables' own files, where other readers find it.
    assert!(!lake::segments(&lake::delta_folder(&data, "public.kept")).is_empty());

    let server = Server::start(&data);
    let client = server.connect().await;
    assert_eq!(count(&client, "SELECT count(*) FROM kept").await, 5000);
    assert_eq!(count(&client, "SELECT count(DISTINCT n) FROM kept WHERE n >= 0").await, 5000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_right_password_opens() {
    let folder = folder();
    let server = Server::start(folder.path());
    assert!(server.accepts(PASSWORD).await);
    for wrong in ["", "annals", "only-for-test"] {
        assert!(!server.accepts(wrong).await, "\"{wrong}\" opened");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn psql_connects_and_lists_the_logs() {
    let folder = folder();
    let server = Server::start(folder.path());
    let Some(listed) = server.psql("\\dt") else { return };
    let listed = listed.succeeded();
    for log in ["interaction_logs", "conversation_logs", "audit_logs", "event_logs", "activity_logs", "bot_logs"] {
        assert!(listed.contains(log), "\\dt does not list {log}: {listed}");
    }
    let described = server.psql("\\d audit_logs").unwrap().succeeded();
    for word in ["item_kind", "occurred_at", "timestamp with time zone", "uuidv7()", "not null"] {
        assert!(described.contains(word), "\\d does not say {word}: {described}");
    }
    let refused = server.psql("DELETE FROM audit_logs").unwrap().refused();
    assert!(refused.contains("immutable") && refused.contains("HINT"), "{refused}");
}

/// Definitions of every kind, with names that need quotes and texts that need escapes.
const DEFINITIONS: &str = r#"
    CREATE SCHEMA "Fleet";
    CREATE TABLE "Fleet"."Trip log" (event_id uuid NOT NULL DEFAULT uuidv7(), occurred_at timestamptz NOT NULL DEFAULT now(),
        "from" text DEFAULT 'it''s', km numeric(8,2) CHECK (km >= 0), stops text[], span interval, raw bytea, doc jsonb,
        CONSTRAINT "no loops" CHECK ("from" <> 'here'));
    ALTER TABLE "Fleet"."Trip log" ADD COLUMN driver text;
    ALTER TABLE "Fleet"."Trip log" RENAME COLUMN driver TO "Driver";
    COMMENT ON TABLE "Fleet"."Trip log" IS 'Who went where; ''quoted''';
    COMMENT ON COLUMN "Fleet"."Trip log"."from" IS 'Where it began';
    CREATE TABLE drivers (id text PRIMARY KEY, name text NOT NULL) USING reference;
    CREATE VIEW long_trips AS SELECT "Driver", km FROM "Fleet"."Trip log" WHERE km > 100;
    CREATE OR REPLACE VIEW long_trips AS SELECT "Driver", km FROM "Fleet"."Trip log" WHERE km > 200;
    CREATE FUNCTION trips_of(who text) RETURNS TABLE (km numeric) LANGUAGE sql AS $$ SELECT km FROM "Fleet"."Trip log" WHERE "Driver" = who $$;
    CREATE TABLE short_lived (occurred_at timestamptz NOT NULL);
    DROP TABLE short_lived;"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_is_taken_back_by_an_empty_store() {
    let (first, second) = (folder(), folder());
    let server = Server::start(first.path());
    let client = server.connect().await;
    client.batch_execute(DEFINITIONS).await.unwrap();
    let live = run(&["dump", "--data", first.path().to_str().unwrap()]).succeeded();
    assert!(server.terminate().success());
    let script = run(&["dump", "--data", first.path().to_str().unwrap()]).succeeded();
    assert_eq!(script, live, "a dump from the folder and one through the server are the same");
    let server = Server::start(second.path());
    let client = server.connect().await;
    client.batch_execute(&script).await.unwrap_or_else(|error| panic!("{error:?}\n{script}"));
    // What was loaded works, and not only exists.
    let sql = r#"INSERT INTO "Fleet"."Trip log" (km, "Driver", stops) VALUES (250, 'ann', ARRAY['a', 'b']), (20, 'ann', NULL)"#;
    client.batch_execute(sql).await.unwrap();
    assert_eq!(count(&client, "SELECT count(*) FROM long_trips").await, 1);
    assert_eq!(count(&client, "SELECT count(*) FROM trips_of('ann')").await, 2);
    let found = table(&client, r#"SELECT DISTINCT "from" FROM "Fleet"."Trip log""#).await.unwrap().rows;
    assert_eq!(found, [[Some("it's".to_owned())]]);
    for sql in [r#"INSERT INTO "Fleet"."Trip log" (km) VALUES (-1)"#, r#"INSERT INTO "Fleet"."Trip log" ("from") VALUES ('here')"#]
    {
        assert!(client.batch_execute(sql).await.is_err(), "{sql} was accepted");
    }
    assert!(server.terminate().success());
    assert_eq!(
        run(&["dump", "--data", second.path().to_str().unwrap()]).succeeded(),
        script,
        "the copy dumps as the original does"
    );
}
