//! What do policies cost? The same statements as the table's owner and under row policies and a mask, and a purge while queries go on.
//!
//! `cargo bench --bench policies -- [--rows N] [--rounds N] [--policies N] [--server PATH]`
//!
//! # Life of a run
//!
//! 1. The server gets interaction logs of the generator by COPY, into a table like that of the pack.
//! 2. The four statements run in turns: as the owner, under a policy with a list of workspaces, under one with a sub-query.
//! 3. A thousand policies are made, and the owner and the role with the list take their turns again.
//! 4. One day's rows are read and written once, then purged, while a reader goes on asking.
//! 5. [`report::Report`] prints the medians and their ratios.
//!
//! `benches/README.md` says what each line means and where the comparison is not fair.

mod common;
#[path = "policies/report.rs"]
mod report;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use annals::clock::Clock;
use clap::Parser;
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use common::Result;
use common::load::{PASSWORD, connect, copy, count, explained, run_sql};
use common::process::{say, to_the_end, unless_stopped};
use common::rows::{Dialect, Rows, definition};
use common::server::{Server, version};
use report::{Question, Reader, Report, median};

const SEED: u64 = 7;
/// Rows of one COPY.
const STATEMENT_ROWS: u64 = 200_000;
/// Turns that only warm up.
const WARM: usize = 2;
/// What is asked again and again while a day is purged.
const MEANWHILE: &str = "SELECT event, status, details FROM measured ORDER BY occurred_at DESC LIMIT 100";

/// Measures what policies cost.
#[derive(Debug, Parser)]
#[command(name = "policies")]
struct Flags {
    /// Rows of the table.
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1_000..))]
    rows: u64,
    /// Turns of each statement, of which the median counts.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Policies that are in the catalog beside those that are measured.
    #[arg(long, default_value_t = 1_000)]
    policies: u32,
    /// The server under test.
    #[arg(long, value_name = "PATH", default_value = env!("CARGO_BIN_EXE_annals"))]
    server: PathBuf,
    /// What `cargo bench` adds by itself.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let flags = Flags::parse();
    to_the_end(run(flags))
}

/// Measures everything and prints the table, also when some of it failed; false then.
async fn run(flags: Flags) -> Result<bool> {
    let folder = TempDir::with_prefix("annals-bench-")?;
    let mut report = Report::default();
    let stopped = || Err("stopped by a signal".into());
    let outcome = unless_stopped(steps(&flags, folder.path(), &mut report)).await?.unwrap_or_else(stopped);
    report.note(format!("{} rows, medians of {} turns, {} policies.", flags.rows, flags.rounds, flags.policies));
    if let Err(error) = &outcome {
        report.note(format!("The run failed: {error}"));
    }
    report.print()?;
    Ok(outcome.is_ok())
}

async fn steps(flags: &Flags, folder: &Path, report: &mut Report) -> Result<()> {
    // An answer that is given again says nothing of what policies cost.
    let settings = folder.join("annals.toml");
    std::fs::write(&settings, "result_cache_mib = 0\n")?;
    let server = Server::start(&flags.server, &folder.join("data"), Some(&settings), &folder.join("annals.log")).await?;
    report.note(format!("Annals {}.", version(&flags.server)?));
    let owner = connect(server.address()).await?;
    fill(&owner, flags.rows).await?;
    define(&owner).await?;
    let listed = log_in(server.address(), "listed").await?;
    let looked_up = log_in(server.address(), "looked_up").await?;
    let ids = interactions(&listed, flags.rounds).await?;
    let readers = [(Reader::Owner, &owner), (Reader::Listed, &listed), (Reader::LookedUp, &looked_up)];
    take_turns(flags, &readers, &ids, report).await?;
    crowd(&owner, flags.policies).await?;
    let readers = [(Reader::CrowdedOwner, &owner), (Reader::Crowded, &listed)];
    take_turns(flags, &readers, &ids, report).await?;
    purge(&owner, &listed, report).await?;
    server.terminate().await
}

/// Loads the rows, and brings the table into the state that it has after a night.
async fn fill(owner: &Client, rows: u64) -> Result<()> {
    run_sql(owner, &definition("measured", Dialect::Annals)?).await?;
    copy(owner, "measured", Rows::new(SEED, Clock::System.now_us(), rows), STATEMENT_ROWS).await?;
    run_sql(owner, "CHECKPOINT").await?;
    run_sql(owner, "VACUUM measured").await?;
    let found = count(owner, "measured").await?;
    if found == rows { Ok(()) } else { Err(format!("{found} rows are there, {rows} were acknowledged").into()) }
}

/// Two logins that see all workspaces but one, by a list and by a look-up, and payloads without keys; and the pack's two weeks.
async fn define(owner: &Client) -> Result<()> {
    let rows = owner.query("SELECT DISTINCT workspace_id FROM measured ORDER BY 1 OFFSET 1", &[]).await.map_err(explained)?;
    let quoted: Vec<String> =
        rows.iter().map(|row| row.try_get(0).map(|id: String| format!("'{id}'"))).collect::<std::result::Result<_, _>>()?;
    let list = quoted.join(", ");
    let memberships: Vec<String> = quoted.iter().map(|id| format!("({id}, 'looked_up')")).collect();
    run_sql(
        owner,
        &format!(
            "CREATE ROLE listed LOGIN PASSWORD '{PASSWORD}';
             CREATE ROLE looked_up LOGIN PASSWORD '{PASSWORD}';
             GRANT SELECT ON measured TO listed, looked_up;
             INSERT INTO workspace_members (workspace_id, member) VALUES {memberships};
             CREATE RETENTION POLICY everybody ON measured KEEP INTERVAL '14 days';
             ALTER TABLE measured ENABLE ROW LEVEL SECURITY;
             CREATE POLICY listed ON measured FOR SELECT TO listed USING (workspace_id IN ({list}));
             CREATE POLICY looked_up ON measured FOR SELECT TO looked_up
                 USING (workspace_id IN (SELECT workspace_id FROM workspace_members WHERE member = session_user));
             CREATE MASKING POLICY secrets ON measured (details) TO listed
                 USING (redact_keys(details, ARRAY['authorization', 'api_key', 'password', 'email', 'phone']));
             CREATE MASKING POLICY looked_up_secrets ON measured (details) TO looked_up
                 USING (redact_keys(details, (SELECT array_agg(key) FROM redacted_keys)))",
            memberships = memberships.join(", "),
        ),
    )
    .await
}

async fn log_in(address: SocketAddr, role: &str) -> Result<Client> {
    let mut config = tokio_postgres::Config::new();
    config.host(address.ip().to_string()).port(address.port()).user(role).dbname("annals").password(PASSWORD);
    let (client, connection) = config.connect(NoTls).await.map_err(explained)?;
    // Why the connection ended is told by the client's own calls.
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}

/// Interactions to look up, one for each turn, spread over all that the role sees.
async fn interactions(client: &Client, rounds: u32) -> Result<Vec<String>> {
    let wanted = WARM + usize::try_from(rounds)?;
    let sql = format!(
        "SELECT min(interaction_id) FROM measured WHERE interaction_id IS NOT NULL GROUP BY date_trunc('hour', occurred_at) LIMIT {wanted}"
    );
    let rows = client.query(&sql, &[]).await.map_err(explained)?;
    let ids: Vec<String> = rows.iter().map(|row| row.try_get(0)).collect::<std::result::Result<_, _>>()?;
    if ids.is_empty() { Err("no interaction is there to look up".into()) } else { Ok(ids) }
}

/// Each statement by each reader in turn; the first turns only warm up.
async fn take_turns(flags: &Flags, readers: &[(Reader, &Client)], ids: &[String], report: &mut Report) -> Result<()> {
    for question in Question::ALL {
        let mut times = vec![Vec::new(); readers.len()];
        for turn in 0..WARM + usize::try_from(flags.rounds)? {
            let sql = question.sql(&ids[turn % ids.len()]);
            for ((_, client), times) in readers.iter().zip(&mut times) {
                let (took, rows) = asked(client, &sql).await?;
                if rows == 0 {
                    return Err(format!("{sql} has no answer").into());
                }
                if turn >= WARM {
                    times.push(took);
                }
            }
        }
        for ((reader, _), times) in readers.iter().zip(times) {
            report.put(question, *reader, median(times));
        }
    }
    Ok(())
}

/// Runs a statement; how long it took until the last row was there, and how many rows.
async fn asked(client: &Client, sql: &str) -> Result<(Duration, usize)> {
    let begun = Instant::now();
    let messages = client.simple_query(sql).await.map_err(explained)?;
    let took = begun.elapsed();
    Ok((took, messages.iter().filter(|message| matches!(message, SimpleQueryMessage::Row(_))).count()))
}

/// Policies for other roles: half of them on the table that is measured, half on others.
async fn crowd(owner: &Client, policies: u32) -> Result<()> {
    let begun = Instant::now();
    let mut sql = String::from("BEGIN;");
    for number in 0..10 {
        write!(sql, "CREATE ROLE crowd_{number}; CREATE TABLE crowd_{number} (a text, b text);")?;
    }
    for number in 0..policies {
        let (role, table) = (number % 10, number % 20);
        let table = if table < 10 { "measured".to_owned() } else { format!("crowd_{role}") };
        let column = if table == "measured" { "workspace_id" } else { "a" };
        write!(sql, "CREATE POLICY crowd_{number} ON {table} TO crowd_{role} USING ({column} IN ('w-{number}', 'v-{number}'));")?;
    }
    sql.push_str("COMMIT");
    run_sql(owner, &sql).await?;
    say(&format!("{policies} policies made in {:.1} s", begun.elapsed().as_secs_f64()));
    Ok(())
}

/// Reads and writes one day's rows once, then purges them; a reader goes on asking.
async fn purge(owner: &Client, reader: &Client, report: &mut Report) -> Result<()> {
    // What is older goes first, so that it is one day that is measured.
    run_sql(owner, "ALTER RETENTION POLICY everybody ON measured KEEP INTERVAL '13 days'").await?;
    run_sql(owner, "VACUUM measured").await?;
    let before = count(owner, "measured").await?;
    // A table that the same statement makes could not take more than fits into memory.
    run_sql(owner, &definition("one_day", Dialect::Annals)?).await?;
    let begun = Instant::now();
    run_sql(owner, "INSERT INTO one_day SELECT * FROM measured WHERE occurred_at <= now() - interval '12 days'").await?;
    run_sql(owner, "CHECKPOINT").await?;
    let once = begun.elapsed();
    let alone = while_asking(reader, tokio::time::sleep(Duration::from_secs(2))).await?;
    run_sql(owner, "ALTER RETENTION POLICY everybody ON measured KEEP INTERVAL '12 days'").await?;
    let begun = Instant::now();
    let mut took = Duration::ZERO;
    let meanwhile = while_asking(reader, async {
        let purged = run_sql(owner, "VACUUM measured").await;
        took = begun.elapsed();
        purged
    })
    .await?;
    meanwhile.0?;
    let gone = before - count(owner, "measured").await?;
    say(&format!("{gone} rows purged"));
    report.purged(gone, took, once, alone.1, meanwhile.1);
    Ok(())
}

/// Does something while the reader asks; what came of it, and the median of the reader's times.
async fn while_asking<T>(reader: &Client, work: impl Future<Output = T>) -> Result<(T, Duration)> {
    let mut times = Vec::new();
    let asking = async {
        loop {
            let (took, _) = asked(reader, MEANWHILE).await?;
            times.push(took);
        }
    };
    let done = tokio::select! {
        done = work => done,
        failed = asking => {
            let failed: Result<()> = failed;
            return Err(failed.err().unwrap_or_else(|| "the reader stopped asking".into()));
        }
    };
    if times.is_empty() { Err("the reader had no answer in all the time".into()) } else { Ok((done, median(times))) }
}
