//! `has_…_privilege` and `pg_has_role`: what a role may do, told from all that there is. Which objects the one who asks may know is no
//! matter where a name is given: what is in a schema that it may look into is no secret, and into others it cannot ask.

use super::SqlTypeName::Bool;
use super::{Arg, Line, arg, line};
use crate::catalog::{Object, ObjectKind, Oid, Privilege, Privileges, Relation};
use crate::error::{Error, Kind, Result};
use crate::policy::{self, Standing};
use crate::query::plan::names::DATABASE;
use crate::query::system::rows::Cell;
use crate::query::system::world::{DATABASE_OID, DEFAULT_TABLESPACE, GLOBAL_TABLESPACE, World, name_parts};
use crate::query::system::{builtin, is_open, shape};

pub(super) const LINES: [Line; 15] = [
    line("has_table_privilege", (2, 3), Bool, |world, args| object(world, args, 1, &TABLE, relation)),
    line("has_any_column_privilege", (2, 3), Bool, |world, args| object(world, args, 1, &COLUMN, any_column)),
    line("has_sequence_privilege", (2, 3), Bool, |world, args| object(world, args, 1, &["usage", "select", "update"], sequence)),
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
        object(world, args, 1, &["set", "alter system"], |_, _| Ok(Some(Found::SuperuserOnly)))
    }),
    line("pg_has_role", (2, 3), Bool, role),
    line("row_security_active", (1, 1), Bool, row_security_active),
];

/// What can be allowed on a table.
const TABLE: [&str; 7] = ["select", "insert", "update", "delete", "truncate", "references", "trigger"];
/// What can be allowed on a column.
const COLUMN: [&str; 4] = ["select", "insert", "update", "references"];

/// What a name or an id stands for.
enum Found {
    Object(Object),
    /// A relation, any column of which will do.
    AnyColumn(Oid),
    /// Something of PostgreSQL's own on which everybody has these privileges.
    Open(Privileges),
    SuperuserOnly,
}

/// Looks whether the object is there: an unknown name is an error, an unknown id is `None`.
type Find = fn(&World<'_>, &Arg) -> Result<Option<Found>>;

/// All that there is, whatever the one who asks may know of it.
fn whole<'a>(world: &World<'a>) -> World<'a> {
    World::new(&world.facts.catalog, world.facts)
}

/// A privilege that is asked for, and whether with the right to grant it.
struct Wanted {
    word: String,
    option: bool,
}

/// The privileges in a list, of which each must be one of these.
fn wanted(given: &Arg, known: &[&str]) -> Result<Vec<Wanted>> {
    let listed = given.text();
    let one = |privilege: &str| {
        let lower = privilege.trim().to_ascii_lowercase();
        let plain = lower.strip_suffix(" with grant option").or_else(|| lower.strip_suffix(" with admin option"));
        let word = plain.unwrap_or(&lower).to_owned();
        if !known.contains(&word.as_str()) {
            let privilege = privilege.trim();
            return Err(Error::new(Kind::InvalidParameterValue, format!("unrecognized privilege type: \"{privilege}\"")));
        }
        Ok(Wanted { option: plain.is_some(), word })
    };
    listed.split(',').map(one).collect()
}

/// The role that is asked about: given, or the one that asks.
fn asked(world: &World<'_>, given: Option<&Arg>) -> Result<Standing> {
    let Some(given) = given else { return Ok(world.facts.identity.standing.as_ref().clone()) };
    let catalog = &world.facts.catalog;
    match given {
        Arg::Int(_) => Ok(given.oid().map_or_else(Standing::everybody, |oid| Standing::of(catalog, oid))),
        other => match other.text().as_str() {
            "public" => Ok(Standing::everybody()),
            name => Ok(Standing::of(catalog, catalog.expect_role(name)?.oid)),
        },
    }
}

/// `[role,] object, [column,] privilege`: `words` arguments stand behind the object.
fn object(world: &World<'_>, args: &[Arg], words: usize, privileges: &[&str], find: Find) -> Result<Cell> {
    let at = args.len().saturating_sub(words + 1);
    let standing = asked(world, (at > 0).then(|| arg(args, 0)))?;
    let found = find(&whole(world), arg(args, at))?;
    let wanted = wanted(arg(args, args.len().saturating_sub(1)), privileges)?;
    Ok(found.map(|found| wanted.iter().any(|wanted| has(world, &standing, &found, wanted))).into())
}

fn has(world: &World<'_>, standing: &Standing, found: &Found, wanted: &Wanted) -> bool {
    let catalog = &world.facts.catalog;
    let privilege = Privilege::named(&wanted.word).map_or(Privileges::NONE, Privileges::of);
    let on = |object: Object| {
        let own = match wanted.option {
            true => policy::grantable(standing, catalog, object, privilege),
            false => policy::held(standing, catalog, object, privilege),
        };
        !own.is_empty()
    };
    match found {
        Found::Object(column @ Object::Column(relation, _)) => on(*column) || on(Object::Relation(*relation)),
        Found::Object(object) => on(*object),
        Found::AnyColumn(relation) => {
            on(Object::Relation(*relation))
                || whole(world).relation_columns(*relation).iter().any(|(number, _)| on(Object::Column(*relation, *number)))
        }
        Found::Open(open) => standing.superuser || !wanted.option && !open.and(privilege).is_empty(),
        Found::SuperuserOnly => standing.superuser,
    }
}

/// `[role,] table, column, privilege`: the column by name or by number.
fn column(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let at = args.len().saturating_sub(2);
    let standing = asked(world, (at > 1).then(|| arg(args, 0)))?;
    let (given, named) = (arg(args, at.saturating_sub(1)), arg(args, at));
    let whole = whole(world);
    let found = relation(&whole, given)?;
    let columns = whole.relation_columns(given.relation(&whole)?);
    let number = match named {
        Arg::Text(name) => match columns.iter().find(|(_, own)| own == name) {
            Some((number, _)) => *number,
            None if found.is_none() => return Ok(Cell::Null),
            None => {
                let message = format!("column \"{name}\" of relation \"{}\" does not exist", given.text());
                return Err(Error::new(Kind::UndefinedColumn, message));
            }
        },
        Arg::Int(number) => match columns.iter().find(|(own, _)| i64::from(*own) == *number) {
            Some((number, _)) => *number,
            None => return Ok(Cell::Null),
        },
        Arg::Null | Arg::Bool(_) | Arg::List(_) => return Ok(Cell::Null),
    };
    let wanted = wanted(arg(args, args.len().saturating_sub(1)), &COLUMN)?;
    let found = found.map(|found| match found {
        Found::Object(Object::Relation(relation)) => Found::Object(Object::Column(relation, number)),
        other => other,
    });
    Ok(found.map(|found| wanted.iter().any(|wanted| has(world, &standing, &found, wanted))).into())
}

fn relation(world: &World<'_>, given: &Arg) -> Result<Option<Found>> {
    if given.oid().is_none()
        && let [schema, _] = &name_parts(&given.text())[..]
    {
        permit_schema(world, schema)?;
    }
    let oid = given.relation(world)?;
    if world.catalog.relation_by_oid(oid).is_some() {
        return Ok(Some(Found::Object(Object::Relation(oid))));
    }
    if let Some(shape) = shape::all().find(|shape| shape.oid == oid) {
        let read = if is_open(shape) { Privilege::Select.into() } else { Privileges::NONE };
        return Ok(Some(Found::Open(read)));
    }
    Ok(world.relation_name(oid).map(|_| Found::Open(Privileges::NONE)))
}

/// In a schema that the one who asks may not look into, nothing is told of names.
fn permit_schema(world: &World<'_>, schema: &str) -> Result<()> {
    let Some(found) = world.catalog.schema(schema) else { return Ok(()) };
    let own = policy::held(&world.facts.identity.standing, world.catalog, Object::Schema(found.oid), Privilege::Usage.into());
    if own.is_empty() { Err(policy::denied("schema", schema)) } else { Ok(()) }
}

fn any_column(world: &World<'_>, given: &Arg) -> Result<Option<Found>> {
    Ok(relation(world, given)?.map(|found| match found {
        Found::Object(Object::Relation(relation)) => Found::AnyColumn(relation),
        other => other,
    }))
}

/// There are no sequences.
fn sequence(world: &World<'_>, given: &Arg) -> Result<Option<Found>> {
    Ok(relation(world, given)?.map(|_| Found::SuperuserOnly))
}

fn schema(world: &World<'_>, given: &Arg) -> Result<Option<Found>> {
    let open = |oid: Oid| match world.catalog.schemas().any(|(_, schema)| schema.oid == oid) {
        true => Found::Object(Object::Schema(oid)),
        false => Found::Open(Privilege::Usage.into()),
    };
    match given {
        Arg::Text(name) if given.oid().is_none() => match world.schema_oid(name) {
            Some(oid) => Ok(Some(open(oid))),
            None => Err(Error::new(Kind::InvalidSchemaName, format!("schema \"{name}\" does not exist"))),
        },
        other => Ok(world.schemas().iter().find(|(_, oid, _)| other.oid() == Some(*oid)).map(|(_, oid, _)| open(*oid))),
    }
}

fn database(_world: &World<'_>, given: &Arg) -> Result<Option<Found>> {
    match given {
        Arg::Text(name) if given.oid().is_none() => {
            if name == DATABASE {
                return Ok(Some(Found::Object(Object::Database)));
            }
            Err(Error::new(Kind::InvalidCatalogName, format!("database \"{name}\" does not exist")))
        }
        other => Ok((other.oid() == Some(DATABASE_OID)).then_some(Found::Object(Object::Database))),
    }
}

fn function(world: &World<'_>, given: &Arg) -> Result<Option<Found>> {
    let found = |oid: Oid| match world.function(oid) {
        Some(_) => Some(Found::Object(Object::Function(oid))),
        None => builtin::function_by_oid(oid).map(|_| Found::Open(ObjectKind::Function.privileges())),
    };
    match given {
        Arg::Text(text) if given.oid().is_none() => {
            let name = text.split('(').next().unwrap_or(text);
            if let [schema, _] = &name_parts(name)[..] {
                permit_schema(world, schema)?;
            }
            let undefined = || Error::new(Kind::UndefinedFunction, format!("function \"{text}\" does not exist"));
            let candidates = world.find_functions(&name_parts(name));
            // Of several of a name the types choose; PostgreSQL's own are all alike.
            let exact = crate::query::system::naming::find(world, crate::value::Reg::Procedure, text).ok();
            exact.or_else(|| candidates.first().copied()).map(found).ok_or_else(undefined)
        }
        other => Ok(other.oid().and_then(found)),
    }
}

fn data_type(_world: &World<'_>, given: &Arg) -> Result<Option<Found>> {
    let open = || Found::Open(Privilege::Usage.into());
    match given {
        Arg::Text(name) if given.oid().is_none() => match builtin::type_oid(name) {
            Some(_) => Ok(Some(open())),
            None => Err(Error::new(Kind::UndefinedObject, format!("type \"{name}\" does not exist"))),
        },
        other => Ok(other.oid().and_then(builtin::type_by_oid).map(|_| open())),
    }
}

/// `[role,] role, privilege`: whether one has the rights of the other, may become it, or may make others its members.
/// Whether row policies filter what the one who asks reads of a table.
fn row_security_active(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let whole = whole(world);
    let oid = arg(args, 0).relation(&whole)?;
    Ok(match whole.catalog.relation_by_oid(oid) {
        Some(Relation::Table(table)) => policy::is_held_to_rows(&whole.facts.identity, whole.catalog, table),
        Some(Relation::View(_)) | None => false,
    }
    .into())
}

fn role(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let at = args.len().saturating_sub(2);
    let standing = asked(world, (at > 0).then(|| arg(args, 0)))?;
    let catalog = &world.facts.catalog;
    let given = arg(args, at);
    let role = match given {
        Arg::Int(_) => given.oid(),
        other => Some(catalog.expect_role(&other.text())?.oid),
    };
    let Some(role) = role.filter(|oid| catalog.role(*oid).is_some()) else { return Ok(Cell::Null) };
    let administers = || {
        let mut admins = catalog.memberships().filter(|membership| membership.role == role && membership.admin);
        standing.superuser || admins.any(|membership| standing.joined.contains(&membership.member))
    };
    let wanted = wanted(arg(args, args.len().saturating_sub(1)), &["member", "usage"])?;
    let has = |wanted: &Wanted| match (wanted.option, wanted.word.as_str()) {
        (true, _) => administers(),
        (false, "member") => standing.may_become(role),
        (false, _) => standing.has_rights_of(role),
    };
    Ok(wanted.iter().any(has).into())
}

fn language(_world: &World<'_>, given: &Arg) -> Result<Option<Found>> {
    let open = || Found::Open(Privilege::Usage.into());
    match given {
        Arg::Text(name) if given.oid().is_none() => match name.as_str() {
            "sql" | "internal" => Ok(Some(open())),
            name => Err(Error::new(Kind::UndefinedObject, format!("language \"{name}\" does not exist"))),
        },
        other => Ok(other.oid().filter(|oid| [12, 14].contains(oid)).map(|_| open())),
    }
}

fn tablespace(_world: &World<'_>, given: &Arg) -> Result<Option<Found>> {
    match given {
        Arg::Text(name) if given.oid().is_none() => match name.as_str() {
            "pg_default" | "pg_global" => Ok(Some(Found::SuperuserOnly)),
            name => Err(Error::new(Kind::UndefinedObject, format!("tablespace \"{name}\" does not exist"))),
        },
        other => Ok(other.oid().filter(|oid| [DEFAULT_TABLESPACE, GLOBAL_TABLESPACE].contains(oid)).map(|_| Found::SuperuserOnly)),
    }
}

/// There is no object of the kind.
fn nothing(kind: &str, given: &Arg) -> Result<Option<Found>> {
    match given {
        Arg::Text(name) if given.oid().is_none() => {
            Err(Error::new(Kind::UndefinedObject, format!("{kind} \"{name}\" does not exist")))
        }
        _ => Ok(None),
    }
}
