//! What is recorded of one statement, and how it waits in the journal.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::clock::Micros;

/// Bytes of a name that are kept: a client may call itself anything.
const NAME_BYTES_MAX: usize = 256;

/// The outcome of a statement that did not fail; of others it is the SQLSTATE.
pub(in crate::query) const OK: &str = "ok";

/// The two beginnings of SQLSTATEs that say that somebody may not: who it is (class 28), and what it wants.
const REFUSALS: [&str; 2] = ["28", "42501"];

/// One statement that was answered, or one login that was refused.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::query) struct Entry {
    /// When the statement came.
    pub began: Micros,
    pub who: Arc<Who>,
    /// The role that it ran as.
    pub role: Arc<str>,
    pub application: Arc<str>,
    /// Its text without literals; `None` is a login.
    pub statement: Option<Arc<str>>,
    /// The tables and views that it reached, or was kept from.
    pub tables: Vec<String>,
    /// Rows that were sent.
    pub rows: u64,
    pub duration_us: u64,
    pub outcome: Cow<'static, str>,
    pub refused: bool,
}

/// Who has connected from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::query) struct Who {
    pub login: Arc<str>,
    /// The client's address without its port; empty where there is none.
    pub address: Arc<str>,
}

impl Who {
    /// `remote` is an address with a port, as doors have it.
    pub(in crate::query) fn new(login: &str, remote: &str) -> Who {
        let address = remote.parse().map_or(String::new(), |peer: SocketAddr| peer.ip().to_canonical().to_string());
        Who { login: cut(login), address: Arc::from(address) }
    }
}

/// A name as it is kept.
pub(in crate::query) fn cut(name: &str) -> Arc<str> {
    let end = (0..=NAME_BYTES_MAX.min(name.len())).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
    Arc::from(&name[..end])
}

/// Whether an outcome says that somebody may not.
pub(in crate::query) fn is_refusal(outcome: &str) -> bool {
    REFUSALS.iter().any(|beginning| outcome.starts_with(beginning))
}

impl Entry {
    /// Appends the entry as the journal has it: numbers in little-endian order, texts behind their lengths.
    pub(in crate::query) fn write(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.began.to_le_bytes());
        into.extend_from_slice(&self.rows.to_le_bytes());
        into.extend_from_slice(&self.duration_us.to_le_bytes());
        into.push(u8::from(self.refused) | u8::from(self.statement.is_some()) << 1);
        let statement = self.statement.as_deref().unwrap_or_default();
        for text in [&self.who.login, &self.who.address, &self.role, &self.application, statement, &self.outcome] {
            write_text(text, into);
        }
        for table in &self.tables {
            write_text(table, into);
        }
    }

    /// Reads an entry back; `None` for what is none.
    pub(in crate::query) fn read(bytes: &[u8]) -> Option<Entry> {
        let mut rest = bytes;
        let [began, rows, duration_us] = [number(&mut rest)?, number(&mut rest)?, number(&mut rest)?];
        let (flags, mut rest) = rest.split_first()?;
        let mut next = || text(&mut rest);
        let (login, address, role, application) = (next()?, next()?, next()?, next()?);
        let (statement, outcome) = (next()?, next()?);
        let mut tables = Vec::new();
        while let Some(table) = next() {
            tables.push(table);
        }
        Some(Entry {
            began: began.cast_signed(),
            who: Arc::new(Who { login: login.into(), address: address.into() }),
            role: role.into(),
            application: application.into(),
            statement: (flags & 2 != 0).then(|| statement.into()),
            tables,
            rows,
            duration_us,
            outcome: outcome.into(),
            refused: flags & 1 != 0,
        })
    }
}

fn write_text(text: &str, into: &mut Vec<u8>) {
    // Every text is bounded far below that.
    into.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
    into.extend_from_slice(text.as_bytes());
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let (number, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(u64::from_le_bytes(*number))
}

fn text(rest: &mut &[u8]) -> Option<String> {
    let (length, behind) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (text, behind) = behind.split_at_checked(length)?;
    *rest = behind;
    String::from_utf8(text.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_comes_back_from_the_journal() {
        let mut entry = Entry {
            began: -5,
            who: Arc::new(Who::new("dana", "[::ffff:10.0.0.1]:4711")),
            role: Arc::from("support"),
            application: cut(&"ü".repeat(400)),
            statement: Some(Arc::from("SELECT $1")),
            tables: vec!["public.a".to_owned(), "public.\"B\"".to_owned()],
            rows: 3,
            duration_us: 1_500,
            outcome: OK.into(),
            refused: false,
        };
        assert_eq!((&*entry.who.address, entry.application.len()), ("10.0.0.1", NAME_BYTES_MAX));
        for statement in [entry.statement.clone(), None] {
            entry = Entry { statement, refused: !entry.refused, ..entry };
            let mut bytes = Vec::new();
            entry.write(&mut bytes);
            assert_eq!(Entry::read(&bytes), Some(entry.clone()));
            assert_eq!(Entry::read(&bytes[..20]), None);
        }
    }

    #[test]
    fn what_may_not_be_is_refused() {
        let refusals: Vec<bool> = ["42501", "28P01", "28000", "42P01", OK].into_iter().map(is_refusal).collect();
        assert_eq!(refusals, [true, true, true, false, false]);
    }
}
