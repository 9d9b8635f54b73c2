//! The rows of a portal on their way: read forward as they come, or kept for a way back.
//!
//! A cursor that only goes forward holds no row but those of the batch it stands in. One declared with SCROLL keeps what it has read
//! in memory, up to a bound, and finds every earlier row there.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use datafusion::arrow::array::{RecordBatch, UInt64Array};
use datafusion::arrow::compute::take_record_batch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::DataFusionError;
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{Stream, StreamExt};

use crate::error::{Error, Kind, Result};
use crate::query::errors::unwrap;
use crate::query::parse::{Count, Movement};

/// Bytes that a SCROLL cursor keeps at most.
const SCROLL_BYTES: usize = 64 * 1024 * 1024;

/// A portal's rows; clones share them.
#[derive(Clone)]
pub(super) struct Rows {
    schema: SchemaRef,
    reader: Arc<Mutex<Reader>>,
}

struct Reader {
    stream: SendableRecordBatchStream,
    /// Rows that were read and not given yet.
    left: Option<RecordBatch>,
    /// The row it stands on, counted from 1; 0 is before the first.
    position: u64,
    /// It stands behind the last row.
    behind: bool,
    ended: bool,
    /// What a SCROLL cursor has read.
    history: Option<History>,
}

#[derive(Default)]
struct History {
    batches: Vec<RecordBatch>,
    rows: u64,
    bytes: usize,
}

impl Rows {
    pub(super) fn new(stream: SendableRecordBatchStream, scroll: bool) -> Rows {
        let schema = stream.schema();
        let history = scroll.then(History::default);
        let reader = Reader { stream, left: None, position: 0, behind: false, ended: false, history };
        Rows { schema, reader: Arc::new(Mutex::new(reader)) }
    }

    /// The next rows as they come, at most so many.
    pub(super) fn portion(&self, most: Option<u64>) -> SendableRecordBatchStream {
        Box::pin(Portion { rows: self.clone(), most, left: most })
    }

    /// Goes where FETCH says and gives the rows there, or their number alone.
    ///
    /// # Errors
    /// 55000 for a way back that the cursor does not have; 53400 when it would have to keep too much; the query's own.
    pub(super) async fn go(&self, movement: Movement, silent: bool) -> Result<Gone> {
        if self.lock().history.is_some() {
            return self.scroll(movement).await;
        }
        let (position, behind) = {
            let reader = self.lock();
            (reader.position, reader.behind)
        };
        let nothing = Ok(Gone::Batches(vec![]));
        let most = match movement {
            Movement::Forward(Count::All) => None,
            Movement::Forward(Count::Rows(rows)) | Movement::Relative(rows) if rows > 0 => {
                let rows = rows.unsigned_abs();
                if let Movement::Relative(_) = movement {
                    self.skip(Some(rows - 1)).await?;
                    Some(1)
                } else {
                    Some(rows)
                }
            }
            Movement::Backward(Count::Rows(rows)) if rows < 0 => Some(rows.unsigned_abs()),
            // To stay where one is gives the row again, if there is one.
            Movement::Forward(Count::Rows(0)) | Movement::Backward(Count::Rows(0)) | Movement::Relative(0)
                if position == 0 || behind =>
            {
                return nothing;
            }
            Movement::Absolute(0) if position == 0 && !behind => return nothing,
            Movement::Absolute(row) if row > 0 && !behind && row.unsigned_abs() > position => {
                self.skip(Some(row.unsigned_abs() - position - 1)).await?;
                Some(1)
            }
            Movement::Absolute(row) if row > 0 && behind && row.unsigned_abs() > position => return nothing,
            Movement::Forward(_) | Movement::Backward(_) | Movement::Absolute(_) | Movement::Relative(_) => {
                return Err(Error::new(Kind::ObjectNotInPrerequisiteState, "cursor can only scan forward")
                    .with_hint("Declare it with SCROLL option to enable backward scan."));
            }
        };
        if silent { Ok(Gone::Counted(self.skip(most).await?)) } else { Ok(Gone::Stream(self.portion(most))) }
    }

    /// Reads rows without giving them; says how many there were.
    async fn skip(&self, most: Option<u64>) -> Result<u64> {
        let mut rows = 0;
        let mut portion = self.portion(most);
        while let Some(batch) = portion.next().await {
            rows += batch.map_err(unwrap)?.num_rows() as u64;
        }
        Ok(rows)
    }

    async fn scroll(&self, movement: Movement) -> Result<Gone> {
        let position = self.lock().place();
        let (first, last, reversed) = match movement {
            Movement::Forward(count) => forward(position, count, false),
            Movement::Backward(count) => forward(position, count, true),
            Movement::Relative(rows) => {
                let target = offset(position, rows);
                (target, target, false)
            }
            Movement::Absolute(row) if row >= 0 => (row.unsigned_abs(), row.unsigned_abs(), false),
            Movement::Absolute(row) => {
                let total = self.read_to(u64::MAX).await?;
                let target = (total + 1).saturating_sub(row.unsigned_abs());
                (target, target, false)
            }
        };
        let total = self.read_to(last).await?;
        let mut reader = self.lock();
        let (low, high) = (first.max(1), last.min(total));
        reader.position = if reversed { if first == 0 { 0 } else { first } } else { last.min(total + 1) };
        reader.behind = reader.position > total;
        if low > high {
            return Ok(Gone::Batches(vec![]));
        }
        let history = reader.history.as_ref().ok_or_else(|| Error::internal("a SCROLL cursor keeps no rows"))?;
        history.slices(low - 1, high, reversed).map(Gone::Batches)
    }

    /// Keeps rows up to this one; says how many there are so far.
    async fn read_to(&self, row: u64) -> Result<u64> {
        loop {
            let known = {
                let reader = self.lock();
                let known = reader.history.as_ref().map_or(0, |history| history.rows);
                if reader.ended || known >= row {
                    return Ok(known);
                }
                known
            };
            let next = futures::future::poll_fn(|cx| self.lock().stream.poll_next_unpin(cx)).await;
            let mut reader = self.lock();
            match next {
                Some(batch) => {
                    let batch = batch.map_err(unwrap)?;
                    let history = reader.history.get_or_insert_default();
                    history.bytes += batch.get_array_memory_size();
                    if history.bytes > SCROLL_BYTES {
                        return Err(Error::new(
                            Kind::ConfigurationLimitExceeded,
                            format!("a SCROLL cursor keeps at most {} MiB of rows", SCROLL_BYTES / (1024 * 1024)),
                        )
                        .with_hint("Declare it without SCROLL, which streams any number of rows."));
                    }
                    history.rows = known + batch.num_rows() as u64;
                    history.batches.push(batch);
                }
                None => reader.ended = true,
            }
        }
    }

    /// A stream of rows that are already there.
    pub(super) fn stream_of(&self, batches: Vec<RecordBatch>) -> SendableRecordBatchStream {
        Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), futures::stream::iter(batches.into_iter().map(Ok))))
    }

    fn lock(&self) -> MutexGuard<'_, Reader> {
        // Whoever panicked while reading has ended its session.
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a FETCH came to.
pub(super) enum Gone {
    Stream(SendableRecordBatchStream),
    Batches(Vec<RecordBatch>),
    Counted(u64),
}

/// The rows that a step in a direction gives, first and last; 0 and the row behind the last are no rows.
fn forward(position: u64, count: Count, back: bool) -> (u64, u64, bool) {
    let rows = match count {
        Count::All if back => i64::MIN,
        Count::All => i64::MAX,
        Count::Rows(rows) if back => rows.saturating_neg(),
        Count::Rows(rows) => rows,
    };
    let end = offset(position, rows);
    match rows {
        0 => (position, position, false),
        1.. => (position.saturating_add(1), end, false),
        _ => (end, position.saturating_sub(1), true),
    }
}

fn offset(position: u64, rows: i64) -> u64 {
    if rows < 0 { position.saturating_sub(rows.unsigned_abs()) } else { position.saturating_add(rows.unsigned_abs()) }
}

impl History {
    /// Rows from one to another, counted from 0, the end not included.
    fn slices(&self, from: u64, to: u64, reversed: bool) -> Result<Vec<RecordBatch>> {
        let mut start = 0;
        let mut slices = vec![];
        for batch in &self.batches {
            let end = start + batch.num_rows() as u64;
            let (low, high) = (from.max(start), to.min(end));
            if low < high {
                let (at, rows) = (usize::try_from(low - start).unwrap_or(0), usize::try_from(high - low).unwrap_or(0));
                let slice = batch.slice(at, rows);
                slices.push(if reversed { backward(&slice)? } else { slice });
            }
            start = end;
        }
        if reversed {
            slices.reverse();
        }
        Ok(slices)
    }
}

fn backward(batch: &RecordBatch) -> Result<RecordBatch> {
    let places = UInt64Array::from_iter_values((0..batch.num_rows() as u64).rev());
    take_record_batch(batch, &places).map_err(|error| Error::internal(format!("rows could not be turned round: {error}")))
}

impl Reader {
    fn place(&self) -> u64 {
        self.position
    }

    /// The next rows of the query, at most so many.
    fn poll(&mut self, cx: &mut Context<'_>, most: u64) -> Poll<Option<Result<RecordBatch, DataFusionError>>> {
        let batch = match self.left.take() {
            Some(batch) => batch,
            None if self.ended => return Poll::Ready(None),
            None => match self.stream.poll_next_unpin(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(batch))) => batch,
                Poll::Ready(Some(Err(error))) => {
                    self.ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
                Poll::Ready(None) => {
                    self.ended = true;
                    return Poll::Ready(None);
                }
            },
        };
        let rows = usize::try_from(most).unwrap_or(usize::MAX).min(batch.num_rows());
        if rows < batch.num_rows() {
            self.left = Some(batch.slice(rows, batch.num_rows() - rows));
        }
        self.position += rows as u64;
        Poll::Ready(Some(Ok(if rows < batch.num_rows() { batch.slice(0, rows) } else { batch })))
    }
}

/// The next rows of a forward-only cursor.
struct Portion {
    rows: Rows,
    most: Option<u64>,
    left: Option<u64>,
}

impl Stream for Portion {
    type Item = Result<RecordBatch, DataFusionError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.left == Some(0) {
            return Poll::Ready(None);
        }
        let polled = self.rows.lock().poll(cx, self.left.unwrap_or(u64::MAX));
        match polled {
            Poll::Ready(Some(Ok(batch))) => {
                if let Some(left) = &mut self.left {
                    *left = left.saturating_sub(batch.num_rows() as u64);
                }
                Poll::Ready(Some(Ok(batch)))
            }
            Poll::Ready(None) => {
                // Fewer rows than asked for: it stands behind the last.
                if self.most.is_none() || self.left != Some(0) {
                    self.rows.lock().behind = true;
                }
                Poll::Ready(None)
            }
            other => other,
        }
    }
}

impl RecordBatchStream for Portion {
    fn schema(&self) -> SchemaRef {
        self.rows.schema.clone()
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{AsArray, Int32Array};
    use datafusion::arrow::datatypes::{DataType, Field, Int32Type, Schema};

    use super::*;

    /// Rows 1 to 10 in batches of three.
    fn rows(scroll: bool) -> Rows {
        let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int32, false)]));
        let numbers: Vec<i32> = (1..=10).collect();
        let batches: Vec<_> = numbers
            .chunks(3)
            .map(|chunk| Ok(RecordBatch::try_new(schema.clone(), vec![Arc::new(Int32Array::from(chunk.to_vec()))]).unwrap()))
            .collect();
        Rows::new(Box::pin(RecordBatchStreamAdapter::new(schema, futures::stream::iter(batches))), scroll)
    }

    async fn went(rows: &Rows, movement: Movement) -> Vec<i32> {
        let stream = match rows.go(movement, false).await.unwrap() {
            Gone::Stream(stream) => stream,
            Gone::Batches(batches) => rows.stream_of(batches),
            Gone::Counted(_) => panic!("rows were asked for"),
        };
        let batches: Vec<RecordBatch> = stream.map(Result::unwrap).collect().await;
        batches.iter().flat_map(|batch| batch.column(0).as_primitive::<Int32Type>().values().to_vec()).collect()
    }

    const fn by(rows: i64) -> Movement {
        Movement::Forward(Count::Rows(rows))
    }

    #[tokio::test]
    async fn forward_only_cursors_go_forward() {
        let rows = rows(false);
        assert_eq!(went(&rows, by(2)).await, [1, 2]);
        assert_eq!(went(&rows, by(3)).await, [3, 4, 5]);
        assert_eq!(went(&rows, Movement::Relative(2)).await, [7]);
        assert_eq!(went(&rows, Movement::Absolute(9)).await, [9]);
        assert!(matches!(rows.go(Movement::Absolute(9), true).await, Err(error) if error.sqlstate() == "55000"));
        assert!(matches!(rows.go(by(0), true).await, Err(error) if error.sqlstate() == "55000"));
        assert!(matches!(rows.go(by(5), true).await, Ok(Gone::Counted(1))));
        assert_eq!(went(&rows, by(0)).await, [0; 0]);
        assert_eq!(went(&rows, Movement::Forward(Count::All)).await, [0; 0]);
        assert!(matches!(rows.go(by(-1), true).await, Err(error) if error.sqlstate() == "55000"));
    }

    #[tokio::test]
    async fn scrolling_cursors_go_anywhere() {
        let rows = rows(true);
        assert_eq!(went(&rows, by(4)).await, [1, 2, 3, 4]);
        assert_eq!(went(&rows, by(-2)).await, [3, 2]);
        assert_eq!(went(&rows, by(0)).await, [2]);
        assert_eq!(went(&rows, Movement::Absolute(-1)).await, [10]);
        assert_eq!(went(&rows, by(1)).await, [0; 0]);
        assert_eq!(went(&rows, Movement::Backward(Count::Rows(2))).await, [10, 9]);
        assert_eq!(went(&rows, Movement::Relative(-3)).await, [6]);
        assert_eq!(went(&rows, Movement::Absolute(20)).await, [0; 0]);
        assert_eq!(went(&rows, Movement::Backward(Count::All)).await, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(went(&rows, Movement::Backward(Count::Rows(1))).await, [0; 0]);
        assert_eq!(went(&rows, Movement::Forward(Count::All)).await.len(), 10);
        assert_eq!(went(&rows, Movement::Absolute(0)).await, [0; 0]);
        assert_eq!(went(&rows, Movement::Forward(Count::Rows(1))).await, [1]);
    }
}
