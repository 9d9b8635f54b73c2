//! The only way from a statement to a table. Every name in every statement, through every door, becomes a table here or nowhere.
//!
//! The guard asks the policy room whether the identity may do what it wants, and wraps the scan so that nothing above can reach the
//! source below. It must never parse SQL or know a door. One [`Guard`] serves one statement: it holds one view of the store and one
//! snapshot of the catalog, so that all tables of the statement are read at one instant and by the rights of that instant.

mod barrier;
pub mod exit;
mod footing;
mod holds;
mod lookups;
mod meter;
pub mod plans;
mod protection;
mod reached;
mod rules;
mod sieve;
mod table;
mod term;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::physical_plan::ExecutionPlan;

use crate::catalog::{
    Catalog, Function, Mask, Name, Object, Oid, PolicyCommand, Privilege, Relation, Subjects, Table, View as SavedQuery,
};
use crate::clock::{Clock, Micros};
use crate::error::{Error, Kind, Result};
use crate::policy::{self, Action, Identity, Reach};
use crate::scan::TableScan;
use crate::store::View;

pub use barrier::Barrier;
pub use footing::{Footing, Horizons};
pub use holds::{HoldRule, Holds, Viewer};
use meter::Meter;
pub use protection::{MaskRule, RowChecks, RowRule, RowRules};
pub use reached::Reached;
pub use rules::{Layout, RetentionRule, Rules, Sieve, Tally};
use sieve::SieveExec;
pub use table::GuardedTable;
pub use term::{Room, Term};
pub use watch::Live;

/// Whether rows that come to this node in the order of a column leave it so, in the order of the column at the same place.
pub fn keeps_place(plan: &dyn ExecutionPlan, place: usize) -> bool {
    plan.downcast_ref::<SieveExec>().is_some_and(|sieve| sieve.shows(place)) || exit::leaving(plan).is_some()
}

/// One statement's way to tables.
#[derive(Clone)]
pub struct Guard {
    /// Whose rights and row policies count.
    identity: Identity,
    /// Who gets the answer, by whom masks go: the same, but inside of a view that reads with its owner's rights.
    reader: Identity,
    catalog: Arc<Catalog>,
    view: View,
    /// By which rows expire while the statement runs.
    clock: Clock,
    /// Counts what leaves the tables of the statement, if its role is held to a number.
    meter: Option<Arc<Meter>>,
    /// The session wants an error rather than rows that policies have filtered (`row_security = off`).
    unfiltered: bool,
    /// By which it is asked again, while a statement runs, what its role may see.
    live: Option<Live>,
    /// Where the relations that the statement asks for are noted.
    reached: Option<Arc<Reached>>,
}

impl Guard {
    /// A guard for one statement of this identity over one view of the store, by the rights that this catalog tells of.
    pub fn new(identity: Identity, catalog: Arc<Catalog>, view: View, clock: Clock) -> Self {
        let meter = Meter::of(&identity.limits).map(Arc::new);
        Guard { reader: identity.clone(), identity, catalog, view, clock, meter, unfiltered: false, live: None, reached: None }
    }

    /// The same, which notes what it is asked for.
    #[must_use]
    pub fn noting(self, reached: Arc<Reached>) -> Self {
        Guard { reached: Some(reached), ..self }
    }

    /// The same, for a statement that ends when what its role may see changes by this catalog.
    #[must_use]
    pub fn watching(self, live: Option<Live>) -> Self {
        Guard { live, ..self }
    }

    /// The same, with an error in the place of rows that policies have filtered.
    #[must_use]
    pub fn unfiltered(self, unfiltered: bool) -> Self {
        Guard { unfiltered, ..self }
    }

    /// The same view for the owner of a relation, with whose rights its policies look values up.
    #[must_use]
    pub fn of_owner(&self, relation: Oid) -> Self {
        let guard = self.acting_for(Object::Relation(relation));
        Guard { reader: guard.identity.clone(), reached: None, ..guard }
    }

    /// The same view with the rights of an object's owner, for what a view or a function of that kind reads. What leaves is counted
    /// where it reaches the statement, and masked as for the statement's role.
    #[must_use]
    pub fn acting_for(&self, object: Object) -> Self {
        let owner = self.catalog.owner(object);
        let identity = Identity::of(&self.catalog, self.identity.session_oid, owner, &self.identity.session_role);
        Guard { identity, meter: None, ..self.clone() }
    }

    /// The catalog that says who may do what.
    pub fn rights(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// The newest definition of a table, by which its policies go also in a transaction that reads an old one.
    pub fn newest(&self, table: &Arc<Table>) -> Arc<Table> {
        match self.catalog.relation_by_oid(table.oid) {
            Some(Relation::Table(newest)) => newest.clone(),
            Some(Relation::View(_)) | None => table.clone(),
        }
    }

    /// Whether row policies filter what this identity reads of a table.
    pub fn is_held_to_rows(&self, table: &Table) -> bool {
        policy::is_held_to_rows(&self.identity, &self.catalog, table)
    }

    /// Who gets the answer.
    pub fn reader(&self) -> &Identity {
        &self.reader
    }

    /// The masking policies of a table that are about the reader, each with the role by which it is.
    pub fn masks<'a>(&self, table: &'a Table) -> Vec<(&'a Mask, Oid)> {
        policy::masks(&self.reader, &self.catalog, table)
    }

    /// Whether a policy for these roles is about this identity.
    pub fn is_subject(&self, subjects: &Subjects) -> bool {
        policy::subject(&self.identity, subjects).is_some()
    }

    /// The instant at which rows are judged.
    pub fn now_us(&self) -> Micros {
        self.clock.now_us()
    }

    /// Who looks at rows, where holds are asked about: being the superuser, or having made the hold, opens nothing, for a hold's roles are
    /// those that it names.
    fn viewer(&self) -> Viewer<'_> {
        Viewer::Reader { rights: &self.identity.standing, answered: &self.reader.standing }
    }

    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The table as this identity may read it: all of it, or only columns that it was granted, and no row that its rules hide.
    ///
    /// # Errors
    /// 42501 when it may not, or when it wants rows unfiltered (`row_security`) and they are not; XX001 for damaged files.
    pub fn open(&self, table: &Arc<Table>, rules: Arc<Rules>) -> Result<GuardedTable> {
        self.permit_columns(Action::Select, table, &[])?;
        if self.unfiltered && rules.rows.is_some() {
            let message = format!("query would be affected by row-level security policy for table \"{}\"", table.name.name);
            return Err(Error::new(Kind::InsufficientPrivilege, message));
        }
        let scan = if rules.is_empty() { TableScan::new(table, &self.view) } else { TableScan::with_time(table, &self.view) }?;
        let readable = match self.permit(Action::Select, table) {
            Ok(()) => None,
            Err(_) => Some(self.readable_columns(table)),
        };
        Ok(GuardedTable::new(table.clone(), scan, readable, rules, self.clone()))
    }

    /// A table that was let through before, as this identity may read it now.
    ///
    /// # Errors
    /// As [`Guard::open`].
    pub fn reopen(&self, table: &GuardedTable) -> Result<Arc<dyn TableProvider>> {
        let opened = self.open(table.table(), table.rules())?;
        Ok(Arc::new(match table.is_counted() {
            Some(counted) => opened.counting(counted.clone()),
            None => opened,
        }))
    }

    /// The rows of a reference table with the row numbers that changes name them by, for the change itself. What the statement's own
    /// expressions read of them is for [`Guard::permit_reads`] to allow.
    ///
    /// # Errors
    /// 42501 when the identity may not make the change in any column.
    pub fn open_rows(&self, action: Action, table: &Arc<Table>, rules: Arc<Rules>) -> Result<Arc<dyn TableProvider>> {
        self.permit_columns(action, table, &[])?;
        if !rules.masks.is_empty() {
            let message = format!("rows of \"{}\" cannot be changed by a role that sees them masked", table.name.name);
            return Err(Error::new(Kind::InsufficientPrivilege, message)
                .with_hint("What the role does not see would be lost. INSERT adds rows."));
        }
        let command = if action == Action::Delete { PolicyCommand::Delete } else { PolicyCommand::Update };
        let scan = TableScan::with_row_numbers(table, &self.view)?;
        Ok(Arc::new(GuardedTable::new(table.clone(), scan, None, rules, self.clone()).changed_by(command)))
    }

    /// The table for looking at what a change names of it, not for reading: what was named is for [`Guard::permit_reads`] to allow.
    ///
    /// # Errors
    /// 42501 when the identity may not make the change in any column.
    pub fn open_named(&self, action: Action, table: &Arc<Table>) -> Result<Arc<dyn TableProvider>> {
        self.permit_columns(action, table, &[])?;
        let scan = TableScan::new(table, &self.view)?;
        let unmetered = Guard { meter: None, ..self.clone() };
        Ok(Arc::new(GuardedTable::new(table.clone(), scan, Some(BTreeSet::new()), Arc::default(), unmetered)))
    }

    /// Whether this identity may do this to the whole table.
    ///
    /// # Errors
    /// 42501 with the reason.
    pub fn permit(&self, action: Action, table: &Table) -> Result<()> {
        self.note(&table.name);
        policy::require(&self.identity, &self.catalog, action, table, Reach::Whole)
    }

    /// Whether it may do this to these columns of the table, or to any if none is named.
    ///
    /// # Errors
    /// 42501 with the reason.
    pub fn permit_columns(&self, action: Action, table: &Table, columns: &[u32]) -> Result<()> {
        self.note(&table.name);
        policy::require(&self.identity, &self.catalog, action, table, Reach::Columns(columns))
    }

    /// Whether it may read a saved query, some column of it at least. What that reads is asked for on its own.
    ///
    /// # Errors
    /// 42501 with the reason.
    pub fn permit_view(&self, view: &SavedQuery) -> Result<()> {
        self.note(&view.name);
        if self.may_read(view.oid, Reach::Columns(&[])) { Ok(()) } else { Err(policy::denied("view", &view.name.name)) }
    }

    /// Whether it may read the whole of a relation, whatever columns a statement names.
    pub fn reads_whole(&self, relation: Oid) -> bool {
        self.may_read(relation, Reach::Whole)
    }

    /// Whether it may read these columns of these relations.
    ///
    /// # Errors
    /// 42501 naming the relation.
    pub fn permit_reads(&self, reads: &BTreeMap<Oid, BTreeSet<u32>>) -> Result<()> {
        for (relation, columns) in reads {
            let columns: Vec<u32> = columns.iter().copied().collect();
            if !self.may_read(*relation, Reach::Columns(&columns)) {
                return Err(match self.catalog.relation_by_oid(*relation) {
                    Some(Relation::View(view)) => policy::denied("view", &view.name.name),
                    Some(Relation::Table(table)) => policy::denied("table", &table.name.name),
                    None => policy::denied("relation", &relation.to_string()),
                });
            }
        }
        Ok(())
    }

    /// Whether it may lock rows of these relations, as FOR UPDATE does: for that it must be able to change them. There is nothing to
    /// lock in a log, and the right is asked for all the same.
    ///
    /// # Errors
    /// 42501 naming the relation.
    pub fn permit_locks(&self, relations: impl IntoIterator<Item = Oid>) -> Result<()> {
        for relation in relations {
            if !policy::may(&self.identity.standing, &self.catalog, relation, Privilege::Update, Reach::Columns(&[])) {
                return Err(match self.catalog.relation_by_oid(relation) {
                    Some(Relation::View(view)) => policy::denied("view", &view.name.name),
                    Some(Relation::Table(table)) => policy::denied("table", &table.name.name),
                    None => policy::denied("relation", &relation.to_string()),
                });
            }
        }
        Ok(())
    }

    /// Whether it may look into a schema. Whether there is one is no secret, what is in it is.
    ///
    /// # Errors
    /// 42501 naming the schema.
    pub fn permit_schema(&self, schema: &str) -> Result<()> {
        if self.may_use_schema(schema) { Ok(()) } else { Err(policy::denied("schema", schema)) }
    }

    /// Whether names are looked for in a schema for it.
    pub fn may_use_schema(&self, schema: &str) -> bool {
        self.has_on_schema(schema, Privilege::Usage)
    }

    /// Whether it may make something of this kind under this name.
    ///
    /// # Errors
    /// 42501 naming the schema.
    pub fn permit_creation(&self, name: &Name, is_view: bool) -> Result<()> {
        if !self.has_on_schema(&name.schema, Privilege::Create) {
            return Err(policy::denied("schema", &name.schema));
        }
        let own = self.catalog.schema(&name.schema).is_some_and(|schema| schema.own_of.is_some());
        if own && !is_view {
            return Err(policy::denied("schema", &name.schema).with_detail("A role's own schema holds views and nothing else."));
        }
        Ok(())
    }

    /// Whether it may call a function that was defined.
    ///
    /// # Errors
    /// 42501 naming the function.
    pub fn permit_call(&self, function: &Function) -> Result<()> {
        if self.has(Object::Function(function.oid), Privilege::Execute) {
            return Ok(());
        }
        Err(policy::denied("function", &function.name.name))
    }

    /// Whether it may know how a table is read: in what files, by what rules, and how much of it is hidden from others.
    fn shows(&self, table: &Table) -> bool {
        policy::owns(&self.identity.standing, &self.catalog, Object::Relation(table.oid))
    }

    /// Whether it may do with an object what its owner may.
    ///
    /// # Errors
    /// 42501 naming the object.
    pub fn permit_owner(&self, object: Object, kind: &str, name: &str) -> Result<()> {
        if policy::owns(&self.identity.standing, &self.catalog, object) {
            return Ok(());
        }
        Err(Error::new(Kind::InsufficientPrivilege, format!("must be owner of {kind} {name}")))
    }

    /// Takes down that the statement has come to a relation, as work that was let through before does again.
    pub fn note(&self, name: &Name) {
        if let Some(reached) = &self.reached {
            reached.note(name);
        }
    }

    fn has_on_schema(&self, schema: &str, privilege: Privilege) -> bool {
        match self.catalog.schema(schema) {
            Some(found) => self.has(Object::Schema(found.oid), privilege),
            // PostgreSQL's own schemas are open to all, and there is nothing to hide in one that does not exist.
            None => true,
        }
    }

    fn has(&self, object: Object, privilege: Privilege) -> bool {
        !policy::held(&self.identity.standing, &self.catalog, object, privilege.into()).is_empty()
    }

    fn may_read(&self, relation: Oid, reach: Reach<'_>) -> bool {
        match self.catalog.relation_by_oid(relation) {
            Some(Relation::Table(table)) => policy::require(&self.identity, &self.catalog, Action::Select, table, reach).is_ok(),
            Some(Relation::View(_)) => policy::may(&self.identity.standing, &self.catalog, relation, Privilege::Select, reach),
            None => false,
        }
    }

    /// Names of the columns of which it may read the values.
    fn readable_columns(&self, table: &Table) -> BTreeSet<String> {
        let readable = |id: u32| self.permit_columns(Action::Select, table, &[id]).is_ok();
        table.columns.iter().filter(|column| readable(column.id)).map(|column| column.name.clone()).collect()
    }
}
