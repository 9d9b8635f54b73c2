//! PostgreSQL's own regression scripts, as a yardstick beyond our own corpus: every statement of them goes through psql to Annals and to
//! a PostgreSQL beside it, and what is answered the same is counted.
//!
//! The scripts are no part of the project. `ANNALS_TEST_REGRESSION` names a folder that holds PostgreSQL's `src/test/regress`, which the
//! gate takes from Debian's source package. `regression/scores.txt` says how many statements of each script were answered the same when
//! it was last looked at; fewer fail the test. What is left differs for reasons that do not go away by mending: scripts make types,
//! triggers, procedural functions and inheritance, and ask for PostgreSQL's plans. Plans are not counted. There are no temporary tables
//! here; what scripts make as such is an ordinary table of a schema of the script's own, so that what they do with it is compared.
//!
//! `ANNALS_REGRESSION_SHOW=join` prints what a script's statements are answered on both sides where that differs.

mod script;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{PASSWORD, Peer, Server, folder, run_to_end, skipped};
use script::split;

/// How many statements of a script must be answered the same: its name, the number, and how many there are.
const SCORES: &str = include_str!("regression/scores.txt");

/// What every session begins with: SQLSTATEs in place of words, and an end to what would not end.
const OPENING: &str = "\\set VERBOSITY sqlstate\n\\set ON_ERROR_STOP off\nSET statement_timeout = '5s';\n";

/// What stands between two statements on both of psql's outputs.
const MARK: &str = "#regression-mark#";

/// The script that makes the tables which the others read.
const PREPARATION: &str = "test_setup";

/// Names and least numbers of the listed scripts, in the order of PostgreSQL's own schedule.
fn scores() -> Vec<(&'static str, usize)> {
    SCORES
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| {
            let mut words = line.split_whitespace();
            (words.next().expect("a name"), words.next().and_then(|number| number.parse().ok()).expect("a number"))
        })
        .collect()
}

/// A server that scripts are run against.
struct Side {
    server: SocketAddr,
    is_annals: bool,
}

impl Side {
    /// Runs a script's pieces in one psql, and gives what was answered to each.
    fn answers(&self, folder: &Path, script: &str, pieces: &[String]) -> Vec<String> {
        let mut text = OPENING.to_owned();
        let mut options = "-c intervalstyle=postgres_verbose".to_owned();
        if self.is_annals {
            options.push_str(" -c default_table_access_method=reference");
            if script != PREPARATION {
                text.push_str(&format!("CREATE SCHEMA {script};\nSET search_path = {script}, public;\n"));
            }
        }
        for (number, piece) in pieces.iter().enumerate() {
            text.push_str(&if self.is_annals { lasting(piece.trim_end()) } else { piece.trim_end().to_owned() });
            text.push_str(&format!("\n\\echo {MARK}{number}\n\\warn {MARK}{number}\n"));
        }
        let input = folder.join("script.sql");
        fs::write(&input, text).unwrap();
        let mut psql = Command::new("psql");
        psql.args(["-X", "-q", "-U", "annals", "-d", "annals", "-h", &self.server.ip().to_string()])
            .args(["-p", &self.server.port().to_string(), "-f"])
            .arg(&input)
            .env("PGPASSWORD", PASSWORD)
            .env("PGTZ", "PST8PDT")
            .env("PGDATESTYLE", "Postgres, MDY")
            .env("PGOPTIONS", options);
        let ended = run_to_end(&mut psql);
        let (rows, errors) = (marked(&ended.stdout), marked(&ended.stderr));
        let part = |parts: &BTreeMap<usize, String>, number: usize| parts.get(&number).cloned().unwrap_or_default();
        (0..pieces.len())
            .map(|number| {
                let said = part(&errors, number);
                // psql names its file and line before every message.
                let said: Vec<&str> = said.lines().map(|line| line.split_once(": ").map_or(line, |(_, rest)| rest)).collect();
                format!("{}{}", part(&rows, number), said.join("\n"))
            })
            .collect()
    }
}

/// What an output holds before each mark.
fn marked(output: &str) -> BTreeMap<usize, String> {
    let mut parts = BTreeMap::new();
    let mut part = String::new();
    for line in output.lines() {
        match line.strip_prefix(MARK).and_then(|number| number.parse().ok()) {
            Some(number) => {
                parts.insert(number, std::mem::take(&mut part));
            }
            None => {
                part.push_str(line);
                part.push('\n');
            }
        }
    }
    parts
}

/// A statement that makes a temporary table, as one that makes a lasting one.
fn lasting(piece: &str) -> String {
    let lower = piece.to_ascii_lowercase();
    for words in ["create temporary table", "create temp table"] {
        if let Some(at) = lower.find(words) {
            return format!("{}create table{}", &piece[..at], &piece[at + words.len()..]);
        }
    }
    piece.to_owned()
}

/// Whether two answers are the same; the order of rows counts only where the statement fixes it.
fn same(statement: &str, ours: &str, theirs: &str) -> bool {
    let sorted = |answer: &str| {
        let mut lines: Vec<String> = answer.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    ours == theirs || (!statement.to_lowercase().contains("order by") && sorted(ours) == sorted(theirs))
}

/// Whether a piece is counted: psql's own commands and PostgreSQL's plans are not.
fn counts(piece: &str) -> bool {
    let head = piece.trim_start().to_lowercase();
    !head.is_empty() && !head.starts_with('\\') && !head.starts_with("explain") && !head.starts_with("vacuum")
}

/// The tables that the scripts read, made and filled. The server reads no files, so psql sends their rows.
fn preparation(sources: &Path) -> Vec<String> {
    let text = fs::read_to_string(sources.join(format!("sql/{PREPARATION}.sql"))).unwrap();
    let mut file = String::new();
    split(&text)
        .into_iter()
        .map(|piece| {
            if let Some(named) = piece.trim().strip_prefix("\\set filename :abs_srcdir '") {
                file = format!("{}{}", sources.display(), named.trim_end_matches('\''));
            }
            match piece.trim().strip_prefix("COPY ").and_then(|copy| copy.split_once(" FROM :'filename'")) {
                Some((table, _)) => format!("\\copy {table} FROM '{file}'"),
                None => piece,
            }
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresqls_regression_scripts_are_answered_as_before_or_better() {
    let Some(sources) = env::var_os("ANNALS_TEST_REGRESSION").map(PathBuf::from) else {
        return skipped("PostgreSQL's regression scripts", "ANNALS_TEST_REGRESSION names no folder with them");
    };
    let Some(peer) = Peer::start().await else { return };
    let data = folder();
    let server = Server::start(data.path());
    let ours = Side { server: server.address(), is_annals: true };
    let theirs = Side { server: peer.address(), is_annals: false };
    let place = folder();
    let wanted = env::var("ANNALS_REGRESSION_SHOW").unwrap_or_default();
    let pieces = preparation(&sources);
    let answered = ours.answers(place.path(), PREPARATION, &pieces);
    theirs.answers(place.path(), PREPARATION, &pieces);
    if wanted == PREPARATION {
        pieces.iter().zip(&answered).for_each(|(piece, answer)| println!("{}\n{answer}", piece.trim()));
    }
    let mut worse = Vec::new();
    let (mut all_same, mut all) = (0, 0);
    for (name, least) in scores() {
        let text = fs::read_to_string(sources.join(format!("sql/{name}.sql"))).unwrap();
        let pieces = split(&text);
        let (here, there) = (ours.answers(place.path(), name, &pieces), theirs.answers(place.path(), name, &pieces));
        let counted: Vec<usize> = (0..pieces.len()).filter(|number| counts(&pieces[*number])).collect();
        let differing: Vec<usize> =
            counted.iter().copied().filter(|number| !same(&pieces[*number], &here[*number], &there[*number])).collect();
        if wanted == name || wanted == "all" {
            for number in &differing {
                println!("{}\n<<< here\n{}\n>>> PostgreSQL\n{}\n", pieces[*number].trim(), here[*number], there[*number]);
            }
        }
        let alike = counted.len() - differing.len();
        println!("{name} {alike} {}", counted.len());
        (all_same, all) = (all_same + alike, all + counted.len());
        if alike < least {
            worse.push(format!("{name}: {alike} of {} statements are answered the same, and {least} were", counted.len()));
        }
    }
    println!("{all_same} of {all} statements are answered the same");
    assert!(worse.is_empty(), "ANNALS_REGRESSION_SHOW=<name> shows what differs:\n{}", worse.join("\n"));
}
