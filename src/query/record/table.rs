//! The log table `annals.query_log`, which Annals alone writes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, ListBuilder, RecordBatch, StringViewBuilder,
    TimestampMicrosecondBuilder,
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

/// Name, type, whether it always has a value, and what it tells. The order is that of [`Rows`].
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
        indexes: BTreeSet::new(),
        paths: BTreeMap::new(),
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
        indexes: vec![],
        protection: Protection::default(),
        comment: Some("Every statement of every login: who asked what, from where, and what came of it".to_owned()),
        internal: true,
    }
}

/// Entries as rows of the table, from the journal's records of them.
///
/// # Errors
/// Only when the rows cannot be built.
pub(super) fn batch<'a>(records: impl Iterator<Item = &'a [u8]>) -> Result<RecordBatch> {
    let mut rows = Rows::default();
    for record in records {
        rows.add(&Entry::read(record).ok_or_else(|| Error::internal("the journal has lost an entry"))?);
    }
    RecordBatch::try_new(table().spec.commit_schema(), rows.arrays()).map_err(|error| Error::internal(error.to_string()))
}

/// The table's columns while they are filled.
struct Rows {
    ids: StringViewBuilder,
    moments: TimestampMicrosecondBuilder,
    logins: StringViewBuilder,
    roles: StringViewBuilder,
    addresses: StringViewBuilder,
    applications: StringViewBuilder,
    statements: StringViewBuilder,
    tables: ListBuilder<StringViewBuilder>,
    counts: Int64Builder,
    durations: Float64Builder,
    outcomes: StringViewBuilder,
    refused: BooleanBuilder,
}

impl Default for Rows {
    fn default() -> Self {
        // A busy program asks the same again and again.
        let texts = || StringViewBuilder::new().with_deduplicate_strings();
        Rows {
            ids: StringViewBuilder::new(),
            moments: TimestampMicrosecondBuilder::new(),
            logins: texts(),
            roles: texts(),
            addresses: texts(),
            applications: texts(),
            statements: texts(),
            tables: ListBuilder::new(texts()),
            counts: Int64Builder::new(),
            durations: Float64Builder::new(),
            outcomes: texts(),
            refused: BooleanBuilder::new(),
        }
    }
}

impl Rows {
    fn add(&mut self, entry: &Entry<'_>) {
        #[expect(clippy::cast_precision_loss, reason = "a duration of 285 years is known to the microsecond, which is enough")]
        let milliseconds = entry.duration_us as f64 / 1_000.0;
        self.ids.append_value(new_uuid_v7(entry.began).hyphenated().encode_lower(&mut Uuid::encode_buffer()));
        self.moments.append_value(entry.began);
        self.logins.append_value(entry.login);
        self.roles.append_value(entry.role);
        self.addresses.append_option(Some(entry.address).filter(|address| !address.is_empty()));
        self.applications.append_value(entry.application);
        self.statements.append_option(entry.statement);
        self.tables.append_value(entry.tables.iter().map(Some));
        self.counts.append_value(i64::try_from(entry.rows).unwrap_or(i64::MAX));
        self.durations.append_value(milliseconds);
        self.outcomes.append_value(entry.outcome);
        self.refused.append_value(entry.refused);
    }

    /// In the order of [`columns`].
    fn arrays(mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.ids.finish()),
            Arc::new(self.moments.finish().with_timezone("UTC")),
            Arc::new(self.logins.finish()),
            Arc::new(self.roles.finish()),
            Arc::new(self.addresses.finish()),
            Arc::new(self.applications.finish()),
            Arc::new(self.statements.finish()),
            Arc::new(self.tables.finish()),
            Arc::new(self.counts.finish()),
            Arc::new(self.durations.finish()),
            Arc::new(self.outcomes.finish()),
            Arc::new(self.refused.finish()),
        ]
    }
}
