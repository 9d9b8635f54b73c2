//! SQL's type names to Annals' types, for the planner and for definitions.

use std::sync::Arc;

use datafusion::arrow::datatypes::FieldRef;
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::logical_expr::{Cast, Expr};
use datafusion::sql::sqlparser::ast::{CharacterLength, DataType, ExactNumberInfo, ObjectName};

use super::names;
use crate::error::Result;
use crate::value::SqlType;

/// In front of the type that a number's own digits give it, which tells such a cast from one that was written.
pub(super) const LITERAL: char = '\u{1}';

/// The Annals type of a type as it was typed.
///
/// # Errors
/// 42704 when there is none of that name.
pub fn of_sql(data_type: &DataType) -> Result<SqlType> {
    match data_type {
        DataType::Array(element) => {
            use datafusion::sql::sqlparser::ast::ArrayElemTypeDef;
            match element {
                ArrayElemTypeDef::SquareBracket(inner, _)
                | ArrayElemTypeDef::AngleBracket(inner)
                // `integer[][]` says no more than `integer[]`.
                | ArrayElemTypeDef::Parenthesis(inner) => Ok(match of_sql(inner)? {
                    array @ SqlType::Array(_) => array,
                    element => SqlType::Array(Box::new(element)),
                }),
                ArrayElemTypeDef::None => SqlType::parse("unknown[]"),
            }
        }
        DataType::Char(length) | DataType::Character(length) => match length {
            Some(CharacterLength::IntegerLength { length, .. }) => SqlType::parse(&format!("char({length})")),
            Some(CharacterLength::Max) | None => Ok(SqlType::Bpchar(Some(1))),
        },
        // What is quoted is the name of the type itself and none of the grammar's words for it.
        DataType::Custom(name, modifiers) if modifiers.is_empty() && is_quoted(name) => match &names::parts(name)?[..] {
            // PostgreSQL's one-byte type, which is not the word `char`.
            [own] if own == "char" => SqlType::parse("\"char\""),
            [schema, own] if schema == "pg_catalog" && own == "char" => SqlType::parse("\"char\""),
            [schema, own] if schema == "pg_catalog" => SqlType::parse(own),
            [own] => SqlType::parse(own),
            _ => SqlType::parse(&name.to_string()),
        },
        DataType::Float(ExactNumberInfo::Precision(digits)) if *digits <= 24 => Ok(SqlType::Float4),
        other => {
            let name = other.to_string();
            let name = name.strip_prefix("pg_catalog.").or_else(|| name.strip_prefix(LITERAL)).unwrap_or(&name);
            let name = name.to_ascii_lowercase();
            match SqlType::parse(if name == "xid" { "oid" } else { &name }) {
                Ok(sql_type) => Ok(sql_type),
                // `timestamp(3)` and the like: the precision is accepted and microseconds are kept.
                Err(error) => match name.split_once('(') {
                    Some((base, rest)) if base.starts_with("time") || base.starts_with("interval") || base.starts_with("float") => {
                        let after = rest.split_once(')').map_or("", |(_, after)| after);
                        SqlType::parse(&format!("{}{after}", base.trim_end()))
                    }
                    _ => Err(error),
                },
            }
        }
    }
}

fn is_quoted(name: &ObjectName) -> bool {
    name.0.iter().any(|part| part.as_ident().is_some_and(|part| part.quote_style.is_some()))
}

/// Gives DataFusion's planner fields that remember their SQL type.
#[derive(Debug)]
pub struct SqlTypes;

impl TypePlanner for SqlTypes {
    fn plan_type_field(&self, sql_type: &DataType) -> datafusion::common::Result<Option<FieldRef>> {
        let sql_type = of_sql(sql_type).map_err(crate::query::errors::wrap)?;
        Ok(Some(Arc::new(sql_type.field("", true))))
    }
}

/// A cast as the planner writes it, to be lowered to PostgreSQL's functions with the rest of the plan.
pub fn cast(expr: Expr, target: &SqlType) -> Expr {
    Expr::Cast(Cast { expr: Box::new(expr), field: Arc::new(target.field("", true)) })
}
