//! A checkpoint: which tree, how many leaves, which root (C2SP tlog-checkpoint). Signed as a note, it is what an auditor keeps.

use std::fmt;

use super::note::{Note, SignerKey, VerifierKey};
use super::{Hash, base64_of, hash_from_base64};
use crate::error::{Error, Kind, Result};

/// Size and root of one tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which tree, for ever; also the name of the key that signs it.
    pub origin: String,
    pub size: u64,
    pub root: Hash,
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, base64_of(&self.root))
    }
}

impl Checkpoint {
    /// Reads the text of a checkpoint; lines after the third are left aside.
    ///
    /// # Errors
    /// `DataCorrupted` for any other text.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |what: &str| Error::new(Kind::DataCorrupted, format!("a checkpoint cannot be read: {what}"));
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(wrong("it has fewer than three lines"));
        };
        if origin.is_empty() {
            return Err(wrong("it does not say of which tree"));
        }
        let canonical = size == "0" || (!size.starts_with('0') && size.bytes().all(|digit| digit.is_ascii_digit()));
        let size = size.parse().ok().filter(|_| canonical).ok_or_else(|| wrong("its size is no number"))?;
        let root = hash_from_base64(root).ok_or_else(|| wrong("its root is no hash"))?;
        Ok(Checkpoint { origin: origin.to_owned(), size, root })
    }

    /// The signed note, by each of some keys.
    pub fn signed(&self, keys: &[&SignerKey]) -> String {
        Note::sign(&self.to_string(), keys)
    }

    /// Reads a note and believes it only if one of some keys has signed it.
    ///
    /// # Errors
    /// `DataCorrupted` if it cannot be read, `InvalidAuthorization` if none has.
    pub fn verified(note: &str, keys: &[VerifierKey]) -> Result<Self> {
        let note = Note::parse(note)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        if !keys.iter().any(|key| note.is_signed_by(&key.named(&checkpoint.origin))) {
            return Err(Error::new(
                Kind::InvalidAuthorization,
                format!("the checkpoint of \"{}\" at size {} is not signed by a known key", checkpoint.origin, checkpoint.size),
            ));
        }
        Ok(checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Checkpoint {
        Checkpoint { origin: "logs.example/one/control".to_owned(), size: 20_852_163, root: [9; 32] }
    }

    #[test]
    fn a_checkpoint_is_read_back() {
        let text = sample().to_string();
        assert_eq!(text, "logs.example/one/control\n20852163\nCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\n");
        assert_eq!(Checkpoint::parse(&text).unwrap(), sample());
        assert_eq!(Checkpoint::parse(&format!("{text}an extension\n")).unwrap(), sample());
        for wrong in [
            "",
            "a\n1\n",
            "\n1\nCQkJ\n",
            &text.replace("20852163", "020852163"),
            &text.replace("20852163", "-1"),
            &text.replace("Qk=", ""),
        ] {
            assert_eq!(Checkpoint::parse(wrong).unwrap_err().kind(), Kind::DataCorrupted, "{wrong:?}");
        }
    }

    #[test]
    fn only_a_known_key_is_believed() {
        let key = SignerKey::generate(&sample().origin).unwrap();
        let other = SignerKey::generate(&sample().origin).unwrap();
        let note = sample().signed(&[&key]);
        assert_eq!(Checkpoint::verified(&note, &[other.verifier(), key.verifier()]).unwrap(), sample());
        assert_eq!(Checkpoint::verified(&note, &[other.verifier()]).unwrap_err().kind(), Kind::InvalidAuthorization);
        let edited = note.replacen("20852163", "20852164", 1);
        assert_eq!(Checkpoint::verified(&edited, &[key.verifier()]).unwrap_err().kind(), Kind::InvalidAuthorization);
    }

    /// The same text by an independent implementation.
    #[test]
    fn another_implementation_agrees() {
        let text = sample().to_string();
        let theirs = tlog_tiles::Checkpoint::from_bytes(text.as_bytes()).unwrap();
        assert_eq!((theirs.origin(), theirs.size(), theirs.hash().0), (sample().origin.as_str(), sample().size, sample().root));
        assert_eq!(theirs.to_bytes(), text.as_bytes());
    }
}
