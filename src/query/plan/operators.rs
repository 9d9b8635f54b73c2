//! Operators that PostgreSQL has for its own types: those of `json` and `jsonb`, and differences of times.

use std::sync::Arc;

use datafusion::arrow::datatypes::FieldRef;
use datafusion::common::DFSchema;
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr, RawFieldAccessExpr};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, GetFieldAccess, Operator};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use super::casts::constant;
use super::types;
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
    fn plan_field_access(
        &self,
        expr: RawFieldAccessExpr,
        schema: &DFSchema,
    ) -> datafusion::common::Result<PlannerResult<RawFieldAccessExpr>> {
        Ok(self.subscript(expr, schema))
    }

    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> datafusion::common::Result<PlannerResult<RawBinaryExpr>> {
        let left = type_of(&expr.left, schema);
        let right = type_of(&expr.right, schema);
        let expr = match self.typed_literals(expr, left.as_ref(), right.as_ref()) {
            Ok(expr) => expr,
            Err(error) => return Err(wrap(error)),
        };
        if let Some(whole) = date_and_interval(&expr, left.as_ref(), right.as_ref()) {
            return Ok(PlannerResult::Planned(whole));
        }
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
    /// `document['key']` and `document[0]`.
    fn subscript(&self, expr: RawFieldAccessExpr, schema: &DFSchema) -> PlannerResult<RawFieldAccessExpr> {
        let is_jsonb = type_of(&expr.expr, schema) == Some(SqlType::Jsonb);
        let (true, Some(function)) = (is_jsonb, functions::operator(functions::SUBSCRIPT, &self.style)) else {
            return PlannerResult::Original(expr);
        };
        let key = match &expr.field_access {
            GetFieldAccess::NamedStructField { name } => Expr::Literal(name.clone(), None),
            GetFieldAccess::ListIndex { key } => key.as_ref().clone(),
            GetFieldAccess::ListRange { .. } => return PlannerResult::Original(expr),
        };
        PlannerResult::Planned(function.call(vec![expr.expr, key]))
    }

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

/// A date and an interval give a timestamp, which DataFusion cuts to a date.
fn date_and_interval(expr: &RawBinaryExpr, left: Option<&SqlType>, right: Option<&SqlType>) -> Option<Expr> {
    let as_timestamp = |date: &Expr| types::cast(date.clone(), &SqlType::Timestamp);
    let (left, op, right) = match (&expr.op, left?, right?) {
        (BinaryOperator::Plus, SqlType::Date, SqlType::Interval) => (as_timestamp(&expr.left), Operator::Plus, expr.right.clone()),
        (BinaryOperator::Minus, SqlType::Date, SqlType::Interval) => {
            (as_timestamp(&expr.left), Operator::Minus, expr.right.clone())
        }
        (BinaryOperator::Plus, SqlType::Interval, SqlType::Date) => (as_timestamp(&expr.right), Operator::Plus, expr.left.clone()),
        _ => return None,
    };
    Some(Expr::BinaryExpr(BinaryExpr { left: Box::new(left), op, right: Box::new(right) }))
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
        BinaryOperator::AtQuestion => Some("@?"),
        BinaryOperator::AtAt => Some("@@"),
        BinaryOperator::AtArrow if jsonb(left) || jsonb(right) => Some("@>"),
        BinaryOperator::ArrowAt if jsonb(left) || jsonb(right) => Some("<@"),
        BinaryOperator::StringConcat => match (left, right) {
            (Some(T::Jsonb), None | Some(T::Jsonb)) | (None, Some(T::Jsonb)) => Some("jsonb_concat"),
            _ => None,
        },
        BinaryOperator::Minus => match (left?, right) {
            (T::Jsonb, _) => Some("jsonb_delete"),
            (T::Timestamp | T::Timestamptz | T::Date, Some(T::Timestamp | T::Timestamptz)) => Some("timestamp_mi"),
            (T::Timestamp | T::Timestamptz, Some(T::Date) | None) => Some("timestamp_mi"),
            (T::Date, Some(T::Date) | None) => Some("date_mi"),
            (T::Date, Some(T::Int2 | T::Int4 | T::Int8)) => Some("date_mii"),
            _ => None,
        },
        BinaryOperator::Plus => match (left?, right?) {
            (T::Date, T::Int2 | T::Int4 | T::Int8) => Some("date_pli"),
            (T::Int2 | T::Int4 | T::Int8, T::Date) => Some("integer_pl_date"),
            _ => None,
        },
        _ => None,
    }
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
