//! Which answers are given again without running their statement? Dashboards ask the same many times over.
//!
//! A *question* is a statement's text with its parameters, the role that asks and the settings that it asks under. An answer is kept with
//! its question and with its [`Footing`]: the very catalogs and states of tables that it came from. It is given again while a statement that
//! was planned anew, and so was let through by the guard anew, stands on the same footing, and while no row that counts for it has expired
//! ([`Horizons`]). Nothing is ever thrown away for an answer to be right: one whose footing has gone is found by nobody, and goes when
//! another is kept, when a purge or an erasure has removed rows, or when a definition is committed.
//!
//! What may be kept is a list, not the rest of one (`question`): what depends on the time, on chance, on the session, or on anything else
//! that is not in question and footing, is not; nor are answers of roles that are held to a number of rows, of transactions that have changed
//! something, of statements that were quick, and answers that are large.

mod gathering;
mod question;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use datafusion::arrow::array::RecordBatch;

use crate::catalog::Catalog;
use crate::clock::Micros;
use crate::guard::{Footing, Horizons};
use crate::metrics::Metrics;
use crate::store::{Snapshot, Store, View};
pub(super) use gathering::Gathering;
pub(super) use question::Asked;
use question::Question;

/// How answers are kept.
#[derive(Debug, Clone, Copy)]
pub struct AnswerOptions {
    /// Memory for all of them; 0 keeps none. More lets more dashboards be answered without work.
    pub bytes_max: usize,
    /// Memory of one; a larger answer is not kept. More lets few large ones drive out many small ones.
    pub answer_bytes_max: usize,
    /// A statement that took less time is run again. Longer leaves the memory to those that are worth it.
    pub least: Duration,
}

/// What an entry takes beside its rows, its text and its parameters, about: names, settings, the maps' own.
const ENTRY_BYTES: usize = 4 * 1024;

/// The answers that are kept.
pub(super) struct Answers {
    options: AnswerOptions,
    held: Mutex<Held>,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Held {
    answers: HashMap<Arc<Question>, Answer>,
    /// The questions by when they were asked last.
    by_turn: BTreeMap<u64, Arc<Question>>,
    turn: u64,
    bytes: usize,
    /// The catalog's epoch and the snapshot's version by which all of them are current.
    current: Option<(u64, u64)>,
}

struct Answer {
    footing: Footing,
    horizons: Horizons,
    rows: RecordBatch,
    /// Rows that scans gave for it.
    read: usize,
    bytes: usize,
    turn: u64,
}

/// An answer that is given again.
pub(super) struct Known {
    pub rows: RecordBatch,
    /// Rows that scans gave for it when it was worked out: who counts them must count them again, or the counts would tell whether it was.
    pub read: usize,
}

/// An answer that has just been worked out.
struct Fresh {
    asked: Asked,
    horizons: Horizons,
    rows: RecordBatch,
    read: usize,
}

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answers").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Answers {
    pub(super) fn new(options: AnswerOptions, metrics: Arc<Metrics>) -> Answers {
        Answers { options, held: Mutex::default(), metrics }
    }

    /// Whether any is kept at all.
    pub(super) fn are_kept(&self) -> bool {
        self.options.bytes_max > 0
    }

    /// What was answered before to the very question, if it is what would be answered now.
    pub(super) fn find(&self, asked: &Asked, now: Micros) -> Option<Known> {
        let known = self.held().find(asked, now);
        let counts = &self.metrics.answers;
        if known.is_some() { &counts.hits } else { &counts.misses }.add(1);
        known
    }

    /// Keeps an answer, in the place of an older one to the question and of those that were asked for the longest ago; unless it is not what
    /// would be answered now.
    fn keep(&self, fresh: Fresh, now: Micros, live: &ArcSwap<Catalog>, store: &Store) {
        let Fresh { asked: Asked { question, footing }, horizons, rows, read } = fresh;
        let bytes = ENTRY_BYTES + question.bytes() + rows.get_array_memory_size();
        if bytes > self.options.answer_bytes_max.min(self.options.bytes_max) || !horizons.are_far(now) {
            return;
        }
        let mut held = self.held();
        // Looked at while nobody else lets go of anything: what goes from here on goes from here as well.
        let (catalog, snapshot) = (live.load_full(), store.snapshot());
        held.keep_current(&catalog, &snapshot);
        if footing.is_current(&catalog, &View::new(snapshot, vec![])) {
            held.remove(&question);
            while held.bytes + bytes > self.options.bytes_max
                && let Some(oldest) = held.by_turn.values().next().cloned()
            {
                held.remove(&oldest);
            }
            held.put(question, Answer { footing, horizons, rows, read, bytes, turn: 0 });
            self.metrics.answers.kept.add(1);
        }
        self.tell(&held);
    }

    /// Lets go of answers that come from rows or definitions that are gone.
    pub(super) fn let_go(&self, live: &ArcSwap<Catalog>, store: &Store) {
        let mut held = self.held();
        held.keep_current(&live.load_full(), &store.snapshot());
        self.tell(&held);
    }

    fn tell(&self, held: &Held) {
        self.metrics.answers.answers.set(held.answers.len());
        self.metrics.answers.bytes.set(held.bytes);
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // A panic leaves entries that are whole each; at worst a number of bytes is too large.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn find(&mut self, asked: &Asked, now: Micros) -> Option<Known> {
        let (question, answer) = self.answers.get_key_value(&asked.question)?;
        if answer.footing != asked.footing || !answer.horizons.are_far(now) {
            return None;
        }
        let (question, turn) = (question.clone(), self.turn);
        let answer = self.answers.get_mut(&question)?;
        self.by_turn.remove(&answer.turn);
        answer.turn = turn;
        self.by_turn.insert(turn, question);
        self.turn += 1;
        Some(Known { rows: answer.rows.clone(), read: answer.read })
    }

    fn put(&mut self, question: Arc<Question>, answer: Answer) {
        let turn = self.turn;
        self.turn += 1;
        self.bytes += answer.bytes;
        self.by_turn.insert(turn, question.clone());
        self.answers.insert(question, Answer { turn, ..answer });
    }

    fn remove(&mut self, question: &Arc<Question>) {
        if let Some(answer) = self.answers.remove(question) {
            self.by_turn.remove(&answer.turn);
            self.bytes -= answer.bytes;
        }
    }

    /// Lets go of all that no statement would find now.
    fn keep_current(&mut self, catalog: &Arc<Catalog>, snapshot: &Arc<Snapshot>) {
        let now = (catalog.epoch, snapshot.version);
        if self.current == Some(now) {
            return;
        }
        self.current = Some(now);
        let view = View::new(snapshot.clone(), vec![]);
        let gone = self.answers.iter().filter(|(_, answer)| !answer.footing.is_current(catalog, &view));
        let gone: Vec<Arc<Question>> = gone.map(|(question, _)| question.clone()).collect();
        gone.iter().for_each(|question| self.remove(question));
    }
}
