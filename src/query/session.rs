//! One connection's state: who it is, its settings, its transaction; and the dispatcher that every statement passes.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use datafusion::arrow::array::ArrayRef;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::sql::sqlparser::ast;

use crate::error::{Error, Kind, Report, Result};
use crate::guard::Guard;
use crate::ingest::copy::CopyOptions;
use crate::policy::Identity;
use crate::query::copy;
pub use crate::query::copy::CopyIn;
use crate::query::define::{self, Scope, Source};
pub use crate::query::engine::Engine;
use crate::query::functions::SessionFacts;
use crate::query::kept::{self, Basis, Kept, Work};
pub use crate::query::parse::Parsed;
use crate::query::parse::{self, CopyDirection, Definition, Statement, TransactionEnd};
use crate::query::plan::{Planned, Planner};
use crate::query::settings::Settings;
use crate::query::transaction::Transaction;
use crate::query::{execute, insert, maintain, mutate};
use crate::store::View;
use crate::value::{SqlType, Style};

/// Who connects, as the door found out.
#[derive(Debug, Clone)]
pub struct Login {
    pub user: String,
    pub application: String,
    /// Where from, for logs.
    pub remote: String,
    /// What `pg_backend_pid()` answers and cancel requests name.
    pub backend_pid: i32,
    system: bool,
}

impl Login {
    /// A role that a door has authenticated.
    pub fn new(user: impl Into<String>, application: impl Into<String>, remote: impl Into<String>, backend_pid: i32) -> Self {
        Login { user: user.into(), application: application.into(), remote: remote.into(), backend_pid, system: false }
    }

    /// The server itself.
    pub(super) fn system() -> Self {
        Login {
            user: crate::policy::SUPERUSER.to_owned(),
            application: "annals".to_owned(),
            remote: "local".to_owned(),
            backend_pid: 0,
            system: true,
        }
    }
}

/// One column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub sql_type: SqlType,
    /// The table it comes from and its number there; 0 for a computed column.
    pub table_oid: u32,
    pub attribute: i16,
}

/// A statement whose parameters and result are known.
#[derive(Debug)]
pub struct Prepared {
    pub parsed: Parsed,
    pub parameters: Vec<SqlType>,
    /// `None` for a statement that returns no rows.
    pub columns: Option<Vec<Column>>,
    hints: Vec<Option<SqlType>>,
    /// It is not run a second time, so that keeping its plan would be of no use.
    once: bool,
    /// What was planned last, used again for as long as it holds.
    kept: ArcSwapOption<Kept>,
}

impl Prepared {
    /// A statement that runs once, as it comes: nobody is told of its parameters, of which it has none, or of its columns before.
    pub fn unplanned(parsed: &Parsed) -> Prepared {
        Prepared {
            parsed: parsed.clone(),
            parameters: vec![],
            columns: None,
            hints: vec![],
            once: true,
            kept: ArcSwapOption::empty(),
        }
    }

    /// Whether the statement must not be dropped half-way, because its end is what makes rows durable.
    pub fn must_finish(&self) -> bool {
        matches!(self.parsed.statement.as_ref(), Statement::End(TransactionEnd::Commit))
    }
}

/// What running a statement yields.
pub enum Outcome {
    /// An empty text.
    Empty,
    /// Rows as they come. `tag` is `SELECT`, which the door completes with the count, or a tag without one.
    Rows {
        columns: Vec<Column>,
        rows: SendableRecordBatchStream,
        tag: &'static str,
    },
    Done {
        tag: String,
    },
    CopyOut {
        columns: Vec<Column>,
        rows: SendableRecordBatchStream,
        options: CopyOptions,
    },
    /// The door feeds it what the client sends, then gives it to [`Session::finish_copy`].
    CopyIn(Box<CopyIn>),
}

/// As `ReadyForQuery` tells the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionStatus {
    Idle,
    Open,
    Failed,
}

/// Something to tell the client beside the result.
#[derive(Debug, Clone)]
pub struct Notice {
    /// `NOTICE` or `WARNING`.
    pub severity: &'static str,
    pub report: Report,
}

/// One connection's state.
pub struct Session {
    pub(super) engine: Arc<Engine>,
    pub(super) login: Login,
    pub(super) identity: Identity,
    pub(super) settings: Settings,
    transaction: Option<Transaction>,
    notices: Vec<Notice>,
    parameter_changes: Vec<(String, String)>,
}

impl Session {
    pub fn new(engine: Arc<Engine>, login: Login) -> Session {
        let identity = if login.system { Identity::system() } else { Identity::login(&login.user) };
        let settings = Settings::new(&login.user, identity.superuser, &login.application);
        Session { engine, login, identity, settings, transaction: None, notices: vec![], parameter_changes: vec![] }
    }

    /// Splits and reads a text. No statement is an empty query.
    ///
    /// # Errors
    /// As [`parse::parse`].
    pub fn parse(&self, sql: &str) -> Result<Vec<Parsed>> {
        parse::parse(sql)
    }

    /// Finds the types of a statement's parameters and result. `hints[i]` is what the client declared for `$i+1`.
    ///
    /// # Errors
    /// Whatever planning finds wrong; 25P02 in a failed transaction.
    pub async fn prepare(&mut self, parsed: &Parsed, hints: &[Option<SqlType>]) -> Result<Prepared> {
        self.refuse_in_failed(&parsed.statement)?;
        let mut prepared = Prepared::unplanned(parsed);
        (prepared.hints, prepared.once) = (hints.to_vec(), false);
        (prepared.parameters, prepared.columns) = self.describe(&prepared)?;
        Ok(prepared)
    }

    fn describe(&self, prepared: &Prepared) -> Result<(Vec<SqlType>, Option<Vec<Column>>)> {
        let hints = &prepared.hints;
        match prepared.parsed.statement.as_ref() {
            Statement::Query(query) => {
                let planned = self.plan(query, prepared)?;
                let columns = execute::columns(planned.plan.schema());
                Ok((planned.parameters.clone(), Some(columns)))
            }
            Statement::Explain { query, .. } => {
                let planned = self.planner().query(query, hints)?;
                Ok((planned.parameters, Some(vec![execute::text_column("QUERY PLAN")])))
            }
            Statement::Show(name) => Ok((vec![], Some(execute::show_columns(name)))),
            Statement::Insert(insert) => Ok((self.insertion(insert, prepared)?.parameters.clone(), None)),
            Statement::Update(update) => Ok((mutate::update_parameters(update, &self.planner(), hints)?, None)),
            Statement::Delete(delete) => Ok((mutate::delete_parameters(delete, &self.planner(), hints)?, None)),
            Statement::Truncate(_)
            | Statement::Merge(_)
            | Statement::Copy(_)
            | Statement::Define(_)
            | Statement::Begin { .. }
            | Statement::End(_)
            | Statement::Set(_)
            | Statement::Reset(_)
            | Statement::DiscardAll
            | Statement::Checkpoint
            | Statement::Vacuum(_) => Ok((vec![], None)),
        }
    }

    /// The plan of a query, the kept one if it holds: its tables opened anew then.
    fn plan(&self, query: &ast::Query, prepared: &Prepared) -> Result<Arc<Planned>> {
        let basis = self.basis();
        if let Some(kept) = prepared.kept.load_full()
            && let Some(Work::Query(planned)) = kept.work(&basis)
        {
            return Ok(Arc::new(kept::renewed(planned, &self.guard())?));
        }
        let mut planned = self.planner().query(query, &prepared.hints)?;
        let keep = !prepared.once && kept::is_lasting(&planned.plan);
        if keep {
            planned = execute::optimised_before(self, planned);
        }
        let planned = Arc::new(planned);
        prepared.kept.store(keep.then(|| Arc::new(Kept::query(basis, planned.clone()))));
        Ok(planned)
    }

    /// An INSERT ready to run, the kept one if it holds.
    fn insertion(&self, insert: &ast::Insert, prepared: &Prepared) -> Result<Arc<insert::Ready>> {
        let basis = self.basis();
        if let Some(kept) = prepared.kept.load_full()
            && let Some(Work::Insert(ready)) = kept.work(&basis)
        {
            return Ok(ready.clone());
        }
        let ready = Arc::new(insert::ready(insert, &self.planner(), &self.engine, &prepared.hints)?);
        let keep = !prepared.once && ready.is_lasting();
        prepared.kept.store(keep.then(|| Arc::new(Kept::insert(basis, ready.clone()))));
        Ok(ready)
    }

    /// What plans depend on now.
    fn basis(&self) -> Basis {
        Basis { catalog: self.catalog(), settings: self.settings.all(), identity: self.identity.clone() }
    }

    /// Runs a statement. `params` are arrays of one row, of the prepared statement's parameter types.
    ///
    /// # Errors
    /// The statement's; an open transaction block has failed then.
    pub async fn run(&mut self, prepared: &Prepared, params: &[ArrayRef]) -> Result<Outcome> {
        self.refuse_in_failed(&prepared.parsed.statement)?;
        let implicit = self.transaction.is_none();
        let result = self.dispatch(prepared, params).await;
        match result {
            Ok(outcome) => {
                let waits = matches!(outcome, Outcome::CopyIn(_));
                if implicit && !waits && self.transaction.as_ref().is_some_and(|transaction| !transaction.explicit) {
                    self.commit().await?;
                }
                Ok(outcome)
            }
            Err(error) => {
                self.fail();
                Err(error)
            }
        }
    }

    /// The one list of what statements do.
    async fn dispatch(&mut self, prepared: &Prepared, params: &[ArrayRef]) -> Result<Outcome> {
        match prepared.parsed.statement.as_ref() {
            Statement::Query(query) => {
                let planned = self.plan(query, prepared)?;
                let (columns, rows) = execute::stream(self, &planned, params).await?;
                Ok(Outcome::Rows { columns, rows, tag: "SELECT" })
            }
            Statement::Explain { analyze, verbose, query } => {
                let planned = self.planner().query(query, &prepared.hints)?;
                execute::explain(self, &planned, params, *analyze, *verbose).await
            }
            Statement::Show(name) => execute::show(self, name),
            Statement::Insert(insert) => {
                let ready = self.insertion(insert, prepared)?;
                insert::insert(self, &ready, params).await
            }
            Statement::Update(update) => mutate::update(self, update, &prepared.hints, params).await,
            Statement::Delete(delete) => mutate::delete(self, delete, &prepared.hints, params).await,
            Statement::Truncate(names) => mutate::truncate(self, names).await,
            Statement::Merge(name) => mutate::merge(self, name),
            Statement::Copy(statement) => match statement.direction {
                CopyDirection::FromStdin => copy::copy_in(self, statement),
                CopyDirection::ToStdout => copy::copy_out(self, statement).await,
            },
            Statement::Define(definition) => self.define(definition).await,
            Statement::Begin { read_only } => {
                self.begin_block(*read_only);
                done("BEGIN")
            }
            Statement::End(end) => self.end_block(*end).await,
            Statement::Set(setting) => {
                let told = self.settings.set(setting)?;
                self.parameter_changes.extend(told);
                done("SET")
            }
            Statement::Reset(name) => {
                let told = self.settings.reset(name.as_deref())?;
                self.parameter_changes.extend(told);
                done("RESET")
            }
            Statement::DiscardAll => {
                self.refuse_in_block("DISCARD ALL")?;
                let told = self.settings.reset(None)?;
                self.parameter_changes.extend(told);
                done("DISCARD ALL")
            }
            Statement::Checkpoint => maintain::checkpoint(self).await,
            Statement::Vacuum(table) => {
                self.refuse_in_block("VACUUM")?;
                maintain::vacuum(self, table.as_ref()).await
            }
        }
    }

    async fn define(&mut self, definition: &Definition) -> Result<Outcome> {
        if !self.identity.superuser {
            return Err(Error::new(Kind::InsufficientPrivilege, "permission denied: only the superuser may change definitions"));
        }
        self.refuse_read_only("change definitions")?;
        let engine = self.engine.clone();
        self.open_transaction().lock_definitions(&engine).await;
        let defined = {
            let planner = self.planner();
            let path = self.settings.search_path(&self.identity.role);
            let catalog = planner.catalog.clone();
            define::work_out(definition, &Scope { catalog: &catalog, path: &path, source: Source::Statement(&planner) })?
        };
        for notice in &defined.notices {
            self.notices
                .push(Notice { severity: "NOTICE", report: Error::new(Kind::DuplicateObject, notice.clone()).report().clone() });
        }
        let tag = defined.tag;
        if !defined.changes.is_empty() {
            let role = if self.identity.system { "system".to_owned() } else { self.identity.role.clone() };
            self.open_transaction().define(defined, &engine, &role)?;
        }
        done(tag)
    }

    /// Starts a transaction block for the server's own work.
    pub(super) fn begin(&mut self) -> Result<()> {
        self.begin_block(false);
        Ok(())
    }

    /// Opens the implicit transaction of several statements that a client sent as one text; [`Session::finish_implicit`] ends it.
    pub fn begin_implicit(&mut self) {
        self.open_transaction();
    }

    fn begin_block(&mut self, read_only: bool) {
        match &mut self.transaction {
            Some(transaction) if transaction.explicit => {
                self.warn(Kind::ActiveSqlTransaction, "there is already a transaction in progress")
            }
            Some(transaction) => transaction.explicit = true,
            None => self.transaction = Some(Transaction::new(self.engine.clock.now_us(), true, read_only)),
        }
    }

    async fn end_block(&mut self, end: TransactionEnd) -> Result<Outcome> {
        let Some(transaction) = &self.transaction else {
            self.warn(Kind::NoActiveSqlTransaction, "there is no transaction in progress");
            return done(if end == TransactionEnd::Commit { "COMMIT" } else { "ROLLBACK" });
        };
        if end == TransactionEnd::Rollback || transaction.failed {
            self.transaction = None;
            return done("ROLLBACK");
        }
        self.commit().await?;
        done("COMMIT")
    }

    pub(super) async fn commit(&mut self) -> Result<()> {
        match self.transaction.take() {
            Some(transaction) => transaction.commit(&self.engine).await,
            None => Ok(()),
        }
    }

    /// The end of a message cycle: an implicit transaction block of several statements is committed, or dropped when one failed.
    ///
    /// # Errors
    /// The store's, when the commit was not kept.
    pub async fn finish_implicit(&mut self, failed: bool) -> Result<()> {
        match &self.transaction {
            Some(transaction) if !transaction.explicit => {
                if failed || transaction.failed {
                    self.transaction = None;
                    Ok(())
                } else {
                    self.commit().await
                }
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Ends a COPY FROM STDIN whose data is complete: checks the last rows and commits, unless a block is open. Gives the tag.
    ///
    /// # Errors
    /// The first bad row's; nothing of the statement is stored then.
    pub async fn finish_copy(&mut self, copy: Box<CopyIn>) -> Result<String> {
        let result = self.store_copy(copy).await;
        if result.is_err() {
            self.fail();
        }
        result
    }

    async fn store_copy(&mut self, copy: Box<CopyIn>) -> Result<String> {
        let rows = copy::store(self, copy).await?;
        if self.transaction.as_ref().is_some_and(|transaction| !transaction.explicit) {
            self.commit().await?;
        }
        Ok(format!("COPY {rows}"))
    }

    /// A statement failed outside [`Session::run`], as while its rows were sent or its COPY data came: the transaction has failed.
    pub fn fail(&mut self) {
        match &mut self.transaction {
            Some(transaction) if transaction.explicit => transaction.failed = true,
            Some(_) => self.transaction = None,
            None => {}
        }
    }

    pub fn transaction_status(&self) -> TransactionStatus {
        match &self.transaction {
            Some(transaction) if transaction.explicit && transaction.failed => TransactionStatus::Failed,
            Some(transaction) if transaction.explicit => TransactionStatus::Open,
            Some(_) | None => TransactionStatus::Idle,
        }
    }

    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Settings whose change the client must be told.
    pub fn take_parameter_changes(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.parameter_changes)
    }

    /// The settings that the client is told at the start.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        self.settings.reported()
    }

    /// Changes a setting at login, as the startup packet asks.
    ///
    /// # Errors
    /// As SET's.
    pub fn set_at_login(&mut self, name: &str, value: &str) -> Result<()> {
        self.settings.set(&parse::Setting { name: name.to_owned(), value: Some(value.to_owned()), local: false }).map(|_| ())
    }

    /// A timeout setting in milliseconds, `None` when it is off.
    pub fn timeout_ms(&self, name: &str) -> Option<u64> {
        self.settings.milliseconds(name)
    }

    /// How values are written as text.
    pub fn style(&self) -> Style {
        self.settings.style(self.now_us())
    }

    pub(super) fn now_us(&self) -> i64 {
        self.transaction.as_ref().map_or_else(|| self.engine.clock.now_us(), |transaction| transaction.now)
    }

    /// The open transaction, or a new one that ends with the statement.
    pub(super) fn open_transaction(&mut self) -> &mut Transaction {
        let now = self.engine.clock.now_us();
        self.transaction.get_or_insert_with(|| Transaction::new(now, false, false))
    }

    /// Who and what names mean, for one statement.
    pub(super) fn planner(&self) -> Planner<'_> {
        let catalog = self.catalog();
        let facts = SessionFacts {
            current_user: self.identity.role.clone(),
            session_user: self.login.user.clone(),
            backend_pid: self.login.backend_pid,
            search_path: self.settings.search_path(&self.identity.role),
            style: self.style(),
            settings: self.settings.all(),
            catalog: catalog.clone(),
        };
        Planner::new(&self.engine.state, &self.engine.registry, catalog, self.guard(), Arc::new(facts))
    }

    pub(super) fn catalog(&self) -> Arc<crate::catalog::Catalog> {
        match &self.transaction {
            Some(transaction) => transaction.catalog(&self.engine),
            None => self.engine.catalog(),
        }
    }

    /// One statement's way to tables, over one snapshot.
    pub(super) fn guard(&self) -> Guard {
        let view = match &self.transaction {
            Some(transaction) => transaction.view(&self.engine),
            None => View::new(self.engine.store.snapshot(), vec![]),
        };
        Guard::new(self.identity.clone(), view)
    }

    pub(super) fn refuse_read_only(&self, doing: &str) -> Result<()> {
        let read_only = self.transaction.as_ref().is_some_and(|transaction| transaction.read_only)
            || self.settings.get("transaction_read_only")? == "on"
            || self.settings.get("default_transaction_read_only")? == "on";
        if read_only {
            return Err(Error::new(Kind::ReadOnlySqlTransaction, format!("cannot {doing} in a read-only transaction")));
        }
        Ok(())
    }

    fn refuse_in_failed(&self, statement: &Statement) -> Result<()> {
        match self.transaction_status() {
            TransactionStatus::Failed if !matches!(statement, Statement::End(_)) => Err(Error::new(
                Kind::InFailedSqlTransaction,
                "current transaction is aborted, commands ignored until end of transaction block",
            )),
            TransactionStatus::Failed | TransactionStatus::Open | TransactionStatus::Idle => Ok(()),
        }
    }

    fn refuse_in_block(&self, what: &str) -> Result<()> {
        match self.transaction_status() {
            TransactionStatus::Idle => Ok(()),
            TransactionStatus::Open | TransactionStatus::Failed => {
                Err(Error::new(Kind::ActiveSqlTransaction, format!("{what} cannot run inside a transaction block")))
            }
        }
    }

    fn warn(&mut self, kind: Kind, message: &str) {
        self.notices.push(Notice { severity: "WARNING", report: Error::new(kind, message).report().clone() });
    }
}

/// The outcome of a statement that yields a tag and nothing else.
pub(super) fn done(tag: impl Into<String>) -> Result<Outcome> {
    Ok(Outcome::Done { tag: tag.into() })
}
