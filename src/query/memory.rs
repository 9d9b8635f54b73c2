//! The memory that statements sort, join and group in: the pool that all share, and a bound in front of it for one whose role is held to an amount.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};

/// The pool that all statements share. A consumer that can spill may take two thirds of what the others leave, so that something is left for
/// whoever comes next, and its even part in any case, so that nobody fails for having come late: then the others spill when they want more, and
/// the pool is exceeded until they do. An eighth of the pool is for those that cannot spill, as joins.
///
/// The library's own fair pool holds each consumer to its even part. A grouping by two columns has twenty, most of which need next to nothing, and
/// would spill when it has a twentieth of the memory.
pub(super) struct Shared {
    bytes_max: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    /// Consumers that can spill.
    spillers: usize,
    /// Bytes that they have, and that the others have.
    spillable: usize,
    unspillable: usize,
}

impl Shared {
    pub(super) fn new(bytes_max: usize) -> Self {
        Shared { bytes_max, taken: Mutex::default() }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// The bytes of those that can spill, or of those that cannot.
    fn by(&mut self, reservation: &MemoryReservation) -> &mut usize {
        if reservation.consumer().can_spill() { &mut self.spillable } else { &mut self.unspillable }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("bytes_max", &self.bytes_max).field("taken", &self.taken).finish()
    }
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shared({} of {} bytes)", self.reserved(), self.bytes_max)
    }
}

impl MemoryPool for Shared {
    fn name(&self) -> &str {
        "shared"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.taken().spillers += usize::from(consumer.can_spill());
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.taken().spillers -= usize::from(consumer.can_spill());
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        *self.taken().by(reservation) += additional;
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        *self.taken().by(reservation) -= shrink;
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let mut taken = self.taken();
        let can_spill = reservation.consumer().can_spill();
        let most = if can_spill {
            let all = self.bytes_max.saturating_sub(taken.unspillable.max(self.bytes_max / 8));
            let others = taken.spillable.saturating_sub(reservation.size());
            (all.saturating_sub(others) / 3 * 2).max(all / taken.spillers.max(1))
        } else {
            (self.bytes_max + reservation.size()).saturating_sub(taken.unspillable + taken.spillable)
        };
        if reservation.size().saturating_add(additional) > most {
            return Err(DataFusionError::ResourcesExhausted(format!(
                "{} has {} kB and needs {} kB more; statements have {} kB together (query_memory_mib)",
                reservation.consumer().name(),
                reservation.size() / 1024,
                additional / 1024,
                self.bytes_max / 1024
            )));
        }
        *taken.by(reservation) += additional;
        Ok(())
    }

    fn reserved(&self) -> usize {
        let taken = self.taken();
        taken.spillable + taken.unspillable
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.bytes_max)
    }
}

/// A pool with a bound for one statement.
pub(super) struct Bounded {
    shared: Arc<dyn MemoryPool>,
    bytes_max: usize,
    used: AtomicUsize,
}

impl Bounded {
    pub(super) fn new(shared: Arc<dyn MemoryPool>, bytes_max: u64) -> Self {
        Bounded { shared, bytes_max: usize::try_from(bytes_max).unwrap_or(usize::MAX), used: AtomicUsize::new(0) }
    }
}

impl fmt::Debug for Bounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bounded").field("bytes_max", &self.bytes_max).field("used", &self.used).finish_non_exhaustive()
    }
}

impl fmt::Display for Bounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bounded({})", self.shared)
    }
}

impl MemoryPool for Bounded {
    fn name(&self) -> &str {
        "bounded"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.shared.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.shared.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.used.fetch_add(additional, Ordering::Relaxed);
        self.shared.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.used.fetch_sub(shrink, Ordering::Relaxed);
        self.shared.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let before = self.used.fetch_add(additional, Ordering::Relaxed);
        if before.saturating_add(additional) > self.bytes_max {
            self.used.fetch_sub(additional, Ordering::Relaxed);
            let most = self.bytes_max / 1024;
            return Err(DataFusionError::ResourcesExhausted(format!(
                "the statement needs more than {most} kB of memory, which is this role's limit (work_mem)"
            )));
        }
        self.shared.try_grow(reservation, additional).inspect_err(|_| {
            self.used.fetch_sub(additional, Ordering::Relaxed);
        })
    }

    fn reserved(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.bytes_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    fn spiller(pool: &Arc<dyn MemoryPool>) -> MemoryReservation {
        MemoryConsumer::new("a grouping").with_can_spill(true).register(pool)
    }

    #[test]
    fn who_needs_memory_gets_what_others_leave_and_its_even_part_in_any_case() {
        let pool: Arc<dyn MemoryPool> = Arc::new(Shared::new(1_200 * MIB));
        let first = spiller(&pool);
        let idle: Vec<MemoryReservation> = (0..8).map(|_| spiller(&pool)).collect();
        assert!(first.try_grow(700 * MIB).is_ok(), "others that have nothing leave everything");
        assert!(matches!(first.try_grow(MIB), Err(DataFusionError::ResourcesExhausted(_))));
        let second = spiller(&pool);
        assert!(second.try_grow(233 * MIB).is_ok(), "two thirds of the rest");
        assert!(second.try_grow(MIB).is_err());
        let unspillable = MemoryConsumer::new("a join").register(&pool);
        assert!(unspillable.try_grow(150 * MIB).is_ok(), "an eighth is its own");
        unspillable.free();
        for late in &idle {
            assert!(late.try_grow(105 * MIB).is_ok(), "a tenth each");
            assert!(late.try_grow(MIB).is_err());
        }
        assert!(unspillable.try_grow(1).is_err(), "nothing is left");
        // It spills.
        first.free();
        assert!(first.try_grow(106 * MIB).is_err(), "no more than the others while they have theirs");
        assert!(first.try_grow(105 * MIB).is_ok());
        drop((first, second, idle));
        assert_eq!(pool.reserved(), 0);
        assert!(unspillable.try_grow(800 * MIB).is_ok());
        assert!(unspillable.try_grow(400 * MIB).is_ok() && unspillable.try_grow(1).is_err(), "the whole");
        let last = spiller(&pool);
        assert!(last.try_grow(1).is_err(), "what cannot spill is taken from nobody");
        unspillable.shrink(400 * MIB);
        assert!(last.try_grow(400 * MIB).is_ok() && last.try_grow(1).is_err());
    }
}
