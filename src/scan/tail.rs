//! Rows in memory as a source that is known for what it is: other rows in memory, as those of VALUES, are no table's.

use std::fmt;
use std::sync::Arc;

use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics};
use datafusion::datasource::source::DataSource;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::{EquivalenceProperties, LexOrdering, Partitioning, PhysicalExpr};
use datafusion::physical_plan::DisplayFormatType;
use datafusion::physical_plan::execution_plan::SchedulingType;

/// A table's rows in memory.
#[derive(Debug)]
pub(super) struct Tail(pub MemorySourceConfig);

impl Tail {
    /// The same rows from a source that was made of this one's.
    fn again(source: &Arc<dyn DataSource>) -> Option<Arc<dyn DataSource>> {
        let source = source.downcast_ref::<MemorySourceConfig>()?.clone();
        Some(Arc::new(Tail(source)))
    }
}

impl DataSource for Tail {
    fn open(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.0.open(partition, context)
    }

    fn fmt_as(&self, t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_as(t, f)
    }

    fn repartitioned(
        &self,
        target_partitions: usize,
        repartition_file_min_size: usize,
        output_ordering: Option<LexOrdering>,
    ) -> Result<Option<Arc<dyn DataSource>>> {
        let source = self.0.repartitioned(target_partitions, repartition_file_min_size, output_ordering)?;
        Ok(source.as_ref().and_then(Tail::again))
    }

    fn output_partitioning(&self) -> Partitioning {
        self.0.output_partitioning()
    }

    fn eq_properties(&self) -> EquivalenceProperties {
        self.0.eq_properties()
    }

    fn scheduling_type(&self) -> SchedulingType {
        self.0.scheduling_type()
    }

    fn partition_statistics(&self, partition: Option<usize>) -> Result<Arc<Statistics>> {
        self.0.partition_statistics(partition)
    }

    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn DataSource>> {
        self.0.with_fetch(limit).as_ref().and_then(Tail::again)
    }

    fn fetch(&self) -> Option<usize> {
        self.0.fetch()
    }

    fn try_swapping_with_projection(&self, projection: &ProjectionExprs) -> Result<Option<Arc<dyn DataSource>>> {
        Ok(self.0.try_swapping_with_projection(projection)?.as_ref().and_then(Tail::again))
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.0.apply_expressions(f)
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{Int64Array, RecordBatch};
    use datafusion::catalog::memory::DataSourceExec;

    use super::*;
    use crate::scan::is_raw;

    #[test]
    fn rows_of_a_table_are_told_from_others_whatever_is_done_to_the_plan() {
        let batch = RecordBatch::try_from_iter([("a", Arc::new(Int64Array::from(vec![1, 2])) as _)]).unwrap();
        let rows = MemorySourceConfig::try_new(&[vec![batch.clone()]], batch.schema(), None).unwrap();
        assert!(!is_raw(DataSourceExec::from_data_source(rows.clone()).as_ref()));
        let mut source: Arc<dyn DataSource> = Arc::new(Tail(rows));
        source = source.with_fetch(Some(1)).unwrap();
        source = source.try_swapping_with_projection(&ProjectionExprs::from_indices(&[0], &batch.schema())).unwrap().unwrap();
        assert!(is_raw(&DataSourceExec::new(source)));
    }
}
