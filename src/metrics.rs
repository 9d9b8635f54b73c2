//! What was counted? Numbers that only grow while the server runs, and a few that say how much there is of something now.
//!
//! A part of the server counts where it works, and one [`Metrics`] of the store has all of them, with the names and explanations by which
//! they are shown ([`Metrics::list`]). What indexes do is counted for each index as well ([`IndexUses`]), because clients ask for that.
//! The room must never know who may be told: counts tell of rows that not everybody may know of.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A number that grows, unless it says how much there is.
#[derive(Debug, Default)]
pub struct Counter(AtomicI64);

impl Counter {
    pub fn add(&self, more: usize) {
        // Nothing else follows from a count, so its order among other memory does not matter.
        self.0.fetch_add(i64::try_from(more).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// Says how much there is now.
    pub fn set(&self, now: usize) {
        self.0.store(i64::try_from(now).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What look-ups in indexes have come to.
#[derive(Debug, Default)]
pub struct LookupCounts {
    /// Statements' look-ups, each in the indexes of all segments that the time left.
    pub lookups: Counter,
    /// Segments whose index was asked.
    pub asked: Counter,
    /// Segments in which an index has ruled every row out.
    pub ruled_out: Counter,
    /// Rows that indexes have told of; an index of words tells of whole pages.
    pub found: Counter,
    /// Rows that were then read of what one index alone has told of.
    pub fetched: Counter,
}

impl LookupCounts {
    /// Takes one look-up in.
    pub fn add(&self, asked: usize, ruled_out: usize, found: usize) {
        self.lookups.add(1);
        self.asked.add(asked);
        self.ruled_out.add(ruled_out);
        self.found.add(found);
    }
}

/// The indexes of one table by what the store calls them, and what each was used for since the server started.
#[derive(Debug)]
pub struct IndexUses<K>(Mutex<BTreeMap<K, Arc<LookupCounts>>>);

impl<K> Default for IndexUses<K> {
    fn default() -> Self {
        IndexUses(Mutex::default())
    }
}

impl<K: Ord + Copy> IndexUses<K> {
    /// What is counted of an index; nothing so far for one that was not used.
    pub fn of(&self, index: K) -> Arc<LookupCounts> {
        // Numbers are whole whatever panics elsewhere.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(index).or_default().clone()
    }
}

/// What is known of the answers that are kept to be given again.
#[derive(Debug, Default)]
pub struct AnswerCounts {
    /// Statements that were answered by what was kept.
    pub hits: Counter,
    /// Statements that could have been, and had to run.
    pub misses: Counter,
    /// Answers that were kept.
    pub kept: Counter,
    /// Answers that there are now, and their bytes.
    pub answers: Counter,
    pub bytes: Counter,
}

/// All of it.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Look-ups of whole values.
    pub ids: LookupCounts,
    /// Look-ups of words and parts of texts.
    pub texts: LookupCounts,
    /// Segments that scans in the order of time have opened, and pages and rows that they have read of them.
    pub segments_read: Counter,
    pub pages_read: Counter,
    pub rows_read: Counter,
    /// Indexes of segments that were found damaged, and such that were built after their segment was written.
    pub indexes_damaged: Counter,
    pub indexes_built: Counter,
    pub answers: AnswerCounts,
}

/// Whether a number can fall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It says how much there is now.
    Gauge,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        }
    }
}

/// One number as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// In the manner of Prometheus: what counts ends in `_total`.
    pub name: &'static str,
    pub kind: Kind,
    pub value: i64,
    pub description: &'static str,
}

impl Metrics {
    /// Every number, in the order in which they are explained.
    pub fn list(&self) -> Vec<Metric> {
        let counter =
            |name, counter: &Counter, description| Metric { name, kind: Kind::Counter, value: counter.get(), description };
        let gauge = |name, counter: &Counter, description| Metric { name, kind: Kind::Gauge, value: counter.get(), description };
        let (ids, texts, answers) = (&self.ids, &self.texts, &self.answers);
        vec![
            counter("annals_id_lookups_total", &ids.lookups, "Look-ups of whole values in indexes"),
            counter("annals_id_segments_asked_total", &ids.asked, "Segments whose index of values was asked"),
            counter("annals_id_segments_ruled_out_total", &ids.ruled_out, "Segments that an index of values ruled out"),
            counter("annals_id_rows_found_total", &ids.found, "Rows that indexes of values told of"),
            counter("annals_id_rows_fetched_total", &ids.fetched, "Rows read of what one index of values told of"),
            counter("annals_text_lookups_total", &texts.lookups, "Look-ups of words and parts of texts in indexes"),
            counter("annals_text_segments_asked_total", &texts.asked, "Segments whose index of words was asked"),
            counter("annals_text_segments_ruled_out_total", &texts.ruled_out, "Segments that an index of words ruled out"),
            counter("annals_text_rows_found_total", &texts.found, "Rows of the pages that indexes of words told of"),
            counter("annals_text_rows_fetched_total", &texts.fetched, "Rows read of what one index of words told of"),
            counter("annals_segments_read_total", &self.segments_read, "Segments opened by scans in the order of time"),
            counter("annals_pages_read_total", &self.pages_read, "Pages read by scans in the order of time"),
            counter("annals_rows_read_total", &self.rows_read, "Rows read by scans in the order of time"),
            counter("annals_indexes_damaged_total", &self.indexes_damaged, "Indexes of segments found damaged"),
            counter("annals_indexes_built_total", &self.indexes_built, "Indexes built after their segment was written"),
            counter("annals_result_cache_hits_total", &answers.hits, "Statements answered by a kept answer"),
            counter(
                "annals_result_cache_misses_total",
                &answers.misses,
                "Statements whose answer may be kept, and was not at hand",
            ),
            counter("annals_result_cache_kept_total", &answers.kept, "Answers that were kept"),
            gauge("annals_result_cache_answers", &answers.answers, "Answers kept now"),
            gauge("annals_result_cache_bytes", &answers.bytes, "Memory of the answers kept now"),
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_number_has_a_name_of_its_own_that_tells_its_kind() {
        let metrics = Metrics::default();
        metrics.ids.add(3, 2, 1);
        metrics.answers.bytes.set(70);
        let list = metrics.list();
        assert_eq!(list.iter().map(|metric| metric.name).collect::<BTreeSet<_>>().len(), list.len());
        assert!(list.iter().all(|metric| metric.name.ends_with("_total") == (metric.kind == Kind::Counter)));
        let of = |name: &str| list.iter().find(|metric| metric.name == name).map(|metric| metric.value);
        assert_eq!((of("annals_id_segments_asked_total"), of("annals_result_cache_bytes")), (Some(3), Some(70)));
    }

    #[test]
    fn each_index_has_counts_of_its_own() {
        let uses = IndexUses::default();
        uses.of('a').add(1, 0, 5);
        uses.of('a').add(1, 0, 5);
        assert_eq!((uses.of('a').lookups.get(), uses.of('b').lookups.get()), (2, 0));
    }
}
