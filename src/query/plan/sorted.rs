//! ORDER BY what an output column hides: in `SELECT upper(t.a) AS a FROM t ORDER BY t.a` DataFusion would have two columns `a` side by
//! side, which it does not take. What is sorted by is then worked out in a query inside, under a name that nobody types.

use std::collections::HashSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    self, Expr, Ident, OrderByKind, Query, Select, SelectItem, SetExpr, TableAlias, TableFactor, Value,
};

use super::dialect::ident;
use super::{names, output};
use crate::error::{Error, Result};
use crate::query::parse;

/// Rewrites a query whose ORDER BY names a column that an output column of another value hides.
///
/// # Errors
/// A mistake of this file's.
pub(super) fn separate(query: &mut Query) -> Result<()> {
    let SetExpr::Select(select) = query.body.as_ref() else { return Ok(()) };
    let Some(OrderByKind::Expressions(sorts)) = query.order_by.as_ref().map(|order_by| &order_by.kind) else { return Ok(()) };
    let Some(items) = items(select) else { return Ok(()) };
    if select.distinct.is_some() || !sorts.iter().any(|sort| is_hidden(&sort.expr, &items)) {
        return Ok(());
    }
    let SetExpr::Select(mut outer) = *parse::parse_query("SELECT 1 FROM (SELECT 1) AS q")?.body else {
        return Err(Error::internal("a SELECT did not read as one"));
    };
    let mut inner = query.clone();
    (inner.with, inner.order_by, inner.limit_clause) = (None, None, None);
    let mut projection: Vec<SelectItem> = Vec::with_capacity(items.len());
    let mut taken = HashSet::new();
    outer.projection.clear();
    for (at, (name, expr)) in items.iter().enumerate() {
        let inside = ident(&format!("\u{1}{at}"));
        projection.push(SelectItem::ExprWithAlias { expr: (*expr).clone(), alias: inside.clone() });
        let alias = if taken.insert(name.clone()) { ident(name) } else { ident(&output::again(name, at)) };
        outer.projection.push(SelectItem::ExprWithAlias { expr: Expr::Identifier(inside), alias });
    }
    if let Some(OrderByKind::Expressions(sorts)) = query.order_by.as_mut().map(|order_by| &mut order_by.kind) {
        for (at, sort) in sorts.iter_mut().enumerate() {
            if is_output(&sort.expr, &items) {
                continue;
            }
            let alias = ident(&format!("\u{1}by {at}"));
            let expr = std::mem::replace(&mut sort.expr, Expr::Identifier(alias.clone()));
            projection.push(SelectItem::ExprWithAlias { expr, alias });
        }
    }
    if let SetExpr::Select(select) = inner.body.as_mut() {
        select.projection = projection;
    }
    if let Some(from) = outer.from.first_mut() {
        let alias = Some(TableAlias { explicit: true, name: ident("\u{1}sorted"), columns: vec![], at: None });
        from.relation = TableFactor::Derived { lateral: false, subquery: Box::new(inner), alias, sample: None };
    }
    *query.body = SetExpr::Select(outer);
    Ok(())
}

/// The output columns' names and values; `None` where a star stands among them.
fn items(select: &Select) -> Option<Vec<(String, &Expr)>> {
    let named = select.projection.iter().map(|item| match item {
        SelectItem::ExprWithAlias { expr, alias } => Some((names::fold(alias), expr)),
        SelectItem::UnnamedExpr(expr @ Expr::Identifier(name)) => Some((names::fold(name), expr)),
        SelectItem::UnnamedExpr(expr @ Expr::CompoundIdentifier(parts)) => parts.last().map(|last| (names::fold(last), expr)),
        _ => None,
    });
    named.collect()
}

/// Whether an expression names a column by its table that an output column hides.
fn is_hidden(expr: &Expr, items: &[(String, &Expr)]) -> bool {
    let folded = |parts: &[Ident]| parts.iter().map(names::fold).collect::<Vec<_>>();
    let flow = ast::visit_expressions(expr, |inner| {
        let Expr::CompoundIdentifier(parts) = inner else { return ControlFlow::Continue(()) };
        let column = folded(parts);
        let same = |item: &Expr| match item {
            Expr::CompoundIdentifier(parts) => folded(parts) == column,
            Expr::Identifier(name) => Some(&names::fold(name)) == column.last(),
            _ => false,
        };
        let hidden = items.iter().any(|(name, item)| Some(name) == column.last() && !same(item));
        if hidden { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    flow.is_break()
}

/// Whether an expression of ORDER BY means an output column: by its number or its name.
fn is_output(expr: &Expr, items: &[(String, &Expr)]) -> bool {
    match expr {
        Expr::Value(value) => matches!(value.value, Value::Number(..)),
        Expr::Cast { expr, .. } => is_output(expr, items) && matches!(expr.as_ref(), Expr::Value(_)),
        Expr::Identifier(name) => items.iter().any(|(own, _)| *own == names::fold(name)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_hidden_is_worked_out_inside() {
        for (sql, separated) in [
            ("SELECT f(t.a) AS a FROM t ORDER BY a", None),
            ("SELECT t.a AS a, b FROM t ORDER BY t.a", None),
            (
                "SELECT f(t.a) AS a, b FROM t ORDER BY t.a DESC, 2 LIMIT 3",
                Some(
                    "SELECT \"0\" AS \"a\", \"1\" AS \"b\" FROM (SELECT f(t.a) AS \"0\", b AS \"1\", t.a AS \"by 0\" FROM t) \
                     AS \"sorted\" ORDER BY \"by 0\" DESC, 2 LIMIT 3",
                ),
            ),
        ] {
            let mut query = parse::parse_query(sql).unwrap();
            separate(&mut query).unwrap();
            assert_eq!(query.to_string().replace('\u{1}', ""), separated.unwrap_or(sql));
        }
    }
}
