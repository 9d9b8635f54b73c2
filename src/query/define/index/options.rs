//! WITH and TABLESPACE of an index: checked as PostgreSQL checks them and told to clients, and of no effect.

use crate::catalog::IndexMethod;
use crate::error::{Error, Kind, Result};

/// What a storage parameter's value may be.
enum Form {
    Boolean,
    Between(i64, i64),
}

/// The parameter of an access method (PostgreSQL 15, "Index Storage Parameters").
fn form(method: IndexMethod, name: &str) -> Option<Form> {
    Some(match (method, name) {
        (IndexMethod::Btree | IndexMethod::Hash, "fillfactor") => Form::Between(10, 100),
        (IndexMethod::Btree, "deduplicate_items") | (IndexMethod::Gin, "fastupdate") => Form::Boolean,
        (IndexMethod::Gin, "gin_pending_list_limit") => Form::Between(64, i64::from(i32::MAX)),
        (IndexMethod::Btree | IndexMethod::Hash | IndexMethod::Gin, _) => return None,
    })
}

/// Checks storage parameters; one without a value is true.
///
/// # Errors
/// 22023.
pub(super) fn storage(method: IndexMethod, given: &[(String, Option<String>)]) -> Result<Vec<(String, String)>> {
    let refused = |message: String| Error::new(Kind::InvalidParameterValue, message);
    let mut options: Vec<(String, String)> = Vec::new();
    for (name, value) in given {
        let Some(form) = form(method, name) else { return Err(refused(format!("unrecognized parameter \"{name}\""))) };
        if options.iter().any(|(earlier, _)| earlier == name) {
            return Err(refused(format!("parameter \"{name}\" specified more than once")));
        }
        let value = value.clone().unwrap_or_else(|| "true".to_owned());
        match form {
            Form::Boolean => {
                if !["true", "false", "on", "off", "yes", "no", "1", "0"].contains(&value.to_lowercase().as_str()) {
                    return Err(refused(format!("invalid value for boolean option \"{name}\": {value}")));
                }
            }
            Form::Between(least, most) => {
                let number: i64 =
                    value.parse().map_err(|_| refused(format!("invalid value for integer option \"{name}\": {value}")))?;
                if !(least..=most).contains(&number) {
                    return Err(refused(format!("value {number} out of bounds for option \"{name}\""))
                        .with_detail(format!("Valid values are between \"{least}\" and \"{most}\".")));
                }
            }
        }
        options.push((name.clone(), value));
    }
    Ok(options)
}

/// Whether an index can be in a tablespace: there is one for what is not shared.
///
/// # Errors
/// 42704 for a tablespace that there is not, 22023 for that of shared relations.
pub(super) fn require_tablespace(named: Option<&str>) -> Result<()> {
    match named {
        None | Some("pg_default") => Ok(()),
        Some("pg_global") => {
            Err(Error::new(Kind::InvalidParameterValue, "only shared relations can be placed in pg_global tablespace"))
        }
        Some(other) => Err(Error::new(Kind::UndefinedObject, format!("tablespace \"{other}\" does not exist"))),
    }
}
