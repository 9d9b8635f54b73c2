//! What a session shares with the functions of its running statements: what it would say at COMMIT, its named
//! statements, and the other sessions that it may stop.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Notice, Prepared};
use crate::catalog::Catalog;
use crate::catalog::role::SIGNAL_BACKEND;
use crate::clock::{Clock, Micros};
use crate::error::{Error, Kind, Result};
use crate::policy::Standing;
use crate::query::backends::{Backends, Signal};
use crate::query::notify::{Change, Exchange, Inbox, Notification, Pending};

/// Statements of one session, unless the door says otherwise; each keeps a plan.
const STATEMENTS_MAX: usize = 2_000;

/// A statement that was prepared under a name, by SQL or by the protocol: both share the names.
#[derive(Debug, Clone)]
pub struct Named {
    /// `None` is an empty text.
    pub prepared: Option<Arc<Prepared>>,
    pub from_sql: bool,
    pub since: Micros,
}

/// Shared between a session and its statements.
#[derive(Debug)]
pub(in crate::query) struct Effects {
    pub clock: Clock,
    pub backends: Arc<Backends>,
    pub exchange: Arc<Exchange>,
    pub pid: i32,
    pub inbox: Arc<Inbox>,
    pending: Mutex<Pending>,
    notices: Mutex<Vec<Notice>>,
    statements: Mutex<BTreeMap<String, Named>>,
    statements_max: Mutex<usize>,
}

impl Effects {
    pub(super) fn new(clock: Clock, backends: Arc<Backends>, exchange: Arc<Exchange>, pid: i32) -> Effects {
        Effects {
            clock,
            backends,
            exchange,
            pid,
            inbox: Arc::default(),
            pending: Mutex::default(),
            notices: Mutex::default(),
            statements: Mutex::default(),
            statements_max: Mutex::new(STATEMENTS_MAX),
        }
    }

    /// Says something at COMMIT.
    ///
    /// # Errors
    /// 22023 for a name or payload that cannot be, 54000 when the transaction says too much.
    pub(in crate::query) fn notify(&self, channel: &str, payload: &str) -> Result<()> {
        let message = Notification::new(channel, payload, self.pid)?;
        locked(&self.pending).say(message)
    }

    pub(super) fn change(&self, change: Change) {
        locked(&self.pending).change(change);
    }

    pub(super) fn pending(&self) -> MutexGuard<'_, Pending> {
        locked(&self.pending)
    }

    pub(in crate::query) fn tell(&self, severity: &'static str, kind: Kind, message: impl Into<String>) {
        locked(&self.notices).push(Notice { severity, report: Error::new(kind, message).report().clone() });
    }

    pub(super) fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut *locked(&self.notices))
    }

    /// Sends a signal to another session; false, with a warning, when there is none of this number.
    ///
    /// # Errors
    /// 42501 when the session is a role's whose rights the asking one has not.
    pub(in crate::query) fn signal(&self, pid: i32, signal: Signal, asking: &Standing, catalog: &Catalog) -> Result<bool> {
        let Some(backend) = self.backends.get(pid) else {
            self.tell("WARNING", Kind::Warning, format!("PID {pid} is not a PostgreSQL backend process"));
            return Ok(false);
        };
        let denied = |message: &str| Err(Error::new(Kind::InsufficientPrivilege, message));
        let of_superuser = catalog.role(backend.role).is_some_and(|role| role.superuser);
        match (of_superuser && !asking.superuser, signal) {
            (true, Signal::Cancel) => return denied("must be a superuser to cancel superuser query"),
            (true, Signal::Terminate) => return denied("must be a superuser to terminate superuser process"),
            (false, _) => {}
        }
        if !asking.has_rights_of(backend.role) && !asking.has_rights_of(SIGNAL_BACKEND) {
            return denied(match signal {
                Signal::Cancel => "must be a member of the role whose query is being canceled or member of pg_signal_backend",
                Signal::Terminate => {
                    "must be a member of the role whose process is being terminated or member of pg_signal_backend"
                }
            });
        }
        Ok(self.backends.signal(pid, signal))
    }

    /// Every named statement, in order of names.
    pub(in crate::query) fn statements(&self) -> Vec<(String, Named)> {
        locked(&self.statements)
            .iter()
            .filter(|(name, _)| !name.is_empty())
            .map(|(name, named)| (name.clone(), named.clone()))
            .collect()
    }

    /// # Errors
    /// 26000 when there is none of this name.
    pub(super) fn statement(&self, name: &str) -> Result<Named> {
        locked(&self.statements).get(name).cloned().ok_or_else(|| no_statement(name))
    }

    /// Refuses a name that is taken or one too many; the unnamed statement is replaced.
    ///
    /// # Errors
    /// 42P05, 53400.
    pub(super) fn free_name(&self, name: &str) -> Result<()> {
        let mut statements = locked(&self.statements);
        if name.is_empty() {
            // A failed Parse leaves no unnamed statement behind.
            statements.remove(name);
            return Ok(());
        }
        if statements.contains_key(name) {
            return Err(Error::new(Kind::DuplicatePreparedStatement, format!("prepared statement \"{name}\" already exists")));
        }
        let most = *locked(&self.statements_max);
        if statements.len() >= most {
            return Err(Error::new(
                Kind::ConfigurationLimitExceeded,
                format!("a session can have at most {most} prepared statements"),
            )
            .with_hint("Close those that are not needed any more."));
        }
        Ok(())
    }

    pub(super) fn keep_statement(&self, name: &str, named: Named) {
        locked(&self.statements).insert(name.to_owned(), named);
    }

    pub(super) fn drop_statement(&self, name: &str) -> bool {
        locked(&self.statements).remove(name).is_some()
    }

    pub(super) fn drop_statements(&self) {
        locked(&self.statements).clear();
    }

    pub(super) fn limit_statements(&self, most: usize) {
        *locked(&self.statements_max) = most;
    }
}

fn no_statement(name: &str) -> Error {
    let message = match name {
        "" => "unnamed prepared statement does not exist".to_owned(),
        name => format!("prepared statement \"{name}\" does not exist"),
    };
    Error::new(Kind::InvalidSqlStatementName, message)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves values that are still whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
