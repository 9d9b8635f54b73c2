//! `to_regclass` and its kin: objects by name, NULL where a cast to the `reg…` type would refuse; and names of roles and identifiers.

use super::SqlTypeName::{Name, Oid as OidType, Reg, Text};
use super::{Arg, Line, arg, line};
use crate::catalog::quote_identifier;
use crate::error::{Error, Kind, Result};
use crate::query::system::naming;
use crate::query::system::rows::Cell;
use crate::query::system::world::{World, name_parts};
use crate::value::{Reg as Kinds, SqlType};

pub(super) const LINES: [Line; 14] = [
    line("to_regclass", (1, 1), Reg(Kinds::Class), |world, args| found(world, args, Kinds::Class)),
    line("to_regtype", (1, 1), Reg(Kinds::Type), |world, args| found(world, args, Kinds::Type)),
    line("to_regproc", (1, 1), Reg(Kinds::Proc), |world, args| found(world, args, Kinds::Proc)),
    line("to_regprocedure", (1, 1), Reg(Kinds::Procedure), |world, args| found(world, args, Kinds::Procedure)),
    line("to_regnamespace", (1, 1), Reg(Kinds::Namespace), |world, args| found(world, args, Kinds::Namespace)),
    line("to_regrole", (1, 1), Reg(Kinds::Role), |world, args| found(world, args, Kinds::Role)),
    line("to_regcollation", (1, 1), Reg(Kinds::Collation), |world, args| found(world, args, Kinds::Collation)),
    line("to_regoper", (1, 1), Reg(Kinds::Oper), |world, args| found(world, args, Kinds::Oper)),
    line("to_regoperator", (1, 1), Reg(Kinds::Operator), |world, args| found(world, args, Kinds::Operator)),
    line("pg_get_userbyid", (1, 1), Name, user),
    line("quote_ident", (1, 1), Text, |_, args| Ok(quote_identifier(&arg(args, 0).text()).into())),
    line("pg_my_temp_schema", (0, 0), OidType, |_, _| Ok(0.into())),
    line("parse_ident", (1, 2), super::SqlTypeName::Texts, parse_ident),
    line("pg_basetype", (1, 1), Reg(Kinds::Type), |_, args| Ok(arg(args, 0).oid().into())),
];

/// The object of a name; a name of nothing, and of several things, is NULL.
fn found(world: &World<'_>, args: &[Arg], kind: Kinds) -> Result<Cell> {
    let text = arg(args, 0).text();
    // PostgreSQL takes no number for a name here.
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Cell::Null);
    }
    Ok(naming::find(world, kind, &text).ok().into())
}

fn user(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    Ok(arg(args, 0).oid().map(|oid| world.catalog.role_name(oid)).into())
}

/// The parts of a dotted name.
fn parse_ident(_world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let text = arg(args, 0).text();
    let parts = name_parts(&text);
    let strict = args.len() < 2 || arg(args, 1).is_true();
    let well_formed = |part: &String| {
        let quoted = text.contains(&format!("\"{}\"", part.replace('"', "\"\"")));
        let plain = part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$');
        !part.is_empty() && (quoted || plain)
    };
    if strict && !parts.iter().all(well_formed) {
        return Err(Error::new(Kind::InvalidParameterValue, format!("string is not a valid identifier: \"{text}\"")));
    }
    Ok(Cell::list(parts))
}

/// The type in which a list of names is given.
pub(super) fn texts() -> SqlType {
    SqlType::Array(Box::new(SqlType::Text))
}
