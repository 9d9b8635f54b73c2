//! What is kept, why and for whom: our own relation `annals.legal_holds`.

use super::rows::{Cell, Rows};
use super::world::World;
use crate::error::Result;
use crate::policy;

/// A row for each hold, for whoever oversees its table and for the roles that it names.
pub(super) fn legal_holds(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let standing = &world.facts.identity.standing;
    for (table, hold) in world.catalog.holds() {
        let named = hold.roles.iter().any(|role| standing.inherited.contains(role));
        if !named && !policy::oversees(standing, world.catalog, table.oid) {
            continue;
        }
        rows.add(&[
            ("schemaname", table.name.schema.as_str().into()),
            ("tablename", table.name.name.as_str().into()),
            ("holdname", hold.name.as_str().into()),
            ("predicate", hold.predicate.as_deref().into()),
            ("reason", hold.reason.as_str().into()),
            ("roles", Cell::list(hold.roles.iter().map(|role| world.catalog.role_name(*role)))),
            ("made_by", world.catalog.role_name(hold.made_by).into()),
            ("since", Cell::Micros(hold.since)),
        ])?;
    }
    Ok(())
}
