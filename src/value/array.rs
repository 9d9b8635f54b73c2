//! Array literals such as `{a,"b c",NULL}`: read element by element, and elements quoted (PostgreSQL 15, section 8.15).

use crate::error::{Error, Kind, Result};
use crate::value::time::token::space;

/// Reads an array literal and hands each element on; `None` is NULL. Where the elements are arrays themselves, each is handed on as it
/// is written.
///
/// # Errors
/// 22P02 for what is no array literal, 0A000 for more than one dimension and for arrays that do not begin at 1, 54000
/// for more than PostgreSQL's six.
pub(crate) fn elements(text: &str, nested: bool, mut each: impl FnMut(Option<&str>) -> Result<()>) -> Result<()> {
    let fault = |detail: &str| {
        Error::new(Kind::InvalidTextRepresentation, format!("malformed array literal: \"{text}\"")).with_detail(detail)
    };
    let mut rest = skip_space(text);
    let mut bounds = None;
    if rest.starts_with('[') {
        let (size, after) = dimension(rest).map_err(&fault)??;
        bounds = Some(size);
        rest = after;
    }
    let Some(inside) = rest.strip_prefix('{') else {
        return Err(fault("Array value must start with \"{\" or dimension information."));
    };
    rest = inside;
    let mut count = 0;
    let mut element = String::new();
    loop {
        rest = skip_space(rest);
        if count == 0 && rest.starts_with('}') {
            break;
        }
        if nested && rest.starts_with('{') {
            let inner = balanced(rest).ok_or_else(|| fault("Unexpected end of input."))?;
            each(Some(inner))?;
            count += 1;
            let after = skip_space(rest.get(inner.len()..).unwrap_or_default());
            rest = after;
            match after.as_bytes().first() {
                Some(b',') => rest = after.get(1..).unwrap_or_default(),
                Some(b'}') => break,
                Some(_) => return Err(fault("Unexpected array element.")),
                None => return Err(fault("Unexpected end of input.")),
            }
            continue;
        }
        if nested && !rest.is_empty() {
            return Err(fault("Multidimensional arrays must have sub-arrays with matching dimensions."));
        }
        if rest.starts_with('{') {
            if rest.starts_with("{{{{{{") {
                let message = "number of array dimensions (7) exceeds the maximum allowed (6)";
                return Err(Error::new(Kind::ProgramLimitExceeded, message));
            }
            return Err(Error::new(Kind::FeatureNotSupported, "arrays of more than one dimension are not supported")
                .with_hint("store nested lists as jsonb"));
        }
        element.clear();
        let (quoted, after) = read_element(rest, &mut element).map_err(&fault)?;
        each(if !quoted && element.eq_ignore_ascii_case("null") { None } else { Some(&element) })?;
        count += 1;
        rest = match after.as_bytes().first() {
            Some(b',') => after.get(1..).unwrap_or_default(),
            _ => after,
        };
        if after.starts_with('}') {
            break;
        }
    }
    if !skip_space(rest.get(1..).unwrap_or_default()).is_empty() {
        return Err(fault("Junk after closing right brace."));
    }
    if bounds.is_some_and(|size| size != count) {
        return Err(fault("Specified array dimensions do not match array contents."));
    }
    Ok(())
}

/// How many dimensions a literal has, by the braces that it begins with.
pub(crate) fn dimensions(text: &str) -> usize {
    let braces = text.chars().filter(|letter| !u8::try_from(*letter).is_ok_and(space)).take_while(|letter| *letter == '{');
    braces.count()
}

/// What stands between a brace and the one that closes it, both with it; `None` where none does.
fn balanced(text: &str) -> Option<&str> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '{' if !quoted => depth += 1,
            '}' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return text.get(..=at);
                }
            }
            _ => {}
        }
    }
    None
}

fn skip_space(text: &str) -> &str {
    text.trim_start_matches(|letter: char| u8::try_from(letter).is_ok_and(space))
}

/// Reads `[1:n]=` or `[n]=`: how many elements it promises and what follows it; the error is the detail of a malformed literal.
fn dimension(text: &str) -> Result<Result<(i64, &str)>, &'static str> {
    let bound = |text: &str| text.trim().parse::<i64>().ok();
    let inside = text.get(1..).unwrap_or_default();
    let length = inside.bytes().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'-' | b'+')).count();
    let (bounds, after) = inside.split_at(length);
    if length == 0 {
        return Err("\"[\" must introduce explicitly-specified array dimensions.");
    }
    let Some(after) = after.strip_prefix(']') else { return Err("Missing \"]\" after array dimensions.") };
    let (lower, upper) = match bounds.split_once(':') {
        Some((lower, upper)) => (bound(lower), bound(upper)),
        None => (Some(1), bound(bounds)),
    };
    let (Some(lower), Some(upper)) = (lower, upper) else { return Err("Missing array dimension value.") };
    let after = skip_space(after);
    if lower != 1 || after.starts_with('[') {
        let message = "only arrays of one dimension that begin at 1 are supported";
        return Ok(Err(Error::new(Kind::FeatureNotSupported, message)));
    }
    let Some(after) = after.strip_prefix('=') else { return Err("Missing \"=\" after array dimensions.") };
    Ok(Ok((upper, skip_space(after))))
}

/// Reads one element up to its delimiter: whether it was quoted or escaped, so that it cannot be NULL, and what follows it.
fn read_element<'a>(text: &'a str, element: &mut String) -> Result<(bool, &'a str), &'static str> {
    let mut rest = text;
    let mut literal = false;
    // Blanks after this length are dropped, unless more follows.
    let mut solid = 0;
    let mut closed = false;
    loop {
        let Some(letter) = rest.chars().next() else { return Err("Unexpected end of input.") };
        let after = rest.get(letter.len_utf8()..).unwrap_or_default();
        match letter {
            ',' | '}' => {
                element.truncate(solid);
                if !literal && element.is_empty() {
                    return Err(if letter == ',' { "Unexpected \",\" character." } else { "Unexpected \"}\" character." });
                }
                return Ok((literal, rest));
            }
            '{' => return Err("Unexpected \"{\" character."),
            '"' if closed || solid > 0 => return Err("Unexpected array element."),
            '"' => {
                rest = quoted(after, element)?;
                solid = element.len();
                literal = true;
                closed = true;
                continue;
            }
            _ if u8::try_from(letter).is_ok_and(space) => {
                if !closed {
                    element.push(letter);
                }
            }
            _ if closed => return Err("Unexpected array element."),
            '\\' => {
                let Some(escaped) = after.chars().next() else { return Err("Unexpected end of input.") };
                element.push(escaped);
                solid = element.len();
                literal = true;
                rest = after.get(escaped.len_utf8()..).unwrap_or_default();
                continue;
            }
            _ => {
                element.push(letter);
                solid = element.len();
            }
        }
        rest = after;
    }
}

/// Reads to the closing quote and answers what follows it.
fn quoted<'a>(text: &'a str, element: &mut String) -> Result<&'a str, &'static str> {
    let mut letters = text.chars();
    loop {
        match letters.next() {
            None => return Err("Unexpected end of input."),
            Some('"') => return Ok(letters.as_str()),
            Some('\\') => element.push(letters.next().ok_or("Unexpected end of input.")?),
            Some(letter) => element.push(letter),
        }
    }
}

/// Whether an element's text must be quoted inside an array literal.
pub(crate) fn needs_quotes(text: &[u8]) -> bool {
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | b'{' | b'}' | b',') || space(*byte);
    text.is_empty() || text.eq_ignore_ascii_case(b"null") || text.iter().any(special)
}

/// Appends an element's text in quotes.
pub(crate) fn write_quoted(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Option<String>>> {
        let mut found = Vec::new();
        elements(text, false, |element| {
            found.push(element.map(str::to_owned));
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn elements_with_quotes_blanks_and_null() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            read(" {a, b c ,\"d, e\",NULL,\"NULL\",\\NULL,\"\",\"q\\\"\\\\\" } ").unwrap(),
            [some("a"), some("b c"), some("d, e"), None, some("NULL"), some("NULL"), some(""), some("q\"\\")]
        );
        assert_eq!(read("{}").unwrap(), []);
        assert_eq!(read("{ }").unwrap(), []);
        assert_eq!(read("[1:2]={1,2}").unwrap(), [some("1"), some("2")]);
    }

    #[test]
    fn malformed_literals() {
        for (text, detail) in [
            ("", "Array value must start with \"{\" or dimension information."),
            ("a", "Array value must start with \"{\" or dimension information."),
            ("{a", "Unexpected end of input."),
            ("{a,}", "Unexpected \"}\" character."),
            ("{,a}", "Unexpected \",\" character."),
            ("{a}x", "Junk after closing right brace."),
            ("{\"a\"b}", "Unexpected array element."),
            ("{a\"b\"}", "Unexpected array element."),
            ("[1:3]={1,2}", "Specified array dimensions do not match array contents."),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.message(), format!("malformed array literal: \"{text}\""));
            assert_eq!(error.report().detail.as_deref(), Some(detail), "{text}");
            assert_eq!(error.sqlstate(), "22P02");
        }
        assert_eq!(read("{{1},{2}}").unwrap_err().sqlstate(), "0A000");
        assert_eq!(read("[0:1]={1,2}").unwrap_err().sqlstate(), "0A000");
    }

    #[test]
    fn elements_are_quoted_only_where_they_must_be() {
        for text in ["", "null", "NULL", "a b", "a,b", "{", "a\"b", "a\\b", "\t"] {
            assert!(needs_quotes(text.as_bytes()), "{text}");
        }
        assert!(!needs_quotes("a-b.c'd:é".as_bytes()));
        let mut out = Vec::new();
        write_quoted(b"a\"\\ b", &mut out);
        assert_eq!(out, b"\"a\\\"\\\\ b\"");
    }
}
