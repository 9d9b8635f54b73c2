//! What the server keeps of a password: PostgreSQL's SCRAM verifier, from which neither the password nor a login can be derived.
//!
//! The form is that of `pg_authid.rolpassword`: `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>` with base64 fields
//! (RFC 5802, RFC 7677). The file knows nothing of the protocol.

use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroU32;

use aws_lc_rs::{digest, hmac, pbkdf2, rand};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::error::{Error, Kind, Result};

/// Rounds of PBKDF2 for new passwords. More slow an attacker who has stolen verifiers, and every client's login.
pub const ITERATIONS: u32 = 10_000;

/// RFC 7677 asks for at least so many.
pub const ITERATIONS_MIN: u32 = 4096;

/// A verifier with more would be a way to keep clients computing.
const ITERATIONS_MAX: u32 = 1_000_000;

const SALT_BYTES: usize = 16;
const PREFIX: &str = "SCRAM-SHA-256$";

/// A parsed verifier.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier {
    pub iterations: u32,
    pub salt: Vec<u8>,
    /// SHA-256 of the client's key: checks a proof.
    pub stored_key: [u8; 32],
    /// Signs the server's answer.
    pub server_key: [u8; 32],
}

impl Verifier {
    /// Derives it from a password in clear text with a fresh salt.
    ///
    /// # Errors
    /// 22023 for an empty password or fewer than 4096 iterations.
    pub fn of_password(password: &str, iterations: u32) -> Result<Self> {
        let mut salt = vec![0; SALT_BYTES];
        rand::fill(&mut salt).map_err(|_| Error::internal("the system's source of random bytes failed"))?;
        Verifier::derive(password, salt, iterations)
    }

    fn derive(password: &str, salt: Vec<u8>, iterations: u32) -> Result<Self> {
        if password.is_empty() {
            return Err(Error::new(Kind::InvalidParameterValue, "a password must not be empty"));
        }
        let rounds = NonZeroU32::new(iterations).filter(|rounds| rounds.get() >= ITERATIONS_MIN).ok_or_else(|| {
            Error::new(
                Kind::InvalidParameterValue,
                format!("a password needs at least {ITERATIONS_MIN} iterations, not {iterations}"),
            )
        })?;
        // Clients that cannot normalise a password use it as it is, and so must the server (PostgreSQL 15, section 53.10).
        let normalised = stringprep::saslprep(password).unwrap_or(Cow::Borrowed(password));
        let mut salted = [0; 32];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, &salt, normalised.as_bytes(), &mut salted);
        let client_key = sign(&salted, b"Client Key");
        let mut stored_key = [0; 32];
        stored_key.copy_from_slice(digest::digest(&digest::SHA256, &client_key).as_ref());
        Ok(Verifier { iterations, salt, stored_key, server_key: sign(&salted, b"Server Key") })
    }

    /// What is kept of a password as PASSWORD gives it: in clear text, or as a verifier that a client has derived. One of fewer rounds
    /// than our own would be weaker, and would tell a role apart from one that does not exist, who is answered with our number.
    ///
    /// # Errors
    /// 22023 for a verifier of too few rounds, 0A000 for an MD5 hash.
    pub fn of_given(text: &str) -> Result<Self> {
        if let Some(verifier) = Verifier::read(text) {
            if verifier.iterations < ITERATIONS {
                return Err(Error::new(
                    Kind::InvalidParameterValue,
                    format!("a verifier must be of at least {ITERATIONS} iterations, not {}", verifier.iterations),
                )
                .with_hint("Give the password itself over TLS, or derive the verifier with more iterations."));
            }
            return Ok(verifier);
        }
        let md5 =
            text.strip_prefix("md5").is_some_and(|hash| hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if md5 {
            return Err(Error::new(Kind::FeatureNotSupported, "passwords are not kept as MD5 hashes")
                .with_hint("Give the password itself, or a SCRAM-SHA-256 verifier."));
        }
        Verifier::of_password(text, ITERATIONS)
    }

    /// Reads PostgreSQL's form.
    ///
    /// # Errors
    /// 22023 if it is not one, without repeating it.
    pub fn parse(text: &str) -> Result<Self> {
        Verifier::read(text).ok_or_else(|| {
            Error::new(Kind::InvalidParameterValue, "not a SCRAM-SHA-256 verifier")
                .with_hint("Its form is SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>.")
        })
    }

    fn read(text: &str) -> Option<Self> {
        let (head, keys) = text.strip_prefix(PREFIX)?.split_once('$')?;
        let (iterations, salt) = head.split_once(':')?;
        let (stored_key, server_key) = keys.split_once(':')?;
        let iterations = iterations.parse().ok().filter(|rounds| (ITERATIONS_MIN..=ITERATIONS_MAX).contains(rounds))?;
        let salt = STANDARD.decode(salt).ok().filter(|salt| !salt.is_empty())?;
        let key = |text: &str| <[u8; 32]>::try_from(STANDARD.decode(text).ok()?).ok();
        Some(Verifier { iterations, salt, stored_key: key(stored_key)?, server_key: key(server_key)? })
    }

    /// A verifier that no password fits, for a user who does not exist: the same for the same name, so that asking twice tells
    /// nothing, and unpredictable without the server's secret.
    pub fn decoy(secret: &[u8], user: &str, iterations: u32) -> Self {
        let of = |what: &str| sign(secret, format!("{what}\0{user}").as_bytes());
        Verifier { iterations, salt: of("salt")[..SALT_BYTES].to_vec(), stored_key: of("stored key"), server_key: of("server key") }
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Verifier { iterations, salt, stored_key, server_key } = self;
        let [salt, stored_key, server_key] = [salt.as_slice(), stored_key, server_key].map(|bytes| STANDARD.encode(bytes));
        write!(f, "{PREFIX}{iterations}:{salt}${stored_key}:{server_key}")
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("iterations", &self.iterations).finish_non_exhaustive()
    }
}

/// The verifier of a password as text, ready to be kept.
///
/// # Errors
/// 22023 for an empty password.
pub fn scram_verifier(password: &str) -> Result<String> {
    Verifier::of_password(password, ITERATIONS).map(|verifier| verifier.to_string())
}

fn sign(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut signature = [0; 32];
    signature.copy_from_slice(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref());
    signature
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_7677_example_gives_its_keys() {
        // RFC 7677, section 3: user "user", password "pencil"; the server's signature there follows from this ServerKey.
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let verifier = Verifier::derive("pencil", salt, 4096).unwrap();
        let message = "n=user,r=rOprNGfwEbeRWgbNEkqO,\
            r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,\
            c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let signature = STANDARD.encode(sign(&verifier.server_key, message.as_bytes()));
        assert_eq!(signature, "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
        let client_signature = sign(&verifier.stored_key, message.as_bytes());
        let proof = STANDARD.decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=").unwrap();
        let client_key: Vec<u8> = proof.iter().zip(client_signature).map(|(proof, signature)| proof ^ signature).collect();
        assert_eq!(digest::digest(&digest::SHA256, &client_key).as_ref(), verifier.stored_key);
    }

    #[test]
    fn a_verifier_reads_back() {
        let text = scram_verifier("correct horse").unwrap();
        assert!(text.starts_with("SCRAM-SHA-256$10000:"), "{text}");
        let verifier = Verifier::parse(&text).unwrap();
        assert_eq!(verifier.to_string(), text);
        assert_ne!(text, scram_verifier("correct horse").unwrap(), "the salt is fresh each time");
        assert!(!format!("{verifier:?}").contains(&STANDARD.encode(verifier.stored_key)));
    }

    #[test]
    fn passwords_are_normalised() {
        let salt = vec![1; 16];
        let composed = Verifier::derive("p\u{e4}ss", salt.clone(), 4096).unwrap();
        assert_eq!(composed, Verifier::derive("pa\u{308}ss", salt.clone(), 4096).unwrap());
        assert_ne!(composed, Verifier::derive("pass", salt, 4096).unwrap());
    }

    #[test]
    fn bad_verifiers_and_passwords_are_refused() {
        assert_eq!(scram_verifier("").unwrap_err().sqlstate(), "22023");
        assert!(Verifier::of_password("x", 4095).is_err());
        let good = scram_verifier("x").unwrap();
        for bad in [
            "",
            "md5c3ab8ff13720e8ad9047dd39466b3c89",
            "SCRAM-SHA-256$4096:c2FsdA==$a:b",
            &good.replace("$10000:", "$1:"),
            &good.replace("$10000:", "$99999999:"),
            &good[..good.len() - 8],
        ] {
            assert_eq!(Verifier::parse(bad).unwrap_err().sqlstate(), "22023", "{bad}");
        }
    }

    #[test]
    fn a_decoy_is_the_same_each_time_and_different_for_each_name() {
        let one = Verifier::decoy(b"secret", "nobody", ITERATIONS);
        assert_eq!(one, Verifier::decoy(b"secret", "nobody", ITERATIONS));
        assert_ne!(one.salt, Verifier::decoy(b"secret", "somebody", ITERATIONS).salt);
        assert_ne!(one.salt, Verifier::decoy(b"other", "nobody", ITERATIONS).salt);
        assert_eq!(one.salt.len(), SALT_BYTES);
    }
}
