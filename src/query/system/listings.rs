//! The views of `pg_catalog` that list things by name: pg_tables, pg_views, pg_indexes, pg_settings.

use super::definition;
use super::rows::Rows;
use super::shape;
use super::world::{self, World};
use crate::catalog::Relation;
use crate::error::Result;
use crate::policy::SUPERUSER;

pub(super) fn tables(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let builtin = shape::all().filter(|shape| shape.kind == "r").map(|shape| (&shape.name, false));
    let own = world.tables().map(|table| (&table.name, !table.primary_key.is_empty()));
    for (name, indexed) in builtin.chain(own) {
        rows.add(&[
            ("schemaname", name.schema.as_str().into()),
            ("tablename", name.name.as_str().into()),
            ("tableowner", SUPERUSER.into()),
            ("hasindexes", indexed.into()),
            ("hasrules", false.into()),
            ("hastriggers", false.into()),
            ("rowsecurity", false.into()),
        ])?;
    }
    Ok(())
}

pub(super) fn views(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for relation in world.catalog.relations() {
        if let Relation::View(view) = relation {
            rows.add(&[
                ("schemaname", view.name.schema.as_str().into()),
                ("viewname", view.name.name.as_str().into()),
                ("viewowner", SUPERUSER.into()),
                ("definition", definition::view(view).into()),
            ])?;
        }
    }
    // PostgreSQL's own views are computed from the catalog here, so they have no text.
    for shape in shape::all().filter(|shape| shape.kind == "v") {
        rows.add(&[
            ("schemaname", shape.name.schema.as_str().into()),
            ("viewname", shape.name.name.as_str().into()),
            ("viewowner", SUPERUSER.into()),
        ])?;
    }
    Ok(())
}

pub(super) fn indexes(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for table in world.keyed() {
        rows.add(&[
            ("schemaname", table.name.schema.as_str().into()),
            ("tablename", table.name.name.as_str().into()),
            ("indexname", world::key_name(table).into()),
            ("indexdef", definition::index(table, 0).into()),
        ])?;
    }
    Ok(())
}

pub(super) fn settings(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for (name, value) in world.facts.settings.all().iter() {
        rows.add(&[
            ("name", name.as_str().into()),
            ("setting", value.as_str().into()),
            ("category", "Client Connection Defaults".into()),
            ("context", "user".into()),
            ("vartype", "string".into()),
            ("source", "session".into()),
            ("pending_restart", false.into()),
        ])?;
    }
    Ok(())
}
