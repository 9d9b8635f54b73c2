//! The simple protocol: one text of any number of statements, run as one transaction unless it says otherwise, with text results.

use pgwire::messages::response::{CommandComplete, EmptyQueryResponse};

use super::connection::Connection;
use super::error::Failure;
use super::rows::{Format, RowSource, row_description};
use crate::query::session::{Outcome, Parsed, Prepared, Session};

impl Connection<'_> {
    /// Runs a text and answers it up to ReadyForQuery.
    pub(super) async fn simple_query(&mut self, text: &str) -> Result<(), Failure> {
        // A simple query replaces the unnamed statement and portal, as in PostgreSQL.
        self.session.forget_named("");
        self.session.close_portal("");
        match self.run_text(text).await {
            Ok(()) => {}
            Err(Failure::Statement(error)) => {
                self.note_failure();
                self.send_notices()?;
                self.tell(&error)?;
                self.end_block().await?;
            }
            Err(failure @ (Failure::Fatal(_) | Failure::Gone)) => return Err(failure),
        }
        self.ready().await
    }

    async fn run_text(&mut self, text: &str) -> Result<(), Failure> {
        let statements = parse(&mut self.session, text)?;
        let last = statements.len().saturating_sub(1);
        if statements.is_empty() {
            self.finish_block().await?;
            return self.wire.send(&EmptyQueryResponse::new());
        }
        for (index, statement) in statements.iter().enumerate() {
            // Each statement of a text has the whole of its time limit.
            self.interrupt.limit(self.statement_timeout());
            if last > 0 {
                self.session.begin_several();
            }
            let tag = self.run_statement(statement).await?;
            self.send_notices()?;
            if index == last {
                // What is told as done must be durable, so the last statement is answered after its transaction's end.
                self.finish_block().await?;
            }
            // What is told as done must also be recorded.
            self.session.ends().await?;
            match tag {
                Some(tag) => self.wire.send(&CommandComplete::new(tag))?,
                None => self.wire.send(&EmptyQueryResponse::new())?,
            }
        }
        Ok(())
    }

    /// Runs one statement and sends its rows. Returns its tag, `None` if it was empty.
    async fn run_statement(&mut self, statement: &Parsed) -> Result<Option<String>, Failure> {
        let format = if self.session.is_binary(statement) { Format::Binary } else { Format::Text };
        match self.run_prepared(&Prepared::unplanned(statement)).await? {
            Outcome::Empty => Ok(None),
            Outcome::Done { tag } => Ok(Some(tag)),
            Outcome::Rows { columns, rows, tag } => {
                self.send_notices()?;
                let formats = vec![format; columns.len()];
                self.wire.send(&row_description(&columns, &formats)?)?;
                let mut source = RowSource::new(&columns, formats, rows, tag, self.session.style());
                let sent = source.send(self.wire, &self.interrupt).await?;
                Ok(Some(source.tag(sent)))
            }
            Outcome::CopyOut { columns, rows, options } => self.copy_out(&columns, rows, &options).await.map(Some),
            Outcome::CopyIn(copy) => self.copy_in(copy).await.map(Some),
        }
    }
}

/// Texts from this size on are parsed where other connections of the same thread do not have to wait.
const LONG_TEXT: usize = 256 * 1024;

/// Parses a text, which is work without any await in it.
pub(super) fn parse(session: &mut Session, text: &str) -> Result<Vec<Parsed>, Failure> {
    use tokio::runtime::{Handle, RuntimeFlavor};
    if text.len() >= LONG_TEXT && Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread {
        return Ok(tokio::task::block_in_place(|| session.parse(text))?);
    }
    Ok(session.parse(text)?)
}
