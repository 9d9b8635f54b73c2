//! Each durable write of the ledger may be the last of a process, or fail once: the ledger goes on to the same roots, and the verifier
//! finds nothing.

use super::ledger::{Below, On, records, tree};
use super::*;
use crate::clock::Clock;
use crate::error::Result;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::record::Record;
use crate::store::audit::{Audit, Progress, audit};
use crate::store::crash::{self, Faults};
use crate::store::keeper::files::Layout;
use crate::store::keeper::rotate_key_by_plan;

fn planned(dir: &Path, faults: &Faults) -> StoreOptions {
    let options = options(dir);
    let ledger = options.ledger.map(|ledger| LedgerOptions { resume_entries: 1, ..ledger });
    StoreOptions { faults: faults.clone(), ledger, ..options }
}

async fn assert_nothing_found(dir: &Path, kept: Option<&str>, about: &str) {
    let asked = Audit { data: dir.to_owned(), checkpoint: kept.map(ToOwned::to_owned), public_key: None, table: None, threads: 2 };
    let report = tokio::task::spawn_blocking(move || audit(&asked, &Progress::default())).await.unwrap().unwrap();
    assert_eq!(report.findings, [], "{about}: {}", report.text());
}

fn checkpoint(dir: &Path) -> String {
    fs::read_to_string(Layout::new(dir, None).checkpoint()).unwrap()
}

/// Every purge is told to its end, and the checkpoint covers the whole log.
fn assert_told(dir: &Path, about: &str) {
    let records = records(dir);
    let of = |record: &Record| match record {
        Record::Purge { purge, .. } => Some((*purge, true)),
        Record::Purged { purge, .. } | Record::Kept { purge, .. } => Some((*purge, false)),
        _ => None,
    };
    let mut open = std::collections::BTreeSet::new();
    for (purge, begins) in records.iter().filter_map(of) {
        if begins {
            open.insert(purge)
        } else {
            open.remove(&purge)
        };
    }
    assert!(open.is_empty(), "{about}: {open:?}");
    assert_eq!(Checkpoint::parse(&checkpoint(dir)).unwrap().size, records.len() as u64, "{about}");
}

/// A table to work on and one to drop, of which 300 rows are in the ledger.
async fn begun(dir: &Path) -> [TableSpec; 2] {
    let specs = [log_spec("public.t"), log_spec("public.gone")];
    let store = Store::open(options(dir)).await.unwrap();
    for spec in &specs {
        store.commit(define(spec)).await.unwrap();
    }
    append(&store, &specs[0], 1, 300).await;
    append(&store, &specs[1], 1, 300).await;
    store.close().await.unwrap();
    specs
}

/// Every point of a ledger at work, the first times that it is passed.
fn passings() -> impl Iterator<Item = (&'static str, u32)> {
    crash::LEDGER_POINTS.into_iter().flat_map(|point| [(point, 1), (point, 2), (point, 3)])
}

/// Does everything that writes into the ledger, whatever fails.
async fn work(store: &Store, specs: &[TableSpec; 2], drops: bool) -> Vec<Result<()>> {
    let mut done = Vec::new();
    let new = log_spec("public.new");
    store.commit(define(&new)).await.unwrap();
    append(store, &new, 1, 20).await;
    append(store, &specs[0], 301, 500).await;
    done.push(store.keep_ledger().await);
    done.push(store.note_holds(specs[0].id, vec![Box::new(On(700..710))], vec![]).await);
    done.push(store.purge(specs[0].id, Arc::new(Below { spec: specs[0].clone(), numbers: 256..400 })).await.map(drop));
    if drops {
        store.commit(Commit { drop: vec![specs[1].id], ..Commit::default() }).await.unwrap();
    }
    done.push(store.keep_ledger().await);
    done
}

/// A store that was at work while a point failed, from a passing on or, with `!`, once.
async fn worked(dir: &Path, point: &str, passing: u32, once: &str, drops: bool) -> (Arc<Store>, [TableSpec; 2], Faults) {
    let specs = begun(dir).await;
    let faults = Faults::planned();
    let store = Store::open(planned(dir, &faults)).await.unwrap();
    faults.fail_at(Some(&format!("{point}:{passing}{once}")));
    let done = work(&store, &specs, drops).await;
    // The first passing is one of what was asked for here, but for the resume point, whose failure is only told.
    let passed = passing > 1 || point == crash::LEDGER_BEFORE_RESUME || done.iter().any(Result::is_err);
    assert!(passed, "{point} is passed");
    (store, specs, faults)
}

/// Removes the rest of a tile of which a part may be gone, and a part of one that must all be there.
async fn purge_again(store: &Store, spec: &TableSpec) {
    for numbers in [400..512, 10..20] {
        store.purge(spec.id, Arc::new(Below { spec: spec.clone(), numbers })).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_may_end_at_any_write() {
    for (point, passing) in passings() {
        let about = &format!("{point} at passing {passing}");
        let dir = tempfile::tempdir().unwrap();
        let drops = point == crash::LEDGER_BEFORE_DROP;
        let (store, specs, _) = worked(dir.path(), point, passing, "", drops).await;
        let kept = checkpoint(dir.path());
        store.kill().await;
        // A drop that is not recorded yet is known only once a server has started again.
        if !drops {
            assert_nothing_found(dir.path(), Some(&kept), &format!("{about}, after the crash")).await;
        }
        let store = Store::open(options(dir.path())).await.unwrap();
        store.keep_ledger().await.unwrap();
        assert_told(dir.path(), about);
        assert_eq!(tree(&store, &specs[0]).size, 801, "{about}: every row is in the tree");
        purge_again(&store, &specs[0]).await;
        store.close().await.unwrap();
        assert_nothing_found(dir.path(), Some(&kept), about).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_may_fail_once() {
    for (point, passing) in passings() {
        let about = &format!("{point} at passing {passing}");
        let dir = tempfile::tempdir().unwrap();
        let (store, specs, faults) = worked(dir.path(), point, passing, "!", true).await;
        faults.fail_at(None);
        store.keep_ledger().await.unwrap();
        purge_again(&store, &specs[0]).await;
        let kept = checkpoint(dir.path());
        store.kill().await;
        assert_nothing_found(dir.path(), Some(&kept), &format!("{about}, without a restart")).await;
        let store = Store::open(options(dir.path())).await.unwrap();
        store.keep_ledger().await.unwrap();
        assert_told(dir.path(), about);
        store.close().await.unwrap();
        assert_nothing_found(dir.path(), Some(&kept), about).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_may_be_cut_short_at_any_write_of_its_beginning() {
    for point in crash::LEDGER_BEGIN_POINTS {
        let dir = tempfile::tempdir().unwrap();
        let faults = Faults::planned();
        faults.fail_at(Some(point));
        let store = Store::open(planned(dir.path(), &faults)).await.unwrap();
        assert!(store.ledger().unwrap().failure.is_some(), "{point} is passed");
        store.kill().await;
        begun(dir.path()).await;
        assert_told(dir.path(), point);
        assert_nothing_found(dir.path(), None, point).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_may_be_cut_short_in_taking_over_at_any_write() {
    for point in crash::KEYS_POINTS {
        let dir = tempfile::tempdir().unwrap();
        let specs = begun(dir.path()).await;
        let kept = checkpoint(dir.path());
        let faults = Faults::planned();
        faults.fail_at(Some(point));
        rotate_key_by_plan(dir.path(), None, &Clock::System, &faults).expect_err(point);
        let store = Store::open(options(dir.path())).await.unwrap();
        append(&store, &specs[0], 301, 10).await;
        store.close().await.unwrap();
        assert_nothing_found(dir.path(), Some(&kept), point).await;
        rotate_key_by_plan(dir.path(), None, &Clock::System, &Faults::default()).unwrap();
        assert_nothing_found(dir.path(), Some(&kept), point).await;
    }
}
