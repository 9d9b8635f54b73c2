//! One connection's state: who it is, its settings, its transaction; and the dispatcher that every statement passes.

mod block;
mod channels;
mod cursor;
mod effects;
mod identity;
mod login;
mod named;
mod portal;
mod recorded;

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use datafusion::arrow::array::ArrayRef;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::sql::sqlparser::ast;

use crate::catalog::Catalog;
use crate::error::{Error, Kind, Report, Result};
use crate::guard::Guard;
use crate::ingest::copy::CopyOptions;
use crate::policy::Identity;
use crate::query::backends::{Backend, State};
pub use crate::query::backends::{Reach, Signal};
use crate::query::copy;
pub use crate::query::copy::CopyIn;
use crate::query::define::{self, Scope, Source};
pub use crate::query::engine::Engine;
use crate::query::functions::SessionFacts;
use crate::query::kept::{self, Basis, Kept, Work};
use crate::query::notify::Change;
pub use crate::query::notify::{Inbox, Notification};
pub use crate::query::parse::Parsed;
use crate::query::parse::{Block, CopyDirection, Definition, Discard, Statement, TransactionEnd};
use crate::query::plan::{Planned, Planner};
pub use crate::query::settings::Timeout;
use crate::query::settings::{Settings, Version};
use crate::query::transaction::Transaction;
use crate::query::{create_as, execute, explain, holds, insert, locks, maintain, mutate, retention, system};
use crate::store::View;
use crate::value::{Names, SqlType, Style};
pub(super) use effects::Effects;
pub use effects::Named;
pub(super) use identity::Who;
pub use login::Login;
use portal::Portals;
pub use portal::{CursorFacts, Portal};
use recorded::Record;

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
        matches!(self.parsed.statement.as_ref(), Statement::Block(Block::End { end: TransactionEnd::Commit, .. }))
    }

    /// A client knows the columns from Describe and would read others wrongly.
    fn expect_columns(&self, found: &[Column]) -> Result<()> {
        let differ = |known: &Vec<Column>| {
            known.len() != found.len() || known.iter().zip(found).any(|(old, new)| old.sql_type.oid() != new.sql_type.oid())
        };
        if self.columns.as_ref().is_some_and(differ) {
            return Err(Error::new(Kind::FeatureNotSupported, "cached plan must not change result type"));
        }
        Ok(())
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
    /// Who the running statement runs as; found anew for each.
    pub(super) identity: Identity,
    /// What the identity was found from.
    identified: Option<(Arc<Catalog>, Version)>,
    pub(super) settings: Settings,
    transaction: Option<Transaction>,
    pub(super) effects: Arc<Effects>,
    portals: Portals,
    backend: Arc<Backend>,
    record: Record,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.is_cut_off();
        self.engine.backends.leave(&self.backend);
        self.engine.exchange.forget(self.backend.pid);
    }
}

impl Session {
    pub fn new(engine: Arc<Engine>, login: Login) -> Session {
        let catalog = engine.catalog();
        let identity = match login.system {
            true => Identity::system(&catalog),
            false => Identity::of(&catalog, login.role, login.role, &login.user),
        };
        let settings = Settings::new(&login.user, login.role, identity.superuser, &login.application);
        let pid = login.backend_pid;
        let effects = Effects::new(engine.clock.clone(), engine.backends.clone(), engine.exchange.clone(), pid);
        let backend = Backend::new(pid, &login.user, login.role, &login.remote, engine.clock.now_us());
        backend.call_itself(login.application.clone());
        if !login.system {
            engine.backends.enter(&backend);
        }
        let (effects, portals) = (Arc::new(effects), Portals::default());
        let record = Record::new(&engine, &login);
        let mut session =
            Session { engine, login, identity, identified: None, settings, transaction: None, effects, portals, backend, record };
        session.take_role_settings(&catalog);
        session.identify();
        session
    }

    /// How other sessions reach this one, as the door knows; said once.
    pub fn reach(&self, interrupt: Arc<dyn Reach>) {
        self.backend.reach(interrupt);
    }

    /// What others have said to this session.
    pub fn inbox(&self) -> &Arc<Inbox> {
        &self.effects.inbox
    }

    /// The session waits for its client from now on.
    pub fn rest(&self) {
        let state = match self.transaction_status() {
            TransactionStatus::Idle => State::Idle,
            TransactionStatus::Open => State::IdleInTransaction,
            TransactionStatus::Failed => State::IdleInFailedTransaction,
        };
        let since = self.transaction.as_ref().map(|transaction| transaction.now);
        self.backend.rests(state, self.engine.clock.now_us(), since);
    }

    /// Finds the types of a statement's parameters and result. `hints[i]` is what the client declared for `$i+1`.
    ///
    /// # Errors
    /// Whatever planning finds wrong; 25P02 in a failed transaction.
    pub async fn prepare(&mut self, parsed: &Parsed, hints: &[Option<SqlType>]) -> Result<Prepared> {
        self.refuse_in_failed(&parsed.statement)?;
        self.identify();
        let mut prepared = Prepared::unplanned(parsed);
        (prepared.hints, prepared.once) = (hints.to_vec(), false);
        (prepared.parameters, prepared.columns) = self.describe(&prepared).map_err(|error| parsed.placed(error))?;
        Ok(prepared)
    }

    fn describe(&self, prepared: &Prepared) -> Result<(Vec<SqlType>, Option<Vec<Column>>)> {
        let hints = &prepared.hints;
        match prepared.parsed.statement.as_ref() {
            Statement::Query(query) => {
                let planned = self.plan(query, prepared)?;
                let columns = execute::columns(planned.plan.schema(), &planned.origins);
                Ok((planned.parameters.clone(), Some(columns)))
            }
            Statement::Explain { query, shown } => {
                let planned = self.planner().query(query, hints)?;
                Ok((planned.parameters, Some(vec![explain::column(shown)])))
            }
            Statement::Declare(declare) => Ok((self.planner().query(&declare.query, hints)?.parameters, None)),
            Statement::Show(name) => Ok((vec![], Some(execute::show_columns(self, name)?))),
            Statement::Execute(execute) => {
                let named = self.effects.statement(&execute.name)?;
                Ok((vec![], named.prepared.and_then(|prepared| prepared.columns.clone())))
            }
            Statement::Fetch(fetch) if fetch.silent => Ok((vec![], None)),
            Statement::Fetch(fetch) => Ok((vec![], self.cursor_columns(&fetch.cursor)?)),
            Statement::Insert(insert) => {
                let ready = self.insertion(insert, prepared)?;
                Ok((ready.parameters.clone(), ready.columns()))
            }
            Statement::Update(update) => mutate::update_described(update, &self.planner(), hints),
            Statement::Delete(delete) => mutate::delete_described(delete, &self.planner(), hints),
            Statement::CreateTableAs(made) => Ok((self.planner().query(&made.query, hints)?.parameters, None)),
            Statement::Truncate(_)
            | Statement::Merge(_)
            | Statement::Copy(_)
            | Statement::Define(_)
            | Statement::Block(_)
            | Statement::Set(_)
            | Statement::Reset(_)
            | Statement::Discard(_)
            | Statement::Prepare(_)
            | Statement::Deallocate(_)
            | Statement::Close(_)
            | Statement::Channel(_)
            | Statement::Checkpoint
            | Statement::Vacuum(_)
            | Statement::Analyze(_) => Ok((vec![], None)),
            Statement::ExplainRetention(_) => Ok((vec![], Some(retention::columns()))),
        }
    }

    /// The plan of a query, the kept one if it holds: its tables opened anew then.
    fn plan(&self, query: &ast::Query, prepared: &Prepared) -> Result<Arc<Planned>> {
        let basis = self.basis();
        if let Some(kept) = prepared.kept.load_full()
            && let Some(Work::Query(planned, reads)) = kept.work(&basis)
        {
            return if *reads { Ok(Arc::new(kept::renewed(planned, &self.guard())?)) } else { Ok(planned.clone()) };
        }
        let mut planned = self.planner().query(query, &prepared.hints)?;
        let keep = !prepared.once && kept::is_lasting(&planned.plan);
        if keep {
            planned = execute::optimised_before(self, planned);
        }
        prepared.kept.store(keep.then(|| Kept::query(basis, &planned)).transpose()?.map(Arc::new));
        Ok(Arc::new(planned))
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
        Basis { catalog: self.catalog(), rights: self.rights(), settings: self.settings.version(), identity: self.identity.clone() }
    }

    /// Runs a statement. `params` are arrays of one row, of the prepared statement's parameter types.
    ///
    /// # Errors
    /// The statement's; an open transaction block has failed then.
    pub async fn run(&mut self, prepared: &Prepared, params: &[ArrayRef]) -> Result<Outcome> {
        self.begins(&prepared.parsed);
        let outcome = self.run_begun(prepared, params).await?;
        Ok(self.record.counting(outcome))
    }

    async fn run_begun(&mut self, prepared: &Prepared, params: &[ArrayRef]) -> Result<Outcome> {
        self.refuse_in_failed(&prepared.parsed.statement)?;
        self.identify();
        let implicit = self.transaction.is_none();
        let (now, since) = (self.engine.clock.now_us(), self.transaction.as_ref().map(|transaction| transaction.now));
        self.backend.runs(&prepared.parsed.text, now, since);
        let result = match self.turn(&prepared.parsed.statement) {
            Ok(turn) => self.dispatch(prepared, params).await.map(|outcome| outcome.during(turn)),
            Err(error) => Err(error),
        };
        match result.map_err(|error| prepared.parsed.placed(error)) {
            Ok(outcome) => {
                let waits = matches!(outcome, Outcome::CopyIn(_));
                if implicit && self.transaction.is_none() {
                    self.engine.backends.counted.committed.add(1);
                }
                if implicit && !waits && self.transaction.as_ref().is_some_and(|transaction| !transaction.explicit) {
                    self.commit().await?;
                }
                Ok(outcome)
            }
            Err(error) => {
                if self.transaction.is_none() {
                    self.engine.backends.counted.rolled_back.add(1);
                }
                self.fail();
                Err(error)
            }
        }
    }

    /// The one list of what statements do. Those with much to remember are boxed, because a future is as large as its largest part, and
    /// a small query's is moved about several times.
    async fn dispatch(&mut self, prepared: &Prepared, params: &[ArrayRef]) -> Result<Outcome> {
        match prepared.parsed.statement.as_ref() {
            Statement::Query(query) => {
                if prepared.parsed.locks {
                    locks::take(self, query).await?;
                }
                let planned = self.plan(query, prepared)?;
                let (columns, rows) = execute::answer(self, &prepared.parsed.text, &planned, params).await?;
                Ok(Outcome::Rows { columns, rows, tag: "SELECT" })
            }
            Statement::Explain { shown, query } => {
                let planned = self.planner().query(query, &prepared.hints)?;
                Box::pin(explain::explain(self, &planned, params, *shown)).await
            }
            Statement::Show(name) => execute::show(self, name),
            Statement::Insert(insert) => {
                let ready = self.insertion(insert, prepared)?;
                Box::pin(insert::insert(self, &ready, params)).await
            }
            Statement::Update(update) => Box::pin(mutate::update(self, update, &prepared.hints, params)).await,
            Statement::Delete(delete) => Box::pin(mutate::delete(self, delete, &prepared.hints, params)).await,
            Statement::Truncate(names) => Box::pin(mutate::truncate(self, names)).await,
            Statement::Merge(name) => mutate::merge(self, name),
            Statement::Copy(statement) => match statement.direction {
                CopyDirection::FromStdin => Box::pin(copy::copy_in(self, statement)).await,
                CopyDirection::ToStdout => Box::pin(copy::copy_out(self, statement)).await,
            },
            Statement::Define(definition) => self.define(definition).await,
            Statement::CreateTableAs(made) => Box::pin(create_as::create(self, made, &prepared.hints, params)).await,
            Statement::Block(block) => self.block(block).await,
            Statement::Set(setting) => {
                if setting.local {
                    self.warn_outside_block("SET LOCAL");
                }
                self.open_transaction();
                if !self.set_role(setting)? {
                    self.settings.set(setting)?;
                }
                done("SET")
            }
            Statement::Reset(name) => {
                self.open_transaction();
                self.settings.reset(name.as_deref())?;
                done("RESET")
            }
            Statement::Discard(what) => self.discard(*what),
            Statement::Prepare(prepare) => self.prepare_by_sql(prepare, &prepared.parsed).await,
            Statement::Execute(execute) => Box::pin(self.execute_by_sql(execute)).await,
            Statement::Deallocate(name) => self.deallocate(name.as_deref()),
            Statement::Declare(declare) => Box::pin(self.declare(declare, prepared, params)).await,
            Statement::Fetch(fetch) => self.fetch(fetch).await,
            Statement::Close(name) => self.close(name.as_deref()),
            Statement::Channel(channel) => self.channel(channel),
            Statement::Checkpoint => maintain::checkpoint(self).await,
            Statement::Analyze(tables) => maintain::analyze(self, tables),
            Statement::Vacuum(table) => {
                self.refuse_in_block("VACUUM")?;
                Box::pin(maintain::vacuum(self, table.as_ref())).await
            }
            Statement::ExplainRetention(table) => retention::explain(self, table).await,
        }
    }

    /// Sequences and temporary tables there are none of, and plans are kept with their statements.
    fn discard(&mut self, what: Discard) -> Result<Outcome> {
        match what {
            Discard::All => {
                self.refuse_in_block("DISCARD ALL")?;
                self.portals.clear();
                self.effects.drop_statements();
                self.open_transaction();
                self.settings.reset(Some("session_authorization"))?;
                self.settings.reset(None)?;
                self.effects.change(Change::UnlistenAll);
            }
            Discard::Plans | Discard::Sequences | Discard::Temporary => {}
        }
        done(what.tag())
    }

    pub(super) async fn define(&mut self, definition: &Definition) -> Result<Outcome> {
        self.refuse_read_only(&format!("execute {}", definition.command()))?;
        let engine = self.engine.clone();
        if let Definition::Index(statement) = definition
            && let Some(what) = statement.alone()
        {
            self.refuse_in_block(what)?;
        }
        if let Definition::Hold(hold) = definition {
            holds::settle(self, hold).await?;
        }
        self.open_transaction().lock_definitions(&engine).await?;
        let defined = {
            let planner = self.planner();
            let path: Vec<String> = planner.path.iter().filter(|schema| *schema != "pg_catalog").cloned().collect();
            let catalog = planner.catalog.clone();
            let kind = self.settings.table_kind();
            define::work_out(definition, &Scope::new(&catalog, &path, kind, Source::Statement(&planner)))?
        };
        for (kind, notice) in &defined.notices {
            let severity = match kind {
                Kind::Warning | Kind::PrivilegeNotGranted | Kind::PrivilegeNotRevoked => "WARNING",
                _ => "NOTICE",
            };
            self.effects.tell(severity, *kind, notice.clone());
        }
        let tag = defined.tag;
        if !defined.changes.is_empty() {
            let role = if self.identity.system { "system".to_owned() } else { self.identity.role.clone() };
            self.open_transaction().define(defined, &engine, &role)?;
        }
        done(tag)
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

    /// Settings whose change the client must be told.
    pub fn take_parameter_changes(&mut self) -> Vec<(String, String)> {
        let changes = self.settings.take_changes();
        if let Some((_, application)) = changes.iter().find(|(name, _)| name == "application_name") {
            self.backend.call_itself(application.clone());
        }
        changes
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
        self.settings.set_at_login(name, value)
    }

    /// A timeout setting in milliseconds, `None` when it is off.
    pub fn timeout_ms(&self, timeout: Timeout) -> Option<u64> {
        self.settings.milliseconds(timeout)
    }

    /// How values are written as text.
    pub fn style(&self) -> Style {
        let names = system::naming::CatalogNames::new(self.visible(), self.settings.search_path(&self.identity.role));
        Style { names: Names::new(Arc::new(names)), ..self.settings.style(self.now_us()) }
    }

    pub(super) fn now_us(&self) -> i64 {
        self.transaction.as_ref().map_or_else(|| self.engine.clock.now_us(), |transaction| transaction.now)
    }

    /// Who and what names mean, for one statement.
    pub(super) fn planner(&self) -> Planner<'_> {
        let catalog = self.catalog();
        let facts = SessionFacts {
            current_user: self.identity.role.clone(),
            session_user: self.identity.session_role.clone(),
            login: self.login.role,
            identity: self.identity.clone(),
            backend_pid: self.login.backend_pid,
            search_path: self.settings.search_path(&self.identity.role),
            style: self.style(),
            settings: self.settings.clone(),
            effects: self.effects.clone(),
            superuser: self.identity.superuser,
            pseudonyms: None,
            cursors: self.cursors(),
            catalog: catalog.clone(),
            visible: self.visible(),
            snapshot: self.engine.store.snapshot(),
            remote: self.login.remote.clone(),
            system: self.engine.system.clone(),
            retention: self.engine.retention.clone(),
            engine: Arc::downgrade(&self.engine),
        };
        Planner::new(&self.engine.state, &self.engine.registry, &self.engine.rules, catalog, self.guard(), Arc::new(facts))
    }

    pub(super) fn catalog(&self) -> Arc<Catalog> {
        match &self.transaction {
            Some(transaction) => transaction.catalog(&self.engine),
            None => self.engine.catalog(),
        }
    }

    /// Whether its transaction would commit nothing.
    pub(super) fn has_changed_nothing(&self) -> bool {
        self.transaction.as_ref().is_none_or(Transaction::is_empty)
    }

    /// One statement's way to tables, over one snapshot.
    pub(super) fn guard(&self) -> Guard {
        let view = match &self.transaction {
            Some(transaction) => transaction.view(&self.engine),
            None => View::new(self.engine.store.snapshot(), vec![]),
        };
        let unfiltered = self.settings.refuses_filtered_rows();
        let guard = Guard::new(self.identity.clone(), self.rights(), view, self.engine.clock.clone());
        // What the transaction itself has defined is nobody's rights yet.
        let settled = self.transaction.as_ref().is_none_or(|transaction| transaction.own_catalog().is_none());
        let live = settled.then(|| self.engine.catalog.clone());
        guard.unfiltered(unfiltered).watching(live).noting(self.record.reached.clone())
    }

    fn refuse_in_failed(&self, statement: &Statement) -> Result<()> {
        match self.transaction_status() {
            TransactionStatus::Failed if !matches!(statement, Statement::Block(Block::End { .. } | Block::RollbackTo(_))) => {
                Err(Error::new(
                    Kind::InFailedSqlTransaction,
                    "current transaction is aborted, commands ignored until end of transaction block",
                ))
            }
            TransactionStatus::Failed | TransactionStatus::Open | TransactionStatus::Idle => Ok(()),
        }
    }
}

/// The outcome of a statement that yields a tag and nothing else.
pub(super) fn done(tag: impl Into<String>) -> Result<Outcome> {
    Ok(Outcome::Done { tag: tag.into() })
}
