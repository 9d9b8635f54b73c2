//! Queries out of what people type: `to_tsquery`, `plainto_tsquery`, `phraseto_tsquery`, `websearch_to_tsquery`, and those of `search`.
//!
//! An operand is a text like any other: it is cut into words, and where there are several, they must follow one another.

use super::letters::is_space;
use super::query::{Builder, Node, Operand, Operator, Query, is_operator, joined, standard};
use super::{LEXEME_BYTES_MAX, lexemes};
use crate::error::{Error, Kind, Result};

/// How a query is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// With operators: `to_tsquery`.
    Operators,
    /// Words that must all be there: `plainto_tsquery`.
    Plain,
    /// Words that must follow one another: `phraseto_tsquery`.
    Phrase,
    /// As people ask search engines: `websearch_to_tsquery`.
    Web,
}

/// Reads a query.
///
/// # Errors
/// 42601 for what has no meaning with operators; 54000 and 54001 for what is too long or nested too deeply.
pub(crate) fn read_query(text: &str, reading: Reading) -> Result<Query> {
    let of_words = |operator: Operator| {
        let mut builder = Builder::default();
        builder.value(operand(text, 0, false, operator));
        Ok(builder.finish()?.0)
    };
    match reading {
        Reading::Operators => Ok(standard(text, |word, weights, prefix| operand(word, weights, prefix, Operator::Phrase(1)))?.0),
        Reading::Plain => of_words(Operator::And),
        Reading::Phrase => of_words(Operator::Phrase(1)),
        Reading::Web => web(text, false),
    }
}

/// Reads what `search` looks for: as the web's, and `word*` is the beginning of a word.
///
/// # Errors
/// As [`read_query`].
pub(crate) fn searched(text: &str) -> Result<Query> {
    web(text, true)
}

/// A part of a query for each word of a text.
fn operand(text: &str, weights: u8, prefix: bool, operator: Operator) -> Node {
    let words = lexemes(text).into_iter().map(|lexeme| Node::Word(Operand { lexeme, weights, prefix }));
    words.reduce(|left, right| joined(operator, left, right)).unwrap_or(Node::Nothing)
}

/// Reads a query in which nothing is wrong, whatever is written.
fn web(text: &str, stars: bool) -> Result<Query> {
    let mut builder = Builder::default();
    let mut rest = text;
    let mut first = true;
    loop {
        // An operand. Signs of other queries say nothing.
        let Some(letter) = rest.chars().next() else {
            // Of a text that is blank nothing has been asked; an operator lacks its operand.
            if !first {
                builder.value(Node::Nothing);
            }
            break;
        };
        let behind = rest.get(letter.len_utf8()..).unwrap_or_default();
        if is_space(letter) || is_operator(letter) {
            first &= is_space(letter);
            rest = behind;
            continue;
        }
        first = false;
        let word = match letter {
            '-' => {
                rest = behind;
                builder.operator(Operator::Not)?;
                continue;
            }
            // A quote that nothing closes reaches to the end.
            '"' => {
                let (word, behind) = behind.split_once('"').unwrap_or((behind, ""));
                rest = behind;
                word
            }
            _ => {
                let ends = |letter: char| is_space(letter) || is_operator(letter) || matches!(letter, '"' | ':');
                let end = rest.char_indices().skip(1).find(|(_, letter)| ends(*letter)).map_or(rest.len(), |(at, _)| at);
                let (word, behind) = rest.split_at(end);
                if word.len() >= LEXEME_BYTES_MAX {
                    return Err(Error::new(Kind::ProgramLimitExceeded, format!("word is too long in tsquery: \"{text}\"")));
                }
                rest = behind;
                word
            }
        };
        builder.value(if stars { starred(word) } else { operand(word, 0, false, Operator::Phrase(1)) });
        // What stands between it and the next one.
        rest = rest.trim_start_matches(|letter| is_space(letter) || is_operator(letter));
        if rest.is_empty() {
            break;
        }
        match behind_or(rest) {
            Some(behind) => {
                rest = behind;
                builder.operator(Operator::Or)?;
            }
            None => builder.operator(Operator::And)?,
        }
    }
    Ok(builder.finish()?.0)
}

/// The words of an operand, of which those with a star behind them are beginnings.
fn starred(text: &str) -> Node {
    let mut parts = text.split_inclusive('*').map(|part| match part.strip_suffix('*') {
        Some(part) => {
            // Of `not here*` the last word alone.
            let (whole, begun) = part.rsplit_once(is_space).unwrap_or(("", part));
            phrase(operand(whole, 0, false, Operator::Phrase(1)), operand(begun, 0, true, Operator::Phrase(1)))
        }
        None => operand(part, 0, false, Operator::Phrase(1)),
    });
    let first = parts.next().unwrap_or(Node::Nothing);
    parts.fold(first, phrase)
}

fn phrase(left: Node, right: Node) -> Node {
    match (left, right) {
        (Node::Nothing, only) | (only, Node::Nothing) => only,
        (left, right) => joined(Operator::Phrase(1), left, right),
    }
}

/// What follows the word `or`, if it is one and something follows that may be an operand.
fn behind_or(text: &str) -> Option<&str> {
    let behind = text.get(2..)?;
    if !text.get(..2)?.eq_ignore_ascii_case("or") {
        return None;
    }
    let next = behind.chars().next()?;
    if matches!(next, '-' | '_') || next.is_alphanumeric() {
        return None;
    }
    // The character behind it is passed over, whatever it is.
    let more = behind.get(next.len_utf8()..).is_some_and(|more| !more.trim_start_matches(is_space).is_empty());
    more.then_some(behind)
}
