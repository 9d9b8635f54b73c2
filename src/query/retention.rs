//! What retention policies come to outside of reading: rows that came too late are not taken, expired ones are purged unless they are
//! held, and both can be looked at before.

mod judgement;
mod recorded_holds;
pub(super) mod status;

use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::{ArrayRef, BooleanArray, RecordBatch, TimestampMicrosecondArray};
use datafusion::sql::sqlparser::ast::ObjectName;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::catalog::{Relation, Table};
use crate::error::{Error, Kind, Result};
use crate::guard::Viewer;
use crate::ingest::Target;
use crate::ledger::record::Cause;
use crate::policy::Action;
use crate::query::engine::Engine;
use crate::query::errors::unwrap;
use crate::query::session::{Column, Login, Outcome, Session};
use crate::query::{execute, rules};
use crate::store::{Assurance, Judge, PurgeReport, Segment};
use crate::value::{SqlType, to_text};
use judgement::{Depth, Found, Judgement, layout};

pub(in crate::query) use judgement::Memory;

/// How often a purge begins anew because what decides about the rows has changed meanwhile.
const ROUNDS_MAX: usize = 5;

/// A place for rows that refuses those which have expired already, unless a legal hold would keep them: what is evidence is not turned
/// away because it is late.
///
/// # Errors
/// Whatever is wrong with a predicate by now.
pub(super) async fn guarded(session: &Session, target: Target) -> Result<Target> {
    let table = &target.table;
    if table.retention.is_empty() {
        return Ok(target);
    }
    let (rules, guard) = {
        let planner = session.planner();
        (rules::of(table, &planner)?, planner.guard.of_owner(table.oid))
    };
    let (layout, _) = layout(table, None)?;
    let sieve = rules.sieve(&session.engine.state, &guard, &layout, Viewer::Store).await.map_err(unwrap)?;
    Ok(target.with_retention(Some(Arc::new(sieve))))
}

/// What a table's rules say of its rows now; `None` for a table without.
///
/// # Errors
/// Whatever is wrong with a predicate by now.
async fn judgement(session: &Session, table: &Arc<Table>) -> Result<Option<Judgement>> {
    if table.retention.is_empty() {
        return Ok(None);
    }
    let (rules, guard) = {
        let planner = session.planner();
        (rules::of(table, &planner)?, planner.guard.of_owner(table.oid))
    };
    let engine = &session.engine;
    let now = engine.clock.now_us();
    Judgement::new(table, &rules, &engine.state, &guard, &engine.retention, now).await.map(Some)
}

/// A purge's judge.
struct Purge {
    engine: Arc<Engine>,
    judgement: Judgement,
    stop: CancellationToken,
}

impl Judge for Purge {
    fn doomed(&self, segment: &Segment) -> Result<u64> {
        let tallies = self.judgement.of_segment(segment, Depth::Expired, &self.stop)?;
        Ok(tallies.iter().map(|tally| tally.expired).sum())
    }

    fn stays(&self, batch: &RecordBatch) -> Result<BooleanArray> {
        self.judgement.sieve.kept(&self.judgement.laid_out(batch)?, self.judgement.now).map_err(unwrap)
    }

    fn cause(&self) -> (Cause, Vec<String>) {
        let table = &self.judgement.table;
        let policies = table.retention.iter().map(|policy| policy.name.clone()).collect();
        (Cause::Retention { policies }, table.holds.iter().map(|hold| hold.name.clone()).collect())
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
            let Some(now) = judgement(&session, &table).await? else { return Ok(None) };
            let same = now.sieve.is(&self.judgement.sieve);
            Ok(same.then(|| Box::new(assurance) as Assurance))
        })
    }
}

/// Removes what has expired from one table.
///
/// # Errors
/// As [`crate::store::Store::purge`]'s, whatever is wrong with a predicate by now, and 40001 when what decides about the rows does not
/// stay the same for long enough.
pub(super) async fn purge(session: &Session, table: &Arc<Table>) -> Result<PurgeReport> {
    let (engine, id) = (&session.engine, table.store_id());
    let mut report = PurgeReport::default();
    for _ in 0..ROUNDS_MAX {
        let Some(table) = session.catalog().table_by_store_id(id).cloned() else { return Ok(report) };
        // The ledger must know what is held before it is told what goes.
        recorded_holds::of_table(session, &table).await?;
        let Some(judgement) = judgement(session, &table).await? else { return Ok(report) };
        let Some(state) = engine.store.snapshot().table(id).cloned() else { return Ok(report) };
        let found = judgement.review(&state, Depth::Expired).await?;
        // What is replaced must have no reader left when the purge waits for the old files to go.
        drop(state);
        let round = if found.iter().all(|found| found.tally.expired == 0) {
            PurgeReport::default()
        } else {
            let judge = Purge { engine: engine.clone(), judgement, stop: CancellationToken::new() };
            engine.store.purge(id, Arc::new(judge)).await?
        };
        report += round;
        if !round.overtaken {
            if report.rows > 0 {
                tracing::info!(table = %table.name, rows = report.rows, bytes = report.bytes, "purged expired rows");
            }
            if let Err(error) = engine.store.note_purge(id, engine.clock.now_us()).await {
                tracing::warn!(table = %table.name, %error, "could not take down that the table was purged");
            }
            return Ok(report);
        }
    }
    let message = format!("what decides about the rows of table \"{}\" has changed each time they were purged", table.name.name);
    Err(Error::new(Kind::SerializationFailure, message).with_hint("The rest of them goes with the next VACUUM."))
}

/// Tables that have retention policies.
pub(super) fn tables(session: &Session) -> Vec<Arc<Table>> {
    let catalog = session.catalog();
    let tables = catalog.relations().filter_map(|relation| match relation {
        Relation::Table(table) if !table.retention.is_empty() => Some(table.clone()),
        Relation::Table(_) | Relation::View(_) => None,
    });
    tables.collect()
}

/// Writes into the ledger which holds begin and end, soon after they do, until `stop`.
pub async fn run_hold_recorder(engine: Arc<Engine>, stop: CancellationToken) {
    const TICK: Duration = Duration::from_secs(1);
    let mut recorded = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(TICK) => {}
        }
        let epoch = engine.catalog().epoch;
        if recorded == Some(epoch) {
            continue;
        }
        match recorded_holds::of_all(&Session::new(engine.clone(), Login::system())).await {
            Ok(()) => recorded = Some(epoch),
            Err(error) if stop.is_cancelled() => tracing::debug!(%error, "legal holds are told to the ledger at the next start"),
            Err(error) => tracing::warn!(%error, "could not tell the ledger which legal holds there are"),
        }
    }
}

/// Purges every table now and then, until `stop`. A table that fails is tried again the next time.
pub async fn run_purger(engine: Arc<Engine>, every: Duration, stop: CancellationToken) {
    loop {
        let wait = i64::try_from(every.as_micros()).unwrap_or(i64::MAX);
        engine.retention.announce(engine.clock.now_us().saturating_add(wait));
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
        let session = Session::new(engine.clone(), Login::system());
        let snapshot = engine.store.snapshot();
        engine.retention.keep(|table| snapshot.tables.contains_key(&table));
        drop(snapshot);
        for table in tables(&session) {
            if let Err(error) = purge(&session, &table).await
                && !stop.is_cancelled()
            {
                tracing::warn!(table = %table.name, %error, "could not purge expired rows");
            }
        }
    }
}

/// What a purge would remove now: a row for each policy, in the order in which they decide.
///
/// # Errors
/// 42501 for a role that may not maintain the table; whatever is wrong with a predicate by now.
pub(super) async fn explain(session: &Session, name: &ObjectName) -> Result<Outcome> {
    let catalog = session.catalog();
    let table = catalog.expect_table(&session.planner().named(name)?)?.clone();
    session.guard().permit(Action::Maintain, &table)?;
    let now = session.engine.clock.now_us();
    let mut found = vec![Found::default(); table.retention.len()];
    if let Some(judgement) = judgement(session, &table).await?
        && let Some(state) = session.engine.store.snapshot().table(table.store_id())
    {
        found = judgement.review(state, Depth::Whole).await?;
    }
    let horizons = TimestampMicrosecondArray::from_iter_values(table.retention.iter().map(|policy| policy.keep.horizon(now)));
    let horizons: ArrayRef = Arc::new(horizons.with_timezone("UTC"));
    let horizons = to_text(&horizons, &SqlType::Timestamptz, &session.style())?;
    let rows = table.retention.iter().zip(found).enumerate().map(|(at, (policy, Found { tally, .. }))| {
        let horizon = horizons.value(at).to_owned();
        let predicate = policy.predicate.clone().unwrap_or_default();
        let counts = [tally.kept, tally.expired, tally.held].map(|count| count.to_string());
        [policy.name.clone(), predicate, policy.keep.to_string(), horizon].into_iter().chain(counts).collect()
    });
    execute::text_rows(columns(), rows.collect(), "EXPLAIN")
}

/// What [`explain`] answers with.
pub(super) fn columns() -> Vec<Column> {
    let column = |name: &str| Column { name: name.to_owned(), sql_type: SqlType::Text, table_oid: 0, attribute: 0 };
    ["policy", "predicate", "keep", "horizon", "rows_kept", "rows_expired", "rows_held"].map(column).into()
}
