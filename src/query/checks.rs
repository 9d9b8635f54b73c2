//! CHECK constraints compiled from their text to functions over record batches, for the ingest room.

use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::DFSchema;
use datafusion::logical_expr::ExprSchemable;

use crate::catalog::{self, Table};
use crate::error::{Error, Kind, Result};
use crate::ingest::Check;
use crate::query::errors::unwrap;
use crate::query::parse;
use crate::query::plan::Planner;

/// Compiles every CHECK of a table.
///
/// # Errors
/// PostgreSQL's SQLSTATE for a predicate that cannot be planned; 42804 for one that is not boolean.
pub(super) fn compile(table: &Table, planner: &Planner<'_>) -> Result<Vec<Check>> {
    let fields: Vec<_> = table.columns.iter().map(|column| column.sql_type.field(column.name.clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    table.checks.iter().map(|check| compile_one(check, &schema, &table.name.name, planner)).collect()
}

fn compile_one(check: &catalog::Check, schema: &Arc<Schema>, table: &str, planner: &Planner<'_>) -> Result<Check> {
    let df_schema = DFSchema::try_from_qualified_schema(table, schema).map_err(unwrap)?;
    let expr = planner.expression(&parse::parse_expression(&check.predicate)?, &df_schema)?;
    let (_, field) = expr.to_field(&df_schema).map_err(unwrap)?;
    if *field.data_type() != DataType::Boolean {
        return Err(Error::new(
            Kind::DatatypeMismatch,
            format!("argument of CHECK must be type boolean, not type {}", crate::value::SqlType::of_field(&field)),
        ));
    }
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
    Ok(Check { name: check.name.clone(), test: Arc::new(test) })
}
