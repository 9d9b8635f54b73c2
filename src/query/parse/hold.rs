//! Statements about legal holds, which are ours alone.

use datafusion::sql::sqlparser::ast::{Expr, ObjectName};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::Parser;

use super::retention::{condition, name_on_table, skip};
use super::role::{self, RoleSpec};
use super::session::{expect_word, string};
use super::statement::{Definition, Statement};
use super::{Failure, next_words, take_word};

/// A statement that keeps rows from being removed, or no longer does.
#[derive(Debug, Clone)]
pub enum LegalHold {
    /// `CREATE LEGAL HOLD [IF NOT EXISTS] name ON table [WHERE (predicate)] REASON 'words' [TO role, …]`.
    Create {
        name: String,
        table: ObjectName,
        predicate: Option<Box<Expr>>,
        reason: String,
        roles: Vec<RoleSpec>,
        if_not_exists: bool,
    },
    /// `DROP LEGAL HOLD [IF EXISTS] name ON table`.
    Drop { name: String, table: ObjectName, if_exists: bool },
}

impl LegalHold {
    /// The command tag.
    pub fn tag(&self) -> &'static str {
        match self {
            LegalHold::Create { .. } => "CREATE LEGAL HOLD",
            LegalHold::Drop { .. } => "DROP LEGAL HOLD",
        }
    }

    /// The table that it is about.
    pub fn table(&self) -> &ObjectName {
        match self {
            LegalHold::Create { table, .. } | LegalHold::Drop { table, .. } => table,
        }
    }
}

/// Reads such a statement if the next words begin one.
pub(super) fn statement(parser: &mut Parser<'_>) -> Result<Option<Statement>, Failure> {
    let hold = if next_words(parser, &["create", "legal", "hold"]) {
        skip(parser, 3);
        let if_not_exists = parser.parse_keywords(&[Keyword::IF, Keyword::NOT, Keyword::EXISTS]);
        let (name, table) = name_on_table(parser)?;
        let predicate = condition(parser)?;
        expect_word(parser, "reason")?;
        let reason = string(parser)?;
        let roles = if take_word(parser, "to") { role::roles(parser)? } else { vec![] };
        LegalHold::Create { name, table, predicate, reason, roles, if_not_exists }
    } else if next_words(parser, &["drop", "legal", "hold"]) {
        skip(parser, 3);
        let if_exists = parser.parse_keywords(&[Keyword::IF, Keyword::EXISTS]);
        let (name, table) = name_on_table(parser)?;
        LegalHold::Drop { name, table, if_exists }
    } else {
        return Ok(None);
    };
    Ok(Some(Statement::Define(Box::new(Definition::Hold(hold)))))
}
