//! One store a folder: the lock file, and the format number that keeps an older program away from a newer folder.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::durable::sync_dir;
use crate::error::{Error, Kind, Result};

/// The layout that this program reads and writes.
const FORMAT: u32 = 1;

/// The open, locked file; the lock ends with it.
#[derive(Debug)]
pub(crate) struct FolderLock {
    file: File,
    path: PathBuf,
    note: String,
}

impl FolderLock {
    /// Makes the folder if need be, locks it and checks its format.
    ///
    /// # Errors
    /// `ObjectInUse` when another process holds it, `FeatureNotSupported` for a newer format, `IoError` when it cannot be written.
    pub(crate) fn take(dir: &Path, note: &str) -> Result<Self> {
        make_private_dir(dir)?;
        let path = dir.join("lock");
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|cause| unwritable(dir, &cause))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use(dir, &mut file)),
            Err(TryLockError::Error(cause)) => return Err(Error::io("lock", &path, &cause)),
        }
        let mut lock = FolderLock { file, path, note: note.to_owned() };
        lock.announce("")?;
        check_format(dir)?;
        Ok(lock)
    }

    /// Rewrites what a second opener is told: the process id, the owner's note and, once known, the listening address.
    pub(crate) fn announce(&mut self, address: &str) -> Result<()> {
        let mut text = format!("pid {}\n", std::process::id());
        for line in [self.note.as_str(), address] {
            if !line.is_empty() {
                text.push_str(line);
                text.push('\n');
            }
        }
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            file.write_all(text.as_bytes())
        };
        write(&mut self.file).map_err(|cause| Error::io("write", &self.path, &cause))
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Closing would not do at once: a program that is just being started holds a copy of the descriptor for a moment.
        let _ = self.file.unlock();
    }
}

/// What the owner of the folder wrote into its lock file, line by line, whether it still runs or not.
pub fn owner_of(dir: &Path) -> Option<Vec<String>> {
    let text = fs::read_to_string(dir.join("lock")).ok()?;
    Some(text.lines().map(str::to_owned).collect())
}

/// What the server that has the folder open announced of itself with [`Store::announce`](super::Store::announce); `None` when no
/// process has it open.
pub fn server_of(dir: &Path) -> Option<String> {
    let mut file = File::open(dir.join("lock")).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {}
        Ok(()) | Err(TryLockError::Error(_)) => return None,
    }
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.lines().last().map(str::to_owned)
}

fn in_use(dir: &Path, file: &mut File) -> Error {
    let mut text = String::new();
    // Who holds it is a courtesy: an unreadable note changes nothing about the refusal.
    let _ = file.read_to_string(&mut text);
    let owner = text.lines().collect::<Vec<_>>().join(", ");
    let owner = if owner.is_empty() { "another process".to_owned() } else { owner };
    Error::new(Kind::ObjectInUse, format!("the data folder \"{}\" is in use by {owner}", dir.display()))
        .with_hint("stop that server, connect to it instead, or choose another folder with --data")
}

fn unwritable(dir: &Path, cause: &std::io::Error) -> Error {
    Error::io("write to the data folder", dir, cause)
        .with_hint("give this user write permission on it, or choose another folder with --data")
}

/// Makes a folder that only its owner may enter. One that exists keeps the mode its operator gave it.
fn make_private_dir(dir: &Path) -> Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|cause| {
        Error::io("make the data folder", dir, &cause).with_hint("create it, or choose another folder with --data")
    })?;
    if let Some(parent) = dir.parent() {
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        sync_dir(parent).map_err(|cause| Error::io("sync", parent, &cause))?;
    }
    Ok(())
}

/// Reads the format number, or writes ours into a folder that has none and holds no data.
fn check_format(dir: &Path) -> Result<()> {
    let path = dir.join("FORMAT");
    match fs::read_to_string(&path) {
        Ok(text) => {
            let found: u32 = text.trim().parse().map_err(|_| {
                Error::new(Kind::DataCorrupted, format!("\"{}\" holds no format number", path.display()))
                    .with_hint(format!("if the folder was written by this version, write {FORMAT} into it"))
            })?;
            if found > FORMAT {
                return Err(Error::new(
                    Kind::FeatureNotSupported,
                    format!("the data folder \"{}\" has format {found}, this program knows formats up to {FORMAT}", dir.display()),
                )
                .with_hint("start the newer version of annals that wrote it"));
            }
            Ok(())
        }
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            if dir.join("wal").exists() || dir.join("tables").exists() {
                return Err(Error::new(
                    Kind::DataCorrupted,
                    format!("\"{}\" is missing beside the data it describes", path.display()),
                )
                .with_hint(format!(
                    "write the number {FORMAT} into it if this version wrote the folder, or restore it from a backup"
                )));
            }
            let write = || {
                let made = dir.join("FORMAT.new");
                let mut file = File::create(&made)?;
                file.write_all(format!("{FORMAT}\n").as_bytes())?;
                file.sync_all()?;
                fs::rename(&made, &path)?;
                sync_dir(dir)
            };
            write().map_err(|cause| unwritable(dir, &cause))
        }
        Err(cause) => Err(Error::io("read", &path, &cause)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_opener_is_told_who_holds_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = FolderLock::take(dir.path(), "annals serve").unwrap();
        first.announce("listening on 127.0.0.1:5454").unwrap();
        let refused = FolderLock::take(dir.path(), "").unwrap_err();
        assert_eq!(refused.kind(), Kind::ObjectInUse);
        assert!(refused.message().contains(&format!("pid {}", std::process::id())), "{refused}");
        assert!(refused.message().contains("127.0.0.1:5454"), "{refused}");
        drop(first);
        FolderLock::take(dir.path(), "").unwrap();
    }

    #[test]
    fn a_newer_format_is_refused_in_one_line() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("FORMAT"), "7\n").unwrap();
        let refused = FolderLock::take(dir.path(), "").unwrap_err();
        assert_eq!(refused.kind(), Kind::FeatureNotSupported);
        assert!(refused.message().contains("format 7"));
        assert!(!refused.to_string().contains('\n'));
    }

    #[test]
    fn data_without_a_format_number_is_not_taken_for_an_empty_folder() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("wal")).unwrap();
        assert_eq!(FolderLock::take(dir.path(), "").unwrap_err().kind(), Kind::DataCorrupted);
    }

    #[cfg(unix)]
    #[test]
    fn a_new_folder_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/data");
        FolderLock::take(&path, "").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
