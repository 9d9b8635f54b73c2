//! `(SELECT e)` over nothing, in which a query stands: it is `e` itself. DataFusion finds columns of the query around a sub-query, but
//! not of one further out.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{self, Expr, GroupByExpr, Select, SelectItem, SetExpr, Visit, Visitor};

use super::names;
use crate::query::functions;

/// Puts the expression in the sub-query's place, where that says the same.
pub(super) fn inline(expr: &mut Expr) {
    let Expr::Subquery(query) = expr else { return };
    let ast::Query { with: None, body, order_by: None, limit_clause: None, fetch: None, .. } = query.as_ref() else { return };
    let SetExpr::Select(select) = body.as_ref() else { return };
    let Some(only) = alone(select) else { return };
    let mut inside = Inside::default();
    let _: ControlFlow<()> = only.visit(&mut inside);
    if inside.queries && !inside.must_stay {
        *expr = Expr::Nested(Box::new(only.clone()));
    }
}

/// The one expression of a SELECT that has nothing else.
fn alone(select: &Select) -> Option<&Expr> {
    let ungrouped = matches!(&select.group_by, GroupByExpr::Expressions(exprs, _) if exprs.is_empty());
    let bare = select.from.is_empty() && select.selection.is_none() && select.having.is_none() && select.distinct.is_none();
    match &select.projection[..] {
        [SelectItem::UnnamedExpr(only) | SelectItem::ExprWithAlias { expr: only, .. }] if bare && ungrouped => Some(only),
        _ => None,
    }
}

/// What stands inside an expression.
#[derive(Default)]
struct Inside {
    depth: usize,
    queries: bool,
    /// Something of which the sub-query makes one: an aggregate, a set of rows, a value that is another one at each call.
    must_stay: bool,
}

impl Visitor for Inside {
    type Break = ();

    fn pre_visit_query(&mut self, _: &ast::Query) -> ControlFlow<()> {
        self.queries = true;
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &ast::Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::Function(function) = expr
            && let Some(name) = names::parts(&function.name).ok().and_then(|mut parts| parts.pop())
        {
            let aggregate = functions::is_aggregate(&name) || name.ends_with("_agg") || !function.within_group.is_empty();
            let one = self.depth == 0 && (function.over.is_some() || aggregate || name == "unnest");
            self.must_stay |= one || functions::is_volatile(&name);
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::parse;

    #[test]
    fn only_what_says_the_same_is_inlined() {
        for (sql, inlined) in [
            ("(SELECT f(ARRAY(SELECT 1)) AS x)", "(f(ARRAY(SELECT 1)))"),
            ("(SELECT f(1))", "(SELECT f(1))"),
            ("(SELECT max(ARRAY(SELECT 1)))", "(SELECT max(ARRAY(SELECT 1)))"),
            ("(SELECT ARRAY(SELECT random()))", "(SELECT ARRAY(SELECT random()))"),
            ("(SELECT ARRAY(SELECT 1) FROM t)", "(SELECT ARRAY(SELECT 1) FROM t)"),
        ] {
            let mut expr = parse::parse_expression(sql).unwrap();
            inline(&mut expr);
            assert_eq!(expr.to_string(), inlined);
        }
    }
}
