//! Roles and rights are PostgreSQL's: the same statements by the same roles give the same rows and the same SQLSTATEs on both, and what
//! the list of attacks says of roles is refused.
//!
//! The statements of `roles/privileges.sql` and `roles/forms.sql`, and those on row policies of `roles/rowsecurity.sql`, are put to both
//! servers by several roles, each in a session of its own. What differs, and why it must, stands in `roles/differences.txt`; an entry that
//! no longer differs fails the test. Without PostgreSQL each statement must still be answered or refused by something other than an
//! internal error.

mod attacks;
mod ceilings;
mod doors;
mod exhaustion;
mod listings;
mod login;
mod oracles;

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

use bytes::Bytes;
use futures::TryStreamExt;
use tokio_postgres::Client;

use crate::harness::{PASSWORD, Peer, Server, Table, connect_as, folder, sqlstate, table};

const PRIVILEGES: &str = include_str!("roles/privileges.sql");
const FORMS: &str = include_str!("roles/forms.sql");
const ROW_POLICIES: &str = include_str!("roles/rowsecurity.sql");

/// A reason behind `#`, then the statements that it excuses, each as `role> statement`.
const DIFFERENCES: &str = include_str!("roles/differences.txt");

/// Who says what, in order.
fn statements(script: &'static str) -> Vec<(&'static str, &'static str)> {
    let mut role = "annals";
    let mut statements = Vec::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("--")) {
        match line.strip_prefix('@') {
            Some(next) => role = next,
            None => statements.push((role, line)),
        }
    }
    statements
}

/// The statements that may differ, each with its reason.
fn differences() -> HashMap<&'static str, &'static str> {
    let mut reason = "";
    let mut excused = HashMap::new();
    for line in DIFFERENCES.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.strip_prefix("# ") {
            Some(because) => reason = because,
            None => {
                assert!(!reason.is_empty(), "no reason stands above: {line}");
                excused.insert(line, reason);
            }
        }
    }
    excused
}

/// What a server says to a statement.
#[derive(Debug, PartialEq)]
enum Answer {
    Rows(Table),
    Refused(String),
}

/// One server with a session for each role.
struct Side {
    address: SocketAddr,
    sessions: BTreeMap<&'static str, Client>,
    /// Whether it knows `USING reference`, without which a table is one that cannot change here.
    ours: bool,
}

impl Side {
    fn new(address: SocketAddr, ours: bool) -> Side {
        Side { address, sessions: BTreeMap::new(), ours }
    }

    async fn answer(&mut self, role: &'static str, sql: &str) -> Answer {
        if !self.sessions.contains_key(role) {
            let client = connect_as(self.address, role, PASSWORD).await;
            self.sessions.insert(role, client.unwrap_or_else(|error| panic!("{role} cannot log in: {error:?}")));
        }
        let client = &self.sessions[role];
        let sql = if self.ours { sql.to_owned() } else { sql.replace(" USING reference", "") };
        let answered = match sql.starts_with("COPY") {
            true => copied(client, &sql).await,
            false => table(client, &sql).await,
        };
        match answered {
            Ok(table) => Answer::Rows(table),
            Err(error) => Answer::Refused(sqlstate(&error).to_owned()),
        }
    }
}

/// What a COPY … TO STDOUT gives, line by line.
async fn copied(client: &Client, sql: &str) -> Result<Table, tokio_postgres::Error> {
    let chunks: Vec<Bytes> = client.copy_out(sql).await?.try_collect().await?;
    let text = String::from_utf8(chunks.concat()).unwrap();
    Ok(Table { columns: vec![], rows: text.lines().map(|line| vec![Some(line.to_owned())]).collect() }.sorted())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_and_rights_are_as_in_postgresql() {
    compare(PRIVILEGES).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_form_of_statement_asks_for_postgresql_s_rights() {
    compare(FORMS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_policies_are_as_in_postgresql() {
    compare(ROW_POLICIES).await;
}

#[test]
fn every_excuse_is_of_a_statement_that_is_listed() {
    let known = |excused: &str| {
        let shown = |(role, sql): &(&str, &str)| format!("{role}> {sql}") == excused;
        [PRIVILEGES, FORMS, ROW_POLICIES].into_iter().flat_map(statements).any(|statement| shown(&statement))
    };
    let stale: Vec<&str> = differences().into_keys().filter(|excused| !known(excused)).collect();
    assert!(stale.is_empty(), "excused and not listed: {}", stale.join("\n"));
}

/// Puts a script's statements to this server and to PostgreSQL.
async fn compare(script: &'static str) {
    let statements = statements(script);
    let excused = differences();
    assert!(statements.len() >= 200, "only {} statements are listed", statements.len());
    let known: Vec<String> = statements.iter().map(|(role, sql)| format!("{role}> {sql}")).collect();
    let mut different: Vec<String> = Vec::new();
    let folder = folder();
    let server = Server::start(folder.path());
    let peer = Peer::start().await;
    let mut ours = Side::new(server.address(), true);
    let mut theirs = peer.as_ref().map(|peer| Side::new(peer.address(), false));
    for ((role, sql), shown) in statements.iter().zip(&known) {
        let own = ours.answer(role, sql).await;
        let expected = match &mut theirs {
            Some(theirs) => Some(theirs.answer(role, sql).await),
            None => None,
        };
        if matches!(&own, Answer::Refused(sqlstate) if sqlstate == "XX000") {
            different.push(format!("{shown}\n  is an internal error"));
        }
        match (expected, excused.get(shown.as_str())) {
            (Some(expected), None) if own != expected => {
                different.push(format!("{shown}\n  here:       {own:?}\n  PostgreSQL: {expected:?}"));
            }
            (Some(expected), Some(reason)) if own == expected => {
                different.push(format!("{shown}\n  no longer differs; it was excused because: {reason}"));
            }
            (Some(_) | None, _) => {}
        }
    }
    assert!(different.is_empty(), "{} of {} differ:\n{}", different.len(), statements.len(), different.join("\n"));
}
