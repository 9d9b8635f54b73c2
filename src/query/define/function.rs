//! CREATE [OR REPLACE] FUNCTION … RETURNS TABLE … LANGUAGE sql.

use datafusion::logical_expr::Expr;
use datafusion::sql::sqlparser::ast::{self, CreateFunctionBody, DataType, FunctionReturnType, FunctionSecurity};

use super::{Defined, Scope, Source};
use crate::catalog::{Argument, Change, Function, quote_identifier};
use crate::error::{Error, Kind, Result};
use crate::query::parse::{self, unsupported};
use crate::query::plan::{names, types};

/// Arguments a function may have, as in PostgreSQL.
const ARGUMENTS_MAX: usize = 100;

pub(super) fn create(create: &ast::CreateFunction, scope: &Scope<'_>) -> Result<Defined> {
    let language = create.language.as_ref().map(names::fold).unwrap_or_else(|| "sql".to_owned());
    if language != "sql" {
        return Err(Error::new(Kind::UndefinedObject, format!("language \"{language}\" does not exist"))
            .with_hint("Functions are LANGUAGE sql and return a table: a saved view with parameters."));
    }
    let name = scope.creation(&create.name, false)?;
    let columns = match &create.return_type {
        Some(FunctionReturnType::DataType(DataType::Table(Some(columns)))) => columns
            .iter()
            .map(|column| Ok((names::fold(&column.name), types::of_sql(&column.data_type)?)))
            .collect::<Result<Vec<_>>>()?,
        _ => {
            return Err(
                unsupported("a function that does not return a table").with_hint("Declare RETURNS TABLE (column type, ...).")
            );
        }
    };
    let arguments = create.args.iter().flatten().map(argument).collect::<Result<Vec<_>>>()?;
    if arguments.len() > ARGUMENTS_MAX {
        return Err(Error::new(Kind::ProgramLimitExceeded, format!("functions cannot have more than {ARGUMENTS_MAX} arguments")));
    }
    let function = Function {
        oid: 0,
        name: name.clone(),
        arguments,
        columns,
        body: body(create)?,
        definer: create.security == Some(FunctionSecurity::Definer),
        comment: None,
    };
    parse::parse_query(&function.body)?;
    if let Source::Statement(planner) = &scope.source {
        let unknown = function
            .arguments
            .iter()
            .map(|argument| {
                Expr::Cast(datafusion::logical_expr::Cast {
                    expr: Box::new(Expr::Literal(datafusion::common::ScalarValue::Null, None)),
                    field: std::sync::Arc::new(argument.sql_type.field("", true)),
                })
            })
            .collect();
        planner.function_plan(&function, unknown)?;
    }
    if create.or_replace {
        let types = |function: &Function| function.arguments.iter().map(|argument| argument.sql_type.oid()).collect::<Vec<_>>();
        let old = scope.catalog.functions_named(&name).iter().find(|old| types(old) == types(&function));
        old.map(|old| scope.require_function_owner(old)).transpose()?;
    }
    let replace = if create.or_replace { "OR REPLACE " } else { "" };
    Ok(Defined {
        tag: "CREATE FUNCTION",
        object: name.to_string(),
        text: text(&function, replace),
        changes: vec![Change::CreateFunction { function, replace: create.or_replace }],
        ..Defined::default()
    })
}

fn argument(argument: &ast::OperateFunctionArg) -> Result<Argument> {
    if !matches!(argument.mode, None | Some(ast::ArgMode::In)) {
        return Err(unsupported("OUT and INOUT arguments"));
    }
    Ok(Argument {
        name: argument.name.as_ref().map(names::fold).unwrap_or_default(),
        sql_type: types::of_sql(&argument.data_type)?,
        default: argument.default_expr.as_ref().map(ToString::to_string),
    })
}

fn body(create: &ast::CreateFunction) -> Result<String> {
    let expression = match &create.function_body {
        Some(CreateFunctionBody::AsBeforeOptions { body, .. } | CreateFunctionBody::AsAfterOptions(body)) => body,
        _ => return Err(unsupported("a function body that is not AS '...'")),
    };
    let text = match expression {
        ast::Expr::Value(value) => match &value.value {
            ast::Value::SingleQuotedString(text) => text.clone(),
            ast::Value::DollarQuotedString(text) => text.value.clone(),
            _ => return Err(unsupported("a function body that is not a string")),
        },
        _ => return Err(unsupported("a function body that is not a string")),
    };
    Ok(text.trim().trim_end_matches(';').to_owned())
}

/// The definition as it is recorded and as `pg_get_functiondef` shows it.
pub(crate) fn text(function: &Function, replace: &str) -> String {
    let arguments = function
        .arguments
        .iter()
        .map(|argument| {
            let default = argument.default.as_ref().map_or(String::new(), |default| format!(" DEFAULT {default}"));
            let name = if argument.name.is_empty() { String::new() } else { format!("{} ", quote_identifier(&argument.name)) };
            format!("{name}{}{default}", argument.sql_type)
        })
        .collect::<Vec<_>>()
        .join(", ");
    let columns = function
        .columns
        .iter()
        .map(|(name, sql_type)| format!("{} {sql_type}", quote_identifier(name)))
        .collect::<Vec<_>>()
        .join(", ");
    let rights = if function.definer { " SECURITY DEFINER" } else { "" };
    let mut tag = "$function$".to_owned();
    while function.body.contains(&tag) {
        tag.insert(1, '_');
    }
    format!(
        "CREATE {replace}FUNCTION {}({arguments}) RETURNS TABLE ({columns}) LANGUAGE sql{rights} AS {tag}{}{tag}",
        function.name, function.body
    )
}
