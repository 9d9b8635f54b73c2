//! The keeper of the ledger: it takes the rows of every table into the table's tree after they were acknowledged, writes down how far
//! the trees have come, and signs that.
//!
//! It works behind the acknowledgement, in passes: what was published is hashed, in order of leaf indexes and wherever it stands; the
//! roots of complete tiles and the seeds of salts are made durable; then one entry of the control log says size and root of every tree
//! that grew; then the signer's state; then the checkpoint is published. So a checkpoint never covers what could be lost: rows are in
//! the write-ahead log before they are published, and everything a checkpoint rests on is durable before it is signed. After a crash
//! the keeper goes on from the last entry of the control log, and makes from the rows what was not written.

pub(crate) mod control;
mod erasure;
pub(crate) mod files;
mod holds;
mod keys;
mod purge;
pub(crate) mod resume;
pub(crate) mod rows;
mod status;
mod told;
pub(crate) mod tree;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::control::{ControlLog, Entries};
use self::files::Layout;
use self::resume::Replayed;
use self::told::Told;
use self::tree::{TableTree, columns_of};
use super::core::{Core, locked};
use super::crash;
use super::definition::Definition;
use super::snapshot::{Snapshot, TableState};
use super::spec::TableId;
use super::workers::Workers;
use crate::clock::{Clock, Micros};
use crate::error::{Error, Kind, Result};
use crate::ledger::base64_of;
use crate::ledger::note::{SignerKey, is_name};
use crate::ledger::record::{Record, Size};
use crate::ledger::signer::Signer;
use crate::store::durable;

pub use self::holds::HeldRows;
#[cfg(test)]
pub(crate) use self::keys::rotate_key_by_plan;
pub use self::keys::{public_key, rotate_key};
pub(crate) use self::purge::{Announced, joined};
pub(crate) use self::status::Evidence;
pub use self::status::{LedgerStatus, SignedCheckpoint, TableLedger};

/// How the ledger is kept.
#[derive(Debug, Clone)]
pub struct LedgerOptions {
    /// What the store is called in its checkpoints, as `logs.example.com/prod`; decided at the first start for ever. By default
    /// `annals/` and a number that no other store has.
    pub name: Option<String>,
    /// Where the key and the signer's state are kept, so that they are not put back together with the folder. By default in the folder.
    pub signer: Option<PathBuf>,
    /// How often rows that came are taken in and signed. Shorter means a shorter time in which a change is not found, and a longer
    /// control log. 1 s.
    pub interval: Duration,
    /// How often a checkpoint is made although nothing has happened. 60 s.
    pub heartbeat: Duration,
    /// How many entries of the control log a start reads again at most. Fewer makes starts shorter, and writes more often what is
    /// known of all tables. 1024.
    pub resume_entries: u64,
    /// How often every row is compared with what was recorded, in the background. 24 h.
    pub scrub_interval: Duration,
    /// The share of one core that this takes, between 0 and 1. More finds a change sooner, and takes more from statements. 0.1.
    pub scrub_share: f64,
}

impl Default for LedgerOptions {
    fn default() -> Self {
        LedgerOptions {
            name: None,
            signer: None,
            interval: Duration::from_secs(1),
            heartbeat: Duration::from_secs(60),
            resume_entries: 1024,
            scrub_interval: Duration::from_secs(24 * 60 * 60),
            scrub_share: 0.1,
        }
    }
}

/// How many checkpoints are shown.
const SHOWN: usize = 1024;

/// The ledger of an open store.
#[derive(Debug)]
pub(crate) struct Keeper {
    heartbeat: Duration,
    clock: Clock,
    books: Mutex<Result<Books>>,
    status: ArcSwap<LedgerStatus>,
    told: tokio::sync::watch::Sender<u64>,
}

/// Everything that is written into the ledger.
#[derive(Debug)]
struct Books {
    layout: Layout,
    /// Without `/control`.
    name: String,
    key: SignerKey,
    signer: Signer,
    control: ControlLog,
    /// What the entries of the control log come to.
    told: Told,
    /// How many entries there were when it was last written down for the next start, and after how many more it is again.
    resumed: u64,
    resume_entries: u64,
    /// Who helps to hash.
    workers: Workers,
    trees: BTreeMap<TableId, TableTree>,
    /// Tables whose rows up to some size came before the ledger.
    adopted: BTreeMap<TableId, u64>,
    /// Purges that were announced and not told to be done, of a process that ended.
    unfinished: BTreeMap<Uuid, TableId>,
    last_entry: Micros,
    checkpoints: VecDeque<Arc<SignedCheckpoint>>,
    /// Entries that are not written yet.
    pending: Vec<Record>,
}

impl Keeper {
    /// Opens the ledger of a folder, or begins one. What is wrong with it does not keep the store from opening; it is shown, and nothing
    /// is removed from the store as long as it is so.
    pub(crate) fn open(core: &Core, options: &LedgerOptions) -> Self {
        let clock = core.options().clock.clone();
        let books = Books::open(core, options, &clock);
        if let Err(error) = &books {
            tracing::error!(%error, "the ledger cannot go on; rows are taken in, and nothing is signed or purged");
        }
        let status = books.as_ref().map_or_else(|error| LedgerStatus::failed(error.clone()), Books::status);
        let (told, _) = tokio::sync::watch::channel(0);
        Keeper { heartbeat: options.heartbeat, clock, books: Mutex::new(books), status: ArcSwap::from_pointee(status), told }
    }

    /// What is known of the ledger, as of its last pass.
    pub(crate) fn status(&self) -> Arc<LedgerStatus> {
        self.status.load_full()
    }

    /// Tells when a checkpoint was published, by the size of the control log.
    pub(crate) fn watch(&self) -> tokio::sync::watch::Receiver<u64> {
        self.told.subscribe()
    }

    /// Takes in what was published and signs it; says whether there is more to take in. Blocks.
    ///
    /// # Errors
    /// Why the ledger does not go on. What fails for one table is shown with it, and does not keep the others.
    pub(crate) fn pass(&self, snapshot: &Snapshot) -> Result<bool> {
        self.with(|books| {
            let now = self.clock.now_us();
            let more = books.take_in(snapshot, now)?;
            let due = now.saturating_sub(books.last_entry) >= i64::try_from(self.heartbeat.as_micros()).unwrap_or(i64::MAX);
            if books.pending.is_empty() && due {
                books.pending.push(Record::Heartbeat { at: now });
            }
            books.write()?;
            Ok(more)
        })
    }

    /// Does something with the books, shows what became of them, and tells who waits for a checkpoint.
    fn with<T>(&self, work: impl FnOnce(&mut Books) -> Result<T>) -> Result<T> {
        let mut books = locked(&self.books);
        let open = books.as_mut().map_err(|error| error.clone())?;
        let before = open.control.frontier.size();
        let result = work(open);
        let after = open.control.frontier.size();
        self.status.store(Arc::new(open.status()));
        drop(books);
        if after != before {
            self.told.send_replace(after);
        }
        result
    }
}

impl Books {
    fn open(core: &Core, options: &LedgerOptions, clock: &Clock) -> Result<Books> {
        let layout = Layout::new(&core.options().dir, options.signer.as_deref()).with_faults(&core.options().faults);
        let books = if layout.origin().exists() { Self::read(layout) } else { Self::begin(layout, options, core, clock) };
        books.map(|books| Books { resume_entries: options.resume_entries, workers: core.workers.at_leisure(), ..books })
    }

    /// Begins a ledger: the folder is new, or older than the ledger.
    fn begin(layout: Layout, options: &LedgerOptions, core: &Core, clock: &Clock) -> Result<Books> {
        let name = options.name.clone().unwrap_or_else(|| format!("annals/{}", Uuid::new_v4()));
        let control_name = format!("{name}/control");
        if !is_name(&control_name) {
            return Err(Error::new(Kind::InvalidParameterValue, format!("the ledger cannot be called \"{name}\""))
                .with_hint("a name has no blanks and no +, as logs.example.com/prod"));
        }
        begun_before(&layout)?;
        // A key that was put there beforehand is taken; that of a beginning that was cut short is of no use.
        let given = durable::read_text(&layout.key())?.map(|text| SignerKey::parse(&text)).transpose()?;
        let key = match given.filter(|key| key.verifier().name() == control_name) {
            Some(key) => key,
            None => SignerKey::generate(&control_name)?,
        };
        layout.replace(crash::LEDGER_BEFORE_KEY, &layout.key(), format!("{}\n", key.text()).as_bytes())?;
        let mut signer = Signer::new(&control_name);
        let mut control = ControlLog::new(&layout.control());
        let at = clock.now_us();
        let snapshot = core.snapshot();
        let adopted = snapshot.tables.iter().filter(|(_, state)| state.next_leaf > 1);
        let adopted: BTreeMap<TableId, u64> = adopted.map(|(id, state)| (*id, size_of(state))).collect();
        let before = adopted.iter().map(|(id, size)| (id.0, *size)).collect();
        let begin = Record::Begin { at, origin: control_name, public_key: key.verifier().to_string(), before };
        let leaves = control.append(&layout, std::slice::from_ref(&begin))?;
        let mut told = Told::default();
        told.hear(begin)?;
        signer.extend(&leaves);
        layout.replace(crash::LEDGER_BEFORE_SIGNED, &layout.signed(), signer.encode()?.as_bytes())?;
        layout.replace(crash::LEDGER_BEFORE_CHECKPOINT, &layout.checkpoint(), signer.sign(&[&key]).as_bytes())?;
        // The file that says that a ledger is there comes last: a crash before it begins anew.
        layout.replace(crash::LEDGER_BEFORE_ORIGIN, &layout.origin(), format!("{name}\n").as_bytes())?;
        let mut books = Books {
            layout,
            name,
            key,
            signer,
            control,
            told,
            resumed: 0,
            resume_entries: LedgerOptions::default().resume_entries,
            workers: Workers::none(),
            trees: BTreeMap::new(),
            adopted,
            unfinished: BTreeMap::new(),
            last_entry: at,
            checkpoints: VecDeque::new(),
            pending: Vec::new(),
        };
        books.show(at);
        Ok(books)
    }

    /// Reads a ledger that is there.
    fn read(layout: Layout) -> Result<Books> {
        let lacking = |path: PathBuf, hint: &str| {
            Error::new(Kind::DataCorrupted, format!("\"{}\" is missing, which belongs to the ledger", path.display()))
                .with_hint(hint)
        };
        let whole = "restore the folder \"ledger\" from the same backup as the tables";
        let name = durable::read_text(&layout.origin())?.ok_or_else(|| lacking(layout.origin(), whole))?.trim().to_owned();
        let key =
            durable::read_text(&layout.key())?.ok_or_else(|| lacking(layout.key(), "put the key back from where it was kept"))?;
        let key = SignerKey::parse(&key).map_err(|error| error.with_context(layout.key().display().to_string()))?;
        let signed =
            durable::read_text(&layout.signed())?.ok_or_else(|| lacking(layout.signed(), "put it back from where it was kept"))?;
        let mut signer = Signer::decode(&signed).map_err(|error| error.with_context(layout.signed().display().to_string()))?;
        let Replayed { control, told, resumed, unsigned } = resume::replay(&layout, &signer)?;
        let key = keys::current(&layout, key, &told)?;
        let mut books = Books {
            layout,
            name,
            key,
            signer: signer.clone(),
            control,
            resumed,
            resume_entries: LedgerOptions::default().resume_entries,
            workers: Workers::none(),
            trees: BTreeMap::new(),
            adopted: told.adopted.clone(),
            unfinished: told.unfinished.clone(),
            last_entry: told.last_entry,
            checkpoints: VecDeque::new(),
            pending: Vec::new(),
            told,
        };
        for (id, recorded) in books.told.tables.clone() {
            let definition = Definition::decode(recorded.definition.as_bytes())?;
            let tree = TableTree::new(&books.layout, &definition.spec, &books.control_name(), recorded.made)?;
            let (size, root) = (recorded.size, recorded.root().unwrap_or_else(|| tree.root()));
            let mut tree = match tree.reopen(size, root) {
                Ok(tree) => tree,
                Err(error) => {
                    let mut tree = TableTree::new(&books.layout, &definition.spec, &books.control_name(), recorded.made)?;
                    tree.failure = Some(error);
                    tree
                }
            };
            (tree.absent, tree.purges, tree.holds) = (recorded.absent, recorded.purges, recorded.holds);
            books.trees.insert(id, tree);
        }
        if !unsigned.is_empty() {
            // A process ended between the entry and the signature.
            signer.extend(&unsigned);
            books.layout.replace(crash::LEDGER_BEFORE_SIGNED, &books.layout.signed(), signer.encode()?.as_bytes())?;
            books.signer = signer;
        }
        books.layout.replace(
            crash::LEDGER_BEFORE_CHECKPOINT,
            &books.layout.checkpoint(),
            books.signer.sign(&[&books.key]).as_bytes(),
        )?;
        books.show(books.last_entry);
        Ok(books)
    }

    fn control_name(&self) -> String {
        format!("{}/control", self.name)
    }

    /// What the tree of a table is called.
    fn table_name(&self, table: TableId) -> String {
        format!("{}/t/{table}", self.name)
    }

    /// Takes in what was published, as entries to be written; says whether there is more.
    fn take_in(&mut self, snapshot: &Snapshot, at: Micros) -> Result<bool> {
        self.dropped(snapshot, at)?;
        let mut sizes = Vec::new();
        let (mut more, mut failure) = (false, None);
        for (id, state) in &snapshot.tables {
            if state.damage.is_some() {
                continue;
            }
            self.defined(state, at)?;
            let adopting = self.adopted.get(id).copied();
            let Some(tree) = self.trees.get_mut(id).filter(|tree| tree.failure.is_none()) else { continue };
            let end = size_of(state);
            if end <= tree.size() {
                continue;
            }
            let adopted_to = adopting.filter(|until| *until > tree.size());
            let target = adopted_to.map_or(end, |until| until.min(end));
            match tree.advance(state, target, adopted_to.is_some(), &self.workers) {
                Ok(absent) => {
                    if !absent.is_empty() {
                        self.pending.push(Record::Absent { at, table: id.0, runs: absent });
                    }
                    sizes.push(Size { table: id.0, size: tree.size(), root: base64_of(&tree.root()) });
                    more |= tree.size() < end;
                }
                Err(error) if error.kind() == Kind::DataCorrupted => {
                    tracing::error!(table = %state.spec.label, %error, "the ledger of a table cannot go on");
                    tree.failure = Some(error);
                }
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        // What was taken in before a failure is told of with the next entry.
        if !sizes.is_empty() {
            self.pending.push(Record::Sizes { at, tables: sizes });
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        self.settle(snapshot, at)?;
        Ok(more)
    }

    /// Tables that are there no more.
    fn dropped(&mut self, snapshot: &Snapshot, at: Micros) -> Result<()> {
        let gone: Vec<TableId> = self.trees.keys().filter(|id| !snapshot.tables.contains_key(id)).copied().collect();
        for id in gone {
            self.layout.remove(crash::LEDGER_BEFORE_DROP, &self.layout.table(id))?;
            self.trees.remove(&id);
            self.adopted.remove(&id);
            self.pending.push(Record::Drop { at, table: id.0 });
        }
        Ok(())
    }

    /// A table that is new, or has other columns.
    fn defined(&mut self, state: &TableState, at: Micros) -> Result<()> {
        let (id, spec) = (state.spec.id, &state.spec);
        let made = match self.trees.get_mut(&id) {
            Some(tree) if Arc::ptr_eq(&tree.spec, spec) => return Ok(()),
            Some(tree) if tree.columns == columns_of(spec) => {
                tree.spec = spec.clone();
                return Ok(());
            }
            Some(tree) => {
                tree.redefine(spec)?;
                None
            }
            None => {
                let tree = TableTree::new(&self.layout, spec, &format!("{}/control", self.name), at)?;
                self.trees.insert(id, tree);
                Some(at)
            }
        };
        let definition = Definition { spec: spec.clone(), next_leaf: 0, last_ingest: 0 }.encode()?;
        let definition = String::from_utf8(definition).map_err(|_| Error::internal("a definition is no text"))?;
        let made = made.unwrap_or(0);
        self.pending.push(Record::Table {
            at,
            table: id.0,
            made,
            label: spec.label.clone(),
            columns: columns_of(spec),
            definition,
        });
        Ok(())
    }

    /// Writes the entries that wait, if any do, signs, and publishes the checkpoint.
    fn write(&mut self) -> Result<()> {
        let Some(at) = self.pending.last().map(Record::at) else { return Ok(()) };
        let leaves = self.control.append(&self.layout, &self.pending)?;
        self.signer.extend(&leaves);
        self.last_entry = at;
        self.pending.drain(..).try_for_each(|record| self.told.hear(record))?;
        self.layout.replace(crash::LEDGER_BEFORE_SIGNED, &self.layout.signed(), self.signer.encode()?.as_bytes())?;
        self.layout.replace(
            crash::LEDGER_BEFORE_CHECKPOINT,
            &self.layout.checkpoint(),
            self.signer.sign(&[&self.key]).as_bytes(),
        )?;
        self.show(at);
        let entries = self.control.frontier.size();
        if entries - self.resumed >= self.resume_entries {
            self.resumed = entries;
            // It saves the next start some reading, and nothing rests on it.
            if let Err(error) = resume::write(&self.layout, &self.control, &self.told) {
                tracing::warn!(%error, "the next start reads more of the ledger than it would have to");
            }
        }
        Ok(())
    }

    /// Remembers the newest checkpoint for those who ask.
    fn show(&mut self, at: Micros) {
        let checkpoint = self.signer.checkpoint();
        let note = self.signer.sign(&[&self.key]);
        if self.checkpoints.len() == SHOWN {
            self.checkpoints.pop_front();
        }
        self.checkpoints.push_back(Arc::new(SignedCheckpoint { at, size: checkpoint.size, root: checkpoint.root, note }));
    }
}

/// Removes what a beginning left behind that was cut short; nothing was given away then.
fn begun_before(layout: &Layout) -> Result<()> {
    let entries = Entries::open(&layout.control())?.take(2).count();
    let signed = durable::read_text(&layout.signed())?.map(|text| Signer::decode(&text)).transpose()?;
    if entries > 1 || signed.is_some_and(|signer| signer.checkpoint().size > 1) {
        let message = format!("the ledger in \"{}\" has lost its file \"origin\"", layout.dir.display());
        return Err(Error::new(Kind::DataCorrupted, message)
            .with_hint("restore the folder \"ledger\" from a backup, or choose another ledger_signer for a new data folder"));
    }
    [layout.control(), layout.signed(), layout.checkpoint(), layout.resume()]
        .iter()
        .filter(|path| path.exists())
        .try_for_each(|path| layout.remove(crash::LEDGER_BEFORE_KEY, path))
}

/// How many leaves the tree of a table has once all its rows are in it.
fn size_of(state: &TableState) -> u64 {
    u64::try_from(state.next_leaf).unwrap_or(1).max(1)
}

/// Passes until the store stops. After a failure it tries again, ever more slowly up to half a minute.
pub(crate) async fn run_keeper(core: Weak<Core>, interval: Duration, stop: CancellationToken) {
    const PAUSE_MAX: Duration = Duration::from_secs(30);
    let mut pause = interval;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        let Some(core) = core.upgrade() else { return };
        match core.keep_ledger().await {
            Ok(()) => pause = interval,
            Err(error) => {
                pause = (pause * 2).clamp(Duration::from_secs(1), PAUSE_MAX);
                tracing::error!(%error, retry_s = pause.as_secs(), "could not go on with the ledger");
            }
        }
    }
}

impl Core {
    /// Takes in everything published until now.
    ///
    /// # Errors
    /// As [`Keeper::pass`].
    pub(crate) async fn keep_ledger(self: &Arc<Self>) -> Result<()> {
        let Some(keeper) = self.keeper().cloned() else { return Ok(()) };
        loop {
            let (keeper, snapshot) = (keeper.clone(), self.snapshot());
            let more = self
                .background
                .run(move || keeper.pass(&snapshot))
                .await
                .map_err(|cause| Error::internal(format!("a pass of the ledger ended early: {cause}")))??;
            if !more {
                return Ok(());
            }
        }
    }
}

/// Compares every row with what was recorded, table after table and slowly, until the store stops. What it finds stands in the log and
/// in the status.
pub(crate) async fn run_scrub(core: Weak<Core>, options: LedgerOptions, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(options.scrub_interval) => {}
        }
        let Some(tables) = core.upgrade().map(|core| core.snapshot().tables.keys().copied().collect::<Vec<_>>()) else { return };
        for table in tables {
            let Some(core) = core.upgrade().filter(|_| !stop.is_cancelled()) else { return };
            match core.verify_table(table, options.scrub_share).await {
                Ok((report, findings)) if !findings.is_empty() => {
                    for finding in findings {
                        tracing::error!(table = %report.table, %finding, "the ledger finds that rows were changed");
                    }
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%table, %error, "could not compare a table with the ledger"),
            }
        }
    }
}
