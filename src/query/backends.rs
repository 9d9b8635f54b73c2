//! Every session of the server: who it is, what it does, and how another one stops it.
//!
//! A *backend* is a session that a door has let in, named by the number that `pg_backend_pid()` answers. The registry knows what
//! `pg_stat_activity` shows; how a running statement is stopped is the door's to know, which hands a [`Reach`] in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::catalog::Oid;
use crate::clock::Micros;
use crate::query::counters::Counters;

/// What one session asks another to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// End the statement that runs; an idle session does nothing.
    Cancel,
    /// Close the connection.
    Terminate,
}

/// How a door's connection is reached from other sessions.
pub trait Reach: Send + Sync {
    fn signal(&self, signal: Signal);
}

/// What a session does, in `pg_stat_activity`'s words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    Active,
    #[default]
    Idle,
    IdleInTransaction,
    IdleInFailedTransaction,
}

impl State {
    pub fn shown(self) -> &'static str {
        match self {
            State::Active => "active",
            State::Idle => "idle",
            State::IdleInTransaction => "idle in transaction",
            State::IdleInFailedTransaction => "idle in transaction (aborted)",
        }
    }
}

/// What changes about a session from statement to statement.
#[derive(Debug, Clone, Default)]
pub struct Activity {
    pub state: State,
    /// Text of the statement that runs, or of the last one.
    pub query: Arc<str>,
    pub query_start: Option<Micros>,
    pub state_change: Option<Micros>,
    /// When the open transaction began.
    pub transaction_start: Option<Micros>,
}

/// One session.
pub struct Backend {
    pub pid: i32,
    pub user: String,
    /// The id of the role that logged in.
    pub role: Oid,
    /// Address and port of the client.
    pub remote: String,
    pub started: Micros,
    application: Mutex<String>,
    activity: Mutex<Activity>,
    interrupt: OnceLock<Arc<dyn Reach>>,
}

impl std::fmt::Debug for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Backend").field("pid", &self.pid).field("user", &self.user).finish_non_exhaustive()
    }
}

impl Backend {
    pub(super) fn new(pid: i32, user: &str, role: Oid, remote: &str, started: Micros) -> Arc<Backend> {
        Arc::new(Backend {
            pid,
            user: user.to_owned(),
            role,
            remote: remote.to_owned(),
            started,
            application: Mutex::default(),
            activity: Mutex::default(),
            interrupt: OnceLock::new(),
        })
    }

    pub fn application(&self) -> String {
        locked(&self.application).clone()
    }

    pub(super) fn call_itself(&self, application: String) {
        *locked(&self.application) = application;
    }

    pub fn activity(&self) -> Activity {
        locked(&self.activity).clone()
    }

    /// A statement begins.
    pub(super) fn runs(&self, query: &Arc<str>, now: Micros, transaction_start: Option<Micros>) {
        let mut activity = locked(&self.activity);
        *activity = Activity {
            state: State::Active,
            query: query.clone(),
            query_start: Some(now),
            state_change: Some(now),
            transaction_start,
        };
    }

    /// The session waits for its client.
    pub(super) fn rests(&self, state: State, now: Micros, transaction_start: Option<Micros>) {
        let mut activity = locked(&self.activity);
        activity.state = state;
        activity.state_change = Some(now);
        activity.transaction_start = transaction_start;
    }

    /// How it is reached from now on; said once.
    pub(super) fn reach(&self, interrupt: Arc<dyn Reach>) {
        let _ = self.interrupt.set(interrupt);
    }
}

/// All sessions by their numbers, and what they and those before them have done.
#[derive(Debug, Default)]
pub struct Backends {
    entries: Mutex<BTreeMap<i32, Arc<Backend>>>,
    pub(super) counted: Counters,
}

impl Backends {
    /// In order of their numbers.
    pub fn all(&self) -> Vec<Arc<Backend>> {
        locked(&self.entries).values().cloned().collect()
    }

    pub fn get(&self, pid: i32) -> Option<Arc<Backend>> {
        locked(&self.entries).get(&pid).cloned()
    }

    /// Sends a signal; false when there is no such session.
    pub fn signal(&self, pid: i32, signal: Signal) -> bool {
        match self.get(pid) {
            Some(backend) => {
                if let Some(interrupt) = backend.interrupt.get() {
                    interrupt.signal(signal);
                }
                true
            }
            None => false,
        }
    }

    pub(super) fn enter(&self, backend: &Arc<Backend>) {
        self.counted.sessions.add(1);
        locked(&self.entries).insert(backend.pid, backend.clone());
    }

    pub(super) fn leave(&self, backend: &Arc<Backend>) {
        let mut entries = locked(&self.entries);
        if entries.get(&backend.pid).is_some_and(|known| Arc::ptr_eq(known, backend)) {
            entries.remove(&backend.pid);
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves values that are still whole, since every change is one assignment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Counter(AtomicUsize);

    impl Reach for Counter {
        fn signal(&self, _signal: Signal) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn signals_reach_the_session_they_name() {
        let backends = Backends::default();
        let backend = Backend::new(7, "annals", 10, "127.0.0.1:9", 0);
        backends.enter(&backend);
        let counter = Arc::new(Counter::default());
        backend.reach(counter.clone());
        assert!(backends.signal(7, Signal::Cancel) && !backends.signal(8, Signal::Cancel));
        assert_eq!(counter.0.load(Ordering::SeqCst), 1);
        backends.leave(&backend);
        assert!(!backends.signal(7, Signal::Terminate) && backends.all().is_empty());
    }

    #[test]
    fn a_session_of_a_number_that_came_again_stays() {
        let backends = Backends::default();
        let old = Backend::new(7, "annals", 10, "", 0);
        let new = Backend::new(7, "annals", 10, "", 1);
        backends.enter(&old);
        backends.enter(&new);
        backends.leave(&old);
        assert_eq!(backends.get(7).unwrap().started, 1);
    }
}
