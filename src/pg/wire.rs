//! One client's socket with what was read ahead of need and what waits to be written.
//!
//! The connection owns its socket alone. While a statement runs, the read half goes on being polled (up to a bound), so that a
//! client that leaves is noticed; while a write is stuck, too, so that two sides that both write cannot wait for each other.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use pgwire::messages::Message;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::error::Failure;
use super::frame::{self, MessageLimits, Stage};
use crate::error::Error;

/// Waiting output is written when it has grown to about this many bytes.
pub(super) const FLUSH_BYTES: usize = 64 * 1024;

/// Buffers larger than this are given back while the client is idle.
const KEPT_BYTES: usize = 16 * 1024;

/// Bytes read at a time, at first and at most.
const READ_BYTES: (usize, usize) = (8 * 1024, 128 * 1024);

/// A closing connection takes in at most so much of what the client still sends, for at most so long, because closing a socket
/// with unread bytes would make the client's system throw away the last error message.
const LINGER_BYTES: usize = 16 << 20;
const LINGER: Duration = Duration::from_secs(1);

/// A byte stream in both directions: TCP, TLS over it, or a pipe of a test.
pub trait Transport: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Transport for T {}

/// How a socket may keep the server waiting.
#[derive(Debug, Clone, Copy)]
pub(super) struct WireLimits {
    pub(super) messages: MessageLimits,
    /// Bytes of pipelined messages held while a statement runs.
    pub(super) read_ahead: usize,
    /// A client that takes nothing for so long is left.
    pub(super) stall: Duration,
}

pub(super) struct Wire {
    socket: Box<dyn Transport>,
    inbox: BytesMut,
    outbox: BytesMut,
    read_bytes: usize,
    /// The most that either buffer held since the client was last idle. A buffer that has been taken from the front no longer knows
    /// itself how large it is.
    high_water: usize,
    limits: WireLimits,
}

impl Wire {
    pub(super) fn new(socket: Box<dyn Transport>, limits: WireLimits) -> Self {
        Wire { socket, inbox: BytesMut::new(), outbox: BytesMut::new(), read_bytes: READ_BYTES.0, high_water: 0, limits }
    }

    /// Where messages wait to be written; rows are put straight into it.
    pub(super) fn outbox(&mut self) -> &mut BytesMut {
        &mut self.outbox
    }

    /// Forgets what waits to be written.
    pub(super) fn discard(&mut self) {
        self.outbox.clear();
    }

    /// Puts a message behind those that wait.
    pub(super) fn send(&mut self, message: &impl Message) -> Result<(), Failure> {
        let mark = self.outbox.len();
        message.encode(&mut self.outbox).map_err(|error| {
            // The library may have written the type before it found the message too long.
            self.outbox.truncate(mark);
            Failure::Statement(Error::internal(format!("a message could not be encoded: {error}")))
        })
    }

    /// Writes what waits, if it has grown large enough to be worth a system call.
    pub(super) async fn flush_if_full(&mut self) -> Result<(), Failure> {
        if self.outbox.len() >= FLUSH_BYTES { self.flush().await } else { Ok(()) }
    }

    /// Writes everything that waits.
    pub(super) async fn flush(&mut self) -> Result<(), Failure> {
        self.high_water = self.high_water.max(self.outbox.len());
        loop {
            match tokio::time::timeout(self.limits.stall, self.write_some()).await {
                Ok(Ok(true)) => {}
                Ok(Ok(false)) => return Ok(()),
                Ok(Err(_)) => return Err(Failure::Gone),
                Err(_) => {
                    tracing::warn!(stall_s = self.limits.stall.as_secs(), "the client takes nothing, its connection is closed");
                    return Err(Failure::Gone);
                }
            }
        }
    }

    /// Writes some bytes, or when none are left pushes out what the socket itself holds; false when that is done. While neither is
    /// possible, takes in what the client sends.
    async fn write_some(&mut self) -> io::Result<bool> {
        poll_fn(|cx| {
            if self.outbox.is_empty() {
                if let Poll::Ready(flushed) = Pin::new(&mut *self.socket).poll_flush(cx) {
                    return Poll::Ready(flushed.map(|()| false));
                }
            } else if let Poll::Ready(written) = Pin::new(&mut *self.socket).poll_write(cx, &self.outbox) {
                return Poll::Ready(match written? {
                    0 => Err(io::ErrorKind::WriteZero.into()),
                    bytes => {
                        self.outbox.advance(bytes);
                        Ok(true)
                    }
                });
            }
            while self.inbox.len() < self.limits.read_ahead {
                match self.poll_fill(cx) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
                    Poll::Ready(Ok(_)) => {}
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => break,
                }
            }
            Poll::Pending
        })
        .await
    }

    /// Reads once into the inbox; 0 is the end of the stream.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.inbox.reserve(self.read_bytes);
        let Wire { socket, inbox, .. } = self;
        // The future keeps no state of its own, so a new one for each poll loses nothing.
        let read = pin!(socket.read_buf(inbox)).poll(cx);
        self.high_water = self.high_water.max(self.inbox.len());
        if let Poll::Ready(Ok(bytes)) = read
            && bytes >= self.read_bytes
        {
            self.read_bytes = (self.read_bytes * 2).min(READ_BYTES.1);
        }
        read
    }

    /// Reads at least one byte. Safe to drop at any await.
    async fn fill(&mut self) -> Result<(), Failure> {
        match poll_fn(|cx| self.poll_fill(cx)).await {
            Ok(0) | Err(_) => Err(Failure::Gone),
            Ok(_) => Ok(()),
        }
    }

    /// The next whole message if it has been read already.
    ///
    /// # Errors
    /// As [`Wire::frame`].
    pub(super) fn whole_frame(&mut self, stage: Stage) -> Result<Option<BytesMut>, Failure> {
        Ok(frame::cut(&mut self.inbox, stage, &self.limits.messages)?)
    }

    /// The next whole message, its type in front. Safe to drop at any await.
    ///
    /// # Errors
    /// `Gone` at the end of the stream; fatal if the message must not come or is too long.
    pub(super) async fn frame(&mut self, stage: Stage) -> Result<BytesMut, Failure> {
        loop {
            if let Some(frame) = self.whole_frame(stage)? {
                return Ok(frame);
            }
            self.fill().await?;
        }
    }

    /// Whether nothing of a further message has been read.
    pub(super) fn is_drained(&self) -> bool {
        self.inbox.is_empty()
    }

    /// The first byte that the client sends, left where it is.
    pub(super) async fn peek(&mut self) -> Result<u8, Failure> {
        loop {
            if let Some(byte) = self.inbox.first() {
                return Ok(*byte);
            }
            self.fill().await?;
        }
    }

    /// A startup packet: a length, which counts itself, and so many bytes. Too short or too long ones close the connection without
    /// a word, because it is hardly PostgreSQL's protocol that is spoken then.
    pub(super) async fn startup_packet(&mut self) -> Result<BytesMut, Failure> {
        loop {
            if let Some(length) = self.inbox.get(..4) {
                let length = length.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
                if !(8..=frame::LOGIN_BYTES_MAX).contains(&length) {
                    tracing::debug!(length, "invalid length of a startup packet");
                    return Err(Failure::Gone);
                }
                if self.inbox.len() >= length {
                    return Ok(self.inbox.split_to(length));
                }
            }
            self.fill().await?;
        }
    }

    /// Ends only when the client has left. Reads ahead meanwhile, up to the bound. Safe to drop at any await.
    pub(super) async fn watch(&mut self) -> Failure {
        loop {
            if self.inbox.len() >= self.limits.read_ahead {
                return std::future::pending().await;
            }
            if let Err(failure) = self.fill().await {
                return failure;
            }
        }
    }

    /// Gives large buffers back. Called while the client is idle, so that thousands of idle clients cost little.
    pub(super) fn trim(&mut self) {
        if std::mem::take(&mut self.high_water) > KEPT_BYTES && self.inbox.is_empty() && self.outbox.is_empty() {
            self.inbox = BytesMut::new();
            self.outbox = BytesMut::new();
        }
        self.read_bytes = READ_BYTES.0;
    }

    /// Speaks TLS from here on. What has been read already is handed to the handshake as its beginning, so the caller makes sure
    /// that it is one. Returns the application protocol that was agreed on.
    pub(super) async fn start_tls(&mut self, acceptor: &TlsAcceptor) -> Result<Option<Vec<u8>>, Failure> {
        let socket = std::mem::replace(&mut self.socket, Box::new(tokio::io::empty()));
        let read = std::mem::take(&mut self.inbox);
        let stream: TlsStream<_> = acceptor.accept(Rewound { read, socket }).await.map_err(|error| {
            tracing::debug!(%error, "a TLS handshake failed");
            Failure::Gone
        })?;
        let protocol = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
        self.socket = Box::new(stream);
        Ok(protocol)
    }

    /// Writes what waits and closes, letting the client read it.
    pub(super) async fn hang_up(mut self) {
        let _ = tokio::time::timeout(LINGER, async {
            self.flush().await?;
            self.socket.shutdown().await.map_err(|_| Failure::Gone)?;
            let mut taken = 0;
            while taken < LINGER_BYTES {
                self.inbox.clear();
                self.fill().await?;
                taken += self.inbox.len();
            }
            Ok::<(), Failure>(())
        })
        .await;
    }
}

/// A socket whose first bytes have been read already.
struct Rewound {
    read: BytesMut,
    socket: Box<dyn Transport>,
}

impl AsyncRead for Rewound {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.read.is_empty() {
            return Pin::new(&mut *self.socket).poll_read(cx, into);
        }
        let bytes = self.read.len().min(into.remaining());
        into.put_slice(&self.read.split_to(bytes));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Rewound {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.socket).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> WireLimits {
        WireLimits { messages: MessageLimits::default(), read_ahead: 1024, stall: Duration::from_secs(5) }
    }

    #[tokio::test]
    async fn both_sides_may_write_at_once() {
        // Each direction holds 16 bytes, so a server that did not read while it writes would wait for ever.
        let (client, server) = tokio::io::duplex(16);
        let mut wire = Wire::new(Box::new(server), limits());
        wire.outbox().extend_from_slice(&[b'x'; 512]);
        let (mut read, mut write) = tokio::io::split(client);
        let sender = tokio::spawn(async move {
            write.write_all(&[b'y'; 512]).await.unwrap();
            let mut received = vec![0; 512];
            read.read_exact(&mut received).await.unwrap();
            (received, read, write)
        });
        wire.flush().await.unwrap();
        let (received, ..) = sender.await.unwrap();
        assert_eq!(received, vec![b'x'; 512]);
        assert_eq!(wire.inbox.len(), 512);
    }

    #[tokio::test]
    async fn reading_ahead_is_bounded() {
        let (mut client, server) = tokio::io::duplex(1 << 20);
        let mut wire = Wire::new(Box::new(server), limits());
        client.write_all(&vec![b'y'; 1 << 19]).await.unwrap();
        let watched = tokio::time::timeout(Duration::from_millis(50), wire.watch()).await;
        assert!(watched.is_err(), "the client has not left");
        assert!(wire.inbox.len() < 1024 + READ_BYTES.1 * 2, "{} bytes were read", wire.inbox.len());
    }

    #[tokio::test]
    async fn a_client_that_leaves_is_noticed() {
        let (client, server) = tokio::io::duplex(16);
        let mut wire = Wire::new(Box::new(server), limits());
        drop(client);
        assert!(matches!(wire.watch().await, Failure::Gone));
    }

    #[tokio::test]
    async fn a_client_that_takes_nothing_is_left() {
        let (_client, server) = tokio::io::duplex(16);
        let mut wire = Wire::new(Box::new(server), WireLimits { stall: Duration::from_millis(20), ..limits() });
        wire.outbox().extend_from_slice(&[b'x'; 512]);
        assert!(matches!(wire.flush().await, Err(Failure::Gone)));
    }

    #[tokio::test]
    async fn large_buffers_are_given_back_and_small_ones_kept() {
        let (mut client, server) = tokio::io::duplex(1 << 20);
        let mut wire = Wire::new(Box::new(server), limits());
        for (bytes, kept) in [(100, true), (100_000, false)] {
            wire.outbox().extend_from_slice(&vec![b'x'; bytes]);
            wire.flush().await.unwrap();
            client.read_exact(&mut vec![0; bytes]).await.unwrap();
            wire.trim();
            wire.outbox().extend_from_slice(b"y");
            assert_eq!(wire.outbox().capacity() > 50, kept, "after {bytes} bytes");
            wire.discard();
        }
    }
}
