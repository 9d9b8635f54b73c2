//! Correlated sub-queries that DataFusion cannot turn into joins: planned once, run once for each different row around them.
//!
//! DataFusion decorrelates a scalar sub-query only when it aggregates and every condition on the outer row is an equality. What is
//! left (`(SELECT d.x FROM d WHERE d.id = a.id AND a.flag)`, EXISTS in a SELECT list) becomes an asynchronous function of the outer
//! columns: for each distinct row of arguments the values are put into the sub-query's plan, which then runs as any other. A
//! sub-query of more than one row is refused with 21000, as in PostgreSQL.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::metadata::FieldMetadata;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, Result, ScalarValue};
use datafusion::execution::TaskContext;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Subquery, Volatility,
};
use datafusion::optimizer::decorrelate::PullUpCorrelatedExpr;
use datafusion::physical_plan::execute_stream;
use futures::StreamExt;

use crate::error::{Error, Kind};
use crate::query::errors::{unwrap, wrap};
use crate::value::SqlType;

/// Puts a function in the place of every sub-query that DataFusion would refuse.
pub(super) fn detach(plan: LogicalPlan, state: &SessionState, now_us: i64) -> crate::error::Result<LogicalPlan> {
    plan.transform_up_with_subqueries(|node| {
        let projects = !matches!(node, LogicalPlan::Filter(_));
        let schema = merge_schema(&node.inputs());
        let names = NamePreserver::new(&node);
        let detached = node.map_expressions(|expr| {
            let saved = names.save(&expr);
            let detached = expr.transform_down(|inner| {
                let (mode, subquery) = match &inner {
                    Expr::ScalarSubquery(subquery) if !subquery.outer_ref_columns.is_empty() => (Mode::Scalar, subquery),
                    Expr::Exists(exists) => (Mode::Exists { negated: exists.negated }, &exists.subquery),
                    _ => return Ok(Transformed::no(inner)),
                };
                let joins = match mode {
                    Mode::Scalar => is_aggregated(&subquery.subquery) && decorrelates(subquery, mode),
                    Mode::Exists { .. } => !projects && decorrelates(subquery, mode),
                };
                if joins {
                    return Ok(Transformed::no(inner));
                }
                let call = PerRow::call(mode, subquery, state, now_us, |column| schema.has_column(column))?;
                Ok(Transformed::yes(call))
            })?;
            Ok(detached.update_data(|expr| saved.restore(expr)))
        })?;
        if detached.transformed { detached.map_data(LogicalPlan::recompute_schema) } else { Ok(detached) }
    })
    .map(|detached| detached.data)
    .map_err(unwrap)
}

/// Whether the sub-query is one aggregate over everything, which always gives one row.
fn is_aggregated(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Projection(projection) => is_aggregated(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => is_aggregated(&alias.input),
        LogicalPlan::Aggregate(aggregate) => aggregate.group_expr.is_empty() && !aggregate.aggr_expr.is_empty(),
        _ => false,
    }
}

/// Whether DataFusion's own rule can make a join of it.
fn decorrelates(subquery: &Subquery, mode: Mode) -> bool {
    let mut pull_up = match mode {
        Mode::Scalar => PullUpCorrelatedExpr::new().with_need_handle_count_bug(true),
        Mode::Exists { .. } => PullUpCorrelatedExpr::new().with_exists_sub_query(true),
    };
    // A function in FROM of outer columns is a sub-query inside, which the rule does not look into.
    let lateral = subquery.subquery.exists(|node| Ok(matches!(node, LogicalPlan::Subquery(_)))).unwrap_or(true);
    !lateral && subquery.subquery.as_ref().clone().rewrite(&mut pull_up).is_ok() && pull_up.can_pull_up
}

/// What is asked of the sub-query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Mode {
    /// Its one value, NULL when it has no rows.
    Scalar,
    /// Whether it has rows.
    Exists { negated: bool },
}

/// The sub-query as a function of the outer row's columns.
struct PerRow {
    mode: Mode,
    plan: Arc<LogicalPlan>,
    /// The outer columns, in the order of the arguments, with the fields that their values have.
    outer: Vec<(Column, FieldRef)>,
    returns: FieldRef,
    state: SessionState,
    signature: Signature,
}

impl PerRow {
    /// The function's call. `is_here` tells columns of the row around the sub-query from those of queries further out.
    fn call(mode: Mode, subquery: &Subquery, state: &SessionState, now_us: i64, is_here: impl Fn(&Column) -> bool) -> Result<Expr> {
        let mut outer: Vec<(Column, FieldRef)> = Vec::new();
        let mut args = Vec::new();
        for reference in &subquery.outer_ref_columns {
            let Expr::OuterReferenceColumn(field, column) = reference else { continue };
            if outer.iter().any(|(known, _)| known == column) {
                continue;
            }
            outer.push((column.clone(), field.clone()));
            args.push(if is_here(column) { Expr::Column(column.clone()) } else { reference.clone() });
        }
        let returns = match mode {
            Mode::Scalar => Arc::new(subquery.subquery.schema().field(0).as_ref().clone().with_nullable(true)),
            Mode::Exists { .. } => Arc::new(SqlType::Bool.field("exists", false)),
        };
        let mut state = state.clone();
        state.execution_props_mut().query_execution_start_time = chrono::DateTime::from_timestamp_micros(now_us);
        let signature = Signature::one_of(
            vec![datafusion::logical_expr::TypeSignature::Nullary, datafusion::logical_expr::TypeSignature::VariadicAny],
            // Nothing may be worked out while planning: running a query is not planning.
            Volatility::Volatile,
        );
        let function = PerRow { mode, plan: subquery.subquery.clone(), outer, returns, state, signature };
        Ok(AsyncScalarUDF::new(Arc::new(function)).into_scalar_udf().call(args))
    }

    /// The sub-query's answer for one row of outer values.
    async fn answer(&self, values: &[ScalarValue]) -> Result<ScalarValue> {
        let plan = self.substituted(values)?;
        let optimised = self.state.optimize(&plan)?;
        let physical = self.state.query_planner().create_physical_plan(&optimised, &self.state).await?;
        let mut stream = execute_stream(physical, Arc::new(TaskContext::from(&self.state)))?;
        let mut found: Option<ScalarValue> = None;
        while let Some(batch) = stream.next().await {
            let batch: RecordBatch = batch?;
            if batch.num_rows() == 0 {
                continue;
            }
            if let Mode::Exists { negated } = self.mode {
                return Ok(ScalarValue::Boolean(Some(!negated)));
            }
            if batch.num_rows() > 1 || found.is_some() {
                return Err(wrap(Error::new(
                    Kind::CardinalityViolation,
                    "more than one row returned by a subquery used as an expression",
                )));
            }
            found = Some(ScalarValue::try_from_array(batch.column(0), 0)?);
        }
        match (self.mode, found) {
            (Mode::Exists { negated }, _) => Ok(ScalarValue::Boolean(Some(negated))),
            (Mode::Scalar, Some(found)) => Ok(found),
            (Mode::Scalar, None) => ScalarValue::try_from(self.returns.data_type()),
        }
    }

    /// The plan with the values in the place of the outer columns.
    fn substituted(&self, values: &[ScalarValue]) -> Result<LogicalPlan> {
        let place = |column: &Column| self.outer.iter().position(|(outer, _)| outer == column);
        let literal = |place: usize| {
            let metadata = FieldMetadata::from(self.outer[place].1.as_ref());
            Expr::Literal(values[place].clone(), Some(metadata))
        };
        self.plan
            .as_ref()
            .clone()
            .transform_up_with_subqueries(|node| {
                let names = NamePreserver::new(&node);
                node.map_expressions(|expr| {
                    let saved = names.save(&expr);
                    let replaced = expr.transform_up(|inner| match &inner {
                        Expr::OuterReferenceColumn(_, column) => match place(column) {
                            Some(place) => Ok(Transformed::yes(literal(place))),
                            None => Ok(Transformed::no(inner)),
                        },
                        Expr::ScalarSubquery(subquery) => {
                            let mut subquery = subquery.clone();
                            subquery.outer_ref_columns.retain(
                                |reference| !matches!(reference, Expr::OuterReferenceColumn(_, column) if place(column).is_some()),
                            );
                            Ok(Transformed::yes(Expr::ScalarSubquery(subquery)))
                        }
                        _ => Ok(Transformed::no(inner)),
                    })?;
                    Ok(replaced.update_data(|expr| saved.restore(expr)))
                })?
                .map_data(|node| match node {
                    // With its outer columns gone it is a plan as any other.
                    LogicalPlan::Subquery(inner) if inner.subquery.all_out_ref_exprs().is_empty() => {
                        Ok(Arc::unwrap_or_clone(inner.subquery))
                    }
                    other => other.recompute_schema(),
                })
            })
            .map(|replaced| replaced.data)
    }
}

impl std::fmt::Debug for PerRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PerRow").field("mode", &self.mode).field("outer", &self.outer).finish_non_exhaustive()
    }
}

impl PartialEq for PerRow {
    fn eq(&self, other: &Self) -> bool {
        self.mode == other.mode && self.plan == other.plan && self.outer == other.outer
    }
}

impl Eq for PerRow {}

impl Hash for PerRow {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.mode.hash(state);
        self.plan.hash(state);
    }
}

impl ScalarUDFImpl for PerRow {
    fn name(&self) -> &'static str {
        "subquery"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(self.returns.data_type().clone())
    }

    fn return_field_from_args(&self, _args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        Ok(self.returns.clone())
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        datafusion::common::internal_err!("a sub-query runs asynchronously")
    }
}

#[async_trait]
impl AsyncScalarUDFImpl for PerRow {
    async fn invoke_async_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = args.args.iter().map(|arg| arg.to_array(args.number_rows)).collect::<Result<Vec<_>>>()?;
        let mut answers: HashMap<Vec<ScalarValue>, ScalarValue> = HashMap::new();
        let mut output = Vec::with_capacity(args.number_rows);
        for row in 0..args.number_rows {
            let values = columns.iter().map(|column| ScalarValue::try_from_array(column, row)).collect::<Result<Vec<_>>>()?;
            let answer = match answers.get(&values) {
                Some(answer) => answer.clone(),
                None => {
                    let answer = self.answer(&values).await?;
                    answers.insert(values, answer.clone());
                    answer
                }
            };
            output.push(answer);
        }
        if output.is_empty() {
            return Ok(ColumnarValue::Array(datafusion::arrow::array::new_empty_array(self.returns.data_type())));
        }
        Ok(ColumnarValue::Array(ScalarValue::iter_to_array(output)?))
    }
}
