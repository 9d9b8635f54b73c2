//! Splits a date, time or interval into the tokens that PostgreSQL sees in it (PostgreSQL 15, appendix B.1).

use crate::value::time::fault::Fault;
use crate::value::time::keyword::{Keyword, keyword};

/// The most tokens that a date, time or interval may have.
const TOKENS_MAX: usize = 25;
/// The longest text that is looked at, in bytes; no valid one comes near.
const TEXT_BYTES_MAX: usize = 1_024;

/// What a token looks like, before anybody knows what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Digits, perhaps with a decimal point.
    Number,
    /// Letters.
    Word,
    /// Fields joined by `-`, `/` or `.`, or the name of a time zone.
    Date,
    /// Digits joined by `:`.
    Time,
    /// A sign and digits.
    Signed,
    /// A sign and letters.
    Special,
}

/// A token, its letters in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) shape: Shape,
    pub(crate) text: String,
}

/// The bytes still to be read.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn is(&self, class: impl Fn(u8) -> bool) -> bool {
        self.peek().is_some_and(class)
    }

    /// Moves one byte into the token.
    fn take(&mut self, text: &mut String) {
        if let Some(byte) = self.peek() {
            text.push(char::from(byte.to_ascii_lowercase()));
            self.at += 1;
        }
    }

    fn take_while(&mut self, text: &mut String, class: impl Fn(u8) -> bool) {
        while self.is(&class) {
            self.take(text);
        }
    }
}

fn digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

fn letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic()
}

/// White space as C's `isspace` sees it.
pub(crate) fn space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

/// Splits a text into tokens. Punctuation that starts no token separates tokens and is dropped.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(Fault::Format);
    }
    let mut cursor = Cursor { bytes: text.as_bytes(), at: 0 };
    let mut found = Vec::new();
    while let Some(byte) = cursor.peek() {
        if space(byte) {
            cursor.at += 1;
            continue;
        }
        let mut text = String::new();
        let shape = if digit(byte) {
            number_or_date(&mut cursor, &mut text)
        } else if byte == b'.' {
            cursor.take(&mut text);
            cursor.take_while(&mut text, digit);
            Shape::Number
        } else if letter(byte) {
            word_or_date(&mut cursor, &mut text)
        } else if matches!(byte, b'+' | b'-') {
            signed(&mut cursor, &mut text)?
        } else if byte.is_ascii_punctuation() {
            cursor.at += 1;
            continue;
        } else {
            return Err(Fault::Format);
        };
        if found.len() == TOKENS_MAX {
            return Err(Fault::Format);
        }
        found.push(Token { shape, text });
    }
    Ok(found)
}

/// A token that starts with a digit.
fn number_or_date(cursor: &mut Cursor<'_>, text: &mut String) -> Shape {
    cursor.take_while(text, digit);
    match cursor.peek() {
        Some(b':') => {
            cursor.take_while(text, |byte| digit(byte) || matches!(byte, b':' | b'.'));
            Shape::Time
        }
        Some(delimiter @ (b'-' | b'/' | b'.')) => {
            cursor.take(text);
            if !cursor.is(digit) {
                // The month is a word, as in 5-Jan-2024.
                cursor.take_while(text, |byte| byte.is_ascii_alphanumeric() || byte == delimiter);
                return Shape::Date;
            }
            cursor.take_while(text, digit);
            if cursor.peek() == Some(delimiter) {
                cursor.take_while(text, |byte| digit(byte) || byte == delimiter);
                return Shape::Date;
            }
            if delimiter == b'.' { Shape::Number } else { Shape::Date }
        }
        _ => Shape::Number,
    }
}

/// A token that starts with a letter: a word, a date that starts with a month, or the name of a time zone.
fn word_or_date(cursor: &mut Cursor<'_>, text: &mut String) -> Shape {
    cursor.take_while(text, letter);
    let joined = match cursor.peek() {
        Some(b'-' | b'/' | b'.') => true,
        Some(byte) if byte == b'+' || digit(byte) => keyword(text) == Keyword::Unknown,
        _ => false,
    };
    if !joined {
        return Shape::Word;
    }
    cursor.take_while(text, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'/' | b'_' | b'.' | b':'));
    Shape::Date
}

/// A token that starts with a sign; blanks between the sign and what follows are dropped.
fn signed(cursor: &mut Cursor<'_>, text: &mut String) -> Result<Shape, Fault> {
    cursor.take(text);
    while cursor.is(space) {
        cursor.at += 1;
    }
    if cursor.is(digit) {
        cursor.take_while(text, |byte| digit(byte) || matches!(byte, b':' | b'.' | b'-'));
        Ok(Shape::Signed)
    } else if cursor.is(letter) {
        cursor.take_while(text, letter);
        Ok(Shape::Special)
    } else {
        Err(Fault::Format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes(text: &str) -> Vec<(Shape, String)> {
        tokens(text).unwrap().into_iter().map(|token| (token.shape, token.text)).collect()
    }

    #[test]
    fn tokens_of_common_forms() {
        assert_eq!(
            shapes("Jan 5, 2024 10:00 PM"),
            [
                (Shape::Word, "jan".into()),
                (Shape::Number, "5".into()),
                (Shape::Number, "2024".into()),
                (Shape::Time, "10:00".into()),
                (Shape::Word, "pm".into())
            ]
        );
        assert_eq!(
            shapes("2024-01-05T10:00:00.5+02:30"),
            [
                (Shape::Date, "2024-01-05".into()),
                (Shape::Word, "t".into()),
                (Shape::Time, "10:00:00.5".into()),
                (Shape::Signed, "+02:30".into())
            ]
        );
        assert_eq!(shapes("America/New_York"), [(Shape::Date, "america/new_york".into())]);
    }

    #[test]
    fn a_dangling_sign_and_endless_input_are_refused() {
        assert_eq!(tokens("1 -").unwrap_err(), Fault::Format);
        assert_eq!(tokens(&"1 ".repeat(26)).unwrap_err(), Fault::Format);
        assert_eq!(tokens(&"1".repeat(2_000)).unwrap_err(), Fault::Format);
    }
}
