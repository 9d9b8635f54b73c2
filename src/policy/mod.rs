//! May this role do this to this table? Pure decisions over plain data; the room reads nothing and never plans.
//!
//! Words: an [`Identity`] is who a statement runs as, an [`Action`] what it wants to do, a [`Decision`] the answer. What no line
//! here allows is denied.

use crate::catalog::Table;
use crate::error::{Error, Kind};
use crate::store::spec::TableKind;

/// Who a statement runs as.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The role's name, as `current_user` shows it.
    pub role: String,
    /// Whether the role may do everything that the kind of table permits.
    pub superuser: bool,
    /// The server itself at work: the bootstrap, the catalog log's writer.
    pub system: bool,
}

impl Identity {
    /// The server's own identity.
    pub fn system() -> Self {
        Identity { role: SUPERUSER.to_owned(), superuser: true, system: true }
    }

    /// The identity of a logged-in role. Only the superuser exists until roles do.
    pub fn login(role: &str) -> Self {
        Identity { role: role.to_owned(), superuser: role == SUPERUSER, system: false }
    }
}

/// The superuser's name.
pub const SUPERUSER: &str = "annals";

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

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Allow,
    /// The role lacks the privilege.
    Denied,
    /// Nobody may: what was recorded does not change.
    Immutable,
    /// Only the server itself may.
    Internal,
}

/// Decides. The arms name every action, so that a new one must be thought about.
pub fn decide(identity: &Identity, action: Action, table: &Table) -> Decision {
    let changes_rows = matches!(action, Action::Update | Action::Delete | Action::Truncate | Action::Merge);
    if changes_rows && table.kind() == TableKind::Log {
        return Decision::Immutable;
    }
    if table.internal && !identity.system {
        return match action {
            Action::Select | Action::Maintain if identity.superuser => Decision::Allow,
            Action::Select
            | Action::Maintain
            | Action::Insert
            | Action::Update
            | Action::Delete
            | Action::Truncate
            | Action::Merge
            | Action::Define => Decision::Internal,
        };
    }
    if identity.superuser { Decision::Allow } else { Decision::Denied }
}

/// The error for a decision that is not [`Decision::Allow`].
///
/// # Errors
/// Always 42501, with the reason and a hint.
pub fn require(identity: &Identity, action: Action, table: &Table) -> Result<(), Error> {
    let name = &table.name.name;
    match decide(identity, action, table) {
        Decision::Allow => Ok(()),
        Decision::Denied => Err(Error::new(Kind::InsufficientPrivilege, format!("permission denied for table {name}"))),
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
