//! From a definition's text to the changes it makes: to the catalog, to the store, and to the record of it.
//!
//! The same code serves a statement and the replay of the catalog log at start. What only planning or chance can tell (a view's
//! column types, a new table's identity) is recorded beside the text as [`Facts`], so that replay never plans and never differs.

mod alter;
mod canonical;
mod comment;
mod drop;
mod function;
mod table;
mod view;

pub(in crate::query) use canonical::object_name;
use serde::{Deserialize, Serialize};

use crate::catalog::{Catalog, Change, Name, Oid};
use crate::error::{Error, Kind, Result};
use crate::query::parse::{Definition, Statement};
use crate::query::plan::Planner;
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
    /// Object ids of the relations that a view reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<Oid>,
}

impl Facts {
    fn typed_columns(&self) -> Result<Vec<(String, SqlType)>> {
        self.columns.iter().map(|(name, sql_type)| Ok((name.clone(), SqlType::parse(sql_type)?))).collect()
    }
}

/// Where a definition's facts come from.
pub(super) enum Source<'a> {
    /// A statement: names are looked up, queries planned, identities made.
    Statement(&'a Planner<'a>),
    /// The catalog log.
    Replay(&'a Facts),
}

/// What a definition is worked out against.
pub(super) struct Scope<'a> {
    pub catalog: &'a Catalog,
    /// Schemas in which unqualified names are looked for.
    pub path: &'a [String],
    /// How a table keeps its rows whose statement does not say.
    pub kind: TableKind,
    pub source: Source<'a>,
}

/// Works out what a definition does.
///
/// # Errors
/// PostgreSQL's SQLSTATE for whatever does not fit; nothing has changed then.
pub(super) fn work_out(definition: &Definition, scope: &Scope<'_>) -> Result<Defined> {
    let mut defined = match definition {
        Definition::CreateSchema { name, if_not_exists } => table::create_schema(name, *if_not_exists, scope),
        Definition::CreateTable { create, kind } => table::create(create, kind.unwrap_or(scope.kind), scope),
        Definition::CreateView(view) => view::create(view, scope),
        Definition::CreateFunction(function) => function::create(function, scope),
        Definition::AlterTable(alter) => alter::alter(alter, scope),
        Definition::Comment { object, name, arguments, comment } => {
            comment::comment(*object, name, arguments.as_deref(), comment.as_deref(), scope)
        }
        Definition::Drop { kind, if_exists, names, cascade } => drop::relations(kind, *if_exists, names, *cascade, scope),
        Definition::DropFunction(drop) => drop::functions(drop, scope),
    }?;
    if let Some(change) = defined.changes.iter().find(|change| touches_builtin(change)) {
        return Err(Error::new(Kind::InsufficientPrivilege, "permission denied: system catalogs cannot be changed")
            .with_detail(format!("{change:?}").chars().take(60).collect::<String>()));
    }
    if defined.changes.is_empty() {
        defined.text.clear();
    }
    Ok(defined)
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
        let scope = Scope { catalog: &next, path: &path, kind: TableKind::Log, source: Source::Replay(facts) };
        let defined = work_out(definition, &scope)?;
        for change in defined.changes {
            next = next.apply(change)?;
        }
    }
    Ok(next)
}

fn touches_builtin(change: &Change) -> bool {
    let name: Option<&Name> = match change {
        Change::CreateTable(table) => Some(&table.name),
        Change::CreateView { view, .. } => Some(&view.name),
        Change::CreateFunction { function, .. } => Some(&function.name),
        Change::DropRelation { name }
        | Change::DropFunction { name, .. }
        | Change::CommentOnRelation { name, .. }
        | Change::CommentOnFunction { name, .. } => Some(name),
        Change::AddColumn { table, .. }
        | Change::SetDefault { table, .. }
        | Change::AddCheck { table, .. }
        | Change::DropCheck { table, .. } => Some(table),
        Change::RenameColumn { relation, .. } | Change::CommentOnColumn { relation, .. } => Some(relation),
        Change::RenameRelation { to, .. } => Some(to),
        Change::CreateSchema { .. } | Change::DropSchema { .. } | Change::CommentOnSchema { .. } => None,
    };
    name.is_some_and(|name| crate::query::plan::names::is_builtin_schema(&name.schema))
}
