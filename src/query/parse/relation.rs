//! ALTER VIEW, and of ALTER TABLE what sqlparser does not read (PostgreSQL 15, the pages of both statements).

use datafusion::sql::sqlparser::ast::{Ident, ObjectName, SqlOption};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::retention::skip;
use super::session::{name, unexpected};
use super::statement::{Definition, unsupported};
use super::{Failure, next_words};

/// A change of a view as a whole, or of where a table stands.
#[derive(Debug, Clone)]
pub struct AlterRelation {
    pub name: ObjectName,
    /// Whether the statement says VIEW, as only views may be called; by TABLE either may.
    pub is_view: bool,
    pub if_exists: bool,
    pub action: RelationAction,
}

/// What becomes of it.
#[derive(Debug, Clone)]
pub enum RelationAction {
    /// `SET (option [= value], …)`.
    Set(Vec<SqlOption>),
    /// `RESET (option, …)`.
    Reset(Vec<Ident>),
    Rename(String),
    SetSchema(String),
}

impl AlterRelation {
    /// The command tag.
    pub fn tag(&self) -> &'static str {
        if self.is_view { "ALTER VIEW" } else { "ALTER TABLE" }
    }
}

/// Such a statement, if one comes next. OWNER TO is read with the statements about rights.
pub(super) fn read(parser: &mut Parser<'_>) -> Result<Option<AlterRelation>, Failure> {
    if next_words(parser, &["alter", "view"]) {
        skip(parser, 2);
        let if_exists = parser.parse_keywords(&[Keyword::IF, Keyword::EXISTS]);
        let name = parser.parse_object_name(false)?;
        let action = action_of_view(parser)?;
        return Ok(Some(AlterRelation { name, is_view: true, if_exists, action }));
    }
    if !next_words(parser, &["alter", "table"]) {
        return Ok(None);
    }
    Ok(parser.maybe_parse(|parser| {
        skip(parser, 2);
        let if_exists = parser.parse_keywords(&[Keyword::IF, Keyword::EXISTS]);
        let _only = parser.parse_keyword(Keyword::ONLY);
        let name = parser.parse_object_name(false)?;
        match set(parser)? {
            Some(action) => Ok(AlterRelation { name, is_view: false, if_exists, action }),
            None => parser.expected_ref("SET or RESET", parser.peek_token_ref()),
        }
    })?)
}

fn action_of_view(parser: &mut Parser<'_>) -> Result<RelationAction, Failure> {
    if let Some(action) = set(parser)? {
        return Ok(action);
    }
    if next_words(parser, &["rename", "to"]) {
        skip(parser, 2);
        return Ok(RelationAction::Rename(name(parser)?));
    }
    if next_words(parser, &["rename"]) {
        let hint = "The columns of a view are named by its query: drop the view and create it anew.";
        return Err(Failure::Ours(unsupported("ALTER VIEW ... RENAME COLUMN").with_hint(hint)));
    }
    if next_words(parser, &["alter"]) {
        return Err(Failure::Ours(unsupported("ALTER VIEW ... ALTER COLUMN").with_hint("A view takes no rows in.")));
    }
    parser.advance_token();
    unexpected(parser, "SET, RESET, RENAME TO or OWNER TO")
}

/// `SET SCHEMA name`, `SET (…)` or `RESET (…)`.
fn set(parser: &mut Parser<'_>) -> Result<Option<RelationAction>, ParserError> {
    let listed = |parser: &Parser<'_>| parser.peek_nth_token(1).token == Token::LParen;
    if next_words(parser, &["set", "schema"]) {
        skip(parser, 2);
        return parser.parse_identifier().map(|name| Some(RelationAction::SetSchema(crate::query::plan::names::fold(&name))));
    }
    let action = if next_words(parser, &["set"]) && listed(parser) {
        skip(parser, 2);
        RelationAction::Set(parser.parse_comma_separated(option)?)
    } else if next_words(parser, &["reset"]) && listed(parser) {
        skip(parser, 2);
        RelationAction::Reset(parser.parse_comma_separated(Parser::parse_identifier)?)
    } else {
        return Ok(None);
    };
    parser.expect_token(&Token::RParen)?;
    Ok(Some(action))
}

/// `name [= value]`.
fn option(parser: &mut Parser<'_>) -> Result<SqlOption, ParserError> {
    let key = parser.parse_identifier()?;
    if parser.consume_token(&Token::Eq) {
        return Ok(SqlOption::KeyValue { key, value: parser.parse_expr()? });
    }
    Ok(SqlOption::Ident(key))
}

impl From<AlterRelation> for Definition {
    fn from(alter: AlterRelation) -> Self {
        Definition::AlterRelation(Box::new(alter))
    }
}
