//! What do clients see of the catalog? PostgreSQL's own relations, `pg_catalog` and `information_schema`, over one snapshot.
//!
//! Every system relation of PostgreSQL 15 exists with its columns, types and ids ([`shape`]). Those that have something to say have
//! a *builder* in [`BUILDERS`], which fills its rows from the [`World`](world::World) when a statement names it; the others are
//! empty, which is true: there are no triggers, publications or foreign servers. The room must never read a row of a user's table.

pub(super) mod builtin;
pub(super) mod definition;
mod listings;
mod objects;
mod relations;
pub(super) mod rows;
mod sessions;
pub(super) mod shape;
mod standard;
pub(super) mod world;

use std::sync::Arc;

use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::logical_expr::TableSource;

use crate::catalog::{Catalog, Name};
use crate::error::{Error, Kind, Result};
use crate::query::errors::unwrap;
use crate::query::functions::SessionFacts;
use rows::Rows;
use world::World;

/// Fills a relation's rows.
type Builder = fn(&World<'_>, &mut Rows<'_>) -> Result<()>;

/// The relations that have rows.
const BUILDERS: [(&str, &str, Builder); 36] = [
    ("pg_catalog", "pg_am", objects::access_methods),
    ("pg_catalog", "pg_attrdef", relations::attrdef),
    ("pg_catalog", "pg_attribute", relations::attribute),
    ("pg_catalog", "pg_class", relations::class),
    ("pg_catalog", "pg_collation", objects::collation),
    ("pg_catalog", "pg_constraint", relations::constraint),
    ("pg_catalog", "pg_cursors", sessions::cursors),
    ("pg_catalog", "pg_database", objects::database),
    ("pg_catalog", "pg_description", objects::description),
    ("pg_catalog", "pg_index", relations::index),
    ("pg_catalog", "pg_indexes", listings::indexes),
    ("pg_catalog", "pg_language", objects::language),
    ("pg_catalog", "pg_namespace", objects::namespace),
    ("pg_catalog", "pg_prepared_statements", sessions::prepared_statements),
    ("pg_catalog", "pg_proc", objects::proc),
    ("pg_catalog", "pg_roles", objects::roles),
    ("pg_catalog", "pg_settings", listings::settings),
    ("pg_catalog", "pg_stat_activity", sessions::activity),
    ("pg_catalog", "pg_tables", listings::tables),
    ("pg_catalog", "pg_tablespace", objects::tablespace),
    ("pg_catalog", "pg_type", objects::types),
    ("pg_catalog", "pg_user", objects::user),
    ("pg_catalog", "pg_views", listings::views),
    ("information_schema", "character_sets", standard::character_sets),
    ("information_schema", "check_constraints", standard::check_constraints),
    ("information_schema", "columns", standard::columns),
    ("information_schema", "constraint_column_usage", standard::constraint_column_usage),
    ("information_schema", "enabled_roles", standard::enabled_roles),
    ("information_schema", "information_schema_catalog_name", standard::catalog_name),
    ("information_schema", "key_column_usage", standard::key_column_usage),
    ("information_schema", "parameters", standard::parameters),
    ("information_schema", "routines", standard::routines),
    ("information_schema", "schemata", standard::schemata),
    ("information_schema", "table_constraints", standard::table_constraints),
    ("information_schema", "tables", standard::tables),
    ("information_schema", "views", standard::views),
];

/// The builder of a relation of which there is nothing here.
fn empty(_world: &World<'_>, _rows: &mut Rows<'_>) -> Result<()> {
    Ok(())
}

/// Whether there is a system relation of this name.
pub(super) fn exists(name: &Name) -> bool {
    shape::find(name).is_some()
}

/// The system relation of this name, filled from the snapshot.
///
/// # Errors
/// 42P01 when there is none of this name.
pub(super) fn source(name: &Name, catalog: &Arc<Catalog>, facts: &Arc<SessionFacts>) -> Result<Arc<dyn TableSource>> {
    let Some(shape) = shape::find(name) else {
        return Err(Error::new(Kind::UndefinedTable, format!("relation \"{}.{}\" does not exist", name.schema, name.name)));
    };
    let builder = BUILDERS.iter().find(|(schema, relation, _)| *schema == name.schema && *relation == name.name);
    let mut rows = Rows::new(shape);
    builder.map_or(empty as Builder, |(_, _, builder)| *builder)(&World { catalog, facts }, &mut rows)?;
    let table = MemTable::try_new(shape.schema(), vec![vec![rows.finish()?]]).map_err(unwrap)?;
    Ok(provider_as_source(Arc::new(table)))
}
