//! Literals with the types that PostgreSQL gives them (section 4.1.2): a whole number is `integer`, `bigint` or `numeric` by its size,
//! one with a point or an exponent is `numeric` with the digits that were written.
//!
//! DataFusion's planner holds every whole number to be `bigint`; so each becomes a cast to its type, which lowering makes a constant
//! again. Numbers that are no values stay: places in ORDER BY and GROUP BY, LIMIT and OFFSET.

use datafusion::sql::sqlparser::ast::{
    self, CastKind, DataType, Distinct, Expr, GroupByExpr, Ident, Interval, LimitClause, ObjectName, OrderByKind, Query, Select,
    SelectItem, Value, WindowFrameBound, WindowSpec,
};

use super::{dialect, types};
use crate::error::{Error, Kind, Result};

/// A number as a cast to its type, other forms of strings as the plain one.
///
/// # Errors
/// 22003 for more digits than `numeric` holds, 0A000 for bit strings.
pub(super) fn typed(expr: &mut Expr) -> Result<()> {
    let Expr::Value(value) = expr else { return Ok(()) };
    let (literal, name) = match &value.value {
        Value::Number(number, _) => {
            let (text, name) = number_type(number)?;
            let whole = !name.starts_with("numeric");
            (if whole { Value::Number(text, false) } else { Value::SingleQuotedString(text) }, name)
        }
        Value::UnicodeStringLiteral(text) | Value::NationalStringLiteral(text) => {
            value.value = Value::SingleQuotedString(text.clone());
            return Ok(());
        }
        Value::SingleQuotedByteStringLiteral(_) | Value::HexStringLiteral(_) => {
            return Err(Error::new(Kind::FeatureNotSupported, "bit strings are not supported")
                .with_hint("Write bytes as '\\x…'::bytea, and whole numbers in decimal."));
        }
        _ => return Ok(()),
    };
    *expr = Expr::Cast {
        kind: CastKind::DoubleColon,
        expr: Box::new(Expr::Value(literal.into())),
        data_type: DataType::Custom(ObjectName::from(vec![Ident::new(format!("{}{name}", types::LITERAL))]), vec![]),
        array: false,
        format: None,
    };
    Ok(())
}

/// A number's digits written out, and its type.
fn number_type(number: &str) -> Result<(String, String)> {
    if !number.contains(['.', 'e', 'E']) {
        if number.parse::<i32>().is_ok() {
            return Ok((number.to_owned(), "int4".to_owned()));
        }
        if number.parse::<i64>().is_ok() {
            return Ok((number.to_owned(), "int8".to_owned()));
        }
    }
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let too_large = || Error::new(Kind::NumericValueOutOfRange, format!("numeric value {number} has more than 38 digits"));
    let exponent: i32 = exponent.parse().map_err(|_| too_large())?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let scale = i32::try_from(fraction.len()).map_err(|_| too_large())? - exponent;
    if !(-38..=38).contains(&scale) {
        return Err(too_large());
    }
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    let mut digits = format!("{whole}{fraction}").trim_start_matches('0').to_owned();
    digits.extend(std::iter::repeat_n('0', usize::try_from(-scale).unwrap_or(0)));
    let scale = usize::try_from(scale).unwrap_or(0);
    let precision = digits.len().max(scale).max(1);
    if precision > 38 {
        return Err(too_large());
    }
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    let text = if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") };
    Ok((text, format!("numeric({precision},{scale})")))
}

/// A written cast to a length cuts what is longer, where storing refuses it (section 8.3).
pub(super) fn cut(expr: &mut Expr) {
    let Expr::Cast { expr: inner, data_type, .. } = expr else { return };
    let length = match data_type {
        DataType::Varchar(Some(length)) | DataType::CharacterVarying(Some(length)) | DataType::CharVarying(Some(length)) => *length,
        DataType::Char(length) | DataType::Character(length) => {
            length.unwrap_or(ast::CharacterLength::IntegerLength { length: 1, unit: None })
        }
        _ => return,
    };
    let ast::CharacterLength::IntegerLength { length: length @ 1.., .. } = length else { return };
    let text = Expr::Cast {
        kind: CastKind::DoubleColon,
        expr: Box::new(std::mem::replace(inner.as_mut(), Expr::Value(Value::Null.into()))),
        data_type: DataType::Text,
        array: false,
        format: None,
    };
    let mut count = Expr::Value(Value::Number(length.to_string(), false).into());
    if typed(&mut count).is_ok() {
        **inner = dialect::call(ObjectName::from(vec![Ident::new("left")]), vec![text, count]);
    }
}

/// The number that stood where [`typed`] has put a cast.
fn number_of(expr: &Expr) -> Option<Expr> {
    match expr {
        Expr::Cast { expr, data_type: DataType::Custom(name, _), .. } if name.to_string().starts_with(types::LITERAL) => {
            Some(expr.as_ref().clone())
        }
        _ => None,
    }
}

/// A count of rows: a number as it was written, a string as one.
fn counted(expr: &mut Expr) {
    restored(expr);
    if matches!(expr, Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_))) {
        let text = Box::new(std::mem::replace(expr, Expr::Value(Value::Null.into())));
        *expr = Expr::Cast { kind: CastKind::Cast, expr: text, data_type: DataType::BigInt(None), array: false, format: None };
    }
}

fn restored(expr: &mut Expr) {
    if let Some(number) = number_of(expr) {
        *expr = number;
    }
}

/// Puts the numbers back that are places or counts of a query.
pub(super) fn restore_in_query(query: &mut Query) {
    if let Some(order_by) = &mut query.order_by
        && let OrderByKind::Expressions(items) = &mut order_by.kind
    {
        items.iter_mut().for_each(|item| restored(&mut item.expr));
    }
    match &mut query.limit_clause {
        Some(LimitClause::LimitOffset { limit, offset, .. }) => {
            limit.iter_mut().for_each(counted);
            offset.iter_mut().for_each(|offset| counted(&mut offset.value));
        }
        Some(LimitClause::OffsetCommaLimit { offset, limit }) => {
            restored(offset);
            restored(limit);
        }
        None => {}
    }
    if let Some(quantity) = query.fetch.as_mut().and_then(|fetch| fetch.quantity.as_mut()) {
        restored(quantity);
    }
}

/// A negative number's literal, whose sign decides about its type too.
pub(super) fn negative(operand: &Expr) -> Option<Expr> {
    let Expr::Value(number) = number_of(operand)? else { return None };
    let (Value::Number(text, _) | Value::SingleQuotedString(text)) = number.value else { return None };
    let mut expr = Expr::Value(Value::Number(format!("-{text}"), false).into());
    (!text.starts_with('-') && typed(&mut expr).is_ok()).then_some(expr)
}

/// Puts the numbers and spans back that bound a window's frame.
pub(super) fn restore_in_frame(window: &mut WindowSpec) {
    let Some(frame) = &mut window.window_frame else { return };
    for bound in std::iter::once(&mut frame.start_bound).chain(frame.end_bound.as_mut()) {
        if let WindowFrameBound::Preceding(Some(offset)) | WindowFrameBound::Following(Some(offset)) = bound {
            restored(offset);
            if let Expr::Cast { expr, data_type: DataType::Interval { .. }, .. } = offset.as_ref() {
                **offset = Expr::Interval(Interval {
                    value: expr.clone(),
                    leading_field: None,
                    leading_precision: None,
                    last_field: None,
                    fractional_seconds_precision: None,
                });
            }
        }
    }
}

/// Puts the numbers back that are places of a SELECT list.
pub(super) fn restore_in_select(select: &mut Select) {
    if let GroupByExpr::Expressions(items, _) = &mut select.group_by {
        for item in items {
            match item {
                Expr::GroupingSets(sets) | Expr::Rollup(sets) | Expr::Cube(sets) => {
                    sets.iter_mut().flatten().for_each(restored);
                }
                other => restored(other),
            }
        }
    }
    if let Some(Distinct::On(items)) = &mut select.distinct {
        for item in items {
            restored(item);
            // DataFusion takes no places here.
            let place = match &*item {
                Expr::Value(value) => match &value.value {
                    Value::Number(place, _) => place.parse::<usize>().ok(),
                    _ => None,
                },
                _ => None,
            };
            let named = place.and_then(|place| select.projection.get(place.checked_sub(1)?));
            if let Some(SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = named {
                *item = expr.clone();
            }
        }
    }
    for ast::NamedWindowDefinition(_, window) in &mut select.named_window {
        if let ast::NamedWindowExpr::WindowSpec(window) = window {
            restore_in_frame(window);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_type_of_its_digits() {
        for (number, text, name) in [
            ("1", "1", "int4"),
            ("2147483648", "2147483648", "int8"),
            ("9223372036854775808", "9223372036854775808", "numeric(19,0)"),
            ("1.50", "1.50", "numeric(3,2)"),
            (".5", "0.5", "numeric(1,1)"),
            ("5.", "5", "numeric(1,0)"),
            ("1e3", "1000", "numeric(4,0)"),
            ("1.5e-3", "0.0015", "numeric(4,4)"),
            ("0.0", "0.0", "numeric(1,1)"),
        ] {
            assert_eq!(number_type(number).unwrap(), (text.to_owned(), name.to_owned()), "{number}");
        }
        assert_eq!(number_type("1e400").unwrap_err().sqlstate(), "22003");
    }
}
