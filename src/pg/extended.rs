//! The extended protocol: statements that are prepared once, bound to parameters as portals, and run in portions.
//!
//! A portal keeps the stream of its rows between two Executes and never collects them.

use std::pin::pin;

use pgwire::messages::data::{NoData, ParameterDescription};
use pgwire::messages::extendedquery::{
    Bind, BindComplete, Close, CloseComplete, Describe, Execute, Parse, ParseComplete, PortalSuspended, TARGET_TYPE_BYTE_STATEMENT,
};
use pgwire::messages::response::{CommandComplete, EmptyQueryResponse};

use super::connection::Connection;
use super::error::Failure;
use super::parameters;
use super::rows::{RowSource, result_formats, row_description};
use super::simple;
use crate::error::{Error, Kind, Result};
use crate::query::session::{Column, Outcome, TransactionStatus};
use crate::value::{SqlType, Style};

impl Connection<'_> {
    pub(super) async fn parse(&mut self, message: Parse) -> Result<(), Failure> {
        let name = message.name.unwrap_or_default();
        self.session.free_statement_name(&name)?;
        let hints = message.type_oids.iter().copied().map(hint).collect::<Result<Vec<_>>>()?;
        let mut parsed = simple::parse(&mut self.session, &message.query)?.into_iter();
        let only = match (parsed.next(), parsed.next()) {
            (only, None) => only,
            (_, Some(_)) => {
                return Err(Error::new(Kind::SyntaxError, "cannot insert multiple commands into a prepared statement").into());
            }
        };
        let work = self.session.prepare_named(&name, only.as_ref(), &hints);
        self.interrupt.attend(self.wire, work).await?;
        self.wire.send(&ParseComplete::new())
    }

    pub(super) fn bind(&mut self, message: Bind) -> Result<(), Failure> {
        let name = message.statement_name.unwrap_or_default();
        let portal_name = message.portal_name.unwrap_or_default();
        let prepared = self.session.named(&name)?.prepared;
        if let Some(prepared) = &prepared {
            self.session.begins(&prepared.parsed);
        }
        let types = prepared.as_ref().map_or(&[][..], |prepared| prepared.parameters.as_slice());
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
        let style = if types.is_empty() { Style::default() } else { self.session.style() };
        let parameters = parameters::decode(&message.parameters, &message.parameter_format_codes, types, &style, &portal_name)?;
        if let Some(columns) = prepared.as_ref().and_then(|prepared| prepared.columns.as_ref()) {
            result_formats(&message.result_column_format_codes, columns.len())?;
        }
        self.session.bind(&portal_name, prepared, parameters, message.result_column_format_codes)?;
        self.wire.send(&BindComplete::new())
    }

    pub(super) fn describe(&mut self, message: &Describe) -> Result<(), Failure> {
        let name = message.name.as_deref().unwrap_or_default();
        let (columns, format_codes) = if message.target_type == TARGET_TYPE_BYTE_STATEMENT {
            let prepared = self.session.named(name)?.prepared;
            let columns = prepared.as_ref().and_then(|prepared| prepared.columns.clone());
            self.refuse_rows_in_failed(columns.is_some())?;
            let types = prepared.as_ref().map_or(&[][..], |prepared| prepared.parameters.as_slice());
            self.wire.send(&ParameterDescription::new(types.iter().map(SqlType::oid).collect()))?;
            (columns, vec![])
        } else {
            let portal = self.session.portal(name)?;
            let described = (portal.columns().map(<[Column]>::to_vec), portal.format_codes.clone());
            self.refuse_rows_in_failed(described.0.is_some())?;
            described
        };
        match columns {
            Some(columns) => {
                let formats = result_formats(&format_codes, columns.len())?;
                self.wire.send(&row_description(&columns, &formats)?)
            }
            None => self.wire.send(&NoData::new()),
        }
    }

    /// In a failed transaction the columns of a result cannot be told, because what they depend on cannot be looked at.
    fn refuse_rows_in_failed(&self, has_rows: bool) -> Result<()> {
        if has_rows && self.session.transaction_status() == TransactionStatus::Failed {
            return Err(Error::new(
                Kind::InFailedSqlTransaction,
                "current transaction is aborted, commands ignored until end of transaction block",
            ));
        }
        Ok(())
    }

    pub(super) async fn execute(&mut self, message: Execute) -> Result<(), Failure> {
        let name = message.name.unwrap_or_default();
        let most = u64::try_from(message.max_rows).ok().filter(|most| *most > 0);
        let done = self.run_portal(&name, most).await;
        if done.is_err() {
            // A portal that fails does not come back.
            self.session.close_portal(&name);
        }
        self.session.continue_pipeline();
        done
    }

    async fn run_portal(&mut self, name: &str, most: Option<u64>) -> Result<(), Failure> {
        let format_codes = self.session.portal(name)?.format_codes.clone();
        self.session.begin_implicit();
        let must_finish = self.session.portal_must_finish(name);
        let outcome = {
            let work = pin!(self.session.run_portal(name, most));
            if must_finish { work.await? } else { self.interrupt.attend(self.wire, work).await? }
        };
        self.send_notices()?;
        let tag = match outcome {
            Outcome::Empty => return self.wire.send(&EmptyQueryResponse::new()),
            Outcome::Done { tag } => tag,
            Outcome::CopyOut { columns, rows, options } => Box::pin(self.copy_out(&columns, rows, &options)).await?,
            Outcome::CopyIn(copy) => Box::pin(self.copy_in(copy)).await?,
            Outcome::Rows { columns, rows, tag } => {
                let formats = result_formats(&format_codes, columns.len())?;
                let mut source = RowSource::new(&columns, formats, rows, tag, self.session.style());
                let sent = source.send(self.wire, &self.interrupt).await?;
                if most == Some(sent) {
                    self.session.ends().await?;
                    return self.wire.send(&PortalSuspended::new());
                }
                source.tag(sent)
            }
        };
        self.session.ends().await?;
        self.wire.send(&CommandComplete::new(tag))
    }

    /// Closing what does not exist is no error.
    pub(super) fn close(&mut self, message: &Close) -> Result<(), Failure> {
        let name = message.name.as_deref().unwrap_or_default();
        if message.target_type == TARGET_TYPE_BYTE_STATEMENT {
            self.session.forget_named(name);
        } else {
            self.session.close_portal(name);
        }
        self.wire.send(&CloseComplete::new())
    }
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
