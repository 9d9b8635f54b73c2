//! COMMENT ON.

use datafusion::sql::sqlparser::ast;

use super::{Defined, Scope, drop, index};
use crate::catalog::{Change, Commented, Name, Relation, quote_identifier};
use crate::error::{Error, Kind, Result};
use crate::query::parse::{Comment, CommentTarget, Signature};
use crate::query::plan::names;

/// Whoever may change an object may say what it is.
pub(super) fn comment(statement: &Comment, scope: &Scope<'_>) -> Result<Defined> {
    let (on, shown) = match &statement.on {
        CommentTarget::Table(name) => relation(name, false, scope)?,
        CommentTarget::View(name) => relation(name, true, scope)?,
        CommentTarget::Column(name) => {
            let (relation, column) = column_name(name, scope)?;
            if let Some(guard) = scope.guard() {
                guard.permit_schema(&relation.schema)?;
            }
            scope.require_relation_owner(scope.catalog.expect_relation(&relation)?)?;
            let shown = format!("COLUMN {relation}.{}", quote_identifier(&column));
            (Commented::Column(relation, column), shown)
        }
        CommentTarget::Schema(name) => {
            let schema = names::single(name)?;
            scope.require_schema_owner(&schema)?;
            let shown = format!("SCHEMA {}", quote_identifier(&schema));
            (Commented::Schema(schema), shown)
        }
        CommentTarget::Function(Signature { name, arguments }) => {
            let function = drop::find(name, arguments.as_deref(), scope)?
                .ok_or_else(|| Error::new(Kind::UndefinedFunction, format!("could not find a function named \"{name}\"")))?;
            scope.require_function_owner(function)?;
            let shown = format!("FUNCTION {}", drop::signature(function));
            (Commented::Function(function.name.clone(), function.oid), shown)
        }
        CommentTarget::Index(name) => {
            let (table, index, shown) = index::commented(name, scope)?;
            (Commented::Index(table, index), shown)
        }
        CommentTarget::Rule { kind, name, table } => {
            let found = scope.named(table)?;
            scope.require_keeper(scope.catalog.expect_relation(&found)?)?;
            let shown = format!("{} {} ON {found}", kind.words(), quote_identifier(name));
            (Commented::Rule(*kind, found, name.clone()), shown)
        }
    };
    let comment = statement.comment.clone();
    let literal = comment.as_ref().map_or("NULL".to_owned(), |comment| format!("'{}'", comment.replace('\'', "''")));
    Ok(Defined {
        tag: "COMMENT",
        text: format!("COMMENT ON {shown} IS {literal}"),
        object: shown,
        changes: vec![Change::Comment { on, comment }],
        ..Defined::default()
    })
}

fn relation(name: &ast::ObjectName, is_view: bool, scope: &Scope<'_>) -> Result<(Commented, String)> {
    let found = scope.named(name)?;
    if let Some(error) = index::wrong_kind(&found, if is_view { "view" } else { "table" }, scope.catalog) {
        return Err(error);
    }
    let relation = scope.catalog.expect_relation(&found)?;
    let (word, wrong) = match (is_view, relation) {
        (true, Relation::View(_)) => ("VIEW", None),
        (false, Relation::Table(_)) => ("TABLE", None),
        (true, Relation::Table(_)) => ("VIEW", Some("a view")),
        (false, Relation::View(_)) => ("TABLE", Some("a table")),
    };
    if let Some(wanted) = wrong {
        return Err(Error::new(Kind::WrongObjectType, format!("\"{}\" is not {wanted}", found.name)));
    }
    scope.require_relation_owner(relation)?;
    let shown = format!("{word} {found}");
    Ok((Commented::Relation(found), shown))
}

/// `[schema.]table.column`.
fn column_name(name: &ast::ObjectName, scope: &Scope<'_>) -> Result<(Name, String)> {
    let mut parts = names::parts(name)?;
    let column = parts.pop();
    match (column, parts.as_slice()) {
        (Some(column), [table]) => {
            let found = names::search(table, scope.path, |name| scope.catalog.relation(name).is_some());
            Ok((found, column))
        }
        (Some(column), [.., schema, table]) => Ok((Name::new(schema.clone(), table.clone()), column)),
        _ => Err(Error::new(Kind::SyntaxError, "column name must be qualified")),
    }
}
