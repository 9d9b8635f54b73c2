//! The wrapper that a statement's plan holds in place of a scan.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;

use super::meter::{Meter, MeterExec};
use crate::catalog::Table;
use crate::policy;
use crate::scan::TableScan;

/// A table that the guard has let through. It hands out no definition and no logical plan, either of which would let a planner
/// step around it.
#[derive(Debug)]
pub struct GuardedTable {
    table: Arc<Table>,
    schema: SchemaRef,
    /// `None` in a plan that is kept: it reads nothing before the guard has opened its tables again.
    scan: Option<TableScan>,
    /// The columns of which values may be read; `None` is all.
    open: Option<BTreeSet<String>>,
    meter: Option<Arc<Meter>>,
}

impl GuardedTable {
    pub(super) fn new(table: Arc<Table>, scan: TableScan, open: Option<BTreeSet<String>>, meter: Option<Arc<Meter>>) -> Self {
        GuardedTable { table, schema: scan.schema(), scan: Some(scan), open, meter }
    }

    /// The same without its rows, so that what is kept for later holds neither memory nor files of today.
    pub fn closed(&self) -> Self {
        let (table, schema, open) = (self.table.clone(), self.schema.clone(), self.open.clone());
        GuardedTable { table, schema, scan: None, open, meter: None }
    }

    /// The definition it was let through by.
    pub(crate) fn table(&self) -> &Arc<Table> {
        &self.table
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
        if let Some(open) = &self.open {
            // Planning has asked for each column by then; what it let through by mistake ends here.
            let all: Vec<usize> = (0..self.schema.fields().len()).collect();
            let named = projection.unwrap_or(&all).iter().map(|place| self.schema.field(*place).name());
            let filtered = filters.iter().flat_map(Expr::column_refs).map(|column| &column.name);
            if named.chain(filtered).any(|name| !open.contains(name)) {
                return Err(DataFusionError::External(Box::new(policy::denied("table", &self.table.name.name))));
            }
        }
        match &self.scan {
            Some(scan) => {
                let plan = scan.plan(state, projection, filters, limit).await?;
                Ok(match &self.meter {
                    Some(meter) => Arc::new(MeterExec::new(plan, meter.clone())),
                    None => plan,
                })
            }
            None => internal_err!("a kept plan was run without opening table {} again", self.table.name),
        }
    }
}
