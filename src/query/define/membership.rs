//! GRANT and REVOKE of roles: who is a member of which (`AddRoleMems` and `DelRoleMems` of PostgreSQL 15).

use super::{Defined, Scope};
use crate::catalog::role::DATABASE_OWNER;
use crate::catalog::{Change, Membership, Oid};
use crate::error::{Error, Kind, Result};
use crate::query::parse::{RoleSpec, Terms, quoted};

/// `GRANT roles TO roles` and `REVOKE roles FROM roles`.
pub(super) fn define(roles: &[RoleSpec], terms: &Terms, scope: &Scope<'_>) -> Result<Defined> {
    let tag = if terms.grant { "GRANT ROLE" } else { "REVOKE ROLE" };
    let grantor = grantor(terms, scope)?;
    let mut defined = Defined { tag, ..Defined::default() };
    let mut catalog = scope.catalog.clone();
    for spec in roles {
        let role = scope.role(spec)?;
        for grantee in &terms.grantees {
            let member = scope.role(grantee)?;
            let before = defined.changes.len();
            let upon = scope.upon(&catalog);
            if terms.grant {
                let before = defined.changes.len();
                grant(role, member, terms.option, &upon, &mut defined)?;
                for change in &mut defined.changes[before..] {
                    if let Change::GrantRole(membership) = change {
                        membership.grantor = grantor;
                    }
                }
            } else {
                revoke(role, member, terms.option, &upon, &mut defined)?;
            }
            let made = super::applied(&catalog, &defined.changes[before..])?;
            catalog = made;
        }
    }
    scope.authorize();
    let (given, grantees) = (scope.recorded(roles)?, scope.recorded(&terms.grantees)?);
    let by = match grantor == scope.actor() {
        true => String::new(),
        false => format!(" GRANTED BY {}", quoted(&scope.catalog.role_name(grantor))),
    };
    defined.object = format!("ROLE {given}");
    defined.text = match (terms.grant, terms.option) {
        (true, false) => format!("GRANT {given} TO {grantees}{by}"),
        (true, true) => format!("GRANT {given} TO {grantees} WITH ADMIN OPTION{by}"),
        (false, false) => format!("REVOKE {given} FROM {grantees}"),
        (false, true) => format!("REVOKE ADMIN OPTION FOR {given} FROM {grantees}"),
    };
    Ok(defined)
}

/// Who is told as the grantor: the role that defines, or another one that the superuser names. A REVOKE does not ask who granted.
fn grantor(terms: &Terms, scope: &Scope<'_>) -> Result<Oid> {
    let Some(spec) = terms.grantor.as_ref().filter(|_| terms.grant) else { return Ok(scope.actor()) };
    let grantor = scope.role(spec)?;
    if grantor == scope.actor() || scope.guard().is_none() || scope.standing().superuser {
        return Ok(grantor);
    }
    Err(Error::new(Kind::InsufficientPrivilege, "must be superuser to set grantor"))
}

/// `ALTER GROUP`, the old form of both.
pub(super) fn group(group: &RoleSpec, add: bool, members: &[RoleSpec], scope: &Scope<'_>) -> Result<Defined> {
    let terms = Terms { grant: add, option: false, grantees: members.to_vec(), grantor: None, cascade: false };
    Ok(Defined { tag: "ALTER ROLE", ..define(std::slice::from_ref(group), &terms, scope)? })
}

/// Whether the role that defines may say who is a member of a role.
fn require_admin(role: Oid, scope: &Scope<'_>) -> Result<()> {
    if scope.guard().is_none() {
        return Ok(());
    }
    let standing = scope.standing();
    let denied = |message: String| Err(Error::new(Kind::InsufficientPrivilege, message));
    if scope.catalog.role(role).is_some_and(|role| role.superuser) {
        return if standing.superuser { Ok(()) } else { denied("must be superuser to alter superusers".to_owned()) };
    }
    let actor = scope.actor();
    let creates = standing.superuser || scope.catalog.role(actor).is_some_and(|role| role.create_role);
    let of_another = scope
        .catalog
        .roles_joined(actor)
        .into_iter()
        .any(|joined| scope.catalog.membership(role, joined).is_some_and(|membership| membership.admin));
    if creates || of_another {
        return Ok(());
    }
    denied(format!("must have admin option on role \"{}\"", scope.catalog.role_name(role)))
}

/// Makes a role a member of another.
pub(super) fn grant(role: Oid, member: Oid, admin: bool, scope: &Scope<'_>, defined: &mut Defined) -> Result<()> {
    require_admin(role, scope)?;
    let (name, member_name) = (scope.catalog.role_name(role), scope.catalog.role_name(member));
    let refused = |kind, message: String| Err(Error::new(kind, message));
    if role == DATABASE_OWNER {
        return refused(Kind::FeatureNotSupported, format!("role \"{name}\" cannot have explicit members"));
    }
    if member == DATABASE_OWNER {
        return refused(Kind::FeatureNotSupported, format!("role \"{member_name}\" cannot be a member of any role"));
    }
    if scope.catalog.roles_joined(role).contains(&member) {
        return refused(Kind::InvalidGrantOperation, format!("role \"{name}\" is a member of role \"{member_name}\""));
    }
    if scope.catalog.membership(role, member).is_some_and(|known| known.admin || !admin) {
        let notice = format!("role \"{member_name}\" is already a member of role \"{name}\"");
        defined.notices.push((Kind::SuccessfulCompletion, notice));
        return Ok(());
    }
    defined.changes.push(Change::GrantRole(Membership { role, member, grantor: scope.actor(), admin }));
    Ok(())
}

fn revoke(role: Oid, member: Oid, admin_only: bool, scope: &Scope<'_>, defined: &mut Defined) -> Result<()> {
    require_admin(role, scope)?;
    let Some(known) = scope.catalog.membership(role, member) else {
        let (name, member_name) = (scope.catalog.role_name(role), scope.catalog.role_name(member));
        let warning = format!("role \"{member_name}\" is not a member of role \"{name}\"");
        defined.notices.push((Kind::Warning, warning));
        return Ok(());
    };
    defined.changes.push(if admin_only {
        Change::GrantRole(Membership { admin: false, ..*known })
    } else {
        Change::RevokeRole { role, member }
    });
    Ok(())
}
