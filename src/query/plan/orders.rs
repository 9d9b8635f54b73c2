//! ORDER BY as it is written, before anything else is done to a query: `USING`, and what PostgreSQL refuses there (`findTargetlistEntrySQL92`
//! and `transformSortClause` in its `parse_clause.c`) that DataFusion answers.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    self, Distinct, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, GroupByExpr,
    NamedWindowExpr, OrderByExpr, OrderByKind, Query, Select, SelectItem, SetExpr, Value, VisitMut, VisitorMut, WindowType,
};

use super::{names, output};
use crate::error::{Error, Kind, Result};
use crate::query::parse::ORDERED_USING;

/// Reads a query's ORDER BY.
///
/// # Errors
/// 42601 for a constant that is no column's number, 42702 for a name of several columns, 42P10 for what SELECT DISTINCT does not list,
/// 0A000 for an expression over the rows of several queries, 42809 for an operator that orders nothing.
pub(super) fn of_query(query: &mut Query) -> Result<()> {
    let Some(OrderByKind::Expressions(sorts)) = query.order_by.as_mut().map(|order_by| &mut order_by.kind) else { return Ok(()) };
    sorts.iter_mut().try_for_each(using)?;
    for sort in sorts {
        refuse_constant(&sort.expr, "ORDER BY")?;
        check(&sort.expr, &query.body)?;
    }
    Ok(())
}

/// Reads the ORDER BYs of a call.
///
/// # Errors
/// 42809.
pub(super) fn of_call(function: &mut Function) -> Result<()> {
    if let FunctionArguments::List(list) = &mut function.args {
        for clause in &mut list.clauses {
            if let FunctionArgumentClause::OrderBy(sorts) = clause {
                sorts.iter_mut().try_for_each(using)?;
            }
        }
    }
    function.within_group.iter_mut().try_for_each(using)?;
    match &mut function.over {
        Some(WindowType::WindowSpec(window)) => window.order_by.iter_mut().try_for_each(using),
        Some(WindowType::NamedWindow(_)) | None => Ok(()),
    }
}

/// Reads the ORDER BYs of a SELECT's windows, and its GROUP BY.
///
/// # Errors
/// 42809; 42601 for a constant in GROUP BY that is no column's number.
pub(super) fn of_select(select: &mut Select) -> Result<()> {
    for window in &mut select.named_window {
        if let NamedWindowExpr::WindowSpec(window) = &mut window.1 {
            window.order_by.iter_mut().try_for_each(using)?;
        }
    }
    match &select.group_by {
        GroupByExpr::Expressions(exprs, _) => exprs.iter().try_for_each(|expr| refuse_constant(expr, "GROUP BY")),
        GroupByExpr::All(_) => Ok(()),
    }
}

/// `x USING <` is `x ASC`, and `x USING >` is `x DESC`.
fn using(sort: &mut OrderByExpr) -> Result<()> {
    let Expr::Function(Function { name, args: FunctionArguments::List(list), .. }) = &sort.expr else { return Ok(()) };
    if !matches!(&name.0[..], [only] if only.as_ident().is_some_and(|ident| ident.value == ORDERED_USING)) {
        return Ok(());
    }
    let [FunctionArg::Unnamed(FunctionArgExpr::Expr(value)), FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(operator)))] =
        &list.args[..]
    else {
        return Ok(());
    };
    if let Some(ascending) = sort.options.asc {
        let word = if ascending { "ASC" } else { "DESC" };
        return Err(Error::new(Kind::SyntaxError, format!("syntax error at or near \"{word}\"")));
    }
    let operator = operator.value.clone().into_string().unwrap_or_default();
    sort.options.asc = match operator.as_str() {
        "<" => Some(true),
        ">" => Some(false),
        _ => {
            return Err(Error::new(Kind::WrongObjectType, format!("operator {operator} is not a valid ordering operator"))
                .with_hint("Ordering operators must be \"<\" or \">\" members of btree operator families."));
        }
    };
    sort.expr = value.clone();
    Ok(())
}

/// A constant is the number of an output column, or nothing.
fn refuse_constant(expr: &Expr, clause: &str) -> Result<()> {
    let Expr::Value(value) = expr else { return Ok(()) };
    let refused = match &value.value {
        Value::Number(number, _) => number.parse::<i32>().is_err(),
        Value::SingleQuotedString(_)
        | Value::EscapedStringLiteral(_)
        | Value::DollarQuotedString(_)
        | Value::Boolean(_)
        | Value::Null => true,
        _ => false,
    };
    if !refused {
        return Ok(());
    }
    let start = value.span.start;
    Err(Error::new(Kind::SyntaxError, format!("non-integer constant in {clause}")).with_place(start.line, start.column))
}

fn check(sort: &Expr, body: &SetExpr) -> Result<()> {
    match body {
        SetExpr::Select(select) => {
            expect_unambiguous(sort, select)?;
            match select.distinct {
                Some(Distinct::Distinct) => expect_listed(sort, select),
                Some(Distinct::On(_) | Distinct::All) | None => Ok(()),
            }
        }
        SetExpr::SetOperation { .. } => {
            let of_output = match sort {
                Expr::Identifier(_) => true,
                Expr::Value(value) => matches!(value.value, Value::Number(..)),
                _ => false,
            };
            if of_output {
                return Ok(());
            }
            Err(Error::new(Kind::FeatureNotSupported, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause")
                .with_detail("Only result column names can be used, not expressions or functions.")
                .with_hint("Add the expression/function to every SELECT, or move the UNION into a FROM clause."))
        }
        SetExpr::Query(inner) if inner.order_by.is_none() && inner.limit_clause.is_none() && inner.fetch.is_none() => {
            check(sort, &inner.body)
        }
        SetExpr::Query(_)
        | SetExpr::Values(_)
        | SetExpr::Table(_)
        | SetExpr::Insert(_)
        | SetExpr::Update(_)
        | SetExpr::Delete(_)
        | SetExpr::Merge(_) => Ok(()),
    }
}

/// The output columns that are written out, by name.
fn written(select: &Select) -> impl Iterator<Item = (String, &Expr)> {
    select.projection.iter().filter_map(|item| match item {
        SelectItem::UnnamedExpr(expr) => Some((output::name_of(expr), expr)),
        SelectItem::ExprWithAlias { expr, alias } => Some((names::fold(alias), expr)),
        SelectItem::ExprWithAliases { .. } | SelectItem::QualifiedWildcard(..) | SelectItem::Wildcard(_) => None,
    })
}

/// A name of two output columns means neither, unless both are the same.
fn expect_unambiguous(sort: &Expr, select: &Select) -> Result<()> {
    let Expr::Identifier(ident) = sort else { return Ok(()) };
    let name = names::fold(ident);
    let named: Vec<&Expr> = written(select).filter(|(own, _)| *own == name).map(|(_, expr)| expr).collect();
    let Some((first, others)) = named.split_first() else { return Ok(()) };
    // Columns of two tables are two, where both tables are named.
    let same = |one: &Expr, other: &Expr| match (one, other) {
        (Expr::CompoundIdentifier(one), Expr::CompoundIdentifier(other)) => {
            one.iter().map(names::fold).eq(other.iter().map(names::fold))
        }
        (one, other) => plain(one) == plain(other),
    };
    if others.iter().all(|other| same(first, other)) {
        return Ok(());
    }
    let start = ident.span.start;
    Err(Error::new(Kind::AmbiguousColumn, format!("ORDER BY \"{name}\" is ambiguous")).with_place(start.line, start.column))
}

/// What SELECT DISTINCT is ordered by must tell its rows apart.
fn expect_listed(sort: &Expr, select: &Select) -> Result<()> {
    let wild = select.projection.iter().any(|item| matches!(item, SelectItem::QualifiedWildcard(..) | SelectItem::Wildcard(_)));
    let wanted = plain(sort);
    let listed = match sort {
        Expr::Value(_) => true,
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) if wild => true,
        _ => written(select)
            .any(|(name, expr)| plain(expr) == wanted || matches!(sort, Expr::Identifier(own) if names::fold(own) == name)),
    };
    if listed {
        return Ok(());
    }
    let message = "for SELECT DISTINCT, ORDER BY expressions must appear in select list";
    Err(Error::new(Kind::InvalidColumnReference, message))
}

/// An expression without what may be written otherwise and means the same: parentheses, the tables of columns, letters' case.
pub(super) fn plain(expr: &Expr) -> Expr {
    let mut expr = expr.clone();
    let _: ControlFlow<()> = expr.visit(&mut Plain);
    expr
}

struct Plain;

impl VisitorMut for Plain {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let column = |name: &ast::Ident| Expr::Identifier(ast::Ident::with_quote('"', names::fold(name)));
        let other = match &*expr {
            Expr::Nested(inner) => inner.as_ref().clone(),
            Expr::Identifier(name) => column(name),
            Expr::CompoundIdentifier(parts) => match parts.last() {
                Some(name) => column(name),
                None => return ControlFlow::Continue(()),
            },
            Expr::Function(function) => {
                let mut function = function.clone();
                let name = function.name.to_string().to_lowercase();
                function.name = ast::ObjectName::from(vec![ast::Ident::new(name)]);
                Expr::Function(function)
            }
            _ => return ControlFlow::Continue(()),
        };
        *expr = other;
        ControlFlow::Continue(())
    }
}

/// The names that a query in FROM gives to several of its columns.
pub(super) fn repeated(query: &Query) -> Vec<String> {
    let SetExpr::Select(select) = query.body.as_ref() else { return vec![] };
    let mut counts: HashMap<String, usize> = HashMap::new();
    for (name, _) in written(select) {
        *counts.entry(name).or_default() += 1;
    }
    counts.into_iter().filter(|(_, count)| *count > 1).map(|(name, _)| name).collect()
}
