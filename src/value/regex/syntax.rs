//! PostgreSQL's advanced regular expressions, read into a tree (PostgreSQL 15, section 9.7.3).

use super::class::{Class, Item, Named};
use super::node::{Node, Place};
use crate::error::{Error, Kind, Result};

/// The largest count of a repetition (`DUPMAX`).
const REPEAT_MAX: u32 = 255;
/// How deeply parentheses may be nested.
const DEPTH_MAX: usize = 200;

/// What changes the meaning of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Flags {
    pub(crate) fold: bool,
    pub(crate) expanded: bool,
    pub(crate) literal: bool,
    /// `.` and `[^…]` leave out line breaks.
    pub(crate) stop_at_newline: bool,
    /// `^` and `$` match beside line breaks.
    pub(crate) anchors_at_newline: bool,
    /// All matches are wanted; of functions only.
    pub(crate) global: bool,
}

impl Flags {
    /// Reads the letters that functions take.
    ///
    /// # Errors
    /// 22023 for another letter, 0A000 for the older syntaxes.
    pub(crate) fn parse(letters: &str) -> Result<Flags> {
        let mut flags = Flags::default();
        for letter in letters.chars() {
            if letter == 'g' {
                flags.global = true;
            } else if !flags.set(letter)? {
                return Err(Error::new(Kind::InvalidParameterValue, format!("invalid regular expression option: \"{letter}\"")));
            }
        }
        Ok(flags)
    }

    fn set(&mut self, letter: char) -> Result<bool> {
        match letter {
            'b' | 'e' => {
                return Err(Error::new(
                    Kind::FeatureNotSupported,
                    format!("regular expression option \"{letter}\" is not supported"),
                )
                .with_hint("Patterns are PostgreSQL's advanced regular expressions."));
            }
            'c' => self.fold = false,
            'i' => self.fold = true,
            'm' | 'n' => (self.stop_at_newline, self.anchors_at_newline) = (true, true),
            'p' => (self.stop_at_newline, self.anchors_at_newline) = (true, false),
            'q' => self.literal = true,
            's' => (self.stop_at_newline, self.anchors_at_newline) = (false, false),
            't' => self.expanded = false,
            'w' => (self.stop_at_newline, self.anchors_at_newline) = (false, true),
            'x' => self.expanded = true,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// A pattern as a tree.
pub(super) struct Parsed {
    pub(super) root: Node,
    /// How many groups are counted.
    pub(super) groups: usize,
}

pub(super) fn invalid(why: &str) -> Error {
    Error::new(Kind::InvalidRegularExpression, format!("invalid regular expression: {why}"))
}

/// Reads a pattern.
///
/// # Errors
/// 2201B with PostgreSQL's reason, 0A000 for the older syntaxes.
pub(super) fn parse(pattern: &str, mut flags: Flags) -> Result<Parsed> {
    let mut rest = pattern;
    if let Some(literal) = pattern.strip_prefix("***=") {
        flags.literal = true;
        rest = literal;
    } else if let Some(advanced) = pattern.strip_prefix("***:") {
        rest = advanced;
    } else if pattern.starts_with("***") {
        return Err(invalid("quantifier operand invalid"));
    }
    if flags.literal {
        let letters = rest.chars().map(|letter| Node::One(Class::letter(letter, flags.fold))).collect();
        return Ok(Parsed { root: Node::Concat(letters), groups: 0 });
    }
    if let Some(after) = rest.strip_prefix("(?")
        && after.starts_with(|letter: char| letter.is_ascii_alphabetic())
    {
        let (letters, after) = after.split_once(')').ok_or_else(|| invalid("invalid embedded option"))?;
        for letter in letters.chars() {
            if !flags.set(letter)? {
                return Err(invalid("invalid embedded option"));
            }
        }
        rest = after;
        if flags.literal {
            return parse(&format!("***={rest}"), flags);
        }
    }
    let mut parser = Parser { letters: rest.chars().collect(), at: 0, flags, groups: 0, closed: vec![], depth: 0 };
    let root = parser.alternatives()?;
    if parser.at < parser.letters.len() {
        return Err(invalid("parentheses () not balanced"));
    }
    Ok(Parsed { root, groups: parser.groups })
}

struct Parser {
    letters: Vec<char>,
    at: usize,
    flags: Flags,
    groups: usize,
    /// Which groups have ended, so that they may be referred to.
    closed: Vec<usize>,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn peek_at(&self, ahead: usize) -> Option<char> {
        self.letters.get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        Some(letter)
    }

    fn eat(&mut self, wanted: char) -> bool {
        let there = self.peek() == Some(wanted);
        self.at += usize::from(there);
        there
    }

    fn eat_all(&mut self, wanted: &str) -> bool {
        let there = wanted.chars().enumerate().all(|(at, letter)| self.peek_at(at) == Some(letter));
        if there {
            self.at += wanted.chars().count();
        }
        there
    }

    /// Skips comments, and blanks where the pattern is expanded.
    fn skip(&mut self) -> Result<()> {
        loop {
            if self.eat_all("(?#") {
                while let Some(letter) = self.next() {
                    if letter == ')' {
                        break;
                    }
                }
                continue;
            }
            match self.peek() {
                Some(letter) if self.flags.expanded && letter.is_whitespace() => self.at += 1,
                Some('#') if self.flags.expanded => {
                    while self.peek().is_some_and(|letter| letter != '\n') {
                        self.at += 1;
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    fn alternatives(&mut self) -> Result<Node> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(invalid("regular expression is too complex"));
        }
        let mut branches = vec![self.branch()?];
        while self.eat('|') {
            branches.push(self.branch()?);
        }
        self.depth -= 1;
        Ok(match branches.pop() {
            Some(only) if branches.is_empty() => only,
            Some(last) => {
                branches.push(last);
                Node::Either(branches)
            }
            None => Node::Empty,
        })
    }

    fn branch(&mut self) -> Result<Node> {
        let mut parts = vec![];
        loop {
            self.skip()?;
            match self.peek() {
                None | Some('|') => break,
                Some(')') if self.depth > 1 => break,
                Some(_) => parts.push(self.piece()?),
            }
        }
        Ok(match parts.pop() {
            None => Node::Empty,
            Some(only) if parts.is_empty() => only,
            Some(last) => {
                parts.push(last);
                Node::Concat(parts)
            }
        })
    }

    fn piece(&mut self) -> Result<Node> {
        let atom = self.atom()?;
        self.skip()?;
        let (min, max) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') if self.peek_at(1).is_some_and(|letter| letter.is_ascii_digit()) => return self.counted(atom),
            _ => return Ok(atom),
        };
        self.at += 1;
        self.repeated(atom, min, max, false)
    }

    fn counted(&mut self, atom: Node) -> Result<Node> {
        self.at += 1;
        let min = self.count()?;
        let exact = !self.eat(',');
        let max = if !exact { if self.peek() == Some('}') { None } else { Some(self.count()?) } } else { Some(min) };
        if !self.eat('}') {
            return Err(invalid(if self.peek().is_none() { "braces {} not balanced" } else { "invalid repetition count(s)" }));
        }
        if max.is_some_and(|max| max < min) {
            return Err(invalid("invalid repetition count(s)"));
        }
        self.repeated(atom, min, max, exact)
    }

    fn count(&mut self) -> Result<u32> {
        let mut count = 0;
        let mut digits = 0;
        while let Some(digit) = self.peek().and_then(|letter| letter.to_digit(10)) {
            self.at += 1;
            digits += 1;
            count = (count * 10 + digit).min(REPEAT_MAX + 1);
        }
        if digits == 0 || count > REPEAT_MAX {
            return Err(invalid("invalid repetition count(s)"));
        }
        Ok(count)
    }

    fn repeated(&mut self, atom: Node, min: u32, max: Option<u32>, exact: bool) -> Result<Node> {
        if matches!(atom, Node::Place(_) | Node::Look { .. }) {
            return Err(invalid("quantifier operand invalid"));
        }
        let greedy = !self.eat('?');
        self.skip()?;
        let again = match self.peek() {
            Some('*' | '+' | '?') => true,
            Some('{') => self.peek_at(1).is_some_and(|letter| letter.is_ascii_digit()),
            _ => false,
        };
        if again {
            return Err(invalid("quantifier operand invalid"));
        }
        Ok(Node::Repeat { inner: Box::new(atom), min, max, greedy, exact })
    }

    fn atom(&mut self) -> Result<Node> {
        let Some(letter) = self.next() else { return Ok(Node::Empty) };
        match letter {
            '(' => self.parenthesis(),
            '[' => self.bracket(),
            '.' => {
                let mut any = Class::of(vec![], true, false);
                any.no_newline = self.flags.stop_at_newline;
                Ok(Node::One(any))
            }
            '^' => Ok(Node::Place(if self.flags.anchors_at_newline { Place::LineStart } else { Place::Start })),
            '$' => Ok(Node::Place(if self.flags.anchors_at_newline { Place::LineEnd } else { Place::End })),
            '*' | '+' | '?' => Err(invalid("quantifier operand invalid")),
            '{' if self.peek().is_some_and(|letter| letter.is_ascii_digit()) => Err(invalid("quantifier operand invalid")),
            ')' => Err(invalid("parentheses () not balanced")),
            '\\' => self.escape(),
            plain => Ok(Node::One(Class::letter(plain, self.flags.fold))),
        }
    }

    fn parenthesis(&mut self) -> Result<Node> {
        let kind = if self.eat_all("?:") {
            Some((false, None))
        } else if self.eat_all("?=") {
            Some((true, Some((true, false))))
        } else if self.eat_all("?!") {
            Some((true, Some((true, true))))
        } else if self.eat_all("?<=") {
            Some((true, Some((false, false))))
        } else if self.eat_all("?<!") {
            Some((true, Some((false, true))))
        } else if self.peek() == Some('?') {
            return Err(invalid("quantifier operand invalid"));
        } else {
            None
        };
        let number = match kind {
            None => {
                self.groups += 1;
                Some(self.groups)
            }
            Some(_) => None,
        };
        let inner = Box::new(self.alternatives()?);
        if !self.eat(')') {
            return Err(invalid("parentheses () not balanced"));
        }
        self.closed.extend(number);
        Ok(match kind {
            Some((true, Some((ahead, negated)))) => Node::Look { inner, ahead, negated },
            _ => Node::Group { inner, number },
        })
    }

    fn escape(&mut self) -> Result<Node> {
        let Some(letter) = self.peek() else { return Err(invalid("invalid escape \\ sequence")) };
        let place = match letter {
            'A' => Some(Place::Start),
            'Z' => Some(Place::End),
            'm' => Some(Place::WordStart),
            'M' => Some(Place::WordEnd),
            'y' => Some(Place::WordBoundary),
            'Y' => Some(Place::NoWordBoundary),
            _ => None,
        };
        if let Some(place) = place {
            self.at += 1;
            return Ok(Node::Place(place));
        }
        if let Some(item) = self.class_escape() {
            let mut class = Class::of(vec![item], false, false);
            if let (true, [Item::Named { class: named, negated: true }]) = (self.flags.stop_at_newline, &class.items[..]) {
                class = Class::of(vec![Item::Named { class: *named, negated: false }], true, false);
                class.no_newline = true;
            }
            return Ok(Node::One(class));
        }
        if let Some(first) = letter.to_digit(10).filter(|digit| *digit > 0) {
            let start = self.at;
            let mut number = 0_usize;
            while let Some(digit) = self.peek().and_then(|letter| letter.to_digit(10)) {
                self.at += 1;
                number = (number * 10 + digit as usize).min(1_000);
            }
            if self.at - start == 1 || number <= self.groups {
                if !self.closed.contains(&number) {
                    return Err(invalid("invalid backreference number"));
                }
                return Ok(Node::Again(number));
            }
            self.at = start;
            if first > 7 {
                return Err(invalid("invalid escape \\ sequence"));
            }
        }
        Ok(Node::One(Class::letter(self.letter_escape()?, self.flags.fold)))
    }

    /// `\d` and its like.
    fn class_escape(&mut self) -> Option<Item> {
        let (class, negated) = match self.peek()? {
            'd' => (Named::Digit, false),
            'D' => (Named::Digit, true),
            's' => (Named::Space, false),
            'S' => (Named::Space, true),
            'w' => (Named::Word, false),
            'W' => (Named::Word, true),
            _ => return None,
        };
        self.at += 1;
        Some(Item::Named { class, negated })
    }

    /// The character that an escape stands for; the backslash has been read.
    fn letter_escape(&mut self) -> Result<char> {
        let bad = || invalid("invalid escape \\ sequence");
        let letter = self.next().ok_or_else(bad)?;
        Ok(match letter {
            'a' => '\u{7}',
            'b' => '\u{8}',
            'B' => '\\',
            'c' => {
                let control = self.next().ok_or_else(bad)?;
                char::from_u32(u32::from(control) & 0x1f).ok_or_else(bad)?
            }
            'e' => '\u{1b}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'u' => self.number(16, 4, 4)?,
            'U' => self.number(16, 8, 8)?,
            'x' => self.number(16, 1, 255)?,
            '0'..='7' => {
                self.at -= 1;
                self.number(8, 1, 3)?
            }
            other if other.is_alphanumeric() => return Err(bad()),
            other => other,
        })
    }

    fn number(&mut self, base: u32, fewest: usize, most: usize) -> Result<char> {
        let mut value = 0_u32;
        let mut digits = 0;
        while digits < most
            && let Some(digit) = self.peek().and_then(|letter| letter.to_digit(base))
        {
            self.at += 1;
            digits += 1;
            value = value.saturating_mul(base).saturating_add(digit);
        }
        if digits < fewest {
            return Err(invalid("invalid escape \\ sequence"));
        }
        char::from_u32(value).ok_or_else(|| invalid("invalid escape \\ sequence"))
    }

    fn bracket(&mut self) -> Result<Node> {
        if self.eat_all("[:<:]]") {
            return Ok(Node::Place(Place::WordStart));
        }
        if self.eat_all("[:>:]]") {
            return Ok(Node::Place(Place::WordEnd));
        }
        let negated = self.eat('^');
        let mut items = vec![];
        let mut first = true;
        loop {
            let Some(letter) = self.peek() else { return Err(invalid("brackets [] not balanced")) };
            if letter == ']' && !first {
                self.at += 1;
                break;
            }
            first = false;
            if self.eat_all("[:") {
                let name = self.delimited(":]")?;
                let class = Named::parse(&name).ok_or_else(|| invalid("invalid character class"))?;
                // A class of one case holds both where case does not count.
                let class = if self.flags.fold && matches!(class, Named::Upper | Named::Lower) { Named::Alpha } else { class };
                items.push(Item::Named { class, negated: false });
                continue;
            }
            if letter == '\\' && self.peek_at(1).is_some() {
                self.at += 1;
                if let Some(item) = self.class_escape() {
                    items.push(item);
                    continue;
                }
                self.at -= 1;
            }
            let from = self.bracket_letter()?;
            if self.peek() == Some('-') && self.peek_at(1).is_some_and(|next| next != ']') {
                self.at += 1;
                let to = self.bracket_letter()?;
                if to < from {
                    return Err(invalid("invalid character range"));
                }
                items.push(Item::Range(from, to));
            } else {
                items.push(Item::Range(from, from));
            }
        }
        let mut class = Class::of(items, negated, self.flags.fold);
        class.no_newline = negated && self.flags.stop_at_newline;
        Ok(Node::One(class))
    }

    fn bracket_letter(&mut self) -> Result<char> {
        if self.eat_all("[.") || self.eat_all("[=") {
            let closing = if self.letters.get(self.at - 1) == Some(&'.') { ".]" } else { "=]" };
            let name = self.delimited(closing)?;
            let mut letters = name.chars();
            return match (letters.next(), letters.next()) {
                (Some(only), None) => Ok(only),
                _ => Err(invalid("invalid collating element")),
            };
        }
        match self.next() {
            Some('\\') => {
                if self.peek().is_none() {
                    return Err(invalid("brackets [] not balanced"));
                }
                self.letter_escape()
            }
            Some(letter) => Ok(letter),
            None => Err(invalid("brackets [] not balanced")),
        }
    }

    fn delimited(&mut self, closing: &str) -> Result<String> {
        let mut name = String::new();
        loop {
            if self.eat_all(closing) {
                return Ok(name);
            }
            name.push(self.next().ok_or_else(|| invalid("brackets [] not balanced"))?);
        }
    }
}
