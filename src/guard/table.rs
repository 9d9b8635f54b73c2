//! The wrapper that a statement's plan holds in place of a scan.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;

use crate::catalog::Table;
use crate::scan::TableScan;

/// A table that the guard has let through. It hands out no definition and no logical plan, either of which would let a planner
/// step around it.
#[derive(Debug)]
pub struct GuardedTable {
    table: Arc<Table>,
    schema: SchemaRef,
    /// `None` in a plan that is kept: it reads nothing before the guard has opened its tables again.
    scan: Option<TableScan>,
}

impl GuardedTable {
    pub(super) fn new(table: Arc<Table>, scan: TableScan) -> Self {
        GuardedTable { table, schema: scan.schema(), scan: Some(scan) }
    }

    /// The same without its rows, so that what is kept for later holds neither memory nor files of today.
    pub fn closed(&self) -> Self {
        GuardedTable { table: self.table.clone(), schema: self.schema.clone(), scan: None }
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
        match &self.scan {
            Some(scan) => scan.plan(state, projection, filters, limit).await,
            None => internal_err!("a kept plan was run without opening table {} again", self.table.name),
        }
    }
}
