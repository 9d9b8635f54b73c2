//! Running a plan: parameters bound, optimised, turned into a stream of batches.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringViewArray};
use datafusion::arrow::datatypes::Schema;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::display::DisplayableExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::StreamExt;

use crate::error::{Error, Result};
use crate::query::errors::unwrap;
use crate::query::plan::{self, Planned};
use crate::query::session::{Column, Outcome, Session};
use crate::value::SqlType;

/// Starts a query; rows come as they are made.
pub(super) async fn stream(
    session: &Session,
    planned: &Planned,
    params: &[ArrayRef],
) -> Result<(Vec<Column>, SendableRecordBatchStream)> {
    let bound = bind(planned, params)?;
    let columns = columns(bound.schema());
    let (plan, context) = physical(session, &bound).await?;
    Ok((columns, execute_stream(plan, context).map_err(unwrap)?))
}

/// Runs a plan whose rows a statement needs whole, as INSERT … SELECT does.
pub(super) async fn collect(session: &Session, plan: &LogicalPlan) -> Result<Vec<RecordBatch>> {
    let (plan, context) = physical(session, plan).await?;
    let mut stream = execute_stream(plan, context).map_err(unwrap)?;
    let mut batches = Vec::new();
    while let Some(batch) = stream.next().await {
        batches.push(batch.map_err(unwrap)?);
    }
    Ok(batches)
}

/// Puts the statement's values in place of its parameters.
pub(super) fn bind(planned: &Planned, params: &[ArrayRef]) -> Result<LogicalPlan> {
    let values = params.iter().map(|param| ScalarValue::try_from_array(param, 0).map_err(unwrap)).collect::<Result<Vec<_>>>()?;
    plan::bind(planned, &values)
}

async fn physical(session: &Session, plan: &LogicalPlan) -> Result<(Arc<dyn ExecutionPlan>, Arc<TaskContext>)> {
    let mut state = session.engine.state.clone();
    state.execution_props_mut().query_execution_start_time = chrono::DateTime::from_timestamp_micros(session.now_us());
    let optimised = state.optimize(plan).map_err(unwrap)?;
    let physical = state.query_planner().create_physical_plan(&optimised, &state).await.map_err(unwrap)?;
    Ok((physical, Arc::new(TaskContext::from(&state))))
}

/// The columns of a result as clients are told them.
pub(super) fn columns(schema: &DFSchema) -> Vec<Column> {
    schema
        .fields()
        .iter()
        .map(|field| Column {
            name: plan::output::shown(field.name()).to_owned(),
            sql_type: SqlType::of_field(field),
            table_oid: 0,
            attribute: 0,
        })
        .collect()
}

/// A column of text that is computed.
pub(super) fn text_column(name: &str) -> Column {
    Column { name: name.to_owned(), sql_type: SqlType::Text, table_oid: 0, attribute: 0 }
}

/// Shows a plan, after running it if asked to.
pub(super) async fn explain(
    session: &Session,
    planned: &Planned,
    params: &[ArrayRef],
    analyze: bool,
    verbose: bool,
) -> Result<Outcome> {
    let bound = bind(planned, params)?;
    let (plan, context) = physical(session, &bound).await?;
    let text = if analyze {
        let mut stream = execute_stream(plan.clone(), context).map_err(unwrap)?;
        while let Some(batch) = stream.next().await {
            batch.map_err(unwrap)?;
        }
        DisplayableExecutionPlan::with_metrics(plan.as_ref()).indent(verbose).to_string()
    } else {
        DisplayableExecutionPlan::new(plan.as_ref()).indent(verbose).to_string()
    };
    let lines = text.lines().map(|line| vec![line.to_owned()]).collect();
    text_rows(vec![text_column("QUERY PLAN")], lines, "EXPLAIN")
}

/// The columns that SHOW answers with.
pub(super) fn show_columns(name: &str) -> Vec<Column> {
    if name == "all" { vec![text_column("name"), text_column("setting")] } else { vec![text_column(name)] }
}

pub(super) fn show(session: &Session, name: &str) -> Result<Outcome> {
    let rows = if name == "all" {
        session.settings.all().iter().map(|(name, value)| vec![name.clone(), value.clone()]).collect()
    } else {
        vec![vec![session.settings.get(name)?.to_owned()]]
    };
    text_rows(show_columns(name), rows, "SHOW")
}

/// Rows of text that are already there.
fn text_rows(columns: Vec<Column>, rows: Vec<Vec<String>>, tag: &'static str) -> Result<Outcome> {
    let fields: Vec<_> = columns.iter().map(|column| column.sql_type.field(column.name.clone(), false)).collect();
    let schema = Arc::new(Schema::new(fields));
    let arrays: Vec<ArrayRef> = (0..columns.len())
        .map(|at| Arc::new(rows.iter().map(|row| row.get(at).map(String::as_str)).collect::<StringViewArray>()) as ArrayRef)
        .collect();
    let batch = RecordBatch::try_new(schema.clone(), arrays).map_err(|error| Error::internal(error.to_string()))?;
    let stream = futures::stream::once(async move { Ok(batch) });
    Ok(Outcome::Rows { columns, rows: Box::pin(RecordBatchStreamAdapter::new(schema, stream)), tag })
}
