//! Settings, encodings and the search path; quoting of literals and sizes in words.

use super::SqlTypeName::{Int4, Name, Names, Text};
use super::{Arg, Line, arg, line};
use crate::error::{Error, Kind, Result};
use crate::query::system::rows::Cell;
use crate::query::system::world::{UTF8, World};

pub(super) const LINES: [Line; 11] = [
    line("current_setting", (1, 2), Text, current_setting),
    line("current_schemas", (1, 1), Names, current_schemas),
    line("quote_literal", (1, 1), Text, |_, args| Ok(quote_literal(&arg(args, 0).text()).into())),
    Line { name: "quote_nullable", arguments: (1, 1), returns: Text, strict: false, call: quote_nullable },
    line("pg_encoding_to_char", (1, 1), Name, |_, args| Ok(if arg(args, 0).int() == Some(UTF8) { "UTF8" } else { "" }.into())),
    line("pg_char_to_encoding", (1, 1), Int4, |_, args| {
        Ok(if arg(args, 0).text().replace(['-', '_'], "").eq_ignore_ascii_case("utf8") { UTF8 } else { -1 }.into())
    }),
    line("pg_client_encoding", (0, 0), Name, |_, _| Ok("UTF8".into())),
    line("pg_size_bytes", (1, 1), super::SqlTypeName::Int8, size_bytes),
    line("pg_encoding_max_length", (1, 1), Int4, |_, args| Ok((arg(args, 0).int() == Some(UTF8)).then_some(4).into())),
    line("getdatabaseencoding", (0, 0), Name, |_, _| Ok("UTF8".into())),
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

/// A size in words as a number of bytes (`pg_size_bytes`).
fn size_bytes(_world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    const UNITS: [(&str, i32); 7] = [("", 0), ("bytes", 0), ("b", 0), ("kb", 1), ("mb", 2), ("gb", 3), ("tb", 4)];
    let text = arg(args, 0).text();
    let invalid = || Error::new(Kind::InvalidParameterValue, format!("invalid size: \"{text}\""));
    let trimmed = text.trim();
    let end = trimmed.find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c))).unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(end);
    let number: f64 = number.parse().map_err(|_| invalid())?;
    let unit = unit.trim().to_ascii_lowercase();
    let power = if unit == "pb" { Some(5) } else { UNITS.iter().find(|(name, _)| *name == unit).map(|(_, power)| *power) };
    let power = power.ok_or_else(|| {
        invalid()
            .with_detail(format!("Invalid size unit: \"{unit}\"."))
            .with_hint("Valid units are \"bytes\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\".")
    })?;
    let bytes = (number * 1024_f64.powi(power)).round();
    if bytes.abs() >= 9.2e18 {
        return Err(Error::new(Kind::NumericValueOutOfRange, "bigint out of range"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "its size was looked at")]
    Ok((bytes as i64).into())
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
