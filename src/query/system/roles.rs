//! Who there is: roles under PostgreSQL's several names for them, who is a member of which, and what is set for them.

use super::rows::{Cell, Rows};
use super::shape::Shape;
use super::world::{DATABASE_OID, PG_AUTHID, World};
use crate::catalog::role::READ_ALL_STATS;
use crate::catalog::{Oid, Role};
use crate::error::Result;
use crate::policy::Standing;

/// What stands where a password would: nobody reads one from here.
const HIDDEN: &str = "********";

/// The superuser alone reads it. The superuser's own verifier stands in a file of the server's, which SQL does not read.
pub(super) fn authid(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for role in world.catalog.roles() {
        let mut cells = attributes(role);
        cells.push(("rolpassword", role.verifier.as_deref().into()));
        rows.add(&cells)?;
    }
    Ok(())
}

pub(super) fn roles(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for role in world.catalog.roles() {
        let mut cells = attributes(role);
        cells.extend([("rolpassword", HIDDEN.into()), ("rolconfig", config(role))]);
        rows.add(&cells)?;
    }
    Ok(())
}

fn attributes(role: &Role) -> Vec<(&'static str, Cell)> {
    vec![
        ("oid", role.oid.into()),
        ("rolname", role.name.as_str().into()),
        ("rolsuper", role.superuser.into()),
        ("rolinherit", role.inherit.into()),
        ("rolcreaterole", role.create_role.into()),
        // There is one database and no replication.
        ("rolcreatedb", role.create_db.into()),
        ("rolcanlogin", role.login.into()),
        ("rolreplication", role.replication.into()),
        ("rolbypassrls", role.bypass_rls.into()),
        ("rolconnlimit", role.connection_limit.into()),
        ("rolvaliduntil", valid_until(role)),
    ]
}

fn valid_until(role: &Role) -> Cell {
    match &role.valid_until {
        Some(until) => until.micros.map_or(Cell::Null, Cell::Micros),
        None => Cell::Null,
    }
}

/// `name=value`, a line for each setting.
fn config(role: &Role) -> Cell {
    if role.settings.is_empty() {
        return Cell::Null;
    }
    Cell::list(role.settings.iter().map(|(name, value)| format!("{name}={value}")))
}

/// The roles that can log in: the view `pg_user`.
pub(super) fn user(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for role in world.catalog.roles().filter(|role| role.login) {
        user_row(rows, role, HIDDEN.into())?;
    }
    Ok(())
}

pub(super) fn shadow(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for role in world.catalog.roles().filter(|role| role.login) {
        user_row(rows, role, role.verifier.as_deref().into())?;
    }
    Ok(())
}

fn user_row(rows: &mut Rows<'_>, role: &Role, password: Cell) -> Result<()> {
    rows.add(&[
        ("usename", role.name.as_str().into()),
        ("usesysid", role.oid.into()),
        ("usecreatedb", role.create_db.into()),
        ("usesuper", role.superuser.into()),
        ("userepl", role.replication.into()),
        ("usebypassrls", role.bypass_rls.into()),
        ("passwd", password),
        ("valuntil", valid_until(role)),
        ("useconfig", config(role)),
    ])
}

/// The roles that cannot log in, with their members.
pub(super) fn group(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for role in world.catalog.roles().filter(|role| !role.login) {
        let members = world.catalog.memberships().filter(|membership| membership.role == role.oid);
        rows.add(&[
            ("groname", role.name.as_str().into()),
            ("grosysid", role.oid.into()),
            ("grolist", Cell::list(members.map(|membership| membership.member))),
        ])?;
    }
    Ok(())
}

pub(super) fn members(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for membership in world.catalog.memberships() {
        rows.add(&[
            ("roleid", membership.role.into()),
            ("member", membership.member.into()),
            ("grantor", membership.grantor.into()),
            ("admin_option", membership.admin.into()),
        ])?;
    }
    Ok(())
}

/// `ALTER ROLE … SET`; role 0 is every role.
pub(super) fn settings(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let everybodys = world.catalog.everyones_settings();
    let own = world.catalog.roles().map(|role| (role.oid, &role.settings));
    for (role, settings) in std::iter::once((0, everybodys)).chain(own) {
        if !settings.is_empty() {
            let listed = settings.iter().map(|(name, value)| format!("{name}={value}"));
            rows.add(&[("setdatabase", 0.into()), ("setrole", role.into()), ("setconfig", Cell::list(listed))])?;
        }
    }
    Ok(())
}

/// Default privileges.
pub(super) fn default_acls(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for (number, ((role, schema, kind), acl)) in (1_u32..).zip(world.catalog.default_acls()) {
        rows.add(&[
            ("oid", number.into()),
            ("defaclrole", role.into()),
            ("defaclnamespace", schema.into()),
            ("defaclobjtype", kind.letter().into()),
            ("defaclacl", Cell::list(acl.shown(|oid| world.catalog.role_name(oid)))),
        ])?;
    }
    Ok(())
}

/// Comments on what all databases would share: roles, and the one database.
pub(super) fn shared_descriptions(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for role in world.catalog.roles() {
        if let Some(comment) = &role.comment {
            rows.add(&[("objoid", role.oid.into()), ("classoid", PG_AUTHID.into()), ("description", comment.as_str().into())])?;
        }
    }
    Ok(())
}

/// Which roles own and are named by what of the database (`SHARED_DEPENDENCY_OWNER` and `SHARED_DEPENDENCY_ACL`).
pub(super) fn shared_dependencies(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    use super::world::{PG_CLASS, PG_NAMESPACE, PG_PROC};
    use crate::catalog::{Object, Privileges, SUPERUSER_OID};
    let mut add = |(class, object): (Oid, Oid), column: u32, role: Oid, kind: &str| {
        if role == SUPERUSER_OID {
            return Ok(());
        }
        rows.add(&[
            ("dbid", DATABASE_OID.into()),
            ("classid", class.into()),
            ("objid", object.into()),
            ("objsubid", column.into()),
            ("refclassid", PG_AUTHID.into()),
            ("refobjid", role.into()),
            ("deptype", kind.into()),
        ])
    };
    let of_relations = world.catalog.relations().map(|relation| Object::Relation(relation.oid()));
    let of_functions = world.catalog.functions().map(|function| Object::Function(function.oid));
    let of_schemas = world.catalog.schemas().map(|(_, schema)| Object::Schema(schema.oid));
    let place = |object: Object| match object {
        Object::Relation(oid) | Object::Column(oid, _) => Some((PG_CLASS, oid)),
        Object::Schema(oid) => Some((PG_NAMESPACE, oid)),
        Object::Function(oid) => Some((PG_PROC, oid)),
        Object::Database => None,
    };
    for object in of_relations.chain(of_functions).chain(of_schemas) {
        if let Some(place) = place(object) {
            add(place, 0, world.catalog.owner(object), "o")?;
        }
    }
    for (object, acl) in world.catalog.acls() {
        let Some(place) = place(object) else { continue };
        let owner = world.catalog.owner(object);
        let column = if let Object::Column(_, number) = object { number } else { 0 };
        let named: std::collections::BTreeSet<Oid> = acl
            .items
            .iter()
            .filter(|item| item.privileges != Privileges::NONE && item.grantee != owner && item.grantee != 0)
            .map(|item| item.grantee)
            .collect();
        for role in named {
            add(place, column, role, "a")?;
        }
    }
    Ok(())
}

/// System relations that are kept from ordinary roles, by PostgreSQL or by us, and the roles that read them beside the superuser.
const CLOSED: [(&str, &[Oid]); 13] = [
    ("metrics", &[READ_ALL_STATS]),
    ("pg_authid", &[]),
    ("pg_shadow", &[]),
    ("pg_statistic", &[]),
    ("pg_statistic_ext_data", &[]),
    ("pg_subscription", &[]),
    ("pg_user_mapping", &[]),
    ("pg_largeobject", &[]),
    ("pg_config", &[]),
    ("pg_file_settings", &[]),
    ("pg_hba_file_rules", &[]),
    ("pg_shmem_allocations", &[READ_ALL_STATS]),
    ("pg_backend_memory_contexts", &[READ_ALL_STATS]),
];

/// Whether a role may read a system relation.
pub(crate) fn may_read(shape: &Shape, standing: &Standing) -> bool {
    match CLOSED.iter().find(|(name, _)| *name == shape.name.name) {
        Some((_, readers)) => standing.superuser || readers.iter().any(|reader| standing.inherited.contains(reader)),
        None => true,
    }
}
