//! Operators that PostgreSQL has for its own types: those of `json` and `jsonb`, and differences of times.

use std::sync::Arc;

use datafusion::arrow::datatypes::FieldRef;
use datafusion::common::DFSchema;
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use super::casts::constant;
use crate::error::Result;
use crate::query::errors::wrap;
use crate::query::functions;
use crate::value::{SqlType, Style};

/// Plans operators as calls of our functions.
#[derive(Debug)]
pub(super) struct Operators {
    pub(super) style: Style,
}

impl ExprPlanner for Operators {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> datafusion::common::Result<PlannerResult<RawBinaryExpr>> {
        let left = type_of(&expr.left, schema);
        let right = type_of(&expr.right, schema);
        let expr = match self.typed_literals(expr, left.as_ref(), right.as_ref()) {
            Ok(expr) => expr,
            Err(error) => return Err(wrap(error)),
        };
        let function =
            function_name(&expr.op, left.as_ref(), right.as_ref()).and_then(|name| functions::operator(name, &self.style));
        match function {
            Some(function) => {
                let right = if is_json(&expr.op) { typed_key(expr.right, &expr.op) } else { expr.right };
                Ok(PlannerResult::Planned(function.call(vec![expr.left, right])))
            }
            None => Ok(PlannerResult::Original(expr)),
        }
    }
}

impl Operators {
    /// A string literal beside a number is a number, and beside a moment what can be added to it.
    fn typed_literals(&self, expr: RawBinaryExpr, left: Option<&SqlType>, right: Option<&SqlType>) -> Result<RawBinaryExpr> {
        let arithmetic = matches!(
            expr.op,
            BinaryOperator::Plus
                | BinaryOperator::Minus
                | BinaryOperator::Multiply
                | BinaryOperator::Divide
                | BinaryOperator::Modulo
        );
        if !arithmetic {
            return Ok(expr);
        }
        let RawBinaryExpr { op, left: left_expr, right: right_expr } = expr;
        let typed = |expr: Expr, other: Option<&SqlType>| match (&expr, other) {
            (Expr::Literal(value, None), Some(other)) => match (value.try_as_str().flatten(), literal_type(other, &op)) {
                (Some(text), Some(target)) => constant(text, &target, &self.style),
                _ => Ok(expr),
            },
            _ => Ok(expr),
        };
        let left_expr = if left.is_none() { typed(left_expr, right)? } else { left_expr };
        let right_expr = if right.is_none() { typed(right_expr, left)? } else { right_expr };
        Ok(RawBinaryExpr { op, left: left_expr, right: right_expr })
    }
}

/// What a string literal beside this type is read as.
fn literal_type(other: &SqlType, op: &BinaryOperator) -> Option<SqlType> {
    match other {
        SqlType::Int2
        | SqlType::Int4
        | SqlType::Int8
        | SqlType::Float4
        | SqlType::Float8
        | SqlType::Numeric(_, _)
        | SqlType::Interval => Some(other.clone()),
        SqlType::Timestamp | SqlType::Timestamptz if *op == BinaryOperator::Plus => Some(SqlType::Interval),
        _ => None,
    }
}

/// The SQL type of an operand that has one; a string literal has none.
fn type_of(expr: &Expr, schema: &DFSchema) -> Option<SqlType> {
    if matches!(expr, Expr::Literal(value, None) if value.try_as_str().is_some()) {
        return None;
    }
    expr.to_field(schema).ok().map(|(_, field)| SqlType::of_field(&field))
}

/// The function behind an operator; `None` where DataFusion's own meaning is PostgreSQL's.
fn function_name(op: &BinaryOperator, left: Option<&SqlType>, right: Option<&SqlType>) -> Option<&'static str> {
    use SqlType as T;
    let jsonb = |side: Option<&SqlType>| side == Some(&T::Jsonb);
    match op {
        BinaryOperator::Arrow => Some("->"),
        BinaryOperator::LongArrow => Some("->>"),
        BinaryOperator::HashArrow => Some("#>"),
        BinaryOperator::HashLongArrow => Some("#>>"),
        BinaryOperator::HashMinus => Some("#-"),
        BinaryOperator::Question => Some("?"),
        BinaryOperator::QuestionPipe => Some("?|"),
        BinaryOperator::QuestionAnd => Some("?&"),
        BinaryOperator::AtArrow if jsonb(left) || jsonb(right) => Some("@>"),
        BinaryOperator::ArrowAt if jsonb(left) || jsonb(right) => Some("<@"),
        BinaryOperator::StringConcat => match (left, right) {
            (Some(T::Bytea), None | Some(T::Bytea)) | (None, Some(T::Bytea)) => Some("byteacat"),
            (Some(T::Jsonb), None | Some(T::Jsonb)) | (None, Some(T::Jsonb)) => Some("jsonb_concat"),
            _ => None,
        },
        BinaryOperator::Minus => match (left?, right) {
            (T::Jsonb, _) => Some("jsonb_delete"),
            (T::Timestamp | T::Timestamptz | T::Date, Some(T::Timestamp | T::Timestamptz)) => Some("timestamp_mi"),
            (T::Timestamp | T::Timestamptz, Some(T::Date) | None) => Some("timestamp_mi"),
            (T::Date, Some(T::Date) | None) => Some("date_mi"),
            (T::Date, Some(T::Int2 | T::Int4 | T::Int8)) => Some("date_mii"),
            (T::Date | T::Timestamp | T::Timestamptz | T::Time, Some(T::Interval)) => Some("timestamp_mi_interval"),
            _ => None,
        },
        BinaryOperator::Plus => match (left?, right?) {
            (T::Date, T::Int2 | T::Int4 | T::Int8) => Some("date_pli"),
            (T::Int2 | T::Int4 | T::Int8, T::Date) => Some("integer_pl_date"),
            (T::Date | T::Timestamp | T::Timestamptz | T::Time, T::Interval)
            | (T::Interval, T::Date | T::Timestamp | T::Timestamptz | T::Time)
            | (T::Date, T::Time)
            | (T::Time, T::Date) => Some("timestamp_pl_interval"),
            _ => None,
        },
        BinaryOperator::Multiply => match (left?, right?) {
            (T::Interval, other) | (other, T::Interval) if is_number(other) => Some("interval_mul"),
            _ => None,
        },
        BinaryOperator::Divide => match (left?, right?) {
            (T::Interval, other) if is_number(other) => Some("interval_div"),
            _ => None,
        },
        _ => None,
    }
}

fn is_number(sql_type: &SqlType) -> bool {
    matches!(
        sql_type,
        SqlType::Int2 | SqlType::Int4 | SqlType::Int8 | SqlType::Float4 | SqlType::Float8 | SqlType::Numeric(_, _)
    )
}

fn is_json(op: &BinaryOperator) -> bool {
    matches!(
        op,
        BinaryOperator::Arrow
            | BinaryOperator::LongArrow
            | BinaryOperator::HashArrow
            | BinaryOperator::HashLongArrow
            | BinaryOperator::Question
    )
}

/// A parameter behind a JSON operator is a key, or a path of keys.
fn typed_key(expr: Expr, op: &BinaryOperator) -> Expr {
    match expr {
        Expr::Placeholder(Placeholder { id, field: None }) => {
            let path = matches!(op, BinaryOperator::HashArrow | BinaryOperator::HashLongArrow);
            let sql_type = if path { SqlType::Array(Box::new(SqlType::Text)) } else { SqlType::Text };
            let field: FieldRef = Arc::new(sql_type.field("", true));
            Expr::Placeholder(Placeholder { id, field: Some(field) })
        }
        other => other,
    }
}
