//! What exists? Schemas, tables, views, functions and roles with their rights, as plain data in one immutable snapshot with an epoch.
//!
//! The room must never plan or run anything: predicates, defaults and bodies are kept as SQL text. A [`Change`] turns one snapshot
//! into the next; a change that does not fit is refused and leaves nothing behind. Object ids are given out in order of the
//! changes, so that replaying the same definitions gives the same ids.

mod access;
mod change;
mod comment;
mod function;
mod hold;
mod index;
pub mod privilege;
mod protection;
mod relation;
mod retention;
pub mod role;
mod snapshot;

pub use access::{Access, DefaultKey, DefaultKind};
pub use change::Change;
pub use comment::{Commented, RuleKind};
pub use function::{Argument, Function};
pub use hold::Hold;
pub(crate) use index::undefined_index;
pub use index::{Index, IndexKey, IndexMethod, KeyOf, Words};
pub use privilege::{Acl, AclItem, EVERYBODY, Mode, Object, ObjectKind, Privilege, Privileges};
pub use protection::{Mask, PolicyCommand, Protection, RowPolicy, Subjects};
pub use relation::{CATALOG_LOG_OID, Check, Column, Default, QUERY_LOG_OID, Relation, Table, View};
pub use retention::{Keep, Retention};
pub use role::{Membership, Role, SUPERUSER, SUPERUSER_OID, ValidUntil};
pub use snapshot::{Catalog, Name, Oid, Schema, quote_identifier};

/// The schema of everything that Annals itself needs, the catalog log first of all.
pub const SYSTEM_SCHEMA: &str = "annals";
/// The schema of an unqualified new table.
pub const PUBLIC_SCHEMA: &str = "public";
/// PostgreSQL's own schemas, served by the query room and closed to definitions.
pub const BUILTIN_SCHEMAS: [&str; 2] = ["pg_catalog", "information_schema"];
