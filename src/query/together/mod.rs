//! Groupings that count: rows that nothing in the grouping can tell apart are read as one row with their number.
//!
//! `SELECT status, count(*) … GROUP BY status` needs each status once for each stretch of time, and how many rows have it; the guarded table
//! can say that ([`crate::scan::Together`]). Here a finished logical plan is looked through for groupings over one table of which that is true:
//! each count becomes a sum of those numbers, and what does not care how often a value comes, as `min` and `count(DISTINCT …)`, stays. Filters,
//! and the guard's own rules, judge one row in the place of many.

mod asked;
mod calls;
mod documents;
mod uses;

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::common::{Column, Result};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{
    Aggregate, BinaryExpr, Expr, Filter, LogicalPlan, Operator, Projection, SubqueryAlias, TableScan, TableScanBuilder, lit, when,
};

pub(super) use self::asked::Paths;
use self::calls::{Call, distinct, in_two_steps, numbered};
use self::documents::Documents;
use self::uses::{Names, Uses};
use crate::guard::plans;
use crate::scan::{ROWS, path_column};
use crate::value::Style;

/// The plan with its groupings over counted tables, where they can be.
///
/// # Errors
/// None that a user can cause.
pub(super) fn counted(plan: LogicalPlan, style: &Style) -> Result<LogicalPlan> {
    let counted = plan.transform_down_with_subqueries(|node| {
        let LogicalPlan::Aggregate(aggregate) = &node else { return Ok(Transformed::no(node)) };
        Ok(match of_grouping(aggregate, style)? {
            Some(counted) => Transformed::new(counted, true, TreeNodeRecursion::Jump),
            None => Transformed::no(node),
        })
    })?;
    Ok(counted.data)
}

/// A grouping that yields the same over a counted table; `None` if it needs the rows.
fn of_grouping(aggregate: &Aggregate, style: &Style) -> Result<Option<LogicalPlan>> {
    let mut uses = Uses::new(style);
    let Some(names) = below(&aggregate.input, &mut uses) else { return Ok(None) };
    let Some(calls) = aggregate.aggr_expr.iter().map(Call::of).collect::<Option<Vec<_>>>() else { return Ok(None) };
    let grouped = aggregate.group_expr.iter().all(|expr| !matches!(expr, Expr::GroupingSet(_)) && uses.allow(expr, &names));
    if !grouped || !aggregate.aggr_expr.iter().all(|expr| uses.allow(expr, &names)) {
        return Ok(None);
    }
    let Some((below, passed)) = Rebuilt { uses: &uses }.above(&aggregate.input)? else { return Ok(None) };
    let promoted = |expr: Expr| names.documents.promoted(expr, &uses.promoted, &passed);
    let calls = calls.into_iter().map(|call| call.map(promoted)).collect::<Result<Vec<_>>>()?;
    let groups = aggregate.group_expr.iter().cloned().map(promoted).collect::<Result<Vec<_>>>()?;
    let rows = Expr::Column(passed[0].clone());
    let summed = match distinct(&calls) {
        Some(value) => in_two_steps(below, groups, &value, &calls, &rows)?,
        None => Aggregate::try_new(Arc::new(below), groups, numbered(calls.iter().map(|call| call.over(&rows))))?,
    };
    let groups = summed.schema.fields().len() - calls.len();
    let told = aggregate.schema.iter().zip(summed.schema.iter()).enumerate().map(|(at, ((qualifier, field), now))| {
        let column = Expr::Column(Column::from(now));
        let value = match at.checked_sub(groups).map(|call| &calls[call]) {
            None if now.1.name() == field.name() => return Ok(column),
            None => column,
            // No rows are counted as none, and have no sum.
            Some(Call::Count { .. }) => when(column.clone().is_null(), lit(0i64)).otherwise(column)?,
            Some(Call::Kept(_)) => column,
        };
        Ok(value.alias_qualified(qualifier.cloned(), field.name()))
    });
    let told = told.collect::<Result<Vec<_>>>()?;
    let summed = Arc::new(LogicalPlan::Aggregate(summed));
    Ok(Some(LogicalPlan::Projection(Projection::try_new(told, summed)?)))
}

/// What the columns below a grouping are, which stands over filters and projections over the scan of one table; `None` if something in it needs
/// the rows.
fn below(plan: &LogicalPlan, uses: &mut Uses) -> Option<Names> {
    match plan {
        LogicalPlan::TableScan(scan) if scan.fetch.is_none() => {
            let name = plans::time_column(scan)?;
            let time = scan.projected_schema.index_of_column_by_name(Some(&scan.table_name), &name);
            let time = time.map(|_| Column::new(Some(scan.table_name.clone()), name));
            uses.promoted = plans::promoted(scan);
            Some(Names { time, documents: Documents::of(&uses.promoted, &scan.table_name) })
        }
        LogicalPlan::Filter(Filter { predicate, input, .. }) => {
            let names = below(input, uses)?;
            uses.allow(predicate, &names).then_some(names)
        }
        LogicalPlan::Projection(Projection { expr, input, schema, .. }) => {
            let names = below(input, uses)?;
            let mut projected = Names::default();
            for (expr, named) in expr.iter().zip(schema.iter()) {
                let is_time = matches!(expr.clone().unalias(), Expr::Column(column) if Some(&column) == names.time.as_ref());
                if is_time && projected.time.is_none() {
                    projected.time = Some(Column::from(named));
                } else if let Some(part) = names.documents.part(expr) {
                    projected.documents.add(Column::from(named), part);
                } else if !uses.allow(expr, &names) {
                    return None;
                }
            }
            Some(projected)
        }
        LogicalPlan::SubqueryAlias(SubqueryAlias { input, alias, .. }) => {
            let Names { time, documents } = below(input, uses)?;
            let time = time.map(|time| Column::new(Some(alias.clone()), time.name));
            Some(Names { time, documents: documents.called(alias) })
        }
        _ => None,
    }
}

/// The same nodes over a counted table.
struct Rebuilt<'a> {
    uses: &'a Uses,
}

/// A plan, and the columns that it passes on beside the old ones: for how many rows one stands, and what indexes know.
type Above = (LogicalPlan, Vec<Column>);

impl Rebuilt<'_> {
    /// `None` if the guard gives no counted table.
    fn above(&self, plan: &LogicalPlan) -> Result<Option<Above>> {
        let promoted =
            |expr: &Expr, names: &Names, passed: &[Column]| names.documents.promoted(expr.clone(), &self.uses.promoted, passed);
        match plan {
            LogicalPlan::TableScan(scan) => self.scan(scan),
            LogicalPlan::Filter(Filter { predicate, input, .. }) => {
                let Some((above, passed)) = self.above(input)? else { return Ok(None) };
                let predicate = promoted(predicate, &self.names(input), &passed)?;
                Ok(Some((LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(above))?), passed)))
            }
            LogicalPlan::Projection(Projection { expr, input, .. }) => {
                let Some((above, passed)) = self.above(input)? else { return Ok(None) };
                let names = self.names(input);
                // Documents, and parts of them, end here: what is asked of them is passed on.
                let kept = expr.iter().filter(|expr| names.documents.part(expr).is_none());
                let kept = kept.map(|expr| Ok(named(expr, promoted(expr, &names, &passed)?))).collect::<Result<Vec<_>>>()?;
                let exprs = kept.into_iter().chain(passed.iter().cloned().map(Expr::Column)).collect();
                Ok(Some((LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(above))?), passed)))
            }
            LogicalPlan::SubqueryAlias(SubqueryAlias { input, alias, .. }) => {
                let Some((above, passed)) = self.above(input)? else { return Ok(None) };
                let passed = passed.into_iter().map(|column| Column::new(Some(alias.clone()), column.name)).collect();
                Ok(Some((LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(Arc::new(above), alias.clone())?), passed)))
            }
            _ => Ok(None),
        }
    }

    /// What the columns of a node are, which was looked through before.
    fn names(&self, plan: &LogicalPlan) -> Names {
        below(plan, &mut self.uses.clone()).unwrap_or_default()
    }

    fn scan(&self, scan: &TableScan) -> Result<Option<Above>> {
        let documents: BTreeSet<&String> = self.uses.promoted.keys().map(|(column, _)| column).collect();
        let is_kept = |name: &String| !documents.contains(name);
        let columns: BTreeSet<String> =
            scan.projected_schema.fields().iter().map(|field| field.name().clone()).filter(is_kept).collect();
        let sought = scan.filters.iter().flat_map(split_conjunction).filter_map(sought).collect();
        let paths = self.uses.paths.iter().filter_map(|way| self.uses.promoted.get(way)).copied().collect();
        let counted = plans::counted(scan, &columns, &sought, &paths, &self.uses.together());
        let Some(source) = counted else { return Ok(None) };
        let schema = source.schema();
        let passed: Vec<String> = std::iter::once(ROWS.to_owned()).chain(paths.iter().map(|path| path_column(*path))).collect();
        let mut projection = columns.iter().chain(&passed).map(|name| Ok(schema.index_of(name)?)).collect::<Result<Vec<_>>>()?;
        projection.sort_unstable();
        let prunes = |filter: &&Expr| filter.column_refs().iter().all(|column| is_kept(&column.name));
        let counted = TableScanBuilder::new(scan.table_name.clone(), source)
            .with_projection(Some(projection))
            .with_filters(scan.filters.iter().filter(prunes).cloned().collect())
            .build()?;
        let passed = passed.into_iter().map(|name| Column::new(Some(scan.table_name.clone()), name)).collect();
        Ok(Some((LogicalPlan::TableScan(counted), passed)))
    }
}

/// An expression under the name that it had.
fn named(before: &Expr, now: Expr) -> Expr {
    if now == *before {
        return now;
    }
    let (qualifier, name) = before.qualified_name();
    now.alias_qualified(qualifier, name)
}

/// The column of which a condition wants certain values.
fn sought(condition: &Expr) -> Option<String> {
    let column = |expr: &Expr| match expr {
        Expr::Column(column) => Some(column.name.clone()),
        _ => None,
    };
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => column(left).or_else(|| column(right)),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            sought(left).filter(|left| sought(right).as_ref() == Some(left))
        }
        Expr::InList(list) if !list.negated => column(&list.expr),
        _ => None,
    }
}
