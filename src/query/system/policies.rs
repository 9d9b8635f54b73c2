//! Row policies, as `pg_policy` and `pg_policies` show them, and masking policies in `annals.masking_policies`: to those who may change them alone, since a predicate may name people.

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
    for (table, _, policy) in known(world) {
        rows.add(&[
            ("schemaname", table.name.schema.as_str().into()),
            ("tablename", table.name.name.as_str().into()),
            ("policyname", policy.name.as_str().into()),
            ("permissive", if policy.restrictive { "RESTRICTIVE" } else { "PERMISSIVE" }.into()),
            ("roles", names(world, &policy.subjects.roles)),
            ("cmd", policy.command.sql().into()),
            ("qual", predicate(policy.using.as_ref())),
            ("with_check", predicate(policy.check.as_ref())),
        ])?;
    }
    Ok(())
}

pub(super) fn masking_policies(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for table in owned(world) {
        for mask in &table.protection.masks {
            rows.add(&[
                ("schemaname", table.name.schema.as_str().into()),
                ("tablename", table.name.name.as_str().into()),
                ("policyname", mask.name.as_str().into()),
                ("target", mask.target.as_str().into()),
                ("roles", names(world, &mask.subjects.roles)),
                ("except_roles", names(world, &mask.subjects.except)),
                ("shown", mask.value.as_str().into()),
                ("comment", mask.comment.as_deref().into()),
            ])?;
        }
    }
    Ok(())
}

fn names(world: &World<'_>, roles: &[Oid]) -> Cell {
    let name = |oid: &Oid| if *oid == EVERYBODY { "public".to_owned() } else { world.facts.catalog.role_name(*oid) };
    Cell::list(roles.iter().map(name))
}

/// The row policies of the tables that are the role's to protect, each with its place among the table's.
pub(crate) fn known<'a>(world: &World<'a>) -> impl Iterator<Item = (&'a Table, usize, &'a RowPolicy)> {
    owned(world).flat_map(|table| table.protection.policies.iter().enumerate().map(move |(place, policy)| (table, place, policy)))
}

/// The tables with which the role may do what an owner may.
fn owned<'a>(world: &World<'a>) -> impl Iterator<Item = &'a Table> {
    let standing = world.facts.identity.standing.clone();
    let catalog = world.facts.catalog.clone();
    world.tables().filter(move |table| policy::owns(&standing, &catalog, Object::Relation(table.oid)))
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
