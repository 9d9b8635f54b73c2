//! What one asks to erase goes when another approves it: nothing before, all of it then, and a receipt says so to anybody.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio_postgres::Client;

use crate::harness::{CAN_PLANT, Launch, PASSWORD, Server, connect_as, count, folder, run, sqlstate, table};
use crate::retention::found_below;

const TOKEN: &str = "planted-token-51d3@example.com";

/// A log whose owner is a role, rows of one person in segments and tail, and who may see to it.
async fn scene(server: &Server) -> Client {
    let client = server.connect().await;
    let rows = |from: i64, to: i64| {
        format!(
            "INSERT INTO log (occurred_at, person, note)
             SELECT now() - (g % 3) * interval '1 day', CASE WHEN g % 10 = 0 THEN '{TOKEN}' ELSE 'p-' || g END, 'row ' || g
             FROM generate_series({from}, {to}) g"
        )
    };
    for sql in [
        "CREATE TABLE log (event_id uuid NOT NULL DEFAULT uuidv7(), occurred_at timestamptz NOT NULL, person text, note text)",
        "CREATE ROLE owen LOGIN PASSWORD 'only-for-tests'; ALTER TABLE log OWNER TO owen",
        "CREATE ROLE ada LOGIN PASSWORD 'only-for-tests' IN ROLE auditor",
        "CREATE ROLE otto LOGIN PASSWORD 'only-for-tests'; GRANT SELECT ON log TO otto",
        &rows(1, 600),
        "CHECKPOINT",
        &rows(601, 1000),
        "CHECKPOINT",
        &rows(1001, 1100),
    ] {
        client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
    client
}

async fn login(server: &Server, user: &str) -> Client {
    connect_as(server.address(), user, PASSWORD).await.unwrap()
}

/// The only value of the only row.
async fn cell(client: &Client, sql: &str) -> String {
    let answer = table(client, sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    answer.rows[0][0].clone().unwrap_or_default()
}

async fn refused(client: &Client, sql: &str) -> String {
    let error = client.batch_execute(sql).await.err().unwrap_or_else(|| panic!("{sql} was taken"));
    sqlstate(&error).to_owned()
}

fn ask(condition: &str) -> String {
    format!("SELECT annals.erase('log', $${condition}$$, 'request 4711')")
}

fn verified(data: &Path) {
    let ended = run(&["verify", "--data", data.to_str().unwrap()]);
    assert_eq!(ended.status.code(), Some(0), "{}{}", ended.stdout, ended.stderr);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_one_asks_to_erase_goes_when_another_approves() {
    let folder = folder();
    let data = folder.path().join("data");
    let server = Server::start(&data);
    let client = scene(&server).await;
    let (owen, ada, otto) = (login(&server, "owen").await, login(&server, "ada").await, login(&server, "otto").await);
    let condition = format!("person = '{TOKEN}'");
    let id = cell(&owen, &ask(&condition)).await;
    let approve = format!("SELECT annals.approve_erasure('{id}')");
    assert_eq!(count(&client, "SELECT count(*) FROM log").await, 1100, "nobody has approved it");
    let listed = "SELECT state, predicate, rows, requested_by, approved_by FROM annals.erasures";
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(table(&ada, listed).await.unwrap().rows, [[some("waiting"), some(&condition), some("110"), some("owen"), None]]);
    assert!(table(&otto, listed).await.unwrap().rows.is_empty());

    // The one who asked, under whatever role; one who has nothing to do with it.
    client.batch_execute("CREATE ROLE cover IN ROLE auditor; GRANT cover TO owen").await.unwrap();
    assert_eq!(refused(&owen, &approve).await, "42501");
    owen.batch_execute("SET ROLE cover").await.unwrap();
    assert_eq!(refused(&owen, &approve).await, "42501");
    owen.batch_execute("RESET ROLE").await.unwrap();
    assert_eq!(refused(&otto, &approve).await, "42704");
    assert_eq!(refused(&ada, &format!("SELECT annals.erasure_receipt('{id}')")).await, "55000");

    let receipt = cell(&ada, &approve).await;
    assert_eq!(count(&client, "SELECT count(*) FROM log").await, 990);
    assert_eq!(count(&client, &format!("SELECT count(*) FROM log WHERE {condition}")).await, 0);
    assert_eq!(table(&owen, listed).await.unwrap().rows, [[some("done"), None, some("110"), some("owen"), some("ada")]]);
    let key = cell(&ada, "SELECT public_key FROM annals.checkpoints LIMIT 1").await;
    let file = folder.path().join("receipt");
    let check = |receipt: &str, more: &[&str]| {
        fs::write(&file, format!("{receipt}\n")).unwrap();
        let ended = run(&[&["verify", "--proof", file.to_str().unwrap(), "--public-key", &key], more].concat());
        (ended.stdout, ended.status.code())
    };
    let (said, code) = check(&receipt, &["--predicate", &condition]);
    assert_eq!(code, Some(0), "{said}");
    for part in ["110 rows of public.log", "asked for by owen, approved by ada", "reason: request 4711", &id, TOKEN] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(check(&receipt, &["--predicate", "true"]).1, Some(16));
    let reprinted = cell(&owen, &format!("SELECT annals.erasure_receipt('{id}')")).await;
    assert_eq!(check(&reprinted, &[]).1, Some(0));
    assert_eq!(check(&reprinted, &["--predicate", &condition]).1, Some(16), "the predicate is known no more");
    assert_eq!(check(&reprinted.replacen("index ", "index 1", 1), &[]).1, Some(16));
    assert_eq!(refused(&client, &approve).await, "55000", "once is enough");
    assert_eq!(refused(&client, &format!("SELECT annals.withdraw_erasure('{id}')")).await, "55000");

    // It is no more than a purge to who goes on reading, and nowhere in the folder.
    assert!(cell(&ada, "SELECT annals.verify_table('log')").await.ends_with("nothing was changed"));
    drop((client, owen, ada, otto));
    assert!(server.terminate().success());
    assert_eq!(found_below(&data, TOKEN), Vec::<String>::new());
    verified(&data);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_cannot_be_erased_is_refused() {
    let folder = folder();
    let data = folder.path().join("data");
    let server = Server::start(&data);
    let client = scene(&server).await;
    let (owen, ada, otto) = (login(&server, "owen").await, login(&server, "ada").await, login(&server, "otto").await);
    client
        .batch_execute(
            "CREATE TABLE names (id text PRIMARY KEY, name text) USING reference;
             INSERT INTO names VALUES ('p-7', 'x'); GRANT SELECT ON names TO owen",
        )
        .await
        .unwrap();
    for (who, sql, code) in [
        (&ada, ask("true"), "42501"),
        (&otto, ask("true"), "42501"),
        (&owen, ask("nothing = 1"), "42703"),
        (&owen, ask("person"), "42804"),
        (&owen, ask("person = "), "42601"),
        (&owen, ask("true; DROP TABLE log"), "42601"),
        (&owen, ask("occurred_at < now()"), "42P17"),
        (&owen, ask("random() < 0.5"), "42P17"),
        (&owen, ask("person IN (SELECT person FROM log)"), "0A000"),
        (&owen, ask("person = 'p-7' AND 1 / (length(note) - 5) > 0"), "22012"),
        (&owen, "SELECT annals.erase('log', 'true', '  ')".to_owned(), "22023"),
        (&owen, "SELECT annals.erase('nothing', 'true', 'why')".to_owned(), "42P01"),
        (&client, "SELECT annals.erase('names', 'true', 'why')".to_owned(), "42809"),
        (&client, "SELECT annals.erase('annals.catalog_log', 'true', 'why')".to_owned(), "42501"),
        (&client, "SELECT annals.approve_erasure('nonsense')".to_owned(), "22P02"),
        (&client, "SELECT annals.approve_erasure('00000000-0000-0000-0000-000000000000')".to_owned(), "42704"),
        (&client, "SELECT annals.withdraw_erasure('00000000-0000-0000-0000-000000000000')".to_owned(), "42704"),
        (&client, "SELECT annals.erasure_receipt('00000000-0000-0000-0000-000000000000')".to_owned(), "42704"),
        (&owen, format!("BEGIN READ ONLY; {}", ask("true")), "25006"),
    ] {
        assert_eq!(refused(who, &sql).await, code, "{sql}");
    }
    owen.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(cell(&client, "SELECT count(*) FROM annals.erasures").await, "0");
    assert_eq!(cell(&owen, "SELECT annals.erase('log', NULL, 'why') IS NULL").await, "t");

    // Nobody approves by looking at something.
    let id = cell(&owen, &ask("person = 'p-7' OR person IN (SELECT id FROM names)")).await;
    let approve = format!("annals.approve_erasure('{id}')");
    for (sql, code) in [
        (format!("CREATE VIEW shared AS SELECT {approve} AS nothing"), "0A000"),
        (format!("CREATE FUNCTION harmless() RETURNS text LANGUAGE sql AS $$ SELECT {approve} $$"), "0A000"),
        (format!("CREATE POLICY p ON log USING ({approve} IS NULL)"), "42P17"),
    ] {
        assert_eq!(refused(&client, &sql).await, code, "{sql}");
    }
    assert_eq!(cell(&ada, "SELECT state FROM annals.erasures").await, "waiting");

    // What is held is not erased, and says so before anything goes.
    client.batch_execute("CREATE LEGAL HOLD h ON log WHERE (person = 'p-7') REASON 'a case'").await.unwrap();
    assert_eq!(refused(&ada, &format!("SELECT {approve}")).await, "55000");
    assert_eq!(cell(&ada, "SELECT state FROM annals.erasures").await, "waiting");
    assert_eq!(count(&client, "SELECT count(*) FROM log").await, 1100);
    client.batch_execute("DROP LEGAL HOLD h ON log").await.unwrap();
    cell(&ada, &format!("SELECT {approve}")).await;
    assert_eq!(count(&client, "SELECT count(*) FROM log WHERE person = 'p-7'").await, 0);

    // What nobody has approved can be taken back.
    let id = cell(&owen, &ask("true")).await;
    assert_eq!(refused(&otto, &format!("SELECT annals.withdraw_erasure('{id}')")).await, "42704");
    cell(&owen, &format!("SELECT annals.withdraw_erasure('{id}')")).await;
    assert_eq!(refused(&ada, &format!("SELECT annals.approve_erasure('{id}')")).await, "42704");
    assert_eq!(cell(&ada, "SELECT count(*) FROM annals.erasures").await, "1");
    drop((client, owen, ada, otto));
    assert!(server.terminate().success());
    verified(&data);
}

/// Who approves hears nothing of a row that they see masked, also where the predicate fails for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_failing_predicate_tells_who_approves_nothing_of_a_row() {
    let folder = folder();
    let server = Server::start(&folder.path().join("data"));
    let client = scene(&server).await;
    let (owen, ada) = (login(&server, "owen").await, login(&server, "ada").await);
    client.batch_execute("CREATE MASKING POLICY m ON log (note) TO ada USING (mask_all())").await.unwrap();
    let condition = "length(decode(repeat(substr(note, 5), 2), 'hex')) = 9";
    let id = cell(&owen, &ask(condition)).await;
    client.batch_execute("INSERT INTO log (occurred_at, note) VALUES (now(), 'row planted')").await.unwrap();
    let error = ada.batch_execute(&format!("SELECT annals.approve_erasure('{id}')")).await.unwrap_err();
    let told = format!("{error:?}");
    assert!(sqlstate(&error) == "55000" && !told.contains("hexadecimal"), "{told}");
    let error = format!("{:?}", owen.batch_execute(&ask(condition)).await.unwrap_err());
    assert!(error.contains("hexadecimal digit: \\\"p"), "its owner hears what is wrong: {error}");
    assert_eq!(cell(&ada, "SELECT state FROM annals.erasures").await, "waiting");
}

/// Wherever the process ends: what was approved is erased, told once, and its receipt tells how many rows went.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_approved_is_erased_whenever_the_process_ends() {
    if !CAN_PLANT {
        return;
    }
    let folder = folder();
    let data = folder.path().join("data");
    {
        let server = Server::start(&data);
        let client = scene(&server).await;
        client.batch_execute("CHECKPOINT").await.unwrap();
        drop(client);
        assert!(server.terminate().success());
    }
    let points = [
        "purge-before-commit",
        "purge-lifted",
        "purge-after-commit",
        "ledger-before-purged",
        // The third entry that is written is that of the purge's end, the fourth that of the erasure's.
        "ledger-before-entry:2",
        "ledger-before-signed:3",
        "ledger-before-checkpoint:3",
    ];
    for (at, point) in points.into_iter().enumerate() {
        let mut server = Launch::on(&data).crash_at(point).start();
        let owen = login(&server, "owen").await;
        let ada = login(&server, "ada").await;
        let condition = format!("person = 'p-{}'", at + 1);
        let id = cell(&owen, &ask(&condition)).await;
        let approved = ada.simple_query(&format!("SELECT annals.approve_erasure('{id}')")).await;
        assert!(approved.is_err(), "{point} was not reached");
        assert!(!server.dies().expect("it dies at the point").success(), "{point}");
        let server = Server::start(&data);
        let client = server.connect().await;
        let state = format!("SELECT state FROM annals.erasures WHERE erasure_id = '{id}'");
        let mut left = 300;
        while cell(&client, &state).await != "done" {
            tokio::time::sleep(Duration::from_millis(100)).await;
            left -= 1;
            assert!(left > 0, "{point}: it is not carried out");
        }
        assert_eq!(count(&client, &format!("SELECT count(*) FROM log WHERE {condition}")).await, 0, "{point}");
        assert_eq!(count(&client, &format!("SELECT rows FROM annals.erasures WHERE erasure_id = '{id}'")).await, 1, "{point}");
        let receipt = cell(&client, &format!("SELECT annals.erasure_receipt('{id}')")).await;
        let file = folder.path().join("receipt");
        fs::write(&file, receipt).unwrap();
        let key = cell(&client, "SELECT public_key FROM annals.checkpoints LIMIT 1").await;
        let said = run(&["verify", "--proof", file.to_str().unwrap(), "--public-key", &key]).succeeded();
        assert!(said.contains("1 rows of public.log"), "{point}: {said}");
        drop(client);
        assert!(server.terminate().success());
        verified(&data);
    }
}
