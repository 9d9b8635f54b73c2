//! What the ledger says while the server runs: our own relations `annals.checkpoints`, `annals.ledger_status` and `annals.erasures`. How
//! many rows a tree has tells of rows that a role may not see, so that only auditors and owners are told.

use super::rows::{Cell, Rows};
use super::world::World;
use crate::error::Result;
use crate::ledger::base64_of;
use crate::policy;
use crate::query::retention::erasure::Erasure;
use crate::store::spec::TableId;

/// A row for each checkpoint that this server has published, the newest last, for auditors.
pub(super) fn checkpoints(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let identity = &world.facts.identity;
    if !identity.superuser && !policy::audits(&identity.standing, world.catalog) {
        return Err(policy::denied("view", "checkpoints"));
    }
    let Some(ledger) = world.facts.engine.upgrade().and_then(|engine| engine.store.ledger()) else { return Ok(()) };
    for checkpoint in &ledger.checkpoints {
        rows.add(&[
            ("at", Cell::Micros(checkpoint.at)),
            ("size", number(checkpoint.size)),
            ("root", base64_of(&checkpoint.root).into()),
            ("public_key", ledger.public_key.as_str().into()),
            ("note", checkpoint.note.as_str().into()),
        ])?;
    }
    Ok(())
}

/// A row for each table that the role oversees.
pub(super) fn status(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let standing = &world.facts.identity.standing;
    let Some(ledger) = world.facts.engine.upgrade().and_then(|engine| engine.store.ledger()) else { return Ok(()) };
    let last = ledger.checkpoints.last().map_or(Cell::Null, |checkpoint| Cell::Micros(checkpoint.at));
    for table in world.tables().filter(|table| policy::oversees(standing, world.catalog, table.oid)) {
        let tree = ledger.tables.iter().find(|tree| tree.table == table.store_id());
        let problem = tree.and_then(|tree| tree.failure.as_ref()).or(ledger.failure.as_ref());
        let verified = tree.and_then(|tree| tree.verified);
        rows.add(&[
            ("schemaname", table.name.schema.as_str().into()),
            ("tablename", table.name.name.as_str().into()),
            ("size", tree.map(|tree| number(tree.size)).unwrap_or(Cell::Null)),
            ("root", tree.map(|tree| base64_of(&tree.root)).into()),
            ("verified_through", verified.map_or(Cell::Null, |(size, _)| number(size))),
            ("verified_at", verified.map_or(Cell::Null, |(_, at)| Cell::Micros(at))),
            ("last_checkpoint", last.clone()),
            ("problem", problem.map(|problem| problem.message()).into()),
        ])?;
    }
    Ok(())
}

/// A row for each erasure of a table that the role oversees, the oldest first.
pub(super) fn erasures(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let standing = &world.facts.identity.standing;
    let Some(engine) = world.facts.engine.upgrade() else { return Ok(()) };
    let concerns = |erasure: &Erasure| erasure.concerns(standing, world.catalog);
    for erasure in engine.erasures.all()?.into_iter().filter(concerns) {
        let table = world.catalog.table_by_store_id(TableId(erasure.table));
        let (schema, name) = match table {
            Some(table) => (Cell::from(table.name.schema.as_str()), table.name.name.clone()),
            None => (Cell::Null, erasure.label.clone()),
        };
        let state = match (&erasure.approved, erasure.done) {
            (_, Some(_)) => "done",
            (Some(_), None) => "approved",
            (None, None) => "waiting",
        };
        let approved = erasure.approved.as_ref();
        rows.add(&[
            ("erasure_id", erasure.id.to_string().into()),
            ("schemaname", schema),
            ("tablename", name.into()),
            ("state", state.into()),
            ("predicate", erasure.condition.map(|condition| condition.predicate).into()),
            ("reason", erasure.reason.as_str().into()),
            ("rows", number(erasure.rows)),
            ("requested_by", erasure.asked.name.as_str().into()),
            ("requested_at", Cell::Micros(erasure.asked.at)),
            ("approved_by", approved.map(|voice| voice.name.as_str()).into()),
            ("approved_at", approved.map_or(Cell::Null, |voice| Cell::Micros(voice.at))),
            ("done_at", erasure.done.map_or(Cell::Null, Cell::Micros)),
            ("problem", engine.erasures.problem(erasure.id).into()),
        ])?;
    }
    Ok(())
}

fn number(of: u64) -> Cell {
    i64::try_from(of).unwrap_or(i64::MAX).into()
}
