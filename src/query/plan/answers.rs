//! The SQL types of what DataFusion's aggregates and array functions answer with, where only the metadata of a field tells them and
//! those functions drop it: without this, `array_agg` of uuids is an array of text.

use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan, LogicalPlanBuilder, Window, WindowFunctionDefinition};

use super::casts::type_of;
use crate::query::functions::cast;
use crate::value::SqlType;

/// Whether a type is lost when only its Arrow type is kept.
pub(super) fn needs_keeping(sql_type: &SqlType) -> bool {
    SqlType::of_arrow(&sql_type.arrow()) != *sql_type
}

/// The type of a call of an array function, where it would be lost or another.
pub(super) fn of_call(name: &str, args: &[Expr], schema: &DFSchema) -> Option<SqlType> {
    let arrays = || args.iter().filter_map(|arg| type_of(arg, schema)).filter(|own| matches!(own, SqlType::Array(_)));
    match name {
        "array_append" | "array_concat" | "array_prepend" | "array_remove_all" | "array_replace_all" | "array_slice" => {
            arrays().next().filter(needs_keeping)
        }
        "array_element" => match arrays().next() {
            Some(SqlType::Array(element)) => Some(*element).filter(needs_keeping),
            Some(_) | None => None,
        },
        "array_position" => Some(SqlType::Int4),
        "array_positions" => Some(SqlType::Array(Box::new(SqlType::Int4))),
        _ => None,
    }
}

/// The type of an aggregate's answer, where it would be lost.
fn of_aggregate(name: &str, args: &[Expr], schema: &DFSchema) -> Option<SqlType> {
    let own = type_of(args.first()?, schema)?;
    let answer = match name {
        "array_agg" => SqlType::Array(Box::new(own)),
        // PostgreSQL has these for `oid` and `text`, and takes what is like them.
        "min" | "max" => match own {
            SqlType::Reg(_) => SqlType::Oid,
            SqlType::Varchar(_) | SqlType::Name | SqlType::Char => SqlType::Text,
            own => own,
        },
        _ => return None,
    };
    needs_keeping(&answer).then_some(answer)
}

fn of_expression(expr: &Expr, schema: &DFSchema) -> Option<SqlType> {
    match expr {
        Expr::Alias(alias) => of_expression(&alias.expr, schema),
        Expr::AggregateFunction(call) => of_aggregate(call.func.name(), &call.params.args, schema),
        Expr::WindowFunction(call) => match &call.fun {
            WindowFunctionDefinition::AggregateUDF(func) => of_aggregate(func.name(), &call.params.args, schema),
            WindowFunctionDefinition::WindowUDF(func) => (func.name() == "ntile").then_some(SqlType::Int4),
        },
        _ => None,
    }
}

/// A node that aggregates, with the types of its answers kept by a projection above it.
pub(super) fn kept(plan: LogicalPlan) -> datafusion::common::Result<Transformed<LogicalPlan>> {
    let (made, input) = match &plan {
        LogicalPlan::Aggregate(Aggregate { aggr_expr, input, .. }) => (aggr_expr, input),
        LogicalPlan::Window(Window { window_expr, input, .. }) => (window_expr, input),
        _ => return Ok(Transformed::no(plan)),
    };
    let types: Vec<Option<SqlType>> = made.iter().map(|expr| of_expression(expr, input.schema())).collect();
    if types.iter().all(Option::is_none) {
        return Ok(Transformed::no(plan));
    }
    let schema = plan.schema().clone();
    // What is made stands behind what is grouped by, or handed on.
    let first = schema.fields().len() - types.len();
    let columns = schema.iter().enumerate().map(|(at, (qualifier, field))| {
        let column = Expr::Column(Column::from((qualifier, field)));
        match at.checked_sub(first).and_then(|made| types[made].clone()) {
            Some(answer) => cast::typed(column, answer).alias_qualified(qualifier.cloned(), field.name().clone()),
            None => column,
        }
    });
    let columns: Vec<Expr> = columns.collect();
    Ok(Transformed::yes(LogicalPlanBuilder::from(plan).project(columns)?.build()?))
}
