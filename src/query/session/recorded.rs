//! What a session says to the query log: that a statement has come, and what became of it.
//!
//! Every way into a session begins an entry by itself. A door ends it, because it alone knows what the client was told: right before it tells the client that the statement is complete ([`Session::ends`]), or that it failed
//! ([`Session::fails`]). Rows are counted here, as the door takes them: of a statement that was stopped those count that may have been
//! sent. An entry that nobody has ended when the session goes was cut off with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::TryStreamExt;

use super::{Outcome, Parsed, Session};
use crate::clock::Micros;
use crate::error::{Error, Result};
use crate::guard::Reached;
use crate::query::engine::Engine;
use crate::query::parse;
use crate::query::record::{self, Entry, OK, Recorder, Who};
use crate::query::session::Login;

/// The outcome of a statement whose client was gone before the answer was complete: `connection_failure`.
const CUT_OFF: &str = "08006";

/// What a session records, and the statement that runs.
pub(super) struct Record {
    /// `None` for the server's own sessions, and when nothing is recorded.
    recorder: Option<Arc<Recorder>>,
    who: Who,
    open: Option<Open>,
    /// What the running statement asks the guard for.
    pub reached: Arc<Reached>,
    /// Rows of the running statement that the door has taken.
    rows: Arc<AtomicU64>,
}

/// A statement that is not answered yet.
struct Open {
    statement: Arc<str>,
    /// The text of what it goes on with, as of the cursor that a FETCH reads.
    behind: Option<Arc<str>>,
    began: Micros,
    since: Instant,
}

/// A statement that has run.
struct Ended {
    statement: Arc<str>,
    began: Micros,
    duration_us: u64,
    application: String,
    tables: Vec<String>,
}

impl Record {
    pub(super) fn new(engine: &Engine, login: &Login) -> Record {
        Record {
            recorder: engine.recorder.get().filter(|_| !login.system).cloned(),
            who: Who::new(&login.user, &login.remote),
            open: None,
            reached: Arc::default(),
            rows: Arc::default(),
        }
    }

    /// Whether a statement may run that has to be recorded.
    ///
    /// # Errors
    /// Why it could not be, for others than superusers.
    pub(super) fn admit(&self, superuser: bool) -> Result<()> {
        match &self.recorder {
            Some(recorder) if !superuser => recorder.admit(),
            Some(_) | None => Ok(()),
        }
    }

    /// The same outcome, whose rows are counted as they are taken.
    pub(super) fn counting(&self, outcome: Outcome) -> Outcome {
        if self.open.is_none() {
            return outcome;
        }
        let counted = |rows: SendableRecordBatchStream| {
            let (schema, count) = (rows.schema(), self.rows.clone());
            let rows = rows.inspect_ok(move |batch| {
                // Nothing else follows from the number, so its order among other memory does not matter.
                count.fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
            });
            Box::pin(RecordBatchStreamAdapter::new(schema, rows)) as SendableRecordBatchStream
        };
        match outcome {
            Outcome::Rows { columns, rows, tag } => Outcome::Rows { columns, rows: counted(rows), tag },
            Outcome::CopyOut { columns, rows, options } => Outcome::CopyOut { columns, rows: counted(rows), options },
            Outcome::Empty | Outcome::Done { .. } | Outcome::CopyIn(_) => outcome,
        }
    }

    /// The running statement goes on with another, which has reached these.
    pub(super) fn goes_on(&mut self, with: &Arc<str>, reached: Vec<String>) {
        if let Some(open) = &mut self.open {
            open.behind = Some(with.clone());
            self.reached.begin(reached);
        }
    }
}

impl Session {
    /// A statement has come.
    pub fn begins(&mut self, statement: &Parsed) {
        if self.record.recorder.is_some() {
            self.open_entry(statement.recorded());
        }
    }

    pub(super) fn open_entry(&mut self, statement: Arc<str>) {
        if self.record.recorder.is_none() {
            return;
        }
        let began = self.engine.clock.now_us();
        self.record.reached.begin(vec![]);
        self.record.rows.store(0, Ordering::Relaxed);
        self.record.open = Some(Open { statement, behind: None, began, since: Instant::now() });
    }

    /// Splits and reads a text. No statement is an empty query.
    ///
    /// # Errors
    /// As [`parse::parse`].
    pub fn parse(&mut self, sql: &str) -> Result<Vec<Parsed>> {
        let parsed = parse::parse(sql);
        if let (Err(error), Some(_)) = (&parsed, &self.record.recorder) {
            self.open_entry(parse::redacted_unread(sql, error));
        }
        parsed
    }

    /// The statement was only looked at, and is answered when it runs.
    pub fn waits(&mut self) {
        self.record.open = None;
    }

    /// Something was done that no statement asked for and the client is told of, such as the commit at the end of a pipeline.
    pub(super) fn begins_unasked(&mut self, what: &str) {
        if self.record.recorder.is_some() && self.record.open.is_none() {
            self.open_entry(Arc::from(what));
        }
    }

    /// The answer is complete but for its end.
    ///
    /// # Errors
    /// When the statement cannot be recorded, and must therefore not be answered; a superuser's is answered all the same.
    pub async fn ends(&mut self) -> Result<()> {
        let Some((ended, recorder)) = self.end_entry() else { return Ok(()) };
        let written = recorder.write(&self.entry(&ended, OK), self.backend.pid).await;
        self.unless_superuser(written)
    }

    /// The client is going to be told of this error.
    pub fn fails(&mut self, error: &Error) {
        self.end_failed(error.sqlstate());
    }

    /// The session goes, and its client is told nothing.
    pub(super) fn is_cut_off(&mut self) {
        self.end_failed(CUT_OFF);
    }

    fn end_failed(&mut self, sqlstate: &'static str) {
        let Some((ended, recorder)) = self.end_entry() else { return };
        if let Err(failure) = recorder.write_at_once(&self.entry(&ended, sqlstate), self.backend.pid) {
            tracing::error!(error = %failure, sqlstate, "a statement that failed could not be recorded");
        }
    }

    /// What the running statement's entry is made of, which runs no more.
    fn end_entry(&mut self) -> Option<(Ended, Arc<Recorder>)> {
        let open = self.record.open.take()?;
        let recorder = self.record.recorder.clone()?;
        let statement = match open.behind {
            Some(behind) => format!("{} /* {behind} */", open.statement).into(),
            None => open.statement,
        };
        let (application, tables) = (self.backend.application(), self.record.reached.names());
        let duration_us = u64::try_from(open.since.elapsed().as_micros()).unwrap_or(u64::MAX);
        Some((Ended { statement, began: open.began, duration_us, application, tables }, recorder))
    }

    fn entry<'a>(&'a self, ended: &'a Ended, outcome: &'static str) -> Entry<'a> {
        Entry {
            began: ended.began,
            login: &self.record.who.login,
            address: &self.record.who.address,
            role: record::cut(&self.identity.role),
            application: record::cut(&ended.application),
            statement: Some(&ended.statement),
            tables: ended.tables.iter().map(String::as_str).collect(),
            rows: self.record.rows.load(Ordering::Relaxed),
            duration_us: ended.duration_us,
            outcome,
            refused: record::is_refusal(outcome),
        }
    }

    fn unless_superuser(&self, written: Result<()>) -> Result<()> {
        match written {
            Err(failure) if self.identity.superuser => {
                tracing::error!(error = %failure, "a superuser's statement could not be recorded");
                Ok(())
            }
            written => written,
        }
    }
}
