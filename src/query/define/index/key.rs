//! One key of an index: which column it is on, and whether rows can be found by its values or its words.

use datafusion::sql::sqlparser::ast::{CastKind, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Value};

use super::path;
use crate::catalog::{Column, IndexKey, IndexMethod, KeyOf, Table, Words};
use crate::error::{Error, Kind, Result};
use crate::query::parse::{KeyPart, KeyTarget, unsupported};
use crate::query::plan::{names, types};
use crate::query::system::indexes::{COLLATIONS, is_collatable};
use crate::query::system::operators::{self, OperatorClass, TRIGRAMS};
use crate::store::spec::TableKind;
use crate::value::SqlType;
use crate::value::json::path::Step;

/// The key that a part of the statement says, which the index calls `name`.
///
/// # Errors
/// 42703 for no column of the table, 42704 and 42804 for collations and operator classes, 0A000 for what the store finds no rows by.
pub(super) fn read(part: &KeyPart, name: String, method: IndexMethod, table: &Table) -> Result<IndexKey> {
    let (column, of) = target(&part.of, method)?;
    let Some((_, column)) = table.column(&column) else {
        return Err(Error::new(Kind::UndefinedColumn, format!("column \"{column}\" does not exist")));
    };
    let (mut key, on) = (IndexKey::plain(column.id, name), on(&of, column)?);
    key.collation = collation(part, on, &of)?;
    match of {
        KeyOf::Words(words) => require_words(part, column, words)?,
        KeyOf::Value | KeyOf::Path(_) => {
            let class = class(part, method, on)?;
            let is_default = operators::default_class(method, on.oid()) == Some(class);
            key.class = (!is_default).then(|| class.name.to_owned());
            if table.kind() == TableKind::Log {
                require_findable(method, class, column, on)?;
            }
        }
    }
    key.of = of;
    if method != IndexMethod::Btree {
        let lacks = |what: &str| {
            let message = format!("access method \"{}\" does not support {what} options", method.name());
            Err(Error::new(Kind::FeatureNotSupported, message))
        };
        if part.descending.is_some() {
            return lacks("ASC/DESC");
        }
        if part.nulls_first.is_some() {
            return lacks("NULLS FIRST/LAST");
        }
    }
    key.descending = part.descending == Some(true);
    key.nulls_first = part.nulls_first.unwrap_or(key.descending);
    Ok(key)
}

/// The column of a key, and what of it the key is on.
fn target(of: &KeyTarget, method: IndexMethod) -> Result<(String, KeyOf)> {
    match of {
        KeyTarget::Column(name) => Ok((name.clone(), KeyOf::Value)),
        KeyTarget::Expression(expression) => {
            if let Some(column) = plain(expression) {
                return Ok((column, KeyOf::Value));
            }
            match (words(expression), path::read(expression)) {
                (Some((column, words)), _) if method == IndexMethod::Gin => Ok((column, KeyOf::Words(words))),
                (_, Some((column, steps))) if method != IndexMethod::Gin => Ok((column, KeyOf::Path(steps))),
                _ => Err(unsupported(&format!("an index on {expression}")).with_hint(
                    "An index is on columns, or on the text at a path of a jsonb, as (details -> 'error' ->> 'code'); USING gin also on \
                     to_tsvector('simple', column), whose column is text or JSON.",
                )),
            }
        }
    }
}

/// The type of what a key is on, but for words.
fn on<'a>(of: &KeyOf, column: &'a Column) -> Result<&'a SqlType> {
    match of {
        KeyOf::Value | KeyOf::Words(_) => Ok(&column.sql_type),
        KeyOf::Path(_) if column.sql_type == SqlType::Jsonb => Ok(&SqlType::Text),
        KeyOf::Path(_) if column.sql_type == SqlType::Json => {
            let what = format!("an index on a path into \"{}\" of type json", column.name);
            Err(unsupported(&what).with_hint("Paths lead into columns of type jsonb."))
        }
        KeyOf::Path(steps) => {
            let operator = match (steps.first(), steps.len()) {
                (Some(Step::Element(_)), 1) => "->> integer",
                (Some(Step::Element(_)), _) => "-> integer",
                (Some(Step::Key(_)), 1) => "->> unknown",
                (Some(Step::Either(_)), _) => "#>> unknown",
                (Some(Step::Key(_)) | None, _) => "-> unknown",
            };
            let message = format!("operator does not exist: {} {operator}", column.sql_type.without_modifier());
            Err(Error::new(Kind::UndefinedFunction, message)
                .with_hint("No operator matches the given name and argument types. You might need to add explicit type casts."))
        }
    }
}

/// The column that an expression is.
pub(super) fn plain(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Identifier(column) => Some(names::fold(column)),
        Expr::Nested(inner) => plain(inner),
        _ => None,
    }
}

/// The column of `to_tsvector([configuration,] column)`, and how the call names the configuration.
fn words(expression: &Expr) -> Option<(String, Words)> {
    let Expr::Function(function) = expression else { return None };
    let FunctionArguments::List(list) = &function.args else { return None };
    let called = names::parts(&function.name).ok()?;
    let own =
        matches!(called.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), ["to_tsvector"] | ["pg_catalog", "to_tsvector"]);
    let arguments: Vec<&Expr> = list
        .args
        .iter()
        .filter_map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => Some(expression),
            _ => None,
        })
        .collect();
    match arguments.as_slice() {
        [text] if own && list.args.len() == 1 => Some((text_column(text)?, Words::Unnamed)),
        [configuration, text] if own && is_simple(configuration) => Some((text_column(text)?, Words::Simple)),
        _ => None,
    }
}

/// `column`, also as `column::text`, as PostgreSQL shows strings of other types.
fn text_column(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Cast { kind: CastKind::DoubleColon | CastKind::Cast, expr, data_type, .. }
            if types::of_sql(data_type).is_ok_and(|cast| cast == SqlType::Text) =>
        {
            plain(expr)
        }
        other => plain(other),
    }
}

/// `'simple'`, also as `'simple'::regconfig`.
fn is_simple(expression: &Expr) -> bool {
    match expression {
        Expr::Cast { expr, data_type, .. } if data_type.to_string().eq_ignore_ascii_case("regconfig") => is_simple(expr),
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(name) => ["simple", "pg_catalog.simple"].contains(&name.as_str()),
            _ => false,
        },
        _ => false,
    }
}

fn collation(part: &KeyPart, on: &SqlType, of: &KeyOf) -> Result<Option<String>> {
    let Some(named) = &part.collation else { return Ok(None) };
    let words = matches!(of, KeyOf::Words(_));
    if words || !is_collatable(on) {
        let of = if words { "tsvector".to_owned() } else { on.without_modifier() };
        return Err(Error::new(Kind::DatatypeMismatch, format!("collations are not supported by type {of}")));
    }
    if COLLATIONS.iter().any(|(name, _)| name == named) {
        return Ok(Some(named.clone()));
    }
    if named == "default" {
        return Ok(None);
    }
    Err(Error::new(Kind::UndefinedObject, format!("collation \"{named}\" for encoding \"UTF8\" does not exist"))
        .with_hint("Strings are compared byte by byte, as COLLATE \"C\" does."))
}

fn undefined_class(name: &str, method: IndexMethod) -> Error {
    let message = format!("operator class \"{name}\" does not exist for access method \"{}\"", method.name());
    Error::new(Kind::UndefinedObject, message)
}

fn class(part: &KeyPart, method: IndexMethod, on: &SqlType) -> Result<&'static OperatorClass> {
    let (type_oid, shown) = (on.oid(), on.without_modifier());
    let Some(named) = &part.class else {
        return operators::default_class(method, type_oid).ok_or_else(|| {
            let message = format!("data type {shown} has no default operator class for access method \"{}\"", method.name());
            let hint = match (method, on) {
                (IndexMethod::Gin, SqlType::Text | SqlType::Varchar(_)) => {
                    "Write gin_trgm_ops behind the column, or index to_tsvector('simple', column)."
                }
                _ => "You must specify an operator class for the index or define a default operator class for the data type.",
            };
            Error::new(Kind::UndefinedObject, message).with_hint(hint)
        });
    };
    let class = operators::class(method, named).ok_or_else(|| undefined_class(named, method))?;
    if !class.takes(type_oid) {
        let message = format!("operator class \"{named}\" does not accept data type {shown}");
        return Err(Error::new(Kind::DatatypeMismatch, message));
    }
    if part.class_options {
        return Err(Error::new(Kind::InvalidParameterValue, format!("operator class {named} has no options")));
    }
    Ok(class)
}

/// Whether a column has words, and a class that takes them.
fn require_words(part: &KeyPart, column: &Column, words: Words) -> Result<()> {
    if let Some(named) = &part.class
        && operators::words_class().is_none_or(|class| class.name != named)
    {
        return Err(match operators::class(IndexMethod::Gin, named) {
            Some(_) => {
                let message = format!("operator class \"{named}\" does not accept data type tsvector");
                Error::new(Kind::DatatypeMismatch, message)
            }
            None => undefined_class(named, IndexMethod::Gin),
        });
    }
    match column.sql_type {
        SqlType::Text | SqlType::Varchar(_) | SqlType::Bpchar(_) | SqlType::Name | SqlType::Json | SqlType::Jsonb => Ok(()),
        _ => {
            let configuration = if words == Words::Simple { "unknown, " } else { "" };
            let shown = column.sql_type.without_modifier();
            Err(Error::new(Kind::UndefinedFunction, format!("function to_tsvector({configuration}{shown}) does not exist"))
                .with_hint("No function matches the given name and argument types. You might need to add explicit type casts."))
        }
    }
}

/// Whether the store finds rows by values of a column's type.
fn require_findable(method: IndexMethod, class: &OperatorClass, column: &Column, on: &SqlType) -> Result<()> {
    let (found, hint) = match method {
        IndexMethod::Btree | IndexMethod::Hash => (
            is_found_by_value(on),
            "Rows are found by strings, uuid, smallint, integer, bigint, date and timestamp with time zone; files are skipped by the exact \
             bounds of all other columns.",
        ),
        IndexMethod::Gin => (
            class.name == TRIGRAMS || *on == SqlType::Jsonb,
            "USING gin finds rows by the words and parts of a column of text or JSON.",
        ),
    };
    if found {
        return Ok(());
    }
    Err(unsupported(&format!("an index on \"{}\" of type {}", column.name, column.sql_type)).with_hint(hint))
}

fn is_found_by_value(sql_type: &SqlType) -> bool {
    match sql_type {
        SqlType::Text
        | SqlType::Varchar(_)
        | SqlType::Bpchar(_)
        | SqlType::Name
        | SqlType::Uuid
        | SqlType::Int2
        | SqlType::Int4
        | SqlType::Int8
        | SqlType::Date
        | SqlType::Timestamptz => true,
        SqlType::Bool
        | SqlType::Float4
        | SqlType::Float8
        | SqlType::Numeric(_, _)
        | SqlType::Char
        | SqlType::Bytea
        | SqlType::Time
        | SqlType::Timestamp
        | SqlType::Interval
        | SqlType::Json
        | SqlType::Jsonb
        | SqlType::Jsonpath
        | SqlType::Tsvector
        | SqlType::Tsquery
        | SqlType::Inet
        | SqlType::Oid
        | SqlType::Reg(_)
        | SqlType::Array(_)
        | SqlType::Vector(_)
        | SqlType::Record(_) => false,
    }
}
