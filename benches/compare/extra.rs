//! What is no query: rows that come into a table with all its indexes, and look-ups while rows arrive.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::common::Result;
use crate::common::load::{INSERT_ROUNDS, connect, copy, copy_statement, count, explained, insert_for_a_while, run_sql};
use crate::common::machine::median;
use crate::common::process::{say, settle};
use crate::common::rows::Rows;
use crate::peers::{Annals, Postgresql, STATEMENT_ROWS, expect_rows, our_table, their_indexes, their_table};
use crate::report::{Line, Report};
use crate::{Bench, Extra, System};

/// The table that takes the rows.
const TABLE: &str = "arrivals";
/// Clients of the mixed load.
const CLIENTS: usize = 16;
/// How often each group is asked, of a hundred statements.
const SHARES: [(&str, usize); 3] = [("look-up", 60), ("page", 30), ("dashboard", 10)];
/// Rows that arrive in a second.
pub(crate) const ARRIVING: u64 = 20_000;
/// The generator spreads its rows over so many days before an end, whatever their number (thirteen and a half, in microseconds).
const SPAN_US: u64 = 27 * 12 * 3_600 * 1_000_000;
/// Look-ups of one client alone, of which the median is the idle one.
const IDLE_STATEMENTS: usize = 100;

/// COPY and single INSERTs into tables that have their indexes before the first row.
pub(crate) async fn writes(
    bench: &Bench,
    annals: Option<&Annals>,
    postgres: Option<&Postgresql>,
    report: &mut Report,
) -> Result<()> {
    let mut servers = Vec::new();
    if let Some(annals) = annals {
        our_table(&connect(annals.address()).await?, TABLE, report).await?;
        servers.push((System::Annals, annals.address()));
    }
    if let Some(postgres) = postgres {
        let owner = connect(postgres.address()).await?;
        their_table(&owner, TABLE).await?;
        their_indexes(&owner, TABLE).await?;
        servers.push((System::Postgres, postgres.address()));
    }
    for (system, server) in servers {
        say(&format!("-- {system}: rows into a table with indexes"));
        let owner = connect(server).await?;
        let mut there = 0;
        if bench.wants(Extra::Copy) {
            settle().await;
            let rows = bench.flags.copy_rows.min(bench.flags.rows);
            let rate = copy(&owner, TABLE, Rows::new(bench.flags.seed + 1, bench.end_us, rows), STATEMENT_ROWS).await?;
            report.put(Line::Copy, system, rate);
            there += rows;
        }
        if bench.wants(Extra::Insert) {
            let mut rates = Vec::new();
            for round in 0..INSERT_ROUNDS {
                let length = Duration::from_secs(bench.flags.seconds);
                let (rows, rate) = insert_for_a_while(server, TABLE, round, bench.end_us, length).await?;
                say(&format!("single INSERTs: {rows} rows, {rate:.0} rows/s"));
                there += rows;
                rates.push(rate);
            }
            report.put(Line::Insert, system, median(&mut rates));
        }
        expect_rows(system, count(&owner, TABLE).await?, there)?;
    }
    Ok(())
}

/// What the mixed load came to.
#[derive(Debug, Default)]
pub(crate) struct Mixed {
    pub(crate) idle_ms: f64,
    /// Of each group: statements, median, 99th percentile in milliseconds.
    pub(crate) groups: BTreeMap<&'static str, (usize, f64, f64)>,
    /// Rows that arrived in a second.
    pub(crate) arrived: f64,
    pub(crate) failures: Vec<String>,
}

/// Sixteen clients ask while rows arrive; their look-ups are compared with those of one client while nothing else goes on.
pub(crate) async fn mixed(
    bench: &Bench,
    server: SocketAddr,
    statements: &BTreeMap<String, Vec<String>>,
    report: &mut Report,
) -> Result<()> {
    say("-- mixed load");
    let statements = Arc::new(statements.clone());
    let of = |group: &str| statements.get(group).filter(|all| !all.is_empty()).ok_or("the driver wrote no statements");
    for (group, _) in SHARES {
        of(group)?;
    }
    settle().await;
    let alone = connect(server).await?;
    let mut idle = Vec::new();
    for sql in of("look-up")?.iter().cycle().take(IDLE_STATEMENTS) {
        idle.push(asked(&alone, sql).await?);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let arriving = tokio::spawn(arrivals(bench.flags.seed, bench.end_us, server, Arc::clone(&stop)));
    let length = Duration::from_secs(3 * bench.flags.seconds);
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let client = connect(server).await?;
        let rest = Duration::from_millis(bench.flags.rest);
        clients.spawn(one_client(client, number, Arc::clone(&statements), length, rest));
    }
    let mut mixed = Mixed { idle_ms: median(&mut idle), ..Mixed::default() };
    let mut times: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    while let Some(ended) = clients.join_next().await {
        for (group, outcome) in ended? {
            match outcome {
                Ok(ms) => times.entry(group).or_default().push(ms),
                Err(failure) => mixed.failures.push(failure),
            }
        }
    }
    stop.store(true, Ordering::Relaxed);
    mixed.arrived = arriving.await??;
    for (group, mut times) in times {
        let middle = median(&mut times);
        let ninety_ninth = times.get(times.len() * 99 / 100).copied().unwrap_or(f64::NAN);
        mixed.groups.insert(group, (times.len(), middle, ninety_ninth));
    }
    report.mixed(mixed);
    Ok(())
}

/// What each statement of one client came to: its group and milliseconds, or a complaint.
type Outcomes = Vec<(&'static str, std::result::Result<f64, String>)>;

/// Asks one statement after the other, each group as often as its share says, and rests between them.
async fn one_client(
    client: Client,
    number: usize,
    statements: Arc<BTreeMap<String, Vec<String>>>,
    length: Duration,
    rest: Duration,
) -> Outcomes {
    let (mut outcomes, begun) = (Outcomes::new(), Instant::now());
    // Each client begins elsewhere, and the step has no factor in common with a hundred, so that the groups mix.
    for turn in (0..).map(|turn| number * 31 + turn) {
        if begun.elapsed() >= length {
            break;
        }
        let mut place = turn * 37 % 100;
        let mut group = SHARES[0].0;
        for (name, share) in SHARES {
            group = name;
            if place < share {
                break;
            }
            place -= share;
        }
        let Some(sql) = statements.get(group).and_then(|all| all.get(turn % all.len().max(1))) else { break };
        let outcome = asked(&client, sql).await.map_err(|failure| format!("{group}: {failure}"));
        outcomes.push((group, outcome));
        tokio::time::sleep(rest).await;
    }
    outcomes
}

/// Milliseconds until the last row of an answer was there.
async fn asked(client: &Client, sql: &str) -> Result<f64> {
    let begun = Instant::now();
    let messages: Vec<SimpleQueryMessage> = client.simple_query(sql).await.map_err(explained)?;
    let took = begun.elapsed();
    drop(messages);
    Ok(took.as_secs_f64() * 1000.0)
}

/// Rows that follow what was loaded, so many a second, each chunk durable before the next; gives how many a second there were.
async fn arrivals(seed: u64, end_us: i64, server: SocketAddr, stop: Arc<AtomicBool>) -> Result<f64> {
    let client = connect(server).await?;
    // As many rows as would fill the generator's days at this pace, of which only the first come.
    let rows = SPAN_US / 1_000_000 * ARRIVING;
    let mut chunks = Rows::new(seed + 2, end_us + SPAN_US as i64, rows).peekable();
    let (begun, mut arrived) = (Instant::now(), 0);
    while !stop.load(Ordering::Relaxed) {
        arrived += copy_statement(&client, "logs", &mut chunks, 1).await?;
        let due = Duration::from_secs_f64(arrived as f64 / ARRIVING as f64);
        tokio::time::sleep(due.saturating_sub(begun.elapsed())).await;
    }
    let rate = arrived as f64 / begun.elapsed().as_secs_f64();
    run_sql(&client, "CHECKPOINT").await?;
    Ok(rate)
}
