//! `annals verify` reads a copy of a folder by its address.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{checkpoint, text, verify};
use crate::harness::{Ended, Server, annals, folder, interpreter, run_to_end};

/// A process that ends with the value.
struct Kept(Child);

impl Drop for Kept {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_folder_is_verified_at_its_address() {
    let folder = folder();
    let data = folder.path().join("store/data");
    fs::create_dir(folder.path().join("store")).unwrap();
    let server = Server::start(&data);
    let client = server.connect().await;
    let columns = "event_id uuid NOT NULL DEFAULT uuidv7(), occurred_at timestamptz NOT NULL, n bigint";
    client.batch_execute(&format!("CREATE TABLE log ({columns})")).await.unwrap();
    client.batch_execute("INSERT INTO log (occurred_at, n) SELECT now(), g FROM generate_series(1, 600) g").await.unwrap();
    drop(client);
    assert!(server.terminate().success());
    let kept = checkpoint(&data);
    let said = verify(Path::new(&format!("file://{}", text(&data))), &["--checkpoint", text(&kept)]).succeeded();
    assert!(said.contains("Nothing was changed"), "{said}");
    for (address, told) in [
        ("ftp://host/folder", "copy the folder here first"),
        ("http://host/folder", "copy the folder here first"),
        ("memory:///folder", "copy the folder here first"),
        ("file://host/folder", "no folder here"),
        ("s3://", "could not read"),
    ] {
        let refused = verify(Path::new(address), &[]).refused();
        assert!(refused.contains(told), "{address}: {refused}");
    }

    let Some(python) = interpreter("a bucket") else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/bucket.py");
    let mut command = Command::new(python);
    command.arg(script).arg(folder.path().join("store")).stdout(Stdio::piped());
    let mut bucket = Kept(command.spawn().unwrap());
    let mut endpoint = String::new();
    BufReader::new(bucket.0.stdout.take().unwrap()).read_line(&mut endpoint).unwrap();
    let scratch = folder.path().join("scratch");
    fs::create_dir(&scratch).unwrap();
    let at = |address: &str, more: &[&str]| -> Ended {
        let mut command = annals(&["verify", "--data", address, "--checkpoint", text(&kept)]);
        command.args(more).env("TMPDIR", &scratch).env("AWS_ENDPOINT", endpoint.trim()).env("AWS_ALLOW_HTTP", "true");
        command.env("AWS_ACCESS_KEY_ID", "id").env("AWS_SECRET_ACCESS_KEY", "secret").env("AWS_REGION", "here");
        run_to_end(&mut command)
    };
    let said = at("s3://bucket/data", &[]).succeeded();
    assert!(said.contains("Nothing was changed"), "{said}");
    assert!(at("s3://bucket/elsewhere", &[]).refused().contains("no data folder"));
    fs::write(
        data.join("ledger/control.jsonl"),
        fs::read_to_string(data.join("ledger/control.jsonl")).unwrap().replacen("public.log", "public.lag", 1),
    )
    .unwrap();
    assert_eq!(at("s3://bucket/data", &["--json"]).status.code(), Some(11));
    assert_eq!(fs::read_dir(&scratch).unwrap().count(), 0, "what was brought is gone");
}
