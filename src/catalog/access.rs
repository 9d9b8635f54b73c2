//! Who there is and who may do what, as a part of the snapshot: roles, memberships, owners, access lists, default privileges.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::catalog::privilege::{Acl, AclItem, EVERYBODY, Mode, Object, ObjectKind, Privilege, Privileges};
use crate::catalog::role::{DATABASE_OWNER, MONITOR, PREDEFINED, READ_ALL_SETTINGS, READ_ALL_STATS, STAT_SCAN_TABLES};
use crate::catalog::{Catalog, Membership, Oid, Relation, Role, SUPERUSER_OID};
use crate::error::{Error, Kind, Result};

/// Objects for which default privileges can be altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DefaultKind {
    Relations,
    Functions,
    Schemas,
}

impl DefaultKind {
    pub fn object(self) -> ObjectKind {
        match self {
            DefaultKind::Relations => ObjectKind::Relation,
            DefaultKind::Functions => ObjectKind::Function,
            DefaultKind::Schemas => ObjectKind::Schema,
        }
    }

    /// As `pg_default_acl.defaclobjtype` has it.
    pub fn letter(self) -> &'static str {
        match self {
            DefaultKind::Relations => "r",
            DefaultKind::Functions => "f",
            DefaultKind::Schemas => "n",
        }
    }

    /// Its word in ALTER DEFAULT PRIVILEGES.
    pub fn word(self) -> &'static str {
        match self {
            DefaultKind::Relations => "TABLES",
            DefaultKind::Functions => "FUNCTIONS",
            DefaultKind::Schemas => "SCHEMAS",
        }
    }

    fn of(object: ObjectKind) -> Option<DefaultKind> {
        match object {
            ObjectKind::Relation => Some(DefaultKind::Relations),
            ObjectKind::Function => Some(DefaultKind::Functions),
            ObjectKind::Schema => Some(DefaultKind::Schemas),
            ObjectKind::Column | ObjectKind::Database => None,
        }
    }
}

/// Whose new objects, in which schema (0 is any), of which kind.
pub type DefaultKey = (Oid, Oid, DefaultKind);

/// Everything about roles and rights at one epoch.
#[derive(Debug, Clone)]
pub struct Access {
    pub(super) roles: BTreeMap<Oid, Arc<Role>>,
    /// By role and member.
    pub(super) members: BTreeMap<(Oid, Oid), Membership>,
    /// Owners that are not the superuser.
    pub(super) owners: BTreeMap<Object, Oid>,
    /// Lists of objects on which something was granted or revoked.
    pub(super) acls: BTreeMap<Object, Arc<Acl>>,
    pub(super) defaults: BTreeMap<DefaultKey, Arc<Acl>>,
    /// `ALTER ROLE ALL SET`.
    pub(super) everyones_settings: BTreeMap<String, String>,
}

impl Access {
    pub(super) fn new(public_schema: Oid) -> Access {
        let mut roles = BTreeMap::from([(SUPERUSER_OID, Arc::new(Role::chief()))]);
        for (oid, name) in PREDEFINED {
            roles.insert(oid, Arc::new(Role { oid, ..Role::new(name) }));
        }
        let members = [READ_ALL_SETTINGS, READ_ALL_STATS, STAT_SCAN_TABLES]
            .map(|role| ((role, MONITOR), Membership { role, member: MONITOR, grantor: SUPERUSER_OID, admin: false }));
        let everybody = AclItem {
            grantee: EVERYBODY,
            grantor: SUPERUSER_OID,
            privileges: Privilege::Usage.into(),
            grantable: Privileges::NONE,
        };
        let mut public = Acl::default_of(ObjectKind::Schema, SUPERUSER_OID);
        public.items.push(everybody);
        Access {
            roles,
            members: BTreeMap::from(members),
            owners: BTreeMap::new(),
            acls: BTreeMap::from([(Object::Schema(public_schema), Arc::new(public))]),
            defaults: BTreeMap::new(),
            everyones_settings: BTreeMap::new(),
        }
    }
}

impl Catalog {
    /// Every role, in order of ids.
    pub fn roles(&self) -> impl Iterator<Item = &Arc<Role>> {
        self.access.roles.values()
    }

    pub fn role(&self, oid: Oid) -> Option<&Arc<Role>> {
        self.access.roles.get(&oid)
    }

    pub fn role_named(&self, name: &str) -> Option<&Arc<Role>> {
        self.access.roles.values().find(|role| role.name == name)
    }

    /// A role's name, or PostgreSQL's words for one that is gone.
    pub fn role_name(&self, oid: Oid) -> String {
        self.role(oid).map_or_else(|| format!("unknown (OID={oid})"), |role| role.name.clone())
    }

    /// The role of this name.
    ///
    /// # Errors
    /// 42704 when there is none.
    pub fn expect_role(&self, name: &str) -> Result<&Arc<Role>> {
        self.role_named(name).ok_or_else(|| Error::new(Kind::UndefinedObject, format!("role \"{name}\" does not exist")))
    }

    pub fn memberships(&self) -> impl Iterator<Item = &Membership> {
        self.access.members.values()
    }

    pub fn membership(&self, role: Oid, member: Oid) -> Option<&Membership> {
        self.access.members.get(&(role, member))
    }

    /// The roles whose rights a role has: itself and, where it and they inherit, those that it is a member of.
    pub fn roles_inherited(&self, role: Oid) -> BTreeSet<Oid> {
        self.roles_reached(role, |member| self.role(member).is_some_and(|role| role.inherit))
    }

    /// The roles that a role may become: itself and all that it is a member of, directly or not.
    pub fn roles_joined(&self, role: Oid) -> BTreeSet<Oid> {
        self.roles_reached(role, |_| true)
    }

    fn roles_reached(&self, role: Oid, goes_on: impl Fn(Oid) -> bool) -> BTreeSet<Oid> {
        let mut reached = BTreeSet::from([role]);
        let mut pending = vec![role];
        while let Some(member) = pending.pop() {
            if !goes_on(member) {
                continue;
            }
            let direct = self.memberships().filter(|membership| membership.member == member).map(|membership| membership.role);
            // The database's owner is a member of this role without being made one.
            let implied = (self.owner(Object::Database) == member).then_some(DATABASE_OWNER);
            for next in direct.chain(implied) {
                if reached.insert(next) {
                    pending.push(next);
                }
            }
        }
        reached
    }

    pub fn owner(&self, object: Object) -> Oid {
        let object = match object {
            Object::Column(relation, _) => Object::Relation(relation),
            other => other,
        };
        self.access.owners.get(&object).copied().unwrap_or(SUPERUSER_OID)
    }

    /// The list that an object carries; `None` when nothing was ever granted or revoked on it.
    pub fn acl(&self, object: Object) -> Option<&Acl> {
        self.access.acls.get(&object).map(AsRef::as_ref)
    }

    /// The list in force: the object's own, or what its kind begins with.
    pub fn acl_in_force(&self, object: Object) -> Acl {
        self.acl(object).cloned().unwrap_or_else(|| Acl::default_of(object.kind(), self.owner(object)))
    }

    /// Every list that an object carries.
    pub fn acls(&self) -> impl Iterator<Item = (Object, &Acl)> {
        self.access.acls.iter().map(|(object, acl)| (*object, acl.as_ref()))
    }

    /// Whether something was granted on a column of the relation.
    pub fn has_column_acls(&self, relation: Oid) -> bool {
        self.access.acls.range(Object::Column(relation, 0)..=Object::Column(relation, u32::MAX)).next().is_some()
    }

    pub fn default_acls(&self) -> impl Iterator<Item = (DefaultKey, &Acl)> {
        self.access.defaults.iter().map(|(key, acl)| (*key, acl.as_ref()))
    }

    pub fn default_acl(&self, key: DefaultKey) -> Option<&Acl> {
        self.access.defaults.get(&key).map(AsRef::as_ref)
    }

    /// The list that a new object of this owner in this schema gets; `None` when no default privileges say otherwise than the kind.
    pub fn new_objects_acl(&self, kind: ObjectKind, owner: Oid, schema: Oid) -> Result<Option<Acl>> {
        let Some(default) = DefaultKind::of(kind) else { return Ok(None) };
        let (everywhere, here) = (self.default_acl((owner, 0, default)), self.default_acl((owner, schema, default)));
        if everywhere.is_none() && here.is_none() {
            return Ok(None);
        }
        let mut acl = everywhere.cloned().unwrap_or_else(|| Acl::default_of(kind, owner));
        for item in here.iter().flat_map(|here| &here.items) {
            acl = acl.changed(*item, Mode::Grant, owner)?;
        }
        let acl = acl.sorted();
        Ok(Some(acl).filter(|acl| *acl != Acl::default_of(kind, owner).sorted()))
    }

    /// `ALTER ROLE ALL SET`.
    pub fn everyones_settings(&self) -> &BTreeMap<String, String> {
        &self.access.everyones_settings
    }

    /// The schema that belongs to a login role, in which it may create views.
    pub fn own_schema_of(&self, role: Oid) -> Option<&str> {
        self.schemas().find(|(_, schema)| schema.own_of == Some(role)).map(|(name, _)| name)
    }

    /// Why a role cannot be dropped: a line for each object that it owns or is named by, as PostgreSQL words them.
    pub fn dependents_of_role(&self, role: Oid) -> Vec<String> {
        let own = self.own_schema_of(role).and_then(|name| self.schema(name)).map(|schema| Object::Schema(schema.oid));
        let mut lines = Vec::new();
        for (object, owner) in &self.access.owners {
            if *owner == role && Some(*object) != own {
                lines.push(format!("owner of {}", self.described(*object)));
            }
        }
        for (object, acl) in &self.access.acls {
            if acl.names(role) && self.owner(*object) != role {
                lines.push(format!("privileges for {}", self.described(*object)));
            }
        }
        for ((owner, schema, kind), acl) in &self.access.defaults {
            let scope = self.schemas().find(|(_, found)| found.oid == *schema);
            let place = scope.map_or(String::new(), |(name, _)| format!(" in schema {name}"));
            let new = format!("default privileges on new {} belonging to role {}{place}", kind.plural(), self.role_name(*owner));
            if *owner == role {
                lines.push(format!("owner of {new}"));
            } else if acl.names(role) {
                lines.push(format!("privileges for {new}"));
            }
        }
        for relation in self.relations() {
            if let Relation::Table(table) = relation {
                let on = self.described(Object::Relation(table.oid));
                lines.extend(table.protection.naming(role).map(|policy| format!("target of {policy} on {on}")));
            }
        }
        for (table, hold) in self.holds().filter(|(_, hold)| hold.roles.contains(&role)) {
            let name = super::hold::described(&hold.name);
            lines.push(format!("target of {name} on {}", self.described(Object::Relation(table.oid))));
        }
        lines
    }

    /// An object in words, as in a list of dependencies.
    pub fn described(&self, object: Object) -> String {
        match object {
            Object::Relation(oid) => match self.relation_by_oid(oid) {
                Some(relation) => {
                    let kind = if relation.is_view() { "view" } else { "table" };
                    let name = relation.name();
                    if name.schema == super::PUBLIC_SCHEMA {
                        format!("{kind} {}", super::quote_identifier(&name.name))
                    } else {
                        format!("{kind} {name}")
                    }
                }
                None => format!("relation {oid}"),
            },
            Object::Column(relation, number) => {
                let found = self.relation_by_oid(relation);
                let name = found.and_then(|found| found.column_name(number)).unwrap_or_default();
                format!("column {name} of {}", self.described(Object::Relation(relation)))
            }
            Object::Schema(oid) => {
                let name = self.schemas().find(|(_, schema)| schema.oid == oid).map(|(name, _)| name.to_owned());
                format!("schema {}", name.unwrap_or_else(|| oid.to_string()))
            }
            Object::Function(oid) => match self.functions().find(|function| function.oid == oid) {
                Some(function) => {
                    let types = function.arguments.iter().map(|argument| argument.sql_type.to_string()).collect::<Vec<_>>();
                    let name = if function.name.schema == super::PUBLIC_SCHEMA {
                        function.name.name.clone()
                    } else {
                        function.name.to_string()
                    };
                    format!("function {name}({})", types.join(","))
                }
                None => format!("function {oid}"),
            },
            Object::Database => "database annals".to_owned(),
        }
    }

    pub(super) fn access_mut(&mut self) -> &mut Access {
        Arc::make_mut(&mut self.access)
    }

    /// Forgets all rights on an object that is gone.
    pub(super) fn forget_object(&mut self, object: Object) {
        if !self.access.owners.contains_key(&object) && self.access.acls.is_empty() {
            return;
        }
        let access = self.access_mut();
        access.owners.remove(&object);
        access.acls.remove(&object);
        if let Object::Relation(relation) = object {
            access.acls.retain(|object, _| !matches!(object, Object::Column(of, _) if *of == relation));
        }
        if let Object::Schema(schema) = object {
            access.defaults.retain(|(_, of, _), _| *of != schema);
        }
    }

    pub(super) fn create_role(&mut self, mut role: Role) -> Result<()> {
        if self.role_named(&role.name).is_some() {
            return Err(Error::new(Kind::DuplicateObject, format!("role \"{}\" already exists", role.name)));
        }
        role.oid = self.new_oid();
        self.access_mut().roles.insert(role.oid, Arc::new(role));
        Ok(())
    }

    pub(super) fn put_role(&mut self, role: Role) -> Result<()> {
        if self.role_named(&role.name).is_some_and(|other| other.oid != role.oid) {
            return Err(Error::new(Kind::DuplicateObject, format!("role \"{}\" already exists", role.name)));
        }
        let before = self.role(role.oid).map(|before| before.name.clone());
        // Its own schema is called what it is called.
        if let Some(before) = before.filter(|before| *before != role.name)
            && self.own_schema_of(role.oid) == Some(before.as_str())
            && self.schema(&role.name).is_none()
            && !self.is_read(&before)
        {
            self.rename_schema(&before, &role.name);
        }
        self.access_mut().roles.insert(role.oid, Arc::new(role));
        Ok(())
    }

    /// Whether a view reads anything of the schema, which its text names.
    fn is_read(&self, schema: &str) -> bool {
        let inside = |oid: &Oid| self.relation_by_oid(*oid).is_some_and(|relation| relation.name().schema == schema);
        self.relations().any(|relation| match relation {
            crate::catalog::Relation::View(view) => view.reads.iter().any(inside),
            crate::catalog::Relation::Table(_) => false,
        })
    }

    pub(super) fn drop_role(&mut self, oid: Oid) -> Result<()> {
        let name = self.role_name(oid);
        let lines = self.dependents_of_role(oid);
        if !lines.is_empty() {
            return Err(Error::new(
                Kind::DependentObjectsStillExist,
                format!("role \"{name}\" cannot be dropped because some objects depend on it"),
            )
            .with_detail(lines.join("\n")));
        }
        if let Some(schema) = self.own_schema_of(oid).map(str::to_owned) {
            self.drop_schema(&schema)?;
        }
        let access = self.access_mut();
        access.roles.remove(&oid);
        access.members.retain(|(role, member), _| *role != oid && *member != oid);
        for membership in access.members.values_mut().filter(|membership| membership.grantor == oid) {
            membership.grantor = SUPERUSER_OID;
        }
        Ok(())
    }

    pub(super) fn put_acl(&mut self, object: Object, acl: Option<Acl>) {
        let acls = &mut self.access_mut().acls;
        match acl {
            // A column without a grant carries nothing.
            Some(acl) if !(acl.items.is_empty() && object.kind() == ObjectKind::Column) => {
                acls.insert(object, Arc::new(acl));
            }
            Some(_) | None => {
                acls.remove(&object);
            }
        }
    }

    pub(super) fn put_default_acl(&mut self, key: DefaultKey, acl: Option<Acl>) {
        let defaults = &mut self.access_mut().defaults;
        match acl {
            Some(acl) => {
                defaults.insert(key, Arc::new(acl));
            }
            None => {
                defaults.remove(&key);
            }
        }
    }

    /// Gives an object another owner, who takes over what the old one had and gave.
    pub(super) fn put_owner(&mut self, object: Object, owner: Oid) {
        let before = self.owner(object);
        let access = self.access_mut();
        if owner == SUPERUSER_OID {
            access.owners.remove(&object);
        } else {
            access.owners.insert(object, owner);
        }
        let mut lists = vec![object];
        if let Object::Relation(relation) = object {
            lists.extend(access.acls.keys().filter(|list| matches!(list, Object::Column(of, _) if *of == relation)).copied());
        }
        for list in lists {
            if let Some(acl) = access.acls.get_mut(&list) {
                *acl = Arc::new(acl.passed_on(before, owner));
            }
        }
    }
}

impl DefaultKind {
    fn plural(self) -> &'static str {
        match self {
            DefaultKind::Relations => "relations",
            DefaultKind::Functions => "functions",
            DefaultKind::Schemas => "schemas",
        }
    }
}
