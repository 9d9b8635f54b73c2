//! Forms of queries that DataFusion's planner lacks, in terms of others: FETCH FIRST, TABLE, functions in FROM with their ordinal
//! numbers, series in a SELECT list, VALUES lists of open types.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    self, Expr, Function, FunctionArguments, Ident, LimitClause, ObjectName, Offset, OffsetRows, Query, Select, SelectItem,
    SetExpr, SetOperator, SetQuantifier, TableAlias, TableFactor, Value, VisitMut, VisitorMut, WindowSpec, WindowType,
};

use super::dialect::{call, ident, is_named, name_only_column, names_column, quoted};
use super::limits;
use super::unions::Combination;
use crate::error::{Error, Kind, Result};
use crate::query::functions::{ARRAY_LIKE, ARRAY_OF, ARRAY_OF_ROWS, VALUE};
use crate::query::parse::{self, unsupported};

/// Rewrites what stands in a query itself; what stands inside it has been visited.
///
/// # Errors
/// 0A000 for a form that there is no other for, 42601 for WITH TIES without an order.
pub(super) fn rewrite(query: &mut Query) -> Result<()> {
    let ties = fetch(query)?;
    body(&mut query.body)?;
    if ties {
        let none = parse::query_of(SetExpr::Values(ast::Values { explicit_row: false, value_keyword: false, rows: vec![] }));
        *query = *known_as(limits::TIES, Box::new(std::mem::replace(query, *none)))?;
    }
    Ok(())
}

/// `FETCH FIRST n ROWS ONLY` is `LIMIT n`. Gives whether rows that are equal to the last one pass as well.
fn fetch(query: &mut Query) -> Result<bool> {
    let Some(fetch) = query.fetch.take() else { return Ok(false) };
    if fetch.with_ties && query.order_by.is_none() {
        return Err(Error::new(Kind::SyntaxError, "WITH TIES cannot be specified without ORDER BY clause"));
    }
    if fetch.percent {
        return Err(unsupported("FETCH FIRST ... PERCENT"));
    }
    let count = fetch.quantity.unwrap_or_else(|| Expr::Value(Value::Number("1".to_owned(), false).into()));
    match &mut query.limit_clause {
        Some(LimitClause::LimitOffset { limit, .. }) => *limit = Some(count),
        Some(LimitClause::OffsetCommaLimit { offset, .. }) => {
            let offset = Some(Offset { value: offset.clone(), rows: OffsetRows::None });
            query.limit_clause = Some(LimitClause::LimitOffset { limit: Some(count), offset, limit_by: vec![] });
        }
        None => query.limit_clause = Some(LimitClause::LimitOffset { limit: Some(count), offset: None, limit_by: vec![] }),
    }
    Ok(fetch.with_ties)
}

fn body(expr: &mut SetExpr) -> Result<()> {
    match expr {
        SetExpr::SetOperation { left, right, .. } => {
            body(left)?;
            body(right)?;
            combination(expr)?;
        }
        SetExpr::Values(values) => open_types(values),
        SetExpr::Select(_)
        | SetExpr::Table(_)
        | SetExpr::Query(_)
        | SetExpr::Insert(_)
        | SetExpr::Update(_)
        | SetExpr::Delete(_)
        | SetExpr::Merge(_) => {}
    }
    Ok(())
}

/// INTERSECT and EXCEPT are planned as a union under a name by which [`unions`] knows them.
fn combination(expr: &mut SetExpr) -> Result<()> {
    let SetExpr::SetOperation { op, set_quantifier, .. } = expr else { return Ok(()) };
    let except = match op {
        SetOperator::Intersect => false,
        SetOperator::Except | SetOperator::Minus => true,
        SetOperator::Union => return Ok(()),
    };
    let kind = Combination { except, all: *set_quantifier == SetQuantifier::All };
    (*op, *set_quantifier) = (SetOperator::Union, SetQuantifier::All);
    let union = std::mem::replace(expr, SetExpr::Values(ast::Values { explicit_row: false, value_keyword: false, rows: vec![] }));
    *expr = SetExpr::Query(known_as(kind.alias(), parse::query_of(union))?);
    Ok(())
}

/// `SELECT * FROM (query) AS alias`.
fn known_as(alias: &str, subquery: Box<Query>) -> Result<Box<Query>> {
    let mut query = parse::select_all(quoted(alias))?;
    if let SetExpr::Select(select) = query.body.as_mut()
        && let Some(from) = select.from.first_mut()
    {
        let alias = TableAlias { explicit: true, name: ident(alias), columns: vec![], at: None };
        from.relation = TableFactor::Derived { lateral: false, subquery, alias: Some(alias), sample: None };
    }
    Ok(query)
}

/// `t TABLESAMPLE method (percent)` is a query that lets each row through with that chance. All rows are read in any case, so SYSTEM
/// differs from BERNOULLI in nothing.
pub(super) fn sampled(factor: &mut TableFactor) -> Result<()> {
    let TableFactor::Table { name, alias, sample, .. } = factor else { return Ok(()) };
    let Some(ast::TableSampleKind::BeforeTableAlias(sample) | ast::TableSampleKind::AfterTableAlias(sample)) = sample.take() else {
        return Ok(());
    };
    if !matches!(sample.name, Some(ast::TableSampleMethod::Bernoulli | ast::TableSampleMethod::System)) {
        return Err(unsupported("this method of TABLESAMPLE").with_hint("Use BERNOULLI or SYSTEM."));
    }
    if sample.seed.is_some() {
        return Err(unsupported("TABLESAMPLE ... REPEATABLE"));
    }
    let percent = sample.quantity.map(|quantity| quantity.value.to_string());
    let percent = percent.as_deref().map(|text| {
        text.trim_matches(|c| "()'".contains(c)).split("::").next().unwrap_or_default().trim_matches('\'').parse::<f64>()
    });
    let percent = match percent {
        Some(Ok(percent)) if (0.0..=100.0).contains(&percent) => percent,
        Some(Ok(_)) => {
            return Err(Error::new(Kind::InvalidTablesampleArgument, "sample percentage must be between 0 and 100"));
        }
        Some(Err(_)) | None => return Err(unsupported("TABLESAMPLE of anything but a constant percentage")),
    };
    let known_as = alias.clone().unwrap_or_else(|| TableAlias {
        explicit: true,
        name: name.0.last().and_then(|part| part.as_ident().cloned()).unwrap_or_else(|| ident("sample")),
        columns: vec![],
        at: None,
    });
    let mut subquery = passed_on(name.clone())?;
    if let SetExpr::Select(select) = subquery.body.as_mut() {
        let chance = Expr::Value(Value::SingleQuotedString((percent / 100.0).to_string()).into());
        select.selection = Some(Expr::BinaryOp {
            left: Box::new(call(ObjectName::from(vec![Ident::new("random")]), vec![])),
            op: ast::BinaryOperator::Lt,
            right: Box::new(chance),
        });
    }
    *factor = TableFactor::Derived { lateral: false, subquery, alias: Some(known_as), sample: None };
    Ok(())
}

/// `t AS x (a, b)` is a query of the table's columns, which are called so.
pub(super) fn renamed(factor: &mut TableFactor) -> Result<()> {
    let TableFactor::Table { name, alias, args: None, .. } = factor else { return Ok(()) };
    if alias.as_ref().is_some_and(|alias| !alias.columns.is_empty()) {
        let subquery = passed_on(name.clone())?;
        *factor = TableFactor::Derived { lateral: false, subquery, alias: alias.take(), sample: None };
    }
    Ok(())
}

/// What a table is called in a query that only stands for it: to pass its columns on is not to name them. No client can write it.
pub(super) const PASSED_ON: &str = "\u{1}passed on";

fn passed_on(name: ObjectName) -> Result<Box<Query>> {
    let mut query = parse::select_all(name)?;
    if let SetExpr::Select(select) = query.body.as_mut() {
        for from in &mut select.from {
            if let TableFactor::Table { alias, .. } = &mut from.relation {
                *alias = Some(TableAlias { explicit: true, name: ident(PASSED_ON), columns: vec![], at: None });
            }
        }
    }
    Ok(query)
}

/// `GROUP BY ()` is one group of all rows, which a SELECT has already that aggregates.
pub(super) fn group_all(select: &mut Select) {
    let ast::GroupByExpr::Expressions(exprs, _) = &mut select.group_by else { return };
    let before = exprs.len();
    exprs.retain(|expr| !matches!(expr, Expr::Tuple(parts) if parts.is_empty()));
    if exprs.is_empty() && before > 0 {
        let Expr::Function(mut count) = call(ObjectName::from(vec![Ident::new("count")]), vec![]) else { return };
        if let FunctionArguments::List(list) = &mut count.args {
            list.args = vec![ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Wildcard)];
        }
        let zero = Box::new(Expr::Value(Value::Number("0".to_owned(), false).into()));
        let always = Expr::BinaryOp { left: Box::new(Expr::Function(count)), op: ast::BinaryOperator::GtEq, right: zero };
        select.having = Some(match select.having.take() {
            Some(having) => Expr::BinaryOp {
                left: Box::new(Expr::Nested(Box::new(having))),
                op: ast::BinaryOperator::And,
                right: Box::new(always),
            },
            None => always,
        });
    }
}

/// `ROWS FROM (f(…), g(…))`: what the functions answer, side by side.
pub(super) fn rows_from(calls: &[Expr]) -> Result<Vec<Expr>> {
    let arrays = calls.iter().map(|expr| {
        let Expr::Function(function) = expr else { return Err(unsupported("ROWS FROM anything but functions")) };
        let FunctionArguments::List(list) = &function.args else { return Err(unsupported("ROWS FROM anything but functions")) };
        let mut args = list.args.iter().filter_map(|arg| match arg {
            ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(arg)) => Some(arg.clone()),
            _ => None,
        });
        if is_named(&function.name, "unnest") {
            return args.next().ok_or_else(|| unsupported("ROWS FROM unnest of nothing"));
        }
        if is_named(&function.name, "generate_series") {
            return Ok(expr.clone());
        }
        // A function of one value is one row.
        Ok(call(quoted(ARRAY_OF), vec![expr.clone()]))
    });
    arrays.collect()
}

/// A string as a condition is read as a truth value.
pub(super) fn truth(expr: &mut Expr) {
    if matches!(&*expr, Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_))) {
        let text = Box::new(std::mem::replace(expr, Expr::Value(Value::Null.into())));
        let data_type = ast::DataType::Boolean;
        *expr = Expr::Cast { kind: ast::CastKind::Cast, expr: text, data_type, array: false, format: None };
    }
}

/// `VALUES` in FROM under fewer names than columns: the others keep theirs.
pub(super) fn name_all_columns(factor: &mut TableFactor) {
    let TableFactor::Derived { subquery, alias: Some(alias), .. } = factor else { return };
    let SetExpr::Values(values) = subquery.body.as_ref() else { return };
    let width = values.rows.first().map_or(0, |row| row.content.len());
    if !alias.columns.is_empty() {
        let missing = alias.columns.len()..width;
        alias
            .columns
            .extend(missing.map(|at| ast::TableAliasColumnDef { name: ident(&format!("column{}", at + 1)), data_type: None }));
    }
}

/// Marks the values of several rows, so that their types are settled together when the plan is lowered. A column of casts to one type is
/// settled as it is, and what refers to it is planned with its type.
fn open_types(values: &mut ast::Values) {
    if values.rows.len() < 2 {
        return;
    }
    let width = values.rows.iter().map(|row| row.content.len()).max().unwrap_or(0);
    for at in 0..width {
        let mut column: Vec<&mut Expr> = values.rows.iter_mut().filter_map(|row| row.content.get_mut(at)).collect();
        let cast_to = |value: &Expr| match value {
            Expr::Cast { data_type, .. } => Some(data_type.clone()),
            _ => None,
        };
        let first = column.first().and_then(|value| cast_to(value));
        if first.is_some() && column.iter().all(|value| cast_to(value) == first) {
            continue;
        }
        for value in &mut column {
            let inner = std::mem::replace(*value, Expr::Value(Value::Null.into()));
            **value = call(quoted(VALUE), vec![inner]);
        }
    }
}

/// `generate_series(…)` in a SELECT list yields its rows there.
pub(super) fn unnest_series(select: &mut Select) {
    for item in &mut select.projection {
        if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
            let _: ControlFlow<()> = expr.visit(&mut Series { depth: 0 });
        }
    }
}

/// Whether an expression makes one array of the rows inside it.
pub(super) fn is_whole_array(expr: &Expr) -> bool {
    matches!(expr, Expr::Function(function) if is_named(&function.name, ARRAY_OF_ROWS))
}

/// Finds series in an expression, but not in the sub-queries inside it, which have lists of their own.
struct Series {
    depth: usize,
}

impl VisitorMut for Series {
    type Break = ();

    fn pre_visit_query(&mut self, _query: &mut Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &mut Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        self.depth += usize::from(is_whole_array(expr));
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        self.depth -= usize::from(is_whole_array(expr));
        let series = matches!(&*expr, Expr::Function(Function { name, args: FunctionArguments::List(_), over: None, .. })
            if is_named(name, "generate_series"));
        if series && self.depth == 0 {
            let function = std::mem::replace(expr, Expr::Value(Value::Null.into()));
            *expr = call(ObjectName::from(vec![Ident::new("unnest")]), vec![function]);
        }
        ControlFlow::Continue(())
    }
}

/// `x = ANY ('{…}')` and `x = ANY ($1)`: what has no type of its own is an array of the left side's type.
pub(super) fn array_like(left: &Expr, right: &mut Expr) {
    let open = matches!(&*right, Expr::Value(value)
        if matches!(value.value, Value::SingleQuotedString(_) | Value::Placeholder(_)));
    if open {
        let inner = std::mem::replace(right, Expr::Value(Value::Null.into()));
        *right = call(quoted(ARRAY_LIKE), vec![inner, left.clone()]);
    }
}

/// Arrays in FROM as their elements, numbered where that is asked for.
pub(super) fn unnested(array_exprs: Vec<Expr>, mut alias: TableAlias, ordinality: bool) -> Result<TableFactor> {
    let columns = array_exprs.len();
    let lateral = array_exprs.iter().any(names_column);
    if !ordinality {
        name_only_column(&mut alias, columns);
        return Ok(elements(array_exprs, alias));
    }
    let names: Vec<Ident> = (0..columns)
        .map(|at| match (alias.columns.get(at), columns) {
            (Some(column), _) => column.name.clone(),
            (None, 1) => alias.name.clone(),
            (None, _) => ident(&format!("unnest{at}")),
        })
        .collect();
    let ordinal = alias.columns.get(columns).map_or_else(|| ident("ordinality"), |column| column.name.clone());
    alias.columns = vec![];
    let inner_alias = TableAlias {
        explicit: true,
        name: ident("elements"),
        columns: names.iter().map(|name| ast::TableAliasColumnDef { name: name.clone(), data_type: None }).collect(),
        at: None,
    };
    let subquery = numbered(array_exprs, inner_alias, names, ordinal)?;
    Ok(TableFactor::Derived { lateral, subquery, alias: Some(alias), sample: None })
}

/// `SELECT names, row_number() OVER () AS ordinal FROM unnest(arrays)`.
fn numbered(array_exprs: Vec<Expr>, alias: TableAlias, names: Vec<Ident>, ordinal: Ident) -> Result<Box<Query>> {
    let mut query = parse::parse_query("SELECT 1 FROM t")?;
    let SetExpr::Select(select) = query.body.as_mut() else {
        return Err(Error::internal("a SELECT did not read as one"));
    };
    let mut number = call(ObjectName::from(vec![Ident::new("row_number")]), vec![]);
    if let Expr::Function(function) = &mut number {
        function.over = Some(WindowType::WindowSpec(WindowSpec {
            window_name: None,
            partition_by: vec![],
            order_by: vec![],
            window_frame: None,
        }));
    }
    select.projection = names
        .into_iter()
        .map(|name| SelectItem::UnnamedExpr(Expr::Identifier(name)))
        .chain([SelectItem::ExprWithAlias { expr: number, alias: ordinal }])
        .collect();
    if let Some(from) = select.from.first_mut() {
        from.relation = elements(array_exprs, alias);
    }
    Ok(query)
}

fn elements(array_exprs: Vec<Expr>, alias: TableAlias) -> TableFactor {
    TableFactor::UNNEST { alias: Some(alias), array_exprs, with_offset: false, with_offset_alias: None, with_ordinality: false }
}
