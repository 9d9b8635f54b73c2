//! What retention policies come to outside of reading: rows that came too late are not taken, expired ones are purged, and both can be
//! looked at before.

use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, TimestampMicrosecondArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use datafusion::sql::sqlparser::ast::ObjectName;
use tokio_util::sync::CancellationToken;

use crate::catalog::{Relation, Table};
use crate::error::{Error, Result};
use crate::guard::{Layout, Rules, Sieve};
use crate::ingest::Target;
use crate::policy::Action;
use crate::query::engine::Engine;
use crate::query::errors::unwrap;
use crate::query::session::{Column, Login, Outcome, Session};
use crate::query::{execute, rules};
use crate::store::spec::INGEST_COLUMN;
use crate::store::{PurgeReport, Stays};
use crate::value::{SqlType, to_text};

/// A table's rules over its whole rows, as ingest and the store have them; `None` for a table without.
///
/// # Errors
/// Whatever is wrong with a predicate by now.
async fn sieve(session: &Session, table: &Arc<Table>) -> Result<Option<(Arc<Rules>, Arc<Sieve>)>> {
    if table.retention.is_empty() {
        return Ok(None);
    }
    let (rules, guard) = {
        let planner = session.planner();
        (rules::of(table, &planner)?, planner.guard.of_owner(table.oid))
    };
    if rules.retention.is_empty() {
        return Ok(None);
    }
    let sieve = rules.sieve(&session.engine.state, &guard, &layout(table)).await.map_err(unwrap)?;
    Ok(Some((rules, Arc::new(sieve))))
}

/// A place for rows that refuses those which have expired already.
///
/// # Errors
/// Whatever is wrong with a predicate by now.
pub(super) async fn guarded(session: &Session, target: Target) -> Result<Target> {
    let sieve = sieve(session, &target.table).await?.map(|(_, sieve)| sieve);
    Ok(target.with_retention(sieve))
}

/// A table's columns in order, and the time of ingest behind them if there is no other time.
fn layout(table: &Table) -> Layout {
    let mut fields: Vec<Field> = table.columns.iter().map(|column| column.sql_type.field(column.name.clone(), true)).collect();
    let time = match table.time_column().and_then(|name| table.column(name)) {
        Some((place, _)) => place,
        None => {
            let time = DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC")));
            fields.push(Field::new(INGEST_COLUMN, time, true));
            fields.len() - 1
        }
    };
    Layout { schema: Arc::new(Schema::new(fields)), time }
}

/// A stored batch's columns as [`layout`] has them.
fn laid_out(table: &Table, batch: &RecordBatch) -> Result<RecordBatch> {
    let hidden = table.time_column().is_none().then_some(INGEST_COLUMN);
    let wanted = table.spec.columns.iter().map(|column| column.field.name().as_str()).chain(hidden);
    let columns = wanted.map(|name| {
        batch.column_by_name(name).cloned().ok_or_else(|| Error::internal(format!("a stored batch of {} lacks {name}", table.name)))
    });
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(layout(table).schema, columns, &options)
        .map_err(|error| Error::internal(format!("rows of {} do not fit their table: {error}", table.name)))
}

/// Removes what has expired from one table.
///
/// # Errors
/// As [`crate::store::Store::purge`]'s, and whatever is wrong with a predicate by now.
pub(super) async fn purge(session: &Session, table: &Arc<Table>) -> Result<PurgeReport> {
    let engine = session.engine.clone();
    let Some((rules, sieve)) = sieve(session, table).await? else { return Ok(PurgeReport::default()) };
    let now = engine.clock.now_us();
    let until = rules.kept_after(now);
    let definition = table.clone();
    let stays: Arc<Stays> = Arc::new(move |batch: &RecordBatch| -> Result<BooleanArray> {
        sieve.kept(&laid_out(&definition, batch)?, now).map_err(unwrap)
    });
    let report = engine.store.purge(table.store_id(), until, stays).await?;
    if report.rows > 0 {
        tracing::info!(table = %table.name, rows = report.rows, bytes = report.bytes, "purged expired rows");
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

/// Purges every table now and then, until `stop`. A table that fails is tried again the next time.
pub async fn run_purger(engine: Arc<Engine>, every: Duration, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
        let session = Session::new(engine.clone(), Login::system());
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
    let sieve = sieve(session, &table).await?.map(|(_, sieve)| sieve);
    let now = session.engine.clock.now_us();
    let mut tally = vec![(0_u64, 0_u64); table.retention.len()];
    if let Some(sieve) = sieve {
        let shared = Arc::new(std::sync::Mutex::new(tally));
        let (definition, counted) = (table.clone(), shared.clone());
        let look = move |batch: &RecordBatch| {
            let batch = laid_out(&definition, batch)?;
            let mut counted = counted.lock().map_err(|_| Error::internal("a count was left half-made"))?;
            sieve.tally(&batch, now, &mut counted).map_err(unwrap)
        };
        session.engine.store.review(table.store_id(), i64::MAX, look).await?;
        tally = shared.lock().map_err(|_| Error::internal("a count was left half-made"))?.clone();
    }
    let horizons = TimestampMicrosecondArray::from_iter_values(table.retention.iter().map(|policy| policy.keep.horizon(now)));
    let horizons: ArrayRef = Arc::new(horizons.with_timezone("UTC"));
    let horizons = to_text(&horizons, &SqlType::Timestamptz, &session.style())?;
    let rows = table.retention.iter().zip(tally).enumerate().map(|(at, (policy, (kept, expired)))| {
        let horizon = horizons.value(at).to_owned();
        let predicate = policy.predicate.clone().unwrap_or_default();
        vec![policy.name.clone(), predicate, policy.keep.to_string(), horizon, kept.to_string(), expired.to_string()]
    });
    execute::text_rows(columns(), rows.collect(), "EXPLAIN")
}

/// What [`explain`] answers with.
pub(super) fn columns() -> Vec<Column> {
    let column = |name: &str| Column { name: name.to_owned(), sql_type: SqlType::Text, table_oid: 0, attribute: 0 };
    ["policy", "predicate", "keep", "horizon", "rows_kept", "rows_expired"].map(column).into()
}
