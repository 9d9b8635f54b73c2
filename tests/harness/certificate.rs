//! A certificate for a server of a test, signed by itself.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use x509_certificate::{EcdsaCurve, KeyAlgorithm, X509CertificateBuilder};

/// Writes a certificate and its private key into a folder, both PEM, and gives their files.
pub(crate) fn certificate(folder: &Path) -> (PathBuf, PathBuf) {
    let mut builder = X509CertificateBuilder::default();
    builder.subject().append_common_name_utf8_string("localhost").unwrap();
    let (certificate, key) = builder.create_with_random_keypair(KeyAlgorithm::Ecdsa(EcdsaCurve::Secp256r1)).unwrap();
    let (certificate_file, key_file) = (folder.join("server.crt"), folder.join("server.key"));
    fs::write(&certificate_file, certificate.encode_pem()).unwrap();
    let text = base64::engine::general_purpose::STANDARD.encode(key.to_pkcs8_one_asymmetric_key_der().as_slice());
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    fs::write(&key_file, format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))).unwrap();
    (certificate_file, key_file)
}
