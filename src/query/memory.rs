//! The memory of one statement whose role is held to an amount: the pool that all share, with a bound of its own in front.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};

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
