//! Who may come in: how many connections there are, in all, from one network and for one role, before and after login.
//!
//! A connection that has not logged in yet takes a *place in the queue*, which is a small share of the server and is given back
//! soon, since a login has a time limit. One that has takes a *seat*; the last seats are kept for superusers, so that an
//! administrator gets in when everything is taken.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::auth::Credential;
use super::error::Fatal;
use crate::error::Kind;

/// How many connections there may be.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// Sessions in all. Each idle one costs some tens of KiB.
    pub sessions: usize,
    /// Sessions of these that only superusers get.
    pub reserved: usize,
    /// Sessions from one network other than this machine, so that one client cannot take every seat.
    pub sessions_per_network: usize,
    /// Connections that have not logged in yet, in all.
    pub queue: usize,
    /// Connections from one network that have not logged in yet.
    pub queue_per_network: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        ConnectionLimits { sessions: 2_500, reserved: 5, sessions_per_network: 1_000, queue: 500, queue_per_network: 100 }
    }
}

/// Counts connections.
pub(super) struct Gate {
    limits: ConnectionLimits,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    queue: usize,
    queue_of: HashMap<IpAddr, usize>,
    sessions: usize,
    sessions_from: HashMap<IpAddr, usize>,
    sessions_of: HashMap<String, usize>,
}

/// A connection that has not logged in yet.
pub(super) struct Queued {
    gate: Arc<Gate>,
    network: IpAddr,
}

/// A connection that has logged in.
pub(super) struct Seat {
    gate: Arc<Gate>,
    network: IpAddr,
    role: String,
}

impl Gate {
    pub(super) fn new(limits: ConnectionLimits) -> Arc<Self> {
        Arc::new(Gate { limits, counts: Mutex::default() })
    }

    /// Lets a new connection begin its login. This machine's own share is the whole queue.
    ///
    /// # Errors
    /// 53300 if too many are at it.
    pub(super) fn queue(self: &Arc<Self>, network: IpAddr) -> Result<Queued, Fatal> {
        let mut counts = self.lock();
        let own = counts.queue_of.get(&network).copied().unwrap_or(0);
        if counts.queue >= self.limits.queue || (!network.is_loopback() && own >= self.limits.queue_per_network) {
            return Err(full("too many connections are logging in already"));
        }
        counts.queue += 1;
        counts.queue_of.insert(network, own + 1);
        Ok(Queued { gate: Arc::clone(self), network })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queued {
    /// Gives a user who has logged in a seat.
    ///
    /// # Errors
    /// 53300, saying which limit was met.
    pub(super) fn seat(&self, role: &str, credential: &Credential) -> Result<Seat, Fatal> {
        let limits = &self.gate.limits;
        let mut counts = self.gate.lock();
        let from = counts.sessions_from.get(&self.network).copied().unwrap_or(0);
        let of = counts.sessions_of.get(role).copied().unwrap_or(0);
        if counts.sessions >= limits.sessions {
            return Err(full("sorry, too many clients already"));
        }
        if !credential.superuser {
            if counts.sessions >= limits.sessions.saturating_sub(limits.reserved) {
                return Err(full("remaining connection slots are reserved for superuser connections"));
            }
            if !self.network.is_loopback() && from >= limits.sessions_per_network {
                return Err(full(format!("too many connections from {}", self.network)));
            }
            if credential.connections_max.is_some_and(|most| of >= most) {
                return Err(full(format!("too many connections for role \"{role}\"")));
            }
        }
        counts.sessions += 1;
        counts.sessions_from.insert(self.network, from + 1);
        counts.sessions_of.insert(role.to_owned(), of + 1);
        drop(counts);
        Ok(Seat { gate: Arc::clone(&self.gate), network: self.network, role: role.to_owned() })
    }
}

fn full(message: impl Into<String>) -> Fatal {
    Fatal::new(Kind::TooManyConnections, message)
}

impl Drop for Queued {
    fn drop(&mut self) {
        let mut counts = self.gate.lock();
        counts.queue -= 1;
        leave(&mut counts.queue_of, &self.network);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.gate.lock();
        counts.sessions -= 1;
        leave(&mut counts.sessions_from, &self.network);
        leave(&mut counts.sessions_of, &self.role);
    }
}

/// Takes one off a count and forgets it at zero, so that the map holds only who is there.
fn leave<K: std::hash::Hash + Eq + Clone>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Verifier;

    fn credential(superuser: bool, connections_max: Option<usize>) -> Credential {
        Credential { verifier: Verifier::decoy(b"", "", 4096), role: 10, superuser, connections_max, refusal: None }
    }

    fn gate(limits: ConnectionLimits) -> Arc<Gate> {
        Gate::new(limits)
    }

    fn remote() -> IpAddr {
        "10.0.0.1".parse().unwrap()
    }

    #[test]
    fn the_last_seats_are_for_superusers() {
        let gate = gate(ConnectionLimits { sessions: 3, reserved: 1, ..ConnectionLimits::default() });
        let queued = gate.queue(remote()).unwrap();
        let user = credential(false, None);
        let _one = queued.seat("bob", &user).unwrap();
        let two = queued.seat("bob", &user).unwrap();
        assert_eq!(queued.seat("bob", &user).err().unwrap().sqlstate(), "53300");
        let _chief = queued.seat("annals", &credential(true, None)).unwrap();
        assert!(queued.seat("annals", &credential(true, None)).is_err());
        drop(two);
        assert!(queued.seat("annals", &credential(true, None)).is_ok());
    }

    #[test]
    fn roles_and_networks_have_limits_of_their_own() {
        let gate = gate(ConnectionLimits { sessions_per_network: 2, queue_per_network: 1, ..ConnectionLimits::default() });
        let queued = gate.queue(remote()).unwrap();
        assert!(gate.queue(remote()).is_err());
        let elsewhere = gate.queue("10.0.0.2".parse().unwrap()).unwrap();
        let _one = queued.seat("bob", &credential(false, Some(1))).unwrap();
        assert!(elsewhere.seat("bob", &credential(false, Some(1))).err().unwrap().error().message().contains("role \"bob\""));
        let _ann = queued.seat("ann", &credential(false, None)).unwrap();
        assert!(queued.seat("eve", &credential(false, None)).is_err());
        assert!(elsewhere.seat("eve", &credential(false, None)).is_ok());
        drop(queued);
        assert!(gate.queue(remote()).is_ok());
    }

    #[test]
    fn nothing_is_remembered_of_who_has_left() {
        let gate = gate(ConnectionLimits::default());
        let queued = gate.queue(remote()).unwrap();
        drop(queued.seat("bob", &credential(false, None)).unwrap());
        drop(queued);
        let counts = gate.lock();
        assert_eq!((counts.queue, counts.sessions), (0, 0));
        assert!(counts.queue_of.is_empty() && counts.sessions_from.is_empty() && counts.sessions_of.is_empty());
    }
}
