//! Who connects, as a door found out.

use crate::catalog::{Oid, SUPERUSER, SUPERUSER_OID};

/// Who connects, as the door found out.
#[derive(Debug, Clone)]
pub struct Login {
    pub user: String,
    /// The role's id, by which it stays the same whatever it is called.
    pub role: Oid,
    pub application: String,
    /// Where from, for logs.
    pub remote: String,
    /// What `pg_backend_pid()` answers and cancel requests name.
    pub backend_pid: i32,
    pub(super) system: bool,
}

impl Login {
    /// A role that a door has authenticated.
    pub fn new(
        user: impl Into<String>,
        role: Oid,
        application: impl Into<String>,
        remote: impl Into<String>,
        backend_pid: i32,
    ) -> Self {
        Login { user: user.into(), role, application: application.into(), remote: remote.into(), backend_pid, system: false }
    }

    /// The server itself.
    pub(in crate::query) fn system() -> Self {
        Login {
            user: SUPERUSER.to_owned(),
            role: SUPERUSER_OID,
            application: "annals".to_owned(),
            remote: "local".to_owned(),
            backend_pid: 0,
            system: true,
        }
    }
}
