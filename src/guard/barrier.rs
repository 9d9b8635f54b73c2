//! A query that reads with another role's rights, as a view of its owner's does. From outside it is a table: nothing that a statement asks
//! for is worked out inside of it.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Column, Result};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;

use super::Guard;
use super::exit::Exit;
use super::protection::Screen;
use super::sieve::SieveExec;
use super::watch::Watch;
use crate::catalog::Object;

/// The query behind its wall.
pub struct Barrier {
    /// What it is called where its plan is not shown.
    name: String,
    /// The view or function that it is.
    object: Object,
    plan: LogicalPlan,
    schema: SchemaRef,
    /// That of the statement around it, which counts what leaves.
    guard: Guard,
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Barrier {
    /// Puts a plan behind the wall. Its columns have names of their own each.
    pub fn new(name: &str, object: Object, plan: LogicalPlan, guard: Guard) -> Self {
        let schema = plan.schema().inner().clone();
        Barrier { name: name.to_owned(), object, plan, schema, guard }
    }

    /// What stands behind the wall of a view. What was given to a function is in its plan, whatever it was taken from.
    pub(super) fn view(&self) -> Option<&LogicalPlan> {
        matches!(self.object, Object::Relation(_)).then_some(&self.plan)
    }

    fn watch(&self) -> Option<Arc<Watch>> {
        let live = self.guard.live.clone()?;
        Some(Arc::new(Watch::of_wall(live, &self.guard, self.object, &self.name)))
    }

    /// The plan's column at a place.
    fn column(&self, at: usize) -> Column {
        Column::from(self.plan.schema().qualified_field(at))
    }
}

#[async_trait]
impl TableProvider for Barrier {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // A column may be an expression inside, which can fail on rows that are left out: what is asked of it waits outside.
        Ok(filters.iter().map(|_| TableProviderFilterPushDown::Unsupported).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut builder = LogicalPlanBuilder::from(self.plan.clone());
        if let Some(projection) = projection {
            builder = builder.project(projection.iter().map(|at| Expr::Column(self.column(*at))))?;
        }
        let inside = state.create_physical_plan(&builder.build()?).await?;
        let screen = Arc::new(Screen::wall(inside.schema()));
        let partitions = state.config().target_partitions();
        let wall = SieveExec::try_new(inside, screen, self.guard.clock.clone(), partitions)?;
        let exit = Exit {
            table: self.name.clone(),
            ruled: true,
            shown: self.guard.reader.superuser,
            meter: self.guard.meter.clone(),
            watch: self.watch(),
            measured: ExecutionPlanMetricsSet::new(),
        };
        Ok(exit.over(Arc::new(wall)))
    }
}
