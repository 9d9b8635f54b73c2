//! Child processes that never outlive the run, progress that says how long things take, and what the disk holds.

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};

use crate::common::Result;

/// How often a line of progress comes.
const PROGRESS: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(10);

/// Prints a line of progress on the standard error; nobody minds when it is closed.
pub(crate) fn say(line: &str) {
    let _closed = writeln!(std::io::stderr().lock(), "{line}");
}

/// Runs a measurement to its end: `false` says that some of it failed.
pub(crate) fn to_the_end(work: impl Future<Output = Result<bool>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("could not start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(work) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("could not measure: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Does some steps unless a signal comes first, which drops them and with them every process that they started; `None` then.
pub(crate) async fn unless_stopped<T>(steps: impl Future<Output = T>) -> Result<Option<T>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        outcome = steps => Ok(Some(outcome)),
        _ = interrupt.recv() => Ok(None),
        _ = terminate.recv() => Ok(None),
    }
}

/// Rows as they pass.
pub(crate) struct Pace {
    what: String,
    begun: Instant,
    told: Instant,
    rows: u64,
}

impl Pace {
    pub(crate) fn new(what: &str) -> Pace {
        Pace { what: what.to_owned(), begun: Instant::now(), told: Instant::now(), rows: 0 }
    }

    pub(crate) fn add(&mut self, rows: u64) {
        self.rows += rows;
        if self.told.elapsed() >= PROGRESS {
            self.told = Instant::now();
            self.tell();
        }
    }

    /// Rows a second, from beginning to end.
    pub(crate) fn end(self) -> f64 {
        self.tell()
    }

    fn tell(&self) -> f64 {
        let seconds = self.begun.elapsed().as_secs_f64();
        let rate = self.rows as f64 / seconds;
        say(&format!("{} {} in {seconds:.1} s: {rate:.0} rows/s", self.rows, self.what));
        rate
    }
}

/// What ends a process when it is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Kill,
    /// SIGINT, PostgreSQL's fast shutdown; SIGKILL would leave its shared memory and children behind.
    Interrupt,
}

/// A child process that is ended when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    ending: Ending,
    ended: bool,
}

impl Process {
    pub(crate) fn spawn(command: &mut Command, ending: Ending) -> Result<Process> {
        let child = command
            .stdin(Stdio::null())
            .spawn()
            .map_err(|cause| format!("could not run {}: {cause}", command.get_program().display()))?;
        Ok(Process { child, ending, ended: false })
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by the shell's `kill`, because the standard library knows SIGKILL only.
    pub(crate) fn signal(&self, name: &str) -> Result<()> {
        let status = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status()?;
        if status.success() { Ok(()) } else { Err(format!("could not send SIG{name}").into()) }
    }

    pub(crate) fn kill(&mut self) -> Result<()> {
        Ok(self.child.kill()?)
    }

    /// Its status, once it has ended by itself or by a signal.
    pub(crate) async fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait()? {
                self.ended = true;
                return Ok(status);
            }
            if Instant::now() > deadline {
                return Err(format!("process {} did not end within {} s", self.child.id(), limit.as_secs()).into());
            }
            tokio::time::sleep(TICK).await;
        }
    }

    /// Waits without a runtime, in a destructor; false when it is still there.
    #[expect(clippy::disallowed_methods, reason = "a destructor cannot wait in any other way, and nothing else runs by then")]
    fn gone_within(&mut self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return true;
            }
            std::thread::sleep(TICK);
        }
        false
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        if self.ending == Ending::Interrupt && self.signal("INT").is_ok() && self.gone_within(Duration::from_secs(60)) {
            return;
        }
        let _gone_already = self.child.kill();
        let _gone_already = self.child.wait();
    }
}

/// Runs a command to its end; gives what it printed, or fails with what it complained about.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|cause| format!("could not run {}: {cause}", command.get_program().display()))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        let complaint = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(format!("{} failed: {complaint}", command.get_program().display()).into())
    }
}

/// Lets the operating system write what it owes, so that nobody pays for the one before.
pub(crate) async fn settle() {
    let synced = tokio::task::spawn_blocking(|| Command::new("sync").status()).await;
    if !matches!(synced, Ok(Ok(status)) if status.success()) {
        say("could not run `sync`; the next system may pay for this one's writes");
    }
}

/// Bytes that the disk gives to a file, or to a folder and everything in it. What vanishes meanwhile counts nothing.
pub(crate) fn disk_bytes(path: &Path) -> Result<u64> {
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(cause) => return Err(cause.into()),
    };
    let mut bytes = metadata.blocks() * 512;
    if metadata.is_dir() {
        for entry in std::fs::read_dir(path)? {
            bytes += disk_bytes(&entry?.path())?;
        }
    }
    Ok(bytes)
}
