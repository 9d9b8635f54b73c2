//! Tables made of a query's rows: `CREATE TABLE … AS` and `SELECT … INTO`.

use datafusion::sql::sqlparser::ast::{self, CreateTableOptions, Ident, ObjectName};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Token;

use super::statement::{table_kind, unsupported};
use super::{Failure, take_word};
use crate::error::Error;
use crate::store::spec::TableKind;

/// A table made of a query's rows.
#[derive(Debug, Clone)]
pub struct CreateTableAs {
    pub name: ObjectName,
    pub if_not_exists: bool,
    /// What the first columns are called; the others are called as the query's.
    pub columns: Vec<Ident>,
    /// As CREATE TABLE's.
    pub kind: Option<TableKind>,
    pub options: CreateTableOptions,
    pub query: Box<ast::Query>,
    /// Whether the rows are stored, or the columns only.
    pub with_data: bool,
}

/// Reads `CREATE TABLE t [(names)] [USING method] [WITH (options)] AS query [WITH [NO] DATA]`; any other CREATE TABLE is left to
/// sqlparser.
pub(super) fn read(parser: &mut Parser<'_>) -> Result<Option<CreateTableAs>, Failure> {
    if !comes(parser) {
        return Ok(None);
    }
    parser.expect_keyword(Keyword::CREATE)?;
    let kind = parser.parse_one_of_keywords(&[Keyword::TEMP, Keyword::TEMPORARY, Keyword::UNLOGGED]);
    refuse_kind(kind.is_some_and(|kind| kind != Keyword::UNLOGGED), kind == Some(Keyword::UNLOGGED))?;
    parser.expect_keyword(Keyword::TABLE)?;
    let if_not_exists = parser.parse_keywords(&[Keyword::IF, Keyword::NOT, Keyword::EXISTS]);
    let name = parser.parse_object_name(false)?;
    let columns = if parser.consume_token(&Token::LParen) {
        let columns = parser.parse_comma_separated(Parser::parse_identifier)?;
        parser.expect_token(&Token::RParen)?;
        columns
    } else {
        vec![]
    };
    let kind = table_kind(parser)?;
    let options = match parser.parse_options(Keyword::WITH)? {
        none if none.is_empty() => CreateTableOptions::None,
        listed => CreateTableOptions::With(listed),
    };
    parser.expect_keyword(Keyword::AS)?;
    if parser.parse_keyword(Keyword::EXECUTE) {
        return Err(unsupported("CREATE TABLE AS EXECUTE").into());
    }
    let query = parser.parse_query()?;
    let mut with_data = true;
    if parser.parse_keyword(Keyword::WITH) {
        with_data = !parser.parse_keyword(Keyword::NO);
        if !take_word(parser, "data") {
            parser.expect_keyword(Keyword::DATA)?;
        }
    }
    Ok(Some(CreateTableAs { name, if_not_exists, columns, kind, options, query, with_data }))
}

/// Whether a CREATE TABLE comes with AS behind it, outside of parentheses.
fn comes(parser: &Parser<'_>) -> bool {
    let tokens = (parser.get_current_index()..).map(|at| &parser.token_at(at).token);
    let mut tokens = tokens.filter(|token| !matches!(token, Token::Whitespace(_))).skip_while(|token| **token == Token::SemiColon);
    let is = |token: Option<&Token>, keywords: &[Keyword]| matches!(token, Some(Token::Word(word)) if word.quote_style.is_none() && keywords.contains(&word.keyword));
    if !is(tokens.next(), &[Keyword::CREATE]) {
        return false;
    }
    let next = tokens.next();
    let table = if is(next, &[Keyword::TEMP, Keyword::TEMPORARY, Keyword::UNLOGGED]) { tokens.next() } else { next };
    if !is(table, &[Keyword::TABLE]) {
        return false;
    }
    let mut depth = 0_usize;
    for token in tokens {
        match token {
            Token::EOF | Token::SemiColon => return false,
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            token if depth == 0 && is(Some(token), &[Keyword::AS]) => return true,
            _ => {}
        }
    }
    false
}

fn refuse_kind(temporary: bool, unlogged: bool) -> Result<(), Error> {
    if temporary {
        return Err(unsupported("CREATE TEMPORARY TABLE"));
    }
    if unlogged { Err(unsupported("CREATE UNLOGGED TABLE")) } else { Ok(()) }
}

/// A query with INTO in its first SELECT as the table that it makes; any other as it is.
///
/// # Errors
/// 0A000 for a table that would end with the session.
pub(super) fn of_select(mut query: Box<ast::Query>) -> Result<Result<CreateTableAs, Box<ast::Query>>, Error> {
    let Some(into) = take_into(&mut query.body) else { return Ok(Err(query)) };
    refuse_kind(into.temporary, into.unlogged)?;
    Ok(Ok(CreateTableAs {
        name: into.name,
        if_not_exists: false,
        columns: vec![],
        kind: None,
        options: CreateTableOptions::None,
        query,
        with_data: true,
    }))
}

fn take_into(body: &mut ast::SetExpr) -> Option<ast::SelectInto> {
    match body {
        ast::SetExpr::Select(select) => select.into.take(),
        ast::SetExpr::SetOperation { left, .. } => take_into(left),
        _ => None,
    }
}
