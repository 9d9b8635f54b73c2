//! How does a PostgreSQL client talk to Annals? The door reads the wire protocol (version 3.0 and 3.2), lets a user in, hands
//! statements to a session of the query room, and sends back what comes out. It must never know tables, roles or plans.
//!
//! Words: a *message* is one unit of the protocol, a *frame* its bytes. A client is first *queued*, and has a *seat* once it has
//! logged in. A *portal* is a bound statement whose rows may be fetched in portions. To *attend* work is to wait for it while the
//! client is watched: if it leaves or cancels, the work is dropped.
//!
//! The life of a connection: `listener` accepts it, `connection::serve` owns its socket (`wire`); `startup` turns on TLS and reads
//! what the client wants, `auth` checks who it is, `gate` gives it a seat; then `connection` cuts and checks each message (`frame`)
//! and passes it to `simple`, `extended` or `copy`, whose results go out through `rows`. `cancel` ends what shall not go on.

mod auth;
mod cancel;
mod connection;
mod copy;
mod error;
mod extended;
mod frame;
mod gate;
mod listener;
mod parameters;
mod rows;
mod simple;
mod startup;
#[cfg(test)]
mod tests;
mod throttle;
mod tls;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use auth::{Authenticator, Credential};
pub use frame::MessageLimits;
pub use gate::ConnectionLimits;
pub use rows::{Format, data_rows};
pub use tls::Tls;
pub use wire::Transport;

pub use crate::policy::{ITERATIONS, Verifier, scram_verifier};
use crate::query::session::Engine;

/// What the door is built of.
pub struct Parts {
    pub engine: Arc<Engine>,
    pub authenticator: Arc<dyn Authenticator>,
    /// `None`: the server speaks no TLS.
    pub tls: Option<Tls>,
    /// Lets other machines connect without TLS.
    pub insecure: bool,
    /// The name of the one database.
    pub database: String,
    /// From which the answers to users who do not exist are derived. Kept with the data, so that they stay the same after a restart.
    pub secret: [u8; 32],
    pub limits: Limits,
}

/// Every bound of the door.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub connections: ConnectionLimits,
    pub messages: MessageLimits,
    /// For TLS, startup and authentication together.
    pub login: Duration,
    /// A client that takes none of its results for so long is left. Shorter frees what it holds sooner, longer forgives slow readers.
    pub stall: Duration,
    /// Bytes of pipelined messages that are read while a statement runs.
    pub read_ahead: usize,
    /// Prepared statements of a session; each keeps a plan.
    pub statements: usize,
    /// Portals of a session; each may keep a running query.
    pub portals: usize,
    /// How long a client may be silent in an open transaction, unless the session sets it. An open one keeps a snapshot alive.
    pub idle_in_transaction: Option<Duration>,
    /// How long a client may be silent outside a transaction, unless the session sets it.
    pub idle_session: Option<Duration>,
    /// How long running statements may go on after the stop signal.
    pub drain: Duration,
    /// How long canceled statements may take to end after that.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: ConnectionLimits::default(),
            messages: MessageLimits::default(),
            login: Duration::from_secs(10),
            stall: Duration::from_secs(300),
            read_ahead: 1 << 20,
            statements: 2_000,
            portals: 500,
            idle_in_transaction: Some(Duration::from_secs(3600)),
            idle_session: None,
            drain: Duration::from_secs(10),
            grace: Duration::from_secs(5),
        }
    }
}

/// The door for PostgreSQL clients. Cloning gives another handle to the same door.
#[derive(Clone)]
pub struct Door {
    shared: Arc<Shared>,
}

/// What all connections share.
struct Shared {
    engine: Arc<Engine>,
    authenticator: Arc<dyn Authenticator>,
    tls: Option<Tls>,
    insecure: bool,
    database: String,
    secret: [u8; 32],
    limits: Limits,
    gate: Arc<gate::Gate>,
    throttle: throttle::Throttle,
    registry: Arc<cancel::Registry>,
}

impl Shared {
    fn wire_limits(&self) -> wire::WireLimits {
        wire::WireLimits { messages: self.limits.messages, read_ahead: self.limits.read_ahead, stall: self.limits.stall }
    }
}

impl Door {
    pub fn new(parts: Parts) -> Door {
        let Parts { engine, authenticator, tls, insecure, database, secret, limits } = parts;
        Door {
            shared: Arc::new(Shared {
                engine,
                authenticator,
                tls,
                insecure,
                database,
                secret,
                gate: gate::Gate::new(limits.connections),
                limits,
                throttle: throttle::Throttle::default(),
                registry: Arc::new(cancel::Registry::default()),
            }),
        }
    }

    /// Serves clients of this listener until `stop`, and returns when the last one has left: idle ones are sent away at once,
    /// running statements get [`Limits::drain`] to end, then they are canceled. Any number of listeners share the door.
    pub async fn listen(&self, listener: TcpListener, stop: CancellationToken) {
        listener::listen(&self.shared, listener, stop).await;
    }

    /// Serves one client over any byte stream, as if it came from `peer`. Closes it at once if too many are logging in.
    pub async fn serve(&self, socket: Box<dyn Transport>, peer: SocketAddr, stop: CancellationToken) {
        if let Ok(queued) = self.shared.gate.queue(throttle::network(peer.ip())) {
            connection::serve(Arc::clone(&self.shared), socket, peer, queued, stop).await;
        }
    }
}
