//! The names of output columns that have none, as PostgreSQL works them out from the syntax (`FigureColname` in its
//! `parse_target.c`).
//!
//! PostgreSQL lets two output columns have one name, DataFusion does not. A second one is given a mark and a number behind its
//! name; [`shown`] takes them off again.

use std::collections::HashSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, BinaryOperator, DataType, Expr, Function, Ident, ObjectName, OrderByKind, Query, Select, SelectItem, SetExpr,
    TrimWhereField, Value, visit_expressions,
};

use super::{names, types};
use crate::value::SqlType;

/// Stands between a name and the number that keeps it apart. PostgreSQL allows it in no unquoted name.
const MARK: char = '\u{1}';

const NAMELESS: &str = "?column?";

/// The name of a column as clients are told it.
pub fn shown(name: &str) -> &str {
    name.split_once(MARK).map_or(name, |(shown, _)| shown)
}

/// The name of a column that has the same name as one before it: kept apart by its place.
pub(super) fn again(name: &str, at: usize) -> String {
    format!("{name}{MARK}{at}")
}

/// Names every item of a select list and keeps equal names apart.
pub(super) fn name_items(select: &mut Select) {
    let one_table = select.from.len() == 1 && select.from.iter().all(|from| from.joins.is_empty());
    let everything = select.projection.iter().any(|item| match item {
        SelectItem::Wildcard(_) => true,
        SelectItem::QualifiedWildcard(..) => one_table,
        SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. } | SelectItem::ExprWithAliases { .. } => false,
    });
    let mut taken = HashSet::new();
    let mut columns = HashSet::new();
    // What an alias is called stands beside no table's column of that name.
    let mut aliases = HashSet::new();
    for (at, item) in select.projection.iter_mut().enumerate() {
        match item {
            SelectItem::UnnamedExpr(expr) => {
                let name = name_of(expr);
                let column = matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
                let repeated = if column {
                    // A column of another table may have the same name; the same column may not come twice.
                    let known = !columns.insert(expr.to_string());
                    let bare = matches!(expr, Expr::Identifier(_));
                    let other = !taken.insert(name.clone()) && (bare || known || aliases.contains(&name));
                    known || other || everything
                } else {
                    !taken.insert(name.clone())
                };
                if column && !repeated {
                    continue;
                }
                let alias = if repeated { again(&name, at) } else { name };
                let expr = std::mem::replace(expr, Expr::value(Value::Null));
                *item = SelectItem::ExprWithAlias { expr, alias: Ident::with_quote('"', alias) };
            }
            SelectItem::ExprWithAlias { alias, .. } => {
                let name = names::fold(alias);
                aliases.insert(name.clone());
                if !taken.insert(name.clone()) {
                    *alias = Ident::with_quote('"', again(&name, at));
                }
            }
            SelectItem::ExprWithAliases { .. } | SelectItem::QualifiedWildcard(..) | SelectItem::Wildcard(_) => {}
        }
    }
}

/// The name of an output column without an alias.
pub(super) fn name_of(expr: &Expr) -> String {
    figure(expr).map_or_else(|| NAMELESS.to_owned(), |figured| figured.name)
}

struct Figured {
    name: String,
    /// A weak name, such as a type's, gives way to a better one further out.
    weak: bool,
}

fn strong(name: impl Into<String>) -> Option<Figured> {
    Some(Figured { name: name.into(), weak: false })
}

fn weak(name: impl Into<String>) -> Option<Figured> {
    Some(Figured { name: name.into(), weak: true })
}

fn figure(expr: &Expr) -> Option<Figured> {
    match expr {
        Expr::Identifier(ident) => strong(names::fold(ident)),
        Expr::CompoundIdentifier(parts) => parts.last().and_then(|last| strong(names::fold(last))),
        Expr::CompoundFieldAccess { root, access_chain } => access_chain
            .iter()
            .rev()
            .find_map(|access| match access {
                AccessExpr::Dot(Expr::Identifier(field)) => strong(names::fold(field)),
                AccessExpr::Dot(_) | AccessExpr::Subscript(_) => None,
            })
            .or_else(|| figure(root)),
        Expr::Nested(inner) => figure(inner),
        Expr::Collate { expr, .. } => figure(expr),
        Expr::Function(function) => strong(function_name(function)),
        Expr::Cast { expr, data_type, .. } => or_type(figure(expr), data_type),
        Expr::TypedString(typed) => weak(type_name(&typed.data_type)),
        Expr::Interval(_) => weak("interval"),
        Expr::Case { else_result, .. } => match else_result.as_deref().and_then(figure) {
            Some(figured) if !figured.weak => Some(figured),
            Some(_) | None => weak("case"),
        },
        Expr::Subquery(query) => first_name(query).and_then(strong),
        Expr::Exists { negated: false, .. } => strong("exists"),
        Expr::Array(_) => strong("array"),
        Expr::Tuple(_) => strong("row"),
        Expr::BinaryOp { op: BinaryOperator::Overlaps, .. } => strong("overlaps"),
        Expr::AtTimeZone { .. } => strong("timezone"),
        Expr::Extract { .. } => strong("extract"),
        Expr::Ceil { .. } => strong("ceil"),
        Expr::Floor { .. } => strong("floor"),
        Expr::Position { .. } => strong("position"),
        Expr::Substring { shorthand, .. } => strong(if *shorthand { "substr" } else { "substring" }),
        Expr::Overlay { .. } => strong("overlay"),
        Expr::IsNormalized { negated: false, .. } => strong("is_normalized"),
        Expr::Trim { trim_where, .. } => strong(match trim_where {
            Some(TrimWhereField::Leading) => "ltrim",
            Some(TrimWhereField::Trailing) => "rtrim",
            Some(TrimWhereField::Both) | None => "btrim",
        }),
        Expr::GroupingSets(_) | Expr::Cube(_) | Expr::Rollup(_) => strong("grouping"),
        // Operators and tests have no name, and neither has any syntax that is not PostgreSQL's.
        _ => None,
    }
}

fn or_type(inner: Option<Figured>, data_type: &DataType) -> Option<Figured> {
    match inner {
        Some(figured) if !figured.weak => Some(figured),
        Some(_) | None => weak(type_name(data_type)),
    }
}

fn last_part(name: &ObjectName) -> String {
    names::parts(name).ok().and_then(|mut parts| parts.pop()).unwrap_or_else(|| name.to_string())
}

/// A function's name without its schema.
fn function_name(function: &Function) -> String {
    last_part(&function.name)
}

/// The name under which PostgreSQL keeps a type: `int4` for `integer`.
fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Char(_) | DataType::Character(_) => return "bpchar".to_owned(),
        // An array by the catalog's own name of it is called so.
        DataType::Custom(name, _) if types::of_sql(data_type).is_err() || last_part(name).starts_with('_') => {
            return last_part(name);
        }
        _ => {}
    }
    match types::of_sql(data_type) {
        Ok(sql_type) => internal_name(&sql_type).to_owned(),
        Err(_) => data_type.to_string().to_lowercase(),
    }
}

fn internal_name(sql_type: &SqlType) -> &'static str {
    match sql_type {
        SqlType::Bool => "bool",
        SqlType::Int2 => "int2",
        SqlType::Int4 => "int4",
        SqlType::Int8 => "int8",
        SqlType::Float4 => "float4",
        SqlType::Float8 => "float8",
        SqlType::Numeric(_, _) => "numeric",
        SqlType::Text => "text",
        SqlType::Varchar(_) => "varchar",
        SqlType::Bpchar(_) => "bpchar",
        SqlType::Record(_) => "record",
        SqlType::Name => "name",
        SqlType::Char => "char",
        SqlType::Bytea => "bytea",
        SqlType::Uuid => "uuid",
        SqlType::Date => "date",
        SqlType::Time => "time",
        SqlType::Timestamp => "timestamp",
        SqlType::Timestamptz => "timestamptz",
        SqlType::Interval => "interval",
        SqlType::Json => "json",
        SqlType::Jsonb => "jsonb",
        SqlType::Jsonpath => "jsonpath",
        SqlType::Tsvector => "tsvector",
        SqlType::Tsquery => "tsquery",
        SqlType::Inet => "inet",
        SqlType::Oid => "oid",
        SqlType::Reg(reg) => reg.name(),
        SqlType::Array(element) => internal_name(element),
        SqlType::Vector(element) => {
            if **element == SqlType::Oid {
                "oidvector"
            } else {
                "int2vector"
            }
        }
    }
}

/// `n.oid, n.*` gives a column of one name twice, and the wildcard's share is not known yet: in the outermost SELECT, which nobody refers
/// to by name, plain columns beside a wildcard are kept apart from whatever it stands for.
pub(super) fn keep_from_wildcards(select: &mut Select) {
    let wild = |item: &SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..));
    if !select.projection.iter().any(wild) || select.distinct.is_some() {
        return;
    }
    for (at, item) in select.projection.iter_mut().enumerate() {
        let SelectItem::UnnamedExpr(expr) = item else { continue };
        let name = match &*expr {
            Expr::Identifier(name) => Some(name),
            Expr::CompoundIdentifier(parts) => parts.last(),
            _ => None,
        };
        if let Some(name) = name {
            let alias = Ident::with_quote('"', format!("{}\u{1}{at}", names::fold(name)));
            *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
        }
    }
}

/// In an expression of ORDER BY a name is that of a table's column; an output column's it is only where it stands alone
/// (`findTargetlistEntrySQL92` in PostgreSQL's `parse_clause.c`). The planner looks for either everywhere: so in the outermost SELECT an
/// alias is kept apart from a name in such an expression.
pub(super) fn keep_from_sorts(query: &mut Query) {
    let Some(OrderByKind::Expressions(sorts)) = query.order_by.as_mut().map(|order_by| &mut order_by.kind) else { return };
    let SetExpr::Select(select) = query.body.as_mut() else { return };
    if select.distinct.is_some() {
        return;
    }
    let mut named = HashSet::new();
    for sort in sorts.iter_mut() {
        if alone(&mut sort.expr).is_some() {
            continue;
        }
        let _: ControlFlow<()> = visit_expressions(&sort.expr, |expr| {
            if let Expr::Identifier(name) = expr {
                named.insert(names::fold(name));
            }
            ControlFlow::Continue(())
        });
    }
    for (at, item) in select.projection.iter_mut().enumerate() {
        let SelectItem::ExprWithAlias { expr, alias } = item else { continue };
        let name = names::fold(alias);
        let itself = matches!(expr, Expr::Identifier(own) if names::fold(own) == name);
        if itself || !named.contains(&name) {
            continue;
        }
        *alias = Ident::with_quote('"', again(&name, at));
        for sort in sorts.iter_mut() {
            if let Some(own) = alone(&mut sort.expr).filter(|own| names::fold(own) == name) {
                *own = alias.clone();
            }
        }
    }
}

/// A name that stands alone.
fn alone(expr: &mut Expr) -> Option<&mut Ident> {
    match expr {
        Expr::Identifier(name) => Some(name),
        Expr::Nested(inner) => alone(inner),
        _ => None,
    }
}

/// The name of a query's first output column.
fn first_name(query: &Query) -> Option<String> {
    let mut body = query.body.as_ref();
    loop {
        match body {
            SetExpr::Select(select) => {
                return match select.projection.first()? {
                    SelectItem::UnnamedExpr(expr) => Some(name_of(expr)),
                    SelectItem::ExprWithAlias { alias, .. } => Some(shown(&names::fold(alias)).to_owned()),
                    SelectItem::ExprWithAliases { .. } | SelectItem::QualifiedWildcard(..) | SelectItem::Wildcard(_) => None,
                };
            }
            SetExpr::SetOperation { left, .. } => body = left,
            SetExpr::Query(inner) => body = inner.body.as_ref(),
            SetExpr::Values(_) => return Some("column1".to_owned()),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::parse::{parse_expression, parse_query};

    #[test]
    fn names_are_those_of_postgresql() {
        for (sql, name) in [
            ("1", "?column?"),
            ("'a'", "?column?"),
            ("true", "?column?"),
            ("substr(x, 1)", "substr"),
            ("substring(x from 1)", "substring"),
            ("a + 1", "?column?"),
            ("t.b", "b"),
            ("upper(x)", "upper"),
            ("pg_catalog.upper(x)", "upper"),
            ("a::text", "a"),
            ("'1'::int", "int4"),
            ("1::bigint", "int8"),
            ("now()::timestamp with time zone", "now"),
            ("'2020-01-01'::timestamp with time zone", "timestamptz"),
            ("NULL::text[]", "text"),
            ("'x'::varchar(3)", "varchar"),
            ("'x'::char(3)", "bpchar"),
            ("CASE WHEN a THEN 1 END", "case"),
            ("CASE WHEN a THEN 1 ELSE b END", "b"),
            ("CASE WHEN a THEN 1 ELSE 2::int END", "case"),
            ("COALESCE(a, 1)", "coalesce"),
            ("count(*) FILTER (WHERE a)", "count"),
            ("details ->> 'a'", "?column?"),
            ("(details -> 'a' ->> 'n')::int", "int4"),
            ("(SELECT max(x) FROM t)", "max"),
            ("EXISTS (SELECT 1)", "exists"),
            ("NOT EXISTS (SELECT 1)", "?column?"),
            ("a IS NULL", "?column?"),
            ("x AT TIME ZONE 'UTC'", "timezone"),
            ("EXTRACT(year FROM x)", "extract"),
            ("interval '1 day'", "interval"),
            ("date '2020-01-01'", "date"),
            ("trim(x)", "btrim"),
            ("current_timestamp", "current_timestamp"),
        ] {
            assert_eq!(name_of(&parse_expression(sql).unwrap()), name, "{sql}");
        }
    }

    #[test]
    fn an_alias_is_kept_apart_from_a_column_that_an_order_names() {
        for (sql, kept) in [
            (
                "SELECT g, max(n) AS n FROM t ORDER BY g + 1, max(n), n",
                "SELECT g, max(n) AS \"n\u{1}1\" FROM t ORDER BY g + 1, max(n), \"n\u{1}1\"",
            ),
            ("SELECT -n AS n FROM t ORDER BY (n)", "SELECT -n AS n FROM t ORDER BY (n)"),
            ("SELECT n AS n FROM t ORDER BY -n", "SELECT n AS n FROM t ORDER BY -n"),
            ("SELECT m AS n FROM t ORDER BY -m", "SELECT m AS n FROM t ORDER BY -m"),
        ] {
            let mut query = parse_query(sql).unwrap();
            keep_from_sorts(&mut query);
            assert_eq!(query.to_string(), kept);
        }
    }

    #[test]
    fn equal_names_are_kept_apart() {
        let mut query = parse_query("SELECT count(*), count(*), a.id, b.id, id, x AS count FROM a, b").unwrap();
        let SetExpr::Select(select) = query.body.as_mut() else { panic!("not a SELECT") };
        name_items(select);
        let named: Vec<String> = select
            .projection
            .iter()
            .map(|item| match item {
                SelectItem::ExprWithAlias { alias, .. } => alias.value.clone(),
                SelectItem::UnnamedExpr(expr) => expr.to_string(),
                other => other.to_string(),
            })
            .collect();
        assert_eq!(named, ["count", "count\u{1}1", "a.id", "b.id", "id\u{1}4", "count\u{1}5"]);
        assert_eq!(shown("count\u{1}1"), "count");
    }
}
