//! Settings of roles: `ALTER ROLE … SET`. Some are *ceilings*: what the role may set itself is held to them.

use std::collections::BTreeMap;

use super::form::{self, Form};
use super::known::{KNOWN, form_of, place};
use super::{Settings, State};
use crate::error::{Error, Kind, Result};
use crate::policy::Limits;

/// The settings that a role is held to.
const CEILINGS: [&str; 7] = [
    "max_concurrent_queries",
    "max_queries_per_minute",
    "max_rows",
    "max_scan_bytes",
    "max_subscriptions",
    "statement_timeout",
    "work_mem",
];

/// Whether a role is held to the setting of this name.
pub(in crate::query) fn is_ceiling(name: &str) -> bool {
    CEILINGS.iter().any(|ceiling| ceiling.eq_ignore_ascii_case(name))
}

/// The smaller of two limits of which each may be none.
pub(super) fn least(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// What a role is held to by its own settings, and by everybody's where it has none.
pub(in crate::query) fn limits(own: &BTreeMap<String, String>, everybodys: &BTreeMap<String, String>) -> Limits {
    let value = |name: &str| {
        let text = own.get(name).or_else(|| everybodys.get(name))?;
        let form = KNOWN[place(name)?].form;
        form.checked(name, text, "").ok()?.parse::<u64>().ok().filter(|value| *value > 0)
    };
    Limits {
        statement_ms: value("statement_timeout"),
        memory_bytes: value("work_mem").map(|kilobytes| kilobytes.saturating_mul(1024)),
        rows: value("max_rows"),
        scan_bytes: value("max_scan_bytes"),
        statements_per_minute: value("max_queries_per_minute"),
        concurrent_statements: value("max_concurrent_queries"),
        subscriptions: value("max_subscriptions"),
    }
}

/// The value of a role's setting as it is kept: as it was written, once it has been checked.
///
/// # Errors
/// As SET's; 0A000 for settings that say who one is.
pub(in crate::query) fn checked_for_role(name: &str, values: &[String]) -> Result<String> {
    let form = form_of(name)?;
    if matches!(form, Form::Role | Form::Authorization) {
        return Err(Error::new(Kind::FeatureNotSupported, format!("a role cannot have the setting \"{name}\"")));
    }
    let text = form.joined(name, values)?;
    form.checked(place(name).map_or(name, |at| KNOWN[at].name), &text, "")?;
    Ok(text)
}

/// Refuses a name that is no setting's.
///
/// # Errors
/// 42704.
pub(in crate::query) fn require_known(name: &str) -> Result<()> {
    form_of(name).map(|_| ())
}

/// A kept value as SET writes it: one string, or one for each name of a list.
pub(in crate::query) fn written(name: &str, value: &str) -> String {
    let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
    match (form_of(name), form::names(value)) {
        (Ok(Form::Names), Some(names)) if !names.is_empty() => {
            names.iter().map(|name| literal(name)).collect::<Vec<_>>().join(", ")
        }
        _ => literal(value),
    }
}

impl Settings {
    /// Holds the session to what its login role is held to.
    pub(in crate::query) fn hold(&self, limits: Limits) {
        let mut state = self.lock();
        if state.held != limits {
            state.held = limits;
            state.all = None;
        }
    }

    /// What holds for the session's statements: the smaller of what it has set and what its role is held to.
    pub(in crate::query) fn limits_in_force(&self) -> Limits {
        let state = self.lock();
        let value = |name: &str| {
            let kept = &state.current.known[place(name)?];
            state.held(name, kept).parse::<u64>().ok().filter(|value| *value > 0)
        };
        Limits {
            statement_ms: value("statement_timeout"),
            // Without a ceiling a statement has the memory that all share.
            memory_bytes: state.held.memory_bytes.and_then(|_| value("work_mem")).map(|kilobytes| kilobytes.saturating_mul(1024)),
            rows: value("max_rows"),
            scan_bytes: value("max_scan_bytes"),
            statements_per_minute: value("max_queries_per_minute"),
            concurrent_statements: value("max_concurrent_queries"),
            subscriptions: value("max_subscriptions"),
        }
    }
}

impl State {
    /// A kept value as it is in force: no more than the role is held to.
    pub(super) fn held(&self, name: &str, kept: &str) -> String {
        let ceiling = match name {
            "statement_timeout" => self.held.statement_ms,
            "work_mem" => self.held.memory_bytes.map(|bytes| bytes / 1024),
            "max_rows" => self.held.rows,
            "max_scan_bytes" => self.held.scan_bytes,
            "max_queries_per_minute" => self.held.statements_per_minute,
            "max_concurrent_queries" => self.held.concurrent_statements,
            "max_subscriptions" => self.held.subscriptions,
            _ => None,
        };
        // What the session has not set itself is what its role is held to.
        let own = place(name).is_none_or(|at| KNOWN[at].default != kept);
        let set = kept.parse::<u64>().ok().filter(|value| own && *value > 0);
        match ceiling {
            Some(_) => least(set, ceiling).map_or_else(|| kept.to_owned(), |value| value.to_string()),
            None => kept.to_owned(),
        }
    }
}
