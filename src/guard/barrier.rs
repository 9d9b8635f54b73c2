//! A query that reads with another role's rights, as a view of its owner's does. From outside it is a table: nothing that a statement asks
//! for is worked out inside of it, but comparisons that can neither fail nor show what it hides.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, Result};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;

use super::Guard;
use super::exit::Exit;
use super::protection::Screen;
use super::sieve::SieveExec;
use super::table::is_harmless;

/// The query behind its wall.
pub struct Barrier {
    /// What it is called where its plan is not shown.
    name: String,
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
    pub fn new(name: &str, plan: LogicalPlan, guard: Guard) -> Self {
        let schema = plan.schema().inner().clone();
        Barrier { name: name.to_owned(), plan, schema, guard }
    }

    /// The plan's column at a place.
    fn column(&self, at: usize) -> Column {
        Column::from(self.plan.schema().qualified_field(at))
    }

    /// What is asked from outside, asked of the plan's own columns.
    fn inside(&self, filter: Expr) -> Result<Expr> {
        let own = filter.transform_up(|inner| match inner {
            Expr::Column(column) => Ok(Transformed::yes(Expr::Column(self.column(self.schema.index_of(&column.name)?)))),
            other => Ok(Transformed::no(other)),
        });
        own.map(|own| own.data)
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
        let answer = |filter: &&Expr| match is_harmless(filter) {
            true => TableProviderFilterPushDown::Inexact,
            false => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(answer).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut builder = LogicalPlanBuilder::from(self.plan.clone());
        let harmless = filters.iter().filter(|filter| is_harmless(filter)).cloned();
        for filter in harmless {
            builder = builder.filter(self.inside(filter)?)?;
        }
        if let Some(projection) = projection {
            builder = builder.project(projection.iter().map(|at| Expr::Column(self.column(*at))))?;
        }
        let inside = state.create_physical_plan(&builder.build()?).await?;
        let width = inside.schema().fields().len();
        let screen = Arc::new(Screen::open(inside.schema()));
        let partitions = state.config().target_partitions();
        let wall = SieveExec::try_new(inside, screen, width, self.guard.clock.clone(), partitions)?;
        let exit = Exit {
            table: self.name.clone(),
            ruled: true,
            shown: self.guard.reader.superuser,
            meter: self.guard.meter.clone(),
            watch: None,
            measured: ExecutionPlanMetricsSet::new(),
        };
        Ok(exit.over(Arc::new(wall)))
    }
}
