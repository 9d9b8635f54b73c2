//! Definitions as SQL text, laid out as PostgreSQL's `pg_get_…def` functions lay them out.

use crate::catalog::{Column, Function, Table, View, quote_identifier};
use crate::query::parse;
use crate::query::system::builtin::BuiltinFunction;
use crate::query::system::layout;
use crate::query::system::world::{Constraint, Lookup, key_name};

/// A view's query as PostgreSQL lays it out, or over several lines where that is not known; with the semicolon behind it. In `pretty` text
/// parentheses that are not needed are left out.
pub(crate) fn view(view: &View, lookup: &Lookup<'_>, pretty: bool) -> String {
    if let Some(text) = layout::view(view, lookup, pretty) {
        return text;
    }
    let laid_out = parse::parse_query(&view.query).map_or_else(|_| view.query.clone(), |query| format!("{query:#}"));
    format!(" {laid_out};")
}

/// A column's default as `pg_get_expr` shows it: a string literal with its type behind it.
pub(crate) fn default(column: &Column) -> Option<String> {
    let default = column.default.as_ref()?.sql();
    let bare = default.starts_with('\'') && default.ends_with('\'');
    Some(if bare { format!("{default}::{}", column.sql_type.without_modifier()) } else { default })
}

/// A constraint as it stands in CREATE TABLE.
pub(crate) fn constraint(constraint: &Constraint<'_>, pretty: bool) -> String {
    match constraint.predicate {
        Some(predicate) if pretty => format!("CHECK ({predicate})"),
        Some(predicate) => format!("CHECK (({predicate}))"),
        None => format!("PRIMARY KEY ({})", key_columns(constraint.table).join(", ")),
    }
}

/// The primary-key index of a table; `column` from 1 on asks for one column's text only.
pub(crate) fn index(table: &Table, column: usize) -> String {
    let columns = key_columns(table);
    if column > 0 {
        return columns.get(column - 1).cloned().unwrap_or_default();
    }
    let index = quote_identifier(&key_name(table));
    format!("CREATE UNIQUE INDEX {index} ON {} USING btree ({})", table.name, columns.join(", "))
}

fn key_columns(table: &Table) -> Vec<String> {
    let names = table.primary_key.iter().filter_map(|id| table.columns.iter().find(|column| column.id == *id));
    names.map(|column| quote_identifier(&column.name)).collect()
}

/// A function as CREATE OR REPLACE FUNCTION would make it again.
pub(crate) fn function(function: &Function) -> String {
    let rights = if function.definer { " SECURITY DEFINER\n" } else { "" };
    let mut tag = "$function$".to_owned();
    while function.body.contains(&tag) {
        tag.insert(1, '_');
    }
    format!(
        "CREATE OR REPLACE FUNCTION {}({})\n RETURNS {}\n LANGUAGE sql\n{rights}AS {tag}{}{tag}\n",
        function.name,
        function_arguments(function, true),
        function_result(function),
        function.body
    )
}

/// A built-in function as PostgreSQL would define it.
pub(crate) fn builtin_function(function: &BuiltinFunction) -> String {
    let mut words = String::new();
    match function.field("provolatile") {
        "i" => words.push_str(" IMMUTABLE"),
        "s" => words.push_str(" STABLE"),
        _ => {}
    }
    match function.field("proparallel") {
        "s" => words.push_str(" PARALLEL SAFE"),
        "r" => words.push_str(" PARALLEL RESTRICTED"),
        _ => {}
    }
    for (column, word) in [("proisstrict", " STRICT"), ("prosecdef", " SECURITY DEFINER"), ("proleakproof", " LEAKPROOF")] {
        if function.field(column) == "t" {
            words.push_str(word);
        }
    }
    let words = if words.is_empty() { String::new() } else { format!("{words}\n") };
    let source = if function.field("prosrc").is_empty() { function.name } else { function.field("prosrc") };
    format!(
        "CREATE OR REPLACE FUNCTION pg_catalog.{}({})\n RETURNS {}\n LANGUAGE internal\n{words}AS $function${source}$function$\n",
        quote_identifier(function.name),
        function.signature(true),
        function.result(),
    )
}

/// A function's arguments with names and, if wanted, defaults.
pub(crate) fn function_arguments(function: &Function, defaults: bool) -> String {
    let arguments = function.arguments.iter().map(|argument| {
        let name = if argument.name.is_empty() { String::new() } else { format!("{} ", quote_identifier(&argument.name)) };
        let default = argument.default.as_ref().filter(|_| defaults).map_or(String::new(), |default| format!(" DEFAULT {default}"));
        format!("{name}{}{default}", argument.sql_type)
    });
    arguments.collect::<Vec<_>>().join(", ")
}

/// What a function returns.
pub(crate) fn function_result(function: &Function) -> String {
    let columns = function.columns.iter().map(|(name, sql_type)| format!("{} {sql_type}", quote_identifier(name)));
    format!("TABLE({})", columns.collect::<Vec<_>>().join(", "))
}

/// The types of a function's arguments, which tell it from others of its name.
pub(crate) fn argument_types(function: &Function) -> String {
    function.arguments.iter().map(|argument| argument.sql_type.to_string()).collect::<Vec<_>>().join(",")
}
