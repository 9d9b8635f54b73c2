//! From a definition's text to the changes it makes: to the catalog, to the store, and to the record of it.
//!
//! The same code serves a statement and the replay of the catalog log at start. What only planning or chance can tell (a view's
//! column types, a new table's identity) is recorded beside the text as [`Facts`], so that replay never plans and never differs.

mod alter;
mod canonical;
mod comment;
mod drop;
mod function;
mod grant;
mod hold;
mod index;
mod membership;
mod naming;
mod owned;
mod policy;
mod relation;
mod retention;
mod role;
mod scope;
mod table;
mod view;

pub(in crate::query) use canonical::object_name;
pub(in crate::query) use scope::{Scope, Source};
use serde::{Deserialize, Serialize};

use crate::catalog::{Catalog, Change, Name, Object, Oid, SUPERUSER_OID};
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::query::parse::{Definition, Statement};
use crate::store::spec::{TableId, TableKind, TableSpec};
use crate::value::SqlType;

/// What one definition does.
#[derive(Debug, Default)]
pub(super) struct Defined {
    pub changes: Vec<Change>,
    /// Tables that the store must know anew or differently.
    pub specs: Vec<TableSpec>,
    pub drops: Vec<TableId>,
    /// The command tag, as `CREATE TABLE`.
    pub tag: &'static str,
    /// The object defined, for the record.
    pub object: String,
    /// The statement as it is recorded, every name qualified.
    pub text: String,
    pub facts: Facts,
    /// What PostgreSQL says beside the tag, as when IF NOT EXISTS found the object.
    pub notices: Vec<(Kind, String)>,
    /// Owners of new schemas that are not the role that defines.
    pub owners: Vec<(String, Oid)>,
}

/// What replay cannot find out from the text alone.
#[derive(Debug, Clone, Default, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Facts {
    /// The identity of a new table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<TableId>,
    /// Names and types of a view's columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<(String, String)>,
    /// Object ids of the relations that a view or a policy reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<Oid>,
    /// The role that defined, by whose rights a grant is made and whose the new object is; the superuser without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Oid>,
    /// When a legal hold was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Micros>,
}

impl Facts {
    fn typed_columns(&self) -> Result<Vec<(String, SqlType)>> {
        self.columns.iter().map(|(name, sql_type)| Ok((name.clone(), SqlType::parse(sql_type)?))).collect()
    }
}

/// Works out what a definition does.
///
/// # Errors
/// PostgreSQL's SQLSTATE for whatever does not fit; nothing has changed then.
pub(super) fn work_out(definition: &Definition, scope: &Scope<'_>) -> Result<Defined> {
    let mut defined = match definition {
        Definition::CreateSchema { name, if_not_exists, owner } => {
            table::create_schema(name.as_deref(), *if_not_exists, owner.as_ref(), scope)
        }
        Definition::CreateTable { create, kind } => table::create(create, kind.unwrap_or(scope.kind), scope),
        Definition::CreateView(view) => view::create(view, scope),
        Definition::CreateFunction(function) => function::create(function, scope),
        Definition::AlterTable(alter) => alter::alter(alter, scope),
        Definition::AlterRelation(alter) => relation::alter(alter, scope),
        Definition::Comment(comment) => comment::comment(comment, scope),
        Definition::Drop { kind, if_exists, names, cascade } => drop::relations(kind, *if_exists, names, *cascade, scope),
        Definition::DropFunction(drop) => drop::functions(drop, scope),
        Definition::Retention(policy) => retention::define(policy, scope),
        Definition::Policy(policy) => policy::define(policy, scope),
        Definition::Hold(hold) => hold::define(hold, scope),
        Definition::Index(statement) => index::define(statement, scope),
        Definition::Role(role) => role::define(role, scope),
        Definition::Grant(grant) => grant::define(grant, scope),
    }?;
    if let Some(change) = defined.changes.iter().find(|change| touches_builtin(change)) {
        return Err(Error::new(Kind::InsufficientPrivilege, "permission denied: system catalogs cannot be changed")
            .with_detail(format!("{change:?}").chars().take(60).collect::<String>()));
    }
    if defined.changes.is_empty() {
        defined.text.clear();
        return Ok(defined);
    }
    scope.require_authorized()?;
    defined.facts.actor = Some(scope.actor()).filter(|actor| *actor != SUPERUSER_OID);
    let owned = ownership(&defined, scope)?;
    defined.changes.extend(owned);
    Ok(defined)
}

/// Gives new objects their owners, and the rights that default privileges say.
fn ownership(defined: &Defined, scope: &Scope<'_>) -> Result<Vec<Change>> {
    let makes = |change: &Change| {
        matches!(
            change,
            Change::CreateTable(_) | Change::CreateView { .. } | Change::CreateFunction { .. } | Change::CreateSchema { .. }
        )
    };
    if !defined.changes.iter().any(makes)
        || scope.actor() == SUPERUSER_OID && defined.owners.is_empty() && scope.catalog.default_acls().next().is_none()
    {
        return Ok(vec![]);
    }
    let after = applied(scope.catalog, &defined.changes)?;
    let new = |oid: &Oid| *oid >= scope.catalog.next_oid();
    let schema_oid = |name: &str| after.schema(name).map_or(0, |schema| schema.oid);
    let relations =
        after.relations().map(|relation| (Object::Relation(relation.oid()), relation.oid(), relation.name().schema.as_str()));
    let functions = after.functions().map(|function| (Object::Function(function.oid), function.oid, function.name.schema.as_str()));
    let objects: Vec<(Object, Oid, Oid)> = relations
        .chain(functions)
        .filter(|(_, oid, _)| new(oid))
        .map(|(object, _, schema)| (object, scope.actor(), schema_oid(schema)))
        .chain(after.schemas().filter(|(_, schema)| new(&schema.oid)).map(|(name, schema)| {
            let given = defined.owners.iter().find(|(of, _)| of == name).map(|(_, owner)| *owner);
            (Object::Schema(schema.oid), given.unwrap_or_else(|| scope.actor()), 0)
        }))
        .collect();
    let mut changes = Vec::new();
    for (object, owner, schema) in objects {
        if owner != SUPERUSER_OID {
            changes.push(Change::SetOwner { object, owner });
        }
        if let Some(acl) = after.new_objects_acl(object.kind(), owner, schema)? {
            changes.push(Change::SetAcl { object, acl: Some(acl) });
        }
    }
    Ok(changes)
}

/// The catalog after these changes.
///
/// # Errors
/// The first change's that does not fit.
pub(super) fn applied(catalog: &Catalog, changes: &[Change]) -> Result<Catalog> {
    changes.iter().try_fold(catalog.clone(), |catalog, change| catalog.apply(change.clone()))
}

/// Replays one recorded definition.
///
/// # Errors
/// XX001 when the record cannot be understood, with what it says.
pub(super) fn replay(text: &str, facts: &Facts, catalog: &Catalog) -> Result<Catalog> {
    let path = [crate::catalog::PUBLIC_SCHEMA.to_owned()];
    let mut next = catalog.clone();
    for parsed in crate::query::parse::parse(text)? {
        let Statement::Define(definition) = parsed.statement.as_ref() else {
            return Err(Error::new(Kind::DataCorrupted, format!("the catalog log holds a statement that defines nothing: {text}")));
        };
        let scope = Scope::new(&next, &path, TableKind::Log, Source::Replay(facts));
        let defined = work_out(definition, &scope)?;
        next = applied(&next, &defined.changes)?;
    }
    Ok(next)
}

fn touches_builtin(change: &Change) -> bool {
    let name: Option<&Name> = match change {
        Change::CreateTable(table) => Some(&table.name),
        Change::CreateView { view, .. } => Some(&view.name),
        Change::CreateFunction { function, .. } => Some(&function.name),
        Change::DropRelation { name } | Change::DropFunction { name, .. } => Some(name),
        Change::Comment { on, .. } => on.object(),
        Change::AddColumn { table, .. }
        | Change::SetDefault { table, .. }
        | Change::AddCheck { table, .. }
        | Change::DropCheck { table, .. }
        | Change::AddRetention { table, .. }
        | Change::AlterRetention { table, .. }
        | Change::CreateIndex { table, .. }
        | Change::RenameIndex { table, .. }
        | Change::DropIndex { table, .. }
        | Change::DropRetention { table, .. }
        | Change::Protect { table, .. }
        | Change::AddHold { table, .. }
        | Change::DropHold { table, .. }
        | Change::ForgetInHolds { table, .. } => Some(table),
        Change::RenameColumn { relation, .. } => Some(relation),
        Change::RenameRelation { to, .. } => Some(to),
        Change::SetDefiner { view, .. } => Some(view),
        Change::CreateSchema { .. }
        | Change::DropSchema { .. }
        | Change::CreateRole(_)
        | Change::AlterRole(_)
        | Change::DropRole { .. }
        | Change::GrantRole(_)
        | Change::RevokeRole { .. }
        | Change::SetOwner { .. }
        | Change::SetAcl { .. }
        | Change::SetDefaultAcl { .. }
        | Change::SetForEveryRole { .. } => None,
    };
    let builtin = |name: &Name| crate::query::plan::names::is_builtin_schema(&name.schema) || crate::query::system::exists(name);
    name.is_some_and(builtin)
}
