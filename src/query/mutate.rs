//! UPDATE, DELETE, TRUNCATE and MERGE: what a reference table permits and a log table never does.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch};
use datafusion::arrow::compute::{concat_batches, filter_record_batch};
use datafusion::arrow::datatypes::Int64Type;
use datafusion::datasource::provider_as_source;
use datafusion::sql::sqlparser::ast::{self, Ident, ObjectName, SelectItem};

use crate::catalog::Table;
use crate::error::{Error, Kind, Result};
use crate::ingest::{self, Given, Origin};
use crate::policy::Action;
use crate::query::insert::returning::{List, Returning};
use crate::query::parse::{self, unsupported};
use crate::query::plan::{Planned, Planner, names, rows};
use crate::query::session::{Column, Outcome, Session, done};
use crate::query::{assignment, checks, execute, holds, insert, protection, rules};
use crate::store::spec::ROW_COLUMN;
use crate::value::SqlType;

/// What an UPDATE or DELETE reads: the table, and a query of its row numbers and the columns' new values.
struct Reading {
    table: Arc<Table>,
    planned: Planned,
    /// What is answered of the rows.
    returning: Option<Returning>,
    /// Whether other tables stand beside it, so that a row may be read several times.
    joined: bool,
}

impl Reading {
    /// The types of the statement's parameters, and the columns of what it answers with.
    fn described(self) -> (Vec<SqlType>, Option<Vec<Column>>) {
        match self.returning {
            Some(returning) => (returning.parameters.clone(), Some(returning.columns)),
            None => (self.planned.parameters, None),
        }
    }
}

type Described = (Vec<SqlType>, Option<Vec<Column>>);

pub(super) fn update_described(
    update: &parse::Change<ast::Update>,
    planner: &Planner<'_>,
    hints: &[Option<SqlType>],
) -> Result<Described> {
    update_reading(update, planner, hints).map(Reading::described)
}

pub(super) fn delete_described(
    delete: &parse::Change<ast::Delete>,
    planner: &Planner<'_>,
    hints: &[Option<SqlType>],
) -> Result<Described> {
    delete_reading(delete, planner, hints).map(Reading::described)
}

/// What a change makes of each row.
struct Change {
    action: Action,
    /// The new value of each column.
    values: Vec<ast::Expr>,
    /// The expressions that the statement wrote.
    named: Vec<ast::Expr>,
}

/// Changes rows of a reference table.
pub(super) async fn update(
    session: &mut Session,
    update: &parse::Change<ast::Update>,
    hints: &[Option<SqlType>],
    params: &[ArrayRef],
) -> Result<Outcome> {
    session.refuse_read_only("execute UPDATE")?;
    let table = target_of(&update.change.table.relation, &session.planner(), Action::Update)?;
    let engine = session.engine.clone();
    session.open_transaction().lock_table(&engine, table.store_id()).await?;
    let now = session.now_us();
    let (reading, target) = {
        let planner = session.planner();
        let reading = update_reading(update, &planner, hints)?;
        let target = checks::target(&reading.table, &planner, &session.engine)?;
        (reading, target)
    };
    let target = protection::guarded(session, target, &protection::CHANGED).await?;
    let (numbers, rows) = read(session, &reading, params).await?;
    let given = rows.columns().iter().cloned().map(Given::Values).collect();
    let complete = target.complete(rows.num_rows(), given, now, Origin::Statement { first_row: 1 })?;
    holds::refuse_held(session, &table, &numbers).await?;
    let before = session.guard();
    let transaction = session.open_transaction();
    let latest = transaction.view(&engine).latest(&table.spec)?;
    let count = numbers.len();
    let changes = ingest::update_rows(&table, &latest, numbers, &complete)?;
    transaction.add_rows(&table, changes, &engine).await?;
    engine.backends.counted.updated.add(count);
    match &reading.returning {
        Some(returning) => returning.rows(session, before, &[complete], params, "UPDATE").await,
        None => done(format!("UPDATE {count}")),
    }
}

/// Removes rows of a reference table.
pub(super) async fn delete(
    session: &mut Session,
    delete: &parse::Change<ast::Delete>,
    hints: &[Option<SqlType>],
    params: &[ArrayRef],
) -> Result<Outcome> {
    session.refuse_read_only("execute DELETE")?;
    let table = target_of(delete_relation(&delete.change)?, &session.planner(), Action::Delete)?;
    let engine = session.engine.clone();
    session.open_transaction().lock_table(&engine, table.store_id()).await?;
    let reading = delete_reading(delete, &session.planner(), hints)?;
    let (numbers, rows) = read(session, &reading, params).await?;
    holds::refuse_held(session, &table, &numbers).await?;
    let count = numbers.len();
    let changes = ingest::delete_rows(&table, numbers, &rows)?;
    let before = session.guard();
    session.open_transaction().add_rows(&table, changes, &engine).await?;
    engine.backends.counted.deleted.add(count);
    match &reading.returning {
        Some(returning) => returning.rows(session, before, &[rows], params, "DELETE").await,
        None => done(format!("DELETE {count}")),
    }
}

/// Empties reference tables.
pub(super) async fn truncate(session: &mut Session, targets: &[ObjectName]) -> Result<Outcome> {
    session.refuse_read_only("execute TRUNCATE TABLE")?;
    for target in targets {
        let table = named(target, &session.planner(), Action::Truncate)?;
        let engine = session.engine.clone();
        let transaction = session.open_transaction();
        transaction.lock_table(&engine, table.store_id()).await?;
        let latest = transaction.view(&engine).latest(&table.spec)?.batch()?;
        let numbers = latest.column(1).as_primitive::<Int64Type>().clone();
        let places: Vec<usize> = (2..latest.num_columns()).collect();
        let rows = latest.project(&places).map_err(|error| Error::internal(error.to_string()))?;
        holds::refuse_held(session, &table, &numbers).await?;
        let changes = ingest::delete_rows(&table, numbers, &rows)?;
        session.open_transaction().add_rows(&table, changes, &engine).await?;
    }
    done("TRUNCATE TABLE")
}

/// MERGE changes no table: a log's events are immutable, and a reference table has INSERT, UPDATE and DELETE.
pub(super) fn merge(session: &Session, target: &ObjectName) -> Result<Outcome> {
    named(target, &session.planner(), Action::Merge)?;
    Err(unsupported("MERGE").with_hint("Use INSERT, UPDATE and DELETE on a reference table."))
}

fn named(target: &ObjectName, planner: &Planner<'_>, action: Action) -> Result<Arc<Table>> {
    let name = planner.named(target)?;
    names::refuse_builtin(&name)?;
    let table = planner.catalog.expect_table(&name)?;
    match action {
        // Which columns are changed is asked when they are known.
        Action::Update => planner.guard.permit_columns(action, table, &[])?,
        Action::Select | Action::Insert | Action::Delete | Action::Truncate | Action::Merge | Action::Define | Action::Maintain => {
            planner.guard.permit(action, table)?
        }
    }
    Ok(table.clone())
}

fn target_of(relation: &ast::TableFactor, planner: &Planner<'_>, action: Action) -> Result<Arc<Table>> {
    match relation {
        ast::TableFactor::Table { name, .. } => named(name, planner, action),
        _ => Err(unsupported("changing anything but a table")),
    }
}

fn update_reading(update: &parse::Change<ast::Update>, planner: &Planner<'_>, hints: &[Option<SqlType>]) -> Result<Reading> {
    let parse::Change { with, change: update } = update;
    let relation = &update.table.relation;
    let table = target_of(relation, planner, Action::Update)?;
    let refused = [
        (matches!(update.from, Some(ast::UpdateTableFromKind::BeforeSet(_))), "UPDATE ... FROM before SET"),
        (!update.table.joins.is_empty(), "UPDATE of a join"),
        (update.limit.is_some(), "UPDATE ... LIMIT"),
    ];
    if let Some((_, what)) = refused.into_iter().find(|(present, _)| *present) {
        return Err(unsupported(what));
    }
    let mut values = own_columns(&table, relation);
    let (mut assigned, mut named) = (Vec::new(), Vec::new());
    for given in &update.assignments {
        for (name, value) in pairs(given)? {
            let default = assignment::default(&table, name, &value)?;
            assignment::assign(&table, name, default.as_ref().unwrap_or(&value), &mut assigned, &mut values)?;
            if default.is_none() {
                named.push(value);
            }
        }
    }
    let others = match &update.from {
        Some(ast::UpdateTableFromKind::AfterSet(others)) => others.as_slice(),
        Some(ast::UpdateTableFromKind::BeforeSet(_)) | None => &[],
    };
    let places = insert::places(&table, &assigned)?;
    let columns: Vec<u32> = places.iter().map(|place| table.columns[*place].id).collect();
    planner.guard.permit_columns(Action::Update, &table, &columns)?;
    let (selection, returning) = (update.selection.as_ref(), update.returning.as_deref());
    let source = Among { with: with.as_ref(), relation, others, selection, returning };
    reading(table, &source, Change { action: Action::Update, values, named }, planner, hints)
}

/// What one assignment of SET gives to which columns.
fn pairs(assignment: &ast::Assignment) -> Result<Vec<(&ObjectName, ast::Expr)>> {
    match (&assignment.target, rows::parts(&assignment.value)) {
        (ast::AssignmentTarget::ColumnName(name), _) => Ok(vec![(name, assignment.value.clone())]),
        (ast::AssignmentTarget::Tuple(names), Some(values)) if names.len() == values.len() => {
            Ok(names.iter().zip(values).collect())
        }
        (ast::AssignmentTarget::Tuple(_), Some(_)) => {
            Err(Error::new(Kind::SyntaxError, "number of columns does not match number of values"))
        }
        (ast::AssignmentTarget::Tuple(_), None) => Err(unsupported("UPDATE ... SET (a, b) = anything but a list of values")),
    }
}

fn delete_relation(delete: &ast::Delete) -> Result<&ast::TableFactor> {
    let (ast::FromTable::WithFromKeyword(from) | ast::FromTable::WithoutKeyword(from)) = &delete.from;
    if delete.limit.is_some() {
        return Err(unsupported("DELETE ... LIMIT"));
    }
    match from.as_slice() {
        [only] if only.joins.is_empty() => Ok(&only.relation),
        _ => Err(unsupported("DELETE from several tables")),
    }
}

fn delete_reading(delete: &parse::Change<ast::Delete>, planner: &Planner<'_>, hints: &[Option<SqlType>]) -> Result<Reading> {
    let parse::Change { with, change: delete } = delete;
    let relation = delete_relation(delete)?;
    let table = target_of(relation, planner, Action::Delete)?;
    let values = own_columns(&table, relation);
    let others = delete.using.as_deref().unwrap_or_default();
    let (selection, returning) = (delete.selection.as_ref(), delete.returning.as_deref());
    let source = Among { with: with.as_ref(), relation, others, selection, returning };
    reading(table, &source, Change { action: Action::Delete, values, named: vec![] }, planner, hints)
}

/// What the statement calls the table.
fn called(table: &Table, relation: &ast::TableFactor) -> Ident {
    match relation {
        ast::TableFactor::Table { alias: Some(alias), .. } => alias.name.clone(),
        _ => Ident::with_quote('"', &table.name.name),
    }
}

/// The table's columns as they are, each with the table's name in front.
fn own_columns(table: &Table, relation: &ast::TableFactor) -> Vec<ast::Expr> {
    let of_table = |name: &str| ast::Expr::CompoundIdentifier(vec![called(table, relation), Ident::with_quote('"', name)]);
    table.columns.iter().map(|column| of_table(&column.name)).collect()
}

/// Which rows of the table an UPDATE or DELETE is about.
struct Among<'a> {
    /// The queries in front of the statement.
    with: Option<&'a ast::With>,
    relation: &'a ast::TableFactor,
    /// What stands beside the table in UPDATE … FROM or DELETE … USING.
    others: &'a [ast::TableWithJoins],
    selection: Option<&'a ast::Expr>,
    returning: Option<&'a [SelectItem]>,
}

/// Plans `SELECT _row, values… FROM table, others WHERE selection`, the only query that sees row numbers.
fn reading(
    table: Arc<Table>,
    source: &Among<'_>,
    change: Change,
    planner: &Planner<'_>,
    hints: &[Option<SqlType>],
) -> Result<Reading> {
    let mut query = parse::parse_query("SELECT * FROM t")?;
    query.with = source.with.cloned();
    let ast::SetExpr::Select(select) = query.body.as_mut() else {
        return Err(Error::internal("a SELECT did not read as one"));
    };
    let mut relation = source.relation.clone();
    if let ast::TableFactor::Table { name, .. } = &mut relation {
        *name = ObjectName::from(vec![Ident::with_quote('"', &table.name.name)]);
    }
    select.from = std::iter::once(ast::TableWithJoins { relation, joins: vec![] }).chain(source.others.iter().cloned()).collect();
    select.selection = source.selection.cloned();
    let aliased = |(at, expr): (usize, ast::Expr)| SelectItem::ExprWithAlias { expr, alias: Ident::new(format!("c{at}")) };
    // What the statement itself names must be allowed to be read; the change reads the rest on its own account.
    select.projection = change.named.into_iter().enumerate().map(aliased).collect();
    if select.projection.is_empty() {
        select.projection.push(SelectItem::UnnamedExpr(ast::Expr::Value(ast::Value::Null.into())));
    }
    let named_only = provider_as_source(planner.guard.open_named(change.action, &table)?);
    planner.permit_named(&query, hints, table.oid, vec![(table.name.name.clone(), named_only)])?;
    let ast::SetExpr::Select(select) = query.body.as_mut() else {
        return Err(Error::internal("a SELECT did not read as one"));
    };
    let number = ast::Expr::CompoundIdentifier(vec![called(&table, source.relation), Ident::with_quote('"', ROW_COLUMN)]);
    select.projection = std::iter::once(number).chain(change.values).enumerate().map(aliased).collect();
    let rows = provider_as_source(planner.guard.open_rows(change.action, &table, rules::of(&table, planner)?)?);
    let planned = planner.query_with(&query, hints, vec![(table.name.name.clone(), rows)])?;
    let mut targets = vec![SqlType::Int8];
    targets.extend(table.columns.iter().map(|column| column.sql_type.clone()));
    let plan = insert::cast_columns(planned.plan, &targets)?;
    let planned = planner.lowered(plan, &planned.parameters)?;
    let joined = !source.others.is_empty();
    let returning = match source.returning {
        None => None,
        Some(items) => {
            let all = |item: &SelectItem| matches!(item, SelectItem::Wildcard(_));
            if joined && items.iter().any(all) {
                return Err(unsupported("RETURNING * of several tables").with_hint("Name the columns of the changed table."));
            }
            let known: Vec<Option<SqlType>> = planned.parameters.iter().cloned().map(Some).collect();
            let hints = if known.len() >= hints.len() { &known } else { hints };
            let list = List { items, alias: called(&table, source.relation), with: source.with };
            Some(Returning::new(list, &table, change.action, planner, hints)?)
        }
    };
    Ok(Reading { table, planned, returning, joined })
}

/// Runs the reading; gives row numbers and the values beside them.
async fn read(session: &Session, reading: &Reading, params: &[ArrayRef]) -> Result<(Int64Array, RecordBatch)> {
    // RETURNING may have parameters of its own behind these.
    let own = params.get(..reading.planned.parameters.len()).unwrap_or(params);
    let bound = execute::bind(&reading.planned, own)?;
    let batches = execute::collect(session, &bound).await?;
    let Some(first) = batches.first() else {
        let empty = RecordBatch::new_empty(reading.table.spec.commit_schema());
        let places: Vec<usize> = (2..empty.num_columns()).collect();
        let rows = empty.project(&places).map_err(|error| Error::internal(error.to_string()))?;
        return Ok((Int64Array::from(Vec::<i64>::new()), rows));
    };
    let mut whole = concat_batches(&first.schema(), &batches).map_err(|error| Error::internal(error.to_string()))?;
    if reading.joined {
        whole = once(&whole)?;
    }
    let numbers = whole
        .column(0)
        .as_primitive_opt::<Int64Type>()
        .cloned()
        .ok_or_else(|| Error::new(Kind::InternalError, "row numbers are not bigint"))?;
    let places: Vec<usize> = (1..whole.num_columns()).collect();
    let rows = whole.project(&places).map_err(|error| Error::internal(error.to_string()))?;
    Ok((numbers, rows))
}

/// Each row of the table once, as it was read first: a row that meets several others is changed by one of them.
fn once(read: &RecordBatch) -> Result<RecordBatch> {
    let mut seen = HashSet::new();
    let numbers = read.column(0).as_primitive::<Int64Type>();
    let first: BooleanArray = numbers.iter().map(|number| Some(seen.insert(number))).collect();
    filter_record_batch(read, &first).map_err(|error| Error::internal(error.to_string()))
}
