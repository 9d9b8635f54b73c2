//! The verifier: was anything changed? It reads a folder that no server has open, writes nothing, and believes neither the Delta logs
//! nor the catalog: only signatures by keys it was given, and hashes.
//!
//! Words: a *finding* is one thing that is not as it was recorded; its *class* says what kind, and is the exit code of `annals verify`.
//!
//! 1. The control log is read from its first entry (`control`): each entry is hashed into the tree whose root the newest checkpoint and
//!    the auditor's older one have signed. What the entries say of tables and purges is believed then.
//! 2. The rows of each table are looked for where the folder's files say they are, and then wherever else they may be (`sources`).
//! 3. Each row is hashed to its leaf; leaves are compared by tiles of 256 and fold up to the recorded roots (`table`).
//!
//! A row that was removed is accounted for by a purge that was announced in the control log; every other missing row is a finding.

mod control;
mod fetch;
mod live;
mod moved;
mod report;
mod sources;
mod table;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use self::control::Control;
use self::sources::Sources;
use super::keeper::files::Layout;
use super::lock::server_of;
use crate::error::{Error, Kind, Result};
use crate::ledger::note::VerifierKey;

pub use self::fetch::{Place, place};
pub use self::report::{Class, Finding, Report, TableReport};

/// What to verify, and against what.
#[derive(Debug, Clone)]
pub struct Audit {
    /// The data folder.
    pub data: PathBuf,
    /// The text of a checkpoint that was kept outside.
    pub checkpoint: Option<String>,
    /// The public key to believe; without one, the key that the folder itself names is.
    pub public_key: Option<VerifierKey>,
    /// One table by its `schema.name` or its id, instead of all.
    pub table: Option<String>,
    /// Threads that read and hash.
    pub threads: usize,
}

/// How far a verification has come.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes of files with rows, all together.
    pub bytes: AtomicU64,
    pub done: AtomicU64,
}

impl Progress {
    fn advance(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Verifies a folder. Blocks, and needs a tokio runtime.
///
/// # Errors
/// What keeps it from verifying at all: a folder that is not there or in use, an unknown table, an old checkpoint that is none.
pub fn audit(audit: &Audit, progress: &Progress) -> Result<Report> {
    if !audit.data.is_dir() {
        return Err(Error::new(Kind::InvalidParameterValue, format!("there is no data folder \"{}\"", audit.data.display())));
    }
    if let Some(server) = server_of(&audit.data) {
        return Err(Error::new(
            Kind::ObjectInUse,
            format!("a server at {server} has the folder \"{}\" open", audit.data.display()),
        )
        .with_hint("stop it, or verify a copy of the folder; while it runs, ask annals.verify_table()"));
    }
    let layout = Layout::new(&audit.data, None);
    let mut findings = Vec::new();
    let mut control = Control::read(&layout, audit, &mut findings)?;
    for (id, spec) in sources::defined(&audit.data) {
        if let Some(table) = control.tables.get_mut(&id) {
            table.widen(&spec);
        }
    }
    let chosen: Vec<_> = control.tables.values().filter(|table| chosen(audit.table.as_deref(), table)).collect();
    if let (Some(name), true) = (&audit.table, chosen.is_empty()) {
        return Err(Error::new(Kind::UndefinedTable, format!("the ledger knows no table \"{name}\"")));
    }
    let sources = Sources::find(&audit.data, &layout, &chosen, &mut findings)?;
    progress.bytes.store(sources.bytes(), Ordering::Relaxed);
    let mut tables = Vec::new();
    let mut missing = BTreeMap::new();
    let reading = table::Reading { threads: audit.threads, share: 1.0, progress };
    for table in &chosen {
        tables.push(table::check(table, &layout, &sources, &reading, &mut findings, &mut missing)?);
    }
    moved::name_moved(&chosen, &sources, &missing, &mut findings)?;
    findings.sort_by_key(|finding: &Finding| finding.class);
    Ok(control.report(tables, findings, audit))
}

fn chosen(name: Option<&str>, table: &control::TableRecord) -> bool {
    name.is_none_or(|name| {
        let label = &table.spec.label;
        name == label || label.strip_prefix("public.") == Some(name) || name == table.spec.id.to_string()
    })
}
