//! LISTEN and NOTIFY between sessions (PostgreSQL 15, the pages of both statements).
//!
//! What a transaction says is handed to every listener's *inbox* when it commits, in one step, so that all listeners get the
//! messages of two transactions in the same order. An inbox has a bound: when a listener does not read, NOTIFY fails at COMMIT as
//! PostgreSQL's does when its queue is full.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::engine::Engine;
use crate::catalog::{Catalog, Oid};
use crate::error::{Error, Kind, Result};
use crate::policy::{self, Identity};

/// Bytes that may wait for one listener. More lets listeners be silent for longer, and every one may hold as much.
const INBOX_BYTES: usize = 8 * 1024 * 1024;
/// What one waiting message takes beside its texts, in bytes.
const MESSAGE_BYTES: usize = 64;
/// Bytes from which on a payload is too long.
const PAYLOAD_BYTES: usize = 8_000;
/// Bytes from which on a channel's name is too long.
const CHANNEL_BYTES: usize = 64;
/// How the names of the channels begin on which the server itself speaks. Anybody may listen; no session may speak there, so that what
/// is heard is the server's.
const OWN_CHANNELS: &str = "annals_";
/// Channels that one session may listen to.
const CHANNELS_MAX: usize = 10_000;

/// Where the server says that a checkpoint of the ledger was published. When that is tells what others do, so that auditors alone may
/// listen.
pub(super) const CHECKPOINTS: &str = "annals_checkpoint";

/// Refuses to let a role listen where it may not.
///
/// # Errors
/// 42501 for the ledger's channel, unless the role audits.
pub(super) fn permit(channel: &str, identity: &Identity, catalog: &Catalog) -> Result<()> {
    if channel != CHECKPOINTS || identity.superuser || policy::audits(&identity.standing, catalog) {
        return Ok(());
    }
    Err(policy::denied("channel", channel).with_hint("It tells when rows come; auditors may listen to it."))
}

/// Says on its channel that a checkpoint was published, until nobody publishes any more.
pub async fn tell_checkpoints(engine: Arc<Engine>) {
    let Some(mut published) = engine.store.watch_ledger() else { return };
    while published.changed().await.is_ok() {
        engine.exchange.tell(&Notification::of_server(CHECKPOINTS));
    }
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    pub channel: Arc<str>,
    pub payload: Arc<str>,
    /// The session that said it.
    pub pid: i32,
}

impl Notification {
    /// What a session says.
    ///
    /// # Errors
    /// 22023 for an empty or too long name, or a too long payload; 42501 for a channel of the server's own.
    pub(super) fn new(channel: &str, payload: &str, pid: i32) -> Result<Notification> {
        let invalid = |message| Err(Error::new(Kind::InvalidParameterValue, message));
        match (channel.len(), payload.len()) {
            (0, _) => invalid("channel name cannot be empty"),
            (CHANNEL_BYTES.., _) => invalid("channel name too long"),
            (_, PAYLOAD_BYTES..) => invalid("payload string too long"),
            (_, _) if channel.starts_with(OWN_CHANNELS) => {
                Err(Error::new(Kind::InsufficientPrivilege, format!("permission denied for channel {channel}"))
                    .with_detail(format!("Channels whose names begin with \"{OWN_CHANNELS}\" are the server's own.")))
            }
            (_, _) => Ok(Notification { channel: Arc::from(channel), payload: Arc::from(payload), pid }),
        }
    }

    /// What the server itself says, as no session.
    pub(super) fn of_server(channel: &'static str) -> Notification {
        Notification { channel: Arc::from(channel), payload: Arc::from(""), pid: 0 }
    }

    fn bytes(&self) -> usize {
        self.channel.len() + self.payload.len() + MESSAGE_BYTES
    }
}

/// What waits for one session.
#[derive(Debug, Default)]
pub struct Inbox {
    waiting: Mutex<Waiting>,
    arrived: tokio::sync::Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    messages: VecDeque<Notification>,
    bytes: usize,
}

impl Inbox {
    /// Takes everything out.
    pub fn take(&self) -> Vec<Notification> {
        std::mem::take(&mut *locked(&self.waiting)).messages.into()
    }

    /// Ends when something waits. Safe to drop at any await.
    pub async fn filled(&self) {
        loop {
            let arrived = self.arrived.notified();
            if !locked(&self.waiting).messages.is_empty() {
                return;
            }
            arrived.await;
        }
    }

    fn has_room(&self, bytes: usize) -> bool {
        let held = locked(&self.waiting).bytes;
        held == 0 || held + bytes <= INBOX_BYTES
    }

    fn put(&self, message: &Notification) {
        let mut waiting = locked(&self.waiting);
        waiting.bytes += message.bytes();
        waiting.messages.push_back(message.clone());
        drop(waiting);
        self.arrived.notify_one();
    }
}

/// Who listens to what. Sessions are known by the numbers of their backends.
#[derive(Debug, Default)]
pub struct Exchange {
    listeners: Mutex<BTreeMap<i32, Listener>>,
}

#[derive(Debug)]
struct Listener {
    inbox: Arc<Inbox>,
    /// The role that logged in.
    role: Oid,
    channels: BTreeSet<String>,
}

/// A session that listens, and what its role is held to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ear<'a> {
    pub pid: i32,
    pub inbox: &'a Arc<Inbox>,
    pub role: Oid,
    /// Channels that the role's sessions may listen to together, each counted for each of them; `None` is no limit.
    pub most: Option<u64>,
}

impl Ear<'_> {
    /// How many channels the other sessions of the role listen to.
    fn others(&self, listeners: &BTreeMap<i32, Listener>) -> usize {
        let others = listeners.iter().filter(|(pid, listener)| **pid != self.pid && listener.role == self.role);
        others.map(|(_, listener)| listener.channels.len()).sum()
    }

    /// Whether the session may listen to as many as this, beside those of the role's other sessions.
    ///
    /// # Errors
    /// 53400.
    fn require_room(&self, own: usize, others: usize) -> Result<()> {
        if own > CHANNELS_MAX {
            let message = format!("a session can listen to at most {CHANNELS_MAX} channels");
            return Err(Error::new(Kind::ConfigurationLimitExceeded, message));
        }
        match self.most.filter(|most| (own + others) as u64 > *most) {
            None => Ok(()),
            Some(most) => {
                let message = format!("too many channels: the sessions of this role may listen to {most} together");
                Err(Error::new(Kind::ConfigurationLimitExceeded, message)
                    .with_hint("UNLISTEN from one; an administrator can raise the role's max_subscriptions."))
            }
        }
    }
}

/// What a transaction changes about what its session hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    Listen(String),
    Unlisten(String),
    UnlistenAll,
}

impl Change {
    fn make(&self, channels: &mut BTreeSet<String>) {
        match self {
            Change::Listen(channel) => {
                channels.insert(channel.clone());
            }
            Change::Unlisten(channel) => {
                channels.remove(channel);
            }
            Change::UnlistenAll => channels.clear(),
        }
    }
}

impl Exchange {
    /// Whether a session may ask for this as well, after what its transaction has asked for. Others may take the room before it commits.
    ///
    /// # Errors
    /// 53400 when that is more than a session or its role may listen to.
    pub(super) fn admit(&self, ear: &Ear<'_>, asked: &[Change], more: &Change) -> Result<()> {
        let listeners = locked(&self.listeners);
        let mut own = listeners.get(&ear.pid).map(|listener| listener.channels.clone()).unwrap_or_default();
        asked.iter().chain([more]).for_each(|change| change.make(&mut own));
        ear.require_room(own.len(), ear.others(&listeners))
    }

    /// The channels that a session listens to, in order.
    pub(super) fn channels(&self, pid: i32) -> Vec<String> {
        locked(&self.listeners).get(&pid).map(|listener| listener.channels.iter().cloned().collect()).unwrap_or_default()
    }

    /// Whether the messages of a transaction that is about to commit find room everywhere.
    ///
    /// # Errors
    /// 54000 when a listener has too many waiting.
    pub(super) fn check(&self, messages: &[Notification]) -> Result<()> {
        let full = locked(&self.listeners).values().any(|listener| {
            let heard = messages.iter().filter(|message| listener.channels.contains(message.channel.as_ref()));
            let bytes: usize = heard.map(Notification::bytes).sum();
            bytes > 0 && !listener.inbox.has_room(bytes)
        });
        if full {
            return Err(Error::new(Kind::ProgramLimitExceeded, "too many notifications in the NOTIFY queue")
                .with_hint("A session that listens has not read its notifications; end its transaction or close it."));
        }
        Ok(())
    }

    /// Tells a message of the server's to everybody who listens and has room for it.
    pub(super) fn tell(&self, message: &Notification) {
        for listener in locked(&self.listeners).values() {
            if listener.channels.contains(message.channel.as_ref()) && listener.inbox.has_room(message.bytes()) {
                listener.inbox.put(message);
            }
        }
    }

    /// A transaction has committed: first it hears what it asked to hear, then everybody its messages.
    ///
    /// # Errors
    /// 53400 when a session listens to too many channels; then it hears none of those that are too many, and the messages are delivered
    /// all the same.
    pub(super) fn commit(&self, ear: &Ear<'_>, changes: &[Change], messages: &[Notification]) -> Result<()> {
        if changes.is_empty() && messages.is_empty() {
            return Ok(());
        }
        let mut listeners = locked(&self.listeners);
        let mut heard = Ok(());
        let others = ear.others(&listeners);
        for change in changes {
            let own = Listener { inbox: ear.inbox.clone(), role: ear.role, channels: BTreeSet::new() };
            let listener = listeners.entry(ear.pid).or_insert(own);
            listener.role = ear.role;
            let new = matches!(change, Change::Listen(channel) if !listener.channels.contains(channel));
            match new.then(|| ear.require_room(listener.channels.len() + 1, others)) {
                Some(Err(error)) => heard = Err(error),
                Some(Ok(())) | None => change.make(&mut listener.channels),
            }
        }
        listeners.retain(|_, listener| !listener.channels.is_empty());
        for message in messages {
            for listener in listeners.values().filter(|listener| listener.channels.contains(message.channel.as_ref())) {
                listener.inbox.put(message);
            }
        }
        heard
    }

    /// The session is gone.
    pub(super) fn forget(&self, pid: i32) {
        locked(&self.listeners).remove(&pid);
    }
}

/// What a transaction would say and hear if it committed.
#[derive(Debug, Default)]
pub(super) struct Pending {
    messages: Vec<Notification>,
    said: BTreeSet<(Arc<str>, Arc<str>)>,
    changes: Vec<Change>,
    bytes: usize,
}

/// A place in a [`Pending`] to come back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    messages: usize,
    changes: usize,
}

impl Pending {
    /// Takes a message in; the same one twice in a transaction is said once.
    ///
    /// # Errors
    /// 54000 when the transaction says more than one inbox holds.
    pub(super) fn say(&mut self, message: Notification) -> Result<()> {
        if self.said.insert((message.channel.clone(), message.payload.clone())) {
            self.bytes += message.bytes();
            self.messages.push(message);
        }
        if self.bytes > INBOX_BYTES {
            return Err(Error::new(Kind::ProgramLimitExceeded, "too many notifications in the NOTIFY queue")
                .with_hint("Send them in several transactions."));
        }
        Ok(())
    }

    pub(super) fn change(&mut self, change: Change) {
        self.changes.push(change);
    }

    pub(super) fn place(&self) -> Place {
        Place { messages: self.messages.len(), changes: self.changes.len() }
    }

    /// Forgets what came behind a place.
    pub(super) fn back_to(&mut self, place: Place) {
        for message in self.messages.drain(place.messages.min(self.messages.len())..) {
            self.bytes = self.bytes.saturating_sub(message.bytes());
            self.said.remove(&(message.channel, message.payload));
        }
        self.changes.truncate(place.changes);
    }

    pub(super) fn take(&mut self) -> (Vec<Notification>, Vec<Change>) {
        let Pending { messages, changes, .. } = std::mem::take(self);
        (messages, changes)
    }

    pub(super) fn changes(&self) -> &[Change] {
        &self.changes
    }

    pub(super) fn messages(&self) -> &[Notification] {
        &self.messages
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves queues that are still whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(payload: &str) -> Notification {
        Notification::new("c", payload, 1).unwrap()
    }

    fn ear(pid: i32, inbox: &Arc<Inbox>, most: Option<u64>) -> Ear<'_> {
        Ear { pid, inbox, role: 20, most }
    }

    #[tokio::test]
    async fn a_message_reaches_who_listens() {
        let exchange = Exchange::default();
        let (one, two) = (Arc::new(Inbox::default()), Arc::new(Inbox::default()));
        exchange
            .commit(&ear(1, &one, None), &[Change::Listen("c".to_owned()), Change::Listen("d".to_owned())], &[message("a")])
            .unwrap();
        exchange.commit(&ear(2, &two, None), &[], &[message("b")]).unwrap();
        one.filled().await;
        assert_eq!(one.take(), [message("a"), message("b")]);
        assert!(two.take().is_empty());
        assert_eq!(exchange.channels(1), ["c", "d"]);
        exchange.commit(&ear(1, &one, None), &[Change::Unlisten("c".to_owned())], &[message("x")]).unwrap();
        assert!(one.take().is_empty());
        exchange.forget(1);
        assert!(exchange.channels(1).is_empty());
    }

    #[test]
    fn an_inbox_has_a_bound() {
        let exchange = Exchange::default();
        let inbox = Arc::new(Inbox::default());
        let many: Vec<Notification> = (0..1_000).map(|n| message(&format!("{n}{}", "x".repeat(7_900)))).collect();
        exchange.commit(&ear(1, &inbox, None), &[Change::Listen("c".to_owned())], &many).unwrap();
        assert_eq!(exchange.check(&many).unwrap_err().sqlstate(), "54000");
        assert!(exchange.check(&[Notification::new("other", "", 1).unwrap()]).is_ok(), "nobody hears it");
        assert_eq!(inbox.take().len(), 1_000);
        assert!(exchange.check(&many).is_ok());
    }

    #[test]
    fn a_role_s_sessions_listen_to_so_many_channels_together() {
        let exchange = Exchange::default();
        let inbox = Arc::new(Inbox::default());
        let listen = |channel: &str| Change::Listen(channel.to_owned());
        let (one, two) = (ear(1, &inbox, Some(2)), ear(2, &inbox, Some(2)));
        exchange.commit(&one, &[listen("a"), listen("a")], &[]).unwrap();
        assert!(exchange.admit(&two, &[], &listen("a")).is_ok());
        assert_eq!(exchange.admit(&two, &[listen("a")], &listen("b")).unwrap_err().sqlstate(), "53400");
        assert!(exchange.admit(&two, &[listen("a"), Change::UnlistenAll], &listen("b")).is_ok());
        assert_eq!(exchange.commit(&two, &[listen("b"), listen("c")], &[]).unwrap_err().sqlstate(), "53400");
        assert_eq!((exchange.channels(1), exchange.channels(2)), (vec!["a".to_owned()], vec!["b".to_owned()]));
        assert!(
            exchange.admit(&Ear { role: 30, ..ear(3, &inbox, Some(1)) }, &[], &listen("a")).is_ok(),
            "another role has its own"
        );
        exchange.forget(1);
        assert!(exchange.admit(&two, &[], &listen("c")).is_ok());
    }

    #[test]
    fn a_savepoint_takes_messages_back() {
        let mut pending = Pending::default();
        pending.say(message("a")).unwrap();
        let place = pending.place();
        pending.say(message("a")).unwrap();
        pending.say(message("b")).unwrap();
        pending.change(Change::UnlistenAll);
        assert_eq!(pending.messages().len(), 2);
        pending.back_to(place);
        pending.say(message("b")).unwrap();
        assert_eq!(pending.take(), (vec![message("a"), message("b")], vec![]));
    }

    #[test]
    fn names_and_payloads_have_lengths() {
        for (channel, payload) in [("", ""), (&"c".repeat(64) as &str, ""), ("c", &"x".repeat(8_000) as &str)] {
            assert_eq!(Notification::new(channel, payload, 1).unwrap_err().sqlstate(), "22023");
        }
        assert!(Notification::new(&"c".repeat(63), &"x".repeat(7_999), 1).is_ok());
    }
}
