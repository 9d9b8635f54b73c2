//! When each table was purged last: one small file, a line a table, so that it is still known after a crash.
//!
//! The ledger tells what went and by which rule; it tells nothing of a purge that found nothing to do, and it may be off.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use uuid::Uuid;

use super::Store;
use super::core::locked;
use super::durable;
use super::spec::TableId;
use crate::clock::Micros;
use crate::error::{Error, Result};

/// The file's name in the data folder.
const FILE: &str = "purges";

/// The file, and what stands in it.
#[derive(Debug)]
pub(crate) struct Purges {
    path: PathBuf,
    last: Mutex<BTreeMap<TableId, Micros>>,
}

impl Purges {
    /// Lines that say nothing are passed over: what is lost with them is a time that the next purge tells anew.
    pub(crate) fn open(dir: &Path) -> Purges {
        let path = dir.join(FILE);
        let text = durable::read_text(&path).unwrap_or_else(|error| {
            tracing::warn!(%error, "it is not known when tables were purged last");
            None
        });
        let line = |line: &str| {
            let (table, at) = line.split_once(' ')?;
            Some((TableId(Uuid::try_parse(table).ok()?), at.parse().ok()?))
        };
        let last = text.unwrap_or_default().lines().filter_map(line).collect();
        Purges { path, last: Mutex::new(last) }
    }

    /// Takes down that a table was purged, and forgets the tables that are gone.
    ///
    /// # Errors
    /// `IoError`, `DiskFull`; the time is known all the same until the store is closed.
    fn note(&self, table: TableId, at: Micros, is_there: impl Fn(TableId) -> bool) -> Result<()> {
        // Whoever comes later writes later, and writes what both have found.
        let mut last = locked(&self.last);
        last.retain(|known, _| is_there(*known));
        last.insert(table, at);
        let lines: String = last.iter().map(|(table, at)| format!("{table} {at}\n")).collect();
        durable::replace(&self.path, lines.as_bytes())
    }
}

impl Store {
    /// When the table was purged last, if it ever was.
    pub fn last_purge(&self, table: TableId) -> Option<Micros> {
        locked(&self.core.purges.last).get(&table).copied()
    }

    /// A purge of the table has come to its end, also one that found nothing.
    ///
    /// # Errors
    /// `IoError`, `DiskFull`; what was purged is gone all the same.
    pub async fn note_purge(&self, table: TableId, at: Micros) -> Result<()> {
        let core = self.core.clone();
        let snapshot = self.snapshot();
        let noted = tokio::task::spawn_blocking(move || core.purges.note(table, at, |known| snapshot.tables.contains_key(&known)));
        noted.await.map_err(|cause| Error::internal(format!("taking down a purge ended early: {cause}")))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_read_again_and_broken_lines_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = [1, 2].map(|number| TableId(Uuid::from_u128(number)));
        let purges = Purges::open(folder.path());
        purges.note(one, 5, |_| true).unwrap();
        purges.note(two, 7, |_| true).unwrap();
        let known = |purges: &Purges| locked(&purges.last).clone();
        assert_eq!(known(&Purges::open(folder.path())), BTreeMap::from([(one, 5), (two, 7)]));
        purges.note(two, 9, |table| table == two).unwrap();
        assert_eq!(known(&Purges::open(folder.path())), BTreeMap::from([(two, 9)]));
        std::fs::write(folder.path().join(FILE), format!("{one} 4\nnonsense\n{two} soon\n")).unwrap();
        assert_eq!(known(&Purges::open(folder.path())), BTreeMap::from([(one, 4)]));
    }
}
