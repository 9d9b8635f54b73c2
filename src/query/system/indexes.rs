//! Indexes as PostgreSQL lists them: the one of each primary key, and those that statements made.

use std::borrow::Cow;

use super::builtin;
use super::definition;
use super::operators::{self, OperatorClass};
use super::relations::{attribute_row, class_row, typed};
use super::rows::{Cell, Rows};
use super::world::{World, access_method, index_oid};
use crate::catalog::{Column, Index, IndexKey, IndexMethod, KeyOf, Name, Object, Table};
use crate::error::Result;
use crate::value::SqlType;

/// The type of hashes.
const INTEGER: u32 = 23;
/// Collations that say what the default one does, byte order, by another name.
pub(crate) const COLLATIONS: [(&str, u32); 2] = [("C", 950), ("POSIX", 951)];

/// An index with its table.
#[derive(Debug, Clone)]
pub(crate) struct TableIndex<'a> {
    pub table: &'a Table,
    pub index: Cow<'a, Index>,
    /// Whether it is the primary key's, which is unique.
    pub is_primary: bool,
}

impl<'a> TableIndex<'a> {
    /// A table's, the primary key's first.
    pub(crate) fn of(table: &'a Table) -> impl Iterator<Item = TableIndex<'a>> {
        let key = table.key_name().map(|name| {
            let keyed = |id: &u32| table.columns.iter().find(|column| column.id == *id);
            let columns = table.primary_key.iter().filter_map(keyed);
            Index {
                oid: index_oid(table),
                name,
                method: IndexMethod::Btree,
                keys: columns.map(|column| IndexKey::plain(column.id, &column.name)).collect(),
                options: vec![],
                comment: None,
            }
        });
        let key = key.map(|index| TableIndex { table, index: Cow::Owned(index), is_primary: true });
        let made = table.indexes.iter().map(move |index| TableIndex { table, index: Cow::Borrowed(index), is_primary: false });
        key.into_iter().chain(made)
    }

    pub(crate) fn name(&self) -> Name {
        Name::new(self.table.name.schema.clone(), self.index.name.clone())
    }

    fn keys(&self) -> impl Iterator<Item = Key<'_>> {
        let keyed = |key: &'_ IndexKey| self.table.columns.iter().find(|column| column.id == key.column);
        self.index.keys.iter().filter_map(move |key| Some(Key { key, column: keyed(key)?, method: self.index.method }))
    }
}

/// A key with its column.
struct Key<'a> {
    key: &'a IndexKey,
    column: &'a Column,
    method: IndexMethod,
}

impl Key<'_> {
    fn class(&self) -> Option<&'static OperatorClass> {
        match (&self.key.class, &self.key.of) {
            (_, KeyOf::Words(_)) => operators::words_class(),
            (Some(name), KeyOf::Value | KeyOf::Path(_)) => operators::class(self.method, name),
            (None, KeyOf::Value | KeyOf::Path(_)) => operators::default_class(self.method, self.sql_type().oid()),
        }
    }

    /// The type of what it is on, but for words.
    fn sql_type(&self) -> &SqlType {
        match self.key.of {
            KeyOf::Value | KeyOf::Words(_) => &self.column.sql_type,
            KeyOf::Path(_) => &SqlType::Text,
        }
    }

    fn is_expression(&self) -> bool {
        self.key.of != KeyOf::Value
    }

    fn collation(&self) -> u32 {
        if matches!(self.key.of, KeyOf::Words(_)) || !is_collatable(self.sql_type()) {
            return 0;
        }
        let named = COLLATIONS.iter().find(|(name, _)| self.key.collation.as_deref() == Some(*name));
        named.map_or_else(|| type_collation(self.sql_type().oid()), |(_, oid)| *oid)
    }

    /// DESC and NULLS FIRST in PostgreSQL's bits.
    fn options(&self) -> u32 {
        u32::from(self.key.descending) | u32::from(self.key.nulls_first) << 1
    }
}

/// Whether values of a type are compared by a collation.
pub(crate) fn is_collatable(sql_type: &SqlType) -> bool {
    type_collation(sql_type.oid()) != 0
}

fn type_collation(oid: u32) -> u32 {
    builtin::type_by_oid(oid).and_then(|found| found.field("typcollation").parse().ok()).unwrap_or(0)
}

/// The rows of `pg_class`.
pub(super) fn classes(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for TableIndex { table, index, .. } in world.indexes() {
        let options = index.options.iter().map(|(name, value)| format!("{name}={value}"));
        class_row(
            rows,
            &[
                ("oid", index.oid.into()),
                ("relname", index.name.as_str().into()),
                ("relnamespace", world.schema_oid(&table.name.schema).into()),
                ("relkind", "i".into()),
                ("relam", access_method(index.method).into()),
                ("relnatts", index.keys.len().into()),
                ("reltuples", world.row_count(table).unwrap_or(-1).into()),
                ("relreplident", "n".into()),
                ("relowner", world.catalog.owner(Object::Relation(table.oid)).into()),
                ("relfilenode", index.oid.into()),
                ("reloptions", if index.options.is_empty() { Cell::Null } else { Cell::list(options) }),
            ],
        )?;
    }
    Ok(())
}

/// The rows of `pg_attribute`: what an index keeps of each key.
pub(super) fn attributes(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for found in world.indexes() {
        for (number, key) in (1..).zip(found.keys()) {
            let own = typed(found.index.oid, number, &key.key.name, key.sql_type());
            let kept = |type_oid| match (key.method, key.class()) {
                (IndexMethod::Hash, _) => INTEGER,
                (IndexMethod::Btree | IndexMethod::Gin, Some(class)) => class.kept(type_oid),
                (IndexMethod::Btree | IndexMethod::Gin, None) => type_oid,
            };
            attribute_row(rows, &own.kept(kept, key.collation()))?;
        }
    }
    Ok(())
}

pub(super) fn index(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for found in world.indexes() {
        let keys: Vec<Key<'_>> = found.keys().collect();
        let expressions: Vec<String> =
            keys.iter().filter(|key| key.is_expression()).map(|key| definition::index_key(key.key, key.column, false)).collect();
        let column = |key: &Key<'_>| if key.is_expression() { 0 } else { key.column.id };
        rows.add(&[
            ("indexrelid", found.index.oid.into()),
            ("indrelid", found.table.oid.into()),
            ("indnatts", keys.len().into()),
            ("indnkeyatts", keys.len().into()),
            ("indisunique", found.is_primary.into()),
            ("indisprimary", found.is_primary.into()),
            ("indimmediate", true.into()),
            ("indisvalid", true.into()),
            ("indisready", true.into()),
            ("indislive", true.into()),
            ("indkey", Cell::list(keys.iter().map(column))),
            ("indcollation", Cell::list(keys.iter().map(Key::collation))),
            ("indclass", Cell::list(keys.iter().map(|key| key.class().map_or(0, |class| class.oid)))),
            ("indoption", Cell::list(keys.iter().map(Key::options))),
            ("indexprs", if expressions.is_empty() { Cell::Null } else { expressions.join(", ").into() }),
        ])?;
    }
    Ok(())
}

/// The view `pg_indexes`.
pub(super) fn indexes(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for found in world.indexes() {
        rows.add(&[
            ("schemaname", found.table.name.schema.as_str().into()),
            ("tablename", found.table.name.name.as_str().into()),
            ("indexname", found.index.name.as_str().into()),
            ("indexdef", definition::index(&found, 0, None).into()),
        ])?;
    }
    Ok(())
}
