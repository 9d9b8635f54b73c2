//! Running a plan: parameters bound, optimised, turned into a stream of batches.

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringViewArray};
use datafusion::arrow::datatypes::{FieldRef, Schema, SchemaRef};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::session_state::SessionState;
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{Stream, StreamExt};

use crate::error::{Error, Result};
use crate::guard::{Horizons, exit};
use crate::query::answers::{Asked, Gathering};
use crate::query::backends::Backends;
use crate::query::errors::unwrap;
use crate::query::memory::Bounded;
use crate::query::plan::origin::Origin;
use crate::query::plan::{self, Planned};
use crate::query::priority;
use crate::query::session::{Column, Outcome, Session};
use crate::query::settings::known::KNOWN;
use crate::query::together;
use crate::value::SqlType;

/// Rows that come, with the columns that clients are told.
type Rows = (Vec<Column>, SendableRecordBatchStream);

/// Starts a query; rows come as they are made.
pub(super) async fn stream(session: &Session, planned: &Planned, params: &[ArrayRef]) -> Result<Rows> {
    run(session, None, planned, params).await
}

/// As [`stream`], of a statement of this text: what was answered before is given again where nothing can have changed it.
pub(super) async fn answer(session: &Session, text: &Arc<str>, planned: &Planned, params: &[ArrayRef]) -> Result<Rows> {
    run(session, Some(text), planned, params).await
}

async fn run(session: &Session, text: Option<&Arc<str>>, planned: &Planned, params: &[ArrayRef]) -> Result<Rows> {
    let begun = Instant::now();
    let engine = &session.engine;
    let bound = match planned.parameters.is_empty() && params.is_empty() {
        true => Cow::Borrowed(&planned.plan),
        false => Cow::Owned(bind(planned, params)?),
    };
    let columns = columns(bound.schema(), &planned.origins);
    let asked = text.and_then(|text| Asked::of(session, text, planned, params, &bound));
    if let Some(known) = asked.as_ref().and_then(|asked| engine.answers.find(asked, engine.clock.now_us())) {
        engine.backends.counted.returned.add(known.read);
        return Ok((columns, one_batch(known.rows)));
    }
    let optimised = if planned.optimised { bound } else { Cow::Owned(optimised(session, &bound)?) };
    if let Some(row) = constant_row(&optimised)? {
        return Ok((columns, one_batch(row)));
    }
    let kept = asked.and_then(|asked| Some((asked, Horizons::of(&optimised)?)));
    let (plan, context) = Box::pin(physical(session, &optimised)).await?;
    let rows = priority::execute(plan.clone(), context, engine.store.background())?;
    let rows: SendableRecordBatchStream = Box::pin(Counting { rows, plan: plan.clone(), backends: engine.backends.clone() });
    Ok((
        columns,
        match kept {
            Some(kept) => Gathering::over(rows, engine, kept, (begun, planned.now.clone()), move || rows_read(&plan)),
            None => rows,
        },
    ))
}

/// A running plan, which counts the rows that it has read when it ends or is left.
struct Counting {
    rows: SendableRecordBatchStream,
    plan: Arc<dyn ExecutionPlan>,
    backends: Arc<Backends>,
}

impl Drop for Counting {
    fn drop(&mut self) {
        self.backends.counted.returned.add(rows_read(&self.plan));
    }
}

/// The rows that a plan's scans have given, without those that the guard has kept back.
fn rows_read(plan: &Arc<dyn ExecutionPlan>) -> usize {
    let children = plan.children();
    if children.is_empty() || exit::leaving(plan.as_ref()).is_some() {
        return plan.metrics().and_then(|measured| measured.output_rows()).unwrap_or(0);
    }
    children.into_iter().map(rows_read).sum()
}

impl Stream for Counting {
    type Item = datafusion::common::Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.rows.poll_next_unpin(context)
    }
}

impl RecordBatchStream for Counting {
    fn schema(&self) -> SchemaRef {
        self.rows.schema()
    }
}

/// The one row of a plan that reads nothing and computes nothing any more: it needs no machinery to run.
fn constant_row(plan: &LogicalPlan) -> Result<Option<RecordBatch>> {
    let LogicalPlan::Projection(projection) = plan else { return Ok(None) };
    if !matches!(projection.input.as_ref(), LogicalPlan::EmptyRelation(empty) if empty.produce_one_row) {
        return Ok(None);
    }
    let mut values: Vec<ArrayRef> = Vec::with_capacity(projection.expr.len());
    for expr in &projection.expr {
        let Expr::Literal(value, _) = expr.clone().unalias() else { return Ok(None) };
        values.push(value.to_array().map_err(unwrap)?);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(1));
    let schema = Arc::new(plan.schema().as_arrow().clone());
    let row = RecordBatch::try_new_with_options(schema, values, &options);
    row.map(Some).map_err(|error| Error::internal(format!("a row of constants does not fit its plan: {error}")))
}

/// Rows that are there already.
pub(super) fn one_batch(batch: RecordBatch) -> SendableRecordBatchStream {
    let schema = batch.schema();
    Box::pin(RecordBatchStreamAdapter::new(schema, futures::stream::once(async move { Ok(batch) })))
}

/// Runs a plan whose rows a statement needs whole, as INSERT … SELECT does.
pub(super) async fn collect(session: &Session, plan: &LogicalPlan) -> Result<Vec<RecordBatch>> {
    let (plan, context) = physical(session, &optimised(session, plan)?).await?;
    let mut stream = priority::execute(plan, context, session.engine.store.background())?;
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

/// DataFusion's state at the statement's instant.
fn state(session: &Session) -> SessionState {
    let mut state = session.engine.state.clone();
    state.execution_props_mut().query_execution_start_time = chrono::DateTime::from_timestamp_micros(session.now_us());
    state
}

/// The plan as the optimiser makes it.
pub(super) fn optimised(session: &Session, plan: &LogicalPlan) -> Result<LogicalPlan> {
    let optimised = state(session).optimize(plan).map_err(unwrap)?;
    session.engine.paths.note(&optimised, session.now_us());
    together::counted(optimised, &session.style()).map_err(unwrap)
}

/// A plan optimised ahead of its runs, where no parameter can tell the optimiser more and the result is described alike. What cannot
/// be optimised fails when it runs, as in PostgreSQL.
pub(super) fn optimised_before(session: &Session, planned: Planned) -> Planned {
    if !planned.parameters.is_empty() {
        return planned;
    }
    match optimised(session, &planned.plan) {
        Ok(plan) if columns(plan.schema(), &[]) == columns(planned.plan.schema(), &[]) => {
            Planned { plan, optimised: true, ..planned }
        }
        Ok(_) | Err(_) => planned,
    }
}

pub(super) async fn physical(session: &Session, optimised: &LogicalPlan) -> Result<(Arc<dyn ExecutionPlan>, Arc<TaskContext>)> {
    let state = state(session);
    let physical = state.query_planner().create_physical_plan(optimised, &state).await.map_err(unwrap)?;
    exit::ensure(physical.as_ref())?;
    let mut context = TaskContext::from(&state);
    if let Some(bytes) = session.identity.limits.memory_bytes {
        let shared = context.runtime_env();
        let pool = Arc::new(Bounded::new(shared.memory_pool.clone(), bytes));
        context = context.with_runtime(Arc::new(RuntimeEnv { memory_pool: pool, ..shared.as_ref().clone() }));
    }
    Ok((physical, Arc::new(context)))
}

/// The columns of a result as clients are told them.
pub(super) fn columns(schema: &DFSchema, origins: &[Option<Origin>]) -> Vec<Column> {
    let described = |(at, field): (usize, &FieldRef)| {
        let (table_oid, attribute) = origins.get(at).copied().flatten().unwrap_or_default();
        Column { name: plan::output::shown(field.name()).to_owned(), sql_type: SqlType::of_field(field), table_oid, attribute }
    };
    schema.fields().iter().enumerate().map(described).collect()
}

/// A column of text that is computed.
pub(super) fn text_column(name: &str) -> Column {
    Column { name: name.to_owned(), sql_type: SqlType::Text, table_oid: 0, attribute: 0 }
}

/// The columns that SHOW answers with.
///
/// # Errors
/// 42704 for a setting that does not exist.
pub(super) fn show_columns(session: &Session, name: &str) -> Result<Vec<Column>> {
    Ok(match name {
        "all" => vec![text_column("name"), text_column("setting"), text_column("description")],
        name => vec![text_column(&session.settings.spelled(name)?)],
    })
}

pub(super) fn show(session: &Session, name: &str) -> Result<Outcome> {
    let rows = if name == "all" {
        let described = |name: &str| KNOWN.iter().find(|known| known.name == name).map_or("", |known| known.description);
        let row = |(name, value): &(String, String)| vec![name.clone(), value.clone(), described(name).to_owned()];
        session.settings.all().iter().map(row).collect()
    } else {
        vec![vec![session.settings.get(name)?]]
    };
    text_rows(show_columns(session, name)?, rows, "SHOW")
}

/// Rows of text that are already there.
pub(super) fn text_rows(columns: Vec<Column>, rows: Vec<Vec<String>>, tag: &'static str) -> Result<Outcome> {
    let fields: Vec<_> = columns.iter().map(|column| column.sql_type.field(column.name.clone(), false)).collect();
    let schema = Arc::new(Schema::new(fields));
    let arrays: Vec<ArrayRef> = (0..columns.len())
        .map(|at| Arc::new(rows.iter().map(|row| row.get(at).map(String::as_str)).collect::<StringViewArray>()) as ArrayRef)
        .collect();
    let batch = RecordBatch::try_new(schema, arrays).map_err(|error| Error::internal(error.to_string()))?;
    Ok(Outcome::Rows { columns, rows: one_batch(batch), tag })
}
