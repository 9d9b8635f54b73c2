//! What came back: rows as text, counts, and the SQLSTATE of a refusal.

use bytes::Bytes;
use futures::{SinkExt, pin_mut};
use tokio_postgres::{Client, SimpleQueryMessage};

/// A result as the simple protocol writes it: one text for each cell, `None` for NULL.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<Option<String>>>,
}

impl Table {
    /// The rows in an order of their own, for results that SQL leaves in any order.
    pub(crate) fn sorted(mut self) -> Table {
        self.rows.sort();
        self
    }
}

/// The rows of one statement, read as text.
pub(crate) async fn table(client: &Client, sql: &str) -> Result<Table, tokio_postgres::Error> {
    let mut result = Table { columns: vec![], rows: vec![] };
    for message in client.simple_query(sql).await? {
        match message {
            SimpleQueryMessage::RowDescription(columns) => {
                result.columns = columns.iter().map(|column| column.name().to_owned()).collect();
            }
            SimpleQueryMessage::Row(row) => {
                result.rows.push((0..row.len()).map(|index| row.get(index).map(str::to_owned)).collect());
            }
            _ => {}
        }
    }
    Ok(result)
}

/// The number in the only cell of a statement's answer.
pub(crate) async fn count(client: &Client, sql: &str) -> i64 {
    let answer = table(client, sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let cell = answer.rows.first().and_then(|row| row.first()).and_then(|cell| cell.as_deref());
    cell.and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{sql}: answered {answer:?}, not one number"))
}

/// Sends bytes by a COPY statement; gives the number of rows that the server took.
pub(crate) async fn copy_in(client: &Client, sql: &str, bytes: impl Into<Bytes>) -> Result<u64, tokio_postgres::Error> {
    let sink = client.copy_in(sql).await?;
    pin_mut!(sink);
    sink.send(bytes.into()).await?;
    sink.finish().await
}

/// The SQLSTATE with which the server refused; the test fails when it is the connection that failed.
pub(crate) fn sqlstate(error: &tokio_postgres::Error) -> &str {
    error.code().unwrap_or_else(|| panic!("the server did not answer: {error:?}")).code()
}
