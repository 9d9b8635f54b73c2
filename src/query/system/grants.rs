//! Who may do what, as `information_schema` tells it: to grantors and grantees, and to all of what everybody may.

use super::rows::{Cell, Rows};
use super::shape;
use super::standard::{TABLE, qualified, yes};
use super::world::World;
use crate::catalog::{AclItem, EVERYBODY, Name, Object, ObjectKind, Oid, Privilege, Privileges, Relation, SUPERUSER_OID};
use crate::error::Result;
use crate::query::plan::names::DATABASE;

/// One privilege that somebody was given.
struct Given {
    grantor: Oid,
    grantee: Oid,
    privilege: Privilege,
    grantable: bool,
}

/// The privileges on an object one by one. A grantee that is the owner may grant all of them on.
fn given(world: &World<'_>, object: Object) -> Vec<Given> {
    let owner = world.catalog.owner(object);
    let each = |item: AclItem| {
        item.privileges.iter().map(move |privilege| Given {
            grantor: item.grantor,
            grantee: item.grantee,
            privilege,
            grantable: item.grantee == owner || item.grantable.contains(privilege),
        })
    };
    world.catalog.acl_in_force(object).items.into_iter().flat_map(each).collect()
}

/// Whether the one who asks is told: the grantor, the grantee or a member of either, and all of what everybody may. `strictly` leaves
/// out what everybody may, as the `role_…` views do.
fn is_told(world: &World<'_>, given: &Given, strictly: bool) -> bool {
    let own = |role: Oid| world.facts.identity.standing.has_rights_of(role);
    own(given.grantor) && given.grantee != EVERYBODY
        || own(given.grantor) && !strictly
        || given.grantee != EVERYBODY && own(given.grantee)
        || given.grantee == EVERYBODY && !strictly
}

fn cells(world: &World<'_>, given: &Given) -> [(&'static str, Cell); 4] {
    let name = |role: Oid| if role == EVERYBODY { "PUBLIC".to_owned() } else { world.catalog.role_name(role) };
    [
        ("grantor", name(given.grantor).into()),
        ("grantee", name(given.grantee).into()),
        ("privilege_type", given.privilege.word().into()),
        ("is_grantable", yes(given.grantable)),
    ]
}

/// The privileges on PostgreSQL's own relations: the superuser's, and reading for everybody where it is open.
fn on_builtin(shape: &shape::Shape, kind: ObjectKind) -> Vec<Given> {
    let all = |privilege| Given { grantor: SUPERUSER_OID, grantee: SUPERUSER_OID, privilege, grantable: true };
    let mut given: Vec<Given> = kind.privileges().iter().map(all).collect();
    if super::roles::may_read(shape, &crate::policy::Standing::everybody()) {
        given.push(Given { grantor: SUPERUSER_OID, grantee: EVERYBODY, privilege: Privilege::Select, grantable: false });
    }
    given
}

/// The view `table_privileges`.
pub(super) fn tables(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    on_tables(world, rows, false)
}

/// The view `role_table_grants`.
pub(super) fn role_tables(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    on_tables(world, rows, true)
}

fn on_tables(world: &World<'_>, rows: &mut Rows<'_>, strictly: bool) -> Result<()> {
    let builtin = shape::all().map(|shape| (shape.name.clone(), on_builtin(shape, ObjectKind::Relation)));
    let own = world.catalog.relations().map(|relation| (relation.name().clone(), given(world, Object::Relation(relation.oid()))));
    for (name, given) in builtin.chain(own) {
        for given in given.iter().filter(|given| is_told(world, given, strictly)) {
            let mut row: Vec<(&str, Cell)> = qualified(TABLE, &name).to_vec();
            row.extend(cells(world, given));
            row.push(("with_hierarchy", yes(given.privilege == Privilege::Select)));
            rows.add(&row)?;
        }
    }
    Ok(())
}

/// The view `column_privileges`.
pub(super) fn columns(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    on_columns(world, rows, false)
}

/// The view `role_column_grants`.
pub(super) fn role_columns(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    on_columns(world, rows, true)
}

/// What is given on the whole relation is given on each of its columns.
fn on_columns(world: &World<'_>, rows: &mut Rows<'_>, strictly: bool) -> Result<()> {
    let mut add = |name: &Name, column: &str, given: &[Given]| -> Result<()> {
        let on_columns: Privileges = ObjectKind::Column.privileges();
        for given in given.iter().filter(|given| on_columns.contains(given.privilege) && is_told(world, given, strictly)) {
            let mut row: Vec<(&str, Cell)> = qualified(TABLE, name).to_vec();
            row.extend(cells(world, given));
            row.push(("column_name", column.into()));
            rows.add(&row)?;
        }
        Ok(())
    };
    for shape in shape::all() {
        let given = on_builtin(shape, ObjectKind::Relation);
        for column in &shape.columns {
            add(&shape.name, column.name, &given)?;
        }
    }
    for relation in world.catalog.relations() {
        let whole = given(world, Object::Relation(relation.oid()));
        for (number, column) in relation.numbered_columns() {
            add(relation.name(), column, &whole)?;
            add(relation.name(), column, &given(world, Object::Column(relation.oid(), number)))?;
        }
    }
    Ok(())
}

/// The view `routine_privileges`, over the functions that are defined here.
pub(super) fn routines(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    on_routines(world, rows, false)
}

/// The view `role_routine_grants`.
pub(super) fn role_routines(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    on_routines(world, rows, true)
}

fn on_routines(world: &World<'_>, rows: &mut Rows<'_>, strictly: bool) -> Result<()> {
    for function in world.catalog.functions() {
        for given in given(world, Object::Function(function.oid)).iter().filter(|given| is_told(world, given, strictly)) {
            let mut row: Vec<(&str, Cell)> = vec![
                ("specific_catalog", DATABASE.into()),
                ("specific_schema", function.name.schema.as_str().into()),
                ("specific_name", format!("{}_{}", function.name.name, function.oid).into()),
                ("routine_catalog", DATABASE.into()),
                ("routine_schema", function.name.schema.as_str().into()),
                ("routine_name", function.name.name.as_str().into()),
            ];
            row.extend(cells(world, given));
            rows.add(&row)?;
        }
    }
    Ok(())
}

/// The roles that the effective role has the rights of: the view `enabled_roles`.
pub(super) fn enabled_roles(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let standing = &world.facts.identity.standing;
    for role in world.catalog.roles().filter(|role| standing.has_rights_of(role.oid)) {
        rows.add(&[("role_name", role.name.as_str().into())])?;
    }
    Ok(())
}

/// Memberships of those roles: the view `applicable_roles`.
pub(super) fn applicable_roles(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    memberships(world, rows, false)
}

/// Those with the right to give them on: the view `administrable_role_authorizations`.
pub(super) fn administrable_roles(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    memberships(world, rows, true)
}

fn memberships(world: &World<'_>, rows: &mut Rows<'_>, administrable: bool) -> Result<()> {
    let standing = &world.facts.identity.standing;
    for membership in world.catalog.memberships() {
        if !standing.has_rights_of(membership.member) || administrable && !membership.admin {
            continue;
        }
        rows.add(&[
            ("grantee", world.catalog.role_name(membership.member).into()),
            ("role_name", world.catalog.role_name(membership.role).into()),
            ("is_grantable", yes(membership.admin)),
        ])?;
    }
    Ok(())
}

/// Which tables each view reads: the view `view_table_usage`.
pub(super) fn view_tables(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for view in world.views() {
        for read in view.reads.iter().filter_map(|oid| world.catalog.relation_by_oid(*oid)).map(Relation::name) {
            let mut cells: Vec<(&str, Cell)> = qualified(TABLE, read).to_vec();
            cells.extend(qualified(["view_catalog", "view_schema", "view_name"], &view.name));
            rows.add(&cells)?;
        }
    }
    Ok(())
}
