//! Which system relations there are, with PostgreSQL 15's columns, types and ids, and our own beside them: read once from the lists in
//! `data/`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};

use crate::catalog::{Name, Oid};
use crate::value::SqlType;

/// One system relation's outside.
#[derive(Debug)]
pub(crate) struct Shape {
    pub name: Name,
    /// PostgreSQL's own id of it.
    pub oid: Oid,
    /// `pg_class.relkind`: `r` or `v`.
    pub kind: &'static str,
    pub columns: Vec<ShapeColumn>,
}

/// One column as PostgreSQL declares it, and as Annals holds it.
#[derive(Debug)]
pub(crate) struct ShapeColumn {
    pub name: &'static str,
    /// The declared type, some of which Annals holds as a simpler one: `pg_node_tree` as text, `regproc` as oid.
    pub declared: &'static str,
    pub sql_type: SqlType,
    pub not_null: bool,
}

impl Shape {
    /// The relation's Arrow schema.
    pub(crate) fn schema(&self) -> SchemaRef {
        let fields: Vec<Field> = self.columns.iter().map(|column| column.sql_type.field(column.name, true)).collect();
        SchemaRef::new(Schema::new(fields))
    }
}

/// Every system relation by name.
pub(crate) fn all() -> impl Iterator<Item = &'static Shape> {
    SHAPES.values()
}

/// The system relation of this name.
pub(crate) fn find(name: &Name) -> Option<&'static Shape> {
    SHAPES.get(name)
}

/// The rows of a function that no relation has.
pub(super) fn of_function(name: &str) -> Option<&'static Shape> {
    static FUNCTIONS: LazyLock<Vec<Shape>> = LazyLock::new(|| {
        read(
            "pg_catalog.pg_get_keywords 1686 f\n  word text\n  catcode \"char\"\n  barelabel boolean\n  catdesc text\n  baredesc text",
        )
    });
    FUNCTIONS.iter().find(|shape| shape.name.name == name)
}

static SHAPES: LazyLock<BTreeMap<Name, Shape>> = LazyLock::new(|| {
    let shapes = [include_str!("data/relations.txt"), include_str!("data/annals.txt")].into_iter().flat_map(read);
    shapes.map(|shape| (shape.name.clone(), shape)).collect()
});

/// Reads the list: a line for each relation, indented lines for its columns, `!` before the type of one that is never NULL.
fn read(list: &'static str) -> Vec<Shape> {
    let mut shapes: Vec<Shape> = Vec::new();
    for line in list.lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, declared)) = line.strip_prefix("  ").and_then(|column| column.split_once(' ')) {
            let not_null = declared.starts_with('!');
            let declared = declared.trim_start_matches('!');
            if let Some(shape) = shapes.last_mut() {
                shape.columns.push(ShapeColumn { name, declared, sql_type: held_as(declared), not_null });
            }
        } else if let [name, oid, kind] = line.split(' ').collect::<Vec<_>>()[..]
            && let Some((schema, relation)) = name.split_once('.')
        {
            let oid = oid.parse().unwrap_or(0);
            shapes.push(Shape { name: Name::new(schema, relation), oid, kind, columns: vec![] });
        }
    }
    shapes
}

/// The type in which Annals holds a column of this declared type.
fn held_as(declared: &str) -> SqlType {
    match declared {
        // The domains of the standard's information schema.
        "information_schema.sql_identifier" => SqlType::Name,
        "information_schema.character_data" => SqlType::Varchar(None),
        "information_schema.cardinal_number" => SqlType::Int4,
        "information_schema.yes_or_no" => SqlType::Varchar(Some(3)),
        "information_schema.time_stamp" => SqlType::Timestamptz,
        // Ids by another name.
        "xid" => SqlType::Oid,
        // Arrays of what is shown as text.
        "aclitem[]" | "pg_statistic[]" => SqlType::Array(Box::new(SqlType::Text)),
        // The rest of the exotic ones are text: pg_node_tree, pg_lsn, anyarray, pg_ndistinct, pg_dependencies, pg_mcv_list.
        other => SqlType::parse(other).unwrap_or(SqlType::Text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_read_whole() {
        assert_eq!(all().count(), 203 + 9);
        let class = find(&Name::new("pg_catalog", "pg_class")).unwrap();
        assert_eq!((class.oid, class.kind, class.columns.len()), (1259, "r", 33));
        let last = class.columns.last().unwrap();
        assert_eq!((last.name, last.declared, &last.sql_type), ("relpartbound", "pg_node_tree", &SqlType::Text));
        assert!(all().all(|shape| shape.oid > 0 && !shape.columns.is_empty()), "a line did not read");
    }
}
