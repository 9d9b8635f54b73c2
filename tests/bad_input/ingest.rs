//! Bad files: `annals ingest` names the line and the reason, stores nothing of the file, and does not end in peace.

use std::fs;
use std::path::Path;

use super::{ROWS, TABLE};
use crate::harness::{Server, count, folder, run};

/// A file that must be refused, and what the message must name.
struct BadFile {
    name: &'static str,
    text: &'static [u8],
    says: &'static [&'static str],
}

const FILES: [BadFile; 7] = [
    BadFile {
        name: "broken.jsonl",
        text: b"{\"note\": \"a\"}\n{\"note\": \"b\"}\n\n{\"note\": \n{\"note\": \"c\"}\n",
        says: &["line 4"],
    },
    BadFile { name: "array.jsonl", text: b"{\"note\": \"a\"}\n[1, 2]\n", says: &["line 2"] },
    BadFile {
        name: "types.jsonl",
        text: b"{\"note\": \"a\", \"n\": 1}\n{\"note\": \"b\", \"n\": \"many\"}\n",
        says: &["line 2", "column n", "many"],
    },
    BadFile { name: "missing.jsonl", text: b"{\"note\": \"a\"}\n{\"n\": 5}\n", says: &["line 2", "\"note\""] },
    BadFile { name: "check.jsonl", text: b"{\"note\": \"a\", \"n\": -5}\n", says: &["line 1", "\"positive\""] },
    BadFile { name: "latin.jsonl", text: b"{\"note\": \"a\"}\n{\"note\": \"\xe4\"}\n", says: &["line 2", "UTF"] },
    BadFile { name: "short.csv", text: b"n,note\n1,a\n2\n", says: &["line 3"] },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_file_is_refused_whole_and_says_where() {
    let folder = folder();
    let data = folder.path().join("data");
    let server = Server::start(&data);
    server.connect().await.batch_execute(TABLE).await.unwrap();
    assert!(server.terminate().success());
    for bad in FILES {
        refuse(&data, folder.path(), &bad);
    }
    // The same through a running server.
    let server = Server::start(&data);
    let client = server.connect().await;
    for bad in FILES {
        refuse(&data, folder.path(), &bad);
        assert_eq!(count(&client, ROWS).await, 0, "{}: something of it was stored", bad.name);
    }
    let good = folder.path().join("good.jsonl");
    fs::write(&good, "{\"note\": \"a\", \"n\": 1}\n{\"note\": \"b\"}\n").unwrap();
    run(&["ingest", "inbox", good.to_str().unwrap(), "--data", data.to_str().unwrap()]).succeeded();
    assert_eq!(count(&client, ROWS).await, 2, "a good file goes in");
}

fn refuse(data: &Path, folder: &Path, bad: &BadFile) {
    let file = folder.join(bad.name);
    fs::write(&file, bad.text).unwrap();
    let said = run(&["ingest", "inbox", file.to_str().unwrap(), "--data", data.to_str().unwrap()]).refused();
    for word in bad.says.iter().chain([&bad.name]) {
        assert!(said.contains(word), "{}: the message does not name {word}: {said}", bad.name);
    }
    assert!(!said.contains("panicked"), "{}: {said}", bad.name);
}

#[test]
fn a_file_or_table_that_is_not_there_is_named() {
    let folder = folder();
    let data = folder.path().join("data");
    assert!(Server::start(&data).terminate().success());
    let said = run(&["ingest", "event_logs", "nowhere.jsonl", "--data", data.to_str().unwrap()]).refused();
    assert!(said.contains("nowhere.jsonl"), "{said}");
    let file = folder.path().join("empty.jsonl");
    fs::write(&file, "").unwrap();
    let said = run(&["ingest", "no_such_log", file.to_str().unwrap(), "--data", data.to_str().unwrap()]).refused();
    assert!(said.contains("no_such_log"), "{said}");
}
