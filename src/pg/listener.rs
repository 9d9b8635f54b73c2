//! Accepts connections and, when the server closes, sees them off.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use pgwire::messages::Message;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::connection;
use super::error::Fatal;
use super::{Shared, throttle};

/// How long accepting pauses after the system refused a connection, for example because no file descriptor is left.
const REFUSED_PAUSE: Duration = Duration::from_millis(100);

/// A connected client's silence after which the system asks whether it is still there, and how often and how many times it asks.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_secs(60), Duration::from_secs(10), 6);

/// Serves clients until `stop`, then sees them off.
///
/// Idle clients are sent away at once. Running statements may end by themselves within the drain time, are then canceled, and
/// what is left after the grace time is dropped.
pub(super) async fn listen(shared: &Arc<Shared>, listener: TcpListener, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    prepare(&stream, shared.limits.stall);
                    // Who finds the queue full is sent away here, without a task that would cost more.
                    match shared.gate.queue(throttle::network(peer.ip())) {
                        Ok(queued) => {
                            let serving = connection::serve(Arc::clone(shared), Box::new(stream), peer, queued, stop.clone());
                            connections.spawn(serving);
                        }
                        Err(fatal) => turn_away(&stream, peer, &fatal),
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(REFUSED_PAUSE).await;
                }
            }
        }
    }
    // The port is free from here on, so that a successor can take it while the last statements end.
    drop(listener);
    drain(shared, connections).await;
}

/// Says why, without waiting for anything.
fn turn_away(stream: &TcpStream, peer: SocketAddr, fatal: &Fatal) {
    tracing::warn!(%peer, "connection refused: {}", fatal.error().message());
    let mut bytes = BytesMut::new();
    if fatal.response().encode(&mut bytes).is_ok() {
        // A fresh socket takes so few bytes at once; if not, the client sees only that it was closed.
        let _ = stream.try_write(&bytes);
    }
}

/// Sets what keeps a vanished client from holding its session.
fn prepare(stream: &TcpStream, stall: Duration) {
    let (after, every, times) = KEEPALIVE;
    let keepalive = TcpKeepalive::new().with_time(after).with_interval(every).with_retries(times);
    let socket = SockRef::from(stream);
    let set = stream
        .set_nodelay(true)
        .and_then(|()| socket.set_tcp_keepalive(&keepalive))
        .and_then(|()| set_user_timeout(&socket, stall));
    if let Err(error) = set {
        tracing::debug!(%error, "a socket's options could not be set");
    }
}

#[cfg(target_os = "linux")]
fn set_user_timeout(socket: &SockRef<'_>, stall: Duration) -> std::io::Result<()> {
    socket.set_tcp_user_timeout(Some(stall))
}

#[cfg(not(target_os = "linux"))]
fn set_user_timeout(_: &SockRef<'_>, _: Duration) -> std::io::Result<()> {
    Ok(())
}

async fn drain(shared: &Arc<Shared>, mut connections: JoinSet<()>) {
    let gone = async |connections: &mut JoinSet<()>, limit| {
        tokio::time::timeout(limit, async { while connections.join_next().await.is_some() {} }).await.is_ok()
    };
    if gone(&mut connections, shared.limits.drain).await {
        return;
    }
    tracing::info!(connections = connections.len(), "statements still run, they are canceled");
    shared.registry.shut_down();
    if !gone(&mut connections, shared.limits.grace).await {
        tracing::warn!(connections = connections.len(), "connections do not end, they are dropped");
        connections.shutdown().await;
    }
}
