//! `annals serve`.

use tokio::signal::unix::{SignalKind, signal};

use crate::command::say;
use crate::config::{self, Config};
use crate::error::{Error, Kind, Result};
use crate::server::{self, Superuser};

/// Serves until SIGTERM, SIGINT or Ctrl-C, then stops cleanly.
pub(super) async fn serve(config: &Config) -> Result<()> {
    let superuser = config::superuser_password().map_or(Superuser::Stored, Superuser::Password);
    let running = server::start(config, superuser).await?;
    if let Some(password) = &running.generated_password {
        say(&format!("annals: the password of the superuser \"annals\" is {password} (shown this once)"));
    }
    say(&format!("annals: listening on {}", running.address));
    wait_for_the_end().await?;
    tracing::info!("shutting down");
    running.stop().await
}

/// Returns when the operating system or the person at the terminal wants the process to end.
pub(super) async fn wait_for_the_end() -> Result<()> {
    let failed = |error: std::io::Error| Error::new(Kind::IoError, format!("could not listen for signals: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
