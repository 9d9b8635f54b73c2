//! Stopping what runs: which connection a CancelRequest means, and how a statement learns that it shall end.
//!
//! A request names a process id and a secret key. Both are random, the key is compared in constant time, and whatever the request
//! says, the answer is that the connection closes. The same interruption carries the statement's time limit and the server's end.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use aws_lc_rs::{constant_time, rand};
use bytes::Bytes;
use tokio::sync::Notify;
use tokio::task::coop::unconstrained;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::error::{Failure, Fatal};
use super::wire::Wire;
use crate::error::{Error, Kind, Result};
use crate::query::session::{Reach, Signal};

/// Cancel requests of one address that are looked at within [`REQUEST_WINDOW`].
const REQUESTS_MAX: u32 = 200;
const REQUEST_WINDOW: Duration = Duration::from_secs(10);

/// Addresses whose requests are counted; more start a new window for all.
const ADDRESSES_MAX: usize = 10_000;

/// Why a statement shall end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// Someone who knows the key asked for it.
    Request,
    /// `statement_timeout` has passed.
    Timeout,
    /// Another session ends this one.
    Terminate,
    /// The server closes.
    Shutdown,
}

impl Reason {
    fn failure(self) -> Failure {
        let canceled = |why| Failure::Statement(Error::new(Kind::QueryCanceled, format!("canceling statement due to {why}")));
        match self {
            Reason::Request => canceled("user request"),
            Reason::Timeout => canceled("statement timeout"),
            Reason::Terminate | Reason::Shutdown => Failure::from(going_down()),
        }
    }

    /// Whether it also ends what has not begun yet.
    fn outlasts_the_statement(self) -> bool {
        match self {
            Reason::Request | Reason::Timeout => false,
            Reason::Terminate | Reason::Shutdown => true,
        }
    }
}

/// What a client is told when the server closes or another session ends its own.
pub(super) fn going_down() -> Fatal {
    Fatal::new(Kind::AdminShutdown, "terminating connection due to administrator command")
}

/// How one connection's running statement is told to end.
#[derive(Debug, Default)]
pub(super) struct Interrupt {
    state: Mutex<State>,
    /// Set together with `state.reason`, for a look without the lock.
    raised: AtomicBool,
    notify: Notify,
    /// Another session ends this one.
    terminated: CancellationToken,
}

#[derive(Debug, Default)]
struct State {
    running: bool,
    deadline: Option<Instant>,
    reason: Option<Reason>,
}

impl Interrupt {
    /// A message's work begins: requests count from now on, and the time limit runs.
    pub(super) fn begin(&self, limit: Option<Duration>) {
        let mut state = self.lock();
        let reason = state.reason.filter(|reason| reason.outlasts_the_statement());
        *state = State { running: true, deadline: limit.map(|limit| Instant::now() + limit), reason };
        self.raised.store(reason.is_some(), Ordering::Release);
    }

    /// Sets the time limit anew, for the next statement of a text.
    pub(super) fn limit(&self, limit: Option<Duration>) {
        self.lock().deadline = limit.map(|limit| Instant::now() + limit);
    }

    /// The work is over: a request that comes late is meant for nothing.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.running = false;
        state.deadline = None;
    }

    /// Asks the running statement to end. What ends the session also waits for the next one.
    pub(super) fn raise(&self, reason: Reason) {
        let mut state = self.lock();
        if state.running || reason.outlasts_the_statement() {
            state.reason = Some(reason);
            self.raised.store(true, Ordering::Release);
            self.notify.notify_one();
        }
    }

    /// Ends when another session ends this one.
    pub(super) async fn terminated(&self) {
        self.terminated.cancelled().await;
    }

    /// Fails if the statement shall end. Cheap enough for every batch.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.raised.load(Ordering::Acquire)
            && let Some(reason) = self.lock().reason
        {
            return Err(reason.failure());
        }
        match self.lock().deadline {
            Some(deadline) if deadline <= Instant::now() => Err(Reason::Timeout.failure()),
            Some(_) | None => Ok(()),
        }
    }

    /// Ends when the statement shall end. Safe to drop at any await.
    ///
    /// Each poll looks at the clock itself: a statement that keeps its thread busy would hold up the runtime's timers, too.
    async fn raised(&self) -> Failure {
        let deadline = self.lock().deadline;
        let mut asleep = pin!(async move {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        });
        let mut notified = pin!(self.notify.notified());
        poll_fn(|cx| {
            // Asked to wake before looking, so that nothing raised in between is missed.
            while notified.as_mut().poll(cx).is_ready() {
                notified.set(self.notify.notified());
            }
            let _ = asleep.as_mut().poll(cx);
            match self.check() {
                Ok(()) => Poll::Pending,
                Err(failure) => Poll::Ready(failure),
            }
        })
        .await
    }

    /// Waits for `work`, unless it shall end or the client leaves: then the work is dropped where it stands.
    ///
    /// Work that yields only because it used up its share of the thread leaves none of it to others in the same task, so the
    /// watch over it is exempt from sharing; otherwise a busy statement could not be canceled.
    pub(super) async fn attend<T>(&self, wire: &mut Wire, work: impl Future<Output = Result<T>>) -> Result<T, Failure> {
        tokio::select! {
            biased;
            done = work => done.map_err(Failure::Statement),
            failure = unconstrained(self.raised()) => Err(failure),
            failure = unconstrained(wire.watch()) => Err(failure),
        }
    }

    /// Waits for something of the client, unless the statement shall end.
    pub(super) async fn unless_raised<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        tokio::select! {
            biased;
            failure = self.raised() => Err(failure),
            done = work => done,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves a state that is still whole, since every change is one assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reach for Interrupt {
    fn signal(&self, signal: Signal) {
        match signal {
            Signal::Cancel => self.raise(Reason::Request),
            Signal::Terminate => {
                self.raise(Reason::Terminate);
                self.terminated.cancel();
            }
        }
    }
}

/// Every connection that has logged in, by its process id.
#[derive(Default)]
pub(super) struct Registry {
    entries: Mutex<HashMap<i32, Entry>>,
    requests: Mutex<Requests>,
}

struct Entry {
    key: Bytes,
    interrupt: Arc<Interrupt>,
}

struct Requests {
    since: Instant,
    counts: HashMap<IpAddr, u32>,
}

impl Default for Requests {
    fn default() -> Self {
        Requests { since: Instant::now(), counts: HashMap::new() }
    }
}

/// A connection's place in the registry, given up when dropped.
pub(super) struct Registered {
    registry: Arc<Registry>,
    pub(super) pid: i32,
    pub(super) key: Bytes,
    pub(super) interrupt: Arc<Interrupt>,
}

impl Registry {
    /// Gives a connection a random process id and a random key of so many bytes (4 in protocol 3.0, 32 in 3.2).
    ///
    /// # Errors
    /// XX000 if the system has no random bytes.
    pub(super) fn register(self: &Arc<Self>, key_bytes: usize) -> Result<Registered> {
        let mut key = vec![0; key_bytes];
        random(&mut key)?;
        let key = Bytes::from(key);
        let interrupt = Arc::new(Interrupt::default());
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let pid = loop {
            let mut bytes = [0; 4];
            random(&mut bytes)?;
            let pid = i32::from_be_bytes(bytes) & i32::MAX;
            if pid != 0 && !entries.contains_key(&pid) {
                break pid;
            }
        };
        entries.insert(pid, Entry { key: key.clone(), interrupt: Arc::clone(&interrupt) });
        Ok(Registered { registry: Arc::clone(self), pid, key, interrupt })
    }

    /// Does what a CancelRequest asks for, if the key is right. Tells nobody whether it was.
    pub(super) fn cancel(&self, from: IpAddr, pid: i32, key: &[u8]) {
        if !self.admit(from) {
            tracing::warn!(%from, "too many cancel requests, this one is ignored");
            return;
        }
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get(&pid)
            && constant_time::verify_slices_are_equal(&entry.key, key).is_ok()
        {
            entry.interrupt.raise(Reason::Request);
        } else {
            tracing::info!(%from, pid, "a cancel request named no session or had a wrong key");
        }
    }

    /// Tells every running statement that the server closes.
    pub(super) fn shut_down(&self) {
        for entry in self.entries.lock().unwrap_or_else(PoisonError::into_inner).values() {
            entry.interrupt.raise(Reason::Shutdown);
        }
    }

    fn admit(&self, from: IpAddr) -> bool {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.since.elapsed() > REQUEST_WINDOW || requests.counts.len() >= ADDRESSES_MAX {
            *requests = Requests::default();
        }
        let count = requests.counts.entry(from).or_default();
        *count += 1;
        *count <= REQUESTS_MAX
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.registry.entries.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.pid);
    }
}

fn random(bytes: &mut [u8]) -> Result<()> {
    rand::fill(bytes).map_err(|_| Error::internal("the system's source of random bytes failed"))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn sqlstate(failure: Failure) -> &'static str {
        match failure {
            Failure::Statement(error) => error.sqlstate(),
            Failure::Fatal(fatal) => fatal.sqlstate(),
            Failure::Gone => "gone",
        }
    }

    #[tokio::test]
    async fn only_the_right_key_stops_a_statement() {
        let registry = Arc::new(Registry::default());
        let one = registry.register(4).unwrap();
        let other = registry.register(32).unwrap();
        assert_ne!(one.pid, other.pid);
        assert_eq!((one.key.len(), other.key.len()), (4, 32));
        one.interrupt.begin(None);
        registry.cancel(HOME, one.pid, b"\0\0\0");
        registry.cancel(HOME, one.pid, &other.key);
        assert!(one.interrupt.check().is_ok());
        registry.cancel(HOME, one.pid, &one.key);
        assert_eq!(sqlstate(one.interrupt.check().unwrap_err()), "57014");
        assert_eq!(sqlstate(one.interrupt.raised().await), "57014");
    }

    #[test]
    fn a_request_for_an_idle_session_is_forgotten() {
        let registry = Arc::new(Registry::default());
        let one = registry.register(4).unwrap();
        registry.cancel(HOME, one.pid, &one.key);
        one.interrupt.begin(None);
        assert!(one.interrupt.check().is_ok());
        one.interrupt.end();
        registry.shut_down();
        one.interrupt.begin(None);
        assert_eq!(sqlstate(one.interrupt.check().unwrap_err()), "57P01");
    }

    #[test]
    fn a_session_that_ended_cannot_be_named() {
        let registry = Arc::new(Registry::default());
        let pid = registry.register(4).unwrap().pid;
        assert!(!registry.entries.lock().unwrap().contains_key(&pid));
    }

    #[tokio::test]
    async fn a_time_limit_ends_a_statement() {
        let interrupt = Interrupt::default();
        interrupt.begin(Some(Duration::from_millis(1)));
        assert_eq!(sqlstate(interrupt.raised().await), "57014");
        assert_eq!(sqlstate(interrupt.check().unwrap_err()), "57014");
        interrupt.begin(None);
        assert!(interrupt.check().is_ok());
    }

    #[test]
    fn a_flood_of_requests_is_ignored() {
        let registry = Arc::new(Registry::default());
        let one = registry.register(4).unwrap();
        one.interrupt.begin(None);
        for _ in 0..REQUESTS_MAX {
            registry.cancel(HOME, one.pid, b"bad!");
        }
        registry.cancel(HOME, one.pid, &one.key);
        assert!(one.interrupt.check().is_ok(), "the flood used up what its address may ask");
        registry.cancel(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), one.pid, &one.key);
        assert!(one.interrupt.check().is_err());
    }
}
