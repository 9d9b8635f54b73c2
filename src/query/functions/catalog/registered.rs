//! Objects by name and names by object: `regclass`, `regtype`, `regproc` and their kin as functions.
//!
//! The planner writes a cast `x::regclass` as `regclass(x)`. Text is looked up and becomes an id, which is what comparisons want; an
//! id becomes its name, which is what people want to see.

use super::SqlTypeName::{Oid as OidType, Text};
use super::{Arg, Line, Returns, arg, line};
use crate::catalog::{Oid, quote_identifier};
use crate::error::{Error, Kind, Result};
use crate::policy::SUPERUSER;
use crate::query::system::builtin;
use crate::query::system::definition;
use crate::query::system::rows::Cell;
use crate::query::system::world::{SUPERUSER_OID, World, name_parts};

/// What a cast of a cast to a number is written as: the id whatever was given. Nobody can type the name.
pub(in crate::query) const OID_OF: &str = "oid of ";

pub(super) const LINES: [Line; 34] = [
    both("regclass", |world, args| shown(world, args, CLASS)),
    both("regtype", |world, args| shown(world, args, TYPE)),
    both("regproc", |world, args| shown(world, args, PROC)),
    both("regprocedure", |world, args| shown(world, args, PROCEDURE)),
    both("regnamespace", |world, args| shown(world, args, NAMESPACE)),
    both("regrole", |world, args| shown(world, args, ROLE)),
    both("regcollation", |world, args| shown(world, args, COLLATION)),
    both("regoper", |world, args| shown(world, args, OPERATOR)),
    both("regoperator", |world, args| shown(world, args, OPERATOR)),
    both("regconfig", |world, args| shown(world, args, CONFIG)),
    both("regdictionary", |world, args| shown(world, args, DICTIONARY)),
    line("oid of regclass", (1, 1), OidType, |world, args| meant(world, args, CLASS)),
    line("oid of regtype", (1, 1), OidType, |world, args| meant(world, args, TYPE)),
    line("oid of regproc", (1, 1), OidType, |world, args| meant(world, args, PROC)),
    line("oid of regprocedure", (1, 1), OidType, |world, args| meant(world, args, PROCEDURE)),
    line("oid of regnamespace", (1, 1), OidType, |world, args| meant(world, args, NAMESPACE)),
    line("oid of regrole", (1, 1), OidType, |world, args| meant(world, args, ROLE)),
    line("oid of regcollation", (1, 1), OidType, |world, args| meant(world, args, COLLATION)),
    line("oid of regoper", (1, 1), OidType, |world, args| meant(world, args, OPERATOR)),
    line("oid of regoperator", (1, 1), OidType, |world, args| meant(world, args, OPERATOR)),
    line("oid of regconfig", (1, 1), OidType, |world, args| meant(world, args, CONFIG)),
    line("oid of regdictionary", (1, 1), OidType, |world, args| meant(world, args, DICTIONARY)),
    line("to_regclass", (1, 1), OidType, |world, args| Ok((CLASS.find)(world, &arg(args, 0).text()).ok().into())),
    line("to_regtype", (1, 1), OidType, |world, args| Ok((TYPE.find)(world, &arg(args, 0).text()).ok().into())),
    line("to_regproc", (1, 1), OidType, |world, args| Ok((PROC.find)(world, &arg(args, 0).text()).ok().into())),
    line("to_regprocedure", (1, 1), OidType, |world, args| Ok((PROCEDURE.find)(world, &arg(args, 0).text()).ok().into())),
    line("to_regnamespace", (1, 1), OidType, |world, args| Ok((NAMESPACE.find)(world, &arg(args, 0).text()).ok().into())),
    line("to_regrole", (1, 1), OidType, |world, args| Ok((ROLE.find)(world, &arg(args, 0).text()).ok().into())),
    line("to_regcollation", (1, 1), OidType, |world, args| Ok((COLLATION.find)(world, &arg(args, 0).text()).ok().into())),
    line("to_regoper", (1, 1), OidType, |world, args| Ok((OPERATOR.find)(world, &arg(args, 0).text()).ok().into())),
    line("to_regoperator", (1, 1), OidType, |world, args| Ok((OPERATOR.find)(world, &arg(args, 0).text()).ok().into())),
    line("pg_get_userbyid", (1, 1), Text, user),
    line("quote_ident", (1, 1), Text, |_, args| Ok(quote_identifier(&arg(args, 0).text()).into())),
    line("pg_my_temp_schema", (0, 0), OidType, |_, _| Ok(0.into())),
];

const fn both(name: &'static str, call: super::Call) -> Line {
    Line { name, arguments: (1, 1), returns: Returns::NameOrOid, strict: true, call }
}

/// One kind of object that has a `reg…` type.
#[derive(Clone, Copy)]
struct Registered {
    find: fn(&World<'_>, &str) -> Result<Oid>,
    name: fn(&World<'_>, Oid) -> Option<String>,
}

const CLASS: Registered = Registered { find: find_class, name: class_name };
const TYPE: Registered =
    Registered { find: find_type, name: |_, oid| builtin::type_by_oid(oid).map(|_| builtin::format_type(oid, -1)) };
const PROC: Registered = Registered { find: find_proc, name: proc_name };
const PROCEDURE: Registered = Registered { find: find_procedure, name: procedure_name };
const NAMESPACE: Registered = Registered { find: find_namespace, name: namespace_name };
const ROLE: Registered = Registered { find: find_role, name: |_, oid| (oid == SUPERUSER_OID).then(|| SUPERUSER.to_owned()) };
const COLLATION: Registered = Registered { find: find_collation, name: collation_name };
const OPERATOR: Registered = Registered { find: |_, name| Err(missing("operator", name)), name: |_, _| None };
const CONFIG: Registered = Registered { find: |_, name| Err(missing("text search configuration", name)), name: |_, _| None };
const DICTIONARY: Registered = Registered { find: |_, name| Err(missing("text search dictionary", name)), name: |_, _| None };

/// The name of an id, or the id of a name.
fn shown(world: &World<'_>, args: &[Arg], kind: Registered) -> Result<Cell> {
    match arg(args, 0) {
        Arg::Text(_) => meant(world, args, kind),
        other => match other.oid() {
            Some(0) => Ok("-".into()),
            // An id of nothing is shown as it is.
            Some(oid) => Ok((kind.name)(world, oid).unwrap_or_else(|| oid.to_string()).into()),
            None => Ok(Cell::Null),
        },
    }
}

/// The id, given itself or as a name.
fn meant(world: &World<'_>, args: &[Arg], kind: Registered) -> Result<Cell> {
    let given = arg(args, 0);
    match given.oid() {
        Some(oid) => Ok(oid.into()),
        None if given.text() == "-" => Ok(0.into()),
        None => (kind.find)(world, &given.text()).map(Into::into),
    }
}

fn missing(kind: &str, name: &str) -> Error {
    Error::new(Kind::UndefinedObject, format!("{kind} \"{name}\" does not exist"))
}

fn find_class(world: &World<'_>, name: &str) -> Result<Oid> {
    world
        .find_relation(&name_parts(name))
        .ok_or_else(|| Error::new(Kind::UndefinedTable, format!("relation \"{name}\" does not exist")))
}

/// The name as it must be written to find the relation: without its schema where that suffices.
fn class_name(world: &World<'_>, oid: Oid) -> Option<String> {
    let name = world.relation_name(oid)?;
    Some(if world.relation_is_visible(&name) { quote_identifier(&name.name) } else { name.to_string() })
}

fn find_type(_world: &World<'_>, name: &str) -> Result<Oid> {
    builtin::type_oid(name).ok_or_else(|| missing("type", name))
}

fn find_proc(world: &World<'_>, name: &str) -> Result<Oid> {
    match world.find_functions(&name_parts(name))[..] {
        [only] => Ok(only),
        [] => Err(Error::new(Kind::UndefinedFunction, format!("function \"{name}\" does not exist"))),
        [first, ..] if builtin::functions().iter().any(|builtin| builtin.oid == first) => Ok(first),
        [..] => Err(Error::new(Kind::AmbiguousFunction, format!("more than one function named \"{name}\""))),
    }
}

/// `name(types)`.
fn find_procedure(world: &World<'_>, text: &str) -> Result<Oid> {
    let undefined = || Error::new(Kind::UndefinedFunction, format!("function \"{text}\" does not exist"));
    let (name, types) = text.trim().trim_end_matches(')').split_once('(').ok_or_else(undefined)?;
    let types: Vec<Oid> = types
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(|name| builtin::type_oid(name).ok_or_else(|| missing("type", name)))
        .collect::<Result<_>>()?;
    world.find_functions(&name_parts(name)).into_iter().find(|oid| argument_types(world, *oid) == types).ok_or_else(undefined)
}

fn argument_types(world: &World<'_>, oid: Oid) -> Vec<Oid> {
    match world.function(oid) {
        Some(function) => function.arguments.iter().map(|argument| argument.sql_type.oid()).collect(),
        None => {
            let found = builtin::functions().iter().find(|builtin| builtin.oid == oid);
            found.map_or(vec![], |builtin| builtin.arguments.clone())
        }
    }
}

fn proc_name(world: &World<'_>, oid: Oid) -> Option<String> {
    if let Some(function) = world.function(oid) {
        let visible = world.function_is_visible(function);
        return Some(if visible { quote_identifier(&function.name.name) } else { function.name.to_string() });
    }
    builtin::functions().iter().find(|builtin| builtin.oid == oid).map(|builtin| builtin.name.to_owned())
}

fn procedure_name(world: &World<'_>, oid: Oid) -> Option<String> {
    let types = match world.function(oid) {
        Some(function) => definition::argument_types(function),
        None => argument_types(world, oid).iter().map(|oid| builtin::format_type(*oid, -1)).collect::<Vec<_>>().join(","),
    };
    proc_name(world, oid).map(|name| format!("{name}({types})"))
}

fn find_namespace(world: &World<'_>, name: &str) -> Result<Oid> {
    let parts = name_parts(name);
    let oid = if let [only] = &parts[..] { world.schema_oid(only) } else { None };
    oid.ok_or_else(|| Error::new(Kind::InvalidSchemaName, format!("schema \"{name}\" does not exist")))
}

fn namespace_name(world: &World<'_>, oid: Oid) -> Option<String> {
    world.schemas().into_iter().find(|(_, own, _)| *own == oid).map(|(name, _, _)| quote_identifier(name))
}

fn find_role(_world: &World<'_>, name: &str) -> Result<Oid> {
    if name_parts(name) == [SUPERUSER] { Ok(SUPERUSER_OID) } else { Err(missing("role", name)) }
}

const COLLATIONS: [(Oid, &str); 3] = [(100, "default"), (950, "C"), (951, "POSIX")];

fn find_collation(_world: &World<'_>, name: &str) -> Result<Oid> {
    let parts = name_parts(name);
    let wanted = parts.last().map_or("", String::as_str);
    let found = COLLATIONS.iter().find(|(_, known)| *known == wanted);
    found.map(|(oid, _)| *oid).ok_or_else(|| missing("collation", name))
}

fn collation_name(_world: &World<'_>, oid: Oid) -> Option<String> {
    COLLATIONS.iter().find(|(own, _)| *own == oid).map(|(_, name)| format!("\"{name}\""))
}

fn user(_world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let oid = arg(args, 0).oid();
    Ok(oid.map(|oid| if oid == SUPERUSER_OID { SUPERUSER.to_owned() } else { format!("unknown (OID={oid})") }).into())
}
