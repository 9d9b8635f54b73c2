//! Where rows leave the guard: the node that stands above every scan of a table in every plan.
//!
//! It counts what leaves, and is where a plan ends for readers who may not know what lies below: files, bounds, rules and the rows that
//! those hide. No plan runs in which a scan of the store has no such node above it.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::compute::sum;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;

use super::meter::Meter;
use super::watch::Watch;
use crate::error::{Error, Result};
use crate::scan;
use crate::scan::through::{Passage, Through, ThroughExec};

/// The way out of the guard for one table's rows.
#[derive(Clone)]
pub(super) struct Exit {
    /// The table's name.
    pub table: String,
    /// Whether the table has rules, of which nothing above may learn.
    pub ruled: bool,
    /// Whether the reader may know what lies below.
    pub shown: bool,
    pub meter: Option<Arc<Meter>>,
    /// Asks before each batch whether the reader may still see it.
    pub watch: Option<Arc<Watch>>,
    /// The rows that have left.
    pub measured: ExecutionPlanMetricsSet,
}

impl fmt::Debug for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exit").field("table", &self.table).finish_non_exhaustive()
    }
}

impl Exit {
    pub(super) fn over(self, scan: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
        ThroughExec::over(scan, self)
    }
}

impl Through for Exit {
    const NAME: &'static str = "GuardedScan";

    fn line(&self) -> String {
        format!("Guarded scan of {}", self.table)
    }

    fn passage(&self) -> Passage {
        match (self.ruled, &self.meter) {
            (true, _) => Passage::Filters,
            // What is answered without reading a row would not be counted.
            (false, Some(_)) => Passage::Rows,
            (false, None) => Passage::Open,
        }
    }

    fn run(&self, input: SendableRecordBatchStream, partition: usize) -> SendableRecordBatchStream {
        let (schema, meter, watch) = (input.schema(), self.meter.clone(), self.watch.clone());
        let left = MetricBuilder::new(&self.measured).output_rows(partition);
        let counted = input.map(move |batch| {
            let batch = batch?;
            if let Some(watch) = &watch {
                watch.ensure().map_err(|error| DataFusionError::External(Box::new(error)))?;
            }
            left.add(rows_of(&batch));
            if let Some(meter) = &meter {
                meter.count(&batch).map_err(|error| DataFusionError::External(Box::new(error)))?;
            }
            Ok(batch)
        });
        Box::pin(RecordBatchStreamAdapter::new(schema, counted))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.measured.clone_inner())
    }
}

/// How many rows of the table a batch stands for.
fn rows_of(batch: &RecordBatch) -> usize {
    match batch.column_by_name(scan::ROWS).and_then(|rows| rows.as_primitive_opt::<Int64Type>()) {
        Some(rows) => sum(rows).and_then(|rows| usize::try_from(rows).ok()).unwrap_or(0),
        None => batch.num_rows(),
    }
}

/// A plan as it is run for its reader to be told what each node has given: where the reader may not know how rows are read, they come one by
/// one, since how many stand for all would tell of files, and of values that policies look at.
///
/// # Errors
/// None that a user can cause.
pub fn measured(plan: Arc<dyn ExecutionPlan>) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
    let veiled = |node: Arc<dyn ExecutionPlan>| {
        if !is_veiled(node.as_ref()) {
            return Ok(Transformed::no(node));
        }
        Ok(Transformed::new(scan::one_by_one(node)?, true, TreeNodeRecursion::Jump))
    };
    plan.transform_down(veiled).data()
}

fn exit(plan: &dyn ExecutionPlan) -> Option<&Exit> {
    plan.downcast_ref::<ThroughExec<Exit>>().map(ThroughExec::what)
}

/// The table whose rows leave the guard at this node.
pub fn leaving(plan: &dyn ExecutionPlan) -> Option<&str> {
    exit(plan).map(|exit| exit.table.as_str())
}

/// Whether what this node reads, and how, is not for the reader to know.
pub fn is_veiled(plan: &dyn ExecutionPlan) -> bool {
    exit(plan).is_some_and(|exit| !exit.shown)
}

/// Refuses a plan that reads the store past the guard.
///
/// # Errors
/// XX000, which no statement can cause as long as the guard is the only way to a table.
pub fn ensure(plan: &dyn ExecutionPlan) -> Result<()> {
    if exit(plan).is_some() {
        return Ok(());
    }
    if scan::is_raw(plan) {
        return Err(Error::internal("a plan reads a table past the guard"));
    }
    plan.children().into_iter().try_for_each(|child| ensure(child.as_ref()))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::{DataType, Field, Schema};
    use datafusion::catalog::memory::DataSourceExec;
    use datafusion::datasource::object_store::ObjectStoreUrl;
    use datafusion::datasource::physical_plan::{FileScanConfigBuilder, ParquetSource};
    use datafusion::datasource::table_schema::TableSchema;
    use datafusion::physical_plan::empty::EmptyExec;
    use datafusion::physical_plan::union::UnionExec;

    use super::*;

    fn schema() -> Arc<Schema> {
        Arc::new(Schema::new(vec![Field::new("a", DataType::Int64, true)]))
    }

    fn raw() -> Arc<dyn ExecutionPlan> {
        let source = ParquetSource::new(TableSchema::from(schema()));
        let url = ObjectStoreUrl::parse(scan::STORE_URL).unwrap();
        DataSourceExec::from_data_source(FileScanConfigBuilder::new(url, Arc::new(source)).build())
    }

    fn guarded() -> Arc<dyn ExecutionPlan> {
        let measured = ExecutionPlanMetricsSet::new();
        Exit { table: "t".to_owned(), ruled: false, shown: false, meter: None, watch: None, measured }.over(raw())
    }

    #[test]
    fn a_plan_that_reads_a_table_past_the_guard_is_refused() {
        let nothing: Arc<dyn ExecutionPlan> = Arc::new(EmptyExec::new(schema()));
        let both = |left, right| UnionExec::try_new(vec![left, right]).unwrap();
        for (plan, passes) in [
            (nothing.clone(), true),
            (guarded(), true),
            (both(guarded(), nothing.clone()), true),
            (raw(), false),
            (both(guarded(), raw()), false),
            (both(both(nothing, raw()), guarded()), false),
        ] {
            assert_eq!(ensure(plan.as_ref()).is_ok(), passes, "{plan:?}");
        }
    }

    #[test]
    fn what_stands_below_is_not_told() {
        assert!(is_veiled(guarded().as_ref()) && !is_veiled(raw().as_ref()));
        assert_eq!(leaving(guarded().as_ref()), Some("t"));
        assert!(!format!("{:?}", exit(guarded().as_ref())).contains("Parquet"));
    }
}
