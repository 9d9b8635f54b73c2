//! The views of `pg_catalog` that list things by name: pg_tables, pg_views, pg_settings.

use super::builtin::lines;
use super::definition;
use super::indexes::TableIndex;
use super::rows::{Cell, Rows};
use super::shape;
use super::world::World;
use crate::catalog::{Object, Relation};
use crate::error::Result;
use crate::policy::SUPERUSER;

pub(super) fn tables(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let builtin = shape::all().filter(|shape| shape.kind == "r").map(|shape| (&shape.name, false, false, SUPERUSER.to_owned()));
    let own = world.tables().map(|table| {
        let (indexed, filtered) = (TableIndex::of(table).next().is_some(), table.protection.enabled);
        (&table.name, indexed, filtered, owner(world, table.oid))
    });
    for (name, indexed, filtered, owner) in builtin.chain(own) {
        rows.add(&[
            ("schemaname", name.schema.as_str().into()),
            ("tablename", name.name.as_str().into()),
            ("tableowner", owner.into()),
            ("tablespace", Cell::Null),
            ("hasindexes", indexed.into()),
            ("hasrules", false.into()),
            ("hastriggers", false.into()),
            ("rowsecurity", filtered.into()),
        ])?;
    }
    Ok(())
}

/// The name of a relation's owner.
fn owner(world: &World<'_>, relation: u32) -> String {
    world.catalog.role_name(world.catalog.owner(Object::Relation(relation)))
}

pub(super) fn views(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for relation in world.catalog.relations() {
        if let Relation::View(view) = relation {
            rows.add(&[
                ("schemaname", view.name.schema.as_str().into()),
                ("viewname", view.name.name.as_str().into()),
                ("viewowner", owner(world, view.oid).into()),
                ("definition", definition::view(view, world, false).into()),
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

/// The settings in force, with what PostgreSQL says of those of its names.
pub(super) fn settings(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for (name, value) in world.facts.settings.all().iter() {
        let known = lines(SETTINGS).find(|fields| fields.first().is_some_and(|known| known == name));
        let field = |at: usize| known.as_ref().and_then(|fields| fields.get(at).copied()).filter(|field| !field.is_empty());
        // Numbers are told without their unit, which has a column of its own.
        let unit = field(1);
        let shown = match unit {
            Some("ms") => amount(value, &TIMES).map_or_else(|| value.clone(), |number| number.to_string()),
            Some("kB") => amount(value, &SIZES).map_or_else(|| value.clone(), |number| number.to_string()),
            Some("8kB") => amount(value, &SIZES).map_or_else(|| value.clone(), |number| (number / 8).to_string()),
            Some(_) | None => value.clone(),
        };
        let words = field(8).map(|words| words.split(',').collect::<Vec<_>>());
        rows.add(&[
            ("name", name.as_str().into()),
            ("setting", shown.into()),
            ("unit", unit.into()),
            ("category", field(2).unwrap_or("Annals").into()),
            ("short_desc", field(3).into()),
            ("context", field(4).unwrap_or("user").into()),
            ("vartype", field(5).unwrap_or("string").into()),
            ("source", "session".into()),
            ("min_val", field(6).into()),
            ("max_val", field(7).into()),
            ("enumvals", words.map_or(Cell::Null, Cell::list)),
            ("pending_restart", false.into()),
        ])?;
    }
    Ok(())
}

const SETTINGS: &str = include_str!("data/settings.txt");

/// What SHOW writes behind times, in milliseconds, and behind sizes, in kilobytes.
const TIMES: [(&str, u64); 6] = [("", 1), ("ms", 1), ("s", 1_000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
const SIZES: [(&str, u64); 5] = [("", 1), ("kB", 1), ("MB", 1 << 10), ("GB", 1 << 20), ("TB", 1 << 30)];

/// A number as SHOW writes it, in the least of its units.
fn amount(shown: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = shown.find(|c: char| !c.is_ascii_digit()).unwrap_or(shown.len());
    let (number, unit) = shown.split_at(digits);
    let (_, factor) = units.iter().find(|(known, _)| *known == unit.trim())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// PostgreSQL's key words: what `pg_get_keywords()` answers.
pub(super) fn keywords(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for fields in lines(include_str!("data/keywords.txt")) {
        let [word, code, bare, description, bare_description] = fields[..] else { continue };
        rows.add(&[
            ("word", word.into()),
            ("catcode", code.into()),
            ("barelabel", bare.into()),
            ("catdesc", description.into()),
            ("baredesc", bare_description.into()),
        ])?;
    }
    Ok(())
}
