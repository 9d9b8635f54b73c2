//! The ledger has every row that was acknowledged, in its order, and nothing that happens to files changes that.

use super::*;
use crate::clock::Clock;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::note::VerifierKey;
use crate::ledger::proof;
use crate::ledger::row::{RowHasher, genesis};
use crate::ledger::salt::place;
use crate::ledger::tree::root_of;
use crate::ledger::{Hash, record::Record};
use crate::store::crash::Faults;
use crate::store::keeper::files::Layout;
use crate::store::keeper::rows::hashed_columns;
use crate::store::keeper::tree::{read_removed, read_seeds, read_tiles};

pub(super) fn tree(store: &Store, spec: &TableSpec) -> TableLedger {
    let ledger = store.ledger().unwrap();
    assert!(ledger.failure.is_none(), "{:?}", ledger.failure);
    let found = ledger.tables.iter().find(|table| table.table == spec.id).unwrap().clone();
    assert!(found.failure.is_none(), "{:?}", found.failure);
    found
}

pub(super) fn records(dir: &Path) -> Vec<Record> {
    let text = fs::read_to_string(Layout::new(dir, None).control()).unwrap();
    // What stands behind the last new line was never signed.
    text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')).map(|line| Record::decode(line).unwrap()).collect()
}

/// The root over the genesis and some rows, made without the keeper.
async fn root_by_hand(store: &Store, spec: &TableSpec) -> Hash {
    let layout = Layout::new(store.dir(), None);
    let made = records(store.dir())
        .into_iter()
        .find_map(|record| match record {
            Record::Table { table, made, .. } if table == spec.id.0 => Some(made),
            _ => None,
        })
        .unwrap();
    let name = fs::read_to_string(layout.origin()).unwrap();
    let seeds = read_seeds(&layout, spec.id).unwrap();
    let mut leaves = vec![genesis(spec.id.0, &format!("{}/control", name.trim()), made)];
    let columns = hashed_columns(spec);
    let hasher = RowHasher::new(spec.id.0, columns.iter().map(|(id, field)| (*id, field.as_ref()))).unwrap();
    for batch in store.scan_all(spec.id).await.unwrap() {
        let arrays: Vec<_> = columns.iter().map(|(_, field)| batch.column_by_name(field.name()).unwrap().clone()).collect();
        let mut rows = hasher.rows(&arrays).unwrap();
        let (indexes, ingests) = (tail::leaf_values(&batch).unwrap(), tail::ingest_values(&batch).unwrap());
        for row in 0..batch.num_rows() {
            let leaf = indexes[row] as u64;
            let (chunk, at) = place(leaf);
            leaves.push(rows.leaf(row, leaf, ingests[row], &seeds[&chunk].salts().at(at).unwrap()).unwrap());
        }
    }
    root_of(&leaves)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_has_its_leaf_wherever_it_stands() {
    let dir = tempfile::tempdir().unwrap();
    let spec = samples::every_type_spec();
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    store.commit(rows(&spec, samples::every_type_batch(&spec, 700))).await.unwrap();
    store.keep_ledger().await.unwrap();
    let found = tree(&store, &spec);
    assert_eq!((found.size, found.root), (701, root_by_hand(&store, &spec).await), "from the tail");
    store.commit(rows(&spec, samples::every_type_batch(&spec, 300))).await.unwrap();
    store.checkpoint().await.unwrap();
    store.keep_ledger().await.unwrap();
    let found = tree(&store, &spec);
    assert_eq!((found.size, found.root), (1001, root_by_hand(&store, &spec).await), "from segments");
    store.vacuum(Some(spec.id)).await.unwrap();
    assert_eq!(root_by_hand(&store, &spec).await, found.root, "after a rewrite");
    let mut wider = spec.clone();
    let id = wider.columns.last().unwrap().id + 1;
    wider.columns.push(ColumnSpec { id, field: Arc::new(SqlType::Text.field("added", true)), bloom: false });
    store.commit(define(&wider)).await.unwrap();
    assert_eq!(root_by_hand(&store, &wider).await, found.root, "with a column that came later");
    store.keep_ledger().await.unwrap();
    assert!(matches!(records(dir.path()).last(), Some(Record::Table { columns, .. }) if columns.len() == wider.columns.len()));
    store.kill().await;
    let store = Store::open(options(dir.path())).await.unwrap();
    assert_eq!(tree(&store, &wider).root, found.root, "after a restart");
    let mut batch = samples::every_type_batch(&spec, 10).columns().to_vec();
    batch.push(Arc::new(arrow::array::StringViewArray::from(vec!["new"; 10])));
    store.commit(rows(&wider, RecordBatch::try_new(wider.commit_schema(), batch).unwrap())).await.unwrap();
    store.keep_ledger().await.unwrap();
    let found = tree(&store, &wider);
    assert_eq!((found.size, found.root), (1011, root_by_hand(&store, &wider).await));
    store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checkpoints_are_signed_and_published() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(NOON);
    let spec = log_spec("public.t");
    let store = Store::open(StoreOptions { clock: clock.clone(), ..options(dir.path()) }).await.unwrap();
    let mut told = store.watch_ledger().unwrap();
    store.commit(define(&spec)).await.unwrap();
    append(&store, &spec, 1, 10).await;
    store.keep_ledger().await.unwrap();
    assert!(told.has_changed().unwrap());
    let size = *told.borrow_and_update();
    let ledger = store.ledger().unwrap();
    let note = fs::read_to_string(Layout::new(dir.path(), None).checkpoint()).unwrap();
    assert_eq!(ledger.checkpoints.last().unwrap().note, note);
    let key = VerifierKey::parse(&ledger.public_key).unwrap();
    let checkpoint = Checkpoint::verified(&note, &[key]).unwrap();
    assert_eq!((checkpoint.size, checkpoint.size), (size, records(dir.path()).len() as u64));
    store.keep_ledger().await.unwrap();
    assert!(!told.has_changed().unwrap(), "nothing has happened");
    clock.set(NOON + 61_000_000);
    store.keep_ledger().await.unwrap();
    assert!(matches!(records(dir.path()).last(), Some(Record::Heartbeat { at }) if *at == NOON + 61_000_000));
    store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_row_is_proved_by_a_text_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    append(&store, &spec, 1, 1000).await;
    store.checkpoint().await.unwrap();
    append(&store, &spec, 1001, 50).await;
    let key = VerifierKey::parse(&store.ledger().unwrap().public_key).unwrap();
    for leaf in [1, 255, 256, 999, 1000, 1001, 1050] {
        let proof = store.prove(spec.id, leaf).await.unwrap();
        let proven = proof::check(&proof.text(), std::slice::from_ref(&key)).unwrap();
        assert_eq!((proven.leaf, proven.checkpoint.size), (leaf, 1051));
    }
    assert_eq!(store.prove(spec.id, 1051).await.unwrap_err().kind(), Kind::ObjectNotInPrerequisiteState);
    store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_beginning_cut_short_begins_anew() {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::new(dir.path(), None);
    Store::open(options(dir.path())).await.unwrap().close().await.unwrap();
    // The control log has its first entry only, and the name is not there yet.
    fs::remove_file(layout.origin()).unwrap();
    let store = Store::open(options(dir.path())).await.unwrap();
    let spec = log_spec("public.t");
    store.commit(define(&spec)).await.unwrap();
    append(&store, &spec, 1, 10).await;
    store.keep_ledger().await.unwrap();
    assert_eq!(tree(&store, &spec).size, 11);
    store.close().await.unwrap();
    fs::remove_file(layout.origin()).unwrap();
    let store = Store::open(options(dir.path())).await.unwrap();
    assert!(
        store.ledger().unwrap().failure.clone().unwrap().message().contains("origin"),
        "a ledger that was used is not begun anew"
    );
    append(&store, &spec, 11, 10).await;
    store.close().await.unwrap();
}

/// A judge of which nothing stands that has these numbers.
pub(super) struct Below {
    pub(super) spec: TableSpec,
    pub(super) numbers: std::ops::Range<i64>,
}

impl Judge for Below {
    fn doomed(&self, segment: &Segment) -> Result<u64> {
        let part = Arc::new(arrow::datatypes::Schema::new(vec![self.spec.stored_schema().field_with_name("n").unwrap().clone()]));
        let batches = read_columns(segment, &part)?.collect::<Result<Vec<RecordBatch>>>()?;
        Ok(numbers(&batches).iter().filter(|number| self.numbers.contains(number)).count() as u64)
    }

    fn stays(&self, batch: &RecordBatch) -> Result<arrow::array::BooleanArray> {
        let numbers = arrow::array::AsArray::as_primitive::<arrow::datatypes::Int64Type>(batch.column_by_name("n").unwrap());
        Ok(arrow::array::BooleanArray::from_unary(numbers, |number| !self.numbers.contains(&number)))
    }

    fn cause(&self) -> (crate::ledger::record::Cause, Vec<String>) {
        (crate::ledger::record::Cause::Retention { policies: vec!["below".to_owned()] }, vec![])
    }

    fn confirm(&self) -> futures::future::BoxFuture<'_, Result<Option<Assurance>>> {
        Box::pin(async { Ok(Some(Box::new(()) as Assurance)) })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purge_is_told_and_keeps_the_tree() {
    let dir = tempfile::tempdir().unwrap();
    let (spec, layout) = (log_spec("public.t"), Layout::new(dir.path(), None));
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    append(&store, &spec, 1, 2000).await;
    store.keep_ledger().await.unwrap();
    let before = tree(&store, &spec);
    let tiles = read_tiles(&layout, spec.id).unwrap();
    let report = store.purge(spec.id, Arc::new(Below { spec: spec.clone(), numbers: 100..900 })).await.unwrap();
    assert_eq!(report.rows, 800);
    assert_eq!(tree(&store, &spec).root, before.root);
    let removed: Vec<u64> = read_removed(&layout, spec.id).unwrap().into_keys().collect();
    assert_eq!(removed, (100..256).chain(768..900).collect::<Vec<u64>>(), "hashes of tiles that are gone as a whole are not kept");
    let seeds = read_seeds(&layout, spec.id).unwrap();
    let salts: Vec<bool> = (0..2001).map(|leaf| seeds[&0].salts().at(leaf).is_some()).collect();
    assert!((0..2001).all(|leaf| salts[leaf] != (100..900).contains(&leaf)), "salts go with their rows");
    let told: Vec<Record> = records(dir.path());
    assert!(matches!(&told[told.len() - 2..], [Record::Purge { rows: 800, .. }, Record::Purged { .. }]), "{told:?}");
    append(&store, &spec, 2001, 5).await;
    store.keep_ledger().await.unwrap();
    store.purge(spec.id, Arc::new(Below { spec: spec.clone(), numbers: 0..100 })).await.unwrap();
    let removed: Vec<u64> = read_removed(&layout, spec.id).unwrap().into_keys().collect();
    assert_eq!(removed, (1..256).chain(768..900).collect::<Vec<u64>>(), "the genesis stays");
    let now = tree(&store, &spec);
    store.kill().await;
    let store = Store::open(options(dir.path())).await.unwrap();
    append(&store, &spec, 2006, 600).await;
    store.keep_ledger().await.unwrap();
    assert_eq!((tree(&store, &spec).size, now.size), (2606, 2006));
    assert_eq!(read_tiles(&layout, spec.id).unwrap()[..7], tiles[..7]);
    store.prove(spec.id, 2300).await.unwrap();
    store.prove(spec.id, 901).await.unwrap();
    for gone in [50, 300, 850] {
        assert_eq!(store.prove(spec.id, gone).await.unwrap_err().kind(), Kind::UndefinedObject);
    }
    store.close().await.unwrap();
}

/// What was kept of rows that stayed after all is not taken for what was kept of removed ones.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purge_after_one_that_was_cut_short_keeps_what_it_must() {
    use crate::store::audit::{Audit, Progress, audit};
    let dir = tempfile::tempdir().unwrap();
    let (spec, layout) = (log_spec("public.t"), Layout::new(dir.path(), None));
    let faults = Faults::planned();
    let store = Store::open(StoreOptions { faults: faults.clone(), ..options(dir.path()) }).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    append(&store, &spec, 1, 600).await;
    faults.fail_at(Some(crash::PURGE_BEFORE_COMMIT));
    store.purge(spec.id, Arc::new(Below { spec: spec.clone(), numbers: 1..200 })).await.unwrap_err();
    faults.fail_at(None);
    assert!(read_removed(&layout, spec.id).unwrap().is_empty(), "it was told to be given up at once");
    faults.fail_at(Some(crash::PURGE_LIFTED));
    store.purge(spec.id, Arc::new(Below { spec: spec.clone(), numbers: 1..200 })).await.unwrap_err();
    faults.fail_at(None);
    store.kill().await;
    let store = Store::open(options(dir.path())).await.unwrap();
    store.purge(spec.id, Arc::new(Below { spec: spec.clone(), numbers: 200..256 })).await.unwrap();
    store.purge(spec.id, Arc::new(Below { spec: spec.clone(), numbers: 1..100 })).await.unwrap();
    store.close().await.unwrap();
    let asked = Audit { data: dir.path().to_owned(), checkpoint: None, public_key: None, table: None, threads: 2 };
    let report = tokio::task::spawn_blocking(move || audit(&asked, &Progress::default())).await.unwrap().unwrap();
    assert_eq!((report.findings.as_slice(), report.tables[0].removed), ([].as_slice(), 155), "{}", report.text());
}

/// A column of the last second is not recorded yet: rows that are may hold nothing in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_column_that_is_not_recorded_yet_holds_nothing_in_recorded_rows() {
    use crate::store::audit::{Audit, Class, Progress, Report, audit};
    use parquet::arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder};
    async fn verified(dir: &Path) -> Report {
        let asked = Audit { data: dir.to_owned(), checkpoint: None, public_key: None, table: None, threads: 2 };
        tokio::task::spawn_blocking(move || audit(&asked, &Progress::default())).await.unwrap().unwrap()
    }
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    append(&store, &spec, 1, 300).await;
    store.checkpoint().await.unwrap();
    store.keep_ledger().await.unwrap();
    let mut wider = spec.clone();
    wider.columns.push(ColumnSpec { id: 9, field: Arc::new(SqlType::Text.field("added", true)), bloom: false });
    store.commit(define(&wider)).await.unwrap();
    append(&store, &spec, 301, 20).await;
    store.checkpoint().await.unwrap();
    store.kill().await;
    let report = verified(dir.path()).await;
    assert_eq!((report.findings.as_slice(), report.tables[0].uncovered), ([].as_slice(), 20), "{}", report.text());

    let path = segment_files(dir.path()).into_iter().max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(&path).unwrap()).unwrap().build().unwrap();
    let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    let batch = concat_batches(&batches[0].schema(), &batches).unwrap();
    let planted: arrow::array::ArrayRef = Arc::new(arrow::array::StringArray::from(vec!["planted"; batch.num_rows()]));
    let fields =
        batch.schema().fields().iter().map(|field| field.name().clone()).filter(|name| name != "added").collect::<Vec<_>>();
    let columns = fields.iter().map(|name| (name.as_str(), batch.column_by_name(name).unwrap().clone()));
    let batch = RecordBatch::try_from_iter(columns.chain([("added", planted)])).unwrap();
    let mut writer = ArrowWriter::try_new(fs::File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let report = verified(dir.path()).await;
    assert!(report.findings.iter().any(|finding| finding.class == Class::Changed), "{}", report.text());
}

/// A legal hold on some numbers.
pub(super) struct On(pub(super) std::ops::Range<i64>);

impl HeldRows for On {
    fn name(&self) -> String {
        format!("on {:?}", self.0)
    }

    fn held(&self, batch: &RecordBatch) -> Result<arrow::array::BooleanArray> {
        let numbers = arrow::array::AsArray::as_primitive::<arrow::datatypes::Int64Type>(batch.column_by_name("n").unwrap());
        Ok(arrow::array::BooleanArray::from_unary(numbers, |number| self.0.contains(&number)))
    }
}

/// The guard honours holds; a server that was told not to is found out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purge_of_held_rows_is_found() {
    use crate::store::audit::{Audit, Class, Progress, audit};
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    append(&store, &spec, 1, 600).await;
    store.note_holds(spec.id, vec![Box::new(On(10..20)), Box::new(On(300..310))], vec![]).await.unwrap();
    assert_eq!(store.ledger_holds(spec.id).unwrap().len(), 2);
    store.note_holds(spec.id, vec![], vec!["on 300..310".to_owned()]).await.unwrap();
    store.purge(spec.id, Arc::new(Below { spec: spec.clone(), numbers: 15..305 })).await.unwrap();
    store.close().await.unwrap();
    let asked = Audit { data: dir.path().to_owned(), checkpoint: None, public_key: None, table: None, threads: 2 };
    let report = tokio::task::spawn_blocking(move || audit(&asked, &Progress::default())).await.unwrap().unwrap();
    let found: Vec<_> = report.findings.iter().map(|finding| (finding.class, finding.rows)).collect();
    assert_eq!(found, [(Class::Hold, Some((15, 19)))], "{}", report.text());
}

/// A hold is known after a restart: it does not begin anew, and what ends is what has begun.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_goes_on_over_a_restart_and_ends_once() {
    use crate::store::audit::{Audit, Progress, audit};
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let store = Store::open(options(dir.path())).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    append(&store, &spec, 1, 100).await;
    store.note_holds(spec.id, vec![Box::new(On(10..20)), Box::new(On(30..40))], vec![]).await.unwrap();
    store.note_holds(spec.id, vec![], vec!["on 30..40".to_owned()]).await.unwrap();
    store.kill().await;
    let store = Store::open(options(dir.path())).await.unwrap();
    assert_eq!(store.ledger_holds(spec.id).unwrap().into_iter().collect::<Vec<_>>(), ["on 10..20"]);
    store.note_holds(spec.id, vec![], vec!["on 10..20".to_owned()]).await.unwrap();
    store.purge(spec.id, Arc::new(Below { spec: spec.clone(), numbers: 5..50 })).await.unwrap();
    store.close().await.unwrap();
    let asked = Audit { data: dir.path().to_owned(), checkpoint: None, public_key: None, table: None, threads: 2 };
    let report = tokio::task::spawn_blocking(move || audit(&asked, &Progress::default())).await.unwrap().unwrap();
    assert_eq!(report.findings, [], "{}", report.text());
}
