//! A statement's text as it may be kept: with `$1`, `$2`, … for its literals and without its comments.
//!
//! What is no name, word, parameter or punctuation counts as a literal, so a token that nobody has thought of is not kept either. The
//! text is cut into tokens by what the statement itself was read with, so that the two cannot disagree about where a literal ends.

use std::fmt::Write;
use std::sync::Arc;

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use super::DIALECT;
use crate::error::Error;

/// Bytes of a text that are kept. Longer texts end in `…`.
const TEXT_BYTES_MAX: usize = 8 * 1024;

/// Bytes of a text that are looked at: more would only be cut off, but for lists of long literals.
const READ_BYTES_MAX: usize = 64 * 1024;

/// Stands where a text goes on and is not shown.
const CUT: &str = " …";

/// A statement's text without its literals.
pub(super) fn redacted(text: &str) -> Arc<str> {
    let (tokens, whole) = tokens(text);
    let mut out = Writer::new(&tokens);
    for token in &tokens {
        out.token(token);
    }
    Arc::from(out.end(whole))
}

/// The text of statements that could not be read. How the quotes in it were meant is not known, so nothing is kept behind the first
/// literal or behind the word PASSWORD, and from the place on that could not be read no words but keywords.
pub fn redacted_unread(text: &str, error: &Error) -> Arc<str> {
    let position = error.report().position.unwrap_or(usize::MAX);
    let place = text.char_indices().nth(position.saturating_sub(1)).map_or(text.len(), |(at, _)| at);
    let (read, rest) = text.split_at(place);
    let (before, _) = tokens(read);
    let (behind, _) = tokens(rest);
    let mut out = Writer::new(&before);
    for (token, is_read) in before.iter().map(|token| (token, true)).chain(behind.iter().map(|token| (token, false))) {
        match token {
            Token::Word(word) if !is_read && word.keyword == Keyword::NoKeyword => out.piece("?"),
            other => out.token(other),
        }
        if out.literals > out.parameters || matches!(token, Token::Word(word) if word.keyword == Keyword::PASSWORD) {
            break;
        }
    }
    Arc::from(out.end(false))
}

/// The tokens of a text, as far as it can be cut into any, and whether that is all of it.
fn tokens(text: &str) -> (Vec<Token>, bool) {
    let end = (0..=READ_BYTES_MAX.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let mut tokens = Vec::new();
    let read = Tokenizer::new(&DIALECT, &text[..end]).tokenize_with_location_into_buf(&mut tokens);
    (tokens.into_iter().map(|token| token.token).collect(), read.is_ok() && end == text.len())
}

/// The text that is kept, while it is put together.
struct Writer {
    text: String,
    /// Something stood between the last token and the next.
    apart: bool,
    /// The greatest number of a parameter that the statement has itself.
    parameters: u32,
    /// The number that the last literal got, which follow those of the parameters.
    literals: u32,
}

impl Writer {
    fn new(tokens: &[Token]) -> Writer {
        let parameters = tokens.iter().filter_map(number).max().unwrap_or(0);
        Writer { text: String::new(), apart: false, parameters, literals: parameters }
    }

    fn token(&mut self, token: &Token) {
        if let Token::Whitespace(_) = token {
            self.apart = true;
            return;
        }
        if self.text.len() > TEXT_BYTES_MAX || *token == Token::EOF {
            return;
        }
        match token {
            Token::Word(word) if word.quote_style.is_none() => self.piece(&word.value),
            Token::Word(_) => self.piece(&token.to_string()),
            token if number(token).is_some() => self.piece(&token.to_string()),
            token => {
                let shown = token.to_string();
                if !shown.is_empty() && shown.bytes().all(|byte| byte.is_ascii_punctuation() && !matches!(byte, b'\'' | b'"')) {
                    self.piece(&shown);
                } else {
                    self.literals = self.literals.saturating_add(1);
                    let literal = format!("${}", self.literals);
                    self.piece(&literal);
                }
            }
        }
    }

    fn piece(&mut self, piece: &str) {
        if std::mem::take(&mut self.apart) && !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(piece);
    }

    fn end(mut self, whole: bool) -> String {
        if whole && self.text.len() <= TEXT_BYTES_MAX {
            return self.text;
        }
        let end = (0..=TEXT_BYTES_MAX.min(self.text.len())).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0);
        self.text.truncate(end);
        // Writing to a string cannot fail.
        let _ = write!(self.text, "{CUT}");
        self.text
    }
}

/// The number of a parameter, `$1` and so on.
fn number(token: &Token) -> Option<u32> {
    match token {
        Token::Placeholder(name) => name.strip_prefix('$').and_then(|digits| digits.parse().ok()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::parse::parse;

    fn kept(text: &str) -> String {
        match parse(text) {
            Ok(parsed) => parsed.iter().map(|parsed| parsed.recorded().to_string()).collect::<Vec<_>>().join("; "),
            Err(error) => redacted_unread(text, &error).to_string(),
        }
    }

    #[test]
    fn literals_of_every_kind_become_numbers() {
        for (text, expected) in [
            ("SELECT  1,\n 'two', 3.5e1", "SELECT $1, $2, $3"),
            ("select * from t where a = $1 and b = 'x'", "select * from t where a = $1 and b = $2"),
            ("SELECT E'a\\'b', $$c$$, $q$ d $q$, X'ff', B'01', N'e', U&'f'", "SELECT $1, $2, $3, $4, $5, $6, $7"),
            ("SELECT \"Name\".b -> 'key' #>> '{a}' FROM \"Name\" -- a comment", "SELECT \"Name\".b -> $1 #>> $2 FROM \"Name\""),
            ("SELECT /* 'in' */ now() - interval '1 day'", "SELECT now() - interval $1"),
            ("SELECT 1; SELECT 'x'", "SELECT $1; SELECT $1"),
            ("CREATE ROLE a PASSWORD 'secret'", "CREATE ROLE a PASSWORD $1"),
            ("SELECT a::numeric(10, 2)", "SELECT a::numeric($1, $2)"),
        ] {
            assert_eq!(kept(text), expected);
        }
    }

    #[test]
    fn what_cannot_be_read_gives_nothing_away() {
        for (text, expected) in [
            ("SELECT * FORM mails WHERE a = 'secret' AND b", "SELECT * FORM ? WHERE ? = $1 …"),
            ("SELEC hushed FROM t", "? ? FROM ? …"),
            ("SELECT 'O'Brien secret'", "SELECT $1 …"),
            ("SELECT secret 'x", "SELECT secret …"),
            ("ALTER ROLE a PASSWORD secret", "ALTER ROLE a PASSWORD …"),
            ("COPY t FROM STDIN;\nhushed\thushed\n\\.", "COPY t FROM STDIN; ? ? \\. …"),
            ("SELECT $1 FROM FROM 7 hushed", "SELECT $1 FROM FROM $2 …"),
        ] {
            assert_eq!(kept(text), expected, "{text}");
        }
    }

    #[test]
    fn long_texts_are_cut() {
        let long = kept(&format!("SELECT {}1", "a, ".repeat(20_000)));
        assert!(long.len() <= TEXT_BYTES_MAX + CUT.len() && long.ends_with(CUT), "{} bytes", long.len());
        let values = kept(&format!("INSERT INTO t VALUES {}('x')", "('\u{e9}secret'), ".repeat(4_000)));
        assert!(values.ends_with(CUT) && !values.contains("secret"), "{values}");
    }
}
