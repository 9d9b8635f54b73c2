//! Bytes and texts that nobody would write: what is good is changed a little, at random, for a while. Nothing may panic, hang or end
//! the server.
//!
//! The seed is printed and can be given (`ANNALS_FUZZ_SEED`), the time too (`ANNALS_FUZZ_SECONDS`). The same seed makes the same
//! changes in the same order; how many of them fit into the time is the machine's business.

use std::env;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use annals::query::parse::parse as read;

use super::wire::{Wire, bind, execute, message, parse, query, sync};
use crate::harness::{Chance, Server, count, folder};

const SEED: u64 = 20_240_229;
const SECONDS: u64 = 10;

/// How long one fuzzing goes on, and the chance that drives it.
fn bounds(what: &str) -> (Instant, Chance) {
    let (seed, chance) = Chance::from_environment("ANNALS_FUZZ_SEED", SEED);
    let seconds = env::var("ANNALS_FUZZ_SECONDS").map_or(SECONDS, |text| text.parse().expect("ANNALS_FUZZ_SECONDS is a number"));
    println!("fuzzing {what} for {seconds} s with ANNALS_FUZZ_SEED={seed}");
    (Instant::now() + Duration::from_secs(seconds), chance)
}

/// An index below a length that is not 0.
fn index(chance: &mut Chance, length: usize) -> usize {
    usize::try_from(chance.below(length as u64)).unwrap()
}

/// Changes bytes a few times: turned, taken out, doubled, exchanged, cut off, or replaced by a piece of another sample.
fn mutate(bytes: &mut Vec<u8>, samples: &[Vec<u8>], chance: &mut Chance) {
    const TELLING: [u8; 12] = [0, 1, 0x7f, 0x80, 0xff, b'\'', b'"', b'(', b')', b'$', b'\\', b';'];
    for _ in 0..=chance.below(6) {
        if bytes.is_empty() {
            return;
        }
        let at = index(chance, bytes.len());
        let end = (at + 1 + index(chance, 12)).min(bytes.len());
        match chance.below(7) {
            0 => bytes[at] ^= 1 << chance.below(8),
            1 => bytes[at] = *chance.pick(&TELLING),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece.repeat(1 + index(chance, 4)));
            }
            4 => {
                let other = index(chance, bytes.len());
                bytes.swap(at, other);
            }
            5 => bytes.truncate(at),
            _ => {
                let other = chance.pick(samples);
                if !other.is_empty() {
                    let from = index(chance, other.len());
                    let to = (from + 1 + index(chance, 24)).min(other.len());
                    bytes.splice(at..at, other[from..to].to_vec());
                }
            }
        }
    }
}

/// Every statement of the project's own scripts, and some of the shapes that they lack.
fn statements() -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    for place in ["sql", "tests/expressions"] {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(place)).unwrap() {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            found.extend(text.split(";\n").map(|statement| statement.trim().as_bytes().to_vec()));
        }
    }
    let more = [
        "COPY t (a, b) FROM STDIN WITH (FORMAT csv, HEADER match, DELIMITER E'\\t', NULL '')",
        "DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT 1; FETCH BACKWARD 5 FROM c; MOVE ALL IN c; CLOSE ALL",
        "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SAVEPOINT s; ROLLBACK TO s; RELEASE s; COMMIT AND CHAIN",
        "SET LOCAL search_path TO \"a b\", public; RESET ALL; SHOW TimeZone; SET TIME ZONE INTERVAL '+02:00' HOUR TO MINUTE",
        "PREPARE p (int, text) AS SELECT $1, $2; EXECUTE p(1, 'x'); DEALLOCATE PREPARE p; LISTEN x; NOTIFY x, 'y'; UNLISTEN *",
        "CREATE FUNCTION f(a int, b text DEFAULT 'x') RETURNS TABLE (c int) LANGUAGE sql AS $body$ SELECT $1 $body$",
        "SELECT E'\\u0041\\x42\\103\\n', U&'\\0041', B'101', X'1F', $tag$ text $tag$, 1e10, .5, 0x1F, 'a' 'b'",
        "SELECT a[1:2], b.c.d, (x).y, CASE a WHEN 1 THEN 2 ELSE 3 END FROM t TABLESAMPLE system (1) FOR UPDATE",
    ];
    found.extend(more.iter().map(|text| text.as_bytes().to_vec()));
    found.retain(|statement| !statement.is_empty() && statement.len() < 4_000);
    assert!(found.len() > 200, "only {} samples", found.len());
    found
}

#[test]
fn no_text_makes_the_parser_panic() {
    // As much stack as the program gives the threads that parse.
    let fuzzing = thread::Builder::new().stack_size(64 << 20).spawn(|| {
        let (end, mut chance) = bounds("the statement parser");
        let samples = statements();
        let (mut read_well, mut refused) = (0_u64, 0_u64);
        while Instant::now() < end {
            let mut bytes = chance.pick(&samples).clone();
            mutate(&mut bytes, &samples, &mut chance);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            // A panic shows the text, because the thread's own message does not.
            match std::panic::catch_unwind(|| read(&text)) {
                Ok(Ok(_)) => read_well += 1,
                Ok(Err(error)) => {
                    assert_ne!(error.sqlstate(), "XX000", "{error:?}: {text}");
                    refused += 1;
                }
                Err(_) => panic!("the parser panics at: {text:?}"),
            }
        }
        println!("{read_well} texts were read, {refused} refused");
        assert!(
            read_well > 10 && refused > 10,
            "{read_well} texts were read, {refused} refused: the changes are too small or too large"
        );
    });
    fuzzing.unwrap().join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

/// What a client may well send after its login, one sample a conversation.
fn conversations() -> Vec<Vec<u8>> {
    vec![
        query("SELECT 1"),
        query("SELECT 'a'; SELECT 2"),
        [parse("", "SELECT $1::int4 + 1"), bind("", &[1], &[Some(&[0, 0, 0, 7])], &[1]), execute("", 0), sync()].concat(),
        [parse("s", "SELECT $1::text"), message(b'D', b"Ss\0"), bind("s", &[0], &[Some(b"x")], &[0]), execute("", 1), sync()]
            .concat(),
        [
            parse("", "SELECT $1::numeric, $2::int4[]"),
            bind("", &[1], &[Some(&[0, 1, 0, 0, 0, 0, 0, 0, 0, 1]), None], &[]),
            execute("", 0),
            sync(),
        ]
        .concat(),
        [
            parse("", "SELECT $1::interval, $2::timestamptz, $3::uuid, $4::jsonb"),
            bind("", &[1], &[Some(&[0; 16]), Some(&[0; 8]), Some(&[7; 16]), Some(b"\x01{}")], &[1]),
            execute("", 0),
            sync(),
        ]
        .concat(),
        [query("COPY sink FROM STDIN"), message(b'd', b"1\n2\n"), message(b'c', b"")].concat(),
        [
            query("COPY sink FROM STDIN (FORMAT binary)"),
            message(b'd', b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x04\0\0\0\x07\xff\xff"),
            message(b'c', b""),
        ]
        .concat(),
        [query("BEGIN"), query("SELECT 1/0"), query("ROLLBACK")].concat(),
        [message(b'C', b"Ss\0"), message(b'H', b""), message(b'D', b"P\0"), sync(), message(b'X', b"")].concat(),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_bytes_end_the_server() {
    let folder = folder();
    let server = Server::start(folder.path());
    let witness = server.connect().await;
    witness.batch_execute("CREATE TABLE sink (n integer)").await.unwrap();
    let (end, mut chance) = bounds("the protocol");
    let samples = conversations();
    let mut sent = 0_u64;
    while Instant::now() < end {
        let mut bytes = chance.pick(&samples).clone();
        mutate(&mut bytes, &samples, &mut chance);
        // Half of them where only a startup packet belongs.
        let mut wire = if chance.one_in(2) { Wire::logged_in(server.address()).await } else { Wire::open(server.address()).await };
        wire.send(&bytes).await;
        wire.taste().await;
        sent += 1;
        if sent.is_multiple_of(100) {
            assert_eq!(count(&witness, "SELECT 1").await, 1);
        }
    }
    println!("{sent} conversations");
    assert!(sent > 20, "only {sent} conversations");
    assert_eq!(count(&server.connect().await, "SELECT 1").await, 1, "the server is up");
    let said = server.said();
    let wrong: Vec<&str> = said.lines().filter(|line| line.contains("panicked") || line.contains("internal error")).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
