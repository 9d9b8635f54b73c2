//! PostgreSQL's rules for types where DataFusion's differ: a string literal takes the type of what it is compared with, text becomes
//! a value through PostgreSQL's input functions and back through its output functions, and parameters take the type of their place.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::metadata::FieldMetadata;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::expr::{Between, InList, Like, Placeholder};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{BinaryExpr, Cast, Expr, ExprSchemable, LogicalPlan, Operator};

use super::{Planned, jsonb, origin, resolution, sets, unions, values};
use crate::error::{Error, Kind, Result};
use crate::query::errors::{unwrap, wrap};
use crate::query::functions::{self, ARRAY_LIKE, ARRAY_OF, CAST_AS, OF_PATTERNS, VALUE_LIKE, cast, fold_operator, missing, scalar};
use crate::value::{self, BARE_NUMERIC, ColumnBuilder, Now, SqlType, Style};

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
            let node = unions::opened(node);
            let names = NamePreserver::new(&node);
            let filters = matches!(&node, LogicalPlan::Filter(_));
            let lowered = node.map_expressions(|expr| {
                let saved = names.save(&expr);
                let lowered = transform(expr, &schema, style)?;
                let lowered = if filters {
                    let before = lowered.transformed;
                    let (expr, changed) = boolean(lowered.data, "WHERE", &schema, style)?;
                    Transformed::new_transformed(expr, before || changed)
                } else {
                    lowered
                };
                Ok(lowered.update_data(|expr| saved.restore(expr)))
            })?;
            let before = lowered.transformed;
            let lowered = unions::lower(lowered.data, style)?.update_data(|node| node);
            let before = before || lowered.transformed;
            let lowered = jsonb::node(lowered.data, style)?.transform_data(sets::typed)?;
            let lowered = Transformed::new_transformed(lowered.data, before || lowered.transformed);
            changed.set(changed.get() || lowered.transformed);
            if changed.get() { lowered.map_data(LogicalPlan::recompute_schema) } else { Ok(lowered) }
        })
        .map_err(unwrap)?
        .data;
    parameters(plan, hints, &style.now)
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
            if let Some(compared) = jsonb::comparison(&left, op, &right, schema, style)? {
                return Ok(Transformed::yes(compared));
            }
            let (left, right, met) = met(left, op, right, schema, style)?;
            let whole = Expr::BinaryExpr(BinaryExpr { left: Box::new(left), op, right: Box::new(right) });
            Ok(Transformed::new_transformed(whole, left_changed || right_changed || met))
        }
        Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::And | Operator::Or), right }) => {
            let word = if op == Operator::And { "AND" } else { "OR" };
            let (left, left_changed) = boolean(*left, word, schema, style)?;
            let (right, right_changed) = boolean(*right, word, schema, style)?;
            let whole = BinaryExpr { left: Box::new(left), op, right: Box::new(right) };
            Ok(Transformed::new_transformed(Expr::BinaryExpr(whole), left_changed || right_changed))
        }
        Expr::Not(inner) => {
            let (inner, changed) = boolean(*inner, "NOT", schema, style)?;
            Ok(Transformed::new_transformed(Expr::Not(Box::new(inner)), changed))
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::StringConcat, right }) => {
            values::expect_text(&left, "||", &right, schema)?;
            let (left, _) = values::as_text(*left, schema, style)?;
            let (right, _) = values::as_text(*right, schema, style)?;
            joined(left, right, schema, style).map(Transformed::yes)
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if regex_symbol(op).is_some() => {
            values::expect_text(&left, regex_symbol(op).unwrap_or_default(), &right, schema)?;
            let (left, left_changed) = resolve_as(*left, SqlType::Text, style)?;
            let (right, right_changed) = resolve_as(*right, SqlType::Text, style)?;
            let whole = BinaryExpr { left: Box::new(left), op, right: Box::new(right) };
            Ok(Transformed::new_transformed(Expr::BinaryExpr(whole), left_changed || right_changed))
        }
        Expr::Like(like) => {
            let symbol = match (like.negated, like.case_insensitive) {
                (false, false) => "~~",
                (true, false) => "!~~",
                (false, true) => "~~*",
                (true, true) => "!~~*",
            };
            values::expect_text(&like.expr, symbol, &like.pattern, schema)?;
            let (expr, changed) = resolve_as(*like.expr, SqlType::Text, style)?;
            let (pattern, pattern_changed) = resolve_as(*like.pattern, SqlType::Text, style)?;
            let (pattern, escape_char) = values::with_backslashes(pattern, like.escape_char);
            let like = Like { expr: Box::new(expr), pattern: Box::new(pattern), escape_char, ..like };
            Ok(Transformed::new_transformed(Expr::Like(like), changed || pattern_changed))
        }
        Expr::Case(case) => values::lower_case(case, schema, style),
        Expr::ScalarFunction(call) if call.func.name() == "array_element" => values::element(call, schema, style),
        Expr::ScalarFunction(call) if jsonb::is_whole_row(&call) => jsonb::whole_row(&call, schema).map(Transformed::yes),
        Expr::ScalarFunction(mut call) if call.name() == ARRAY_LIKE && call.args.len() == 2 => {
            let element = type_of(&call.args[1], schema).unwrap_or(SqlType::Text);
            let (array, _) = resolve_as(call.args.swap_remove(0), SqlType::Array(Box::new(element)), style)?;
            Ok(Transformed::yes(array))
        }
        Expr::ScalarFunction(mut call) if call.name() == VALUE_LIKE && call.args.len() == 2 => {
            let target = type_of(&call.args[1], schema).unwrap_or(SqlType::Text);
            let (value, _) = resolve_as(call.args.swap_remove(0), target, style)?;
            Ok(Transformed::yes(value))
        }
        Expr::ScalarFunction(mut call) if call.name() == CAST_AS && call.args.len() == 2 => {
            Ok(Transformed::yes(call.args.swap_remove(0)))
        }
        Expr::ScalarFunction(call) if call.name() == ARRAY_OF => values::array(call.args, schema, style).map(Transformed::yes),
        Expr::ScalarFunction(call) if call.name() == "array_has" && values::may_hold_null(&call) => {
            Ok(Transformed::yes(values::open_by_null(call)))
        }
        Expr::ScalarFunction(call) if call.name() == OF_PATTERNS && !values::of_text(&call, schema) => {
            Err(wrap(values::no_patterns(&call, schema)))
        }
        Expr::ScalarFunction(call) => match scalar::bind(&call, schema) {
            Some(bound) => {
                let bound = bound.map_err(wrap)?;
                let folded = match &bound {
                    Expr::ScalarFunction(call) => fold_operator(call.name(), &call.args, style),
                    _ => None,
                };
                Ok(Transformed::yes(folded.unwrap_or(bound)))
            }
            None => {
                missing::refuse_missing(&call, schema).map_err(wrap)?;
                values::lower_call(call, schema, style)
            }
        },
        Expr::InList(InList { expr, list, negated }) => {
            let known = list.iter().find(|item| !is_unknown(item)).cloned();
            let (mut expr, mut changed) = match &known {
                Some(known) => resolve(*expr, known, schema, style)?,
                None => (*expr, false),
            };
            let mut resolved = Vec::with_capacity(list.len());
            for item in list {
                let (item, item_changed) = resolve(item, &expr, schema, style)?;
                check_comparison(&expr, Operator::Eq, &item, schema)?;
                changed |= item_changed;
                resolved.push(item);
            }
            let common = moments_of(&expr, &resolved, schema)?;
            if let Some(common) = common {
                expr = cast_to(expr, &common, schema, style)?;
                resolved = resolved.into_iter().map(|item| cast_to(item, &common, schema, style)).collect::<Result<_, _>>()?;
                changed = true;
            }
            let whole = InList { expr: Box::new(expr), list: resolved, negated };
            let (whole, keyed) = jsonb::in_list(whole, schema, style)?;
            Ok(Transformed::new_transformed(Expr::InList(whole), changed || keyed))
        }
        Expr::Between(Between { expr, negated, low, high }) => {
            let known = if is_unknown(&low) { &high } else { &low };
            let (expr, changed) = resolve(*expr, known, schema, style)?;
            let (low, low_changed) = resolve(*low, &expr, schema, style)?;
            let (high, high_changed) = resolve(*high, &expr, schema, style)?;
            check_comparison(&expr, Operator::GtEq, &low, schema)?;
            check_comparison(&expr, Operator::LtEq, &high, schema)?;
            if let Some(common) = moments_of(&expr, &[low.clone(), high.clone()], schema)? {
                let [expr, low, high] = [expr, low, high].map(|side| cast_to(side, &common, schema, style));
                let between = Between { expr: Box::new(expr?), negated, low: Box::new(low?), high: Box::new(high?) };
                return Ok(Transformed::yes(Expr::Between(between)));
            }
            let between = Between { expr: Box::new(expr), negated, low: Box::new(low), high: Box::new(high) };
            Ok(Transformed::new_transformed(Expr::Between(between), changed || low_changed || high_changed))
        }
        Expr::InSubquery(given) => jsonb::in_subquery(given, schema, style),
        Expr::AggregateFunction(call) => jsonb::aggregate(call, schema, style),
        Expr::WindowFunction(call) => jsonb::window(*call, schema, style),
        other => Ok(Transformed::no(other)),
    })
}

/// Two texts, one behind the other, by the function that is bounded: DataFusion's operator makes as much as it is asked for.
fn joined(left: Expr, right: Expr, schema: &DFSchema, style: &Style) -> datafusion::common::Result<Expr> {
    let lacking = || wrap(Error::internal("the function behind || is on no list"));
    let call = functions::operator(functions::TEXTS, style).ok_or_else(lacking)?.call(vec![left, right]);
    let Expr::ScalarFunction(call) = call else { return Ok(call) };
    scalar::bind(&call, schema).unwrap_or_else(|| Err(Error::internal("the function behind || takes no text"))).map_err(wrap)
}

/// The SQL type of an expression that has one.
pub(super) fn type_of(expr: &Expr, schema: &DFSchema) -> Option<SqlType> {
    if is_unknown(expr) {
        return None;
    }
    let field = scalar::field_of(expr, schema).ok()?;
    (*field.data_type() != DataType::Null).then(|| SqlType::of_field(&field))
}

/// Both sides of a comparison in the type in which they are compared.
fn met(left: Expr, op: Operator, right: Expr, schema: &DFSchema, style: &Style) -> datafusion::common::Result<(Expr, Expr, bool)> {
    let of_interval = |side: &Expr| type_of(side, schema) == Some(SqlType::Interval);
    if of_interval(&left) && of_interval(&right) {
        let length = |side: Expr| values::length(side, schema, style);
        return Ok((length(left)?, length(right)?, true));
    }
    match check_comparison(&left, op, &right, schema)? {
        Some(common) => Ok((cast_to(left, &common, schema, style)?, cast_to(right, &common, schema, style)?, true)),
        None => Ok((left, right, false)),
    }
}

/// The type in which two sides are compared, where it is not their own.
fn check_comparison(left: &Expr, op: Operator, right: &Expr, schema: &DFSchema) -> datafusion::common::Result<Option<SqlType>> {
    let (Some(left), Some(right)) = (type_of(left, schema), type_of(right, schema)) else { return Ok(None) };
    let symbol = match op {
        Operator::NotEq => "<>",
        Operator::Lt => "<",
        Operator::LtEq => "<=",
        Operator::Gt => ">",
        Operator::GtEq => ">=",
        _ => "=",
    };
    resolution::comparison(&left, symbol, &right).map_err(wrap)
}

/// The type in which a moment is compared with several others, where it is not the type of all.
fn moments_of(expr: &Expr, others: &[Expr], schema: &DFSchema) -> datafusion::common::Result<Option<SqlType>> {
    let mut common = None;
    for other in others {
        match check_comparison(expr, Operator::Eq, other, schema)? {
            Some(SqlType::Timestamptz) => common = Some(SqlType::Timestamptz),
            Some(SqlType::Timestamp) if common.is_none() => common = Some(SqlType::Timestamp),
            Some(_) | None => {}
        }
    }
    Ok(common)
}

/// The expression as this type, by a cast where it has another.
pub(super) fn cast_to(expr: Expr, target: &SqlType, schema: &DFSchema, style: &Style) -> datafusion::common::Result<Expr> {
    let (expr, _) = resolve_as(expr, target.clone(), style)?;
    match type_of(&expr, schema) {
        Some(own) if own == *target => Ok(expr),
        _ => Ok(lower_cast(Cast { expr: Box::new(expr), field: Arc::new(target.field("", true)) }, schema, style)?.data),
    }
}

/// A condition, which is a truth value or may become one. `word` names the clause.
pub(super) fn boolean(expr: Expr, word: &str, schema: &DFSchema, style: &Style) -> datafusion::common::Result<(Expr, bool)> {
    let (expr, changed) = resolve_as(expr, SqlType::Bool, style)?;
    if let Some(own) = type_of(&expr, schema) {
        expect_boolean(&own, word).map_err(wrap)?;
    }
    Ok((expr, changed))
}

pub(super) fn expect_boolean(own: &SqlType, word: &str) -> Result<()> {
    if *own == SqlType::Bool {
        return Ok(());
    }
    let message = format!("argument of {word} must be type boolean, not type {}", own.without_modifier());
    Err(Error::new(Kind::DatatypeMismatch, message))
}

fn regex_symbol(op: Operator) -> Option<&'static str> {
    match op {
        Operator::RegexMatch => Some("~"),
        Operator::RegexIMatch => Some("~*"),
        Operator::RegexNotMatch => Some("!~"),
        Operator::RegexNotIMatch => Some("!~*"),
        Operator::LikeMatch => Some("~~"),
        Operator::ILikeMatch => Some("~~*"),
        Operator::NotLikeMatch => Some("!~~"),
        Operator::NotILikeMatch => Some("!~~*"),
        _ => None,
    }
}

/// A literal or parameter of no type of its own takes the type of the other side.
fn resolve(expr: Expr, other: &Expr, schema: &DFSchema, style: &Style) -> datafusion::common::Result<(Expr, bool)> {
    if !is_unknown(&expr) || matches!(other, Expr::Literal(_, None)) {
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
    // What stands beside a `char(n)` may be longer.
    let target = if matches!(target, SqlType::Bpchar(_)) { SqlType::Bpchar(None) } else { target };
    match expr {
        Expr::Placeholder(Placeholder { id, field: None }) => {
            let field: FieldRef = Arc::new(target.field("", true));
            Ok((Expr::Placeholder(Placeholder { id, field: Some(field) }), true))
        }
        Expr::Literal(value, None) if value.try_as_str().flatten().is_some() && !is_text(&target) => {
            let text = value.try_as_str().flatten().unwrap_or_default().to_owned();
            Ok((constant(&text, &with_all_digits(&text, &target), style).map_err(wrap)?, true))
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
        && type_of(&cast.expr, schema).is_none_or(|own| is_text(&own))
        && !is_text(&target)
    {
        let bare = target == SqlType::Numeric(BARE_NUMERIC.0, BARE_NUMERIC.1);
        let target = if bare { with_all_digits(text, &target) } else { target };
        let dimensions = value::array_dimensions(text);
        if matches!(target, SqlType::Array(_)) && dimensions > values::DIMENSIONS_MAX {
            // Each would be a type inside another; PostgreSQL stops counting at the first that is too many, too.
            return Err(wrap(values::too_many_dimensions(values::DIMENSIONS_MAX + 1)));
        }
        let target = (1..dimensions).fold(target, |target, _| match target {
            array @ SqlType::Array(_) => SqlType::Array(Box::new(array)),
            other => other,
        });
        return Ok(Transformed::yes(constant(text, &target, style).map_err(wrap)?));
    }
    if let Some(number) = number(&cast.expr, &target)? {
        return Ok(Transformed::yes(number));
    }
    let (_, field) = cast.expr.to_field(schema)?;
    let source = SqlType::of_field(&field);
    // `integer[]` is the type of arrays of any number of dimensions.
    let (target, cast) = match like_dimensions(&source, &target) {
        Some(target) => (target.clone(), Cast { field: Arc::new(target.field("", true)), ..cast }),
        None => (target, cast),
    };
    let written = cast.field.metadata().contains_key(crate::value::TYPE_KEY);
    if written && *field.data_type() != DataType::Null {
        resolution::expect_cast(&source, &target).map_err(wrap)?;
    }
    if cast::needs_function(&source, field.data_type(), &target) {
        return Ok(Transformed::yes(cast::call(*cast.expr, source, target, style)));
    }
    Ok(Transformed::no(Expr::Cast(cast)))
}

/// The type of arrays of as many dimensions as the source's, where the target's has fewer.
fn like_dimensions(source: &SqlType, target: &SqlType) -> Option<SqlType> {
    let (SqlType::Array(source), SqlType::Array(element)) = (source, target) else { return None };
    match (source.as_ref(), element.as_ref()) {
        (SqlType::Array(_), SqlType::Array(_)) => None,
        (SqlType::Array(_), _) => {
            let inner = like_dimensions(source, target).unwrap_or_else(|| target.clone());
            Some(SqlType::Array(Box::new(inner)))
        }
        _ => None,
    }
}

/// A numeric literal keeps the digits that were written, whatever the numbers around it have.
fn with_all_digits(text: &str, target: &SqlType) -> SqlType {
    let SqlType::Numeric(_, _) = target else { return target.clone() };
    let (mantissa, exponent) = text.trim().split_once(['e', 'E']).unwrap_or((text.trim(), "0"));
    let fraction = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    match (i8::try_from(fraction), exponent.parse::<i8>()) {
        (Ok(fraction), Ok(exponent)) => SqlType::Numeric(38, fraction.saturating_sub(exponent).clamp(0, 38)),
        _ => target.clone(),
    }
}

/// A constant number as another type of number, where nothing can be lost.
fn number(expr: &Expr, target: &SqlType) -> datafusion::common::Result<Option<Expr>> {
    let Expr::Literal(value, _) = expr else { return Ok(None) };
    let whole = match value {
        ScalarValue::Int16(Some(value)) => i64::from(*value),
        ScalarValue::Int32(Some(value)) => i64::from(*value),
        ScalarValue::Int64(Some(value)) => *value,
        ScalarValue::Decimal128(Some(_), _, _) if *target == SqlType::Numeric(BARE_NUMERIC.0, BARE_NUMERIC.1) => {
            return Ok(Some(expr.clone()));
        }
        _ => return Ok(None),
    };
    let own = match target {
        SqlType::Numeric(precision, scale) if (*precision, *scale) == BARE_NUMERIC => SqlType::Numeric(19, 0),
        other => other.clone(),
    };
    let number = match own {
        SqlType::Int2 => i16::try_from(whole).ok().map(|value| ScalarValue::Int16(Some(value))),
        SqlType::Int4 => i32::try_from(whole).ok().map(|value| ScalarValue::Int32(Some(value))),
        SqlType::Int8 => Some(ScalarValue::Int64(Some(whole))),
        SqlType::Float8 => Some(ScalarValue::Int64(Some(whole)).cast_to(&target.arrow())?),
        SqlType::Numeric(19, 0) => Some(ScalarValue::Decimal128(Some(i128::from(whole)), 19, 0)),
        _ => None,
    };
    let metadata = FieldMetadata::from(&own.field("", true));
    Ok(number.map(|number| Expr::Literal(number, Some(metadata))))
}

/// Operators whose two sides are of one type.
pub(in crate::query) fn is_comparison(op: Operator) -> bool {
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
    builder.append_text(text, style).map_err(|error| error.with_literal(text))?;
    let array = builder.finish();
    let value = ScalarValue::try_from_array(&array, 0).map_err(unwrap)?;
    let metadata = FieldMetadata::from(&target.field("", true));
    Ok(Expr::Literal(value, Some(metadata)))
}

/// The types of `$1`, `$2`, …: what their place says, else what the client declared, else text.
fn parameters(plan: LogicalPlan, hints: &[Option<SqlType>], now: &Now) -> Result<Planned> {
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
        return Ok(Planned { origins: origin::of(&plan), plan, optimised: false, parameters: vec![], now: now.clone() });
    }
    let types: Vec<SqlType> = (1..=count)
        .map(|number| {
            let hint = hints.get(number - 1).cloned().flatten();
            hint.or_else(|| found.get(&number).cloned().flatten()).unwrap_or(SqlType::Text)
        })
        .collect();
    let plan = typed(plan, &types)?;
    Ok(Planned { origins: origin::of(&plan), plan, optimised: false, parameters: types, now: now.clone() })
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
