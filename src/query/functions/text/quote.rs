//! `quote_ident`, `quote_literal`, `quote_nullable` and `format`, which make statements safe to put together (section 9.4.1).

use datafusion::arrow::array::{Array, ArrayRef, StringViewArray};

use super::joined::shown;
use crate::error::{Error, Kind, Result};
use crate::query::functions::scalar::{Arguments, TEXT_BYTES_MAX, text, texts_of, too_long};

/// Words that are no plain names in PostgreSQL 15 (appendix C): all but the unreserved.
const RESERVED: &str = "all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast \
    char character check coalesce collate collation column concurrently constraint create cross current_catalog current_date \
    current_role current_schema current_time current_timestamp current_user dec decimal default deferrable desc distinct do else \
    end except exists extract false fetch float for foreign freeze from full grant greatest group grouping having ilike in initially \
    inner inout int integer intersect interval into is isnull join lateral leading least left like limit localtime localtimestamp \
    national natural nchar none normalize not notnull null nullif numeric offset on only or order out outer overlaps overlay placing \
    position precision primary real references returning right row select session_user setof similar smallint some substring \
    symmetric table tablesample then time timestamp to trailing treat trim true union unique user using values varchar variadic \
    verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot \
    xmlserialize xmltable";

/// A name as it may stand in a statement.
fn identifier(name: &str) -> String {
    let mut letters = name.chars();
    let plain = letters.next().is_some_and(|first| first.is_ascii_lowercase() || first == '_')
        && letters.all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
        && !RESERVED.split_ascii_whitespace().any(|word| word == name);
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// A text as it may stand in a statement.
fn literal(value: &str) -> String {
    let quoted = value.replace('\'', "''");
    if value.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

pub(super) fn quote_ident(given: &Arguments) -> Result<ArrayRef> {
    let names = given.texts(0)?;
    texts_of(given.rows, |row| Ok(text(&names, row).map(identifier)))
}

pub(super) fn quote_literal(given: &Arguments) -> Result<ArrayRef> {
    let values = given.texts(0)?;
    texts_of(given.rows, |row| Ok(text(&values, row).map(literal)))
}

pub(super) fn quote_nullable(given: &Arguments) -> Result<ArrayRef> {
    let values = given.texts(0)?;
    texts_of(given.rows, |row| Ok(Some(text(&values, row).map_or_else(|| "NULL".to_owned(), literal))))
}

pub(super) fn format(given: &Arguments) -> Result<ArrayRef> {
    let formats = given.texts(0)?;
    let values: Vec<StringViewArray> = (1..given.arrays.len()).map(|at| shown(given, at)).collect::<Result<_>>()?;
    texts_of(given.rows, |row| {
        let of_row = || values.iter().map(|values| values.is_valid(row).then(|| values.value(row))).collect::<Vec<_>>();
        text(&formats, row).map(|format| formatted(format, &of_row())).transpose()
    })
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(Kind::InvalidParameterValue, message)
}

/// A format while it is read.
struct Reader<'f> {
    letters: std::iter::Peekable<std::str::Chars<'f>>,
    values: &'f [Option<&'f str>],
    /// Which value is next, counted from 0.
    next: usize,
}

impl<'f> Reader<'f> {
    fn number(&mut self) -> Result<Option<usize>> {
        let mut number = None;
        while let Some(digit) = self.letters.peek().and_then(|letter| letter.to_digit(10)) {
            self.letters.next();
            let value = number.unwrap_or(0_usize) * 10 + digit as usize;
            if i32::try_from(value).is_err() {
                return Err(Error::new(Kind::NumericValueOutOfRange, "number is out of range"));
            }
            number = Some(value);
        }
        Ok(number)
    }

    fn peek(&mut self) -> Result<char> {
        self.letters
            .peek()
            .copied()
            .ok_or_else(|| bad("unterminated format() type specifier").with_hint("For a single \"%\" use \"%%\"."))
    }

    /// The value at a place counted from 1, or the next one.
    fn value(&mut self, place: Option<usize>) -> Result<Option<&'f str>> {
        let at = match place {
            Some(0) => return Err(bad("format specifies argument 0, but arguments are numbered from 1")),
            Some(place) => place - 1,
            None => self.next,
        };
        self.next = at + 1;
        self.values.get(at).copied().ok_or_else(|| bad("too few arguments for format()"))
    }

    /// `*` or `*2$`: a width among the values; NULL is none.
    fn width(&mut self) -> Result<i64> {
        let place = self.number()?;
        if place.is_some() && self.letters.next_if_eq(&'$').is_none() {
            return Err(bad("width argument position must be ended by \"$\""));
        }
        match self.value(place)? {
            None => Ok(0),
            Some(width) => width.trim().parse().map_err(|_| {
                Error::new(Kind::InvalidTextRepresentation, format!("invalid input syntax for type integer: \"{width}\""))
            }),
        }
    }

    fn specifier(&mut self, out: &mut String) -> Result<()> {
        let mut place = None;
        let mut width = self.number()?.map(|width| i64::try_from(width).unwrap_or(i64::MAX));
        if width.is_some() && self.letters.next_if_eq(&'$').is_some() {
            place = width.take().and_then(|place| usize::try_from(place).ok());
            if place == Some(0) {
                return Err(bad("format specifies argument 0, but arguments are numbered from 1"));
            }
        }
        let mut left = false;
        if width.is_none() {
            while self.letters.next_if_eq(&'-').is_some() {
                left = true;
            }
            width = if self.letters.next_if_eq(&'*').is_some() {
                Some(self.width()?)
            } else {
                self.number()?.map(|width| i64::try_from(width).unwrap_or(i64::MAX))
            };
        }
        let width = width.unwrap_or(0);
        let kind = self.peek()?;
        if !matches!(kind, 's' | 'I' | 'L') {
            return Err(bad(format!("unrecognized format() type specifier \"{kind}\"")).with_hint("For a single \"%\" use \"%%\"."));
        }
        self.letters.next();
        let value = self.value(place)?;
        let text = match (kind, value) {
            ('s', value) => value.unwrap_or_default().to_owned(),
            ('I', Some(value)) => identifier(value),
            ('I', None) => {
                return Err(Error::new(Kind::NullValueNotAllowed, "null values cannot be formatted as an SQL identifier"));
            }
            (_, Some(value)) => literal(value),
            (_, None) => "NULL".to_owned(),
        };
        let wanted = usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX);
        if wanted.max(text.len()).saturating_add(out.len()) > TEXT_BYTES_MAX {
            return Err(too_long());
        }
        let blanks = wanted.saturating_sub(text.chars().count());
        left |= width < 0;
        if left {
            out.push_str(&text);
        }
        out.push_str(&" ".repeat(blanks));
        if !left {
            out.push_str(&text);
        }
        Ok(())
    }
}

/// `%s`, `%I`, `%L`, with a position (`%2$s`) and a width (`%-10s`, `%*s`).
fn formatted(format: &str, values: &[Option<&str>]) -> Result<String> {
    let mut out = String::with_capacity(format.len());
    let mut reader = Reader { letters: format.chars().peekable(), values, next: 0 };
    while let Some(letter) = reader.letters.next() {
        if letter != '%' {
            out.push(letter);
        } else if reader.peek()? == '%' {
            reader.letters.next();
            out.push('%');
        } else {
            reader.specifier(&mut out)?;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_take_values_in_turn_and_by_place() {
        let values = [Some("it's"), Some("a B"), None];
        assert_eq!(formatted("%s %I %L %%", &values).unwrap(), "it's \"a B\" NULL %");
        assert_eq!(formatted("%2$s %1$L|%-6s|%6s", &[Some("x"), Some("y"), Some("z")]).unwrap(), "y 'x'|y     |     z");
        assert_eq!(formatted("%-*s|%2$*1$s|", &[Some("3"), Some("y")]).unwrap(), "y  |  y|");
        assert_eq!(formatted("%s %s", &[Some("x")]).unwrap_err().sqlstate(), "22023");
        assert_eq!(formatted("%I", &[None]).unwrap_err().sqlstate(), "22004");
    }

    #[test]
    fn words_of_the_language_are_quoted() {
        assert_eq!(identifier("select"), "\"select\"");
        assert_eq!(identifier("name"), "name");
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
    }
}
