//! Rows in memory as a source that is known for what it is: other rows in memory, as those of VALUES, are no table's.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::compute::{max, min};
use datafusion::arrow::datatypes::TimestampMicrosecondType;
use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, ScalarValue, Statistics};
use datafusion::datasource::source::DataSource;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::{EquivalenceProperties, LexOrdering, Partitioning, PhysicalExpr};
use datafusion::physical_plan::DisplayFormatType;
use datafusion::physical_plan::execution_plan::SchedulingType;

/// A table's rows in memory.
#[derive(Debug)]
pub(super) struct Tail {
    rows: MemorySourceConfig,
    /// The column that tells the time of a row.
    time: Arc<str>,
}

impl Tail {
    pub(super) fn new(rows: MemorySourceConfig, time: &str) -> Self {
        Tail { rows, time: Arc::from(time) }
    }

    /// The same rows from a source that was made of this one's.
    fn again(&self, source: &Arc<dyn DataSource>) -> Option<Arc<dyn DataSource>> {
        let rows = source.downcast_ref::<MemorySourceConfig>()?.clone();
        Some(Arc::new(Tail { rows, time: self.time.clone() }))
    }

    /// The bounds of the time, if that of every row is known.
    fn bounds(&self) -> Option<(ScalarValue, ScalarValue)> {
        let mut bounds: Option<(i64, i64)> = None;
        for batch in self.rows.partitions().iter().flatten().filter(|batch| batch.num_rows() > 0) {
            let times = batch.column_by_name(&self.time)?.as_primitive_opt::<TimestampMicrosecondType>()?;
            if times.null_count() > 0 {
                return None;
            }
            let (low, high) = (min(times)?, max(times)?);
            bounds = Some(bounds.map_or((low, high), |(least, most)| (least.min(low), most.max(high))));
        }
        let time = |micros| ScalarValue::TimestampMicrosecond(Some(micros), Some(Arc::from("UTC")));
        bounds.map(|(low, high)| (time(low), time(high)))
    }
}

impl DataSource for Tail {
    fn open(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.rows.open(partition, context)
    }

    fn fmt_as(&self, t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rows.fmt_as(t, f)
    }

    fn repartitioned(
        &self,
        target_partitions: usize,
        repartition_file_min_size: usize,
        output_ordering: Option<LexOrdering>,
    ) -> Result<Option<Arc<dyn DataSource>>> {
        let source = self.rows.repartitioned(target_partitions, repartition_file_min_size, output_ordering)?;
        Ok(source.as_ref().and_then(|source| self.again(source)))
    }

    fn output_partitioning(&self) -> Partitioning {
        self.rows.output_partitioning()
    }

    fn eq_properties(&self) -> EquivalenceProperties {
        self.rows.eq_properties()
    }

    fn scheduling_type(&self) -> SchedulingType {
        self.rows.scheduling_type()
    }

    fn partition_statistics(&self, partition: Option<usize>) -> Result<Arc<Statistics>> {
        let known = self.rows.partition_statistics(partition)?;
        let given = self.rows.original_schema().index_of(&self.time).ok();
        let place = given.and_then(|given| match self.rows.projection() {
            Some(places) => places.iter().position(|place| *place == given),
            None => Some(given),
        });
        let (Some(place), Some((low, high))) = (place, self.bounds()) else { return Ok(known) };
        let mut known = Arc::unwrap_or_clone(known);
        if let Some(column) = known.column_statistics.get_mut(place) {
            (column.min_value, column.max_value) = (Precision::Exact(low), Precision::Exact(high));
        }
        Ok(Arc::new(known))
    }

    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn DataSource>> {
        self.rows.with_fetch(limit).as_ref().and_then(|source| self.again(source))
    }

    fn fetch(&self) -> Option<usize> {
        self.rows.fetch()
    }

    fn try_swapping_with_projection(&self, projection: &ProjectionExprs) -> Result<Option<Arc<dyn DataSource>>> {
        Ok(self.rows.try_swapping_with_projection(projection)?.as_ref().and_then(|source| self.again(source)))
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.rows.apply_expressions(f)
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
        let mut source: Arc<dyn DataSource> = Arc::new(Tail::new(rows, "a"));
        source = source.with_fetch(Some(1)).unwrap();
        source = source.try_swapping_with_projection(&ProjectionExprs::from_indices(&[0], &batch.schema())).unwrap().unwrap();
        assert!(is_raw(&DataSourceExec::new(source)));
    }
}
