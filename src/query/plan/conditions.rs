//! Sub-queries in a join's ON, which DataFusion plans and cannot run: they move to where it, or [`super::correlated`], can run them.
//!
//! An inner join's ON is a filter over it. An outer join's ON decides only what stands beside a row that stays in any case, so there a
//! sub-query is asked of the other side's rows before the join; or, of the staying side, as a column worked out before it; or, where it
//! names both sides, of the other side's rows once for each row that stays, as LATERAL is.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, ExprSchema, Result};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{Expr, Join, JoinType, LogicalPlan, LogicalPlanBuilder, Subquery};

use crate::error::{Error, Kind};
use crate::query::errors::{unwrap, wrap};

/// Moves every sub-query out of ON.
///
/// # Errors
/// 0A000 for a FULL JOIN by a sub-query that names both sides.
pub(super) fn lifted(plan: LogicalPlan) -> crate::error::Result<LogicalPlan> {
    plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::Join(join) if join.filter.as_ref().is_some_and(has_query) => lift(join).map(Transformed::yes),
        other => Ok(Transformed::no(other)),
    })
    .map(|lifted| lifted.data)
    .map_err(unwrap)
}

/// Whether an expression asks a query.
pub(super) fn has_query(expr: &Expr) -> bool {
    let query = |inner: &Expr| {
        Ok(matches!(inner, Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_) | Expr::SetComparison(_)))
    };
    expr.exists(query).unwrap_or(true)
}

fn lift(mut join: Join) -> Result<LogicalPlan> {
    let conditions = join.filter.take().map(split_conjunction_owned).unwrap_or_default();
    let (asking, plain): (Vec<Expr>, Vec<Expr>) = conditions.into_iter().partition(has_query);
    join.filter = conjunction(plain);
    match join.join_type {
        JoinType::Inner => filtered(LogicalPlan::Join(join), asking),
        JoinType::Left => outer(join, asking),
        JoinType::Right => {
            let columns: Vec<Expr> = join.schema.columns().into_iter().map(Expr::Column).collect();
            let on = join.on.into_iter().map(|(left, right)| (right, left)).collect();
            let turned = Join::try_new(
                join.right,
                join.left,
                on,
                join.filter,
                JoinType::Left,
                join.join_constraint,
                join.null_equality,
                join.null_aware,
            )?;
            LogicalPlanBuilder::from(outer(turned, asking)?).project(columns)?.build()
        }
        JoinType::Full => {
            let two_sided = |condition: &&Expr| names(condition, join.left.schema()) && names(condition, join.right.schema());
            if asking.iter().any(|condition| two_sided(&condition)) {
                let message = "FULL JOIN by a sub-query that names both sides is not supported";
                return Err(wrap(Error::new(Kind::FeatureNotSupported, message)));
            }
            let (of_left, of_right) = asking.into_iter().partition(|condition| names(condition, join.left.schema()));
            worked_out(join, of_left, of_right)
        }
        // No statement has these: they come from rules that run later.
        JoinType::LeftSemi
        | JoinType::RightSemi
        | JoinType::LeftAnti
        | JoinType::RightAnti
        | JoinType::LeftMark
        | JoinType::RightMark => filtered(LogicalPlan::Join(join), asking),
    }
}

/// A left join, whose left rows all stay.
fn outer(mut join: Join, asking: Vec<Expr>) -> Result<LogicalPlan> {
    let (of_left, of_right): (Vec<Expr>, Vec<Expr>) =
        asking.into_iter().partition(|condition| names(condition, join.left.schema()));
    let (of_both, of_left): (Vec<Expr>, Vec<Expr>) =
        of_left.into_iter().partition(|condition| names(condition, join.right.schema()));
    if !of_right.is_empty() {
        join.right = Arc::new(filtered(join.right.as_ref().clone(), of_right)?);
    }
    if !of_both.is_empty() {
        let left = join.left.schema().clone();
        let of_both = of_both.into_iter().map(|condition| asked_from_outside(condition, &left)).collect::<Result<Vec<_>>>()?;
        let plan = filtered(join.right.as_ref().clone(), of_both)?;
        let outer_ref_columns = plan.all_out_ref_exprs();
        join.right = Arc::new(LogicalPlan::Subquery(Subquery {
            subquery: Arc::new(plan),
            outer_ref_columns,
            spans: datafusion::common::Spans::new(),
        }));
    }
    worked_out(join, of_left, vec![])
}

/// A join by conditions that are columns of its sides, worked out before it.
fn worked_out(join: Join, of_left: Vec<Expr>, of_right: Vec<Expr>) -> Result<LogicalPlan> {
    if of_left.is_empty() && of_right.is_empty() {
        return Ok(LogicalPlan::Join(join));
    }
    let columns: Vec<Expr> = join.schema.columns().into_iter().map(Expr::Column).collect();
    let mut conditions: Vec<Expr> = join.filter.into_iter().collect();
    let mut with = |side: Arc<LogicalPlan>, asking: Vec<Expr>, mark: &str| -> Result<Arc<LogicalPlan>> {
        if asking.is_empty() {
            return Ok(side);
        }
        let own: Vec<Expr> = side.schema().columns().into_iter().map(Expr::Column).collect();
        let made = asking.into_iter().enumerate().map(|(at, condition)| {
            let name = format!("\u{1}{mark} {at}");
            conditions.push(Expr::Column(Column::from_name(name.clone())));
            condition.alias(name)
        });
        let columns: Vec<Expr> = own.into_iter().chain(made).collect();
        LogicalPlanBuilder::from(side.as_ref().clone()).project(columns)?.build().map(Arc::new)
    };
    let left = with(join.left, of_left, "left")?;
    let right = with(join.right, of_right, "right")?;
    let joined = Join::try_new(
        left,
        right,
        join.on,
        conjunction(conditions),
        join.join_type,
        join.join_constraint,
        join.null_equality,
        join.null_aware,
    )?;
    LogicalPlanBuilder::from(LogicalPlan::Join(joined)).project(columns)?.build()
}

fn filtered(plan: LogicalPlan, conditions: Vec<Expr>) -> Result<LogicalPlan> {
    match conjunction(conditions) {
        Some(condition) => LogicalPlanBuilder::from(plan).filter(condition)?.build(),
        None => Ok(plan),
    }
}

/// Whether an expression names a column of this side, itself or in a sub-query.
fn names(expr: &Expr, side: &DFSchema) -> bool {
    let found = expr.exists(|inner| {
        Ok(match inner {
            Expr::Column(column) => side.has_column(column),
            Expr::ScalarSubquery(query) => reads(query, side),
            Expr::Exists(exists) => reads(&exists.subquery, side),
            Expr::InSubquery(among) => reads(&among.subquery, side),
            Expr::SetComparison(compared) => reads(&compared.subquery, side),
            _ => false,
        })
    });
    found.unwrap_or(true)
}

/// Whether a sub-query, or one inside it, reads a column of this side.
fn reads(query: &Subquery, side: &DFSchema) -> bool {
    let mut found = false;
    let outcome = query.subquery.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|inner| {
                found |= matches!(inner, Expr::OuterReferenceColumn(_, column) if side.has_column(column));
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    found || outcome.is_err()
}

/// A condition in which the columns of this side are those of a row around the query.
fn asked_from_outside(condition: Expr, side: &DFSchema) -> Result<Expr> {
    condition
        .transform(|inner| match &inner {
            Expr::Column(column) if side.has_column(column) => {
                let field = side.field_from_column(column)?;
                Ok(Transformed::yes(Expr::OuterReferenceColumn(Arc::clone(field), column.clone())))
            }
            _ => Ok(Transformed::no(inner)),
        })
        .map(|asked| asked.data)
}
