//! What a definition is worked out against, and who asks for it: names are looked up and rights asked for here.

use std::cell::Cell;

use datafusion::sql::sqlparser::ast::ObjectName;

use super::Facts;
use crate::catalog::{Catalog, EVERYBODY, Function, Name, Object, Oid, Relation, SUPERUSER_OID};
use crate::error::{Error, Kind, Result};
use crate::guard::Guard;
use crate::policy::{Action, Standing};
use crate::query::parse::RoleSpec;
use crate::query::plan::{Planner, names};
use crate::store::spec::TableKind;

/// Where a definition's facts come from.
#[derive(Clone, Copy)]
pub(in crate::query) enum Source<'a> {
    /// A statement: names are looked up, queries planned, identities made.
    Statement(&'a Planner<'a>),
    /// The catalog log.
    Replay(&'a Facts),
}

/// What a definition is worked out against.
pub(in crate::query) struct Scope<'a> {
    pub catalog: &'a Catalog,
    /// Schemas in which unqualified names are looked for.
    pub path: &'a [String],
    /// How a table keeps its rows whose statement does not say.
    pub kind: TableKind,
    pub source: Source<'a>,
    /// Whether somebody has asked if the role may do this. What nobody asked about is refused.
    authorized: Cell<bool>,
}

impl<'a> Scope<'a> {
    pub(in crate::query) fn new(catalog: &'a Catalog, path: &'a [String], kind: TableKind, source: Source<'a>) -> Self {
        Scope { catalog, path, kind, source, authorized: Cell::new(false) }
    }

    /// The same against what earlier steps of the definition have made.
    pub(super) fn upon<'b>(&'b self, catalog: &'b Catalog) -> Scope<'b>
    where
        'a: 'b,
    {
        Scope { catalog, path: self.path, kind: self.kind, source: self.source, authorized: self.authorized.clone() }
    }

    /// The guard of the statement; a replay was allowed when it was recorded.
    pub(super) fn guard(&self) -> Option<&'a Guard> {
        match self.source {
            Source::Statement(planner) => Some(&planner.guard),
            Source::Replay(_) => None,
        }
    }

    /// The role that defines.
    pub(super) fn actor(&self) -> Oid {
        match self.source {
            Source::Statement(planner) => planner.guard.identity().oid(),
            Source::Replay(facts) => facts.actor.unwrap_or(SUPERUSER_OID),
        }
    }

    /// The role that logged in.
    pub(super) fn session(&self) -> Oid {
        match self.source {
            Source::Statement(planner) => planner.guard.identity().session_oid,
            Source::Replay(_) => self.actor(),
        }
    }

    /// What stands behind the role that defines.
    pub(super) fn standing(&self) -> Standing {
        match self.source {
            Source::Statement(planner) => planner.guard.identity().standing.as_ref().clone(),
            Source::Replay(_) => Standing::of(self.catalog, self.actor()),
        }
    }

    /// That the role may do what it asks for was found out in another way.
    pub(super) fn authorize(&self) {
        self.authorized.set(true);
    }

    /// Whether the role may make these changes: it is the superuser, or its rights were asked for.
    ///
    /// # Errors
    /// 42501.
    pub(super) fn require_authorized(&self) -> Result<()> {
        let free = self.guard().is_none_or(|guard| guard.identity().superuser);
        if free || self.authorized.get() {
            return Ok(());
        }
        Err(Error::new(Kind::InsufficientPrivilege, "permission denied: only the superuser may make this definition"))
    }

    /// The existing relation that a name stands for, in a schema that the role may look into.
    ///
    /// # Errors
    /// 42501 on the schema; as [`names::of_relation`].
    pub(super) fn named(&self, name: &ObjectName) -> Result<Name> {
        let found = names::of_relation(name, self.catalog, self.path)?;
        if let Some(guard) = self.guard() {
            guard.permit_schema(&found.schema)?;
        }
        Ok(found)
    }

    /// Where a new object of this name goes, if the role may make one there.
    ///
    /// # Errors
    /// 42501 on the schema; as [`names::for_creation`].
    pub(super) fn creation(&self, name: &ObjectName, is_view: bool) -> Result<Name> {
        // A role's own schema, which stands first in its path, is for views: anything else goes to the next one.
        let own = |schema: &&String| self.catalog.schema(schema).is_some_and(|schema| schema.own_of.is_some());
        let path: Vec<String> = self.path.iter().filter(|schema| is_view || !own(schema)).cloned().collect();
        let found = names::for_creation(name, self.catalog, &path)?;
        if let Some(guard) = self.guard() {
            guard.permit_creation(&found, is_view)?;
            self.authorize();
        }
        Ok(found)
    }

    /// Asks whether the role may change or drop a relation.
    ///
    /// # Errors
    /// 42501 when it is not the owner's, or when it is the server's own.
    pub(super) fn require_relation_owner(&self, relation: &Relation) -> Result<()> {
        let Some(guard) = self.guard() else { return Ok(()) };
        match relation {
            Relation::Table(table) => guard.permit(Action::Define, table)?,
            Relation::View(view) => guard.permit_owner(Object::Relation(view.oid), "view", &view.name.name)?,
        }
        self.authorize();
        Ok(())
    }

    /// Asks whether the role may say for how long a relation's rows are kept, and who sees them: its owner, and of the query log, which nobody writes, the
    /// superuser.
    ///
    /// # Errors
    /// 42501.
    pub(super) fn require_keeper(&self, relation: &Relation) -> Result<()> {
        let Some(guard) = self.guard() else { return Ok(()) };
        match relation {
            Relation::Table(table) if table.internal && !table.is_secret() => guard.permit(Action::Maintain, table)?,
            other => return self.require_relation_owner(other),
        }
        self.authorize();
        Ok(())
    }

    /// The same for a schema.
    ///
    /// # Errors
    /// 42501 when it is not the owner's.
    pub(super) fn require_schema_owner(&self, name: &str) -> Result<()> {
        let (Some(guard), Some(schema)) = (self.guard(), self.catalog.schema(name)) else { return Ok(()) };
        guard.permit_owner(Object::Schema(schema.oid), "schema", name)?;
        self.authorize();
        Ok(())
    }

    /// The same for a function.
    ///
    /// # Errors
    /// 42501 when it is not the owner's.
    pub(super) fn require_function_owner(&self, function: &Function) -> Result<()> {
        let Some(guard) = self.guard() else { return Ok(()) };
        guard.permit_owner(Object::Function(function.oid), "function", &function.name.name)?;
        self.authorize();
        Ok(())
    }

    /// The role that a statement names.
    ///
    /// # Errors
    /// 42704 when there is none.
    pub(super) fn role(&self, spec: &RoleSpec) -> Result<Oid> {
        match spec {
            RoleSpec::Named(name) => Ok(self.catalog.expect_role(name)?.oid),
            RoleSpec::Current => Ok(self.actor()),
            RoleSpec::Session => Ok(self.session()),
            RoleSpec::Public => Err(Error::new(Kind::UndefinedObject, "role \"public\" does not exist")),
        }
    }

    /// The role that is given something, everybody among them.
    ///
    /// # Errors
    /// 42704 when there is none.
    pub(super) fn grantee(&self, spec: &RoleSpec) -> Result<Oid> {
        if *spec == RoleSpec::Public { Ok(EVERYBODY) } else { self.role(spec) }
    }

    /// Roles by their names, for the record.
    pub(super) fn recorded(&self, specs: &[RoleSpec]) -> Result<String> {
        let name = |spec: &RoleSpec| match spec {
            RoleSpec::Public => Ok("PUBLIC".to_owned()),
            spec => self.role(spec).map(|oid| crate::query::parse::quoted(&self.catalog.role_name(oid))),
        };
        Ok(specs.iter().map(name).collect::<Result<Vec<_>>>()?.join(", "))
    }
}
