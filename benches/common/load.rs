//! The client, the same for both servers: COPY in statements, and single prepared INSERTs from many connections.

use std::error::Error as StdError;
use std::iter::Peekable;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::{Duration, Instant};

use annals::demo::Log;
use bytes::{BufMut as _, Bytes, BytesMut};
use futures::SinkExt as _;
use tokio::task::JoinSet;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::common::Result;
use crate::common::process::Pace;
use crate::common::rows::Rows;

/// The superuser's password on servers that live as long as the run, on the loopback.
pub(crate) const PASSWORD: &str = "a-measured-password";
/// Rounds of single INSERTs, of which the median counts.
pub(crate) const INSERT_ROUNDS: u64 = 3;
/// Connections that insert at once.
const CONNECTIONS: u64 = 16;
/// Rows that a connection has ready; it never gets that far.
const ROWS_A_CONNECTION: u64 = 1_000_000;
/// PostgreSQL counts its microseconds from 2000.
const EPOCH_2000_US: i64 = 946_684_800_000_000;

/// A connection of the superuser `annals` to the database `annals`.
pub(crate) async fn connect(address: SocketAddr) -> Result<Client> {
    let mut config = tokio_postgres::Config::new();
    config.host(address.ip().to_string()).port(address.port()).user("annals").dbname("annals").password(PASSWORD);
    let (client, connection) = config.connect(NoTls).await.map_err(explained)?;
    // Why the connection ended is told by the client's own calls.
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}

/// What the server said, with its hint; the driver's own words are "db error".
pub(crate) fn explained(error: tokio_postgres::Error) -> Box<dyn StdError + Send + Sync> {
    match error.as_db_error() {
        Some(db) => {
            let hint = db.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
            format!("{} {}{hint}", db.code().code(), db.message()).into()
        }
        None => error.into(),
    }
}

/// Runs statements without results.
pub(crate) async fn run_sql(client: &Client, sql: &str) -> Result<()> {
    client.batch_execute(sql).await.map_err(explained)
}

pub(crate) async fn count(client: &Client, table: &str) -> Result<u64> {
    let row = client.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.map_err(explained)?;
    Ok(u64::try_from(row.try_get::<_, i64>(0)?)?)
}

/// Sends all rows in statements of about `statement_rows`; gives acknowledged rows a second.
pub(crate) async fn copy(client: &Client, table: &str, rows: Rows, statement_rows: u64) -> Result<f64> {
    let mut chunks = rows.peekable();
    let mut pace = Pace::new(&format!("rows copied into {table}"));
    while chunks.peek().is_some() {
        pace.add(copy_statement(client, table, &mut chunks, statement_rows).await?);
    }
    Ok(pace.end())
}

/// Sends one COPY that ends with the chunk that reaches `rows_max`; gives how many rows were acknowledged.
pub(crate) async fn copy_statement(client: &Client, table: &str, chunks: &mut Peekable<Rows>, rows_max: u64) -> Result<u64> {
    let statement = format!("COPY {table} ({}) FROM STDIN", Log::Interactions.columns());
    let mut sink = pin!(client.copy_in::<_, Bytes>(&statement).await.map_err(explained)?);
    let mut sent = 0;
    while sent < rows_max {
        let Some(chunk) = chunks.next() else { break };
        sent += chunk.rows;
        sink.send(Bytes::from(chunk.lines)).await.map_err(explained)?;
    }
    let stored = sink.finish().await.map_err(explained)?;
    if stored == sent { Ok(sent) } else { Err(format!("COPY took {stored} of {sent} rows").into()) }
}

/// Sixteen connections insert row after row, each a transaction; gives acknowledged rows, and rows a second.
pub(crate) async fn insert_for_a_while(
    address: SocketAddr,
    table: &str,
    round: u64,
    end_us: i64,
    length: Duration,
) -> Result<(u64, f64)> {
    let columns = Log::Interactions.columns();
    let places: Vec<String> = (1..=columns.split(", ").count()).map(|place| format!("${place}")).collect();
    let sql = format!("INSERT INTO {table} ({columns}) VALUES ({})", places.join(", "));
    let mut ready = Vec::new();
    for number in 0..CONNECTIONS {
        let client = connect(address).await?;
        let statement = client.prepare(&sql).await.map_err(explained)?;
        let rows = values(Rows::new(1_000 + round * CONNECTIONS + number, end_us, ROWS_A_CONNECTION), statement.params().to_vec());
        ready.push((client, statement, rows));
    }
    let begun = Instant::now();
    let mut connections = JoinSet::new();
    for (client, statement, mut rows) in ready {
        connections.spawn(async move {
            let mut inserted = 0;
            while begun.elapsed() < length {
                let row = rows.next().ok_or("the generator has no more rows")??;
                let parameters: Vec<&(dyn ToSql + Sync)> = row.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
                inserted += client.execute(&statement, &parameters).await.map_err(explained)?;
            }
            Result::Ok(inserted)
        });
    }
    let mut inserted = 0;
    while let Some(ended) = connections.join_next().await {
        inserted += ended??;
    }
    Ok((inserted, inserted as f64 / begun.elapsed().as_secs_f64()))
}

/// The generator's lines as parameters of these types.
fn values(rows: Rows, types: Vec<Type>) -> impl Iterator<Item = Result<Vec<Parameter>>> + Send {
    rows.flat_map(move |chunk| {
        let lines = String::from_utf8_lossy(&chunk.lines).into_owned();
        let rows: Vec<_> = lines
            .lines()
            .map(|line| line.split('\t').zip(&types).map(|(text, sql_type)| Parameter::new(text, sql_type)).collect())
            .collect();
        rows
    })
}

/// A parameter in PostgreSQL's binary format, made before the clock of its statement runs.
#[derive(Debug)]
struct Parameter(Option<Bytes>);

impl Parameter {
    /// From COPY's text; the generator writes nothing that has to be escaped.
    fn new(text: &str, sql_type: &Type) -> Result<Parameter> {
        if text == "\\N" {
            return Ok(Parameter(None));
        }
        let mut bytes = BytesMut::new();
        match *sql_type {
            Type::UUID => bytes.put_slice(Uuid::parse_str(text)?.as_bytes()),
            Type::TIMESTAMPTZ => {
                let at = chrono::DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z")?;
                bytes.put_i64(at.timestamp_micros() - EPOCH_2000_US);
            }
            Type::JSONB => {
                // The version of the format stands before the text.
                bytes.put_u8(1);
                bytes.put_slice(text.as_bytes());
            }
            Type::TEXT | Type::VARCHAR => bytes.put_slice(text.as_bytes()),
            ref other => {
                return Err(format!("the server wants a parameter of type {other}, which is not one of the table's").into());
            }
        }
        Ok(Parameter(Some(bytes.freeze())))
    }
}

impl ToSql for Parameter {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match &self.0 {
            Some(bytes) => {
                out.put_slice(bytes);
                Ok(IsNull::No)
            }
            None => Ok(IsNull::Yes),
        }
    }

    // The bytes were made for the type that the server asked for.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
