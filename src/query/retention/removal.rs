//! How rows of a log go, because they have expired or because it was approved to erase them: judged once more in the moment in which
//! they go, and never against a legal hold.

use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::{BooleanArray, RecordBatch};
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::judgement::{Depth, Judgement, Memory};
use super::recorded_holds;
use crate::catalog::{Catalog, Table};
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::guard::Rules;
use crate::ledger::record::Cause;
use crate::query::engine::Engine;
use crate::query::errors::unwrap;
use crate::query::plan::Planner;
use crate::query::rules;
use crate::query::session::{Login, Session};
use crate::store::spec::TableId;
use crate::store::{Assurance, Judge, PurgeReport, Segment};

/// How often it begins anew because what decides about the rows has changed meanwhile.
const ROUNDS_MAX: usize = 5;

/// Why rows go.
#[derive(Debug, Clone)]
pub(super) enum Why {
    /// The table's policies say so.
    Expired,
    /// They are those of an erasure.
    Erased(Arc<Erased>),
}

/// Rows that are to be erased.
#[derive(Debug)]
pub(super) struct Erased {
    predicate: String,
    /// What the ledger is told.
    cause: Cause,
    /// The predicate compiled, and for which catalog: what was compiled anew never looks the same.
    compiled: Mutex<Option<(Arc<Catalog>, Arc<Rules>)>>,
}

impl Why {
    pub(super) fn erased(predicate: String, cause: Cause) -> Why {
        Why::Erased(Arc::new(Erased { predicate, cause, compiled: Mutex::default() }))
    }
}

impl Erased {
    fn rules(&self, table: &Table, planner: &Planner<'_>) -> Result<Arc<Rules>> {
        // What is kept is whole at any time.
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, rules)) = compiled.as_ref().filter(|(catalog, _)| Arc::ptr_eq(catalog, &planner.catalog)) {
            return Ok(rules.clone());
        }
        let rules = Arc::new(rules::erasing(&self.predicate, table, planner)?);
        *compiled = Some((planner.catalog.clone(), rules.clone()));
        Ok(rules)
    }
}

/// What is said of a table's rows now; `None` where nothing can have expired.
///
/// # Errors
/// Whatever is wrong with a predicate by now.
pub(super) async fn judgement(session: &Session, table: &Arc<Table>, why: &Why) -> Result<Option<Judgement>> {
    if matches!(why, Why::Expired) && table.retention.is_empty() {
        return Ok(None);
    }
    let engine = &session.engine;
    let (rules, guard) = {
        let planner = session.planner();
        let rules = match why {
            Why::Expired => rules::of(table, &planner)?,
            Why::Erased(erased) => erased.rules(table, &planner)?,
        };
        (rules, planner.guard.of_owner(table.oid))
    };
    let (once, now) = (Memory::default(), engine.clock.now_us());
    let (memory, now) = match why {
        Why::Expired => (engine.retention.as_ref(), now),
        // An erasure goes by no time.
        Why::Erased(_) => (&once, Micros::MAX),
    };
    Judgement::new(table, &rules, &engine.state, &guard, memory, now).await.map(Some)
}

/// Removes the rows of a table that have to go.
///
/// # Errors
/// As [`crate::store::Store::purge`]'s, whatever is wrong with a predicate by now, 55000 when a legal hold keeps rows that are to be erased,
/// and 40001 when what decides about the rows does not stay the same for long enough.
pub(super) async fn remove(session: &Session, id: TableId, why: &Why) -> Result<PurgeReport> {
    let engine = &session.engine;
    let mut report = PurgeReport::default();
    let mut name = String::new();
    for _ in 0..ROUNDS_MAX {
        let Some(table) = session.catalog().table_by_store_id(id).cloned() else { return Ok(report) };
        // The ledger must know what is held before it is told what goes.
        recorded_holds::of_table(session, &table).await?;
        let Some(judgement) = judgement(session, &table, why).await? else { return Ok(report) };
        if doomed(session, &judgement, why).await? == 0 {
            return Ok(report);
        }
        let judge = Removal { engine: engine.clone(), judgement, why: why.clone(), stop: CancellationToken::new() };
        let round = engine.store.purge(id, Arc::new(judge)).await;
        // What has gone is nowhere, not even where nobody finds it.
        engine.answers.let_go(&engine.catalog, &engine.store);
        let round = round?;
        report += round;
        if !round.overtaken {
            return Ok(report);
        }
        name.clone_from(&table.name.name);
    }
    let message = format!("what decides about the rows of table \"{name}\" has changed each time they were purged");
    Err(Error::new(Kind::SerializationFailure, message).with_hint(match why {
        Why::Expired => "The rest of them goes with the next VACUUM.",
        Why::Erased(_) => "The erasure goes on within a minute.",
    }))
}

/// How many rows have to go now.
///
/// # Errors
/// 55000 when a legal hold keeps rows that are to be erased: an erasure that is done has erased all that it is about.
pub(super) async fn doomed(session: &Session, judgement: &Judgement, why: &Why) -> Result<u64> {
    let Some(state) = session.engine.store.snapshot().table(judgement.table.store_id()).cloned() else { return Ok(0) };
    let found = judgement.review(&state, Depth::Expired).await?;
    let held: u64 = found.iter().map(|found| found.tally.held).sum();
    if held > 0 && matches!(why, Why::Erased(_)) {
        let message = format!("{held} of the rows to be erased are under legal hold");
        return Err(Error::new(Kind::ObjectNotInPrerequisiteState, message)
            .with_hint("annals.legal_holds names the holds: leave their rows out of the predicate, or wait for them to end."));
    }
    Ok(found.iter().map(|found| found.tally.expired).sum())
}

/// Says which rows go.
struct Removal {
    engine: Arc<Engine>,
    judgement: Judgement,
    why: Why,
    stop: CancellationToken,
}

impl Judge for Removal {
    fn doomed(&self, segment: &Segment) -> Result<u64> {
        let tallies = self.judgement.of_segment(segment, Depth::Expired, &self.stop)?;
        Ok(tallies.iter().map(|tally| tally.expired).sum())
    }

    fn stays(&self, batch: &RecordBatch) -> Result<BooleanArray> {
        self.judgement.sieve.kept(&self.judgement.laid_out(batch)?, self.judgement.now).map_err(unwrap)
    }

    fn cause(&self) -> (Cause, Vec<String>) {
        let table = &self.judgement.table;
        let cause = match &self.why {
            Why::Expired => Cause::Retention { policies: table.retention.iter().map(|policy| policy.name.clone()).collect() },
            Why::Erased(erased) => erased.cause.clone(),
        };
        (cause, table.holds.iter().map(|hold| hold.name.clone()).collect())
    }

    /// A hold, a policy or a row that they look up may have been committed since the rows were judged. From here until the rows are gone
    /// none can be.
    fn confirm(&self) -> BoxFuture<'_, Result<Option<Assurance>>> {
        Box::pin(async move {
            let assurance = self.engine.removal.clone().write_owned().await;
            let session = Session::new(self.engine.clone(), Login::system());
            let Some(table) = session.catalog().table_by_store_id(self.judgement.table.store_id()).cloned() else {
                return Ok(None);
            };
            let Some(now) = judgement(&session, &table, &self.why).await? else { return Ok(None) };
            let same = now.sieve.is(&self.judgement.sieve);
            Ok(same.then(|| Box::new(assurance) as Assurance))
        })
    }
}
