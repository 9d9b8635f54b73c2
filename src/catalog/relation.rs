//! Tables and views: what a name in FROM can stand for.

use std::sync::Arc;

use crate::catalog::{Hold, Index, Name, Oid, Protection, Retention};
use crate::store::spec::{TableId, TableKind, TableSpec};
use crate::value::SqlType;

/// The id of the catalog log, below those that definitions get.
pub const CATALOG_LOG_OID: Oid = 12_001;
/// The id of the query log.
pub const QUERY_LOG_OID: Oid = 12_002;

/// Anything that has columns and a name in a schema.
#[derive(Debug, Clone, PartialEq)]
pub enum Relation {
    Table(Arc<Table>),
    View(Arc<View>),
}

impl Relation {
    pub fn oid(&self) -> Oid {
        match self {
            Relation::Table(table) => table.oid,
            Relation::View(view) => view.oid,
        }
    }

    pub fn name(&self) -> &Name {
        match self {
            Relation::Table(table) => &table.name,
            Relation::View(view) => &view.name,
        }
    }

    pub fn is_view(&self) -> bool {
        match self {
            Relation::Table(_) => false,
            Relation::View(_) => true,
        }
    }

    /// The numbers and names of its columns.
    pub fn numbered_columns(&self) -> Vec<(u32, &str)> {
        match self {
            Relation::Table(table) => table.columns.iter().map(|column| (column.id, column.name.as_str())).collect(),
            Relation::View(view) => (1..).zip(view.columns.iter().map(|(name, _)| name.as_str())).collect(),
        }
    }

    pub fn column_name(&self, number: u32) -> Option<&str> {
        self.numbered_columns().into_iter().find(|(own, _)| *own == number).map(|(_, name)| name)
    }

    pub fn comment(&self) -> Option<&str> {
        match self {
            Relation::Table(table) => table.comment.as_deref(),
            Relation::View(view) => view.comment.as_deref(),
        }
    }

    /// Column names, types and whether NULL is refused, in order.
    pub fn columns(&self) -> Vec<(&str, &SqlType, bool)> {
        match self {
            Relation::Table(table) => {
                table.columns.iter().map(|column| (column.name.as_str(), &column.sql_type, column.not_null)).collect()
            }
            Relation::View(view) => view.columns.iter().map(|(name, sql_type)| (name.as_str(), sql_type, false)).collect(),
        }
    }
}

/// A log table or a reference table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub oid: Oid,
    pub name: Name,
    /// Where the store keeps its rows, and under which physical names.
    pub spec: Arc<TableSpec>,
    /// In order of definition; `columns[i]` is stored in `spec.columns[i]`.
    pub columns: Vec<Column>,
    pub checks: Vec<Check>,
    /// Ids of the columns of the PRIMARY KEY; only reference tables have one.
    pub primary_key: Vec<u32>,
    /// In order of name, which is the order in which they decide.
    pub retention: Vec<Retention>,
    /// Which of its rows and values who sees.
    pub protection: Protection,
    /// In order of name.
    pub holds: Vec<Hold>,
    /// In the order in which they were made.
    pub indexes: Vec<Index>,
    pub comment: Option<String>,
    /// Whether Annals itself writes it and nobody else may, as the catalog log.
    pub internal: bool,
}

impl Table {
    /// Whether nobody but the superuser may read it, whatever is granted: the catalog log holds verifiers.
    pub fn is_secret(&self) -> bool {
        self.oid == CATALOG_LOG_OID
    }

    pub fn store_id(&self) -> TableId {
        self.spec.id
    }

    pub fn kind(&self) -> TableKind {
        self.spec.kind
    }

    /// The column of this name with its place in the table.
    pub fn column(&self, name: &str) -> Option<(usize, &Column)> {
        self.columns.iter().enumerate().find(|(_, column)| column.name == name)
    }

    /// The name of the column that says when an event happened; `None` when that is the time of ingest.
    pub fn time_column(&self) -> Option<&str> {
        let id = self.spec.time_column?;
        self.columns.iter().find(|column| column.id == id).map(|column| column.name.as_str())
    }
}

/// One column as SQL sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Unique in the table for ever; also PostgreSQL's `attnum`.
    pub id: u32,
    pub name: String,
    pub sql_type: SqlType,
    pub not_null: bool,
    pub default: Option<Default>,
    pub comment: Option<String>,
}

/// What a column gets when a row gives it no value. The frequent ones have a form of their own, because they must not cost a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Default {
    /// `now()` and its synonyms: the start of the transaction.
    Now,
    /// A time-ordered UUID of version 7 (RFC 9562), one a row.
    UuidV7,
    /// A random UUID of version 4, one a row.
    UuidV4,
    /// A constant, as text in its SQL literal form.
    Constant(String),
}

impl Default {
    /// The expression as PostgreSQL's `pg_get_expr` would show it.
    pub fn sql(&self) -> String {
        match self {
            Default::Now => "now()".to_owned(),
            Default::UuidV7 => "uuidv7()".to_owned(),
            Default::UuidV4 => "gen_random_uuid()".to_owned(),
            Default::Constant(literal) => literal.clone(),
        }
    }
}

/// A CHECK constraint: rows for which the predicate is false are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub name: String,
    /// The predicate's SQL text over the table's columns.
    pub predicate: String,
}

/// A saved query.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    pub oid: Oid,
    pub name: Name,
    /// The query's canonical SQL text.
    pub query: String,
    pub columns: Vec<(String, SqlType)>,
    /// Whether it reads with its owner's rights (`security_invoker = false`) and not with the reader's.
    pub definer: bool,
    /// Oids of the relations it reads, so that DROP can tell what depends on what.
    pub reads: Vec<Oid>,
    pub comment: Option<String>,
}
