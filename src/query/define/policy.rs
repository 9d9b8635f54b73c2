//! CREATE, ALTER and DROP of row policies and masking policies, and ALTER TABLE … ROW LEVEL SECURITY.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast;

use super::{Defined, Facts, Scope, Source};
use crate::catalog::{
    Change, EVERYBODY, Mask, Oid, PolicyCommand, Protection, Relation, RowPolicy, RuleKind, Subjects, Table, quote_identifier,
};
use crate::error::{Error, Kind, Result};
use crate::query::parse::{Addressees, PolicyKind, PolicyStatement, PolicyTerms, RoleSpec};
use crate::query::rules::{self, Place};

pub(super) fn define(statement: &PolicyStatement, scope: &Scope<'_>) -> Result<Defined> {
    let made = match statement {
        PolicyStatement::Create { name, table, restrictive, command, terms } => {
            create(name, &protected(table, scope)?, *restrictive, *command, terms, scope)
        }
        PolicyStatement::Alter { name, table, terms } => alter(name, &protected(table, scope)?, terms, scope),
        PolicyStatement::CreateMask { name, table, target, to, value } => {
            create_mask(name, &protected(table, scope)?, target, to.as_ref(), value, scope)
        }
        PolicyStatement::AlterMask { name, table, to, value } => {
            alter_mask(name, &protected(table, scope)?, to.as_ref(), value.as_deref(), scope)
        }
        PolicyStatement::Rename { kind, name, table, to } => rename(*kind, name, &protected(table, scope)?, to),
        PolicyStatement::Drop { kind, name, table, if_exists } => drop(*kind, name, &protected(table, scope)?, *if_exists),
    }?;
    Ok(Defined { tag: statement.tag(), ..made })
}

/// `ALTER TABLE … [ENABLE | DISABLE | FORCE | NO FORCE] ROW LEVEL SECURITY`.
pub(super) fn switch(table: &Table, set: impl FnOnce(&mut Protection)) -> Vec<Change> {
    let mut protection = table.protection.clone();
    set(&mut protection);
    vec![Change::Protect { table: table.name.clone(), protection }]
}

/// The table that a policy is about.
fn protected(name: &ast::ObjectName, scope: &Scope<'_>) -> Result<Arc<Table>> {
    let found = scope.named(name)?;
    let relation = scope.catalog.expect_relation(&found)?;
    scope.require_keeper(relation)?;
    match relation {
        Relation::Table(table) => Ok(table.clone()),
        Relation::View(_) => Err(Error::new(Kind::WrongObjectType, format!("\"{}\" is not a table", found.name))
            .with_hint("A view reads through the policies of its tables.")),
    }
}

fn create(
    name: &str,
    table: &Arc<Table>,
    restrictive: bool,
    command: PolicyCommand,
    terms: &PolicyTerms,
    scope: &Scope<'_>,
) -> Result<Defined> {
    require_clauses(command, terms)?;
    if table.protection.policies.iter().any(|policy| policy.name == name) {
        return Err(duplicate(PolicyKind::Row, name, table));
    }
    let mut defined = Defined::default();
    let public = [RoleSpec::Public];
    let roles = terms.roles.as_deref().unwrap_or(&public);
    let subjects = subjects(roles, &[], scope, &mut defined)?;
    let using = terms.using.as_deref().map(ToString::to_string);
    let check = terms.check.as_deref().map(ToString::to_string);
    let reads = reads(terms, table, scope)?;
    let kind = if restrictive { " AS RESTRICTIVE" } else { "" };
    let header = format!("CREATE POLICY {}{kind} FOR {} TO {}", on(name, table), command.sql(), scope.recorded(roles)?);
    defined.text = with_terms(header, using.as_deref(), check.as_deref());
    let policy =
        RowPolicy { name: name.to_owned(), restrictive, command, subjects, using, check, reads: reads.clone(), comment: None };
    Ok(protect(defined, name, table, reads, |protection| insert_policy(protection, policy)))
}

fn alter(name: &str, table: &Arc<Table>, terms: &PolicyTerms, scope: &Scope<'_>) -> Result<Defined> {
    let Some(old) = table.protection.policies.iter().find(|policy| policy.name == name) else {
        return Err(undefined(PolicyKind::Row, name, table));
    };
    require_clauses(old.command, terms)?;
    let mut defined = Defined::default();
    let mut policy = old.clone();
    let mut header = format!("ALTER POLICY {}", on(name, table));
    if let Some(roles) = &terms.roles {
        policy.subjects = subjects(roles, &[], scope, &mut defined)?;
        header.push_str(&format!(" TO {}", scope.recorded(roles)?));
    }
    let (using, check) = (terms.using.as_deref().map(ToString::to_string), terms.check.as_deref().map(ToString::to_string));
    defined.text = with_terms(header, using.as_deref(), check.as_deref());
    // What it looks into is found from both predicates, those that stay among them.
    let kept = |given: &Option<Box<ast::Expr>>, old: &Option<String>| match (given, old) {
        (Some(given), _) => Ok(Some(given.clone())),
        (None, Some(old)) => crate::query::parse::parse_expression(old).map(|expression| Some(Box::new(expression))),
        (None, None) => Ok(None),
    };
    let whole = PolicyTerms { roles: None, using: kept(&terms.using, &old.using)?, check: kept(&terms.check, &old.check)? };
    policy.reads = reads(&whole, table, scope)?;
    policy.using = using.or(policy.using);
    policy.check = check.or(policy.check);
    let reads = policy.reads.clone();
    Ok(protect(defined, name, table, reads, |protection| {
        protection.policies.retain(|existing| existing.name != policy.name);
        insert_policy(protection, policy);
    }))
}

fn create_mask(
    name: &str,
    table: &Arc<Table>,
    target: &ast::Expr,
    to: Option<&Addressees>,
    value: &ast::Expr,
    scope: &Scope<'_>,
) -> Result<Defined> {
    if table.protection.masks.iter().any(|mask| mask.name == name) {
        return Err(duplicate(PolicyKind::Mask, name, table));
    }
    let column = rules::masked_column(target, table)?;
    let mut defined = Defined::default();
    let everybody = Addressees { roles: vec![RoleSpec::Public], except: vec![] };
    let to = to.unwrap_or(&everybody);
    let subjects = subjects(&to.roles, &to.except, scope, &mut defined)?;
    defined.text = format!("CREATE MASKING POLICY {} ({target}) {} USING ({value})", on(name, table), addressed(to, scope)?);
    let (target, value) = (target.to_string(), value.to_string());
    let mask = Mask { name: name.to_owned(), column, target, subjects, value, reads: vec![], comment: None };
    put_mask(defined, mask, table, scope)
}

fn alter_mask(
    name: &str,
    table: &Arc<Table>,
    to: Option<&Addressees>,
    value: Option<&ast::Expr>,
    scope: &Scope<'_>,
) -> Result<Defined> {
    let Some(old) = table.protection.masks.iter().find(|mask| mask.name == name) else {
        return Err(undefined(PolicyKind::Mask, name, table));
    };
    let mut defined = Defined::default();
    let mut mask = old.clone();
    let mut text = format!("ALTER MASKING POLICY {}", on(name, table));
    if let Some(to) = to {
        mask.subjects = subjects(&to.roles, &to.except, scope, &mut defined)?;
        text.push_str(&format!(" {}", addressed(to, scope)?));
    }
    if let Some(value) = value {
        mask.value = value.to_string();
        text.push_str(&format!(" USING ({value})"));
    }
    defined.text = text;
    put_mask(defined, mask, table, scope)
}

/// The definition with a mask in the place of the one of its name, or anew.
fn put_mask(defined: Defined, mut mask: Mask, table: &Arc<Table>, scope: &Scope<'_>) -> Result<Defined> {
    mask.reads = match &scope.source {
        Source::Replay(facts) => facts.reads.clone(),
        Source::Statement(planner) => rules::mask(&mask, table, planner)?.1,
    };
    let (name, reads) = (mask.name.clone(), mask.reads.clone());
    Ok(protect(defined, &name, table, reads, |protection| {
        protection.masks.retain(|existing| existing.name != mask.name);
        let place = protection.masks.partition_point(|existing| existing.name < mask.name);
        protection.masks.insert(place, mask);
    }))
}

fn insert_policy(protection: &mut Protection, policy: RowPolicy) {
    let place = protection.policies.partition_point(|existing| existing.name < policy.name);
    protection.policies.insert(place, policy);
}

fn rename(kind: PolicyKind, name: &str, table: &Arc<Table>, to: &str) -> Result<Defined> {
    let mut changed = table.protection.clone();
    let found = match kind {
        PolicyKind::Row => changed.policies.iter_mut().find(|policy| policy.name == name).map(|policy| &mut policy.name),
        PolicyKind::Mask => changed.masks.iter_mut().find(|mask| mask.name == name).map(|mask| &mut mask.name),
    };
    let Some(found) = found else { return Err(undefined(kind, name, table)) };
    if names(kind, table).any(|other| other == to) {
        return Err(duplicate(kind, to, table));
    }
    to.clone_into(found);
    changed.policies.sort_by(|one, other| one.name.cmp(&other.name));
    changed.masks.sort_by(|one, other| one.name.cmp(&other.name));
    let text = format!("ALTER {} {} RENAME TO {}", kind.words(), on(name, table), quote_identifier(to));
    Ok(protect(Defined { text, ..Defined::default() }, name, table, vec![], |protection| *protection = changed))
}

fn drop(kind: PolicyKind, name: &str, table: &Arc<Table>, if_exists: bool) -> Result<Defined> {
    let mut defined = Defined::default();
    if !names(kind, table).any(|existing| existing == name) {
        let missing = undefined(kind, name, table);
        if !if_exists {
            return Err(missing);
        }
        defined.notices.push((Kind::SuccessfulCompletion, format!("{}, skipping", missing.message())));
        return Ok(defined);
    }
    defined.text = format!("DROP {} {}", kind.words(), on(name, table));
    Ok(protect(defined, name, table, vec![], |protection| match kind {
        PolicyKind::Row => protection.policies.retain(|policy| policy.name != name),
        PolicyKind::Mask => protection.masks.retain(|mask| mask.name != name),
    }))
}

/// The definition with what it makes of the table's protection.
fn protect(defined: Defined, name: &str, table: &Table, reads: Vec<Oid>, set: impl FnOnce(&mut Protection)) -> Defined {
    let facts = Facts { reads, ..Facts::default() };
    Defined { object: on(name, table), facts, changes: switch(table, set), ..defined }
}

fn names(kind: PolicyKind, table: &Table) -> impl Iterator<Item = &str> {
    let protection = &table.protection;
    let (policies, masks) = match kind {
        PolicyKind::Row => (&protection.policies[..], &[][..]),
        PolicyKind::Mask => (&[][..], &protection.masks[..]),
    };
    policies.iter().map(|policy| policy.name.as_str()).chain(masks.iter().map(|mask| mask.name.as_str()))
}

fn on(name: &str, table: &Table) -> String {
    format!("{} ON {}", quote_identifier(name), table.name)
}

fn with_terms(header: String, using: Option<&str>, check: Option<&str>) -> String {
    let using = using.map_or(String::new(), |using| format!(" USING ({using})"));
    let check = check.map_or(String::new(), |check| format!(" WITH CHECK ({check})"));
    format!("{header}{using}{check}")
}

fn addressed(to: &Addressees, scope: &Scope<'_>) -> Result<String> {
    let except = match to.except.is_empty() {
        true => String::new(),
        false => format!(" EXCEPT {}", scope.recorded(&to.except)?),
    };
    Ok(format!("TO {}{except}", scope.recorded(&to.roles)?))
}

/// What a policy's predicates look into, having found that its owner may and that they can be worked out.
fn reads(terms: &PolicyTerms, table: &Arc<Table>, scope: &Scope<'_>) -> Result<Vec<Oid>> {
    let planner = match &scope.source {
        Source::Replay(facts) => return Ok(facts.reads.clone()),
        Source::Statement(planner) => planner,
    };
    let mut reads = Vec::new();
    for predicate in [&terms.using, &terms.check].into_iter().flatten() {
        reads.extend(rules::predicate(predicate, table, planner, Place::RowPolicy)?.reads);
    }
    reads.sort_unstable();
    reads.dedup();
    if reads.contains(&table.oid) {
        let message = format!("infinite recursion detected in policy for relation \"{}\"", table.name.name);
        return Err(Error::new(Kind::InvalidObjectDefinition, message)
            .with_hint("A policy looks values up in other tables than the one that it protects."));
    }
    Ok(reads)
}

/// The roles by their ids. Beside PUBLIC no other role means anything.
fn subjects(roles: &[RoleSpec], except: &[RoleSpec], scope: &Scope<'_>, defined: &mut Defined) -> Result<Subjects> {
    let mut found = roles.iter().map(|role| scope.grantee(role)).collect::<Result<Vec<_>>>()?;
    if found.contains(&EVERYBODY) {
        if found.len() > 1 {
            defined.notices.push((Kind::Warning, "ignoring specified roles other than PUBLIC".to_owned()));
        }
        found = vec![EVERYBODY];
    }
    Ok(Subjects { roles: found, except: except.iter().map(|role| scope.role(role)).collect::<Result<Vec<_>>>()? })
}

/// Which predicates a command has room for (PostgreSQL 15, CREATE POLICY).
fn require_clauses(command: PolicyCommand, terms: &PolicyTerms) -> Result<()> {
    let refused = match command {
        PolicyCommand::Select | PolicyCommand::Delete if terms.check.is_some() => {
            "WITH CHECK cannot be applied to SELECT or DELETE"
        }
        PolicyCommand::Insert if terms.using.is_some() => "only WITH CHECK expression allowed for INSERT",
        PolicyCommand::All | PolicyCommand::Select | PolicyCommand::Insert | PolicyCommand::Update | PolicyCommand::Delete => {
            return Ok(());
        }
    };
    Err(Error::new(Kind::SyntaxError, refused))
}

fn duplicate(kind: PolicyKind, name: &str, table: &Table) -> Error {
    let words = kind.words().to_ascii_lowercase();
    Error::new(Kind::DuplicateObject, format!("{words} \"{name}\" for table \"{}\" already exists", table.name.name))
}

fn undefined(kind: PolicyKind, name: &str, table: &Table) -> Error {
    let kind = match kind {
        PolicyKind::Row => RuleKind::Row,
        PolicyKind::Mask => RuleKind::Mask,
    };
    kind.undefined(name, &table.name.name)
}
