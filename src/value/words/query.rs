//! `tsquery`: words joined by `&`, `|`, `!` and `<->`.

use std::fmt::{self, Write};

use super::LEXEME_BYTES_MAX;
use super::letters::is_space;
use super::vector::{quoted_or_plain, write_quoted};
use crate::error::{Error, Kind, Result};

/// How deep a query may be nested.
const DEPTH_MAX: usize = 200;
/// How far apart the words of a phrase may be.
const DISTANCE_MAX: u32 = 16_384;

/// A word that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operand {
    pub(crate) lexeme: String,
    /// Bits of the weights that count, 8 for A to 1 for D; 0 for all of them.
    pub(crate) weights: u8,
    pub(crate) prefix: bool,
}

/// A part of a query. Chains of one operator stand in one list, however long, so that no part is deep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Word(Operand),
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    /// Each part behind the parts before it, at a distance; the first one's is 0.
    Phrase(Vec<(u16, Node)>),
    /// An operand without words, which is taken out before the query is complete.
    Nothing,
}

/// A query; without a node it is empty and matches nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    pub(crate) node: Option<Node>,
}

/// An operator between two parts, in order of how loosely it binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Phrase(u16),
    Not,
}

impl Operator {
    fn strength(self) -> u8 {
        match self {
            Operator::Or => 1,
            Operator::And => 2,
            Operator::Phrase(_) => 3,
            Operator::Not => 4,
        }
    }
}

/// Makes a query out of words and operators as they come.
#[derive(Debug, Default)]
pub(super) struct Builder {
    nodes: Vec<Node>,
    operators: Vec<Operator>,
    /// How many operators stood there where a parenthesis was opened.
    opened: Vec<usize>,
}

impl Builder {
    pub(super) fn value(&mut self, node: Node) {
        self.nodes.push(node);
    }

    /// # Errors
    /// 54001 for what is nested too deeply.
    pub(super) fn operator(&mut self, operator: Operator) -> Result<()> {
        if operator != Operator::Not {
            self.reduce(operator.strength())?;
        }
        self.operators.push(operator);
        self.check_depth()
    }

    /// # Errors
    /// 54001 for what is nested too deeply.
    pub(super) fn open(&mut self) -> Result<()> {
        self.opened.push(self.operators.len());
        self.check_depth()
    }

    pub(super) fn close(&mut self) -> Result<()> {
        self.reduce(0)?;
        self.opened.pop();
        Ok(())
    }

    fn check_depth(&self) -> Result<()> {
        if self.operators.len() + self.opened.len() > DEPTH_MAX {
            return Err(Error::new(Kind::StatementTooComplex, "tsquery is nested too deeply"));
        }
        Ok(())
    }

    /// Applies the operators since the last parenthesis that bind at least so strongly.
    fn reduce(&mut self, strength: u8) -> Result<()> {
        let floor = self.opened.last().copied().unwrap_or(0);
        while self.operators.len() > floor {
            let Some(operator) = self.operators.pop_if(|operator| operator.strength() >= strength) else { return Ok(()) };
            let malformed = || Error::new(Kind::SyntaxError, "malformed tsquery: operand not found");
            let right = self.nodes.pop().ok_or_else(malformed)?;
            let node = match operator {
                Operator::Not => Node::Not(Box::new(right)),
                Operator::And | Operator::Or | Operator::Phrase(_) => {
                    joined(operator, self.nodes.pop().ok_or_else(malformed)?, right)
                }
            };
            self.nodes.push(node);
        }
        Ok(())
    }

    /// The complete query, and whether operands without words were taken out.
    pub(super) fn finish(mut self) -> Result<(Query, bool)> {
        self.opened.clear();
        self.reduce(0)?;
        let Some(node) = self.nodes.pop() else { return Ok((Query::default(), false)) };
        let lacks = node.has_nothing();
        let node = if lacks { cleaned(node).0 } else { Some(node) };
        Ok((Query { node }, lacks))
    }
}

/// Two parts with an operator between them; what binds alike becomes one list.
pub(super) fn joined(operator: Operator, left: Node, right: Node) -> Node {
    match (operator, left, right) {
        (Operator::Phrase(distance), Node::Phrase(mut parts), right) => {
            parts.push((distance, right));
            Node::Phrase(parts)
        }
        (Operator::Phrase(distance), left, right) => Node::Phrase(vec![(0, left), (distance, right)]),
        (Operator::Or, Node::Or(mut parts), Node::Or(more)) => {
            parts.extend(more);
            Node::Or(parts)
        }
        (Operator::Or, Node::Or(mut parts), right) => {
            parts.push(right);
            Node::Or(parts)
        }
        (Operator::Or, left, Node::Or(mut parts)) => {
            parts.insert(0, left);
            Node::Or(parts)
        }
        (Operator::Or, left, right) => Node::Or(vec![left, right]),
        (_, Node::And(mut parts), Node::And(more)) => {
            parts.extend(more);
            Node::And(parts)
        }
        (_, Node::And(mut parts), right) => {
            parts.push(right);
            Node::And(parts)
        }
        (_, left, Node::And(mut parts)) => {
            parts.insert(0, left);
            Node::And(parts)
        }
        (_, left, right) => Node::And(vec![left, right]),
    }
}

/// A list of parts as one part.
fn list(mut parts: Vec<Node>, of: fn(Vec<Node>) -> Node) -> Option<Node> {
    if parts.len() > 1 { Some(of(parts)) } else { parts.pop() }
}

/// A part without operands that have no words. The distances of a phrase around one that has gone are told to what stands to the left
/// and to the right of the part.
fn cleaned(node: Node) -> (Option<Node>, u16, u16) {
    match node {
        Node::Word(_) => (Some(node), 0, 0),
        Node::Nothing => (None, 0, 0),
        Node::Not(inner) => {
            let (inner, left, right) = cleaned(*inner);
            (inner.map(|inner| Node::Not(Box::new(inner))), left, right)
        }
        Node::And(parts) => cleaned_list(parts, Node::And),
        Node::Or(parts) => cleaned_list(parts, Node::Or),
        Node::Phrase(parts) => cleaned_phrase(parts),
    }
}

fn cleaned_list(parts: Vec<Node>, of: fn(Vec<Node>) -> Node) -> (Option<Node>, u16, u16) {
    let mut kept = vec![];
    let (mut lone, mut widest) = ((0, 0), 0);
    for part in parts {
        match cleaned(part) {
            (Some(part), left, right) => {
                lone = (left, right);
                kept.push(part);
            }
            (None, width, _) => widest = widest.max(width),
        }
    }
    match kept.len() {
        0 => (None, widest, widest),
        1 => (kept.pop(), lone.0, lone.1),
        _ => (list(kept, of), 0, 0),
    }
}

fn cleaned_phrase(parts: Vec<(u16, Node)>) -> (Option<Node>, u16, u16) {
    let mut parts = parts.into_iter();
    let Some((_, first)) = parts.next() else { return (None, 0, 0) };
    let (mut left, mut before, mut after) = cleaned(first);
    for (distance, part) in parts {
        let (right, right_before, right_after) = cleaned(part);
        (left, before, after) = match (left, right) {
            (None, None) => {
                let width = before.saturating_add(distance).saturating_add(right_before);
                (None, width, width)
            }
            (None, right) => (right, before.saturating_add(distance).saturating_add(right_before), right_after),
            (left, None) => (left, before, after.saturating_add(distance).saturating_add(right_after)),
            (Some(left), Some(right)) => {
                let distance = distance.saturating_add(after).saturating_add(right_before);
                (Some(joined(Operator::Phrase(distance), left, right)), before, right_after)
            }
        };
    }
    (left, before, after)
}

impl Node {
    fn has_nothing(&self) -> bool {
        match self {
            Node::Nothing => true,
            Node::Word(_) => false,
            Node::Not(inner) => inner.has_nothing(),
            Node::And(parts) | Node::Or(parts) => parts.iter().any(Node::has_nothing),
            Node::Phrase(parts) => parts.iter().any(|(_, part)| part.has_nothing()),
        }
    }

    fn count(&self) -> usize {
        let sum = |parts: &mut dyn Iterator<Item = &Node>| {
            let (mut parts_seen, mut nodes) = (0_usize, 0);
            for part in parts {
                parts_seen += 1;
                nodes += part.count();
            }
            nodes + parts_seen.saturating_sub(1)
        };
        match self {
            Node::Word(_) | Node::Nothing => 1,
            Node::Not(inner) => 1 + inner.count(),
            Node::And(parts) | Node::Or(parts) => sum(&mut parts.iter()),
            Node::Phrase(parts) => sum(&mut parts.iter().map(|(_, part)| part)),
        }
    }

    /// What must be there for the part to match, with what must not be there left out.
    fn wanted(&self) -> Option<Node> {
        match self {
            Node::Word(_) => Some(self.clone()),
            Node::Not(_) | Node::Nothing => None,
            Node::And(parts) => list(parts.iter().filter_map(Node::wanted).collect(), Node::And),
            Node::Or(parts) => parts.iter().map(Node::wanted).collect::<Option<Vec<_>>>().and_then(|parts| list(parts, Node::Or)),
            Node::Phrase(parts) => {
                let mut wanted: Option<Node> = None;
                for (distance, part) in parts {
                    wanted = match (wanted, part.wanted()) {
                        (Some(left), Some(right)) => Some(joined(Operator::Phrase(*distance), left, right)),
                        (left, right) => left.or(right),
                    };
                }
                wanted
            }
        }
    }

    fn strength(&self) -> u8 {
        match self {
            Node::Word(_) | Node::Nothing => u8::MAX,
            Node::Not(_) => Operator::Not.strength(),
            Node::And(_) => Operator::And.strength(),
            Node::Or(_) => Operator::Or.strength(),
            Node::Phrase(_) => Operator::Phrase(1).strength(),
        }
    }

    /// Writes the part inside of one that binds so strongly; a phrase at the right of another keeps its parentheses.
    fn write(&self, f: &mut fmt::Formatter<'_>, around: u8, right_of_phrase: bool) -> fmt::Result {
        let own = self.strength();
        let enclosed = own < around || right_of_phrase && matches!(self, Node::Phrase(_));
        if enclosed {
            f.write_str("( ")?;
        }
        match self {
            Node::Word(operand) => operand.write(f)?,
            Node::Nothing => {}
            Node::Not(inner) => {
                f.write_char('!')?;
                inner.write(f, own, false)?;
            }
            Node::And(parts) | Node::Or(parts) => {
                let sign = if matches!(self, Node::And(_)) { " & " } else { " | " };
                for (at, part) in parts.iter().enumerate() {
                    if at > 0 {
                        f.write_str(sign)?;
                    }
                    part.write(f, own, false)?;
                }
            }
            Node::Phrase(parts) => {
                for (at, (distance, part)) in parts.iter().enumerate() {
                    match (at, distance) {
                        (0, _) => {}
                        (_, 1) => f.write_str(" <-> ")?,
                        (_, distance) => write!(f, " <{distance}> ")?,
                    }
                    part.write(f, own, at > 0)?;
                }
            }
        }
        if enclosed {
            f.write_str(" )")?;
        }
        Ok(())
    }
}

impl Operand {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_quoted(&self.lexeme, f)?;
        if self.prefix || self.weights != 0 {
            f.write_char(':')?;
        }
        if self.prefix {
            f.write_char('*')?;
        }
        for (bit, letter) in [(8, 'A'), (4, 'B'), (2, 'C'), (1, 'D')] {
            if self.weights & bit != 0 {
                f.write_char(letter)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.as_ref().map_or(Ok(()), |node| node.write(f, 0, false))
    }
}

impl Query {
    /// Reads PostgreSQL's text form, its words as they are written.
    ///
    /// # Errors
    /// 42601 for what is none, 54000 and 54001 for what is too long or nested too deeply.
    pub(crate) fn parse(text: &str) -> Result<Query> {
        let as_written = |lexeme: &str, weights, prefix| Node::Word(Operand { lexeme: lexeme.to_owned(), weights, prefix });
        Ok(standard(text, as_written)?.0)
    }

    /// `numnode`: words and operators.
    pub(crate) fn nodes(&self) -> usize {
        self.node.as_ref().map_or(0, Node::count)
    }

    /// `querytree`: what an index can look for, `T` where that is nothing.
    pub(crate) fn tree(&self) -> String {
        match &self.node {
            None => String::new(),
            Some(node) => node.wanted().map_or_else(|| "T".to_owned(), |node| Query { node: Some(node) }.to_string()),
        }
    }

    /// The wire form of `tsquerysend`: the parts in prefix order, the right one of two first.
    pub(crate) fn write_binary(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&u32::try_from(self.nodes()).unwrap_or(u32::MAX).to_be_bytes());
        if let Some(node) = &self.node {
            write_node(node, out);
        }
    }
}

fn write_node(node: &Node, out: &mut Vec<u8>) {
    const OPERAND: u8 = 1;
    const OPERATOR: u8 = 2;
    let chain = |parts: &[&Node], code: u8, distances: &[u16], out: &mut Vec<u8>| {
        for at in (1..parts.len()).rev() {
            out.extend_from_slice(&[OPERATOR, code]);
            if let Some(distance) = distances.get(at) {
                out.extend_from_slice(&distance.to_be_bytes());
            }
            parts.get(at).into_iter().for_each(|part| write_node(part, out));
        }
        parts.first().into_iter().for_each(|part| write_node(part, out));
    };
    match node {
        Node::Nothing => {}
        Node::Word(operand) => {
            out.extend_from_slice(&[OPERAND, operand.weights, u8::from(operand.prefix)]);
            out.extend_from_slice(operand.lexeme.as_bytes());
            out.push(0);
        }
        Node::Not(inner) => {
            out.extend_from_slice(&[OPERATOR, 1]);
            write_node(inner, out);
        }
        Node::And(parts) => chain(&parts.iter().collect::<Vec<_>>(), 2, &[], out),
        Node::Or(parts) => chain(&parts.iter().collect::<Vec<_>>(), 3, &[], out),
        Node::Phrase(parts) => {
            let distances: Vec<u16> = parts.iter().map(|(distance, _)| *distance).collect();
            chain(&parts.iter().map(|(_, part)| part).collect::<Vec<_>>(), 4, &distances, out);
        }
    }
}

pub(super) fn is_operator(letter: char) -> bool {
    matches!(letter, '!' | '&' | '|' | '(' | ')' | '<')
}

/// Reads a query in PostgreSQL's own syntax; `value` makes a part of an operand. Answers also whether operands without words were
/// taken out.
pub(super) fn standard(text: &str, value: impl Fn(&str, u8, bool) -> Node) -> Result<(Query, bool)> {
    let error = || Error::new(Kind::SyntaxError, format!("syntax error in tsquery: \"{text}\""));
    let mut builder = Builder::default();
    let mut rest = text;
    let mut first = true;
    let mut open = 0_usize;
    loop {
        // An operand.
        rest = rest.trim_start_matches(is_space);
        match rest.chars().next() {
            None if first => return builder.finish(),
            None => return Err(Error::new(Kind::SyntaxError, format!("no operand in tsquery: \"{text}\""))),
            Some('!') => {
                builder.operator(Operator::Not)?;
                (rest, first) = (rest.get(1..).unwrap_or_default(), false);
                continue;
            }
            Some('(') => {
                builder.open()?;
                open += 1;
                (rest, first) = (rest.get(1..).unwrap_or_default(), false);
                continue;
            }
            Some(letter) if letter == ':' || is_operator(letter) => return Err(error()),
            Some(_) => {
                let read = quoted_or_plain(text, rest, |letter| letter == ':' || is_operator(letter))?;
                let (word, after) = read.filter(|(word, _)| !word.is_empty()).ok_or_else(error)?;
                if word.len() >= LEXEME_BYTES_MAX {
                    return Err(Error::new(Kind::ProgramLimitExceeded, format!("word is too long in tsquery: \"{text}\"")));
                }
                let (weights, prefix, after) = modifiers(after);
                builder.value(value(&word, weights, prefix));
                (rest, first) = (after, false);
            }
        }
        // What stands between it and the next one.
        loop {
            rest = rest.trim_start_matches(is_space);
            let behind = rest.get(1..).unwrap_or_default();
            match rest.chars().next() {
                None if open > 0 => return Err(error()),
                None => return builder.finish(),
                Some(')') => {
                    open = open.checked_sub(1).ok_or_else(error)?;
                    builder.close()?;
                    rest = behind;
                    continue;
                }
                Some('&') => {
                    builder.operator(Operator::And)?;
                    rest = behind;
                }
                Some('|') => {
                    builder.operator(Operator::Or)?;
                    rest = behind;
                }
                Some('<') => {
                    let (distance, behind) = distance(behind)?.ok_or_else(error)?;
                    builder.operator(Operator::Phrase(distance))?;
                    rest = behind;
                }
                Some(_) => return Err(error()),
            }
            break;
        }
    }
}

/// What follows a word: `:A*`.
fn modifiers(text: &str) -> (u8, bool, &str) {
    let Some(mut rest) = text.strip_prefix(':') else { return (0, false, text) };
    let (mut weights, mut prefix) = (0, false);
    while let Some(letter) = rest.chars().next() {
        match letter {
            'a' | 'A' => weights |= 8,
            'b' | 'B' => weights |= 4,
            'c' | 'C' => weights |= 2,
            'd' | 'D' => weights |= 1,
            '*' => prefix = true,
            _ => break,
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    (weights, prefix, rest)
}

/// The distance behind `<`, and what follows `>`.
fn distance(text: &str) -> Result<Option<(u16, &str)>> {
    if let Some(rest) = text.strip_prefix("->") {
        return Ok(Some((1, rest)));
    }
    let Some((digits, rest)) = text.split_once('>') else { return Ok(None) };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    match digits.parse::<u32>() {
        Ok(distance) if distance <= DISTANCE_MAX => Ok(Some((u16::try_from(distance).unwrap_or(u16::MAX), rest))),
        _ => Err(Error::new(
            Kind::InvalidParameterValue,
            format!("distance in phrase operator must be an integer value between zero and {DISTANCE_MAX} inclusive"),
        )),
    }
}
