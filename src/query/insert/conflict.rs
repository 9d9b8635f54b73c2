//! INSERT … ON CONFLICT: what becomes of a row whose PRIMARY KEY is taken. Only a reference table has one.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch};
use datafusion::arrow::compute::{concat, concat_batches, filter, filter_record_batch, sort_to_indices, take_record_batch};
use datafusion::arrow::datatypes::{Field, Int64Type, Schema};
use datafusion::arrow::error::ArrowError;
use datafusion::catalog::MemTable;
use datafusion::datasource::provider_as_source;
use datafusion::sql::sqlparser::ast::{self, ConflictTarget, Ident, ObjectName, OnConflictAction, SelectItem};

use super::returning::{named, rename};
use super::{cast_columns, places};
use crate::catalog::{PolicyCommand, Table};
use crate::error::{Error, Kind, Result};
use crate::ingest::{self, Given, Meeting, Origin, Target};
use crate::policy::Action;
use crate::query::errors::unwrap;
use crate::query::parse::{self, unsupported};
use crate::query::plan::{Planned, Planner, names};
use crate::query::session::Session;
use crate::query::{assignment, execute, holds, protection, rules};
use crate::store::spec::{ROW_COLUMN, TableKind};
use crate::value::SqlType;

/// What the rows that are there and the ones that did not go in are called while DO UPDATE is planned.
const EXISTING: &str = "existing rows";
const EXCLUDED: &str = "excluded";

/// An ON CONFLICT clause that has been looked through.
pub(super) struct Conflict {
    /// `None` for DO NOTHING.
    update: Option<Update>,
    /// Whether it names what may conflict, by which it reads the table.
    reads: bool,
    /// The types of the statement's parameters, as far as they are known.
    pub parameters: Vec<Option<SqlType>>,
}

/// DO UPDATE.
struct Update {
    /// What the clause calls the table.
    alias: Ident,
    /// The new value of each of the table's columns.
    values: Vec<ast::Expr>,
    selection: Option<ast::Expr>,
}

impl Conflict {
    /// Looks a clause through. `hints` are the types of the statement's parameters as far as they are known.
    ///
    /// # Errors
    /// 42P10 where nothing can conflict, 42704 for a constraint that there is not, 42501, and whatever the expressions do wrong.
    pub(super) fn new(
        clause: &ast::OnConflict,
        alias: Ident,
        table: &Arc<Table>,
        planner: &Planner<'_>,
        hints: &[Option<SqlType>],
    ) -> Result<Conflict> {
        require_key(clause.conflict_target.as_ref(), table)?;
        if clause.conflict_target.is_some() {
            planner.guard.permit_columns(Action::Select, table, &table.primary_key)?;
        }
        let reads = clause.conflict_target.is_some();
        let mut conflict = Conflict { update: None, reads, parameters: hints.to_vec() };
        let OnConflictAction::DoUpdate(update) = &clause.action else { return Ok(conflict) };
        if clause.conflict_target.is_none() {
            return Err(Error::new(Kind::SyntaxError, "ON CONFLICT DO UPDATE requires inference specification or constraint name")
                .with_hint("For example, ON CONFLICT (column_name)."));
        }
        planner.guard.permit(Action::Select, table)?;
        let mut values: Vec<ast::Expr> = table.columns.iter().map(|column| of(&alias, &column.name)).collect();
        let mut assigned = Vec::new();
        for assignment in &update.assignments {
            let ast::AssignmentTarget::ColumnName(name) = &assignment.target else {
                return Err(unsupported("ON CONFLICT DO UPDATE SET (a, b) = ..."));
            };
            assignment::assign(table, name, &assignment.value, &mut assigned, &mut values)?;
        }
        let columns: Vec<u32> = places(table, &assigned)?.iter().map(|place| table.columns[*place].id).collect();
        planner.guard.permit_columns(Action::Update, table, &columns)?;
        let update = Update { alias, values, selection: update.selection.clone() };
        let nothing = RecordBatch::new_empty(excluded_schema(table));
        let planned = update.planned(table, nothing, planner, hints)?;
        conflict.parameters = planned.parameters.into_iter().map(Some).collect();
        conflict.update = Some(update);
        Ok(conflict)
    }

    /// The commands whose policies must allow every row that is given, also one that meets another.
    pub(super) fn commands(&self) -> &'static [PolicyCommand] {
        if self.reads { &[PolicyCommand::Insert, PolicyCommand::Select] } else { &[PolicyCommand::Insert] }
    }

    /// Puts rows into the table as the clause says. Gives those that were stored, in their order.
    ///
    /// # Errors
    /// 21000 when one row would be changed twice; a constraint's.
    pub(super) async fn put(
        &self,
        session: &mut Session,
        target: &Target,
        rows: Vec<RecordBatch>,
        params: &[ArrayRef],
    ) -> Result<Vec<RecordBatch>> {
        let Some(first) = rows.first() else { return Ok(vec![]) };
        let rows = concat_batches(&first.schema(), &rows).map_err(arrow)?;
        let table = &target.table;
        let engine = session.engine.clone();
        let transaction = session.open_transaction();
        transaction.lock_table(&engine, table.store_id()).await?;
        let latest = transaction.view(&engine).latest(&table.spec)?;
        let meetings = ingest::meetings(table, &latest, &rows)?;
        let chosen = |wanted: Meeting| BooleanArray::from_iter(meetings.iter().map(|meeting| Some(*meeting == wanted)));
        let fresh = filter_record_batch(&rows, &chosen(Meeting::Free)).map_err(arrow)?;
        let changes = ingest::insert_rows(table, &latest, &fresh)?;
        transaction.add_rows(table, changes, &engine).await?;
        engine.backends.counted.inserted.add(fresh.num_rows());
        let Some(update) = &self.update else { return Ok(vec![fresh]) };
        if meetings.contains(&Meeting::Repeated) {
            return Err(Error::new(Kind::CardinalityViolation, "ON CONFLICT DO UPDATE command cannot affect row a second time")
                .with_hint(
                    "Ensure that no rows proposed for insertion within the same command have duplicate constrained values.",
                ));
        }
        let numbered = Int64Array::from_iter_values((0_i64..).take(rows.num_rows()));
        let mut excluded: Vec<ArrayRef> = vec![filter(&numbered, &chosen(Meeting::Taken)).map_err(arrow)?];
        let taken = filter_record_batch(&rows, &chosen(Meeting::Taken)).map_err(arrow)?;
        excluded.extend(taken.columns().iter().cloned());
        let excluded = RecordBatch::try_new(excluded_schema(table), excluded).map_err(arrow)?;
        let (updated, at) = self.update(session, update, target, excluded, params).await?;
        // Both kinds of rows in the order in which they were given.
        let fresh_at = filter(&numbered, &chosen(Meeting::Free)).map_err(arrow)?;
        let at = concat(&[fresh_at.as_ref(), &at]).map_err(arrow)?;
        let both = concat_batches(&fresh.schema(), [&fresh, &updated]).map_err(arrow)?;
        let order = sort_to_indices(&at, None, None).map_err(arrow)?;
        Ok(vec![take_record_batch(&both, &order).map_err(arrow)?])
    }

    /// Changes the rows that stand where others would have gone. Gives them, and which of the given rows each met.
    async fn update(
        &self,
        session: &mut Session,
        update: &Update,
        target: &Target,
        excluded: RecordBatch,
        params: &[ArrayRef],
    ) -> Result<(RecordBatch, Int64Array)> {
        let table = &target.table;
        let engine = session.engine.clone();
        let now = session.now_us();
        require_seen(session, update, table, &excluded).await?;
        let target = protection::guarded(session, target.clone(), &protection::CHANGED).await?;
        let bound = execute::bind(&update.planned(table, excluded, &session.planner(), &self.parameters)?, params)?;
        let batches = execute::collect(session, &bound).await?;
        let schema = batches.first().map_or_else(|| Arc::new(bound.schema().as_arrow().clone()), RecordBatch::schema);
        let whole = concat_batches(&schema, &batches).map_err(arrow)?;
        let count = whole.num_rows();
        let numbers = whole.column(0).as_primitive::<Int64Type>().clone();
        let at = whole.column(1).as_primitive::<Int64Type>().clone();
        let given = whole.columns()[2..].iter().cloned().map(Given::Values).collect();
        let changed = target.complete(count, given, now, Origin::Statement { first_row: 1 })?;
        holds::refuse_held(session, table, &numbers).await?;
        let transaction = session.open_transaction();
        let latest = transaction.view(&engine).latest(&table.spec)?;
        let changes = ingest::update_rows(table, &latest, numbers, &changed)?;
        transaction.add_rows(table, changes, &engine).await?;
        engine.backends.counted.updated.add(count);
        Ok((changed, at))
    }
}

/// Refuses to change rows of which one is hidden from the role: it must be able to see and to change each that it meets. PostgreSQL asks
/// the clause's own condition before, of the hidden row too.
async fn require_seen(session: &Session, update: &Update, table: &Arc<Table>, excluded: &RecordBatch) -> Result<()> {
    let met = {
        let planner = session.planner();
        if rules::of(table, &planner)?.rows.is_none() {
            return Ok(());
        }
        let met = Update { alias: update.alias.clone(), values: vec![], selection: None };
        execute::bind(&met.planned(table, excluded.clone(), &planner, &[])?, &[])?
    };
    let seen: usize = execute::collect(session, &met).await?.iter().map(RecordBatch::num_rows).sum();
    if seen < excluded.num_rows() {
        let message = format!("new row violates row-level security policy (USING expression) for table \"{}\"", table.name.name);
        return Err(Error::new(Kind::InsufficientPrivilege, message));
    }
    Ok(())
}

impl Update {
    /// `SELECT existing._row, excluded._row, values… FROM existing JOIN excluded ON the key WHERE selection`.
    fn planned(
        &self,
        table: &Arc<Table>,
        excluded: RecordBatch,
        planner: &Planner<'_>,
        hints: &[Option<SqlType>],
    ) -> Result<Planned> {
        let mut query = parse::parse_query("SELECT * FROM a CROSS JOIN b")?;
        let ast::SetExpr::Select(select) = query.body.as_mut() else {
            return Err(Error::internal("a SELECT did not read as one"));
        };
        let other = Ident::new(EXCLUDED);
        for from in &mut select.from {
            call(&mut from.relation, EXISTING, &self.alias);
            for join in &mut from.joins {
                call(&mut join.relation, EXCLUDED, &other);
            }
        }
        let same = key(table).map(|column| equal(of(&self.alias, column), of(&other, column)));
        select.selection = same.chain(self.selection.clone().map(|own| ast::Expr::Nested(Box::new(own)))).reduce(both);
        let numbers = [of(&self.alias, ROW_COLUMN), of(&other, ROW_COLUMN)];
        let values = numbers.into_iter().chain(self.values.iter().cloned());
        let aliased = |(at, expr): (usize, ast::Expr)| SelectItem::ExprWithAlias { expr, alias: Ident::new(format!("c{at}")) };
        select.projection = values.enumerate().map(aliased).collect();
        let excluded = MemTable::try_new(excluded.schema(), vec![vec![excluded]]).map_err(unwrap)?;
        let sources = vec![
            (EXISTING.to_owned(), provider_as_source(planner.guard.open_rows(Action::Update, table, rules::of(table, planner)?)?)),
            (EXCLUDED.to_owned(), provider_as_source(Arc::new(excluded))),
        ];
        let planned = planner.query_with(&query, hints, sources)?;
        let mut targets = vec![SqlType::Int8, SqlType::Int8];
        targets.extend(table.columns.iter().take(self.values.len()).map(|column| column.sql_type.clone()));
        let plan = cast_columns(planned.plan, &targets)?;
        planner.lowered(plan, &planned.parameters)
    }
}

/// The rows that did not go in, with their numbers in front.
fn excluded_schema(table: &Table) -> Arc<Schema> {
    let number: Arc<Field> = Arc::new(SqlType::Int8.field(ROW_COLUMN, true));
    let fields: Vec<Arc<Field>> = std::iter::once(number).chain(named(table).fields().iter().cloned()).collect();
    Arc::new(Schema::new(fields))
}

/// The names of the PRIMARY KEY's columns.
fn key(table: &Table) -> impl Iterator<Item = &str> {
    let places = table.spec.columns.iter().zip(&table.columns);
    places.filter(|(spec, _)| table.primary_key.contains(&spec.id)).map(|(_, column)| column.name.as_str())
}

/// Refuses a clause that names anything but the PRIMARY KEY of a reference table.
fn require_key(target: Option<&ConflictTarget>, table: &Table) -> Result<()> {
    let unmatched = || {
        Error::new(
            Kind::InvalidColumnReference,
            "there is no unique or exclusion constraint matching the ON CONFLICT specification",
        )
    };
    if table.kind() == TableKind::Log {
        return Err(match target {
            Some(_) => unmatched(),
            None => unsupported("INSERT ... ON CONFLICT into a log table"),
        }
        .with_hint("A log table keeps every row that comes and has no PRIMARY KEY; a table made USING reference can have one."));
    }
    match target {
        None => Ok(()),
        Some(ConflictTarget::Columns(columns)) => {
            let mut wanted: Vec<String> = columns.iter().map(names::fold).collect();
            places(table, &wanted)?;
            wanted.sort();
            let mut own: Vec<&str> = key(table).collect();
            own.sort_unstable();
            if own.is_empty() || own != wanted { Err(unmatched()) } else { Ok(()) }
        }
        Some(ConflictTarget::OnConstraint(name)) => {
            let (wanted, own) = (names::single(name)?, format!("{}_pkey", table.name.name));
            if wanted == own && !table.primary_key.is_empty() {
                return Ok(());
            }
            let message = format!("constraint \"{wanted}\" for table \"{}\" does not exist", table.name.name);
            Err(Error::new(Kind::UndefinedObject, message))
        }
    }
}

/// Puts one of our sources into the place of a table of a query.
fn call(relation: &mut ast::TableFactor, source: &str, alias: &Ident) {
    if let ast::TableFactor::Table { name, .. } = relation {
        *name = ObjectName::from(vec![Ident::with_quote('"', source)]);
    }
    rename(relation, alias);
}

fn of(relation: &Ident, column: &str) -> ast::Expr {
    ast::Expr::CompoundIdentifier(vec![relation.clone(), Ident::with_quote('"', column)])
}

fn equal(left: ast::Expr, right: ast::Expr) -> ast::Expr {
    ast::Expr::BinaryOp { left: Box::new(left), op: ast::BinaryOperator::Eq, right: Box::new(right) }
}

fn both(left: ast::Expr, right: ast::Expr) -> ast::Expr {
    ast::Expr::BinaryOp { left: Box::new(left), op: ast::BinaryOperator::And, right: Box::new(right) }
}

fn arrow(error: ArrowError) -> Error {
    Error::internal(format!("rows of an ON CONFLICT do not fit: {error}"))
}
