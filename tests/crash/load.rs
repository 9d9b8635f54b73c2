//! The load: what the connections of a round do until their server dies.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use futures::{SinkExt, future, pin_mut};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Error};

use super::memory::Memory;
use crate::harness::{Chance, Server};

/// Bytes of ballast in each row of a bulk COPY, and its rows: together more than a statement may hold in memory.
const BALLAST_BYTES: usize = 1024 * 1024;
const BALLAST_ROWS: i64 = 80;

/// The tables that rows go into. The days make several partitions; the default makes a value that only the server knows.
pub(super) async fn create_tables(client: &Client) {
    for name in ["load", "load_other"] {
        let sql = format!(
            "CREATE TABLE {name} (occurred_at timestamptz NOT NULL DEFAULT now(), statement bigint NOT NULL, line bigint NOT NULL,
             payload text NOT NULL, ballast text)"
        );
        client.batch_execute(&sql).await.unwrap();
    }
    client.batch_execute("CREATE TABLE load_tally (id text PRIMARY KEY, n bigint NOT NULL) USING reference").await.unwrap();
    client.batch_execute("INSERT INTO load_tally VALUES ('only', 0)").await.unwrap();
}

/// What `payload` must be for a row, so that the server can be asked which rows are intact.
pub(super) fn payload_sql() -> &'static str {
    "statement::text || '-' || line::text || '-' || repeat('x', (line % 40)::int)"
}

fn payload(statement: i64, line: i64) -> String {
    format!("{statement}-{line}-{}", "x".repeat(usize::try_from(line % 40).unwrap()))
}

fn occurred_at(line: i64) -> String {
    format!("2025-01-{:02} {:02}:{:02}:00+00", 1 + line % 3, line % 24, line % 60)
}

/// The connections of one round.
pub(super) struct Load(Vec<JoinHandle<()>>);

impl Load {
    /// Opens the connections and lets them run until the server is gone.
    pub(super) async fn start(server: &Server, round: u64, with_bulk: bool, memory: &Arc<Memory>, chance: &mut Chance) -> Load {
        let mut tasks = Vec::new();
        for worker in 0..if with_bulk { 9 } else { 8_u64 } {
            // A planted crash may come while the connections are still being opened.
            let Ok(client) = server.try_connect().await else { break };
            let (memory, chance) = (memory.clone(), Chance::new(chance.next()));
            tasks.push(tokio::spawn(async move {
                let error = match worker {
                    0 | 1 => copy(&client, &memory, chance).await,
                    2 | 3 => insert(&client, &memory, chance).await,
                    4 => insert_one(&client, &memory).await,
                    5 => transact(&client, &memory, chance).await,
                    6 => keep_house(&client, &memory, chance).await,
                    7 => memory.definitions.work(&client, round).await,
                    _ => copy_in_bulk(&client, &memory).await,
                };
                // The server's end closes the connection or says "shutting down" (class 57); any other refusal is a fault.
                if let Some(code) = error.code() {
                    assert!(code.code().starts_with("57"), "the load was refused: {error:?}");
                }
            }));
        }
        Load(tasks)
    }

    /// Waits until every connection has noticed that the server is gone.
    pub(super) async fn ended(self) {
        for task in self.0 {
            if let Err(failed) = task.await {
                std::panic::resume_unwind(failed.into_panic());
            }
        }
    }
}

/// COPY of up to two thousand rows, in several messages.
async fn copy(client: &Client, memory: &Memory, mut chance: Chance) -> Error {
    loop {
        let rows = 1 + i64::try_from(chance.below(2000)).unwrap();
        let id = memory.sending(rows, 0);
        match copy_once(client, id, rows, &mut chance).await {
            Ok(copied) => {
                assert_eq!(copied, u64::try_from(rows).unwrap(), "COPY says how many rows it took");
                memory.answered(id);
            }
            Err(error) => return error,
        }
    }
}

async fn copy_once(client: &Client, id: i64, rows: i64, chance: &mut Chance) -> Result<u64, Error> {
    let sink = client.copy_in("COPY load (occurred_at, statement, line, payload) FROM STDIN").await?;
    pin_mut!(sink);
    let mut text = String::new();
    for line in 0..rows {
        writeln!(text, "{}\t{id}\t{line}\t{}", occurred_at(line), payload(id, line)).expect("a String takes everything");
        if chance.one_in(200) {
            sink.send(Bytes::from(std::mem::take(&mut text))).await?;
        }
    }
    sink.send(Bytes::from(text)).await?;
    sink.finish().await
}

/// COPY of more than fits into memory, which goes to segments before its commit.
async fn copy_in_bulk(client: &Client, memory: &Memory) -> Error {
    loop {
        let id = memory.sending(BALLAST_ROWS, 0);
        match copy_ballast(client, id).await {
            Ok(_) => memory.answered(id),
            Err(error) => return error,
        }
    }
}

async fn copy_ballast(client: &Client, id: i64) -> Result<u64, Error> {
    let sink = client.copy_in("COPY load (occurred_at, statement, line, payload, ballast) FROM STDIN").await?;
    pin_mut!(sink);
    let ballast = "b".repeat(BALLAST_BYTES);
    for line in 0..BALLAST_ROWS {
        sink.send(Bytes::from(format!("{}\t{id}\t{line}\t{}\t{ballast}\n", occurred_at(line), payload(id, line)))).await?;
    }
    sink.finish().await
}

/// Ballast is compared once, at the end, because reading it takes a while: every row that has any has all of it.
pub(super) async fn compare_ballast(client: &Client) {
    let sql = format!("SELECT count(*) FROM load WHERE ballast IS NOT NULL AND length(ballast) <> {BALLAST_BYTES}");
    assert_eq!(crate::harness::count(client, &sql).await, 0, "ballast is missing");
}

/// INSERT of up to twenty rows as text.
async fn insert(client: &Client, memory: &Memory, mut chance: Chance) -> Error {
    loop {
        let rows = 1 + i64::try_from(chance.below(20)).unwrap();
        let id = memory.sending(rows, 0);
        match client.batch_execute(&insert_sql("load", id, rows)).await {
            Ok(()) => memory.answered(id),
            Err(error) => return error,
        }
    }
}

fn insert_sql(name: &str, id: i64, rows: i64) -> String {
    let values: Vec<String> =
        (0..rows).map(|line| format!("('{}', {id}, {line}, '{}')", occurred_at(line), payload(id, line))).collect();
    format!("INSERT INTO {name} (occurred_at, statement, line, payload) VALUES {}", values.join(", "))
}

/// INSERT of single rows with parameters, of a statement prepared once.
async fn insert_one(client: &Client, memory: &Memory) -> Error {
    let prepared = match client.prepare("INSERT INTO load (statement, line, payload) VALUES ($1, $2, $3)").await {
        Ok(prepared) => prepared,
        Err(error) => return error,
    };
    loop {
        let id = memory.sending(1, 0);
        match client.execute(&prepared, &[&id, &0_i64, &payload(id, 0)]).await {
            Ok(inserted) => {
                assert_eq!(inserted, 1);
                memory.answered(id);
            }
            Err(error) => return error,
        }
    }
}

/// Transactions over both tables, and now and then one that is rolled back.
async fn transact(client: &Client, memory: &Memory, mut chance: Chance) -> Error {
    loop {
        let rows = 1 + i64::try_from(chance.below(10)).unwrap();
        let roll_back = chance.one_in(5);
        // A rolled-back transaction is one that must leave nothing.
        let id = if roll_back { memory.sending(0, 0) } else { memory.sending(rows, rows + 1) };
        let end = if roll_back { "ROLLBACK" } else { "COMMIT" };
        for sql in ["BEGIN", &insert_sql("load", id, rows), &insert_sql("load_other", id, rows + 1), end] {
            if let Err(error) = client.batch_execute(sql).await {
                return error;
            }
        }
        memory.answered(id);
    }
}

/// Raises the tally of the reference table, and makes the store flush, compact and write its checkpoints.
async fn keep_house(client: &Client, memory: &Memory, mut chance: Chance) -> Error {
    loop {
        for _ in 0..chance.below(8) {
            let next = memory.tally_sending();
            match client.batch_execute(&format!("UPDATE load_tally SET n = {next} WHERE id = 'only'")).await {
                Ok(()) => memory.tally_answered(),
                Err(error) => return error,
            }
        }
        let sql = if chance.one_in(3) { "VACUUM load" } else { "CHECKPOINT" };
        if let Err(error) = client.batch_execute(sql).await {
            return error;
        }
    }
}

#[test]
fn a_connection_that_is_gone_ends_its_task() {
    // `future::ready` stands for a task that failed: its panic must reach the test and not be lost with the handle.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let failing = runtime.spawn(async { assert!(future::ready(false).await, "a fault in the load") });
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| runtime.block_on(Load(vec![failing]).ended())));
    assert!(outcome.is_err());
}
