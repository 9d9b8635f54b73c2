//! What is kept, why and for whom: our own relations `annals.legal_holds` and `annals.retention_policies`.

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
            ("comment", hold.comment.as_deref().into()),
        ])?;
    }
    Ok(())
}

/// A row for each retention policy, in the order in which they decide, for whoever may know its table. Its predicate is not told, since it
/// may name whom it is about, and for the same reason its comment to those alone who oversee the table.
pub(super) fn retention_policies(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for table in world.tables() {
        let overseen = policy::oversees(&world.facts.identity.standing, world.catalog, table.oid);
        for policy in &table.retention {
            rows.add(&[
                ("schemaname", table.name.schema.as_str().into()),
                ("tablename", table.name.name.as_str().into()),
                ("policyname", policy.name.as_str().into()),
                ("keep", policy.keep.to_string().as_str().into()),
                ("conditional", policy.predicate.is_some().into()),
                ("comment", policy.comment.as_deref().filter(|_| overseen).into()),
            ])?;
        }
    }
    Ok(())
}
