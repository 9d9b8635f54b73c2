//! What a client is told when something fails: the fields of `ErrorResponse` (PostgreSQL 15, section 55.8), and whether the
//! connection lives on.

use pgwire::messages::response::{ErrorResponse, NoticeResponse};
use uuid::Uuid;

use crate::error::{Error, Kind, Report};

/// Why the door stopped doing what it did.
#[derive(Debug)]
pub(super) enum Failure {
    /// The statement failed: the client is told and the session goes on.
    Statement(Error),
    /// The client is told and the connection closes.
    Fatal(Box<Fatal>),
    /// The client has left, or must not be told anything: the connection closes without a word.
    Gone,
}

/// An error that ends the connection.
#[derive(Debug)]
pub(super) struct Fatal {
    error: Error,
}

impl Fatal {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Fatal::from(Error::new(kind, message))
    }

    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.error = self.error.with_hint(hint);
        self
    }

    pub(super) fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.error = self.error.with_detail(detail);
        self
    }

    /// The message that tells the client.
    pub(super) fn response(&self) -> ErrorResponse {
        ErrorResponse::new(fields("FATAL", self.sqlstate(), self.error.report()))
    }

    pub(super) fn sqlstate(&self) -> &'static str {
        self.error.sqlstate()
    }

    pub(super) fn error(&self) -> &Error {
        &self.error
    }
}

impl From<Error> for Fatal {
    fn from(error: Error) -> Self {
        Fatal { error }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Statement(error)
    }
}

impl From<Fatal> for Failure {
    fn from(fatal: Fatal) -> Self {
        Failure::Fatal(Box::new(fatal))
    }
}

impl Failure {
    /// The message broke the protocol in a way after which nothing more can be understood.
    pub(super) fn protocol(message: impl Into<String>) -> Self {
        Failure::from(Fatal::new(Kind::ProtocolViolation, message))
    }

    /// The same failure, closing the connection if it did not already.
    pub(super) fn fatal(self) -> Self {
        match self {
            Failure::Statement(error) => Failure::from(Fatal::from(error)),
            Failure::Fatal(_) | Failure::Gone => self,
        }
    }
}

/// The message that tells the client about a failed statement.
pub(super) fn response(error: &Error) -> ErrorResponse {
    ErrorResponse::new(fields("ERROR", error.sqlstate(), error.report()))
}

/// A notice of the session, `severity` being one of PostgreSQL's (NOTICE, WARNING, INFO, ...).
pub(super) fn notice(severity: &str, report: &Report) -> NoticeResponse {
    NoticeResponse::new(fields(severity, report.kind.sqlstate(), report))
}

/// The fields in PostgreSQL's order.
///
/// An internal error's own text may quote a row that this reader may not see, so it goes to the log under an id, and the client
/// gets the id.
fn fields(severity: &str, sqlstate: &str, report: &Report) -> Vec<(u8, String)> {
    let mut fields = vec![(b'S', severity.to_owned()), (b'V', severity.to_owned()), (b'C', sqlstate.to_owned())];
    if report.kind == Kind::InternalError {
        let id = Uuid::new_v4();
        tracing::error!(%id, message = ?report.message, detail = ?report.detail, context = ?report.context, "internal error");
        fields.push((b'M', "internal error".to_owned()));
        fields.push((b'H', format!("The server's log tells more under the id {id}.")));
        return fields;
    }
    fields.push((b'M', clean(&report.message)));
    let optional = [
        (b'D', &report.detail),
        (b'H', &report.hint),
        (b'W', &report.context),
        (b's', &report.schema),
        (b't', &report.table),
        (b'c', &report.column),
        (b'n', &report.constraint),
    ];
    fields.extend(optional.into_iter().filter_map(|(code, value)| value.as_deref().map(|value| (code, clean(value)))));
    if let Some(position) = report.position {
        fields.push((b'P', position.to_string()));
    }
    fields
}

/// A field ends at its first NUL, so one inside would let a message forge the fields behind it.
fn clean(text: &str) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(response: &ErrorResponse, code: u8) -> Option<&str> {
        response.fields.iter().find(|(own, _)| *own == code).map(|(_, value)| value.as_str())
    }

    #[test]
    fn every_field_is_sent() {
        let error = Error::new(Kind::NotNullViolation, "null value")
            .with_detail("d")
            .with_hint("h")
            .with_context("line 1")
            .with_position(7)
            .with_table("public", "t")
            .with_column("c")
            .with_constraint("n");
        let response = response(&error);
        for (code, value) in [
            (b'S', "ERROR"),
            (b'V', "ERROR"),
            (b'C', "23502"),
            (b'M', "null value"),
            (b'D', "d"),
            (b'H', "h"),
            (b'P', "7"),
            (b'W', "line 1"),
            (b's', "public"),
            (b't', "t"),
            (b'c', "c"),
            (b'n', "n"),
        ] {
            assert_eq!(field(&response, code), Some(value));
        }
    }

    #[test]
    fn an_internal_error_keeps_its_text_to_itself() {
        let response = response(&Error::internal("row (4711, secret) was unexpected").with_detail("secret too"));
        assert_eq!(field(&response, b'C'), Some("XX000"));
        assert!(response.fields.iter().all(|(_, value)| !value.contains("secret")), "{:?}", response.fields);
        assert!(field(&response, b'H').is_some_and(|hint| hint.contains("log")));
    }

    #[test]
    fn a_nul_cannot_forge_a_field() {
        let response = response(&Error::new(Kind::UndefinedTable, "relation \"a\0C00000\" does not exist"));
        assert!(field(&response, b'M').is_some_and(|message| !message.contains('\0')));
    }
}
