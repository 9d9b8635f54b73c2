//! The files of the ledger, and how they are written so that a crash leaves them whole.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::store::crash::Faults;
use crate::store::durable::{make_dirs, sync_dir};
use crate::store::spec::TableId;

/// Where everything stands.
///
/// ```text
/// ledger/
///   origin              what the store is called in its checkpoints, for ever
///   control.jsonl       the control log: one entry a line
///   checkpoint          the newest signed checkpoint of the control log
///   key                 what signs; mode 0600
///   signed              what was signed last; the signer compares
///   resume              what the control log came to at some entry; where a start goes on reading it
///   tables/<uuid>/
///     tiles             the root of each complete tile, 32 bytes each
///     salts             seeds of salts; mode 0600
///     removed           leaf hashes of removed rows in tiles of which rows are left: index u64be and hash each, ascending
///   holds/<uuid>        which rows a legal hold found when it was made, as for a purge
///   purges/<uuid>       which rows a purge removed: first and last leaf index of each run, u64be
/// ```
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// `<data>/ledger`.
    pub dir: PathBuf,
    /// Where key and signer's state are kept; the same unless it was chosen otherwise.
    pub signer: PathBuf,
    faults: Faults,
}

impl Layout {
    pub(crate) fn new(data: &Path, signer: Option<&Path>) -> Self {
        let dir = data.join("ledger");
        let signer = signer.map_or_else(|| dir.clone(), Path::to_owned);
        Layout { dir, signer, faults: Faults::default() }
    }

    pub(crate) fn origin(&self) -> PathBuf {
        self.dir.join("origin")
    }

    pub(crate) fn control(&self) -> PathBuf {
        self.dir.join("control.jsonl")
    }

    pub(crate) fn resume(&self) -> PathBuf {
        self.dir.join("resume")
    }

    pub(crate) fn checkpoint(&self) -> PathBuf {
        self.dir.join("checkpoint")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.signer.join("key")
    }

    /// The key of a rotation that has begun.
    pub(crate) fn next_key(&self) -> PathBuf {
        self.signer.join("key-next")
    }

    pub(crate) fn signed(&self) -> PathBuf {
        self.signer.join("signed")
    }

    pub(crate) fn table(&self, table: TableId) -> PathBuf {
        self.dir.join("tables").join(table.to_string())
    }

    pub(crate) fn tiles(&self, table: TableId) -> PathBuf {
        self.table(table).join("tiles")
    }

    pub(crate) fn salts(&self, table: TableId) -> PathBuf {
        self.table(table).join("salts")
    }

    pub(crate) fn removed(&self, table: TableId) -> PathBuf {
        self.table(table).join("removed")
    }

    pub(crate) fn hold(&self, hold: uuid::Uuid) -> PathBuf {
        self.dir.join("holds").join(hold.to_string())
    }

    pub(crate) fn purge(&self, purge: uuid::Uuid) -> PathBuf {
        self.dir.join("purges").join(purge.to_string())
    }
}

/// The bytes of a file; `None` if there is none.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(Error::io("read", path, &cause)),
    }
}

/// The text of a file; `None` if there is none.
pub(crate) fn read_text(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(Error::io("read", path, &cause)),
    }
}

impl Layout {
    /// Passes these points, and those of the writes that follow, by this plan.
    pub(crate) fn with_faults(self, faults: &Faults) -> Self {
        Layout { faults: faults.clone(), ..self }
    }

    /// Passes a point that is not that of a write.
    pub(crate) fn point(&self, point: &'static str) -> Result<()> {
        self.faults.point(point).map_err(|cause| Error::io("write the ledger in", &self.dir, &cause))
    }

    /// Writes a file so that after a crash it is there whole or as it was; only its owner may read it.
    pub(crate) fn replace(&self, point: &'static str, path: &Path, bytes: &[u8]) -> Result<()> {
        let dir = path.parent().unwrap_or(Path::new("."));
        let fresh = path.with_extension("new");
        let write = || -> std::io::Result<()> {
            self.faults.point(point)?;
            make_dirs(dir)?;
            let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&fresh, path)?;
            sync_dir(dir)
        };
        write().map_err(|cause| Error::io("write", path, &cause))
    }

    /// Writes at a place of a file and makes it durable; what stood behind that place is cut off. Of the two points one is before the
    /// write and one in its middle.
    pub(crate) fn write_at(&self, points: [&'static str; 2], path: &Path, at: u64, bytes: &[u8]) -> Result<()> {
        use std::os::unix::fs::FileExt;
        let (half, rest) = bytes.split_at(bytes.len() / 2);
        let write = || -> std::io::Result<()> {
            self.faults.point(points[0])?;
            let new = !path.exists();
            if new && let Some(dir) = path.parent() {
                make_dirs(dir)?;
            }
            let file = File::options().write(true).create(true).truncate(false).mode(0o600).open(path)?;
            file.set_len(at)?;
            file.write_all_at(half, at)?;
            self.faults.point(points[1])?;
            file.write_all_at(rest, at + half.len() as u64)?;
            if new {
                file.sync_all()?;
                return path.parent().map_or(Ok(()), sync_dir);
            }
            file.sync_data()
        };
        write().map_err(|cause| Error::io("write", path, &cause))
    }

    /// Removes a file or a folder that may be gone already.
    pub(crate) fn remove(&self, point: &'static str, path: &Path) -> Result<()> {
        self.point(point)?;
        let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        match removed {
            Err(cause) if cause.kind() != ErrorKind::NotFound => Err(Error::io("remove", path, &cause)),
            Ok(()) | Err(_) => {
                path.parent().filter(|dir| dir.is_dir()).map_or(Ok(()), sync_dir).map_err(|cause| Error::io("sync", path, &cause))
            }
        }
    }
}
