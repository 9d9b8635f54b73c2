//! `like_regex`: a pattern in the language of XQuery, as PostgreSQL reads it.

use std::fmt::Write;

use arrow::array::StringArray;
use arrow::compute::regexp_is_match_scalar;

use super::RegexFlags;
use crate::error::{Error, Kind, Result};

/// Whether a text holds a match of the pattern.
///
/// # Errors
/// 2201B for what is no pattern; back references and look-around are none here.
pub(crate) fn like_regex(text: &str, pattern: &str, flags: RegexFlags) -> Result<bool> {
    let mut written = String::with_capacity(pattern.len() + 8);
    if flags.quote {
        for letter in pattern.chars() {
            if letter.is_ascii_punctuation() {
                written.push('\\');
            }
            written.push(letter);
        }
    } else {
        written.push_str(pattern);
    }
    let letters: String = [(flags.ignore_case, 'i'), (flags.dot_all && !flags.quote, 's'), (flags.multiline && !flags.quote, 'm')]
        .iter()
        .filter(|(set, _)| *set)
        .map(|(_, letter)| letter)
        .collect();
    if !letters.is_empty() {
        let mut whole = String::new();
        write!(whole, "(?{letters}){written}").map_err(|_| Error::internal("a pattern could not be written"))?;
        written = whole;
    }
    let texts = StringArray::from(vec![text]);
    let matched = regexp_is_match_scalar(&texts, &written, None)
        .map_err(|_| Error::new(Kind::InvalidRegularExpression, format!("invalid regular expression: \"{pattern}\"")))?;
    Ok(matched.value(0))
}
