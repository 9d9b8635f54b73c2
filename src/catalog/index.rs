//! Indexes: by which values of a table rows are found. An index belongs to its table in all things: its owner, its schema, its life.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::catalog::{Catalog, Name, Oid, Relation, Table};
use crate::error::{Error, Kind, Result};
use crate::store::spec::{IndexKind, IndexSpec, TableKind, path_number};
use crate::value::json::path::Step;

/// What finds rows in it, by PostgreSQL's names of access methods. The first two are one thing to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexMethod {
    Btree,
    Hash,
    Gin,
}

impl IndexMethod {
    pub const ALL: [IndexMethod; 3] = [IndexMethod::Btree, IndexMethod::Hash, IndexMethod::Gin];

    pub fn name(self) -> &'static str {
        match self {
            IndexMethod::Btree => "btree",
            IndexMethod::Hash => "hash",
            IndexMethod::Gin => "gin",
        }
    }

    /// How the store finds rows by a key of it.
    pub fn kind(self) -> IndexKind {
        match self {
            IndexMethod::Btree | IndexMethod::Hash => IndexKind::Ids,
            IndexMethod::Gin => IndexKind::Text,
        }
    }
}

/// One index, as a statement made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    pub oid: Oid,
    /// Its name in the table's schema, among those of relations.
    pub name: String,
    pub method: IndexMethod,
    pub keys: Vec<IndexKey>,
    /// Storage parameters, of which PostgreSQL's clients are told and which change nothing.
    pub options: Vec<(String, String)>,
    pub comment: Option<String>,
}

/// A column that an index is on, with what clients are told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexKey {
    /// The column's id.
    pub column: u32,
    /// What the index calls it, which a renamed column leaves as it was.
    pub name: String,
    /// What of the column it is on.
    pub of: KeyOf,
    /// The operator class, where it is not the default of the column's type.
    pub class: Option<String>,
    /// The collation, where it is not the column's.
    pub collation: Option<String>,
    pub descending: bool,
    pub nulls_first: bool,
}

impl IndexKey {
    /// A key with nothing said about it.
    pub fn plain(column: u32, name: impl Into<String>) -> Self {
        let name = name.into();
        IndexKey { column, name, of: KeyOf::Value, class: None, collation: None, descending: false, nulls_first: false }
    }
}

/// What of a column a key is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyOf {
    /// Its value.
    Value,
    /// Its words, as `to_tsvector` takes them, by this name of the configuration.
    Words(Words),
    /// The text to which these steps lead in its documents.
    Path(Vec<Step>),
}

/// How `to_tsvector` is called; both cut a text into the same words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// With the text alone.
    Unnamed,
    /// With `'simple'` before it.
    Simple,
}

impl Index {
    /// What of it the store has to know of this table: an index of its own for each column, and two for each path.
    pub fn required<'a>(&'a self, table: &'a Table) -> impl Iterator<Item = IndexSpec> + 'a {
        let kinds = |key: &IndexKey| match &key.of {
            KeyOf::Value | KeyOf::Words(_) => vec![self.method.kind()],
            KeyOf::Path(steps) => {
                let number = path_number(key.column, steps);
                vec![IndexKind::PathIds(number), IndexKind::PathValues(number)]
            }
        };
        let specs = self.keys.iter().flat_map(move |key| kinds(key).into_iter().map(|kind| IndexSpec { column: key.column, kind }));
        // Rows are in order of time, and those of a reference table in memory.
        specs.filter(|index| match table.kind() {
            TableKind::Log => index.kind != IndexKind::Ids || table.spec.time_column != Some(index.column),
            TableKind::Reference => false,
        })
    }

    /// Where its keys lead into documents, by the numbers of the paths.
    fn paths(&self) -> impl Iterator<Item = (u64, Vec<Step>)> {
        self.keys.iter().filter_map(|key| match &key.of {
            KeyOf::Path(steps) => Some((path_number(key.column, steps), steps.clone())),
            KeyOf::Value | KeyOf::Words(_) => None,
        })
    }

    /// Whether it makes nothing faster to find in this table.
    pub fn is_idle(&self, table: &Table) -> bool {
        self.required(table).next().is_none()
    }
}

/// What a primary key is called behind its table's name.
const KEY_SUFFIX: &str = "_pkey";

impl Table {
    /// The name of its primary key and of that one's index, as PostgreSQL chooses it; `None` without a key.
    pub fn key_name(&self) -> Option<String> {
        (!self.primary_key.is_empty()).then(|| format!("{}{KEY_SUFFIX}", self.name.name))
    }

    fn index_mut(&mut self, name: &str) -> Result<&mut Index> {
        self.indexes.iter_mut().find(|index| index.name == name).ok_or_else(|| undefined_index(name))
    }

    /// Tells the store of what its indexes come to: several may need the same.
    fn respecify(&mut self) {
        let indexes: BTreeSet<IndexSpec> = self.indexes.iter().flat_map(|index| index.required(self)).collect();
        if self.spec.indexes != indexes {
            let paths = self.indexes.iter().flat_map(Index::paths).collect();
            let spec = Arc::make_mut(&mut self.spec);
            (spec.indexes, spec.paths) = (indexes, paths);
        }
    }
}

impl Catalog {
    /// The index of this name, with its table.
    pub fn index(&self, name: &Name) -> Option<(&Arc<Table>, &Index)> {
        self.indexes().find(|(table, index)| table.name.schema == name.schema && index.name == name.name)
    }

    /// Every index that a statement made, with its table.
    pub fn indexes(&self) -> impl Iterator<Item = (&Arc<Table>, &Index)> {
        self.tables().flat_map(|table| table.indexes.iter().map(move |index| (table, index)))
    }

    /// The table whose primary key has an index of this name.
    pub fn table_of_key(&self, name: &Name) -> Option<&Arc<Table>> {
        let own = name.name.strip_suffix(KEY_SUFFIX)?;
        match self.relation(&Name::new(name.schema.clone(), own))? {
            Relation::Table(table) if !table.primary_key.is_empty() => Some(table),
            Relation::Table(_) | Relation::View(_) => None,
        }
    }

    /// Whether a relation or an index has this name.
    pub fn is_taken(&self, name: &Name) -> bool {
        self.relation(name).is_some() || self.index(name).is_some() || self.table_of_key(name).is_some()
    }

    fn tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.relations().filter_map(|relation| match relation {
            Relation::Table(table) => Some(table),
            Relation::View(_) => None,
        })
    }

    /// Gives a table an index.
    ///
    /// # Errors
    /// 42P07 when the name is taken; as for a table that there is not.
    pub(super) fn create_index(&mut self, table: &Name, mut index: Index) -> Result<()> {
        self.free_for_index(&Name::new(table.schema.clone(), index.name.clone()))?;
        index.oid = self.new_oid();
        let table = self.table_mut(table)?;
        table.indexes.push(index);
        table.respecify();
        Ok(())
    }

    pub(super) fn drop_index(&mut self, table: &Name, index: &str) -> Result<()> {
        let table = self.table_mut(table)?;
        table.index_mut(index)?;
        table.indexes.retain(|own| own.name != index);
        table.respecify();
        Ok(())
    }

    pub(super) fn rename_index(&mut self, table: &Name, from: &str, to: String) -> Result<()> {
        self.free_for_index(&Name::new(table.schema.clone(), to.clone()))?;
        self.table_mut(table)?.index_mut(from)?.name = to;
        Ok(())
    }

    pub(super) fn index_comment(&mut self, table: &Name, index: &str) -> Result<&mut Option<String>> {
        self.table_mut(table)?.index_mut(index).map(|index| &mut index.comment)
    }

    fn free_for_index(&self, name: &Name) -> Result<()> {
        if self.is_taken(name) { Err(taken(&name.name)) } else { Ok(()) }
    }

    /// Whether a table's key and indexes have room for their names where it is to stand under this name.
    ///
    /// # Errors
    /// 42P07 naming the one that has none.
    pub(super) fn room_for_indexes(&self, table: &Table, to: &Name) -> Result<()> {
        let renamed = Table { name: to.clone(), ..table.clone() };
        if let Some(key) = renamed.key_name()
            && self.index(&Name::new(to.schema.clone(), key.clone())).is_some()
        {
            return Err(taken(&key));
        }
        let moving = table.indexes.iter().filter(|_| table.name.schema != to.schema);
        let clash = moving.map(|index| &index.name).find(|index| self.is_taken(&Name::new(to.schema.clone(), (*index).clone())));
        match clash {
            Some(index) => {
                Err(Error::new(Kind::DuplicateTable, format!("relation \"{index}\" already exists in schema \"{}\"", to.schema)))
            }
            None => Ok(()),
        }
    }
}

fn taken(name: &str) -> Error {
    Error::new(Kind::DuplicateTable, format!("relation \"{name}\" already exists"))
}

/// The error for an index that there is not.
pub(crate) fn undefined_index(name: &str) -> Error {
    Error::new(Kind::UndefinedObject, format!("index \"{name}\" does not exist"))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::catalog::{Change, Protection};
    use crate::store::spec::{TableId, TableSpec};

    fn name(name: &str) -> Name {
        Name::new("public", name)
    }

    /// A catalog with a table that keeps its rows in this way and whose time is column 1.
    fn with_table(kind: TableKind) -> Catalog {
        let time_column = (kind == TableKind::Log).then_some(1);
        let label = "public.t".to_owned();
        let spec = TableSpec {
            id: TableId(Uuid::nil()),
            kind,
            label,
            columns: vec![],
            time_column,
            indexes: BTreeSet::new(),
            paths: std::collections::BTreeMap::new(),
        };
        let table = Table {
            oid: 0,
            name: name("t"),
            spec: Arc::new(spec),
            columns: vec![],
            checks: vec![],
            primary_key: if kind == TableKind::Reference { vec![2] } else { vec![] },
            retention: vec![],
            protection: Protection::default(),
            holds: vec![],
            indexes: vec![],
            comment: None,
            internal: false,
        };
        Catalog::new(vec![]).apply(Change::CreateTable(table)).unwrap()
    }

    fn created(catalog: &Catalog, index: &str, method: IndexMethod, columns: &[u32]) -> Result<Catalog> {
        let keys = columns.iter().map(|column| IndexKey::plain(*column, "c")).collect();
        let index = Index { oid: 0, name: index.to_owned(), method, keys, options: vec![], comment: None };
        catalog.apply(Change::CreateIndex { table: name("t"), index })
    }

    fn required(catalog: &Catalog) -> Vec<(u32, IndexKind)> {
        let table = catalog.expect_table(&name("t")).unwrap();
        table.spec.indexes.iter().map(|index| (index.column, index.kind)).collect()
    }

    #[test]
    fn the_store_is_told_of_what_the_indexes_come_to() {
        let one = created(&with_table(TableKind::Log), "one", IndexMethod::Btree, &[2, 1]).unwrap();
        let two = created(&one, "two", IndexMethod::Hash, &[2]).unwrap();
        let three = created(&two, "three", IndexMethod::Gin, &[1, 2]).unwrap();
        let [ids, time, text] = [(2, IndexKind::Ids), (1, IndexKind::Text), (2, IndexKind::Text)];
        assert_eq!(required(&one), [ids]);
        assert_eq!(required(&two), [ids]);
        assert_eq!(required(&three), [time, ids, text]);
        let without = three.apply(Change::DropIndex { table: name("t"), index: "one".to_owned() }).unwrap();
        assert_eq!(required(&without), [time, ids, text], "another needs it still");
        let without = without.apply(Change::DropIndex { table: name("t"), index: "two".to_owned() }).unwrap();
        assert_eq!(required(&without), [time, text]);
        let idle = created(&with_table(TableKind::Reference), "one", IndexMethod::Btree, &[1, 2]).unwrap();
        assert_eq!(required(&idle), []);
    }

    #[test]
    fn an_index_has_a_name_among_those_of_relations() {
        let catalog = created(&with_table(TableKind::Reference), "one", IndexMethod::Btree, &[1]).unwrap();
        for taken in ["t", "one", "t_pkey"] {
            assert_eq!(created(&catalog, taken, IndexMethod::Btree, &[1]).unwrap_err().sqlstate(), "42P07", "{taken}");
            let renamed = Change::RenameIndex { table: name("t"), from: "one".to_owned(), to: taken.to_owned() };
            assert_eq!(catalog.apply(renamed).unwrap_err().sqlstate(), "42P07", "{taken}");
        }
        let renamed = |to: &str| catalog.apply(Change::RenameRelation { from: name("t"), to: name(to) });
        assert_eq!(renamed("one").unwrap_err().sqlstate(), "42P07");
        let catalog = created(&catalog, "u_pkey", IndexMethod::Btree, &[1]).unwrap();
        let renamed = |to: &str| catalog.apply(Change::RenameRelation { from: name("t"), to: name(to) });
        assert_eq!(renamed("u").unwrap_err().sqlstate(), "42P07", "its key would be called as an index is");
        let (table, index) = (catalog.index(&name("one")).unwrap().0.oid, catalog.index(&name("one")).unwrap().1.oid);
        assert!(index > table && catalog.next_oid() > index);
        let gone = catalog.apply(Change::DropRelation { name: name("t") }).unwrap();
        assert!(!gone.is_taken(&name("one")), "it goes with its table");
    }
}
