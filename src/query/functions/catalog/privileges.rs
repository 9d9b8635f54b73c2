//! `has_…_privilege` and `pg_has_role`: what a role may do. Only the superuser exists until roles do, and it may do everything that
//! the kind of object permits.

use super::SqlTypeName::Bool;
use super::{Arg, Line, arg, line};
use crate::error::{Error, Kind, Result};
use crate::policy::SUPERUSER;
use crate::query::plan::names::DATABASE;
use crate::query::system::builtin;
use crate::query::system::rows::Cell;
use crate::query::system::world::{DATABASE_OID, SUPERUSER_OID, World, name_parts};

pub(super) const LINES: [Line; 15] = [
    line("has_table_privilege", (2, 3), Bool, |world, args| object(world, args, 1, relation)),
    line("has_any_column_privilege", (2, 3), Bool, |world, args| object(world, args, 1, relation)),
    line("has_sequence_privilege", (2, 3), Bool, |world, args| object(world, args, 1, relation)),
    line("has_column_privilege", (3, 4), Bool, |world, args| object(world, args, 2, relation)),
    line("has_schema_privilege", (2, 3), Bool, |world, args| object(world, args, 1, schema)),
    line("has_database_privilege", (2, 3), Bool, |world, args| object(world, args, 1, database)),
    line("has_function_privilege", (2, 3), Bool, |world, args| object(world, args, 1, function)),
    line("has_type_privilege", (2, 3), Bool, |world, args| object(world, args, 1, data_type)),
    line("has_language_privilege", (2, 3), Bool, |world, args| object(world, args, 1, any)),
    line("has_tablespace_privilege", (2, 3), Bool, |world, args| object(world, args, 1, any)),
    line("has_server_privilege", (2, 3), Bool, |world, args| object(world, args, 1, any)),
    line("has_foreign_data_wrapper_privilege", (2, 3), Bool, |world, args| object(world, args, 1, any)),
    line("has_parameter_privilege", (2, 3), Bool, |world, args| object(world, args, 1, any)),
    line("pg_has_role", (2, 3), Bool, |world, args| object(world, args, 1, role)),
    line("row_security_active", (1, 1), Bool, |world, args| arg(args, 0).relation(world).map(|_| false.into())),
];

/// Looks whether the object is there: an unknown name is an error, an unknown id is `None`.
type Find = fn(&World<'_>, &Arg) -> Result<Option<()>>;

/// `[role,] object, [column,] privilege`: `words` arguments stand behind the object.
fn object(world: &World<'_>, args: &[Arg], words: usize, find: Find) -> Result<Cell> {
    let at = args.len().saturating_sub(words + 1);
    let asked = if at == 0 { world.facts.current_user.clone() } else { role_name(arg(args, 0))? };
    let privileges = arg(args, args.len().saturating_sub(1)).text();
    for privilege in privileges.split(',').map(|word| word.trim().to_ascii_lowercase()) {
        let privilege = privilege.strip_suffix(" with grant option").unwrap_or(&privilege);
        if !PRIVILEGES.contains(&privilege) {
            return Err(Error::new(Kind::InvalidParameterValue, format!("unrecognized privilege type: \"{privilege}\"")));
        }
    }
    Ok(find(world, arg(args, at))?.map(|()| asked == SUPERUSER).into())
}

const PRIVILEGES: [&str; 16] = [
    "select",
    "insert",
    "update",
    "delete",
    "truncate",
    "references",
    "trigger",
    "usage",
    "create",
    "connect",
    "temporary",
    "temp",
    "execute",
    "member",
    "set",
    "alter system",
];

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
        other => Ok(other
            .oid()
            .filter(|oid| world.function(*oid).is_some() || builtin::functions().iter().any(|builtin| builtin.oid == *oid))
            .map(|_| ())),
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

fn any(_world: &World<'_>, _given: &Arg) -> Result<Option<()>> {
    Ok(Some(()))
}
