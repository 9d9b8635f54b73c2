//! The query log: what every login has asked, as events of the log table `annals.query_log`.
//!
//! Words: an *entry* is what is recorded of one statement. The *recorder* takes entries; a session's *record* makes them.
//!
//! An entry is written to the store's journal before the statement's answer is completed, which costs a system call and no wait for a
//! disk: the death of the process does not lose it. Sessions that are busy at the same time share the call: each puts its entry into the
//! queue and gives way once, and the first to come back writes them all. Every 50 milliseconds what has come is committed as rows of the table, which makes it
//! durable and visible. A power cut may lose the entries of that long and of one commit.
//!
//! The log fails closed: while entries cannot be committed, statements of others than superusers are refused. A superuser's go on,
//! because somebody must be able to mend it, and are recorded as far as the journal reaches.

mod entry;
mod table;

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(super) use entry::{Entry, OK, Who, cut, is_refusal};
pub(super) use table::{ID, table};

use crate::error::{Error, Result};
use crate::query::engine::Engine;
use crate::store::journal::{self, Journal, Records, Taken};
use crate::store::{Commit, Store};

/// For how long entries are gathered into one commit. Longer makes fewer and larger ones, and loses more with the power.
const GATHER: Duration = Duration::from_millis(50);

/// How long a commit that failed waits before it is tried again.
const RETRY: Duration = Duration::from_millis(250);

/// Entries of two sessions that come closer to each other than this are taken for company, and the next is awaited. Longer saves more
/// system calls, and makes a short statement wait for longer ones that share its thread.
const COMPANY: Duration = Duration::from_micros(200);

/// Takes entries and makes rows of them.
pub struct Recorder {
    store: Arc<Store>,
    queue: Mutex<Queue>,
    /// Where entries wait to become rows. Whoever holds it may take the queue, too.
    desk: Mutex<Desk>,
    /// Entries wait that nobody has been told of.
    filled: Notify,
    /// The last commit failed.
    failing: AtomicBool,
    failure: Mutex<Option<Error>>,
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// Entries that have come and are not written.
#[derive(Default)]
struct Queue {
    records: Records,
    group: Arc<Group>,
    /// The session that put the last one in, and when.
    last: Option<(Source, Instant)>,
}

/// Entries that are written together.
#[derive(Default)]
struct Group {
    /// What became of them.
    written: OnceLock<Result<()>>,
}

struct Desk {
    journal: Journal,
    /// Room for the next queue.
    spare: Records,
}

/// Which session an entry is from, as its backend is numbered.
pub(super) type Source = i32;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked has written its entry whole or not at all.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Rows that the table has had.
fn rows_so_far(store: &Store) -> u64 {
    store.snapshot().table(ID).map_or(0, |state| u64::try_from(state.next_leaf - 1).unwrap_or(0))
}

impl Engine {
    /// Records every statement of every login from now on; entries that an earlier process has left come first. If `on` is false, those
    /// become rows and nothing else is recorded.
    ///
    /// # Errors
    /// When the journal cannot be read or made.
    pub async fn record_statements(&self, on: bool) -> Result<()> {
        let rows = rows_so_far(&self.store);
        let mut left = journal::left(self.store.dir(), rows)?;
        // Each record must become a row, or the number of rows would not tell which have.
        left.retain(|record| Entry::read(record).is_some());
        if !left.is_empty() {
            tracing::info!(entries = left.len(), "the query log has entries from before the server died");
        }
        if !on {
            return self.finish_recording(&left).await;
        }
        let journal = Journal::begin(self.store.dir(), rows, &left)?;
        let filled = Notify::new();
        if !left.is_empty() {
            filled.notify_one();
        }
        let recorder = Arc::new(Recorder {
            store: self.store.clone(),
            queue: Mutex::default(),
            desk: Mutex::new(Desk { journal, spare: Records::default() }),
            filled,
            failing: AtomicBool::new(false),
            failure: Mutex::new(None),
            stop: CancellationToken::new(),
            task: Mutex::new(None),
        });
        *locked(&recorder.task) = Some(tokio::spawn(recorder.clone().run()));
        if self.recorder.set(recorder).is_err() {
            return Err(Error::internal("statements are recorded already"));
        }
        Ok(())
    }

    /// Commits what an earlier process has left. What cannot be committed now stays where it is.
    async fn finish_recording(&self, left: &[Vec<u8>]) -> Result<()> {
        if !left.is_empty() {
            let rows = vec![(ID, table::batch(left.iter().map(Vec::as_slice))?)];
            if let Err(error) = self.store.commit(Commit { rows, ..Commit::default() }).await {
                tracing::error!(%error, "entries of the query log stay in the journal");
                return Ok(());
            }
        }
        Journal::remove(self.store.dir())
    }

    /// Commits the last entries and takes no more. Called when every session has ended.
    pub async fn stop_recording(&self) {
        let Some(recorder) = self.recorder.get() else { return };
        recorder.stop.cancel();
        let task = locked(&recorder.task).take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the query log did not end cleanly");
        }
    }

    /// Records a login that was refused: who it said to be, from where, and why.
    pub fn record_refused_login(&self, user: &str, remote: &str, application: &str, error: &Error) {
        let Some(recorder) = self.recorder.get() else { return };
        let who = Who::new(user, remote);
        let entry = Entry {
            began: self.clock.now_us(),
            login: &who.login,
            address: &who.address,
            role: &who.login,
            application: entry::cut(application),
            statement: None,
            tables: vec![],
            rows: 0,
            duration_us: 0,
            outcome: error.sqlstate(),
            refused: true,
        };
        if let Err(failure) = recorder.write_at_once(&entry, 0) {
            tracing::error!(error = %failure, "a refused login could not be recorded");
        }
    }
}

impl Recorder {
    /// Whether statements may run that must be recorded.
    ///
    /// # Errors
    /// Why entries cannot be committed.
    pub(super) fn admit(&self) -> Result<()> {
        if !self.failing.load(Ordering::Acquire) {
            return Ok(());
        }
        let Some(failure) = locked(&self.failure).clone() else { return Ok(()) };
        Err(Error::new(failure.kind(), "no statement is run that cannot be recorded, and the query log cannot be written")
            .with_hint("A superuser can still connect; the server goes on by itself when the disk is free or repaired."))
    }

    /// Writes an entry, and with it those of other sessions that come at the same time. The operating system has it when this returns.
    /// If it is dropped before, the entry is written with the next.
    ///
    /// # Errors
    /// The journal's.
    pub(super) async fn write(&self, entry: &Entry<'_>, source: Source) -> Result<()> {
        let (group, has_company) = self.put(entry, source)?;
        if has_company {
            give_way().await;
        }
        self.settle(&group)
    }

    /// Writes an entry where nothing can be waited for.
    ///
    /// # Errors
    /// The journal's.
    pub(super) fn write_at_once(&self, entry: &Entry<'_>, source: Source) -> Result<()> {
        let (group, _) = self.put(entry, source)?;
        self.settle(&group)
    }

    /// Puts an entry into the queue; also says whether other sessions are about to do so.
    fn put(&self, entry: &Entry<'_>, source: Source) -> Result<(Arc<Group>, bool)> {
        let now = Instant::now();
        let mut queue = locked(&self.queue);
        queue.records.add(|record| entry.write(record))?;
        let last = queue.last.replace((source, now));
        let has_company = last.is_some_and(|(other, then)| other != source && now.saturating_duration_since(then) < COMPANY);
        Ok((queue.group.clone(), has_company))
    }

    /// Sees to it that a group is written.
    fn settle(&self, group: &Group) -> Result<()> {
        let lost = || Err(Error::internal("an entry of the query log was lost"));
        if let Some(written) = group.written.get() {
            return written.clone();
        }
        let mut desk = locked(&self.desk);
        if group.written.get().is_none() {
            self.write_queue(&mut desk);
        }
        group.written.get().cloned().unwrap_or_else(lost)
    }

    /// Writes what is in the queue and says so to all whose it is.
    fn write_queue(&self, desk: &mut Desk) {
        desk.spare.clear();
        let group = {
            let mut queue = locked(&self.queue);
            if queue.records.is_empty() {
                return;
            }
            std::mem::swap(&mut queue.records, &mut desk.spare);
            std::mem::take(&mut queue.group)
        };
        let first = desk.journal.is_empty();
        let written = desk.journal.append(&desk.spare);
        if first && written.is_ok() {
            self.filled.notify_one();
        }
        // Nobody else writes this group.
        let _ = group.written.set(written);
    }

    async fn run(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = self.filled.notified() => {}
                () = self.stop.cancelled() => break,
            }
            tokio::select! {
                () = tokio::time::sleep(GATHER) => {}
                () = self.stop.cancelled() => {}
            }
            if !self.commit_waiting().await {
                return;
            }
        }
        self.commit_waiting().await;
    }

    /// Makes rows of what waits, however long it takes. Gives up when the server stops, and says so: the next start finds what is left
    /// in the journal.
    async fn commit_waiting(&self) -> bool {
        let Some(taken) = self.take() else { return true };
        loop {
            let committed = match table::batch(taken.iter()) {
                Ok(batch) => self.store.commit(Commit { rows: vec![(ID, batch)], ..Commit::default() }).await.map(|_| ()),
                Err(error) => Err(error),
            };
            match committed {
                Ok(()) => break,
                Err(error) => self.failed(error),
            }
            if self.stop.is_cancelled() {
                return false;
            }
            tokio::time::sleep(RETRY).await;
        }
        if self.failing.swap(false, Ordering::AcqRel) {
            locked(&self.failure).take();
            tracing::warn!("the query log can be written again");
        }
        locked(&self.desk).journal.release();
        true
    }

    /// Takes what waits off the journal, whose other file takes what comes now.
    fn take(&self) -> Option<Taken> {
        let mut desk = locked(&self.desk);
        // Entries whose session has gone while it gave way are nobody's but ours.
        self.write_queue(&mut desk);
        if desk.journal.is_empty() {
            return None;
        }
        let taken = desk.journal.turn();
        drop(desk);
        taken
            .inspect_err(|error| {
                self.failed(error.clone());
                // Nothing was taken, so somebody must come back for it.
                self.filled.notify_one();
            })
            .ok()
    }

    fn failed(&self, error: Error) {
        if !self.failing.swap(true, Ordering::AcqRel) {
            tracing::error!(%error, "the query log cannot be written: statements of others than superusers are refused");
        }
        *locked(&self.failure) = Some(error);
    }
}

/// Lets those tasks run first that are ready to.
async fn give_way() {
    let mut given = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut given, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
