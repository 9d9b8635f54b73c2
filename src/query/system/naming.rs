//! Objects by name and names by object: what the `reg…` types read and write.

use std::sync::Arc;

use super::builtin;
use super::definition;
use super::operators;
use super::world::{Lookup, name_parts};
use crate::catalog::{Catalog, Oid, quote_identifier};
use crate::error::{Error, Kind, Result};
use crate::query::functions::{SIMPLE_CONFIG, require_simple};
use crate::value::{ObjectNames, Reg};

/// The names of one snapshot, found along one search path.
pub(crate) struct CatalogNames {
    catalog: Arc<Catalog>,
    search_path: Vec<String>,
}

impl CatalogNames {
    pub(crate) fn new(catalog: Arc<Catalog>, search_path: Vec<String>) -> Self {
        CatalogNames { catalog, search_path }
    }

    fn lookup(&self) -> Lookup<'_> {
        Lookup { catalog: &self.catalog, search_path: &self.search_path }
    }
}

impl ObjectNames for CatalogNames {
    fn name(&self, kind: Reg, oid: u32) -> Option<String> {
        name(&self.lookup(), kind, oid)
    }

    fn oid(&self, kind: Reg, name: &str) -> Result<u32> {
        find(&self.lookup(), kind, name)
    }
}

/// The name under which SQL finds an object.
pub(crate) fn name(lookup: &Lookup<'_>, kind: Reg, oid: Oid) -> Option<String> {
    match kind {
        Reg::Class => class_name(lookup, oid),
        Reg::Type => builtin::type_by_oid(oid).map(|_| builtin::format_type(oid, -1)),
        Reg::Proc => proc_name(lookup, oid),
        Reg::Procedure => procedure_name(lookup, oid),
        Reg::Namespace => {
            let found = lookup.schemas().into_iter().find(|(_, own, _)| *own == oid);
            found.map(|(name, _, _)| quote_identifier(name))
        }
        Reg::Role => lookup.catalog.role(oid).map(|role| quote_identifier(&role.name)),
        Reg::Collation => COLLATIONS.iter().find(|(own, _)| *own == oid).map(|(_, name)| quote_identifier(name)),
        Reg::Oper => operators::by_oid(oid).map(|operator| operator.name()),
        Reg::Operator => operators::by_oid(oid).map(|operator| operator.signature()),
        Reg::Config => (oid == SIMPLE_CONFIG).then(|| "simple".to_owned()),
        Reg::Dictionary => None,
    }
}

/// The id of the object of a name.
///
/// # Errors
/// PostgreSQL's for each kind, where there is none or more than one.
pub(crate) fn find(lookup: &Lookup<'_>, kind: Reg, name: &str) -> Result<Oid> {
    match kind {
        Reg::Class => lookup
            .find_relation(&name_parts(name))
            .ok_or_else(|| Error::new(Kind::UndefinedTable, format!("relation \"{}\" does not exist", name_parts(name).join(".")))),
        Reg::Type => builtin::type_oid(name).ok_or_else(|| missing("type", name)),
        Reg::Proc => find_proc(lookup, name),
        Reg::Procedure => find_procedure(lookup, name),
        Reg::Namespace => {
            let parts = name_parts(name);
            let oid = if let [only] = &parts[..] { lookup.schema_oid(only) } else { None };
            oid.ok_or_else(|| Error::new(Kind::InvalidSchemaName, format!("schema \"{}\" does not exist", parts.join("."))))
        }
        Reg::Role => {
            let parts = name_parts(name);
            let role = if let [only] = &parts[..] { lookup.catalog.role_named(only) } else { None };
            role.map(|role| role.oid).ok_or_else(|| missing("role", &parts.join(".")))
        }
        Reg::Collation => {
            let parts = name_parts(name);
            let wanted = parts.last().map_or("", String::as_str);
            let found = COLLATIONS.iter().find(|(_, known)| *known == wanted).map(|(oid, _)| *oid);
            found.ok_or_else(|| {
                let name = parts.join(".");
                Error::new(Kind::UndefinedObject, format!("collation \"{name}\" for encoding \"UTF8\" does not exist"))
            })
        }
        Reg::Oper => match operators::named(name.strip_prefix("pg_catalog.").unwrap_or(name))[..] {
            [only] => Ok(only),
            [] => Err(Error::new(Kind::UndefinedFunction, format!("operator does not exist: {name}"))),
            [..] => Err(Error::new(Kind::AmbiguousFunction, format!("more than one operator named {name}"))),
        },
        Reg::Operator => find_operator(name),
        Reg::Config => require_simple(name).map(|()| SIMPLE_CONFIG),
        Reg::Dictionary => Err(missing("text search dictionary", name)),
    }
}

const COLLATIONS: [(Oid, &str); 3] = [(100, "default"), (950, "C"), (951, "POSIX")];

fn missing(kind: &str, name: &str) -> Error {
    Error::new(Kind::UndefinedObject, format!("{kind} \"{name}\" does not exist"))
}

/// The name as it must be written to find the relation: without its schema where that suffices.
fn class_name(lookup: &Lookup<'_>, oid: Oid) -> Option<String> {
    let name = lookup.relation_name(oid)?;
    Some(if lookup.relation_is_visible(&name) { quote_identifier(&name.name) } else { name.to_string() })
}

fn find_proc(lookup: &Lookup<'_>, name: &str) -> Result<Oid> {
    match lookup.find_functions(&name_parts(name))[..] {
        [only] => Ok(only),
        [] => Err(Error::new(Kind::UndefinedFunction, format!("function \"{name}\" does not exist"))),
        [..] => Err(Error::new(Kind::AmbiguousFunction, format!("more than one function named \"{name}\""))),
    }
}

/// `name(types)`.
fn find_procedure(lookup: &Lookup<'_>, text: &str) -> Result<Oid> {
    let undefined = || Error::new(Kind::UndefinedFunction, format!("function \"{text}\" does not exist"));
    let (name, types) = with_types(text)?;
    lookup.find_functions(&name_parts(name)).into_iter().find(|oid| argument_types(lookup, *oid) == types).ok_or_else(undefined)
}

fn find_operator(text: &str) -> Result<Oid> {
    let (name, types) = with_types(text)?;
    let name = name.strip_prefix("pg_catalog.").unwrap_or(name);
    operators::named(name)
        .into_iter()
        .find(|oid| operators::by_oid(*oid).is_some_and(|operator| operator.operands()[..] == types[..]))
        .ok_or_else(|| Error::new(Kind::UndefinedFunction, format!("operator does not exist: {text}")))
}

/// A name with the types in parentheses behind it; `NONE` is no operand.
fn with_types(text: &str) -> Result<(&str, Vec<Oid>)> {
    let Some((name, types)) = text.trim().strip_suffix(')').and_then(|text| text.split_once('(')) else {
        return Err(Error::new(Kind::InvalidTextRepresentation, "expected a left parenthesis"));
    };
    let types = types.split(',').map(str::trim).filter(|name| !name.is_empty());
    let oids = types.map(|name| match name {
        "NONE" | "none" => Ok(0),
        name => builtin::type_oid(name).ok_or_else(|| missing("type", name)),
    });
    Ok((name, oids.collect::<Result<_>>()?))
}

fn argument_types(lookup: &Lookup<'_>, oid: Oid) -> Vec<Oid> {
    match lookup.function(oid) {
        Some(function) => function.arguments.iter().map(|argument| argument.sql_type.oid()).collect(),
        None => builtin::function_by_oid(oid).map_or(vec![], |builtin| builtin.arguments.clone()),
    }
}

fn proc_name(lookup: &Lookup<'_>, oid: Oid) -> Option<String> {
    if let Some(function) = lookup.function(oid) {
        let visible = lookup.function_is_visible(function);
        return Some(if visible { quote_identifier(&function.name.name) } else { function.name.to_string() });
    }
    builtin::function_by_oid(oid).map(|builtin| quote_identifier(builtin.name))
}

fn procedure_name(lookup: &Lookup<'_>, oid: Oid) -> Option<String> {
    let types = match lookup.function(oid) {
        Some(function) => definition::argument_types(function),
        None => argument_types(lookup, oid).iter().map(|oid| builtin::format_type(*oid, -1)).collect::<Vec<_>>().join(","),
    };
    proc_name(lookup, oid).map(|name| format!("{name}({types})"))
}
