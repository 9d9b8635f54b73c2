//! Expressions that choose among values, and what they choose keeps its SQL type: CASE, COALESCE, NULLIF, GREATEST, LEAST; and
//! operators whose meaning depends on SQL types that DataFusion does not tell apart.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{Case, Expr, ExprSchemable, LogicalPlan, Operator, Projection};

use super::casts::{is_unknown, resolve_as};
use crate::query::functions::{self, cast};
use crate::value::{SqlType, Style};

/// Functions that answer with one of their arguments.
const CHOOSING: [&str; 6] = ["coalesce", "nullif", "greatest", "least", "nvl", "ifnull"];

/// Whole numbers that a query answers with as they were written are `integer`, as far as they fit: the planner holds every one to be
/// `bigint`.
pub(super) fn small_literals(plan: LogicalPlan) -> datafusion::common::Result<LogicalPlan> {
    match plan {
        LogicalPlan::Projection(Projection { expr, input, .. }) => {
            let narrowed = expr.into_iter().map(small_literal).collect();
            Ok(LogicalPlan::Projection(Projection::try_new(narrowed, input)?))
        }
        LogicalPlan::Sort(_) | LogicalPlan::Limit(_) => {
            plan.map_children(|child| small_literals(child).map(Transformed::yes))?.data.recompute_schema()
        }
        other => Ok(other),
    }
}

fn small_literal(expr: Expr) -> Expr {
    let name = expr.schema_name().to_string();
    let (literal, alias) = match expr {
        Expr::Alias(alias) => (*alias.expr.clone(), Some(alias)),
        other => (other, None),
    };
    let small = match &literal {
        Expr::Literal(ScalarValue::Int64(Some(value)), None) => i32::try_from(*value).ok(),
        _ => None,
    };
    match (small, alias) {
        (Some(value), _) => Expr::Literal(ScalarValue::Int32(Some(value)), None).alias(name),
        (None, Some(alias)) => Expr::Alias(alias),
        (None, None) => literal,
    }
}

/// The one SQL type of these expressions, literals and NULLs aside; `None` where they differ or none has one.
fn common_type<'e>(among: impl IntoIterator<Item = &'e Expr>, schema: &DFSchema) -> Option<SqlType> {
    let mut found: Option<SqlType> = None;
    for expr in among {
        if is_unknown(expr) {
            continue;
        }
        let (_, field) = expr.to_field(schema).ok()?;
        if *field.data_type() == DataType::Null {
            continue;
        }
        let own = SqlType::of_field(&field);
        match &found {
            Some(other) if *other != own => return None,
            Some(_) => {}
            None => found = Some(own),
        }
    }
    found
}

/// Whether a type is lost when only its Arrow type is kept.
fn needs_keeping(sql_type: &SqlType) -> bool {
    SqlType::of_arrow(&sql_type.arrow()) != *sql_type
}

pub(super) fn lower_case(case: Case, schema: &DFSchema, style: &Style) -> datafusion::common::Result<Transformed<Expr>> {
    let mut changed = false;
    let Case { expr, mut when_then_expr, mut else_expr } = case;
    if let Some(operand) = &expr
        && let Some(target) = common_type([operand.as_ref()], schema)
    {
        for (when, _) in &mut when_then_expr {
            resolve_in_place(when, &target, style, &mut changed)?;
        }
    }
    let results = when_then_expr.iter().map(|(_, then)| then.as_ref()).chain(else_expr.as_deref());
    let target = common_type(results, schema);
    if let Some(target) = &target {
        for (_, then) in &mut when_then_expr {
            resolve_in_place(then, target, style, &mut changed)?;
        }
        if let Some(otherwise) = &mut else_expr {
            resolve_in_place(otherwise, target, style, &mut changed)?;
        }
    }
    let whole = Expr::Case(Case { expr, when_then_expr, else_expr });
    match target {
        Some(target) if needs_keeping(&target) => Ok(Transformed::yes(cast::typed(whole, target))),
        _ => Ok(Transformed::new_transformed(whole, changed)),
    }
}

fn resolve_in_place(place: &mut Expr, target: &SqlType, style: &Style, changed: &mut bool) -> datafusion::common::Result<()> {
    if is_unknown(place) {
        let expr = std::mem::take(place);
        let (resolved, did) = resolve_as(expr, target.clone(), style)?;
        *place = resolved;
        *changed |= did;
    }
    Ok(())
}

/// A function of DataFusion's that answers with one of its arguments.
pub(super) fn lower_call(call: ScalarFunction, schema: &DFSchema, style: &Style) -> datafusion::common::Result<Transformed<Expr>> {
    let ScalarFunction { func, mut args } = call;
    // What an earlier lowering kept needs no second keeping.
    if let [inner] = args.as_slice()
        && cast::typed_as(inner).is_some()
        && cast::typed_as(&func.call(args.clone())) == cast::typed_as(inner)
    {
        return Ok(Transformed::yes(args.remove(0)));
    }
    if !CHOOSING.contains(&func.name()) {
        return Ok(Transformed::no(Expr::ScalarFunction(ScalarFunction { func, args })));
    }
    let mut changed = false;
    let target = common_type(args.iter(), schema);
    if let Some(target) = &target {
        for arg in &mut args {
            resolve_in_place(arg, target, style, &mut changed)?;
        }
    }
    let whole = Expr::ScalarFunction(ScalarFunction { func, args });
    match target {
        Some(target) if needs_keeping(&target) => Ok(Transformed::yes(cast::typed(whole, target))),
        _ => Ok(Transformed::new_transformed(whole, changed)),
    }
}

/// An operand of `||` as text, written as PostgreSQL's cast writes it.
pub(super) fn as_text(expr: Expr, schema: &DFSchema, style: &Style) -> datafusion::common::Result<(Expr, bool)> {
    let (_, field) = expr.to_field(schema)?;
    let source = SqlType::of_field(&field);
    let stays = matches!(source, SqlType::Array(_)) || *field.data_type() == DataType::Null || source.arrow() == DataType::Utf8View;
    if stays { Ok((expr, false)) } else { Ok((cast::call(expr, source, SqlType::Text, style), true)) }
}

/// Equality of two `jsonb`, which their texts do not decide.
pub(super) fn json_equality(left: &Expr, op: Operator, right: &Expr, schema: &DFSchema, style: &Style) -> Option<Expr> {
    let is_jsonb = |side: &Expr| side.to_field(schema).is_ok_and(|(_, field)| SqlType::of_field(&field) == SqlType::Jsonb);
    if !matches!(op, Operator::Eq | Operator::NotEq) || !is_jsonb(left) || !is_jsonb(right) {
        return None;
    }
    let call = functions::operator("jsonb_eq", style)?.call(vec![left.clone(), right.clone()]);
    let Expr::ScalarFunction(unbound) = &call else { return None };
    let bound = functions::scalar::bind(unbound, schema)?.ok()?;
    Some(if op == Operator::Eq { bound } else { Expr::Not(Box::new(bound)) })
}
/// An element of an `oidvector` or `int2vector`, whose elements are counted from 0. The vector becomes an array, so that a second look
/// does not count again.
pub(super) fn vector_element(mut call: ScalarFunction, schema: &DFSchema) -> datafusion::common::Result<Transformed<Expr>> {
    let [vector, at] = &call.args[..] else { return Ok(Transformed::no(Expr::ScalarFunction(call))) };
    let (_, field) = vector.to_field(schema)?;
    let SqlType::Vector(element) = SqlType::of_field(&field) else {
        return Ok(Transformed::no(Expr::ScalarFunction(call)));
    };
    let array = super::types::cast(vector.clone(), &SqlType::Array(element));
    let at = super::types::cast(at.clone(), &SqlType::Int8) + Expr::Literal(ScalarValue::Int64(Some(1)), None);
    call.args = vec![array, at];
    Ok(Transformed::yes(Expr::ScalarFunction(call)))
}
