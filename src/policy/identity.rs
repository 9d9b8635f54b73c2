//! Who a statement runs as, found once for each statement.

use std::sync::Arc;

use super::Standing;
use crate::catalog::{Catalog, Oid, SUPERUSER, SUPERUSER_OID};

/// Who a statement runs as.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The effective role's name, as `current_user` shows it.
    pub role: String,
    /// The role that logged in, or that SET SESSION AUTHORIZATION put in its place, as `session_user` shows it.
    pub session_role: String,
    pub session_oid: Oid,
    /// Whether the role may do everything that the kind of table permits.
    pub superuser: bool,
    /// Whether row policies pass it by.
    pub bypass_rls: bool,
    /// The server itself at work: the bootstrap, the catalog log's writer.
    pub system: bool,
    /// The roles behind the effective role.
    pub standing: Arc<Standing>,
    /// What the login role is held to.
    pub limits: Limits,
}

/// What a role is held to, whatever its session sets. `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Limits {
    pub statement_ms: Option<u64>,
    pub memory_bytes: Option<u64>,
    /// Rows that leave the guard for one statement.
    pub rows: Option<u64>,
    /// Bytes that leave the guard for one statement.
    pub scan_bytes: Option<u64>,
    pub statements_per_minute: Option<u64>,
    pub concurrent_statements: Option<u64>,
    pub subscriptions: Option<u64>,
}

impl Identity {
    /// The server's own identity.
    pub fn system(catalog: &Catalog) -> Self {
        Identity { system: true, limits: Limits::default(), ..Identity::of(catalog, SUPERUSER_OID, SUPERUSER_OID, SUPERUSER) }
    }

    /// The identity of a session of one role that acts as `role`. `known` is the session role's name for as long as it is not in the
    /// catalog, as after it was dropped.
    pub fn of(catalog: &Catalog, session: Oid, role: Oid, known: &str) -> Self {
        let effective = catalog.role(role);
        let session_role = catalog.role(session).map_or_else(|| known.to_owned(), |role| role.name.clone());
        Identity {
            role: effective.map_or_else(|| session_role.clone(), |role| role.name.clone()),
            session_role,
            session_oid: session,
            superuser: effective.is_some_and(|role| role.superuser),
            bypass_rls: effective.is_some_and(|role| role.superuser || role.bypass_rls),
            system: false,
            standing: Arc::new(Standing::of(catalog, role)),
            limits: Limits::default(),
        }
    }

    /// The effective role's id.
    pub fn oid(&self) -> Oid {
        self.standing.role
    }
}
