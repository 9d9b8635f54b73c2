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
use datafusion::arrow::array::{Array, RecordBatch, StructArray, new_empty_array};
use datafusion::arrow::compute::{concat, concat_batches};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::metadata::FieldMetadata;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::common::{Column, Result, ScalarValue};
use datafusion::execution::TaskContext;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::expr::{Placeholder, SetQuantifier};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Distinct, DistinctOn, Expr, LogicalPlan, LogicalPlanBuilder, Operator, ReturnFieldArgs,
    ScalarFunctionArgs, ScalarUDFImpl, Signature, Subquery, Volatility,
};
use datafusion::optimizer::decorrelate::PullUpCorrelatedExpr;
use datafusion::physical_plan::execute_stream;
use futures::StreamExt;

use super::compared::Values;
use super::lateral;
use crate::error::{Error, Kind};
use crate::guard::exit;
use crate::query::errors::{unwrap, wrap};
use crate::query::functions::cast::conformed;
use crate::value::SqlType;

/// Puts a function in the place of every sub-query that DataFusion would refuse.
pub(super) fn detach(plan: LogicalPlan, state: &SessionState, now_us: i64) -> crate::error::Result<LogicalPlan> {
    plan.transform_up_with_subqueries(|node| {
        let Transformed { data: node, transformed: flattened, .. } = lateral::flattened(node, state, now_us)?;
        let projects = !matches!(node, LogicalPlan::Filter(_));
        let joins_values = matches!(node, LogicalPlan::Filter(_) | LogicalPlan::Projection(_));
        let limits = matches!(node, LogicalPlan::Limit(_));
        let schema = merge_schema(&node.inputs());
        let names = NamePreserver::new(&node);
        let joined = match &node {
            LogicalPlan::Filter(filter) => joinable(&filter.predicate)?,
            _ => vec![],
        };
        let detached = node.map_expressions(|expr| {
            let saved = names.save(&expr);
            let detached = expr.transform_down(|inner| {
                let (mode, subquery, value) = match &inner {
                    Expr::ScalarSubquery(subquery) => (Mode::Scalar, subquery, None),
                    Expr::Exists(exists) => (Mode::Exists { negated: exists.negated }, &exists.subquery, None),
                    Expr::InSubquery(among)
                        if !joined.contains(&Arc::as_ptr(&among.subquery.subquery)) || is_deep(&among.subquery)? =>
                    {
                        (
                            Mode::Compared { op: Operator::Eq, all: false, negated: among.negated },
                            &among.subquery,
                            Some(&among.expr),
                        )
                    }
                    Expr::SetComparison(compared) if projects => {
                        let all = compared.quantifier == SetQuantifier::All;
                        (Mode::Compared { op: compared.op, all, negated: false }, &compared.subquery, Some(&compared.expr))
                    }
                    _ => return Ok(Transformed::no(inner)),
                };
                // What stands inside has been detached already, and may have outer columns as arguments now.
                let (outer_ref_columns, through) = outer_references(&subquery.subquery)?;
                let subquery = &Subquery { subquery: subquery.subquery.clone(), outer_ref_columns, spans: subquery.spans.clone() };
                // DataFusion forgets that no row is a NULL, where the value itself can be none.
                let fields = subquery.subquery.schema().fields();
                if fields.is_empty() && !matches!(mode, Mode::Exists { .. }) {
                    return Err(wrap(Error::new(Kind::SyntaxError, "subquery must return only one column")));
                }
                let may_lack = fields.first().is_some_and(|field| !field.is_nullable()) && !is_aggregated(&subquery.subquery);
                if mode == Mode::Scalar && subquery.outer_ref_columns.is_empty() && (limits || !may_lack) {
                    return Ok(Transformed::no(inner));
                }
                let joins = !through
                    && !is_deep(subquery)?
                    && match mode {
                        Mode::Scalar => joins_values && is_aggregated(&subquery.subquery) && decorrelates(subquery, mode),
                        Mode::Exists { .. } => !projects && decorrelates(subquery, mode),
                        Mode::Compared { .. } | Mode::Rows => false,
                    };
                if joins {
                    return Ok(Transformed::no(inner));
                }
                let mut call = PerRow::call(mode, subquery, state, now_us, |column| schema.has_column(column))?;
                if let (Some(value), Expr::ScalarFunction(call)) = (value, &mut call) {
                    call.args.push(value.as_ref().clone());
                }
                Ok(Transformed::yes(call))
            })?;
            Ok(detached.update_data(|expr| saved.restore(expr)))
        })?;
        let Transformed { data, transformed, tnr } = detached;
        let data = if transformed { projected_before(data.recompute_schema()?)? } else { data };
        Ok(Transformed { data, transformed: transformed || flattened, tnr })
    })
    .map(|detached| detached.data)
    .map_err(unwrap)
}

/// The queries behind IN that DataFusion can make joins of: it tells whether there is a match, and not whether a NULL leaves that open,
/// so only where a row is left out in either case, or the whole condition is `NOT IN` without outer columns.
fn joinable(predicate: &Expr) -> Result<Vec<*const LogicalPlan>> {
    fn collect(expr: &Expr, whole: bool, found: &mut Vec<*const LogicalPlan>) -> Result<()> {
        match expr {
            Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::And | Operator::Or), right }) => {
                let whole = whole && *op == Operator::And;
                collect(left, whole, found)?;
                collect(right, whole, found)
            }
            Expr::InSubquery(among) => {
                let (outer, through) = outer_references(&among.subquery.subquery)?;
                if !through && (!among.negated || whole && outer.is_empty()) {
                    found.push(Arc::as_ptr(&among.subquery.subquery));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
    let mut found = Vec::new();
    collect(predicate, true, &mut found)?;
    Ok(found)
}

/// The columns from outside that a sub-query reads, and whether a query inside it reads one through it, which DataFusion's rules do not
/// look for.
pub(super) fn outer_references(plan: &LogicalPlan) -> Result<(Vec<Expr>, bool)> {
    let (mut found, mut through) = (plan.all_out_ref_exprs(), false);
    plan.apply(|node| {
        let here = merge_schema(&node.inputs());
        node.apply_expressions(|expr| {
            expr.apply(|inner| {
                let query = match inner {
                    Expr::ScalarSubquery(query) => query,
                    Expr::Exists(exists) => &exists.subquery,
                    Expr::InSubquery(among) => &among.subquery,
                    Expr::SetComparison(compared) => &compared.subquery,
                    _ => return Ok(TreeNodeRecursion::Continue),
                };
                for reference in outer_references(&query.subquery)?.0 {
                    let further = matches!(&reference, Expr::OuterReferenceColumn(_, column) if !here.has_column(column));
                    through |= further;
                    if further && !found.contains(&reference) {
                        found.push(reference);
                    }
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok((found, through))
}

/// How many sub-queries inside one another are left to DataFusion, which checks a plan in 2ⁿ steps for n of them.
const JOINED_MAX: usize = 6;

/// Whether a sub-query holds so many others inside one another that it must stand apart.
fn is_deep(subquery: &Subquery) -> Result<bool> {
    Ok(nesting(&subquery.subquery)? >= JOINED_MAX)
}

/// How many sub-queries stand inside one another in the expressions of a plan.
fn nesting(plan: &LogicalPlan) -> Result<usize> {
    let mut deepest = 0;
    plan.apply(|node| {
        node.apply_subqueries(|inner| {
            deepest = deepest.max(1 + nesting(inner)?);
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    Ok(deepest)
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
        Mode::Scalar | Mode::Compared { .. } | Mode::Rows => PullUpCorrelatedExpr::new().with_need_handle_count_bug(true),
        Mode::Exists { .. } => PullUpCorrelatedExpr::new().with_exists_sub_query(true),
    };
    // A function in FROM of outer columns is a sub-query inside, which the rule does not look into.
    let lateral = subquery.subquery.exists(|node| Ok(matches!(node, LogicalPlan::Subquery(_)))).unwrap_or(true);
    !lateral && subquery.subquery.as_ref().clone().rewrite(&mut pull_up).is_ok() && pull_up.can_pull_up
}

/// What is asked of the sub-query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Mode {
    /// Its one value, NULL when it has no rows.
    Scalar,
    /// Whether it has rows.
    Exists { negated: bool },
    /// Whether the last argument compares so with one of its values, or with all; NULL where a NULL leaves that open.
    Compared { op: Operator, all: bool, negated: bool },
    /// All its rows, as a list of structures; NULL when it has none.
    Rows,
}

/// What a sub-query reads from outside itself.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outer {
    Column(Column),
    /// `$1`, whose value is put into the plan around the sub-query before that runs.
    Parameter(String),
}

/// The sub-query as a function of the outer row's columns.
pub(super) struct PerRow {
    mode: Mode,
    plan: Arc<LogicalPlan>,
    /// What comes from outside, in the order of the arguments, with the fields that the values have.
    outer: Vec<(Outer, FieldRef)>,
    returns: FieldRef,
    state: SessionState,
    signature: Signature,
}

impl PerRow {
    /// The function's call. `is_here` tells columns of the row around the sub-query from those of queries further out.
    pub(super) fn call(
        mode: Mode,
        subquery: &Subquery,
        state: &SessionState,
        now_us: i64,
        is_here: impl Fn(&Column) -> bool,
    ) -> Result<Expr> {
        let mut outer: Vec<(Outer, FieldRef)> = Vec::new();
        let mut args = Vec::new();
        for reference in &subquery.outer_ref_columns {
            let Expr::OuterReferenceColumn(field, column) = reference else { continue };
            let own = Outer::Column(column.clone());
            if outer.iter().any(|(known, _)| *known == own) {
                continue;
            }
            outer.push((own, field.clone()));
            args.push(if is_here(column) { Expr::Column(column.clone()) } else { reference.clone() });
        }
        for placeholder in parameters(&subquery.subquery)? {
            if let Placeholder { id, field: Some(field) } = &placeholder {
                outer.push((Outer::Parameter(id.clone()), field.clone()));
                args.push(Expr::Placeholder(placeholder));
            }
        }
        let returns = match mode {
            Mode::Scalar => Arc::new(subquery.subquery.schema().field(0).as_ref().clone().with_nullable(true)),
            Mode::Exists { .. } => Arc::new(SqlType::Bool.field("exists", false)),
            Mode::Compared { .. } => Arc::new(SqlType::Bool.field("compared", true)),
            Mode::Rows => {
                let row = Field::new("item", DataType::Struct(row_fields(&subquery.subquery)), true);
                Arc::new(Field::new("rows", DataType::List(Arc::new(row)), true))
            }
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

    /// The sub-query's answer for one row of outer values: its value, whether it has rows, or what [`Self::compared`] needs.
    async fn answer(&self, values: &[ScalarValue]) -> Result<ScalarValue> {
        let plan = self.substituted(values)?;
        let optimised = self.state.optimize(&plan)?;
        let physical = self.state.query_planner().create_physical_plan(&optimised, &self.state).await?;
        exit::ensure(physical.as_ref()).map_err(wrap)?;
        let mut stream = execute_stream(physical, Arc::new(TaskContext::from(&self.state)))?;
        let mut found: Vec<RecordBatch> = Vec::new();
        while let Some(batch) = stream.next().await {
            let batch: RecordBatch = batch?;
            if batch.num_rows() == 0 {
                continue;
            }
            match self.mode {
                Mode::Exists { negated } => return Ok(ScalarValue::Boolean(Some(!negated))),
                Mode::Scalar if batch.num_rows() > 1 || !found.is_empty() => {
                    return Err(wrap(Error::new(
                        Kind::CardinalityViolation,
                        "more than one row returned by a subquery used as an expression",
                    )));
                }
                Mode::Scalar | Mode::Compared { .. } | Mode::Rows => found.push(batch),
            }
        }
        match self.mode {
            Mode::Exists { negated } => Ok(ScalarValue::Boolean(Some(negated))),
            Mode::Scalar => match found.first() {
                Some(batch) => ScalarValue::try_from_array(batch.column(0), 0),
                None => ScalarValue::try_from(self.returns.data_type()),
            },
            Mode::Compared { .. } => {
                let column: Vec<&dyn Array> = found.iter().map(|batch| batch.column(0).as_ref()).collect();
                let values =
                    if column.is_empty() { new_empty_array(self.plan.schema().field(0).data_type()) } else { concat(&column)? };
                Ok(ScalarValue::List(Arc::new(SingleRowListArrayBuilder::new(values).build_list_array())))
            }
            Mode::Rows => {
                let Some(first) = found.first() else { return ScalarValue::try_from(self.returns.data_type()) };
                let whole = concat_batches(&first.schema(), &found)?;
                let fields = row_fields(&self.plan);
                let columns = whole.columns().iter().zip(&fields).map(|(column, field)| conformed(column, field.data_type()));
                let columns = columns.collect::<std::result::Result<Vec<_>, _>>()?;
                let rows = StructArray::try_new_with_length(fields, columns, None, whole.num_rows())?;
                Ok(ScalarValue::List(Arc::new(SingleRowListArrayBuilder::new(Arc::new(rows)).build_list_array())))
            }
        }
    }

    /// An answer as it is kept for the rows that have the same outer values.
    fn kept(&self, answer: ScalarValue) -> Result<Answer> {
        match (self.mode, &answer) {
            (Mode::Compared { op, all, negated }, ScalarValue::List(list)) => {
                Values::new(list.value(0), op, all, negated).map(Answer::Many)
            }
            _ => Ok(Answer::One(answer)),
        }
    }

    /// The plan with the values in the place of the outer columns.
    fn substituted(&self, values: &[ScalarValue]) -> Result<LogicalPlan> {
        let place = |column: &Column| self.outer.iter().position(|(outer, _)| matches!(outer, Outer::Column(own) if own == column));
        let parameter = |id: &str| self.outer.iter().position(|(outer, _)| matches!(outer, Outer::Parameter(own) if own == id));
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
                        Expr::Placeholder(placeholder) => match parameter(&placeholder.id) {
                            Some(place) => Ok(Transformed::yes(literal(place))),
                            None => Ok(Transformed::no(inner)),
                        },
                        Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_) | Expr::SetComparison(_) => {
                            let mut inner = inner;
                            let subquery = match &mut inner {
                                Expr::ScalarSubquery(subquery) => subquery,
                                Expr::Exists(exists) => &mut exists.subquery,
                                Expr::InSubquery(among) => &mut among.subquery,
                                Expr::SetComparison(compared) => &mut compared.subquery,
                                _ => return Ok(Transformed::no(inner)),
                            };
                            subquery.outer_ref_columns.retain(
                                |reference| !matches!(reference, Expr::OuterReferenceColumn(_, column) if place(column).is_some()),
                            );
                            Ok(Transformed::yes(inner))
                        }
                        _ => Ok(Transformed::no(inner)),
                    })?;
                    Ok(replaced.update_data(|expr| saved.restore(expr)))
                })?
                .map_data(|node| node.map_children(|child| Ok(freed(child)))?.data.recompute_schema())
            })
            .map(|replaced| replaced.data)
    }
}

/// A lateral query whose outer columns are gone is a plan as any other. One in an expression stays what it is there.
fn freed(plan: LogicalPlan) -> Transformed<LogicalPlan> {
    match plan {
        LogicalPlan::Subquery(inner) if inner.subquery.all_out_ref_exprs().is_empty() => {
            Transformed::yes(Arc::unwrap_or_clone(inner.subquery))
        }
        other => Transformed::no(other),
    }
}

/// The statement's parameters that a plan names, each once.
fn parameters(plan: &LogicalPlan) -> Result<Vec<Placeholder>> {
    let mut found: Vec<Placeholder> = Vec::new();
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|inner| {
                if let Expr::Placeholder(placeholder) = inner
                    && !found.iter().any(|known| known.id == placeholder.id)
                {
                    found.push(placeholder.clone());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(found)
}

/// The columns of a row, named by their places.
fn row_fields(plan: &LogicalPlan) -> Fields {
    let fields = plan.schema().fields().iter().enumerate();
    fields.map(|(at, field)| field.as_ref().clone().with_name(format!("c{at}")).with_nullable(true)).collect()
}

/// DataFusion runs asynchronous functions in projections and filters only: for any other plan they are worked out in a projection before
/// it.
fn projected_before(plan: LogicalPlan) -> Result<LogicalPlan> {
    let keeps_columns = match &plan {
        LogicalPlan::Sort(_) | LogicalPlan::Window(_) => true,
        LogicalPlan::Aggregate(_) | LogicalPlan::Distinct(Distinct::On(_)) => false,
        _ => return Ok(plan),
    };
    let mut worked_out: Vec<Expr> = Vec::new();
    let names = NamePreserver::new(&plan);
    let replaced = plan.map_expressions(|expr| {
        let saved = names.save(&expr);
        let replaced = expr.transform_down(|inner| match &inner {
            Expr::ScalarFunction(call) if call.func.as_async().is_some() => {
                let at = worked_out.iter().position(|known| *known == inner).unwrap_or_else(|| {
                    worked_out.push(inner.clone());
                    worked_out.len() - 1
                });
                Ok(Transformed::new(Expr::Column(Column::from_name(worked_out_name(at))), true, TreeNodeRecursion::Jump))
            }
            _ => Ok(Transformed::no(inner)),
        })?;
        Ok(replaced.update_data(|expr| saved.restore(expr)))
    })?;
    if worked_out.is_empty() {
        return Ok(replaced.data);
    }
    let plan = replaced.data;
    let [input] = plan.inputs()[..] else { return Ok(plan) };
    let outputs: Vec<Expr> = plan.schema().columns().into_iter().map(Expr::Column).collect();
    let own = input.schema().columns().into_iter().map(Expr::Column);
    let extra = worked_out.into_iter().enumerate().map(|(at, call)| call.alias(worked_out_name(at)));
    let before = LogicalPlanBuilder::from(input.clone()).project(own.chain(extra))?.build()?;
    let plan = match plan {
        LogicalPlan::Distinct(Distinct::On(DistinctOn { on_expr, select_expr, sort_expr, .. })) => {
            let distinct = DistinctOn::try_new(on_expr, select_expr, sort_expr, Arc::new(before))?;
            LogicalPlan::Distinct(Distinct::On(distinct))
        }
        plan => plan.with_new_exprs(plan.expressions(), vec![before])?,
    };
    if keeps_columns { LogicalPlanBuilder::from(plan).project(outputs)?.build() } else { Ok(plan) }
}

fn worked_out_name(at: usize) -> String {
    format!("\u{1}subquery {at}")
}

/// A sub-query's answer for one row of outer values.
#[derive(Debug, Clone)]
enum Answer {
    One(ScalarValue),
    /// What a value is compared with.
    Many(Values),
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
        let mut answers: HashMap<Vec<ScalarValue>, Answer> = HashMap::new();
        let mut output = Vec::with_capacity(args.number_rows);
        let compares = matches!(self.mode, Mode::Compared { .. });
        let (columns, compared) = match columns.split_last() {
            Some((last, outer)) if compares => (outer.to_vec(), Some(last.clone())),
            _ => (columns, None),
        };
        for row in 0..args.number_rows {
            let values = columns.iter().map(|column| ScalarValue::try_from_array(column, row)).collect::<Result<Vec<_>>>()?;
            let answer = match answers.get(&values) {
                Some(answer) => answer.clone(),
                None => {
                    let answer = self.kept(self.answer(&values).await?)?;
                    answers.insert(values, answer.clone());
                    answer
                }
            };
            output.push(match (&compared, answer) {
                (Some(compared), Answer::Many(values)) => values.compare(&ScalarValue::try_from_array(compared, row)?)?,
                (None, Answer::One(value)) => value,
                (Some(_), Answer::One(_)) | (None, Answer::Many(_)) => {
                    return datafusion::common::internal_err!("only values are compared, and with something");
                }
            });
        }
        if output.is_empty() {
            return Ok(ColumnarValue::Array(datafusion::arrow::array::new_empty_array(self.returns.data_type())));
        }
        Ok(ColumnarValue::Array(conformed(&ScalarValue::iter_to_array(output)?, self.returns.data_type())?))
    }
}
