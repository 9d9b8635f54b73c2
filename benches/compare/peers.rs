//! The same rows in every system, with the indexes and settings that its users would give it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use annals::demo::Log;
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use crate::asked::Place;
use crate::common::Result;
use crate::common::duck::Duck;
use crate::common::load::{connect, copy, count, explained, run_sql};
use crate::common::machine::memory_bytes;
use crate::common::memory::family;
use crate::common::postgres::Postgres;
use crate::common::process::{disk_bytes, output, say, settle};
use crate::common::python::{Done, done, interpreter, script};
use crate::common::rows::{Dialect, definition, write_file};
use crate::common::server::{Server, table_folder, version};
use crate::report::{Line, Report};
use crate::{Bench, System};

/// Rows of one COPY.
pub(crate) const STATEMENT_ROWS: u64 = 200_000;
/// Rows of a file for the libraries, which bounds the disk that a load needs for a while.
const FILE_ROWS: u64 = 2_500_000;
/// Rows from which parameters are drawn.
const SAMPLES: u64 = 4_000;
/// Teams that the objects belong to, in the small table.
const TEAMS: usize = 7;
/// How often PostgreSQL's memory is looked at; it has no peak of its own, being many processes.
const LOOK: Duration = Duration::from_secs(5);
const GIB: u64 = 1024 * 1024 * 1024;
/// What our users declare as ids.
const ID_COLUMNS: [&str; 4] = ["event_id", "interaction_id", "person_id", "conversation_id"];
/// The five indexes of PostgreSQL's table.
const INDEXES: [&str; 5] = [
    "(event_id)",
    "(interaction_id, occurred_at DESC)",
    "(person_id, occurred_at DESC)",
    "(occurred_at DESC, event_id DESC)",
    "USING gin (to_tsvector('simple', details->>'text'))",
];

/// Some of the rows, spread over all, and what follows from them.
#[derive(Debug)]
pub(crate) struct Samples {
    /// Lines of COPY's text format below a line of the columns' names.
    pub(crate) file: PathBuf,
    /// An object and its team in each line.
    teams_file: PathBuf,
    teams: BTreeMap<String, String>,
}

impl Samples {
    /// Makes all rows once, which also says how fast the generator is alone.
    pub(crate) async fn take(bench: &Bench, rows: u64, report: &mut Report) -> Result<Samples> {
        let every = (rows / SAMPLES).max(1) as usize;
        let mut text = Log::Interactions.columns().replace(", ", "\t") + "\n";
        let (mut objects, mut before, begun) = (Vec::new(), 0, Instant::now());
        for chunk in bench.rows(rows) {
            let lines = String::from_utf8(chunk.lines)?;
            for line in lines.lines().skip((every - before % every) % every).step_by(every) {
                objects.extend(line.split('\t').nth(6).map(str::to_owned));
                text.push_str(line);
                text.push('\n');
            }
            before += chunk.rows as usize;
            tokio::task::yield_now().await;
        }
        report.generator(rows, begun.elapsed());
        objects.sort();
        objects.dedup();
        let teams: BTreeMap<String, String> =
            objects.into_iter().enumerate().map(|(number, object)| (object, format!("team {}", number % TEAMS))).collect();
        let (file, teams_file) = (bench.path("samples.tsv"), bench.path("teams.tsv"));
        std::fs::write(&file, text)?;
        let mut lines = String::new();
        for (object, team) in &teams {
            writeln!(lines, "{object}\t{team}")?;
        }
        std::fs::write(&teams_file, lines)?;
        Ok(Samples { file, teams_file, teams })
    }

    /// The statement that fills the small table; nothing in its words has to be escaped.
    fn insert_teams(&self) -> String {
        let values: Vec<String> = self.teams.iter().map(|(object, team)| format!("('{object}', '{team}')")).collect();
        format!("INSERT INTO teams VALUES {}", values.join(", "))
    }
}

/// Our server with its rows.
pub(crate) struct Annals {
    server: Server,
}

impl Annals {
    pub(crate) async fn load(bench: &Bench, samples: &Samples, report: &mut Report) -> Result<Annals> {
        let data = bench.path("annals");
        let annals = Annals::start(bench, &data).await?;
        report.version(System::Annals, version(&bench.flags.server)?);
        annals.fill(bench, bench.flags.rows, &data, Some(samples), report).await?;
        if let Some(duck) = Duck::find(&bench.folder).await? {
            plain_parquet(bench, &duck, &data, report).await?;
        }
        Ok(annals)
    }

    pub(crate) async fn start(bench: &Bench, data: &Path) -> Result<Annals> {
        // An answer that is given again says nothing of how it is found.
        let settings = bench.path("annals.toml");
        std::fs::write(&settings, "result_cache_mib = 0\n")?;
        Ok(Annals { server: Server::start(&bench.flags.server, data, Some(&settings), &bench.path("annals.log")).await? })
    }

    /// Loads the table, and brings it into the state that it has after a night.
    pub(crate) async fn fill(
        &self,
        bench: &Bench,
        rows: u64,
        data: &Path,
        samples: Option<&Samples>,
        report: &mut Report,
    ) -> Result<()> {
        let owner = connect(self.address()).await?;
        our_table(&owner, "logs", report).await?;
        if let Some(samples) = samples {
            run_sql(&owner, "CREATE TABLE teams (object_name text PRIMARY KEY, team text) USING reference").await?;
            run_sql(&owner, &samples.insert_teams()).await?;
        }
        settle().await;
        let rate = copy(&owner, "logs", bench.rows(rows), STATEMENT_ROWS).await?;
        report.put(Line::Load, System::Annals, rate);
        let begun = Instant::now();
        run_sql(&owner, "CHECKPOINT").await?;
        run_sql(&owner, "VACUUM logs").await?;
        report.put(Line::Settle, System::Annals, begun.elapsed().as_secs_f64());
        expect_rows(System::Annals, count(&owner, "logs").await?, rows)?;
        settle().await;
        report.put(Line::Disk, System::Annals, disk_bytes(data)? as f64);
        Ok(())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub(crate) fn peak(&self) -> Result<f64> {
        Ok(self.server.memory("VmHWM")? as f64)
    }

    pub(crate) async fn stop(self, report: &mut Report) -> Result<()> {
        report.put(Line::Memory, System::Annals, self.peak()?);
        self.server.terminate().await
    }
}

/// A table of ours like the pack's, with the indexes that the server knows.
pub(crate) async fn our_table(owner: &Client, table: &str, report: &mut Report) -> Result<()> {
    run_sql(owner, &definition(table, Dialect::Annals)?).await?;
    let ids = ID_COLUMNS.iter().map(|column| format!("CREATE INDEX ON {table} ({column})"));
    let others = [
        format!("CREATE INDEX ON {table} USING gin (details)"),
        format!("ALTER TABLE {table} PROMOTE (details -> 'error' ->> 'code')"),
    ];
    for statement in ids.chain(others) {
        if let Err(refused) = run_sql(owner, &statement).await {
            report.note_once(format!("Annals refuses `{statement}`: {refused}."));
        }
    }
    Ok(())
}

/// PostgreSQL's table like the pack's; its indexes come before or after the rows.
pub(crate) async fn their_table(owner: &Client, table: &str) -> Result<()> {
    run_sql(owner, &definition(table, Dialect::Postgres)?).await
}

pub(crate) async fn their_indexes(owner: &Client, table: &str) -> Result<()> {
    for index in INDEXES {
        let begun = Instant::now();
        // The word USING stands before the columns.
        run_sql(owner, &format!("CREATE INDEX ON {table} {index}")).await?;
        say(&format!("index {index}: {:.1} s", begun.elapsed().as_secs_f64()));
    }
    Ok(())
}

/// PostgreSQL with its rows; somebody watches its memory.
pub(crate) struct Postgresql {
    postgres: Postgres,
    peak: Arc<AtomicU64>,
    watch: JoinHandle<()>,
}

impl Postgresql {
    /// `None` when there is none to start.
    pub(crate) async fn load(bench: &Bench, samples: &Samples, report: &mut Report) -> Result<Option<Postgresql>> {
        let folder = bench.path("postgres");
        let Some(postgres) = Postgres::start(&folder, &settings()).await? else {
            report.absent(System::Postgres);
            return Ok(None);
        };
        report.version(System::Postgres, postgres.version());
        let (peak, process) = (Arc::new(AtomicU64::new(0)), postgres.process());
        let seen = Arc::clone(&peak);
        let watch = tokio::spawn(async move {
            loop {
                seen.fetch_max(family(process).unwrap_or(0), Ordering::Relaxed);
                tokio::time::sleep(LOOK).await;
            }
        });
        let owner = connect(postgres.address()).await?;
        their_table(&owner, "logs").await?;
        run_sql(&owner, "CREATE TABLE teams (object_name text PRIMARY KEY, team text)").await?;
        run_sql(&owner, &samples.insert_teams()).await?;
        settle().await;
        report.put(Line::Load, System::Postgres, copy(&owner, "logs", bench.rows(bench.flags.rows), STATEMENT_ROWS).await?);
        let begun = Instant::now();
        their_indexes(&owner, "logs").await?;
        run_sql(&owner, "VACUUM (ANALYZE)").await?;
        run_sql(&owner, "CHECKPOINT").await?;
        report.put(Line::Settle, System::Postgres, begun.elapsed().as_secs_f64());
        expect_rows(System::Postgres, count(&owner, "logs").await?, bench.flags.rows)?;
        let size = owner.query_one("SELECT pg_total_relation_size('logs')", &[]).await.map_err(explained)?;
        report.put(Line::Disk, System::Postgres, size.try_get::<_, i64>(0)? as f64);
        Ok(Some(Postgresql { postgres, peak, watch }))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.postgres.address()
    }

    pub(crate) async fn stop(self, report: &mut Report) -> Result<()> {
        self.watch.abort();
        report.put(Line::Memory, System::Postgres, self.peak.load(Ordering::Relaxed) as f64);
        self.postgres.stop().await
    }
}

/// As its users would set it for a machine of this size with a solid-state disk.
fn settings() -> Vec<(&'static str, String)> {
    let memory = memory_bytes().unwrap_or(4 * GIB);
    let kib = |bytes: u64| format!("{}kB", bytes / 1024);
    vec![
        ("shared_buffers", kib((memory / 4).min(6 * GIB))),
        ("effective_cache_size", kib(memory / 2)),
        ("work_mem", "64MB".to_owned()),
        ("maintenance_work_mem", "1GB".to_owned()),
        ("max_wal_size", "8GB".to_owned()),
        ("checkpoint_timeout", "15min".to_owned()),
        ("random_page_cost", "1.1".to_owned()),
    ]
}

/// DuckDB and ClickHouse with their rows, each as a place on the disk; those that are absent say so.
pub(crate) async fn libraries(bench: &Bench, samples: &Samples, report: &mut Report) -> Result<Vec<(System, Place)>> {
    let duck = if bench.measures(System::Duckdb) { Duck::find(&bench.folder).await? } else { None };
    let clickhouse = if bench.measures(System::Clickhouse) { Clickhouse::find(bench) } else { None };
    for (system, absent) in [(System::Duckdb, duck.is_none()), (System::Clickhouse, clickhouse.is_none())] {
        if absent && bench.measures(system) {
            report.absent(system);
            say("install it with `pip install -r benches/requirements.txt` into the Python that ANNALS_TEST_PYTHON names");
        }
    }
    if duck.is_none() && clickhouse.is_none() {
        return Ok(Vec::new());
    }
    let mut seconds: BTreeMap<System, f64> = BTreeMap::new();
    let mut last = BTreeMap::new();
    let (file, database) = (bench.path("rows.tsv"), bench.path("duckdb.db"));
    let mut before = format!(
        "{}; CREATE TABLE teams (object_name varchar PRIMARY KEY, team varchar); {}",
        definition("logs", Dialect::Duckdb)?,
        samples.insert_teams()
    );
    let mut chunks = bench.rows(bench.flags.rows).peekable();
    while chunks.peek().is_some() {
        write_file(&mut chunks, FILE_ROWS, &file).await?;
        let mut loaded = Vec::new();
        if let Some(duck) = &duck {
            loaded.push((System::Duckdb, duck.load(&file, &database, "logs", &std::mem::take(&mut before)).await?));
        }
        if let Some(clickhouse) = &clickhouse {
            loaded.push((System::Clickhouse, clickhouse.load(&file, &samples.teams_file).await?));
        }
        for (system, done) in loaded {
            *seconds.entry(system).or_default() += done.seconds;
            say(&format!("{system}: {} rows after {:.1} s", done.rows, seconds.get(&system).copied().unwrap_or_default()));
            report.at_least(Line::Memory, system, done.peak as f64);
            last.insert(system, done.rows);
        }
    }
    std::fs::remove_file(&file)?;
    for (system, rows) in last {
        expect_rows(system, rows, bench.flags.rows)?;
    }
    for (system, seconds) in seconds {
        report.put(Line::Load, system, bench.flags.rows as f64 / seconds);
    }
    settled(bench, duck.as_ref(), clickhouse.as_ref(), &database, report).await
}

/// Merges what a load left to be merged, and looks at the disk.
async fn settled(
    bench: &Bench,
    duck: Option<&Duck>,
    clickhouse: Option<&Clickhouse>,
    database: &Path,
    report: &mut Report,
) -> Result<Vec<(System, Place)>> {
    let mut places = Vec::new();
    if let Some(duck) = duck {
        report.version(System::Duckdb, duck.version().to_owned());
        report.put(Line::Disk, System::Duckdb, disk_bytes(database)? as f64);
        places.push((System::Duckdb, Place::Library(database.to_owned())));
    }
    if let Some(clickhouse) = clickhouse {
        let done = clickhouse.finish().await?;
        expect_rows(System::Clickhouse, done.rows, bench.flags.rows)?;
        report.version(System::Clickhouse, clickhouse.version.clone());
        report.put(Line::Settle, System::Clickhouse, done.seconds);
        report.put(Line::Disk, System::Clickhouse, disk_bytes(&clickhouse.folder)? as f64);
        report.at_least(Line::Memory, System::Clickhouse, done.peak as f64);
        places.push((System::Clickhouse, Place::Library(clickhouse.folder.clone())));
    }
    settle().await;
    Ok(places)
}

/// A Python that has the package `chdb`, which is ClickHouse in a process.
struct Clickhouse {
    version: String,
    folder: PathBuf,
}

impl Clickhouse {
    /// `None`, after a line that says why, when there is none.
    fn find(bench: &Bench) -> Option<Clickhouse> {
        let asking = "import chdb; print(chdb.query('SELECT version()', 'TSVRaw').bytes().decode().strip())";
        match output(Command::new(interpreter()).args(["-c", asking])) {
            Ok(version) => Some(Clickhouse { version, folder: bench.path("clickhouse") }),
            Err(error) => {
                say(&format!("ClickHouse is absent: {error}"));
                None
            }
        }
    }

    async fn load(&self, file: &Path, teams: &Path) -> Result<Done> {
        self.run(&["load".as_ref(), file, teams]).await
    }

    async fn finish(&self) -> Result<Done> {
        self.run(&["finish".as_ref()]).await
    }

    async fn run(&self, arguments: &[&Path]) -> Result<Done> {
        let mut command = Command::new(interpreter());
        command.arg(script("benches/compare/clickhouse.py")).arg(&self.folder).args(arguments);
        done(&mut command, &self.folder.with_file_name("chdb"), "ClickHouse").await
    }
}

/// The rows of our segments once as plain zstd Parquet, which our disk is compared with.
async fn plain_parquet(bench: &Bench, duck: &Duck, data: &Path, report: &mut Report) -> Result<()> {
    let file = bench.path("once.parquet");
    let written = duck.write_parquet(&table_folder(data, "public.logs")?, &file, false).await?;
    expect_rows(System::Duckdb, written.rows, bench.flags.rows)?;
    settle().await;
    report.parquet(disk_bytes(&file)? as f64);
    Ok(std::fs::remove_file(&file)?)
}

/// A fast system that loses rows is not fast.
pub(crate) fn expect_rows(system: System, found: u64, expected: u64) -> Result<()> {
    if found == expected { Ok(()) } else { Err(format!("{system}: {found} rows are there, {expected} were loaded").into()) }
}
