//! The write-ahead log: one for all tables, in files named after the first commit they hold.
//!
//! A file is a *head* followed by *runs*. The head defines every table then in force, so that any suffix of files explains itself; it
//! is closed by a head mark. A run is one commit: frames that define, drop and carry rows, closed by a commit mark. Frames of a run
//! carry its sequence number, which grows by one from commit to commit; those of a head carry the number before the file's first.
//! Replay applies whole runs only.
//!
//! A file is made under another name and gets its own when its head is durable, so a head is never torn. The last file may end in a
//! torn run, of which nobody was told: it is cut off. Damage anywhere else is refused, because acknowledged commits may be in it.

pub(crate) mod frame;
pub(crate) mod replay;
pub(crate) mod rows;
pub(crate) mod writer;

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// One file of the log.
#[derive(Debug, Clone)]
pub(crate) struct WalFile {
    /// The first commit that it holds, if it holds any.
    pub first_sequence: u64,
    pub path: PathBuf,
}

/// The name of the file that begins with this commit.
pub(crate) fn file_name(first_sequence: u64) -> String {
    format!("{first_sequence:020}.wal")
}

/// The files of a log in order; left-overs of files that never got their name are removed.
pub(crate) fn list(dir: &Path) -> Result<Vec<WalFile>> {
    let (files, left_over) = named(dir)?;
    for path in left_over {
        fs::remove_file(&path).map_err(|cause| Error::io("remove", &path, &cause))?;
    }
    Ok(files)
}

/// The files of a log in order, and left-overs of files that never got their name.
pub(crate) fn named(dir: &Path) -> Result<(Vec<WalFile>, Vec<PathBuf>)> {
    let (mut files, mut left_over) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(dir).map_err(|cause| Error::io("list", dir, &cause))? {
        let path = entry.map_err(|cause| Error::io("list", dir, &cause))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.ends_with(".wal.new") {
            left_over.push(path);
        } else if let Some(digits) = name.strip_suffix(".wal")
            && digits.len() == 20
            && let Ok(first_sequence) = digits.parse()
        {
            files.push(WalFile { first_sequence, path });
        }
    }
    files.sort_by_key(|file| file.first_sequence);
    Ok((files, left_over))
}
