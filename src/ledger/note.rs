//! Signed notes and their keys (C2SP signed-note, Ed25519 of RFC 8032).
//!
//! A note is a text, an empty line, and a line for each signature: who signed, and in base64 the first four bytes of the key's hash
//! before the signature. Keys have text forms, which the tools of Go's checksum database read: a *verifier key*
//! `name+hash+base64(1 | public key)` and a *signer key* `PRIVATE+KEY+name+hash+base64(1 | seed)`.

use std::fmt;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use super::{base64_of, from_base64, sha256};
use crate::error::{Error, Kind, Result};

/// The byte that says Ed25519.
const ED25519_KIND: u8 = 1;
const SIGNER_PREFIX: &str = "PRIVATE+KEY+";

/// The first four bytes of the hash of a key, which tell keys of one name apart.
type KeyId = [u8; 4];

fn key_id(name: &str, public: &[u8]) -> KeyId {
    let bytes = [name.as_bytes(), b"\n", &[ED25519_KIND], public].concat();
    let hash = sha256(&bytes);
    [hash[0], hash[1], hash[2], hash[3]]
}

fn hex(id: KeyId) -> String {
    format!("{:08x}", u32::from_be_bytes(id))
}

/// Whether a key can be called so: not empty, without blanks and without `+`.
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

/// A public key with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    public: [u8; 32],
}

impl VerifierKey {
    /// Reads `name+hash+base64`.
    ///
    /// # Errors
    /// `InvalidParameterValue` for any other text, or a hash that is not the key's.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            Error::new(Kind::InvalidParameterValue, "this is no public key of a ledger")
                .with_hint("a public key looks like annals/6f…/control+1a2b3c4d+AbCd…; annals keys show prints it")
        };
        let (rest, key) =
            text.trim().split_once('+').and_then(|(name, rest)| Some((name, rest.split_once('+')?))).ok_or_else(wrong)?;
        let (id, key) = key;
        let key = from_base64(key).ok_or_else(wrong)?;
        let (ED25519_KIND, public) = key.split_first().map(|(kind, public)| (*kind, public)).ok_or_else(wrong)? else {
            return Err(wrong());
        };
        let found = VerifierKey { name: rest.to_owned(), public: public.try_into().map_err(|_| wrong())? };
        if !is_name(&found.name) || hex(key_id(&found.name, &found.public)) != id {
            return Err(wrong());
        }
        Ok(found)
    }

    /// Whose key it is.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same public key under another name: one key signs for all trees of a store.
    pub fn named(&self, name: &str) -> Self {
        VerifierKey { name: name.to_owned(), public: self.public }
    }

    fn id(&self) -> KeyId {
        key_id(&self.name, &self.public)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = base64_of(&[&[ED25519_KIND], self.public.as_slice()].concat());
        write!(f, "{}+{}+{key}", self.name, hex(self.id()))
    }
}

/// A private key with its name.
pub struct SignerKey {
    name: String,
    seed: [u8; 32],
    pair: Ed25519KeyPair,
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignerKey").field("name", &self.name).finish_non_exhaustive()
    }
}

impl SignerKey {
    /// A new key.
    ///
    /// # Errors
    /// An internal error if the system has no random numbers.
    pub fn generate(name: &str) -> Result<Self> {
        let mut seed = [0; 32];
        random(&mut seed)?;
        Self::from_seed(name, seed)
    }

    fn from_seed(name: &str, seed: [u8; 32]) -> Result<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| Error::internal("a signing key could not be made"))?;
        Ok(SignerKey { name: name.to_owned(), seed, pair })
    }

    /// Reads the text of [`SignerKey::text`].
    ///
    /// # Errors
    /// `DataCorrupted`; the text is not shown.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || Error::new(Kind::DataCorrupted, "a signing key cannot be read");
        let rest = text.trim().strip_prefix(SIGNER_PREFIX).ok_or_else(wrong)?;
        let mut parts = rest.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else { return Err(wrong()) };
        let key = from_base64(key).ok_or_else(wrong)?;
        let (ED25519_KIND, seed) = key.split_first().map(|(kind, seed)| (*kind, seed)).ok_or_else(wrong)? else {
            return Err(wrong());
        };
        let signer = Self::from_seed(name, seed.try_into().map_err(|_| wrong())?)?;
        if !is_name(name) || hex(signer.verifier().id()) != id {
            return Err(wrong());
        }
        Ok(signer)
    }

    /// The key as a text, to be kept secret.
    pub fn text(&self) -> String {
        let key = base64_of(&[&[ED25519_KIND], self.seed.as_slice()].concat());
        format!("{SIGNER_PREFIX}{}+{}+{key}", self.name, hex(self.verifier().id()))
    }

    /// The same key under another name.
    ///
    /// # Errors
    /// As [`SignerKey::generate`].
    pub fn named(&self, name: &str) -> Result<Self> {
        Self::from_seed(name, self.seed)
    }

    /// What verifies its signatures.
    pub fn verifier(&self) -> VerifierKey {
        let mut public = [0; 32];
        public.copy_from_slice(self.pair.public_key().as_ref());
        VerifierKey { name: self.name.clone(), public }
    }

    /// The line that signs a text, which ends with a new line.
    fn line(&self, text: &str) -> String {
        let signature = self.pair.sign(text.as_bytes());
        let body = [&self.verifier().id(), signature.as_ref()].concat();
        format!("\u{2014} {} {}\n", self.name, base64_of(&body))
    }
}

/// Fills bytes by chance.
///
/// # Errors
/// An internal error if the system has no random numbers.
pub fn random(bytes: &mut [u8]) -> Result<()> {
    SystemRandom::new().fill(bytes).map_err(|_| Error::internal("the system has no random numbers"))
}

/// A text with signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Ends with a new line.
    text: String,
    lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    name: String,
    id: KeyId,
    signature: Vec<u8>,
}

impl Note {
    /// Signs a text, which ends with a new line, with each of some keys.
    pub fn sign(text: &str, keys: &[&SignerKey]) -> String {
        let lines: String = keys.iter().map(|key| key.line(text)).collect();
        format!("{text}\n{lines}")
    }

    /// Reads a note without believing it.
    ///
    /// # Errors
    /// `DataCorrupted` if it does not have the form of one.
    pub fn parse(note: &str) -> Result<Self> {
        let wrong = |what: &str| Error::new(Kind::DataCorrupted, format!("a signed note cannot be read: {what}"));
        let (text, signatures) = note.rsplit_once("\n\n").ok_or_else(|| wrong("it has no signatures"))?;
        let signatures = signatures.strip_suffix('\n').ok_or_else(|| wrong("its last line is not closed"))?;
        if note.contains(|c: char| c.is_control() && c != '\n') {
            return Err(wrong("it holds control characters"));
        }
        let mut lines = Vec::new();
        for line in signatures.split('\n') {
            let parts = line.strip_prefix("\u{2014} ").and_then(|rest| rest.split_once(' '));
            let (name, body) = parts.ok_or_else(|| wrong("a line is no signature"))?;
            let body = from_base64(body).filter(|body| body.len() > 4).ok_or_else(|| wrong("a signature is no base64"))?;
            let (id, signature) = body.split_at(4);
            lines.push(Line { name: name.to_owned(), id: [id[0], id[1], id[2], id[3]], signature: signature.to_vec() });
        }
        Ok(Note { text: format!("{text}\n"), lines })
    }

    /// What was signed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a key has signed the text. Signatures by others are left aside.
    pub fn is_signed_by(&self, key: &VerifierKey) -> bool {
        let (id, public) = (key.id(), UnparsedPublicKey::new(&ED25519, key.public));
        let mut lines = self.lines.iter().filter(|line| line.name == key.name && line.id == id);
        lines.any(|line| public.verify(self.text.as_bytes(), &line.signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use signed_note::{StandardVerifier, VerifierList};

    use super::*;

    #[test]
    fn a_note_is_read_back_and_verified() {
        let key = SignerKey::generate("logs.example/one").unwrap();
        let other = SignerKey::generate("logs.example/one").unwrap();
        let signed = Note::sign("a\nb\n", &[&key]);
        let note = Note::parse(&signed).unwrap();
        assert_eq!(note.text(), "a\nb\n");
        assert!(note.is_signed_by(&key.verifier()) && !note.is_signed_by(&other.verifier()));
        assert!(!note.is_signed_by(&key.verifier().named("logs.example/two")));
        let forged = Note::parse(&signed.replacen('a', "c", 1)).unwrap();
        assert!(!forged.is_signed_by(&key.verifier()));
        let twice = Note::parse(&Note::sign("a\n", &[&key, &other])).unwrap();
        assert!(twice.is_signed_by(&key.verifier()) && twice.is_signed_by(&other.verifier()));
    }

    #[test]
    fn keys_have_texts() {
        let key = SignerKey::generate("logs.example/one").unwrap();
        let back = SignerKey::parse(&format!("{}\n", key.text())).unwrap();
        assert_eq!(back.verifier(), key.verifier());
        assert_eq!(VerifierKey::parse(&key.verifier().to_string()).unwrap(), key.verifier());
        let text = key.verifier().to_string();
        for wrong in ["", "x", "a+b+c", &text.replacen("one", "two", 1), &text[..text.len() - 4], "a b+00000000+AAAA"] {
            assert_eq!(VerifierKey::parse(wrong).unwrap_err().kind(), Kind::InvalidParameterValue, "{wrong}");
        }
        let text = key.text();
        for wrong in ["", "PRIVATE+KEY+", &text.replacen("one", "two", 1), &text[..text.len() - 4]] {
            let error = SignerKey::parse(wrong).unwrap_err();
            assert_eq!((error.kind(), error.message()), (Kind::DataCorrupted, "a signing key cannot be read"));
        }
        assert_eq!(format!("{key:?}"), "SignerKey { name: \"logs.example/one\", .. }");
    }

    #[test]
    fn what_is_no_note_is_refused() {
        let key = SignerKey::generate("k").unwrap();
        let signed = Note::sign("a\n", &[&key]);
        for wrong in [
            "",
            "a",
            "a\n",
            "a\n\n",
            "a\n\nb\n",
            &signed[..signed.len() - 1],
            &signed.replacen('a', "\t", 1),
            "a\n\n\u{2014} k AAAA\n",
        ] {
            assert_eq!(Note::parse(wrong).unwrap_err().kind(), Kind::DataCorrupted, "{wrong:?}");
        }
    }

    /// The same keys and notes by an independent implementation.
    #[test]
    fn another_implementation_agrees() {
        let key = SignerKey::generate("logs.example/one").unwrap();
        let signed = Note::sign("a\nb\n", &[&key]);
        let theirs = signed_note::Note::from_bytes(signed.as_bytes()).unwrap();
        let verifier = StandardVerifier::new(&key.verifier().to_string()).unwrap();
        let (verified, _) = theirs.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
        assert_eq!(verified.len(), 1);
        let signer = signed_note::StandardSigner::new(&key.text()).unwrap();
        let mut note = signed_note::Note::new(b"a\nb\n", &[]).unwrap();
        note.add_sigs(&[&signer]).unwrap();
        assert_eq!(String::from_utf8(note.to_bytes()).unwrap(), signed);
    }
}
