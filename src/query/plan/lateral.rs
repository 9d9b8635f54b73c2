//! LATERAL: a query or function in FROM that names what stands before it. One that only filters by it is a join; any other is run once
//! for each different row before it, as a correlated sub-query is, and its rows are unnested beside that row.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, ExprSchema, NullHandling, Result, UnnestOptions};
use datafusion::execution::session_state::SessionState;
use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::{Expr, Join, JoinType, LogicalPlan, LogicalPlanBuilder, Subquery};
use datafusion::optimizer::OptimizerRule;
use datafusion::optimizer::decorrelate_lateral_join::DecorrelateLateralJoin;

use super::correlated::{Mode, PerRow, outer_references};
use crate::error::{Error, Kind};
use crate::query::errors::wrap;
use crate::query::functions::cast;
use crate::value::SqlType;

/// The column that the rows stand in until they are unnested.
const ROWS: &str = "\u{1}rows";

/// A join with a lateral query on its right as a projection; any other plan as it is.
pub(super) fn flattened(plan: LogicalPlan, state: &SessionState, now_us: i64) -> Result<Transformed<LogicalPlan>> {
    match plan {
        LogicalPlan::Join(join) => match lateral(&join.right) {
            Some(subquery) => match joined(&join, subquery, state)? {
                Some(joined) => Ok(Transformed::yes(joined)),
                None => Ok(Transformed::yes(flat(&join, subquery, state, now_us)?)),
            },
            None => Ok(Transformed::no(LogicalPlan::Join(join))),
        },
        other => Ok(Transformed::no(other)),
    }
}

/// The lateral query that a join's right side is.
fn lateral(right: &LogicalPlan) -> Option<&Subquery> {
    match right {
        LogicalPlan::Subquery(subquery) => Some(subquery),
        LogicalPlan::SubqueryAlias(alias) => lateral(&alias.input),
        _ => None,
    }
}

/// The join that DataFusion's own rule makes of a lateral query whose outer columns stand in conditions only; `None` where it cannot.
/// What sorts, limits, aggregates or counts the rows of one outer row is none of these.
fn joined(join: &Join, subquery: &Subquery, state: &SessionState) -> Result<Option<LogicalPlan>> {
    let other = subquery.subquery.exists(|node| {
        let plain = matches!(
            node,
            LogicalPlan::Projection(_)
                | LogicalPlan::Filter(_)
                | LogicalPlan::TableScan(_)
                | LogicalPlan::Values(_)
                | LogicalPlan::SubqueryAlias(_)
        );
        let mut nested = false;
        node.apply_subqueries(|_| {
            nested = true;
            Ok(TreeNodeRecursion::Stop)
        })?;
        Ok(!plain || nested)
    })?;
    // Columns of a query further out are none that a join can see.
    let (references, through) = outer_references(&subquery.subquery)?;
    let before =
        |reference: &Expr| matches!(reference, Expr::OuterReferenceColumn(_, column) if join.left.schema().has_column(column));
    if other || through || references.is_empty() || !references.iter().all(before) {
        return Ok(None);
    }
    let columns: Vec<Expr> = join.schema.columns().into_iter().map(Expr::Column).collect();
    // A column that the rule hands up may take the name of another; then there is no such plan.
    let rewritten = DecorrelateLateralJoin::new().rewrite(LogicalPlan::Join(join.clone()), state);
    let Some(rewritten) = rewritten.ok().filter(|rewritten| rewritten.transformed) else { return Ok(None) };
    Ok(LogicalPlanBuilder::from(rewritten.data).project(columns).and_then(LogicalPlanBuilder::build).ok())
}

fn flat(join: &Join, subquery: &Subquery, state: &SessionState, now_us: i64) -> Result<LogicalPlan> {
    let handling = match join.join_type {
        JoinType::Inner => NullHandling::Drop,
        JoinType::Left => NullHandling::Preserve,
        _ => {
            let message = "the combining JOIN type must be INNER or LEFT for a LATERAL reference";
            return Err(wrap(Error::new(Kind::InvalidColumnReference, message)));
        }
    };
    let inner = with_condition(join, subquery)?;
    let left = join.left.schema().clone();
    let call = PerRow::call(Mode::Rows, &inner, state, now_us, |column| left.has_column(column))?;
    let before: Vec<Expr> = left.columns().into_iter().map(Expr::Column).collect();
    let rows = Column::from_name(ROWS);
    let unnested = LogicalPlanBuilder::from(join.left.as_ref().clone())
        .project(before.iter().cloned().chain([call.alias(ROWS)]))?
        .unnest_columns_with_options(vec![rows.clone()], UnnestOptions::new().with_null_handling(handling))?;
    let parts = join.right.schema().iter().enumerate().map(|(at, (qualifier, field))| {
        let part = get_field(Expr::Column(rows.clone()), format!("c{at}"));
        cast::typed(part, SqlType::of_field(field)).alias_qualified(qualifier.cloned(), field.name())
    });
    unnested.project(before.into_iter().chain(parts))?.build()
}

/// The query with the join's condition as a filter over it, in which the columns before it are outer ones.
fn with_condition(join: &Join, subquery: &Subquery) -> Result<Subquery> {
    let pairs = join.on.iter().map(|(left, right)| left.clone().eq(right.clone()));
    let condition = pairs.chain(join.filter.iter().cloned()).reduce(Expr::and);
    let (left, right) = (join.left.schema(), join.right.schema());
    let plan = match condition {
        None => subquery.subquery.as_ref().clone(),
        Some(condition) => {
            let own = subquery.subquery.schema();
            let condition = condition.transform(|expr| {
                let Expr::Column(column) = &expr else { return Ok(Transformed::no(expr)) };
                if let Some(at) = right.maybe_index_of_column(column) {
                    return Ok(Transformed::yes(Expr::Column(Column::from(own.qualified_field(at)))));
                }
                let field = left.field_from_column(column)?;
                Ok(Transformed::yes(Expr::OuterReferenceColumn(Arc::new(field.as_ref().clone()), column.clone())))
            })?;
            LogicalPlanBuilder::from(subquery.subquery.as_ref().clone()).filter(condition.data)?.build()?
        }
    };
    let (outer_ref_columns, _) = outer_references(&plan)?;
    Ok(Subquery { subquery: Arc::new(plan), outer_ref_columns, spans: subquery.spans.clone() })
}
