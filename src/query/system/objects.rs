//! What stands beside relations: schemas, types, comments, the database, languages, access methods, collations, time zones.

use super::builtin::{self, TYPE_COLUMNS};
use super::procs::{LANGUAGE_INTERNAL, LANGUAGE_SQL};
use super::rows::{Cell, Rows};
use super::world::{
    AM_LOG, AM_REFERENCE, DATABASE_OID, DEFAULT_TABLESPACE, GLOBAL_TABLESPACE, INFORMATION_SCHEMA, PG_CATALOG, PG_CLASS,
    PG_NAMESPACE, PG_OPERATOR, PG_POLICY, PG_PROC, PG_TYPE, SUPERUSER_OID, UTF8, World, access_method, policy_oid,
};
use crate::catalog::{IndexMethod, Object, Relation, SUPERUSER};
use crate::error::Result;
use crate::query::plan::names::DATABASE;

pub(super) fn namespace(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for (name, oid, _) in world.schemas() {
        let object = Object::Schema(oid);
        let acl = match oid {
            // PostgreSQL's own are open to all.
            PG_CATALOG | INFORMATION_SCHEMA => Cell::list([format!("{0}=UC/{0}", SUPERUSER), format!("=U/{SUPERUSER}")]),
            _ => world.acl(object),
        };
        let owner = world.catalog.owner(object);
        rows.add(&[("oid", oid.into()), ("nspname", name.into()), ("nspowner", owner.into()), ("nspacl", acl)])?;
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

/// Comments: on schemas, relations, their columns, indexes, functions, and row policies to those who see these.
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
    for (_, index) in world.catalog.indexes() {
        add(index.oid, PG_CLASS, 0, index.comment.as_deref())?;
    }
    for function in world.catalog.functions() {
        add(function.oid, PG_PROC, 0, function.comment.as_deref())?;
    }
    for (table, place, policy) in super::policies::known(world) {
        add(policy_oid(table, place), PG_POLICY, 0, policy.comment.as_deref())?;
    }
    let said = |comment: &'static str| (!comment.is_empty()).then_some(comment);
    for function in builtin::functions().iter().filter(|function| super::procs::is_shown(world, function)) {
        add(function.oid, PG_PROC, 0, said(function.field("description")))?;
    }
    for operator in super::operators::all() {
        add(operator.oid(), PG_OPERATOR, 0, said(operator.comment()))?;
    }
    for found in builtin::types() {
        add(found.oid, PG_TYPE, 0, said(found.comment()))?;
    }
    Ok(())
}

pub(super) fn database(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
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
        ("datacl", world.acl(Object::Database)),
    ])
}

/// The names of time zones with their offset now.
pub(super) fn timezone_names(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    use chrono::{Offset, TimeZone};
    use chrono_tz::{OffsetComponents, OffsetName};
    let now = chrono::DateTime::from_timestamp_micros(world.facts.style.now.us()).unwrap_or_default().naive_utc();
    for zone in chrono_tz::TZ_VARIANTS {
        let offset = zone.offset_from_utc_datetime(&now);
        rows.add(&[
            ("name", zone.name().into()),
            ("abbrev", offset.abbreviation().into()),
            ("utc_offset", format!("{} seconds", offset.fix().local_minus_utc()).into()),
            ("is_dst", (!offset.dst_offset().is_zero()).into()),
        ])?;
    }
    Ok(())
}

/// Where the server comes from, of what PostgreSQL's `pg_config` tells.
pub(super) fn config(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    rows.add(&[("name", "VERSION".into()), ("setting", "PostgreSQL 15.0".into())])
}

pub(super) fn tablespace(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for (oid, name) in [(DEFAULT_TABLESPACE, "pg_default"), (GLOBAL_TABLESPACE, "pg_global")] {
        rows.add(&[("oid", oid.into()), ("spcname", name.into()), ("spcowner", SUPERUSER_OID.into())])?;
    }
    Ok(())
}

/// How rows are kept: as an append-only log, or as a reference table in memory; and how they are found.
pub(super) fn access_methods(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let of_indexes = IndexMethod::ALL.map(|method| (access_method(method), method.name(), "i"));
    for (oid, name, kind) in [(AM_LOG, "log", "t"), (AM_REFERENCE, "reference", "t")].into_iter().chain(of_indexes) {
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
