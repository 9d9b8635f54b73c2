//! Who may do what, as `information_schema` tells it. Only the superuser exists until roles do, and it owns everything.

use super::rows::{Cell, Rows};
use super::shape;
use super::standard::{TABLE, qualified, yes};
use super::world::World;
use crate::catalog::{Name, Relation};
use crate::error::Result;
use crate::policy::SUPERUSER;
use crate::query::plan::names::DATABASE;

/// What a table's owner may do, in PostgreSQL's order.
const ON_TABLES: [&str; 7] = ["INSERT", "SELECT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"];
/// What can be allowed for one column.
const ON_COLUMNS: [&str; 4] = ["INSERT", "SELECT", "UPDATE", "REFERENCES"];

fn granted(privilege: &str) -> [(&'static str, Cell); 4] {
    [
        ("grantor", SUPERUSER.into()),
        ("grantee", SUPERUSER.into()),
        ("privilege_type", privilege.into()),
        ("is_grantable", yes(true)),
    ]
}

/// Every relation's name with its columns' names, PostgreSQL's own included.
fn relations(world: &World<'_>) -> Vec<(Name, Vec<String>)> {
    let builtin = shape::all()
        .map(|shape| (shape.name.clone(), shape.columns.iter().map(|column| column.name.to_owned()).collect::<Vec<String>>()));
    let own = world.catalog.relations().map(|relation| {
        (relation.name().clone(), relation.columns().into_iter().map(|(name, _, _)| name.to_owned()).collect::<Vec<String>>())
    });
    builtin.chain(own).collect()
}

/// The views `table_privileges` and `role_table_grants`.
pub(super) fn tables(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for (name, _) in relations(world) {
        for privilege in ON_TABLES {
            let mut cells: Vec<(&str, Cell)> = qualified(TABLE, &name).to_vec();
            cells.extend(granted(privilege));
            cells.push(("with_hierarchy", yes(privilege == "SELECT")));
            rows.add(&cells)?;
        }
    }
    Ok(())
}

/// The views `column_privileges` and `role_column_grants`.
pub(super) fn columns(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for (name, columns) in relations(world) {
        for column in &columns {
            for privilege in ON_COLUMNS {
                let mut cells: Vec<(&str, Cell)> = qualified(TABLE, &name).to_vec();
                cells.extend(granted(privilege));
                cells.push(("column_name", column.as_str().into()));
                rows.add(&cells)?;
            }
        }
    }
    Ok(())
}

/// The views `routine_privileges` and `role_routine_grants`, over the functions that are defined here.
pub(super) fn routines(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for function in world.catalog.functions() {
        rows.add(&[
            ("grantor", SUPERUSER.into()),
            ("grantee", SUPERUSER.into()),
            ("specific_catalog", DATABASE.into()),
            ("specific_schema", function.name.schema.as_str().into()),
            ("specific_name", format!("{}_{}", function.name.name, function.oid).into()),
            ("routine_catalog", DATABASE.into()),
            ("routine_schema", function.name.schema.as_str().into()),
            ("routine_name", function.name.name.as_str().into()),
            ("privilege_type", "EXECUTE".into()),
            ("is_grantable", yes(true)),
        ])?;
    }
    Ok(())
}

/// Which tables each view reads: the view `view_table_usage`.
pub(super) fn view_tables(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for view in world.views() {
        for read in view.reads.iter().filter_map(|oid| world.catalog.relation_by_oid(*oid)).map(Relation::name) {
            let mut cells: Vec<(&str, Cell)> = qualified(TABLE, read).to_vec();
            cells.extend(qualified(["view_catalog", "view_schema", "view_name"], &view.name));
            rows.add(&cells)?;
        }
    }
    Ok(())
}
