//! Settings, sizes and what else the server tells of itself; quoting of literals.

use super::SqlTypeName::{Bool, Int4, Int8, Name, Names, Text};
use super::{Arg, Line, Returns, arg, line};
use crate::error::Result;
use crate::query::system::rows::Cell;
use crate::query::system::world::{UTF8, World};

pub(super) const LINES: [Line; 19] = [
    line("current_setting", (1, 2), Text, current_setting),
    line("current_schemas", (1, 1), Names, current_schemas),
    line("quote_literal", (1, 1), Text, |_, args| Ok(quote_literal(&arg(args, 0).text()).into())),
    Line { name: "quote_nullable", arguments: (1, 1), returns: Returns::Always(Text), strict: false, call: quote_nullable },
    line("pg_encoding_to_char", (1, 1), Name, |_, args| Ok(if arg(args, 0).int() == Some(UTF8) { "UTF8" } else { "" }.into())),
    line("pg_char_to_encoding", (1, 1), Int4, |_, args| {
        Ok(if arg(args, 0).text().replace(['-', '_'], "").eq_ignore_ascii_case("utf8") { UTF8 } else { -1 }.into())
    }),
    line("pg_client_encoding", (0, 0), Name, |_, _| Ok("UTF8".into())),
    line("getdatabaseencoding", (0, 0), Name, |_, _| Ok("UTF8".into())),
    line("pg_is_in_recovery", (0, 0), Bool, |_, _| Ok(false.into())),
    line("pg_is_other_temp_schema", (1, 1), Bool, |_, _| Ok(false.into())),
    line("pg_jit_available", (0, 0), Bool, |_, _| Ok(false.into())),
    line("pg_tablespace_location", (1, 1), Text, |_, _| Ok("".into())),
    // How many bytes the segments of a table take is the store's to know.
    line("pg_relation_size", (1, 2), Int8, unknown_size),
    line("pg_table_size", (1, 1), Int8, unknown_size),
    line("pg_total_relation_size", (1, 1), Int8, unknown_size),
    line("pg_indexes_size", (1, 1), Int8, unknown_size),
    line("pg_database_size", (1, 1), Int8, |_, _| Ok(Cell::Null)),
    line("pg_tablespace_size", (1, 1), Int8, |_, _| Ok(Cell::Null)),
    line("pg_size_pretty", (1, 1), Text, |_, args| Ok(arg(args, 0).int().map(size_pretty).into())),
];

/// The value in force; an unknown setting is NULL when the second argument says that it may be missing.
fn current_setting(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    match world.facts.settings.get(&arg(args, 0).text()) {
        Ok(value) => Ok(value.into()),
        Err(_) if arg(args, 1).is_true() => Ok(Cell::Null),
        Err(error) => Err(error),
    }
}

/// The schemas of the path that exist; PostgreSQL's own, which is always looked into first, on request.
fn current_schemas(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let own = world.facts.search_path.iter().map(String::as_str).filter(|schema| world.schema_oid(schema).is_some());
    let implicit = arg(args, 0).is_true().then_some("pg_catalog");
    Ok(Cell::list(implicit.into_iter().chain(own)))
}

/// A string literal; one with a backslash is written with `E`.
fn quote_literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

fn quote_nullable(_world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    Ok(match arg(args, 0) {
        Arg::Null => "NULL".into(),
        other => quote_literal(&other.text()).into(),
    })
}

fn unknown_size(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    arg(args, 0).relation(world).map(|_| Cell::Null)
}

/// A number of bytes with a unit, rounded half away from zero at each step, from 10,240 of a unit on (`dbsize.c`'s rule).
fn size_pretty(bytes: i64) -> String {
    const UNITS: [&str; 6] = ["bytes", "kB", "MB", "GB", "TB", "PB"];
    let mut size = i128::from(bytes);
    let mut unit = 0;
    // One bit more than shown is kept, so that the last step can round.
    let mut doubled = false;
    while unit + 1 < UNITS.len() && size.abs() >= if doubled { 20 * 1024 - 1 } else { 10 * 1024 } {
        size /= if doubled { 1024 } else { 512 };
        doubled = true;
        unit += 1;
    }
    if doubled {
        size = (size + size.signum()) / 2;
    }
    format!("{size} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_round_as_postgresql_rounds_them() {
        for (bytes, shown) in [
            (0, "0 bytes"),
            (10_239, "10239 bytes"),
            (10_240, "10 kB"),
            (10_752, "11 kB"),
            (-10_752, "-11 kB"),
            (10 * 1024 * 1024 - 513, "10239 kB"),
            (10 * 1024 * 1024, "10 MB"),
            (123_456_789, "118 MB"),
        ] {
            assert_eq!(size_pretty(bytes), shown);
        }
    }

    #[test]
    fn literals_are_quoted() {
        assert_eq!(quote_literal("it's"), "'it''s'");
        assert_eq!(quote_literal("a\\b"), "E'a\\\\b'");
    }
}
