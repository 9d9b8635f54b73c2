//! The ledger under SIGKILL: it goes on after every death at any of its steps, and covers no row that is lost.
//!
//! Rows come, expire and are purged, holds begin and end, keys take over. The newest published checkpoint is kept outside as a witness
//! would; after each death `annals verify` compares the folder with it, and the next server must bring every acknowledged row into its
//! tree.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio_postgres::Client;

use crate::harness::{CAN_PLANT, Chance, Launch, PATIENCE, Server, annals, count, folder, run, run_to_end, table};

/// Steps of a server, in the order of a row's life. What begins and resumes a ledger is tried in the store's own tests.
const POINTS: [&str; 11] = [
    "ledger-before-salts",
    "ledger-before-tiles",
    "ledger-mid-tiles",
    "ledger-before-entry",
    "ledger-mid-entry",
    "ledger-before-signed",
    "ledger-before-checkpoint",
    "ledger-before-hold",
    "ledger-before-list",
    "ledger-before-removed",
    "ledger-before-purged",
];

/// Steps of a key that takes over.
const KEYS_POINTS: [&str; 7] = [
    "keys-before-next",
    "ledger-before-entry",
    "ledger-mid-entry",
    "ledger-before-signed",
    "ledger-before-checkpoint",
    "keys-before-key",
    "keys-before-done",
];

/// How long a round's load runs if it does not come by its point.
const ROUND: Duration = Duration::from_secs(8);

/// What is known from outside.
struct Witness {
    data: PathBuf,
    /// The newest checkpoint that was seen.
    kept: PathBuf,
    /// Rows that were acknowledged.
    rows: AtomicU64,
}

impl Witness {
    /// Takes the newest checkpoint away, as a cron line does.
    fn look(&self) {
        if let Ok(note) = fs::read(self.data.join("ledger/checkpoint")) {
            fs::write(&self.kept, note).unwrap();
        }
    }

    /// Compares the folder of a dead server with what was kept.
    fn verify(&self, about: &str) {
        let text = |path: &Path| path.to_str().expect("a test's folders have plain names").to_owned();
        let ended = run(&["verify", "--data", &text(&self.data), "--checkpoint", &text(&self.kept)]);
        assert!(ended.status.success(), "{about}: {}{}", ended.stdout, ended.stderr);
    }

    /// Waits until the tree has every row that was acknowledged.
    async fn catch_up(&self, client: &Client, about: &str) {
        let acknowledged = self.rows.load(Ordering::SeqCst);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let size = "SELECT coalesce(max(size), 1) - 1 FROM annals.ledger_status WHERE tablename = 'log' AND problem IS NULL";
            let Ok(answer) = table(client, size).await else { return };
            let covered: u64 = answer.rows[0][0].as_deref().unwrap().parse().unwrap();
            if covered >= acknowledged {
                return;
            }
            assert!(Instant::now() < deadline, "{about}: {covered} of {acknowledged} acknowledged rows are in the tree");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Two of three rows stay; the third expires after a second.
async fn insert(client: Client, witness: Arc<Witness>, mut chance: Chance, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::SeqCst) {
        let rows = 1 + chance.below(400);
        let sql = format!("INSERT INTO log (occurred_at, n) SELECT now(), g FROM generate_series(1, {rows}) g");
        if client.batch_execute(&sql).await.is_err() {
            return;
        }
        witness.rows.fetch_add(rows, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(chance.below(60))).await;
    }
}

/// Purges, and lets holds begin and end.
async fn keep_house(client: Client, mut chance: Chance, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::SeqCst) {
        let number = chance.below(1000);
        let hold = format!("CREATE LEGAL HOLD h ON log WHERE (n = {}) REASON 'a case'", 3 * number);
        for sql in ["CHECKPOINT", "DROP LEGAL HOLD h ON log", "VACUUM log", hold.as_str(), "VACUUM log"] {
            if client.batch_execute(sql).await.is_err_and(|error| error.as_db_error().is_none() || error.is_closed()) {
                return;
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_ledger_goes_on_after_every_death() {
    let (seed, mut chance) = Chance::from_environment("ANNALS_CRASH_SEED", 20_260_201);
    println!("crash: the ledger, ANNALS_CRASH_SEED={seed}");
    let folder = folder();
    let data = folder.path().join("data");
    let witness = Arc::new(Witness { kept: folder.path().join("kept"), data: data.clone(), rows: AtomicU64::new(0) });
    let server = Server::start(&data);
    server
        .connect()
        .await
        .batch_execute(
            "CREATE TABLE log (event_id uuid NOT NULL DEFAULT uuidv7(), occurred_at timestamptz NOT NULL, n bigint);
             CREATE RETENTION POLICY short ON log WHERE (n % 3 = 0) KEEP INTERVAL '1 second'",
        )
        .await
        .unwrap();
    server.kill9();
    witness.look();
    let planted: &[&str] = if CAN_PLANT { &POINTS } else { &[] };
    let mut died = 0;
    for point in planted.iter().copied().map(Some).chain([None, None]) {
        let about = format!("{point:?}");
        died += usize::from(live(&witness, point, &mut chance, &about).await);
        witness.verify(&about);
    }
    assert!(died * 2 >= planted.len(), "the load came by {died} of {} points only", planted.len());
    for point in KEYS_POINTS {
        if CAN_PLANT {
            let mut rotate = annals(&["keys", "rotate", "--data"]);
            assert!(!run_to_end(rotate.arg(&data).env("ANNALS_CRASH_AT", point)).status.success(), "{point} is passed");
            witness.verify(point);
        }
    }
    run_to_end(annals(&["keys", "rotate", "--data"]).arg(&data)).succeeded();
    let server = Server::start(&data);
    let client = server.connect().await;
    witness.catch_up(&client, "at the end").await;
    let rows = count(&client, "SELECT count(*) FROM log").await;
    assert!(u64::try_from(rows).unwrap() * 3 >= witness.rows.load(Ordering::SeqCst) * 2 - 3, "{rows} rows are there");
    drop(client);
    assert!(server.terminate().success());
    witness.verify("at the end");
}

/// One life: the server catches up with what was acknowledged, works, and dies at a point, or by SIGKILL. Whether it was at the point.
async fn live(witness: &Arc<Witness>, point: Option<&'static str>, chance: &mut Chance, about: &str) -> bool {
    let launch = Launch::on(&witness.data);
    let launch = match point {
        Some(point) => launch.crash_at(&format!("{point}:{}", 1 + chance.below(3))),
        None => launch,
    };
    // It may die while it recovers from the death before.
    let Ok(mut server) = launch.try_start() else { return true };
    let stop = Arc::new(AtomicBool::new(false));
    let mut tasks = Vec::new();
    if let Ok(client) = server.try_connect().await {
        witness.catch_up(&client, about).await;
        tasks.push(tokio::spawn(insert(client, witness.clone(), Chance::new(chance.next()), stop.clone())));
    }
    if let Ok(client) = server.try_connect().await {
        tasks.push(tokio::spawn(keep_house(client, Chance::new(chance.next()), stop.clone())));
    }
    let end = Instant::now() + if point.is_some() { ROUND } else { Duration::from_millis(500 + chance.below(2000)) };
    let mut died = false;
    while Instant::now() < end && !died {
        witness.look();
        died = server.has_died();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.store(true, Ordering::SeqCst);
    println!("crash: the ledger at {about}: {}", if died { "died there" } else { "killed" });
    if !died {
        server.kill9();
    }
    for task in tasks {
        task.await.unwrap();
    }
    died
}
