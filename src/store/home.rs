//! A table's folder, and what becomes of files nobody reads any more: the janitor removes them when their last reader has left.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::codes::Codebook;
use super::core::Core;
use super::delta::DeltaLog;
use super::index;
use super::pick::Footers;
use super::spec::{IndexSpec, TableId};
use crate::metrics::{IndexUses, Metrics};

/// Something to remove.
#[derive(Debug)]
pub(crate) enum Chore {
    /// A segment that a rewrite replaced or that was written in vain, and its indexes.
    Segment { file: PathBuf, indexes: PathBuf },
    /// The folder of a table that was dropped.
    Folder { table: TableId, path: PathBuf },
    /// Answers when everything asked for before it is done.
    Done(tokio::sync::oneshot::Sender<()>),
}

/// What the folders of all tables of a store share.
#[derive(Debug, Clone)]
pub(crate) struct Yard {
    /// Where they are.
    pub tables: PathBuf,
    pub janitor: UnboundedSender<Chore>,
    pub codebook: Arc<Codebook>,
    pub metrics: Arc<Metrics>,
}

/// The folder of one table, shared by its states and segments. It lives as long as someone reads the table.
#[derive(Debug)]
pub(crate) struct TableHome {
    pub id: TableId,
    /// `<data>/tables/<id>`.
    pub dir: PathBuf,
    /// The Delta log, absent until the first flush. Whoever holds the lock commits to it: one at a time.
    pub delta: tokio::sync::Mutex<Option<DeltaLog>>,
    /// Commits with rows of the table share it; a bulk load whose leaf indexes moved holds it alone.
    pub gate: Arc<tokio::sync::RwLock<()>>,
    /// What was read of its segments' footers.
    pub footers: Footers,
    /// What the store keeps of columns' codes.
    pub codebook: Arc<Codebook>,
    /// What its indexes were used for, and what the whole store counts.
    pub uses: IndexUses<IndexSpec>,
    pub metrics: Arc<Metrics>,
    /// Held by the one rewrite of the table that may run; a flush may run beside it.
    pub rewriting: tokio::sync::Mutex<()>,
    /// The commit that dropped the table, 0 while it exists.
    dropped: AtomicU64,
    janitor: UnboundedSender<Chore>,
}

impl TableHome {
    pub(crate) fn new(id: TableId, delta: Option<DeltaLog>, yard: &Yard) -> Self {
        TableHome {
            id,
            dir: yard.tables.join(id.to_string()),
            delta: tokio::sync::Mutex::new(delta),
            gate: Arc::default(),
            footers: Footers::default(),
            codebook: yard.codebook.clone(),
            uses: IndexUses::default(),
            metrics: yard.metrics.clone(),
            rewriting: tokio::sync::Mutex::new(()),
            dropped: AtomicU64::new(0),
            janitor: yard.janitor.clone(),
        }
    }

    /// Lets the folder go once the last reader has left.
    pub(crate) fn drop_at(&self, sequence: u64) {
        self.dropped.store(sequence.max(1), Ordering::SeqCst);
    }

    pub(crate) fn is_dropped(&self) -> bool {
        self.dropped.load(Ordering::SeqCst) != 0
    }

    /// Asks for the removal of a segment's files. Without a janitor the next start removes them.
    pub(crate) fn discard(&self, segment: &str) {
        self.footers.forget(segment);
        self.codebook.forget(segment);
        let indexes = index::folder(&self.dir, segment);
        let _ = self.janitor.send(Chore::Segment { file: self.dir.join(segment), indexes });
    }
}

impl Drop for TableHome {
    fn drop(&mut self) {
        if self.is_dropped() {
            let _ = self.janitor.send(Chore::Folder { table: self.id, path: self.dir.clone() });
        }
    }
}

/// Removes what it is told to until every sender is gone.
pub(crate) async fn run_janitor(mut chores: UnboundedReceiver<Chore>, core: Weak<Core>) {
    while let Some(chore) = chores.recv().await {
        let removed = match chore {
            Chore::Done(reply) => {
                let _ = reply.send(());
                continue;
            }
            Chore::Segment { file, indexes } => {
                let work = move || {
                    index::discard_folder(&indexes);
                    (fs::remove_file(&file), file)
                };
                tokio::task::spawn_blocking(work).await
            }
            Chore::Folder { table, path } => {
                let done = tokio::task::spawn_blocking(move || (remove_folder(&path), path)).await;
                if matches!(done, Ok((Ok(()), _)))
                    && let Some(core) = core.upgrade()
                {
                    core.folder_removed(table);
                }
                done
            }
        };
        if let Ok((Err(cause), path)) = removed
            && cause.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(path = %path.display(), %cause, "could not remove what is no longer used; the next start tries again");
        }
    }
}

/// Removes a dropped table's folder, the log first, so that what a crash leaves is no table.
pub(crate) fn remove_folder(path: &Path) -> std::io::Result<()> {
    for dir in [path.join("_delta_log"), path.to_owned()] {
        match fs::remove_dir_all(&dir) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(cause),
            Ok(()) | Err(_) => {}
        }
    }
    match path.parent() {
        Some(parent) => super::durable::sync_dir(parent),
        None => Ok(()),
    }
}
