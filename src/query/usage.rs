//! How much of the server roles use: statements in the last minute, and statements that run now.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::catalog::Oid;
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::policy::Limits;

const MINUTE_US: Micros = 60_000_000;

/// What roles that are held to numbers use.
#[derive(Debug, Default)]
pub(super) struct Usage {
    roles: Mutex<HashMap<Oid, Used>>,
}

#[derive(Debug, Default)]
struct Used {
    /// When the statements of the last minute began, no more of them than the role may have.
    begun: VecDeque<Micros>,
    running: u64,
}

/// A statement that runs; it counts until this is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    usage: Arc<Usage>,
    role: Oid,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut roles = self.usage.lock();
        if let Some(used) = roles.get_mut(&self.role) {
            used.running = used.running.saturating_sub(1);
        }
    }
}

impl Usage {
    /// Lets a statement of the role begin. `None` for a role that is held to no number of them.
    ///
    /// # Errors
    /// 53400 saying which limit was met.
    pub(super) fn begin(self: &Arc<Self>, role: Oid, limits: &Limits, now: Micros) -> Result<Option<Turn>> {
        let (per_minute, at_once) = (limits.statements_per_minute, limits.concurrent_statements);
        if per_minute.is_none() && at_once.is_none() {
            return Ok(None);
        }
        let mut roles = self.lock();
        let used = roles.entry(role).or_default();
        if let Some(most) = at_once.filter(|most| used.running >= *most) {
            return Err(refused(
                format!("too many statements of this role run already: at most {most} may"),
                "max_concurrent_queries",
            ));
        }
        if let Some(most) = per_minute {
            while used.begun.front().is_some_and(|begun| *begun <= now - MINUTE_US) {
                used.begun.pop_front();
            }
            if used.begun.len() as u64 >= most {
                return Err(refused(format!("this role may run {most} statements in a minute, and has"), "max_queries_per_minute"));
            }
            used.begun.push_back(now);
        }
        used.running += 1;
        Ok(Some(Turn { usage: self.clone(), role }))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Oid, Used>> {
        // Counts stay whole when a panic happens elsewhere.
        self.roles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refused(message: String, setting: &str) -> Error {
    Error::new(Kind::ConfigurationLimitExceeded, message)
        .with_hint(format!("Try again later; an administrator can raise the role's {setting}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_counted_for_a_minute_and_while_they_run() {
        let usage = Arc::new(Usage::default());
        let limits = Limits { statements_per_minute: Some(2), concurrent_statements: Some(1), ..Limits::default() };
        let first = usage.begin(20, &limits, 0).unwrap();
        assert_eq!(usage.begin(20, &limits, 1).unwrap_err().sqlstate(), "53400");
        assert!(usage.begin(30, &limits, 1).is_ok(), "another role has its own");
        drop(first);
        drop(usage.begin(20, &limits, 2).unwrap());
        assert_eq!(usage.begin(20, &limits, 3).unwrap_err().sqlstate(), "53400");
        assert!(usage.begin(20, &limits, MINUTE_US).is_ok());
        assert!(usage.begin(40, &Limits::default(), 0).unwrap().is_none());
    }
}
