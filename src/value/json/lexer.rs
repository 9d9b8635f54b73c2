//! Cuts JSON text (RFC 8259) into tokens, and words its errors as PostgreSQL 15 does.

use crate::error::{Error, Kind, Result};
use crate::value::json::reader::Strictness;
use crate::value::scan::find_json_special;

/// How many bytes of the line before a fault are shown.
const EXCERPT_BYTES: usize = 50;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    ObjectStart,
    ObjectEnd,
    ArrayStart,
    ArrayEnd,
    Comma,
    Colon,
    /// A string, and whether it holds an escape.
    String {
        escaped: bool,
    },
    Number,
    True,
    False,
    Null,
    End,
}

/// Where in the text the reading is.
pub(crate) struct Lexer<'a> {
    text: &'a str,
    strictness: Strictness,
    /// The bytes of the current token.
    pub(crate) start: usize,
    pub(crate) end: usize,
    line: usize,
    line_start: usize,
}

/// A byte that belongs to a word, so that `trueish` is one bad token.
fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str, strictness: Strictness) -> Self {
        Lexer { text, strictness, start: 0, end: 0, line: 1, line_start: 0 }
    }

    /// The text of the current token.
    pub(crate) fn token_text(&self) -> &'a str {
        self.text.get(self.start..self.end).unwrap_or_default()
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Moves to the next token.
    pub(crate) fn advance(&mut self) -> Result<Token> {
        let mut at = self.end;
        while let Some(byte) = self.byte(at) {
            match byte {
                b' ' | b'\t' | b'\r' => {}
                b'\n' => {
                    self.line += 1;
                    self.line_start = at + 1;
                }
                _ => break,
            }
            at += 1;
        }
        self.start = at;
        self.end = at + 1;
        let Some(byte) = self.byte(at) else {
            self.end = at;
            return Ok(Token::End);
        };
        match byte {
            b'{' => Ok(Token::ObjectStart),
            b'}' => Ok(Token::ObjectEnd),
            b'[' => Ok(Token::ArrayStart),
            b']' => Ok(Token::ArrayEnd),
            b',' => Ok(Token::Comma),
            b':' => Ok(Token::Colon),
            b'"' => self.string(),
            b'-' | b'0'..=b'9' => self.number(),
            _ => self.keyword(),
        }
    }

    fn keyword(&mut self) -> Result<Token> {
        let mut at = self.start;
        while self.byte(at).is_some_and(word) {
            at += 1;
        }
        self.end = at.max(self.start + 1);
        match self.token_text() {
            "true" => Ok(Token::True),
            "false" => Ok(Token::False),
            "null" => Ok(Token::Null),
            _ => Err(self.invalid_token()),
        }
    }

    fn digits(&self, mut at: usize) -> usize {
        while self.byte(at).is_some_and(|byte| byte.is_ascii_digit()) {
            at += 1;
        }
        at
    }

    fn number(&mut self) -> Result<Token> {
        let mut at = self.start + usize::from(self.byte(self.start) == Some(b'-'));
        let mut valid = true;
        match self.byte(at) {
            Some(b'0') => at += 1,
            Some(b'1'..=b'9') => at = self.digits(at),
            _ => valid = false,
        }
        if self.byte(at) == Some(b'.') {
            let end = self.digits(at + 1);
            valid &= end > at + 1;
            at = end;
        }
        if valid && matches!(self.byte(at), Some(b'e' | b'E')) {
            at += 1;
            if matches!(self.byte(at), Some(b'+' | b'-')) {
                at += 1;
            }
            let end = self.digits(at);
            valid &= end > at;
            at = end;
        }
        while self.byte(at).is_some_and(word) {
            valid = false;
            at += 1;
        }
        self.end = at;
        if valid { Ok(Token::Number) } else { Err(self.invalid_token()) }
    }

    fn string(&mut self) -> Result<Token> {
        let bytes = self.text.as_bytes();
        let mut at = self.start + 1;
        let mut escaped = false;
        // Set while a high surrogate waits for its low one.
        let mut high = false;
        loop {
            // Plain bytes are by far the most, so they have a loop of their own.
            let plain = find_json_special(bytes.get(at..).unwrap_or_default());
            if high && plain != Some(0) {
                return Err(self.lone_low_surrogate(at + self.width(at)));
            }
            let Some(plain) = plain else {
                self.end = bytes.len();
                return Err(self.invalid_token());
            };
            at += plain;
            match bytes.get(at) {
                Some(b'"') => {
                    self.end = at + 1;
                    if high {
                        return Err(self.lone_low_surrogate(at + 1));
                    }
                    return Ok(Token::String { escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    at = self.escape(at + 1, &mut high)?;
                }
                Some(control) => {
                    self.end = at;
                    return Err(self.fault(format!("Character with value 0x{control:02x} must be escaped.")));
                }
                None => {
                    self.end = bytes.len();
                    return Err(self.invalid_token());
                }
            }
        }
    }

    /// Checks an escape whose backslash stands before `at`, and answers where it ends.
    fn escape(&mut self, at: usize, high: &mut bool) -> Result<usize> {
        match self.byte(at) {
            None => {
                self.end = at;
                Err(self.invalid_token())
            }
            Some(b'u') => {
                let after = self.text.as_bytes().get(at + 1..).unwrap_or_default();
                let digits = after.get(..4).unwrap_or(after);
                let hex = digits.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
                if hex < 4 {
                    let after = at + 1 + hex;
                    if self.byte(after).is_none() {
                        self.end = after;
                        return Err(self.invalid_token());
                    }
                    self.end = after + self.width(after);
                    return Err(self.fault("\"\\u\" must be followed by four hexadecimal digits."));
                }
                let code = digits.iter().fold(0_u32, |code, digit| code * 16 + char::from(*digit).to_digit(16).unwrap_or(0));
                if self.strictness == Strictness::Jsonb {
                    self.code_unit(code, at + 5, high)?;
                }
                Ok(at + 5)
            }
            Some(_) if *high => Err(self.lone_low_surrogate(at + self.width(at))),
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 1),
            Some(_) => {
                self.end = at + self.width(at);
                let letter = self.text.get(at..self.end).unwrap_or_default();
                Err(self.fault(format!("Escape sequence \"\\{letter}\" is invalid.")))
            }
        }
    }

    /// How many bytes the character at an index has.
    fn width(&self, at: usize) -> usize {
        self.text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
    }

    /// Checks one UTF-16 code unit of an escape that ends at `end`.
    fn code_unit(&mut self, code: u32, end: usize, high: &mut bool) -> Result<()> {
        match code {
            0 => {
                self.end = end;
                Err(self.error(
                    Error::new(Kind::UntranslatableCharacter, "unsupported Unicode escape sequence"),
                    "\\u0000 cannot be converted to text.".to_owned(),
                ))
            }
            0xd800..=0xdbff if *high => {
                self.end = end;
                Err(self.fault("Unicode high surrogate must not follow a high surrogate."))
            }
            0xd800..=0xdbff => {
                *high = true;
                Ok(())
            }
            0xdc00..=0xdfff if *high => {
                *high = false;
                Ok(())
            }
            0xdc00..=0xdfff => Err(self.lone_low_surrogate(end)),
            _ if *high => Err(self.lone_low_surrogate(end)),
            _ => Ok(()),
        }
    }

    fn lone_low_surrogate(&mut self, end: usize) -> Error {
        self.end = end;
        self.fault("Unicode low surrogate must follow a high surrogate.")
    }

    fn invalid_token(&self) -> Error {
        self.fault(format!("Token \"{}\" is invalid.", self.token_text()))
    }

    /// A token that is not what the grammar wants here; `expected` is for example `Expected JSON value`.
    pub(crate) fn unexpected(&self, token: Token, expected: &str) -> Error {
        match token {
            Token::End => self.fault("The input string ended unexpectedly."),
            _ => self.fault(format!("{expected}, but found \"{}\".", self.token_text())),
        }
    }

    fn fault(&self, detail: impl Into<String>) -> Error {
        self.error(Error::new(Kind::InvalidTextRepresentation, "invalid input syntax for type json"), detail.into())
    }

    /// Adds the detail and the line up to the fault.
    fn error(&self, error: Error, detail: String) -> Error {
        let end = self.end.min(self.text.len());
        let mut start = self.line_start;
        while end - start >= EXCERPT_BYTES {
            start += self.width(start);
        }
        if start - self.line_start <= 3 {
            start = self.line_start;
        }
        let before = if start > self.line_start { "..." } else { "" };
        let shown = self.text.get(start..end).unwrap_or_default();
        let after = match self.byte(end) {
            None | Some(b'\n' | b'\r') => "",
            Some(_) => "...",
        };
        error.with_detail(detail).with_context(format!("JSON data, line {}: {before}{shown}{after}", self.line))
    }
}
