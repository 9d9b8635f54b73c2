//! Row policies, as `pg_policy` and `pg_policies` show them: to those who may change them alone, since a predicate may name people.

use super::rows::{Cell, Rows};
use super::world::{World, policy_oid};
use crate::catalog::{EVERYBODY, Object, Oid, RowPolicy, Table};
use crate::error::Result;
use crate::policy;

pub(super) fn policy(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for (table, place, policy) in known(world) {
        rows.add(&[
            ("oid", policy_oid(table, place).into()),
            ("polname", policy.name.as_str().into()),
            ("polrelid", table.oid.into()),
            ("polcmd", policy.command.code().to_string().as_str().into()),
            ("polpermissive", (!policy.restrictive).into()),
            ("polroles", Cell::list(policy.subjects.roles.iter().map(ToString::to_string))),
            ("polqual", predicate(policy.using.as_ref())),
            ("polwithcheck", predicate(policy.check.as_ref())),
        ])?;
    }
    Ok(())
}

pub(super) fn policies(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let role = |oid: &Oid| if *oid == EVERYBODY { "public".to_owned() } else { world.facts.catalog.role_name(*oid) };
    for (table, _, policy) in known(world) {
        rows.add(&[
            ("schemaname", table.name.schema.as_str().into()),
            ("tablename", table.name.name.as_str().into()),
            ("policyname", policy.name.as_str().into()),
            ("permissive", if policy.restrictive { "RESTRICTIVE" } else { "PERMISSIVE" }.into()),
            ("roles", Cell::list(policy.subjects.roles.iter().map(role))),
            ("cmd", policy.command.sql().into()),
            ("qual", predicate(policy.using.as_ref())),
            ("with_check", predicate(policy.check.as_ref())),
        ])?;
    }
    Ok(())
}

/// The policies of the tables that the role may do with what an owner may, each with its place among the table's.
fn known<'a>(world: &World<'a>) -> impl Iterator<Item = (&'a Table, usize, &'a RowPolicy)> {
    let standing = world.facts.identity.standing.clone();
    let catalog = world.facts.catalog.clone();
    let owned = world.tables().filter(move |table| policy::owns(&standing, &catalog, Object::Relation(table.oid)));
    owned.flat_map(|table| table.protection.policies.iter().enumerate().map(move |(place, policy)| (table, place, policy)))
}

/// In parentheses, as PostgreSQL writes one, unless it is a constant.
fn predicate(text: Option<&String>) -> Cell {
    match text {
        Some(constant) if ["true", "false", "null"].iter().any(|word| constant.eq_ignore_ascii_case(word)) => {
            constant.as_str().into()
        }
        Some(text) => format!("({text})").as_str().into(),
        None => Cell::Null,
    }
}
