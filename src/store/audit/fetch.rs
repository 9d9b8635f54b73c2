//! Where the folder to verify lies: here, or in an object store, from which what the verifier reads is brought here first.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path as Key;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _, parse_url_opts};
use tempfile::TempDir;
use url::Url;

use super::Progress;
use crate::error::{Error, Kind, Result};

/// What of a data folder is brought here. The ledger's key is left where it is: the verifier needs the public one only.
const WANTED: [&str; 3] = ["ledger", "tables", "wal"];
const LEFT: [&str; 2] = ["ledger/key", "ledger/key-next"];
/// Addresses of object stores; what is compiled in comes with Delta's kernel.
const SCHEMES: [&str; 9] = ["s3", "s3a", "gs", "az", "adl", "azure", "abfs", "abfss", "https"];
/// Objects that are fetched at once. More is faster over a slow net, and takes more connections and memory.
const AT_ONCE: usize = 16;

/// A folder to verify. One that was brought here goes with the value.
#[derive(Debug)]
pub enum Place {
    Here(PathBuf),
    Brought(TempDir),
}

impl Place {
    pub fn dir(&self) -> &Path {
        match self {
            Place::Here(dir) => dir,
            Place::Brought(dir) => dir.path(),
        }
    }
}

/// Finds the folder that was given by its path or by its address. The settings are those of the object store's own tools, as `AWS_REGION`.
///
/// # Errors
/// `InvalidParameterValue` for an address of another kind, `IoError` if the object store cannot be read or the disk is full.
pub async fn place(given: &Path, settings: Vec<(String, String)>, progress: &Progress) -> Result<Place> {
    let Some(address) = given.to_str().filter(|text| text.contains("://")) else { return Ok(Place::Here(given.to_owned())) };
    let refused = |what: &str| {
        Error::new(Kind::InvalidParameterValue, format!("{what}: {address}"))
            .with_hint("copy the folder here first, as with rclone copy, and give the copy")
    };
    let url = Url::parse(address).map_err(|_| refused("this is no address"))?;
    if url.scheme() == "file" {
        return url.to_file_path().map(Place::Here).map_err(|()| refused("this is the address of no folder here"));
    }
    if !SCHEMES.contains(&url.scheme()) {
        return Err(refused("a folder cannot be verified at an address of this kind"));
    }
    bring(&url, settings, progress).await.map(Place::Brought)
}

async fn bring(url: &Url, settings: Vec<(String, String)>, progress: &Progress) -> Result<TempDir> {
    let failed = |cause: object_store::Error| {
        Error::new(Kind::IoError, format!("could not read {url}: {cause}"))
            .with_hint("keys, region and endpoint come from the environment, as AWS_ACCESS_KEY_ID, AWS_REGION and AWS_ENDPOINT")
    };
    let (store, base) = parse_url_opts(url, settings).map_err(failed)?;
    let store: Arc<dyn ObjectStore> = Arc::from(store);
    let listed: Vec<ObjectMeta> = store.list(Some(&base)).try_collect().await.map_err(failed)?;
    let wanted: Vec<(String, ObjectMeta)> =
        listed.into_iter().filter_map(|object| Some((name_of(&base, &object.location)?, object))).collect();
    if wanted.is_empty() {
        return Err(Error::new(Kind::InvalidParameterValue, format!("there is no data folder at {url}")));
    }
    progress.bytes.store(wanted.iter().map(|(_, object)| object.size).sum(), Ordering::Relaxed);
    let dir = tempfile::Builder::new()
        .prefix("annals-verify-")
        .tempdir()
        .map_err(|cause| Error::io("make", Path::new("a temporary folder"), &cause))?;
    let fetches = wanted.into_iter().map(|(name, object)| {
        let (store, path) = (store.clone(), dir.path().join(name));
        async move {
            let mut content = store.get(&object.location).await.map_err(failed)?.into_stream();
            let written = |cause: std::io::Error| Error::io("write", &path, &cause);
            path.parent().map_or(Ok(()), fs::create_dir_all).map_err(written)?;
            let mut file = File::create(&path).map_err(written)?;
            while let Some(part) = content.try_next().await.map_err(failed)? {
                file.write_all(&part).map_err(written)?;
                progress.advance(part.len() as u64);
            }
            Ok(())
        }
    });
    let () = futures::stream::iter(fetches).buffer_unordered(AT_ONCE).try_collect().await?;
    progress.done.store(0, Ordering::Relaxed);
    Ok(dir)
}

/// What an object is called in the data folder, if it is wanted.
fn name_of(base: &Key, location: &Key) -> Option<String> {
    let parts: Vec<_> = location.prefix_match(base)?.collect();
    let first = parts.first()?.as_ref().to_owned();
    let name = parts.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join("/");
    (WANTED.contains(&first.as_str()) && !LEFT.contains(&name.as_str())).then_some(name)
}
