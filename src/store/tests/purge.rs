//! A purge removes what its judge says, and only if the judge says so still when it comes to it.

use std::sync::Mutex;

use arrow::array::{AsArray, BooleanArray};
use arrow::datatypes::{Int64Type, Schema};
use futures::future::BoxFuture;

use super::*;
use crate::ledger::record::Cause;

/// Even numbers go. Each answer is given once when it is asked for its last word, the last one from then on.
pub(super) struct Evens {
    spec: TableSpec,
    answers: Mutex<Vec<bool>>,
}

impl Evens {
    pub(super) fn answering(spec: &TableSpec, answers: &[bool]) -> Arc<Evens> {
        Arc::new(Evens { spec: spec.clone(), answers: Mutex::new(answers.iter().rev().copied().collect()) })
    }
}

impl Judge for Evens {
    fn doomed(&self, segment: &Segment) -> Result<u64> {
        let stored = self.spec.stored_schema();
        let part = Arc::new(Schema::new(vec![stored.field_with_name("n").unwrap().clone()]));
        let batches = read_columns(segment, &part)?.collect::<Result<Vec<RecordBatch>>>()?;
        assert!(batches.iter().all(|batch| batch.num_columns() == 1), "only what was asked for is read");
        Ok(numbers(&batches).iter().filter(|number| **number % 2 == 0).count() as u64)
    }

    fn stays(&self, batch: &RecordBatch) -> Result<BooleanArray> {
        let numbers = batch.column_by_name("n").unwrap().as_primitive::<Int64Type>();
        Ok(BooleanArray::from_unary(numbers, |number| number % 2 != 0))
    }

    fn cause(&self) -> (Cause, Vec<String>) {
        (Cause::Retention { policies: vec!["evens".to_owned()] }, vec![])
    }

    fn confirm(&self) -> BoxFuture<'_, Result<Option<Assurance>>> {
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop() } else { answers.last().copied() };
        Box::pin(async move { Ok((answer == Some(true)).then(|| Box::new(()) as Assurance)) })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_goes_that_the_judge_takes_back() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    append(&store, &spec, 1, 100).await;
    let judge = Evens::answering(&spec, &[false, true]);
    let report = store.purge(spec.id, judge.clone()).await.unwrap();
    assert_eq!(report, PurgeReport { overtaken: true, ..PurgeReport::default() });
    assert_whole(&store, spec.id, 100).await;
    let before = segment_files(dir.path()).len();
    assert_eq!(before, state(&store, &spec).segments.len(), "what was written for it is gone");
    let report = store.purge(spec.id, judge).await.unwrap();
    assert_eq!((report.rows, report.overtaken), (50, false));
    assert_eq!(numbers(&store.scan_all(spec.id).await.unwrap()), (1..=100).filter(|n| n % 2 != 0).collect::<Vec<i64>>());
    assert_eq!(segment_files(dir.path()).len(), state(&store, &spec).segments.len());
    store.kill().await;
    let store = Store::open(options(dir.path())).await.unwrap();
    assert_eq!(numbers(&store.scan_all(spec.id).await.unwrap()).len(), 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_segment_is_not_written_anew() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    append(&store, &spec, 1, 100).await;
    store.close().await.unwrap();
    let victim = segment_files(dir.path()).remove(0);
    let mut bytes = fs::read(&victim).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&victim, bytes).unwrap();
    let store = Store::open(options(dir.path())).await.unwrap();
    let error = store.purge(spec.id, Evens::answering(&spec, &[true])).await.unwrap_err();
    assert_eq!(error.sqlstate(), "XX001", "{error}");
    assert_eq!(state(&store, &spec).rows(), 100);
}
