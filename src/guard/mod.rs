//! The only way from a statement to a table. Every name in every statement, through every door, becomes a table here or nowhere.
//!
//! The guard asks the policy room whether the identity may do what it wants, and wraps the scan so that nothing above can reach the
//! source below. It must never parse SQL or know a door. One [`Guard`] serves one statement: it holds one view of the store, so that
//! all tables of the statement are read at one instant.

mod table;

use std::sync::Arc;

use datafusion::catalog::TableProvider;

use crate::catalog::Table;
use crate::error::Result;
use crate::policy::{self, Action, Identity};
use crate::scan::TableScan;
use crate::store::View;

pub use table::GuardedTable;

/// One statement's way to tables.
#[derive(Clone)]
pub struct Guard {
    identity: Identity,
    view: View,
}

impl Guard {
    /// A guard for one statement of this identity over one view of the store.
    pub fn new(identity: Identity, view: View) -> Self {
        Guard { identity, view }
    }

    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The table as this identity may read it.
    ///
    /// # Errors
    /// 42501 when it may not; XX001 when the table's files are damaged.
    pub fn open(&self, table: &Arc<Table>) -> Result<Arc<dyn TableProvider>> {
        self.permit(Action::Select, table)?;
        let scan = TableScan::new(table, &self.view)?;
        Ok(Arc::new(GuardedTable::new(table.clone(), scan)))
    }

    /// A table that was let through before, as this identity may read it now.
    ///
    /// # Errors
    /// As [`Guard::open`].
    pub fn reopen(&self, table: &GuardedTable) -> Result<Arc<dyn TableProvider>> {
        self.open(table.table())
    }

    /// The rows of a reference table with the row numbers that changes name them by.
    ///
    /// # Errors
    /// 42501 when the identity may not read it.
    pub fn open_rows(&self, table: &Arc<Table>) -> Result<Arc<dyn TableProvider>> {
        self.permit(Action::Select, table)?;
        let scan = TableScan::with_row_numbers(table, &self.view)?;
        Ok(Arc::new(GuardedTable::new(table.clone(), scan)))
    }

    /// Whether this identity may do this to the table.
    ///
    /// # Errors
    /// 42501 with the reason.
    pub fn permit(&self, action: Action, table: &Table) -> Result<()> {
        policy::require(&self.identity, action, table)
    }
}
