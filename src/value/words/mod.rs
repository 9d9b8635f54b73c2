//! Text as words: what PostgreSQL's configuration `simple` makes of it, how its queries are read, and whether one matches the other.
//!
//! Words: a *token* is what the parser cuts out of a text; a *lexeme* is a token in lower case that is searched for, and a *position*
//! counts the lexemes of a text from 1. A *vector* is the lexemes of a text with their positions, PostgreSQL's `tsvector`; a
//! [`Query`] is its `tsquery`. A *matcher* is a query made ready to be put to many texts, of which it makes no vector.
//!
//! Whoever takes words out of a text does it by `each` and `each_of_json`: the functions of SQL and the index of the store, which
//! so cannot disagree. The room is pure, and knows neither files nor SQL.

mod json;
mod letters;
mod matcher;
mod parser;
mod probe;
mod query;
mod reading;
mod vector;

use std::ops::ControlFlow;

pub(crate) use json::{Values, each_of_json, each_text};
pub(crate) use letters::{folded, is_unspaced};
pub(crate) use matcher::{Matcher, matches_vector};
pub use probe::TextProbe;
pub(crate) use probe::alike;
pub use query::Query;
pub(crate) use reading::{Reading, read_query, searched};
pub(crate) use vector::Vector;

/// The name of the function that asks whether words stand in a text, whose second operand is a query as people type it.
pub const SEARCH: &str = "search";
/// The name of the function that `to_tsvector('simple', text) @@ query` becomes, of text and query.
pub const MATCH: &str = "words match";

use letters::fold_into;
use matcher::runs;
use parser::{Kind, Parser};

/// Bytes from which on a token is none to be searched for, as in PostgreSQL.
const LEXEME_BYTES_MAX: usize = 2_047;
/// The last position that is told apart.
const POSITION_MAX: u32 = 16_383;

/// Calls `visit` with each lexeme of a text and its position, until it breaks off. `position` is that of the lexeme before, and
/// becomes the last one's.
pub(crate) fn each<B>(text: &str, position: &mut u32, visit: &mut impl FnMut(&str, u32) -> ControlFlow<B>) -> ControlFlow<B> {
    each_token(text, &mut |_, lexeme| {
        *position = position.saturating_add(1);
        visit(lexeme, *position)
    })
}

fn each_token<B>(text: &str, visit: &mut impl FnMut(Kind, &str) -> ControlFlow<B>) -> ControlFlow<B> {
    let mut parser = Parser::new(text);
    let mut lower = String::new();
    while let Some((kind, token)) = parser.token() {
        if !kind.is_indexed() || token.len() >= LEXEME_BYTES_MAX {
            continue;
        }
        let plain = token.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
        if plain {
            visit(kind, token)?;
        } else {
            lower.clear();
            fold_into(token, &mut lower);
            visit(kind, &lower)?;
        }
    }
    ControlFlow::Continue(())
}

/// Calls `visit` with each word of a text that [`asked_as`] may ask for: the lexemes without those that others make up, and the runs of
/// letters between those of scripts without blanks, which `search` finds.
pub(crate) fn each_kept(text: &str, visit: &mut impl FnMut(&str)) {
    let _: ControlFlow<()> = each_token(text, &mut |kind, lexeme| {
        if !matches!(kind, Kind::HyphenAsciiWord | Kind::HyphenWord | Kind::HyphenNumWord | Kind::Url) {
            visit(lexeme);
        }
        if !lexeme.is_ascii() {
            runs(lexeme).for_each(&mut *visit);
        }
        ControlFlow::Continue(())
    });
}

/// As [`each_kept`], of the values of a document, and of what `->>` makes of each object and array in it: keys and all, as it is written.
pub(crate) fn each_kept_of_json(document: &str, visit: &mut impl FnMut(&str)) {
    let _: ControlFlow<()> = json::each_text(document, Values::Scalars, &mut |text| {
        each_kept(text, visit);
        ControlFlow::Continue(())
    });
    json::each_part(document, &mut |part| {
        // Nothing but a tag reaches over a quotation mark. Where one begins and ends depends on where the text does, so that here none does.
        let (mut start, mut before) = (0, "");
        for (end, mark) in part.match_indices(['"', '<', '>']).chain([(part.len(), "")]) {
            let piece = &part[start..end];
            if matches!(before, "" | ">") {
                each_kept(piece, visit);
            }
            // What stands in front of a word can have a say in it; a tag in front is none.
            if !before.is_empty() {
                each_kept(&format!("\"{piece}"), visit);
            }
            (start, before) = (end + mark.len(), mark);
        }
    });
}

/// The words of [`each_kept`] that a text has which has this lexeme: in each list all of its words, of one of the lists at least.
pub(crate) fn asked_as(lexeme: &str) -> Vec<Vec<&str>> {
    let mut ways = vec![vec![lexeme]];
    // A compound word is kept as its parts, a URL as its host and its path.
    let parts: Vec<&str> = lexeme.split('-').collect();
    if parts.len() > 1 && parts.iter().all(|part| !part.is_empty()) {
        ways.push(parts);
    }
    match lexeme.find('/') {
        Some(at) if at > 0 => {
            let (host, path) = lexeme.split_at(at);
            ways.push(vec![host, path]);
        }
        Some(_) | None => {}
    }
    ways
}

/// The lexemes of a text in order.
fn lexemes(text: &str) -> Vec<String> {
    let mut found = vec![];
    let _: ControlFlow<()> = each(text, &mut 0, &mut |lexeme, _| {
        found.push(lexeme.to_owned());
        ControlFlow::Continue(())
    });
    found
}

#[cfg(test)]
mod tests;
