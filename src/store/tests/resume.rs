//! A start that goes on in the middle of the control log comes to what one comes to that reads it whole.

use super::ledger::{Below, On, records};
use super::*;
use crate::ledger::signer::Signer;
use crate::ledger::tree::Frontier;
use crate::store::audit::{Audit, Class, Progress, Report, audit};
use crate::store::crash::Faults;
use crate::store::keeper::files::Layout;
use crate::store::keeper::resume::{Replayed, replay};

fn often(dir: &Path) -> StoreOptions {
    let ledger = LedgerOptions { resume_entries: 6, ..options(dir).ledger.unwrap() };
    StoreOptions { ledger: Some(ledger), ..options(dir) }
}

/// A store whose ledger has an entry of almost every kind, killed between two resume points.
async fn history(dir: &Path) -> TableSpec {
    let (spec, gone) = (log_spec("public.t"), log_spec("public.gone"));
    let store = Store::open(often(dir)).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    store.commit(define(&gone)).await.unwrap();
    append(&store, &gone, 1, 5).await;
    for turn in 0..6 {
        append(&store, &spec, 1 + turn * 100, 100).await;
        store.keep_ledger().await.unwrap();
    }
    store.note_holds(spec.id, vec![Box::new(On(500..510)), Box::new(On(520..530))], vec![]).await.unwrap();
    store.note_holds(spec.id, vec![], vec!["on 520..530".to_owned()]).await.unwrap();
    store.purge(spec.id, Arc::new(Below { spec: spec.clone(), numbers: 10..300 })).await.unwrap();
    store.commit(Commit { drop: vec![gone.id], ..Commit::default() }).await.unwrap();
    let mut wider = spec.clone();
    wider.columns.push(ColumnSpec { id: 9, field: Arc::new(SqlType::Text.field("added", true)), bloom: false });
    store.commit(define(&wider)).await.unwrap();
    for turn in 6..9 {
        append(&store, &spec, 1 + turn * 100, 100).await;
        store.keep_ledger().await.unwrap();
    }
    store.kill().await;
    spec
}

fn start(dir: &Path) -> Result<Replayed> {
    let layout = Layout::new(dir, None);
    replay(&layout, &Signer::decode(&fs::read_to_string(layout.signed()).unwrap()).unwrap())
}

/// What a start comes to, and how many entries it did not read.
fn come_to(dir: &Path) -> (String, Frontier, u64) {
    let replayed = start(dir).unwrap();
    assert!(replayed.unsigned.is_empty());
    (format!("{:?}", replayed.told), replayed.control.frontier, replayed.resumed)
}

async fn verified(dir: &Path) -> Report {
    let asked = Audit { data: dir.to_owned(), checkpoint: None, public_key: None, table: None, threads: 2 };
    tokio::task::spawn_blocking(move || audit(&asked, &Progress::default())).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_comes_to_the_same_from_any_file_or_none() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let spec = history(dir.path()).await;
    history(other.path()).await;
    let path = Layout::new(dir.path(), None).resume();
    let written = fs::read(&path).unwrap();
    let entries = records(dir.path()).len() as u64;
    let (told, frontier, resumed) = come_to(dir.path());
    assert!(resumed > 0 && entries - resumed < 12, "{resumed} of {entries} entries were not read");
    assert_eq!(frontier.size(), entries);

    fs::remove_file(&path).unwrap();
    assert_eq!(come_to(dir.path()), (told.clone(), frontier.clone(), 0), "without a file");
    let mut wrong: Vec<Vec<u8>> = vec![vec![], b"{}".to_vec(), fs::read(Layout::new(other.path(), None).resume()).unwrap()];
    wrong.extend([1, 2, 3].map(|part| written[..written.len() * part / 4].to_vec()));
    wrong.extend((0..written.len()).step_by(211).map(|at| {
        let mut torn = written.clone();
        torn[at] ^= 1;
        torn
    }));
    for (at, content) in wrong.iter().enumerate() {
        fs::write(&path, content).unwrap();
        assert_eq!(come_to(dir.path()), (told.clone(), frontier.clone(), 0), "wrong file {at}");
    }

    // An older one is as good, and a store goes on from it.
    fs::write(&path, &written).unwrap();
    let store = Store::open(often(dir.path())).await.unwrap();
    for turn in 0..8 {
        append(&store, &spec, 901 + turn * 10, 10).await;
        store.keep_ledger().await.unwrap();
    }
    store.kill().await;
    let newest = come_to(dir.path());
    assert!(newest.2 > resumed);
    fs::write(&path, &written).unwrap();
    assert_eq!(come_to(dir.path()), (newest.0, newest.1, resumed));
    let report = verified(dir.path()).await;
    assert_eq!(report.findings, [], "{}", report.text());
}

/// A log that does not reach so far, or another, is refused as without the file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resume_point_lets_no_other_history_pass() {
    let dir = tempfile::tempdir().unwrap();
    history(dir.path()).await;
    let path = Layout::new(dir.path(), None).control();
    let log = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = log.split_inclusive('\n').collect();
    let (without_end, without_middle) =
        (lines[..lines.len() - 1].concat(), [&lines[..lines.len() - 2], &lines[lines.len() - 1..]].concat());
    for (changed, said) in [
        (without_end, "were signed"),
        (without_middle.concat(), "were signed"),
        (log.replacen("public.t", "public.u", 1), "nothing"),
    ] {
        fs::write(&path, &changed).unwrap();
        let found = start(dir.path()).map_or_else(|error| error.message().to_owned(), |_| "nothing".to_owned());
        assert!(found.contains(said), "{found}");
        // What a start may pass over, because it does not read it, the verifier does not.
        let report = verified(dir.path()).await;
        assert!(
            report.findings.iter().any(|finding| [Class::Control, Class::RolledBack].contains(&finding.class)),
            "{}",
            report.text()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_goes_on_although_its_resume_point_cannot_be_written() {
    let dir = tempfile::tempdir().unwrap();
    let spec = log_spec("public.t");
    let faults = Faults::planned();
    let store = Store::open(StoreOptions { faults: faults.clone(), ..often(dir.path()) }).await.unwrap();
    store.commit(define(&spec)).await.unwrap();
    for (fault, resumes) in [(Some("ledger-before-resume"), false), (None, true)] {
        faults.fail_at(fault);
        for _ in 0..10 {
            append(&store, &spec, 1, 10).await;
            store.keep_ledger().await.unwrap();
        }
        assert_eq!(come_to(dir.path()).2 > 0, resumes);
    }
    store.kill().await;
}
