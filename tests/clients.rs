//! Stock PostgreSQL clients simply work: programs with other people's drivers are told the same by Annals as by PostgreSQL.
//!
//! A program of `tests/clients` connects with a password, does what its driver can do, and prints what it was given, one line a fact.
//! It runs on Annals, by TLS, and on a real PostgreSQL beside it, and the two transcripts must be the same line by line; what must
//! differ stands in `DIFFERENCES` with its reason. `docs/clients.md` lists the clients with their versions.

mod bench;
mod differences;
mod native;
mod rsyslog;
mod shell;
mod smith;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Ended, Launch, PASSWORD, Peer, Server, certificate, folder, interpreter, run_to_end, skipped};

/// The folder of the programs.
fn programs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// What the programs find, in the words of either server.
fn objects(reference: &str) -> String {
    fs::read_to_string(programs().join("objects.sql")).unwrap().replace("{reference}", reference)
}

/// Annals with TLS and the objects of the programs.
async fn annals(data: &Path) -> Server {
    let (certificate, key) = certificate(data);
    let server = Launch::on(&data.join("store")).tls(&certificate, &key).start();
    server.connect().await.batch_execute(&objects(" USING reference")).await.unwrap();
    server
}

/// PostgreSQL with the same objects; `None`, after a line that says so, where it is not installed.
async fn postgresql() -> Option<Peer> {
    let peer = Peer::start().await?;
    peer.connect().await.batch_execute(&objects("")).await.unwrap();
    Some(peer)
}

/// Gives a command the variables by which libpq and most drivers find a server.
fn at(command: &mut Command, server: SocketAddr, tls: bool) -> &mut Command {
    command
        .env("PGHOST", server.ip().to_string())
        .env("PGPORT", server.port().to_string())
        .env("PGUSER", "annals")
        .env("PGDATABASE", "annals")
        .env("PGPASSWORD", PASSWORD)
        .env("PGSSLMODE", if tls { "require" } else { "disable" })
        .env("PGCONNECT_TIMEOUT", "30")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("TZ", "UTC")
}

/// Whether a program can be started; says so in one line when it cannot.
pub(crate) fn present(program: &str, arguments: &[&str]) -> bool {
    let there = Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success());
    if !there {
        skipped(program, "it is not installed, so this client was not tried");
    }
    there
}

/// Runs a program on both servers and compares what it was told.
async fn same_as_postgresql(name: &str, command: impl Fn() -> Command) {
    let data = folder();
    let server = annals(data.path()).await;
    let ours = transcript(name, run_to_end(at(&mut command(), server.address(), true)));
    let Some(peer) = postgresql().await else { return };
    let theirs = transcript(name, run_to_end(at(&mut command(), peer.address(), false)));
    differences::compare(name, &ours, &theirs);
}

/// The lines of a program that came to its end.
fn transcript(name: &str, ended: Ended) -> Vec<String> {
    let shown = format!("{}{}", ended.stdout, ended.stderr);
    let lines: Vec<String> = ended.succeeded().lines().map(str::to_owned).collect();
    let failed: Vec<&String> = lines.iter().filter(|line| line.starts_with("failed: ")).collect();
    assert!(failed.is_empty(), "{name}: {failed:#?}\n{shown}");
    assert_eq!(lines.last().map(String::as_str), Some("done"), "{name} did not come to its end:\n{shown}");
    assert!(lines.len() > 10, "{name} said too little:\n{shown}");
    lines
}

/// A script of `tests/clients/python` with these arguments, on both servers.
async fn python_script(script: &'static str, arguments: &[&str]) {
    let Some(interpreter) = interpreter(script) else { return };
    let command = || {
        let mut command = Command::new(&interpreter);
        command.arg(programs().join("python").join(script)).args(arguments);
        command
    };
    same_as_postgresql(script, command).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn psycopg_is_told_the_same() {
    python_script("psycopg_client.py", &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asyncpg_is_told_the_same() {
    python_script("asyncpg_client.py", &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pg8000_is_told_the_same() {
    python_script("pg8000_client.py", &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlalchemy_and_pandas_are_told_the_same() {
    python_script("sqlalchemy_client.py", &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pgcli_is_told_the_same() {
    python_script("pgcli_client.py", &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odbc_is_told_the_same() {
    let Some(driver) = odbc_driver() else { return };
    python_script("odbc_client.py", &[driver.to_str().unwrap()]).await;
}

/// The psqlODBC library of the system.
fn odbc_driver() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    let found = folders.map(|folder| folder.join("odbc/psqlodbcw.so")).find(|library| library.is_file());
    if found.is_none() {
        skipped("psqlODBC", "there is no /usr/lib/*/odbc/psqlodbcw.so, so this client was not tried");
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_postgres_is_told_the_same() {
    if !present("node", &["--version"])
        || !present("node", &["-e", "require('pg'); require('pg-cursor'); require('pg-query-stream')"])
    {
        return;
    }
    let command = || {
        let mut command = Command::new("node");
        command.arg(programs().join("node/client.js"));
        command
    };
    same_as_postgresql("node-postgres", command).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pgjdbc_is_told_the_same() {
    const DRIVER: &str = "/usr/share/java/postgresql.jar";
    if !Path::new(DRIVER).is_file() {
        skipped("pgJDBC", "there is no /usr/share/java/postgresql.jar, so this client was not tried");
        return;
    }
    if !present("javac", &["-version"]) {
        return;
    }
    let command = || {
        let mut command = Command::new("java");
        command.args(["-cp", DRIVER]).arg(programs().join("java/Client.java"));
        command
    };
    same_as_postgresql("pgJDBC", command).await;
}

/// A program in Go with the packages of the system, whose sources Debian puts into one tree.
async fn go_program(name: &'static str, package: &str) {
    const SOURCES: &str = "/usr/share/gocode";
    if !present("go", &["version"]) {
        return;
    }
    if !Path::new(SOURCES).join("src").join(package).is_dir() {
        skipped(name, &format!("{package} is not under {SOURCES}, so this client was not tried"));
        return;
    }
    let command = || {
        let mut command = Command::new("go");
        command
            .args(["run"])
            .arg(programs().join("go").join(name).join("main.go"))
            .env("GO111MODULE", "off")
            .env("GOPATH", SOURCES)
            .env("GOCACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("go"));
        command
    };
    same_as_postgresql(name, command).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn go_pgx_is_told_the_same() {
    go_program("pgx", "github.com/jackc/pgx/v4").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn go_pq_is_told_the_same() {
    go_program("pq", "github.com/lib/pq").await;
}
