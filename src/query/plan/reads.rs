//! Which columns of which relations a statement names: what a right to single columns is measured by.
//!
//! As in PostgreSQL every column counts that an expression mentions, also one whose value is not needed in the end. The plan is looked
//! at before it is optimised, while all that was written is still in it. A node that is not known here counts as one that mentions
//! every column below it. Inside a view nothing counts: its own query was looked at when it was planned.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, Result};
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::{Distinct, Expr, JoinType, LogicalPlan, Projection, TableScan, TableSource};

use super::forms::PASSED_ON;
use super::origin;
use crate::catalog::Oid;
use crate::guard::GuardedTable;
use crate::query::errors::unwrap;

/// Numbers of columns by relation; a relation of which no column is named is there with none.
pub(in crate::query) type Reads = BTreeMap<Oid, BTreeSet<u32>>;

/// What a plan's expressions name, and what it answers with.
///
/// # Errors
/// None that a user can cause.
pub(in crate::query) fn of(plan: &LogicalPlan) -> crate::error::Result<Reads> {
    let mut reads = Reads::new();
    visit(plan, &mut Vec::new(), &mut reads).map_err(unwrap)?;
    all(plan, &mut reads);
    Ok(reads)
}

fn visit<'a>(plan: &'a LogicalPlan, above: &mut Vec<&'a LogicalPlan>, reads: &mut Reads) -> Result<()> {
    if let Some(view) = view(plan) {
        reads.entry(view).or_default();
        return Ok(());
    }
    if let LogicalPlan::TableScan(scan) = plan {
        if let Some(oid) = table(scan) {
            reads.entry(oid).or_default();
        }
        return Ok(());
    }
    if let Some(passing) = passing(plan) {
        return visit(&passing.input, above, reads);
    }
    above.push(plan);
    plan.apply_expressions(|expr| {
        expr.apply(|inner| {
            match inner {
                Expr::Column(column) => name(plan, column, reads),
                Expr::OuterReferenceColumn(_, column) => {
                    // It stands for a column of some query around this one.
                    for outer in above.iter().rev() {
                        name(outer, column, reads);
                    }
                }
                _ => {}
            }
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    let mut subqueries = Vec::new();
    plan.apply_expressions(|expr| {
        expr.apply(|inner| {
            match inner {
                Expr::ScalarSubquery(subquery) => subqueries.push(subquery.subquery.clone()),
                Expr::Exists(exists) => subqueries.push(exists.subquery.subquery.clone()),
                Expr::InSubquery(within) => subqueries.push(within.subquery.subquery.clone()),
                Expr::SetComparison(compared) => subqueries.push(compared.subquery.subquery.clone()),
                _ => {}
            }
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    for subquery in &subqueries {
        let mut around: Vec<&LogicalPlan> = above.clone();
        visit(subquery, &mut around, reads)?;
        all(subquery, reads);
    }
    for input in plan.inputs() {
        visit(input, above, reads)?;
    }
    above.pop();
    Ok(())
}

/// Counts a column that an expression of a node names.
fn name(node: &LogicalPlan, column: &Column, reads: &mut Reads) {
    for input in node.inputs() {
        if let Some(at) = input.schema().maybe_index_of_column(column) {
            trace(input, at, reads);
        }
    }
}

/// Counts every column of a node.
fn all(plan: &LogicalPlan, reads: &mut Reads) {
    (0..plan.schema().fields().len()).for_each(|at| trace(plan, at, reads));
}

/// Counts the relation's column that a node's column is, where the node only passes it on. A node that computes its columns names what
/// it computes them from, and was counted by that.
fn trace(plan: &LogicalPlan, at: usize, reads: &mut Reads) {
    if let Some(view) = view(plan) {
        count(view, u32::try_from(at + 1).unwrap_or(u32::MAX), reads);
        return;
    }
    match plan {
        LogicalPlan::TableScan(scan) => {
            if let Some(oid) = table(scan)
                && let Some(number) = column(scan, at)
            {
                count(oid, number, reads);
            }
        }
        LogicalPlan::Projection(node) => {
            if passing(plan).is_some()
                && let Some(Expr::Column(column)) = node.expr.get(at).map(|expr| expr.clone().unalias())
                && let Some(at) = node.input.schema().maybe_index_of_column(&column)
            {
                trace(&node.input, at, reads);
            }
        }
        LogicalPlan::Aggregate(_)
        | LogicalPlan::Values(_)
        | LogicalPlan::EmptyRelation(_)
        | LogicalPlan::Distinct(Distinct::On(_)) => {}
        LogicalPlan::Window(node) => {
            if at < node.input.schema().fields().len() {
                trace(&node.input, at, reads);
            }
        }
        LogicalPlan::SubqueryAlias(node) => trace(&node.input, at, reads),
        LogicalPlan::Filter(node) => trace(&node.input, at, reads),
        LogicalPlan::Sort(node) => trace(&node.input, at, reads),
        LogicalPlan::Limit(node) => trace(&node.input, at, reads),
        LogicalPlan::Repartition(node) => trace(&node.input, at, reads),
        LogicalPlan::Subquery(node) => trace(&node.subquery, at, reads),
        LogicalPlan::Distinct(Distinct::All(input)) => trace(input, at, reads),
        LogicalPlan::Union(node) => node.inputs.iter().for_each(|input| trace(input, at, reads)),
        LogicalPlan::RecursiveQuery(node) => {
            trace(&node.static_term, at, reads);
            trace(&node.recursive_term, at, reads);
        }
        LogicalPlan::Join(node) => {
            let left = node.left.schema().fields().len();
            match node.join_type {
                JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full if at >= left => {
                    trace(&node.right, at - left, reads);
                }
                JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => {
                    if at < node.right.schema().fields().len() {
                        trace(&node.right, at, reads);
                    }
                }
                JoinType::Inner
                | JoinType::Left
                | JoinType::Right
                | JoinType::Full
                | JoinType::LeftSemi
                | JoinType::LeftAnti
                | JoinType::LeftMark => {
                    if at < left {
                        trace(&node.left, at, reads);
                    }
                }
            }
        }
        // What becomes of the columns below is not known, so all of them count.
        other => other.inputs().into_iter().for_each(|input| all(input, reads)),
    }
}

/// A query that only stands for a table in FROM, and names no column by passing all of them on.
fn passing(plan: &LogicalPlan) -> Option<&Projection> {
    let LogicalPlan::Projection(node) = plan else { return None };
    let passes = |expr: &Expr| matches!(expr.clone().unalias(), Expr::Column(_));
    let mut below = node.input.as_ref();
    loop {
        below = match below {
            LogicalPlan::Filter(filter) => &filter.input,
            LogicalPlan::Projection(inner) if inner.expr.iter().all(passes) => &inner.input,
            LogicalPlan::SubqueryAlias(alias) if alias.alias.table() == PASSED_ON => {
                return node.expr.iter().all(passes).then_some(node);
            }
            _ => return None,
        };
    }
}

fn count(relation: Oid, number: u32, reads: &mut Reads) {
    reads.entry(relation).or_default().insert(number);
}

fn view(plan: &LogicalPlan) -> Option<Oid> {
    match plan {
        LogicalPlan::SubqueryAlias(node) => origin::view(node.alias.table()),
        _ => None,
    }
}

fn guarded<T>(source: &Arc<dyn TableSource>, take: impl FnOnce(&GuardedTable) -> T) -> Option<T> {
    let provider = source_as_provider(source).ok()?;
    let provider: &dyn datafusion::catalog::TableProvider = provider.as_ref();
    provider.downcast_ref::<GuardedTable>().map(take)
}

fn table(scan: &TableScan) -> Option<Oid> {
    of_source(&scan.source)
}

/// The table that a statement reads from a source.
pub(super) fn of_source(source: &Arc<dyn TableSource>) -> Option<Oid> {
    guarded(source, |table| table.table().oid)
}

/// The number of a scan's column.
fn column(scan: &TableScan, at: usize) -> Option<u32> {
    let at = scan.projection.as_ref().map_or(Some(at), |kept| kept.get(at).copied())?;
    let schema = scan.source.schema();
    let name = schema.fields().get(at)?.name();
    guarded(&scan.source, |table| table.table().column(name).map(|(_, column)| column.id))?
}
