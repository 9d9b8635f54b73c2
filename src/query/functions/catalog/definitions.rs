//! Definitions as text (`pg_get_…def`), comments, and what is visible without its schema (PostgreSQL 15, section 9.26).

use super::SqlTypeName::{Bool, Text};
use super::{Arg, Line, SqlTypeName, arg, line};
use crate::catalog::{Function, Oid, Relation, RowPolicy, Table};
use crate::error::Result;
use crate::query::system::builtin;
use crate::query::system::definition;
use crate::query::system::naming;
use crate::query::system::operators;
use crate::query::system::policies;
use crate::query::system::rows::Cell;
use crate::query::system::shape;
use crate::query::system::world::{
    Lookup, PG_CLASS, PG_NAMESPACE, PG_POLICY, PG_PROC, PG_REWRITE, PG_TYPE, World, policy_oid, rule_oid,
};
use crate::value::Reg;

pub(super) const LINES: [Line; 39] = [
    Line { name: "format_type", arguments: (2, 2), returns: Text, strict: false, call: format_type },
    line("oidvectortypes", (1, 1), Text, |_, args| {
        let Arg::List(types) = arg(args, 0) else { return Ok(Cell::Null) };
        let names = types.iter().map(|of| builtin::format_type(of.oid().unwrap_or(0), -1));
        Ok(names.collect::<Vec<_>>().join(", ").into())
    }),
    // Expressions are kept as the SQL text that they are.
    line("pg_get_expr", (2, 3), Text, |_, args| Ok(arg(args, 0).text().into())),
    line("pg_get_viewdef", (1, 2), Text, view),
    line("pg_get_constraintdef", (1, 2), Text, constraint),
    line("pg_get_indexdef", (1, 3), Text, index),
    line("pg_get_functiondef", (1, 1), Text, |world, args| {
        let own = function(world, args).map(definition::function);
        Ok(own.or_else(|| builtin_function(args).map(definition::builtin_function)).into())
    }),
    line("pg_get_function_arguments", (1, 1), Text, |world, args| {
        Ok(function(world, args)
            .map(|function| definition::function_arguments(function, true))
            .or_else(|| builtin(args, true))
            .into())
    }),
    line("pg_get_function_identity_arguments", (1, 1), Text, |world, args| {
        Ok(function(world, args)
            .map(|function| definition::function_arguments(function, false))
            .or_else(|| builtin(args, false))
            .into())
    }),
    line("pg_get_function_result", (1, 1), Text, function_result),
    line("pg_get_function_arg_default", (2, 2), Text, argument_default),
    line("pg_get_function_sqlbody", (1, 1), Text, nothing),
    line("pg_get_ruledef", (1, 2), Text, rule),
    line("pg_get_triggerdef", (1, 2), Text, nothing),
    line("pg_get_statisticsobjdef", (1, 1), Text, nothing),
    line("pg_get_statisticsobjdef_columns", (1, 1), Text, nothing),
    line("pg_get_partkeydef", (1, 1), Text, nothing),
    line("pg_get_partition_constraintdef", (1, 1), Text, nothing),
    line("pg_get_serial_sequence", (2, 2), Text, nothing),
    line("obj_description", (1, 2), Text, object_comment),
    line("col_description", (2, 2), Text, column_comment),
    line("shobj_description", (2, 2), Text, shared_comment),
    line("pg_describe_object", (3, 3), Text, described),
    line("pg_table_is_visible", (1, 1), Bool, |world, args| {
        Ok(arg(args, 0).oid().and_then(|oid| world.relation_name(oid)).map(|name| world.relation_is_visible(&name)).into())
    }),
    line("pg_type_is_visible", (1, 1), Bool, |_, args| {
        Ok(arg(args, 0).oid().and_then(builtin::type_by_oid).map(|builtin| !builtin.standard).into())
    }),
    line("pg_function_is_visible", (1, 1), Bool, |world, args| {
        let own = function(world, args).map(|function| world.function_is_visible(function));
        Ok(own.or_else(|| builtin(args, false).map(|_| true)).into())
    }),
    line("pg_collation_is_visible", (1, 1), Bool, visible),
    line("pg_operator_is_visible", (1, 1), Bool, visible),
    line("pg_opclass_is_visible", (1, 1), Bool, visible),
    line("pg_opfamily_is_visible", (1, 1), Bool, visible),
    line("pg_conversion_is_visible", (1, 1), Bool, visible),
    line("pg_statistics_obj_is_visible", (1, 1), Bool, visible),
    line("pg_ts_config_is_visible", (1, 1), Bool, visible),
    line("pg_ts_dict_is_visible", (1, 1), Bool, visible),
    line("pg_ts_parser_is_visible", (1, 1), Bool, visible),
    line("pg_ts_template_is_visible", (1, 1), Bool, visible),
    line("pg_relation_is_publishable", (1, 1), Bool, |_, _| Ok(false.into())),
    line("pg_relation_is_updatable", (2, 2), SqlTypeName::Int4, |_, _| Ok(0.into())),
    line("pg_column_is_updatable", (3, 3), Bool, |_, _| Ok(false.into())),
];

/// There is no object of the kind.
fn nothing(_world: &World<'_>, _args: &[Arg]) -> Result<Cell> {
    Ok(Cell::Null)
}

/// Objects of this kind are all in `pg_catalog`, which is always looked into.
fn visible(_world: &World<'_>, _args: &[Arg]) -> Result<Cell> {
    Ok(true.into())
}

fn format_type(_world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let modifier = arg(args, 1).int().and_then(|modifier| i32::try_from(modifier).ok()).unwrap_or(-1);
    Ok(arg(args, 0).oid().map(|oid| builtin::format_type(oid, modifier)).into())
}

/// The definition of a view of ours; PostgreSQL's own views are computed here, so they have none.
fn view(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let oid = arg(args, 0).relation(world)?;
    Ok(match world.catalog.relation_by_oid(oid) {
        Some(Relation::View(found)) => definition::view(found, world, arg(args, 1).is_true()).into(),
        Some(Relation::Table(_)) => Cell::Null,
        None => shape::all().find(|shape| shape.oid == oid && shape.kind == "v").map(|_| "").into(),
    })
}

/// What makes a view one, as `CREATE RULE` would.
fn rule(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let oid = arg(args, 0).oid();
    let found = world.views().find(|view| Some(rule_oid(view)) == oid);
    Ok(found
        .map(|view| {
            format!(
                "CREATE RULE \"_RETURN\" AS\n    ON SELECT TO {} DO INSTEAD {}",
                view.name,
                definition::view(view, world, arg(args, 1).is_true())
            )
        })
        .into())
}

fn constraint(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let found = arg(args, 0).oid().and_then(|oid| world.constraint(oid));
    Ok(found.map(|found| definition::constraint(&found, arg(args, 1).is_true())).into())
}

fn index(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let column = arg(args, 1).int().and_then(|column| usize::try_from(column).ok()).unwrap_or(0);
    let lookup: Option<&Lookup<'_>> = arg(args, 2).is_true().then_some(world);
    let found = arg(args, 0).oid().and_then(|oid| world.index(oid));
    Ok(found.map(|found| definition::index(&found, column, lookup)).into())
}

fn function<'a>(world: &World<'a>, args: &[Arg]) -> Option<&'a Function> {
    arg(args, 0).oid().and_then(|oid| world.function(oid))
}

fn builtin_function(args: &[Arg]) -> Option<&'static builtin::BuiltinFunction> {
    arg(args, 0).oid().and_then(builtin::function_by_oid)
}

/// The arguments of a built-in function; of one that PostgreSQL does not have, that it takes anything.
fn builtin(args: &[Arg], defaults: bool) -> Option<String> {
    match builtin_function(args) {
        Some(found) => Some(found.signature(defaults)),
        None => arg(args, 0).oid().filter(|oid| is_own(*oid)).map(|_| "VARIADIC \"any\"".to_owned()),
    }
}

/// Whether an id is of a function that PostgreSQL does not have.
fn is_own(oid: u32) -> bool {
    (0x4000_0000..0x8000_0000).contains(&oid)
}

fn function_result(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let own = function(world, args).map(definition::function_result);
    Ok(own.or_else(|| builtin_function(args).map(builtin::BuiltinFunction::result)).into())
}

fn argument_default(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let place = arg(args, 1).int().and_then(|place| usize::try_from(place - 1).ok());
    let argument = function(world, args).zip(place).and_then(|(function, place)| function.arguments.get(place));
    Ok(argument.and_then(|argument| argument.default.clone()).into())
}

/// The comment on a role.
fn shared_comment(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let of_role = arg(args, 1).text() == "pg_authid";
    let role = arg(args, 0).oid().filter(|_| of_role).and_then(|oid| world.catalog.role(oid));
    Ok(role.and_then(|role| role.comment.as_deref()).into())
}

/// The comment of an object of one catalog; without the catalog's name the id alone decides, as PostgreSQL warns it may.
fn object_comment(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let Some(oid) = arg(args, 0).oid() else { return Ok(Cell::Null) };
    let of_index = || world.catalog.indexes().find(|(_, index)| index.oid == oid).and_then(|(_, index)| index.comment.as_deref());
    let relation = || world.catalog.relation_by_oid(oid).and_then(Relation::comment).or_else(of_index);
    let schema = || world.schemas().into_iter().find(|(_, own, _)| *own == oid).and_then(|(_, _, comment)| comment);
    let function = || world.function(oid).and_then(|function| function.comment.as_deref());
    let of_policy = || policy(world, oid).and_then(|(_, policy)| policy.comment.as_deref());
    let said = |comment: &'static str| (!comment.is_empty()).then_some(comment);
    let of_builtin = || builtin::function_by_oid(oid).and_then(|found| said(found.field("description")));
    let of_type = || builtin::type_by_oid(oid).and_then(|found| said(found.comment()));
    let of_operator = || operators::by_oid(oid).and_then(|found| said(found.comment()));
    Ok(match arg(args, 1) {
        Arg::Text(class) => match class.as_str() {
            "pg_class" => relation(),
            "pg_namespace" => schema(),
            "pg_proc" => function().or_else(of_builtin),
            "pg_type" => of_type(),
            "pg_operator" => of_operator(),
            "pg_policy" => of_policy(),
            _ => None,
        },
        Arg::Null | Arg::Bool(_) | Arg::Int(_) | Arg::List(_) => {
            relation().or_else(schema).or_else(function).or_else(of_type).or_else(of_policy)
        }
    }
    .into())
}

/// A row policy that the role may see, with its table.
fn policy<'a>(world: &World<'a>, oid: Oid) -> Option<(&'a Table, &'a RowPolicy)> {
    policies::known(world).find(|(table, place, _)| policy_oid(table, *place) == oid).map(|(table, _, policy)| (table, policy))
}

/// An object in words, as errors name it.
fn described(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let (Some(class), Some(oid)) = (arg(args, 0).oid(), arg(args, 1).oid()) else { return Ok(Cell::Null) };
    let shown = |kind: &str, reg| naming::name(world, reg, oid).map(|name| format!("{kind} {name}"));
    let relation = || match world.catalog.relation_by_oid(oid) {
        Some(Relation::View(_)) => "view",
        Some(Relation::Table(_)) => "table",
        None if world.index(oid).is_some() => "index",
        None => "table",
    };
    Ok(match class {
        PG_CLASS => {
            let number = arg(args, 2).int().unwrap_or(0);
            let column = world
                .catalog
                .relation_by_oid(oid)
                .and_then(|found| found.columns().get(usize::try_from(number - 1).ok()?).map(|(name, _, _)| (*name).to_owned()));
            let whole = shown(relation(), Reg::Class);
            column.and_then(|column| whole.clone().map(|whole| format!("column {column} of {whole}"))).or(whole)
        }
        PG_PROC => shown("function", Reg::Procedure),
        PG_NAMESPACE => shown("schema", Reg::Namespace),
        PG_TYPE => shown("type", Reg::Type),
        PG_REWRITE => world
            .views()
            .find(|view| rule_oid(view) == oid)
            .and_then(|view| naming::name(world, Reg::Class, view.oid))
            .map(|name| format!("rule _RETURN on view {name}")),
        PG_POLICY => policy(world, oid).and_then(|(table, policy)| {
            Some(format!("policy {} on table {}", policy.name, naming::name(world, Reg::Class, table.oid)?))
        }),
        _ => None,
    }
    .into())
}

fn column_comment(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let number = arg(args, 1).int().and_then(|number| u32::try_from(number).ok());
    let table = match arg(args, 0).oid().and_then(|oid| world.catalog.relation_by_oid(oid)) {
        Some(Relation::Table(table)) => table,
        Some(Relation::View(_)) | None => return Ok(Cell::Null),
    };
    let column = table.columns.iter().find(|column| Some(column.id) == number);
    Ok(column.and_then(|column| column.comment.as_deref()).into())
}
