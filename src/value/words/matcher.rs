//! Whether a text matches a query, without making a vector of it; and whether a vector does.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use super::letters::is_unspaced;
use super::query::{Node, Operand, Query};
use super::vector::Vector;
use super::{POSITION_MAX, Values, each, each_of_json};
use crate::error::Result;

/// From how many lexemes on PostgreSQL may leave positions out, so that a phrase is put to a vector that has left out the same.
const LEXEMES_EXACT_MAX: u32 = 255;

/// What is called with each lexeme and its position.
type Visit<'v> = dyn FnMut(&str, u32) -> ControlFlow<()> + 'v;
/// What calls it with the lexemes of a text, counting positions.
type Source<'s> = dyn FnMut(&mut u32, &mut Visit<'_>) -> ControlFlow<()> + 's;

/// A query made ready for many texts.
#[derive(Debug)]
pub(crate) struct Matcher {
    words: Vec<Word>,
    /// `None` for the empty query, which nothing matches.
    plan: Option<Plan>,
    /// The query itself, for the texts whose vector has to be made.
    query: Query,
    /// Words that stand as they are in every text of ASCII that matches, as patterns that fold case.
    required: Vec<regex::bytes::Regex>,
    /// Whether positions are needed.
    positions: bool,
    search: bool,
}

/// A word of the query, each once.
#[derive(Debug, PartialEq, Eq)]
struct Word {
    lexeme: String,
    prefix: bool,
    /// Whether it may stand anywhere inside a lexeme, as words of scripts without blanks do.
    inside: bool,
}

/// The query over numbers of words. The same as a [`Node`], without what the words are.
#[derive(Debug)]
enum Plan {
    Word(usize),
    /// A word by weights that no text has.
    Never,
    Not(Box<Plan>),
    And(Vec<Plan>),
    Or(Vec<Plan>),
    Phrase(Vec<(u16, Plan)>),
}

impl Matcher {
    /// For `to_tsvector('simple', …) @@ query`.
    pub(crate) fn new(query: &Query) -> Matcher {
        Matcher::made(query, false)
    }

    /// For `search`: numbers and booleans of documents are words too, words of scripts without blanks are found inside of others, and
    /// a lexeme is found by each run of its letters that is of another script than its neighbours.
    pub(crate) fn for_search(query: &Query) -> Matcher {
        Matcher::made(query, true)
    }

    fn made(query: &Query, search: bool) -> Matcher {
        let mut words = vec![];
        let plan = query.node.as_ref().map(|node| planned(node, search, &mut words));
        let mut required = vec![];
        if let Some(plan) = &plan {
            plan.required(&mut required);
        }
        required.sort_unstable();
        required.dedup();
        let required = required.into_iter().filter_map(|at| words.get(at)).filter_map(pattern).collect();
        let positions = plan.as_ref().is_some_and(Plan::has_phrase);
        Matcher { words, plan, query: query.clone(), required, positions, search }
    }

    /// Whether a text matches.
    ///
    /// # Errors
    /// 54000 where PostgreSQL could not make a vector of the text and a phrase is looked for.
    pub(crate) fn matches(&self, text: &str) -> Result<bool> {
        if !self.may_match(text) {
            return Ok(false);
        }
        self.decided(&mut |position, visit| each(text, position, &mut |lexeme, at| visit(lexeme, at)))
    }

    /// Whether the values of a document match.
    ///
    /// # Errors
    /// As [`Matcher::matches`].
    pub(crate) fn matches_json(&self, document: &str) -> Result<bool> {
        // A character may stand there as an escape.
        let escapes = document.contains('\\') && (document.contains("\\u") || document.contains("\\/"));
        if !escapes && !self.may_match(document) {
            return Ok(false);
        }
        let values = if self.search { Values::Scalars } else { Values::Strings };
        self.decided(&mut |position, visit| each_of_json(document, values, position, &mut |lexeme, at| visit(lexeme, at)))
    }

    /// Whether every word that is required stands somewhere in the text. Letters beyond ASCII fold to letters of it, so that only a
    /// text without any is judged.
    fn may_match(&self, text: &str) -> bool {
        self.plan.is_some()
            && (self.required.is_empty()
                || !text.is_ascii()
                || self.required.iter().all(|pattern| pattern.is_match(text.as_bytes())))
    }

    fn decided(&self, source: &mut Source<'_>) -> Result<bool> {
        let Some(plan) = &self.plan else { return Ok(false) };
        let mut seen = Seen { found: vec![false; self.words.len()], places: vec![vec![]; self.words.len()] };
        let mut last = 0;
        let _: ControlFlow<()> = source(&mut last, &mut |lexeme, position| {
            let mut news = false;
            for (at, word) in self.words.iter().enumerate() {
                if !word.is(lexeme, self.search) {
                    continue;
                }
                if let Some(found) = seen.found.get_mut(at) {
                    news |= !*found;
                    *found = true;
                }
                if self.positions
                    && let Some(places) = seen.places.get_mut(at)
                {
                    places.push(position);
                    news = false;
                }
            }
            // What is true and only grows is true to the end.
            if news && !self.positions && plan.holds(&seen) && plan.only_grows() {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        if self.positions && last > LEXEMES_EXACT_MAX && !self.search {
            let vector = Vector::of(|visit| {
                let _: ControlFlow<()> = source(&mut 0, &mut |lexeme, at| visit(lexeme, at));
            })?;
            return Ok(matches_vector(&vector, &self.query));
        }
        Ok(plan.holds(&seen))
    }
}

impl Word {
    fn is(&self, lexeme: &str, search: bool) -> bool {
        if self.inside {
            return lexeme.contains(&self.lexeme);
        }
        let own = self.lexeme.as_str();
        let equals = |part: &str| if self.prefix { part.starts_with(own) } else { part == own };
        equals(lexeme) || search && !lexeme.is_ascii() && runs(lexeme).any(equals)
    }
}

/// The runs of a lexeme between letters of scripts without blanks; none for one that has no such letters.
pub(super) fn runs(lexeme: &str) -> impl Iterator<Item = &str> {
    let mixed = lexeme.contains(is_unspaced);
    lexeme.split(is_unspaced).filter(move |run| mixed && !run.is_empty())
}

/// A pattern that finds a word of ASCII in any text of ASCII that has it.
fn pattern(word: &Word) -> Option<regex::bytes::Regex> {
    if !word.lexeme.is_ascii() || word.lexeme.is_empty() {
        return None;
    }
    regex::bytes::RegexBuilder::new(&regex::escape(&word.lexeme)).case_insensitive(true).unicode(false).build().ok()
}

fn planned(node: &Node, search: bool, words: &mut Vec<Word>) -> Plan {
    let mut all = |parts: &[Node]| parts.iter().map(|part| planned(part, search, words)).collect();
    match node {
        // A text's words have the weight D.
        Node::Word(Operand { weights, .. }) if *weights != 0 && weights & 1 == 0 => Plan::Never,
        Node::Word(operand) => {
            let inside = search && operand.lexeme.contains(is_unspaced);
            let word = Word { lexeme: operand.lexeme.clone(), prefix: operand.prefix && !inside, inside };
            let at = words.iter().position(|known| *known == word).unwrap_or_else(|| {
                words.push(word);
                words.len() - 1
            });
            Plan::Word(at)
        }
        Node::Nothing => Plan::Never,
        Node::Not(inner) => Plan::Not(Box::new(planned(inner, search, words))),
        Node::And(parts) => Plan::And(all(parts)),
        Node::Or(parts) => Plan::Or(all(parts)),
        Node::Phrase(parts) => {
            Plan::Phrase(parts.iter().map(|(distance, part)| (*distance, planned(part, search, words))).collect())
        }
    }
}

impl Plan {
    /// The words without which nothing matches.
    fn required(&self, words: &mut Vec<usize>) {
        match self {
            Plan::Word(at) => words.push(*at),
            Plan::And(parts) => parts.iter().for_each(|part| part.required(words)),
            Plan::Phrase(parts) => parts.iter().for_each(|(_, part)| part.required(words)),
            Plan::Never | Plan::Not(_) | Plan::Or(_) => {}
        }
    }

    fn has_phrase(&self) -> bool {
        match self {
            Plan::Word(_) | Plan::Never => false,
            Plan::Not(inner) => inner.has_phrase(),
            Plan::And(parts) | Plan::Or(parts) => parts.iter().any(Plan::has_phrase),
            Plan::Phrase(_) => true,
        }
    }

    /// Whether further words cannot make it false.
    fn only_grows(&self) -> bool {
        match self {
            Plan::Word(_) | Plan::Never => true,
            Plan::Not(_) | Plan::Phrase(_) => false,
            Plan::And(parts) | Plan::Or(parts) => parts.iter().all(Plan::only_grows),
        }
    }

    fn holds(&self, seen: &dyn Evidence) -> bool {
        match self {
            Plan::Word(at) => seen.has(*at),
            Plan::Never => false,
            Plan::Not(inner) => !inner.holds(seen),
            Plan::And(parts) => parts.iter().all(|part| part.holds(seen)),
            Plan::Or(parts) => parts.iter().any(|part| part.holds(seen)),
            Plan::Phrase(_) => self.places(seen).is_some_and(|places| places.exist()),
        }
    }

    /// Where the part ends in the text; `None` where nobody knows, since positions were taken away.
    fn places(&self, seen: &dyn Evidence) -> Option<Places> {
        match self {
            Plan::Word(at) => seen.at(*at).map(Places::at),
            Plan::Never => Some(Places::at(vec![])),
            Plan::Not(inner) => {
                let inner = inner.places(seen)?;
                Some(Places { except: !inner.except, ..inner })
            }
            Plan::And(parts) => {
                let mut parts = parts.iter();
                let mut met = parts.next()?.places(seen);
                for part in parts {
                    met = both(met, part, seen, |left, right| aligned(left, right, Places::and));
                }
                met
            }
            Plan::Or(parts) => {
                let mut parts = parts.iter();
                let mut met = parts.next()?.places(seen)?;
                for part in parts {
                    // What is not there has no width.
                    let [one, other] = [met, part.places(seen)?].map(|part| if part.exist() { part } else { Places::at(vec![]) });
                    met = aligned(one, other, Places::or);
                }
                Some(met)
            }
            Plan::Phrase(parts) => {
                let mut parts = parts.iter();
                let mut met = parts.next()?.1.places(seen);
                for (distance, part) in parts {
                    met = both(met, part, seen, |left, right| {
                        let width = u32::from(*distance) + left.width + right.width;
                        let before = left.moved(u32::from(*distance) + right.width);
                        Places { width, ..before.and(right) }
                    });
                }
                met
            }
        }
    }
}

/// Two parts that must both be there: where one is certainly not, nobody asks for the other's places.
fn both(left: Option<Places>, right: &Plan, seen: &dyn Evidence, meet: impl FnOnce(Places, Places) -> Places) -> Option<Places> {
    let lacks = |places: &Option<Places>| places.as_ref().is_some_and(|places| !places.exist());
    if lacks(&left) {
        return Some(Places::at(vec![]));
    }
    let right = right.places(seen);
    if lacks(&right) {
        return Some(Places::at(vec![]));
    }
    Some(meet(left?, right?))
}

/// Places of a part in a text, or all but those.
#[derive(Debug, Clone)]
struct Places {
    /// In order, each once.
    at: Vec<u32>,
    except: bool,
    /// How many positions lie between the first word and the last.
    width: u32,
}

/// Two parts of a phrase that are as wide as the wider one.
fn aligned(left: Places, right: Places, meet: impl FnOnce(Places, Places) -> Places) -> Places {
    let width = left.width.max(right.width);
    let (by_left, by_right) = (width - left.width, width - right.width);
    Places { width, ..meet(left.moved(by_left), right.moved(by_right)) }
}

impl Places {
    fn at(at: Vec<u32>) -> Places {
        Places { at, except: false, width: 0 }
    }

    fn exist(&self) -> bool {
        self.except || !self.at.is_empty()
    }

    fn moved(mut self, by: u32) -> Places {
        self.at.iter_mut().for_each(|at| *at += by);
        self
    }

    fn and(self, other: Places) -> Places {
        match (self.except, other.except) {
            (false, false) => self.merged(&other, |left, right| left && right, false),
            (false, true) => self.merged(&other, |left, right| left && !right, false),
            (true, false) => self.merged(&other, |left, right| !left && right, false),
            (true, true) => self.merged(&other, |left, right| left || right, true),
        }
    }

    fn or(self, other: Places) -> Places {
        match (self.except, other.except) {
            (false, false) => self.merged(&other, |left, right| left || right, false),
            (false, true) => self.merged(&other, |left, right| !left && right, true),
            (true, false) => self.merged(&other, |left, right| left && !right, true),
            (true, true) => self.merged(&other, |left, right| left && right, true),
        }
    }

    /// The places of both that are kept, by whether each side has them.
    fn merged(&self, other: &Places, keep: impl Fn(bool, bool) -> bool, except: bool) -> Places {
        let (mut left, mut right) = (self.at.iter().copied().peekable(), other.at.iter().copied().peekable());
        let mut at = vec![];
        loop {
            let order = match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(one), Some(other)) => one.cmp(other),
            };
            let here = if order == Ordering::Greater { right.peek() } else { left.peek() }.copied().unwrap_or_default();
            if keep(order != Ordering::Greater, order != Ordering::Less) {
                at.push(here);
            }
            if order != Ordering::Greater {
                left.next();
            }
            if order != Ordering::Less {
                right.next();
            }
        }
        Places { at, except, width: 0 }
    }
}

/// What is known of the words of a query in one text.
trait Evidence {
    fn has(&self, word: usize) -> bool;
    /// Where the word stands; `None` where it does and nobody knows where.
    fn at(&self, word: usize) -> Option<Vec<u32>>;
}

struct Seen {
    found: Vec<bool>,
    places: Vec<Vec<u32>>,
}

impl Evidence for Seen {
    fn has(&self, word: usize) -> bool {
        self.found.get(word).copied().unwrap_or(false)
    }

    fn at(&self, word: usize) -> Option<Vec<u32>> {
        Some(self.places.get(word).cloned().unwrap_or_default())
    }
}

/// The words of a query in a vector.
struct InVector<'a> {
    vector: &'a Vector,
    words: Vec<&'a Operand>,
}

impl InVector<'_> {
    fn counts(operand: &Operand, weight: u8) -> bool {
        operand.weights == 0 || operand.weights & (1 << weight) != 0
    }
}

impl Evidence for InVector<'_> {
    fn has(&self, word: usize) -> bool {
        let Some(operand) = self.words.get(word) else { return false };
        let counts = |weight| InVector::counts(operand, weight);
        self.vector
            .found(&operand.lexeme, operand.prefix)
            .iter()
            .any(|entry| entry.places.is_empty() || entry.places.iter().any(|place| counts(place.weight)))
    }

    fn at(&self, word: usize) -> Option<Vec<u32>> {
        let Some(operand) = self.words.get(word) else { return Some(vec![]) };
        let mut at = vec![];
        for entry in self.vector.found(&operand.lexeme, operand.prefix) {
            if entry.places.is_empty() {
                return None;
            }
            let counted = entry.places.iter().filter(|place| InVector::counts(operand, place.weight));
            at.extend(counted.map(|place| u32::from(place.position)));
        }
        at.sort_unstable();
        at.dedup();
        debug_assert!(at.iter().all(|at| *at <= POSITION_MAX), "a vector keeps no further positions");
        Some(at)
    }
}

/// Whether a vector matches a query.
pub(crate) fn matches_vector(vector: &Vector, query: &Query) -> bool {
    let Some(node) = &query.node else { return false };
    let mut words = vec![];
    let plan = numbered(node, &mut words);
    plan.holds(&InVector { vector, words })
}

/// A query's plan with a number for each of its words, whatever their weights.
fn numbered<'a>(node: &'a Node, words: &mut Vec<&'a Operand>) -> Plan {
    match node {
        Node::Word(operand) => {
            words.push(operand);
            Plan::Word(words.len() - 1)
        }
        Node::Nothing => Plan::Never,
        Node::Not(inner) => Plan::Not(Box::new(numbered(inner, words))),
        Node::And(parts) => Plan::And(parts.iter().map(|part| numbered(part, words)).collect()),
        Node::Or(parts) => Plan::Or(parts.iter().map(|part| numbered(part, words)).collect()),
        Node::Phrase(parts) => Plan::Phrase(parts.iter().map(|(distance, part)| (*distance, numbered(part, words))).collect()),
    }
}
