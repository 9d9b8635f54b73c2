//! COMMENT ON.

use datafusion::sql::sqlparser::ast::{self, CommentObject};

use super::{Defined, Scope, drop};
use crate::catalog::{Change, Name, Relation, quote_identifier};
use crate::error::{Error, Kind, Result};
use crate::query::parse::unsupported;
use crate::query::plan::names;

pub(super) fn comment(
    object: CommentObject,
    name: &ast::ObjectName,
    arguments: Option<&[ast::DataType]>,
    comment: Option<&str>,
    scope: &Scope<'_>,
) -> Result<Defined> {
    let comment = comment.map(str::to_owned);
    let (change, shown) = match object {
        CommentObject::Table | CommentObject::View => {
            let found = scope.named(name)?;
            let relation = scope.catalog.expect_relation(&found)?;
            scope.require_relation_owner(relation)?;
            let wrong = match (object, relation) {
                (CommentObject::View, Relation::Table(_)) => Some("a view"),
                (CommentObject::Table, Relation::View(_)) => Some("a table"),
                _ => None,
            };
            if let Some(wanted) = wrong {
                return Err(Error::new(Kind::WrongObjectType, format!("\"{}\" is not {wanted}", found.name)));
            }
            let shown = format!("{object} {found}");
            (Change::CommentOnRelation { name: found, comment: comment.clone() }, shown)
        }
        CommentObject::Column => {
            let (relation, column) = column_name(name, scope)?;
            if let Some(guard) = scope.guard() {
                guard.permit_schema(&relation.schema)?;
            }
            scope.require_relation_owner(scope.catalog.expect_relation(&relation)?)?;
            let shown = format!("COLUMN {relation}.{}", quote_identifier(&column));
            (Change::CommentOnColumn { relation, column, comment: comment.clone() }, shown)
        }
        CommentObject::Schema => {
            let schema = names::single(name)?;
            scope.require_schema_owner(&schema)?;
            let shown = format!("SCHEMA {}", quote_identifier(&schema));
            (Change::CommentOnSchema { name: schema, comment: comment.clone() }, shown)
        }
        CommentObject::Function => {
            let function = drop::find(name, arguments, scope)?
                .ok_or_else(|| Error::new(Kind::UndefinedFunction, format!("could not find a function named \"{name}\"")))?;
            scope.require_function_owner(function)?;
            let shown = format!("FUNCTION {}", drop::signature(function));
            (Change::CommentOnFunction { name: function.name.clone(), oid: function.oid, comment: comment.clone() }, shown)
        }
        other => return Err(unsupported(&format!("COMMENT ON {other}"))),
    };
    let literal = comment.map_or("NULL".to_owned(), |comment| format!("'{}'", comment.replace('\'', "''")));
    Ok(Defined {
        tag: "COMMENT",
        text: format!("COMMENT ON {shown} IS {literal}"),
        object: shown,
        changes: vec![change],
        ..Defined::default()
    })
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
