//! Policies compiled from their text to what the guard applies, once for each reader and version of the catalog.

mod lookups;
mod masks;

use std::collections::HashMap;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchemaRef, ScalarValue};
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, Volatility};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::sql::sqlparser::ast::{self, Ident, ObjectName};

use crate::catalog::{Catalog, Keep, Name, Oid, Relation, RowPolicy, Table};
use crate::error::{Error, Kind, Result};
use crate::guard::{HoldRule, MaskRule, RetentionRule, Room, RowRule, RowRules, Rules, Term, plans};
use crate::query::errors::unwrap;
use crate::query::functions::{self, PseudonymKey, PseudonymSecret};
use crate::query::parse::{self, unsupported};
use crate::query::plan::{Planned, Planner, names};
use crate::store::spec::{TableId, TableKind};
use crate::value::SqlType;

pub(super) use masks::{mask, masked_column};

/// Compiled rules that are kept at once; past it all are forgotten.
const KEPT_MAX: usize = 10_000;

/// The compiled rules of tables by who reads them, and the secret that pseudonyms are made from.
pub struct Cache {
    secret: PseudonymSecret,
    compiled: Mutex<HashMap<Key, Compiled>>,
    /// For what the rules' look-ups have found.
    room: Arc<Room>,
}

/// A table, the role whose rights count, the role that gets the answer, and the one that logged in.
type Key = (TableId, Oid, Oid, Oid);

/// Rules, and what they were compiled for.
struct Compiled {
    rights: Arc<Catalog>,
    table: Arc<Table>,
    rules: Arc<Rules>,
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").finish_non_exhaustive()
    }
}

impl Cache {
    /// An empty one.
    pub fn new(secret: PseudonymSecret) -> Cache {
        Cache { secret, compiled: Mutex::default(), room: Arc::default() }
    }
}

/// What a predicate is written in, which says what it may depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A retention policy or a legal hold, a rule about the row alone: its answer never changes.
    Retention,
    /// What is to be erased, of which the same is true.
    Erasure,
    /// A rule about the row and who reads it, and when.
    RowPolicy,
    /// The value that a masking policy shows.
    Mask,
}

impl Place {
    fn words(self) -> &'static str {
        match self {
            Place::Retention => "a policy's predicate",
            Place::Erasure => "an erasure's predicate",
            Place::RowPolicy => "a row policy",
            Place::Mask => "a masking policy",
        }
    }
}

/// A predicate that can be worked out.
#[derive(Debug)]
pub(super) struct Predicate {
    pub condition: Expr,
    /// The relations that it looks into.
    pub reads: Vec<Oid>,
    /// Whether it says the same tomorrow, to the same reader by the same catalog.
    lasting: bool,
}

/// A table's rules for the role that reads it, by the newest definition of the table.
///
/// # Errors
/// Whatever is wrong with a predicate by now: rows are not shown by rules that cannot be worked out.
pub(super) fn of(table: &Arc<Table>, planner: &Planner<'_>) -> Result<Arc<Rules>> {
    let newest = planner.guard.newest(table);
    let rows_concern = planner.guard.is_held_to_rows(&newest);
    let masks = planner.guard.masks(&newest);
    if newest.retention.is_empty() && !rows_concern && masks.is_empty() {
        return Ok(Arc::default());
    }
    let identity = planner.guard.identity();
    let key = (table.store_id(), identity.oid(), planner.guard.reader().oid(), identity.session_oid);
    let cache = &planner.rules.compiled;
    let holds = |known: &&Compiled| Arc::ptr_eq(&known.table, table) && Arc::ptr_eq(&known.rights, planner.guard.rights());
    let known = cache.lock().ok().and_then(|mut cache| {
        if planner.rules.room.was_short() {
            // Rules of catalogs that have passed hold values as well.
            cache.clear();
        }
        cache.get(&key).filter(holds).map(|known| known.rules.clone())
    });
    if let Some(rules) = known {
        return Ok(rules);
    }
    let mut rules = Rules { lasting: true, ..Rules::default() };
    for policy in &newest.retention {
        let named = |error: Error| error.with_context(format!("retention policy \"{}\"", policy.name));
        let condition = recorded(policy.predicate.as_deref(), table, planner, Place::Retention, &mut rules.lasting);
        rules.retention.push(RetentionRule { name: policy.name.clone(), condition: condition.map_err(named)?, keep: policy.keep });
    }
    rules.holds = self::holds(&newest, planner)?;
    if rows_concern {
        let mut policies = Vec::new();
        for policy in newest.protection.policies.iter().filter(|policy| planner.guard.is_subject(&policy.subjects)) {
            let named = |error: Error| error.with_context(format!("policy \"{}\" of table \"{}\"", policy.name, table.name.name));
            policies.push(row_rule(policy, table, planner, &mut rules.lasting).map_err(named)?);
        }
        rules.rows = Some(RowRules(policies));
    }
    for (own, role) in masks {
        let named = |error: Error| error.with_context(format!("masking policy \"{}\" of table \"{}\"", own.name, table.name.name));
        let (value, _, lasting) = masks::compile(own, table, planner, Some(role)).map_err(named)?;
        rules.lasting &= lasting;
        let column = newest.columns.iter().find(|column| column.id == own.column);
        let value = term(value, lasting, planner)?;
        rules.masks.extend(column.map(|column| MaskRule { column: column.name.clone(), value }));
    }
    let rules = Arc::new(rules);
    if let (true, Ok(mut cache)) = (rules.lasting, cache.lock()) {
        if cache.len() >= KEPT_MAX {
            cache.clear();
        }
        cache.insert(key, Compiled { rights: planner.guard.rights().clone(), table: table.clone(), rules: rules.clone() });
    }
    Ok(rules)
}

/// An erasure of a table's rows, as a policy of its own that keeps nothing, under the table's holds.
///
/// # Errors
/// As [`predicate`]'s; whatever is wrong with a hold's predicate by now.
pub(super) fn erasing(text: &str, table: &Table, planner: &Planner<'_>) -> Result<Rules> {
    let condition = recorded(Some(text), table, planner, Place::Erasure, &mut true)?;
    let rule = RetentionRule { name: "erasure".to_owned(), condition, keep: Keep::NOTHING };
    Ok(Rules { retention: vec![rule], holds: holds(table, planner)?, ..Rules::default() })
}

/// The holds on a table.
///
/// # Errors
/// Whatever is wrong with a predicate by now: rows are not removed that may be held.
pub(super) fn holds(table: &Table, planner: &Planner<'_>) -> Result<Vec<HoldRule>> {
    let compiled = table.holds.iter().map(|hold| {
        // A hold says the same whoever asks, and when.
        let condition = recorded(hold.predicate.as_deref(), table, planner, Place::Retention, &mut true);
        let condition = condition.map_err(|error| error.with_context(format!("legal hold \"{}\"", hold.name)))?;
        Ok(HoldRule { name: hold.name.clone(), condition, roles: hold.roles.clone() })
    });
    compiled.collect()
}

fn row_rule(policy: &RowPolicy, table: &Arc<Table>, planner: &Planner<'_>, lasting: &mut bool) -> Result<RowRule> {
    let mut compiled = |text: &Option<String>| recorded(text.as_deref(), table, planner, Place::RowPolicy, lasting);
    let (using, check) = (compiled(&policy.using)?, compiled(&policy.check)?);
    Ok(RowRule { name: policy.name.clone(), restrictive: policy.restrictive, command: policy.command, using, check })
}

/// A recorded predicate compiled, if there is one.
fn recorded(text: Option<&str>, table: &Table, planner: &Planner<'_>, place: Place, lasting: &mut bool) -> Result<Option<Term>> {
    let Some(text) = text else { return Ok(None) };
    let predicate = predicate(&parse::parse_expression(text)?, table, planner, place)?;
    *lasting &= predicate.lasting;
    term(predicate.condition, predicate.lasting, planner).map(Some)
}

fn term(expr: Expr, lasting: bool, planner: &Planner<'_>) -> Result<Term> {
    Term::new(expr, lasting, &planner.rules.room).map_err(unwrap)
}

/// Compiles a predicate over a table's columns, with the rights of the table's owner.
///
/// # Errors
/// PostgreSQL's SQLSTATE for a predicate that cannot be planned, 42804 for one that is not boolean, 42P17 for one whose answer depends
/// on what its place does not allow, 0A000 for one that looks elsewhere than into reference tables.
pub(super) fn predicate(predicate: &ast::Expr, table: &Table, planner: &Planner<'_>, place: Place) -> Result<Predicate> {
    if place == Place::RowPolicy && looks_into(predicate, &table.name) {
        return Err(recursion(table).with_hint("A policy looks values up in other tables than the one that it protects."));
    }
    let mut query = parse::select_all(ObjectName::from(vec![Ident::with_quote('"', table.name.name.clone())]))?;
    if let ast::SetExpr::Select(select) = query.body.as_mut() {
        select.selection = Some(ast::Expr::Nested(Box::new(predicate.clone())));
    }
    let (planned, reads) = planned(&query, table, planner, None).map_err(|error| match (place, error.message()) {
        (Place::RowPolicy, "argument of WHERE must be type boolean") => {
            Error::new(Kind::DatatypeMismatch, "argument of POLICY must be type boolean")
        }
        _ => error,
    })?;
    let LogicalPlan::Projection(projection) = &planned.plan else { return Err(lookups::elsewhere()) };
    let LogicalPlan::Filter(filter) = projection.input.as_ref() else { return Err(lookups::elsewhere()) };
    if !is_row(&filter.input) {
        return Err(lookups::elsewhere());
    }
    let (_, field) = filter.predicate.to_field(filter.input.schema()).map_err(unwrap)?;
    if *field.data_type() == DataType::Null {
        let never = Expr::Literal(ScalarValue::Boolean(None), None);
        return Ok(Predicate { condition: never, reads, lasting: true });
    }
    if *field.data_type() != DataType::Boolean {
        let what = match place {
            Place::Retention | Place::Erasure => "WHERE",
            Place::RowPolicy | Place::Mask => "POLICY",
        };
        let sql_type = SqlType::of_field(&field);
        return Err(Error::new(Kind::DatatypeMismatch, format!("argument of {what} must be type boolean, not type {sql_type}")));
    }
    let (condition, lasting) = compiled(&filter.predicate, filter.input.schema(), place)?;
    // `'today'` is a constant by now.
    let lasting = lasting && !planned.now.is_asked();
    Ok(Predicate { condition, reads, lasting })
}

fn recursion(table: &Table) -> Error {
    Error::new(Kind::InvalidObjectDefinition, format!("infinite recursion detected in policy for relation \"{}\"", table.name.name))
}

/// Whether a query in the expression reads the table that the expression is about.
fn looks_into(predicate: &ast::Expr, table: &Name) -> bool {
    let is_table = |name: &ObjectName| match names::parts(name).as_deref() {
        Ok([own]) => *own == table.name,
        Ok([.., schema, own]) => (schema, own) == (&table.schema, &table.name),
        Ok([]) | Err(_) => false,
    };
    let found =
        ast::visit_relations(predicate, |name| if is_table(name) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) });
    found.is_break()
}

/// Plans a query over nothing but a row of the table and what it looks up, as the table's owner.
fn planned(
    query: &ast::Query,
    table: &Table,
    planner: &Planner<'_>,
    key: Option<Arc<PseudonymKey>>,
) -> Result<(Planned, Vec<Oid>)> {
    if planner.is_innermost() {
        // Policies look into tables with policies, and nowhere is an end.
        return Err(recursion(table));
    }
    let fields: Vec<_> = table.columns.iter().map(|column| column.sql_type.field(column.name.clone(), true)).collect();
    let rows = provider_as_source(Arc::new(EmptyTable::new(Arc::new(Schema::new(fields)))));
    let owner = planner.guard.of_owner(table.oid);
    let (planned, reads) = planner.definition(query, vec![(table.name.name.clone(), rows)], owner, key)?;
    if !planned.parameters.is_empty() {
        return Err(Error::new(Kind::UndefinedParameter, "there is no parameter $1"));
    }
    for oid in &reads {
        match planner.catalog.relation_by_oid(*oid) {
            Some(Relation::Table(other)) if other.kind() == TableKind::Reference => {}
            Some(Relation::View(view)) if view.definer => {}
            // What a function reads has been asked for where it was planned.
            None if planner.catalog.functions().any(|function| function.oid == *oid) => {}
            Some(Relation::Table(_) | Relation::View(_)) | None => return Err(lookups::elsewhere()),
        }
    }
    Ok((planned, reads))
}

/// An expression over a row as the guard can keep it, and whether it says the same tomorrow.
fn compiled(expr: &Expr, row: &DFSchemaRef, place: Place) -> Result<(Expr, bool)> {
    // As it was written: what is simplified has forgotten that it asked the time.
    let as_written = require_allowed(expr, place)?;
    let context = SimplifyContext::builder().with_schema(row.clone()).build();
    let simple = ExprSimplifier::new(context).simplify(expr.clone()).map_err(unwrap)?;
    let closed = lookups::closed(simple)?;
    // A sub-query that has become a look-up is looked through as well.
    let lasting = require_allowed(&closed, place)? && as_written;
    Ok((closed, lasting))
}

/// Whether a plan is the row itself.
fn is_row(plan: &LogicalPlan) -> bool {
    matches!(plan, LogicalPlan::TableScan(_) | LogicalPlan::SubqueryAlias(_))
}

/// Refuses what depends on chance, on what the reader can set, or, in retention, on who asks and when. Tells whether the rest says the
/// same tomorrow.
fn require_allowed(condition: &Expr, place: Place) -> Result<bool> {
    let mut refused = None;
    let mut lasting = true;
    let mut look = |expr: &Expr| {
        expr.apply(|inner| {
            if let Expr::ScalarFunction(call) = inner {
                let volatility = call.func.signature().volatility;
                let of_reader = functions::tells_of_reader(call.func.name());
                let by_time = functions::is_by_style(call.func.name());
                let allowed = match (volatility, place) {
                    (Volatility::Immutable, _) => true,
                    (Volatility::Stable, Place::RowPolicy | Place::Mask) => of_reader || by_time,
                    (Volatility::Stable, Place::Retention | Place::Erasure) | (Volatility::Volatile, _) => false,
                };
                lasting &= volatility == Volatility::Immutable || of_reader || !functions::tells_time(&call.func);
                if !allowed {
                    refused = Some(call.func.name().to_owned());
                }
            }
            Ok(TreeNodeRecursion::Continue)
        })
    };
    look(condition).map_err(unwrap)?;
    let mut anew = false;
    lookups::each_query(condition, |node| {
        // What an owner's view or function reads is planned for one statement.
        anew |= matches!(node, LogicalPlan::TableScan(scan) if !plans::is_lasting(scan));
        node.apply_expressions(&mut look).map(drop)
    })?;
    lasting &= !anew;
    match refused {
        None => Ok(lasting),
        Some(function) => {
            let depends = match place {
                Place::Retention | Place::Erasure => "on when or by whom it is asked",
                Place::RowPolicy | Place::Mask => "on chance or on what its reader can set",
            };
            Err(Error::new(Kind::InvalidObjectDefinition, format!("{} must not depend {depends}", place.words()))
                .with_detail(format!("It calls {function}().")))
        }
    }
}

/// What a table's rows are looked up with that no policy may use.
fn unsupported_lookup(what: &str) -> Error {
    unsupported(what).with_hint("Look values up by column IN (SELECT column FROM reference_table WHERE ...).")
}
