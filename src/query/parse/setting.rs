//! SET, SHOW and RESET: names and values of settings as PostgreSQL's grammar reads them.

use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Token;

use super::session::{Block, at_end, expect_word, modes, name, string, unexpected};
use super::statement::{Statement, unsupported};
use super::{Failure, next_words, take_word};

/// `SET [LOCAL] name = value, …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// In lower case.
    pub name: String,
    /// `None` is `TO DEFAULT`. Only some settings take more than one value.
    pub values: Option<Vec<String>>,
    /// For the transaction only.
    pub local: bool,
}

/// The statement behind the word SET.
pub(super) fn set(parser: &mut Parser<'_>) -> Result<Statement, Failure> {
    if next_words(parser, &["session", "characteristics"]) {
        for word in ["session", "characteristics", "as", "transaction"] {
            expect_word(parser, word)?;
        }
        return Ok(Statement::Block(Block::SetCharacteristics(some_modes(parser)?)));
    }
    if take_word(parser, "constraints") {
        return set_constraints(parser);
    }
    // `SET SESSION AUTHORIZATION` names one setting; in `SET SESSION name` the word says for how long.
    let mut local = false;
    if !next_words(parser, &["session", "authorization"]) {
        local = take_word(parser, "local");
        if !local {
            take_word(parser, "session");
        }
    }
    if take_word(parser, "transaction") {
        if next_words(parser, &["snapshot"]) {
            return Err(unsupported("SET TRANSACTION SNAPSHOT").into());
        }
        return Ok(Statement::Block(Block::SetTransaction(some_modes(parser)?)));
    }
    let (name, values) = assignment(parser)?;
    Ok(Statement::Set(Setting { name, values, local }))
}

fn some_modes(parser: &mut Parser<'_>) -> Result<super::session::Modes, Failure> {
    if at_end(parser) {
        parser.advance_token();
        return unexpected(parser, "a transaction mode");
    }
    modes(parser)
}

fn set_constraints(parser: &mut Parser<'_>) -> Result<Statement, Failure> {
    if !take_word(parser, "all") {
        parser.parse_comma_separated(|parser| parser.parse_object_name(false))?;
    }
    if !take_word(parser, "deferred") {
        expect_word(parser, "immediate")?;
    }
    Ok(Statement::Block(Block::SetConstraints))
}

/// A setting's name with what it is set to; the forms that PostgreSQL has words for come first.
pub(super) fn assignment(parser: &mut Parser<'_>) -> Result<(String, Option<Vec<String>>), Failure> {
    let one = |value: String| Some(vec![value]);
    if take_word(parser, "time") {
        expect_word(parser, "zone")?;
        return Ok(("timezone".to_owned(), time_zone(parser)?));
    }
    if take_word(parser, "names") {
        let value = if at_end(parser) || take_word(parser, "default") { None } else { one(string(parser)?) };
        return Ok(("client_encoding".to_owned(), value));
    }
    if take_word(parser, "role") {
        let _as_a_setting = parser.consume_token(&Token::Eq) || take_word(parser, "to");
        let value = if take_word(parser, "default") { None } else { one(value(parser)?) };
        return Ok(("role".to_owned(), value));
    }
    if next_words(parser, &["session", "authorization"]) {
        parser.advance_token();
        parser.advance_token();
        let value = if take_word(parser, "default") { None } else { one(value(parser)?) };
        return Ok(("session_authorization".to_owned(), value));
    }
    if next_words(parser, &["xml", "option"]) {
        parser.advance_token();
        parser.advance_token();
        return Ok(("xmloption".to_owned(), one(name(parser)?)));
    }
    let name = dotted(parser)?;
    if !parser.consume_token(&Token::Eq) {
        expect_word(parser, "to")?;
    }
    if take_word(parser, "default") {
        return Ok((name, None));
    }
    let mut values = vec![value(parser)?];
    while parser.consume_token(&Token::Comma) {
        values.push(value(parser)?);
    }
    Ok((name, Some(values)))
}

fn dotted(parser: &mut Parser<'_>) -> Result<String, Failure> {
    let mut whole = name(parser)?;
    while parser.consume_token(&Token::Period) {
        whole.push('.');
        whole.push_str(&name(parser)?);
    }
    Ok(whole.to_lowercase())
}

/// One value: a string, a number with or without a sign, or a word.
fn value(parser: &mut Parser<'_>) -> Result<String, Failure> {
    let sign = match parser.peek_token().token {
        Token::Minus => "-",
        Token::Plus => "+",
        Token::Word(_) => return name(parser),
        Token::Number(_, _) => "",
        _ => return string(parser),
    };
    if !sign.is_empty() {
        parser.advance_token();
    }
    match parser.next_token().token {
        Token::Number(digits, _) => Ok(format!("{}{digits}", if sign == "-" { sign } else { "" })),
        _ => unexpected(parser, "a value"),
    }
}

/// `LOCAL`, `DEFAULT`, a name, hours, or an interval of hours and minutes.
fn time_zone(parser: &mut Parser<'_>) -> Result<Option<Vec<String>>, Failure> {
    if take_word(parser, "local") || take_word(parser, "default") {
        return Ok(None);
    }
    if !take_word(parser, "interval") {
        return Ok(Some(vec![value(parser)?]));
    }
    let text = string(parser)?;
    if take_word(parser, "hour") && take_word(parser, "to") {
        expect_word(parser, "minute")?;
    }
    let (sign, digits) = match text.trim().strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.trim().trim_start_matches('+')),
    };
    let (hours, minutes) = digits.split_once(':').unwrap_or((digits, "0"));
    match (hours.parse::<u32>(), minutes.parse::<u32>()) {
        (Ok(hours @ ..=167), Ok(minutes @ ..=59)) => {
            Ok(Some(vec![format!("{sign}{}", f64::from(hours) + f64::from(minutes) / 60.0)]))
        }
        _ => Ok(Some(vec![text])),
    }
}

/// The statement behind the word SHOW.
pub(super) fn show(parser: &mut Parser<'_>) -> Result<Statement, Failure> {
    Ok(Statement::Show(named(parser)?))
}

/// The statement behind the word RESET.
pub(super) fn reset(parser: &mut Parser<'_>) -> Result<Statement, Failure> {
    reset_name(parser).map(Statement::Reset)
}

/// The setting behind the word RESET; `None` is `ALL`.
pub(super) fn reset_name(parser: &mut Parser<'_>) -> Result<Option<String>, Failure> {
    let name = named(parser)?;
    Ok((name != "all").then_some(name))
}

fn named(parser: &mut Parser<'_>) -> Result<String, Failure> {
    for (words, name) in [
        (&["time", "zone"][..], "timezone"),
        (&["transaction", "isolation", "level"], "transaction_isolation"),
        (&["session", "authorization"], "session_authorization"),
    ] {
        if next_words(parser, words) {
            words.iter().for_each(|_| parser.advance_token());
            return Ok(name.to_owned());
        }
    }
    dotted(parser)
}
