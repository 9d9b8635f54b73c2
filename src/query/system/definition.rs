//! Definitions as SQL text, laid out as PostgreSQL's `pg_get_…def` functions lay them out.

use crate::catalog::{Column, Function, Index, IndexKey, KeyOf, Table, View, Words, quote_identifier};
use crate::query::parse;
use crate::query::system::builtin::BuiltinFunction;
use crate::query::system::indexes::TableIndex;
use crate::query::system::layout;
use crate::query::system::world::{Constraint, Lookup};
use crate::value::SqlType;
use crate::value::json::path::Step;

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

/// An index as CREATE INDEX makes it; `column` from 1 on asks for one key's text only. For somebody who is told in short, `pretty` says
/// where tables are looked for.
pub(crate) fn index(found: &TableIndex<'_>, column: usize, pretty: Option<&Lookup<'_>>) -> String {
    let (table, index) = (found.table, found.index.as_ref());
    if column > 0 {
        let key = index.keys.get(column - 1);
        let column = key.and_then(|key| table.columns.iter().find(|column| column.id == key.column).map(|column| (key, column)));
        return column.map(|(key, column)| index_key(key, column, pretty.is_some())).unwrap_or_default();
    }
    let unique = if found.is_primary { "UNIQUE " } else { "" };
    let on = match pretty {
        Some(lookup) if lookup.relation_is_visible(&table.name) => quote_identifier(&table.name.name),
        Some(_) | None => table.name.to_string(),
    };
    format!("CREATE {unique}INDEX {} ON {on} {}", quote_identifier(&index.name), index_terms(table, index, pretty.is_some()))
}

/// What stands behind the table in CREATE INDEX. In `pretty` text parentheses that are not needed are left out.
pub(crate) fn index_terms(table: &Table, index: &Index, pretty: bool) -> String {
    let keys = index.keys.iter().filter_map(|key| {
        let mut text = index_key(key, table.columns.iter().find(|column| column.id == key.column)?, pretty);
        if let Some(collation) = &key.collation {
            text.push_str(&format!(" COLLATE {}", quote_identifier(collation)));
        }
        if let Some(class) = &key.class {
            text.push_str(&format!(" {}", quote_identifier(class)));
        }
        text.push_str(match (key.descending, key.nulls_first) {
            (false, false) => "",
            (false, true) => " NULLS FIRST",
            (true, true) => " DESC",
            (true, false) => " DESC NULLS LAST",
        });
        Some(text)
    });
    let mut text = format!("USING {} ({})", index.method.name(), keys.collect::<Vec<_>>().join(", "));
    if !index.options.is_empty() {
        // A value is bare where it could be a name.
        let bare = |value: &str| quote_identifier(value) == value && !["true", "false", "on"].contains(&value);
        let option = |(name, value): &(String, String)| {
            if bare(value) { format!("{name}={value}") } else { format!("{name}='{}'", value.replace('\'', "''")) }
        };
        text.push_str(&format!(" WITH ({})", index.options.iter().map(option).collect::<Vec<_>>().join(", ")));
    }
    text
}

/// The column or expression that a key is.
pub(crate) fn index_key(key: &IndexKey, column: &Column, pretty: bool) -> String {
    let name = quote_identifier(&column.name);
    let cast = matches!(column.sql_type, SqlType::Varchar(_) | SqlType::Bpchar(_) | SqlType::Name);
    let text = match (cast, pretty) {
        (false, _) => name.clone(),
        (true, true) => format!("{name}::text"),
        (true, false) => format!("({name})::text"),
    };
    match &key.of {
        KeyOf::Value => name,
        KeyOf::Words(Words::Unnamed) => format!("to_tsvector({text})"),
        KeyOf::Words(Words::Simple) => format!("to_tsvector('simple'::regconfig, {text})"),
        KeyOf::Path(steps) if pretty => path_text(name, steps),
        KeyOf::Path(steps) => format!("({})", path_text(name, steps)),
    }
}

/// The text at a path, as PostgreSQL writes it.
pub(super) fn path_text(column: String, steps: &[Step]) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let mut text = column;
    // Steps of one list stand together.
    let parts = steps.chunk_by(|one, next| matches!((one, next), (Step::Either(_), Step::Either(_))));
    let last = parts.clone().count().saturating_sub(1);
    for (at, part) in parts.enumerate() {
        let mark = if at == last { ">>" } else { ">" };
        text = match &part[0] {
            Step::Key(key) => format!("({text} -{mark} {}::text)", quoted(key)),
            Step::Element(index @ 0..) => format!("({text} -{mark} {index})"),
            Step::Element(index) => format!("({text} -{mark} '{index}'::integer)"),
            Step::Either(_) => {
                let keys = part.iter().filter_map(|step| match step {
                    Step::Either(key) => Some(element(key)),
                    Step::Key(_) | Step::Element(_) => None,
                });
                format!("({text} #{mark} {}::text[])", quoted(&format!("{{{}}}", keys.collect::<Vec<_>>().join(","))))
            }
        };
    }
    text
}

/// An element in the text of an array, in quotes where it could be taken for something else.
fn element(text: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
    if !text.is_empty() && text.chars().all(plain) && !text.eq_ignore_ascii_case("null") {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
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
