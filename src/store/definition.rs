//! A [`TableSpec`] as text for the write-ahead log, and the rules that a definition keeps.
//!
//! The Arrow fields stand in it as an Arrow IPC schema message (Arrow columnar format, section "Encapsulated message format"), which
//! is the form of a schema that every Arrow version promises to read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::physical;
use super::spec::{
    ColumnSpec, DAY_COLUMN, INGEST_COLUMN, IndexSpec, LEAF_COLUMN, OP_COLUMN, ROW_COLUMN, TableId, TableKind, TableSpec,
};
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::value::json::path::Step;

/// What the log remembers of a table: its spec and how far its counters have come.
#[derive(Debug, Clone)]
pub(crate) struct Definition {
    pub spec: Arc<TableSpec>,
    /// The leaf index that the next row gets.
    pub next_leaf: i64,
    /// The ingest time of the last row; the next is not earlier.
    pub last_ingest: Micros,
}

#[derive(Serialize, Deserialize)]
struct Text {
    id: TableId,
    kind: TableKind,
    label: String,
    time_column: Option<u32>,
    columns: Vec<ColumnText>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    indexes: BTreeSet<IndexSpec>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    paths: BTreeMap<u64, Vec<Step>>,
    /// The columns' fields in order, as an IPC stream without batches, in base64.
    fields: String,
    next_leaf: i64,
    last_ingest: Micros,
}

#[derive(Serialize, Deserialize)]
struct ColumnText {
    id: u32,
    bloom: bool,
}

impl Definition {
    /// The definition as JSON.
    pub(crate) fn encode(&self) -> Result<Vec<u8>> {
        let schema = Schema::new(self.spec.columns.iter().map(|column| column.field.clone()).collect::<Vec<_>>());
        let mut fields = Vec::new();
        let broken = |cause| Error::internal(format!("could not encode the fields of table {}: {cause}", self.spec.label));
        StreamWriter::try_new(&mut fields, &schema).and_then(|mut writer| writer.finish()).map_err(broken)?;
        let text = Text {
            id: self.spec.id,
            kind: self.spec.kind,
            label: self.spec.label.clone(),
            time_column: self.spec.time_column,
            columns: self.spec.columns.iter().map(|column| ColumnText { id: column.id, bloom: column.bloom }).collect(),
            indexes: self.spec.indexes.clone(),
            paths: self.spec.paths.clone(),
            fields: STANDARD.encode(fields),
            next_leaf: self.next_leaf,
            last_ingest: self.last_ingest,
        };
        serde_json::to_vec(&text).map_err(|cause| Error::internal(format!("could not encode table {}: {cause}", self.spec.label)))
    }

    /// Reads what [`Definition::encode`] wrote.
    ///
    /// # Errors
    /// `DataCorrupted`; the caller adds where the text stood.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self> {
        let broken = |cause: String| Error::new(Kind::DataCorrupted, format!("a table definition cannot be read: {cause}"));
        let text: Text = serde_json::from_slice(bytes).map_err(|cause| broken(cause.to_string()))?;
        let fields = STANDARD.decode(&text.fields).map_err(|cause| broken(cause.to_string()))?;
        let schema = StreamReader::try_new(fields.as_slice(), None).map_err(|cause| broken(cause.to_string()))?.schema();
        if schema.fields().len() != text.columns.len() {
            return Err(broken(format!("{} columns and {} fields", text.columns.len(), schema.fields().len())));
        }
        let columns = text
            .columns
            .iter()
            .zip(schema.fields())
            .map(|(column, field)| ColumnSpec { id: column.id, field: field.clone(), bloom: column.bloom })
            .collect();
        let (time_column, indexes, paths) = (text.time_column, text.indexes, text.paths);
        let spec = TableSpec { id: text.id, kind: text.kind, label: text.label, columns, time_column, indexes, paths };
        Ok(Definition { spec: Arc::new(spec), next_leaf: text.next_leaf, last_ingest: text.last_ingest })
    }
}

/// Characters that Delta tables without column mapping do not allow in a column's name (Delta protocol, "Column Mapping").
const FORBIDDEN: [char; 10] = [' ', ',', ';', '{', '}', '(', ')', '\n', '\t', '='];

/// Checks that a spec can be stored: ids ascend, physical names are fit for Delta and unlike each other in any case, the time column
/// is a `NOT NULL` timestamp, every type has a stored form.
pub(crate) fn check(spec: &TableSpec) -> Result<()> {
    let wrong = |message: String| Error::new(Kind::InvalidTableDefinition, message);
    let mut names = BTreeSet::new();
    let mut last_id = None;
    for ColumnSpec { id, field, bloom: _ } in &spec.columns {
        let name = field.name();
        if last_id.is_some_and(|last| last >= *id) {
            return Err(wrong(format!("column ids of table {} do not ascend at \"{name}\"", spec.label)));
        }
        last_id = Some(*id);
        if name.is_empty() || name.contains(FORBIDDEN) {
            return Err(wrong(format!("column \"{name}\" of table {} cannot be stored under that name", spec.label))
                .with_hint("physical names are not empty and hold no blanks and none of , ; { } ( ) ="));
        }
        if [LEAF_COLUMN, INGEST_COLUMN, DAY_COLUMN, OP_COLUMN, ROW_COLUMN].contains(&name.as_str()) {
            return Err(Error::new(Kind::ReservedName, format!("the column name \"{name}\" is reserved")));
        }
        if !names.insert(name.to_lowercase()) {
            return Err(Error::new(
                Kind::DuplicateColumn,
                format!("column \"{name}\" of table {} differs from another in case only", spec.label),
            )
            .with_hint("readers of Delta tables do not tell names apart by case"));
        }
        physical::check_type(field).map_err(|error| error.with_context(format!("table {}", spec.label)))?;
    }
    if let Some(index) = spec.indexes.iter().find(|index| spec.columns.iter().all(|column| column.id != index.column)) {
        return Err(wrong(format!("an index of table {} is on column {}, which it has not", spec.label, index.column)));
    }
    if let Some(id) = spec.time_column {
        let column = spec
            .columns
            .iter()
            .find(|column| column.id == id)
            .ok_or_else(|| wrong(format!("the time column of table {} is not one of its columns", spec.label)))?;
        if !is_time(&column.field) {
            return Err(wrong(format!(
                "the time column \"{}\" of table {} must be a NOT NULL timestamp",
                column.field.name(),
                spec.label
            )));
        }
    }
    Ok(())
}

fn is_time(field: &Field) -> bool {
    !field.is_nullable() && matches!(field.data_type(), DataType::Timestamp(TimeUnit::Microsecond, _))
}

/// Checks that `new` can follow `old`: columns may be added (nullable once there are rows), a column's type and name never change,
/// and the table keeps its kind and time column.
pub(crate) fn check_change(old: &TableSpec, new: &TableSpec, has_rows: bool) -> Result<()> {
    let wrong = |message: String| Error::new(Kind::InvalidTableDefinition, message);
    if old.kind != new.kind {
        return Err(wrong(format!("table {} cannot change between log and reference", old.label)));
    }
    if has_rows && old.time_column != new.time_column {
        return Err(wrong(format!("the time column of table {} cannot change once it holds rows", old.label)));
    }
    for column in &new.columns {
        match old.columns.iter().find(|before| before.id == column.id) {
            Some(before) => {
                let same = before.field.name() == column.field.name() && before.field.data_type() == column.field.data_type();
                if !same {
                    return Err(wrong(format!(
                        "stored column \"{}\" of table {} cannot change its physical name or type",
                        before.field.name(),
                        old.label
                    )));
                }
            }
            None if has_rows && !column.field.is_nullable() => {
                return Err(Error::new(
                    Kind::NotNullViolation,
                    format!(
                        "column \"{}\" of table {} cannot be NOT NULL: the table holds rows without it",
                        column.field.name(),
                        old.label
                    ),
                ));
            }
            None => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::samples;
    use crate::store::spec::IndexKind;
    use crate::value::SqlType;

    #[test]
    fn a_definition_comes_back_as_it_was() {
        let mut spec = samples::every_type_spec();
        spec.indexes.insert(IndexSpec { column: spec.columns[0].id, kind: IndexKind::Ids });
        let definition = Definition { spec: Arc::new(spec), next_leaf: 77, last_ingest: -5 };
        let back = Definition::decode(&definition.encode().unwrap()).unwrap();
        assert_eq!(back.spec, definition.spec);
        assert_eq!((back.next_leaf, back.last_ingest), (77, -5));
        assert_eq!(Definition::decode(b"{}").unwrap_err().kind(), Kind::DataCorrupted);
    }

    #[test]
    fn names_that_delta_readers_confuse_are_refused() {
        let mut spec = samples::log_spec("public.t");
        check(&spec).unwrap();
        let add = |spec: &mut TableSpec, name: &str| {
            spec.columns.push(ColumnSpec { id: 90, field: Arc::new(SqlType::Text.field(name, true)), bloom: false });
        };
        let mut spaced = spec.clone();
        add(&mut spaced, "my column");
        assert_eq!(check(&spaced).unwrap_err().kind(), Kind::InvalidTableDefinition);
        let mut doubled = spec.clone();
        add(&mut doubled, "MESSAGE");
        assert_eq!(check(&doubled).unwrap_err().kind(), Kind::DuplicateColumn);
        add(&mut spec, "_li");
        assert_eq!(check(&spec).unwrap_err().kind(), Kind::ReservedName);
    }

    #[test]
    fn a_column_never_changes_its_type() {
        let old = samples::log_spec("public.t");
        let mut new = old.clone();
        new.columns[2].field = Arc::new(SqlType::Int4.field(new.columns[2].field.name(), true));
        assert_eq!(check_change(&old, &new, false).unwrap_err().kind(), Kind::InvalidTableDefinition);
        let mut new = old.clone();
        new.columns.push(ColumnSpec { id: 90, field: Arc::new(SqlType::Text.field("later", false)), bloom: false });
        check_change(&old, &new, false).unwrap();
        assert_eq!(check_change(&old, &new, true).unwrap_err().kind(), Kind::NotNullViolation);
    }
}
