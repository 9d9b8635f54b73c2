//! The proof that one row is in a table's tree, as a text that needs nothing but the public key (C2SP tlog-proof).
//!
//! Its `extra` line carries the leaf record and, for who may read the whole row, what opens it: the salt and the row's payload, one after
//! the other. Who has such a text has the row; without them it shows that a row with this number and time is there, and not what it holds.

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
    /// What the row's content is hidden by.
    pub commitment: Hash,
    /// What reveals it: the salt, and the payload as [`super::row`] writes it.
    pub opening: Option<(Salt, Vec<u8>)>,
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
    /// As [`super::row`] writes it; `None` if the proof does not show what the row holds.
    pub payload: Option<Vec<u8>>,
}

impl Proven {
    /// The row's values for people: the number and kind of each column, and its value.
    pub fn values(&self) -> Vec<String> {
        let told = |text: &str| vec![text.to_owned()];
        match &self.payload {
            Some(payload) => row::read_payload(payload).unwrap_or_else(|| told("its values cannot be read")),
            None => told("the proof does not show its values"),
        }
    }
}

impl RowProof {
    /// The same proof without what the row holds.
    #[must_use]
    pub fn closed(self) -> Self {
        RowProof { opening: None, ..self }
    }

    /// The text.
    pub fn text(&self) -> String {
        let mut extra = record(LeafKind::Row, self.leaf, self.ingest, &self.commitment).to_vec();
        if let Some((salt, payload)) = &self.opening {
            extra.extend_from_slice(salt);
            extra.extend_from_slice(payload);
        }
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
    let no_record = || wrong("does not carry its leaf record");
    let extra = extra.ok_or_else(no_record)?;
    let (leaf_record, opening) = extra.split_first_chunk::<RECORD_BYTES>().ok_or_else(no_record)?;
    let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(|index| index.parse::<u64>().ok());
    let index = index.ok_or_else(|| wrong("has no index"))?;
    let path: Option<Vec<Hash>> = lines.map(hash_from_base64).collect();
    let path = path.ok_or_else(|| wrong("holds a line that is no hash"))?;
    let checkpoint = Checkpoint::verified(note, keys)?;
    let table = checkpoint.origin.rsplit_once("/t/").and_then(|(_, table)| Uuid::parse_str(table).ok());
    let table = table.ok_or_else(|| wrong("is about no table"))?;
    let ingest = leaf_record[14..22].try_into().map(Micros::from_be_bytes).map_err(|_| no_record())?;
    let payload = match opening {
        [] => None,
        opening => {
            let (salt, payload) = opening.split_first_chunk::<16>().ok_or_else(|| wrong("is cut short in its row"))?;
            Some((commitment(table, salt, payload), payload.to_vec()))
        }
    };
    let recorded: Hash = leaf_record[22..].try_into().map_err(|_| no_record())?;
    if record(LeafKind::Row, index, ingest, &recorded) != *leaf_record {
        return Err(wrong("carries the leaf record of another row"));
    }
    if payload.as_ref().is_some_and(|(committed, _)| *committed != recorded) {
        return Err(wrong("carries a row that is not the one it proves"));
    }
    if root_from_inclusion(index, checkpoint.size, leaf_hash(leaf_record), &path) != Some(checkpoint.root) {
        return Err(wrong("does not lead to the root of its checkpoint"));
    }
    Ok(Proven { checkpoint, leaf: index, ingest, payload: payload.map(|(_, payload)| payload) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::note::SignerKey;
    use crate::ledger::row::row_leaf;
    use crate::ledger::tree::Tiles;

    const TABLE: Uuid = Uuid::from_u128(77);

    fn proof() -> (RowProof, SignerKey) {
        let key = SignerKey::generate(&format!("annals/x/t/{TABLE}")).unwrap();
        let committed = |leaf: u64| commitment(TABLE, &[leaf as u8; 16], b"payload");
        let leaf = |leaf: u64| row_leaf(leaf, 5, &committed(leaf));
        let tree = Tiles { roots: vec![], rest: (0..9).map(leaf).collect(), opened: None };
        let checkpoint = Checkpoint { origin: format!("annals/x/t/{TABLE}"), size: 9, root: tree.root() };
        let path = tree.inclusion(4).unwrap();
        let note = checkpoint.signed(&[&key]);
        let opening = Some(([4; 16], b"payload".to_vec()));
        (RowProof { leaf: 4, ingest: 5, commitment: committed(4), opening, path, note }, key)
    }

    #[test]
    fn a_proof_is_checked_with_the_public_key_alone() {
        let (proof, key) = proof();
        let proven = check(&proof.text(), &[key.verifier()]).unwrap();
        assert_eq!((proven.leaf, proven.ingest, proven.payload.as_deref()), (4, 5, Some(b"payload".as_slice())));
        let other = SignerKey::generate(key.verifier().name()).unwrap();
        assert_eq!(check(&proof.text(), &[other.verifier()]).unwrap_err().kind(), Kind::InvalidAuthorization);
        let closed = proof.closed();
        let text = closed.text();
        let proven = check(&text, &[key.verifier()]).unwrap();
        assert_eq!((proven.leaf, proven.payload.as_ref()), (4, None));
        assert_eq!(proven.values(), ["the proof does not show its values"]);
        let extra = text.lines().nth(1).and_then(|line| from_base64(line.strip_prefix("extra ")?)).unwrap();
        assert_eq!(extra.len(), RECORD_BYTES, "neither salt nor payload is there to guess by");
    }

    #[test]
    fn whatever_is_changed_breaks_it() {
        let (proof, key) = proof();
        let opened = |salt: u8, payload: &[u8]| Some(([salt; 16], payload.to_vec()));
        let another = proof.note.replace(&TABLE.to_string(), &Uuid::nil().to_string());
        let changed: Vec<RowProof> = vec![
            RowProof { leaf: 5, ..proof.clone() },
            RowProof { ingest: 6, ..proof.clone() },
            RowProof { commitment: [0; 32], ..proof.clone() },
            RowProof { commitment: [0; 32], ..proof.clone().closed() },
            RowProof { opening: opened(5, b"payload"), ..proof.clone() },
            RowProof { opening: opened(4, b"other"), ..proof.clone() },
            RowProof { path: proof.path[1..].to_vec(), ..proof.clone() },
            RowProof { path: proof.path[1..].to_vec(), ..proof.clone().closed() },
        ];
        for changed in changed {
            assert_eq!(check(&changed.text(), &[key.verifier()]).unwrap_err().kind(), Kind::DataCorrupted, "{changed:?}");
        }
        let moved = RowProof { note: another, ..proof.clone() };
        assert_eq!(check(&moved.text(), &[key.verifier()]).unwrap_err().kind(), Kind::InvalidAuthorization);
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
        let leaf = row_leaf(4, 5, &proof.commitment);
        let root = tlog_tiles::Hash(proven.checkpoint.root);
        tlog_tiles::check_record(&path, 9, root, 4, tlog_tiles::Hash(leaf)).unwrap();
    }
}
