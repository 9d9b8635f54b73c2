//! The catalog log: every definition as an event of the log table `annals.catalog_log`, written with the change it makes and
//! replayed at start.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, RecordBatch};
use uuid::Uuid;

use crate::catalog::{CATALOG_LOG_OID, Catalog, Column, Name, Protection, SYSTEM_SCHEMA, Table};
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::ingest::new_uuid_v7;
use crate::query::define::{self, Defined, Facts};
use crate::query::record;
use crate::store::spec::{ColumnSpec, LEAF_COLUMN, TableId, TableKind, TableSpec};
use crate::store::{Commit, Store};
use crate::value::{ColumnBuilder, SqlType, Style};

/// The catalog log's identity in every store.
pub(super) const ID: TableId = TableId(Uuid::from_u128(0x0061_6e6e_616c_7300_8000_0000_0000_0001));

const COLUMNS: [(&str, SqlType); 7] = [
    ("event_id", SqlType::Uuid),
    ("occurred_at", SqlType::Timestamptz),
    ("role", SqlType::Text),
    ("command", SqlType::Text),
    ("object", SqlType::Text),
    ("statement", SqlType::Text),
    ("facts", SqlType::Jsonb),
];

/// The catalog log as a table that can be read.
pub(super) fn table() -> Table {
    let columns: Vec<Column> = (1_u32..)
        .zip(&COLUMNS)
        .map(|(id, (name, sql_type))| Column {
            id,
            name: (*name).to_owned(),
            sql_type: sql_type.clone(),
            not_null: true,
            default: None,
            comment: None,
        })
        .collect();
    let spec = TableSpec {
        id: ID,
        kind: TableKind::Log,
        label: format!("{SYSTEM_SCHEMA}.catalog_log"),
        columns: columns
            .iter()
            .map(|column| ColumnSpec {
                id: column.id,
                field: Arc::new(column.sql_type.field(column.name.clone(), false)),
                bloom: false,
            })
            .collect(),
        time_column: Some(2),
        indexes: BTreeSet::new(),
        paths: BTreeMap::new(),
    };
    Table {
        oid: CATALOG_LOG_OID,
        name: Name::new(SYSTEM_SCHEMA, "catalog_log"),
        spec: Arc::new(spec),
        columns,
        checks: vec![],
        primary_key: vec![],
        retention: vec![],
        protection: Protection::default(),
        holds: vec![],
        indexes: vec![],
        comment: Some("Every definition, as an event: who made it, when, and its text".to_owned()),
        internal: true,
    }
}

/// The catalog that the log describes. A store without the tables that Annals itself writes gets them, empty.
///
/// # Errors
/// XX001 naming the record that cannot be replayed.
pub(super) async fn replay(store: &Arc<Store>) -> Result<Catalog> {
    let own = [table(), record::table()];
    let known = store.snapshot();
    let missing = own.iter().filter(|table| !known.tables.contains_key(&table.store_id()));
    let define: Vec<TableSpec> = missing.map(|table| table.spec.as_ref().clone()).collect();
    if !define.is_empty() {
        store.commit(Commit { define, ..Commit::default() }).await?;
    }
    let mut catalog = Catalog::new(own.map(Arc::new).into());
    let mut records = Vec::new();
    for batch in store.scan_all(ID).await? {
        let leaf = batch
            .column_by_name(LEAF_COLUMN)
            .ok_or_else(|| Error::internal("the catalog log has no leaf index"))?
            .as_primitive::<datafusion::arrow::datatypes::Int64Type>()
            .clone();
        let statement = strings(&batch, "statement")?;
        let facts = strings(&batch, "facts")?;
        for row in 0..batch.num_rows() {
            records.push((leaf.value(row), statement.value(row).to_owned(), facts.value(row).to_owned()));
        }
    }
    records.sort_by_key(|(leaf, _, _)| *leaf);
    for (leaf, statement, facts) in records {
        let corrupted = |error: &dyn std::fmt::Display| {
            Error::new(Kind::DataCorrupted, format!("record {leaf} of the catalog log cannot be replayed: {error}"))
                .with_detail(statement.clone())
        };
        let facts: Facts = serde_json::from_str(&facts).map_err(|error| corrupted(&error))?;
        catalog = define::replay(&statement, &facts, &catalog).map_err(|error| corrupted(&error))?;
    }
    Ok(catalog)
}

fn strings<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a datafusion::arrow::array::StringViewArray> {
    batch
        .column_by_name(name)
        .and_then(|column| column.as_string_view_opt())
        .ok_or_else(|| Error::internal(format!("the catalog log has no text column {name}")))
}

/// The event that records a definition.
///
/// # Errors
/// Only when the record cannot be built.
pub(super) fn record(defined: &Defined, role: &str, now: Micros) -> Result<RecordBatch> {
    let facts = serde_json::to_string(&defined.facts).map_err(|error| Error::internal(error.to_string()))?;
    let texts = [
        new_uuid_v7(now).to_string(),
        String::new(),
        role.to_owned(),
        defined.tag.to_owned(),
        defined.object.clone(),
        defined.text.clone(),
        facts,
    ];
    let style = Style::default().at(now);
    let columns = COLUMNS
        .iter()
        .zip(&texts)
        .map(|((_, sql_type), text)| {
            let mut builder = ColumnBuilder::new(sql_type, 1);
            builder.append_text(if *sql_type == SqlType::Timestamptz { "now" } else { text }, &style)?;
            Ok(builder.finish())
        })
        .collect::<Result<Vec<ArrayRef>>>()?;
    RecordBatch::try_new(table().spec.commit_schema(), columns).map_err(|error| Error::internal(error.to_string()))
}
