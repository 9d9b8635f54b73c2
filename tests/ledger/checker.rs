//! A program that was written by `docs/ledger-format.md` alone comes to the same verdict as the verifier.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::store::Store;
use super::{public_key, tampered, text};
use crate::harness::{Server, interpreter, run, run_to_end, table};

/// What a program says of some files that was written by `docs/ledger-format.md` alone; whether it found them to be what was signed.
fn checked(python: &OsString, arguments: &[&str]) -> (String, bool) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/checker.py");
    let ended = run_to_end(Command::new(python).arg(script).args(arguments).env("PYTHONDONTWRITEBYTECODE", "1"));
    let (right, verdict) = (ended.status.success(), ended.stdout.lines().last().unwrap_or_default().to_owned());
    assert_eq!(verdict, if right { "right" } else { "wrong" }, "{}{}", ended.stdout, ended.stderr);
    (ended.stdout, right)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_checker_written_by_the_format_alone_agrees() {
    let Some(python) = interpreter("the ledger's checker") else { return };
    let store = Store::build().await;
    let data = store.data();
    run(&["keys", "rotate", "--data", text(&data)]).succeeded();
    let server = Server::start(&data);
    let client = server.connect().await;
    client
        .batch_execute(
            "CREATE TABLE names (id text PRIMARY KEY, name text) USING reference;
             INSERT INTO names VALUES ('a', 'x'), ('b', 'y');
             UPDATE names SET name = 'z' WHERE id = 'a';
             DELETE FROM names WHERE id = 'b';
             CREATE RETENTION POLICY early ON other WHERE (amount < 1000) KEEP INTERVAL '1 second'",
        )
        .await
        .unwrap();
    // Whole tiles of it go.
    for sql in ["VACUUM other", "VACUUM evidence"] {
        client.batch_execute(sql).await.unwrap();
    }
    let prove = "SELECT annals.prove('evidence', event_id) FROM evidence WHERE c0";
    let proof = table(&client, prove).await.unwrap().rows[0][0].clone().unwrap();
    assert!(server.terminate().success());

    let kept = text(&store.kept);
    let (said, right) = checked(&python, &["folder", text(&data), &store.key, kept]);
    assert!(right, "{said}");
    for part in ["public.evidence: 2333 rows", "public.other: 1701 rows", "public.names: 4 rows"] {
        assert!(said.contains(part), "{said}");
    }
    let (file, key) = (store.folder.path().join("row.tlog-proof"), public_key(&data));
    for (proof, expected) in [(proof.clone(), true), (proof.replacen("index 2", "index 1", 1), false)] {
        fs::write(&file, proof).unwrap();
        let (said, right) = checked(&python, &["proof", text(&file), &key]);
        assert_eq!(right, expected, "{said}");
    }
    fs::write(&file, proof).unwrap();
    assert!(!checked(&python, &["proof", text(&file), &store.key]).1, "the old key signs no more");
    for action in ["change a cell", "purge one row more", "release one row", "edit an entry"] {
        let (changed, _) = tampered(&store, &python, action);
        let (said, right) = checked(&python, &["folder", text(&changed), &store.key, kept]);
        assert!(!right, "{action}: {said}");
    }
}
