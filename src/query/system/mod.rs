//! What do clients see of the catalog? PostgreSQL's own relations, `pg_catalog` and `information_schema`, over one snapshot, and what
//! is ours alone, in `annals`.
//!
//! Every system relation of PostgreSQL 15 exists with its columns, types and ids ([`shape`]). Those that have something to say have
//! a *builder* in [`BUILDERS`], which fills its rows from the [`World`](world::World) when a statement names it, and whose rows are
//! kept for as long as they are true ([`cache`]); the others are empty, which is true: there are no triggers, publications or foreign
//! servers. The room must never read a row of a user's table.

mod advice;
pub(super) mod builtin;
mod cache;
pub(super) mod definition;
mod grants;
pub(super) mod indexes;
mod kept;
mod layout;
mod ledger;
mod listings;
pub(super) mod naming;
mod objects;
pub(super) mod operators;
pub(crate) mod policies;
mod procs;
mod relations;
mod roles;
pub(super) mod rows;
mod sessions;
pub(super) mod shape;
mod standard;
mod statistics;
pub(super) mod world;

use std::sync::Arc;

use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::logical_expr::TableSource;

use crate::catalog::Name;
use crate::error::{Error, Kind, Result};
use crate::query::errors::unwrap;
use crate::query::functions::SessionFacts;
pub(super) use cache::Shared;
use rows::Rows;
use world::World;

/// Whether everybody may read a system relation.
pub(super) fn is_open(shape: &shape::Shape) -> bool {
    roles::may_read(shape, &crate::policy::Standing::everybody())
}

/// Fills a relation's rows.
type Builder = fn(&World<'_>, &mut Rows<'_>) -> Result<()>;

/// What a relation's rows follow from, and so how long they may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follows {
    /// The catalog's snapshot.
    Catalog,
    /// That and what the store holds.
    Store,
    /// The session that asks, or the time: never kept.
    Session,
}

/// The relations that have rows.
const BUILDERS: [(&str, &str, Follows, Builder); 84] = [
    ("annals", "checkpoints", Follows::Session, ledger::checkpoints),
    ("annals", "ledger_status", Follows::Session, ledger::status),
    ("annals", "erasures", Follows::Session, ledger::erasures),
    ("annals", "legal_holds", Follows::Catalog, kept::legal_holds),
    ("annals", "masking_policies", Follows::Catalog, policies::masking_policies),
    ("annals", "metrics", Follows::Session, statistics::metrics),
    ("annals", "promotion_advice", Follows::Session, advice::promotions),
    ("annals", "retention_policies", Follows::Catalog, kept::retention_policies),
    ("pg_catalog", "pg_aggregate", Follows::Catalog, operators::aggregates),
    ("pg_catalog", "pg_am", Follows::Catalog, objects::access_methods),
    ("pg_catalog", "pg_attrdef", Follows::Catalog, relations::attrdef),
    ("pg_catalog", "pg_attribute", Follows::Catalog, relations::attribute),
    ("pg_catalog", "pg_authid", Follows::Catalog, roles::authid),
    ("pg_catalog", "pg_cast", Follows::Catalog, operators::casts),
    ("pg_catalog", "pg_class", Follows::Store, relations::class),
    ("pg_catalog", "pg_collation", Follows::Catalog, objects::collation),
    ("pg_catalog", "pg_auth_members", Follows::Catalog, roles::members),
    ("pg_catalog", "pg_config", Follows::Catalog, objects::config),
    ("pg_catalog", "pg_db_role_setting", Follows::Catalog, roles::settings),
    ("pg_catalog", "pg_default_acl", Follows::Catalog, roles::default_acls),
    ("pg_catalog", "pg_group", Follows::Catalog, roles::group),
    ("pg_catalog", "pg_shdepend", Follows::Catalog, roles::shared_dependencies),
    ("pg_catalog", "pg_shdescription", Follows::Catalog, roles::shared_descriptions),
    ("information_schema", "administrable_role_authorizations", Follows::Catalog, grants::administrable_roles),
    ("information_schema", "applicable_roles", Follows::Catalog, grants::applicable_roles),
    ("pg_catalog", "pg_constraint", Follows::Catalog, relations::constraint),
    ("pg_catalog", "pg_cursors", Follows::Session, sessions::cursors),
    ("pg_catalog", "pg_database", Follows::Catalog, objects::database),
    ("pg_catalog", "pg_depend", Follows::Catalog, relations::depend),
    ("pg_catalog", "pg_description", Follows::Catalog, objects::description),
    ("pg_catalog", "pg_get_keywords", Follows::Catalog, listings::keywords),
    ("pg_catalog", "pg_index", Follows::Catalog, indexes::index),
    ("pg_catalog", "pg_indexes", Follows::Catalog, indexes::indexes),
    ("pg_catalog", "pg_language", Follows::Catalog, objects::language),
    ("pg_catalog", "pg_namespace", Follows::Catalog, objects::namespace),
    ("pg_catalog", "pg_opclass", Follows::Catalog, operators::classes),
    ("pg_catalog", "pg_operator", Follows::Catalog, operators::operators),
    ("pg_catalog", "pg_opfamily", Follows::Catalog, operators::families),
    ("pg_catalog", "pg_policies", Follows::Catalog, policies::policies),
    ("pg_catalog", "pg_policy", Follows::Catalog, policies::policy),
    ("pg_catalog", "pg_prepared_statements", Follows::Session, sessions::prepared_statements),
    ("pg_catalog", "pg_proc", Follows::Catalog, procs::procs),
    ("pg_catalog", "pg_rewrite", Follows::Catalog, relations::rewrite),
    ("pg_catalog", "pg_roles", Follows::Catalog, roles::roles),
    ("pg_catalog", "pg_settings", Follows::Session, listings::settings),
    ("pg_catalog", "pg_shadow", Follows::Catalog, roles::shadow),
    ("pg_catalog", "pg_stat_activity", Follows::Session, sessions::activity),
    ("pg_catalog", "pg_stat_all_indexes", Follows::Session, statistics::indexes),
    ("pg_catalog", "pg_stat_all_tables", Follows::Session, statistics::tables),
    ("pg_catalog", "pg_stat_database", Follows::Session, statistics::database),
    ("pg_catalog", "pg_stat_user_indexes", Follows::Session, statistics::indexes),
    ("pg_catalog", "pg_stat_user_tables", Follows::Session, statistics::tables),
    ("pg_catalog", "pg_statio_all_indexes", Follows::Catalog, statistics::io_indexes),
    ("pg_catalog", "pg_statio_all_tables", Follows::Catalog, statistics::io_tables),
    ("pg_catalog", "pg_statio_user_indexes", Follows::Catalog, statistics::io_indexes),
    ("pg_catalog", "pg_statio_user_tables", Follows::Catalog, statistics::io_tables),
    ("pg_catalog", "pg_tables", Follows::Catalog, listings::tables),
    ("pg_catalog", "pg_tablespace", Follows::Catalog, objects::tablespace),
    ("pg_catalog", "pg_timezone_names", Follows::Session, objects::timezone_names),
    ("pg_catalog", "pg_type", Follows::Catalog, objects::types),
    ("pg_catalog", "pg_user", Follows::Catalog, roles::user),
    ("pg_catalog", "pg_views", Follows::Catalog, listings::views),
    ("information_schema", "character_sets", Follows::Catalog, standard::character_sets),
    ("information_schema", "check_constraints", Follows::Catalog, standard::check_constraints),
    ("information_schema", "collations", Follows::Catalog, standard::collations),
    ("information_schema", "column_privileges", Follows::Catalog, grants::columns),
    ("information_schema", "columns", Follows::Catalog, standard::columns),
    ("information_schema", "constraint_column_usage", Follows::Catalog, standard::constraint_column_usage),
    ("information_schema", "element_types", Follows::Catalog, standard::element_types),
    ("information_schema", "enabled_roles", Follows::Catalog, grants::enabled_roles),
    ("information_schema", "information_schema_catalog_name", Follows::Catalog, standard::catalog_name),
    ("information_schema", "key_column_usage", Follows::Catalog, standard::key_column_usage),
    ("information_schema", "parameters", Follows::Catalog, standard::parameters),
    ("information_schema", "role_column_grants", Follows::Catalog, grants::role_columns),
    ("information_schema", "role_routine_grants", Follows::Catalog, grants::role_routines),
    ("information_schema", "role_table_grants", Follows::Catalog, grants::role_tables),
    ("information_schema", "routine_privileges", Follows::Catalog, grants::routines),
    ("information_schema", "routines", Follows::Catalog, standard::routines),
    ("information_schema", "schemata", Follows::Catalog, standard::schemata),
    ("information_schema", "table_constraints", Follows::Catalog, standard::table_constraints),
    ("information_schema", "table_privileges", Follows::Catalog, grants::tables),
    ("information_schema", "tables", Follows::Catalog, standard::tables),
    ("information_schema", "view_table_usage", Follows::Catalog, grants::view_tables),
    ("information_schema", "views", Follows::Catalog, standard::views),
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
pub(super) fn source(name: &Name, facts: &Arc<SessionFacts>) -> Result<Arc<dyn TableSource>> {
    let Some(shape) = shape::find(name) else {
        return Err(Error::new(Kind::UndefinedTable, format!("relation \"{}.{}\" does not exist", name.schema, name.name)));
    };
    if !roles::may_read(shape, &facts.identity.standing) {
        let kind = if shape.kind == "v" { "view" } else { "table" };
        return Err(crate::policy::denied(kind, &name.name));
    }
    filled(shape, facts)
}

/// PostgreSQL's functions that answer with the rows of a system relation, and that relation.
pub(super) const ROW_FUNCTIONS: [(&str, &str); 10] = [
    ("pg_available_extension_versions", "pg_available_extension_versions"),
    ("pg_available_extensions", "pg_available_extensions"),
    ("pg_config", "pg_config"),
    ("pg_cursor", "pg_cursors"),
    ("pg_get_keywords", "pg_get_keywords"),
    ("pg_hba_file_rules", "pg_hba_file_rules"),
    ("pg_prepared_statement", "pg_prepared_statements"),
    ("pg_show_all_settings", "pg_settings"),
    ("pg_timezone_abbrevs", "pg_timezone_abbrevs"),
    ("pg_timezone_names", "pg_timezone_names"),
];

/// The rows that a function of PostgreSQL's without arguments answers with; `None` when it is none of these.
///
/// # Errors
/// A builder's mistake.
pub(super) fn function(name: &str, facts: &Arc<SessionFacts>) -> Option<Result<Arc<dyn TableSource>>> {
    let (_, relation) = ROW_FUNCTIONS.iter().find(|(function, _)| *function == name)?;
    let shape = shape::of_function(relation).or_else(|| shape::find(&Name::new("pg_catalog", *relation)))?;
    if !roles::may_read(shape, &facts.identity.standing) {
        return Some(Err(crate::policy::denied("function", name)));
    }
    Some(filled(shape, facts))
}

fn filled(shape: &'static shape::Shape, facts: &Arc<SessionFacts>) -> Result<Arc<dyn TableSource>> {
    let catalog = &facts.visible;
    let role = facts.identity.oid();
    let name = &shape.name;
    let found = BUILDERS.iter().find(|(schema, relation, _, _)| *schema == name.schema && *relation == name.name);
    let (from, builder) = found.map_or((Follows::Catalog, empty as Builder), |(_, _, from, builder)| (*from, *builder));
    let build = || {
        let mut rows = Rows::new(shape);
        builder(&World::new(catalog, facts), &mut rows)?;
        rows.finish()
    };
    let batch = match from {
        Follows::Session => build()?,
        Follows::Catalog => facts.system.rows(shape.oid, role, catalog, 0, build)?,
        Follows::Store => facts.system.rows(shape.oid, role, catalog, facts.snapshot.version, build)?,
    };
    let table = MemTable::try_new(shape.schema(), vec![vec![batch]]).map_err(unwrap)?;
    Ok(provider_as_source(Arc::new(table)))
}
