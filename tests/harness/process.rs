//! Child processes that cannot hang a test: output is drained while they run, and a deadline ends them.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How long a process may take before the test calls it hung. Nothing is asserted about speed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// A process that ended by itself.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Asserts that it failed, and gives what it said.
    pub(crate) fn refused(self) -> String {
        assert!(!self.status.success(), "it should have refused, and said: {}{}", self.stdout, self.stderr);
        self.stderr
    }

    /// Asserts that it succeeded, and gives what it printed.
    pub(crate) fn succeeded(self) -> String {
        assert!(self.status.success(), "it failed with {}: {}{}", self.status, self.stdout, self.stderr);
        self.stdout
    }
}

/// Runs a command without input until it ends, and fails the test when it does not.
pub(crate) fn run_to_end(command: &mut Command) -> Ended {
    let shown = format!("{command:?}");
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|cause| panic!("could not run {shown}: {cause}"));
    let stdout = drain(child.stdout.take().expect("stdout is a pipe"));
    let stderr = drain(child.stderr.take().expect("stderr is a pipe"));
    let status = wait(&mut child, PATIENCE).unwrap_or_else(|| {
        child.kill().ok();
        child.wait().ok();
        panic!("{shown} did not end");
    });
    let text = |reader: thread::JoinHandle<Vec<u8>>| {
        String::from_utf8_lossy(&reader.join().expect("a drain thread only reads")).into_owned()
    };
    Ended { status, stdout: text(stdout), stderr: text(stderr) }
}

/// The child's status if it ends within `limit`.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().expect("the child is ours to wait for") {
            return Some(status);
        }
        if Instant::now() > deadline {
            return None;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Sends a signal by the shell's `kill`, because the standard library knows SIGKILL only.
pub(crate) fn signal(child: &Child, name: &str) {
    let status = Command::new("sh").args(["-c", &format!("kill -{name} {}", child.id())]).status().expect("there is a shell");
    assert!(status.success(), "could not send SIG{name}");
}

/// Appends every line of a stream to `into`, and shows it to `watch`, until the stream ends.
pub(crate) fn follow(
    stream: impl Read + Send + 'static,
    into: Arc<Mutex<String>>,
    mut watch: impl FnMut(&str) + Send + 'static,
) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            let text = String::from_utf8_lossy(&line).into_owned();
            watch(text.trim_end());
            into.lock().expect("no holder panics").push_str(&text);
            line.clear();
        }
    })
}

fn drain(mut stream: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).ok();
        bytes
    })
}
