//! Legal holds: which rows of a table nothing may remove, why, and who goes on seeing them.

use crate::catalog::{Catalog, Oid, Relation, RuleKind, Table};
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};

/// A hold on rows of one table. Several may be on the same row: it is kept while any of them is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    pub name: String,
    /// The predicate's SQL text over the table's columns; `None` is true for every row.
    pub predicate: Option<String>,
    /// Why it is there, in the words of whoever made it; never empty.
    pub reason: String,
    /// Roles that see held rows also when these have expired; nobody does if there is none.
    pub roles: Vec<Oid>,
    /// Oids of the reference tables that the predicate looks into.
    pub reads: Vec<Oid>,
    /// The role that made it.
    pub made_by: Oid,
    /// When it was made in this store.
    pub since: Micros,
    pub comment: Option<String>,
}

impl Catalog {
    /// Every hold with the table that it is on.
    pub fn holds(&self) -> impl Iterator<Item = (&Table, &Hold)> {
        self.relations().flat_map(|relation| match relation {
            Relation::Table(table) => table.holds.iter().map(|hold| (table.as_ref(), hold)).collect(),
            Relation::View(_) => vec![],
        })
    }
}

/// Puts a hold on a table, in order of names.
///
/// # Errors
/// 42710 when the table has one of this name.
pub(super) fn add(table: &mut Table, hold: Hold) -> Result<()> {
    if table.holds.iter().any(|existing| existing.name == hold.name) {
        return Err(Error::new(
            Kind::DuplicateObject,
            format!("legal hold \"{}\" for table \"{}\" already exists", hold.name, table.name.name),
        ));
    }
    let place = table.holds.partition_point(|existing| existing.name < hold.name);
    table.holds.insert(place, hold);
    Ok(())
}

/// Takes a hold off a table.
///
/// # Errors
/// 42704 when the table has none of this name.
pub(super) fn remove(table: &mut Table, hold: &str) -> Result<()> {
    let before = table.holds.len();
    table.holds.retain(|existing| existing.name != hold);
    if table.holds.len() == before { Err(RuleKind::Hold.undefined(hold, &table.name.name)) } else { Ok(()) }
}

/// Lets a role see what a table's holds keep no longer.
pub(super) fn forget_role(table: &mut Table, role: Oid) {
    for hold in &mut table.holds {
        hold.roles.retain(|named| *named != role);
    }
}

/// A table with a hold on it keeps all that it has.
///
/// # Errors
/// 2BP01 naming the holds.
pub(super) fn require_free(table: &Table) -> Result<()> {
    if table.holds.is_empty() {
        return Ok(());
    }
    let name = &table.name.name;
    let lines: Vec<String> = table.holds.iter().map(|hold| format!("{} is on it", described(&hold.name))).collect();
    Err(Error::new(Kind::DependentObjectsStillExist, format!("cannot drop table {name} because it is under legal hold"))
        .with_detail(lines.join("\n"))
        .with_hint("DROP LEGAL HOLD lets go of it; CASCADE does not."))
}

/// A hold in words, as in a list of dependencies.
pub(super) fn described(hold: &str) -> String {
    format!("legal hold {}", super::quote_identifier(hold))
}
