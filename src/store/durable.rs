//! Files that survive a power cut: written whole or not at all, and a local object store that syncs what object_store's own leaves to the
//! operating system.
//!
//! Staged file names end in `#` and digits, which the local store already hides from listings; a start removes left-overs.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::ops::Range;
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, RenameOptions, Result, UploadPart,
};

use crate::error;

/// Makes a folder's entries durable: a new, renamed or linked name is lost by a power cut until its folder is synced.
pub(crate) fn sync_dir(dir: &FsPath) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Makes the folders down to `dir` that are missing, and their names durable.
pub(crate) fn make_dirs(dir: &FsPath) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    let parent = dir.parent().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no parent folder"))?;
    make_dirs(parent)?;
    match fs::create_dir(dir) {
        Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => Err(cause),
        Ok(()) | Err(_) => sync_dir(parent),
    }
}

/// The bytes of a file; `None` if there is none.
pub(crate) fn read(path: &FsPath) -> error::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(error::Error::io("read", path, &cause)),
    }
}

/// The text of a file; `None` if there is none.
pub(crate) fn read_text(path: &FsPath) -> error::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(error::Error::io("read", path, &cause)),
    }
}

/// Writes a file so that after a crash it is there whole or as it was; only its owner may read it.
pub(crate) fn replace(path: &FsPath, bytes: &[u8]) -> error::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let dir = path.parent().unwrap_or(FsPath::new("."));
    let fresh = path.with_extension("new");
    let write = || -> io::Result<()> {
        make_dirs(dir)?;
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        sync_dir(dir)
    };
    write().map_err(|cause| error::Error::io("write", path, &cause))
}

/// Removes a file or a folder that may be gone already.
pub(crate) fn remove(path: &FsPath) -> error::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(error::Error::io("remove", path, &cause)),
        Ok(()) | Err(_) => path
            .parent()
            .filter(|dir| dir.is_dir())
            .map_or(Ok(()), sync_dir)
            .map_err(|cause| error::Error::io("sync", path, &cause)),
    }
}

/// How many bytes a file has, and their CRC-32C.
pub(crate) fn checksum(file: &mut File) -> io::Result<(u64, u32)> {
    const PIECE: usize = 1024 * 1024;
    let (mut buffer, mut bytes, mut crc) = (vec![0; PIECE], 0u64, 0);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((bytes, crc));
        }
        bytes += read as u64;
        crc = crc32c::crc32c_append(crc, &buffer[..read]);
    }
}

/// A folder as an object store with synced writes.
#[derive(Debug, Clone)]
pub(crate) struct DurableStore {
    inner: Arc<LocalFileSystem>,
}

impl DurableStore {
    /// The whole file system, as Delta addresses its files.
    pub(crate) fn everything() -> Self {
        DurableStore { inner: Arc::new(LocalFileSystem::new()) }
    }

    /// One folder, which must exist.
    pub(crate) fn folder(dir: &FsPath) -> Result<Self> {
        Ok(DurableStore { inner: Arc::new(LocalFileSystem::new_with_prefix(dir)?) })
    }
}

impl fmt::Display for DurableStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DurableStore({})", self.inner)
    }
}

fn failed(source: io::Error) -> object_store::Error {
    object_store::Error::Generic { store: "DurableStore", source: Box::new(source) }
}

/// Runs blocking file work where it does not hold up the runtime.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => runtime.spawn_blocking(work).await.map_err(|cause| failed(io::Error::other(cause)))?,
        Err(_) => work(),
    }
}

fn staged_name(path: &FsPath) -> PathBuf {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let mut name = path.as_os_str().to_owned();
    name.push(format!("#{}{:06}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed)));
    PathBuf::from(name)
}

/// Writes a file so that after a crash it is there whole or not at all.
fn put_file(path: &FsPath, payload: &PutPayload, create: bool) -> Result<()> {
    let dir = path.parent().ok_or_else(|| failed(io::Error::new(io::ErrorKind::NotFound, "no parent folder")))?;
    make_dirs(dir).map_err(failed)?;
    let staged = staged_name(path);
    let write = || -> io::Result<()> {
        let mut file = File::options().write(true).create_new(true).open(&staged)?;
        for part in payload {
            file.write_all(part)?;
        }
        file.sync_all()?;
        if create {
            fs::hard_link(&staged, path)?;
            fs::remove_file(&staged)?;
        } else {
            fs::rename(&staged, path)?;
        }
        sync_dir(dir)
    };
    write().map_err(|source| {
        // The staged file is of no use to anyone; if it stays, a start removes it.
        let _ = fs::remove_file(&staged);
        if create && source.kind() == io::ErrorKind::AlreadyExists {
            object_store::Error::AlreadyExists { path: path.display().to_string(), source: Box::new(source) }
        } else {
            failed(source)
        }
    })
}

/// Syncs a file that has just got its name, and the name.
fn settle(path: &FsPath) -> Result<()> {
    let sync = || -> io::Result<()> {
        File::open(path)?.sync_all()?;
        match path.parent() {
            Some(dir) => sync_dir(dir),
            None => Ok(()),
        }
    };
    sync().map_err(failed)
}

#[async_trait]
impl ObjectStore for DurableStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let create = match opts.mode {
            PutMode::Overwrite => false,
            PutMode::Create => true,
            PutMode::Update(_) => {
                return Err(object_store::Error::NotImplemented {
                    operation: "`put_opts` with mode `PutMode::Update`".into(),
                    implementer: self.to_string(),
                });
            }
        };
        let path = self.inner.path_to_filesystem(location)?;
        blocking(move || put_file(&path, &payload, create)).await?;
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let path = self.inner.path_to_filesystem(location)?;
        if let Some(dir) = path.parent().map(FsPath::to_owned) {
            blocking(move || make_dirs(&dir).map_err(failed)).await?;
        }
        let inner = self.inner.put_multipart_opts(location, opts).await?;
        Ok(Box::new(DurableUpload { inner, path }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    /// Removals are not synced on purpose: a file that comes back after a power cut is an orphan that the next start removes.
    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await?;
        let path = self.inner.path_to_filesystem(to)?;
        blocking(move || settle(&path)).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.inner.rename_opts(from, to, options).await?;
        let path = self.inner.path_to_filesystem(to)?;
        blocking(move || settle(&path)).await
    }
}

/// An upload in parts that is synced when it gets its name.
#[derive(Debug)]
struct DurableUpload {
    inner: Box<dyn MultipartUpload>,
    path: PathBuf,
}

#[async_trait]
impl MultipartUpload for DurableUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.inner.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let result = self.inner.complete().await?;
        let path = self.path.clone();
        blocking(move || settle(&path)).await?;
        Ok(result)
    }

    async fn abort(&mut self) -> Result<()> {
        self.inner.abort().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::ObjectStoreExt;

    #[tokio::test]
    async fn create_refuses_a_name_that_exists_and_leaves_no_staged_file() {
        let dir = tempfile::tempdir().unwrap();
        let store = DurableStore::folder(dir.path()).unwrap();
        let path = Path::from("a/b.json");
        store.put_opts(&path, "one".into(), PutMode::Create.into()).await.unwrap();
        let refused = store.put_opts(&path, "two".into(), PutMode::Create.into()).await.unwrap_err();
        assert!(matches!(refused, object_store::Error::AlreadyExists { .. }), "{refused}");
        assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap(), "one");
        store.put_opts(&path, "three".into(), PutMode::Overwrite.into()).await.unwrap();
        assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap(), "three");
        assert_eq!(fs::read_dir(dir.path().join("a")).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn an_upload_in_parts_appears_when_it_is_complete() {
        let dir = tempfile::tempdir().unwrap();
        let store = DurableStore::folder(dir.path()).unwrap();
        let path = Path::from("day=1/x.parquet");
        let mut upload = store.put_multipart(&path).await.unwrap();
        upload.put_part("ab".into()).await.unwrap();
        upload.put_part("cd".into()).await.unwrap();
        assert!(store.head(&path).await.is_err());
        upload.complete().await.unwrap();
        assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap(), "abcd");
    }
}
