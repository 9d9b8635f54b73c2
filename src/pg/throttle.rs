//! Slows down who guesses passwords: every failed login makes the next answer to the same user from the same network later.
//!
//! It delays and never refuses, so that nobody can lock a user out by failing in their name.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The delay after the first failure; each further one doubles it.
const FIRST_DELAY: Duration = Duration::from_millis(100);

/// The longest delay. It stays below the time limit of a login.
const DELAY_MAX: Duration = Duration::from_secs(4);

/// Failures that a whole network may have with several users before it is slowed down: people behind one address mistype too.
const NETWORK_FREE: u32 = 10;

/// Failures are forgotten after so long without another.
const FORGET: Duration = Duration::from_secs(600);

/// Pairs of user and network that are remembered.
const PAIRS_MAX: usize = 20_000;

/// Recent failures by user and network; the empty user stands for the network itself.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    failures: Mutex<HashMap<(String, IpAddr), Failures>>,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Throttle {
    /// How long the verdict on this attempt has to wait.
    pub(super) fn delay(&self, user: &str, network: IpAddr) -> Duration {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let count = |user: &str| {
            failures.get(&(user.to_owned(), network)).filter(|own| own.last.elapsed() < FORGET).map_or(0, |own| own.count)
        };
        delay_of(count(user)).max(delay_of(count("").saturating_sub(NETWORK_FREE)))
    }

    pub(super) fn failed(&self, user: &str, network: IpAddr) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= PAIRS_MAX {
            failures.retain(|(user, _), own| own.last.elapsed() < FORGET && (own.count > 1 || user.is_empty()));
        }
        for user in [user, ""] {
            if failures.len() < PAIRS_MAX || failures.contains_key(&(user.to_owned(), network)) {
                let own = failures.entry((user.to_owned(), network)).or_insert(Failures { count: 0, last: Instant::now() });
                if own.last.elapsed() >= FORGET {
                    own.count = 0;
                }
                own.count = own.count.saturating_add(1);
                own.last = Instant::now();
            }
        }
    }

    /// A right password clears the user's failures, not the network's, which may have failed with others.
    pub(super) fn succeeded(&self, user: &str, network: IpAddr) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(&(user.to_owned(), network));
    }
}

fn delay_of(failures: u32) -> Duration {
    match failures {
        0 => Duration::ZERO,
        count => FIRST_DELAY.saturating_mul(1 << (count - 1).min(16)).min(DELAY_MAX),
    }
}

/// The network that an address stands for when clients are counted: itself, or in IPv6 its /64, all of which one client owns.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) if address.is_loopback() => IpAddr::V6(address),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn each_failure_doubles_the_delay_up_to_a_bound() {
        let throttle = Throttle::default();
        let home = address("10.0.0.1");
        assert_eq!(throttle.delay("bob", home), Duration::ZERO);
        throttle.failed("bob", home);
        assert_eq!(throttle.delay("bob", home), Duration::from_millis(100));
        throttle.failed("bob", home);
        assert_eq!(throttle.delay("bob", home), Duration::from_millis(200));
        for _ in 0..100 {
            throttle.failed("bob", home);
        }
        assert_eq!(throttle.delay("bob", home), DELAY_MAX);
        assert_eq!(throttle.delay("bob", address("10.0.0.2")), Duration::ZERO, "failing elsewhere must not hurt bob at home");
        throttle.succeeded("bob", home);
        assert_eq!(throttle.delay("bob", home), DELAY_MAX, "the network itself has failed too often");
        assert_eq!(throttle.delay("bob", address("10.0.0.2")), Duration::ZERO);
    }

    #[test]
    fn trying_many_names_slows_the_network_down() {
        let throttle = Throttle::default();
        let home = address("10.0.0.1");
        for user in 0..NETWORK_FREE {
            throttle.failed(&format!("user{user}"), home);
        }
        assert_eq!(throttle.delay("ann", home), Duration::ZERO);
        throttle.failed("another", home);
        assert_eq!(throttle.delay("ann", home), FIRST_DELAY);
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::default();
        for user in 0..PAIRS_MAX * 2 {
            throttle.failed(&user.to_string(), address("10.0.0.1"));
        }
        assert!(throttle.failures.lock().unwrap().len() <= PAIRS_MAX);
    }

    #[test]
    fn one_ipv6_client_is_one_network() {
        assert_eq!(network(address("2001:db8::1")), network(address("2001:db8::ffff")));
        assert_ne!(network(address("2001:db8::1")), network(address("2001:db8:0:1::1")));
        assert_eq!(network(address("::ffff:10.0.0.1")), address("10.0.0.1"));
        assert!(network(address("::1")).is_loopback());
    }
}
