//! Cuts a path's text into tokens, as PostgreSQL's `jsonpath_scan.l` does.

use crate::error::{Error, Kind, Result};

/// A token, with the text it stands for where it has one.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A word that is no keyword, or a keyword, as it was written.
    Word(String),
    /// Text in double quotes.
    Quoted(String),
    Variable(String),
    /// A whole number without a sign.
    Integer(String),
    /// A number with a fraction or an exponent.
    Number(String),
    Symbol(&'static str),
    End,
}

/// The symbols, longer ones first.
const SYMBOLS: [&str; 29] = [
    "**", "&&", "||", "==", "!=", "<>", "<=", ">=", "?", "%", "$", ".", "[", "]", "{", "}", "(", ")", "!", "<", ">", "@", ",", "*",
    "-", "+", "/", "=", ":",
];

pub(super) struct Lexer<'a> {
    text: &'a str,
    /// Where the token that was read last begins and ends.
    start: usize,
    at: usize,
}

/// Whether a character ends a word.
fn special(letter: char) -> bool {
    matches!(
        letter,
        '?' | '%'
            | '$'
            | '.'
            | '['
            | ']'
            | '{'
            | '}'
            | '('
            | ')'
            | '|'
            | '&'
            | '!'
            | '='
            | '<'
            | '>'
            | '@'
            | '#'
            | ','
            | '*'
            | ':'
            | '-'
            | '+'
            | '/'
            | '"'
            | ' '
            | '\t'
            | '\n'
            | '\r'
            | '\u{c}'
    )
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Lexer { text, start: 0, at: 0 }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// An error at the token that was read last.
    pub(super) fn fault(&self, what: &str) -> Error {
        let near = self.text.get(self.start..self.at).unwrap_or_default();
        let message = if near.is_empty() {
            format!("{what} at end of jsonpath input")
        } else {
            format!("{what} at or near \"{near}\" of jsonpath input")
        };
        Error::new(Kind::SyntaxError, message)
    }

    fn skip_blanks(&mut self) -> Result<()> {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
            self.at += rest.len() - trimmed.len();
            let Some(comment) = trimmed.strip_prefix("/*") else { return Ok(()) };
            match comment.find("*/") {
                Some(end) => self.at += end + 4,
                None => {
                    self.start = self.text.len();
                    self.at = self.text.len();
                    return Err(self.fault("unexpected end of comment"));
                }
            }
        }
    }

    /// Reads a token.
    pub(super) fn next_token(&mut self) -> Result<Token> {
        self.skip_blanks()?;
        self.start = self.at;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(Token::End) };
        let fraction = rest.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if first.is_ascii_digit() || fraction {
            return self.number();
        }
        if first == '"' {
            self.at += 1;
            return Ok(Token::Quoted(self.quoted()?));
        }
        if let Some(name) = rest.strip_prefix('$') {
            if name.starts_with('"') {
                self.at += 2;
                return Ok(Token::Variable(self.quoted()?));
            }
            if name.starts_with(|c: char| !special(c)) {
                self.at += 1;
                return Ok(Token::Variable(self.word()?));
            }
        }
        if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            self.at += symbol.len();
            // Inequality has two spellings.
            return Ok(Token::Symbol(if *symbol == "<>" { "!=" } else { symbol }));
        }
        if special(first) {
            self.at += first.len_utf8();
            return Err(self.fault("syntax error"));
        }
        Ok(Token::Word(self.word()?))
    }

    fn digits(&mut self) -> usize {
        let count = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.at += count;
        count
    }

    fn number(&mut self) -> Result<Token> {
        let whole = self.digits();
        let mut plain = true;
        let leading_zero = self.text.get(self.start..self.at).is_some_and(|digits| digits.len() > 1 && digits.starts_with('0'));
        if self.rest().starts_with('.') {
            self.at += 1;
            let part = self.digits();
            plain = false;
            if whole == 0 && part == 0 {
                return Err(self.fault("syntax error"));
            }
        }
        if let Some(exponent) = self.rest().strip_prefix(['e', 'E']) {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if !digits.starts_with(|c: char| c.is_ascii_digit()) {
                self.at += 1 + exponent.len() - digits.len();
                return Err(self.fault("trailing junk after numeric literal"));
            }
            self.at += 1 + exponent.len() - digits.len();
            self.digits();
            plain = false;
        }
        let written = self.text.get(self.start..self.at).unwrap_or_default().to_owned();
        if leading_zero {
            self.at = self.start + 2;
            return Err(self.fault("trailing junk after numeric literal"));
        }
        if self.rest().starts_with(|c: char| !special(c)) {
            self.at += self.rest().chars().next().map_or(0, char::len_utf8);
            return Err(self.fault("trailing junk after numeric literal"));
        }
        Ok(if plain { Token::Integer(written) } else { Token::Number(written) })
    }

    /// A word up to the next special character.
    fn word(&mut self) -> Result<String> {
        let mut word = String::new();
        while let Some(letter) = self.rest().chars().next() {
            if special(letter) {
                break;
            }
            self.at += letter.len_utf8();
            if letter == '\\' {
                self.escape(&mut word)?;
            } else {
                word.push(letter);
            }
        }
        Ok(word)
    }

    /// The inside of a quoted text whose first quote has been read.
    fn quoted(&mut self) -> Result<String> {
        let mut text = String::new();
        loop {
            let Some(letter) = self.rest().chars().next() else {
                self.start = self.text.len();
                return Err(self.fault("unterminated quoted string"));
            };
            self.at += letter.len_utf8();
            match letter {
                '"' => return Ok(text),
                '\\' => self.escape(&mut text)?,
                other => text.push(other),
            }
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self, out: &mut String) -> Result<()> {
        let Some(letter) = self.rest().chars().next() else {
            return Err(self.fault("unexpected end after backslash"));
        };
        self.at += letter.len_utf8();
        match letter {
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'v' => out.push('\u{b}'),
            'x' => {
                let code = self.hexadecimal(2).ok_or_else(|| self.fault("invalid hex character sequence"))?;
                self.push_code(code, out)?;
            }
            'u' => {
                let unit = self.unicode()?;
                self.push_unit(unit, out)?;
            }
            other => out.push(other),
        }
        Ok(())
    }

    fn push_unit(&mut self, unit: u32, out: &mut String) -> Result<()> {
        let lone = || {
            Error::new(Kind::InvalidTextRepresentation, "invalid input syntax for type jsonpath")
                .with_detail("Unicode low surrogate must follow a high surrogate.")
        };
        match unit {
            0xd800..=0xdbff => {
                let Some(after) = self.rest().strip_prefix("\\u") else { return Err(lone()) };
                self.at = self.text.len() - after.len();
                let low = self.unicode()?;
                if !(0xdc00..0xe000).contains(&low) {
                    return Err(lone());
                }
                self.push_code(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00), out)
            }
            0xdc00..=0xdfff => Err(lone()),
            code => self.push_code(code, out),
        }
    }

    fn push_code(&self, code: u32, out: &mut String) -> Result<()> {
        match char::from_u32(code) {
            Some('\0') => Err(Error::new(Kind::UntranslatableCharacter, "unsupported Unicode escape sequence")
                .with_detail("\\u0000 cannot be converted to text.")),
            Some(letter) => {
                out.push(letter);
                Ok(())
            }
            None => Err(self.fault("invalid Unicode escape sequence")),
        }
    }

    /// The digits of `\uXXXX` or `\u{X…}`.
    fn unicode(&mut self) -> Result<u32> {
        if self.rest().starts_with('{') {
            let inside = self.rest().get(1..).unwrap_or_default();
            let length = inside.bytes().take_while(u8::is_ascii_hexdigit).count();
            let code = inside.get(..length).and_then(|digits| u32::from_str_radix(digits, 16).ok());
            if (1..=6).contains(&length) && inside.get(length..).is_some_and(|rest| rest.starts_with('}')) {
                self.at += length + 2;
                return code.ok_or_else(|| self.fault("invalid Unicode escape sequence"));
            }
            return Err(self.fault("invalid Unicode escape sequence"));
        }
        self.hexadecimal(4).ok_or_else(|| self.fault("invalid Unicode escape sequence"))
    }

    fn hexadecimal(&mut self, count: usize) -> Option<u32> {
        let digits = self.rest().get(..count).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        self.at += count;
        u32::from_str_radix(digits, 16).ok()
    }
}
