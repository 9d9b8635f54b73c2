//! An expression of a policy, and what its look-ups found, kept for as long as they would find the same.
//!
//! What is kept belongs to one compiled expression, and so to one reader by one version of the catalog. It is given out again only to
//! the same identity by the same catalog, and only while every reference table that was read is in the very state in which it was read:
//! in a transaction that has changed one of them, and in one that reads an older state, the look-ups are done anew. So values and rows
//! are always of one snapshot.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use datafusion::catalog::Session;
use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::InSubquery;
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::lookups::with_values;
use super::rules::Rules;
use super::{Guard, plans};
use crate::catalog::Catalog;
use crate::policy::Identity;
use crate::store::Mark;
use crate::store::spec::TableId;

/// Memory for all values that are kept, in bytes.
const ROOM_BYTES: usize = 64 << 20;

/// A condition or a value over the columns of a row.
#[derive(Clone)]
pub struct Term {
    expr: Expr,
    looks_up: bool,
    /// `None` where the look-ups must be done for each statement.
    memory: Option<Arc<Memory>>,
}

/// What the look-ups of a term found the last time.
struct Memory {
    /// The reference tables that they read.
    reads: BTreeSet<TableId>,
    room: Arc<Room>,
    found: Mutex<Option<Found>>,
}

struct Found {
    /// The term with values in the place of look-ups.
    known: Expr,
    rights: Weak<Catalog>,
    identity: Identity,
    /// The states of the tables in the order of `reads`.
    states: Vec<Mark>,
    /// Gives the memory back.
    _place: Place,
}

impl fmt::Debug for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Term").field(&self.expr).finish()
    }
}

impl Term {
    /// An expression whose look-ups are closed. What they find is kept if it is lasting: if it says the same to the same reader by the
    /// same catalog and the same rows.
    ///
    /// # Errors
    /// None that a user can cause.
    pub fn new(expr: Expr, lasting: bool, room: &Arc<Room>) -> Result<Term> {
        let looks_up = expr.exists(|inner| Ok(matches!(inner, Expr::InSubquery(_) | Expr::ScalarSubquery(_))))?;
        let reads = if lasting && looks_up { reads(&expr)? } else { None };
        let memory = reads.map(|reads| Arc::new(Memory { reads, room: room.clone(), found: Mutex::default() }));
        Ok(Term { expr, looks_up, memory })
    }

    /// The expression with its look-ups still to be done.
    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// The expression with values in the place of look-ups, as they stand in the guard's snapshot.
    ///
    /// # Errors
    /// Whatever a look-up fails with.
    pub(super) async fn known(&self, state: &dyn Session, guard: &Guard) -> Result<Expr> {
        if !self.looks_up {
            return Ok(self.expr.clone());
        }
        // A session that wants errors in the place of rows must get them.
        let memory = self.memory.as_ref().filter(|_| !guard.unfiltered);
        let Some((memory, states)) = memory.and_then(|memory| Some((memory, memory.states(guard)?))) else {
            return Ok(with_values(self.expr.clone(), state, guard).await?.0);
        };
        if let Some(known) = memory.find(guard, &states) {
            return Ok(known);
        }
        let (known, bytes) = with_values(self.expr.clone(), state, guard).await?;
        memory.keep(guard, states, &known, bytes);
        Ok(known)
    }

    /// The reference tables that its look-ups read; `None` if more than their rows decides what is found.
    fn reads(&self) -> Option<BTreeSet<TableId>> {
        match &self.memory {
            Some(memory) => Some(memory.reads.clone()),
            None => (!self.looks_up).then(BTreeSet::new),
        }
    }
}

impl Memory {
    /// The states that a statement reads; `None` if it sees rows of its own transaction.
    fn states(&self, guard: &Guard) -> Option<Vec<Mark>> {
        self.reads.iter().map(|table| guard.view.mark(*table)).collect()
    }

    fn find(&self, guard: &Guard, states: &[Mark]) -> Option<Expr> {
        let found = self.found.lock().ok()?;
        let same = |found: &&Found| {
            // A catalog that is gone keeps its address for as long as it is known here, so no other one can be taken for it.
            std::ptr::eq(found.rights.as_ptr(), Arc::as_ptr(&guard.catalog))
                && found.identity == guard.identity
                && found.identity == guard.reader
                && found.states == states
        };
        found.as_ref().filter(same).map(|found| found.known.clone())
    }

    fn keep(&self, guard: &Guard, states: Vec<Mark>, known: &Expr, bytes: usize) {
        if guard.identity != guard.reader {
            return;
        }
        // What was kept before makes room first.
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        *found = None;
        *found = self.room.place(bytes).map(|place| Found {
            known: known.clone(),
            rights: Arc::downgrade(&guard.catalog),
            identity: guard.identity.clone(),
            states,
            _place: place,
        });
    }
}

/// The reference tables whose rows decide what the look-ups of an expression find, those among them that the tables' own policies look
/// into; `None` if anything else does.
fn reads(expr: &Expr) -> Result<Option<BTreeSet<TableId>>> {
    let mut reads = Some(BTreeSet::new());
    expr.apply(|inner| {
        let (Expr::InSubquery(InSubquery { subquery, .. }) | Expr::ScalarSubquery(subquery)) = inner else {
            return Ok(TreeNodeRecursion::Continue);
        };
        subquery.subquery.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node {
                let read = plans::guarded(scan, |table| {
                    let mut read = read_by(&table.rules())?;
                    read.insert(table.table().store_id());
                    Some(read)
                });
                reads = reads.take().zip(read.flatten()).map(|(mut reads, mut read)| {
                    reads.append(&mut read);
                    reads
                });
            }
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    Ok(reads)
}

/// What a table's own rules look into; `None` if what they show depends on the time.
fn read_by(rules: &Rules) -> Option<BTreeSet<TableId>> {
    if rules.retention.is_empty() { looked_into(rules) } else { None }
}

/// What row policies and masks look into; `None` if more than rows decides what they show.
pub(super) fn looked_into(rules: &Rules) -> Option<BTreeSet<TableId>> {
    if !(rules.is_empty() || rules.lasting) {
        return None;
    }
    let mut all = BTreeSet::new();
    for term in rules.terms() {
        all.append(&mut term.reads()?);
    }
    Some(all)
}

/// How much memory kept values take.
#[derive(Debug, Default)]
pub struct Room {
    taken: AtomicUsize,
    /// Whether something found no place since it was last asked.
    short: AtomicBool,
}

impl Room {
    /// Whether values have found no place since this was last asked: then what nobody needs any more must go.
    pub fn was_short(&self) -> bool {
        self.short.swap(false, Ordering::Relaxed)
    }

    fn place(self: &Arc<Room>, bytes: usize) -> Option<Place> {
        let place = Place { room: self.clone(), bytes };
        if self.taken.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) > ROOM_BYTES {
            // A value that could never be kept is no reason to make room.
            self.short.fetch_or(bytes <= ROOM_BYTES / 2, Ordering::Relaxed);
            return None;
        }
        Some(place)
    }
}

/// Memory of one value.
struct Place {
    room: Arc<Room>,
    bytes: usize,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.taken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_find_no_place_beyond_the_room() {
        let room = Arc::new(Room::default());
        let most = room.place(ROOM_BYTES - 10).unwrap();
        assert!(room.place(11).is_none() && room.was_short() && !room.was_short());
        assert!(room.place(10).is_some(), "what was refused takes nothing");
        drop(most);
        assert_eq!(room.taken.load(Ordering::Relaxed), 0);
        assert!(room.place(ROOM_BYTES + 1).is_none() && !room.was_short(), "nothing would make room for it");
    }
}
