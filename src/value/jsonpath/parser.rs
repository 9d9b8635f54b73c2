//! Reads a path, by the grammar of PostgreSQL's `jsonpath_gram.y`.

use super::lexer::{Lexer, Token};
use super::{Arithmetic, Chain, Comparison, DEPTH_MAX, Expression, LAST_LEVEL, Method, Path, RegexFlags, Step};
use crate::error::{Error, Kind, Result};
use crate::value::json::canonicalise;

/// Reads a path.
///
/// # Errors
/// 42601 for what is no path, 22P02 for an empty text, 22003 for a number beyond `numeric`, 0A000 for the flag `x`, 54001 for a path
/// nested deeper than [`DEPTH_MAX`].
pub(crate) fn parse(text: &str) -> Result<Path> {
    let mut parser = Parser { lexer: Lexer::new(text), token: Token::End, depth: 0 };
    parser.advance()?;
    if parser.token == Token::End {
        return Err(Error::new(Kind::InvalidTextRepresentation, format!("invalid input syntax for type jsonpath: \"{text}\"")));
    }
    let lax = if parser.eat_word("strict")? {
        false
    } else {
        parser.eat_word("lax")?;
        true
    };
    let (chain, _) = parser.disjunction()?;
    if parser.token != Token::End {
        return Err(parser.lexer.fault("syntax error"));
    }
    check(&chain, false, false)?;
    Ok(Path { lax, chain })
}

/// Whether what was read is a predicate, which only some places allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Value,
    Predicate,
    /// A predicate in parentheses or `exists`, which may follow `!`.
    Delimited,
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token,
    depth: usize,
}

impl Parser<'_> {
    fn advance(&mut self) -> Result<Token> {
        let next = self.lexer.next_token()?;
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn eat(&mut self, symbol: &'static str) -> Result<bool> {
        let there = self.token == Token::Symbol(symbol);
        if there {
            self.advance()?;
        }
        Ok(there)
    }

    fn expect(&mut self, symbol: &'static str) -> Result<()> {
        if self.eat(symbol)? { Ok(()) } else { Err(self.lexer.fault("syntax error")) }
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(&self.token, Token::Word(own) if own.eq_ignore_ascii_case(word))
    }

    fn eat_word(&mut self, word: &str) -> Result<bool> {
        let there = self.is_word(word);
        if there {
            self.advance()?;
        }
        Ok(there)
    }

    fn expect_word(&mut self, word: &str) -> Result<()> {
        if self.eat_word(word)? { Ok(()) } else { Err(self.lexer.fault("syntax error")) }
    }

    fn string(&mut self) -> Result<String> {
        match self.advance()? {
            Token::Quoted(text) => Ok(text),
            _ => Err(self.lexer.fault("syntax error")),
        }
    }

    fn deeper(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Error::new(Kind::StatementTooComplex, "stack depth limit exceeded")
                .with_detail(format!("A jsonpath may nest {DEPTH_MAX} levels deep.")));
        }
        Ok(())
    }

    /// A chain that must be a predicate or must not be one.
    fn wanted(&self, read: (Chain, Sort), predicate: bool) -> Result<Chain> {
        if (read.1 == Sort::Value) == predicate { Err(self.lexer.fault("syntax error")) } else { Ok(read.0) }
    }

    fn disjunction(&mut self) -> Result<(Chain, Sort)> {
        self.deeper()?;
        let mut left = self.conjunction()?;
        while self.token == Token::Symbol("||") {
            let first = self.wanted(left, true)?;
            self.advance()?;
            let right = self.conjunction()?;
            let second = self.wanted(right, true)?;
            left = (vec![Step::Or(Box::new((first, second)))], Sort::Predicate);
        }
        self.depth -= 1;
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<(Chain, Sort)> {
        let mut left = self.test()?;
        while self.token == Token::Symbol("&&") {
            let first = self.wanted(left, true)?;
            self.advance()?;
            let right = self.test()?;
            let second = self.wanted(right, true)?;
            left = (vec![Step::And(Box::new((first, second)))], Sort::Predicate);
        }
        Ok(left)
    }

    /// A negation, a comparison, or a value alone.
    fn test(&mut self) -> Result<(Chain, Sort)> {
        if self.eat("!")? {
            let inner = self.primary()?;
            if inner.1 != Sort::Delimited {
                return Err(self.lexer.fault("syntax error"));
            }
            return Ok((vec![Step::Not(inner.0)], Sort::Predicate));
        }
        let left = self.sum()?;
        if left.1 != Sort::Value {
            return Ok(left);
        }
        let left = left.0;
        if let Some(operator) = self.comparison() {
            self.advance()?;
            let right = self.sum()?;
            let right = self.wanted(right, false)?;
            return Ok((vec![Step::Compare(operator, Box::new((left, right)))], Sort::Predicate));
        }
        if self.eat_word("starts")? {
            self.expect_word("with")?;
            let initial = match self.advance()? {
                Token::Quoted(text) => Step::String(text),
                Token::Variable(name) => Step::Variable(name),
                _ => return Err(self.lexer.fault("syntax error")),
            };
            return Ok((vec![Step::StartsWith(Box::new((left, vec![initial])))], Sort::Predicate));
        }
        if self.eat_word("like_regex")? {
            return self.like_regex(left);
        }
        Ok((left, Sort::Value))
    }

    /// What stands behind `like_regex`: a pattern, which is checked with the path that it stands in, and perhaps flags.
    fn like_regex(&mut self, text: Chain) -> Result<(Chain, Sort)> {
        let pattern = self.string()?;
        let flags = if self.eat_word("flag")? { regex_flags(&self.string()?)? } else { RegexFlags::default() };
        let expression = Box::new(Expression::new(pattern, flags)?);
        Ok((vec![Step::LikeRegex { text, expression }], Sort::Predicate))
    }

    fn comparison(&self) -> Option<Comparison> {
        let Token::Symbol(symbol) = self.token else { return None };
        Some(match symbol {
            "==" => Comparison::Equal,
            "!=" => Comparison::NotEqual,
            "<" => Comparison::Less,
            ">" => Comparison::Greater,
            "<=" => Comparison::LessOrEqual,
            ">=" => Comparison::GreaterOrEqual,
            _ => return None,
        })
    }

    fn sum(&mut self) -> Result<(Chain, Sort)> {
        let mut left = self.product()?;
        loop {
            let operator = match self.token {
                Token::Symbol("+") => Arithmetic::Add,
                Token::Symbol("-") => Arithmetic::Subtract,
                _ => return Ok(left),
            };
            let first = self.wanted(left, false)?;
            self.advance()?;
            let right = self.product()?;
            let second = self.wanted(right, false)?;
            left = (vec![Step::Arithmetic(operator, Box::new((first, second)))], Sort::Value);
        }
    }

    fn product(&mut self) -> Result<(Chain, Sort)> {
        let mut left = self.unary()?;
        loop {
            let operator = match self.token {
                Token::Symbol("*") => Arithmetic::Multiply,
                Token::Symbol("/") => Arithmetic::Divide,
                Token::Symbol("%") => Arithmetic::Modulo,
                _ => return Ok(left),
            };
            let first = self.wanted(left, false)?;
            self.advance()?;
            let right = self.unary()?;
            let second = self.wanted(right, false)?;
            left = (vec![Step::Arithmetic(operator, Box::new((first, second)))], Sort::Value);
        }
    }

    fn unary(&mut self) -> Result<(Chain, Sort)> {
        let negative = match self.token {
            Token::Symbol("-") => true,
            Token::Symbol("+") => false,
            _ => return self.primary(),
        };
        self.deeper()?;
        self.advance()?;
        let operand = self.unary()?;
        let operand = self.wanted(operand, false)?;
        self.depth -= 1;
        // A signed number is a number.
        let chain = match (operand.as_slice(), negative) {
            ([Step::Number(_)], false) => operand,
            ([Step::Number(number)], true) => match number.strip_prefix('-') {
                Some(size) => vec![Step::Number(size.to_owned())],
                None if number.bytes().any(|byte| matches!(byte, b'1'..=b'9')) => vec![Step::Number(format!("-{number}"))],
                None => operand,
            },
            (_, true) => vec![Step::Negate(operand)],
            (_, false) => vec![Step::Affirm(operand)],
        };
        Ok((chain, Sort::Value))
    }

    /// A primary with its accessors.
    fn primary(&mut self) -> Result<(Chain, Sort)> {
        let token = self.advance()?;
        let mut chain = match token {
            Token::Symbol("(") => {
                let (inner, sort) = self.disjunction()?;
                self.expect(")")?;
                if sort != Sort::Value && self.eat_word("is")? {
                    self.expect_word("unknown")?;
                    return Ok((vec![Step::IsUnknown(inner)], Sort::Predicate));
                }
                let accessed = matches!(self.token, Token::Symbol("." | "[" | "?"));
                if sort != Sort::Value && !accessed {
                    return Ok((inner, Sort::Delimited));
                }
                inner
            }
            Token::Symbol("$") => vec![Step::Root],
            Token::Symbol("@") => vec![Step::Current],
            Token::Quoted(text) => vec![Step::String(text)],
            Token::Variable(name) => vec![Step::Variable(name)],
            Token::Integer(number) | Token::Number(number) => vec![Step::Number(numeric(&number)?)],
            Token::Word(word) => match word.as_str() {
                "null" => vec![Step::Null],
                "true" => vec![Step::Bool(true)],
                "false" => vec![Step::Bool(false)],
                other if other.eq_ignore_ascii_case("last") => vec![Step::Last],
                other if other.eq_ignore_ascii_case("exists") => {
                    self.expect("(")?;
                    let inner = self.disjunction()?;
                    let inner = self.wanted(inner, false)?;
                    self.expect(")")?;
                    return Ok((vec![Step::Exists(inner)], Sort::Delimited));
                }
                _ => return Err(self.unexpected(&word)),
            },
            Token::Symbol(symbol) => return Err(self.unexpected(symbol)),
            Token::End => return Err(self.lexer.fault("syntax error")),
        };
        while self.accessor(&mut chain)? {}
        Ok((chain, Sort::Value))
    }

    /// An error at a token that has been taken already.
    fn unexpected(&self, token: &str) -> Error {
        Error::new(Kind::SyntaxError, format!("syntax error at or near \"{token}\" of jsonpath input"))
    }

    /// Reads one accessor, if one follows.
    fn accessor(&mut self, chain: &mut Chain) -> Result<bool> {
        let step = match self.token {
            Token::Symbol(".") => {
                self.advance()?;
                self.member()?
            }
            Token::Symbol("[") => {
                self.advance()?;
                self.subscripts()?
            }
            Token::Symbol("?") => {
                self.advance()?;
                self.expect("(")?;
                let inner = self.disjunction()?;
                let inner = self.wanted(inner, true)?;
                self.expect(")")?;
                Step::Filter(inner)
            }
            _ => return Ok(false),
        };
        chain.push(step);
        Ok(true)
    }

    /// What stands behind a dot.
    fn member(&mut self) -> Result<Step> {
        match self.advance()? {
            Token::Symbol("*") => Ok(Step::AnyKey),
            Token::Symbol("**") => self.levels(),
            Token::Quoted(name) => Ok(Step::Key(name)),
            Token::Word(name) => {
                if self.token != Token::Symbol("(") {
                    return Ok(Step::Key(name));
                }
                let methods =
                    [Method::Abs, Method::Size, Method::Type, Method::Floor, Method::Double, Method::Ceiling, Method::KeyValue];
                let step = match methods.iter().find(|method| method.name().eq_ignore_ascii_case(&name)) {
                    Some(method) => {
                        self.advance()?;
                        Step::Method(*method)
                    }
                    None if name.eq_ignore_ascii_case("datetime") => {
                        self.advance()?;
                        let template = if self.token == Token::Symbol(")") { None } else { Some(self.string()?) };
                        Step::Datetime(template)
                    }
                    None => return Err(self.lexer.fault("syntax error")),
                };
                self.expect(")")?;
                Ok(step)
            }
            _ => Err(self.lexer.fault("syntax error")),
        }
    }

    /// `{1}`, `{1 to last}` or nothing behind `**`.
    fn levels(&mut self) -> Result<Step> {
        if !self.eat("{")? {
            return Ok(Step::AnyLevel { first: 0, last: LAST_LEVEL });
        }
        let first = self.level()?;
        let last = if self.eat_word("to")? { self.level()? } else { first };
        self.expect("}")?;
        Ok(Step::AnyLevel { first, last })
    }

    fn level(&mut self) -> Result<u32> {
        if self.eat_word("last")? {
            return Ok(LAST_LEVEL);
        }
        match self.advance()? {
            // PostgreSQL reads it as a C int and does not look at its size either.
            Token::Integer(number) => Ok(number.parse().unwrap_or(LAST_LEVEL)),
            _ => Err(self.lexer.fault("syntax error")),
        }
    }

    fn subscripts(&mut self) -> Result<Step> {
        if self.eat("*")? {
            self.expect("]")?;
            return Ok(Step::AnyElement);
        }
        let mut found = Vec::new();
        loop {
            let from = self.subscript()?;
            let to = if self.eat_word("to")? { Some(self.subscript()?) } else { None };
            found.push((from, to));
            if !self.eat(",")? {
                self.expect("]")?;
                return Ok(Step::Elements(found));
            }
        }
    }

    fn subscript(&mut self) -> Result<Chain> {
        let read = self.disjunction()?;
        self.wanted(read, false)
    }
}

/// A number in `numeric`'s text form.
fn numeric(written: &str) -> Result<String> {
    // The canonical writer wants digits on both sides of the point.
    let mut number = written.to_owned();
    if number.starts_with('.') {
        number.insert(0, '0');
    }
    let point = number.find('.').map(|at| at + 1);
    if let Some(behind) = point
        && !number.get(behind..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    {
        number.remove(behind - 1);
    }
    let mut canonical = String::new();
    canonicalise(&number, &mut canonical)?;
    Ok(canonical)
}

fn regex_flags(text: &str) -> Result<RegexFlags> {
    let mut flags = RegexFlags::default();
    for letter in text.chars() {
        match letter {
            'i' => flags.ignore_case = true,
            's' => flags.dot_all = true,
            'm' => flags.multiline = true,
            'q' => flags.quote = true,
            'x' => flags.expanded = true,
            other => {
                return Err(Error::new(Kind::SyntaxError, "invalid input syntax for type jsonpath")
                    .with_detail(format!("Unrecognized flag character \"{other}\" in LIKE_REGEX predicate.")));
            }
        }
    }
    if flags.expanded && !flags.quote {
        return Err(Error::new(Kind::FeatureNotSupported, "XQuery \"x\" flag (expanded regular expressions) is not implemented"));
    }
    Ok(flags)
}

/// `@` means something inside a filter only, and `last` inside a subscript only.
fn check(chain: &Chain, in_filter: bool, in_subscript: bool) -> Result<()> {
    for step in chain {
        match step {
            Step::Current if !in_filter => {
                return Err(Error::new(Kind::SyntaxError, "@ is not allowed in root expressions"));
            }
            Step::Last if !in_subscript => {
                return Err(Error::new(Kind::SyntaxError, "LAST is allowed only in array subscripts"));
            }
            Step::Compare(_, sides) | Step::And(sides) | Step::Or(sides) | Step::StartsWith(sides) | Step::Arithmetic(_, sides) => {
                check(&sides.0, in_filter, in_subscript)?;
                check(&sides.1, in_filter, in_subscript)?;
            }
            Step::Not(inner)
            | Step::IsUnknown(inner)
            | Step::Exists(inner)
            | Step::Negate(inner)
            | Step::Affirm(inner)
            | Step::LikeRegex { text: inner, .. } => check(inner, in_filter, in_subscript)?,
            Step::Filter(inner) => check(inner, true, in_subscript)?,
            Step::Elements(subscripts) => {
                for (from, to) in subscripts {
                    check(from, in_filter, true)?;
                    if let Some(to) = to {
                        check(to, in_filter, true)?;
                    }
                }
            }
            Step::Null
            | Step::Bool(_)
            | Step::Number(_)
            | Step::String(_)
            | Step::Variable(_)
            | Step::Root
            | Step::Current
            | Step::Last
            | Step::Key(_)
            | Step::AnyKey
            | Step::AnyElement
            | Step::AnyLevel { .. }
            | Step::Method(_)
            | Step::Datetime(_) => {}
        }
    }
    Ok(())
}
