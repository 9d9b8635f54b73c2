//! CHECK constraints compiled from their text to functions over record batches, for the ingest room.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use datafusion::arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::DFSchema;
use datafusion::common::tree_node::TreeNode;
use datafusion::logical_expr::ExprSchemable;

use crate::catalog::{self, Oid, Table};
use crate::error::{Error, Kind, Result};
use crate::ingest::{Check, Target};
use crate::query::engine::Engine;
use crate::query::errors::unwrap;
use crate::query::plan::Planner;
use crate::query::{kept, parse};
use crate::value::Style;

/// The compiled CHECKs of tables by object id, each good for one epoch of the catalog.
pub(super) type Cache = Mutex<HashMap<Oid, (u64, Arc<[Check]>)>>;

/// A table with its CHECKs compiled, from the cache where they are the same for every statement of the epoch.
///
/// # Errors
/// As [`compile`].
pub(super) fn target(table: &Arc<Table>, planner: &Planner<'_>, engine: &Engine) -> Result<Target> {
    lasting_target(table, planner, engine).map(|(target, _)| target)
}

/// The same, and whether it means the same whenever it is asked.
pub(super) fn lasting_target(table: &Arc<Table>, planner: &Planner<'_>, engine: &Engine) -> Result<(Target, bool)> {
    // A transaction that has defined something sees a catalog of its own, whose epoch another may come to share.
    // Literals are read by the session's style, so only the default one is shared.
    let committed = Arc::ptr_eq(&planner.catalog, &engine.catalog()) && planner.facts.style.clone().at(0) == Style::default();
    let epoch = planner.catalog.epoch;
    let known =
        || engine.checks.lock().ok()?.get(&table.oid).filter(|(known, _)| *known == epoch).map(|(_, checks)| checks.clone());
    if let Some(checks) = committed.then(known).flatten() {
        return Ok((Target::new(table.clone(), checks, planner.facts.style.clone()), true));
    }
    let (checks, lasting) = compile_all(table, planner)?;
    let checks: Arc<[Check]> = Arc::from(checks);
    if committed
        && lasting
        && let Ok(mut cache) = engine.checks.lock()
    {
        cache.insert(table.oid, (epoch, checks.clone()));
    }
    Ok((Target::new(table.clone(), checks, planner.facts.style.clone()), lasting))
}

/// Compiles every CHECK of a table.
///
/// # Errors
/// PostgreSQL's SQLSTATE for a predicate that cannot be planned; 42804 for one that is not boolean.
pub(super) fn compile(table: &Table, planner: &Planner<'_>) -> Result<Vec<Check>> {
    compile_all(table, planner).map(|(checks, _)| checks)
}

/// The checks, and whether they mean the same whenever they are asked.
fn compile_all(table: &Table, planner: &Planner<'_>) -> Result<(Vec<Check>, bool)> {
    let fields: Vec<_> = table.columns.iter().map(|column| column.sql_type.field(column.name.clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let mut lasting = true;
    let mut checks = Vec::with_capacity(table.checks.len());
    for check in &table.checks {
        let (check, lasts) = compile_one(check, &schema, &table.name.name, planner)?;
        lasting &= lasts;
        checks.push(check);
    }
    Ok((checks, lasting))
}

fn compile_one(check: &catalog::Check, schema: &Arc<Schema>, table: &str, planner: &Planner<'_>) -> Result<(Check, bool)> {
    let df_schema = DFSchema::try_from_qualified_schema(table, schema).map_err(unwrap)?;
    let expr = planner.expression(&parse::parse_expression(&check.predicate)?, &df_schema)?;
    let (_, field) = expr.to_field(&df_schema).map_err(unwrap)?;
    if *field.data_type() != DataType::Boolean {
        return Err(Error::new(
            Kind::DatatypeMismatch,
            format!("argument of CHECK must be type boolean, not type {}", crate::value::SqlType::of_field(&field)),
        ));
    }
    let lasts = !expr.exists(|inner| Ok(kept::may_change(inner))).map_err(unwrap)?;
    let predicate = planner.state.create_physical_expr(expr, &df_schema).map_err(unwrap)?;
    let schema = schema.clone();
    let test = move |batch: &RecordBatch| -> Result<BooleanArray> {
        // The batch carries stored names; the predicate knows columns by their place.
        let batch = RecordBatch::try_new(schema.clone(), batch.columns().to_vec())
            .map_err(|error| Error::internal(format!("a CHECK met a batch of another shape: {error}")))?;
        let result = predicate.evaluate(&batch).and_then(|value| value.into_array(batch.num_rows())).map_err(unwrap)?;
        match result.as_boolean_opt() {
            Some(passed) => Ok(passed.clone()),
            None => Err(Error::internal(format!("a CHECK yielded {} instead of booleans", result.data_type()))),
        }
    };
    Ok((Check { name: check.name.clone(), test: Arc::new(test) }, lasts))
}
