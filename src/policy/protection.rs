//! Whom the policies of a table are about.

use super::{Identity, owns};
use crate::catalog::{Catalog, Mask, Object, Oid, Subjects, Table};

/// Whether row policies filter what somebody reads of a table: everybody but superusers, roles with BYPASSRLS and, unless it is
/// forced, the owner (PostgreSQL 15, section 5.8).
pub fn is_held_to_rows(identity: &Identity, catalog: &Catalog, table: &Table) -> bool {
    table.protection.enabled && !identity.bypass_rls && !is_free_owner(identity, catalog, table)
}

/// The masking policies that are about somebody, each with the role by which it is. Superusers and, unless row security is forced on
/// it, the owner see what was recorded. BYPASSRLS is about rows alone.
pub fn masks<'a>(identity: &Identity, catalog: &Catalog, table: &'a Table) -> Vec<(&'a Mask, Oid)> {
    if table.protection.masks.is_empty() || identity.superuser || is_free_owner(identity, catalog, table) {
        return vec![];
    }
    table.protection.masks.iter().filter_map(|mask| Some((mask, subject(identity, &mask.subjects)?))).collect()
}

/// The role by which a policy is about somebody.
pub fn subject(identity: &Identity, subjects: &Subjects) -> Option<Oid> {
    subjects.applying(|role| identity.standing.has_rights_of(role))
}

fn is_free_owner(identity: &Identity, catalog: &Catalog, table: &Table) -> bool {
    !table.protection.forced && owns(&identity.standing, catalog, Object::Relation(table.oid))
}
