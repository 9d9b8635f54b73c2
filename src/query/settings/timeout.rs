//! The limits of time among the settings, which every message asks for: kept as numbers beside their texts.

/// The limits of time that a session sets for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeout {
    /// Of one statement.
    Statement,
    /// Of waiting for a lock.
    Lock,
    /// Of silence in a transaction.
    IdleInTransaction,
    /// Of silence outside.
    IdleSession,
}

impl Timeout {
    pub(super) const ALL: [Timeout; 4] = [Timeout::Statement, Timeout::Lock, Timeout::IdleInTransaction, Timeout::IdleSession];

    pub(super) fn setting(self) -> &'static str {
        match self {
            Timeout::Statement => "statement_timeout",
            Timeout::Lock => "lock_timeout",
            Timeout::IdleInTransaction => "idle_in_transaction_session_timeout",
            Timeout::IdleSession => "idle_session_timeout",
        }
    }
}
