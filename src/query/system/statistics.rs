//! Counts and sizes: the views `pg_stat_…` and `pg_statio_…`. What nobody counts is NULL, never a made-up zero.

use super::indexes::TableIndex;
use super::rows::{Cell, Rows};
use super::world::{DATABASE_OID, World};
use crate::catalog::Table;
use crate::error::Result;
use crate::metrics::Metric;
use crate::query::plan::names::DATABASE;

fn named<'a>(table: &Table) -> [(&'a str, Cell); 3] {
    [("relid", table.oid.into()), ("schemaname", table.name.schema.as_str().into()), ("relname", table.name.name.as_str().into())]
}

/// The view `pg_stat_all_tables` and its kin: rows are never updated in place, so none is dead.
pub(super) fn tables(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for table in world.tables() {
        let mut cells: Vec<(&str, Cell)> = named(table).to_vec();
        cells.extend([
            ("n_tup_ins", world.rows_ever(table).into()),
            ("n_live_tup", world.row_count(table).into()),
            ("n_dead_tup", 0.into()),
        ]);
        if let Some(uses) = world.uses_of_indexes(table) {
            cells.extend([("idx_scan", uses.idx_scan.into()), ("idx_tup_fetch", uses.idx_tup_fetch.into())]);
        }
        rows.add(&cells)?;
    }
    Ok(())
}

pub(super) fn io_tables(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for table in world.tables() {
        rows.add(&named(table))?;
    }
    Ok(())
}

fn named_index<'a>(found: &TableIndex<'_>) -> Vec<(&'a str, Cell)> {
    let own = [("indexrelid", found.index.oid.into()), ("indexrelname", found.index.name.as_str().into())];
    named(found.table).into_iter().chain(own).collect()
}

/// The view `pg_stat_all_indexes` and its kin. Its counts tell of rows that others than the table's owner may not see, and so are NULL for
/// those, as is what nobody counts: primary keys' indexes in memory, and the order of time.
pub(super) fn indexes(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for found in world.indexes() {
        let mut cells = named_index(&found);
        if let Some(uses) = world.index_uses(&found) {
            cells.extend([
                ("idx_scan", uses.idx_scan.into()),
                ("idx_tup_read", uses.idx_tup_read.into()),
                ("idx_tup_fetch", uses.idx_tup_fetch.into()),
            ]);
        }
        rows.add(&cells)?;
    }
    Ok(())
}

pub(super) fn io_indexes(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for found in world.indexes() {
        rows.add(&named_index(&found))?;
    }
    Ok(())
}

/// What the server counts, for who watches over it.
pub(super) fn metrics(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let Some(engine) = world.facts.engine.upgrade() else { return Ok(()) };
    for Metric { name, kind, value, description } in engine.store.metrics().list() {
        rows.add(&[
            ("name", name.into()),
            ("kind", kind.name().into()),
            ("value", value.into()),
            ("description", description.into()),
        ])?;
    }
    Ok(())
}

/// What was done since the server started, which is when all counts begin.
pub(super) fn database(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let backends = &world.facts.effects.backends;
    let counted = &backends.counted;
    rows.add(&[
        ("datid", DATABASE_OID.into()),
        ("datname", DATABASE.into()),
        ("numbackends", backends.all().len().into()),
        ("xact_commit", counted.committed.get().into()),
        ("xact_rollback", counted.rolled_back.get().into()),
        ("tup_returned", counted.returned.get().into()),
        ("tup_inserted", counted.inserted.get().into()),
        ("tup_updated", counted.updated.get().into()),
        ("tup_deleted", counted.deleted.get().into()),
        ("sessions", counted.sessions.get().into()),
        ("stats_reset", Cell::Micros(world.facts.system.started_us)),
    ])
}
