//! Statements about retention, which are ours alone.

use datafusion::sql::sqlparser::ast::{Expr, ObjectName};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Token;

use super::session::expect_word;
use super::statement::{Definition, Statement};
use super::{Failure, next_words, take_word};
use crate::query::plan::names;

/// A statement that defines how long a log's rows are kept.
#[derive(Debug, Clone)]
pub enum RetentionPolicy {
    /// `CREATE RETENTION POLICY name ON table [WHERE (predicate)] KEEP INTERVAL 'period'`.
    Create { name: String, table: ObjectName, predicate: Option<Box<Expr>>, keep: String },
    /// `ALTER RETENTION POLICY name ON table KEEP INTERVAL 'period'`.
    Alter { name: String, table: ObjectName, keep: String },
    /// `DROP RETENTION POLICY [IF EXISTS] name ON table`.
    Drop { name: String, table: ObjectName, if_exists: bool },
}

impl RetentionPolicy {
    /// The command tag.
    pub fn tag(&self) -> &'static str {
        match self {
            RetentionPolicy::Create { .. } => "CREATE RETENTION POLICY",
            RetentionPolicy::Alter { .. } => "ALTER RETENTION POLICY",
            RetentionPolicy::Drop { .. } => "DROP RETENTION POLICY",
        }
    }
}

/// Reads such a statement if the next words begin one.
pub(super) fn statement(parser: &mut Parser<'_>) -> Result<Option<Statement>, Failure> {
    if next_words(parser, &["explain", "retention"]) {
        skip(parser, 2);
        take_word(parser, "on");
        return Ok(Some(Statement::ExplainRetention(parser.parse_object_name(false)?)));
    }
    let Some(command) = ["create", "alter", "drop"].into_iter().find(|word| next_words(parser, &[word, "retention", "policy"]))
    else {
        return Ok(None);
    };
    skip(parser, 3);
    let policy = match command {
        "create" => {
            let (name, table) = name_on_table(parser)?;
            let predicate = condition(parser)?;
            RetentionPolicy::Create { name, table, predicate, keep: keep(parser)? }
        }
        "alter" => {
            let (name, table) = name_on_table(parser)?;
            RetentionPolicy::Alter { name, table, keep: keep(parser)? }
        }
        _ => {
            let if_exists = parser.parse_keywords(&[Keyword::IF, Keyword::EXISTS]);
            let (name, table) = name_on_table(parser)?;
            RetentionPolicy::Drop { name, table, if_exists }
        }
    };
    Ok(Some(Statement::Define(Box::new(Definition::Retention(policy)))))
}

/// Passes over words that were looked at.
pub(super) fn skip(parser: &mut Parser<'_>, words: usize) {
    for _ in 0..words {
        parser.advance_token();
    }
}

/// `name ON table`.
pub(super) fn name_on_table(parser: &mut Parser<'_>) -> Result<(String, ObjectName), Failure> {
    let name = names::fold(&parser.parse_identifier()?);
    parser.expect_keyword(Keyword::ON)?;
    Ok((name, parser.parse_object_name(false)?))
}

/// `[WHERE (predicate)]`: which rows a policy or a hold is about.
pub(super) fn condition(parser: &mut Parser<'_>) -> Result<Option<Box<Expr>>, Failure> {
    if !parser.parse_keyword(Keyword::WHERE) {
        return Ok(None);
    }
    parser.expect_token(&Token::LParen)?;
    let predicate = parser.parse_expr()?;
    parser.expect_token(&Token::RParen)?;
    Ok(Some(Box::new(predicate)))
}

/// `KEEP INTERVAL 'period'`, the word INTERVAL being for the reader only.
fn keep(parser: &mut Parser<'_>) -> Result<String, Failure> {
    expect_word(parser, "keep")?;
    take_word(parser, "interval");
    Ok(parser.parse_literal_string()?)
}
