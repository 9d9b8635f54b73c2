//! Long texts of segments that stay are compressed by LZ4, and are what they were.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;

use arrow::array::{BooleanArray, StringViewArray};
use parquet::basic::Compression;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::purge::Evens;
use super::*;

/// Messages as they come: NULL, empty, larger than a page, with characters of several bytes, and for the most part long.
fn long_batch(spec: &TableSpec, first: i64, count: usize) -> RecordBatch {
    let narrow = log_batch(spec, first, count);
    let message = |n: i64| match n % 301 {
        0 => None,
        1 => Some(String::new()),
        2 => Some(format!("{n} {}", "Größe 日本 ".repeat(20_000))),
        _ => Some(format!("{{\"number\": {n}, \"message\": \"{}\"}}", format!("what happened {n} times; ").repeat(8))),
    };
    let mut columns = narrow.columns().to_vec();
    columns[2] = Arc::new(StringViewArray::from_iter((first..first + count as i64).map(message)));
    RecordBatch::try_new(spec.commit_schema(), columns).unwrap()
}

/// How a column is compressed: what there is among the segments of each day.
fn codecs(dir: &Path, column: &str) -> Vec<BTreeSet<String>> {
    let mut days: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in segment_files(dir) {
        let day = path.parent().unwrap().to_string_lossy().into_owned();
        let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
        for group in reader.metadata().row_groups() {
            let chunk = group.columns().iter().find(|chunk| chunk.column_path().string() == column).unwrap();
            let name = match chunk.compression() {
                Compression::ZSTD(_) => "zstd".to_owned(),
                other => format!("{other:?}").to_lowercase(),
            };
            days.entry(day.clone()).or_default().insert(name);
        }
    }
    days.into_values().collect()
}

async fn messages(store: &Store, spec: &TableSpec) -> RecordBatch {
    let batches = store.scan_all(spec.id).await.unwrap();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_texts_of_segments_that_stay_are_the_same_by_lz4() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    let mut next = 1;
    // As many segments of each day as the compactor wants.
    for _ in 0..4 {
        store.commit(rows(&spec, long_batch(&spec, next, 1500))).await.unwrap();
        store.checkpoint().await.unwrap();
        next += 1500;
    }
    let expected = messages(&store, &spec).await;
    let of = |names: &[&[&str]]| names.iter().map(|day| day.iter().map(|name| (*name).to_owned()).collect()).collect::<Vec<_>>();
    let all = |name: &str, days: usize| of(&vec![[name].as_slice(); days]);
    let days = codecs(dir.path(), "message").len();
    assert!(days > 2);
    assert_eq!(codecs(dir.path(), "message"), all("zstd", days), "what is flushed is written fast");

    // The compactor's own merges: the newest day goes on, so that its rows will be merged again.
    assert_eq!(store.core.rewrite_table(spec.id, false).await.unwrap(), days as u64);
    let mut wanted = all("lz4_raw", days);
    wanted[days - 1] = of(&[&["zstd"]]).remove(0);
    store.vacuum(Some(spec.id)).await.unwrap();
    assert_eq!(codecs(dir.path(), "message"), wanted);
    assert_eq!(messages(&store, &spec).await, expected);

    // VACUUM merges what there is, and it is asked for now and then.
    store.commit(rows(&spec, long_batch(&spec, next, 1500))).await.unwrap();
    let expected = messages(&store, &spec).await;
    store.vacuum(Some(spec.id)).await.unwrap();
    assert_eq!(codecs(dir.path(), "message"), all("lz4_raw", days));
    assert_eq!(messages(&store, &spec).await, expected);
    // Nothing is gained there: numbers that are packed, ids that are short.
    assert_eq!(codecs(dir.path(), "occurred_at"), all("uncompressed", days));
    assert_eq!(codecs(dir.path(), "event_id"), all("zstd", days));

    // What is left by a purge is as it was.
    let purged = store.purge(spec.id, Evens::answering(&spec, &[true])).await.unwrap();
    assert_eq!(purged.rows, 3750);
    store.vacuum(Some(spec.id)).await.unwrap();
    assert_eq!(codecs(dir.path(), "message"), all("lz4_raw", days));
    let left = messages(&store, &spec).await;
    let odd: BooleanArray = numbers(std::slice::from_ref(&expected)).iter().map(|number| Some(number % 2 != 0)).collect();
    assert_eq!(left, arrow::compute::filter_record_batch(&expected, &odd).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn few_values_are_packed_and_not_compressed() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    let count = 3000;
    // So many different values, of so many bytes.
    for (different, bytes, wanted) in [(3, 10, "uncompressed"), (3, 10_000, "zstd"), (1000, 10, "zstd"), (count, 10, "zstd")] {
        let mut columns = log_batch(&spec, 1, count).columns().to_vec();
        let message = |row: usize| format!("{:0bytes$}", row % different);
        columns[2] = Arc::new(StringViewArray::from_iter_values((0..count).map(message)));
        store.commit(rows(&spec, RecordBatch::try_new(spec.commit_schema(), columns).unwrap())).await.unwrap();
        let before = segment_files(dir.path());
        store.checkpoint().await.unwrap();
        let made = tempfile::tempdir().unwrap();
        for (at, path) in segment_files(dir.path()).iter().filter(|path| !before.contains(path)).enumerate() {
            fs::copy(path, made.path().join(format!("{at}.parquet"))).unwrap();
        }
        assert_eq!(codecs(made.path(), "message"), [BTreeSet::from([wanted.to_owned()])], "{different} of {bytes} bytes");
    }
}
