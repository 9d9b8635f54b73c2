//! Roles: who can log in, own and be granted; and the roles that every store has.

use std::collections::BTreeMap;

use crate::catalog::Oid;
use crate::clock::Micros;

/// The superuser's id (`BOOTSTRAP_SUPERUSERID`).
pub const SUPERUSER_OID: Oid = 10;

/// The superuser's name.
pub const SUPERUSER: &str = "annals";
/// The role whose members are told what becomes of the rows of every table, if there is one of this name.
pub const AUDITOR: &str = "auditor";

/// PostgreSQL's predefined roles with its ids.
pub const PREDEFINED: [(Oid, &str); 12] = [
    (3373, "pg_monitor"),
    (3374, "pg_read_all_settings"),
    (3375, "pg_read_all_stats"),
    (3377, "pg_stat_scan_tables"),
    (4200, "pg_signal_backend"),
    (4544, "pg_checkpoint"),
    (4569, "pg_read_server_files"),
    (4570, "pg_write_server_files"),
    (4571, "pg_execute_server_program"),
    (DATABASE_OWNER, "pg_database_owner"),
    (READ_ALL_DATA, "pg_read_all_data"),
    (WRITE_ALL_DATA, "pg_write_all_data"),
];

pub const MONITOR: Oid = 3373;
pub const READ_ALL_SETTINGS: Oid = 3374;
pub const READ_ALL_STATS: Oid = 3375;
pub const STAT_SCAN_TABLES: Oid = 3377;
pub const SIGNAL_BACKEND: Oid = 4200;
pub const CHECKPOINT: Oid = 4544;
pub const DATABASE_OWNER: Oid = 6171;
pub const READ_ALL_DATA: Oid = 6181;
pub const WRITE_ALL_DATA: Oid = 6182;

/// A role. What it is a member of, owns and was granted is bound to its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    pub oid: Oid,
    pub name: String,
    pub superuser: bool,
    /// Whether it has the rights of the roles that it is a member of without SET ROLE.
    pub inherit: bool,
    pub create_role: bool,
    /// Kept for scripts: there is one database.
    pub create_db: bool,
    pub login: bool,
    /// Kept for scripts: there is no replication.
    pub replication: bool,
    pub bypass_rls: bool,
    /// Sessions at once; -1 is no limit.
    pub connection_limit: i32,
    /// A SCRAM verifier; never a password.
    pub verifier: Option<String>,
    /// From when on its password is of no use, with the text that said so.
    pub valid_until: Option<ValidUntil>,
    /// `ALTER ROLE … SET`: names in lower case and values as they are kept.
    pub settings: BTreeMap<String, String>,
    pub comment: Option<String>,
}

/// A moment, or `infinity`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidUntil {
    /// `None` is never.
    pub micros: Option<Micros>,
    /// In UTC, as it is recorded.
    pub text: String,
}

impl Role {
    /// A role with what CREATE ROLE gives when nothing else is said.
    pub fn new(name: &str) -> Role {
        Role {
            oid: 0,
            name: name.to_owned(),
            superuser: false,
            inherit: true,
            create_role: false,
            create_db: false,
            login: false,
            replication: false,
            bypass_rls: false,
            connection_limit: -1,
            verifier: None,
            valid_until: None,
            settings: BTreeMap::new(),
            comment: None,
        }
    }

    /// The superuser, whose verifier stands in a file of the server's.
    pub(super) fn chief() -> Role {
        Role { oid: SUPERUSER_OID, superuser: true, create_role: true, login: true, bypass_rls: true, ..Role::new(SUPERUSER) }
    }

    /// Whether its password has lost its use.
    pub fn is_expired(&self, now: Micros) -> bool {
        self.valid_until.as_ref().and_then(|until| until.micros).is_some_and(|until| until < now)
    }

    /// Whether every store has it.
    pub fn is_predefined(&self) -> bool {
        PREDEFINED.iter().any(|(oid, _)| *oid == self.oid)
    }
}

/// That a role is a member of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    pub role: Oid,
    pub member: Oid,
    pub grantor: Oid,
    /// Whether the member may make others members.
    pub admin: bool,
}
