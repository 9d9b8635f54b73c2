//! CREATE, ALTER and DROP INDEX.

mod key;
mod naming;
mod options;
mod path;

use datafusion::sql::sqlparser::ast::ObjectName;

use super::{Defined, Scope, applied};
use crate::catalog::{Catalog, Change, Index, IndexMethod, Name, Object, Relation, Table, quote_identifier, undefined_index};
use crate::error::{Error, Kind, Result};
use crate::query::parse::{CreateIndex, IndexStatement, KeyPart, unsupported};
use crate::query::plan::names;
use crate::query::system;
use crate::query::system::definition::index_terms;
use crate::store::spec::TableKind;

/// Columns that an index may have, as in PostgreSQL.
const KEYS_MAX: usize = 32;

pub(super) fn define(statement: &IndexStatement, scope: &Scope<'_>) -> Result<Defined> {
    let mut defined = match statement {
        IndexStatement::Create(statement) => create(statement, scope),
        IndexStatement::Rename { name, if_exists, to } => rename(name, *if_exists, to, scope),
        IndexStatement::Drop { names, concurrently, if_exists, cascade } => drop(names, *concurrently, *if_exists, *cascade, scope),
        IndexStatement::Demote { table, of } => demote(table, of, scope),
    }?;
    tell_store(&mut defined, scope.catalog)?;
    Ok(defined)
}

/// The store has to know of tables whose indexes come to something else now.
fn tell_store(defined: &mut Defined, before: &Catalog) -> Result<()> {
    let after = applied(before, &defined.changes)?;
    for relation in after.relations() {
        if let (Relation::Table(table), Some(Relation::Table(old))) = (relation, before.relation(relation.name()))
            && table.spec != old.spec
        {
            defined.specs.push(table.spec.as_ref().clone());
        }
    }
    Ok(())
}

fn create(create: &CreateIndex, scope: &Scope<'_>) -> Result<Defined> {
    if create.keys.len() > KEYS_MAX {
        let message = format!("cannot use more than {KEYS_MAX} columns in an index");
        return Err(Error::new(Kind::TooManyColumns, message));
    }
    let table = owned_table(&create.table, scope)?;
    let in_schema = |name: String| Name::new(table.name.schema.clone(), name);
    scope.guard().map(|guard| guard.permit_creation(&table.name, false)).transpose()?;
    options::require_tablespace(create.tablespace.as_deref())?;
    let labels = naming::of_keys(&create.keys);
    let name = create.name.clone().unwrap_or_else(|| {
        let taken = |name: &str| scope.catalog.is_taken(&in_schema(name.to_owned()));
        naming::of_index(&table.name.name, &labels, taken)
    });
    let name = in_schema(name);
    let tag = if create.promotes { "ALTER TABLE" } else { "CREATE INDEX" };
    let mut defined = Defined { tag, object: name.to_string(), ..Defined::default() };
    let method = method(create.method.as_deref())?;
    refuse_unsupported(create, method)?;
    let options = options::storage(method, &create.options)?;
    let keys = create.keys.iter().zip(labels).map(|(part, label)| key::read(part, label, method, table)).collect::<Result<_>>()?;
    if create.if_not_exists && scope.catalog.is_taken(&name) {
        defined.notices.push((Kind::DuplicateTable, format!("relation \"{}\" already exists, skipping", name.name)));
        return Ok(defined);
    }
    let index = Index { oid: 0, name: name.name.clone(), method, keys, options, comment: None };
    if index.is_idle(table) {
        defined.notices.push((Kind::SuccessfulCompletion, idle(table, &index)));
    }
    // A store may have the index by itself where a dump of another one makes it, so this stays in what is recorded.
    let unless = if create.if_not_exists { "IF NOT EXISTS " } else { "" };
    let (shown, on, terms) = (quote_identifier(&index.name), &table.name, index_terms(table, &index, false));
    defined.text = format!("CREATE INDEX {unless}{shown} ON {on} {terms}");
    defined.changes.push(Change::CreateIndex { table: table.name.clone(), index });
    Ok(defined)
}

/// The index of a path goes.
fn demote(table: &ObjectName, of: &KeyPart, scope: &Scope<'_>) -> Result<Defined> {
    let table = owned_table(table, scope)?;
    let key = key::read(of, String::new(), IndexMethod::Btree, table)?;
    let promotes = |index: &&Index| matches!(index.keys.as_slice(), [only] if only.column == key.column && only.of == key.of);
    let Some(index) = table.indexes.iter().find(promotes) else {
        return Err(Error::new(Kind::UndefinedObject, format!("no index of table \"{}\" is on this path alone", table.name.name))
            .with_hint("pg_indexes lists the indexes of a table."));
    };
    let name = Name::new(table.name.schema.clone(), index.name.clone());
    let mut defined = Defined { tag: "ALTER TABLE", object: name.to_string(), ..Defined::default() };
    defined.text = format!("DROP INDEX {name}");
    defined.changes.push(Change::DropIndex { table: table.name.clone(), index: index.name.clone() });
    Ok(defined)
}

/// The table that an index is to be on, if it is the role's.
fn owned_table<'a>(name: &ObjectName, scope: &Scope<'a>) -> Result<&'a Table> {
    let found = scope.named(name)?;
    let Some(relation) = scope.catalog.relation(&found) else {
        require_schema(&found.schema, scope)?;
        let in_path = name.0.len() == 1 && system::exists(&Name::new("pg_catalog", found.name.clone()));
        if system::exists(&found) || in_path {
            let message = format!("permission denied: \"{}\" is a system catalog", found.name);
            return Err(Error::new(Kind::InsufficientPrivilege, message));
        }
        return Err(scope
            .catalog
            .expect_relation(&found)
            .err()
            .unwrap_or_else(|| Error::internal("a relation is there and is not")));
    };
    scope.require_relation_owner(relation)?;
    match relation {
        Relation::Table(table) => Ok(table),
        Relation::View(_) => Err(Error::new(Kind::WrongObjectType, format!("cannot create index on relation \"{}\"", found.name))
            .with_detail("This operation is not supported for views.")),
    }
}

fn require_schema(schema: &str, scope: &Scope<'_>) -> Result<()> {
    if scope.catalog.schema(schema).is_some() || names::is_builtin_schema(schema) {
        return Ok(());
    }
    Err(Error::new(Kind::InvalidSchemaName, format!("schema \"{schema}\" does not exist")))
}

fn method(named: Option<&str>) -> Result<IndexMethod> {
    let named = named.unwrap_or("btree");
    if let Some(method) = IndexMethod::ALL.into_iter().find(|method| method.name() == named) {
        return Ok(method);
    }
    if ["brin", "gist", "spgist", "rtree"].contains(&named) {
        let hint = match named {
            "brin" => "None is needed: files are ordered by time and skipped by the exact bounds of their columns.",
            _ => "USING btree or hash finds rows by whole values, and USING gin by the words and parts of a text.",
        };
        return Err(unsupported(&format!("access method \"{named}\"")).with_hint(hint));
    }
    Err(Error::new(Kind::UndefinedObject, format!("access method \"{named}\" does not exist")))
}

fn refuse_unsupported(create: &CreateIndex, method: IndexMethod) -> Result<()> {
    if create.unique {
        return Err(unsupported("a UNIQUE index")
            .with_hint("What must be unique is the PRIMARY KEY of a reference table, which is declared where the table is made."));
    }
    if create.includes {
        return Err(unsupported("INCLUDE in an index")
            .with_hint("Leave it out: an index says where rows are, and their columns are read from there."));
    }
    if create.partial {
        return Err(unsupported("an index with WHERE").with_hint("Leave the condition out: an index is of all rows."));
    }
    if create.one_null {
        return Err(unsupported("NULLS NOT DISTINCT").with_hint("Leave it out: no index makes anything unique."));
    }
    if method == IndexMethod::Hash && create.keys.len() > 1 {
        return Err(Error::new(Kind::FeatureNotSupported, "access method \"hash\" does not support multicolumn indexes"));
    }
    Ok(())
}

/// What to know of an index that finds nothing faster.
fn idle(table: &Table, index: &Index) -> String {
    match table.kind() {
        TableKind::Reference => {
            format!("index \"{}\" changes nothing: rows of the reference table \"{}\" are in memory", index.name, table.name.name)
        }
        TableKind::Log => {
            format!("index \"{}\" changes nothing: rows of \"{}\" are in order of their time anyway", index.name, table.name.name)
        }
    }
}

/// What a name that should be an index's stands for.
enum Found<'a> {
    Index(&'a Table, &'a Index),
    Key(&'a Table),
    Relation(&'a Relation),
    Nothing,
}

/// The index that a name stands for, in a schema that the role may look into.
fn find<'a>(name: &ObjectName, catalog: &'a Catalog, scope: &Scope<'_>) -> Result<(Name, Found<'a>)> {
    let parts = names::parts(name)?;
    let found = match parts.as_slice() {
        [index] => names::search(index, scope.path, |name| catalog.is_taken(name)),
        _ => names::of_relation(name, catalog, scope.path)?,
    };
    if let Some(guard) = scope.guard() {
        guard.permit_schema(&found.schema)?;
    }
    let what = if let Some((table, index)) = catalog.index(&found) {
        Found::Index(table, index)
    } else if let Some(table) = catalog.table_of_key(&found) {
        Found::Key(table)
    } else {
        catalog.relation(&found).map_or(Found::Nothing, Found::Relation)
    };
    Ok((found, what))
}

fn not_an_index(name: &Name) -> Error {
    Error::new(Kind::WrongObjectType, format!("\"{}\" is not an index", name.name))
}

fn undefined_relation(name: &ObjectName) -> Error {
    Error::new(Kind::UndefinedTable, format!("relation \"{}\" does not exist", shown(name)))
}

/// A name as it was given, unquoted.
fn shown(name: &ObjectName) -> String {
    names::parts(name).map_or_else(|_| name.to_string(), |parts| parts.join("."))
}

/// Whether the index is the role's, as its table is.
fn require_owner(table: &Table, index: &Name, scope: &Scope<'_>) -> Result<()> {
    let Some(guard) = scope.guard() else { return Ok(()) };
    guard.note(&table.name);
    guard.permit_owner(Object::Relation(table.oid), "index", &index.name)?;
    scope.authorize();
    Ok(())
}

/// An index gets another name, which ALTER TABLE may say as well.
pub(super) fn rename(name: &ObjectName, if_exists: bool, to: &str, scope: &Scope<'_>) -> Result<Defined> {
    let (found, what) = find(name, scope.catalog, scope)?;
    let mut defined = Defined { tag: "ALTER INDEX", object: found.to_string(), ..Defined::default() };
    let table = match what {
        Found::Index(table, _) => table,
        Found::Key(table) => {
            return Err(unsupported("ALTER INDEX of a primary key")
                .with_hint(format!("Its name follows from that of the table \"{}\".", table.name.name)));
        }
        Found::Relation(_) => return Err(not_an_index(&found)),
        Found::Nothing if if_exists => {
            let notice = format!("relation \"{}\" does not exist, skipping", found.name);
            defined.notices.push((Kind::SuccessfulCompletion, notice));
            return Ok(defined);
        }
        Found::Nothing => return Err(undefined_relation(name)),
    };
    require_owner(table, &found, scope)?;
    scope.guard().map(|guard| guard.permit_creation(&found, false)).transpose()?;
    defined.text = format!("ALTER INDEX {found} RENAME TO {}", quote_identifier(to));
    defined.changes.push(Change::RenameIndex { table: table.name.clone(), from: found.name, to: to.to_owned() });
    Ok(defined)
}

/// The index that a COMMENT is on, by its table, its own name and in words.
pub(super) fn commented(name: &ObjectName, scope: &Scope<'_>) -> Result<(Name, String, String)> {
    let (found, what) = find(name, scope.catalog, scope)?;
    match what {
        Found::Index(table, _) => {
            require_owner(table, &found, scope)?;
            let shown = format!("INDEX {found}");
            Ok((table.name.clone(), found.name, shown))
        }
        Found::Key(_) => Err(unsupported("COMMENT ON INDEX of a primary key").with_hint("Comment on the table.")),
        Found::Relation(_) => Err(not_an_index(&found)),
        Found::Nothing => Err(undefined_relation(name)),
    }
}

fn drop(targets: &[ObjectName], concurrently: bool, if_exists: bool, cascade: bool, scope: &Scope<'_>) -> Result<Defined> {
    let refused = |what: &str| Err(unsupported_together(what));
    if concurrently && targets.len() > 1 {
        return refused("dropping multiple objects");
    }
    if concurrently && cascade {
        return refused("CASCADE");
    }
    let mut defined = Defined { tag: "DROP INDEX", ..Defined::default() };
    let mut dropped = Vec::new();
    for target in targets {
        let parts = names::parts(target)?;
        if let [.., schema, _] = parts.as_slice()
            && let Err(missing) = require_schema(schema, scope)
        {
            if if_exists {
                defined.notices.push((Kind::SuccessfulCompletion, format!("{}, skipping", missing.message())));
                continue;
            }
            return Err(missing);
        }
        let (found, what) = find(target, scope.catalog, scope)?;
        match what {
            Found::Index(table, index) => {
                require_drop(table, &found, scope)?;
                let change = Change::DropIndex { table: table.name.clone(), index: index.name.clone() };
                // Named twice, it goes once.
                if !dropped.contains(&found.to_string()) {
                    dropped.push(found.to_string());
                    defined.changes.push(change);
                }
            }
            Found::Key(table) => return Err(required_by_key(table, &found, scope)),
            Found::Relation(relation) => {
                let kind = if relation.is_view() { "VIEW" } else { "TABLE" };
                let hint = format!("Use DROP {kind} to remove a {}.", kind.to_lowercase());
                return Err(not_an_index(&found).with_hint(hint));
            }
            Found::Nothing if if_exists => {
                let notice = format!("index \"{}\" does not exist, skipping", found.name);
                defined.notices.push((Kind::SuccessfulCompletion, notice));
            }
            Found::Nothing => return Err(undefined_index(&shown(target))),
        }
    }
    defined.object = dropped.join(", ");
    defined.text = format!("DROP INDEX {}", defined.object);
    Ok(defined)
}

fn unsupported_together(what: &str) -> Error {
    Error::new(Kind::FeatureNotSupported, format!("DROP INDEX CONCURRENTLY does not support {what}"))
}

/// Whether the role may drop an index: its table or its schema is the role's.
fn require_drop(table: &Table, index: &Name, scope: &Scope<'_>) -> Result<()> {
    let schema = scope.catalog.schema(&table.name.schema).map(|schema| Object::Schema(schema.oid));
    if let (Some(guard), Some(schema)) = (scope.guard(), schema)
        && guard.permit_owner(schema, "schema", &table.name.schema).is_ok()
    {
        guard.note(&table.name);
        scope.authorize();
        return Ok(());
    }
    require_owner(table, index, scope)
}

/// The error for a primary key's index, told to its owner.
fn required_by_key(table: &Table, index: &Name, scope: &Scope<'_>) -> Error {
    if let Err(denied) = require_owner(table, index, scope) {
        return denied;
    }
    let (index, table) = (&index.name, &table.name.name);
    Error::new(
        Kind::DependentObjectsStillExist,
        format!("cannot drop index {index} because constraint {index} on table {table} requires it"),
    )
    .with_hint("The key goes with the table.")
}

/// What statements about tables or views say of an index, which has its own.
pub(super) fn wrong_kind(name: &Name, kind: &str, catalog: &Catalog) -> Option<Error> {
    let is_index = catalog.index(name).is_some() || catalog.table_of_key(name).is_some();
    is_index.then(|| Error::new(Kind::WrongObjectType, format!("\"{}\" is not a {kind}", name.name)))
}
