//! Clients that people type into: psql, unixODBC's isql, pgcli.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{annals, at, differences, odbc_driver, postgresql, present, programs};
use crate::harness::{PASSWORD, folder, interpreter, run_to_end};

/// What `psql` prints for the script, errors among the answers.
fn psql(server: SocketAddr, tls: bool, folder: &Path) -> Vec<String> {
    // `\copy … FROM pstdin` reads what psql itself is given.
    let rows = folder.join("rows.csv");
    fs::write(&rows, "1,one\n2,\n3,\"a \"\"quote\"\"\"\n").unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "exec psql -X -f \"$1\" < \"$2\" 2>&1", "psql"]).arg(programs().join("psql.sql")).arg(&rows);
    let said = run_to_end(at(&mut command, server, tls)).succeeded();
    said.lines().map(|line| line.split_once("psql.sql:").map_or(line, |(_, rest)| rest).trim_end().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn psql_shows_the_same() {
    if !present("psql", &["--version"]) {
        return;
    }
    let data = folder();
    let server = annals(data.path()).await;
    let ours = psql(server.address(), true, data.path());
    assert!(ours.iter().any(|line| line == "2\t\\N"), "{ours:#?}");
    let Some(peer) = postgresql().await else { return };
    differences::compare("psql", &ours, &psql(peer.address(), false, data.path()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn psql_watches() {
    if !present("psql", &["--version"]) {
        return;
    }
    let data = folder();
    let server = annals(data.path()).await;
    let script = data.path().join("watch.sql");
    fs::write(&script, "SELECT now() IS NOT NULL \\watch 0.2\n").unwrap();
    let mut command = Command::new("psql");
    let mut child = at(&mut command, server.address(), true)
        .args(["-X", "-A", "-t", "-f"])
        .arg(&script)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // It repeats the statement for ever.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    child.kill().ok();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.lines().filter(|line| *line == "t").count() >= 2, "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn isql_reads_rows() {
    if odbc_driver().is_none() || !present("isql", &["--version"]) {
        return;
    }
    let data = folder();
    let server = annals(data.path()).await;
    let script = data.path().join("statements");
    fs::write(&script, "SELECT n, label FROM client_events ORDER BY n\nSELECT 1/0\nhelp client_places\n").unwrap();
    let connection = format!(
        "Driver={};Server=127.0.0.1;Port={};Database=annals;Uid=annals;Pwd={PASSWORD};SSLmode=require",
        odbc_driver().unwrap().display(),
        server.address().port()
    );
    let mut command = Command::new("sh");
    command.args(["-c", "isql -b -v -d, -k \"$1\" < \"$2\" 2>&1; true", "isql", &connection]).arg(&script);
    let said = run_to_end(&mut command).succeeded();
    for part in ["1,one", "3,Grüße", "[22012]ERROR: division by zero", "region"] {
        assert!(said.contains(part), "no {part:?} in:\n{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pgcli_runs_commands() {
    let Some(interpreter) = interpreter("pgcli") else { return };
    let pgcli = Path::new(&interpreter).with_file_name("pgcli");
    if !present(pgcli.to_str().unwrap(), &["--version"]) {
        return;
    }
    let data = folder();
    let server = annals(data.path()).await;
    let mut command = Command::new(pgcli);
    // Its settings and history go into the test's own folder.
    at(&mut command, server.address(), true).env("HOME", data.path()).env("XDG_CONFIG_HOME", data.path()).args([
        "--less-chatty",
        "-c",
        "SELECT n, label FROM client_events ORDER BY n",
        "-c",
        "\\dt client_*",
    ]);
    let said = run_to_end(&mut command).succeeded();
    for part in ["| 3 | Grüße |", "| public | client_places | table | annals |"] {
        assert!(said.contains(part), "no {part:?} in:\n{said}");
    }
}
