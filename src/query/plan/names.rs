//! From names as they were typed to names as they are kept: folding, qualification, the search path.

use datafusion::common::TableReference;
use datafusion::sql::sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

use crate::catalog::{BUILTIN_SCHEMAS, Catalog, Name, PUBLIC_SCHEMA};
use crate::error::{Error, Kind, Result};

/// The one database.
pub const DATABASE: &str = "annals";

/// An identifier as PostgreSQL keeps it: lower case unless it was quoted.
pub fn fold(ident: &Ident) -> String {
    match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_lowercase(),
    }
}

/// The parts of a dotted name, folded.
///
/// # Errors
/// 0A000 for parts that are not identifiers.
pub fn parts(name: &ObjectName) -> Result<Vec<String>> {
    name.0
        .iter()
        .map(|part| match part {
            ObjectNamePart::Identifier(ident) => Ok(fold(ident)),
            ObjectNamePart::Function(_) => {
                Err(Error::new(Kind::FeatureNotSupported, format!("\"{name}\" cannot be used as a name")))
            }
        })
        .collect()
}

/// A name of exactly one part, as a schema's.
///
/// # Errors
/// 42601 when it has more.
pub fn single(name: &ObjectName) -> Result<String> {
    let mut parts = parts(name)?;
    match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(Error::new(Kind::SyntaxError, format!("improper qualified name (too many dotted names): {name}"))),
    }
}

/// Where a new object of this name goes: its own schema, else the first of the search path that exists.
///
/// # Errors
/// 42601 for too many parts, 0A000 for another database, 3F000 when no schema of the path exists.
pub fn for_creation(name: &ObjectName, catalog: &Catalog, path: &[String]) -> Result<Name> {
    let (schema, object) = split(&parts(name)?)?;
    match schema {
        Some(schema) => Ok(Name::new(schema, object)),
        None => match path.iter().find(|schema| catalog.schema(schema).is_some()) {
            Some(schema) => Ok(Name::new(schema.clone(), object)),
            None => Err(Error::new(Kind::InvalidSchemaName, "no schema has been selected to create in")),
        },
    }
}

/// The existing relation that a name stands for; a name that stands for nothing comes back as it would be in `public`.
///
/// # Errors
/// 42601 for too many parts, 0A000 for another database.
pub fn of_relation(name: &ObjectName, catalog: &Catalog, path: &[String]) -> Result<Name> {
    let (schema, object) = split(&parts(name)?)?;
    Ok(match schema {
        Some(schema) => Name::new(schema, object),
        None => search(&object, path, |name| catalog.relation(name).is_some()),
    })
}

/// The first schema of the path in which `exists` finds the object.
pub fn search(object: &str, path: &[String], exists: impl Fn(&Name) -> bool) -> Name {
    path.iter().map(|schema| Name::new(schema.clone(), object)).find(exists).unwrap_or_else(|| Name::new(PUBLIC_SCHEMA, object))
}

/// DataFusion's reference to the name of an existing relation.
pub fn of_reference(reference: &TableReference, path: &[String], exists: impl Fn(&Name) -> bool) -> Result<Name> {
    match reference {
        TableReference::Bare { table } => Ok(search(table, path, exists)),
        TableReference::Partial { schema, table } => Ok(Name::new(schema.as_ref(), table.as_ref())),
        TableReference::Full { catalog, schema, table } => {
            let (schema, table) = split(&[catalog.to_string(), schema.to_string(), table.to_string()])?;
            Ok(Name::new(schema.unwrap_or_else(|| PUBLIC_SCHEMA.to_owned()), table))
        }
    }
}

/// Splits folded parts into schema and object, checking the database.
fn split(parts: &[String]) -> Result<(Option<String>, String)> {
    match parts {
        [object] => Ok((None, object.clone())),
        [schema, object] => Ok((Some(schema.clone()), object.clone())),
        [database, schema, object] if database == DATABASE => Ok((Some(schema.clone()), object.clone())),
        [database, _, _] => Err(Error::new(
            Kind::FeatureNotSupported,
            format!("cross-database references are not implemented: \"{database}\" is not \"{DATABASE}\""),
        )),
        _ => Err(Error::new(Kind::SyntaxError, format!("improper relation name (too many dotted names): {}", parts.join(".")))),
    }
}

/// Refuses names that Annals keeps for itself.
///
/// # Errors
/// 42939 for columns beginning with `_`.
pub fn require_user_column(name: &str) -> Result<()> {
    if name.starts_with('_') {
        return Err(Error::new(Kind::ReservedName, format!("column name \"{name}\" is reserved"))
            .with_hint("Names that begin with \"_\" belong to the hidden columns; choose another."));
    }
    if name.len() > 63 {
        return Err(Error::new(Kind::InvalidParameterValue, format!("name \"{name}\" is longer than 63 bytes")));
    }
    Ok(())
}

/// Refuses to change rows of system relations.
///
/// # Errors
/// 42501.
pub fn refuse_builtin(name: &Name) -> Result<()> {
    let builtin = is_builtin_schema(&name.schema) || crate::query::system::exists(name);
    if builtin { Err(crate::policy::denied("table", &name.name)) } else { Ok(()) }
}

/// Whether a schema is PostgreSQL's own, in which nothing can be defined.
pub fn is_builtin_schema(schema: &str) -> bool {
    BUILTIN_SCHEMAS.contains(&schema)
}
