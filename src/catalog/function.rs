//! A SQL function that returns a table: a saved view with parameters.

use crate::catalog::{Name, Oid};
use crate::value::SqlType;

/// `CREATE FUNCTION name(arguments) RETURNS TABLE (columns) LANGUAGE sql AS body`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    pub oid: Oid,
    pub name: Name,
    pub arguments: Vec<Argument>,
    /// The columns of the table it returns.
    pub columns: Vec<(String, SqlType)>,
    /// One query, as written between the dollar quotes.
    pub body: String,
    /// Whether it reads with its owner's rights (`SECURITY DEFINER`) and not with the caller's.
    pub definer: bool,
    pub comment: Option<String>,
}

/// One argument: its name, empty if it has none, its type, and the SQL text of its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    pub name: String,
    pub sql_type: SqlType,
    pub default: Option<String>,
}
