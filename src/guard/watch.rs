//! Rights and policies that change while a statement runs: before each batch it is asked whether the reader may still see it.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::Guard;
use crate::catalog::{Catalog, Object, Privilege, Relation, Table};
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
    place: Place,
    /// Numbers of the columns of which the values may be read.
    readable: Vec<u32>,
}

/// Where rows come from.
enum Place {
    Table(Arc<Table>),
    /// A view or a function that reads with its owner's rights.
    Wall(Object, String),
}

impl Place {
    fn name(&self) -> &str {
        match self {
            Place::Table(table) => &table.name.name,
            Place::Wall(_, name) => name,
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("place", &self.place.name()).finish_non_exhaustive()
    }
}

impl Watch {
    pub(super) fn new(live: Live, guard: &Guard, table: &Arc<Table>) -> Watch {
        let may = |number: &u32| guard.permit_columns(Action::Select, table, &[*number]).is_ok();
        let readable = table.columns.iter().map(|column| column.id).filter(may).collect();
        let known = ArcSwap::new(guard.rights().clone());
        Watch { live, known, guard: guard.clone(), place: Place::Table(guard.newest(table)), readable }
    }

    /// Of what is read with its owner's rights: a view or a function.
    pub(super) fn of_wall(live: Live, guard: &Guard, object: Object, name: &str) -> Watch {
        let columns = match object {
            Object::Relation(oid) => guard.rights().relation_by_oid(oid).map_or(0, |view| view.columns().len()),
            Object::Function(_) | Object::Column(..) | Object::Schema(_) | Object::Database => 0,
        };
        let may = |number: &u32| matches!(object, Object::Relation(oid) if guard.may_read(oid, Reach::Columns(&[*number])));
        let readable = (1..).take(columns).filter(may).collect();
        let known = ArcSwap::new(guard.rights().clone());
        Watch { live, known, guard: guard.clone(), place: Place::Wall(object, name.to_owned()), readable }
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
            let message = format!("what the role may see of \"{}\" has changed while the statement ran", self.place.name());
            return Err(Error::new(Kind::SerializationFailure, message).with_hint("Run it again."));
        }
        self.known.store(now);
        Ok(())
    }

    fn is_unchanged(&self, now: &Arc<Catalog>) -> bool {
        match &self.place {
            Place::Table(table) => self.table_is_unchanged(table, now),
            Place::Wall(object, _) => self.wall_is_unchanged(*object, now),
        }
    }

    /// The same role by what is known of it now.
    fn again(own: &Identity, now: &Catalog) -> Identity {
        Identity { limits: own.limits, system: own.system, ..Identity::of(now, own.session_oid, own.oid(), &own.session_role) }
    }

    /// Whether what stands behind a wall is the same, read with the same rights, and open to the reader. One that is gone has nothing that
    /// could be said of it anew.
    fn wall_is_unchanged(&self, object: Object, now: &Catalog) -> bool {
        let before = self.guard.rights();
        let standing = Watch::again(&self.guard.identity, now).standing;
        let same = match object {
            Object::Relation(oid) => match (before.relation_by_oid(oid), now.relation_by_oid(oid)) {
                (_, None) => return true,
                (Some(Relation::View(old)), Some(Relation::View(view))) => {
                    (view.definer, &view.query) == (old.definer, &old.query)
                        && policy::may(&standing, now, oid, Privilege::Select, Reach::Columns(&self.readable))
                }
                (_, Some(_)) => false,
            },
            Object::Function(oid) => {
                let find = |catalog: &Catalog| catalog.functions().find(|function| function.oid == oid).cloned();
                match (find(before), find(now)) {
                    (_, None) => return true,
                    (old, Some(function)) => {
                        old.is_some_and(|old| (function.definer, &function.body) == (old.definer, &old.body))
                            && !policy::held(&standing, now, object, Privilege::Execute.into()).is_empty()
                    }
                }
            }
            Object::Column(..) | Object::Schema(_) | Object::Database => false,
        };
        same && now.owner(object) == before.owner(object)
    }

    fn table_is_unchanged(&self, before_table: &Arc<Table>, now: &Arc<Catalog>) -> bool {
        // A table that is gone has nothing that could be said of it anew; its files are there until the reader has left.
        let Some(Relation::Table(table)) = now.relation_by_oid(before_table.oid) else { return true };
        let (guard, before) = (&self.guard, self.guard.rights());
        let (identity, reader) = (Watch::again(&guard.identity, now), Watch::again(&guard.reader, now));
        let masks = |identity: &Identity, catalog: &Catalog, table: &Table| {
            policy::masks(identity, catalog, table).into_iter().map(|(mask, role)| (mask.name.clone(), role)).collect::<Vec<_>>()
        };
        table.rules() == before_table.rules()
            && identity.standing == guard.identity.standing
            && reader.standing == guard.reader.standing
            && policy::require(&identity, now, Action::Select, table, Reach::Columns(&self.readable)).is_ok()
            && policy::is_held_to_rows(&identity, now, table) == policy::is_held_to_rows(&guard.identity, before, before_table)
            && masks(&reader, now, table) == masks(&guard.reader, before, before_table)
    }
}
