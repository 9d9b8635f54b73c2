//! The only reader of the system clock, so that tests can turn time by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds since 1970-01-01 00:00:00 UTC, the unit of every timestamp in Annals.
pub type Micros = i64;

/// A source of wall-clock time: the system's, or one that a test turns.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The operating system's wall clock.
    #[default]
    System,
    /// A clock that stands still until a test moves it.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `now_us` until [`Clock::set`] moves it.
    pub fn manual(now_us: Micros) -> Self {
        Clock::Manual(Arc::new(AtomicI64::new(now_us)))
    }

    /// Now, in microseconds since 1970 UTC. A system clock before 1970 reads as 0.
    #[expect(clippy::disallowed_methods, reason = "this is the replacement that everything else calls")]
    pub fn now_us(&self) -> Micros {
        match self {
            Clock::System => {
                SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
            }
            Clock::Manual(now) => now.load(Ordering::SeqCst),
        }
    }

    /// Turns a manual clock; the system's cannot be turned and stays as it is.
    pub fn set(&self, now_us: Micros) {
        match self {
            Clock::System => {}
            Clock::Manual(now) => now.store(now_us, Ordering::SeqCst),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_stands_until_it_is_set() {
        let clock = Clock::manual(5);
        assert_eq!(clock.now_us(), 5);
        clock.set(9);
        assert_eq!(clock.now_us(), 9);
    }

    #[test]
    fn the_system_clock_is_past_2020() {
        assert!(Clock::System.now_us() > 1_577_836_800_000_000);
    }
}
