//! Rights and policies that change while a statement runs: before each batch it is asked whether the reader may still see it.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::Guard;
use crate::catalog::{Catalog, Relation, Table};
use crate::error::{Error, Kind, Result};
use crate::policy::{self, Action, Identity, Reach};

/// The catalog in force, whatever a statement began with.
pub type Live = Arc<ArcSwap<Catalog>>;

/// What a reader was let through to, and by what.
pub(super) struct Watch {
    live: Live,
    /// The last catalog by which it was still so.
    known: ArcSwap<Catalog>,
    guard: Guard,
    table: Arc<Table>,
    /// Numbers of the columns of which the values may be read.
    readable: Vec<u32>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("table", &self.table.name).finish_non_exhaustive()
    }
}

impl Watch {
    pub(super) fn new(live: Live, guard: &Guard, table: &Arc<Table>) -> Watch {
        let may = |number: &u32| guard.permit_columns(Action::Select, table, &[*number]).is_ok();
        let readable = table.columns.iter().map(|column| column.id).filter(may).collect();
        let known = ArcSwap::new(guard.rights().clone());
        Watch { live, known, guard: guard.clone(), table: guard.newest(table), readable }
    }

    /// Whether the reader may go on.
    ///
    /// # Errors
    /// 40001 when what it may see of the table has changed since the statement began.
    pub(super) fn ensure(&self) -> Result<()> {
        let now = self.live.load_full();
        if Arc::ptr_eq(&now, &self.known.load()) {
            return Ok(());
        }
        if !self.is_unchanged(&now) {
            let message = format!("what the role may see of \"{}\" has changed while the statement ran", self.table.name.name);
            return Err(Error::new(Kind::SerializationFailure, message).with_hint("Run it again."));
        }
        self.known.store(now);
        Ok(())
    }

    fn is_unchanged(&self, now: &Arc<Catalog>) -> bool {
        // A table that is gone has nothing that could be said of it anew; its files are there until the reader has left.
        let Some(Relation::Table(table)) = now.relation_by_oid(self.table.oid) else { return true };
        let rules = |table: &Table| (table.protection.clone(), table.retention.clone(), table.holds.clone());
        let (guard, before) = (&self.guard, self.guard.rights());
        let again = |own: &Identity| Identity {
            limits: own.limits,
            system: own.system,
            ..Identity::of(now, own.session_oid, own.oid(), &own.session_role)
        };
        let (identity, reader) = (again(&guard.identity), again(&guard.reader));
        let masks = |identity: &Identity, catalog: &Catalog, table: &Table| {
            policy::masks(identity, catalog, table).into_iter().map(|(mask, role)| (mask.name.clone(), role)).collect::<Vec<_>>()
        };
        rules(table) == rules(&self.table)
            && identity.standing == guard.identity.standing
            && reader.standing == guard.reader.standing
            && policy::require(&identity, now, Action::Select, table, Reach::Columns(&self.readable)).is_ok()
            && policy::is_held_to_rows(&identity, now, table) == policy::is_held_to_rows(&guard.identity, before, &self.table)
            && masks(&reader, now, table) == masks(&guard.reader, before, &self.table)
    }
}
