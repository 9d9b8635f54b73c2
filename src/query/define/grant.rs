//! GRANT and REVOKE on objects, and ALTER DEFAULT PRIVILEGES (`aclchk.c` of PostgreSQL 15).

use std::collections::BTreeMap;

use super::{Defined, Scope, drop, membership, owned, role};
use crate::catalog::{
    Acl, AclItem, Change, DefaultKind, EVERYBODY, Mode, Object, ObjectKind, Oid, Privileges, Relation, quote_identifier,
};
use crate::error::{Error, Kind, Result};
use crate::policy;
use crate::query::parse::{GrantStatement, RoleSpec, Targets, Terms, Wanted, quoted};
use crate::query::plan::names;

pub(super) fn define(statement: &GrantStatement, scope: &Scope<'_>) -> Result<Defined> {
    match statement {
        GrantStatement::Roles { roles, terms } => membership::define(roles, terms, scope),
        GrantStatement::Objects { wanted, targets, terms } => on_objects(wanted, targets, terms, scope),
        GrantStatement::Defaults { owners, schemas, wanted, kind, terms } => defaults(owners, schemas, wanted, *kind, terms, scope),
        GrantStatement::Owner { object, owner } => owned::give(object, owner, scope),
    }
}

/// An object that is granted on.
struct Target {
    object: Object,
    /// As messages name it.
    kind: &'static str,
    name: String,
    /// As the record names it.
    recorded: String,
}

fn invalid(message: String) -> Error {
    Error::new(Kind::InvalidGrantOperation, message)
}

fn on_objects(wanted: &[Wanted], targets: &Targets, terms: &Terms, scope: &Scope<'_>) -> Result<Defined> {
    let tag = if terms.grant { "GRANT" } else { "REVOKE" };
    if let Some(grantor) = &terms.grantor
        && scope.role(grantor)? != scope.actor()
    {
        return Err(Error::new(Kind::FeatureNotSupported, "grantor must be current user"));
    }
    let grantees = terms.grantees.iter().map(|spec| scope.grantee(spec)).collect::<Result<Vec<_>>>()?;
    let (kind, word) = kind_of(targets);
    let (whole, by_column) = privileges(wanted, kind, word)?;
    let found = found(targets, scope)?;
    let mut defined = Defined { tag, ..Defined::default() };
    let mut catalog = scope.catalog.clone();
    for target in &found {
        // Rights on the whole and on columns are given one after the other, each upon what the one before has made.
        let mut steps = vec![(target.object, whole, target.name.clone())];
        let relation = match target.object {
            Object::Relation(oid) => catalog.relation_by_oid(oid).cloned(),
            Object::Column(_, _) | Object::Schema(_) | Object::Function(_) | Object::Database => None,
        };
        if let Some(relation) = &relation {
            steps.extend(column_steps(relation, &by_column, (!terms.grant).then_some(whole))?);
        }
        for (object, privileges, name) in steps {
            if privileges.is_empty() {
                continue;
            }
            let upon = scope.upon(&catalog);
            let asked = Asked { object, privileges, all: wanted.iter().any(|wanted| wanted.privilege.is_none()) };
            let Some(acl) = asked.list(&grantees, terms, target.kind, &name, &upon, &mut defined)? else { continue };
            let change = Change::SetAcl { object, acl: Some(acl) };
            catalog = catalog.apply(change.clone())?;
            defined.changes.push(change);
        }
    }
    scope.authorize();
    let objects = found.iter().map(|target| target.recorded.as_str()).collect::<Vec<_>>().join(", ");
    defined.object = format!("{word} {objects}");
    defined.text = text(&shown(wanted), &format!("{word} {objects}"), terms, scope)?;
    Ok(defined)
}

/// `GRANT privileges ON objects TO roles …`, or `REVOKE`.
fn text(privileges: &str, objects: &str, terms: &Terms, scope: &Scope<'_>) -> Result<String> {
    let grantees = scope.recorded(&terms.grantees)?;
    Ok(match (terms.grant, terms.option) {
        (true, option) => {
            format!("GRANT {privileges} ON {objects} TO {grantees}{}", if option { " WITH GRANT OPTION" } else { "" })
        }
        (false, option) => format!(
            "REVOKE {}{privileges} ON {objects} FROM {grantees}{}",
            if option { "GRANT OPTION FOR " } else { "" },
            if terms.cascade { " CASCADE" } else { "" }
        ),
    })
}

fn shown(wanted: &[Wanted]) -> String {
    let one = |wanted: &Wanted| {
        let columns: Vec<String> = wanted.columns.iter().map(|column| quote_identifier(&names::fold(column))).collect();
        let columns = if columns.is_empty() { String::new() } else { format!(" ({})", columns.join(", ")) };
        format!("{}{columns}", wanted.privilege.map_or("ALL PRIVILEGES", crate::catalog::Privilege::word))
    };
    wanted.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn kind_of(targets: &Targets) -> (ObjectKind, &'static str) {
    match targets {
        Targets::Relations(_) | Targets::AllRelations(_) => (ObjectKind::Relation, "TABLE"),
        Targets::Schemas(_) => (ObjectKind::Schema, "SCHEMA"),
        Targets::Functions(_) | Targets::AllFunctions(_) => (ObjectKind::Function, "FUNCTION"),
        Targets::Databases(_) => (ObjectKind::Database, "DATABASE"),
    }
}

/// What is granted on the whole object, and what on columns by name.
fn privileges(wanted: &[Wanted], kind: ObjectKind, word: &str) -> Result<(Privileges, BTreeMap<String, Privileges>)> {
    let mut whole = Privileges::NONE;
    let mut by_column: BTreeMap<String, Privileges> = BTreeMap::new();
    for Wanted { privilege, columns } in wanted {
        let on = if columns.is_empty() { kind } else { ObjectKind::Column };
        let asked = privilege.map_or_else(|| on.privileges(), Privileges::of);
        if let Some(privilege) = asked.without(on.privileges()).iter().next() {
            let what = if columns.is_empty() { word.to_lowercase() } else { "column".to_owned() };
            let what = if what == "table" { "relation".to_owned() } else { what };
            return Err(invalid(format!("invalid privilege type {} for {what}", privilege.word())));
        }
        if !columns.is_empty() && kind != ObjectKind::Relation {
            return Err(invalid("column privileges are only valid for relations".to_owned()));
        }
        if columns.is_empty() {
            whole = whole.or(asked);
        }
        for column in columns {
            let all = by_column.entry(names::fold(column)).or_default();
            *all = all.or(asked);
        }
    }
    Ok((whole, by_column))
}

/// The columns that are granted on; where rights on the whole are revoked, those on columns go with them.
fn column_steps(
    relation: &Relation,
    by_column: &BTreeMap<String, Privileges>,
    revoked: Option<Privileges>,
) -> Result<Vec<(Object, Privileges, String)>> {
    let columns = relation.numbered_columns();
    if let Some(missing) = by_column.keys().find(|wanted| !columns.iter().any(|(_, name)| name == wanted)) {
        let message = format!("column \"{missing}\" of relation \"{}\" does not exist", relation.name().name);
        return Err(Error::new(Kind::UndefinedColumn, message));
    }
    let revoked = revoked.unwrap_or_default().and(ObjectKind::Column.privileges());
    let step = |(number, name): (u32, &str)| {
        let own = by_column.get(name).copied().unwrap_or_default().or(revoked);
        (Object::Column(relation.oid(), number), own, name.to_owned())
    };
    Ok(columns.into_iter().map(step).filter(|(_, own, _)| !own.is_empty()).collect())
}

/// What is asked for one object.
struct Asked {
    object: Object,
    privileges: Privileges,
    /// Whether everything was asked for, so that some of it suffices.
    all: bool,
}

impl Asked {
    /// The object's list after the statement; `None` if it stays as it is.
    fn list(
        &self,
        grantees: &[Oid],
        terms: &Terms,
        kind: &str,
        name: &str,
        scope: &Scope<'_>,
        defined: &mut Defined,
    ) -> Result<Option<Acl>> {
        let (catalog, object) = (scope.catalog, self.object);
        let owner = catalog.owner(object);
        let on_column = matches!(object, Object::Column(_, _));
        let before = catalog.acl_in_force(object);
        if on_column && !terms.grant && before.items.is_empty() {
            return Ok(None);
        }
        let (grantor, grantable) = self.grantor(scope);
        if grantable.is_empty() && !self.has_any(grantor, scope) {
            return Err(policy::denied(if on_column { "column" } else { kind }, name));
        }
        let given = self.privileges.and(grantable);
        self.warn(given, terms.grant, name, on_column, defined);
        let mut acl = before.clone();
        let mode = if terms.grant { Mode::Grant } else { Mode::Revoke { cascade: terms.cascade } };
        for grantee in grantees {
            if terms.grant && terms.option && *grantee == EVERYBODY {
                return Err(invalid("grant options can only be granted to roles".to_owned()));
            }
            let item = AclItem {
                grantee: *grantee,
                grantor,
                privileges: if terms.grant || !terms.option { given } else { Privileges::NONE },
                grantable: if !terms.grant || terms.option { given } else { Privileges::NONE },
            };
            // An owner's rights to grant are its own as owner, and cannot be given or taken.
            let item = if *grantee == owner { AclItem { grantable: Privileges::NONE, ..item } } else { item };
            acl = acl.changed(item, mode, owner)?;
        }
        Ok((acl != before || catalog.acl(object).is_none() && !on_column).then_some(acl))
    }

    /// Who grants, and what of it may be granted: the owner, or the role behind the one that asks that may grant most.
    fn grantor(&self, scope: &Scope<'_>) -> (Oid, Privileges) {
        let (catalog, standing) = (scope.catalog, scope.standing());
        let owner = catalog.owner(self.object);
        if standing.has_rights_of(owner) {
            return (owner, self.privileges);
        }
        let mut acl = catalog.acl_in_force(self.object);
        if let Object::Column(relation, _) = self.object {
            acl.items.extend(catalog.acl_in_force(Object::Relation(relation)).items);
        }
        let of = |role: Oid| acl.grantable(|other| other == role, owner, self.privileges);
        let first = (standing.role, of(standing.role));
        let best = |best: (Oid, Privileges), role: Oid| {
            let own = of(role);
            if own.count() > best.1.count() { (role, own) } else { best }
        };
        standing.inherited.iter().copied().fold(first, best)
    }

    /// Whether the grantor has anything on the object, which says that it may know of it.
    fn has_any(&self, grantor: Oid, scope: &Scope<'_>) -> bool {
        let standing = policy::Standing::of(scope.catalog, grantor);
        let object = match self.object {
            Object::Column(relation, _) => Object::Relation(relation),
            other => other,
        };
        let own = |object: Object| {
            let all = object.kind().privileges();
            !policy::held(&standing, scope.catalog, object, all).is_empty()
                || !policy::grantable(&standing, scope.catalog, object, all).is_empty()
        };
        own(object) || own(self.object)
    }

    fn warn(&self, given: Privileges, grant: bool, name: &str, on_column: bool, defined: &mut Defined) {
        let subject = if on_column { format!("column \"{name}\"") } else { format!("\"{name}\"") };
        let kind = if grant { Kind::PrivilegeNotGranted } else { Kind::PrivilegeNotRevoked };
        let verb = if grant { "were granted" } else { "could be revoked" };
        if given.is_empty() {
            defined.notices.push((kind, format!("no privileges {verb} for {subject}")));
        } else if !self.all && given != self.privileges {
            defined.notices.push((kind, format!("not all privileges {verb} for {subject}")));
        }
    }
}

fn found(targets: &Targets, scope: &Scope<'_>) -> Result<Vec<Target>> {
    let schema_of = |name: &String| role::schema_object(name, scope).map(|_| name.clone());
    match targets {
        Targets::Relations(listed) => listed
            .iter()
            .map(|name| {
                let found = scope.named(name)?;
                if names::is_builtin_schema(&found.schema) {
                    let message = format!("rights on \"{}\" cannot be changed: it is PostgreSQL's own", found.name);
                    return Err(Error::new(Kind::InsufficientPrivilege, message));
                }
                relation(scope.catalog.expect_relation(&found)?)
            })
            .collect(),
        Targets::AllRelations(schemas) => {
            let schemas = schemas.iter().map(schema_of).collect::<Result<Vec<_>>>()?;
            let inside = |found: &&Relation| schemas.contains(&found.name().schema);
            let own = |found: &&Relation| !matches!(found, Relation::Table(table) if table.internal);
            scope.catalog.relations().filter(inside).filter(own).map(relation).collect()
        }
        Targets::Schemas(listed) => listed
            .iter()
            .map(|name| {
                let recorded = quote_identifier(name);
                Ok(Target { object: role::schema_object(name, scope)?, kind: "schema", name: name.clone(), recorded })
            })
            .collect(),
        Targets::Functions(listed) => listed
            .iter()
            .map(|signature| {
                let named = drop::find(&signature.name, signature.arguments.as_deref(), scope)?;
                named.map(function).ok_or_else(|| {
                    Error::new(Kind::UndefinedFunction, format!("could not find a function named \"{}\"", signature.name))
                })
            })
            .collect(),
        Targets::AllFunctions(schemas) => {
            let schemas = schemas.iter().map(schema_of).collect::<Result<Vec<_>>>()?;
            let inside = scope.catalog.functions().filter(|found| schemas.contains(&found.name.schema));
            Ok(inside.map(|found| function(found)).collect())
        }
        Targets::Databases(listed) => listed
            .iter()
            .map(|name| {
                if name != names::DATABASE {
                    return Err(Error::new(Kind::InvalidCatalogName, format!("database \"{name}\" does not exist")));
                }
                Ok(Target { object: Object::Database, kind: "database", name: name.clone(), recorded: name.clone() })
            })
            .collect(),
    }
}

/// The catalog log is read by the superuser alone, and nothing can be granted on it.
fn relation(relation: &Relation) -> Result<Target> {
    let name = relation.name();
    if matches!(relation, Relation::Table(table) if table.is_secret()) {
        return Err(Error::new(Kind::InsufficientPrivilege, format!("rights on \"{}\" cannot be granted", name.name))
            .with_detail("It holds the verifiers of passwords."));
    }
    let kind = if relation.is_view() { "view" } else { "table" };
    Ok(Target { object: Object::Relation(relation.oid()), kind, name: name.name.clone(), recorded: name.to_string() })
}

fn function(function: &crate::catalog::Function) -> Target {
    let name = function.name.name.clone();
    Target { object: Object::Function(function.oid), kind: "function", name, recorded: drop::signature(function) }
}

/// `ALTER DEFAULT PRIVILEGES`.
fn defaults(
    owners: &[RoleSpec],
    schemas: &[String],
    wanted: &[Wanted],
    kind: DefaultKind,
    terms: &Terms,
    scope: &Scope<'_>,
) -> Result<Defined> {
    let object = kind.object();
    if object == ObjectKind::Schema && !schemas.is_empty() {
        return Err(invalid("cannot use IN SCHEMA clause when using GRANT/REVOKE ON SCHEMAS".to_owned()));
    }
    let (privileges, _) = privileges(wanted, object, kind.word().trim_end_matches('S'))?;
    let grantees = terms.grantees.iter().map(|spec| scope.grantee(spec)).collect::<Result<Vec<_>>>()?;
    let owner_ids = match owners {
        [] => vec![scope.actor()],
        owners => owners.iter().map(|spec| scope.role(spec)).collect::<Result<Vec<_>>>()?,
    };
    let standing = scope.standing();
    let mut scopes = Vec::new();
    for schema in schemas {
        match role::schema_object(schema, scope)? {
            Object::Schema(oid) => scopes.push(oid),
            Object::Relation(_) | Object::Column(_, _) | Object::Function(_) | Object::Database => {}
        }
    }
    if scopes.is_empty() {
        scopes.push(0);
    }
    let mut changes = Vec::new();
    for owner in &owner_ids {
        if scope.guard().is_some() && !standing.may_become(*owner) {
            let name = scope.catalog.role_name(*owner);
            return Err(Error::new(Kind::InsufficientPrivilege, format!("must be member of role \"{name}\"")));
        }
        for schema in &scopes {
            let key = (*owner, *schema, kind);
            let plain = if *schema == 0 { Acl::default_of(object, *owner).sorted() } else { Acl::default() };
            let before = scope.catalog.default_acl(key).cloned().unwrap_or_else(|| plain.clone());
            let mut acl = before.clone();
            for grantee in &grantees {
                if terms.grant && terms.option && *grantee == EVERYBODY {
                    return Err(invalid("grant options can only be granted to roles".to_owned()));
                }
                let item = AclItem {
                    grantee: *grantee,
                    grantor: *owner,
                    privileges: if terms.grant || !terms.option { privileges } else { Privileges::NONE },
                    grantable: if !terms.grant || terms.option { privileges } else { Privileges::NONE },
                };
                let mode = if terms.grant { Mode::Grant } else { Mode::Revoke { cascade: terms.cascade } };
                acl = acl.changed(item, mode, *owner)?.sorted();
            }
            if acl != before {
                changes.push(Change::SetDefaultAcl { key, acl: Some(acl).filter(|acl| *acl != plain) });
            }
        }
    }
    scope.authorize();
    let for_roles = owner_ids.iter().map(|oid| quoted(&scope.catalog.role_name(*oid))).collect::<Vec<_>>().join(", ");
    let in_schemas = match schemas {
        [] => String::new(),
        schemas => format!(" IN SCHEMA {}", schemas.iter().map(|name| quote_identifier(name)).collect::<Vec<_>>().join(", ")),
    };
    let statement = text(&shown(wanted), kind.word(), terms, scope)?;
    Ok(Defined {
        tag: "ALTER DEFAULT PRIVILEGES",
        object: format!("ROLE {for_roles}"),
        text: format!("ALTER DEFAULT PRIVILEGES FOR ROLE {for_roles}{in_schemas} {statement}"),
        changes,
        ..Defined::default()
    })
}
