//! Threads that help to encode: the columns of a segment, the indexes beside it, and the frames of a large commit are each made by one
//! thread, several of them at a time.
//!
//! Whoever encodes does so on a thread of its own and asks for helpers piece by piece. How many there are is counted for the whole
//! store, so that ten bulk loads at once do not become forty busy threads; who finds no helper free goes on alone.

use std::slice::IterMut;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use super::core::locked;

/// Helpers' stack. What they do is not recursive.
const STACK_BYTES: usize = 4 * 1024 * 1024;

/// A share of a store's helpers.
#[derive(Debug, Clone)]
pub(crate) struct Workers {
    /// Helpers that nobody has.
    free: Arc<AtomicUsize>,
    /// How many of them one piece of work may have.
    most: usize,
}

impl Workers {
    /// For work on so many threads, the asking one counted.
    pub(crate) fn new(threads: usize) -> Self {
        let helpers = threads.saturating_sub(1);
        Workers { free: Arc::new(AtomicUsize::new(helpers)), most: helpers }
    }

    /// Nobody but who asks.
    pub(crate) fn none() -> Self {
        Workers::new(1)
    }

    /// For what nobody waits for: half as many threads, so that statements find the others free.
    pub(crate) fn at_leisure(&self) -> Self {
        Workers { free: self.free.clone(), most: self.most.div_ceil(2).saturating_sub(1) }
    }

    /// Threads that work at the same time at most, the asking one counted.
    pub(crate) fn threads(&self) -> usize {
        self.most + 1
    }

    /// Does `work` to every item, in their order as threads come free: the longest belongs first. Blocks until all are done. A panic of
    /// one comes out here.
    pub(crate) fn each<T: Send>(&self, items: &mut [T], work: impl Fn(&mut T) + Sync) {
        let helpers = self.take(items.len().saturating_sub(1));
        if helpers.0 == 0 {
            items.iter_mut().for_each(work);
            return;
        }
        let queue = Mutex::new(items.iter_mut());
        let help = || {
            while let Some(item) = next(&queue) {
                work(item);
            }
        };
        thread::scope(|scope| {
            for _ in 0..helpers.0 {
                let helper = thread::Builder::new().name("annals-encode".to_owned()).stack_size(STACK_BYTES);
                if helper.spawn_scoped(scope, help).is_err() {
                    // A system without room for a thread gets its rows encoded all the same.
                    break;
                }
            }
            help();
        });
    }

    fn take(&self, wanted: usize) -> Taken<'_> {
        let mut taken = 0;
        let _none_free = self.free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| {
            taken = free.min(wanted).min(self.most);
            Some(free - taken)
        });
        Taken(taken, &self.free)
    }
}

fn next<'a, T>(queue: &Mutex<IterMut<'a, T>>) -> Option<&'a mut T> {
    locked(queue).next()
}

/// Helpers that are given back.
struct Taken<'a>(usize, &'a AtomicUsize);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.1.fetch_add(self.0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn every_item_is_done_once_whoever_is_free() {
        for workers in [Workers::none(), Workers::new(4), Workers::new(4).at_leisure()] {
            let mut items = vec![0; 100];
            workers.each(&mut items, |item| *item += 1);
            assert_eq!(items, vec![1; 100]);
        }
    }

    #[test]
    fn as_many_threads_work_as_were_asked_for_and_no_more() {
        let workers = Workers::new(3);
        // Three items meet at a barrier, which a smaller number of threads would never pass.
        let barrier = Barrier::new(3);
        let mut threads = vec![None; 3];
        workers.each(&mut threads, |item| {
            barrier.wait();
            *item = Some(thread::current().id());
        });
        assert_eq!(threads.iter().collect::<HashSet<_>>().len(), 3);
        let mut threads = vec![None; 50];
        workers.each(&mut threads, |item| *item = Some(thread::current().id()));
        assert!(threads.iter().collect::<HashSet<_>>().len() <= 3);
    }

    #[test]
    fn helpers_are_shared_and_come_back() {
        let workers = Workers::new(5);
        let held = workers.take(3);
        assert_eq!(held.0, 3);
        assert_eq!(workers.clone().take(3).0, 1);
        drop(held);
        assert_eq!(workers.at_leisure().take(9).0, 1);
        assert_eq!(workers.take(9).0, 4);
        let panicked = std::panic::catch_unwind(|| workers.each(&mut [1, 2, 3], |item| assert_ne!(*item, 2)));
        assert!(panicked.is_err());
        assert_eq!(workers.take(9).0, 4);
    }

    #[test]
    fn half_of_the_threads_are_left_to_statements() {
        let at_leisure = |threads| Workers::new(threads).at_leisure().threads();
        assert_eq!([1, 2, 3, 4, 5, 8].map(at_leisure), [1, 1, 1, 2, 2, 4]);
    }
}
