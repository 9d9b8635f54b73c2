//! A client that writes whatever bytes a test wants, and tells what came back.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use postgres_protocol::authentication::sasl::{ChannelBinding, ScramSha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{PASSWORD, PATIENCE};

/// Silence that means that the server waits for more. A slow machine makes the test slow, not wrong: both servers are probed first.
const SILENCE: Duration = Duration::from_secs(4);

/// One message of the protocol: a type, a length that counts itself, and a body.
pub(super) fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    bytes.extend((u32::try_from(body.len()).unwrap() + 4).to_be_bytes());
    bytes.extend(body);
    bytes
}

pub(super) fn query(sql: &str) -> Vec<u8> {
    message(b'Q', &[sql.as_bytes(), b"\0"].concat())
}

pub(super) fn parse(name: &str, sql: &str) -> Vec<u8> {
    message(b'P', &[name.as_bytes(), b"\0", sql.as_bytes(), b"\0\0\0"].concat())
}

/// A Bind of the unnamed portal with formats and values written out.
pub(super) fn bind(statement: &str, formats: &[u16], values: &[Option<&[u8]>], results: &[u16]) -> Vec<u8> {
    let mut body = BytesMut::new();
    body.put_u8(0);
    body.put_slice(statement.as_bytes());
    body.put_u8(0);
    let count = |length: usize| u16::try_from(length).unwrap();
    body.put_u16(count(formats.len()));
    formats.iter().for_each(|format| body.put_u16(*format));
    body.put_u16(count(values.len()));
    for value in values {
        match value {
            Some(bytes) => {
                body.put_u32(u32::try_from(bytes.len()).unwrap());
                body.put_slice(bytes);
            }
            None => body.put_i32(-1),
        }
    }
    body.put_u16(count(results.len()));
    results.iter().for_each(|format| body.put_u16(*format));
    message(b'B', &body)
}

pub(super) fn execute(portal: &str, rows: i32) -> Vec<u8> {
    message(b'E', &[portal.as_bytes(), b"\0", &rows.to_be_bytes()].concat())
}

pub(super) fn sync() -> Vec<u8> {
    message(b'S', b"")
}

/// A startup packet: a length that counts itself, a version and pairs of names and values.
pub(super) fn startup(version: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = (u32::try_from(body.len()).unwrap() + 8).to_be_bytes().to_vec();
    bytes.extend(version.to_be_bytes());
    bytes.extend(body);
    bytes
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The connection answers the next query.
    Open,
    Closed,
    /// Nothing more comes: the server waits for the rest.
    Waiting,
}

/// What came back: each message's type, with severity and SQLSTATE of errors, and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) messages: Vec<String>,
    pub(super) end: End,
}

impl Answer {
    /// The errors, as `FATAL 08P01`.
    pub(super) fn errors(&self) -> Vec<&str> {
        self.messages.iter().filter_map(|message| message.strip_prefix("E ")).collect()
    }
}

/// A raw connection.
pub(super) struct Wire {
    stream: TcpStream,
    inbox: BytesMut,
}

impl Wire {
    pub(super) async fn open(server: SocketAddr) -> Wire {
        let stream = TcpStream::connect(server).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Wire { stream, inbox: BytesMut::new() }
    }

    /// A connection that has logged in with SCRAM and is ready for a query.
    pub(super) async fn logged_in(server: SocketAddr) -> Wire {
        let mut wire = Wire::open(server).await;
        wire.send(&startup(3 << 16, b"user\0annals\0database\0annals\0\0")).await;
        let mut scram = ScramSha256::new(PASSWORD.as_bytes(), ChannelBinding::unsupported());
        loop {
            let (tag, body) = wire.receive(PATIENCE).await.expect("the server closed while it was logged in to");
            match (tag, body.get(..4)) {
                (b'R', Some([0, 0, 0, 10])) => {
                    let mut first = b"SCRAM-SHA-256\0".to_vec();
                    first.extend(u32::try_from(scram.message().len()).unwrap().to_be_bytes());
                    first.extend(scram.message());
                    wire.send(&message(b'p', &first)).await;
                }
                (b'R', Some([0, 0, 0, 11])) => {
                    scram.update(&body[4..]).unwrap();
                    wire.send(&message(b'p', scram.message())).await;
                }
                (b'E', _) => panic!("refused: {}", error_of(&body)),
                (b'Z', _) => return wire,
                _ => {}
            }
        }
    }

    /// Sends bytes. That the server has closed already shows when it is read from.
    pub(super) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.ok();
    }

    /// The next message; `None` at the end of the connection. A server that is silent so long fails the test.
    async fn receive(&mut self, patience: Duration) -> Option<(u8, Vec<u8>)> {
        self.try_receive(patience).await.expect("the server is silent")
    }

    /// The next message, the end of the connection, or silence.
    async fn try_receive(&mut self, patience: Duration) -> Result<Option<(u8, Vec<u8>)>, Silence> {
        loop {
            if let Some(length) = self.inbox.get(1..5) {
                let length = u32::from_be_bytes(length.try_into().unwrap()) as usize;
                if self.inbox.len() > length {
                    let frame = self.inbox.split_to(length + 1);
                    return Ok(Some((frame[0], frame[5..].to_vec())));
                }
            }
            match tokio::time::timeout(patience, self.stream.read_buf(&mut self.inbox)).await {
                Err(_) => return Err(Silence),
                Ok(Ok(0) | Err(_)) => return Ok(None),
                Ok(Ok(_)) => {}
            }
        }
    }

    /// Sends bytes, then a query as a probe, and reads until the probe is answered, the connection ends or nothing more comes.
    pub(super) async fn probe(mut self, bytes: &[u8]) -> Answer {
        self.send(bytes).await;
        self.send(&query("SELECT 'still here'")).await;
        let mut messages = Vec::new();
        let mut answered = false;
        loop {
            match self.try_receive(SILENCE).await {
                Err(Silence) => return Answer { messages, end: End::Waiting },
                Ok(None) => return Answer { messages, end: End::Closed },
                Ok(Some((b'D', body))) if body.ends_with(b"still here") => answered = true,
                // The end of the probe: what describes and completes it is no part of the answer.
                Ok(Some((b'Z', _))) if answered => {
                    if messages.last().is_some_and(|last| last == "C") {
                        messages.pop();
                    }
                    if messages.last().is_some_and(|last| last == "T") {
                        messages.pop();
                    }
                    return Answer { messages, end: End::Open };
                }
                Ok(Some((b'E', body))) => messages.push(format!("E {}", error_of(&body))),
                Ok(Some((b'Z', body))) => messages.push(format!("Z {}", char::from(body[0]))),
                // Notices and parameters come when a server likes.
                Ok(Some((b'N' | b'S', _))) => {}
                Ok(Some((tag, _))) => messages.push(char::from(tag).to_string()),
            }
        }
    }

    /// Reads a little of what comes, as a client does that soon leaves.
    pub(super) async fn taste(mut self) {
        const SIP: Duration = Duration::from_millis(5);
        while let Ok(Some(_)) = self.try_receive(SIP).await {}
    }

    /// Sends bytes of a client that has not logged in, and reads to the end or to silence.
    pub(super) async fn knock(mut self, bytes: &[u8]) -> Answer {
        self.send(bytes).await;
        let mut messages = Vec::new();
        loop {
            match self.try_receive(SILENCE).await {
                Err(Silence) => return Answer { messages, end: End::Waiting },
                Ok(None) => return Answer { messages, end: End::Closed },
                Ok(Some((b'E', body))) => messages.push(format!("E {}", error_of(&body))),
                Ok(Some((tag, _))) => messages.push(char::from(tag).to_string()),
            }
        }
    }
}

/// Nothing came for a while.
#[derive(Debug)]
struct Silence;

/// Severity and SQLSTATE of an ErrorResponse.
fn error_of(body: &[u8]) -> String {
    let field = |tag: u8| {
        let field = body.split(|byte| *byte == 0).find(|field| field.first() == Some(&tag));
        field.map(|field| String::from_utf8_lossy(&field[1..]).into_owned()).unwrap_or_default()
    };
    format!("{} {}", field(b'V'), field(b'C'))
}
