//! JSON functions that answer with many rows, in FROM and in a SELECT list: each becomes the `unnest` of a list.
//!
//! - `jsonb_array_elements(x) e` in FROM is `unnest(jsonb_array_elements(x)) e (value)`, where the inner function answers with a list;
//!   `e` alone then means `e.value`, as a function's name means its value.
//! - `jsonb_each(x)` is an unnest of two lists side by side, keys and values; `aclexplode(x)` of four. Alone in a SELECT list, that is of
//!   rows, whose fields `(d).grantee` takes.
//! - `jsonb_to_recordset(x) t (a int, b text)` is an unnest of a list for each column, read by the column's type.
//! - WITH ORDINALITY is one more list, of numbers.
//! - In a SELECT list the call stands inside `unnest(…)`, and `(jsonb_each(x)).*` is two of them.
//!
//! What DataFusion unnests loses its SQL type, which [`typed`] gives back.

use std::ops::ControlFlow;

use datafusion::common::Column;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::{Expr as PlannedExpr, LogicalPlan, LogicalPlanBuilder};
use datafusion::sql::sqlparser::ast::{
    self, AccessExpr, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName,
    Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, TableAlias, TableAliasColumnDef, TableFactor, Value,
    VisitMut, VisitorMut,
};

use super::dialect::{call, is_named};
use super::forms::is_whole_array;
use super::{names, types};
use crate::error::{Error, Kind, Result};
use crate::query::functions::{
    ACL_COLUMNS, EACH_KEYS, EACH_VALUES, ORDINALS, RECORD_COLUMN, ROW_OF_FIELDS, ROWS_OF_LISTS, WHOLE_ROW, cast,
};
use crate::value::SqlType;

/// Functions that answer with one column, and what it is called where it is not called as the function.
const SINGLE: [(&str, Option<&str>); 8] = [
    ("jsonb_array_elements", Some("value")),
    ("jsonb_array_elements_text", Some("value")),
    ("json_array_elements", Some("value")),
    ("json_array_elements_text", Some("value")),
    ("jsonb_object_keys", None),
    ("json_object_keys", None),
    ("jsonb_path_query", None),
    ("jsonb_path_query_tz", None),
];

/// What stands behind the function's name in that of the list of a column, and the column.
type Columns = &'static [(&'static str, &'static str)];

const EACH: Columns = &[(EACH_KEYS, "key"), (EACH_VALUES, "value")];

/// Functions that answer with several columns.
const SEVERAL: [(&str, Columns); 5] =
    [("jsonb_each", EACH), ("jsonb_each_text", EACH), ("json_each", EACH), ("json_each_text", EACH), ("aclexplode", &ACL_COLUMNS)];

/// Functions whose columns are named behind them, and whether they answer with one row.
const RECORDS: [(&str, bool); 4] =
    [("jsonb_to_recordset", false), ("json_to_recordset", false), ("jsonb_to_record", true), ("json_to_record", true)];

fn ident(name: &str) -> Ident {
    Ident::with_quote('"', name)
}

fn quoted(name: &str, args: Vec<Expr>) -> Expr {
    call(ObjectName::from(vec![ident(name)]), args)
}

/// Which of the functions a name means.
enum Known {
    Single { name: &'static str, column: Option<&'static str> },
    Several(&'static str, Columns),
    Record { one: bool },
}

fn known(name: &ObjectName) -> Option<Known> {
    if let Some((name, column)) = SINGLE.iter().find(|(own, _)| is_named(name, own)) {
        return Some(Known::Single { name, column: *column });
    }
    if let Some((name, columns)) = SEVERAL.iter().find(|(own, _)| is_named(name, own)) {
        return Some(Known::Several(name, columns));
    }
    RECORDS.iter().find(|(own, _)| is_named(name, own)).map(|(_, one)| Known::Record { one: *one })
}

fn plain_args(args: &[FunctionArg]) -> Option<Vec<Expr>> {
    args.iter()
        .map(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
            _ => None,
        })
        .collect()
}

/// A call in FROM.
///
/// # Errors
/// 42601 for a function of records without a list of columns, or with one where there must be none.
pub(super) fn in_from(factor: &mut TableFactor) -> Result<()> {
    let (name, args, alias, ordinality) = match &*factor {
        TableFactor::Table { name, args: Some(args), alias, with_ordinality, .. } => (name, &args.args, alias, *with_ordinality),
        TableFactor::Function { name, args, alias, with_ordinality, .. } => (name, args, alias, *with_ordinality),
        _ => return Ok(()),
    };
    let (Some(known), Some(args)) = (known(name), plain_args(args)) else { return Ok(()) };
    let own_name = names::parts(name)?.pop().unwrap_or_default();
    let mut alias = alias.clone().unwrap_or(TableAlias { explicit: true, name: ident(&own_name), columns: vec![], at: None });
    let mut columns: Vec<String> = Vec::new();
    let mut lists = match known {
        Known::Single { name, column } => {
            columns.push(column.map_or_else(|| names::fold(&alias.name), str::to_owned));
            vec![quoted(name, args)]
        }
        Known::Several(name, parts) => {
            columns.extend(parts.iter().map(|(_, column)| (*column).to_owned()));
            parts.iter().map(|(part, _)| quoted(&format!("{name}{part}"), args.clone())).collect()
        }
        Known::Record { one } => {
            *factor = records(&own_name, one, &args, &alias)?;
            return Ok(());
        }
    };
    if alias.columns.iter().any(|column| column.data_type.is_some()) {
        return Err(Error::new(Kind::SyntaxError, "a column definition list is redundant for a function with OUT parameters"));
    }
    if ordinality {
        columns.push("ordinality".to_owned());
        let first = lists.first().cloned().unwrap_or_else(|| Expr::value(Value::Null));
        lists.push(quoted(ORDINALS, vec![first]));
    }
    let given = alias.columns.len();
    if given > columns.len() {
        return Err(Error::new(
            Kind::InvalidColumnReference,
            format!("table \"{}\" has {} columns available but {given} columns specified", names::fold(&alias.name), columns.len()),
        ));
    }
    alias.columns.extend(columns.iter().skip(given).map(|name| TableAliasColumnDef { name: ident(name), data_type: None }));
    *factor = unnest(lists, alias);
    Ok(())
}

fn unnest(array_exprs: Vec<Expr>, alias: TableAlias) -> TableFactor {
    TableFactor::UNNEST { alias: Some(alias), array_exprs, with_offset: false, with_offset_alias: None, with_ordinality: false }
}

/// `jsonb_to_recordset(x) t (a int)`: a list for each column, read as an array of the column's type.
fn records(function: &str, one: bool, args: &[Expr], alias: &TableAlias) -> Result<TableFactor> {
    let [document] = args else {
        return Err(Error::new(Kind::UndefinedFunction, format!("function {function} does not exist for these arguments")));
    };
    let missing = || Error::new(Kind::SyntaxError, "a column definition list is required for functions returning \"record\"");
    if alias.columns.is_empty() {
        return Err(missing());
    }
    // A literal is read as the type that the function takes: a json keeps what was written.
    let document = match document {
        Expr::Value(_) if function.starts_with("json_") => Expr::Cast {
            kind: CastKind::Cast,
            expr: Box::new(document.clone()),
            data_type: DataType::JSON,
            array: false,
            format: None,
        },
        other => other.clone(),
    };
    let mut alias = alias.clone();
    let mut lists = Vec::with_capacity(alias.columns.len());
    for column in &mut alias.columns {
        let data_type = column.data_type.take().ok_or_else(missing)?;
        let name = Expr::value(Value::SingleQuotedString(names::fold(&column.name)));
        let json = matches!(types::of_sql(&data_type), Ok(SqlType::Json | SqlType::Jsonb));
        let flags = [one, json].map(|flag| Expr::value(Value::Boolean(flag)));
        let texts = quoted(RECORD_COLUMN, [document.clone(), name].into_iter().chain(flags).collect());
        let array = DataType::Array(ast::ArrayElemTypeDef::SquareBracket(Box::new(data_type), None));
        lists.push(Expr::Cast { kind: CastKind::Cast, expr: Box::new(texts), data_type: array, array: false, format: None });
    }
    Ok(unnest(lists, alias))
}

/// Calls in a SELECT list.
pub(super) fn in_select_list(select: &mut Select) {
    let mut items = Vec::with_capacity(select.projection.len());
    for item in std::mem::take(&mut select.projection) {
        match item {
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(expr), options) => match several(&expr) {
                Some((name, parts, args)) => {
                    for (part, column) in parts {
                        let list = quoted(&format!("{name}{part}"), args.clone());
                        items.push(SelectItem::ExprWithAlias { expr: rows(list), alias: ident(column) });
                    }
                }
                None => items.push(SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(expr), options)),
            },
            mut other => {
                let _: ControlFlow<()> = VisitMut::visit(&mut other, &mut Calls::default());
                items.push(other);
            }
        }
    }
    select.projection = items;
}

/// Puts calls inside `unnest`: one whose field is taken before the call in it is looked at. Sub-queries have been visited.
#[derive(Default)]
struct Calls {
    /// Sub-queries and whole arrays around.
    around: usize,
}

impl VisitorMut for Calls {
    type Break = ();

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.around += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.around -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        self.around += usize::from(is_whole_array(expr));
        if self.around == 0
            && matches!(expr, Expr::CompoundFieldAccess { .. })
            && let Some(replaced) = as_rows(expr)
        {
            *expr = replaced;
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        self.around -= usize::from(is_whole_array(expr));
        if self.around == 0
            && let Some(replaced) = as_rows(expr)
        {
            *expr = replaced;
        }
        ControlFlow::Continue(())
    }
}

fn rows(list: Expr) -> Expr {
    call(ObjectName::from(vec![Ident::new("unnest")]), vec![list])
}

/// `(jsonb_each(x))`: which function, with which columns, and of what.
fn several(expr: &Expr) -> Option<(&'static str, Columns, Vec<Expr>)> {
    match expr {
        Expr::Nested(inner) => several(inner),
        Expr::Function(Function { name, args: FunctionArguments::List(list), .. }) => match known(name)? {
            Known::Several(name, columns) => Some((name, columns, plain_args(&list.args)?)),
            Known::Single { .. } | Known::Record { .. } => None,
        },
        _ => None,
    }
}

fn as_rows(expr: &Expr) -> Option<Expr> {
    match expr {
        Expr::CompoundFieldAccess { root, access_chain } => {
            let (name, columns, args) = several(root)?;
            let [AccessExpr::Dot(Expr::Identifier(field))] = access_chain.as_slice() else { return None };
            let field = names::fold(field);
            let (part, _) = columns.iter().find(|(_, column)| *column == field)?;
            Some(rows(quoted(&format!("{name}{part}"), args)))
        }
        Expr::Function(Function { name, args: FunctionArguments::List(list), over: None, .. }) => match known(name)? {
            // The documents' functions of these names answer with lists themselves.
            Known::Several("aclexplode", parts) => {
                let args = plain_args(&list.args)?;
                let named = |(part, column): &(&str, &str)| {
                    let name = Expr::value(Value::SingleQuotedString((*column).to_owned()));
                    [name, quoted(&format!("aclexplode{part}"), args.clone())]
                };
                Some(rows(quoted(ROWS_OF_LISTS, parts.iter().flat_map(named).collect())))
            }
            Known::Single { name, .. } | Known::Several(name, _) => Some(rows(quoted(name, plain_args(&list.args)?))),
            Known::Record { .. } => None,
        },
        _ => None,
    }
}

/// A function's name in FROM, standing alone, means its one column.
pub(super) fn names_as_values(query: &mut Query) {
    let SetExpr::Select(select) = query.body.as_ref() else { return };
    let factors =
        select.from.iter().flat_map(|from| std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation)));
    let named: Vec<(String, Ident)> = factors
        .filter_map(|factor| match factor {
            TableFactor::UNNEST { alias: Some(alias), array_exprs, .. } => match (array_exprs.as_slice(), alias.columns.as_slice())
            {
                ([Expr::Function(function)], [column]) if known(&function.name).is_some() => {
                    let name = names::fold(&alias.name);
                    (name != names::fold(&column.name)).then(|| (name, column.name.clone()))
                }
                _ => None,
            },
            _ => None,
        })
        .collect();
    if named.is_empty() {
        return;
    }
    if let SetExpr::Select(select) = query.body.as_mut() {
        for item in &mut select.projection {
            // An output column is called as it was written.
            if let SelectItem::UnnamedExpr(Expr::Identifier(name)) = item
                && named.iter().any(|(alias, _)| *alias == names::fold(name))
            {
                let alias = name.clone();
                *item = SelectItem::ExprWithAlias { expr: Expr::Identifier(name.clone()), alias };
            }
        }
    }
    let _: ControlFlow<()> = ast::visit_expressions_mut(query, |expr| {
        if let Expr::Identifier(name) = expr
            && let Some((alias, column)) = named.iter().find(|(alias, _)| *alias == names::fold(name))
        {
            *expr = Expr::CompoundIdentifier(vec![ident(alias), column.clone()]);
        }
        ControlFlow::Continue(())
    });
}

/// Functions of values that may be rows.
const OF_ROWS: [&str; 7] = ["row_to_json", "to_json", "to_jsonb", "json_agg", "jsonb_agg", "array_agg", "pg_typeof"];

/// `SELECT t` and `row_to_json(t)`, where `t` is a table in FROM, and `SELECT (1, 2)`.
pub(super) fn rows_as_values(select: &mut Select) {
    let factors =
        select.from.iter().flat_map(|from| std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation)));
    let tables: Vec<String> = factors.clone().filter_map(table_name).collect();
    // A column of a table may be called as the table is; of a sub-query with names for its columns it is known.
    let derived: Vec<String> = factors.filter_map(derived_name).collect();
    for item in &mut select.projection {
        let _: ControlFlow<()> = ast::visit_expressions_mut(item, |expr| {
            if let Expr::Function(Function { name, args: FunctionArguments::List(list), .. }) = expr
                && OF_ROWS.iter().any(|own| is_named(name, own))
                && let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))) = list.args.first_mut()
                && let Some(row) = row_of(argument, &tables)
            {
                *argument = row;
            }
            if let Expr::Tuple(_) = expr
                && let Some(row) = row_of(expr, &[])
            {
                *expr = row;
            }
            ControlFlow::Continue(())
        });
        match item {
            SelectItem::UnnamedExpr(expr) => {
                if let (Some(row), Expr::Identifier(name)) = (row_of(expr, &derived), &*expr) {
                    *item = SelectItem::ExprWithAlias { expr: row, alias: name.clone() };
                }
            }
            SelectItem::ExprWithAlias { expr, .. } => {
                if let Some(row) = row_of(expr, &derived) {
                    *expr = row;
                }
            }
            _ => {}
        }
    }
}

/// What a sub-query in FROM is known as.
fn derived_name(factor: &TableFactor) -> Option<String> {
    match factor {
        TableFactor::Derived { alias: Some(alias), .. } => {
            let name = names::fold(&alias.name);
            let column = alias.columns.iter().any(|column| names::fold(&column.name) == name);
            (!column).then_some(name)
        }
        _ => None,
    }
}

/// What a relation in FROM is known as, unless a column of it may have the same name.
fn table_name(factor: &TableFactor) -> Option<String> {
    match factor {
        TableFactor::Table { name, alias, .. } => match alias {
            Some(alias) => Some(names::fold(&alias.name)),
            None => names::parts(name).ok()?.pop(),
        },
        TableFactor::Derived { alias: Some(alias), .. } => Some(names::fold(&alias.name)),
        TableFactor::UNNEST { alias: Some(alias), .. } if alias.columns.len() > 1 => Some(names::fold(&alias.name)),
        _ => None,
    }
}

fn row_of(argument: &Expr, tables: &[String]) -> Option<Expr> {
    match argument {
        Expr::Identifier(name) if tables.contains(&names::fold(name)) => {
            let table = ObjectName::from(vec![ident(&names::fold(name))]);
            let Expr::Function(mut function) = quoted(WHOLE_ROW, vec![]) else { return None };
            if let FunctionArguments::List(list) = &mut function.args {
                list.args.push(FunctionArg::Unnamed(FunctionArgExpr::QualifiedWildcard(table)));
            }
            Some(Expr::Function(function))
        }
        Expr::Tuple(parts) => Some(quoted(ROW_OF_FIELDS, parts.clone())),
        Expr::Nested(inner) => row_of(inner, tables),
        Expr::Function(Function { name, args: FunctionArguments::List(list), .. }) if is_named(name, "row") => {
            Some(quoted(ROW_OF_FIELDS, plain_args(&list.args)?))
        }
        _ => None,
    }
}

/// Gives what is unnested its SQL type back.
pub(super) fn typed(plan: LogicalPlan) -> datafusion::common::Result<Transformed<LogicalPlan>> {
    let LogicalPlan::Unnest(unnest) = &plan else { return Ok(Transformed::no(plan)) };
    let source = unnest.input.schema();
    let mut lost = false;
    let mut columns = Vec::with_capacity(plan.schema().fields().len());
    for (at, (qualifier, field)) in plan.schema().iter().enumerate() {
        let column = PlannedExpr::Column(Column::from((qualifier, field)));
        let from = unnest.dependency_indices.get(at).map(|place| source.field(*place));
        let kept = from.and_then(|from| match SqlType::of_field(from) {
            SqlType::Array(element) if SqlType::of_arrow(field.data_type()) != *element => Some(*element),
            _ => None,
        });
        match kept {
            Some(element) if element.arrow() == *field.data_type() => {
                lost = true;
                columns.push(cast::typed(column, element).alias_qualified(qualifier.cloned(), field.name().clone()));
            }
            Some(_) | None => columns.push(column),
        }
    }
    if !lost {
        return Ok(Transformed::no(plan));
    }
    Ok(Transformed::yes(LogicalPlanBuilder::from(plan).project(columns)?.build()?))
}
