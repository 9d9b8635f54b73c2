//! Set operations and VALUES: their columns take the type that their queries or rows share.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, Result, ScalarValue};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Projection, RecursiveQuery, Union, Values};

use super::casts::{cast_to, is_unknown, type_of};
use super::resolution;
use crate::error::{Error, Kind};
use crate::query::errors::wrap;
use crate::query::functions::{VALUE, cast};
use crate::value::{SqlType, Style, TYPE_KEY};

pub(super) fn lower(plan: LogicalPlan, style: &Style) -> Result<Transformed<LogicalPlan>> {
    match plan {
        LogicalPlan::Union(union) => lower_union(union, style),
        LogicalPlan::Values(values) => lower_values(values, style),
        LogicalPlan::RecursiveQuery(query) => lower_recursion(query),
        other => Ok(Transformed::no(other)),
    }
}

fn lower_union(union: Union, style: &Style) -> Result<Transformed<LogicalPlan>> {
    let width = union.inputs.first().map_or(0, |input| input.schema().fields().len());
    let mut targets = Vec::with_capacity(width);
    let mut changed = false;
    for at in 0..width {
        let types: Vec<SqlType> = union.inputs.iter().filter_map(|input| column_type(input, at)).collect();
        let target = resolution::common(&types, "UNION").map_err(wrap)?;
        let differs =
            |input: &Arc<LogicalPlan>| SqlType::of_field(input.schema().field(at)) != *target.as_ref().unwrap_or(&SqlType::Text);
        changed |= target.is_some() && union.inputs.iter().any(differs);
        targets.push(target);
    }
    if !changed {
        return Ok(Transformed::no(LogicalPlan::Union(union)));
    }
    let inputs = union.inputs.into_iter().map(|input| typed(input, &targets, style)).collect::<Result<Vec<_>>>()?;
    Ok(Transformed::yes(LogicalPlan::Union(Union::try_new_with_loose_types(inputs)?)))
}

/// The type of a query's column; `None` for a literal or NULL that has none of its own.
fn column_type(input: &LogicalPlan, at: usize) -> Option<SqlType> {
    if let LogicalPlan::Projection(projection) = input
        && is_unknown(&projection.expr.get(at)?.clone().unalias())
    {
        return None;
    }
    let field = input.schema().field(at);
    (!field.data_type().is_null()).then(|| SqlType::of_field(field))
}

/// A query with its columns cast; a literal of no type is read as the one it gets.
fn typed(input: Arc<LogicalPlan>, targets: &[Option<SqlType>], style: &Style) -> Result<Arc<LogicalPlan>> {
    let same = |(at, target): (usize, &Option<SqlType>)| {
        target.as_ref().is_none_or(|target| SqlType::of_field(input.schema().field(at)) == *target)
    };
    if targets.iter().enumerate().all(same) {
        return Ok(input);
    }
    let (exprs, inner) = match input.as_ref() {
        LogicalPlan::Projection(projection) => (projection.expr.clone(), projection.input.clone()),
        other => {
            let columns = (0..targets.len()).map(|at| Expr::Column(Column::from(other.schema().qualified_field(at))));
            (columns.collect(), input.clone())
        }
    };
    let schema = inner.schema().clone();
    let exprs = exprs
        .into_iter()
        .zip(targets)
        .enumerate()
        .map(|(at, (expr, target))| {
            let Some(target) = target else { return Ok(expr) };
            let name = input.schema().field(at).name().clone();
            Ok(cast_to(expr.unalias(), target, &schema, style)?.alias(name))
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(LogicalPlan::Projection(Projection::try_new(exprs, inner)?)))
}

fn lower_values(values: Values, style: &Style) -> Result<Transformed<LogicalPlan>> {
    let empty = DFSchema::empty();
    let width = values.schema.fields().len();
    let mut rows = values.values;
    let mut fields = Vec::with_capacity(width);
    for at in 0..width {
        let types: Vec<SqlType> =
            rows.iter().filter(|row| !is_open_null(&row[at])).filter_map(|row| type_of(&row[at], &empty)).collect();
        let target = resolution::common(&types, "VALUES").map_err(wrap)?.unwrap_or(SqlType::Text);
        for row in &mut rows {
            if !is_null(&row[at]) {
                let expr = std::mem::take(&mut row[at]);
                row[at] = cast_to(expr, &target, &empty, style)?;
            }
        }
        let arrow = target.arrow();
        for row in &mut rows {
            if is_null(&row[at]) {
                row[at] = Expr::Literal(ScalarValue::try_from(&arrow)?, None);
            }
        }
        fields.push((None, Arc::new(target.field(values.schema.field(at).name().clone(), true))));
    }
    let schema = Arc::new(DFSchema::new_with_metadata(fields, values.schema.metadata().clone())?);
    if rows.iter().flatten().any(has_query) {
        return one_by_one(&schema, rows).map(Transformed::yes);
    }
    Ok(Transformed::yes(LogicalPlan::Values(Values { schema, values: rows })))
}

fn has_query(expr: &Expr) -> bool {
    let query = |inner: &Expr| {
        Ok(matches!(inner, Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_) | Expr::SetComparison(_)))
    };
    expr.exists(query).unwrap_or(true)
}

/// Rows with queries in them, each a query of its own: DataFusion works a VALUES list out before any query has run.
fn one_by_one(schema: &DFSchema, rows: Vec<Vec<Expr>>) -> Result<LogicalPlan> {
    let mut selects = Vec::with_capacity(rows.len());
    for row in rows {
        let columns = row.into_iter().zip(schema.fields()).map(|(value, field)| {
            // A value that was cast or read has its type; NULL and what DataFusion computes may not.
            cast::typed(value, SqlType::of_field(field)).alias(field.name().clone())
        });
        selects.push(Arc::new(LogicalPlanBuilder::empty(true).project(columns)?.build()?));
    }
    match <[Arc<LogicalPlan>; 1]>::try_from(selects) {
        Ok([only]) => Ok(Arc::unwrap_or_clone(only)),
        Err(selects) => Ok(LogicalPlan::Union(Union::try_new_with_loose_types(selects)?)),
    }
}

/// A NULL that was given its Arrow type here or by DataFusion's builder, and has no SQL type.
fn is_open_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(value, None) if value.is_null())
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(value, _) if value.is_null())
}

/// The recursive term of a query has the columns of the other term, to the letter.
fn lower_recursion(query: RecursiveQuery) -> Result<Transformed<LogicalPlan>> {
    let (first, next) = (query.static_term.schema().clone(), query.recursive_term.schema().clone());
    if first == next {
        return Ok(Transformed::no(LogicalPlan::RecursiveQuery(query)));
    }
    for (at, (first, next)) in first.fields().iter().zip(next.fields()).enumerate() {
        let (first, next) = (SqlType::of_field(first).without_modifier(), SqlType::of_field(next).without_modifier());
        if first != next {
            let message = format!(
                "recursive query \"{}\" column {} has type {first} in non-recursive term but type {next} overall",
                query.name,
                at + 1
            );
            let hint = "Cast the output of the non-recursive term to the correct type.";
            return Err(wrap(Error::new(Kind::DatatypeMismatch, message).with_hint(hint)));
        }
    }
    let typed = |term: &LogicalPlan| {
        let columns = (0..first.fields().len()).map(|at| {
            let column = Expr::Column(Column::from(term.schema().qualified_field(at)));
            cast::typed(column, SqlType::of_field(first.field(at))).alias(first.field(at).name().clone())
        });
        LogicalPlanBuilder::from(term.clone()).project(columns)?.build()
    };
    let (static_term, recursive_term) = (Arc::new(typed(&query.static_term)?), Arc::new(typed(&query.recursive_term)?));
    Ok(Transformed::yes(LogicalPlan::RecursiveQuery(RecursiveQuery { static_term, recursive_term, ..query })))
}

/// VALUES as they were written, without what DataFusion's builder and its marks have put around them.
pub(super) fn opened(mut plan: LogicalPlan) -> LogicalPlan {
    if let LogicalPlan::Values(values) = &mut plan {
        values.values.iter_mut().flatten().for_each(strip);
    }
    plan
}

/// Takes off what stands around a value only for DataFusion's builder: the mark of an open type, and the casts that the builder has put
/// on by its own rules. Those that were written carry their SQL type.
fn strip(expr: &mut Expr) {
    loop {
        let inner = match expr {
            Expr::Cast(cast) if !cast.field.metadata().contains_key(TYPE_KEY) => std::mem::take(cast.expr.as_mut()),
            Expr::ScalarFunction(call) if call.name() == VALUE && call.args.len() == 1 => call.args.remove(0),
            _ => return,
        };
        *expr = inner;
    }
}
