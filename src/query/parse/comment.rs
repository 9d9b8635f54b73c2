//! COMMENT ON, for PostgreSQL's objects and for the rules of tables that are ours alone.

use datafusion::sql::sqlparser::ast::ObjectName;
use datafusion::sql::sqlparser::parser::Parser;

use super::grant::{Signature, signature};
use super::retention::{name_on_table, skip};
use super::session::{expect_word, string, unexpected};
use super::statement::{Definition, unsupported};
use super::{Failure, next_words, take_word};
use crate::catalog::RuleKind;

/// `COMMENT ON … IS 'text'`, or IS NULL to take it away.
#[derive(Debug, Clone)]
pub struct Comment {
    pub on: CommentTarget,
    pub comment: Option<String>,
}

/// What a comment is on, by its name.
#[derive(Debug, Clone)]
pub enum CommentTarget {
    Table(ObjectName),
    View(ObjectName),
    /// `[schema.]table.column`.
    Column(ObjectName),
    Schema(ObjectName),
    Function(Signature),
    Index(ObjectName),
    Rule {
        kind: RuleKind,
        name: String,
        table: ObjectName,
    },
}

/// First words of what PostgreSQL lets be commented on and Annals does not have, or knows only one of.
const LACKING: [&str; 26] = [
    "access",
    "aggregate",
    "cast",
    "collation",
    "constraint",
    "conversion",
    "database",
    "domain",
    "event",
    "extension",
    "foreign",
    "language",
    "large",
    "materialized",
    "operator",
    "procedural",
    "procedure",
    "publication",
    "rule",
    "sequence",
    "server",
    "statistics",
    "subscription",
    "tablespace",
    "trigger",
    "type",
];

/// Such a statement, if one comes next. A role's comment is read with the other statements about roles.
pub(super) fn read(parser: &mut Parser<'_>) -> Result<Option<Comment>, Failure> {
    if !next_words(parser, &["comment", "on"]) {
        return Ok(None);
    }
    skip(parser, 2);
    let on = target(parser)?;
    expect_word(parser, "is")?;
    let comment = if take_word(parser, "null") { None } else { Some(string(parser)?) };
    Ok(Some(Comment { on, comment }))
}

fn target(parser: &mut Parser<'_>) -> Result<CommentTarget, Failure> {
    let rules = [
        (RuleKind::Row, &["policy"][..]),
        (RuleKind::Mask, &["masking", "policy"][..]),
        (RuleKind::Retention, &["retention", "policy"][..]),
        (RuleKind::Hold, &["legal", "hold"][..]),
    ];
    if let Some((kind, words)) = rules.into_iter().find(|(_, words)| next_words(parser, words)) {
        skip(parser, words.len());
        let (name, table) = name_on_table(parser)?;
        return Ok(CommentTarget::Rule { kind, name, table });
    }
    if take_word(parser, "function") || take_word(parser, "routine") {
        return Ok(CommentTarget::Function(signature(parser)?));
    }
    type Named = fn(ObjectName) -> CommentTarget;
    let named: [(&str, Named); 5] = [
        ("table", CommentTarget::Table),
        ("view", CommentTarget::View),
        ("column", CommentTarget::Column),
        ("schema", CommentTarget::Schema),
        ("index", CommentTarget::Index),
    ];
    if let Some((_, target)) = named.into_iter().find(|(word, _)| take_word(parser, word)) {
        return Ok(target(parser.parse_object_name(false)?));
    }
    if let Some(word) = LACKING.into_iter().find(|word| next_words(parser, &[word])) {
        return Err(unsupported(&format!("COMMENT ON {}", word.to_uppercase())).into());
    }
    parser.advance_token();
    unexpected(parser, "what the comment is on")
}

impl From<Comment> for Definition {
    fn from(comment: Comment) -> Self {
        Definition::Comment(Box::new(comment))
    }
}
