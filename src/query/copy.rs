//! COPY: rows in from a client's stream, rows out to it.

use std::sync::Arc;

use bytes::Bytes;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::Schema;
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::sql::sqlparser::ast;

use crate::catalog::{PolicyCommand, Table};
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::ingest::copy::{CopyBatch, CopyOptions, CopyReader, Direction};
use crate::ingest::{Given, Origin, Target};
use crate::query::parse::{self, Copy, CopySource};
use crate::query::plan::{Planner, names};
use crate::query::session::{Outcome, Session};
use crate::query::{checks, execute, insert, protection};
use crate::value::SqlType;

/// Rows are completed and handed on in batches of at least this many.
const BATCH_ROWS: usize = 8_192;
/// Bytes after which a batch is handed on however few rows it has.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// A COPY FROM STDIN that waits for its data.
pub struct CopyIn {
    options: CopyOptions,
    target: Target,
    /// The table's column that each column of the data goes to.
    places: Vec<usize>,
    reader: CopyReader,
    /// MAP's query over `input(record jsonb)`.
    map: Option<Box<ast::Query>>,
    now: Micros,
    rows: u64,
}

impl CopyIn {
    pub fn options(&self) -> &CopyOptions {
        &self.options
    }

    /// Columns of the data, as the client is told.
    pub fn column_count(&self) -> usize {
        self.places.len()
    }
}

impl Session {
    /// Takes the next bytes that the client sent.
    ///
    /// # Errors
    /// The first bad row's, with line and column; nothing of the statement is stored then.
    pub async fn push_copy(&mut self, copy: &mut CopyIn, bytes: Bytes) -> Result<()> {
        copy.reader.push(&bytes)?;
        let rows_min = if copy.reader.batch_bytes() >= BATCH_BYTES { 1 } else { BATCH_ROWS };
        match copy.reader.take_batch(rows_min) {
            Some(batch) => take_in(self, copy, batch).await,
            None => Ok(()),
        }
    }
}

/// Starts a COPY … FROM STDIN.
pub(super) async fn copy_in(session: &mut Session, statement: &Copy) -> Result<Outcome> {
    session.refuse_read_only("execute COPY FROM")?;
    let options = CopyOptions::new(&statement.options, Direction::From)?;
    let now = session.now_us();
    let style = session.style();
    let (target, places) = {
        let planner = session.planner();
        let (table, places) = table_and_places(&statement.source, &planner)?;
        insert::permit_columns(&table, &places, &planner.guard)?;
        (checks::target(&table, &planner, &session.engine)?, places)
    };
    let target = protection::guarded(session, target, &[PolicyCommand::Insert]).await?;
    let map = options.map.as_deref().map(parse::parse_query).transpose()?;
    let table = &target.table;
    let columns = places.iter().map(|place| (table.columns[*place].name.clone(), table.columns[*place].sql_type.clone())).collect();
    let reader = CopyReader::new(options.clone(), columns, table.name.name.clone(), style)?;
    session.open_transaction();
    Ok(Outcome::CopyIn(Box::new(CopyIn { options, target, places, reader, map, now, rows: 0 })))
}

/// Takes in the last rows; gives how many there were in all.
pub(super) async fn store(session: &mut Session, mut copy: Box<CopyIn>) -> Result<u64> {
    let last = copy.reader.finish()?;
    take_in(session, &mut copy, last).await?;
    Ok(copy.rows)
}

/// Completes the rows of a batch and hands them to the transaction.
async fn take_in(session: &mut Session, copy: &mut CopyIn, batch: CopyBatch) -> Result<()> {
    if batch.rows == 0 {
        return Ok(());
    }
    let complete = match &copy.map {
        Some(map) => mapped(session, copy, map, &batch).await?,
        None => {
            let mut given = vec![Given::Absent; copy.target.table.columns.len()];
            let columns = batch.columns.into_iter().zip(batch.absent);
            for (place, (values, absent)) in copy.places.iter().zip(columns) {
                given[*place] = match absent {
                    Some(absent) => Given::Partly { values, absent },
                    None => Given::Values(values),
                };
            }
            vec![copy.target.complete(batch.rows, given, copy.now, Origin::Lines(&batch.lines))?]
        }
    };
    copy.rows += complete.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
    insert::keep(session, &copy.target.table, complete).await
}

/// Runs MAP's query over the records of a batch; its columns go to the table's columns of the same name.
async fn mapped(session: &Session, copy: &CopyIn, map: &ast::Query, batch: &CopyBatch) -> Result<Vec<RecordBatch>> {
    let schema = Arc::new(Schema::new(vec![SqlType::Jsonb.field("record", false)]));
    let records = RecordBatch::try_new(schema.clone(), batch.columns.clone())
        .map_err(|error| Error::internal(format!("the records do not form a table: {error}")))?;
    let input = MemTable::try_new(schema, vec![vec![records]]).map_err(crate::query::errors::unwrap)?;
    let table = &copy.target.table;
    let (bound, places) = {
        let planner = session.planner();
        let extra = vec![("input".to_owned(), provider_as_source(Arc::new(input)))];
        let planned = planner.query_with(map, &[], extra)?;
        if !planned.parameters.is_empty() {
            return Err(Error::new(Kind::UndefinedParameter, "there is no parameter $1"));
        }
        let names: Vec<String> = planned.plan.schema().fields().iter().map(|field| field.name().clone()).collect();
        let places = insert::places(table, &names)
            .map_err(|error| error.with_hint("The columns of MAP's query must be named as the table's; write ... AS name."))?;
        let targets: Vec<SqlType> = places.iter().map(|place| table.columns[*place].sql_type.clone()).collect();
        let plan = insert::cast_columns(planned.plan, &targets)?;
        (execute::bind(&planner.lowered(plan, &[])?, &[])?, places)
    };
    let mut complete = Vec::new();
    let mut first_row = copy.rows + 1;
    for rows in execute::collect(session, &bound).await? {
        // A query may drop or multiply records, so only rows of its result can be told.
        let origin = Origin::Statement { first_row };
        first_row += rows.num_rows() as u64;
        let mut given = vec![Given::Absent; table.columns.len()];
        for (place, column) in places.iter().zip(rows.columns()) {
            given[*place] = Given::Values(column.clone());
        }
        complete.push(copy.target.complete(rows.num_rows(), given, copy.now, origin)?);
    }
    Ok(complete)
}

/// Starts a COPY … TO STDOUT.
pub(super) async fn copy_out(session: &Session, statement: &Copy) -> Result<Outcome> {
    let options = CopyOptions::new(&statement.options, Direction::To)?;
    let planned = {
        let planner = session.planner();
        let query = match &statement.source {
            CopySource::Query(query) => query.clone(),
            CopySource::Table { name, columns } => {
                let found = planner.named(name)?;
                let mut query = parse::select_all(super::define::object_name(&found))?;
                if let (ast::SetExpr::Select(select), false) = (query.body.as_mut(), columns.is_empty()) {
                    let column = |name: &ast::Ident| ast::SelectItem::UnnamedExpr(ast::Expr::Identifier(name.clone()));
                    select.projection = columns.iter().map(column).collect();
                }
                query
            }
        };
        planner.query(&query, &[])?
    };
    let (columns, rows) = execute::stream(session, &planned, &[]).await?;
    Ok(Outcome::CopyOut { columns, rows, options })
}

fn table_and_places(source: &CopySource, planner: &Planner<'_>) -> Result<(Arc<Table>, Vec<usize>)> {
    let CopySource::Table { name, columns } = source else {
        return Err(Error::new(Kind::SyntaxError, "COPY FROM needs a table, not a query"));
    };
    let name = planner.named(name)?;
    let table = planner.catalog.expect_table(&name)?.clone();
    let places = if columns.is_empty() {
        (0..table.columns.len()).collect()
    } else {
        insert::places(&table, &columns.iter().map(names::fold).collect::<Vec<_>>())?
    };
    Ok((table, places))
}
