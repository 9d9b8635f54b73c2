//! What is recorded of one statement, and how it waits in the journal.

use std::net::SocketAddr;

use crate::clock::Micros;

/// Bytes of a name that are kept: a client may call itself anything.
const NAME_BYTES_MAX: usize = 256;

/// The outcome of a statement that did not fail; of others it is the SQLSTATE.
pub(in crate::query) const OK: &str = "ok";

/// The two beginnings of SQLSTATEs that say that somebody may not: who it is (class 28), and what it wants.
const REFUSALS: [&str; 2] = ["28", "42501"];

/// One statement that was answered, or one login that was refused. Its texts are the session's, or the journal's.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::query) struct Entry<'a> {
    /// When the statement came.
    pub began: Micros,
    pub login: &'a str,
    /// The client's address without its port; empty where there is none.
    pub address: &'a str,
    /// The role that it ran as.
    pub role: &'a str,
    pub application: &'a str,
    /// Its text without literals; `None` is a login.
    pub statement: Option<&'a str>,
    /// The tables and views that it reached, or was kept from.
    pub tables: Vec<&'a str>,
    /// Rows that were sent.
    pub rows: u64,
    pub duration_us: u64,
    pub outcome: &'a str,
    pub refused: bool,
}

/// Who has connected from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::query) struct Who {
    pub login: Box<str>,
    pub address: Box<str>,
}

impl Who {
    /// `remote` is an address with a port, as doors have it.
    pub(in crate::query) fn new(login: &str, remote: &str) -> Who {
        let address = remote.parse().map_or(String::new(), |peer: SocketAddr| peer.ip().to_canonical().to_string());
        Who { login: cut(login).into(), address: address.into() }
    }
}

/// A name as it is kept.
pub(in crate::query) fn cut(name: &str) -> &str {
    let end = (0..=NAME_BYTES_MAX.min(name.len())).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
    &name[..end]
}

/// Whether an outcome says that somebody may not.
pub(in crate::query) fn is_refusal(outcome: &str) -> bool {
    REFUSALS.iter().any(|beginning| outcome.starts_with(beginning))
}

impl<'a> Entry<'a> {
    /// Appends the entry as the journal has it: numbers in little-endian order, texts behind their lengths.
    pub(in crate::query) fn write(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.began.to_le_bytes());
        into.extend_from_slice(&self.rows.to_le_bytes());
        into.extend_from_slice(&self.duration_us.to_le_bytes());
        into.push(u8::from(self.refused) | u8::from(self.statement.is_some()) << 1);
        let statement = self.statement.unwrap_or_default();
        for text in [self.login, self.address, self.role, self.application, statement, self.outcome] {
            write_text(text, into);
        }
        for table in &self.tables {
            write_text(table, into);
        }
    }

    /// Reads an entry back; `None` for what is none.
    pub(in crate::query) fn read(bytes: &'a [u8]) -> Option<Entry<'a>> {
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
            login,
            address,
            role,
            application,
            statement: (flags & 2 != 0).then_some(statement),
            tables,
            rows,
            duration_us,
            outcome,
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

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let (length, behind) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (text, behind) = behind.split_at_checked(length)?;
    *rest = behind;
    std::str::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_comes_back_from_the_journal() {
        let (who, application) = (Who::new("dana", "[::ffff:10.0.0.1]:4711"), "ü".repeat(400));
        let mut entry = Entry {
            began: -5,
            login: &who.login,
            address: &who.address,
            role: "support",
            application: cut(&application),
            statement: Some("SELECT $1"),
            tables: vec!["public.a", "public.\"B\""],
            rows: 3,
            duration_us: 1_500,
            outcome: OK,
            refused: false,
        };
        assert_eq!((entry.address, entry.application.len()), ("10.0.0.1", NAME_BYTES_MAX));
        for statement in [entry.statement, None] {
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
