//! A real PostgreSQL beside us, in a folder and on a port of its own, so that "as PostgreSQL does" is a test and not a memory.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio_postgres::Client;

use super::process::{PATIENCE, run_to_end, signal, wait};
use super::server::connect;
use super::{PASSWORD, folder, skipped};

/// A running PostgreSQL with a superuser `annals`, a database `annals` and our usual password. It stops when dropped.
pub(crate) struct Peer {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Peer {
    /// Starts one; `None`, after a line that says so, when PostgreSQL is not installed here.
    pub(crate) async fn start() -> Option<Peer> {
        let Some(programs) = programs() else {
            skipped("comparison with PostgreSQL", "no initdb under /usr/lib/postgresql or on the PATH");
            return None;
        };
        let owner = match owner() {
            Ok(owner) => owner,
            Err(because) => {
                skipped("comparison with PostgreSQL", &because);
                return None;
            }
        };
        let folder = folder();
        let password_file = folder.path().join("password");
        fs::write(&password_file, PASSWORD).unwrap();
        if let Some((user, group)) = owner {
            chown(folder.path(), Some(user), Some(group)).unwrap();
            chown(&password_file, Some(user), Some(group)).unwrap();
        }
        let program = |name: &str| {
            let mut command = Command::new(programs.join(name));
            command.current_dir(folder.path()).env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
            if let Some((user, group)) = owner {
                command.uid(user).gid(group);
            }
            command
        };
        let data = folder.path().join("data");
        let mut initdb = program("initdb");
        initdb.args(["-U", "annals", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--pwfile"]);
        run_to_end(initdb.arg(&password_file).arg("-D").arg(&data)).succeeded();

        let port = free_port();
        let mut postgres = program("postgres");
        postgres.arg("-D").arg(&data).arg("-k").arg(folder.path()).args(["-h", "127.0.0.1", "-p", &port.to_string()]);
        // Its folder's default is English, whose words are others.
        postgres.args(["-c", "default_text_search_config=pg_catalog.simple"]);
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let child = postgres.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let peer = Peer { child, address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), _folder: folder };
        peer.create_database().await;
        Some(peer)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A connection of the superuser.
    pub(crate) async fn connect(&self) -> Client {
        connect(self.address, PASSWORD).await.unwrap()
    }

    /// Waits until it accepts connections, then creates the database that every test uses.
    async fn create_database(&self) {
        let deadline = Instant::now() + PATIENCE;
        let mut config = tokio_postgres::Config::new();
        config.host("127.0.0.1").port(self.address.port()).user("annals").dbname("postgres").password(PASSWORD);
        loop {
            match config.connect(tokio_postgres::NoTls).await {
                Ok((client, connection)) => {
                    tokio::spawn(async move { drop(connection.await) });
                    client.batch_execute("CREATE DATABASE annals").await.unwrap();
                    return;
                }
                Err(error) if Instant::now() > deadline => panic!("PostgreSQL did not start: {error}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // SIGINT is PostgreSQL's fast shutdown; SIGKILL would leave its shared memory behind.
        signal(&self.child, "INT");
        if wait(&mut self.child, Duration::from_secs(30)).is_none() {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}

/// The folder of the newest installed server's programs.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, programs)| programs.join("initdb").is_file())
        .collect();
    versions.sort();
    versions.pop().map(|(_, programs)| programs).or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|folder| folder.join("initdb").is_file())
    })
}

/// Whom it runs as: PostgreSQL refuses root, so root lends its tests to the user `postgres`; others run it as themselves.
fn owner() -> Result<Option<(u32, u32)>, String> {
    let id = |arguments: &[&str]| -> Option<u32> {
        let output = Command::new("id").args(arguments).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    match id(&["-u"]) {
        Some(0) => match (id(&["-u", "postgres"]), id(&["-g", "postgres"])) {
            (Some(user), Some(group)) => Ok(Some((user, group))),
            _ => Err("there is no user \"postgres\" to run it as".to_owned()),
        },
        Some(_) => Ok(None),
        None => Err("`id` does not say who we are".to_owned()),
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_beside_us_answers() {
    let Some(peer) = Peer::start().await else { return };
    let client = peer.connect().await;
    assert_eq!(super::count(&client, "SELECT count(*) FROM generate_series(1, 7)").await, 7);
    let error = super::table(&client, "SELECT 1/0").await.unwrap_err();
    assert_eq!(super::sqlstate(&error), "22012");
}
