//! Finds matches as PostgreSQL does: the earliest, of those the longest or shortest by the pattern's own preference, and inside it
//! each part by its preference, those that begin earlier first (PostgreSQL 15, section 9.7.3.5).
//!
//! The pattern is simulated as a set of states, so that the time is the text's length times the pattern's. Where the pattern has an
//! equal in the `regex` crate, that one finds where the first match begins. Only patterns with back references are tried by
//! backtracking, with a bound on the steps.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::class::{Class, is_word};
use super::node::{Node, Place, Preference};
use super::syntax::{Flags, parse};
use crate::error::{Error, Kind, Result};

/// How many states a pattern may be made of.
const STATES_MAX: usize = 60_000;
/// How many steps backtracking may take for one text.
const STEPS_MAX: usize = 5_000_000;

/// Where a group matched, in bytes.
pub(crate) type Span = (usize, usize);

type Finder = Box<dyn Fn(&str, usize) -> Option<usize> + Send + Sync>;

/// A compiled pattern.
pub(crate) struct Pattern {
    root: Node,
    pub(crate) groups: usize,
    program: Program,
    preference: Preference,
    /// Finds the first place from which a match can begin, where the `regex` crate can tell.
    finder: Option<Finder>,
    back_references: bool,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// 2201B where it is none, 0A000 for what is not supported.
    pub(crate) fn new(pattern: &str, flags: Flags) -> Result<Pattern> {
        let parsed = parse(pattern, flags)?;
        let mut translation = String::new();
        let finder = parsed.root.translate(&mut translation).and_then(|()| finder(&translation));
        let preference = parsed.root.preference().unwrap_or(Preference::Longest);
        let back_references = parsed.root.any(&|node| matches!(node, Node::Again(_)));
        let program = Program::new(&parsed.root)?;
        Ok(Pattern { root: parsed.root, groups: parsed.groups, program, preference, finder, back_references })
    }

    /// Whether it matches anywhere.
    ///
    /// # Errors
    /// 54001 when back references make it too hard.
    pub(crate) fn matches(&self, text: &str) -> Result<bool> {
        match &self.finder {
            Some(find) => Ok(find(text, 0).is_some()),
            None => Ok(self.find(text, 0)?.is_some()),
        }
    }

    /// The first match from a byte position on.
    ///
    /// # Errors
    /// As [`Pattern::matches`].
    pub(crate) fn find(&self, text: &str, from: usize) -> Result<Option<Span>> {
        let mut start = from;
        loop {
            if let Some(find) = &self.finder {
                match find(text, start) {
                    Some(found) => start = found,
                    None => return Ok(None),
                }
            }
            let end = if self.back_references {
                Backtracker::new(text).end(&self.root, start, self.preference)?
            } else {
                self.program.end(text, start, text.len(), self.preference)
            };
            if let Some(end) = end {
                return Ok(Some((start, end)));
            }
            match text.get(start..).and_then(|rest| rest.chars().next()) {
                Some(letter) => start += letter.len_utf8(),
                None => return Ok(None),
            }
        }
    }

    /// The first match from a position on, with what its groups matched: the first is the whole.
    ///
    /// # Errors
    /// As [`Pattern::matches`].
    pub(crate) fn captures(&self, text: &str, from: usize) -> Result<Option<Vec<Option<Span>>>> {
        let Some(whole) = self.find(text, from)? else { return Ok(None) };
        let mut groups = vec![None; self.groups + 1];
        if self.back_references {
            groups = Backtracker::new(text).groups(&self.root, whole, self.groups)?.unwrap_or(groups);
        } else if self.groups > 0 {
            Dissection { text, groups: &mut groups, programs: HashMap::new() }.part(&self.root, whole.0, whole.1)?;
        }
        groups[0] = Some(whole);
        Ok(Some(groups))
    }
}

fn finder(pattern: &str) -> Option<Finder> {
    let regex = regex::Regex::new(pattern).ok()?;
    Some(Box::new(move |text, from| regex.find_at(text, from).map(|found| found.start())))
}

enum State {
    One(Class, usize),
    Both(usize, usize),
    Place(Place, usize),
    Look { program: Box<Program>, ahead: bool, negated: bool, next: usize },
    Done,
}

/// A pattern as states that a text leads through.
struct Program {
    states: Vec<State>,
    start: usize,
}

impl Program {
    fn new(node: &Node) -> Result<Program> {
        let mut program = Program { states: vec![State::Done], start: 0 };
        program.start = program.add(node, 0)?;
        Ok(program)
    }

    fn push(&mut self, state: State) -> Result<usize> {
        if self.states.len() >= STATES_MAX {
            return Err(super::syntax::invalid("regular expression is too complex"));
        }
        self.states.push(state);
        Ok(self.states.len() - 1)
    }

    /// Adds states for a node that lead to `next`; answers the first.
    fn add(&mut self, node: &Node, next: usize) -> Result<usize> {
        match node {
            Node::Empty => Ok(next),
            Node::One(class) => self.push(State::One(class.clone(), next)),
            Node::Place(place) => self.push(State::Place(*place, next)),
            Node::Look { inner, ahead, negated } => {
                let program = Box::new(Program::new(inner)?);
                self.push(State::Look { program, ahead: *ahead, negated: *negated, next })
            }
            Node::Group { inner, .. } => self.add(inner, next),
            Node::Concat(parts) => parts.iter().rev().try_fold(next, |next, part| self.add(part, next)),
            Node::Either(parts) => {
                let mut first = None;
                for part in parts.iter().rev() {
                    let own = self.add(part, next)?;
                    first = Some(match first {
                        Some(other) => self.push(State::Both(own, other))?,
                        None => own,
                    });
                }
                Ok(first.unwrap_or(next))
            }
            Node::Repeat { inner, min, max, .. } => {
                let mut first = match max {
                    Some(max) => {
                        let mut first = next;
                        for _ in *min..*max {
                            let own = self.add(inner, first)?;
                            first = self.push(State::Both(own, next))?;
                        }
                        first
                    }
                    None => {
                        let around = self.push(State::Both(next, next))?;
                        let own = self.add(inner, around)?;
                        self.states[around] = State::Both(own, next);
                        around
                    }
                };
                for _ in 0..*min {
                    first = self.add(inner, first)?;
                }
                Ok(first)
            }
            // Never simulated: patterns with back references are tried one way after the other.
            Node::Again(_) => Ok(next),
        }
    }

    /// The end of the match that begins at a place and ends at or before a limit.
    fn end(&self, text: &str, start: usize, limit: usize, preference: Preference) -> Option<usize> {
        let mut found = None;
        self.run(text, start, limit, &mut |end| {
            found = Some(end);
            preference == Preference::Longest
        });
        found
    }

    /// Every end of a match that begins at a place, in ascending order.
    fn ends(&self, text: &str, start: usize, limit: usize) -> Vec<usize> {
        let mut found = vec![];
        self.run(text, start, limit, &mut |end| {
            found.push(end);
            true
        });
        found
    }

    fn run(&self, text: &str, start: usize, limit: usize, on_end: &mut dyn FnMut(usize) -> bool) {
        let mut now = Threads::new(self.states.len());
        let mut then = Threads::new(self.states.len());
        self.follow(self.start, text, start, &mut now);
        let mut at = start;
        loop {
            if now.done && !on_end(at) {
                return;
            }
            if at >= limit || now.list.is_empty() {
                return;
            }
            let Some(letter) = text.get(at..).and_then(|rest| rest.chars().next()) else { return };
            let after = at + letter.len_utf8();
            then.clear();
            for state in &now.list {
                if let State::One(class, next) = &self.states[*state]
                    && class.has(letter)
                {
                    self.follow(*next, text, after, &mut then);
                }
            }
            std::mem::swap(&mut now, &mut then);
            at = after;
        }
    }

    /// Adds a state and all that is reached from it without reading.
    fn follow(&self, state: usize, text: &str, at: usize, threads: &mut Threads) {
        let mut open = vec![state];
        while let Some(state) = open.pop() {
            if std::mem::replace(&mut threads.seen[state], threads.round) == threads.round {
                continue;
            }
            match &self.states[state] {
                State::One(..) => threads.list.push(state),
                State::Both(one, other) => open.extend([*other, *one]),
                State::Place(place, next) => {
                    if holds(*place, text, at) {
                        open.push(*next);
                    }
                }
                State::Look { program, ahead, negated, next } => {
                    let found = if *ahead {
                        program.end(text, at, text.len(), Preference::Shortest).is_some()
                    } else {
                        let starts = text.char_indices().map(|(start, _)| start).take_while(|start| *start < at).chain([at]);
                        starts.into_iter().any(|start| program.ends(text, start, at).contains(&at))
                    };
                    if found != *negated {
                        open.push(*next);
                    }
                }
                State::Done => threads.done = true,
            }
        }
    }
}

struct Threads {
    list: Vec<usize>,
    /// In which round a state was last reached.
    seen: Vec<usize>,
    round: usize,
    done: bool,
}

impl Threads {
    fn new(states: usize) -> Threads {
        Threads { list: vec![], seen: vec![0; states], round: 1, done: false }
    }

    fn clear(&mut self) {
        self.list.clear();
        self.round += 1;
        self.done = false;
    }
}

fn holds(place: Place, text: &str, at: usize) -> bool {
    let before = || text.get(..at).and_then(|text| text.chars().next_back());
    let after = || text.get(at..).and_then(|text| text.chars().next());
    let word = |letter: Option<char>| letter.is_some_and(is_word);
    match place {
        Place::Start => at == 0,
        Place::End => at == text.len(),
        Place::LineStart => before().is_none_or(|letter| letter == '\n'),
        Place::LineEnd => after().is_none_or(|letter| letter == '\n'),
        Place::WordStart => !word(before()) && word(after()),
        Place::WordEnd => word(before()) && !word(after()),
        Place::WordBoundary => word(before()) != word(after()),
        Place::NoWordBoundary => word(before()) == word(after()),
    }
}

/// What each group matched inside a match whose ends are known.
struct Dissection<'t> {
    text: &'t str,
    groups: &'t mut Vec<Option<Span>>,
    /// The states of parts, by where the part stands in memory.
    programs: HashMap<*const Node, Program>,
}

impl Dissection<'_> {
    fn ends(&mut self, node: &Node, start: usize, limit: usize) -> Result<Vec<usize>> {
        let key = std::ptr::from_ref(node);
        let program = match self.programs.entry(key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(Program::new(node)?),
        };
        Ok(program.ends(self.text, start, limit))
    }

    fn part(&mut self, node: &Node, start: usize, end: usize) -> Result<()> {
        if !node.any(&|node| matches!(node, Node::Group { number: Some(_), .. })) {
            return Ok(());
        }
        match node {
            Node::Empty | Node::One(_) | Node::Place(_) | Node::Look { .. } | Node::Again(_) => Ok(()),
            Node::Group { inner, number } => {
                if let Some(number) = number {
                    self.groups[*number] = Some((start, end));
                }
                self.part(inner, start, end)
            }
            Node::Either(parts) => {
                for part in parts {
                    if self.ends(part, start, end)?.contains(&end) {
                        return self.part(part, start, end);
                    }
                }
                Ok(())
            }
            Node::Concat(parts) => {
                let mut cuts = vec![];
                if self.cut(parts, start, end, &mut cuts, &mut HashSet::new())? {
                    let mut from = start;
                    for (part, to) in parts.iter().zip(cuts) {
                        self.part(part, from, to)?;
                        from = to;
                    }
                }
                Ok(())
            }
            Node::Repeat { inner, min, max, .. } => {
                if start == end && *min == 0 {
                    return Ok(());
                }
                let mut cuts = vec![];
                let max = max.map_or(usize::MAX, |max| max as usize);
                if self.turns(inner, (*min as usize, max), start, end, &mut cuts, &mut HashSet::new())? {
                    let mut from = start;
                    for to in cuts {
                        self.part(inner, from, to)?;
                        from = to;
                    }
                }
                Ok(())
            }
        }
    }

    /// Where each of the parts ends, so that the last ends at `end`; each takes what it prefers, the earlier ones first.
    fn cut(
        &mut self,
        parts: &[Node],
        start: usize,
        end: usize,
        cuts: &mut Vec<usize>,
        failed: &mut HashSet<(usize, usize)>,
    ) -> Result<bool> {
        let Some((first, rest)) = parts.split_first() else { return Ok(start == end) };
        if failed.contains(&(parts.len(), start)) {
            return Ok(false);
        }
        let mut ends = self.ends(first, start, end)?;
        if first.preference() != Some(Preference::Shortest) {
            ends.reverse();
        }
        for to in ends {
            cuts.push(to);
            if self.cut(rest, to, end, cuts, failed)? {
                return Ok(true);
            }
            cuts.pop();
        }
        failed.insert((parts.len(), start));
        Ok(false)
    }

    /// Where each turn of a repetition ends.
    fn turns(
        &mut self,
        inner: &Node,
        (min, max): (usize, usize),
        start: usize,
        end: usize,
        cuts: &mut Vec<usize>,
        failed: &mut HashSet<(usize, usize)>,
    ) -> Result<bool> {
        if start == end && cuts.len() >= min && !cuts.is_empty() {
            return Ok(true);
        }
        // How many turns were taken matters only while there is a bound.
        let taken = if max == usize::MAX { cuts.len().min(min) } else { cuts.len() };
        if cuts.len() >= max || failed.contains(&(taken, start)) {
            return Ok(false);
        }
        let mut ends = self.ends(inner, start, end)?;
        if inner.preference() != Some(Preference::Shortest) {
            ends.reverse();
        }
        for to in ends {
            // An empty turn is of use only to come to the fewest turns.
            if to == start && cuts.len() >= min && start != end {
                continue;
            }
            cuts.push(to);
            if self.turns(inner, (min, max), to, end, cuts, failed)? {
                return Ok(true);
            }
            cuts.pop();
        }
        failed.insert((taken, start));
        Ok(false)
    }
}

/// Tries one way after the other, as back references need it.
struct Backtracker<'t> {
    text: &'t str,
    steps: usize,
}

type Groups = Vec<Option<Span>>;

impl<'t> Backtracker<'t> {
    fn new(text: &'t str) -> Self {
        Backtracker { text, steps: 0 }
    }

    /// The end of the match at a place that the preference wants.
    fn end(&mut self, node: &Node, start: usize, preference: Preference) -> Result<Option<usize>> {
        let mut ends: Vec<usize> = vec![];
        let mut groups = vec![None; 1_001];
        self.walk(node, start, &mut groups, &mut |_, at, _| {
            ends.push(at);
            Ok(false)
        })?;
        Ok(match preference {
            Preference::Longest => ends.into_iter().max(),
            Preference::Shortest => ends.into_iter().min(),
        })
    }

    fn groups(&mut self, node: &Node, (start, end): Span, count: usize) -> Result<Option<Groups>> {
        let mut found = None;
        let mut groups = vec![None; count + 1];
        self.walk(node, start, &mut groups, &mut |_, at, groups| {
            if at == end {
                found = Some(groups.clone());
            }
            Ok(at == end)
        })?;
        Ok(found)
    }

    /// Calls `then` with every place to which the node leads, until it answers true.
    fn walk(
        &mut self,
        node: &Node,
        at: usize,
        groups: &mut Groups,
        then: &mut dyn FnMut(&mut Self, usize, &mut Groups) -> Result<bool>,
    ) -> Result<bool> {
        self.steps += 1;
        if self.steps > STEPS_MAX {
            return Err(Error::new(Kind::StatementTooComplex, "regular expression with back references takes too many steps"));
        }
        match node {
            Node::Empty => then(self, at, groups),
            Node::One(class) => match self.text.get(at..).and_then(|rest| rest.chars().next()) {
                Some(letter) if class.has(letter) => then(self, at + letter.len_utf8(), groups),
                _ => Ok(false),
            },
            Node::Place(place) => {
                if holds(*place, self.text, at) {
                    then(self, at, groups)
                } else {
                    Ok(false)
                }
            }
            Node::Look { inner, ahead, negated } => {
                let mut copy = groups.clone();
                let found = if *ahead {
                    self.walk(inner, at, &mut copy, &mut |_, _, _| Ok(true))?
                } else {
                    let mut found = false;
                    for start in (0..=at).filter(|start| self.text.is_char_boundary(*start)) {
                        found = found || self.walk(inner, start, &mut copy, &mut |_, end, _| Ok(end == at))?;
                    }
                    found
                };
                if found != *negated { then(self, at, groups) } else { Ok(false) }
            }
            Node::Group { inner, number: None } => self.walk(inner, at, groups, then),
            Node::Group { inner, number: Some(number) } => {
                let before = groups[*number];
                let found = self.walk(inner, at, groups, &mut |this, end, groups| {
                    let outer = groups[*number].replace((at, end));
                    let found = then(this, end, groups)?;
                    if !found {
                        groups[*number] = outer;
                    }
                    Ok(found)
                })?;
                if !found {
                    groups[*number] = before;
                }
                Ok(found)
            }
            Node::Concat(parts) => match parts.split_first() {
                None => then(self, at, groups),
                Some((first, [])) => self.walk(first, at, groups, then),
                Some((first, rest)) => {
                    let rest = Node::Concat(rest.to_vec());
                    self.walk(first, at, groups, &mut |this, at, groups| this.walk(&rest, at, groups, then))
                }
            },
            Node::Either(parts) => {
                for part in parts {
                    if self.walk(part, at, groups, then)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Node::Repeat { inner, min, max, greedy, .. } => {
                let turn = Turn { inner, min: *min, max: *max, greedy: *greedy, taken: 0, last: None };
                self.turn(&turn, at, groups, then)
            }
            Node::Again(number) => match groups[*number] {
                Some((start, end)) => {
                    let wanted = self.text.get(start..end).unwrap_or_default();
                    if self.text.get(at..).is_some_and(|rest| rest.starts_with(wanted)) {
                        then(self, at + wanted.len(), groups)
                    } else {
                        Ok(false)
                    }
                }
                None => Ok(false),
            },
        }
    }

    fn turn(
        &mut self,
        turn: &Turn<'_>,
        at: usize,
        groups: &mut Groups,
        then: &mut dyn FnMut(&mut Self, usize, &mut Groups) -> Result<bool>,
    ) -> Result<bool> {
        let may_stop = turn.taken >= turn.min;
        let may_go_on = turn.max.is_none_or(|max| turn.taken < max) && (turn.last != Some(at) || !may_stop);
        if may_stop && !turn.greedy && then(self, at, groups)? {
            return Ok(true);
        }
        if may_go_on {
            let next = Turn { taken: turn.taken + 1, last: Some(at), ..*turn };
            if self.walk(turn.inner, at, groups, &mut |this, at, groups| this.turn(&next, at, groups, then))? {
                return Ok(true);
            }
        }
        if may_stop && turn.greedy { then(self, at, groups) } else { Ok(false) }
    }
}

/// A repetition while it is tried.
#[derive(Clone, Copy)]
struct Turn<'n> {
    inner: &'n Node,
    min: u32,
    max: Option<u32>,
    greedy: bool,
    taken: u32,
    last: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(pattern: &str, text: &str) -> Option<Vec<Option<String>>> {
        let pattern = Pattern::new(pattern, Flags::default()).unwrap();
        let found = pattern.captures(text, 0).unwrap()?;
        Some(found.into_iter().map(|span| span.map(|(start, end)| text[start..end].to_owned())).collect())
    }

    fn texts(found: &[Option<&str>]) -> Option<Vec<Option<String>>> {
        Some(found.iter().map(|text| text.map(str::to_owned)).collect())
    }

    #[test]
    fn parts_take_what_they_prefer() {
        // The answers are PostgreSQL 15's.
        assert_eq!(groups("ab|abc", "xabcab"), texts(&[Some("abc")]));
        assert_eq!(groups("(a|ab)(bc|c)", "xyzabc"), texts(&[Some("abc"), Some("ab"), Some("c")]));
        assert_eq!(groups("Y*([0-9]{1,3})", "XY1234Z"), texts(&[Some("Y123"), Some("123")]));
        assert_eq!(groups("Y*?([0-9]{1,3})", "XY1234Z"), texts(&[Some("Y1"), Some("1")]));
        assert_eq!(groups("(.*)(\\d+)(.*)", "abc01234xyz"), texts(&[Some("abc01234xyz"), Some("abc0123"), Some("4"), Some("xyz")]));
        assert_eq!(groups("(x)?b", "abc"), texts(&[Some("b"), None]));
        assert_eq!(groups("^(ab)\\1$", "abab"), texts(&[Some("abab"), Some("ab")]));
        assert_eq!(groups("foo(?!bar)", "foobar"), None);
        assert_eq!(groups("(?<=foo)bar", "foobar"), texts(&[Some("bar")]));
    }

    #[test]
    fn patterns_that_are_none_are_refused() {
        for pattern in ["(", "[", "*a", "a**", "a{2,1}", "\\", "[b-a]", "[[:nosuch:]]", "(a)\\2", "(?z)a", "a{300}"] {
            assert_eq!(Pattern::new(pattern, Flags::default()).err().map(|error| error.sqlstate()), Some("2201B"), "{pattern}");
        }
    }
}
