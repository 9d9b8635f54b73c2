//! The proof that something is in a signed tree, as a text that needs nothing but the public key (C2SP tlog-proof).
//!
//! That of a row is about its table's tree. Its `extra` line carries the leaf record and, for who may read the whole row, what opens it:
//! the salt and the row's payload, one after the other. Who has such a text has the row; without them it shows that a row with this number
//! and time is there, and not what it holds.
//!
//! That of an entry is about the control log. Its `extra` line carries the entry's text; the receipt of an erasure may carry what opens its
//! predicate behind it: a new line and the secret that was hashed with it.

use uuid::Uuid;

use super::checkpoint::Checkpoint;
use super::note::VerifierKey;
use super::record::{Cause, Record};
use super::row::{self, LeafKind, RECORD_BYTES, commitment, record};
use super::salt::Salt;
use super::tree::{leaf_hash, root_from_inclusion};
use super::{Hash, base64_of, from_base64, hash_from_base64, sha256};
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

/// An entry of the control log and its way to a signed root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryProof {
    pub index: u64,
    /// As it stands in the log.
    pub entry: String,
    /// What an erasure's predicate was hashed with.
    pub secret: Option<Salt>,
    pub path: Vec<Hash>,
    /// The signed checkpoint of the control log.
    pub note: String,
}

/// What a proof has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proven {
    Row(ProvenRow),
    Entry(Box<ProvenEntry>),
}

/// A row that was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenRow {
    pub checkpoint: Checkpoint,
    pub leaf: u64,
    pub ingest: Micros,
    /// As [`super::row`] writes it; `None` if the proof does not show what the row holds.
    pub payload: Option<Vec<u8>>,
}

/// An entry that was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenEntry {
    pub checkpoint: Checkpoint,
    pub index: u64,
    pub record: Record,
    pub secret: Option<Salt>,
}

/// The hash by which an erasure's predicate is recorded. The secret keeps others from guessing what was erased.
pub fn predicate_hash(secret: &Salt, predicate: &str) -> Hash {
    sha256(&[secret.as_slice(), predicate.as_bytes()].concat())
}

impl ProvenEntry {
    /// Whether the entry is about an erasure of rows with this predicate; `None` if the proof does not show by what that can be told.
    pub fn is_about(&self, predicate: &str) -> Option<bool> {
        let Record::Erased { cause: Cause::Erasure { predicate: recorded, .. }, .. } = &self.record else { return None };
        self.secret.map(|secret| base64_of(&predicate_hash(&secret, predicate)) == *recorded)
    }
}

impl ProvenRow {
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
        text_of(&extra, self.leaf, &self.path, &self.note)
    }
}

impl EntryProof {
    /// The text.
    pub fn text(&self) -> String {
        let mut extra = self.entry.clone().into_bytes();
        if let Some(secret) = &self.secret {
            extra.push(b'\n');
            extra.extend_from_slice(secret);
        }
        text_of(&extra, self.index, &self.path, &self.note)
    }
}

fn text_of(extra: &[u8], index: u64, path: &[Hash], note: &str) -> String {
    let path: String = path.iter().map(|hash| format!("{}\n", base64_of(hash))).collect();
    format!("{HEAD}\nextra {}\nindex {index}\n{path}\n{note}", base64_of(extra))
}

fn wrong(what: &str) -> Error {
    Error::new(Kind::DataCorrupted, format!("the proof {what}"))
}

/// Checks the text of a proof against some keys. What it is about, a table or the control log, is what its checkpoint names.
///
/// # Errors
/// `DataCorrupted` if it cannot be read or does not hold, `InvalidAuthorization` if no key has signed its checkpoint.
pub fn check(text: &str, keys: &[VerifierKey]) -> Result<Proven> {
    let (body, note) = text.split_once("\n\n").ok_or_else(|| wrong("has no checkpoint"))?;
    let mut lines = body.split('\n');
    if lines.next() != Some(HEAD) {
        return Err(wrong(&format!("does not begin with {HEAD}")));
    }
    let extra = lines.next().and_then(|line| line.strip_prefix("extra ")).and_then(from_base64);
    let extra = extra.ok_or_else(|| wrong("does not carry what it proves"))?;
    let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(|index| index.parse::<u64>().ok());
    let index = index.ok_or_else(|| wrong("has no index"))?;
    let path: Option<Vec<Hash>> = lines.map(hash_from_base64).collect();
    let path = path.ok_or_else(|| wrong("holds a line that is no hash"))?;
    let checkpoint = Checkpoint::verified(note, keys)?;
    if checkpoint.origin.ends_with("/control") {
        return proven_entry(&extra, index, &path, checkpoint).map(|entry| Proven::Entry(Box::new(entry)));
    }
    let table = checkpoint.origin.rsplit_once("/t/").and_then(|(_, table)| Uuid::parse_str(table).ok());
    let table = table.ok_or_else(|| wrong("is about no table"))?;
    proven_row(&extra, index, &path, checkpoint, table).map(Proven::Row)
}

fn proven_entry(extra: &[u8], index: u64, path: &[Hash], checkpoint: Checkpoint) -> Result<ProvenEntry> {
    let end = extra.iter().position(|byte| *byte == b'\n');
    let (text, secret) = match end {
        None => (extra, None),
        Some(end) => {
            let secret = extra[end + 1..].try_into().map_err(|_| wrong("is cut short in its secret"))?;
            (&extra[..end], Some(secret))
        }
    };
    if root_from_inclusion(index, checkpoint.size, leaf_hash(text), path) != Some(checkpoint.root) {
        return Err(wrong("does not lead to the root of its checkpoint"));
    }
    let text = std::str::from_utf8(text).map_err(|_| wrong("carries an entry that is no text"))?;
    Ok(ProvenEntry { checkpoint, index, record: Record::decode(text)?, secret })
}

fn proven_row(extra: &[u8], index: u64, path: &[Hash], checkpoint: Checkpoint, table: Uuid) -> Result<ProvenRow> {
    let no_record = || wrong("does not carry its leaf record");
    let (leaf_record, opening) = extra.split_first_chunk::<RECORD_BYTES>().ok_or_else(no_record)?;
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
    if root_from_inclusion(index, checkpoint.size, leaf_hash(leaf_record), path) != Some(checkpoint.root) {
        return Err(wrong("does not lead to the root of its checkpoint"));
    }
    Ok(ProvenRow { checkpoint, leaf: index, ingest, payload: payload.map(|(_, payload)| payload) })
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

    fn shown(text: &str, key: &SignerKey) -> ProvenRow {
        match check(text, &[key.verifier()]).unwrap() {
            Proven::Row(row) => row,
            Proven::Entry(entry) => panic!("{entry:?}"),
        }
    }

    #[test]
    fn a_receipt_shows_what_was_erased_only_to_who_was_given_the_secret() {
        let key = SignerKey::generate("annals/x/control").unwrap();
        let (secret, said) = ([3; 16], "person_id = 'p-1'");
        let cause = Cause::Erasure {
            erasure: Uuid::nil(),
            requested_by: "ada".into(),
            approved_by: "grace".into(),
            reason: "asked for".into(),
            predicate: base64_of(&predicate_hash(&secret, said)),
        };
        let record = Record::Erased { at: 9, table: TABLE, label: "public.log".into(), rows: 2, cause };
        let entry = record.encode().unwrap();
        let leaf = |at: u64| if at == 5 { leaf_hash(entry.as_bytes()) } else { leaf_hash(&[at as u8]) };
        let tree = Tiles { roots: vec![], rest: (0..7).map(leaf).collect(), opened: None };
        let note = Checkpoint { origin: "annals/x/control".into(), size: 7, root: tree.root() }.signed(&[&key]);
        let receipt = EntryProof { index: 5, entry, secret: Some(secret), path: tree.inclusion(5).unwrap(), note };
        let told = |receipt: &EntryProof| match check(&receipt.text(), &[key.verifier()]) {
            Ok(Proven::Entry(entry)) => Ok(*entry),
            Ok(Proven::Row(row)) => panic!("{row:?}"),
            Err(error) => Err(error.kind()),
        };
        let proven = told(&receipt).unwrap();
        assert_eq!((&proven.record, proven.is_about(said), proven.is_about("true")), (&record, Some(true), Some(false)));
        let closed = EntryProof { secret: None, ..receipt.clone() };
        assert_eq!(told(&closed).unwrap().is_about(said), None);
        for changed in [
            EntryProof { index: 4, ..receipt.clone() },
            EntryProof { entry: receipt.entry.replace("ada", "eve"), ..receipt.clone() },
            EntryProof { path: receipt.path[1..].to_vec(), ..receipt.clone() },
        ] {
            assert_eq!(told(&changed), Err(Kind::DataCorrupted), "{changed:?}");
        }
    }

    #[test]
    fn a_proof_is_checked_with_the_public_key_alone() {
        let (proof, key) = proof();
        let proven = shown(&proof.text(), &key);
        assert_eq!((proven.leaf, proven.ingest, proven.payload.as_deref()), (4, 5, Some(b"payload".as_slice())));
        let other = SignerKey::generate(key.verifier().name()).unwrap();
        assert_eq!(check(&proof.text(), &[other.verifier()]).unwrap_err().kind(), Kind::InvalidAuthorization);
        let closed = proof.closed();
        let text = closed.text();
        let proven = shown(&text, &key);
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
        let proven = shown(&proof.text(), &key);
        let leaf = row_leaf(4, 5, &proof.commitment);
        let root = tlog_tiles::Hash(proven.checkpoint.root);
        tlog_tiles::check_record(&path, 9, root, 4, tlog_tiles::Hash(leaf)).unwrap();
    }
}
