//! Annals itself as a child process: started on a folder, reached by a driver, killed or asked to stop.

use std::env;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio_postgres::{Client, NoTls};

use super::process::{Ended, PATIENCE, follow, run_to_end, signal, wait};
use super::{PASSWORD, psql};

/// What the server prints, once, on its standard output when it accepts connections.
const READY: &str = "annals: listening on ";

/// The program under test with the password set, for commands that end by themselves: the one that was built with the tests, or the one
/// that `ANNALS_TEST_PROGRAM` names, so that a long run can be put to a release build.
pub(crate) fn annals(arguments: &[&str]) -> Command {
    let program = env::var_os("ANNALS_TEST_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_annals").into());
    let mut command = Command::new(program);
    command.args(arguments).env("ANNALS_PASSWORD", PASSWORD).env_remove("ANNALS_CRASH_AT").env_remove("ANNALS_FAULT_AT");
    command
}

/// Whether crashes and faults can be planted: the points are passed without a look in a build without debug assertions.
pub(crate) const CAN_PLANT: bool = cfg!(debug_assertions);

/// How a server is to be started.
pub(crate) struct Launch {
    data: PathBuf,
    command: Command,
}

impl Launch {
    /// On this folder, on a free port of the loopback.
    pub(crate) fn on(data: &Path) -> Launch {
        Launch::listening(data, "127.0.0.1:0")
    }

    pub(crate) fn listening(data: &Path, address: &str) -> Launch {
        let mut command = annals(&["serve", "--listen", address, "--data"]);
        command.arg(data);
        Launch { data: data.to_owned(), command }
    }

    /// The demonstration, on a folder of its own that goes with it.
    pub(crate) fn demo(arguments: &[&str]) -> Launch {
        let mut command = annals(&["demo", "--listen", "127.0.0.1:0"]);
        command.args(arguments);
        Launch { data: PathBuf::from("a demonstration's own folder"), command }
    }

    /// Speaks TLS with this certificate and its key.
    pub(crate) fn tls(mut self, certificate: &Path, key: &Path) -> Launch {
        self.command.arg("--tls-certificate").arg(certificate).arg("--tls-key").arg(key);
        self
    }

    /// With the settings of this file.
    pub(crate) fn configured(mut self, file: &Path) -> Launch {
        self.command.arg("--config").arg(file);
        self
    }

    /// Dies, as if by SIGKILL, where this point of its code is first reached (`crate::store::crash` lists them).
    pub(crate) fn crash_at(mut self, point: &str) -> Launch {
        self.command.env("ANNALS_CRASH_AT", point);
        self
    }

    /// Gets EIO from the operating system, in pretence, wherever this point of its code is reached.
    pub(crate) fn fault_at(mut self, point: &str) -> Launch {
        self.command.env("ANNALS_FAULT_AT", point);
        self
    }

    /// Starts it, and fails the test when it does not come up.
    pub(crate) fn start(self) -> Server {
        self.try_start().unwrap_or_else(|ended| panic!("the server did not start: {}{}", ended.stdout, ended.stderr))
    }

    /// Starts it and kills it after this time, however far it has come.
    pub(crate) fn interrupted(mut self, after: Duration) {
        let mut child = self.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(after);
        child.kill().ok();
        child.wait().ok();
    }

    /// Starts it, or gives what it said when it ended instead.
    pub(crate) fn try_start(mut self) -> Result<Server, Ended> {
        let mut child = self
            .command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|cause| panic!("could not run {:?}: {cause}", self.command));
        let (send, ready) = mpsc::sync_channel::<SocketAddr>(1);
        let stdout = Arc::new(Mutex::new(String::new()));
        let stderr = Arc::new(Mutex::new(String::new()));
        let readers = vec![
            follow(child.stdout.take().expect("stdout is a pipe"), stdout.clone(), move |line| {
                if let Some(address) = line.strip_prefix(READY).and_then(|address| address.parse().ok()) {
                    send.try_send(address).ok();
                }
            }),
            follow(child.stderr.take().expect("stderr is a pipe"), stderr.clone(), |_| {}),
        ];
        // The channel closes when the child's output does, so a server that ends is noticed at once.
        match ready.recv_timeout(PATIENCE) {
            Ok(address) => Ok(Server { data: self.data, child, address, stdout, stderr, readers, ended: None }),
            Err(_) => {
                let status = wait(&mut child, PATIENCE / 10).unwrap_or_else(|| {
                    child.kill().ok();
                    child.wait().ok();
                    let said = format!("{}{}", stdout.lock().unwrap(), stderr.lock().unwrap());
                    panic!("the server neither printed \"{READY}…\" nor ended; it said: {said}");
                });
                for reader in readers {
                    reader.join().ok();
                }
                let text = |said: &Mutex<String>| said.lock().expect("no holder panics").clone();
                Err(Ended { status, stdout: text(&stdout), stderr: text(&stderr) })
            }
        }
    }
}

/// A running server. Dropping it kills it; what it said is shown when the test is failing.
pub(crate) struct Server {
    data: PathBuf,
    child: Child,
    address: SocketAddr,
    stdout: Arc<Mutex<String>>,
    stderr: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
    ended: Option<ExitStatus>,
}

impl Server {
    /// A server on this folder, on a free port, with nothing planted.
    pub(crate) fn start(data: &Path) -> Server {
        Launch::on(data).start()
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything that it has said so far on both streams.
    pub(crate) fn said(&self) -> String {
        format!("{}{}", self.stdout.lock().expect("no holder panics"), self.stderr.lock().expect("no holder panics"))
    }

    /// A connection of the superuser.
    pub(crate) async fn connect(&self) -> Client {
        self.try_connect().await.unwrap_or_else(|error| panic!("could not connect: {error:?}; the server said: {}", self.said()))
    }

    /// A connection of a role that has the password of all tests.
    pub(crate) async fn log_in(&self, role: &str) -> Client {
        connect_as(self.address, role, PASSWORD).await.unwrap_or_else(|error| panic!("{role} cannot log in: {error:?}"))
    }

    /// A connection of the superuser, from a server that may be dying.
    pub(crate) async fn try_connect(&self) -> Result<Client, tokio_postgres::Error> {
        connect(self.address, PASSWORD).await
    }

    /// A connection of the superuser, and the handle that cuts its wire.
    pub(crate) async fn connect_to_cut(&self) -> (Client, AbortHandle) {
        connect_by_wire(self.address, PASSWORD).await.unwrap_or_else(|error| panic!("could not connect: {error:?}"))
    }

    /// Whether this password lets the superuser in.
    pub(crate) async fn accepts(&self, password: &str) -> bool {
        connect(self.address, password).await.is_ok()
    }

    /// What `psql` prints for this text, unaligned and without headings; `None` when there is no `psql`.
    pub(crate) fn psql(&self, sql: &str) -> Option<Ended> {
        psql(self.address, sql)
    }

    /// Ends it as a power failure would, as far as a process can be ended.
    pub(crate) fn kill9(mut self) {
        self.child.kill().expect("the child is ours to kill");
        self.wait();
    }

    /// Asks it to stop and waits until it has.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        signal(&self.child, "TERM");
        self.wait()
    }

    /// Waits for it to die by itself, as at a planted crash; `None` when it lives on.
    pub(crate) fn dies(&mut self) -> Option<ExitStatus> {
        let status = wait(&mut self.child, PATIENCE)?;
        self.ended = Some(status);
        Some(status)
    }

    /// Whether it has died by itself.
    pub(crate) fn has_died(&mut self) -> bool {
        self.ended = self.ended.or_else(|| self.child.try_wait().expect("the child is ours to wait for"));
        self.ended.is_some()
    }

    fn wait(&mut self) -> ExitStatus {
        let status =
            wait(&mut self.child, PATIENCE).unwrap_or_else(|| panic!("the server does not stop; it said: {}", self.said()));
        self.ended = Some(status);
        status
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.ended.is_none() {
            self.child.kill().ok();
            self.child.wait().ok();
        }
        for reader in self.readers.drain(..) {
            reader.join().ok();
        }
        if std::thread::panicking() {
            println!("--- the server on {} said:\n{}", self.data.display(), self.said());
        }
    }
}

/// A driver's connection as `annals` to the database `annals`.
pub(crate) async fn connect(address: SocketAddr, password: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, _) = connect_by_wire(address, password).await?;
    Ok(client)
}

/// A driver's connection as any role to the database `annals`.
pub(crate) async fn connect_as(address: SocketAddr, role: &str, password: &str) -> Result<Client, tokio_postgres::Error> {
    let mut config = tokio_postgres::Config::new();
    config.host(address.ip().to_string()).port(address.port()).user(role).dbname("annals").password(password);
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}

/// A connection and the task that carries it; aborting the task cuts the wire without a word.
async fn connect_by_wire(address: SocketAddr, password: &str) -> Result<(Client, AbortHandle), tokio_postgres::Error> {
    let mut config = tokio_postgres::Config::new();
    config.host(address.ip().to_string()).port(address.port()).user("annals").dbname("annals").password(password);
    let (client, connection) = config.connect(NoTls).await?;
    // Why the connection ended reaches the test through the client's own calls.
    let task = tokio::spawn(async move { drop(connection.await) });
    Ok((client, task.abort_handle()))
}

/// Runs the program with these arguments to its end and gives what it said.
pub(crate) fn run(arguments: &[&str]) -> Ended {
    run_to_end(&mut annals(arguments))
}
