//! ALTER TABLE: what may change without touching a recorded row.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{self, AlterColumnOperation, AlterTableOperation, RenameTableNameKind, TableConstraint};

use super::table::{self, Draft};
use super::{Defined, Scope, Source, canonical, index, naming, policy};
use crate::catalog::{Catalog, Change, Name, Relation, Table};
use crate::error::{Error, Kind, Result};
use crate::query::checks;
use crate::query::parse::unsupported;
use crate::query::plan::names;

pub(super) fn alter(alter: &ast::AlterTable, scope: &Scope<'_>) -> Result<Defined> {
    let name = scope.named(&alter.name)?;
    let mut defined = Defined { tag: "ALTER TABLE", object: name.to_string(), ..Defined::default() };
    if alter.if_exists && !scope.catalog.is_taken(&name) {
        defined.notices.push((Kind::SuccessfulCompletion, format!("relation \"{}\" does not exist, skipping", name.name)));
        return Ok(defined);
    }
    if let [AlterTableOperation::RenameTable { table_name: RenameTableNameKind::To(to) }] = alter.operations.as_slice()
        && scope.catalog.index(&name).is_some()
    {
        return Ok(Defined { tag: "ALTER TABLE", ..index::rename(&alter.name, false, &names::single(to)?, scope)? });
    }
    let relation = scope.catalog.expect_relation(&name)?;
    match alter.operations.iter().all(switches_row_security) {
        true => scope.require_keeper(relation)?,
        false => scope.require_relation_owner(relation)?,
    }
    // Each operation is worked out against what the ones before it have made.
    let mut catalog = scope.catalog.clone();
    for operation in &alter.operations {
        let changes = operate(&name, operation, &scope.upon(&catalog), &mut defined)?;
        for change in changes {
            catalog = catalog.apply(change.clone())?;
            defined.changes.push(change);
        }
    }
    let mut text = alter.clone();
    text.name = canonical::object_name(&name);
    text.if_exists = false;
    defined.text = text.to_string();
    Ok(defined)
}

fn switches_row_security(operation: &AlterTableOperation) -> bool {
    matches!(
        operation,
        AlterTableOperation::EnableRowLevelSecurity
            | AlterTableOperation::DisableRowLevelSecurity
            | AlterTableOperation::ForceRowLevelSecurity
            | AlterTableOperation::NoForceRowLevelSecurity
    )
}

fn operate(name: &Name, operation: &AlterTableOperation, scope: &Scope<'_>, defined: &mut Defined) -> Result<Vec<Change>> {
    let catalog = scope.catalog;
    match operation {
        AlterTableOperation::AddColumn { if_not_exists, column_def, .. } => {
            let table = catalog.expect_table(name)?;
            let column = names::fold(&column_def.name);
            if *if_not_exists && table.column(&column).is_some() {
                defined.notices.push((
                    Kind::DuplicateColumn,
                    format!("column \"{column}\" of relation \"{}\" already exists, skipping", name.name),
                ));
                return Ok(vec![]);
            }
            add_column(table, column_def, scope, defined)
        }
        AlterTableOperation::RenameColumn { old_column_name, new_column_name } => {
            require_unread(catalog, name, "rename a column of")?;
            let (from, to) = (names::fold(old_column_name), names::fold(new_column_name));
            require_unnamed(scope, name, Some(&from))?;
            names::require_user_column(&to)?;
            Ok(vec![Change::RenameColumn { relation: name.clone(), from, to }])
        }
        AlterTableOperation::RenameTable { table_name: RenameTableNameKind::To(to) | RenameTableNameKind::As(to) } => {
            moved(name, Name::new(name.schema.clone(), names::single(to)?), scope)
        }
        AlterTableOperation::AlterColumn { column_name, op } => {
            let table = catalog.expect_table(name)?;
            let column = names::fold(column_name);
            let (_, found) = table.column(&column).ok_or_else(|| undefined_column(&column, name))?;
            let default = match op {
                AlterColumnOperation::SetDefault { value } => table::default(value, &found.sql_type)?,
                AlterColumnOperation::DropDefault => None,
                other => {
                    return Err(unsupported(&format!("ALTER COLUMN {other}"))
                        .with_hint("What was recorded does not change: add a column of the new kind instead."));
                }
            };
            Ok(vec![Change::SetDefault { table: name.clone(), column, default }])
        }
        AlterTableOperation::AddConstraint { constraint: TableConstraint::Check(check), not_valid } => {
            let table = catalog.expect_table(name)?;
            add_check(table, check, *not_valid, scope)
        }
        AlterTableOperation::DropConstraint { name: constraint, .. } => {
            Ok(vec![Change::DropCheck { table: name.clone(), name: names::fold(constraint) }])
        }
        AlterTableOperation::EnableRowLevelSecurity => Ok(policy::switch(catalog.expect_table(name)?, |own| own.enabled = true)),
        AlterTableOperation::DisableRowLevelSecurity => Ok(policy::switch(catalog.expect_table(name)?, |own| own.enabled = false)),
        AlterTableOperation::ForceRowLevelSecurity => Ok(policy::switch(catalog.expect_table(name)?, |own| own.forced = true)),
        AlterTableOperation::NoForceRowLevelSecurity => Ok(policy::switch(catalog.expect_table(name)?, |own| own.forced = false)),
        other => Err(unsupported(&format!("ALTER TABLE ... {other}"))
            .with_hint("A table can get columns, CHECK constraints for new rows, defaults and new names.")),
    }
}

/// The relation under another name, or in another schema, where its owner may make one.
pub(super) fn moved(name: &Name, to: Name, scope: &Scope<'_>) -> Result<Vec<Change>> {
    let is_view = scope.catalog.expect_relation(name)?.is_view();
    scope.guard().map(|guard| guard.permit_creation(&to, is_view)).transpose()?;
    require_unread(scope.catalog, name, "rename")?;
    require_unnamed(scope, name, None)?;
    Ok(vec![Change::RenameRelation { from: name.clone(), to }])
}

fn add_column(table: &Arc<Table>, definition: &ast::ColumnDef, scope: &Scope<'_>, defined: &mut Defined) -> Result<Vec<Change>> {
    let checks_before = table.checks.len();
    let mut draft = Draft::of(table);
    draft.column(definition)?;
    let Some((column, checks)) = draft.into_last(checks_before) else {
        return Err(Error::internal("a column was read and is gone"));
    };
    if column.not_null {
        return Err(Error::new(
            Kind::NotNullViolation,
            format!("column \"{}\" of relation \"{}\" cannot be added as NOT NULL", column.name, table.name.name),
        )
        .with_detail("Rows recorded before have no value for it, and what was recorded does not change.")
        .with_hint("Add it without NOT NULL; a CHECK constraint (… IS NOT NULL) binds new rows."));
    }
    let mut spec = table.spec.as_ref().clone();
    let taken = |candidate: &str| spec.columns.iter().any(|stored| stored.field.name() == candidate);
    let physical = if taken(&column.name) { format!("{}__{}", column.name, column.id) } else { column.name.clone() };
    spec.columns.push(table::column_spec(&column, physical));
    let mut grown = table.as_ref().clone();
    grown.columns.push(column.clone());
    grown.spec = Arc::new(spec.clone());
    grown.checks.extend(checks.iter().cloned());
    if let Source::Statement(planner) = &scope.source {
        checks::compile(&grown, planner)?;
    }
    defined.specs.retain(|earlier| earlier.id != spec.id);
    defined.specs.push(spec.clone());
    let mut changes = vec![Change::AddColumn { table: table.name.clone(), column, spec: Arc::new(spec) }];
    changes.extend(checks.into_iter().map(|check| Change::AddCheck { table: table.name.clone(), check }));
    Ok(changes)
}

/// A new CHECK binds new rows only; on a log that is the one meaning it can have, and NOT VALID says so.
fn add_check(table: &Arc<Table>, check: &ast::CheckConstraint, not_valid: bool, scope: &Scope<'_>) -> Result<Vec<Change>> {
    if !not_valid {
        return Err(Error::new(
            Kind::FeatureNotSupported,
            format!("a CHECK constraint can be added to \"{}\" only as NOT VALID", table.name.name),
        )
        .with_hint("Recorded rows are not checked again and cannot be changed; write ADD CONSTRAINT ... CHECK (...) NOT VALID."));
    }
    let before = table.checks.len();
    let mut draft = Draft::of(table);
    draft.check(check.name.as_ref(), &check.expr, None);
    let added = draft.into_last(before).map(|(_, checks)| checks).unwrap_or_default();
    let mut changed = table.as_ref().clone();
    changed.checks.extend(added.iter().cloned());
    if let Source::Statement(planner) = &scope.source {
        checks::compile(&changed, planner)?;
    }
    Ok(added.into_iter().map(|check| Change::AddCheck { table: table.name.clone(), check }).collect())
}

/// Views name what they read in their text, so a name they use must stay.
fn require_unread(catalog: &Catalog, name: &Name, doing: &str) -> Result<()> {
    let oid = catalog.expect_relation(name)?.oid();
    let reader = catalog.relations().find_map(|relation| match relation {
        Relation::View(view) if view.reads.contains(&oid) => Some(&view.name),
        Relation::View(_) | Relation::Table(_) => None,
    });
    match reader {
        None => Ok(()),
        Some(view) => Err(Error::new(
            Kind::DependentObjectsStillExist,
            format!("cannot {doing} {} because other objects depend on it", name.name),
        )
        .with_detail(format!("view {view} depends on {}", name.name))
        .with_hint("Drop the view, rename, and create the view anew.")),
    }
}

/// So do policies and holds. What was recorded before this was asked is replayed as it was.
fn require_unnamed(scope: &Scope<'_>, name: &Name, column: Option<&str>) -> Result<()> {
    let Source::Statement(_) = scope.source else { return Ok(()) };
    let Some(predicate) = naming::predicate_naming(scope.catalog, name, column)? else { return Ok(()) };
    let what = column.map_or_else(|| name.name.clone(), |column| format!("column {column} of {}", name.name));
    Err(Error::new(Kind::DependentObjectsStillExist, format!("cannot rename {what} because other objects depend on it"))
        .with_detail(format!("{predicate} names it"))
        .with_hint("In one transaction, drop what names it, rename, and create it anew."))
}

fn undefined_column(column: &str, name: &Name) -> Error {
    Error::new(Kind::UndefinedColumn, format!("column \"{column}\" of relation \"{}\" does not exist", name.name))
}
