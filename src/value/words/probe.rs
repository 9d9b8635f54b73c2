//! What an index of words can be asked: which parts of a table may hold a text that a query or pattern matches.
//!
//! A probe asks for less than what it is made of, so that whatever matches is among what it finds, and it never decides.

use super::letters::{folded, is_unspaced};
use super::query::{Node, Query};

/// What is looked for. `All` of nothing is anything, `Any` of nothing is nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextProbe {
    All(Vec<TextProbe>),
    Any(Vec<TextProbe>),
    /// A lexeme, as it stands in a query.
    Word(String),
    /// Characters that stand in a row in the text, whatever their case.
    Inside(String),
}

impl TextProbe {
    /// What every text may answer.
    pub const ANYTHING: TextProbe = TextProbe::All(vec![]);

    /// For `to_tsvector('simple', …) @@ query`.
    pub fn of_query(query: &Query) -> TextProbe {
        query.node.as_ref().map_or(TextProbe::Any(vec![]), |node| of_node(node, false))
    }

    /// For `search(…, query)`, of a query that was read as that function reads it.
    pub fn of_search(query: &Query) -> TextProbe {
        query.node.as_ref().map_or(TextProbe::Any(vec![]), |node| of_node(node, true))
    }

    /// For `text LIKE pattern` and `text ILIKE pattern`. Of a value taken `from_document`, some characters stand in the document as
    /// escapes.
    pub fn of_like(pattern: &str, from_document: bool) -> TextProbe {
        let mut runs = vec![String::new()];
        let mut letters = pattern.chars();
        while let Some(letter) = letters.next() {
            let literal = match letter {
                '%' | '_' => None,
                // Behind a backslash these two are themselves; about others opinions differ.
                '\\' => letters.next().filter(|escaped| matches!(escaped, '%' | '_')),
                other => Some(other),
            };
            let as_is = |letter: &char| !from_document || !(letter.is_control() || matches!(letter, '"' | '\\' | '/'));
            match (literal.filter(as_is), runs.last_mut()) {
                (Some(literal), Some(run)) => run.push(literal),
                _ => runs.push(String::new()),
            }
        }
        runs.retain(|run| !run.is_empty());
        TextProbe::All(runs.into_iter().map(TextProbe::Inside).collect())
    }
}

fn of_node(node: &Node, search: bool) -> TextProbe {
    let all = |parts: &[Node]| parts.iter().map(|part| of_node(part, search)).collect();
    match node {
        Node::Word(operand) if operand.weights != 0 && operand.weights & 1 == 0 => TextProbe::Any(vec![]),
        // A lexeme stands in its text, so that its beginning does.
        Node::Word(operand) if operand.prefix || search && operand.lexeme.contains(is_unspaced) => {
            TextProbe::Inside(operand.lexeme.clone())
        }
        Node::Word(operand) => TextProbe::Word(operand.lexeme.clone()),
        Node::Not(_) => TextProbe::ANYTHING,
        Node::Nothing => TextProbe::Any(vec![]),
        Node::And(parts) => TextProbe::All(all(parts)),
        Node::Or(parts) => TextProbe::Any(all(parts)),
        Node::Phrase(parts) => TextProbe::All(parts.iter().map(|(_, part)| of_node(part, search)).collect()),
    }
}

/// A character for all those that any of the ways to disregard case holds to be the same: `lower()`, ASCII's, and the simple folding of
/// Unicode, by which `ILIKE` goes.
pub(crate) fn alike(letter: char) -> char {
    if letter.is_ascii() {
        return letter.to_ascii_lowercase();
    }
    // Their capitals are several letters.
    match letter {
        '\u{1fd3}' => return '\u{390}',
        '\u{1fe3}' => return '\u{3b0}',
        '\u{fb05}' => return '\u{fb06}',
        _ => {}
    }
    let mut upper = letter.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(only), None) => folded(only),
        _ => folded(letter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::words::searched;

    #[test]
    fn characters_that_ilike_and_lower_hold_to_be_the_same_are_alike() {
        let cased: Vec<char> = (0..=u32::from(char::MAX))
            .filter_map(char::from_u32)
            .filter(|letter| {
                letter.to_lowercase().ne([*letter]) || letter.to_uppercase().ne([*letter]) || alike(*letter) != *letter
            })
            .collect();
        let all: String = cased.iter().collect();
        assert!(cased.len() > 2_700);
        for letter in &cased {
            assert_eq!(alike(*letter), alike(folded(*letter)), "{letter:?}");
            assert_eq!(alike(*letter), alike(alike(*letter)), "{letter:?}");
            let pattern = regex::RegexBuilder::new(&regex::escape(&letter.to_string())).case_insensitive(true).build().unwrap();
            for same in pattern.find_iter(&all) {
                let same = same.as_str().chars().next().unwrap();
                assert_eq!(alike(*letter), alike(same), "{letter:?} and {same:?}");
            }
        }
    }

    #[test]
    fn patterns_ask_for_what_they_hold_as_it_stands() {
        let inside = |runs: &[&str]| TextProbe::All(runs.iter().map(|run| TextProbe::Inside((*run).to_owned())).collect());
        assert_eq!(TextProbe::of_like("%abc_de%f", false), inside(&["abc", "de", "f"]));
        assert_eq!(TextProbe::of_like("100\\%\\x \\", false), inside(&["100%", " "]));
        assert_eq!(TextProbe::of_like("%a\"b/c%", true), inside(&["a", "b", "c"]));
        assert_eq!(TextProbe::of_like("%", false), TextProbe::ANYTHING);
        let probe = TextProbe::of_search(&searched("a -b c* or 失败").unwrap());
        let [a, c, cjk] = [TextProbe::Word("a".into()), TextProbe::Inside("c".into()), TextProbe::Inside("失败".into())];
        assert_eq!(probe, TextProbe::Any(vec![TextProbe::All(vec![a, TextProbe::ANYTHING, c]), cjk]));
    }
}
