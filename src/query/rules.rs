//! Policies compiled from their text to what the guard applies, once for each version of a table's definition.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::expr::InSubquery;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan};
use datafusion::sql::sqlparser::ast::{self, Ident, ObjectName};

use crate::catalog::{Oid, Relation, Table};
use crate::error::{Error, Kind, Result};
use crate::guard::{HoldRule, RetentionRule, Rules, plans};
use crate::query::errors::{unwrap, wrap};
use crate::query::kept;
use crate::query::parse::{self, unsupported};
use crate::query::plan::Planner;
use crate::store::spec::{TableId, TableKind};
use crate::value::SqlType;

/// The compiled rules of tables, each good for one version of its table's definition.
#[derive(Debug, Default)]
pub struct Cache(Mutex<HashMap<TableId, Compiled>>);

/// Rules and the definition that they were compiled for.
type Compiled = (Arc<Table>, Arc<Rules>);

/// A table's rules.
///
/// # Errors
/// Whatever is wrong with a predicate by now: rows are not shown by rules that cannot be worked out.
pub(super) fn of(table: &Arc<Table>, planner: &Planner<'_>) -> Result<Arc<Rules>> {
    if table.retention.is_empty() {
        return Ok(Arc::default());
    }
    let cache = &planner.rules.0;
    let known = cache.lock().ok().and_then(|cache| cache.get(&table.store_id()).cloned());
    if let Some((_, rules)) = known.filter(|(known, _)| Arc::ptr_eq(known, table)) {
        return Ok(rules);
    }
    let mut rules = Rules::default();
    for policy in &table.retention {
        let condition = recompiled(policy.predicate.as_deref(), table, planner);
        let condition = condition.map_err(|error| error.with_context(format!("retention policy \"{}\"", policy.name)))?;
        rules.retention.push(RetentionRule { name: policy.name.clone(), condition, keep: policy.keep });
    }
    rules.holds = holds(table, planner)?;
    let rules = Arc::new(rules);
    if let Ok(mut cache) = cache.lock() {
        cache.insert(table.store_id(), (table.clone(), rules.clone()));
    }
    Ok(rules)
}

/// The holds on a table.
///
/// # Errors
/// Whatever is wrong with a predicate by now: rows are not removed that may be held.
pub(super) fn holds(table: &Table, planner: &Planner<'_>) -> Result<Vec<HoldRule>> {
    let compiled = table.holds.iter().map(|hold| {
        let condition = recompiled(hold.predicate.as_deref(), table, planner);
        let condition = condition.map_err(|error| error.with_context(format!("legal hold \"{}\"", hold.name)))?;
        Ok(HoldRule { name: hold.name.clone(), condition, roles: hold.roles.clone() })
    });
    compiled.collect()
}

/// A predicate that was compiled when it was made, from its text.
fn recompiled(predicate: Option<&str>, table: &Table, planner: &Planner<'_>) -> Result<Option<Expr>> {
    let Some(text) = predicate else { return Ok(None) };
    let (condition, _) = compile(&parse::parse_expression(text)?, table, planner)?;
    Ok(Some(condition))
}

/// A predicate over a table's columns, and the reference tables that it looks into.
///
/// # Errors
/// PostgreSQL's SQLSTATE for a predicate that cannot be planned, 42804 for one that is not boolean, 42P17 for one whose answer about a
/// row changes by itself, 0A000 for one that looks elsewhere than into reference tables.
pub(super) fn compile(predicate: &ast::Expr, table: &Table, planner: &Planner<'_>) -> Result<(Expr, Vec<Oid>)> {
    let mut query = parse::select_all(ObjectName::from(vec![Ident::with_quote('"', table.name.name.clone())]))?;
    if let ast::SetExpr::Select(select) = query.body.as_mut() {
        select.selection = Some(ast::Expr::Nested(Box::new(predicate.clone())));
    }
    let fields: Vec<_> = table.columns.iter().map(|column| column.sql_type.field(column.name.clone(), true)).collect();
    let rows = provider_as_source(Arc::new(EmptyTable::new(Arc::new(Schema::new(fields)))));
    let (planned, reads) = planner.definition(&query, vec![(table.name.name.clone(), rows)])?;
    if !planned.parameters.is_empty() {
        return Err(Error::new(Kind::UndefinedParameter, "there is no parameter $1"));
    }
    let LogicalPlan::Projection(projection) = &planned.plan else { return Err(elsewhere()) };
    let LogicalPlan::Filter(filter) = projection.input.as_ref() else { return Err(elsewhere()) };
    if !matches!(filter.input.as_ref(), LogicalPlan::TableScan(_) | LogicalPlan::SubqueryAlias(_)) {
        return Err(elsewhere());
    }
    let condition = filter.predicate.clone();
    let (_, field) = condition.to_field(filter.input.schema()).map_err(unwrap)?;
    if *field.data_type() != DataType::Boolean {
        let sql_type = SqlType::of_field(&field);
        return Err(Error::new(Kind::DatatypeMismatch, format!("argument of WHERE must be type boolean, not type {sql_type}")));
    }
    for oid in &reads {
        match planner.catalog.relation_by_oid(*oid) {
            Some(Relation::Table(other)) if other.kind() == TableKind::Reference => {}
            Some(Relation::Table(_) | Relation::View(_)) | None => return Err(elsewhere()),
        }
    }
    let condition = closed(condition)?;
    if condition.exists(|inner| Ok(kept::may_change(inner))).map_err(unwrap)? {
        return Err(Error::new(
            Kind::InvalidObjectDefinition,
            "a policy's predicate must not depend on when or by whom it is asked",
        ));
    }
    Ok((condition, reads))
}

fn elsewhere() -> Error {
    unsupported("a policy's predicate that looks elsewhere than into its row and into reference tables")
        .with_hint("Look values up by column IN (SELECT column FROM reference_table WHERE ...).")
}

/// The condition with the plans of its look-ups closed, so that it can be kept.
fn closed(condition: Expr) -> Result<Expr> {
    let closed = condition.transform_down(|inner| match inner {
        Expr::InSubquery(InSubquery { expr, subquery, negated }) => {
            if !subquery.outer_ref_columns.is_empty() || !kept::is_lasting(&subquery.subquery) {
                return Err(wrap(elsewhere()));
            }
            let plan = plans::closed(&subquery.subquery).map_err(wrap)?;
            let subquery = subquery.with_plan(Arc::new(plan));
            Ok(Transformed::new(Expr::InSubquery(InSubquery { expr, subquery, negated }), true, TreeNodeRecursion::Jump))
        }
        Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::SetComparison(_) | Expr::OuterReferenceColumn(..) => {
            Err(wrap(elsewhere()))
        }
        other => Ok(Transformed::no(other)),
    });
    closed.map(|closed| closed.data).map_err(unwrap)
}
