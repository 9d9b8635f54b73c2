//! SQL functions in FROM: the body is planned as a query in which the arguments stand as constants.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringViewArray};
use datafusion::arrow::datatypes::{Field, FieldRef, Schema};
use datafusion::catalog::{TableFunctionArgs, TableProvider};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, ScalarValue, TableReference};
use datafusion::datasource::{MemTable, ViewTable, provider_as_source};
use datafusion::logical_expr::{Cast, Expr, LogicalPlan, LogicalPlanBuilder, TableSource};
use datafusion::sql::planner::PlannerContext;

use super::{Planner, casts, shaped};
use crate::catalog::{Function, Name, Object};
use crate::error::{Error, Kind, Result};
use crate::query::errors::unwrap;
use crate::query::functions::{SessionFacts, series_of_moments};
use crate::query::parse::unsupported;
use crate::query::{parse, system};
use crate::value::SqlType;

impl Planner<'_> {
    /// The table that a function call in FROM stands for.
    pub(super) fn function_source(&self, name: &str, args: Vec<Expr>) -> Result<Arc<dyn TableSource>> {
        let plain = name.strip_prefix("pg_catalog.").unwrap_or(name);
        if plain == "generate_series" {
            return self.series(args);
        }
        if plain == "pg_listening_channels" && args.is_empty() {
            return self.listening_channels();
        }
        if args.is_empty()
            && let Some(source) = system::function(plain, &self.facts)
        {
            return source;
        }
        if let Some((schema, _)) = name.split_once('.').filter(|_| !self.bound) {
            self.guard.permit_schema(schema)?;
        }
        let function = match self.find_function(name, args.len()) {
            Ok(function) => function,
            Err(error) => return self.one_value(plain, args).unwrap_or(Err(error)),
        };
        self.guard.permit_call(&function)?;
        self.reads.borrow_mut().insert(function.oid);
        // What reads with its owner's rights takes nothing in that is only known inside of the statement.
        let args = match function.definer {
            true => args.iter().map(|arg| self.constant(arg, &function)).collect::<Result<Vec<_>>>()?,
            false => args,
        };
        let mut plan = self
            .function_plan(&function, args)
            .map_err(|error| error.with_context(format!("SQL function \"{}\"", function.name.name)))?;
        if function.definer {
            plan = self.barred(&function.name.name, Object::Function(function.oid), plan)?;
        }
        Ok(provider_as_source(Arc::new(ViewTable::new(plan, None))))
    }

    /// The value of an argument that must be known before the statement runs.
    fn constant(&self, arg: &Expr, function: &Function) -> Result<Expr> {
        match self.folded(arg)? {
            known @ Expr::Literal(..) => Ok(known),
            _ => Err(unsupported("a SECURITY DEFINER function with arguments that are no constants")
                .with_hint(format!("Give {} constants, and compare its rows with what the statement knows.", function.name.name))),
        }
    }

    /// A function of one value as a table of one row; `None` when there is none of this name.
    fn one_value(&self, name: &str, args: Vec<Expr>) -> Option<Result<Arc<dyn TableSource>>> {
        let function = self.scalar(name)?;
        let row = |args| {
            let value = casts::lower_expression(function.call(args), &DFSchema::empty(), &self.facts.style)?;
            let plan = datafusion::logical_expr::LogicalPlanBuilder::empty(true)
                .project([value.alias(name)])
                .and_then(|builder| builder.build())
                .map_err(unwrap)?;
            Ok(provider_as_source(Arc::new(ViewTable::new(plan, None))) as Arc<dyn TableSource>)
        };
        Some(row(args))
    }

    /// `generate_series` of constants: whole numbers come one by one as they are asked for, anything else as an array that is unnested.
    fn series(&self, args: Vec<Expr>) -> Result<Arc<dyn TableSource>> {
        let args = self.typed_bounds(args)?.iter().map(|arg| self.folded(arg)).collect::<Result<Vec<_>>>()?;
        let wide = args.iter().any(|arg| matches!(arg, Expr::Literal(ScalarValue::Int64(_), _)));
        let whole: Option<Vec<Expr>> = args.iter().map(whole_number).collect();
        let series = self.state.table_functions().get("generate_series");
        if let (Some(whole), Some(series)) = (whole, series)
            && (2..=3).contains(&whole.len())
        {
            if matches!(whole.get(2), Some(Expr::Literal(ScalarValue::Int64(Some(0)), _))) {
                return Err(Error::new(Kind::InvalidParameterValue, "step size cannot equal zero"));
            }
            let provider = series.create_table_provider_with_args(TableFunctionArgs::new(&whole, self.state)).map_err(unwrap)?;
            if wide {
                return Ok(provider_as_source(provider));
            }
            let scan = LogicalPlanBuilder::scan("generate_series", provider_as_source(provider), None).map_err(unwrap)?;
            let plan = scan
                .project([Expr::Cast(Cast {
                    expr: Box::new(Expr::Column(Column::from_name("value"))),
                    field: Arc::new(SqlType::Int4.field("value", true)),
                })
                .alias("value")])
                .and_then(LogicalPlanBuilder::build)
                .map_err(unwrap)?;
            return Ok(provider_as_source(Arc::new(ViewTable::new(plan, None))));
        }
        let array = self
            .registry
            .scalar("generate_series", &self.facts, false)
            .ok_or_else(|| Error::internal("generate_series is not registered"))?
            .call(args);
        let array = casts::lower_expression(array, &DFSchema::empty(), &self.facts.style)?;
        if let Some(moments) = self.moments(&array)? {
            return Ok(provider_as_source(moments));
        }
        let plan = LogicalPlanBuilder::empty(true)
            .project([array.alias("value")])
            .and_then(|builder| builder.unnest_column("value"))
            .and_then(LogicalPlanBuilder::build)
            .map_err(unwrap)?;
        Ok(provider_as_source(Arc::new(ViewTable::new(plan, None))))
    }

    /// A series of moments between constants, which may have no end.
    fn moments(&self, series: &Expr) -> Result<Option<Arc<dyn TableProvider>>> {
        let Expr::ScalarFunction(call) = series else { return Ok(None) };
        let mut values = Vec::with_capacity(call.args.len());
        for arg in &call.args {
            if arg.any_column_refs() || arg.is_volatile() || is_open(arg)? {
                return Ok(None);
            }
            values.push(self.evaluated(arg)?);
        }
        series_of_moments(call, values)
    }

    /// Parameters of no type of their own take the type of another bound; a step takes what can be added to it.
    fn typed_bounds(&self, args: Vec<Expr>) -> Result<Vec<Expr>> {
        let schema = DFSchema::empty();
        let bounds = args.iter().take(2).map(|arg| casts::lower_expression(arg.clone(), &schema, &self.facts.style));
        let bounds = bounds.collect::<Result<Vec<_>>>()?;
        let small = |arg: &Expr| matches!(whole_number(arg), Some(Expr::Literal(ScalarValue::Int64(Some(n)), _)) if i32::try_from(n).is_ok());
        let own = bounds.iter().find_map(|bound| match casts::type_of(bound, &schema)? {
            SqlType::Int8 if small(bound) => Some(SqlType::Int4),
            other => Some(other),
        });
        let Some(own) = own else { return Ok(args) };
        let step = match own {
            SqlType::Timestamp | SqlType::Timestamptz => SqlType::Interval,
            _ => own.clone(),
        };
        let typed = |(at, arg): (usize, Expr)| {
            if !matches!(arg, Expr::Placeholder(_)) {
                return Ok(arg);
            }
            let target = if at < 2 { own.clone() } else { step.clone() };
            casts::resolve_as(arg, target, &self.facts.style).map(|(arg, _)| arg).map_err(unwrap)
        };
        args.into_iter().enumerate().map(typed).collect()
    }

    /// The channels that the session listens to, one a row.
    fn listening_channels(&self) -> Result<Arc<dyn TableSource>> {
        let effects = &self.facts.effects;
        let channels: StringViewArray = effects.exchange.channels(effects.pid).into_iter().map(Some).collect();
        let schema = Arc::new(Schema::new(vec![SqlType::Text.field("pg_listening_channels", false)]));
        let batch = RecordBatch::try_new(schema.clone(), vec![Arc::new(channels)]);
        let batch = batch.map_err(|error| Error::internal(format!("channels do not form a table: {error}")))?;
        Ok(provider_as_source(Arc::new(MemTable::try_new(schema, vec![vec![batch]]).map_err(unwrap)?)))
    }

    /// A constant argument worked out, as DataFusion's own table functions want literals.
    fn folded(&self, arg: &Expr) -> Result<Expr> {
        let schema = DFSchema::empty();
        let lowered = casts::lower_expression(arg.clone(), &schema, &self.facts.style)?;
        let context = datafusion::logical_expr::simplify::SimplifyContext::builder()
            .with_schema(Arc::new(schema))
            .with_query_execution_start_time(self.state.execution_props().query_execution_start_time)
            .build();
        let simplifier = datafusion::optimizer::simplify_expressions::ExprSimplifier::new(context);
        let simple = simplifier.simplify(lowered).map_err(unwrap)?;
        if let Expr::Literal(value, metadata) = simple {
            return Ok(Expr::Literal(value, metadata));
        }
        if simple.any_column_refs() || simple.is_volatile() || is_open(&simple)? {
            return Ok(simple);
        }
        self.computed(&simple)
    }

    /// The value of an expression over nothing, as of a function that tells of the session.
    fn computed(&self, expr: &Expr) -> Result<Expr> {
        let value = datafusion::common::ScalarValue::try_from_array(&self.evaluated(expr)?, 0).map_err(unwrap)?;
        Ok(Expr::Literal(value, None))
    }

    /// The same as an array of one.
    fn evaluated(&self, expr: &Expr) -> Result<ArrayRef> {
        use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
        let physical = self.state.create_physical_expr(expr.clone(), &DFSchema::empty()).map_err(unwrap)?;
        let one = RecordBatchOptions::new().with_row_count(Some(1));
        let row = RecordBatch::try_new_with_options(Arc::new(datafusion::arrow::datatypes::Schema::empty()), vec![], &one)
            .map_err(|error| Error::internal(format!("a row of nothing: {error}")))?;
        physical.evaluate(&row).and_then(|value| value.into_array(1)).map_err(unwrap)
    }

    fn find_function(&self, name: &str, given: usize) -> Result<Arc<Function>> {
        let candidates: Vec<Name> = match name.split_once('.') {
            Some((schema, object)) => vec![Name::new(schema, object)],
            None => self.path.iter().map(|schema| Name::new(schema.clone(), name)).collect(),
        };
        let fits = |function: &&Arc<Function>| {
            let required = function.arguments.iter().filter(|argument| argument.default.is_none()).count();
            (required..=function.arguments.len()).contains(&given)
        };
        candidates.iter().flat_map(|name| self.catalog.functions_named(name)).find(fits).cloned().ok_or_else(|| {
            Error::new(Kind::UndefinedFunction, format!("function {name} with {given} arguments does not exist"))
                .with_hint("No function matches the given name and number of arguments; \\df lists those there are.")
        })
    }

    /// Plans the body. Arguments are found under their names, behind the body's own columns as in PostgreSQL, and as `$1`, `$2`, ….
    pub(crate) fn function_plan(&self, function: &Function, args: Vec<Expr>) -> Result<LogicalPlan> {
        let values = self.argument_values(function, args)?;
        let query = parse::parse_query(&function.body)?;
        let fields = function.arguments.iter().map(|argument| Arc::new(argument.sql_type.field(argument.name.clone(), true)));
        let named: Vec<(Option<TableReference>, FieldRef)> = fields
            .clone()
            .filter(|field| !field.name().is_empty())
            .map(|field| (Some(TableReference::bare(function.name.name.as_str())), field as Arc<Field>))
            .collect();
        let schema = DFSchema::new_with_metadata(named, std::collections::HashMap::new()).map_err(unwrap)?;
        let hints: Vec<Option<SqlType>> = function.arguments.iter().map(|argument| Some(argument.sql_type.clone())).collect();
        let mut context =
            PlannerContext::new().with_prepare_param_data_types(fields.map(|field| Some(field as FieldRef)).collect());
        context.append_outer_query_schema(Arc::new(schema));
        let mut planner = self.inner()?;
        if function.definer {
            planner.guard = self.guard.acting_for(Object::Function(function.oid));
            let owner = planner.guard.identity();
            let (current_user, superuser) = (owner.role.clone(), owner.superuser);
            let identity = owner.clone();
            planner.facts = Arc::new(SessionFacts { current_user, identity, superuser, ..self.facts.as_ref().clone() });
        }
        let planned = planner.planned(&query, &mut context, &hints)?;
        let plan = substitute(planned.plan, function, &values)?;
        let wanted: Vec<&str> = function.columns.iter().map(|(name, _)| name.as_str()).collect();
        if plan.schema().fields().len() != wanted.len() {
            return Err(Error::new(
                Kind::InvalidFunctionDefinition,
                format!("return type mismatch in function declared to return {} columns", wanted.len()),
            )
            .with_detail(format!("Its query returns {} columns.", plan.schema().fields().len())));
        }
        self.returned(plan, function)
    }

    /// The arguments as given, cast to their types, with defaults behind them.
    fn argument_values(&self, function: &Function, args: Vec<Expr>) -> Result<Vec<Expr>> {
        let mut given = args.into_iter();
        function
            .arguments
            .iter()
            .map(|argument| {
                let value = match (given.next(), &argument.default) {
                    (Some(value), _) => value,
                    (None, Some(default)) => self.expression(&parse::parse_expression(default)?, &DFSchema::empty())?,
                    (None, None) => Expr::Literal(datafusion::common::ScalarValue::Null, None),
                };
                let cast = Expr::Cast(Cast { expr: Box::new(value), field: Arc::new(argument.sql_type.field("", true)) });
                casts::lower_expression(cast, &DFSchema::empty(), &self.facts.style)
            })
            .collect()
    }

    /// The body's columns under the declared names and types.
    fn returned(&self, plan: LogicalPlan, function: &Function) -> Result<LogicalPlan> {
        let schema = plan.schema().clone();
        let columns = function.columns.iter().enumerate().map(|(at, (name, sql_type))| {
            let column = Expr::Column(datafusion::common::Column::from(schema.qualified_field(at)));
            let own = SqlType::of_field(schema.field(at));
            let value = if own == *sql_type {
                column
            } else {
                Expr::Cast(Cast { expr: Box::new(column), field: Arc::new(sql_type.field("", true)) })
            };
            value.alias(name.clone())
        });
        let plan = datafusion::logical_expr::LogicalPlanBuilder::from(plan)
            .project(columns)
            .and_then(|builder| builder.build())
            .map_err(unwrap)?;
        let plan = casts::lower(plan, &self.facts.style, &[])?.plan;
        shaped(plan, &function.columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>())
    }
}

/// Whether an expression waits for the value of a parameter.
fn is_open(expr: &Expr) -> Result<bool> {
    expr.exists(|inner| Ok(matches!(inner, Expr::Placeholder(_)))).map_err(unwrap)
}

/// A whole number as DataFusion's series takes it.
fn whole_number(arg: &Expr) -> Option<Expr> {
    let whole = match arg {
        Expr::Literal(ScalarValue::Int16(value), _) => value.map(i64::from),
        Expr::Literal(ScalarValue::Int32(value), _) => value.map(i64::from),
        Expr::Literal(ScalarValue::Int64(value), _) => *value,
        _ => return None,
    };
    Some(Expr::Literal(ScalarValue::Int64(whole), None))
}

/// Puts the argument values where the body names them.
fn substitute(plan: LogicalPlan, function: &Function, values: &[Expr]) -> Result<LogicalPlan> {
    let value_of = |expr: &Expr| -> Option<Expr> {
        let place = match expr {
            Expr::OuterReferenceColumn(_, column)
                if column.relation.as_ref().is_some_and(|relation| relation.table() == function.name.name) =>
            {
                function.arguments.iter().position(|argument| argument.name == column.name)
            }
            Expr::Placeholder(placeholder) => {
                placeholder.id.strip_prefix('$').and_then(|number| number.parse::<usize>().ok()).map(|number| number - 1)
            }
            _ => None,
        };
        place.and_then(|place| values.get(place).cloned())
    };
    plan.transform_up_with_subqueries(|node| {
        let names = datafusion::logical_expr::expr_rewriter::NamePreserver::new(&node);
        node.map_expressions(|expr| {
            let saved = names.save(&expr);
            let replaced = expr.transform_up(|inner| match value_of(&inner) {
                Some(value) => Ok(Transformed::yes(value)),
                None => Ok(Transformed::no(inner)),
            })?;
            Ok(replaced.update_data(|expr| saved.restore(expr)))
        })?
        .map_data(LogicalPlan::recompute_schema)
    })
    .map(|transformed| transformed.data)
    .map_err(unwrap)
}
