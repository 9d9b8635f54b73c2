//! On which threads does work run that gives way to others?
//!
//! Nobody takes a thread away from a dashboard in the middle of a batch, or from a flush in the middle of a segment: a look-up whose turn
//! comes on the same threads waits until as many batches are done as stand before it. Across threads the operating system takes turns by
//! itself, and sooner for those with the smaller nice value. So doors, planning, commits and statements that read little share the runtime
//! that everything starts on, and statements that may read much, flushes, merges, purges and the ledger's hashing run here. Alone on the machine they
//! are as fast as there.

use std::thread;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

use crate::error::{Error, Result};

/// Bytes of stack of each thread that plans and runs statements. A statement may nest as deep as the parser allows, and every level is
/// a frame of several recursions; a stack that overflows ends the whole server. Only the pages that are touched cost memory.
pub const STACK_BYTES: usize = 64 << 20;

/// How much nicer the threads are than the others: beside one of those, one gets a quarter of a processor (`sched(7)`, 1024 to 335).
const NICE: i32 = 5;

/// The threads that give way, and those that they start.
#[derive(Debug)]
pub struct Background(Option<Runtime>, Handle);

impl Background {
    /// So many for tasks, and more for what blocks.
    ///
    /// # Errors
    /// XX000 when the system gives no threads.
    pub fn start(threads: usize) -> Result<Background> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads.max(1))
            .thread_name("annals-behind")
            .thread_stack_size(STACK_BYTES)
            .on_thread_start(give_way)
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| Error::internal(format!("no threads for background work: {error}")))?;
        let handle = runtime.handle().clone();
        Ok(Background(Some(runtime), handle))
    }

    /// Where tasks are spawned.
    pub fn handle(&self) -> &Handle {
        &self.1
    }

    /// Does work that blocks; it goes on to its end when nobody waits any more. A panic in it is an error here.
    pub fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        self.1.spawn_blocking(work)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Gives the calling thread the lower priority, and those that it starts. Where the system refuses that, they run as any other.
fn give_way() {
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!(%error, thread = ?thread::current().id(), "a background thread keeps its priority");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn threads_give_way_with_what_they_start_and_no_others_do() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let own = nice();
        let nicer = (own + NICE).min(19);
        let background = Background::start(1).unwrap();
        let started = move || thread::spawn(nice).join().unwrap();
        assert_eq!(background.run(started).await.unwrap(), nicer);
        assert_eq!(background.handle().spawn(async move { nice() }).await.unwrap(), nicer);
        assert_eq!(nice(), own);
        assert!(background.run(|| std::panic::panic_any(())).await.is_err_and(|failed| failed.is_panic()));
    }
}
