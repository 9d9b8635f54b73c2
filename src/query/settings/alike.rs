//! Which settings change no answer, so that what was answered under one may be answered under the other.

use super::Version;
use super::known::KNOWN;

/// Settings that say how long a statement may take, what is said beside its answer, and who says it. Any other is taken for one on which
/// an answer depends, until somebody has shown that none can.
const BESIDE: [&str; 6] = [
    "application_name",
    "client_min_messages",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "lock_timeout",
    "statement_timeout",
];

impl Version {
    /// Whether a statement that may be answered at all is answered alike under both.
    pub(in crate::query) fn answers_as(&self, other: &Version) -> bool {
        let known = KNOWN.iter().zip(self.0.known.iter().zip(&other.0.known));
        let same =
            |(known, (own, others)): (&super::known::Known, (&String, &String))| own == others || BESIDE.contains(&known.name);
        self.is(other) || self.0.roles == other.0.roles && self.0.custom == other.0.custom && known.into_iter().all(same)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::*;

    #[test]
    fn only_what_stands_beside_an_answer_changes_none() {
        let settings = || Settings::new("reader", 20, false, "one");
        let one = settings();
        let set = |name: &str, value: &str| {
            let other = settings();
            other.set_text(name, value, false).unwrap();
            other.version().answers_as(&one.version())
        };
        for name in BESIDE {
            assert!(KNOWN.iter().any(|known| known.name == name), "{name}");
        }
        assert!(settings().version().answers_as(&one.version()));
        assert!(set("application_name", "two") && set("statement_timeout", "5s") && set("client_min_messages", "error"));
        for (name, value) in
            [("TimeZone", "Asia/Tokyo"), ("search_path", "hr"), ("row_security", "off"), ("DateStyle", "German"), ("my.own", "1")]
        {
            assert!(!set(name, value), "{name}");
        }
    }
}
