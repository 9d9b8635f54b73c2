//! PostgreSQL's rules for types where DataFusion's differ: a string literal takes the type of what it is compared with, text becomes
//! a value through PostgreSQL's input functions and back through its output functions, and parameters take the type of their place.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::FieldRef;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::expr::{Between, InList, Placeholder};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{BinaryExpr, Cast, Expr, ExprSchemable, LogicalPlan, Operator};

use super::{Planned, values};
use crate::error::{Error, Kind, Result};
use crate::query::errors::{unwrap, wrap};
use crate::query::functions::{cast, scalar};
use crate::value::{ColumnBuilder, SqlType, Style};

/// Applies the rules to every expression of a plan and finds the types of its parameters.
pub(super) fn lower(plan: LogicalPlan, style: &Style, hints: &[Option<SqlType>]) -> Result<Planned> {
    // What is above a change may have another schema, although its own expressions stayed as they were.
    let changed = std::cell::Cell::new(false);
    let plan = plan
        .transform_up_with_subqueries(|node| {
            let schema = match &node {
                LogicalPlan::TableScan(_) => node.schema().as_ref().clone(),
                _ => merge_schema(&node.inputs()),
            };
            let names = NamePreserver::new(&node);
            let lowered = node.map_expressions(|expr| {
                let saved = names.save(&expr);
                let lowered = transform(expr, &schema, style)?;
                Ok(lowered.update_data(|expr| saved.restore(expr)))
            })?;
            changed.set(changed.get() || lowered.transformed);
            if changed.get() { lowered.map_data(LogicalPlan::recompute_schema) } else { Ok(lowered) }
        })
        .map_err(unwrap)?
        .data;
    parameters(plan, hints)
}

/// Applies the rules to one expression over a schema.
pub(super) fn lower_expression(expr: Expr, schema: &DFSchema, style: &Style) -> Result<Expr> {
    transform(expr, schema, style).map(|lowered| lowered.data).map_err(unwrap)
}

fn transform(expr: Expr, schema: &DFSchema, style: &Style) -> datafusion::common::Result<Transformed<Expr>> {
    expr.transform_up(|expr| match expr {
        Expr::Cast(cast) => lower_cast(cast, schema, style),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_comparison(op) => {
            let (left, left_changed) = resolve(*left, &right, schema, style)?;
            let (right, right_changed) = resolve(*right, &left, schema, style)?;
            if let Some(equality) = values::json_equality(&left, op, &right, schema, style) {
                return Ok(Transformed::yes(equality));
            }
            let whole = Expr::BinaryExpr(BinaryExpr { left: Box::new(left), op, right: Box::new(right) });
            Ok(Transformed::new_transformed(whole, left_changed || right_changed))
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::StringConcat, right }) => {
            let (left, left_changed) = values::as_text(*left, schema, style)?;
            let (right, right_changed) = values::as_text(*right, schema, style)?;
            let whole = BinaryExpr { left: Box::new(left), op: Operator::StringConcat, right: Box::new(right) };
            Ok(Transformed::new_transformed(Expr::BinaryExpr(whole), left_changed || right_changed))
        }
        Expr::Case(case) => values::lower_case(case, schema, style),
        Expr::ScalarFunction(call) => match scalar::bind(&call, schema) {
            Some(bound) => Ok(Transformed::yes(bound.map_err(wrap)?)),
            None => values::lower_call(call, schema, style),
        },
        Expr::InList(InList { expr, list, negated }) => {
            let mut changed = false;
            let mut resolved = Vec::with_capacity(list.len());
            for item in list {
                let (item, item_changed) = resolve(item, &expr, schema, style)?;
                changed |= item_changed;
                resolved.push(item);
            }
            Ok(Transformed::new_transformed(Expr::InList(InList { expr, list: resolved, negated }), changed))
        }
        Expr::Between(Between { expr, negated, low, high }) => {
            let (low, low_changed) = resolve(*low, &expr, schema, style)?;
            let (high, high_changed) = resolve(*high, &expr, schema, style)?;
            let between = Between { expr, negated, low: Box::new(low), high: Box::new(high) };
            Ok(Transformed::new_transformed(Expr::Between(between), low_changed || high_changed))
        }
        other => Ok(Transformed::no(other)),
    })
}

/// A literal or parameter of no type of its own takes the type of the other side.
fn resolve(expr: Expr, other: &Expr, schema: &DFSchema, style: &Style) -> datafusion::common::Result<(Expr, bool)> {
    if !is_unknown(&expr) || matches!(other, Expr::Literal(..)) {
        return Ok((expr, false));
    }
    let Ok((_, field)) = other.to_field(schema) else {
        return Ok((expr, false));
    };
    resolve_as(expr, SqlType::of_field(&field), style)
}

/// Whether an expression is a literal or parameter whose type its place decides.
pub(super) fn is_unknown(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(ScalarValue::Utf8(Some(_)) | ScalarValue::Utf8View(Some(_)), None))
        || matches!(expr, Expr::Placeholder(Placeholder { field: None, .. }))
}

/// A literal or parameter of no type of its own as this type; anything else as it is.
pub(super) fn resolve_as(expr: Expr, target: SqlType, style: &Style) -> datafusion::common::Result<(Expr, bool)> {
    match expr {
        Expr::Placeholder(Placeholder { id, field: None }) => {
            let field: FieldRef = Arc::new(target.field("", true));
            Ok((Expr::Placeholder(Placeholder { id, field: Some(field) }), true))
        }
        Expr::Literal(value, None) if value.try_as_str().flatten().is_some() && !is_text(&target) => {
            let text = value.try_as_str().flatten().unwrap_or_default().to_owned();
            Ok((constant(&text, &target, style).map_err(wrap)?, true))
        }
        other => Ok((other, false)),
    }
}

/// A cast by PostgreSQL's input or output function where text is on one side; DataFusion's own everywhere else.
fn lower_cast(cast: Cast, schema: &DFSchema, style: &Style) -> datafusion::common::Result<Transformed<Expr>> {
    let target = SqlType::of_field(&cast.field);
    if let Expr::Placeholder(Placeholder { id, field: None }) = *cast.expr {
        let field: FieldRef = Arc::new(target.field("", true));
        return Ok(Transformed::yes(Expr::Placeholder(Placeholder { id, field: Some(field) })));
    }
    if let Expr::Literal(ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)), _) = cast.expr.as_ref()
        && !is_text(&target)
    {
        return Ok(Transformed::yes(constant(text, &target, style).map_err(wrap)?));
    }
    let (_, field) = cast.expr.to_field(schema)?;
    let source = SqlType::of_field(&field);
    if cast::needs_function(&source, field.data_type(), &target) {
        return Ok(Transformed::yes(cast::call(*cast.expr, source, target, style)));
    }
    Ok(Transformed::no(Expr::Cast(cast)))
}

/// Operators whose two sides are of one type.
fn is_comparison(op: Operator) -> bool {
    matches!(
        op,
        Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom
    )
}

/// Types whose values are what was written, so that a literal needs no reading.
fn is_text(sql_type: &SqlType) -> bool {
    matches!(sql_type, SqlType::Text | SqlType::Varchar(_) | SqlType::Name | SqlType::Char)
}

/// The constant that a literal's text means as this type.
pub(crate) fn constant(text: &str, target: &SqlType, style: &Style) -> Result<Expr> {
    let mut builder = ColumnBuilder::new(target, 1);
    builder.append_text(text, style)?;
    let array = builder.finish();
    let value = ScalarValue::try_from_array(&array, 0).map_err(unwrap)?;
    let metadata = datafusion::common::metadata::FieldMetadata::from(&target.field("", true));
    Ok(Expr::Literal(value, Some(metadata)))
}

/// The types of `$1`, `$2`, …: what their place says, else what the client declared, else text.
fn parameters(plan: LogicalPlan, hints: &[Option<SqlType>]) -> Result<Planned> {
    let mut found: BTreeMap<usize, Option<SqlType>> = BTreeMap::new();
    plan.apply_with_subqueries(|node| {
        let fallback = if matches!(node, LogicalPlan::Limit(_)) { Some(SqlType::Int8) } else { None };
        node.apply_expressions(|expr| {
            expr.apply(|inner| {
                if let Expr::Placeholder(placeholder) = inner {
                    let number = number_of(&placeholder.id).map_err(wrap)?;
                    let own = placeholder.field.as_ref().map(|field| SqlType::of_field(field)).or_else(|| fallback.clone());
                    let slot = found.entry(number).or_default();
                    if slot.is_none() {
                        *slot = own;
                    }
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })
    .map_err(unwrap)?;
    let count = found.keys().next_back().copied().unwrap_or(0).max(hints.len());
    if count == 0 {
        return Ok(Planned { plan, optimised: false, parameters: vec![] });
    }
    let types: Vec<SqlType> = (1..=count)
        .map(|number| {
            let hint = hints.get(number - 1).cloned().flatten();
            hint.or_else(|| found.get(&number).cloned().flatten()).unwrap_or(SqlType::Text)
        })
        .collect();
    let plan = typed(plan, &types)?;
    Ok(Planned { plan, optimised: false, parameters: types })
}

/// Writes the types found into parameters that have none yet.
fn typed(plan: LogicalPlan, types: &[SqlType]) -> Result<LogicalPlan> {
    plan.transform_up_with_subqueries(|node| {
        let names = NamePreserver::new(&node);
        node.map_expressions(|expr| {
            let saved = names.save(&expr);
            let typed = expr.transform_up(|inner| match inner {
                Expr::Placeholder(Placeholder { id, field: None }) => {
                    let number = number_of(&id).map_err(wrap)?;
                    let sql_type = types.get(number - 1).cloned().unwrap_or(SqlType::Text);
                    let field: FieldRef = Arc::new(sql_type.field("", true));
                    Ok(Transformed::yes(Expr::Placeholder(Placeholder { id, field: Some(field) })))
                }
                other => Ok(Transformed::no(other)),
            })?;
            Ok(typed.update_data(|expr| saved.restore(expr)))
        })?
        .map_data(LogicalPlan::recompute_schema)
    })
    .map(|typed| typed.data)
    .map_err(unwrap)
}

/// The number behind the dollar, at most 65,535 as in PostgreSQL's protocol.
fn number_of(id: &str) -> Result<usize> {
    match id.strip_prefix('$').and_then(|number| number.parse::<u16>().ok()) {
        Some(number) if number > 0 => Ok(usize::from(number)),
        _ => Err(Error::new(Kind::UndefinedParameter, format!("there is no parameter {id}"))),
    }
}
