//! The beginning of a connection: encryption, protocol version and what the client wants to be (PostgreSQL 15, section 55.2.1).
//!
//! A client may ask for TLS and for GSSAPI once each and must then send its StartupMessage or a CancelRequest. The parameters that a
//! StartupMessage may carry are a list of known ones; they set a session's defaults and can never lend it rights.

use std::net::SocketAddr;

use bytes::BytesMut;
use pgwire::messages::cancel::CancelRequest;
use pgwire::messages::response::{GssEncResponse, SslResponse};
use pgwire::messages::startup::{GssEncRequest, NegotiateProtocolVersion, SslRequest, Startup};
use pgwire::messages::{DecodeContext, Message, ProtocolVersion};

use super::Shared;
use super::error::{Failure, Fatal};
use super::frame;
use super::tls::ALPN;
use super::wire::Wire;
use crate::error::{Error, Kind};

/// The first byte of a TLS handshake, which no startup packet of allowed length begins with.
const TLS_HANDSHAKE: u8 = 0x16;

/// The newest minor version of protocol 3 that is spoken.
const MINOR_MAX: u16 = 2;

/// What a client may not set as it connects, by its name in lower case, because it decides about rights. Any other name is the
/// session's to know.
const REFUSED: [&str; 3] = ["is_superuser", "role", "session_authorization"];

/// Bytes of a name. Longer ones would also let strangers fill the memory of failed logins.
const IDENTIFIER_BYTES_MAX: usize = 63;

/// Characters of `application_name` that are kept, as in PostgreSQL.
const APPLICATION_CHARS_MAX: usize = 63;

/// What the client came for.
#[derive(Debug)]
pub(super) enum Opening {
    Session(Hello),
    /// To stop another connection's statement.
    Cancel {
        pid: i32,
        key: Vec<u8>,
    },
}

/// A client's StartupMessage, understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hello {
    pub(super) user: String,
    pub(super) database: String,
    pub(super) application: String,
    /// Settings by name, in the order in which they have to be made.
    pub(super) settings: Vec<(String, String)>,
    pub(super) protocol: ProtocolVersion,
    /// Whether the connection speaks TLS.
    pub(super) secure: bool,
    /// Options of the protocol (`_pq_.`) that are not known here.
    unknown_options: Vec<String>,
    /// The minor version that the client asked for.
    minor: u16,
}

impl Hello {
    /// What tells the client that it does not get all of the protocol that it asked for.
    pub(super) fn negotiation(&self) -> Option<NegotiateProtocolVersion> {
        (self.minor > MINOR_MAX || !self.unknown_options.is_empty()).then(|| {
            let minor = i32::from(self.minor.min(MINOR_MAX));
            NegotiateProtocolVersion::new(3 << 16 | minor, self.unknown_options.clone())
        })
    }

    /// Bytes of the key for cancel requests in this version of the protocol.
    pub(super) fn key_bytes(&self) -> usize {
        match self.protocol {
            ProtocolVersion::PROTOCOL3_0 => 4,
            ProtocolVersion::PROTOCOL3_2 | ProtocolVersion::PROTOCOL3_9999 => 32,
        }
    }
}

/// Reads up to the StartupMessage or CancelRequest, turning TLS on if it is asked for.
///
/// # Errors
/// Fatal or `Gone`, never a failure after which the connection could go on.
pub(super) async fn open(wire: &mut Wire, shared: &Shared, peer: SocketAddr) -> Result<Opening, Failure> {
    let mut secure = false;
    if wire.peek().await? == TLS_HANDSHAKE {
        let Some(tls) = &shared.tls else {
            return Err(Failure::Gone);
        };
        // Without ALPN another protocol's request could be smuggled in here, so it is demanded.
        if wire.start_tls(&tls.acceptor).await?.as_deref() != Some(ALPN) {
            return Err(Failure::protocol("received direct SSL connection request without ALPN protocol negotiation extension"));
        }
        secure = true;
    }
    let (mut tls_asked, mut gss_asked) = (secure, false);
    loop {
        let packet = wire.startup_packet().await?;
        if SslRequest::is_ssl_request_packet(&packet) {
            if std::mem::replace(&mut tls_asked, true) || packet.len() != SslRequest::BODY_SIZE {
                return Err(unsupported(&packet));
            }
            secure = answer_ssl_request(wire, shared).await?;
        } else if GssEncRequest::is_gss_enc_request_packet(&packet) {
            if std::mem::replace(&mut gss_asked, true) || packet.len() != GssEncRequest::BODY_SIZE {
                return Err(unsupported(&packet));
            }
            wire.send(&GssEncResponse::Refuse).map_err(Failure::fatal)?;
            wire.flush().await?;
        } else if CancelRequest::is_cancel_request_packet(&packet) {
            return cancel(packet);
        } else {
            if !secure && !shared.insecure && !peer.ip().to_canonical().is_loopback() {
                return Err(Fatal::new(Kind::InvalidAuthorization, "connections from other machines must be encrypted by TLS")
                    .with_hint("Connect with sslmode=require or better.")
                    .into());
            }
            return startup(packet, secure).map(Opening::Session);
        }
    }
}

/// Answers whether TLS is spoken, and begins to.
async fn answer_ssl_request(wire: &mut Wire, shared: &Shared) -> Result<bool, Failure> {
    let Some(tls) = &shared.tls else {
        wire.send(&SslResponse::Refuse).map_err(Failure::fatal)?;
        wire.flush().await?;
        return Ok(false);
    };
    if !wire.is_drained() {
        // Bytes sent before the answer are clear text that someone may have put in between; they must never count as encrypted.
        tracing::warn!("unencrypted bytes behind an SSLRequest, the connection is closed");
        return Err(Failure::Gone);
    }
    wire.send(&SslResponse::Accept).map_err(Failure::fatal)?;
    wire.flush().await?;
    wire.start_tls(&tls.acceptor).await?;
    Ok(true)
}

fn cancel(mut packet: BytesMut) -> Result<Opening, Failure> {
    // The version of the canceled connection is not known here; read as 3.2, a key has whatever length it has.
    let context = DecodeContext::new(ProtocolVersion::PROTOCOL3_2);
    match CancelRequest::decode(&mut packet, &context) {
        Ok(Some(request)) => Ok(Opening::Cancel { pid: request.pid, key: request.secret_key.to_bytes().to_vec() }),
        Ok(None) | Err(_) => Err(Failure::Gone),
    }
}

/// The version number of a startup packet, which is also where requests carry their code.
fn version(packet: &[u8]) -> (u16, u16) {
    let pair = |at: usize| packet.get(at..at + 2).map_or(0, |bytes| u16::from(bytes[0]) << 8 | u16::from(bytes[1]));
    (pair(4), pair(6))
}

fn unsupported(packet: &[u8]) -> Failure {
    let (major, minor) = version(packet);
    Fatal::new(
        Kind::FeatureNotSupported,
        format!("unsupported frontend protocol {major}.{minor}: server supports 3.0 to 3.{MINOR_MAX}"),
    )
    .into()
}

/// Understands a StartupMessage.
fn startup(mut packet: BytesMut, secure: bool) -> Result<Hello, Failure> {
    let (major, minor) = version(&packet);
    if major != 3 {
        return Err(unsupported(&packet));
    }
    let invalid = || Failure::protocol("invalid startup packet layout: expected terminator as last byte");
    frame::walk_startup(packet.get(8..).unwrap_or_default()).map_err(|error| match error.kind() {
        Kind::ProtocolViolation => invalid(),
        _ => Failure::from(Fatal::from(error)),
    })?;
    let message = match Startup::decode(&mut packet, &DecodeContext::default()) {
        Ok(Some(message)) => message,
        Ok(None) | Err(_) => return Err(invalid()),
    };
    let protocol = if minor >= MINOR_MAX { ProtocolVersion::PROTOCOL3_2 } else { ProtocolVersion::PROTOCOL3_0 };
    let mut hello = Hello {
        user: String::new(),
        database: String::new(),
        application: String::new(),
        settings: vec![],
        protocol,
        secure,
        unknown_options: vec![],
        minor,
    };
    let mut options = vec![];
    for (name, value) in message.parameters {
        match name.as_str() {
            "user" => hello.user = identifier(value),
            "database" => hello.database = identifier(value),
            "options" => options = parse_options(&value)?,
            "replication" => refuse_replication(&value)?,
            _ if name.starts_with("_pq_.") => hello.unknown_options.push(name),
            _ => set(&mut hello, &name, value)?,
        }
    }
    // What a client sets by name counts more than what it hides in `options`, so it comes last.
    let named = std::mem::take(&mut hello.settings);
    let application = std::mem::take(&mut hello.application);
    for (name, value) in options {
        set(&mut hello, &name, value)?;
    }
    hello.settings.extend(named);
    if !application.is_empty() {
        hello.application = application;
    }
    if hello.user.is_empty() {
        return Err(Fatal::new(Kind::InvalidAuthorization, "no PostgreSQL user name specified in startup packet").into());
    }
    if hello.database.is_empty() {
        hello.database.clone_from(&hello.user);
    }
    Ok(hello)
}

/// A name as PostgreSQL keeps it, cut to its longest identifier.
fn identifier(mut name: String) -> String {
    name.truncate(name.floor_char_boundary(IDENTIFIER_BYTES_MAX));
    name
}

/// Takes one setting down if it is one that a client may make.
fn set(hello: &mut Hello, name: &str, value: String) -> Result<(), Fatal> {
    let lower = name.to_ascii_lowercase();
    if lower == "application_name" {
        hello.application = printable(&value);
    } else if REFUSED.contains(&lower.as_str()) {
        return Err(Fatal::new(Kind::UndefinedObject, format!("unrecognized configuration parameter \"{name}\"")));
    } else {
        hello.settings.push((lower, value));
    }
    Ok(())
}

/// What a client calls itself ends up in logs and views, so it may hold nothing that writes over a terminal.
pub(super) fn printable(name: &str) -> String {
    name.chars().take(APPLICATION_CHARS_MAX).map(|c| if c.is_ascii() && !c.is_ascii_control() { c } else { '?' }).collect()
}

fn refuse_replication(value: &str) -> Result<(), Fatal> {
    match value.to_ascii_lowercase().as_str() {
        "false" | "off" | "no" | "0" | "f" | "n" => Ok(()),
        _ => Err(Fatal::new(Kind::FeatureNotSupported, "replication connections are not supported")),
    }
}

/// The settings in `options`, which has the form of a command line: `-c name=value` or `--name=value`, words parted by spaces, a
/// backslash before a space that belongs to a word.
fn parse_options(text: &str) -> Result<Vec<(String, String)>, Fatal> {
    let mut words = words(text).into_iter();
    let mut settings = vec![];
    while let Some(word) = words.next() {
        let assignment = match (word.strip_prefix("--"), word.strip_prefix("-c")) {
            (Some(rest), _) => rest.to_owned(),
            (None, Some("")) => words.next().unwrap_or_default(),
            (None, Some(rest)) => rest.to_owned(),
            (None, None) => return Err(bad_option(&word)),
        };
        let (name, value) = assignment.split_once('=').ok_or_else(|| bad_option(&assignment))?;
        // On a command line `-` stands for `_` in a name.
        settings.push((name.replace('-', "_"), value.to_owned()));
    }
    Ok(settings)
}

fn bad_option(word: &str) -> Fatal {
    Fatal::from(Error::new(Kind::SyntaxError, format!("invalid command-line argument for server process: {word}")))
        .with_hint("Only settings can be given, as -c name=value.")
}

fn words(text: &str) -> Vec<String> {
    let mut words = vec![];
    let mut word = None::<String>;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c.is_ascii_whitespace() {
            words.extend(word.take());
        } else {
            let c = if c == '\\' { chars.next().unwrap_or('\\') } else { c };
            word.get_or_insert_default().push(c);
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use bytes::BufMut;

    use super::*;

    fn packet(version: u32, parameters: &[(&str, &str)]) -> BytesMut {
        let mut body = BytesMut::new();
        body.put_u32(version);
        for (name, value) in parameters {
            body.put_slice(name.as_bytes());
            body.put_u8(0);
            body.put_slice(value.as_bytes());
            body.put_u8(0);
        }
        body.put_u8(0);
        let mut packet = BytesMut::new();
        packet.put_u32(u32::try_from(body.len()).unwrap() + 4);
        packet.put_slice(&body);
        packet
    }

    fn refusal(version: u32, parameters: &[(&str, &str)]) -> &'static str {
        match startup(packet(version, parameters), false).unwrap_err() {
            Failure::Fatal(fatal) => fatal.sqlstate(),
            other => panic!("{other:?}"),
        }
    }

    const V3: u32 = 3 << 16;

    #[test]
    fn a_plain_startup_is_understood() {
        let hello =
            startup(packet(V3, &[("user", "bob"), ("application_name", "psql\x1b[2J\u{e9}"), ("TimeZone", "UTC")]), true).unwrap();
        assert_eq!(hello.user, "bob");
        assert_eq!(hello.database, "bob");
        assert_eq!(hello.application, "psql?[2J?");
        assert_eq!(hello.settings, vec![("timezone".to_owned(), "UTC".to_owned())]);
        assert_eq!(hello.key_bytes(), 4);
        assert!(hello.secure && hello.negotiation().is_none());
    }

    #[test]
    fn names_are_cut_as_identifiers_are() {
        let hello = startup(packet(V3, &[("user", &format!("{}\u{e9}", "a".repeat(62)))]), false).unwrap();
        assert_eq!(hello.user, "a".repeat(62));
    }

    #[test]
    fn newer_minor_versions_and_unknown_options_are_negotiated() {
        let hello = startup(packet(V3 | 9999, &[("user", "bob"), ("_pq_.fast", "1")]), false).unwrap();
        assert_eq!(hello.negotiation(), Some(NegotiateProtocolVersion::new(196_610, vec!["_pq_.fast".to_owned()])));
        assert_eq!(hello.key_bytes(), 32);
        let hello = startup(packet(V3, &[("user", "bob"), ("_pq_.fast", "1")]), false).unwrap();
        assert_eq!(hello.negotiation(), Some(NegotiateProtocolVersion::new(196_608, vec!["_pq_.fast".to_owned()])));
        assert_eq!(hello.key_bytes(), 4);
        assert!(startup(packet(V3 | 2, &[("user", "bob")]), false).unwrap().negotiation().is_none());
    }

    #[test]
    fn other_protocols_and_missing_users_are_refused() {
        assert_eq!(refusal(2 << 16, &[("user", "bob")]), "0A000");
        assert_eq!(refusal(4 << 16, &[("user", "bob")]), "0A000");
        assert_eq!(refusal(V3, &[]), "28000");
        assert_eq!(refusal(V3, &[("user", "bob"), ("replication", "database")]), "0A000");
    }

    #[test]
    fn only_listed_settings_can_be_made() {
        for name in ["role", "session_authorization", "is_superuser"] {
            assert_eq!(refusal(V3, &[("user", "bob"), (name, "annals")]), "42704", "{name}");
            assert_eq!(refusal(V3, &[("user", "bob"), ("options", &format!("-c {name}=annals"))]), "42704", "{name}");
        }
    }

    #[test]
    fn options_are_read_as_a_command_line() {
        let options = parse_options(r"-c statement_timeout=5s --search-path=a,\ b  -ctimezone=UTC").unwrap();
        let expected = [("statement_timeout", "5s"), ("search_path", "a, b"), ("timezone", "UTC")];
        assert_eq!(options, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        for bad in ["-d 5", "statement_timeout=5", "-c", "--timezone"] {
            assert_eq!(parse_options(bad).unwrap_err().sqlstate(), "42601", "{bad}");
        }
        let hello =
            startup(packet(V3, &[("user", "bob"), ("options", "-c timezone=Asia/Tokyo"), ("TimeZone", "UTC")]), false).unwrap();
        assert_eq!(hello.settings.last().map(|(_, value)| value.as_str()), Some("UTC"));
    }

    #[test]
    fn text_that_is_not_utf8_is_refused() {
        let mut packet = packet(V3, &[("user", "bob")]);
        packet[13] = 0xff;
        match startup(packet, false).unwrap_err() {
            Failure::Fatal(fatal) => assert_eq!(fatal.sqlstate(), "22021"),
            other => panic!("{other:?}"),
        }
    }
}
