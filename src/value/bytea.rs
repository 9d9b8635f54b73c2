//! `bytea`: read from hex and escape form, and written as either (PostgreSQL 15, section 8.4).

use crate::error::{Error, Kind, Result};
use crate::value::scalar::{hex_digit, hex_digits};
use crate::value::style::ByteaOutput;
use crate::value::time::token::space;

/// Reads a `bytea` onto the end of `out`.
///
/// # Errors
/// 22023 for bad hex digits, 22P02 for a bad escape.
pub(crate) fn bytea(text: &str, out: &mut Vec<u8>) -> Result<()> {
    match text.strip_prefix("\\x") {
        Some(digits) => hex(digits, out),
        None => escape(text.as_bytes(), out),
    }
}

/// Digits in pairs; white space may stand between pairs.
fn hex(text: &str, out: &mut Vec<u8>) -> Result<()> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if space(*byte) {
            at += 1;
            continue;
        }
        let digit = |at: usize| match bytes.get(at) {
            None => Err(Error::new(Kind::InvalidParameterValue, "invalid hexadecimal data: odd number of digits")),
            Some(byte) => hex_digit(*byte).ok_or_else(|| {
                let letter = text.get(at..).and_then(|rest| rest.chars().next()).unwrap_or(char::REPLACEMENT_CHARACTER);
                Error::new(Kind::InvalidParameterValue, format!("invalid hexadecimal digit: \"{letter}\""))
            }),
        };
        out.push((digit(at)? << 4) | digit(at + 1)?);
        at += 2;
    }
    Ok(())
}

/// Bytes as they are; `\\` is a backslash, `\ooo` a byte.
fn escape(mut text: &[u8], out: &mut Vec<u8>) -> Result<()> {
    while let [first, rest @ ..] = text {
        if *first != b'\\' {
            out.push(*first);
            text = rest;
            continue;
        }
        text = match rest {
            [b'\\', rest @ ..] => {
                out.push(b'\\');
                rest
            }
            [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', rest @ ..] => {
                out.push(((a - b'0') << 6) | ((b - b'0') << 3) | (c - b'0'));
                rest
            }
            _ => return Err(Error::new(Kind::InvalidTextRepresentation, "invalid input syntax for type bytea")),
        };
    }
    Ok(())
}

/// Writes a `bytea`.
pub(crate) fn write_bytea(bytes: &[u8], form: ByteaOutput, out: &mut Vec<u8>) {
    match form {
        ByteaOutput::Hex => {
            out.reserve(2 + 2 * bytes.len());
            out.extend_from_slice(b"\\x");
            for byte in bytes {
                out.extend_from_slice(&hex_digits(*byte));
            }
        }
        ByteaOutput::Escape => {
            for byte in bytes {
                match byte {
                    b'\\' => out.extend_from_slice(b"\\\\"),
                    0x20..=0x7e => out.push(*byte),
                    _ => out.extend_from_slice(&[b'\\', b'0' + (byte >> 6), b'0' + ((byte >> 3) & 7), b'0' + (byte & 7)]),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        bytea(text, &mut out).map(|()| out)
    }

    #[test]
    fn both_forms_are_read() {
        assert_eq!(read("\\xDEAD beef").unwrap(), [0xde, 0xad, 0xbe, 0xef]);
        assert_eq!(read("\\x").unwrap(), [0_u8; 0]);
        assert_eq!(read("ab\\\\c\\000\\377é").unwrap(), b"ab\\c\x00\xff\xc3\xa9");
    }

    #[test]
    fn errors_are_worded_as_in_postgresql() {
        for (text, state, message) in [
            ("\\xabc", "22023", "invalid hexadecimal data: odd number of digits"),
            ("\\xzz", "22023", "invalid hexadecimal digit: \"z\""),
            ("\\xa b", "22023", "invalid hexadecimal digit: \" \""),
            ("\\400", "22P02", "invalid input syntax for type bytea"),
            ("a\\", "22P02", "invalid input syntax for type bytea"),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!((error.sqlstate(), error.message()), (state, message), "{text}");
        }
    }

    #[test]
    fn both_forms_are_written() {
        let mut out = Vec::new();
        write_bytea(b"a\\\x00\xff", ByteaOutput::Hex, &mut out);
        write_bytea(b"a\\\x00\xff", ByteaOutput::Escape, &mut out);
        assert_eq!(out, b"\\x615c00ffa\\\\\\000\\377");
    }
}
