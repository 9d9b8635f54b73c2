//! Who gets in, and that nothing runs before.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use std::path::Path;
use tokio_rustls::TlsConnector;
use x509_certificate::{EcdsaCurve, KeyAlgorithm};

use super::super::gate::ConnectionLimits;
use super::super::tls::tests::certificate;
use super::*;

#[tokio::test]
async fn a_right_password_gets_in_and_is_told_the_truth() {
    let server = Server::plain().await;
    let mut client = Client::connect(server.address).await;
    let said = client.log_in_with(V3_0, &[("user", "bob"), ("database", "annals"), ("application_name", "psql")], "bob").await;
    assert_eq!(said.last().unwrap().short(), "Z I");
    let parameters: Vec<String> = said.iter().filter(|said| said.tag == 'S').map(|said| text(&said.body)).collect();
    for expected in
        ["server_encoding\0UTF8\0", "application_name\0psql\0", "session_authorization\0bob\0", "integer_datetimes\0on\0"]
    {
        assert!(parameters.iter().any(|own| own == expected), "{expected:?} is not in {parameters:?}");
    }
    assert!(parameters.iter().any(|own| own.starts_with("server_version\u{0}15")), "{parameters:?}");
    let key = said.iter().find(|said| said.tag == 'K').unwrap();
    assert_eq!(key.body.len(), 8);
}

#[tokio::test]
async fn protocol_3_2_gets_a_long_key() {
    let server = Server::plain().await;
    let mut client = Client::connect(server.address).await;
    let said = client.log_in_with(V3_2, &[("user", "bob"), ("database", "annals")], "bob").await;
    assert_eq!(said.iter().find(|said| said.tag == 'K').unwrap().body.len(), 4 + 32);
}

#[tokio::test]
async fn a_newer_protocol_is_negotiated() {
    let server = Server::plain().await;
    let mut client = Client::connect(server.address).await;
    client.send(&startup(V3_0 | 9999, &[("user", "bob"), ("database", "annals"), ("_pq_.x", "1")])).await;
    let said = client.next().await.unwrap();
    assert_eq!(said.tag, 'v');
    assert_eq!(&said.body[..], b"\0\x03\0\x02\0\0\0\x01_pq_.x\0");
    client.prove("bob", &[]).await;
    assert_eq!(client.until('Z').await.last().unwrap(), "Z I");
}

#[tokio::test]
async fn a_query_behind_a_wrong_password_runs_nothing() {
    let server = Server::plain().await;
    let mut client = Client::connect(server.address).await;
    client.send(&startup(V3_0, &[("user", "annals"), ("database", "annals")])).await;
    client.prove("wrong", &query("insert into t values (1)")).await;
    assert_eq!(client.rest().await, ["E FATAL 28P01"]);
    assert_eq!(server.stored().await, 0, "nothing ran");
}

#[tokio::test]
async fn an_authenticator_that_fails_closes_the_connection() {
    let server = Server::plain().await;
    let mut client = Client::connect(server.address).await;
    client.send(&[startup(V3_0, &[("user", "broken"), ("database", "annals")]), query("insert into t values (1)")].concat()).await;
    assert_eq!(client.rest().await, ["E FATAL 57P03"]);
    assert_eq!(server.stored().await, 0, "nothing ran");
}

#[tokio::test]
async fn a_panic_ends_one_connection_alone() {
    let server = Server::plain().await;
    let mut other = server.client().await;
    let mut client = Client::connect(server.address).await;
    client.send(&startup(V3_0, &[("user", "panic"), ("database", "annals")])).await;
    assert_eq!(client.rest().await, ["E FATAL XX000"]);
    assert_eq!(other.query("select 1").await.last().unwrap(), "Z I");
    assert_eq!(server.client().await.query("select 1").await.last().unwrap(), "Z I");
}

#[tokio::test]
async fn nobody_can_tell_who_exists() {
    let server = Server::plain().await;
    let mut salts = vec![];
    for user in ["nobody", "nobody", "someone"] {
        let mut client = Client::connect(server.address).await;
        client.send(&startup(V3_0, &[("user", user), ("database", "annals")])).await;
        client.next().await.unwrap();
        client.send(&sasl_initial("SCRAM-SHA-256", b"n,,n=,r=abc")).await;
        let challenge = text(&client.next().await.unwrap().body[4..]);
        salts.push(challenge.split(',').find(|part| part.starts_with("s=")).unwrap().to_owned());
        let mut client = Client::connect(server.address).await;
        client.send(&startup(V3_0, &[("user", user), ("database", "annals")])).await;
        client.prove("any", &[]).await;
        assert_eq!(client.rest().await, ["E FATAL 28P01"]);
    }
    assert_eq!(salts[0], salts[1]);
    assert_ne!(salts[0], salts[2]);
}

#[tokio::test]
async fn before_login_only_answers_to_the_challenge_are_read() {
    let server = Server::plain().await;
    for (sent, expected) in [
        (query("select 1"), vec!["E FATAL 08P01"]),
        (b"p\x3f\xff\xff\xff".to_vec(), vec!["E FATAL 08P01"]),
        (b"Q\x3f\xff\xff\xff".to_vec(), vec!["E FATAL 08P01"]),
        (message(b'p', b"SCRAM-SHA-256"), vec!["E FATAL 08P01"]),
        (message(b'p', b"SCRAM-SHA-256\0\x7f\xff\xff\xff"), vec!["E FATAL 08P01"]),
        (sasl_initial("PLAIN", b"x"), vec!["E FATAL 08P01"]),
        (sasl_initial("SCRAM-SHA-256", b"p=tls-server-end-point,,n=,r=abc"), vec!["E FATAL 08P01"]),
        (sasl_initial("SCRAM-SHA-256-PLUS", b"p=tls-server-end-point,,n=,r=abc"), vec!["E FATAL 08P01"]),
        (message(b'X', b""), vec!["E FATAL 08P01"]),
    ] {
        let mut client = Client::connect(server.address).await;
        client.send(&startup(V3_0, &[("user", "annals"), ("database", "annals")])).await;
        assert_eq!(client.next().await.unwrap().tag, 'R');
        client.send(&sent).await;
        assert_eq!(client.rest().await, expected, "{sent:?}");
    }
}

#[tokio::test]
async fn what_is_no_startup_packet_is_closed_without_a_word() {
    let server = Server::plain().await;
    for sent in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x40\0\0\0\0\x03\0\0", b"\0\0\0\x07\0\x03\0\0", b"\x16\x03\x01\0\0\0\0\0\0"] {
        let mut client = Client::connect(server.address).await;
        client.send(sent).await;
        assert_eq!(client.rest().await, [""; 0], "{sent:?}");
    }
}

#[tokio::test]
async fn startup_mistakes_have_their_errors() {
    let server = Server::plain().await;
    for (version, parameters, expected) in [
        (2 << 16, &[("user", "bob")][..], "E FATAL 0A000"),
        (V3_0, &[("database", "annals")], "E FATAL 28000"),
        (V3_0, &[("user", "bob"), ("role", "annals")], "E FATAL 42704"),
    ] {
        let mut client = Client::connect(server.address).await;
        client.send(&startup(version, parameters)).await;
        assert_eq!(client.rest().await, [expected]);
    }
    let mut client = Client::connect(server.address).await;
    let said = client.log_in_with(V3_0, &[("user", "bob"), ("database", "other")], "bob").await;
    assert_eq!(said.last().unwrap().short(), "E FATAL 3D000");
    let mut client = Client::connect(server.address).await;
    let parameters = [("user", "bob"), ("database", "annals"), ("timezone", "nowhere")];
    let said = client.log_in_with(V3_0, &parameters, "bob").await;
    assert_eq!(said.last().unwrap().short(), "E FATAL 22023");
    assert_eq!(client.rest().await, [""; 0]);
}

#[tokio::test]
async fn a_login_has_a_time_limit() {
    let server = Server::start(|parts| parts.limits.login = Duration::from_millis(50)).await;
    for sent in [&b""[..], b"\0\0", &SSL_REQUEST, &startup(V3_0, &[("user", "bob"), ("database", "annals")])] {
        let mut client = Client::connect(server.address).await;
        client.send(sent).await;
        // Whatever was answered before, the connection ends.
        tokio::time::timeout(PATIENCE, client.rest()).await.unwrap();
    }
}

#[tokio::test]
async fn seats_are_limited_and_the_last_kept_for_superusers() {
    let server = Server::start(|parts| {
        parts.limits.connections = ConnectionLimits { sessions: 2, reserved: 1, ..ConnectionLimits::default() };
    })
    .await;
    let mut bob = Client::connect(server.address).await;
    assert_eq!(bob.log_in("bob", "bob").await.last().unwrap().short(), "Z I");
    let mut second = Client::connect(server.address).await;
    assert_eq!(second.log_in("bob", "bob").await.last().unwrap().short(), "E FATAL 53300");
    let mut chief = server.client().await;
    assert_eq!(chief.query("select 1").await.last().unwrap(), "Z I");
}

#[tokio::test]
async fn a_flood_of_silent_connections_is_turned_away() {
    let server = Server::start(|parts| {
        parts.limits.connections = ConnectionLimits { queue: 3, ..ConnectionLimits::default() };
    })
    .await;
    let mut silent = vec![];
    for _ in 0..3 {
        silent.push(Client::connect(server.address).await);
    }
    for _ in 0..5 {
        assert_eq!(Client::connect(server.address).await.rest().await, ["E FATAL 53300"]);
    }
    drop(silent);
    // Places are free again as soon as the server has seen them leave.
    while Client::connect(server.address).await.log_in_if_let_in().await.is_none() {}
}

#[tokio::test]
async fn other_machines_must_use_tls() {
    let house = House::build().await;
    let (mut client, serving) = house.pipe("10.0.0.1:5000", |_| {});
    client.send(&startup(V3_0, &[("user", "annals"), ("database", "annals")])).await;
    assert_eq!(client.rest().await, ["E FATAL 28000"]);
    ended(serving).await;
    let (mut client, _serving) = house.pipe("10.0.0.1:5000", |parts| parts.insecure = true);
    assert_eq!(client.log_in("annals", "annals").await.last().unwrap().short(), "Z I");
}

#[tokio::test]
async fn encryption_is_declined_where_there_is_none() {
    let server = Server::plain().await;
    let gss_request = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30];
    let mut client = Client::connect(server.address).await;
    for request in [&SSL_REQUEST, &gss_request] {
        client.send(request).await;
        let mut answer = [0];
        client.io.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"N");
    }
    assert_eq!(client.log_in("annals", "annals").await.last().unwrap().short(), "Z I");
    let mut client = Client::connect(server.address).await;
    client.send(&[SSL_REQUEST, SSL_REQUEST].concat()).await;
    let mut answer = [0];
    client.io.read_exact(&mut answer).await.unwrap();
    assert_eq!(client.rest().await, ["E FATAL 0A000"], "asking twice is a loop");
}

/// A server with a fresh certificate, and a client's side of TLS that knows it.
pub(super) async fn secure_server(folder: &Path) -> (Server, CertificateDer<'static>) {
    let (certificate, key) = certificate(folder, KeyAlgorithm::Ecdsa(EcdsaCurve::Secp256r1));
    let tls = Tls::load(&certificate, &key).unwrap();
    let der = CertificateDer::from_pem_file(&certificate).unwrap();
    (Server::start(|parts| parts.tls = Some(tls)).await, der)
}

/// Trusts one certificate, whatever it says.
#[derive(Debug)]
struct OnlyThis(CertificateDer<'static>, rustls::crypto::CryptoProvider);

impl rustls::client::danger::ServerCertVerifier for OnlyThis {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: rustls::pki_types::UnixTime,
    ) -> std::result::Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        assert_eq!(*shown, self.0);
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &rustls::DigitallySignedStruct,
    ) -> std::result::Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, shown, signed, &self.1.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &rustls::DigitallySignedStruct,
    ) -> std::result::Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, shown, signed, &self.1.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.1.signature_verification_algorithms.supported_schemes()
    }
}

async fn handshake(stream: TcpStream, known: &CertificateDer<'static>, alpn: &[&[u8]]) -> std::io::Result<Client> {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let mut config = rustls::ClientConfig::builder_with_provider(Arc::new(provider.clone()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(OnlyThis(known.clone(), provider)))
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let connector = TlsConnector::from(Arc::new(config));
    Ok(Client::over(connector.connect(ServerName::try_from("localhost").unwrap(), stream).await?))
}

/// Asks for TLS and gets it.
pub(super) async fn upgrade(server: &Server, known: &CertificateDer<'static>) -> Client {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(&SSL_REQUEST).await.unwrap();
    let mut answer = [0];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"S");
    handshake(stream, known, &[]).await.unwrap()
}

#[tokio::test]
async fn bytes_behind_an_ssl_request_close_the_connection() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _) = secure_server(folder.path()).await;
    let mut client = Client::connect(server.address).await;
    client.send(&[&SSL_REQUEST[..], &startup(V3_0, &[("user", "annals"), ("database", "annals")])].concat()).await;
    let mut answer = vec![];
    let _ = client.io.read_to_end(&mut answer).await;
    assert_eq!(answer, b"", "not even the S that would begin TLS");
}

#[tokio::test]
async fn logins_over_tls_are_bound_to_the_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let (server, der) = secure_server(folder.path()).await;
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &der).as_ref().to_vec();
    for (binding, right) in [(hash.clone(), true), (vec![0; 32], false)] {
        let mut client = upgrade(&server, &der).await;
        client.send(&startup(V3_0, &[("user", "annals"), ("database", "annals")])).await;
        let offered = client.next().await.unwrap();
        assert_eq!(&offered.body[4..], b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0");
        let mut scram = ScramSha256::new(b"annals", ChannelBinding::tls_server_end_point(binding));
        client.send(&sasl_initial("SCRAM-SHA-256-PLUS", scram.message())).await;
        scram.update(&client.next().await.unwrap().body[4..]).unwrap();
        client.send(&message(b'p', scram.message())).await;
        if right {
            let last = client.next().await.unwrap();
            scram.finish(&last.body[4..]).unwrap();
            assert_eq!(client.until('Z').await.last().unwrap(), "Z I");
            assert_eq!(client.query("select 1").await, ["T", "D 1", "C SELECT 1", "Z I"]);
        } else {
            assert_eq!(client.rest().await, ["E FATAL 08P01"]);
        }
    }
}

#[tokio::test]
async fn a_binding_cannot_be_talked_away() {
    let folder = tempfile::tempdir().unwrap();
    let (server, der) = secure_server(folder.path()).await;
    for (mechanism, first) in [
        ("SCRAM-SHA-256", "y,,n=,r=abc"),
        ("SCRAM-SHA-256-PLUS", "n,,n=,r=abc"),
        ("SCRAM-SHA-256-PLUS", "y,,n=,r=abc"),
        ("SCRAM-SHA-256-PLUS", "p=tls-unique,,n=,r=abc"),
    ] {
        let mut client = upgrade(&server, &der).await;
        client.send(&startup(V3_0, &[("user", "annals"), ("database", "annals")])).await;
        client.next().await.unwrap();
        client.send(&sasl_initial(mechanism, first.as_bytes())).await;
        assert_eq!(client.rest().await, ["E FATAL 08P01"], "{mechanism} {first}");
    }
    // A client that knows no binding still gets in.
    let mut client = upgrade(&server, &der).await;
    assert_eq!(client.log_in("annals", "annals").await.last().unwrap().short(), "Z I");
}

#[tokio::test]
async fn tls_at_once_needs_the_protocols_name() {
    let folder = tempfile::tempdir().unwrap();
    let (server, der) = secure_server(folder.path()).await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let mut client = handshake(stream, &der, &[b"postgresql"]).await.unwrap();
    assert_eq!(client.log_in("annals", "annals").await.last().unwrap().short(), "Z I");
    let stream = TcpStream::connect(server.address).await.unwrap();
    let mut client = handshake(stream, &der, &[]).await.unwrap();
    assert_eq!(client.rest().await, ["E FATAL 08P01"]);
    let stream = TcpStream::connect(server.address).await.unwrap();
    let other = handshake(stream, &der, &[b"http/1.1"]).await;
    assert!(other.is_err(), "another protocol's client must not get through the handshake");
    // Encryption inside encryption is a loop.
    let mut client = upgrade(&server, &der).await;
    client.send(&SSL_REQUEST).await;
    assert_eq!(client.rest().await, ["E FATAL 0A000"]);
}

/// What one connection is asked it cannot answer on another, with the right password either.
#[tokio::test]
async fn a_login_that_was_begun_elsewhere_is_not_ended_here() {
    let server = Server::plain().await;
    let mut challenges = vec![];
    let mut clients = vec![];
    for _ in 0..2 {
        let mut client = Client::connect(server.address).await;
        client.send(&startup(V3_0, &[("user", "annals"), ("database", "annals")])).await;
        client.next().await.unwrap();
        client.send(&sasl_initial("SCRAM-SHA-256", b"n,,n=,r=abc")).await;
        challenges.push(text(&client.next().await.unwrap().body[4..]));
        clients.push(client);
    }
    let nonce = |challenge: &str| challenge.split(',').find_map(|part| part.strip_prefix("r=")).unwrap().to_owned();
    assert_ne!(nonce(&challenges[0]), nonce(&challenges[1]));
    // The first one's nonce on the second connection is refused before any proof is looked at.
    let proof = format!("c=biws,r={},p={}", nonce(&challenges[0]), "A".repeat(43) + "=");
    clients[1].send(&message(b'p', proof.as_bytes())).await;
    let refused = clients[1].rest().await;
    assert!(refused.len() == 1 && refused[0].starts_with("E FATAL"), "{refused:?}");
    assert_eq!(server.stored().await, 0, "nothing ran");
}
