//! Reads Rust text just far enough to judge it: which bytes are code, which belong to unit tests, which paths it names.
//!
//! Blanked text keeps every length and line break of the original, so that a position in one is a position in the other.

use std::ops::Range;

/// The text with comments and the contents of string and character literals turned into spaces.
pub(crate) fn code_only(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => line_end(bytes, at),
            b'/' if bytes.get(at + 1) == Some(&b'*') => block_comment_end(bytes, at),
            b'"' => string_end(bytes, at + 1),
            b'r' | b'b' | b'c' if !is_word_before(bytes, at) => match raw_string_end(bytes, at) {
                Some(end) => end,
                None => {
                    at += 1;
                    continue;
                }
            },
            b'\'' => match char_end(bytes, at) {
                Some(end) => end,
                None => {
                    at += 1;
                    continue;
                }
            },
            _ => {
                at += 1;
                continue;
            }
        };
        for byte in &mut out[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end;
    }
    String::from_utf8(out).expect("whole literals and comments were replaced, never part of a character")
}

/// Where `#[cfg(test)]` items stand in blanked text, as byte ranges from the attribute to the item's end.
pub(crate) fn test_ranges(code: &str) -> Vec<Range<usize>> {
    const MARK: &str = "#[cfg(test)]";
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut from = 0;
    while let Some(found) = code[from..].find(MARK) {
        let start = from + found;
        let end = item_end(code.as_bytes(), start + MARK.len());
        ranges.push(start..end);
        from = end;
    }
    ranges
}

/// Blanked text without the items that exist in tests only.
pub(crate) fn without_tests(code: &str) -> String {
    let mut out = code.as_bytes().to_vec();
    for range in test_ranges(code) {
        for byte in &mut out[range] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }
    String::from_utf8(out).expect("an item begins and ends at ASCII characters")
}

/// Lines of the text that do not belong to unit tests.
pub(crate) fn lines_without_tests(text: &str) -> usize {
    let code = code_only(text);
    let in_tests: usize = test_ranges(&code).into_iter().map(|range| text[range].matches('\n').count() + 1).sum();
    text.lines().count().saturating_sub(in_tests)
}

/// The rooms that blanked text reaches by `crate::…`, or by a chain of `super` that ends at the crate's root.
///
/// `depth` is how many modules the file stands below the root: 1 for `store/mod.rs`, 2 for `store/wal.rs`.
pub(crate) fn rooms_named(code: &str, depth: usize) -> Vec<String> {
    let words: Vec<&str> = words_of(code);
    let mut rooms = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let mut next = at;
        let mut climbed = 0;
        while words[next..].starts_with(&["super", "::"]) {
            climbed += 1;
            next += 2;
        }
        if words[next..].starts_with(&["crate", "::"]) && climbed == 0 {
            rooms.extend(roots_of(&words[next + 2..]));
            at = next + 2;
        } else if climbed > 0 {
            if climbed >= depth {
                rooms.extend(roots_of(&words[next..]));
            }
            at = next;
        } else {
            at += 1;
        }
    }
    rooms.sort();
    rooms.dedup();
    rooms
}

/// Whether a word of blanked text begins with `start`, so that `deltalake` finds `deltalake_core` too.
///
/// A name that ends in `::` is a crate's: it counts only where a path begins (`parquet::file`, not `datafusion::parquet::file`).
pub(crate) fn names(code: &str, start: &str) -> bool {
    code.match_indices(start).any(|(at, _)| {
        let inside_path = start.ends_with("::") && code[..at].trim_end().ends_with("::");
        !is_word_before(code.as_bytes(), at) && !inside_path
    })
}

/// The first identifier of the path that begins here, or of each path in the group `{a, b::c}` that begins here.
fn roots_of(words: &[&str]) -> Vec<String> {
    if words.first() != Some(&"{") {
        return words.first().filter(|word| is_identifier(word)).map(|word| (*word).to_owned()).into_iter().collect();
    }
    let mut roots = Vec::new();
    let mut depth = 0_usize;
    let mut at_start = true;
    for word in words {
        match *word {
            "{" => depth += 1,
            "}" => depth -= 1,
            "," if depth == 1 => at_start = true,
            word => {
                if depth == 1 && at_start && is_identifier(word) {
                    roots.push(word.to_owned());
                }
                at_start = false;
            }
        }
        if depth == 0 {
            break;
        }
        if *word == "{" && depth == 1 {
            at_start = true;
        }
    }
    roots
}

/// Identifiers, `::`, braces and commas of blanked text, in order; every other character is a word of its own.
fn words_of(code: &str) -> Vec<&str> {
    let bytes = code.as_bytes();
    let mut words = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let length = if is_word(bytes[at]) {
            bytes[at..].iter().take_while(|byte| is_word(**byte)).count()
        } else if bytes[at..].starts_with(b"::") {
            2
        } else {
            1
        };
        if bytes[at].is_ascii() && !bytes[at].is_ascii_whitespace() {
            words.push(&code[at..at + length]);
        }
        at += length;
    }
    words
}

fn is_identifier(word: &str) -> bool {
    word.bytes().all(is_word) && !word.starts_with(|first: char| first.is_ascii_digit())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_word_before(bytes: &[u8], at: usize) -> bool {
    at > 0 && is_word(bytes[at - 1])
}

/// The end of an item that begins somewhere after `from`: its closing brace, or its semicolon where it has no body.
fn item_end(bytes: &[u8], from: usize) -> usize {
    let mut depth = 0_usize;
    let mut is_use = false;
    let mut seen_word = false;
    let mut at = from;
    while at < bytes.len() {
        match bytes[at] {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && !is_use {
                    return at + 1;
                }
            }
            b';' if depth == 0 => return at + 1,
            b'u' if depth == 0 && !seen_word && bytes[at..].starts_with(b"use ") => is_use = true,
            _ => {}
        }
        // The first word outside an attribute's brackets says what kind of item it is.
        seen_word |= depth == 0 && is_word(bytes[at]);
        at += 1;
    }
    bytes.len()
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |length| at + length)
}

fn block_comment_end(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    bytes.len()
}

/// The position after the closing quote of a plain string whose contents begin at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The end of `"…"`, `r"…"`, `r#"…"#` with a prefix `b`, `c` or `r` at `at`; `None` when no string begins here.
fn raw_string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut next = at;
    if matches!(bytes[next], b'b' | b'c') {
        next += 1;
    }
    let raw = bytes.get(next) == Some(&b'r');
    if raw {
        next += 1;
    }
    let hashes = bytes[next..].iter().take_while(|byte| **byte == b'#').count();
    if bytes.get(next + hashes) != Some(&b'"') || (!raw && hashes > 0) {
        return None;
    }
    let body = next + hashes + 1;
    if !raw {
        return Some(string_end(bytes, body));
    }
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let length = bytes[body..].windows(close.len()).position(|window| window == close)?;
    Some(body + length + close.len())
}

/// The end of a character literal at the quote `at`; `None` when the quote begins a lifetime or a label.
fn char_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at + 1)? {
        b'\\' => bytes[at + 2..].iter().skip(1).position(|byte| *byte == b'\'').map(|length| at + length + 4),
        first => {
            let width = match first {
                0..=0x7f => 1,
                0xc0..=0xdf => 2,
                0xe0..=0xef => 3,
                _ => 4,
            };
            (bytes.get(at + 1 + width) == Some(&b'\'')).then_some(at + 2 + width)
        }
    }
}

#[test]
fn comments_and_literals_are_blanked_and_nothing_else() {
    let text = "let a = \"crate::x // \\\" y\"; // crate::z\nlet c = '\"'; let d: &'a str = r#\"a \" b\"#; /* /* x */ y */ b\"q\" '\\'' '\\u{1F}' 'ß'";
    let code = code_only(text);
    assert_eq!(code.len(), text.len());
    for gone in ["crate", "x", "y", "z", "q", "ß", "1F"] {
        assert!(!code.contains(gone), "{gone} is left in {code}");
    }
    for kept in ["let a =", "let c =", "&'a str =", "\n"] {
        assert!(code.contains(kept), "{kept} is gone from {code}");
    }
}

#[test]
fn test_items_end_where_their_body_does() {
    let text = "fn a() {}\n#[cfg(test)]\n#[path = \"x\"]\nmod tests {\n    fn b() { if x { y } }\n}\nfn c() {}\n#[cfg(test)]\nuse x::{y, z};\nfn d() {}\n";
    let code = without_tests(&code_only(text));
    assert!(code.contains("fn a()") && code.contains("fn c()") && code.contains("fn d()"), "{code}");
    assert!(!code.contains("fn b()") && !code.contains("x::{"), "{code}");
    assert_eq!(lines_without_tests(text), 3);
}

#[test]
fn rooms_are_found_in_paths_groups_and_chains() {
    let code = "use crate::store::Store; use crate::{catalog::{self, x}, error::Error, ledger}; fn f() { crate::pg::run(a, b) } use super::wal; use super::super::query::x;";
    assert_eq!(rooms_named(code, 2), ["catalog", "error", "ledger", "pg", "query", "store"]);
    assert_eq!(rooms_named("use super::query::x;", 1), ["query"]);
    assert_eq!(rooms_named("use super::query::x;", 2), Vec::<String>::new());
    assert_eq!(rooms_named("pub(crate) fn f(x: mycrate::y) {}", 1), Vec::<String>::new());
}

#[test]
fn a_name_is_found_at_the_start_of_words_only() {
    assert!(names("use parquet::file;", "parquet::"));
    assert!(!names("use datafusion::parquet::file;", "parquet::"));
    assert!(!names("use myparquet::file;", "parquet::"));
    assert!(names("datafusion_functions_json::x", "datafusion"));
    assert!(!names("my_datafusion", "datafusion"));
}
