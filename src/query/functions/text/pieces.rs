//! Parts of strings and strings of parts: `substr`, `left`, `lpad`, `trim`, `overlay`, `position`, `translate` and their like, for text
//! and where PostgreSQL has them for `bytea`.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BinaryBuilder};

use crate::error::{Error, Kind, Result};
use crate::query::functions::scalar::{
    Argument, Arguments, Definition, TEXT_BYTES_MAX, bools_of, immutable, int, ints_of, takes, takes_some, text, text_lists_of,
    texts_of, too_long,
};
use crate::query::functions::words;
use crate::value::SqlType;
use crate::value::words::folded;

const T: SqlType = SqlType::Text;
const N: SqlType = SqlType::Int4;
const B: SqlType = SqlType::Bytea;

pub(in crate::query::functions) static DEFINITIONS: [Definition; 38] = [
    immutable("substr", substr_result, substr),
    immutable("substring", substring_result, substring),
    immutable("left", |types| takes(types, &[T, N]).then_some(T), |given| side(given, true)),
    immutable("right", |types| takes(types, &[T, N]).then_some(T), |given| side(given, false)),
    immutable("lpad", |types| takes_some(types, &[T, N, T], 2).then_some(T), |given| padded(given, true)),
    immutable("rpad", |types| takes_some(types, &[T, N, T], 2).then_some(T), |given| padded(given, false)),
    immutable("btrim", trim_result, |given| trimmed(given, true, true)),
    immutable("ltrim", trim_result, |given| trimmed(given, true, false)),
    immutable("rtrim", trim_result, |given| trimmed(given, false, true)),
    immutable("overlay", overlay_result, overlay),
    immutable("position", position_result, |given| position(given, 0, 1)),
    immutable("strpos", |types| takes(types, &[T, T]).then_some(N), |given| position(given, 0, 1)),
    immutable("repeat", |types| takes(types, &[T, N]).then_some(T), repeat),
    immutable("replace", |types| takes(types, &[T, T, T]).then_some(T), replace),
    immutable("reverse", |types| takes(types, &[T]).then_some(T), |given| mapped(given, |text| text.chars().rev().collect())),
    immutable("translate", |types| takes(types, &[T, T, T]).then_some(T), translate),
    immutable("initcap", |types| takes(types, &[T]).then_some(T), |given| mapped(given, initcap)),
    immutable("upper", |types| takes(types, &[T]).then_some(T), |given| mapped(given, |text| cased(text, true))),
    immutable("lower", |types| takes(types, &[T]).then_some(T), |given| mapped(given, |text| cased(text, false))),
    immutable("ascii", |types| takes(types, &[T]).then_some(N), ascii),
    immutable("length", length_result, length),
    immutable("char_length", |types| takes(types, &[T]).then_some(N), length),
    immutable("character_length", |types| takes(types, &[T]).then_some(N), length),
    immutable("octet_length", bytes_result, |given| byte_length(given, 1)),
    immutable("bit_length", bytes_result, |given| byte_length(given, 8)),
    immutable("starts_with", |types| takes(types, &[T, T]).then_some(SqlType::Bool), starts_with),
    immutable("to_hex", hex_result, based),
    immutable("string_to_array", |types| takes_some(types, &[T, T, T], 2).then(texts), string_to_array),
    immutable("get_byte", |types| takes(types, &[B, N]).then_some(N), get_byte),
    immutable("get_bit", |types| takes(types, &[B, SqlType::Int8]).then_some(N), get_bit),
    immutable("set_byte", |types| takes(types, &[B, N, N]).then_some(B), set_byte),
    immutable("bit_count", |types| takes(types, &[B]).then_some(SqlType::Int8), bit_count),
    immutable("md5", digest_text_result, md5),
    immutable("sha224", |types| takes(types, &[B]).then_some(B), |given| sha(given, &aws_lc_rs::digest::SHA224)),
    immutable("sha256", |types| takes(types, &[B]).then_some(B), |given| sha(given, &aws_lc_rs::digest::SHA256)),
    immutable("sha384", |types| takes(types, &[B]).then_some(B), |given| sha(given, &aws_lc_rs::digest::SHA384)),
    immutable("sha512", |types| takes(types, &[B]).then_some(B), |given| sha(given, &aws_lc_rs::digest::SHA512)),
    immutable("unistr", |types| takes(types, &[T]).then_some(T), unistr),
];

fn texts() -> SqlType {
    SqlType::Array(Box::new(SqlType::Text))
}

fn is_bytes(argument: &Argument) -> bool {
    matches!(argument, Argument::Of(SqlType::Bytea))
}

fn substr_result(types: &[Argument]) -> Option<SqlType> {
    match types.first() {
        Some(first) if is_bytes(first) => takes_some(types, &[B, N, N], 2).then_some(B),
        _ => takes_some(types, &[T, N, N], 2).then_some(T),
    }
}

/// The second argument is a place or a pattern.
fn substring_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [subject, pattern] if subject.is_text() && pattern.is_text() => Some(T),
        [subject, pattern, escape] if subject.is_text() && pattern.is_text() && escape.is_text() => {
            let all_unknown = *pattern == Argument::Unknown && *escape == Argument::Unknown;
            (!all_unknown || *subject != Argument::Unknown).then_some(T)
        }
        _ => substr_result(types),
    }
}

fn trim_result(types: &[Argument]) -> Option<SqlType> {
    match types.first() {
        Some(first) if is_bytes(first) => takes(types, &[B, B]).then_some(B),
        _ => takes_some(types, &[T, T], 1).then_some(T),
    }
}

fn overlay_result(types: &[Argument]) -> Option<SqlType> {
    match types.first() {
        Some(first) if is_bytes(first) => takes_some(types, &[B, B, N, N], 3).then_some(B),
        _ => takes_some(types, &[T, T, N, N], 3).then_some(T),
    }
}

fn position_result(types: &[Argument]) -> Option<SqlType> {
    (takes(types, &[T, T]) || takes(types, &[B, B])).then_some(N)
}

fn length_result(types: &[Argument]) -> Option<SqlType> {
    (takes(types, &[T]) || takes(types, &[B]) || takes(types, &[B, T]) || takes(types, &[SqlType::Tsvector])).then_some(N)
}

fn bytes_result(types: &[Argument]) -> Option<SqlType> {
    (takes(types, &[T]) || takes(types, &[B])).then_some(N)
}

fn digest_text_result(types: &[Argument]) -> Option<SqlType> {
    (takes(types, &[T]) || takes(types, &[B])).then_some(T)
}

fn hex_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [only] if only.is_integer() => Some(T),
        _ => None,
    }
}

pub(super) fn bytes(given: &Arguments, at: usize) -> Result<BinaryArray> {
    Ok(given.as_type(at, &B)?.as_binary::<i32>().clone())
}

pub(super) fn value(column: &BinaryArray, row: usize) -> Option<&[u8]> {
    column.is_valid(row).then(|| column.value(row))
}

/// A column of bytes, each made from its row.
///
/// # Errors
/// 54000 for more than [`TEXT_BYTES_MAX`] of them together.
pub(super) fn bytes_of(rows: usize, mut with: impl FnMut(usize) -> Result<Option<Vec<u8>>>) -> Result<ArrayRef> {
    let mut out = BinaryBuilder::with_capacity(rows, 0);
    let mut bytes = 0_usize;
    for row in 0..rows {
        let value = with(row)?;
        bytes = bytes.saturating_add(value.as_ref().map_or(0, Vec::len));
        if bytes > TEXT_BYTES_MAX {
            return Err(too_long());
        }
        out.append_option(value);
    }
    Ok(Arc::new(out.finish()))
}

fn mapped(given: &Arguments, with: impl Fn(&str) -> String) -> Result<ArrayRef> {
    let texts = given.texts(0)?;
    texts_of(given.rows, |row| Ok(text(&texts, row).map(&with)))
}

/// From which character on, and how many; counted from 1, and what lies before the first is passed over.
fn window(start: i64, length: Option<i64>) -> Result<(usize, usize)> {
    let begin = usize::try_from(start.max(1) - 1).unwrap_or(usize::MAX);
    let Some(length) = length else { return Ok((begin, usize::MAX)) };
    if length < 0 {
        return Err(Error::new(Kind::SubstringError, "negative substring length not allowed"));
    }
    let end = usize::try_from(start.saturating_add(length).max(1) - 1).unwrap_or(usize::MAX);
    Ok((begin, end.saturating_sub(begin)))
}

fn substr(given: &Arguments) -> Result<ArrayRef> {
    let starts = given.ints(1)?;
    let lengths = if given.arrays.len() > 2 { Some(given.ints(2)?) } else { None };
    let place = |row: usize| -> Result<Option<(usize, usize)>> {
        let Some(start) = int(&starts, row) else { return Ok(None) };
        match &lengths {
            None => window(start, None).map(Some),
            Some(lengths) => int(lengths, row).map(|length| window(start, Some(length))).transpose(),
        }
    };
    if given.result == B {
        let subjects = bytes(given, 0)?;
        return bytes_of(given.rows, |row| {
            let (Some(subject), Some((begin, count))) = (value(&subjects, row), place(row)?) else { return Ok(None) };
            Ok(Some(subject.iter().skip(begin).take(count).copied().collect()))
        });
    }
    let subjects = given.texts(0)?;
    texts_of(given.rows, |row| {
        let (Some(subject), Some((begin, count))) = (text(&subjects, row), place(row)?) else { return Ok(None) };
        Ok(Some(subject.chars().skip(begin).take(count).collect()))
    })
}

fn substring(given: &Arguments) -> Result<ArrayRef> {
    let pattern = given.types.get(1).is_some_and(|second| second.is_text() && !matches!(second, Argument::Of(SqlType::Int4)));
    let unknown_place = matches!(given.types.get(1), Some(Argument::Unknown)) && given.types.first().is_some_and(is_bytes);
    if pattern && !unknown_place && given.result == T {
        return crate::query::functions::regex::substring_by_pattern(given);
    }
    substr(given)
}

/// The first characters or the last; a negative count leaves away so many at the other side.
fn side(given: &Arguments, first: bool) -> Result<ArrayRef> {
    let (subjects, counts) = (given.texts(0)?, given.ints(1)?);
    texts_of(given.rows, |row| {
        let (Some(subject), Some(count)) = (text(&subjects, row), int(&counts, row)) else { return Ok(None) };
        let size = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        let length = subject.chars().count();
        let kept = if count < 0 { length.saturating_sub(size) } else { size.min(length) };
        Ok(Some(if first { subject.chars().take(kept).collect() } else { subject.chars().skip(length - kept).collect() }))
    })
}

fn padded(given: &Arguments, left: bool) -> Result<ArrayRef> {
    let (subjects, lengths) = (given.texts(0)?, given.ints(1)?);
    let fills = if given.arrays.len() > 2 { Some(given.texts(2)?) } else { None };
    texts_of(given.rows, |row| {
        let fill = match &fills {
            None => Some(" "),
            Some(fills) => text(fills, row),
        };
        let (Some(subject), Some(length), Some(fill)) = (text(&subjects, row), int(&lengths, row), fill) else { return Ok(None) };
        let wanted = usize::try_from(length.max(0)).unwrap_or(usize::MAX);
        let own = subject.chars().count();
        if own >= wanted || fill.is_empty() {
            return Ok(Some(subject.chars().take(wanted).collect()));
        }
        if wanted.saturating_mul(4) > TEXT_BYTES_MAX {
            return Err(too_long());
        }
        let (letters, times) = (fill.chars().count(), wanted - own);
        let mut padding = fill.repeat(times / letters);
        padding.extend(fill.chars().take(times % letters));
        Ok(Some(if left { format!("{padding}{subject}") } else { format!("{subject}{padding}") }))
    })
}

fn trimmed(given: &Arguments, start: bool, end: bool) -> Result<ArrayRef> {
    if given.result == B {
        let (subjects, sets) = (bytes(given, 0)?, bytes(given, 1)?);
        return bytes_of(given.rows, |row| {
            let (Some(mut subject), Some(set)) = (value(&subjects, row), value(&sets, row)) else { return Ok(None) };
            while let (true, [first, rest @ ..]) = (start, subject)
                && set.contains(first)
            {
                subject = rest;
            }
            while let (true, [rest @ .., last]) = (end, subject)
                && set.contains(last)
            {
                subject = rest;
            }
            Ok(Some(subject.to_vec()))
        });
    }
    let subjects = given.texts(0)?;
    let sets = if given.arrays.len() > 1 { Some(given.texts(1)?) } else { None };
    texts_of(given.rows, |row| {
        let set = match &sets {
            None => Some(" "),
            Some(sets) => text(sets, row),
        };
        let (Some(mut subject), Some(set)) = (text(&subjects, row), set) else { return Ok(None) };
        if start {
            subject = subject.trim_start_matches(|letter| set.contains(letter));
        }
        if end {
            subject = subject.trim_end_matches(|letter| set.contains(letter));
        }
        Ok(Some(subject.to_owned()))
    })
}

fn overlay(given: &Arguments) -> Result<ArrayRef> {
    let starts = given.ints(2)?;
    let counts = if given.arrays.len() > 3 { Some(given.ints(3)?) } else { None };
    // Which characters go: from where, and how many.
    let cut = |row: usize, length: usize| -> Result<Option<(usize, usize)>> {
        let count = match &counts {
            None => Some(i64::try_from(length).unwrap_or(i64::MAX)),
            Some(counts) => int(counts, row),
        };
        let (Some(start), Some(count)) = (int(&starts, row), count) else { return Ok(None) };
        if start <= 0 {
            return Err(Error::new(Kind::SubstringError, "negative substring length not allowed"));
        }
        let before = usize::try_from(start - 1).unwrap_or(usize::MAX);
        let after = usize::try_from(start.saturating_add(count).max(1) - 1).unwrap_or(usize::MAX);
        Ok(Some((before, after)))
    };
    if given.result == B {
        let (subjects, replacements) = (bytes(given, 0)?, bytes(given, 1)?);
        return bytes_of(given.rows, |row| {
            let (Some(subject), Some(new)) = (value(&subjects, row), value(&replacements, row)) else { return Ok(None) };
            let Some((before, after)) = cut(row, new.len())? else { return Ok(None) };
            Ok(Some(subject.iter().take(before).chain(new).chain(subject.iter().skip(after)).copied().collect()))
        });
    }
    let (subjects, replacements) = (given.texts(0)?, given.texts(1)?);
    texts_of(given.rows, |row| {
        let (Some(subject), Some(new)) = (text(&subjects, row), text(&replacements, row)) else { return Ok(None) };
        let Some((before, after)) = cut(row, new.chars().count())? else { return Ok(None) };
        Ok(Some(subject.chars().take(before).chain(new.chars()).chain(subject.chars().skip(after)).collect()))
    })
}

/// Where a string begins in another, counted from 1; 0 where it does not stand there.
fn position(given: &Arguments, subject: usize, part: usize) -> Result<ArrayRef> {
    let place = |at: Option<usize>| at.map_or(0, |at| i32::try_from(at + 1).unwrap_or(i32::MAX));
    if given.types.iter().any(is_bytes) {
        let (subjects, parts) = (bytes(given, subject)?, bytes(given, part)?);
        return ints_of(given.rows, |row| {
            let (Some(subject), Some(part)) = (value(&subjects, row), value(&parts, row)) else { return Ok(None) };
            let found = if part.is_empty() { Some(0) } else { subject.windows(part.len()).position(|window| window == part) };
            Ok(Some(place(found)))
        });
    }
    let (subjects, parts) = (given.texts(subject)?, given.texts(part)?);
    ints_of(given.rows, |row| {
        let (Some(subject), Some(part)) = (text(&subjects, row), text(&parts, row)) else { return Ok(None) };
        Ok(Some(place(subject.find(part).and_then(|at| subject.get(..at)).map(|before| before.chars().count()))))
    })
}

fn repeat(given: &Arguments) -> Result<ArrayRef> {
    let (subjects, counts) = (given.texts(0)?, given.ints(1)?);
    texts_of(given.rows, |row| {
        let (Some(subject), Some(count)) = (text(&subjects, row), int(&counts, row)) else { return Ok(None) };
        let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
        if subject.len().checked_mul(count).is_none_or(|length| length > TEXT_BYTES_MAX) {
            return Err(too_long());
        }
        Ok(Some(subject.repeat(count)))
    })
}

fn replace(given: &Arguments) -> Result<ArrayRef> {
    let (subjects, olds, news) = (given.texts(0)?, given.texts(1)?, given.texts(2)?);
    texts_of(given.rows, |row| {
        let (Some(subject), Some(old), Some(new)) = (text(&subjects, row), text(&olds, row), text(&news, row)) else {
            return Ok(None);
        };
        if old.is_empty() {
            return Ok(Some(subject.to_owned()));
        }
        let more = subject.matches(old).count().saturating_mul(new.len().saturating_sub(old.len()));
        if more.saturating_add(subject.len()) > TEXT_BYTES_MAX {
            return Err(too_long());
        }
        Ok(Some(subject.replace(old, new)))
    })
}

fn translate(given: &Arguments) -> Result<ArrayRef> {
    let (subjects, froms, tos) = (given.texts(0)?, given.texts(1)?, given.texts(2)?);
    texts_of(given.rows, |row| {
        let (Some(subject), Some(from), Some(to)) = (text(&subjects, row), text(&froms, row), text(&tos, row)) else {
            return Ok(None);
        };
        let to: Vec<char> = to.chars().collect();
        Ok(Some(
            subject
                .chars()
                .filter_map(|letter| match from.chars().position(|wanted| wanted == letter) {
                    Some(at) => to.get(at).copied(),
                    None => Some(letter),
                })
                .collect(),
        ))
    })
}

/// One letter for one letter, as the C library does it: `ß` stays.
fn cased(text: &str, upper: bool) -> String {
    let one = |letter: char| -> char {
        if !upper {
            return folded(letter);
        }
        let mut letters = letter.to_uppercase();
        match (letters.next(), letters.next()) {
            (Some(only), None) => only,
            _ => letter,
        }
    };
    text.chars().map(one).collect()
}

fn initcap(text: &str) -> String {
    let mut inside = false;
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        out.push_str(&cased(letter.encode_utf8(&mut [0; 4]), !inside));
        inside = letter.is_alphanumeric();
    }
    out
}

fn ascii(given: &Arguments) -> Result<ArrayRef> {
    let subjects = given.texts(0)?;
    ints_of(given.rows, |row| {
        Ok(text(&subjects, row)
            .map(|subject| subject.chars().next().and_then(|letter| i32::try_from(u32::from(letter)).ok()).unwrap_or(0)))
    })
}

fn length(given: &Arguments) -> Result<ArrayRef> {
    if matches!(given.types.first(), Some(Argument::Of(SqlType::Tsvector))) {
        return words::length(given);
    }
    let count = |length: usize| i32::try_from(length).unwrap_or(i32::MAX);
    if given.types.first().is_some_and(is_bytes) {
        let subjects = bytes(given, 0)?;
        let encodings = if given.arrays.len() > 1 { Some(given.texts(1)?) } else { None };
        return ints_of(given.rows, |row| match (&encodings, value(&subjects, row)) {
            (None, subject) => Ok(subject.map(|subject| count(subject.len()))),
            (Some(encodings), Some(subject)) if encodings.is_valid(row) => {
                super::require_utf8(encodings.value(row), "source")?;
                Ok(Some(count(crate::value::checked_text(subject)?.chars().count())))
            }
            _ => Ok(None),
        });
    }
    let subjects = given.texts(0)?;
    ints_of(given.rows, |row| Ok(text(&subjects, row).map(|subject| count(subject.chars().count()))))
}

fn byte_length(given: &Arguments, unit: usize) -> Result<ArrayRef> {
    let count = |length: usize| i32::try_from(length * unit).unwrap_or(i32::MAX);
    if given.types.first().is_some_and(is_bytes) {
        let subjects = bytes(given, 0)?;
        return ints_of(given.rows, |row| Ok(value(&subjects, row).map(|subject| count(subject.len()))));
    }
    let subjects = given.texts(0)?;
    ints_of(given.rows, |row| Ok(text(&subjects, row).map(|subject| count(subject.len()))))
}

fn starts_with(given: &Arguments) -> Result<ArrayRef> {
    let (subjects, starts) = (given.texts(0)?, given.texts(1)?);
    bools_of(given.rows, |row| Ok(text(&subjects, row).zip(text(&starts, row)).map(|(subject, start)| subject.starts_with(start))))
}

/// Hexadecimal digits; a negative number is its bits, of which `bigint` has more.
#[allow(clippy::cast_sign_loss, clippy::cast_possible_truncation)]
fn based(given: &Arguments) -> Result<ArrayRef> {
    let numbers = given.ints(0)?;
    let long = given.sql_type(0) == SqlType::Int8;
    texts_of(given.rows, |row| {
        Ok(int(&numbers, row).map(|number| if long { format!("{:x}", number as u64) } else { format!("{:x}", number as u32) }))
    })
}

/// The parts between delimiters; without a delimiter every character, and with an empty one the whole.
fn string_to_array(given: &Arguments) -> Result<ArrayRef> {
    let (subjects, delimiters) = (given.texts(0)?, given.texts(1)?);
    let nulls = if given.arrays.len() > 2 { Some(given.texts(2)?) } else { None };
    text_lists_of(given.rows, |row| {
        let Some(subject) = text(&subjects, row) else { return Ok(None) };
        let null = nulls.as_ref().and_then(|nulls| text(nulls, row));
        let element = |part: &str| if Some(part) == null { None } else { Some(part.to_owned()) };
        Ok(Some(match text(&delimiters, row) {
            _ if subject.is_empty() => vec![],
            None => subject.chars().map(|letter| element(letter.encode_utf8(&mut [0; 4]))).collect(),
            Some("") => vec![element(subject)],
            Some(delimiter) => subject.split(delimiter).map(element).collect(),
        }))
    })
}

fn outside(index: i64, length: usize) -> Error {
    let last = i64::try_from(length).unwrap_or(i64::MAX) - 1;
    Error::new(Kind::ArraySubscriptError, format!("index {index} out of valid range, 0..{last}"))
}

fn get_byte(given: &Arguments) -> Result<ArrayRef> {
    let (subjects, places) = (bytes(given, 0)?, given.ints(1)?);
    ints_of(given.rows, |row| {
        let (Some(subject), Some(place)) = (value(&subjects, row), int(&places, row)) else { return Ok(None) };
        let byte = usize::try_from(place).ok().and_then(|at| subject.get(at)).ok_or_else(|| outside(place, subject.len()))?;
        Ok(Some(i32::from(*byte)))
    })
}

fn get_bit(given: &Arguments) -> Result<ArrayRef> {
    let (subjects, places) = (bytes(given, 0)?, given.ints(1)?);
    ints_of(given.rows, |row| {
        let (Some(subject), Some(place)) = (value(&subjects, row), int(&places, row)) else { return Ok(None) };
        let at = usize::try_from(place).map_err(|_| outside(place, subject.len() * 8))?;
        let byte = subject.get(at / 8).ok_or_else(|| outside(place, subject.len() * 8))?;
        Ok(Some(i32::from(byte >> (at % 8) & 1)))
    })
}

fn set_byte(given: &Arguments) -> Result<ArrayRef> {
    let (subjects, places, values) = (bytes(given, 0)?, given.ints(1)?, given.ints(2)?);
    bytes_of(given.rows, |row| {
        let (Some(subject), Some(place), Some(new)) = (value(&subjects, row), int(&places, row), int(&values, row)) else {
            return Ok(None);
        };
        let mut subject = subject.to_vec();
        let length = subject.len();
        let byte = usize::try_from(place).ok().and_then(|at| subject.get_mut(at)).ok_or_else(|| outside(place, length))?;
        *byte = u8::try_from(new.rem_euclid(256)).unwrap_or(0);
        Ok(Some(subject))
    })
}

fn bit_count(given: &Arguments) -> Result<ArrayRef> {
    let subjects = bytes(given, 0)?;
    let counts =
        subjects.iter().map(|subject| subject.map(|subject| subject.iter().map(|byte| i64::from(byte.count_ones())).sum()));
    Ok(Arc::new(counts.collect::<datafusion::arrow::array::Int64Array>()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn md5(given: &Arguments) -> Result<ArrayRef> {
    let of = |bytes: &[u8]| hex(&super::md5::digest(bytes));
    if given.types.first().is_some_and(is_bytes) {
        let subjects = bytes(given, 0)?;
        return texts_of(given.rows, |row| Ok(value(&subjects, row).map(of)));
    }
    let subjects = given.texts(0)?;
    texts_of(given.rows, |row| Ok(text(&subjects, row).map(|subject| of(subject.as_bytes()))))
}

fn sha(given: &Arguments, algorithm: &'static aws_lc_rs::digest::Algorithm) -> Result<ArrayRef> {
    let subjects = bytes(given, 0)?;
    bytes_of(given.rows, |row| {
        Ok(value(&subjects, row).map(|subject| aws_lc_rs::digest::digest(algorithm, subject).as_ref().to_vec()))
    })
}

fn unistr(given: &Arguments) -> Result<ArrayRef> {
    let subjects = given.texts(0)?;
    texts_of(given.rows, |row| text(&subjects, row).map(unescaped).transpose())
}

/// Takes `\0061`, `\+000061`, `\u0061`, `\U00000061` and `\\` for what they mean; pairs of surrogates are one character.
fn unescaped(subject: &str) -> Result<String> {
    let bad = || {
        Error::new(Kind::SyntaxError, "invalid Unicode escape")
            .with_hint("Unicode escapes must be \\XXXX, \\+XXXXXX, \\uXXXX, or \\UXXXXXXXX.")
    };
    let mut out = String::with_capacity(subject.len());
    let mut rest = subject;
    let mut high: Option<u32> = None;
    while let Some(letter) = rest.chars().next() {
        let after = rest.get(letter.len_utf8()..).unwrap_or_default();
        if letter != '\\' {
            if high.is_some() {
                return Err(Error::new(Kind::SyntaxError, "invalid Unicode surrogate pair"));
            }
            out.push(letter);
            rest = after;
            continue;
        }
        if let Some(after) = after.strip_prefix('\\') {
            out.push('\\');
            rest = after;
            continue;
        }
        let (skipped, digits) = match after.chars().next() {
            Some('+') => (1, 6),
            Some('u') => (1, 4),
            Some('U') => (1, 8),
            _ => (0, 4),
        };
        let number = after.get(skipped..skipped + digits).filter(|number| number.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let code = number.and_then(|number| u32::from_str_radix(number, 16).ok()).ok_or_else(bad)?;
        rest = after.get(skipped + digits..).unwrap_or_default();
        let code = match (high.take(), code) {
            (None, 0xd800..0xdc00) => {
                high = Some(code);
                continue;
            }
            (Some(first), 0xdc00..0xe000) => 0x1_0000 + ((first & 0x3ff) << 10) + (code & 0x3ff),
            (Some(_), _) | (None, 0xdc00..0xe000) => {
                return Err(Error::new(Kind::SyntaxError, "invalid Unicode surrogate pair"));
            }
            (None, code) => code,
        };
        match char::from_u32(code) {
            Some('\0') | None => {
                return Err(Error::new(Kind::SyntaxError, format!("invalid Unicode code point: {code:04X}")));
            }
            Some(letter) => out.push(letter),
        }
    }
    if high.is_some() {
        return Err(Error::new(Kind::SyntaxError, "invalid Unicode surrogate pair"));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_may_begin_before_the_first_character() {
        assert_eq!(window(-1, Some(4)).unwrap(), (0, 2));
        assert_eq!(window(2, Some(3)).unwrap(), (1, 3));
        assert_eq!(window(0, None).unwrap(), (0, usize::MAX));
        assert_eq!(window(2, Some(-1)).unwrap_err().sqlstate(), "22011");
    }

    #[test]
    fn unicode_escapes_are_characters() {
        assert_eq!(unescaped("d\\0061t\\+000061").unwrap(), "data");
        assert_eq!(unescaped("\\D83D\\DE00").unwrap(), "\u{1f600}");
        assert_eq!(unescaped("\\x").unwrap_err().sqlstate(), "42601");
        assert_eq!(unescaped("\\D83D").unwrap_err().sqlstate(), "42601");
    }
}
