//! LIMIT and OFFSET of a query's answer, and FETCH FIRST … WITH TIES: rows are numbered in their order and filtered by their numbers,
//! where DataFusion's limit wants constants and knows no ties.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, Result, ScalarValue};
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::functions_window::rank::rank_udwf;
use datafusion::functions_window::row_number::row_number_udwf;
use datafusion::logical_expr::expr::{Sort as SortExpr, WindowFunction};
use datafusion::logical_expr::{Expr, Limit, LogicalPlan, LogicalPlanBuilder, Projection, WindowUDF, cast};

use super::conditions::has_query;

/// The alias of a query with a limit that ties pass.
pub(super) const TIES: &str = "\u{1}with ties";

/// Replaces the limits that are no constants and those with ties.
pub(super) fn counted(plan: LogicalPlan) -> Result<LogicalPlan> {
    let counted = plan.transform_down_with_subqueries(|node| match &node {
        LogicalPlan::SubqueryAlias(alias) if alias.alias.table() == TIES => match alias.input.as_ref() {
            LogicalPlan::Limit(limit) => {
                let input = filtered(&limit.input, limit, true)?;
                LogicalPlanBuilder::from(input).alias(alias.alias.clone())?.build().map(Transformed::yes)
            }
            _ => Ok(Transformed::no(node)),
        },
        LogicalPlan::Limit(limit) if [&limit.skip, &limit.fetch].into_iter().flatten().any(|count| has_query(count)) => {
            filtered(&limit.input, limit, false).map(Transformed::yes)
        }
        _ => Ok(Transformed::no(node)),
    });
    counted.map(|counted| counted.data)
}

/// The rows of a plan that the limit lets through, in their order. What is ordered may stand under what picks its columns.
fn filtered(plan: &LogicalPlan, limit: &Limit, ties: bool) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::Projection(projection) if is_ordered(&projection.input) => {
            let input = filtered(&projection.input, limit, ties)?;
            Ok(LogicalPlan::Projection(Projection::try_new(projection.expr.clone(), Arc::new(input))?))
        }
        LogicalPlan::Sort(sort) => {
            let numbered = numbered(&sort.input, &sort.expr, limit, ties)?;
            let columns = sort.input.schema().columns().into_iter().map(Expr::Column);
            LogicalPlanBuilder::from(numbered).sort(sort.expr.clone())?.project(columns)?.build()
        }
        other => {
            let columns = other.schema().columns().into_iter().map(Expr::Column);
            LogicalPlanBuilder::from(numbered(other, &[], limit, ties)?).project(columns)?.build()
        }
    }
}

fn is_ordered(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Sort(_) => true,
        LogicalPlan::Projection(projection) => is_ordered(&projection.input),
        _ => false,
    }
}

fn numbered(input: &LogicalPlan, order: &[SortExpr], limit: &Limit, ties: bool) -> Result<LogicalPlan> {
    let over = |function: Arc<WindowUDF>, name: &str| {
        let mut call = WindowFunction::new(function, vec![]);
        call.params.order_by = order.to_vec();
        Expr::WindowFunction(Box::new(call)).alias(name)
    };
    let (row, rank) = ("\u{1}row", "\u{1}rank");
    let mut calls = vec![over(row_number_udwf(), row)];
    if ties {
        calls.push(over(rank_udwf(), rank));
    }
    let number = |name: &str| cast(Expr::Column(Column::from_name(name)), DataType::Int64);
    let whole = |count: i64| Expr::Literal(ScalarValue::Int64(Some(count)), None);
    let skipped =
        limit.skip.as_ref().map_or_else(|| whole(0), |skip| coalesce(vec![cast(skip.as_ref().clone(), DataType::Int64), whole(0)]));
    let mut passes = number(row).gt(skipped.clone());
    if let Some(fetch) = &limit.fetch {
        let fetch = cast(fetch.as_ref().clone(), DataType::Int64);
        let place = number(if ties { rank } else { row });
        passes = passes.and(fetch.clone().is_null().or((place - skipped).lt_eq(fetch)));
    }
    LogicalPlanBuilder::from(input.clone()).window(calls)?.filter(passes)?.build()
}
