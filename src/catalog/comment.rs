//! Comments: what somebody wrote about an object, for whoever reads its description.

use std::sync::Arc;

use crate::catalog::{Catalog, Hold, Name, Oid, Protection, Relation, Retention, Table};
use crate::error::{Error, Kind, Result};

/// The kinds of rules that a table has, each with names of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleKind {
    Row,
    Mask,
    Retention,
    Hold,
}

impl RuleKind {
    /// What statements call it.
    pub fn words(self) -> &'static str {
        match self {
            RuleKind::Row => "POLICY",
            RuleKind::Mask => "MASKING POLICY",
            RuleKind::Retention => "RETENTION POLICY",
            RuleKind::Hold => "LEGAL HOLD",
        }
    }

    /// The error for a rule that there is not.
    pub(crate) fn undefined(self, rule: &str, table: &str) -> Error {
        let words = self.words().to_ascii_lowercase();
        Error::new(Kind::UndefinedObject, format!("{words} \"{rule}\" for table \"{table}\" does not exist"))
    }
}

/// What a comment is on. A role's is kept with the role's other attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Commented {
    Schema(String),
    Relation(Name),
    Column(Name, String),
    Function(Name, Oid),
    /// An index of a table by its name.
    Index(Name, String),
    /// A rule of a table by its name.
    Rule(RuleKind, Name, String),
}

impl Commented {
    /// The relation or function that it is, or is a part of.
    pub fn object(&self) -> Option<&Name> {
        match self {
            Commented::Schema(_) => None,
            Commented::Relation(name)
            | Commented::Column(name, _)
            | Commented::Function(name, _)
            | Commented::Index(name, _)
            | Commented::Rule(_, name, _) => Some(name),
        }
    }
}

impl Catalog {
    /// Writes a comment, or takes it away.
    ///
    /// # Errors
    /// 3F000, 42P01, 42703, 42809, 42883 or 42704 when there is no such object.
    pub(super) fn comment(&mut self, on: &Commented, comment: Option<String>) -> Result<()> {
        *self.comment_mut(on)? = comment;
        Ok(())
    }

    fn comment_mut(&mut self, on: &Commented) -> Result<&mut Option<String>> {
        match on {
            Commented::Schema(name) => {
                let schema = self.schemas.get_mut(name);
                schema.map(|schema| &mut schema.comment).ok_or_else(|| super::change::undefined_schema(name))
            }
            Commented::Relation(name) => match self.relation_mut(name)? {
                Relation::Table(table) => Ok(&mut Arc::make_mut(table).comment),
                Relation::View(view) => Ok(&mut Arc::make_mut(view).comment),
            },
            Commented::Column(relation, column) => {
                let table = self.table_mut(relation)?;
                let name = table.name.name.clone();
                super::change::column_mut(&mut table.columns, column, &name).map(|column| &mut column.comment)
            }
            Commented::Function(name, oid) => {
                let functions = self.functions.get_mut(name).into_iter().flatten();
                let found = functions.map(Arc::make_mut).find(|function| function.oid == *oid);
                let missing = || Error::new(Kind::UndefinedFunction, format!("could not find a function named \"{name}\""));
                found.map(|function| &mut function.comment).ok_or_else(missing)
            }
            Commented::Index(table, index) => self.index_comment(table, index),
            Commented::Rule(kind, table, rule) => {
                let missing = kind.undefined(rule, &table.name);
                rule_comment(self.table_mut(table)?, *kind, rule).ok_or(missing)
            }
        }
    }
}

impl Table {
    /// Its rules without what was written about them, which changes nothing of who sees what.
    pub fn rules(&self) -> (Protection, Vec<Retention>, Vec<Hold>) {
        let (mut protection, mut retention, mut holds) = (self.protection.clone(), self.retention.clone(), self.holds.clone());
        protection.policies.iter_mut().for_each(|policy| policy.comment = None);
        protection.masks.iter_mut().for_each(|mask| mask.comment = None);
        retention.iter_mut().for_each(|policy| policy.comment = None);
        holds.iter_mut().for_each(|hold| hold.comment = None);
        (protection, retention, holds)
    }
}

fn rule_comment<'a>(table: &'a mut Table, kind: RuleKind, rule: &str) -> Option<&'a mut Option<String>> {
    let protection = &mut table.protection;
    match kind {
        RuleKind::Row => protection.policies.iter_mut().find(|own| own.name == rule).map(|own| &mut own.comment),
        RuleKind::Mask => protection.masks.iter_mut().find(|own| own.name == rule).map(|own| &mut own.comment),
        RuleKind::Retention => table.retention.iter_mut().find(|own| own.name == rule).map(|own| &mut own.comment),
        RuleKind::Hold => table.holds.iter_mut().find(|own| own.name == rule).map(|own| &mut own.comment),
    }
}
