//! The proof that one row is in a table's tree, as a text that needs nothing but the public key (C2SP tlog-proof).
//!
//! Its `extra` line carries what opens the leaf: the leaf record, the salt and the row's payload, one after the other. Who has the text
//! therefore has the row.

use uuid::Uuid;

use super::checkpoint::Checkpoint;
use super::note::VerifierKey;
use super::row::{self, LeafKind, RECORD_BYTES, commitment, record};
use super::salt::Salt;
use super::tree::{leaf_hash, root_from_inclusion};
use super::{Hash, base64_of, from_base64, hash_from_base64};
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};

const HEAD: &str = "c2sp.org/tlog-proof@v1";

/// A row and its way to a signed root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProof {
    pub leaf: u64,
    pub ingest: Micros,
    pub table: Uuid,
    pub salt: Salt,
    /// As [`super::row`] writes it.
    pub payload: Vec<u8>,
    pub path: Vec<Hash>,
    /// The signed checkpoint of the table's tree.
    pub note: String,
}

/// What a proof has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    pub checkpoint: Checkpoint,
    pub leaf: u64,
    pub ingest: Micros,
    /// As [`super::row`] writes it.
    pub payload: Vec<u8>,
}

impl Proven {
    /// The row's values for people: the number and kind of each column, and its value.
    pub fn values(&self) -> Vec<String> {
        row::read_payload(&self.payload).unwrap_or_else(|| vec!["its values cannot be read".to_owned()])
    }
}

impl RowProof {
    /// The text.
    pub fn text(&self) -> String {
        let record = record(LeafKind::Row, self.leaf, self.ingest, &commitment(self.table, &self.salt, &self.payload));
        let extra = [record.as_slice(), &self.salt, &self.payload].concat();
        let path: String = self.path.iter().map(|hash| format!("{}\n", base64_of(hash))).collect();
        format!("{HEAD}\nextra {}\nindex {}\n{path}\n{}", base64_of(&extra), self.leaf, self.note)
    }
}

/// Checks the text of a proof against some keys. The table is the one that the checkpoint names.
///
/// # Errors
/// `DataCorrupted` if it cannot be read or does not hold, `InvalidAuthorization` if no key has signed its checkpoint.
pub fn check(text: &str, keys: &[VerifierKey]) -> Result<Proven> {
    let wrong = |what: &str| Error::new(Kind::DataCorrupted, format!("the proof {what}"));
    let (body, note) = text.split_once("\n\n").ok_or_else(|| wrong("has no checkpoint"))?;
    let mut lines = body.split('\n');
    if lines.next() != Some(HEAD) {
        return Err(wrong(&format!("does not begin with {HEAD}")));
    }
    let extra = lines.next().and_then(|line| line.strip_prefix("extra ")).and_then(from_base64);
    let extra = extra.filter(|extra| extra.len() >= RECORD_BYTES + 16).ok_or_else(|| wrong("does not carry its row"))?;
    let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(|index| index.parse::<u64>().ok());
    let index = index.ok_or_else(|| wrong("has no index"))?;
    let path: Option<Vec<Hash>> = lines.map(hash_from_base64).collect();
    let path = path.ok_or_else(|| wrong("holds a line that is no hash"))?;
    let checkpoint = Checkpoint::verified(note, keys)?;
    let table = checkpoint.origin.rsplit_once("/t/").and_then(|(_, table)| Uuid::parse_str(table).ok());
    let table = table.ok_or_else(|| wrong("is about no table"))?;
    let (leaf_record, opening) = extra.split_at(RECORD_BYTES);
    let (salt, payload) = opening.split_at(16);
    let salt: Salt = salt.try_into().map_err(|_| wrong("does not carry its row"))?;
    let ingest = leaf_record[14..22].try_into().map(Micros::from_be_bytes).map_err(|_| wrong("does not carry its row"))?;
    if record(LeafKind::Row, index, ingest, &commitment(table, &salt, payload)) != *leaf_record {
        return Err(wrong("carries a row that is not the one it proves"));
    }
    if root_from_inclusion(index, checkpoint.size, leaf_hash(leaf_record), &path) != Some(checkpoint.root) {
        return Err(wrong("does not lead to the root of its checkpoint"));
    }
    Ok(Proven { checkpoint, leaf: index, ingest, payload: payload.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::note::SignerKey;
    use crate::ledger::row::row_leaf;
    use crate::ledger::tree::Tiles;

    fn proof() -> (RowProof, SignerKey) {
        let table = Uuid::from_u128(77);
        let key = SignerKey::generate(&format!("annals/x/t/{table}")).unwrap();
        let leaf = |leaf: u64| row_leaf(leaf, 5, &commitment(table, &[leaf as u8; 16], b"payload"));
        let tree = Tiles { roots: vec![], rest: (0..9).map(leaf).collect(), opened: None };
        let checkpoint = Checkpoint { origin: format!("annals/x/t/{table}"), size: 9, root: tree.root() };
        let path = tree.inclusion(4).unwrap();
        let note = checkpoint.signed(&[&key]);
        (RowProof { leaf: 4, ingest: 5, table, salt: [4; 16], payload: b"payload".to_vec(), path, note }, key)
    }

    #[test]
    fn a_proof_is_checked_with_the_public_key_alone() {
        let (proof, key) = proof();
        let proven = check(&proof.text(), &[key.verifier()]).unwrap();
        assert_eq!((proven.leaf, proven.ingest, proven.payload.as_slice()), (4, 5, b"payload".as_slice()));
        let other = SignerKey::generate(key.verifier().name()).unwrap();
        assert_eq!(check(&proof.text(), &[other.verifier()]).unwrap_err().kind(), Kind::InvalidAuthorization);
    }

    #[test]
    fn whatever_is_changed_breaks_it() {
        let (proof, key) = proof();
        let changed: Vec<RowProof> = vec![
            RowProof { leaf: 5, ..proof.clone() },
            RowProof { ingest: 6, ..proof.clone() },
            RowProof { table: Uuid::nil(), ..proof.clone() },
            RowProof { salt: [5; 16], ..proof.clone() },
            RowProof { payload: b"other".to_vec(), ..proof.clone() },
            RowProof { path: proof.path[1..].to_vec(), ..proof.clone() },
        ];
        for changed in changed {
            assert_eq!(check(&changed.text(), &[key.verifier()]).unwrap_err().kind(), Kind::DataCorrupted, "{changed:?}");
        }
        let text = proof.text();
        for wrong in [
            "",
            HEAD,
            &text.replacen("index 4", "index x", 1),
            &text.replacen("extra ", "extra !", 1),
            &text.replacen("\n\n", "\n", 1),
        ] {
            assert!(check(wrong, &[key.verifier()]).is_err(), "{wrong:?}");
        }
    }

    /// An independent implementation walks the same path.
    #[test]
    fn another_implementation_agrees() {
        let (proof, key) = proof();
        let path = proof.path.iter().map(|hash| tlog_tiles::Hash(*hash)).collect();
        let proven = check(&proof.text(), &[key.verifier()]).unwrap();
        let leaf = row_leaf(4, 5, &commitment(proof.table, &proof.salt, &proof.payload));
        let root = tlog_tiles::Hash(proven.checkpoint.root);
        tlog_tiles::check_record(&path, 9, root, 4, tlog_tiles::Hash(leaf)).unwrap();
    }
}
