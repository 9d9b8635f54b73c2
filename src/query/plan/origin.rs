//! Which column of which table a result column is, as clients are told beside its name.
//!
//! A column keeps its origin through sub-queries, filters, joins, sorting and grouping, and loses it in any computation and in set
//! operations, as in PostgreSQL. A view's columns are the view's own.

use std::sync::Arc;

use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan, LogicalPlanBuilder, TableScan};

use crate::catalog::Oid;
use crate::error::Result;
use crate::guard::GuardedTable;
use crate::query::errors::unwrap;

/// A table's or view's oid and the column's number there.
pub type Origin = (Oid, i16);

/// In front of a view's oid in the alias that is put around its plan. No client can write it.
const VIEW: &str = "\u{1}view ";

/// The plan of a view, to be known again as that.
///
/// # Errors
/// None in practice: any plan can be named.
pub(super) fn marked(plan: LogicalPlan, view: Oid) -> Result<LogicalPlan> {
    LogicalPlanBuilder::from(plan).alias(format!("{VIEW}{view}")).and_then(LogicalPlanBuilder::build).map_err(unwrap)
}

/// The view that an alias of a plan marks.
pub(super) fn view(alias: &str) -> Option<Oid> {
    alias.strip_prefix(VIEW)?.parse().ok()
}

/// The origin of each column of a plan that has not been optimised.
pub(super) fn of(plan: &LogicalPlan) -> Arc<[Option<Origin>]> {
    (0..plan.schema().fields().len()).map(|at| origin(plan, at)).collect()
}

fn origin(plan: &LogicalPlan, at: usize) -> Option<Origin> {
    match plan {
        LogicalPlan::Projection(node) => of_expr(node.expr.get(at)?, &node.input),
        LogicalPlan::Aggregate(node) => of_expr(node.group_expr.get(at)?, &node.input),
        LogicalPlan::SubqueryAlias(node) => match node.alias.table().strip_prefix(VIEW) {
            Some(view) => Some((view.parse().ok()?, i16::try_from(at + 1).ok()?)),
            None => origin(&node.input, at),
        },
        LogicalPlan::Window(node) if at < node.input.schema().fields().len() => origin(&node.input, at),
        LogicalPlan::Filter(node) => origin(&node.input, at),
        LogicalPlan::Sort(node) => origin(&node.input, at),
        LogicalPlan::Limit(node) => origin(&node.input, at),
        LogicalPlan::Subquery(node) => origin(&node.subquery, at),
        LogicalPlan::Distinct(node) => origin(node.input(), at),
        LogicalPlan::Join(node) => {
            let left = node.left.schema().fields().len();
            match node.join_type {
                JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full if at >= left => origin(&node.right, at - left),
                JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => origin(&node.right, at),
                _ => origin(&node.left, at),
            }
        }
        LogicalPlan::TableScan(scan) => of_table(scan, at),
        // Everything else computes its columns or takes them from several places.
        _ => None,
    }
}

fn of_expr(expr: &Expr, input: &LogicalPlan) -> Option<Origin> {
    match expr {
        Expr::Column(column) => origin(input, input.schema().maybe_index_of_column(column)?),
        Expr::Alias(alias) => of_expr(&alias.expr, input),
        _ => None,
    }
}

fn of_table(scan: &TableScan, at: usize) -> Option<Origin> {
    let provider = source_as_provider(&scan.source).ok()?;
    let provider: &dyn datafusion::catalog::TableProvider = provider.as_ref();
    let table = provider.downcast_ref::<GuardedTable>()?.table();
    let at = scan.projection.as_ref().map_or(Some(at), |kept| kept.get(at).copied())?;
    // By name, as the scan carries hidden columns too.
    let name = scan.source.schema().fields().get(at)?.name().clone();
    let column = table.columns.iter().find(|column| column.name == name)?;
    Some((table.oid, i16::try_from(column.id).ok()?))
}
