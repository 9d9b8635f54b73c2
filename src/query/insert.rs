//! INSERT: literal rows go straight to the column builders; anything else is planned as a query.

mod conflict;
pub(super) mod returning;

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, RecordBatch, new_null_array};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::concat;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::sql::sqlparser::ast;

use crate::catalog::{PolicyCommand, Table};
use crate::error::{Error, Kind, Result};
use crate::guard::Guard;
use crate::ingest::{self, Given, Origin, Target};
use crate::policy::Action;
use crate::query::engine::Engine;
use crate::query::errors::unwrap;
use crate::query::parse::unsupported;
use crate::query::plan::{Planned, Planner, names, types};
use crate::query::session::{Column, Outcome, Session, done};
use crate::query::{checks, execute, kept, protection};
use crate::store::spec::TableKind;
use crate::value::{ColumnBuilder, SqlType, Style};
use conflict::Conflict;
use returning::{List, Returning};

/// One cell of a literal VALUES list.
enum Cell {
    Default,
    Null,
    Text(String),
    /// `$n`, from 0.
    Parameter(usize),
}

/// Where an INSERT's rows come from.
enum Source {
    /// `DEFAULT VALUES`: one row of defaults.
    Defaults,
    /// A VALUES list of literals, parameters and DEFAULT, each row as wide as the places.
    Literal(Vec<Vec<Cell>>),
    /// Any other query, its columns cast to the table's.
    Query(Box<Planned>),
}

/// An INSERT with its names looked up, its checks compiled and its query planned.
pub(super) struct Ready {
    target: Target,
    /// The table's column that each value goes to, in the order of the values.
    places: Vec<usize>,
    source: Source,
    conflict: Option<Conflict>,
    returning: Option<Returning>,
    /// The types of `$1`, `$2`, ….
    pub parameters: Vec<SqlType>,
    lasting: bool,
}

impl Ready {
    /// Whether it means the same at any time, given the same catalog, role and settings.
    pub(super) fn is_lasting(&self) -> bool {
        self.lasting
    }

    /// What it answers with, if it does.
    pub(super) fn columns(&self) -> Option<Vec<Column>> {
        self.returning.as_ref().map(|returning| returning.columns.clone())
    }
}

/// Looks an INSERT's names up and plans what needs planning.
///
/// # Errors
/// PostgreSQL's SQLSTATE for whatever does not fit the table.
pub(super) fn ready(insert: &ast::Insert, planner: &Planner<'_>, engine: &Engine, hints: &[Option<SqlType>]) -> Result<Ready> {
    let table = named_table(insert, planner)?;
    let mut places = if insert.columns.is_empty() {
        (0..table.columns.len()).collect()
    } else {
        let columns = insert.columns.iter().map(names::single).collect::<Result<Vec<_>>>()?;
        places(&table, &columns)?
    };
    planner.guard.permit_columns(Action::Insert, &table, &[])?;
    let (target, checks_last) = checks::lasting_target(&table, planner, engine)?;
    // The clauses are planned at each run, over its rows.
    let may_last = checks_last && insert.on.is_none() && insert.returning.is_none();
    let (source, known, lasting) = match insert.source.as_deref() {
        None => (Source::Defaults, hints.to_vec(), may_last),
        Some(query) => match literal_rows(query).filter(|rows| reads_parameters(rows, &places, &table, hints)) {
            Some(rows) => {
                // Without a column list fewer values than columns fill the first ones, as in PostgreSQL.
                if insert.columns.is_empty()
                    && let Some(first) = rows.first().map(Vec::len)
                {
                    places.truncate(first);
                }
                rows.iter().try_for_each(|row| check_width(row.len(), places.len()))?;
                let known = literal_parameters(&rows, &places, &table, hints);
                (Source::Literal(rows), known, may_last)
            }
            None => {
                let planned = planned(query, &table, &places, planner, hints)?;
                let known = planned.parameters.iter().cloned().map(Some).collect();
                let lasting = may_last && kept::is_lasting(&planned.plan);
                let planned = if lasting { kept::closed(&planned)? } else { planned };
                (Source::Query(Box::new(planned)), known, lasting)
            }
        },
    };
    if insert.source.is_some() {
        permit_columns(&table, &places, &planner.guard)?;
    }
    let (conflict, returning) = clauses(insert, &table, planner, &known)?;
    let known = conflict.as_ref().map_or(known, |conflict| conflict.parameters.clone());
    let parameters = match &returning {
        Some(returning) => returning.parameters.clone(),
        None => known.into_iter().map(|known| known.unwrap_or(SqlType::Text)).collect(),
    };
    Ok(Ready { target, places, source, conflict, returning, parameters, lasting })
}

/// The clauses behind the rows. `known` are the types of the parameters as far as they are known.
fn clauses(
    insert: &ast::Insert,
    table: &Arc<Table>,
    planner: &Planner<'_>,
    known: &[Option<SqlType>],
) -> Result<(Option<Conflict>, Option<Returning>)> {
    let own = || ast::Ident::with_quote('"', &table.name.name);
    let alias = insert.table_alias.as_ref().map_or_else(own, |given| given.alias.clone());
    let conflict = match &insert.on {
        None => None,
        Some(ast::OnInsert::OnConflict(clause)) => Some(Conflict::new(clause, alias.clone(), table, planner, known)?),
        Some(_) => return Err(unsupported("INSERT ... ON DUPLICATE KEY UPDATE")),
    };
    let known = conflict.as_ref().map_or(known, |conflict| &conflict.parameters);
    let returning = match &insert.returning {
        None => None,
        Some(items) => Some(Returning::new(List { items, alias, with: None }, table, Action::Insert, planner, known)?),
    };
    Ok((conflict, returning))
}

/// Runs an INSERT.
pub(super) async fn insert(session: &mut Session, ready: &Ready, params: &[ArrayRef]) -> Result<Outcome> {
    session.refuse_read_only("execute INSERT")?;
    let guard = session.guard();
    let table = &ready.target.table;
    match ready.source {
        Source::Defaults => guard.permit_columns(Action::Insert, table, &[])?,
        Source::Literal(_) | Source::Query(_) => permit_columns(table, &ready.places, &guard)?,
    }
    let stored = complete_rows(session, ready, &guard, params).await?;
    let stored = match &ready.conflict {
        Some(conflict) => conflict.put(session, &ready.target, stored, params).await?,
        None => {
            keep(session, table, stored.clone()).await?;
            stored
        }
    };
    match &ready.returning {
        Some(returning) => returning.rows(session, guard, &stored, params, "INSERT 0").await,
        None => done(format!("INSERT 0 {}", stored.iter().map(RecordBatch::num_rows).sum::<usize>())),
    }
}

/// Stores the rows of a query whose columns are a new table's, in their order; gives their number.
pub(super) async fn fill(session: &mut Session, table: &Arc<Table>, query: &Planned, params: &[ArrayRef]) -> Result<usize> {
    let ready = {
        let planner = session.planner();
        let targets: Vec<SqlType> = table.columns.iter().map(|column| column.sql_type.clone()).collect();
        let planned = planner.lowered(cast_columns(query.plan.clone(), &targets)?, &query.parameters)?;
        let parameters = planned.parameters.clone();
        let target = checks::target(table, &planner, &session.engine)?;
        let (places, source) = ((0..targets.len()).collect(), Source::Query(Box::new(planned)));
        Ready { target, places, source, conflict: None, returning: None, parameters, lasting: false }
    };
    let stored = complete_rows(session, &ready, &session.guard(), params).await?;
    let rows = stored.iter().map(RecordBatch::num_rows).sum();
    keep(session, table, stored).await?;
    Ok(rows)
}

/// The statement's rows with defaults filled in and constraints checked.
async fn complete_rows(session: &Session, ready: &Ready, guard: &Guard, params: &[ArrayRef]) -> Result<Vec<RecordBatch>> {
    let commands = ready.conflict.as_ref().map_or(&[PolicyCommand::Insert][..], Conflict::commands);
    let target = protection::guarded(session, ready.target.clone(), commands).await?;
    let table = &target.table;
    let now = session.now_us();
    let complete =
        |count: usize, given: Vec<Given>, first_row: u64| target.complete(count, given, now, Origin::Statement { first_row });
    match &ready.source {
        Source::Defaults => Ok(vec![complete(1, vec![Given::Absent; table.columns.len()], 1)?]),
        Source::Literal(literal) => {
            let given = given_literal(literal, ready, &session.style(), params)?;
            Ok(vec![complete(literal.len(), given, 1)?])
        }
        Source::Query(planned) => {
            let bound = match ready.lasting {
                true => execute::bind(&kept::renewed(planned, guard)?, params)?,
                false => execute::bind(planned, params)?,
            };
            let mut stored = Vec::new();
            let mut rows = 0_u64;
            for batch in execute::collect(session, &bound).await? {
                let given = given_batch(table, &ready.places, &batch);
                stored.push(complete(batch.num_rows(), given, rows + 1)?);
                rows += batch.num_rows() as u64;
            }
            Ok(stored)
        }
    }
}

/// Hands completed rows to the transaction.
pub(super) async fn keep(session: &mut Session, table: &Arc<Table>, batches: Vec<RecordBatch>) -> Result<()> {
    let engine = session.engine.clone();
    match table.kind() {
        TableKind::Log => {
            let transaction = session.open_transaction();
            for batch in batches {
                engine.backends.counted.inserted.add(batch.num_rows());
                transaction.add_rows(table, batch, &engine).await?;
            }
        }
        TableKind::Reference => {
            for batch in batches {
                let transaction = session.open_transaction();
                transaction.lock_table(&engine, table.store_id()).await?;
                let latest = transaction.view(&engine).latest(&table.spec)?;
                let changes = ingest::insert_rows(table, &latest, &batch)?;
                transaction.add_rows(table, changes, &engine).await?;
                engine.backends.counted.inserted.add(batch.num_rows());
            }
        }
    }
    Ok(())
}

fn named_table(insert: &ast::Insert, planner: &Planner<'_>) -> Result<Arc<Table>> {
    let refused = [(insert.overwrite, "INSERT OVERWRITE"), (!insert.assignments.is_empty(), "INSERT ... SET")];
    if let Some((_, what)) = refused.into_iter().find(|(present, _)| *present) {
        return Err(unsupported(what));
    }
    let ast::TableObject::TableName(name) = &insert.table else {
        return Err(unsupported("INSERT into anything but a table"));
    };
    let name = planner.named(name)?;
    names::refuse_builtin(&name)?;
    Ok(planner.catalog.expect_table(&name)?.clone())
}

/// Whether the role may give these columns values: the whole table, or each of them.
pub(super) fn permit_columns(table: &Table, places: &[usize], guard: &Guard) -> Result<()> {
    let columns: Vec<u32> = places.iter().filter_map(|place| table.columns.get(*place)).map(|column| column.id).collect();
    guard.permit_columns(Action::Insert, table, &columns)
}

/// The places of named columns in a table.
pub(super) fn places(table: &Table, columns: &[String]) -> Result<Vec<usize>> {
    let mut places = Vec::with_capacity(columns.len());
    for name in columns {
        let (place, _) = table.column(name).ok_or_else(|| {
            Error::new(Kind::UndefinedColumn, format!("column \"{name}\" of relation \"{}\" does not exist", table.name.name))
        })?;
        if places.contains(&place) {
            return Err(Error::new(Kind::DuplicateColumn, format!("column \"{name}\" specified more than once")));
        }
        places.push(place);
    }
    Ok(places)
}

/// The rows of a VALUES list that holds nothing but literals, parameters and DEFAULT.
fn literal_rows(query: &ast::Query) -> Option<Vec<Vec<Cell>>> {
    let plain = query.with.is_none() && query.order_by.is_none() && query.limit_clause.is_none() && query.fetch.is_none();
    match query.body.as_ref() {
        ast::SetExpr::Values(values) if plain => {
            values.rows.iter().map(|row| row.content.iter().map(cell).collect::<Option<Vec<_>>>()).collect()
        }
        _ => None,
    }
}

fn cell(expression: &ast::Expr) -> Option<Cell> {
    match expression {
        ast::Expr::Nested(inner) => cell(inner),
        ast::Expr::Identifier(name) if name.quote_style.is_none() && name.value.eq_ignore_ascii_case("default") => {
            Some(Cell::Default)
        }
        ast::Expr::Value(value) => match &value.value {
            ast::Value::Null => Some(Cell::Null),
            ast::Value::SingleQuotedString(text) => Some(Cell::Text(text.clone())),
            ast::Value::DollarQuotedString(text) => Some(Cell::Text(text.value.clone())),
            ast::Value::Number(number, _) => Some(Cell::Text(number.clone())),
            ast::Value::Boolean(value) => Some(Cell::Text(value.to_string())),
            ast::Value::Placeholder(id) => {
                let number: usize = id.strip_prefix('$')?.parse().ok()?;
                (1..=usize::from(u16::MAX)).contains(&number).then(|| Cell::Parameter(number - 1))
            }
            _ => None,
        },
        _ => None,
    }
}

fn check_width(given: usize, expected: usize) -> Result<()> {
    let message = match given.cmp(&expected) {
        std::cmp::Ordering::Equal => return Ok(()),
        std::cmp::Ordering::Greater => "INSERT has more expressions than target columns",
        std::cmp::Ordering::Less => "INSERT has more target columns than expressions",
    };
    Err(Error::new(Kind::SyntaxError, message))
}

/// Whether each parameter of a literal VALUES list comes as its column's type. One that the client declared to be of another type
/// must be cast, by a plan; a list with DEFAULT in it cannot be planned, and there the column decides.
fn reads_parameters(rows: &[Vec<Cell>], places: &[usize], table: &Table, hints: &[Option<SqlType>]) -> bool {
    let mut cells = rows.iter().flat_map(|row| row.iter().zip(places));
    rows.iter().flatten().any(|cell| matches!(cell, Cell::Default))
        || cells.all(|(cell, place)| match cell {
            Cell::Parameter(number) => match hints.get(*number) {
                Some(Some(declared)) => is_read(declared, &table.columns[*place].sql_type),
                Some(None) | None => true,
            },
            Cell::Default | Cell::Null | Cell::Text(_) => true,
        })
}

/// Whether a parameter declared as one type needs no cast to another: texts are all read alike.
fn is_read(declared: &SqlType, column: &SqlType) -> bool {
    declared == column || *column == SqlType::Text && matches!(declared, SqlType::Varchar(None) | SqlType::Name)
}

/// The types that a literal VALUES list's parameters take from the columns they go to.
fn literal_parameters(rows: &[Vec<Cell>], places: &[usize], table: &Table, hints: &[Option<SqlType>]) -> Vec<Option<SqlType>> {
    let mut found: Vec<Option<SqlType>> = hints.to_vec();
    for (cell, place) in rows.iter().flat_map(|row| row.iter().zip(places)) {
        if let Cell::Parameter(number) = cell {
            if found.len() <= *number {
                found.resize(number + 1, None);
            }
            let column = &table.columns[*place].sql_type;
            found[*number] = found[*number].take().filter(|declared| is_read(declared, column)).or_else(|| Some(column.clone()));
        }
    }
    found
}

/// The columns of literal rows, each text read by its column's input function.
fn given_literal(rows: &[Vec<Cell>], ready: &Ready, style: &Style, params: &[ArrayRef]) -> Result<Vec<Given>> {
    let columns = &ready.target.table.columns;
    let mut given = vec![Given::Absent; columns.len()];
    for (at, place) in ready.places.iter().enumerate() {
        let column = &columns[*place];
        let cells = rows.iter().map(|row| &row[at]);
        given[*place] = given_column(cells, &column.sql_type, style, params).map_err(|error| error.with_column(&column.name))?;
    }
    Ok(given)
}

fn given_column<'a>(
    cells: impl Iterator<Item = &'a Cell> + Clone,
    sql_type: &SqlType,
    style: &Style,
    params: &[ArrayRef],
) -> Result<Given> {
    let absent: Vec<bool> = cells.clone().map(|cell| matches!(cell, Cell::Default)).collect();
    if absent.iter().all(|absent| *absent) {
        return Ok(Given::Absent);
    }
    let values = if cells.clone().any(|cell| matches!(cell, Cell::Parameter(_))) {
        let arrays = cells.map(|cell| one_value(cell, sql_type, style, params)).collect::<Result<Vec<_>>>()?;
        match arrays.as_slice() {
            [only] => only.clone(),
            arrays => {
                let parts: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
                concat(&parts).map_err(|error| Error::internal(format!("parameters do not fit together: {error}")))?
            }
        }
    } else {
        let mut builder = ColumnBuilder::new(sql_type, absent.len());
        for cell in cells {
            match cell {
                Cell::Text(text) => builder.append_text(text, style)?,
                Cell::Default | Cell::Null | Cell::Parameter(_) => builder.append_null(),
            }
        }
        builder.finish()
    };
    if absent.iter().any(|absent| *absent) {
        return Ok(Given::Partly { values, absent: BooleanBuffer::from(absent) });
    }
    Ok(Given::Values(values))
}

fn one_value(cell: &Cell, sql_type: &SqlType, style: &Style, params: &[ArrayRef]) -> Result<ArrayRef> {
    match cell {
        Cell::Default | Cell::Null => Ok(new_null_array(&sql_type.arrow(), 1)),
        Cell::Text(text) => {
            let mut builder = ColumnBuilder::new(sql_type, 1);
            builder.append_text(text, style)?;
            Ok(builder.finish())
        }
        Cell::Parameter(number) => params
            .get(*number)
            .cloned()
            .ok_or_else(|| Error::new(Kind::UndefinedParameter, format!("there is no parameter ${}", number + 1))),
    }
}

/// The query that makes the rows, its columns cast to the table's.
fn planned(
    query: &ast::Query,
    table: &Table,
    places: &[usize],
    planner: &Planner<'_>,
    hints: &[Option<SqlType>],
) -> Result<Planned> {
    let planned = planner.query(query, hints)?;
    let width = planned.plan.schema().fields().len();
    if width > places.len() {
        check_width(width, places.len())?;
    }
    let targets: Vec<SqlType> = places.iter().take(width).map(|place| table.columns[*place].sql_type.clone()).collect();
    let plan = cast_columns(planned.plan, &targets)?;
    planner.lowered(plan, &planned.parameters)
}

/// A plan whose i-th column is cast to the i-th type.
pub(super) fn cast_columns(plan: LogicalPlan, targets: &[SqlType]) -> Result<LogicalPlan> {
    let schema = plan.schema().clone();
    let columns = targets.iter().enumerate().map(|(at, target)| {
        let column = Expr::Column(datafusion::common::Column::from(schema.qualified_field(at)));
        let value = if SqlType::of_field(schema.field(at)) == *target && *schema.field(at).data_type() == target.arrow() {
            column
        } else {
            types::cast(column, target)
        };
        value.alias(format!("c{at}"))
    });
    LogicalPlanBuilder::from(plan).project(columns).and_then(LogicalPlanBuilder::build).map_err(unwrap)
}

fn given_batch(table: &Table, places: &[usize], batch: &RecordBatch) -> Vec<Given> {
    let mut given = vec![Given::Absent; table.columns.len()];
    for (place, column) in places.iter().zip(batch.columns()) {
        given[*place] = Given::Values(column.clone());
    }
    given
}
