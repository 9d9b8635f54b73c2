//! What has columns, and what hangs on it: pg_class, pg_attribute, pg_attrdef, pg_constraint, pg_inherits' neighbours.

use super::builtin;
use super::definition;
use super::indexes::{self, TableIndex};
use super::rows::{Cell, Rows};
use super::shape;
use super::world::{
    self, AM_LOG, AM_REFERENCE, PG_ATTRDEF, PG_CLASS, PG_CONSTRAINT, PG_NAMESPACE, PG_PROC, PG_REWRITE, SUPERUSER_OID, World,
};
use crate::catalog::{Object, Relation, Table};
use crate::error::Result;
use crate::store::spec::TableKind;
use crate::value::SqlType;

pub(super) fn class(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for shape in shape::all() {
        // A role that may not look into our schema is not told what is in it.
        let Some(schema) = world.schema_oid(&shape.name.schema) else { continue };
        class_row(
            rows,
            &[
                ("oid", shape.oid.into()),
                ("relname", shape.name.name.as_str().into()),
                ("relnamespace", schema.into()),
                ("relkind", shape.kind.into()),
                ("relnatts", shape.columns.len().into()),
                ("relreplident", "n".into()),
                ("relacl", builtin_acl(shape)),
            ],
        )?;
    }
    for relation in world.catalog.relations() {
        let name = relation.name();
        let mut cells: Vec<(&str, Cell)> = vec![
            ("oid", relation.oid().into()),
            ("relname", name.name.as_str().into()),
            ("relnamespace", world.schema_oid(&name.schema).into()),
            ("relowner", world.catalog.owner(Object::Relation(relation.oid())).into()),
            ("relacl", world.acl(Object::Relation(relation.oid()))),
        ];
        match relation {
            Relation::Table(table) => cells.extend([
                ("relkind", "r".into()),
                ("relam", access_method(table).into()),
                ("relnatts", table.columns.iter().map(|column| column.id).max().unwrap_or(0).into()),
                ("relchecks", table.checks.len().into()),
                ("relhasindex", TableIndex::of(table).next().is_some().into()),
                ("relreplident", "d".into()),
                ("relrowsecurity", table.protection.enabled.into()),
                ("relforcerowsecurity", table.protection.forced.into()),
                ("reltuples", world.row_count(table).unwrap_or(-1).into()),
                // In the pages of 8 KiB that PostgreSQL counts by.
                ("relpages", i32::try_from(world.bytes(table).div_euclid(8_192)).unwrap_or(i32::MAX).into()),
                ("relfilenode", table.oid.into()),
            ]),
            Relation::View(view) => cells.extend([
                ("relkind", "v".into()),
                ("relnatts", view.columns.len().into()),
                ("relreplident", "n".into()),
                ("relhasrules", true.into()),
                ("reloptions", Cell::list([format!("security_invoker={}", !view.definer)])),
            ]),
        }
        class_row(rows, &cells)?;
    }
    indexes::classes(world, rows)
}

/// What may be done to PostgreSQL's own relations: everything by the superuser, and reading by everybody where it is open.
fn builtin_acl(shape: &shape::Shape) -> Cell {
    let open = super::roles::may_read(shape, &crate::policy::Standing::everybody());
    let owners = format!("{0}=arwdDxt/{0}", crate::policy::SUPERUSER);
    if open { Cell::list([owners, format!("=r/{}", crate::policy::SUPERUSER)]) } else { Cell::list([owners]) }
}

fn access_method(table: &Table) -> u32 {
    match table.kind() {
        TableKind::Log => AM_LOG,
        TableKind::Reference => AM_REFERENCE,
    }
}

/// A row of `pg_class` with what all relations share. How many rows PostgreSQL's own relations
/// have is written -1, not known.
pub(super) fn class_row(rows: &mut Rows<'_>, cells: &[(&str, Cell)]) -> Result<()> {
    let mut all: Vec<(&str, Cell)> = vec![
        ("relowner", SUPERUSER_OID.into()),
        ("reltuples", (-1).into()),
        ("relpersistence", "p".into()),
        ("relispopulated", true.into()),
    ];
    all.retain(|(name, _)| !cells.iter().any(|(own, _)| own == name));
    all.extend(cells.iter().cloned());
    rows.add(&all)
}

/// One column of any relation, as `pg_attribute` and the information schema show it.
pub(super) struct Attribute<'a> {
    relation: u32,
    number: u32,
    name: &'a str,
    type_oid: u32,
    modifier: i32,
    /// `None` is the type's own.
    collation: Option<u32>,
    not_null: bool,
    has_default: bool,
    acl: Cell,
}

impl Attribute<'_> {
    /// The column as an index keeps it: its values, or something of another type made from them.
    pub(super) fn kept(self, kept: impl FnOnce(u32) -> u32, collation: u32) -> Self {
        let type_oid = kept(self.type_oid);
        let modifier = if type_oid == self.type_oid { self.modifier } else { -1 };
        Attribute { type_oid, modifier, collation: Some(collation), ..self }
    }
}

pub(super) fn attribute(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for shape in shape::all() {
        for (number, column) in (1..).zip(&shape.columns) {
            let type_oid = builtin::type_oid(column.declared).unwrap_or(column.sql_type.oid());
            attribute_row(
                rows,
                &Attribute {
                    relation: shape.oid,
                    number,
                    name: column.name,
                    type_oid,
                    modifier: -1,
                    collation: None,
                    not_null: column.not_null,
                    has_default: false,
                    acl: Cell::Null,
                },
            )?;
        }
    }
    for relation in world.catalog.relations() {
        match relation {
            Relation::Table(table) => {
                for column in &table.columns {
                    let (name, number) = (column.name.as_str(), column.id);
                    let acl = world.acl(Object::Column(table.oid, number));
                    let found = typed(table.oid, number, name, &column.sql_type);
                    let (not_null, has_default) = (column.not_null, column.default.is_some());
                    attribute_row(rows, &Attribute { not_null, has_default, acl, ..found })?;
                }
            }
            Relation::View(view) => {
                for (number, (name, sql_type)) in (1..).zip(&view.columns) {
                    let acl = world.acl(Object::Column(view.oid, number));
                    attribute_row(rows, &Attribute { acl, ..typed(view.oid, number, name, sql_type) })?;
                }
            }
        }
    }
    indexes::attributes(world, rows)
}

pub(super) fn typed<'a>(relation: u32, number: u32, name: &'a str, sql_type: &SqlType) -> Attribute<'a> {
    Attribute {
        relation,
        number,
        name,
        type_oid: sql_type.oid(),
        modifier: sql_type.modifier(),
        collation: None,
        not_null: false,
        has_default: false,
        acl: Cell::Null,
    }
}

pub(super) fn attribute_row(rows: &mut Rows<'_>, attribute: &Attribute<'_>) -> Result<()> {
    let field = |name: &str| builtin::type_by_oid(attribute.type_oid).map_or("", |builtin| builtin.field(name));
    let array = builtin::type_by_oid(attribute.type_oid).is_some_and(|builtin| builtin.category == "A");
    rows.add(&[
        ("attrelid", attribute.relation.into()),
        ("attname", attribute.name.into()),
        ("atttypid", attribute.type_oid.into()),
        ("attstattarget", (-1).into()),
        ("attlen", field("typlen").into()),
        ("attnum", attribute.number.into()),
        ("attndims", i32::from(array).into()),
        ("attcacheoff", (-1).into()),
        ("atttypmod", attribute.modifier.into()),
        ("attbyval", (field("typbyval") == "t").into()),
        ("attalign", field("typalign").into()),
        ("attstorage", field("typstorage").into()),
        ("attnotnull", attribute.not_null.into()),
        ("atthasdef", attribute.has_default.into()),
        ("attislocal", true.into()),
        ("attcollation", attribute.collation.map_or_else(|| field("typcollation").into(), Cell::from)),
        ("attacl", attribute.acl.clone()),
    ])
}

pub(super) fn attrdef(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for table in world.tables() {
        for column in &table.columns {
            if let Some(default) = definition::default(column) {
                rows.add(&[
                    ("oid", world::default_oid(table, column.id).into()),
                    ("adrelid", table.oid.into()),
                    ("adnum", column.id.into()),
                    ("adbin", default.into()),
                ])?;
            }
        }
    }
    Ok(())
}

pub(super) fn constraint(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for constraint in world.constraints() {
        let table = constraint.table;
        let key = !constraint.columns.is_empty();
        rows.add(&[
            ("oid", constraint.oid.into()),
            ("conname", constraint.name.into()),
            ("connamespace", world.schema_oid(&table.name.schema).into()),
            ("contype", if constraint.predicate.is_some() { "c" } else { "p" }.into()),
            ("convalidated", true.into()),
            ("conrelid", table.oid.into()),
            ("conindid", if key { world::index_oid(table) } else { 0 }.into()),
            ("conislocal", true.into()),
            ("connoinherit", key.into()),
            ("confupdtype", " ".into()),
            ("confdeltype", " ".into()),
            ("confmatchtype", " ".into()),
            ("conkey", if key { Cell::list(&constraint.columns) } else { Cell::Null }),
            ("conbin", constraint.predicate.into()),
        ])?;
    }
    Ok(())
}

/// The rule that makes each view one.
pub(super) fn rewrite(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for view in world.views() {
        rows.add(&[
            ("oid", world::rule_oid(view).into()),
            ("rulename", "_RETURN".into()),
            ("ev_class", view.oid.into()),
            ("ev_type", "1".into()),
            ("ev_enabled", "O".into()),
            ("is_instead", true.into()),
            ("ev_qual", "<>".into()),
            ("ev_action", view.query.as_str().into()),
        ])?;
    }
    Ok(())
}

/// What cannot be dropped without what: views need what they read, constraints and defaults belong to their table.
pub(super) fn depend(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let mut add = |(class, object): (u32, u32), (other_class, other, column): (u32, u32, u32), kind: &str| {
        rows.add(&[
            ("classid", class.into()),
            ("objid", object.into()),
            ("refclassid", other_class.into()),
            ("refobjid", other.into()),
            ("refobjsubid", column.into()),
            ("deptype", kind.into()),
        ])
    };
    for relation in world.catalog.relations() {
        if let Some(schema) = world.schema_oid(&relation.name().schema) {
            add((PG_CLASS, relation.oid()), (PG_NAMESPACE, schema, 0), "n")?;
        }
    }
    for view in world.views() {
        add((PG_REWRITE, world::rule_oid(view)), (PG_CLASS, view.oid, 0), "i")?;
        for read in &view.reads {
            let class = if world.catalog.relation_by_oid(*read).is_some() { PG_CLASS } else { PG_PROC };
            add((PG_REWRITE, world::rule_oid(view)), (class, *read, 0), "n")?;
        }
    }
    for constraint in world.constraints() {
        let table = constraint.table.oid;
        for column in &constraint.columns {
            add((PG_CONSTRAINT, constraint.oid), (PG_CLASS, table, *column), "a")?;
        }
        if constraint.columns.is_empty() {
            add((PG_CONSTRAINT, constraint.oid), (PG_CLASS, table, 0), "a")?;
        } else {
            add((PG_CLASS, world::index_oid(constraint.table)), (PG_CONSTRAINT, constraint.oid, 0), "i")?;
        }
    }
    for (table, index) in world.catalog.indexes() {
        for key in &index.keys {
            add((PG_CLASS, index.oid), (PG_CLASS, table.oid, key.column), "a")?;
        }
    }
    for table in world.tables() {
        for column in table.columns.iter().filter(|column| column.default.is_some()) {
            add((PG_ATTRDEF, world::default_oid(table, column.id)), (PG_CLASS, table.oid, column.id), "a")?;
        }
    }
    Ok(())
}
