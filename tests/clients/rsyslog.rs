//! rsyslog writes syslog messages into a log table by its PostgreSQL module, as machines do that know nothing of Annals.

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{annals, present};
use crate::harness::{PASSWORD, PATIENCE, count, folder, skipped, table};

const TABLE: &str =
    "CREATE TABLE syslog (occurred_at timestamptz NOT NULL, host text, facility integer, severity integer, tag text, message text)";

/// rsyslog's settings: lines over TCP in, one INSERT a message out.
fn settings(folder: &Path, input: u16, server: SocketAddr) -> String {
    format!(
        r#"global(workDirectory="{folder}")
module(load="imptcp")
module(load="ompgsql")
input(type="imptcp" address="127.0.0.1" port="{input}")
template(name="row" type="list" option.stdsql="on") {{
  constant(value="INSERT INTO syslog (occurred_at, host, facility, severity, tag, message) VALUES ('")
  property(name="timereported" dateformat="pgsql" date.inUTC="on")
  constant(value="+00', '") property(name="hostname")
  constant(value="', ") property(name="syslogfacility")
  constant(value=", ") property(name="syslogpriority")
  constant(value=", '") property(name="syslogtag")
  constant(value="', '") property(name="msg") constant(value="')")
}}
action(type="ompgsql" server="127.0.0.1" port="{port}" db="annals" user="annals" pass="{PASSWORD}" template="row"
  queue.type="linkedList" action.resumeRetryCount="3")
"#,
        folder = folder.display(),
        port = server.port(),
    )
}

/// A running rsyslog that goes with the value.
struct Rsyslog(Child);

impl Drop for Rsyslog {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// The module may lie in a folder of its own architecture.
fn module_is_present() -> bool {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    let found = folders.into_iter().any(|folder| folder.join("rsyslog/ompgsql.so").is_file());
    if !found {
        skipped("rsyslog", "there is no /usr/lib/*/rsyslog/ompgsql.so, so this client was not tried");
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rsyslog_writes_into_a_log_table() {
    const MESSAGES: usize = 200;
    if !module_is_present() || !present("rsyslogd", &["-v"]) {
        return;
    }
    let data = folder();
    let server = annals(data.path()).await;
    let client = server.connect().await;
    client.batch_execute(TABLE).await.unwrap();
    let input = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let work = data.path().join("rsyslog");
    fs::create_dir(&work).unwrap();
    let file = data.path().join("rsyslog.conf");
    fs::write(&file, settings(&work, input.port(), server.address())).unwrap();
    let mut command = Command::new("rsyslogd");
    command.arg("-n").arg("-f").arg(&file).arg("-i").arg(work.join("pid")).stdin(Stdio::null());
    let _rsyslog = Rsyslog(command.spawn().unwrap());

    let deadline = Instant::now() + PATIENCE;
    let mut lines = loop {
        match TcpStream::connect(input) {
            Ok(stream) => break stream,
            Err(cause) if Instant::now() > deadline => panic!("rsyslog does not listen: {cause}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    for n in 0..MESSAGES {
        let (priority, second) = (8 * 4 + 3, n % 60);
        // RFC 5424, section 6: priority, version, time, host, application, process id, message id, structured data, text.
        writeln!(lines, "<{priority}>1 2024-02-29T12:00:{second:02}Z desk{} app {n} - - it's row {n} \\ done", n % 3).unwrap();
    }
    drop(lines);
    while count(&client, "SELECT count(*) FROM syslog").await < MESSAGES as i64 {
        assert!(Instant::now() < deadline, "not all messages came; the server said: {}", server.said());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let sql = "SELECT occurred_at, host, facility, severity, tag, message FROM syslog WHERE message LIKE '%row 7 %'";
    let cells: Vec<String> = table(&client, sql).await.unwrap().rows.concat().into_iter().flatten().collect();
    assert_eq!(cells, ["2024-02-29 12:00:07+00", "desk1", "4", "3", "app[7]", "it's row 7 \\ done"]);
    assert_eq!(count(&client, "SELECT count(*) FROM syslog").await, MESSAGES as i64, "each message once");
}
