//! The rows of a running statement, which are taken down as they leave: when the last has left they are kept as its answer.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use datafusion::arrow::array::{Array, ArrayRef, AsArray, MutableArrayData, RecordBatch, RecordBatchOptions, make_array};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream};
use futures::{Stream, StreamExt};

use super::{Asked, Fresh};
use crate::guard::Horizons;
use crate::query::engine::Engine;
use crate::value::Now;

/// The stream.
pub(in crate::query) struct Gathering<R> {
    rows: SendableRecordBatchStream,
    engine: Arc<Engine>,
    /// `None` once it is certain that the answer is not kept.
    taken: Option<Taken>,
    /// Tells at the end how many rows scans have given.
    read: R,
}

/// What was taken down so far.
struct Taken {
    asked: Asked,
    horizons: Horizons,
    now: Now,
    batches: Vec<RecordBatch>,
    bytes: usize,
    /// How long rows were worked on; how long the client let them wait is no work.
    worked: Duration,
    since: Option<Instant>,
}

impl<R: Fn() -> usize + Send + Unpin + 'static> Gathering<R> {
    /// Rows of a statement that was begun at an instant and knows whether it has asked for the time.
    pub(in crate::query) fn over(
        rows: SendableRecordBatchStream,
        engine: &Arc<Engine>,
        (asked, horizons): (Asked, Horizons),
        (begun, now): (Instant, Now),
        read: R,
    ) -> SendableRecordBatchStream {
        let (batches, bytes, worked, since) = (vec![], 0, begun.elapsed(), None);
        let taken =
            horizons.are_far(engine.clock.now_us()).then_some(Taken { asked, horizons, now, batches, bytes, worked, since });
        if taken.is_none() {
            return rows;
        }
        Box::pin(Gathering { rows, engine: engine.clone(), taken, read })
    }

    fn take_down(&mut self, batch: &RecordBatch) {
        let Some(taken) = &mut self.taken else { return };
        taken.bytes += batch.columns().iter().map(bytes_of).sum::<usize>();
        let fits = taken.bytes <= self.engine.answers.options.answer_bytes_max;
        match fits.then(|| alone(batch)).flatten() {
            Some(batch) => taken.batches.push(batch),
            None => self.taken = None,
        }
    }

    fn end(&mut self) {
        let Some(taken) = self.taken.take() else { return };
        let (engine, read) = (&self.engine, (self.read)());
        if taken.worked < engine.answers.options.least || taken.now.is_asked() {
            return;
        }
        if let Ok(rows) = concat_batches(&self.rows.schema(), &taken.batches) {
            let fresh = Fresh { asked: taken.asked, horizons: taken.horizons, rows, read };
            engine.answers.keep(fresh, engine.clock.now_us(), &engine.catalog, &engine.store);
        }
    }
}

impl<R: Fn() -> usize + Send + Unpin + 'static> Stream for Gathering<R> {
    type Item = datafusion::common::Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(taken) = &mut self.taken {
            taken.since.get_or_insert_with(Instant::now);
        }
        let Poll::Ready(next) = self.rows.poll_next_unpin(context) else { return Poll::Pending };
        if let Some(taken) = &mut self.taken {
            taken.worked += taken.since.take().map_or(Duration::ZERO, |since| since.elapsed());
        }
        match &next {
            Some(Ok(batch)) => self.take_down(batch),
            Some(Err(_)) => self.taken = None,
            None => self.end(),
        }
        Poll::Ready(next)
    }
}

impl<R: Fn() -> usize + Send + Unpin + 'static> RecordBatchStream for Gathering<R> {
    fn schema(&self) -> SchemaRef {
        self.rows.schema()
    }
}

/// Bytes of the values themselves, and not of buffers that they share with others.
fn bytes_of(column: &ArrayRef) -> usize {
    // The lower half of a view is the length of its value.
    let lengths = |views: &[u128]| views.iter().map(|view| size_of::<u128>() + (*view & u128::from(u32::MAX)) as usize).sum();
    match column.data_type() {
        DataType::Utf8View => lengths(column.as_string_view().views()),
        DataType::BinaryView => lengths(column.as_binary_view().views()),
        _ => column.to_data().get_slice_memory_size().unwrap_or_else(|_| column.get_array_memory_size()),
    }
}

/// A batch that shares no memory with what it was made from: a page's text would stay for a word of it.
fn alone(batch: &RecordBatch) -> Option<RecordBatch> {
    let own = |column: &ArrayRef| -> Option<ArrayRef> {
        let data = column.to_data();
        let mut copy = MutableArrayData::new(vec![&data], false, column.len());
        copy.try_extend(0, 0, column.len()).ok()?;
        let copy = make_array(copy.freeze());
        Some(match column.data_type() {
            DataType::Utf8View => Arc::new(copy.as_string_view().gc()),
            DataType::BinaryView => Arc::new(copy.as_binary_view().gc()),
            _ => copy,
        })
    };
    let columns = batch.columns().iter().map(own).collect::<Option<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(batch.schema(), columns, &options).ok()
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{Int64Array, StringViewArray};

    use super::*;

    #[test]
    fn an_answer_holds_its_own_values_and_no_more() {
        let long = "x".repeat(1_000);
        let texts: ArrayRef = Arc::new(StringViewArray::from_iter_values((0..1_000).map(|n| format!("{n}{long}"))));
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..1_000));
        let batch = RecordBatch::try_from_iter([("a", texts), ("b", numbers)]).unwrap();
        let few = batch.slice(500, 3);
        let own = alone(&few).unwrap();
        assert_eq!(own, few);
        assert!(own.get_array_memory_size() < 10_000, "{}", own.get_array_memory_size());
        // Texts that stand in their views are no reason to keep the views of others.
        let short: ArrayRef = Arc::new(StringViewArray::from_iter_values((0..1_000).map(|n| n.to_string())));
        let short = RecordBatch::try_from_iter([("a", short)]).unwrap();
        assert!(alone(&short.slice(7, 2)).unwrap().get_array_memory_size() < 1_000);
        let bytes: usize = few.columns().iter().map(bytes_of).sum();
        assert_eq!(bytes, 3 * (16 + 1_003) + 3 * 8);
    }
}
