//! Set operations and VALUES: their columns take the type that their queries or rows share.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, DFSchema, Result, ScalarValue};
use datafusion::functions_aggregate::expr_fn::{max, min};
use datafusion::functions_window::row_number::row_number_udwf;
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, LogicalPlan, LogicalPlanBuilder, Projection, RecursiveQuery, SubqueryAlias, Union, Values,
};

use super::casts::{cast_to, is_unknown, type_of};
use super::conditions::has_query;
use super::{jsonb, resolution};
use crate::error::{Error, Kind};
use crate::query::errors::wrap;
use crate::query::functions::{VALUE, cast};
use crate::value::{SqlType, Style, TYPE_KEY};

/// What INTERSECT and EXCEPT are called that stand in a plan as a union, until [`lower`] makes of it what they are.
const COMBINATIONS: [(&str, Combination); 4] = [
    ("\u{1}intersect", Combination { except: false, all: false }),
    ("\u{1}intersect all", Combination { except: false, all: true }),
    ("\u{1}except", Combination { except: true, all: false }),
    ("\u{1}except all", Combination { except: true, all: true }),
];

/// INTERSECT or EXCEPT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Combination {
    pub(super) except: bool,
    pub(super) all: bool,
}

impl Combination {
    /// The alias of the union that stands for it.
    pub(super) fn alias(self) -> &'static str {
        COMBINATIONS.iter().find(|(_, own)| *own == self).map_or("", |(alias, _)| *alias)
    }

    fn word(self) -> &'static str {
        if self.except { "EXCEPT" } else { "INTERSECT" }
    }
}

/// The key of a union's schema under which stands what it is.
const KIND: &str = "set operation";

/// Writes into each union that stands for another operation which one it is: DataFusion types the columns of those by rules of its own
/// before lowering has looked at them, and does not count rows.
pub(super) fn marked(plan: LogicalPlan) -> Result<LogicalPlan> {
    let marked = plan.transform_down_with_subqueries(|node| {
        let LogicalPlan::SubqueryAlias(alias) = &node else { return Ok(Transformed::no(node)) };
        let kind = COMBINATIONS.iter().find(|(own, _)| alias.alias.table() == *own);
        let (Some((name, _)), LogicalPlan::Union(union)) = (kind, alias.input.as_ref()) else { return Ok(Transformed::no(node)) };
        let metadata = [(KIND.to_owned(), (*name).to_owned())].into_iter().collect();
        let fields = union.schema.iter().map(|(qualifier, field)| (qualifier.cloned(), field.clone())).collect();
        let schema = DFSchema::new_with_metadata(fields, metadata)?;
        let union = LogicalPlan::Union(Union { inputs: union.inputs.clone(), schema: Arc::new(schema) });
        SubqueryAlias::try_new(Arc::new(union), alias.alias.clone()).map(LogicalPlan::SubqueryAlias).map(Transformed::yes)
    });
    marked.map(|marked| marked.data)
}

fn combination(union: &Union) -> Option<Combination> {
    let name = union.schema.metadata().get(KIND)?;
    COMBINATIONS.iter().find(|(own, _)| own == name).map(|(_, kind)| *kind)
}

pub(super) fn lower(plan: LogicalPlan, style: &Style) -> Result<Transformed<LogicalPlan>> {
    match plan {
        LogicalPlan::Union(union) => lower_union(union, style),
        LogicalPlan::Distinct(Distinct::All(input)) => distinct(input, style),
        LogicalPlan::Values(values) => lower_values(values, style),
        LogicalPlan::RecursiveQuery(query) => lower_recursion(query),
        LogicalPlan::SubqueryAlias(alias) => settled(alias),
        other => Ok(Transformed::no(other)),
    }
}

/// A string of no type that a query in FROM answers with is text to all who read it.
fn settled(alias: SubqueryAlias) -> Result<Transformed<LogicalPlan>> {
    match with_texts(&alias.input)? {
        Some(input) => Ok(Transformed::yes(LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(Arc::new(input), alias.alias)?))),
        None => Ok(Transformed::no(LogicalPlan::SubqueryAlias(alias))),
    }
}

/// A projection, or one that only names another's columns, with its strings of no type as text; `None` where there are none.
fn with_texts(plan: &LogicalPlan) -> Result<Option<LogicalPlan>> {
    let LogicalPlan::Projection(projection) = plan else { return Ok(None) };
    let is_open = |expr: &Expr| match expr {
        Expr::Alias(alias) => is_open_string(&alias.expr),
        other => is_open_string(other),
    };
    let input = with_texts(&projection.input)?;
    if input.is_none() && !projection.expr.iter().any(is_open) {
        return Ok(None);
    }
    let named = projection.expr.iter().zip(projection.schema.iter()).map(|(expr, (qualifier, field))| {
        if !is_open(expr) {
            return expr.clone();
        }
        cast::typed(expr.clone().unalias(), SqlType::Text).alias_qualified(qualifier.cloned(), field.name().clone())
    });
    let input = input.map_or_else(|| projection.input.clone(), Arc::new);
    Ok(Some(LogicalPlan::Projection(Projection::try_new(named.collect(), input)?)))
}

fn is_open_string(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(_, _)) && is_unknown(expr)
}

fn lower_union(union: Union, style: &Style) -> Result<Transformed<LogicalPlan>> {
    let kind = combination(&union);
    let what = kind.map_or("UNION", Combination::word);
    let width = union.inputs.first().map_or(0, |input| input.schema().fields().len());
    let mut targets = Vec::with_capacity(width);
    let mut changed = false;
    for at in 0..width {
        let types: Vec<SqlType> = union.inputs.iter().filter_map(|input| column_type(input, at)).collect();
        // Where all are strings of no type, they are text.
        let strings = union.inputs.iter().any(|input| *input.schema().field(at).data_type() == DataType::Utf8);
        let target = resolution::common(&types, what).map_err(wrap)?.or(strings.then_some(SqlType::Text));
        let differs = |input: &Arc<LogicalPlan>| {
            let field = input.schema().field(at);
            let own = target.as_ref().unwrap_or(&SqlType::Text);
            SqlType::of_field(field) != *own || *field.data_type() == DataType::Utf8
        };
        changed |= target.is_some() && union.inputs.iter().any(differs);
        targets.push(target);
    }
    if !changed && kind.is_none() {
        return Ok(Transformed::no(LogicalPlan::Union(union)));
    }
    let inputs = union.inputs.into_iter().map(|input| typed(input, &targets, style)).collect::<Result<Vec<_>>>()?;
    match kind {
        Some(kind) => gathered(Some(kind), inputs, style).map(Transformed::yes),
        None => Ok(Transformed::yes(LogicalPlan::Union(Union::try_new_with_loose_types(inputs)?))),
    }
}

/// UNION of rows that are compared by a key in their place: of rows that are equal, the one of the first query is shown.
fn distinct(input: Arc<LogicalPlan>, style: &Style) -> Result<Transformed<LogicalPlan>> {
    match input.as_ref() {
        LogicalPlan::Union(union) if jsonb::has_keyed(&union.schema) => {
            gathered(None, union.inputs.clone(), style).map(Transformed::yes)
        }
        _ => Ok(Transformed::no(LogicalPlan::Distinct(Distinct::All(input)))),
    }
}

/// The column that counts the queries of a set operation, from 0.
const SIDE: &str = "\u{1}side";

/// The rows of several queries are grouped, and a group stays by which of them it has rows of; `None` is UNION, where all stay. For ALL,
/// equal rows of a query are numbered first, so that each is grouped with the one of its number in the other query.
fn gathered(kind: Option<Combination>, queries: Vec<Arc<LogicalPlan>>, style: &Style) -> Result<LogicalPlan> {
    let names: Vec<String> =
        queries.first().map_or_else(Vec::new, |query| query.schema().fields().iter().map(|field| field.name().clone()).collect());
    let column = |at: usize| format!("\u{1}column {at}");
    let mut inputs = Vec::with_capacity(queries.len());
    for (side, query) in (0_i32..).zip(queries) {
        let own = query.schema().clone();
        let columns = (0..names.len()).map(|at| Expr::Column(Column::from(own.qualified_field(at))).alias(column(at)));
        let side = Expr::Literal(ScalarValue::Int32(Some(side)), None).alias(SIDE);
        let mut plan = LogicalPlanBuilder::from(query.as_ref().clone()).project(columns.chain([side]))?.build()?;
        if kind.is_some_and(|kind| kind.all) {
            plan = numbered(plan, names.len(), style)?;
        }
        inputs.push(Arc::new(plan));
    }
    let all = LogicalPlan::Union(Union::try_new_with_loose_types(inputs)?);
    let schema = all.schema().clone();
    let groups = schema.fields().iter().filter(|field| field.name() != SIDE);
    let groups: Vec<Expr> = groups.map(|field| Expr::Column(Column::from_name(field.name().clone()))).collect();
    let side = Expr::Column(Column::from_name(SIDE));
    let (first, last) = ("\u{1}first side", "\u{1}last side");
    let found = match kind {
        Some(_) => vec![min(side.clone()).alias(first), max(side.clone()).alias(last)],
        None => vec![],
    };
    let aggregate = Aggregate::try_new(Arc::new(all), groups, found)?;
    let grouped = LogicalPlanBuilder::from(jsonb::grouped(aggregate, vec![side.sort(true, false)], style)?.data);
    let is = |name: &str, side: i32| Expr::Column(Column::from_name(name)).eq(Expr::Literal(ScalarValue::Int32(Some(side)), None));
    let grouped = match kind {
        Some(kind) if kind.except => grouped.filter(is(last, 0))?,
        Some(_) => grouped.filter(is(first, 0).and(is(last, 1)))?,
        None => grouped,
    };
    let columns = names.into_iter().enumerate().map(|(at, name)| Expr::Column(Column::from_name(column(at))).alias(name));
    grouped.project(columns)?.build()
}

/// A plan with a column more, which counts the rows that are equal in their first columns.
fn numbered(plan: LogicalPlan, width: usize, style: &Style) -> Result<LogicalPlan> {
    let schema = plan.schema().clone();
    let mut call = WindowFunction::new(row_number_udwf(), vec![]);
    call.params.partition_by = (0..width).map(|at| Expr::Column(Column::from(schema.qualified_field(at)))).collect();
    let number = jsonb::window(call, &schema, style)?.data.alias("\u{1}number");
    LogicalPlanBuilder::from(plan).window(vec![number])?.build()
}

/// The type of a query's column; `None` for a literal or NULL that has none of its own.
fn column_type(input: &LogicalPlan, at: usize) -> Option<SqlType> {
    if let LogicalPlan::Projection(projection) = input
        && is_unknown(&projection.expr.get(at)?.clone().unalias())
    {
        return None;
    }
    let field = input.schema().field(at);
    (!field.data_type().is_null()).then(|| SqlType::of_field(field))
}

/// A query with its columns cast; a literal of no type is read as the one it gets.
fn typed(input: Arc<LogicalPlan>, targets: &[Option<SqlType>], style: &Style) -> Result<Arc<LogicalPlan>> {
    let same = |(at, target): (usize, &Option<SqlType>)| {
        let field = input.schema().field(at);
        target.as_ref().is_none_or(|target| SqlType::of_field(field) == *target && *field.data_type() != DataType::Utf8)
    };
    if targets.iter().enumerate().all(same) {
        return Ok(input);
    }
    let (exprs, inner) = match input.as_ref() {
        LogicalPlan::Projection(projection) => (projection.expr.clone(), projection.input.clone()),
        other => {
            let columns = (0..targets.len()).map(|at| Expr::Column(Column::from(other.schema().qualified_field(at))));
            (columns.collect(), input.clone())
        }
    };
    let schema = inner.schema().clone();
    let exprs = exprs
        .into_iter()
        .zip(targets)
        .enumerate()
        .map(|(at, (expr, target))| {
            let Some(target) = target else { return Ok(expr) };
            let name = input.schema().field(at).name().clone();
            let value = expr.unalias();
            let value = if is_open_string(&value) && *target == SqlType::Text { cast::typed(value, SqlType::Text) } else { value };
            Ok(cast_to(value, target, &schema, style)?.alias(name))
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(LogicalPlan::Projection(Projection::try_new(exprs, inner)?)))
}

fn lower_values(values: Values, style: &Style) -> Result<Transformed<LogicalPlan>> {
    let empty = DFSchema::empty();
    let width = values.schema.fields().len();
    let mut rows = values.values;
    let mut fields = Vec::with_capacity(width);
    for at in 0..width {
        let types: Vec<SqlType> =
            rows.iter().filter(|row| !is_open_null(&row[at])).filter_map(|row| type_of(&row[at], &empty)).collect();
        let target = resolution::common(&types, "VALUES").map_err(wrap)?.unwrap_or(SqlType::Text);
        for row in &mut rows {
            if !is_null(&row[at]) {
                let expr = std::mem::take(&mut row[at]);
                row[at] = cast_to(expr, &target, &empty, style)?;
            }
        }
        let arrow = target.arrow();
        for row in &mut rows {
            if is_null(&row[at]) {
                row[at] = Expr::Literal(ScalarValue::try_from(&arrow)?, None);
            }
        }
        fields.push((None, Arc::new(target.field(values.schema.field(at).name().clone(), true))));
    }
    let schema = Arc::new(DFSchema::new_with_metadata(fields, values.schema.metadata().clone())?);
    if rows.iter().flatten().any(has_query) {
        return one_by_one(&schema, rows).map(Transformed::yes);
    }
    Ok(Transformed::yes(LogicalPlan::Values(Values { schema, values: rows })))
}

/// Rows with queries in them, each a query of its own: DataFusion works a VALUES list out before any query has run.
fn one_by_one(schema: &DFSchema, rows: Vec<Vec<Expr>>) -> Result<LogicalPlan> {
    let mut selects = Vec::with_capacity(rows.len());
    for row in rows {
        let columns = row.into_iter().zip(schema.fields()).map(|(value, field)| {
            // A value that was cast or read has its type; NULL and what DataFusion computes may not.
            cast::typed(value, SqlType::of_field(field)).alias(field.name().clone())
        });
        selects.push(Arc::new(LogicalPlanBuilder::empty(true).project(columns)?.build()?));
    }
    match <[Arc<LogicalPlan>; 1]>::try_from(selects) {
        Ok([only]) => Ok(Arc::unwrap_or_clone(only)),
        Err(selects) => Ok(LogicalPlan::Union(Union::try_new_with_loose_types(selects)?)),
    }
}

/// A NULL that was given its Arrow type here or by DataFusion's builder, and has no SQL type.
fn is_open_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(value, None) if value.is_null())
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(value, _) if value.is_null())
}

/// The recursive term of a query has the columns of the other term, to the letter.
fn lower_recursion(query: RecursiveQuery) -> Result<Transformed<LogicalPlan>> {
    let (first, next) = (query.static_term.schema().clone(), query.recursive_term.schema().clone());
    let is_settled = first.fields().iter().all(|field| *field.data_type() != DataType::Utf8);
    if first == next && is_settled {
        return Ok(Transformed::no(LogicalPlan::RecursiveQuery(query)));
    }
    for (at, (first, next)) in first.fields().iter().zip(next.fields()).enumerate() {
        let (first, next) = (SqlType::of_field(first).without_modifier(), SqlType::of_field(next).without_modifier());
        if first != next {
            let message = format!(
                "recursive query \"{}\" column {} has type {first} in non-recursive term but type {next} overall",
                query.name,
                at + 1
            );
            let hint = "Cast the output of the non-recursive term to the correct type.";
            return Err(wrap(Error::new(Kind::DatatypeMismatch, message).with_hint(hint)));
        }
    }
    let typed = |term: &LogicalPlan| {
        let columns = (0..first.fields().len()).map(|at| {
            let column = Expr::Column(Column::from(term.schema().qualified_field(at)));
            cast::typed(column, SqlType::of_field(first.field(at))).alias(first.field(at).name().clone())
        });
        LogicalPlanBuilder::from(term.clone()).project(columns)?.build()
    };
    let (static_term, recursive_term) = (Arc::new(typed(&query.static_term)?), Arc::new(typed(&query.recursive_term)?));
    Ok(Transformed::yes(LogicalPlan::RecursiveQuery(RecursiveQuery { static_term, recursive_term, ..query })))
}

/// VALUES as they were written, without what DataFusion's builder and its marks have put around them.
pub(super) fn opened(mut plan: LogicalPlan) -> LogicalPlan {
    if let LogicalPlan::Values(values) = &mut plan {
        values.values.iter_mut().flatten().for_each(strip);
    }
    plan
}

/// Takes off what stands around a value only for DataFusion's builder: the mark of an open type, and the casts that the builder has put
/// on by its own rules. Those that were written carry their SQL type.
fn strip(expr: &mut Expr) {
    loop {
        let inner = match expr {
            Expr::Cast(cast) if !cast.field.metadata().contains_key(TYPE_KEY) => std::mem::take(cast.expr.as_mut()),
            Expr::ScalarFunction(call) if call.name() == VALUE && call.args.len() == 1 => call.args.remove(0),
            _ => return,
        };
        *expr = inner;
    }
}
