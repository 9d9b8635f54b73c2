//! The log table `annals.query_log`, which Annals alone writes.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, ListBuilder, RecordBatch, StringViewArray, StringViewBuilder,
    TimestampMicrosecondArray,
};
use uuid::Uuid;

use super::Entry;
use crate::catalog::{Column, Name, Protection, QUERY_LOG_OID, SYSTEM_SCHEMA, Table};
use crate::error::{Error, Result};
use crate::ingest::new_uuid_v7;
use crate::store::spec::{ColumnSpec, TableId, TableKind, TableSpec};
use crate::value::SqlType;

/// The query log's identity in every store.
pub(in crate::query) const ID: TableId = TableId(Uuid::from_u128(0x0061_6e6e_616c_7300_8000_0000_0000_0002));

/// Name, type, whether it always has a value, and what it tells. The order is that of [`batch`].
fn columns() -> [(&'static str, SqlType, bool, &'static str); 12] {
    [
        ("event_id", SqlType::Uuid, true, "Identity of the event; its first 48 bits are the time of occurred_at"),
        ("occurred_at", SqlType::Timestamptz, true, "When the statement came, by the server's clock"),
        (
            "login_role",
            SqlType::Text,
            true,
            "The role that logged in, as it was called then; of a refused login the role that it asked for",
        ),
        ("effective_role", SqlType::Text, true, "The role that the statement ran as, which SET ROLE changes"),
        ("client_address", SqlType::Inet, false, "Where the client connected from"),
        ("application_name", SqlType::Text, true, "What the client calls itself"),
        (
            "statement",
            SqlType::Text,
            false,
            "The text with $1, $2, ... for its literals and without comments, cut at 8 KiB; NULL for a login",
        ),
        (
            "tables",
            SqlType::Array(Box::new(SqlType::Text)),
            true,
            "Tables and views that the statement reached or was kept from, those behind views too; not PostgreSQL's own",
        ),
        ("rows_returned", SqlType::Int8, true, "Rows that were sent to the client"),
        ("duration_ms", SqlType::Float8, true, "Milliseconds until the answer was complete, the client's reading of rows included"),
        ("outcome", SqlType::Text, true, "ok, or the SQLSTATE of the error"),
        ("refused", SqlType::Bool, true, "Whether it was refused for want of rights: SQLSTATE 42501 or class 28"),
    ]
}

/// The query log as a table that can be read.
pub(in crate::query) fn table() -> Table {
    let columns: Vec<Column> = (1_u32..)
        .zip(columns())
        .map(|(id, (name, sql_type, not_null, comment))| Column {
            id,
            name: name.to_owned(),
            sql_type,
            not_null,
            default: None,
            comment: Some(comment.to_owned()),
        })
        .collect();
    let stored = columns.iter().map(|column| ColumnSpec {
        id: column.id,
        field: Arc::new(column.sql_type.field(column.name.clone(), !column.not_null)),
        bloom: false,
    });
    let spec = TableSpec {
        id: ID,
        kind: TableKind::Log,
        label: format!("{SYSTEM_SCHEMA}.query_log"),
        columns: stored.collect(),
        time_column: Some(2),
    };
    Table {
        oid: QUERY_LOG_OID,
        name: Name::new(SYSTEM_SCHEMA, "query_log"),
        spec: Arc::new(spec),
        columns,
        checks: vec![],
        primary_key: vec![],
        retention: vec![],
        holds: vec![],
        protection: Protection::default(),
        comment: Some("Every statement of every login: who asked what, from where, and what came of it".to_owned()),
        internal: true,
    }
}

/// Entries as rows of the table.
///
/// # Errors
/// Only when the rows cannot be built.
pub(super) fn batch(entries: &[Entry]) -> Result<RecordBatch> {
    let texts = |of: fn(&Entry) -> Option<&str>| Arc::new(entries.iter().map(of).collect::<StringViewArray>()) as ArrayRef;
    let ids: Vec<String> = entries.iter().map(|entry| new_uuid_v7(entry.began).to_string()).collect();
    let mut tables = ListBuilder::new(StringViewBuilder::new());
    for entry in entries {
        tables.append_value(entry.tables.iter().map(Some));
    }
    let moments = TimestampMicrosecondArray::from_iter_values(entries.iter().map(|entry| entry.began)).with_timezone("UTC");
    let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    #[expect(clippy::cast_precision_loss, reason = "a duration of 285 years is known to the microsecond, which is enough")]
    let milliseconds = |us: u64| us as f64 / 1_000.0;
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(StringViewArray::from_iter_values(&ids)),
        Arc::new(moments),
        texts(|entry| Some(&entry.who.login)),
        texts(|entry| Some(&entry.role)),
        texts(|entry| Some(&*entry.who.address).filter(|address| !address.is_empty())),
        texts(|entry| Some(&entry.application)),
        texts(|entry| entry.statement.as_deref()),
        Arc::new(tables.finish()),
        Arc::new(Int64Array::from_iter_values(entries.iter().map(|entry| whole(entry.rows)))),
        Arc::new(Float64Array::from_iter_values(entries.iter().map(|entry| milliseconds(entry.duration_us)))),
        texts(|entry| Some(&entry.outcome)),
        Arc::new(BooleanArray::from(entries.iter().map(|entry| entry.refused).collect::<Vec<_>>())),
    ];
    RecordBatch::try_new(table().spec.commit_schema(), arrays).map_err(|error| Error::internal(error.to_string()))
}
