//! Messages that break the protocol: the right error, the connection closed where PostgreSQL closes it, and the server up.
//!
//! Where PostgreSQL is installed it gets the same bytes; its answer, message by message, is the expected one but for `OTHERWISE`.

use std::net::SocketAddr;

use super::wire::{Answer, End, Wire, bind, execute, message, parse, query, startup, sync};
use crate::harness::{Peer, Server, count, folder};

/// Bytes after a login, by name.
fn cases() -> Vec<(&'static str, Vec<u8>)> {
    let all = |parts: &[Vec<u8>]| parts.concat();
    vec![
        ("nothing wrong", query("SELECT 1")),
        ("an empty query", query("")),
        ("a type that does not exist", message(b'z', b"")),
        ("a password that nobody asked for", message(b'p', b"secret\0")),
        ("a length that does not count itself", b"Q\0\0\0\x03".to_vec()),
        ("a length of nothing", b"S\0\0\0\0".to_vec()),
        ("a length below zero", b"Q\xff\xff\xff\xff".to_vec()),
        ("a Sync that announces a gigabyte", b"S\x3f\xff\xff\xff".to_vec()),
        ("a query without an end", message(b'Q', b"SELECT 1")),
        ("a query with more behind its end", message(b'Q', b"SELECT 1\0SELECT 2\0")),
        ("a query without anything", message(b'Q', b"")),
        ("a query that is no UTF-8", message(b'Q', b"SELECT '\xff\xfe'\0")),
        ("a query with a surrogate", message(b'Q', b"SELECT '\xed\xa0\x80'\0")),
        ("a query with an overlong slash", message(b'Q', b"SELECT '\xc0\xaf'\0")),
        ("a query that is cut within a letter", message(b'Q', b"SELECT '\xf0\x9f\xa6\0")),
        ("a Sync with a body", message(b'S', b"x")),
        ("a Flush with a body", all(&[message(b'H', b"x"), sync()])),
        ("a Parse without an end", all(&[message(b'P', b"name"), sync()])),
        ("a Parse whose types do not fit", all(&[message(b'P', b"\0SELECT 1\0\0\x05\0\0\0\x17"), sync()])),
        ("a Parse with more behind", all(&[message(b'P', b"\0SELECT 1\0\0\0more"), sync()])),
        ("a Parse of two statements", all(&[parse("", "SELECT 1; SELECT 2"), sync()])),
        ("a Parse that is no UTF-8", all(&[message(b'P', b"\0SELECT '\xff'\0\0\0"), sync()])),
        ("a Parse whose type does not exist", all(&[message(b'P', b"\0SELECT $1\0\0\x01\x7f\xff\xff\xff"), sync()])),
        ("a name that is taken", all(&[parse("a", "SELECT 1"), parse("a", "SELECT 2"), sync()])),
        ("a Bind of a statement that does not exist", all(&[bind("nobody", &[], &[], &[]), sync()])),
        ("a Bind with too few values", all(&[parse("", "SELECT $1::int, $2::int"), bind("", &[], &[Some(b"1")], &[]), sync()])),
        ("a Bind with too many values", all(&[parse("", "SELECT 1"), bind("", &[], &[Some(b"1")], &[]), sync()])),
        (
            "a Bind with two formats for one value",
            all(&[parse("", "SELECT $1::int"), bind("", &[0, 0], &[Some(b"1")], &[]), sync()]),
        ),
        (
            "a Bind with a format that does not exist",
            all(&[parse("", "SELECT $1::int"), bind("", &[7], &[Some(b"1")], &[]), sync()]),
        ),
        (
            "a Bind with a result format that does not exist",
            all(&[parse("", "SELECT 1"), bind("", &[], &[], &[9]), execute("", 0), sync()]),
        ),
        ("a Bind with two result formats for one column", all(&[parse("", "SELECT 1"), bind("", &[], &[], &[0, 1]), sync()])),
        ("a Bind without an end", all(&[parse("", "SELECT 1"), message(b'B', b"\0"), sync()])),
        (
            "a Bind whose value is longer than it",
            all(&[parse("", "SELECT $1::text"), message(b'B', b"\0\0\0\0\0\x01\0\0\xff\xffab\0\0"), sync()]),
        ),
        (
            "a Bind whose value has a length below -1",
            all(&[parse("", "SELECT $1::text"), message(b'B', b"\0\0\0\0\0\x01\xff\xff\xff\xfe\0\0"), sync()]),
        ),
        ("three bytes for an int4", all(&[parse("", "SELECT $1::int4"), bind("", &[1], &[Some(b"abc")], &[]), sync()])),
        ("five bytes for an int4", all(&[parse("", "SELECT $1::int4"), bind("", &[1], &[Some(b"abcde")], &[]), sync()])),
        ("two bytes for a bool", all(&[parse("", "SELECT $1::bool"), bind("", &[1], &[Some(b"\x01\x01")], &[]), sync()])),
        (
            "a numeric of garbage",
            all(&[parse("", "SELECT $1::numeric"), bind("", &[1], &[Some(b"\0\x02\0\0\0\0\0\0\0\x01")], &[]), sync()]),
        ),
        (
            "an array of garbage",
            all(&[parse("", "SELECT $1::int4[]"), bind("", &[1], &[Some(b"\0\0\0\x63\0\0\0\0\0\0\0\x17")], &[]), sync()]),
        ),
        (
            "an array of a huge length",
            all(&[
                parse("", "SELECT $1::int4[]"),
                bind("", &[1], &[Some(b"\0\0\0\x01\0\0\0\0\0\0\0\x17\x7f\xff\xff\xff\0\0\0\x01")], &[]),
                sync(),
            ]),
        ),
        ("a jsonb of another version", all(&[parse("", "SELECT $1::jsonb"), bind("", &[1], &[Some(b"\x02{}")], &[]), sync()])),
        ("text that is no UTF-8, in text", all(&[parse("", "SELECT $1::text"), bind("", &[0], &[Some(b"\xff")], &[]), sync()])),
        ("text that is no UTF-8, in binary", all(&[parse("", "SELECT $1::text"), bind("", &[1], &[Some(b"\xff")], &[]), sync()])),
        ("text with a NUL", all(&[parse("", "SELECT $1::text"), bind("", &[1], &[Some(b"a\0b")], &[]), sync()])),
        ("an int4 in bad text", all(&[parse("", "SELECT $1::int4"), bind("", &[0], &[Some(b"x")], &[]), sync()])),
        ("a Describe of neither", all(&[message(b'D', b"X\0"), sync()])),
        ("a Describe of a statement that does not exist", all(&[message(b'D', b"Snobody\0"), sync()])),
        ("a Describe of a portal that does not exist", all(&[message(b'D', b"Pnobody\0"), sync()])),
        ("a Close of neither", all(&[message(b'C', b"X\0"), sync()])),
        ("a Close of what does not exist", all(&[message(b'C', b"Snobody\0"), message(b'C', b"Pnobody\0"), sync()])),
        ("an Execute of a portal that does not exist", all(&[execute("nobody", 0), sync()])),
        ("an Execute without a number", all(&[message(b'E', b"\0"), sync()])),
        ("an Execute of fewer than no rows", all(&[parse("", "SELECT 1"), bind("", &[], &[], &[]), execute("", -5), sync()])),
        (
            "an Execute after the end",
            all(&[parse("", "SELECT 1"), bind("", &[], &[], &[]), execute("", 0), execute("", 0), sync()]),
        ),
        (
            "messages behind an error",
            all(&[execute("nobody", 0), parse("", "SELECT 1"), bind("", &[], &[], &[]), execute("", 0), sync()]),
        ),
        ("an unknown type behind an error", all(&[execute("nobody", 0), message(b'z', b""), sync()])),
        ("COPY messages without a COPY", all(&[message(b'd', b"1\n"), message(b'c', b""), message(b'f', b"no\0")])),
        (
            "a COPY that the client ends with an error",
            all(&[query("COPY sink FROM STDIN"), message(b'd', b"1\n"), message(b'f', b"no\0")]),
        ),
        ("a query within a COPY", all(&[query("COPY sink FROM STDIN"), message(b'd', b"1\n"), query("SELECT 1")])),
        ("a Parse within a COPY", all(&[query("COPY sink FROM STDIN"), parse("", "SELECT 1")])),
        (
            "Sync and Flush within a COPY",
            all(&[query("COPY sink FROM STDIN"), sync(), message(b'H', b""), message(b'd', b"1\n"), message(b'c', b"")]),
        ),
        (
            "a COPY whose row is bad, and more of it",
            all(&[query("COPY sink FROM STDIN"), message(b'd', b"x\n"), message(b'd', b"2\n"), message(b'c', b"")]),
        ),
        ("goodbye", message(b'X', b"")),
        ("goodbye with a word", message(b'X', b"word")),
        ("two queries at once", all(&[query("SELECT 1"), query("SELECT 1/0")])),
        ("a failed transaction", all(&[query("BEGIN"), query("SELECT 1/0"), query("SELECT 1"), query("ROLLBACK")])),
        ("an error among statements", query("SELECT 1; SELECT 1/0; SELECT 2")),
    ]
}

/// Bytes instead of a login, by name.
fn knocks() -> Vec<(&'static str, Vec<u8>)> {
    let hello = startup(3 << 16, b"user\0annals\0database\0annals\0\0");
    vec![
        ("a packet that is too short", b"\0\0\0\x04".to_vec()),
        ("a packet that is too long", b"\x7f\xff\xff\xff\0\x03\0\0".to_vec()),
        ("protocol 1", startup(1 << 16, b"user\0annals\0\0")),
        ("protocol 4", startup(4 << 16, b"user\0annals\0\0")),
        ("nobody", startup(3 << 16, b"\0")),
        ("nobody by name", startup(3 << 16, b"database\0annals\0\0")),
        ("a packet without an end", startup(3 << 16, b"user\0annals\0")),
        ("a packet whose value is missing", startup(3 << 16, b"user\0")),
        ("a query instead of an answer", [hello.clone(), query("SELECT 1")].concat()),
        ("a mechanism that does not exist", [hello.clone(), message(b'p', b"PLAIN\0\0\0\0\0")].concat()),
        ("an answer without a length", [hello.clone(), message(b'p', b"SCRAM-SHA-256\0")].concat()),
        ("an answer with a wrong length", [hello.clone(), message(b'p', b"SCRAM-SHA-256\0\0\0\0\x63n,,n=,r=abc")].concat()),
        ("an answer that is no SCRAM", [hello.clone(), message(b'p', b"SCRAM-SHA-256\0\0\0\0\x03abc")].concat()),
        ("an answer that is too long", [hello, b"p\x00\x10\x00\x00".to_vec()].concat()),
        ("a request of the web", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec()),
        ("a request to cancel nothing", [&b"\0\0\0\x10\x04\xd2\x16\x2e"[..], &[0; 8]].concat()),
        ("a request to cancel that is short", b"\0\0\0\x0c\x04\xd2\x16\x2e\0\0\0\0".to_vec()),
    ]
}

/// Where the answer is not PostgreSQL's on purpose: the case and why.
const OTHERWISE: [(&str, &str); 14] = [
    ("a length that does not count itself", SAID),
    ("a length of nothing", SAID),
    ("a length below zero", SAID),
    ("a Sync that announces a gigabyte", SAID),
    ("a query within a COPY", ONCE),
    ("a Parse within a COPY", ONCE),
    ("two queries at once", CONSTANT),
    ("a failed transaction", CONSTANT),
    ("an error among statements", CONSTANT),
    ("a Parse whose type does not exist", "PostgreSQL reports an internal error, XX000; ours is 42704"),
    ("a jsonb of another version", "PostgreSQL reports an internal error, XX000; it is the client's mistake, so ours is 22P03"),
    ("a Bind with a result format that does not exist", "ours is refused at Bind, PostgreSQL's at the first row"),
    ("protocol 1", "PostgreSQL answers in the words of protocol 1, ours in those of protocol 3"),
    ("an answer that is too long", "PostgreSQL calls it a wrong password, ours a broken message; both close"),
];

const SAID: &str = "both close; PostgreSQL writes the reason only into its own log, ours tells the client too";
const ONCE: &str = "both close; PostgreSQL reports the COPY's failure first, ours once";
const CONSTANT: &str = "PostgreSQL fails on 1/0 while it plans, ours while it runs, so the row's description has been sent";

async fn answers(server: SocketAddr) -> Vec<(&'static str, Answer)> {
    let mut answers = Vec::new();
    for (name, bytes) in cases() {
        answers.push((name, Wire::logged_in(server).await.probe(&bytes).await));
    }
    for (name, bytes) in knocks() {
        answers.push((name, Wire::open(server).await.knock(&bytes).await));
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_messages_are_answered_as_postgresql_answers_them() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client.batch_execute("CREATE TABLE sink (n integer)").await.unwrap();
    let ours = answers(server.address()).await;
    assert_eq!(count(&client, "SELECT 1").await, 1, "the server is up, and a connection from before with it");
    let said = server.said();
    let wrong: Vec<&str> = said.lines().filter(|line| line.contains("panicked") || line.contains("internal error")).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (name, answer) in &ours {
        assert!(!answer.errors().iter().any(|error| error.ends_with("XX000")), "{name}: {answer:?}");
    }
    let closed = ours.iter().filter(|(_, answer)| answer.end == End::Closed).count();
    assert!(closed > 10, "only {closed} of the broken connections were closed");

    let Some(peer) = Peer::start().await else { return };
    peer.connect().await.batch_execute("CREATE TABLE sink (n integer)").await.unwrap();
    let theirs = answers(peer.address()).await;
    let differing: Vec<String> = ours
        .iter()
        .zip(&theirs)
        .filter(|((name, answer), (_, expected))| answer != expected && !OTHERWISE.iter().any(|(other, _)| other == name))
        .map(|((name, answer), (_, expected))| format!("{name}:\n  Annals     {answer:?}\n  PostgreSQL {expected:?}"))
        .collect();
    assert!(differing.is_empty(), "{} cases differ:\n{}", differing.len(), differing.join("\n"));
}
