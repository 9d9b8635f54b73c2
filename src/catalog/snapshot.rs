//! The immutable snapshot of everything that exists at one epoch.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::catalog::{Access, Function, PUBLIC_SCHEMA, Relation, SYSTEM_SCHEMA, Table};
use crate::error::{Error, Kind, Result};
use crate::store::spec::TableId;

/// PostgreSQL's object id. Ids below 16,384 belong to PostgreSQL's built-in objects.
pub type Oid = u32;

/// The first id that a definition can get, as in PostgreSQL (`FirstNormalObjectId`).
pub(super) const FIRST_OID: Oid = 16_384;
/// The fixed id of the schema `public`.
const PUBLIC_OID: Oid = 2_200;
/// The fixed id of the schema `annals`.
const SYSTEM_OID: Oid = 12_000;

/// A schema and a name in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    pub schema: String,
    pub name: String,
}

impl Name {
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Name { schema: schema.into(), name: name.into() }
    }
}

impl fmt::Display for Name {
    /// Both parts, quoted where SQL needs it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", quote_identifier(&self.schema), quote_identifier(&self.name))
    }
}

/// An identifier as SQL must write it: quoted unless it is lower-case letters, digits and underscores.
pub fn quote_identifier(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// A namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    pub oid: Oid,
    pub comment: Option<String>,
    /// The login role whose own it is: made and dropped with the role, and open to views only.
    pub own_of: Option<Oid>,
}

/// Everything that exists at one epoch. Cheap to clone: the objects are shared.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// Rises by one with every change; caches of plans are keyed by it.
    pub epoch: u64,
    pub(super) next_oid: Oid,
    pub(super) schemas: BTreeMap<String, Schema>,
    pub(super) relations: BTreeMap<Name, Relation>,
    pub(super) functions: BTreeMap<Name, Vec<Arc<Function>>>,
    pub(super) access: Arc<Access>,
}

impl Catalog {
    /// A catalog that holds the two schemas every store has, and the tables that Annals itself writes.
    pub fn new(internal: Vec<Arc<Table>>) -> Self {
        let mut schemas = BTreeMap::new();
        schemas.insert(
            PUBLIC_SCHEMA.to_owned(),
            Schema { oid: PUBLIC_OID, comment: Some("standard public schema".to_owned()), own_of: None },
        );
        schemas.insert(
            SYSTEM_SCHEMA.to_owned(),
            Schema { oid: SYSTEM_OID, comment: Some("what Annals itself needs".to_owned()), own_of: None },
        );
        let relations = internal.into_iter().map(|table| (table.name.clone(), Relation::Table(table))).collect();
        let access = Arc::new(Access::new(PUBLIC_OID));
        Catalog { epoch: 0, next_oid: FIRST_OID, schemas, relations, functions: BTreeMap::new(), access }
    }

    /// The id that the next new object gets; smaller ones are taken.
    pub fn next_oid(&self) -> Oid {
        self.next_oid
    }

    /// The snapshot with only those schemas, relations and functions that `shown` lets through.
    #[must_use]
    pub fn narrowed(&self, shown: impl Fn(crate::catalog::Object) -> bool) -> Catalog {
        use crate::catalog::Object;
        let mut narrow = self.clone();
        narrow.schemas.retain(|_, schema| shown(Object::Schema(schema.oid)));
        let schemas = &narrow.schemas;
        narrow.relations.retain(|name, relation| schemas.contains_key(&name.schema) && shown(Object::Relation(relation.oid())));
        for (name, functions) in &mut narrow.functions {
            functions.retain(|function| schemas.contains_key(&name.schema) && shown(Object::Function(function.oid)));
        }
        narrow.functions.retain(|_, functions| !functions.is_empty());
        narrow
    }

    pub fn schemas(&self) -> impl Iterator<Item = (&str, &Schema)> {
        self.schemas.iter().map(|(name, schema)| (name.as_str(), schema))
    }

    pub fn schema(&self, name: &str) -> Option<&Schema> {
        self.schemas.get(name)
    }

    /// Every table and view, ordered by schema and name.
    pub fn relations(&self) -> impl Iterator<Item = &Relation> {
        self.relations.values()
    }

    pub fn relation(&self, name: &Name) -> Option<&Relation> {
        self.relations.get(name)
    }

    pub fn relation_by_oid(&self, oid: Oid) -> Option<&Relation> {
        self.relations.values().find(|relation| relation.oid() == oid)
    }

    pub fn table_by_store_id(&self, id: TableId) -> Option<&Arc<Table>> {
        self.relations.values().find_map(|relation| match relation {
            Relation::Table(table) if table.store_id() == id => Some(table),
            Relation::Table(_) | Relation::View(_) => None,
        })
    }

    /// Every function, ordered by schema and name.
    pub fn functions(&self) -> impl Iterator<Item = &Arc<Function>> {
        self.functions.values().flatten()
    }

    /// The functions of this name, which differ in their arguments.
    pub fn functions_named(&self, name: &Name) -> &[Arc<Function>] {
        self.functions.get(name).map_or(&[], Vec::as_slice)
    }

    /// The relation of this name.
    ///
    /// # Errors
    /// 42P01 when there is none, 42809 when an index has the name.
    pub fn expect_relation(&self, name: &Name) -> Result<&Relation> {
        self.relation(name).ok_or_else(|| {
            if self.is_taken(name) {
                return Error::new(Kind::WrongObjectType, format!("\"{}\" is an index", name.name));
            }
            undefined_table(name)
        })
    }

    /// The table of this name.
    ///
    /// # Errors
    /// 42P01 when there is nothing of this name, 42809 when it is a view.
    pub fn expect_table(&self, name: &Name) -> Result<&Arc<Table>> {
        match self.expect_relation(name)? {
            Relation::Table(table) => Ok(table),
            Relation::View(_) => Err(Error::new(Kind::WrongObjectType, format!("\"{}\" is not a table", name.name))),
        }
    }
}

/// The error for a name that stands for nothing, worded as PostgreSQL words it for an unqualified or qualified name.
pub(super) fn undefined_table(name: &Name) -> Error {
    let shown = if name.schema == PUBLIC_SCHEMA { name.name.clone() } else { format!("{}.{}", name.schema, name.name) };
    Error::new(Kind::UndefinedTable, format!("relation \"{shown}\" does not exist"))
}
