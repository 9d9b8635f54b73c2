//! Which segments, and which of their pages, can hold a match, told from their exact time bounds alone.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, TimestampMicrosecondArray, UInt64Array};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, DataFusionError, Result, ScalarValue};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_optimizer::pruning::{PruningPredicate, PruningPredicateBuilder};

use crate::clock::Micros;
use crate::store::{RowRanges, Segment};

/// What a predicate says of the times of rows.
#[derive(Debug, Clone)]
pub(super) struct ByTime {
    /// `None` if it rules nothing out.
    predicate: Option<Arc<PruningPredicate>>,
    column: Arc<str>,
}

impl ByTime {
    pub(super) fn new(predicate: Option<&Arc<dyn PhysicalExpr>>, stored: &SchemaRef, column: &str) -> Self {
        let pruning = |predicate: &Arc<dyn PhysicalExpr>| {
            PruningPredicateBuilder::new().with_file_schema(stored.clone()).build(predicate.clone())
        };
        // One that says nothing of the time is not worth asking for every segment.
        let predicate = predicate.filter(|predicate| collect_columns(predicate).iter().any(|named| named.name() == column));
        ByTime { predicate: predicate.and_then(pruning), column: Arc::from(column) }
    }

    /// The segments that are not ruled out.
    pub(super) fn segments(&self, segments: &[Arc<Segment>]) -> Result<Vec<Arc<Segment>>> {
        let keep = self.stretches(segments.iter().map(|segment| (segment.time_min, segment.time_max, segment.rows)).collect())?;
        Ok(segments.iter().zip(keep).filter(|(_, keep)| *keep).map(|(segment, _)| segment.clone()).collect())
    }

    /// Whether each of some stretches of time is not ruled out; they are told by their smallest and largest time and their rows.
    pub(super) fn stretches(&self, bounds: Vec<(Micros, Micros, u64)>) -> Result<Vec<bool>> {
        match &self.predicate {
            Some(predicate) => predicate.prune(&TimeBounds { column: &self.column, bounds }),
            None => Ok(vec![true; bounds.len()]),
        }
    }

    /// The rows of a segment that stand in pages which are not ruled out. Reads the segment's footer, and blocks for that.
    pub(super) fn rows(&self, segment: &Segment) -> Result<RowRanges> {
        let all = RowRanges::all(usize::try_from(segment.rows).unwrap_or(usize::MAX));
        if self.predicate.is_none() {
            return Ok(all);
        }
        let pages = segment.time_pages(&self.column).map_err(|error| DataFusionError::External(Box::new(error)))?;
        if pages.is_empty() {
            return Ok(all);
        }
        let keep = self.stretches(pages.iter().map(|(rows, min, max)| (*min, *max, rows.len() as u64)).collect())?;
        Ok(pages.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|((rows, _, _), _)| rows).collect())
    }
}

/// The smallest and the largest time, and how many rows, of each part that may be left out.
struct TimeBounds<'a> {
    column: &'a str,
    bounds: Vec<(Micros, Micros, u64)>,
}

impl TimeBounds<'_> {
    fn bound(&self, column: &Column, of: impl Fn(&(Micros, Micros, u64)) -> Micros) -> Option<ArrayRef> {
        (column.name == self.column).then(|| {
            let values = self.bounds.iter().map(of);
            Arc::new(TimestampMicrosecondArray::from_iter_values(values).with_timezone("UTC")) as ArrayRef
        })
    }
}

impl PruningStatistics for TimeBounds<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bound(column, |(min, _, _)| *min)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bound(column, |(_, max, _)| *max)
    }

    fn num_containers(&self) -> usize {
        self.bounds.len()
    }

    fn null_counts(&self, _column: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(UInt64Array::from_iter_values(self.bounds.iter().map(|(_, _, rows)| *rows))))
    }

    fn contained(&self, _column: &Column, _values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
