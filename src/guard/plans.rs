//! Plans that are kept for later: their tables are closed, and opened anew through the guard before each run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::DataFusionError;
use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::logical_expr::{LogicalPlan, TableScan, TableSource};

use super::{Barrier, Guard, GuardedTable};
use crate::catalog::{Oid, Table};
use crate::error::{Error, Result};
use crate::scan::Together;
use crate::store::spec::TableKind;
use crate::value::SqlType;
use crate::value::json::path::Step;

/// The plan without the rows it was planned over: kept with them, it would keep replaced files on the disk.
///
/// # Errors
/// None that a user can cause.
pub fn closed(plan: &LogicalPlan) -> Result<LogicalPlan> {
    exchanged(plan, |table| Ok(Arc::new(table.closed())))
}

/// The plan with its tables opened anew, at the guard's snapshot and with its rights.
///
/// # Errors
/// 42501 when the role may no longer read a table; XX001 for a damaged one.
pub fn reopened(plan: &LogicalPlan, guard: &Guard) -> Result<LogicalPlan> {
    exchanged(plan, |table| guard.reopen(table))
}

/// Whether a scan reads a table that the guard has let through, whose rules say the same to the same reader later.
pub fn is_lasting(scan: &TableScan) -> bool {
    guarded(scan, GuardedTable::is_lasting).unwrap_or(false)
}

/// Whether a scan reads a table that the guard has let through, and nothing else.
pub fn is_guarded(scan: &TableScan) -> bool {
    guarded(scan, |_| ()).is_some()
}

/// Whether a scan reads what a view or a function of its owner's gives.
pub fn is_barred(scan: &TableScan) -> bool {
    source_as_provider(&scan.source).is_ok_and(|provider| {
        let provider: &dyn TableProvider = provider.as_ref();
        provider.downcast_ref::<Barrier>().is_some()
    })
}

/// The column that tells the time of the rows of a table that the guard has let through.
pub fn time_column(scan: &TableScan) -> Option<String> {
    guarded(scan, |table| table.table().time_column().map(str::to_owned)).map(Option::unwrap_or_default)
}

/// The columns of a scan's log table that hold documents: name, the table's oid, the column's id.
pub fn documents(scan: &TableScan) -> Vec<(String, Oid, u32)> {
    let of = |table: &Table| {
        let documents = table.columns.iter().filter(|column| column.sql_type == SqlType::Jsonb);
        documents.map(|column| (column.name.clone(), table.oid, column.id)).collect()
    };
    guarded(scan, |table| table.table().clone())
        .filter(|table| table.kind() == TableKind::Log)
        .map_or_else(Vec::new, |table| of(&table))
}

/// The paths into documents of a scan's table whose values an index knows, by column and way, with their numbers.
pub fn promoted(scan: &TableScan) -> BTreeMap<(String, Vec<Step>), u64> {
    guarded(scan, GuardedTable::promoted).unwrap_or_default()
}

/// The table of a scan as one in which a row may stand for many (`GuardedTable::counted`).
pub fn counted(
    scan: &TableScan,
    columns: &BTreeSet<String>,
    sought: &BTreeSet<String>,
    paths: &BTreeSet<u64>,
    together: &Together,
) -> Option<Arc<dyn TableSource>> {
    let counted = guarded(scan, |table| table.counted(columns, sought, paths, together)).flatten()?;
    Some(provider_as_source(Arc::new(counted)))
}

/// Whether every node of a plan is as it should be, those of its sub-queries and of views that read with their owner's rights among them.
/// What a function of its owner's reads is looked at by nobody, so a plan that calls one is not.
pub fn all(plan: &LogicalPlan, is: &mut dyn FnMut(&LogicalPlan) -> bool) -> bool {
    let mut all_are = true;
    let walked = plan.apply_with_subqueries(|node| {
        all_are = is(node) && behind(node, is);
        Ok(if all_are { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    });
    all_are && walked.is_ok()
}

/// The same of what stands behind a wall.
fn behind(node: &LogicalPlan, is: &mut dyn FnMut(&LogicalPlan) -> bool) -> bool {
    let LogicalPlan::TableScan(scan) = node else { return true };
    let Ok(provider) = source_as_provider(&scan.source) else { return false };
    let provider: &dyn TableProvider = provider.as_ref();
    provider.downcast_ref::<Barrier>().is_none_or(|barrier| barrier.view().is_some_and(|view| all(view, is)))
}

/// The plan with another table in the place of each guarded one.
fn exchanged(plan: &LogicalPlan, make: impl Fn(&GuardedTable) -> Result<Arc<dyn TableProvider>>) -> Result<LogicalPlan> {
    let exchanged = plan.clone().transform_down_with_subqueries(|node| {
        let LogicalPlan::TableScan(mut scan) = node else { return Ok(Transformed::no(node)) };
        match guarded(&scan, &make) {
            Some(provider) => {
                scan.source = provider_as_source(provider.map_err(|error| DataFusionError::External(Box::new(error)))?);
                Ok(Transformed::yes(LogicalPlan::TableScan(scan)))
            }
            None => Ok(Transformed::no(LogicalPlan::TableScan(scan))),
        }
    });
    match exchanged {
        Ok(exchanged) => Ok(exchanged.data),
        Err(DataFusionError::External(cause)) => match cause.downcast::<Error>() {
            Ok(error) => Err(*error),
            Err(other) => Err(Error::internal(other.to_string())),
        },
        Err(other) => Err(Error::internal(other.to_string())),
    }
}

/// What is made of the guarded table that a scan reads; `None` if it reads something else.
pub(super) fn guarded<T>(scan: &TableScan, make: impl FnOnce(&GuardedTable) -> T) -> Option<T> {
    let provider = source_as_provider(&scan.source).ok()?;
    let provider: &dyn TableProvider = provider.as_ref();
    provider.downcast_ref::<GuardedTable>().map(make)
}
