//! What planning a statement found, kept so that running it, once or a thousand times, does not plan it again.
//!
//! It holds good for the catalog, the role and the settings that it was planned under. Rows are no part of it: each run opens the
//! plan's tables anew through the guard, at its own snapshot and with the rights of that moment. A plan in which the time of planning
//! or a table of another kind is fixed is not kept at all.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan, Volatility};

use crate::catalog::Catalog;
use crate::error::Result;
use crate::guard::{Guard, plans};
use crate::policy::Identity;
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
    /// A plan, and whether it reads tables, which have to be opened then.
    Query(Arc<Planned>, bool),
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
        Ok(Kept { basis, work: Work::Query(Arc::new(closed(planned)?), reads_tables(&planned.plan)) })
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
            && !plans::is_lasting(scan)
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

fn reads_tables(plan: &LogicalPlan) -> bool {
    let mut reads = false;
    let walked = plan.apply_with_subqueries(|node| {
        reads |= matches!(node, LogicalPlan::TableScan(_));
        Ok(if reads { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    reads || walked.is_err()
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
    plans::closed(&planned.plan).map(|plan| planned.with_plan(plan))
}

/// A lasting plan with its tables opened anew, at the guard's snapshot and with its rights.
///
/// # Errors
/// 42501 when the role may no longer read a table; XX001 for a damaged one.
pub(super) fn renewed(planned: &Planned, guard: &Guard) -> Result<Planned> {
    plans::reopened(&planned.plan, guard).map(|plan| planned.with_plan(plan))
}
