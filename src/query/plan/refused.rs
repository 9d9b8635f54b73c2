//! What PostgreSQL refuses by looking at a statement's tree alone, and DataFusion would answer.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Distinct, DuplicateTreatment, Expr, Function, FunctionArgumentClause, FunctionArguments, GroupByExpr, Query, Select,
    SelectItem, SetExpr, Spanned, TableFactor, TableWithJoins, Visit, VisitMut, Visitor, VisitorMut,
};

use super::{names, orders};
use crate::error::{Error, Kind, Result};
use crate::query::functions::Registry;
use crate::query::parse::NO_COLUMNS;

/// A relation in FROM.
///
/// # Errors
/// 42601 for a sub-query without a name, and for a sample of one.
pub(super) fn in_factor(factor: &TableFactor) -> Result<()> {
    let TableFactor::Derived { subquery, alias, sample, .. } = factor else { return Ok(()) };
    if alias.is_none() {
        let (what, example) = match subquery.body.as_ref() {
            SetExpr::Values(_) => ("VALUES", "VALUES ..."),
            _ => ("subquery", "SELECT ..."),
        };
        let start = subquery.span().start;
        let error = Error::new(Kind::SyntaxError, format!("{what} in FROM must have an alias"))
            .with_hint(format!("For example, FROM ({example}) [AS] foo."));
        // The parenthesis before the query is pointed at; the tree knows no place of a list.
        return Err(if what == "VALUES" { error } else { error.with_place(start.line, start.column.saturating_sub(1)) });
    }
    match sample {
        Some(_) => Err(Error::new(Kind::SyntaxError, "syntax error at or near \"TABLESAMPLE\"")),
        None => Ok(()),
    }
}

/// A SELECT's own list and FROM.
///
/// # Errors
/// 42601 for a string as a column's name, 42712 for two relations of one name, 42702 for a name of two columns.
pub(super) fn in_select(select: &mut Select) -> Result<()> {
    for item in &select.projection {
        if let SelectItem::ExprWithAlias { alias, .. } = item
            && alias.quote_style == Some('\'')
        {
            let start = alias.span.start;
            return Err(Error::new(Kind::SyntaxError, format!("syntax error at or near \"'{}'\"", alias.value))
                .with_place(start.line, start.column));
        }
    }
    if select.into.is_some() {
        return Err(Error::new(Kind::SyntaxError, "SELECT ... INTO is not allowed here"));
    }
    if matches!(select.distinct, Some(Distinct::Distinct)) && select.projection.is_empty() {
        return Err(Error::new(Kind::SyntaxError, "syntax error at or near \"FROM\""));
    }
    let mut known: HashMap<String, String> = HashMap::new();
    for from in &select.from {
        expect_other_names(from, &mut known)?;
    }
    expect_one_meaning(select)
}

/// Two relations in FROM have two names; those of two schemas may be called the same as long as neither has an alias.
fn expect_other_names(from: &TableWithJoins, known: &mut HashMap<String, String>) -> Result<()> {
    let factors = std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation));
    for factor in factors {
        let (name, relation) = match factor {
            TableFactor::Table { alias: Some(alias), .. }
            | TableFactor::Derived { alias: Some(alias), .. }
            | TableFactor::Function { alias: Some(alias), .. }
            | TableFactor::UNNEST { alias: Some(alias), .. }
            | TableFactor::NestedJoin { alias: Some(alias), .. } => (names::fold(&alias.name), String::new()),
            TableFactor::Table { name, args, .. } => match names::parts(name)?.pop() {
                Some(own) if args.is_none() => (own, names::parts(name)?.join(".")),
                Some(own) => (own, String::new()),
                None => continue,
            },
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                expect_other_names(table_with_joins, known)?;
                continue;
            }
            _ => continue,
        };
        if let Some(other) = known.insert(name.clone(), relation.clone())
            && (other == relation || other.is_empty() || relation.is_empty())
        {
            return Err(Error::new(Kind::DuplicateAlias, format!("table name \"{name}\" specified more than once")));
        }
    }
    Ok(())
}

/// A query in FROM may have two columns of one name, which then cannot be named.
fn expect_one_meaning(select: &mut Select) -> Result<()> {
    let factors =
        select.from.iter().flat_map(|from| std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation)));
    let repeated: HashSet<String> = factors
        .filter_map(|factor| match factor {
            TableFactor::Derived { subquery, alias: Some(alias), .. } if alias.columns.is_empty() => {
                Some(orders::repeated(subquery))
            }
            _ => None,
        })
        .flatten()
        .collect();
    if repeated.is_empty() {
        return Ok(());
    }
    let mut naming = Naming { repeated, depth: 0 };
    let Select { projection, selection, group_by, having, .. } = select;
    let flow = match projection.visit(&mut naming) {
        ControlFlow::Continue(()) => selection.visit(&mut naming),
        found => found,
    };
    let flow = match flow {
        ControlFlow::Continue(()) => group_by.visit(&mut naming),
        found => found,
    };
    let flow = match flow {
        ControlFlow::Continue(()) => having.visit(&mut naming),
        found => found,
    };
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

/// The queries of a set operation, which have one number of columns. What a wildcard stands for is not known yet.
///
/// # Errors
/// 42601.
pub(super) fn in_body(body: &SetExpr) -> Result<()> {
    let SetExpr::SetOperation { op, left, right, .. } = body else { return Ok(()) };
    in_body(left)?;
    in_body(right)?;
    let (Some(first), Some(second)) = (columns(left), columns(right)) else { return Ok(()) };
    if first.len() == second.len() {
        return Ok(());
    }
    let start = second.first().map_or_else(|| right.span(), |first| first.span()).start;
    Err(Error::new(Kind::SyntaxError, format!("each {op} query must have the same number of columns"))
        .with_place(start.line, start.column))
}

/// The output columns of a query, as far as they are written out.
fn columns(body: &SetExpr) -> Option<Vec<&Expr>> {
    match body {
        SetExpr::Select(select) => select
            .projection
            .iter()
            .map(|item| match item {
                SelectItem::UnnamedExpr(Expr::Identifier(name)) if name.value == NO_COLUMNS => None,
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
                SelectItem::ExprWithAliases { .. } | SelectItem::QualifiedWildcard(..) | SelectItem::Wildcard(_) => None,
            })
            .collect(),
        SetExpr::Query(query) => columns(&query.body),
        SetExpr::SetOperation { left, .. } => columns(left),
        SetExpr::Values(values) => values.rows.first().map(|row| row.content.iter().collect()),
        SetExpr::Table(_) | SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => None,
    }
}

/// Whether a query's SELECT list is empty.
pub(super) fn is_without_columns(query: &Query) -> bool {
    matches!(query.body.as_ref(), SetExpr::Select(select) if select.projection.is_empty())
}

/// Finds a name of several columns outside of the queries inside.
struct Naming {
    repeated: HashSet<String>,
    depth: usize,
}

impl VisitorMut for Naming {
    type Break = Error;

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<Error> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Error> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        if let Expr::Identifier(name) = expr
            && self.depth == 0
            && self.repeated.contains(&names::fold(name))
        {
            let name = names::fold(name);
            return ControlFlow::Break(Error::new(Kind::AmbiguousColumn, format!("column reference \"{name}\" is ambiguous")));
        }
        ControlFlow::Continue(())
    }
}

/// What only aggregates take, given to another function (`ParseFuncOrColumn` in PostgreSQL's `parse_func.c`).
///
/// # Errors
/// 42809.
pub(super) fn in_calls(query: &mut Query, registry: &Registry) -> Result<()> {
    match query.visit(&mut Calls { registry }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

/// What a query whose rows are locked may not do with them: each row of the answer must be one row of each table
/// (`CheckSelectLocking` in PostgreSQL's `analyze.c`).
fn in_locking(query: &Query, registry: &Registry) -> Result<()> {
    let Some(lock) = query.locks.first() else { return Ok(()) };
    let strength = lock.lock_type.to_string();
    let select = match query.body.as_ref() {
        SetExpr::Select(select) => select,
        SetExpr::Values(_) => {
            return Err(Error::new(Kind::FeatureNotSupported, format!("FOR {strength} cannot be applied to VALUES")));
        }
        SetExpr::SetOperation { .. } => return Err(not_allowed(&strength, "UNION/INTERSECT/EXCEPT")),
        _ => return Ok(()),
    };
    let grouped = match &select.group_by {
        GroupByExpr::Expressions(exprs, modifiers) => !exprs.is_empty() || !modifiers.is_empty(),
        GroupByExpr::All(_) => true,
    };
    let calls = |wanted: &dyn Fn(&Function) -> bool| {
        let mut finder = CallFinder { wanted, depth: 0 };
        select.projection.visit(&mut finder).is_break()
    };
    let aggregate = |function: &Function| {
        let name = names::parts(&function.name).ok().and_then(|mut parts| parts.pop());
        function.over.is_none() && name.is_some_and(|name| registry.aggregate(&name).is_some())
    };
    let set = |function: &Function| {
        let name = names::parts(&function.name).ok().and_then(|mut parts| parts.pop());
        name.is_some_and(|name| ["unnest", "generate_series"].contains(&name.as_str()))
    };
    let found = [
        (select.distinct.is_some(), "DISTINCT clause"),
        (grouped, "GROUP BY clause"),
        (select.having.is_some(), "HAVING clause"),
        (calls(&aggregate), "aggregate functions"),
        (calls(&|function| function.over.is_some()), "window functions"),
        (calls(&set), "set-returning functions in the target list"),
    ];
    if let Some((_, what)) = found.into_iter().find(|(found, _)| *found) {
        return Err(not_allowed(&strength, what));
    }
    let mut known = HashMap::new();
    select.from.iter().try_for_each(|from| expect_other_names(from, &mut known))?;
    for lock in &query.locks {
        if let Some(of) = lock.of.as_ref().and_then(|of| names::parts(of).ok()?.pop())
            && !known.contains_key(&of)
        {
            let message = format!("relation \"{of}\" in FOR {} clause not found in FROM clause", lock.lock_type);
            return Err(Error::new(Kind::UndefinedTable, message));
        }
    }
    Ok(())
}

fn not_allowed(strength: &str, what: &str) -> Error {
    Error::new(Kind::FeatureNotSupported, format!("FOR {strength} is not allowed with {what}"))
}

/// Finds a call in a SELECT list, outside of the queries inside.
struct CallFinder<'a> {
    wanted: &'a dyn Fn(&Function) -> bool,
    depth: usize,
}

impl Visitor for CallFinder<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Function(function) if self.depth == 0 && (self.wanted)(function) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }
}

struct Calls<'a> {
    registry: &'a Registry,
}

impl VisitorMut for Calls<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        in_locking(query, self.registry).map_or_else(ControlFlow::Break, ControlFlow::Continue)
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        let Expr::Function(function) = expr else { return ControlFlow::Continue(()) };
        match in_call(function, self.registry) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }
}

fn in_call(function: &Function, registry: &Registry) -> Result<()> {
    let name = match &names::parts(&function.name)?[..] {
        [name] => name.clone(),
        [schema, name] if schema == "pg_catalog" => name.clone(),
        _ => return Ok(()),
    };
    let FunctionArguments::List(list) = &function.args else { return Ok(()) };
    let refused = |message: String| Err(Error::new(Kind::WrongObjectType, message));
    if registry.aggregate(&name).is_some() {
        if name == "count" && list.args.is_empty() && list.duplicate_treatment.is_none() {
            return refused("count(*) must be used to call a parameterless aggregate function".to_owned());
        }
        return Ok(());
    }
    let window = registry.window(&name).is_some();
    if function.over.is_some() && !window && registry.is_scalar(&name) {
        return refused(format!("OVER specified, but {name} is not a window function nor an aggregate function"));
    }
    if window || !registry.is_scalar(&name) {
        return Ok(());
    }
    let given = [
        (list.duplicate_treatment == Some(DuplicateTreatment::Distinct), "DISTINCT"),
        (!function.within_group.is_empty(), "WITHIN GROUP"),
        (list.clauses.iter().any(|clause| matches!(clause, FunctionArgumentClause::OrderBy(_))), "ORDER BY"),
        (function.filter.is_some(), "FILTER"),
    ];
    match given.into_iter().find(|(given, _)| *given) {
        Some((_, what)) => refused(format!("{what} specified, but {name} is not an aggregate function")),
        None => Ok(()),
    }
}
