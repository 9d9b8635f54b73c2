//! CREATE and DROP LEGAL HOLD.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast;

use super::{Defined, Facts, Scope, Source};
use crate::catalog::{Change, Hold, Oid, Relation, RuleKind, Table, quote_identifier};
use crate::error::{Error, Kind, Result};
use crate::query::parse::{LegalHold, RoleSpec};
use crate::query::rules::{self, Place};

pub(super) fn define(hold: &LegalHold, scope: &Scope<'_>) -> Result<Defined> {
    let table = table(hold.table(), scope)?;
    match hold {
        LegalHold::Create { name, predicate, reason, roles, if_not_exists, .. } => {
            if *if_not_exists && table.holds.iter().any(|existing| existing.name == *name) {
                let message = format!("legal hold \"{name}\" for table \"{}\" already exists, skipping", table.name.name);
                return Ok(Defined { tag: hold.tag(), notices: vec![(Kind::DuplicateObject, message)], ..Defined::default() });
            }
            create(name, &table, predicate.as_deref(), reason, roles, scope)
        }
        LegalHold::Drop { name, if_exists, .. } => {
            let mut defined = Defined { tag: hold.tag(), ..Defined::default() };
            if *if_exists && !table.holds.iter().any(|existing| existing.name == *name) {
                let missing = RuleKind::Hold.undefined(name, &table.name.name);
                defined.notices.push((Kind::SuccessfulCompletion, format!("{}, skipping", missing.message())));
                return Ok(defined);
            }
            defined.object = format!("{} ON {}", quote_identifier(name), table.name);
            defined.text = format!("{} {}", hold.tag(), defined.object);
            defined.changes.push(Change::DropHold { table: table.name.clone(), hold: name.clone() });
            Ok(defined)
        }
    }
}

fn create(
    name: &str,
    table: &Arc<Table>,
    predicate: Option<&ast::Expr>,
    reason: &str,
    roles: &[RoleSpec],
    scope: &Scope<'_>,
) -> Result<Defined> {
    if reason.trim().is_empty() {
        return Err(Error::new(Kind::InvalidParameterValue, "a legal hold needs a reason")
            .with_hint("Write for instance REASON 'case 4711'."));
    }
    let mut named: Vec<Oid> = Vec::with_capacity(roles.len());
    for spec in roles {
        let role = scope.role(spec)?;
        if !named.contains(&role) {
            named.push(role);
        }
    }
    let (reads, since) = match (&scope.source, predicate) {
        (Source::Replay(facts), _) => (facts.reads.clone(), facts.since),
        (Source::Statement(planner), Some(predicate)) => {
            (rules::predicate(predicate, table, planner, Place::Retention)?.reads, Some(planner.facts.style.now.us()))
        }
        (Source::Statement(planner), None) => (vec![], Some(planner.facts.style.now.us())),
    };
    let predicate = predicate.map(ToString::to_string);
    let condition = predicate.as_ref().map_or(String::new(), |predicate| format!(" WHERE ({predicate})"));
    let to = if roles.is_empty() { String::new() } else { format!(" TO {}", scope.recorded(roles)?) };
    let object = format!("{} ON {}", quote_identifier(name), table.name);
    Ok(Defined {
        tag: "CREATE LEGAL HOLD",
        text: format!("CREATE LEGAL HOLD {object}{condition} REASON '{}'{to}", reason.replace('\'', "''")),
        object,
        facts: Facts { reads: reads.clone(), since, ..Facts::default() },
        changes: vec![Change::AddHold {
            table: table.name.clone(),
            hold: Hold {
                name: name.to_owned(),
                predicate,
                reason: reason.to_owned(),
                roles: named,
                reads,
                made_by: scope.actor(),
                since: since.unwrap_or_default(),
                comment: None,
            },
        }],
        ..Defined::default()
    })
}

/// The table that a hold is on.
fn table(name: &ast::ObjectName, scope: &Scope<'_>) -> Result<Arc<Table>> {
    let found = scope.named(name)?;
    let relation = scope.catalog.expect_relation(&found)?;
    scope.require_keeper(relation)?;
    match relation {
        Relation::Table(table) => Ok(table.clone()),
        Relation::View(_) => Err(Error::new(Kind::WrongObjectType, format!("\"{}\" is not a table", found.name))
            .with_hint("Rows are held where they are kept: put the hold on the tables that the view reads.")),
    }
}
