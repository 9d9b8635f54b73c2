//! PostgreSQL's forms that DataFusion's planner does not take, rewritten in the syntax tree into forms that it does.
//!
//! The rules, each a function below:
//! - `a OPERATOR(pg_catalog.~) b` is `a ~ b`: psql writes operators so, that no other schema's can be meant ([`operator`]).
//! - `a COLLATE "default"` is `a`: there is one collation, byte order; another one is refused ([`collated`]).
//! - `ARRAY(SELECT …)` is an aggregated sub-query, empty and not NULL when there are no rows ([`arrays`]).
//! - Numbers get their types ([`literals`]), and `-a` is a function as `a - b` is ([`unary`]).
//! - `schema.f(…)` in FROM is one name, of which DataFusion reads the first part only ([`table_function`]).
//! - `c.tableoid` is the id of the table that `c` stands for ([`table_oids`]).
//! - A few set-returning functions of PostgreSQL's in FROM are queries ([`AS_QUERIES`]).
//! - `unnest(a) x` and `generate_series(1, n) x` in FROM name their one column as they are named ([`table_function`]).

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    self, BinaryOperator, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident,
    ObjectName, Query, Select, SelectItem, TableAlias, TableAliasColumnDef, TableFactor, UnaryOperator, Value, VisitMut,
    VisitorMut,
};

use super::{arrays, calls, forms, inlined, literals, names, series, sets, sorted};
use crate::catalog::quote_identifier;
use crate::error::{Error, Kind, Result};
use crate::query::functions::{NUMBERED, OF_PATTERNS};
use crate::query::parse::{self, ROWS_FROM};

/// Rewrites a query.
///
/// # Errors
/// 42704 for a collation that there is not, 42883 for an operator.
pub(super) fn rewrite(query: &mut Query) -> Result<()> {
    finish(query.visit(&mut Rules))
}

/// Rewrites an expression.
///
/// # Errors
/// As [`rewrite`].
pub(super) fn rewrite_expression(expr: &mut Expr) -> Result<()> {
    finish(expr.visit(&mut Rules))
}

pub(super) fn finish(flow: ControlFlow<Error>) -> Result<()> {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Rules;

impl VisitorMut for Rules {
    type Break = Error;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        let result = match expr {
            Expr::BinaryOp { op, .. } => operator(op),
            Expr::Collate { .. } => collated(expr),
            Expr::CompoundFieldAccess { root, access_chain } if is_field(root, access_chain) => {
                fields_by_name(access_chain);
                Ok(())
            }
            Expr::Function(function) if is_named(&function.name, "age") && is_of_transaction(function) => {
                function.name = quoted("age of transaction");
                Ok(())
            }
            Expr::Function(function) if is_expand(&function.name) => {
                expanded(expr);
                Ok(())
            }
            Expr::Function(Function { name, args: FunctionArguments::Subquery(_), .. }) if is_named(name, "array") => {
                arrays::of_rows(expr)
            }
            Expr::Function(Function { over: Some(ast::WindowType::WindowSpec(window)), .. }) => {
                literals::restore_in_frame(window);
                Ok(())
            }
            Expr::Cast { .. } => {
                literals::cut(expr);
                empty_array(expr);
                Ok(())
            }
            Expr::AnyOp { left, right, .. } | Expr::AllOp { left, right, .. } => {
                forms::array_like(
                    left,
                    match right.as_mut() {
                        Expr::Nested(inner) => inner,
                        other => other,
                    },
                );
                of_patterns(expr)
            }
            Expr::Subquery(_) => {
                inlined::inline(expr);
                Ok(())
            }
            Expr::Value(_) => literals::typed(expr),
            Expr::UnaryOp { .. } => {
                unary(expr);
                Ok(())
            }
            _ => Ok(()),
        };
        let result = result.and_then(|()| {
            if let Some(other) = calls::rewritten(expr)? {
                *expr = other;
            }
            Ok(())
        });
        result.map_or_else(ControlFlow::Break, ControlFlow::Continue)
    }

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<Error> {
        table_oids(select);
        sets::in_select_list(select);
        sets::rows_as_values(select);
        literals::restore_in_select(select);
        if let Err(error) = series::alone(select).map_or(Ok(()), table_function) {
            return ControlFlow::Break(error);
        }
        forms::unnest_series(select);
        if let Some(condition) = &mut select.selection {
            forms::truth(condition);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        sets::names_as_values(query);
        literals::restore_in_query(query);
        sorted::separate(query).and_then(|()| forms::rewrite(query)).map_or_else(ControlFlow::Break, ControlFlow::Continue)
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        forms::name_all_columns(factor);
        sets::in_from(factor)
            .and_then(|()| forms::sampled(factor))
            .and_then(|()| forms::renamed(factor))
            .and_then(|()| table_function(factor))
            .map_or_else(ControlFlow::Break, ControlFlow::Continue)
    }
}

fn operator(op: &mut BinaryOperator) -> Result<()> {
    let BinaryOperator::PGCustomBinaryOperator(parts) = op else { return Ok(()) };
    let known = match parts.last().map(String::as_str) {
        Some("=") => BinaryOperator::Eq,
        Some("<>" | "!=") => BinaryOperator::NotEq,
        Some("<") => BinaryOperator::Lt,
        Some("<=") => BinaryOperator::LtEq,
        Some(">") => BinaryOperator::Gt,
        Some(">=") => BinaryOperator::GtEq,
        Some("~") => BinaryOperator::PGRegexMatch,
        Some("~*") => BinaryOperator::PGRegexIMatch,
        Some("!~") => BinaryOperator::PGRegexNotMatch,
        Some("!~*") => BinaryOperator::PGRegexNotIMatch,
        Some("~~") => BinaryOperator::PGLikeMatch,
        Some("~~*") => BinaryOperator::PGILikeMatch,
        Some("!~~") => BinaryOperator::PGNotLikeMatch,
        Some("!~~*") => BinaryOperator::PGNotILikeMatch,
        Some("||") => BinaryOperator::StringConcat,
        Some("+") => BinaryOperator::Plus,
        Some("-") => BinaryOperator::Minus,
        Some("*") => BinaryOperator::Multiply,
        Some("/") => BinaryOperator::Divide,
        Some("%") => BinaryOperator::Modulo,
        Some("->") => BinaryOperator::Arrow,
        Some("->>") => BinaryOperator::LongArrow,
        Some("@>") => BinaryOperator::AtArrow,
        Some("<@") => BinaryOperator::ArrowAt,
        _ => {
            return Err(Error::new(Kind::UndefinedFunction, format!("operator does not exist: {}", parts.join("."))));
        }
    };
    *op = known;
    Ok(())
}

/// Operators before their operand are functions of their names.
fn unary(expr: &mut Expr) {
    let Expr::UnaryOp { op, expr: operand } = expr else { return };
    if *op == UnaryOperator::Not {
        return forms::truth(operand);
    }
    let symbol = match op {
        UnaryOperator::Minus => "-",
        UnaryOperator::Plus => "+",
        UnaryOperator::BitwiseNot => "~",
        UnaryOperator::PGAbs => "@",
        UnaryOperator::PGSquareRoot => "|/",
        UnaryOperator::PGCubeRoot => "||/",
        _ => return,
    };
    if let (UnaryOperator::Minus, Some(number)) = (&*op, literals::negative(operand)) {
        *expr = number;
        return;
    }
    let operand = std::mem::replace(operand.as_mut(), Expr::Value(Value::Null.into()));
    *expr = call(quoted(symbol), vec![operand]);
}

fn collated(expr: &mut Expr) -> Result<()> {
    let Expr::Collate { expr: inner, collation } = expr else { return Ok(()) };
    let parts = names::parts(collation)?;
    let name = parts.last().map_or("", String::as_str);
    if !["default", "c", "C", "posix", "POSIX", "ucs_basic"].contains(&name) {
        return Err(Error::new(Kind::UndefinedObject, format!("collation \"{name}\" for encoding \"UTF8\" does not exist"))
            .with_hint("Strings are compared byte by byte, as COLLATE \"C\" does."));
    }
    *expr = std::mem::replace(inner, Expr::Value(Value::Null.into()));
    Ok(())
}

/// `x LIKE ANY (patterns)` and its like as a call of a function of the value, the patterns, the operator and whether all must match.
fn of_patterns(expr: &mut Expr) -> Result<()> {
    let (Expr::AnyOp { left, compare_op, right, .. } | Expr::AllOp { left, compare_op, right }) = &*expr else { return Ok(()) };
    let symbol = match compare_op {
        BinaryOperator::PGLikeMatch => "~~",
        BinaryOperator::PGILikeMatch => "~~*",
        BinaryOperator::PGNotLikeMatch => "!~~",
        BinaryOperator::PGNotILikeMatch => "!~~*",
        BinaryOperator::PGRegexMatch => "~",
        BinaryOperator::PGRegexIMatch => "~*",
        BinaryOperator::PGRegexNotMatch => "!~",
        BinaryOperator::PGRegexNotIMatch => "!~*",
        _ => return Ok(()),
    };
    let mut patterns = right.as_ref().clone();
    if let Expr::Subquery(query) = patterns {
        let Expr::Function(mut array) = call(ObjectName::from(vec![Ident::new("array")]), vec![]) else { return Ok(()) };
        array.args = FunctionArguments::Subquery(query);
        patterns = Expr::Function(array);
        arrays::of_rows(&mut patterns)?;
    }
    let symbol = Expr::Value(Value::SingleQuotedString(symbol.to_owned()).into());
    let all = Expr::Value(Value::Boolean(matches!(expr, Expr::AllOp { .. })).into());
    *expr = call(quoted(OF_PATTERNS), vec![left.as_ref().clone(), patterns, symbol, all]);
    Ok(())
}

/// An array without elements has no type but the one it is cast to.
fn empty_array(expr: &mut Expr) {
    let Expr::Cast { expr: inner, .. } = expr else { return };
    if matches!(inner.as_ref(), Expr::Array(array) if array.elem.is_empty()) {
        **inner = Expr::Value(Value::SingleQuotedString("{}".to_owned()).into());
    }
}

/// Whether a field of a row is asked for: of numbered elements, or of what a column holds.
fn is_field(root: &Expr, access_chain: &[ast::AccessExpr]) -> bool {
    let Expr::Nested(inner) = root else { return false };
    match inner.as_ref() {
        Expr::Function(function) => is_named(&function.name, "unnest"),
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
            matches!(access_chain, [ast::AccessExpr::Dot(Expr::Identifier(_))])
        }
        _ => false,
    }
}

/// `(x).f`: DataFusion wants the field's name as a string.
fn fields_by_name(access_chain: &mut [ast::AccessExpr]) {
    for access in access_chain {
        if let ast::AccessExpr::Dot(Expr::Identifier(field)) = access {
            *access = ast::AccessExpr::Dot(Expr::Value(Value::SingleQuotedString(names::fold(field)).into()));
        }
    }
}

/// Whether `age` is asked of a transaction's number and not of a time.
fn is_of_transaction(function: &Function) -> bool {
    let FunctionArguments::List(FunctionArgumentList { args, .. }) = &function.args else { return false };
    let [FunctionArg::Unnamed(FunctionArgExpr::Expr(only))] = &args[..] else { return false };
    let is_number = |column: &Ident| {
        ["xmin", "transactionid", "relfrozenxid", "datfrozenxid", "backend_xid", "backend_xmin"]
            .contains(&names::fold(column).as_str())
    };
    match only {
        Expr::Identifier(column) => is_number(column),
        Expr::CompoundIdentifier(parts) => parts.last().is_some_and(is_number),
        Expr::Cast { data_type, .. } => data_type.to_string().eq_ignore_ascii_case("xid"),
        _ => false,
    }
}

/// Whether a name is that of the information schema's function that gives an array's elements with their numbers.
fn is_expand(name: &ObjectName) -> bool {
    names::parts(name).is_ok_and(|parts| parts.last().is_some_and(|name| name == "_pg_expandarray"))
}

/// `information_schema._pg_expandarray(a)` gives a row for each element: `unnest` over the numbered elements.
fn expanded(expr: &mut Expr) {
    let Expr::Function(function) = expr else { return };
    let FunctionArguments::List(list) = &function.args else { return };
    let args = list.args.iter().filter_map(|arg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(arg)) => Some(arg.clone()),
        _ => None,
    });
    *expr = call(ObjectName::from(vec![Ident::new("unnest")]), vec![call(quoted(NUMBERED), args.collect())]);
}

fn table_function(factor: &mut TableFactor) -> Result<()> {
    // A function in FROM may name what stands before it with or without LATERAL.
    if let TableFactor::Function { name, args, with_ordinality, alias, .. } = factor {
        *factor = TableFactor::Table {
            name: name.clone(),
            alias: alias.clone(),
            args: Some(ast::TableFunctionArgs { args: args.clone(), settings: None }),
            with_hints: vec![],
            version: None,
            with_ordinality: *with_ordinality,
            partitions: vec![],
            json_path: None,
            sample: None,
            index_hints: vec![],
        };
    }
    if let TableFactor::Table { name, alias, args: Some(args), with_ordinality, .. } = factor
        && matches!(&name.0[..], [only] if only.as_ident().is_some_and(|ident| ident.value == ROWS_FROM))
    {
        let calls = args.args.iter().filter_map(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
            _ => None,
        });
        let arrays = forms::rows_from(&calls.collect::<Vec<_>>())?;
        let alias = alias.clone().unwrap_or_else(|| alias_of("rows"));
        *factor = forms::unnested(arrays, alias, *with_ordinality)?;
        return Ok(());
    }
    let (function, ordinality, alias) = match factor {
        TableFactor::UNNEST { alias, array_exprs, with_ordinality, .. } => {
            (("unnest".to_owned(), array_exprs.clone()), *with_ordinality, alias.clone())
        }
        TableFactor::Table { name, alias, args: Some(args), with_ordinality, .. } => {
            let mut parts = names::parts(name)?;
            if parts.first().is_some_and(|schema| schema == "pg_catalog") && parts.len() > 1 {
                parts.remove(0);
            }
            let exprs: Option<Vec<Expr>> = args
                .args
                .iter()
                .map(|arg| match arg {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
                    _ => None,
                })
                .collect();
            let alias_or_own = alias.get_or_insert_with(|| alias_of(parts.last().map_or("", String::as_str))).clone();
            match exprs {
                Some(exprs) if parts.len() == 1 => ((parts.remove(0), exprs), *with_ordinality, Some(alias_or_own)),
                _ => {
                    *name = ObjectName::from(vec![Ident::new(parts.join("."))]);
                    return Ok(());
                }
            }
        }
        _ => return Ok(()),
    };
    let (plain, exprs) = function;
    let alias = alias.unwrap_or_else(|| alias_of(&plain));
    if let Some(subquery) = as_query(&plain, exprs.first())? {
        *factor = TableFactor::Derived { lateral: false, subquery, alias: Some(alias), sample: None };
        return Ok(());
    }
    let lateral = exprs.iter().any(names_column);
    let unnested = match plain.as_str() {
        "unnest" => Some(exprs),
        // DataFusion's table function wants constants; the array function takes what a column or a query around it says.
        "generate_series" if lateral || ordinality => {
            Some(vec![call(ObjectName::from(vec![Ident::new("generate_series")]), exprs)])
        }
        "generate_series" => {
            if let TableFactor::Table { name, alias, .. } = factor {
                *name = ObjectName::from(vec![Ident::new(plain)]);
                if let Some(alias) = alias {
                    name_only_column(alias, 1);
                }
            }
            return Ok(());
        }
        other => calls::array_function(other).map(|array| vec![calls::call(array, exprs)]),
    };
    match unnested {
        Some(arrays) => *factor = forms::unnested(arrays, alias, ordinality)?,
        None => {
            if let TableFactor::Table { name, alias, .. } = factor {
                if ONE_VALUE.contains(&plain.as_str())
                    && let Some(alias) = alias
                {
                    name_only_column(alias, 1);
                }
                *name = ObjectName::from(vec![Ident::new(plain)]);
            }
        }
    }
    Ok(())
}

/// Whether it is the column that says which transaction wrote a row. The catalog's rows are all of one age, that of its snapshot.
fn is_version(column: &Ident) -> bool {
    names::fold(column) == "xmin"
}

/// Whether a table of FROM, or its only one, is a relation of PostgreSQL's catalog; users' tables have no such column.
fn is_catalog(tables: &[(String, String)], table: Option<&Ident>) -> bool {
    let own = |name: &str| name.starts_with("pg_catalog.") || name.starts_with("pg_") && !name.contains('.');
    match table {
        Some(table) => tables.iter().any(|(known_as, name)| *known_as == names::fold(table) && own(name)),
        None => tables.iter().any(|(_, name)| own(name)),
    }
}

/// Functions of one value, which in FROM is one row of a column that is called as the alias is.
const ONE_VALUE: [&str; 5] = ["array_positions", "current_schemas", "parse_ident", "regexp_split_to_array", "string_to_array"];

fn alias_of(function: &str) -> TableAlias {
    TableAlias { explicit: true, name: ident(function), columns: vec![], at: None }
}

/// A function's one column is named as the function's alias is, unless it has a name of its own.
pub(super) fn name_only_column(alias: &mut TableAlias, columns: usize) {
    if alias.columns.is_empty() && columns == 1 {
        alias.columns = vec![TableAliasColumnDef { name: alias.name.clone(), data_type: None }];
    }
}

/// `tableoid` and `c.tableoid`: which system column says where a row comes from, and here the name in FROM says it.
fn table_oids(select: &mut Select) {
    let factors =
        select.from.iter().flat_map(|from| std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation)));
    let tables: Vec<(String, String)> = factors
        .filter_map(|factor| match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let own = names::parts(name).ok()?;
                let known_as = alias.as_ref().map(|alias| names::fold(&alias.name)).or_else(|| own.last().cloned())?;
                let qualified: Vec<String> = own.iter().map(|part| quote_identifier(part)).collect();
                Some((known_as, qualified.join(".")))
            }
            _ => None,
        })
        .collect();
    let cast = |expr: Expr, name: &str| Expr::Cast {
        kind: ast::CastKind::DoubleColon,
        expr: Box::new(expr),
        data_type: DataType::Custom(ObjectName::from(vec![Ident::new(name)]), vec![]),
        array: false,
        format: None,
    };
    let oid = |table: &str| {
        let literal = Expr::Value(Value::SingleQuotedString(table.to_owned()).into());
        cast(cast(literal, "regclass"), "oid")
    };
    for item in &mut select.projection {
        // The column keeps its name.
        let name = match &*item {
            SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => parts.last(),
            SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name),
            _ => None,
        };
        if let Some(alias) = name.filter(|name| is_version(name) || names::fold(name) == "tableoid").cloned()
            && let SelectItem::UnnamedExpr(expr) = item
        {
            *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
        }
    }
    let _: ControlFlow<()> = ast::visit_expressions_mut(select, |expr| {
        let named = match expr {
            Expr::CompoundIdentifier(parts) => match &parts[..] {
                [table, column] if is_version(column) && is_catalog(&tables, Some(table)) => {
                    *expr = cast(Expr::Value(Value::SingleQuotedString("1".to_owned()).into()), "oid");
                    None
                }
                [table, column] if names::fold(column) == "tableoid" => {
                    tables.iter().find(|(known_as, _)| *known_as == names::fold(table)).map(|(_, table)| table)
                }
                _ => None,
            },
            Expr::Identifier(column) if is_version(column) && is_catalog(&tables, None) => {
                *expr = cast(Expr::Value(Value::SingleQuotedString("1".to_owned()).into()), "oid");
                None
            }
            Expr::Identifier(column) if names::fold(column) == "tableoid" && tables.len() == 1 => {
                tables.first().map(|(_, table)| table)
            }
            _ => None,
        };
        if let Some(table) = named {
            *expr = oid(table);
        }
        ControlFlow::Continue(())
    });
}

/// Set-returning functions as queries over `a`, which stands for the argument.
const AS_QUERIES: [(&str, &str); 4] = [
    // Options are kept as `name=value`.
    (
        "pg_options_to_table",
        "SELECT split_part(o.o, '=', 1) AS option_name, substr(o.o, strpos(o.o, '=') + 1) AS option_value FROM unnest(a) AS o(o)",
    ),
    // There is no parser of texts that could be chosen.
    ("ts_token_type", "SELECT 0 AS tokid, ''::text AS alias, ''::text AS description WHERE false"),
    // Nothing is partitioned by a definition.
    ("pg_partition_tree", "SELECT 0::oid AS relid, 0::oid AS parentrelid, true AS isleaf, 0 AS level WHERE false"),
    ("pg_partition_ancestors", "SELECT 0::oid AS relid WHERE false"),
];

/// The query that a function in FROM stands for.
fn as_query(function: &str, argument: Option<&Expr>) -> Result<Option<Box<Query>>> {
    let Some((_, text)) = AS_QUERIES.iter().find(|(name, _)| *name == function) else { return Ok(None) };
    let mut query = parse::parse_query(text)?;
    let null = Expr::Value(Value::Null.into());
    let argument = argument.unwrap_or(&null);
    let _: ControlFlow<()> = ast::visit_expressions_mut(&mut query, |expr| {
        if matches!(expr, Expr::Identifier(name) if name.value == "a") {
            *expr = argument.clone();
        }
        ControlFlow::Continue(())
    });
    Ok(Some(query))
}

/// Whether an expression names a column, outside of sub-queries of its own too.
pub(super) fn names_column(expr: &Expr) -> bool {
    let found = ast::visit_expressions(expr, |inner| match inner {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

pub(super) fn is_named(name: &ObjectName, wanted: &str) -> bool {
    names::parts(name).is_ok_and(|parts| match &parts[..] {
        [only] => only == wanted,
        [schema, only] => schema == "pg_catalog" && only == wanted,
        _ => false,
    })
}

pub(super) fn ident(name: &str) -> Ident {
    Ident::with_quote('"', name)
}

pub(super) fn quoted(name: &str) -> ObjectName {
    ObjectName::from(vec![ident(name)])
}

/// A function call.
pub(super) fn call(name: ObjectName, args: Vec<Expr>) -> Expr {
    Expr::Function(Function {
        name,
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: args.into_iter().map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg))).collect(),
            clauses: vec![],
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: vec![],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(sql: &str) -> String {
        let mut query = parse::parse_query(sql).unwrap();
        rewrite(&mut query).unwrap();
        // The types of numbers are another rule's.
        query.to_string().replace("::\u{1}int4", "")
    }

    #[test]
    fn psqls_forms_become_plain_ones() {
        for (sql, plain) in [
            (
                "SELECT 1 FROM c WHERE n OPERATOR(pg_catalog.~) '^(t)$' COLLATE pg_catalog.default",
                "SELECT 1 FROM c WHERE \"~\"(n, '^(t)$')",
            ),
            ("SELECT ARRAY(SELECT b FROM m ORDER BY 1)", "SELECT \"array of rows\"((SELECT array_agg(b ORDER BY b) FROM m))"),
            (
                "SELECT c.tableoid, d.tableoid FROM pg_class c, (SELECT 1) d",
                "SELECT 'pg_class'::regclass::oid AS tableoid, d.tableoid AS tableoid FROM pg_class c, (SELECT 1) d",
            ),
            ("SELECT * FROM public.F(1) AS t", "SELECT * FROM public.f(1) AS t"),
            ("SELECT x FROM pg_catalog.unnest(a) x", "SELECT x FROM UNNEST(a) x (x)"),
        ] {
            assert_eq!(rewritten(sql), plain);
        }
    }

    #[test]
    fn other_collations_and_operators_are_refused() {
        let refused = |sql: &str| rewrite(&mut parse::parse_query(sql).unwrap()).unwrap_err();
        assert_eq!(refused("SELECT a COLLATE \"de_DE\" FROM t").sqlstate(), "42704");
        assert_eq!(refused("SELECT a OPERATOR(pg_catalog.<->) b FROM t").sqlstate(), "42883");
    }
}
