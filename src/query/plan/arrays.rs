//! `ARRAY(SELECT x … ORDER BY y)` as `array of rows((SELECT array_agg(x ORDER BY y) …))`: empty and not NULL when there are no rows.

use datafusion::sql::sqlparser::ast::{
    self, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, Ident, ObjectName, OrderByExpr,
    OrderByKind, Query, SelectItem, SetExpr, TableFactor, Value,
};

use super::dialect::{call, is_named, quoted};
use crate::error::Result;
use crate::query::functions::ARRAY_OF_ROWS;
use crate::query::parse;

/// The list whose elements are all that a SELECT of nothing else gives.
fn elements(query: &Query) -> Option<Expr> {
    let Query { with: None, body, order_by: None, limit_clause: None, fetch: None, .. } = query else { return None };
    let SetExpr::Select(select) = body.as_ref() else { return None };
    let bare = select.from.is_empty() && select.selection.is_none() && select.having.is_none() && select.distinct.is_none();
    match &select.projection[..] {
        [
            SelectItem::UnnamedExpr(Expr::Function(Function { name, args: FunctionArguments::List(list), .. }))
            | SelectItem::ExprWithAlias { expr: Expr::Function(Function { name, args: FunctionArguments::List(list), .. }), .. },
        ] if bare && is_named(name, "unnest") => match &list.args[..] {
            [FunctionArg::Unnamed(FunctionArgExpr::Expr(list))] => Some(list.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn is_set(expr: &Expr) -> bool {
    matches!(expr, Expr::Function(function) if is_named(&function.name, "unnest"))
}

/// Rewrites the expression.
///
/// # Errors
/// A mistake of this file's.
pub(super) fn of_rows(expr: &mut Expr) -> Result<()> {
    let Expr::Function(Function { args: FunctionArguments::Subquery(query), .. }) = expr else { return Ok(()) };
    if let Some(list) = elements(query) {
        *expr = call(quoted(ARRAY_OF_ROWS), vec![list]);
        return Ok(());
    }
    let mut query = query.clone();
    if !aggregate_in_place(&mut query) {
        let mut outer = parse::parse_query("SELECT array_agg(q.x) FROM (SELECT 1) AS q(x)")?;
        if let SetExpr::Select(select) = outer.body.as_mut()
            && let Some(from) = select.from.first_mut()
            && let TableFactor::Derived { subquery, .. } = &mut from.relation
        {
            *subquery = query;
        }
        query = outer;
    }
    *expr = call(quoted(ARRAY_OF_ROWS), vec![Expr::Subquery(query)]);
    Ok(())
}

/// Puts the aggregate into the SELECT list itself where nothing but WHERE and ORDER BY stands around it.
fn aggregate_in_place(query: &mut Query) -> bool {
    let plain = query.with.is_none() && query.limit_clause.is_none() && query.fetch.is_none();
    let SetExpr::Select(select) = query.body.as_mut() else { return false };
    let ungrouped = matches!(&select.group_by, ast::GroupByExpr::Expressions(exprs, _) if exprs.is_empty());
    if !plain || !ungrouped || select.distinct.is_some() || select.having.is_some() {
        return false;
    }
    let value = match &select.projection[..] {
        [SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. }] if !is_set(value) => value.clone(),
        _ => return false,
    };
    let order = match query.order_by.as_ref().map(|order| &order.kind) {
        None => vec![],
        Some(OrderByKind::Expressions(exprs)) => exprs.iter().map(|item| by_value(item, &value)).collect(),
        Some(OrderByKind::All(_)) => return false,
    };
    let Expr::Function(mut aggregate) = call(ObjectName::from(vec![Ident::new("array_agg")]), vec![value]) else { return false };
    if let FunctionArguments::List(list) = &mut aggregate.args
        && !order.is_empty()
    {
        list.clauses.push(FunctionArgumentClause::OrderBy(order));
    }
    select.projection = vec![SelectItem::UnnamedExpr(Expr::Function(aggregate))];
    query.order_by = None;
    true
}

/// `ORDER BY 1` means the value itself.
fn by_value(item: &OrderByExpr, value: &Expr) -> OrderByExpr {
    let ordinal = matches!(&item.expr, Expr::Value(number) if matches!(&number.value, Value::Number(..)));
    OrderByExpr { expr: if ordinal { value.clone() } else { item.expr.clone() }, ..item.clone() }
}
