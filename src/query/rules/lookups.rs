//! The look-ups inside of policies: queries whose values the guard works out once for each statement.

use std::sync::Arc;

use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::InSubquery;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, LogicalPlanBuilder, Operator, Subquery};

use crate::error::{Error, Result};
use crate::guard::plans;
use crate::query::errors::{unwrap, wrap};

/// The error for a policy that reads what no policy may.
pub(super) fn elsewhere() -> Error {
    super::unsupported_lookup("a policy's predicate that looks elsewhere than into its row and into reference tables")
}

/// The condition with the plans of its look-ups closed, so that it can be kept.
pub(super) fn closed(condition: Expr) -> Result<Expr> {
    let closed = condition.transform_down(|inner| match inner {
        Expr::InSubquery(InSubquery { expr, subquery, negated }) => {
            let subquery = lookup(subquery).map_err(wrap)?;
            Ok(Transformed::new(Expr::InSubquery(InSubquery { expr, subquery, negated }), true, TreeNodeRecursion::Jump))
        }
        Expr::ScalarSubquery(subquery) => {
            let subquery = lookup(subquery).map_err(wrap)?;
            Ok(Transformed::new(Expr::ScalarSubquery(subquery), true, TreeNodeRecursion::Jump))
        }
        Expr::Exists(exists) => {
            let found = membership(exists.subquery).map_err(wrap)?;
            // There is such a row if the value is found; where it is NULL there is none.
            let found = if exists.negated { Expr::IsNotTrue(Box::new(found)) } else { Expr::IsTrue(Box::new(found)) };
            Ok(Transformed::new(found, true, TreeNodeRecursion::Jump))
        }
        Expr::SetComparison(_) | Expr::OuterReferenceColumn(..) => Err(wrap(elsewhere())),
        other => Ok(Transformed::no(other)),
    });
    closed.map(|closed| closed.data).map_err(unwrap)
}

/// Looks at every node of the queries inside of an expression.
pub(super) fn each_query(condition: &Expr, mut look: impl FnMut(&LogicalPlan) -> datafusion::common::Result<()>) -> Result<()> {
    let walked = condition.apply(|inner| {
        let (Expr::InSubquery(InSubquery { subquery, .. }) | Expr::ScalarSubquery(subquery)) = inner else {
            return Ok(TreeNodeRecursion::Continue);
        };
        subquery.subquery.apply_with_subqueries(|node| {
            look(node)?;
            Ok(TreeNodeRecursion::Continue)
        })
    });
    walked.map(drop).map_err(unwrap)
}

/// A query that means the same for every row, closed.
fn lookup(subquery: Subquery) -> Result<Subquery> {
    if !subquery.outer_ref_columns.is_empty() {
        return Err(correlated());
    }
    let mut guarded = true;
    subquery
        .subquery
        .apply_with_subqueries(|node| {
            guarded &= !matches!(node, LogicalPlan::TableScan(scan) if !plans::is_guarded(scan) && !plans::is_barred(scan));
            Ok(TreeNodeRecursion::Continue)
        })
        .map_err(unwrap)?;
    if !guarded {
        return Err(elsewhere());
    }
    let plan = plans::closed(&subquery.subquery)?;
    Ok(subquery.with_plan(Arc::new(plan)))
}

/// `EXISTS (SELECT … FROM r WHERE r.x = row.y AND …)` as `row.y IN (SELECT r.x FROM r WHERE …)`, which can be looked up once.
fn membership(subquery: Subquery) -> Result<Expr> {
    let mut plan = subquery.subquery.as_ref();
    while let LogicalPlan::Projection(projection) = plan {
        plan = projection.input.as_ref();
    }
    let LogicalPlan::Filter(filter) = plan else { return Err(correlated()) };
    let (mut sides, mut rest) = (None, Vec::new());
    for condition in split_conjunction(&filter.predicate) {
        if !has_outer(condition)? {
            rest.push(condition.clone());
            continue;
        }
        let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = condition else { return Err(correlated()) };
        let (inner, outer) = if has_outer(left)? { (right, left) } else { (left, right) };
        if sides.is_some() || has_outer(inner)? || outer.any_column_refs() {
            return Err(correlated());
        }
        sides = Some((inner.as_ref().clone(), of_row(outer)?));
    }
    let Some((inner, outer)) = sides else { return Err(correlated()) };
    let input = LogicalPlanBuilder::from(filter.input.as_ref().clone());
    let filtered = match rest.into_iter().reduce(Expr::and) {
        Some(rest) => input.filter(rest),
        None => Ok(input),
    };
    let plan = filtered.and_then(|builder| builder.project([inner])).and_then(LogicalPlanBuilder::build).map_err(unwrap)?;
    let found = Subquery { subquery: Arc::new(plan), outer_ref_columns: vec![], spans: subquery.spans };
    Ok(Expr::InSubquery(InSubquery { expr: Box::new(outer), subquery: lookup(found)?, negated: false }))
}

fn has_outer(expr: &Expr) -> Result<bool> {
    expr.exists(|inner| Ok(matches!(inner, Expr::OuterReferenceColumn(..)))).map_err(unwrap)
}

/// What a query says of the row around it, said by the row itself.
fn of_row(outer: &Expr) -> Result<Expr> {
    let own = outer.clone().transform_up(|inner| match inner {
        Expr::OuterReferenceColumn(_, column) => Ok(Transformed::yes(Expr::Column(Column::clone(&column)))),
        other => Ok(Transformed::no(other)),
    });
    own.map(|own| own.data).map_err(unwrap)
}

fn correlated() -> Error {
    super::unsupported_lookup("a policy's sub-query that depends on the row in any other way than by one equality in EXISTS")
}
