//! The catalog as PostgreSQL would number and name it: ids of what has none of its own, names by id, ids by name.

use crate::catalog::role::READ_ALL_STATS;
use crate::catalog::{Catalog, Function, IndexMethod, Name, Object, Oid, Relation, Table, View};
use crate::metrics::LookupCounts;
use crate::policy;
use crate::query::functions::SessionFacts;
use crate::query::system::indexes::TableIndex;
use crate::query::system::rows::Cell;
use crate::query::system::{builtin, shape};
use crate::store::TableState;
use crate::store::spec::IndexSpec;

/// PostgreSQL's fixed ids.
pub(crate) const PG_CATALOG: Oid = 11;
/// The id that PostgreSQL 15's `initdb` gives the schema.
pub(crate) const INFORMATION_SCHEMA: Oid = 13_000;
pub(crate) use crate::catalog::SUPERUSER_OID;
/// The one database's id: the first that PostgreSQL gives users' objects, by which tools tell their databases from the system's.
pub(crate) const DATABASE_OID: Oid = 16_384;
/// UTF8 in PostgreSQL's numbering of encodings.
pub(crate) const UTF8: i64 = 6;

/// Ids of the system relations that comments and dependencies are recorded against.
pub(crate) const PG_AUTHID: Oid = 1_260;
pub(crate) const PG_CLASS: Oid = 1_259;
pub(crate) const PG_PROC: Oid = 1_255;
pub(crate) const PG_NAMESPACE: Oid = 2_615;
pub(crate) const PG_TYPE: Oid = 1_247;
pub(crate) const PG_OPERATOR: Oid = 2_617;
pub(crate) const PG_REWRITE: Oid = 2_618;
pub(crate) const PG_POLICY: Oid = 3_256;
pub(crate) const PG_CONSTRAINT: Oid = 2_606;
pub(crate) const PG_ATTRDEF: Oid = 2_604;

/// The ids of PostgreSQL's own tablespaces `pg_default` and `pg_global`.
pub(crate) const DEFAULT_TABLESPACE: Oid = 1_663;
pub(crate) const GLOBAL_TABLESPACE: Oid = 1_664;

/// Access methods: how rows of a relation are kept.
pub(crate) const AM_LOG: Oid = 2;
pub(crate) const AM_REFERENCE: Oid = 3;

/// The access method of an index, by PostgreSQL's number.
pub(crate) fn access_method(method: IndexMethod) -> Oid {
    match method {
        IndexMethod::Btree => 403,
        IndexMethod::Hash => 405,
        IndexMethod::Gin => 2_742,
    }
}

/// One snapshot of the catalog and where unqualified names are looked for in it.
#[derive(Clone, Copy)]
pub(crate) struct Lookup<'a> {
    pub catalog: &'a Catalog,
    pub search_path: &'a [String],
}

/// What builders and functions read: one snapshot, as one session sees it.
#[derive(Clone, Copy)]
pub(crate) struct World<'a> {
    lookup: Lookup<'a>,
    pub facts: &'a SessionFacts,
}

impl<'a> World<'a> {
    pub(crate) fn new(catalog: &'a Catalog, facts: &'a SessionFacts) -> Self {
        World { lookup: Lookup { catalog, search_path: &facts.search_path }, facts }
    }

    /// What the store holds of a table; a table that only an open transaction knows has nothing there.
    pub(crate) fn stored(&self, table: &Table) -> Option<&'a TableState> {
        self.facts.snapshot.table(table.store_id()).map(AsRef::as_ref)
    }

    /// Whether the role is told how much there is of a table: its owner, and whoever watches over the server. From others a count
    /// would hide nothing of rows that they may not see.
    fn counts(&self, table: &Table) -> bool {
        let standing = &self.facts.identity.standing;
        standing.has_rights_of(READ_ALL_STATS) || policy::owns(standing, self.catalog, Object::Relation(table.oid))
    }

    /// How many rows a table has.
    pub(crate) fn row_count(&self, table: &Table) -> Option<i64> {
        let rows = self.stored(table).map_or(0, |state| match &state.latest {
            Some(latest) => latest.len() as u64,
            None => state.rows(),
        });
        self.counts(table).then(|| i64::try_from(rows).unwrap_or(i64::MAX))
    }

    /// How many rows a table was ever given.
    pub(crate) fn rows_ever(&self, table: &Table) -> Option<i64> {
        self.counts(table).then(|| self.stored(table).map_or(0, |state| state.next_leaf - 1))
    }

    /// Bytes of a table: its segments on disk, and its rows that wait for one in memory and in the write-ahead log.
    pub(crate) fn bytes(&self, table: &Table) -> i64 {
        if !self.counts(table) {
            return 0;
        }
        let bytes = self.stored(table).map_or(0, |state| state.segment_bytes() + state.tail_bytes() as u64);
        i64::try_from(bytes).unwrap_or(i64::MAX)
    }

    /// Bytes on disk of some of a table's indexes.
    fn bytes_of(&self, table: &Table, indexes: impl Iterator<Item = IndexSpec>) -> i64 {
        let Some(state) = self.stored(table).filter(|_| self.counts(table)) else { return 0 };
        i64::try_from(indexes.map(|index| state.index_bytes(index)).sum::<u64>()).unwrap_or(i64::MAX)
    }

    /// Bytes of an index. A primary key's is in memory, and an index by time is the order of the rows: these take nothing of the disk.
    pub(crate) fn index_bytes(&self, found: &TableIndex<'_>) -> i64 {
        self.bytes_of(found.table, found.index.required(found.table))
    }

    /// Bytes of all indexes of a table. Two that need the same have it once.
    pub(crate) fn bytes_of_indexes(&self, table: &Table) -> i64 {
        self.bytes_of(table, table.spec.indexes.iter().copied())
    }

    /// What was counted of some of a table's indexes; `None` where nothing is counted, and for who is not told how much there is of the
    /// table: what look-ups find of hidden rows is for nobody to know.
    fn uses_of(&self, table: &Table, indexes: impl Iterator<Item = IndexSpec>) -> Option<Uses> {
        let state = self.stored(table).filter(|_| self.counts(table))?;
        indexes.map(|index| Uses::of(&state.uses(index))).reduce(std::ops::Add::add)
    }

    /// What an index was used for: each of its columns is asked, and counted, on its own.
    pub(crate) fn index_uses(&self, found: &TableIndex<'_>) -> Option<Uses> {
        self.uses_of(found.table, found.index.required(found.table))
    }

    /// What all indexes of a table were used for.
    pub(crate) fn uses_of_indexes(&self, table: &Table) -> Option<Uses> {
        self.uses_of(table, table.spec.indexes.iter().copied())
    }
}

/// What indexes were used for, by PostgreSQL's names.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Uses {
    pub idx_scan: i64,
    pub idx_tup_read: i64,
    pub idx_tup_fetch: i64,
}

impl Uses {
    fn of(counts: &LookupCounts) -> Uses {
        Uses { idx_scan: counts.lookups.get(), idx_tup_read: counts.found.get(), idx_tup_fetch: counts.fetched.get() }
    }
}

impl std::ops::Add for Uses {
    type Output = Uses;

    fn add(self, other: Uses) -> Uses {
        Uses {
            idx_scan: self.idx_scan + other.idx_scan,
            idx_tup_read: self.idx_tup_read + other.idx_tup_read,
            idx_tup_fetch: self.idx_tup_fetch + other.idx_tup_fetch,
        }
    }
}

impl World<'_> {
    /// The list that an object carries, as `aclitem[]`.
    pub(crate) fn acl(&self, object: Object) -> Cell {
        match self.catalog.acl(object) {
            Some(acl) => Cell::list(acl.shown(|oid| self.catalog.role_name(oid))),
            None => Cell::Null,
        }
    }
}

/// A world is a catalog that is looked up, and more.
impl<'a> std::ops::Deref for World<'a> {
    type Target = Lookup<'a>;

    fn deref(&self) -> &Lookup<'a> {
        &self.lookup
    }
}

/// What an id that the catalog does not hand out stands for, in the bits beside its owner's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Derived {
    Index = 0,
    PrimaryKey = 1,
    Check = 2,
    Default = 3,
}

/// A CHECK or PRIMARY KEY constraint.
pub(crate) struct Constraint<'a> {
    pub oid: Oid,
    pub name: String,
    pub table: &'a Table,
    /// The predicate of a CHECK; `None` is a primary key.
    pub predicate: Option<&'a str>,
    /// Numbers of the key's columns.
    pub columns: Vec<u32>,
}

/// An id made from the owner's, stable for as long as the owner lives: the top bit, 20 bits of the owner, 2 of the kind, 9 of the
/// number.
fn derived(owner: Oid, kind: Derived, number: usize) -> Oid {
    let number = u32::try_from(number).unwrap_or(0) & 0x1ff;
    0x8000_0000 | (owner & 0xf_ffff) << 11 | (kind as u32) << 9 | number
}

/// The id of a table's primary-key index.
pub(crate) fn index_oid(table: &Table) -> Oid {
    derived(table.oid, Derived::Index, 0)
}

/// The id of the rule that makes a view one: views have no index, whose place it takes.
pub(crate) fn rule_oid(view: &View) -> Oid {
    derived(view.oid, Derived::Index, 0)
}

/// The id of a row policy by its place among the table's, behind the index.
pub(crate) fn policy_oid(table: &Table, place: usize) -> Oid {
    derived(table.oid, Derived::Index, place + 1)
}

/// The id of the function of a name that PostgreSQL does not have, the same for as long as the name is.
pub(crate) fn own_function_oid(name: &str) -> Oid {
    // FNV-1a. Definitions count up from 16,384 and do not reach half of the numbers; derived ids have the top bit.
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    0x4000_0000 | hash >> 2
}

/// The id of a column's default.
pub(crate) fn default_oid(table: &Table, column: u32) -> Oid {
    derived(table.oid, Derived::Default, column as usize)
}

impl<'a> Lookup<'a> {
    pub(crate) fn tables(&self) -> impl Iterator<Item = &'a Table> {
        self.catalog.relations().filter_map(|relation| match relation {
            Relation::Table(table) => Some(table.as_ref()),
            Relation::View(_) => None,
        })
    }

    pub(crate) fn views(&self) -> impl Iterator<Item = &'a View> {
        self.catalog.relations().filter_map(|relation| match relation {
            Relation::View(view) => Some(view.as_ref()),
            Relation::Table(_) => None,
        })
    }

    /// The indexes of all tables.
    pub(crate) fn indexes(&self) -> impl Iterator<Item = TableIndex<'a>> {
        self.tables().flat_map(TableIndex::of)
    }

    /// The index of this id.
    pub(crate) fn index(&self, oid: Oid) -> Option<TableIndex<'a>> {
        let has = |table: &&Table| index_oid(table) == oid || table.indexes.iter().any(|index| index.oid == oid);
        self.tables().filter(has).flat_map(TableIndex::of).find(|found| found.index.oid == oid)
    }

    pub(crate) fn constraints(&self) -> Vec<Constraint<'a>> {
        let mut all = Vec::new();
        for table in self.tables() {
            for (at, check) in table.checks.iter().enumerate() {
                all.push(Constraint {
                    oid: derived(table.oid, Derived::Check, at),
                    name: check.name.clone(),
                    table,
                    predicate: Some(&check.predicate),
                    columns: vec![],
                });
            }
            if let Some(name) = table.key_name() {
                all.push(Constraint {
                    oid: derived(table.oid, Derived::PrimaryKey, 0),
                    name,
                    table,
                    predicate: None,
                    columns: table.primary_key.clone(),
                });
            }
        }
        all
    }

    /// Every schema with its id and comment, PostgreSQL's own included.
    pub(crate) fn schemas(&self) -> Vec<(&'a str, Oid, Option<&'a str>)> {
        let mut all =
            vec![("pg_catalog", PG_CATALOG, Some("system catalog schema")), ("information_schema", INFORMATION_SCHEMA, None)];
        all.extend(self.catalog.schemas().map(|(name, schema)| (name, schema.oid, schema.comment.as_deref())));
        all
    }

    pub(crate) fn schema_oid(&self, name: &str) -> Option<Oid> {
        match name {
            "pg_catalog" => Some(PG_CATALOG),
            "information_schema" => Some(INFORMATION_SCHEMA),
            other => self.catalog.schema(other).map(|schema| schema.oid),
        }
    }

    /// The name of the relation or index of this id.
    pub(crate) fn relation_name(&self, oid: Oid) -> Option<Name> {
        if let Some(relation) = self.catalog.relation_by_oid(oid) {
            return Some(relation.name().clone());
        }
        if let Some(found) = self.index(oid) {
            return Some(found.name());
        }
        shape::all().find(|shape| shape.oid == oid).map(|shape| shape.name.clone())
    }

    /// The numbers and names of a relation's columns.
    pub(crate) fn relation_columns(&self, oid: Oid) -> Vec<(u32, String)> {
        match self.catalog.relation_by_oid(oid) {
            Some(Relation::Table(table)) => table.columns.iter().map(|column| (column.id, column.name.clone())).collect(),
            Some(Relation::View(view)) => (1..).zip(view.columns.iter().map(|(name, _)| name.clone())).collect(),
            None => match shape::all().find(|shape| shape.oid == oid) {
                Some(shape) => (1..).zip(shape.columns.iter().map(|column| column.name.to_owned())).collect(),
                None => vec![],
            },
        }
    }

    /// The id of the relation or index of this name.
    pub(crate) fn relation_oid(&self, name: &Name) -> Option<Oid> {
        if let Some(relation) = self.catalog.relation(name) {
            return Some(relation.oid());
        }
        if let Some(shape) = shape::find(name) {
            return Some(shape.oid);
        }
        let made = self.catalog.index(name).map(|(_, index)| index.oid);
        made.or_else(|| self.catalog.table_of_key(name).map(|table| index_oid(table)))
    }

    pub(crate) fn function(&self, oid: Oid) -> Option<&'a Function> {
        self.catalog.functions().find(|function| function.oid == oid).map(AsRef::as_ref)
    }

    pub(crate) fn constraint(&self, oid: Oid) -> Option<Constraint<'a>> {
        self.constraints().into_iter().find(|constraint| constraint.oid == oid)
    }

    /// Schemas in which an unqualified name is looked for, `pg_catalog` first.
    pub(crate) fn path(&self) -> impl Iterator<Item = &'a str> {
        let own = self.search_path.iter().map(String::as_str);
        std::iter::once("pg_catalog").chain(own.filter(|schema| *schema != "pg_catalog"))
    }

    /// Whether the unqualified name would find this very relation.
    pub(crate) fn relation_is_visible(&self, name: &Name) -> bool {
        let found = self.path().map(|schema| Name::new(schema, name.name.clone())).find(|name| self.relation_oid(name).is_some());
        found.as_ref() == Some(name)
    }

    /// Whether the unqualified name would find this very function: no schema before its own has one of the same name and arguments.
    pub(crate) fn function_is_visible(&self, function: &Function) -> bool {
        for schema in self.path() {
            if schema == function.name.schema {
                return true;
            }
            let other = Name::new(schema, function.name.name.clone());
            let types = |function: &Function| function.arguments.iter().map(|argument| argument.sql_type.oid()).collect::<Vec<_>>();
            if self.catalog.functions_named(&other).iter().any(|found| types(found) == types(function)) {
                return false;
            }
        }
        false
    }

    /// The id of a relation by its name in SQL, qualified or found along the path.
    pub(crate) fn find_relation(&self, parts: &[String]) -> Option<Oid> {
        match parts {
            [name] => self.path().find_map(|schema| self.relation_oid(&Name::new(schema, name.clone()))),
            [schema, name] => self.relation_oid(&Name::new(schema.clone(), name.clone())),
            _ => None,
        }
    }

    /// Ids of the functions of a name in SQL, ours and PostgreSQL's.
    pub(crate) fn find_functions(&self, parts: &[String]) -> Vec<Oid> {
        let (schemas, name): (Vec<&str>, &String) = match parts {
            [name] => (self.path().collect(), name),
            [schema, name] => (vec![schema.as_str()], name),
            _ => return vec![],
        };
        let mut found = Vec::new();
        for schema in schemas {
            if schema == "pg_catalog" {
                found.extend(builtin::functions_named(name).map(|builtin| builtin.oid));
            }
            found.extend(self.catalog.functions_named(&Name::new(schema, name.clone())).iter().map(|function| function.oid));
        }
        found
    }
}

/// The parts of a dotted name in SQL, unquoted parts folded to lower case.
pub(crate) fn name_parts(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut quoted = false;
    let mut chars = text.trim().chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                part.push('"');
            }
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(std::mem::take(&mut part)),
            c if quoted => part.push(c),
            c => part.extend(c.to_lowercase()),
        }
    }
    parts.push(part);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_names_are_split_as_sql_reads_them() {
        assert_eq!(name_parts("Public.Logs"), ["public", "logs"]);
        assert_eq!(name_parts("\"a.b\".\"C\"\"d\""), ["a.b", "C\"d"]);
    }

    #[test]
    fn derived_ids_of_different_things_differ() {
        let ids = [
            derived(16_384, Derived::Index, 0),
            derived(16_384, Derived::PrimaryKey, 0),
            derived(16_384, Derived::Check, 0),
            derived(16_384, Derived::Check, 1),
            derived(16_385, Derived::Index, 0),
        ];
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len());
        assert!(ids.iter().all(|id| *id >= 0x8000_0000));
    }
}
