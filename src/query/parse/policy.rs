//! Row policies as PostgreSQL has them (CREATE POLICY and its kin), and masking policies, which are ours alone.

use datafusion::sql::sqlparser::ast::{Expr, ObjectName};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Token;

use super::role::{RoleSpec, roles};
use super::session::{expect_word, name, unexpected};
use super::{Failure, next_words, take_word};
use crate::catalog::PolicyCommand;

/// A statement that says who sees which rows or values.
#[derive(Debug, Clone)]
pub enum PolicyStatement {
    /// `CREATE POLICY name ON table [AS …] [FOR …] [TO roles] [USING (…)] [WITH CHECK (…)]`.
    Create { name: String, table: ObjectName, restrictive: bool, command: PolicyCommand, terms: PolicyTerms },
    /// `ALTER POLICY name ON table [TO roles] [USING (…)] [WITH CHECK (…)]`.
    Alter { name: String, table: ObjectName, terms: PolicyTerms },
    /// `CREATE MASKING POLICY name ON table (column or path) [TO roles [EXCEPT roles]] USING (value)`.
    CreateMask { name: String, table: ObjectName, target: Box<Expr>, to: Option<Addressees>, value: Box<Expr> },
    /// `ALTER MASKING POLICY name ON table [TO roles [EXCEPT roles]] [USING (value)]`.
    AlterMask { name: String, table: ObjectName, to: Option<Addressees>, value: Option<Box<Expr>> },
    /// `ALTER [MASKING] POLICY name ON table RENAME TO name`.
    Rename { kind: PolicyKind, name: String, table: ObjectName, to: String },
    /// `DROP [MASKING] POLICY [IF EXISTS] name ON table`.
    Drop { kind: PolicyKind, name: String, table: ObjectName, if_exists: bool },
}

/// Row policies and masking policies have names of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyKind {
    Row,
    Mask,
}

impl PolicyKind {
    /// What the statements call it.
    pub fn words(self) -> &'static str {
        match self {
            PolicyKind::Row => "POLICY",
            PolicyKind::Mask => "MASKING POLICY",
        }
    }
}

/// What a row policy says; what is left out is as it was, or as the default has it.
#[derive(Debug, Clone, Default)]
pub struct PolicyTerms {
    pub roles: Option<Vec<RoleSpec>>,
    pub using: Option<Box<Expr>>,
    pub check: Option<Box<Expr>>,
}

/// `TO roles [EXCEPT roles]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressees {
    pub roles: Vec<RoleSpec>,
    pub except: Vec<RoleSpec>,
}

impl PolicyStatement {
    /// The command tag.
    pub fn tag(&self) -> &'static str {
        match self {
            PolicyStatement::Create { .. } => "CREATE POLICY",
            PolicyStatement::Alter { .. } | PolicyStatement::Rename { kind: PolicyKind::Row, .. } => "ALTER POLICY",
            PolicyStatement::CreateMask { .. } => "CREATE MASKING POLICY",
            PolicyStatement::AlterMask { .. } | PolicyStatement::Rename { kind: PolicyKind::Mask, .. } => "ALTER MASKING POLICY",
            PolicyStatement::Drop { kind: PolicyKind::Row, .. } => "DROP POLICY",
            PolicyStatement::Drop { kind: PolicyKind::Mask, .. } => "DROP MASKING POLICY",
        }
    }
}

/// Reads such a statement if the next words begin one.
pub(super) fn read(parser: &mut Parser<'_>) -> Result<Option<PolicyStatement>, Failure> {
    for verb in ["create", "alter", "drop"] {
        for (kind, words) in [(PolicyKind::Row, &[verb, "policy"][..]), (PolicyKind::Mask, &[verb, "masking", "policy"][..])] {
            if next_words(parser, words) {
                words.iter().for_each(|_| parser.advance_token());
                return match (verb, kind) {
                    ("create", PolicyKind::Row) => create(parser).map(Some),
                    ("create", PolicyKind::Mask) => create_mask(parser).map(Some),
                    ("alter", kind) => alter(parser, kind).map(Some),
                    (_, kind) => drop(parser, kind).map(Some),
                };
            }
        }
    }
    Ok(None)
}

fn create(parser: &mut Parser<'_>) -> Result<PolicyStatement, Failure> {
    let (name, table) = name_on_table(parser)?;
    let mut restrictive = false;
    if parser.parse_keyword(Keyword::AS) {
        restrictive = take_word(parser, "restrictive");
        if !restrictive {
            expect_word(parser, "permissive")?;
        }
    }
    let mut command = PolicyCommand::All;
    if parser.parse_keyword(Keyword::FOR) {
        let commands =
            [PolicyCommand::All, PolicyCommand::Select, PolicyCommand::Insert, PolicyCommand::Update, PolicyCommand::Delete];
        match commands.into_iter().find(|command| take_word(parser, &command.sql().to_ascii_lowercase())) {
            Some(named) => command = named,
            None => {
                parser.advance_token();
                return unexpected(parser, "ALL, SELECT, INSERT, UPDATE or DELETE");
            }
        }
    }
    Ok(PolicyStatement::Create { name, table, restrictive, command, terms: terms(parser)? })
}

fn create_mask(parser: &mut Parser<'_>) -> Result<PolicyStatement, Failure> {
    let (name, table) = name_on_table(parser)?;
    let target = parenthesized(parser)?;
    let to = addressees(parser)?;
    parser.expect_keyword(Keyword::USING)?;
    Ok(PolicyStatement::CreateMask { name, table, target, to, value: parenthesized(parser)? })
}

fn alter(parser: &mut Parser<'_>, kind: PolicyKind) -> Result<PolicyStatement, Failure> {
    let (old, table) = name_on_table(parser)?;
    if take_word(parser, "rename") {
        expect_word(parser, "to")?;
        return Ok(PolicyStatement::Rename { kind, name: old, table, to: name(parser)? });
    }
    Ok(match kind {
        PolicyKind::Row => PolicyStatement::Alter { name: old, table, terms: terms(parser)? },
        PolicyKind::Mask => {
            let to = addressees(parser)?;
            let value = if parser.parse_keyword(Keyword::USING) { Some(parenthesized(parser)?) } else { None };
            if to.is_none() && value.is_none() {
                parser.advance_token();
                return unexpected(parser, "TO, USING or RENAME");
            }
            PolicyStatement::AlterMask { name: old, table, to, value }
        }
    })
}

fn drop(parser: &mut Parser<'_>, kind: PolicyKind) -> Result<PolicyStatement, Failure> {
    let if_exists = parser.parse_keywords(&[Keyword::IF, Keyword::EXISTS]);
    let (name, table) = name_on_table(parser)?;
    super::role::cascade(parser);
    Ok(PolicyStatement::Drop { kind, name, table, if_exists })
}

fn terms(parser: &mut Parser<'_>) -> Result<PolicyTerms, Failure> {
    let roles = if take_word(parser, "to") { Some(roles(parser)?) } else { None };
    let using = if parser.parse_keyword(Keyword::USING) { Some(parenthesized(parser)?) } else { None };
    let check = if parser.parse_keywords(&[Keyword::WITH, Keyword::CHECK]) { Some(parenthesized(parser)?) } else { None };
    Ok(PolicyTerms { roles, using, check })
}

fn addressees(parser: &mut Parser<'_>) -> Result<Option<Addressees>, Failure> {
    if !take_word(parser, "to") {
        return Ok(None);
    }
    let named = roles(parser)?;
    let except = if take_word(parser, "except") { roles(parser)? } else { vec![] };
    Ok(Some(Addressees { roles: named, except }))
}

fn parenthesized(parser: &mut Parser<'_>) -> Result<Box<Expr>, Failure> {
    parser.expect_token(&Token::LParen)?;
    let expression = parser.parse_expr()?;
    parser.expect_token(&Token::RParen)?;
    Ok(Box::new(expression))
}

fn name_on_table(parser: &mut Parser<'_>) -> Result<(String, ObjectName), Failure> {
    let name = name(parser)?;
    parser.expect_keyword(Keyword::ON)?;
    Ok((name, parser.parse_object_name(false)?))
}
