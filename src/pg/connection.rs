//! One connection from its first byte to its last: it owns the socket, and runs one message after the other.
//!
//! A panic in a connection ends that connection alone. In a session, a message that fails is answered by an ErrorResponse; if it
//! was one of the extended protocol, everything up to the next Sync is skipped. A transaction block that nobody opened
//! explicitly ends with the Sync or with the simple query.

use std::any::Any;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use futures::FutureExt;
use pgwire::messages::response::{self, NotificationResponse, ReadyForQuery};
use pgwire::messages::startup::{BackendKeyData, ParameterStatus, SecretKey};
use pgwire::messages::{PgWireFrontendMessage, ProtocolVersion};
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::auth::{self, Applicant};
use super::cancel::{self, Interrupt, Registered};
use super::error::{self, Failure, Fatal};
use super::frame::{self, Stage};
use super::gate::{Queued, Seat};
use super::startup::{self, Hello, Opening};
use super::throttle;
use super::wire::{Transport, Wire};
use crate::error::{Error, Kind};
use crate::query::session::{Login, Outcome, Prepared, Session, Timeout, TransactionStatus};

/// A client that has logged in.
pub(super) struct Connection<'a> {
    pub(super) wire: &'a mut Wire,
    pub(super) session: Session,
    pub(super) interrupt: Arc<Interrupt>,
    pub(super) shared: Arc<Shared>,
    stop: CancellationToken,
    /// A message of the extended protocol failed: skip to the next Sync.
    skipping: bool,
    /// Something failed since the last ReadyForQuery.
    failed: bool,
    /// ReadyForQuery was said last, and nothing has been begun since.
    resting: bool,
    _registered: Registered,
    _seat: Seat,
}

/// Serves one client until it leaves or is sent away.
pub(super) async fn serve(
    shared: Arc<Shared>,
    socket: Box<dyn Transport>,
    peer: SocketAddr,
    queued: Queued,
    stop: CancellationToken,
) {
    let mut wire = Wire::new(socket, shared.wire_limits());
    let fatal = match AssertUnwindSafe(converse(&mut wire, &shared, peer, queued, stop)).catch_unwind().await {
        // TLS wants to be closed with a word: a client that asked for a cancellation calls it failed otherwise.
        Ok(Ok(())) => return wire.hang_up().await,
        Ok(Err(Failure::Gone)) => return,
        Ok(Err(Failure::Fatal(fatal))) => *fatal,
        Ok(Err(Failure::Statement(error))) => Fatal::from(error),
        Err(panic) => {
            // The message that was being put together when it happened is of no use.
            wire.discard();
            Fatal::from(Error::internal(format!("a connection panicked: {}", panic_text(&*panic))))
        }
    };
    tracing::debug!(%peer, sqlstate = fatal.sqlstate(), error = ?fatal.error(), "connection closed");
    if wire.send(&fatal.response()).is_ok() {
        wire.hang_up().await;
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("unknown")
}

async fn converse(
    wire: &mut Wire,
    shared: &Arc<Shared>,
    peer: SocketAddr,
    queued: Queued,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let admitted = tokio::select! {
        biased;
        () = stop.cancelled() => {
            return Err(Fatal::new(Kind::CannotConnectNow, "the database system is shutting down").into());
        }
        admitted = tokio::time::timeout(shared.limits.login, Box::pin(log_in(wire, shared, peer, &queued))) => match admitted {
            Ok(admitted) => admitted.map_err(Failure::fatal)?,
            Err(_) => {
                tracing::debug!(%peer, "a client did not log in in time");
                return Err(Failure::Gone);
            }
        }
    };
    drop(queued);
    let Some(Admitted { session, registered, seat }) = admitted else {
        return Ok(());
    };
    let connection = Connection {
        wire,
        session,
        interrupt: Arc::clone(&registered.interrupt),
        shared: Arc::clone(shared),
        stop,
        skipping: false,
        failed: false,
        resting: false,
        _registered: registered,
        _seat: seat,
    };
    connection.run().await
}

/// What a client has after its login.
struct Admitted {
    session: Session,
    registered: Registered,
    seat: Seat,
}

/// From the first byte to the parameters that follow AuthenticationOk; `None` if it was a CancelRequest.
async fn log_in(wire: &mut Wire, shared: &Arc<Shared>, peer: SocketAddr, queued: &Queued) -> Result<Option<Admitted>, Failure> {
    let network = throttle::network(peer.ip());
    let hello = match startup::open(wire, shared, peer).await? {
        Opening::Session(hello) => hello,
        Opening::Cancel { pid, key } => {
            shared.registry.cancel(network, pid, &key);
            return Ok(None);
        }
    };
    if let Some(negotiation) = hello.negotiation() {
        wire.send(&negotiation)?;
    }
    match admit(wire, shared, peer, queued, &hello).await {
        Ok(admitted) => Ok(Some(admitted)),
        Err(failure) => {
            if let Failure::Fatal(fatal) = &failure {
                shared.engine.record_refused_login(&hello.user, &peer.to_string(), &hello.application, fatal.error());
            }
            Err(failure)
        }
    }
}

/// Lets a client in that has said who it is.
async fn admit(
    wire: &mut Wire,
    shared: &Arc<Shared>,
    peer: SocketAddr,
    queued: &Queued,
    hello: &Hello,
) -> Result<Admitted, Failure> {
    let applicant = Applicant { user: &hello.user, network: throttle::network(peer.ip()), secure: hello.secure };
    let credential = auth::authenticate(wire, shared, &applicant).await?;
    if hello.database != shared.database {
        return Err(Fatal::new(Kind::InvalidCatalogName, format!("database \"{}\" does not exist", hello.database))
            .with_hint(format!("The one database is \"{}\".", shared.database))
            .into());
    }
    let seat = queued.seat(&hello.user, &credential)?;
    let registered = shared.registry.register(hello.key_bytes())?;
    let login = Login::new(&hello.user, credential.role, &hello.application, peer.to_string(), registered.pid);
    let mut session = Session::new(Arc::clone(&shared.engine), login);
    for (name, value) in &hello.settings {
        session.set_at_login(name, value)?;
    }
    tracing::info!(user = ?hello.user, %peer, application = ?hello.application, tls = hello.secure, pid = registered.pid, "login");
    session.limit_named(shared.limits.statements);
    session.limit_portals(shared.limits.portals);
    session.reach(registered.interrupt.clone());
    greet(wire, &session, &registered, hello)?;
    Ok(Admitted { session, registered, seat })
}

fn greet(wire: &mut Wire, session: &Session, registered: &Registered, hello: &Hello) -> Result<(), Failure> {
    for (name, value) in session.parameters() {
        wire.send(&ParameterStatus::new(name.to_owned(), value))?;
    }
    let key = match hello.protocol {
        ProtocolVersion::PROTOCOL3_0 => SecretKey::I32(registered.key.iter().fold(0_i32, |sum, byte| sum << 8 | i32::from(*byte))),
        ProtocolVersion::PROTOCOL3_2 | ProtocolVersion::PROTOCOL3_9999 => SecretKey::Bytes(registered.key.clone()),
    };
    wire.send(&BackendKeyData::new(registered.pid, key))
}

impl Connection<'_> {
    async fn run(mut self) -> Result<(), Failure> {
        let ended = self.take_messages().await;
        if let Err(Failure::Fatal(fatal)) = &ended {
            self.session.fails(fatal.error());
        }
        ended
    }

    async fn take_messages(&mut self) -> Result<(), Failure> {
        self.ready().await?;
        loop {
            let message = self.next().await?;
            let tag = message.first().copied().unwrap_or_default();
            if self.skipping && !matches!(tag, b'S' | b'X') {
                continue;
            }
            // What waits for something is boxed, so that an idle connection does not hold the memory of a running one.
            let going_on = match frame::decode(message).map(|message| self.at_once(message)) {
                Ok(Ok(done)) => self.step(done).await.map(|()| true),
                Ok(Err(message)) => Box::pin(self.handle(message)).await,
                Err(error) => Box::pin(self.refuse(tag, error)).await.map(|()| true),
            };
            if !going_on? {
                return Ok(());
            }
        }
    }

    /// Does what a message asks for if that waits for nothing; gives any other message back.
    fn at_once(&mut self, message: PgWireFrontendMessage) -> Result<Result<(), Failure>, PgWireFrontendMessage> {
        match message {
            PgWireFrontendMessage::Bind(bind) => Ok(self.bind(bind)),
            PgWireFrontendMessage::Describe(describe) => Ok(self.describe(&describe)),
            PgWireFrontendMessage::Close(close) => Ok(self.close(&close)),
            other => Err(other),
        }
    }

    /// Waits for the next message, which is when a client is idle.
    async fn next(&mut self) -> Result<BytesMut, Failure> {
        if self.resting && self.stop.is_cancelled() {
            return Err(cancel::going_down().into());
        }
        if let Some(message) = self.wire.whole_frame(Stage::Session)? {
            return Ok(message);
        }
        if self.wire.is_drained() {
            self.wire.trim();
        }
        let mut idle = pin!(idle_for(self.idle_limit()));
        let hears = self.resting && self.session.transaction_status() == TransactionStatus::Idle;
        loop {
            let inbox = self.session.inbox();
            tokio::select! {
                biased;
                message = self.wire.frame(Stage::Session) => return message,
                () = self.stop.cancelled() => return Err(cancel::going_down().into()),
                () = self.interrupt.terminated() => return Err(cancel::going_down().into()),
                fatal = &mut idle => return Err(fatal.into()),
                () = inbox.filled(), if hears => {}
            }
            self.deliver()?;
            self.wire.flush().await?;
        }
    }

    /// Hands over what other sessions, or this one, have said.
    fn deliver(&mut self) -> Result<(), Failure> {
        for said in self.session.inbox().take() {
            self.wire.send(&NotificationResponse::new(said.pid, said.channel.to_string(), said.payload.to_string()))?;
        }
        Ok(())
    }

    /// How long the client may stay silent now, and what it is told then.
    fn idle_limit(&self) -> (Option<Duration>, fn() -> Fatal) {
        let limits = &self.shared.limits;
        if self.resting && self.session.transaction_status() == TransactionStatus::Idle {
            return (self.timeout(Timeout::IdleSession).or(limits.idle_session), || {
                Fatal::new(Kind::IdleSessionTimeout, "terminating connection due to idle-session timeout")
            });
        }
        (self.timeout(Timeout::IdleInTransaction).or(limits.idle_in_transaction), || {
            Fatal::new(Kind::IdleInTransactionSessionTimeout, "terminating connection due to idle-in-transaction timeout")
        })
    }

    /// The time that the session gives one statement.
    pub(super) fn statement_timeout(&self) -> Option<Duration> {
        self.timeout(Timeout::Statement)
    }

    fn timeout(&self, timeout: Timeout) -> Option<Duration> {
        self.session.timeout_ms(timeout).map(Duration::from_millis)
    }

    /// Does what a message asks for that may wait for something; false if the client says goodbye.
    async fn handle(&mut self, message: PgWireFrontendMessage) -> Result<bool, Failure> {
        self.interrupt.begin(self.statement_timeout());
        let going_on = self.dispatch(message).await;
        self.interrupt.end();
        going_on
    }

    async fn dispatch(&mut self, message: PgWireFrontendMessage) -> Result<bool, Failure> {
        match message {
            PgWireFrontendMessage::Query(query) => {
                self.resting = false;
                Box::pin(self.simple_query(&query.query)).await?;
            }
            PgWireFrontendMessage::Parse(parse) => {
                let done = self.parse(parse).await;
                self.step(done).await?;
            }
            PgWireFrontendMessage::Execute(execute) => {
                let done = self.execute(execute).await;
                self.step(done).await?;
            }
            PgWireFrontendMessage::Flush(_) => self.wire.flush().await?,
            PgWireFrontendMessage::Sync(_) => self.sync().await?,
            PgWireFrontendMessage::Terminate(_) => return Ok(false),
            // What is left of a COPY that failed on this side has no meaning any more.
            PgWireFrontendMessage::CopyData(_) | PgWireFrontendMessage::CopyDone(_) | PgWireFrontendMessage::CopyFail(_) => {}
            PgWireFrontendMessage::Bind(_) | PgWireFrontendMessage::Describe(_) | PgWireFrontendMessage::Close(_) => {
                return Err(Error::internal("a message that waits for nothing is done at once").into());
            }
            PgWireFrontendMessage::SslNegotiation(_)
            | PgWireFrontendMessage::Startup(_)
            | PgWireFrontendMessage::CancelRequest(_)
            | PgWireFrontendMessage::PasswordMessageFamily(_)
            | PgWireFrontendMessage::PortalSuspended(_) => {
                return Err(Failure::protocol("a message of the startup came in a session"));
            }
        }
        Ok(true)
    }

    /// Runs a statement of a text in the transaction that lasts to its end, or in an explicit one.
    ///
    /// The session never commits by itself that way: [`Connection::finish_block`] does, which nothing drops half-way. The same holds
    /// for a COMMIT, which is therefore not attended.
    pub(super) async fn run_prepared(&mut self, prepared: &Prepared) -> Result<Outcome, Failure> {
        self.session.begin_implicit();
        let work = pin!(self.session.run(prepared, &[]));
        if prepared.must_finish() { Ok(work.await?) } else { self.interrupt.attend(self.wire, work).await }
    }

    /// Answers a message that could not be read.
    async fn refuse(&mut self, tag: u8, error: Error) -> Result<(), Failure> {
        match tag {
            b'P' | b'B' | b'D' | b'E' | b'C' | b'H' => self.step(Err(error.into())).await,
            // A Sync ends a pipeline even when it says too much.
            b'Q' | b'F' | b'S' => {
                self.skipping = false;
                self.note_failure();
                self.tell(&error)?;
                self.end_block().await?;
                self.ready().await
            }
            _ => Err(Fatal::from(error).into()),
        }
    }

    /// After one message of the extended protocol: if it failed, tells the client and skips to the next Sync.
    async fn step(&mut self, done: Result<(), Failure>) -> Result<(), Failure> {
        self.resting = false;
        self.send_notices()?;
        match done {
            Ok(()) => self.wire.flush_if_full().await,
            Err(Failure::Statement(error)) => {
                self.note_failure();
                self.skipping = true;
                self.tell(&error)?;
                self.wire.flush().await
            }
            Err(failure @ (Failure::Fatal(_) | Failure::Gone)) => Err(failure),
        }
    }

    /// The end of a pipeline.
    async fn sync(&mut self) -> Result<(), Failure> {
        self.skipping = false;
        self.end_block().await?;
        self.ready().await
    }

    /// Ends the transaction block that nobody opened explicitly, and tells the client if that fails.
    pub(super) async fn end_block(&mut self) -> Result<(), Failure> {
        match self.finish_block().await {
            Err(Failure::Statement(error)) => self.tell(&error),
            other => other,
        }
    }

    /// Ends the transaction block that nobody opened explicitly: by a commit, or by a rollback if something failed since the last
    /// ReadyForQuery. Never dropped half-way, so that the end of a commit is either told or the connection lost.
    pub(super) async fn finish_block(&mut self) -> Result<(), Failure> {
        let failed = std::mem::take(&mut self.failed);
        Ok(self.session.finish_implicit(failed).await?)
    }

    /// Something failed, perhaps where the session cannot have seen it, as when rows were sent.
    pub(super) fn note_failure(&mut self) {
        self.failed = true;
        self.session.fail();
    }

    pub(super) fn tell(&mut self, error: &Error) -> Result<(), Failure> {
        self.session.fails(error);
        self.wire.send(&error::response(error))
    }

    pub(super) fn send_notices(&mut self) -> Result<(), Failure> {
        for notice in self.session.take_notices() {
            self.wire.send(&error::notice(notice.severity, &notice.report))?;
        }
        Ok(())
    }

    /// Tells the client that it is its turn, after everything that changed meanwhile.
    pub(super) async fn ready(&mut self) -> Result<(), Failure> {
        self.send_notices()?;
        for (name, value) in self.session.take_parameter_changes() {
            self.wire.send(&ParameterStatus::new(name, value))?;
        }
        if self.session.transaction_status() == TransactionStatus::Idle {
            self.deliver()?;
        }
        self.session.rest();
        let status = match self.session.transaction_status() {
            TransactionStatus::Idle => response::TransactionStatus::Idle,
            TransactionStatus::Open => response::TransactionStatus::Transaction,
            TransactionStatus::Failed => response::TransactionStatus::Error,
        };
        self.wire.send(&ReadyForQuery::new(status))?;
        self.resting = true;
        self.wire.flush().await
    }
}

/// Ends when the client has been silent for too long; never without a limit.
async fn idle_for((limit, told): (Option<Duration>, fn() -> Fatal)) -> Fatal {
    match limit {
        Some(limit) => {
            tokio::time::sleep(limit).await;
            told()
        }
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<A, B, F>(_: fn(A, B) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn the_work_of_a_message_is_small_enough_to_be_moved_about() {
        // It goes into a box for each message. What few statements need stands in boxes of its own.
        assert!(bytes(Connection::handle) <= 4 * 1024, "{} bytes", bytes(Connection::handle));
    }
}
