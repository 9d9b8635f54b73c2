//! Masking policies: from what is masked, and what is shown instead, to one value for the column.

use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::arrow::datatypes::FieldRef;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan};
use datafusion::sql::sqlparser::ast::{
    self, BinaryOperator, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName, SelectItem,
};

use super::{Place, compiled, is_row, lookups, planned};
use crate::catalog::{EVERYBODY, Mask, Oid, Table};
use crate::error::{Error, Kind, Result};
use crate::query::errors::unwrap;
use crate::query::functions::{PseudonymKey, mask_arguments};
use crate::query::parse;
use crate::query::plan::{Planner, names};
use crate::value::SqlType;

/// The column of a masking policy: what is masked is it, or a path of `->` and `->>` into it.
///
/// # Errors
/// 42703 for a column that there is not, 42804 for a path into anything but `jsonb`, 42601 for another expression.
pub(in crate::query) fn masked_column(target: &ast::Expr, table: &Table) -> Result<u32> {
    let (column, path) = parts(target)?;
    let Some((_, found)) = table.column(&column) else {
        return Err(Error::new(
            Kind::UndefinedColumn,
            format!("column \"{column}\" of relation \"{}\" does not exist", table.name.name),
        ));
    };
    if !path.is_empty() && found.sql_type != SqlType::Jsonb {
        let message = format!("a path can be masked in a column of type jsonb, and \"{column}\" is of type {}", found.sql_type);
        return Err(Error::new(Kind::DatatypeMismatch, message).with_hint("Mask the whole column."));
    }
    Ok(found.id)
}

/// What a masking policy shows of its column, and the relations that it looks into.
///
/// # Errors
/// As [`compile`].
pub(in crate::query) fn mask(mask: &Mask, table: &Arc<Table>, planner: &Planner<'_>) -> Result<(Expr, Vec<Oid>)> {
    compile(mask, table, planner, None).map(|(value, reads, _)| (value, reads))
}

/// Compiles a masking policy for readers who have the rights of a role: the value of its column, the relations that it looks into, and
/// whether it says the same tomorrow.
///
/// # Errors
/// PostgreSQL's SQLSTATE for a value that cannot be planned, 42804 for one of another type, 42P17 and 0A000 as for a predicate.
pub(super) fn compile(mask: &Mask, table: &Table, planner: &Planner<'_>, role: Option<Oid>) -> Result<(Expr, Vec<Oid>, bool)> {
    let target = parse::parse_expression(&mask.target)?;
    let (column, path) = parts(&target)?;
    let Some((_, found)) = table.column(&column) else {
        return Err(Error::new(Kind::UndefinedColumn, format!("column \"{column}\" does not exist")));
    };
    let value = with_target(parse::parse_expression(&mask.value)?, &target);
    let key = Arc::new(PseudonymKey::of(planner.rules.secret, role.unwrap_or(EVERYBODY)));
    let whole = if path.is_empty() {
        let shown = shown(value.clone(), table, planner, &key)?;
        require_type(&shown, &column, &found.sql_type)?;
        value
    } else {
        in_place(&Ident::with_quote('"', &column), &path, &target, &value)?
    };
    let cast = filled(&format!("CAST(\"value\" AS {})", found.sql_type), &[("value", whole)])?;
    let shown = shown(cast, table, planner, &key)?;
    Ok((shown.value, shown.reads, shown.lasting))
}

/// An expression over a row, planned.
struct Shown {
    value: Expr,
    field: FieldRef,
    reads: Vec<Oid>,
    lasting: bool,
}

fn shown(value: ast::Expr, table: &Table, planner: &Planner<'_>, key: &Arc<PseudonymKey>) -> Result<Shown> {
    let mut query = parse::select_all(ObjectName::from(vec![Ident::with_quote('"', table.name.name.clone())]))?;
    if let ast::SetExpr::Select(select) = query.body.as_mut() {
        select.projection = vec![SelectItem::ExprWithAlias { expr: value, alias: Ident::with_quote('"', "shown") }];
    }
    let (planned, reads) = planned(&query, table, planner, Some(key.clone()))?;
    let LogicalPlan::Projection(projection) = &planned.plan else { return Err(lookups::elsewhere()) };
    let [shown] = &projection.expr[..] else { return Err(lookups::elsewhere()) };
    if !is_row(&projection.input) {
        return Err(lookups::elsewhere());
    }
    let (_, field) = shown.to_field(projection.input.schema()).map_err(unwrap)?;
    let (value, lasting) = compiled(&shown.clone().unalias(), projection.input.schema(), Place::Mask)?;
    Ok(Shown { value, field, reads, lasting: lasting && !planned.now.is_asked() })
}

/// Refuses a mask of another type than its column's.
fn require_type(shown: &Shown, column: &str, wanted: &SqlType) -> Result<()> {
    let own = SqlType::of_field(&shown.field);
    let is_text = |own: &SqlType| matches!(own, SqlType::Text | SqlType::Varchar(_) | SqlType::Bpchar(_) | SqlType::Name);
    // The type of a literal in quotes, and that of NULL, is the column's.
    let untyped = match &shown.value {
        Expr::Literal(value, _) => value.is_null() || matches!(value, ScalarValue::Utf8(_)),
        _ => false,
    };
    if untyped || own == *wanted || is_text(&own) && is_text(wanted) {
        return Ok(());
    }
    let message = format!("column \"{column}\" is of type {wanted} but its mask is of type {own}");
    Err(Error::new(Kind::DatatypeMismatch, message).with_hint("You will need to cast it."))
}

/// A column's name and the keys of a path into it.
fn parts(target: &ast::Expr) -> Result<(String, Vec<ast::Value>)> {
    match target {
        ast::Expr::Nested(inner) => parts(inner),
        ast::Expr::Identifier(column) => Ok((names::fold(column), vec![])),
        ast::Expr::BinaryOp { left, op: BinaryOperator::Arrow | BinaryOperator::LongArrow, right } => {
            let (column, mut path) = parts(left)?;
            let ast::Expr::Value(key) = right.as_ref() else { return Err(no_target(target)) };
            match &key.value {
                key @ (ast::Value::SingleQuotedString(_) | ast::Value::Number(_, _)) => path.push(key.clone()),
                _ => return Err(no_target(target)),
            }
            Ok((column, path))
        }
        other => Err(no_target(other)),
    }
}

fn no_target(target: &ast::Expr) -> Error {
    Error::new(Kind::SyntaxError, format!("{target} cannot be masked"))
        .with_hint("Mask a column, or a place in its JSON: details -> 'message' ->> 'text'.")
}

/// The column with something else at a place, where there is anything.
fn in_place(column: &Ident, path: &[ast::Value], target: &ast::Expr, value: &ast::Expr) -> Result<ast::Expr> {
    let keys = path.iter().map(|key| match key {
        ast::Value::Number(number, _) => ast::Value::SingleQuotedString(number.clone()),
        other => other.clone(),
    });
    let keys = keys.map(|key| ast::Expr::Value(key.into())).collect();
    let places = [
        ("target", ast::Expr::Nested(Box::new(target.clone()))),
        ("column", ast::Expr::Identifier(column.clone())),
        ("keys", ast::Expr::Array(ast::Array { elem: keys, named: true })),
        ("value", ast::Expr::Nested(Box::new(value.clone()))),
    ];
    let set = "jsonb_set(\"column\", \"keys\", coalesce(to_jsonb(\"value\"), 'null'::jsonb), false)";
    filled(&format!("CASE WHEN \"target\" IS NULL THEN \"column\" ELSE {set} END"), &places)
}

/// A template read as an expression, with others in the places of its names. What is put in is not looked at again.
fn filled(template: &str, places: &[(&str, ast::Expr)]) -> Result<ast::Expr> {
    let mut whole = parse::parse_expression(template)?;
    let _: ControlFlow<()> = ast::visit_expressions_mut(&mut whole, |inner| {
        if let ast::Expr::Identifier(name) = inner
            && let Some((_, with)) = places.iter().find(|(place, _)| *place == name.value)
        {
            *inner = with.clone();
        }
        ControlFlow::Continue(())
    });
    Ok(whole)
}

/// The value with what is masked as the first argument of each masking function that lacks it: `mask_keep(4)` is `mask_keep(target, 4)`.
fn with_target(mut value: ast::Expr, target: &ast::Expr) -> ast::Expr {
    let _: ControlFlow<()> = ast::visit_expressions_mut(&mut value, |inner| {
        if let ast::Expr::Function(Function { name, args: FunctionArguments::List(list), .. }) = inner
            && let Some(wanted) = names::single(name).ok().and_then(|name| mask_arguments(&name))
            && list.args.len() + 1 == wanted
        {
            list.args.insert(0, FunctionArg::Unnamed(FunctionArgExpr::Expr(target.clone())));
        }
        ControlFlow::Continue(())
    });
    value
}
