//! The wrapper that a statement's plan holds in place of a scan.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Column, DataFusionError, Result, ScalarValue, internal_err};
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, TableProviderFilterPushDown, TableType, lit};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;

use super::Guard;
use super::exit::Exit;
use super::rules::{Layout, Rules};
use super::sieve::SieveExec;
use super::watch::Watch;
use crate::catalog::{PolicyCommand, Table};
use crate::policy;
use crate::scan::{TableScan, Together};
use crate::store::spec::{IndexKind, TableKind};
use crate::value::json::path::Step;

/// A table that the guard has let through. It hands out no definition and no logical plan, either of which would let a planner
/// step around it.
pub struct GuardedTable {
    table: Arc<Table>,
    schema: SchemaRef,
    rules: Arc<Rules>,
    /// `None` in a plan that is kept: it reads nothing before the guard has opened its tables again.
    open: Option<Open>,
    /// The columns of which values may be read; `None` is all.
    readable: Option<BTreeSet<String>>,
    /// Of which command's policies the rows are.
    command: PolicyCommand,
    /// `None` in a table whose rows are read.
    counted: Option<Counted>,
}

/// What a table is counted by.
#[derive(Debug, Clone)]
pub(super) struct Counted {
    /// Which rows may come as one.
    together: Together,
    /// The numbers of the paths whose values are shown.
    paths: BTreeSet<u64>,
}

/// What a table is read from.
struct Open {
    scan: TableScan,
    guard: Guard,
}

impl fmt::Debug for GuardedTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedTable").field("table", &self.table.name).finish_non_exhaustive()
    }
}

impl GuardedTable {
    pub(super) fn new(
        table: Arc<Table>,
        scan: TableScan,
        readable: Option<BTreeSet<String>>,
        rules: Arc<Rules>,
        guard: Guard,
    ) -> Self {
        let schema = scan.shown_schema();
        GuardedTable {
            table,
            schema,
            rules,
            open: Some(Open { scan, guard }),
            readable,
            command: PolicyCommand::Select,
            counted: None,
        }
    }

    /// The same without its rows, so that what is kept for later holds neither memory nor files of today.
    pub fn closed(&self) -> Self {
        let (table, schema, rules) = (self.table.clone(), self.schema.clone(), self.rules.clone());
        let (readable, counted) = (self.readable.clone(), self.counted.clone());
        GuardedTable { table, schema, rules, open: None, readable, command: self.command, counted }
    }

    /// The paths into documents whose values an index knows, by column and way, with their numbers. A document that is masked has none: its
    /// values are not what is shown.
    pub(super) fn promoted(&self) -> BTreeMap<(String, Vec<Step>), u64> {
        let spec = &self.table.spec;
        let known = spec.indexes.iter().filter_map(|index| match index.kind {
            IndexKind::PathValues(path) => Some((index.column, path)),
            IndexKind::Ids | IndexKind::Text | IndexKind::PathIds(_) => None,
        });
        let way = |(column, path): (u32, u64)| {
            let column = self.table.columns.iter().find(|known| known.id == column)?;
            let masked = self.rules.masks.iter().any(|mask| mask.column == column.name);
            (!masked).then_some(((column.name.clone(), spec.paths.get(&path)?.clone()), path))
        };
        known.filter_map(way).collect()
    }

    /// The same, in which one row may stand for many that have the same values in some columns and at some paths; how many, the last column
    /// tells. Of some of those columns certain values are sought. `None` where rows have to be read for what else is done with them, or where it
    /// is of no use.
    pub(super) fn counted(
        &self,
        columns: &BTreeSet<String>,
        sought: &BTreeSet<String>,
        paths: &BTreeSet<u64>,
        together: &Together,
    ) -> Option<GuardedTable> {
        let Open { scan, guard } = self.open.as_ref()?;
        // Single columns are let through by name, and what a role is held to is counted by rows.
        if self.readable.is_some()
            || self.counted.is_some()
            || guard.meter.is_some()
            || self.table.spec.kind == TableKind::Reference
        {
            return None;
        }
        let names = columns.iter().map(String::as_str).collect();
        if self.rules.is_empty() && columns.is_empty() && paths.is_empty() {
            // How many rows there are is known without counting.
            return None;
        }
        let looked_at = self.rules.columns_for(self.command, guard.viewer(), &names);
        if !scan.counts_by(&columns.union(&looked_at).cloned().collect(), sought, paths) {
            return None;
        }
        Some(self.counting(Counted { together: together.clone(), paths: paths.clone() }))
    }

    /// The same as what was let through before as a counted table.
    pub(super) fn counting(&self, counted: Counted) -> GuardedTable {
        let open = self.open.as_ref().map(|Open { scan, guard }| {
            let scan = scan.clone().counted(&counted.together, &counted.paths);
            Open { scan, guard: guard.clone() }
        });
        let schema = open.as_ref().map_or_else(|| self.schema.clone(), |open| open.scan.shown_schema());
        let (table, rules, readable) = (self.table.clone(), self.rules.clone(), self.readable.clone());
        GuardedTable { table, schema, rules, open, readable, command: self.command, counted: Some(counted) }
    }

    pub(super) fn is_counted(&self) -> Option<&Counted> {
        self.counted.as_ref()
    }

    /// The same for a change of its rows, which must be visible to that command as well.
    #[must_use]
    pub(super) fn changed_by(self, command: PolicyCommand) -> Self {
        GuardedTable { command, ..self }
    }

    /// The definition it was let through by.
    pub(crate) fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// Who reads it in which snapshot; `None` in a plan that is kept.
    pub(super) fn guard(&self) -> Option<&Guard> {
        self.open.as_ref().map(|open| &open.guard)
    }

    pub(super) fn is_lasting(&self) -> bool {
        self.rules.is_empty() || self.rules.lasting
    }

    pub(super) fn rules(&self) -> Arc<Rules> {
        self.rules.clone()
    }
}

impl Open {
    /// A plan in which rows pass the rules before anything else sees them.
    async fn screened(
        &self,
        table: &GuardedTable,
        state: &dyn Session,
        shown: &[usize],
        filters: &[Expr],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let viewer = self.guard.viewer();
        let (rules, schema) = (&table.rules, self.scan.schema());
        let time_name = self.scan.time_column();
        let mut read = shown.to_vec();
        let names = shown.iter().map(|at| schema.field(*at).name().as_str()).collect();
        let looked_at = rules.columns_for(table.command, viewer, &names);
        let time = Some(time_name).filter(|_| !rules.retention.is_empty());
        for name in looked_at.iter().map(String::as_str).chain(time) {
            let at = schema.index_of(name)?;
            if !read.contains(&at) {
                read.push(at);
            }
        }
        let layout = Layout {
            schema: Arc::new(schema.project(&read)?),
            time: read.iter().position(|at| schema.field(*at).name() == time_name).unwrap_or(0),
        };
        let owner = self.guard.of_owner(table.table.oid);
        let (screen, policies) = rules.screen(table.command, state, &owner, &layout, viewer, shown.len()).await?;
        let is_masked = |filter: &Expr| {
            let masked = |name: &str| rules.masks.iter().any(|mask| mask.column == name);
            filter.column_refs().iter().any(|column| masked(&column.name))
        };
        let asked = filters.iter().filter(|filter| !is_masked(filter));
        // Policies read what was recorded, so theirs may prune by masked columns.
        let mut below: Vec<Expr> = asked.chain(&policies).filter(|filter| is_harmless(filter)).cloned().collect();
        if let Some(horizon) = rules.gone_by(self.guard.clock.now_us(), viewer) {
            let bound = ScalarValue::TimestampMicrosecond(Some(horizon), Some(Arc::from("UTC")));
            below.push(Expr::Column(Column::new_unqualified(time_name)).gt(lit(bound)));
        }
        let apart = rules.apart(self.guard.clock.now_us(), looked_at.contains(time_name));
        let scan = self.scan.clone().apart(apart).plan(state, Some(&read), &below, None).await?;
        let partitions = state.config().target_partitions();
        Ok(Arc::new(SieveExec::try_new(scan, Arc::new(screen), self.guard.clock.clone(), partitions)?))
    }
}

#[async_trait]
impl TableProvider for GuardedTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // Inexact keeps the filter above the scan as well: what prunes never decides.
        Ok(filters.iter().map(|_| TableProviderFilterPushDown::Inexact).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        if let Some(readable) = &self.readable {
            // Planning has asked for each column by then; what it let through by mistake ends here.
            let named = projection.unwrap_or(&all).iter().map(|place| self.schema.field(*place).name());
            let filtered = filters.iter().flat_map(Expr::column_refs).map(|column| &column.name);
            if named.chain(filtered).any(|name| !readable.contains(name)) {
                return Err(DataFusionError::External(Box::new(policy::denied("table", &self.table.name.name))));
            }
        }
        let Some(open) = &self.open else {
            return internal_err!("a kept plan was run without opening table {} again", self.table.name);
        };
        let plan = if self.rules.is_empty() {
            open.scan.plan(state, projection, filters, limit).await?
        } else {
            open.screened(self, state, projection.unwrap_or(&all), filters).await?
        };
        let exit = Exit {
            table: self.table.name.name.clone(),
            ruled: !self.rules.is_empty(),
            shown: open.guard.shows(&self.table),
            meter: open.guard.meter.clone(),
            watch: open.guard.live.clone().map(|live| Arc::new(Watch::new(live, &open.guard, &self.table))),
            measured: ExecutionPlanMetricsSet::new(),
        };
        Ok(exit.over(plan))
    }
}

/// Whether a filter can be worked out on hidden rows without failing or showing: columns compared with constants of their own type.
fn is_harmless(filter: &Expr) -> bool {
    let is_column = |expr: &Expr| matches!(expr, Expr::Column(_));
    let is_constant = |expr: &Expr| matches!(expr, Expr::Literal(..));
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And | Operator::Or, right }) => is_harmless(left) && is_harmless(right),
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Eq | Operator::NotEq | Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq,
            right,
        }) => is_column(left) && is_constant(right) || is_constant(left) && is_column(right),
        Expr::Between(between) => is_column(&between.expr) && is_constant(&between.low) && is_constant(&between.high),
        Expr::InList(InList { expr, list, .. }) => is_column(expr) && list.iter().all(is_constant),
        Expr::IsNull(inner) | Expr::IsNotNull(inner) => is_column(inner),
        _ => false,
    }
}
