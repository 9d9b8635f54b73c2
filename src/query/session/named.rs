//! Statements prepared under a name: PREPARE, EXECUTE and DEALLOCATE, and the protocol's Parse and Close.

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::compute::concat_batches;
use datafusion::sql::sqlparser::ast;

use super::{Named, Outcome, Parsed, Prepared, Session, done};
use crate::error::{Error, Kind, Result};
use crate::query::parse::{self, Execute, Prepare};
use crate::query::plan::types;
use crate::query::{execute, insert};
use crate::value::SqlType;

impl Session {
    /// Prepares a statement under a name, the empty one being the unnamed statement's; an empty text is one, too.
    ///
    /// # Errors
    /// 42P05 for a name that is taken, 53400 for one too many, else as [`Session::prepare`].
    pub async fn prepare_named(&mut self, name: &str, parsed: Option<&Parsed>, hints: &[Option<SqlType>]) -> Result<()> {
        self.effects.free_name(name)?;
        let prepared = match parsed {
            Some(parsed) => {
                self.begins(parsed);
                let prepared = self.prepare(parsed, hints).await?;
                self.waits();
                Some(Arc::new(prepared))
            }
            None => None,
        };
        self.keep(name, prepared, false);
        Ok(())
    }

    /// Refuses a name before its statement is read.
    ///
    /// # Errors
    /// 42P05 for a name that is taken, 53400 for one too many.
    pub fn free_statement_name(&self, name: &str) -> Result<()> {
        self.effects.free_name(name)
    }

    /// The statement of this name.
    ///
    /// # Errors
    /// 26000 when there is none.
    pub fn named(&self, name: &str) -> Result<Named> {
        self.effects.statement(name)
    }

    /// Forgets a statement; one that does not exist is no error, as in the protocol's Close.
    pub fn forget_named(&mut self, name: &str) {
        self.effects.drop_statement(name);
    }

    /// How many statements the session may keep.
    pub fn limit_named(&mut self, most: usize) {
        self.effects.limit_statements(most);
    }

    fn keep(&self, name: &str, prepared: Option<Arc<Prepared>>, from_sql: bool) {
        self.effects.keep_statement(name, Named { prepared, from_sql, since: self.engine.clock.now_us() });
    }

    /// `PREPARE`.
    pub(super) async fn prepare_by_sql(&mut self, prepare: &Prepare, parsed: &Parsed) -> Result<Outcome> {
        self.effects.free_name(&prepare.name)?;
        let hints = prepare.types.iter().map(|data_type| types::of_sql(data_type).map(Some)).collect::<Result<Vec<_>>>()?;
        let parsed = parsed.within(prepare.statement.clone());
        let prepared = Box::pin(self.prepare(&parsed, &hints)).await?;
        self.keep(&prepare.name, Some(Arc::new(prepared)), true);
        done("PREPARE")
    }

    /// `EXECUTE`: the tag is the statement's own.
    pub(super) async fn execute_by_sql(&mut self, execute: &Execute) -> Result<Outcome> {
        let Some(prepared) = self.effects.statement(&execute.name)?.prepared else { return Ok(Outcome::Empty) };
        self.record.goes_on(&prepared.parsed.recorded(), vec![]);
        let (expected, given) = (prepared.parameters.len(), execute.values.len());
        if expected != given {
            return Err(Error::new(
                Kind::SyntaxError,
                format!("wrong number of parameters for prepared statement \"{}\"", execute.name),
            )
            .with_detail(format!("Expected {expected} parameters but got {given}.")));
        }
        let values = self.values(&execute.values, &prepared.parameters).await?;
        Box::pin(self.dispatch(&prepared, &values)).await
    }

    /// Constant expressions worked out as values of these types.
    async fn values(&self, expressions: &[ast::Expr], targets: &[SqlType]) -> Result<Vec<ArrayRef>> {
        if expressions.is_empty() {
            return Ok(vec![]);
        }
        let mut query = parse::parse_query("SELECT 1")?;
        if let ast::SetExpr::Select(select) = query.body.as_mut() {
            select.projection = expressions.iter().cloned().map(ast::SelectItem::UnnamedExpr).collect();
        }
        let bound = {
            let planner = self.planner();
            let planned = planner.query(&query, &[])?;
            if !planned.parameters.is_empty() {
                return Err(Error::new(Kind::UndefinedParameter, "there is no parameter $1"));
            }
            let plan = insert::cast_columns(planned.plan, targets)?;
            execute::bind(&planner.lowered(plan, &[])?, &[])?
        };
        let batches = execute::collect(self, &bound).await?;
        let Some(first) = batches.first() else { return Err(Error::internal("a row of values did not come")) };
        let row = concat_batches(&first.schema(), &batches).map_err(|error| Error::internal(error.to_string()))?;
        Ok(row.columns().to_vec())
    }

    /// `DEALLOCATE`.
    pub(super) fn deallocate(&mut self, name: Option<&str>) -> Result<Outcome> {
        match name {
            Some(name) => {
                self.effects.statement(name)?;
                self.effects.drop_statement(name);
                done("DEALLOCATE")
            }
            None => {
                self.effects.drop_statements();
                done("DEALLOCATE ALL")
            }
        }
    }
}
