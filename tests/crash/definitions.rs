//! Tables and views that come, change and go while the server dies: each is found as its last answered step left it, or as the step
//! that was under way would have.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio_postgres::{Client, Error};

use crate::harness::{count, sqlstate};

/// What is to be seen of one table and its view.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Shape {
    /// `None` when there is no such table.
    columns: Option<Vec<String>>,
    rows: i64,
    has_view: bool,
}

impl Shape {
    fn new(columns: &[&str], rows: i64, has_view: bool) -> Shape {
        Shape { columns: Some(columns.iter().map(|&column| column.to_owned()).collect()), rows, has_view }
    }
}

/// One step of a table's life: statements that take effect at once, and what is to be seen afterwards.
struct Step {
    statements: Vec<String>,
    then: Shape,
}

/// A table's life under one name: one statement a step, or a whole transaction as one step.
fn life(name: &str, in_transaction: bool) -> Vec<Step> {
    let create = format!("CREATE TABLE {name} (occurred_at timestamptz NOT NULL DEFAULT now(), a bigint)");
    let alter = format!("ALTER TABLE {name} ADD COLUMN b text");
    let insert = format!("INSERT INTO {name} (a, b) VALUES (1, 'one'), (2, 'two')");
    let view = format!("CREATE VIEW {name}_view AS SELECT a, b FROM {name}");
    let (narrow, wide) = (["occurred_at", "a"], ["occurred_at", "a", "b"]);
    let step = |statements: &[&str], then: Shape| Step { statements: statements.iter().map(|&sql| sql.to_owned()).collect(), then };
    let mut steps = if in_transaction {
        vec![step(&["BEGIN", &create, &alter, &insert, &view, "COMMIT"], Shape::new(&wide, 2, true))]
    } else {
        vec![
            step(&[&create], Shape::new(&narrow, 0, false)),
            step(&[&alter], Shape::new(&wide, 0, false)),
            step(&[&insert], Shape::new(&wide, 2, false)),
            step(&[&view], Shape::new(&wide, 2, true)),
        ]
    };
    steps.push(step(&[&format!("DROP VIEW {name}_view")], Shape::new(&wide, 2, false)));
    steps.push(step(&[&format!("DROP TABLE {name}")], Shape::default()));
    steps
}

/// How far a table's life has come.
#[derive(Debug, Clone)]
struct Progress {
    round: u64,
    answered: Shape,
    sent: Shape,
}

/// Every table that was ever begun, by name.
#[derive(Default)]
pub(super) struct Definitions(Mutex<BTreeMap<String, Progress>>);

impl Definitions {
    /// Defines table after table until the server is gone.
    pub(super) async fn work(&self, client: &Client, round: u64) -> Error {
        for number in 0_u64.. {
            // Definitions are rare beside rows; hundreds of tables would make each CHECKPOINT of the round a long one.
            tokio::time::sleep(Duration::from_millis(20 * number)).await;
            let name = format!("made_{round}_{number}");
            let mut steps = life(&name, number % 2 == 1);
            // Some tables stay, so that there is something to find.
            if number % 3 != 2 {
                steps.truncate(steps.len() - 2);
            }
            for step in steps {
                self.sending(&name, round, &step.then);
                for sql in &step.statements {
                    if let Err(error) = client.batch_execute(sql).await {
                        return error;
                    }
                }
                self.answered(&name);
            }
        }
        unreachable!("a server does not outlive that many tables")
    }

    fn sending(&self, name: &str, round: u64, then: &Shape) {
        let mut all = self.0.lock().unwrap();
        let answered = all.get(name).map_or_else(Shape::default, |progress| progress.answered.clone());
        all.insert(name.to_owned(), Progress { round, answered, sent: then.clone() });
    }

    fn answered(&self, name: &str) {
        let mut all = self.0.lock().unwrap();
        let progress = all.get_mut(name).expect("it was noted before it was sent");
        progress.answered = progress.sent.clone();
    }

    /// Compares the tables of this round and of the one before; older ones have been compared twice already.
    pub(super) async fn compare_recent(&self, client: &Client, round: u64) {
        self.compare(client, |progress| progress.round + 1 >= round).await;
    }

    pub(super) async fn compare_all(&self, client: &Client) {
        self.compare(client, |_| true).await;
    }

    async fn compare(&self, client: &Client, which: impl Fn(&Progress) -> bool) {
        let all: Vec<(String, Progress)> = self
            .0
            .lock()
            .unwrap()
            .iter()
            .filter(|(_, progress)| which(progress))
            .map(|(name, progress)| (name.clone(), progress.clone()))
            .collect();
        for (name, mut progress) in all {
            let found = look(client, &name).await;
            assert!(
                found == progress.answered || found == progress.sent,
                "{name}: found {found:?}, where {:?} was answered and {:?} was under way",
                progress.answered,
                progress.sent
            );
            (progress.answered, progress.sent) = (found.clone(), found);
            self.0.lock().unwrap().insert(name, progress);
        }
    }
}

/// What there is under a name.
async fn look(client: &Client, name: &str) -> Shape {
    let Some(columns) = columns(client, name).await else { return Shape::default() };
    let view = format!("{name}_view");
    let has_view = columns_of_view(client, &view).await;
    Shape { columns: Some(columns), rows: count(client, &format!("SELECT count(*) FROM {name}")).await, has_view }
}

/// The columns of a table or view, or `None` when there is none.
async fn columns(client: &Client, name: &str) -> Option<Vec<String>> {
    match client.prepare(&format!("SELECT * FROM {name}")).await {
        Ok(prepared) => Some(prepared.columns().iter().map(|column| column.name().to_owned()).collect()),
        Err(error) => {
            assert_eq!(sqlstate(&error), "42P01", "{name}: {error:?}");
            None
        }
    }
}

/// Whether a view is there; one that is there has both columns and reads.
async fn columns_of_view(client: &Client, view: &str) -> bool {
    let Some(found) = columns(client, view).await else { return false };
    assert_eq!(found, ["a", "b"], "{view}");
    assert_eq!(count(client, &format!("SELECT count(*) FROM {view}")).await, 2, "{view}");
    true
}
