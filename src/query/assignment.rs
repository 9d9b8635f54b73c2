//! What SET assigns to: a column, or a part of one (`SET j['a'] = …`), which is the column with that part changed.

use datafusion::sql::sqlparser::ast::{
    Array, CastKind, DataType, Expr, FunctionArg, FunctionArgExpr, Ident, ObjectName, ObjectNamePart, Value,
};

use crate::catalog::Table;
use crate::error::{Error, Kind, Result};
use crate::query::functions::ASSIGNED;
use crate::query::insert;
use crate::query::parse::{self, SUBSCRIPTS};
use crate::query::plan::{call, names};

/// Puts a value in the place of a column, or of its part; `assigned` are the columns that have been assigned to.
///
/// # Errors
/// 42703 for a column that there is not, 42601 for one that is assigned to twice.
pub(super) fn assign(
    table: &Table,
    name: &ObjectName,
    value: &Expr,
    assigned: &mut Vec<String>,
    values: &mut [Expr],
) -> Result<()> {
    let (column, subscripts) = target(name)?;
    let place = insert::places(table, std::slice::from_ref(&column))?.first().copied();
    // Several parts of one column may be assigned to, one after the other.
    match (assigned.contains(&column), subscripts.is_empty()) {
        (true, true) => {
            return Err(Error::new(Kind::SyntaxError, format!("multiple assignments to same column \"{column}\"")));
        }
        (true, false) => {}
        (false, _) => assigned.push(column),
    }
    if let Some(own) = place.and_then(|place| values.get_mut(place)) {
        *own = changed(own.clone(), &subscripts, value.clone());
    }
    Ok(())
}

/// What DEFAULT stands for in the place of a column's value; `None` for any other value.
///
/// # Errors
/// 42703 for a column that there is not.
pub(super) fn default(table: &Table, name: &ObjectName, value: &Expr) -> Result<Option<Expr>> {
    let Expr::Identifier(word) = value else { return Ok(None) };
    if word.quote_style.is_some() || !word.value.eq_ignore_ascii_case("default") {
        return Ok(None);
    }
    let (column, _) = target(name)?;
    let place = insert::places(table, &[column])?.first().copied();
    match place.and_then(|place| table.columns[place].default.as_ref()) {
        Some(default) => parse::parse_expression(&default.sql()).map(Some),
        None => Ok(Some(Expr::Value(Value::Null.into()))),
    }
}

/// The name of the column, and the subscripts behind it.
///
/// # Errors
/// 42601 for a name of several parts, 0A000 for a slice.
fn target(name: &ObjectName) -> Result<(String, Vec<Expr>)> {
    let Some((ObjectNamePart::Function(last), column)) = name.0.split_last() else { return Ok((names::single(name)?, vec![])) };
    if last.name.value != SUBSCRIPTS {
        return Err(Error::new(Kind::SyntaxError, format!("syntax error at or near \"{}\"", last.name.value)));
    }
    let subscripts = last.args.iter().map(|arg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(subscript)) => Ok(subscript.clone()),
        _ => Err(Error::new(Kind::SyntaxError, "a subscript must be an expression")),
    });
    Ok((names::single(&ObjectName(column.to_vec()))?, subscripts.collect::<Result<_>>()?))
}

/// What a column becomes when a value is assigned to its part.
fn changed(column: Expr, subscripts: &[Expr], value: Expr) -> Expr {
    let Some(first) = subscripts.first() else { return value };
    let text = |expr: &Expr| Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(expr.clone()),
        data_type: DataType::Custom(ObjectName::from(vec![Ident::new("text")]), vec![]),
        array: false,
        format: None,
    };
    let path = Expr::Array(Array { elem: subscripts.iter().map(text).collect(), named: true });
    call(ASSIGNED, vec![column, path, value, first.clone()])
}
