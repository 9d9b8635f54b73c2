//! Filters that can be worked out on any row without failing or showing.

use std::sync::Arc;

use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{
    BinaryExpr, Column, DynamicFilterPhysicalExpr, InListExpr, IsNotNullExpr, IsNullExpr, Literal,
};

/// Whether a filter can be worked out on a row that nobody may see: a column compared with a constant of its own type, or with what a
/// join or a sort has learned from rows that it was shown.
pub fn is_harmless(filter: &Arc<dyn PhysicalExpr>) -> bool {
    let is_column = |expr: &Arc<dyn PhysicalExpr>| expr.downcast_ref::<Column>().is_some();
    let is_literal = |expr: &Arc<dyn PhysicalExpr>| expr.downcast_ref::<Literal>().is_some();
    if let Some(dynamic) = filter.downcast_ref::<DynamicFilterPhysicalExpr>() {
        return dynamic.children().into_iter().all(is_column);
    }
    if let Some(binary) = filter.downcast_ref::<BinaryExpr>() {
        return match binary.op() {
            Operator::And | Operator::Or => is_harmless(binary.left()) && is_harmless(binary.right()),
            Operator::Eq | Operator::NotEq | Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq => {
                is_column(binary.left()) && is_literal(binary.right()) || is_literal(binary.left()) && is_column(binary.right())
            }
            _ => false,
        };
    }
    if let Some(list) = filter.downcast_ref::<InListExpr>() {
        return is_column(list.expr()) && list.list().iter().all(is_literal);
    }
    let tested = filter
        .downcast_ref::<IsNullExpr>()
        .map(IsNullExpr::arg)
        .or_else(|| filter.downcast_ref::<IsNotNullExpr>().map(IsNotNullExpr::arg));
    tested.is_some_and(is_column)
}
