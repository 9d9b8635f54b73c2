//! The door as its clients see it, over sockets and pipes: a raw client that can misbehave, and real ones.

mod clients;
mod copying;
mod extended;
mod login;
mod simple;
mod stopping;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use postgres_protocol::authentication::sasl::{ChannelBinding, ScramSha256};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Authenticator, Credential, Door, Limits, Parts, Tls, Transport};
use crate::clock::Clock;
use crate::error::{Error, Kind, Result};
use crate::policy::{ITERATIONS_MIN, Verifier};
use crate::query::engine::{AnswerOptions, Engine, EngineOptions, PseudonymSecret};
use crate::store::{Store, StoreOptions};

/// A statement that runs for hours.
const ENDLESS: &str = "select count(*) from generate_series(1, 1000000000000)";

/// Longer than anything here takes, so that a hang is a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// An engine over a folder of its own, with the table `t`.
struct House {
    engine: Arc<Engine>,
    _folder: TempDir,
}

impl House {
    async fn build() -> House {
        let folder = tempfile::tempdir().unwrap();
        let options = StoreOptions { background: false, ..StoreOptions::new(folder.path()) };
        let store = Store::open(options).await.unwrap();
        let options = EngineOptions {
            query_memory_bytes: 64 << 20,
            spill_dir: folder.path().join("spill"),
            spill_bytes_max: 64 << 20,
            parallelism: 1,
            transaction_bytes_max: 64 << 20,
            mask_secret: PseudonymSecret([7; 32]),
            answers: AnswerOptions { bytes_max: 0, answer_bytes_max: 0, least: Duration::ZERO },
        };
        let engine = Engine::open(store, Clock::System, options).await.unwrap();
        engine.bootstrap(&[("t.sql", "create table t (a bigint)")]).await.unwrap();
        House { engine, _folder: folder }
    }

    fn parts(&self) -> Parts {
        Parts {
            engine: Arc::clone(&self.engine),
            authenticator: Arc::new(Users),
            tls: None,
            insecure: false,
            database: "annals".to_owned(),
            secret: [7; 32],
            limits: Limits::default(),
        }
    }

    /// A pipe to a door of its own that believes the client to be at `peer`.
    fn pipe(&self, peer: &str, adjust: impl FnOnce(&mut Parts)) -> (Client, JoinHandle<()>) {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let mut parts = self.parts();
        adjust(&mut parts);
        let door = Door::new(parts);
        let peer = peer.parse().unwrap();
        let serving = tokio::spawn(async move { door.serve(Box::new(far), peer, CancellationToken::new()).await });
        (Client::over(near), serving)
    }
}

/// Knows `annals` and `bob`, each with their name as password, fails for `broken` and panics for `panic`.
struct Users;

impl Authenticator for Users {
    fn credential(&self, user: &str) -> Result<Option<Credential>> {
        match user {
            "annals" | "bob" => Ok(Some(Credential {
                verifier: Verifier::of_password(user, ITERATIONS_MIN)?,
                role: if user == "annals" { 10 } else { 1 },
                superuser: user == "annals",
                connections_max: None,
                refusal: None,
            })),
            "broken" => Err(Error::new(Kind::CannotConnectNow, "the catalog cannot be read")),
            "panic" => panic!("asked for"),
            _ => Ok(None),
        }
    }
}

/// A running server.
struct Server {
    _house: House,
    address: SocketAddr,
    stop: CancellationToken,
    listening: JoinHandle<()>,
}

impl Server {
    async fn start(adjust: impl FnOnce(&mut Parts)) -> Server {
        let house = House::build().await;
        let mut parts = house.parts();
        adjust(&mut parts);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let door = Door::new(parts);
        let listening = tokio::spawn({
            let stop = stop.clone();
            async move { door.listen(listener, stop).await }
        });
        Server { _house: house, address, stop, listening }
    }

    async fn plain() -> Server {
        Server::start(|_| {}).await
    }

    /// Rows that the table `t` has for everybody.
    async fn stored(&self) -> u64 {
        let said = self.client().await.query("select count(*) from t").await;
        said[1].trim_start_matches("D ").parse().unwrap()
    }

    /// A client that has logged in as the superuser.
    async fn client(&self) -> Client {
        let mut client = Client::connect(self.address).await;
        client.log_in("annals", "annals").await;
        client
    }
}

/// A client that sends what it is told to.
struct Client {
    io: Box<dyn Transport>,
    received: BytesMut,
}

/// A message of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    tag: char,
    body: Bytes,
}

impl Said {
    /// One field of an ErrorResponse or NoticeResponse.
    fn field(&self, code: u8) -> Option<String> {
        self.body.split(|byte| *byte == 0).find(|field| field.first() == Some(&code)).map(|field| text(&field[1..]))
    }

    /// The message in short: its type, and what matters of it.
    fn short(&self) -> String {
        let tag = self.tag;
        match tag {
            'E' | 'N' => format!("{tag} {} {}", self.field(b'S').unwrap_or_default(), self.field(b'C').unwrap_or_default()),
            'C' => format!("{tag} {}", text(&self.body[..self.body.len() - 1])),
            'Z' => format!("{tag} {}", char::from(self.body[0])),
            'D' => {
                let mut body = self.body.clone();
                let columns = body.get_u16();
                let cells: Vec<String> = (0..columns)
                    .map(|_| match usize::try_from(body.get_i32()) {
                        Ok(length) => text(&body.split_to(length)),
                        Err(_) => "NULL".to_owned(),
                    })
                    .collect();
                format!("{tag} {}", cells.join(","))
            }
            'd' => format!("{tag} {}", text(&self.body)),
            _ => tag.to_string(),
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A message of a client.
fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    bytes.extend_from_slice(&u32::try_from(body.len() + 4).unwrap().to_be_bytes());
    bytes.extend_from_slice(body);
    bytes
}

fn query(sql: &str) -> Vec<u8> {
    message(b'Q', &[sql.as_bytes(), b"\0"].concat())
}

fn startup(version: u32, parameters: &[(&str, &str)]) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    for (name, value) in parameters {
        body.extend_from_slice(&[name.as_bytes(), b"\0", value.as_bytes(), b"\0"].concat());
    }
    body.push(0);
    [&u32::try_from(body.len() + 4).unwrap().to_be_bytes()[..], &body].concat()
}

const V3_0: u32 = 3 << 16;
const V3_2: u32 = 3 << 16 | 2;

const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// The body of a SASLInitialResponse.
fn sasl_initial(mechanism: &str, data: &[u8]) -> Vec<u8> {
    let mut body = [mechanism.as_bytes(), b"\0"].concat();
    body.extend_from_slice(&u32::try_from(data.len()).unwrap().to_be_bytes());
    body.extend_from_slice(data);
    message(b'p', &body)
}

impl Client {
    fn over(io: impl Transport + 'static) -> Client {
        Client { io: Box::new(io), received: BytesMut::new() }
    }

    async fn connect(address: SocketAddr) -> Client {
        Client::over(TcpStream::connect(address).await.unwrap())
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.io.write_all(bytes).await.unwrap();
        self.io.flush().await.unwrap();
    }

    /// The next message; `None` when the server has closed.
    async fn next(&mut self) -> Option<Said> {
        loop {
            if let Some(length) = self.received.get(1..5).map(|mut length| length.get_u32() as usize)
                && self.received.len() > length
            {
                let mut whole = self.received.split_to(length + 1);
                let tag = char::from(whole.get_u8());
                whole.advance(4);
                return Some(Said { tag, body: whole.freeze() });
            }
            // A server that closes with unread bytes may reset the connection.
            match tokio::time::timeout(PATIENCE, self.io.read_buf(&mut self.received)).await.expect("the server is silent") {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Everything up to and including a message of this type, in short.
    async fn until(&mut self, tag: char) -> Vec<String> {
        let mut said = vec![];
        while let Some(next) = self.next().await {
            said.push(next.short());
            if next.tag == tag {
                return said;
            }
        }
        panic!("the server closed after {said:?}");
    }

    /// Everything until the server closes, in short.
    async fn rest(&mut self) -> Vec<String> {
        let mut said = vec![];
        while let Some(next) = self.next().await {
            said.push(next.short());
        }
        said
    }

    /// Runs a simple query; what it answers up to ReadyForQuery.
    async fn query(&mut self, sql: &str) -> Vec<String> {
        self.send(&query(sql)).await;
        self.until('Z').await
    }

    /// Goes through SCRAM up to the server's verdict, and sends `behind` together with the last answer.
    async fn prove(&mut self, password: &str, behind: &[u8]) {
        assert_eq!(self.next().await.unwrap().tag, 'R');
        let mut scram = ScramSha256::new(password.as_bytes(), ChannelBinding::unsupported());
        self.send(&sasl_initial("SCRAM-SHA-256", scram.message())).await;
        let challenge = self.next().await.unwrap();
        assert_eq!(challenge.tag, 'R');
        scram.update(&challenge.body[4..]).unwrap();
        let mut last = message(b'p', scram.message());
        last.extend_from_slice(behind);
        self.send(&last).await;
    }

    /// Logs in on a new connection; what the server says up to the first ReadyForQuery.
    async fn log_in(&mut self, user: &str, password: &str) -> Vec<Said> {
        self.log_in_with(V3_0, &[("user", user), ("database", "annals")], password).await
    }

    /// Whether the server begins a login.
    async fn log_in_if_let_in(&mut self) -> Option<Said> {
        let _ = self.io.write_all(&startup(V3_0, &[("user", "annals"), ("database", "annals")])).await;
        self.next().await.filter(|said| said.tag == 'R')
    }

    async fn log_in_with(&mut self, version: u32, parameters: &[(&str, &str)], password: &str) -> Vec<Said> {
        self.send(&startup(version, parameters)).await;
        self.prove(password, &[]).await;
        let mut said = vec![];
        while let Some(next) = self.next().await {
            let done = matches!(next.tag, 'Z' | 'E');
            said.push(next);
            if done {
                break;
            }
        }
        said
    }
}

/// Waits for a task of the server.
async fn ended(task: JoinHandle<()>) {
    tokio::time::timeout(PATIENCE, task).await.expect("the server does not end").unwrap();
}
