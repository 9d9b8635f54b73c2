//! One table of an open store under verification: its rows are compared with the tree that its own keeper has recorded. It finds what
//! happens to files under a running server; who does not believe the server verifies the folder.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::control::{PurgeRecord, TableRecord};
use super::sources::{Sources, TableSources, segment_file};
use super::{Finding, Progress, TableReport, table};
use crate::error::{Error, Result};
use crate::ledger::{record::decode_runs, sha256};
use crate::store::core::Core;
use crate::store::durable;
use crate::store::keeper::Evidence;
use crate::store::keeper::rows::TableHasher;
use crate::store::spec::TableId;

impl Core {
    /// Compares every row of a table with what was recorded, with one thread that takes a share of a core between 0 and 1.
    ///
    /// # Errors
    /// `UndefinedTable`, `ObjectNotInPrerequisiteState` if no ledger is kept of it, and why the ledger does not go on.
    pub(crate) async fn verify_table(self: &Arc<Self>, id: TableId, share: f64) -> Result<(TableReport, Vec<Finding>)> {
        let core = self.clone();
        let keeper = core.keeper().cloned().ok_or_else(no_ledger)?;
        self.keep_ledger().await?;
        let work = move || {
            let evidence = keeper.evidence(&core, id)?;
            let (report, findings) = compare(&evidence, share)?;
            if findings.is_empty() {
                keeper.verified(id, evidence.size)?;
            }
            Ok((report, findings))
        };
        self.background.run(work).await.map_err(|cause| Error::internal(format!("a verification ended early: {cause}")))?
    }
}

fn no_ledger() -> Error {
    Error::new(crate::error::Kind::ObjectNotInPrerequisiteState, "no ledger is kept")
        .with_hint("it is switched off by the setting ledger = false")
}

fn compare(evidence: &Evidence, share: f64) -> Result<(TableReport, Vec<Finding>)> {
    let Evidence { state, layout, .. } = evidence;
    state.check()?;
    let mut findings = Vec::new();
    let mut purges = Vec::with_capacity(evidence.purges.len());
    for purge in &evidence.purges {
        let bytes = durable::read(&layout.purge(*purge))?.unwrap_or_default();
        let runs = decode_runs(&bytes)?;
        let rows = runs.iter().map(|run| run.1 - run.0 + 1).sum();
        purges.push(PurgeRecord {
            purge: *purge,
            erasure: None,
            rows,
            list: Some(sha256(&bytes)),
            done: true,
            runs,
            under: vec![],
        });
    }
    let record = TableRecord {
        spec: state.spec.clone(),
        made: evidence.made,
        origin: evidence.origin.clone(),
        sizes: vec![(evidence.size, evidence.root)],
        purges,
        absent: evidence.absent.clone(),
        holds: vec![],
    };
    let hasher = TableHasher::new(&state.spec)?;
    let mut sources = TableSources { seeds: evidence.seeds.clone(), ..TableSources::default() };
    for segment in state.segments.iter() {
        sources.named.extend(segment_file(segment, &record, &mut findings));
    }
    for tail in state.tail.iter() {
        let rows = &mut sources.wal;
        hasher.salted_leaves(&tail.batch, &evidence.seeds, &(0..u64::MAX), &mut |leaf, ingest, hash| {
            rows.push((leaf, ingest, hash));
            Ok(())
        })?;
    }
    let sources = Sources::only(state.spec.id, sources);
    let reading = table::Reading { threads: 1, share, progress: &Progress::default() };
    let report = table::check(&record, layout, &sources, &reading, &mut findings, &mut BTreeMap::new())?;
    findings.sort_by_key(|finding| finding.class);
    Ok((report, findings))
}
