//! `annals serve`.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::command::say;
use crate::config::{self, Config};
use crate::error::{Error, Kind, Result};
use crate::server::{self, Superuser};

/// Serves until SIGTERM, SIGINT or Ctrl-C, then stops cleanly.
pub(super) async fn serve(config: &Config) -> Result<()> {
    let superuser = config::superuser_password().map_or(Superuser::Stored, Superuser::Password);
    let mut end = End::listen()?;
    let running = server::start(config, superuser).await?;
    if let Some(password) = &running.generated_password {
        say(&format!("annals: the password of the superuser \"annals\" is {password} (shown this once)"));
    }
    say(&format!("annals: listening on {}", running.address));
    end.wait().await;
    tracing::info!("shutting down");
    running.stop().await
}

/// The wish of the operating system, or of the person at the terminal, that the process ends. Heard from the moment this is made,
/// so that a wish during the start is not taken for a crash.
pub(super) struct End {
    terminate: Signal,
    interrupt: Signal,
}

impl End {
    pub(super) fn listen() -> Result<Self> {
        let failed = |error: std::io::Error| Error::new(Kind::IoError, format!("could not listen for signals: {error}"));
        Ok(End {
            terminate: signal(SignalKind::terminate()).map_err(failed)?,
            interrupt: signal(SignalKind::interrupt()).map_err(failed)?,
        })
    }

    /// Returns when the process shall end.
    pub(super) async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
