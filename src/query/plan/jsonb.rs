//! `jsonb` and intervals where values are compared: comparisons, sorts, groups, DISTINCT and joins go by a key in the value's place, for
//! `jsonb` the one that `functions::json::order` tells of and for an interval how long it is. `json`, which has neither order nor
//! equality, is refused there.

use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, DFSchema};
use datafusion::functions_aggregate::first_last::first_value;
use datafusion::logical_expr::expr::{
    AggregateFunction, AggregateFunctionParams, InList, InSubquery, ScalarFunction, Sort as SortExpr, WindowFunction,
    WindowFunctionDefinition,
};
use datafusion::logical_expr::logical_plan::{Aggregate, Distinct, DistinctOn, Join, Sort};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, Operator, Subquery};

use super::{answers, values};
use crate::error::{Error, Kind};
use crate::query::errors::wrap;
use crate::query::functions::{self, SORT_KEY, WHOLE_ROW, cast};
use crate::value::{SqlType, Style};

type Planned<T> = datafusion::common::Result<T>;

fn type_of(expr: &Expr, schema: &DFSchema) -> Option<SqlType> {
    expr.to_field(schema).ok().map(|(_, field)| SqlType::of_field(&field))
}

/// The type of an expression whose values are compared by a key.
fn keyed(expr: &Expr, schema: &DFSchema) -> Option<SqlType> {
    type_of(expr, schema).filter(|own| matches!(own, SqlType::Jsonb | SqlType::Interval))
}

/// Whether a column's values are compared by a key.
pub(super) fn has_keyed(schema: &DFSchema) -> bool {
    schema.iter().any(|field| keyed(&Expr::Column(Column::from(field)), schema).is_some())
}

/// The key of a `jsonb` or an interval, with its type settled.
fn key(expr: Expr, schema: &DFSchema, style: &Style) -> Planned<Expr> {
    if type_of(&expr, schema) == Some(SqlType::Interval) {
        return values::length(expr, schema, style);
    }
    let missing = || Error::internal("the key of jsonb is not defined");
    let call = functions::operator(SORT_KEY, style).ok_or_else(|| wrap(missing()))?.call(vec![expr]);
    let Expr::ScalarFunction(unbound) = &call else { return Err(wrap(missing())) };
    functions::scalar::bind(unbound, schema).ok_or_else(|| wrap(missing()))?.map_err(wrap)
}

fn unordered(what: &str, sql_type: &SqlType) -> Error {
    let error = Error::new(Kind::UndefinedFunction, format!("could not identify {what} operator for type {sql_type}"));
    if what == "an ordering" { error.with_hint("Use an explicit ordering operator or modify the query.") } else { error }
}

/// The key where an expression is a `jsonb`, an error where it is a `json`, and the expression itself otherwise.
fn comparable(expr: Expr, schema: &DFSchema, style: &Style, what: &str) -> Planned<(Expr, bool)> {
    match type_of(&expr, schema) {
        Some(SqlType::Jsonb | SqlType::Interval) => Ok((key(expr, schema, style)?, true)),
        Some(json @ SqlType::Json) => Err(wrap(unordered(what, &json))),
        _ => Ok((expr, false)),
    }
}

/// The comparison of two documents; `None` where neither side is one.
pub(super) fn comparison(left: &Expr, op: Operator, right: &Expr, schema: &DFSchema, style: &Style) -> Planned<Option<Expr>> {
    let (Some(left_type), Some(right_type)) = (type_of(left, schema), type_of(right, schema)) else { return Ok(None) };
    let document = |side: &SqlType| matches!(side, SqlType::Json | SqlType::Jsonb | SqlType::Jsonpath);
    if !document(&left_type) && !document(&right_type) {
        return Ok(None);
    }
    let null = |side: &Expr| matches!(side, Expr::Literal(value, _) if value.is_null());
    let parameter = |side: &Expr| matches!(side, Expr::Placeholder(placeholder) if placeholder.field.is_none());
    if left_type == SqlType::Jsonb && right_type == SqlType::Jsonb {
        let left = Box::new(key(left.clone(), schema, style)?);
        let right = Box::new(key(right.clone(), schema, style)?);
        return Ok(Some(Expr::BinaryExpr(BinaryExpr { left, op, right })));
    }
    let json = [&left_type, &right_type].into_iter().any(|side| matches!(side, SqlType::Json | SqlType::Jsonpath));
    if !json && (null(left) || null(right) || parameter(left) || parameter(right)) {
        return Ok(None);
    }
    let op = if op == Operator::NotEq { "<>".to_owned() } else { op.to_string() };
    Err(wrap(
        Error::new(Kind::UndefinedFunction, format!("operator does not exist: {left_type} {op} {right_type}"))
            .with_hint("No operator matches the given name and argument types. You might need to add explicit type casts."),
    ))
}

/// `x IN (…)` over keys.
pub(super) fn in_list(list: InList, schema: &DFSchema, style: &Style) -> Planned<(InList, bool)> {
    let own = keyed(&list.expr, schema);
    if own.is_none() || !list.list.iter().all(|item| keyed(item, schema) == own) {
        return Ok((list, false));
    }
    let InList { expr, list, negated } = list;
    let list = list.into_iter().map(|item| key(item, schema, style)).collect::<Planned<_>>()?;
    Ok((InList { expr: Box::new(key(*expr, schema, style)?), list, negated }, true))
}

/// `x IN (SELECT …)` over keys.
pub(super) fn in_subquery(given: InSubquery, schema: &DFSchema, style: &Style) -> Planned<Transformed<Expr>> {
    let inner = given.subquery.subquery.schema().clone();
    let column = Expr::Column(Column::from(inner.qualified_field(0)));
    let own = keyed(&given.expr, schema);
    if own.is_none() || keyed(&column, &inner) != own {
        return Ok(Transformed::no(Expr::InSubquery(given)));
    }
    let plan =
        LogicalPlanBuilder::from(given.subquery.subquery.as_ref().clone()).project(vec![key(column, &inner, style)?])?.build()?;
    let subquery = Subquery { subquery: Arc::new(plan), ..given.subquery };
    let expr = Box::new(key(*given.expr, schema, style)?);
    Ok(Transformed::yes(Expr::InSubquery(InSubquery { expr, subquery, negated: given.negated })))
}

/// The operand of a CASE and what it is compared with.
pub(super) fn operands<'e>(among: impl Iterator<Item = &'e mut Expr>, schema: &DFSchema, style: &Style) -> Planned<bool> {
    let mut changed = false;
    for place in among {
        let (expr, did) = comparable(std::mem::take(place), schema, style, "an equality")?;
        *place = expr;
        changed |= did;
    }
    Ok(changed)
}

/// Whether a call stands for a whole row.
pub(super) fn is_whole_row(call: &ScalarFunction) -> bool {
    call.func.name() == WHOLE_ROW
}

/// A whole row, now that the columns are known.
pub(super) fn whole_row(call: &ScalarFunction, schema: &DFSchema) -> Planned<Expr> {
    #[expect(deprecated, reason = "nothing else names all columns of a table inside an expression")]
    let Some(Expr::Wildcard { qualifier: Some(table), .. }) = call.args.first() else {
        return Err(wrap(Error::internal("a whole row is not that of a table")));
    };
    let (names, columns): (Vec<String>, Vec<Expr>) = schema
        .iter()
        .filter(|(qualifier, _)| qualifier.is_some_and(|own| own == table))
        .map(|(qualifier, field)| (field.name().clone(), Expr::Column(Column::from((qualifier, field)))))
        .unzip();
    if columns.is_empty() {
        return Err(wrap(Error::new(Kind::FeatureNotSupported, format!("a whole row of \"{table}\" is not supported here"))));
    }
    Ok(functions::row(names, columns))
}

fn sorts(sorts: Vec<SortExpr>, schema: &DFSchema, style: &Style) -> Planned<(Vec<SortExpr>, bool)> {
    let mut changed = false;
    let mut out = Vec::with_capacity(sorts.len());
    for sort in sorts {
        let (expr, did) = comparable(sort.expr, schema, style, "an ordering")?;
        changed |= did;
        out.push(SortExpr { expr, ..sort });
    }
    Ok((out, changed))
}

/// An aggregate's own ORDER BY and DISTINCT, and the documents that it makes.
pub(super) fn aggregate(call: AggregateFunction, schema: &DFSchema, style: &Style) -> Planned<Transformed<Expr>> {
    let AggregateFunctionParams { args, order_by, distinct, .. } = &call.params;
    if *distinct && order_by.iter().any(|sort| !args.contains(&sort.expr)) {
        let message = "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list";
        return Err(wrap(Error::new(Kind::InvalidColumnReference, message)));
    }
    let (call, changed) = aggregate_call(call, schema, style)?;
    Ok(Transformed::new_transformed(Expr::AggregateFunction(call), changed))
}

fn aggregate_call(call: AggregateFunction, schema: &DFSchema, style: &Style) -> Planned<(AggregateFunction, bool)> {
    if let Some(bound) = functions::bind_json_aggregate(&call, schema, style) {
        let bound = bound.map_err(wrap)?;
        // A DISTINCT one sorts what it has gathered itself.
        if bound.params.distinct {
            return Ok((bound, true));
        }
        return aggregate_call(bound, schema, style).map(|(call, _)| (call, true));
    }
    if let Some(bound) = functions::bind_aggregate(&call, schema) {
        return aggregate_call(bound.map_err(wrap)?, schema, style).map(|(call, _)| (call, true));
    }
    let AggregateFunction { func, params } = call;
    let AggregateFunctionParams { mut args, distinct, filter, order_by, null_treatment } = params;
    let mut changed = false;
    if distinct && func.name() == "count" {
        let mut keys = Vec::with_capacity(args.len());
        for arg in args {
            let (arg, did) = comparable(arg, schema, style, "an equality")?;
            changed |= did;
            keys.push(arg);
        }
        args = keys;
    }
    let (order_by, sorted) = if distinct { (order_by, false) } else { sorts(order_by, schema, style)? };
    let params = AggregateFunctionParams { args, distinct, filter, order_by, null_treatment };
    Ok((AggregateFunction { func, params }, changed || sorted))
}

/// A window's PARTITION BY and ORDER BY, and the documents that an aggregate over it makes.
pub(super) fn window(mut call: WindowFunction, schema: &DFSchema, style: &Style) -> Planned<Transformed<Expr>> {
    let mut changed = false;
    if call.params.distinct {
        return Err(wrap(Error::new(Kind::FeatureNotSupported, "DISTINCT is not implemented for window functions")));
    }
    if let WindowFunctionDefinition::AggregateUDF(func) = &call.fun {
        let params = AggregateFunctionParams {
            args: call.params.args.clone(),
            distinct: call.params.distinct,
            filter: None,
            order_by: vec![],
            null_treatment: None,
        };
        let (bound, did) = aggregate_call(AggregateFunction { func: func.clone(), params }, schema, style)?;
        if did {
            call.fun = WindowFunctionDefinition::AggregateUDF(bound.func);
            call.params.args = bound.params.args;
            changed = true;
        }
    }
    let mut partitions = Vec::with_capacity(call.params.partition_by.len());
    for expr in std::mem::take(&mut call.params.partition_by) {
        let (expr, did) = comparable(expr, schema, style, "an equality")?;
        changed |= did;
        partitions.push(expr);
    }
    call.params.partition_by = partitions;
    let (order_by, did) = sorts(std::mem::take(&mut call.params.order_by), schema, style)?;
    call.params.order_by = order_by;
    Ok(Transformed::new_transformed(Expr::WindowFunction(Box::new(call)), changed || did))
}

/// A node that sorts, groups or joins.
pub(super) fn node(plan: LogicalPlan, style: &Style) -> Planned<Transformed<LogicalPlan>> {
    match plan {
        LogicalPlan::Sort(Sort { expr, input, fetch }) => {
            let (expr, changed) = sorts(expr, input.schema(), style)?;
            Ok(Transformed::new_transformed(LogicalPlan::Sort(Sort { expr, input, fetch }), changed))
        }
        LogicalPlan::Aggregate(aggregate) => grouped(aggregate, vec![], style),
        window @ LogicalPlan::Window(_) => answers::kept(window),
        LogicalPlan::Distinct(Distinct::All(input)) => {
            let schema = input.schema().clone();
            let columns: Vec<Expr> = schema.iter().map(|field| Expr::Column(Column::from(field))).collect();
            if let Some(json) = columns.iter().filter_map(|column| type_of(column, &schema)).find(|of| *of == SqlType::Json) {
                return Err(wrap(unordered("an equality", &json)));
            }
            if !has_keyed(&schema) {
                return Ok(Transformed::no(LogicalPlan::Distinct(Distinct::All(input))));
            }
            grouped(Aggregate::try_new(input, columns, vec![])?, vec![], style)
        }
        LogicalPlan::Distinct(Distinct::On(DistinctOn { on_expr, select_expr, sort_expr, input, schema })) => {
            let own = input.schema().clone();
            let mut changed = false;
            let mut keys = Vec::with_capacity(on_expr.len());
            for expr in on_expr {
                let (expr, did) = comparable(expr, &own, style, "an equality")?;
                changed |= did;
                keys.push(expr);
            }
            let sort_expr = sort_expr.map(|list| sorts(list, &own, style)).transpose()?.map(|(list, _)| list);
            let on = DistinctOn { on_expr: keys, select_expr, sort_expr, input, schema };
            Ok(Transformed::new_transformed(LogicalPlan::Distinct(Distinct::On(on)), changed))
        }
        LogicalPlan::Join(join) => joined(join, style),
        other => Ok(Transformed::no(other)),
    }
}

fn joined(mut join: Join, style: &Style) -> Planned<Transformed<LogicalPlan>> {
    let mut changed = false;
    for (left, right) in &mut join.on {
        let own = keyed(left, join.left.schema());
        if own.is_some() && keyed(right, join.right.schema()) == own {
            *left = key(left.clone(), join.left.schema(), style)?;
            *right = key(right.clone(), join.right.schema(), style)?;
            changed = true;
        }
    }
    Ok(Transformed::new_transformed(LogicalPlan::Join(join), changed))
}

/// Groups by the keys, and answers in the place of what was grouped by with the value of each group that is the first in an order, or that
/// comes first where there is none.
pub(super) fn grouped(aggregate: Aggregate, order: Vec<SortExpr>, style: &Style) -> Planned<Transformed<LogicalPlan>> {
    let schema = aggregate.input.schema().clone();
    if matches!(aggregate.group_expr.as_slice(), [Expr::GroupingSet(_)]) {
        return answers::kept(LogicalPlan::Aggregate(aggregate));
    }
    if let Some(json) = aggregate.group_expr.iter().filter_map(|expr| type_of(expr, &schema)).find(|of| *of == SqlType::Json) {
        return Err(wrap(unordered("an equality", &json)));
    }
    if !aggregate.group_expr.iter().any(|expr| keyed(expr, &schema).is_some()) {
        return answers::kept(LogicalPlan::Aggregate(aggregate));
    }
    let groups = aggregate.group_expr.len();
    let mut group_expr = Vec::with_capacity(groups);
    let mut aggr_expr = aggregate.aggr_expr.clone();
    // Where in the new aggregate's columns each old column is.
    let mut places = Vec::new();
    let mut firsts = 0;
    for (at, expr) in aggregate.group_expr.iter().enumerate() {
        if let Some(own) = keyed(expr, &schema) {
            group_expr.push(key(expr.clone(), &schema, style)?.alias(format!("key {at}")));
            aggr_expr.push(first_value(expr.clone().unalias(), order.clone()).alias(format!("first {at}")));
            places.push((groups + aggregate.aggr_expr.len() + firsts, Some(own)));
            firsts += 1;
        } else {
            group_expr.push(expr.clone());
            places.push((at, None));
        }
    }
    places.extend((0..aggregate.aggr_expr.len()).map(|at| (groups + at, None)));
    let old = aggregate.schema.clone();
    let inner = answers::kept(LogicalPlan::Aggregate(Aggregate::try_new(aggregate.input, group_expr, aggr_expr)?))?.data;
    let fields = inner.schema().clone();
    let columns = places.into_iter().zip(old.iter()).map(|((place, first), (qualifier, field))| {
        let column = Expr::Column(Column::from(fields.qualified_field(place)));
        let value = match first {
            Some(own) => cast::typed(column, own),
            None => column,
        };
        value.alias_qualified(qualifier.cloned(), field.name().clone())
    });
    let columns: Vec<Expr> = columns.collect();
    Ok(Transformed::yes(LogicalPlanBuilder::from(inner).project(columns)?.build()?))
}
