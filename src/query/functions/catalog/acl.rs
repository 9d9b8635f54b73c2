//! Access lists taken apart and made up: `aclexplode` gives a row for each privilege of each item, as a list for each of its columns
//! ([`ACL_COLUMNS`]); `acldefault` gives the list of an object that was given none.
//!
//! An item is `grantee=privileges/grantor`; a grantee without a name is everybody, and a star behind a privilege lets it be passed on
//! (PostgreSQL's `acl.c`).

use super::SqlTypeName::{Bools, Oids, Texts};
use super::{Arg, Line, arg, line};
use crate::catalog::quote_identifier;
use crate::error::{Error, Kind, Result};
use crate::query::system::naming;
use crate::query::system::rows::Cell;
use crate::query::system::world::World;
use crate::value::Reg;

/// What stands behind `aclexplode` in the name of the function of a column's list, which nobody types; and the column.
pub(in crate::query) const ACL_COLUMNS: [(&str, &str); 4] =
    [(" grantor", "grantor"), (" grantee", "grantee"), (" privilege_type", "privilege_type"), (" is_grantable", "is_grantable")];

pub(super) const LINES: [Line; 5] = [
    line("aclexplode grantor", (1, 1), Oids, |world, args| exploded(world, args, |row| row.grantor.to_string())),
    line("aclexplode grantee", (1, 1), Oids, |world, args| exploded(world, args, |row| row.grantee.to_string())),
    line("aclexplode privilege_type", (1, 1), Texts, |world, args| exploded(world, args, |row| row.privilege.to_owned())),
    line("aclexplode is_grantable", (1, 1), Bools, |world, args| exploded(world, args, |row| row.grantable.to_string())),
    line("acldefault", (2, 2), Texts, default),
];

/// The letter of each privilege, in the order in which PostgreSQL lists them.
const PRIVILEGES: [(char, &str); 14] = [
    ('a', "INSERT"),
    ('r', "SELECT"),
    ('w', "UPDATE"),
    ('d', "DELETE"),
    ('D', "TRUNCATE"),
    ('x', "REFERENCES"),
    ('t', "TRIGGER"),
    ('X', "EXECUTE"),
    ('U', "USAGE"),
    ('C', "CREATE"),
    ('T', "TEMPORARY"),
    ('c', "CONNECT"),
    ('s', "SET"),
    ('A', "ALTER SYSTEM"),
];

/// One row of `aclexplode`.
struct Row {
    grantor: u32,
    grantee: u32,
    privilege: &'static str,
    grantable: bool,
}

/// One column of the rows of a list.
fn exploded(world: &World<'_>, args: &[Arg], column: fn(&Row) -> String) -> Result<Cell> {
    let Arg::List(items) = arg(args, 0) else { return Ok(Cell::Null) };
    let mut cells = Vec::new();
    for item in items {
        cells.extend(rows(world, &item.text())?.iter().map(column));
    }
    Ok(Cell::list(cells))
}

fn rows(world: &World<'_>, item: &str) -> Result<Vec<Row>> {
    let invalid = || Error::new(Kind::InvalidTextRepresentation, format!("invalid access list item: \"{item}\""));
    let (grantee, rest) = name(item);
    let (privileges, grantor) = rest.strip_prefix('=').and_then(|rest| rest.split_once('/')).ok_or_else(invalid)?;
    let role = |name: &str| match name {
        "" => Ok(0),
        // A role that is gone is written as its id.
        name => naming::find(world, Reg::Role, &quote_identifier(name)).or_else(|error| name.parse().map_err(|_| error)),
    };
    let (grantor, grantee) = (role(&name(grantor).0)?, role(&grantee)?);
    let held = PRIVILEGES.iter().filter_map(|(letter, privilege)| {
        let at = privileges.find(*letter)?;
        let grantable = privileges.get(at + 1..).is_some_and(|behind| behind.starts_with('*'));
        Some(Row { grantor, grantee, privilege, grantable })
    });
    Ok(held.collect())
}

/// The name that an item's text begins with, which may be quoted, and what stands behind it.
fn name(text: &str) -> (String, &str) {
    let mut found = String::new();
    let mut quoted = false;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' if quoted && chars.peek().is_some_and(|(_, next)| *next == '"') => {
                found.push('"');
                chars.next();
            }
            '"' => quoted = !quoted,
            '=' | '/' if !quoted => return (found, text.get(at..).unwrap_or_default()),
            c => found.push(c),
        }
    }
    (found, "")
}

/// What everybody and what the owner may do with an object of a kind that was given no list.
fn default(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let kind = arg(args, 0).text();
    let (everybody, owner) = match kind.as_str() {
        "c" => ("", ""),
        "r" => ("", "arwdDxt"),
        "s" => ("", "rwU"),
        "d" => ("Tc", "CTc"),
        "f" => ("X", "X"),
        "l" | "T" => ("U", "U"),
        "L" => ("", "rw"),
        "n" => ("", "UC"),
        "p" => ("", "sA"),
        "t" => ("", "C"),
        "F" | "S" => ("", "U"),
        _ => {
            let message = format!("unrecognized object type abbreviation: {kind}");
            return Err(Error::new(Kind::InvalidParameterValue, message));
        }
    };
    let oid = arg(args, 1).oid().unwrap_or(0);
    let role = match naming::name(world, Reg::Role, oid) {
        Some(name) if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => name,
        Some(name) => format!("\"{}\"", name.replace('"', "\"\"")),
        None => oid.to_string(),
    };
    let items = [("", everybody), (role.as_str(), owner)].into_iter().filter(|(_, privileges)| !privileges.is_empty());
    Ok(Cell::list(items.map(|(grantee, privileges)| format!("{grantee}={privileges}/{role}"))))
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn names_of_items_may_be_quoted() {
        for (item, found, rest) in
            [("a_b=r/c", "a_b", "=r/c"), ("=r/c", "", "=r/c"), ("\"a=\"\"/b\"=r*/c", "a=\"/b", "=r*/c"), ("\"x y\"", "x y", "")]
        {
            assert_eq!(name(item), (found.to_owned(), rest));
        }
    }
}
