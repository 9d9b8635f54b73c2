//! PostgreSQL beside us: a new cluster with its default configuration (fsync on) and what a measurement sets, on a port of its own.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tokio_postgres::NoTls;

use crate::common::Result;
use crate::common::load::PASSWORD;
use crate::common::process::{Ending, Process, output, say};

const PATIENCE: Duration = Duration::from_secs(300);

/// A running PostgreSQL with a superuser `annals` and a database `annals`. It stops when dropped.
pub(crate) struct Postgres {
    process: Process,
    address: SocketAddr,
    version: String,
}

impl Postgres {
    /// Starts one in a new folder with these settings; `None`, after a line that says why, when there is none to start.
    pub(crate) async fn start(folder: &Path, settings: &[(&str, String)]) -> Result<Option<Postgres>> {
        let Some(programs) = programs() else {
            say("PostgreSQL is absent: no initdb under /usr/lib/postgresql or on the PATH");
            return Ok(None);
        };
        let Some(owner) = owner() else {
            say("PostgreSQL is absent: it does not run as root, and there is no user \"postgres\" to run it as");
            return Ok(None);
        };
        let cluster = Cluster { programs, folder: folder.to_owned(), owner };
        cluster.initialise()?;
        // As `postgres (PostgreSQL) 15.4 (the packager's own words)`.
        let version = output(&mut cluster.program("postgres", &["--version"]))?;
        let version = version.split_whitespace().nth(2).unwrap_or("of an unknown version").to_owned();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let mut command = cluster.program("postgres", &["-h", "127.0.0.1", "-p", &address.port().to_string()]);
        command.arg("-D").arg(folder.join("data")).arg("-k").arg(folder);
        for (name, value) in settings {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        command.stdout(Stdio::null()).stderr(File::create(folder.join("log"))?);
        let process = Process::spawn(&mut command, Ending::Interrupt)?;
        let postgres = Postgres { process, address, version };
        postgres.create_database().await?;
        Ok(Some(postgres))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The postmaster's process.
    pub(crate) fn process(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn version(&self) -> String {
        self.version.clone()
    }

    /// Stops it fast but cleanly.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.process.signal("INT")?;
        self.process.wait(PATIENCE).await.map(|_| ())
    }

    /// Waits until it accepts connections, then creates the database.
    async fn create_database(&self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let mut config = tokio_postgres::Config::new();
        config.host("127.0.0.1").port(self.address.port()).user("annals").dbname("postgres").password(PASSWORD);
        loop {
            match config.connect(NoTls).await {
                Ok((client, connection)) => {
                    tokio::spawn(async move { drop(connection.await) });
                    return crate::common::load::run_sql(&client, "CREATE DATABASE annals").await;
                }
                Err(error) if Instant::now() > deadline => return Err(format!("PostgreSQL did not start: {error}").into()),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

/// Where a cluster's programs and files are, and whose they are.
struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    owner: Owner,
}

/// Whom the server runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// Whoever runs the measurement.
    Ourselves,
    /// PostgreSQL refuses root, so root lends its folder to the user `postgres`.
    Other { user: u32, group: u32 },
}

impl Cluster {
    fn program(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.args(arguments).current_dir(&self.folder).env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
        if let Owner::Other { user, group } = self.owner {
            command.uid(user).gid(group);
        }
        command
    }

    fn initialise(&self) -> Result<()> {
        fs::DirBuilder::new().mode(0o700).create(&self.folder)?;
        let password = self.folder.join("password");
        fs::write(&password, PASSWORD)?;
        if let Owner::Other { user, group } = self.owner {
            chown(&self.folder, Some(user), Some(group))?;
            chown(&password, Some(user), Some(group))?;
            // The run's own folder is the measurer's alone; the other user has to pass through it.
            if let Some(parent) = self.folder.parent() {
                fs::set_permissions(parent, fs::Permissions::from_mode(0o711))?;
            }
        }
        let mut initdb =
            self.program("initdb", &["-U", "annals", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--pwfile"]);
        output(initdb.arg(&password).arg("-D").arg(self.folder.join("data"))).map(|_| ())
    }
}

/// The folder of the programs: version 15 where it is installed, else the newest.
#[expect(
    clippy::disallowed_methods,
    reason = "a measurement has no configuration but its flags, and programs are found on the PATH"
)]
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, programs)| programs.join("initdb").is_file())
        .collect();
    versions.sort_by_key(|(version, _)| (*version == 15, *version));
    versions.pop().map(|(_, programs)| programs).or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|folder| folder.join("initdb").is_file())
    })
}

/// Whom to run it as; `None` when there is nobody.
fn owner() -> Option<Owner> {
    let id = |arguments: &[&str]| -> Option<u32> { output(Command::new("id").args(arguments)).ok()?.parse().ok() };
    match id(&["-u"])? {
        0 => Some(Owner::Other { user: id(&["-u", "postgres"])?, group: id(&["-g", "postgres"])? }),
        _ => Some(Owner::Ourselves),
    }
}

/// A port that was free a moment ago.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
