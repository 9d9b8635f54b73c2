//! Aggregates over rows that stand for many, in one step or two.

use std::sync::Arc;

use datafusion::common::{Column, Result};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams};
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan};

use crate::scan::ROWS;

/// The name of the value whose different ones are counted. No column has one like it.
const VALUE: &str = "\u{1}value";

/// What becomes of an aggregate over rows that stand for many.
pub(super) enum Call {
    /// The sum of the numbers of rows, of those for which the filter is true.
    Count { filter: Option<Expr> },
    /// It is the same however often a value comes.
    Kept(Expr),
}

impl Call {
    /// `None` if it must see each row.
    pub(super) fn of(expr: &Expr) -> Option<Call> {
        let Expr::AggregateFunction(AggregateFunction { func, params }) = expr.clone().unalias() else { return None };
        let AggregateFunctionParams { args, distinct, filter, order_by, null_treatment } = params;
        if !order_by.is_empty() || null_treatment.is_some() {
            return None;
        }
        match (func.name(), distinct) {
            ("count", false) => {
                let filter = filter.map(|filter| *filter);
                match args.as_slice() {
                    [Expr::Literal(value, _)] if !value.is_null() => Some(Call::Count { filter }),
                    [counted] => {
                        let known = counted.clone().is_not_null();
                        Some(Call::Count { filter: Some(filter.map_or(known.clone(), |filter| filter.and(known))) })
                    }
                    _ => None,
                }
            }
            ("min" | "max" | "bool_and" | "bool_or", _) | ("count", true) => Some(Call::Kept(expr.clone().unalias())),
            _ => None,
        }
    }

    /// The same with other expressions in it.
    pub(super) fn map(self, change: impl Fn(Expr) -> Result<Expr>) -> Result<Call> {
        Ok(match self {
            Call::Count { filter } => Call::Count { filter: filter.map(change).transpose()? },
            Call::Kept(kept) => Call::Kept(change(kept)?),
        })
    }

    /// The aggregate over rows, of which the column `rows` says for how many one stands.
    pub(super) fn over(&self, rows: &Expr) -> Expr {
        match self {
            Call::Count { filter } => sum(rows.clone(), filter.clone()),
            Call::Kept(kept) => kept.clone(),
        }
    }

    /// The aggregate over what it came to in parts.
    fn again(&self, part: Expr) -> Expr {
        match self {
            Call::Kept(Expr::AggregateFunction(AggregateFunction { func, .. })) => {
                Expr::AggregateFunction(AggregateFunction::new_udf(func.clone(), vec![part], false, None, vec![], None))
            }
            Call::Count { .. } | Call::Kept(_) => sum(part, None),
        }
    }

    /// Whether it counts different values.
    fn counts_values(&self) -> bool {
        matches!(self, Call::Kept(Expr::AggregateFunction(kept)) if kept.func.name() == "count")
    }
}

/// Aggregates under names of their own: counts of nothing else would have one.
pub(super) fn numbered(calls: impl Iterator<Item = Expr>) -> Vec<Expr> {
    calls.enumerate().map(|(at, call)| call.alias(format!("{ROWS}{at}"))).collect()
}

/// The value whose different ones are counted, if all other aggregates can be made of those of its groups.
pub(super) fn distinct(calls: &[Call]) -> Option<Expr> {
    let mut value = None;
    for call in calls {
        let Call::Kept(kept) = call else { continue };
        let Expr::AggregateFunction(AggregateFunction { func, params }) = kept else { return None };
        match (func.name(), params.args.as_slice()) {
            ("count", [arg]) if params.filter.is_none() && value.as_ref().is_none_or(|value| value == arg) => {
                value = Some(arg.clone())
            }
            ("count", _) => return None,
            // The least of the least is the least.
            _ => {}
        }
    }
    value
}

/// The grouping that counts different values, over one by these values as well: so they are told apart as groups are, at once and by all
/// threads, and not once more for each group.
pub(super) fn in_two_steps(below: LogicalPlan, groups: Vec<Expr>, value: &Expr, calls: &[Call], rows: &Expr) -> Result<Aggregate> {
    let groups_by = groups.into_iter().chain([value.clone().alias(VALUE)]).collect();
    let first = calls.iter().filter(|call| !call.counts_values()).map(|call| call.over(rows));
    let first = Aggregate::try_new(Arc::new(below), groups_by, numbered(first))?;
    let columns: Vec<Expr> = first.schema.iter().map(|column| Expr::Column(Column::from(column))).collect();
    let made = columns.len() - calls.iter().filter(|call| !call.counts_values()).count();
    let (groups, partial) = columns.split_at(made);
    let mut partial = partial.iter();
    let second = calls.iter().filter_map(|call| match call.counts_values() {
        true => Some(count(groups[made - 1].clone())),
        false => partial.next().map(|partial| call.again(partial.clone())),
    });
    let second = numbered(second);
    Aggregate::try_new(Arc::new(LogicalPlan::Aggregate(first)), groups[..made - 1].to_vec(), second)
}

fn sum(of: Expr, filter: Option<Expr>) -> Expr {
    Expr::AggregateFunction(AggregateFunction::new_udf(sum_udaf(), vec![of], false, filter.map(Box::new), vec![], None))
}
