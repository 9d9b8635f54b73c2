//! Indexes of segments that were written before an index was declared, or that have lost theirs, are built behind everything else.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use arrow::datatypes::Schema;
use tokio_util::sync::CancellationToken;

use super::Builders;
use crate::error::{Error, Result};
use crate::store::core::Core;
use crate::store::read::read_columns;
use crate::store::segment::Segment;
use crate::store::spec::{IndexSpec, TableId, TableSpec};
use crate::store::workers::Workers;

/// How often it looks for segments without their indexes.
const INTERVAL: Duration = Duration::from_secs(2);

impl Core {
    /// Builds what is missing of a table's indexes; says of how many segments.
    pub(crate) async fn index_table(&self, id: TableId) -> Result<u64> {
        let Some(state) = self.snapshot().table(id).cloned() else { return Ok(0) };
        state.check()?;
        let (stop, least, workers) = (self.stop.clone(), self.options().index_rows_min, self.workers.at_leisure());
        let work = move || {
            let mut indexed = 0;
            for segment in state.segments.iter() {
                if stop.is_cancelled() {
                    return Err(Core::closed());
                }
                indexed += u64::from(complete(segment, &state.spec, least, &workers)?);
            }
            Ok(indexed)
        };
        self.background.run(work).await.map_err(|cause| Error::internal(format!("building indexes ended early: {cause}")))?
    }
}

/// Builds the indexes that a segment lacks; `false` if it has them all.
fn complete(segment: &Segment, spec: &TableSpec, least: u64, workers: &Workers) -> Result<bool> {
    let missing: BTreeSet<IndexSpec> = spec.indexes.iter().copied().filter(|index| segment.lacks(*index)).collect();
    let fields = spec.columns.iter().filter(|column| missing.iter().any(|index| index.column == column.id));
    let part = Arc::new(Schema::new(fields.map(|column| column.field.clone()).collect::<Vec<_>>()));
    let mut builders = Builders::new(spec, &missing, &part, segment.rows, least);
    if builders.is_empty() {
        return Ok(false);
    }
    // What is built from a damaged file would hide rows once the file is whole again.
    segment.ensure_verified()?;
    for batch in read_columns(segment, &part)? {
        builders.add(&batch?, workers)?;
    }
    segment.index(builders)?;
    Ok(true)
}

/// Completes the indexes of all tables until the store stops; a table that fails is left alone for a while.
pub(crate) async fn run_indexer(core: Weak<Core>, stop: CancellationToken) {
    const PAUSE: Duration = Duration::from_secs(600);
    let mut resting: HashMap<TableId, Instant> = HashMap::new();
    let mut declared: HashMap<TableId, BTreeSet<IndexSpec>> = HashMap::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
        let Some(core) = core.upgrade() else { return };
        resting.retain(|_, until| Instant::now() < *until);
        let snapshot = core.snapshot();
        declared.retain(|id, _| snapshot.table(*id).is_some());
        for (id, state) in &snapshot.tables {
            if state.damage.is_some() || resting.contains_key(id) {
                continue;
            }
            if declared.get(id) != Some(&state.spec.indexes) {
                state.segments.iter().for_each(|segment| segment.keep_indexes(&state.spec));
                declared.insert(*id, state.spec.indexes.clone());
            }
            match core.index_table(*id).await {
                Ok(0) => {}
                Ok(indexed) => tracing::info!(table = %state.spec.label, segments = indexed, "indexes were built"),
                Err(_) if stop.is_cancelled() => return,
                Err(error) => {
                    tracing::warn!(table = %state.spec.label, %error, "could not build indexes; the next try is in ten minutes");
                    resting.insert(*id, Instant::now() + PAUSE);
                }
            }
        }
    }
}
