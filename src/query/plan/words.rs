//! `@@`: which types its operands have, and a vector that is made only to be asked, as one question to the text.

use datafusion::common::DFSchema;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::planner::{PlannerResult, RawBinaryExpr};

use super::casts::resolve_as;
use super::operators::type_of;
use crate::error::{Error, Result};
use crate::query::errors::unwrap;
use crate::query::functions;
use crate::value::words::MATCH;
use crate::value::{SqlType, Style};

/// The call that `left @@ right` is.
pub(super) fn matched(expr: RawBinaryExpr, schema: &DFSchema, style: &Style) -> Result<PlannerResult<RawBinaryExpr>> {
    let RawBinaryExpr { left, right, .. } = expr;
    let (of_left, of_right) = (type_of(&left, schema), type_of(&right, schema));
    let typed = |expr: Expr, wanted: Option<SqlType>| match wanted {
        Some(wanted) => resolve_as(expr, wanted, style).map(|(expr, _)| expr).map_err(unwrap),
        None => Ok(expr),
    };
    // What has no type of its own takes the one that the other side leaves.
    let beside = |other: Option<&SqlType>, alone: Option<SqlType>| match other {
        Some(SqlType::Tsvector) => Some(SqlType::Tsquery),
        Some(SqlType::Jsonb) => Some(SqlType::Jsonpath),
        Some(_) | None => alone,
    };
    let wanted_right = match &of_left {
        Some(SqlType::Tsquery) => Some(SqlType::Tsvector),
        other => beside(other.as_ref(), Some(SqlType::Text)),
    };
    let right = typed(right, wanted_right)?;
    let wanted_left = match &of_right {
        Some(SqlType::Jsonpath) => Some(SqlType::Jsonb),
        other => beside(other.as_ref(), Some(SqlType::Text)),
    };
    let left = typed(left, wanted_left)?;
    let (name, operands) = match (made_of(&left, schema), made_of(&right, schema)) {
        (Some(text), _) if type_of(&right, schema) == Some(SqlType::Tsquery) => (MATCH, vec![text, right]),
        (_, Some(text)) if type_of(&left, schema) == Some(SqlType::Tsquery) => (MATCH, vec![text, left]),
        _ => ("@@", vec![left, right]),
    };
    let function = functions::operator(name, style).ok_or_else(|| Error::internal("there is no operator @@"))?;
    Ok(PlannerResult::Planned(function.call(operands)))
}

/// The text or document that a vector is made of; `None` for anything else, and where the call may be refused.
fn made_of(expr: &Expr, schema: &DFSchema) -> Option<Expr> {
    let Expr::ScalarFunction(call) = expr else { return None };
    if call.func.name() != functions::TO_TSVECTOR {
        return None;
    }
    let text = match call.args.as_slice() {
        [text] => text,
        [Expr::Literal(config, _), text] if functions::require_simple(config.try_as_str().flatten()?).is_ok() => text,
        _ => return None,
    };
    let has_words = |own: &SqlType| {
        matches!(own, SqlType::Text | SqlType::Varchar(_) | SqlType::Bpchar(_) | SqlType::Name | SqlType::Json | SqlType::Jsonb)
    };
    type_of(text, schema).is_none_or(|own| has_words(&own)).then(|| text.clone())
}
