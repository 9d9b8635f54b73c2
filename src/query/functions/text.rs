//! Functions on text and bytes where DataFusion's differ from PostgreSQL's: encodings, `format`, `split_part`, `chr`.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use datafusion::arrow::array::{ArrayRef, AsArray, BinaryBuilder, StringViewArray, StringViewBuilder};
use datafusion::arrow::datatypes::Int64Type;
use datafusion::logical_expr::Volatility;

pub(super) mod joined;
mod md5;
pub(super) mod normal;
pub(super) mod pieces;
mod quote;

use super::scalar::{Arguments, Definition, immutable};
use crate::error::{Error, Kind, Result};
use crate::value::{self, SqlType};

/// How many letters `encode(…, 'base64')` puts on a line.
const BASE64_LINE: usize = 76;

pub(super) static DEFINITIONS: [Definition; 10] = [
    immutable(
        "convert_to",
        |types| match types {
            [text, encoding] if text.is_text() && encoding.is_text() => Some(SqlType::Bytea),
            _ => None,
        },
        convert_to,
    ),
    immutable(
        "convert_from",
        |types| match types {
            [bytes, encoding] if bytes.is(&SqlType::Bytea) && encoding.is_text() => Some(SqlType::Text),
            _ => None,
        },
        convert_from,
    ),
    immutable(
        "encode",
        |types| match types {
            [bytes, format] if bytes.is(&SqlType::Bytea) && format.is_text() => Some(SqlType::Text),
            _ => None,
        },
        encode,
    ),
    immutable(
        "decode",
        |types| match types {
            [text, format] if text.is_text() && format.is_text() => Some(SqlType::Bytea),
            _ => None,
        },
        decode,
    ),
    immutable(
        "chr",
        |types| match types {
            [code] if code.is_integer() => Some(SqlType::Text),
            _ => None,
        },
        chr,
    ),
    immutable(
        "split_part",
        |types| match types {
            [text, delimiter, at] if text.is_text() && delimiter.is_text() && at.is_integer() => Some(SqlType::Text),
            _ => None,
        },
        split_part,
    ),
    Definition {
        name: "format",
        volatility: Volatility::Stable,
        result: |types| types.first().filter(|format| format.is_text()).map(|_| SqlType::Text),
        run: quote::format,
    },
    immutable("quote_ident", |types| matches!(types, [only] if only.is_text()).then_some(SqlType::Text), quote::quote_ident),
    Definition {
        name: "quote_literal",
        volatility: Volatility::Stable,
        result: |types| (types.len() == 1).then_some(SqlType::Text),
        run: quote::quote_literal,
    },
    Definition {
        name: "quote_nullable",
        volatility: Volatility::Stable,
        result: |types| (types.len() == 1).then_some(SqlType::Text),
        run: quote::quote_nullable,
    },
];

/// Refuses every encoding but the only one that the server has.
fn require_utf8(name: &str, side: &str) -> Result<()> {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    if ["utf8", "unicode"].iter().any(|known| plain.eq_ignore_ascii_case(known)) {
        return Ok(());
    }
    Err(Error::new(Kind::InvalidParameterValue, format!("invalid {side} encoding name \"{name}\""))
        .with_hint("Text is UTF8 here; no other encoding is converted to or from."))
}

/// Two columns of text, row by row, where neither is NULL.
fn each_pair(
    left: &StringViewArray,
    right: &StringViewArray,
    mut with: impl FnMut(Option<(&str, &str)>) -> Result<()>,
) -> Result<()> {
    left.iter().zip(right).try_for_each(|(left, right)| with(left.zip(right)))
}

fn convert_to(given: &Arguments) -> Result<ArrayRef> {
    let mut out = BinaryBuilder::with_capacity(given.rows, 0);
    each_pair(&given.texts(0)?, &given.texts(1)?, |pair| {
        match pair {
            Some((text, encoding)) => {
                require_utf8(encoding, "destination")?;
                out.append_value(text);
            }
            None => out.append_null(),
        }
        Ok(())
    })?;
    Ok(Arc::new(out.finish()))
}

fn convert_from(given: &Arguments) -> Result<ArrayRef> {
    let bytes = given.as_type(0, &SqlType::Bytea)?;
    let encodings = given.texts(1)?;
    let mut out = StringViewBuilder::with_capacity(given.rows);
    for (bytes, encoding) in bytes.as_binary::<i32>().iter().zip(&encodings) {
        let (Some(bytes), Some(encoding)) = (bytes, encoding) else {
            out.append_null();
            continue;
        };
        require_utf8(encoding, "source")?;
        out.append_value(value::checked_text(bytes)?);
    }
    Ok(Arc::new(out.finish()))
}

/// The formats of `encode` and `decode`.
enum Format {
    Base64,
    Hex,
    Escape,
}

impl Format {
    fn named(name: &str) -> Result<Format> {
        match name.to_ascii_lowercase().as_str() {
            "base64" => Ok(Format::Base64),
            "hex" => Ok(Format::Hex),
            "escape" => Ok(Format::Escape),
            _ => Err(Error::new(Kind::InvalidParameterValue, format!("unrecognized encoding: \"{name}\""))),
        }
    }
}

fn encode(given: &Arguments) -> Result<ArrayRef> {
    let bytes = given.as_type(0, &SqlType::Bytea)?;
    let formats = given.texts(1)?;
    let mut out = StringViewBuilder::with_capacity(given.rows);
    for (bytes, format) in bytes.as_binary::<i32>().iter().zip(&formats) {
        let (Some(bytes), Some(format)) = (bytes, format) else {
            out.append_null();
            continue;
        };
        out.append_value(encoded(bytes, &Format::named(format)?));
    }
    Ok(Arc::new(out.finish()))
}

fn encoded(bytes: &[u8], format: &Format) -> String {
    match format {
        Format::Base64 => {
            let letters = STANDARD.encode(bytes);
            let mut out = String::with_capacity(letters.len() + letters.len() / BASE64_LINE);
            for (at, letter) in letters.chars().enumerate() {
                if at > 0 && at % BASE64_LINE == 0 {
                    out.push('\n');
                }
                out.push(letter);
            }
            // PostgreSQL breaks a line as soon as it is full, also behind the last group of three whole bytes.
            if !bytes.is_empty() && bytes.len().is_multiple_of(BASE64_LINE / 4 * 3) {
                out.push('\n');
            }
            out
        }
        Format::Hex => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        Format::Escape => bytes
            .iter()
            .map(|byte| match byte {
                b'\\' => "\\\\".to_owned(),
                0 | 0x80.. => format!("\\{byte:03o}"),
                plain => char::from(*plain).to_string(),
            })
            .collect(),
    }
}

fn decode(given: &Arguments) -> Result<ArrayRef> {
    let mut out = BinaryBuilder::with_capacity(given.rows, 0);
    each_pair(&given.texts(0)?, &given.texts(1)?, |pair| {
        match pair {
            Some((text, format)) => out.append_value(decoded(text, &Format::named(format)?)?),
            None => out.append_null(),
        }
        Ok(())
    })?;
    Ok(Arc::new(out.finish()))
}

fn decoded(text: &str, format: &Format) -> Result<Vec<u8>> {
    match format {
        Format::Base64 => base64_decoded(text),
        Format::Hex => bytea(&format!("\\x{text}")),
        Format::Escape => bytea(text),
    }
}

/// The bytes that the text of a `bytea` means.
fn bytea(text: &str) -> Result<Vec<u8>> {
    let mut builder = value::ColumnBuilder::new(&SqlType::Bytea, 1);
    builder.append_text(text, &value::Style::default())?;
    Ok(builder.finish().as_binary::<i32>().value(0).to_vec())
}

/// Blanks and line breaks may stand anywhere, and nothing may follow the padding.
fn base64_decoded(text: &str) -> Result<Vec<u8>> {
    let plain: String = text.chars().filter(|letter| !matches!(letter, ' ' | '\t' | '\n' | '\r')).collect();
    if let Some(bad) = plain.chars().find(|letter| !letter.is_ascii_alphanumeric() && !matches!(letter, '+' | '/' | '=')) {
        return Err(Error::new(
            Kind::InvalidParameterValue,
            format!("invalid symbol \"{bad}\" found while decoding base64 sequence"),
        ));
    }
    let lenient = base64::engine::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        base64::engine::GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    lenient.decode(plain.as_bytes()).map_err(|_| {
        Error::new(Kind::InvalidParameterValue, "invalid base64 end sequence")
            .with_hint("Input data is missing padding, is truncated, or is otherwise corrupted.")
    })
}

fn chr(given: &Arguments) -> Result<ArrayRef> {
    let codes = given.as_type(0, &SqlType::Int8)?;
    let mut out = StringViewBuilder::with_capacity(given.rows);
    for code in codes.as_primitive::<Int64Type>() {
        let Some(code) = code else {
            out.append_null();
            continue;
        };
        let letter = match u32::try_from(code) {
            Ok(0) => return Err(Error::new(Kind::ProgramLimitExceeded, "null character not permitted")),
            Err(_) => return Err(Error::new(Kind::InvalidParameterValue, "character number must be positive")),
            Ok(code) => char::from_u32(code).ok_or_else(|| {
                Error::new(Kind::ProgramLimitExceeded, format!("requested character not valid for encoding: {code}"))
            })?,
        };
        out.append_value(letter.encode_utf8(&mut [0; 4]));
    }
    Ok(Arc::new(out.finish()))
}

fn split_part(given: &Arguments) -> Result<ArrayRef> {
    let texts = given.texts(0)?;
    let delimiters = given.texts(1)?;
    let places = given.as_type(2, &SqlType::Int8)?;
    let mut out = StringViewBuilder::with_capacity(given.rows);
    for ((text, delimiter), place) in texts.iter().zip(&delimiters).zip(places.as_primitive::<Int64Type>()) {
        match (text, delimiter, place) {
            (Some(text), Some(delimiter), Some(place)) => out.append_value(part(text, delimiter, place)?),
            _ => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

/// The part at a place counted from 1, or from the end where it is negative; nothing where there are fewer.
fn part<'a>(text: &'a str, delimiter: &str, place: i64) -> Result<&'a str> {
    if place == 0 {
        return Err(Error::new(Kind::InvalidParameterValue, "field position must not be zero"));
    }
    if delimiter.is_empty() {
        return Ok(if place == 1 || place == -1 { text } else { "" });
    }
    let at = usize::try_from(place.unsigned_abs() - 1).unwrap_or(usize::MAX);
    let found = if place > 0 { text.split(delimiter).nth(at) } else { text.rsplit(delimiter).nth(at) };
    Ok(found.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_padded_and_broken_into_lines() {
        assert_eq!(encoded(b"a", &Format::Base64), "YQ==");
        let long = encoded(&[0; 60], &Format::Base64);
        assert_eq!(long.lines().map(str::len).collect::<Vec<_>>(), [76, 4]);
        assert_eq!(base64_decoded(&long).unwrap(), [0; 60]);
        assert_eq!(base64_decoded("YQ").unwrap_err().sqlstate(), "22023");
        assert_eq!(base64_decoded("Y*==").unwrap_err().sqlstate(), "22023");
    }

    #[test]
    fn parts_are_counted_from_either_end() {
        assert_eq!(part("a|b|c", "|", 2).unwrap(), "b");
        assert_eq!(part("a|b|c", "|", -1).unwrap(), "c");
        assert_eq!(part("a|b|c", "|", 9).unwrap(), "");
        assert_eq!(part("a|b|c", "", 1).unwrap(), "a|b|c");
        assert_eq!(part("a", "|", 0).unwrap_err().sqlstate(), "22023");
    }
}
