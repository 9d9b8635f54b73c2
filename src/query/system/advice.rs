//! What could be promoted: our own relation `annals.promotion_advice`. A path's keys are literals of statements, so that only those are told
//! who own the table.

use super::definition::path_text;
use super::rows::{Cell, Rows};
use super::world::World;
use crate::catalog::{KeyOf, Object, Relation, quote_identifier};
use crate::error::Result;
use crate::policy;

/// A path that fewer statements have asked for is not worth its place on the disk.
const STATEMENTS_MIN: u64 = 10;

/// A row for each path into documents that statements have asked for since the server started, the most often asked first.
pub(super) fn promotions(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let standing = &world.facts.identity.standing;
    let Some(engine) = world.facts.engine.upgrade() else { return Ok(()) };
    for (way, asked) in engine.paths.all() {
        let Some(Relation::Table(table)) = world.catalog.relation_by_oid(way.table) else { continue };
        let Some(column) = table.columns.iter().find(|column| column.id == way.column) else { continue };
        if !policy::owns(standing, world.catalog, Object::Relation(table.oid)) {
            continue;
        }
        let path = path_text(quote_identifier(&column.name), &way.steps);
        let is_on_it = |key: &crate::catalog::IndexKey| key.column == way.column && key.of == KeyOf::Path(way.steps.clone());
        let promoted = table.indexes.iter().flat_map(|index| &index.keys).any(is_on_it);
        let advised = !promoted && asked.statements >= STATEMENTS_MIN;
        rows.add(&[
            ("schemaname", table.name.schema.as_str().into()),
            ("tablename", table.name.name.as_str().into()),
            ("path", path.as_str().into()),
            ("statements", i64::try_from(asked.statements).unwrap_or(i64::MAX).into()),
            ("last_asked", Cell::Micros(asked.last_us)),
            ("promoted", promoted.into()),
            ("advice", advised.then(|| format!("ALTER TABLE {} PROMOTE {path}", table.name)).into()),
        ])?;
    }
    Ok(())
}
