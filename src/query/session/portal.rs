//! Portals: statements with their parameters, somewhere on their way. The protocol binds them and SQL declares them as cursors;
//! both share the names, and either may fetch from the other's.
//!
//! A portal keeps the stream of its rows between two fetches. A cursor WITH HOLD keeps it beyond the end of its transaction, which
//! costs nothing: the stream reads its own snapshot, whose files stay for as long as somebody reads them.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;

use super::cursor::{Gone, Rows};
use super::{Column, Outcome, Prepared, Session, done};
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::query::execute;
use crate::query::parse::{Declare, Fetch, Parsed, Statement};

/// Portals of one session, unless the door says otherwise; each may keep a running query.
const PORTALS_MAX: usize = 500;

/// One portal.
pub struct Portal {
    /// `None` is an empty text.
    pub prepared: Option<Arc<Prepared>>,
    /// The formats that the client wants its columns in, as it sent them; no business of the session's.
    pub format_codes: Vec<i16>,
    parameters: Vec<ArrayRef>,
    progress: Progress,
    /// The tables and views that its query reads.
    reached: Vec<String>,
    /// What DECLARE said; `None` for one that the protocol bound.
    declared: Option<Declared>,
    serial: u64,
}

struct Declared {
    text: Arc<str>,
    /// The text as the query log keeps it.
    recorded: Arc<str>,
    binary: bool,
    scroll: bool,
    hold: bool,
    since: Micros,
}

/// What `pg_cursors` shows of a cursor.
#[derive(Debug, Clone)]
pub struct CursorFacts {
    pub name: String,
    pub statement: Arc<str>,
    pub is_holdable: bool,
    pub is_binary: bool,
    pub is_scrollable: bool,
    pub since: Micros,
}

enum Progress {
    Bound,
    /// Rows are left, or it is not known yet that none are.
    Rows {
        columns: Vec<Column>,
        rows: Rows,
        tag: &'static str,
    },
    /// A statement that is not run a second time.
    Done,
}

/// All portals of a session by their names; the empty one is the unnamed portal's.
pub(super) struct Portals {
    portals: BTreeMap<String, Portal>,
    next: u64,
    most: usize,
}

impl Default for Portals {
    fn default() -> Self {
        Portals { portals: BTreeMap::new(), next: 1, most: PORTALS_MAX }
    }
}

impl Portals {
    /// The number that the next portal gets.
    pub(super) fn serial(&self) -> u64 {
        self.next
    }

    /// Drops what was made since a savepoint.
    pub(super) fn drop_after(&mut self, serial: u64) {
        self.portals.retain(|_, portal| portal.serial < serial);
    }

    /// Portals end with their transaction, except cursors that hold what was committed.
    pub(super) fn end_transaction(&mut self, committed: bool) {
        let begun = self.next;
        self.portals.retain(|_, portal| match &mut portal.declared {
            // One that an earlier transaction committed outlives this one however it ends.
            Some(declared) if declared.hold && (committed || portal.serial == 0) => {
                portal.serial = 0;
                true
            }
            Some(_) | None => false,
        });
        self.next = begun;
    }

    pub(super) fn limit(&mut self, most: usize) {
        self.most = most;
    }

    pub(super) fn clear(&mut self) {
        self.portals.clear();
    }

    fn add(&mut self, name: &str, mut portal: Portal) -> Result<()> {
        if self.portals.contains_key(name) && !name.is_empty() {
            return Err(Error::new(Kind::DuplicateCursor, format!("cursor \"{name}\" already exists")));
        }
        if !name.is_empty() && self.portals.len() >= self.most {
            return Err(Error::new(Kind::ConfigurationLimitExceeded, format!("a session can have at most {} portals", self.most))
                .with_hint("Close those that are not needed any more."));
        }
        portal.serial = self.next;
        self.next += 1;
        self.portals.insert(name.to_owned(), portal);
        Ok(())
    }
}

impl Session {
    /// Binds a statement to its parameters under a name; the unnamed portal is replaced.
    ///
    /// # Errors
    /// 42P03 for a name that is taken, 53400 for one too many, 25P02 in a failed transaction.
    pub fn bind(
        &mut self,
        name: &str,
        prepared: Option<Arc<Prepared>>,
        parameters: Vec<ArrayRef>,
        format_codes: Vec<i16>,
    ) -> Result<()> {
        if let Some(prepared) = &prepared {
            self.refuse_in_failed(&prepared.parsed.statement)?;
        }
        self.open_transaction();
        let (progress, reached) = (Progress::Bound, vec![]);
        let portal = Portal { prepared, format_codes, parameters, progress, reached, declared: None, serial: 0 };
        self.portals.add(name, portal)?;
        self.waits();
        Ok(())
    }

    /// The portal of this name.
    ///
    /// # Errors
    /// 34000 when there is none.
    pub fn portal(&self, name: &str) -> Result<&Portal> {
        self.portals
            .portals
            .get(name)
            .ok_or_else(|| Error::new(Kind::InvalidCursorName, format!("portal \"{name}\" does not exist")))
    }

    /// Forgets a portal; one that does not exist is no error.
    pub fn close_portal(&mut self, name: &str) {
        self.portals.portals.remove(name);
    }

    /// How many portals the session may have.
    pub fn limit_portals(&mut self, most: usize) {
        self.portals.limit(most);
    }

    /// Every cursor that SQL declared, in order of names.
    pub(in crate::query) fn cursors(&self) -> Vec<CursorFacts> {
        let fact = |(name, portal): (&String, &Portal)| {
            portal.declared.as_ref().map(|declared| CursorFacts {
                name: name.clone(),
                statement: declared.text.clone(),
                is_holdable: declared.hold,
                is_binary: declared.binary,
                is_scrollable: declared.scroll,
                since: declared.since,
            })
        };
        self.portals.portals.iter().filter_map(fact).collect()
    }

    /// Runs a portal, or goes on with its rows: at most so many come.
    ///
    /// # Errors
    /// The statement's; 55000 for a statement that has run; 0A000 when the result is not what the client was told.
    pub async fn run_portal(&mut self, name: &str, most: Option<u64>) -> Result<Outcome> {
        let portal = self.portal(name)?;
        let Some(prepared) = portal.prepared.clone() else {
            return match (&portal.progress, &portal.declared) {
                (Progress::Rows { .. }, Some(declared)) => {
                    let (recorded, reached) = (declared.recorded.clone(), portal.reached.clone());
                    self.open_entry(recorded);
                    self.record.reached.begin(reached);
                    self.next_rows(name, most)
                }
                (Progress::Rows { .. } | Progress::Bound | Progress::Done, _) => Ok(Outcome::Empty),
            };
        };
        self.begins(&prepared.parsed);
        self.refuse_in_failed(&prepared.parsed.statement)?;
        let portal = self.portal(name)?;
        match portal.progress {
            Progress::Rows { .. } => {
                self.record.reached.begin(portal.reached.clone());
                self.next_rows(name, most)
            }
            Progress::Done => Err(Error::new(Kind::ObjectNotInPrerequisiteState, format!("portal \"{name}\" cannot be run"))),
            Progress::Bound => {
                let parameters = portal.parameters.clone();
                self.progress(name, Progress::Done);
                match self.run_begun(&prepared, &parameters).await? {
                    Outcome::Rows { columns, rows, tag } => {
                        prepared.expect_columns(&columns)?;
                        self.progress(name, Progress::Rows { columns, rows: Rows::new(rows, false), tag });
                        self.next_rows(name, most)
                    }
                    other => Ok(self.record.counting(other)),
                }
            }
        }
    }

    /// Whether running the portal must not be dropped half-way.
    pub fn portal_must_finish(&self, name: &str) -> bool {
        self.portal(name).is_ok_and(|portal| portal.prepared.as_ref().is_some_and(|prepared| prepared.must_finish()))
    }

    fn progress(&mut self, name: &str, progress: Progress) {
        if let Some(portal) = self.portals.portals.get_mut(name) {
            portal.progress = progress;
            portal.reached = self.record.reached.names();
        }
    }

    fn next_rows(&self, name: &str, most: Option<u64>) -> Result<Outcome> {
        match &self.portal(name)?.progress {
            Progress::Rows { columns, rows, tag } => {
                self.record.admit(self.identity.superuser)?;
                Ok(self.record.counting(Outcome::Rows { columns: columns.clone(), rows: rows.portion(most), tag }))
            }
            Progress::Bound | Progress::Done => Err(Error::internal("a portal has lost its rows")),
        }
    }

    /// `DECLARE`.
    pub(super) async fn declare(&mut self, declare: &Declare, prepared: &Prepared, parameters: &[ArrayRef]) -> Result<Outcome> {
        if !declare.hold {
            self.require_block("DECLARE CURSOR")?;
        }
        if declare.name.is_empty() {
            return Err(Error::new(Kind::InvalidCursorName, "invalid cursor name: must not be empty"));
        }
        if self.portals.portals.contains_key(&declare.name) {
            return Err(Error::new(Kind::DuplicateCursor, format!("cursor \"{}\" already exists", declare.name)));
        }
        let planned = self.planner().query(&declare.query, &prepared.hints)?;
        let (columns, stream) = execute::stream(self, &planned, parameters).await?;
        let scroll = declare.scroll == Some(true);
        let declared = Declared {
            text: prepared.parsed.text.clone(),
            recorded: prepared.parsed.recorded(),
            binary: declare.binary,
            scroll,
            hold: declare.hold,
            since: self.engine.clock.now_us(),
        };
        let portal = Portal {
            prepared: None,
            format_codes: if declare.binary { vec![1] } else { vec![] },
            parameters: vec![],
            progress: Progress::Rows { columns, rows: Rows::new(stream, scroll), tag: "SELECT" },
            reached: self.record.reached.names(),
            declared: Some(declared),
            serial: 0,
        };
        self.portals.add(&declare.name, portal)?;
        done("DECLARE CURSOR")
    }

    /// The columns of what FETCH names; a statement that the protocol bound is asked what it will give.
    pub(super) fn cursor_columns(&self, name: &str) -> Result<Option<Vec<Column>>> {
        let portal = self.cursor(name)?;
        Ok(match &portal.progress {
            Progress::Rows { columns, .. } => Some(columns.clone()),
            Progress::Bound => portal.prepared.as_ref().and_then(|prepared| prepared.columns.clone()),
            Progress::Done => None,
        })
    }

    fn cursor(&self, name: &str) -> Result<&Portal> {
        let portal = self.portals.portals.get(name).filter(|_| !name.is_empty());
        portal.ok_or_else(|| Error::new(Kind::InvalidCursorName, format!("cursor \"{name}\" does not exist")))
    }

    /// `FETCH` and `MOVE`.
    pub(super) async fn fetch(&mut self, fetch: &Fetch) -> Result<Outcome> {
        let name = fetch.cursor.as_str();
        let portal = self.cursor(name)?;
        if let (Progress::Bound, Some(prepared)) = (&portal.progress, portal.prepared.clone()) {
            let parameters = portal.parameters.clone();
            self.progress(name, Progress::Done);
            if let Outcome::Rows { columns, rows, tag } = Box::pin(self.dispatch(&prepared, &parameters)).await? {
                self.progress(name, Progress::Rows { columns, rows: Rows::new(rows, false), tag });
            }
        }
        let portal = self.cursor(name)?;
        let declared = portal.declared.as_ref().map(|declared| declared.recorded.clone());
        let recorded = declared.or_else(|| portal.prepared.as_ref().map(|prepared| prepared.parsed.recorded()));
        let reached = portal.reached.clone();
        let Progress::Rows { columns, rows, .. } = &portal.progress else {
            return Err(Error::new(Kind::ObjectNotInPrerequisiteState, format!("portal \"{name}\" cannot be run")));
        };
        let (columns, rows) = (columns.clone(), rows.clone());
        if let Some(recorded) = recorded {
            self.record.goes_on(&recorded, reached);
        }
        let gone = rows.go(fetch.movement, fetch.silent).await?;
        match gone {
            Gone::Counted(count) => done(format!("MOVE {count}")),
            Gone::Batches(batches) if fetch.silent => {
                done(format!("MOVE {}", batches.iter().map(|batch| batch.num_rows()).sum::<usize>()))
            }
            Gone::Batches(batches) => Ok(Outcome::Rows { columns, rows: rows.stream_of(batches), tag: "FETCH" }),
            Gone::Stream(stream) => Ok(Outcome::Rows { columns, rows: stream, tag: "FETCH" }),
        }
    }

    /// `CLOSE`.
    pub(super) fn close(&mut self, name: Option<&str>) -> Result<Outcome> {
        match name {
            Some(name) => {
                self.cursor(name)?;
                self.close_portal(name);
                done("CLOSE CURSOR")
            }
            None => {
                self.portals.clear();
                done("CLOSE CURSOR ALL")
            }
        }
    }

    /// Whether a statement of the simple protocol gives its rows in the binary format: a FETCH from a BINARY cursor does.
    pub fn is_binary(&self, parsed: &Parsed) -> bool {
        match parsed.statement.as_ref() {
            Statement::Fetch(fetch) => {
                self.cursor(&fetch.cursor).is_ok_and(|portal| portal.declared.as_ref().is_some_and(|declared| declared.binary))
            }
            _ => false,
        }
    }
}

impl Portal {
    /// The columns that it gives, if it gives rows.
    pub fn columns(&self) -> Option<&[Column]> {
        match &self.progress {
            Progress::Rows { columns, .. } => Some(columns),
            Progress::Bound | Progress::Done => self.prepared.as_ref().and_then(|prepared| prepared.columns.as_deref()),
        }
    }
}
