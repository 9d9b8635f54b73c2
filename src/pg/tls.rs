//! The server's certificate: read and checked once at start, so that a broken one stops the server instead of opening it.

use std::path::Path;
use std::sync::Arc;

use pgwire::api::auth::sasl::scram::ScramServerAuth;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::error::{Error, Kind, Result};

/// The application protocol that a client must name when it begins with TLS at once (PostgreSQL 17, section 54.2.10).
pub(super) const ALPN: &[u8] = b"postgresql";

/// A certificate that is ready to be shown.
#[derive(Clone)]
pub struct Tls {
    pub(super) acceptor: TlsAcceptor,
    /// Knows the certificate's hash, to which a login may bind itself.
    pub(super) scram: ScramServerAuth,
}

impl Tls {
    /// Reads a certificate chain, the server's own first, and its private key, both PEM.
    ///
    /// # Errors
    /// F0000 naming the file if one cannot be read, holds nothing of its kind, or if the two do not belong together.
    pub fn load(certificate: &Path, key: &Path) -> Result<Tls> {
        let pem = read(certificate)?;
        let chain = CertificateDer::pem_slice_iter(&pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| broken(certificate, format!("it is not valid PEM: {error}")))?;
        let Some(own) = chain.first() else {
            return Err(broken(certificate, "it holds no certificate"));
        };
        let own = own.clone();
        let secret =
            PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|error| broken(key, format!("it holds no private key: {error}")))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::internal(format!("no TLS version is available: {error}")))?
            .with_no_client_auth()
            .with_single_cert(chain, secret)
            .map_err(|error| broken(certificate, format!("it cannot be used with the key \"{}\": {error}", key.display())))?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(Tls { acceptor: TlsAcceptor::from(Arc::new(config)), scram: binding(certificate, &own) })
    }
}

/// A SCRAM server that offers channel binding to this certificate, if its signature has a hash that binding is defined for
/// (RFC 5929, section 4.1); Ed25519 has none.
fn binding(path: &Path, own: &CertificateDer<'_>) -> ScramServerAuth {
    use base64::Engine;
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        base64::engine::general_purpose::STANDARD.encode(own)
    );
    let mut scram = ScramServerAuth::new();
    if let Err(error) = scram.configure_certificate(pem.as_bytes()) {
        tracing::warn!(path = %path.display(), %error, "logins cannot be bound to the TLS certificate");
        return ScramServerAuth::new();
    }
    scram
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| broken(path, format!("it cannot be read: {error}")))
}

fn broken(path: &Path, why: impl std::fmt::Display) -> Error {
    Error::new(Kind::ConfigFileError, format!("the TLS file \"{}\" cannot be used: {why}", path.display()))
        .with_hint("Name a PEM certificate chain, the server's own certificate first, and the private key that belongs to it.")
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::PathBuf;

    use x509_certificate::{EcdsaCurve, KeyAlgorithm, X509CertificateBuilder};

    use super::*;

    /// A self-signed certificate and its key as files of a folder.
    pub(in crate::pg) fn certificate(folder: &Path, algorithm: KeyAlgorithm) -> (PathBuf, PathBuf) {
        let mut builder = X509CertificateBuilder::default();
        builder.subject().append_common_name_utf8_string("localhost").unwrap();
        let (certificate, key) = builder.create_with_random_keypair(algorithm).unwrap();
        let name = format!("{algorithm:?}").chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        let (certificate_path, key_path) = (folder.join(format!("{name}.crt")), folder.join(format!("{name}.key")));
        std::fs::write(&certificate_path, certificate.encode_pem()).unwrap();
        std::fs::write(&key_path, pem("PRIVATE KEY", &key.to_pkcs8_one_asymmetric_key_der())).unwrap();
        (certificate_path, key_path)
    }

    fn pem(label: &str, der: &[u8]) -> String {
        use base64::Engine;
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
    }

    #[test]
    fn a_good_pair_loads_and_binds_logins() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = certificate(folder.path(), KeyAlgorithm::Ecdsa(EcdsaCurve::Secp256r1));
        assert!(Tls::load(&certificate, &key).unwrap().scram.supports_channel_binding());
    }

    #[test]
    fn a_certificate_without_a_binding_hash_offers_no_binding() {
        let folder = tempfile::tempdir().unwrap();
        let (path, _) = certificate(folder.path(), KeyAlgorithm::Ed25519);
        let der = CertificateDer::from_pem_file(&path).unwrap();
        assert!(!binding(&path, &der).supports_channel_binding());
    }

    #[test]
    fn broken_files_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let (good, key) = certificate(folder.path(), KeyAlgorithm::Ecdsa(EcdsaCurve::Secp256r1));
        let (_, other_key) = certificate(folder.path(), KeyAlgorithm::Ecdsa(EcdsaCurve::Secp384r1));
        let empty = folder.path().join("empty");
        std::fs::write(&empty, "").unwrap();
        let garbled = folder.path().join("garbled");
        std::fs::write(&garbled, std::fs::read_to_string(&good).unwrap().replace("MII", "!!!")).unwrap();
        let absent = folder.path().join("absent");
        for (certificate, key, named) in [
            (&absent, &key, &absent),
            (&good, &absent, &absent),
            (&empty, &key, &empty),
            (&good, &empty, &empty),
            (&garbled, &key, &garbled),
            (&good, &other_key, &good),
        ] {
            let error = Tls::load(certificate, key).err().expect("a broken pair must not load");
            assert_eq!(error.sqlstate(), "F0000");
            assert!(error.message().contains(&named.display().to_string()), "{error}");
        }
    }
}
