//! Which segments can hold a match, told from their exact time bounds alone.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, TimestampMicrosecondArray, UInt64Array};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, ScalarValue};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;

use crate::store::{Segment, TableView};

/// The segments that the predicate does not rule out by time.
pub(super) fn by_time(
    view: &TableView,
    stored: &SchemaRef,
    predicate: &Arc<dyn PhysicalExpr>,
) -> datafusion::common::Result<Vec<Arc<Segment>>> {
    let Some(pruning) = PruningPredicateBuilder::new().with_file_schema(stored.clone()).build(predicate.clone()) else {
        // A predicate that cannot prune keeps every segment.
        return Ok(view.segments.to_vec());
    };
    let bounds = TimeBounds { segments: &view.segments, time_column: view.spec.time_column_name() };
    let keep = pruning.prune(&bounds)?;
    Ok(view.segments.iter().zip(keep).filter(|(_, keep)| *keep).map(|(segment, _)| segment.clone()).collect())
}

struct TimeBounds<'a> {
    segments: &'a [Arc<Segment>],
    time_column: &'a str,
}

impl TimeBounds<'_> {
    fn bound(&self, column: &Column, of: impl Fn(&Segment) -> i64) -> Option<ArrayRef> {
        (column.name == self.time_column).then(|| {
            let values = self.segments.iter().map(|segment| of(segment));
            Arc::new(TimestampMicrosecondArray::from_iter_values(values).with_timezone("UTC")) as ArrayRef
        })
    }
}

impl PruningStatistics for TimeBounds<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bound(column, |segment| segment.time_min)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bound(column, |segment| segment.time_max)
    }

    fn num_containers(&self) -> usize {
        self.segments.len()
    }

    fn null_counts(&self, _column: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(UInt64Array::from_iter_values(self.segments.iter().map(|segment| segment.rows))))
    }

    fn contained(&self, _column: &Column, _values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
