//! Encoding: what several threads make is what one makes, byte for byte.

use std::collections::BTreeMap;

use super::*;
use crate::store::spec::{IndexKind, IndexSpec};

/// More than one row group of a segment.
const ROWS: usize = 140_000;

/// The files of a table's segments and indexes, without their random names.
fn contents(dir: &Path, end: &str) -> BTreeMap<String, Vec<u8>> {
    let named = |path: std::path::PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = if end == ".parquet" { String::new() } else { name };
        (name, fs::read(path).unwrap())
    };
    files(dir, end).into_iter().map(named).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_segment_and_its_indexes_are_the_same_whatever_the_number_of_threads() {
    let index = |column, kind| IndexSpec { column, kind };
    let spec = TableSpec {
        // By the time of ingest all rows are of one day.
        time_column: None,
        indexes: [index(1, IndexKind::Ids), index(3, IndexKind::Ids), index(3, IndexKind::Text), index(4, IndexKind::Ids)].into(),
        ..log_spec("public.t")
    };
    let mut made = Vec::new();
    for threads in [1, 4] {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(StoreOptions { encode_threads: threads, ..options(dir.path()) }).await.unwrap();
        store.commit(define(&spec)).await.unwrap();
        append(&store, &spec, 1, ROWS).await;
        store.checkpoint().await.unwrap();
        assert_whole(&store, spec.id, ROWS as i64).await;
        let found = [".parquet", ".ids", ".text"].map(|end| contents(dir.path(), end));
        assert_eq!([found[0].len(), found[1].len(), found[2].len()], [1, 3, 1]);
        assert!(files(dir.path(), ".part").is_empty());
        made.push(found);
    }
    assert_eq!(made[0], made[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_is_the_same_rows_in_the_same_order_whatever_the_number_of_threads() {
    let spec = log_spec("public.t");
    let mut made = Vec::new();
    for threads in [1, 3] {
        let dir = tempfile::tempdir().unwrap();
        let small = StoreOptions { encode_threads: threads, flush_bytes: 400_000, ..options(dir.path()) };
        let store = Store::open(small).await.unwrap();
        store.commit(define(&spec)).await.unwrap();
        let load = loaded(&store, &spec, 1, 20, 1_000).await;
        store.commit(load_of(load)).await.unwrap();
        store.checkpoint().await.unwrap();
        assert_whole(&store, spec.id, 20_000).await;
        made.push(store.scan_all(spec.id).await.unwrap());
    }
    let columns = |batches: &[RecordBatch]| arrow::compute::concat_batches(&batches[0].schema(), batches).unwrap();
    assert_eq!(columns(&made[0]), columns(&made[1]));
}
