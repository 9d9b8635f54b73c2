//! `has_…_privilege` and `pg_has_role`: what a role may do. Only the superuser exists until roles do, and it may do everything that
//! the kind of object permits.

use super::SqlTypeName::Bool;
use super::{Arg, Line, arg, line};
use crate::error::{Error, Kind, Result};
use crate::policy::SUPERUSER;
use crate::query::plan::names::DATABASE;
use crate::query::system::builtin;
use crate::query::system::rows::Cell;
use crate::query::system::world::{DATABASE_OID, DEFAULT_TABLESPACE, GLOBAL_TABLESPACE, SUPERUSER_OID, World, name_parts};

pub(super) const LINES: [Line; 15] = [
    line("has_table_privilege", (2, 3), Bool, |world, args| object(world, args, 1, &TABLE, relation)),
    line("has_any_column_privilege", (2, 3), Bool, |world, args| object(world, args, 1, &COLUMN, relation)),
    line("has_sequence_privilege", (2, 3), Bool, |world, args| object(world, args, 1, &["usage", "select", "update"], relation)),
    line("has_column_privilege", (3, 4), Bool, column),
    line("has_schema_privilege", (2, 3), Bool, |world, args| object(world, args, 1, &["create", "usage"], schema)),
    line("has_database_privilege", (2, 3), Bool, |world, args| {
        object(world, args, 1, &["create", "connect", "temporary", "temp"], database)
    }),
    line("has_function_privilege", (2, 3), Bool, |world, args| object(world, args, 1, &["execute"], function)),
    line("has_type_privilege", (2, 3), Bool, |world, args| object(world, args, 1, &["usage"], data_type)),
    line("has_language_privilege", (2, 3), Bool, |world, args| object(world, args, 1, &["usage"], language)),
    line("has_tablespace_privilege", (2, 3), Bool, |world, args| object(world, args, 1, &["create"], tablespace)),
    line("has_server_privilege", (2, 3), Bool, |world, args| {
        object(world, args, 1, &["usage"], |_, given| nothing("server", given))
    }),
    line("has_foreign_data_wrapper_privilege", (2, 3), Bool, |world, args| {
        object(world, args, 1, &["usage"], |_, given| nothing("foreign-data wrapper", given))
    }),
    line("has_parameter_privilege", (2, 3), Bool, |world, args| {
        object(world, args, 1, &["set", "alter system"], |_, _| Ok(Some(())))
    }),
    line("pg_has_role", (2, 3), Bool, |world, args| object(world, args, 1, &["member", "usage"], role)),
    line("row_security_active", (1, 1), Bool, |world, args| arg(args, 0).relation(world).map(|_| false.into())),
];

/// What can be allowed on a table.
const TABLE: [&str; 7] = ["select", "insert", "update", "delete", "truncate", "references", "trigger"];
/// What can be allowed on a column.
const COLUMN: [&str; 4] = ["select", "insert", "update", "references"];

/// Looks whether the object is there: an unknown name is an error, an unknown id is `None`.
type Find = fn(&World<'_>, &Arg) -> Result<Option<()>>;

/// `[role,] object, [column,] privilege`: `words` arguments stand behind the object.
fn object(world: &World<'_>, args: &[Arg], words: usize, privileges: &[&str], find: Find) -> Result<Cell> {
    let at = args.len().saturating_sub(words + 1);
    let asked = if at == 0 { world.facts.current_user.clone() } else { role_name(arg(args, 0))? };
    let found = find(world, arg(args, at))?;
    for privilege in arg(args, args.len().saturating_sub(1)).text().split(',').map(str::trim) {
        let lower = privilege.to_ascii_lowercase();
        let plain = lower.strip_suffix(" with grant option").or_else(|| lower.strip_suffix(" with admin option")).unwrap_or(&lower);
        if !privileges.contains(&plain) {
            return Err(Error::new(Kind::InvalidParameterValue, format!("unrecognized privilege type: \"{privilege}\"")));
        }
    }
    Ok(found.map(|()| asked == SUPERUSER).into())
}

/// `[role,] table, column, privilege`: the column by name or by number.
fn column(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let answer = object(world, args, 2, &COLUMN, relation)?;
    let at = args.len().saturating_sub(2);
    let (table, wanted) = (arg(args, at.saturating_sub(1)), arg(args, at));
    let columns = world.relation_columns(table.relation(world)?);
    match wanted {
        Arg::Text(name) if !columns.iter().any(|(_, own)| own == name) => {
            let table = table.text();
            Err(Error::new(Kind::UndefinedColumn, format!("column \"{name}\" of relation \"{table}\" does not exist")))
        }
        Arg::Int(number) if !columns.iter().any(|(own, _)| i64::from(*own) == *number) => Ok(Cell::Null),
        Arg::Text(_) | Arg::Int(_) | Arg::Null | Arg::Bool(_) => Ok(answer),
    }
}

fn role_name(given: &Arg) -> Result<String> {
    match given {
        Arg::Int(_) => Ok(if given.oid() == Some(SUPERUSER_OID) { SUPERUSER.to_owned() } else { String::new() }),
        other => {
            let name = other.text();
            if name == SUPERUSER || name == "public" {
                return Ok(name);
            }
            Err(Error::new(Kind::UndefinedObject, format!("role \"{name}\" does not exist")))
        }
    }
}

fn relation(world: &World<'_>, given: &Arg) -> Result<Option<()>> {
    let oid = given.relation(world)?;
    Ok(world.relation_name(oid).map(|_| ()))
}

fn schema(world: &World<'_>, given: &Arg) -> Result<Option<()>> {
    match given {
        Arg::Text(name) if given.oid().is_none() => match world.schema_oid(name) {
            Some(_) => Ok(Some(())),
            None => Err(Error::new(Kind::InvalidSchemaName, format!("schema \"{name}\" does not exist"))),
        },
        other => Ok(world.schemas().iter().find(|(_, oid, _)| other.oid() == Some(*oid)).map(|_| ())),
    }
}

fn database(_world: &World<'_>, given: &Arg) -> Result<Option<()>> {
    match given {
        Arg::Text(name) if given.oid().is_none() => {
            if name == DATABASE {
                return Ok(Some(()));
            }
            Err(Error::new(Kind::InvalidCatalogName, format!("database \"{name}\" does not exist")))
        }
        other => Ok((other.oid() == Some(DATABASE_OID)).then_some(())),
    }
}

fn function(world: &World<'_>, given: &Arg) -> Result<Option<()>> {
    match given {
        Arg::Text(text) if given.oid().is_none() => {
            let name = text.split('(').next().unwrap_or(text);
            if world.find_functions(&name_parts(name)).is_empty() {
                return Err(Error::new(Kind::UndefinedFunction, format!("function \"{text}\" does not exist")));
            }
            Ok(Some(()))
        }
        other => {
            Ok(other.oid().filter(|oid| world.function(*oid).is_some() || builtin::function_by_oid(*oid).is_some()).map(|_| ()))
        }
    }
}

fn data_type(_world: &World<'_>, given: &Arg) -> Result<Option<()>> {
    match given {
        Arg::Text(name) if given.oid().is_none() => match builtin::type_oid(name) {
            Some(_) => Ok(Some(())),
            None => Err(Error::new(Kind::UndefinedObject, format!("type \"{name}\" does not exist"))),
        },
        other => Ok(other.oid().and_then(builtin::type_by_oid).map(|_| ())),
    }
}

fn role(_world: &World<'_>, given: &Arg) -> Result<Option<()>> {
    Ok(Some(role_name(given)?).filter(|name| !name.is_empty()).map(|_| ()))
}

fn language(_world: &World<'_>, given: &Arg) -> Result<Option<()>> {
    match given {
        Arg::Text(name) if given.oid().is_none() => match name.as_str() {
            "sql" | "internal" => Ok(Some(())),
            name => Err(Error::new(Kind::UndefinedObject, format!("language \"{name}\" does not exist"))),
        },
        other => Ok(other.oid().filter(|oid| [12, 14].contains(oid)).map(|_| ())),
    }
}

fn tablespace(_world: &World<'_>, given: &Arg) -> Result<Option<()>> {
    match given {
        Arg::Text(name) if given.oid().is_none() => match name.as_str() {
            "pg_default" | "pg_global" => Ok(Some(())),
            name => Err(Error::new(Kind::UndefinedObject, format!("tablespace \"{name}\" does not exist"))),
        },
        other => Ok(other.oid().filter(|oid| [DEFAULT_TABLESPACE, GLOBAL_TABLESPACE].contains(oid)).map(|_| ())),
    }
}

/// There is no object of the kind.
fn nothing(kind: &str, given: &Arg) -> Result<Option<()>> {
    match given {
        Arg::Text(name) if given.oid().is_none() => {
            Err(Error::new(Kind::UndefinedObject, format!("{kind} \"{name}\" does not exist")))
        }
        _ => Ok(None),
    }
}
