//! What an answer rests on beside its statement: the catalog, the state of each table that it comes from, and that no row which counts for it
//! expires. As long as that is the same, so is the answer.
//!
//! A row expires by the clock alone, without a change of anything. An answer rests on that only if it comes from a table with retention
//! policies. It is known then from which time on rows count for it, and that no horizon has come that far.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use datafusion::common::ScalarValue;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator, TableScan};

use super::term::looked_into;
use super::{GuardedTable, plans};
use crate::catalog::{Catalog, Keep};
use crate::clock::Micros;
use crate::store::spec::TableId;
use crate::store::{Mark, View};

/// The catalogs and the states of tables that an answer comes from. It keeps none of them alive, and is equal to that of no others.
#[derive(Debug, Clone)]
pub struct Footing {
    /// By which names were found.
    names: Weak<Catalog>,
    /// By which it was decided what the reader may see.
    rights: Weak<Catalog>,
    states: BTreeMap<TableId, Mark>,
}

impl PartialEq for Footing {
    fn eq(&self, other: &Self) -> bool {
        self.names.ptr_eq(&other.names) && self.rights.ptr_eq(&other.rights) && self.states == other.states
    }
}

impl Footing {
    /// What the answer of a plan rests on, whose names were found in this catalog; `None` if anything else may change it, and for a plan that
    /// reads no table. What the plan computes is not looked at here.
    pub fn of(plan: &LogicalPlan, names: &Arc<Catalog>) -> Option<Footing> {
        let mut footing = Footing { names: Arc::downgrade(names), rights: Weak::new(), states: BTreeMap::new() };
        let whole = plans::all(plan, &mut |node| match node {
            LogicalPlan::TableScan(scan) => {
                plans::is_barred(scan) || plans::guarded(scan, |table| footing.take(table)).flatten().is_some()
            }
            _ => true,
        });
        (whole && !footing.states.is_empty()).then_some(footing)
    }

    /// Takes in what the rows of a table come from; `None` if its rules may say something else to the next statement.
    fn take(&mut self, table: &GuardedTable) -> Option<()> {
        let guard = table.guard()?;
        self.rights = Arc::downgrade(guard.rights());
        let mut read = looked_into(&table.rules())?;
        read.insert(table.table().store_id());
        for table in read {
            self.states.insert(table, guard.view.mark(table)?);
        }
        Some(())
    }

    /// Whether it is what a statement would find now.
    pub fn is_current(&self, catalog: &Arc<Catalog>, view: &View) -> bool {
        let own = |known: &Weak<Catalog>| std::ptr::eq(known.as_ptr(), Arc::as_ptr(catalog));
        own(&self.names) && own(&self.rights) && self.states.iter().all(|(table, mark)| view.mark(*table).as_ref() == Some(mark))
    }
}

/// From which time on rows count, and by which policies they expire: for each table that has such.
#[derive(Debug, Clone)]
pub struct Horizons(Vec<(Micros, Vec<Keep>)>);

impl Horizons {
    /// Those of a plan that was optimised, so that its scans know what of them is asked for.
    pub fn of(plan: &LogicalPlan) -> Option<Horizons> {
        let mut horizons = Vec::new();
        let whole = plans::all(plan, &mut |node| match node {
            LogicalPlan::TableScan(scan) if !plans::is_barred(scan) => plans::guarded(scan, |table| {
                let keeps: Vec<Keep> = table.rules().retention.iter().map(|rule| rule.keep).collect();
                if keeps.is_empty() {
                    return Some(());
                }
                let first = table.guard()?.view.earliest(table.table().store_id());
                horizons.push((first.max(asked_from(scan, table)), keeps));
                Some(())
            })
            .flatten()
            .is_some(),
            _ => true,
        });
        whole.then_some(Horizons(horizons))
    }

    /// Whether no row that counts has expired up to now: then which policy is about which row, and what holds keep, changes nothing.
    pub fn are_far(&self, now: Micros) -> bool {
        self.0.iter().all(|(first, keeps)| keeps.iter().all(|keep| keep.horizon_so_far(now) < *first))
    }
}

/// The time before which a statement leaves rows of a scan out, as its filters say.
fn asked_from(scan: &TableScan, table: &GuardedTable) -> Micros {
    let rules = table.rules();
    let Some(time) = table.table().time_column() else { return Micros::MIN };
    if rules.masks.iter().any(|mask| mask.column == time) {
        // Filters are about what is shown.
        return Micros::MIN;
    }
    let conjuncts = scan.filters.iter().flat_map(split_conjunction);
    conjuncts.filter_map(|filter| bound(filter, time)).max().unwrap_or(Micros::MIN)
}

/// The time of which a condition says that a column is not before it.
fn bound(filter: &Expr, column: &str) -> Option<Micros> {
    let is_column = |expr: &Expr| matches!(expr, Expr::Column(own) if own.name == column);
    let moment = |expr: &Expr| match expr {
        Expr::Literal(ScalarValue::TimestampMicrosecond(us, _), _) => *us,
        _ => None,
    };
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Gt | Operator::GtEq | Operator::Eq, right }) if is_column(left) => {
            moment(right)
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Lt | Operator::LtEq | Operator::Eq, right }) if is_column(right) => {
            moment(left)
        }
        Expr::Between(between) if !between.negated && is_column(&between.expr) => moment(&between.low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use datafusion::logical_expr::{col, lit};

    use super::*;

    fn at(us: Micros) -> Expr {
        lit(ScalarValue::TimestampMicrosecond(Some(us), Some(Arc::from("UTC"))))
    }

    #[test]
    fn a_filter_tells_from_when_on_rows_count() {
        for (filter, from) in [
            (col("at").gt(at(5)), Some(5)),
            (at(5).lt_eq(col("at")), Some(5)),
            (col("at").eq(at(5)), Some(5)),
            (col("at").between(at(5), at(7)), Some(5)),
            (col("at").not_between(at(5), at(7)), None),
            (col("at").lt(at(5)), None),
            (at(5).gt(col("at")), None),
            (col("other").gt(at(5)), None),
            (col("at").gt(at(5)).or(col("at").gt(at(6))), None),
            (col("at").not_eq(at(5)), None),
        ] {
            assert_eq!(bound(&filter, "at"), from, "{filter}");
        }
    }

    #[test]
    fn horizons_are_far_while_every_row_that_counts_is_kept() {
        let keep = |text: &str| Keep::parse(text).unwrap();
        let second = 1_000_000;
        let horizons =
            Horizons(vec![(100 * second, vec![keep("10 seconds"), keep("50 seconds")]), (Micros::MAX, vec![keep("1 second")])]);
        assert!(horizons.are_far(109 * second));
        assert!(!horizons.are_far(110 * second), "a row expires when it is as old as that");
    }
}
