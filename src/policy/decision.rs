//! The decisions themselves, and the errors for those that deny.

use super::{Identity, Standing, held, owns};
use crate::catalog::role::AUDITOR;
use crate::catalog::{Catalog, Object, Oid, Privilege, Privileges, Relation, Table};
use crate::error::{Error, Kind};
use crate::store::spec::TableKind;

/// What a statement wants to do to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Select,
    Insert,
    Update,
    Delete,
    Truncate,
    Merge,
    /// Change its definition, or drop it.
    Define,
    /// VACUUM.
    Maintain,
}

impl Action {
    /// The privilege that allows it; `None` if only the owner may.
    fn privilege(self) -> Option<Privilege> {
        match self {
            Action::Select => Some(Privilege::Select),
            Action::Insert => Some(Privilege::Insert),
            Action::Update | Action::Merge => Some(Privilege::Update),
            Action::Delete => Some(Privilege::Delete),
            Action::Truncate => Some(Privilege::Truncate),
            Action::Define | Action::Maintain => None,
        }
    }
}

/// The columns of a relation that an action reaches.
#[derive(Debug, Clone, Copy)]
pub enum Reach<'a> {
    /// All of them, those to come included.
    Whole,
    /// These, by number. None of them is any: PostgreSQL lets `count(*)` pass by the right to one column.
    Columns(&'a [u32]),
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Allow,
    /// The role lacks the privilege.
    Denied,
    /// The role is not the owner.
    NotOwner,
    /// Nobody may: what was recorded does not change.
    Immutable,
    /// Only the server itself may.
    Internal,
}

/// Decides. The arms name every action, so that a new one must be thought about.
pub fn decide(identity: &Identity, catalog: &Catalog, action: Action, table: &Table, reach: Reach<'_>) -> Decision {
    let changes_rows = matches!(action, Action::Update | Action::Delete | Action::Truncate | Action::Merge);
    if changes_rows && table.kind() == TableKind::Log {
        return Decision::Immutable;
    }
    if table.internal && !identity.system {
        return match action {
            Action::Select | Action::Maintain if identity.superuser => Decision::Allow,
            Action::Select if table.is_secret() => Decision::Denied,
            Action::Select if may(&identity.standing, catalog, table.oid, Privilege::Select, reach) => Decision::Allow,
            Action::Select => Decision::Denied,
            Action::Maintain
            | Action::Insert
            | Action::Update
            | Action::Delete
            | Action::Truncate
            | Action::Merge
            | Action::Define => Decision::Internal,
        };
    }
    let standing = &identity.standing;
    match action.privilege() {
        Some(privilege) if may(standing, catalog, table.oid, privilege, reach) => Decision::Allow,
        Some(_) => Decision::Denied,
        None if owns(standing, catalog, Object::Relation(table.oid)) => Decision::Allow,
        None => Decision::NotOwner,
    }
}

/// Whether a role has a privilege on a relation's columns: on the relation, or on each of the columns.
pub(crate) fn may(standing: &Standing, catalog: &Catalog, relation: Oid, privilege: Privilege, reach: Reach<'_>) -> bool {
    let wanted: Privileges = privilege.into();
    if !held(standing, catalog, Object::Relation(relation), wanted).is_empty() {
        return true;
    }
    if !catalog.has_column_acls(relation) {
        return false;
    }
    let on_column = |number: u32| !held(standing, catalog, Object::Column(relation, number), wanted).is_empty();
    match reach {
        Reach::Whole => false,
        Reach::Columns([]) => {
            let columns = catalog.relation_by_oid(relation).map(Relation::numbered_columns).unwrap_or_default();
            columns.into_iter().any(|(number, _)| on_column(number))
        }
        Reach::Columns(columns) => columns.iter().all(|number| on_column(*number)),
    }
}

/// Whether a role is told what becomes of a table's rows: how many have expired and are held, and why. Its owner is, and whoever audits.
pub fn oversees(standing: &Standing, catalog: &Catalog, table: Oid) -> bool {
    owns(standing, catalog, Object::Relation(table)) || audits(standing, catalog)
}

/// Whether a role audits: it has the rights of `auditor`.
pub fn audits(standing: &Standing, catalog: &Catalog) -> bool {
    catalog.role_named(AUDITOR).is_some_and(|auditor| standing.inherited.contains(&auditor.oid))
}

/// Whether a role may know that an object is there: it owns it, or has some privilege on it.
pub fn may_know(standing: &Standing, catalog: &Catalog, object: Object) -> bool {
    if owns(standing, catalog, object) || !held(standing, catalog, object, object.kind().privileges()).is_empty() {
        return true;
    }
    match object {
        Object::Relation(oid) => {
            let columns = catalog.relation_by_oid(oid).map(Relation::numbered_columns).unwrap_or_default();
            catalog.has_column_acls(oid)
                && columns.into_iter().any(|(number, _)| {
                    let column = Object::Column(oid, number);
                    !held(standing, catalog, column, column.kind().privileges()).is_empty()
                })
        }
        Object::Column(_, _) | Object::Schema(_) | Object::Function(_) | Object::Database => false,
    }
}

/// The error for a decision that is not [`Decision::Allow`].
///
/// # Errors
/// Always 42501, with the reason and a hint.
pub fn require(identity: &Identity, catalog: &Catalog, action: Action, table: &Table, reach: Reach<'_>) -> Result<(), Error> {
    let name = &table.name.name;
    match decide(identity, catalog, action, table, reach) {
        Decision::Allow => Ok(()),
        Decision::Denied => Err(denied("table", name)),
        Decision::NotOwner => Err(Error::new(Kind::InsufficientPrivilege, format!("must be owner of table {name}"))),
        Decision::Immutable => Err(Error::new(
            Kind::InsufficientPrivilege,
            format!("events are immutable: rows of the log table \"{name}\" cannot be changed or deleted"),
        )
        .with_hint("A retention policy on the table lets events expire; a table USING reference can be changed.")),
        Decision::Internal => Err(Error::new(
            Kind::InsufficientPrivilege,
            format!("\"{name}\" is written by the server itself and cannot be changed by statements"),
        )
        .with_hint("Definitions are recorded there when CREATE, ALTER, DROP and COMMENT run.")),
    }
}

/// The error for a privilege that a role lacks.
pub fn denied(kind: &str, name: &str) -> Error {
    Error::new(Kind::InsufficientPrivilege, format!("permission denied for {kind} {name}"))
}
