//! Where a start goes on reading the control log, so that it does not take the longer the older the store is.
//!
//! Every so many entries the keeper writes down what the entries until then come to, and the right edge of their tree. A start takes that
//! up and hears the entries after it, by the same fold that hears all of them. The file is no evidence: whatever does not fit the
//! log or what was signed makes the start read the log from its first entry, and the verifier never opens it.

use std::fs::File;
use std::os::unix::fs::FileExt;

use serde::{Deserialize, Serialize};

use super::control::ControlLog;
use super::files::{self, Layout};
use super::told::Told;
use crate::error::{Error, Kind, Result};
use crate::ledger::signer::Signer;
use crate::ledger::tree::Frontier;
use crate::ledger::{Hash, base64_of, hash_from_base64, sha256};
use crate::store::crash;

/// Bytes of the log before the place where reading goes on that must be what they were. They hold at least the last entries' roots, which
/// no other log has.
const SEEN_BYTES: u64 = 4096;

/// The file: in its first line the hash of the rest, which is this.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Resume {
    /// Bytes of the entries that are folded.
    length: u64,
    size: u64,
    frontier: Vec<String>,
    /// The hash of the last of these bytes.
    seen: String,
    told: Told,
}

/// The control log as a start has read it.
pub(crate) struct Replayed {
    pub control: ControlLog,
    pub told: Told,
    /// How many entries were not read.
    pub resumed: u64,
    /// The leaves that the signer has not signed.
    pub unsigned: Vec<Hash>,
}

/// Reads the control log, from where a resume point says if it may be believed, and compares it with what was signed.
///
/// # Errors
/// `DataCorrupted` for an entry that cannot be read, and if the log does not continue what was signed; `IoError`.
pub(crate) fn replay(layout: &Layout, signer: &Signer) -> Result<Replayed> {
    let resumed = read(layout).and_then(|from| from.map(|(control, told)| hear(control, told, signer)).transpose());
    match resumed {
        Ok(Some(replayed)) => return Ok(replayed),
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "the ledger's resume point is left aside; the control log is read from its beginning"),
    }
    hear(ControlLog::new(&layout.control()), Told::default(), signer)
}

/// Hears the entries after those that are folded.
fn hear(mut control: ControlLog, mut told: Told, signer: &Signer) -> Result<Replayed> {
    let (resumed, signed) = (control.frontier.size(), signer.checkpoint().size);
    let mut at_signed = (resumed == signed).then(|| control.frontier.root());
    let mut unsigned = Vec::new();
    control.read_on(|record, leaf, frontier| {
        if frontier.size() == signed {
            at_signed = Some(frontier.root());
        } else if frontier.size() > signed {
            unsigned.push(leaf);
        }
        told.hear(record)
    })?;
    signer.admits(&control.frontier, at_signed)?;
    Ok(Replayed { control, told, resumed, unsigned })
}

/// Writes down where the next start goes on.
///
/// # Errors
/// `IoError`, `DiskFull`.
pub(super) fn write(layout: &Layout, control: &ControlLog, told: &Told) -> Result<()> {
    let resume = Resume {
        length: control.length(),
        size: control.frontier.size(),
        frontier: control.frontier.nodes().iter().map(|node| base64_of(node)).collect(),
        seen: base64_of(&seen(layout, control.length())?),
        told: told.clone(),
    };
    let text =
        serde_json::to_string(&resume).map_err(|cause| Error::internal(format!("could not write a resume point: {cause}")))?;
    layout.replace(
        crash::LEDGER_BEFORE_RESUME,
        &layout.resume(),
        format!("{}\n{text}", base64_of(&sha256(text.as_bytes()))).as_bytes(),
    )
}

/// Reads the file; `None` if there is none.
fn read(layout: &Layout) -> Result<Option<(ControlLog, Told)>> {
    let wrong = |what: &str| Error::new(Kind::DataCorrupted, format!("\"{}\" {what}", layout.resume().display()));
    let Some(content) = files::read_text(&layout.resume())? else { return Ok(None) };
    let (hash, text) = content.split_once('\n').ok_or_else(|| wrong("is cut short"))?;
    if hash_from_base64(hash) != Some(sha256(text.as_bytes())) {
        return Err(wrong("is not what was written"));
    }
    let resume: Resume = serde_json::from_str(text).map_err(|_| wrong("was written by another version"))?;
    let nodes: Option<Vec<Hash>> = resume.frontier.iter().map(|node| hash_from_base64(node)).collect();
    let frontier = nodes.and_then(|nodes| Frontier::from_parts(resume.size, nodes)).ok_or_else(|| wrong("holds no tree"))?;
    if hash_from_base64(&resume.seen) != Some(seen(layout, resume.length)?) {
        return Err(wrong("is about another control log"));
    }
    Ok(Some((ControlLog::at(&layout.control(), resume.length, frontier), resume.told)))
}

/// The hash of the log's bytes before a place.
fn seen(layout: &Layout, length: u64) -> Result<Hash> {
    let path = layout.control();
    let from = length.saturating_sub(SEEN_BYTES);
    let mut bytes = vec![0; usize::try_from(length - from).unwrap_or(0)];
    let read = File::open(&path).and_then(|file| file.read_exact_at(&mut bytes, from));
    read.map_err(|cause| Error::io("read", &path, &cause))?;
    Ok(sha256(&bytes))
}
