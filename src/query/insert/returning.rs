//! RETURNING: what an INSERT, UPDATE or DELETE answers of the rows that it stored, changed or removed.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::Schema;
use datafusion::catalog::MemTable;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::sqlparser::ast::{self, Ident, ObjectName, SelectItem};

use crate::catalog::Table;
use crate::error::{Error, Kind, Result};
use crate::guard::Guard;
use crate::policy::Action;
use crate::query::errors::unwrap;
use crate::query::plan::{Planned, Planner};
use crate::query::session::{Column, Outcome, Session};
use crate::query::{execute, parse, protection};
use crate::value::SqlType;

/// What the stored rows are called while the list is planned, beside the tables that its sub-queries may name.
const STORED: &str = "stored rows";

/// A RETURNING list as it is written.
pub(in crate::query) struct List<'a> {
    pub items: &'a [SelectItem],
    /// What the list calls the table.
    pub alias: Ident,
    /// The queries in front of the statement.
    pub with: Option<&'a ast::With>,
}

/// A RETURNING list that has been looked through.
pub(in crate::query) struct Returning {
    table: Arc<Table>,
    items: Vec<SelectItem>,
    alias: Ident,
    with: Option<ast::With>,
    /// What it answers with.
    pub columns: Vec<Column>,
    /// The types of the statement's parameters.
    pub parameters: Vec<SqlType>,
}

impl Returning {
    /// Plans a list once, to know its columns and parameters. `hints` are the parameters' types as far as they are known.
    ///
    /// # Errors
    /// PostgreSQL's SQLSTATE for whatever does not fit the table; 42501 for a column that the role may not read; 42803 for an aggregate.
    pub(in crate::query) fn new(
        list: List<'_>,
        table: &Arc<Table>,
        action: Action,
        planner: &Planner<'_>,
        hints: &[Option<SqlType>],
    ) -> Result<Returning> {
        let empty = RecordBatch::new_empty(named(table));
        let mut returning = Returning {
            table: table.clone(),
            items: list.items.to_vec(),
            alias: list.alias,
            with: list.with.cloned(),
            columns: vec![],
            parameters: vec![],
        };
        let named_only = provider_as_source(planner.guard.open_named(action, table)?);
        planner.permit_named(returning.query()?.as_ref(), hints, table.oid, vec![(STORED.to_owned(), named_only)])?;
        let planned = returning.planned(empty, planner, hints)?;
        refuse_aggregate(&planned.plan)?;
        returning.columns = execute::columns(planned.plan.schema(), &planned.origins);
        returning.parameters = planned.parameters;
        Ok(returning)
    }

    /// Answers with the list over stored rows, which have the table's columns in order. `before` reads the tables as they were before
    /// that: what the list's own queries see. `tag` is the statement's.
    ///
    /// # Errors
    /// An expression's, as a division by zero.
    pub(in crate::query) async fn rows(
        &self,
        session: &Session,
        before: Guard,
        stored: &[RecordBatch],
        params: &[ArrayRef],
        tag: &'static str,
    ) -> Result<Outcome> {
        let schema = named(&self.table);
        let mismatch = |error: datafusion::arrow::error::ArrowError| Error::internal(format!("stored rows do not fit: {error}"));
        let stored: Vec<RecordBatch> = stored
            .iter()
            .map(|batch| RecordBatch::try_new(schema.clone(), batch.columns().to_vec()).map_err(mismatch))
            .collect::<Result<_>>()?;
        let stored = protection::answered(session, &self.table, stored).await?;
        let rows = concat_batches(&schema, &stored).map_err(mismatch)?;
        let hints: Vec<Option<SqlType>> = self.parameters.iter().cloned().map(Some).collect();
        let mut planner = session.planner();
        planner.guard = before;
        let bound = execute::bind(&self.planned(rows, &planner, &hints)?, params)?;
        let schema = Arc::new(bound.schema().as_arrow().clone());
        let batches = execute::collect(session, &bound).await?;
        let schema = batches.first().map_or(schema, RecordBatch::schema);
        let answer = concat_batches(&schema, &batches).map_err(mismatch)?;
        Ok(Outcome::Rows { columns: self.columns.clone(), rows: execute::one_batch(answer), tag })
    }

    /// `SELECT items FROM stored AS alias`.
    fn planned(&self, rows: RecordBatch, planner: &Planner<'_>, hints: &[Option<SqlType>]) -> Result<Planned> {
        let table = MemTable::try_new(rows.schema(), vec![vec![rows]]).map_err(unwrap)?;
        planner.query_with(self.query()?.as_ref(), hints, vec![(STORED.to_owned(), provider_as_source(Arc::new(table)))])
    }

    fn query(&self) -> Result<Box<ast::Query>> {
        let mut query = parse::select_all(ObjectName::from(vec![Ident::with_quote('"', STORED)]))?;
        query.with.clone_from(&self.with);
        let ast::SetExpr::Select(select) = query.body.as_mut() else {
            return Err(Error::internal("a SELECT did not read as one"));
        };
        select.projection.clone_from(&self.items);
        for from in &mut select.from {
            rename(&mut from.relation, &self.alias);
        }
        Ok(query)
    }
}

/// Gives a table of a query another name.
pub(super) fn rename(relation: &mut ast::TableFactor, to: &Ident) {
    if let ast::TableFactor::Table { alias, .. } = relation {
        *alias = Some(ast::TableAlias { explicit: true, name: to.clone(), columns: vec![], at: None });
    }
}

/// The table's columns under the names by which SQL knows them.
pub(in crate::query) fn named(table: &Table) -> Arc<Schema> {
    let fields: Vec<_> = table.columns.iter().map(|column| column.sql_type.field(column.name.clone(), true)).collect();
    Arc::new(Schema::new(fields))
}

/// An aggregate would make one row of all that were stored.
fn refuse_aggregate(plan: &LogicalPlan) -> Result<()> {
    let mut plan = plan;
    loop {
        let what = match plan {
            LogicalPlan::Aggregate(_) => "aggregate",
            LogicalPlan::Window(_) => "window",
            _ => match plan.inputs()[..] {
                [only] => {
                    plan = only;
                    continue;
                }
                _ => return Ok(()),
            },
        };
        let kind = if what == "window" { Kind::WindowingError } else { Kind::GroupingError };
        return Err(Error::new(kind, format!("{what} functions are not allowed in RETURNING")));
    }
}
