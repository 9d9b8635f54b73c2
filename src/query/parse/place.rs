//! Where in a statement's text a mistake stands that was only found while planning.
//!
//! The planner's errors name what they are about, as PostgreSQL's messages do; the place is where the text first says that name. Of two
//! uses of a name that stands for nothing the first is told, as PostgreSQL tells it.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::{DIALECT, Parsed, position_of};
use crate::error::{Error, Kind};

impl Parsed {
    /// The error with the place in the client's text at which PostgreSQL would point, if it has none yet.
    pub fn placed(&self, error: Error) -> Error {
        let report = error.report();
        if report.position.is_some() || report.context.is_some() {
            return error;
        }
        if let Some((line, column)) = report.place {
            let (first_line, first_column) = self.start;
            let line = (line + 1).saturating_sub(first_line);
            let column = if line == 1 { (column + 1).saturating_sub(first_column) } else { column };
            return error.with_position(self.offset + position_of(&self.text, line, column));
        }
        let literal = report.literal.clone().map(Named::Literal);
        let Some(named) = literal.or_else(|| Named::by(report.kind, &report.message)) else { return error };
        let Ok(tokens) = Tokenizer::new(&DIALECT, &self.text).tokenize_with_location() else { return error };
        let tokens: Vec<&TokenWithSpan> = tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).collect();
        match (0..tokens.len()).find(|at| named.stands_at(&tokens, *at)) {
            Some(at) => {
                let start = tokens[at].span.start;
                error.with_position(self.offset + position_of(&self.text, start.line, start.column))
            }
            None => error,
        }
    }
}

/// What an error is about.
enum Named {
    /// A dotted name, in the order of its parts.
    Name(Vec<String>),
    /// A column with its table in front, which the text may leave away.
    Column(Vec<String>),
    /// The table that a column is looked for in.
    Qualifier(String),
    /// A relation, behind one of the words that name relations.
    Relation(Vec<String>),
    Function(Vec<String>),
    /// A string literal of this text.
    Literal(String),
    /// `$1`.
    Parameter(String),
    /// A token as it is written, in whatever case.
    Token(String),
    /// An operator's symbol; without a left side it stands before its operand.
    Operator(String, bool),
}

impl Named {
    fn by(kind: Kind, message: &str) -> Option<Named> {
        let quoted = || message.split('"').nth(1).map(split);
        match kind {
            Kind::UndefinedColumn => match message.strip_prefix("column ")?.strip_suffix(" does not exist")? {
                name if name.starts_with('"') => quoted().map(Named::Name),
                name => Some(Named::Name(split(name))),
            },
            Kind::GroupingError if message.starts_with("column ") => quoted().map(Named::Column),
            Kind::UndefinedParameter => {
                message.strip_prefix("there is no parameter ").map(|name| Named::Parameter(name.to_owned()))
            }
            Kind::AmbiguousColumn if message.starts_with("column reference") => quoted().map(Named::Name),
            Kind::UndefinedTable if message.starts_with("missing FROM-clause") || message.starts_with("invalid reference") => {
                quoted()?.pop().map(Named::Qualifier)
            }
            Kind::UndefinedTable => quoted().map(Named::Relation),
            Kind::UndefinedObject if message.starts_with("type ") => quoted().map(Named::Name),
            Kind::SyntaxError => {
                let token = message.strip_prefix("syntax error at or near \"")?.strip_suffix('"')?;
                Some(Named::Token(token.to_owned()))
            }
            Kind::UndefinedFunction => {
                if let Some(rest) = message.strip_prefix("operator does not exist: ") {
                    return operator(rest);
                }
                let name = message.strip_prefix("function ")?.split('(').next()?;
                Some(Named::Function(split(name)))
            }
            _ => None,
        }
    }

    fn stands_at(&self, tokens: &[&TokenWithSpan], at: usize) -> bool {
        let symbol = |at: usize, symbol: &Token| tokens.get(at).is_some_and(|token| token.token == *symbol);
        match self {
            Named::Name(parts) => name_at(tokens, at, parts) && !symbol(at + parts.len() * 2 - 1, &Token::Period),
            Named::Column(parts) => {
                let own = &parts[parts.len().saturating_sub(1)..];
                name_at(tokens, at, parts) || name_at(tokens, at, own) && !symbol(at + 1, &Token::Period)
            }
            Named::Qualifier(name) => name_at(tokens, at, std::slice::from_ref(name)) && symbol(at + 1, &Token::Period),
            Named::Relation(parts) => {
                let full = name_at(tokens, at, parts);
                let before = at.checked_sub(1).and_then(|before| tokens.get(before));
                full && before.is_some_and(|before| names_relations(&before.token))
                    || matches!(&tokens[at].token, Token::SingleQuotedString(text) if split(text) == *parts)
            }
            Named::Function(parts) => name_at(tokens, at, parts) && symbol(at + parts.len() * 2 - 1, &Token::LParen),
            Named::Literal(text) => match &tokens[at].token {
                Token::SingleQuotedString(own) | Token::EscapedStringLiteral(own) => own == text,
                Token::DollarQuotedString(own) => own.value == *text,
                _ => false,
            },
            Named::Token(text) => tokens[at].token.to_string().eq_ignore_ascii_case(text),
            Named::Parameter(name) => matches!(&tokens[at].token, Token::Placeholder(own) if own == name),
            Named::Operator(operator, prefix) => is_operator(tokens, at, operator, *prefix),
        }
    }
}

/// The symbol in `left symbol right` or `symbol right`: the one word that is made of symbols or is a keyword of comparisons.
fn operator(rest: &str) -> Option<Named> {
    let words: Vec<&str> = rest.split(' ').collect();
    let at = words.iter().position(|word| word.chars().all(|c| "+-*/<>=~!@#%^&|`?".contains(c)))?;
    Some(Named::Operator((*words.get(at)?).to_owned(), at == 0))
}

fn is_operator(tokens: &[&TokenWithSpan], at: usize, operator: &str, prefix: bool) -> bool {
    let token = &tokens[at].token;
    let shown = token.to_string();
    if let Token::Word(word) = token {
        // Operators that have words of their own.
        let negated = at > 0 && matches!(&tokens[at - 1].token, Token::Word(before) if before.keyword == Keyword::NOT);
        return match (word.keyword, operator) {
            (Keyword::LIKE, "~~") | (Keyword::ILIKE, "~~*") => !negated,
            (Keyword::NOT, "!~~" | "!~~*") => true,
            (Keyword::IN, "=") | (Keyword::BETWEEN, ">=" | "<=") => true,
            (Keyword::NULLIF, "=") => true,
            _ => false,
        };
    }
    let starts_operand = at == 0
        || match &tokens[at - 1].token {
            Token::Word(word) => word.keyword != Keyword::NoKeyword,
            Token::RParen | Token::RBracket | Token::Number(..) | Token::SingleQuotedString(_) => false,
            _ => true,
        };
    let same = shown == operator || (operator == "<>" && shown == "!=");
    same && (!prefix || starts_operand)
}

fn names_relations(token: &Token) -> bool {
    match token {
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::FROM
                | Keyword::JOIN
                | Keyword::INTO
                | Keyword::UPDATE
                | Keyword::TABLE
                | Keyword::ONLY
                | Keyword::USING
                | Keyword::COPY
        ),
        Token::Comma | Token::LParen => true,
        _ => false,
    }
}

/// Whether a dotted name stands here.
fn name_at(tokens: &[&TokenWithSpan], at: usize, parts: &[String]) -> bool {
    let behind_point = at > 0 && tokens[at - 1].token == Token::Period;
    !behind_point
        && parts.iter().enumerate().all(|(number, part)| {
            let place = at + number * 2;
            let joined = number == 0 || tokens.get(place - 1).is_some_and(|token| token.token == Token::Period);
            joined
                && matches!(tokens.get(place).map(|token| &token.token), Some(Token::Word(word)) if match word.quote_style {
                    Some(_) => word.value == *part,
                    None => word.value.to_lowercase() == *part,
                })
        })
}

fn split(name: &str) -> Vec<String> {
    name.split('.').map(|part| part.trim_matches('"').to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::parse::parse;

    fn place(sql: &str, kind: Kind, message: &str) -> Option<usize> {
        parse(sql).unwrap().pop().unwrap().placed(Error::new(kind, message)).report().position
    }

    #[test]
    fn a_mistake_is_found_in_the_text() {
        let column = "column \"b\" does not exist";
        assert_eq!(place("SELECT a, b FROM t", Kind::UndefinedColumn, column), Some(11));
        assert_eq!(place("SELECT 1; SELECT b FROM t", Kind::UndefinedColumn, column), Some(18));
        assert_eq!(place("SELECT t.b FROM t", Kind::UndefinedColumn, "column t.b does not exist"), Some(8));
        assert_eq!(place("SELECT t FROM t", Kind::UndefinedTable, "relation \"t\" does not exist"), Some(15));
        assert_eq!(place("SELECT ä || f(1)", Kind::UndefinedFunction, "function f(integer) does not exist"), Some(13));
        let grouped = "column \"t.a\" must appear in the GROUP BY clause or be used in an aggregate function";
        assert_eq!(place("SELECT b, a FROM t GROUP BY b", Kind::GroupingError, grouped), Some(11));
        assert_eq!(place("SELECT b, t.a FROM t GROUP BY b", Kind::GroupingError, grouped), Some(11));
        assert_eq!(place("SELECT 1, $2", Kind::UndefinedParameter, "there is no parameter $2"), Some(11));
        let minus = "operator does not exist: - boolean";
        assert_eq!(place("SELECT 2 - 1, - true", Kind::UndefinedFunction, minus), Some(15));
        let like = "operator does not exist: integer ~~ unknown";
        assert_eq!(place("SELECT 1 LIKE 'a'", Kind::UndefinedFunction, like), Some(10));
    }

    #[test]
    fn a_mistake_inside_a_view_has_no_place_in_the_statement() {
        let parsed = parse("SELECT b FROM v").unwrap().pop().unwrap();
        let error = Error::new(Kind::UndefinedColumn, "column \"b\" does not exist").with_context("view \"v\"");
        assert_eq!(parsed.placed(error).report().position, None);
    }
}
