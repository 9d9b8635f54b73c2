//! Comparisons of rows, `(a, b) < (x, y)`, in terms of comparisons of their parts (PostgreSQL 15, section 9.24.5).

use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CaseWhen, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Query, SelectItem, SetExpr,
    TableAlias, TableAliasColumnDef, TableFactor, UnaryOperator, Value,
};

use crate::error::{Error, Kind, Result};
use crate::query::parse;

/// The parts of a row constructor: `(a, b)` or `ROW(a, b)`.
pub(in crate::query) fn parts(expr: &Expr) -> Option<Vec<Expr>> {
    match expr {
        Expr::Tuple(parts) => Some(parts.clone()),
        Expr::Function(function) if is_row(function) => match &function.args {
            FunctionArguments::List(list) => list
                .args
                .iter()
                .map(|arg| match arg {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(part)) => Some(part.clone()),
                    _ => None,
                })
                .collect(),
            FunctionArguments::None | FunctionArguments::Subquery(_) => None,
        },
        Expr::Nested(inner) => match inner.as_ref() {
            Expr::Tuple(_) | Expr::Function(_) => parts(inner),
            _ => None,
        },
        _ => None,
    }
}

fn is_row(function: &Function) -> bool {
    function.over.is_none() && function.name.to_string().eq_ignore_ascii_case("row")
}

/// The comparison of two rows; `None` where the operator does not compare rows.
///
/// # Errors
/// 42601 for rows of different lengths, 0A000 for rows without parts.
pub(super) fn compare(left: &[Expr], op: &BinaryOperator, right: &[Expr]) -> Result<Option<Expr>> {
    if left.len() != right.len() {
        return Err(Error::new(Kind::SyntaxError, "unequal number of entries in row expressions"));
    }
    if left.is_empty() {
        return Err(Error::new(Kind::FeatureNotSupported, "cannot compare rows of zero length"));
    }
    let compared = match op {
        BinaryOperator::Eq => equal(left, right),
        BinaryOperator::NotEq => all(left, right, &BinaryOperator::NotEq, &BinaryOperator::Or),
        BinaryOperator::Lt => ordered(left, right, &BinaryOperator::Lt, &BinaryOperator::LtEq, &BinaryOperator::Lt),
        BinaryOperator::LtEq => ordered(left, right, &BinaryOperator::Lt, &BinaryOperator::LtEq, &BinaryOperator::LtEq),
        BinaryOperator::Gt => ordered(left, right, &BinaryOperator::Gt, &BinaryOperator::GtEq, &BinaryOperator::Gt),
        BinaryOperator::GtEq => ordered(left, right, &BinaryOperator::Gt, &BinaryOperator::GtEq, &BinaryOperator::GtEq),
        _ => return Ok(None),
    };
    Ok(Some(nested(compared)))
}

/// `(a, b) IN ((1, 2), (3, 4))`.
///
/// # Errors
/// As [`compare`].
pub(super) fn in_list(left: &[Expr], list: &[Vec<Expr>], negated: bool) -> Result<Option<Expr>> {
    let mut whole: Option<Expr> = None;
    for row in list {
        let Some(equal) = compare(left, &BinaryOperator::Eq, row)? else {
            return Ok(None);
        };
        whole = Some(match whole {
            Some(before) => binary(before, BinaryOperator::Or, equal),
            None => equal,
        });
    }
    Ok(whole.map(|whole| {
        let whole = nested(whole);
        if negated { Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(whole) } } else { whole }
    }))
}

/// `(a, b) IS DISTINCT FROM (x, y)`.
///
/// # Errors
/// 42601 for rows of different lengths.
pub(super) fn distinct(left: &[Expr], right: &[Expr], negated: bool) -> Result<Expr> {
    if left.len() != right.len() {
        return Err(Error::new(Kind::SyntaxError, "unequal number of entries in row expressions"));
    }
    let pairs = left.iter().zip(right).map(|(left, right)| {
        let (left, right) = (Box::new(left.clone()), Box::new(right.clone()));
        if negated { Expr::IsNotDistinctFrom(left, right) } else { Expr::IsDistinctFrom(left, right) }
    });
    let join = if negated { BinaryOperator::And } else { BinaryOperator::Or };
    let whole = pairs.reduce(|before, next| binary(before, join.clone(), next));
    Ok(nested(whole.unwrap_or_else(|| Expr::value(Value::Boolean(negated)))))
}

/// `(a, b) BETWEEN (1, 2) AND (3, 4)`.
///
/// # Errors
/// As [`compare`].
pub(super) fn between(row: &[Expr], low: &[Expr], high: &[Expr], negated: bool) -> Result<Option<Expr>> {
    let above = compare(row, &BinaryOperator::GtEq, low)?;
    let below = compare(row, &BinaryOperator::LtEq, high)?;
    Ok(above.zip(below).map(|(above, below)| {
        let whole = nested(binary(above, BinaryOperator::And, below));
        if negated { Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(whole) } } else { whole }
    }))
}

/// `(a, b) IN (SELECT x, y …)`: true where a row is equal, NULL where one may be, else false.
///
/// # Errors
/// None in practice: the text it starts from is fixed.
pub(super) fn in_query(row: &[Expr], subquery: &Query, negated: bool) -> Result<Expr> {
    let (table, columns, right) = named_columns(row.len());
    let equal = nested(equal(row, &right));
    let exists = |condition: Expr| -> Result<Expr> {
        let mut query = parse::parse_query("SELECT 1 FROM t")?;
        if let SetExpr::Select(select) = query.body.as_mut()
            && let Some(from) = select.from.first_mut()
        {
            from.relation = renamed(subquery, &table, &columns);
            select.selection = Some(condition);
        }
        Ok(Expr::Exists { subquery: query, negated: false })
    };
    let open = Expr::IsNull(Box::new(equal.clone()));
    let when = |condition: Expr, result: Expr| CaseWhen { condition, result };
    Ok(Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![
            when(exists(equal)?, Expr::value(Value::Boolean(!negated))),
            when(exists(open)?, Expr::value(Value::Null)),
        ],
        else_result: Some(Box::new(Expr::value(Value::Boolean(negated)))),
    })
}

/// `(a, b) = (SELECT x, y …)`: of one row, or NULL where there is none. `None` where no query stands on the right.
///
/// # Errors
/// As [`compare`].
pub(super) fn compare_query(row: &[Expr], op: &BinaryOperator, right: &Expr) -> Result<Option<Expr>> {
    let right = match right {
        Expr::Nested(inner) => inner,
        other => other,
    };
    let Expr::Subquery(subquery) = right else { return Ok(None) };
    let (table, columns, parts) = named_columns(row.len());
    let Some(compared) = compare(row, op, &parts)? else { return Ok(None) };
    let mut query = parse::parse_query("SELECT 1 FROM t")?;
    if let SetExpr::Select(select) = query.body.as_mut()
        && let Some(from) = select.from.first_mut()
    {
        from.relation = renamed(subquery, &table, &columns);
        select.projection = vec![SelectItem::UnnamedExpr(compared)];
    }
    Ok(Some(Expr::Subquery(query)))
}

/// Names that nobody types for a query and its columns, and the columns.
fn named_columns(count: usize) -> (Ident, Vec<Ident>, Vec<Expr>) {
    let columns: Vec<Ident> = (0..count).map(|at| Ident::with_quote('"', format!("\u{1}{at}"))).collect();
    let table = Ident::with_quote('"', "\u{1}rows");
    let parts = columns.iter().map(|column| Expr::CompoundIdentifier(vec![table.clone(), column.clone()])).collect();
    (table, columns, parts)
}

/// A query in FROM under these names.
fn renamed(subquery: &Query, table: &Ident, columns: &[Ident]) -> TableFactor {
    let columns = columns.iter().map(|name| TableAliasColumnDef { name: name.clone(), data_type: None }).collect();
    let alias = TableAlias { explicit: true, name: table.clone(), columns, at: None };
    TableFactor::Derived { lateral: false, subquery: Box::new(subquery.clone()), alias: Some(alias), sample: None }
}

/// `(a, b) IS NULL` is true when every part is NULL; `IS NOT NULL` when none is.
pub(super) fn is_null(parts: &[Expr], negated: bool) -> Expr {
    let test = |part: &Expr| {
        let part = Box::new(part.clone());
        if negated { Expr::IsNotNull(part) } else { Expr::IsNull(part) }
    };
    let whole = parts.iter().map(test).reduce(|before, next| binary(before, BinaryOperator::And, next));
    nested(whole.unwrap_or_else(|| Expr::value(Value::Boolean(true))))
}

fn equal(left: &[Expr], right: &[Expr]) -> Expr {
    all(left, right, &BinaryOperator::Eq, &BinaryOperator::And)
}

/// Every pair compared by one operator, joined by another.
fn all(left: &[Expr], right: &[Expr], each: &BinaryOperator, join: &BinaryOperator) -> Expr {
    let pairs = left.iter().zip(right).map(|(left, right)| binary(left.clone(), each.clone(), right.clone()));
    pairs.reduce(|before, next| binary(before, join.clone(), next)).unwrap_or_else(|| Expr::value(Value::Boolean(true)))
}

/// `a <= x AND (a < x OR rest)`: the first part stands alone in front, so that a scan can prune by it.
fn ordered(left: &[Expr], right: &[Expr], strict: &BinaryOperator, loose: &BinaryOperator, last: &BinaryOperator) -> Expr {
    match (left, right) {
        ([left, left_rest @ ..], [right, right_rest @ ..]) if !left_rest.is_empty() => {
            let rest = ordered(left_rest, right_rest, strict, loose, last);
            let first = binary(left.clone(), loose.clone(), right.clone());
            let before = binary(left.clone(), strict.clone(), right.clone());
            binary(first, BinaryOperator::And, nested(binary(before, BinaryOperator::Or, rest)))
        }
        ([left, ..], [right, ..]) => binary(left.clone(), last.clone(), right.clone()),
        _ => Expr::value(Value::Boolean(true)),
    }
}

fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(left), op, right: Box::new(right) }
}

fn nested(expr: Expr) -> Expr {
    Expr::Nested(Box::new(expr))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::parse::parse_expression;

    fn rewritten(sql: &str) -> Result<Option<Expr>> {
        let Expr::BinaryOp { left, op, right } = parse_expression(sql).unwrap() else { panic!("{sql} is no comparison") };
        compare(&parts(&left).unwrap(), &op, &parts(&right).unwrap())
    }

    #[test]
    fn an_order_of_rows_is_an_order_of_their_parts() {
        let shown = |sql: &str| rewritten(sql).unwrap().unwrap().to_string();
        assert_eq!(shown("(a, b) = (1, 2)"), "(a = 1 AND b = 2)");
        assert_eq!(shown("(a, b) <> ROW(1, 2)"), "(a <> 1 OR b <> 2)");
        assert_eq!(shown("(a, b) < (1, 2)"), "(a <= 1 AND (a < 1 OR b < 2))");
        assert_eq!(shown("(a, b, c) >= (1, 2, 3)"), "(a >= 1 AND (a > 1 OR b >= 2 AND (b > 2 OR c >= 3)))");
        assert_eq!(rewritten("(a, b) < (1, 2, 3)").unwrap_err().sqlstate(), "42601");
        assert!(rewritten("(a, b) + (1, 2)").unwrap().is_none());
    }
}
