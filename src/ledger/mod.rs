//! What is the hash of this? Leaves, trees, proofs and signed texts over bytes. It must never know files.
//!
//! Words: a *leaf record* is 54 bytes that name a row of a table by its leaf index and its time of ingest, and commit to what the row
//! holds without showing it. A table's *tree* is the Merkle tree of RFC 6962 over its leaf records, in order of arrival; leaf 0 is the
//! table's *genesis*. A *tile* is 256 leaves. A *salt* hides what a commitment is to, from those who see the hash and not the row. The
//! *control log* is one more such tree, over texts ([`record::Record`]) that bind all tables together. A *checkpoint* is size and root
//! of a tree, signed as a *note* (C2SP tlog-checkpoint, signed-note).
//!
//! ```text
//! row -> row::RowHasher -> leaf record -> tree::Frontier -> checkpoint -> note
//! ```

pub mod checkpoint;
pub mod note;
pub mod proof;
pub mod record;
pub mod row;
pub mod salt;
pub mod signer;
pub mod tree;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// SHA-256 (FIPS 180-4).
pub type Hash = [u8; 32];

/// SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// A hash as the texts write it: base64 (RFC 4648, section 4).
pub fn base64_of(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads [`base64_of`] back; `None` for what is no base64.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// A hash in base64; `None` if the text is not 32 bytes.
pub fn hash_from_base64(text: &str) -> Option<Hash> {
    from_base64(text)?.try_into().ok()
}
