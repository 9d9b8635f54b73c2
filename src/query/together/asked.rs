//! Which paths into documents statements ask for, as long as the server runs: what there is to promote.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use datafusion::common::TableReference;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan, SubqueryAlias, TableScan};

use super::documents::Documents;
use crate::catalog::Oid;
use crate::clock::Micros;
use crate::guard::plans;
use crate::value::json::path::Step;

/// Paths that are remembered; past it the one that was asked for the longest ago goes.
const PATHS_MAX: usize = 1_000;

/// A path into the documents of a column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::query) struct Way {
    pub table: Oid,
    pub column: u32,
    pub steps: Vec<Step>,
}

/// Columns of documents: name, the table's oid, the column's id.
type Columns = Vec<(String, Oid, u32)>;

/// How often it was asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::query) struct Asked {
    /// Statements that were planned.
    pub statements: u64,
    pub last_us: Micros,
}

/// All of them.
#[derive(Debug, Default)]
pub(in crate::query) struct Paths(Mutex<HashMap<Way, Asked>>);

impl Paths {
    /// Takes down what a plan asks for.
    pub(in crate::query) fn note(&self, plan: &LogicalPlan, now: Micros) {
        // A path is written in a node above the scan of its table; the names of columns tell whose they are.
        let mut known: Vec<(Documents, Columns)> = Vec::new();
        let mut note = |scan: &TableScan, called: &TableReference| {
            let columns = plans::documents(scan);
            if !columns.is_empty() {
                known.push((Documents::called_so(columns.iter().map(|(name, ..)| name), called), columns));
            }
        };
        let walked = plan.apply_with_subqueries(|node| {
            match node {
                LogicalPlan::TableScan(scan) => note(scan, &scan.table_name),
                LogicalPlan::SubqueryAlias(SubqueryAlias { input, alias, .. }) => {
                    if let LogicalPlan::TableScan(scan) = input.as_ref() {
                        note(scan, alias);
                    }
                }
                _ => {}
            }
            Ok(TreeNodeRecursion::Continue)
        });
        if walked.is_err() || known.is_empty() {
            return;
        }
        let mut ways: BTreeSet<Way> = BTreeSet::new();
        let mut look = |expr: &Expr| {
            for (documents, columns) in &known {
                if let Some((name, steps)) = documents.text(expr)
                    && let Some((_, table, column)) = columns.iter().find(|(known, ..)| *known == name)
                {
                    ways.insert(Way { table: *table, column: *column, steps });
                }
            }
            Ok(TreeNodeRecursion::Continue)
        };
        // An error would end the walk early, and there is none.
        let _ = plan.apply_with_subqueries(|node| node.apply_expressions(|expr| expr.apply(&mut look)));
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for way in ways {
            let asked = asked.entry(way).or_default();
            asked.statements += 1;
            asked.last_us = now;
        }
        while asked.len() > PATHS_MAX
            && let Some(oldest) = asked.iter().min_by_key(|(_, asked)| asked.last_us).map(|(way, _)| way.clone())
        {
            asked.remove(&oldest);
        }
    }

    /// What was asked for, the most often asked first.
    pub(in crate::query) fn all(&self) -> Vec<(Way, Asked)> {
        let asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<(Way, Asked)> = asked.iter().map(|(way, asked)| (way.clone(), *asked)).collect();
        all.sort_by(|(way, asked), (other, often)| (often.statements, way).cmp(&(asked.statements, other)));
        all
    }
}
