//! The `annals` binary: a runtime, the log of what happens, and the command line.
#![forbid(unsafe_code)]

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use annals::background::STACK_BYTES;
use tracing_subscriber::EnvFilter;

/// Every small statement takes and gives back hundreds of small pieces of memory, on whichever thread it runs: with the system's
/// allocator a sixth of the time of single-row INSERTs was lost to it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_env("ANNALS_LOG").unwrap_or_else(|_| EnvFilter::new("warn,annals=info")))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().thread_stack_size(STACK_BYTES).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&format!("could not start: {error}")),
    };
    let ended = runtime.block_on(annals::command::run());
    // Everything that had to be finished is finished. A statement that does not yield must not keep the process alive.
    runtime.shutdown_background();
    match ended {
        Ok(code) => code,
        Err(error) => failed(&error.to_string()),
    }
}

/// One line that says what went wrong and what to do.
fn failed(message: &str) -> ExitCode {
    let _closed = writeln!(std::io::stderr(), "annals: {message}");
    ExitCode::FAILURE
}
