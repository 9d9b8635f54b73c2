//! Regular expressions: `~` and its like, `regexp_*`, `substring(text FROM pattern)`, `SIMILAR TO` (PostgreSQL 15, section 9.7).

pub(super) mod many;

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, ListArray, StringViewArray};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, FieldRef};

use super::scalar::{
    Argument, Arguments, Definition, TEXT_BYTES_MAX, bools_of, immutable, int, ints_of, takes, takes_some, text, text_lists_of,
    texts_of, too_long,
};
use crate::error::{Error, Kind, Result};
use crate::value::SqlType;
use crate::value::regex::{Flags, Pattern, Span};

/// Arguments that are text and whole numbers.
const T: SqlType = SqlType::Text;
const N: SqlType = SqlType::Int4;

/// `regexp_matches` as an array of arrays, for each of which there is a row.
pub(in crate::query) const MATCHES: &str = "regexp_matches";

pub(super) static DEFINITIONS: [Definition; 16] = [
    // With one operand it is the bits of an integer turned round.
    immutable(
        "~",
        |types| if types.len() == 1 { super::operator::inverted_result(types) } else { compared(types) },
        |given| if given.arrays.len() == 1 { super::operator::inverted(given) } else { operator(given, false, false) },
    ),
    immutable("~*", compared, |given| operator(given, true, false)),
    immutable("!~", compared, |given| operator(given, false, true)),
    immutable("!~*", compared, |given| operator(given, true, true)),
    immutable("regexp_like", |types| takes_some(types, &[T, T, T], 2).then_some(SqlType::Bool), like),
    immutable("regexp_match", |types| takes_some(types, &[T, T, T], 2).then(texts), first_match),
    immutable(MATCHES, |types| takes_some(types, &[T, T, T], 2).then(|| SqlType::Array(Box::new(texts()))), all_matches),
    immutable(
        "regexp_replace",
        |types| (takes_some(types, &[T, T, T, T], 3) || takes_some(types, &[T, T, T, N, N, T], 4)).then_some(T),
        replace,
    ),
    immutable("regexp_split_to_array", |types| takes_some(types, &[T, T, T], 2).then(texts), split),
    immutable("regexp_count", |types| takes_some(types, &[T, T, N, T], 2).then_some(N), count),
    immutable("regexp_instr", |types| takes_some(types, &[T, T, N, N, N, T, N], 2).then_some(N), instr),
    immutable("regexp_substr", |types| takes_some(types, &[T, T, N, N, T, N], 2).then_some(T), substr),
    immutable("textregexsubstr", compared_text, substring),
    immutable("similar_to_escape", |types| takes_some(types, &[T, T], 1).then_some(T), similar),
    immutable("like_escape", |types| takes(types, &[T, T]).then_some(T), like_escape),
    immutable("^@", compared, starts_with),
];

fn texts() -> SqlType {
    SqlType::Array(Box::new(SqlType::Text))
}

fn compared(types: &[Argument]) -> Option<SqlType> {
    takes(types, &[T, T]).then_some(SqlType::Bool)
}

fn compared_text(types: &[Argument]) -> Option<SqlType> {
    takes(types, &[T, T]).then_some(SqlType::Text)
}

/// The pattern that was compiled last, since most columns have one for all rows.
#[derive(Default)]
struct Compiled(Option<(String, Flags, Arc<Pattern>)>);

impl Compiled {
    fn pattern(&mut self, pattern: &str, flags: Flags) -> Result<Arc<Pattern>> {
        let flags = Flags { global: false, ..flags };
        if let Some((text, own, compiled)) = &self.0
            && text == pattern
            && *own == flags
        {
            return Ok(compiled.clone());
        }
        let compiled = Arc::new(Pattern::new(pattern, flags)?);
        self.0 = Some((pattern.to_owned(), flags, compiled.clone()));
        Ok(compiled)
    }
}

/// A column that may have been left out.
fn optional_texts(given: &Arguments, at: usize) -> Result<Option<StringViewArray>> {
    if at < given.arrays.len() { given.texts(at).map(Some) } else { Ok(None) }
}

fn optional_ints(given: &Arguments, at: usize) -> Result<Option<Int64Array>> {
    if at < given.arrays.len() { given.ints(at).map(Some) } else { Ok(None) }
}

/// What all of these functions are given for a row; `None` where any of it is NULL.
struct Inputs {
    texts: StringViewArray,
    patterns: StringViewArray,
    flags: Option<StringViewArray>,
    compiled: Compiled,
}

impl Inputs {
    fn new(given: &Arguments, flags: usize) -> Result<Inputs> {
        Ok(Inputs {
            texts: given.texts(0)?,
            patterns: given.texts(1)?,
            flags: optional_texts(given, flags)?,
            compiled: Compiled::default(),
        })
    }

    fn row(&mut self, row: usize) -> Result<Option<(&str, Arc<Pattern>, Flags)>> {
        let flags = match &self.flags {
            None => Flags::default(),
            Some(flags) => match text(flags, row) {
                Some(flags) => Flags::parse(flags)?,
                None => return Ok(None),
            },
        };
        let (Some(subject), Some(pattern)) = (text(&self.texts, row), text(&self.patterns, row)) else { return Ok(None) };
        Ok(Some((subject, self.compiled.pattern(pattern, flags)?, flags)))
    }
}

/// A whole number of a row, or what it is when it was left out; `None` for NULL.
fn number(column: Option<&Int64Array>, row: usize, left_out: i64) -> Option<i64> {
    match column {
        Some(column) => int(column, row),
        None => Some(left_out),
    }
}

fn at_least(value: i64, fewest: i64, name: &str) -> Result<usize> {
    if value < fewest {
        return Err(Error::new(Kind::InvalidParameterValue, format!("invalid value for parameter \"{name}\": {value}")));
    }
    Ok(usize::try_from(value).unwrap_or(usize::MAX))
}

fn no_global(flags: Flags, name: &str) -> Result<()> {
    if !flags.global {
        return Ok(());
    }
    let error = Error::new(Kind::InvalidParameterValue, format!("{name}() does not support the \"global\" option"));
    Err(if name == "regexp_match" { error.with_hint("Use the regexp_matches function instead.") } else { error })
}

fn operator(given: &Arguments, fold: bool, negated: bool) -> Result<ArrayRef> {
    let mut inputs = Inputs::new(given, usize::MAX)?;
    let flags = Flags { fold, ..Flags::default() };
    bools_of(given.rows, |row| {
        let (Some(subject), Some(pattern)) = (text(&inputs.texts, row), text(&inputs.patterns, row)) else { return Ok(None) };
        Ok(Some(inputs.compiled.pattern(pattern, flags)?.matches(subject)? != negated))
    })
}

fn like(given: &Arguments) -> Result<ArrayRef> {
    let mut inputs = Inputs::new(given, 2)?;
    bools_of(given.rows, |row| match inputs.row(row)? {
        Some((subject, pattern, flags)) => {
            no_global(flags, "regexp_like")?;
            pattern.matches(subject).map(Some)
        }
        None => Ok(None),
    })
}

/// The groups of a match, or the whole where the pattern has none.
fn parts(subject: &str, pattern: &Pattern, found: &[Option<Span>]) -> Vec<Option<String>> {
    let wanted = if pattern.groups == 0 { found } else { found.get(1..).unwrap_or_default() };
    wanted.iter().map(|span| span.and_then(|(start, end)| subject.get(start..end)).map(str::to_owned)).collect()
}

fn first_match(given: &Arguments) -> Result<ArrayRef> {
    let mut inputs = Inputs::new(given, 2)?;
    text_lists_of(given.rows, |row| match inputs.row(row)? {
        Some((subject, pattern, flags)) => {
            no_global(flags, "regexp_match")?;
            Ok(pattern.captures(subject, 0)?.map(|found| parts(subject, &pattern, &found)))
        }
        None => Ok(None),
    })
}

/// Calls `with` for every match from a place on, which answers whether to go on.
fn each_match(subject: &str, pattern: &Pattern, from: usize, mut with: impl FnMut(&[Option<Span>]) -> Result<bool>) -> Result<()> {
    let mut at = from;
    while at <= subject.len() {
        let Some(found) = pattern.captures(subject, at)? else { return Ok(()) };
        let (start, end) = found.first().copied().flatten().unwrap_or((at, at));
        if !with(&found)? {
            return Ok(());
        }
        // Behind an empty match the next character is passed over.
        at =
            if end > start { end } else { end + subject.get(end..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8) };
    }
    Ok(())
}

fn all_matches(given: &Arguments) -> Result<ArrayRef> {
    let mut inputs = Inputs::new(given, 2)?;
    let mut matches: Vec<Vec<Option<String>>> = vec![];
    let mut lengths = Vec::with_capacity(given.rows);
    let mut valid = Vec::with_capacity(given.rows);
    for row in 0..given.rows {
        let before = matches.len();
        let given = inputs.row(row)?;
        valid.push(given.is_some());
        if let Some((subject, pattern, flags)) = given {
            each_match(subject, &pattern, 0, |found| {
                matches.push(parts(subject, &pattern, found));
                Ok(flags.global)
            })?;
        }
        lengths.push(matches.len() - before);
    }
    let elements = text_lists_of(matches.len(), |at| Ok(matches.get_mut(at).map(std::mem::take)))?;
    let item: FieldRef = match given.result.arrow() {
        DataType::List(item) => item,
        other => return Err(Error::internal(format!("{MATCHES} answers {other}"))),
    };
    Ok(Arc::new(ListArray::new(item, OffsetBuffer::from_lengths(lengths), elements, Some(NullBuffer::from(valid)))))
}

/// Where the character with this number, counted from 1, begins.
fn byte_of(subject: &str, character: usize) -> Option<usize> {
    match subject.char_indices().nth(character - 1) {
        Some((at, _)) => Some(at),
        None => (subject.chars().count() + 1 == character).then_some(subject.len()),
    }
}

fn replace(given: &Arguments) -> Result<ArrayRef> {
    let placed = given.types.len() > 4
        || given.types.get(3).is_some_and(|start| matches!(start, Argument::Of(SqlType::Int2 | SqlType::Int4 | SqlType::Int8)));
    let mut inputs = Inputs::new(given, if placed { 5 } else { 3 })?;
    let replacements = given.texts(2)?;
    let (starts, counts) = if placed { (optional_ints(given, 3)?, optional_ints(given, 4)?) } else { (None, None) };
    let flags_given = given.texts(given.arrays.len() - 1)?;
    texts_of(given.rows, |row| {
        let (Some(start), Some(nth)) = (number(starts.as_ref(), row, 1), number(counts.as_ref(), row, -1)) else { return Ok(None) };
        if !placed
            && given.arrays.len() == 4
            && let Some(digit) = text(&flags_given, row).and_then(|flags| flags.chars().next()).filter(char::is_ascii_digit)
        {
            return Err(Error::new(Kind::InvalidParameterValue, format!("invalid regular expression option: \"{digit}\""))
                .with_hint(
                    "If you meant to use regexp_replace() with a start parameter, cast the fourth argument to integer explicitly.",
                ));
        }
        let start = at_least(start, 1, "start")?;
        let nth = if counts.is_none() { None } else { Some(at_least(nth, 0, "n")?) };
        let Some((subject, pattern, flags)) = inputs.row(row)? else { return Ok(None) };
        let Some(replacement) = text(&replacements, row) else { return Ok(None) };
        let wanted = match nth {
            Some(0) => None,
            Some(nth) => Some(nth),
            None if flags.global => None,
            None => Some(1),
        };
        let Some(from) = byte_of(subject, start) else { return Ok(Some(subject.to_owned())) };
        let mut out = String::with_capacity(subject.len());
        let mut copied = 0;
        let mut seen = 0;
        each_match(subject, &pattern, from, |found| {
            seen += 1;
            if wanted.is_none_or(|wanted| wanted == seen) {
                let (start, end) = found.first().copied().flatten().unwrap_or_default();
                out.push_str(subject.get(copied..start).unwrap_or_default());
                put_replacement(replacement, subject, found, &mut out);
                copied = end;
                if out.len() > TEXT_BYTES_MAX {
                    return Err(too_long());
                }
            }
            Ok(wanted.is_none_or(|wanted| seen < wanted))
        })?;
        out.push_str(subject.get(copied..).unwrap_or_default());
        Ok(Some(out))
    })
}

/// `\1` to `\9` are groups, `\&` is the whole match and `\\` a backslash.
fn put_replacement(replacement: &str, subject: &str, found: &[Option<Span>], out: &mut String) {
    if !replacement.contains('\\') {
        out.push_str(replacement);
        return;
    }
    let mut letters = replacement.chars().peekable();
    let group = |number: usize, out: &mut String| {
        if let Some((start, end)) = found.get(number).copied().flatten() {
            out.push_str(subject.get(start..end).unwrap_or_default());
        }
    };
    while let Some(letter) = letters.next() {
        match (letter, letters.peek().copied()) {
            ('\\', Some(digit @ '1'..='9')) => {
                letters.next();
                group(digit as usize - '0' as usize, out);
            }
            ('\\', Some('&')) => {
                letters.next();
                group(0, out);
            }
            ('\\', Some('\\')) => {
                letters.next();
                out.push('\\');
            }
            (letter, _) => out.push(letter),
        }
    }
}

fn split(given: &Arguments) -> Result<ArrayRef> {
    let mut inputs = Inputs::new(given, 2)?;
    text_lists_of(given.rows, |row| {
        let Some((subject, pattern, flags)) = inputs.row(row)? else { return Ok(None) };
        no_global(flags, "regexp_split_to_array")?;
        let mut parts = vec![];
        let mut from = 0;
        each_match(subject, &pattern, 0, |found| {
            let (start, end) = found.first().copied().flatten().unwrap_or_default();
            // Empty matches at either end, or right behind another match, split nothing.
            if end > start || (start > from && start < subject.len()) {
                parts.push(subject.get(from..start).map(str::to_owned));
                from = end;
            }
            Ok(true)
        })?;
        parts.push(subject.get(from..).map(str::to_owned));
        Ok(Some(parts))
    })
}

fn count(given: &Arguments) -> Result<ArrayRef> {
    let mut inputs = Inputs::new(given, 3)?;
    let starts = optional_ints(given, 2)?;
    ints_of(given.rows, |row| {
        let Some(start) = number(starts.as_ref(), row, 1) else { return Ok(None) };
        let start = at_least(start, 1, "start")?;
        let Some((subject, pattern, flags)) = inputs.row(row)? else { return Ok(None) };
        no_global(flags, "regexp_count")?;
        let mut count = 0;
        if let Some(from) = byte_of(subject, start) {
            each_match(subject, &pattern, from, |_| {
                count += 1;
                Ok(true)
            })?;
        }
        Ok(Some(count))
    })
}

/// A group of the n-th match.
fn nth_span(subject: &str, pattern: &Pattern, start: usize, nth: usize, group: usize) -> Result<Option<Span>> {
    let Some(from) = byte_of(subject, start) else { return Ok(None) };
    let mut seen = 0;
    let mut span = None;
    each_match(subject, pattern, from, |found| {
        seen += 1;
        if seen == nth {
            span = found.get(group).copied().flatten();
        }
        Ok(seen < nth)
    })?;
    Ok(span)
}

fn instr(given: &Arguments) -> Result<ArrayRef> {
    let mut inputs = Inputs::new(given, 5)?;
    let columns = [optional_ints(given, 2)?, optional_ints(given, 3)?, optional_ints(given, 4)?, optional_ints(given, 6)?];
    ints_of(given.rows, |row| {
        let numbers = columns.iter().zip([1, 1, 0, 0]).map(|(column, left_out)| number(column.as_ref(), row, left_out));
        let Some(numbers) = numbers.collect::<Option<Vec<i64>>>() else { return Ok(None) };
        let (start, nth) = (at_least(numbers[0], 1, "start")?, at_least(numbers[1], 1, "n")?);
        if !(0..=1).contains(&numbers[2]) {
            return Err(Error::new(
                Kind::InvalidParameterValue,
                format!("invalid value for parameter \"endoption\": {}", numbers[2]),
            ));
        }
        let group = at_least(numbers[3], 0, "subexpr")?;
        let Some((subject, pattern, flags)) = inputs.row(row)? else { return Ok(None) };
        no_global(flags, "regexp_instr")?;
        let span = nth_span(subject, &pattern, start, nth, group)?;
        let place = span.map_or(0, |(start, end)| {
            let at = if numbers[2] == 1 { end } else { start };
            subject.get(..at).map_or(0, |before| before.chars().count() + 1)
        });
        Ok(Some(i32::try_from(place).unwrap_or(i32::MAX)))
    })
}

fn substr(given: &Arguments) -> Result<ArrayRef> {
    let mut inputs = Inputs::new(given, 4)?;
    let columns = [optional_ints(given, 2)?, optional_ints(given, 3)?, optional_ints(given, 5)?];
    texts_of(given.rows, |row| {
        let numbers = columns.iter().zip([1, 1, 0]).map(|(column, left_out)| number(column.as_ref(), row, left_out));
        let Some(numbers) = numbers.collect::<Option<Vec<i64>>>() else { return Ok(None) };
        let (start, nth) = (at_least(numbers[0], 1, "start")?, at_least(numbers[1], 1, "n")?);
        let group = at_least(numbers[2], 0, "subexpr")?;
        let Some((subject, pattern, flags)) = inputs.row(row)? else { return Ok(None) };
        no_global(flags, "regexp_substr")?;
        let span = nth_span(subject, &pattern, start, nth, group)?;
        Ok(span.and_then(|(start, end)| subject.get(start..end)).map(str::to_owned))
    })
}

/// The first group of the first match, or the whole where there is no group.
fn substring(given: &Arguments) -> Result<ArrayRef> {
    let mut inputs = Inputs::new(given, usize::MAX)?;
    texts_of(given.rows, |row| {
        let Some((subject, pattern, _)) = inputs.row(row)? else { return Ok(None) };
        let Some(found) = pattern.captures(subject, 0)? else { return Ok(None) };
        let span = found.get(usize::from(pattern.groups > 0)).copied().flatten();
        Ok(span.and_then(|(start, end)| subject.get(start..end)).map(str::to_owned))
    })
}

/// The escape character of LIKE and SIMILAR TO: one character, or none at all.
fn escape_character(escape: &str) -> Result<Option<char>> {
    let mut letters = escape.chars();
    match (letters.next(), letters.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => Err(Error::new(Kind::InvalidEscapeSequence, "invalid escape string")
            .with_hint("Escape string must be empty or one character.")),
    }
}

fn similar(given: &Arguments) -> Result<ArrayRef> {
    let patterns = given.texts(0)?;
    let escapes = optional_texts(given, 1)?;
    texts_of(given.rows, |row| {
        let escape = match &escapes {
            None => Some('\\'),
            Some(escapes) => match text(escapes, row) {
                Some(escape) => escape_character(escape)?,
                None => return Ok(None),
            },
        };
        text(&patterns, row).map(|pattern| of_similar(pattern, escape)).transpose()
    })
}

/// The regular expression that a pattern of SIMILAR TO means.
fn of_similar(pattern: &str, escape: Option<char>) -> Result<String> {
    let mut out = String::from("^(?:");
    let mut escaped = false;
    let mut bracket = false;
    let mut separators = 0;
    for letter in pattern.chars() {
        if escaped {
            escaped = false;
            if letter == '"' && !bracket {
                separators += 1;
                out.push_str(match separators {
                    1 => "){1,1}?(",
                    2 => "){1,1}(?:",
                    _ => {
                        let message = "SQL regular expression may not contain more than two escape-double-quote separators";
                        return Err(Error::new(Kind::InvalidUseOfEscapeCharacter, message));
                    }
                });
            } else {
                out.extend(['\\', letter]);
            }
        } else if Some(letter) == escape {
            escaped = true;
        } else if bracket {
            if letter == '\\' {
                out.push('\\');
            }
            out.push(letter);
            bracket = letter != ']';
        } else {
            match letter {
                '[' => {
                    out.push('[');
                    bracket = true;
                }
                '%' => out.push_str(".*"),
                '_' => out.push('.'),
                '(' => out.push_str("(?:"),
                '\\' | '.' | '^' | '$' => out.extend(['\\', letter]),
                other => out.push(other),
            }
        }
    }
    out.push_str(")$");
    Ok(out)
}

/// A LIKE pattern whose escape character is the backslash.
fn like_escape(given: &Arguments) -> Result<ArrayRef> {
    let (patterns, escapes) = (given.texts(0)?, given.texts(1)?);
    texts_of(given.rows, |row| {
        let (Some(pattern), Some(escape)) = (text(&patterns, row), text(&escapes, row)) else { return Ok(None) };
        let escape = escape_character(escape)?;
        let mut out = String::with_capacity(pattern.len());
        let mut escaped = false;
        for letter in pattern.chars() {
            if Some(letter) == escape && !escaped {
                out.push('\\');
                escaped = true;
                continue;
            }
            // A backslash stands for itself where it is not the escape character.
            if letter == '\\' && !escaped {
                out.push('\\');
            }
            out.push(letter);
            escaped = false;
        }
        Ok(Some(out))
    })
}

fn starts_with(given: &Arguments) -> Result<ArrayRef> {
    let (subjects, starts) = (given.texts(0)?, given.texts(1)?);
    bools_of(given.rows, |row| Ok(text(&subjects, row).zip(text(&starts, row)).map(|(subject, start)| subject.starts_with(start))))
}

/// `substring(text, pattern)`, and with a third argument the pattern of SQL's `SIMILAR` with its escape character.
pub(super) fn substring_by_pattern(given: &Arguments) -> Result<ArrayRef> {
    if given.arrays.len() < 3 {
        return substring(given);
    }
    let (subjects, patterns, escapes) = (given.texts(0)?, given.texts(1)?, given.texts(2)?);
    let mut compiled = Compiled::default();
    texts_of(given.rows, |row| {
        let (Some(subject), Some(pattern), Some(escape)) = (text(&subjects, row), text(&patterns, row), text(&escapes, row)) else {
            return Ok(None);
        };
        let pattern = compiled.pattern(&of_similar(pattern, escape_character(escape)?)?, Flags::default())?;
        let Some(found) = pattern.captures(subject, 0)? else { return Ok(None) };
        let span = found.get(usize::from(pattern.groups > 0)).copied().flatten();
        Ok(span.and_then(|(start, end)| subject.get(start..end)).map(str::to_owned))
    })
}
