//! `like_regex`: a pattern in the language of XQuery, which PostgreSQL reads as one of its own (`jspConvertRegexFlags`).

use std::fmt;
use std::sync::Arc;

use super::RegexFlags;
use crate::error::Result;
use crate::value::regex::{Flags, Pattern};

/// A pattern as it was written, and compiled.
#[derive(Clone)]
pub(crate) struct Expression {
    pub(crate) written: String,
    pub(crate) flags: RegexFlags,
    compiled: Arc<Pattern>,
}

impl Expression {
    /// # Errors
    /// 2201B for what is no pattern.
    pub(crate) fn new(written: String, flags: RegexFlags) -> Result<Expression> {
        // Where the pattern is plain text, nothing but the case of letters has a meaning.
        let own = if flags.quote {
            Flags { fold: flags.ignore_case, literal: true, ..Flags::default() }
        } else {
            Flags {
                fold: flags.ignore_case,
                stop_at_newline: !flags.dot_all,
                anchors_at_newline: flags.multiline,
                ..Flags::default()
            }
        };
        let compiled = Arc::new(Pattern::new(&written, own)?);
        Ok(Expression { written, flags, compiled })
    }

    /// Whether a text holds a match.
    ///
    /// # Errors
    /// 54001 when back references make it too hard.
    pub(crate) fn matches(&self, text: &str) -> Result<bool> {
        self.compiled.matches(text)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Expression) -> bool {
        self.written == other.written && self.flags == other.flags
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expression").field("written", &self.written).field("flags", &self.flags).finish_non_exhaustive()
    }
}
