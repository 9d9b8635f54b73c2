//! What belongs to a role as a whole: OWNER TO, REASSIGN OWNED and DROP OWNED.

use super::drop;
use super::{Defined, Scope, role};
use crate::catalog::{Change, Mode, Object, Oid, Privilege, Relation, SUPERUSER_OID};
use crate::error::{Error, Kind, Result};
use crate::policy::{self, Standing};
use crate::query::parse::{Owned, RoleSpec, Signature, quoted, unsupported};

/// `ALTER … OWNER TO role`.
pub(super) fn give(object: &Owned, spec: &RoleSpec, scope: &Scope<'_>) -> Result<Defined> {
    let mut defined = Defined::default();
    let owner = scope.role(spec)?;
    let missing = |kind: &str, name: &str| format!("{kind} \"{name}\" does not exist, skipping");
    let (found, shown, schema) = match object {
        Owned::Table { name, if_exists } | Owned::View { name, if_exists } => {
            let is_view = matches!(object, Owned::View { .. });
            defined.tag = if is_view { "ALTER VIEW" } else { "ALTER TABLE" };
            let name = scope.named(name)?;
            if *if_exists && scope.catalog.relation(&name).is_none() {
                defined.notices.push((Kind::SuccessfulCompletion, missing("relation", &name.name)));
                return Ok(defined);
            }
            let relation = scope.catalog.expect_relation(&name)?;
            if is_view && !relation.is_view() {
                return Err(Error::new(Kind::WrongObjectType, format!("\"{}\" is not a view", name.name)));
            }
            scope.require_relation_owner(relation)?;
            let word = if relation.is_view() { "VIEW" } else { "TABLE" };
            (Object::Relation(relation.oid()), format!("{word} {name}"), Some(name.schema))
        }
        Owned::Schema(name) => {
            defined.tag = "ALTER SCHEMA";
            let found = role::schema_object(name, scope)?;
            scope.require_schema_owner(name)?;
            if scope.catalog.schema(name).is_some_and(|schema| schema.own_of.is_some()) {
                return Err(Error::new(Kind::FeatureNotSupported, format!("schema \"{name}\" belongs to its role"))
                    .with_hint("It goes with the role; what is in it can be given away."));
            }
            (found, format!("SCHEMA {}", crate::catalog::quote_identifier(name)), None)
        }
        Owned::Function(Signature { name, arguments }) => {
            defined.tag = "ALTER FUNCTION";
            let function = drop::find(name, arguments.as_deref(), scope)?
                .ok_or_else(|| Error::new(Kind::UndefinedFunction, format!("could not find a function named \"{name}\"")))?;
            scope.require_function_owner(function)?;
            let shown = format!("FUNCTION {}", drop::signature(function));
            (Object::Function(function.oid), shown, Some(function.name.schema.clone()))
        }
        Owned::Database(_) => return Err(unsupported("ALTER DATABASE ... OWNER TO")),
    };
    if scope.catalog.owner(found) == owner {
        return Ok(defined);
    }
    require_heir(owner, schema.as_deref(), scope)?;
    defined.text = format!("ALTER {shown} OWNER TO {}", quoted(&scope.catalog.role_name(owner)));
    defined.object = shown;
    defined.changes.push(Change::SetOwner { object: found, owner });
    Ok(defined)
}

/// Whether the role that defines may give something to another, and that one may have it.
fn require_heir(owner: Oid, schema: Option<&str>, scope: &Scope<'_>) -> Result<()> {
    if scope.guard().is_none() || scope.standing().superuser {
        return Ok(());
    }
    if !scope.standing().may_become(owner) {
        let name = scope.catalog.role_name(owner);
        return Err(Error::new(Kind::InsufficientPrivilege, format!("must be member of role \"{name}\"")));
    }
    let (object, kind, name) = match schema {
        Some(schema) => (role::schema_object(schema, scope)?, "schema", schema),
        None => (Object::Database, "database", crate::query::plan::names::DATABASE),
    };
    // Into a schema goes what its new owner could make there; a schema is made by whoever gives it away.
    let standing = if schema.is_some() { Standing::of(scope.catalog, owner) } else { scope.standing() };
    if policy::held(&standing, scope.catalog, object, Privilege::Create.into()).is_empty() {
        return Err(policy::denied(kind, name));
    }
    Ok(())
}

/// Everything that a role owns, its own schema aside.
fn owned_by(role: Oid, scope: &Scope<'_>) -> Vec<Object> {
    let catalog = scope.catalog;
    let own = catalog.own_schema_of(role).and_then(|name| catalog.schema(name)).map(|schema| schema.oid);
    let relations = catalog.relations().map(|relation| Object::Relation(relation.oid()));
    let functions = catalog.functions().map(|function| Object::Function(function.oid));
    let schemas = catalog.schemas().filter(|(_, schema)| Some(schema.oid) != own).map(|(_, schema)| Object::Schema(schema.oid));
    relations.chain(functions).chain(schemas).filter(|object| catalog.owner(*object) == role).collect()
}

fn required(role: Oid, verb: &str, scope: &Scope<'_>) -> Result<()> {
    if role == SUPERUSER_OID || scope.catalog.role(role).is_some_and(|role| role.is_predefined()) {
        let name = scope.catalog.role_name(role);
        return Err(Error::new(
            Kind::DependentObjectsStillExist,
            format!("cannot {verb} objects owned by role {name} because they are required by the database system"),
        ));
    }
    Ok(())
}

/// `REASSIGN OWNED BY roles TO role`.
pub(super) fn reassign(from: &[RoleSpec], to: &RoleSpec, scope: &Scope<'_>) -> Result<Defined> {
    let denied =
        |detail: String| Error::new(Kind::InsufficientPrivilege, "permission denied to reassign objects").with_detail(detail);
    let heir = scope.role(to)?;
    let standing = scope.standing();
    let roles = from.iter().map(|spec| scope.role(spec)).collect::<Result<Vec<_>>>()?;
    for role in roles.iter().chain([&heir]) {
        if scope.guard().is_some() && !standing.has_rights_of(*role) {
            let name = scope.catalog.role_name(*role);
            return Err(denied(format!("Only roles with privileges of role \"{name}\" may reassign objects owned by it.")));
        }
    }
    scope.authorize();
    let mut changes = Vec::new();
    for role in roles {
        required(role, "reassign ownership of", scope)?;
        changes.extend(owned_by(role, scope).into_iter().map(|object| Change::SetOwner { object, owner: heir }));
    }
    let names = scope.recorded(from)?;
    Ok(Defined {
        tag: "REASSIGN OWNED",
        object: format!("ROLE {names}"),
        text: format!("REASSIGN OWNED BY {names} TO {}", quoted(&scope.catalog.role_name(heir))),
        changes,
        ..Defined::default()
    })
}

/// `DROP OWNED BY roles`: what they own goes, and so does what they were granted.
pub(super) fn drop(specs: &[RoleSpec], cascade: bool, scope: &Scope<'_>) -> Result<Defined> {
    let roles = specs.iter().map(|spec| scope.role(spec)).collect::<Result<Vec<_>>>()?;
    let standing = scope.standing();
    for role in &roles {
        if scope.guard().is_some() && !standing.has_rights_of(*role) {
            let name = scope.catalog.role_name(*role);
            return Err(Error::new(Kind::InsufficientPrivilege, "permission denied to drop objects")
                .with_detail(format!("Only roles with privileges of role \"{name}\" may drop objects owned by it.")));
        }
        required(*role, "drop", scope)?;
    }
    scope.authorize();
    let names = scope.recorded(specs)?;
    let mut defined = Defined { tag: "DROP OWNED", object: format!("ROLE {names}"), ..Defined::default() };
    let mut catalog = scope.catalog.clone();
    let owned: Vec<Object> = roles.iter().flat_map(|role| owned_by(*role, scope)).collect();
    // Views first, those that read others before these; then tables, functions, and the schemas that held them.
    let mut relations: Vec<&Relation> =
        scope.catalog.relations().filter(|relation| owned.contains(&Object::Relation(relation.oid()))).collect();
    relations.sort_by_key(|relation| std::cmp::Reverse((relation.is_view(), relation.oid())));
    for relation in relations {
        if catalog.relation(relation.name()).is_some() {
            let changes = drop::relation_changes(&catalog, relation.name(), cascade);
            drop::take(changes, &mut catalog, &mut defined)?;
        }
    }
    for function in scope.catalog.functions().filter(|function| owned.contains(&Object::Function(function.oid))) {
        let changes = drop::function_changes(&catalog, function, cascade);
        drop::take(changes, &mut catalog, &mut defined)?;
    }
    for (name, schema) in scope.catalog.schemas() {
        if owned.contains(&Object::Schema(schema.oid)) {
            let changes = drop::schema_changes(&catalog, name.to_owned(), cascade);
            drop::take(changes, &mut catalog, &mut defined)?;
        }
    }
    for role in roles {
        let changes = rights_of(role, &catalog)?;
        drop::take(changes, &mut catalog, &mut defined)?;
    }
    defined.text = format!("DROP OWNED BY {names}{}", if cascade { " CASCADE" } else { "" });
    Ok(defined)
}

/// What takes every right of a role away, its default privileges, and its sight of what legal holds keep: the holds stay.
fn rights_of(role: Oid, catalog: &crate::catalog::Catalog) -> Result<Vec<Change>> {
    let named = catalog.holds().filter(|(_, hold)| hold.roles.contains(&role));
    let mut changes: Vec<Change> = named.map(|(table, _)| Change::ForgetInHolds { table: table.name.clone(), role }).collect();
    for (object, acl) in catalog.acls() {
        let mut acl = acl.clone();
        let owner = catalog.owner(object);
        if owner == role || !acl.names(role) {
            continue;
        }
        while let Some(item) = acl.items.iter().find(|item| item.grantee == role || item.grantor == role).copied() {
            acl = acl.changed(item, Mode::Revoke { cascade: true }, owner)?;
            // What it granted by a right that it has no more is gone as well.
            acl.items.retain(|kept| *kept != item);
        }
        changes.push(Change::SetAcl { object, acl: Some(acl) });
    }
    for relation in catalog.relations() {
        let Relation::Table(table) = relation else { continue };
        if table.protection.naming(role).next().is_some() {
            let protection = table.protection.without_role(role);
            changes.push(Change::Protect { table: table.name.clone(), protection });
        }
    }
    for (key, acl) in catalog.default_acls() {
        if key.0 == role {
            changes.push(Change::SetDefaultAcl { key, acl: None });
        } else if acl.names(role) {
            let mut acl = acl.clone();
            acl.items.retain(|item| item.grantee != role && item.grantor != role);
            let plain = key.1 == 0 && acl == crate::catalog::Acl::default_of(key.2.object(), key.0).sorted();
            changes
                .push(Change::SetDefaultAcl { key, acl: Some(acl).filter(|acl| !(plain || key.1 != 0 && acl.items.is_empty())) });
        }
    }
    Ok(changes)
}
