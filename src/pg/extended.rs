//! The extended protocol: statements that are prepared once, bound to parameters as portals, and run in portions.
//!
//! A portal keeps the stream of its rows between two Executes and never collects them.

use std::sync::Arc;

use arrow::array::ArrayRef;
use pgwire::messages::data::{NoData, ParameterDescription};
use pgwire::messages::extendedquery::{
    Bind, BindComplete, Close, CloseComplete, Describe, Execute, Parse, ParseComplete, PortalSuspended, TARGET_TYPE_BYTE_STATEMENT,
};
use pgwire::messages::response::{CommandComplete, EmptyQueryResponse};

use super::connection::Connection;
use super::error::Failure;
use super::parameters;
use super::rows::{RowSource, Sent, result_formats, row_description};
use super::simple;
use crate::error::{Error, Kind, Result};
use crate::query::session::{Outcome, Prepared};
use crate::value::SqlType;

/// A prepared statement; `None` is an empty text.
#[derive(Clone)]
pub(super) struct Statement {
    prepared: Option<Arc<Prepared>>,
}

/// A statement with its parameters, somewhere on its way.
pub(super) struct Portal {
    prepared: Option<Arc<Prepared>>,
    parameters: Vec<ArrayRef>,
    /// As the client sent them: none, one for all columns, or one for each.
    format_codes: Vec<i16>,
    progress: Progress,
}

enum Progress {
    Bound,
    /// Rows are left, or it is not known yet that none are.
    Rows(Box<RowSource>),
    /// All rows have been sent.
    Exhausted {
        tag: String,
    },
    /// A statement that is not run a second time.
    Done,
}

impl Connection<'_> {
    pub(super) async fn parse(&mut self, message: Parse) -> Result<(), Failure> {
        let name = message.name.unwrap_or_default();
        if !name.is_empty() {
            if self.statements.contains_key(&name) {
                return Err(
                    Error::new(Kind::DuplicatePreparedStatement, format!("prepared statement \"{name}\" already exists")).into()
                );
            }
            within(self.statements.len(), self.shared.limits.statements, "prepared statements")?;
        }
        // A failed Parse leaves no unnamed statement behind.
        self.statements.remove(&name);
        let hints = message.type_oids.iter().copied().map(hint).collect::<Result<Vec<_>>>()?;
        let mut parsed = simple::parse(&self.session, &message.query)?.into_iter();
        let prepared = match (parsed.next(), parsed.next()) {
            (None, _) => None,
            (Some(only), None) => {
                let prepared = self.interrupt.attend(self.wire, self.session.prepare(&only, &hints)).await?;
                Some(Arc::new(prepared))
            }
            (Some(_), Some(_)) => {
                return Err(Error::new(Kind::SyntaxError, "cannot insert multiple commands into a prepared statement").into());
            }
        };
        self.statements.insert(name, Statement { prepared });
        self.wire.send(&ParseComplete::new())
    }

    pub(super) fn bind(&mut self, message: Bind) -> Result<(), Failure> {
        let name = message.statement_name.unwrap_or_default();
        let portal_name = message.portal_name.unwrap_or_default();
        let statement = self.statement(&name)?.clone();
        let types = statement.prepared.as_ref().map_or(&[][..], |prepared| prepared.parameters.as_slice());
        if message.parameters.len() != types.len() {
            return Err(Error::new(
                Kind::ProtocolViolation,
                format!(
                    "bind message supplies {} parameters, but prepared statement \"{name}\" requires {}",
                    message.parameters.len(),
                    types.len()
                ),
            )
            .into());
        }
        if !portal_name.is_empty() {
            if self.portals.contains_key(&portal_name) {
                return Err(Error::new(Kind::DuplicateCursor, format!("cursor \"{portal_name}\" already exists")).into());
            }
            within(self.portals.len(), self.shared.limits.portals, "portals")?;
        }
        self.portals.remove(&portal_name);
        let parameters =
            parameters::decode(&message.parameters, &message.parameter_format_codes, types, &self.session.style(), &portal_name)?;
        if let Some(columns) = statement.prepared.as_ref().and_then(|prepared| prepared.columns.as_ref()) {
            result_formats(&message.result_column_format_codes, columns.len())?;
        }
        let portal = Portal {
            prepared: statement.prepared,
            parameters,
            format_codes: message.result_column_format_codes,
            progress: Progress::Bound,
        };
        self.portals.insert(portal_name, portal);
        self.wire.send(&BindComplete::new())
    }

    pub(super) fn describe(&mut self, message: &Describe) -> Result<(), Failure> {
        let name = message.name.as_deref().unwrap_or_default();
        let (prepared, format_codes) = if message.target_type == TARGET_TYPE_BYTE_STATEMENT {
            let prepared = self.statement(name)?.prepared.clone();
            let types = prepared.as_ref().map_or(&[][..], |prepared| prepared.parameters.as_slice());
            self.wire.send(&ParameterDescription::new(types.iter().map(SqlType::oid).collect()))?;
            (prepared, vec![])
        } else {
            let portal = self.portals.get(name).ok_or_else(|| no_portal(name))?;
            (portal.prepared.clone(), portal.format_codes.clone())
        };
        match prepared.as_ref().and_then(|prepared| prepared.columns.as_ref()) {
            Some(columns) => {
                let formats = result_formats(&format_codes, columns.len())?;
                self.wire.send(&row_description(columns, &formats)?)
            }
            None => self.wire.send(&NoData::new()),
        }
    }

    pub(super) async fn execute(&mut self, message: Execute) -> Result<(), Failure> {
        let name = message.name.unwrap_or_default();
        let most = usize::try_from(message.max_rows).ok().filter(|most| *most > 0);
        // Taken out while it runs: a portal that fails does not come back.
        let mut portal = self.portals.remove(&name).ok_or_else(|| no_portal(&name))?;
        self.run_portal(&mut portal, &name, most).await?;
        self.portals.insert(name, portal);
        Ok(())
    }

    async fn run_portal(&mut self, portal: &mut Portal, name: &str, most: Option<usize>) -> Result<(), Failure> {
        if let Progress::Bound = portal.progress {
            portal.progress = Progress::Done;
            let Some(prepared) = &portal.prepared else {
                return self.wire.send(&EmptyQueryResponse::new());
            };
            let outcome = self.run_prepared(prepared, &portal.parameters).await?;
            self.send_notices()?;
            let tag = match outcome {
                Outcome::Empty => return self.wire.send(&EmptyQueryResponse::new()),
                Outcome::Done { tag } => tag,
                Outcome::CopyOut { columns, rows, options } => self.copy_out(&columns, rows, &options).await?,
                Outcome::CopyIn(copy) => self.copy_in(copy).await?,
                Outcome::Rows { columns, rows, tag } => {
                    if prepared.columns.as_ref().is_some_and(|known| {
                        known.len() != columns.len()
                            || known.iter().zip(&columns).any(|(old, new)| old.sql_type.oid() != new.sql_type.oid())
                    }) {
                        // The client knows the columns from Describe and would read these wrongly.
                        return Err(Error::new(Kind::FeatureNotSupported, "cached plan must not change result type").into());
                    }
                    let formats = result_formats(&portal.format_codes, columns.len())?;
                    let source = RowSource::new(&columns, formats, rows, tag, self.session.style());
                    portal.progress = Progress::Rows(Box::new(source));
                    return self.send_portion(portal, most).await;
                }
            };
            return self.wire.send(&CommandComplete::new(tag));
        }
        match &portal.progress {
            Progress::Bound | Progress::Rows(_) => self.send_portion(portal, most).await,
            Progress::Exhausted { tag } => self.wire.send(&CommandComplete::new(tag.clone())),
            Progress::Done => Err(Error::new(Kind::InvalidCursorName, format!("portal \"{name}\" cannot be run"))
                .with_detail("It has run already.")
                .into()),
        }
    }

    async fn send_portion(&mut self, portal: &mut Portal, most: Option<usize>) -> Result<(), Failure> {
        let Progress::Rows(source) = &mut portal.progress else {
            return Ok(());
        };
        match source.send(self.wire, &self.interrupt, most).await? {
            Sent::Portion(_) => self.wire.send(&PortalSuspended::new()),
            Sent::All(rows) => {
                let tag = source.tag(rows);
                portal.progress = Progress::Exhausted { tag: source.tag(0) };
                self.wire.send(&CommandComplete::new(tag))
            }
        }
    }

    /// Closing what does not exist is no error.
    pub(super) fn close(&mut self, message: &Close) -> Result<(), Failure> {
        let name = message.name.as_deref().unwrap_or_default();
        if message.target_type == TARGET_TYPE_BYTE_STATEMENT {
            self.statements.remove(name);
        } else {
            self.portals.remove(name);
        }
        self.wire.send(&CloseComplete::new())
    }

    fn statement(&self, name: &str) -> Result<&Statement> {
        self.statements.get(name).ok_or_else(|| {
            let message = match name {
                "" => "unnamed prepared statement does not exist".to_owned(),
                name => format!("prepared statement \"{name}\" does not exist"),
            };
            Error::new(Kind::InvalidSqlStatementName, message)
        })
    }
}

fn no_portal(name: &str) -> Error {
    Error::new(Kind::InvalidCursorName, format!("portal \"{name}\" does not exist"))
}

/// The type that a client declares for a parameter; 0 and `unknown` leave it to the statement.
fn hint(oid: u32) -> Result<Option<SqlType>> {
    if matches!(oid, 0 | 705) {
        return Ok(None);
    }
    match SqlType::from_oid(oid) {
        Some(known) => Ok(Some(known)),
        None => Err(Error::new(Kind::UndefinedObject, format!("type with OID {oid} does not exist"))),
    }
}

fn within(count: usize, most: usize, what: &str) -> Result<()> {
    if count < most {
        return Ok(());
    }
    Err(Error::new(Kind::ConfigurationLimitExceeded, format!("a session can have at most {most} {what}"))
        .with_hint("Close those that are not needed any more."))
}
