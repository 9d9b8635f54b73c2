//! The tables are open: other people's readers read them while the server runs, and agree with it row for row.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_postgres::Client;

use crate::harness::{Chance, Server, copy_in, folder, lake, python};

/// A column of every type that a table can have.
const TABLE: &str = "CREATE TABLE every_type (event_id uuid NOT NULL DEFAULT uuidv7(), occurred_at timestamptz NOT NULL, small smallint,
    n integer, big bigint, amount numeric(12,2), bare numeric, ratio double precision, narrow real, ok boolean, note text, code varchar(12),
    day date, at timestamp, clock time, span interval, doc jsonb, verbatim json, raw bytea, tags text[],
    counts integer[], ids uuid[], moments timestamptz[], prices numeric(9,2)[], docs jsonb[], flags boolean[], spans interval[])";

/// Rows of every type, a third of the cells NULL, over five days, with what each format likes to get wrong: quotes, line breaks,
/// letters outside ASCII, the ends of ranges.
fn rows(chance: &mut Chance, from: u64, count: u64) -> String {
    let mut text = String::new();
    for n in from..from + count {
        let mut cells = vec![format!("2025-01-{:02} {:02}:{:02}:{:02}.{:06}+00", 1 + n % 5, n % 24, n % 60, n % 60, n % 1_000_000)];
        let values = [
            format!("{}", i64::from(i16::MIN) + i64::try_from(n % 65_536).unwrap()),
            if n % 97 == 0 { i32::MIN.to_string() } else { n.to_string() },
            if n % 89 == 0 { i64::MAX.to_string() } else { format!("-{n}") },
            format!("{}.{:02}", n * 7, n % 100),
            format!("{}.{}", n, chance.below(1_000_000_000)),
            if n % 101 == 0 { "1e300".to_owned() } else { format!("{}.125", n) },
            format!("{}.5", n % 1000),
            if n % 2 == 0 { "t" } else { "f" }.to_owned(),
            ["plain", "it''s \"quoted\"", "two\\nlines\\tand a tab", "Größe 日本 🚌", ""][usize::try_from(n % 5).unwrap()]
                .to_owned(),
            format!("c{}", n % 1000),
            format!("{:04}-{:02}-{:02}", 1970 + n % 200, 1 + n % 12, 1 + n % 28),
            format!("2024-02-29 {:02}:00:00.{:06}", n % 24, n % 1_000_000),
            format!("{:02}:{:02}:{:02}.{:06}", n % 24, n % 60, n % 60, n % 1_000_000),
            format!("{} mons {} days {:02}:00:00", n % 30, n % 40, n % 24),
            format!("{{\"b\": {n}, \"a\": [1, 2.50, null, \"\\\\u00e9\"], \"b\": {}}}", n + 1),
            // So long that a file that stays has it by LZ4.
            format!("{{ \"kept\" :  {n}, \"told\": \"{}\" }}", format!("{n} times, once more; ").repeat(10)),
            format!("\\\\x{n:08x}"),
            format!("{{a{n},\"with, comma\",NULL}}"),
            format!("{{{n},NULL,-1}}"),
            format!("{{0198c0de-0000-7000-8000-{n:012x}}}"),
            format!("{{\"2024-02-29 {:02}:00:00+00\",NULL}}", n % 24),
            format!("{{{}.{:02},0.50}}", n, n % 100),
            format!("{{\"{{\\\\\"n\\\\\": {n}}}\",\"[1, 2]\"}}"),
            if n % 3 == 0 { "{}" } else { "{t,NULL,f}" }.to_owned(),
            format!("{{\"{} mons {} days\"}}", n % 30, n % 40),
        ];
        cells.extend(values.into_iter().map(|value| if chance.one_in(3) { "\\N".to_owned() } else { value }));
        writeln!(text, "{}", cells.join("\t")).expect("a String takes everything");
    }
    text
}

async fn load(client: &Client, chance: &mut Chance, from: u64, count: u64) {
    let sql = "COPY every_type (occurred_at, small, n, big, amount, bare, ratio, narrow, ok, note, code, day, at, clock, span, doc, verbatim,
        raw, tags, counts, ids, moments, prices, docs, flags, spans) FROM STDIN";
    assert_eq!(copy_in(client, sql, rows(chance, from, count)).await.unwrap(), count);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn other_readers_agree_row_for_row_while_the_server_runs() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client.batch_execute(TABLE).await.unwrap();
    let mut chance = Chance::new(8);
    for part in 0..4 {
        load(&client, &mut chance, part * 1500, 1500).await;
        client.batch_execute("CHECKPOINT").await.unwrap();
    }
    let home = lake::delta_folder(folder.path(), "public.every_type");
    if !agree(&server, &home, "all", 6000) {
        return;
    }
    // After a rewrite the same rows stand in other files.
    client.batch_execute("VACUUM every_type").await.unwrap();
    agree(&server, &home, "all", 6000);

    // While rows come in, every version that a reader opens holds rows that the server has too, and each once.
    let stop = Arc::new(AtomicBool::new(false));
    let writer = {
        let (stop, client, mut chance) = (stop.clone(), server.connect().await, chance.clone());
        tokio::spawn(async move {
            let mut from = 6000;
            while !stop.load(Ordering::SeqCst) {
                load(&client, &mut chance, from, 200).await;
                client.batch_execute("CHECKPOINT").await.unwrap();
                from += 200;
            }
        })
    };
    for _ in 0..2 {
        agree(&server, &home, "growing", 6000);
    }
    stop.store(true, Ordering::SeqCst);
    writer.await.unwrap();

    // A column that was added later, and one that was renamed, which keeps the name in the files that it began with.
    client
        .batch_execute("ALTER TABLE every_type ADD COLUMN later text; ALTER TABLE every_type RENAME COLUMN small TO tiny")
        .await
        .unwrap();
    client
        .batch_execute("INSERT INTO every_type (occurred_at, tiny, later) VALUES ('2025-01-03 00:00:00+00', 5, 'new')")
        .await
        .unwrap();
    client.batch_execute("CHECKPOINT").await.unwrap();
    agree(&server, &home, "renamed", 6001);
}

/// Runs the comparison; false when there is no Python to run it.
fn agree(server: &Server, home: &std::path::Path, mode: &str, rows_min: i64) -> bool {
    let Some(said) = python("open_format.py", server.address(), &[home, mode.as_ref()]) else { return false };
    for reader in ["deltalake", "polars", "duckdb"] {
        let line = said.lines().find(|line| line.starts_with(reader)).unwrap_or_else(|| panic!("{reader} said nothing: {said}"));
        let rows: i64 = line.split_whitespace().nth(1).and_then(|rows| rows.parse().ok()).unwrap_or_else(|| panic!("{line}"));
        assert!(rows >= rows_min && line.ends_with("rows agree"), "{mode}: {line}");
    }
    true
}
