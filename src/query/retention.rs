//! What retention policies come to outside of reading: rows that came too late are not taken, expired ones are purged unless they are
//! held, and both can be looked at before. Rows that somebody asks to erase go the same way.

pub mod erasure;
mod judgement;
mod recorded_holds;
mod removal;
pub(super) mod status;

use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::{ArrayRef, TimestampMicrosecondArray};
use datafusion::sql::sqlparser::ast::ObjectName;
use tokio_util::sync::CancellationToken;

use crate::catalog::{Relation, Table};
use crate::error::Result;
use crate::guard::Viewer;
use crate::ingest::Target;
use crate::policy::Action;
use crate::query::engine::Engine;
use crate::query::errors::unwrap;
use crate::query::session::{Column, Login, Outcome, Session};
use crate::query::{execute, rules};
use crate::store::PurgeReport;
use crate::value::{SqlType, to_text};
use judgement::{Depth, Found, layout};
use removal::Why;

pub(in crate::query) use judgement::Memory;

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

/// Removes what has expired from one table.
///
/// # Errors
/// As [`removal::remove`]'s.
pub(super) async fn purge(session: &Session, table: &Arc<Table>) -> Result<PurgeReport> {
    let (engine, id) = (&session.engine, table.store_id());
    let report = removal::remove(session, id, &Why::Expired).await?;
    if report.rows > 0 {
        tracing::info!(table = %table.name, rows = report.rows, bytes = report.bytes, "purged expired rows");
    }
    if let Err(error) = engine.store.note_purge(id, engine.clock.now_us()).await {
        tracing::warn!(table = %table.name, %error, "could not take down that the table was purged");
    }
    Ok(report)
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
    if let Some(judgement) = removal::judgement(session, &table, &Why::Expired).await?
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
