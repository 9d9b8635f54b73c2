//! The query log: what every login has asked, as events of the log table `annals.query_log`.
//!
//! Words: an *entry* is what is recorded of one statement. The *recorder* takes entries; a session's *record* makes them.
//!
//! An entry is written to the store's journal before the statement's answer is completed, which costs a system call and no wait for a
//! disk: the death of the process does not lose it. Every 50 milliseconds what has come is committed as rows of the table, which makes it
//! durable and visible. A power cut may lose the entries of that long and of one commit.
//!
//! The log fails closed: while entries cannot be committed, statements of others than superusers are refused. A superuser's go on,
//! because somebody must be able to mend it, and are recorded as far as the journal reaches.

mod entry;
mod table;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(super) use entry::{Entry, OK, Who, cut, is_refusal};
pub(super) use table::{ID, table};

use crate::error::{Error, Result};
use crate::query::engine::Engine;
use crate::store::journal::{self, Journal};
use crate::store::{Commit, Store};

/// For how long entries are gathered into one commit. Longer makes fewer and larger ones, and loses more with the power.
const GATHER: Duration = Duration::from_millis(50);

/// How long a commit that failed waits before it is tried again.
const RETRY: Duration = Duration::from_millis(250);

/// Takes entries and makes rows of them.
pub struct Recorder {
    store: Arc<Store>,
    desk: Mutex<Desk>,
    /// Entries wait that nobody has been told of.
    filled: Notify,
    /// The last commit failed.
    failing: AtomicBool,
    failure: Mutex<Option<Error>>,
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// Where entries wait to become rows.
struct Desk {
    journal: Journal,
    waiting: Vec<Entry>,
    /// Rows of the table with all entries that were taken from here.
    rows: u64,
    buffer: Vec<u8>,
}

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
        let waiting: Vec<Entry> = left.iter().filter_map(|record| Entry::read(record)).collect();
        if !waiting.is_empty() {
            tracing::info!(entries = waiting.len(), "the query log has entries from before the server died");
        }
        if !on {
            return self.finish_recording(&waiting).await;
        }
        let journal = Journal::begin(self.store.dir(), rows, &left)?;
        let filled = Notify::new();
        if !waiting.is_empty() {
            filled.notify_one();
        }
        let recorder = Arc::new(Recorder {
            store: self.store.clone(),
            desk: Mutex::new(Desk { journal, waiting, rows, buffer: vec![] }),
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
    async fn finish_recording(&self, waiting: &[Entry]) -> Result<()> {
        if !waiting.is_empty() {
            let rows = vec![(ID, table::batch(waiting)?)];
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
        let who = Arc::new(Who::new(user, remote));
        let entry = Entry {
            began: self.clock.now_us(),
            role: who.login.clone(),
            who,
            application: entry::cut(application),
            statement: None,
            tables: vec![],
            rows: 0,
            duration_us: 0,
            outcome: error.sqlstate().into(),
            refused: true,
        };
        if let Err(failure) = recorder.write(entry) {
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

    /// Writes an entry. The operating system has it when this returns.
    ///
    /// # Errors
    /// The journal's.
    pub(super) fn write(&self, entry: Entry) -> Result<()> {
        let mut desk = locked(&self.desk);
        let Desk { journal, waiting, buffer, .. } = &mut *desk;
        buffer.clear();
        entry.write(buffer);
        journal.append(buffer)?;
        waiting.push(entry);
        let first = waiting.len() == 1;
        drop(desk);
        if first {
            self.filled.notify_one();
        }
        Ok(())
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
        let Some(entries) = self.take() else { return true };
        loop {
            let committed = match table::batch(&entries) {
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

    /// Takes what waits off the desk; the journal's other file takes what comes now.
    fn take(&self) -> Option<Vec<Entry>> {
        let mut desk = locked(&self.desk);
        if desk.waiting.is_empty() {
            return None;
        }
        let rows = desk.rows + desk.waiting.len() as u64;
        if let Err(error) = desk.journal.turn(rows) {
            drop(desk);
            self.failed(error);
            // Nothing was taken, so somebody must come back for it.
            self.filled.notify_one();
            return None;
        }
        desk.rows = rows;
        Some(std::mem::take(&mut desk.waiting))
    }

    fn failed(&self, error: Error) {
        if !self.failing.swap(true, Ordering::AcqRel) {
            tracing::error!(%error, "the query log cannot be written: statements of others than superusers are refused");
        }
        *locked(&self.failure) = Some(error);
    }
}
