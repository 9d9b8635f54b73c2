//! `pg_proc`: the functions that a statement can call, and those that types, operators and aggregates are made of.

use super::builtin::{self, BuiltinFunction};
use super::rows::{Cell, Rows};
use super::world::{PG_CATALOG, SUPERUSER_OID, World, own_function_oid};
use crate::catalog::{Function, Object};
use crate::error::Result;

/// The id of the language `sql`.
pub(super) const LANGUAGE_SQL: u32 = 14;
/// The id of the language `internal`.
pub(super) const LANGUAGE_INTERNAL: u32 = 12;
/// The id of the pseudo-type `record`, which functions that return a table return.
const RECORD: u32 = 2_249;
/// The id of the pseudo-type `"any"`.
const ANY: u32 = 2_276;

pub(super) fn procs(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let callable = &world.facts.system.callable;
    for builtin in builtin::functions() {
        if is_shown(world, builtin) {
            builtin_row(rows, builtin)?;
        }
    }
    for name in callable.iter().filter(|name| builtin::functions_named(name).next().is_none()) {
        own_row(rows, name)?;
    }
    for function in world.catalog.functions() {
        function_row(world, rows, function)?;
    }
    Ok(())
}

/// Whether something here calls a function of PostgreSQL's.
pub(super) fn is_shown(world: &World<'_>, builtin: &BuiltinFunction) -> bool {
    world.facts.system.callable.contains(builtin.name) || is_part(builtin)
}

/// Whether a type or an operator is made of it: it takes or gives `cstring` or `internal`, or is an operator's code.
fn is_part(builtin: &BuiltinFunction) -> bool {
    const INTERNAL: [u32; 2] = [2_275, 2_281];
    let io = INTERNAL.contains(&builtin.returns) || builtin.arguments.iter().any(|oid| INTERNAL.contains(oid));
    io || builtin.name.ends_with("send") || super::operators::is_code(builtin.oid)
}

fn builtin_row(rows: &mut Rows<'_>, builtin: &BuiltinFunction) -> Result<()> {
    let source = builtin.field("prosrc");
    let list = |column: &str| {
        let elements = builtin.list(column);
        if elements.is_empty() { Cell::Null } else { Cell::list(elements) }
    };
    let defaults = builtin.field("proargdefaults");
    let mut cells: Vec<(&str, Cell)> = builtin.plain_fields().map(|(column, field)| (column, field.into())).collect();
    cells.extend([
        ("oid", builtin.oid.into()),
        ("proname", builtin.name.into()),
        ("pronamespace", PG_CATALOG.into()),
        ("proowner", SUPERUSER_OID.into()),
        ("pronargs", builtin.arguments.len().into()),
        ("proargtypes", Cell::list(&builtin.arguments)),
        ("proallargtypes", list("proallargtypes")),
        ("proargmodes", list("proargmodes")),
        ("proargnames", list("proargnames")),
        ("proargdefaults", if defaults.is_empty() { Cell::Null } else { defaults.into() }),
        ("prosrc", if source.is_empty() { builtin.name } else { source }.into()),
    ]);
    rows.add(&cells)
}

/// A function that PostgreSQL does not have. It finds out at the call which arguments it takes, and its type follows from them.
fn own_row(rows: &mut Rows<'_>, name: &str) -> Result<()> {
    const MAKES_UUID: u32 = 2_950;
    let made = name == "uuidv7";
    rows.add(&[
        ("oid", own_function_oid(name).into()),
        ("proname", name.into()),
        ("pronamespace", PG_CATALOG.into()),
        ("proowner", SUPERUSER_OID.into()),
        ("prolang", LANGUAGE_INTERNAL.into()),
        ("procost", 1.into()),
        ("provariadic", if made { 0 } else { ANY }.into()),
        ("prokind", "f".into()),
        ("provolatile", if made { "v" } else { "s" }.into()),
        ("proparallel", "s".into()),
        ("pronargs", u32::from(!made).into()),
        ("prorettype", if made { MAKES_UUID } else { ANY }.into()),
        ("proargtypes", if made { Cell::List(vec![]) } else { Cell::list([ANY]) }),
        ("proallargtypes", if made { Cell::Null } else { Cell::list([ANY]) }),
        ("proargmodes", if made { Cell::Null } else { Cell::list(["v"]) }),
        ("prosrc", name.into()),
    ])
}

fn function_row(world: &World<'_>, rows: &mut Rows<'_>, function: &Function) -> Result<()> {
    let arguments: Vec<u32> = function.arguments.iter().map(|argument| argument.sql_type.oid()).collect();
    let all = arguments.iter().copied().chain(function.columns.iter().map(|(_, sql_type)| sql_type.oid()));
    let modes = function.arguments.iter().map(|_| "i").chain(function.columns.iter().map(|_| "t"));
    let names = function
        .arguments
        .iter()
        .map(|argument| argument.name.as_str())
        .chain(function.columns.iter().map(|(name, _)| name.as_str()));
    let defaults: Vec<&str> = function.arguments.iter().filter_map(|argument| argument.default.as_deref()).collect();
    rows.add(&[
        ("oid", function.oid.into()),
        ("proname", function.name.name.as_str().into()),
        ("pronamespace", world.schema_oid(&function.name.schema).into()),
        ("proowner", world.catalog.owner(Object::Function(function.oid)).into()),
        ("proacl", world.acl(Object::Function(function.oid))),
        ("prolang", LANGUAGE_SQL.into()),
        ("procost", 100.into()),
        ("prorows", 1_000.into()),
        ("prokind", "f".into()),
        ("proretset", true.into()),
        ("prosecdef", function.definer.into()),
        ("provolatile", "v".into()),
        ("proparallel", "u".into()),
        ("pronargs", arguments.len().into()),
        ("pronargdefaults", defaults.len().into()),
        ("prorettype", RECORD.into()),
        ("proallargtypes", Cell::list(all)),
        ("proargmodes", Cell::list(modes)),
        ("proargnames", Cell::list(names)),
        ("proargtypes", Cell::list(&arguments)),
        ("proargdefaults", if defaults.is_empty() { Cell::Null } else { defaults.join(", ").into() }),
        ("prosrc", function.body.as_str().into()),
    ])
}
