//! What planning a statement found, kept so that running it, once or a thousand times, does not plan it again.
//!
//! It holds good for the catalog, the role and the settings that it was planned under. Rows are no part of it: each run opens the
//! plan's tables anew through the guard, at its own snapshot and with the rights of that moment. A plan in which the time of planning
//! or a table of another kind is fixed is not kept at all.

use std::fmt;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::logical_expr::{Expr, LogicalPlan, TableScan, Volatility};

use crate::catalog::Catalog;
use crate::error::Result;
use crate::guard::{Guard, GuardedTable};
use crate::policy::Identity;
use crate::query::errors::{unwrap, wrap};
use crate::query::insert;
use crate::query::plan::Planned;
use crate::query::settings::Version;

/// What a plan depends on beside the statement's text.
#[derive(Clone)]
pub(super) struct Basis {
    pub catalog: Arc<Catalog>,
    /// What says who may do what, which is newer than the catalog in a transaction of one snapshot.
    pub rights: Arc<Catalog>,
    pub settings: Version,
    pub identity: Identity,
}

impl Basis {
    /// Whether what was planned on the other holds here. Equal catalogs and settings are the same object, so this costs nothing.
    fn is(&self, other: &Basis) -> bool {
        Arc::ptr_eq(&self.catalog, &other.catalog)
            && Arc::ptr_eq(&self.rights, &other.rights)
            && self.settings.is(&other.settings)
            && self.identity == other.identity
    }
}

/// The part of a statement that needs no second look.
pub(super) enum Work {
    Query(Arc<Planned>),
    Insert(Arc<insert::Ready>),
}

/// Work with what it depends on.
pub(super) struct Kept {
    basis: Basis,
    work: Work,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("epoch", &self.basis.catalog.epoch).finish_non_exhaustive()
    }
}

impl Kept {
    /// A query's plan, which must be lasting.
    ///
    /// # Errors
    /// As [`closed`].
    pub(super) fn query(basis: Basis, planned: &Planned) -> Result<Kept> {
        Ok(Kept { basis, work: Work::Query(Arc::new(closed(planned)?)) })
    }

    /// An INSERT, which must be lasting.
    pub(super) fn insert(basis: Basis, ready: Arc<insert::Ready>) -> Kept {
        Kept { basis, work: Work::Insert(ready) }
    }

    /// The work, if it still holds.
    pub(super) fn work(&self, basis: &Basis) -> Option<&Work> {
        self.basis.is(basis).then_some(&self.work)
    }
}

/// Whether a plan means the same at any time, given the same catalog, role and settings.
pub(super) fn is_lasting(plan: &LogicalPlan) -> bool {
    let mut lasting = true;
    let walked = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && guarded(scan, |_| ()).is_none()
        {
            lasting = false;
        }
        node.apply_expressions(|expr| {
            lasting &= !expr.exists(|inner| Ok(may_change(inner)))?;
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(if lasting { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    });
    walked.is_ok() && lasting
}

/// Whether an expression can yield another value for the same row, as `now()` does.
pub(super) fn may_change(expr: &Expr) -> bool {
    match expr {
        Expr::ScalarFunction(call) => call.func.signature().volatility != Volatility::Immutable,
        _ => false,
    }
}

/// A lasting plan without the rows it was planned over: kept with them, an idle session would keep replaced files on the disk.
///
/// # Errors
/// None that a user can cause.
pub(super) fn closed(planned: &Planned) -> Result<Planned> {
    exchanged(planned, |table| Ok(Arc::new(table.closed())))
}

/// A lasting plan with its tables opened anew, at the guard's snapshot and with its rights.
///
/// # Errors
/// 42501 when the role may no longer read a table; XX001 for a damaged one.
pub(super) fn renewed(planned: &Planned, guard: &Guard) -> Result<Planned> {
    exchanged(planned, |table| guard.reopen(table))
}

/// The plan with another table in the place of each guarded one.
fn exchanged(planned: &Planned, make: impl Fn(&GuardedTable) -> Result<Arc<dyn TableProvider>>) -> Result<Planned> {
    let exchanged = planned.plan.clone().transform_down_with_subqueries(|node| {
        let LogicalPlan::TableScan(mut scan) = node else { return Ok(Transformed::no(node)) };
        match guarded(&scan, &make) {
            Some(provider) => {
                scan.source = provider_as_source(provider.map_err(wrap)?);
                Ok(Transformed::yes(LogicalPlan::TableScan(scan)))
            }
            None => Ok(Transformed::no(LogicalPlan::TableScan(scan))),
        }
    });
    exchanged.map(|exchanged| planned.with_plan(exchanged.data)).map_err(unwrap)
}

/// What is made of the guarded table that a scan reads; `None` if it reads something else.
fn guarded<T>(scan: &TableScan, make: impl FnOnce(&GuardedTable) -> T) -> Option<T> {
    let provider = source_as_provider(&scan.source).ok()?;
    let provider: &dyn TableProvider = provider.as_ref();
    provider.downcast_ref::<GuardedTable>().map(make)
}
