//! Nothing can be changed behind the server's back without `annals verify` finding it, naming it and saying where; and what lawfully
//! happens is no finding.

mod address;
mod checker;
mod store;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tokio_postgres::Client;

use self::store::{Store, fill};
use crate::harness::{
    Chance, Ended, Launch, PASSWORD, Server, connect_as, count, folder, interpreter, lake, run, run_to_end, sqlstate, table,
};

fn text(path: &Path) -> &str {
    path.to_str().expect("a test's folders have plain names")
}

fn verify(data: &Path, arguments: &[&str]) -> Ended {
    run(&[&["verify", "--data", text(data)], arguments].concat())
}

/// What a verification reports, and its exit code.
fn report(data: &Path, arguments: &[&str]) -> (Value, i32) {
    let ended = verify(data, &[&["--json"], arguments].concat());
    let report = serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", ended.stdout, ended.stderr));
    (report, ended.status.code().expect("it ended by itself"))
}

fn public_key(data: &Path) -> String {
    run(&["keys", "show", "--data", text(data)]).succeeded().trim().to_owned()
}

fn checkpoint(data: &Path) -> PathBuf {
    data.join("ledger/checkpoint")
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").args(["-a", text(from), text(to)]).status().unwrap().success());
}

/// Lets the script change a copy; gives it, and the rows that were changed.
fn tampered(store: &Store, python: &std::ffi::OsString, action: &str) -> (PathBuf, Option<(u64, u64)>) {
    let data = store.copied(action);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/tamper.py");
    let evidence = lake::delta_folder(&data, "public.evidence");
    let other = lake::delta_folder(&data, "public.other");
    let mut command = Command::new(python);
    command.env("PYTHONDONTWRITEBYTECODE", "1").arg(script).args([action, text(&data), text(&evidence), text(&other)]);
    let said = run_to_end(&mut command).succeeded();
    let mut numbers = said.split_whitespace().map(|number| number.parse::<u64>().unwrap());
    let rows = numbers.next().zip(numbers.next());
    (data, rows)
}

/// What is done, the classes that name it, and the exit code that the program has.
const CHANGES: [(&str, &[&str], i32); 19] = [
    ("change a cell", &["changed", "files"], 16),
    ("change a time of ingest", &["changed", "order"], 16),
    ("turn a byte", &["changed", "files"], 16),
    ("delete a row", &["missing", "files"], 15),
    ("delete the newest rows", &["missing"], 15),
    ("duplicate a row", &["extra"], 17),
    ("swap two rows", &["changed"], 16),
    ("insert a back-dated row", &["order", "files"], 19),
    ("swap two files", &["files"], 23),
    ("move a row", &["moved", "missing", "extra"], 18),
    ("rename a column", &["schema"], 20),
    ("leave a file out", &["files"], 23),
    ("add a file twice", &["extra", "files"], 17),
    ("forget a purge", &["forked", "rolled_back", "missing"], 11),
    ("purge one row more", &["missing", "purge"], 15),
    ("release one row", &["hold"], 22),
    ("edit the checkpoint", &["signature"], 10),
    ("edit a tile", &["tree"], 14),
    ("edit an entry", &["forked", "control"], 11),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_is_changed_is_found_named_and_located() {
    let Some(python) = interpreter("tampering") else { return };
    let store = Store::build().await;
    let (findings, code) = store.findings(&store.data());
    assert_eq!((findings.as_slice(), code), ([].as_slice(), 0), "nothing was changed yet");
    let mut wrong = Vec::new();
    for (action, classes, expected) in CHANGES {
        let (data, rows) = tampered(&store, &python, action);
        let (findings, code) = store.findings(&data);
        let named = classes.iter().all(|class| findings.iter().any(|finding| finding["class"] == *class));
        // To the row, or to the 256 of its tile.
        let near = |finding: &Value, first: u64, last: u64| {
            let (from, to) = (finding["rows"][0].as_u64(), finding["rows"][1].as_u64());
            from.is_some_and(|from| from / 256 == first / 256) && to.is_some_and(|to| to / 256 == last / 256)
        };
        let located = rows.is_none_or(|(first, last)| {
            let told = |finding: &Value, leaf: u64| {
                finding["rows"][0].as_u64().is_some_and(|from| from <= leaf)
                    && finding["rows"][1].as_u64().is_some_and(|to| leaf <= to)
            };
            let ends = |leaf| findings.iter().any(|finding| told(finding, leaf));
            findings.iter().any(|finding| near(finding, first, last)) || ends(first) && ends(last)
        });
        if !named || !located || code != expected {
            let all: Vec<String> = findings.iter().take(6).map(ToString::to_string).collect();
            wrong.push(format!("{action} (rows {rows:?}) should be {classes:?} with {expected} and is {code}: {all:#?}"));
        }
        fs::remove_dir_all(data).unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_history_is_no_history() {
    let store = Store::build().await;
    let newest = store.folder.path().join("newest");
    fs::copy(checkpoint(&store.data()), &newest).unwrap();
    let against = |data: &Path, kept: &Path| {
        let (report, code) = report(data, &["--checkpoint", text(kept), "--public-key", &store.key]);
        let class = report["findings"][0]["class"].as_str().unwrap_or("none").to_owned();
        (class, code)
    };
    let earlier = store.copied("earlier");
    let server = Server::start(&store.data());
    fill(&server.connect().await, 3000, 50).await;
    assert!(server.terminate().success());
    let later = store.folder.path().join("later");
    fs::copy(checkpoint(&store.data()), &later).unwrap();
    assert_eq!(against(&store.data(), &store.kept), ("none".to_owned(), 0));
    assert_eq!(against(&store.data(), &newest), ("none".to_owned(), 0));

    // The folder is put back.
    assert_eq!(against(&earlier, &newest), ("none".to_owned(), 0));
    assert_eq!(against(&earlier, &later), ("rolled_back".to_owned(), 12));

    // And another history goes on from there.
    let server = Server::start(&earlier);
    fill(&server.connect().await, 4000, 50).await;
    assert!(server.terminate().success());
    let server = Server::start(&earlier);
    fill(&server.connect().await, 4050, 50).await;
    assert!(server.terminate().success());
    assert_eq!(against(&earlier, &newest), ("none".to_owned(), 0));
    assert_eq!(against(&earlier, &later), ("forked".to_owned(), 11));

    // Another store's checkpoint says nothing.
    let other = folder();
    assert!(Server::start(other.path()).terminate().success());
    assert_eq!(against(&store.data(), &checkpoint(other.path())), ("signature".to_owned(), 10));
}

/// A signer's state that was kept apart does not go back with the folder.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_signer_kept_apart_signs_no_other_history() {
    let folder = folder();
    let (data, apart, config) = (folder.path().join("data"), folder.path().join("apart"), folder.path().join("annals.toml"));
    fs::write(&config, format!("ledger_signer = {:?}\nledger_name = \"logs.example.com/test\"\n", text(&apart))).unwrap();
    let create = "CREATE TABLE log (event_id uuid NOT NULL DEFAULT uuidv7(), occurred_at timestamptz NOT NULL)";
    let sql = "INSERT INTO log (occurred_at) VALUES (now())";
    let server = Launch::on(&data).configured(&config).start();
    let client = server.connect().await;
    client.batch_execute(create).await.unwrap();
    client.batch_execute(sql).await.unwrap();
    drop(client);
    assert!(server.terminate().success());
    assert!(run(&["keys", "show", "--config", text(&config)]).succeeded().starts_with("logs.example.com/test/control+"));
    assert!(!data.join("ledger/key").exists() && apart.join("key").exists());
    let earlier = folder.path().join("earlier");
    copy(&data, &earlier);
    let server = Launch::on(&data).configured(&config).start();
    server.connect().await.batch_execute(sql).await.unwrap();
    assert!(server.terminate().success());
    let (found, code) = report(&data, &[]);
    assert_eq!(code, 0, "{found:#}");
    let signed = fs::read(checkpoint(&data)).unwrap();
    fs::remove_dir_all(&data).unwrap();
    copy(&earlier, &data);
    let server = Launch::on(&data).configured(&config).start();
    let client = server.connect().await;
    client.batch_execute(sql).await.unwrap();
    assert!(server.said().contains("does not continue what was signed"), "{}", server.said());
    assert_ne!(fs::read(checkpoint(&data)).unwrap(), signed);
    drop(client);
    server.kill9();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_takes_over_from_the_one_before_it() {
    let store = Store::build().await;
    let data = store.data();
    let before = fs::read(checkpoint(&data)).unwrap();
    let fresh = run(&["keys", "rotate", "--data", text(&data)]).succeeded().trim().to_owned();
    assert_eq!(public_key(&data), fresh);
    assert_ne!(fresh, store.key);
    for key in [&store.key, &fresh] {
        let (report, code) = report(&data, &["--checkpoint", text(&store.kept), "--public-key", key]);
        assert_eq!(code, 0, "{report:#}");
    }
    let server = Server::start(&data);
    let client = server.connect().await;
    fill(&client, 5000, 10).await;
    let refused = run(&["keys", "rotate", "--data", text(&data)]).refused();
    assert!(refused.contains("in use"), "{refused}");
    let refused = verify(&data, &[]).refused();
    assert!(refused.contains("has the folder") && refused.contains("annals.verify_table"), "{refused}");
    assert!(server.terminate().success());
    assert_eq!(report(&data, &["--public-key", &fresh]).1, 0);

    // What the old key signed is no checkpoint any more.
    fs::write(checkpoint(&data), before).unwrap();
    let (found, code) = report(&data, &["--public-key", &fresh]);
    assert_eq!(code, 10, "{found:#}");
    assert!(found["findings"][0]["message"].as_str().unwrap().contains("replaced"), "{found:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_program_says_what_it_needs() {
    let empty = folder();
    for (arguments, said) in [
        (vec!["verify", "--data", "nowhere"], "no data folder"),
        (vec!["verify", "--data", text(empty.path())], "no ledger"),
        (vec!["keys", "show", "--data", text(empty.path())], "no key"),
    ] {
        let refused = run(&arguments).refused();
        assert!(refused.contains(said), "{arguments:?}: {refused}");
    }
    let store = folder();
    let server = Server::start(store.path());
    let client = server.connect().await;
    client
        .batch_execute("CREATE TABLE t (event_id uuid NOT NULL DEFAULT uuidv7(), occurred_at timestamptz NOT NULL)")
        .await
        .unwrap();
    client.batch_execute("INSERT INTO t (occurred_at) VALUES (now())").await.unwrap();
    assert!(server.terminate().success());
    let plain = verify(store.path(), &[]).succeeded();
    for part in ["Nothing was changed.", "give --public-key", "give --checkpoint"] {
        assert!(plain.contains(part), "{plain}");
    }
    let one = verify(store.path(), &["--table", "t"]).succeeded();
    assert!(one.contains("1 rows compared"), "{one}");
    for (arguments, said) in [
        (vec!["--table", "nothing"], "knows no table"),
        (vec!["--public-key", "nonsense"], "no public key"),
        (vec!["--checkpoint", "nowhere"], "nowhere"),
    ] {
        let refused = verify(store.path(), &arguments).refused();
        assert!(refused.contains(said), "{arguments:?}: {refused}");
    }
}

/// What an auditor asks while the server runs, and who may not.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_auditor_asks_the_running_server() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client
        .batch_execute(
            "CREATE TABLE log (event_id uuid NOT NULL DEFAULT uuidv7(), occurred_at timestamptz NOT NULL, note text);
             INSERT INTO log (occurred_at, note) SELECT now(), 'row ' || g FROM generate_series(1, 1000) g;
             CREATE ROLE ada LOGIN PASSWORD 'only-for-tests' IN ROLE auditor;
             CREATE ROLE otto LOGIN PASSWORD 'only-for-tests';
             GRANT SELECT ON log TO ada, otto",
        )
        .await
        .unwrap();
    client.batch_execute("CHECKPOINT").await.unwrap();
    let ada = connect_as(server.address(), "ada", PASSWORD).await.unwrap();
    let otto = connect_as(server.address(), "otto", PASSWORD).await.unwrap();
    let cell = async |client: &Client, sql: &str| -> String {
        let answer = table(client, sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        answer.rows[0][0].clone().unwrap_or_default()
    };
    let id = cell(&client, "SELECT event_id FROM log WHERE note = 'row 700'").await;
    let proof = cell(&ada, &format!("SELECT annals.prove('log', '{id}')")).await;
    assert_eq!(proof, cell(&client, &format!("SELECT annals.prove('public.log'::regclass, '{id}'::uuid)")).await);
    let file = folder.path().join("row.tlog-proof");
    // As psql writes it.
    fs::write(&file, format!("{proof}\n")).unwrap();
    let key = cell(&ada, "SELECT public_key FROM annals.checkpoints LIMIT 1").await;
    let checked = run(&["verify", "--proof", text(&file), "--public-key", &key]).succeeded();
    for part in ["leaf 700 of 1001", "text: row 700", &id] {
        assert!(checked.contains(part), "{checked}");
    }
    fs::write(&file, proof.replacen("index 700", "index 701", 1)).unwrap();
    let ended = run(&["verify", "--proof", text(&file), "--public-key", &key]);
    assert_eq!(ended.status.code(), Some(16), "{}", ended.stdout);

    assert_eq!(
        cell(&ada, "SELECT annals.verify_table('log')").await,
        "1000 rows compared, 0 removed by recorded purges, 0 not covered yet; nothing was changed"
    );
    let status = "SELECT size, verified_through, problem IS NULL FROM annals.ledger_status WHERE tablename = 'log'";
    let shown = table(&ada, status).await.unwrap();
    assert_eq!(shown.rows, [[Some("1001".to_owned()), Some("1001".to_owned()), Some("t".to_owned())]]);
    assert!(table(&otto, status).await.unwrap().rows.is_empty());
    for sql in [
        "SELECT annals.verify_table('log')",
        &format!("SELECT annals.prove('log', '{id}')"),
        "TABLE annals.checkpoints",
        "LISTEN annals_checkpoint",
    ] {
        assert_eq!(sqlstate(&otto.batch_execute(sql).await.unwrap_err()), "42501", "{sql}");
    }
    for (sql, code) in [
        ("SELECT annals.prove('log', 'nonsense')", "22P02"),
        ("SELECT annals.prove('log', '00000000-0000-0000-0000-000000000000')", "42704"),
        ("SELECT annals.prove('nothing', '00000000-0000-0000-0000-000000000000')", "42P01"),
        ("SELECT annals.verify_table('annals.catalog_log_of_nobody')", "42P01"),
    ] {
        assert_eq!(sqlstate(&ada.batch_execute(sql).await.unwrap_err()), code, "{sql}");
    }
    ada.batch_execute("LISTEN annals_checkpoint").await.unwrap();
}

/// A proof shows what its reader sees of the row in any statement, and no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_proof_shows_no_more_than_a_statement_does() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let id = |n: u32| format!("00000000-0000-7000-8000-{n:012}");
    let row = |n: u32, age: &str, note: &str| format!("('{}', now() - interval '{age}', '{note}', 'w')", id(n));
    client
        .batch_execute(&format!(
            "CREATE TABLE log (event_id uuid NOT NULL DEFAULT uuidv7(), occurred_at timestamptz NOT NULL, note text, whose text);
             INSERT INTO log VALUES {}, {}, {}, {}, {};
             CREATE ROLE ada LOGIN PASSWORD 'only-for-tests' IN ROLE auditor;
             CREATE ROLE eve LOGIN PASSWORD 'only-for-tests' IN ROLE auditor;
             CREATE ROLE otto LOGIN PASSWORD 'only-for-tests';
             CREATE MASKING POLICY m ON log (note) TO eve USING (mask_all());
             CREATE RETENTION POLICY short ON log KEEP INTERVAL '10 days';
             CREATE VIEW proofs WITH (security_invoker = false) AS SELECT annals.prove('public.log', '{}') AS proof;
             GRANT SELECT ON proofs TO otto, eve, ada",
            row(1, "1 hour", "planted-note"),
            row(2, "20 days", "expired-note"),
            row(3, "1 hour", "twice"),
            row(3, "2 hours", "twice"),
            row(4, "1 hour", "hidden-note"),
            id(1)
        ))
        .await
        .unwrap();
    let key = table(&client, "SELECT public_key FROM annals.checkpoints LIMIT 1").await.unwrap().rows[0][0].clone().unwrap();
    let file = folder.path().join("row.tlog-proof");
    let checked = async |by: &Client, sql: &str| {
        let proof = table(by, sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}")).rows[0][0].clone().unwrap();
        fs::write(&file, proof).unwrap();
        run(&["verify", "--proof", text(&file), "--public-key", &key]).succeeded()
    };
    let prove = |n: u32| format!("SELECT annals.prove('log', '{}')", id(n));
    let ada = connect_as(server.address(), "ada", PASSWORD).await.unwrap();
    let eve = connect_as(server.address(), "eve", PASSWORD).await.unwrap();
    let otto = connect_as(server.address(), "otto", PASSWORD).await.unwrap();
    for by in [&client, &ada] {
        assert!(checked(by, &prove(1)).await.contains("planted-note"));
    }
    let closed = "does not show its values";
    let shown = checked(&eve, &prove(1)).await;
    assert!(shown.contains(closed) && shown.contains("leaf 1 of 6") && !shown.contains("planted"), "{shown}");
    for by in [&client, &ada, &eve] {
        assert_eq!(sqlstate(&by.batch_execute(&prove(2)).await.unwrap_err()), "42704", "it has expired");
        assert_eq!(sqlstate(&by.batch_execute(&prove(3)).await.unwrap_err()), "21000", "it is not told which is meant");
    }
    // What a view proves with its owner's rights shows to nobody what they do not see themselves.
    for (by, opened) in [(&client, true), (&ada, true), (&eve, false)] {
        let shown = checked(by, "SELECT proof FROM proofs").await;
        assert_eq!((shown.contains("planted-note"), shown.contains(closed)), (opened, !opened), "{shown}");
    }
    assert_eq!(sqlstate(&otto.batch_execute("SELECT proof FROM proofs").await.unwrap_err()), "42P01");
    client
        .batch_execute("ALTER TABLE log ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON log TO ada USING (note <> 'hidden-note')")
        .await
        .unwrap();
    assert_eq!(sqlstate(&ada.batch_execute(&prove(4)).await.unwrap_err()), "42704");
    assert_eq!(sqlstate(&eve.batch_execute(&prove(1)).await.unwrap_err()), "42704", "no policy lets a row through");
    assert!(checked(&client, &prove(4)).await.contains("hidden-note"));
    assert!(checked(&ada, &prove(1)).await.contains("planted-note"));
}

/// Statements by chance on a store that is restarted, killed, rewritten and purged: none of it is a finding.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn honest_histories_raise_no_alarm() {
    // Fifty were tried once; a test run takes a few, always the same.
    let histories = std::env::var("ANNALS_HISTORIES").ok().and_then(|number| number.parse().ok()).unwrap_or(5);
    for history in 0..histories {
        let mut chance = Chance::new(50 + history);
        let folder = folder();
        let mut server = Server::start(folder.path());
        let mut client = server.connect().await;
        client
            .batch_execute(
                "CREATE TABLE log (event_id uuid NOT NULL DEFAULT uuidv7(), occurred_at timestamptz NOT NULL, n bigint, note text);
                 CREATE TABLE names (id text PRIMARY KEY, name text) USING reference",
            )
            .await
            .unwrap();
        let mut added = 0;
        for _ in 0..12 {
            let rows = 1 + chance.below(900);
            let statement = match chance.below(10) {
                0 => "CHECKPOINT".to_owned(),
                1 => "VACUUM".to_owned(),
                2 => {
                    added += 1;
                    format!("ALTER TABLE log ADD COLUMN added_{added} numeric(9,3)")
                }
                3 => "INSERT INTO names VALUES ('a', 'x') ON CONFLICT (id) DO UPDATE SET name = names.name || 'y'".to_owned(),
                4 => "DROP RETENTION POLICY IF EXISTS short ON log;
                      CREATE RETENTION POLICY short ON log WHERE (n % 3 = 0) KEEP INTERVAL '2 days'; VACUUM log"
                    .to_owned(),
                5 => "CREATE TABLE gone (event_id uuid NOT NULL DEFAULT uuidv7(), occurred_at timestamptz NOT NULL);
                      INSERT INTO gone (occurred_at) VALUES (now()); DROP TABLE gone"
                    .to_owned(),
                6 => {
                    drop(client);
                    if chance.one_in(2) { server.kill9() } else { assert!(server.terminate().success()) }
                    server = Server::start(folder.path());
                    client = server.connect().await;
                    continue;
                }
                _ => format!(
                    "INSERT INTO log (occurred_at, n, note) SELECT now() - (g % 5) * interval '9 hours', g, repeat('x', (g % 40)::int)
                     FROM generate_series(1, {rows}) g"
                ),
            };
            for statement in statement.split(';') {
                client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
            }
        }
        let there = count(&client, "SELECT count(*) FROM log").await;
        let shown = table(&client, "SELECT note FROM log LIMIT 1").await.unwrap();
        assert!(there == 0 || shown.rows.len() == 1);
        if chance.one_in(2) {
            server.kill9()
        } else {
            assert!(server.terminate().success())
        }
        let (found, code) = report(folder.path(), &[]);
        assert_eq!(code, 0, "history {history}: {found:#}");
    }
}
