//! CREATE, ALTER and DROP RETENTION POLICY.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast;

use super::{Defined, Facts, Scope, Source};
use crate::catalog::{Change, Keep, Retention, RuleKind, Table, quote_identifier};
use crate::error::{Error, Kind, Result};
use crate::query::parse::RetentionPolicy;
use crate::query::rules::{self, Place};
use crate::store::spec::TableKind;

pub(super) fn define(policy: &RetentionPolicy, scope: &Scope<'_>) -> Result<Defined> {
    match policy {
        RetentionPolicy::Create { name, table, predicate, keep } => create(name, table, predicate.as_deref(), keep, scope),
        RetentionPolicy::Alter { name, table, keep } => {
            let table = log(table, scope)?;
            let keep = Keep::parse(keep)?;
            let mut defined = defined(policy, name, &table);
            defined.text.push_str(&format!(" KEEP INTERVAL '{keep}'"));
            defined.changes.push(Change::AlterRetention { table: table.name.clone(), policy: name.clone(), keep });
            Ok(defined)
        }
        RetentionPolicy::Drop { name, table, if_exists } => {
            let table = log(table, scope)?;
            let mut defined = defined(policy, name, &table);
            if *if_exists && !table.retention.iter().any(|existing| existing.name == *name) {
                let missing = RuleKind::Retention.undefined(name, &table.name.name);
                defined.notices.push((Kind::SuccessfulCompletion, format!("{}, skipping", missing.message())));
                return Ok(defined);
            }
            defined.changes.push(Change::DropRetention { table: table.name.clone(), policy: name.clone() });
            Ok(defined)
        }
    }
}

fn create(name: &str, table: &ast::ObjectName, predicate: Option<&ast::Expr>, keep: &str, scope: &Scope<'_>) -> Result<Defined> {
    let table = log(table, scope)?;
    let keep = Keep::parse(keep)?;
    let reads = match (&scope.source, predicate) {
        (Source::Replay(facts), _) => facts.reads.clone(),
        (Source::Statement(planner), Some(predicate)) => rules::predicate(predicate, &table, planner, Place::Retention)?.reads,
        (Source::Statement(_), None) => vec![],
    };
    let predicate = predicate.map(ToString::to_string);
    let condition = predicate.as_ref().map_or(String::new(), |predicate| format!(" WHERE ({predicate})"));
    let quoted = quote_identifier(name);
    Ok(Defined {
        tag: "CREATE RETENTION POLICY",
        object: format!("{quoted} ON {}", table.name),
        text: format!("CREATE RETENTION POLICY {quoted} ON {}{condition} KEEP INTERVAL '{keep}'", table.name),
        facts: Facts { reads: reads.clone(), ..Facts::default() },
        changes: vec![Change::AddRetention {
            table: table.name.clone(),
            policy: Retention { name: name.to_owned(), predicate, keep, reads, comment: None },
        }],
        ..Defined::default()
    })
}

fn defined(policy: &RetentionPolicy, name: &str, table: &Table) -> Defined {
    let object = format!("{} ON {}", quote_identifier(name), table.name);
    Defined { tag: policy.tag(), text: format!("{} {object}", policy.tag()), object, ..Defined::default() }
}

/// The log that a policy is about.
fn log(name: &ast::ObjectName, scope: &Scope<'_>) -> Result<Arc<Table>> {
    let found = scope.named(name)?;
    scope.require_keeper(scope.catalog.expect_relation(&found)?)?;
    let table = scope.catalog.expect_table(&found)?;
    if table.kind() != TableKind::Log {
        return Err(Error::new(Kind::WrongObjectType, format!("\"{}\" is not a log table", found.name))
            .with_hint("Rows of a reference table do not expire; DELETE removes them."));
    }
    Ok(table.clone())
}
