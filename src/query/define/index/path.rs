//! A path into the documents of a column, as a key of an index: `(details -> 'error' ->> 'code')`.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value};

use super::key::plain;
use crate::value::json::path::{Step, listed};

/// The column and the way into it, of which the text is taken; `None` for any other expression.
pub(super) fn read(expression: &Expr) -> Option<(String, Vec<Step>)> {
    match expression {
        Expr::Nested(inner) => read(inner),
        Expr::BinaryOp { left, op, right } => {
            let (column, mut steps) = part(left)?;
            steps.extend(match op {
                BinaryOperator::LongArrow => vec![step(right)?],
                BinaryOperator::HashLongArrow => list(right)?,
                _ => return None,
            });
            Some((column, steps))
        }
        _ => None,
    }
}

/// A column, or the part of its documents to which `->` and `#>` lead.
fn part(expression: &Expr) -> Option<(String, Vec<Step>)> {
    match expression {
        Expr::BinaryOp { left, op, right } => {
            let (column, mut steps) = part(left)?;
            steps.extend(match op {
                BinaryOperator::Arrow => vec![step(right)?],
                BinaryOperator::HashArrow => list(right)?,
                _ => return None,
            });
            Some((column, steps))
        }
        Expr::Nested(inner) if plain(inner).is_none() => part(inner),
        _ => Some((plain(expression)?, vec![])),
    }
}

/// What stands behind `->`: a key or an index.
fn step(expression: &Expr) -> Option<Step> {
    match expression {
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => step(inner),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match step(expr)? {
            Step::Element(index) => index.checked_neg().map(Step::Element),
            Step::Key(_) | Step::Either(_) => None,
        },
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(key) => Some(Step::Key(key.clone())),
            Value::Number(index, _) => index.parse().ok().map(Step::Element),
            _ => None,
        },
        _ => None,
    }
}

/// What stands behind `#>`: a list of keys, written as an array or as its text.
fn list(expression: &Expr) -> Option<Vec<Step>> {
    match expression {
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => list(inner),
        Expr::Array(array) => {
            let key = |element: &Expr| match step(element)? {
                Step::Key(key) => Some(Step::Either(key)),
                Step::Element(_) | Step::Either(_) => None,
            };
            array.elem.iter().map(key).collect()
        }
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => listed(text),
            _ => None,
        },
        _ => None,
    }
}
