//! The signer of the control log's checkpoints. It computes each root itself, from the tree that it signed last and the leaves that
//! came since: so it cannot be made to sign a history that does not continue the one before. Its state is kept apart from the log.

use serde::{Deserialize, Serialize};

use super::checkpoint::Checkpoint;
use super::note::SignerKey;
use super::tree::Frontier;
use super::{Hash, base64_of, hash_from_base64};
use crate::error::{Error, Kind, Result};

/// The last tree that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    origin: String,
    frontier: Frontier,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    origin: String,
    size: u64,
    root: String,
    frontier: Vec<String>,
}

impl Signer {
    /// A signer that has signed nothing.
    pub fn new(origin: &str) -> Self {
        Signer { origin: origin.to_owned(), frontier: Frontier::default() }
    }

    /// What to keep before a signature is given away.
    ///
    /// # Errors
    /// An internal error.
    pub fn encode(&self) -> Result<String> {
        let state = State {
            origin: self.origin.clone(),
            size: self.frontier.size(),
            root: base64_of(&self.frontier.root()),
            frontier: self.frontier.nodes().iter().map(|node| base64_of(node)).collect(),
        };
        serde_json::to_string(&state).map_err(|cause| Error::internal(format!("could not write the signer's state: {cause}")))
    }

    /// Reads [`Signer::encode`] back.
    ///
    /// # Errors
    /// `DataCorrupted` for what no signer has written.
    pub fn decode(text: &str) -> Result<Self> {
        let wrong = || Error::new(Kind::DataCorrupted, "the signer's state cannot be read");
        let state: State = serde_json::from_str(text).map_err(|_| wrong())?;
        let nodes: Option<Vec<Hash>> = state.frontier.iter().map(|node| hash_from_base64(node)).collect();
        let frontier = nodes.and_then(|nodes| Frontier::from_parts(state.size, nodes)).ok_or_else(wrong)?;
        if hash_from_base64(&state.root) != Some(frontier.root()) {
            return Err(wrong());
        }
        Ok(Signer { origin: state.origin, frontier })
    }

    /// The tree that was signed last.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { origin: self.origin.clone(), size: self.frontier.size(), root: self.frontier.root() }
    }

    /// Compares the log with what was signed.
    ///
    /// # Errors
    /// `DataCorrupted` if the log does not continue the signed tree.
    pub fn admits(&self, log: &Frontier, at_signed_size: Option<Hash>) -> Result<()> {
        let signed = self.checkpoint();
        let what = if log.size() < signed.size {
            format!("it has {} entries, and {} were signed", log.size(), signed.size)
        } else if at_signed_size != Some(signed.root) {
            format!("its first {} entries are not those that were signed", signed.size)
        } else {
            return Ok(());
        };
        Err(Error::new(Kind::DataCorrupted, format!("the control log of the ledger does not continue what was signed: {what}"))
            .with_hint(
                "the folder was put back to an earlier state, or changed; restore it whole, or see what annals verify finds",
            ))
    }

    /// Takes the leaves that came since the last time, and gives the checkpoint over all.
    pub fn extend(&mut self, leaves: &[Hash]) -> Checkpoint {
        leaves.iter().for_each(|leaf| self.frontier.push(*leaf));
        self.checkpoint()
    }

    /// The signed note of the tree as it is, by each of some keys.
    pub fn sign(&self, keys: &[&SignerKey]) -> String {
        self.checkpoint().signed(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tree::{leaf_hash, root_of};

    fn leaves(count: u8) -> Vec<Hash> {
        (0..count).map(|leaf| leaf_hash(&[leaf])).collect()
    }

    #[test]
    fn it_signs_only_what_continues_the_last_tree() {
        let all = leaves(10);
        let mut signer = Signer::new("o");
        assert_eq!(signer.extend(&all[..6]).root, root_of(&all[..6]));
        let mut signer = Signer::decode(&signer.encode().unwrap()).unwrap();
        let mut log = Frontier::default();
        all.iter().for_each(|leaf| log.push(*leaf));
        signer.admits(&log, Some(root_of(&all[..6]))).unwrap();
        assert!(signer.admits(&log, Some(root_of(&all[..5]))).unwrap_err().message().contains("not those that were signed"));
        let mut short = Frontier::default();
        all[..5].iter().for_each(|leaf| short.push(*leaf));
        assert!(signer.admits(&short, None).unwrap_err().message().contains("5 entries, and 6 were signed"));
        assert_eq!(signer.extend(&all[6..]), Checkpoint { origin: "o".into(), size: 10, root: root_of(&all) });
    }

    #[test]
    fn a_state_that_contradicts_itself_is_refused() {
        let mut signer = Signer::new("o");
        signer.extend(&leaves(3));
        let text = signer.encode().unwrap();
        for wrong in ["", "{}", &text.replace("\"size\":3", "\"size\":2"), &text.replace("\"size\":3", "\"size\":7")] {
            assert_eq!(Signer::decode(wrong).unwrap_err().kind(), Kind::DataCorrupted, "{wrong}");
        }
    }
}
