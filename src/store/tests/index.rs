//! Indexes: every row is found by them that is found without, whatever becomes of segments and files.

use arrow::array::{Array, AsArray};

use super::*;
use crate::store::spec::{IndexKind, IndexSpec};

const ROWS: i64 = 60_000;
const EVENT: IndexSpec = IndexSpec { column: 1, kind: IndexKind::Ids };
const NUMBER: IndexSpec = IndexSpec { column: 4, kind: IndexKind::Ids };

fn indexed(spec: &TableSpec, indexes: &[IndexSpec]) -> TableSpec {
    TableSpec { indexes: indexes.iter().copied().collect(), ..spec.clone() }
}

/// Each segment's row numbers by an index, for every row that a few readings of it give, checked.
fn check(store: &Store, spec: &TableSpec, index: IndexSpec) {
    let place = spec.columns.iter().position(|column| column.id == index.column).unwrap();
    for segment in state(store, spec).segments.iter().filter(|segment| segment.rows >= 8192) {
        let mut first = 0;
        for batch in read::read_columns(segment, &spec.commit_schema()).unwrap() {
            let batch = batch.unwrap();
            for row in (0..batch.num_rows()).step_by(97) {
                let value = batch.column(place).slice(row, 1);
                let found = segment.rows_with(index, &value).expect("it has an index");
                assert!(found.contains(&((first + row) as u32)), "row {row} of {}", segment.name());
                assert!(found.len() <= 2);
            }
            first += batch.num_rows();
        }
        let absent: arrow::array::ArrayRef = match index {
            NUMBER => Arc::new(arrow::array::Int64Array::from(vec![-5])),
            _ => Arc::new(arrow::array::StringViewArray::from(vec!["nothing"])),
        };
        assert!(segment.rows_with(index, &absent).unwrap().len() <= 1);
    }
}

/// The files of indexes, and the large segments that there are.
fn count(store: &Store, spec: &TableSpec, dir: &Path) -> (usize, usize) {
    (files(dir, ".ids").len(), state(store, spec).segments.iter().filter(|segment| segment.rows >= 8192).count())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn segments_are_indexed_when_they_are_written_and_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let spec = indexed(&log_spec("public.t"), &[EVENT]);
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    append(&store, &spec, 1, ROWS as usize).await;
    store.checkpoint().await.unwrap();
    let (ids, large) = count(&store, &spec, dir.path());
    assert!(large > 1 && ids == large);
    check(&store, &spec, EVENT);
    // A rewrite brings indexes of its own, and takes those of its inputs with them.
    append(&store, &spec, ROWS + 1, ROWS as usize).await;
    store.vacuum(Some(spec.id)).await.unwrap();
    let (ids, large) = count(&store, &spec, dir.path());
    assert_eq!(ids, large);
    check(&store, &spec, EVENT);
    // One that is declared later is built of what there is.
    let spec = indexed(&spec, &[EVENT, NUMBER]);
    store.commit(define(&spec)).await.unwrap();
    assert_eq!(state(&store, &spec).segments[0].rows_with(NUMBER, &(Arc::new(arrow::array::Int64Array::from(vec![1])) as _)), None);
    assert_eq!(store.core.index_table(spec.id).await.unwrap() as usize, large);
    assert_eq!(store.core.index_table(spec.id).await.unwrap(), 0);
    check(&store, &spec, NUMBER);
    assert_eq!(count(&store, &spec, dir.path()), (2 * large, large));
    // They are found again, and those of segments that are gone are not kept.
    let stray = dir.path().join("tables").join(spec.id.to_string()).join("_index/gone");
    fs::create_dir_all(&stray).unwrap();
    store.kill().await;
    let store = Store::open(options(dir.path())).await.unwrap();
    assert!(!stray.exists());
    check(&store, &spec, EVENT);
    assert_whole(&store, spec.id, 2 * ROWS).await;
    let report = store.core.index_table(spec.id).await.unwrap();
    assert_eq!(report, 0, "nothing had to be built anew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_or_damaged_index_is_built_anew() {
    let dir = tempfile::tempdir().unwrap();
    let spec = indexed(&log_spec("public.t"), &[EVENT]);
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    append(&store, &spec, 1, ROWS as usize).await;
    store.vacuum(None).await.unwrap();
    let (ids, large) = count(&store, &spec, dir.path());
    store.close().await.unwrap();
    let all = files(dir.path(), ".ids");
    assert!(all.len() == ids && ids == large && large > 2);
    fs::remove_file(&all[0]).unwrap();
    fs::write(&all[1], []).unwrap();
    let mut bytes = fs::read(&all[2]).unwrap();
    bytes.iter_mut().skip(100).for_each(|byte| *byte ^= 0x55);
    fs::write(&all[2], bytes).unwrap();
    let store = Store::open(options(dir.path())).await.unwrap();
    let value: arrow::array::ArrayRef =
        Arc::new(arrow::array::StringViewArray::from(vec![uuid::Uuid::from_u128(7919).to_string()]));
    let told = state(&store, &spec).segments.iter().map(|segment| segment.rows_with(EVENT, &value)).collect::<Vec<_>>();
    assert_eq!(told.iter().filter(|told| told.is_none()).count() - (told.len() - large), 3);
    assert_eq!(store.core.index_table(spec.id).await.unwrap(), 3);
    check(&store, &spec, EVENT);
    assert_eq!(count(&store, &spec, dir.path()), (large, large));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn some_rows_are_picked_out_of_their_pages() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    append(&store, &spec, 1, ROWS as usize).await;
    let mut wider = spec.clone();
    wider.columns.push(ColumnSpec { id: 9, field: Arc::new(SqlType::Text.field("later", true)), bloom: false });
    store.vacuum(None).await.unwrap();
    store.commit(define(&wider)).await.unwrap();
    let schema = wider.commit_schema();
    let mut dice = Dice(11);
    for segment in state(&store, &wider).segments.iter() {
        let whole: Vec<RecordBatch> = read::read_columns(segment, &schema).unwrap().collect::<Result<_>>().unwrap();
        let whole = concat_batches(&schema, &whole).unwrap();
        let pages = segment.time_pages("occurred_at").unwrap();
        assert_eq!(pages.iter().map(|(rows, ..)| rows.len()).sum::<usize>(), whole.num_rows());
        let times = tail::time_values(&whole, &wider).unwrap();
        for (rows, min, max) in &pages {
            assert_eq!((times[rows.clone()].iter().min(), times[rows.clone()].iter().max()), (Some(min), Some(max)));
        }
        for _ in 0..20 {
            let mut at = 0;
            let mut ranges = Vec::new();
            while at < whole.num_rows() {
                let start = at + dice.roll(6000) as usize;
                let end = (start + 1 + dice.roll(3000) as usize).min(whole.num_rows());
                ranges.push(start.min(end)..end);
                at = end;
            }
            let rows: RowRanges = ranges.into_iter().collect();
            let expected: Vec<RecordBatch> = rows.iter().map(|range| whole.slice(range.start, range.len())).collect();
            let expected = concat_batches(&schema, &expected).unwrap();
            let together = |batches: Vec<RecordBatch>| concat_batches(&schema, &batches).unwrap();
            assert_eq!(together(segment.pick(&schema, &rows, &[], 1000).unwrap()), expected);
            // A filter over a column that is asked for, and over one that the file has not.
            let columns = Arc::new(schema.project(&[3, 4]).unwrap());
            let keeps = |batch: &RecordBatch| {
                let numbers = batch.column(0).as_primitive::<arrow::datatypes::Int64Type>();
                assert_eq!(batch.column(1).null_count(), batch.num_rows());
                Ok(numbers.iter().map(|number| number.map(|number| number % 3 == 0)).collect())
            };
            let filter = Filter { columns, keeps: Arc::new(keeps) };
            let mask = expected.column(3).as_primitive::<arrow::datatypes::Int64Type>();
            let mask: arrow::array::BooleanArray = mask.iter().map(|number| number.map(|number| number % 3 == 0)).collect();
            let kept = arrow::compute::filter_record_batch(&expected, &mask).unwrap();
            let filters = std::slice::from_ref(&filter);
            assert_eq!(together(segment.pick(&schema, &rows, filters, 700).unwrap()), kept);
            // Those that were not wanted stand among the rows that are told, and no others.
            let all = kept.num_rows();
            for most in [0, 1, all / 3, all, all + 1] {
                let wanted = most.min(all);
                let (first, others) = segment.pick_most(&schema, &rows, filters, 700, Most::First(most)).unwrap();
                assert_eq!(together(first), kept.slice(0, wanted));
                assert_eq!(together(segment.pick(&schema, &others, filters, 700).unwrap()), kept.slice(wanted, all - wanted));
                let (last, others) = segment.pick_most(&schema, &rows, filters, 700, Most::Last(most)).unwrap();
                assert_eq!(together(last), kept.slice(all - wanted, wanted));
                assert_eq!(together(segment.pick(&schema, &others, filters, 700).unwrap()), kept.slice(0, all - wanted));
            }
        }
        assert!(segment.pick(&schema, &RowRanges::default(), &[], 100).unwrap().is_empty());
    }
}
