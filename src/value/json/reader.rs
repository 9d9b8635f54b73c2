//! Reads JSON text as a sequence of events, without recursion and without building a tree.

use crate::error::{Error, Kind, Result};
use crate::value::json::DEPTH_MAX;
use crate::value::json::lexer::{Lexer, Token};

/// How strictly the escapes of strings are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// As `json` does: their shape only.
    Json,
    /// As `jsonb` does: they must stand for a text.
    Jsonb,
}

/// One step of a document. Texts are as written; a string's includes its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event<'a> {
    ObjectStart,
    ObjectEnd,
    ArrayStart,
    ArrayEnd,
    Key { text: &'a str, escaped: bool },
    String { text: &'a str, escaped: bool },
    Number(&'a str),
    Bool(bool),
    Null,
    End,
}

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A value.
    Value,
    /// A value or the end of an array that has just begun.
    FirstElement,
    /// A key or the end of an object that has just begun.
    FirstKey,
    /// A comma or the end of what is open, or the end of the text.
    AfterValue,
}

/// The state of reading one document.
pub(crate) struct Reader<'a> {
    lexer: Lexer<'a>,
    open: Nesting,
    state: State,
    key_start: usize,
}

/// What is open, true for an object. The outer levels, which are nearly always all, take no memory of their own.
#[derive(Default)]
struct Nesting {
    depth: usize,
    /// The first levels, a bit each.
    outer: u64,
    /// Those beyond.
    inner: Vec<bool>,
}

impl Nesting {
    const OUTER: usize = u64::BITS as usize;

    fn push(&mut self, object: bool) {
        if self.depth < Self::OUTER {
            self.outer = (self.outer & !(1 << self.depth)) | u64::from(object) << self.depth;
        } else {
            self.inner.push(object);
        }
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.depth >= Self::OUTER {
            self.inner.pop();
        }
    }

    fn last(&self) -> Option<bool> {
        let last = self.depth.checked_sub(1)?;
        if last < Self::OUTER { Some(self.outer >> last & 1 == 1) } else { self.inner.last().copied() }
    }
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str, strictness: Strictness) -> Self {
        Reader { lexer: Lexer::new(text, strictness), open: Nesting::default(), state: State::Value, key_start: 0 }
    }

    /// Where in the text the last event's token starts and ends.
    pub(crate) fn span(&self) -> (usize, usize) {
        (self.lexer.start, self.lexer.end)
    }

    /// How many arrays and objects are open.
    pub(crate) fn depth(&self) -> usize {
        self.open.depth
    }

    /// Where in the text the last key starts, with its quotes; its token is followed by the colon's.
    pub(crate) fn key_start(&self) -> usize {
        self.key_start
    }

    /// Reads one step.
    ///
    /// # Errors
    /// 22P02 at a fault, 22P05 for `\u0000` where strings must be texts, 54001 beyond the greatest depth.
    pub(crate) fn next_event(&mut self) -> Result<Event<'a>> {
        let token = self.lexer.advance()?;
        match self.state {
            State::Value => self.value(token, "Expected JSON value"),
            State::FirstElement if token == Token::ArrayEnd => Ok(self.close(Event::ArrayEnd)),
            State::FirstElement => self.value(token, "Expected JSON value"),
            State::FirstKey if token == Token::ObjectEnd => Ok(self.close(Event::ObjectEnd)),
            State::FirstKey => self.key(token, "Expected string or \"}\""),
            State::AfterValue => match (self.open.last(), token) {
                (None, Token::End) => Ok(Event::End),
                (None, other) => Err(self.lexer.unexpected(other, "Expected end of input")),
                (Some(true), Token::ObjectEnd) => Ok(self.close(Event::ObjectEnd)),
                (Some(true), Token::Comma) => {
                    let next = self.lexer.advance()?;
                    self.key(next, "Expected string")
                }
                (Some(true), other) => Err(self.lexer.unexpected(other, "Expected \",\" or \"}\"")),
                (Some(false), Token::ArrayEnd) => Ok(self.close(Event::ArrayEnd)),
                (Some(false), Token::Comma) => {
                    let next = self.lexer.advance()?;
                    self.value(next, "Expected JSON value")
                }
                (Some(false), other) => Err(self.lexer.unexpected(other, "Expected \",\" or \"]\"")),
            },
        }
    }

    fn value(&mut self, token: Token, expected: &str) -> Result<Event<'a>> {
        let event = match token {
            Token::ObjectStart => {
                self.open(true)?;
                return Ok(Event::ObjectStart);
            }
            Token::ArrayStart => {
                self.open(false)?;
                return Ok(Event::ArrayStart);
            }
            Token::String { escaped } => Event::String { text: self.lexer.token_text(), escaped },
            Token::Number => Event::Number(self.lexer.token_text()),
            Token::True => Event::Bool(true),
            Token::False => Event::Bool(false),
            Token::Null => Event::Null,
            Token::ObjectEnd | Token::ArrayEnd | Token::Comma | Token::Colon | Token::End => {
                return Err(self.lexer.unexpected(token, expected));
            }
        };
        self.state = State::AfterValue;
        Ok(event)
    }

    fn key(&mut self, token: Token, expected: &str) -> Result<Event<'a>> {
        let Token::String { escaped } = token else { return Err(self.lexer.unexpected(token, expected)) };
        let text = self.lexer.token_text();
        self.key_start = self.lexer.start;
        let colon = self.lexer.advance()?;
        if colon != Token::Colon {
            return Err(self.lexer.unexpected(colon, "Expected \":\""));
        }
        self.state = State::Value;
        Ok(Event::Key { text, escaped })
    }

    fn open(&mut self, object: bool) -> Result<()> {
        if self.open.depth == DEPTH_MAX {
            return Err(Error::new(Kind::StatementTooComplex, "stack depth limit exceeded")
                .with_detail(format!("A JSON document may nest {DEPTH_MAX} arrays and objects.")));
        }
        self.open.push(object);
        self.state = if object { State::FirstKey } else { State::FirstElement };
        Ok(())
    }

    fn close(&mut self, event: Event<'a>) -> Event<'a> {
        self.open.pop();
        self.state = State::AfterValue;
        event
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_known_at_every_depth() {
        let is_object = |depth: usize| depth.is_multiple_of(3) || depth == 64;
        let mut open = Nesting::default();
        for depth in 0..150 {
            assert_eq!(open.depth, depth);
            open.push(is_object(depth));
            assert_eq!(open.last(), Some(is_object(depth)));
        }
        for depth in (0..150).rev() {
            assert_eq!((open.depth, open.last()), (depth + 1, Some(is_object(depth))));
            open.pop();
        }
        assert_eq!((open.depth, open.last()), (0, None));
        // What was there before is not what is there now.
        open.push(false);
        assert_eq!(open.last(), Some(false));
    }
}
