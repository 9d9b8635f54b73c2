//! Lawful erasure: one role asks for rows to be removed, another approves it, and they go, whatever policies say of them.
//!
//! What was asked for stands in a file of its own and in no log: a predicate may hold what is to be erased, and goes with it. What remains is
//! who asked and approved, why, how many rows went, and a hash. An erasure that was approved is carried out to its end, also by the next
//! start.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::removal::{self, Why};
use crate::catalog::{Catalog, Oid, Table};
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::ledger::note::random;
use crate::ledger::proof::predicate_hash;
use crate::ledger::record::Cause;
use crate::ledger::{base64_of, from_base64};
use crate::policy::{self, Action, Reach, Standing};
use crate::query::engine::Engine;
use crate::query::functions::SessionFacts;
use crate::query::session::{Login, Session};
use crate::store::durable;
use crate::store::spec::{TableId, TableKind};

/// One erasure, from the question to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::query) struct Erasure {
    pub id: Uuid,
    pub table: Uuid,
    /// The table's name when it was asked.
    pub label: String,
    /// Which rows; nothing once they are gone.
    pub condition: Option<Condition>,
    /// [`predicate_hash`] in base64.
    pub hash: String,
    pub reason: String,
    /// How many rows there were when it was asked, and how many went once it is done.
    pub rows: u64,
    pub asked: Voice,
    pub approved: Option<Voice>,
    pub done: Option<Micros>,
}

/// Which rows are to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::query) struct Condition {
    pub predicate: String,
    /// What it is hashed with, in base64.
    secret: String,
}

/// Who said something, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::query) struct Voice {
    /// Who logged in.
    login: Oid,
    /// The role in force.
    role: Oid,
    /// The name of who logged in.
    pub name: String,
    pub at: Micros,
}

impl Voice {
    fn of(facts: &SessionFacts, engine: &Engine) -> Voice {
        let name = engine.catalog().role_name(facts.login);
        Voice { login: facts.login, role: facts.identity.oid(), name, at: engine.clock.now_us() }
    }

    /// Whether it may be one and the same person.
    fn may_be(&self, other: &Voice) -> bool {
        let own = [self.login, self.role];
        own.contains(&other.login) || own.contains(&other.role) || self.name == other.name
    }
}

impl Erasure {
    /// Whether a role is told of it: it oversees the table, or audits if that is gone.
    pub(in crate::query) fn concerns(&self, standing: &Standing, catalog: &Catalog) -> bool {
        match catalog.table_by_store_id(TableId(self.table)) {
            Some(table) => policy::oversees(standing, catalog, table.oid),
            None => policy::audits(standing, catalog),
        }
    }

    /// What the ledger is told.
    fn cause(&self) -> Result<Cause> {
        let approved = self.approved.as_ref().ok_or_else(|| Error::internal("an erasure is carried out that nobody approved"))?;
        Ok(Cause::Erasure {
            erasure: self.id,
            requested_by: self.asked.name.clone(),
            approved_by: approved.name.clone(),
            reason: self.reason.clone(),
            predicate: self.hash.clone(),
        })
    }
}

/// The erasures of a store.
#[derive(Debug)]
pub(in crate::query) struct Erasures {
    dir: PathBuf,
    /// One is carried out at a time.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// Why those that were approved do not come to their end.
    problems: Mutex<HashMap<Uuid, String>>,
}

impl Erasures {
    /// Those of a data folder.
    pub(in crate::query) fn new(data: &Path) -> Erasures {
        Erasures { dir: data.join("erasures"), turn: Arc::default(), problems: Mutex::default() }
    }

    fn path(&self, id: Uuid) -> PathBuf {
        self.dir.join(id.to_string())
    }

    /// All of them, the oldest first.
    ///
    /// # Errors
    /// `IoError`, `DataCorrupted` for a file that is none.
    pub(in crate::query) fn all(&self) -> Result<Vec<Erasure>> {
        let failed = |cause: &std::io::Error| Error::io("read", &self.dir, cause);
        let entries = match std::fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
            Err(cause) => return Err(failed(&cause)),
        };
        let mut all = Vec::new();
        for entry in entries {
            let name = entry.map_err(|cause| failed(&cause))?.file_name();
            // A file that was being written when the process ended has another name.
            if let Some(id) = name.to_str().and_then(|name| Uuid::parse_str(name).ok()) {
                all.extend(self.find(id)?);
            }
        }
        all.sort_by_key(|erasure| (erasure.asked.at, erasure.id));
        Ok(all)
    }

    fn find(&self, id: Uuid) -> Result<Option<Erasure>> {
        let path = self.path(id);
        let Some(text) = durable::read_text(&path)? else { return Ok(None) };
        let broken = |cause| Error::new(Kind::DataCorrupted, format!("\"{}\" tells of no erasure: {cause}", path.display()));
        serde_json::from_str(&text).map(Some).map_err(broken)
    }

    /// Makes it durable.
    async fn keep(&self, erasure: &Erasure) -> Result<()> {
        let path = self.path(erasure.id);
        let text =
            serde_json::to_string(erasure).map_err(|cause| Error::internal(format!("could not write an erasure: {cause}")))?;
        tokio::task::spawn_blocking(move || durable::replace(&path, text.as_bytes()))
            .await
            .map_err(|cause| Error::internal(format!("keeping an erasure ended early: {cause}")))?
    }

    /// Why an approved one does not come to its end.
    pub(in crate::query) fn problem(&self, id: Uuid) -> Option<String> {
        self.problems().get(&id).cloned()
    }

    fn problems(&self) -> MutexGuard<'_, HashMap<Uuid, String>> {
        // What is remembered is whole at any time.
        self.problems.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks for the rows of a table with some predicate to be erased. Nothing goes until another role approves it.
///
/// # Errors
/// 42501 for a role that does not own the table or in a policy's place, 25006, whatever is wrong with the predicate, and 55000 when a legal
/// hold keeps one of the rows.
pub(in crate::query) async fn ask(facts: &SessionFacts, table: &Arc<Table>, predicate: &str, reason: &str) -> Result<Uuid> {
    let engine = engine(facts, "ask for an erasure")?;
    policy::require(&facts.identity, &engine.catalog(), Action::Maintain, table, Reach::Whole)?;
    let name = &table.name.name;
    if table.kind() == TableKind::Reference {
        return Err(Error::new(Kind::WrongObjectType, format!("\"{name}\" is not a log table"))
            .with_hint("DELETE removes rows of a reference table."));
    }
    if table.is_secret() {
        return Err(Error::new(Kind::InsufficientPrivilege, format!("rows of \"{name}\" cannot be erased"))
            .with_detail("The catalog is what they tell."));
    }
    if reason.trim().is_empty() {
        return Err(Error::new(Kind::InvalidParameterValue, "an erasure needs a reason")
            .with_hint("Write for instance 'request 4711 of the person concerned'."));
    }
    let mut secret = [0; 16];
    random(&mut secret)?;
    let mut erasure = Erasure {
        id: Uuid::new_v4(),
        table: table.store_id().0,
        label: table.name.to_string(),
        condition: Some(Condition { predicate: predicate.to_owned(), secret: base64_of(&secret) }),
        hash: base64_of(&predicate_hash(&secret, predicate)),
        reason: reason.to_owned(),
        rows: 0,
        asked: Voice::of(facts, &engine),
        approved: None,
        done: None,
    };
    erasure.rows = counted(&engine, &erasure).await?;
    engine.erasures.keep(&erasure).await?;
    Ok(erasure.id)
}

/// Approves an erasure, carries it out, and gives its receipt, which shows to who has it what the predicate was.
///
/// # Errors
/// 42704 if there is none of this id, 42501 for a role that does not oversee the table or has asked itself, 25006, 55000 if it is done or a
/// legal hold keeps one of the rows or the predicate fails for one. What fails after it was approved is tried again every minute.
pub(in crate::query) async fn approve(facts: &SessionFacts, id: Uuid) -> Result<String> {
    let engine = engine(facts, "approve an erasure")?;
    let turn = engine.erasures.turn.clone().lock_owned().await;
    let mut erasure = concerning(facts, &engine, id)?;
    if erasure.done.is_some() {
        return Err(Error::new(Kind::ObjectNotInPrerequisiteState, format!("erasure {id} is done"))
            .with_hint(format!("SELECT annals.erasure_receipt('{id}') gives its receipt.")));
    }
    let voice = Voice::of(facts, &engine);
    if voice.may_be(&erasure.asked) {
        return Err(Error::new(
            Kind::InsufficientPrivilege,
            "an erasure is approved by another role than the one that asked for it",
        )
        .with_detail(format!("\"{}\" has asked for it.", erasure.asked.name)));
    }
    counted(&engine, &erasure).await.map_err(|error| veiled(id, error))?;
    erasure.approved.get_or_insert(voice);
    engine.erasures.keep(&erasure).await?;
    // It goes on when nobody waits for the answer any more.
    let work = tokio::spawn(async move { carry_out(&engine, erasure, &turn).await });
    work.await.map_err(|cause| Error::internal(format!("an erasure ended early: {cause}")))?
}

/// Takes an erasure back that nobody has approved.
///
/// # Errors
/// 42704 if there is none of this id, 42501, 25006, 55000 if it was approved.
pub(in crate::query) async fn withdraw(facts: &SessionFacts, id: Uuid) -> Result<String> {
    let engine = engine(facts, "withdraw an erasure")?;
    let _turn = engine.erasures.turn.lock().await;
    let erasure = concerning(facts, &engine, id)?;
    if let Some(approved) = &erasure.approved {
        let message = format!("erasure {id} was approved by \"{}\" already", approved.name);
        return Err(Error::new(Kind::ObjectNotInPrerequisiteState, message));
    }
    durable::remove(&engine.erasures.path(id))?;
    Ok(format!("erasure {id} was withdrawn"))
}

/// The receipt of an erasure that is done; it does not show the predicate, which is known no more.
///
/// # Errors
/// 42704 if there is none of this id, 42501, 55000 if it is not done or no ledger is kept.
pub(in crate::query) async fn receipt(facts: &SessionFacts, id: Uuid) -> Result<String> {
    let engine = upgraded(facts)?;
    let erasure = concerning(facts, &engine, id)?;
    if erasure.done.is_none() {
        let state = if erasure.approved.is_some() { "is not done yet" } else { "was not approved yet" };
        return Err(Error::new(Kind::ObjectNotInPrerequisiteState, format!("erasure {id} {state}")));
    }
    Ok(engine.store.erasure_receipt(id).await?.text())
}

/// Carries out what was approved, until `stop`: what a process that ended has left, and what has failed.
pub async fn run_erasures(engine: Arc<Engine>, stop: CancellationToken) {
    const PAUSE: Duration = Duration::from_secs(60);
    loop {
        match engine.erasures.all() {
            Ok(all) => {
                for Erasure { id, .. } in all.into_iter().filter(|erasure| erasure.approved.is_some() && erasure.done.is_none()) {
                    let turn = engine.erasures.turn.clone().lock_owned().await;
                    // Meanwhile it may have come to its end.
                    let Ok(Some(erasure)) = engine.erasures.find(id) else { continue };
                    if erasure.done.is_none()
                        && let Err(error) = carry_out(&engine, erasure, &turn).await
                        && !stop.is_cancelled()
                    {
                        tracing::warn!(erasure = %id, %error, "could not carry out an erasure that was approved");
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "could not look for erasures that were approved"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Removes the rows, tells the ledger, and forgets the predicate; gives the receipt.
async fn carry_out(engine: &Arc<Engine>, erasure: Erasure, _turn: &OwnedMutexGuard<()>) -> Result<String> {
    let id = erasure.id;
    let result = to_the_end(engine, erasure).await.map_err(|error| veiled(id, error));
    match &result {
        Ok(_) => engine.erasures.problems().remove(&id),
        Err(error) => engine.erasures.problems().insert(id, error.message().to_owned()),
    };
    result
}

async fn to_the_end(engine: &Arc<Engine>, mut erasure: Erasure) -> Result<String> {
    let (table, cause) = (TableId(erasure.table), erasure.cause()?);
    let condition = erasure.condition.take().ok_or_else(|| Error::internal("an erasure has lost its predicate"))?;
    let session = Session::new(engine.clone(), Login::system());
    let why = Why::erased(condition.predicate, cause.clone());
    let report = removal::remove(&session, table, &why).await?;
    let told = engine.store.conclude_erasure(table, &erasure.label, cause).await?;
    erasure.rows = told.unwrap_or(report.rows);
    erasure.done = Some(engine.clock.now_us());
    engine.erasures.keep(&erasure).await?;
    tracing::info!(table = %erasure.label, erasure = %erasure.id, rows = erasure.rows, "erased rows");
    if told.is_none() {
        return Ok(format!("{} rows were erased; no ledger is kept that could prove it", erasure.rows));
    }
    let mut receipt = engine.store.erasure_receipt(erasure.id).await?;
    receipt.secret = from_base64(&condition.secret).and_then(|secret| secret.try_into().ok());
    Ok(receipt.text())
}

/// What a predicate fails with may tell of a row that whoever approves it sees masked, or not at all: it goes to the log, and they hear
/// only that it failed.
fn veiled(id: Uuid, error: Error) -> Error {
    if !error.tells_of_value() {
        return error;
    }
    tracing::error!(erasure = %id, %error, "the predicate of an erasure could not be worked out");
    Error::new(Kind::ObjectNotInPrerequisiteState, format!("the predicate of erasure {id} fails for a row"))
        .with_hint("The server's log tells its owner why. Whoever asked for it may withdraw it and ask again.")
}

/// How many rows an erasure would remove now.
async fn counted(engine: &Arc<Engine>, erasure: &Erasure) -> Result<u64> {
    let session = Session::new(engine.clone(), Login::system());
    let table = session.catalog().table_by_store_id(TableId(erasure.table)).cloned();
    let table = table.ok_or_else(|| Error::new(Kind::UndefinedTable, format!("relation \"{}\" does not exist", erasure.label)))?;
    let Some(condition) = &erasure.condition else { return Ok(0) };
    // What the ledger is told in the end plays no part in counting.
    let cause = Cause::Retention { policies: vec![] };
    let why = Why::erased(condition.predicate.clone(), cause);
    match removal::judgement(&session, &table, &why).await? {
        Some(judgement) => removal::doomed(&session, &judgement, &why).await,
        None => Ok(0),
    }
}

/// An erasure of this id that the role is told of.
fn concerning(facts: &SessionFacts, engine: &Engine, id: Uuid) -> Result<Erasure> {
    let found = engine.erasures.find(id)?.filter(|erasure| erasure.concerns(&facts.identity.standing, &engine.catalog()));
    found.ok_or_else(|| {
        Error::new(Kind::UndefinedObject, format!("erasure {id} does not exist"))
            .with_hint("annals.erasures lists those of tables that the role owns or audits.")
    })
}

/// The engine, for something that changes what is there.
fn engine(facts: &SessionFacts, doing: &str) -> Result<Arc<Engine>> {
    if facts.settings.characteristics().read_only {
        return Err(Error::new(Kind::ReadOnlySqlTransaction, format!("cannot {doing} in a read-only transaction")));
    }
    upgraded(facts)
}

fn upgraded(facts: &SessionFacts) -> Result<Arc<Engine>> {
    facts.engine.upgrade().ok_or_else(|| Error::new(Kind::AdminShutdown, "the server is stopping"))
}
