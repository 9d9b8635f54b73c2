//! The changes a catalog can go through, and how each turns one snapshot into the next.

use std::sync::Arc;

use crate::catalog::{
    Acl, BUILTIN_SCHEMAS, Catalog, Check, Column, Commented, DefaultKey, Function, Hold, Index, Keep, Membership, Name, Object,
    Oid, PUBLIC_SCHEMA, Protection, Relation, Retention, Role, RuleKind, SYSTEM_SCHEMA, Schema, quote_identifier,
};
use crate::catalog::{Table, View, hold};
use crate::error::{Error, Kind, Result};
use crate::store::spec::TableSpec;

/// One definition, checked and bound, ready to be applied. Object ids inside new objects are filled in by [`Catalog::apply`].
#[derive(Debug, Clone)]
pub enum Change {
    CreateSchema {
        name: String,
        own_of: Option<Oid>,
    },
    DropSchema {
        name: String,
    },
    CreateTable(Table),
    CreateView {
        view: View,
        replace: bool,
    },
    CreateFunction {
        function: Function,
        replace: bool,
    },
    DropRelation {
        name: Name,
    },
    CreateIndex {
        table: Name,
        index: Index,
    },
    RenameIndex {
        table: Name,
        from: String,
        to: String,
    },
    DropIndex {
        table: Name,
        index: String,
    },
    DropFunction {
        name: Name,
        oid: Oid,
    },
    AddColumn {
        table: Name,
        column: Column,
        spec: Arc<TableSpec>,
    },
    RenameColumn {
        relation: Name,
        from: String,
        to: String,
    },
    RenameRelation {
        from: Name,
        to: Name,
    },
    /// Whether a view reads with its owner's rights.
    SetDefiner {
        view: Name,
        definer: bool,
    },
    SetDefault {
        table: Name,
        column: String,
        default: Option<crate::catalog::Default>,
    },
    AddCheck {
        table: Name,
        check: Check,
    },
    DropCheck {
        table: Name,
        name: String,
    },
    AddRetention {
        table: Name,
        policy: Retention,
    },
    AlterRetention {
        table: Name,
        policy: String,
        keep: Keep,
    },
    DropRetention {
        table: Name,
        policy: String,
    },
    /// The table's row and masking policies are these from now on.
    Protect {
        table: Name,
        protection: Protection,
    },
    AddHold {
        table: Name,
        hold: Hold,
    },
    DropHold {
        table: Name,
        hold: String,
    },
    /// The holds on a table name a role no longer.
    ForgetInHolds {
        table: Name,
        role: Oid,
    },
    Comment {
        on: Commented,
        comment: Option<String>,
    },
    CreateRole(Role),
    /// The role of the same id is as this one from now on.
    AlterRole(Role),
    DropRole {
        oid: Oid,
    },
    GrantRole(Membership),
    RevokeRole {
        role: Oid,
        member: Oid,
    },
    SetOwner {
        object: Object,
        owner: Oid,
    },
    SetAcl {
        object: Object,
        acl: Option<Acl>,
    },
    SetDefaultAcl {
        key: DefaultKey,
        acl: Option<Acl>,
    },
    /// A setting of every role; `None` is no value.
    SetForEveryRole {
        setting: String,
        value: Option<String>,
    },
}

impl Catalog {
    /// The snapshot after this change, or why it cannot be made. The snapshot itself stays as it is.
    ///
    /// # Errors
    /// PostgreSQL's SQLSTATE for the clash: 42P07, 42P06, 42701, 42723, 3F000, 42P01, 42703, 2BP01.
    pub fn apply(&self, change: Change) -> Result<Catalog> {
        let mut next = self.clone();
        next.epoch += 1;
        next.make(change)?;
        Ok(next)
    }

    fn make(&mut self, change: Change) -> Result<()> {
        match change {
            Change::CreateSchema { name, own_of } => self.create_schema(name, own_of),
            Change::DropSchema { name } => self.drop_schema(&name),
            Change::CreateTable(mut table) => {
                self.vacant(&table.name)?;
                self.room_for_indexes(&table, &table.name)?;
                table.oid = self.new_oid();
                self.relations.insert(table.name.clone(), Relation::Table(Arc::new(table)));
                Ok(())
            }
            Change::CreateView { view, replace } => self.create_view(view, replace),
            Change::CreateFunction { function, replace } => self.create_function(function, replace),
            Change::DropRelation { name } => self.drop_relation(&name),
            Change::CreateIndex { table, index } => self.create_index(&table, index),
            Change::RenameIndex { table, from, to } => self.rename_index(&table, &from, to),
            Change::DropIndex { table, index } => self.drop_index(&table, &index),
            Change::DropFunction { name, oid } => {
                if let Some(dependent) = self.dependent_on(oid) {
                    return Err(depended_on(&dependent, &format!("function {}", name.name)));
                }
                self.forget_object(Object::Function(oid));
                if let Some(functions) = self.functions.get_mut(&name) {
                    functions.retain(|function| function.oid != oid);
                    if functions.is_empty() {
                        self.functions.remove(&name);
                    }
                }
                Ok(())
            }
            Change::AddColumn { table, column, spec } => self.alter_table(&table, |table| {
                if table.column(&column.name).is_some() {
                    return Err(duplicate_column(&column.name, &table.name.name));
                }
                table.columns.push(column);
                table.spec = spec;
                Ok(())
            }),
            Change::RenameColumn { relation, from, to } => self.rename_column(&relation, &from, to),
            Change::RenameRelation { from, to } => self.rename_relation(&from, to),
            Change::SetDefiner { view, definer } => match self.relation_mut(&view)? {
                Relation::View(view) => {
                    Arc::make_mut(view).definer = definer;
                    Ok(())
                }
                Relation::Table(_) => Err(Error::new(Kind::WrongObjectType, format!("\"{}\" is not a view", view.name))),
            },
            Change::SetDefault { table, column, default } => self.alter_table(&table, |table| {
                column_mut(&mut table.columns, &column, &table.name.name)?.default = default;
                Ok(())
            }),
            Change::AddCheck { table, check } => self.alter_table(&table, |table| {
                if table.checks.iter().any(|existing| existing.name == check.name) {
                    return Err(Error::new(
                        Kind::DuplicateObject,
                        format!("constraint \"{}\" for relation \"{}\" already exists", check.name, table.name.name),
                    ));
                }
                table.checks.push(check);
                Ok(())
            }),
            Change::DropCheck { table, name } => self.alter_table(&table, |table| {
                let before = table.checks.len();
                table.checks.retain(|check| check.name != name);
                if table.checks.len() == before {
                    return Err(Error::new(
                        Kind::UndefinedObject,
                        format!("constraint \"{name}\" of relation \"{}\" does not exist", table.name.name),
                    ));
                }
                Ok(())
            }),
            Change::AddRetention { table, policy } => self.alter_table(&table, |table| {
                if table.retention.iter().any(|existing| existing.name == policy.name) {
                    return Err(Error::new(
                        Kind::DuplicateObject,
                        format!("retention policy \"{}\" for table \"{}\" already exists", policy.name, table.name.name),
                    ));
                }
                let place = table.retention.partition_point(|existing| existing.name < policy.name);
                table.retention.insert(place, policy);
                Ok(())
            }),
            Change::AlterRetention { table, policy, keep } => self.alter_table(&table, |table| {
                retention_mut(table, &policy)?.keep = keep;
                Ok(())
            }),
            Change::DropRetention { table, policy } => self.alter_table(&table, |table| {
                retention_mut(table, &policy)?;
                table.retention.retain(|existing| existing.name != policy);
                Ok(())
            }),
            Change::Protect { table, protection } => self.alter_table(&table, |table| {
                table.protection = protection;
                Ok(())
            }),
            Change::AddHold { table, hold } => self.alter_table(&table, |table| hold::add(table, hold)),
            Change::DropHold { table, hold } => self.alter_table(&table, |table| hold::remove(table, &hold)),
            Change::ForgetInHolds { table, role } => self.alter_table(&table, |table| {
                hold::forget_role(table, role);
                Ok(())
            }),
            Change::Comment { on, comment } => self.comment(&on, comment),
            Change::CreateRole(role) => self.create_role(role),
            Change::AlterRole(role) => self.put_role(role),
            Change::DropRole { oid } => self.drop_role(oid),
            Change::GrantRole(membership) => {
                self.access_mut().members.insert((membership.role, membership.member), membership);
                Ok(())
            }
            Change::RevokeRole { role, member } => {
                self.access_mut().members.remove(&(role, member));
                Ok(())
            }
            Change::SetOwner { object, owner } => {
                self.put_owner(object, owner);
                Ok(())
            }
            Change::SetAcl { object, acl } => {
                self.put_acl(object, acl);
                Ok(())
            }
            Change::SetDefaultAcl { key, acl } => {
                self.put_default_acl(key, acl);
                Ok(())
            }
            Change::SetForEveryRole { setting, value } => {
                let settings = &mut self.access_mut().everyones_settings;
                match value {
                    Some(value) => settings.insert(setting, value),
                    None => settings.remove(&setting),
                };
                Ok(())
            }
        }
    }

    pub(super) fn new_oid(&mut self) -> Oid {
        let oid = self.next_oid;
        self.next_oid += 1;
        oid
    }

    fn create_schema(&mut self, name: String, own_of: Option<Oid>) -> Result<()> {
        if self.schemas.contains_key(&name) || BUILTIN_SCHEMAS.contains(&name.as_str()) {
            return Err(Error::new(Kind::DuplicateSchema, format!("schema \"{name}\" already exists")));
        }
        if name.starts_with("pg_") {
            return Err(Error::new(Kind::ReservedName, format!("unacceptable schema name \"{name}\""))
                .with_detail("The prefix \"pg_\" is reserved for system schemas."));
        }
        let oid = self.new_oid();
        self.schemas.insert(name, Schema { oid, comment: None, own_of });
        Ok(())
    }

    /// Calls a schema otherwise, and with it all that stands in it.
    pub(super) fn rename_schema(&mut self, from: &str, to: &str) {
        let Some(schema) = self.schemas.remove(from) else { return };
        self.schemas.insert(to.to_owned(), schema);
        let moved: Vec<Name> = self.relations.keys().filter(|name| name.schema == from).cloned().collect();
        for name in moved {
            if let Some(mut relation) = self.relations.remove(&name) {
                let name = Name::new(to, name.name);
                match &mut relation {
                    Relation::Table(table) => Arc::make_mut(table).name = name.clone(),
                    Relation::View(view) => Arc::make_mut(view).name = name.clone(),
                }
                self.relations.insert(name, relation);
            }
        }
        let moved: Vec<Name> = self.functions.keys().filter(|name| name.schema == from).cloned().collect();
        for name in moved {
            if let Some(mut functions) = self.functions.remove(&name) {
                let name = Name::new(to, name.name);
                for function in &mut functions {
                    Arc::make_mut(function).name = name.clone();
                }
                self.functions.insert(name, functions);
            }
        }
    }

    pub(super) fn drop_schema(&mut self, name: &str) -> Result<()> {
        if [PUBLIC_SCHEMA, SYSTEM_SCHEMA].contains(&name) || BUILTIN_SCHEMAS.contains(&name) {
            return Err(Error::new(
                Kind::DependentObjectsStillExist,
                format!("cannot drop schema {name} because it is required by the database system"),
            ));
        }
        if !self.schemas.contains_key(name) {
            return Err(undefined_schema(name));
        }
        let inside = self.relations.keys().chain(self.functions.keys()).find(|object| object.schema == name);
        if let Some(object) = inside {
            return Err(Error::new(
                Kind::DependentObjectsStillExist,
                format!("cannot drop schema {name} because other objects depend on it"),
            )
            .with_detail(format!("{object} depends on schema {name}"))
            .with_hint("Use DROP ... CASCADE to drop the dependent objects too."));
        }
        if let Some(schema) = self.schemas.remove(name) {
            self.forget_object(Object::Schema(schema.oid));
        }
        Ok(())
    }

    fn create_view(&mut self, mut view: View, replace: bool) -> Result<()> {
        match self.relations.get(&view.name) {
            Some(Relation::View(old)) if replace => {
                let kept =
                    old.columns.len() <= view.columns.len() && old.columns.iter().zip(&view.columns).all(|(a, b)| a.0 == b.0);
                if !kept {
                    return Err(Error::new(
                        Kind::InvalidTableDefinition,
                        "cannot drop or rename columns of a view by replacing it",
                    )
                    .with_hint("Drop the view and create it anew, or add the new columns at the end."));
                }
                view.oid = old.oid;
                view.comment = old.comment.clone();
            }
            Some(Relation::Table(_)) if replace => {
                return Err(Error::new(Kind::WrongObjectType, format!("\"{}\" is not a view", view.name.name)));
            }
            Some(_) | None => {
                self.vacant(&view.name)?;
                view.oid = self.new_oid();
            }
        }
        self.relations.insert(view.name.clone(), Relation::View(Arc::new(view)));
        Ok(())
    }

    fn create_function(&mut self, mut function: Function, replace: bool) -> Result<()> {
        self.schema_exists(&function.name.schema)?;
        let oid = self.new_oid();
        let named = self.functions.entry(function.name.clone()).or_default();
        let types = |function: &Function| function.arguments.iter().map(|a| a.sql_type.oid()).collect::<Vec<_>>();
        match named.iter_mut().find(|old| types(old) == types(&function)) {
            Some(old) if replace => {
                function.oid = old.oid;
                function.comment = old.comment.clone();
                *old = Arc::new(function);
            }
            Some(_) => {
                return Err(Error::new(
                    Kind::DuplicateFunction,
                    format!("function \"{}\" already exists with same argument types", function.name.name),
                ));
            }
            None => {
                function.oid = oid;
                named.push(Arc::new(function));
            }
        }
        Ok(())
    }

    /// A view or a rule of another table that reads a relation or calls a function.
    fn dependent_on(&self, oid: Oid) -> Option<String> {
        self.relations.values().find_map(|relation| match relation {
            Relation::View(view) if view.reads.contains(&oid) => Some(format!("view {}", view.name)),
            Relation::Table(table) if table.oid != oid => {
                let retention = table.retention.iter().find(|policy| policy.reads.contains(&oid));
                let retention = retention.map(|policy| format!("retention policy {}", quote_identifier(&policy.name)));
                let hold = || table.holds.iter().find(|hold| hold.reads.contains(&oid)).map(|hold| hold::described(&hold.name));
                let policy = retention.or_else(hold).or_else(|| table.protection.reading(oid))?;
                Some(format!("{policy} on {}", table.name))
            }
            Relation::View(_) | Relation::Table(_) => None,
        })
    }

    fn drop_relation(&mut self, name: &Name) -> Result<()> {
        let oid = self.relation_mut(name)?.oid();
        if let Some(Relation::Table(table)) = self.relation(name) {
            hold::require_free(table)?;
        }
        if let Some(dependent) = self.dependent_on(oid) {
            return Err(depended_on(&dependent, &name.name));
        }
        self.relations.remove(name);
        self.forget_object(Object::Relation(oid));
        Ok(())
    }

    fn rename_column(&mut self, relation: &Name, from: &str, to: String) -> Result<()> {
        match self.relation_mut(relation)? {
            Relation::Table(table) => {
                let table = Arc::make_mut(table);
                if table.column(&to).is_some() {
                    return Err(duplicate_column(&to, &table.name.name));
                }
                column_mut(&mut table.columns, from, &table.name.name)?.name = to;
            }
            Relation::View(view) => {
                return Err(Error::new(
                    Kind::FeatureNotSupported,
                    format!("columns of the view \"{}\" take their names from its query", view.name.name),
                )
                .with_hint("Use CREATE OR REPLACE VIEW, or drop the view and create it anew."));
            }
        }
        Ok(())
    }

    fn rename_relation(&mut self, from: &Name, to: Name) -> Result<()> {
        let relation = self.relation_mut(from)?.clone();
        self.vacant(&to)?;
        if let Relation::Table(table) = &relation {
            self.room_for_indexes(table, &to)?;
        }
        if let Some(mut relation) = self.relations.remove(from) {
            match &mut relation {
                Relation::Table(table) => Arc::make_mut(table).name = to.clone(),
                Relation::View(view) => Arc::make_mut(view).name = to.clone(),
            }
            self.relations.insert(to, relation);
        }
        Ok(())
    }

    fn alter_table(&mut self, name: &Name, change: impl FnOnce(&mut Table) -> Result<()>) -> Result<()> {
        change(self.table_mut(name)?)
    }

    pub(super) fn table_mut(&mut self, name: &Name) -> Result<&mut Table> {
        match self.relation_mut(name)? {
            Relation::Table(table) => Ok(Arc::make_mut(table)),
            Relation::View(_) => Err(Error::new(Kind::WrongObjectType, format!("\"{}\" is not a table", name.name))),
        }
    }

    pub(super) fn relation_mut(&mut self, name: &Name) -> Result<&mut Relation> {
        self.relations.get_mut(name).ok_or_else(|| super::snapshot::undefined_table(name))
    }

    fn schema_exists(&self, schema: &str) -> Result<()> {
        if self.schemas.contains_key(schema) { Ok(()) } else { Err(undefined_schema(schema)) }
    }

    fn vacant(&self, name: &Name) -> Result<()> {
        self.schema_exists(&name.schema)?;
        if self.relations.contains_key(name) || self.index(name).is_some() {
            return Err(Error::new(Kind::DuplicateTable, format!("relation \"{}\" already exists", name.name)));
        }
        Ok(())
    }
}

fn depended_on(dependent: &str, what: &str) -> Error {
    Error::new(Kind::DependentObjectsStillExist, format!("cannot drop {what} because other objects depend on it"))
        .with_detail(format!("{dependent} depends on {what}"))
        .with_hint("Use DROP ... CASCADE to drop the dependent objects too.")
}

fn retention_mut<'a>(table: &'a mut Table, policy: &str) -> Result<&'a mut Retention> {
    let name = table.name.name.clone();
    table.retention.iter_mut().find(|existing| existing.name == policy).ok_or_else(|| RuleKind::Retention.undefined(policy, &name))
}

pub(super) fn column_mut<'a>(columns: &'a mut [Column], name: &str, table: &str) -> Result<&'a mut Column> {
    columns
        .iter_mut()
        .find(|column| column.name == name)
        .ok_or_else(|| Error::new(Kind::UndefinedColumn, format!("column \"{name}\" of relation \"{table}\" does not exist")))
}

fn duplicate_column(name: &str, table: &str) -> Error {
    Error::new(Kind::DuplicateColumn, format!("column \"{name}\" of relation \"{table}\" already exists"))
}

pub(super) fn undefined_schema(name: &str) -> Error {
    Error::new(Kind::InvalidSchemaName, format!("schema \"{name}\" does not exist"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(name: &str, columns: &[&str], reads: Vec<Oid>) -> View {
        View {
            oid: 0,
            name: Name::new(PUBLIC_SCHEMA, name),
            query: "SELECT 1".to_owned(),
            columns: columns.iter().map(|column| ((*column).to_owned(), crate::value::SqlType::Int4)).collect(),
            definer: false,
            reads,
            comment: None,
        }
    }

    #[test]
    fn a_replaced_view_keeps_its_id_and_may_only_grow() {
        let first = Catalog::new(vec![]).apply(Change::CreateView { view: view("v", &["a"], vec![]), replace: false }).unwrap();
        let oid = first.relation(&Name::new("public", "v")).unwrap().oid();
        let grown = first.apply(Change::CreateView { view: view("v", &["a", "b"], vec![]), replace: true }).unwrap();
        assert_eq!(grown.relation(&Name::new("public", "v")).unwrap().oid(), oid);
        let shrunk = grown.apply(Change::CreateView { view: view("v", &["b"], vec![]), replace: true });
        assert_eq!(shrunk.unwrap_err().sqlstate(), "42P16");
    }

    #[test]
    fn what_a_view_reads_cannot_be_dropped() {
        let first = Catalog::new(vec![]).apply(Change::CreateView { view: view("v", &["a"], vec![]), replace: false }).unwrap();
        let oid = first.relation(&Name::new("public", "v")).unwrap().oid();
        let second = first.apply(Change::CreateView { view: view("w", &["a"], vec![oid]), replace: false }).unwrap();
        let drop = second.apply(Change::DropRelation { name: Name::new("public", "v") });
        assert_eq!(drop.unwrap_err().sqlstate(), "2BP01");
        let other = second.apply(Change::DropRelation { name: Name::new("public", "w") }).unwrap();
        assert!(other.apply(Change::DropRelation { name: Name::new("public", "v") }).is_ok());
    }

    #[test]
    fn a_refused_change_leaves_the_snapshot_alone() {
        let catalog = Catalog::new(vec![]);
        assert_eq!(catalog.apply(Change::DropSchema { name: "public".to_owned() }).unwrap_err().sqlstate(), "2BP01");
        assert_eq!(catalog.apply(Change::CreateSchema { name: "pg_x".to_owned(), own_of: None }).unwrap_err().sqlstate(), "42939");
        let missing = Change::DropRelation { name: Name::new("public", "nothing") };
        assert_eq!(catalog.apply(missing).unwrap_err().sqlstate(), "42P01");
        assert_eq!(catalog.epoch, 0);
    }
}
