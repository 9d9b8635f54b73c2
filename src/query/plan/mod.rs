//! From a parsed query to a plan over guarded tables.
//!
//! A [`Planner`] serves one statement of one identity. DataFusion's SQL planner asks it what every name means: tables come from the
//! guard and from nowhere else, views and SQL functions are planned anew from their text, so that they read with the reader's
//! rights.

mod answers;
mod arrays;
mod calls;
mod casts;
mod compared;
mod conditions;
mod correlated;
mod dialect;
mod forms;
mod functions;
mod inlined;
mod joins;
mod jsonb;
mod lateral;
mod limits;
mod literals;
pub mod names;
mod operators;
mod orders;
pub mod origin;
pub mod output;
pub(in crate::query) mod reads;
mod refused;
mod resolution;
pub(in crate::query) mod rows;
mod series;
mod sets;
mod sorted;
mod spans;
mod tree;
pub mod types;
mod unions;
mod values;
mod words;

pub(in crate::query) use calls::call;
pub(in crate::query) use casts::is_comparison;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::common::config::ConfigOptions;
use datafusion::common::metadata::{FieldMetadata, ScalarAndMetadata};
use datafusion::common::{DFSchema, ParamValues, ScalarValue, TableReference};
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::planner::{ContextProvider, ExprPlanner, TypePlanner};
use datafusion::logical_expr::{
    AggregateUDF, Expr, HigherOrderUDF, LogicalPlan, LogicalPlanBuilder, ScalarUDF, TableSource, WindowUDF,
};
use datafusion::sql::planner::{ParserOptions, PlannerContext, SqlToRel};
use datafusion::sql::sqlparser::ast;

use crate::catalog::{Catalog, Name, Object, Oid, Relation, Table, View};
use crate::error::{Error, Kind, Result};
use crate::guard::{Barrier, Guard};
use crate::query::errors::{unwrap, wrap};
use crate::query::functions::{PseudonymKey, Registry, SessionFacts};
use crate::query::{locks, parse, retention, rules, system};
use crate::value::{Now, SqlType, Style};

/// How many views and functions may stand inside one another.
const NESTING_MAX: usize = 32;

/// What one statement's names mean.
pub struct Planner<'a> {
    pub state: &'a SessionState,
    pub registry: &'a Registry,
    /// What is known of tables' rules already.
    pub rules: &'a rules::Cache,
    pub catalog: Arc<Catalog>,
    pub guard: Guard,
    pub facts: Arc<SessionFacts>,
    /// Schemas in which unqualified names are looked for, `pg_catalog` first.
    pub path: Vec<String>,
    /// Tables that only this statement sees, by unqualified name: the input of COPY's MAP.
    extra: Vec<(String, Arc<dyn TableSource>)>,
    nesting: usize,
    /// Names were bound when a view was made, so that schemas need not be open to its reader.
    bound: bool,
    /// A relation was named of which the role may read some columns only.
    partial: Cell<bool>,
    type_planner: Arc<dyn TypePlanner>,
    expr_planners: Arc<[Arc<dyn ExprPlanner>]>,
    /// Relations that the statement reads and functions that it calls directly, for a view's or policy's dependencies.
    reads: RefCell<BTreeSet<Oid>>,
}

/// A plan with the parameters it needs.
#[derive(Debug, Clone)]
pub struct Planned {
    pub plan: LogicalPlan,
    /// Whether the optimiser has been over it.
    pub optimised: bool,
    /// The type of `$1`, `$2`, ….
    pub parameters: Vec<SqlType>,
    /// Which tables' columns the result's are.
    pub origins: Arc<[Option<origin::Origin>]>,
    /// The time that it was planned at, which knows whether something in it has asked.
    pub now: Now,
}

impl Planned {
    /// The same with its plan made another way.
    pub fn with_plan(&self, plan: LogicalPlan) -> Planned {
        let (parameters, origins) = (self.parameters.clone(), self.origins.clone());
        Planned { plan, optimised: self.optimised, parameters, origins, now: self.now.clone() }
    }
}

impl<'a> Planner<'a> {
    pub fn new(
        state: &'a SessionState,
        registry: &'a Registry,
        rules: &'a rules::Cache,
        catalog: Arc<Catalog>,
        guard: Guard,
        facts: Arc<SessionFacts>,
    ) -> Self {
        let mut path = vec!["pg_catalog".to_owned()];
        path.extend(facts.search_path.iter().filter(|schema| guard.may_use_schema(schema)).cloned());
        let own: Arc<dyn ExprPlanner> = Arc::new(operators::Operators { style: facts.style.clone() });
        let expr_planners = std::iter::once(own).chain(state.expr_planners().iter().cloned()).collect();
        Planner {
            state,
            registry,
            rules,
            catalog,
            guard,
            facts,
            path,
            extra: vec![],
            nesting: 0,
            bound: false,
            partial: Cell::new(false),
            type_planner: Arc::new(types::SqlTypes),
            expr_planners,
            reads: RefCell::new(BTreeSet::new()),
        }
    }

    /// Plans a query. `hints` are the parameter types that the client declared.
    ///
    /// # Errors
    /// PostgreSQL's SQLSTATE for whatever name, type or privilege does not fit.
    pub fn query(&self, query: &ast::Query, hints: &[Option<SqlType>]) -> Result<Planned> {
        let mut context = PlannerContext::new();
        if !hints.is_empty() {
            let fields = hints.iter().map(|hint| hint.as_ref().map(|hint| Arc::new(hint.field("", true)) as FieldRef)).collect();
            context = context.with_prepare_param_data_types(fields);
        }
        self.planned(query, &mut context, hints)
    }

    /// Plans a query that sees some tables under names of its own, as COPY's MAP sees its input.
    ///
    /// # Errors
    /// As [`Planner::query`].
    pub fn query_with(
        &self,
        query: &ast::Query,
        hints: &[Option<SqlType>],
        extra: Vec<(String, Arc<dyn TableSource>)>,
    ) -> Result<Planned> {
        let mut planner = self.inner()?;
        planner.path = self.path.clone();
        planner.extra = extra;
        planner.query(query, hints)
    }

    /// Plans the query that a policy holds, which sees some tables under names of its own: by the default path and style, so that it
    /// means the same to everybody, and with the rights of the guard's role. Gives the relations that it names as well.
    ///
    /// # Errors
    /// As [`Planner::query`].
    pub(in crate::query) fn definition(
        &self,
        query: &ast::Query,
        extra: Vec<(String, Arc<dyn TableSource>)>,
        guard: Guard,
        pseudonyms: Option<Arc<PseudonymKey>>,
    ) -> Result<(Planned, Vec<Oid>)> {
        let style = Style { names: self.facts.style.names.clone(), ..Style::default() };
        let facts = SessionFacts { style: style.at(self.facts.style.now.unasked_us()), pseudonyms, ..self.facts.as_ref().clone() };
        let mut planner = Planner::new(self.state, self.registry, self.rules, self.catalog.clone(), guard, Arc::new(facts));
        planner.path = self.inner()?.path;
        planner.nesting = self.nesting + 1;
        planner.extra = extra;
        let planned = planner.query(query, &[])?;
        Ok((planned, planner.reads()))
    }

    /// Asks whether the role may read what a query names of a relation and of others, without reading it. A change that names nothing of
    /// its table asks for no right to read it.
    ///
    /// # Errors
    /// 42501 naming the relation; as [`Planner::query`].
    pub fn permit_named(
        &self,
        query: &ast::Query,
        hints: &[Option<SqlType>],
        table: Oid,
        extra: Vec<(String, Arc<dyn TableSource>)>,
    ) -> Result<()> {
        if self.guard.reads_whole(table) {
            return Ok(());
        }
        let mut planner = self.inner()?;
        planner.path = self.path.clone();
        planner.extra = extra;
        let mut reads = reads::of(&planner.query(query, hints)?.plan)?;
        reads.retain(|relation, columns| *relation == table && !columns.is_empty());
        self.guard.permit_reads(&reads)
    }

    /// The relations that `FOR UPDATE OF` names; `None` where no lock says which.
    fn locked(&self, query: &ast::Query) -> Option<Vec<Oid>> {
        if query.locks.is_empty() || query.locks.iter().any(|lock| lock.of.is_none()) {
            return None;
        }
        let named = locks::named(query);
        let found = named.iter().filter_map(|name| names::of_relation(name, &self.catalog, &self.path).ok());
        let found: Vec<Oid> = found.filter_map(|name| self.catalog.relation(&name).map(Relation::oid)).collect();
        (found.len() >= query.locks.len()).then_some(found)
    }

    fn planned(&self, query: &ast::Query, context: &mut PlannerContext, hints: &[Option<SqlType>]) -> Result<Planned> {
        let locks = !query.locks.is_empty();
        let locked = self.locked(query);
        let mut query = tree::prepared(query)?;
        refused::in_calls(&mut query, self.registry)?;
        dialect::rewrite(&mut query)?;
        let statement = ast::Statement::Query(Box::new(query));
        let plan = self.sql().sql_statement_to_plan_with_context(statement, context).map_err(unwrap)?;
        if self.partial.get() {
            let mut reads = reads::of(&plan)?;
            // Of what stands under a name of its own, whoever put it there asks.
            let own: Vec<Oid> = self.extra.iter().filter_map(|(_, source)| reads::of_source(source)).collect();
            reads.retain(|relation, _| !own.contains(relation));
            self.guard.permit_reads(&reads)?;
        }
        match locked {
            Some(named) => self.guard.permit_locks(named)?,
            None if locks => self.guard.permit_locks(reads::of(&plan)?.into_keys())?,
            None => {}
        }
        let plan = unions::marked(plan).and_then(limits::counted).map_err(unwrap)?;
        let mut planned = casts::lower(plan, &self.facts.style, hints)?;
        planned.plan = correlated::detach(conditions::lifted(planned.plan)?, self.state, self.facts.style.now.unasked_us())?;
        Ok(planned)
    }

    /// Compiles an expression over a table's columns, as a CHECK constraint's predicate.
    ///
    /// # Errors
    /// As [`Planner::query`].
    pub fn expression(&self, expression: &ast::Expr, schema: &DFSchema) -> Result<Expr> {
        let mut expression = tree::prepared_expression(expression)?;
        dialect::rewrite_expression(&mut expression)?;
        let expr = self.sql().sql_to_expr(expression, schema, &mut PlannerContext::new()).map_err(unwrap)?;
        casts::lower_expression(expr, schema, &self.facts.style)
    }

    /// Applies the type rules again to a plan that was built upon, keeping its parameters' types.
    ///
    /// # Errors
    /// As [`Planner::query`].
    pub fn lowered(&self, plan: LogicalPlan, parameters: &[SqlType]) -> Result<Planned> {
        let hints: Vec<Option<SqlType>> = parameters.iter().cloned().map(Some).collect();
        casts::lower(plan, &self.facts.style, &hints)
    }

    /// The relations that the planned statement named.
    pub fn reads(&self) -> Vec<Oid> {
        self.reads.borrow().iter().copied().collect()
    }

    fn sql(&self) -> SqlToRel<'_, Self> {
        SqlToRel::new_with_options(self, ParserOptions::new().with_parse_float_as_decimal(true))
    }

    /// The scalar function of this name.
    fn scalar(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        self.registry.scalar(name, &self.facts, self.nesting > 0)
    }

    /// Whether nothing may stand inside of what is planned here.
    pub(crate) fn is_innermost(&self) -> bool {
        self.nesting >= NESTING_MAX
    }

    /// A planner for what stands inside a view or function: found by the default path, whatever its maker or reader has set.
    ///
    /// # Errors
    /// 54001 when views and functions are nested too deeply.
    pub(crate) fn inner(&self) -> Result<Planner<'a>> {
        if self.is_innermost() {
            return Err(Error::new(Kind::StatementTooComplex, "views and functions are nested too deeply")
                .with_hint(format!("At most {NESTING_MAX} may stand inside one another; one may read itself.")));
        }
        Ok(Planner {
            state: self.state,
            registry: self.registry,
            rules: self.rules,
            catalog: self.catalog.clone(),
            guard: self.guard.clone(),
            facts: self.facts.clone(),
            path: vec!["pg_catalog".to_owned(), crate::catalog::PUBLIC_SCHEMA.to_owned()],
            extra: vec![],
            nesting: self.nesting + 1,
            bound: false,
            partial: Cell::new(false),
            type_planner: self.type_planner.clone(),
            expr_planners: self.expr_planners.clone(),
            reads: RefCell::new(BTreeSet::new()),
        })
    }

    fn relation_source(&self, name: &Name) -> Result<Arc<dyn TableSource>> {
        if retention::status::is_name(name) {
            return retention::status::source(self);
        }
        if names::is_builtin_schema(&name.schema) || system::exists(name) {
            return system::source(name, &self.facts);
        }
        if !self.bound {
            self.guard.permit_schema(&name.schema)?;
        }
        let relation = self.catalog.expect_relation(name)?;
        self.reads.borrow_mut().insert(relation.oid());
        match relation {
            Relation::Table(table) => self.table_source(table),
            Relation::View(view) => self.view_source(view),
        }
    }

    /// The existing relation that a name stands for, in a schema that the role may look into.
    ///
    /// # Errors
    /// 42501 on the schema; as [`names::of_relation`].
    pub fn named(&self, name: &ast::ObjectName) -> Result<Name> {
        let found = names::of_relation(name, &self.catalog, &self.path)?;
        self.guard.permit_schema(&found.schema)?;
        Ok(found)
    }

    fn table_source(&self, table: &Arc<Table>) -> Result<Arc<dyn TableSource>> {
        self.partial.set(self.partial.get() || !self.guard.reads_whole(table.oid));
        Ok(provider_as_source(Arc::new(self.guard.open(table, rules::of(table, self)?)?)))
    }

    /// A view's plan with exactly the columns it had when it was created, whatever `*` would mean today.
    fn view_source(&self, view: &View) -> Result<Arc<dyn TableSource>> {
        self.guard.permit_view(view)?;
        self.partial.set(self.partial.get() || !self.guard.reads_whole(view.oid));
        let query = parse::parse_query(&view.query)?;
        let mut planner = self.inner()?;
        planner.bound = true;
        if view.definer {
            planner.guard = self.guard.acting_for(Object::Relation(view.oid));
        }
        let planned = planner.query(&query, &[]).map_err(|error| error.with_context(format!("view \"{}\"", view.name.name)))?;
        let wanted: Vec<&str> = view.columns.iter().map(|(name, _)| name.as_str()).collect();
        let mut plan = shaped(planned.plan, &wanted)?;
        if view.definer {
            plan = self.barred(&view.name.name, Object::Relation(view.oid), plan)?;
        }
        let plan = origin::marked(plan, view.oid)?;
        Ok(provider_as_source(Arc::new(ViewTable::new(plan, None))))
    }

    /// A plan that reads with another role's rights, as a table of which nothing else is known.
    fn barred(&self, name: &str, object: Object, plan: LogicalPlan) -> Result<LogicalPlan> {
        let source = provider_as_source(Arc::new(Barrier::new(name, object, plan, self.guard.clone())));
        LogicalPlanBuilder::scan("barrier", source, None).and_then(LogicalPlanBuilder::build).map_err(unwrap)
    }

    fn exists(&self, name: &Name) -> bool {
        system::exists(name) || !names::is_builtin_schema(&name.schema) && self.catalog.relation(name).is_some()
    }
}

/// The plan with these column names: found by name, else by place.
fn shaped(plan: LogicalPlan, wanted: &[&str]) -> Result<LogicalPlan> {
    let schema = plan.schema().clone();
    let own: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    if own == wanted {
        return Ok(plan);
    }
    let by_name = wanted.iter().all(|name| own.iter().filter(|own| own == &name).count() == 1);
    let mut columns = Vec::with_capacity(wanted.len());
    for (at, name) in wanted.iter().enumerate() {
        let place = if by_name { own.iter().position(|own| own == name).unwrap_or(at) } else { at };
        if place >= own.len() {
            return Err(Error::new(Kind::UndefinedColumn, format!("column \"{name}\" is no longer there")));
        }
        let column = Expr::Column(datafusion::common::Column::from(schema.qualified_field(place)));
        columns.push(if own[place] == *name { column } else { column.alias(*name) });
    }
    LogicalPlanBuilder::from(plan).project(columns).and_then(LogicalPlanBuilder::build).map_err(unwrap)
}

/// Puts values in place of a plan's parameters.
///
/// # Errors
/// 42P02 when there are not as many values as parameters, as in a statement that was sent without any.
pub fn bind(planned: &Planned, values: &[ScalarValue]) -> Result<LogicalPlan> {
    if values.len() != planned.parameters.len() {
        return Err(Error::new(Kind::UndefinedParameter, format!("there is no parameter ${}", values.len() + 1)));
    }
    if values.is_empty() {
        return Ok(planned.plan.clone());
    }
    // A value keeps its SQL type, or the result would lose it.
    let typed = |(value, sql_type): (&ScalarValue, &SqlType)| {
        ScalarAndMetadata::new(value.clone(), Some(FieldMetadata::from(&sql_type.field("", true))))
    };
    let values = values.iter().zip(&planned.parameters).map(typed).collect();
    planned.plan.clone().replace_params_with_values(&ParamValues::List(values)).map_err(unwrap)
}

impl ContextProvider for Planner<'_> {
    fn get_table_source(&self, reference: TableReference) -> datafusion::common::Result<Arc<dyn TableSource>> {
        if let TableReference::Bare { table } = &reference
            && let Some((_, source)) = self.extra.iter().find(|(name, _)| name == table.as_ref())
        {
            return Ok(source.clone());
        }
        let name = names::of_reference(&reference, &self.path, |name| self.exists(name)).map_err(wrap)?;
        self.relation_source(&name).map_err(wrap)
    }

    fn get_table_function_source(&self, name: &str, args: Vec<Expr>) -> datafusion::common::Result<Arc<dyn TableSource>> {
        self.function_source(name, args).map_err(wrap)
    }

    fn create_cte_work_table(
        &self,
        name: &str,
        schema: datafusion::arrow::datatypes::SchemaRef,
    ) -> datafusion::common::Result<Arc<dyn TableSource>> {
        // The first term's literal texts have a form of their own; what the lowered terms yield has that of all other text.
        let fields = schema.fields().iter().map(|field| match field.data_type() {
            DataType::Utf8 => Field::clone(field).with_data_type(DataType::Utf8View),
            _ => Field::clone(field),
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let table = datafusion::catalog::cte_worktable::CteWorkTable::new(name, schema);
        Ok(provider_as_source(Arc::new(table)))
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        &self.expr_planners
    }

    fn get_type_planner(&self) -> Option<Arc<dyn TypePlanner>> {
        Some(self.type_planner.clone())
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        self.scalar(name).or_else(|| self.registry.missing(name))
    }

    fn get_higher_order_meta(&self, _name: &str) -> Option<Arc<HigherOrderUDF>> {
        None
    }

    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        self.registry.aggregate(name)
    }

    fn get_window_meta(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.registry.window(name)
    }

    fn get_variable_type(&self, _names: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        self.state.config_options()
    }

    fn udf_names(&self) -> Vec<String> {
        self.registry.scalar_names()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        vec![]
    }

    fn udaf_names(&self) -> Vec<String> {
        self.registry.aggregate_names()
    }

    fn udwf_names(&self) -> Vec<String> {
        self.registry.window_names()
    }
}
