//! Two servers that are alike but for what is hidden, and what they answer.

use std::fs;
use std::sync::{Arc, Mutex};

use futures::{TryStreamExt, stream};
use tempfile::TempDir;
use tokio_postgres::error::DbError;
use tokio_postgres::{AsyncMessage, Client, NoTls, SimpleQueryMessage};

use super::generate::{Act, Way};
use crate::harness::{Launch, PASSWORD, Server, copy_in, folder};

/// What is in both.
const DEFINITIONS: &str = "
    CREATE ROLE reader LOGIN PASSWORD 'only-for-tests';
    CREATE ROLE other LOGIN PASSWORD 'only-for-tests';
    CREATE SCHEMA hr;
    CREATE TABLE hr.salaries (name text, amount integer);
    CREATE TABLE hidden (at integer, word text);
    CREATE TABLE people (id integer PRIMARY KEY, name text, salary integer) USING reference;
    CREATE TABLE events (occurred_at timestamptz NOT NULL, id integer, region text, amount integer, level text, details jsonb,
        secret text, mail text, bonus integer);
    CREATE TABLE barred (id integer) USING reference;
    CREATE TABLE desks (id integer PRIMARY KEY, owner text, floor integer, note text) USING reference;
    INSERT INTO desks SELECT n, 'reader', n % 4 + 1, (n * 3)::text FROM generate_series(1, 12) AS n;
    CREATE TABLE held (occurred_at timestamptz NOT NULL, n integer, word text);
    INSERT INTO held SELECT date_trunc('hour', now()) - n * interval '20 days', n, n::text FROM generate_series(1, 8) AS n;
    CREATE TABLE inbox (id integer, amount integer CHECK (amount > 0), word text NOT NULL);
    CREATE INDEX ON events (id, region, secret);
    CREATE INDEX ON events (amount, mail, bonus);
    CREATE INDEX ON events USING gin (details, secret gin_trgm_ops, to_tsvector('simple', mail));
    CREATE INDEX ON events ((details ->> 'k'), (details -> 'who' ->> 'name'));
    CREATE INDEX ON hidden (word);
    CREATE INDEX ON held (n);
    CREATE VIEW regions AS SELECT region, count(*) AS events, sum(amount) AS amount FROM events GROUP BY region;
    CREATE FUNCTION of_region(wanted text) RETURNS TABLE (id integer, amount integer) LANGUAGE sql
        AS 'SELECT id, amount FROM events WHERE region = wanted';
    CREATE VIEW of_owner WITH (security_invoker = false) AS SELECT id, amount, mail, details FROM events WHERE region = 'eu';
    CREATE FUNCTION of_keeper(wanted text) RETURNS TABLE (id integer, amount integer, mail text) LANGUAGE sql SECURITY DEFINER
        AS 'SELECT id, amount, mail FROM events WHERE region = wanted';
    GRANT SELECT ON of_owner, held TO reader; GRANT ALL ON desks TO reader;
    GRANT SELECT (occurred_at, id, region, amount, level, details, mail, bonus) ON events TO reader;
    GRANT SELECT (id, name) ON people TO reader;
    GRANT SELECT ON regions TO reader;
    GRANT INSERT ON events, inbox TO reader;
    GRANT SELECT ON inbox TO reader";

/// Rows that the role sees.
fn seen(from: i64, to: i64) -> String {
    format!(
        "INSERT INTO events SELECT date_trunc('hour', now()) - n * interval '7 minutes', n,
             CASE WHEN n % 3 = 0 THEN 'us' WHEN n % 7 = 0 THEN NULL ELSE 'eu' END, n * 5 % 43 + 1, (n % 5 + 1)::text,
             jsonb_build_object('n', (n % 9)::text, 'k', 'v' || n % 4, 'list', jsonb_build_array(n, n % 2),
                 'who', jsonb_build_object('name', SECRET || n, 'api_key', SECRET)), SECRET || n,
             'u' || SECRET || n || '@example.com', n * length(SECRET)
         FROM generate_series({from}, {to}) AS n"
    )
}

/// Rows that have expired. What the left world has is in the right one nowhere, and the other way round.
fn expired(count: i64, first: i64, amount: i64, level: &str) -> String {
    format!(
        "INSERT INTO events SELECT date_trunc('hour', now()) - CASE WHEN n % 2 = 0 THEN interval '90 days' ELSE interval '3 days' END,
             {first} + n, CASE WHEN n % 2 = 0 THEN 'eu' ELSE 'gone' END, {amount}, '{level}',
             jsonb_build_object('n', 'no number', 'k', '{level}'), 'expired', 'expired', {amount}
         FROM generate_series(1, {count}) AS n"
    )
}

/// Rows that a policy hides: one by what they are, one by what is looked up.
fn barred(count: i64, first: i64, amount: i64, level: &str) -> String {
    format!(
        "INSERT INTO events SELECT now() - interval '1 hour', {first} + n, CASE WHEN n % 2 = 0 THEN 'hq' ELSE 'us' END, {amount}, '{level}',
             jsonb_build_object('n', 'no number', 'k', '{level}'), 'barred', 'barred', {amount}
         FROM generate_series(1, {count}) AS n;
         INSERT INTO barred SELECT {first} + n FROM generate_series(1, {count}, 2) AS n"
    )
}

/// Rows of others in the table that the role changes, under keys that are the same in both worlds, and rows that a hold keeps for nobody.
fn of_others(word: &str, count: i64, number: i64) -> String {
    format!(
        "INSERT INTO desks SELECT 100 + n, 'other', {number}, '{word}' FROM generate_series(0, 5) AS n;
         INSERT INTO held SELECT now() - interval '90 days', {number}, '{word}-held' FROM generate_series(1, {count})"
    )
}

const POLICIES: &str = "
    ALTER TABLE desks ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON desks USING (owner = current_user);
    CREATE RETENTION POLICY r ON held KEEP INTERVAL '50 days';
    CREATE LEGAL HOLD for_nobody ON held WHERE (word LIKE '%-held') REASON 'case 1';
    CREATE LEGAL HOLD for_reader ON held WHERE (n IN (4, 6)) REASON 'case 2' TO reader;
    CREATE RETENTION POLICY a_gone ON events WHERE (region = 'gone') KEEP INTERVAL '1 day';
    CREATE RETENTION POLICY b_rest ON events KEEP INTERVAL '60 days';
    ALTER TABLE events ENABLE ROW LEVEL SECURITY;
    CREATE POLICY seen ON events FOR SELECT TO reader USING (region IS DISTINCT FROM 'hq');
    CREATE POLICY open ON events AS RESTRICTIVE FOR SELECT USING (id NOT IN (SELECT id FROM barred));
    CREATE POLICY put ON events FOR INSERT TO reader WITH CHECK (amount < 1000);
    CREATE MASKING POLICY mail ON events (mail) TO reader USING (mask_email());
    CREATE MASKING POLICY bonus ON events (bonus) TO reader USING (7);
    CREATE MASKING POLICY who ON events (details -> 'who' ->> 'name') TO reader USING (mask_all());
    CREATE MASKING POLICY xkeys ON events (details) TO reader USING (redact_keys(details, ARRAY['api_key']))";

/// A server in which the role has not been yet.
pub(super) struct World {
    server: Server,
    /// A session whose statements the role may not see.
    _other: Client,
    _folder: TempDir,
}

impl World {
    pub(super) async fn left() -> World {
        let hidden = [expired(40, 9_000, 777, "left-level"), barred(30, 20_000, 777, "left-level")];
        World::of("left", &hidden.join(";"), 11, "SELECT 'left statement'").await
    }

    pub(super) async fn right() -> World {
        let hidden = [expired(3, 500_000, 778, "right-level"), barred(4, 700_000, 778, "right-level")];
        World::of("right", &hidden.join(";"), 7, "SELECT count(*), 'right' FROM events").await
    }

    async fn of(secret: &str, hidden_rows: &str, more: i64, elsewhere: &str) -> World {
        let folder = folder();
        let config = folder.path().join("annals.toml");
        // Also the few rows of its tables are found by indexes, and what is asked of them is worth keeping.
        fs::write(&config, "parallelism = 1\nindex_min_rows = 1\nresult_cache_min_ms = 0\n").unwrap();
        let server = Launch::on(&folder.path().join("data")).configured(&config).start();
        let chief = server.connect().await;
        let run = |sql: String| {
            let chief = &chief;
            async move { chief.batch_execute(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}")) }
        };
        let secret_is = |sql: String| sql.replace("SECRET", &format!("'{secret}'"));
        run(DEFINITIONS.to_owned()).await;
        run(format!("INSERT INTO people SELECT n, 'person ' || n % 5, {more} * n FROM generate_series(1, 12) AS n")).await;
        run(format!("INSERT INTO hidden SELECT n, '{secret}' FROM generate_series(1, {more}) AS n")).await;
        run(format!("INSERT INTO hr.salaries SELECT '{secret}', n FROM generate_series(1, {more}) AS n")).await;
        run("INSERT INTO inbox VALUES (1, 1, 'first')".to_owned()).await;
        run(hidden_rows.to_owned()).await;
        run(of_others(secret, more, if secret == "left" { 777 } else { 778 })).await;
        run(secret_is(seen(1, 30))).await;
        run("CHECKPOINT".to_owned()).await;
        run(secret_is(seen(31, 44))).await;
        run(POLICIES.to_owned()).await;
        let other = enter(&server, "other").await.0;
        let _ = other.simple_query(elsewhere).await;
        World { server, _other: other, _folder: folder }
    }

    pub(super) fn port(&self) -> u16 {
        self.server.address().port()
    }

    pub(super) async fn enter(self, role: &str) -> Visit {
        let (client, notices) = enter(&self.server, role).await;
        Visit { client, notices, world: self }
    }
}

type Notices = Arc<Mutex<Vec<String>>>;

/// A session, and what the server says in it unasked.
async fn enter(server: &Server, role: &str) -> (Client, Notices) {
    let mut config = tokio_postgres::Config::new();
    config.host("127.0.0.1").port(server.address().port()).user(role).dbname("annals").password(PASSWORD);
    let (client, mut connection) = config.connect(NoTls).await.unwrap_or_else(|error| panic!("{role} cannot log in: {error:?}"));
    let notices = Notices::default();
    let heard = notices.clone();
    tokio::spawn(async move {
        let mut messages = Box::pin(stream::poll_fn(move |context| connection.poll_message(context)));
        while let Ok(Some(message)) = messages.try_next().await {
            match message {
                AsyncMessage::Notice(notice) => heard.lock().unwrap().push(fields(&notice)),
                AsyncMessage::Notification(said) => heard.lock().unwrap().push(format!("{}: {}", said.channel(), said.payload())),
                _ => {}
            }
        }
    });
    (client, notices)
}

/// The role's session in one world.
pub(super) struct Visit {
    client: Client,
    notices: Notices,
    world: World,
}

/// All that came back for a statement.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    columns: Vec<String>,
    pub rows: Vec<Vec<Option<String>>>,
    tags: Vec<String>,
    pub error: Option<String>,
    notices: Vec<String>,
}

impl Visit {
    /// What the superuser does in this world meanwhile.
    pub(super) async fn meanwhile(&self, sql: &str) {
        let chief = self.world.server.connect().await;
        chief.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// What this world counts, as the superuser is told.
    pub(super) async fn counted(&self, name: &str) -> i64 {
        let chief = self.world.server.connect().await;
        let row = chief.query_one("SELECT value FROM annals.metrics WHERE name = $1", &[&name]).await;
        row.unwrap_or_else(|error| panic!("{name}: {error:?}")).get(0)
    }

    pub(super) async fn answer(&mut self, act: &Act) -> Answer {
        let mut answer = Answer { columns: vec![], rows: vec![], tags: vec![], error: None, notices: vec![] };
        let failed = match act.way {
            Way::Simple => self.simple(&act.sql, &mut answer).await,
            Way::Extended => self.extended(&act.sql, &mut answer).await,
            Way::Copy => self.copied(&act.sql, &mut answer).await,
            Way::CopyIn(bytes) => {
                let taken = copy_in(&self.client, &act.sql, bytes).await;
                taken.map(|rows| answer.tags.push(rows.to_string()))
            }
        };
        answer.error = failed.err().map(|error| match error.as_db_error() {
            Some(told) => fields(told),
            None => panic!("{}: the server did not answer: {error:?}", act.sql),
        });
        if !act.ordered {
            answer.rows.sort();
        }
        answer.notices = std::mem::take(&mut *self.notices.lock().unwrap());
        answer.notices.sort();
        answer
    }

    async fn simple(&self, sql: &str, answer: &mut Answer) -> Result<(), tokio_postgres::Error> {
        for message in self.client.simple_query(sql).await? {
            match message {
                SimpleQueryMessage::RowDescription(columns) => {
                    answer.columns.extend(columns.iter().map(|column| column.name().to_owned()));
                }
                SimpleQueryMessage::Row(row) => {
                    answer.rows.push((0..row.len()).map(|at| row.get(at).map(|text| timeless(sql, text))).collect());
                }
                SimpleQueryMessage::CommandComplete(rows) => answer.tags.push(rows.to_string()),
                _ => {}
            }
        }
        Ok(())
    }

    /// By the protocol's own messages: what a statement is described as, and how many rows come.
    async fn extended(&self, sql: &str, answer: &mut Answer) -> Result<(), tokio_postgres::Error> {
        let statement = self.client.prepare(sql).await?;
        answer.columns = statement.columns().iter().map(|column| format!("{} {}", column.name(), column.type_())).collect();
        answer.tags.push(self.client.query(&statement, &[]).await?.len().to_string());
        Ok(())
    }

    async fn copied(&self, sql: &str, answer: &mut Answer) -> Result<(), tokio_postgres::Error> {
        let chunks: Vec<_> = self.client.copy_out(sql).await?.try_collect().await?;
        let bytes = chunks.concat();
        answer.rows = bytes.split(|byte| *byte == b'\n').map(|line| vec![Some(line.escape_ascii().to_string())]).collect();
        Ok(())
    }
}

/// Every field of an error or a notice.
fn fields(told: &DbError) -> String {
    let place = (told.schema(), told.table(), told.column(), told.datatype(), told.constraint());
    format!(
        "{} {}: {} detail={:?} hint={:?} position={:?} where={:?} {place:?}",
        told.severity(),
        told.code().code(),
        told.message(),
        told.detail(),
        told.hint(),
        told.position(),
        told.where_()
    )
}

/// A line of EXPLAIN ANALYZE without what took time: of what a node measured, the rows that it gave.
fn timeless(sql: &str, text: &str) -> String {
    if !sql.starts_with("EXPLAIN") {
        return text.to_owned();
    }
    let of_line = |line: &str| match line.split_once(", metrics=[") {
        Some((node, measured)) => {
            let rows = measured.split([',', ']']).find(|metric| metric.trim_start().starts_with("output_rows="));
            format!("{node} {}", rows.unwrap_or_default())
        }
        None => line.to_owned(),
    };
    text.lines().filter(|line| !line.contains("Time")).map(of_line).collect::<Vec<_>>().join("\n")
}
