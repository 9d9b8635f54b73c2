//! The house: builds every part from the configuration, starts the door, and takes it all down again in order.

use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::pack;
use crate::pg::{self, Credential, Door, Limits, Parts, Tls, Verifier};
use crate::policy::SUPERUSER;
use crate::query::engine::{AnswerOptions, Engine, EngineOptions, LoginRole, PseudonymSecret};
use crate::query::plan::names::DATABASE;
use crate::query::{notify, retention};
use crate::store::{LedgerOptions, Store, StoreOptions};

/// The file that holds the superuser's SCRAM verifier.
const SUPERUSER_FILE: &str = "superuser";
/// The file that holds the door's secret.
const DOOR_SECRET: &str = "door-secret";
const MASK_SECRET: &str = "mask-secret";

/// A server at work.
pub struct Running {
    pub address: SocketAddr,
    /// The superuser's password, when this start made one up.
    pub generated_password: Option<String>,
    store: Arc<Store>,
    engine: Arc<Engine>,
    door: tokio::task::JoinHandle<()>,
    shutdown: CancellationToken,
}

/// How the superuser's password is decided.
pub enum Superuser {
    /// This one from now on.
    Password(String),
    /// The one the folder knows; a new one is made up for a new folder.
    Stored,
    /// This one for this process only, the folder's stays as it is.
    Temporary(String),
}

/// Opens the store, replays the catalog, listens.
///
/// # Errors
/// One line that says what to do: the folder is in use, not writable or of a newer format, the port is taken, TLS files are broken.
pub async fn start(config: &Config, superuser: Superuser) -> Result<Running> {
    config.validate()?;
    let tls = match (&config.tls_certificate, &config.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls::load(certificate, key)?),
        _ => None,
    };
    let clock = Clock::System;
    let store = Store::open(StoreOptions {
        flush_bytes: config.flush_mib * 1024 * 1024,
        flush_interval: Duration::from_secs(config.flush_seconds),
        index_rows_min: config.index_min_rows,
        codes_bytes: config.column_memory_mib * 1024 * 1024,
        clock: clock.clone(),
        ledger: config.ledger.then(|| LedgerOptions {
            name: config.ledger_name.clone(),
            signer: config.ledger_signer.clone(),
            ..LedgerOptions::default()
        }),
        ..StoreOptions::new(&config.data)
    })
    .await?;
    let (verifier, generated_password) = superuser_verifier(&config.data, superuser)?;
    let engine = Engine::open(store.clone(), clock, engine_options(config)?).await?;
    engine.bootstrap(pack::FILES).await?;
    engine.record_statements(config.query_log).await?;
    let purged = engine.clone();
    let listener = TcpListener::bind(config.listen).await.map_err(|error| cannot_listen(config.listen, &error))?;
    let address = listener.local_addr().map_err(|error| cannot_listen(config.listen, &error))?;
    store.announce(&address.to_string())?;
    let shutdown = CancellationToken::new();
    let mut limits = Limits { drain: Duration::from_secs(config.shutdown_seconds), ..Limits::default() };
    limits.connections.sessions = config.max_connections;
    let (roles, running) = (engine.clone(), engine.clone());
    let (engine_of_teller, engine_of_recorder, engine_of_eraser) = (engine.clone(), engine.clone(), engine.clone());
    let door = Door::new(Parts {
        engine,
        authenticator: Arc::new(move |user: &str| credential(&roles, &verifier, user)),
        tls,
        insecure: config.insecure,
        database: DATABASE.to_owned(),
        secret: secret(&config.data, DOOR_SECRET)?,
        limits,
    });
    let purger = retention::run_purger(purged, Duration::from_secs(config.purge_seconds), shutdown.clone());
    let purger = tokio::spawn(purger);
    let holds = tokio::spawn(retention::run_hold_recorder(engine_of_recorder, shutdown.clone()));
    let erasures = tokio::spawn(retention::erasure::run_erasures(engine_of_eraser, shutdown.clone()));
    let teller = tokio::spawn(notify::tell_checkpoints(engine_of_teller));
    let stop = shutdown.clone();
    let door = tokio::spawn(async move {
        door.listen(listener, stop).await;
        // A purge that runs ends with the store's own stop; nothing is left of one that does not come to its end.
        purger.abort();
        teller.abort();
        holds.abort();
        erasures.abort();
    });
    Ok(Running { address, generated_password, store, engine: running, door, shutdown })
}

impl Running {
    /// Stops accepting, lets statements finish or cancels them at the deadline, flushes, releases the folder.
    ///
    /// # Errors
    /// The flush's, in which case the WAL still holds every acknowledged row.
    pub async fn stop(self) -> Result<()> {
        self.shutdown.cancel();
        if let Err(error) = self.door.await {
            tracing::error!(%error, "the door did not close cleanly");
        }
        self.engine.stop_recording().await;
        self.store.close().await
    }
}

/// What the door must know of a user. The superuser's verifier stands in a file, those of others in the catalog.
fn credential(engine: &Engine, superusers: &Verifier, user: &str) -> Result<Option<Credential>> {
    let Some(role) = engine.login_role(user) else { return Ok(None) };
    let verifier = match (user == SUPERUSER, role.verifier) {
        (true, _) => superusers.clone(),
        (false, Some(text)) => Verifier::parse(&text)?,
        (false, None) => return Ok(None),
    };
    let LoginRole { oid, superuser, connections_max, refusal, .. } = role;
    Ok(Some(Credential { verifier, role: oid, superuser, connections_max, refusal }))
}

fn engine_options(config: &Config) -> Result<EngineOptions> {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    Ok(EngineOptions {
        query_memory_bytes: config.query_memory_mib * 1024 * 1024,
        spill_dir: config.data.join("spill"),
        spill_bytes_max: config.spill_mib * 1024 * 1024,
        parallelism: if config.parallelism == 0 { cores } else { config.parallelism },
        transaction_bytes_max: config.transaction_mib * 1024 * 1024,
        mask_secret: PseudonymSecret(secret(&config.data, MASK_SECRET)?),
        answers: AnswerOptions {
            bytes_max: config.result_cache_mib * 1024 * 1024,
            answer_bytes_max: config.result_cache_each_kib * 1024,
            least: Duration::from_millis(config.result_cache_min_ms),
        },
    })
}

fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> Error {
    let message = format!("could not listen on {address}: {error}");
    match error.kind() {
        std::io::ErrorKind::AddrInUse => Error::new(Kind::ObjectInUse, message)
            .with_hint("Another program has the port; stop it, or choose another with --listen."),
        _ => Error::new(Kind::IoError, message).with_hint("Choose an address of this machine with --listen."),
    }
}

/// The verifier to check logins against, and the password if this start made one up.
fn superuser_verifier(data: &Path, superuser: Superuser) -> Result<(Verifier, Option<String>)> {
    let path = data.join(SUPERUSER_FILE);
    let (password, keep, generated) = match superuser {
        Superuser::Temporary(password) => (password, false, false),
        Superuser::Password(password) => (password, true, false),
        Superuser::Stored if path.exists() => {
            let text = std::fs::read_to_string(&path).map_err(|error| Error::io("read", &path, &error))?;
            return Ok((Verifier::parse(text.trim())?, None));
        }
        Superuser::Stored => (random_password()?, true, true),
    };
    if password.is_empty() {
        return Err(Error::new(Kind::InvalidPassword, "the superuser's password is empty")
            .with_hint("Set ANNALS_PASSWORD to a password, or leave it unset to have one made up."));
    }
    let text = pg::scram_verifier(&password)?;
    if keep {
        write_secret(&path, &text)?;
    }
    Ok((Verifier::parse(&text)?, generated.then_some(password)))
}

/// A secret of the store's, made at the first start: that from which the door answers for users who do not exist, or that from which
/// masking policies make pseudonyms.
fn secret(data: &Path, file: &str) -> Result<[u8; 32]> {
    let path = data.join(file);
    if let Ok(text) = std::fs::read_to_string(&path)
        && let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(text.trim())
        && let Ok(secret) = <[u8; 32]>::try_from(bytes)
    {
        return Ok(secret);
    }
    let mut secret = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut secret).map_err(|_| Error::internal("the system gives no random bytes"))?;
    write_secret(&path, &base64::engine::general_purpose::STANDARD.encode(secret))?;
    Ok(secret)
}

/// A password of 144 random bits in letters that survive a shell and an address.
pub fn random_password() -> Result<String> {
    let mut bytes = [0_u8; 18];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::internal("the system gives no random bytes"))?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}

/// Writes a file that only its owner may read, all of it or the old one.
fn write_secret(path: &Path, text: &str) -> Result<()> {
    let fresh = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&fresh, path)
    };
    write().map_err(|error| Error::io("write", path, &error))
}
