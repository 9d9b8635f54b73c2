//! What stands beside relations: schemas, types, functions, comments, roles, the database, languages, access methods, collations.

use super::builtin::{self, TYPE_COLUMNS};
use super::rows::{Cell, Rows};
use super::world::{
    AM_BTREE, AM_LOG, AM_REFERENCE, DATABASE_OID, INFORMATION_SCHEMA, PG_CATALOG, PG_CLASS, PG_NAMESPACE, PG_PROC, SUPERUSER_OID,
    UTF8, World,
};
use crate::catalog::{Function, Relation};
use crate::error::Result;
use crate::policy::SUPERUSER;
use crate::query::plan::names::DATABASE;

/// The id of PostgreSQL's own tablespace `pg_default`.
const DEFAULT_TABLESPACE: u32 = 1_663;
/// The id of the language `sql`.
const LANGUAGE_SQL: u32 = 14;
/// The id of the language `internal`.
const LANGUAGE_INTERNAL: u32 = 12;
/// The id of the pseudo-type `record`, which functions that return a table return.
const RECORD: u32 = 2_249;

pub(super) fn namespace(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for (name, oid, _) in world.schemas() {
        rows.add(&[("oid", oid.into()), ("nspname", name.into()), ("nspowner", SUPERUSER_OID.into())])?;
    }
    Ok(())
}

pub(super) fn types(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for builtin in builtin::types() {
        let schema = if builtin.standard { INFORMATION_SCHEMA } else { PG_CATALOG };
        let mut cells: Vec<(&str, Cell)> = vec![
            ("oid", builtin.oid.into()),
            ("typname", builtin.name.into()),
            ("typnamespace", schema.into()),
            ("typowner", SUPERUSER_OID.into()),
            ("typisdefined", true.into()),
        ];
        cells.extend(TYPE_COLUMNS.iter().zip(&builtin.fields).map(|(name, field)| (*name, (*field).into())));
        rows.add(&cells)?;
    }
    Ok(())
}

pub(super) fn proc(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for builtin in builtin::functions() {
        rows.add(&[
            ("oid", builtin.oid.into()),
            ("proname", builtin.name.into()),
            ("pronamespace", PG_CATALOG.into()),
            ("proowner", SUPERUSER_OID.into()),
            ("prolang", LANGUAGE_INTERNAL.into()),
            ("procost", 1.into()),
            ("prokind", "f".into()),
            ("proisstrict", builtin.strict.into()),
            ("provolatile", builtin.volatility.into()),
            ("proparallel", "s".into()),
            ("pronargs", builtin.arguments.len().into()),
            ("prorettype", builtin.returns.into()),
            ("proargtypes", Cell::list(&builtin.arguments)),
            ("prosrc", builtin.name.into()),
        ])?;
    }
    for function in world.catalog.functions() {
        function_row(world, rows, function)?;
    }
    Ok(())
}

fn function_row(world: &World<'_>, rows: &mut Rows<'_>, function: &Function) -> Result<()> {
    let arguments: Vec<u32> = function.arguments.iter().map(|argument| argument.sql_type.oid()).collect();
    let all = arguments.iter().copied().chain(function.columns.iter().map(|(_, sql_type)| sql_type.oid()));
    let modes = function.arguments.iter().map(|_| "i").chain(function.columns.iter().map(|_| "t"));
    let names = function
        .arguments
        .iter()
        .map(|argument| argument.name.as_str())
        .chain(function.columns.iter().map(|(name, _)| name.as_str()));
    let defaults: Vec<&str> = function.arguments.iter().filter_map(|argument| argument.default.as_deref()).collect();
    rows.add(&[
        ("oid", function.oid.into()),
        ("proname", function.name.name.as_str().into()),
        ("pronamespace", world.schema_oid(&function.name.schema).into()),
        ("proowner", SUPERUSER_OID.into()),
        ("prolang", LANGUAGE_SQL.into()),
        ("procost", 100.into()),
        ("prorows", 1_000.into()),
        ("prokind", "f".into()),
        ("proretset", true.into()),
        ("provolatile", "v".into()),
        ("proparallel", "u".into()),
        ("pronargs", arguments.len().into()),
        ("pronargdefaults", defaults.len().into()),
        ("prorettype", RECORD.into()),
        ("proallargtypes", Cell::list(all)),
        ("proargmodes", Cell::list(modes)),
        ("proargnames", Cell::list(names)),
        ("proargtypes", Cell::list(&arguments)),
        ("proargdefaults", if defaults.is_empty() { Cell::Null } else { defaults.join(", ").into() }),
        ("prosrc", function.body.as_str().into()),
    ])
}

/// Comments: on schemas, relations, their columns, and functions.
pub(super) fn description(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let mut add = |object: u32, class: u32, column: u32, comment: Option<&str>| match comment {
        Some(comment) => rows.add(&[
            ("objoid", object.into()),
            ("classoid", class.into()),
            ("objsubid", column.into()),
            ("description", comment.into()),
        ]),
        None => Ok(()),
    };
    for (_, oid, comment) in world.schemas() {
        add(oid, PG_NAMESPACE, 0, comment)?;
    }
    for relation in world.catalog.relations() {
        add(relation.oid(), PG_CLASS, 0, relation.comment())?;
        if let Relation::Table(table) = relation {
            for column in &table.columns {
                add(table.oid, PG_CLASS, column.id, column.comment.as_deref())?;
            }
        }
    }
    for function in world.catalog.functions() {
        add(function.oid, PG_PROC, 0, function.comment.as_deref())?;
    }
    Ok(())
}

pub(super) fn roles(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    rows.add(&[
        ("rolname", SUPERUSER.into()),
        ("rolsuper", true.into()),
        ("rolinherit", true.into()),
        ("rolcreaterole", true.into()),
        ("rolcreatedb", true.into()),
        ("rolcanlogin", true.into()),
        ("rolreplication", false.into()),
        ("rolconnlimit", (-1).into()),
        ("rolpassword", "********".into()),
        ("rolbypassrls", true.into()),
        ("oid", SUPERUSER_OID.into()),
    ])
}

pub(super) fn user(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    rows.add(&[
        ("usename", SUPERUSER.into()),
        ("usesysid", SUPERUSER_OID.into()),
        ("usecreatedb", true.into()),
        ("usesuper", true.into()),
        ("userepl", false.into()),
        ("usebypassrls", true.into()),
        ("passwd", "********".into()),
    ])
}

pub(super) fn database(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    rows.add(&[
        ("oid", DATABASE_OID.into()),
        ("datname", DATABASE.into()),
        ("datdba", SUPERUSER_OID.into()),
        ("encoding", UTF8.into()),
        ("datlocprovider", "c".into()),
        ("datallowconn", true.into()),
        ("datconnlimit", (-1).into()),
        ("dattablespace", DEFAULT_TABLESPACE.into()),
        ("datcollate", "C".into()),
        ("datctype", "C".into()),
    ])
}

pub(super) fn tablespace(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    rows.add(&[("oid", DEFAULT_TABLESPACE.into()), ("spcname", "pg_default".into()), ("spcowner", SUPERUSER_OID.into())])
}

/// How rows are kept: as an append-only log, as a reference table in memory, and the key of a reference table.
pub(super) fn access_methods(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for (oid, name, kind) in [(AM_LOG, "log", "t"), (AM_REFERENCE, "reference", "t"), (AM_BTREE, "btree", "i")] {
        rows.add(&[("oid", oid.into()), ("amname", name.into()), ("amtype", kind.into())])?;
    }
    Ok(())
}

pub(super) fn collation(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for (oid, name, provider, locale) in
        [(100, "default", "d", None), (950, "C", "c", Some("C")), (951, "POSIX", "c", Some("POSIX"))]
    {
        rows.add(&[
            ("oid", oid.into()),
            ("collname", name.into()),
            ("collnamespace", PG_CATALOG.into()),
            ("collowner", SUPERUSER_OID.into()),
            ("collprovider", provider.into()),
            ("collisdeterministic", true.into()),
            ("collencoding", (-1).into()),
            ("collcollate", locale.into()),
            ("collctype", locale.into()),
        ])?;
    }
    Ok(())
}

pub(super) fn language(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for (oid, name) in [(LANGUAGE_INTERNAL, "internal"), (LANGUAGE_SQL, "sql")] {
        rows.add(&[
            ("oid", oid.into()),
            ("lanname", name.into()),
            ("lanowner", SUPERUSER_OID.into()),
            ("lanpltrusted", (name == "sql").into()),
        ])?;
    }
    Ok(())
}
