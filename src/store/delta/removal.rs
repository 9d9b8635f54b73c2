//! Removing rows from an append-only table, in the open.
//!
//! A reader of the Delta log must be able to tell that rows are gone, and the protocol lets a commit say so only while the table is
//! not append-only. So one commit lifts that, and the next removes the rows and puts it back. A crash between the two leaves a table
//! that is not append-only; opening it puts that back, too.

use deltalake_core::kernel::{Action, MetadataExt};
use deltalake_core::protocol::DeltaOperation;

use super::{CommitFailure, DeltaLog, Position, SegmentFacts, add, failed, properties, remove};
use crate::clock::Micros;
use crate::error::Result;
use crate::store::crash::{self, Faults};

const APPEND_ONLY: &str = "delta.appendOnly";

impl DeltaLog {
    /// Replaces segments by what is left of them, or by nothing. The rows that go are missing from the position afterwards.
    pub(crate) async fn purge(
        &mut self,
        removed: &[SegmentFacts],
        added: &[SegmentFacts],
        now: Micros,
        faults: &Faults,
    ) -> Result<(), CommitFailure> {
        let rows = |facts: &[SegmentFacts]| facts.iter().map(|facts| facts.rows).sum::<u64>();
        let gone = rows(removed).saturating_sub(rows(added));
        let position = Position { rows: self.position.rows.saturating_sub(gone), ..self.position };
        let lifted = self.append_only(false)?;
        self.commit(vec![lifted], lifting("false"), properties(), &[], &[]).await?;
        faults.point(crash::PURGE_LIFTED).map_err(|cause| crate::error::Error::io("purge", &self.dir, &cause))?;
        let mut actions: Vec<Action> = removed
            .iter()
            .map(|facts| {
                let mut action = remove(facts, now);
                action.data_change = true;
                Action::Remove(action)
            })
            .collect();
        actions.extend(added.iter().map(|facts| Action::Add(add(facts, true, now))));
        actions.push(self.append_only(true)?);
        let properties = properties().with_application_transactions(position.transactions());
        self.commit(actions, DeltaOperation::Delete { predicate: None }, properties, added, removed).await?;
        self.position = position;
        Ok(())
    }

    /// Makes a table append-only again that a crash has left otherwise.
    ///
    /// # Errors
    /// `IoError` when the commit cannot be written.
    pub(super) async fn mend_append_only(&mut self) -> Result<()> {
        let state = self.table.snapshot().map_err(|cause| failed("read the Delta log", self.id, cause))?;
        if state.metadata().configuration().get(APPEND_ONLY).is_none_or(|value| value != "false") {
            return Ok(());
        }
        tracing::warn!(table = %self.id, "a purge was cut off before it removed rows; the table is append-only again");
        let restored = self.append_only(true)?;
        self.commit(vec![restored], lifting("true"), properties(), &[], &[]).await.map_err(|failure| failure.error)
    }

    fn append_only(&self, on: bool) -> Result<Action> {
        let broken = |cause: deltalake_core::kernel::Error| failed("change the Delta metadata", self.id, cause.into());
        let state = self.table.snapshot().map_err(|cause| failed("read the Delta log", self.id, cause))?;
        let metadata = state.metadata().clone().add_config_key(APPEND_ONLY.to_owned(), on.to_string()).map_err(broken)?;
        Ok(Action::Metadata(metadata))
    }
}

fn lifting(value: &str) -> DeltaOperation {
    DeltaOperation::SetTableProperties { properties: [(APPEND_ONLY.to_owned(), value.to_owned())].into() }
}
