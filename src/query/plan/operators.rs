//! Operators as PostgreSQL resolves them: those on numbers, of `json` and `jsonb`, and on times become calls of our functions.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::DFSchema;
use datafusion::functions::core::expr_fn::get_field;
use datafusion::functions_nested::expr_fn::{array_concat, make_array};
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr, RawFieldAccessExpr};
use datafusion::logical_expr::{Expr, ExprSchemable, GetFieldAccess};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use super::casts::{self, is_unknown, resolve_as};
use super::{resolution, values, words};
use crate::error::{Error, Kind, Result};
use crate::query::errors::{unwrap, wrap};
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
        self.subscript(expr, schema).map_err(wrap)
    }

    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> datafusion::common::Result<PlannerResult<RawBinaryExpr>> {
        self.planned(expr, schema).map_err(wrap)
    }

    /// Only an array without elements comes here: any other is a call before it is planned.
    fn plan_array_literal(&self, _: Vec<Expr>, _: &DFSchema) -> datafusion::common::Result<PlannerResult<Vec<Expr>>> {
        let error = Error::new(Kind::IndeterminateDatatype, "cannot determine type of empty array");
        Err(wrap(error.with_hint("Explicitly cast to the desired type, for example ARRAY[]::integer[].")))
    }
}

impl Operators {
    fn planned(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        if expr.op == BinaryOperator::AtAt {
            return words::matched(expr, schema, &self.style);
        }
        let expr = self.typed_operands(expr, schema)?;
        let (left, right) = (type_of(&expr.left, schema), type_of(&expr.right, schema));
        let function =
            function_name(&expr.op, left.as_ref(), right.as_ref()).and_then(|name| functions::operator(name, &self.style));
        if let Some(function) = function {
            let right = if is_json(&expr.op) { typed_key(expr.right, &expr.op) } else { expr.right };
            return Ok(PlannerResult::Planned(function.call(vec![expr.left, right])));
        }
        if let Some(symbol) = arithmetic(&expr.op) {
            if left.is_none() && right.is_none() && !is_parameter(&expr.left) && !is_parameter(&expr.right) {
                return Err(Error::new(Kind::AmbiguousFunction, format!("operator is not unique: unknown {symbol} unknown"))
                    .with_hint("Could not choose a best candidate operator. You might need to add explicit type casts."));
            }
            if moves_a_moment(symbol, left.as_ref(), right.as_ref()) {
                return Ok(PlannerResult::Original(expr));
            }
            if let Some(function) = functions::operator(symbol, &self.style) {
                return Ok(PlannerResult::Planned(function.call(vec![expr.left, expr.right])));
            }
        }
        if expr.op == BinaryOperator::StringConcat {
            // An element beside an array is an array of one.
            let one = |element: Expr, of: &SqlType| -> Result<Expr> {
                let element = casts::cast_to(element, of, schema, &self.style).map_err(unwrap)?;
                Ok(functions::cast::typed(make_array(vec![element]), SqlType::Array(Box::new(of.clone()))))
            };
            let parts = match (&left, &right) {
                (Some(SqlType::Array(_)), Some(SqlType::Array(_))) => None,
                (Some(_), Some(SqlType::Array(of))) => Some(vec![one(expr.left.clone(), of)?, expr.right.clone()]),
                (Some(SqlType::Array(of)), Some(_)) => Some(vec![expr.left.clone(), one(expr.right.clone(), of)?]),
                _ => None,
            };
            if let Some(parts) = parts {
                return Ok(PlannerResult::Planned(array_concat(parts)));
            }
        }
        if expr.op == BinaryOperator::PGOverlap
            && [&left, &right].into_iter().flatten().all(|side| matches!(side, SqlType::Array(_)))
        {
            return Ok(PlannerResult::Planned(datafusion::functions_nested::expr_fn::array_has_any(expr.left, expr.right)));
        }
        check(&expr.op, left.as_ref(), right.as_ref())?;
        Ok(PlannerResult::Original(expr))
    }

    /// `document['key']` and `document[0]`, `list[0]`, and `(row).field`, whose type the row's own says.
    ///
    /// # Errors
    /// 42703 for a field that the row has not, 42809 for a field of what is no row, 42804 for what has no elements.
    fn subscript(&self, expr: RawFieldAccessExpr, schema: &DFSchema) -> Result<PlannerResult<RawFieldAccessExpr>> {
        let own = type_of(&expr.expr, schema);
        // A string between brackets comes as the name of a field.
        let has_elements = match &own {
            Some(SqlType::Jsonb) => true,
            Some(SqlType::Array(_)) => !has_fields(&expr.expr, schema),
            Some(_) | None => false,
        };
        if !has_elements
            && let GetFieldAccess::NamedStructField { name } = &expr.field_access
            && let Some(name) = name.try_as_str().flatten()
        {
            let DataType::Struct(fields) = expr.expr.get_type(schema).map_err(unwrap)? else {
                let own = own.map_or_else(|| "unknown".to_owned(), |own| own.without_modifier());
                let message = format!("column notation .{name} applied to type {own}, which is not a composite type");
                return Err(Error::new(Kind::WrongObjectType, message));
            };
            if fields.find(name).is_none() {
                let message = format!("could not identify column \"{name}\" in record data type");
                return Err(Error::new(Kind::UndefinedColumn, message));
            }
            return Ok(PlannerResult::Planned(get_field(expr.expr, name)));
        }
        let name = match (&own, &expr.field_access) {
            (Some(SqlType::Jsonb), _) => functions::SUBSCRIPT,
            (Some(SqlType::Array(_)), GetFieldAccess::ListIndex { .. } | GetFieldAccess::NamedStructField { .. })
                if has_elements =>
            {
                functions::ITEM
            }
            (Some(own), GetFieldAccess::ListIndex { .. }) if !own.arrow().is_nested() && !has_parts(&expr.expr, schema) => {
                let own = own.without_modifier();
                let message = format!("cannot subscript type {own} because it does not support subscripting");
                return Err(Error::new(Kind::DatatypeMismatch, message));
            }
            _ => return Ok(PlannerResult::Original(expr)),
        };
        let Some(function) = functions::operator(name, &self.style) else { return Ok(PlannerResult::Original(expr)) };
        let key = match &expr.field_access {
            GetFieldAccess::NamedStructField { name } => Expr::Literal(name.clone(), None),
            GetFieldAccess::ListIndex { key } => key.as_ref().clone(),
            GetFieldAccess::ListRange { .. } => return Ok(PlannerResult::Original(expr)),
        };
        let key = match own {
            Some(SqlType::Array(_)) => casts::cast_to(key, &SqlType::Int4, schema, &self.style).map_err(unwrap)?,
            Some(_) | None => key,
        };
        Ok(PlannerResult::Planned(function.call(vec![expr.expr, key])))
    }

    /// A parameter of no type of its own beside `||` is joined as what stands there: an array, a document, bytes, and text to all else.
    fn joined_operands(&self, left: Expr, right: Expr, schema: &DFSchema) -> Result<(Expr, Expr)> {
        let beside = |other: Option<SqlType>| match other {
            Some(like @ (SqlType::Array(_) | SqlType::Jsonb | SqlType::Bytea)) => like,
            Some(_) | None => SqlType::Text,
        };
        let (of_left, of_right) = (type_of(&left, schema), type_of(&right, schema));
        let typed = |expr: Expr, other: Option<SqlType>| {
            if !is_parameter(&expr) {
                return Ok(expr);
            }
            resolve_as(expr, beside(other), &self.style).map(|(expr, _)| expr).map_err(unwrap)
        };
        Ok((typed(left, of_right)?, typed(right, of_left)?))
    }

    /// A literal or parameter of no type of its own takes, beside a number, the number's type, beside a moment what can be added to it,
    /// and beside AND and OR a truth value.
    fn typed_operands(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<RawBinaryExpr> {
        let RawBinaryExpr { op, left, right } = expr;
        let typed = |expr: Expr, other: Option<SqlType>| match other.and_then(|other| literal_type(&other, &op)) {
            Some(target) if is_unknown(&expr) => Ok(resolve_as(expr, target, &self.style).map_err(unwrap)?.0),
            Some(_) | None => Ok(expr),
        };
        let logical = matches!(op, BinaryOperator::And | BinaryOperator::Or);
        let of_left = if logical { Some(SqlType::Bool) } else { type_of(&left, schema) };
        let right = typed(right, of_left)?;
        let of_right = if logical { Some(SqlType::Bool) } else { type_of(&right, schema) };
        let left = typed(left, of_right)?;
        let (left, right) =
            if op == BinaryOperator::StringConcat { self.joined_operands(left, right, schema)? } else { (left, right) };
        Ok(RawBinaryExpr { op, left, right })
    }
}

/// Whether a value is held as one of several, whatever SQL calls it.
fn has_parts(expr: &Expr, schema: &DFSchema) -> bool {
    expr.to_field(schema).is_ok_and(|(_, field)| field.data_type().is_nested())
}

/// Whether the elements of an array are rows, as those that are numbered are.
fn has_fields(expr: &Expr, schema: &DFSchema) -> bool {
    let Ok((_, field)) = expr.to_field(schema) else { return false };
    matches!(field.data_type(), DataType::List(item) if matches!(item.data_type(), DataType::Struct(_)))
}

/// The symbol of an operator on numbers.
fn arithmetic(op: &BinaryOperator) -> Option<&'static str> {
    match op {
        BinaryOperator::Plus => Some("+"),
        BinaryOperator::Minus => Some("-"),
        BinaryOperator::Multiply => Some("*"),
        BinaryOperator::Divide => Some("/"),
        BinaryOperator::Modulo => Some("%"),
        BinaryOperator::PGExp => Some("^"),
        BinaryOperator::BitwiseAnd => Some("&"),
        BinaryOperator::BitwiseOr => Some("|"),
        BinaryOperator::PGBitwiseXor => Some("#"),
        BinaryOperator::PGBitwiseShiftLeft => Some("<<"),
        BinaryOperator::PGBitwiseShiftRight => Some(">>"),
        _ => None,
    }
}

/// Whether a timestamp is moved by an interval, which DataFusion does as PostgreSQL, and prunes by.
fn moves_a_moment(symbol: &str, left: Option<&SqlType>, right: Option<&SqlType>) -> bool {
    use SqlType as T;
    matches!(
        (symbol, left, right),
        ("+" | "-", Some(T::Timestamp | T::Timestamptz), Some(T::Interval))
            | ("+", Some(T::Interval), Some(T::Timestamp | T::Timestamptz))
    )
}

/// Refuses, in PostgreSQL's words, operands that DataFusion's planner would refuse in its own. Lowering looks again, at certain types.
fn check(op: &BinaryOperator, left: Option<&SqlType>, right: Option<&SqlType>) -> Result<()> {
    let logical = match op {
        BinaryOperator::And => Some("AND"),
        BinaryOperator::Or => Some("OR"),
        _ => None,
    };
    if let Some(word) = logical {
        return [left, right].into_iter().flatten().try_for_each(|operand| casts::expect_boolean(operand, word));
    }
    let on_text = match op {
        BinaryOperator::PGRegexMatch => Some("~"),
        BinaryOperator::PGRegexIMatch => Some("~*"),
        BinaryOperator::PGRegexNotMatch => Some("!~"),
        BinaryOperator::PGRegexNotIMatch => Some("!~*"),
        BinaryOperator::StringConcat => Some("||"),
        _ => None,
    };
    if let Some(symbol) = on_text {
        return values::text_operands(left, symbol, right);
    }
    let symbol = match op {
        BinaryOperator::Eq => "=",
        BinaryOperator::NotEq => "<>",
        BinaryOperator::Lt => "<",
        BinaryOperator::LtEq => "<=",
        BinaryOperator::Gt => ">",
        BinaryOperator::GtEq => ">=",
        BinaryOperator::PGLikeMatch
        | BinaryOperator::PGILikeMatch
        | BinaryOperator::PGNotLikeMatch
        | BinaryOperator::PGNotILikeMatch
        | BinaryOperator::AtArrow
        | BinaryOperator::ArrowAt => return Ok(()),
        other => {
            let shown = |side: Option<&SqlType>| side.map_or_else(|| "unknown".to_owned(), SqlType::without_modifier);
            return Err(resolution::no_operator(&shown(left), &other.to_string(), &shown(right)));
        }
    };
    match (left, right) {
        (Some(left), Some(right)) if left.arrow() != right.arrow() => resolution::comparison(left, symbol, right).map(drop),
        _ => Ok(()),
    }
}

fn is_comparison(op: &BinaryOperator) -> bool {
    matches!(
        op,
        BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq
    )
}

fn is_parameter(expr: &Expr) -> bool {
    matches!(expr, Expr::Placeholder(_))
}

/// What a string literal or a parameter beside this type is read as.
fn literal_type(other: &SqlType, op: &BinaryOperator) -> Option<SqlType> {
    match (op, other) {
        (BinaryOperator::And | BinaryOperator::Or, _) => Some(SqlType::Bool),
        // DataFusion's planner refuses these beside text before lowering has looked at them.
        (op, SqlType::Bool | SqlType::Interval | SqlType::Array(_)) if is_comparison(op) => Some(other.clone()),
        (op, _) if arithmetic(op).is_none() => None,
        (BinaryOperator::PGBitwiseShiftLeft | BinaryOperator::PGBitwiseShiftRight, _) => Some(SqlType::Int4),
        (BinaryOperator::Plus, SqlType::Timestamp | SqlType::Timestamptz) => Some(SqlType::Interval),
        (BinaryOperator::Multiply | BinaryOperator::Divide, SqlType::Interval) => Some(SqlType::Float8),
        (
            _,
            SqlType::Int2
            | SqlType::Int4
            | SqlType::Int8
            | SqlType::Float4
            | SqlType::Float8
            | SqlType::Numeric(_, _)
            | SqlType::Interval,
        ) => Some(other.clone()),
        _ => None,
    }
}

/// The SQL type of an operand that has one; a string literal has none.
pub(super) fn type_of(expr: &Expr, schema: &DFSchema) -> Option<SqlType> {
    if is_unknown(expr) {
        return None;
    }
    let (_, field) = expr.to_field(schema).ok()?;
    (*field.data_type() != DataType::Null).then(|| SqlType::of_field(&field))
}

/// The function behind an operator; `None` where DataFusion's own meaning is PostgreSQL's.
fn function_name(op: &BinaryOperator, left: Option<&SqlType>, right: Option<&SqlType>) -> Option<&'static str> {
    use SqlType as T;
    let document = |side: Option<&SqlType>| matches!(side, Some(T::Json | T::Jsonb));
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
        BinaryOperator::AtArrow if document(left) || document(right) => Some("@>"),
        BinaryOperator::ArrowAt if document(left) || document(right) => Some("<@"),
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
