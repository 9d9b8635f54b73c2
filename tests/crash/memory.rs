//! What the test knows: which statements were sent, which were acknowledged, and what must therefore be found.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tokio_postgres::Client;

use super::definitions::Definitions;
use super::load::payload_sql;
use crate::harness::{Server, table};

/// What is known of a statement's outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Sent, and never answered.
    Unknown,
    /// Answered, or found whole after a crash: there for good.
    There,
    /// Found missing after a crash: it may never come back.
    Gone,
}

/// Rows that one statement, or one transaction over both tables, was to add.
#[derive(Debug, Clone, Copy)]
struct Statement {
    /// Rows in `load` and in `load_other`.
    rows: [i64; 2],
    fate: Fate,
}

/// Everything sent so far.
#[derive(Default)]
pub(super) struct Memory {
    next: AtomicI64,
    acknowledged: AtomicU64,
    statements: Mutex<BTreeMap<i64, Statement>>,
    tally: Mutex<Tally>,
    pub(super) definitions: Definitions,
}

/// The number that one connection keeps raising in a reference table.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Tally {
    acknowledged: i64,
    sent: i64,
}

/// How the statements without an answer turned out.
pub(super) struct Settled {
    there: usize,
    gone: usize,
}

impl fmt::Display for Settled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "of those without an answer {} were whole and {} absent", self.there, self.gone)
    }
}

impl Memory {
    /// Notes a statement before it is sent; gives its number.
    pub(super) fn sending(&self, load_rows: i64, other_rows: i64) -> i64 {
        let id = self.next.fetch_add(1, Ordering::SeqCst);
        self.statements.lock().unwrap().insert(id, Statement { rows: [load_rows, other_rows], fate: Fate::Unknown });
        id
    }

    /// Notes the server's answer.
    pub(super) fn answered(&self, id: i64) {
        self.statements.lock().unwrap().get_mut(&id).expect("it was noted before it was sent").fate = Fate::There;
        self.acknowledged.fetch_add(1, Ordering::SeqCst);
    }

    /// Notes that the tally is about to be raised; gives its next value.
    pub(super) fn tally_sending(&self) -> i64 {
        let mut tally = self.tally.lock().unwrap();
        tally.sent = tally.acknowledged + 1;
        tally.sent
    }

    pub(super) fn tally_answered(&self) {
        let mut tally = self.tally.lock().unwrap();
        tally.acknowledged = tally.sent;
        self.acknowledged.fetch_add(1, Ordering::SeqCst);
    }

    /// Statements answered so far.
    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::SeqCst)
    }

    /// Compares a server that has just started with everything known, and settles what was unknown by what is found.
    pub(super) async fn compare(&self, server: &Server, round: u64) -> Settled {
        let client = server.connect().await;
        let found = [stored(&client, "load").await, stored(&client, "load_other").await];
        let settled = self.settle(&found, round);
        self.compare_tally(&client, round).await;
        self.definitions.compare_recent(&client, round).await;
        settled
    }

    pub(super) async fn compare_every_definition(&self, server: &Server) {
        self.definitions.compare_all(&server.connect().await).await;
    }

    fn settle(&self, found: &[BTreeMap<i64, i64>; 2], round: u64) -> Settled {
        let mut statements = self.statements.lock().unwrap();
        for (index, name) in ["load", "load_other"].iter().enumerate() {
            for id in found[index].keys() {
                assert!(statements.contains_key(id), "round {round}: {name} holds rows of statement {id}, which nobody sent");
            }
        }
        let mut settled = Settled { there: 0, gone: 0 };
        for (id, statement) in statements.iter_mut() {
            let rows = [found[0].get(id).copied().unwrap_or(0), found[1].get(id).copied().unwrap_or(0)];
            let is_there = rows == statement.rows;
            let is_gone = rows == [0, 0];
            match statement.fate {
                Fate::There => {
                    assert!(is_there, "round {round}: acknowledged statement {id} has {rows:?} of {:?} rows", statement.rows)
                }
                Fate::Gone => {
                    assert!(is_gone, "round {round}: statement {id} was absent after a crash and has come back: {rows:?}")
                }
                Fate::Unknown if is_there => {
                    statement.fate = Fate::There;
                    settled.there += 1;
                }
                Fate::Unknown if is_gone => {
                    statement.fate = Fate::Gone;
                    settled.gone += 1;
                }
                Fate::Unknown => panic!("round {round}: half of statement {id} is there: {rows:?} of {:?} rows", statement.rows),
            }
        }
        settled
    }

    async fn compare_tally(&self, client: &Client, round: u64) {
        let found = table(client, "SELECT n FROM load_tally WHERE id = 'only'").await.unwrap().rows;
        assert_eq!(found.len(), 1, "round {round}: the reference row is there once: {found:?}");
        let value: i64 = found[0][0].as_deref().unwrap().parse().unwrap();
        let mut tally = self.tally.lock().unwrap();
        let Tally { acknowledged, sent } = *tally;
        assert!(
            value == acknowledged || value == sent,
            "round {round}: the tally is {value}; {acknowledged} was acknowledged, {sent} sent"
        );
        *tally = Tally { acknowledged: value, sent: value };
    }
}

/// The number of rows of each statement that a table holds. A row that is there twice or not as it was sent fails the test.
async fn stored(client: &Client, name: &str) -> BTreeMap<i64, i64> {
    let sql = format!(
        "SELECT statement, count(*), sum(line), sum(line * line), min(line), max(line), sum(CASE WHEN payload = {} THEN 1 ELSE 0 END)
         FROM {name} GROUP BY statement",
        payload_sql()
    );
    let mut found = BTreeMap::new();
    for row in table(client, &sql).await.unwrap_or_else(|error| panic!("{name} cannot be read: {error:?}")).rows {
        let numbers: Vec<i64> = row.iter().map(|cell| cell.as_deref().unwrap().parse().unwrap()).collect();
        let [statement, count, sum, squares, first, last, intact] = numbers[..] else {
            panic!("{name}: seven columns, not {row:?}")
        };
        // To count distinct lines would hold them all in memory.
        let whole = (count * (count - 1) / 2, (count - 1) * count * (2 * count - 1) / 6);
        assert_eq!((sum, squares), whole, "{name}: statement {statement} has rows that are there twice");
        assert_eq!(count, intact, "{name}: statement {statement} has rows that are not as they were sent");
        // A statement counts as whole by its number of rows; its lines must then be the ones from 0 without a gap.
        assert_eq!((first, last), (0, count - 1), "{name}: statement {statement} lacks rows in the middle");
        found.insert(statement, count);
    }
    found
}
